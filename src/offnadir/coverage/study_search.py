"""Trying designs: all of them, or generation by generation; each is evaluated once and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from offnadir.coverage.study_designs import Genes, Space
from offnadir.coverage.study_model import Design, Study, wish_rows
from offnadir.coverage.study_orbits import design_trouble
from offnadir.coverage.study_rows import Row, for_optimiser, keeps_all
from offnadir.coverage.study_store import Figures, Store
from offnadir.coverage.study_team import Team

_STALE_GENERATIONS: Final = 30
_MOST_POLISHED: Final = 50

#: Told as work goes on: designs that have figures, designs in all as far as it is known, found in the store.
Report = Callable[[int, int, int], None]


class Trials:
    """Designs tried so far, in the order in which the search asked for them."""

    def __init__(
        self,
        study: Study,
        store: Store,
        team: Team,
        *,
        key: Callable[[Design], str],
        finish: Callable[[Design, Figures], Figures],
        report: Report,
    ) -> None:
        self.study, self.space = study, Space(study)
        self.rows: dict[Genes, Row] = {}
        self._store, self._team, self._report = store, team, report
        self._key, self._finish = key, finish
        self.computed = self.found = 0

    def try_all(self, many: Sequence[Genes], total: int) -> list[Row]:
        """Rows of designs, one for each; those that are not known yet are evaluated."""
        asked = [self.space.tidy(genes) for genes in many]
        new = [genes for genes in dict.fromkeys(asked) if genes not in self.rows]
        todo: list[tuple[Genes, Design, str]] = []
        for genes in new:
            design = self.space.design(genes)
            trouble = design_trouble(design, self.study)
            number = self.space.number(genes)
            self.rows[genes] = Row(number=number, genes=genes, design=design, trouble=trouble)
            if trouble:
                continue
            key = self._key(design)
            figures = self._store.get(key)
            if figures is None:
                todo.append((genes, design, key))
            else:
                self.found += 1
                self._take(genes, design, figures)
        self._tell(total)
        for place, figures in self._team.do([design for _, design, _ in todo]):
            genes, design, key = todo[place]
            self.computed += 1
            self._take(genes, design, self._store.put(key, figures))
            self._tell(total)
        return [self.rows[genes] for genes in asked]

    def _take(self, genes: Genes, design: Design, figures: Figures) -> None:
        trouble = str(figures.get("trouble", ""))
        told = {} if trouble else self._finish(design, figures)
        self.rows[genes] = replace(self.rows[genes], figures=told, trouble=trouble)

    def _tell(self, total: int) -> None:
        done = self.computed + self.found
        self._report(done, max(total, done), self.found)


def search(trials: Trials) -> dict[str, Any]:
    """Try what the study's method asks for; what it did, as plain values."""
    study, space = trials.study, trials.space
    if study.search.method == "factorial":
        every = list(space.all())
        possible = sum(not design_trouble(space.design(genes), study) for genes in every)
        trials.try_all(every, possible)
        return {"method": "factorial", "tried": len(every)}
    told = _evolve(trials)
    told["polished"] = _polish(trials)
    return told


def _evolve(trials: Trials) -> dict[str, Any]:
    """Generations until the budget of different designs is spent, or nothing new comes any more."""
    from offnadir.coverage.study_optimise import Optimiser

    study, space, wanted = trials.study, trials.space, trials.study.search
    budget = min(wanted.budget, space.count)
    optimiser = Optimiser(
        space.sizes,
        objectives=len(wanted.objectives),
        wishes=len(wish_rows(study.wishes)) + 1,
        method=wanted.method,
        population=wanted.population,
        seed=wanted.seed,
    )
    generations = stale = 0
    while len(trials.rows) < budget and stale < _STALE_GENERATIONS:
        asked = optimiser.ask()
        if not asked:
            break
        before = len(trials.rows)
        rows = trials.try_all(asked, budget)
        optimiser.tell(*for_optimiser(rows, study))
        generations += 1
        stale = stale + 1 if len(trials.rows) == before else 0
    return {"method": wanted.method, "generations": generations, "tried": len(trials.rows)}


def _polish(trials: Trials) -> int:
    """Try the neighbours of the best design until none is better; how many were new."""
    before = len(trials.rows)
    for _ in range(_MOST_POLISHED):
        best = best_row(list(trials.rows.values()), trials.study)
        if best is None:
            break
        around = [genes for _, genes in trials.space.neighbours(best.genes)]
        trials.try_all(around, len(trials.rows) + len(around))
        if best_row(list(trials.rows.values()), trials.study) is best:
            break
    return len(trials.rows) - before


def best_row(rows: Sequence[Row], study: Study) -> Row | None:
    """The cheapest design that keeps all wishes; of equals that with fewer satellites, then shorter waits."""
    fit = [row for row in rows if keeps_all(row, study.wishes)]
    return min(fit, key=rank, default=None)


def rank(row: Row) -> tuple[Any, ...]:
    """Order of preference among designs that keep all wishes."""
    figures = row.figures
    wait = figures.get("response_95_h")
    return (
        figures["cost"],
        figures["satellites"],
        float("inf") if wait is None else wait,
        row.number,
    )
