"""The Sun's activity, and the density of the air that an orbit meets on the average."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import WGS84_A_M, WGS84_E2
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits._design_orbit import Orbit, secular_rates
from offnadir.orbits._msis import densities_kg_m3
from offnadir.orbits._repeat import local_time_drift_s_day
from offnadir.orbits._secular import J2, RADIUS_M
from offnadir.units import day, hour, km

Array = NDArray[np.float64]
YEAR_S: Final = 365.25 * day
_HEIGHTS_M: Final = km * np.array(
    [90, 105, 120, 140, 160, 180, 200, 230, 260, 300, 340, 380, 420, 460, 500, 550, 600, 650, 700,
     800, 900, 1000, 1200, 1600, 2500], np.float64,
)  # fmt: skip
_DAYS: Final = ("2025-03-21", "2025-06-21", "2025-09-22", "2025-12-21")
_LATITUDES, _LOCAL_TIMES = 12, 4
_SUN_FOLLOWS_S_DAY: Final = 30.0

# Minima of the solar cycle, years: SILSO, Royal Observatory of Belgium (13-month smoothed sunspot number).
_MINIMA: Final = (1954.3, 1964.8, 1976.2, 1986.7, 1996.6, 2008.9, 2019.9)
_CYCLE_YEARS: Final = 11.0  # the mean of all cycles since 1755; those to come are taken for it
# A mean cycle: it rises for four tenths of its time. Ours, between the smoothed values of cycles 20 to 25.
_RISE: Final = 0.4
_QUIET_F107, _BUSY_F107 = 70.0, 190.0
_QUIET_AP, _BUSY_AP = 6.0, 18.0


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


#: Long-term levels of ECSS-E-ST-10-04C, section 6.2.
LOW_ACTIVITY: Final = SolarActivity(f107=65.0, f107_average=65.0, ap=0.0)
MODERATE_ACTIVITY: Final = SolarActivity(f107=140.0, f107_average=140.0, ap=15.0)
HIGH_ACTIVITY: Final = SolarActivity(f107=250.0, f107_average=250.0, ap=45.0)


def solar_activity_at(epoch: Epoch) -> SolarActivity:
    """What a mean solar cycle has at an epoch, its minima where they were; from 2019 on every 11 years.

    F10.7 goes from 70 to 190, ap from 6 to 18. A cycle's own height and its storms are left out: of those
    since 1954 the highest peaked at some 240, the lowest at some 145.
    """
    return _level(float(busyness(np.array([year_of(epoch)]))[0]))


def year_of(epoch: Epoch) -> float:
    """An epoch as a year and its fraction."""
    return 1970.0 + epoch.tai_ns / 1e9 / YEAR_S


def busyness(years: Array) -> Array:
    """Share, 0 to 1, of the way from the quietest to the busiest Sun of a mean cycle."""
    last = _MINIMA[-1]
    minima = [_MINIMA[0] - 2 * _CYCLE_YEARS, _MINIMA[0] - _CYCLE_YEARS, *_MINIMA]
    phases = np.interp(years, minima, np.arange(len(minima), dtype=float))
    phases = np.where(years > last, (years - last) / _CYCLE_YEARS, phases) % 1.0
    rising = 0.5 - 0.5 * np.cos(np.pi * phases / _RISE)
    falling = 0.5 + 0.5 * np.cos(np.pi * (phases - _RISE) / (1.0 - _RISE))
    return np.asarray(np.where(phases < _RISE, rising, falling), np.float64)


def _level(share: float) -> SolarActivity:
    f107 = _QUIET_F107 + share * (_BUSY_F107 - _QUIET_F107)
    return SolarActivity(
        f107=f107, f107_average=f107, ap=_QUIET_AP + share * (_BUSY_AP - _QUIET_AP)
    )


@dataclass(frozen=True, slots=True)
class Air:
    """Mean density over a revolution by height, for one activity or for those of a cycle.

    `logs` holds logarithms of densities, a row for each of `shares` (see `busyness`), heights in columns.
    """

    logs: Array
    shares: Array

    def density_kg_m3(self, height_m: Array, share: Array) -> Array:
        """Density [kg/m3] at heights over the equatorial radius, shape (k, n), and shares, shape (k, 1)."""
        # Straight lines in the logarithm: layers that fall off exponentially. Beyond 2500 km the last value.
        low = np.clip(height_m, _HEIGHTS_M[0], _HEIGHTS_M[-1])
        values = [np.interp(low, _HEIGHTS_M, row) for row in self.logs]
        if len(values) == 1:
            return np.asarray(np.exp(values[0]), np.float64)
        quiet, middle, busy = values
        # a parabola through the three, in the activity
        x = 2.0 * share - 1.0
        bend, slope = 0.5 * (busy + quiet) - middle, 0.5 * (busy - quiet)
        return np.asarray(np.exp(middle + x * (slope + x * bend)), np.float64)


def air_of(orbit: Orbit, activity: SolarActivity | None) -> Air:
    """The air of an orbit; that of one that follows the Sun has the local time of its node."""
    drift = local_time_drift_s_day(secular_rates(orbit).raan_rad_s)
    hours = round(orbit.local_time_of_node_h) % 24 if abs(drift) < _SUN_FOLLOWS_S_DAY else None
    cos_i = round(math.cos(orbit.inclination_rad), 2)
    if activity is not None:
        return Air(_mean_logs(cos_i, hours, activity)[None, :], np.zeros(1))
    shares = np.array([0.0, 0.5, 1.0])
    return Air(np.array([_mean_logs(cos_i, hours, _level(float(one))) for one in shares]), shares)


@functools.lru_cache(maxsize=1024)
def _mean_logs(cos_i: float, node_h: int | None, activity: SolarActivity) -> Array:
    """Logarithm of the mean density over a revolution, the seasons and, without a node's time, the day."""
    u = (np.arange(_LATITUDES) + 0.5) / _LATITUDES * 2.0 * math.pi
    nodes_h = (
        np.arange(_LOCAL_TIMES) * 24.0 / _LOCAL_TIMES if node_h is None else np.array([node_h])
    )
    noon_ns = np.array(_DAYS, "datetime64[ns]").astype(np.int64) + np.int64(12 * hour * 1e9)
    date, node, turn, height = (
        grid.ravel() for grid in np.meshgrid(noon_ns, nodes_h, u, _HEIGHTS_M, indexing="ij")
    )
    lat = np.arcsin(math.sqrt(1.0 - cos_i**2) * np.sin(turn))
    # At noon of UTC the local time is the longitude: each place of the orbit over where it has its own.
    local_h = node + np.arctan2(cos_i * np.sin(turn), np.cos(turn)) * 12.0 / math.pi
    ground_m = WGS84_A_M * np.sqrt((1.0 - WGS84_E2) / (1.0 - WGS84_E2 * np.cos(lat) ** 2))
    density = densities_kg_m3(
        date,
        lat_rad=lat,
        lon_rad=local_h / 12.0 * math.pi % (2.0 * math.pi) - math.pi,
        alt_m=RADIUS_M + height - ground_m + _over_the_mean_m(RADIUS_M + height, cos_i, turn),
        f107=activity.f107,
        f107_average=activity.f107_average,
        ap=activity.ap,
    )
    logs = np.log(density.reshape(-1, len(_HEIGHTS_M)).mean(axis=0))
    logs.flags.writeable = False
    return np.asarray(logs, np.float64)


def _over_the_mean_m(r_m: Array, cos_i: float, u_rad: Array) -> Array:
    """How far J2 lifts a satellite over its mean orbit [m]: some 4.5 km for a polar one, in every revolution.

    SGP4's short-period terms of a circle (Spacetrack Report No. 3, section 6).
    """
    lifted = 0.25 * (1.0 - cos_i**2) * np.cos(2.0 * u_rad) - 0.75 * (3.0 * cos_i**2 - 1.0)
    return np.asarray(J2 * RADIUS_M**2 / r_m * lifted, np.float64)
