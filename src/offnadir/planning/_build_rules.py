"""Rules between options as rows of whole numbers: limits an orbit, spacing, order, choices.

Options leave their starts open within ranges, so a row allows two together only if every pair of their
starts does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.planning._orbit_number import orbit_numbers
from offnadir.planning.model import Choice, Mission, Repeat
from offnadir.planning.problem import Options, Rows, Windows

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
#: Options, coefficients, limit, and what the row is for.
Row = tuple[IntArray, IntArray, int, str]

_MOST_CHOICE_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Times:
    """When options take place [ms]: the range of the first start, of the last start, and of the last stop."""

    first_low: IntArray
    first_high: IntArray
    last_low: IntArray
    last_high: IntArray
    stop_low: IntArray
    stop_high: IntArray

    @classmethod
    def of(cls, windows: Windows, options: Options) -> Times:
        """Of all options."""
        w = options.member_window
        low = windows.first_ms[w] + options.member_low * windows.step_ms[w]
        high = windows.first_ms[w] + options.member_high * windows.step_ms[w]
        first, last = options.member_block[:-1], options.member_block[1:] - 1
        long = windows.duration_ms[w[last]]
        return cls(
            first_low=low[first],
            first_high=high[first],
            last_low=low[last],
            last_high=high[last],
            stop_low=low[last] + long,
            stop_high=high[last] + long,
        )


def make_rows(
    mission: Mission,
    windows: Windows,
    options: Options,
    window_satellite: IntArray,
    task_request: IntArray,
    period_s: Array,
) -> Rows:
    """All rows of a mission, with names for reports."""
    times = Times.of(windows, options)
    rows = [*_orbit_rows(mission, windows, options, window_satellite, period_s)]
    edge = np.searchsorted(options.task, np.arange(len(task_request) + 1))
    tasks: dict[int, list[IntArray]] = {}
    for t, r in enumerate(task_request.tolist()):
        tasks.setdefault(r, []).append(np.arange(edge[t], edge[t + 1]))
    number = {request.name: r for r, request in enumerate(mission.requests)}
    nested = {
        number[name]
        for choice in mission.choices
        for name in choice.requests
        if mission.requests[number[name]].repeat is not None
    }
    for r, request in enumerate(mission.requests):
        if request.repeat is not None:
            rows += _spacing_rows(
                request.name, request.repeat, times, tasks.get(r, []), r in nested
            )
        if request.after is not None:
            before = np.concatenate([np.empty(0, np.int64), *tasks.get(number[request.after], [])])
            mine = np.concatenate([np.empty(0, np.int64), *tasks.get(r, [])])
            within_ms = None
            if request.after_within_s is not None:
                within_ms = math.floor(request.after_within_s * 1e3)
            name = f"{request.name!r} after {request.after!r}"
            rows += _order_rows(name, times, before, mine, within_ms)
    for choice in mission.choices:
        rows += _choice_rows(mission, choice, number, tasks)
    return Rows.of([row[:3] for row in rows], [row[3] for row in rows])


def _orbit_rows(
    mission: Mission,
    windows: Windows,
    options: Options,
    window_satellite: IntArray,
    period_s: Array,
) -> Iterator[Row]:
    """Pictures, and seconds of them, that start in each orbit; only where all that could be are too many."""
    option = np.repeat(np.arange(len(options)), np.diff(options.member_block))
    w = options.member_window
    start_ms = windows.first_ms[w] + options.member_low * windows.step_ms[w]
    for s, satellite in enumerate(mission.satellites):
        limits = []
        if satellite.max_pictures_per_orbit is not None:
            one = np.ones(len(w), np.int64)
            limits.append((one, satellite.max_pictures_per_orbit, "pictures"))
        if satellite.imaging_s_per_orbit is not None:
            most_ms = math.floor(satellite.imaging_s_per_orbit * 1e3)
            limits.append((windows.duration_ms[w], most_ms, "imaging"))
        mine = np.flatnonzero(window_satellite[w] == s)
        orbit = orbit_numbers(start_ms[mine], float(period_s[s]))
        for number in np.unique(orbit).tolist() if limits else []:
            rows = mine[orbit == number]
            for factor, most, what in limits:
                taken, place = np.unique(option[rows], return_inverse=True)
                needs = np.zeros(len(taken), np.int64)
                np.add.at(needs, place, factor[rows])
                most_of_task = np.zeros(int(options.task[taken].max()) + 1, np.int64)
                np.maximum.at(most_of_task, options.task[taken], needs)
                if most_of_task.sum() > most:
                    yield taken, needs, most, f"{what} of {satellite.name} in orbit {number}"


def _spacing_rows(
    name: str, repeat: Repeat, times: Times, turns: Sequence[IntArray], nested: bool
) -> Iterator[Row]:
    """Pictures of one request far enough apart, and where asked for not too far.

    Too near: pictures as intervals from the earliest start to the latest plus the spacing; of those that
    hold one instant only one may be taken. Too far: each turn needs one of the turn before that is far enough
    and near enough; so turns are in the order of time.
    """
    least_ms = math.ceil(repeat.min_spacing_s * 1e3)
    every = np.concatenate([np.empty(0, np.int64), *turns])
    low, high = times.first_low[every], times.first_high[every] + least_ms
    cliques: list[frozenset[int]] = []
    for at in np.unique(low).tolist():
        inside = every[(low <= at) & (at < high)]
        if len(inside) > 1:
            found = frozenset(inside.tolist())
            if cliques and cliques[-1] <= found:
                cliques.pop()
            cliques.append(found)
    for clique in cliques:
        taken = np.array(sorted(clique), np.int64)
        yield taken, np.ones(len(taken), np.int64), 1, f"spacing of {name!r}"
    for before, turn in pairwise(turns):
        if repeat.max_spacing_s is None:
            if nested:
                factor = np.concatenate([np.ones(len(turn)), -np.ones(len(before))])
                taken = np.concatenate([turn, before])
                yield taken, factor.astype(np.int64), 0, f"turns of {name!r}"
            continue
        most_ms = math.floor(repeat.max_spacing_s * 1e3)
        for o in turn.tolist():
            good = times.first_low[o] - times.first_high[before] >= max(least_ms, 1)
            good &= times.first_high[o] - times.first_low[before] <= most_ms
            yield _needs(o, before[good], f"spacing of {name!r}")


def _order_rows(
    name: str, times: Times, before: IntArray, mine: IntArray, within_ms: int | None
) -> Iterator[Row]:
    """Options that need one of the request before, complete when they begin and not for too long."""
    for o in mine.tolist():
        good = times.first_low[o] >= times.stop_high[before]
        if within_ms is not None:
            good &= times.last_high[o] - times.stop_low[before] <= within_ms
        yield _needs(o, before[good], name)


def _needs(option: int, others: IntArray, name: str) -> Row:
    """An option only together with one of others."""
    factor = np.full(len(others) + 1, -1, np.int64)
    factor[0] = 1
    return np.concatenate([[option], others]).astype(np.int64), factor, 0, name


def _choice_rows(
    mission: Mission, choice: Choice, number: dict[str, int], tasks: dict[int, list[IntArray]]
) -> Iterator[Row]:
    """At most so many of some requests.

    A request is taken if its first task is; for strips, which have no first, if any is: there is a row for
    each way to name one strip of each.
    """
    name = f"choice of {', '.join(repr(one) for one in choice.requests)}"
    stands: list[list[IntArray]] = []
    for one in choice.requests:
        r = number[one]
        parts = [part for part in tasks.get(r, []) if len(part)]
        stands.append(parts if mission.requests[r].cover is not None else parts[:1])
    stands = [parts for parts in stands if parts]
    if all(len(parts) == 1 for parts in stands):
        if len(stands) > choice.at_most:
            taken = np.concatenate([parts[0] for parts in stands])
            yield taken, np.ones(len(taken), np.int64), choice.at_most, name
        return
    count = sum(
        math.prod(len(parts) for parts in some) for some in combinations(stands, choice.at_most + 1)
    )
    if count > _MOST_CHOICE_ROWS:
        wish = f"between areas of fewer strips: this choice would take {count} rules"
        raise InputError("requests", choice.requests, wish)
    for some in combinations(stands, choice.at_most + 1):
        for one_each in product(*some):
            taken = np.concatenate(one_each)
            yield taken, np.ones(len(taken), np.int64), choice.at_most, name
