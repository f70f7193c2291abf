"""Steps in the series of one object that noise, drag and wrong sets do not explain.

Source: de Jong and Penzer, Diagnosing Shocks in Time Series, JASA 93 (1998): what a step in a gap, or a wrong
reading, would explain, for all gaps and readings from one pass of a smoother. The strength of a step is the
root of the sum over the five series of its squared Student's t.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from offnadir.orbits._history_series import NAMES, Series, make_series
from offnadir.orbits._secular import MeanOrbit

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SERIES: Final = len(NAMES)
# Strengths in gaps without manoeuvres, as measured on 30 dead satellites and pieces of debris (see
# `benchmarks/manoeuvres.py`): half are below 1.7, a tenth above 3.3, a hundredth above 6.2, a thousandth
# above 12; Sentinel-3B and Malligyong-1, with sets every day or more, are alike. A power law: Gaussian noise
# would give 2.1, 3.0, 3.9 and 4.5.
_MIDDLE, _START, _FEW, _EXPONENT = 1.9, 3.3, 0.1, 3.6
_LOUDEST, _LOUDEST_ASSUMED = 3.0, 1.5
_LOUDEST_HERE = 10.0
_SHORT_DAYS, _LONG_DAYS = 3.0, 10.0
_DRAG_M_DAY = 0.05  # a fall by which one can tell that there is drag
_ASSUMED_M = 2.0  # what a rise must be sure against where noise was not measured
_APART = 8  # steps found in one round are so many sets apart, lest one cast a shadow on the next
_FITS = 4
_ROUNDS = 60
_AROUND = 60  # sets on either side that a step is judged with
_NEAR = 20  # sets on either side that local noise is taken from
# Sets after a manoeuvre take days to settle on the new orbit: what is so much weaker is no manoeuvre.
_SETTLING_DAYS, _SETTLING = 4.0, 0.05
_ONE_DAYS = (
    3.0  # steps in neighbouring gaps, all within so many days, are one, with a mixed set between
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step between sets `before` and `after`: size and sigma in metres, shape (5,), see NAMES.

    From `settled` on the sets show the new orbit. `gap` counts all sets, those left out too.
    """

    before: int
    after: int
    settled: int
    gap: int
    size_m: Array
    sigma_m: Array
    strength: float
    seen: float  # as strong with what drag can have done
    by_chance: float  # how many such steps noise makes in a history of this length


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """What a step in each gap would explain, shape (5, n-1) and (n-1,), and a wrong set, shape (n,).

    `step` counts everything, `thrust` only what drag cannot have done.
    """

    size_m: Array
    sigma_m: Array
    step: Array
    thrust: Array
    wrong: Array


def find_steps(orbit: MeanOrbit, *, false_alarms: float) -> tuple[tuple[Step, ...], Series, Flags]:
    """Steps beyond noise, in order of time; the series they are in; flags of sets that are wrong.

    `false_alarms` is how many steps noise may be expected to add, for each gap between two sets. What is
    found no longer counts as noise: the noise is fitted anew and the search repeated until nothing changes.
    """
    n = len(orbit.tai_ns)
    step, wrong = np.zeros(n - 1, bool), np.zeros(n, bool)
    for _ in range(_FITS):
        before = step.copy(), wrong.copy()
        series = make_series(orbit, step, wrong)
        step, wrong = np.zeros(n - 1, bool), np.zeros(n, bool)
        found, loud = _search(series, step, wrong, false_alarms)
        if np.array_equal(before[0], step) and np.array_equal(before[1], wrong):
            break
    return tuple(_settle(series, found, loud)), series, wrong


def _search(
    series: Series, step: Flags, wrong: Flags, false_alarms: float
) -> tuple[list[Step], float]:
    """Mark steps and wrong sets for one fit of the noise; the steps, and how loud noise is."""
    for _ in range(_ROUNDS):
        seen = _evidence(series, step, wrong)
        loud = _loudness(series, seen)
        if not _mark(seen, loud * _strength(false_alarms), step, wrong):
            break
    least = loud * _strength(false_alarms)
    _readmit(series, step, wrong, least)
    return _weed(series, step, wrong, least), loud


def _strength(chance: float) -> float:
    """The strength that noise exceeds with this chance in a gap."""
    return float(_START * max(_FEW / chance, 1.0) ** (1.0 / _EXPONENT))


def _chance(strength: float) -> float:
    """The chance that noise exceeds this strength in a gap."""
    return float(_FEW * max(strength / _START, 1.0) ** -_EXPONENT)


