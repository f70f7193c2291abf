"""The search and its kernels against twins that try everything; what is true of any plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from naive import search as naive
from offnadir._jit import kernel
from offnadir.errors import InputError
from offnadir.planning import _regions as R
from offnadir.planning import _resource_kernels as resources
from offnadir.planning import _search_kernels as kernels
from offnadir.planning import solver
from offnadir.planning._audit import faults, value_of
from offnadir.planning._search import Search
from offnadir.planning.problem import (
    Attitudes,
    Battery,
    Contacts,
    Curve,
    Options,
    Problem,
    Rows,
    Schedule,
    Spacecraft,
    Stop,
    Thermal,
    Transitions,
    Windows,
)
from offnadir.planning.solver import SearchParameters
from props.test_bound_props import problems

NONE = np.empty(0, np.int64)


def quick(problem: Problem, rounds: int = 3, **more: Any) -> Schedule:
    """A short search: rounds of some thousand questions instead of a million."""
    with patch.object(solver, "SLICE", 12_000), patch.object(solver, "_BOUND_WORK", 2.0):
        return solver.solve(problem, Stop(rounds=rounds), **more)


# -- problems ---------------------------------------------------------------------------------------


def random_windows(rng: np.random.Generator, chain: Any, most_starts: int) -> Windows:
    """In the chains given, of a few starts, within some 60 ms; of a chain in the order of first starts."""
    n = len(chain)
    first = rng.integers(0, 40, n)
    first = first[np.lexsort((first, chain))]
    return Windows(
        chain=chain,
        first_ms=first,
        step_ms=rng.integers(1, 9, n),
        count=rng.integers(1, most_starts + 1, n),
        duration_ms=rng.integers(1, 8, n),
    )


def random_transitions(rng: np.random.Generator, windows: Windows, n_chains: int) -> Transitions:
    """Tables, some in bands, or delays, none shorter than the picture before."""
    is_table = rng.random(n_chains) < 0.7
    n, banded = len(windows), rng.random() < 0.5
    block, low, high = np.zeros((3, n), np.int64)
    table: list[int] = []
    delay: list[int] = []
    longest = int(rng.integers(4, 15))
    for i in range(n):
        c = int(windows.chain[i])
        if c < 0:
            continue
        others = np.flatnonzero(windows.chain == c)
        low[i], high[i] = 0, len(others)
        if not is_table[c]:
            block[i] = len(delay)
            more = rng.integers(0, longest, len(others)) + windows.duration_ms[i]
            delay += np.where(rng.random(len(others)) < 0.1, -1, more).tolist()
            continue
        ends = windows.first_ms[i] + np.arange(windows.count[i]) * windows.step_ms[i]
        ends = ends + windows.duration_ms[i]
        if banded:
            late = windows.first_ms[others] >= ends[-1] + longest
            high[i] = len(others) - np.count_nonzero(
                late
            )  # first starts rise, so these are the last
            last = windows.first_ms + (windows.count - 1) * windows.step_ms
            dead = np.minimum.accumulate(last[others] < ends[0])
            low[i] = min(np.count_nonzero(dead), high[i])
        block[i] = len(table)
        for j in others[low[i] : high[i]].tolist():
            need = np.maximum.accumulate(ends + rng.integers(0, longest + 1, len(ends)))
            least = np.maximum(0, -((windows.first_ms[j] - need) // windows.step_ms[j]))
            table += np.where(least < windows.count[j], least, naive.NEVER).tolist()
    return Transitions(
        is_table=is_table,
        block=block,
        table=np.array(table, np.uint16),
        delay_ms=delay,
        **({"low": low, "high": high} if banded else {}),
    )


def random_options(
    rng: np.random.Generator, windows: Windows, n_tasks: int, *, dated: bool
) -> Options:
    """One option a window or two, some pairs and triples, ranges, profiles, shares, deadlines."""
    n = len(windows)
    draft: list[tuple[int, list[int]]] = [(int(rng.integers(n_tasks)), [i]) for i in range(n)]
    for size in (2, 2, 3):
        if n >= size and rng.random() < 0.3:
            who = rng.choice(n, size, replace=False)
            draft.append(
                (int(rng.integers(n_tasks)), who[np.argsort(windows.first_ms[who])].tolist())
            )
    draft.sort(key=lambda pair: pair[0])
    members = np.array([i for _, who in draft for i in who])
    low = np.where(rng.random(len(members)) < 0.3, rng.integers(0, windows.count[members]), 0)
    high = rng.integers(low, windows.count[members])
    high = np.where(rng.random(len(members)) < 0.6, windows.count[members] - 1, high)
    block = np.cumsum([0, *(len(who) for _, who in draft)])
    value = rng.integers(0, 12, len(draft)) + 4 * (np.diff(block) - 1)
    profile_block, profile = np.full(len(draft), -1), list[int]()
    for i in np.flatnonzero((np.diff(block) == 1) & (rng.random(len(draft)) < 0.25)).tolist():
        profile_block[i] = len(profile)
        starts = int(high[block[i]] - low[block[i]]) + 1
        profile += (value[i] + rng.integers(0, 8, starts)).tolist()
    return Options(
        task=[task for task, _ in draft],
        value=value,
        share=np.where(rng.random(len(draft)) < 0.4, rng.integers(0, 5, len(draft)), 0),
        deadline_ms=np.where(
            dated & (rng.random(len(draft)) < 0.2), rng.integers(30, 70, len(draft)), -1
        ),
        fixed=np.zeros(len(draft), int),
        member_block=block,
        member_window=members,
        member_low=low,
        member_high=high,
        member_volume_kbit=rng.integers(1, 10, len(members)),
        profile_block=profile_block,
        profile=np.array(profile, np.int64),
    )


def random_contacts(rng: np.random.Generator, satellites: int, n: int) -> Contacts:
    """Stretches that get into each other's way now and then."""
    start = np.sort(rng.integers(0, 60, n))
    return Contacts(
        satellite=rng.integers(0, satellites, n),
        station=rng.integers(0, 2, n),
        start_ms=start,
        stop_ms=start + rng.integers(1, 25, n),
        max_volume_kbit=rng.integers(1, 16, n),
    )


