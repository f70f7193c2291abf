"""What kind of column holds values of JSON: found from all of them, and what fits none is JSON text.

A shape is {"kind": ..., "fields": {...} or "each": shape}. Kinds are none (only nulls), bool, int, float,
text, time, list, struct and json.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

Shape = dict[str, Any]
#: Members of one struct; with more, or with none, it is JSON.
_MOST_FIELDS: Final = 100
_TIMES: Final = (
    "datetime", "start_datetime", "end_datetime", "created", "updated", "published", "expires", "unpublished",
)  # fmt: skip
_TIME: Final = re.compile(
    r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,6}0*)?Z"
)


def shape_of(row: Mapping[str, Any]) -> Shape:
    """Shapes of a row's columns by their names."""
    return {
        name: {"kind": "time"} if name in _TIMES and _is_time(value) else _shape(value)
        for name, value in row.items()
    }


def merged(first: Shape, second: Shape) -> Shape:
    """Columns that hold the rows of both."""
    if not first:
        return second
    made = dict(first)
    for name, shape in second.items():
        made[name] = _both(made[name], shape) if name in made else shape
    return made


def arrow_type(shape: Shape) -> Any:
    """The Arrow type of a shape."""
    import pyarrow as pa

    kind = shape["kind"]
    if kind == "struct":
        return pa.struct([(name, arrow_type(one)) for name, one in sorted(shape["fields"].items())])
    if kind == "list":
        return pa.list_(arrow_type(shape["each"]))
    return {
        "bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "time": pa.timestamp("us", tz="UTC"),
    }.get(kind, pa.string())  # fmt: skip


def encoded(value: Any, shape: Shape) -> Any:
    """A value as its column takes it."""
    if value is None:
        return None
    kind = shape["kind"]
    if kind == "json":
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if kind == "time":
        return datetime.fromisoformat(_six_digits(value)).replace(tzinfo=UTC)
    if kind == "float":
        return float(value)
    if kind == "list":
        return [encoded(one, shape["each"]) for one in value]
    if kind == "struct":
        return {name: encoded(value.get(name), one) for name, one in shape["fields"].items()}
    return value


def json_paths(columns: Shape) -> dict[str, Any]:
    """Where JSON text is: for each column True, or the same of its members ("*" of a list)."""
    made = {}
    for name, shape in columns.items():
        paths = _paths(shape)
        if paths:
            made[name] = paths
    return made


def decoded(value: Any, paths: Any) -> Any:
    """A value with its JSON text read; text that is none stays text."""
    if value is None or not paths:
        return value
    if paths is True:
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            return value
    if isinstance(value, list):
        return [decoded(one, paths.get("*")) for one in value]
    if isinstance(value, dict):
        return {name: decoded(one, paths.get(name)) for name, one in value.items()}
    return value


def _paths(shape: Shape) -> Any:
    if shape["kind"] == "json":
        return True
    if shape["kind"] == "list":
        inner = _paths(shape["each"])
        return {"*": inner} if inner else None
    if shape["kind"] == "struct":
        return json_paths(shape["fields"]) or None
    return None


def _shape(value: Any) -> Shape:
    if value is None:
        return {"kind": "none"}
    if isinstance(value, bool):
        return {"kind": "bool"}
    if isinstance(value, int):
        return {"kind": "int" if -(2**63) <= value < 2**63 else "json"}
    if isinstance(value, float):
        return {"kind": "float"}
    if isinstance(value, str):
        return {"kind": "text"}
    if isinstance(value, Mapping):
        if not 1 <= len(value) <= _MOST_FIELDS:
            return {"kind": "json"}
        return {"kind": "struct", "fields": {name: _shape(one) for name, one in value.items()}}
    each: Shape = {"kind": "none"}
    for one in value:
        each = _both(each, _shape(one))
    if any(one is None for one in value):
        return {"kind": "json"}
    return {"kind": "list", "each": each}


def _both(first: Shape, second: Shape) -> Shape:
    """A shape that holds what either holds."""
    kinds = {first["kind"], second["kind"]}
    if kinds == {"struct"}:
        fields = merged(first["fields"], second["fields"])
        return (
            {"kind": "json"} if len(fields) > _MOST_FIELDS else {"kind": "struct", "fields": fields}
        )
    if kinds == {"list"}:
        return {"kind": "list", "each": _both(first["each"], second["each"])}
    if len(kinds) == 1:
        return first
    if "none" in kinds:
        return second if first["kind"] == "none" else first
    return {"kind": "float"} if kinds == {"int", "float"} else {"kind": "json"}


def _is_time(value: Any) -> bool:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(_six_digits(value))
    except ValueError:
        return False
    return True


def _six_digits(text: str) -> str:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return f"{whole}.{fraction[:6].ljust(6, '0')}"
