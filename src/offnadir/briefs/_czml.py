"""The plan in motion, for Cesium: CZML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offnadir.briefs._tracks import Track
from offnadir.earth import geodetic_to_itrf_m
from offnadir.epoch import Epoch
from offnadir.units import deg

_TAKEN, _NOT_TAKEN, _STATION = [0, 114, 178], [213, 94, 0], [0, 158, 115]
_PALETTE = (
    [86, 180, 233], [230, 159, 0], [0, 158, 115], [240, 228, 66], [204, 121, 167], [0, 114, 178],
)  # fmt: skip


def plan_czml(plan: Mapping[str, Any], tracks: Sequence[Track]) -> str:
    """A CZML document: satellites that move, footprints, lines of sight, contacts, requests.

    A footprint appears when its picture starts and stays; a line of sight is there during its picture, a
    contact line during its used contact. Positions are in the Earth-fixed frame, to the metre.
    """
    start, stop = plan["span"]["start"], plan["span"]["stop"]
    flying = {
        track.name: (i, track)
        for i, track in enumerate(tracks)
        if np.isfinite(track.r_itrf_m).all(axis=1).any()
    }
    packets = [
        {
            "id": "document",
            "name": plan["mission"]["name"],
            "version": "1.0",
            "clock": {
                "interval": f"{start}/{stop}",
                "currentTime": start,
                "multiplier": 60,
                "range": "LOOP_STOP",
                "step": "SYSTEM_CLOCK_MULTIPLIER",
            },
        },
        *(_satellite(track, i, start, stop) for i, track in flying.values()),
        *(_station(i, station) for i, station in enumerate(plan["stations"])),
        *(_request(i, request) for i, request in enumerate(plan["requests"])),
    ]
    for picture in plan["collections"]:
        packets.append(_footprint(picture, stop))
        if picture["satellite"] in flying:
            packets.append(_sight(picture, flying[picture["satellite"]][0]))
    names = {station["name"]: i for i, station in enumerate(plan["stations"])}
    packets.extend(
        _contact(contact, flying[contact["satellite"]][0], names[contact["station"]])
        for contact in plan["contacts"]
        if contact["used"] and contact["satellite"] in flying
    )
    return json.dumps(packets, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def _rgba(colour: Sequence[int], alpha: int = 255) -> dict[str, Any]:
    return {"solidColor": {"color": {"rgba": [*colour, alpha]}}}


def _label(text: str, colour: Sequence[int]) -> dict[str, Any]:
    return {
        "text": text,
        "font": "12px sans-serif",
        "fillColor": {"rgba": [*colour, 255]},
        "outlineColor": {"rgba": [0, 0, 0, 255]},
        "outlineWidth": 2,
        "style": "FILL_AND_OUTLINE",
        "horizontalOrigin": "LEFT",
        "pixelOffset": {"cartesian2": [10, 0]},
        # Hidden from far away, so that sixty names do not cover the globe.
        "distanceDisplayCondition": {"distanceDisplayCondition": [0, 1.5e7]},
    }


def _satellite(track: Track, number: int, start: str, stop: str) -> dict[str, Any]:
    colour = _PALETTE[number % len(_PALETTE)]
    begin = Epoch.from_utc(start)
    good = np.isfinite(track.r_itrf_m).all(axis=1)
    since_s = (track.epochs_tai_ns[good] - begin.tai_ns) / 1e9
    rows = np.column_stack([np.round(since_s, 3), np.round(track.r_itrf_m[good])])
    flat = [int(value) if value == int(value) else value for value in rows.ravel().tolist()]
    return {
        "id": f"satellite/{number}",
        "name": track.name,
        "description": f"NORAD {int(track.norad_id)}",
        "availability": f"{start}/{stop}",
        "position": {
            "referenceFrame": "FIXED",
            "interpolationAlgorithm": "LAGRANGE",
            "interpolationDegree": 5,
            "epoch": start,
            "cartesian": flat,
        },
        "point": {"pixelSize": 7, "color": {"rgba": [*colour, 255]}},
        "label": _label(track.name, colour),
        "path": {
            "leadTime": 0,
            "trailTime": 1800,
            "width": 1.5,
            "resolution": 60,
            "material": _rgba(colour, 160),
        },
    }


def _station(number: int, station: Mapping[str, Any]) -> dict[str, Any]:
    place = [station["lon_deg"], station["lat_deg"], station["alt_m"]]
    return {
        "id": f"station/{number}",
        "name": station["name"],
        "position": {"cartographicDegrees": place},
        "point": {"pixelSize": 9, "color": {"rgba": [*_STATION, 255]}},
        "label": _label(station["name"], _STATION),
    }


def _request(number: int, request: Mapping[str, Any]) -> dict[str, Any]:
    colour = _TAKEN if request["status"] == "taken" else _NOT_TAKEN
    geometry = request["geometry"]
    packet: dict[str, Any] = {"id": f"request/{number}", "name": request["name"]}
    if geometry["type"] == "Point":
        place = [*geometry["coordinates"], 0.0][:3]
    else:
        ring = np.array([point[:2] for point in geometry["coordinates"][0][:-1]])
        place = [*ring.mean(axis=0).tolist(), 0.0]
        flat = [value for lon, lat in ring.tolist() for value in (lon, lat, 0.0)]
        packet["polyline"] = {
            "positions": {"cartographicDegrees": [*flat, *flat[:3]]},
            "width": 2,
            "clampToGround": True,
            "material": _rgba(colour),
        }
    reason = f": {request['reason']['text']}" if request["reason"] else ""
    status = request["status"].replace("_", " ")
    return packet | {
        "description": _escaped(f"{status}, weight {request['weight']:g}{reason}"),
        "position": {"cartographicDegrees": place},
        "point": {"pixelSize": 6, "color": {"rgba": [*colour, 255]}},
        "label": _label(request["name"], colour),
    }


def _escaped(text: str) -> str:
    """Cesium shows descriptions as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _footprint(picture: Mapping[str, Any], stop: str) -> dict[str, Any]:
    ring = picture["footprint"]["coordinates"][0][:-1]
    text = (
        f"{picture['satellite']}, {picture['start']}, off-nadir {picture['off_nadir_deg']:.1f} deg, "
        f"NIIRS {picture['niirs']:.1f}"
    )
    return {
        "id": f"picture/{picture['id']}",
        "name": f"{picture['id']} {picture['request']}",
        "description": _escaped(text),
        "availability": f"{picture['start']}/{stop}",
        "polygon": {
            "positions": {"cartographicDegrees": [v for x, y in ring for v in (x, y, 0.0)]},
            "height": 0,
            "material": _rgba(_TAKEN, 110),
            "outline": True,
            "outlineColor": {"rgba": [*_TAKEN, 255]},
        },
    }


