"""Properties of made-up ground."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.imagery._grid import Grid
from offnadir.imagery._synthetic import SyntheticScene
from offnadir.sensors import Band
from offnadir.units import deg, nm

HILLS = SyntheticScene(
    lat_rad=46.6 * deg, lon_rad=8.0 * deg, seed=5, relief_m=1500.0, sea_level_m=48.0
)
COAST = SyntheticScene(lat_rad=35.1 * deg, lon_rad=129.04 * deg, seed=3)
GREEN = Band(name="green", low_m=520 * nm, high_m=590 * nm)
metres = st.floats(-8000.0, 8000.0)


@settings(max_examples=40, deadline=None)
@given(x=metres, y=metres, size=st.floats(100.0, 20_000.0), with_roofs=st.booleans())
def test_range_holds_all_heights(x, y, size, with_roofs):
    """The least and greatest height of an area are those of no place in it."""
    terrain = HILLS.surface if with_roofs else HILLS.terrain
    px, py = np.meshgrid(x + np.linspace(0, size, 60), y + np.linspace(0, size, 60))
    lat, lon = HILLS.world.lat_lon(px, py)
    low, high = terrain.range_m((lat.min(), lon.min(), lat.max(), lon.max()))
    heights = terrain.height_m(lat, lon)
    assert low <= heights.min()
    assert heights.max() <= high
    assert low >= HILLS.sea_level_m


@settings(max_examples=25, deadline=None)
@given(
    x=metres, y=metres, step=st.sampled_from([0.2, 0.7, 3.0, 15.0]), turn=st.floats(0.0, 2 * math.pi),
    down=st.integers(0, 40), right=st.integers(0, 40),
)  # fmt: skip
def test_a_turned_grid_cut_elsewhere_shows_the_same(x, y, step, turn, down, right):
    c, s = step * math.cos(turn), step * math.sin(turn)
    whole = Grid(crs=COAST.crs, transform=(c, s, x, s, -c, y), shape=(64, 64))
    first = (c * right + s * down + x, s * right - c * down + y)
    part = Grid(crs=COAST.crs, transform=(c, s, first[0], s, -c, first[1]), shape=(64, 64))
    one = COAST.patch(whole, GREEN).reflectance[down:, right:]
    two = COAST.patch(part, GREEN).reflectance[: 64 - down, : 64 - right]
    assert_allclose(two, one, atol=2e-3)
    assert (one >= 0).all()
    assert (one <= 1).all()


@settings(max_examples=15, deadline=None)
@given(
    x=metres, y=metres, azimuth=st.floats(0.0, 2 * math.pi), elevation=st.floats(3 * deg, 85 * deg)
)
def test_light_is_bounded_and_roofs_are_level(x, y, azimuth, elevation):
    here = Grid(crs=COAST.crs, transform=(1.0, 0, x, 0, -1.0, y), shape=(96, 96))
    light = COAST.light(here, azimuth, elevation)
    assert (light.direct >= 0).all()
    assert (light.direct <= 1 / math.sin(elevation) + 1e-6).all()
    assert ((light.sky > 0.5) & (light.sky <= 1)).all()
    raised = COAST.surface.heights_on(here) - COAST.terrain.heights_on(here) > 1.0
    assert_allclose(light.sky[raised], 1.0)