def with_ties(rng: np.random.Generator, contacts: Contacts, ends: Any) -> Contacts:
    """The same with some that begin or stop just when a picture is complete."""
    start, stop = contacts.start_ms.copy(), contacts.stop_ms.copy()
    for n in range(len(contacts) if len(ends) else 0):
        if rng.random() < 0.4:
            start[n] = rng.choice(ends)
        stop[n] = max(int(rng.choice(ends)) if rng.random() < 0.4 else stop[n], start[n] + 1)
    order = np.argsort(start, kind="stable")
    columns = {"station": contacts.station, "max_volume_kbit": contacts.max_volume_kbit}
    return Contacts(
        satellite=contacts.satellite,
        start_ms=start[order],
        stop_ms=stop[order],
        **{name: column[order] for name, column in columns.items()},
    )


def random_craft(rng: np.random.Generator) -> Spacecraft:
    """Each limit there or not, and such that it matters."""
    limits: dict[str, Any] = {}
    if rng.random() < 0.5:
        limits["memory_kbit"] = int(rng.integers(4, 25))
    if rng.random() < 0.35:
        limits["duty_in_ms"] = int(rng.integers(5, 40))
        limits["duty_imaging_ms"] = int(rng.integers(4, 12))
    if rng.random() < 0.35:
        limits["thermal"] = Thermal(
            heating_mk_s=int(rng.integers(500, 2000)) * 1000,
            time_constant_ms=int(rng.integers(5, 60)),
            max_rise_mk=int(rng.integers(3_000, 15_000)),
            initial_rise_mk=int(rng.integers(0, 3_000)),
            start_ms=-int(rng.integers(0, 10)),
        )
    if rng.random() < 0.35:
        edges = np.sort(rng.choice(np.arange(-10, 110), 4, replace=False))
        limits["battery"] = Battery(
            capacity_mj=100,
            initial_mj=int(rng.integers(40, 101)),
            floor_mj=int(rng.integers(0, 35)),
            charge_mw=int(rng.integers(0, 4000)),
            idle_mw=int(rng.integers(0, 900)),
            imaging_mw=int(rng.integers(0, 6000)),
            slew_mw=int(rng.integers(0, 4000)),
            downlink_mw=int(rng.integers(0, 2) * rng.integers(0, 1500)),
            settling_ms=int(rng.integers(0, 4)),
            settling_mw=int(rng.integers(0, 4000)),
            start_ms=-5,
            stop_ms=110,
            sunlit_ms=edges.reshape(2, 2),
            rate_rad_s=200.0,
            acceleration_rad_s2=1e5,
            first_los=(0.0, 0.0, 1.0) if rng.random() < 0.7 else (0.0, 0.0, 0.0),
        )
    return Spacecraft(**limits)


