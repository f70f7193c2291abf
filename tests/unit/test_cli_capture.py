"""`offnadir capture` as a user meets it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from offnadir.cli._main import app
from offnadir.data import bundled_bytes
from offnadir.errors import InputError
from offnadir.imagery import read_level1

PASS = ["--satellite", "40115", "--site", "35.9,137.4", "--time", "2026-05-31T01:54:18Z"]


@pytest.fixture
def elements(tmp_path):
    path = tmp_path / "elements.json"
    path.write_bytes(bundled_bytes("demo/elements.omm.json"))
    return path


def run(*words):
    return CliRunner().invoke(app, ["capture", *map(str, words)], catch_exceptions=False)


def test_a_picture_of_a_pass(elements, tmp_path):
    """WorldView-3, 21 deg off nadir over Honshu, made-up ground: two bands, and a table of them."""
    folder = tmp_path / "out"
    result = run(
        "--elements", elements, *PASS, "--size", "60x80", "--bands", "sharpest,red", "-o", folder,
        "--seed", 3, "--truth",
    )  # fmt: skip
    assert result.exit_code == 0
    assert "off-nadir 21" in result.stdout
    assert "SYNTHETIC" in result.stdout
    level1 = read_level1(folder)
    assert [one.shape for one in level1.images] == [(60, 80), (15, 20)]
    assert level1.is_synthetic
    assert level1.notes["satellite"] == "WORLDVIEW-3 (WV-3)"
    assert (folder / "truth_red.tif").exists()
    again = run(
        "--elements", elements, *PASS, "--size", "60x80", "--bands", "sharpest,red", "-o", folder,
        "--seed", 3, "--truth", "--json",
    )  # fmt: skip
    assert json.loads(again.stdout)["images"][0]["band"] == "sharpest"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ([], "--output"),
        (["-o", "x"], "PLAN.json"),
        (["plan.json", "-o", "x"], "ID"),
        (["plan.json", "C0001", "--site", "1,2", "-o", "x"], "--site"),
        (["--elements", "e", "--time", "2026-05-31", "-o", "x"], "--site"),
        (["--elements", "e", *PASS, "--dem", "d.tif", "-o", "x"], "--dem"),
        (["--elements", "e", *PASS, "--scene", "s.tif", "--geoid", "30", "-o", "x"], "--geoid"),
        (["--elements", "e", *PASS, "--size", "big", "-o", "x"], "--size"),
    ],
)
def test_what_does_not_go_together_is_named(words, field):
    with pytest.raises(InputError) as error:
        run(*words)
    assert error.value.field == field
