"""An area of the Earth: polygons on the ellipsoid, their surface, and whether a place lies in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from offnadir.access._area_plane import (
    AUTHALIC_RADIUS_M,
    authalic_sine,
    from_sphere,
    to_sphere,
)
from offnadir.access._area_rings import figure
from offnadir.errors import InputError, UnitRangeError
from offnadir.units import deg, km

Array = NDArray[np.float64]

_LEAST_AREA_M2 = 1.0
_POLE_DEG = 90.0 - 1e-9
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_CENTRE_STEP_DEG = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Area:
    """Polygons with holes on WGS-84, all at one height [m]; together they count as one place.

    `polygons_rad[i]` are the rings of polygon i, its outline first, then its holes; each ring has shape
    (n, 2): latitude, longitude [rad]. Rings may be open or closed and wound either way. An edge is a
    straight line in longitude and latitude, as in GeoJSON (not a geodesic), and takes the short way
    round; a ring around the Earth holds the pole on its smaller side. Polygons may overlap: what lies in
    two counts once. `outline_deg` is the same as one shapely figure, longitude first, -180 to 180.

    >>> ring = np.array([[0, 0], [0, 1], [1, 1], [1, 0]]) * deg
    >>> round(Area(name="a cell", polygons_rad=((ring,),)).area_m2 / km**2, 1)
    12308.5
    """

    name: str
    polygons_rad: tuple[tuple[Array, ...], ...]
    alt_m: float = 0.0
    outline_deg: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not -12 * km <= self.alt_m <= 100 * km:
            raise InputError("alt_m", self.alt_m, "from -12000 to 100000 m")
        if not self.polygons_rad:
            raise InputError("polygons_rad", (), "at least one polygon")
        object.__setattr__(self, "polygons_rad", _frozen(self.polygons_rad))
        flipped = [[ring[:, ::-1] / deg for ring in rings] for rings in self.polygons_rad]
        outline = figure(flipped)
        shapely.prepare(outline)
        object.__setattr__(self, "outline_deg", outline)
        if self.area_m2 < _LEAST_AREA_M2:
            raise InputError("area_m2", self.area_m2, f"at least {_LEAST_AREA_M2:g}")

    @property
    def area_m2(self) -> float:
        """Surface on the ellipsoid [m2], exact for edges straight in longitude and latitude."""
        return surface_m2(self.outline_deg)

    @property
    def centre_rad(self) -> tuple[float, float]:
        """Latitude and longitude [rad] of the centre of the surface; it may lie outside."""
        lat, lon = from_sphere(centre_of(self.outline_deg))
        return float(lat), float(lon)

    def contains(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> NDArray[np.bool_]:
        """Whether places lie in the area or on its edge, shape as the input's; NaN lies outside."""
        lat, lon = np.broadcast_arrays(np.asarray(lat_rad, np.float64) / deg, lon_rad)
        lon = (np.asarray(lon, np.float64) / deg + 180.0) % 360.0 - 180.0
        inside = np.asarray(shapely.intersects_xy(self.outline_deg, lon, lat))
        seam = lon == -180.0
        if np.any(seam):
            inside = inside | (seam & shapely.intersects_xy(self.outline_deg, -lon, lat))
        for pole in (-90.0, 90.0):
            there = (np.abs(lat) >= _POLE_DEG) & (lat * pole > 0.0)
            if np.any(there):
                line = shapely.LineString([(-180.0, pole), (180.0, pole)])
                inside = np.where(there, bool(self.outline_deg.intersects(line)), inside)
        return np.asarray(inside, np.bool_)


def _frozen(polygons: tuple[tuple[Array, ...], ...]) -> tuple[tuple[Array, ...], ...]:
    """Read-only copies of the rings, checked for shape and range."""
    copies = []
    for rings in polygons:
        checked = []
        for ring in rings:
            copy = np.array(ring, np.float64)
            if copy.ndim != 2 or copy.shape[1] != 2 or len(copy) < 3:
                raise InputError("polygons_rad", copy.shape, "rings of shape (n, 2), n at least 3")
            if not np.all(np.abs(copy) <= np.array([90.0, 360.0]) * deg + 1e-12):
                wish = "finite, latitude within +-pi/2, longitude within +-2 pi"
                hint = "did you forget `* deg`?"
                raise UnitRangeError("polygons_rad", copy.tolist(), wish, hint=hint)
            copy.flags.writeable = False
            checked.append(copy)
        copies.append(tuple(checked))
    return tuple(copies)


def surface_m2(outline_deg: Any) -> float:
    """Surface [m2] of a figure of longitudes and latitudes [deg]: the integral of dlon times height.

    On the map with x = longitude and y = sine of the authalic latitude areas are true; along each edge
    y is integrated by 16 Gaussian points.
    """
    total = 0.0
    for polygon in shapely.get_parts(outline_deg):
        rings = [polygon.exterior, *polygon.interiors]
        sizes = [_under(np.asarray(ring.coords)) for ring in rings]
        total += abs(sizes[0]) - sum(abs(size) for size in sizes[1:])
    return total * AUTHALIC_RADIUS_M**2


def _under(ring_deg: Array) -> float:
    """Signed area [sr] between a closed ring and the equator, on the authalic sphere."""
    lon, lat = ring_deg[:, 0] * deg, ring_deg[:, 1] * deg
    part = (_NODES + 1.0) / 2.0
    at = lat[:-1, None] + np.diff(lat)[:, None] * part
    return float(np.sum(np.diff(lon) * (authalic_sine(at) @ (_WEIGHTS / 2.0))))


def centre_of(outline_deg: Any) -> Array:
    """Unit vector (3,) on the authalic sphere through the centre of a figure's surface.

    By Stokes the integral of the position over the surface is half that of r x dr along the boundary, and
    r may count from any point of it, which keeps small figures exact. Of a line it is the middle of its
    points; of the whole sphere, which has none, where the meridian of Greenwich meets the equator.
    """
    total, middle, around = np.zeros(3), np.zeros(3), 0.0
    for polygon in shapely.get_parts(shapely.segmentize(outline_deg, _CENTRE_STEP_DEG)):
        for i, ring in enumerate([polygon.exterior, *polygon.interiors]):
            lon, lat = np.asarray(ring.coords).T * deg
            r = to_sphere(lat, lon)
            sign = 1.0 if ring.is_ccw == (i == 0) else -1.0
            step = np.diff(r, axis=0)
            total += sign * np.cross(r[:-1] - r[0], step).sum(axis=0)
            middle += r[:-1].sum(axis=0)
            around += float(np.linalg.norm(step, axis=1).sum())
    length = float(np.linalg.norm(total))
    if length > 1e-9 * around:
        return total / length
    if 0.0 < around < 1.0:
        return middle / float(np.linalg.norm(middle))
    return np.array([1.0, 0.0, 0.0])
