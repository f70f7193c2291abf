"""The rules that a mission may add: what a satellite can stand, and what requests have to do with another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.quality import CloudCube
from offnadir.units import deg, hour

Array = NDArray[np.float64]


def positive(**values: float) -> None:
    """Refuse values that are not above 0."""
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0.0):
            raise InputError(name, value, "above 0")


def within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a value outside of its limits, and NaN."""
    if not low <= value <= high:
        raise InputError(name, value, f"from {low:g} to {high:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stereo:
    """Two pictures of one place in one pass, or three; all are taken or none.

    The convergence angle is the angle at the place between two lines of sight. With three `views`,
    neighbours in time keep to the limits, the outer two have at most twice the greatest, and the middle one
    is nearest to nadir.
    """

    min_convergence_rad: float = 15.0 * deg
    max_convergence_rad: float = 40.0 * deg
    views: int = 2

    def __post_init__(self) -> None:
        if self.views not in (2, 3):
            raise InputError("views", self.views, "2 or 3")
        if not 0.0 <= self.min_convergence_rad < self.max_convergence_rad:
            wish = f"above the least, {self.min_convergence_rad}"
            raise InputError("max_convergence_rad", self.max_convergence_rad, wish)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A polygon taken in strips, each one picture at most.

    `curve` holds corners (share of the area, worth), from (0, 0) to (1, 1), neither falling, straight in
    between; `overlap` is the share of a swath that neighbours have in common.
    """

    curve: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))
    overlap: float = 0.05

    def __post_init__(self) -> None:
        curve = tuple((float(share), float(worth)) for share, worth in self.curve)
        object.__setattr__(self, "curve", curve)
        within("overlap", self.overlap, 0.0, 0.9)
        check_curve(curve)

    def worth(self, share: ArrayLike) -> Array:
        """Worth, 0 to 1, of covered shares of any shape; more than 1 counts as 1."""
        shares, worths = np.array(self.curve).T
        return np.asarray(np.interp(np.asarray(share, np.float64), shares, worths), np.float64)


def check_curve(curve: tuple[tuple[float, float], ...]) -> None:
    """InputError, with the corner that is wrong, unless a curve rises from (0, 0) to (1, 1)."""
    for before, corner in pairwise(curve):
        if not corner[0] > before[0]:
            wish = f"at a share above that of the corner before it, {before[0]:g}"
            raise InputError("curve", corner, wish)
        if not corner[1] >= before[1]:
            wish = f"worth no less than the corner before it, {before[1]:g}"
            raise InputError("curve", corner, wish)
    if len(curve) < 2 or curve[0] != (0.0, 0.0) or curve[-1] != (1.0, 1.0):
        raise InputError("curve", curve, "corners [share, worth] from [0, 0] to [1, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Up to `count` pictures of one place; starts of neighbours in time keep to the spacing [s]."""

    count: int
    min_spacing_s: float = 0.0
    max_spacing_s: float | None = None

    def __post_init__(self) -> None:
        within("count", self.count, 2, 1000)
        if not 0.0 <= self.min_spacing_s < math.inf:
            raise InputError("min_spacing_s", self.min_spacing_s, "from 0 up")
        if self.max_spacing_s is not None:
            positive(max_spacing_s=self.max_spacing_s)
            if self.max_spacing_s < self.min_spacing_s:
                wish = f"no less than the least spacing, {self.min_spacing_s / hour:.10g} h"
                raise InputError("max_spacing_s", self.max_spacing_s, wish)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Of these requests, by name, at most so many are taken."""

    requests: tuple[str, ...]
    at_most: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "requests", tuple(self.requests))
        if len(set(self.requests)) < len(self.requests):
            raise InputError("requests", self.requests, "names that differ")
        if len(self.requests) < 2:
            raise InputError("requests", self.requests, "two requests or more")
        if not 1 <= self.at_most < len(self.requests):
            wish = f"from 1 to {len(self.requests) - 1}, one less than there are requests"
            raise InputError("at_most", self.at_most, wish)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A station, by name, that does not receive from start to stop: any satellite, or only the one named."""

    station: str
    start: Epoch
    stop: Epoch
    satellite: str | None = None

    def __post_init__(self) -> None:
        Span(self.start, self.stop)

    @property
    def span(self) -> Span:
        """From start to stop."""
        return Span(self.start, self.stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A time in which a satellite neither takes pictures nor slews; it looks to nadir."""

    start: Epoch
    stop: Epoch
    why: str = ""

    def __post_init__(self) -> None:
        Span(self.start, self.stop)

    @property
    def span(self) -> Span:
        """From start to stop."""
        return Span(self.start, self.stop)


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyCycle:
    """In any stretch of `in_s` seconds at most `imaging_s` seconds of pictures."""

    imaging_s: float
    in_s: float

    def __post_init__(self) -> None:
        positive(imaging_s=self.imaging_s, in_s=self.in_s)
        if not self.imaging_s < self.in_s:
            raise InputError("imaging_s", self.imaging_s, f"below in_s, {self.in_s:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What a battery [Wh] is filled with in sunlight and drained by [W].

    `idle_w` is drawn at all times, the others on top of it. The level never rises above the capacity, and
    may not fall below `floor_wh`. `initial_wh` is the capacity where it is None.
    """

    capacity_wh: float
    charge_w: float
    idle_w: float
    imaging_w: float
    slew_w: float
    downlink_w: float = 0.0
    max_depth_of_discharge: float = 0.3
    initial_wh: float | None = None

    def __post_init__(self) -> None:
        positive(capacity_wh=self.capacity_wh)
        for name in ("charge_w", "idle_w", "imaging_w", "slew_w", "downlink_w"):
            within(name, getattr(self, name), 0.0, 1e6)
        if not 0.0 < self.max_depth_of_discharge <= 1.0:
            wish = "above 0 and up to 1"
            raise InputError("max_depth_of_discharge", self.max_depth_of_discharge, wish)
        if self.initial_wh is None:
            object.__setattr__(self, "initial_wh", self.capacity_wh)
        if not self.floor_wh * (1.0 - 1e-12) <= self.start_wh <= self.capacity_wh:
            wish = (
                f"from {self.floor_wh:.10g}, where max_depth_of_discharge ends, "
                f"to capacity_wh, {self.capacity_wh:.10g}"
            )
            raise InputError("initial_wh", self.initial_wh, wish)

    @property
    def start_wh(self) -> float:
        """The level [Wh] at the start of the span."""
        return self.capacity_wh if self.initial_wh is None else self.initial_wh

    @property
    def floor_wh(self) -> float:
        """The lowest level [Wh] that is allowed."""
        return self.capacity_wh * (1.0 - self.max_depth_of_discharge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thermal:
    """A camera that warms while it takes pictures: dT/dt = heating (while imaging) - T / time constant.

    T [K] is the rise above the temperature at rest; it may not exceed `max_rise_k`.
    """

    heating_k_s: float
    time_constant_s: float
    max_rise_k: float
    initial_rise_k: float = 0.0

    def __post_init__(self) -> None:
        positive(
            heating_k_s=self.heating_k_s,
            time_constant_s=self.time_constant_s,
            max_rise_k=self.max_rise_k,
        )
        if not 0.0 <= self.initial_rise_k <= self.max_rise_k:
            wish = f"from 0 to max_rise_k, {self.max_rise_k:g}"
            raise InputError("initial_rise_k", self.initial_rise_k, wish)

    def rise_k(self, imaging_s: float, from_k: float = 0.0) -> float:
        """The rise [K] after so many seconds of imaging from a rise before."""
        left = math.exp(-imaging_s / self.time_constant_s)
        return from_k * left + self.heating_k_s * self.time_constant_s * (1.0 - left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """A forecast of clouds: the value of a picture is multiplied by the chance of a clear sky.

    Below `min_clear` no picture is taken. `source` is the file's name as the mission has it.
    """

    cube: CloudCube
    min_clear: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        within("min_clear", self.min_clear, 0.0, 1.0)

    def clear_sky(self, aim: Site, tai_ns: ArrayLike) -> Array:
        """Chance, 0 to 1, of a clear sky over a place, shape (n,), at TAI ns; 1 where none is forecast."""
        times = np.atleast_1d(np.asarray(tai_ns, np.int64))
        chance = self.cube.clear_chance(aim.lat_rad, aim.lon_rad, times)
        return np.asarray(np.where(np.isnan(chance), 1.0, chance), np.float64)
