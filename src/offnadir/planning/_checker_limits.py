"""Rules about how much a satellite may take, and what requests have to do with one another.

What each rule says stands in `checker.RULES`; why its tolerance is what it is, in the reference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from offnadir.constants import GM_EARTH_M3_S2, WGS84_A_M
from offnadir.orbits import ElementSet
from offnadir.planning._checker_facts import Facts, Finding, NotChecked, Picture, unless, utc
from offnadir.planning._checker_model import Satellite
from offnadir.units import ms

DURATION_TOL_S = 1 * ms
ROUNDING_NS = 1_000  # times are written to the microsecond
PERIOD_REL_TOL = 1e-3
_J2 = 1.082_627e-3  # Vallado, 4th ed., table D-1 (EGM-08)
_NS = 1_000_000_000


def nodal_period_s(elements: ElementSet) -> float:
    """Mean time [s] from ascending node to ascending node, with J2 to the first order.

    Kozai's mean motion, as published, is the rate of the mean anomaly; the perigee's own turn comes on
    top. Source: Vallado, 4th ed., equations 9-41 (perigee) and 1-27 (semi-major axis).
    """
    n = elements.mean_motion_rad_s
    axis_m = math.cbrt(GM_EARTH_M3_S2 / n**2)
    shape = WGS84_A_M / (axis_m * (1.0 - elements.eccentricity**2))
    turn = 0.75 * _J2 * n * shape**2 * (5.0 * math.cos(elements.inclination_rad) ** 2 - 1.0)
    return 2.0 * math.pi / (n + turn)


def orbit_limits(facts: Facts) -> Iterator[Finding]:
    for satellite in facts.plan.satellites:
        pictures = facts.pictures_of(satellite)
        if satellite.max_duration_s < math.inf:
            for p in pictures:
                yield unless(
                    p.duration_s <= satellite.max_duration_s + DURATION_TOL_S,
                    f"{p.id}: lasts {p.duration_s:.3f} s, {satellite.name} may take pictures of "
                    f"{satellite.max_duration_s:.3f} s",
                )
        limits = (satellite.max_pictures_per_orbit, satellite.imaging_s_per_orbit)
        stated, found = satellite.orbit_period_s, nodal_period_s(satellite.elements)
        right = math.isnan(stated) or abs(stated - found) <= PERIOD_REL_TOL * found
        if not math.isnan(stated):
            yield unless(
                right,
                f"{satellite.name}: orbit_period_s {stated:.3f}, recomputed {found:.3f}",
            )
        if min(limits) < math.inf:
            period_s = found if math.isnan(stated) or not right else stated
            yield from _orbits(facts, satellite, pictures, period_s)


def _orbits(
    facts: Facts, satellite: Satellite, pictures: Sequence[Picture], period_s: float
) -> Iterator[Finding]:
    """A picture counts in the orbit in which it starts; orbits are counted from the span's start."""
    orbits: dict[int, list[Picture]] = {}
    zero_ns = facts.plan.start_ns
    period_us = round(period_s * 1e6)  # in whole microseconds, so that no rounding decides
    for p in pictures:
        number = round((p.stated.start_ns - zero_ns) / 1000) // period_us
        orbits.setdefault(number, []).append(p)
    for number, taken in sorted(orbits.items()):
        when = utc(zero_ns + round(number * period_s * _NS))
        label = f"{satellite.name}: orbit {number}, from {when} on"
        most = satellite.max_pictures_per_orbit
        if most < math.inf:
            ids = ", ".join(p.id for p in taken)
            yield unless(
                len(taken) <= most, f"{label}: {len(taken)} pictures ({ids}), at most {most:g}"
            )
        if satellite.imaging_s_per_orbit < math.inf:
            total_s = math.fsum(p.duration_s for p in taken)
            yield unless(
                total_s <= satellite.imaging_s_per_orbit + DURATION_TOL_S,
                f"{label}: {total_s:.3f} s of pictures, at most {satellite.imaging_s_per_orbit:.3f} s",
            )


def duty(facts: Facts) -> Iterator[Finding]:
    """A stretch with the most imaging begins where a picture starts or ends where one stops."""
    for satellite in facts.plan.satellites:
        pictures = facts.pictures_of(satellite)
        if satellite.duty_s is None or not pictures:
            continue
        most_s, in_s = satellite.duty_s
        zero_ns = pictures[0].stated.start_ns
        start = np.array([p.stated.start_ns - zero_ns for p in pictures], np.float64) / _NS
        stop = np.array([p.stated.stop_ns - zero_ns for p in pictures], np.float64) / _NS
        for i, p in enumerate(pictures):
            for first_s, label in (
                (start[i], "from its start on"),
                (stop[i] - in_s, "to its stop"),
            ):
                common = np.minimum(stop, first_s + in_s) - np.maximum(start, first_s)
                total_s = float(np.sum(np.maximum(common, 0.0)))
                yield unless(
                    total_s <= most_s + DURATION_TOL_S,
                    f"{p.id} of {satellite.name}: {total_s:.3f} s of pictures in {in_s:g} s {label}, "
                    f"at most {most_s:.3f} s",
                )


