"""From a mission to the solver's integers: small cases by hand, and rules against every pair of starts."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.access import find_contacts
from offnadir.earth import EarthOrientation, SunTable
from offnadir.errors import InputError
from offnadir.orbits import make_ephemeris
from offnadir.planning import Mission, load_mission
from offnadir.planning._audit import faults
from offnadir.planning._build_resources import make_contacts, slower_law, solver_law
from offnadir.planning._build_rules import Times, _order_rows, _spacing_rows
from offnadir.planning._build_values import WHOLE, cover_curve, worth_of
from offnadir.planning._implied import with_implied_rows
from offnadir.planning.build import Built, build, chosen_pictures
from offnadir.planning.model import Cover, Outage, Repeat
from offnadir.planning.opportunities import convergence_rad, find_opportunities
from offnadir.planning.problem import Stop
from offnadir.planning.slew import Slew, slew_time_s
from offnadir.planning.solver import solve
from offnadir.units import deg
from sample_missions import write_mission

ORIENTATION = EarthOrientation.bundled()


def prepared(mission: Mission) -> tuple[Any, ...]:
    """Ephemerides, opportunities, Sun and contacts, in the order in which build wants them."""
    orbits = [
        make_ephemeris(replace(one.elements, name=one.name), mission.span, ORIENTATION)
        for one in mission.satellites
    ]
    sun = SunTable.over(mission.span, ORIENTATION)
    contacts = find_contacts(orbits, [ground.station for ground in mission.stations])
    contacts = contacts.take(np.argsort(contacts["start"], kind="stable"))
    return orbits, find_opportunities(mission, orbits, sun), sun, contacts


def built(folder: Path, name: str) -> tuple[Mission, tuple[Any, ...], Built]:
    mission = load_mission(write_mission(folder, name))
    parts = prepared(mission)
    return mission, parts, build(mission, *parts)


def request(**more: Any) -> Any:
    wish = {"weight": 1.0, "tier": 1, "cover": None, "repeat": None, "stereo": None}
    return SimpleNamespace(**(wish | more))


def test_one_unit_of_a_tier_outweighs_all_below() -> None:
    """Two requests of weight 1: 2,000,000 millionths, and two for their rounding; then one of 5 on top."""
    worth = worth_of([request(tier=3), request(tier=3), request(tier=2, weight=5.0)], 0.0)
    assert worth.scale == 1e6
    assert worth.factor.tolist() == [1, 1, 2_000_003]
    assert worth.of(2, 1e-9).tolist() == 2_000_003  # the least that a picture counts
    assert worth.of(0, np.array([0.25, 1.0])).tolist() == [250_000, 1_000_000]


def test_many_tiers_count_in_coarser_units_within_60_bits() -> None:
    wishes = [request(tier=1 + i % 3, weight=100.0) for i in range(900)]
    worth = worth_of(wishes, 0.05)
    assert worth.scale < 1e6
    assert sum(int(worth.of(i, 105.0)) for i in range(900)) < 2**60
    lower = sum(int(worth.of(i, 105.0)) for i in range(900) if wishes[i].tier > 1)
    assert int(worth.of(0, 0.0)) > lower
    with pytest.raises(InputError, match="weight"):
        worth_of([request(tier=1 + i % 3, weight=1e9) for i in range(9)], 0.0)


def test_a_curve_counts_shares_times_quality() -> None:
    """Half the area at quality 0.5 is a quarter of the whole: worth half of what the curve says of half."""
    curve = cover_curve(Cover(curve=((0.0, 0.0), (0.5, 0.2), (1.0, 1.0))), 1000, 0.5)
    assert curve.share.tolist() == [0, WHOLE // 4, WHOLE // 2]
    assert curve.value.tolist() == [0, 100, 500]


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), min_size=2, max_size=7),
    st.integers(1, 30),
    st.none() | st.integers(31, 60),
    st.integers(2, 3),
)
def test_turns_that_rows_allow_are_apart_whatever_their_starts(
    ranges: list[tuple[int, int]], least_s: int, most_s: int | None, turns: int
) -> None:
    """Every way to give each turn an option or none, against every pair of starts that the options allow."""
    low = np.tile([1000 * a for a, _ in ranges], turns)
    high = low + np.tile([1000 * b for _, b in ranges], turns)
    times = Times(
        first_low=low, first_high=high, last_low=low, last_high=high, stop_low=low, stop_high=high
    )
    n = len(ranges)
    parts = [np.arange(t * n, (t + 1) * n) for t in range(turns)]
    repeat = Repeat(count=turns, min_spacing_s=least_s, max_spacing_s=most_s)
    rows = list(_spacing_rows("A", repeat, times, parts, False))
    for choice in product(*([None, *part.tolist()] for part in parts)):
        taken = {one for one in choice if one is not None}
        if any(
            sum(c for o, c in zip(row[0].tolist(), row[1].tolist(), strict=True) if o in taken)
            > row[2]
            for row in rows
        ):
            continue
        by_time = sorted(taken, key=lambda o: int(low[o]))
        for a, b in pairwise(by_time):
            assert low[b] - high[a] >= 1000 * least_s
            assert most_s is None or high[b] - low[a] <= 1000 * most_s


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), min_size=2, max_size=8),
    st.none() | st.integers(1, 40),
)
def test_an_order_holds_for_all_starts(ranges: list[tuple[int, int]], within: int | None) -> None:
    low = np.array([1000 * a for a, _ in ranges])
    high = low + np.array([1000 * b for _, b in ranges])
    times = Times(
        first_low=low, first_high=high, last_low=low, last_high=high,
        stop_low=low + 5000, stop_high=high + 5000,
    )  # fmt: skip
    half = len(ranges) // 2
    before, mine = np.arange(half), np.arange(half, len(ranges))
    within_ms = None if within is None else 1000 * within
    rows = list(_order_rows("B after A", times, before, mine, within_ms))
    assert [int(row[0][0]) for row in rows] == mine.tolist()
    for taken, factor, limit, _ in rows:
        b, allowed = int(taken[0]), set(taken[1:].tolist())
        assert limit == 0
        assert factor.tolist() == [1] + [-1] * len(allowed)
        for a in before.tolist():
            good = low[b] >= high[a] + 5000
            good &= within_ms is None or high[b] - (low[a] + 5000) <= within_ms
            assert (a in allowed) == good


def looking(off: float, around: float) -> np.ndarray:
    return np.array(
        [math.sin(off) * math.cos(around), math.sin(off) * math.sin(around), math.cos(off)]
    )


LINES = st.builds(looking, st.floats(0.0, 45 * deg), st.floats(0.0, 2 * math.pi))
LAWS = st.one_of(
    st.builds(
        lambda a, b, c, d: Slew(law="per_axis", rate_rad_s=(a, b), acceleration_rad_s2=(c, d)),
        *[st.floats(0.005, 0.2)] * 4,
    ),
    st.lists(st.tuples(st.floats(0.001, 0.5), st.floats(0.0, 30.0)), min_size=1, max_size=4).map(
        lambda steps: Slew(
            law="table",
            table=tuple(
                zip(
                    np.cumsum([0.0, *(a for a, _ in steps)]).tolist(),
                    np.cumsum([3.0, *(b for _, b in steps)]).tolist(),
                    strict=True,
                )
            ),
        )
    ),
)


@settings(max_examples=200)
@given(LAWS, LINES, LINES)
def test_the_energy_of_slews_is_never_counted_short(
    law: Slew, end: np.ndarray, start: np.ndarray
) -> None:
    """The battery knows one law, about one axis: it is nowhere faster than the satellite's own."""
    satellite: Any = SimpleNamespace(slew_law=law, max_off_nadir_rad=45 * deg)
    rate, acceleration, still_s = slower_law(satellite)
    euler = Slew(law="euler", rate_rad_s=(rate,), acceleration_rad_s2=(acceleration,))
    need_s = float(slew_time_s(law, end[None], start[None])[0])
    assert still_s + float(slew_time_s(euler, end[None], start[None])[0]) >= need_s - 1e-9
    assert solver_law(satellite).longest_s >= need_s


