"""How long an orbit lasts in the upper atmosphere, and what it takes to keep it: an estimate."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import WGS84_A_M, WGS84_E2
from offnadir.errors import InputError
from offnadir.orbits._design_orbit import Orbit, secular_rates
from offnadir.orbits._msis import MODEL, densities_kg_m3
from offnadir.orbits._repeat import local_time_drift_s_day
from offnadir.orbits._secular import EARTH_TURN_RAD_S, GM_M3_S2, RADIUS_M
from offnadir.units import day, hour, km

Array = NDArray[np.float64]
YEAR_S: Final = 365.25 * day
STANDARD_GRAVITY_M_S2: Final = 9.806_65  # SI
_END_M: Final = 120 * km  # a satellite that has come so low makes no further revolution
_HEIGHTS_M: Final = np.concatenate(
    [np.arange(90, 200, 10), np.arange(200, 500, 25), np.arange(500, 1001, 50),
     np.arange(1100, 2601, 250)]
).astype(float) * km  # fmt: skip
_DAYS: Final = ("2025-03-21", "2025-06-21", "2025-09-22", "2025-12-21")
_LATITUDES, _LOCAL_TIMES = 12, 6
# Half a turn of eccentric anomaly by Gauss and Legendre, E = pi t^2: close together at the perigee.
_AT, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_ANOMALIES: Final = math.pi * (0.5 * (_AT + 1.0)) ** 2
_SHARES: Final = _WEIGHTS * 0.5 * (_AT + 1.0)
_SUN_FOLLOWS_S_DAY: Final = 30.0
_SHARE: Final = 0.02  # of the way down that a step of the integration may go
_STEPS: Final = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class SolarActivity:
    """The Sun's radio flux at 10.7 cm [1e-22 W/m2/Hz], its 81-day mean, and the geomagnetic index ap."""

    f107: float
    f107_average: float
    ap: float

    def __post_init__(self) -> None:
        for field, low, high in (("f107", 50, 500), ("f107_average", 50, 400), ("ap", 0, 400)):
            value = getattr(self, field)
            if not low <= value <= high:
                raise InputError(field, value, f"from {low} to {high}")


