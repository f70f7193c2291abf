"""Where a rule holds: areas of longitude and latitude in which antimeridian and poles hide nothing.

A region is its outline, and how far it reaches beyond: an outline that was drawn coarsely, a territorial sea.
All figures are planar in longitude and latitude [deg] (edges as in GeoJSON); an outline runs on a degree
beyond +-180 and beyond the poles, so that what touches there is seen to touch, from both sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from offnadir.access._area_plane import authalic_sine
from offnadir.access._area_rings import figure
from offnadir.errors import InputError
from offnadir.tasking._policy_geodesic import distance_m, end_deg
from offnadir.units import deg

Array = NDArray[np.float64]
Figure = Any  # a shapely geometry

_SPARE_DEG = 1.0
_METRES_PER_DEG = (
    111_000.0  # a little less than the least there is: reaches are taken a little too far
)
#: The outline of a circle turns by no more than this in longitude and azimuth from corner to corner.
_STEP_DEG = 0.5
MOST_RADIUS_M = 5_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """All places within `radius_m` of a centre, along the ellipsoid; the rim belongs to it."""

    lon_deg: float
    lat_deg: float
    radius_m: float

    def holds(self, lon_deg: ArrayLike, lat_deg: ArrayLike) -> NDArray[np.bool_]:
        """Whether places lie within, exact to a millimetre."""
        lat = np.asarray(lat_deg, np.float64)
        if np.all(np.abs(lat - self.lat_deg) * 110_500.0 > self.radius_m):  # a degree is no shorter
            return np.zeros(np.broadcast(lat, np.asarray(lon_deg)).shape, np.bool_)
        away = distance_m(self.lon_deg, self.lat_deg, lon_deg, lat)
        return np.asarray(away <= self.radius_m, np.bool_)

    def figure(self) -> Figure:
        """The circle as a polygon whose corners lie on it; the chords fall some 1e-5 of the radius short."""
        azimuth = list(np.arange(0.0, 360.0, _STEP_DEG))
        corner = [self._corner(one) for one in azimuth]
        place = 0
        while place < len(
            azimuth
        ):  # a step across the pole's meridians is halved until it is small
            after = azimuth[(place + 1) % len(azimuth)] + (
                360.0 if place + 1 == len(azimuth) else 0.0
            )
            step = corner[(place + 1) % len(azimuth)][0] - corner[place][0]
            step -= 360.0 * round(step / 360.0)
            if abs(step) > _STEP_DEG * 4 and after - azimuth[place] > 1e-4:
                azimuth.insert(place + 1, (azimuth[place] + after) / 2)
                corner.insert(place + 1, self._corner(azimuth[place + 1]))
            else:
                place += 1
        return figure([[np.array(corner)]])

    def box(self) -> Figure:
        """A box around the circle, or two where it crosses the antimeridian, a little too large."""
        south, north = (self.lat_deg + sign * self.radius_m / 110_000.0 for sign in (-1, 1))
        if south <= -90.0 or north >= 90.0:
            return shapely.box(-180.0, max(-90.0, south - 1.0), 180.0, min(90.0, north + 1.0))
        angle = self.radius_m / 6_300_000.0
        half = math.sin(angle) / math.cos(self.lat_deg * deg)
        side = 180.0 if half >= 1.0 or angle >= math.pi / 2 else 1.01 * math.asin(half) / deg + 0.01
        boxes = [
            shapely.box(
                self.lon_deg + turn - side, south - 0.01, self.lon_deg + turn + side, north + 0.01
            )
            for turn in (-360.0, 0.0, 360.0)
        ]
        return shapely.MultiPolygon(boxes)

    def _corner(self, azimuth_deg: float) -> tuple[float, float]:
        return end_deg(self.lon_deg, self.lat_deg, azimuth_deg, self.radius_m)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """An area as rules use it.

    `circles` are counted to its outline exactly for points. What lies within `reach_m` outside of it is
    counted in, for a country's outline is coarse, and so is what lies in the sea within `sea_m`.
    """

    outline: Figure
    circles: tuple[Circle, ...] = ()
    reach_m: float = 0.0
    sea_m: float = 0.0
    polygons: Figure
    is_everywhere: bool = False

    def __post_init__(self) -> None:
        shapely.prepare(self.outline)
        shapely.prepare(self.polygons)

    @property
    def margin_m(self) -> float:
        """How far beyond the outline the region may reach."""
        return max(self.reach_m, self.sea_m)


def region(
    figures: list[Figure],
    circles: tuple[Circle, ...] = (),
    *,
    reach_m: float = 0.0,
    sea_m: float = 0.0,
) -> Region:
    """A region of figures within -180 to 180 and of circles."""
    polygons = spread(shapely.union_all(figures)) if figures else shapely.Polygon()
    round_ones = [spread(circle.figure()) for circle in circles]
    outline = shapely.union_all([polygons, *round_ones]) if round_ones else polygons
    return Region(outline=outline, polygons=polygons, circles=circles, reach_m=reach_m, sea_m=sea_m)


def box(west_deg: float, south_deg: float, east_deg: float, north_deg: float) -> Figure:
    """A box of longitude and latitude; where west is more than east it crosses the antimeridian."""
    if west_deg <= east_deg:
        return shapely.box(west_deg, south_deg, east_deg, north_deg)
    east_part = shapely.box(west_deg, south_deg, 180.0, north_deg)
    return shapely.union_all([east_part, shapely.box(-180.0, south_deg, east_deg, north_deg)])


def spread(shape: Figure) -> Figure:
    """The figure with a degree of itself again beyond +-180, and a rim beyond a pole that it touches."""
    pieces = [shape]
    if not shape.is_empty:
        west, south, east, north = shape.bounds
        for turn, touches in (
            (360.0, west <= -180.0 + _SPARE_DEG),
            (-360.0, east >= 180.0 - _SPARE_DEG),
        ):
            if touches:
                strip = (
                    shapely.box(-180.0, -90.0, -179.0, 90.0)
                    if turn > 0
                    else shapely.box(179.0, -90.0, 180.0, 90.0)
                )
                part = shapely.intersection(shape, strip)
                pieces.append(shapely.transform(part, _Turn(turn)))
        for pole, touches in ((90.0, north >= 90.0), (-90.0, south <= -90.0)):
            if touches:
                low, high = sorted((pole, pole + math.copysign(_SPARE_DEG, pole)))
                pieces.append(shapely.box(-181.0, low, 181.0, high))
    return shapely.union_all(pieces) if len(pieces) > 1 else shape


def as_target(place: Any, field_name: str = "place_deg") -> Figure:
    """What a picture shows as a figure within -180 to 180: a point, a line or polygons, from what was given.

    (longitude, latitude), a shapely geometry, or polygons across the antimeridian or a pole, as an edge
    goes the short way round. Raises InputError, naming the field.
    """
    if _is_plain_point(place):
        return shapely.Point(place)
    shape = shapely.Point(*place) if isinstance(place, tuple | list) and len(place) == 2 else place
    if not isinstance(shape, shapely.Geometry) or shape.is_empty:
        raise InputError(
            field_name, place, "(longitude, latitude) in degrees, or a shapely geometry"
        )
    corners = shapely.get_coordinates(shape)
    if not np.all(np.isfinite(corners)) or np.any(np.abs(corners[:, 1]) > 90.0):
        raise InputError(field_name, shape.wkt, "finite, with latitudes from -90 to 90 degrees")
    if np.any(np.abs(corners[:, 0]) > 540.0):
        raise InputError(field_name, shape.wkt, "in degrees, with longitudes from -540 to 540")
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        rings = [
            [
                shapely.get_coordinates(part.exterior),
                *(shapely.get_coordinates(h) for h in part.interiors),
            ]
            for part in shapely.get_parts(shape)
        ]
        try:
            return _at_pole(figure(rings))
        except InputError as error:
            raise InputError(f"{field_name} {error.field}", error.value, error.wish) from error
    if np.any(np.abs(corners[:, 0]) > 180.0):
        shape = _turned_back(shape)
    return _at_pole(shape)


def _turned_back(shape: Figure) -> Figure:
    """Points and lines with their parts beyond +-180 where they are on the globe."""
    if shape.geom_type == "Point":
        return shapely.Point((shape.x + 180.0) % 360.0 - 180.0, shape.y)
    sheet = shapely.box(-180.0, -90.0, 180.0, 90.0)
    turned = (shapely.affinity.translate(shape, 360.0 * n) for n in (-2, -1, 0, 1, 2))
    return shapely.union_all([shapely.intersection(one, sheet) for one in turned])


def _is_plain_point(place: Any) -> bool:
    """Whether a place is (longitude, latitude) of a point that is neither beyond +-180 nor a pole."""
    if not (isinstance(place, tuple) and len(place) == 2):
        return False
    lon, lat = place
    both = isinstance(lon, float | int) and isinstance(lat, float | int)
    return both and -180.0 <= lon <= 180.0 and -90.0 < lat < 90.0


def _at_pole(shape: Figure) -> Figure:
    """The figure; if it touches a pole, with every longitude there, for the pole is one point."""
    _, south, _, north = shape.bounds
    poles = [lat for lat, touches in ((90.0, north >= 90.0), (-90.0, south <= -90.0)) if touches]
    lines = [shapely.LineString([(-180.0, lat), (180.0, lat)]) for lat in poles]
    if not lines:
        return shape
    return lines[0] if shape.geom_type == "Point" else shapely.union_all([shape, *lines])


def touches(where: Region, target: Figure) -> bool:
    """Whether the target has a point in common with the region's outline."""
    if target.geom_type == "Point" and where.circles:
        if where.polygons.intersects(target):
            return True
        return any(bool(circle.holds(target.x, target.y)) for circle in where.circles)
    return bool(where.outline.intersects(target))


