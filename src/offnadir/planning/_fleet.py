"""Satellites in a mission file: their element sets, cameras, and whether SGP4 can follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from offnadir.epoch import Epoch, Span
from offnadir.errors import MISSING, FileError, InputError, InputProblems, OffnadirError
from offnadir.orbits import (
    SGP4_ERRORS,
    ElementSet,
    expected_timing_error_s,
    propagate,
    read_elements,
    select_satellites,
)
from offnadir.planning._fields import Kind, ListOf, Number, OneOf, Raw, Text, read_table
from offnadir.planning._fleet_rules import RULE_KEYS, read_rules
from offnadir.planning._problems import Missing, Place, key_hint
from offnadir.planning.model import Satellite
from offnadir.sensors import (
    Radar,
    Sensor,
    load_sensor,
    sensor_from_table,
    sensor_of_satellite,
)
from offnadir.units import Gbit, Mbit, day, deg

ELEMENT_FILES: Final = ListOf(Text(), "file names", or_one=True)
SATELLITE_KEYS: Final[Mapping[str, Kind]] = {
    "norad_id": Number(1, 999_999_999, whole=True),
    "name": Text(),
    "elements": ELEMENT_FILES,
    "sensor": OneOf({str: Text(), dict: Raw()}, "the name of a sensor, a sensor file, or a table"),
    "max_off_nadir_deg": Number(0, 90, "degrees", deg, open_low=True),
    "memory_gbit": Number(0, 1e6, "gigabits", Gbit, open_low=True),
    "downlink_mbps": Number(0, 1e5, "megabits a second", Mbit, open_low=True),
    **RULE_KEYS,
}
DEFAULT_MEMORY_BIT: Final = 1000 * Gbit
DEFAULT_DOWNLINK_BIT_S: Final = 400 * Mbit
#: An element set farther than this from an end of the span is worth a warning.
OLD_DAYS: Final = 3.0
_CHECK_STEP_NS = 600_000_000_000
_STEPS_BEFORE = 1000
_TOLD = 3


@dataclass(slots=True)
class FleetReader:
    """Reads satellites of one mission file. `span` is None if the file's own is wrong."""

    folder: Path
    span: Span | None
    _files: dict[Path, tuple[ElementSet, ...]] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that were read, in the order in which the mission names them."""
        return tuple(self._files)

    def read(
        self, entries: list[object], files: Sequence[str], place: Place
    ) -> tuple[Satellite, ...]:
        """The satellites of [[satellite]] entries that are right; all else is complained of."""
        shared = self._sets(files, place.key("elements"))
        if not files and any(isinstance(e, dict) and "elements" not in e for e in entries):
            wish = "given: a list of files of element sets (TLE, 3LE or OMM)"
            place.key("elements").complain(Missing(), wish)
        found: list[Satellite] = []
        by_number: dict[int, str] = {}
        by_name: dict[str, str] = {}
        for number, entry in enumerate(entries, 1):
            here = place.key("satellite").item(number)
            if not isinstance(entry, dict):
                here.complain(entry, "a table, begun with [[satellite]]")
                continue
            here = place.key("satellite").item(number, entry.get("name", ""))
            one = self._satellite(entry, shared, here)
            if one is None:
                continue
            norad_id = one.elements.norad_id
            if norad_id in by_number:
                wish = f"a satellite of its own: {by_number[norad_id]} is the same"
                here.complain(f"{one.name} ({norad_id})", wish)
            elif one.name in by_name:
                wish = f"a name of its own: {by_name[one.name]} has it already"
                here.key("name").complain(
                    one.name, wish, "give norad_id, and a name of your choice"
                )
            by_number.setdefault(norad_id, here.path)
            by_name.setdefault(one.name, here.path)
            found.append(one)
        return tuple(found)

    def _sets(self, files: Sequence[str], place: Place) -> tuple[ElementSet, ...]:
        """The element sets of files, each file read once; what was refused becomes a warning."""
        sets: list[ElementSet] = []
        for number, name in enumerate(files, 1):
            path = self.folder / name
            if path not in self._files:
                self._files[path] = self._file(path, name, place.item(number))
            sets.extend(self._files[path])
        return tuple(sets)

    def _file(self, path: Path, name: str, place: Place) -> tuple[ElementSet, ...]:
        try:
            file = read_elements(path)
        except (InputError, InputProblems) as error:
            place.pass_on(error, name)
            return ()
        except OffnadirError as error:
            place.complain(name, "a file of element sets that can be read", str(error))
            return ()
        for bad in file.rejected[:_TOLD]:
            where = bad.where.replace(str(path), name, 1)
            place.problems.warnings.append(f"{where}: element set left out: {bad.reason}")
        if file.rejected:
            count = f"{len(file.rejected)} element sets left out, {len(file.elements)} read"
            place.problems.warnings.append(f"{name}: {count}")
        return file.elements

    def _satellite(
        self, entry: dict[str, object], shared: tuple[ElementSet, ...], place: Place
    ) -> Satellite | None:
        values = read_table(entry, SATELLITE_KEYS, place)
        sets = shared
        if "elements" in values:
            sets = self._sets(values["elements"], place.key("elements"))
        elements = self._elements(entry, values, sets, place)
        sensor = _sensor(entry, values, elements, place)
        rules: dict[str, Any] = {}
        if sensor is not None and self.span is not None:
            before = len(place.problems.errors)
            rules = read_rules(values, sensor, self.span, place)
            if len(place.problems.errors) > before:
                sensor = None
        if elements is None or not self._can_be_followed(elements, place) or sensor is None:
            return None
        chosen_by_name = "norad_id" not in values
        name = elements.name if chosen_by_name else values.get("name", elements.name)
        limit_rad = values.get("max_off_nadir_deg", sensor.max_off_nadir_rad)
        if limit_rad > sensor.max_off_nadir_rad + 1e-9:
            own = f"{sensor.max_off_nadir_rad / deg:g} degrees of {sensor.title}"
            place.key("max_off_nadir_deg").warn(f"{limit_rad / deg:g} is more than the {own}")
        self._warn_if_old(name, elements, place)
        return Satellite(
            name=name,
            elements=elements,
            sensor=sensor,
            max_off_nadir_rad=limit_rad,
            memory_bit=values.get("memory_gbit", DEFAULT_MEMORY_BIT),
            downlink_bit_s=values.get("downlink_mbps", DEFAULT_DOWNLINK_BIT_S),
            **rules,
        )

    def _elements(
        self,
        entry: dict[str, object],
        values: dict[str, Any],
        sets: tuple[ElementSet, ...],
        place: Place,
    ) -> ElementSet | None:
        """The one set that is meant, the nearest in time to the middle of the span."""
        if not entry.keys() & {"norad_id", "name"}:
            slips = (key for key in entry if key not in SATELLITE_KEYS)
            if not any(key_hint(key, ("norad_id",)).startswith("did you") for key in slips):
                place.key("norad_id").complain(Missing(), "given, or name: which satellite is it?")
            return None
        key = "norad_id" if "norad_id" in entry else "name"
        if key not in values or not sets:
            return None  # the key, or the files, have been complained of
        near = self.span.start + self.span.duration_s / 2 if self.span else None
        try:
            chosen = select_satellites(sets, values[key], near=near)
        except InputError as error:
            place.key(key).pass_on(error, values[key])
            return None
        if len(chosen) > 1:
            some = ", ".join(f"{one.name} ({one.norad_id})" for one in chosen[:_TOLD])
            more = f" and {len(chosen) - _TOLD} more" if len(chosen) > _TOLD else ""
            wish = "the name of one satellite"
            place.key(key).complain(values[key], wish, f"it fits {some}{more}")
            return None
        return chosen[0]

    def _can_be_followed(self, elements: ElementSet, place: Place) -> bool:
        """Whether SGP4 gives positions from the epoch to the span, and every ten minutes within it.

        Long after a decay SGP4 may well give positions again: they mean nothing.
        """
        if self.span is None:
            return False
        first, last = self.span.start.tai_ns, self.span.stop.tai_ns
        before = np.linspace(elements.epoch.tai_ns, first, _STEPS_BEFORE, endpoint=False)
        within = np.append(np.arange(first, last, _CHECK_STEP_NS, dtype=np.int64), last)
        times = np.concatenate([before.astype(np.int64), within])
        _, _, status = propagate(elements, times)
        if not status.any():
            return True
        at = int((status != 0).argmax())
        code = int(status[at])
        age_days = (int(times[at]) - elements.epoch.tai_ns) / 1e9 / day
        when = Epoch(int(times[at])).utc(0)
        hint = (
            f"SGP4 error {code}, {SGP4_ERRORS.get(code, 'propagation fails')}, at {when}, "
            f"{age_days:.1f} days from its epoch"
        )
        value = f"{elements.name} ({elements.norad_id})"
        place.complain(value, "a satellite that SGP4 can follow throughout the span", hint)
        return False

    def _warn_if_old(self, name: str, elements: ElementSet, place: Place) -> None:
        if self.span is None:
            return
        end = max(self.span.start, self.span.stop, key=lambda t: abs(t - elements.epoch))
        age_days = abs(end - elements.epoch) / day
        if age_days <= OLD_DAYS:
            return
        likely_s, at_most_s = (
            expected_timing_error_s(elements, end, share=share) for share in (0.68, 0.90)
        )
        place.warn(
            f"the element set of {name}, of {elements.epoch.utc(0)}, is {age_days:.1f} days from the "
            f"far end of the span: expect its times to be wrong by up to {likely_s:.2g} s in two cases "
            f"of three, {at_most_s:.2g} s in nine of ten"
        )


def _sensor(
    entry: dict[str, object], values: dict[str, Any], elements: ElementSet | None, place: Place
) -> Sensor | None:
    """The camera: from the library, a file, inline, or the one that is known for this satellite."""
    here = place.key("sensor")
    wanted = values.get("sensor")
    sensor: Sensor | Radar | None = None
    try:
        if isinstance(wanted, str):
            is_file = wanted.lower().endswith(".toml")
            sensor = load_sensor(str(Path(place.file).parent / wanted) if is_file else wanted)
        elif wanted is not None:
            sensor = sensor_from_table(wanted, place.file)
    except FileError as error:
        here.complain(wanted, "the name of a sensor or a sensor file", str(error))
        return None
    except (InputError, InputProblems) as error:
        for one in error.problems if isinstance(error, InputProblems) else [error]:
            spot = here if isinstance(wanted, str) else here.key(one.field)
            spot.complain(Missing() if one.value is MISSING else one.value, one.wish, one.hint)
        return None
    if sensor is None:
        if "sensor" in entry or elements is None:
            return None  # complained of already
        sensor = sensor_of_satellite(elements.norad_id)
    if sensor is None:
        whose = f"{elements.name} ({elements.norad_id})" if elements else "this satellite"
        wish = f"given: the library knows no camera of {whose}"
        here.complain(Missing(), wish, "`offnadir sensors` lists the library; or write a table")
    if isinstance(sensor, Radar):
        wish = "a camera: pictures of radars cannot be planned yet, `offnadir look` finds their windows"
        here.complain(sensor.name, wish)
        return None
    return sensor
