"""Lines of sight and terrain: planes and walls by hand, and a search by brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.imagery import acquire, band_model
from offnadir.imagery._meet import meet_terrain
from offnadir.sensors import load_camera
from offnadir.units import deg, km
from sample_orbits import EPOCH, circling, seen_at

RADIUS_M = 6_371 * km


class Ground:
    """Heights as a function of metres east and north of a place."""

    def __init__(self, aim, height, lowest_m, highest_m, step_m=10.0):
        self._aim, self._height = aim, height
        self._range, self.step_m = (lowest_m, highest_m), step_m
        self.asked = 0

    def height_m(self, lat_rad, lon_rad):
        self.asked += np.size(lat_rad)
        east = (np.asarray(lon_rad) - self._aim.lon_rad) * math.cos(self._aim.lat_rad) * RADIUS_M
        north = (np.asarray(lat_rad) - self._aim.lat_rad) * RADIUS_M
        return self._height(east, north)

    def range_m(self, bounds_rad):
        return self._range


@pytest.fixture(scope="module")
def slanted():
    """A view from the west, 30 deg from nadir, and its aim."""
    orbit = circling(7_071 * km, 98.2 * deg, 30 * deg)
    aim = seen_at(orbit, 30 * deg)
    picture = acquire(orbit, load_camera("pleiades-1"), aim, EPOCH, size=(2000, 2000))
    return band_model(picture, picture.bands[0]), aim, picture.view


def lattice(n=40, m=50):
    return np.meshgrid(np.linspace(0, 1999, n), np.linspace(0, 1999, m), indexing="ij")


def test_level_ground_is_what_the_model_says(slanted):
    model, aim, _ = slanted
    for step_m in (math.inf, 30.0):
        ground = Ground(aim, lambda e, n: 0 * e + 250.0, 250.0, 250.0, step_m)
        lat, lon, alt = meet_terrain(model, ground, *lattice())
        assert_allclose([lat, lon], model.locate(*lattice(), 250.0), atol=1e-15)
        assert_allclose(alt, 250.0)


def test_a_slope_by_hand(slanted):
    """On h = s d, d the way towards the satellite, a ray that leans by tan(i) has h (1 + s tan i) = s d0.

    Each line of sight meets the ellipsoid at d0, and comes over d = d0 + h tan(i) at height h: so
    h = s d0 / (1 - s tan i).
    """
    model, aim, view = slanted
    s, lean = 0.2, math.tan(view.incidence_rad)
    sin, cos = math.sin(view.azimuth_rad), math.cos(view.azimuth_rad)
    ground = Ground(aim, lambda e, n: s * (sin * e + cos * n), -600.0, 600.0)
    lines, columns = lattice()
    lat, lon = model.locate(lines, columns, 0.0)
    level = Ground(aim, lambda e, n: sin * e + cos * n, 0.0, 0.0).height_m(lat, lon)
    alt = meet_terrain(model, ground, lines, columns)[2]
    assert_allclose(alt, s * level / (1 - s * lean), atol=0.5)  # incidence changes over 1.4 km


def test_a_wall_hides_what_is_behind(slanted):
    """A wall of 100 m towards the satellite hides 100 tan(i) = 62 m: lines of sight end on it."""
    model, aim, view = slanted
    sin, cos = math.sin(view.azimuth_rad), math.cos(view.azimuth_rad)

    def height(east, north):
        toward = sin * east + cos * north
        return np.where((toward > 0.0) & (toward < 5.0), 100.0, 0.0)

    ground = Ground(aim, height, 0.0, 100.0, step_m=2.0)
    lines, columns = lattice(30, 200)
    lat, lon, alt = meet_terrain(model, ground, lines, columns)
    toward = Ground(aim, lambda e, n: sin * e + cos * n, 0, 0).height_m(lat, lon)
    level = Ground(aim, lambda e, n: sin * e + cos * n, 0, 0).height_m(
        *model.locate(lines, columns, 0.0)
    )
    hidden = 100.0 * math.tan(view.incidence_rad)
    behind = (level < -0.5) & (level > 1.0 - hidden)
    assert behind.sum() > 100
    assert (toward[behind] > -0.01).all()
    assert (alt[behind] > 0.0).all()
    clear = (level < -hidden - 1.0) | (level > 6.0)
    assert_allclose(alt[clear], 0.0, atol=1e-3)


def test_mountains_against_brute_force(slanted):
    model, aim, _ = slanted

    def height(east, north):
        return 700.0 + 400.0 * np.sin(east / 170.0) * np.cos(north / 230.0)

    ground = Ground(aim, height, 290.0, 1110.0, step_m=20.0)
    lines, columns = lattice(20, 20)
    lat, lon, alt = meet_terrain(model, ground, lines, columns)
    assert_allclose(alt, ground.height_m(lat, lon), atol=2e-3)
    assert_allclose(model.project(lat, lon, alt), [lines, columns], atol=1e-5)
    heights = np.arange(1110.0, 290.0, -0.25)[:, None, None]
    above = heights > ground.height_m(*model.locate(lines, columns, heights))
    first = heights[np.argmin(above, axis=0), 0, 0]
    assert_allclose(alt, first, atol=0.3)
    slopes_back = alt - np.roll(alt, 1, axis=1)
    assert np.abs(slopes_back).max() > 100.0  # there is ground that is hidden


def test_shapes_and_places_past_the_earth(slanted):
    model, aim, _ = slanted
    ground = Ground(aim, lambda e, n: 100.0 + 0.1 * np.sin(e), 90.0, 110.0)
    one = meet_terrain(model, ground, 5.0, 7.0)
    assert [np.shape(x) for x in one] == [()] * 3
    row = meet_terrain(model, ground, 5.0, np.arange(9000.0))
    assert row[0].shape == (9000,)
    assert_allclose([x[7] for x in row], one, atol=1e-4)
    cube = meet_terrain(model, ground, np.zeros((2, 70, 3)) + 5.0, 7.0)
    assert_allclose(cube[2], np.full((2, 70, 3), one[2]), atol=1e-4)
    lost = meet_terrain(model, ground, 5.0, [7.0, -4e7, math.nan])
    assert_allclose([x[0] for x in lost], one, atol=1e-4)
    assert np.isnan(np.array(lost)[:, 1:]).all()
    assert meet_terrain(model, ground, np.empty((0, 4)), 1.0)[0].shape == (0, 4)
