"""The planner on published instances: value, proven bound and time, by family, over several seeds.

    ./run bench planning                    all families, five seeds, 60 s each (hours)
    ./run bench planning --families spot5,agile --seeds 1,2 --time 30
    ./run bench planning --data FOLDER      a folder that holds spot5/, agile/, ... (else one is looked for
                                            beside this checkout)
    ./run bench planning --instances area_400 --out runs.jsonl    runs that the file holds are not made again
    ./run bench planning --parts curve      time against size, on problems made here

Each run is a process of its own. Its time counts from the start of reading: windows, tables, solver,
everything but the import of Python's modules. Kernels are compiled before the first run. Every solution
goes through the family's verifier; one that fails counts as 0. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent

#: What an instance's folder or file is called, in the order of the report.
FILES: dict[str, str] = {
    "spot5": "spot5/*.spot",
    "roadef2003": "roadef2003/instance_*",
    "agile": "agile/*.json",
    "aeossp_standard": "aeossp_standard/test*/*",
    "stereo_imaging": "stereo_imaging/*",
    "eossp_mrt": "eossp_mrt/*",
}


def find_data() -> Path | None:
    named = os.environ.get("OFFNADIR_BENCH_DATA")
    if named:
        return Path(named)
    found = sorted(HERE.parent.parent.glob("*/data/planning/best_known.json"))
    return found[0].parent if found else None


def one(family: str, path: Path, time_s: float, seed: int) -> dict[str, Any]:
    """Read, build, solve, verify; to be run in a process of its own."""
    from instances import FAMILIES
    from offnadir.planning.problem import Progress, Stop
    from offnadir.planning.solver import solve
    from plans import CONVERSIONS

    reader, conversion = FAMILIES[family], CONVERSIONS[family]
    begin = time.monotonic()
    instance = reader.read(path)
    read_s = time.monotonic() - begin
    problem = conversion.problem(instance)
    built_s = time.monotonic() - begin
    first: list[float] = []

    def hear(now: Progress) -> None:
        if now.value > 0 and not first:
            first.append(time.monotonic() - begin - built_s)

    schedule = solve(problem, Stop(time_s=max(time_s - built_s, 0.1)), seed, progress=hear)
    total_s = time.monotonic() - begin
    solution = conversion.solution(instance, problem, schedule)
    if family == "eossp_mrt":
        verdict = reader.verify(instance, *solution)
    elif family == "spot5":
        verdict = reader.verify(instance, solution, conversion.READING)
    else:
        verdict = reader.verify(instance, solution)
    best_at = next(t for t, value, _ in schedule.trace if value == schedule.value) + built_s
    return {
        "family": family,
        "instance": path.stem if path.is_file() else f"{path.parent.name}/{path.name}",
        "seed": seed,
        "value": float(verdict.value) if not verdict.problems else 0.0,
        "problems": list(verdict.problems[:3]),
        "figures": {k: float(v) for k, v in verdict.figures.items()},
        "objective": schedule.value,
        "bound": schedule.bound,
        "gap": schedule.gap,
        "read_s": round(read_s, 2),
        "built_s": round(built_s, 2),
        "first_s": round(first[0], 2) if first else None,
        "best_s": round(best_at, 1),
        "total_s": round(total_s, 1),
        "memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "limit_s": time_s,
    }


def best_known(data: Path) -> dict[tuple[str, str], float]:
    """Best known values by family and instance, as the folder's best_known.json tells them."""
    book = json.loads((data / "best_known.json").read_text())
    out: dict[tuple[str, str], float] = {}
    for name, row in book.get("spot5", {}).items():
        values = [row.get("published_1999")]
        values += [row[key]["value"] for key in ("found_here_units",) if key in row]
        out["spot5", name] = max(v for v in values if v is not None)
    for name, row in book.get("roadef2003", {}).items():
        values = _numbers(row)
        if values:
            out["roadef2003", f"instance_{name}"] = max(values)
    for key, row in book.get("agile", {}).items():
        out["agile", key] = row["found_here"]
    for key, row in book.get("aeossp_standard", {}).items():
        out["aeossp_standard", key] = row["WCR_found_here"]
    return out


def _numbers(row: Any) -> list[float]:
    """Values in a row of the book: those of its entries that are called value, reference or found."""
    if isinstance(row, dict):
        found = []
        for key, entry in row.items():
            if isinstance(entry, int | float) and any(
                w in key for w in ("value", "found", "reference")
            ):
                found.append(float(entry))
            elif isinstance(entry, dict):
                found += _numbers(entry)
        return found
    return []