#: Long-term levels of ECSS-E-ST-10-04C, table 6-3.
LOW_ACTIVITY: Final = SolarActivity(f107=65.0, f107_average=65.0, ap=0.0)
MODERATE_ACTIVITY: Final = SolarActivity(f107=140.0, f107_average=140.0, ap=15.0)
HIGH_ACTIVITY: Final = SolarActivity(f107=250.0, f107_average=250.0, ap=45.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """How long until an orbit has decayed, an estimate [days]; infinite beyond 1000 years.

    `days` with the activity that was asked for, held all the time; `least_days` with the Sun always at its
    most active, `most_days` always at its quietest. Truth lies between for anything that outlives the
    activity of one year; a solar cycle takes 11.
    """

    days: float
    least_days: float
    most_days: float
    model: str

    def within_years(self, years: float) -> bool:
        """Whether the orbit has decayed after so many years, by the estimate itself."""
        return self.days <= years * YEAR_S / day

    @property
    def meets_25_years(self) -> bool:
        """The 25 years of IADC's Space Debris Mitigation Guidelines (2002, 5.3.2) and ISO 24113:2011."""
        return self.within_years(25.0)

    @property
    def meets_5_years(self) -> bool:
        """The 5 years of the FCC's order of 29 September 2022 (FCC 22-74)."""
        return self.within_years(5.0)


def drag_lifetime(
    orbit: Orbit,
    *,
    ballistic_coefficient_kg_m2: float,
    activity: SolarActivity = MODERATE_ACTIVITY,
) -> Lifetime:
    """How long an orbit lasts if nobody keeps it up; `ballistic_coefficient_kg_m2` is m / (Cd A).

    Orbit-averaged drag (King-Hele, Satellite Orbits in an Atmosphere, 1987, chapter 4) in a turning
    atmosphere of NRLMSIS 2.1, itself averaged over latitudes, seasons and, unless the orbit is
    Sun-synchronous, local times; integrated down to 120 km. InputError for a coefficient that is not above
    0; MissingExtraError without the extra [coverage]. The three figures differ by a factor of ten and more
    at 500 km: nobody knows the Sun of the next ten years.
    """
    _check_ballistic(ballistic_coefficient_kg_m2)
    levels = (activity, HIGH_ACTIVITY, LOW_ACTIVITY)
    usual, high, low = (_decay_days(orbit, ballistic_coefficient_kg_m2, one) for one in levels)
    return Lifetime(
        days=usual,
        least_days=min(usual, high),
        most_days=max(usual, low),
        model=f"{MODEL}, orbit-averaged, F10.7 {activity.f107_average:g}, ap {activity.ap:g}",
    )


def decay_m_day(
    orbit: Orbit,
    *,
    ballistic_coefficient_kg_m2: float,
    activity: SolarActivity = MODERATE_ACTIVITY,
) -> float:
    """How fast the semi-major axis shrinks [m/day], a positive number; the model of `drag_lifetime`."""
    _check_ballistic(ballistic_coefficient_kg_m2)
    air = _air_of(orbit, activity)
    rates = _rates(air, orbit.semi_major_m, orbit.eccentricity, ballistic_coefficient_kg_m2)
    return -rates[0] * day


def upkeep_delta_v_m_s_year(
    orbit: Orbit,
    *,
    ballistic_coefficient_kg_m2: float,
    activity: SolarActivity = MODERATE_ACTIVITY,
) -> float:
    """Change of speed [m/s] in a year that makes up for drag: the mean deceleration times the year."""
    _check_ballistic(ballistic_coefficient_kg_m2)
    air = _air_of(orbit, activity)
    rates = _rates(air, orbit.semi_major_m, orbit.eccentricity, ballistic_coefficient_kg_m2)
    return rates[2] * YEAR_S


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


@dataclass(frozen=True, slots=True)
class _Air:
    """Logarithm of the mean density at heights over the equatorial radius, and the share of its wind."""

    log_density: tuple[float, ...]
    cos_i: float

    def density_kg_m3(self, height_m: Array) -> Array:
        # straight lines in the logarithm: exponential layers; above the table the last one goes on
        high = np.minimum(height_m, _HEIGHTS_M[-1])
        return np.asarray(np.exp(np.interp(high, _HEIGHTS_M, self.log_density)), np.float64)


def _air_of(orbit: Orbit, activity: SolarActivity) -> _Air:
    """The air of an orbit; that of one that follows the Sun has the local time of its node."""
    drift = local_time_drift_s_day(secular_rates(orbit).raan_rad_s)
    hours = round(orbit.local_time_of_node_h, 1) if abs(drift) < _SUN_FOLLOWS_S_DAY else None
    return _air(round(math.cos(orbit.inclination_rad), 3), hours, activity)


@functools.lru_cache(maxsize=512)
def _air(cos_i: float, node_h: float | None, activity: SolarActivity) -> _Air:
    """Mean density over a revolution, over seasons and, without a local time of the node, over the day."""
    u = (np.arange(_LATITUDES) + 0.5) / _LATITUDES * 2.0 * math.pi
    nodes_h = (
        np.arange(_LOCAL_TIMES) * 24.0 / _LOCAL_TIMES if node_h is None else np.array([node_h])
    )
    dates_ns = np.array(_DAYS, "datetime64[ns]").astype(np.int64)
    date, node, turn, height = (
        grid.ravel() for grid in np.meshgrid(dates_ns, nodes_h, u, _HEIGHTS_M, indexing="ij")
    )
    sin_i = math.sqrt(max(1.0 - cos_i**2, 0.0))
    lat = np.arcsin(np.clip(sin_i * np.sin(turn), -1.0, 1.0))
    local_h = node + np.arctan2(cos_i * np.sin(turn), np.cos(turn)) * 12.0 / math.pi
    # each season with its noon over another part of the world
    lon = (local_h - 12.0) / 12.0 * math.pi
    noon_ns = np.int64(12 * hour * 1e9)
    ground_m = WGS84_A_M * np.sqrt((1.0 - WGS84_E2) / (1.0 - WGS84_E2 * np.cos(lat) ** 2))
    density = densities_kg_m3(
        date + noon_ns,
        lat_rad=lat,
        lon_rad=(lon + math.pi) % (2.0 * math.pi) - math.pi,
        alt_m=RADIUS_M + height - ground_m,
        f107=activity.f107,
        f107_average=activity.f107_average,
        ap=activity.ap,
    )
    mean = density.reshape(-1, len(_HEIGHTS_M)).mean(axis=0)
    return _Air(tuple(np.log(mean).tolist()), cos_i)


def _rates(air: _Air, a_m: float, e: float, ballistic_kg_m2: float) -> tuple[float, float, float]:
    """Rates of semi-major axis [m/s] and eccentricity [1/s] and the mean deceleration [m/s2]."""
    cos_e, weight = (np.cos(_ANOMALIES), _SHARES) if e > 0.0 else (np.ones(1), np.ones(1))
    share = 1.0 - e * cos_e  # of the time at this eccentric anomaly
    r = a_m * share
    speed = np.sqrt(GM_M3_S2 / a_m * (1.0 + e * cos_e) / share)
    wind = 1.0 - r * EARTH_TURN_RAD_S * air.cos_i / speed
    drag = 0.5 * air.density_kg_m3(r - RADIUS_M) * (speed * wind) ** 2 / ballistic_kg_m2
    passed = drag * share * weight
    a_rate = -2.0 * a_m**2 / GM_M3_S2 * np.sum(speed * passed)
    # e + cos(true anomaly) is (1 - e^2) cos(E) / (1 - e cos(E))
    e_rate = -2.0 * (1.0 - e**2) * np.sum(cos_e / share / speed * passed) if e > 0.0 else 0.0
    return float(a_rate), float(e_rate), float(np.sum(passed))


def _decay_days(orbit: Orbit, ballistic_kg_m2: float, activity: SolarActivity) -> float:
    """Time [days] down to 120 km, by steps of the midpoint rule; infinite beyond 1000 years."""
    air = _air_of(orbit, activity)
    a, e, passed_s = orbit.semi_major_m, orbit.eccentricity, 0.0
    for _ in range(_STEPS):
        perigee_m = a * (1.0 - e) - RADIUS_M
        if perigee_m <= _END_M or passed_s > 1000.0 * YEAR_S:
            break
        step_s = _step_s(air, a, e, ballistic_kg_m2)
        a_rate, e_rate, _ = _rates(air, a, e, ballistic_kg_m2)
        half_a, half_e = a + 0.5 * step_s * a_rate, max(e + 0.5 * step_s * e_rate, 0.0)
        a_rate, e_rate, _ = _rates(air, half_a, half_e, ballistic_kg_m2)
        a, e, passed_s = a + step_s * a_rate, max(e + step_s * e_rate, 0.0), passed_s + step_s
    return passed_s / day if passed_s <= 1000.0 * YEAR_S else math.inf


def _step_s(air: _Air, a_m: float, e: float, ballistic_kg_m2: float) -> float:
    """A step in which neither the perigee nor the eccentricity changes by more than a little."""
    a_rate, e_rate, _ = _rates(air, a_m, e, ballistic_kg_m2)
    perigee_m_s = abs(a_rate * (1.0 - e) - a_m * e_rate)
    height_m = max(a_m * (1.0 - e) - RADIUS_M - 0.9 * _END_M, 1.0 * km)
    step_s = 10.0 * YEAR_S
    if perigee_m_s > 0.0:
        step_s = min(step_s, _SHARE * height_m / perigee_m_s)
    if e > 1e-4 and e_rate < 0.0:
        step_s = min(step_s, 0.05 * e / -e_rate)
    return max(step_s, 60.0)
