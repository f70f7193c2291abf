"""Tables of least starts by hand, and what they are made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from naive import search as naive
from offnadir.errors import InputError
from offnadir.planning.problem import Array, Transitions, Windows
from offnadir.planning.transitions import SlewLaw, cut_chains, transition_tables

NEVER = 0xFFFF


def two_windows(offset_ms: int = 5_100) -> Windows:
    """
    A |===   starts at 0, 1, .. 4 s, 2 s long
    B      |=======    starts each second from `offset_ms` on, ten of them, 2 s long
    """
    return Windows(
        chain=[0, 0],
        first_ms=[0, offset_ms],
        step_ms=[1_000] * 2,
        count=[5, 10],
        duration_ms=[2_000] * 2,
    )


def rolls(*columns: Any) -> Array:
    """Attitudes (roll, pitch, nothing) of windows one after the other, from rolls [rad]."""
    roll = np.concatenate([np.asarray(column, np.float64) for column in columns])
    return np.stack([roll, np.zeros(len(roll)), np.zeros(len(roll))], axis=1)


def one_chain(
    windows: Windows, law: SlewLaw, start: Array, stop: Array, **more: Any
) -> Transitions:
    """Tables of windows that all stand in chain 0."""
    row = np.cumsum(windows.count) - windows.count
    return transition_tables(windows, np.array([0]), [law], row, start, stop, threads=1, **more)


# 0.1 rad/s after one second of acceleration: x rad take 10 x + 1 s from 0.1 rad on
STEADY = SlewLaw(
    kind="per_axis",
    longest_s=30.0,
    rate_rad_s=(0.1, 0.1),
    acceleration_rad_s2=(0.1, 0.1),
)


@pytest.mark.parametrize(("margin_ms", "expected"), [(0, [2, 3, 4, 4, 5]), (200, [3, 3, 4, 4, 5])])
def test_two_windows_with_attitudes_along_straight_lines(
    margin_ms: int, expected: list[int]
) -> None:
    """The roll at the end of A is 0.01 k, at the start of B 0.5 - 0.05 x.

    There are 3.1 + x - k seconds between; the slew takes 6 - 0.5 x - 0.1 k. So x >= (2.9 + 0.9 k) / 1.5:
    1.93, 2.53, 3.13, 3.73, 4.33; with a margin of 0.2 s 2.07, 2.67, 3.27, 3.87, 4.47.
    """
    att = rolls(0.01 * np.arange(5), 0.5 - 0.05 * np.arange(10))
    made = one_chain(two_windows(), STEADY, att, att, margin_ms=margin_ms)
    assert made.table[5:10].tolist() == expected
    assert made.table[:5].tolist() == [NEVER] * 5  # after itself
    # B ends after the last start of A: A is not in its table at all
    assert made.low is not None
    assert made.low.tolist() == [0, 1]
    assert made.block.tolist() == [0, 10]


def test_what_runs_away_too_fast_is_never_reached() -> None:
    """B rolls at 0.2 rad/s, twice as fast as the satellite turns."""
    att = rolls(np.zeros(5), 0.5 + 0.2 * np.arange(10))
    made = one_chain(two_windows(), STEADY, att, att)
    assert made.table[5:10].tolist() == [NEVER] * 5


def test_entry_lies_behind_a_start_that_does_not_do_soon_after_one_that_does() -> None:
    """B lies at 0 rad but for its fifth start, 21 s away: too far behind the first to be seen."""
    roll = np.zeros(10)
    roll[4] = 2.0
    att = rolls(np.zeros(5), roll)
    made = one_chain(two_windows(), STEADY, att, att)
    # 3.1 + x - k s are there, none is needed: starts 0 and 1, from which the fifth is 3 s away or more
    assert made.table[5:10].tolist() == [0, 0, 0, 0, 1]
    soon = roll.copy()
    soon[[2, 4]] = 2.0
    att = rolls(np.zeros(5), soon)
    assert one_chain(two_windows(), STEADY, att, att).table[5:10].tolist() == [5] * 5


def test_who_begins_later_is_never_sooner_done() -> None:
    """A lies at 2 rad for its first start and at B's 0 rad for all others: those wait as long as it."""
    att = rolls([2.0, 0.0, 0.0, 0.0, 0.0], np.zeros(30))
    view = Windows(
        chain=[0, 0],
        first_ms=[0, 2_500],
        step_ms=[1_000] * 2,
        count=[5, 30],
        duration_ms=[2_000] * 2,
    )
    # 21 s from 2 s on: start 21 at 23.5 s
    assert one_chain(view, STEADY, att, att).table[5:10].tolist() == [21] * 5


