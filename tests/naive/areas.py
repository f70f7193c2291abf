"""The slow, obvious twin of the search over areas: many points, every second, then cut that second up."""

from __future__ import annotations

import numpy as np
import shapely

from naive.access import NS, SUN_EVERY_S, Wish, edge, margins, positions_itrf_m
from offnadir.earth import EarthOrientation, Site, sun_itrf_m
from offnadir.epoch import Span
from offnadir.orbits import ElementSet
from offnadir.units import deg

KM_DEG = 1 / 111.2


def points(polygon: shapely.Polygon, outline_km: float, inside_km: float) -> list[Site]:
    """Places along the edges and on a grid inside a polygon of longitudes and latitudes [deg]."""
    lon_lat = list(shapely.get_coordinates(shapely.segmentize(polygon, outline_km * KM_DEG)))
    west, south, east, north = polygon.bounds
    for lat in np.arange(south, north, inside_km * KM_DEG):
        lon = np.arange(west, east, inside_km * KM_DEG / np.cos(lat * deg))
        lon_lat.extend((x, lat) for x in lon[shapely.contains_xy(polygon, lon, lat)])
    return [Site(name="", lat_rad=lat * deg, lon_rad=lon * deg) for lon, lat in lon_lat]


def area_windows(
    elements: ElementSet, sites: list[Site], span: Span, wish: Wish, mode: str
) -> list[tuple[int, int]]:
    """(start, stop [TAI ns]) of the times at which any or all of the places meet the wish."""
    pick = np.max if mode == "any" else np.min

    def margin(tai_ns: np.ndarray) -> np.ndarray:
        r_sat = positions_itrf_m(elements, tai_ns)
        r_sun = None
        if wish.min_sun_rad is not None:
            coarse = tai_ns[:: min(SUN_EVERY_S, len(tai_ns))]
            nodes = sun_itrf_m(coarse, EarthOrientation.bundled())
            r_sun = np.column_stack([np.interp(tai_ns, coarse, column) for column in nodes.T])
        return pick([margins(r_sat, r_sun, site, wish) for site in sites], axis=0)

    def good(at_ns: np.ndarray) -> np.ndarray:
        return margin(at_ns) >= 0

    tai_ns = span.start.tai_ns + np.arange(int(span.duration_s) + 1) * NS
    seen = np.concatenate([[False], margin(tai_ns) >= 0, [False]])
    rises, falls = np.flatnonzero(seen[1:] & ~seen[:-1]), np.flatnonzero(seen[:-1] & ~seen[1:])
    found = []
    for first, after in zip(rises, falls, strict=True):
        start, stop = int(tai_ns[first]), int(tai_ns[after - 1])
        if first > 0:
            start = edge(int(tai_ns[first - 1]), start, good)
        if after < len(tai_ns):
            stop = edge(stop, int(tai_ns[after]), good)
        found.append((start, stop))
    return found
