"""SPOT5: which photographs to take, and with which of three cameras, on one day (CNES and ONERA, 1999).

Bensana, Lemaitre, Verfaillie, "Earth observation satellite management", Constraints 4(3), 1999. The
files `NAME.spot` hold, a line each: number of photographs; per photograph its number, weight, number of
ways and then way and recorder load of each (anything further on the line is no business of the problem);
number of constraints; per constraint its arity (2 or 3), that many photographs and then forbidden tuples of
ways; last, in the day plans of several orbits only, the recorder's capacity, counted among the constraints.

Rules: a photograph is taken in one of its ways or not at all; no forbidden tuple may be taken whole; the
loads taken fit the recorder. The literature reads the last rule in two ways: `file` (sum of the loads <=
capacity, 90000) and `units` (sum of round(load / 451) <= round(capacity / 451), 200 for 90000), the latter
one unit looser. Value: sum of the weights taken, to be maximised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from offnadir.errors import InputError

from ._common import Floats, Ints, Lines, Verdict, frozen

Reading = Literal["file", "units"]
NOT_TAKEN = 0
WAYS = {1: "front", 2: "middle", 3: "rear", 13: "front and rear (stereo)"}
UNIT = 451.0  # recorder load of one mono photograph, the literature's unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A day plan: n photographs in order of time, w ways to take them, f and g forbidden tuples.

    The ways of photograph i are rows way_start[i] to way_start[i + 1] of `way` and `load`. Forbidden tuples
    name photographs by their row (not by `photograph_id`) and count only where all of them are taken.
    """

    name: str
    photograph_id: Ints  # (n,) as in the file
    weight: Ints  # (n,)
    way_start: Ints  # (n + 1,)
    way: Ints  # (w,) 1, 2, 3 or 13
    load: Floats  # (w,) recorder load, raw as in the file
    pair_photograph: Ints  # (f, 2) rows of photographs
    pair_way: Ints  # (f, 2)
    triple_photograph: Ints  # (g, 3)
    triple_way: Ints  # (g, 3)
    capacity: float | None  # of the recorder, in the loads' unit; None where the file gives none

    def ways_of(self, row: int) -> Ints:
        """The ways in which a photograph can be taken."""
        return self.way[self.way_start[row] : self.way_start[row + 1]]

    def loads(self, reading: Reading) -> tuple[Floats, float | None]:
        """Loads of the ways, shape (w,), and the capacity, by one of the two readings."""
        if self.capacity is None or reading == "file":
            return self.load, self.capacity
        return np.rint(self.load / UNIT), float(np.rint(self.capacity / UNIT))


def read(path: str | Path) -> Instance:
    """Read a file NAME.spot; InputError names line and wish."""
    lines = Lines(path)
    count = lines.integer("number of photographs", lines.words("number of photographs", 1, 1)[0], 1)
    rows: dict[int, int] = {}
    weight, way_start, way, load = [], [0], [], []
    for row in range(count):
        words = lines.words("photograph", 5)
        rows[lines.integer("photograph", words[0], 0)] = row
        weight.append(lines.integer("weight", words[1], 0))
        ways = lines.integer("number of ways", words[2], 1)
        if len(words) < 3 + 2 * ways:
            raise lines.wrong("ways", " ".join(words[3:]), f"{ways} pairs of way and load")
        for at in range(3, 3 + 2 * ways, 2):
            way.append(lines.integer("way", words[at]))
            if way[-1] not in WAYS:
                raise lines.wrong("way", way[-1], "one of 1, 2, 3, 13")
            load.append(lines.number("load", words[at + 1]))
        way_start.append(len(way))
    if len(rows) != count:
        raise lines.wrong("photograph", "", "numbers that differ from photograph to photograph")
    tuples, capacity = _constraints(lines, rows)
    lines.end()
    return Instance(
        name=Path(path).stem,
        photograph_id=frozen(list(rows), np.int64),
        weight=frozen(weight, np.int64),
        way_start=frozen(way_start, np.int64),
        way=frozen(way, np.int64),
        load=frozen(load, np.float64),
        pair_photograph=frozen([p for p, _ in tuples[2]], np.int64).reshape(-1, 2),
        pair_way=frozen([w for _, w in tuples[2]], np.int64).reshape(-1, 2),
        triple_photograph=frozen([p for p, _ in tuples[3]], np.int64).reshape(-1, 3),
        triple_way=frozen([w for _, w in tuples[3]], np.int64).reshape(-1, 3),
        capacity=capacity,
    )


_Tuples = dict[int, list[tuple[list[int], list[int]]]]


def _constraints(lines: Lines, rows: dict[int, int]) -> tuple[_Tuples, float | None]:
    """Forbidden tuples by arity, and the capacity if there is one."""
    count = lines.integer("number of constraints", lines.words("number of constraints", 1, 1)[0], 0)
    tuples: _Tuples = {2: [], 3: []}
    capacity = None
    for _ in range(count):
        words = lines.words("constraint", 1)
        if len(words) == 1:
            capacity = lines.number("capacity", words[0])
            continue
        arity = lines.integer("arity", words[0])
        if arity not in tuples:
            raise lines.wrong("arity", arity, "2 or 3")
        photographs = [lines.integer("photograph", word) for word in words[1 : 1 + arity]]
        if any(number not in rows for number in photographs):
            raise lines.wrong("photographs", photographs, "numbers of photographs above")
        ways = [lines.integer("way", word) for word in words[1 + arity :]]
        if not ways or len(ways) % arity:
            raise lines.wrong("forbidden ways", ways, f"one or more tuples of {arity} ways")
        where = [rows[number] for number in photographs]
        tuples[arity] += [(where, ways[at : at + arity]) for at in range(0, len(ways), arity)]
    return tuples, capacity


def verify(instance: Instance, ways: Sequence[int] | Ints, reading: Reading = "file") -> Verdict:
    """Check an assignment: a way of each photograph in the file's order, 0 where it is not taken."""
    chosen = np.asarray(ways, np.int64)
    count = len(instance.weight)
    if chosen.shape != (count,):
        raise InputError("ways", chosen.shape, f"{count} numbers, one a photograph")
    of_photograph = np.repeat(chosen, np.diff(instance.way_start))
    used = (instance.way == of_photograph) & (of_photograph != NOT_TAKEN)
    photograph_of_way = np.repeat(np.arange(count), np.diff(instance.way_start))
    allowed = np.bincount(photograph_of_way[used], minlength=count) > 0
    problems = [
        f"photograph {instance.photograph_id[row]}: it has no way {chosen[row]}"
        for row in np.flatnonzero((chosen != NOT_TAKEN) & ~allowed)
    ]
    for photographs, tuples in (
        (instance.pair_photograph, instance.pair_way),
        (instance.triple_photograph, instance.triple_way),
    ):
        for row in np.flatnonzero(np.all(chosen[photographs] == tuples, axis=1)):
            names = ", ".join(map(str, instance.photograph_id[photographs[row]]))
            tried = ", ".join(map(str, tuples[row]))
            problems.append(f"photographs {names}: ways {tried} are forbidden together")
    load, capacity = instance.loads(reading)
    total = float(load[used].sum())
    if capacity is not None and total > capacity + 1e-6:
        problems.append(f"recorder: {total:.2f} is over its capacity of {capacity:g} ({reading})")
    value = int(instance.weight[chosen != NOT_TAKEN].sum())
    return Verdict(value=value, problems=tuple(problems), figures={"load": total})
