"""The slow, obvious twin of the access search: look every second, then cut that second up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from offnadir.earth import (
    EarthOrientation,
    Site,
    east_north_up,
    itrf_to_geodetic,
    rot_itrf_teme,
    sun_itrf_m,
    up,
)
from offnadir.epoch import Span
from offnadir.orbits import ElementSet, propagate

NS = 1_000_000_000
SUN_EVERY_S = 20


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Limits [rad]; None asks for nothing. The horizon is always one of them."""

    min_elevation_rad: float = 0.0
    max_off_nadir_rad: float | None = None
    min_sun_rad: float | None = None
    max_range_m: float | None = None
    mask: tuple[tuple[float, ...], tuple[float, ...]] | None = None


def positions_itrf_m(elements: ElementSet, tai_ns: np.ndarray) -> np.ndarray:
    """SGP4 and the Earth's rotation at every single instant, nothing interpolated."""
    r_teme_m, _, _ = propagate(elements, tai_ns)
    rotation = rot_itrf_teme(tai_ns, EarthOrientation.bundled())
    return np.einsum("nij,nj->ni", rotation, r_teme_m)


def margins(r_sat_m: np.ndarray, r_sun_m: np.ndarray | None, site: Site, wish: Wish) -> np.ndarray:
    """Least margin over all wishes at each instant; positive: all are met."""
    sight = r_sat_m - site.r_itrf_m
    distance = np.linalg.norm(sight, axis=1)
    east, north, high = (sight @ east_north_up(site.lat_rad, site.lon_rad).T).T
    elevation = np.arcsin(high / distance)
    parts = [elevation - max(wish.min_elevation_rad, 0.0)]
    if wish.max_off_nadir_rad is not None:
        lat, lon, _ = itrf_to_geodetic(r_sat_m)
        cosine = np.sum(up(lat, lon) * sight, axis=1) / distance
        parts.append(wish.max_off_nadir_rad - np.arccos(np.clip(cosine, -1, 1)))
    if wish.min_sun_rad is not None:
        to_sun = r_sun_m - site.r_itrf_m
        sine = to_sun @ up(site.lat_rad, site.lon_rad) / np.linalg.norm(to_sun, axis=1)
        parts.append(np.arcsin(sine) - wish.min_sun_rad)
    if wish.max_range_m is not None:
        parts.append((wish.max_range_m - distance) / 1e6)
    if wish.mask is not None:
        azimuth = np.arctan2(east, north) % (2 * np.pi)
        parts.append(elevation - np.interp(azimuth, *wish.mask, period=2 * np.pi))
    return np.min(parts, axis=0)


def edge(a: int, b: int, good: Callable[[np.ndarray], np.ndarray]) -> int:
    """Where what holds at one end ceases to: cut into 32, again and again, to under a microsecond."""
    before = bool(good(np.array([a]))[0])
    while b - a > 500:
        cuts = np.linspace(a, b, 33).astype(np.int64)[1:]
        first = int(np.flatnonzero(good(cuts) != before)[0])
        a, b = (a if first == 0 else int(cuts[first - 1])), int(cuts[first])
    return (a + b) // 2


def windows(
    elements: ElementSet, sites: list[Site], span: Span, wish: Wish
) -> list[tuple[int, int, int]]:
    """(site number, start, stop [TAI ns]) in order; edges bisected to under a microsecond."""
    seconds = np.arange(int(span.duration_s) + 1)
    tai_ns = span.start.tai_ns + seconds * NS
    r_sat = positions_itrf_m(elements, tai_ns)
    r_sun = None
    if wish.min_sun_rad is not None:
        coarse = seconds[::SUN_EVERY_S]
        nodes = sun_itrf_m(span.start.tai_ns + coarse * NS, EarthOrientation.bundled())
        r_sun = np.column_stack([np.interp(seconds, coarse, column) for column in nodes.T])

    def good(at_ns: np.ndarray, site: Site) -> np.ndarray:
        sun = sun_itrf_m(at_ns, EarthOrientation.bundled()) if r_sun is not None else None
        return margins(positions_itrf_m(elements, at_ns), sun, site, wish) >= 0

    found = []
    for number, site in enumerate(sites):
        seen = np.concatenate([[False], margins(r_sat, r_sun, site, wish) >= 0, [False]])
        rises, falls = np.flatnonzero(seen[1:] & ~seen[:-1]), np.flatnonzero(seen[:-1] & ~seen[1:])
        for first, after in zip(rises, falls, strict=True):
            start = int(tai_ns[first])
            if first > 0:
                start = edge(
                    int(tai_ns[first - 1]), start, lambda at_ns, site=site: good(at_ns, site)
                )
            stop = int(tai_ns[after - 1])
            if after < len(tai_ns):
                stop = edge(stop, int(tai_ns[after]), lambda at_ns, site=site: good(at_ns, site))
            found.append((number, start, stop))
    return found