def lines(rng: np.random.Generator, n: int) -> Any:
    """Unit vectors."""
    raw = rng.normal(size=(n, 3))
    return raw / np.linalg.norm(raw, axis=1)[:, None]


@st.composite
def rich_problems(draw: Any, *, most: int = 5, fixed: bool = False) -> Problem:
    """One satellite or two with one chain each, free windows, and everything that a problem can have."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    satellites = int(rng.integers(1, 3))
    n = int(rng.integers(2, most + 1))
    windows = random_windows(
        rng, np.sort(rng.integers(-1 if rng.random() < 0.3 else 0, satellites, n)), 3
    )
    n_tasks = int(rng.integers(1, n + 1))
    options = random_options(rng, windows, n_tasks, dated=rng.random() < 0.5)
    if fixed:
        options = replace(options, fixed=(rng.random(len(options)) < 0.3).astype(int))
    rows = []
    for _ in range(int(rng.integers(0, 3))):
        who = rng.choice(len(options), int(rng.integers(1, len(options) + 1)), replace=False)
        factor = rng.integers(-2 if rng.random() < 0.4 else 1, 4, len(who))
        rows.append((who, factor, int(rng.integers(0, 7))))
    curve = {}
    if options.share.any() and rng.random() < 0.7:
        curve[0] = Curve(share=[0, 2, 5, 8], value=np.cumsum([0, *rng.integers(0, 9, 3).tolist()]))
    starts = int(windows.count.sum())
    return Problem(
        windows=windows,
        transitions=random_transitions(rng, windows, satellites),
        options=options,
        chain_satellite=rng.permutation(satellites),
        request=rng.integers(0, 2, n_tasks),
        rows=Rows.of(rows),
        curve=curve,
        spacecraft=tuple(random_craft(rng) for _ in range(satellites)),
        contacts=random_contacts(rng, satellites, int(rng.integers(0, 4))),
        antennas=rng.integers(1, 3, 2),
        attitudes=Attitudes(
            block=np.cumsum(windows.count) - windows.count,
            start=lines(rng, starts),
            stop=lines(rng, starts),
        ),
    )


# -- kernels ----------------------------------------------------------------------------------------


@kernel
def arrivals(A, X, question, out):  # type: ignore[no-untyped-def]
    """`arrive` for rows (i, k, j)."""
    for q in range(len(out)):
        out[q] = kernels.arrive(A, X, question[q, 0], question[q, 1], question[q, 2])


@kernel
def departures(A, X, question, out):  # type: ignore[no-untyped-def]
    """`leave` for rows (i, low, high, j, x)."""
    for q in range(len(out)):
        i, low, high, j, x = question[q]
        out[q] = kernels.leave(A, X, i, low, high, j, x)


@settings(max_examples=100)
@given(rich_problems(most=7))
def test_turns_forward_and_back(problem: Problem) -> None:
    w = problem.windows
    pairs = [(i, j) for i in range(len(w)) for j in range(len(w)) if w.chain[i] == w.chain[j] >= 0]
    assume(pairs)
    search = Search(problem, 1)
    ahead = [(i, k, j) for i, j in pairs for k in range(w.count[i])]
    out = np.empty(len(ahead), np.int64)
    arrivals(search.a, search.x, np.array(ahead, np.int64), out)
    for (i, k, j), found in zip(ahead, out.tolist(), strict=True):
        expected = naive.earliest(problem, i, k, j)
        assert found == expected if expected is not None else found >= w.count[j]
    back = [
        (i, low, high, j, x)
        for i, j in pairs
        for low in range(w.count[i])
        for high in range(low, w.count[i])
        for x in range(w.count[j])
    ]
    out = np.empty(len(back), np.int64)
    departures(search.a, search.x, np.array(back, np.int64), out)
    for (i, low, high, j, x), found in zip(back, out.tolist(), strict=True):
        expected = naive.latest(problem, i, low, high, j, x)
        assert found == (expected if expected is not None else low - 1)


@settings(max_examples=200)
@given(rich_problems(most=7))
def test_least_gaps_are_no_longer_than_any(problem: Problem) -> None:
    """The shortest time from a picture to the next is what a search by pairs finds, or less."""
    w = problem.windows
    search = Search(problem, 1)
    least = search.region(R.C_LEAST_MS)
    for c in range(len(least)):
        gaps = [
            naive.begin_ms(w, j, x) - naive.begin_ms(w, i, k) - int(w.duration_ms[i])
            for i in np.flatnonzero(w.chain == c).tolist()
            for j in np.flatnonzero(w.chain == c).tolist()
            if i != j
            for k in range(w.count[i])
            for x in range(w.count[j])
            if naive.follows(problem, i, k, j, x)
        ]
        if gaps:
            assert 0 <= least[c] <= max(min(gaps), 0)


@st.composite
def shots_of_a_satellite(draw: Any) -> tuple[Problem, tuple[int, ...]]:
    """One satellite, up to six pictures one after the other, each with its only start; used contacts."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = int(rng.integers(0, 7))
    long, wait = rng.integers(1, 8, n), rng.integers(0, 9, n)
    first = np.cumsum(wait + np.concatenate([[0], long[:-1]])[:n])
    windows = Windows(
        chain=np.zeros(n, int),
        first_ms=first,
        step_ms=np.ones(n, int),
        count=np.ones(n, int),
        duration_ms=long,
    )
    options = Options.single(
        task=np.arange(n),
        value=np.ones(n, int),
        window=np.arange(n),
        low=np.zeros(n, int),
        high=np.zeros(n, int),
        member_volume_kbit=rng.integers(1, 10, n),
        deadline_ms=np.where(rng.random(n) < 0.3, rng.integers(10, 80, n), -1),
    )
    problem = Problem(
        windows=windows,
        transitions=Transitions(
            is_table=[False], block=np.arange(n) * n, delay_ms=np.repeat(long, n)
        ),
        options=options,
        chain_satellite=[0],
        request=np.zeros(n, int),
        spacecraft=(random_craft(rng),),
        contacts=with_ties(rng, random_contacts(rng, 1, int(rng.integers(0, 5))), first + long),
        antennas=[1, 1],
        attitudes=Attitudes(block=np.arange(n), start=lines(rng, n), stop=lines(rng, n)),
    )
    sets = [c for c in naive.every(len(problem.contacts)) if naive.contacts_hold(problem, c)]
    return problem, sets[int(rng.integers(len(sets)))]


