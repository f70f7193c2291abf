"""What a STAC item says of the picture that it describes, and what in it cannot be true."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offnadir.earth import Site
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError
from offnadir.units import deg

_LOWEST, _HIGHEST = 1.02, 1.35  # radii of orbits that take pictures, in radii of the Earth
_LONGEST_S = 5 * 86400.0 - 1.0
_ANGLES = {
    "view:off_nadir": ("off_nadir_rad", 0.0, 90.0),
    "view:azimuth": ("azimuth_rad", -360.0, 360.0),
    "view:incidence_angle": ("incidence_rad", 0.0, 90.0),
    "view:sun_elevation": ("sun_elevation_rad", -90.0, 90.0),
    "view:sun_azimuth": ("sun_azimuth_rad", -360.0, 360.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageItem:
    """Place, time and angles [rad] of a picture, who the item says took it, and what was set right."""

    site: Site
    time: Epoch
    within_s: float
    angles: dict[str, float]
    platform: str
    notes: tuple[str, ...]


def read_image_item(path: str | Path) -> ImageItem:
    """Read a STAC item (a GeoJSON Feature with `datetime` and `view:*` properties).

    The place is the middle of the footprint (or of `bbox`). Times are often cut to a second: half of
    one is added to the tolerance. `view:incidence_angle` is the satellite's elevation in some
    catalogues: where the off-nadir angle is known, the orbit's height tells which it is, and where
    neither makes sense it is left out. Without it radars (`sar:*`) are believed, and of other pictures
    `angles` says `incidence_or_elevation`. Raises FileError and InputError.
    """
    name = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InputError("image item", name, "a STAC item as JSON") from error
    try:
        item = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("image item", name, "a STAC item as JSON", hint=str(error)) from error
    if not isinstance(item, dict) or not isinstance(item.get("properties"), dict):
        raise InputError("image item", name, "one STAC item: a GeoJSON Feature with properties")
    properties = item["properties"]
    notes: list[str] = []
    time, within_s = _time(properties, name)
    angles = _angles(properties, name)
    radar = any(key.startswith("sar:") for key in properties)
    _settle_incidence(angles, notes, radar)
    return ImageItem(
        site=_site(item, name),
        time=time,
        within_s=within_s,
        angles=angles,
        platform=str(properties.get("platform") or ""),
        notes=tuple(notes),
    )


def _time(properties: dict[str, Any], name: str) -> tuple[Epoch, float]:
    """(middle of the acquisition, half of it with the cut second [s])."""
    begin, end = properties.get("start_datetime"), properties.get("end_datetime")
    if begin and end:
        first = Epoch.from_utc(str(begin), field="start_datetime")
        last = Epoch.from_utc(str(end), field="end_datetime")
        if last < first:
            raise InputError("end_datetime", end, f"not before start_datetime {begin}", where=name)
        half_s = (last - first) / 2
        if half_s > _LONGEST_S:
            wish = f"up to ten days after start_datetime {begin}"
            raise InputError("end_datetime", end, wish, where=name, hint="is it one picture?")
        return first + half_s, half_s + 1.0
    instant = properties.get("datetime")
    if not instant:
        raise InputError("datetime", instant, "the time of the picture", where=name)
    whole = "." not in str(instant)
    return Epoch.from_utc(str(instant), field="datetime") + (0.5 if whole else 0.0), 1.0


def _angles(properties: dict[str, Any], name: str) -> dict[str, float]:
    angles = {}
    for key, (field, low, high) in _ANGLES.items():
        value = properties.get(key)
        if value is None:
            continue
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            raise InputError(key, value, f"from {low:.0f} to {high:.0f} degrees", where=name)
        angles[field] = float(value) * deg
    return angles


def _settle_incidence(angles: dict[str, float], notes: list[str], radar: bool) -> None:
    """Tell incidence from elevation by the orbit's height: sin(incidence) / sin(off-nadir) = r / R."""
    if "incidence_rad" not in angles:
        return
    given = angles["incidence_rad"]
    tilt = angles.get("off_nadir_rad")
    if tilt is None:
        if not radar:
            notes.append(
                "view:incidence_angle may be the satellite's elevation, and without view:off_nadir nobody"
                " can tell: whichever fits better is taken"
            )
            angles["incidence_or_elevation"] = True
        return

    def fits(incidence: float) -> bool:
        if math.sin(tilt) < 0.035:
            return incidence < 0.1
        return _LOWEST < math.sin(incidence) / math.sin(tilt) < _HIGHEST

    other = math.pi / 2 - given
    if fits(given):
        return
    if fits(other):
        angles["incidence_rad"] = other
        notes.append(
            f"view:incidence_angle {given / deg:.1f} is the satellite's elevation: "
            f"incidence {other / deg:.1f} is used"
        )
        return
    notes.append(
        f"view:incidence_angle {given / deg:.1f} left out: no orbit has it at off-nadir {tilt / deg:.1f}"
    )
    del angles["incidence_rad"]


def _site(item: dict[str, Any], name: str) -> Site:
    import shapely
    from shapely.geometry import shape

    box = item.get("bbox")
    try:
        if item.get("geometry"):
            geometry = shape(item["geometry"])
            if geometry.is_empty or not shapely.is_valid(geometry):
                geometry = geometry.convex_hull
            west, _, east, _ = geometry.bounds
            if east - west > 180.0:  # it lies across the antimeridian
                geometry = shapely.transform(geometry, _eastward)
            middle = geometry.centroid
            lon, lat = float(middle.x), float(middle.y)
        elif isinstance(box, list) and len(box) in (4, 6):
            west, south, east, north = box[0], box[1], box[len(box) // 2], box[len(box) // 2 + 1]
            lon, lat = (west + east + (360.0 if east < west else 0.0)) / 2, (south + north) / 2
        else:
            raise InputError("geometry", None, "a footprint or a bbox", where=name)
    except (TypeError, ValueError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise InputError(
            "geometry", str(item.get("geometry"))[:60], "GeoJSON", where=name
        ) from error
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90):
        raise InputError(
            "geometry", f"{lat}, {lon}", "longitude and latitude in degrees", where=name
        )
    lon = (lon + 180.0) % 360.0 - 180.0
    return Site(name=str(item.get("id") or "picture"), lat_rad=lat * deg, lon_rad=lon * deg)


def _eastward(points: Any) -> Any:
    points = points.copy()
    points[points[:, 0] < 0, 0] += 360.0
    return points
