"""The plan document: what stands in plan.json (schema in docs/reference/plan-json.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from offnadir import __version__
from offnadir._table import Table
from offnadir.earth import SunTable
from offnadir.epoch import Epoch
from offnadir.orbits import Ephemeris, element_set_to_omm, expected_timing_error_s
from offnadir.planning.model import GroundStation, Mission, Request, Satellite
from offnadir.planning.opportunities import Pictures, convergence_rad, view
from offnadir.planning.reasons import Reason
from offnadir.units import Gbit, Mbit, day, deg, km, um

if TYPE_CHECKING:
    from offnadir.planning._cp_solver import Solution

SCHEMA = "offnadir.plan/1"
_MS = 1_000_000
_KBIT_PER_GBIT = 1e6


def plan_document(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    opportunities: Table,
    pictures: Pictures,
    contacts: Table,
    solution: Solution,
    reasons: Mapping[str, Reason],
) -> dict[str, Any]:
    """Everything about a plan in plain numbers and texts, without the checker's verdict."""
    collections = _collections(mission, ephemerides, sun, pictures, contacts, solution)
    value = round(solution.value_micro / 1e6, 6)
    bound = round(solution.bound_micro / 1e6, 6)
    offered = np.bincount(opportunities["request_index"], minlength=len(mission.requests))
    return {
        "schema": SCHEMA,
        "offnadir_version": __version__,
        "mission": {"name": mission.name, "sha256": mission.sha256},
        "span": {"start": mission.span.start.utc(), "stop": mission.span.stop.utc()},
        "satellites": [_satellite(satellite, mission) for satellite in mission.satellites],
        "stations": [_station(station) for station in mission.stations],
        "requests": [
            _request(request, int(offered[i]), collections, reasons)
            for i, request in enumerate(mission.requests)
        ],
        "collections": collections,
        "contacts": _contacts(contacts, solution),
        "memory": [
            _memory(satellite, collections, contacts, solution) for satellite in mission.satellites
        ],
        "result": {
            "value": value,
            "bound": bound,
            "gap": round((bound - value) / bound, 9) if bound > 0 else 0.0,
            "status": solution.status,
            "seed": mission.solver.seed,
            "time_limit_s": mission.solver.time_limit_s,
            "start_step_s": mission.solver.start_step_s,
            "candidates": len(pictures.start_ms),
            "opportunities": len(opportunities),
            "solver": "OR-Tools CP-SAT",
        },
        "warnings": [*mission.warnings, *_solver_warnings(solution)],
    }


def _solver_warnings(solution: Solution) -> list[str]:
    if solution.repeatable:
        return []
    return ["the clock ended the search before its work was done: another run may choose otherwise"]


def _satellite(satellite: Satellite, mission: Mission) -> dict[str, Any]:
    sensor, elements = satellite.sensor, satellite.elements
    ends = (mission.span.start, mission.span.stop)
    return {
        "name": satellite.name,
        "norad_id": elements.norad_id,
        "sensor": sensor.name,
        "sensor_title": sensor.title,
        "max_off_nadir_deg": round(satellite.max_off_nadir_rad / deg, 9),
        "memory_gbit": satellite.memory_bit / Gbit,
        "downlink_mbps": satellite.downlink_bit_s / Mbit,
        "data_rate_mbps": sensor.data_rate_bit_s / Mbit,
        "agility": {
            "rate_deg_s": sensor.agility.rate_rad_s / deg,
            "acceleration_deg_s2": sensor.agility.acceleration_rad_s2 / deg,
            "settling_s": sensor.agility.settling_s,
        },
        "optics": {
            "pitch_um": sensor.detector.pitch_m / um,
            "focal_length_m": sensor.optics.focal_length_m,
            "fov_deg": sensor.fov_rad / deg,
        },
        "elements": element_set_to_omm(elements),
        "elements_age_days": round(max(abs(end - elements.epoch) for end in ends) / day, 4),
        "expected_error_s": round(max(expected_timing_error_s(elements, end) for end in ends), 3),
    }


def _station(ground: GroundStation) -> dict[str, Any]:
    station = ground.station
    mask = zip(station.mask_azimuth_rad, station.mask_elevation_rad, strict=True)
    return {
        "name": station.site.name,
        "lat_deg": round(station.site.lat_rad / deg, 9),
        "lon_deg": round(station.site.lon_rad / deg, 9),
        "alt_m": station.site.alt_m,
        "min_elevation_deg": round(station.min_elevation_rad / deg, 9),
        "mask": [[round(az / deg, 9), round(el / deg, 9)] for az, el in mask],
        "antennas": ground.antennas,
    }


def _request(
    request: Request,
    offered: int,
    collections: Sequence[Mapping[str, Any]],
    reasons: Mapping[str, Reason],
) -> dict[str, Any]:
    taken = [c["id"] for c in collections if c["request"] == request.name]
    reason = reasons.get(request.name)
    stereo = request.stereo
    return {
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
        if stereo
        else None,
        "status": "taken" if taken else "not_taken",
        "collections": taken,
        "opportunities": offered,
        "reason": {"code": reason.code, "text": reason.text} if reason and not taken else None,
    }


def _geometry(request: Request) -> dict[str, Any]:
    if not request.rings_rad:
        place = [round(request.aim.lon_rad / deg, 9), round(request.aim.lat_rad / deg, 9)]
        if request.aim.alt_m:
            place.append(request.aim.alt_m)
        return {"type": "Point", "coordinates": place}
    rings = [np.round(ring[:, ::-1] / deg, 9).tolist() for ring in request.rings_rad]
    return {"type": "Polygon", "coordinates": rings}