@settings(max_examples=400)
@given(shots_of_a_satellite())
def test_resources_sweep_by_sweep(case: tuple[Problem, tuple[int, ...]]) -> None:
    """Each sweep, the audit, and the twin that goes by milliseconds say the same."""
    problem, used = case
    n = problem.n_tasks
    craft = problem.spacecraft[0]
    pictures = [(m, 0) for m in range(n)]
    flags = np.zeros(len(problem.contacts), np.int64)
    flags[list(used)] = 1
    search = Search(problem, 1)
    kernels.load(search.a, search.x, search.f, np.arange(n), np.zeros(n, np.int64), flags)
    assert resources.list_pictures(search.a, search.x, search.f, 0) == n
    for limits, sweep in (
        ({"memory_kbit": craft.memory_kbit}, resources.memory_holds),
        (
            {"duty_in_ms": craft.duty_in_ms, "duty_imaging_ms": craft.duty_imaging_ms},
            resources.duty_holds,
        ),
        ({"thermal": craft.thermal}, resources.thermal_holds),
        ({"battery": craft.battery}, resources.battery_holds),
    ):
        if "memory_kbit" not in limits and None in limits.values():
            continue
        alone = replace(problem, spacecraft=(Spacecraft(**limits),))
        if "memory_kbit" not in limits:
            alone = replace(alone, options=replace(alone.options, deadline_ms=np.full(n, -1)))
        holds = naive.satellite_holds(alone, 0, pictures, used)
        assert bool(sweep(search.a, search.x, search.f, 0, n)) == holds
        plan = Schedule(
            option=np.arange(n),
            start=np.zeros(n, np.int64),
            contact=np.array(used, np.int64),
            value=n,
            bound=n,
            repeatable=True,
        )
        assert (faults(alone, plan) == []) == holds
    assert bool(resources.satellite_holds(search.a, search.x, search.f, 0)) == (
        naive.satellite_holds(problem, 0, pictures, used)
    )


