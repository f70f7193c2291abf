"""A plan document as frozen data: SI and radians, times in TAI ns, nothing judged yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.orbits import ElementSet

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Satellite:
    """A satellite of the plan; `pitch_m`, `focal_length_m`, `fov_rad` are NaN where not stated."""

    name: str
    norad_id: int
    elements: ElementSet
    max_off_nadir_rad: float
    memory_bit: float
    downlink_bit_s: float
    data_rate_bit_s: float
    rate_rad_s: float
    acceleration_rad_s2: float
    settling_s: float
    pitch_m: float
    focal_length_m: float
    fov_rad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station of the plan; `mask_rad` has shape (n, 2): azimuth, elevation."""

    name: str
    lat_rad: float
    lon_rad: float
    alt_m: float
    min_elevation_rad: float
    mask_rad: Array
    antennas: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request of the plan; `shape_deg` is a shapely Point or Polygon in longitude, latitude."""

    name: str
    shape_deg: Any
    weight: float
    start_ns: int
    stop_ns: int
    max_off_nadir_rad: float
    min_sun_elevation_rad: float
    max_gsd_m: float
    min_niirs: float
    deadline_ns: int | None
    convergence_rad: tuple[float, float] | None
    taken: bool
    collections: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A picture of the plan, with everything that the plan states about it."""

    id: str
    request: str
    satellite: str
    norad_id: int
    start_ns: int
    stop_ns: int
    duration_s: float
    aim_lat_rad: float
    aim_lon_rad: float
    aim_alt_m: float
    off_nadir_rad: float
    roll_rad: float
    pitch_rad: float
    azimuth_rad: float
    range_m: float
    elevation_rad: float
    sun_elevation_rad: float
    sun_azimuth_rad: float
    gsd_along_m: float
    gsd_across_m: float
    niirs: float
    coverage: float
    quality: float
    value: float
    volume_bit: float
    footprint_deg: Any
    partner: str | None
    convergence_rad: float
    delivered_ns: int | None
    contact: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A stretch of time in which a station can hear a satellite."""

    id: str
    satellite: str
    station: str
    start_ns: int
    stop_ns: int
    max_elevation_rad: float
    used: bool
    downlinked_bit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The stated filling of one recorder: times (n,), levels (n,), straight in between."""

    satellite: str
    capacity_bit: float
    t_ns: NDArray[np.int64]
    level_bit: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole document."""

    start_ns: int
    stop_ns: int
    satellites: tuple[Satellite, ...]
    stations: tuple[Station, ...]
    requests: tuple[Request, ...]
    collections: tuple[Collection, ...]
    contacts: tuple[Contact, ...]
    curves: tuple[Curve, ...]
    value: float
    bound: float
    gap: float
    status: str
