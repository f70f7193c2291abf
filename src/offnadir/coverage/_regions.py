"""What part of the Earth a grid is for: all of it, land, countries, or a figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from offnadir.access._area_plane import AUTHALIC_RADIUS_M, authalic_sine
from offnadir.access._area_rings import figure
from offnadir.access.areas import read_areas
from offnadir.access.countries import country_figure, country_names, land_figures
from offnadir.errors import InputError
from offnadir.units import deg

Array = NDArray[np.float64]
Figure = Any  # a shapely geometry
#: "world", "land", codes of countries, or a figure in degrees, longitude first, within +-180.
Where = str | Sequence[str] | Figure

_LAND_WISH = "land, world, or codes of countries (ISO 3166-1, two letters)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """Figures in degrees, longitude first, that are the region together; none: the whole Earth."""

    title: str
    figures: tuple[Figure, ...] = ()

    def holds(self, lat_rad: Array, lon_rad: Array) -> NDArray[np.bool_]:
        """Which of n places lie within."""
        if not self.figures:
            return np.ones(len(lat_rad), np.bool_)
        lat, lon = lat_rad / deg, (lon_rad / deg + 180.0) % 360.0 - 180.0
        inside = np.zeros(len(lat), np.bool_)
        for one in self.figures:
            west, south, east, north = one.bounds
            near = np.flatnonzero(
                ~inside & (lat >= south) & (lat <= north) & (lon >= west) & (lon <= east)
            )
            if len(near):
                shapely.prepare(one)
                inside[near] = shapely.intersects_xy(one, lon[near], lat[near])
        return inside

    def touches(self, boxes: NDArray[Any]) -> NDArray[np.bool_]:
        """Which of n boxes, shapely geometries in degrees, the region may reach into."""
        if not self.figures:
            return np.ones(len(boxes), np.bool_)
        tree = shapely.STRtree(boxes)
        hit = np.zeros(len(boxes), np.bool_)
        for one in self.figures:
            shapely.prepare(one)
            hit[tree.query(one, predicate="intersects")] = True
        return hit

    def area_m2(self) -> float:
        """Area [m2] on the ellipsoid."""
        sphere_m2 = AUTHALIC_RADIUS_M**2
        if not self.figures:
            return 4.0 * math.pi * sphere_m2

        def plane(xy: Array) -> Array:
            return np.stack([xy[:, 0] * deg, authalic_sine(xy[:, 1] * deg)], axis=1)

        flat = [shapely.transform(one, plane) for one in self.figures]
        return float(sum(one.area for one in flat)) * sphere_m2

    def inner_points_rad(self) -> Array:
        """(n, 2) latitude and longitude of a place inside each figure."""
        points = [one.representative_point() for one in self.figures]
        return np.array([(one.y, one.x) for one in points]).reshape(-1, 2) * deg


def region_of(where: Where, *, field: str = "region") -> Region:
    """The region that is meant; InputError about `field` for an unknown country or an empty figure."""
    if isinstance(where, Region):
        return where
    if isinstance(where, str) and where.lower() in ("world", "land"):
        whole = where.lower() == "world"
        return Region(title=where.lower(), figures=() if whole else land_figures())
    if hasattr(where, "geom_type"):
        return _of_figure(where, field)
    codes = [where] if isinstance(where, str) else list(where)
    if not codes:
        raise InputError(field, where, _LAND_WISH)
    names = country_names()
    for code in codes:
        if not isinstance(code, str) or code.upper() not in names:
            raise InputError(field, code, _LAND_WISH, hint=_alike(str(code), names))
    return Region(
        title=", ".join(names[code.upper()] for code in codes),
        figures=tuple(country_figure(code.upper()) for code in codes),
    )


def _alike(text: str, names: dict[str, str]) -> str:
    """Codes of countries whose name holds the text."""
    found = [f"{code} {name}" for code, name in names.items() if text.lower() in name.lower()]
    return "did you mean " + ", ".join(found[:4]) + "?" if found and len(text) > 2 else ""


def _of_figure(where: Figure, field: str) -> Region:
    if where.geom_type not in ("Polygon", "MultiPolygon"):
        raise InputError(field, where.geom_type, "a Polygon or MultiPolygon")
    if where.is_empty or not where.is_valid:
        raise InputError(field, str(where)[:60], "a figure with an area whose edges do not cross")
    west, south, east, north = where.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        wish = "in degrees, longitude first, within +-180 and +-90"
        raise InputError(field, where.bounds, wish, hint="cut figures at the antimeridian")
    return Region(title="figure", figures=(where,))


def region_of_file(path: str | Path) -> Region:
    """The polygons of a GeoJSON file together; raises what `read_areas` raises."""
    areas = read_areas(path)
    rings = [
        [[ring[:, ::-1] / deg for ring in polygon] for polygon in one.polygons_rad] for one in areas
    ]
    return Region(
        title=", ".join(one.name for one in areas), figures=tuple(figure(one) for one in rings)
    )
