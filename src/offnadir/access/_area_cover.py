"""How much of an area each window can cover, and when it has been covered altogether."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.access._area_evidence import ANY, Windows
from offnadir.access._area_plane import from_azimuthal, from_sphere
from offnadir.access._area_points import Raster, blocks, raster
from offnadir.access._area_shape import Area
from offnadir.access._area_track import Track
from offnadir.access._area_windows import (
    Case,
    Exact,
    Progress,
    area_passes,
    empty_table,
    spots_of,
    window_table,
)
from offnadir.access._constraints import Constraint
from offnadir.earth import geodetic_to_itrf_m
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits import Ephemeris

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]
Swath = float | Callable[[Array], Array]

_BLOCKS = 1500
_LEAST_CELLS, _MOST_CELLS = 20_000, 250_000
_CELLS_A_SWATH = 5.0
_BINS_A_SWATH = 128
_MOST_BINS = 100_000
_SHARES = ("reachable_share", "swath_share", "new_share", "total_share")
_STRIP = ("strip_right_m", "strip_off_nadir_rad", "strip_width_m")


def cover_area(
    ephemerides: Ephemeris | Iterable[Ephemeris],
    area: Area,
    constraints: Sequence[Constraint] = (),
    *,
    swath_m: Swath,
    tolerance_s: float = 0.01,
    progress: Progress | None = None,
) -> Table:
    """The windows in which any of an area can be imaged, in order of time, and what each can cover.

    In each window one strip is taken along the ground track, `swath_m` wide and held at one angle to the
    side; of it counts what meets all constraints at some instant of the window. `swath_m` is a width
    [m], or a function from off-nadir angles [rad], shape (n,), to widths.

    Columns as in `find_area_windows`, and as shares of the area, 0 to 1: `reachable_share`, which meets
    all constraints at some instant of the window; `swath_share`, the most that one strip can hold of
    that; `new_share`, the most that one strip can add to what the windows before have taken;
    `total_share`, taken so far. `strip_right_m`, `strip_off_nadir_rad` and `strip_width_m` tell the strip
    that adds most: its middle to the right of the track (negative: left), the angle there, its width.
    When nothing is left to add they tell that of `swath_share`. Shares are counted on a raster of 20,000
    to 250,000 equal cells; what is reachable is decided for some 1500 blocks of them, so that shares are
    good to about half a percent of the area.
    """
    if not callable(swath_m) and not (swath_m > 0.0 and math.isfinite(swath_m)):
        raise InputError("swath_m", swath_m, "above 0")
    flock = [ephemerides] if isinstance(ephemerides, Ephemeris) else ephemerides
    ground = _Ground.of(area, float(np.min(_widths(swath_m, np.zeros(1)))))
    spots = spots_of(area, ground.block)
    tables: list[Table] = []
    passes: list[_Pass] = []
    first = len(spots) - len(ground.block)
    for case, number, windows, exact in area_passes(
        flock, [area], [spots], constraints, mode=ANY, tolerance_s=tolerance_s, progress=progress
    ):
        tables.append(window_table(case, exact, number))
        passes.extend(_passes(case, windows, exact, first, ground))
    table = Table.concat(tables) if tables else empty_table()
    order = np.lexsort((table["norad_id"], table["start"]))
    columns = _account([passes[i] for i in order.tolist()], ground, swath_m)
    table = table.take(order)
    kept: dict[str, Any] = {
        name: table.labels(name) if name in _TEXTS else table[name] for name in table.names
    }
    return Table(kept | columns, times=table.times)


_TEXTS = ("satellite", "area")


def covered_at(table: Table, share: float) -> Epoch | None:
    """When a table of `cover_area` has reached a share of the area; None if never.

    By then all windows that count towards the share have ended: a long one may end after its successors.
    """
    if not 0.0 < share <= 1.0:
        raise InputError("share", share, "above 0, up to 1")
    enough = np.flatnonzero(table["total_share"] >= share)
    return Epoch(int(table["stop"][: enough[0] + 1].max())) if len(enough) else None


@dataclass(frozen=True, slots=True)
class _Ground:
    """The area as cells and as blocks of them.

    `of_cell` numbers the block of each cell, `shift_m` (n, 2) tells where the cell lies from the block's
    place, in the plane; `places` are the blocks' in ITRF, and those one step along x and along y.
    """

    cells: Raster
    block: Raster
    of_cell: Numbers
    shift_m: Array
    places: tuple[Array, Array, Array]

    @classmethod
    def of(cls, area: Area, swath_m: float) -> _Ground:
        wanted = area.area_m2 / (swath_m / _CELLS_A_SWATH) ** 2
        cells = raster(area, int(min(max(wanted, _LEAST_CELLS), _MOST_CELLS)))
        side = max(round(math.sqrt(len(cells) / _BLOCKS)), 1)
        block, of_cell = blocks(cells, side)
        xy = (np.column_stack([block.row, block.column]) + 0.5) * cells.cell_m
        own = (np.column_stack([cells.row, cells.column]) + 0.5) * cells.cell_m
        step = cells.cell_m
        x, y, z = (
            geodetic_to_itrf_m(
                *from_sphere(from_azimuthal(np.asarray(xy + shift, np.float64), cells.frame)),
                area.alt_m,
            )
            for shift in ((0.0, 0.0), (step, 0.0), (0.0, step))
        )
        return cls(cells, block, of_cell, own - xy[of_cell], (x, y, z))


@dataclass(frozen=True, slots=True)
class _Pass:
    """One window: which blocks it reaches, how far right they lie [m], and how that grows with x and y."""

    track: Track
    reached: Numbers
    right_m: Array
    slope: Array


def _passes(case: Case, windows: Windows, exact: Exact, first: int, ground: _Ground) -> list[_Pass]:
    """What each window of one satellite reaches; blocks are the points from number `first` on."""
    inside = windows.take(windows.point >= first)
    found = []
    for start, stop in zip(exact.start.tolist(), exact.stop.tolist(), strict=True):
        here = (inside.start < stop) & (inside.stop > start)
        reached = np.unique(inside.point[here]) - first
        track = Track(case.ephemeris, start, stop)
        right, ahead, aside = (track.right_m(place[reached]) for place in ground.places)
        slope = np.column_stack([ahead - right, aside - right]) / ground.cells.cell_m
        found.append(_Pass(track, reached, right, slope))
    return found


def _account(passes: list[_Pass], ground: _Ground, swath_m: Swath) -> dict[str, Array]:
    """The columns of shares, window after window."""
    columns = {name: np.zeros(len(passes)) for name in (*_SHARES, *_STRIP)}
    whole = len(ground.cells)
    taken = np.zeros(whole, np.bool_)
    number = np.full(len(ground.block), -1)
    for i, one in enumerate(passes):
        number[:] = -1
        number[one.reached] = np.arange(len(one.reached))
        place = number[ground.of_cell]
        cells = np.flatnonzero(place >= 0)
        shares, strip = np.zeros(3), np.full(3, np.nan)
        if len(cells):
            place = place[cells]
            right_m = one.right_m[place]
            for slope, shift_m in zip(one.slope.T, ground.shift_m.T, strict=True):
                right_m += slope[place] * shift_m[cells]
            limits = (float(one.right_m.min()), float(one.right_m.max()))
            strips = _Strips(right_m, limits, one.track, swath_m)
            strip, inside = strips.best(np.ones(len(cells), np.bool_))
            shares[:2] = len(cells), np.count_nonzero(inside)
            fresh = ~taken[cells]
            if fresh.any():
                strip, inside = strips.best(fresh)
                shares[2] = np.count_nonzero(inside & fresh)
                # A strip found for the rest may hold a few cells more than the one found for all.
                shares[1] = max(shares[1], shares[2])
                taken[cells[inside]] = True
        for name, value in zip(_SHARES[:3], shares / whole, strict=True):
            columns[name][i] = value
        columns["total_share"][i] = np.count_nonzero(taken) / whole
        for name, value in zip(_STRIP, strip, strict=True):
            columns[name][i] = value
    return columns


class _Strips:
    """All strips that one pass might take: cells counted by how far right of the track they lie.

    The middle of a strip keeps within `limits` [m], where the constraints are known to be met.
    """

    def __init__(
        self, right_m: Array, limits: tuple[float, float], track: Track, swath_m: Swath
    ) -> None:
        low, high = float(right_m.min()), float(right_m.max())
        least = float(np.min(_widths(swath_m, track.off_nadir_rad(np.linspace(low, high, 64)))))
        bin_m = max(least / _BINS_A_SWATH, (high - low) / _MOST_BINS)
        self.bin = ((right_m - low) / bin_m).astype(np.int64)
        self.count = int(self.bin.max()) + 1
        # Middles lie on the edges of bins, so that a strip holds whole bins on either side.
        first, last = (round((limit - low) / bin_m) for limit in limits)
        self.edge = np.arange(first, last + 1)
        self.middle_m: Array = np.asarray(low + self.edge * bin_m, np.float64)
        self.off_nadir_rad = track.off_nadir_rad(self.middle_m)
        self.width_m = _widths(swath_m, self.off_nadir_rad)
        self.half = np.maximum(np.rint(self.width_m / 2.0 / bin_m).astype(np.int64), 1)

    def best(self, wanted: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_]]:
        """(middle [m], angle [rad], width [m]) of the strip with most wanted cells, and which it holds.

        Of several the one nearest to the track.
        """
        below = np.concatenate(
            [[0], np.cumsum(np.bincount(self.bin[wanted], minlength=self.count))]
        )
        first, after = self.edge - self.half, self.edge + self.half
        held = below[np.clip(after, 0, self.count)] - below[np.clip(first, 0, self.count)]
        most = np.flatnonzero(held == held.max())
        i = int(most[np.argmin(np.abs(self.middle_m[most]))])
        strip = np.array([self.middle_m[i], self.off_nadir_rad[i], self.width_m[i]])
        return strip, (self.bin >= first[i]) & (self.bin < after[i])


def _widths(swath_m: Swath, off_nadir_rad: Array) -> Array:
    """Widths [m] of strips at these angles; InputError if the function gives none."""
    if not callable(swath_m):
        return np.full(len(off_nadir_rad), float(swath_m))
    widths = np.asarray(swath_m(np.abs(off_nadir_rad)), np.float64)
    if widths.shape != off_nadir_rad.shape or not np.all(widths > 0.0):
        wish = "a function that gives a width above 0 for every off-nadir angle"
        raise InputError("swath_m", widths.tolist(), wish)
    return widths
