"""The kinds of values that only a study file has: choices and ranges; and the keys of its tables."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from offnadir.coverage.study_model import GOALS, LONGEST_SPAN_S, LOWEST_HEIGHT_KM, METHODS, Value
from offnadir.planning._fields import (
    Duration,
    Flag,
    Inline,
    Kind,
    ListOf,
    Number,
    Raw,
    Text,
    Time,
    Word,
    WrongValueError,
)
from offnadir.planning._problems import Place
from offnadir.units import deg, km

MOST_CHOICES: Final = 1000
_RANGE_KEYS: Final = {"from", "to", "step"}


@dataclass(frozen=True, slots=True)
class Choices:
    """One value, a list of values, or { from, to, step }; each value of one kind, in the file's unit."""

    kind: Kind

    def read(self, value: object, place: Place) -> tuple[Value, ...]:
        """The values in their order; those that are wrong are complained of one by one."""
        if isinstance(value, Mapping):
            return self._range(value, place)
        if not isinstance(value, list):
            return (self.kind.read(value, place),)
        if not value:
            raise WrongValueError("at least one value", "a list without choices allows no design")
        found: list[Value] = []
        for number, one in enumerate(value, 1):
            here = place.item(number)
            try:
                read = self.kind.read(one, here)
            except WrongValueError as wrong:
                here.complain(one, wrong.wish, wrong.hint)
                continue
            if read in found:
                here.complain(one, "a choice of its own: it stands in the list already")
            found.append(read)
        return tuple(found)

    def _range(self, value: Mapping[str, Any], place: Place) -> tuple[Value, ...]:
        kind = self.kind
        if not isinstance(kind, Number):
            raise WrongValueError("a value or a list of values")
        if set(value) != _RANGE_KEYS:
            raise WrongValueError("a value, a list, or { from = ..., to = ..., step = ... }")
        start, stop = (_number(kind, value[key], place.key(key)) for key in ("from", "to"))
        step = value["step"]
        if isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step < math.inf:
            place.key("step").complain(step, "a number above 0")
            return ()
        if start is None or stop is None:
            return ()
        if stop < start:
            place.key("to").complain(stop, f"at least from = {start:g}")
            return ()
        if stop - start >= step * MOST_CHOICES:  # divided by a step near 0, it would be no number
            place.key("step").complain(step, f"one that makes at most {MOST_CHOICES} choices")
            return ()
        if kind.whole and not isinstance(step, int):
            place.key("step").complain(step, "a whole number")
            return ()
        many = step < 2 * (stop - start)  # a whole number may be larger than what can be divided by
        count = math.floor((stop - start) / step + 1e-9) + 1 if many else 1
        values = [start + i * step for i in range(count)]
        return tuple(values if kind.whole else [round(one, 9) for one in values])


def _number(kind: Number, value: object, place: Place) -> float | int | None:
    try:
        return kind.read(value, place)
    except WrongValueError as wrong:
        place.complain(value, wrong.wish, wrong.hint)
        return None


@dataclass(frozen=True, slots=True)
class Height:
    """A height above the equatorial radius in km; what is below ground or in the air is told so."""

    def read(self, value: object, place: Place) -> float:
        """Kilometres."""
        wish = f"a height from {LOWEST_HEIGHT_KM:g} to 90000 km above the Earth's equatorial radius"
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongValueError(wish)
        if value < 0:
            raise WrongValueError(wish, "this orbit runs below ground")
        if value < LOWEST_HEIGHT_KM:
            raise WrongValueError(wish, "in air that thick no satellite goes round twice")
        if not value <= 90_000:
            hint = "was it meant in metres?" if value > 1e5 else ""
            raise WrongValueError(wish, hint)
        return float(value)


@dataclass(frozen=True, slots=True)
class HeightNumber(Number):
    """The same with { from, to, step }."""

    def read(self, value: object, place: Place) -> float:
        """Kilometres."""
        return Height().read(value, place)