def test_contacts_lose_their_set_up_and_what_an_outage_touches(tmp_path: Path) -> None:
    mission = load_mission(write_mission(tmp_path, "plain"))
    contacts = prepared(mission)[3]
    whole, rows = make_contacts(mission, contacts)
    assert rows.tolist() == list(range(len(contacts)))
    set_up = tuple(replace(one, setup_s=100.0) for one in mission.stations)
    later, left = make_contacts(replace(mission, stations=set_up), contacts)
    seconds = (contacts["stop"] - contacts["start"]) / 1e9
    assert set(left.tolist()) == set(np.flatnonzero(seconds > 100.001).tolist())
    rate = np.array([one.downlink_bit_s for one in mission.satellites])[later.satellite]
    assert_allclose(whole.max_volume_kbit[left] - later.max_volume_kbit, rate * 0.1, atol=1.0)
    assert later.start_ms.tolist() == whole.start_ms[left].tolist()
    first = mission.span.start + float(whole.stop_ms[0]) / 1e3
    outage = Outage(station=mission.stations[int(whole.station[0])].station.site.name,
                    start=first + -0.5, stop=first + 60.0)  # fmt: skip
    less, kept = make_contacts(replace(mission, outages=(outage,)), contacts)
    assert 0 not in kept.tolist()
    assert len(less) >= len(whole) - 3


