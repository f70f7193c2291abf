"""The history of one object from its element sets: what its orbit did, and where it was pushed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.earth import EarthOrientation, itrf_to_geodetic, rot_itrf_teme
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._history_series import Series, clean
from offnadir.orbits._manoeuvres import Manoeuvre, describe
from offnadir.orbits._repeat import (
    RepeatCycle,
    local_time_drift_s_day,
    local_time_of_node_h,
    repeat_cycle,
)
from offnadir.orbits._secular import RADIUS_M, MeanOrbit, mean_orbit
from offnadir.orbits._sgp4 import propagate
from offnadir.orbits._steps import Step, find_steps
from offnadir.units import day

__all__ = ["FALSE_ALARMS", "Manoeuvre", "ObjectHistory", "RepeatCycle", "object_history"]

Array = NDArray[np.float64]

#: False alarms a gap between sets: one in ten years of daily sets.
FALSE_ALARMS: Final = 1.0 / 3650.0

_LEAST_SETS = 5  # with fewer, nothing can be told from noise
_GAP_DAYS, _GAP_TIMES = 3.0, 5.0
_RECENT_DAYS = 30.0
_LONGEST_S = 1e9  # a revolution of 30 years
_TURN = np.linspace(0.0, 1.0, 72, endpoint=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectHistory:
    """What the element sets of one object tell, in order of time.

    `table` has a row a set: `time`, `semi_major_m` (Brouwer mean), `mean_height_m` (that less the
    equatorial radius of 6378.135 km), `nodal_period_s`, `eccentricity`, `inclination_rad`, `raan_rad`,
    `arg_perigee_rad`, `local_time_of_node_h` (mean solar time), `bstar_decay_m_day` (what B* stands for),
    `miss_radial_m`, `miss_along_m`, `miss_cross_m` (this set's place less where the set before it had
    expected it, by SGP4; NaN in the first row) and `used` (False: a wrong set, left out).

    `decay_m_day` is the change of the mean semi-major axis without manoeuvres over the last 30 days, NaN if
    there are no two neighbouring sets. `height_m` is the mean height of the last set above the WGS-84
    ellipsoid over one revolution. `noise_measured` says whether there were sets close enough together to
    measure their noise; if not, that of typical sets in low orbits was assumed.
    """

    satellite: str
    norad_id: int
    span: Span | None
    table: Table
    manoeuvres: tuple[Manoeuvre, ...]
    gaps: tuple[Span, ...]
    duplicates: int
    left_out: int
    noise_measured: bool
    height_m: float
    decay_m_day: float
    local_time_drift_s_day: float
    repeat: RepeatCycle


def object_history(
    elements: Iterable[ElementSet], *, false_alarms: float = FALSE_ALARMS
) -> ObjectHistory:
    """Tell the history of one object from its element sets, in any order.

    Of sets within one minute of each other the last one given counts. `false_alarms` is how many manoeuvres
    noise alone may feign, for each gap between two sets. Fewer than five sets give no manoeuvres. Method and
    limits: docs/guide/history.md. Raises InputError for no sets, for sets of several objects, and for a
    `false_alarms` outside 1e-9 to 0.1.
    """
    sets, duplicates = clean(elements)
    if not sets:
        raise InputError("elements", 0, "at least one element set of the object")
    ids = sorted({one.norad_id for one in sets})
    if len(ids) > 1:
        raise InputError(
            "elements", ids[:5], "element sets of one object", hint="choose a satellite"
        )
    if not 1e-9 <= false_alarms <= 0.1:
        raise InputError("false_alarms", false_alarms, "from 1e-9 to 0.1 per gap")
    orbit = mean_orbit(sets)
    wrong = np.zeros(len(sets), bool)
    manoeuvres: tuple[Manoeuvre, ...] = ()
    measured, busy = False, np.zeros(max(len(sets) - 1, 0), bool)
    if len(sets) >= _LEAST_SETS:
        steps, series, wrong = find_steps(orbit, false_alarms=false_alarms)
        measured = series.measured
        manoeuvres = _describe(steps, orbit, series, wrong)
        for step in steps:
            busy[step.before : step.settled] = True
    last = sets[-1]
    return ObjectHistory(
        satellite=last.name,
        norad_id=last.norad_id,
        span=Span(sets[0].epoch, last.epoch) if len(sets) > 1 else None,
        table=_table(sets, orbit, wrong),
        manoeuvres=manoeuvres,
        gaps=_gaps(orbit.tai_ns),
        duplicates=duplicates,
        left_out=int(wrong.sum()),
        noise_measured=measured,
        height_m=_height_m(last),
        decay_m_day=_decay_m_day(orbit, busy, wrong),
        local_time_drift_s_day=local_time_drift_s_day(float(orbit.raan_rate_rad_s[-1])),
        repeat=repeat_cycle(float(orbit.latitude_rate_rad_s[-1]), float(orbit.raan_rate_rad_s[-1])),
    )


def _describe(
    steps: tuple[Step, ...], orbit: MeanOrbit, series: Series, wrong: NDArray[np.bool_]
) -> tuple[Manoeuvre, ...]:
    """Each step as a manoeuvre, with the sets up to its neighbours."""
    found = []
    for i, step in enumerate(steps):
        low = steps[i - 1].settled if i else 0
        high = steps[i + 1].before if i + 1 < len(steps) else len(wrong) - 1
        near = np.arange(min(low, step.before), max(high, step.settled) + 1)
        found.append(describe(step, orbit, series, near[~wrong[near]]))
    return tuple(found)


def _table(sets: tuple[ElementSet, ...], orbit: MeanOrbit, wrong: NDArray[np.bool_]) -> Table:
    """A row a set."""
    miss_m = _miss_m(sets)
    return Table(
        {
            "time": orbit.tai_ns,
            "semi_major_m": orbit.semi_major_m,
            "mean_height_m": orbit.semi_major_m - RADIUS_M,
            "nodal_period_s": orbit.nodal_period_s,
            "eccentricity": orbit.eccentricity,
            "inclination_rad": orbit.inclination_rad,
            "raan_rad": orbit.raan_rad,
            "arg_perigee_rad": orbit.arg_perigee_rad,
            "local_time_of_node_h": local_time_of_node_h(orbit.tai_ns, orbit.raan_rad),
            "bstar_decay_m_day": orbit.decay_m_s * day,
            "miss_radial_m": miss_m[:, 0].copy(),
            "miss_along_m": miss_m[:, 1].copy(),
            "miss_cross_m": miss_m[:, 2].copy(),
            "used": ~wrong,
        },
        times=("time",),
    )


def _miss_m(sets: tuple[ElementSet, ...]) -> Array:
    """Place of each set less where the set before expected it: radial, along, cross, shape (n, 3)."""
    miss_m = np.full((len(sets), 3), np.nan)
    for k in range(1, len(sets)):
        at = [sets[k].epoch.tai_ns]
        (r_m,), (v_m_s,), _ = propagate(sets[k], at)
        (expected_m,), _, _ = propagate(sets[k - 1], at)
        radial = r_m / np.linalg.norm(r_m)
        cross = np.cross(r_m, v_m_s)
        cross /= np.linalg.norm(cross)
        axes = np.array([radial, np.cross(cross, radial), cross])
        miss_m[k] = axes @ (r_m - expected_m)
    return miss_m


def _gaps(tai_ns: NDArray[np.int64]) -> tuple[Span, ...]:
    """Stretches without sets, far longer than usual here."""
    days = np.diff(tai_ns) / (day * 1e9)
    if len(days) == 0:
        return ()
    long = np.flatnonzero(days > max(_GAP_DAYS, _GAP_TIMES * float(np.median(days))))
    return tuple(Span(Epoch(int(tai_ns[k])), Epoch(int(tai_ns[k + 1]))) for k in long)


def _decay_m_day(orbit: MeanOrbit, busy: NDArray[np.bool_], wrong: NDArray[np.bool_]) -> float:
    """Change of the semi-major axis a day over the last 30 days, gaps with manoeuvres left out."""
    days = (orbit.tai_ns - orbit.tai_ns[-1]) / (day * 1e9)
    quiet = ~busy & ~wrong[1:] & ~wrong[:-1]
    recent = np.flatnonzero(quiet & (days[1:] > -_RECENT_DAYS))
    if len(recent) == 0:
        recent = np.flatnonzero(quiet)[-1:]
    if len(recent) == 0:
        return float("nan")
    fallen = np.diff(orbit.semi_major_m)[recent].sum()
    return float(fallen / np.diff(days)[recent].sum())


def _height_m(elements: ElementSet) -> float:
    """Mean height above WGS-84 over one revolution, evenly in time; NaN if SGP4 fails."""
    period_s = 2.0 * np.pi / elements.mean_motion_rad_s
    if period_s > _LONGEST_S:
        return float("nan")
    tai_ns = elements.epoch.tai_ns + np.rint(_TURN * period_s * 1e9).astype(np.int64)
    r_teme_m, _, _ = propagate(elements, tai_ns)
    rotation = rot_itrf_teme(tai_ns, EarthOrientation.bundled())
    heights = itrf_to_geodetic(np.einsum("nij,nj->ni", rotation, r_teme_m))[2]
    return float(np.mean(heights))
