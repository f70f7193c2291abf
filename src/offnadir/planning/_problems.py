"""Complaints about a file: where, what, what instead, and a guess at what was meant."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from offnadir.errors import InputError, InputProblems, OffnadirError

_LONGEST_NAME = 60
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+").fullmatch


class Missing:
    """Stands for the value of a key that is not there."""

    def __repr__(self) -> str:
        return "(missing)"


@dataclass(slots=True)
class Problems:
    """Everything found wrong, and everything worth a warning, in the order of discovery."""

    errors: list[InputError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, error: InputError | InputProblems) -> None:
        """Note errors that already name their own place."""
        self.errors.extend(error.problems if isinstance(error, InputProblems) else [error])

    def raise_if_any(self) -> None:
        """Raise what was found: the one error, or InputProblems for several."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise InputProblems(self.errors)


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a file, such as `request[3] "Sohae".lat_deg`, where complaints point to."""

    problems: Problems
    file: str
    path: str = ""

    def key(self, name: str) -> Place:
        """The spot of a key of the table here."""
        shown = name if _BARE_KEY(name) else json.dumps(name, ensure_ascii=not name.isprintable())
        return Place(self.problems, self.file, f"{self.path}.{shown}" if self.path else shown)

    def item(self, number: int, name: object = "") -> Place:
        """The spot of an entry of the list here, counted from 1, with its name if it has one."""
        shown = isinstance(name, str) and name.isprintable() and 0 < len(name) <= _LONGEST_NAME
        path = f"{self.path}[{number}]" + (f' "{name}"' if shown else "")
        return Place(self.problems, self.file, path)

    def complain(self, value: object, wish: str, hint: str = "") -> None:
        """Note that a value is wrong."""
        try:
            repr(value)
        except (ValueError, RecursionError):  # numbers of thousands of digits, tables within tables
            value = f"{type(value).__name__} too large to print"
        self.problems.errors.append(InputError(self.path, value, wish, hint=hint, where=self.file))

    def pass_on(self, error: OffnadirError, value: object = None) -> None:
        """Note another room's complaint about the value here under the name of this place."""
        if isinstance(error, InputProblems):
            for one in error.problems:
                self.pass_on(one, value)
        elif isinstance(error, InputError):
            value = error.value if value is None else value
            self.complain(value, error.wish, error.hint)
        else:
            self.complain(value, "right", str(error))

    def warn(self, text: str) -> None:
        """Note a warning; it goes into results, so the file's folder, which may differ, stays out."""
        path = f"{self.path}: " if self.path else ""
        self.problems.warnings.append(f"{Path(self.file).name}: {path}{text}")


_SUFFIXES = {
    "deg": "in degrees", "m": "in metres", "s": "in seconds", "gbit": "in gigabits",
    "mbps": "in megabits a second", "rad": "", "km": "", "cm": "", "ft": "", "ms": "", "min": "", "h": "",
    "d": "", "days": "", "hours": "", "minutes": "", "seconds": "", "degrees": "", "radians": "",
    "meters": "", "metres": "", "mbit": "", "tbit": "", "gb": "", "mb": "", "tb": "", "gbyte": "",
    "gbps": "", "kbps": "", "bit": "", "bps": "", "time": "", "date": "", "utc": "", "id": "",
    "w": "in watts", "wh": "in watt hours", "k": "in kelvins", "s2": "", "kw": "", "kwh": "", "mw": "",
    "ah": "", "j": "", "kj": "", "mj": "", "c": "", "degc": "", "percent": "", "pct": "",
}  # fmt: skip
_COMPOUND_UNITS = {
    "_deg_s": "in degrees a second", "_deg_s2": "in degrees a second squared",
    "_k_s": "in kelvins a second",
}  # fmt: skip
_OTHER_WORDS = {
    "latitude": "lat_deg", "longitude": "lon_deg", "lng": "lon_deg", "long": "lon_deg",
    "altitude": "alt_m", "height": "alt_m", "priority": "weight", "value": "weight",
    "end": "stop", "until": "stop", "begin": "start", "from": "start", "length": "duration",
    "coordinates": "polygon", "corners": "polygon", "ring": "polygon", "catnr": "norad_id",
    "norad_cat_id": "norad_id", "satnum": "norad_id", "tle": "elements", "tles": "elements",
    "camera": "sensor", "instrument": "sensor", "off_nadir": "max_off_nadir_deg",
    "sun_elevation": "min_sun_elevation_deg", "min_sun": "min_sun_elevation_deg", "gsd": "max_gsd_m",
    "niirs": "min_niirs", "horizon": "mask", "skyline": "mask", "title": "name", "due": "deadline",
    "downlink_rate": "downlink_mbps", "storage": "memory_gbit", "random_seed": "seed",
    "strips": "cover", "repeats": "repeat", "revisit": "repeat", "predecessor": "after",
    "agility": "slew", "duty_cycle": "duty", "max_images_per_orbit": "max_pictures_per_orbit",
    "uplink": "next_uplink", "outages": "blocked", "unavailable": "blocked", "heat": "thermal",
    "dod": "max_depth_of_discharge", "max_dod": "max_depth_of_discharge", "reason": "why",
    "setup": "setup_s", "choose": "choice", "either_or": "choice", "clouds": "weather",
    "forecast": "cloud_cube", "max": "at_most", "names": "requests", "pictures": "count", "n": "count",
    "overlap_percent": "overlap", "settling": "settling_s",
}  # fmt: skip


def key_hint(name: str, known: Sequence[str]) -> str:
    """What the writer of an unknown key may have meant: another unit, another word, a slip."""
    wanted = stem(name)
    for key in known:
        if stem(key) == wanted and key != name:
            unit = _unit_of(key)
            return f"did you mean {key}{', ' + unit if unit else ''}?"
    for word in (name.lower(), wanted):
        if _OTHER_WORDS.get(word) in known:
            return f"did you mean {_OTHER_WORDS[word]}?"
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return "known here: " + ", ".join(known)


def _unit_of(key: str) -> str:
    """The unit at the end of a key, in words."""
    for ending, words in _COMPOUND_UNITS.items():
        if key.endswith(ending):
            return words
    return _SUFFIXES.get(key.rpartition("_")[2], "") if "_" in key else ""


def name_hint(name: object, known: Sequence[str]) -> str:
    """Which of some names may have been meant."""
    if not isinstance(name, str):
        return ""
    close = [one for one in known if one.casefold() == name.casefold()]
    close = close or difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}?" if close else ""


def stem(key: str) -> str:
    """A key without its unit: lat_rad and lat_deg have one stem."""
    words = key.lower().replace("-", "_").split("_")
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return "_".join(words)