def test_a_window_s_options_are_its_starts_cut_where_the_value_changes(tmp_path: Path) -> None:
    """Each start belongs to one option; within one, values differ by 2 % or the starts by less than 10 s."""
    mission, _, made = built(tmp_path, "plain")
    p = made.problem
    o, w = p.options, p.windows
    for i in range(len(w)):
        mine = np.flatnonzero(o.member_window == i)
        mine = mine[np.argsort(o.member_low[mine])]
        starts = [k for m in mine for k in range(int(o.member_low[m]), int(o.member_high[m]) + 1)]
        assert starts == list(range(int(w.count[i])))
    step_ms = round(1e3 * mission.solver.start_step_s)
    assert step_ms == 2000
    for a in np.flatnonzero(o.profile_block >= 0).tolist():
        n = int(o.member_high[a] - o.member_low[a]) + 1
        values = o.profile[o.profile_block[a] : o.profile_block[a] + n]
        assert values.min() == o.value[a]
        assert values.max() <= 1.02 * values.min() + 1 or (n - 1) * step_ms < 10_000


def test_a_schedule_s_value_is_that_of_its_pictures(tmp_path: Path) -> None:
    mission, (orbits, _, sun, _), made = built(tmp_path, "tri_stereo")
    assert made.is_plain
    schedule = solve(made.problem, Stop(time_s=300.0, rounds=2))
    pictures = chosen_pictures(mission, orbits, sun, made, schedule)
    weight = np.array([one.weight for one in mission.requests])
    total = float(np.sum(weight[pictures.request] * pictures.quality))
    assert schedule.value / made.scale == pytest.approx(total, abs=1e-5)
    assert np.all(np.diff(pictures.start_ms) >= 0)
    # The three views of Seoul are one option, in the order of time, and converge as asked.
    rows = np.flatnonzero(pictures.request == 0)
    assert len(rows) == 3
    assert len(set(pictures.option[rows].tolist())) == 1
    middle_ms = (pictures.start_ms[rows] + pictures.stop_ms[rows]) // 2
    r_m = orbits[0].position_itrf_m(mission.span.start.tai_ns + middle_ms * 10**6)
    aim = mission.requests[0].aim.r_itrf_m
    found = [float(convergence_rad(r_m[i], r_m[i + 1], aim)) / deg for i in (0, 1)]
    assert all(8.0 <= one <= 25.0 for one in found)


def test_pictures_keep_away_from_blocked_times_by_a_turn_from_nadir(tmp_path: Path) -> None:
    mission, _, made = built(tmp_path, "blocked")
    satellite = mission.satellites[0]
    w = made.problem.windows
    zero = mission.span.start
    settle_ms = 1e3 * satellite.sensor.agility.settling_s
    cut = 0
    for one in satellite.blocked:
        first, last = 1e3 * (one.start - zero), 1e3 * (one.stop - zero)
        end = w.first_ms + (w.count - 1) * w.step_ms + w.duration_ms
        for m in range(len(made.problem.options)):
            i = int(made.problem.options.member_window[m])
            low = w.first_ms[i] + made.problem.options.member_low[m] * w.step_ms[i]
            high = w.first_ms[i] + made.problem.options.member_high[m] * w.step_ms[i]
            assert high + w.duration_ms[i] + settle_ms < first or low > last + settle_ms
        cut += int(np.sum((w.first_ms < first) & (end > first - 120e3)))
    assert cut > 0  # there are passes that end because of it


@pytest.mark.parametrize("name", ["duty", "thermal", "downlink", "battery"])
def test_no_plan_breaks_a_row_that_follows_from_resources(tmp_path: Path, name: str) -> None:
    """And they say something: with them the proven bound of the first two is far lower."""
    _, _, made = built(tmp_path, name)
    p = made.problem
    more = with_implied_rows(p)
    assert len(more.rows) >= len(p.rows)
    bare = replace(p, spacecraft=())
    for seed in range(3):
        schedule = solve(p, Stop(time_s=300.0, rounds=1), seed)
        assert not faults(p, schedule)
        assert not [text for text in faults(more, schedule) if text.startswith("row")]
    if name in ("duty", "thermal"):
        greedy = solve(bare, Stop(time_s=300.0, rounds=1))
        assert [text for text in faults(more, greedy) if text.startswith("row")]


def test_duty_rows_by_hand(tmp_path: Path) -> None:
    """At most 7 s in ten minutes, three pictures of 2.2 s: rows hold what surely lies in one such stretch."""
    _, _, made = built(tmp_path, "duty")
    more = with_implied_rows(made.problem)
    rows = more.rows
    assert len(rows) > 0
    o, w = more.options, more.windows
    for r in range(len(rows)):
        options = rows.option[rows.start[r] : rows.start[r + 1]]
        window = o.member_window[o.member_block[options]]
        low = w.first_ms[window] + o.member_low[o.member_block[options]] * w.step_ms[window]
        high = w.first_ms[window] + o.member_high[o.member_block[options]] * w.step_ms[window]
        assert (high + w.duration_ms[window]).max() - low.min() <= 600_000
        assert rows.limit[r] == 6_600
        assert (
            rows.coefficient[rows.start[r] : rows.start[r + 1]].tolist()
            == w.duration_ms[window].tolist()
        )
