"""The mission loop under load: one plan of a thousand orders, and its memory over a long simulated run.

    python benchmarks/operations.py replan WORK [ORDERS]
    python benchmarks/operations.py memory WORK [--days 365] [--waiting 20]

The fleet is that of the bundled demo; the spacecraft of the memory run returns one small picture.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import resource
import shutil
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from offnadir.epoch import Epoch
from offnadir.operations import Context, open_operation, run
from offnadir.operations._planning import plan
from offnadir.tasking import read_order
from support.operation import LIST, OPERATION, PLACES, Tape, make_operation, make_tape, place_orders

#: A place of which the archive has no picture.
NOWHERE = (10.0, 50.0)


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
        _place(here, "late", (100.0, 30.0))
        found["again"] = _timed_plan(here)
    return found


def _timed_plan(here: Context) -> dict[str, float]:
    wall_s, cpu_s = time.monotonic(), time.process_time()
    assert plan(here, here.clock.now())
    return {
        "wall_s": round(time.monotonic() - wall_s, 1),
        "cpu_s": round(time.process_time() - cpu_s, 1),
    }


class _Sender(Tape):
    """A spacecraft that sends the same picture each time and notes nothing: notes would grow."""

    def command(self, satellite, at, station, pictures):
        pass

    def receive(self, picture, plan, folder):
        super().receive(picture, plan, folder)
        self.asked.clear()


def _rss_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 2**20, 1)


def _objects() -> int:
    """How many containers Python keeps alive: what a leak of ours would make more."""
    gc.collect()
    return len(gc.get_objects())


class _Mallinfo2(ctypes.Structure):
    """What glibc tells of its heaps; see mallinfo(3)."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
            "keepcost",
        )
    ]  # fmt: skip


def _heap_mib() -> float | None:
    """What is allocated in the C library's heaps; what is resident beyond it is free, in crumbs."""
    try:
        ask = ctypes.CDLL("libc.so.6").mallinfo2
    except (OSError, AttributeError):
        return None
    ask.restype = _Mallinfo2
    told = ask()
    return round((told.uordblks + told.hblkhd) / 2**20, 1)


def memory(folder: Path, days: int, waiting: int) -> dict[str, object]:
    """Resident memory, month by month, of an operation in which every day something of each kind happens.

    A recurring order gives a picture on nearly every day: planned, brought up, taken, sent down, processed,
    delivered. Each day one order is served from the archive, one fails since the archive has nothing of its
    place, and one is withdrawn; each week one ends with its time. `waiting` orders are open all along, for
    windows that never come. To let a year pass in minutes plans are made anew every 24 h and not every 6 h,
    besides those that events ask for, and the solver has 0.1 s for each, which one order does not need.
    """
    level1 = folder / "level1"
    if not level1.exists():
        make_tape(level1)
    path = make_operation(folder / "op", '[horizon]\nreplan_every = "24 h"\n')
    mission = path.with_name("mission.toml")
    mission.write_text(mission.read_text().replace("time_limit_s = 1", "time_limit_s = 0.1"))
    months: list[dict[str, Any]] = []
    with open_operation(path, spacecraft=_Sender(level1)) as here:
        place_orders(
            here, {"Seoul": PLACES["Seoul"]}, recurrence={"every_days": 0.5, "count": 1000}
        )
        for number in range(waiting):
            _place(here, f"open {number}", windows=[{"start": "2036-01-01T00:00:00Z"}])
        here.lease.take()
        start, last_s, last_day = Epoch(here.clock.now().tai_ns), time.process_time(), 0
        for number in range(1, days + 1):
            _one_day(here, number, start + 86400.0 * number)
            if number in (1, 10, days) or number % 30 == 0:
                now_s = time.process_time()
                months.append(
                    {
                        "day": number,
                        "rss_mib": _rss_mib(),
                        "objects": _objects(),
                        "heap_mib": _heap_mib(),
                        "cpu_s_a_day": round((now_s - last_s) / (number - last_day), 2),
                        **_counts(here),
                    }
                )
                last_s, last_day = now_s, number
                print(months[-1], flush=True)
    return {"waiting": waiting, "months": months}


def _one_day(here: Context, number: int, end: Epoch) -> None:
    if number > 3:  # by then the archive has a picture
        _place(here, f"kept {number}", source="archive")
    _place(here, f"nowhere {number}", NOWHERE, source="archive")
    here.desk.cancel(_place(here, f"gone {number}"), by="ann")
    if number % 7 == 0:
        _place(here, f"over {number}", NOWHERE, deadline=(here.clock.now() + 60.0).utc(0))
    run(here, until=end)


def _place(
    here: Context, title: str, at: tuple[float, float] = PLACES["Seoul"], **wishes: object
) -> str:
    document = {"title": title, "place": {"type": "Point", "coordinates": list(at)}, **wishes}
    order = read_order(document, now=here.clock.now())
    return here.desk.place(order, by="ann", key=title)[0].id


def _counts(here: Context) -> dict[str, int]:
    """How many orders ended how, and how many pictures went out."""
    found: dict[str, int] = {}
    for state in ("completed", "failed", "user_cancelled", "expired"):
        found[state] = 0
        before = None
        while True:
            page = here.desk.list(by="boss", state=state, limit=1000, before=before)
            found[state] += len(page.rows)
            before = page.next
            if before is None:
                break
    found["delivered"] = sum(1 for _ in here.operation.deliveries.glob("*/*"))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("replan")
    one.add_argument("work", type=Path)
    one.add_argument("orders", type=int, nargs="?", default=1000)
    one = verbs.add_parser("memory")
    one.add_argument("work", type=Path)
    one.add_argument("--days", type=int, default=365)
    one.add_argument("--waiting", type=int, default=20)
    said = parser.parse_args()
    said.work.mkdir(parents=True, exist_ok=True)
    if said.verb == "replan":
        result = replan(said.work, said.orders)
    else:
        result = memory(said.work, said.days, said.waiting)
    print(json.dumps(result))
