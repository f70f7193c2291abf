"""The plan as GeoJSON (RFC 7946): footprints, ground tracks, requests, stations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.polygon import orient

from offnadir.briefs._tracks import Track
from offnadir.earth import interpolate, itrf_to_geodetic
from offnadir.epoch import Epoch
from offnadir.units import deg

Array = NDArray[np.float64]
Ring = list[list[float]]

# Colours that stay apart for colour-blind eyes (Okabe and Ito).
TAKEN, NOT_TAKEN, STATION, TRACK = "#0072B2", "#D55E00", "#009E73", "#8A8A8A"
_LEAST_POSITIONS = 8  # that `interpolate` needs
_DIGITS, _TRACK_DIGITS = 5, 3  # 1 m; 100 m is finer than straight lines between minutes


def plan_geojson(plan: Mapping[str, Any], tracks: Sequence[Track]) -> str:
    """One FeatureCollection; each feature has `kind` and simplestyle colours.

    Kinds: request, footprint, picture_track (the track below the satellite during a picture),
    ground_track, station. Lines and footprints are cut at the antimeridian.
    """
    by_name = {track.name: track for track in tracks}
    features = [
        *(_request(request) for request in plan["requests"]),
        *(_footprint(picture) for picture in plan["collections"]),
        *(
            _picture_track(picture, by_name[picture["satellite"]])
            for picture in plan["collections"]
            if picture["satellite"] in by_name
        ),
        *(_ground_track(track) for track in tracks),
        *(_station(station) for station in plan["stations"]),
    ]
    collection = {
        "type": "FeatureCollection",
        "name": plan["mission"]["name"],
        "features": [feature for feature in features if feature is not None],
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def _feature(geometry: Mapping[str, Any], **properties: Any) -> dict[str, Any]:
    renamed = {key.replace("__", "-"): value for key, value in properties.items()}
    return {"type": "Feature", "geometry": geometry, "properties": renamed}


def _request(request: Mapping[str, Any]) -> dict[str, Any]:
    colour = TAKEN if request["status"] == "taken" else NOT_TAKEN
    reason = request["reason"] or {"code": None, "text": None}
    geometry = request["geometry"]
    return _feature(
        _polygon(geometry["coordinates"])
        if geometry["type"] == "Polygon"
        else _point(geometry["coordinates"]),
        kind="request",
        name=request["name"],
        weight=request["weight"],
        status=request["status"],
        reason_code=reason["code"],
        reason=reason["text"],
        opportunities=request["opportunities"],
        collections=", ".join(request["collections"]),
        marker__color=colour,
        marker__symbol="circle" if request["status"] == "taken" else "cross",
        stroke=colour,
        fill=colour,
        fill__opacity=0.1,
    )


_SHOWN = (
    "id", "request", "satellite", "norad_id", "start", "stop", "off_nadir_deg", "azimuth_deg",
    "range_km", "elevation_deg", "sun_elevation_deg", "sun_azimuth_deg", "gsd_along_m",
    "gsd_across_m", "niirs", "coverage", "value", "delivered",
)  # fmt: skip


def _footprint(picture: Mapping[str, Any]) -> dict[str, Any]:
    return _feature(
        _polygon(picture["footprint"]["coordinates"]),
        kind="footprint",
        **{key: picture[key] for key in _SHOWN},
        stroke=TAKEN,
        fill=TAKEN,
        fill__opacity=0.25,
    )


def _picture_track(picture: Mapping[str, Any], track: Track) -> dict[str, Any] | None:
    """The track below the satellite during a picture; None where its position is unknown."""
    known = track.epochs_tai_ns
    if len(known) < _LEAST_POSITIONS:
        return None
    start, stop = (Epoch.from_utc(picture[key]).tai_ns for key in ("start", "stop"))
    times = np.linspace(0, stop - start, 5).astype(np.int64) + start
    steps = (times - known[0]) / (known[1] - known[0])
    lat_rad, lon_rad, _ = itrf_to_geodetic(interpolate(track.r_itrf_m, steps))
    line = _line(np.column_stack([lon_rad, lat_rad]) / deg, _DIGITS)
    return line and _feature(
        line,
        kind="picture_track",
        id=picture["id"],
        satellite=picture["satellite"],
        request=picture["request"],
        stroke=TAKEN,
        stroke__width=3,
    )


def _ground_track(track: Track) -> dict[str, Any] | None:
    line = _line(np.column_stack([track.lon_rad, track.lat_rad]) / deg, _TRACK_DIGITS)
    return line and _feature(
        line,
        kind="ground_track",
        satellite=track.name,
        norad_id=int(track.norad_id),
        stroke=TRACK,
        stroke__width=1,
        stroke__opacity=0.5,
    )


def _station(station: Mapping[str, Any]) -> dict[str, Any]:
    return _feature(
        _point([station["lon_deg"], station["lat_deg"], station["alt_m"]]),
        kind="station",
        name=station["name"],
        min_elevation_deg=station["min_elevation_deg"],
        marker__color=STATION,
        marker__symbol="triangle",
    )


def _point(place: Sequence[float]) -> dict[str, Any]:
    """A place with its longitude from -180 to 180 deg, as RFC 7946 has it."""
    lon = place[0] if -180 <= place[0] <= 180 else (place[0] + 180) % 360 - 180
    return {"type": "Point", "coordinates": [round(lon, 9), *place[1:]]}


def _line(path: Array, digits: int) -> dict[str, Any] | None:
    """A path of [lon, lat], cut where it crosses +-180 deg and where it is NaN; None if nothing is left."""
    pieces: list[Ring] = []
    piece: Ring = []
    for here, there in zip(path, [*path[1:], None], strict=True):
        if np.isfinite(here).all():
            piece.append(_rounded(here, digits))
            if there is None or not abs(there[0] - here[0]) > 180:
                continue
            side = 180.0 if here[0] > 0 else -180.0
            step = there[0] + 2 * side - here[0]
            part = (side - here[0]) / step if step else 0.5
            lat = here[1] + part * (there[1] - here[1])
            pieces.append([*piece, _rounded([side, lat], digits)])
            piece = [_rounded([-side, lat], digits)]
        else:
            pieces.append(piece)
            piece = []
    pieces = [piece for piece in [*pieces, piece] if len(piece) > 1]
    if len(pieces) > 1:
        return {"type": "MultiLineString", "coordinates": pieces}
    return {"type": "LineString", "coordinates": pieces[0]} if pieces else None


def _polygon(rings: Sequence[Ring]) -> dict[str, Any]:
    """A Polygon, or a MultiPolygon cut at +-180 deg; rings that cross themselves are mended.

    What has no area, as a picture of a single line, comes as the MultiPoint of its corners.
    """
    shape = shapely.make_valid(shapely.Polygon(*_near_first(rings)))
    parts = []
    for shift in (-360.0, 0.0, 360.0):
        window = shapely.box(-180 - shift, -90, 180 - shift, 90)
        for piece in _areas(shapely.intersection(shape, window)):
            moved = shapely.transform(piece, lambda xy, by=shift: np.add(xy, (by, 0.0)))
            turned = orient(moved)
            parts.append([_corners(ring) for ring in (turned.exterior, *turned.interiors)])
    if not parts:
        return {"type": "MultiPoint", "coordinates": [_rounded(p) for p in rings[0][:-1]]}
    if len(parts) > 1:
        return {"type": "MultiPolygon", "coordinates": parts}
    return {"type": "Polygon", "coordinates": parts[0]}


def _corners(ring: Any) -> Ring:
    """The rounded corners of a ring, none twice in a row."""
    corners = [_rounded(corner) for corner in ring.coords]
    return [corners[0], *(b for a, b in pairwise(corners) if a != b)]


def _near_first(rings: Sequence[Ring]) -> tuple[Array, list[Array]]:
    """Outer ring and holes with longitudes that do not jump, all near that of the first corner."""
    near = []
    first = (rings[0][0][0] + 180) % 360 - 180
    for ring in rings:
        lon, lat = np.array([point[:2] for point in ring], np.float64).T
        turns = np.round((lon[0] - first) / 360) * 360
        near.append(np.column_stack([np.unwrap(lon, period=360) - turns, lat]))
    return near[0], near[1:]


def _areas(shape: Any) -> list[Any]:
    """The polygons in a shape that may also hold points and lines."""
    parts = [part for whole in shapely.get_parts(shape) for part in shapely.get_parts(whole)]
    return [part for part in parts if part.geom_type == "Polygon" and part.area > 0]


def _rounded(point: Sequence[float] | Array, digits: int = _DIGITS) -> list[float]:
    return [round(float(point[0]), digits), round(float(point[1]), digits)]
