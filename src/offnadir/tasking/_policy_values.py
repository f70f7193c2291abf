"""Values of a policy pack, checked one by one: an error names file, rule, field, value and wish."""

from __future__ import annotations

import datetime
import difflib
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from offnadir.epoch import Epoch
from offnadir.errors import MISSING, InputError
from offnadir.tasking._policy_keys import Key
from offnadir.tasking._policy_model import INDEFINITE_S

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d)")
_SIZE_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PARTIES = ("NATO", "EU", "UN")


class Reader:
    """Checks tables of one file. Of a pack that is not disclosed, errors tell no values and no names."""

    def __init__(self, path: str, codes: Sequence[str], *, private: bool = False) -> None:
        self.path = path
        self.codes = codes
        self.private = private

    def error(
        self, field: str, value: object, wish: str, place: str = "", hint: str = ""
    ) -> InputError:
        """What is wrong in the file."""
        where = f"{self.path}: {place}" if place else self.path
        if self.private:
            return InputError(field, MISSING, wish, where=where)
        return InputError(field, value, wish, where=where, hint=hint)

    def table(self, value: object, keys: Mapping[str, Key], place: str) -> dict[str, Any]:
        """The values of a table, as its keys say; unknown keys are refused, needed ones must be there."""
        if not isinstance(value, dict):
            raise self.error(place or "file", value, "a table")
        for name in value:
            if name not in keys:
                close = difflib.get_close_matches(name, list(keys), n=1)
                hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(keys)}"
                shown = "a key" if self.private else name
                raise self.error(shown, value[name], "a key that is known here", place, hint)
        for name, key in keys.items():
            if key.needed and name not in value:
                raise self.error(name, MISSING, f"given: {key.about}", place)
        return {name: self.value(name, one, keys[name], place) for name, one in value.items()}

    def value(self, name: str, value: Any, key: Key, place: str) -> Any:
        """One value, read as its key says."""
        return getattr(self, f"_{key.sort}")(name, value, key, place)

    def _text(self, name: str, value: Any, key: Key, place: str) -> str:
        if not (isinstance(value, str) and value.strip() and value.isprintable()):
            raise self.error(name, value, "a text in one line", place)
        return value

    def _slug(self, name: str, value: Any, key: Key, place: str) -> str:
        if not (isinstance(value, str) and _SLUG.fullmatch(value)):
            raise self.error(name, value, "small letters, digits and single hyphens", place)
        return value

    def _word(self, name: str, value: Any, key: Key, place: str) -> str:
        if value not in key.words or not isinstance(value, str):
            close = isinstance(value, str) and difflib.get_close_matches(
                value.lower(), key.words, n=1
            )
            hint = f"did you mean {close[0]}?" if close else ""
            raise self.error(name, value, "one of " + ", ".join(key.words), place, hint)
        return value

    def _words(self, name: str, value: Any, key: Key, place: str) -> frozenset[str]:
        return frozenset(
            self._word(name, one, key, place) for one in self._filled(name, value, place)
        )

    def _texts(self, name: str, value: Any, key: Key, place: str) -> tuple[str, ...]:
        return tuple(self._text(name, one, key, place) for one in self._filled(name, value, place))

    def _filled(self, name: str, value: Any, place: str) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise self.error(name, value, "a list with at least one entry", place)
        return value

    def _flag(self, name: str, value: Any, key: Key, place: str) -> bool:
        if not isinstance(value, bool):
            raise self.error(name, value, "true or false", place)
        return value

    def _number(self, name: str, value: Any, key: Key, place: str) -> float:
        low, high = key.low or 0.0, key.high if key.high is not None else math.inf
        low = key.low if key.low is not None else -math.inf
        if type(value) not in (int, float) or not low <= value <= high:
            raise self.error(name, value, f"a number from {low:g} to {high:g}", place)
        return value  # type: ignore[no-any-return]

    def _duration(self, name: str, value: Any, key: Key, place: str) -> float:
        if value == "indefinite" and name == "delay":
            return INDEFINITE_S
        match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None or not float(match[1]) > 0:
            also = ' or "indefinite"' if name == "delay" else ""
            raise self.error(
                name, value, f'a number with s, min, h or d, such as "96 h"{also}', place
            )
        return float(match[1]) * _SIZE_S[match[2]]

    def _time(self, name: str, value: Any, key: Key, place: str) -> int:
        wish = "a TOML date or time such as 2026-03-06 or 2026-03-06T12:00:00Z"
        if isinstance(value, datetime.datetime):
            utc = (
                value.astimezone(datetime.UTC)
                if value.tzinfo
                else value.replace(tzinfo=datetime.UTC)
            )
        elif isinstance(value, datetime.date):
            utc = datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC)
        else:
            raise self.error(name, value, wish, place)
        try:
            return Epoch.from_utc(utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), field=name).tai_ns
        except InputError as error:
            raise self.error(name, str(value), error.wish, place) from error

    def _date(self, name: str, value: Any, key: Key, place: str) -> str:
        if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
            raise self.error(name, value, "a TOML date such as 2026-11-29", place)
        return value.isoformat()

    def _code(self, name: str, value: Any, key: Key, place: str) -> str:
        if value not in self.codes or not isinstance(value, str):
            raise self.error(
                name,
                value,
                "an ISO 3166-1 code of two letters that has an outline",
                place,
                self._near(value),
            )
        return value

    def _near(self, value: Any) -> str:
        if isinstance(value, str):
            close = [code for code in self.codes if code == value.upper()]
            return f"did you mean {close[0]}?" if close else ""
        return ""

    def _codes(self, name: str, value: Any, key: Key, place: str) -> tuple[str, ...]:
        """Codes and @lists; the lists are put in later."""
        return tuple(
            one
            if isinstance(one, str) and one.startswith("@")
            else self._code(name, one, key, place)
            for one in self._filled(name, value, place)
        )

    def _parties(self, name: str, value: Any, key: Key, place: str) -> tuple[str, ...]:
        return tuple(
            one
            if isinstance(one, str) and (one.startswith("@") or one in _PARTIES)
            else self._code(name, one, key, place)
            for one in self._filled(name, value, place)
        )

    def _boxes(self, name: str, value: Any, key: Key, place: str) -> tuple[tuple[float, ...], ...]:
        wish = "boxes [west, south, east, north] in degrees, south below north"
        boxes = self._filled(name, value, place)
        for one in boxes:
            good = (
                isinstance(one, list)
                and len(one) == 4
                and all(type(x) in (int, float) for x in one)
            )
            if not good:
                raise self.error(name, one, wish, place)
            west, south, east, north = one
            if not (
                -180 <= west <= 180
                and -180 <= east <= 180
                and -90 <= south < north <= 90
                and west != east
            ):
                raise self.error(name, one, wish, place)
        return tuple(tuple(float(x) for x in one) for one in boxes)

    def _box(self, name: str, value: Any, key: Key, place: str) -> tuple[float, ...]:
        return self._boxes(name, [value], key, place)[0]

    def _circles(self, name: str, value: Any, key: Key, place: str) -> tuple[Any, ...]:
        return tuple(self._filled(name, value, place))

    def _where(self, name: str, value: Any, key: Key, place: str) -> Any:
        return value
