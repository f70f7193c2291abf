"""What must hold for windows whatever the satellite, place and limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from offnadir.access import (
    MaxOffNadir,
    MinElevation,
    SunAbove,
    _search,
    find_windows,
    stream_windows,
)
from offnadir.earth import EarthOrientation, Site, itrf_to_geodetic
from offnadir.epoch import Epoch, Span
from offnadir.geometry import look_angles
from offnadir.orbits import ElementSet, make_ephemeris
from offnadir.units import deg

START = Epoch.from_utc("2026-05-31T00:00:00Z")
HALF_DAY = 43200.0
SLACK_NS = 20_000  # edges are bisected to 0.1 us and interpolated from other nodes
SUN_SLACK_NS = 1_000_000  # the Sun may cross its limit a hundred times more slowly

sites = st.builds(
    lambda lat, lon, alt: Site(name="place", lat_rad=lat * deg, lon_rad=lon * deg, alt_m=alt),
    st.floats(-90, 90),
    st.floats(-180, 180),
    st.floats(-400, 8000),
)
orbits = st.builds(
    lambda height_km, ecc, incl, raan, argp, anomaly: ElementSet(
        norad_id=999_999_999,
        name="random",
        epoch=START,
        mean_motion_rad_s=(3.986004418e14 / ((6378.0 + height_km) * 1e3 / (1 - ecc)) ** 3) ** 0.5,
        eccentricity=ecc,
        inclination_rad=incl * deg,
        raan_rad=raan * deg,
        arg_perigee_rad=argp * deg,
        mean_anomaly_rad=anomaly * deg,
    ),
    st.floats(350, 1500),
    st.sampled_from([0.0, 0.001, 0.05, 0.4, 0.72]),
    st.floats(0, 180),
    st.floats(0, 360),
    st.floats(0, 360),
    st.floats(0, 360),
)


def edges(table) -> list[tuple[int, int]]:
    return list(zip(table["start"].tolist(), table["stop"].tolist(), strict=True))


@settings(max_examples=40, deadline=None)
@given(orbits, sites, st.floats(1, 70), st.floats(0.1, 20))
def test_a_tighter_limit_gives_windows_inside_the_looser_ones(orbit, site, limit_deg, more_deg):
    ephemeris = make_ephemeris(orbit, Span(START, START + HALF_DAY))
    wide = edges(find_windows(ephemeris, site, [MaxOffNadir((limit_deg + more_deg) * deg)]))
    for start, stop in edges(find_windows(ephemeris, site, [MaxOffNadir(limit_deg * deg)])):
        assert any(a - SLACK_NS <= start and stop <= b + SLACK_NS for a, b in wide)


@settings(max_examples=40, deadline=None)
@given(orbits, sites, st.floats(0.2, 0.8))
def test_cutting_the_span_and_joining_the_windows_gives_the_same(orbit, site, part):
    cut = START + HALF_DAY * part
    limits = [MinElevation(7 * deg), SunAbove(-20 * deg)]
    whole = edges(find_windows(make_ephemeris(orbit, Span(START, START + HALF_DAY)), site, limits))
    left = edges(find_windows(make_ephemeris(orbit, Span(START, cut)), site, limits))
    right = edges(find_windows(make_ephemeris(orbit, Span(cut, START + HALF_DAY)), site, limits))
    if left and right and left[-1][1] >= cut.tai_ns - 1000 and right[0][0] <= cut.tai_ns + 1000:
        left[-1:], right[:1] = [(left[-1][0], right[0][1])], []
    assert len(left + right) == len(whole)
    if whole:
        assert np.abs(np.array(left + right) - np.array(whole)).max() <= SUN_SLACK_NS


@settings(max_examples=20, deadline=None)
@given(st.lists(orbits, min_size=2, max_size=3), st.lists(sites, min_size=2, max_size=4))
def test_the_order_of_satellites_and_sites_does_not_matter(several, places):
    span = Span(START, START + HALF_DAY)
    named = [replace(orbit, norad_id=i + 1) for i, orbit in enumerate(several)]
    marked = [replace(place, name=str(i)) for i, place in enumerate(places)]
    flock = [make_ephemeris(orbit, span) for orbit in named]

    def rows(ephemerides, sites):
        table = find_windows(ephemerides, sites, [MinElevation(3 * deg)])
        return sorted(
            zip(table["norad_id"].tolist(), table["site"].tolist(), edges(table), strict=True)
        )

    assert rows(flock, marked) == rows(flock[::-1], marked[::-1])


@settings(max_examples=25, deadline=None)
@given(orbits, sites)
def test_a_finer_step_finds_the_same_windows(orbit, site):
    span = Span(START, START + HALF_DAY)
    coarse = edges(find_windows(make_ephemeris(orbit, span), site, [MinElevation(5 * deg)]))
    fine = edges(
        find_windows(make_ephemeris(orbit, span, step_s=20.0), site, [MinElevation(5 * deg)])
    )
    coarse, fine = ([e for e in found if e[1] - e[0] > 10**8] for found in (coarse, fine))
    assert len(coarse) == len(fine)
    if fine:
        # A grazing window's edge moves far for a small change of position: 1 s is wide of that.
        wide = [i for i, (a, b) in enumerate(fine) if b - a > 10**10]
        apart = np.abs(np.array(coarse) - np.array(fine))[wide]
        assert apart.size == 0 or apart.max() <= 1_000_000


limits = st.one_of(
    st.floats(0, 85).map(lambda x: [MinElevation(x * deg)]),
    st.floats(0.5, 90).map(lambda x: [MaxOffNadir(x * deg)]),
    st.tuples(st.floats(0, 60), st.floats(5, 70)).map(
        lambda x: [MinElevation(x[0] * deg), MaxOffNadir(x[1] * deg)]
    ),
    st.tuples(st.floats(5, 70), st.floats(-30, 40)).map(
        lambda x: [MaxOffNadir(x[0] * deg), SunAbove(x[1] * deg)]
    ),
)


@settings(max_examples=60, deadline=None)
@given(orbits, st.lists(sites, min_size=1, max_size=3), limits)
def test_quick_ways_find_what_waits_alone_find(orbit, places, wanted):
    """Newton on concave passes and bounded curvature, against the march by waits over every cell."""
    ephemeris = make_ephemeris(orbit, Span(START, START + HALF_DAY))
    quick = find_windows(ephemeris, places, wanted)
    before = _search._LOWEST_M
    try:
        _search._LOWEST_M = 1e15  # every satellite counts as low: nothing but waits is left
        slow = find_windows(ephemeris, places, wanted)
    finally:
        _search._LOWEST_M = before

    def long(table):
        return [
            (site, start, stop)
            for site, start, stop in zip(
                *(table[c].tolist() for c in ("site_index", "start", "stop")), strict=True
            )
            if stop - start > 10**7  # a grazing window of 10 ms may differ
        ]

    ours, twin = long(quick), long(slow)
    assert [row[0] for row in ours] == [row[0] for row in twin]
    for (_, a, b), (_, c, d) in zip(ours, twin, strict=True):
        # An edge where the margin just touches zero moves far: judge by the share of the window.
        slack = max(SUN_SLACK_NS, (d - c) // 1000 if d - c < 10**9 else 0)
        assert abs(a - c) <= slack
        assert abs(b - d) <= slack


@settings(max_examples=30, deadline=None)
@given(orbits, sites, st.floats(-360, 360), limits)
def test_turning_orbit_and_place_about_the_axis_changes_nothing(orbit, site, turn_deg, wanted):
    """Over the antimeridian, and anywhere else: SGP4 of near satellites knows no longitude."""
    wanted = [w for w in wanted if not isinstance(w, SunAbove)]
    if orbit.mean_motion_rad_s < 2 * np.pi / 13000:
        return  # the Moon and the Sun pull at distant ones
    span = Span(START, START + HALF_DAY)
    lon = (site.lon_rad + turn_deg * deg + np.pi) % (2 * np.pi) - np.pi
    turned = replace(orbit, raan_rad=(orbit.raan_rad + turn_deg * deg) % (2 * np.pi))
    orientation = EarthOrientation.fixed(
        ut1_minus_utc_s=0.0, tai_minus_utc_s=37.0, pole_x_rad=0.0, pole_y_rad=0.0
    )
    one = edges(find_windows(make_ephemeris(orbit, span, orientation), site, wanted))
    two = edges(
        find_windows(make_ephemeris(turned, span, orientation), replace(site, lon_rad=lon), wanted)
    )
    one, two = ([e for e in found if e[1] - e[0] > 10**9] for found in (one, two))
    assert len(one) == len(two)
    if one:
        assert np.abs(np.array(one) - np.array(two)).max() <= SUN_SLACK_NS


@settings(max_examples=20, deadline=None)
@given(orbits)
def test_a_place_below_the_satellite_at_the_start_is_seen_from_the_start(orbit):
    ephemeris = make_ephemeris(orbit, Span(START, START + 3600.0))
    lat, lon, _ = itrf_to_geodetic(ephemeris.position_itrf_m(START.tai_ns))
    assume(np.isfinite(lat[0]))  # SGP4 gives up some of the wildest orbits
    below = Site(name="below", lat_rad=float(lat[0]), lon_rad=float(lon[0]))
    for wanted in ([MinElevation(30 * deg)], [MaxOffNadir(10 * deg)], []):
        table = find_windows(ephemeris, below, wanted)
        assert table["cut_start"][0]
        assert table["start"][0] == START.tai_ns
        assert table["max_elevation_rad"][0] > 89.9 * deg


@settings(max_examples=15, deadline=None)
@given(st.lists(orbits, min_size=1, max_size=4), st.lists(sites, min_size=1, max_size=5))
def test_streamed_tables_are_the_whole_table_in_pieces(several, places):
    span = Span(START, START + HALF_DAY)
    flock = [make_ephemeris(replace(o, norad_id=i), span) for i, o in enumerate(several)]
    whole = find_windows(flock, places)
    rows = [row for part in stream_windows(iter(flock), places) for row in part.rows()]
    assert rows == list(whole.rows())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(orbit=orbits, site=sites, limit=st.sampled_from([0.0, 10 * deg, 30 * deg]))
def test_best_and_highest_are_those_of_a_look_every_second(orbit, site, limit):
    """Of short windows, in which off-nadir has one least value and elevation one greatest."""
    ephemeris = make_ephemeris(orbit, Span(START, START + HALF_DAY))
    table = find_windows(ephemeris, site, [MinElevation(limit)])
    compared = 0
    for row in range(len(table)):
        start, stop, best = (int(table[name][row]) for name in ("start", "stop", "best"))
        if stop - start > 1200 * 10**9:
            continue
        at = np.union1d(np.arange(start, stop, 10**9), [start, stop, best])
        r_sat_m = ephemeris.position_itrf_m(at)
        look = look_angles(r_sat_m, ephemeris.velocity_itrf_m_s(at), site.r_itrf_m,
                           site.lat_rad, site.lon_rad)  # fmt: skip
        here = np.searchsorted(at, best)
        # Near the top a second changes off-nadir by less than 0.01 deg; half of it is between two looks.
        assert look.off_nadir_rad[here] <= look.off_nadir_rad.min() + 1e-6
        assert abs(table["off_nadir_rad"][row] - look.off_nadir_rad[here]) < 1e-6
        assert abs(table["elevation_rad"][row] - look.elevation_rad[here]) < 1e-6
        highest = table["max_elevation_rad"][row]
        assert highest >= look.elevation_rad.max() - 1e-5
        # A satellite at 160 km passes at 0.05 rad/s: between two looks it climbs 1.5 mrad more at most.
        assert highest <= look.elevation_rad.max() + 2e-3
        compared += 1
    assume(compared)
