"""`offnadir design`: which orbits, how many satellites, what telescope."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir.coverage.study import Crew, StudyResult

_TOLD_EVERY_S = 30.0
_SHOWN = 8


def design(
    study: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The study file.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder for the results; an interrupted study goes on there. Needed, but for --check.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", help="Processes of this machine. [default: one a core]"),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Instead: the workers of a Dask cluster, tcp://HOST:8786."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read the file, count its designs, compute nothing.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on stdout.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Try the designs of a trade study, and tell the cheapest that keeps every wish, and why.

    Writes study.json, designs.csv, designs.parquet and report.html; best.html and best.parquet, the cells of
    the best design; and evaluated.jsonl, by which an interrupted study goes on, with nothing computed twice.
    Example: offnadir design korea.toml -o korea
    """
    from offnadir.coverage.study import load_study

    if workers is not None and not 1 <= workers <= 1024:
        raise InputError("--workers", workers, "a whole number from 1 to 1024")
    if workers is not None and scheduler is not None:
        raise InputError("--workers", workers, "left out with --scheduler: the cluster has its own")
    if output is None and not check:
        raise InputError("--output", None, "given: the folder for the results")
    read = load_study(study)
    if not quiet:
        _say.warn(read.warnings)
    if check or output is None:
        _check(read, json)
        return
    if not quiet:
        _say.first_search()
    with _crew(workers, scheduler) as crew, _progress(quiet) as report:
        from offnadir.coverage.study import run_study

        result = run_study(read, output, crew=crew, report=report)
    from offnadir.briefs.study_report import write_best, write_study
    from offnadir.coverage.study_document import study_table

    write_study(result.document, study_table(result.document), output)
    if result.best is not None:
        write_best(result.best, output)
    if not quiet:
        for line in _notes(result):
            _say.note(line)
    if json:
        _say.print_json({key: value for key, value in result.document.items() if key != "designs"})
    else:
        if not quiet:
            print(_summary(result.document))
        print(output / "report.html")


@contextmanager
def _crew(workers: int | None, scheduler: str | None) -> Iterator[Crew]:
    """Processes of this machine, or a cluster."""
    from offnadir.coverage.study import Crew, cores

    if scheduler is None:
        yield Crew(workers=workers or cores())
        return
    from offnadir.cli._cluster import cluster

    with cluster(scheduler, field="--scheduler") as (executor, hands, share):
        yield Crew(workers=hands, executor=executor, share=share)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int, int], None]]:
    """A bar for a person, a line every half a minute for a log; both with an estimate of the time left."""
    told = time.monotonic()
    paced: tuple[float, int] | None = (
        None  # when the first designs had come, and how many: starting is slow
    )
    with _say.progress(quiet) as bar:

        def report(done: int, total: int, found: int) -> None:
            nonlocal told, paced
            now, computed = time.monotonic(), done - found
            if paced is None and computed:
                paced = now, computed
            left = _left(now - paced[0], computed - paced[1], total - done) if paced else ""
            bar(f"Designs: {done} of {total}{left}", done, total)
            if not quiet and not sys.stderr.isatty() and now - told > _TOLD_EVERY_S:
                told = now
                _say.note(f"{done} of {total} designs{left}")

        yield report


def _left(passed_s: float, computed: int, missing: int) -> str:
    """The time left at the pace so far, once there is one."""
    if computed < 1 or missing < 1:
        return ""
    return f", {_duration(passed_s / computed * missing)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _check(read: Any, as_json: bool) -> None:
    from offnadir.coverage.study_designs import Space
    from offnadir.coverage.study_evaluate import study_grid
    from offnadir.coverage.study_orbits import design_trouble

    space, grid = Space(read), study_grid(read)
    impossible: dict[str, int] = {}
    if read.search.method == "factorial":
        for genes in space.all():
            trouble = design_trouble(space.design(genes), read)
            if trouble:
                impossible[trouble] = impossible.get(trouble, 0) + 1
    told = {
        "designs": space.count,
        "impossible": impossible,
        "cells": len(grid),
        "places": grid.title,
        "method": read.search.method,
    }
    if as_json:
        _say.print_json(told)
        return
    print(f"{_say.count(space.count, 'design')}, {_say.count(len(grid), 'cell')} ({grid.title})")
    for reason, number in impossible.items():
        print(f"  impossible: {_say.count(number, 'design')}: {reason}")


def _notes(result: StudyResult) -> Iterator[str]:
    if result.found:
        found = _say.count(result.found, "design")
        yield f"{found} stood in the folder already, {result.computed} were computed"
    if result.damaged:
        yield f"warning: {_say.count(result.damaged, 'line')} of evaluated.jsonl were damaged and not used"
    if result.deaths:
        yield f"warning: worker processes died {result.deaths} times; what they had was done again"


def _summary(document: dict[str, Any]) -> str:
    """Counts, the front as a table, and why."""
    counts = document["counts"]
    lines = [
        f"{_say.count(counts['designs'], 'design')}: {counts['evaluated']} evaluated, "
        f"{counts['impossible']} impossible, {counts['keep_all_wishes']} keep every wish"
    ]
    lines += [
        f"  impossible: {one['designs']}: {one['reason']}"
        for one in document["why"]["impossible"][:3]
    ]
    numbers = document["front_keeping_all_wishes"] or document["front"]
    known = {one["design"]: one for one in document["designs"]}
    chosen = [known[number] for number in numbers[:_SHOWN]]
    if document["cheapest"] is not None and document["cheapest"] not in numbers[:_SHOWN]:
        chosen.append(known[document["cheapest"]])
    if chosen:
        lines += ["", _front_table(chosen, document), ""]
        if len(numbers) > _SHOWN:
            lines.insert(-1, f"and {len(numbers) - _SHOWN} more on the front")
    lines += document["why"]["sentences"]
    return "\n".join(lines)


def _front_table(chosen: list[dict[str, Any]], document: dict[str, Any]) -> str:
    from offnadir.coverage.study_model import GOALS

    goals = [GOALS[name] for name in document["search"]["objectives"]]
    header = ["design", "orbit", "satellites", "height km", "incl.", "sensor", "off-nadir"]
    header += [f"{goal.words} {goal.unit}".strip() for goal in goals if goal.figure != "satellites"]
    rows = []
    for one in chosen:
        figures, choices = one["figures"], one["choices"]
        star = "*" if one["design"] == document["cheapest"] else ""
        camera = choices.get("library") or f"{figures['aperture_m']:.2f} m"
        row = [f"{one['design']}{star}", choices["orbit"], str(figures["satellites"]),
               f"{figures['high_height_km']:.0f}", f"{figures['inclination_deg']:.1f}", camera,
               f"{figures['off_nadir_deg']:.0f}"]  # fmt: skip
        for goal in goals:
            if goal.figure != "satellites":
                value = figures.get(goal.figure)
                row.append("never" if value is None else f"{value:.{goal.digits}f}")
        rows.append(row)
    right = [True, False, *[True] * 3, False, *[True] * (len(header) - 6)]
    table = _say.columns(header, rows, right)
    return table + ("\n* the cheapest that keeps every wish" if document["cheapest"] else "")
