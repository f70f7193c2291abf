"""Rules about the ground that a picture shows.

What each rule says stands in `checker.RULES`; why its tolerance is what it is, in the reference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import shapely

from offnadir.planning._checker_facts import (
    MID,
    START,
    STOP,
    Facts,
    Finding,
    NotChecked,
    Picture,
    unless,
)
from offnadir.planning._checker_geometry import to_plane_m
from offnadir.units import km

AIM_TOL_M = 1.0
COVERAGE_TOL = 0.01
AREA_REL_TOL = 0.1
_EXACT = 1e-6


def footprint(facts: Facts) -> Iterator[Finding]:
    for p in facts.seen:
        s, v = p.stated, p.view
        if s.footprint_deg is None:
            continue
        shape = to_plane_m(s.footprint_deg, *p.aim_rad_m[:2])
        if shape is None or not shape.is_valid or not shape.area > 0.0:
            yield f"{p.id}: the footprint crosses itself, has no area or is far away"
            continue
        away_m = float(shape.distance(shapely.Point(0.0, 0.0)))
        yield unless(
            away_m <= AIM_TOL_M, f"{p.id}: the aim lies {away_m:.1f} m outside the footprint"
        )
        if math.isnan(p.satellite.fov_rad):
            yield NotChecked(
                f"{p.satellite.name} states no optics.fov_deg: how wide a swath may be"
            )
            continue
        # Solid angle that a line of detectors sweeps, then the ground that lies in it.
        track_m = v.nadir_m[STOP] - v.nadir_m[START]
        swept_rad = abs(float(track_m @ v.sweep[MID])) / v.range_m[MID]
        aslant = max(math.sin(v.elevation_rad[MID]), _EXACT)
        most_m2 = p.satellite.fov_rad * swept_rad * v.range_m[MID] ** 2 / aslant
        yield unless(
            shape.area <= most_m2 * (1 + AREA_REL_TOL),
            f"{p.id}: footprint of {shape.area / km**2:.2f} km2, but {p.satellite.name} sweeps no "
            f"more than {most_m2 / km**2:.2f} km2",
        )


def coverage(facts: Facts) -> Iterator[Finding]:
    for p in facts.pictures:
        stated = p.stated.coverage
        if math.isnan(stated):
            continue
        if p.shape_deg.geom_type == "Point":
            yield unless(abs(stated - 1.0) <= _EXACT, f"{p.id}: coverage {stated:.6f} of a point")
            continue
        if p.stated.footprint_deg is None:
            yield NotChecked("pictures state a coverage, but no footprint")
            continue
        found = _share(p)
        of = p.request.name if p.shape_deg is p.request.shape_deg else p.stated.strip
        yield unless(
            abs(stated - found) <= COVERAGE_TOL and -_EXACT <= stated <= 1 + _EXACT,
            f"{p.id}: coverage {stated:.4f} of {of!r}, recomputed {found:.4f}",
        )


def _share(p: Picture) -> float:
    """Share of the polygon, or strip, inside the footprint; 0 where one of them makes no sense."""
    wanted = to_plane_m(p.shape_deg, *p.aim_rad_m[:2])
    strip = to_plane_m(p.stated.footprint_deg, *p.aim_rad_m[:2])
    if wanted is None or strip is None or not (strip.is_valid and wanted.is_valid and wanted.area):
        return 0.0
    return float(wanted.intersection(strip).area / wanted.area)