def _sight(picture: Mapping[str, Any], satellite: int) -> dict[str, Any]:
    aim = picture["aim"]
    r_m = geodetic_to_itrf_m(aim["lat_deg"] * deg, aim["lon_deg"] * deg, aim["alt_m"])
    return {
        "id": f"sight/{picture['id']}",
        "name": f"{picture['satellite']} takes {picture['request']}",
        "availability": f"{picture['start']}/{picture['stop']}",
        "position": {"cartesian": [round(float(x), 1) for x in r_m]},
        "polyline": {
            "positions": {
                "references": [
                    f"satellite/{satellite}#position",
                    f"sight/{picture['id']}#position",
                ]
            },
            "arcType": "NONE",
            "width": 2,
            "material": _rgba([255, 255, 255], 220),
        },
    }


def _contact(contact: Mapping[str, Any], satellite: int, station: int) -> dict[str, Any]:
    return {
        "id": f"contact/{contact['id']}",
        "name": f"{contact['satellite']} over {contact['station']}",
        "availability": f"{contact['start']}/{contact['stop']}",
        "polyline": {
            "positions": {
                "references": [
                    f"satellite/{satellite}#position",
                    f"station/{station}#position",
                ]
            },
            "arcType": "NONE",
            "width": 1.5,
            "material": _rgba(_STATION, 200),
        },
    }
