"""Kinds of requests in a mission file: stereo, strips of an area, repeats, and what comes after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from offnadir.errors import InputError
from offnadir.planning._fields import (
    Duration,
    Flag,
    Kind,
    Made,
    Number,
    OneOf,
    Pairs,
    Text,
    WrongValueError,
)
from offnadir.planning._problems import Place
from offnadir.planning.model import LOWEST_TIER, Cover, Repeat, Request, Stereo
from offnadir.units import day, deg

_CONVERGENCE: Final = Number(0, 90, "degrees", deg, open_low=True)
_SPACING: Final = Duration(longest_s=31 * day)
STEREO_KEYS: Final[Mapping[str, Kind]] = {
    "min_convergence_deg": _CONVERGENCE,
    "max_convergence_deg": _CONVERGENCE,
    "views": Number(2, 3, whole=True),
}
COVER_KEYS: Final[Mapping[str, Kind]] = {
    "curve": Pairs(Number(0, 1), Number(0, 1), "[share, worth] pairs, both from 0 to 1"),
    "overlap": Number(0, 0.9, "(a share of the swath)"),
}
REPEAT_KEYS: Final[Mapping[str, Kind]] = {
    "count": Number(2, 1000, whole=True),
    "min_spacing": _SPACING,
    "max_spacing": _SPACING,
}


def _make_stereo(
    min_convergence_deg: float = Stereo().min_convergence_rad,
    max_convergence_deg: float = Stereo().max_convergence_rad,
    views: int = 2,
) -> Stereo:
    if min_convergence_deg >= max_convergence_deg:
        wish = f"above min_convergence_deg, {min_convergence_deg / deg:g}"
        raise InputError("max_convergence_deg", round(max_convergence_deg / deg, 9), wish)
    return Stereo(
        min_convergence_rad=min_convergence_deg,
        max_convergence_rad=max_convergence_deg,
        views=views,
    )


def _make_repeat(count: int, min_spacing: float = 0.0, max_spacing: float | None = None) -> Repeat:
    return Repeat(count=count, min_spacing_s=min_spacing, max_spacing_s=max_spacing)


class _No:
    """`false`: takes back what stands in [request_defaults]."""

    def __init__(self, wish: str) -> None:
        self.wish = wish

    def read(self, value: object, place: Place) -> None:
        """Nothing; `true` says too little."""
        if value:
            raise WrongValueError(self.wish)


_REPEAT_WISH: Final = "a table with count, min_spacing and max_spacing, or false"
#: What may stand in [request_defaults] too; absent kinds are None or False.
KIND_KEYS: Final[Mapping[str, Kind]] = {
    "tier": Number(1, LOWEST_TIER, whole=True),
    "stereo": OneOf(
        {bool: Flag(), dict: Made(STEREO_KEYS, _make_stereo)},
        "true, false, or a table with " + ", ".join(STEREO_KEYS),
    ),
    "cover": OneOf(
        {bool: Flag(), dict: Made(COVER_KEYS, Cover)},
        "true, false, or a table with curve and overlap",
    ),
    "repeat": OneOf(
        {
            bool: _No(_REPEAT_WISH),
            dict: Made(REPEAT_KEYS, _make_repeat, required=("count",)),
        },
        _REPEAT_WISH,
    ),
}
ORDER_KEYS: Final[Mapping[str, Kind]] = {
    "after": Text(),
    "after_within": Duration(longest_s=31 * day),
}


def read_kinds(
    values: Mapping[str, Any], own: Mapping[str, Any], *, is_area: bool, place: Place
) -> dict[str, Any]:
    """Fields of a Request from the values of KIND_KEYS and ORDER_KEYS; clashes are complained of.

    `own` is what does not come from [request_defaults]. Strips are for areas only: by default a point
    does without.
    """
    kinds: dict[str, Any] = {
        "cover": _or_default(values.get("cover"), Cover()),
        "repeat": values.get("repeat"),
        "stereo": _or_default(values.get("stereo"), Stereo()),
    }
    if kinds["cover"] is not None and not is_area:
        if "cover" in own:
            wish = "left out: a point is one picture, strips are for a polygon"
            place.key("cover").complain(_shown(own["cover"]), wish)
        kinds["cover"] = None
    given = [name for name in kinds if kinds[name] is not None]
    if len(given) > 1:
        _complain_of_two(given[0], given[1], own, place)
    after, within_s = own.get("after"), own.get("after_within")
    if within_s is not None and "after" not in own:
        place.key("after_within").complain(within_s, "given together with after")
    return kinds | {
        "tier": values.get("tier", 1),
        "after": after,
        "after_within_s": within_s if after is not None else None,
    }


def _complain_of_two(one: str, other: str, own: Mapping[str, Any], place: Place) -> None:
    """Of two kinds that exclude each other: tell the one that the request itself asks for."""
    if one not in own and other in own:
        one, other = other, one
    hint = ""
    if other not in own:
        hint = f"{other} = false takes that of [request_defaults] back"
    place.key(one).complain(_shown(own.get(one, True)), f"given without {other}", hint)


def warn_of_repeats(request: Request, place: Place) -> None:
    """Say so if a window is too short for all pictures of a repeat."""
    repeat = request.repeat
    if repeat is None or not repeat.min_spacing_s:
        return
    most = int(request.window.duration_s // repeat.min_spacing_s) + 1
    if most < repeat.count:
        pictures = "one picture" if most == 1 else f"{most} pictures"
        place.key("repeat").warn(
            f"with the least spacing only {pictures} of {repeat.count} fit the window"
        )


def _or_default(value: Any, default: Any) -> Any:
    """`true` is the default thing, `false` none."""
    if isinstance(value, bool):
        return default if value else None
    return value


def _shown(value: object) -> object:
    """What was written, as far as it is short: the thing that became of a table is not."""
    return value if isinstance(value, bool) else "{...}"
