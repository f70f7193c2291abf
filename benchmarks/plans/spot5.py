"""spot5: fixed photographs, forbidden pairs and triples, one recorder."""

from __future__ import annotations

import numpy as np

from instances.spot5 import Instance
from offnadir.planning.problem import Options, Problem, Rows, Schedule, Transitions, Windows

#: Which reading of the recorder's capacity is solved; see the reader.
READING = "units"
_SCALE = 1000


def problem(instance: Instance, reading: str = READING) -> Problem:
    """An option a way; rows for the forbidden tuples and the recorder."""
    n, size = len(instance.way), len(instance.weight)
    photograph = np.repeat(np.arange(size), np.diff(instance.way_start))
    number = {
        (p, w): i
        for i, (p, w) in enumerate(zip(photograph.tolist(), instance.way.tolist(), strict=True))
    }
    rows = []
    for photographs, ways in (
        (instance.pair_photograph, instance.pair_way),
        (instance.triple_photograph, instance.triple_way),
    ):
        for p, w in zip(photographs.tolist(), ways.tolist(), strict=True):
            options = [number.get(key, -1) for key in zip(p, w, strict=True)]
            if min(options) >= 0:
                rows.append((options, 1, len(options) - 1))
    load, capacity = instance.loads(reading)  # type: ignore[arg-type]
    if capacity is not None:
        used = np.ceil(load * _SCALE - 1e-6).astype(np.int64)
        rows.append((np.arange(n), used, int(capacity * _SCALE)))
    return Problem(
        windows=Windows(
            chain=np.full(n, -1),
            first_ms=np.zeros(n, np.int64),
            step_ms=np.ones(n, np.int64),
            count=np.ones(n, np.int64),
            duration_ms=np.zeros(n, np.int64),
        ),
        transitions=Transitions(is_table=np.empty(0, np.bool_), block=np.zeros(n, np.int64)),
        options=Options.single(
            task=photograph,
            value=instance.weight[photograph],
            window=np.arange(n),
            low=np.zeros(n, np.int64),
            high=np.zeros(n, np.int64),
        ),
        chain_satellite=np.empty(0, np.int64),
        request=np.arange(size),
        rows=Rows.of(rows),
    )


def solution(instance: Instance, of: Problem, schedule: Schedule) -> list[int]:
    """The way of each photograph, 0 where it is not taken."""
    ways = np.zeros(len(instance.weight), np.int64)
    ways[of.options.task[schedule.option]] = instance.way[schedule.option]
    return ways.tolist()
