"""Coverage: how fast, and how well it agrees with TAT-C on the same study in the same run.

Not called coverage.py: numba imports a library of that name from wherever it finds one.

    ./run bench revisit                              the studies without TAT-C
    ./run bench revisit --tatc-python PATH           with TAT-C, in an environment of its own that has it
    ./run bench revisit --only peer --cells 500      one part: large, small or peer

Prints tables in Markdown. Times are wall and processor seconds; memory is the greatest of the process, and
each study runs in a process of its own. The first run compiles, and is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from offnadir.access import MaxOffNadir, Station, find_windows
from offnadir.coverage import Grid, Observer, cover, equal_area_grid
from offnadir.data import bundled_bytes
from offnadir.earth import EarthOrientation, Site
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, make_ephemeris, read_elements
from offnadir.orbits._tle_write import element_set_to_tle
from offnadir.quality import CloudClimatology
from offnadir.sensors import load_camera
from offnadir.units import day, deg

HERE = Path(__file__).resolve().parent
START = Epoch.from_utc("2026-06-01T00:00:00Z")
STATIONS = [
    Station(site=Site(name=name, lat_rad=lat * deg, lon_rad=lon * deg))
    for name, lat, lon in (
        ("Svalbard", 78.2, 15.4),
        ("Daejeon", 36.4, 127.4),
        ("Troll", -72.0, 2.5),
    )
]
# name: satellites, H3 resolution of land, days
STUDIES = {"large": (24, 3, 30.0), "small": (6, 2, 10.0)}
OFF_NADIR_DEG = 30.0


def walker(count: int) -> list[Observer]:
    """Satellites at 500 km and 97.4 deg in as many planes as there are pairs, with a metre-class camera."""
    camera = load_camera("skysat-c")
    return [
        Observer(
            elements=ElementSet(
                norad_id=90_000 + k,
                name=f"S{k + 1}",
                epoch=START,
                mean_motion_rad_s=15.22 * 2 * np.pi / day,
                eccentricity=1e-4,
                inclination_rad=97.4 * deg,
                raan_rad=(k // 2) * 4 * np.pi / count % (2 * np.pi),
                arg_perigee_rad=0.0,
                mean_anomaly_rad=(k * np.pi + k // 2 * 0.4) % (2 * np.pi),
            ),
            sensor=camera,
            constraints=(MaxOffNadir(OFF_NADIR_DEG * deg),),
        )
        for k in range(count)
    ]


def study(name: str, runs: int) -> None:
    """All figures of merit, with clouds, stations and sharpness; prints a row of JSON a run."""
    satellites, resolution, days = STUDIES[name]
    grid = equal_area_grid(resolution=resolution)
    span, flock = Span(START, START + days * day), walker(satellites)
    clouds = CloudClimatology.bundled()
    cover(flock[:1], grid, Span(START, START + day), stations=STATIONS, clouds=clouds)
    for _ in range(runs):
        wall, work = time.perf_counter(), time.process_time()
        told = cover(flock, grid, span, stations=STATIONS, clouds=clouds)
        row = {
            "study": f"{satellites} satellites x {len(grid):,} cells x {days:g} days",
            "looks": told.looks,
            "wall_s": time.perf_counter() - wall,
            "work_s": time.process_time() - work,
            "gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
            "revisit_h": told.summary()["revisit_mean_s"] / 3600,
        }
        print(json.dumps(row), flush=True)


def own_process(name: str, runs: int) -> None:
    """Run a study by itself and print its rows as Markdown."""
    command = [sys.executable, str(Path(__file__).resolve()), "--study", name, "--runs", str(runs)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for line in told.splitlines():
        one = json.loads(line)
        print(
            f"| {one['study']} | {one['looks']:,} | {one['wall_s']:.2f} | {one['work_s']:.2f} | "
            f"{one['gib']:.2f} | {one['revisit_h']:.2f} |",
            flush=True,
        )


def peer(python: str, cells: int, days: float, count: int, runs: int) -> None:
    """TAT-C and we on real element sets of the bundled mission: times, windows, revisits."""
    with tempfile.TemporaryDirectory() as folder:
        elements = Path(folder) / "elements.json"
        elements.write_bytes(bundled_bytes("demo/elements.omm.json"))
        sets = [one for one in read_elements(elements).elements if one.mean_motion_rad_s > 1e-3]
        sets, lines = sets[:count], [element_set_to_tle(one)[1:] for one in sets[:count]]
        whole = equal_area_grid(resolution=2)
        every = np.linspace(0, len(whole) - 1, min(cells, len(whole))).astype(int)
        # whole thousandths of a degree, so that both read the same places
        lat_deg, lon_deg = (np.round(one[every] / deg, 3) for one in (whole.lat_rad, whole.lon_rad))
        n = len(every)
        grid = Grid(
            kind="points", title="sample of land", lat_rad=lat_deg * deg, lon_rad=lon_deg * deg,
            alt_m=np.zeros(n), area_m2=np.ones(n),
        )  # fmt: skip
        begin = max(one.epoch for one in sets) + day
        begin = Epoch.from_utc(begin.utc(0)[:10])
        span = Span(begin, begin + days * day)
        # what a TLE cannot hold is lost to both: ours are read back from the same lines
        text = Path(folder) / "elements.tle"
        text.write_text(
            "\n".join(f"{s.name}\n{a}\n{b}" for s, (a, b) in zip(sets, lines, strict=True))
        )
        sets = list(read_elements(text).elements)
        limit = MaxOffNadir(OFF_NADIR_DEG * deg)
        flock = [Observer(elements=one, constraints=(limit,)) for one in sets]
        job = Path(folder) / "job.json"
        job.write_text(json.dumps({
            "satellites": [[str(i), *pair] for i, pair in enumerate(lines)],
            "places": np.stack([lat_deg, lon_deg], axis=1).tolist(),
            "start": begin.utc(0), "seconds": days * day, "off_nadir_deg": OFF_NADIR_DEG, "runs": runs,
        }))  # fmt: skip
        script = HERE / "peers" / "tatc_coverage.py"
        told = subprocess.run(
            [python, str(script), str(job)], check=True, capture_output=True, text=True
        )
        answer = json.loads(told.stdout.splitlines()[-1])
        theirs, ut1_minus_tai_s = answer["times"], answer["ut1_minus_tai_s"]
        with np.load(job.with_suffix(".npz")) as file:
            windows, revisit = file["windows"], file["revisit"]
    cover(flock[:1], grid, Span(begin, begin + day))
    ours = []
    for _ in range(max(runs, 3)):
        wall, work = time.perf_counter(), time.process_time()
        seen = cover(flock, grid, span)
        ours.append((time.perf_counter() - wall, time.process_time() - work))
    units = n * len(sets) * days
    told = f"{len(sets)} satellites, {n} places, {days:g} days, off-nadir to {OFF_NADIR_DEG:g} deg"
    print(f"\nSame study: {told}\n")
    print("| | wall s | processor s | processor us a place, satellite and day |\n|---|--:|--:|--:|")
    best = [min(one, key=lambda pair: pair[1]) for one in (theirs, ours)]
    for name, (wall_s, work_s) in zip(("TAT-C", "offnadir"), best, strict=True):
        print(f"| {name} | {wall_s:.3f} | {work_s:.3f} | {1e6 * work_s / units:.2f} |")
    print(
        f"| ratio | {best[0][0] / best[1][0]:.0f} | {best[0][1] / best[1][1]:.0f} | |\n", flush=True
    )
    worlds = _worlds(ut1_minus_tai_s)
    _agreement((sets, grid, span, limit), windows, worlds)
    for name, orientation in worlds.items():
        gap = cover(flock, grid, span, orientation=orientation).cells["revisit_mean_s"] - revisit
        both = np.isfinite(gap)
        apart = (np.isfinite(revisit) != np.isfinite(seen.cells["revisit_mean_s"])).sum()
        print(f"Mean revisit, {name}: of {both.sum()} places {_spread(gap[both])} s apart (median, "
              f"99 %, greatest); {apart} have one in one of the two only")  # fmt: skip


def _agreement(asked, theirs, worlds) -> None:
    """Windows matched one by one, in our world and in one closer to theirs."""
    sets, grid, span, limit = asked
    sites = [
        Site(name=str(i), lat_rad=a, lon_rad=b)
        for i, (a, b) in enumerate(zip(grid.lat_rad, grid.lon_rad, strict=True))
    ]
    print(
        "| Earth orientation | windows theirs | ours | matched | start: median, 99 %, greatest s | stop |"
    )
    print("|---|--:|--:|--:|---|---|")
    for name, orientation in worlds.items():
        table = find_windows([make_ephemeris(one, span, orientation) for one in sets], sites, limit)
        zero = span.start.tai_ns
        names = {one.norad_id: i for i, one in enumerate(sets)}
        mine = np.stack([
            [names[k] for k in table["norad_id"].tolist()], table["site_index"],
            (table["start"] - zero) * 1e-9, (table["stop"] - zero) * 1e-9,
        ], axis=1)  # fmt: skip
        starts, stops, alone = _matched(mine, theirs)
        print(
            f"| {name} | {len(theirs)} | {len(mine)} | {len(starts)} | {_spread(starts)} | {_spread(stops)} |"
        )
        for text in alone:
            print(f"  alone: {text}")
    print()


def _worlds(ut1_minus_tai_s: float) -> dict[str, EarthOrientation]:
    """Ours (IERS), and TAT-C's: UT1 of the table that comes with Skyfield, no polar motion."""
    ours = EarthOrientation.bundled()
    none = np.zeros_like(ours.pole_x_rad)
    theirs = replace(ours, ut1_minus_tai_s=none + ut1_minus_tai_s, pole_x_rad=none, pole_y_rad=none)
    return {"IERS, ours": ours, "as TAT-C has it": theirs}


