"""Places that stand for an area: along its outline, and on an equal-area raster inside."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from offnadir.access._area_plane import (
    AUTHALIC_RADIUS_M,
    azimuthal_m,
    frame_at,
    from_azimuthal,
    from_sphere,
    to_sphere,
)
from offnadir.access._area_shape import Area, centre_of
from offnadir.constants import EARTH_MEAN_RADIUS_M
from offnadir.earth import Site
from offnadir.units import deg

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

_MOST_OUTLINE = 2000
_LEAST_DETAIL_M = 20.0
_SPREAD_DEG = 0.25  # pieces of an edge that are mapped to see how far an area reaches


@dataclass(frozen=True, slots=True)
class Outline:
    """Points along the boundary [rad], in the order of its rings.

    `before[i]` and `after[i]` number the neighbours of point i on its ring; `corner` marks the points
    where it may bend. Of an outline with many corners only some are points; the rest wait in `hidden`,
    shape (m, 2), latitude and longitude: from `first[i]` up to `first[i + 1]` those between point i and
    the next. They stand out from the lines between points by at most `detail_m`.
    """

    lat_rad: Array
    lon_rad: Array
    before: Numbers
    after: Numbers
    corner: NDArray[np.bool_]
    hidden: Array
    first: Numbers
    detail_m: float


def outline(area: Area, spacing_m: float) -> Outline:
    """Points on the boundary at most `spacing_m` apart, with its corners, or some 2000 of them."""
    rings = [np.asarray(ring.coords) for ring in _rings(area.outline_deg)]
    length_m = sum(float(np.sum(edge_lengths_m(ring))) for ring in rings)
    spacing_m = max(spacing_m, length_m / _MOST_OUTLINE)
    found, corner = zip(*(_sampled(ring, spacing_m) for ring in rings), strict=True)
    detail_m, kept = 0.0, [np.ones(len(ring), np.bool_) for ring in found]
    while sum(np.count_nonzero(one) for one in kept) > _MOST_OUTLINE and detail_m < spacing_m:
        detail_m = max(2.0 * detail_m, _LEAST_DETAIL_M)
        simple = shapely.simplify(area.outline_deg, detail_m / EARTH_MEAN_RADIUS_M / deg)
        corners = {tuple(one) for one in shapely.get_coordinates(simple).tolist()}
        kept = [_kept(ring, corners, spacing_m) for ring in found]
    sizes = [int(np.count_nonzero(one)) for one in kept]
    number = np.arange(sum(sizes))
    starts = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
    counts = np.repeat(sizes, sizes)
    points, keep = np.concatenate(found)[:, ::-1] * deg, np.concatenate(kept)
    return Outline(
        points[keep, 0],
        points[keep, 1],
        starts + (number - starts - 1) % counts,
        starts + (number - starts + 1) % counts,
        np.concatenate(corner)[keep],
        points[~keep],
        np.append(np.flatnonzero(keep) - number, np.count_nonzero(~keep)),
        2.0 * detail_m,  # lines between points may run on the far side of the simplified ones
    )


def _kept(ring_deg: Array, corners: set[tuple[float, ...]], spacing_m: float) -> NDArray[np.bool_]:
    """Which points of an open ring are corners that matter, or the first in a stretch of the spacing."""
    closed = np.vstack([ring_deg, ring_deg[:1]])
    along = np.concatenate([[0.0], np.cumsum(edge_lengths_m(closed)[:-1])])
    leads = np.diff(np.floor(along / spacing_m), prepend=-1.0) > 0
    return np.array([tuple(one) in corners for one in ring_deg.tolist()]) | leads


def _rings(shape: object) -> list[shapely.LinearRing]:
    return [
        ring
        for polygon in shapely.get_parts(shape)
        for ring in (polygon.exterior, *polygon.interiors)
    ]


def edge_lengths_m(ring_deg: Array) -> Array:
    """Lengths [m] of a ring's edges, never less than the truth by more than half a percent."""
    lon, lat = ring_deg[:, 0] * deg, ring_deg[:, 1] * deg
    nearest = np.minimum(np.abs(lat[1:]), np.abs(lat[:-1]))
    wide = np.where(lat[1:] * lat[:-1] < 0.0, 1.0, np.cos(nearest))
    return np.asarray(EARTH_MEAN_RADIUS_M * np.hypot(np.diff(lat), np.diff(lon) * wide), np.float64)


