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
REASONS = (
    "no_pass", "too_dark", "too_bright", "too_blurred", "too_cloudy", "no_stereo_pair", "late", "outbid",
    "memory_full", "blocked", "uplink", "orbit_limit", "duty", "battery", "thermal", "outage", "choice",
    "order", "repeat", "tier", "below_value",
)  # fmt: skip
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}


def number(low: float | None = None, high: float | None = None, about: str = "") -> Schema:
    bounds = {"minimum": low, "maximum": high, "description": about or None}
    return {"type": "number", **{key: value for key, value in bounds.items() if value is not None}}


def optional(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def thing(about: str = "", more: Schema | None = None, **members: Schema) -> Schema:
    """An object with all of these members; those of `more` may be missing, or null."""
    schema: Schema = {
        "type": "object",
        "properties": members | {key: optional(one) for key, one in (more or {}).items()},
        "additionalProperties": False,
        "required": list(members),
    }
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


def levels(about: str, **members: Schema) -> Schema:
    """A curve: one for each satellite, corners of time and level."""
    point = {"type": "array", "prefixItems": [TIME, NUMBER], "minItems": 2, "maxItems": 2}
    return thing(
        satellite=TEXT, **members, points={"type": "array", "description": about, "items": point}
    )


LAT, LON = number(-90, 90), number(-360, 360)
ONE_OR_TWO = {
    "type": ["number", "array"],
    "items": NUMBER,
    "maxItems": 2,
    "description": "one, or roll and pitch",
}
SLEW = thing(
    "how it turns, if not by `agility`; settling comes on top of each law",
    {
        "rate_deg_s": ONE_OR_TWO,
        "acceleration_deg_s2": ONE_OR_TWO,
        "settling_s": number(0),
        "table": many(many(NUMBER), "pairs of angle in degrees and seconds"),
    },
    law={"enum": ["euler", "per_axis", "table", "function"]},
)
SATELLITE = thing(
    "a satellite with the element set that was used",
    {
        "slew": SLEW,
        "max_pictures_per_orbit": COUNT,
        "imaging_s_per_orbit": number(0),
        "orbit_period_s": number(0, about="mean nodal period; orbits count from the span's start"),
        "max_duration_s": number(0, about="of one picture"),
        "duty": thing(
            "in any stretch of in_s at most imaging_s", imaging_s=number(0), in_s=number(0)
        ),
        "battery": thing(
            "levels in Wh, powers in W",
            {
                "initial_wh": number(0, about="at the span's start; else the capacity"),
                "max_depth_of_discharge": number(0, 1, "else 0.3"),
                "slew_w": number(0, about="while it turns to a picture; else 0"),
                "downlink_w": number(0, about="in used contacts; else 0"),
            },
            capacity_wh=number(0),
            charge_w=number(0, about="in sunlight"),
            idle_w=number(0, about="always"),
            imaging_w=number(0, about="in pictures"),
        ),
        "thermal": thing(
            "dT/dt = heating (while imaging) - T / time constant",
            {"initial_rise_k": number(0, about="at the span's start; else 0")},
            heating_k_s=number(0),
            time_constant_s=number(0),
            max_rise_k=number(0),
        ),
        "compression": number(1, about="bits written = data rate x duration / compression"),
        "blocked": many(
            thing(
                "no picture and no slew; it looks to nadir",
                {"why": {"type": "string"}},
                start=TIME,
                stop=TIME,
            )
        ),
        "next_uplink": TIME,
    },
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
    "a ground station",
    {"setup_s": number(0, about="a contact sends only from its start + setup_s")},
    name=TEXT,
    lat_deg=LAT,
    lon_deg=LON,
    alt_m=NUMBER,
    min_elevation_deg=number(-90, 90),
    mask=many(many(NUMBER), "pairs of azimuth and elevation, degrees"),
    antennas={"type": "integer", "minimum": 1},
)
REQUEST = thing(
    "what was asked for, and what became of it",
    {
        "tier": {"type": "integer", "minimum": 1, "maximum": 3, "description": "1 comes first"},
        "cover": {
            "anyOf": [
                FLAG,
                thing(
                    "an area in strips, each one picture at most",
                    {
                        "curve": many(many(NUMBER), "pairs of covered share and worth"),
                        "overlap": number(0, 1, "of neighbouring swaths"),
                    },
                ),
            ]
        },
        "strips": many(
            thing(
                id=TEXT,
                ring=many(many(NUMBER), "positions, longitude before latitude"),
                share=number(0, 1, "of the area"),
            )
        ),
        "repeat": thing(
            "up to count pictures, the starts of neighbours so far apart",
            {"min_spacing_s": number(0), "max_spacing_s": number(0)},
            count={"type": "integer", "minimum": 1},
        ),
        "after": {**TEXT, "description": "name of the request that comes first"},
        "max_sun_elevation_deg": number(-90, 90),
        "min_incidence_deg": number(0, 90),
        "max_incidence_deg": number(0, 90),
        "azimuth_deg": many(number(0, 360), "from one azimuth clockwise to another"),
        "satellites": many(TEXT, "names of those that may take it"),
        "after_within_s": number(0, about="from the stop of that one to the start of this"),
        "left_out": many(
            thing(
                "a part of a request that is taken, and why it is not",
                {
                    "strip": {**TEXT, "description": "id of the strip"},
                    "pictures": {"type": "integer", "minimum": 1, "description": "how many"},
                    "would_need": {**TEXT, "description": "what would have made it possible"},
                },
                code={"enum": list(REASONS)},
                text=TEXT,
            )
        ),
    },
    name=TEXT,
    geometry=geometry("Point", "Polygon"),
    weight=number(0),
    window=thing(start=TIME, stop=TIME),
    max_off_nadir_deg=number(0, 90),
    min_sun_elevation_deg=number(-90, 90),
    max_gsd_m=optional(number(0)),
    min_niirs=optional(NUMBER),
    deadline=optional(TIME),
    stereo=optional(
        thing(
            "pictures of one pass, all or none",
            {"views": {"enum": [2, 3]}},
            min_convergence_deg=number(0, 180),
            max_convergence_deg=number(0, 180),
        )
    ),
    status={"enum": ["taken", "not_taken"]},
    collections=many(TEXT, "ids of its pictures"),
    opportunities=COUNT,
    reason=optional(
        thing(
            "why it is not taken",
            {"would_need": {**TEXT, "description": "what would have made it possible"}},
            code={"enum": list(REASONS)},
            text=TEXT,
        )
    ),
)
COLLECTION = thing(
    "a picture; angles, range, sharpness and Sun are those of its mid time",
    {
        "strip": {**TEXT, "description": "id of the strip that it covers"},
        "clear_sky": number(0, 1, "chance of a clear sky; else 1"),
        "frozen": {**FLAG, "description": "kept from the plan before, as it was"},
        "displaced": many(
            thing("left out for it", {"text": TEXT}, request=TEXT, value=number(0)),
        ),
    },
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
    coverage=number(0, 1, "share of the polygon, or strip, inside the footprint; 1 for a point"),
    quality=number(0, 1, "clip(niirs / 9, 0.01, 1) * coverage * clear_sky"),
    value=number(0, about="weight * quality; of strips, their part of what the area is worth"),
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
MEMORY = levels("corners of the level: time and gigabits", capacity_gbit=number(0))
BATTERY = levels("corners of the level: time and watt hours", capacity_wh=number(0))
THERMAL = levels("rise at these times: time and kelvin", max_rise_k=number(0))
OUTAGE = thing(
    "a station that hears no satellite, or not this one",
    {"satellite": TEXT},
    station=TEXT,
    start=TIME,
    stop=TIME,
)
CHOICE = thing("of these, at most so many", requests=many(TEXT), at_most=COUNT)
KEPT_OR_NOT = {"type": ["integer", "array"], "items": TEXT, "minimum": 0}
RESULT = thing(
    "what the plan is worth, and how that was found",
    {
        "changes": thing(
            "against the plan before: how many, or which",
            dict.fromkeys(("kept", "moved", "dropped", "added"), KEPT_OR_NOT),
        ),
        "objective": thing(
            "what the search counted where that is not the sum of values: tiers, price on change, strips",
            value=number(0),
            bound=number(0),
            gap=number(0),
        ),
        "tiers": many(
            thing(
                "what the pictures of each tier are worth",
                {"bound": number(0)},
                tier={"type": "integer", "minimum": 1, "maximum": 3},
                value=number(0),
            )
        ),
    },
    value=number(0, about="sum of the pictures' values"),
    bound=optional(
        number(0, about="no plan on the same grid of start times is worth more; null if not known")
    ),
    gap=optional(number(0, about="(bound - value) / bound")),
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
    rules=many(
        thing(
            "what became of one rule",
            {"unchecked": many(TEXT, "what could not be looked at, and why")},
            id=TEXT,
            title=TEXT,
            checked=COUNT,
            violations=many(TEXT),
        )
    ),
)
PLAN = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:offnadir:plan:1",
    "title": "A collection plan of offnadir",
    **thing(
        "",
        {
            "outages": many(OUTAGE),
            "choices": many(CHOICE),
            "battery": many(BATTERY),
            "thermal": many(THERMAL),
            "previous": thing("the plan before, if this one mends it", sha256={"type": "string"}),
        },
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