_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Clocks:
    """A local time such as "10:30", or several planes: "10:30 13:30"."""

    def read(self, value: object, place: Place) -> str:
        """The text, its times parted by one blank."""
        words = value.split() if isinstance(value, str) else []
        if not words or not all(_CLOCK.fullmatch(one) for one in words):
            wish = 'local times of the descending node such as "10:30", or "10:30 13:30" for two planes'
            raise WrongValueError(wish)
        if len(set(words)) < len(words):
            raise WrongValueError("different local times")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Repeat:
    """Revolutions and days, such as "143/10"."""

    def read(self, value: object, place: Place) -> str:
        """The text, without common divisors it is refused."""
        match = (
            re.fullmatch(r"\s*(\d{1,4})\s*/\s*(\d{1,3})\s*", value)
            if isinstance(value, str)
            else None
        )
        if match is None or not int(match[2]):
            raise WrongValueError('revolutions and days such as "143/10", which is Sentinel-2\'s')
        revs, days = int(match[1]), int(match[2])
        if not 1 <= revs / days <= 16.4:
            raise WrongValueError("from 1 to 16.4 revolutions a day", f"this is {revs / days:.2f}")
        if math.gcd(revs, days) > 1:
            shorter = f"{revs // math.gcd(revs, days)}/{days // math.gcd(revs, days)}"
            raise WrongValueError("without a common divisor", f"it is {shorter}")
        return f"{revs}/{days}"


_COUNT: Final = Number(1, 10_000, whole=True)
_SATELLITES: Final = Choices(_COUNT)
_HEIGHT: Final = Choices(HeightNumber())
_ANGLE: Final = Choices(Number(-360, 360, "degrees"))
_INCLINATION: Final = Choices(Number(0, 180, "degrees"))

_WALKER: Final[Mapping[str, Kind]] = {
    "satellites": _SATELLITES,
    "planes": _SATELLITES,
    "phasing": Choices(Number(0, 9_999, whole=True)),
    "height_km": _HEIGHT,
    "inclination_deg": _INCLINATION,
    "raan_deg": _ANGLE,
}
#: Keys of an [[orbit]] by its family: what may be chosen, in the order in which it is shown.
FAMILIES: Final[Mapping[str, Mapping[str, Kind]]] = {
    "walker-delta": _WALKER,
    "walker-star": _WALKER,
    "sun-synchronous": {
        "satellites": _SATELLITES,
        "height_km": _HEIGHT,
        "descending_node": Choices(Clocks()),
    },
    "repeat": {
        "satellites": _SATELLITES,
        "repeat": Choices(Repeat()),
        "inclination_deg": _INCLINATION,
        "descending_node": Choices(Clocks()),
        "track_lon_deg": _ANGLE,
    },
    "string-of-pearls": {
        "satellites": _SATELLITES,
        "height_km": _HEIGHT,
        "inclination_deg": _INCLINATION,
        "spacing_s": Choices(Number(0, 86_400, "seconds", open_low=True)),
        "raan_deg": _ANGLE,
    },
    "elliptical": {
        "satellites": _SATELLITES,
        "planes": _SATELLITES,
        "perigee_km": _HEIGHT,
        "apogee_km": _HEIGHT,
        "inclination_deg": _INCLINATION,
        "arg_perigee_deg": _ANGLE,
        "raan_deg": _ANGLE,
    },
    "given": {"elements": Choices(Text()), "satellites": _SATELLITES},
}
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "walker-delta": ("satellites", "height_km", "inclination_deg"),
    "walker-star": ("satellites", "height_km", "inclination_deg"),
    "sun-synchronous": ("satellites", "height_km", "descending_node"),
    "repeat": ("satellites", "repeat"),
    "string-of-pearls": ("satellites", "height_km", "inclination_deg", "spacing_s"),
    "elliptical": ("satellites", "perigee_km", "apogee_km", "inclination_deg"),
    "given": ("elements",),
}
ORBIT_KEYS: Final[Mapping[str, Kind]] = {"name": Text(), "family": Word(tuple(FAMILIES))}

