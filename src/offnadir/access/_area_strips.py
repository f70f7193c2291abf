"""An area cut into strips of one swath, side by side along a heading."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from offnadir.access._area_plane import (
    AUTHALIC_RADIUS_M,
    authalic_sine,
    cylindrical_m,
    frame_at,
    from_cylindrical,
    from_sphere,
    to_sphere,
)
from offnadir.access._area_shape import Area, centre_of
from offnadir.constants import WGS84_A_M, WGS84_E2
from offnadir.earth import east_north_up, itrf_to_geodetic
from offnadir.errors import InputError, UnitRangeError
from offnadir.orbits import Ephemeris
from offnadir.units import deg, km

Array = NDArray[np.float64]

_EDGE_DEG = 0.1
_FARTHEST_RAD = 60 * deg
_STEP_M = 25 * km
_MOST_STRIPS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One strip of an area: its centre line from start to stop [rad], along the heading.

    `length_m` runs along the centre line, `width_m` across. `share` is the part of the area's surface
    inside, `new_share` the part that no strip before it holds. `outline_rad` is a closed ring, shape
    (n, 2), latitude and longitude [rad], counter-clockwise; its longitudes may leap at the antimeridian.
    """

    number: int
    start_lat_rad: float
    start_lon_rad: float
    stop_lat_rad: float
    stop_lon_rad: float
    length_m: float
    width_m: float
    share: float
    new_share: float
    outline_rad: Array


def cut_strips(
    area: Area, *, swath_m: float, heading_rad: float, overlap: float = 0.05
) -> tuple[Strip, ...]:
    """Strips that cover an area, from left to right as seen along the heading.

    The middle one follows the great circle through the area's centre with that heading (clockwise from
    north, there); the others run parallel to it. Neighbours overlap by at least that share of the swath,
    evenly, so that the outer edges meet the area's. A strip is as long as what it holds of the area; one
    that holds nothing is left out. Shares are true on the ellipsoid; widths and lengths are exact at the
    centre and good to 0.5 % elsewhere. Raises InputError for an area that reaches farther than 60 degrees
    from its centre.
    """
    if not swath_m > 0.0 or not math.isfinite(swath_m):
        raise InputError("swath_m", swath_m, "above 0")
    if not 0.0 <= overlap <= 0.9:
        raise InputError("overlap", overlap, "from 0 to 0.9, as a share of the swath")
    if not abs(heading_rad) <= 2 * math.pi:
        hint = "did you forget `* deg`?"
        raise UnitRangeError("heading_rad", heading_rad, "within +-2 pi", hint=hint)
    frame, stretch = _frame(area, heading_rad)
    plane = _plane(area, frame)
    _, low, _, high = plane.bounds
    # On the sphere the strip is as much narrower as lengths along it are longer there.
    swath = swath_m / stretch / AUTHALIC_RADIUS_M
    low, high = math.asin(low / AUTHALIC_RADIUS_M), math.asin(high / AUTHALIC_RADIUS_M)
    middles = _middles(low, high, swath, overlap)
    strips: list[Strip] = []
    edge_m = math.inf
    for middle in middles.tolist():
        strip = _strip(plane, frame, middle, swath, edge_m)
        if strip is not None:
            edge_m = AUTHALIC_RADIUS_M * math.sin(middle - swath / 2)
            strips.append(_named(strip, len(strips) + 1, swath_m, stretch))
    return tuple(strips)


def track_heading_rad(ephemeris: Ephemeris, tai_ns: ArrayLike) -> Array:
    """Heading [rad] of the ground track, clockwise from north in [0, 2 pi), shape (n,), at TAI ns.

    It is that over the turning Earth of the point below the satellite; NaN where no position is known.
    """
    tai = np.atleast_1d(np.asarray(tai_ns, np.int64))
    lat, lon, alt = itrf_to_geodetic(ephemeris.position_itrf_m(tai))
    local = np.einsum("nij,nj->ni", east_north_up(lat, lon), ephemeris.velocity_itrf_m_s(tai))
    # The point below moves the slower the farther it is from the satellite, by other shares each way.
    prime, meridian = _radii_m(lat)
    east, north = local[:, 0] * prime / (prime + alt), local[:, 1] * meridian / (meridian + alt)
    return np.asarray(np.arctan2(east, north) % (2 * np.pi), np.float64)


def _radii_m(lat_rad: Array) -> tuple[Array, Array]:
    """Radii of curvature [m] across and along the meridian."""
    w2 = 1.0 - WGS84_E2 * np.sin(lat_rad) ** 2
    prime = WGS84_A_M / np.sqrt(w2)
    return prime, prime * (1.0 - WGS84_E2) / w2


