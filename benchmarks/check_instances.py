"""Published planning instances and the best solutions known: does each verify to the value that is claimed?

    ./run bench check_instances FOLDER

FOLDER holds spot5/, roadef2003/, agile/, ... and best_known.json. Every solution that stands there is checked
by `instances`, every other instance is read; the table tells value, claim and problems. The exit code is 1
where anything differs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from instances import FAMILIES, Verdict, aeossp_standard, agile, roadef2003, spot5, stereo_imaging


class Row(NamedTuple):
    """One solution, or one instance of which no solution is known."""

    family: str
    name: str
    claim: float | None
    verdict: Verdict | None
    read_s: float

    @property
    def agrees(self) -> bool:
        """Whether the solution is valid and worth what is claimed."""
        if self.verdict is None or self.claim is None:
            return self.verdict is None
        return self.verdict.valid and abs(self.verdict.value - self.claim) < 0.5


def timed(make: Callable[[Any], Any], of: object) -> tuple[Any, float]:
    """What is made, and the CPU seconds that it took."""
    began = time.process_time()
    made = make(of)
    return made, time.process_time() - began


def spot5_rows(folder: Path, best: dict[str, Any]) -> Iterator[Row]:
    for name, entry in best.items():
        path = folder / f"{name}.spot"
        if not path.exists():
            continue
        instance, read_s = timed(spot5.read, path)
        for reading in ("file", "units"):
            found = entry.get(f"found_here_{reading}")
            if found:
                verdict = spot5.verify(instance, found["assignment"], reading)
                yield Row("spot5", f"{name} ({reading})", found["value"], verdict, read_s)


def roadef_rows(folder: Path, best: dict[str, Any]) -> Iterator[Row]:
    for name, entry in best.items():
        instance, read_s = timed(roadef2003.read, folder / f"instance_{name}")
        verdict = roadef2003.verify(instance, entry["solution"])
        yield Row("roadef2003", name, entry["found_here"], verdict, read_s)


def agile_rows(folder: Path, best: dict[str, Any]) -> Iterator[Row]:
    for name, entry in best.items():
        path = folder / f"{name}.json"
        if path.exists() and "plan" in entry:
            instance, read_s = timed(agile.read, path)
            yield Row(
                "agile", name, entry["found_here"], agile.verify(instance, entry["plan"]), read_s
            )


def cases(folder: Path) -> list[Path]:
    """The case folders below a family's folder."""
    inner = {path.parent for name in ("mission.yaml", "Tasks.txt") for path in folder.rglob(name)}
    return sorted(inner)


def case_rows(family: str, folder: Path) -> Iterator[Row]:
    for path in cases(folder):
        instance, read_s = timed(FAMILIES[family].read, path)
        name = f"{path.relative_to(folder)}, read only"
        if family == "aeossp_standard":
            windows, spent_s = timed(aeossp_standard.windows, instance)
            name = f"{path.relative_to(folder)}, {len(windows.task)} windows in {spent_s:.2f} s"
        if family == "stereo_imaging":
            rows, spent_s = timed(stereo_imaging.candidates, instance)
            name = f"{path.relative_to(folder)}, {len(rows.target)} candidates in {spent_s:.2f} s"
        yield Row(family, name, None, None, read_s)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    best = json.loads((folder / "best_known.json").read_text("utf-8"))
    rows = [
        *spot5_rows(folder / "spot5", best["spot5"]),
        *roadef_rows(folder / "roadef2003", best["roadef2003"]),
        *agile_rows(folder / "agile", best["agile"]),
    ]
    for family in FAMILIES:
        if family not in ("spot5", "roadef2003", "agile"):
            rows += case_rows(family, folder / family)
    print(
        "| family | instance | claimed | verified | problems | CPU s to read |\n|---|---|---|---|---|---|"
    )
    for row in rows:
        claim = "-" if row.claim is None else f"{row.claim:.0f}"
        value = "-" if row.verdict is None else f"{row.verdict.value:.0f}"
        problems = (
            "; ".join(row.verdict.problems[:3]) if row.verdict and row.verdict.problems else "-"
        )
        print(f"| {row.family} | {row.name} | {claim} | {value} | {problems} | {row.read_s:.2f} |")
    wrong = sum(not row.agrees for row in rows)
    solutions = sum(row.verdict is not None for row in rows)
    print(f"\n{solutions - wrong} of {solutions} solutions verify to the value claimed.")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