def lies_within(where: Region, target: Figure) -> bool:
    """Whether all of the target lies inside the region, none of it on the edge."""
    return bool(shapely.contains_properly(where.outline, target))


def share_within(where: Region, target: Figure) -> float | None:
    """The part of the target's surface that lies in the region, 0 to 1; None for points and lines."""
    flat = shapely.transform(target, _equal_area)
    if flat.area <= 0.0:
        return None
    common = shapely.transform(shapely.intersection(where.outline, target), _equal_area)
    return min(1.0, float(common.area / flat.area))


def away_m(where: Region, target: Figure) -> float:
    """How far the target is outside of the region [m], to some 2 percent; inf beyond its margin."""
    if touches(where, target):
        return 0.0
    nearest = math.inf
    for turn in (0.0, 360.0, -360.0):
        moved = shapely.transform(target, _Turn(turn)) if turn else target
        near = near_part(where, moved.bounds)
        if not near.is_empty:
            nearest = min(
                nearest, float(gaps_m(near, np.array([moved], object), band_of(moved))[0])
            )
    return nearest if nearest <= where.margin_m else math.inf


def band_of(target: Figure) -> int:
    """The degree of latitude whose scale is taken for distances to a place."""
    _, south, _, north = target.bounds
    return min(89, round(abs(float(south + north)) / 2))


