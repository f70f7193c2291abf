"""Rules about what pictures cost and bring: memory, contacts, delivery, requests, value.

What each rule says stands in `checker.RULES`; why its tolerance is what it is, in the reference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from offnadir.planning._checker_facts import Facts, Pass, Picture, unless, utc
from offnadir.planning._checker_model import Collection, Contact, Curve, Satellite
from offnadir.units import Gbit, Mbit, deg

Array = NDArray[np.float64]

ELEVATION_TOL_RAD = 0.01 * deg
VOLUME_TOL_BIT = 1 * Mbit
ROUNDING_NS = 1_000  # times are written to the microsecond
QUALITY_TOL = 1e-5
VALUE_TOL = 2e-6  # values are written to 1e-6
_NS = 1_000_000_000


def volume(facts: Facts) -> Iterator[str | None]:
    for p in facts.pictures:
        s = p.stated
        found = p.satellite.data_rate_bit_s * (s.stop_ns - s.start_ns) / _NS
        yield unless(
            abs(s.volume_bit - found) <= VOLUME_TOL_BIT,
            f"{p.id}: volume_gbit {s.volume_bit / Gbit:.6f}, but {p.satellite.name} makes "
            f"{found / Gbit:.6f} in that time",
        )


def memory(facts: Facts) -> Iterator[str | None]:
    for satellite in facts.plan.satellites:
        downlinks = facts.downlinks_of(satellite)
        written = 0.0
        for p in facts.pictures_of(satellite):
            written += p.stated.volume_bit
            freed = sum(
                k.stated.downlinked_bit
                for k in downlinks
                if k.stated.stop_ns <= p.stated.stop_ns + ROUNDING_NS
            )
            level = written - freed
            yield unless(
                level <= satellite.memory_bit + VOLUME_TOL_BIT,
                f"{p.id}: {level / Gbit:.4f} Gbit in the memory of {satellite.name} at "
                f"{utc(p.stated.stop_ns)}, which holds {satellite.memory_bit / Gbit:.4f}",
            )


def memory_curve(facts: Facts) -> Iterator[str | None]:
    satellites = {s.name: s for s in facts.plan.satellites}
    for name, satellite in satellites.items():
        curves = [c for c in facts.plan.curves if c.satellite == name]
        yield unless(len(curves) == 1, f"{name}: {len(curves)} memory curves, must be one")
        for curve in curves[:1]:
            yield from _curve(facts, satellite, curve)
    for curve in facts.plan.curves:
        yield unless(
            curve.satellite in satellites, f"a memory curve of {curve.satellite!r}, not in the plan"
        )


def _curve(facts: Facts, satellite: Satellite, curve: Curve) -> Iterator[str | None]:
    """Both curves run straight between their points, so it is enough to compare at all points."""
    name = satellite.name
    yield unless(
        abs(curve.capacity_bit - satellite.memory_bit) <= VOLUME_TOL_BIT,
        f"{name}: memory curve says it holds {curve.capacity_bit / Gbit:.4f} Gbit, the satellite "
        f"{satellite.memory_bit / Gbit:.4f}",
    )
    if np.any(np.diff(curve.t_ns) < 0):
        yield f"{name}: the times of the memory curve do not rise"
        return
    pictures = [p.stated for p in facts.pictures_of(satellite)]
    downlinks = [k.stated for k in facts.downlinks_of(satellite)]
    items: tuple[Collection | Contact, ...] = (*pictures, *downlinks)
    ends = [t for item in items for t in (item.start_ns, item.stop_ns)]
    ours = np.array([facts.plan.start_ns, facts.plan.stop_ns, *ends], np.int64)
    t_ns = np.union1d(ours, curve.t_ns)
    level = np.zeros(len(t_ns))
    for picture in pictures:
        level += picture.volume_bit * _progress(t_ns, picture.start_ns, picture.stop_ns)
    for contact in downlinks:
        level -= contact.downlinked_bit * _progress(t_ns, contact.start_ns, contact.stop_ns)
    stated = np.zeros(len(t_ns))
    if len(curve.t_ns):
        zero = int(curve.t_ns[0])
        stated = np.interp(
            (t_ns - zero).astype(np.float64),
            (curve.t_ns - zero).astype(np.float64),
            curve.level_bit,
        )
    # A time that was rounded to the microsecond moves a level by far less than the tolerance.
    worst = int(np.argmax(np.abs(stated - level)))
    yield unless(
        abs(stated[worst] - level[worst]) <= VOLUME_TOL_BIT,
        f"{name}: memory curve at {utc(int(t_ns[worst]))} is {stated[worst] / Gbit:.4f} Gbit, "
        f"recomputed {level[worst] / Gbit:.4f}",
    )


def _progress(t_ns: NDArray[np.int64], start_ns: int, stop_ns: int) -> Array:
    """0 before start, 1 after stop, straight in between."""
    return np.clip((t_ns - start_ns) / max(stop_ns - start_ns, 1), 0.0, 1.0)


def contacts(facts: Facts) -> Iterator[str | None]:
    for c in facts.heard:
        slack = c.elevation_rad - c.needed_rad
        worst = int(np.argmin(slack))
        when = utc(c.stated.start_ns + round(float(c.t_s[worst]) * _NS))
        yield unless(
            slack[worst] >= -ELEVATION_TOL_RAD,
            f"{c.id}: {c.satellite.name} stands at {c.elevation_rad[worst] / deg:.3f} deg over "
            f"{c.station.name} at {when}, needs {c.needed_rad[worst] / deg:.3f} deg",
        )
        yield unless(
            abs(c.culmination_rad - c.stated.max_elevation_rad) <= ELEVATION_TOL_RAD,
            f"{c.id}: max_elevation_deg {c.stated.max_elevation_rad / deg:.4f}, recomputed "
            f"{c.culmination_rad / deg:.4f}",
        )


def downlink(facts: Facts) -> Iterator[str | None]:
    for c in facts.passes:
        s = c.stated
        can = c.satellite.downlink_bit_s * (s.stop_ns - s.start_ns) / _NS if s.used else 0.0
        yield unless(
            0.0 <= s.downlinked_bit <= can + VOLUME_TOL_BIT,
            f"{c.id}: {s.downlinked_bit / Gbit:.4f} Gbit go down, but "
            + (f"{can / Gbit:.4f} can" if s.used else "it is not used"),
        )
    for satellite in facts.plan.satellites:
        pictures, sent = facts.pictures_of(satellite), 0.0
        for c in facts.downlinks_of(satellite):
            written = sum(p.stated.volume_bit for p in pictures if _before(p, c))
            sent += c.stated.downlinked_bit
            yield unless(
                sent <= written + VOLUME_TOL_BIT,
                f"{c.id}: {satellite.name} has sent {sent / Gbit:.4f} Gbit, but taken only "
                f"{written / Gbit:.4f} before {utc(c.stated.start_ns)}",
            )


def _before(picture: Picture, contact: Pass) -> bool:
    return picture.stated.stop_ns <= contact.stated.start_ns + ROUNDING_NS


def antennas(facts: Facts) -> Iterator[str | None]:
    for station in facts.plan.stations:
        used = [c.stated for c in facts.passes if c.station is station and c.stated.used]
        for c in used:
            # As many as overlap at all do so when the last of them begins.
            at_once = [k.id for k in used if k.start_ns <= c.start_ns < k.stop_ns - ROUNDING_NS]
            yield unless(
                len(at_once) <= station.antennas,
                f"{station.name}: {len(at_once)} contacts at {utc(c.start_ns)} "
                f"({', '.join(at_once)}) with {station.antennas} antennas",
            )


def one_contact(facts: Facts) -> Iterator[str | None]:
    for satellite in facts.plan.satellites:
        used = facts.downlinks_of(satellite)
        for first, second in pairwise(used):
            yield unless(
                second.stated.start_ns >= first.stated.stop_ns - ROUNDING_NS,
                f"{satellite.name}: {second.id} begins {utc(second.stated.start_ns)}, before "
                f"{first.id} ends {utc(first.stated.stop_ns)}",
            )


def _delivering(facts: Facts, picture: Picture, slack_bit: float) -> Pass | None:
    """The contact in which the last bit of a picture goes down, first in, first out."""
    queue = facts.pictures_of(picture.satellite)
    up_to_it = sum(p.stated.volume_bit for p in queue[: queue.index(picture) + 1])
    sent = 0.0
    for c in facts.downlinks_of(picture.satellite):
        sent += c.stated.downlinked_bit
        if _before(picture, c) and sent >= up_to_it + slack_bit:
            return c
    return None


def delivery(facts: Facts) -> Iterator[str | None]:
    for p in facts.pictures:
        # Rounded volumes may or may not add up to the last bit: the contact where they do within the
        # tolerance and the one where they surely do are both right.
        right = [_delivering(facts, p, slack) for slack in (-VOLUME_TOL_BIT, VOLUME_TOL_BIT)]
        s = p.stated
        stated = "never" if s.delivered_ns is None else f"{utc(s.delivered_ns)} in {s.contact}"
        first = right[0]
        found = "never" if first is None else f"{utc(first.stated.stop_ns)} in {first.id}"
        yield unless(
            any(_delivered_as_stated(p, c) for c in right),
            f"{p.id}: delivered {stated}, recomputed {found}",
        )


def _delivered_as_stated(picture: Picture, contact: Pass | None) -> bool:
    s = picture.stated
    if contact is None or s.delivered_ns is None:
        return contact is None and s.delivered_ns is None and s.contact is None
    return s.contact == contact.id and abs(s.delivered_ns - contact.stated.stop_ns) <= ROUNDING_NS


def deadline(facts: Facts) -> Iterator[str | None]:
    for p in facts.pictures:
        due = p.request.deadline_ns
        if due is None:
            continue
        last = _delivering(facts, p, -VOLUME_TOL_BIT)
        when = "never" if last is None else utc(last.stated.stop_ns)
        yield unless(
            last is not None and last.stated.stop_ns <= due + ROUNDING_NS,
            f"{p.id}: delivered {when}, {p.request.name!r} is due {utc(due)}",
        )


def requests(facts: Facts) -> Iterator[str | None]:
    for r in facts.plan.requests:
        ids = [c.id for c in facts.plan.collections if c.request == r.name]
        yield unless(
            sorted(ids) == sorted(r.collections),
            f"request {r.name!r}: lists {list(r.collections)}, but its pictures are {ids}",
        )
        status = "taken" if r.taken else "not_taken"
        yield unless(
            r.taken == bool(ids), f"request {r.name!r}: {status}, but has {len(ids)} pictures"
        )
        yield unless(
            (r.reason is None) == bool(ids),
            f"request {r.name!r}: {len(ids)} pictures and reason {r.reason!r}; a request that is not "
            "taken has a reason, one that is taken has none",
        )


def value(facts: Facts) -> Iterator[str | None]:
    for p in facts.pictures:
        s, weight = p.stated, p.request.weight
        quality = min(max(s.niirs / 9.0, 0.01), 1.0) * s.coverage
        yield unless(
            abs(s.quality - quality) <= QUALITY_TOL,
            f"{p.id}: quality {s.quality:.6f}, but NIIRS {s.niirs:.4f} and coverage "
            f"{s.coverage:.4f} make {quality:.6f}",
        )
        yield unless(
            abs(s.value - weight * quality) <= weight * QUALITY_TOL + VALUE_TOL,
            f"{p.id}: value {s.value:.6f}, but weight {weight:g} times quality is "
            f"{weight * quality:.6f}",
        )


def total(facts: Facts) -> Iterator[str | None]:
    plan = facts.plan
    parts = [c.value for c in plan.collections]
    tolerance = VALUE_TOL * (1 + len(parts))
    yield unless(
        abs(plan.value - math.fsum(parts)) <= tolerance,
        f"result.value {plan.value:.6f}, but the pictures add up to {math.fsum(parts):.6f}",
    )
    yield unless(
        plan.value <= plan.bound + tolerance,
        f"result.value {plan.value:.6f} is above result.bound {plan.bound:.6f}",
    )
    missing = max(plan.bound - plan.value, 0.0)
    gap = missing / plan.bound if plan.bound > 0.0 else 0.0
    yield unless(
        abs(plan.gap - gap) <= QUALITY_TOL + tolerance / max(plan.bound, tolerance),
        f"result.gap {plan.gap:.6f}, but (bound - value) / bound is {gap:.6f}",
    )
    if plan.status == "optimal":
        yield unless(
            missing <= tolerance,
            f"result.status is optimal, but value {plan.value:.6f} is not bound {plan.bound:.6f}",
        )
    if plan.status == "nothing_to_take":
        yield unless(
            not parts, f"result.status is nothing_to_take, but there are {len(parts)} pictures"
        )
