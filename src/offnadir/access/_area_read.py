"""Areas from a GeoJSON file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offnadir.access._area_shape import Area
from offnadir.access.geojson import Feature, read_features, read_position
from offnadir.errors import InputError, InputProblems
from offnadir.units import deg

Array = NDArray[np.float64]

_POLYGONS = ("Polygon", "MultiPolygon")
_RING = "a ring of corners [[lon, lat], ...] in degrees, longitude first"


def read_areas(path: str | Path, *, alt_m: float = 0.0) -> tuple[Area, ...]:
    """The areas of a GeoJSON file, one for each feature: a Polygon or MultiPolygon, holes and all.

    Rings may be cut at the antimeridian (RFC 7946) or simply cross it, be wound either way, and go round
    a pole: then they hold the pole on their smaller side. Heights in the file are left out; all areas
    lie at `alt_m` above the ellipsoid. A feature without a name is named after the file and its number.
    Raises FileError for a file that cannot be read, and InputError or InputProblems that name feature,
    polygon and ring.
    """
    path = Path(path)
    areas: list[Area] = []
    problems: list[InputError] = []
    features = read_features(path)
    for number, feature in enumerate(features, 1):
        name = feature.name or (path.stem if len(features) == 1 else f"{path.stem} {number}")
        try:
            areas.append(Area(name=name, polygons_rad=_polygons(feature), alt_m=alt_m))
        except InputError as error:
            field = ", ".join(part for part in (feature.geometry_path, error.field) if part)
            problems.append(
                InputError(field, error.value, error.wish, hint=error.hint, where=str(path))
            )
    if problems:
        raise problems[0] if len(problems) == 1 else InputProblems(problems)
    return tuple(areas)


def _polygons(feature: Feature) -> tuple[tuple[Array, ...], ...]:
    """The feature's rings as latitude, longitude [rad]; InputError names polygon, ring and corner."""
    if feature.geometry not in _POLYGONS:
        raise InputError("", feature.geometry, "a Polygon or MultiPolygon")
    several = feature.geometry == "MultiPolygon"
    found = feature.coordinates if several else [feature.coordinates]
    if not isinstance(found, list) or not found:
        raise InputError("coordinates", found, "a list of at least one polygon")
    polygons = []
    for i, rings in enumerate(found, 1):
        name = f"polygon {i}, " if len(found) > 1 else ""
        if not isinstance(rings, list) or not rings:
            raise InputError(f"{name}coordinates", rings, "a list of rings, the outer one first")
        polygons.append(tuple(_ring(ring, f"{name}ring {j}") for j, ring in enumerate(rings, 1)))
    return tuple(polygons)


def _ring(value: object, where: str) -> Array:
    if not isinstance(value, list):
        raise InputError(where, value, _RING)
    corners = []
    for number, one in enumerate(value, 1):
        try:
            lon, lat, _ = read_position(one)
        except InputError as error:
            field = f"{where}, corner {number}"
            raise InputError(field, error.value, error.wish, hint=error.hint) from error
        corners.append((lat, lon))
    if len(set(corners)) < 3:
        raise InputError(where, value, "a ring of at least 3 different corners")
    return np.array(corners) * deg
