"""TAT-C: revisit of places by a constellation; reads a job, writes windows and revisits beside it.

    python tatc_coverage.py JOB.json

The job: satellites [[name, line 1, line 2]], places [[lat, lon]] in degrees, start, seconds, off_nadir_deg,
runs. Prints wall and processor seconds of each run: `collect_observations`, `aggregate_observations` and
`reduce_observations`, the steps of its documentation from a study to revisits.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from tatc.analysis import aggregate_observations, collect_observations, reduce_observations
from tatc.constants import timescale
from tatc.schemas import Instrument, Point, Satellite, TwoLineElements


def main() -> None:
    path = Path(sys.argv[1])
    job = json.loads(path.read_text())
    begin = datetime.fromisoformat(job["start"].replace("Z", "+00:00"))
    end = begin + timedelta(seconds=job["seconds"])
    points = [Point(id=i, latitude=a, longitude=b) for i, (a, b) in enumerate(job["places"])]
    camera = Instrument(name="camera", field_of_regard=2 * job["off_nadir_deg"])
    satellites = [
        Satellite(name=name, orbit=TwoLineElements(tle=[one, two]), instruments=[camera])
        for name, one, two in job["satellites"]
    ]
    numbers = {(round(b, 6), round(a, 6)): i for i, (a, b) in enumerate(job["places"])}
    names = {name: i for i, (name, _, _) in enumerate(job["satellites"])}
    times = []
    for _ in range(job["runs"]):
        wall, work = time.perf_counter(), time.process_time()
        seen = collect_observations(points, satellites, begin, end)
        reduced = reduce_observations(aggregate_observations(seen))
        times.append((time.perf_counter() - wall, time.process_time() - work))
    windows = [
        (
            names[name],
            numbers[round(place.x, 6), round(place.y, 6)],
            (a - begin).total_seconds(),
            (b - begin).total_seconds(),
        )
        for name, place, a, b in zip(
            seen.satellite, seen.geometry, seen["start"], seen["end"], strict=True
        )
    ]
    revisit = np.full(len(points), np.nan)
    for place, gap in zip(reduced.geometry, reduced.revisit, strict=True):
        revisit[numbers[round(place.x, 6), round(place.y, 6)]] = gap.total_seconds()
    np.savez(path.with_suffix(".npz"), windows=np.array(windows).reshape(-1, 4), revisit=revisit)
    at = timescale.from_datetime(begin)
    # Skyfield: TT - UT1 is delta_t, and TT - TAI is 32.184 s
    print(json.dumps({"times": times, "ut1_minus_tai_s": 32.184 - float(at.delta_t)}))


main()
