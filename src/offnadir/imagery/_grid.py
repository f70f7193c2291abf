"""Map grids: where the pixels of a raster lie in a projection."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from pyproj import CRS, Geod, Transformer

Array = NDArray[np.float64]
_EARTH_M = 6.371e6
_M_PER_DEG = 111_320.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A raster's place on a map: rows and columns of pixels of `step` by `step`, or as six numbers say.

    `crs` is what PROJ reads: "EPSG:32652", WKT. `transform` is (a, b, c, d, e, f) as in GDAL and rasterio:
    x = a u + b v + c, y = d u + e v + f of the point u columns and v rows from the outer *corner* of the
    first pixel. Row and column count from 0 at the *centre* of the first pixel, as everywhere in this room.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        a, b, _, d, e, _ = self.transform
        if not all(map(math.isfinite, self.transform)) or a * e - b * d == 0.0:
            raise InputError("transform", self.transform, "six numbers that can be turned round")
        if min(self.shape) < 1:
            raise InputError("shape", self.shape, "rows and columns above 0")

    def part(self, box: tuple[int, int, int, int]) -> Grid:
        """The grid of a box (first row, the one past the last, columns alike), which may reach beyond."""
        top, bottom, left, right = box
        a, b, c, d, e, f = self.transform
        moved = (a, b, c + a * left + b * top, d, e, f + d * left + e * top)
        return Grid(crs=self.crs, transform=moved, shape=(bottom - top, right - left))

    def xy(self, row: ArrayLike, column: ArrayLike) -> tuple[Array, Array]:
        """Map coordinates of pixel positions."""
        a, b, c, d, e, f = self.transform
        u, v = np.asarray(column, np.float64) + 0.5, np.asarray(row, np.float64) + 0.5
        return a * u + b * v + c, d * u + e * v + f

    def row_column(self, x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """Pixel positions of map coordinates."""
        a, b, c, d, e, f = self.transform
        x, y = np.asarray(x, np.float64) - c, np.asarray(y, np.float64) - f
        det = a * e - b * d
        return (a * y - d * x) / det - 0.5, (e * x - b * y) / det - 0.5

    def lat_lon(self, row: ArrayLike, column: ArrayLike) -> tuple[Array, Array]:
        """Latitude and longitude [rad] of pixel positions."""
        x, y = self.xy(row, column)
        lon, lat = _to_geographic(self.crs).transform(x, y)
        return np.radians(lat), np.radians(lon)

    def of_lat_lon(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> tuple[Array, Array]:
        """Pixel positions of places [rad]."""
        x, y = _from_geographic(self.crs).transform(np.degrees(lon_rad), np.degrees(lat_rad))
        return self.row_column(x, y)

    def near_lat_lon(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> tuple[Array, Array]:
        """The same, where longitudes are turned by full circles onto a raster of longitude and latitude."""
        row, column = self.of_lat_lon(lat_rad, lon_rad)
        a, b, _, d, _, _ = self.transform
        if is_geographic(self.crs) and b == d == 0.0:
            circle = 360.0 / abs(a)
            middle = (self.shape[1] - 1) / 2.0
            column = column - circle * np.floor((column - middle) / circle + 0.5)
        return row, column


def geodesic_length_m(lat_rad: ArrayLike, lon_rad: ArrayLike) -> float:
    """Length [m] of a line of places [rad] along geodesics of the WGS-84 ellipsoid (Karney 2013)."""
    lat_deg, lon_deg = np.degrees(lat_rad), np.degrees(lon_rad)
    return float(_geod().line_length(np.atleast_1d(lon_deg), np.atleast_1d(lat_deg)))


def geodesic_area_m2(lat_rad: ArrayLike, lon_rad: ArrayLike) -> float:
    """Area [m2] on the WGS-84 ellipsoid within a ring of places [rad], whichever way it turns."""
    area_m2, _ = _geod().polygon_area_perimeter(np.degrees(lon_rad), np.degrees(lat_rad))
    return abs(float(area_m2))


def geodesic_m(
    lat_rad: ArrayLike, lon_rad: ArrayLike, to_lat_rad: ArrayLike, to_lon_rad: ArrayLike
) -> tuple[Array, Array]:
    """(Distance [m], azimuth [rad] from north over east at the start) from places to places [rad]."""
    lon, lat, to_lon, to_lat = np.broadcast_arrays(
        *(np.degrees(x) for x in (lon_rad, lat_rad, to_lon_rad, to_lat_rad))
    )
    azimuth_deg, _, distance_m = _geod().inv(lon, lat, to_lon, to_lat)
    return np.asarray(distance_m, np.float64), np.radians(azimuth_deg)


@cache
def _geod() -> Geod:
    geod: Geod = _pyproj().Geod(ellps="WGS84")
    return geod


def utm_crs(lat_rad: float, lon_rad: float) -> str:
    """The UTM zone of a place, on WGS 84; beyond 84 deg north and 80 deg south the polar one."""
    lat_deg, lon_deg = math.degrees(lat_rad), math.degrees(lon_rad)
    if lat_deg > 84.0 or lat_deg < -80.0:
        return "EPSG:32661" if lat_deg > 0 else "EPSG:32761"
    zone = int((lon_deg + 180.0) % 360.0 // 6.0) + 1
    return f"EPSG:{(32600 if lat_deg >= 0 else 32700) + zone}"


def pixel_m(grid: Grid, row: float, column: float) -> float:
    """Side of a pixel on the ground [m], the root of its area, to 0.5 % (on a sphere)."""
    lat, lon = grid.lat_lon([row, row + 1.0, row], [column, column, column + 1.0])
    north = (lat[1:] - lat[0]) * _EARTH_M
    east = np.remainder(lon[1:] - lon[0] + np.pi, 2.0 * np.pi) - np.pi
    east *= _EARTH_M * math.cos(lat[0])
    return math.sqrt(abs(float(north[0] * east[1] - north[1] * east[0])))


def map_gsd_m(grid: Grid) -> float:
    """Side of a map's pixel [m]: of the map where that is true to scale within 2 %, else on the ground."""
    rows, columns = grid.shape
    real = pixel_m(grid, rows / 2.0, columns / 2.0)
    if is_geographic(grid.crs):
        return real
    a, b, _, d, e, _ = grid.transform
    plain = math.sqrt(abs(a * e - b * d)) * unit_m(grid.crs)
    return plain if not abs(real / plain - 1.0) > 0.02 else real


