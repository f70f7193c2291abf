"""Looks, frames, rays and footprints."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.access import MinElevation, find_windows
from offnadir.earth import Site, geodetic_to_itrf_m, itrf_to_geodetic
from offnadir.epoch import Epoch, Span
from offnadir.geometry import (
    covered_share,
    footprints_rad,
    ground_length_m,
    ground_speed_m_s,
    look_angles,
    ray_to_ellipsoid_m,
)
from offnadir.geometry._look import orbit_frame
from offnadir.orbits import make_ephemeris
from offnadir.units import deg, km

START = Epoch.from_utc("2026-05-31T00:00:00Z")


def over_equator(alt_m: float = 600 * km):
    """A satellite over (0, 0) that flies due north."""
    return geodetic_to_itrf_m(0.0, 0.0, alt_m), np.array([0.0, -500.0, 7500.0])


def test_roll_is_positive_to_the_right_and_pitch_ahead():
    r, v = over_equator()
    east, north = geodetic_to_itrf_m(0.0, 1 * deg, 0.0), geodetic_to_itrf_m(1 * deg, 0.0, 0.0)
    right = look_angles(r, v, east, 0.0, 1 * deg)
    ahead = look_angles(r, v, north, 1 * deg, 0.0)
    assert right.roll_rad > 5 * deg
    assert abs(right.pitch_rad) < 1 * deg
    assert ahead.pitch_rad > 5 * deg
    assert abs(ahead.roll_rad) < 1 * deg
    # From a place to the east the satellite stands in the west, from one to the north in the south.
    assert_allclose(right.azimuth_rad / deg, 270, atol=1e-6)
    assert_allclose(ahead.azimuth_rad / deg, 180, atol=1e-6)


def test_orbit_frame_adds_the_turning_of_the_earth_back():
    """Due north over the turning Earth is, in space, north and 507 m/s (at 600 km) to the east."""
    r, v = over_equator()
    x = orbit_frame(r, v)[0]
    assert_allclose(x[1] * 7500.0, x[2] * (508.9 - 500.0), atol=1.0)
    assert_allclose(orbit_frame(r, v) @ orbit_frame(r, v).T, np.eye(3), atol=1e-15)


def test_look_angles_and_the_access_table_agree(flock):
    """Two ways to the same angles: numpy here, compiled there."""
    ephemeris = make_ephemeris(flock[1], Span(START, START + 86400.0))
    site = Site(name="Seoul", lat_rad=37.57 * deg, lon_rad=126.98 * deg, alt_m=38.0)
    table = find_windows(ephemeris, site, [MinElevation(20 * deg)])
    at = table["best"]
    look = look_angles(
        ephemeris.position_itrf_m(at),
        ephemeris.velocity_itrf_m_s(at),
        site.r_itrf_m,
        site.lat_rad,
        site.lon_rad,
    )
    assert len(at) >= 3
    assert_allclose(look.off_nadir_rad, table["off_nadir_rad"], atol=1e-9)
    assert_allclose(look.elevation_rad, table["elevation_rad"], atol=1e-9)
    assert_allclose(look.azimuth_rad, table["azimuth_rad"], atol=1e-8)
    assert_allclose(look.range_m, table["range_m"], atol=1e-3)


def test_rays_meet_the_ellipsoid_or_nothing():
    r, _ = over_equator()
    hit = ray_to_ellipsoid_m(np.array([r, r]), np.array([[-1.0, 0, 0], [1.0, 0, 0]]))
    assert_allclose(hit[0], geodetic_to_itrf_m(0.0, 0.0, 0.0), atol=1e-6)
    assert np.isnan(hit[1]).all()
    away = ray_to_ellipsoid_m(r[None], np.array([[0.0, 1.0, 0.0]]))
    assert np.isnan(away).all()


def test_a_strip_below_the_satellite_is_as_wide_as_its_field_of_view():
    r, v = over_equator()
    aim = Site(name="below", lat_rad=0.0, lon_rad=0.0)
    fov_rad = 2 * np.arctan(10 * km / (600 * km))  # 20 km on a flat Earth
    corners = footprints_rad(r[None], v[None], aim, fov_rad / 2, 40 * km)[0]
    places = geodetic_to_itrf_m(corners[:, 0], corners[:, 1], 0.0)
    sides = np.linalg.norm(np.roll(places, -1, axis=0) - places, axis=1)
    assert_allclose(sides, [20 * km, 40 * km, 20 * km, 40 * km], rtol=2e-3)
    lat, lon = corners.T
    turn = np.roll(lon, -1) * lat - lon * np.roll(lat, -1)
    assert turn.sum() < 0  # counter-clockwise, as GeoJSON wants
    assert ground_speed_m_s(r[None], v[None])[0] == pytest.approx(7517 * 6378 / 6978, rel=1e-3)


def test_half_of_a_square_is_covered_by_a_strip_over_half_of_it():
    r, v = over_equator()
    aim = Site(name="below", lat_rad=0.0, lon_rad=0.0)
    fov_rad = 2 * np.arctan(10 * km / (600 * km))
    corners = footprints_rad(r[None], v[None], aim, fov_rad / 2, 100 * km)
    side = 20 * km / (6378.137 * km)  # the square reaches 20 km to each side, the strip 10 km
    tall = side / 4
    ring = np.array([[-tall, -side], [-tall, side], [tall, side], [tall, -side], [-tall, -side]])
    assert covered_share(corners, (ring,), aim)[0] == pytest.approx(0.5, abs=5e-3)
    hole = ring / 2
    assert covered_share(corners, (ring, hole), aim)[0] == pytest.approx(1 / 3, abs=5e-3)
    assert ground_length_m((ring,), aim, np.array([0.0, 0.0, 1.0])) == pytest.approx(
        2 * tall * 6335.4 * km, rel=1e-3
    )


def test_a_place_seen_from_the_zenith_is_at_nadir():
    rng = np.random.default_rng(3)
    lat, lon = rng.uniform(-85, 85, 50) * deg, rng.uniform(-180, 180, 50) * deg
    site, sat = geodetic_to_itrf_m(lat, lon, 100.0), geodetic_to_itrf_m(lat, lon, 700 * km)
    velocity = np.cross(sat, rng.normal(size=(50, 3)))
    look = look_angles(sat, velocity / 1e3, site, lat, lon)
    assert_allclose(look.off_nadir_rad, 0.0, atol=1e-7)
    assert_allclose(look.elevation_rad, np.pi / 2, atol=1e-7)
    assert_allclose(itrf_to_geodetic(sat)[2], 700 * km, atol=1e-6)
