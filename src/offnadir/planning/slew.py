"""Slew laws: how long a satellite takes from the end of one picture to the start of the next.

Lines of sight are unit vectors in the orbit frame (x ahead, y right of flight, z to geodetic nadir); nadir
is (0, 0, 1). Every law is from rest to rest and holds the settling time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.sensors import Agility, rest_to_rest_s
from offnadir.units import deg

Array = NDArray[np.float64]
#: A law of a user's own: lines of sight at the end of a picture and at the start of the next, shape (n, 3)
#: each, to seconds of shape (n,).
SlewFunction: TypeAlias = Callable[[Array, Array], Array]
SlewLaw = Literal["euler", "per_axis", "table"]

#: Straight below, in the orbit frame.
NADIR: Final = (0.0, 0.0, 1.0)
LONGEST_SETTLING_S: Final = 600.0
_AXES: Final = {"euler": 1, "per_axis": 2, "table": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slew:
    """One of three laws of turning; `settling_s` comes on top of each.

    "euler": about the axis perpendicular to both lines of sight, with one rate [rad/s] and acceleration
    [rad/s2]. "per_axis": roll and pitch turn at the same time, each with its own; the slower one counts.
    "table": pairs of angle [rad] between the lines of sight and seconds, straight in between; below the
    first angle the first time holds, beyond the last the last piece runs on.
    """

    law: SlewLaw
    rate_rad_s: tuple[float, ...] = ()
    acceleration_rad_s2: tuple[float, ...] = ()
    settling_s: float = 0.0
    table: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        for name in ("rate_rad_s", "acceleration_rad_s2"):
            object.__setattr__(self, name, tuple(float(one) for one in getattr(self, name)))
        object.__setattr__(self, "table", tuple((float(a), float(t)) for a, t in self.table))
        if self.law not in get_args(SlewLaw):
            raise InputError("law", self.law, f"one of {', '.join(get_args(SlewLaw))}")
        for name in ("rate_rad_s", "acceleration_rad_s2"):
            values, count = getattr(self, name), _AXES[self.law]
            good = len(values) == count and all(0.0 < one < math.inf for one in values)
            if not good:
                wish = f"{count} numbers above 0" if count else 'left out for the law "table"'
                raise InputError(name, values, wish)
        if not 0.0 <= self.settling_s <= LONGEST_SETTLING_S:
            raise InputError("settling_s", self.settling_s, f"from 0 to {LONGEST_SETTLING_S:g} s")
        if self.law == "table":
            check_slew_table(self.table)
        elif self.table:
            raise InputError("table", self.table, 'left out but for the law "table"')

    @classmethod
    def of(cls, agility: Agility) -> Slew:
        """The Euler law of a sensor's agility."""
        return cls(
            law="euler",
            rate_rad_s=(agility.rate_rad_s,),
            acceleration_rad_s2=(agility.acceleration_rad_s2,),
            settling_s=agility.settling_s,
        )


def check_slew_table(table: tuple[tuple[float, float], ...], *, unit: str = "rad") -> None:
    """InputError, with the pair that is wrong, unless angles rise and seconds do not fall."""
    if len(table) < 2:
        raise InputError("table", table, f"at least two pairs [angle {unit}, seconds]")
    for pair in table:
        if not all(0.0 <= number < math.inf for number in pair):
            raise InputError("table", pair, f"pairs [angle {unit}, seconds] from 0 up")
    for before, pair in pairwise(table):
        if pair[0] <= before[0]:
            raise InputError("table", pair, f"at an angle above the one before it, {before[0]:g}")
        if pair[1] < before[1]:
            raise InputError("table", pair, f"no less than the time before it, {before[1]:g} s")


def slew_time_s(slew: Slew | SlewFunction, los_end: ArrayLike, los_start: ArrayLike) -> Array:
    """Time [s] from rest to rest and settled between lines of sight (..., 3), which broadcast, to (...).

    `los_end` is where the satellite looks at the end of a picture, `los_start` where it has to look at the
    start of the next. NaN gives NaN. InputError if a user's function gives another shape or a negative time.
    """
    a, b = np.broadcast_arrays(np.asarray(los_end, np.float64), np.asarray(los_start, np.float64))
    if not isinstance(slew, Slew):
        return _asked(slew, a, b)
    if slew.law == "per_axis":
        (roll_a, pitch_a), (roll_b, pitch_b) = _roll_pitch_rad(a), _roll_pitch_rad(b)
        turns = (_wrapped(roll_b - roll_a), pitch_b - pitch_a)
        limits = zip(turns, slew.rate_rad_s, slew.acceleration_rad_s2, strict=True)
        roll_s, pitch_s = (rest_to_rest_s(turn, rate, acc) for turn, rate, acc in limits)
        return np.asarray(np.maximum(roll_s, pitch_s) + slew.settling_s, np.float64)
    angle = angle_between_rad(a, b)
    if slew.law == "euler":
        turning = rest_to_rest_s(angle, slew.rate_rad_s[0], slew.acceleration_rad_s2[0])
    else:
        turning = _looked_up(angle, slew.table)
    return np.asarray(turning + slew.settling_s, np.float64)


def angle_between_rad(los_a: Array, los_b: Array) -> Array:
    """Angle [rad] between unit vectors (..., 3), good to 1e-15 at small angles too."""
    across = np.linalg.norm(np.cross(los_a, los_b), axis=-1)
    return np.asarray(np.arctan2(across, np.sum(los_a * los_b, axis=-1)), np.float64)


def slew_table(slew: Slew | SlewFunction) -> dict[str, Any]:
    """A law as plan.json says it, in degrees; a user's function is `{"law": "function"}`."""
    if not isinstance(slew, Slew):
        return {"law": "function"}
    said: dict[str, Any] = {"law": slew.law}
    if slew.law == "table":
        said["table"] = [[round(angle / deg, 9), seconds] for angle, seconds in slew.table]
    else:
        said["rate_deg_s"] = [round(rate / deg, 9) for rate in slew.rate_rad_s]
        said["acceleration_deg_s2"] = [round(one / deg, 9) for one in slew.acceleration_rad_s2]
    return said | {"settling_s": slew.settling_s}


def _roll_pitch_rad(los: Array) -> tuple[Array, Array]:
    x, y, z = los[..., 0], los[..., 1], los[..., 2]
    return np.arctan2(y, z), np.arctan2(x, np.hypot(y, z))


def _wrapped(angle_rad: Array) -> Array:
    """The same turn the short way round, within +-pi."""
    return np.asarray((angle_rad + np.pi) % (2.0 * np.pi) - np.pi, np.float64)


def _looked_up(angle_rad: Array, table: tuple[tuple[float, float], ...]) -> Array:
    angles, seconds = np.array(table).T
    slope = (seconds[-1] - seconds[-2]) / (angles[-1] - angles[-2])
    beyond = np.maximum(angle_rad - angles[-1], 0.0) * slope
    return np.asarray(np.interp(angle_rad, angles, seconds) + beyond, np.float64)


def _asked(function: SlewFunction, los_end: Array, los_start: Array) -> Array:
    """What a user's function says, looked at before it is believed."""
    shape = los_end.shape[:-1]
    a, b = (np.ascontiguousarray(los).reshape(-1, 3) for los in (los_end, los_start))
    seconds = np.asarray(function(a, b), np.float64)
    if seconds.shape != a.shape[:1]:
        raise InputError("slew", seconds.shape, f"a function that gives shape {a.shape[:1]}")
    if np.any(seconds < 0.0):
        raise InputError("slew", float(np.min(seconds)), "a function that gives times from 0 s up")
    return seconds.reshape(shape)
