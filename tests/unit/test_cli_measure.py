"""`offnadir measure` as a user meets it."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.testing import assert_allclose
from typer.testing import CliRunner

from made_pictures import product
from offnadir.cli._main import app
from offnadir.errors import FileError, InputError
from offnadir.imagery._raster import writing
from offnadir.imagery._rpc import Rpc, rpc_tags


def run(*words: str) -> dict[str, float]:
    result = CliRunner().invoke(app, ["measure", *words, "--json"])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    told: dict[str, float] = json.loads(result.stdout)
    return told


def leaning_rpc(lean: float) -> Rpc:
    """1000 x 1000 pixels of 1e-5 deg around 37 N, 127 E; what rises by 100 m moves by `lean` pixels right."""
    one = (1.0, *[0.0] * 19)
    return Rpc(
        shape=(1000, 1000), line_off=500.0, column_off=500.0, lat_off_rad=math.radians(37.0),
        lon_off_rad=math.radians(127.0), height_off_m=0.0, line_scale=500.0, column_scale=500.0,
        lat_scale_rad=math.radians(0.005), lon_scale_rad=math.radians(0.005), height_scale_m=100.0,
        line_num=(0.0, 0.0, -1.0, *[0.0] * 17), line_den=one,
        column_num=(0.0, 1.0, 0.0, lean / 500.0, *[0.0] * 16), column_den=one,
    )  # fmt: skip


def raw(path: Path, rpc: Rpc) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with writing(path, rpc.shape, 1, "uint8", rpc=rpc_tags(rpc)):
            pass
    return path


def test_length_and_area_of_places() -> None:
    """A degree of the equator and its octant; negative degrees are no options."""
    assert_allclose(run("length", "--at", "0,0", "--at", "0,1")["length_m"], 111319.4908, atol=1e-3)
    assert_allclose(
        run("length", "--at", "-0.5,0", "--at", "0.5,0")["length_m"], 110574.2758, atol=1
    )
    told = run("area", "--at", "0,0", "--at", "0,90", "--at", "90,0")
    assert_allclose(told["area_m2"], 510065621.7241e6 / 8, rtol=1e-9)


def test_pixels_of_a_product(tmp_path: Path) -> None:
    """A map of 2 m in UTM: 100 columns are 200 m on the map, 0.02 % less or more on the ground."""
    path = product(tmp_path / "map.tif", np.zeros((1, 200, 200), np.float32), step_m=2.0)
    told = run("length", str(path), "--pixel", "10,20", "--pixel", "10,120")
    assert_allclose(told["length_m"], 200.0, rtol=4e-4)
    with pytest.raises(InputError, match="--at"):
        run("length", str(path))
    with pytest.raises(InputError, match="--pixel"):
        run("length", "--pixel", "1,2", "--pixel", "3,4")
    with pytest.raises(InputError, match="LINE,COLUMN"):
        run("length", str(path), "--pixel", "10", "--pixel", "3,4")


def test_shadow_on_a_map(tmp_path: Path) -> None:
    """50 m north with the Sun at 30 deg in the south: 50 tan 30 = 28.87 m; and at noon of an equinox."""
    path = product(tmp_path / "map.tif", np.zeros((1, 200, 200), np.float32))
    told = run("shadow", str(path), "--base", "100,50", "--tip", "50,50", "--sun", "30,180")
    assert_allclose(told["height_m"], 28.868, atol=0.1)
    assert told["misfit_m"] < 3.0  # grid north is not north: 1.2 deg
    base, tip = "0.001,0", "0.002,0"
    told = run("shadow", "--base", base, "--tip", tip, "--time", "2026-06-21T12:02:00Z")
    # the Sun stands 23.44 deg north of the equator's zenith: shadows fall south, so this one is below 0
    assert_allclose(told["height_m"], -110.57 * math.tan(math.radians(90 - 23.44)), rtol=5e-3)
    with pytest.raises(InputError, match="--sun"):
        run("shadow", "--base", base, "--tip", tip)
    with pytest.raises(InputError, match="--tip"):
        run("shadow", "--base", base, "--sun", "30,180")


def test_parallax_by_hand(tmp_path: Path) -> None:
    """Leaning by 30 px a 100 m to either side: 24 px of parallax are 40 m."""
    a, b = (raw(tmp_path / f"{k}.tif", leaning_rpc(s)) for k, s in enumerate((30.0, -30.0)))
    words = ["parallax", str(a), str(b), "--top", "500,512", "--top", "500,488"]
    assert_allclose(run(*words, "--ground", "0")["height_m"], 40.0, atol=0.01)
    told = run(*words, "--base", "500,503", "--base", "500,497")
    assert_allclose(told["height_m"], 30.0, atol=0.01)
    with pytest.raises(InputError, match="--top"):
        run("parallax", str(a), str(b), "--top", "500,512", "--ground", "0")
    with pytest.raises(InputError, match="--base"):
        run(*words)
    plain = product(tmp_path / "plain.tif", np.zeros((1, 10, 10), np.float32))
    with pytest.raises(FileError, match="no rational polynomials"):
        run("parallax", str(a), str(plain), *words[3:], "--ground", "0")


def test_shadow_in_a_raw_image(tmp_path: Path) -> None:
    """A tower of 40 m leans 12 px right; the Sun in the east at 45 deg throws its shadow 40 m west."""
    image = raw(tmp_path / "raw.tif", leaning_rpc(30.0))
    metres = (
        1e-5
        * 111319.4908
        * math.cos(math.radians(37.0))
        / math.sqrt(1.0 - 0.00669438 * math.sin(math.radians(37.0)) ** 2)
    )  # a pixel's width
    told = run(
        "shadow", str(image), "--top", "500,512", "--tip", f"500,{500 - 40 / metres}", "--sun", "45,90",
    )  # fmt: skip
    assert_allclose(told["height_m"], 40.0, atol=0.05)
    assert told["misfit_m"] < 0.05


def test_surface_command_refuses_what_cannot_be(tmp_path: Path) -> None:
    a = raw(tmp_path / "a.tif", leaning_rpc(30.0))
    with pytest.raises(InputError, match="lines of sight"):
        run("surface", str(a), str(a), "-o", str(tmp_path / "s.tif"), "--low", "0", "--high", "50")
