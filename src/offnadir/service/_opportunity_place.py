"""Where an opportunity aims, and how much of an area one pass can take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from offnadir.access.areas import Area, cut_strips
from offnadir.earth import Site
from offnadir.errors import InputError, InputProblems
from offnadir.tasking._fields import Reader
from offnadir.tasking._order_place import read_place
from offnadir.units import deg

GEOMETRIES: Final = ("Point", "LineString", "Polygon")
_OVERLAP: Final = 0.05
_HEADING_DEG: Final = 3.0  # to which strips of passes are told apart
_SWATH_STEP: Final = 0.05  # the same of the swath, as a share


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A checked GeoJSON geometry: what is aimed at, and the area if it is a polygon.

    A line is aimed at its middle corner, a polygon at the centre of its surface, both at sea level.
    """

    geometry: Mapping[str, Any]
    aim: Site
    area: Area | None = None
    area_m2: float = 0.0

    @property
    def positions(self) -> int:
        """How many corners it has."""
        kind, corners = self.geometry["type"], self.geometry["coordinates"]
        return sum(map(len, corners)) if kind == "Polygon" else len(corners)


def read_geometry(value: object, *, field: str = "geometry") -> Place:
    """A place of a GeoJSON geometry; InputError or InputProblems tell what is wrong with it.

    Refused are geometries of other kinds, those of more than 10,000 corners, corners that are no numbers.
    Heights in it are left out.
    """
    kind = value.get("type") if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping) or not isinstance(kind, str) or kind not in GEOMETRIES:
        wish = "one that the product offers: " + ", ".join(GEOMETRIES)
        raise InputError(f"{field}.type", str(kind)[:200], wish)
    reader = Reader()
    geometry, area_m2 = read_place(value, reader)
    if reader.problems:
        told = [
            InputError(field + one.field.removeprefix("place"), one.value, one.wish, hint=one.hint)
            for one in reader.problems[:20]
        ]
        raise told[0] if len(told) == 1 else InputProblems(told)
    return place_of(geometry, area_m2)


def place_of(geometry: Mapping[str, Any], area_m2: float = 0.0) -> Place:
    """The same of a geometry that was checked already."""
    corners, area = geometry["coordinates"], None
    if geometry["type"] == "Polygon":
        rings = tuple(np.array(ring)[:, 1::-1] * deg for ring in corners)
        area = Area(name="place", polygons_rad=(rings,))
        lat, lon = area.centre_rad
    else:
        spot = corners if geometry["type"] == "Point" else corners[len(corners) // 2]
        lat, lon = spot[1] * deg, spot[0] * deg
    lon = (lon + math.pi) % (2 * math.pi) - math.pi
    aim = Site(name="place", lat_rad=lat, lon_rad=lon, alt_m=0.0)
    return Place(geometry=geometry, aim=aim, area=area, area_m2=area_m2)


class Strips:
    """How passes cut an area, remembered for passes that are alike."""

    def __init__(self, area: Area) -> None:
        self._area = area
        self._known: dict[tuple[int, int], tuple[float, int]] = {}

    def of(self, heading_rad: float, swath_m: float, longest_m: float) -> tuple[float, int]:
        """The share of the area that the best strip of a pass takes, and how many strips all of it takes.

        Strips run along the heading of the ground track, to 3 degrees, side by side with an overlap of
        5 %; one that is longer than a picture can be counts in proportion. Swaths are told apart to 5 %.
        """
        step = round(heading_rad / (_HEADING_DEG * deg))
        size = math.floor(math.log(swath_m) / _SWATH_STEP)
        if (step, size) not in self._known:
            like = (step * _HEADING_DEG * deg, math.exp(size * _SWATH_STEP))
            self._known[step, size] = self._cut(*like, longest_m)
        return self._known[step, size]

    def _cut(self, heading_rad: float, swath_m: float, longest_m: float) -> tuple[float, int]:
        strips = cut_strips(self._area, swath_m=swath_m, heading_rad=heading_rad, overlap=_OVERLAP)
        shares = [one.share * min(1.0, longest_m / max(one.length_m, 1.0)) for one in strips]
        pieces = [math.ceil(max(one.length_m / longest_m, 1e-9)) for one in strips]
        return min(max(shares, default=0.0), 1.0), sum(pieces)
