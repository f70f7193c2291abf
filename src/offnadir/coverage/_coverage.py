"""What a constellation does for a grid: figures of each cell, in sum, and against time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from offnadir.coverage._figures import FIGURES
from offnadir.coverage._grid import Grid
from offnadir.coverage._wishes import Wishes
from offnadir.epoch import Span

if TYPE_CHECKING:
    from offnadir.coverage._netcdf import Dataset

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coverage:
    """The figures of a grid over a span; `cells[name]` has shape (n,), or (levels, n) for classes.

    Names, units and meanings stand in docs/guide/coverage.md; NaN where a cell has none, as the revisit of a
    place that was seen once. `seen_share` and `clear_share` (expected; None without clouds) are the shares of
    the area that were seen by each of `time_s`, seconds from the start. `lost` names satellites that SGP4
    could not follow all the way, and why.
    """

    grid: Grid
    span: Span
    satellites: int
    stations: int
    looks: int
    wishes: Wishes
    cells: Mapping[str, Array]
    time_s: Array
    seen_share: Array
    clear_share: Array | None
    clouds: str = ""
    lost: tuple[str, ...] = ()

    def levels(self, name: str) -> tuple[float, ...]:
        """The levels of a figure's rows: rad, m or NIIRS; empty for a figure without classes."""
        wanted = FIGURES[name].level
        known = {
            "off_nadir_level": self.wishes.off_nadir_levels_rad,
            "gsd_level": self.wishes.gsd_levels_m,
            "niirs_level": self.wishes.niirs_levels,
        }
        return known[wanted] if wanted else ()

    def summary(self) -> dict[str, Any]:
        """Plain numbers: of each figure the mean over the area, and `_worst`, its worst cell.

        Means and worst cells leave out cells without the figure; `seen_share` tells how much of the area was
        seen at all, `revisited_share` how much twice. A cell that was never seen counts in `longest_gap_s`,
        with the whole span, and in looks a day. Figures by class are lists, in order of the levels, which
        stand beside them.
        """
        area = self.grid.area_m2
        told: dict[str, Any] = {
            "satellites": self.satellites,
            "cells": len(self.grid),
            "area_m2": float(area.sum()) if self.grid.kind != "points" else None,
            "span_s": self.span.duration_s,
            "looks": self.looks,
            "seen_share": _share(np.isfinite(self.cells["first_look_s"]), area),
            "revisited_share": _share(np.isfinite(self.cells["revisit_mean_s"]), area),
        }
        if self.clear_share is not None:
            told["clear_share"] = float(self.clear_share[-1])
        for name, figure in FIGURES.items():
            if name not in self.cells:
                continue
            rows = self.cells[name]
            worst = np.min if figure.more_is_better else np.max
            if figure.level:
                told[name] = [_mean(row, area) for row in rows]
                told[name + "_worst"] = [_worst(row, worst) for row in rows]
            else:
                told[name] = _mean(rows, area)
                told[name + "_worst"] = _worst(rows, worst)
        told["off_nadir_levels_rad"] = list(self.wishes.off_nadir_levels_rad)
        told["gsd_levels_m"] = list(self.wishes.gsd_levels_m)
        told["niirs_levels"] = list(self.wishes.niirs_levels)
        return told

    def time_to_share_s(self, share: float) -> float:
        """When this share of the area has been seen [s], exact; infinity if it never was within the span."""
        first, area = self.cells["first_look_s"], self.grid.area_m2
        order = np.argsort(first, kind="stable")  # NaN last
        reached = np.flatnonzero(np.cumsum(area[order]) >= (share - 1e-12) * area.sum())
        when = float(first[order[reached[0]]]) if len(reached) else np.inf
        return when if np.isfinite(when) else np.inf

    def to_xarray(self) -> Dataset:
        """The same as an xarray dataset with CF metadata (extra `[coverage]`)."""
        from offnadir.coverage._netcdf import to_dataset

        return to_dataset(self)


def _share(which: NDArray[np.bool_], area: Array) -> float:
    return float(area[which].sum() / area.sum())


def _mean(values: Array, area: Array) -> float | None:
    known = np.isfinite(values)
    return float(values[known] @ area[known] / area[known].sum()) if known.any() else None


def _worst(values: Array, worst: Any) -> float | None:
    known = values[np.isfinite(values)]
    return float(worst(known)) if len(known) else None
