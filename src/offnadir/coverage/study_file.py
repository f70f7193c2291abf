"""From a study file to a checked study: everything is read and looked at before anything is computed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, Final

from offnadir.access.geojson import read_bytes, utf8_text
from offnadir.coverage.study_designs import Space
from offnadir.coverage.study_fields import STUDY_KEYS
from offnadir.coverage.study_model import (
    Alternative,
    CostModel,
    Search,
    Study,
    Upkeep,
    Value,
    Wishes,
)
from offnadir.coverage.study_orbits import light_cycle_s, orbit_trouble
from offnadir.coverage.study_read import StudyReader, entries_of
from offnadir.earth import Site
from offnadir.epoch import Span
from offnadir.errors import InputError
from offnadir.orbits._launch_sites import Spaceport, find_spaceport
from offnadir.planning._fields import read_table
from offnadir.planning._ground import read_stations
from offnadir.planning._problems import Place, Problems, name_hint
from offnadir.planning.mission import parse_toml
from offnadir.units import day, deg

#: More designs than that are no factorial: it would not end.
MOST_DESIGNS: Final = 200_000
_LEAST_RATED_SUN_RAD: Final = 5 * deg
_WISH_NAMES: Final = {
    "revisit": "revisit_s",
    "mean_revisit": "mean_revisit_s",
    "longest_gap": "longest_gap_s",
    "response": "response_s",
    "response_95": "response_95_s",
    "latency": "latency_s",
    "min_sun_elevation_deg": "sun_elevation_rad",
    "rated_sun_elevation_deg": "rated_sun_rad",
}


def load_study(path: str | Path) -> Study:
    """A study file, read and checked, with the sensors and element sets that it names.

    File names in it are relative to its own folder. Raises FileError if the file cannot be read, InputError
    for one thing wrong in it, InputProblems with all that is wrong; each names the file, the key, its value
    and what was wished for. An orbit all of whose combinations are impossible is wrong, one some of
    whose are is not: `run_study` counts and explains those.
    """
    path = Path(path)
    raw = read_bytes(path)
    table = parse_toml(utf8_text(raw, path), path)
    problems = Problems()
    place = Place(problems, str(path))
    values = read_table(table, STUDY_KEYS, place, required=("span",))
    reader = StudyReader(path.parent, place)
    places = reader.places(values)
    wishes = _wishes(values.get("wishes", {}), place.key("wishes"))
    orbits = reader.orbits(entries_of(values, "orbit", place))
    sensors = reader.sensors(entries_of(values, "sensor", place))
    stations = read_stations(entries_of(values, "station", place, needed=False), place)
    known = [one.station.site.name for one in stations]
    sets = _station_sets(values.get("station_sets"), known, place.key("station_sets"))
    if wishes.latency_s is not None and not stations:
        place.key("wishes").key("latency").complain(
            wishes.latency_s / 3600, "left out where there is no [[station]] to send pictures to"
        )
    search = _search(values.get("search", {}), wishes, bool(stations), place.key("search"))
    upkeep = Upkeep(**values["upkeep"]) if "upkeep" in values else None
    if upkeep is None and wishes.lifetime_years is not None:
        upkeep = Upkeep()
    launch = _launch(values.get("launch"), place.key("launch"))
    problems.raise_if_any()
    study = Study(
        name=values.get("name", path.stem),
        span=Span(values["span"]["start"], values["span"]["start"] + values["span"]["duration"]),
        places=places,
        wishes=wishes,
        orbits=orbits,
        sensors=sensors,
        stations=tuple(one.station for one in stations),
        station_sets=sets,
        search=search,
        cost=CostModel(**values.get("cost", {})),
        upkeep=upkeep,
        launch=launch,
        sensors_by_name=reader.cameras,
        element_sets=reader.sets,
        sha256=_digest(raw, reader.files),
    )
    _check_orbits(study, place)
    count = Space(study).count
    if search.method == "factorial" and count > MOST_DESIGNS:
        wish = f"at most {MOST_DESIGNS} designs for a full factorial"
        place.key("search").key("method").complain(
            f"{count} designs", wish, 'fewer choices, or method = "nsga2"'
        )
    problems.raise_if_any()
    _warn_of_light(study, place)
    return replace(study, warnings=tuple(problems.warnings))


def _warn_of_light(study: Study, place: Place) -> None:
    """Warn where the span does not see all local times that an orbit's passes have by and by."""
    if study.wishes.sun_elevation_rad is None:
        return
    for number, orbit in enumerate(study.orbits, 1):
        cycles = (
            light_cycle_s(orbit.kind, dict(values), study)
            for values in combinations(orbit)
            if not orbit_trouble(orbit.kind, dict(values), study)
        )
        longest_s = max((one for one in cycles if one is not None), default=0.0)
        if study.span.duration_s < longest_s:
            place.key("orbit").item(number, orbit.name).warn(
                f"the local times of its passes take up to {longest_s / day:.0f} days to go round, the span "
                f"has {study.span.duration_s / day:.3g}: what daylight it has in other weeks is not seen"
            )


