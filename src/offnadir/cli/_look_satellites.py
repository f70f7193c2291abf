"""From element files and filters on the command line to ephemerides, one at a time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from offnadir.cli import _say
from offnadir.errors import MISSING, InputError

if TYPE_CHECKING:
    from offnadir.epoch import Epoch, Span
    from offnadir.orbits import ElementFile, ElementSet, Ephemeris
    from offnadir.orbits._ephemeris_file import PositionTrack
    from offnadir.orbits._filter import ElementFilter

_RANGE = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)?\s*-\s*([0-9]+(?:\.[0-9]*)?)?\s*")
_NUMBERS = re.compile(r"[0-9]{1,9}")
_OPTIONS = {
    "names": "--name",
    "norad_ranges": "--norad",
    "norad_ids": "--group",
    "orbits": "--orbit",
    "inclination_rad": "--inclination",
    "altitude_m": "--altitude",
    "max_age_s": "--max-age",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which satellites are wanted, as written on the command line."""

    satellites: Sequence[str] = ()
    names: Sequence[str] = ()
    norad: Sequence[str] = ()
    groups: Sequence[str] = ()
    orbits: Sequence[str] = ()
    inclination: str | None = None
    altitude: str | None = None
    max_age: float | None = None

    def filter(self) -> ElementFilter:
        """The same in SI; raises InputError that names the option."""
        from offnadir.orbits._filter import ORBIT_KINDS, ElementFilter
        from offnadir.units import day, deg, km

        kinds = tuple(kind.lower() for kind in self.orbits)
        for text, kind in zip(self.orbits, kinds, strict=True):
            if kind not in ORBIT_KINDS:
                raise InputError("--orbit", text, "one of " + ", ".join(ORBIT_KINDS))
        if self.max_age is not None and not 0 < self.max_age <= 36525:
            raise InputError("--max-age", self.max_age, "above 0, up to 36525 days")
        inclination = numbers("--inclination", self.inclination or "-", 0, 180, "97-99 in degrees")
        altitude = numbers("--altitude", self.altitude or "-", 0, math.inf, "400-700 in km")
        low_m = altitude[0] * km if self.altitude else -math.inf
        return ElementFilter(
            names=tuple(self.names),
            norad_ranges=tuple(whole("--norad", text) for text in self.norad),
            norad_ids=frozenset().union(*map(_group, self.groups)) if self.groups else None,
            orbits=kinds,
            inclination_rad=(inclination[0] * deg, inclination[1] * deg),
            altitude_m=(low_m, altitude[1] * km),
            max_age_s=math.inf if self.max_age is None else self.max_age * day,
        )


@dataclass(slots=True, kw_only=True)
class Flock:
    """The satellites of a search; `ephemerides` makes them one by one and keeps count.

    `used` are the sets of those that SGP4 could follow.
    """

    sets: list[ElementSet]
    span: Span
    tracks: list[PositionTrack] = field(default_factory=list)
    followed: int = 0
    used: list[ElementSet] = field(default_factory=list)
    _lost: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sets) + len(self.tracks)

    def names(self) -> list[str]:
        """Names of all satellites, whether SGP4 can follow them or not."""
        return [*(one.name for one in self.sets), *(one.satellite for one in self.tracks)]

    def ephemerides(self) -> Iterator[Ephemeris]:
        """Propagate; a satellite that SGP4 cannot follow is told, and an error if none can be followed."""
        from offnadir.orbits import make_ephemeris

        self.followed, self.used, self._lost = 0, [], []
        for one in self.sets:
            ephemeris = make_ephemeris(one, self.span)
            bad = ephemeris.status != 0
            if bad.any():
                self._lost.append(_trouble(one, ephemeris))
            if not bad.all():
                self.followed += 1
                self.used.append(one)
                yield ephemeris
        for track in self.tracks:
            ephemeris = track.ephemeris(self.span)
            if track.coverage.start > self.span.start or track.coverage.stop < self.span.stop:
                ends = f"{track.coverage.start.utc(0)} to {track.coverage.stop.utc(0)}"
                self._lost.append(f"{track.satellite}: positions only from {ends}")
            if not ephemeris.status.all():
                self.followed += 1
                yield ephemeris
        if self._lost and not self.followed:
            lost = "; ".join(_say.some(self._lost))
            wish = "satellites whose positions are known over the span"
            raise InputError("--elements", MISSING, wish, hint=lost)

    def warn(self) -> None:
        """Name the satellites that SGP4 could not follow all the way."""
        _say.warn(_say.some(self._lost))


def _trouble(one: ElementSet, ephemeris: Ephemeris) -> str:
    from offnadir.orbits import SGP4_ERRORS

    first = int((ephemeris.status != 0).argmax())
    code = int(ephemeris.status[first])
    when = (ephemeris.first + first * ephemeris.step_s).utc(0)
    text = SGP4_ERRORS.get(code, "propagation fails")
    return f"{one.name} ({one.norad_id}): SGP4 error {code}, {text}, from {when}"


def read_flock(files: Sequence[Path], wanted: Wanted, span: Span) -> Flock:
    """The objects of all files that are wanted, each with its set nearest to the middle of the span."""
    from offnadir.orbits._ephemeris_file import is_ephemeris_file
    from offnadir.orbits._filter import ElementFilter, filter_elements

    limits = wanted.filter()
    middle = span.start + span.duration_s / 2
    positions = [path for path in files if is_ephemeris_file(path)]
    tracks = _tracks(positions, wanted.satellites)
    if tracks and limits != ElementFilter():
        _say.warn(
            ["satellites of files of positions are not filtered; --satellite picks from them"]
        )
    others = [path for path in files if path not in positions]
    if not others:
        return Flock(sets=[], span=span, tracks=tracks)
    sets = read_sets(others, near=middle)
    if not tracks or not wanted.satellites:
        sets = _named(sets, wanted.satellites, near=middle)
    found = filter_elements(sets, limits, near=middle)
    if limits != ElementFilter():
        _tell(found.left, wanted)
    return Flock(sets=list(found.elements), span=span, tracks=tracks)


