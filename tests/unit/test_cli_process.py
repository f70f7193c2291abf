"""`offnadir process` as a user meets it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from made_products import cropped_rpc, write_dem, write_image
from offnadir.cli._main import app
from offnadir.errors import FileError, InputError
from offnadir.imagery._raster import opened


def run(*words):
    return CliRunner().invoke(app, ["process", *map(str, words)])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    rpc = cropped_rpc(shape=(120, 150))
    dem = write_dem(folder / "dem.tif", rpc)
    return write_image(folder / "scene.tif", rpc, dem), dem


def test_a_real_image_becomes_a_product(made, tmp_path):
    image, dem = made
    result = run(
        image,
        "--dem",
        dem,
        "--gsd",
        "3",
        "-o",
        tmp_path,
        "--name",
        "port",
        "--time",
        "2013-02-17T15:20Z",
    )
    assert result.exit_code == 0, result.output
    assert "port_image.tif" in result.output
    item = json.loads((tmp_path / "port.json").read_text())
    assert item["properties"]["datetime"] == "2013-02-17T15:20:00Z"
    with opened(tmp_path / "port_image.tif") as dataset:
        assert dataset.res == (3.0, 3.0)


def test_json_is_the_item(made, tmp_path):
    image, _ = made
    result = run(image, "--height", "500", "-o", tmp_path, "--json")
    assert json.loads(result.stdout)["assets"]["image"]["proj:code"] == "EPSG:32618"


def test_level_ground_is_warned_of(made, tmp_path):
    image, _ = made
    result = run(image, "-o", tmp_path)
    assert "no --dem: level ground 500 m above" in result.stderr


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ([], "--output"),
        (["-o", "x", "--geoid", "20"], "--geoid"),
        (["-o", "x", "--dem", "d.tif", "--height", "3"], "--height"),
        (["-o", "x", "--dem", "d.tif", "--geoid", "2700"], "--geoid"),
        (["-o", "x", "--height", "1e9"], "--height"),
        (["-o", "x", "--height", "nan"], "--height"),
        (["-o", "x", "--height", "3", "--crs", "EPSG:1"], "crs"),
        (["-o", "x", "--height", "3", "--kernel", "sinc"], "kernel"),
        (["-o", "x", "--height", "3", "--pansharpen", "brovey"], "images"),
        (["-o", "x", "--height", "3", "-l", "basic"], "level"),
        (["-o", "x", "--height", "3", "--time", "yesterday"], "--time"),
        (["-o", "x", "--height", "3", "--gcp", "a", "--reference", "b"], "--reference"),
    ],
)
def test_wrong_words_are_named(made, tmp_path, monkeypatch, words, wish):
    monkeypatch.chdir(tmp_path)
    result = run(made[0], *words)
    assert isinstance(result.exception, InputError)
    assert wish in str(result.exception)


def test_holes_in_the_elevation_model_are_warned_of(made, tmp_path):
    holes = write_dem(tmp_path / "holes.tif", cropped_rpc(shape=(120, 150)), holes=True)
    result = run(made[0], "-o", tmp_path / "out", "--dem", holes)
    assert "36 cells of the elevation model hold nothing" in result.stderr


def test_a_folder_that_is_no_capture_is_named(tmp_path):
    result = run(tmp_path, "-o", tmp_path / "out")
    assert isinstance(result.exception, FileError)
    assert "no capture: it has no capture.json" in str(result.exception)


def test_what_is_not_there_is_named(tmp_path):
    result = run(tmp_path / "none.tif", "-o", tmp_path / "x")
    assert isinstance(result.exception, FileError)
    (tmp_path / "folder").mkdir()
    result = run(tmp_path / "folder", "-o", tmp_path / "x", "--height", "0")
    assert "capture.json" in str(result.exception)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("a,b\n1,2\n", "no header"),
        ("line,column,lat_deg,lon_deg\n1,2,95,3\n", "line 2: latitude"),
        ("line,column,lat_deg,lon_deg\n1,2,x,3\n", "line 2: could not"),
    ],
)
def test_ground_control_that_cannot_be_used(made, tmp_path, text, trouble):
    points = tmp_path / "gcp.csv"
    points.write_text(text)
    result = run(made[0], "--height", "500", "--gcp", points, "-o", tmp_path / "x")
    assert isinstance(result.exception, FileError)
    assert trouble in str(result.exception)
    assert not np.any([path.suffix == ".tif" for path in (tmp_path / "x").iterdir()])
