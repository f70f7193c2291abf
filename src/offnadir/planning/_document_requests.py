"""What plan.json says of requests, and of the strips of areas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.planning._strips import Strip
from offnadir.planning.model import Mission, Request
from offnadir.planning.reasons import LeftOut, Reason
from offnadir.units import deg

Array = NDArray[np.float64]


def strip_id(number: int) -> str:
    """The name of a request's strip: "S01" is the first."""
    return f"S{number + 1:02d}"


def request_entry(
    request: Request,
    offered: int,
    collections: Sequence[Mapping[str, Any]],
    reason: Reason | None,
    strips: Sequence[Strip],
    left_out: Sequence[LeftOut],
) -> dict[str, Any]:
    """A request and what became of it; what it does not ask for beyond the usual is left out."""
    taken = [c["id"] for c in collections if c["request"] == request.name]
    stereo = request.stereo
    entry: dict[str, Any] = {
        "name": request.name,
        "geometry": _geometry(request),
        "weight": request.weight,
        "window": {"start": request.window.start.utc(), "stop": request.window.stop.utc()},
        "max_off_nadir_deg": round(request.max_off_nadir_rad / deg, 9),
        "min_sun_elevation_deg": round(request.min_sun_elevation_rad / deg, 9),
        "max_gsd_m": request.max_gsd_m,
        "min_niirs": request.min_niirs,
        "deadline": request.deadline.utc() if request.deadline else None,
        "stereo": {
            "min_convergence_deg": round(stereo.min_convergence_rad / deg, 9),
            "max_convergence_deg": round(stereo.max_convergence_rad / deg, 9),
        }
        | ({"views": stereo.views} if stereo.views != 2 else {})
        if stereo
        else None,
        "status": "taken" if taken else "not_taken",
        "collections": taken,
        "opportunities": offered,
        "reason": reason_entry(reason) if reason is not None and not taken else None,
    }
    entry |= _more(request, strips)
    if left_out and taken:
        entry["left_out"] = [_left_out(one) for one in left_out]
    return entry


def _more(request: Request, strips: Sequence[Strip]) -> dict[str, Any]:
    more = _angles(request)
    if request.tier != 1:
        more["tier"] = request.tier
    if request.cover is not None:
        curve = [list(corner) for corner in request.cover.curve]
        more["cover"] = {"curve": curve, "overlap": request.cover.overlap}
        more["strips"] = [_strip(number, strip) for number, strip in enumerate(strips)]
    if request.repeat is not None:
        more["repeat"] = {
            "count": request.repeat.count,
            "min_spacing_s": request.repeat.min_spacing_s,
            "max_spacing_s": request.repeat.max_spacing_s,
        }
    if request.after is not None:
        more["after"] = request.after
        if request.after_within_s is not None:
            more["after_within_s"] = request.after_within_s
    return more


def _angles(request: Request) -> dict[str, Any]:
    """Limits of angles beyond the usual two, and the satellites that may take it."""
    found: dict[str, Any] = {}
    if request.max_sun_elevation_rad < math.pi / 2:
        found["max_sun_elevation_deg"] = round(request.max_sun_elevation_rad / deg, 9)
    if request.min_incidence_rad > 0.0:
        found["min_incidence_deg"] = round(request.min_incidence_rad / deg, 9)
    if request.max_incidence_rad < math.pi / 2:
        found["max_incidence_deg"] = round(request.max_incidence_rad / deg, 9)
    if request.azimuth_rad is not None:
        found["azimuth_deg"] = [round(end / deg, 9) for end in request.azimuth_rad]
    if request.satellites:
        found["satellites"] = list(request.satellites)
    return found


def reason_entry(reason: Reason) -> dict[str, Any]:
    """Code and text, and what would be needed, if anything is known to do."""
    entry = {"code": reason.code, "text": reason.text}
    return entry | ({"would_need": reason.would_need} if reason.would_need else {})


def _left_out(one: LeftOut) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if one.strip >= 0:
        entry["strip"] = strip_id(one.strip)
    if one.pictures > 1 or one.strip < 0:
        entry["pictures"] = one.pictures
    return entry | reason_entry(one.reason)


def _strip(number: int, strip: Strip) -> dict[str, Any]:
    ring = np.round(strip.ring_rad / deg, 9)[:, ::-1].tolist()
    return {"id": strip_id(number), "ring": ring, "share": round(strip.share, 9)}


def _geometry(request: Request) -> dict[str, Any]:
    if not request.rings_rad:
        place = [round(request.aim.lon_rad / deg, 9), round(request.aim.lat_rad / deg, 9)]
        if request.aim.alt_m:
            place.append(request.aim.alt_m)
        return {"type": "Point", "coordinates": place}
    rings = [np.round(ring[:, ::-1] / deg, 9).tolist() for ring in request.rings_rad]
    return {"type": "Polygon", "coordinates": rings}


def offered_to(mission: Mission, request_index: Sequence[int]) -> list[int]:
    """How many opportunities each request has."""
    found: list[int] = np.bincount(
        np.asarray(request_index, np.int64), minlength=len(mission.requests)
    ).tolist()
    return found
