"""An area cut into strips, each of which one picture takes: side by side along a heading.

Strips part the area: each point belongs to one, and pictures reach over into the neighbours by the overlap.
So the shares of any strips add up to what these cover together. The plane is Lambert's cylindrical equal-area
one of `access.areas`, around the great circle along the heading; areas are true on the ellipsoid.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from offnadir.access._area_plane import AUTHALIC_RADIUS_M, from_cylindrical, from_sphere
from offnadir.access._area_strips import _frame, _plane
from offnadir.access.areas import Area
from offnadir.earth import Site
from offnadir.errors import InputError, UnitRangeError
from offnadir.planning.model import MOST_STRIPS
from offnadir.units import km

Array = NDArray[np.float64]

_EDGE_M: Final = 10 * km
_LEAST_SHARE: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One strip of an area: what one picture is to take.

    `ring_rad` bounds it: closed, counter-clockwise, shape (n, 2), latitude and longitude [rad]; at its ends
    it may reach beyond the area. `share` is the part of the area's surface inside. `aim` is the ring's
    middle, at the area's height; `length_m` runs along the heading, `width_m` across.
    """

    ring_rad: Array
    share: float
    aim: Site
    length_m: float
    width_m: float


def strips_of(
    rings_rad: Sequence[Array],
    aim: Site,
    *,
    heading_rad: float,
    swath_m: float,
    overlap: float = 0.05,
    max_length_m: float = math.inf,
) -> tuple[Strip, ...]:
    """Strips that part a polygon, in rows along a heading (clockwise from north, at the polygon's centre).

    `rings_rad` and `aim` are those of a Request. Rows come from left to right, and in each the strips along
    the heading. Rows are equally wide: one if the swath holds the area, else at most `swath_m` less
    `overlap`, a share of it. Where a row holds nothing of the area for longer than it is wide it is cut, and
    a piece longer than `max_length_m` is cut into equal ones. Shares add up to 1. Widths and lengths are
    exact at the centre and good to 0.5 % elsewhere.

    Raises InputError for what asks for more than MOST_STRIPS.
    """
    _check(heading_rad, swath_m, overlap, max_length_m)
    area = Area(name=aim.name, polygons_rad=(tuple(rings_rad),), alt_m=aim.alt_m)
    frame, stretch = _frame(area, heading_rad)
    plane = _plane(area, frame)
    edges = _rows_rad(plane, swath_m / stretch, overlap)
    found: list[tuple[float, float, float, float]] = []
    for left, right in pairwise(edges):
        longest_m = max_length_m * stretch / math.cos((left + right) / 2.0)
        for start_m, stop_m in _pieces(plane, left, right, longest_m):
            found.append((left, right, start_m, stop_m))
            if len(found) > MOST_STRIPS:
                wish = f"of a size that {MOST_STRIPS} strips will do for {aim.name}"
                raise InputError("swath_m", swath_m, wish)
    surfaces = [_inside(plane, *one).area for one in found]
    kept = [
        (one, s) for one, s in zip(found, surfaces, strict=True) if s > _LEAST_SHARE * sum(surfaces)
    ]
    total = sum(surface for _, surface in kept)
    return tuple(
        _strip(one, surface / total, frame, stretch, aim, number)
        for number, (one, surface) in enumerate(kept, 1)
    )


def common_heading_rad(headings_rad: ArrayLike) -> float:
    """Of some headings [rad], shape (n,), the one along which strips fit all of them best.

    It is the one with the least sum of |sin| of the angles to the others; there and back count as the same.
    """
    headings = np.asarray(headings_rad, np.float64).ravel()
    if not headings.size:
        raise InputError("headings_rad", [], "at least one heading")
    misfit = np.abs(np.sin(headings[:, None] - headings[None, :])).sum(axis=1)
    return float(headings[int(np.argmin(np.round(misfit, 9)))])