def _loudness(series: Series, seen: _Evidence) -> float:
    """How much louder than usual noise is here: by the middle gap, for that is no manoeuvre as a rule.

    Where noise had to be assumed, most gaps may hold manoeuvres; then the middle is believed less.
    """
    known = seen.step[seen.step > 0.0]
    most = _LOUDEST if series.measured or series.deep else _LOUDEST_ASSUMED
    return float(np.clip(np.median(known) / _MIDDLE, 1.0, most)) if len(known) else 1.0


def _evidence(series: Series, step: Flags, wrong: Flags) -> _Evidence:
    """Run the five smoothers and put their answers together."""
    from offnadir.orbits._history_kernels import followed, shocks

    dt = np.diff(series.days)
    n = len(series.days)
    sizes, sigmas = np.zeros((_SERIES, n - 1)), np.zeros((_SERIES, n - 1))
    steps, thrusts, wrongs = np.zeros(n - 1), np.zeros(n - 1), np.zeros(n)
    for k, noise in enumerate(series.noise):
        model = (
            series.y_m[k], dt, noise.reading_m2, noise.wander_m2_day, noise.slope_m2_day2,
            noise.memory_days, step, wrong,
        )  # fmt: skip
        size, variance, off = shocks(*model)
        _, misses = followed(*model)
        scale = _local_scale(misses)
        sigma = np.sqrt(variance) * np.maximum(scale[1:], scale[:-1])
        t = np.divide(size, sigma, out=np.zeros(n - 1), where=np.isfinite(sigma))
        steps += t**2
        thrusts += (_beyond_drag(series, size, sigma, t) if k == 0 else t) ** 2
        wrongs += (off / scale) ** 2
        sizes[k], sigmas[k] = size, sigma
    return _Evidence(
        size_m=sizes,
        sigma_m=sigmas,
        step=np.sqrt(np.maximum(steps, thrusts)),
        thrust=np.sqrt(thrusts),
        wrong=np.sqrt(wrongs),
    )


def _local_scale(misses: Array) -> Array:
    """How much larger than assumed the noise is around each set, at least 1."""
    padded = np.pad(np.abs(misses), _NEAR, constant_values=np.nan)
    windows = sliding_window_view(padded, 2 * _NEAR + 1)
    known = np.isfinite(windows).sum(axis=1) >= _NEAR // 2
    scale = np.ones(len(misses))
    scale[known] = 1.4826 * np.nanmedian(windows[known], axis=1)
    return np.clip(scale, 1.0, _LOUDEST_HERE)


def _beyond_drag(series: Series, size_m: Array, sigma_m: Array, t: Array) -> Array:
    """Student's t of steps in size, allowing for what drag can and cannot do.

    A storm can double the drag for a day or for the gap: so much of a fall is no manoeuvre. Nothing but
    thrust can raise a low orbit: over a long gap a rise from one set to the next counts in full, however
    uncertain drag is.
    """
    dt = np.diff(series.days)
    decay = -(series.decay_m_day[1:] + series.decay_m_day[:-1]) / 2.0
    fall = np.minimum(size_m, -1e-9)
    t = np.where(size_m < 0.0, t * np.minimum(fall + decay * np.maximum(dt, 1.0), 0.0) / fall, t)
    noise = series.noise[0]
    reading = 2.0 * noise.reading_m2 + noise.wander_m2_day * np.minimum(dt, _LONG_DAYS)
    if not series.measured:
        reading = reading + _ASSUMED_M**2
    risen = np.maximum(np.diff(series.semi_major_m), 0.0) / np.sqrt(reading)
    sure = (dt > _SHORT_DAYS) & (decay > _DRAG_M_DAY) & np.isfinite(sigma_m) & (size_m > 0.0)
    return np.where(sure, np.maximum(t, risen), t)


def _mark(seen: _Evidence, least: float, step: Flags, wrong: Flags) -> bool:
    """Mark the strongest steps and wrong sets above `least`, well apart; whether there were any."""
    gaps = np.flatnonzero((seen.step > least) & ~step)
    sets = np.flatnonzero((seen.wrong > least) & ~wrong)
    found = [(seen.step[k], True, int(k)) for k in gaps]
    found += [(seen.wrong[k], False, int(k)) for k in sets]
    taken: list[int] = []
    for _, is_step, k in sorted(found, reverse=True):
        if all(abs(k - other) > _APART for other in taken):
            taken.append(k)
            (step if is_step else wrong)[k] = True
    return bool(taken)


