"""A plan document that looks real: round orbits, pictures where they fit, made up from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.epoch import Epoch
from offnadir.units import deg

EARTH_M = 6_371_000.0
HEIGHT_M = 520_000.0
PERIOD_S = 2 * np.pi * np.sqrt((EARTH_M + HEIGHT_M) ** 3 / 3.986004418e14)
PLACES = (
    ("Sohae", 39.66, 124.71),
    ("Vostochny", 51.88, 128.33),
    ("Incheon harbour", 37.46, 126.62),
    ("평양 순안 공항", 39.22, 125.67),
    ("부산항 신항 제2부두 컨테이너 터미널", 35.08, 128.83),
    ("Yokosuka <naval base> & docks", 35.29, 139.66),
    ("Vladivostok", 43.11, 131.88),
    ("Tokyo", 35.68, 139.69),
    ("Shanghai, Yangshan", 30.62, 122.06),
    ("Taipei", 25.03, 121.56),
    ("Ulaanbaatar", 47.92, 106.92),
    ("Beijing", 39.90, 116.40),
)
REASONS = (
    (
        "no_pass",
        "No pass is steep enough: the nearest is SAT-3 at 2026-05-31 04:11 UTC with 48.2 deg.",
    ),
    (
        "too_dark",
        "Every one of 4 passes is too dark: the highest Sun is 3.1 deg; it asks for 10.0 deg.",
    ),
    (
        "too_blurred",
        "No lit pass is sharp enough: the sharpest has 0.71 m; the request asks for 0.5 m.",
    ),
    (
        "late",
        "It would arrive too late: on the ground at 2026-05-31 14:02 UTC; the deadline is 12:00.",
    ),
    ("outbid", "Its 3 passes would leave no time to turn to Sohae (C0003), which is worth more."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleTrack:
    name: str
    norad_id: int
    epochs_tai_ns: NDArray[np.int64]
    r_itrf_m: NDArray[np.float64]
    lat_rad: NDArray[np.float64]
    lon_rad: NDArray[np.float64]
    alt_m: NDArray[np.float64]


def _track(i: int, name: str, zero: Epoch, span_s: float) -> SampleTrack:
    t = np.arange(0, span_s + 60, 60.0)
    u = 2 * np.pi * (t / PERIOD_S + 0.37 * i)
    tilt = 97.5 * deg
    node = 0.26 * i + 1.1
    x, y, z = np.cos(u), np.sin(u) * np.cos(tilt), np.sin(u) * np.sin(tilt)
    lon = np.arctan2(y, x) + node - 7.2921e-5 * t
    lat = np.arcsin(z)
    r = EARTH_M + HEIGHT_M
    where = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    return SampleTrack(
        name=name,
        norad_id=40000 + i,
        epochs_tai_ns=zero.tai_ns + (t * 1e9).astype(np.int64),
        r_itrf_m=r * where,
        lat_rad=lat,
        lon_rad=(lon + np.pi) % (2 * np.pi) - np.pi,
        alt_m=np.full(len(t), HEIGHT_M),
    )


def _passes(track: SampleTrack, lat_deg: float, lon_deg: float, least: float) -> list[Any]:
    """(index of the nearest step, off-nadir deg) of passes nearer than `least` degrees."""
    lat, lon = lat_deg * deg, lon_deg * deg
    place = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    near = track.r_itrf_m @ (place / (EARTH_M + HEIGHT_M))  # cosine of the arc between them
    top = (near[1:-1] > 0.97) & (near[1:-1] > near[:-2]) & (near[1:-1] >= near[2:])
    found = []
    for k in np.flatnonzero(top) + 1:
        arc = float(np.arccos(min(near[k], 1.0)))
        across, down = EARTH_M * np.sin(arc), EARTH_M * (1 - np.cos(arc)) + HEIGHT_M
        off = float(np.arctan2(across, down)) / deg
        if off < least:
            found.append((int(k), off, float(np.hypot(across, down))))
    return found


def _box(lat: float, lon: float, half_deg: float, turn: float) -> dict[str, Any]:
    angle = turn + np.array([0.25, 0.75, 1.25, 1.75, 0.25]) * np.pi
    ring = [
        [round(float(lon + half_deg * np.cos(a) / np.cos(lat * deg)), 6),
         round(float(lat + 1.3 * half_deg * np.sin(a)), 6)]
        for a in angle
    ]  # fmt: skip
    return {"type": "Polygon", "coordinates": [ring]}


def sample_plan(
    *,
    satellites: int = 12,
    requests: int = 60,
    days: float = 2.0,
    stations: int = 3,
    region: tuple[float, float, float, float] = (20.0, 100.0, 54.0, 146.0),
    names: tuple[str, ...] = (),
    seed: int = 7,
    pictures: bool = True,
    extras: bool = False,
) -> tuple[dict[str, Any], list[dict[str, Any]], list[SampleTrack]]:
    """A plan document, opportunities and tracks; `region` is south, west, north, east (east may pass 180).

    With `extras` every key stands in it that only missions with more to say need.
    """
    rng = np.random.default_rng(seed)
    zero = Epoch.from_utc("2026-05-31T00:00:00Z")
    span_s = days * 86400.0
    span = {"start": zero.utc(), "stop": (zero + span_s).utc()}
    fleet = [_satellite(i) for i in range(satellites)]
    tracks = [_track(i, s["name"], zero, span_s) for i, s in enumerate(fleet)]
    places = _places(rng, requests, region, names)
    wanted, chances, taken = [], [], []
    for i, (name, lat, lon) in enumerate(places):
        found = []
        for s, track in zip(fleet, tracks, strict=True):
            for k, off, away in _passes(track, lat, lon, 35.0):
                at = zero + 60.0 * k
                row = _opportunity(name, s, at, off, away)
                chances.append(row)
                found.append((k, s, row))
        use = pictures and bool(found) and (i % 4 != 3 or i < 3)
        request = _request(i, name, lat, lon, span, len(found), use)
        wanted.append(request)
        if use:
            k, s, row = found[int(rng.integers(len(found)))]
            taken.append((zero + 60.0 * k + float(rng.uniform(-20, 20)), request, s, row))
    taken.sort(key=lambda entry: entry[0])
    collections = []
    for j, (at, request, s, row) in enumerate(taken):
        collections.append(_picture(j, at, request, s, row, rng, zero + span_s))
        request["collections"] = [f"C{j + 1:04d}"]
    ground = _stations(stations)
    contacts = _contacts(rng, fleet, ground, collections, zero, span_s)
    plan = {
        "schema": "offnadir.plan/1",
        "offnadir_version": "0.1.0",
        "mission": {"name": "East Sea, first of June", "sha256": "5f" * 32},
        "span": span,
        "satellites": fleet,
        "stations": ground,
        "requests": wanted,
        "collections": collections,
        "contacts": contacts,
        "memory": [_memory(s, collections, contacts, span) for s in fleet],
        "result": _result(collections, len(chances)),
        "check": _check(len(collections)),
        "warnings": ["mission.toml: element set of SAT-4 is 6.2 days old"]
        if satellites > 3
        else [],
    }
    if extras:
        _add_extras(plan)
    return plan, chances, tracks


def _add_extras(plan: dict[str, Any]) -> None:
    """Everything that a plan may say besides; made up, as the rest."""
    span = plan["span"]
    for i, s in enumerate(plan["satellites"]):
        s.update(
            slew={
                "law": ("euler", "per_axis", "table")[i % 3],
                "rate_deg_s": [2.0, 1.5][: 1 + i % 3 % 2] if i % 3 < 2 else None,
                "acceleration_deg_s2": [0.5, 0.4][: 1 + i % 3 % 2] if i % 3 < 2 else None,
                "settling_s": 2.0,
                "table": [[0, 5], [10, 12], [60, 40]] if i % 3 == 2 else None,
            },
            max_pictures_per_orbit=12,
            imaging_s_per_orbit=300.0,
            orbit_period_s=5676.9,
            max_duration_s=20.0,
            duty={"imaging_s": 600.0, "in_s": 5400.0},
            battery={
                "capacity_wh": 800.0,
                "initial_wh": 800.0,
                "max_depth_of_discharge": 0.3,
                "charge_w": 900.0,
                "idle_w": 300.0,
                "imaging_w": 400.0,
                "slew_w": 150.0,
                "downlink_w": 80.0,
            },
            thermal={
                "heating_k_s": 0.1,
                "time_constant_s": 900.0,
                "max_rise_k": 20.0,
                "initial_rise_k": 0.0,
            },
            compression=2.5,
            blocked=[{"start": span["start"], "stop": span["stop"], "why": "calibration"}],
            next_uplink=span["start"],
        )
    for station in plan["stations"]:
        station["setup_s"] = 30.0
    for i, r in enumerate(plan["requests"]):
        area = r["geometry"]["type"] == "Polygon"
        strip = (
            {"id": "S1", "ring": r["geometry"]["coordinates"][0], "share": 1.0} if area else None
        )
        r.update(
            tier=1 + i % 3,
            cover={"curve": [[0, 0], [1, 1]], "overlap": 0.05} if area else False,
            strips=[strip] if area else None,
            repeat={"count": 2, "min_spacing_s": 72000.0, "max_spacing_s": 108000.0},
            after=plan["requests"][i - 1]["name"] if i else None,
            after_within_s=21600.0 if i else None,
            max_sun_elevation_deg=85.0,
            min_incidence_deg=5.0,
            max_incidence_deg=60.0,
            azimuth_deg=[350.0, 170.0],
            satellites=[s["name"] for s in plan["satellites"]],
        )
        if r["stereo"]:
            r["stereo"]["views"] = 3
        if r["reason"]:
            r["reason"]["would_need"] = "A window that is two hours longer."
    for i, c in enumerate(plan["collections"]):
        c.update(
            strip="S1" if c["coverage"] < 1 else None,
            clear_sky=0.8,
            frozen=i == 0,
            displaced=[{"request": plan["requests"][0]["name"], "value": 0.5, "text": "No time."}],
        )
    names = [s["name"] for s in plan["satellites"]]
    plan["outages"] = [{"station": s["name"], **span, "satellite": None} for s in plan["stations"]]
    plan["choices"] = [{"requests": [r["name"] for r in plan["requests"][:3]], "at_most": 1}]
    for key, limit, top in (("battery", "capacity_wh", 800.0), ("thermal", "max_rise_k", 20.0)):
        points = [[span["start"], top / 2], [span["stop"], top / 4]]
        plan[key] = [{"satellite": name, limit: top, "points": points} for name in names]
    plan["previous"] = {"sha256": "ab" * 32}
    plan["result"]["changes"] = {"kept": 3, "moved": 1, "dropped": 0, "added": 2}
    plan["result"]["tiers"] = [{"tier": 1, "value": 1.0}, {"tier": 2, "value": 0.5}]


def _satellite(i: int) -> dict[str, Any]:
    return {
        "name": f"SAT-{i + 1}" if i != 1 else "KOMPSAT-3A <아리랑>",
        "norad_id": 40000 + i,
        "sensor": "kompsat-3a",
        "sensor_title": "AEISS-A",
        "max_off_nadir_deg": 30.0,
        "memory_gbit": 512.0 if i % 3 else 24.0,
        "downlink_mbps": 320.0,
        "data_rate_mbps": 800.0,
        "agility": {"rate_deg_s": 2.0, "acceleration_deg_s2": 0.3, "settling_s": 3.0},
        "optics": {"pitch_um": 8.75, "focal_length_m": 8.6, "fov_deg": 1.3},
        "elements": {"OBJECT_NAME": f"SAT-{i + 1}", "EPOCH": "2026-05-30T14:13:00.740000"},
        "elements_age_days": 2.4 + 0.3 * i,
        "expected_error_s": 0.2 + 0.05 * i,
    }


def _places(
    rng: np.random.Generator,
    count: int,
    region: tuple[float, float, float, float],
    names: tuple[str, ...],
) -> list[tuple[str, float, float]]:
    south, west, north, east = region
    found = [p for p in PLACES if south <= p[1] <= north and west <= p[2] <= east][:count]
    while len(found) < count:
        lat = float(np.round(rng.uniform(south, north), 4))
        lon = float(np.round((rng.uniform(west, east) + 180) % 360 - 180, 4))
        found.append((f"Place {len(found) + 1}", lat, lon))
    return [(names[i] if i < len(names) else n, a, o) for i, (n, a, o) in enumerate(found)]


def _utc(at: Epoch, later_s: int) -> str:
    """As Epoch.utc writes it, but quick enough for a hundred thousand."""
    day = datetime(1970, 1, 1) + timedelta(seconds=at.tai_ns // 10**9 - 37 + later_s)
    return f"{day:%Y-%m-%dT%H:%M:%S}.000000Z"


def _opportunity(
    name: str, satellite: dict[str, Any], at: Epoch, off: float, away: float
) -> dict[str, Any]:
    return {
        "request": name,
        "satellite": satellite["name"],
        "norad_id": satellite["norad_id"],
        "start": _utc(at, -70),
        "stop": _utc(at, 70),
        "best": _utc(at, 0),
        "off_nadir_deg": off,
        "azimuth_deg": 97.0,
        "range_km": away / 1000,
        "elevation_deg": 88 - 1.08 * off,
        "sun_elevation_deg": 41.0,
        "sun_azimuth_deg": 130.0,
        "gsd_along_m": 0.55 * away / HEIGHT_M,
        "gsd_across_m": 0.55 * away / HEIGHT_M * 1.2,
        "gsd_m": 0.6 * away / HEIGHT_M,
        "niirs": 5.6 - off / 25,
    }


def _request(
    i: int, name: str, lat: float, lon: float, span: dict[str, str], found: int, use: bool
) -> dict[str, Any]:
    code, text = REASONS[i // 4 % len(REASONS)] if found else REASONS[0]
    area = i % 7 == 2
    return {
        "name": name,
        "geometry": _box(lat, lon, 0.12, 0.0)
        if area
        else {"type": "Point", "coordinates": [lon, lat]},
        "weight": float(1 + i % 5),
        "window": span,
        "max_off_nadir_deg": 35.0,
        "min_sun_elevation_deg": 10.0,
        "max_gsd_m": 0.7 if i % 3 == 0 else None,
        "min_niirs": 4.0 if i % 5 == 0 else None,
        "deadline": span["stop"] if i % 6 == 0 else None,
        "stereo": {"min_convergence_deg": 20.0, "max_convergence_deg": 40.0}
        if i % 19 == 8
        else None,
        "status": "taken" if use else "not_taken",
        "collections": [],
        "opportunities": found,
        "reason": None if use else {"code": code, "text": text},
    }


def _picture(
    j: int,
    at: Epoch,
    request: dict[str, Any],
    satellite: dict[str, Any],
    row: dict[str, Any],
    rng: np.random.Generator,
    end: Epoch,
) -> dict[str, Any]:
    geometry = request["geometry"]
    corners = np.array([geometry["coordinates"]] if geometry["type"] == "Point"
                       else geometry["coordinates"][0][:-1])  # fmt: skip
    lon, lat = corners.mean(axis=0).tolist()
    seconds = float(np.round(rng.uniform(2, 9), 3))
    middle = min(max(at.tai_ns, 0), end.tai_ns - 10_000_000_000)
    start = Epoch(middle)
    return {
        "id": f"C{j + 1:04d}",
        "request": request["name"],
        "satellite": satellite["name"],
        "norad_id": satellite["norad_id"],
        "start": start.utc(),
        "stop": (start + seconds).utc(),
        "duration_s": seconds,
        "aim": {"lat_deg": lat, "lon_deg": lon, "alt_m": 0.0},
        "off_nadir_deg": row["off_nadir_deg"],
        "roll_deg": row["off_nadir_deg"],
        "pitch_deg": 0.0,
        "azimuth_deg": 97.0,
        "range_km": row["range_km"],
        "elevation_deg": row["elevation_deg"],
        "sun_elevation_deg": 41.0,
        "sun_azimuth_deg": 130.0,
        "gsd_along_m": row["gsd_along_m"],
        "gsd_across_m": row["gsd_across_m"],
        "niirs": row["niirs"],
        "coverage": 1.0 if geometry["type"] == "Point" else 0.74,
        "quality": round(row["niirs"] / 9, 6),
        "value": round(request["weight"] * row["niirs"] / 9, 6),
        "volume_gbit": round(seconds * 0.8, 6),
        "footprint": _box(lat, lon, 0.09, 0.2),
        "stereo": None,
        "delivered": None,
        "contact": None,
    }


def _stations(count: int) -> list[dict[str, Any]]:
    known = [("Svalbard", 78.23, 15.41), ("Daejeon", 36.37, 127.36), ("Troll", -72.01, 2.53)]
    return [
        {
            "name": name,
            "lat_deg": lat,
            "lon_deg": lon,
            "alt_m": 450.0,
            "min_elevation_deg": 5.0,
            "mask": [[0, 8], [90, 4], [180, 6]] if name == "Daejeon" else [],
            "antennas": 1,
        }
        for name, lat, lon in known[:count]
    ]


def _contacts(
    rng: np.random.Generator,
    fleet: list[dict[str, Any]],
    ground: list[dict[str, Any]],
    pictures: list[dict[str, Any]],
    zero: Epoch,
    span_s: float,
) -> list[dict[str, Any]]:
    """Every few hours a contact; each takes what its satellite has on board."""
    found: list[dict[str, Any]] = []
    if not ground:
        return found
    for s in fleet:
        at = float(rng.uniform(600, 9000))
        while at + 600 < span_s:
            start = zero + at
            stop = start + 480.0
            down = [
                p for p in pictures
                if p["satellite"] == s["name"] and p["contact"] is None and p["stop"] <= start.utc()
            ]  # fmt: skip
            name = f"{s['name']}/{at:.0f}"
            for p in down:
                p["contact"], p["delivered"] = name, stop.utc()
            found.append(
                {
                    "id": name,
                    "satellite": s["name"],
                    "station": ground[int(rng.integers(len(ground)))]["name"],
                    "start": start.utc(),
                    "stop": stop.utc(),
                    "max_elevation_deg": float(rng.uniform(6, 89)),
                    "used": bool(down),
                    "downlinked_gbit": round(sum(p["volume_gbit"] for p in down), 6),
                }
            )
            at += float(rng.uniform(9000, 24000))
    found.sort(key=lambda c: (c["start"], c["satellite"]))
    renamed = {c["id"]: f"K{k + 1:03d}" for k, c in enumerate(found)}
    for c in found:
        c["id"] = renamed[c["id"]]
    for p in pictures:
        p["contact"] = renamed.get(p["contact"])
    return found


def _memory(
    satellite: dict[str, Any],
    pictures: list[dict[str, Any]],
    contacts: list[dict[str, Any]],
    span: dict[str, str],
) -> dict[str, Any]:
    steps = [
        (e["start"], e["stop"], e["volume_gbit"])
        for e in pictures
        if e["satellite"] == satellite["name"]
    ]
    steps += [
        (c["start"], c["stop"], -c["downlinked_gbit"])
        for c in contacts
        if c["satellite"] == satellite["name"] and c["used"]
    ]
    level, points = 0.0, [[span["start"], 0.0]]
    for start, stop, change in sorted(steps):
        points.append([start, round(level, 6)])
        level += change
        points.append([stop, round(level, 6)])
    points.append([span["stop"], round(level, 6)])
    return {
        "satellite": satellite["name"],
        "capacity_gbit": satellite["memory_gbit"],
        "points": points,
    }


def _result(pictures: list[dict[str, Any]], chances: int) -> dict[str, Any]:
    value = round(sum(p["value"] for p in pictures), 6)
    return {
        "value": value,
        "bound": round(value * 1.0084, 6),
        "gap": 0.0083 if value else 0.0,
        "status": "feasible" if value else "nothing_to_take",
        "seed": 1,
        "time_limit_s": 20.0,
        "start_step_s": 10.0,
        "candidates": 14 * chances,
        "opportunities": chances,
        "solver": "CP-SAT 9.14",
    }


def _check(pictures: int) -> dict[str, Any]:
    titles = {
        "window": "pictures lie in the span and in their request's window",
        "off_nadir": "off-nadir within the request's and the satellite's limit",
        "slew": "time to turn and settle between pictures",
        "memory": "what is on board fits into the memory",
        "delivery": "first in, first out",
    }
    return {
        "passed": True,
        "rules": [
            {"id": k, "title": v, "checked": pictures, "violations": []} for k, v in titles.items()
        ],
    }
