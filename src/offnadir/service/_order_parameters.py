"""What an order may say beyond STAPI's search: parameters under our own prefix, and their JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from offnadir.errors import InputError
from offnadir.service._rrule import read_rrule, rrule_of
from offnadir.tasking import Order
from offnadir.tasking._parties import KINDS, SECTORS

PREFIX: Final = "offnadir:"
_NAMED: Final = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 300},
        "kind": {"type": "string", "enum": list(KINDS)},
        "country": {"type": "string", "pattern": "^[A-Z]{2}$", "description": "ISO 3166-1, such as KR"},
        "sector": {"type": "string", "enum": list(SECTORS)},
        "aliases": {"type": "array", "maxItems": 100, "items": {"type": "string"}},
        "birth_dates": {"type": "array", "maxItems": 100, "items": {"type": "string"}},
        "places": {"type": "array", "maxItems": 100, "items": {"type": "string"}},
        "nationalities": {"type": "array", "maxItems": 100, "items": {"type": "string"}},
        "ident": {"type": "array", "maxItems": 100, "items": {"type": "string"}},
    },
}  # fmt: skip
_TEXT: Final = {"type": "string", "maxLength": 300}
#: JSON Schema of each parameter, without its prefix.
PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "title": {**_TEXT, "description": "What the order is called in lists and messages."},
    "priority": {
        "type": "integer", "minimum": 1, "maximum": 3, "default": 2, "description": "1 goes first."
    },
    "deadline": {
        "type": "string", "format": "date-time",
        "description": "When the picture must have come down; the order expires then.",
    },
    "recurrence": {
        "type": "string", "examples": ["FREQ=DAILY;INTERVAL=2;COUNT=10"],
        "description": "How often: an RRULE of FREQ=DAILY or WEEKLY, INTERVAL and COUNT.",
    },
    "source": {
        "type": "string", "enum": ["either", "archive", "new"], "default": "either",
        "description": "Whether a picture of the archive will do.",
    },
    "level": {
        "type": "string", "enum": ["ortho", "basic"], "default": "ortho",
        "description": "A map product, or the picture as it was taken.",
    },
    "release": {
        "type": "string", "enum": ["private", "public"], "default": "private",
        "description": "Who may find the picture in the archive once it was delivered.",
    },
    "webhook": {
        "type": "string", "format": "uri", "maxLength": 2000,
        "description": "Where each delivery and the end of the order are posted.",
    },
    "end_user": {**_NAMED, "description": "Who will use the picture; screened."},
    "beneficiaries": {
        "type": "array", "maxItems": 100, "items": _NAMED,
        "description": "Whom else it serves; each is screened.",
    },
    "purpose": {**_TEXT, "description": "What it is for."},
    "notes": {"type": "string", "maxLength": 10000},
}  # fmt: skip


def parameters_schema(product: str) -> dict[str, Any]:
    """The JSON Schema of a product's order parameters."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Order parameters of {product}",
        "type": "object",
        "additionalProperties": False,
        "properties": {PREFIX + name: schema for name, schema in PARAMETERS.items()},
    }


def order_part(parameters: object, wrong: list[InputError]) -> dict[str, Any]:
    """The part of an order's document that its parameters say; values are checked by who reads the order.

    What is wrong already is put to `wrong`: parameters that there are not, rules that are none.
    """
    if not isinstance(parameters, Mapping):
        wrong.append(InputError("order_parameters", parameters, "an object"))
        return {}
    found: dict[str, Any] = {}
    for key, value in parameters.items():
        name = str(key).removeprefix(PREFIX)
        if not str(key).startswith(PREFIX) or name not in PARAMETERS:
            known = ", ".join(PREFIX + one for one in PARAMETERS)
            wrong.append(InputError(f"order_parameters.{key}", value, f"one of {known}"))
            continue
        if value is None:
            continue
        if PARAMETERS[name].get("type") == "integer" and isinstance(value, float):
            value = int(value) if value.is_integer() else value
        if name == "recurrence":
            try:
                value = read_rrule(value, field=f"order_parameters.{key}")
            except InputError as error:
                wrong.append(error)
                continue
        if name == "webhook":
            found["delivery"] = {"webhook": value}
        else:
            found[name] = value
    return found


def cleared_part(parameters: object) -> list[str]:
    """Keys of an order's document that parameters which are null take away (RFC 7396)."""
    if not isinstance(parameters, Mapping):
        return []
    names = (str(key).removeprefix(PREFIX) for key, value in parameters.items() if value is None)
    return ["delivery" if name == "webhook" else name for name in names]


def parameters_of(order: Order) -> dict[str, Any]:
    """The parameters of an order: what differs from the usual."""
    document = order.document()
    usual = {"source": "either", "level": "ortho", "priority": 2}
    told: dict[str, Any] = {}
    for name in PARAMETERS:
        if name in document and document[name] != usual.get(name):
            told[PREFIX + name] = document[name]
    if order.every_days is not None:
        told[PREFIX + "recurrence"] = rrule_of(order.every_days, order.count)
    if "webhook" in order.delivery:
        told[PREFIX + "webhook"] = order.delivery["webhook"]
    return told
