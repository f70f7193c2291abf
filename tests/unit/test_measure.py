"""Lengths, areas, heights: against published figures, and against a camera whose geometry is known by
hand.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import ArrayLike, NDArray

from made_pictures import UTM, land, product
from offnadir.errors import InputError, UnitRangeError
from offnadir.imagery._grid import Grid, geodesic_m
from offnadir.imagery._measure import (
    height_from_parallax,
    height_from_shadow,
    height_from_shadow_in_image,
    measure_area_m2,
    measure_length_m,
    meet,
)  # fmt: skip
from offnadir.imagery._surface import make_surface
from offnadir.units import deg

Array = NDArray[np.float64]


class Slanted:
    """A camera at infinity over a UTM grid: what stands `h` over the ellipsoid leans by h (east, north)."""

    def __init__(self, lean: tuple[float, float], shape: tuple[int, int] = (400, 400)) -> None:
        self.shape = shape
        self.lean = lean
        self.grid = Grid(
            crs=UTM, transform=(1.0, 0.0, 320_000.0, 0.0, -1.0, 4_160_000.0), shape=shape
        )

    def project(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, alt_m: ArrayLike
    ) -> tuple[Array, Array]:
        row, column = self.grid.of_lat_lon(lat_rad, lon_rad)
        alt = np.asarray(alt_m, np.float64)
        return row - alt * self.lean[1], column + alt * self.lean[0]

    def locate(self, line: ArrayLike, column: ArrayLike, alt_m: ArrayLike) -> tuple[Array, Array]:
        alt = np.asarray(alt_m, np.float64)
        return self.grid.lat_lon(
            np.asarray(line) + alt * self.lean[1], np.asarray(column) - alt * self.lean[0]
        )


def test_a_geodesic_of_karney() -> None:
    """JFK to LHR: 5551.759400 km, azimuth 51.19888285 deg; man page of GeographicLib's GeodSolve."""
    jfk, lhr = (40.6 * deg, -73.8 * deg), (51.6 * deg, -0.5 * deg)
    distance, azimuth = geodesic_m(*jfk, *lhr)
    assert_allclose(distance, 5551759.400, atol=1e-3)
    assert_allclose(azimuth / deg, 51.19888285, atol=1e-6)
    assert_allclose(measure_length_m([jfk[0], lhr[0]], [jfk[1], lhr[1]]), 5551759.400, atol=1e-3)


def test_area_of_a_triangle_of_the_octant() -> None:
    """An eighth of the Earth: 510065621.7241 km2 / 8, the area of WGS 84 (Moritz 2000 gives the axes)."""
    area = measure_area_m2([0.0, 0.0, 90 * deg], [0.0, 90 * deg, 0.0])
    assert_allclose(area, 510065621.7241e6 / 8, rtol=1e-10)


def test_height_scales_length_and_area() -> None:
    lat, lon = [0.5, 0.5001, 0.5001], [1.0, 1.0, 1.0001]
    ratio = measure_length_m(lat, lon, alt_m=6378.137) / measure_length_m(lat, lon)
    assert_allclose(ratio, 1.001, rtol=1e-12)
    ratio = measure_area_m2(lat, lon, alt_m=6378.137) / measure_area_m2(lat, lon)
    assert_allclose(ratio, 1.001**2, rtol=1e-12)


@pytest.mark.parametrize("lat", [[0.1], [[0.1, 0.2]], [0.1, 0.2, 0.3]])
def test_places_that_are_no_line(lat: list[float]) -> None:
    with pytest.raises(InputError, match="lat_rad"):
        measure_length_m(lat, [0.1, 0.2])


def test_degrees_for_radians() -> None:
    with pytest.raises(UnitRangeError, match="lat_rad"):
        measure_length_m([37.0, 38.0], [0.1, 0.2])


def test_height_from_shadow_by_hand() -> None:
    """A tower of 100 m, the Sun at 45 deg in the south: the shadow ends 100 m north."""
    base = (37.5 * deg, 127.0 * deg)
    north_m = geodesic_m(*base, base[0] + 1e-6, base[1])[0] / 1e-6
    tip = (base[0] + 100.0 / float(north_m), base[1])
    height = height_from_shadow(base, tip, 45 * deg, sun_azimuth_rad=180 * deg, sigma_m=0.5)
    assert_allclose(height.height_m, 100.0, atol=1e-3)
    assert_allclose(height.sigma_m, 0.5 * math.sqrt(2.0), rtol=1e-9)
    assert height.misfit_m < 1e-3
    # ten degrees beside: only the part along the shadow counts
    height = height_from_shadow(base, tip, 45 * deg, sun_azimuth_rad=170 * deg)
    assert_allclose(height.height_m, 100.0 * math.cos(10 * deg), atol=1e-3)
    assert_allclose(height.misfit_m, 100.0 * math.sin(10 * deg), atol=1e-3)
    # the ground rises by 7 m to the tip: so much more of the tower has no shadow on level ground
    assert_allclose(height_from_shadow(base, tip, 45 * deg, rise_m=7.0).height_m, 107.0, atol=1e-3)
    with pytest.raises(UnitRangeError, match="sun_elevation_rad"):
        height_from_shadow(base, tip, 45.0)


