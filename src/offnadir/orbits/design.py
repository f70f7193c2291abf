"""Orbits by design: Sun-synchronous, repeating, frozen, elliptical; constellations; drag.

Everything is a pure function of numbers; an `Orbit` becomes an `ElementSet` by `element_set_of`, and with
that all the rest of the house works on it.
"""

from offnadir.orbits._design_air import (
    HIGH_ACTIVITY,
    LOW_ACTIVITY,
    MODERATE_ACTIVITY,
    SolarActivity,
    solar_activity_at,
)
from offnadir.orbits._design_drag import (
    Lifetime,
    decay_m_day,
    drag_lifetime,
    propellant_mass_kg,
    upkeep_delta_v_m_s_year,
)
from offnadir.orbits._design_orbit import (
    Orbit,
    SecularRates,
    element_set_of,
    element_sets_of,
    nodal_period_s,
    orbit_of,
    secular_rates,
)
from offnadir.orbits._design_patterns import (
    sso_planes,
    string_of_pearls,
    walker_delta,
    walker_star,
)
from offnadir.orbits._design_repeat import repeat_cycles, repeat_ground_track, through_longitude
from offnadir.orbits._design_shapes import (
    critical_inclination_rad,
    elliptical,
    frozen_eccentricity,
    molniya,
)
from offnadir.orbits._design_sun import (
    raan_at_local_time_rad,
    sun_synchronous,
    sun_synchronous_altitude_m,
    sun_synchronous_inclination_rad,
)

__all__ = [
    "HIGH_ACTIVITY",
    "LOW_ACTIVITY",
    "MODERATE_ACTIVITY",
    "Lifetime",
    "Orbit",
    "SecularRates",
    "SolarActivity",
    "critical_inclination_rad",
    "decay_m_day",
    "drag_lifetime",
    "element_set_of",
    "element_sets_of",
    "elliptical",
    "frozen_eccentricity",
    "molniya",
    "nodal_period_s",
    "orbit_of",
    "propellant_mass_kg",
    "raan_at_local_time_rad",
    "repeat_cycles",
    "repeat_ground_track",
    "secular_rates",
    "solar_activity_at",
    "sso_planes",
    "string_of_pearls",
    "sun_synchronous",
    "sun_synchronous_altitude_m",
    "sun_synchronous_inclination_rad",
    "through_longitude",
    "upkeep_delta_v_m_s_year",
    "walker_delta",
    "walker_star",
]
