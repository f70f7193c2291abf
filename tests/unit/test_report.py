"""report.html: escaped, self-contained, the same each time, whole for odd plans."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from offnadir.briefs import report_html, write_results
from offnadir.briefs._html import coordinate, esc, num, script_json
from offnadir.briefs._labels import LEVELS, Label, reveal_levels
from offnadir.briefs._lines import dense, path
from offnadir.briefs._projection import Projection, choose_projection
from offnadir.briefs._sections import _more_limits
from offnadir.units import deg
from sample_plan import sample_plan

NASTY = (
    '</script><script>alert("1")</script>',
    "<img src=x onerror='alert(2)'>",
    "부산항 & \"신항\" 'quoted' `tick`",
    "<!--" + "long name " * 20,
    "\x00bell\x07 \ud800 \u2028 \u202e",
    "]]>&amp;{{}} $title $css",
)
VOID = {"meta", "link", "input", "br", "img"}
LEFT_OPEN = {"tr", "td", "th", "li", "p", "tbody"}  # HTML closes these by itself


class Page(HTMLParser):
    """Elements, their attributes and the text of some; complains of tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.script: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack[-1] != tag and self.stack[-1] in LEFT_OPEN:
            self.stack.pop()
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] == "script":
            self.script.append(data)
        elif "style" not in self.stack:
            self.text.append(data)

    def count(self, tag: str, **attributes: str) -> int:
        return sum(
            name == tag and all(found.get(k.rstrip("_").replace("_", "-")) == v
                                for k, v in attributes.items())
            for name, found in self.elements
        )  # fmt: skip


def rows(page: Page) -> int:
    return page.count("th", scope="row")


@pytest.fixture(scope="module")
def sample() -> tuple[dict[str, Any], list[dict[str, Any]], list[Any]]:
    return sample_plan()


def test_sample_is_a_plan(sample: Any) -> None:
    """What these tests feed on follows the published schema."""
    schema = json.loads((files("offnadir.data") / "plan-1.schema.json").read_text("utf-8"))
    jsonschema.validate(sample[0], schema)
    assert len(sample[0]["collections"]) > 30


def test_everything_of_the_plan_is_in_the_page(sample: Any) -> None:
    plan = sample[0]
    page = Page(report_html(*sample))
    text = " ".join(page.text)
    taken = sum(r["status"] == "taken" for r in plan["requests"])
    assert f"{taken} of 60 requests are taken, with {len(plan['collections'])} pictures" in text
    assert "within 0.83\u00a0% of the best possible" in text
    for request in plan["requests"]:
        assert request["name"] in text
        assert request["reason"] is None or request["reason"]["text"] in text
    for j, picture in enumerate(plan["collections"]):
        assert picture["id"] in text
        # a row, a tick in the timeline, a footprint, a ground track and a line of sight
        assert page.count("tr", data_c=str(j)) == 1
        assert page.count("path", class_="pic", data_c=str(j)) == 1
        assert page.count("path", data_c=str(j)) >= 3
    assert text.count("Daejeon") >= 2
    assert plan["warnings"][0] in text
    assert page.count("g", data_r="0") == 2  # mark and label


def test_names_are_escaped() -> None:
    plan, chances, tracks = sample_plan(requests=8, satellites=2, names=NASTY)
    plan["mission"]["name"] = NASTY[0]
    plan["stations"][1]["name"] = NASTY[1]
    plan["satellites"][0]["sensor_title"] = NASTY[0]
    plan["warnings"] = [NASTY[1]]
    plan["check"] = {
        "passed": False,
        "rules": [{"id": "x", "title": NASTY[0], "checked": 1, "violations": [NASTY[1]]}],
    }
    html = report_html(plan, chances, tracks)
    html.encode()  # no lone surrogates
    assert "\x00" not in html
    page = Page(html)
    assert page.count("script") == 2
    assert page.count("img") == 0
    assert not [a for _, found in page.elements for a in found if a.startswith("on")]
    assert json.loads(page.script[0])["requests"][0][0] == NASTY[0]
    text = "".join(page.text)
    for name in NASTY[:4]:
        assert name in text
    assert NASTY[5] in text  # dollars are no placeholders
    assert "do not fly this plan" in text


def test_no_references(sample: Any) -> None:
    """Nothing that a browser would fetch."""
    html = report_html(*sample)
    assert not re.search(r"(?i)\bhttps?:|\bftp:|@import|url\(", html)
    page = Page(html)
    for tag, found in page.elements:
        for name in ("src", "href", "data", "action", "poster", "srcset"):
            value = found.get(name)
            assert value is None or value.startswith("#") or value == "data:,", (tag, name, value)
    policy = next(e["content"] for _, e in page.elements if "http-equiv" in e)
    assert policy is not None
    assert policy.startswith("default-src 'none';")


