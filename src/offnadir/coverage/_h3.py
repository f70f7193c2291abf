"""H3, and nothing else of the house knows it: hexagons of the Earth by number (extra `[coverage]`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from offnadir.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from offnadir.coverage._regions import Region

Array = NDArray[np.float64]
Ids = NDArray[np.uint64]

_EARTH_M2: Final = 5.10066e14
_FIRST: Final = 2  # resolution at which the search for a region's cells begins
_STEP: Final = 2  # resolutions at a time


def _library() -> Any:
    try:
        import h3.api.numpy_int
    except ImportError as error:
        raise MissingExtraError("equal-area grids need h3", "coverage") from error
    return h3.api.numpy_int


def _count(resolution: int) -> int:
    """Cells of the whole Earth: 2 + 120 * 7^resolution (Uber, H3 documentation)."""
    return 2 + 120 * int(7**resolution)


def resolution_of(cell_area_m2: float) -> int:
    """The resolution whose mean area is nearest, by ratio."""
    return min(range(16), key=lambda one: abs(math.log(_EARTH_M2 / _count(one) / cell_area_m2)))


def cells_in(region: Region, resolution: int, most: int) -> tuple[Ids, Array, Array]:
    """Numbers, latitudes and longitudes [rad] of the cells whose centre lies in the region."""
    h3 = _library()
    if region.area_m2() * _count(resolution) / _EARTH_M2 > most:
        wish = f"so coarse that {region.title} has no more than {most} cells"
        raise InputError("resolution", resolution, wish)
    level = min(_FIRST, resolution)
    ids = _children(h3, list(h3.get_res0_cells()), level)
    while True:
        lat, lon = _centres(h3, ids)
        if level == resolution:
            inside = region.holds(lat, lon)
            return ids[inside], lat[inside], lon[inside]
        near = _near(region, lat, lon, 1.1 * math.sqrt(_EARTH_M2 / _count(level)) / 6.371e6)
        ids, after = ids[near], min(level + _STEP, resolution)
        ids, level = _children(h3, ids.tolist(), after), after


def cells_at(lat_rad: Array, lon_rad: Array, resolution: int) -> Ids:
    """Numbers of the cells around places."""
    h3 = _library()
    places = np.degrees(np.stack([lat_rad, lon_rad], axis=1)).tolist()
    return np.array([h3.latlng_to_cell(lat, lon, resolution) for lat, lon in places], np.uint64)


def areas_m2(ids: Ids) -> Array:
    """Areas [m2] of cells, on the sphere that H3 computes with."""
    h3 = _library()
    return np.array([h3.cell_area(one, "m^2") for one in ids.tolist()], np.float64)


def rings_deg(ids: Ids) -> list[Array]:
    """Corners (5 to 10, 2) of cells, longitude first [deg], longitudes running on."""
    h3 = _library()
    rings = []
    for one in ids.tolist():
        ring = np.array(h3.cell_to_boundary(one), np.float64)[:, ::-1]
        ring[:, 0] -= 360.0 * np.round((ring[:, 0] - ring[0, 0]) / 360.0)
        rings.append(ring)
    return rings


def _children(h3: Any, ids: list[int], level: int) -> Ids:
    if not ids:
        return np.empty(0, np.uint64)
    found = [np.asarray(h3.cell_to_children(one, level), np.uint64) for one in ids]
    return np.sort(np.concatenate(found))


def _centres(h3: Any, ids: Ids) -> tuple[Array, Array]:
    both = np.radians([h3.cell_to_latlng(one) for one in ids.tolist()]).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def _near(region: Region, lat_rad: Array, lon_rad: Array, reach_rad: float) -> NDArray[np.bool_]:
    """Which places may have a part of the region within their reach: by boxes, so a little too many."""
    polar = np.abs(lat_rad) + reach_rad >= math.pi / 2
    with np.errstate(invalid="ignore"):
        wide = np.arcsin(np.minimum(math.sin(reach_rad) / np.cos(lat_rad), 1.0))
    wide = np.where(polar, math.pi, wide)
    south, north = np.degrees(lat_rad - reach_rad), np.degrees(lat_rad + reach_rad)
    hit = np.zeros(len(lat_rad), np.bool_)
    for turn in (-360.0, 0.0, 360.0):  # a box may reach over the antimeridian
        west, east = np.degrees(lon_rad - wide) + turn, np.degrees(lon_rad + wide) + turn
        hit |= region.touches(shapely.box(west, south, east, north))
    return hit
