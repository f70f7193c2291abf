"""Shadow, solar time and lines of sight against figures that others have published."""

from __future__ import annotations

import math

import erfa
import numpy as np
import pytest

from offnadir.access.crosslinks import find_crosslinks
from offnadir.access.illumination import (
    beta_angle_rad,
    find_eclipses,
    local_solar_time_s,
    local_time_of_node_s,
)
from offnadir.constants import AU_M
from offnadir.earth import EarthOrientation
from offnadir.earth._orientation import rot_itrf_gcrs, rotate
from offnadir.epoch import Epoch, Span
from offnadir.geometry._shadow import limb, sunlit_margin_rad, umbra_margin_rad
from offnadir.orbits import fit_ephemeris, make_ephemeris
from offnadir.units import arcsec, day, deg, hour, km, minute, ms

NS = 1_000_000_000
OREKIT_SUN_M = 696_000_000.0  # the radius in Orekit's tests; ours is 300 km less
OREKIT_START = Epoch(
    int(np.datetime64("1969-07-28T04:00:00", "ns").astype(np.int64)) - 32_184_000_000  # TT
)


def kepler(a_m, e, i, perigee, node, mean, mu):
    """Two-body positions [m] in GCRS at seconds from the epoch, shape (n, 3)."""
    ci, si, cn, sn, cp, sp = (f(x) for x in (i, node, perigee) for f in (math.cos, math.sin))
    plane = np.array([[cn, -sn, 0], [sn, cn, 0], [0, 0, 1]])
    plane = plane @ np.array([[1, 0, 0], [0, ci, -si], [0, si, ci]])
    plane = plane @ np.array([[cp, -sp, 0], [sp, cp, 0], [0, 0, 1]])

    def at(seconds):
        anomaly = mean + math.sqrt(mu / a_m**3) * np.asarray(seconds, np.float64)
        eccentric = anomaly.copy()
        for _ in range(30):
            eccentric -= (eccentric - e * np.sin(eccentric) - anomaly) / (1 - e * np.cos(eccentric))
        flat = [a_m * (np.cos(eccentric) - e), a_m * math.sqrt(1 - e * e) * np.sin(eccentric)]
        return np.stack([*flat, np.zeros_like(eccentric)], axis=1) @ plane.T

    return at


def orekit_orbit(*, polar: bool):
    """The orbit of EclipseDetectorTest and BetaAngleDetectorTest."""
    mu = 3.9860047e14
    r = np.array([-6142438.668, 3492467.560, -25767.25680])
    v = np.array([505.8479685, 942.7809215, 7435.922231])
    h = np.cross(r, v)
    to_node = np.cross([0.0, 0.0, 1.0], h)
    to_perigee = np.cross(v, h) / mu - r / np.linalg.norm(r)
    e, h1 = np.linalg.norm(to_perigee), h / np.linalg.norm(h)
    true = math.atan2(np.cross(to_perigee, r) @ h1, to_perigee @ r)
    half = math.sqrt((1 - e) / (1 + e)) * math.tan(true / 2)
    eccentric = 2 * math.atan(half)
    return kepler(
        1 / (2 / np.linalg.norm(r) - v @ v / mu),
        e,
        math.pi / 2 if polar else math.acos(h1[2]),
        math.atan2(np.cross(to_node, to_perigee) @ h1, to_node @ to_perigee),
        math.atan2(to_node[1], to_node[0]),
        eccentric - e * math.sin(eccentric),
        mu,
    )


def itrf(orbit, start):
    """Positions in ITRF [m] at TAI ns."""

    def sample(tai_ns):
        turn = rot_itrf_gcrs(tai_ns, EarthOrientation.bundled())
        return rotate(turn, orbit((tai_ns - start.tai_ns) / NS))

    return sample


def geometric_sun_m(tai_ns):
    """Where the Sun is rather than where it is seen: Orekit's detectors leave aberration out."""
    heliocentric, _ = erfa.epv00(2_440_587.5, (tai_ns + 32_184_000_000) / (86_400 * NS))
    return rotate(rot_itrf_gcrs(tai_ns, EarthOrientation.bundled()), -heliocentric["p"] * AU_M)


# EclipseDetectorTest.testPolar of Orekit 12: umbra of the flattened WGS-84 Earth, s from the start.
OREKIT_UMBRA_S = (2280.427, 4310.742, 8194.978, 10225.704, 14109.530)


@pytest.mark.parametrize("edge_s", OREKIT_UMBRA_S)
def test_edges_of_the_umbra_over_the_poles_are_those_of_orekit(edge_s):
    tai_ns = OREKIT_START.tai_ns + np.rint(np.array([edge_s - 0.5, edge_s + 0.5]) * NS).astype(int)
    sats = itrf(orekit_orbit(polar=True), OREKIT_START)(tai_ns)
    margins = []
    for sat, sun in zip(sats, geometric_sun_m(tai_ns), strict=True):
        angle, distance = limb(1.0, sat, sun)
        margins.append(angle + math.asin(OREKIT_SUN_M / distance))
    zero_s = edge_s - 0.5 - margins[0] / (margins[1] - margins[0])
    # Orekit searches to 1 ms, and its Sun comes from a JPL ephemeris (0.1 arcsec are 0.5 ms).
    assert zero_s == pytest.approx(edge_s, abs=1.5 * ms)


