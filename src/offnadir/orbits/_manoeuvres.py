"""What a step in the elements says of the thrust behind it: when, how much, which way.

Gauss's equations for a short burn on a nearly circular orbit (Vallado, 4th ed., equation 9-24; as relative
elements D'Amico and Montenbruck, Journal of Guidance 29 (2006), equation 13): with a the semi-major axis,
n the mean motion and u the argument of latitude of the burn,

    a's change   = 2 dv_along / n
    e's change   = (dv_radial sin u + 2 dv_along cos u, -dv_radial cos u + 2 dv_along sin u) / (n a)
    plane's turn = dv_cross / (n a): by cos u in inclination, by sin u in node times sin i
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.epoch import Epoch
from offnadir.orbits._history_series import Series
from offnadir.orbits._secular import MeanOrbit
from offnadir.orbits._steps import Step
from offnadir.units import day

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

DIRECTIONS: Final = ("along-track", "cross-track", "radial")

_PAIRS = 3  # sets on either side that the time is taken from
_PAIR_DAYS = 6.0
_FIT_SETS, _FIT_DAYS = 8, 10.0  # sets on either side, at most, that the size is taken from
_FIT_LEAST = 3
_PLACE_M = (
    40.0  # how well a set knows the place in the orbit; from the times of Sentinel-3B's manoeuvres
)
_DRAG_DOUBT = 0.3
# A set may rest on observations that end a day before its epoch, and so miss what came after them; or hold
# what happened some hours after it. Both are seen on Sentinel-3B.
_EARLY_DAYS, _LATE_DAYS = 1.5, 0.25
_SEEN = 3.0
# Sets err together, not each by itself: how much more than their scatter says, and by how much at least [m]
# (size, inclination, node, eccentricity). From Sentinel-3B's published manoeuvres.
_TOGETHER = 2.5
_UNSETTLED_M = np.array([0.0, 20.0, 20.0, 20.0, 20.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Manoeuvre:
    """A manoeuvre, or several between the same two element sets, as one burn.

    `start` and `stop` are the epochs of the last set of the old and the first of the new orbit. The burn may
    lie up to a day before `start`, since sets are made from older observations, or some hours after `stop`.
    `time` is when the place in both orbits is the same, with its standard deviation; if that cannot be told
    it is the middle of the interval and `timed` is False. `along_m_s` is positive if the orbit was raised;
    `cross_m_s` carries the sign of the change of inclination; `radial_m_s` has no sign: it is what the
    eccentricity changed beyond what the along-track part explains, and two opposed burns along the track,
    half a revolution apart, do the same for half as much. A part of which nothing is known is NaN.
    `confidence` is the chance that noise alone would show nothing as strong in a history of this length;
    `sets_after` counts the sets that show the new orbit before the next manoeuvre: a single one may be wrong.
    """

    start: Epoch
    stop: Epoch
    time: Epoch
    time_sigma_s: float
    timed: bool
    along_m_s: float
    along_sigma_m_s: float
    cross_m_s: float
    cross_sigma_m_s: float
    radial_m_s: float
    radial_sigma_m_s: float
    semi_major_change_m: float
    period_change_s: float
    inclination_change_rad: float
    node_change_rad: float
    eccentricity_change: float
    strength: float
    confidence: float
    sets_after: int

    @property
    def delta_v_m_s(self) -> float:
        """Size of the velocity change: of the parts that stand out of their noise, else of the likeliest."""
        parts = dict(self._parts())
        seen = [value for value, sigma in parts.values() if value > _SEEN * sigma]
        return float(np.hypot.reduce(seen or [parts[self.direction][0]]))

    @property
    def direction(self) -> str:
        """The largest part that stands out of its noise, else the likeliest: one of DIRECTIONS."""
        parts = self._parts()
        seen = [(value, name) for name, (value, sigma) in parts if value > _SEEN * sigma]
        likely = [(value / sigma, name) for name, (value, sigma) in parts if sigma > 0.0]
        return max(seen or likely)[1]

    def _parts(self) -> tuple[tuple[str, tuple[float, float]], ...]:
        parts = (
            (abs(self.along_m_s), self.along_sigma_m_s),
            (abs(self.cross_m_s), self.cross_sigma_m_s),
            (self.radial_m_s, self.radial_sigma_m_s),
        )
        return tuple(zip(DIRECTIONS, parts, strict=True))


def describe(step: Step, orbit: MeanOrbit, series: Series, good: Rows) -> Manoeuvre:
    """A step as a manoeuvre; `good` are the numbers of the sets between its neighbours that count."""
    before, after = _sides(step, series.days, good)
    days, sigma_days, timed = _when(step, orbit, series, before, after)
    size, sigma = _size_m(step, series, before, after)
    a = float(np.median(series.semi_major_m))
    n = float(orbit.mean_motion_rad_s[step.before])
    sin_i = float(np.sin(orbit.inclination_rad[step.before]))
    if timed:
        size[2] += _node_shift_rad(step, orbit, days, series.days) * a * sin_i
    # The node's rate goes with the size to the power -7/2, and when it changed is not known better.
    rate = abs(float(orbit.raan_rate_rad_s[step.before])) * day
    sigma[2] = np.hypot(sigma[2], 3.5 * rate * sin_i * abs(size[0]) * sigma_days)
    plane, plane_sigma = _length(size[1:3], sigma[1:3])
    ecc, ecc_sigma = _length(size[3:5], sigma[3:5])
    beyond = ecc**2 - size[0] ** 2
    radial = float(np.sqrt(np.maximum(beyond, 0.0)))
    turned = (
        0.0 if np.isnan(plane) else n * plane**2 / (2.0 * a)
    )  # a turn of the plane lifts a bit too
    return Manoeuvre(
        start=Epoch(int(orbit.tai_ns[step.before])),
        stop=Epoch(int(orbit.tai_ns[step.after])),
        time=Epoch(int(orbit.tai_ns[0])) + days * day,
        time_sigma_s=sigma_days * day,
        timed=timed,
        along_m_s=n * float(size[0]) / 2.0 - turned,
        along_sigma_m_s=n * float(sigma[0]) / 2.0,
        cross_m_s=float(np.copysign(n * plane, size[1])),
        cross_sigma_m_s=n * plane_sigma,
        radial_m_s=n * radial,
        radial_sigma_m_s=n * ecc_sigma,
        semi_major_change_m=float(size[0]),
        period_change_s=float(3.0 * np.pi / n * size[0] / a),
        inclination_change_rad=float(size[1] / a),
        node_change_rad=float(size[2] / (a * sin_i)) if sin_i > 0.0 else float("nan"),
        eccentricity_change=ecc / a,
        strength=step.strength,
        confidence=float(np.exp(-step.by_chance)),
        sets_after=int(np.count_nonzero(good >= step.after)),
    )


def _length(size: Array, sigma: Array) -> tuple[float, float]:
    """Length of a vector and its sigma; NaN if a part is unknown."""
    if not np.isfinite(sigma).all():
        return float("nan"), float("nan")
    length = float(np.hypot(*size))
    if length == 0.0:
        return 0.0, float(np.max(sigma))
    return length, float(np.hypot(*(size * sigma)) / length)


def _sides(step: Step, days: Array, good: Rows) -> tuple[Rows, Rows]:
    """Numbers of good sets before and after a step, nearest first."""
    before, after = good[good <= step.before][::-1], good[good >= step.settled]
    near = days[step.before] - days[before] <= _FIT_DAYS
    soon = days[after] - days[step.settled] <= _FIT_DAYS
    return before[near], after[soon]


def _when(
    step: Step, orbit: MeanOrbit, series: Series, before: Rows, after: Rows
) -> tuple[float, float, bool]:
    """Time and sigma [days from the first set] and whether the place in the orbit tells it.

    A burn changes how fast a satellite goes round, not where it is: the arguments of latitude of the old and
    the new orbit, carried towards each other, meet when it burned.
    """
    days = series.days
    low, high = float(days[step.before]), float(days[step.after])
    unknown = ((low + high) / 2.0, (high - low) / 12**0.5, False)
    old = before[days[step.before] - days[before] <= _PAIR_DAYS][:_PAIRS]
    new = after[days[after] - days[step.settled] <= _PAIR_DAYS][:_PAIRS]
    if len(old) == 0 or len(new) == 0:
        return unknown
    fall = float(series.decay_m_day[[step.before, step.after]].mean())
    found = [
        [_meeting(orbit, days, k, j, fall * share, low, high) for k in old for j in new]
        for share in (1.0, 1.0 + _DRAG_DOUBT)
    ]
    if any(one is None for one in found[0] + found[1]):
        return unknown
    times = np.array(found, np.float64)
    time = float(np.median(times[0]))
    spread = 1.4826 * float(np.median(np.abs(times[0] - time)))
    drag = float(np.median(np.abs(times[1] - times[0])))
    apart = abs(float(orbit.latitude_rate_rad_s[new[0]] - orbit.latitude_rate_rad_s[old[0]])) * day
    place = _PLACE_M / series.semi_major_m[0] / apart
    sigma = float(np.sqrt(spread**2 + drag**2 + place**2))
    if sigma > unknown[1]:
        return unknown
    return time, sigma, True


def _meeting(
    orbit: MeanOrbit, days: Array, old: int, new: int, fall_m_day: float, low: float, high: float
) -> float | None:
    """When two orbits have the same argument of latitude; None if never, or if it may be more than once."""
    middle = (low + high) / 2.0
    places, rates = [], []
    for k in (old, new):
        rate = orbit.latitude_rate_rad_s[k] * day
        faster = -1.5 * rate / orbit.semi_major_m[k] * fall_m_day
        t = middle - days[k]
        places.append(
            orbit.mean_anomaly_rad[k] + orbit.arg_perigee_rad[k] + rate * t + faster * t * t / 2.0
        )
        rates.append(rate + faster * t)
    ahead, drift = places[1] - places[0], rates[1] - rates[0]
    if drift == 0.0:
        return None
    first, last = low - _EARLY_DAYS, high + _LATE_DAYS
    turn = 2.0 * np.pi / abs(drift)  # a whole turn ahead or behind looks the same
    time = first + (middle - ahead / drift - first) % turn
    return float(time) if time < last < time + turn else None


def _size_m(step: Step, series: Series, before: Rows, after: Rows) -> tuple[Array, Array]:
    """Size and sigma of a step [m], shape (5,): two lines of one slope if there are sets enough.

    The first set after a manoeuvre is left out if others follow: it can be off by more than its noise
    (the eccentricity of Sentinel-3B by 25 m as a rule) and settles within a day.
    """
    before, after = before[:_FIT_SETS], after[: _FIT_SETS + 1]
    if len(after) > _FIT_LEAST:
        after = after[1:]
    if len(before) < _FIT_LEAST or len(after) < _FIT_LEAST:
        widened = np.where(_UNSETTLED_M > 0.0, _TOGETHER, 1.0) * step.sigma_m
        return step.size_m.copy(), np.hypot(widened, _UNSETTLED_M)
    rows = np.concatenate([before[::-1], after])
    t = series.days[rows] - (series.days[step.before] + series.days[step.after]) / 2.0
    later = np.repeat([0.0, 1.0], [len(before), len(after)])
    design = np.column_stack([np.ones(len(t)), t, later])
    fit, *_ = np.linalg.lstsq(design, series.y_m[:, rows].T, rcond=None)
    rest = series.y_m[:, rows].T - design @ fit
    spread = np.sqrt((rest**2).sum(axis=0) / (len(t) - 3))
    unit = np.sqrt(np.linalg.inv(design.T @ design)[2, 2])
    least = np.array([one.reading_m2**0.5 for one in series.noise])
    sigma = np.hypot(_TOGETHER * unit * np.maximum(spread, least), _UNSETTLED_M)
    return np.asarray(fit[2], np.float64), np.asarray(sigma, np.float64)


def _node_shift_rad(step: Step, orbit: MeanOrbit, time: float, days: Array) -> float:
    """What the mean of both node rates gets wrong if the burn was not halfway."""
    old, new = orbit.raan_rate_rad_s[[step.before, step.after]] * day
    low, high = float(days[step.before]), float(days[step.after])
    assumed = (old + new) / 2.0 * (high - low)
    return float(assumed - old * (time - low) - new * (high - time))