def _sampled(ring_deg: Array, spacing_m: float) -> tuple[Array, NDArray[np.bool_]]:
    """An open ring, shape (n, 2), with its corners and points between them, and which are corners."""
    pieces = np.maximum(np.ceil(edge_lengths_m(ring_deg) / spacing_m).astype(int), 1)
    edge = np.repeat(np.arange(len(pieces)), pieces)
    first = np.repeat(np.cumsum(pieces) - pieces, pieces)
    part = (np.arange(len(edge)) - first) / pieces[edge]
    return ring_deg[edge] + np.diff(ring_deg, axis=0)[edge] * part[:, None], part == 0.0


@dataclass(frozen=True, slots=True)
class Raster:
    """Square cells of one size that fill an area, in Lambert's azimuthal plane around its centre.

    `row` and `column` number the cells whose middle lies in the area, `lat_rad` and `lon_rad` are those
    middles; `cell_m` is a cell's side, `frame` the plane's. A cell on the outline counts whole or not at
    all.
    """

    row: Numbers
    column: Numbers
    lat_rad: Array
    lon_rad: Array
    cell_m: float
    frame: Array

    def __len__(self) -> int:
        return len(self.row)


def raster(area: Area, cells: int) -> Raster:
    """A raster of about so many cells; an area too thin to hold a middle gets one cell."""
    cell_m = math.sqrt(area.area_m2 / cells)
    frame = frame_at(centre_of(area.outline_deg))
    parts = shapely.get_parts(area.outline_deg)
    found = np.concatenate([_cells(part, frame, cell_m) for part in parts])
    row, column = np.unique(found, axis=0).T
    if len(row) == 0:
        point = shapely.get_coordinates(shapely.point_on_surface(area.outline_deg))[0] * deg
        one = np.zeros(1, np.int64)
        return Raster(one, one, point[1:], point[:1], cell_m, frame)
    lat, lon = _middles(row, column, frame, cell_m)
    return Raster(row, column, lat, lon, cell_m, frame)


def blocks(fine: Raster, side: int) -> tuple[Raster, Numbers]:
    """Blocks of side x side cells, each at the cell nearest to the middle of what it holds of the area.

    The second result numbers the block of each cell.
    """
    keys = np.column_stack([fine.row // side, fine.column // side])
    _, block = np.unique(keys, axis=0, return_inverse=True)
    block = block.reshape(-1)
    sizes = np.bincount(block)
    away = np.zeros(len(fine))
    for place in (fine.row, fine.column):
        away += (place - (np.bincount(block, place) / sizes)[block]) ** 2
    order = np.lexsort((away, block))
    chosen = order[np.cumsum(sizes) - sizes]
    return (
        Raster(
            fine.row[chosen],
            fine.column[chosen],
            fine.lat_rad[chosen],
            fine.lon_rad[chosen],
            fine.cell_m,
            fine.frame,
        ),
        block,
    )


def _middles(row: Numbers, column: Numbers, frame: Array, cell_m: float) -> tuple[Array, Array]:
    xy = (np.column_stack([row, column]) + 0.5) * cell_m
    return from_sphere(from_azimuthal(np.asarray(xy, np.float64), frame))


def _cells(part: shapely.Polygon, frame: Array, cell_m: float) -> Numbers:
    """Row and column, shape (n, 2), of the cells whose middle lies in one polygon [deg]."""
    lon, lat = shapely.get_coordinates(shapely.segmentize(part, _SPREAD_DEG)).T * deg
    xy = azimuthal_m(to_sphere(lat, lon), frame)
    low, high = xy.min(axis=0), xy.max(axis=0)
    far_lat, far_lon = (float(one) / deg for one in from_sphere(-frame[2]))
    if shapely.intersects_xy(part, far_lon, far_lat):  # the plane's rim lies in the polygon
        high = np.full(2, 2.0 * AUTHALIC_RADIUS_M)
        low = -high
    rows, columns = (
        np.arange(math.floor(a / cell_m), math.ceil(b / cell_m))
        for a, b in zip(low, high, strict=True)
    )
    row, column = np.repeat(rows, len(columns)), np.tile(columns, len(rows))
    lat, lon = _middles(row, column, frame, cell_m)
    shapely.prepare(part)
    inside = shapely.intersects_xy(part, lon / deg, lat / deg)
    return np.column_stack([row[inside], column[inside]])


def make_sites(lat_rad: Array, lon_rad: Array, alt_m: float) -> list[Site]:
    """Places without names."""
    return [
        Site(name="", lat_rad=float(lat), lon_rad=float(lon), alt_m=alt_m)
        for lat, lon in zip(lat_rad, lon_rad, strict=True)
    ]
