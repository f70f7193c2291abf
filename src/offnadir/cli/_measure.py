"""What `offnadir measure` is told: places, pixels, where the Sun stands, which model an image has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from offnadir.errors import FileError, InputError

if TYPE_CHECKING:
    from offnadir.imagery._grid import Grid
    from offnadir.imagery._ground import GroundModel

Pair = tuple[float, float]


def pair(text: str, field: str, wish: str) -> Pair:
    """Two numbers with a comma between."""
    try:
        first, second = (float(word) for word in text.split(","))
    except ValueError:
        raise InputError(field, text, wish) from None
    if not (math.isfinite(first) and math.isfinite(second)):
        raise InputError(field, text, wish)
    return first, second


def pixel(text: str, field: str) -> Pair:
    """LINE,COLUMN."""
    return pair(text, field, "LINE,COLUMN, from 0 at the centre of the first pixel")


def place(text: str, field: str) -> Pair:
    """LAT,LON in degrees, to radians."""
    lat, lon = pair(text, field, "LAT,LON in degrees")
    if not abs(lat) <= 90.0 or not abs(lon) <= 360.0:
        raise InputError(field, text, "LAT,LON in degrees, within 90 and 360")
    return math.radians(lat), math.radians(lon)


def places(at: Sequence[str], image: Path | None, pixels: Sequence[str]) -> list[Pair]:
    """Places from --at, or from pixels of a map product."""
    if bool(at) == bool(pixels):
        raise InputError("--at", list(at), "given, or else IMAGE.tif and --pixel")
    if at:
        return [place(text, "--at") for text in at]
    if image is None:
        raise InputError("--pixel", list(pixels), "of an image: name it")
    grid = grid_of(image)
    return [on_grid(grid, pixel(text, "--pixel")) for text in pixels]


def grid_of(image: Path) -> Grid:
    """The grid of a map product."""
    from offnadir.imagery._aligned import map_info, on_map

    return on_map(map_info(image))


def on_grid(grid: Grid, at: Pair) -> Pair:
    """Latitude and longitude [rad] of a pixel."""
    lat, lon = grid.lat_lon(*at)
    return float(lat), float(lon)


def model_of(image: Path, rpc: Path | None, field: str = "IMAGE") -> GroundModel:
    """The rational polynomials of an image: its own, or those of a file."""
    from offnadir.imagery._raster import raster_info
    from offnadir.imagery._rpc import read_rpc

    info = raster_info(image)
    if rpc is not None:
        return read_rpc(rpc, info.shape)
    if info.rpc is None:
        raise FileError(
            image, "has no rational polynomials, neither in tags nor beside it: give --rpc"
        )
    return read_rpc(image)


def models_of(images: Sequence[Path], rpcs: Sequence[Path]) -> list[GroundModel]:
    """The models of images, in order; --rpc none at all, or one for each."""
    if rpcs and len(rpcs) != len(images):
        raise InputError(
            "--rpc", [str(path) for path in rpcs], f"given {len(images)} times, or never"
        )
    files: Sequence[Path | None] = rpcs or [None] * len(images)
    return [model_of(image, rpc) for image, rpc in zip(images, files, strict=True)]


def sun_of(sun: str | None, time: str | None, at: Pair) -> Pair:
    """(Elevation, azimuth) [rad] of the Sun as given, or at a time over a place."""
    if (sun is None) == (time is None):
        raise InputError("--sun", sun, "given as ELEVATION,AZIMUTH in degrees, or else --time")
    if sun is not None:
        elevation, azimuth = pair(sun, "--sun", "ELEVATION,AZIMUTH in degrees")
        return math.radians(elevation), math.radians(azimuth)
    assert time is not None
    from offnadir.earth import EarthOrientation, east_north_up, geodetic_to_itrf_m, sun_itrf_m
    from offnadir.epoch import Epoch

    when = Epoch.from_utc(time, field="--time")
    way = sun_itrf_m(when.tai_ns, EarthOrientation.bundled())[0] - geodetic_to_itrf_m(*at, 0.0)
    east, north, up = east_north_up(*at) @ way
    return math.atan2(up, math.hypot(east, north)), math.atan2(east, north) % (2.0 * math.pi)