@given(
    height=st.floats(2.0, 300.0),
    azimuth=st.floats(0.0, 360.0),
    elevation=st.floats(15.0, 80.0),
    lean=st.tuples(st.floats(-0.6, 0.6), st.floats(-0.6, 0.6)),
    ground=st.floats(-50.0, 2000.0),
)
def test_height_from_shadow_in_an_image(
    height: float, azimuth: float, elevation: float, lean: tuple[float, float], ground: float
) -> None:
    """A tower over level ground: its top leans, its shadow does not."""
    toward_sun = (math.sin(azimuth * deg), math.cos(azimuth * deg))
    beam = [x / math.tan(elevation * deg) for x in toward_sun]
    # where line of sight and sunbeam are near parallel no height can be told
    if math.hypot(lean[0] + beam[0], lean[1] + beam[1]) < 0.3:
        return
    model = Slanted(lean)
    base = model.grid.lat_lon(200.0, 200.0)
    top = model.project(*base, ground + height)
    scale = 1.0 / _scale(model.grid)
    length = height / math.tan(elevation * deg) * scale
    # grid north is not north: turn by the convergence
    turn = _convergence(model.grid)
    direction = azimuth * deg + math.pi - turn
    row, column = 200.0 - length * math.cos(direction), 200.0 + length * math.sin(direction)
    tip = model.project(*model.grid.lat_lon(row, column), ground)
    found = height_from_shadow_in_image(
        model,
        (float(top[0]), float(top[1])),
        (float(tip[0]), float(tip[1])),
        sun_azimuth_rad=azimuth * deg,
        sun_elevation_rad=elevation * deg,
        base_alt_m=ground,
    )
    # at 2000 m above the ellipsoid a map's metre is 0.03 % longer
    assert_allclose(found.height_m, height, rtol=2e-3, atol=0.01)
    assert found.misfit_m < 1.5e-3 * height + 0.01


def _scale(grid: Grid) -> float:
    """Metres on the ellipsoid of a step of the grid."""
    (lat, lon), (lat2, lon2) = grid.lat_lon(200.0, 200.0), grid.lat_lon(199.0, 200.0)
    return float(geodesic_m(lat, lon, lat2, lon2)[0])


def _convergence(grid: Grid) -> float:
    (lat, lon), (lat2, lon2) = grid.lat_lon(200.0, 200.0), grid.lat_lon(199.0, 200.0)
    return float(geodesic_m(lat, lon, lat2, lon2)[1])


def test_lines_of_sight_meet_where_they_came_from() -> None:
    """Three cameras; parallax of 1 m a metre between two of them, so half a pixel is 0.5 sqrt(2) / 1 m of
    height.
    """
    models = [Slanted((0.5, 0.0)), Slanted((-0.5, 0.0)), Slanted((0.0, 0.3))]
    row, column, alt = np.array([10.0, 200.0]), np.array([100.0, 333.3]), np.array([20.0, 777.0])
    lat, lon = models[0].grid.lat_lon(row, column)
    pixels = [model.project(lat, lon, alt) for model in models]
    found = meet(models[:2], pixels[:2])
    assert_allclose(found.alt_m, alt, atol=1e-3)
    assert_allclose(found.lat_rad, lat, atol=1e-10)
    assert_allclose(found.lon_rad, lon, atol=1e-10)
    assert_allclose(found.residual_px, 0.0, atol=1e-3)
    assert_allclose(found.sigma_alt_m, 0.5 * math.sqrt(2.0), rtol=1e-3)
    assert (meet(models, pixels).sigma_alt_m < found.sigma_alt_m).all()


