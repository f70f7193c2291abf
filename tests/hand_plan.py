"""A plan made by hand, and ways to damage it.

The plan is worked out here from SGP4 states with its own search for contacts and its own sums; what it
states about looks comes from `offnadir.geometry`, which the checker must not use, so that the two
have to agree.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from offnadir.earth import (
    EarthOrientation,
    east_north_up,
    geodetic_to_itrf_m,
    rot_itrf_teme,
    sun_itrf_m,
)
from offnadir.epoch import Epoch
from offnadir.geometry import look_angles
from offnadir.orbits import ElementSet, omm_to_element_set, propagate
from offnadir.planning.checker import check_plan
from offnadir.units import deg, km

Plan = dict[str, Any]
NS = 10**9
ORIENTATION = EarthOrientation.bundled()
SPAN = ("2026-05-31T00:00:00.000000Z", "2026-05-31T12:00:00.000000Z")

# Public element sets of 2026-05-30, as published by CelesTrak in its group "resource".
OMM = {
    "KOMPSAT-3A": {
        "OBJECT_NAME": "KOMPSAT-3A", "OBJECT_ID": "2015-014A", "EPOCH": "2026-05-30T14:14:48.176160",
        "MEAN_MOTION": 15.53142044, "ECCENTRICITY": 0.0055091, "INCLINATION": 97.6881,
        "RA_OF_ASC_NODE": 140.6812, "ARG_OF_PERICENTER": 239.4643, "MEAN_ANOMALY": 120.1165,
        "EPHEMERIS_TYPE": 0, "CLASSIFICATION_TYPE": "U", "NORAD_CAT_ID": 40536,
        "ELEMENT_SET_NO": 999, "REV_AT_EPOCH": 61908, "BSTAR": 0.00040066,
        "MEAN_MOTION_DOT": 0.00026749, "MEAN_MOTION_DDOT": 0,
    },
    "PLEIADES 1A": {
        "OBJECT_NAME": "PLEIADES 1A", "OBJECT_ID": "2011-076F", "EPOCH": "2026-05-30T15:37:03.066816",
        "MEAN_MOTION": 14.58559424, "ECCENTRICITY": 0.0001421, "INCLINATION": 98.1983,
        "RA_OF_ASC_NODE": 225.9882, "ARG_OF_PERICENTER": 106.1744, "MEAN_ANOMALY": 52.0652,
        "EPHEMERIS_TYPE": 0, "CLASSIFICATION_TYPE": "U", "NORAD_CAT_ID": 38012,
        "ELEMENT_SET_NO": 999, "REV_AT_EPOCH": 76943, "BSTAR": 0.00015617,
        "MEAN_MOTION_DOT": 0.0000068, "MEAN_MOTION_DDOT": 0,
    },
}  # fmt: skip
#: Pixel pitch [um], focal length [m], field of view [deg]; figures of the order of the real cameras.
OPTICS = {"KOMPSAT-3A": (8.75, 8.6, 1.7), "PLEIADES 1A": (13.0, 12.905, 1.6)}
RATE, ACCELERATION, SETTLING = 3.0, 1.0, 2.0  # deg/s, deg/s2, s
DATA_RATE_GBPS, DOWNLINK_GBPS, MEMORY_GBIT = 1.0, 0.0145, 10.0
PLACES = {  # latitude, longitude [deg], height [m]
    "Osaka": (34.69, 135.50, 20.0),
    "Kanazawa": (36.56, 136.65, 30.0),
    "Vladivostok": (43.10, 131.90, 40.0),
    "Sendai": (38.27, 140.87, 50.0),
    "Lima": (-12.05, -77.05, 100.0),
}
STATIONS = {"Yakutsk": (62.03, 129.73, 100.0), "Tromso": (69.66, 18.94, 130.0)}
MIN_ELEVATION = 5.0  # deg
WEIGHTS = {"Osaka": 3.0, "Kanazawa": 5.0, "Vladivostok": 4.0, "Sendai": 2.0, "Lima": 1.0}
NIIRS = 5.4
HARBOUR = [(131.85, 43.07), (131.95, 43.07), (131.95, 43.13), (131.85, 43.13), (131.85, 43.07)]


def utc(t_ns: int) -> str:
    return Epoch(t_ns).utc()


def tai(text: str) -> int:
    return Epoch.from_utc(text).tai_ns


def rounded(value: float) -> float:
    return round(float(value), 6)


ELEMENTS: dict[str, ElementSet] = {name: omm_to_element_set(omm) for name, omm in OMM.items()}


def position_m(satellite: str, t_ns: np.ndarray) -> np.ndarray:
    r_teme_m, _, _ = propagate(ELEMENTS[satellite], t_ns)
    return np.einsum("nij,nj->ni", rot_itrf_teme(t_ns, ORIENTATION), r_teme_m)


def look(satellite: str, place: tuple[float, float, float], t_ns: int) -> Any:
    """A look by the package's own geometry, the velocity by differences of positions."""
    t = np.array([t_ns - NS // 2, t_ns, t_ns + NS // 2], np.int64)
    r = position_m(satellite, t)
    lat, lon = place[0] * deg, place[1] * deg
    return look_angles(r[1], r[2] - r[0], geodetic_to_itrf_m(lat, lon, place[2]), lat, lon)


def direction(satellite: str, place: tuple[float, float, float], t_ns: np.ndarray) -> np.ndarray:
    """Azimuth and elevation [deg] of a satellite over a place, shape (n, 2)."""
    lat, lon = place[0] * deg, place[1] * deg
    way = position_m(satellite, t_ns) - geodetic_to_itrf_m(lat, lon, place[2])
    east, north, up = east_north_up(lat, lon) @ way.T
    elevation = np.arctan2(up, np.hypot(east, north))
    return np.column_stack([np.arctan2(east, north) % (2 * math.pi), elevation]) / deg


def sun_deg(place: tuple[float, float, float], t_ns: int) -> tuple[float, float]:
    lat, lon = place[0] * deg, place[1] * deg
    e, n, u = east_north_up(lat, lon) @ sun_itrf_m(np.array([t_ns], np.int64), ORIENTATION)[0]
    return math.atan2(e, n) / deg % 360, math.atan2(u, math.hypot(e, n)) / deg


def closest_ns(satellite: str, place: str, near: str) -> int:
    """The whole second at which a satellite stands highest over a place, within 10 minutes."""
    t = tai(near) + np.arange(-600, 601, dtype=np.int64) * NS
    return int(t[np.argmax(direction(satellite, PLACES[place], t)[:, 1])])


def turn_s(a: np.ndarray, b: np.ndarray) -> float:
    """Slew and settling by hand: ramps of 3 s and 4.5 deg each, the rest at 3 deg/s."""
    angle = math.acos(float(a @ b)) / deg
    ramp = RATE / ACCELERATION
    if angle < RATE * ramp:
        return 2 * math.sqrt(angle / ACCELERATION) + SETTLING
    return angle / RATE + ramp + SETTLING


def picture(name: str, request: str, satellite: str, start_ns: int) -> Plan:
    """A picture of 2 s and all that a plan says of it, but for its way to the ground."""
    place, stop_ns = PLACES[request], start_ns + 2 * NS
    mid_ns = start_ns + NS
    seen, (sun_azimuth, sun_elevation) = look(satellite, place, mid_ns), sun_deg(place, mid_ns)
    pitch_um, focal_m, _ = OPTICS[satellite]
    sample = pitch_um * 1e-6 / focal_m * float(seen.range_m)
    # For the harbour, 11 km wide, the strip leaves out the eastern tenth.
    west, east = (0.05, 0.04) if request == "Vladivostok" else (0.03, 0.03)
    lat, lon, _ = place
    ring = [(lon - west, lat - 0.04), (lon + east, lat - 0.04), (lon + east, lat + 0.04),
            (lon - west, lat + 0.04), (lon - west, lat - 0.04)]  # fmt: skip
    coverage = 0.9 if request == "Vladivostok" else 1.0
    quality = NIIRS / 9 * coverage
    return {
        "id": name, "request": request, "satellite": satellite,
        "norad_id": OMM[satellite]["NORAD_CAT_ID"],
        "start": utc(start_ns), "stop": utc(stop_ns), "duration_s": 2.0,
        "aim": {"lat_deg": lat, "lon_deg": lon, "alt_m": place[2]},
        "off_nadir_deg": rounded(seen.off_nadir_rad / deg), "roll_deg": rounded(seen.roll_rad / deg),
        "pitch_deg": rounded(seen.pitch_rad / deg), "azimuth_deg": rounded(seen.azimuth_rad / deg),
        "range_km": rounded(seen.range_m / km), "elevation_deg": rounded(seen.elevation_rad / deg),
        "sun_elevation_deg": rounded(sun_elevation), "sun_azimuth_deg": rounded(sun_azimuth),
        "gsd_along_m": rounded(sample),
        "gsd_across_m": rounded(sample / abs(math.sin(seen.elevation_rad))),
        "niirs": NIIRS, "coverage": coverage, "quality": rounded(quality),
        "value": rounded(WEIGHTS[request] * quality), "volume_gbit": 2 * DATA_RATE_GBPS,
        "footprint": {"type": "Polygon", "coordinates": [ring]},
        "stereo": None, "delivered": None, "contact": None,
    }  # fmt: skip


def contact(name: str, satellite: str, station: str, near: str) -> Plan:
    """The contact around a time: sampled each second, its ends bisected."""
    place = STATIONS[station]

    def height(t: np.ndarray) -> np.ndarray:
        return direction(satellite, place, t)[:, 1]

    t = tai(near) + np.arange(-900, 901, dtype=np.int64) * NS
    inside = np.flatnonzero(height(t) >= MIN_ELEVATION)
    ends = []
    for low, high in ((inside[0], inside[0] - 1), (inside[-1], inside[-1] + 1)):
        up, down = int(t[low]), int(t[high])
        while abs(up - down) > 1000:
            middle = (up + down) // 2
            is_up = height(np.array([middle]))[0] >= MIN_ELEVATION
            up, down = (middle, down) if is_up else (up, middle)
        ends.append(up)
    fine = np.arange(ends[0], ends[1], NS // 20)
    return {
        "id": name, "satellite": satellite, "station": station,
        "start": utc(ends[0]), "stop": utc(ends[1]),
        "max_elevation_deg": rounded(height(fine).max()), "used": False, "downlinked_gbit": 0.0,
    }  # fmt: skip


def send_down(pictures: list[Plan], contacts: list[Plan]) -> None:
    """Each used contact takes what its link carries of the pictures that wait, oldest first."""
    for satellite in OMM:
        queue = [p for p in pictures if p["satellite"] == satellite]
        left = {p["id"]: p["volume_gbit"] for p in queue}
        for k in contacts:
            if not k["used"] or k["satellite"] != satellite:
                continue
            can = DOWNLINK_GBPS * (tai(k["stop"]) - tai(k["start"])) / NS
            for p in queue:
                if left[p["id"]] > 0 and p["stop"] <= k["start"]:
                    part = min(can, left[p["id"]])
                    can, left[p["id"]] = can - part, left[p["id"]] - part
                    k["downlinked_gbit"] += part
                    if left[p["id"]] == 0:
                        p["delivered"], p["contact"] = k["stop"], k["id"]
            k["downlinked_gbit"] = rounded(k["downlinked_gbit"])


def memory_points(satellite: str, pictures: list[Plan], contacts: list[Plan]) -> list[list[Any]]:
    """Pictures and used contacts of this plan do not overlap, so that each adds two points."""
    level, points = 0.0, [[SPAN[0], 0.0]]
    steps = [(p["start"], p["stop"], p["volume_gbit"]) for p in pictures
             if p["satellite"] == satellite]  # fmt: skip
    steps += [(k["start"], k["stop"], -k["downlinked_gbit"]) for k in contacts
              if k["satellite"] == satellite and k["used"]]  # fmt: skip
    for start, stop, change in sorted(steps):
        points += [[start, rounded(level)], [stop, rounded(level + change)]]
        level += change
    return [*points, [SPAN[1], rounded(level)]]


def request(name: str, pictures: list[Plan]) -> Plan:
    lat, lon, _ = PLACES[name]
    point = {"type": "Point", "coordinates": [lon, lat]}
    harbour = {"type": "Polygon", "coordinates": [HARBOUR]}
    ids = [p["id"] for p in pictures if p["request"] == name]
    reason = {"code": "no_pass", "text": "No satellite comes nearer than 41 deg off nadir."}
    stereo = {"min_convergence_deg": 15.0, "max_convergence_deg": 45.0}
    return {
        "name": name, "geometry": harbour if name == "Vladivostok" else point,
        "weight": WEIGHTS[name], "window": {"start": SPAN[0], "stop": SPAN[1]},
        "max_off_nadir_deg": 35.0, "min_sun_elevation_deg": 10.0,
        "max_gsd_m": 1.0 if name == "Sendai" else None, "min_niirs": 5.0 if name == "Sendai" else None,
        "deadline": "2026-05-31T08:00:00.000000Z" if name == "Vladivostok" else None,
        "stereo": stereo if name == "Kanazawa" else None,
        "status": "taken" if ids else "not_taken", "collections": ids, "opportunities": len(ids),
        "reason": None if ids else reason,
    }  # fmt: skip


def add_up(plan: Plan) -> Plan:
    """State a result that fits the pictures."""
    value = rounded(sum(c["value"] for c in plan["collections"]))
    plan["result"] |= {"value": value, "bound": value, "gap": 0.0, "status": "optimal"}
    return plan


def assemble(pictures: list[Plan], contacts: list[Plan]) -> Plan:
    """A whole plan around pictures and contacts, both in the order of time."""
    send_down(pictures, contacts)
    pairs = [p for p in pictures if p["request"] == "Kanazawa"]
    if len(pairs) == 2:
        ways = [position_m(p["satellite"], np.array([tai(p["start"]) + NS]))[0]
                - geodetic_to_itrf_m(PLACES["Kanazawa"][0] * deg, PLACES["Kanazawa"][1] * deg, 30.0)
                for p in pairs]  # fmt: skip
        cosine = ways[0] @ ways[1] / np.linalg.norm(ways[0]) / np.linalg.norm(ways[1])
        for p, other in (pairs, pairs[::-1]):
            convergence = rounded(math.acos(cosine) / deg)
            p["stereo"] = {"partner": other["id"], "convergence_deg": convergence}
    plan: Plan = {
        "schema": "offnadir.plan/1", "offnadir_version": "0.1.0",
        "mission": {"name": "by hand", "sha256": ""},
        "span": {"start": SPAN[0], "stop": SPAN[1]},
        "satellites": [
            {
                "name": name, "norad_id": omm["NORAD_CAT_ID"], "sensor": "made-up",
                "sensor_title": "Made up", "max_off_nadir_deg": 45.0, "memory_gbit": MEMORY_GBIT,
                "downlink_mbps": DOWNLINK_GBPS * 1e3, "data_rate_mbps": DATA_RATE_GBPS * 1e3,
                "agility": {"rate_deg_s": RATE, "acceleration_deg_s2": ACCELERATION,
                            "settling_s": SETTLING},
                "optics": dict(zip(("pitch_um", "focal_length_m", "fov_deg"), OPTICS[name],
                                   strict=True)),
                "elements": dict(omm), "elements_age_days": 0.9, "expected_error_s": 0.1,
            }
            for name, omm in OMM.items()
        ],
        "stations": [
            {"name": name, "lat_deg": lat, "lon_deg": lon, "alt_m": alt,
             "min_elevation_deg": MIN_ELEVATION, "mask": [], "antennas": 1}
            for name, (lat, lon, alt) in STATIONS.items()
        ],
        "requests": [request(name, pictures) for name in PLACES],
        "collections": pictures,
        "contacts": contacts,
        "memory": [
            {"satellite": name, "capacity_gbit": MEMORY_GBIT,
             "points": memory_points(name, pictures, contacts)}
            for name in OMM
        ],
        "result": {"seed": 1, "time_limit_s": 20.0, "candidates": 9, "solver": "by hand"},
        "check": None, "warnings": [], "counts": {},
    }  # fmt: skip
    return add_up(plan)


@cache
def hand_parts() -> tuple[list[Plan], list[Plan]]:
    """One pass of KOMPSAT-3A over Japan (a picture, a stereo pair, a harbour), one of Pleiades."""
    osaka_ns = closest_ns("KOMPSAT-3A", "Osaka", "2026-05-31T07:24:22Z")
    pair_ns = closest_ns("KOMPSAT-3A", "Kanazawa", "2026-05-31T07:24:52Z")
    forward_ns, back_ns = pair_ns - 21 * NS, pair_ns + 19 * NS
    # The first picture is moved until there are 0.3 s more than it takes to turn to the second.
    for _ in range(30):
        turn = turn_s(
            look("KOMPSAT-3A", PLACES["Osaka"], osaka_ns + 2 * NS).los_orbit,
            look("KOMPSAT-3A", PLACES["Kanazawa"], forward_ns).los_orbit,
        )
        osaka_ns = forward_ns - 2 * NS - round((turn + 0.3) * 1e6) * 1000
    harbour_ns = closest_ns("KOMPSAT-3A", "Vladivostok", "2026-05-31T07:26:30Z")
    sendai_ns = closest_ns("PLEIADES 1A", "Sendai", "2026-05-31T01:25:00Z")
    pictures = [
        picture("C0001", "Sendai", "PLEIADES 1A", sendai_ns),
        picture("C0002", "Osaka", "KOMPSAT-3A", osaka_ns),
        picture("C0003", "Kanazawa", "KOMPSAT-3A", forward_ns),
        picture("C0004", "Kanazawa", "KOMPSAT-3A", back_ns),
        picture("C0005", "Vladivostok", "KOMPSAT-3A", harbour_ns),
    ]
    contacts = [
        contact("K001", "PLEIADES 1A", "Yakutsk", "2026-05-31T01:18:00Z"),
        contact("K002", "KOMPSAT-3A", "Yakutsk", "2026-05-31T07:30:00Z"),
        contact("K003", "KOMPSAT-3A", "Tromso", "2026-05-31T07:38:00Z"),
    ]
    contacts[1]["used"] = contacts[2]["used"] = True
    return pictures, contacts


def hand_plan() -> Plan:
    """The plan that keeps every rule; a copy that may be changed."""
    return assemble(*copy.deepcopy(hand_parts()))


def violations(plan: Plan) -> dict[str, tuple[str, ...]]:
    result = check_plan(plan)
    broken = {rule.id: rule.violations for rule in result.rules if rule.violations}
    assert result.passed == (not broken)
    return broken


def only(plan: Plan, rule: str, *texts: str) -> None:
    """Exactly this rule is broken, and each text stands in one of its sentences."""
    broken = violations(plan)
    assert set(broken) == {rule}, broken
    for text in texts:
        assert any(text in sentence for sentence in broken[rule]), broken[rule]


def of(plan: Plan, name: str) -> Plan:
    """A satellite, station, request, collection or contact by its name or id."""
    kinds = ("satellites", "stations", "requests", "collections", "contacts")
    items = [item for kind in kinds for item in plan[kind]]
    return next(item for item in items if name in (item.get("name"), item.get("id")))


def later(text: str, seconds: float) -> str:
    return (Epoch.from_utc(text) + seconds).utc()


def put(*path: Any) -> Callable[[Plan], None]:
    """Change the value at a path (the last item is the new value)."""

    def change(plan: Plan) -> None:
        *steps, last, value = path
        inner: Any = plan
        for step in steps:
            inner = inner[step]
        inner[last] = value

    return change


def every_key(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of everything inside a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    paths = []
    for key, item in inner:
        paths.append((*path, key))
        if isinstance(item, (dict, list, tuple)):
            paths += every_key(item, (*path, key))
    return paths


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([SPAN[0], "2026-05-31T07:30:00Z", "KOMPSAT-3A", "C0003", "K002", 10**400, []]),
    st.lists(st.floats(-400, 400), max_size=4),
    st.dictionaries(st.sampled_from(["type", "coordinates", "start"]), st.none(), max_size=2),
)


def damage(plan: Plan, data: st.DataObject) -> None:
    """Delete or replace a few things anywhere in a document."""
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(every_key(plan)))
        inner: Any = plan
        for step in path[:-1]:
            inner = inner[step]
        if data.draw(st.booleans()) and isinstance(inner, (dict, list)):
            del inner[path[-1]]
        elif not isinstance(inner, tuple):
            inner[path[-1]] = data.draw(JUNK)


def rich_plan() -> Plan:
    """A plan that says everything that a plan may, and keeps every rule."""
    plan = hand_plan()
    osaka, harbour = of(plan, "C0002"), of(plan, "C0005")
    of(plan, "KOMPSAT-3A").update(
        slew={
            "law": "per_axis", "rate_deg_s": [3.5, 4.0], "acceleration_deg_s2": [2.0, 2.0],
            "settling_s": 1.0,
        },
        max_pictures_per_orbit=4, imaging_s_per_orbit=8.0, max_duration_s=2.0,
        duty={"imaging_s": 60.0, "in_s": 5400.0}, compression=2.0, data_rate_mbps=2000.0,
        battery={
            "capacity_wh": 400.0, "initial_wh": 300.0, "max_depth_of_discharge": 0.9, "charge_w": 0.0,
            "idle_w": 10.0, "imaging_w": 200.0, "slew_w": 100.0, "downlink_w": 50.0,
        },
        thermal={
            "heating_k_s": 0.5, "time_constant_s": 600.0, "max_rise_k": 8.0, "initial_rise_k": 0.0,
        },
        blocked=[{"start": SPAN[0], "stop": later(SPAN[0], 600.0), "why": "calibration"}],
        next_uplink=later(SPAN[0], 3600.0), orbit_period_s=5561.0,
    )  # fmt: skip
    of(plan, "PLEIADES 1A").update(
        slew={"law": "table", "table": [[0.0, 5.0], [60.0, 40.0]], "settling_s": 0.0}
    )
    of(plan, "Tromso")["setup_s"] = 5.0
    begin = next(p for p in plan["memory"][0]["points"] if p[0] == of(plan, "K003")["start"])
    begin[0] = later(begin[0], 5.0)
    plan["outages"] = [
        {
            "station": "Yakutsk",
            "satellite": "KOMPSAT-3A",
            "start": of(plan, "K002")["stop"],
            "stop": SPAN[1],
        }
    ]
    plan["choices"] = [{"requests": ["Osaka", "Lima"], "at_most": 1}]
    west, east = ([(a, 43.07), (b, 43.07), (b, 43.13), (a, 43.13), (a, 43.07)]
                  for a, b in ((131.85, 131.90), (131.90, 131.95)))  # fmt: skip
    of(plan, "Vladivostok").update(
        tier=1, after="Osaka", after_within_s=600.0, deadline=None,
        cover={"curve": [[0.0, 0.0], [0.5, 0.7], [1.0, 1.0]], "overlap": 0.05},
        strips=[{"id": "S1", "ring": west, "share": 0.5}, {"id": "S2", "ring": east, "share": 0.5}],
    )  # fmt: skip
    of(plan, "Kanazawa")["stereo"]["views"] = 2
    of(plan, "Osaka").update(
        tier=2, repeat={"count": 2, "min_spacing_s": 3600.0, "max_spacing_s": 90000.0},
        deadline=SPAN[1], max_sun_elevation_deg=89.0, min_incidence_deg=1.0, max_incidence_deg=60.0,
        azimuth_deg=[(osaka["azimuth_deg"] + turn) % 360.0 for turn in (-20.0, 20.0)],
        satellites=[osaka["satellite"]],
    )  # fmt: skip
    of(plan, "Lima")["reason"]["would_need"] = "a satellite that leans out to 41 deg"
    osaka.update(clear_sky=0.5, quality=rounded(NIIRS / 18), value=rounded(3.0 * NIIRS / 18))
    osaka["displaced"] = [{"request": "Lima", "value": 0.5, "text": "No time to turn to both."}]
    harbour.update(strip="S1", coverage=1.0, quality=0.6, value=rounded(4.0 * 0.7 * 0.6))
    plan["thermal"] = [
        {"satellite": "KOMPSAT-3A", "max_rise_k": 8.0, "points": [[SPAN[0], 0.0]]},
    ]
    plan["previous"] = {"sha256": "ab" * 32}
    add_up(plan)
    plan["result"] |= {
        "changes": {"kept": 4, "moved": 0, "dropped": 0, "added": 1},
        "tiers": [{"tier": 1, "value": rounded(plan["result"]["value"] - osaka["value"])},
                  {"tier": 2, "value": osaka["value"]}],
    }  # fmt: skip
    return plan