@cache
def unit_m(crs: str) -> float:
    """Metres in a unit of a map's coordinates: 0.3048 for feet, and of a degree those along a meridian."""
    known = _crs(crs)
    if known.is_geographic:
        return _M_PER_DEG
    return float(known.axis_info[0].unit_conversion_factor) if known.axis_info else 1.0


@cache
def height_unit_m(crs: str) -> float:
    """Metres in a unit of a projection's heights; 1 where it has none."""
    axes = _crs(crs).axis_info
    return float(axes[2].unit_conversion_factor) if len(axes) > 2 else 1.0


@cache
def is_geographic(crs: str) -> bool:
    """Whether a map's coordinates are longitude and latitude."""
    return bool(_crs(crs).is_geographic)


@cache
def _to_geographic(crs: str) -> Transformer:
    back: Transformer = _pyproj().Transformer.from_crs(_crs(crs), "EPSG:4326", always_xy=True)
    return back


@cache
def _from_geographic(crs: str) -> Transformer:
    there: Transformer = _pyproj().Transformer.from_crs("EPSG:4326", _crs(crs), always_xy=True)
    return there


def _crs(text: str) -> CRS:
    try:
        found: CRS = _pyproj().CRS.from_user_input(text)
        return found
    except MissingExtraError:
        raise
    except Exception as error:
        raise InputError("crs", text, "a projection that PROJ knows") from error


def projection_code(crs: str) -> tuple[str | None, str]:
    """A projection as "AUTHORITY:CODE", None if it has none, and as WKT 2."""
    known = _crs(crs)
    authority = known.to_authority()
    return (":".join(authority) if authority else None), known.to_wkt()


def _pyproj() -> Any:
    """The library, or an error that says how to get it."""
    try:
        import pyproj
    except ImportError as error:
        raise MissingExtraError("map projections need a library", "imagery") from error
    return pyproj