def test_lines_of_sight_that_do_not_meet() -> None:
    """The same camera twice tells no height; a point that it cannot see gives NaN and spares the others."""
    models = [Slanted((0.5, 0.0)), Slanted((0.5, 0.0))]
    same = meet(models, [(10.0, 10.0), (10.0, 10.0)])
    assert np.isnan(same.alt_m)
    assert np.isnan(same.sigma_alt_m)
    models = [Slanted((0.5, 0.0)), Slanted((-0.5, 0.0))]
    found = meet(models, [([np.nan, 5.0], [1.0, 20.0]), ([5.0, 5.0], [1.0, 10.0])])
    assert np.isnan(found.alt_m[0])
    assert_allclose(found.alt_m[1], 10.0, atol=1e-3)
    with pytest.raises(InputError, match="models"):
        meet(models[:1], [(1.0, 1.0)])


def test_height_from_parallax_by_hand() -> None:
    """Leaning by half a metre a metre to either side, a top 60 px and a base 20 px apart: 40 m."""
    models = [Slanted((0.5, 0.0)), Slanted((-0.5, 0.0))]
    top, base = [(50.0, 180.0), (50.0, 120.0)], [(50.0, 160.0), (50.0, 140.0)]
    found = height_from_parallax(models, top, base)
    assert_allclose(found.height_m, 40.0, atol=1e-3)
    assert_allclose(found.sigma_m, 1.0, rtol=1e-3)  # twice 0.5 sqrt(2)
    assert_allclose(height_from_parallax(models, top, base_alt_m=15.0).height_m, 45.0, atol=1e-3)
    # a line apart: neither line of sight meets the other, by half a pixel each
    bent = height_from_parallax(models, [(50.0, 180.0), (51.0, 120.0)], base_alt_m=15.0)
    assert_allclose(bent.misfit_m, math.sqrt(0.5 * 0.5**2), rtol=1e-2)
    with pytest.raises(InputError, match="base"):
        height_from_parallax(models, top)


def test_a_surface_of_two_leaning_pictures(tmp_path: Path) -> None:
    """A block of 32 m on level ground at 100 m, seen from both sides: heights to a fraction of a level."""
    side = 192
    texture = land(side, 5, 1, oversampling=1)[0]
    height = np.full((side, side), 100.0)
    height[70:120, 80:130] = 132.0
    models = (Slanted((0.25, 0.0), (side, side)), Slanted((-0.25, 0.0), (side, side)))
    rng = np.random.default_rng(1)
    texture += 10.0 * rng.standard_normal(texture.shape)
    images = []
    rows, columns = np.indices((side, side))
    for k, model in enumerate(models):
        picture = np.full((side, side), np.nan)
        for level in (100.0, 132.0):  # the higher hides the lower
            at = height == level
            target = columns[at] + round(level * model.lean[0])
            inside = (target >= 0) & (target < side)
            picture[rows[at][inside], target[inside]] = texture[at][inside]
            if level == 100.0:
                hole = np.isnan(picture)
                picture[hole] = rng.uniform(0.0, 255.0, hole.sum())
        pixels = picture[None].astype(np.float32)
        images.append(product(tmp_path / f"{k}.tif", pixels))
    out = tmp_path / "surface.tif"
    report = make_surface((images[0], images[1]), models, models[0].grid, (90.0, 140.0), out)
    assert_allclose(report.base_to_height, 0.5, rtol=1e-3)
    assert_allclose(report.level_m, 2.0, rtol=2e-3)
    import rasterio

    with rasterio.open(out) as dataset:
        found = dataset.read(1)
    inner = (slice(8, -8), slice(44, -44))  # what both see
    error = (found - height)[inner]
    assert np.isfinite(error).mean() > 0.8
    # 25 px of parallax are exact in the picture, so heights are to a tenth of the level but at the
    # block's sides
    assert np.nanmedian(np.abs(error)) < 0.3
    assert (np.abs(error[np.isfinite(error)]) < 1.0).mean() > 0.9


def test_a_surface_that_cannot_be(tmp_path: Path) -> None:
    pixels = np.zeros((1, 64, 64), np.float32)
    images = (product(tmp_path / "a.tif", pixels), product(tmp_path / "b.tif", pixels))
    same = (Slanted((0.2, 0.0), (64, 64)), Slanted((0.2, 0.0), (64, 64)))
    out = tmp_path / "out.tif"
    with pytest.raises(InputError, match="lines of sight that differ"):
        make_surface(images, same, same[0].grid, (0.0, 50.0), out)
    apart = (Slanted((0.4, 0.0), (64, 64)), Slanted((-0.4, 0.0), (64, 64)))
    with pytest.raises(InputError, match="range_m"):
        make_surface(images, apart, apart[0].grid, (0.0, 5000.0), out)
    with pytest.raises(InputError, match="range_m"):
        make_surface(images, apart, apart[0].grid, (50.0, 0.0), out)
    assert not out.exists()
