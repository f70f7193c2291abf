"""STAC items: what a catalogue must know of a product, checksums and origin included."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir import __version__
from offnadir.errors import FileError
from offnadir.imagery._colours import colours_of
from offnadir.imagery._grid import Grid, projection_code
from offnadir.imagery._raster import raster_info
from offnadir.sensors import Band
from offnadir.units import deg

Array = NDArray[np.float64]
STAC_VERSION: Final = "1.1.0"
_EXTENSIONS: Final = {
    "view": "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    "eo": "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "proj": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "processing": "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
    "file": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "sat": "https://stac-extensions.github.io/sat/v1.0.0/schema.json",
    "raster": "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
}
_COG: Final = "image/tiff; application=geotiff; profile=cloud-optimized"
_MEDIA: Final = {
    ".png": "image/png",
    ".json": "application/json",
    ".tif": _COG,
    ".txt": "text/plain",
}
_COMMON: Final = {
    "pan": "pan", "panchromatic": "pan", "coastal": "coastal", "blue": "blue", "green": "green",
    "yellow": "yellow", "red": "red", "red edge": "rededge", "nir": "nir", "nir1": "nir08",
    "nir2": "nir09", "cirrus": "cirrus",
}  # fmt: skip
#: A band as wide as that is panchromatic [m].
_WIDE_M: Final = 1.5e-7
#: Multihash of SHA-256: its code, its length of 32 bytes, then the digest.
_SHA256: Final = "1220"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAsset:
    """A file of a product; `bands` are those of its raster in order, by name and sensor band if known."""

    key: str
    path: Path
    title: str
    roles: tuple[str, ...]
    bands: tuple[tuple[str, Band | None], ...] = ()
    scale: float | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """What an item says of a picture beside its files. Angles [rad]; None is left out.

    `azimuth_rad` is from the place to the satellite. `time` is UTC text; None says that nobody knows.
    """

    name: str
    time: str | None
    footprint: Mapping[str, Any]
    gsd_m: float
    platform: str = ""
    instrument: str = ""
    off_nadir_rad: float | None = None
    incidence_rad: float | None = None
    azimuth_rad: float | None = None
    sun_azimuth_rad: float | None = None
    sun_elevation_rad: float | None = None
    cloud_cover: float | None = None
    designator: str = ""
    orbit_state: str = ""
    lineage: str = ""
    level: str = ""
    now: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


def stac_item(facts: ItemFacts, assets: Sequence[ItemAsset], *, folder: Path) -> dict[str, Any]:
    """A STAC item of files in a folder; their sizes and checksums are taken now.

    Both `view:off_nadir` (at the satellite) and `view:incidence_angle` (at the ground) are written where
    they are known. The projection extension is version 2: `proj:code`, no `proj:epsg`.
    """
    from shapely.geometry import shape

    used = {"view", "proj", "processing", "file"}
    properties: dict[str, Any] = {
        "title": facts.name,
        "created": facts.now,
        "gsd": _rounded(facts.gsd_m),
    }
    if facts.time is None:
        # A catalogue wants bounds where there is no time: after the first satellite, before now.
        properties |= {
            "datetime": None, "start_datetime": "1957-10-04T00:00:00Z", "end_datetime": facts.now,
        }  # fmt: skip
    else:
        properties["datetime"] = facts.time
    angles = {
        "view:off_nadir": facts.off_nadir_rad,
        "view:incidence_angle": facts.incidence_rad,
        "view:azimuth": facts.azimuth_rad,
        "view:sun_azimuth": facts.sun_azimuth_rad,
        "view:sun_elevation": facts.sun_elevation_rad,
    }
    for key, value in angles.items():
        if value is not None and math.isfinite(value):
            turned = value % (2 * math.pi) if key.endswith("azimuth") else value
            properties[key] = round(turned / deg, 6)
    if facts.platform:
        properties["platform"] = facts.platform
    if facts.instrument:
        properties["instruments"] = [facts.instrument]
    if facts.cloud_cover is not None:
        used.add("eo")
        properties["eo:cloud_cover"] = round(100.0 * facts.cloud_cover, 2)
    sat = {
        "sat:platform_international_designator": facts.designator,
        "sat:orbit_state": facts.orbit_state,
    }
    if any(sat.values()):
        used.add("sat")
        properties |= {key: value for key, value in sat.items() if value}
    properties |= {
        "processing:lineage": facts.lineage,
        "processing:level": facts.level,
        "processing:software": {"offnadir": __version__},
    }
    properties |= dict(facts.more)
    made = {one.key: _asset(one, folder, used) for one in assets}
    maps = [one for one in made.values() if "proj:code" in one]
    if maps:
        properties |= {
            key: maps[0][key] for key in ("proj:code", "proj:wkt2", "proj:bbox") if key in maps[0]
        }
    return {
        "type": "Feature",
        "stac_version": STAC_VERSION,
        "stac_extensions": [url for name, url in _EXTENSIONS.items() if name in used],
        "id": facts.name,
        "geometry": facts.footprint,
        "bbox": _bbox(facts.footprint, shape(facts.footprint).bounds),
        "properties": properties,
        "links": [],
        "assets": made,
    }


def multihash(path: Path) -> str:
    """SHA-256 of a file as a multihash in hexadecimal, as the file extension wants it."""
    try:
        with path.open("rb") as stream:
            return _SHA256 + hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error


def footprint(lat_rad: Array, lon_rad: Array) -> dict[str, Any]:
    """A GeoJSON polygon of a border, cut in two where it crosses the date line."""
    from shapely import affinity
    from shapely.geometry import Polygon, box, mapping
    from shapely.ops import unary_union

    lon, lat = np.degrees(lon_rad), np.degrees(lat_rad)
    lon = lon[0] + np.remainder(lon - lon[0] + 180.0, 360.0) - 180.0
    outline = Polygon(np.round(np.stack([lon, lat], axis=1), 7))
    if not outline.is_valid:
        outline = outline.convex_hull
    parts = [
        affinity.translate(
            outline.intersection(box(-180.0 + turn, -90.0, 180.0 + turn, 90.0)), -turn
        )
        for turn in (-360.0, 0.0, 360.0)
    ]
    whole = unary_union([part for part in parts if part.area > 0.0])
    made: dict[str, Any] = _lists(mapping(whole.simplify(1e-5)))
    return made


def _bbox(footprint: Mapping[str, Any], bounds: tuple[float, ...]) -> list[float]:
    """West, south, east, north; west is above east across the date line, as GeoJSON wants it."""
    if footprint["type"] == "MultiPolygon" and bounds[0] <= -180.0 and bounds[2] >= 180.0:
        rings = [np.array(part[0]) for part in footprint["coordinates"]]
        west = min(float(ring[:, 0].min()) for ring in rings if ring[:, 0].max() >= 180.0)
        east = max(float(ring[:, 0].max()) for ring in rings if ring[:, 0].min() <= -180.0)
        return [west, bounds[1], east, bounds[3]]
    return list(bounds)


def _asset(one: ItemAsset, folder: Path, used: set[str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "href": f"./{one.path.relative_to(folder).as_posix()}",
        "title": one.title,
        "type": _MEDIA.get(one.path.suffix.lower(), "application/octet-stream"),
        "roles": list(one.roles),
        "file:size": one.path.stat().st_size,
        "file:checksum": multihash(one.path),
    }
    if one.path.suffix.lower() != ".tif":
        return made
    info = raster_info(one.path)
    if info.grid is not None:
        made |= _projection(info.grid)
    else:
        made["proj:shape"] = list(info.shape)
        made["type"] = "image/tiff; application=geotiff"
    names = one.bands or tuple(
        (name or f"band {k}", None) for k, name in enumerate(info.band_names, 1)
    )
    if "data" in one.roles:
        used.add("eo")
        made["eo:bands"] = [_band(name, band) for name, band in names]
    used.add("raster")
    entry: dict[str, Any] = {"data_type": info.dtype}
    if info.nodata is not None:
        entry["nodata"] = "nan" if math.isnan(info.nodata) else info.nodata
    if one.scale is not None:
        entry |= {"scale": one.scale, "offset": 0.0}
    if one.unit:
        entry["unit"] = one.unit
    made["raster:bands"] = [entry] * info.bands
    return made


def _projection(grid: Grid) -> dict[str, Any]:
    rows, columns = grid.shape
    x, y = grid.xy(
        np.array([-0.5, -0.5, rows - 0.5, rows - 0.5]), np.array([-0.5, columns - 0.5] * 2)
    )
    code, wkt = projection_code(grid.crs)
    made: dict[str, Any] = {
        "proj:code": code,
        "proj:shape": [rows, columns],
        "proj:transform": list(grid.transform),
        "proj:bbox": [float(x.min()), float(y.min()), float(x.max()), float(y.max())],
    }
    if code is None:
        made["proj:wkt2"] = wkt
    return made


def _band(name: str, band: Band | None) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name}
    words = name.lower()
    common = _COMMON.get(words) or _COMMON.get(words.partition(" ")[2])
    if words == "sharpest" and band is not None and band.high_m - band.low_m > _WIDE_M:
        common = "pan"
    elif words == "sharpest":
        common = next(iter(colours_of([(name, band)])), None)
    if common:
        made["common_name"] = common
    if band is not None:
        made["center_wavelength"] = _rounded((band.low_m + band.high_m) / 2.0 * 1e6)
        made["full_width_half_max"] = _rounded((band.high_m - band.low_m) * 1e6)
    return made


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _lists(value: Any) -> Any:
    """GeoJSON of lists, as it comes back from a file."""
    if isinstance(value, dict):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, list | tuple) else value