def _collections(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    pictures: Pictures,
    contacts: Table,
    solution: Solution,
) -> list[dict[str, Any]]:
    rows = []
    for order, i in enumerate(solution.chosen.tolist()):
        row = _collection(mission, ephemerides, sun, pictures, i, f"C{order + 1:04d}")
        contact = int(solution.delivered_by[order])
        row["contact"] = f"K{contact + 1:04d}" if contact >= 0 else None
        row["delivered"] = Epoch(int(contacts["stop"][contact])).utc() if contact >= 0 else None
        rows.append(row)
    _pair_up(mission, ephemerides, rows, pictures, solution)
    return rows


def _collection(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    pictures: Pictures,
    i: int,
    name: str,
) -> dict[str, Any]:
    s, r = int(pictures.satellite[i]), int(pictures.request[i])
    satellite, request = mission.satellites[s], mission.requests[r]
    start, stop = int(pictures.start_ms[i]), int(pictures.stop_ms[i])
    zero = mission.span.start
    at = np.array([zero.tai_ns + (start + stop) // 2 * _MS], np.int64)
    seen = view(ephemerides[s], satellite, request, at, sun)
    look, quality = seen.look, seen.quality
    merit = float(pictures.quality[i])
    rate = satellite.sensor.data_rate_bit_s
    corners = np.round(pictures.corners_rad[i][:, ::-1] / deg, 7).tolist()

    def degrees(angle_rad: Any) -> float:
        return round(float(angle_rad[0]) / deg, 6)

    return {
        "id": name,
        "request": request.name,
        "satellite": satellite.name,
        "norad_id": satellite.elements.norad_id,
        "start": Epoch(zero.tai_ns + start * _MS).utc(),
        "stop": Epoch(zero.tai_ns + stop * _MS).utc(),
        "duration_s": (stop - start) / 1e3,
        "aim": {
            "lat_deg": round(request.aim.lat_rad / deg, 9),
            "lon_deg": round(request.aim.lon_rad / deg, 9),
            "alt_m": request.aim.alt_m,
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
        "quality": round(merit, 6),
        "value": max(round(request.weight * merit * 1e6), 1) / 1e6,
        "volume_gbit": float(np.ceil(rate * (stop - start) / 1e6)) / _KBIT_PER_GBIT,
        "footprint": {"type": "Polygon", "coordinates": [[*corners, corners[0]]]},
        "stereo": None,
    }


def _pair_up(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    rows: list[dict[str, Any]],
    pictures: Pictures,
    solution: Solution,
) -> None:
    """Fill in who is whose partner in a stereo pair, and how far their lines of sight converge."""
    zero = mission.span.start.tai_ns
    pairs: dict[int, list[int]] = {}
    for order, i in enumerate(solution.chosen.tolist()):
        if mission.requests[int(pictures.request[i])].stereo:
            pairs.setdefault(int(pictures.request[i]), []).append(order)
    for request_index, (a, b) in pairs.items():
        places = []
        for order in (a, b):
            i = int(solution.chosen[order])
            mid = (int(pictures.start_ms[i]) + int(pictures.stop_ms[i])) // 2
            ephemeris = ephemerides[int(pictures.satellite[i])]
            places.append(ephemeris.position_itrf_m([zero + mid * _MS]))
        aim = mission.requests[request_index].aim.r_itrf_m
        angle_deg = round(float(convergence_rad(places[0], places[1], aim)[0]) / deg, 6)
        for mine, other in ((a, b), (b, a)):
            rows[mine]["stereo"] = {"partner": rows[other]["id"], "convergence_deg": angle_deg}


def _contacts(contacts: Table, solution: Solution) -> list[dict[str, Any]]:
    sent = dict(zip(solution.contact.tolist(), solution.sent_kbit.tolist(), strict=True))
    return [
        {
            "id": f"K{i + 1:04d}",
            "satellite": row["satellite"],
            "station": row["site"],
            "start": row["start"],
            "stop": row["stop"],
            "max_elevation_deg": round(row["max_elevation_rad"] / deg, 6),
            "used": i in sent,
            "downlinked_gbit": sent.get(i, 0) / _KBIT_PER_GBIT,
        }
        for i, row in enumerate(contacts.rows())
    ]


def _memory(
    satellite: Satellite,
    collections: Sequence[Mapping[str, Any]],
    contacts: Table,
    solution: Solution,
) -> dict[str, Any]:
    """Level of the memory at the corners of its curve: up during pictures, down during contacts."""
    moves = [
        (c["start"], c["stop"], round(c["volume_gbit"] * _KBIT_PER_GBIT))
        for c in collections
        if c["satellite"] == satellite.name
    ]
    for i, sent in zip(solution.contact.tolist(), solution.sent_kbit.tolist(), strict=True):
        if contacts["satellite"][i] == satellite.name:
            moves.append(
                (
                    Epoch(int(contacts["start"][i])).utc(),
                    Epoch(int(contacts["stop"][i])).utc(),
                    -sent,
                )
            )
    times = sorted({time for start, stop, _ in moves for time in (start, stop)})
    at_ns = {time: Epoch.from_utc(time).tai_ns for time in times}
    points = []
    for time in times:
        level = 0.0
        for start, stop, change in moves:
            part = (at_ns[time] - at_ns[start]) / (at_ns[stop] - at_ns[start])
            level += change * min(max(part, 0.0), 1.0)
        points.append([time, round(level / _KBIT_PER_GBIT, 6)])
    return {
        "satellite": satellite.name,
        "capacity_gbit": satellite.memory_bit / Gbit,
        "points": points,
    }
