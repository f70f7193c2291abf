"""What is asked of the archive over STAC, read into its query: from the URL, or from a body of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from offnadir.catalog import ArchiveQuery
from offnadir.catalog._query import MOST_SORTS
from offnadir.epoch import Epoch
from offnadir.errors import MISSING, InputError
from offnadir.service._cql2 import filter_of_text
from offnadir.service._datetimes import read_instant
from offnadir.service._problems import ProblemError, as_problem
from offnadir.service._wire import check_echo

#: What may be sorted by, and what the archive calls it.
SORTS: Final = {
    "datetime": "time", "start_datetime": "time", "id": "id", "platform": "platform", "gsd": "gsd",
    "eo:cloud_cover": "cloud", "view:off_nadir": "off_nadir", "view:incidence_angle": "incidence",
    "view:sun_elevation": "sun", "processing:level": "level", "offnadir:niirs": "niirs",
}  # fmt: skip
KEYS: Final = (
    "bbox", "intersects", "datetime", "ids", "collections", "limit", "token", "filter", "filter-lang",
    "filter-crs", "sortby", "fields", "conf", "query",
)  # fmt: skip
CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
USUAL_LIMIT: Final = 10
#: Items on a page, whatever more is asked for: a page of them is some megabytes.
MOST_ITEMS: Final = 1_000
_MOST_VERTICES: Final = 10_000
_MOST_FIELDS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Members of items that are wanted, and those that are not, as `properties.gsd`.

    None wants all of them, nothing those without which an item is none.
    """

    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query, and what the answer shows of each item."""

    query: ArchiveQuery
    fields: Fields | None = None


def wrong_request(error: InputError) -> ProblemError:
    """What is wrong in a query, under the number that STAC and OGC API have for it."""
    told = as_problem(error)
    return ProblemError(400, told.name, told.detail, errors=told.errors)


def read_url(told: Mapping[str, str], readers: Sequence[str] | None) -> Asked:
    """A query of parameters in a URL; ProblemError 400 names what is wrong in it."""
    try:
        return _read(_body_of(told), readers)
    except InputError as error:
        raise wrong_request(error) from error


def read_body(told: Mapping[str, Any], readers: Sequence[str] | None) -> Asked:
    """A query of a body; ProblemError 400 names what is wrong in it."""
    try:
        check_echo(told)
        return _read(told, readers)
    except RecursionError as error:
        raise ProblemError(400, "wrong-input", "the body must be less deep") from error
    except InputError as error:
        raise wrong_request(error) from error


def _body_of(told: Mapping[str, str]) -> dict[str, Any]:
    """Parameters as a body has them."""
    body: dict[str, Any] = dict(told)
    for key in ("ids", "collections"):
        if key in told:
            body[key] = [one for one in told[key].split(",") if one]
    if "bbox" in told:
        body["bbox"] = [_number("bbox", one) for one in told["bbox"].split(",")]
    if "limit" in told:
        if not re.fullmatch("[0-9]{1,9}", told["limit"]):
            raise InputError("limit", told["limit"], "a whole number from 1 to 10000")
        body["limit"] = int(told["limit"])
    if "intersects" in told:
        body["intersects"] = _json("intersects", told["intersects"])
    if "filter" in told:
        text = told.get("filter-lang", "cql2-text") == "cql2-text"
        body["filter"] = told["filter"] if text else _json("filter", told["filter"])
        body.setdefault("filter-lang", "cql2-text")
    if "sortby" in told:
        body["sortby"] = [
            {"field": one.strip().lstrip("+-"), "direction": "desc" if one.strip()[:1] == "-" else "asc"}
            for one in told["sortby"].split(",")
        ]  # fmt: skip
    if "fields" in told:
        parts = [one.strip() for one in told["fields"].split(",") if one.strip()]
        included = [one.removeprefix("+") for one in parts if not one.startswith("-")]
        excluded = [one[1:] for one in parts if one.startswith("-")]
        body["fields"] = {"exclude": excluded} | (
            {"include": included} if included or not parts else {}
        )
    return body


def _read(told: Mapping[str, Any], readers: Sequence[str] | None) -> Asked:
    for key in told:
        if key not in KEYS:
            raise InputError(str(key)[:100], MISSING, "one of " + ", ".join(KEYS[:-2]))
    if told.get("query") is not None:
        raise InputError("query", MISSING, "left out: filter says the same in CQL2")
    bbox, place = told.get("bbox"), told.get("intersects")
    if bbox is not None and place is not None:
        raise InputError("intersects", "given with bbox", "one of the two")
    if bbox is not None:
        _check_box(bbox)
    if place is not None:
        _check_place(place)
    start, stop = _interval(told.get("datetime"))
    query = ArchiveQuery(
        bbox=bbox,
        geometry=place,
        start=start,
        stop=stop,
        ids=_texts("ids", told.get("ids")),
        collections=_texts("collections", _listed(told.get("collections"))),
        filter=_filter(told),
        readers=readers,
        sort=_sort(told.get("sortby")),
        limit=_limit(told.get("limit")),
        token=_token(told.get("token")),
    )
    return Asked(query=query, fields=_fields(told["fields"]) if "fields" in told else None)


def _number(field: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(field, text, "numbers between commas") from None


def _json(field: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(field, text, "JSON") from None


def _check_box(told: Any) -> None:
    wish = "west, south, east, north in degrees, or six numbers with heights third and last"
    numbers = isinstance(told, list) and all(type(one) in (int, float) for one in told)
    if not numbers or len(told) not in (4, 6):
        raise InputError("bbox", told, wish)
    if len(told) == 6 and told[2] > told[5]:
        raise InputError("bbox", told, "with the lower height first")


def _check_place(told: Any) -> None:
    if not isinstance(told, Mapping) or not isinstance(told.get("type"), str):
        raise InputError("intersects", told, "a geometry of GeoJSON")
    if told["type"] in ("Feature", "FeatureCollection"):
        raise InputError("intersects", told["type"], "a geometry, not a feature")
    if vertices(told) > _MOST_VERTICES:
        raise InputError("intersects", MISSING, f"of at most {_MOST_VERTICES} vertices")


def vertices(told: Any) -> int:
    """How many positions a geometry of GeoJSON has, without trusting it."""
    found, left = 0, [told]
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            left += [one.get("coordinates"), one.get("geometries")]
        elif isinstance(one, list):
            if one and not isinstance(one[0], list | Mapping):
                found += 1
            else:
                left += one
    return found


def _interval(told: Any) -> tuple[Epoch | None, Epoch | None]:
    """First and last instant of `t`, `t/u`, `t/..` or `../t`."""
    if told is None:
        return None, None
    wish = "an instant or interval of RFC 3339: 2026-05-31T00:00:00Z/.."
    if not isinstance(told, str) or len(told) > 100:
        raise InputError("datetime", told, wish)
    parts = told.split("/")
    if len(parts) == 1:
        at = read_instant(told)
        return at, at
    ends = [None if one in ("", "..") else read_instant(one) for one in parts]
    if len(ends) != 2 or ends == [None, None]:
        raise InputError("datetime", told, wish)
    start, stop = ends
    if start is not None and stop is not None and stop < start:
        raise InputError("datetime", told, "an interval that ends after it begins")
    return start, stop


def _listed(told: Any) -> Any:
    """One collection as a list of it: so the public stac-api-validator 0.6.8 asks when it sorts."""
    return [told] if isinstance(told, str) else told


def _texts(field: str, told: Any) -> list[str] | None:
    if told is None or told == []:
        return None
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise InputError(field, told, "a list of texts")
    return told


def _filter(told: Mapping[str, Any]) -> Any:
    crs = told.get("filter-crs")
    if crs is not None and crs != CRS84:
        raise InputError("filter-crs", crs, CRS84)
    language = told.get("filter-lang")
    if language not in (None, "cql2-json", "cql2-text"):
        raise InputError("filter-lang", language, "cql2-text or cql2-json")
    filter_ = told.get("filter")
    if filter_ is not None and language == "cql2-text":
        if not isinstance(filter_, str):
            raise InputError("filter", filter_, "CQL2 text")
        return filter_of_text(filter_)
    return filter_


def _sort(told: Any) -> str:
    if told is None or told == []:
        return "-time"
    if not isinstance(told, list) or not all(isinstance(one, Mapping) for one in told):
        raise InputError("sortby", told, 'a list of {"field": ..., "direction": "asc" or "desc"}')
    made: dict[str, str] = {}
    for one in told:
        field, direction = one.get("field"), one.get("direction", "asc")
        if not isinstance(field, str) or field.removeprefix("properties.") not in SORTS:
            raise InputError("sortby", field, "one of " + ", ".join(SORTS))
        if direction not in ("asc", "desc"):
            raise InputError("sortby", direction, "asc or desc")
        name = SORTS[field.removeprefix("properties.")]
        made.setdefault(name, ("-" if direction == "desc" else "") + name)  # again it says nothing
    if len(made) > MOST_SORTS:
        raise InputError("sortby", f"{len(made)} fields", f"at most {MOST_SORTS}")
    return ",".join(made.values())


def _limit(told: Any) -> int:
    if told is None:
        return USUAL_LIMIT
    if type(told) is not int or told < 1:
        raise InputError("limit", told, "a whole number from 1 to 10000")
    return min(told, MOST_ITEMS)


def _token(told: Any) -> str | None:
    if told is None or (isinstance(told, str) and len(told) <= 5_000):
        return told
    raise InputError("token", MISSING, "the token of a next link")


def _fields(told: Any) -> Fields:
    made = {}
    for key in ("include", "exclude"):
        names = told.get(key) or [] if isinstance(told, Mapping) else None
        if not isinstance(names, list) or len(names) > _MOST_FIELDS:
            raise InputError("fields", told, "lists of names under include and exclude")
        if not all(isinstance(one, str) for one in names):
            raise InputError("fields", told, "lists of names under include and exclude")
        made[key] = tuple(names)
    only_less = "include" not in told and made["exclude"]
    return Fields(include=None if only_less else made["include"], exclude=made["exclude"])