def _matched(mine, theirs):
    """Differences of starts and stops of windows that overlap, and those without a partner."""
    starts, stops, alone = [], [], []
    left = {(int(a), int(b)): [] for a, b in mine[:, :2]}
    for row in mine:
        left[int(row[0]), int(row[1])].append(row[2:])
    for row in theirs:
        near = left.get((int(row[0]), int(row[1])), [])
        hits = [one for one in near if one[0] <= row[3] + 1 and one[1] >= row[2] - 1]
        if hits:
            starts.append(hits[0][0] - row[2])
            stops.append(hits[0][1] - row[3])
        else:
            alone.append(f"theirs, {row[3] - row[2]:.3f} s long")
    for key, rows in left.items():
        others = theirs[(theirs[:, 0] == key[0]) & (theirs[:, 1] == key[1])]
        alone += [
            f"ours, {one[1] - one[0]:.3f} s long"
            for one in rows
            if not ((others[:, 2] <= one[1] + 1) & (others[:, 3] >= one[0] - 1)).any()
        ]
    return np.array(starts), np.array(stops), alone[:20]


def _spread(values: np.ndarray) -> str:
    if not len(values):
        return "-"
    size = np.abs(values)
    return f"{np.median(size):.4f}, {np.quantile(size, 0.99):.4f}, {size.max():.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tatc-python", help="interpreter of an environment that has tatc")
    parser.add_argument("--only", choices=("large", "small", "peer"))
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--cells", type=int, default=500, help="places of the study with TAT-C")
    parser.add_argument("--days", type=float, default=10.0)
    parser.add_argument("--satellites", type=int, default=6)
    parser.add_argument("--study", choices=tuple(STUDIES), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.study:
        study(given.study, given.runs)
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors\n")
    if given.only != "peer":
        print(
            "| study, all figures | looks | wall s | processor s | GiB | mean revisit h |\n"
            "|---|--:|--:|--:|--:|--:|"
        )
        for name in STUDIES:
            if given.only in (None, name):
                own_process(name, given.runs)
    if given.only in (None, "peer") and given.tatc_python:
        peer(given.tatc_python, given.cells, given.days, given.satellites, given.runs)


if __name__ == "__main__":
    main()