def test_found_umbras_are_those_of_orekit_but_for_aberration_and_the_radius_of_the_sun():
    span = Span(OREKIT_START, OREKIT_START + 15000.0)
    sample = itrf(orekit_orbit(polar=True), OREKIT_START)
    ephemeris = fit_ephemeris(sample, span, satellite="polar", norad_id=1, step_s=1800.0)
    table = find_eclipses(ephemeris)
    umbra = table.take(table["kind"] == "umbra")
    assert umbra["cut_stop"].tolist() == [False, False, True]
    edges = np.stack([umbra["start"], umbra["stop"]], axis=1).ravel()[:-1]
    apart_s = (edges - OREKIT_START.tai_ns) / NS - np.array(OREKIT_UMBRA_S)
    # 20.5 arcsec at 0.98 mrad/s are 101 ms at most; 300 km of radius are 2 ms.
    assert np.abs(apart_s).max() < 103 * ms
    assert np.abs(apart_s).min() > 3 * ms  # without aberration they would agree


def test_the_sun_crosses_the_orbit_plane_when_orekit_says():
    """BetaAngleDetectorTest.simpleStop: zero at 1883928.588393031 s, of the Sun without aberration."""
    orbit = orekit_orbit(polar=False)
    span = Span(OREKIT_START, OREKIT_START + 22 * day)
    ephemeris = fit_ephemeris(
        itrf(orbit, OREKIT_START), span, satellite="orekit", norad_id=1, step_s=1800.0
    )
    tai_ns = OREKIT_START.tai_ns + round(1883928.588393031 * NS)
    hour_ns = 3600 * NS
    before, at, after = beta_angle_rad(ephemeris, [tai_ns - hour_ns, tai_ns, tai_ns + hour_ns])
    assert abs(at) < 20.6 * arcsec
    assert before > 100 * arcsec
    assert after < -100 * arcsec


def circular(a_m, ex, ey, i, node, latitude_argument, mu=3.986004415e14):
    perigee = math.atan2(ey, ex)
    return kepler(a_m, math.hypot(ex, ey), i, perigee, node, latitude_argument - perigee, mu)


OREKIT_LINK_START = Epoch.from_utc("2003-02-14T01:02:03Z")
LEO_PERIOD_S = 2 * math.pi * math.sqrt(7.2e6**3 / 3.986004415e14)


def orekit_pair(one, two, span):
    return [
        fit_ephemeris(
            itrf(circular(*orbit), OREKIT_LINK_START),
            span,
            satellite=name,
            norad_id=number,
            step_s=1800.0,
        )
        for number, (name, orbit) in enumerate((("one", one), ("two", two)))
    ]


def test_a_low_and_a_navigation_satellite_see_each_other_as_often_as_in_orekit():
    """InterSatDirectViewDetectorTest.testLeoMeo: 7 changes in 4 revolutions, past the bare ellipsoid."""
    span = Span(OREKIT_LINK_START, OREKIT_LINK_START + 4 * LEO_PERIOD_S)
    low = (7.2e6, 1.0e-3, 2.0e-4, 50 * deg, 134 * deg, 21 * deg)
    high = (29.6e6, 2.0e-4, 1.0e-3, 56 * deg, 111 * deg, 21 * deg + 2.2e-6)
    for flock in (orekit_pair(low, high, span), orekit_pair(high, low, span)):
        table = find_crosslinks(flock, clearance_m=0.0)
        assert 2 * len(table) - table["cut_start"].sum() - table["cut_stop"].sum() == 7


def test_two_satellites_in_formation_never_lose_each_other():
    """InterSatDirectViewDetectorTest.testFormationFlying: no change, 8.1 to 16.4 km apart."""
    span = Span(OREKIT_LINK_START, OREKIT_LINK_START + LEO_PERIOD_S)
    one = (7.2e6, 1.0e-3, 2.0e-4, 98.7 * deg, 134 * deg, 21 * deg)
    two = (7.2e6, 2.0e-4, 1.0e-3, 98.7 * deg + 1e-6, 134 * deg - 3.5e-7, 21 * deg + 2.2e-6)
    table = find_crosslinks(orekit_pair(one, two, span))
    assert table["cut_start"].tolist() == table["cut_stop"].tolist() == [True]
    assert 8.1 * km < table["range_m"][0] < 8.2 * km  # Orekit's test bounds it from below by 8.1 km


