"""The examples of the planning guide run, and say what the page says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sample_missions import SETS
from support import command

PAGE = (Path(__file__).parents[2] / "docs/guide/planning.md").read_text()


def block(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("guide")
    (place / "sats.3le").write_text(SETS)
    (place / "two.toml").write_text(block("toml"))
    return place


def offnadir(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return command.offnadir(*words, cwd=folder)


def test_what_was_left_out_and_what_it_would_have_needed(folder: Path) -> None:
    done = offnadir(folder, "plan", "two.toml", "-o", "two")
    assert done.returncode == 0, done.stderr
    table = PAGE[PAGE.index("left out  weight") :].partition("```")[0].strip()
    assert f"{table}\n" in done.stderr
    # and so it is: with what it would have needed the request is taken
    for change in (
        lambda text: text.replace("per_orbit = 1", "per_orbit = 2"),
        lambda text: text.replace("weight = 2", "weight = 3.3"),
    ):
        (folder / "more.toml").write_text(change(block("toml")))
        assert offnadir(folder, "plan", "more.toml", "-o", "more").returncode == 0
        plan = json.loads((folder / "more" / "plan.json").read_text())
        assert {r["name"]: r["status"] for r in plan["requests"]}["Gunsan"] == "taken"


def test_a_plan_that_is_mended(folder: Path) -> None:
    assert offnadir(folder, "plan", "two.toml", "-o", "monday").returncode == 0
    same = offnadir(folder, "plan", "two.toml", "-o", "same", "--replan", "monday/plan.json")
    assert "1 kept, 0 moved, 0 dropped, 0 added" in same.stderr
    mission = block("toml").replace("weight = 2", "weight = 3.3")
    (folder / "tuesday.toml").write_text(mission)
    kept = ("--replan", "monday/plan.json", "--change-price", "0.5")
    done = offnadir(folder, "plan", "tuesday.toml", "-o", "tuesday", *kept)
    assert "1 kept, 0 moved, 0 dropped, 0 added" in done.stderr, done.stderr
    loose = ("--replan", "monday/plan.json", "--change-price", "0")
    done = offnadir(folder, "plan", "tuesday.toml", "-o", "tuesday", *loose)
    assert "0 kept, 0 moved, 1 dropped, 1 added" in done.stderr, done.stderr
    checked = offnadir(folder, "check", "tuesday/plan.json", "--previous", "monday/plan.json")
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_python_on_the_page(folder: Path, code: str) -> None:
    if "two/plan.json" in code:
        assert offnadir(folder, "plan", "two.toml", "-o", "two").returncode == 0
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wanted = re.findall(r"print\(.*\)\s+# (.*)", code)[0]
    assert done.stdout.strip() == wanted
