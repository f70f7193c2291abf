"""The heights of made-up ground beside its picture, for nobody else has them: dem.tif."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from offnadir.imagery._grid import utm_crs
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._mosaic import union_grid
from offnadir.imagery._ortho import ortho_grid
from offnadir.imagery._raster import boxes, window_of, writing

OWN_DEM: Final = "dem.tif"
_STEP_M: Final = 5.0
_MARGIN: Final = 40


def write_own_dem(
    terrain: Terrain, models: Sequence[GroundModel], aim_rad: tuple[float, float], path: Path
) -> None:
    """Ground without buildings under all of the images and some cells around, ellipsoidal heights, float32.

    Cells of 5 m, or half of a pixel where that is more.
    """
    crs = utm_crs(*aim_rad)
    pixel_m = ortho_grid(models[0], terrain, crs=crs).transform[0]
    step = max(_STEP_M, round(pixel_m / 2.0))
    held = union_grid([ortho_grid(model, terrain, step=step, crs=crs) for model in models])
    rows, columns = held.shape
    grid = held.part((-_MARGIN, rows + _MARGIN, -_MARGIN, columns + _MARGIN))
    with writing(path, grid.shape, 1, "float32", grid=grid, names=("height above WGS 84",)) as out:
        for box in boxes(grid.shape):
            top, bottom, left, right = box
            row, column = np.meshgrid(np.arange(top, bottom), np.arange(left, right), indexing="ij")
            heights = terrain.height_m(*grid.lat_lon(row, column))
            out.write(heights.astype(np.float32), 1, window=window_of(box))