def _check(heading_rad: float, swath_m: float, overlap: float, max_length_m: float) -> None:
    if not 0.0 < swath_m < math.inf:
        raise InputError("swath_m", swath_m, "above 0")
    if not max_length_m > 0.0:
        raise InputError("max_length_m", max_length_m, "above 0")
    if not 0.0 <= overlap <= 0.9:
        raise InputError("overlap", overlap, "from 0 to 0.9, as a share of the swath")
    if not abs(heading_rad) <= 2 * math.pi:
        hint = "did you forget `* deg`?"
        raise UnitRangeError("heading_rad", heading_rad, "within +-2 pi", hint=hint)


def _rows_rad(plane: Any, swath_m: float, overlap: float) -> list[float]:
    """Edges of the rows as angles [rad] left of the middle great circle, from left to right."""
    _, low_m, _, high_m = plane.bounds
    low, high = (math.asin(edge_m / AUTHALIC_RADIUS_M) for edge_m in (low_m, high_m))
    swath = swath_m / AUTHALIC_RADIUS_M
    count = 1
    if high - low > swath * (1.0 + 1e-9):
        needed = (high - low) / (swath * (1.0 - overlap))
        if needed > MOST_STRIPS:
            raise InputError("swath_m", swath_m, f"so wide that {MOST_STRIPS} strips will do")
        count = math.ceil(needed - 1e-9)
    edges: list[float] = np.linspace(high, low, count + 1).tolist()
    return edges


def _inside(plane: Any, left: float, right: float, start_m: float, stop_m: float) -> Any:
    """What a box of the plane holds of the area."""
    low_m, high_m = (AUTHALIC_RADIUS_M * math.sin(edge) for edge in (right, left))
    return shapely.clip_by_rect(plane, start_m, low_m, stop_m, high_m)


def _pieces(
    plane: Any, left: float, right: float, longest_m: float
) -> Iterator[tuple[float, float]]:
    """Stretches of a row along x [m] that hold something of the area, none longer than allowed."""
    west, _, east, _ = plane.bounds
    row = _inside(plane, left, right, west - 1.0, east + 1.0)
    parts = sorted(part.bounds for part in shapely.get_parts(row) if part.area > 0.0)
    gap_m = (left - right) * AUTHALIC_RADIUS_M
    stretches: list[list[float]] = []
    for start_m, _, stop_m, _ in parts:
        if stretches and start_m - stretches[-1][1] <= gap_m:
            stretches[-1][1] = max(stretches[-1][1], stop_m)
        else:
            stretches.append([start_m, stop_m])
    for start_m, stop_m in stretches:
        count = max(math.ceil((stop_m - start_m) / longest_m - 1e-9), 1)
        if count > MOST_STRIPS:
            wish = f"so long that {MOST_STRIPS} strips will do"
            raise InputError("max_length_m", longest_m, wish)
        cuts = np.linspace(start_m, stop_m, count + 1).tolist()
        yield from pairwise(cuts)


def _strip(
    box: tuple[float, float, float, float],
    share: float,
    frame: Array,
    stretch: float,
    aim: Site,
    number: int,
) -> Strip:
    """The strip on the ground."""
    left, right, start_m, stop_m = box
    low_m, high_m = (AUTHALIC_RADIUS_M * math.sin(edge) for edge in (right, left))
    # What is straight in the plane is not so in longitude and latitude: short edges keep to it.
    outline = shapely.segmentize(shapely.box(start_m, low_m, stop_m, high_m, ccw=True), _EDGE_M)
    corners = shapely.get_coordinates(outline)
    ring = np.column_stack(from_sphere(from_cylindrical(corners, frame)))
    ring.flags.writeable = False
    middle = (left + right) / 2.0
    centre = np.array([(start_m + stop_m) / 2.0, AUTHALIC_RADIUS_M * math.sin(middle)])
    lat, lon = from_sphere(from_cylindrical(centre, frame))
    return Strip(
        ring_rad=ring,
        share=share,
        aim=Site(
            name=f"{aim.name} {number}", lat_rad=float(lat), lon_rad=float(lon), alt_m=aim.alt_m
        ),
        length_m=(stop_m - start_m) * math.cos(middle) / stretch,
        width_m=(left - right) * AUTHALIC_RADIUS_M * stretch,
    )
