"""Write src/offnadir/data/policy-1.schema.json, the JSON Schema (draft 2020-12) of packs of restrictions.

Made from the tables that the reader checks files by, so that both say the same. TOML's dates are texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from offnadir.tasking import _policy_keys as keys
from offnadir.tasking._policy_keys import Key

Schema = dict[str, Any]
TARGET = Path(__file__).parents[1] / "src/offnadir/data/policy-1.schema.json"
CODE = r"^([A-Z]{2}|@.+)$"
PARTY = r"^([A-Z]{2}|NATO|EU|UN|@.+)$"
DAY = r"^\d{4}-\d\d-\d\d$"
TIME = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?)?$"
BOX: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}


def text(pattern: str = "") -> Schema:
    return {"type": "string", "pattern": pattern} if pattern else {"type": "string", "minLength": 1}


def many(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def of_key(key: Key) -> Schema:
    """The schema of what a key may hold."""
    words: Schema = {"enum": list(key.words)}
    sorts: dict[str, Schema] = {
        "text": text(),
        "texts": many(text()),
        "slug": text(r"^[a-z0-9]+(-[a-z0-9]+)*$"),
        "word": words,
        "words": many(words),
        "flag": {"type": "boolean"},
        "number": {
            "type": "number",
            **({} if key.low is None else {"minimum": key.low}),
            **({} if key.high is None else {"maximum": key.high}),
        },
        "duration": text(r"^(indefinite|\s*\d+(\.\d+)?\s*(s|min|h|d)\s*)$"),
        "date": text(DAY),
        "time": text(TIME),
        "code": text(r"^[A-Z]{2}$"),
        "codes": many(text(CODE)),
        "parties": many(text(PARTY)),
        "box": BOX,
        "boxes": many(BOX),
        "circles": many({"$ref": "#/$defs/circle"}),
        "where": {"$ref": "#/$defs/where"},
    }
    return {**sorts[key.sort], "description": key.about}


def table(known: Mapping[str, Key]) -> Schema:
    """The schema of a table with these keys and no others."""
    return {
        "type": "object",
        "properties": {name: of_key(key) for name, key in known.items()},
        "required": [name for name, key in known.items() if key.needed],
        "additionalProperties": False,
    }


def only_for(effect: str, key: str) -> Schema:
    """A key that is given with one effect, and with no other."""
    return {
        "if": {"properties": {"effect": {"const": effect}}},
        "then": {"required": [key]},
        "else": {"not": {"required": [key]}},
    }


def schema() -> Schema:
    """The whole schema."""
    rule = {**table(keys.RULE), "allOf": [only_for("degrade", "to_m"), only_for("delay", "delay")]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "offnadir policy pack, format 1",
        "description": "Restrictions on pictures from space; docs/guide/restrictions.md",
        "type": "object",
        "properties": {
            "pack": table(keys.HEADER),
            "operator": {"type": "array", "items": table(keys.OPERATOR)},
            "lists": {"type": "object", "additionalProperties": table(keys.LIST)},
            "areas": {"type": "object", "additionalProperties": {"$ref": "#/$defs/where"}},
            "conditions": {
                "type": "object",
                "additionalProperties": {
                    "type": "array",
                    "minItems": 1,
                    "items": table(keys.TIMELESS),
                },
            },
            "rule": {"type": "array", "items": rule},
        },
        "required": ["pack"],
        "additionalProperties": False,
        "$defs": {"where": table(keys.WHERE), "circle": table(keys.CIRCLE)},
    }


def main() -> None:
    TARGET.write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
