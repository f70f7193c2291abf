"""Filters in CQL2 JSON: limits of a look, and the rest, which opportunities are held against."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from offnadir.errors import MISSING, InputError
from offnadir.service._queryables import QUERYABLES, Queryable
from offnadir.tasking._order import Looks

_MOST_PARTS: Final = 200
_DEEPEST: Final = 20
#: No property has such a value, and an answer, which tells the filter again, has no room for it: a whole
#: number of JSON may be larger than 64 bits, or than a float.
_BEYOND: Final = 2.0**63
_COMPARES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_TURNED: Final = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
OPERATORS: Final = (*_COMPARES, "between", "in", "and", "or", "not")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """A filter, read: limits that the search keeps throughout a window, and parts that are judged after it.

    `names` are the properties that it speaks of. A part of `rest` holds or does not hold of an
    opportunity as a whole, by its properties at the best instant.
    """

    looks: Looks
    rest: tuple[Mapping[str, Any], ...] = ()
    names: frozenset[str] = frozenset()

    def holds(self, properties: Mapping[str, Any]) -> bool:
        """Whether an opportunity's properties meet the rest."""
        return all(_holds(part, properties) is True for part in self.rest)

    def only_limits(self) -> Looks:
        """The limits; InputError if there is more, which an order cannot keep."""
        for part in self.rest:
            names = ", ".join(name for name, one in QUERYABLES.items() if one.least or one.most)
            wish = "limits that an order can keep: <=, >= and between, joined by and, of " + names
            raise InputError("filter", _shown(part), wish)
        return self.looks


def read_filter(
    value: object,
    *,
    kind: str = "optical",
    known: Collection[str] = tuple(QUERYABLES),
    required: Collection[str] = (),
    field: str = "filter",
) -> Wishes:
    """A filter of a STAPI request; None or an empty one wishes nothing.

    An `and` of comparisons of one property with one number turns into limits wherever `Looks` has that
    limit (< counts as <=); or, not, <>, =, in and all other comparisons are the rest. InputError names an
    operator or property that is not known, a value of the wrong kind, a required property left out.
    """
    if value is None or value == {}:
        _check_required(set(), required, field)
        return Wishes(looks=Looks(kind=kind))
    names: set[str] = set()
    count = _check(value, names, known, field, 1)
    if count > _MOST_PARTS:
        raise InputError(field, f"{count} parts", f"at most {_MOST_PARTS}")
    _check_required(names, required, field)
    least: dict[str, float] = {}
    most: dict[str, float] = {}
    assert isinstance(value, Mapping)  # or _check had complained
    rest = [part for part in _parts(value) if not _take(part, least, most)]
    looks = _looks(kind, least, most, field)
    return Wishes(looks=looks, rest=tuple(rest), names=frozenset(names))


def _check_required(names: set[str], required: Collection[str], field: str) -> None:
    for name in required:
        if name not in names:
            raise InputError(f"{field}.{name}", MISSING, "given: the product requires it")


def _check(value: object, names: set[str], known: Collection[str], field: str, depth: int) -> int:
    """How many parts a filter has; InputError for what is wrong with it."""
    if depth > _DEEPEST:
        raise InputError(field, "...", f"nested at most {_DEEPEST} deep")
    if not isinstance(value, Mapping) or set(value) != {"op", "args"}:
        raise InputError(field, _shown(value), 'CQL2 JSON such as {"op": "<=", "args": [...]}')
    op, args = value["op"], value["args"]
    if not isinstance(op, str) or op not in OPERATORS:
        raise InputError(f"{field}.op", _shown(op), "one of " + " ".join(OPERATORS))
    if not isinstance(args, list):
        raise InputError(f"{field}.args", _shown(args), "a list")
    if op in ("and", "or", "not"):
        fits = len(args) == 1 if op == "not" else len(args) >= 2
        if not fits:
            wish = "one filter" if op == "not" else "two filters or more"
            raise InputError(f"{field}.args", f"{len(args)} filters", f"{wish} for {op}")
        if len(args) > _MOST_PARTS:
            raise InputError(f"{field}.args", f"{len(args)} filters", f"at most {_MOST_PARTS}")
        return 1 + sum(
            _check(one, names, known, f"{field}.args[{i}]", depth + 1) for i, one in enumerate(args)
        )
    _check_plain(op, args, names, known, field)
    return 1


