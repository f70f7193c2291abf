"""What must hold for windows whatever the satellite, place and limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from offnadir.access import MaxOffNadir, MinElevation, SunAbove, find_windows
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
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
