"""How long an orbit lasts in the upper atmosphere, and what it takes to keep it: an estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.orbits._design_air import (
    YEAR_S,
    Air,
    SolarActivity,
    air_of,
    busyness,
    year_of,
)
from offnadir.orbits._design_orbit import Orbit
from offnadir.orbits._msis import MODEL
from offnadir.orbits._secular import EARTH_TURN_RAD_S, GM_M3_S2, RADIUS_M
from offnadir.units import day, km

Array = NDArray[np.float64]
STANDARD_GRAVITY_M_S2: Final = 9.806_65  # SI
_END_M: Final = 120 * km  # a satellite that has come so low makes no further revolution
# Half a turn of eccentric anomaly by Gauss and Legendre, E = pi t^2: close together at the perigee.
_AT, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_COS_E: Final = np.cos(math.pi * (0.5 * (_AT + 1.0)) ** 2)
_TURN_WEIGHTS: Final = _WEIGHTS * 0.5 * (_AT + 1.0)
_STEP_SHARE: Final = 0.02  # of the way down that a step of the integration may go
_LONGEST_STEP_S: Final = 0.25 * YEAR_S
_LONGEST_YEARS: Final = 200.0
_STARTS: Final = np.arange(8) / 8 * 11.0  # years into a cycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long until an orbit has decayed, an estimate [days]; infinite beyond 200 years.

    `days` is for the orbit's epoch, or for the activity that was asked for. `least_days` and `most_days`
    are for the least and the most favourable start within a mean solar cycle: a launch that slips by some
    years may meet either. Cycles that are higher or lower than the mean are not in the range.
    """

    days: float
    least_days: float
    most_days: float
    model: str

    def within_years(self, years: float) -> bool:
        """Whether the orbit has decayed after so many years, by the estimate itself."""
        return self.days <= years * YEAR_S / day

    def depends_on_sun(self, years: float) -> bool:
        """Whether the start within the solar cycle decides if it has decayed after so many years."""
        return self.least_days <= years * YEAR_S / day < self.most_days

    @property
    def meets_25_years(self) -> bool:
        """The 25 years of IADC's Space Debris Mitigation Guidelines (5.3.2) and ISO 24113 up to 2019."""
        return self.within_years(25.0)

    @property
    def meets_5_years(self) -> bool:
        """The 5 years of the FCC's order of 29 September 2022 (FCC 22-74)."""
        return self.within_years(5.0)


def drag_lifetime(
    orbit: Orbit,
    *,
    ballistic_coefficient_kg_m2: float,
    activity: SolarActivity | None = None,
) -> Lifetime:
    """How long an orbit lasts if nobody keeps it up; `ballistic_coefficient_kg_m2` is m / (Cd A).

    Orbit-averaged drag (King-Hele, Satellite Orbits in an Atmosphere, 1987, chapter 4) in a turning
    atmosphere of NRLMSIS 2.1, itself averaged over latitudes, seasons and, unless the orbit is
    Sun-synchronous, local times; integrated down to 120 km. The Sun is that of a mean cycle
    (`solar_activity_at`) from the orbit's epoch on, or of one `activity` all the time.
    InputError for a coefficient that is not above 0; MissingExtraError without the extra [coverage].

    An estimate: four satellites came down within 15 % of it, the first of all in 0.4 of it
    (docs/theory/orbit-design.md).
    """
    _check_ballistic(ballistic_coefficient_kg_m2)
    start = year_of(orbit.epoch)
    years = np.concatenate([[start], 2019.9 + _STARTS])
    over = _decay_days(orbit, ballistic_coefficient_kg_m2, air_of(orbit, None), years)
    days, told = float(over[0]), "a mean solar cycle from the epoch on"
    if activity is not None:
        air = air_of(orbit, activity)
        days = float(_decay_days(orbit, ballistic_coefficient_kg_m2, air, np.zeros(1))[0])
        told = f"F10.7 {activity.f107_average:g} and ap {activity.ap:g} all the time"
    return Lifetime(
        days=days,
        least_days=float(over.min()),
        most_days=float(over.max()),
        model=f"orbit-averaged drag, {MODEL}, {told}",
    )


def decay_m_day(
    orbit: Orbit,
    *,
    ballistic_coefficient_kg_m2: float,
    activity: SolarActivity | None = None,
) -> float:
    """How fast the semi-major axis shrinks [m/day], a positive number; the model of `drag_lifetime`.

    The mean of a solar cycle, or that of one activity.
    """
    return -_mean_rates(orbit, ballistic_coefficient_kg_m2, activity)[0] * day


def upkeep_delta_v_m_s_year(
    orbit: Orbit,
    *,
    ballistic_coefficient_kg_m2: float,
    activity: SolarActivity | None = None,
) -> float:
    """Change of speed [m/s] in a year that makes up for drag: the mean deceleration times the year.

    The mean of a solar cycle, or that of one activity; the busiest year of a cycle takes some two times the
    mean at 500 km. Only drag: no change of plane, no collision avoidance.
    """
    return _mean_rates(orbit, ballistic_coefficient_kg_m2, activity)[2] * YEAR_S