def _check_plain(
    op: str, args: list[Any], names: set[str], known: Collection[str], field: str
) -> None:
    wanted = {"between": 3}.get(op, 2)
    if len(args) != wanted:
        raise InputError(f"{field}.args", f"{len(args)} values", f"{wanted} for {op}")
    turned = op in _COMPARES and not _is_property(args[0])
    first, *others = reversed(args) if turned else args
    if not _is_property(first):
        raise InputError(f"{field}.args", _shown(first), 'a property, {"property": NAME}')
    name = first["property"]
    if name not in known:
        near = difflib.get_close_matches(name, list(known), 1, 0.6)
        hint = f"did you mean {near[0]}?" if near else "see the product's queryables"
        raise InputError(
            f"{field}.args.property", name[:200], "a queryable of the product", hint=hint
        )
    names.add(name)
    if op == "in":
        others = others[0] if isinstance(others[0], list) else [None]
        if not 1 <= len(others) <= _MOST_PARTS:
            raise InputError(f"{field}.args", f"{len(others)} values", f"1 to {_MOST_PARTS}")
    one = QUERYABLES[name]
    for other in others:
        if not _is_value(other, one):
            wish = "a printable text" if one.text else "a number"
            raise InputError(f"{field}.args", _shown(other), f"{wish} to compare {name} with")
    if one.text and op not in ("=", "<>", "in"):
        raise InputError(f"{field}.op", op, f"=, <> or in for the text {name}")


def _is_property(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and set(value) == {"property"}
        and isinstance(value["property"], str)
    )


def _is_value(value: object, one: Queryable) -> bool:
    if one.text:  # half a character could not be told again
        return isinstance(value, str) and value.isprintable()
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) < _BEYOND  # type: ignore[arg-type]


def _shown(value: object) -> str:
    return str(value)[:200]


def _parts(value: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What must hold all together."""
    if value["op"] == "and":
        for one in value["args"]:
            yield from _parts(one)
    else:
        yield value


def _take(part: Mapping[str, Any], least: dict[str, float], most: dict[str, float]) -> bool:
    """Whether a part is a limit of a look; then the tightest of each property is kept."""
    op, args = part["op"], part["args"]
    if op == "between":
        name, low, high = args[0]["property"], args[1], args[2]
    elif op in ("<", "<=", ">", ">="):
        turned = not _is_property(args[0])
        name, bound = (args[1] if turned else args[0])["property"], args[0 if turned else 1]
        rises = (_TURNED[op] if turned else op) in (">", ">=")
        low, high = (bound, None) if rises else (None, bound)
    else:
        return False
    one = QUERYABLES[name]
    if (low is not None and one.least is None) or (high is not None and one.most is None):
        return False
    if low is not None:
        least[name] = max(low, least.get(name, low))
    if high is not None:
        most[name] = min(high, most.get(name, high))
    return True


def _looks(kind: str, least: dict[str, float], most: dict[str, float], field: str) -> Looks:
    values: dict[str, Any] = {}
    for name, one in QUERYABLES.items():
        low, high = least.get(name), most.get(name)
        for bound in (low, high):
            if bound is not None and not one.low <= bound <= one.high:
                wish = f"from {one.low:g} to {one.high:g} {one.unit}".rstrip()
                raise InputError(f"{field}.{name}", bound, wish)
        if low is not None and high is not None and low > high:
            raise InputError(f"{field}.{name}", low, f"at most {high:g}, the other end")
        if name == "view:azimuth" and (low is not None or high is not None):
            low, high = 0.0 if low is None else low, 360.0 if high is None else high
            if high - low >= 360.0:
                continue
            if low == high:
                raise InputError(
                    f"{field}.{name}",
                    low,
                    "within two angles that differ: none looks from just there",
                )
        if low is not None and one.least is not None:
            values[one.least] = low * one.scale
        if high is not None and one.most is not None:
            values[one.most] = high * one.scale
    return Looks(kind=kind, **values)


def _holds(part: Mapping[str, Any], properties: Mapping[str, Any]) -> bool | None:
    """True, False, or None if it is not known, as in SQL: a property may have no value."""
    op, args = part["op"], part["args"]
    if op in ("and", "or"):
        found = [_holds(one, properties) for one in args]
        decides = op == "or"
        return decides if decides in found else None if None in found else not decides
    if op == "not":
        inner = _holds(args[0], properties)
        return None if inner is None else not inner
    turned = op in _COMPARES and not _is_property(args[0])
    first, *others = reversed(args) if turned else args
    value = properties.get(first["property"])
    if value is None:
        return None
    if op == "between":
        return bool(others[0] <= value <= others[1])
    if op == "in":
        return value in others[0]
    return bool(_COMPARES[_TURNED[op] if turned else op](value, others[0]))
