"""What a design is made of: its camera, what keeping its height takes, its mass and cost."""

from __future__ import annotations

import functools
from typing import Any, Final

from offnadir.constants import EARTH_MEAN_RADIUS_M, WGS84_A_M
from offnadir.coverage.study_model import DEFAULT_OFF_NADIR_RAD, Design, Study
from offnadir.coverage.study_orbits import OrbitFacts, orbit_facts
from offnadir.coverage.study_store import Figures
from offnadir.orbits.design import drag_lifetime, propellant_mass_kg, upkeep_delta_v_m_s_year
from offnadir.quality.sizing import size_for_niirs
from offnadir.sensors import Sensor
from offnadir.sensors.sizing import Design as Camera
from offnadir.sensors.sizing import fleet_cost_proxy, mass_class, size_for_gsd
from offnadir.units import deg

_DIGITS: Final = 9  # of a figure that count: what is stored does not depend on the last bits
_YEAR_DAYS: Final = 365.25


def off_nadir_rad(design: Design, sensor: Sensor) -> float:
    """How far a design looks aside at most: the study's choice, but no farther than the camera may."""
    wanted = design.get("max_off_nadir_deg")
    return (
        sensor.max_off_nadir_rad if wanted is None else min(wanted * deg, sensor.max_off_nadir_rad)
    )


def design_sensor(design: Design, study: Study) -> Sensor:
    """The camera of a design: of the library, or a telescope sized for its height and its farthest look.

    Of an elliptical orbit the height is the apogee's. Its ground is the sphere of `sharpness`.
    """
    kind = study.sensors[design.sensor].kind
    if kind == "library":
        return study.sensors_by_name[str(design["library"])]
    height_m = orbit_facts(design, study).high_height_m + WGS84_A_M - EARTH_MEAN_RADIUS_M
    limit_rad = design.get("max_off_nadir_deg", DEFAULT_OFF_NADIR_RAD / deg) * deg
    wanted = design[kind]
    assert isinstance(wanted, int | float)
    return _telescope(kind, wanted, height_m, limit_rad, study.wishes.rated_sun_rad)


@functools.lru_cache(maxsize=256)
def _telescope(
    kind: str, wanted: float, height_m: float, limit_rad: float, sun_rad: float
) -> Sensor:
    camera = Camera(max_off_nadir_rad=limit_rad)
    if kind == "niirs":
        made = size_for_niirs(
            wanted,
            altitude_m=height_m,
            off_nadir_rad=limit_rad,
            sun_elevation_rad=sun_rad,
            design=camera,
        ).sizing
    elif kind == "gsd_m":
        made = size_for_gsd(wanted, altitude_m=height_m, off_nadir_rad=limit_rad, design=camera)
    else:
        gsd_m = camera.wavelength_m * height_m / (camera.q * wanted)
        made = size_for_gsd(gsd_m, altitude_m=height_m, design=camera)
    return made.to_sensor(f"telescope of {made.aperture_m:.2f} m")


def upkeep_figures(facts: OrbitFacts, study: Study) -> dict[str, Any]:
    """Lifetime without upkeep, and what keeping the height takes: an estimate, where it was asked for."""
    wanted = study.upkeep
    if wanted is None or facts.design is None:
        return {}
    orbit, coefficient = facts.design, wanted.ballistic_kg_m2
    lifetime = drag_lifetime(orbit, ballistic_coefficient_kg_m2=coefficient)
    speed_m_s = upkeep_delta_v_m_s_year(orbit, ballistic_coefficient_kg_m2=coefficient)
    whole_m_s = min(speed_m_s * wanted.years, 20_000.0)
    propellant = propellant_mass_kg(dry_mass_kg=1.0, delta_v_m_s=whole_m_s, isp_s=wanted.isp_s)
    return {
        "lifetime_years": min(lifetime.days / _YEAR_DAYS, 1000.0),
        "lifetime_least_years": min(lifetime.least_days / _YEAR_DAYS, 1000.0),
        "upkeep_m_s_year": speed_m_s,
        "propellant_share": propellant,
    }


def with_cost(design: Design, figures: Figures, study: Study) -> Figures:
    """The same with mass and cost, which follow from the figures and the study's cost model."""
    mass_kg = design.get("mass_kg") or mass_class(figures["aperture_m"]).satellite_dry_mass_kg
    model = study.cost
    fleet = fleet_cost_proxy(mass_kg, figures["satellites"], learning=model.learning)
    stations = design["stations"]
    assert isinstance(stations, tuple)
    cost = fleet + model.plane_kg * figures["planes"] + model.station_kg * len(stations)
    return {**figures, "mass_kg": rounded(mass_kg), "cost": rounded(cost)}


def rounded(value: Any) -> Any:
    """Numbers with the digits that count; anything else as it is."""
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
