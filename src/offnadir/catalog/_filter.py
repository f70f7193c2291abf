"""A filter in CQL2 JSON, read and checked: a tree of conditions that SQL can be made of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import shapely

from offnadir.catalog._place import box_of, place_of
from offnadir.epoch import Epoch
from offnadir.errors import MISSING, InputError
from offnadir.units import day

Kind = Literal["text", "number", "time", "place"]
#: The column of what no column has: it is looked for in the item itself, one by one.
DOCUMENT: Final = "document"
#: What a filter may ask about: the STAC property, the column, and what it holds.
PROPERTIES: Final[Mapping[str, tuple[str, Kind]]] = {
    "id": ("id", "text"),
    "collection": ("collection", "text"),
    "geometry": ("geometry", "place"),
    "datetime": ("start_tai_ns", "time"),
    "platform": ("platform", "text"),
    "gsd": ("gsd_m", "number"),
    "eo:cloud_cover": ("cloud_percent", "number"),
    "view:off_nadir": ("off_nadir_deg", "number"),
    "view:incidence_angle": ("incidence_deg", "number"),
    "view:azimuth": ("azimuth_deg", "number"),
    "view:sun_elevation": ("sun_elevation_deg", "number"),
    "processing:level": ("level", "text"),
    "offnadir:niirs": ("niirs", "number"),
    "mission": (DOCUMENT, "text"),
    "constellation": (DOCUMENT, "text"),
}
#: Turned about: what `5 < gsd` says of gsd.
_TURNED: Final = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TIME_OPS: Final = {"t_intersects": "t_intersects", "anyinteracts": "t_intersects",
                    "t_before": "t_before", "t_after": "t_after"}  # fmt: skip
OPERATORS: Final = (
    "and", "or", "not", *_TURNED, "between", "in", "like", "isNull", "s_intersects", *_TIME_OPS,
)  # fmt: skip
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: More makes SQLite's parser stop, or a search dear.
_MOST_DEPTH: Final = 32
_MOST_NODES: Final = 400
_MOST_VALUES: Final = 1_000
_MOST_TEXT: Final = 1_024
_MOST_PATTERN: Final = 256
_MOST_VERTICES: Final = 10_000
_MOST_NUMBER: Final = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """All of these, or one of these; nothing in it is true of every item, or of none."""

    word: Literal["and", "or"]
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Negated:
    """Not this."""

    part: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A property against values: one for a comparison, two of between, many of in, none of isNull.

    With `folded` capital letters A to Z are small ones.
    """

    name: str
    op: str
    values: tuple[Any, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When an item was taken, against the time from `start` to `stop`; None is without end."""

    op: str
    start: Epoch | None
    stop: Epoch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touches:
    """The footprint touches a place."""

    place: Any


Node = Joined | Negated | Compared | When | Touches


def read_filter(document: Any) -> Node:
    """The tree of a filter; InputError names what is not known in it, and what there is."""
    try:
        return _Reader().node(document, 0)
    except RecursionError:  # of what is shown of a value
        raise InputError("filter", MISSING, f"at most {_MOST_DEPTH} deep") from None


class _Reader:
    """One document; counts how much there is in it."""

    def __init__(self) -> None:
        self.nodes = self.vertices = 0

    def node(self, told: Any, depth: int) -> Node:
        self.nodes += 1
        if depth > _MOST_DEPTH or self.nodes > _MOST_NODES:
            wish = f"at most {_MOST_NODES} conditions, {_MOST_DEPTH} deep"
            raise InputError("filter", MISSING, wish)
        if isinstance(told, bool):
            return Joined(word="and" if told else "or", parts=())
        if not isinstance(told, Mapping) or "op" not in told:
            raise InputError("filter", told, 'an object with "op" and "args", as CQL2 JSON has it')
        op, args = told["op"], told.get("args")
        if not isinstance(op, str) or op not in OPERATORS:
            raise InputError("filter.op", op, "one of " + ", ".join(OPERATORS))
        if not isinstance(args, Sequence) or isinstance(args, str):
            raise InputError(f"filter.{op}.args", args, "a list")
        if op in ("and", "or"):
            if len(args) < 2:
                raise InputError(f"filter.{op}.args", list(args), "two or more conditions")
            parts = tuple(self.node(one, depth + 1) for one in args)
            return Joined(word="and" if op == "and" else "or", parts=parts)
        args = _counted(op, args)
        if op == "not":
            return Negated(part=self.node(args[0], depth + 1))
        if op == "s_intersects":
            return self._touches(args)
        if op in _TIME_OPS:
            return _when(_TIME_OPS[op], args)
        return self._compared(op, args)

    def _touches(self, args: Sequence[Any]) -> Touches:
        told = args[1] if _is_property(args[0]) else args[0]
        named = args[0] if _is_property(args[0]) else args[1]
        _of_kind("s_intersects", _property(named), "place")
        if isinstance(told, Mapping) and "bbox" in told:
            box = told["bbox"]
            if not isinstance(box, Sequence) or isinstance(box, str):
                raise InputError("filter.bbox", box, "four numbers, or six with heights")
            return Touches(place=box_of(box, field="filter.bbox"))
        place = place_of(told, field="filter.geometry")
        self.vertices += int(shapely.get_num_coordinates(place))
        if self.vertices > _MOST_VERTICES:
            raise InputError("filter.geometry", MISSING, f"of at most {_MOST_VERTICES} vertices")
        return Touches(place=place)

    def _compared(self, op: str, args: Sequence[Any]) -> Compared:
        first, others = args[0], list(args[1:])
        if op in _TURNED and not _is_property(_bare(first)) and _is_property(_bare(others[0])):
            first, others, op = others[0], [first], _TURNED[op]
        name, folded = _property(_bare(first)), _is_folded(first)
        kind = PROPERTIES[name][1]
        if op == "isNull":
            return Compared(name=name, op=op, values=())
        if op == "in":
            (others,) = others
            if not isinstance(others, list) or not 1 <= len(others) <= _MOST_VALUES:
                wish = f"a list of 1 to {_MOST_VALUES} values"
                raise InputError(f"filter.{name}", MISSING, wish)
        if folded:
            _of_kind("casei", name, "text")
        if op == "like":
            _of_kind(op, name, "text")
        if kind == "place":
            raise InputError(f"filter.{op}", name, "s_intersects, for a geometry")
        values = tuple(_value(name, kind, one) for one in others)
        if op == "like" and len(values[0]) > _MOST_PATTERN:
            wish = f"a pattern of at most {_MOST_PATTERN} characters"
            raise InputError(f"filter.{name}", MISSING, wish)
        return Compared(name=name, op=op, values=values, folded=folded)


def _counted(op: str, args: Sequence[Any]) -> Sequence[Any]:
    """As many as an operator takes."""
    if op == "between" and len(args) == 2 and isinstance(args[1], list):
        args = [args[0], *args[1]]  # as drafts of CQL2 had it, and the public STAC validator has
    wanted = {"not": 1, "isNull": 1, "between": 3}.get(op, 2)
    if len(args) != wanted:
        raise InputError(f"filter.{op}.args", f"{len(args)} of them", str(wanted))
    return args


def _is_property(told: Any) -> bool:
    return isinstance(told, Mapping) and "property" in told


def _is_folded(told: Any) -> bool:
    return isinstance(told, Mapping) and told.get("op") == "casei"


def _bare(told: Any) -> Any:
    """What is in casei( )."""
    args = told.get("args") if _is_folded(told) else None
    return args[0] if isinstance(args, list) and len(args) == 1 else told


def _property(told: Any) -> str:
    if not _is_property(told):
        raise InputError("filter", told, "a property against a value, such as gsd < 0.5")
    name = told["property"]
    plain = name.removeprefix("properties.") if isinstance(name, str) else name
    if not isinstance(plain, str) or plain not in PROPERTIES:
        raise InputError("filter.property", name, "one of " + ", ".join(PROPERTIES))
    return plain


def _of_kind(op: str, name: str, kind: Kind) -> None:
    if PROPERTIES[name][1] != kind:
        fit = ", ".join(one for one, (_, other) in PROPERTIES.items() if other == kind)
        raise InputError(f"filter.{op}", name, f"of {fit}")


def _value(name: str, kind: Kind, told: Any) -> Any:
    field = f"filter.{name}"
    if kind == "time":
        return _instants(told, field)[0]
    if kind == "number":
        right = isinstance(told, int | float) and not isinstance(told, bool)
        if not right or not abs(told) <= _MOST_NUMBER:
            raise InputError(field, told, "against a finite number")
        return float(told)
    text = _folded(_bare(told)) if _is_folded(told) else told
    if not isinstance(text, str) or len(text) > _MOST_TEXT or "\0" in text:
        raise InputError(field, told, f"against a text of at most {_MOST_TEXT} characters")
    if not _is_unicode(text):
        raise InputError(field, MISSING, "against a text of Unicode characters")
    return text


def _folded(text: Any) -> Any:
    return fold(text) if isinstance(text, str) else text


def fold(text: str) -> str:
    """Capital letters A to Z made small, as both databases do it."""
    return "".join(one.lower() if "A" <= one <= "Z" else one for one in text)


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= one <= "\udfff" for one in text)


def _when(op: str, args: Sequence[Any]) -> When:
    turned = not _is_property(args[0])
    named, told = (args[1], args[0]) if turned else (args[0], args[1])
    _of_kind(op, _property(named), "time")
    if turned:
        op = {"t_before": "t_after", "t_after": "t_before"}.get(op, op)
    start, stop = _between(told, "filter.datetime")
    return When(op=op, start=start, stop=stop)


def _between(told: Any, field: str) -> tuple[Epoch | None, Epoch | None]:
    """Both ends of an interval, of a day, or of an instant."""
    if not (isinstance(told, Mapping) and "interval" in told):
        return _instants(told, field)
    ends = told["interval"]
    if not isinstance(ends, Sequence) or isinstance(ends, str) or len(ends) != 2:
        raise InputError(field, ends, 'an interval of two times, ".." for one that is open')
    start = None if ends[0] == ".." else _instants(ends[0], field)[0]
    stop = None if ends[1] == ".." else _instants(ends[1], field)[1]
    if start is not None and stop is not None and stop < start:
        raise InputError(field, list(ends), "an interval that ends after it begins")
    return start, stop


def _instants(told: Any, field: str) -> tuple[Epoch, Epoch]:
    """First and last instant of what is told: a time, or a day."""
    text = told
    for key in ("timestamp", "date"):
        if isinstance(told, Mapping) and set(told) == {key}:
            text = told[key]
    if not isinstance(text, str):
        wish = "against a time: {timestamp: 2026-05-31T00:00:00Z}, {date: 2026-05-31}"
        raise InputError(field, told, wish)
    first = Epoch.from_utc(text, field=field)
    if not _DATE.fullmatch(text):
        return first, first
    next_day = Epoch.from_utc_ns(first.utc_ns + round(day * 1e9))
    return first, Epoch(next_day.tai_ns - 1)


def parts_of(node: Node) -> tuple[Node, ...]:
    """What must all be true for the tree to be."""
    if isinstance(node, Joined) and node.word == "and":
        return tuple(part for one in node.parts for part in parts_of(one))
    return (node,)
