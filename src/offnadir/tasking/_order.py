"""What a customer orders: a frozen, checked wish for pictures of a place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.tasking._parties import Named
from offnadir.units import deg

SOURCES: Final = ("either", "archive", "new")
SENSOR_KINDS: Final = ("optical", "sar", "tir", "hyperspectral")
LEVELS: Final = ("ortho", "basic")
RELEASES: Final = ("private", "public")
LOWEST_PRIORITY: Final = 3
_RULES: Final[dict[str, tuple[float, float, str]]] = {
    "max_off_nadir_rad": (0, 90, "degrees"),
    "min_incidence_rad": (0, 90, "degrees"),
    "max_incidence_rad": (0, 90, "degrees"),
    "azimuth_from_rad": (0, 360, "degrees"),
    "azimuth_to_rad": (0, 360, "degrees"),
    "min_sun_elevation_rad": (-90, 90, "degrees"),
    "max_sun_elevation_rad": (-90, 90, "degrees"),
    "min_niirs": (0, 9, ""),
    "max_gsd_m": (0.01, 1000, "m"),
    "max_cloud": (0, 1, "(a share)"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When a picture may be taken; an end that is None is open."""

    start: Epoch | None = None
    stop: Epoch | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.stop is not None and self.stop <= self.start:
            raise InputError("stop", self.stop.utc(0), f"later than start {self.start.utc(0)}")

    def document(self) -> dict[str, Any]:
        """As it is stored."""
        ends = {"start": self.start, "stop": self.stop}
        return {key: end.utc(9) for key, end in ends.items() if end is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How a picture may look; None does not matter. `azimuth` is that of the satellite seen from the place.

    From `azimuth_from_rad` clockwise to `azimuth_to_rad`, over north if the first is greater. `sensors` are
    the cameras that may take it, by their names in the mission; any, if there are none.
    """

    kind: str = "optical"
    sensors: tuple[str, ...] = ()
    max_off_nadir_rad: float | None = None
    min_incidence_rad: float | None = None
    max_incidence_rad: float | None = None
    azimuth_from_rad: float | None = None
    azimuth_to_rad: float | None = None
    min_sun_elevation_rad: float | None = None
    max_sun_elevation_rad: float | None = None
    min_niirs: float | None = None
    max_gsd_m: float | None = None
    max_cloud: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in SENSOR_KINDS:
            raise InputError("kind", self.kind, " or ".join(SENSOR_KINDS))
        for name, (low, high, unit) in _RULES.items():
            value = getattr(self, name)
            if value is None:
                continue
            scale = deg if name.endswith("_rad") else 1.0
            if not low * scale <= value <= high * scale * (1 + 1e-12):
                raise InputError(name, value, f"from {low:g} to {high:g} {unit}".rstrip())
        if (self.azimuth_from_rad is None) != (self.azimuth_to_rad is None):
            raise InputError("azimuth", self.azimuth_from_rad, "two angles, from and to")
        for low_name, high_name in (
            ("min_incidence_rad", "max_incidence_rad"),
            ("min_sun_elevation_rad", "max_sun_elevation_rad"),
        ):
            low_end, high_end = getattr(self, low_name), getattr(self, high_name)
            if low_end is not None and high_end is not None and low_end > high_end:
                raise InputError(low_name, low_end, f"at most {high_name} = {high_end:g}")

    def document(self) -> dict[str, Any]:
        """As it is stored, in degrees."""
        found: dict[str, Any] = {"kind": self.kind}
        if self.sensors:
            found["sensors"] = list(self.sensors)
        for name in _RULES:
            value = getattr(self, name)
            if value is None or name.startswith("azimuth"):
                continue
            if name.endswith("_rad"):
                found[name.removesuffix("_rad") + "_deg"] = round(value / deg, 9)
            else:
                found[name] = value
        if self.azimuth_from_rad is not None and self.azimuth_to_rad is not None:
            ends = (self.azimuth_from_rad, self.azimuth_to_rad)
            found["azimuth_deg"] = [round(end / deg, 9) for end in ends]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A wish for pictures of one place, as a customer writes it.

    `place` is a GeoJSON geometry (Point, LineString or Polygon; longitude first, degrees); `area_m2` is its
    surface, 0 for points and lines. No `windows` means any time. `count` pictures are wanted, `every_days`
    apart. Priority 1 goes first. With `release` "public" everybody may find the picture in the archive once
    it was delivered. Build one with `read_order`, which checks everything.
    """

    place: Mapping[str, Any]
    area_m2: float
    title: str = ""
    windows: tuple[Window, ...] = ()
    looks: Looks = field(default_factory=Looks)
    priority: int = 2
    deadline: Epoch | None = None
    source: str = "either"
    level: str = "ortho"
    delivery: Mapping[str, str] = field(default_factory=dict)
    every_days: float | None = None
    count: int = 1
    end_user: Named | None = None
    beneficiaries: tuple[Named, ...] = ()
    purpose: str = ""
    notes: str = ""
    release: str = "private"

    def document(self) -> dict[str, Any]:
        """As it is stored and hashed; `read_order` gives the same order back."""
        found: dict[str, Any] = {
            "title": self.title,
            "place": self.place,
            "windows": [window.document() for window in self.windows],
            "looks": self.looks.document(),
            "priority": self.priority,
            "deadline": None if self.deadline is None else self.deadline.utc(9),
            "source": self.source,
            "level": self.level,
            "delivery": dict(self.delivery),
            "recurrence": None
            if self.every_days is None
            else {"every_days": self.every_days, "count": self.count},
            "end_user": None if self.end_user is None else self.end_user.document(),
            "beneficiaries": [one.document() for one in self.beneficiaries],
            "purpose": self.purpose,
            "notes": self.notes,
            "release": "" if self.release == "private" else self.release,
        }
        return {key: value for key, value in found.items() if value not in (None, "", [], {})}

    @property
    def digest(self) -> str:
        """SHA-256 of the document: two orders with the same digest are the same order."""
        return digest_of(self.document())


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of an order's document."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