def _readmit(series: Series, step: Flags, wrong: Flags, least: float) -> None:
    """Give sets that were left out another chance, on either side of a step that stands beside them.

    A wrong set next to a manoeuvre can throw suspicion on its neighbours before the step is seen.
    """
    good = np.flatnonzero(~wrong)
    for before, after in itertools.pairwise(good):
        inside = np.arange(before, after)
        if len(inside) == 1:
            continue
        steps = bool(step[inside].any())
        step[inside] = False
        low, high = int(before), int(after)
        while low + 1 < high and _fits(
            series, step, wrong, low + 1, low + 1 if steps else -1, least
        ):
            low += 1
            wrong[low] = False
        while high - 1 > low and _fits(
            series, step, wrong, high - 1, high - 2 if steps else -1, least
        ):
            high -= 1
            wrong[high] = False
        step[low] |= steps


def _fits(series: Series, step: Flags, wrong: Flags, k: int, gap: int, least: float) -> bool:
    """Whether set k is not wrong after all, with a step in a gap (-1: none)."""
    low, high = max(0, k - _AROUND), min(len(series.days), k + 1 + _AROUND)
    steps, left_out = step[low : high - 1].copy(), wrong[low:high].copy()
    left_out[k - low] = False
    if gap >= 0:
        steps[gap - low] = True
    return bool(_evidence(_part(series, low, high), steps, left_out).wrong[k - low] < least)


def _weed(series: Series, step: Flags, wrong: Flags, least: float) -> list[Step]:
    """Judge every marked step with all others in place; drop those that are too weak, weakest first.

    A step that drag can explain stays marked, lest it bend what is around it, but is no manoeuvre.
    """
    while True:
        found = [_judge(series, step, wrong, int(k)) for k in np.flatnonzero(step)]
        weak = [one for one in found if one.seen < least]
        if not weak:
            return [one for one in found if one.strength >= least]
        # Neighbours bear on each other: of those close together only the weakest goes at once.
        gone: list[int] = []
        for one in sorted(weak, key=lambda each: each.seen):
            if all(abs(one.gap - other) > _APART for other in gone):
                gone.append(one.gap)
                step[one.gap] = False


def _judge(series: Series, step: Flags, wrong: Flags, k: int) -> Step:
    """A step in gap k, seen with the sets around it."""
    low, high = max(0, k - _AROUND), min(len(series.days), k + 1 + _AROUND)
    others = step[low : high - 1].copy()
    others[k - low] = False
    seen = _evidence(_part(series, low, high), others, wrong[low:high])
    at = k - low
    good = np.flatnonzero(~wrong)
    return Step(
        before=int(good[good <= k].max(initial=0)),
        after=int(good[good > k].min(initial=len(wrong) - 1)),
        settled=int(good[good > k].min(initial=len(wrong) - 1)),
        gap=k,
        size_m=seen.size_m[:, at],
        sigma_m=seen.sigma_m[:, at],
        strength=float(seen.thrust[at]),
        seen=float(seen.step[at]),
        by_chance=0.0,
    )


def _part(series: Series, low: int, high: int) -> Series:
    """The sets from `low` up to `high`."""
    gaps = slice(low, high - 1)
    noise = tuple(replace(one, slope_m2_day2=one.slope_m2_day2[gaps]) for one in series.noise)
    return replace(
        series,
        semi_major_m=series.semi_major_m[low:high],
        days=series.days[low:high],
        y_m=np.ascontiguousarray(series.y_m[:, low:high]),
        decay_m_day=series.decay_m_day[low:high],
        noise=noise,
    )


def _settle(series: Series, found: list[Step], loud: float) -> list[Step]:
    """Join what belongs to one manoeuvre: sets that follow it take days to settle on the new orbit."""
    days = series.days
    kept: list[Step] = []
    for one in sorted(found, key=lambda each: -each.strength):
        for k, main in enumerate(kept):
            late = max(days[one.after] - days[main.after], days[main.before] - days[one.before])
            next_to = one.before == main.after or one.after == main.before
            weak = one.strength < _SETTLING * main.strength
            span = max(days[one.after], days[main.after]) - min(days[one.before], days[main.before])
            if (late < _SETTLING_DAYS and weak) or (next_to and span < _ONE_DAYS):
                kept[k] = _join(main, one, wide=not weak)
                break
        else:
            kept.append(replace(one, by_chance=_chance(one.strength / loud) * len(days)))
    return sorted(kept, key=lambda each: each.gap)


def _join(main: Step, other: Step, *, wide: bool) -> Step:
    """Both steps as one, over the gap of the first or, if `wide`, over both."""
    return replace(
        main,
        before=min(main.before, other.before) if wide else main.before,
        after=max(main.after, other.after) if wide else main.after,
        settled=max(main.settled, other.after),
        size_m=main.size_m + other.size_m,
        sigma_m=np.hypot(main.sigma_m, other.sigma_m),
    )
