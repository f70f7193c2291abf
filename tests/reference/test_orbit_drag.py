"""Estimates of drag against spheres that came down, and against textbooks' atmospheres."""

from __future__ import annotations

import math

import pytest
from numpy.testing import assert_allclose

from offnadir.epoch import Epoch
from offnadir.orbits.design import (
    HIGH_ACTIVITY,
    LOW_ACTIVITY,
    MODERATE_ACTIVITY,
    SolarActivity,
    decay_m_day,
    drag_lifetime,
    elliptical,
    propellant_mass_kg,
    sun_synchronous,
    upkeep_delta_v_m_s_year,
)
from offnadir.units import day, deg, km

pytest.importorskip("pymsis", reason="drag needs the extra [coverage]")
EPOCH = Epoch.from_utc("2026-03-01")
CD = 2.2  # of a sphere in free molecular flow: Cook, Planet. Space Sci. 13 (1965) 929


def _orbit(perigee_km: float, apogee_km: float, inclination_deg: float):  # type: ignore[no-untyped-def]
    return elliptical(
        perigee_altitude_m=perigee_km * km,
        apogee_altitude_m=apogee_km * km,
        inclination_rad=inclination_deg * deg,
        arg_perigee_rad=0.0,
        epoch=EPOCH,
    )


@pytest.mark.parametrize(
    ("orbit", "mass_kg", "area_m2", "f107", "ap", "days", "factor"),
    [
        # Starshine 1: 38 kg, 0.48 m, released 1999-06-05, down 2000-02-18 (eoPortal, NRL)
        ((380, 396, 51.6), 38.6, math.pi * 0.24**2, 160.0, 13.0, 258.0, 1.25),
        # Starshine 3: 91 kg, 37 inches, 470 km, launched 2001-09-30, down 2003-01-22 (ONR)
        ((470, 474, 67.0), 91.0, math.pi * 0.47**2, 190.0, 13.0, 479.0, 1.25),
        # GFZ-1: 20.6 kg, 21.5 cm, released 1995-04-19 at 398 km, down 1999-06-23 (GFZ, ILRS); the Sun
        # rose from 72 to 150 meanwhile, which one number cannot tell
        ((382, 395, 51.6), 20.6, math.pi * 0.1075**2, 92.0, 10.0, 1526.0, 1.5),
        # Explorer 1: 14 kg, 2.03 m by 0.152 m, tumbling (a quarter of its surface): 1958-02-01 to
        # 1970-03-31, a whole solar cycle (NASA NSSDC 1958-001A)
        ((358, 2550, 33.24), 13.97, 0.251, 140.0, 15.0, 4441.0, 1.35),
    ],
)
def test_lifetimes_of_satellites_that_came_down(
    orbit: tuple[float, float, float],
    mass_kg: float,
    area_m2: float,
    f107: float,
    ap: float,
    days: float,
    factor: float,
) -> None:
    """Mean F10.7 and ap of their time (NOAA). The factor is what a mean activity can tell, not more."""
    found = drag_lifetime(
        _orbit(*orbit),
        ballistic_coefficient_kg_m2=mass_kg / (CD * area_m2),
        activity=SolarActivity(f107=f107, f107_average=f107, ap=ap),
    )
    assert days / factor < found.days < days * factor
    assert found.least_days < days < found.most_days


@pytest.mark.parametrize(
    ("height_km", "density_kg_m3"),
    [(200, 2.541e-10), (300, 1.916e-11), (400, 2.803e-12), (500, 5.215e-13), (600, 1.137e-13)],
)
def test_decay_of_a_circle_by_the_standard_atmosphere(
    height_km: float, density_kg_m3: float
) -> None:
    """da/dt = -rho root(mu a) / B (1 - w a / v)^2, with the US Standard Atmosphere 1976, table 1.

    It has 1000 K at the top, that of moderate activity. Within 30 %: it is the mean of 45 deg of latitude,
    and knows no night and day; heights above the ellipsoid are 5 km more on the average of the orbit.
    """
    orbit = _orbit(height_km, height_km, 45.0)
    a_m = orbit.semi_major_m
    wind = 1.0 - 7.292e-5 * a_m / math.sqrt(3.986e14 / a_m) * math.cos(45 * deg)
    hand = density_kg_m3 * math.sqrt(3.986e14 * a_m) / 50.0 * wind**2 * day
    found = decay_m_day(orbit, ballistic_coefficient_kg_m2=50.0)
    assert_allclose(found, hand, rtol=0.3)


def test_space_station_sinks_two_kilometres_a_month() -> None:
    """NASA: some 2 km a month at 400 km; 420 t on some 1700 m2 (solar panels and all): within a factor 2."""
    station = _orbit(400, 400, 51.6)
    b = 420_000.0 / (CD * 1700.0)
    usual, low, high = (
        decay_m_day(station, ballistic_coefficient_kg_m2=b, activity=one) * 30.0 / km
        for one in (MODERATE_ACTIVITY, LOW_ACTIVITY, HIGH_ACTIVITY)
    )
    assert low < 2.0 < high
    assert_allclose(usual, 3.0, rtol=0.4)


def test_upkeep_is_what_decay_takes() -> None:
    """A circle: dv = v / (2 a) da, by the vis-viva equation."""
    orbit = sun_synchronous(altitude_m=450 * km, local_time_of_node_h=10.5, epoch=EPOCH)
    speed = math.sqrt(3.986008e14 / orbit.semi_major_m)
    sinks = decay_m_day(orbit, ballistic_coefficient_kg_m2=80.0) * 365.25
    upkeep = upkeep_delta_v_m_s_year(orbit, ballistic_coefficient_kg_m2=80.0)
    assert_allclose(upkeep, speed / (2 * orbit.semi_major_m) * sinks, rtol=1e-6)


def test_propellant_by_hand() -> None:
    """100 kg, 231 m/s, 220 s: 231 / (9.80665 * 220) = 0.10707, and exp of that less 1 is 0.11301."""
    assert_allclose(
        propellant_mass_kg(dry_mass_kg=100, delta_v_m_s=231, isp_s=220), 11.301, atol=0.01
    )


def test_rules_of_disposal() -> None:
    """500 km is gone in five years, 700 km in more than 25: what NASA ODPO tells of small satellites."""
    low = drag_lifetime(_orbit(500, 500, 97.4), ballistic_coefficient_kg_m2=50.0)
    high = drag_lifetime(_orbit(700, 700, 98.2), ballistic_coefficient_kg_m2=50.0)
    assert low.meets_5_years
    assert low.meets_25_years
    assert not high.meets_25_years
    assert "NRLMSIS 2.1" in low.model


def test_half_the_weight_falls_twice_as_fast() -> None:
    """Drag is all that acts: a circle's lifetime is in proportion to m / (Cd A)."""
    orbit = _orbit(350, 350, 51.6)
    light, heavy = (drag_lifetime(orbit, ballistic_coefficient_kg_m2=b).days for b in (40.0, 80.0))
    assert_allclose(heavy / light, 2.0, rtol=1e-3)


def test_a_finer_step_finds_the_same_lifetime(monkeypatch: pytest.MonkeyPatch) -> None:
    from offnadir.orbits import _design_drag

    orbits = [_orbit(300, 300, 51.6), _orbit(300, 1500, 97.0)]
    coarse = [drag_lifetime(one, ballistic_coefficient_kg_m2=50.0).days for one in orbits]
    monkeypatch.setattr(_design_drag, "_SHARE", 0.005)
    fine = [drag_lifetime(one, ballistic_coefficient_kg_m2=50.0).days for one in orbits]
    assert_allclose(coarse, fine, rtol=0.005)