_LIMIT: Final = Choices(Number(0, 80, "degrees", open_low=True))
SENSOR_KINDS: Final[Mapping[str, Kind]] = {
    "library": Choices(Text()),
    "aperture_m": Choices(Number(0.02, 10, "metres")),
    "gsd_m": Choices(Number(0.05, 100, "metres")),
    "niirs": Choices(Number(1, 9)),
}
SENSOR_KEYS: Final[Mapping[str, Kind]] = {
    "name": Text(),
    **SENSOR_KINDS,
    "max_off_nadir_deg": _LIMIT,
    "mass_kg": Choices(Number(1, 100_000, "kg")),
}
PLACES_KEYS: Final[Mapping[str, Kind]] = {
    "region": ListOf(Text(), "country codes such as KR, or land, or world", or_one=True),
    "polygon": Raw(),
    "cell_km2": Number(1, 5_000_000, "square km", km**2),
}
PLACE_KEYS: Final[Mapping[str, Kind]] = {
    "name": Text(),
    "lat_deg": Number(said="a latitude from -90 to 90 degrees"),
    "lon_deg": Number(said="a longitude from -180 to 180 degrees (0 to 360 will do)"),
}
WISH_KEYS: Final[Mapping[str, Kind]] = {
    "niirs": Number(1, 9),
    "gsd_m": Number(0.05, 1_000, "metres", open_low=True),
    "revisit": Duration(longest_s=LONGEST_SPAN_S),
    "mean_revisit": Duration(longest_s=LONGEST_SPAN_S),
    "longest_gap": Duration(longest_s=LONGEST_SPAN_S),
    "response": Duration(longest_s=LONGEST_SPAN_S),
    "latency": Duration(longest_s=LONGEST_SPAN_S),
    "response_95": Duration(longest_s=LONGEST_SPAN_S),
    "area_share": Number(0.0, 1.0, open_low=True),
    "min_sun_elevation_deg": Number(-90, 90, "degrees", deg),
    "rated_sun_elevation_deg": Number(1, 90, "degrees", deg),
    "clouds": Flag(),
    "cost": Number(0, 1e9, open_low=True),
    "satellites": _COUNT,
    "lifetime_years": Number(0, 1_000, "years", open_low=True),
}
SEARCH_KEYS: Final[Mapping[str, Kind]] = {
    "method": Word(METHODS),
    "objectives": ListOf(Word(tuple(GOALS)), "objectives"),
    "seed": Number(0, 2**31 - 1, whole=True),
    "budget": Number(1, 10_000_000, whole=True),
    "population": Number(4, 10_000, whole=True),
}
COST_KEYS: Final[Mapping[str, Kind]] = {
    "learning": Number(0.5, 1.0),
    "plane_kg": Number(0, 1e6, "kg"),
    "station_kg": Number(0, 1e6, "kg"),
}
UPKEEP_KEYS: Final[Mapping[str, Kind]] = {
    "ballistic_kg_m2": Number(1, 10_000, "kg/m2"),
    "isp_s": Number(10, 10_000, "seconds"),
    "years": Number(0, 100, "years", open_low=True),
}
LAUNCH_KEYS: Final[Mapping[str, Kind]] = {
    "site": Text(),
    "name": Text(),
    "lat_deg": Number(-90, 90, "degrees", deg),
    "min_azimuth_deg": Number(0, 360, "degrees", deg),
    "max_azimuth_deg": Number(0, 360, "degrees", deg),
}
SPAN_KEYS: Final[Mapping[str, Kind]] = {
    "start": Time(),
    "duration": Duration(longest_s=LONGEST_SPAN_S),
}
STUDY_KEYS: Final[Mapping[str, Kind]] = {
    "name": Text(),
    "span": Inline(SPAN_KEYS, required=("start", "duration")),
    "places": Inline(PLACES_KEYS),
    "place": Raw(),
    "wishes": Inline(WISH_KEYS),
    "orbit": Raw(),
    "sensor": Raw(),
    "station": Raw(),
    "station_sets": Raw(),
    "search": Inline(SEARCH_KEYS),
    "cost": Inline(COST_KEYS),
    "upkeep": Inline(UPKEEP_KEYS),
    "launch": Inline(LAUNCH_KEYS),
}
