"""Grids: the places that stand for a region, and how much of it each of them stands for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.access._area_plane import AUTHALIC_RADIUS_M, authalic_sine
from offnadir.coverage import _h3
from offnadir.coverage._regions import Region, Where, region_of
from offnadir.earth import Site
from offnadir.errors import InputError, UnitRangeError
from offnadir.units import deg

Array = NDArray[np.float64]

#: Cells that a grid may have: each costs memory in every figure, and a search.
MOST_CELLS: Final = 2_000_000
_FORGOT = "did you forget `* deg`?"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Places and the area that each stands for; arrays of shape (n,), n above 0.

    Geodetic latitude and east longitude [rad] on WGS-84, height [m], area [m2]. `kind` is "h3", "regular"
    or "points"; points weigh alike, with an area of 1. `cell_ids` are H3's numbers. `step_rad` is a
    regular grid's.
    """

    kind: str
    title: str
    lat_rad: Array
    lon_rad: Array
    alt_m: Array
    area_m2: Array
    names: tuple[str, ...] | None = None
    cell_ids: NDArray[np.uint64] | None = None
    step_rad: float | None = None

    def __post_init__(self) -> None:
        if not len(self.lat_rad):
            raise InputError("grid", 0, "one cell or more")
        for name in ("lat_rad", "lon_rad", "alt_m", "area_m2"):
            value = np.ascontiguousarray(getattr(self, name), np.float64)
            if value.shape != (len(self.lat_rad),) or not np.isfinite(value).all():
                raise InputError(name, value.shape, f"{len(self.lat_rad)} finite numbers")
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        if np.abs(self.lat_rad).max() > math.pi / 2 + 1e-9:
            raise UnitRangeError("lat_rad", float(np.abs(self.lat_rad).max()), "within +-pi/2")
        if not (self.area_m2 > 0).all():
            raise InputError("area_m2", float(self.area_m2.min()), "above 0")
        if self.names is not None and len(self.names) != len(self.lat_rad):
            raise InputError("names", len(self.names), f"{len(self.lat_rad)} names")

    def __len__(self) -> int:
        return len(self.lat_rad)

    def rings_deg(self) -> list[Array]:
        """The outline of each cell, (corners, 2) longitude and latitude [deg], not closed.

        Longitudes run on over the antimeridian, beyond 180, so that each outline is one piece; points have
        none, their outlines are empty.
        """
        if self.cell_ids is not None:
            return _h3.rings_deg(self.cell_ids)
        if self.step_rad is None:
            return [np.empty((0, 2))] * len(self)
        half = self.step_rad / 2
        corners = np.array([(-half, -half), (half, -half), (half, half), (-half, half)])
        middles = np.stack([self.lon_rad, self.lat_rad], axis=1)
        return list((middles[:, None] + corners) / deg)


def equal_area_grid(
    *,
    cell_area_m2: float | None = None,
    resolution: int | None = None,
    region: Where | Region = "land",
    alt_m: float = 0.0,
) -> Grid:
    """H3 cells whose centres lie in the region, by resolution (0 to 15) or by the area wished for.

    H3's areas grow by a factor of 7 from one resolution to the next: of these the nearest is taken. Cells of
    one resolution differ (from 0.51 to 1.21 of their mean, 13 % standard deviation), so that each
    carries its own area and sums are weighted. A part of the region that holds no cell's centre is left
    to its neighbours; a region that holds none at all is stood for by a place inside each of its figures.
    `region`: "land", "world", codes of countries, or a figure. Raises InputError for a region that
    is empty or too large for such cells.
    """
    if (resolution is None) == (cell_area_m2 is None):
        raise InputError("resolution", resolution, "given, or cell_area_m2, and not both")
    if resolution is None:
        if not (cell_area_m2 is not None and 1.0 <= cell_area_m2 <= 5e12):
            raise InputError("cell_area_m2", cell_area_m2, "from 1 to 5e12 m2")
        resolution = _h3.resolution_of(cell_area_m2)
    if not isinstance(resolution, int) or not 0 <= resolution <= 15:
        raise InputError("resolution", resolution, "a whole number from 0 to 15")
    where = region_of(region)
    ids, lat, lon = _h3.cells_in(where, resolution, MOST_CELLS)
    if not len(ids):
        lat, lon = where.inner_points_rad().T
        ids = _h3.cells_at(lat, lon, resolution)
    return Grid(
        kind="h3",
        title=f"{where.title}, H3 resolution {resolution}",
        lat_rad=lat,
        lon_rad=lon,
        alt_m=np.full(len(ids), alt_m),
        area_m2=_h3.areas_m2(ids),
        cell_ids=ids,
    )


