"""From a mission file to a checked mission: everything is read and looked at before anything is done."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from offnadir.access.geojson import read_bytes, utf8_text
from offnadir.epoch import Span
from offnadir.errors import InputError
from offnadir.planning._fields import Duration, Inline, Kind, Number, Raw, Text, Time, read_table
from offnadir.planning._fleet import ELEMENT_FILES, FleetReader
from offnadir.planning._ground import read_stations
from offnadir.planning._problems import Missing, Place, Problems
from offnadir.planning._relations import relation_troubles
from offnadir.planning._requests import RequestReader
from offnadir.planning._rules import (
    WeatherReader,
    read_choices,
    read_outages,
    warn_of_unknown_weather,
)
from offnadir.planning.model import (
    Choice,
    GroundStation,
    Mission,
    Outage,
    Request,
    Satellite,
    SolverOptions,
)
from offnadir.units import day

#: The longest span [s]; element sets are of little use that far ahead.
LONGEST_SPAN_S: Final = 31 * day
SPAN_KEYS: Final[Mapping[str, Kind]] = {
    "start": Time(),
    "stop": Time(),
    "duration": Duration(longest_s=LONGEST_SPAN_S),
}
SOLVER_KEYS: Final[Mapping[str, Kind]] = {
    "seed": Number(0, 2**31 - 1, whole=True),
    "time_limit_s": Number(0.1, 86400, "seconds"),
    "start_step_s": Number(0.5, 600, "seconds"),
}
MISSION_KEYS: Final[Mapping[str, Kind]] = {
    "name": Text(),
    "span": Inline(SPAN_KEYS),
    "elements": ELEMENT_FILES,
    "satellite": Raw(),
    "station": Raw(),
    "request_defaults": Raw(),
    "request": Raw(),
    "outage": Raw(),
    "choice": Raw(),
    "weather": Raw(),
    "solver": Inline(SOLVER_KEYS),
}


def load_mission(path: str | Path) -> Mission:
    """A mission file, read and checked, with the element sets, cameras and areas that it names.

    File names in it are relative to its own folder. Raises FileError if the file cannot be read,
    InputError for one thing wrong in it, or InputProblems with all that is wrong; each names the file,
    the key, such as `request[3] "Sohae".lat_deg`, its value and what was wished for. What is merely
    doubtful stands in `Mission.warnings`.
    """
    path = Path(path)
    raw = read_bytes(path)
    return _read(parse_toml(utf8_text(raw, path), path), path, raw)


def mission_from_table(table: Mapping[str, Any], path: str | Path) -> Mission:
    """The same of the tables of a mission file, as a TOML reader gives them, that stand in no file.

    `path` is how trouble names it; file names are relative to its folder.
    """
    raw = json.dumps(table, sort_keys=True, default=str).encode()
    return _read(table, Path(path), raw)


def _read(table: Mapping[str, Any], path: Path, raw: bytes) -> Mission:
    problems = Problems()
    place = Place(problems, str(path))
    values = read_table(table, MISSION_KEYS, place)
    span = _span(values, place)
    fleet = FleetReader(path.parent, span)
    satellites = fleet.read(_entries(values, "satellite", place), values.get("elements", []), place)
    stations = read_stations(_entries(values, "station", place, needed=False), place)
    swaths_m = [one.sensor.swath_nadir_m for one in satellites] or [0.0]
    reader = RequestReader(path.parent, span, max(swaths_m), min(swaths_m))
    requests = reader.read(
        _entries(values, "request", place), values.get("request_defaults", {}), place
    )
    outages = read_outages(_entries(values, "outage", place, needed=False), span, place)
    choices = read_choices(_entries(values, "choice", place, needed=False), place)
    sky = WeatherReader(path.parent, span)
    weather = sky.read(values["weather"], place.key("weather")) if "weather" in values else None
    _relations(requests, reader, choices, outages, _names(values, satellites, stations))
    problems.raise_if_any()
    if span is None or not satellites or not requests:
        raise InputError("mission", path.name, "complete", where=str(path))
    if not stations:
        place.warn("there is no [[station]]: no picture comes down, and none can meet a deadline")
    if weather is not None:
        warn_of_unknown_weather(weather, requests, place.key("weather"))
    return Mission(
        name=values.get("name", path.stem),
        span=span,
        satellites=satellites,
        stations=stations,
        requests=requests,
        solver=SolverOptions(**values.get("solver", {})),
        warnings=tuple(problems.warnings),
        sha256=_digest(raw, [*fleet.files, *reader.files, *sky.files]),
        outages=tuple(one for one, _ in outages),
        choices=tuple(one for one, _ in choices),
        weather=weather,
    )


def _names(
    values: Mapping[str, Any],
    satellites: Sequence[Satellite],
    stations: Sequence[GroundStation],
) -> tuple[set[str] | None, set[str] | None]:
    """Names of satellites and of stations; None where one of them is wrong and its name unknown."""
    names: list[set[str] | None] = []
    known = ([one.name for one in satellites], [one.station.site.name for one in stations])
    for key, found in zip(("satellite", "station"), known, strict=True):
        entries = values.get(key, [])
        complete = isinstance(entries, list) and len(entries) == len(found)
        names.append(set(found) if complete else None)
    return names[0], names[1]


def _relations(
    requests: Sequence[Request],
    reader: RequestReader,
    choices: Sequence[tuple[Choice, Place]],
    outages: Sequence[tuple[Outage, Place]],
    names: tuple[set[str] | None, set[str] | None],
) -> None:
    """Complain of what parts of the file say wrongly of each other; not of names that may yet be right."""
    satellites, stations = names
    mentioned: set[str] = set()
    if reader.unsure:
        mentioned = {one.after for one in requests if one.after is not None}
        mentioned |= {name for choice, _ in choices for name in choice.requests}
    troubles = relation_troubles(
        requests,
        [choice for choice, _ in choices],
        [outage for outage, _ in outages],
        {one.satellite for one, _ in outages if one.satellite}
        if satellites is None
        else satellites,
        {one.station for one, _ in outages} if stations is None else stations,
        more_requests=(reader.unread | mentioned) - {one.name for one in requests},
    )
    places = {
        "request": reader.places,
        "choice": [place for _, place in choices],
        "outage": [place for _, place in outages],
    }
    for part, number, error in troubles:
        key = "after_within" if error.field == "after_within_s" else error.field
        places[part][number].key(key).complain(error.value, error.wish, error.hint)


def _digest(raw: bytes, files: Sequence[Path]) -> str:
    """SHA-256 over the mission file and then the files that it names, as `cat ... | sha256sum`."""
    digest = hashlib.sha256(raw)
    for path in files:
        digest.update(read_bytes(path))
    return digest.hexdigest()


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """The tables of a TOML text; InputError, with the line, if it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.fullmatch(
            r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error)
        )
        reason = match[1] if match else str(error)
        lines = text.splitlines() or [""]
        number = int(match[2]) if match and match[2] else len(lines)
        at = f" at column {match[3]}" if match and match[3] else ""
        line = lines[min(number, len(lines)) - 1].strip()
        raise InputError("TOML", line, f"valid: {reason}{at}", where=f"{path}:{number}") from error
    except (RecursionError, ValueError) as error:
        wish = "valid: tables within tables, or numbers, of a sane size"
        raise InputError("TOML", text[:40], wish, where=str(path)) from error


