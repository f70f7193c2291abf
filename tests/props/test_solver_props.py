"""What must hold for plans whatever the problem: against a twin that tries everything."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import combinations
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import planning as naive
from offnadir.planning._cliques import Graph, clique_cover
from offnadir.planning._flow import Flow
from offnadir.planning._cp_problem import CandidateColumns, ContactColumns, Problem, slew_conflicts
from offnadir.planning._cp_solver import Solution, solve

SPAN = 60


@st.composite
def problems(draw: Any, *, most: int = 7, most_contacts: int = 3) -> Problem:
    """Up to two satellites and stations, conflicts by overlap and a gap, stereo, deadlines."""
    n, k = draw(st.integers(1, most)), draw(st.integers(0, most_contacts))
    satellites, stations = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    requests = draw(st.integers(1, n))
    whole = st.integers(0, 10**6)

    def column(size: int, low: int, high: int) -> np.ndarray:
        rows = draw(st.lists(whole, min_size=size, max_size=size))
        return np.array([low + row % (high - low + 1) for row in rows], dtype=np.int64)

    start = np.sort(column(n, 0, SPAN))
    stop = start + column(n, 1, 8)
    satellite, request = column(n, 0, satellites - 1), column(n, 0, requests - 1)
    stereo = column(requests, 0, 3) == 0
    gap = draw(st.integers(0, 4))
    together = [(i, j) for i, j in combinations(range(n), 2) if satellite[i] == satellite[j]]
    conflicts = [(i, j) for i, j in together if start[j] - stop[i] < gap]
    pairs = [
        (i, j)
        for i, j in together
        if request[i] == request[j] and stereo[request[i]] and stop[i] <= start[j]
    ]
    deadline = np.where(column(n, 0, 2) == 0, column(n, 10, 90), -1)
    contact_start = column(k, 0, SPAN)
    return Problem(
        candidates=CandidateColumns(
            request_index=request,
            satellite_index=satellite,
            opportunity_index=np.zeros(n, dtype=np.int64),
            start_ms=start,
            stop_ms=stop,
            value_micro=column(n, 1, 20),
            volume_kbit=column(n, 1, 6),
            deadline_ms=deadline,
        ),
        contacts=ContactColumns(
            satellite_index=column(k, 0, satellites - 1),
            station_index=column(k, 0, stations - 1),
            start_ms=contact_start,
            stop_ms=contact_start + column(k, 1, 25),
            max_volume_kbit=column(k, 0, 14),
        ),
        stereo=stereo,
        stereo_pairs=np.array(pairs, dtype=np.int64),
        conflicts=np.array(conflicts, dtype=np.int64),
        antennas=column(stations, 1, 2),
        memory_kbit=column(satellites, 3, 15),
    )


def best(problem: Problem) -> Solution:
    solution = solve(problem, seed=1, time_limit_s=60.0)
    assert solution.status in ("optimal", "nothing_to_take")
    return solution


def changed(problem: Problem, rows: Any = slice(None), **columns: Any) -> Problem:
    """The same with only some candidates, or with other columns; pairs follow."""
    old = problem.candidates
    kept = np.arange(len(old))[rows]
    place = np.full(len(old), -1)
    place[kept] = np.arange(len(kept))
    table = {f.name: getattr(old, f.name)[kept] for f in fields(CandidateColumns)} | columns

    def follow(pairs: np.ndarray) -> np.ndarray:
        moved = place[pairs]
        return moved[(moved >= 0).all(axis=1)]

    return replace(
        problem,
        candidates=CandidateColumns(**table),
        stereo_pairs=follow(problem.stereo_pairs),
        conflicts=follow(problem.conflicts),
    )


@settings(max_examples=200, deadline=None)
@given(problems())
def test_no_plan_is_better_and_this_one_stands(problem: Problem):
    solution = best(problem)
    chosen, used = solution.chosen.tolist(), solution.contact.tolist()
    assert solution.value_micro == naive.best_value(problem)
    assert solution.bound_micro >= solution.value_micro
    assert solution.value_micro == problem.candidates.value_micro[chosen].sum()
    assert naive.plan_is_valid(problem, chosen, used)
    finished, _ = naive.deliveries(problem, chosen, used)
    assert solution.delivered_by.tolist() == [finished.get(i, -1) for i in chosen]


@settings(max_examples=100, deadline=None)
@given(problems(most=9, most_contacts=4))
def test_a_plan_without_proof_stands_too(problem: Problem):
    """Stopped at once: the greedy plan."""
    solution = solve(problem, seed=1, time_limit_s=60.0, stop=lambda: True)
    assert naive.plan_is_valid(problem, solution.chosen.tolist(), solution.contact.tolist())
    assert solution.bound_micro >= best(problem).value_micro >= solution.value_micro


@settings(max_examples=60, deadline=None)
@given(problems(most=10), st.integers(0, 9))
def test_a_request_less_is_never_worth_more(problem: Problem, request: int):
    without = changed(problem, problem.candidates.request_index != request % problem.n_requests)
    assert best(without).value_micro <= best(problem).value_micro


@settings(max_examples=60, deadline=None)
@given(problems(most=10))
def test_twice_the_values_are_worth_twice(problem: Problem):
    twice = changed(problem, value_micro=2 * problem.candidates.value_micro)
    assert best(twice).value_micro == 2 * best(problem).value_micro


@settings(max_examples=60, deadline=None)
@given(problems(most=10), st.integers(1, 9))
def test_more_memory_or_antennas_never_harm(problem: Problem, more: int):
    value = best(problem).value_micro
    assert best(replace(problem, memory_kbit=problem.memory_kbit + more)).value_micro >= value
    assert best(replace(problem, antennas=problem.antennas + more)).value_micro >= value


@settings(max_examples=60, deadline=None)
@given(problems(most=10), st.randoms(use_true_random=False))
def test_the_order_of_candidates_does_not_matter(problem: Problem, dice: Any):
    rows = list(range(len(problem.candidates)))
    dice.shuffle(rows)
    shuffled = changed(problem, np.array(rows))
    assert best(shuffled).value_micro == best(problem).value_micro


@settings(max_examples=150, deadline=None)
@given(problems(most=8, most_contacts=4), st.data())
def test_rules_say_what_the_recorder_does(problem: Problem, data: Any):
    """The rules of memory and deadline, free of volumes sent, against a queue that is lived through."""
    satellite = 0
    c = problem.candidates
    used = [
        i
        for i in data.draw(st.permutations(range(len(problem.contacts))))
        if problem.contacts.satellite_index[i] == satellite
    ][: data.draw(st.integers(0, 4))]
    if not naive.contacts_are_possible(replace(problem, antennas=problem.antennas + 9), used):
        return
    kept = np.flatnonzero(c.satellite_index == satellite)
    kept = kept[c.volume_kbit[kept] <= problem.memory_kbit[satellite]]
    due = c.deadline_ms >= 0
    has_contact = [
        not due[i]
        or any(
            problem.contacts.start_ms[j] >= c.stop_ms[i]
            and problem.contacts.stop_ms[j] <= c.deadline_ms[i]
            for j in range(len(problem.contacts))
            if problem.contacts.satellite_index[j] == satellite
        )
        for i in kept
    ]
    kept = kept[has_contact]
    flow = Flow(problem, satellite, kept, sure=set())
    rules = list(flow.rules())
    for chosen in naive.subsets(kept.tolist()):
        if not naive.pictures_go_together(problem, chosen):
            continue
        taken = np.isin(flow.pictures, chosen)
        keeps = all(
            (flow.volume_kbit * taken)[rule.first : rule.end].sum()
            + (rule.factors * taken[rule.more]).sum()
            <= rule.limit
            + sum(problem.contacts.max_volume_kbit[i] for i in rule.contacts if i in used)
            for rule in rules
        )
        assert keeps == naive.recorder_is_content(problem, chosen, used)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 14), st.data())
def test_groups_hold_every_conflict_and_nothing_else(size: int, data: Any):
    every = list(combinations(range(size), 2))
    edges = data.draw(st.sets(st.sampled_from(every))) if every else set()
    graph = Graph(size, np.array(sorted(edges), dtype=np.int64).reshape(-1, 2))
    order = np.array(data.draw(st.permutations(range(size))), dtype=np.int64)
    covered = set()
    for group in clique_cover(graph, order):
        inside = set(combinations(sorted(group), 2))
        assert inside <= edges
        covered |= inside
    assert covered == edges


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(0, 2))
def test_slews_against_every_pair(seed: int, n: int, margin_ms: int):
    dice = np.random.default_rng(seed)
    start = dice.integers(0, 60_000, n)
    stop = start + dice.integers(1, 9_000, n)
    los = dice.normal(size=(2, n, 3))
    los /= np.linalg.norm(los, axis=2)[:, :, None]

    def slew_time_s(angle_rad: Any) -> Any:
        return 2.0 + 4.0 * angle_rad

    expected = []
    for i, j in combinations(range(n), 2):
        a, b = (i, j) if start[i] <= start[j] else (j, i)
        angle = np.arccos(np.clip(los[1, a] @ los[0, b], -1.0, 1.0))
        need_ms = int(np.ceil(slew_time_s(angle) * 1000.0 + margin_ms))
        if start[b] - stop[a] < need_ms:
            expected.append((i, j))
    found = slew_conflicts(
        start_ms=start,
        stop_ms=stop,
        los_start=los[0],
        los_stop=los[1],
        slew_time_s=slew_time_s,
        max_slew_time_s=slew_time_s(np.pi),
        margin_ms=margin_ms,
    )
    assert found.tolist() == [list(pair) for pair in expected]
