"""From a study file to a checked study: everything is read and looked at before anything is computed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from offnadir.access.geojson import read_bytes, utf8_text
from offnadir.coverage._regions import region_of
from offnadir.coverage.study_designs import Space
from offnadir.coverage.study_fields import (
    FAMILIES,
    NEEDED,
    ORBIT_KEYS,
    PLACE_KEYS,
    SENSOR_KEYS,
    SENSOR_KINDS,
    STUDY_KEYS,
)
from offnadir.coverage.study_model import (
    Alternative,
    CostModel,
    LaunchSite,
    Places,
    Search,
    Study,
    Upkeep,
    Variable,
    Wishes,
)
from offnadir.coverage.study_orbits import light_cycle_s, orbit_trouble
from offnadir.epoch import Span
from offnadir.errors import InputError, InputProblems, OffnadirError
from offnadir.orbits import ElementSet, read_elements
from offnadir.planning._fields import Kind, read_table
from offnadir.planning._ground import read_stations
from offnadir.planning._places import read_point, read_polygon
from offnadir.planning._problems import Missing, Place, Problems, name_hint
from offnadir.planning.mission import parse_toml
from offnadir.sensors import Sensor, load_camera
from offnadir.units import day, deg, km

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
    reader = _Reader(path.parent, place)
    places = reader.places(values)
    wishes = _wishes(values.get("wishes", {}), place.key("wishes"))
    orbits = reader.orbits(_entries(values, "orbit", place))
    sensors = reader.sensors(_entries(values, "sensor", place))
    stations = read_stations(_entries(values, "station", place, needed=False), place)
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
                f"the local times of its passes take up to {longest_s / day:.0f} days to go round, the span has "
                f"{study.span.duration_s / day:.3g}: what daylight it has in other weeks is not seen"
            )


def _digest(raw: bytes, files: Sequence[Path]) -> str:
    digest = hashlib.sha256(raw)
    for path in files:
        digest.update(read_bytes(path))
    return digest.hexdigest()


def _entries(values: Mapping[str, Any], key: str, place: Place, *, needed: bool = True) -> list[Any]:
    """The entries of an array of tables; complains if there is none where one is needed."""
    entries = values.get(key, [])
    if not isinstance(entries, list):
        place.key(key).complain(entries, f"begun with [[{key}]], in double brackets")
        return []
    if needed and not entries and not any(e.field.startswith(key) for e in place.problems.errors):
        place.key(key).complain(Missing(), f"given: at least one [[{key}]]")
    return entries


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
    objectives = tuple(values.get("objectives", ("revisit", "cost")))
    if len(set(objectives)) < len(objectives) or not objectives:
        place.key("objectives").complain(list(objectives), "at least one, each once")
    if "latency" in objectives and not stations:
        place.key("objectives").complain(
            "latency", "left out where there is no [[station]] to send pictures to"
        )
    method = values.get("method", "factorial")
    for key in ("budget", "population"):
        if key in values and method == "factorial":
            place.key(key).complain(values[key], 'left out for method = "factorial", which tries all')
    return Search(**{**values, "objectives": objectives})


def _launch(values: Mapping[str, Any] | None, place: Place) -> LaunchSite | None:
    if values is None or "lat_deg" not in values:
        return None
    low, high = values.get("min_azimuth_deg", 0.0), values.get("max_azimuth_deg", 360 * deg)
    if high < low:
        place.key("max_azimuth_deg").complain(high / deg, "at least min_azimuth_deg")
    return LaunchSite(
        name=values.get("name", "the launch site"), lat_rad=values["lat_deg"], azimuth_rad=(low, high)
    )


def _station_sets(
    value: object, known: Sequence[str], place: Place
) -> tuple[tuple[str, ...], ...]:
    """Which stations may be had together: all of them, unless there is a choice."""
    if value is None:
        return (tuple(known),)
    if not isinstance(value, list) or not all(isinstance(one, list) for one in value) or not value:
        place.complain(value, 'a list of lists of stations, such as [["Daejeon"], ["Daejeon", "Svalbard"]]')
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


class _Reader:
    """Reads what names files and sensors, and keeps what it read."""

    def __init__(self, folder: Path, place: Place) -> None:
        self.folder, self.place = folder, place
        self.cameras: dict[str, Sensor] = {}
        self.sets: dict[str, tuple[ElementSet, ...]] = {}
        self.files: list[Path] = []

    def places(self, values: Mapping[str, Any]) -> Places:
        """Points, or countries and polygons."""
        table, here = values.get("places", {}), self.place.key("places")
        points = []
        for number, entry in enumerate(_entries(values, "place", self.place, needed=False), 1):
            at = self.place.key("place").item(number)
            if not isinstance(entry, dict):
                at.complain(entry, "a table, begun with [[place]]")
                continue
            read = read_table(entry, PLACE_KEYS, at, required=("lat_deg", "lon_deg"))
            if {"lat_deg", "lon_deg"} <= read.keys():
                name = read.get("name", f"place {number}")
                site = read_point(read, name, at)
                if site is not None:
                    points.append((name, site.lat_rad, site.lon_rad))
        region = tuple(table.get("region", ()))
        if region:
            try:
                region_of(region[0] if len(region) == 1 else region)
            except InputError as error:
                here.key("region").pass_on(error)
        ring: tuple[tuple[float, float], ...] = ()
        if "polygon" in table:
            read_rings = read_polygon(table["polygon"], "area", 0.0, here.key("polygon"))
            if read_rings is not None:
                ring = tuple((float(lon / deg), float(lat / deg)) for lat, lon in read_rings[1][0])
        given = [key for key in ("region", "polygon") if key in table]
        given += ["[[place]]"] if values.get("place") else []
        if len(given) > 1:
            here.complain(", ".join(given), "one of region, polygon and [[place]]")
        if not given and not any(e.field.startswith("place") for e in here.problems.errors):
            here.complain(Missing(), "given, with region or polygon, or [[place]]")
        return Places(
            points=tuple(points),
            region=region,
            ring=ring,
            cell_area_m2=table.get("cell_km2", 1000 * km**2),
        )

    def orbits(self, entries: Sequence[Any]) -> tuple[Alternative, ...]:
        """The [[orbit]] entries that are right."""
        found = []
        for number, entry in enumerate(entries, 1):
            name = entry.get("name", "") if isinstance(entry, dict) else ""
            here = self.place.key("orbit").item(number, name)
            if not isinstance(entry, dict):
                here.complain(entry, "a table, begun with [[orbit]]")
                continue
            family = entry.get("family")
            if family not in FAMILIES:
                read_table({"family": family} if family else {}, ORBIT_KEYS, here, required=("family",))
                continue
            keys: dict[str, Kind] = {**ORBIT_KEYS, **FAMILIES[family]}
            values = read_table(entry, keys, here, required=NEEDED[family])
            if family == "repeat" and not entry.keys() & {"inclination_deg", "descending_node"}:
                here.key("descending_node").complain(
                    Missing(), "given for a Sun-synchronous repeat, or inclination_deg for another"
                )
            if family == "repeat" and {"inclination_deg", "descending_node"} <= entry.keys():
                here.key("inclination_deg").complain(
                    entry["inclination_deg"], "left out: descending_node makes it Sun-synchronous"
                )
            if family == "given":
                for index, file in enumerate(values.get("elements", ()), 1):
                    self._elements(file, here.key("elements").item(index))
            label = values.get("name", family)
            found.append(_alternative(label, family, FAMILIES[family], values))
        _own_names(found, "orbit", self.place)
        return tuple(found)

    def _elements(self, name: str, place: Place) -> None:
        if name in self.sets:
            return
        try:
            sets = read_elements(self.folder / name).elements
        except (InputError, InputProblems) as error:
            place.pass_on(error, name)
            return
        except OffnadirError as error:
            place.complain(name, "a file of element sets that can be read", str(error))
            return
        if not sets:
            place.complain(name, "a file with at least one element set")
            return
        self.files.append(self.folder / name)
        self.sets[name] = tuple(sets)

    def sensors(self, entries: Sequence[Any]) -> tuple[Alternative, ...]:
        """The [[sensor]] entries that are right."""
        found = []
        for number, entry in enumerate(entries, 1):
            name = entry.get("name", "") if isinstance(entry, dict) else ""
            here = self.place.key("sensor").item(number, name)
            if not isinstance(entry, dict):
                here.complain(entry, "a table, begun with [[sensor]]")
                continue
            values = read_table(entry, SENSOR_KEYS, here)
            kinds = [key for key in SENSOR_KINDS if key in entry]
            if len(kinds) != 1:
                wish = "one of " + ", ".join(SENSOR_KINDS)
                here.complain(", ".join(kinds) if kinds else Missing(), wish)
                continue
            kind = kinds[0]
            if kind == "library":
                for index, camera in enumerate(values.get("library", ()), 1):
                    self._camera(camera, here.key("library").item(index))
            label = values.get("name", "telescope" if kind != "library" else "library")
            found.append(_alternative(label, kind, SENSOR_KEYS, values))
        _own_names(found, "sensor", self.place)
        return tuple(found)

    def _camera(self, name: str, place: Place) -> None:
        is_file = name.lower().endswith(".toml")
        try:
            self.cameras[name] = load_camera(str(self.folder / name) if is_file else name)
        except OffnadirError as error:
            place.pass_on(error, name)


def _alternative(
    name: str, kind: str, keys: Mapping[str, Kind], values: Mapping[str, Any]
) -> Alternative:
    """Its variables in the order of the keys."""
    own = tuple(Variable(key, values[key]) for key in keys if key != "name" and key in values)
    return Alternative(name=name, kind=kind, variables=own)


def _own_names(found: list[Alternative], key: str, place: Place) -> None:
    """Entries are told apart by name: number those that share one, complain of those that were named so."""
    seen: dict[str, int] = {}
    for number, one in enumerate(found):
        if one.name in seen:
            if not one.name.startswith(one.kind) and one.name not in ("library", "telescope"):
                where = f"{key}[{seen[one.name] + 1}]"
                wish = f"a name of its own: {where} has it already"
                place.key(key).item(number + 1).key("name").complain(one.name, wish)
            found[number] = Alternative(
                name=f"{one.name} {number + 1}", kind=one.kind, variables=one.variables
            )
        seen.setdefault(one.name, number)


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


def combinations(of: Alternative) -> Any:
    """Every choice of an orbit's own variables, as pairs of name and value."""
    from itertools import product

    names = [one.name for one in of.variables]
    return (
        list(zip(names, chosen, strict=True))
        for chosen in product(*(one.values for one in of.variables))
    )