def _entries(
    values: Mapping[str, object], key: str, place: Place, *, needed: bool = True
) -> list[object]:
    """The entries of an array of tables; complains if there is none where one is needed."""
    entries = values.get(key, [])
    if isinstance(entries, dict):
        place.key(key).complain(entries, f"begun with [[{key}]], in double brackets")
        return []
    if not isinstance(entries, list):
        place.key(key).complain(entries, f"tables begun with [[{key}]]")
        return []
    if needed and not entries:
        place.key(key).complain(Missing(), f"given: at least one [[{key}]]")
    return entries


def _span(values: Mapping[str, Any], place: Place) -> Span | None:
    """Start to stop, or start and duration; None, and a complaint, if they are wrong."""
    here = place.key("span")
    if "span" not in values:
        if not any(error.field.startswith("span") for error in place.problems.errors):
            here.complain(Missing(), "given: [span] with start, and stop or duration")
        return None
    wrong = {error.field for error in place.problems.errors}
    given = values["span"]
    start, stop, duration_s = (given.get(key) for key in ("start", "stop", "duration"))
    if stop is not None and duration_s is not None:
        here.key("duration").complain(duration_s, "left out where stop is given")
        return None
    if any(field.startswith("span.") for field in wrong):
        return None
    if start is None:
        here.key("start").complain(Missing(), "given: a UTC time such as 2026-05-31T00:00:00Z")
    if stop is None and duration_s is None:
        here.key("stop").complain(Missing(), "given, or duration")
    if start is None or (stop is None and duration_s is None):
        return None
    stop = stop or start + duration_s
    if stop <= start:
        here.key("stop").complain(stop.utc(0), f"later than start {start.utc(0)}")
        return None
    if stop - start > LONGEST_SPAN_S:
        wish = f"at most {LONGEST_SPAN_S / day:g} days after start {start.utc(0)}"
        here.key("stop").complain(stop.utc(0), wish)
        return None
    return Span(start, stop)
