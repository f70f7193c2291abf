"""Bands upon each other: what geometry leaves is measured in the pictures and taken away."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import FileError
from offnadir.imagery._grid import Grid
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._ortho import on_ground
from offnadir.imagery._raster import Box, opened, raster_info, read_box
from offnadir.imagery._refine import CorrectedModel

Array = NDArray[np.float64]
_SIDE: Final = 256
_MOST: Final = 8
#: Standard errors that a shift must exceed to count.
_SURE: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BandOffset:
    """Where a band's picture lies in the reference's pixels: median over `tiles` tiles, robust spread.

    A positive `row_px` is further down. `tiles` of 0 says that nothing could be measured.
    """

    row_px: float
    column_px: float
    spread_px: float
    tiles: int

    @property
    def is_sure(self) -> bool:
        """Whether it is more than chance."""
        if self.tiles < 3:
            return False
        off = math.hypot(self.row_px, self.column_px)
        return off > _SURE * self.spread_px / math.sqrt(self.tiles)


def band_offset(reference: Path, other: Path) -> BandOffset:
    """How far one band lies off another on the same map grid, by phase correlation of their gradients.

    Bands differ in contrast, and its sign may turn (vegetation in near infrared); edges stand where they do
    in all of them, so sizes of gradients are compared. FileError if the grids differ.
    """
    from offnadir.imagery._register import phase_shift

    info = raster_info(reference)
    if info.shape != raster_info(other).shape or info.grid != raster_info(other).grid:
        raise FileError(other, f"does not lie on the pixels of {reference}")
    found = []
    with opened(reference) as first, opened(other) as second:
        for box in _tiles(info.shape):
            tiles = [read_box(one, 1, box).astype(np.float32) for one in (first, second)]
            nothing = [one.nodata for one in (first, second)]
            known = [tile != empty for tile, empty in zip(tiles, nothing, strict=True)]
            if min(k.mean() for k in known) < 0.98:
                continue
            shift = phase_shift(*(_edges(tile) for tile in tiles))
            if shift.is_sure:
                found.append((shift.row_px, shift.column_px))
    if not found:
        return BandOffset(row_px=0.0, column_px=0.0, spread_px=float("nan"), tiles=0)
    shifts = np.array(found)
    middle = np.median(shifts, axis=0)
    spread = 1.4826 * float(np.median(np.hypot(*(shifts - middle).T)))
    return BandOffset(
        row_px=float(middle[0]), column_px=float(middle[1]), spread_px=spread, tiles=len(found)
    )


def moved_by(
    model: GroundModel, terrain: Terrain, grid: Grid, offset: BandOffset
) -> CorrectedModel:
    """A model with the offset of its picture on the map taken away."""
    line, column = (model.shape[0] - 1) / 2.0, (model.shape[1] - 1) / 2.0
    lat, lon = on_ground(model, terrain, np.array([line]), np.array([column]))
    row, col = grid.of_lat_lon(lat, lon)
    lat_there, lon_there = grid.lat_lon(row + offset.row_px, col + offset.column_px)
    here = model.project(lat, lon, terrain.height_m(lat, lon))
    there = model.project(lat_there, lon_there, terrain.height_m(lat_there, lon_there))
    down, across = (float((b - a)[0]) for a, b in zip(here, there, strict=True))
    return CorrectedModel(
        model=model, centre=(line, column), line=(down, 0.0, 0.0), column=(across, 0.0, 0.0)
    )


def _edges(tile: NDArray[np.float32]) -> NDArray[np.float32]:
    down, across = np.gradient(tile)
    return np.asarray(np.hypot(down, across), np.float32)


def _tiles(shape: Sequence[int]) -> list[Box]:
    """At most so many boxes each way, evenly spread, smaller ones in a small image."""
    side = int(np.clip(min(shape) // 4, 64, _SIDE))
    counts = [max(1, min(n // side, _MOST)) for n in shape]
    tops, lefts = (
        np.linspace(0, max(n - side, 0), k).astype(int).tolist()
        for n, k in zip(shape, counts, strict=True)
    )
    return [
        (top, min(top + side, shape[0]), left, min(left + side, shape[1]))
        for top in tops
        for left in lefts
    ]