def _digest(raw: bytes, files: Sequence[Path]) -> str:
    digest = hashlib.sha256(raw)
    for path in files:
        digest.update(read_bytes(path))
    return digest.hexdigest()


def _wishes(values: Mapping[str, Any], place: Place) -> Wishes:
    if "niirs" in values and "gsd_m" in values:
        place.key("gsd_m").complain(values["gsd_m"], "left out where niirs is given")
    if values.get("clouds") and {"revisit", "longest_gap"} & values.keys():
        key = "revisit" if "revisit" in values else "longest_gap"
        place.key(key).warn("gaps count looks whatever the clouds; response_95 does not")
    named = {_WISH_NAMES.get(key, key): value for key, value in values.items()}
    if "rated_sun_rad" not in named and "sun_elevation_rad" in named:
        named["rated_sun_rad"] = max(named["sun_elevation_rad"], _LEAST_RATED_SUN_RAD)
    return Wishes(**named)


def _search(values: Mapping[str, Any], wishes: Wishes, stations: bool, place: Place) -> Search:
    objectives = tuple(values.get("objectives", ("response_95", "cost")))
    is_told = any(e.field.startswith("search.objectives[") for e in place.problems.errors)
    if len(set(objectives)) < len(objectives) or not (objectives or is_told):
        place.key("objectives").complain(list(objectives), "at least one, each once")
    if "latency" in objectives and not stations:
        place.key("objectives").complain(
            "latency", "left out where there is no [[station]] to send pictures to"
        )
    method = values.get("method", "factorial")
    for key in ("budget", "population"):
        if key in values and method == "factorial":
            place.key(key).complain(
                values[key], 'left out for method = "factorial", which tries all'
            )
    return Search(**{**values, "objectives": objectives})


def _launch(values: Mapping[str, Any] | None, place: Place) -> Spaceport | None:
    """One of the launch sites that are known, by its name, or a place of the study's own."""
    if values is None:
        return None
    if "site" in values:
        for key in values:
            if key != "site":
                shown = values[key] / deg if key.endswith("_deg") else values[key]
                place.key(key).complain(shown, "left out where site names a launch site")
        try:
            return find_spaceport(values["site"], field="site")
        except InputError as error:
            place.key("site").complain(
                values["site"], "a launch site that is known", hint=error.hint
            )
            return None
    if "lat_deg" not in values:
        place.complain(dict(values), "site, a known launch site, or lat_deg of another one")
        return None
    limits = ("min_azimuth_deg", "max_azimuth_deg")
    low, high = (values.get(key, end) for key, end in zip(limits, (0.0, 360 * deg), strict=True))
    if high < low:
        place.key("max_azimuth_deg").complain(high / deg, "at least min_azimuth_deg")
    return Spaceport(
        key="",
        site=Site(
            name=values.get("name", "the launch site"), lat_rad=values["lat_deg"], lon_rad=0.0
        ),
        azimuths_rad=((low, high),) if any(key in values for key in limits) else (),
    )


def _station_sets(value: object, known: Sequence[str], place: Place) -> tuple[tuple[str, ...], ...]:
    """Which stations may be had together: all of them, unless there is a choice."""
    if value is None:
        return (tuple(known),)
    if not isinstance(value, list) or not all(isinstance(one, list) for one in value) or not value:
        place.complain(
            value, 'a list of lists of stations, such as [["Daejeon"], ["Daejeon", "Svalbard"]]'
        )
        return (tuple(known),)
    found: list[tuple[str, ...]] = []
    for number, one in enumerate(value, 1):
        here = place.item(number)
        for name in one:
            if name not in known:
                here.complain(name, "the name of a [[station]]", name_hint(name, known))
        if tuple(one) in found or len(set(map(str, one))) < len(one):
            here.complain(one, "different stations, and a set of its own")
        found.append(tuple(one))
    return tuple(found)


def _check_orbits(study: Study, place: Place) -> None:
    """Complain of an orbit that is impossible whatever is chosen."""
    for number, orbit in enumerate(study.orbits):
        first = ""
        for values in combinations(orbit):
            trouble = orbit_trouble(orbit.kind, dict(values), study)
            if not trouble:
                break
            first = first or trouble
        else:
            wish = "an orbit that is possible with at least one of its choices"
            here = place.key("orbit").item(number + 1, orbit.name)
            here.complain(orbit.kind, wish, first)


def combinations(of: Alternative) -> Iterator[list[tuple[str, Value]]]:
    """Every choice of an orbit's own variables, as pairs of name and value."""
    names = [one.name for one in of.variables]
    return (
        list(zip(names, chosen, strict=True))
        for chosen in product(*(one.values for one in of.variables))
    )
