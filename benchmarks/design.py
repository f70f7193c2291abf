"""Trade studies: how long 500 designs take, one worker against two, and what more workers would bring.

    ./run bench design                        500 designs of 6 satellites x 2,000 places x 10 days
    ./run bench design --designs 40           fewer of them
    ./run bench design --scheduler ADDRESS    on the workers of a Dask cluster too

Prints tables in Markdown: wall and processor seconds, and the model of time by workers,

    T(n) = begin + N * max(each / n, hand),

with `begin` what happens once (reading, the grid, starting and warming processes), `each` the processor
time of a design, `hand` the time of the process that hands designs out and keeps results. It is Amdahl's
law with a queue: beyond each / hand workers nothing is gained. The first design of each process warms it and
is not counted in `each`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from offnadir.coverage.study import Crew, load_study, run_study
from offnadir.coverage.study_designs import Space
from offnadir.coverage.study_evaluate import design_key, evaluate, make_world, world_key
from offnadir.coverage.study_hardware import with_cost
from offnadir.coverage.study_search import Trials
from offnadir.coverage.study_store import Store
from offnadir.coverage.study_team import Processes

CELLS, DAYS, SATELLITES = 2000, 10, 6
LIMIT_S = 600.0
PREDICTED = (1, 2, 4, 8, 16, 64, 256)


def study_text(cells: int) -> str:
    """500 designs: 4 numbers of planes, 5 heights, 5 inclinations, 5 limits of angle; even places."""
    golden = math.pi * (3 - math.sqrt(5))
    places = []
    for k in range(cells):
        lat = math.degrees(math.asin(1 - (2 * k + 1) / cells))
        lon = (math.degrees(k * golden) + 180) % 360 - 180
        places.append(f"[[place]]\nlat_deg = {lat:.4f}\nlon_deg = {lon:.4f}\n")
    return f"""
[span]
start = "2026-06-01T00:00:00Z"
duration = "{DAYS} d"
[wishes]
niirs = 4
revisit = "48 h"
min_sun_elevation_deg = 10
[[orbit]]
family = "walker-delta"
satellites = {SATELLITES}
planes = [1, 2, 3, 6]
height_km = [450, 500, 550, 600, 650]
inclination_deg = [40, 55, 70, 85, 97.5]
[[sensor]]
library = "worldview-3"
max_off_nadir_deg = [15, 20, 25, 30, 40]
{"".join(places)}"""


def part_study(path: str, count: int):
    """The study, its space, and the genes of `count` designs spread over all."""
    study = load_study(path)
    space = Space(study)
    step = max(1, space.count // count)
    return study, space, list(islice(space.all(), 0, None, step))[:count]


def timed(path: str, count: int, workers: int) -> dict[str, float]:
    """Wall and processor time of designs by so many processes, begun and warm times apart."""
    begun = time.perf_counter()
    study, space, genes = part_study(path, count)
    world = make_world(study)
    team = Processes(evaluate, world, workers)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        name = world_key(world)
        trials = Trials(
            study, store, team,
            key=lambda one: design_key(name, one, study),
            finish=lambda one, figures: with_cost(one, figures, study),
            report=lambda done, total, found: None,
        )  # fmt: skip
        for _ in team.do([space.design(genes[0])] * (3 * workers)):
            pass
        begin_s = time.perf_counter() - begun
        own = time.process_time()
        started = time.perf_counter()
        trials.try_all(genes, len(genes))
        wall_s = time.perf_counter() - started
        hand_s = (time.process_time() - own) / len(genes)
    team.close()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "begin_s": begin_s,
        "wall_s": wall_s,
        "hand_s": hand_s,
        "children_cpu_s": used.ru_utime + used.ru_stime,
        "child_peak_mib": used.ru_maxrss / 1024,
    }


def each_s(path: str, count: int) -> float:
    """Processor time of a design in this process, once it is warm."""
    study, space, genes = part_study(path, count)
    world = make_world(study)
    evaluate(world, space.design(genes[0]))
    begun = time.process_time()
    for one in genes:
        evaluate(world, space.design(one))
    return (time.process_time() - begun) / len(genes)


def on_cluster(path: str, address: str) -> float:
    """Wall time of the whole study on a cluster."""
    from offnadir.cli._cluster import cluster

    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(address, field="--scheduler") as (executor, hands, share),
    ):
        begun = time.perf_counter()
        run_study(
            load_study(path), folder, crew=Crew(workers=hands, executor=executor, share=share)
        )
        return time.perf_counter() - begun


def model_s(workers: int, designs: int, begin_s: float, each: float, hand: float) -> float:
    """Time that the model gives."""
    return begin_s + designs * max(each / workers, hand)


def child(words: list[str]) -> dict[str, float]:
    """A part in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, *words], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--designs", type=int, default=500)
    parser.add_argument("--one", type=int, default=100, help="designs for the run with one worker")
    parser.add_argument("--cells", type=int, default=CELLS)
    parser.add_argument("--scheduler", default=None)
    parser.add_argument("--part", default=None, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part is not None:
        kind, path, count, workers = json.loads(options.part)
        told = {"each_s": each_s(path, count)} if kind == "each" else timed(path, count, workers)
        print(json.dumps(told))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "study.toml")
        Path(path).write_text(study_text(options.cells), encoding="utf-8")
        few = min(options.one, options.designs)
        each = child(["--part", json.dumps(["each", path, min(few, 40), 1])])["each_s"]
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
        print(
            f"{SATELLITES} satellites x {options.cells} places x {DAYS} days; "
            f"a design takes {each:.2f} s of processor.\n"
        )
        print(
            "| workers | designs | begin s | wall s | wall s a design | processor s "
            "| hand ms a design | MiB a worker |"
        )
        print("|---|---|---|---|---|---|---|---|")
        runs = {}
        for workers, count in ((1, few), (2, options.designs)):
            got = child(["--part", json.dumps(["time", path, count, workers])])
            runs[workers] = got
            print(
                f"| {workers} | {count} | {got['begin_s']:.1f} | {got['wall_s']:.1f} "
                f"| {got['wall_s'] / count:.2f} "
                f"| {got['children_cpu_s']:.0f} | {got['hand_s'] * 1e3:.1f} | {got['child_peak_mib']:.0f} |",
                flush=True,
            )
        if options.scheduler:
            print(f"\nOn the cluster, all 500: {on_cluster(path, options.scheduler):.1f} s")
        hand = runs[2]["hand_s"]
        begin = runs[2]["begin_s"]
        two_s = model_s(2, 500, begin, each, hand)
        print(
            f"\nModel: T(n) = {begin:.0f} s + N max({each:.3f} s / n, {hand * 1e3:.1f} ms); "
            f"at most {each / hand:.0f} workers help.\n"
        )
        print("| workers | " + " | ".join(map(str, PREDICTED)) + " |")
        print("|---" * (len(PREDICTED) + 1) + "|")
        row = [f"{model_s(n, 500, begin, each, hand):.0f}" for n in PREDICTED]
        print("| 500 designs, s | " + " | ".join(row) + " |")
        print(f"\nBy the model 500 designs on 2 cores take {two_s:.0f} s; wanted: {LIMIT_S:.0f} s.")


if __name__ == "__main__":
    main()