def unit(angle_rad: float) -> list[float]:
    """A line of sight so far from nadir."""
    return [math.sin(angle_rad), 0.0, math.cos(angle_rad)]


def time_of(law: SlewLaw, start: list[float], stop: list[float]) -> float:
    """What the table says of a slew [s], within 5 ms: the second window may begin at 5, 15, 25 ... ms."""
    view = Windows(
        chain=[0, 0],
        first_ms=[0, 1_005],
        step_ms=[1, 10],
        count=[1, 5_000],
        duration_ms=[1_000] * 2,
    )
    att = np.array([start] + [stop] * 5_000)
    least = int(one_chain(view, law, att, att).whole(view).table[1])
    return 0.01 * least


TABLE = np.array([[0.0, 1.0], [0.2, 3.0], [1.0, 11.0]])


@pytest.mark.parametrize(
    ("law", "start", "stop", "expected_s"),
    [
        # 0.4 rad at 0.1 rad/s and 0.1 rad/s2: 4 s and 1 s; 0.025 rad: half a second up and down; settling 2 s
        ({"kind": "euler"}, unit(0.0), unit(0.4), 5.0),
        ({"kind": "euler"}, unit(-0.2), unit(0.2), 5.0),
        ({"kind": "euler"}, unit(0.3), unit(0.325), 1.0),
        ({"kind": "euler"}, unit(0.3), unit(0.3), 0.0),
        ({"kind": "euler", "settling_s": 2.0}, unit(0.0), unit(0.4), 7.0),
        # about the axis across: both angles are one turn
        ({"kind": "euler"}, [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], math.pi / 0.2 + 1.0),
        # 0.1 rad lie halfway to 3 s, 0.6 halfway from 3 to 11 s; beyond the last point 10 s a radian go on
        ({"kind": "euler_table", "table": TABLE}, unit(0.0), unit(0.1), 2.0),
        ({"kind": "euler_table", "table": TABLE}, unit(0.0), unit(0.6), 7.0),
        ({"kind": "euler_table", "table": TABLE}, unit(0.0), unit(1.2), 13.0),
        ({"kind": "euler_table", "table": TABLE, "settling_s": 0.5}, unit(0.2), unit(0.2), 1.5),
        # |roll| 0.4 and |pitch| 0.2
        ({"kind": "sum_table", "table": TABLE}, [0.1, 0.3, 0.0], [-0.3, 0.1, 0.0], 7.0),
        # roll 0.4 at 0.1 rad/s: 5 s; pitch 0.4 at 0.05 rad/s and 0.05 rad/s2: 9 s; 0.2: 5 s
        ({"kind": "per_axis"}, [0.0, 0.0, 0.0], [0.4, 0.0, 0.0], 5.0),
        ({"kind": "per_axis"}, [0.0, 0.0, 0.0], [0.4, -0.4, 0.0], 9.0),
        ({"kind": "per_axis", "settling_s": 1.0}, [0.0, 0.1, 0.0], [-0.4, 0.3, 0.0], 6.0),
    ],
)
def test_times_of_slews(
    law: dict[str, Any], start: list[float], stop: list[float], expected_s: float
) -> None:
    made = SlewLaw(longest_s=45.0, rate_rad_s=(0.1, 0.05), acceleration_rad_s2=(0.1, 0.05), **law)
    assert time_of(made, start, stop) == pytest.approx(expected_s, abs=0.0051)


def test_slews_of_the_longest_time_are_taken_as_done() -> None:
    """Beyond `longest_s` nobody asks the law, however slow it is."""
    law = SlewLaw(kind="euler", longest_s=3.0, rate_rad_s=(0.01, 0.01))
    assert time_of(law, unit(0.0), unit(1.0)) == pytest.approx(3.0, abs=0.0051)


