"""Figures of coverage against slow twins, and what must hold for any looks."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from naive import coverage as naive
from offnadir.access import MaxOffNadir, Station, find_contacts, find_windows
from offnadir.coverage import Observer, Stereo, cover, equal_area_grid, points_grid, regular_grid
from offnadir.coverage import _figure_kernels as kernels
from offnadir.coverage._block import ages
from offnadir.earth import Site, up
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, make_ephemeris
from offnadir.quality import CloudClimatology
from offnadir.sensors import load_camera
from offnadir.units import day, deg

WHOLE_S = 1000.0
START = Epoch.from_utc("2026-06-01")


def looks_of(draw_starts, draw_lengths):
    """Looks that may overlap, in order of start, within the span."""
    start = np.sort(np.array(draw_starts, np.float64))
    stop = np.minimum(start + np.array(draw_lengths, np.float64), WHOLE_S)
    return start, stop


looks = st.lists(
    st.tuples(st.integers(0, 990), st.integers(1, 60), st.integers(1, 99)), min_size=1, max_size=12
).map(
    lambda rows: (
        *looks_of([r[0] for r in sorted(rows)], [r[1] for r in sorted(rows)]),
        np.array([r[2] / 100 for r in sorted(rows)]),
    )
)


def merged(start, stop, chance):
    begin = np.array([0, len(start)])
    out = np.empty(2, np.int64), *(np.empty(len(start)) for _ in range(3))
    kernels.merge(begin, start, stop, chance, *out)
    n = out[0][1]
    return out[0], out[1][:n].copy(), out[2][:n].copy(), out[3][:n].copy()


def waits(start, stop):
    begin, a, b, _ = merged(start, stop, np.ones(len(start)))
    out = np.empty((kernels.WAITS, 1))
    kernels.waits(begin, a, b, WHOLE_S, out)
    return out[:, 0]


def test_waits_of_three_looks_by_hand():
    """Looks at 100-110, 300-310, 900-950 of 1000 s: gaps 190 and 590, and 150 over the ring's joint."""
    told = waits(np.array([100.0, 300.0, 900.0]), np.array([110.0, 310.0, 950.0]))
    assert told[kernels.REVISIT_MEAN] == (190 + 590) / 2
    assert told[kernels.REVISIT_MEDIAN] == (190 + 590) / 2
    assert_allclose(told[kernels.REVISIT_P95], 190 + 0.95 * 400)
    assert told[kernels.LONGEST] == 590
    assert_allclose(told[kernels.RESPONSE_MEAN], (190**2 + 590**2 + 150**2) / 2000)
    # half of all requests wait longer than w: 930 - 3 w = 500 below 150, so w = 143.33
    assert_allclose(told[kernels.RESPONSE_MEDIAN], 430 / 3)
    # 50 of 1000 seconds of requests wait longer than 590 - 50
    assert_allclose(told[kernels.RESPONSE_P95], 540)
    assert_allclose(told[kernels.IN_VIEW], 0.07)


@given(looks)
@settings(max_examples=20, deadline=None)
def test_response_is_what_requests_at_all_times_wait(some):
    start, stop, _ = some
    told = waits(start, stop)
    pairs = list(zip(start, stop, strict=True))
    asked = (np.arange(1000) + 0.5) * (WHOLE_S / 1000)
    waited = np.array([naive.next_look_s(t, pairs, WHOLE_S) for t in asked])
    assert_allclose(told[kernels.RESPONSE_MEAN], waited.mean(), atol=0.8)
    for row, share in ((kernels.RESPONSE_MEDIAN, 0.5), (kernels.RESPONSE_P95, 0.95)):
        assert_allclose(told[row], np.quantile(waited, share), atol=2.0)


@given(looks, st.tuples(st.integers(0, 990), st.integers(1, 60)))
@settings(max_examples=20, deadline=None)
def test_one_more_look_never_makes_anybody_wait_longer(some, more):
    start, stop, _ = some
    before = waits(start, stop)
    order = np.argsort(np.append(start, more[0]), kind="stable")
    after = waits(
        np.append(start, more[0]).astype(float)[order],
        np.append(stop, min(sum(more), WHOLE_S)).astype(float)[order],
    )
    for row in (
        kernels.LONGEST,
        kernels.RESPONSE_MEAN,
        kernels.RESPONSE_MEDIAN,
        kernels.RESPONSE_P95,
    ):
        assert after[row] <= before[row] + 1e-9
    assert after[kernels.IN_VIEW] >= before[kernels.IN_VIEW] - 1e-12


