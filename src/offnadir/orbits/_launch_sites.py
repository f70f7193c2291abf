"""Where satellites are launched from: the world's orbital launch sites and the azimuths they publish."""

from __future__ import annotations

import difflib
import functools
import tomllib
from dataclasses import dataclass

from offnadir.data import bundled_bytes
from offnadir.earth import Site
from offnadir.errors import InputError, UnitRangeError
from offnadir.units import deg

_TURN = 360 * deg
_ROUNDING = 1e-9  # a limit itself is within the limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Spaceport:
    """A launch site and the launch azimuths [rad] that its range allows.

    `azimuths_rad` are ranges clockwise from north, first to last, against the turning ground; a last below
    the first runs over north. Empty where no limits are published: then every azimuth counts as allowed,
    and `limits_published` is False.
    """

    key: str
    site: Site
    country: str = ""
    azimuths_rad: tuple[tuple[float, float], ...] = ()
    source: str = ""
    azimuth_source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for first, last in self.azimuths_rad:
            for azimuth in (first, last):
                if not 0.0 <= azimuth <= _TURN:
                    hint = "did you forget `* deg`?"
                    raise UnitRangeError("azimuths_rad", azimuth, "within [0, 2 pi]", hint=hint)

    @property
    def name(self) -> str:
        """The full name."""
        return self.site.name

    @property
    def limits_published(self) -> bool:
        """Whether anything is known of the azimuths that the range allows."""
        return bool(self.azimuths_rad)

    def excess_rad(self, azimuth_rad: float) -> float:
        """How far an azimuth [rad] lies outside the limits: 0 within them or where none are published."""
        beyond = [_beyond_rad(azimuth_rad, *limits) for limits in self.azimuths_rad]
        return min(beyond, default=0.0)

    def nearest_azimuth_rad(self, azimuth_rad: float) -> float:
        """The allowed azimuth [rad] that is nearest to the one that is wished."""
        if self.excess_rad(azimuth_rad) == 0.0:
            return azimuth_rad % _TURN
        ends = [end for limits in self.azimuths_rad for end in limits]
        return min(ends, key=lambda end: abs((end - azimuth_rad + _TURN / 2) % _TURN - _TURN / 2))

    def limits_text(self) -> str:
        """The limits in words, in degrees."""
        if not self.azimuths_rad:
            return "not published"
        return ", ".join(f"{a / deg:g} to {b / deg:g} deg" for a, b in self.azimuths_rad)


def _beyond_rad(azimuth_rad: float, first_rad: float, last_rad: float) -> float:
    """How far an azimuth lies outside a range."""
    width = (last_rad - first_rad) % _TURN
    into = (azimuth_rad - first_rad) % _TURN
    if into <= width + _ROUNDING or into >= _TURN - _ROUNDING:
        return 0.0
    return min(into - width, _TURN - into)


@functools.cache
def spaceports() -> tuple[Spaceport, ...]:
    """All launch sites that are bundled, in the order of their keys (data/spaceports.toml)."""
    rows = tomllib.loads(bundled_bytes("spaceports.toml").decode("utf-8"))["spaceport"]
    return tuple(
        Spaceport(
            key=row["key"],
            site=Site(name=row["name"], lat_rad=row["lat_deg"] * deg, lon_rad=row["lon_deg"] * deg),
            country=row["country"],
            azimuths_rad=tuple((a * deg, b * deg) for a, b in row.get("azimuth_deg", [])),
            source=row["source"],
            azimuth_source=row.get("azimuth_source", ""),
            note=row.get("note", ""),
        )
        for row in rows
    )


def find_spaceport(text: str, *, field: str = "spaceport") -> Spaceport:
    """The launch site that is meant by its key, or by a part of its name; case does not count.

    Raises InputError about `field`, with similar keys as a hint, if none or several are meant.
    """
    wanted = " ".join(text.casefold().replace("-", " ").replace("_", " ").split())
    known = spaceports()
    exact = [one for one in known if one.key.replace("-", " ") == wanted]
    part = [
        one
        for one in known
        if wanted and wanted in f"{one.key} {one.name}".casefold().replace("-", " ")
    ]
    found = exact or part
    if len(found) == 1:
        return found[0]
    keys = [one.key for one in found or known]
    close = difflib.get_close_matches(wanted.replace(" ", "-"), keys, n=3, cutoff=0.5)
    hint = f"there are {', '.join(keys)}"
    if close and not found:
        hint = f"did you mean {' or '.join(close)}?"
    raise InputError(field, text, "one launch site, or LAT,LON", hint=hint)