def _frame(area: Area, heading_rad: float) -> tuple[Array, float]:
    """The strips' frame on the authalic sphere, and how much longer lengths along them are there."""
    centre = centre_of(area.outline_deg)
    lat, _ = from_sphere(centre)
    prime, _ = _radii_m(lat)
    level = math.sqrt(max(1.0 - float(authalic_sine(lat)) ** 2, 0.0))
    # Snyder 3-11 on: areas keep, so that north stretches by as much as east shrinks; 1 at a pole.
    pole = level < 1e-6
    wide = 1.0 if pole else AUTHALIC_RADIUS_M * level / (float(prime) * math.cos(float(lat)))
    east, north = wide * math.sin(heading_rad), math.cos(heading_rad) / wide
    return frame_at(centre, math.atan2(east, north)), math.hypot(east, north)


def _plane(area: Area, frame: Array) -> Any:
    """The area in the cylindrical plane along the strips."""
    outline = shapely.segmentize(area.outline_deg, _EDGE_DEG)
    farthest = 1.0
    parts = []
    for part in shapely.get_parts(outline):
        lon, lat = shapely.get_coordinates(part).T * deg
        unit = to_sphere(lat, lon)
        farthest = min(farthest, float(np.min(unit @ frame[2])))
        parts.append(shapely.transform(part, _Map(frame)))
    if farthest < math.cos(_FARTHEST_RAD):
        far_km = math.acos(max(farthest, -1.0)) * AUTHALIC_RADIUS_M / km
        wish = f"an area that reaches at most {_FARTHEST_RAD / deg:.0f} degrees from its centre"
        raise InputError("area", f"{area.name}: {far_km:.0f} km", wish, hint="split it")
    # A cut along the antimeridian or into a pole closes here, and its two sides fall together.
    sound = [one if one.is_valid else shapely.make_valid(one) for one in parts]
    return shapely.union_all(sound)


class _Map:
    """Longitude and latitude [deg] to the cylindrical plane [m]."""

    def __init__(self, frame: Array) -> None:
        self.frame = frame

    def __call__(self, lon_lat: Array) -> Array:
        lon, lat = lon_lat.T * deg
        return cylindrical_m(to_sphere(lat, lon), self.frame)


def _middles(low: float, high: float, swath: float, overlap: float) -> Array:
    """Angles left of the middle great circle [rad] of the strips' centre lines, left to right."""
    width = high - low
    count = 1
    if width > swath:
        needed = (width - swath) / (swath * (1.0 - overlap))
        if needed > _MOST_STRIPS:
            wish = f"wide enough for {_MOST_STRIPS} strips"
            raise InputError("swath_m", swath * AUTHALIC_RADIUS_M, wish)
        count = math.ceil(needed - 1e-9) + 1
    if count == 1:
        return np.array([(low + high) / 2.0])
    return np.linspace(high - swath / 2.0, low + swath / 2.0, count)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A strip in the plane: its ends [m], middle and swath [rad], and shares of the area."""

    frame: Array
    start_m: float
    stop_m: float
    middle: float
    swath: float
    share: float
    new_share: float


def _strip(plane: Any, frame: Array, middle: float, swath: float, edge_m: float) -> _Cut | None:
    """What one strip holds of the area; None if nothing. `edge_m` is where the one before it ends."""
    low, high = (AUTHALIC_RADIUS_M * math.sin(middle + side * swath / 2) for side in (-1, 1))
    west, _, east, _ = plane.bounds
    inside = shapely.clip_by_rect(plane, west - 1.0, low, east + 1.0, high)
    if not inside.area > 0.0:
        return None
    new = inside.area
    if edge_m < high:
        new = shapely.clip_by_rect(plane, west - 1.0, low, east + 1.0, max(edge_m, low)).area
    start_m, _, stop_m, _ = inside.bounds
    return _Cut(frame, start_m, stop_m, middle, swath, inside.area / plane.area, new / plane.area)


def _named(cut: _Cut, number: int, width_m: float, stretch: float) -> Strip:
    """The strip on the ground."""
    pieces = max(math.ceil((cut.stop_m - cut.start_m) / _STEP_M), 1)
    along = np.linspace(cut.start_m, cut.stop_m, pieces + 1)
    right, middle, left = (
        np.column_stack(
            [
                along,
                np.full(
                    len(along), AUTHALIC_RADIUS_M * math.sin(cut.middle + side * cut.swath / 2)
                ),
            ]
        )
        for side in (-1, 0, 1)
    )
    ring = np.vstack([right, left[::-1], right[:1]])
    lat, lon = from_sphere(from_cylindrical(ring, cut.frame))
    line_lat, line_lon = from_sphere(from_cylindrical(middle, cut.frame))
    outline = np.column_stack([lat, lon])
    outline.flags.writeable = False
    return Strip(
        number=number,
        start_lat_rad=float(line_lat[0]),
        start_lon_rad=float(line_lon[0]),
        stop_lat_rad=float(line_lat[-1]),
        stop_lon_rad=float(line_lon[-1]),
        length_m=(cut.stop_m - cut.start_m) * math.cos(cut.middle) / stretch,
        width_m=width_m,
        share=cut.share,
        new_share=cut.new_share,
        outline_rad=outline,
    )
