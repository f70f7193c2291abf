"""What plan.json says of each picture: when, from where, how sharp, worth what, down when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from offnadir._table import Table
from offnadir.earth import Site, SunTable
from offnadir.epoch import Epoch
from offnadir.orbits import Ephemeris
from offnadir.planning._delivery import Delivery, Written
from offnadir.planning._document_requests import strip_id
from offnadir.planning.build import Built
from offnadir.planning.model import Mission
from offnadir.planning.opportunities import Pictures, convergence_rad, view
from offnadir.units import deg, km

KBIT_PER_GBIT = 1e6
_MS = 1_000_000


def written(built: Built, pictures: Pictures) -> Written:
    """Pictures as the recorders see them."""
    o = built.problem.options
    volume = np.zeros(len(pictures), np.int64)
    for i, (option, window) in enumerate(
        zip(pictures.option.tolist(), pictures.window.tolist(), strict=True)
    ):
        members = slice(o.member_block[option], o.member_block[option + 1])
        at = int(np.flatnonzero(o.member_window[members] == window)[0])
        volume[i] = o.member_volume_kbit[members][at]
    return Written(
        satellite=pictures.satellite,
        start_ms=pictures.start_ms,
        stop_ms=pictures.stop_ms,
        volume_kbit=volume,
        deadline_ms=o.deadline_ms[pictures.option],
    )


def collection_entries(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    built: Built,
    pictures: Pictures,
    contacts: Table,
    recorded: Written,
    delivery: Delivery,
) -> list[dict[str, Any]]:
    """The pictures, by start, with partners and deliveries."""
    rows = []
    values = _values(mission, built, pictures)
    for i in range(len(pictures)):
        row = _collection(mission, ephemerides, sun, built, pictures, i)
        row["value"] = values[i]
        row["volume_gbit"] = int(recorded.volume_kbit[i]) / KBIT_PER_GBIT
        contact = int(delivery.delivered_by[i])
        line = int(built.contact_row[contact]) if contact >= 0 else -1
        row["contact"] = f"K{line + 1:04d}" if line >= 0 else None
        row["delivered"] = Epoch(int(contacts["stop"][line])).utc() if line >= 0 else None
        rows.append(row)
    _name_partners(mission, ephemerides, built, rows, pictures)
    return rows


def aim_of(mission: Mission, built: Built, request: int, strip: int) -> Site:
    """Where a picture looks: at its request, or at its strip."""
    if strip < 0:
        return mission.requests[request].aim
    return built.strips[request][strip].aim


def _collection(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    built: Built,
    pictures: Pictures,
    i: int,
) -> dict[str, Any]:
    s, r, strip = (int(x[i]) for x in (pictures.satellite, pictures.request, pictures.strip))
    satellite, request = mission.satellites[s], mission.requests[r]
    aim = aim_of(mission, built, r, strip)
    start, stop = int(pictures.start_ms[i]), int(pictures.stop_ms[i])
    zero = mission.span.start
    at = np.array([zero.tai_ns + (start + stop) // 2 * _MS], np.int64)
    seen = view(ephemerides[s], satellite, replace(request, aim=aim), at, sun)
    look, quality = seen.look, seen.quality
    corners = np.round(pictures.corners_rad[i][:, ::-1] / deg, 7).tolist()

    def degrees(angle_rad: Any) -> float:
        return round(float(angle_rad[0]) / deg, 6)

    entry: dict[str, Any] = {
        "id": f"C{i + 1:04d}",
        "request": request.name,
        "satellite": satellite.name,
        "norad_id": satellite.elements.norad_id,
        "start": Epoch(zero.tai_ns + start * _MS).utc(),
        "stop": Epoch(zero.tai_ns + stop * _MS).utc(),
        "duration_s": (stop - start) / 1e3,
        "aim": {
            "lat_deg": round(aim.lat_rad / deg, 9),
            "lon_deg": round(aim.lon_rad / deg, 9),
            "alt_m": aim.alt_m,
        },
        "off_nadir_deg": degrees(look.off_nadir_rad),
        "roll_deg": degrees(look.roll_rad),
        "pitch_deg": degrees(look.pitch_rad),
        "azimuth_deg": degrees(look.azimuth_rad),
        "range_km": round(float(look.range_m[0]) / km, 6),
        "elevation_deg": degrees(look.elevation_rad),
        "sun_elevation_deg": degrees(seen.sun_elevation_rad),
        "sun_azimuth_deg": degrees(seen.sun_azimuth_rad),
        "gsd_along_m": round(float(quality.gsd_along_m[0]), 6),
        "gsd_across_m": round(float(quality.gsd_across_m[0]), 6),
        "niirs": round(float(quality.niirs[0]), 6),
        "coverage": round(float(pictures.coverage[i]), 6),
        "quality": round(float(pictures.quality[i]), 6),
        "value": 0.0,
        "volume_gbit": 0.0,
        "footprint": {"type": "Polygon", "coordinates": [[*corners, corners[0]]]},
        "stereo": None,
    }
    if strip >= 0:
        entry["strip"] = strip_id(strip)
    if mission.weather is not None:
        entry["clear_sky"] = round(float(pictures.clear_sky[i]), 6)
    if pictures.frozen[i]:
        entry["frozen"] = True
    return entry


def _values(mission: Mission, built: Built, pictures: Pictures) -> list[float]:
    """Weight times quality; strips have their parts of what their area is worth."""
    weight = np.array([request.weight for request in mission.requests])[pictures.request]
    values = weight * pictures.quality
    for r in np.unique(pictures.request[pictures.strip >= 0]).tolist():
        request = mission.requests[r]
        if request.cover is None:
            continue
        rows = np.flatnonzero(pictures.request == r)
        share = np.array([built.strips[r][n].share for n in pictures.strip[rows].tolist()])
        total = float(share.sum())
        worth = float(request.cover.worth(min(total, 1.0)))
        values[rows] = request.weight * worth * share * pictures.quality[rows] / total
    rounded = np.rint(values * 1e6)
    rounded = np.where(pictures.strip >= 0, rounded, np.maximum(rounded, 1.0))
    found: list[float] = (rounded / 1e6).tolist()
    return found


def _name_partners(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    built: Built,
    rows: list[dict[str, Any]],
    pictures: Pictures,
) -> None:
    """Fill in who is whose partner in a stereo set, and how far their lines of sight converge.

    Of three the outer ones name the middle one, which names the first.
    """
    zero = mission.span.start.tai_ns
    sets: dict[int, list[int]] = {}
    for i, r in enumerate(pictures.request.tolist()):
        if mission.requests[r].stereo:
            sets.setdefault(int(pictures.option[i]), []).append(i)
    for members in sets.values():
        if len(members) < 2:
            continue
        places = {}
        for i in members:
            mid = (int(pictures.start_ms[i]) + int(pictures.stop_ms[i])) // 2
            ephemeris = ephemerides[int(pictures.satellite[i])]
            places[i] = ephemeris.position_itrf_m(np.array([zero + mid * _MS], np.int64))
        middle = members[1]
        aim = mission.requests[int(pictures.request[middle])].aim.r_itrf_m
        for i in members:
            other = members[0] if i == middle else middle
            angle = float(convergence_rad(places[i], places[other], aim)[0])
            rows[i]["stereo"] = {
                "partner": rows[other]["id"],
                "convergence_deg": round(angle / deg, 6),
            }


def changes(
    mission: Mission, previous: Mapping[str, Any], collections: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    """Pictures against the plan before: the same, at another time or by another satellite, gone, new.

    Those of requests that nobody asks for any more, and those before the span, are not counted as gone.
    """
    names = {request.name for request in mission.requests}
    begin = mission.span.start.utc()

    def by_request(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, Any], list[Any]]:
        found: dict[tuple[str, Any], list[Any]] = {}
        for c in rows:
            if c["request"] in names and c["start"] >= begin:
                key = (c["request"], c.get("strip"))
                found.setdefault(key, []).append((c["satellite"], c["start"]))
        return found

    old, new = by_request(previous.get("collections") or ()), by_request(collections)
    count = dict.fromkeys(("kept", "moved", "dropped", "added"), 0)
    for key in sorted(old.keys() | new.keys(), key=str):
        before, after = old.get(key, []), new.get(key, [])
        kept = len([one for one in after if one in before])
        moved = min(len(before), len(after)) - kept
        count["kept"] += kept
        count["moved"] += moved
        count["dropped"] += len(before) - kept - moved
        count["added"] += len(after) - kept - moved
    return count