def gaps_m(outline: Figure, targets: Any, band: int) -> Array:
    """Least distances of an outline to places [m]: nearest in a plane scaled for the band, then exactly."""
    scale = np.array([math.cos(band * deg), 1.0])
    flat = shapely.transform(outline, lambda xy: xy * scale)
    moved = shapely.transform(targets, lambda xy: xy * scale)
    ends = shapely.get_coordinates(shapely.shortest_line(flat, moved)).reshape(-1, 2, 2) / scale
    lon, lat = ends[:, :, 0], ends[:, :, 1]
    return distance_m(lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])


def margin_deg(where: Region, most_lat_deg: float) -> tuple[float, float]:
    """The region's margin as steps of longitude and latitude that are surely not too small [deg]."""
    up = where.margin_m / _METRES_PER_DEG
    return min(360.0, up / math.cos(min(89.9, most_lat_deg + up) * deg)), up


def near_part(where: Region, bounds: tuple[float, float, float, float]) -> Figure:
    """The part of the outline that is not surely farther than the margin from a box."""
    west, south, east, north = bounds
    side, up = margin_deg(where, max(abs(south), abs(north)))
    return shapely.clip_by_rect(where.outline, west - side, south - up, east + side, north + up)


class _Turn:
    """Longitudes moved by so many degrees."""

    def __init__(self, turn: float) -> None:
        self.turn = turn

    def __call__(self, xy: Array) -> Array:
        return np.asarray(xy + np.array([self.turn, 0.0]), np.float64)


def _equal_area(xy: Array) -> Array:
    return np.column_stack([xy[:, 0] * deg, authalic_sine(np.clip(xy[:, 1], -90.0, 90.0) * deg)])
