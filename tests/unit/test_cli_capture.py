"""`offnadir capture` as a user meets it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from typer.testing import CliRunner

from offnadir.cli._main import app
from offnadir.data import bundled_bytes
from offnadir.earth import Site
from offnadir.errors import FileError, InputError
from offnadir.imagery import Grid, read_level1
from offnadir.imagery._raster import opened, writing
from offnadir.units import deg

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


def test_an_elevation_model_smaller_than_the_picture(elements, tmp_path):
    """20 m of heights around the aim of a picture 20 x 30 m wide: an error, or their edge if one says so."""
    aim = Site(name="aim", lat_rad=35.9 * deg, lon_rad=137.4 * deg)
    ground, heights = (around(aim, step_m, side) for step_m, side in ((0.5, 400), (4.0, 5)))
    scene, dem = tmp_path / "ground.tif", tmp_path / "dem.tif"
    with writing(scene, ground.shape, 1, "uint16", grid=ground) as out:
        out.write(np.full(ground.shape, 3000, np.uint16), 1)
    with writing(dem, heights.shape, 1, "float32", grid=heights) as out:
        out.write(np.full(heights.shape, 700.0, np.float32), 1)
    words = ["--elements", elements, *PASS, "--size", "60x80", "--bands", "sharpest"]
    words += ["--scene", scene, "--dem", dem, "-o", tmp_path / "out", "--truth", "-q"]
    with pytest.raises(FileError, match=r"dem\.tif: ends before .*--dem-edge"):
        run(*words)
    assert not (tmp_path / "out" / "manifest.json").exists()
    assert not list((tmp_path / "out").glob("L1A*"))
    assert run(*words, "--dem-edge").exit_code == 0
    with opened(tmp_path / "out" / "truth_sharpest.tif") as dataset:
        assert_allclose(dataset.read(3), 700.0, atol=0.01)


def around(aim, step_m, side):
    """A square map about a place."""
    crs = f"+proj=laea +lat_0={aim.lat_rad / deg} +lon_0={aim.lon_rad / deg} +datum=WGS84"
    half = step_m * side / 2
    return Grid(crs=crs, transform=(step_m, 0, -half, 0, -step_m, half), shape=(side, side))


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
        (["--elements", "e", *PASS, "--scene", "s.tif", "--dem-edge", "-o", "x"], "--dem-edge"),
        (["--elements", "e", *PASS, "--size", "big", "-o", "x"], "--size"),
    ],
)
def test_what_does_not_go_together_is_named(words, field):
    with pytest.raises(InputError) as error:
        run(*words)
    assert error.value.field == field
