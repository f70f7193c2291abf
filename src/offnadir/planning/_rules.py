"""Parts of a mission file that are neither satellite, station nor request: outages, choices, weather."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from offnadir.epoch import Span
from offnadir.errors import InputError, InputProblems, OffnadirError
from offnadir.planning._fields import (
    Kind,
    ListOf,
    Made,
    Number,
    Text,
    Time,
    WrongValueError,
    read_table,
)
from offnadir.planning._fleet_rules import cut_to_span
from offnadir.planning._problems import Place
from offnadir.planning.model import Choice, Outage, Request, Weather
from offnadir.quality import CloudCube, read_cloud_cube

OUTAGE_KEYS: Final[Mapping[str, Kind]] = {
    "station": Text(),
    "start": Time(),
    "stop": Time(),
    "satellite": Text(),
}
CHOICE_KEYS: Final[Mapping[str, Kind]] = {
    "requests": ListOf(Text(), "names of requests"),
    "at_most": Number(1, 1_000_000, whole=True),
}
WEATHER_KEYS: Final[Mapping[str, Kind]] = {
    "cloud_cube": ListOf(Text(), "names of NetCDF or GRIB files", or_one=True),
    "min_clear": Number(0, 1),
}
_OUTAGE: Final = Made(OUTAGE_KEYS, Outage, required=("station", "start", "stop"))
_CHOICE: Final = Made(CHOICE_KEYS, Choice, required=("requests",))


def read_outages(
    entries: Sequence[object], span: Span | None, place: Place
) -> list[tuple[Outage, Place]]:
    """The outages of [[outage]] entries that are right, cut to the span; the rest is complained of."""
    found = []
    for one, here in _made(entries, _OUTAGE, place.key("outage")):
        inside = cut_to_span(one.span, span, here) if span is not None else None
        if inside is not None:
            found.append((replace(one, start=inside.start, stop=inside.stop), here))
    return found


def read_choices(entries: Sequence[object], place: Place) -> list[tuple[Choice, Place]]:
    """The choices of [[choice]] entries that are right; the rest is complained of."""
    return _made(entries, _CHOICE, place.key("choice"))


def _made(entries: Sequence[object], kind: Made, place: Place) -> list[tuple[Any, Place]]:
    found = []
    for number, entry in enumerate(entries, 1):
        here = place.item(number)
        try:
            one = kind.read(entry, here)
        except WrongValueError:
            here.complain(entry, f"a table, begun with [[{place.path}]]")
            continue
        if one is not None:
            found.append((one, here))
    return found


@dataclass(slots=True)
class WeatherReader:
    """Reads the weather of one mission file. `span` is None if the file's own is wrong."""

    folder: Path
    span: Span | None
    files: list[Path] = field(default_factory=list)

    def read(self, table: object, place: Place) -> Weather | None:
        """The forecast of [weather]; None if there is none, or with a complaint."""
        if not isinstance(table, dict):
            place.complain(table, "a table, begun with [weather]")
            return None
        values = read_table(table, WEATHER_KEYS, place, required=("cloud_cube",))
        names = values.get("cloud_cube", [])
        here = place.key("cloud_cube")
        if "cloud_cube" in values and not table["cloud_cube"]:
            here.complain([], "at least one file")
        if not names:
            return None
        self.files = list(dict.fromkeys(self.folder / name for name in names))
        cube = self._cube(table["cloud_cube"], here)
        if cube is None:
            return None
        return Weather(
            cube=cube, min_clear=float(values.get("min_clear", 0.0)), source=", ".join(names)
        )

    def _cube(self, written: object, place: Place) -> CloudCube | None:
        try:
            cube = read_cloud_cube(*self.files)
        except (InputError, InputProblems) as error:
            for one in error.problems if isinstance(error, InputProblems) else [error]:
                place.complain(written, "a forecast of clouds that can be read", str(one))
            return None
        except OffnadirError as error:
            place.complain(written, "a forecast of clouds that can be read", str(error))
            return None
        if self.span is None:
            return None
        first, last = int(cube.tai_ns[0]), int(cube.tai_ns[-1])
        if first > self.span.stop.tai_ns or last < self.span.start.tai_ns:
            wish = (
                f"a forecast for the mission's span, {self.span.start.utc(0)} to "
                f"{self.span.stop.utc(0)}"
            )
            place.complain(written, wish, cube.title)
            return None
        return cube


def warn_of_unknown_weather(weather: Weather, requests: Sequence[Request], place: Place) -> None:
    """Say for how many requests the forecast does not tell all of the window."""
    reasons = []
    for request in requests:
        ends = np.array([request.window.start.tai_ns, request.window.stop.tai_ns])
        why = weather.cube.why_missing(request.aim.lat_rad, request.aim.lon_rad, ends)
        if np.any(why != ""):
            reasons.append((request.name, str(why[why != ""][0])))
    if reasons:
        name, reason = reasons[0]
        count = f"{len(reasons)} of {len(requests)} requests"
        place.warn(
            f"for {count} the forecast does not tell all of the window, where it does not the sky counts "
            f"as clear; {name} is {reason}"
        )
