"""Choosing pictures: instances small enough to solve by hand, each with a drawing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest

from naive.planning import plan_is_valid
from offnadir.errors import InputError
from offnadir.planning import solver
from offnadir.planning._cp_problem import CandidateColumns, ContactColumns, Problem, slew_conflicts
from offnadir.planning._cp_solver import Progress, Solution, solve

NADIR = (0.0, 0.0, 1.0)
ASIDE = (0.0, 0.6, 0.8)  # 0.6435 rad from nadir


class P(NamedTuple):
    """A picture that could be taken."""

    request: int
    start: int
    stop: int
    value: int
    volume: int = 1
    deadline: int = -1
    satellite: int = 0


class K(NamedTuple):
    """A contact with a station."""

    start: int
    stop: int
    volume: int
    station: int = 0
    satellite: int = 0


def make(
    pictures: Sequence[P],
    contacts: Sequence[K] = (),
    *,
    memory: int | Sequence[int] = 1000,
    antennas: Sequence[int] = (1, 1),
    stereo: Sequence[int] = (),
    pairs: Sequence[tuple[int, int]] = (),
) -> Problem:
    """A problem in which pictures of a satellite conflict just if they overlap."""
    table = np.array(pictures, dtype=np.int64).reshape(-1, len(P._fields))
    sky = np.array(contacts, dtype=np.int64).reshape(-1, len(K._fields))
    satellites = max([0, *table[:, 6], *sky[:, 4]]) + 1
    conflicts = [
        (i, j)
        for i, a in enumerate(pictures)
        for j, b in enumerate(pictures[:i])
        if a.satellite == b.satellite and a.start < b.stop and b.start < a.stop
    ]
    n_requests = int(table[:, 0].max(initial=-1)) + 1
    return Problem(
        candidates=CandidateColumns(
            request_index=table[:, 0],
            satellite_index=table[:, 6],
            opportunity_index=np.arange(len(table)),
            start_ms=table[:, 1],
            stop_ms=table[:, 2],
            value_micro=table[:, 3],
            volume_kbit=table[:, 4],
            deadline_ms=table[:, 5],
        ),
        contacts=ContactColumns(
            satellite_index=sky[:, 4],
            station_index=sky[:, 3],
            start_ms=sky[:, 0],
            stop_ms=sky[:, 1],
            max_volume_kbit=sky[:, 2],
        ),
        stereo=np.isin(np.arange(n_requests), stereo),
        stereo_pairs=np.array(pairs, dtype=np.int64),
        conflicts=np.array(conflicts, dtype=np.int64),
        antennas=np.array(antennas),
        memory_kbit=np.broadcast_to(memory, satellites).astype(np.int64),
    )


def best(problem: Problem, **options: Any) -> Solution:
    """The proven best plan."""
    solution = solve(problem, seed=1, time_limit_s=30.0, **options)
    assert solution.status == "optimal"
    assert solution.bound_micro == solution.value_micro
    return solution


def test_of_two_that_overlap_the_more_valuable_is_taken():
    """
    A  |=====|        value 3
    B     |=====|     value 5
    """
    solution = best(make([P(0, 0, 10, 3), P(1, 5, 15, 5)]))
    assert solution.chosen.tolist() == [1]
    assert solution.value_micro == 5


def test_two_small_ones_beat_the_large_one_between():
    """
    A  |=====|           value 3
    B     |========|     value 5
    C            |====|  value 3
    """
    solution = best(make([P(0, 0, 10, 3), P(1, 5, 30, 5), P(2, 25, 35, 3)]))
    assert solution.chosen.tolist() == [0, 2]


def test_a_request_is_served_once():
    """The later one is worth more.

    A  |==|   |==|   values 3, 4
    """
    assert best(make([P(0, 0, 10, 3), P(0, 20, 30, 4)])).chosen.tolist() == [1]


@pytest.mark.parametrize(("gap_ms", "together"), [(6434, False), (6435, False), (6436, True)])
def test_the_slew_decides_to_the_millisecond(gap_ms: int, together: bool):
    """0.6435011 rad at 0.1 rad/s take 6435.011 ms, so 6436 ms are enough.

    A |==|  gap  |==| B
    """
    pairs = slew_conflicts(
        start_ms=np.array([0, 1000 + gap_ms]),
        stop_ms=np.array([1000, 2000 + gap_ms]),
        los_start=np.array([NADIR, ASIDE]),
        los_stop=np.array([NADIR, ASIDE]),
        slew_time_s=lambda angle_rad: angle_rad / 0.1,
        max_slew_time_s=32.0,
        margin_ms=0,
    )
    assert pairs.tolist() == ([] if together else [[0, 1]])


def test_the_margin_lengthens_the_slew():
    """The same with 6436 ms between and a margin of 1 ms: 6437 ms would be needed."""
    found = slew_conflicts(
        start_ms=np.array([0, 7436]),
        stop_ms=np.array([1000, 8436]),
        los_start=np.array([NADIR, ASIDE]),
        los_stop=np.array([NADIR, ASIDE]),
        slew_time_s=lambda angle_rad: angle_rad / 0.1,
        max_slew_time_s=32.0,
    )
    assert found.tolist() == [[0, 1]]


def test_slews_longer_than_the_longest_are_refused():
    with pytest.raises(InputError, match=r"max_slew_time_s.*at least 6\.435"):
        slew_conflicts(
            start_ms=np.array([0, 2000]),
            stop_ms=np.array([1000, 3000]),
            los_start=np.array([NADIR, ASIDE]),
            los_stop=np.array([NADIR, ASIDE]),
            slew_time_s=lambda angle_rad: angle_rad / 0.1,
            max_slew_time_s=3.0,
        )


@pytest.mark.parametrize(("value", "chosen"), [(5, [0, 1]), (7, [2])])
def test_stereo_comes_whole_or_not_at_all(value: int, chosen: list[int]):
    """
    S  |==|    |==|      3 + 3, a pair
    C         |===|      5: the pair is better;  7: C is, and half a pair is nothing
    """
    problem = make(
        [P(0, 0, 10, 3), P(0, 20, 30, 3), P(1, 19, 30, value)], stereo=[0], pairs=[(0, 1)]
    )
    assert best(problem).chosen.tolist() == chosen


def test_stereo_without_an_allowed_pair_takes_nothing():
    problem = make([P(0, 0, 10, 3), P(0, 20, 30, 3)], stereo=[0])
    solution = solve(problem, seed=1, time_limit_s=5.0)
    assert solution.status == "nothing_to_take"
    assert (solution.value_micro, solution.bound_micro) == (0, 0)


@pytest.mark.parametrize(
    ("start", "stop", "chosen"),
    [
        (20, 30, [0, 1]),  # A goes down, B finds room; C would need another contact
        (10, 50, [0, 1]),  # from the very end of A to the very end of B
        (9, 50, [1]),  # begins before A is complete: cannot send it
        (10, 51, [1]),  # ends after B is complete: too late for it; C alone is worth less
        (60, 65, [1, 2]),  # between B and C
    ],
)
def test_memory_for_one_picture_and_a_contact(start: int, stop: int, chosen: list[int]):
    """
    A |==|       |==| B       |==| C      values 1, 5, 4; memory for one
     0  10      40  50       80  90
    """
    pictures = [P(0, 0, 10, 1, 10), P(1, 40, 50, 5, 10), P(2, 80, 90, 4, 10)]
    solution = best(make(pictures, [K(start, stop, 10)], memory=10))
    assert solution.chosen.tolist() == chosen


def test_a_picture_larger_than_the_memory_is_never_taken():
    solution = best(make([P(0, 0, 10, 9, volume=11), P(1, 20, 30, 1, volume=10)], memory=10))
    assert solution.chosen.tolist() == [1]


@pytest.mark.parametrize(("volume", "chosen"), [(20, [0, 1]), (19, [1])])
def test_a_deadline_makes_the_one_before_stand_back(volume: int, chosen: list[int]):
    """
    A |==|  |==| B    ---contact---  deadline of B
    First in, first out: with A taken, B is down only if the contact carries both.
    """
    pictures = [P(0, 0, 10, 3, 10), P(1, 20, 30, 5, 10, deadline=60)]
    solution = best(make(pictures, [K(40, 60, volume)]))
    assert solution.chosen.tolist() == chosen


def test_a_contact_from_the_end_of_the_picture_to_the_deadline_is_enough():
    assert best(make([P(0, 20, 30, 5, 10, deadline=60)], [K(30, 60, 10)])).value_micro == 5


def test_a_contact_that_stops_after_the_deadline_does_not_count():
    solution = solve(
        make([P(0, 20, 30, 5, 10, deadline=59)], [K(40, 60, 99)]), seed=1, time_limit_s=5.0
    )
    assert solution.status == "nothing_to_take"


@pytest.mark.parametrize(
    ("antennas", "station", "value"), [((1, 1), 0, 5), ((2, 1), 0, 8), ((1, 1), 1, 8)]
)
def test_one_antenna_hears_one_satellite(antennas: tuple[int, int], station: int, value: int):
    """
    Satellite 0  A |==|   ----contact-----            deadline 60, value 3
    satellite 1  B |==|        ----contact----        deadline 70, value 5
    One antenna: only B. A second antenna, or another station: both.
    """
    pictures = [
        P(0, 0, 10, 3, 10, deadline=60),
        P(1, 0, 10, 5, 10, deadline=70, satellite=1),
    ]
    contacts = [K(40, 60, 10), K(50, 70, 10, station=station, satellite=1)]
    assert best(make(pictures, contacts, antennas=antennas)).value_micro == value


def test_a_satellite_talks_to_one_station_at_a_time():
    """
    A |==|   ----station 0----             each carries half of A, deadline 80
                   ----station 1----
    """
    pictures = [P(0, 0, 10, 3, 10, deadline=80)]
    overlapping = make(pictures, [K(40, 60, 5), K(59, 80, 5, station=1)])
    assert solve(overlapping, seed=1, time_limit_s=5.0).value_micro == 0
    touching = make(pictures, [K(40, 60, 5), K(60, 80, 5, station=1)])
    assert best(touching).value_micro == 3


def test_data_come_down_first_in_first_out_as_soon_as_possible():
    """
    A |==| B |==|  --K0--  --K1--  C |==|  --K2--  --K3--      10 each; contacts send 12, 12, 4, 6
    K0: A and 2 of B; K1: 8 of B; K2: 4 of C; K3: 6 of C
    """
    pictures = [P(0, 0, 10, 1, 10), P(1, 20, 30, 1, 10), P(2, 100, 110, 1, 10)]
    contacts = [K(180, 190, 6), K(40, 50, 12), K(60, 70, 12), K(120, 130, 4)]
    solution = best(make(pictures, contacts))
    assert solution.chosen.tolist() == [0, 1, 2]
    assert solution.contact.tolist() == [1, 2, 3, 0]
    assert solution.sent_kbit.tolist() == [12, 8, 4, 6]
    assert solution.delivered_by.tolist() == [1, 2, 0]


def test_what_does_not_come_down_has_no_contact():
    solution = best(make([P(0, 0, 10, 1, 10)], [K(20, 30, 9), K(5, 9, 99)]))
    assert solution.sent_kbit.tolist() == [9]
    assert solution.delivered_by.tolist() == [-1]


def test_downlink_without_need_shares_the_antenna_too():
    """
    Satellite 0  A |==|    ----K0----          K0 stops first and gets the only antenna,
    satellite 1  B |==|       ----K1----  --K2--    so B waits for K2
    """
    pictures = [P(0, 0, 10, 1), P(1, 0, 10, 1, satellite=1)]
    contacts = [K(20, 40, 9), K(30, 50, 9, satellite=1), K(60, 70, 9, satellite=1)]
    solution = best(make(pictures, contacts))
    assert solution.contact.tolist() == [0, 2]
    assert solution.delivered_by.tolist() == [0, 2]


def test_the_contact_that_a_deadline_needs_is_kept():
    """
    Satellite 0  A |==|    --K0--                value 9, no deadline
    satellite 1  B |==|      ----K1----          value 1, deadline at the stop of K1
    K0 stops first, but B needs the antenna.
    """
    pictures = [P(0, 0, 10, 9), P(1, 0, 10, 1, deadline=60, satellite=1)]
    contacts = [K(20, 40, 9), K(30, 60, 9, satellite=1)]
    solution = best(make(pictures, contacts))
    assert solution.value_micro == 10
    assert solution.contact.tolist() == [1]
    assert solution.delivered_by.tolist() == [-1, 1]


def test_nothing_to_choose_from():
    solution = solve(make([], [K(0, 10, 5)]), seed=1, time_limit_s=1.0)
    assert solution.status == "nothing_to_take"
    assert solution.chosen.size == solution.contact.size == solution.delivered_by.size == 0


def crowd(seed: int = 7) -> Problem:
    """Some 700 pictures of 120 requests that a satellite can never take all of, with contacts."""
    dice = np.random.default_rng(seed)
    pictures = []
    for request in range(120):
        first, length = int(dice.integers(0, 6000)), int(dice.integers(30, 60))
        value, volume = int(dice.integers(1, 1000)), int(dice.integers(10, 30))
        deadline = 30_000 if dice.random() < 0.1 else -1
        for step in range(6):
            start = first + 20 * step
            pictures.append(P(request, start, start + length, value, volume, deadline))
    contacts = [K(1500 * i + 900, 1500 * i + 1200, 300) for i in range(8)]
    return make(pictures, contacts, memory=700)


def same(a: Solution, b: Solution) -> bool:
    """Equal in every field."""
    return all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in Solution.__dataclass_fields__
    )


def test_equal_input_gives_an_equal_plan_without_a_proof(monkeypatch: pytest.MonkeyPatch):
    """Cut off by work done, far from the end of the clock."""
    monkeypatch.setattr(solver, "_PRESSED_WORK_PER_S", 0.002)
    monkeypatch.setattr(solver, "_PRESSED_TRIES_PER_S", 10)
    first = solve(crowd(), seed=3, time_limit_s=60.0)
    assert first.status == "feasible"
    assert first.repeatable
    assert same(first, solve(crowd(), seed=3, time_limit_s=60.0))


def test_exchanges_improve_the_greedy_plan_and_keep_every_rule(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(solver, "_PRESSED_WORK_PER_S", 1e-6)
    told: list[Progress] = []
    solution = solve(crowd(), seed=3, time_limit_s=5.0, progress=told.append)
    assert solution.value_micro > 1.02 * told[0].value_micro
    assert plan_is_valid(crowd(), solution.chosen.tolist(), solution.contact.tolist())


def test_stop_gives_the_best_plan_so_far():
    asked = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 2

    solution = solve(crowd(), seed=3, time_limit_s=60.0, stop=stop)
    assert solution.status == "feasible"
    assert not solution.repeatable
    assert 0 < solution.value_micro < solution.bound_micro


def test_progress_only_gets_better():
    told: list[Progress] = []
    solution = solve(crowd(), seed=3, time_limit_s=2.0, progress=told.append)
    assert len(told) >= 2
    values = [report.value_micro for report in told]
    bounds = [report.bound_micro for report in told]
    assert values == sorted(values)
    assert bounds == sorted(bounds, reverse=True)
    assert values[-1] <= solution.value_micro
    assert all(value <= bound for value, bound in zip(values, bounds, strict=True))


def test_ctrl_c_ends_the_search_and_goes_on(monkeypatch: pytest.MonkeyPatch):
    """An interrupt in the waiting thread, as Python raises it, while CP-SAT runs in the other."""
    monkeypatch.setattr(solver, "_PRESSED_TRIES_PER_S", 1)
    running = []

    def stop() -> bool:
        running.append(any(thread.name == "cp-sat" for thread in threading.enumerate()))
        if running.count(True) > 2:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        solve(crowd(), seed=3, time_limit_s=60.0, stop=stop)
    assert not any(thread.name == "cp-sat" for thread in threading.enumerate())


def test_trouble_in_progress_ends_the_search():
    def progress(_: Progress) -> None:
        raise RuntimeError("full disk")

    with pytest.raises(RuntimeError, match="full disk"):
        solve(crowd(), seed=3, time_limit_s=60.0, progress=progress)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stop_ms": [0, 15]}, r"candidates\.stop_ms\[0\] = 0: must be after start_ms"),
        ({"value_micro": [0, 1]}, r"candidates\.value_micro\[0\]"),
        ({"volume_kbit": [1, 0]}, r"candidates\.volume_kbit\[1\]"),
        ({"deadline_ms": [-1, -2]}, r"candidates\.deadline_ms\[1\]"),
        ({"request_index": [0, 2]}, r"candidates\.request_index\[1\] = 2: must be from 0 to 1"),
        ({"satellite_index": [0, 1]}, r"candidates\.satellite_index\[1\]"),
        ({"start_ms": [0.0, 5.0]}, r"candidates\.start_ms = 'float64': must be integers"),
        ({"start_ms": [0]}, r"candidates = .*must be columns of equal length"),
    ],
)
def test_columns_that_make_no_sense(change: dict[str, list[Any]], message: str):
    problem = make([P(0, 0, 10, 3), P(1, 5, 15, 5)])
    c = problem.candidates
    columns = {name: getattr(c, name) for name in CandidateColumns.__dataclass_fields__}
    with pytest.raises(InputError, match=message):
        Problem(
            candidates=CandidateColumns(**columns | {k: np.array(v) for k, v in change.items()}),
            contacts=problem.contacts,
            stereo=problem.stereo,
            stereo_pairs=problem.stereo_pairs,
            conflicts=problem.conflicts,
            antennas=problem.antennas,
            memory_kbit=problem.memory_kbit,
        )


def test_pairs_that_make_no_sense():
    apart = [P(0, 0, 10, 3), P(0, 20, 30, 3)]
    with pytest.raises(InputError, match=r"problem\.stereo_pairs\[0\] = \[0, 1\]"):
        make(apart, pairs=[(0, 1)])  # request 0 wants no stereo
    with pytest.raises(InputError, match=r"problem\.stereo_pairs\[0\] = \[1, 0\].*earlier first"):
        make(apart, stereo=[0], pairs=[(1, 0)])
    problem = make([P(0, 0, 10, 3), P(1, 0, 10, 3, satellite=1)])
    with pytest.raises(InputError, match=r"problem\.conflicts\[0\].*of one satellite"):
        Problem(
            candidates=problem.candidates,
            contacts=problem.contacts,
            stereo=problem.stereo,
            stereo_pairs=problem.stereo_pairs,
            conflicts=np.array([[0, 1]]),
            antennas=problem.antennas,
            memory_kbit=problem.memory_kbit,
        )


def test_columns_cannot_be_changed():
    problem = make([P(0, 0, 10, 3)])
    with pytest.raises(ValueError, match="read-only"):
        problem.candidates.start_ms[0] = 5


def test_no_time_is_refused():
    with pytest.raises(InputError, match="time_limit_s"):
        solve(make([]), seed=1, time_limit_s=0.0)
