"""Properties of designed orbits, constellations and telescopes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.epoch import Epoch
from offnadir.orbits._repeat import local_time_drift_s_day, repeat_cycle
from offnadir.orbits._secular import EARTH_TURN_RAD_S, RADIUS_M, mean_orbit
from offnadir.orbits.design import (
    LOW_ACTIVITY,
    Orbit,
    critical_inclination_rad,
    decay_m_day,
    element_set_of,
    elliptical,
    nodal_period_s,
    orbit_of,
    repeat_cycles,
    repeat_ground_track,
    secular_rates,
    string_of_pearls,
    sun_synchronous,
    through_longitude,
    walker_delta,
)
from offnadir.sensors.sizing import Design, size_for_gsd
from offnadir.units import day, deg, km, um

EPOCHS = st.integers(0, 20_000).map(lambda n: Epoch.from_utc("2000-01-01") + n * 86_399.0)
TURN = 2.0 * math.pi


@st.composite
def orbits(draw: st.DrawFn) -> Orbit:
    perigee_m = draw(st.floats(150 * km, 2000 * km))
    eccentricity = draw(st.one_of(st.just(0.0), st.floats(0.0, 0.75)))
    return Orbit(
        name="x",
        epoch=draw(EPOCHS),
        semi_major_m=(RADIUS_M + perigee_m) / (1.0 - eccentricity),
        eccentricity=eccentricity,
        inclination_rad=draw(st.floats(0.0, 180.0)) * deg,
        raan_rad=draw(st.floats(0.0, 6.28)),
        arg_perigee_rad=draw(st.floats(0.0, 6.28)),
        mean_anomaly_rad=draw(st.floats(0.0, 6.28)),
    )


@settings(max_examples=25)
@given(orbits())
def test_element_set_and_back(orbit: Orbit) -> None:
    elements = element_set_of(orbit)
    again = orbit_of(elements)
    assert_allclose(again.semi_major_m, orbit.semi_major_m, rtol=1e-12)
    assert again == replace(orbit, semi_major_m=again.semi_major_m)
    back = mean_orbit([elements])
    rates = secular_rates(orbit)
    assert_allclose(back.semi_major_m[0], orbit.semi_major_m, rtol=1e-12)
    assert_allclose(back.latitude_rate_rad_s[0], rates.latitude_rad_s, rtol=1e-11)
    assert_allclose(back.raan_rate_rad_s[0], rates.raan_rad_s, rtol=1e-10, atol=1e-20)


@settings(max_examples=25)
@given(st.floats(200.0, 5000.0), st.floats(0.0, 23.99), st.booleans(), EPOCHS)
def test_sun_synchronous_stays_at_its_local_time(
    altitude_km: float, hours: float, descending: bool, epoch: Epoch
) -> None:
    made = sun_synchronous(
        altitude_m=altitude_km * km, local_time_of_node_h=hours, descending=descending, epoch=epoch
    )
    late_h = made.local_time_of_node_h + (12.0 if descending else 0.0) - hours
    assert abs((late_h + 12.0) % 24.0 - 12.0) < 1e-6
    assert abs(local_time_drift_s_day(secular_rates(made).raan_rad_s)) < 1e-3


@settings(max_examples=25)
@given(st.integers(1, 60), st.floats(11.5, 15.9), st.one_of(st.none(), st.floats(0.0, 180.0)))
def test_repeat_orbits_are_told_as_such_by_the_history_s_own_search(
    days: int, rate: float, inclination_deg: float | None
) -> None:
    revolutions = round(rate * days)
    if math.gcd(days, revolutions) > 1 or not 11.5 < revolutions / days < 15.9:
        return
    made = repeat_ground_track(
        days=days,
        revolutions=revolutions,
        epoch=Epoch.from_utc("2026-01-01"),
        inclination_rad=None if inclination_deg is None else inclination_deg * deg,
    )
    rates = secular_rates(made)
    found = repeat_cycle(rates.latitude_rad_s, rates.raan_rad_s, max_days=days)
    assert (found.days, found.revs) == (days, revolutions)
    assert abs(found.drift_m) < 0.01
    turn_s = TURN / (EARTH_TURN_RAD_S - rates.raan_rad_s)
    assert_allclose(nodal_period_s(made) * revolutions, turn_s * days, rtol=1e-12)


@settings(max_examples=5)
@given(
    st.floats(300.0, 1500.0), st.floats(10.0, 120.0), st.integers(1, 6),
    st.one_of(st.none(), st.floats(0.0, 180.0)),
)  # fmt: skip
def test_the_table_of_cycles_is_complete(
    low_km: float, wide_km: float, max_days: int, inclination_deg: float | None
) -> None:
    """As a slow search finds them: every pair of whole numbers, made into an orbit, its height looked at."""
    inclination_rad = None if inclination_deg is None else inclination_deg * deg
    table = repeat_cycles(
        low_altitude_m=low_km * km, high_altitude_m=(low_km + wide_km) * km,
        max_days=max_days, inclination_rad=inclination_rad,
    )  # fmt: skip
    expected = []
    for days in range(1, max_days + 1):
        for revolutions in range(16 * days, 10 * days, -1):
            if math.gcd(days, revolutions) == 1:
                made = repeat_ground_track(
                    days=days, revolutions=revolutions, inclination_rad=inclination_rad,
                    epoch=Epoch.from_utc("2026-01-01"),
                )  # fmt: skip
                if low_km * km <= made.perigee_height_m <= (low_km + wide_km) * km:
                    expected.append((days, revolutions))
    assert list(zip(table["days"], table["revolutions"], strict=True)) == expected


@settings(max_examples=25)
@given(st.integers(1, 8), st.integers(1, 6), st.data(), st.floats(0.0, 180.0))
def test_a_walker_pattern_looks_the_same_from_every_plane(
    planes: int, per_plane: int, data: st.DataObject, inclination_deg: float
) -> None:
    total, phasing = planes * per_plane, data.draw(st.integers(0, planes - 1))
    made = walker_delta(
        inclination_rad=inclination_deg * deg, total=total, planes=planes, phasing=phasing,
        altitude_m=700 * km, epoch=Epoch.from_utc("2026-01-01"),
    )  # fmt: skip

    def places(node_rad: float, ahead_rad: float) -> set[tuple[int, int]]:
        # in units of a 360th of the finest step there is, so that rounding has no say
        unit = TURN / (360 * planes * total)
        whole = round(TURN / unit)
        return {
            (
                round((one.raan_rad + node_rad) / unit) % whole,
                round((one.mean_anomaly_rad + ahead_rad) / unit) % whole,
            )
            for one in made
        }

    assert len(places(0.0, 0.0)) == total
    assert places(TURN / planes, phasing * TURN / total) == places(0.0, 0.0)
    in_plane = made[:per_plane]
    assert len({one.raan_rad for one in in_plane}) == 1


@settings(max_examples=25)
@given(orbits(), st.floats(-3000.0, 3000.0))
def test_pearls_are_the_leader_some_time_ago(orbit: Orbit, spacing_s: float) -> None:
    """Flown on by the spacing, the follower has the leader's mean elements."""
    _, follower = string_of_pearls(orbit, count=2, spacing_s=spacing_s)
    rates = secular_rates(orbit)
    for field, rate in (
        ("raan_rad", rates.raan_rad_s),
        ("arg_perigee_rad", rates.arg_perigee_rad_s),
        ("mean_anomaly_rad", rates.mean_anomaly_rad_s),
    ):
        off = getattr(follower, field) + rate * spacing_s - getattr(orbit, field)
        assert abs(math.remainder(off, TURN)) < 1e-9