# -- plans and bounds -------------------------------------------------------------------------------


@settings(max_examples=150)
@given(rich_problems(), st.integers(0, 5))
def test_no_plan_is_above_the_best_nor_the_bound_below_it(problem: Problem, seed: int) -> None:
    best = naive.best_value(problem)
    if best < 0:  # a battery that idling alone or a contact runs down
        with pytest.raises(InputError):
            quick(problem, seed=seed)
        return
    plan = quick(problem, seed=seed)
    assert faults(problem, plan) == []
    assert plan.value == value_of(problem, plan)
    assert plan.value <= best <= plan.bound


@settings(max_examples=100)
@given(problems(most=7, plain=True), st.integers(0, 5))
def test_one_chain_is_solved_and_proven(problem: Problem, seed: int) -> None:
    plan = quick(problem, seed=seed)
    assert plan.value == plan.bound == naive.best_value(problem)
    assert plan.repeatable


@settings(max_examples=100)
@given(problems(), st.integers(0, 5))
def test_problems_without_resources_are_solved(problem: Problem, seed: int) -> None:
    best = naive.best_value(problem)
    if best < 0:
        with pytest.raises(InputError, match=r"options\.fixed"):
            quick(problem, seed=seed)
        return
    plan = quick(problem, seed=seed)
    assert faults(problem, plan) == []
    assert plan.value == best <= plan.bound


@settings(max_examples=40)
@given(rich_problems(fixed=True), st.integers(0, 5))
def test_fixed_options_are_kept_or_the_rule_is_named(problem: Problem, seed: int) -> None:
    best = naive.best_value(problem)
    try:
        plan = quick(problem, seed=seed)
    except InputError as wrong:
        assert wrong.field.startswith(("options.fixed[", "problem.spacecraft"))  # noqa: PT017
        assert best < 0 or "no such plan was found" in wrong.wish  # noqa: PT017
        return
    assert faults(problem, plan) == []
    assert plan.value <= best <= plan.bound


@settings(max_examples=25)
@given(rich_problems())
def test_doubled_values_double_the_best(problem: Problem) -> None:
    """And what both searches say fits together: no value of one is above the other's bound."""
    o = problem.options
    twice = replace(
        problem,
        options=replace(o, value=2 * o.value, profile=2 * o.profile),
        curve={r: Curve(share=c.share, value=2 * c.value) for r, c in problem.curve.items()},
    )
    # a curve's value between its points is rounded down: twice as much may be one more for each request
    best, double = naive.best_value(problem), naive.best_value(twice)
    assume(best >= 0)
    assert 2 * best <= double <= 2 * best + len(problem.curve)
    one, two = quick(problem), quick(twice)
    assert two.value <= 2 * one.bound + len(problem.curve)
    assert 2 * one.value <= two.bound


def without_task(problem: Problem, task: int) -> Problem:
    """The same with no option of one task; rows that need it keep their other entries."""
    o, r = problem.options, problem.rows
    keep = np.flatnonzero(o.task != task)
    number = np.full(len(o), -1)
    number[keep] = np.arange(len(keep))
    members = [m for i in keep for m in range(o.member_block[i], o.member_block[i + 1])]
    columns = {
        x: getattr(o, x)[keep]
        for x in ("task", "value", "share", "deadline_ms", "fixed", "profile_block")
    }
    columns |= {
        x: getattr(o, x)[members]
        for x in ("member_window", "member_low", "member_high", "member_volume_kbit")
    }
    rows = []
    for n in range(len(r)):
        entry = slice(r.start[n], r.start[n + 1])
        left = number[r.option[entry]] >= 0
        rows.append((number[r.option[entry]][left], r.coefficient[entry][left], int(r.limit[n])))
    return replace(
        problem,
        options=Options(
            **columns,
            profile=o.profile,
            member_block=np.cumsum([0, *np.diff(o.member_block)[keep]]),
        ),
        rows=Rows.of(rows),
    )


