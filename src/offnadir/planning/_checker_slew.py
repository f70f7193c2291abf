"""How long it takes to turn, by each law, and the rules that rest on it: slews, blocked times, uplinks.

What each rule says stands in `checker.RULES`; why its tolerance is what it is, in the reference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from offnadir.planning._checker_facts import (
    START,
    STOP,
    Facts,
    Finding,
    NotChecked,
    Picture,
    unless,
    utc,
)
from offnadir.planning._checker_geometry import angle_rad, turn_time_s
from offnadir.planning._checker_model import Collection, Plan, Satellite, Slew, Stretch
from offnadir.units import deg, ms

Array = NDArray[np.float64]

SLEW_TOL_S = 1 * ms
ROUNDING_NS = 1_000  # times are written to the microsecond
NADIR = np.array([0.0, 0.0, 1.0])
_NS = 1_000_000_000


def turn_s(slew: Slew, los_from: Array, los_to: Array) -> float:
    """Time [s] to turn from rest to rest between lines of sight (3,) in the orbit frame, without settling.

    NaN where the document does not say how the satellite turns.
    """
    if slew.law == "euler":
        angle = angle_rad(los_from, los_to)
        return turn_time_s(angle, slew.rate_rad_s[0], slew.acceleration_rad_s2[0])
    if slew.law == "per_axis":
        (roll_0, pitch_0), (roll_1, pitch_1) = _roll_pitch(los_from), _roll_pitch(los_to)
        turns = (abs(math.remainder(roll_1 - roll_0, 2 * math.pi)), abs(pitch_1 - pitch_0))
        axes = zip(turns, slew.rate_rad_s, slew.acceleration_rad_s2, strict=True)
        return max(turn_time_s(*axis) for axis in axes)
    if slew.table is not None:
        return _looked_up(slew.table, angle_rad(los_from, los_to))
    return math.nan


def _roll_pitch(los: Array) -> tuple[float, float]:
    x, y, z = (float(part) for part in los)
    return math.atan2(y, z), math.atan2(x, math.hypot(y, z))


def _looked_up(table: Array, angle: float) -> float:
    """Straight between the rows; the first time below them, the last piece carried on beyond them."""
    if angle <= table[0, 0]:
        return float(table[0, 1])
    row = min(int(np.searchsorted(table[:, 0], angle)), len(table) - 1)
    (angle_0, time_0), (angle_1, time_1) = table[row - 1], table[row]
    return float(time_0 + (time_1 - time_0) * (angle - angle_0) / (angle_1 - angle_0))


def unchecked_law(satellite: Satellite) -> NotChecked:
    """Why the time to turn is not known."""
    if satellite.slew.law == "function":
        return NotChecked(
            f"{satellite.name} turns by a function of the planner's own, which is not in the plan"
        )
    return NotChecked(f"{satellite.name} states neither slew nor agility")


def joined(stretches: tuple[Stretch, ...]) -> list[Stretch]:
    """Blocked times in order, those that overlap or touch as one."""
    whole: list[Stretch] = []
    for one in sorted(stretches, key=lambda s: (s.start_ns, s.stop_ns)):
        if whole and one.start_ns <= whole[-1].stop_ns:
            last = whole.pop()
            why = ", ".join(word for word in (last.why, one.why) if word)
            stop = max(last.stop_ns, one.stop_ns)
            one = Stretch(start_ns=last.start_ns, stop_ns=stop, why=why)
        whole.append(one)
    return whole


def slew(facts: Facts) -> Iterator[Finding]:
    for satellite in facts.plan.satellites:
        pictures, blocked = facts.pictures_of(satellite), joined(satellite.blocked)
        yield from _overlaps(pictures, blocked)
        items: list[Picture | Stretch] = [*blocked, *(p for p in pictures if p.view.known)]
        items.sort(key=lambda item: _ends(item))
        for first, second in pairwise(items):
            if isinstance(first, Picture) or isinstance(second, Picture):
                yield from _turn(satellite, first, second)


def _overlaps(pictures: Sequence[Picture], blocked: list[Stretch]) -> Iterator[Finding]:
    for p in pictures:
        for block in blocked:
            common_ns = min(p.stated.stop_ns, block.stop_ns) - max(
                p.stated.start_ns, block.start_ns
            )
            yield unless(
                common_ns <= ROUNDING_NS,
                f"{p.id}: for {common_ns / _NS:.3f} s in a time in which {p.satellite.name} is "
                f"blocked, {_label(block)}",
            )


def _turn(
    satellite: Satellite, first: Picture | Stretch, second: Picture | Stretch
) -> Iterator[Finding]:
    """From a picture to the next, from a picture to nadir, or from nadir to a picture."""
    los_from = first.view.los_orbit[STOP] if isinstance(first, Picture) else NADIR
    los_to = second.view.los_orbit[START] if isinstance(second, Picture) else NADIR
    have_s = (_ends(second)[0] - _ends(first)[1]) / _NS
    label = f"{_label(first)} and {_label(second)} of {satellite.name}: {have_s:.3f} s apart"
    turning_s = turn_s(satellite.slew, los_from, los_to)
    if math.isnan(turning_s):
        yield unless(have_s >= -SLEW_TOL_S, f"{label}, which is both at once")
        yield unchecked_law(satellite)
        return
    need_s = satellite.slew.settling_s + turning_s
    yield unless(
        have_s >= need_s - SLEW_TOL_S,
        f"{label}, but turning by {angle_rad(los_from, los_to) / deg:.3f} deg and settling takes "
        f"{need_s:.3f} s, {need_s - have_s:.3f} s more",
    )


def _ends(item: Picture | Stretch) -> tuple[int, int]:
    if isinstance(item, Picture):
        return item.stated.start_ns, item.stated.stop_ns
    return item.start_ns, item.stop_ns


def _label(item: Picture | Stretch) -> str:
    if isinstance(item, Picture):
        return item.id
    why = f" ({item.why})" if item.why else ""
    return f"blocked {utc(item.start_ns)} to {utc(item.stop_ns)}{why}"


def uplink(facts: Facts) -> Iterator[Finding]:
    for p in facts.pictures:
        uplink_ns = p.satellite.next_uplink_ns
        if uplink_ns is None:
            continue
        early_s = (uplink_ns - p.stated.start_ns) / _NS
        yield unless(
            p.stated.frozen or early_s * _NS <= ROUNDING_NS,
            f"{p.id}: starts {utc(p.stated.start_ns)}, {early_s:.3f} s before the next uplink to "
            f"{p.satellite.name} at {utc(uplink_ns)}, and is not frozen",
        )
        if p.stated.frozen:
            yield from _frozen(facts, p)
    if facts.previous is not None:
        yield from _kept(facts, facts.previous)


def _frozen(facts: Facts, p: Picture) -> Iterator[Finding]:
    """A frozen picture stands in the plan before, if that is there to be looked at."""
    if facts.previous is None:
        yield NotChecked("whether frozen pictures stand in the plan before, which was not given")
        return
    yield unless(
        any(_same(p.stated, c) for c in facts.previous.collections),
        f"{p.id}: frozen, but the plan before has no picture of {p.request.name!r} by "
        f"{p.satellite.name} at {utc(p.stated.start_ns)}",
    )


def _kept(facts: Facts, previous: Plan) -> Iterator[Finding]:
    """What was planned before an uplink cannot be called back, unless nobody asks for it any more."""
    uplinks = {s.name: s.next_uplink_ns for s in facts.plan.satellites}
    requests = {r.name for r in facts.plan.requests}
    for c in previous.collections:
        uplink_ns = uplinks.get(c.satellite)
        ours = c.request in requests and c.start_ns >= facts.plan.start_ns
        if ours and uplink_ns is not None and c.start_ns < uplink_ns - ROUNDING_NS:
            yield unless(
                any(_same(p.stated, c) for p in facts.pictures),
                f"{c.satellite} was to take {c.request!r} at {utc(c.start_ns)} by the plan before; no "
                f"uplink could change that before {utc(uplink_ns)}, but it is gone",
            )


def _same(a: Collection, b: Collection) -> bool:
    apart_ns = max(abs(a.start_ns - b.start_ns), abs(a.stop_ns - b.stop_ns))
    return (a.request, a.satellite) == (b.request, b.satellite) and apart_ns <= ROUNDING_NS