def regular_grid(*, step_rad: float, region: Where | Region = "land", alt_m: float = 0.0) -> Grid:
    """Cells of even steps in latitude and longitude [rad] whose middles lie in the region.

    The step must divide half a turn. Areas are those of the ellipsoid; they shrink towards the poles, where
    such a grid spends most of its cells.
    """
    if not 0.001 * deg <= step_rad <= 45 * deg:
        raise UnitRangeError("step_rad", step_rad, "from 0.001 to 45 degrees", hint=_FORGOT)
    rows = round(math.pi / step_rad)
    if abs(rows * step_rad - math.pi) > 1e-9:
        raise InputError("step_rad", step_rad, "a whole part of 180 degrees")
    where = region_of(region)
    west, south, east, north = _bounds_rad(where)
    i = np.arange(max(0, int((south + math.pi / 2) / step_rad) - 1), rows)
    i = i[(i * step_rad - math.pi / 2) <= north]
    j = np.arange(2 * rows)
    j = j[((j + 1) * step_rad - math.pi >= west) & (j * step_rad - math.pi <= east)]
    if len(i) * len(j) > 4 * MOST_CELLS:
        raise InputError("step_rad", step_rad, f"so wide that {where.title} has fewer cells")
    lat: Array = np.asarray((np.repeat(i, len(j)) + 0.5) * step_rad - math.pi / 2, np.float64)
    lon: Array = np.asarray((np.tile(j, len(i)) + 0.5) * step_rad - math.pi, np.float64)
    inside = where.holds(lat, lon)
    if not inside.any():
        raise InputError("step_rad", step_rad, f"so small that a cell lies in {where.title}")
    lat, lon = lat[inside], lon[inside]
    edges = authalic_sine(np.stack([lat + step_rad / 2, lat - step_rad / 2]))
    return Grid(
        kind="regular",
        title=f"{where.title}, every {step_rad / deg:g} deg",
        lat_rad=lat,
        lon_rad=lon,
        alt_m=np.full(len(lat), alt_m),
        area_m2=AUTHALIC_RADIUS_M**2 * step_rad * (edges[0] - edges[1]),
        step_rad=step_rad,
    )


def points_grid(sites: Site | Sequence[Site]) -> Grid:
    """Places by themselves, each of the same weight."""
    places = [sites] if isinstance(sites, Site) else list(sites)
    if not places:
        raise InputError("sites", 0, "one place or more")
    return Grid(
        kind="points",
        title=places[0].name if len(places) == 1 else f"{len(places)} places",
        lat_rad=np.array([one.lat_rad for one in places]),
        lon_rad=np.array([one.lon_rad for one in places]),
        alt_m=np.array([one.alt_m for one in places]),
        area_m2=np.ones(len(places)),
        names=tuple(one.name for one in places),
    )


def _bounds_rad(region: Region) -> tuple[float, float, float, float]:
    if not region.figures:
        return -math.pi, -math.pi / 2, math.pi, math.pi / 2
    bounds = np.array([one.bounds for one in region.figures]) * deg
    low, high = bounds.min(axis=0), bounds.max(axis=0)
    return float(low[0]), float(low[1]), float(high[2]), float(high[3])