@given(looks)
@settings(max_examples=15, deadline=None)
def test_wait_for_a_clear_look_is_the_sum_over_all_that_may_be_clear(some):
    start, stop, chance = some
    begin, a, b, p = merged(start, stop, chance)
    out = np.empty((kernels.CLOUDY, 1))
    kernels.cloudy(begin, a, b, p, WHOLE_S, out)
    pairs = list(zip(a, b, strict=True))
    hope = 1 - np.prod(1 - p)
    turns = min(int(np.ceil(np.log(1e-4) / np.log(1 - hope))) + 2 if hope < 1 else 2, 1500)
    asked = (np.arange(50) + 0.5) * (WHOLE_S / 50)
    waited = np.mean([naive.clear_wait_s(t, pairs, p, WHOLE_S, turns) for t in asked])
    # the few instants asked miss where waits leap, by a twentieth of their step a look
    assert_allclose(out[kernels.CLEAR_RESPONSE, 0], waited, rtol=2e-3, atol=WHOLE_S / 50)
    # the 95th centile: so many still wait just before it, and fewer just after
    for factor, least, most in ((0.99, 0.045, 1.0), (1.01, 0.0, 0.055)):
        w = out[kernels.CLEAR_RESPONSE_P95, 0] * factor
        left = np.mean([naive.still_waiting(t, w, pairs, p, WHOLE_S) for t in asked])
        assert least - 0.05 <= left <= most + 0.05
    assert_allclose(
        out[kernels.CLEAR_REVISIT, 0], (WHOLE_S - ((b - a) * p).sum()) / p.sum(), rtol=1e-9
    )


@given(looks)
@settings(max_examples=15, deadline=None)
def test_without_clouds_the_wait_for_a_clear_look_is_the_wait_for_a_look(some):
    start, stop, _ = some
    begin, a, b, p = merged(start, stop, np.ones(len(start)))
    out = np.empty((kernels.CLOUDY, 1))
    kernels.cloudy(begin, a, b, p, WHOLE_S, out)
    told = waits(start, stop)
    assert_allclose(
        out[kernels.CLEAR_RESPONSE, 0], told[kernels.RESPONSE_MEAN], rtol=1e-9, atol=1e-9
    )
    p95 = told[kernels.RESPONSE_P95]
    assert_allclose(out[kernels.CLEAR_RESPONSE_P95, 0], p95, rtol=2e-3, atol=1e-6)


@given(looks, st.lists(st.integers(0, 400), min_size=12, max_size=12))
@settings(max_examples=20, deadline=None)
def test_age_is_that_of_the_newest_picture_on_the_ground(some, late):
    start, _, chance = some
    delivered = start + np.array(late[: len(start)], float)
    cell = np.zeros(len(start), np.int64)
    out = ages(cell, start, delivered, chance, WHOLE_S, 1)
    pictures = list(zip(start, delivered, strict=True))
    asked = (np.arange(1000) + 0.5) * (WHOLE_S / 1000)
    told = np.array([naive.age_s(t, pictures, WHOLE_S) for t in asked])
    assert_allclose(out[kernels.AGE_MEAN, 0], told.mean(), atol=4.0)
    assert_allclose(out[kernels.AGE_PEAK, 0], told.max(), atol=1.1)
    out = ages(cell, start, delivered, np.ones(len(start)), WHOLE_S, 1)
    assert_allclose(out[kernels.CLEAR_AGE, 0], out[kernels.AGE_MEAN, 0], rtol=1e-6)


def test_expected_age_under_clouds_by_hand():
    """One picture a turn, delivered at once, clear with 1/2: the newest clear one is a mean turn older."""
    at, half = np.array([400.0]), np.array([0.5])
    out = ages(np.zeros(1, np.int64), at, at, half, WHOLE_S, 1)
    # half a turn since the last one, and turns of 1/2, 1/4 ... before: 1 more on the mean
    assert_allclose(out[kernels.CLEAR_AGE, 0], WHOLE_S * 1.5)


def test_stereo_by_hand():
    """Three looks, 20, 20 and 70 deg apart in turn, the last of them two days later."""
    angles = np.array([0.0, 20.0, 40.0]) * deg
    sight = np.stack([np.sin(angles), np.zeros(3), np.cos(angles)])
    out = np.empty((kernels.STEREOS, 1))
    best, apart = np.array([0.0, 100.0, 100.0 + 2 * day]), np.array([5.0, 15.0, 70.0]) * deg
    chance = np.array([0.5, 0.4, 1.0])
    kernels.stereo(
        np.array([0, 3]), np.arange(3), best, apart, sight, chance, 10 * deg, 60 * deg, day, out
    )
    assert out[:, 0].tolist() == [2.0, 1.0, 1.4, 0.2]


def some_orbit(number, **changes):
    given_ = {
        "norad_id": number,
        "name": f"S{number}",
        "epoch": START,
        "mean_motion_rad_s": 15.2 * 2 * np.pi / day,
        "eccentricity": 1e-3,
        "inclination_rad": (97.5, 53.0, 40.0)[number % 3] * deg,
        "raan_rad": number * 1.1,
        "arg_perigee_rad": 0.3,
        "mean_anomaly_rad": number * 2.0,
    }
    return ElementSet(**{**given_, **changes})


