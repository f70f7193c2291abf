"""The plan as GeoJSON (RFC 7946): footprints, ground tracks, requests, stations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.briefs._tracks import Track
from offnadir.epoch import Epoch
from offnadir.units import deg

Array = NDArray[np.float64]
Ring = list[list[float]]

# Colours that stay apart for colour-blind eyes (Okabe and Ito).
TAKEN, NOT_TAKEN, STATION, TRACK = "#0072B2", "#D55E00", "#009E73", "#8A8A8A"
_DIGITS = 5


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
    if geometry["type"] == "Polygon":
        rings = geometry["coordinates"]
        turned = [_turned(ring, inner=i > 0) for i, ring in enumerate(rings)]
        geometry = {"type": "Polygon", "coordinates": turned}
    return _feature(
        geometry,
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
    ring = picture["footprint"]["coordinates"][0]
    return _feature(
        _cut_polygon(ring),
        kind="footprint",
        **{key: picture[key] for key in _SHOWN},
        stroke=TAKEN,
        fill=TAKEN,
        fill__opacity=0.25,
    )


def _picture_track(picture: Mapping[str, Any], track: Track) -> dict[str, Any] | None:
    """The track below the satellite during a picture, from the two or more samples around it."""
    start, stop = (Epoch.from_utc(picture[key]).tai_ns for key in ("start", "stop"))
    times = np.linspace(start, stop, 5).astype(np.int64)
    # Straight lines between positions in space a minute apart sag by some 10 km: bend them back.
    fractions = times.astype(np.float64)
    known = track.epochs_tai_ns.astype(np.float64)
    near = np.abs(known - fractions.mean()) < 300e9
    if np.count_nonzero(near) < 4:
        return None
    origin = known[near][0]
    scale = known[near][-1] - origin
    degree = min(np.count_nonzero(near) - 1, 6)
    place = np.column_stack(
        [
            np.polynomial.Polynomial.fit((known[near] - origin) / scale, axis, degree)(
                (fractions - origin) / scale
            )
            for axis in track.r_itrf_m[near].T
        ]
    )
    if not np.isfinite(place).all():
        return None
    lon = np.degrees(np.arctan2(place[:, 1], place[:, 0]))
    # Geocentric to geodetic latitude at the foot of the vertical: 0.01 deg is enough for a line.
    geocentric = np.arctan2(place[:, 2], np.hypot(place[:, 0], place[:, 1]))
    lat = np.degrees(np.arctan(np.tan(geocentric) * 1.0067 * 0.99955))
    return _feature(
        _lines(np.column_stack([lon, lat])),
        kind="picture_track",
        id=picture["id"],
        satellite=picture["satellite"],
        request=picture["request"],
        stroke=TAKEN,
        stroke__width=3,
    )


def _ground_track(track: Track) -> dict[str, Any] | None:
    path = np.column_stack([track.lon_rad, track.lat_rad]) / deg
    path = path[np.isfinite(path).all(axis=1)]
    if len(path) < 2:
        return None
    return _feature(
        _lines(path),
        kind="ground_track",
        satellite=track.name,
        norad_id=int(track.norad_id),
        stroke=TRACK,
        stroke__width=1,
        stroke__opacity=0.5,
    )


def _station(station: Mapping[str, Any]) -> dict[str, Any]:
    return _feature(
        {
            "type": "Point",
            "coordinates": [station["lon_deg"], station["lat_deg"], station["alt_m"]],
        },
        kind="station",
        name=station["name"],
        min_elevation_deg=station["min_elevation_deg"],
        marker__color=STATION,
        marker__symbol="triangle",
    )


def _lines(path: Array) -> dict[str, Any]:
    """A line of [lon, lat] as LineString, or as MultiLineString cut where it crosses +-180 deg."""
    pieces: list[Ring] = [[]]
    for here, there in zip(path, [*path[1:], None], strict=True):
        pieces[-1].append(_rounded(here))
        if there is not None and abs(there[0] - here[0]) > 180:
            side = 180.0 if here[0] > 0 else -180.0
            step = there[0] + 2 * side - here[0]
            part = (side - here[0]) / step if step else 0.5
            lat = here[1] + part * (there[1] - here[1])
            pieces[-1].append(_rounded([side, lat]))
            pieces.append([_rounded([-side, lat])])
    pieces = [piece for piece in pieces if len(piece) > 1]
    if len(pieces) == 1:
        return {"type": "LineString", "coordinates": pieces[0]}
    return {"type": "MultiLineString", "coordinates": pieces}


def _cut_polygon(ring: Ring) -> dict[str, Any]:
    """A footprint as Polygon, or as MultiPolygon cut at +-180 deg."""
    import shapely

    lon = np.degrees(np.unwrap(np.radians([point[0] for point in ring])))
    shape = shapely.Polygon(np.column_stack([lon, [point[1] for point in ring]]))
    parts = []
    for shift in (-360.0, 0.0, 360.0):
        window = shapely.box(-180 - shift, -90, 180 - shift, 90)
        for piece in shapely.get_parts(shape.intersection(window)):
            if isinstance(piece, shapely.Polygon) and piece.area > 0:
                corners = [[x + shift, y] for x, y in piece.exterior.coords]
                parts.append([_turned(corners)])
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _turned(ring: Ring, *, inner: bool = False) -> Ring:
    """The ring counter-clockwise, an inner one clockwise, as RFC 7946 asks."""
    points = np.array([point[:2] for point in ring])
    x, y = points[:, 0] - points[0, 0], points[:, 1] - points[0, 1]
    area = float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))
    turned = points if (area >= 0) != inner else points[::-1]
    return [_rounded(point) for point in turned]


def _rounded(point: Sequence[float] | Array) -> list[float]:
    return [round(float(point[0]), _DIGITS), round(float(point[1]), _DIGITS)]
