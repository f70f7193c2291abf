"""The parts of a study file that have choices: places, orbits, sensors; with the files that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from offnadir.coverage._regions import region_of
from offnadir.coverage.study_fields import (
    FAMILIES,
    NEEDED,
    ORBIT_KEYS,
    PLACE_KEYS,
    SENSOR_KEYS,
    SENSOR_KINDS,
)
from offnadir.coverage.study_model import Alternative, Places, Variable
from offnadir.errors import InputError, InputProblems, OffnadirError
from offnadir.orbits import ElementSet, read_elements
from offnadir.planning._fields import Kind, read_table
from offnadir.planning._places import read_point, read_polygon
from offnadir.planning._problems import Missing, Place
from offnadir.sensors import Sensor, load_camera
from offnadir.units import deg, km


def entries_of(
    values: Mapping[str, Any], key: str, place: Place, *, needed: bool = True
) -> list[Any]:
    """The entries of an array of tables; complains if there is none where one is needed."""
    entries = values.get(key, [])
    if not isinstance(entries, list):
        place.key(key).complain(entries, f"begun with [[{key}]], in double brackets")
        return []
    if needed and not entries and not any(e.field.startswith(key) for e in place.problems.errors):
        place.key(key).complain(Missing(), f"given: at least one [[{key}]]")
    return entries


class StudyReader:
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
        for number, entry in enumerate(entries_of(values, "place", self.place, needed=False), 1):
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
        elif "region" in table and not here.problems.errors:
            here.key("region").complain([], "at least one country's code, land or world")
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
            if not isinstance(family, str) or family not in FAMILIES:
                read_table(
                    {"family": family} if family else {}, ORBIT_KEYS, here, required=("family",)
                )
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
