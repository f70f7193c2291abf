"""`offnadir design`: what it writes and says, and that a killed study goes on to the same bytes."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from offnadir.cli._main import app
from offnadir.coverage.study_store import FILE_NAME
from offnadir.errors import InputError, InputProblems
from support.study_jobs import STUDY, write_study

FILES = ("study.json", "designs.csv", "designs.parquet", "report.html")


def design(*words):
    return CliRunner().invoke(app, ["design", *map(str, words)])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The study in one go, in this process; its folder and what was said."""
    folder = tmp_path_factory.mktemp("design")
    path = write_study(folder)
    result = design(path, "-o", folder / "out", "--workers", 1)
    assert result.exit_code == 0, result.output
    return path, folder / "out", result


def test_what_it_says(whole):
    _, out, result = whole
    assert re.search(r"16 designs: 12 evaluated, 4 impossible, \d keep every wish", result.stdout)
    assert "impossible: 2: planes = 2: must be a" in result.stdout
    assert "* the cheapest that keeps every wish" in result.stdout
    assert "What binds it is the wish with least room: revisit" in result.stdout
    assert str(out / "report.html") in result.stdout


def test_what_it_writes(whole):
    _, out, _ = whole
    assert sorted(one.name for one in out.iterdir()) == sorted(
        [*FILES, FILE_NAME, "best.html", "best.parquet"]
    )
    document = json.loads((out / "study.json").read_text())
    with (out / "designs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["design"]) for row in rows] == [one["design"] for one in document["designs"]]
    import pyarrow.parquet as parquet

    table = parquet.read_table(out / "designs.parquet")
    assert table["keeps_all_wishes"].to_pylist() == [
        one.get("keeps_all_wishes", False) for one in document["designs"]
    ]
    best = next(one for one in document["designs"] if one["design"] == document["cheapest"])
    (cell,) = parquet.read_table(out / "best.parquet").to_pylist()
    assert cell["revisit_p95_s"] / 3600 == pytest.approx(best["figures"]["revisit_h"], rel=1e-6)
    html = (out / "report.html").read_text()
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', html)
    for sentence in document["why"]["sentences"]:
        assert sentence.split(":")[0] in html
    assert html.count('<circle class="best"') == 1


def test_a_second_time_computes_nothing(whole):
    path, out, _ = whole
    before = {name: (out / name).read_bytes() for name in FILES}
    result = design(path, "-o", out, "--workers", 1, "--json")
    assert result.exit_code == 0
    assert "12 designs stood in the folder already, 0 were computed" in result.stderr
    assert json.loads(result.stdout)["counts"]["evaluated"] == 12
    assert {name: (out / name).read_bytes() for name in FILES} == before


def test_killed_half_way_it_goes_on_to_the_same_bytes(whole, tmp_path):
    """A real process, SIGKILL after its second design."""
    path, out, _ = whole
    words = [
        sys.executable,
        "-m",
        "offnadir",
        "design",
        str(path),
        "-o",
        str(tmp_path),
        "--workers",
        "1",
    ]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        kept = tmp_path / FILE_NAME
        while process.poll() is None and not (
            kept.exists() and kept.read_bytes().count(b"\n") >= 2
        ):
            time.sleep(0.002)
        process.kill()
    lines = kept.read_bytes().count(b"\n")
    assert 2 <= lines <= 12
    assert not (tmp_path / "study.json").exists()
    result = design(path, "-o", tmp_path, "--workers", 1)
    assert (
        f"{lines} designs stood in the folder already, {12 - lines} were computed" in result.stderr
    )
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_names_cannot_break_the_page(tmp_path):
    text = STUDY.replace('"Made up"', "'<script>alert(1)</script>'").replace("[1, 2, 3, 4]", "1")
    result = design(write_study(tmp_path, text), "-o", tmp_path / "out", "--workers", 1, "-q")
    assert result.exit_code == 0
    html = (tmp_path / "out" / "report.html").read_text()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_check_computes_nothing(tmp_path):
    result = design(write_study(tmp_path), "--check")
    assert "16 designs, 1 cell (North Pole)" in result.stdout
    assert "impossible: 2 designs: planes = 2" in result.stdout
    assert not (tmp_path / "out").exists()
    told = json.loads(design(write_study(tmp_path), "-o", tmp_path, "--check", "--json").stdout)
    assert (told["designs"], sum(told["impossible"].values())) == (16, 4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--workers", "0"], "--workers = 0"),
        (["--workers", "2", "--scheduler", "tcp://x:1"], "left out with --scheduler"),
    ],
)
def test_options_that_cannot_be(tmp_path, words, said):
    result = design(write_study(tmp_path), "-o", tmp_path / "out", *words)
    assert isinstance(result.exception, InputError)
    assert said in str(result.exception)


def test_a_wrong_file_is_told_and_nothing_is_written(tmp_path):
    path = write_study(tmp_path, STUDY.replace("[500, 600]", "50").replace("2 d", "2"))
    result = design(path, "-o", tmp_path / "out")
    assert isinstance(result.exception, InputProblems)
    assert not (tmp_path / "out").exists()