def report(runs: list[dict[str, Any]], known: dict[tuple[str, str], float]) -> None:
    """Medians over the seeds."""
    print(
        f"\n{platform.processor() or platform.machine()}, {os.cpu_count()} processors, Python "
        f"{platform.python_version()}, {datetime.datetime.now(datetime.UTC).date()}\n"
    )
    print(
        "| instance | seeds | value: median (least to most) | best known | bound | gap | built | first "
        "| best at | end | MiB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for key in dict.fromkeys((run["family"], run["instance"]) for run in runs):
        mine = [run for run in runs if (run["family"], run["instance"]) == key]
        values = [run["value"] for run in mine]
        best = known.get(key)

        def m(name: str, mine: list[dict[str, Any]] = mine) -> float:
            return float(median(run[name] for run in mine if run[name] is not None))

        spread = f" ({min(values):g} to {max(values):g})" if min(values) < max(values) else ""
        scale = m("value") / m("objective") if m("objective") else 1.0
        wrong = sum(bool(run["problems"]) for run in mine)
        figures = mine[0]["figures"]
        more = (
            f", quality {figures['normalized_quality']:.4f}"
            if "normalized_quality" in figures
            else ""
        )
        print(
            f"| {key[0]} {key[1]} | {len(mine)}{f', {wrong} INVALID' if wrong else ''} "
            f"| {m('value'):.10g}{spread}{more} | {'' if best is None else f'{best:.10g}'} "
            f"| {m('bound') * scale:.10g} | {100 * m('gap'):.3f} % | {m('built_s'):.1f} s "
            f"| {m('first_s'):.2f} s | {m('best_s'):.1f} s | {m('total_s'):.1f} s | {m('memory_mib'):.0f} |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=find_data())
    parser.add_argument("--families", default=",".join(FILES))
    parser.add_argument(
        "--instances", default="", help="only those whose name holds one of these, by commas"
    )
    parser.add_argument("--seeds", default="1,2,3,4,5")
    parser.add_argument("--time", type=float, default=60.0, help="seconds a run, reading included")
    parser.add_argument(
        "--out", type=Path, help="a file of runs, one JSON a line, that is carried on"
    )
    parser.add_argument("--parts", default="score", help="score, curve, or both by a comma")
    parser.add_argument("--one", nargs=2, metavar=("FAMILY", "PATH"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one(args.one[0], Path(args.one[1]), args.time, int(args.seeds))))
        return 0
    parts = args.parts.split(",")
    if "curve" in parts:
        from plans import made

        made.curve(args.time)
    if "score" not in parts:
        return 0
    if args.data is None or not args.data.is_dir():
        print("no instances: name their folder with --data", file=sys.stderr)
        return 2
    runs = (
        [json.loads(line) for line in args.out.read_text().splitlines()]
        if args.out and args.out.exists()
        else []
    )
    done = {(run["family"], run["path"], run["seed"]) for run in runs}
    wanted = [name for name in args.instances.split(",") if name]
    paths = [
        (family, path)
        for family in args.families.split(",")
        for path in sorted(args.data.glob(FILES[family]))
        if not wanted or any(name in str(path) for name in wanted)
    ]
    seeds = [int(seed) for seed in args.seeds.split(",")]
    jobs = [(f, p, s) for s in seeds for f, p in paths if (f, str(p.name), s) not in done]
    for family in dict.fromkeys(family for family, _, _ in jobs):
        path = next(p for f, p, _ in jobs if f == family)
        _run(family, path, 3.0, 1)  # compiles what is not yet
    for number, (family, path, seed) in enumerate(jobs, 1):
        run = _run(family, path, args.time, seed)
        run["path"] = path.name
        runs.append(run)
        print(
            f"{number}/{len(jobs)} {family} {path.name} seed {seed}: {run['value']:.10g}, gap "
            f"{100 * run['gap']:.3f} %, {run['total_s']} s",
            file=sys.stderr,
        )
        if args.out:
            with args.out.open("a") as file:
                file.write(json.dumps(run) + "\n")
    report(
        [run for run in runs if run["family"] in args.families.split(",")], best_known(args.data)
    )
    return 0 if all(not run["problems"] for run in runs) else 1


def _run(family: str, path: Path, time_s: float, seed: int) -> dict[str, Any]:
    command = [sys.executable, str(HERE / "planning.py"), "--one", family, str(path)]
    command += ["--time", str(time_s), "--seeds", str(seed)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    sys.exit(main())
