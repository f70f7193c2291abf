"""One object's element sets as five series in metres, rid of what theory predicts, with their noise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.orbits._elements import ElementSet
from offnadir.orbits._secular import MeanOrbit
from offnadir.units import day, deg, minute

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: What is watched: size, inclination, node, and eccentricity vector (towards node, and 90 deg ahead).
NAMES: Final = ("size", "inclination", "node", "ecc_x", "ecc_y")

_SAME_NS = 60_000_000_000  # sets closer than this are one set, issued again
_SHORT_DAYS = 3.0  # gaps over which noise can be told from what the orbit does
_ENOUGH = 20
_DEEP_S = 225 * minute  # SGP4 calls a longer period deep space: the Moon and Sun rule, not drag


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Noise of one series: variance of a reading [m2], wandering [m2/day], slopes [m2/day2] (n-1,)."""

    reading_m2: float
    wander_m2_day: float
    slope_m2_day2: Array
    memory_days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Detrended elements of n sets: `y_m` shape (5, n); `days` from the first set, shape (n,)."""

    days: Array
    semi_major_m: Array
    y_m: Array
    decay_m_day: Array
    noise: tuple[Noise, ...]
    measured: bool  # noise was measured on this object, not assumed
    deep: bool  # so high that Moon and Sun rule it, not drag


def clean(elements: Iterable[ElementSet]) -> tuple[tuple[ElementSet, ...], int]:
    """The sets in order of epoch and how many were dropped: of sets within a minute the last counts."""
    kept: list[ElementSet] = []
    dropped = 0
    for one in sorted(elements, key=lambda each: each.epoch.tai_ns):
        if kept and one.epoch.tai_ns - kept[-1].epoch.tai_ns < _SAME_NS:
            kept[-1] = one
            dropped += 1
        else:
            kept.append(one)
    return tuple(kept), dropped


def make_series(orbit: MeanOrbit, step: Flags | None = None, wrong: Flags | None = None) -> Series:
    """Series of at least three sets in order of time.

    Their noise is fitted without the gaps `step`, shape (n-1,), and the sets `wrong`, shape (n,).
    """
    n = len(orbit.tai_ns)
    step = np.zeros(n - 1, bool) if step is None else step
    wrong = np.zeros(n, bool) if wrong is None else wrong
    days = (orbit.tai_ns - orbit.tai_ns[0]) / (day * 1e9)
    dt = np.diff(days)
    decay = np.minimum(rolling_median(orbit.decay_m_s * day, days), 0.0)
    steps = _unexplained_m(orbit, dt, decay)
    slow = np.array([_weighted_median(one / dt, dt) for one in steps[1:]])
    steps[1:] -= slow[:, None] * dt  # an inclination may drift for years: that is no news
    y_m = np.concatenate([np.zeros((5, 1)), np.cumsum(steps, axis=1)], axis=1)
    plain = ~(step | wrong[1:] | wrong[:-1])
    short = (dt < _SHORT_DAYS) & plain
    measured = bool(np.count_nonzero(short) >= _ENOUGH)
    fitted = _Fitted(orbit, dt, decay, short if measured else None, step, wrong)
    return Series(
        days=days,
        semi_major_m=orbit.semi_major_m,
        y_m=y_m,
        decay_m_day=decay,
        noise=tuple(_noise(k, y_m[k], fitted) for k in range(5)),
        measured=measured,
        deep=_deep(orbit),
    )


def rolling_median(values: Array, days: Array, *, half: int = 3, within: float = 60.0) -> Array:
    """Median of each value with up to `half` neighbours on either side, no further than `within` days."""
    result = np.empty_like(values)
    for k in range(len(values)):
        near = slice(max(0, k - half), k + half + 1)
        result[k] = np.median(values[near][np.abs(days[near] - days[k]) <= within])
    return result


def _unexplained_m(orbit: MeanOrbit, dt: Array, decay_m_day: Array) -> Array:
    """Change of each element from set to set [m] less what drag and oblateness do, shape (5, n-1)."""
    a = float(np.median(orbit.semi_major_m))
    sin_i = float(np.median(np.sin(orbit.inclination_rad)))
    node_rate = _middle(orbit.raan_rate_rad_s) * day
    turned = np.diff(orbit.raan_rad) - node_rate * dt
    vector = orbit.eccentricity * np.exp(1j * orbit.arg_perigee_rad)
    turn = np.exp(1j * _middle(orbit.arg_perigee_rate_rad_s) * day * dt)
    still = _frozen(vector, turn)
    moved = (vector[1:] - still) - turn * (vector[:-1] - still)
    return np.array(
        [
            np.diff(orbit.semi_major_m) - _middle(decay_m_day) * dt,
            np.diff(orbit.inclination_rad) * a,
            ((turned + np.pi) % (2 * np.pi) - np.pi) * a * sin_i,
            moved.real * a,
            moved.imag * a,
        ]
    )


def _middle(values: Array) -> Array:
    return (values[1:] + values[:-1]) / 2.0


def _frozen(vector: NDArray[np.complex128], turn: NDArray[np.complex128]) -> complex:
    """Eccentricity vector about which the others turn: what odd zonals leave over that SGP4 lacks.

    SGP4 takes J3 into account, so this is some 1e-4; without it a frozen orbit seems to drift by 5 m a day.
    """
    share = np.abs(1.0 - turn)
    seen = share > 1e-3
    if not seen.any():
        return 0j
    centre = (vector[1:] - turn * vector[:-1])[seen] / (1.0 - turn[seen])
    found = complex(
        _weighted_median(centre.real, share[seen]), _weighted_median(centre.imag, share[seen])
    )
    return found if abs(found) < 1e-3 else 0j


def _deep(orbit: MeanOrbit) -> bool:
    return float(np.median(orbit.nodal_period_s)) > _DEEP_S


def _weighted_median(values: Array, weights: Array) -> float:
    order = np.argsort(values)
    heap = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(heap, heap[-1] / 2.0)])


# Smallest noise that makes sense [m at 7000 km]: digits of an element set are 1e-4 deg and 1e-7.
_FLOOR = (0.02, 1e-4 * deg * 7e6 / 12**0.5, 1e-4 * deg * 7e6 / 12**0.5, 0.2, 0.2)
# Noise of a reading [m] where it cannot be measured, and slopes [m/day] that theory leaves over.
_USUAL = (0.1, 6.0, 6.0, 5.0, 5.0)
_SLOPES = (0.02, 4.0, 4.0, 2.0, 2.0)
_USUAL_PER_DECAY_DAYS = 0.1  # sets of a satellite that falls by 40 m a day are good to some 4 m
_DEEP_SLOPE = 5.0
_UNSEEN_DRAG = 0.3  # how wrong a decay is in the middle of a long gap, whatever was seen before
_LONG_DAYS = 5.0
# What a fall by one metre does to the other series besides, in metres: the turning air pulls the plane
# along (King-Hele, Satellite Orbits in an Atmosphere, section 8: a quarter of Earth's turn per turn of the
# satellite, 0.02), and drag moves the eccentricity by as much as the size.
_PULL = (0.0, 0.03, 0.03, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What the noise of every series is fitted with."""

    orbit: MeanOrbit
    dt: Array
    decay_m_day: Array
    short: Flags | None  # gaps to measure noise over; None: too few
    step: Flags
    wrong: Flags


