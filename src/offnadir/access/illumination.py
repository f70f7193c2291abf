"""Illumination: when a satellite is in the Earth's shadow, the Sun against its orbit, local solar time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir._table import Labels, Table
from offnadir.access._tracks import Flight, flight, sun_track
from offnadir.constants import EARTH_RATE_RAD_S, GM_EARTH_M3_S2, WGS84_A_M
from offnadir.earth import EarthOrientation, SunTable, sun_itrf_m
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.orbits import Ephemeris
from offnadir.units import day

Array = NDArray[np.float64]
Times = NDArray[np.int64]
Progress = Callable[[int, int], None]
Node = Literal["ascending", "descending"]
SolarTime = Literal["mean", "apparent"]

_NS = 1_000_000_000
_KINDS: Final = ("penumbra", "umbra", "annular")  # the kernel's levels from 1
_UMBRA_ENDS_M = 1.3e9  # nearer than this the Earth hides the whole Sun, farther off it never does
_LEAST_ZONE_RAD = 0.01
_LOWEST_M = 10e3
_SPARE = 1.25  # for the flattening
_LEAST_TILT = 1e-4  # rad; an orbit nearer to the equator has no node to speak of
_FEW, _TABLE_PAYS_S = 64, 1800.0
_TIMES = ("start", "stop")


def find_eclipses(
    ephemerides: Ephemeris | Iterable[Ephemeris], *, progress: Progress | None = None
) -> Table:
    """Every stretch of time in which the Earth covers the Sun, seen from a satellite.

    An ordinary eclipse makes three rows that follow each other: `kind` is "penumbra" while part of the
    Sun is covered, "umbra" while all of it is, and then "penumbra" again; "annular" is a ring left of it,
    beyond 1.4 million km. Rows are in the order of the ephemerides, then of time. No eclipse of over 1 ms
    is missed.

    Columns: `satellite`, `norad_id`, `eclipse` (0, 1, ...: its number within the satellite's own), `kind`,
    `start`, `stop` (TAI ns), `cut_start`, `cut_stop` (the stretch runs on where the span ends or the
    positions do), `duration_s`. The Earth is the bare WGS-84 ellipsoid and the Sun a sphere; the
    atmosphere, which dims and bends the light near the edges, is left out (a layer of 20 km that lets
    nothing through would move them by 8 s at 500 km). `progress(done, total)` is called after each
    satellite; `total` is 0 where the number is not known beforehand.
    """
    flock = [ephemerides] if isinstance(ephemerides, Ephemeris) else ephemerides
    total = len(flock) if isinstance(flock, Sequence) else 0
    tables = []
    for done, ephemeris in enumerate(flock, start=1):
        tables.append(_eclipses(ephemeris))
        if progress is not None:
            progress(done, total)
    return Table.concat(tables) if tables else _empty()


def _eclipses(ephemeris: Ephemeris) -> Table:
    """The rows of one satellite."""
    from offnadir.access import _between as kernels  # numba costs half a second: only when needed

    one = flight(ephemeris, ephemeris.span.start)
    if one is None:
        return _table(ephemeris, np.empty((0, 3)), np.empty((2, 0), np.bool_))
    sun = sun_track(ephemeris.span, ephemeris.orientation)
    distant = one.high_m > _UMBRA_ENDS_M
    parts, cuts = [], []
    for start_s, stop_s in one.runs:
        rows = kernels.lights(start_s, stop_s, one.track, sun, distant, _bounds(one))
        parts.append(rows)
        cuts.append(np.array([rows[:, 0] <= start_s, rows[:, 1] >= stop_s]))
    return _table(ephemeris, np.concatenate(parts), np.concatenate(cuts, axis=1))


def _bounds(one: Flight) -> tuple[float, float, float]:
    """Greatest rates [rad/s, rad/s2] of the Sun over the limb, and the zone [rad] of the second.

    docs/theory/illumination.md derives the second. The zone is a quarter of the Earth's least angular radius.
    """
    from offnadir.geometry._shadow import margin_rate_rad_s

    rate = margin_rate_rad_s(one.speed_m_s, one.low_m)
    zone = 0.25 * math.asin(WGS84_A_M / max(one.high_m, WGS84_A_M))
    if zone < _LEAST_ZONE_RAD:
        return rate, 1.0, 0.0
    v, r = one.speed_m_s, max(one.low_m, WGS84_A_M + _LOWEST_M)
    pull = GM_EARTH_M3_S2 / r**2 + 2 * EARTH_RATE_RAD_S * v + EARTH_RATE_RAD_S**2 * one.high_m
    tangent = WGS84_A_M / math.sqrt(r**2 - WGS84_A_M**2)
    sun_turns = 1.4 * (2 * pull + 6 * v * v / r) / WGS84_A_M
    limb_turns = tangent * ((v / r) ** 2 * (2 + tangent**2) + (pull + v * v / r) / r)
    sky_turns = EARTH_RATE_RAD_S * (2 * v + EARTH_RATE_RAD_S * one.high_m) / WGS84_A_M
    return rate, _SPARE * (sun_turns + limb_turns + 1.4 * sky_turns), zone


def _table(ephemeris: Ephemeris, rows: Array, cuts: NDArray[np.bool_]) -> Table:
    """Rows of start, stop [s] and level as named columns."""
    tai_ns = ephemeris.span.start.tai_ns + np.rint(rows[:, :2].T * _NS).astype(np.int64)
    start, stop = tai_ns.copy()
    # An eclipse goes on while one row begins where the last one ended.
    begins = np.ones(len(rows), np.bool_)
    begins[1:] = start[1:] != stop[:-1]
    return Table(
        {
            "satellite": Labels(np.zeros(len(rows), np.int32), (ephemeris.satellite,)),
            "norad_id": np.full(len(rows), ephemeris.norad_id, np.int64),
            "eclipse": np.cumsum(begins) - 1,
            "kind": Labels(rows[:, 2].astype(np.int64) - 1, _KINDS),
            "start": start,
            "stop": stop,
            "cut_start": cuts[0].copy(),
            "cut_stop": cuts[1].copy(),
            "duration_s": (stop - start) / _NS,
        },
        times=_TIMES,
    )


def _empty() -> Table:
    """No eclipses, with all the columns that some would have."""
    none, never = np.empty(0, np.int64), np.empty(0, np.bool_)
    columns: dict[str, Any] = {"satellite": Labels(none, ()), "norad_id": none, "eclipse": none}
    columns |= {"kind": Labels(none, _KINDS), "start": none, "stop": none}
    columns |= {"cut_start": never, "cut_stop": never, "duration_s": np.empty(0)}
    return Table(columns, times=_TIMES)


def beta_angle_rad(ephemeris: Ephemeris, tai_ns: ArrayLike) -> Array:
    """Angle [rad] from the orbit plane up to the Sun, shape (n,), at TAI ns since 1970.

    Positive where the Sun stands on the side of the orbit's angular momentum (from there the satellite
    runs counter-clockwise): sin(beta) = s . h, unit vectors to the Sun and along r x v. The plane is the
    osculating one, which in a low orbit swings by some 0.02 degrees about the mean one in each
    revolution. NaN where the position is unknown.
    """
    tai = _instants(tai_ns)
    sun = _sun_m(tai, ephemeris.orientation)
    sine = np.sum(_unit(sun) * _orbit_normal(ephemeris, tai), axis=1)
    return np.asarray(np.arcsin(np.clip(sine, -1.0, 1.0)), np.float64)


def local_solar_time_s(
    lon_rad: ArrayLike,
    tai_ns: ArrayLike,
    kind: SolarTime = "mean",
    *,
    orientation: EarthOrientation | None = None,
) -> Array:
    """Solar time of day [s] in [0, 86400) at east longitudes [rad] and TAI ns; shapes broadcast to (n,).

    "mean" is UT1 plus the longitude (4 min a degree). "apparent" is what a sundial shows: noon when the
    Sun stands on the meridian; it differs by up to 16.5 min over the year, the equation of time. Give the
    longitude of a place and the `best` of its windows for the local time of a pass.
    """
    if kind not in get_args(SolarTime):
        raise InputError("kind", kind, f"one of {', '.join(get_args(SolarTime))}")
    lon, tai = np.broadcast_arrays(np.asarray(lon_rad, np.float64), _instants(tai_ns))
    orientation = orientation or EarthOrientation.bundled()
    if kind == "mean":
        ut1_minus_tai_s, _, _ = orientation.at(tai)
        at_greenwich_s = (tai % (86_400 * _NS)) / _NS + ut1_minus_tai_s
    else:
        sun = _sun_m(tai, orientation)
        at_greenwich_s = (0.5 - np.arctan2(sun[:, 1], sun[:, 0]) / (2 * np.pi)) * day
    seconds = (at_greenwich_s + lon / (2 * np.pi) * day) % day
    return np.asarray(np.where(seconds >= day, 0.0, seconds), np.float64)


def local_time_of_node_s(
    ephemeris: Ephemeris,
    tai_ns: ArrayLike,
    node: Node = "ascending",
    kind: SolarTime = "mean",
) -> Array:
    """Local solar time [s] in [0, 86400) of the orbit's node, shape (n,), at TAI ns since 1970.

    The node is that of the osculating plane at each instant, wherever in the orbit the satellite is; its
    own swing within a revolution is some seconds of time. Operators publish the mean time (Sentinel-2:
    10:30 at the descending node). NaN where the position is unknown and for orbits within
    0.006 degrees of the equator.
    """
    if node not in get_args(Node):
        raise InputError("node", node, f"one of {', '.join(get_args(Node))}")
    tai = _instants(tai_ns)
    x, y, _ = _orbit_normal(ephemeris, tai).T
    lon = np.arctan2(x, -y)  # pole x normal is where the satellite goes north
    lon[~(np.hypot(x, y) > _LEAST_TILT)] = np.nan
    if node == "descending":
        lon += np.pi
    return local_solar_time_s(lon, tai, kind, orientation=ephemeris.orientation)


def _instants(tai_ns: ArrayLike) -> Times:
    return np.atleast_1d(np.asarray(tai_ns, np.int64))


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float64)


def _orbit_normal(ephemeris: Ephemeris, tai: Times) -> Array:
    """Unit vector along the angular momentum, axes of ITRF at each instant, shape (n, 3)."""
    r = ephemeris.position_itrf_m(tai)
    spin = np.stack([-r[:, 1], r[:, 0], np.zeros(len(r))], axis=1) * EARTH_RATE_RAD_S
    return _unit(np.cross(r, ephemeris.velocity_itrf_m_s(tai) + spin))


def _sun_m(tai: Times, orientation: EarthOrientation) -> Array:
    """Sun in ITRF [m], shape (n, 3): from a table where that costs less than one by one."""
    if not len(tai):
        return np.empty((0, 3))
    first, last = int(tai.min()), int(tai.max())
    if (last - first) / _NS > _TABLE_PAYS_S * len(tai) or len(tai) < _FEW:
        return sun_itrf_m(tai, orientation)
    return SunTable.over(Span(Epoch(first), Epoch(last + 1)), orientation).position_itrf_m(tai)
