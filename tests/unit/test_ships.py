"""Ships: water of known distribution keeps its false-alarm rate, ships of known size are found and
measured.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats
from scipy.special import gamma, kv
from typer.testing import CliRunner

from made_pictures import CORNER, UTM, product, sea, with_ship
from offnadir.cli._main import app
from offnadir.errors import FileError, InputError, OffnadirError
from offnadir.imagery._aligned import map_info, on_map
from offnadir.imagery._clutter import (
    Clutter,
    check_tail,
    choose_clutter,
    fit_threshold,
    k_quantile,
    k_tail,
    lognormal_quantile,
    pearson_quantile,
)  # fmt: skip
from offnadir.imagery._exploit_kernels import surroundings
from offnadir.imagery._grid import Grid
from offnadir.imagery._hull import measure_hull
from offnadir.imagery._ships import Ship, find_ships
from offnadir.imagery._water import colour_band, find_water

SIDE = 600
GRID = Grid(crs=UTM, transform=(1.0, 0.0, CORNER[0], 0.0, -1.0, CORNER[1]), shape=(SIDE, SIDE))
#: row, column, length, width, heading [deg], wake
FLEET = (
    (120.3, 140.7, 60.0, 10.0, 30.0, 0.2),
    (420.0, 180.2, 25.0, 5.0, 250.0, 0.0),
    (300.6, 450.1, 110.0, 18.0, 135.0, 0.2),
)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("green", "nir"), (1, 2)),
        (("B03 green", "B08 nir"), (1, 2)),  # Sentinel-2
        (("nir1", "nir2", "green"), (3, 1)),  # WorldView-2 and -3
        (("sharpest", "evergreen"), (None, None)),
    ],
)
def test_bands_that_tell_water(
    tmp_path: Path, names: tuple[str, ...], expected: tuple[int | None, int | None]
) -> None:
    pixels = np.ones((len(names), 8, 8), np.float32)
    info = map_info(product(tmp_path / "a.tif", pixels, names=names))
    assert (colour_band(info, "green"), colour_band(info, "nir")) == expected


@pytest.mark.parametrize("nu", [0.3, 1.0, 4.5, 20.0])
def test_k_distribution_of_one_look(nu: float) -> None:
    """Ward (1981): P(I > x) = 2 / Gamma(nu) (nu x)^(nu/2) K_nu(2 sqrt(nu x)) for a mean of 1."""
    x = np.array([0.1, 1.0, 5.0, 25.0])
    expected = 2.0 / gamma(nu) * (nu * x) ** (nu / 2) * kv(nu, 2.0 * np.sqrt(nu * x))
    assert_allclose(k_tail(x, nu, 1.0), expected, rtol=1e-9)
    assert_allclose(k_tail(np.array(k_quantile(nu, 1.0, 1e-6)), nu, 1.0), 1e-6, rtol=1e-6)


@given(skew=st.floats(0.01, 3.9), tail=st.sampled_from([0.5, 0.1, 1e-3, 1e-8]))
def test_pearson_type_three(skew: float, tail: float) -> None:
    """Against scipy.stats.pearson3; skewness 0 is normal, 2 exponential."""
    assert_allclose(
        pearson_quantile(skew, tail), stats.pearson3.isf(tail, skew), rtol=1e-6, atol=1e-8
    )
    assert_allclose(pearson_quantile(2.0, tail), -math.log(tail) - 1.0, rtol=1e-9)
    assert_allclose(pearson_quantile(0.0, tail), stats.norm.isf(tail), atol=1e-12)


@pytest.mark.parametrize("clutter", ["normal", "pearson", "k"])
def test_thresholds_of_drawn_water(clutter: Clutter) -> None:
    """Two million draws of the distribution that is named: 1e-4 of them lie beyond, to four sigma and 10
    %.
    """
    rng = np.random.default_rng(8)
    n = 2_000_000
    draws = {
        "normal": lambda: rng.standard_normal(n),
        "pearson": lambda: (rng.gamma(2.0, 1.0, n) - 2.0) / math.sqrt(2.0),
        "k": lambda: rng.gamma(3.0, 1 / 3.0, n) * rng.gamma(2.0, 1 / 2.0, n),
    }[clutter]()
    threshold, shape = fit_threshold(draws, clutter, 1e-4, high=0.003, looks=2.0)
    assert_allclose((draws > threshold).sum(), 200, atol=4 * math.sqrt(200) + 20)
    assert_allclose(shape, {"normal": 0.0, "pearson": math.sqrt(2.0), "k": 3.0}[clutter], rtol=0.1)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 1000), guard=st.integers(0, 3), wider=st.integers(1, 4),
    holes=st.floats(0.0, 0.5), level=st.sampled_from([0.0, 1e4]),
)  # fmt: skip
def test_surroundings_are_the_ring(
    seed: int, guard: int, wider: int, holes: float, level: float
) -> None:
    """Against the plain loop, with holes, at edges, on a level a thousand times the noise."""
    rng = np.random.default_rng(seed)
    values = (level + 10.0 * rng.standard_normal((13, 11))).astype(np.float32)
    values[rng.random(values.shape) < holes] = np.nan
    reach = guard + wider
    got = [np.empty(values.shape, np.float64) for _ in range(3)]
    surroundings(values, reach, guard, *got)
    for i in range(13):
        for j in range(11):
            ring = [
                float(values[r, c])
                for r in range(max(i - reach, 0), min(i + reach + 1, 13))
                for c in range(max(j - reach, 0), min(j + reach + 1, 11))
                if max(abs(r - i), abs(c - j)) > guard and np.isfinite(values[r, c])
            ]
            assert got[2][i, j] == len(ring)
            if len(ring) > 1:
                assert_allclose(got[0][i, j], np.mean(ring), rtol=1e-9, atol=1e-6)
                assert_allclose(got[1][i, j], np.std(ring), rtol=1e-5, atol=1e-4)


@settings(max_examples=25)
@given(
    length=st.floats(20.0, 120.0), slender=st.floats(3.5, 8.0), heading=st.floats(0.0, 360.0),
    step=st.sampled_from([1.0, 2.0]),
)  # fmt: skip
def test_a_hull_is_measured(length: float, slender: float, heading: float, step: float) -> None:
    """To two pixels in length and width, and to five degrees; a wake tells bow from stern."""
    width = max(length / slender, 4.0 * step)
    length = max(length, 3.0 * width)
    rng = np.random.default_rng(1)
    side = int(4 * length / step) + 20
    picture = (40.0 + rng.standard_normal((side, side))).astype(np.float32)
    rough = np.zeros(picture.shape, np.bool_)
    middle = (side - 1) / 2
    with_ship(picture, (middle, middle), length / step, width / step, heading, 60.0, wake=0.2)
    rough[int(middle) - 1 : int(middle) + 2, int(middle) - 1 : int(middle) + 2] = True
    hull = measure_hull(picture, rough, np.array([[0.0, step], [-step, 0.0]]))
    assert hull is not None
    assert_allclose(hull.length_m, length, atol=2.0 * step + 0.02 * length)
    assert_allclose(hull.width_m, width, atol=2.0 * step)
    assert hull.heading_rad is not None
    turn = math.degrees(hull.heading_rad) - heading
    assert abs((turn + 180.0) % 360.0 - 180.0) < 5.0
    assert 40.0 < hull.contrast < 65.0  # blur takes from a narrow hull
    e, n = np.array(hull.corners_m()).mean(axis=0)
    assert_allclose([e, n], [middle * step, -middle * step], atol=2.0 * step)


def match(ships: tuple[Ship, ...]) -> dict[int, Ship]:
    """Ships by the number of the one that was planted there."""
    found = {}
    for ship in ships:
        row, column = GRID.of_lat_lon(ship.lat_rad, ship.lon_rad)
        for k, planted in enumerate(FLEET):
            if math.hypot(float(row) - planted[0], float(column) - planted[1]) < 8.0:
                found[k] = ship
    return found


def fleet(state: str, contrast: float, seed: int = 1, bands: int = 1) -> np.ndarray:
    pixels = sea(SIDE, seed, state, bands=bands)
    for row, column, length, width, heading, wake in FLEET:
        for band in pixels:
            with_ship(band[None][0], (row, column), length, width, heading, contrast, wake=wake)
    return pixels


def test_a_fleet_on_calm_water(tmp_path: Path) -> None:
    report = find_ships(product(tmp_path / "sea.tif", fleet("calm", 40.0)), length_m=(15.0, 150.0))
    assert len(report.ships) == 3
    found = match(report.ships)
    for k, (_, _, length, width, heading, wake) in enumerate(FLEET):
        ship = found[k]
        assert_allclose(ship.length_m, length, atol=3.0)
        assert_allclose(ship.width_m, width, atol=2.0)
        turn = abs((math.degrees(ship.axis_rad) - heading + 90.0) % 180.0 - 90.0)
        assert turn < 3.0
        assert (ship.heading_rad is not None) == (wake > 0.0)
    assert report.water == "everywhere"


@pytest.mark.parametrize(("state", "clutter"), [("waves", "pearson"), ("k", "k")])
def test_a_fleet_on_rough_water(tmp_path: Path, state: str, clutter: Clutter) -> None:
    """Ships three times as bright as the water, whose single pixels hide them; averages of larger pixels
    do not.
    """
    path = product(tmp_path / "sea.tif", fleet(state, 90.0))
    report = find_ships(path, clutter=clutter, looks=4.0, length_m=(15.0, 150.0))
    assert len(match(report.ships)) == 3
    assert len(report.ships) == 3


@pytest.mark.parametrize(
    ("state", "clutter"), [("calm", "normal"), ("waves", "pearson"), ("k", "k")]
)
def test_the_false_alarm_rate_is_kept(tmp_path: Path, state: str, clutter: Clutter) -> None:
    """Water without ships, at full resolution: 360 of 360,000 pixels expected."""
    path = product(tmp_path / "sea.tif", sea(SIDE, 11, state))
    report = find_ships(
        path, clutter=clutter, looks=4.0, length_m=(6.0, 60.0), false_alarm_rate=1e-3
    )
    scale = report.scales[0]
    assert scale.searched == SIDE * SIDE
    assert 0.7 < scale.beyond / (1e-3 * scale.searched) < 1.5


@given(shape=st.floats(0.01, 1.5), tail=st.sampled_from([0.5, 0.1, 1e-3, 1e-6]))
def test_log_normal(shape: float, tail: float) -> None:
    """Against scipy.stats.lognorm."""
    expected = (stats.lognorm.isf(tail, shape) - 1.0) / shape
    assert_allclose(lognormal_quantile(shape, tail), expected, rtol=1e-8, atol=1e-10)
    assert_allclose(lognormal_quantile(0.0, tail), stats.norm.isf(tail), atol=1e-12)


@pytest.mark.parametrize("clutter", ["pearson", "lognormal"])
def test_the_water_tells_its_distribution(clutter: Clutter) -> None:
    """Of two million draws: which it is, and the threshold of 1e-6 to a factor of two of the share that truly
    lies beyond (scipy.stats); two pixels in a thousand that are ships do not mislead it to fewer alarms lost.
    """
    rng = np.random.default_rng(8)
    n, s, k = 2_000_000, 0.4, 2.0
    if clutter == "lognormal":
        draws = rng.lognormal(0.0, s, n)
        truth = stats.lognorm(s)
    else:
        draws = rng.gamma(k, 1.0, n)
        truth = stats.gamma(k)
    assert choose_clutter(draws, 1e-6, high=0.003) == clutter
    threshold, _ = fit_threshold(draws, clutter, 1e-6, high=0.003)
    assert 0.5e-6 < truth.sf(threshold) < 2e-6
    told = check_tail(draws, clutter, 1e-6, high=0.003)
    assert told.holds
    assert_allclose(told.rate, 300 / n)
    # the wrong one is told to be wrong
    assert not check_tail(draws, "normal", 1e-6, high=0.003).holds


def test_water_that_does_not_follow_what_is_said(tmp_path: Path) -> None:
    """Skew waves taken for normal: the report says that the rate is not kept; of calm water, that it is."""
    path = product(tmp_path / "waves.tif", sea(SIDE, 13, "waves"))
    report = find_ships(path, length_m=(6.0, 60.0), clutter="normal")
    assert report.scales[0] in report.unkept
    told = report.to_geojson()["scales"][0]
    assert told["tail_ratio"] > 2.0
    assert told["clutter"] == "normal"
    path = product(tmp_path / "calm.tif", sea(SIDE, 13, "calm"))
    assert find_ships(path, length_m=(6.0, 60.0), clutter="normal").scales[0].tail.holds


def test_grey_ground_amid_land_is_no_water(tmp_path: Path) -> None:
    """Asphalt under haze has an NDWI above 0. Enclosed and smaller than the longest ship squared it is land;
    what reaches the edge, and a hole in the picture, are not.
    """
    green, nir = np.full((2, 300, 300), 20.0, np.float32)
    green[:, :150], nir[:, :150] = 40.0, 80.0  # land on the left half
    green[100:140, 60:100], nir[100:140, 60:100] = 60.0, 50.0  # a yard of 40 m
    nir[200:220, 0:20] = 30.0  # a bay at the edge
    nir[:, 150:] = 10.0
    green[50:80, 200:230] = np.nan
    path = product(tmp_path / "yard.tif", np.stack([green, nir]), names=("green", "nir"))
    info = map_info(path)
    water = find_water(
        info, on_map(info), land=None, ndwi=0.0, shore_m=0.0, largest_ship_m2=60.0**2 / 5.0
    )
    found = water.at((0, 300, 0, 300), 1)
    assert not found[120, 80]
    assert found[210, 5]
    assert found[65, 215]
    assert found[10, 250]
    assert not found[10, 100]


def test_no_ships_on_empty_water(tmp_path: Path) -> None:
    for state in ("calm", "k"):
        path = product(tmp_path / f"{state}.tif", sea(SIDE, 12, state))
        clutter: Clutter = "k" if state == "k" else "pearson"
        report = find_ships(path, clutter=clutter, looks=4.0, length_m=(15.0, 150.0))
        assert report.ships == ()


def test_land_is_left_out(tmp_path: Path) -> None:
    """By its colour: bright houses on a vegetated half are no ships; and by what the user draws."""
    pixels = fleet("calm", 40.0, bands=2)
    rng = np.random.default_rng(2)
    pixels[1] *= 0.5  # water is dark in the near infrared
    pixels[:, :, :70] = np.array([30.0, 120.0])[:, None, None] + rng.standard_normal((2, SIDE, 70))
    for row in range(40, 560, 40):
        pixels[:, row : row + 5, 30:50] = 250.0
    path = product(tmp_path / "coast.tif", pixels.astype(np.float32), names=("green", "nir"))
    report = find_ships(path, length_m=(15.0, 150.0))
    assert report.water == "NDWI"
    assert len(report.ships) == 3 == len(match(report.ships))
    assert report.scales[0].searched < (SIDE - 70 - 27) * SIDE / report.scales[0].step_m ** 2
    ring = [(0.0, 0.0), (0.0, 300.0), (SIDE - 1.0, 300.0), (SIDE - 1.0, 0.0)]
    corners = [[float(np.degrees(x)) for x in GRID.lat_lon(*at)][::-1] for at in ring]
    land = tmp_path / "land.geojson"
    land.write_text(json.dumps({"type": "Polygon", "coordinates": [[*corners, corners[0]]]}))
    report = find_ships(path, length_m=(15.0, 150.0), land=land, band=1)
    assert report.water == "NDWI and land.geojson"
    assert list(match(report.ships)) == [2]
    found = find_ships(path, length_m=(15.0, 150.0), anywhere=True, band=1)
    assert len(found.ships) > 10  # houses too


def test_wrong_numbers_and_files(tmp_path: Path) -> None:
    path = product(tmp_path / "sea.tif", sea(64, 1, "calm"))
    for name, value in (
        ("length_m", (50.0, 10.0)), ("false_alarm_rate", 0.1), ("clutter", "weibull"), ("looks", 0.0),
        ("band", 2),
    ):  # fmt: skip
        with pytest.raises(InputError, match=name):
            find_ships(path, **{name: value})  # type: ignore[arg-type]
    nothing = tmp_path / "nothing.geojson"
    nothing.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(FileError, match="no polygon"):
        find_ships(path, land=nothing)
    nothing.write_text("{")
    with pytest.raises(FileError, match="no JSON"):
        find_ships(path, land=nothing)
    dry = product(tmp_path / "dry.tif", np.ones((2, 64, 64), np.float32), names=("green", "nir"))
    with pytest.raises(OffnadirError, match="pixels of water"):
        find_ships(dry)


def test_the_command(tmp_path: Path) -> None:
    path = product(tmp_path / "sea.tif", fleet("calm", 40.0))
    out = tmp_path / "ships.geojson"
    words = ["detect", str(path), "--length", "15,150", "-q"]
    result = CliRunner().invoke(app, [*words, "-o", str(out)])
    assert result.exit_code == 0, result.exception
    assert "3 ships" in result.stdout
    assert "nothing tells land from water" in result.stderr
    features = json.loads(out.read_text())["features"]
    assert len(features) == 3
    assert len(features[0]["geometry"]["coordinates"][0]) == 5
    result = CliRunner().invoke(app, [*words[:2], "--length", "15", "-q"])
    assert isinstance(result.exception, InputError)
    result = CliRunner().invoke(app, [*words, "--clutter", "sea"])
    assert isinstance(result.exception, InputError)