@settings(max_examples=25)
@given(orbits(), st.floats(-180.0, 180.0), st.booleans())
def test_moving_along_changes_nothing_but_the_anomaly(
    orbit: Orbit, longitude_deg: float, descending: bool
) -> None:
    moved = through_longitude(orbit, longitude_rad=longitude_deg * deg, descending=descending)
    assert 0.0 <= moved.mean_anomaly_rad < TURN
    again = through_longitude(moved, longitude_rad=longitude_deg * deg, descending=descending)
    assert abs(math.remainder(again.mean_anomaly_rad - moved.mean_anomaly_rad, TURN)) < 1e-9


@settings(max_examples=25)
@given(st.floats(6600.0, 40_000.0), st.booleans())
def test_perigee_stands_still_at_the_critical_inclination(
    semi_major_km: float, retrograde: bool
) -> None:
    inclination = critical_inclination_rad(semi_major_km * km, 0.0, retrograde=retrograde)
    made = Orbit(
        name="x", epoch=Epoch.from_utc("2026-01-01"), semi_major_m=semi_major_km * km,
        inclination_rad=inclination,
    )  # fmt: skip
    assert abs(secular_rates(made).arg_perigee_rad_s) * 365 * day < 1e-6
    assert (inclination > 90 * deg) == retrograde


@settings(max_examples=15)
@given(st.floats(160.0, 900.0), st.floats(0.0, 2000.0), st.floats(10.0, 100.0))
def test_higher_orbits_sink_more_slowly(perigee_km: float, more_km: float, b: float) -> None:
    pytest.importorskip("pymsis", reason="drag needs the extra [coverage]")

    def sinks(perigee_m: float) -> float:
        made = elliptical(
            perigee_altitude_m=perigee_m, apogee_altitude_m=perigee_m + more_km * km,
            inclination_rad=0.9, arg_perigee_rad=0.0, epoch=Epoch.from_utc("2026-01-01"),
        )  # fmt: skip
        return decay_m_day(made, ballistic_coefficient_kg_m2=b, activity=LOW_ACTIVITY)

    low, high = sinks(perigee_km * km), sinks((perigee_km + 30.0) * km)
    assert 0.0 < high < low


@settings(max_examples=25)
@given(
    st.floats(0.1, 50.0), st.floats(200.0, 2000.0), st.floats(0.0, 45.0), st.floats(3.0, 30.0),
    st.floats(0.3, 2.5),
)  # fmt: skip
def test_a_sized_camera_is_a_sensor_with_the_same_numbers(
    gsd_m: float, altitude_km: float, off_nadir_deg: float, pitch_um: float, q: float
) -> None:
    made = size_for_gsd(
        gsd_m, altitude_m=altitude_km * km, off_nadir_rad=off_nadir_deg * deg,
        design=Design(pitch_m=pitch_um * um, q=q),
    )  # fmt: skip
    sensor = made.to_sensor()
    assert_allclose(sensor.q, q, rtol=1e-12)
    assert_allclose(sensor.gsd_nadir_m, made.gsd_nadir_m, rtol=1e-12)
    assert made.gsd_nadir_m <= gsd_m * (1 + 1e-12)
    assert_allclose(sensor.line_time_s * made.line_rate_hz, 1.0, rtol=1e-12)
    # aperture does not know the pixel: wavelength * range / (Q * GSD)
    other = size_for_gsd(
        gsd_m, altitude_m=altitude_km * km, off_nadir_rad=off_nadir_deg * deg,
        design=Design(pitch_m=2 * pitch_um * um, q=q),
    )  # fmt: skip
    assert_allclose(other.aperture_m, made.aperture_m, rtol=1e-12)
    assert np.isclose(other.focal_length_m, 2 * made.focal_length_m)
