"""`run_study`: from a study file to its designs, the best of them, and why."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offnadir.coverage._coverage import Coverage
from offnadir.coverage.study_document import study_document
from offnadir.coverage.study_evaluate import (
    World,
    cover_design,
    design_key,
    evaluate,
    make_world,
    world_key,
)
from offnadir.coverage.study_file import load_study
from offnadir.coverage.study_hardware import with_cost
from offnadir.coverage.study_model import Design, Study
from offnadir.coverage.study_search import Report, Trials, best_row, search
from offnadir.coverage.study_store import Store
from offnadir.coverage.study_team import Alone, Cluster, Processes, Team, cores

__all__ = ["Crew", "Study", "StudyResult", "cores", "load_study", "run_study"]

#: What puts a thing within reach of all workers, once; gives what stands for it in a job.
Share = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who evaluates designs: `workers` processes of this machine, this one alone if 1; or an executor.

    An executor (Dask's `Client.get_executor()`, say) has so many hands, and `share` (Dask's `scatter`) takes
    what is common to all its workers once; without it, it goes along with each design.
    """

    workers: int = 1
    executor: Executor | None = None
    share: Share | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyResult:
    """A finished study: its document, and how much of it was computed now, found, or damaged in the store.

    `best` is the coverage of the cheapest design that keeps all wishes; None if there is none.
    """

    document: dict[str, Any]
    computed: int
    found: int
    damaged: int
    deaths: int
    best: Coverage | None


def run_study(
    study: Study,
    folder: str | Path,
    *,
    crew: Crew | None = None,
    report: Report | None = None,
) -> StudyResult:
    """Try the designs of a study; those that stand in the folder already are not computed again.

    `report(done, total, found)` is told after each design. The document does not depend on who worked, in
    which order, or how often it was interrupted. Raises FileError if the folder cannot be written (a full
    disk: what was evaluated is kept), InputError if another study is writing into it, OffnadirError if
    workers die again and again.
    """
    crew = crew or Crew()
    world = make_world(study)
    name = world_key(world)
    with Store(Path(folder)) as store:
        team = _team(crew, world)
        trials = Trials(
            study, store, team,
            key=lambda design: design_key(name, design, study),
            finish=lambda design, figures: with_cost(design, figures, study),
            report=report or (lambda done, total, found: None),
        )  # fmt: skip
        try:
            searched = search(trials)
        finally:
            if isinstance(team, Processes):
                team.close()
        damaged = store.damaged
    rows = list(trials.rows.values())
    best = best_row(rows, study)
    return StudyResult(
        document=study_document(
            study, rows, searched=searched, cells=len(world.grid), places=world.grid.title
        ),
        computed=trials.computed,
        found=trials.found,
        damaged=damaged,
        deaths=team.deaths if isinstance(team, Processes) else 0,
        best=None if best is None else cover_design(world, best.design),
    )


def _team(crew: Crew, world: World) -> Team:
    if crew.executor is not None:
        common = world if crew.share is None else crew.share(world)
        return Cluster(_job, common, crew.executor, crew.workers)
    if crew.workers > 1:
        return Processes(_job, world, crew.workers)
    return Alone(_job, world)


def _job(world: World, design: Design) -> Any:
    """In whatever process: the figures of one design."""
    return evaluate(world, design)
