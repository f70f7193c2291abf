"""The planner's search: how it ends, what it says of problems without a plan, cases that once went wrong."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from offnadir.errors import InputError
from offnadir.planning import solver
from offnadir.planning._audit import faults
from offnadir.planning.problem import (
    Attitudes,
    Battery,
    Contacts,
    Curve,
    Options,
    Problem,
    Progress,
    Rows,
    Schedule,
    Spacecraft,
    Stop,
    Thermal,
    Transitions,
    Windows,
)
from offnadir.planning.solver import SearchParameters, solve

NONE = np.empty(0, np.int64)


def in_line(
    first_ms: list[int],
    value: list[int],
    *,
    count: int = 1,
    satellite: list[int] | None = None,
    delay_ms: int = 10,
    long_ms: int = 10,
    volume: list[int] | None = None,
    **more: Any,
) -> Problem:
    """Windows of `count` starts, 1 ms apart; a chain a satellite, `delay_ms` from start to start."""
    n = len(first_ms)
    who = satellite or [0] * n
    size = np.bincount(who)
    block = np.cumsum([0, *size[who]])[:-1]
    rest = {
        "fixed": more.pop("fixed", np.zeros(n, int)),
        "deadline_ms": more.pop("deadline_ms", np.full(n, -1)),
    }
    return Problem(
        windows=Windows(
            chain=who,
            first_ms=first_ms,
            step_ms=[1] * n,
            count=[count] * n,
            duration_ms=[long_ms] * n,
        ),
        transitions=Transitions(
            is_table=[False] * len(size),
            block=block,
            delay_ms=np.full(int(size[who].sum()), delay_ms),
        ),
        options=Options.single(
            task=np.arange(n),
            value=value,
            window=np.arange(n),
            low=[0] * n,
            high=[count - 1] * n,
            member_volume_kbit=np.zeros(n, int) if volume is None else volume,
            **rest,
        ),
        chain_satellite=np.arange(len(size)),
        request=np.arange(n),
        **more,
    )


def crowd(n: int = 300, seed: int = 5) -> Problem:
    """So many pictures within a minute, of which some forty go together; a memory that holds thirty."""
    rng = np.random.default_rng(seed)
    return in_line(
        np.sort(rng.integers(0, 60_000, n)).tolist(),
        rng.integers(1, 1000, n).tolist(),
        count=3_000,
        delay_ms=1_500,
        long_ms=500,
        volume=rng.integers(5, 15, n).tolist(),
        spacecraft=(Spacecraft(memory_kbit=300),),
    )


def test_a_moment_is_enough_for_a_plan() -> None:
    problem = crowd()
    plan = solve(problem, Stop(time_s=1e-9))
    assert faults(problem, plan) == []
    assert 0 < plan.value <= plan.bound
    assert not plan.repeatable


def test_no_round_is_the_first_plan() -> None:
    problem = crowd()
    plan = solve(problem, Stop(rounds=0))
    assert plan.repeatable
    assert faults(problem, plan) == []
    assert plan.value > 0


def test_whoever_is_interrupted_returns_the_best_so_far() -> None:
    problem, told = crowd(), list[Progress]()
    begin_s = time.monotonic()
    plan = solve(
        problem, Stop(time_s=600.0), progress=told.append, interrupted=lambda: len(told) > 3
    )
    assert time.monotonic() - begin_s < 300.0
    assert faults(problem, plan) == []
    assert not plan.repeatable
    assert plan.value >= told[-1].value > 0
    assert [(t.value, t.bound) for t in told] == [row[1:] for row in plan.trace[: len(told)]]


CTRL_C = """
import _thread, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored in the background
sys.path[:0] = [{here!r}, {tests!r}]
from test_search import crowd
from offnadir.planning._audit import faults
from offnadir.planning.problem import Stop
from offnadir.planning.solver import solve
problem, told = crowd(), []
def stop():
    while len(told) < 3:
        time.sleep(0.05)
    _thread.interrupt_main()