@settings(max_examples=25)
@given(rich_problems(), st.integers(0, 4))
def test_a_task_less_never_makes_the_best_better(problem: Problem, task: int) -> None:
    """Its plans are plans of the whole problem: their values are below its bound."""
    whole = naive.best_value(problem)
    assume(whole >= 0)
    less = without_task(problem, task % problem.n_tasks)
    assert naive.best_value(less) <= whole
    plan = quick(less)
    assert plan.value <= whole
    assert plan.value <= quick(problem).bound


@settings(max_examples=40)
@given(rich_problems(most=6), st.integers(0, 3))
def test_a_plan_to_begin_with_is_never_lost(problem: Problem, seed: int) -> None:
    """From its own plan, and from another's with the latest starts that keep every rule."""
    try:
        plan = quick(problem, rounds=1, seed=seed)
    except InputError:
        return
    again = quick(problem, rounds=1, seed=seed + 1, start=plan)
    assert again.value >= plan.value
    o = problem.options
    late = plan
    members = [
        m for i in plan.option.tolist() for m in range(o.member_block[i], o.member_block[i + 1])
    ]
    for n in reversed(range(len(members))):
        for k in range(int(o.member_high[members[n]]), int(late.start[n]), -1):
            start = late.start.copy()
            start[n] = k
            moved = replace(late, start=start)
            value = value_of(problem, moved)
            moved = replace(moved, value=value, bound=max(value, late.bound))
            if not faults(problem, moved):
                late = moved
                break
    assert quick(problem, rounds=1, seed=seed + 1, start=late).value >= late.value


@settings(max_examples=30)
@given(rich_problems(most=7), st.integers(0, 5), st.integers(1, 3))
def test_equal_seeds_and_rounds_give_equal_plans(problem: Problem, seed: int, threads: int) -> None:
    params = SearchParameters(threads=threads)
    try:
        one = quick(problem, rounds=2, seed=seed, params=params)
    except InputError:
        return
    two = quick(problem, rounds=2, seed=seed, params=params)
    assert one.repeatable
    assert two.repeatable
    assert one.value == two.value
    assert one.bound == two.bound
    for name in ("option", "start", "contact"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()


@settings(max_examples=60)
@given(rich_problems(most=6))
def test_a_plan_with_one_start_moved_where_nothing_is_slack_is_refused(problem: Problem) -> None:
    """Each picture of a chain one start earlier, where the one before it does not allow that."""
    try:
        plan = quick(problem, rounds=1)
    except InputError:
        return
    o, w = problem.options, problem.windows
    members = [
        m for i in plan.option.tolist() for m in range(o.member_block[i], o.member_block[i + 1])
    ]
    rows = sorted(
        (naive.begin_ms(w, int(o.member_window[m]), int(k)), n)
        for n, (m, k) in enumerate(zip(members, plan.start, strict=True))
    )
    last: dict[int, int] = {}
    for _, n in rows:
        i = int(o.member_window[members[n]])
        c = int(w.chain[i])
        if c < 0:
            continue
        before = last.get(c)
        last[c] = n
        k = int(plan.start[n]) - 1
        if k < o.member_low[members[n]]:
            moved = replace(plan, start=np.where(np.arange(len(plan.start)) == n, k, plan.start))
            assert any("outside of its range" in text for text in faults(problem, moved)) or k >= 0
            continue
        if before is None:
            continue
        j = int(o.member_window[members[before]])
        start = np.where(np.arange(len(plan.start)) == n, k, plan.start)
        sooner = naive.begin_ms(w, i, k) <= naive.begin_ms(w, j, int(plan.start[before]))
        if not sooner and not naive.follows(problem, j, int(plan.start[before]), i, k):
            assert any(
                f"window {i} begins" in text for text in faults(problem, replace(plan, start=start))
            )