def random_chain(seed: int) -> tuple[Windows, Array, Array]:
    """Up to nine windows in no order, sweeping at up to 0.02 rad/s; lines of sight at starts and at ends."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 10))
    count = rng.integers(1, 12, n)
    view = Windows(
        chain=np.zeros(n, int),
        first_ms=rng.integers(0, 120_000, n),
        step_ms=rng.integers(200, 3_000, n),
        count=count,
        duration_ms=rng.integers(0, 5_000, n),
    )
    (pitch, roll), rate = rng.uniform(-0.5, 0.5, (2, n)), rng.uniform(-0.02, 0.02, n)
    start, stop = [], []
    for i in range(n):
        t = np.arange(count[i]) * view.step_ms[i] / 1e3
        for at, out in ((t, start), (t + view.duration_ms[i] / 1e3, stop)):
            a = pitch[i] + rate[i] * at
            out.append(
                np.stack([np.tan(a), np.full(len(at), math.tan(roll[i])), np.ones(len(at))], 1)
            )
    both = [np.concatenate(x) for x in (start, stop)]
    lines = [x / np.linalg.norm(x, axis=1)[:, None] for x in both]
    return view, lines[0], lines[1]


def turn_s(a: Array, b: Array) -> Array:
    """At 0.08 rad/s and 0.05 rad/s2 about one axis, and 1.5 s to settle."""
    angle = 2.0 * np.arcsin(np.minimum(1.0, 0.5 * np.linalg.norm(a - b, axis=1)))
    short = angle * 0.05 < 0.08 * 0.08
    turn = np.where(short, 2.0 * np.sqrt(angle / 0.05), angle / 0.08 + 0.08 / 0.05)
    return np.asarray(turn + 1.5, np.float64)


@pytest.mark.parametrize("seed", range(12))
def test_a_users_function_agrees_with_the_law_it_repeats(seed: int) -> None:
    view, start, stop = random_chain(seed)
    law = SlewLaw(
        kind="euler",
        longest_s=45.0,
        rate_rad_s=(0.08, 0.08),
        acceleration_rad_s2=(0.05, 0.05),
        settling_s=1.5,
    )
    own = SlewLaw(kind="function", longest_s=45.0, function=turn_s)
    for margin_ms in (0, 700):
        first = one_chain(view, law, start, stop, margin_ms=margin_ms)
        second = one_chain(view, own, start, stop, margin_ms=margin_ms)
        assert first.table.tolist() == second.table.tolist()
        assert len(first.table) > 0


@pytest.mark.parametrize("seed", range(12))
def test_bands_leave_nothing_out(seed: int) -> None:
    """A table of all windows of the chain, entry by entry in plain Python, says the same."""
    view, start, stop = random_chain(seed + 100)
    law = SlewLaw(
        kind="euler",
        longest_s=20.0,
        rate_rad_s=(0.08, 0.08),
        acceleration_rad_s2=(0.05, 0.05),
        settling_s=1.5,
    )
    whole = one_chain(view, law, start, stop).whole(view)
    row = (np.cumsum(view.count) - view.count).tolist()
    for i in range(len(view)):
        for j in range(len(view)):
            if i == j:
                continue
            at = int(whole.block[i] + j * view.count[i])
            expected = naive.least_starts(
                view,
                i,
                j,
                lambda k, x, i=i, j=j: (
                    1.5
                    + naive.rest_to_rest_s(
                        naive.angle_rad(stop[row[i] + k], start[row[j] + x]), 0.08, 0.05
                    )
                ),
            )
            assert whole.table[at : at + view.count[i]].tolist() == expected


@pytest.mark.parametrize(("later_ms", "chains"), [(9_999, [0, 0]), (10_000, [0, 1])])
def test_chains_end_where_no_slew_reaches(later_ms: int, chains: list[int]) -> None:
    """The first can begin until 4 s, lasts 1 s, the longest slew 5 s: who begins at 10 s is free of it."""
    found = cut_chains(
        np.array([0, 0]),
        np.array([0, later_ms]),
        np.array([4_000, 20_000]),
        np.array([1_000, 1_000]),
        np.array([5_000]),
    )
    assert found.tolist() == chains


def test_chains_of_two_satellites() -> None:
    """
    Satellite 1  C0: windows 3 and 0, long one first;  C1: window 4        longest slew 1 s
    satellite 0  windows 2 and 1                                           longest slew 60 s
    The long window holds the chain together though the one between ends early.
    """
    satellite = np.array([1, 0, 0, 1, 1])
    first_ms = np.array([2_000, 50_000, 0, 0, 40_000])
    last_ms = np.array([2_000, 50_000, 0, 30_000, 40_000])
    duration_ms = np.full(5, 500)
    found = cut_chains(satellite, first_ms, last_ms, duration_ms, np.array([60_000, 1_000]))
    assert found.tolist() == [1, 0, 0, 1, 2]
    # at 31 s the long one's last start still matters, at 31.5 s no more
    for at, expected in ((31_499, 1), (31_500, 2)):
        first_ms[4] = at
        found = cut_chains(satellite, first_ms, last_ms, duration_ms, np.array([60_000, 1_000]))
        assert found[4] == expected


@pytest.mark.parametrize(
    ("change", "field", "wish"),
    [
        ({"kind": "fast"}, "kind", "one of euler, euler_table, sum_table, per_axis, function"),
        ({"longest_s": -1.0}, "longest_s", "zero or more"),
        ({"longest_s": math.nan}, "longest_s", "zero or more"),
        ({"kind": "function"}, "function", "given for the kind function"),
        ({"function": turn_s}, "function", "for no other"),
        ({"kind": "euler_table", "table": np.zeros((1, 2))}, "table", "two or more rows"),
        ({"kind": "euler_table"}, "table", "rising"),
        ({"kind": "sum_table", "table": np.zeros((3, 3))}, "table", "(angle, seconds)"),
        ({"kind": "sum_table", "table": np.zeros(4)}, "table", "(angle, seconds)"),
        ({"kind": "euler_table", "table": np.array([[0.0, 3.0], [1.0, 2.0]])}, "table", "rising"),
    ],
)
def test_a_law_that_is_none_is_refused(change: dict[str, Any], field: str, wish: str) -> None:
    with pytest.raises(InputError) as told:
        SlewLaw(**({"kind": "euler", "longest_s": 1.0} | change))
    assert told.value.field == field
    assert wish in told.value.wish


def test_a_function_that_answers_wrongly_is_named() -> None:
    att = np.tile([0.0, 0.0, 1.0], (15, 1))
    slow = SlewLaw(kind="function", longest_s=9.0, function=lambda a, b: np.full(len(a), 9.5))
    with pytest.raises(InputError, match="at most longest_s"):
        one_chain(two_windows(), slow, att, att)
    short = SlewLaw(kind="function", longest_s=9.0, function=lambda a, b: np.zeros(len(a) + 1))
    with pytest.raises(InputError, match="seconds of shape"):
        one_chain(two_windows(), short, att, att)
    nan = SlewLaw(kind="function", longest_s=9.0, function=lambda a, b: np.full(len(a), math.nan))
    with pytest.raises(InputError, match="at most longest_s"):
        one_chain(two_windows(), nan, att, att)


def test_each_chain_has_the_law_of_its_satellite() -> None:
    """Two chains of the same two pictures: a slow satellite and a fast one."""
    view = Windows(
        chain=[0, 0, 1, 1],
        first_ms=[0, 2_000] * 2,
        step_ms=[1_000] * 4,
        count=[1, 20] * 2,
        duration_ms=[1_500] * 4,
    )
    att = np.array(([unit(0.0)] + [unit(0.4)] * 20) * 2)
    laws = [
        SlewLaw(
            kind="euler", longest_s=60.0, rate_rad_s=(rate, 1.0), acceleration_rad_s2=(0.1, 1.0)
        )
        for rate in (0.1, 0.05)
    ]
    row = np.array([0, 1, 21, 22])
    made = transition_tables(view, np.array([1, 0]), laws, row, att, att).whole(view)
    # 0.5 + x >= 8 + 0.5 s; 4 + 1 s
    assert made.table[made.block[0] + 1] == 8
    assert made.table[made.block[2] + 1] == 5