threading.Thread(target=stop).start()
plan = solve(problem, Stop(time_s=600.0), progress=told.append)
assert faults(problem, plan) == []
assert not plan.repeatable
assert plan.value > 0
assert not any("ThreadPool" in thread.name for thread in threading.enumerate())
print("came back")
"""


def test_ctrl_c_returns_the_best_so_far() -> None:
    """As Python raises it in the main thread, so in a process of its own; the searches end too."""
    here = Path(__file__).resolve().parent
    code = CTRL_C.format(here=str(here), tests=str(here.parent))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout == "came back\n", done.stderr


def test_progress_only_gets_better() -> None:
    told = list[Progress]()
    with patch.object(solver, "SLICE", 50_000):
        plan = solve(crowd(), Stop(rounds=6), progress=told.append)
    assert len(told) > 2
    for a, b in pairwise(told):
        assert b.value >= a.value
        assert b.bound <= a.bound
        assert b.elapsed_s >= a.elapsed_s
    assert all(t.value <= t.bound for t in told)
    assert (told[-1].value, told[-1].bound) == (plan.value, plan.bound)


@pytest.mark.parametrize("seed", [-1, 0, 2**31, 2**62])
def test_any_whole_number_is_a_seed(seed: int) -> None:
    assert solve(in_line([0, 20], [3, 4]), Stop(rounds=1), seed).value == 7


def test_a_proven_choice_under_rows_is_repeatable() -> None:
    """Pairs of a ring of 41 exclude each other; whichever thread is faster, it ends with its own proof."""
    n = 41
    problem = in_line([0] * n, [1] * n, rows=Rows.of([([i, (i + 1) % n], 1, 1) for i in range(n)]))
    free = replace(problem.windows, chain=np.full(n, -1))
    problem = replace(problem, windows=free)
    plans = [solve(problem, Stop(rounds=50), 3) for _ in range(5)]
    assert [(plan.value, plan.bound, plan.repeatable) for plan in plans] == [(20, 20, True)] * 5
    assert len({tuple(plan.option.tolist()) for plan in plans}) == 1


def test_a_gap_that_is_small_enough_ends_it() -> None:
    plan = solve(crowd(), Stop(time_s=600.0, gap=0.9))
    assert plan.gap <= 0.9
    assert plan.repeatable


def test_searches_side_by_side_are_as_good_as_one() -> None:
    """Three windows of which the outer two fit: 3 + 4 beats 6."""
    problem = in_line([0, 5, 12], [3, 6, 4])
    for threads in (1, 2, 4):
        plan = solve(problem, Stop(rounds=2), params=SearchParameters(threads=threads))
        assert plan.option.tolist() == [0, 2]
        assert plan.value == plan.bound == 7


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        # both begin within 10 ms of each other
        ({"fixed": [1, 1, 0]}, "options.fixed[1]", "window 1 begins 5 ms after window 0, not 10"),
        (
            {"fixed": [1, 0, 1], "rows": Rows.of([([0, 2], 1, 1)])},
            "options.fixed[2]",
            "row 0 holds 2 of at most 1",
        ),
        (
            {"fixed": [0, 1, 0], "rows": Rows.of([([1], 3, 2)])},
            "options.fixed[1]",
            "row 0 holds 3 of at most 2",
        ),
        # option 0 only together with option 1, which overlaps
        (
            {"fixed": [1, 0, 0], "rows": Rows.of([([0, 1], [1, -1], 0)])},
            "options.fixed[0]",
            "row 0 holds 1 of at most 0",
        ),
        (
            {"fixed": [1, 0, 0], "volume": [9, 1, 1], "spacecraft": (Spacecraft(memory_kbit=8),)},
            "options.fixed[0]",
            "memory holds 9 of 8 kbit",
        ),
        (
            {"fixed": [1, 0, 1], "volume": [5, 1, 4], "spacecraft": (Spacecraft(memory_kbit=8),)},
            "options.fixed[2]",
            "memory holds 9 of 8 kbit",
        ),
        (
            {"fixed": [0, 0, 1], "deadline_ms": [-1, -1, 50], "volume": [1, 1, 1]},
            "options.fixed[2]",
            "due at 50",
        ),
        (
            {
                "spacecraft": (
                    Spacecraft(
                        thermal=Thermal(heating_mk_s=10**6, time_constant_ms=100, max_rise_mk=9_000)
                    ),
                ),
                "fixed": [1, 0, 0],
            },
            "options.fixed[0]",
            "of 9000 mK",
        ),
        (
            {
                "spacecraft": (Spacecraft(duty_imaging_ms=19, duty_in_ms=30),),
                "fixed": [1, 0, 1],
            },
            "options.fixed[2]",
            "20 ms of imaging",
        ),
    ],
)
def test_fixed_options_that_cannot_be_kept(change: dict[str, Any], field: str, text: str) -> None:
    """
    A |==|          0 to 10
    B   |==|        5 to 15
    C      |==|    12 to 22
    """
    problem = in_line([0, 5, 12], [3, 6, 4], **change)
    with patch.object(solver, "SLICE", 5_000), pytest.raises(InputError) as told:
        solve(problem, Stop(time_s=60.0))
    assert told.value.field == field
    assert text in str(told.value)


def test_fixed_options_that_contacts_would_serve_are_not_blamed_by_themselves() -> None:
    """Two contacts clash, and each carries one picture: either is down in time, both are not."""
    sky = Contacts(
        satellite=[0, 0],
        station=[0, 0],
        start_ms=[22, 25],
        stop_ms=[40, 41],
        max_volume_kbit=[1, 1],
    )
    problem = in_line(
        [0, 12],
        [3, 4],
        fixed=[1, 1],
        volume=[1, 1],
        deadline_ms=[45, 45],
        contacts=sky,
        antennas=[1],
    )
    with patch.object(solver, "SLICE", 5_000), pytest.raises(InputError) as told:
        solve(problem, Stop(rounds=1))
    assert told.value.field == "options.fixed[1]"
    assert "possible, with all others that are fixed: satellite 0: member 1" in str(told.value)


def battery(**change: Any) -> Battery:
    """Twenty mJ, 0.1 mJ a millisecond while idle: empty after 200 ms."""
    numbers: dict[str, Any] = {
        "capacity_mj": 20,
        "initial_mj": 20,
        "floor_mj": 0,
        "charge_mw": 0,
        "idle_mw": 100,
        "imaging_mw": 0,
        "slew_mw": 0,
        "downlink_mw": 0,
        "settling_ms": 0,
        "settling_mw": 0,
        "start_ms": 0,
        "stop_ms": 100,
        "sunlit_ms": np.empty((0, 2), np.int64),
        "rate_rad_s": 1.0,
        "acceleration_rad_s2": 1.0,
        "first_los": (0.0, 0.0, 0.0),
    }
    return Battery(**(numbers | change))


def with_battery(b: Battery, **more: Any) -> Problem:
    """Two pictures that go together, of a satellite that never turns."""
    nadir = np.tile([0.0, 0.0, 1.0], (2, 1))
    return in_line(
        [0, 50],
        [3, 4],
        spacecraft=(Spacecraft(battery=b),),
        attitudes=Attitudes(block=np.arange(2), start=nadir, stop=nadir),
        **more,
    )


def test_a_satellite_that_does_not_last_without_a_picture_is_named() -> None:
    assert solve(with_battery(battery())).value == 7
    with pytest.raises(
        InputError, match=r"spacecraft.*satellite 0: the battery holds .*without any"
    ):
        solve(with_battery(battery(floor_mj=15)))


def test_a_battery_that_begins_below_its_floor_is_named() -> None:
    """The Sun would lift it, but a level may at no instant be below the floor."""
    low = battery(initial_mj=1, floor_mj=5, charge_mw=9_000, sunlit_ms=np.array([[0, 100]]))
    with pytest.raises(InputError, match=r"problem\.spacecraft.*battery holds 0\.001 J"):
        solve(with_battery(low))


def test_contacts_that_empty_the_battery_are_left_out() -> None:
    """Idling leaves 10 mJ; each contact of 20 ms takes 6: one is borne, two are not."""
    sky = Contacts(
        satellite=[0, 0],
        station=[0, 0],
        start_ms=[10, 60],
        stop_ms=[30, 80],
        max_volume_kbit=[1, 1],
    )
    plan = solve(with_battery(battery(downlink_mw=300), contacts=sky, antennas=[1]))
    assert plan.value == 7
    assert plan.contact.tolist() == [0]


def test_a_fixed_option_that_needs_another_comes_with_it() -> None:
    """Worth nothing itself, and it needs an option that is not fixed and that all others are better than."""
    problem = in_line(
        [0, 5, 12, 30], [9, 1, 4, 0], fixed=[0, 0, 0, 1], rows=Rows.of([([3, 1], [1, -1], 0)])
    )
    plan = solve(problem, Stop(rounds=2))
    assert plan.option.tolist() == [1, 3]
    assert plan.value == plan.bound == 1


def test_a_start_that_holds_fixed_options_is_kept() -> None:
    """Two fixed options that fit in one order only, and a plan that knows it."""
    problem = in_line([0, 5], [1, 1], count=6, fixed=[1, 1])
    start = Schedule(
        option=np.array([0, 1]),
        start=np.array([0, 5]),
        contact=NONE,
        value=2,
        bound=2,
        repeatable=True,
    )
    assert solve(problem, start=start).option.tolist() == [0, 1]


def test_a_start_that_breaks_a_rule_is_refused() -> None:
    problem = in_line([0, 5, 12], [3, 6, 4])
    wrong = Schedule(
        option=np.array([0, 1]),
        start=np.array([0, 0]),
        contact=NONE,
        value=9,
        bound=9,
        repeatable=True,
    )
    with pytest.raises(InputError, match=r"window 1 begins 5 ms after window 0.*keeps every rule"):
        solve(problem, start=wrong)
    with pytest.raises(InputError, match=r"the value is 3, not 9"):
        solve(problem, start=replace(wrong, option=np.array([0]), start=np.array([0])))


@pytest.mark.parametrize(
    ("start_ms", "stop_ms", "taken"),
    [
        (20, 45, [0, 1]),
        (10, 60, [0, 1]),  # from the very end of A to the very end of B
        (9, 60, [1]),  # begins before A is complete and cannot send it
        (10, 61, [1]),  # its room is free after B is complete
    ],
)
def test_memory_for_one_picture_and_a_contact(
    start_ms: int, stop_ms: int, taken: list[int]
) -> None:
    """A is taken from 0 to 10, B from 50 to 60, and each fills the memory.

    A |==|   ---K---   |==| B
    """
    sky = Contacts(
        satellite=[0], station=[0], start_ms=[start_ms], stop_ms=[stop_ms], max_volume_kbit=[8]
    )
    craft = (Spacecraft(memory_kbit=8),)
    problem = in_line([0, 50], [3, 4], volume=[8, 8], spacecraft=craft, contacts=sky, antennas=[1])
    with patch.object(solver, "SLICE", 5_000):
        assert solve(problem, Stop(rounds=2)).option.tolist() == taken


@pytest.mark.parametrize(("due_ms", "taken"), [(45, [0, 1]), (44, [0])])
def test_what_is_due_is_down_by_then(due_ms: int, taken: list[int]) -> None:
    """First in, first out, and K carries both.

    A |==|  B |==|   ---K: 22 to 45---
    """
    sky = Contacts(satellite=[0], station=[0], start_ms=[22], stop_ms=[45], max_volume_kbit=[8])
    problem = in_line(
        [0, 12], [3, 4], volume=[4, 4], deadline_ms=[-1, due_ms], contacts=sky, antennas=[1]
    )
    with patch.object(solver, "SLICE", 5_000):
        assert solve(problem, Stop(rounds=2)).option.tolist() == taken


def test_a_station_without_antennas_takes_nothing() -> None:
    """Two contacts clash over a station that has no antenna: what is due cannot come down by either."""
    sky = Contacts(
        satellite=[0, 1],
        station=[0, 0],
        start_ms=[22, 23],
        stop_ms=[40, 41],
        max_volume_kbit=[8, 8],
    )
    problem = in_line(
        [0, 12], [3, 4], volume=[4, 4], deadline_ms=[-1, 45], contacts=sky, antennas=[0]
    )
    with patch.object(solver, "SLICE", 5_000):
        plan = solve(problem, Stop(rounds=2))
    assert plan.option.tolist() == [0]
    assert not len(plan.contact)


def test_a_picture_that_must_wait_for_the_room() -> None:
    """
    A |==|  --K: 15 to 30--      B may begin from 12 to 41; A and B have room only from K's end on
    The search has every picture as early as it can be; a plan from elsewhere that waits is not lost.
    """
    sky = Contacts(satellite=[0], station=[0], start_ms=[15], stop_ms=[30], max_volume_kbit=[9])
    problem = in_line(
        [0, 12],
        [3, 4],
        count=30,
        volume=[5, 5],
        spacecraft=(Spacecraft(memory_kbit=8),),
        contacts=sky,
        antennas=[1],
    )
    waits = Schedule(
        option=np.array([0, 1]),
        start=np.array([0, 10]),
        contact=np.array([0]),
        value=7,
        bound=7,
        repeatable=True,
    )
    assert faults(problem, waits) == []
    assert "memory holds 10 of 8" in faults(problem, replace(waits, start=np.array([0, 7])))[0]
    plan = solve(problem, Stop(rounds=1), start=waits)
    assert plan.value == 7
    assert faults(problem, plan) == []


def test_the_picture_behind_one_that_goes_does_not_begin_too_early() -> None:
    """
    Satellite 0  A |==|  ---K---  X |==|  C      with X gone C begins before K frees its room
    satellite 1  Y: worth more than X and A row lets only one of both be
    The plan with Y must do without A or C.
    """
    sky = Contacts(satellite=[0], station=[0], start_ms=[10], stop_ms=[40], max_volume_kbit=[9])
    problem = in_line(
        [0, 32, 20, 0],
        [3, 1, 4, 50],
        count=60,
        satellite=[0, 0, 0, 1],
        volume=[5, 1, 6, 1],
        spacecraft=(Spacecraft(memory_kbit=8), Spacecraft()),
        contacts=sky,
        antennas=[1],
        rows=Rows.of([([1, 3], 1, 1)]),
    )
    for seed in range(6):
        with patch.object(solver, "SLICE", 20_000):
            plan = solve(problem, Stop(rounds=3), seed)
        assert faults(problem, plan) == []
        assert plan.value >= 54


def test_windows_in_no_chain_begin_where_they_are_worth_most() -> None:
    """A free window of three starts worth 4, 9, 6; the curve makes it more than a choice under rows."""
    problem = Problem(
        windows=Windows(chain=[-1], first_ms=[0], step_ms=[1], count=[5], duration_ms=[1]),
        transitions=Transitions(is_table=[], block=[0]),
        options=Options.single(
            task=[0],
            value=[4],
            window=[0],
            low=[1],
            high=[3],
            share=[1],
            profile_block=[0],
            profile=[4, 9, 6],
        ),
        chain_satellite=[],
        request=[0],
        curve={0: Curve(share=[0, 1], value=[0, 10])},
    )
    plan = solve(problem, Stop(rounds=2))
    assert plan.start.tolist() == [2]
    assert plan.value == plan.bound == 19
