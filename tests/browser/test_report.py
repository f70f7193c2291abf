"""report.html in a real browser, from file://, at the widths of a desk and of a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from offnadir.briefs import report_html
from sample_plan import sample_plan

pytestmark = pytest.mark.browser

DESK, PHONE = 1280, 390


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    names = ("</script><b>", "x" * 200)
    path.write_text(report_html(*sample_plan(names=names)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.fail("no Chromium to look with: apt-get install chromium chromium-driver")
    options = Options()
    options.binary_location = browser
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
        "--disable-dev-shm-usage",
    ):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(executable_path=driver))
    yield chrome
    chrome.quit()


def visit(chrome: webdriver.Chrome, page: str, width: int, scheme: str = "light") -> None:
    chrome.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 850, "deviceScaleFactor": 1, "mobile": width == PHONE},
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})
    chrome.get(page)


def click(chrome: webdriver.Chrome, what: str) -> None:
    """Click where a person would: in the middle of the window, not under the panel at its foot."""
    element = chrome.find_element(By.CSS_SELECTOR, what)
    chrome.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element
    )
    element.click()


def run(chrome: webdriver.Chrome, script: str) -> Any:
    return chrome.execute_script("return " + script)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_opens_without_errors_and_fits(
    chrome: webdriver.Chrome, report: str, width: int, scheme: str
) -> None:
    visit(chrome, report, width, scheme)
    assert run(chrome, "document.documentElement.className") == "js"
    assert run(chrome, "document.documentElement.scrollWidth") <= width
    assert run(chrome, "innerWidth") == width
    click(chrome, "#pictures-table tbody .pick")
    assert run(chrome, "document.documentElement.scrollWidth") <= width
    assert [e for e in chrome.get_log("browser") if e["level"] == "SEVERE"] == []


def test_a_head_sorts_its_column(chrome: webdriver.Chrome, report: str) -> None:
    visit(chrome, report, DESK)
    heads = "[...document.querySelectorAll('#pictures-table thead th')]"
    k = run(chrome, f"{heads}.findIndex((h) => h.textContent.startsWith('Off-nadir'))")
    rows = "[...document.querySelectorAll('#pictures-table tbody tr')]"
    column = f"{rows}.map((row) => Number(row.cells[{k}].textContent))"
    before = run(chrome, column)
    click(chrome, f"#pictures-table thead th:nth-child({k + 1}) button")
    assert run(chrome, f"{heads}[{k}].getAttribute('aria-sort')") == "ascending"
    assert run(chrome, column) == sorted(before) != before
    click(chrome, f"#pictures-table thead th:nth-child({k + 1}) button")
    assert run(chrome, f"{heads}[{k}].getAttribute('aria-sort')") == "descending"
    assert run(chrome, column) == sorted(before, reverse=True)


def test_a_row_lights_up_its_footprint(chrome: webdriver.Chrome, report: str) -> None:
    visit(chrome, report, DESK)
    click(chrome, "#pictures-table tbody tr:nth-child(4) .pick")
    for place in (".footprints path", "#timeline .pic", ".tracks path", "#pictures-table tr"):
        chosen = run(
            chrome, f"[...document.querySelectorAll('{place}.sel')].map((e) => e.dataset.c)"
        )
        assert chosen == ["3"], place
    request = run(chrome, "document.querySelector('.marks .sel').dataset.r")
    assert run(chrome, "document.querySelector('#requests-table tr.sel').dataset.r") == request
    assert run(chrome, "document.querySelector('#chosen').hidden") is False
    assert "C0004" in chrome.find_element(By.ID, "chosen-text").text
    assert run(chrome, "document.querySelectorAll('#timeline .lit[d^=M]').length") > 0
    chrome.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
    assert run(chrome, "document.querySelectorAll('.sel').length") == 0
    assert run(chrome, "document.querySelector('#chosen').hidden") is True


def test_a_mark_on_the_map_lights_up_its_reason(chrome: webdriver.Chrome, report: str) -> None:
    visit(chrome, report, DESK)
    mark = ".marks g[data-r]:has(.off)"
    request = run(chrome, f"document.querySelector('{mark}').dataset.r")
    click(chrome, mark)
    assert run(chrome, "document.querySelector('#why .sel').dataset.r") == request
    assert "not taken" in chrome.find_element(By.ID, "chosen-text").text


def test_the_map_zooms_and_moves(chrome: webdriver.Chrome, report: str) -> None:
    visit(chrome, report, DESK)
    box = "document.getElementById('map').getAttribute('viewBox').split(' ').map(Number)"
    whole = run(chrome, box)
    click(chrome, "[data-map=in]")
    near = run(chrome, box)
    assert near[2] == pytest.approx(whole[2] / 1.6)
    assert near[0] + near[2] / 2 == pytest.approx(whole[2] / 2)
    frame = chrome.find_element(By.ID, "mapframe")
    frame.send_keys(Keys.ARROW_RIGHT)
    assert run(chrome, box)[0] > near[0]
    frame.send_keys("+")
    assert run(chrome, box)[2] == pytest.approx(near[2] / 1.6)
    frame.send_keys("0")
    assert run(chrome, box) == whole


def test_a_filter_hides_rows(chrome: webdriver.Chrome, report: str) -> None:
    visit(chrome, report, PHONE)
    field = chrome.find_element(By.CSS_SELECTOR, "[data-filter=requests-table]")
    field.send_keys("vladi taken")
    shown = run(
        chrome,
        "[...document.querySelectorAll('#requests-table tbody tr')].filter((r) => !r.hidden)"
        ".map((r) => r.cells[0].textContent)",
    )
    assert shown == ["Vladivostok"]


def test_dark_by_wish_and_by_button(chrome: webdriver.Chrome, report: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    visit(chrome, report, DESK, "light")
    light = run(chrome, ground)
    click(chrome, "#theme")
    dark = run(chrome, ground)
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(20, 23, 26)")
    click(chrome, "#theme")
    assert run(chrome, ground) == light
    run(chrome, "localStorage.clear()")
    visit(chrome, report, DESK, "dark")
    assert run(chrome, ground) == dark


def test_readable_without_script(chrome: webdriver.Chrome, report: str) -> None:
    chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        visit(chrome, report, PHONE)
        text = chrome.find_element(By.TAG_NAME, "body").text
    finally:
        chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert "C0001" in text
    assert "Vladivostok" in text
    assert "Filter" not in text


def test_on_paper(chrome: webdriver.Chrome, report: str) -> None:
    """Light even for those who like it dark, and without controls."""
    visit(chrome, report, DESK, "dark")
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    assert run(chrome, "getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    shown = run(
        chrome,
        "[...document.querySelectorAll('.tools, nav, #theme, [type=search]')]"
        ".filter((e) => e.getClientRects().length).length",
    )
    assert shown == 0
