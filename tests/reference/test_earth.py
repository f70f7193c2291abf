"""The Earth and the Sun against printed numbers."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from offnadir.earth import (
    EarthOrientation,
    Site,
    SunTable,
    east_north_up,
    geodetic_to_itrf_m,
    itrf_to_geodetic,
    rot_itrf_teme,
    sun_itrf_m,
)
from offnadir.epoch import Epoch, Span
from offnadir.units import arcsec, deg, km, mm

# Vallado, Crawford, Hujsak, Kelso, "Revisiting Spacetrack Report #3", AIAA 2006-6753, appendix C.
VALLADO_UTC = "2004-04-06T07:51:28.386009Z"
R_TEME_KM = np.array([5094.18016210, 6127.64465950, 6380.34453270])
R_PEF_KM = np.array([-1033.47503130, 7901.30558560, 6380.34453270])
R_ITRF_KM = np.array([-1033.47938300, 7901.29527540, 6380.35659580])
VALLADO_JD_UT1 = 2453101.827406783


def vallado_orientation(*, pole: bool) -> tuple[Epoch, EarthOrientation]:
    """The paper's epoch with the paper's UT1, which it held in one double Julian date (to 40 us)."""
    epoch = Epoch.from_utc(VALLADO_UTC)
    ut1_ns = round((VALLADO_JD_UT1 - 2453101.5) * 86400e9) + 12514 * 86_400_000_000_000
    assert abs((ut1_ns - epoch.utc_ns) / 1e9 - -0.4399619) < 25e-6  # the paper's UT1 - UTC
    orientation = EarthOrientation.fixed(
        ut1_minus_utc_s=(ut1_ns - epoch.utc_ns) / 1e9,
        tai_minus_utc_s=32,
        pole_x_rad=-0.140682 * arcsec if pole else 0.0,
        pole_y_rad=0.333309 * arcsec if pole else 0.0,
    )
    return epoch, orientation


def test_teme_to_pef_matches_the_revisited_report_to_its_printed_digits():
    epoch, orientation = vallado_orientation(pole=False)
    r_km = rot_itrf_teme(epoch.tai_ns, orientation)[0] @ R_TEME_KM
    assert_allclose(r_km, R_PEF_KM, atol=1e-7)  # printed to 1e-8 km; their date carries 2e-8 km


def test_teme_to_itrf_with_polar_motion_matches_the_revisited_report():
    epoch, orientation = vallado_orientation(pole=True)
    r_km = rot_itrf_teme(epoch.tai_ns, orientation)[0] @ R_TEME_KM
    assert_allclose(r_km, R_ITRF_KM, atol=1e-7)


def test_bundled_orientation_gives_the_published_bulletin_values():
    """The paper quotes the IERS values of 2004-04-06, 0 h UTC (UT1 - UTC, pole), of its day."""
    epoch = Epoch.from_utc("2004-04-06T00:00:00Z")
    ut1_minus_tai, x, y = EarthOrientation.bundled().at(np.array([epoch.tai_ns]))
    assert_allclose(ut1_minus_tai + 32, -0.4399619, atol=5e-5)  # the IERS has refined it since
    assert_allclose([x[0] / arcsec, y[0] / arcsec], [-0.140682, 0.333309], atol=2e-3)


def test_orientation_within_20_m_of_skyfield_on_a_day_of_real_element_sets(real_elements):
    """Skyfield takes its own way: TEME to GCRS and on with IAU 2000A precession and nutation."""
    from skyfield.api import EarthSatellite, load
    from skyfield.framelib import itrs

    from offnadir.orbits import propagate

    epoch = Epoch.from_utc("2026-05-31T00:00:00Z")
    tai_ns = epoch.tai_ns + np.arange(0, 86400, 600, dtype=np.int64) * 1_000_000_000
    orientation = EarthOrientation.bundled()
    ut1_minus_tai, pole_x, pole_y = (float(column.mean()) for column in orientation.at(tai_ns))
    timescale = load.timescale(delta_t=32.184 - ut1_minus_tai)
    timescale.polar_motion_table = ([0.0], [pole_x / arcsec], [pole_y / arcsec])
    minutes = (tai_ns - epoch.tai_ns) / 60e9
    times = timescale.utc(2026, 5, 31, 0, minutes)
    for name, line1, line2, elements in real_elements:
        peer_m = EarthSatellite(line1, line2, name, timescale).at(times).frame_xyz(itrs).m.T
        r_teme_m, _, _ = propagate(elements, tai_ns)
        ours_m = np.einsum("nij,nj->ni", rot_itrf_teme(tai_ns, orientation), r_teme_m)
        apart_m = np.linalg.norm(ours_m - peer_m, axis=1)
        assert apart_m.max() < 20.0, name


def test_sun_matches_the_worked_example_of_the_solar_position_algorithm():
    """Reda and Andreas, NREL/TP-560-34302 (2008), appendix A.5: Golden, 2003-10-17 12:30:30 MST.

    There UT1 = UTC is assumed; topocentric zenith 50.11162 deg holds 0.016332 deg of refraction.
    """
    epoch = Epoch.from_utc("2003-10-17T12:30:30-07:00")
    orientation = EarthOrientation.fixed(
        ut1_minus_utc_s=0.0, tai_minus_utc_s=32, pole_x_rad=0.0, pole_y_rad=0.0
    )
    site = Site(name="Golden", lat_rad=39.742476 * deg, lon_rad=-105.1786 * deg, alt_m=1830.14)
    sight = sun_itrf_m(epoch.tai_ns, orientation)[0] - site.r_itrf_m
    east, north, up = east_north_up(site.lat_rad, site.lon_rad) @ sight
    elevation_deg = np.arctan2(up, np.hypot(east, north)) / deg
    azimuth_deg = np.arctan2(east, north) / deg % 360
    assert_allclose(elevation_deg, 90 - 50.11162 - 0.016332, atol=3e-4)  # the algorithm's own claim
    assert_allclose(azimuth_deg, 194.34024, atol=3e-4)


def test_geodetic_conversion_matches_the_published_example():
    """Vallado, 4th ed., example 3-3: r = (6524.834, 6862.875, 6448.296) km."""
    lat, lon, alt = itrf_to_geodetic(np.array([6524.834, 6862.875, 6448.296]) * km)
    assert_allclose(lat / deg, 34.352496, atol=5e-7 + 1e-6)
    assert_allclose(lon / deg, 46.4464, atol=5e-5)
    assert_allclose(alt / km, 5085.22, atol=5e-3)


def test_geodetic_round_trip_from_the_ground_to_beyond_geostationary_height():
    rng = np.random.default_rng(1)
    lat = np.concatenate([rng.uniform(-90, 90, 2000), [90, -90, 0]]) * deg
    lon = rng.uniform(-180, 180, lat.size) * deg
    for alt_m in (-5e3, 0.0, 5e5, 3.6e7):
        r_m = geodetic_to_itrf_m(lat, lon, alt_m)
        back = geodetic_to_itrf_m(*itrf_to_geodetic(r_m))
        assert_allclose(back, r_m, atol=1e-3 * mm + alt_m * 1e-15)


def test_sun_table_keeps_to_a_nanoradian_of_direct_computation():
    span = Span(Epoch.from_utc("2026-03-20"), Epoch.from_utc("2026-03-22"))
    orientation = EarthOrientation.bundled()
    table = SunTable.over(span, orientation)
    tai_ns = np.linspace(span.start.tai_ns, span.stop.tai_ns, 333).astype(np.int64)
    direct = sun_itrf_m(tai_ns, orientation)
    apart = np.linalg.norm(table.position_itrf_m(tai_ns) - direct, axis=1)
    assert apart.max() < 1e-9 * 1.5e11