def _noise(which: int, y_m: Array, fitted: _Fitted) -> Noise:
    """The noise that explains a series best; unknown manoeuvres in it count for little (Student's t)."""
    from offnadir.orbits._history_kernels import followed

    fall = np.abs(_middle(fitted.decay_m_day))
    scale = float(np.median(fitted.orbit.semi_major_m)) / 7e6
    usual = _USUAL[which] * scale
    if which == 0:
        usual += _USUAL_PER_DECAY_DAYS * float(np.median(fall))
    if fitted.short is not None:
        jumps = np.diff(y_m)[fitted.short]
        spread = 1.4826 * float(np.median(np.abs(jumps - np.median(jumps)))) / 2**0.5
        usual = max(spread, _FLOOR[which] * scale)
    best: tuple[float, Noise] | None = None
    for guess, prior in _guesses(which, usual, fall, fitted):
        cost, _ = followed(
            y_m, fitted.dt, guess.reading_m2, guess.wander_m2_day, guess.slope_m2_day2,
            guess.memory_days, fitted.step, fitted.wrong,
        )  # fmt: skip
        if best is None or prior + cost < best[0]:
            best = (prior + cost, guess)
    assert best is not None
    return best[1]


def _guesses(
    which: int, usual: float, fall: Array, fitted: _Fitted
) -> Iterator[tuple[Noise, float]]:
    """Noises to try, each with what it costs beforehand."""
    orbit, dt = fitted.orbit, fitted.dt
    scale = float(np.median(orbit.semi_major_m)) / 7e6
    unseen = np.minimum(dt / _LONG_DAYS, 1.0)
    pulled = (_PULL[which] * unseen * fall) ** 2
    if which == 2:  # the node's rate goes with the size to the power -7/2: its error over a gap
        turn = float(np.median(np.abs(orbit.raan_rate_rad_s) * np.sin(orbit.inclination_rad))) * day
        pulled = pulled + (3.5 * turn * _UNSEEN_DRAG * fall * unseen * dt / 2.0) ** 2
    drag = which == 0
    least = (_DEEP_SLOPE if _deep(orbit) else _SLOPES[which]) * scale
    measured = fitted.short is not None
    readings = (0.25, 0.5, 1.0, 2.0) if measured else (0.5, 1.0, 2.0)
    wanders = (0.0, 0.3, 1.0, 2.0) if measured else (0.0, 0.3)
    for reading in readings:
        for wander in wanders:
            for slope in (0.05, 0.1, 0.2, 0.35, 0.5) if drag else (1.0, 2.0, 4.0, 8.0):
                if drag:
                    slopes = (slope**2 + (_UNSEEN_DRAG * unseen) ** 2) * fall**2 + least**2
                    prior = 0.5 * (np.log(slope / 0.25) / np.log(1.6)) ** 2
                else:
                    slopes = (slope * least) ** 2 + pulled
                    prior = 0.0
                one = Noise(
                    reading_m2=max(reading * usual, _FLOOR[which] * scale) ** 2,
                    wander_m2_day=(wander * usual) ** 2,
                    slope_m2_day2=slopes,
                    memory_days=10.0 if drag else 30.0,
                )
                yield one, prior + 0.5 * np.log(reading) ** 2
