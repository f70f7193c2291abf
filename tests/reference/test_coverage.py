"""Coverage against the literature and against cases solved by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.access import MaxOffNadir, MinElevation, Station, SunAbove
from offnadir.constants import EARTH_RATE_RAD_S, GM_EARTH_M3_S2, WGS84_A_M
from offnadir.coverage import Observer, cover, equal_area_grid, points_grid
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet
from offnadir.units import day, deg, km

START = Epoch.from_utc("2026-03-20")
J2 = 1.08262998905e-3  # WGS-72's differs in the fourth digit, which is 1e-7 of the mean motion


def circle(mean_motion_rad_s, incl_rad, node_rad=0.0, anomaly_rad=0.0, number=1):
    return ElementSet(
        norad_id=number,
        name=f"S{number}",
        epoch=START,
        mean_motion_rad_s=mean_motion_rad_s,
        eccentricity=0.0,
        inclination_rad=incl_rad,
        raan_rad=node_rad % (2 * np.pi),
        arg_perigee_rad=0.0,
        mean_anomaly_rad=anomaly_rad % (2 * np.pi),
    )


def rates(mean_motion_rad_s, incl_rad):
    """Secular rates [rad/s] of argument of latitude and node of a circular orbit under J2 (Kozai 1959)."""
    a = (GM_EARTH_M3_S2 / mean_motion_rad_s**2) ** (1 / 3)
    k = 1.5 * J2 * (WGS84_A_M / a) ** 2 * mean_motion_rad_s
    return mean_motion_rad_s + k * (2.0 - 2.5 * np.sin(incl_rad) ** 2), -k * np.cos(incl_rad)


def test_equatorial_satellite_returns_after_the_synodic_period():
    """By hand: an equatorial site sees an equatorial satellite once a synodic period.

    The satellite is in view while the central angle is at most incidence - off-nadir, with
    sin(incidence) = r / R sin(off-nadir): of each period it is out of view for 1 - angle / pi.
    """
    n = 15.0 * 2 * np.pi / day
    along, node = rates(n, 0.0)
    period_s = 2 * np.pi / (along + node - EARTH_RATE_RAD_S)
    off = 30 * deg
    # above the equator J2 pulls inward: r^3 (along + node)^2 = GM (1 + 3/2 J2 (R / r)^2)
    turn = along + node
    r_m = (GM_EARTH_M3_S2 / turn**2) ** (1 / 3)
    r_m = (GM_EARTH_M3_S2 * (1 + 1.5 * J2 * (WGS84_A_M / r_m) ** 2) / turn**2) ** (1 / 3)
    angle = np.arcsin(r_m / WGS84_A_M * np.sin(off)) - off
    sites = [Site(name=str(lon), lat_rad=0.0, lon_rad=lon * deg) for lon in (-170, 10, 95)]
    span = Span(START, START + 5 * day)
    seen = cover(
        Observer(elements=circle(n, 1e-9), constraints=(MaxOffNadir(off),)),
        points_grid(sites),
        span,
    )
    gap_s = period_s * (1 - angle / np.pi)
    # 0.1 s: terms of J2 squared move the radius by some 20 m
    assert_allclose(seen.cells["revisit_mean_s"], gap_s, atol=0.1)
    assert_allclose(seen.cells["revisit_p95_s"], gap_s, atol=0.1)
    # looks and gaps together: the angle cancels, and what is left is the period
    assert_allclose(
        seen.cells["revisit_mean_s"] / (1 - seen.cells["in_view_share"]), period_s, rtol=0.01
    )
    # a request waits half a gap, if it falls into one; the ring's joint makes a gap of its own
    assert_allclose(seen.cells["response_mean_s"], gap_s**2 / (2 * period_s), rtol=0.02)
    assert_allclose(seen.cells["looks_per_day"], day / period_s, atol=0.2)


@pytest.mark.parametrize(("reach_deg", "covered"), [(69.7, True), (68.5, False)])
def test_five_satellites_of_walker_cover_the_earth(reach_deg, covered):
    """Walker (1977), RAE TR 77044: 5/5/1 at 43.7 deg is the least pattern that covers the whole Earth always.

    It does where the Earth's angle from below the satellite to where it stands on the horizon is 69.2 deg or
    more. The ellipsoid moves that by 0.2 deg at most.
    """
    radius_m = 6371 * km / np.cos(reach_deg * deg)
    n = np.sqrt(GM_EARTH_M3_S2 / radius_m**3)
    step = 2 * np.pi / 5
    flock = [
        Observer(
            elements=circle(n, 43.66 * deg, k * step, k * step, 1 + k),
            constraints=(MinElevation(0.0),),
        )
        for k in range(5)
    ]
    seen = cover(flock, equal_area_grid(resolution=1, region="world"), Span(START, START + day))
    if covered:
        assert seen.cells["longest_gap_s"].max() == 0.0
        assert_allclose(seen.cells["in_view_share"], 1.0, atol=1e-12)
    else:
        assert seen.cells["longest_gap_s"].max() > 60.0


def test_two_sentinels_see_the_equator_every_five_days():
    """ESA: one Sentinel-2 repeats after 10 days and 143 orbits, two half an orbit apart give 5 days.

    Swath 290 km; the tracks lie 40075 / 143 = 280 km apart at the equator, so that one satellite sees most
    places there just once in 10 days by day.
    """
    incl = 98.62 * deg
    n = 2 * np.pi / 6040.0
    for _ in range(20):  # 143 turns from node to node in 10 days from node to node
        along, node = rates(n, incl)
        n *= 14.3 * (EARTH_RATE_RAD_S - node) / along
    # descending node at 10:30: the Sun is at right ascension 0 at the equinox
    node_rad = (22.5 - 12.0) * 15 * deg
    swath = (MaxOffNadir(10.3 * deg), SunAbove(5 * deg))
    two = [
        Observer(elements=circle(n, incl, node_rad, k * np.pi, 1 + k), constraints=swath)
        for k in range(2)
    ]
    sites = [Site(name=str(k), lat_rad=0.0, lon_rad=k * 0.9 * deg) for k in range(100)]
    grid, span = points_grid(sites), Span(START, START + 31 * day)
    one, both = cover(two[:1], grid, span), cover(two, grid, span)
    assert_allclose(np.median(one.cells["revisit_median_s"]), 10 * day, atol=120.0)
    assert_allclose(np.median(both.cells["revisit_median_s"]), 5 * day, atol=120.0)
    assert both.cells["longest_gap_s"].max() < 5 * day + 120.0
    assert one.cells["longest_gap_s"].max() < 10 * day + 120.0


def test_age_of_a_picture_by_hand():
    """An equatorial satellite sees a place and, half a turn on, its station: pictures come half a turn old.

    The newest picture on the ground is older by that, and by up to a turn more: by half a turn on the mean.
    """
    n = 15.0 * 2 * np.pi / day
    along, node = rates(n, 0.0)
    period_s = 2 * np.pi / (along + node - EARTH_RATE_RAD_S)
    place = Site(name="place", lat_rad=0.0, lon_rad=0.0)
    post = Station(site=Site(name="post", lat_rad=0.0, lon_rad=np.pi), min_elevation_rad=60 * deg)
    seen = cover(
        Observer(elements=circle(n, 1e-9), constraints=(MaxOffNadir(20 * deg),)),
        points_grid(place),
        Span(START, START + 60 * period_s),
        stations=post,
    )
    late = seen.cells["latency_mean_s"][0]
    # the contact begins when the satellite still stands 60 deg high, some 3 deg of arc before the station
    assert 0.44 * period_s < late < 0.5 * period_s
    assert_allclose(seen.cells["age_mean_s"][0], late + period_s / 2, rtol=2e-3)
    assert_allclose(seen.cells["age_peak_s"][0], late + period_s, rtol=2e-3)
