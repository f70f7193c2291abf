"""Write src/offnadir/data/plan-1.schema.json, the JSON Schema of plan.json (draft 2020-12)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
TIME: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
    "description": "UTC, ISO 8601 with microseconds",
}
TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}


def number(low: float | None = None, high: float | None = None, about: str = "") -> Schema:
    bounds = {"minimum": low, "maximum": high, "description": about or None}
    return {"type": "number", **{key: value for key, value in bounds.items() if value is not None}}


def optional(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def thing(about: str = "", needs_all: bool = True, **members: Schema) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": members,
        "additionalProperties": False,
    }
    if needs_all:
        schema["required"] = list(members)
    return {"description": about, **schema} if about else schema


def many(items: Schema, about: str = "") -> Schema:
    return {"type": "array", "items": items, **({"description": about} if about else {})}


def geometry(*kinds: str) -> Schema:
    return {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {"type": {"enum": list(kinds)}, "coordinates": {"type": "array"}},
        "description": "GeoJSON geometry, longitude before latitude, degrees",
    }


LAT, LON = number(-90, 90), number(-360, 360)
SATELLITE = thing(
    "a satellite with the element set that was used",
    name=TEXT,
    norad_id=COUNT,
    sensor=TEXT,
    sensor_title=TEXT,
    max_off_nadir_deg=number(0, 90),
    memory_gbit=number(0),
    downlink_mbps=number(0),
    data_rate_mbps=number(0, about="written to memory while a picture is taken"),
    agility=thing(rate_deg_s=number(0), acceleration_deg_s2=number(0), settling_s=number(0)),
    optics=thing(pitch_um=number(0), focal_length_m=number(0), fov_deg=number(0, 180)),
    elements={"type": "object", "description": "OMM keywords, as CelesTrak writes them in JSON"},
    elements_age_days=number(0, about="greatest distance of the span's ends from the epoch"),
    expected_error_s=number(0, about="expected error of times at that age, 68 %"),
)
STATION = thing(
    name=TEXT,
    lat_deg=LAT,
    lon_deg=LON,
    alt_m=NUMBER,
    min_elevation_deg=number(-90, 90),
    mask=many(many(NUMBER), "pairs of azimuth and elevation, degrees"),
    antennas={"type": "integer", "minimum": 1},
)
REQUEST = thing(
    name=TEXT,
    geometry=geometry("Point", "Polygon"),
    weight=number(0),
    window=thing(start=TIME, stop=TIME),
    max_off_nadir_deg=number(0, 90),
    min_sun_elevation_deg=number(-90, 90),
    max_gsd_m=optional(number(0)),
    min_niirs=optional(NUMBER),
    deadline=optional(TIME),
    stereo=optional(thing(min_convergence_deg=number(0, 180), max_convergence_deg=number(0, 180))),
    status={"enum": ["taken", "not_taken"]},
    collections=many(TEXT, "ids of its pictures"),
    opportunities=COUNT,
    reason=optional(
        thing(
            "why it is not taken",
            code={
                "enum": ["no_pass", "too_dark", "too_blurred", "no_stereo_pair", "late", "outbid"]
            },
            text=TEXT,
        )
    ),
)
COLLECTION = thing(
    "a picture; angles, range, sharpness and Sun are those of its mid time",
    id=TEXT,
    request=TEXT,
    satellite=TEXT,
    norad_id=COUNT,
    start=TIME,
    stop=TIME,
    duration_s=number(0),
    aim=thing(lat_deg=LAT, lon_deg=LON, alt_m=NUMBER),
    off_nadir_deg=number(0, 90, "at the satellite, from geodetic nadir"),
    roll_deg=number(-180, 180, "positive: to the right of flight"),
    pitch_deg=number(-90, 90, "positive: ahead"),
    azimuth_deg=number(0, 360, "from the place to the satellite"),
    range_km=number(0),
    elevation_deg=number(-90, 90, "of the satellite at the place"),
    sun_elevation_deg=number(-90, 90),
    sun_azimuth_deg=number(0, 360),
    gsd_along_m=number(0),
    gsd_across_m=number(0),
    niirs=NUMBER,
    coverage=number(0, 1, "share of the polygon inside the footprint; 1 for a point"),
    quality=number(0, 1, "clip(niirs / 9, 0.01, 1) * coverage"),
    value=number(0, about="weight * quality"),
    volume_gbit=number(0),
    footprint=geometry("Polygon"),
    stereo=optional(thing(partner=TEXT, convergence_deg=number(0, 180))),
    delivered=optional(TIME),
    contact=optional(TEXT),
)
CONTACT = thing(
    id=TEXT,
    satellite=TEXT,
    station=TEXT,
    start=TIME,
    stop=TIME,
    max_elevation_deg=number(-90, 90),
    used=FLAG,
    downlinked_gbit=number(0),
)
MEMORY = thing(
    satellite=TEXT,
    capacity_gbit=number(0),
    points={
        "type": "array",
        "description": "corners of the level: time and gigabits",
        "items": {
            "type": "array",
            "prefixItems": [TIME, NUMBER],
            "minItems": 2,
            "maxItems": 2,
        },
    },
)
RESULT = thing(
    value=number(0, about="sum of the pictures' values"),
    bound=number(0, about="no plan on the same grid of start times is worth more"),
    gap=number(0, about="(bound - value) / bound"),
    status={"enum": ["optimal", "feasible", "nothing_to_take"]},
    seed={"type": "integer"},
    time_limit_s=number(0),
    start_step_s=number(0, about="step of the grid of start times"),
    candidates=COUNT,
    opportunities=COUNT,
    solver=TEXT,
)
CHECK = thing(
    "verdict of the independent checker",
    passed=FLAG,
    rules=many(thing(id=TEXT, title=TEXT, checked=COUNT, violations=many(TEXT))),
)
PLAN = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:offnadir:plan:1",
    "title": "A collection plan of offnadir",
    **thing(
        schema={"const": "offnadir.plan/1"},
        offnadir_version=TEXT,
        mission=thing(name=TEXT, sha256={"type": "string"}),
        span=thing(start=TIME, stop=TIME),
        satellites=many(SATELLITE),
        stations=many(STATION),
        requests=many(REQUEST),
        collections=many(COLLECTION, "ordered by start"),
        contacts=many(CONTACT, "all contacts, used or not, ordered by start"),
        memory=many(MEMORY),
        result=RESULT,
        check=CHECK,
        warnings=many(TEXT),
    ),
}


def main() -> None:
    path = Path(__file__).parents[1] / "src/offnadir/data/plan-1.schema.json"
    path.write_text(json.dumps(PLAN, indent=1) + "\n")


if __name__ == "__main__":
    main()
