"""A lookout finds what a search of its own finds, whatever was asked before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from offnadir.access import AzimuthWithin, IncidenceWithin, MaxOffNadir, SunAbove, find_windows
from offnadir.access._lookout import Lookout
from offnadir.earth import EarthOrientation, Site, SunTable
from offnadir.epoch import Epoch, Span
from offnadir.geometry import look_angles
from offnadir.orbits import ElementSet, make_ephemeris
from offnadir.units import day, deg

START = Epoch.from_utc("2026-03-20T00:00:00Z")
SPAN = Span(START, START + 2 * day)
ORBIT = ElementSet(
    norad_id=1, name="0", epoch=START, mean_motion_rad_s=1.06e-3, eccentricity=0.001,
    inclination_rad=98 * deg, raan_rad=0.5, arg_perigee_rad=1.0, mean_anomaly_rad=0.0,
)  # fmt: skip
SITES = [
    Site(name="equator", lat_rad=0.0, lon_rad=10 * deg),
    Site(name="mountain", lat_rad=-33 * deg, lon_rad=-70 * deg, alt_m=5000.0),
    Site(name="north", lat_rad=78 * deg, lon_rad=15 * deg),
]


@pytest.fixture(scope="module")
def flock():
    sets = [
        replace(ORBIT, name=str(i), raan_rad=0.5 + i, mean_anomaly_rad=2.0 * i) for i in range(4)
    ]
    sets[2] = replace(sets[2], mean_motion_rad_s=7.29e-5, inclination_rad=0.0)  # a day's orbit
    return [make_ephemeris(one, SPAN) for one in sets]


@pytest.fixture(scope="module")
def lookout(flock):
    return Lookout(flock, SunTable.over(SPAN, EarthOrientation.bundled()))


def check(lookout, flock, groups):
    for site in SITES:
        who, times, doubt_s = lookout.windows(site, groups)
        assert_array_equal(who, np.sort(who))
        for limits, numbers in groups.items():
            for number in numbers:
                table = find_windows(flock[number], site, limits)
                mine = who == number
                expected = np.array([table[name] for name in ("start", "stop", "best")])
                # Where the Sun rises or sets is found to some 0.1 ms, the best instant to some ms.
                assert_allclose(times[:2, mine], expected[:2], atol=5e5, rtol=0)
                assert_allclose(times[2, mine], expected[2], atol=5e6, rtol=0)
                assert_allclose(doubt_s[mine], table["timing_90_s"], rtol=1e-6)
    assert len(who)


def test_satellites_under_several_limits_are_found_as_by_searches_of_their_own(lookout, flock):
    """Searched together, since only the Sun is looked at after the passes; the same when asked again."""
    sun = SunAbove(5 * deg)
    groups = {
        (MaxOffNadir(30 * deg), sun): [1],
        (MaxOffNadir(50 * deg), sun): [0, 3],
        (MaxOffNadir(9 * deg), sun): [2],
    }
    check(lookout, flock, groups)
    check(lookout, flock, groups)


def test_limits_that_are_marched_through_are_those_of_each_satellite(lookout, flock):
    """Each group's own numbers count, and not those of the first one."""
    north = AzimuthWithin(((270 * deg, 90 * deg),))
    groups = {
        (MaxOffNadir(35 * deg), IncidenceWithin(5 * deg, 30 * deg), north): [3, 1],
        (MaxOffNadir(55 * deg), IncidenceWithin(20 * deg, 60 * deg), north): [0],
    }
    check(lookout, flock, groups)


def test_nobody_finds_nothing(lookout):
    who, times, doubt_s = lookout.windows(SITES[0], {})
    assert who.shape == doubt_s.shape == (0,)
    assert times.shape == (3, 0)


def test_looks_are_those_of_the_geometry_and_unknown_beyond_the_span(lookout, flock):
    """To 1e-9 rad and a millimetre, in whatever order satellites are asked; NaN an hour before the span."""
    sun, count = SunTable.over(SPAN, EarthOrientation.bundled()), 40
    who = np.arange(count) % len(flock)
    at = START.tai_ns + np.arange(count, dtype=np.int64)[::-1] * 4_001_000_000_000
    for site in SITES:
        seen = lookout.looks(site, who, at)
        for number, ephemeris in enumerate(flock):
            mine = who == number
            r_m, v_m_s = (
                ephemeris.position_itrf_m(at[mine]),
                ephemeris.velocity_itrf_m_s(at[mine]),
            )
            look = look_angles(r_m, v_m_s, site.r_itrf_m, site.lat_rad, site.lon_rad)
            expected = [look.off_nadir_rad, look.elevation_rad, look.azimuth_rad]
            assert_allclose(seen[:3, mine], expected, atol=1e-9, rtol=0)
            assert_allclose(seen[3, mine], look.range_m, atol=1e-3, rtol=0)
        assert_allclose(seen[4:], sun.angles_rad(site, at), atol=1e-9, rtol=0)
    before = lookout.looks(SITES[0], np.array([0]), np.array([START.tai_ns - 3600 * 10**9]))
    assert np.isnan(before[:4]).all()


def test_the_last_sets_of_limits_are_kept_and_no_more(lookout):
    """What a caller varies must not fill the memory."""
    for degrees in range(20, 40):
        lookout.windows(SITES[0], {(MaxOffNadir(degrees * deg),): [0, 1, 3]})
    most = lookout.nbytes
    for degrees in range(40, 60):
        lookout.windows(SITES[0], {(MaxOffNadir(degrees * deg),): [0, 1, 3]})
    assert lookout.nbytes < 1.5 * most
