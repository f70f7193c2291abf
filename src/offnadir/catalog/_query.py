"""What is looked for in the archive, and how one page of the answer leads to the next."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import shapely

from offnadir.catalog._filter import read_filter
from offnadir.catalog._item import check_id
from offnadir.catalog._place import box_of, place_of
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.units import deg

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

#: What a search may sort by, and the column of it; "-" before it turns the order.
SORTS: Final = {
    "time": "start_tai_ns",
    "off_nadir": "off_nadir_deg",
    "incidence": "incidence_deg",
    "gsd": "gsd_m",
    "niirs": "niirs",
    "cloud": "cloud_percent",
    "sun": "sun_elevation_deg",
    "platform": "platform",
    "level": "level",
    "id": "id",
}
MOST: Final = 10_000
MOST_SORTS: Final = 5
_MOST_NAMES: Final = 100_000
_NAMES: Final = ("ids", "collections", "platforms", "levels", "readers")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveQuery:
    """What an item must be; None binds nothing, and an item that does not tell a number fails its limit.

    `bbox` is west, south, east, north in degrees (or six numbers with heights), `geometry` GeoJSON or of
    shapely; an item fits that touches it. `start` and `stop` are met by items that touch the time between;
    angles [rad], azimuths clockwise from the first to the second, cloud as a share 0 to 1. `filter` is
    CQL2 JSON over properties by their STAC names (`PROPERTIES` of `_filter`). With `readers` only items
    fit that one of them may see (`Archive.let_read`; "*" is everybody). `sort` is one of SORTS, "-"
    before it from high to low, what does not tell it last, or several between commas; equal ones in the
    order in which they were added, turned with the first. `limit` items make a page, and the page's
    `next` is the `token` of the one after.
    """

    bbox: Sequence[float] | None = None
    geometry: Any = None
    start: Epoch | None = None
    stop: Epoch | None = None
    ids: Sequence[str] | None = None
    collections: Sequence[str] | None = None
    platforms: Sequence[str] | None = None
    levels: Sequence[str] | None = None
    max_off_nadir_rad: float | None = None
    max_incidence_rad: float | None = None
    min_incidence_rad: float | None = None
    azimuth_rad: tuple[float, float] | None = None
    max_gsd_m: float | None = None
    min_niirs: float | None = None
    max_cloud: float | None = None
    min_sun_elevation_rad: float | None = None
    max_sun_elevation_rad: float | None = None
    filter: Any = None
    readers: Sequence[str] | None = None
    sort: str = "-time"
    limit: int = 100
    token: str | None = None

    def __post_init__(self) -> None:
        if self.bbox is not None and self.geometry is not None:
            raise InputError("geometry", "given with bbox", "one of the two")
        if self.start is not None and self.stop is not None and self.stop < self.start:
            raise InputError("stop", self.stop.utc(), f"not before start {self.start.utc()}")
        for name in _NAMES:
            _check_names(name, getattr(self, name))
        for name, low, high in _LIMITS:
            value = getattr(self, name)
            if value is None:
                continue
            if (
                isinstance(value, bool)
                or not isinstance(value, int | float)
                or not low <= value <= high
            ):
                raise InputError(name, value, f"from {low:g} to {high:g}")
        if self.filter is not None:
            read_filter(self.filter)
        if self.azimuth_rad is not None and not all(map(math.isfinite, self.azimuth_rad)):
            raise InputError("azimuth_rad", self.azimuth_rad, "two finite angles")
        _check_sort(self.sort)
        if isinstance(self.limit, bool) or not 1 <= self.limit <= MOST:
            raise InputError("limit", self.limit, f"from 1 to {MOST}")

    def place(self) -> BaseGeometry | None:
        """What is searched on the sheet of longitude and latitude."""
        if self.bbox is not None:
            return box_of(self.bbox)
        return None if self.geometry is None else place_of(self.geometry)

    def digest(self) -> str:
        """What tells this query from others, whatever page of it is asked for."""
        told: dict[str, Any] = {}
        for name in _BINDING:
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, Epoch):
                value = value.tai_ns
            elif isinstance(value, shapely.Geometry):
                value = value.wkb_hex
            told[name] = value
        text = _ENCODER.encode(told)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


_BINDING: Final = tuple(
    one.name for one in fields(ArchiveQuery) if one.name not in ("token", "limit")
)
_ENCODER: Final = json.JSONEncoder(sort_keys=True, default=list)
_LIMITS: Final = (
    ("max_off_nadir_rad", 0.0, math.pi / 2),
    ("max_incidence_rad", 0.0, math.pi / 2),
    ("min_incidence_rad", 0.0, math.pi / 2),
    ("max_gsd_m", 0.0, 1e7),
    ("min_niirs", -10.0, 20.0),
    ("max_cloud", 0.0, 1.0),
    ("min_sun_elevation_rad", -math.pi / 2, math.pi / 2),
    ("max_sun_elevation_rad", -math.pi / 2, math.pi / 2),
)


def _check_names(field: str, values: Any) -> None:
    if values is None:
        return
    if isinstance(values, str) or len(values) > _MOST_NAMES:
        raise InputError(field, values, f"a list of at most {_MOST_NAMES} names")
    for value in values:
        check_id(value, field=field)


def _check_sort(sort: str) -> None:
    names = [one.removeprefix("-") for one in sort.split(",")]
    wish = "one of " + ", ".join(SORTS) + ', "-" before it to turn it'
    if not set(names) <= set(SORTS):
        raise InputError("sort", sort, wish)
    if len(set(names)) < len(names) or len(names) > MOST_SORTS:
        wish = f"each name once, at most {MOST_SORTS}"
        raise InputError("sort", sort, wish)


@cache
def columns_of(sort: str) -> tuple[tuple[str, bool], ...]:
    """What is sorted by: columns, and whether from high to low."""
    return tuple((SORTS[one.removeprefix("-")], one.startswith("-")) for one in sort.split(","))


Value = int | float | str | None


@dataclass(frozen=True, slots=True)
class Token:
    """Where a page ended: the newest key when the first was made, the last item's value and key.

    Values, if it is sorted by more than one.
    """

    newest: int
    value: Value | tuple[Value, ...]
    key: int

    def text(self, query: ArchiveQuery) -> str:
        """As it is handed out: nobody needs to read it."""
        content = json.dumps([1, query.digest(), self.newest, self.value, self.key])
        return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")

    @classmethod
    def read(cls, query: ArchiveQuery) -> Token | None:
        """The token of a query; InputError for one of another query, or made up."""
        if query.token is None:
            return None
        wish = "the token that came with the page before, of the same query"
        try:
            padded = query.token + "=" * (-len(query.token) % 4)
            version, digest, newest, value, key = json.loads(
                base64.b64decode(padded, altchars=b"-_", validate=True)
            )
        except (ValueError, TypeError, RecursionError):
            raise InputError("token", query.token, wish) from None
        columns = columns_of(query.sort)
        values = [value] if len(columns) == 1 else value
        whole = all(type(one) is int and 0 <= one < 2**63 for one in (newest, key))
        if (
            version != 1
            or digest != query.digest()
            or not (whole and isinstance(values, list) and len(values) == len(columns))
            or not all(_fits(one, column) for one, (column, _) in zip(values, columns, strict=True))
        ):
            raise InputError("token", query.token, wish)
        return cls(newest, value if len(columns) == 1 else tuple(values), key)


def _fits(value: Any, column: str) -> bool:
    """Whether a column may have such a value."""
    if value is None:
        return True
    if column in ("platform", "level", "id"):
        return isinstance(value, str)
    if isinstance(value, float):
        return column != "start_tai_ns"
    return type(value) is int and -(2**63) <= value < 2**63


def degrees(angle_rad: float) -> float:
    """Degrees without the dust of the multiplication: 30 * deg is 30."""
    return round(angle_rad / deg, 9)
