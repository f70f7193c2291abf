"""What came out of each design, and what follows for it: wishes kept, violations, objectives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir.coverage.study_designs import Genes
from offnadir.coverage.study_model import GOALS, Design, Study, Wishes, wish_rows

Array = NDArray[np.float64]

#: An objective that a design does not have (a place never seen) counts as so many times the span's hours.
_NEVER: Final = 10.0
_HALF: Final = 1e-9  # figures this close to a limit keep it


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A design and what became of it; `trouble` says why it has no figures. `number` is its name."""

    number: int
    genes: Genes
    design: Design
    figures: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""

    @property
    def possible(self) -> bool:
        """Whether it was evaluated."""
        return not self.trouble


@dataclass(frozen=True, slots=True)
class Verdict:
    """A wish and a design: its figure, the limit, and how much room is left, as a share of the limit.

    Below 0 the wish is not kept. The figure is None for never, and the room then minus infinity.
    """

    wish: str
    figure: float | None
    limit: float
    at_most: bool
    unit: str
    room: float

    @property
    def kept(self) -> bool:
        """Whether the wish is kept."""
        return self.room >= -_HALF


def verdicts(row: Row, wishes: Wishes) -> list[Verdict]:
    """Every wish against a possible design."""
    found = []
    for name, figure, limit, at_most, unit in wish_rows(wishes):
        key = "niirs_nadir" if figure == "niirs" else "gsd_nadir_m" if figure == "gsd_m" else figure
        value = row.figures.get(key)
        apart = -math.inf if value is None else limit - value if at_most else value - limit
        room = apart / abs(limit)
        found.append(Verdict(name, value, limit, at_most, unit, room))
    return found


def keeps_all(row: Row, wishes: Wishes) -> bool:
    """Whether a design is possible and keeps every wish."""
    return row.possible and all(one.kept for one in verdicts(row, wishes))


def objective_values(row: Row, study: Study) -> list[float]:
    """The objectives of a possible design, turned so that less is better; never is infinite."""
    values = []
    for name in study.search.objectives:
        goal = GOALS[name]
        value = row.figures.get(goal.figure)
        values.append(math.inf if value is None else value if goal.least else -value)
    return values


def for_optimiser(rows: Sequence[Row], study: Study) -> tuple[Array, Array]:
    """Objectives and violations as finite numbers; what is impossible is worse than all that is possible."""
    wishes = study.wishes
    count = len(wish_rows(wishes)) + 1
    worst = _NEVER * study.span.duration_s / 3600.0
    objectives = np.full((len(rows), len(study.search.objectives)), worst)
    violations = np.full((len(rows), count), 2 * _NEVER)
    for at, row in enumerate(rows):
        if row.possible:
            objectives[at] = [min(value, worst) for value in objective_values(row, study)]
            rooms = [
                min(-one.room, _NEVER) if not one.kept else 0.0 for one in verdicts(row, wishes)
            ]
            violations[at] = [*rooms, 0.0]
    return objectives, violations


def front(values: Array) -> NDArray[np.bool_]:
    """Which rows of (n, objectives) no other row beats: as good in all, better in one; less is better.

    Equal rows stay together.
    """
    order = np.lexsort(values.T[::-1])
    best = np.zeros(len(values), bool)
    kept: list[Array] = []
    for at in order:  # what could beat a row comes before it
        row = values[at]
        beaten = any(bool(np.all(one <= row) and np.any(one < row)) for one in kept)
        if not beaten:
            best[at] = True
            kept.append(row)
    return best
