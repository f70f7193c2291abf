"""Pixels on the ground against what operators and other programs state."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.constants import EARTH_RATE_RAD_S, GM_EARTH_M3_S2, WGS84_A_M
from offnadir.earth import geodetic_to_itrf_m, itrf_to_geodetic
from offnadir.epoch import Epoch, Span
from offnadir.geometry import (
    Attitude,
    ground_pixel,
    image_motion,
    incidence_from_off_nadir_rad,
    look_angles,
    point_at,
    swath_width_m,
)
from offnadir.geometry._attitude import orbit_axes
from offnadir.geometry._look import orbit_frame
from offnadir.orbits import make_ephemeris
from offnadir.units import deg, km, um


def circular(radius_m, incl_rad, from_node_rad, gm=GM_EARTH_M3_S2):
    """Position and velocity over the turning Earth on a circular orbit, for angles from the node."""
    u = np.asarray(from_node_rad, np.float64)
    node, up = np.array([1.0, 0, 0]), np.array([0, np.cos(incl_rad), np.sin(incl_rad)])
    r = radius_m * (np.cos(u)[..., None] * node + np.sin(u)[..., None] * up)
    v = np.sqrt(gm / radius_m) * (np.cos(u)[..., None] * up - np.sin(u)[..., None] * node)
    return r, v - np.cross([0, 0, EARTH_RATE_RAD_S], r)


def nadir(r):
    lat, lon, _ = itrf_to_geodetic(r)
    return geodetic_to_itrf_m(lat, lon, 0.0)


def orekit_orbit(from_node_rad):
    """The orbit of Orekit's test: 7178 km, 50 deg, node at 270 deg in EME2000 on 7 April 2008.

    Precession of 20.04 arcsec a year by then has tilted the Earth's axis by 0.046 deg away from the
    orbit's. Its eccentricity of 7e-5 is left out.
    """
    tilt_rad = 8.266 * 20.04 / 3600 * deg
    return circular(7178 * km, 50 * deg + tilt_rad, from_node_rad, gm=3.9860047e14)


def test_yaw_that_takes_out_the_turning_of_the_earth():
    """Orekit 13, YawCompensationTest.testCompensMinMax, looking to nadir.

    Within 2 deg of the ascending node -3.206 +- 0.003 deg, of the descending one +3.206; below 0.15 deg
    beyond 50.15 deg of latitude, least within 0.22 of 50.
    """
    u = np.linspace(0, 2 * np.pi, 5000)
    r, v = orekit_orbit(u)
    place = nadir(r)
    lat = itrf_to_geodetic(place)[0]
    yaw = point_at(r, v, place).yaw_rad
    at_node = np.abs(lat) < 2 * deg
    assert_allclose(yaw[at_node & (np.cos(u) > 0)], -3.206 * deg, atol=0.003 * deg)
    assert_allclose(yaw[at_node & (np.cos(u) < 0)], 3.206 * deg, atol=0.003 * deg)
    assert np.abs(yaw[np.abs(lat) > 50.15 * deg]).max() < 0.15 * deg
    least = np.argmin(np.abs(yaw))
    assert_allclose(yaw[least], 0.0, atol=0.004 * deg)
    assert_allclose(np.abs(lat[least]), 50 * deg, atol=0.22 * deg)


def test_drift_without_yaw():
    """Orekit 13, YawCompensationTest.testAlignment: the same orbit, 5.3 deg after the node.

    The ground at nadir drifts by 352.567 m/s without compensation.
    """
    r, v = orekit_orbit(5.3 * deg)
    plain = point_at(r, v, nadir(r), steer_yaw=False)
    gsd = ground_pixel(r, v, plain, 1e-6, 1e-6).gsd_mean_m
    drift = image_motion(r, v, plain, 1e-6, 1e-6).drift_px_s * gsd
    assert_allclose(drift, 352.567, atol=0.02)
    steered = image_motion(r, v, point_at(r, v, nadir(r)), 1e-6, 1e-6)
    assert_allclose(steered.drift_px_s * gsd, 0.0, atol=1e-6)


def test_lines_a_second_of_pleiades():
    """CNES: 9,811.6 lines/s from 690 km with a focal length of 12.905 m and 13 um."""
    r, v = circular(WGS84_A_M + 690 * km, 98.2 * deg, np.linspace(0, 2 * np.pi, 400))
    motion = image_motion(r, v, point_at(r, v, nadir(r)), 13 * um / 12.905, 13 * um / 12.905)
    # 690 km from the ground everywhere: on a circle the height changes by 3 % with latitude.
    rate = motion.line_rate_hz * itrf_to_geodetic(r)[2] / (690 * km)
    assert_allclose(rate, 9811.6, rtol=0.006)


def test_ikonos_flies_faster_over_the_ground_than_it_reads():
    """GeoEye: 681 km, 98.1 deg, 6.8 km/s over the ground, 12 um at 10.0 m; eoPortal: 6,500 lines/s."""
    r, v = circular(WGS84_A_M + 681 * km, 98.1 * deg, 0.3)
    ifov = 12 * um / 10.0
    attitude = point_at(r, v, nadir(r))
    pixel = ground_pixel(r, v, attitude, ifov, ifov)
    assert_allclose(pixel.gsd_mean_m, 0.82, atol=0.005)
    motion = image_motion(r, v, attitude, ifov, ifov)
    assert_allclose(motion.line_rate_hz * pixel.gsd_along_track_m, 6.8 * km, atol=0.1 * km)
    # To take 6,500 lines a second the scan is slowed: 5.3 of 6.8 km/s, by 2.2 mrad/s of pitch.
    pitch_rate = -(6.8 * km - 6500 * 0.82) / (681 * km)
    slowed = point_at(r, v, nadir(r), pitch_rate_rad_s=pitch_rate)
    slow = image_motion(r, v, slowed, ifov, ifov)
    assert_allclose(slow.line_rate_hz, 6500, rtol=0.015)
    assert_allclose(slow.speed_factor, 6500 * 0.82 / (6.8 * km), atol=0.01)


def test_swath_of_pleiades_neo_at_an_angle():
    """Airbus: 14 km at nadir, 19.68 km at 30 deg off nadir, from 620 km."""
    r, v = circular(WGS84_A_M + 620 * km, 97.9 * deg, 0.0)
    ifov = 0.3 / (620 * km)
    columns = 14 * km / 0.3
    assert_allclose(swath_width_m(r, v, Attitude(), ifov, columns), 14 * km, rtol=1e-3)
    for side in (-1, 1):
        tilted = Attitude(roll_rad=side * 30 * deg)
        assert_allclose(swath_width_m(r, v, tilted, ifov, columns), 19.68 * km, rtol=2e-3)


def test_width_of_a_long_line_in_a_slanted_look():
    """GeographicLib 2.1, Geodesic.WGS84.Inverse between the ends: 267,168.0888 m."""
    r, v = circular(7000 * km, 97 * deg, np.array(0.8))
    attitude = Attitude(roll_rad=20 * deg, pitch_rad=-10 * deg, yaw_rad=15 * deg)
    columns = 350_000
    ends = ground_pixel(r, v, attitude, 1e-6, 1e-6, column_px=np.array([-columns, columns]) / 2)
    assert_allclose(ends.lat_rad / deg, [45.01037478, 44.59074872], atol=1e-8)
    assert_allclose(ends.lon_rad / deg, [-5.52480809, -2.19963098], atol=1e-8)
    width = swath_width_m(r, v, attitude, 1e-6, columns)
    assert_allclose(width, 267_168.0888, atol=1e-3)


@pytest.mark.parametrize(
    ("alt_km", "nadir_m", "off_nadir_deg", "stated_m", "atol"),
    [
        (770, 8e-6 / 13.3 * 770e3, 20, 0.52, 0.005),  # WorldView-2
        (496, 0.50, 20, 0.55, 0.005),  # WorldView-1
        (496, 0.50, 25, 0.59, 0.005),
        (681, 0.817, 27.1, 1.00, 0.01),  # IKONOS: "under 1 m up to 27.1 deg"
    ],
)
def test_sample_distance_at_an_angle(alt_km, nadir_m, off_nadir_deg, stated_m, atol):
    """DigitalGlobe and GeoEye data sheets; two digits are stated. In any direction off nadir."""
    r, v = circular(WGS84_A_M + alt_km * km, 97.5 * deg, 0.0)
    ifov = nadir_m / (alt_km * km)
    for attitude in (
        Attitude(roll_rad=off_nadir_deg * deg),
        Attitude(pitch_rad=-off_nadir_deg * deg),
        Attitude(roll_rad=-off_nadir_deg * deg, yaw_rad=0.4),
    ):
        pixel = ground_pixel(r, v, attitude, ifov, ifov)
        assert_allclose(pixel.gsd_mean_m, stated_m, atol=atol)


@pytest.mark.parametrize(("off_nadir_deg", "incidence_deg"), [(18.3, 20), (40.6, 45), (49.0, 55)])
def test_angles_of_kompsat_5(off_nadir_deg, incidence_deg):
    """KARI: from 550 km, off-nadir of 18.3, 40.6 and 49.0 deg are incidences of 20, 45 and 55."""
    r, v = circular(WGS84_A_M + 550 * km, 97.6 * deg, 0.0)
    pixel = ground_pixel(r, v, Attitude(roll_rad=off_nadir_deg * deg), 1e-6, 1e-6)
    assert_allclose(pixel.incidence_rad, incidence_deg * deg, atol=0.1 * deg)
    sphere = incidence_from_off_nadir_rad(off_nadir_deg * deg, 550 * km)
    assert_allclose(pixel.incidence_rad, sphere, atol=0.05 * deg)


def test_the_orbit_frame_turns_as_sgp4_says(flock):
    """Its rate against differences of `orbit_frame` along SGP4 ephemerides, which know J2 and drag."""
    start = Epoch.from_utc("2026-05-31T00:00:00Z")
    for elements in flock[:4]:
        ephemeris = make_ephemeris(elements, Span(start, start + 7200.0))
        half_s = 0.5
        at = start.tai_ns + np.arange(60, 7000, 61) * 1_000_000_000
        before, now, after = (at + int(s * 1e9) for s in (-half_s, 0.0, half_s))
        frames = [
            orbit_frame(ephemeris.position_itrf_m(t), ephemeris.velocity_itrf_m_s(t))
            for t in (before, now, after)
        ]
        axes = orbit_axes(ephemeris.position_itrf_m(now).T, ephemeris.velocity_itrf_m_s(now).T)
        assert_allclose(np.stack([a.T for a in axes[:3]], axis=1), frames[1], atol=1e-14)
        turned = np.swapaxes(frames[2], 1, 2) @ frames[0]  # by the rate times 1 s
        odd = (turned - np.swapaxes(turned, 1, 2)) / 2
        rate = np.stack([odd[:, 2, 1], odd[:, 0, 2], odd[:, 1, 0]]) / (2 * half_s)
        assert_allclose(axes.rate, rate, atol=1.5e-6)


def test_look_angles_are_those_of_the_attitude():
    """One sign of roll and pitch in the whole package."""
    r, v = circular(7000 * km, 60 * deg, 1.0)
    lat, lon, _ = itrf_to_geodetic(r)
    place = geodetic_to_itrf_m(lat + 3 * deg, lon + 4 * deg, 500.0)
    look = look_angles(r, v, place, lat + 3 * deg, lon + 4 * deg)
    for steer_yaw in (True, False):
        attitude = point_at(r, v, place, steer_yaw=steer_yaw)
        assert_allclose(attitude.roll_rad, look.roll_rad, atol=1e-14)
        assert_allclose(attitude.pitch_rad, look.pitch_rad, atol=1e-14)
        pixel = ground_pixel(r, v, attitude, 1e-6, 1e-6, alt_m=500.0)
        assert_allclose([pixel.lat_rad, pixel.lon_rad], [lat + 3 * deg, lon + 4 * deg], atol=1e-11)
        assert_allclose(pixel.range_m, look.range_m, atol=1e-3)
        assert_allclose(pixel.azimuth_rad, look.azimuth_rad, atol=1e-8)
        assert_allclose(pixel.incidence_rad, np.pi / 2 - look.elevation_rad, atol=1e-6)