def _tracks(files: Sequence[Path], satellites: Sequence[str]) -> list[PositionTrack]:
    """Objects of files of positions; the filters on orbits do not touch them, names do."""
    from offnadir.orbits._ephemeris_file import read_ephemerides

    tracks: list[PositionTrack] = []
    for path in files:
        file = read_ephemerides(path)
        _say.warn(_say.some(list(file.rejected)))
        tracks.extend(file.tracks)
    if not satellites or not tracks:
        return tracks
    keys = [text.strip().casefold() for text in satellites]
    found = [
        t for t in tracks if any(k == str(t.norad_id) or k in t.satellite.casefold() for k in keys)
    ]
    if not found:
        known = ", ".join(_say.some([t.satellite for t in tracks]))
        raise InputError("--satellite", " ".join(satellites), f"one of those in the file: {known}")
    return found


def read_sets(files: Sequence[Path], *, near: Epoch | None) -> list[ElementSet]:
    """The element sets of all files; what was refused is told. Of a store those nearest to `near`, or all."""
    sets: list[ElementSet] = []
    rejected: list[str] = []
    for path in files:
        file = _read_one(path, near)
        sets.extend(file.elements)
        rejected.extend(f"{bad.where}: {bad.reason}" for bad in file.rejected)
    _say.warn(_say.some(rejected))
    if rejected:
        _say.note(f"{_say.count(len(rejected), 'element set')} skipped, {len(sets)} read")
    return sets


def _read_one(path: Path, near: Epoch | None) -> ElementFile:
    """A file of element sets, or the nearest sets of a store."""
    from offnadir.orbits import read_elements
    from offnadir.orbits.store import is_store, read_store

    if is_store(path):
        return read_store(path, near=near)
    return read_elements(Path("/dev/stdin") if str(path) == "-" else path)


def _named(sets: list[ElementSet], satellites: Sequence[str], *, near: Epoch) -> list[ElementSet]:
    """All sets, or one of each object that `--satellite` means."""
    from offnadir.orbits import select_satellites

    if not satellites:
        return sets
    found: dict[int, ElementSet] = {}
    for text in satellites:
        for one in select_satellites(sets, text, near=near, field="--satellite"):
            found.setdefault(one.norad_id, one)
    return list(found.values())


def _tell(left: Sequence[tuple[str, int]], wanted: Wanted) -> None:
    """How many objects each filter left; an error that names the one that left none."""
    texts = {
        "names": " ".join(wanted.names),
        "norad_ranges": " ".join(wanted.norad),
        "norad_ids": " ".join(wanted.groups),
        "orbits": " ".join(wanted.orbits),
        "inclination_rad": wanted.inclination,
        "altitude_m": wanted.altitude,
        "max_age_s": wanted.max_age,
    }
    before = left[0][1]
    for name, count in left[1:]:
        if count == 0:
            wish = f"met by one of {_say.count(before, 'object')} at least"
            raise InputError(_OPTIONS[name], texts[name], wish)
        before = count
    steps = (f"{count} after {_OPTIONS[name]}" for name, count in left[1:])
    _say.note(", ".join([_say.count(left[0][1], "object"), *steps]))


def _group(text: str) -> frozenset[int]:
    """Numbers of the satellites of a group: the sensor library, one sensor of it, or a file's."""
    from offnadir.sensors import load_sensor, satellites_with_sensors, sensor_names

    if text.lower() == "imaging":
        return satellites_with_sensors()
    names = sensor_names()
    if text.lower() in names:
        return frozenset(load_sensor(text).norad_ids)
    path = Path(text)
    if not path.is_file():
        wish = f"imaging, a sensor ({', '.join(names)}), or a file of numbers or element sets"
        raise InputError("--group", text, wish)
    return _numbers_of(path)


def _numbers_of(path: Path) -> frozenset[int]:
    """The first cell of each line where that is a number in all of them, else those of element sets."""
    from offnadir.orbits import read_elements

    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = []  # compressed, perhaps
    cells = [re.split(r"[\s,;#]", line.strip(), maxsplit=1)[0] for line in lines]
    cells = [cell for cell in cells if cell]
    if cells and all(_NUMBERS.fullmatch(cell) for cell in cells):
        return frozenset(map(int, cells))
    return frozenset(one.norad_id for one in read_elements(path).elements)


def numbers(option: str, text: str, low: float, high: float, example: str) -> tuple[float, float]:
    """A range such as "400-700", "400-" or "-700"; a missing end is `low` or `high`."""
    match = _RANGE.fullmatch(text)
    wish = f"a range such as {example}"
    if match is None:
        raise InputError(option, text, wish)
    first = low if match[1] is None else float(match[1])
    last = high if match[2] is None else float(match[2])
    if not low <= first <= last <= high:
        ends = f"from {low:g}" + (f" to {high:g}" if high < math.inf else " up")
        raise InputError(option, text, f"{wish}, the lower end first, {ends}")
    return first, last


def whole(option: str, text: str) -> tuple[int, int]:
    """A catalogue number or a range of them, both ends included."""
    if _NUMBERS.fullmatch(text.strip()):
        return int(text), int(text)
    low, high = numbers(option, text, 0, 999_999_999, "40000-41000")
    if low != int(low) or high != int(high):
        raise InputError(option, text, "whole numbers, a range such as 40000-41000")
    return int(low), int(high)
