"""Where water is in a map product: by its colour, or by what the user drew."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._aligned import coarsened, step_m
from offnadir.imagery._grid import Grid
from offnadir.imagery._raster import Box, RasterInfo, burnt, opened, read_floats

_SIDE_PX = 2048  # of the coarse map of land and water
_STRIP_PX = 128
_POND = (
    5.0  # times the largest ship's area: water enclosed by land that is smaller is taken as land
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Water:
    """Water on a coarse grid, one of whose pixels is `factor` x `factor` of the image's.

    `is_water` leaves out the shore. `source` tells what it was made from.
    """

    is_water: NDArray[np.bool_]
    factor: int
    source: str

    def at(self, box: Box, factor: int) -> NDArray[np.bool_]:
        """The mask of a box of a grid whose pixels are factor x factor of the image's; no water beyond it."""
        axes = []
        for low, high, size in (
            (box[0], box[1], self.is_water.shape[0]),
            (box[2], box[3], self.is_water.shape[1]),
        ):
            middle = (np.arange(low, high) + 0.5) * factor
            # what a broken last block left out belongs to the block before
            index = np.floor(middle / self.factor).astype(np.int64)
            axes.append(np.where((index >= 0) & (index <= size), np.minimum(index, size - 1), -1))
        inside = (axes[0] >= 0)[:, None] & (axes[1] >= 0)[None]
        found: NDArray[np.bool_] = self.is_water[np.ix_(axes[0], axes[1])] & inside
        return found


def colour_band(info: RasterInfo, colour: str) -> int | None:
    """The band (from 1) of a colour: called so, or "nir1" (WorldView), or "B08 nir" (Sentinel-2); the first
    of several.
    """
    for band, name in enumerate(info.band_names, 1):
        word = (name or "").lower()
        if colour in word.split() or word == f"{colour}1":
            return band
    return None


def find_water(
    info: RasterInfo,
    grid: Grid,
    *,
    land: Path | None,
    ndwi: float,
    shore_m: float,
    largest_ship_m2: float,
) -> Water:
    """Water of a product: where (green - nir) / (green + nir) > `ndwi` (McFeeters 1996), less what `land`
    draws.

    `land` is GeoJSON of polygons in longitude and latitude. Without bands called green and nir the colour
    says nothing, and all is water but `land`. What is no water but smaller than the largest ship is taken
    as water, since it may be one; water amid land that is smaller than five of these is taken as land; land
    grows by `shore_m`.
    """
    from scipy import ndimage

    factor = max(1, -(-max(grid.shape) // _SIDE_PX))
    coarse = coarsened(grid, factor)
    bands = (colour_band(info, "green"), colour_band(info, "nir"))
    dry = np.zeros(coarse.shape, np.bool_)
    sources = []
    if bands[0] and bands[1]:
        sources.append("NDWI")
        with opened(info.path) as dataset:
            for top in range(0, coarse.shape[0], _STRIP_PX):
                bottom = min(top + _STRIP_PX, coarse.shape[0])
                box = (top, bottom, 0, coarse.shape[1])
                green, nir = read_floats(dataset, (bands[0], bands[1]), box, factor)
                with np.errstate(divide="ignore", invalid="ignore"):
                    # a hole in the picture is no land: ships beside it are looked for
                    wet = (green - nir) / (green + nir) > ndwi
                dry[top:bottom] = np.isfinite(green + nir) & ~wet
    if land is not None:
        sources.append(land.name)
    step = step_m(coarse)
    if sources[:1] == ["NDWI"]:
        labels, many = ndimage.label(dry, np.ones((3, 3)))
        sizes = np.bincount(labels.ravel(), minlength=many + 1) * step**2
        sizes[0] = 0.0
        dry = sizes[labels] > largest_ship_m2
        # Grey roofs and yards under haze pass for water. No ship so long lies in a pond amid the land.
        labels, many = ndimage.label(~dry)
        sizes = np.bincount(labels.ravel(), minlength=many + 1) * step**2
        for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
            sizes[edge] = math.inf
        dry |= sizes[labels] < _POND * largest_ship_m2
    if land is not None:
        dry |= burnt([_on_grid(shape, coarse) for shape in read_polygons(land)], coarse)
    if shore_m > 0.0 and dry.any():
        dry = ndimage.distance_transform_edt(~dry) * step <= shore_m
    return Water(is_water=~dry, factor=factor, source=" and ".join(sources) or "everywhere")


def read_polygons(path: Path) -> list[dict[str, Any]]:
    """Polygons of a GeoJSON file, in longitude and latitude [deg]."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise FileError(path, f"is no JSON: {error}") from error
    found: list[dict[str, Any]] = []
    waiting: list[Any] = [document]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict):
            continue
        waiting.extend(one.get("features") or [])
        waiting.extend(one.get("geometries") or [])
        if isinstance(one.get("geometry"), dict):
            waiting.append(one["geometry"])
        if one.get("type") in ("Polygon", "MultiPolygon"):
            found.append(one)
    if not found:
        raise FileError(path, "holds no polygon; wanted is GeoJSON with polygons")
    return found


def _on_grid(shape: dict[str, Any], grid: Grid) -> dict[str, Any]:
    import shapely

    def to_map(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
        at = grid.of_lat_lon(np.radians(lon_lat[:, 1]), np.radians(lon_lat[:, 0]))
        return np.stack(grid.xy(*at), axis=1)

    try:
        moved = shapely.transform(shapely.force_2d(shapely.geometry.shape(shape)), to_map)
    except (ValueError, TypeError, shapely.errors.ShapelyError) as error:
        raise InputError("land", shape.get("type"), "polygons that can be read") from error
    if not all(map(math.isfinite, moved.bounds)):
        raise InputError(
            "land", shape.get("type"), f"within reach of the image's projection {grid.crs}"
        )
    mapped: dict[str, Any] = shapely.geometry.mapping(moved)
    return mapped