CAMERA = load_camera("skysat-c")
POSTS = [
    Station(site=Site(name="north", lat_rad=78.2 * deg, lon_rad=15.4 * deg)),
    Station(site=Site(name="east", lat_rad=36.4 * deg, lon_rad=127.4 * deg)),
]


def flock(count):
    return [
        Observer(elements=some_orbit(k), sensor=CAMERA, constraints=(MaxOffNadir((25 + k) * deg),))
        for k in range(1, count + 1)
    ]


@pytest.fixture(scope="module")
def grid():
    return regular_grid(step_rad=30 * deg, region="world")


def test_steps_find_the_same_looks(grid):
    """A slow twin that steps through two days second by second, with its own nadir."""
    span = Span(START, START + 2 * day)
    one = flock(1)[0]
    seen = cover(one, grid, span)
    sites = np.array(
        [
            Site(name="", lat_rad=a, lon_rad=b).r_itrf_m
            for a, b in zip(grid.lat_rad, grid.lon_rad, strict=True)
        ]
    )
    track = make_ephemeris(one.elements, span)
    vertical = up(grid.lat_rad, grid.lon_rad)
    t_s, inside = naive.in_sight(track, sites, vertical, 26 * deg, 2.0)
    assert_allclose(inside.mean(axis=1), seen.cells["in_view_share"], atol=3e-5)
    for cell, row in enumerate(inside):
        edges = np.flatnonzero(np.diff(row.astype(int), prepend=0, append=0)).reshape(-1, 2)
        assert seen.cells["looks_per_day"][cell] * 2 == pytest.approx(len(edges))
        if len(edges) > 1:
            gaps = t_s[edges[1:, 0]] - t_s[edges[:-1, 1] - 1]
            assert_allclose(seen.cells["revisit_mean_s"][cell], gaps.mean(), atol=4.0)
        if len(edges):
            assert_allclose(seen.cells["first_look_s"][cell], t_s[edges[0, 0]], atol=2.0)


def test_delivery_is_at_the_next_contact(grid):
    """Latency of one cell, look by look, from `find_contacts`."""
    span = Span(START, START + 2 * day)
    one = flock(1)[0]
    seen = cover(one, points_grid(Site(name="a", lat_rad=0.9, lon_rad=0.1)), span, stations=POSTS)
    track = make_ephemeris(one.elements, span)
    contacts = find_contacts(track, POSTS)
    looked = find_windows(track, Site(name="a", lat_rad=0.9, lon_rad=0.1), one.limits())
    late = []
    for best in looked["best"].tolist():
        after = [
            max(a - best, 0)
            for a, b in zip(contacts["start"].tolist(), contacts["stop"].tolist(), strict=True)
            if b >= best
        ]
        # none after the last look: the span is a ring
        next_turn = contacts["start"].min() - best + round(span.duration_s * 1e9)
        late.append(min(after, default=next_turn) * 1e-9)
    assert len(late) > 2
    assert_allclose(seen.cells["latency_mean_s"][0], np.mean(late), atol=1e-3)


def test_order_of_satellites_and_who_works_do_not_matter(grid):
    span, clouds = Span(START, START + 3 * day), CloudClimatology.bundled()
    three = flock(3)
    wanted = {"stations": POSTS, "clouds": clouds, "stereo": Stereo(within_s=2 * day)}
    one = cover(three, grid, span, threads=1, **wanted)
    again = cover(three[::-1], grid, span, threads=2, **wanted)
    with ThreadPoolExecutor(2) as pool:
        elsewhere = cover(three, grid, span, executor=pool, **wanted)
    assert set(one.cells) == set(again.cells) == set(elsewhere.cells)
    for name, values in one.cells.items():
        assert_array_equal(elsewhere.cells[name], values, err_msg=name)
        assert_allclose(again.cells[name], values, rtol=1e-9, atol=1e-9, err_msg=name)
    assert_array_equal(one.seen_share, elsewhere.seen_share)
    assert_array_equal(one.clear_share, elsewhere.clear_share)


def test_one_more_satellite_never_lengthens_a_gap(grid):
    span = Span(START, START + 3 * day)
    gaps = [cover(flock(n), grid, span) for n in (1, 2, 3)]
    for fewer, more in itertools.pairwise(gaps):
        assert (more.cells["longest_gap_s"] <= fewer.cells["longest_gap_s"] + 1e-6).all()
        assert (more.seen_share >= fewer.seen_share - 1e-12).all()
        assert (more.cells["looks_per_day"] >= fewer.cells["looks_per_day"] - 1e-12).all()


@given(st.integers(0, 3))
@settings(max_examples=4, deadline=None)
def test_cells_of_the_earth_have_its_area(resolution):
    """510.0656e6 km2, the area of the ellipsoid (NIMA TR 8350.2: authalic radius 6371.0072 km)."""
    whole = equal_area_grid(resolution=resolution, region="world")
    assert_allclose(whole.area_m2.sum(), 4 * np.pi * 6371007.1809**2, rtol=1e-6)