@pytest.mark.parametrize("behind_m", [7000 * km, 42164 * km, 384400 * km])
@pytest.mark.parametrize(
    ("angle_deg", "sign", "margin"),
    [(0.264121687, -1.0, umbra_margin_rad), (0.269007205, 1.0, sunlit_margin_rad)],
    ids=["umbra", "penumbra"],
)
def test_the_cones_over_the_equator_open_as_in_vallado(behind_m, angle_deg, sign, margin):
    """Vallado, 4th ed., algorithm 34: cones of 0.264121687 and 0.269007205 deg about the shadow's axis."""
    earth_m = 6378.137 * km
    tip_m = -sign * earth_m / math.sin(angle_deg * deg)
    edge_m = abs(tip_m - behind_m) * math.tan(angle_deg * deg)
    sun = np.array([AU_M, 0.0, 0.0])

    def beyond(off_axis_m):
        return margin(np.array([-behind_m, off_axis_m, 0.0]), sun) > 0

    low_m, high_m = 0.5 * earth_m, 2.0 * earth_m
    for _ in range(60):
        middle_m = (low_m + high_m) / 2
        low_m, high_m = (low_m, middle_m) if beyond(middle_m) else (middle_m, high_m)
    # Vallado's Sun has 696000 km, ours 300 km less: 2.0e-6 rad, seen from the limb.
    assert low_m == pytest.approx(edge_m - sign * 2.005e-6 * behind_m, abs=40.0)
    assert abs(low_m - edge_m) < 2.1e-6 * behind_m + 40.0


@pytest.mark.parametrize(
    ("begin", "end", "first", "last"),
    [
        ("2009-02-10", "2009-05-01", "2009-02-28", "2009-04-11"),
        ("2009-08-15", "2009-11-03", "2009-08-31", "2009-10-13"),
    ],
)
def test_a_geostationary_satellite_has_the_eclipse_seasons_of_goes(begin, end, first, last):
    """NOAA, GOES "KOZ / Eclipse" page of 2009: from about these days, at most 72 minutes daily."""
    span = Span(Epoch.from_utc(begin), Epoch.from_utc(end))
    lon = -75.2 * deg
    place = 42164.17 * km * np.array([math.cos(lon), math.sin(lon), 0.0])
    ephemeris = fit_ephemeris(
        lambda tai_ns: np.tile(place, (len(tai_ns), 1)),
        span,
        satellite="GOES-East",
        norad_id=1,
        step_s=7200.0,
    )
    table = find_eclipses(ephemeris)
    umbra = table.take(table["kind"] == "umbra")
    edges = (umbra["start"][0], umbra["stop"][-1])
    for at_ns, utc in zip(edges, (first, last), strict=True):
        noon = Epoch.from_utc(f"{utc}T12:00:00Z")
        assert abs(at_ns - noon.tai_ns) < 1.5 * day * NS  # "about"; the real ones had inclinations
    numbers, row = np.unique(table["eclipse"], return_index=True)
    starts, stops = table["start"][row], table["stop"][np.append(row[1:], len(table)) - 1]
    # One a day, none left out.
    assert np.diff(starts) == pytest.approx(day * NS, rel=0.01)
    assert len(numbers) > 43
    assert 71 * minute < (stops - starts).max() / NS <= 72 * minute


NREL_LON_RAD = -105.1786 * deg
NREL_TAI_NS = Epoch.from_utc("2003-10-17T19:30:30Z").tai_ns
NREL = EarthOrientation.fixed(
    ut1_minus_utc_s=0.0, tai_minus_utc_s=32.0, pole_x_rad=0.0, pole_y_rad=0.0
)


def test_apparent_solar_time_is_that_of_nrel():
    """Reda and Andreas, NREL/TP-560-34302, table A5.1: hour angle 11.105900 deg."""
    (seconds,) = local_solar_time_s(NREL_LON_RAD, NREL_TAI_NS, "apparent", orientation=NREL)
    # The report claims 0.0003 deg, that is 0.07 s.
    assert seconds == pytest.approx(12 * hour + 11.105900 / 360 * day, abs=0.07)


def test_the_equation_of_time_is_that_of_nrel():
    """The same table: 14.641503 minutes."""
    apparent, mean = (
        local_solar_time_s(NREL_LON_RAD, NREL_TAI_NS, kind, orientation=NREL)[0]
        for kind in ("apparent", "mean")
    )
    # NREL's mean Sun is that of terrestrial time, ours is UT1: 67 s at 3.6 min a day are 0.17 s.
    assert apparent - mean == pytest.approx(14.641503 * minute, abs=0.3)


@pytest.mark.parametrize("name", ["SENTINEL-2A", "WORLDVIEW-3 (WV-3)"])
def test_sun_synchronous_satellites_go_south_at_half_past_ten(name, flock):
    """ESA, Sentinel-2 orbit page: mean local solar time at the descending node 10:30; Maxar: the same."""
    elements = next(one for one in flock if one.name == name)
    start = Epoch.from_utc("2026-05-31T00:00:00Z")
    ephemeris = make_ephemeris(elements, Span(start, start + day))
    tai_ns = start.tai_ns + np.arange(0, 86400, 600) * NS
    south = local_time_of_node_s(ephemeris, tai_ns, "descending")
    assert np.abs(south - 10.5 * hour).max() < 1 * minute
    north = local_time_of_node_s(ephemeris, tai_ns, "ascending")
    assert np.abs(north - 22.5 * hour).max() < 1 * minute