def choice(facts: Facts) -> Iterator[Finding]:
    for one in facts.plan.choices:
        taken = [name for name in one.requests if name in facts.by_request]
        yield unless(
            len(taken) <= one.at_most,
            f"{len(taken)} of {', '.join(map(repr, one.requests))} are taken "
            f"({', '.join(map(repr, taken))}), at most {one.at_most}",
        )


def order(facts: Facts) -> Iterator[Finding]:
    for request in facts.plan.requests:
        mine = facts.pictures_for(request)
        if request.after is None or not mine:
            continue
        before = facts.by_request.get(request.after, ())
        if not before:
            yield (
                f"request {request.name!r}: taken ({mine[0].id}), but {request.after!r}, which must come "
                "first, is not"
            )
            continue
        last = max(before, key=lambda p: p.stated.stop_ns)
        first = mine[0]
        wait_s = (first.stated.start_ns - last.stated.stop_ns) / _NS
        label = f"{first.id} of {request.name!r}: starts {abs(wait_s):.3f} s"
        yield unless(
            wait_s * _NS >= -ROUNDING_NS,
            f"{label} before {last.id} of {request.after!r} stops, must come after it",
        )
        yield unless(
            wait_s * _NS <= request.after_within_s * _NS + ROUNDING_NS,
            f"{label} after {last.id} of {request.after!r}, at most {request.after_within_s:.3f} s",
        )


def repeat(facts: Facts) -> Iterator[Finding]:
    for request in facts.plan.requests:
        wanted, pictures = request.repeat, facts.pictures_for(request)
        if wanted is None or not pictures:
            continue
        yield unless(
            len(pictures) <= wanted.count,
            f"request {request.name!r}: {len(pictures)} pictures, at most {wanted.count} wanted",
        )
        for first, second in pairwise(pictures):
            apart_s = (second.stated.start_ns - first.stated.start_ns) / _NS
            label = f"{first.id} and {second.id} of {request.name!r}: {apart_s:.3f} s apart"
            yield unless(
                apart_s * _NS >= wanted.min_spacing_s * _NS - ROUNDING_NS,
                f"{label}, at least {wanted.min_spacing_s:.3f} s wanted",
            )
            yield unless(
                apart_s * _NS <= wanted.max_spacing_s * _NS + ROUNDING_NS,
                f"{label}, at most {wanted.max_spacing_s:.3f} s wanted",
            )


def setup(facts: Facts) -> Iterator[Finding]:
    for c in facts.passes:
        s, setup_s = c.stated, c.station.setup_s
        if setup_s == 0.0 or not s.used:
            continue
        rate, seconds = c.satellite.downlink_bit_s, (s.stop_ns - s.start_ns) / _NS - setup_s
        if math.isnan(rate):
            yield NotChecked(f"{c.satellite.name} states no downlink_mbps")
            continue
        can = rate * max(seconds, 0.0)
        yield unless(
            s.downlinked_bit <= can + kbit_tolerance(rate),
            f"{c.id}: {s.downlinked_bit / 1e9:.6f} Gbit go down, but {c.station.name} needs "
            f"{setup_s:g} s to set up, which leaves {max(seconds, 0.0):.3f} s and {can / 1e9:.6f} Gbit",
        )


def kbit_tolerance(rate_bit_s: float) -> float:
    """Volumes are written to the kilobit, ends of contacts to the microsecond [bit]."""
    return 500.5 + 2e-6 * (0.0 if math.isnan(rate_bit_s) else rate_bit_s)


def outage(facts: Facts) -> Iterator[Finding]:
    for out in facts.plan.outages:
        for c in facts.passes:
            s = c.stated
            if not s.used or s.station != out.station or out.satellite not in (None, s.satellite):
                continue
            common_ns = min(s.stop_ns, out.stop_ns) - max(s.start_ns, out.start_ns)
            yield unless(
                common_ns <= ROUNDING_NS,
                f"{c.id}: used for {common_ns / _NS:.3f} s while {out.station} is out, "
                f"{utc(out.start_ns)} to {utc(out.stop_ns)}",
            )
