"""What may be sent, as far as JSON Schema can say it; what it cannot say is told by a 422."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from offnadir.service._order_parameters import PARAMETERS, PREFIX

#: Days that there are, but for the 29th of February, in years that we know.
_DAY: Final = (
    "(19|20|21)[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|[12][0-9]))"
)
_HOUR: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
#: A time of RFC 3339 with its zone.
TIME: Final = rf"{_DAY}[Tt]{_HOUR}:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]{_HOUR})"
_POSITION: Final = {
    "type": "array",
    "minItems": 2,
    "maxItems": 3,
    "prefixItems": [
        {"type": "number", "minimum": -180, "maximum": 180},
        {"type": "number", "minimum": -90, "maximum": 90},
        {"type": "number"},
    ],
    "items": {"type": "number"},
}


def _shape(kind: str, coordinates: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {"type": {"const": kind}, "coordinates": coordinates},
    }


GEOMETRY: Final = {
    "title": "Geometry",
    "description": "GeoJSON in WGS 84: longitude first, degrees.",
    "oneOf": [
        _shape("Point", _POSITION),
        _shape(
            "LineString", {"type": "array", "minItems": 2, "maxItems": 10_000, "items": _POSITION}
        ),
        _shape(
            "Polygon",
            {
                "type": "array",
                "minItems": 1,
                "items": {"type": "array", "minItems": 4, "maxItems": 10_000, "items": _POSITION},
            },
        ),
    ],
    "examples": [{"type": "Point", "coordinates": [126.63, 37.45]}],
}
#: What an archive may be searched for.
GEOMETRY_OF_ANY_KIND: Final = {
    "title": "Geometry",
    "description": "GeoJSON in WGS 84: longitude first, degrees; of any kind.",
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {
            "enum": [
                "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon",
                "GeometryCollection",
            ],
        },
        "coordinates": {"type": "array"},
        "geometries": {"type": "array"},
    },
}  # fmt: skip
INTERVAL: Final = {
    "title": "Datetime",
    "description": "`start/end` in RFC 3339; one end may be `..`, that is open.",
    "type": "string",
    "pattern": rf"^{TIME}/({TIME}|\.\.)$|^\.\./{TIME}$",
    "examples": ["2026-06-01T00:00:00Z/2026-06-08T00:00:00Z", "2026-06-01T00:00:00Z/.."],
}
FILTER: Final = {
    "title": "Filter",
    "description": "CQL2 JSON over the product's queryables.",
    "type": "object",
    "required": ["op", "args"],
    "properties": {"op": {"type": "string"}, "args": {"type": "array", "minItems": 1}},
    "examples": [{"op": "<=", "args": [{"property": "view:off_nadir"}, 30]}],
}
PARAMETERS_SCHEMA: Final = {
    "title": "OrderParameters",
    "type": "object",
    "additionalProperties": False,
    "properties": {PREFIX + name: schema for name, schema in PARAMETERS.items()},
    "examples": [{"offnadir:title": "Port of Incheon", "offnadir:priority": 1}],
}


def _object(value: object) -> object:
    """What is no object is wrong in form; what is in it is looked at by who reads it."""
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    return value


def _interval(value: object) -> object:
    if isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(one, str) for one in value)
    ):
        return value
    raise ValueError("must be a text such as 2026-06-01T00:00:00Z/2026-06-08T00:00:00Z")


Geometry = Annotated[Any, BeforeValidator(_object), WithJsonSchema(GEOMETRY)]
Interval = Annotated[Any, BeforeValidator(_interval), WithJsonSchema(INTERVAL)]
Filter = Annotated[Any, BeforeValidator(_object), WithJsonSchema(FILTER)]
Parameters = Annotated[Any, BeforeValidator(_object), WithJsonSchema(PARAMETERS_SCHEMA)]


def whole(value: object) -> object:
    """To JSON Schema 10.0 is a whole number, and "10" and true are none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str | bool):
        raise ValueError("must be a whole number")
    return value
