"""A plan document as frozen data: SI and radians, times in TAI ns, nothing judged yet.

A number that the document does not state is NaN; a limit that it does not state is infinite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.orbits import ElementSet

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slew:
    """How a satellite turns; `law` is "unknown" where nothing is stated.

    Rates [rad/s] and accelerations [rad/s2]: one for "euler", roll and pitch for "per_axis". `table` has
    shape (n, 2), angle [rad] and time [s], for "table".
    """

    law: str
    rate_rad_s: tuple[float, ...] = ()
    acceleration_rad_s2: tuple[float, ...] = ()
    settling_s: float = 0.0
    table: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery, what fills it and what drains it."""

    capacity_wh: float
    initial_wh: float
    max_depth_of_discharge: float
    charge_w: float
    idle_w: float
    imaging_w: float
    slew_w: float
    downlink_w: float

    @property
    def least_wh(self) -> float:
        return self.capacity_wh * (1.0 - self.max_depth_of_discharge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermal:
    """A camera that warms while it takes pictures: rises above its temperature at rest."""

    heating_k_s: float
    time_constant_s: float
    max_rise_k: float
    initial_rise_k: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of time: one that is blocked, or in which a station is out for all or one satellite."""

    start_ns: int
    stop_ns: int
    why: str = ""
    station: str = ""
    satellite: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Satellite:
    """A satellite of the plan."""

    name: str
    norad_id: int
    elements: ElementSet
    max_off_nadir_rad: float
    memory_bit: float
    downlink_bit_s: float
    data_rate_bit_s: float
    compression: float
    slew: Slew
    pitch_m: float
    focal_length_m: float
    fov_rad: float
    max_pictures_per_orbit: float
    imaging_s_per_orbit: float
    max_duration_s: float
    duty_s: tuple[float, float] | None
    battery: Battery | None
    thermal: Thermal | None
    blocked: tuple[Stretch, ...]
    next_uplink_ns: int | None
    orbit_period_s: float


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
    setup_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A strip of an area; `shape_deg` is a shapely Polygon in longitude, latitude."""

    id: str
    shape_deg: Any
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Up to `count` pictures, the starts of neighbours from least to greatest spacing apart."""

    count: int
    min_spacing_s: float
    max_spacing_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request of the plan; `shape_deg` is a shapely Point or Polygon in longitude, latitude.

    `curve` (n, 2) leads from covered share to worth, for requests that are covered in strips. `views` is 1,
    or with `convergence_rad` 2 or 3. `taken`, `collections` are None where not stated, and `stated` names
    the keys that are.
    """

    name: str
    shape_deg: Any
    alt_m: float
    weight: float
    start_ns: int | None
    stop_ns: int | None
    max_off_nadir_rad: float
    min_sun_elevation_rad: float
    max_sun_elevation_rad: float
    min_incidence_rad: float
    max_incidence_rad: float
    azimuth_rad: tuple[float, float] | None
    satellites: frozenset[str] | None
    max_gsd_m: float
    min_niirs: float
    deadline_ns: int | None
    convergence_rad: tuple[float, float] | None
    views: int
    tier: int
    curve: Array | None
    strips: tuple[Strip, ...]
    strip_of: Mapping[str, Strip]
    repeat: Repeat | None
    after: str | None
    after_within_s: float
    taken: bool | None
    collections: tuple[str, ...] | None
    reason: str | None
    stated: frozenset[str]

    def strip(self, name: str | None) -> Strip | None:
        return None if name is None else self.strip_of.get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A picture of the plan, with everything that the plan states about it; `stated` names the keys."""

    id: str
    request: str
    satellite: str
    norad_id: int | None
    start_ns: int
    stop_ns: int
    duration_s: float
    aim_rad_m: tuple[float, float, float] | None
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
    clear_sky: float
    quality: float
    value: float
    volume_bit: float
    footprint_deg: Any | None
    partner: str | None
    convergence_rad: float
    delivered_ns: int | None
    contact: str | None
    strip: str | None
    frozen: bool
    stated: frozenset[str]


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
    """A stated level over time, straight in between: times (n,), levels (n,) in bit, Wh or K."""

    satellite: str
    limit: float
    t_ns: NDArray[np.int64]
    level: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Of these requests, at most so many."""

    requests: tuple[str, ...]
    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole document; curves are None where there is no such key. `mends`: there was a plan before."""

    start_ns: int
    stop_ns: int
    satellites: tuple[Satellite, ...]
    stations: tuple[Station, ...]
    requests: tuple[Request, ...]
    collections: tuple[Collection, ...]
    contacts: tuple[Contact, ...]
    outages: tuple[Stretch, ...]
    choices: tuple[Choice, ...]
    memory: tuple[Curve, ...] | None
    battery: tuple[Curve, ...] | None
    thermal: tuple[Curve, ...] | None
    value: float
    bound: float
    gap: float
    status: str | None
    tiers: tuple[tuple[int, float], ...]
    objective: tuple[float, float, float]
    mends: bool
