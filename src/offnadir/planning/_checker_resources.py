"""Rules about memory, contacts and delivery.

What each rule says stands in `checker.RULES`; why its tolerance is what it is, in the reference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from offnadir.planning._checker_facts import (
    Facts,
    Finding,
    NotChecked,
    Pass,
    Picture,
    unless,
    utc,
)
from offnadir.planning._checker_limits import kbit_tolerance
from offnadir.planning._checker_model import Curve, Satellite
from offnadir.units import Gbit, Mbit, deg, kbit

Array = NDArray[np.float64]

ELEVATION_TOL_RAD = 0.01 * deg
VOLUME_TOL_BIT = 1 * kbit + 0.5  # volumes are rounded up to the kilobit
LEVEL_TOL_BIT = 0.5 * kbit + 0.5  # sums of whole kilobits are whole kilobits
CURVE_TOL_BIT = 1 * Mbit
ROUNDING_NS = 1_000  # times are written to the microsecond
_NS = 1_000_000_000


def volume(facts: Facts) -> Iterator[Finding]:
    for p in facts.pictures:
        stated, found = p.stated.volume_bit, p.written_bit
        if math.isnan(stated):
            continue
        if math.isnan(found):
            yield NotChecked(f"{p.satellite.name} states no data_rate_mbps")
            continue
        yield unless(
            abs(stated - found) <= VOLUME_TOL_BIT,
            f"{p.id}: volume_gbit {stated / Gbit:.6f}, but {p.satellite.name} makes "
            f"{found / Gbit:.6f} in that time",
        )


def _unknown_volume(facts: Facts, satellite: Satellite) -> NotChecked | None:
    """Why it is not known what the memory holds, if it is not."""
    for p in facts.pictures_of(satellite):
        if math.isnan(p.volume_bit):
            return NotChecked(
                f"{satellite.name} states no data_rate_mbps, or its pictures no volume_gbit"
            )
    return None


def memory(facts: Facts) -> Iterator[Finding]:
    for satellite in facts.plan.satellites:
        if satellite.memory_bit == math.inf:
            continue
        unknown = _unknown_volume(facts, satellite)
        if unknown is not None:
            yield unknown
            continue
        downlinks = facts.downlinks_of(satellite)
        written = 0.0
        for p in facts.pictures_of(satellite):
            written += p.volume_bit
            freed = sum(
                k.stated.downlinked_bit
                for k in downlinks
                if k.stated.stop_ns <= p.stated.stop_ns + ROUNDING_NS
            )
            level = written - freed
            yield unless(
                level <= satellite.memory_bit + LEVEL_TOL_BIT,
                f"{p.id}: {level / Gbit:.6f} Gbit in the memory of {satellite.name} at "
                f"{utc(p.stated.stop_ns)}, which holds {satellite.memory_bit / Gbit:.6f}",
            )


def memory_curve(facts: Facts) -> Iterator[Finding]:
    stated = facts.plan.memory
    if stated is None:
        return
    satellites = {s.name: s for s in facts.plan.satellites}
    for name, satellite in satellites.items():
        curves = [c for c in stated if c.satellite == name]
        yield unless(len(curves) == 1, f"{name}: {len(curves)} memory curves, must be one")
        for curve in curves[:1]:
            yield from _curve(facts, satellite, curve)
    for curve in stated:
        yield unless(
            curve.satellite in satellites, f"a memory curve of {curve.satellite!r}, not in the plan"
        )


def _curve(facts: Facts, satellite: Satellite, curve: Curve) -> Iterator[Finding]:
    """Both curves run straight between their points, so it is enough to compare at all points."""
    name = satellite.name
    if not math.isnan(curve.limit):
        yield unless(
            satellite.memory_bit == math.inf
            or abs(curve.limit - satellite.memory_bit) <= CURVE_TOL_BIT,
            f"{name}: memory curve says it holds {curve.limit / Gbit:.4f} Gbit, the satellite "
            f"{satellite.memory_bit / Gbit:.4f}",
        )
    unknown = _unknown_volume(facts, satellite)
    if unknown is not None:
        yield unknown
        return
    if np.any(np.diff(curve.t_ns) < 0):
        yield f"{name}: the times of the memory curve do not rise"
        return
    pictures, downlinks = facts.pictures_of(satellite), facts.downlinks_of(satellite)
    sending = [(k, _sends_from_ns(k), k.stated.stop_ns) for k in downlinks]
    ends = [t for p in pictures for t in (p.stated.start_ns, p.stated.stop_ns)]
    ends += [t for _, start, stop in sending for t in (start, stop)]
    ours = np.array([facts.plan.start_ns, facts.plan.stop_ns, *ends], np.int64)
    t_ns = np.union1d(ours, curve.t_ns)
    level = np.zeros(len(t_ns))
    for p in pictures:
        level += p.volume_bit * _progress(t_ns, p.stated.start_ns, p.stated.stop_ns)
    for k, start, stop in sending:
        level -= k.stated.downlinked_bit * _progress(t_ns, start, stop)
    stated = np.zeros(len(t_ns))
    if len(curve.t_ns):
        zero = int(curve.t_ns[0])
        stated = np.interp(
            (t_ns - zero).astype(np.float64),
            (curve.t_ns - zero).astype(np.float64),
            curve.level,
        )
    # A time that was rounded to the microsecond moves a level by far less than the tolerance.
    worst = int(np.argmax(np.abs(stated - level)))
    yield unless(
        abs(stated[worst] - level[worst]) <= CURVE_TOL_BIT,
        f"{name}: memory curve at {utc(int(t_ns[worst]))} is {stated[worst] / Gbit:.4f} Gbit, "
        f"recomputed {level[worst] / Gbit:.4f}",
    )


def _sends_from_ns(contact: Pass) -> int:
    """When a contact has been set up; its stop, if that is earlier."""
    ready = contact.stated.start_ns + round(contact.station.setup_s * _NS)
    return max(min(ready, contact.stated.stop_ns), contact.stated.start_ns)


def _progress(t_ns: NDArray[np.int64], start_ns: int, stop_ns: int) -> Array:
    """0 before start, 1 after stop, straight in between."""
    return np.clip((t_ns - start_ns) / max(stop_ns - start_ns, 1), 0.0, 1.0)


def contacts(facts: Facts) -> Iterator[Finding]:
    for c in facts.heard:
        slack = c.elevation_rad - c.needed_rad
        worst = int(np.argmin(slack))
        when = utc(c.stated.start_ns + round(float(c.t_s[worst]) * _NS))
        yield unless(
            slack[worst] >= -ELEVATION_TOL_RAD,
            f"{c.id}: {c.satellite.name} stands at {c.elevation_rad[worst] / deg:.3f} deg over "
            f"{c.station.name} at {when}, needs {c.needed_rad[worst] / deg:.3f} deg",
        )
        if math.isnan(c.stated.max_elevation_rad):
            continue
        yield unless(
            abs(c.culmination_rad - c.stated.max_elevation_rad) <= ELEVATION_TOL_RAD,
            f"{c.id}: max_elevation_deg {c.stated.max_elevation_rad / deg:.4f}, recomputed "
            f"{c.culmination_rad / deg:.4f}",
        )


def downlink(facts: Facts) -> Iterator[Finding]:
    for c in facts.passes:
        s, rate = c.stated, c.satellite.downlink_bit_s
        can = rate * (s.stop_ns - s.start_ns) / _NS if s.used else 0.0
        if math.isnan(can):
            yield NotChecked(f"{c.satellite.name} states no downlink_mbps")
            continue
        yield unless(
            -0.5 <= s.downlinked_bit <= can + kbit_tolerance(rate),
            f"{c.id}: {s.downlinked_bit / Gbit:.4f} Gbit go down, but "
            + (f"{can / Gbit:.4f} can" if s.used else "it is not used"),
        )
    for satellite in facts.plan.satellites:
        if not facts.downlinks_of(satellite):
            continue
        unknown = _unknown_volume(facts, satellite)
        if unknown is not None:
            yield unknown
            continue
        pictures, sent = facts.pictures_of(satellite), 0.0
        for c in facts.downlinks_of(satellite):
            volumes = [p.volume_bit for p in pictures if _before(p, c)]
            written = sum(volumes)
            sent += c.stated.downlinked_bit
            yield unless(
                sent <= written + _rounding_bit(len(volumes)),
                f"{c.id}: {satellite.name} has sent {sent / Gbit:.6f} Gbit, but taken only "
                f"{written / Gbit:.6f} before {utc(c.stated.start_ns)}",
            )


def _rounding_bit(pictures: int) -> float:
    """What rounding up to the kilobit, which may be done apart for each picture, can make of a sum."""
    return pictures * kbit + LEVEL_TOL_BIT


def _before(picture: Picture, contact: Pass) -> bool:
    return picture.stated.stop_ns <= contact.stated.start_ns + ROUNDING_NS


def antennas(facts: Facts) -> Iterator[Finding]:
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


def one_contact(facts: Facts) -> Iterator[Finding]:
    for satellite in facts.plan.satellites:
        used = facts.downlinks_of(satellite)
        for first, second in pairwise(used):
            yield unless(
                second.stated.start_ns >= first.stated.stop_ns - ROUNDING_NS,
                f"{satellite.name}: {second.id} begins {utc(second.stated.start_ns)}, before "
                f"{first.id} ends {utc(first.stated.stop_ns)}",
            )


_Found = tuple[Pass | None, Pass | None]


def _deliveries(facts: Facts, satellite: Satellite) -> list[tuple[Picture, _Found]]:
    """The contact in which the last bit of each picture goes down, first in, first out.

    Rounded volumes may or may not add up to the last bit: the contact where they do as early as rounding
    allows, and the one where they surely do, are both right.
    """
    downlinks, up_to_it = facts.downlinks_of(satellite), 0.0
    begins = np.array([c.stated.start_ns for c in downlinks], np.int64)
    sent = np.cumsum([c.stated.downlinked_bit for c in downlinks])
    found = []
    for number, p in enumerate(facts.pictures_of(satellite), 1):
        up_to_it += p.volume_bit
        rounding = _rounding_bit(number)
        after = begins + ROUNDING_NS >= p.stated.stop_ns
        earliest, latest = (
            np.flatnonzero(after & (sent >= up_to_it + slack)).tolist()
            for slack in (-rounding, rounding)
        )
        found.append((p, (_first(downlinks, earliest), _first(downlinks, latest))))
    return found


def _first(downlinks: Sequence[Pass], numbers: list[int]) -> Pass | None:
    return downlinks[numbers[0]] if numbers else None


def delivery(facts: Facts) -> Iterator[Finding]:
    for satellite in facts.plan.satellites:
        unknown = _unknown_volume(facts, satellite)
        for p, right in _deliveries(facts, satellite):
            s = p.stated
            if "delivered" not in s.stated:
                continue
            if unknown is not None:
                yield unknown
                continue
            where = f" in {s.contact}" if "contact" in s.stated else ""
            stated = "never" if s.delivered_ns is None else f"{utc(s.delivered_ns)}{where}"
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
    there = s.contact == contact.id or "contact" not in s.stated
    return there and abs(s.delivered_ns - contact.stated.stop_ns) <= ROUNDING_NS


def deadline(facts: Facts) -> Iterator[Finding]:
    for satellite in facts.plan.satellites:
        unknown = _unknown_volume(facts, satellite)
        for p, (last, _) in _deliveries(facts, satellite):
            due = p.request.deadline_ns
            if due is None:
                continue
            if unknown is not None:
                yield unknown
                continue
            when = "never" if last is None else utc(last.stated.stop_ns)
            yield unless(
                last is not None and last.stated.stop_ns <= due + ROUNDING_NS,
                f"{p.id}: delivered {when}, {p.request.name!r} is due {utc(due)}",
            )
