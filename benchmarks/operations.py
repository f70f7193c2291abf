"""The mission loop under load: one plan of a thousand orders, and its memory over a long simulated run.

    python benchmarks/operations.py replan WORK [ORDERS]
    python benchmarks/operations.py memory WORK [CPU_SECONDS]

The fleet is that of the bundled demo; the spacecraft of the memory run returns one small picture.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from importlib.resources import files
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from offnadir.epoch import Epoch
from offnadir.operations import Context, open_operation, run
from offnadir.operations._planning import plan
from support.operation import LIST, OPERATION, Tape, make_operation, make_tape, place_orders


def demo_operation(folder: Path) -> Path:
    """An operation of the demo's fleet."""
    folder.mkdir(parents=True, exist_ok=True)
    demo = Path(str(files("offnadir.data") / "demo"))
    for file in demo.iterdir():
        if file.is_file():
            shutil.copy(file, folder / file.name)
    (folder / "list.xml").write_text(LIST)
    path = folder / "operation.toml"
    path.write_text(OPERATION)
    return path


def replan(folder: Path, orders: int) -> dict[str, object]:
    """Plan so many open orders over 24 h, and then once more with one order more."""
    path = demo_operation(folder)
    luck = np.random.default_rng(1)
    places = {
        f"o{i}": (float(lon), float(lat))
        for i, (lon, lat) in enumerate(
            zip(luck.uniform(73, 135, orders), luck.uniform(20, 50, orders), strict=True)
        )
    }
    found: dict[str, object] = {"orders": orders}
    with open_operation(path, say=lambda at, text: print(at.utc(0), text, flush=True)) as here:
        begun_s = time.process_time()
        place_orders(here, places)
        found["placing_cpu_s"] = round(time.process_time() - begun_s, 1)
        here.lease.take()
        found["first"] = _timed_plan(here)
        _late(here)
        found["again"] = _timed_plan(here)
    return found


def _late(here: Context) -> None:
    from offnadir.tasking import read_order

    document = {"title": "late", "place": {"type": "Point", "coordinates": [100.0, 30.0]}}
    here.desk.place(read_order(document, now=here.clock.now()), by="ann", key="late")


def _timed_plan(here: Context) -> dict[str, float]:
    wall_s, cpu_s = time.monotonic(), time.process_time()
    assert plan(here, here.clock.now())
    return {
        "wall_s": round(time.monotonic() - wall_s, 1),
        "cpu_s": round(time.process_time() - cpu_s, 1),
    }


def memory(folder: Path, cpu_s: float) -> dict[str, object]:
    """Resident memory day by day of an operation of recurring orders."""
    level1 = folder / "level1"
    if not level1.exists():
        make_tape(level1)
    path = make_operation(folder / "op")
    rows: list[dict[str, float]] = []
    begun_s = time.process_time()
    with open_operation(path, spacecraft=Tape(level1)) as here:
        place_orders(here, recurrence={"every_days": 1, "count": 366})
        here.lease.take()
        start = here.clock.now()
        while time.process_time() - begun_s < cpu_s:
            run(here, until=Epoch(start.tai_ns) + 86400.0 * (len(rows) + 1))
            kept = Path("/proc/self/statm").read_text().split()[1]
            mib = int(kept) * resource.getpagesize() / 2**20
            rows.append({"day": len(rows) + 1, "rss_mib": round(mib, 1),
                         "cpu_s": round(time.process_time() - begun_s, 1)})  # fmt: skip
            print(rows[-1], flush=True)
    return {"days": rows}


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in ("replan", "memory"):
        sys.exit(__doc__)
    work = Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    if sys.argv[1] == "replan":
        result = replan(work, int(sys.argv[3]) if len(sys.argv) > 3 else 1000)
    else:
        result = memory(work, float(sys.argv[3]) if len(sys.argv) > 3 else 600.0)
    print(json.dumps(result))