def test_same_input_same_text(sample: Any) -> None:
    assert report_html(*sample) == report_html(*sample_plan())


@pytest.mark.parametrize(
    "shape",
    [
        {"pictures": False, "stations": 0, "satellites": 1, "requests": 5, "days": 2 / 24},
        {"satellites": 1, "requests": 0, "stations": 0},
        {"region": (-60, -180, 70, 180), "requests": 40},
        {"region": (37.4, 126.8, 37.7, 127.2), "requests": 12, "days": 1},
        {"region": (50, 150, 66, 210), "requests": 30},
        {"region": (78, -180, 89.9, 180), "requests": 20},
        {"requests": 1, "satellites": 2},
    ],
)
def test_odd_plans(shape: dict[str, Any]) -> None:
    plan, chances, tracks = sample_plan(**shape)
    html = report_html(plan, chances, tracks)
    page = Page(html)
    assert "nan" not in re.sub(r"[a-z]*nan[a-z]+|[a-z]+nan", "", " ".join(page.text).lower())
    drawn = [e.get("d") or "" for tag, e in page.elements if tag == "path"]
    assert not [d for d in drawn if "nan" in d or "inf" in d]
    marks = [e for tag, e in page.elements if tag == "g" and "data-r" in e]
    assert len(marks) == 2 * len(plan["requests"])
    view = next(e["viewbox"] for tag, e in page.elements if e.get("id") == "map")
    assert view is not None
    _, _, width, height = (float(part) for part in view.split())
    for mark in marks:
        x, y = re.findall(r"-?[\d.]+", mark["transform"] or "")
        assert 0 <= float(x) <= width
        assert 0 <= float(y) <= height


def test_no_tracks_no_opportunities(sample: Any) -> None:
    page = Page(report_html(sample[0], [], []))
    assert page.count("g", class_="tracks") == 0
    assert rows(page) > 60


def test_size_of_a_large_plan() -> None:
    plan, chances, tracks = sample_plan(satellites=40, requests=500, days=14)
    html = report_html(plan, chances, tracks)
    assert len(html.encode()) < 1_500_000
    assert rows(Page(html)) > 800


def test_optimal_and_nothing_to_take(sample: Any) -> None:
    plan, chances, tracks = sample
    best = plan | {"result": plan["result"] | {"status": "optimal", "gap": 0.0}}
    assert "no plan on the same start times is worth more" in report_html(best, chances, tracks)
    none, chances, tracks = sample_plan(requests=3, pictures=False)
    assert "None of 3 requests can be taken, and the" in report_html(none, chances, tracks)


def test_date_line_does_not_split_the_map() -> None:
    """Petropavlovsk-Kamchatsky and Dutch Harbor are 2000 km apart, not the width of the world."""
    projection, frame = choose_projection([(158.65, 53.02), (-166.54, 53.89)])
    assert not projection.world
    assert projection.lon_rad / deg % 360 == pytest.approx(176.0, abs=1.0)
    x = projection([158.65, -166.54], [53.02, 53.89])[:, 0]
    assert x[1] - x[0] == pytest.approx(2270 / 6371, rel=0.05)
    assert frame[2] - frame[0] < 0.6


def test_projections_keep_areas() -> None:
    """One degree square anywhere has the area of the sphere there (Lambert 1772; Equal Earth 2018)."""
    for projection in (
        Projection(lat_rad=40 * deg, lon_rad=120 * deg, world=False),
        Projection(lat_rad=0.0, lon_rad=120 * deg, world=True),
    ):
        for lat, lon in ((36.0, 127.0), (-12.0, 95.0), (71.0, 150.0)):
            edge = dense([(lon, lat), (lon + 1, lat), (lon + 1, lat + 1), (lon, lat + 1),
                          (lon, lat)], 0.01)  # fmt: skip
            x, y = projection(edge[:, 0], edge[:, 1]).T
            area = 0.5 * abs(np.sum(x[1:] * y[:-1] - x[:-1] * y[1:]))
            wanted = deg * (np.sin((lat + 1) * deg) - np.sin(lat * deg))
            assert area == pytest.approx(wanted, rel=1e-4)


