"""What every peer shares: reading the job that the benchmark wrote, timing it, writing the windows."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Found = list[tuple[int, int, float, float]]


@dataclass(frozen=True)
class Job:
    """One workload: element sets (name, line 1, line 2), places (name, lat, lon [deg], alt [m]), limits."""

    satellites: list[tuple[str, str, str]]
    sites: list[tuple[str, float, float, float]]
    start: str
    seconds: float
    min_elevation_deg: float | None
    max_off_nadir_deg: float | None
    min_sun_deg: float | None
    earth_orientation: str | None
    runs: int


def main(
    prepare: Callable[[Job], None], windows: Callable[[Job], Found], *, knows_sun: bool
) -> None:
    """Run the job named on the command line; write its windows beside it and its times to standard output."""
    path = Path(sys.argv[1])
    job = Job(**json.loads(path.read_text()))
    prepare(job)
    times = []
    for _ in range(job.runs):
        before = time.perf_counter()
        found = windows(job)
        times.append(time.perf_counter() - before)
    np.save(path.with_suffix(".npy"), np.array(found, float).reshape(-1, 4))
    print(json.dumps({"seconds": times, "without_sun": bool(job.min_sun_deg) and not knows_sun}))
