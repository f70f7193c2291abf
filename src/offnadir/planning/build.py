"""From a mission and its opportunities to the solver's problem, and from a schedule back to pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.earth import SunTable
from offnadir.orbits import Ephemeris
from offnadir.planning._strips import Strip
from offnadir.planning.model import Mission
from offnadir.planning.opportunities import Pictures
from offnadir.planning.problem import Problem, Schedule

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """Pictures of a plan before that can be taken again exactly, one a row.

    `name` is their id in the old document; `option` is the option that has all of a request's old pictures
    at their old starts, `start_ms` the start of this one. `frozen` ones cannot be called back any more.
    """

    name: tuple[str, ...]
    request: IntArray
    satellite: IntArray
    start_ms: IntArray
    option: IntArray
    frozen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Built:
    """A mission's problem, and what its numbers stand for.

    One row a window of the problem: `window_satellite`, `window_request`, `window_opportunity` (row of the
    opportunities table) and `window_strip` (number within the request's strips, -1 without). One row a task:
    `task_request`, `task_strip` (-1 without), `task_turn` (number within a repeat, else 0). `strips` are by
    request. `orbit_period_s` and `sunlit_ms` have one entry a satellite, the latter of shape (n, 2), empty
    where there is no battery. `contact_row` leads from the problem's contacts to rows of the contacts table:
    those that an outage or the time to set up leaves nothing of are not in the problem. A request's value in
    the problem is `scale` times the plain value times its `tier_factor`; `is_plain` tells whether value and
    bound of a schedule are those of the plain sum times `scale` (no tiers, no price on change, no strips).
    `start` is the plan before as far as it still stands, None if there is none.
    """

    problem: Problem
    window_satellite: IntArray
    window_request: IntArray
    window_opportunity: IntArray
    window_strip: IntArray
    task_request: IntArray
    task_strip: IntArray
    task_turn: IntArray
    strips: Mapping[int, tuple[Strip, ...]]
    orbit_period_s: Array
    sunlit_ms: tuple[IntArray, ...]
    tier_factor: IntArray
    contact_row: IntArray
    is_plain: bool = True
    scale: float = 1e6
    change_price: float = 0.0
    kept: Kept | None = None
    start: Schedule | None = None
    warnings: tuple[str, ...] = field(default_factory=tuple)


def build(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    opportunities: Table,
    sun: SunTable,
    contacts: Table,
    previous: Mapping[str, Any] | None = None,
    change_price: float = 0.0,
) -> Built:
    """The choice in integers; every rounding is to the safe side.

    `contacts` is `find_contacts`' table in the order of starts. `previous` is the document of the plan that
    is mended.
    """
    raise NotImplementedError


def chosen_pictures(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    built: Built,
    schedule: Schedule,
) -> Pictures:
    """The pictures of a schedule, by start and satellite, evaluated exactly at their starts."""
    raise NotImplementedError