def test_labels_that_are_shown_do_not_overlap() -> None:
    rng = np.random.default_rng(3)
    labels = [
        Label(x=float(x), y=float(y), text="Somewhere", left=bool(x > 860))
        for x, y in rng.uniform(0, 1000, (150, 2))
    ]
    levels = reveal_levels(labels)
    assert min(levels) == 0
    for level, scale in enumerate(LEVELS):
        shown = [a for a, at in zip(labels, levels, strict=True) if at <= level]
        boxes = [
            (a.x * scale + (-9 - a.width_px if a.left else 9), a.y * scale, a.width_px)
            for a in shown
        ]
        for i, (x, y, w) in enumerate(boxes):
            for x2, y2, w2 in boxes[:i]:
                assert abs(y - y2) >= 14 or x + w <= x2 or x2 + w2 <= x
    same = reveal_levels([Label(x=5, y=5, text="a"), Label(x=5, y=5, text="b")])
    assert same == [0, len(LEVELS)]  # the second is never clear of the first


def test_small_pieces() -> None:
    assert esc("a<b>&\"'`") == "a&lt;b&gt;&amp;&quot;&#39;&#96;"
    assert esc(esc("&")) == "&amp;"
    assert "</" not in script_json("</script>")
    assert num(1234567.0) == "1\u202f234\u202f567"
    assert num(float("nan"), 2) == num(None) == "–"
    assert coordinate(-0.25, 2) == "-.25"
    square = np.array([[0.0, 0.0], [10.0, 0.0], [10.04, 0.0], [10.0, 2.5], [0.0, 0.0]])
    assert path([square], closed=True) == "M0 0l10 0 0 2.5-10-2.5z"


def test_an_interrupt_while_the_folder_is_made_leaves_none(tmp_path, monkeypatch):
    make = Path.mkdir

    def interrupted(self: Path, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        if self.parent.name == "out":
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", interrupted)
    with pytest.raises(KeyboardInterrupt), write_results(tmp_path / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_request_would_have_needed_and_what_a_picture_displaced() -> None:
    plan, chances, tracks = sample_plan(requests=30)
    left = [r for r in plan["requests"] if r["reason"]]
    left[0]["reason"] |= {"code": "memory_full", "would_need": "0.8 Gbit more memory & a bit"}
    taken = next(r for r in plan["requests"] if not r["reason"])
    taken["left_out"] = [{"pictures": 2, "code": "repeat", "text": "Too near to C0001."}]
    plan["collections"][0]["displaced"] = [
        {"request": left[0]["name"], "value": 0.815, "text": "SAT-1 at noon"}
    ]
    plan["result"]["changes"] = {"kept": 9, "moved": 1, "dropped": 2, "added": 3}
    text = " ".join(Page(report_html(plan, chances, tracks)).text)
    assert "Would have needed: 0.8 Gbit more memory & a bit." in text
    assert "Memory full (1)" in text
    assert "Taken in part (1)" in text
    assert "Too near to C0001." in text
    assert f"{left[0]['name']} (0.81)" in text or f"{left[0]['name']} (0.82)" in text
    assert "1 moved, 2 dropped, 3 added; 9 kept of the plan before" in text


def test_levels_of_batteries_and_cameras() -> None:
    plan, chances, tracks = sample_plan(requests=8, satellites=2)
    ends = plan["span"]["start"], plan["span"]["stop"]
    name = plan["satellites"][0]["name"]
    plan["satellites"][0]["battery"] = {"max_depth_of_discharge": 0.4}
    plan["battery"] = [
        {"satellite": name, "capacity_wh": 100.0, "points": [[ends[0], 100.0], [ends[1], 71.5]]}
    ]
    plan["thermal"] = [
        {"satellite": name, "max_rise_k": 8.0, "points": [[ends[0], 0.0], [ends[1], 9.0]]}
    ]
    page = Page(report_html(plan, chances, tracks))
    text = " ".join(page.text)
    assert "least 71.5, floor 60.0 Wh" in text
    assert "peak 9.0 of 8.0 K" in text
    assert page.count("div", class_="lane tall over") == 1  # the camera


@pytest.mark.parametrize(
    ("repeat", "said"),
    [
        (
            {"count": 3, "min_spacing_s": 3600.0, "max_spacing_s": 108000.0},
            "up to 3 pictures 1 to 30 h apart",
        ),
        ({"count": 2, "min_spacing_s": 5400.0}, "up to 2 pictures at least 1.5 h apart"),
        ({"count": 2}, "up to 2 pictures"),
    ],
)
def test_limits_tell_how_far_apart_repeats_are(repeat: dict[str, float], said: str) -> None:
    assert _more_limits({"repeat": repeat}) == [said]
    assert _more_limits({"after": "Tokyo", "after_within_s": 86400.0}) == [
        "after Tokyo within 24 h"
    ]
    assert _more_limits({"after": "Tokyo"}) == ["after Tokyo"]
