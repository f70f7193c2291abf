"""`offnadir coverage`: what it prints, writes and refuses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from offnadir.briefs import coverage_report
from offnadir.cli._main import _spread, app
from offnadir.coverage import FIGURES
from offnadir.data import bundled_bytes
from offnadir.errors import OffnadirError

WHEN = ["--start", "2026-06-01T00:00:00Z", "--days", "2"]


@pytest.fixture(scope="module")
def elements(tmp_path_factory):
    path = tmp_path_factory.mktemp("elements") / "elements.json"
    path.write_bytes(bundled_bytes("demo/elements.omm.json"))
    return ["--elements", str(path), "--group", "skysat-c"]


class Ran:
    """What the command printed, or the trouble that it named."""

    def __init__(self, *words: str) -> None:
        result = CliRunner().invoke(app, ["coverage", *words])
        self.out, self.err = result.stdout, result.stderr
        self.trouble = str(result.exception) if isinstance(result.exception, OffnadirError) else ""
        if result.exception is not None and not self.trouble:
            raise AssertionError(result.output) from result.exception


def test_the_sum_as_a_table_and_as_json(elements):
    words = [*elements, *WHEN, "--country", "KR", "--resolution", "3", "--clouds", "climatology"]
    table = Ran(*words, "--stations", "36.4,127.4", "--min-sun", "10").out
    for text in (
        "Revisit, mean",
        "Wait for a clear look, mean",
        "Age of the newest picture",
        "GSD up to 1 m",
    ):
        assert text in table
    told = json.loads(Ran(*words, "--json").out)
    assert told["satellites"] > 1
    assert {"revisit_mean_s", "clear_response_p95_s", "best_niirs"} <= set(told)
    lit = json.loads(Ran(*words, "--min-sun", "10", "--json").out)
    assert lit["looks_per_day"] == pytest.approx(told["daylight_looks_per_day"], rel=0.05)


def test_files_of_all_kinds(elements, tmp_path, monkeypatch):
    monkeypatch.setattr(coverage_report, "_MAPS", ("longest_gap_s",))  # each takes half a second
    kinds = ("nc", "zarr", "parquet", "csv", "json", "png", "svg", "html")
    names = [str(tmp_path / f"korea.{kind}") for kind in kinds]
    outs = [word for name in names for word in ("--out", name)]
    ran = Ran(*elements, *WHEN, "--at", "37.57,126.98", *outs, "--language", "ko")
    assert not ran.trouble
    assert {path.suffix[1:] for path in tmp_path.iterdir()} == set(kinds)
    assert "1 cell, " in ran.out
    assert 'lang="ko"' in (tmp_path / "korea.html").read_text("utf-8")
    assert json.loads((tmp_path / "korea.json").read_text())["cells"] == 1


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "--land: must be given, or one of --world"),
        (["--land", "--world"], "--land = 'given': must be left out with --world"),
        (["--country", "QQ"], "--country = 'QQ'"),
        (["--country", "Korea"], "KP North Korea"),
        (["--land", "--cell", "0"], "--cell = 0"),
        (["--land", "--cell", "100", "--step", "1"], "--step = 1.0: must be left out with --cell"),
        (["--land", "--step", "7"], "a whole part of 180 degrees"),
        (["--at", "37,127", "--cell", "5"], "left out with --at"),
        (["--land", "--days", "500"], "--days = 500"),
        (["--land", "--days", "0"], "--days = 0"),
        (["--land", "--out", "a.tif"], "--out = 'a.tif': must be a name ending in .nc"),
        (["--land", "--out", "/nowhere/a.nc"], "No such file or directory"),
        (["--land", "--out", "a.png", "--map", "speed"], "--map = 'speed'"),
        (["--land", "--language", "fr"], "--language = 'fr'"),
        (["--land", "--max-off-nadir", "99"], "--max-off-nadir = 99"),
        (["--land", "--stations", "1,2", "--station-elevation", "95"], "--station-elevation = 95"),
        (["--land", "--satellite", "NOBODY"], "--satellite = 'NOBODY'"),
        (
            ["--land", "--resolution", "9"],
            "--resolution = 9: must be so coarse that land has no more",
        ),
        (["--land", "--cell", "1"], "--cell = 1.0: must be so coarse that land has no more"),
        (["--country", "VA", "--step", "10"], "--step = 10.0: must be so small that a cell lies"),
        (["--land", "--max-gsd", "-1"], "--max-gsd = -1.0: must be above 0 m"),
        (["--land", "--min-niirs", "nan"], "--min-niirs = nan: must be from 0 to 9"),
    ],
)
def test_what_is_refused(elements, words, text):
    given = WHEN if "--days" not in words else WHEN[:2]
    assert text in Ran(*elements, *given, *words).trouble


def test_sets_far_from_the_span_are_told(elements):
    place = ["--at", "37.57,126.98", "--days", "1"]
    assert "far end of the span" not in Ran(*elements, "--start", "2026-06-01", *place).err
    far = Ran(*elements, "--start", "2036-06-01", *place).err
    assert re.search(r"an element set is 36\d\d days from the far end of the span", far)


def test_lists_may_follow_one_word():
    words = _spread(["coverage", "--country", "KR", "KP", "--land"])
    assert words == ["coverage", "--country", "KR", "--country", "KP", "--land"]


def test_help_is_quick_and_knows_no_numpy():
    code = (
        "import sys; from offnadir.cli import main\n"
        "try: main()\nfinally: assert 'numpy' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "coverage", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"--country\s+CODE", done.stdout)


def test_the_guide_names_every_figure():
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "coverage.md").read_text("utf-8")
    missing = [
        name for name in FIGURES if not name.startswith("clear_") and f"`{name}`" not in guide
    ]
    assert missing == []
