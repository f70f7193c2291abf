"""What a mission is made of: satellites, stations, requests, and the rules for choosing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from offnadir.access import Station
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet
from offnadir.sensors import Sensor
from offnadir.units import deg

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stereo:
    """Two pictures of one place in one pass; both are taken or neither.

    The convergence angle is the angle at the place between the two lines of sight.
    """

    min_convergence_rad: float = 15.0 * deg
    max_convergence_rad: float = 40.0 * deg


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A wish for a picture of a place: what is asked for, and what is not good enough.

    `aim` is the place itself or the centre of the polygon. `rings_rad` is empty for a point; for a
    polygon it holds arrays of shape (n, 2), latitude and longitude [rad], closed, the outer ring first
    and counter-clockwise, then the holes. `window` lies within the mission's span.
    """

    name: str
    aim: Site
    rings_rad: tuple[Array, ...] = ()
    weight: float
    window: Span
    max_off_nadir_rad: float
    min_sun_elevation_rad: float
    max_gsd_m: float | None = None
    min_niirs: float | None = None
    deadline: Epoch | None = None
    stereo: Stereo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Satellite:
    """One spacecraft of the mission: its orbit, its camera, its recorder and its transmitter."""

    name: str
    elements: ElementSet
    sensor: Sensor
    max_off_nadir_rad: float
    memory_bit: float
    downlink_bit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundStation:
    """A place that receives: the station itself and how many satellites it can hear at a time."""

    station: Station
    antennas: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverOptions:
    """How long and with which seed to choose, and how finely start times are tried."""

    seed: int = 1
    time_limit_s: float = 20.0
    start_step_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """Everything a plan is made from, checked."""

    name: str
    span: Span
    satellites: tuple[Satellite, ...]
    stations: tuple[GroundStation, ...]
    requests: tuple[Request, ...]
    solver: SolverOptions = field(default_factory=SolverOptions)
    warnings: tuple[str, ...] = ()
    sha256: str = ""
