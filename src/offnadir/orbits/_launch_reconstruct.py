"""Back from the first element sets of a satellite to the launch: the lift-offs that fit plane and place.

Two facts of a set count. Its plane, carried back by J2, must have passed over the launch site: twice a day,
on every day. And the satellite, carried back along its orbit, must itself have come from the site then,
which only some of the days allow. The second gives the better time, for a dog-leg (a turn on the way, which
keeps a flight off inhabited land) shifts the plane by up to 25 minutes and hardly the place along the
orbit. But what the satellite did to its orbit between launch and set is unknown, so that it fades with the
age of the set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._launch_sites import Spaceport
from offnadir.orbits._launch_target import TargetOrbit, target_of_elements
from offnadir.orbits._launch_windows import Ascent, Launch, launches
from offnadir.orbits._secular import mean_orbit
from offnadir.units import day, deg

_TURN = 2.0 * math.pi
#: How far the orbit's mean size may have changed unseen between launch and first set.
SEMI_MAJOR_SIGMA_M = 500.0
_LIMITS_RAD = 3.0 * deg  # beyond the published azimuths: so little a flight may turn on its way
#: Turns of error up to which the place along the track still tells something.
_USEFUL_TURNS = 0.05
_DOUBT = 3.0  # sigmas that still fit
_KINDS = ("direct", "dog-leg", "plane only", "misfit")  # the likelier first


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A launch that fits an element set of the satellite.

    `launch` is the lift-off by the plane alone, flown directly. `misfit_s` is by how much later than that
    [s] the satellite's place along its orbit puts the lift-off, within half a revolution; `along_sigma_s`
    is what the age of the set makes uncertain of it. `place_known` is False where that tells nothing any
    more. `kind` is "direct" where plane and place agree, "dog-leg" where the place is earlier by what a
    turn on the way can explain, "plane only" where the place is unknown, and "misfit" where the two
    contradict each other: then nothing flew so on that day, or the orbit was changed before the set. `time`
    with `sigma_s` is the best estimate: by the place where it fits, else by the plane.
    """

    launch: Launch
    set_age_s: float
    misfit_s: float
    along_sigma_s: float
    place_known: bool
    kind: str
    sigmas: float
    time: Epoch
    sigma_s: float


def reconstruct(
    elements: Sequence[ElementSet],
    spaceport: Spaceport,
    *,
    span: Span | None = None,
    ascent: Ascent | None = None,
    semi_major_sigma_m: float = SEMI_MAJOR_SIGMA_M,
) -> tuple[Candidate, ...]:
    """Lift-offs from a site that lead into the orbit of a satellite's first element set, the best first.

    `span` is where to look, by default the ten days before the first set's epoch. Direct launches go first
    by how well plane and place agree, then dog-legs, then those whose place is unknown, the later day
    first; a direct launch more than 3 degrees outside the azimuths that the range publishes stands behind
    them. Raises InputError for no sets, for sets of several objects and for an inclination that the site
    cannot reach.
    """
    if not elements:
        raise InputError("elements", 0, "at least one element set of the satellite")
    ids = {one.norad_id for one in elements}
    if len(ids) > 1:
        raise InputError("elements", sorted(ids)[:5], "element sets of one object")
    first = min(elements, key=lambda one: one.epoch.tai_ns)
    ascent = ascent or Ascent()
    if span is None:
        span = Span(first.epoch + -10 * day, first.epoch)
    target = target_of_elements(first)
    found = [
        _candidate(first, target, launch, semi_major_sigma_m)
        for launch in launches(spaceport, target, span, ascent)
    ]
    return tuple(sorted(found, key=_rank))


def _rank(one: Candidate) -> tuple[int, float, int]:
    order = _KINDS.index(one.kind)
    if one.kind == "direct" and one.launch.excess_rad > _LIMITS_RAD:
        order = _KINDS.index("dog-leg")
    return order, one.sigmas if one.place_known else 0.0, -one.launch.time.tai_ns


def _candidate(
    first: ElementSet, target: TargetOrbit, launch: Launch, semi_major_sigma_m: float
) -> Candidate:
    ascent, pace_rad_s = launch.ascent, target.pace_rad_s
    age_s = first.epoch - launch.time
    misfit_s, along_s = _along(first, launch, age_s, semi_major_sigma_m)
    known = along_s * pace_rad_s < _USEFUL_TURNS * _TURN
    sigma_s = math.hypot(along_s, ascent.sigma_s)
    sigmas = abs(misfit_s) / sigma_s
    kind = "misfit"
    if not known:
        kind = "plane only"
    elif sigmas <= _DOUBT:
        kind = "direct"
    elif -ascent.dogleg_s - _DOUBT * along_s <= misfit_s < 0.0:
        kind = "dog-leg"
    by_place = kind in ("direct", "dog-leg")
    return Candidate(
        launch=launch,
        set_age_s=age_s,
        misfit_s=misfit_s,
        along_sigma_s=along_s,
        place_known=known,
        kind=kind,
        sigmas=sigmas if known else math.nan,
        time=launch.time + (misfit_s if by_place else 0.0),
        sigma_s=sigma_s if by_place else ascent.sigma_s,
    )


def _along(
    first: ElementSet, launch: Launch, age_s: float, semi_major_sigma_m: float
) -> tuple[float, float]:
    """By how much later [s] than its plane the satellite was at the start, and the error of it by age."""
    mean = mean_orbit([first])
    pace_rad_s = float(mean.latitude_rate_rad_s[0])
    semi_major_m = float(mean.semi_major_m[0])
    # Drag speeds a satellite up: looking back it was slower.
    gain_rad_s2 = -1.5 * pace_rad_s / semi_major_m * float(mean.decay_m_s[0])
    drag_rad = 0.5 * gain_rad_s2 * age_s**2
    anomaly, e = first.mean_anomaly_rad, first.eccentricity
    true_rad = anomaly + 2.0 * e * math.sin(anomaly)  # to first order: these orbits are round
    was_rad = first.arg_perigee_rad + true_rad - (pace_rad_s * age_s - drag_rad)
    # where the ascent's model has the satellite at lift-off: not yet at the start
    wanted_rad = launch.argument_of_latitude_rad - pace_rad_s * launch.ascent.duration_s
    misfit_rad = (wanted_rad - was_rad + math.pi) % _TURN - math.pi
    size_s = 1.5 * semi_major_sigma_m / semi_major_m * abs(age_s)
    return misfit_rad / pace_rad_s, math.hypot(size_s, abs(drag_rad) / pace_rad_s)