def propellant_mass_kg(*, dry_mass_kg: float, delta_v_m_s: float, isp_s: float) -> float:
    """Propellant [kg] for a change of speed [m/s], the rocket equation: m (exp(dv / (g0 Isp)) - 1)."""
    for field, value in (("dry_mass_kg", dry_mass_kg), ("isp_s", isp_s)):
        if not (math.isfinite(value) and value > 0.0):
            raise InputError(field, value, "a number above 0")
    if not 0.0 <= delta_v_m_s <= 20_000.0:
        raise InputError("delta_v_m_s", delta_v_m_s, "from 0 to 20,000 m/s")
    return dry_mass_kg * math.expm1(delta_v_m_s / (STANDARD_GRAVITY_M_S2 * isp_s))


def _check_ballistic(value: float) -> None:
    if not (math.isfinite(value) and value > 0.0):
        wish = "a mass over (drag coefficient times area) above 0"
        raise InputError("ballistic_coefficient_kg_m2", value, wish)


def _mean_rates(
    orbit: Orbit, ballistic_kg_m2: float, activity: SolarActivity | None
) -> tuple[float, float, float]:
    """Rates of semi-major axis and eccentricity and the deceleration: means over the starts in a cycle."""
    _check_ballistic(ballistic_kg_m2)
    share = busyness(2019.9 + _STARTS)
    count = len(share)
    rates = _rates(
        air_of(orbit, activity), share, np.full(count, orbit.semi_major_m),
        np.full(count, orbit.eccentricity), math.cos(orbit.inclination_rad), ballistic_kg_m2,
    )  # fmt: skip
    a_rate, e_rate, slowing = (float(np.mean(one)) for one in rates)
    return a_rate, e_rate, slowing


def _rates(
    air: Air, share: Array, a_m: Array, e: Array, cos_i: float, ballistic_kg_m2: float
) -> tuple[Array, Array, Array]:
    """Rates of semi-major axis [m/s] and eccentricity [1/s] and the mean deceleration [m/s2], (n,) each."""
    a, ecc = a_m[:, None], e[:, None]
    cos_e, weight = (_COS_E, _TURN_WEIGHTS) if np.any(e > 0.0) else (np.ones(1), np.ones(1))
    of_time = 1.0 - ecc * cos_e
    r = a * of_time
    speed = np.sqrt(GM_M3_S2 / a * (1.0 + ecc * cos_e) / of_time)
    wind = 1.0 - r * EARTH_TURN_RAD_S * cos_i / speed
    density = air.density_kg_m3(r - RADIUS_M, share[:, None])
    slowed = 0.5 * density * (speed * wind) ** 2 / ballistic_kg_m2 * of_time * weight
    a_rate = -2.0 * a_m**2 / GM_M3_S2 * np.sum(speed * slowed, axis=1)
    # e + cos(true anomaly) is (1 - e^2) cos(E) / (1 - e cos(E))
    e_rate = -2.0 * (1.0 - e**2) * np.sum(cos_e / of_time / speed * slowed, axis=1)
    return a_rate, np.where(e > 0.0, e_rate, 0.0), np.sum(slowed, axis=1)


def _decay_days(orbit: Orbit, ballistic_kg_m2: float, air: Air, start_years: Array) -> Array:
    """Time [days] down to 120 km from each start, by the midpoint rule; infinite beyond 200 years."""
    count = len(start_years)
    a, e = np.full(count, orbit.semi_major_m), np.full(count, orbit.eccentricity)
    passed_s, cos_i = np.zeros(count), math.cos(orbit.inclination_rad)
    flying = np.ones(count, bool)
    while flying.any():
        now, a_now, e_now = passed_s[flying], a[flying], e[flying]
        share = busyness(start_years[flying] + now / YEAR_S)
        a_rate, e_rate, _ = _rates(air, share, a_now, e_now, cos_i, ballistic_kg_m2)
        step_s = _steps_s(a_now, e_now, a_rate, e_rate)
        share = busyness(start_years[flying] + (now + 0.5 * step_s) / YEAR_S)
        half_a = a_now + 0.5 * step_s * a_rate
        half_e = np.maximum(e_now + 0.5 * step_s * e_rate, 0.0)
        a_rate, e_rate, _ = _rates(air, share, half_a, half_e, cos_i, ballistic_kg_m2)
        a[flying] = a_now + step_s * a_rate
        e[flying] = np.maximum(e_now + step_s * e_rate, 0.0)
        passed_s[flying] = now + step_s
        perigee_m = a * (1.0 - e) - RADIUS_M
        flying &= (perigee_m > _END_M) & (passed_s <= _LONGEST_YEARS * YEAR_S)
    return np.where(passed_s <= _LONGEST_YEARS * YEAR_S, passed_s / day, math.inf)


def _steps_s(a_m: Array, e: Array, a_rate: Array, e_rate: Array) -> Array:
    """Steps in which neither the perigee nor the eccentricity changes by more than a little."""
    perigee_m_s = np.abs(a_rate * (1.0 - e) - a_m * e_rate)
    height_m = np.maximum(a_m * (1.0 - e) - RADIUS_M - 0.9 * _END_M, 1.0 * km)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.minimum(_LONGEST_STEP_S, _STEP_SHARE * height_m / perigee_m_s)
        rounder = np.where((e > 1e-4) & (e_rate < 0.0), 0.05 * e / -e_rate, math.inf)
    return np.maximum(np.minimum(steps, rounder), 60.0)
