"""The expected timing error of element sets."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from numpy.testing import assert_allclose

from offnadir.epoch import Epoch
from offnadir.orbits import ElementSet, expected_timing_error_s
from offnadir.units import day, km

EPOCH = Epoch.from_utc("2026-05-30T12:00:00Z")
AGES_DAYS = (0.0, 0.5, 1, 2, 3, 4, 5.7, 8, 10.8, 20, 23.5, 30, 60, 100)


def at_height(height_m: float) -> ElementSet:
    a_m = 6_378_137.0 + height_m
    return ElementSet(
        norad_id=1,
        name="X",
        epoch=EPOCH,
        mean_motion_rad_s=math.sqrt(3.986004418e14 / a_m**3),
        eccentricity=0.001,
        inclination_rad=1.7,
        raan_rad=0.0,
        arg_perigee_rad=0.0,
        mean_anomaly_rad=0.0,
    )


@pytest.mark.parametrize(
    ("height_km", "age_days", "share", "error_s"),
    # Quantiles of 21,343 sets of 260 satellites, as tools/measure_element_doubt.py prints them.
    [
        (702, 3.0, 0.68, 0.16),
        (598, 5.7, 0.68, 0.86),
        (497, 10.8, 0.90, 54.04),
        (417, 23.5, 0.90, 1569.05),
        (800, 23.5, 0.68, 5.59),  # above the highest band: its figures
    ],
)
def test_measured_figures(height_km, age_days, share, error_s):
    one = at_height(height_km * km)
    assert_allclose(
        expected_timing_error_s(one, EPOCH + age_days * day, share=share), error_s, rtol=1e-9
    )


@pytest.mark.parametrize("share", [0.68, 0.90])
@pytest.mark.parametrize("height_km", [300, 450, 520, 620, 786, 35786])
def test_error_grows_with_age_and_is_the_same_before_and_after(height_km, share):
    one = at_height(height_km * km)
    errors_s = [expected_timing_error_s(one, EPOCH + a * day, share=share) for a in AGES_DAYS]
    assert all(a <= b for a, b in pairwise(errors_s))
    before_s = [expected_timing_error_s(one, EPOCH + -a * day, share=share) for a in AGES_DAYS]
    assert_allclose(before_s, errors_s, rtol=1e-12)


def test_precise_orbits_lie_within_it():
    """Landsat, Sentinel and WorldView-1 against sets of 0 to 6 days: 0.03 to 0.37 s along track."""
    for height_km in (500, 700, 786):
        one = at_height(height_km * km)
        fresh_s = expected_timing_error_s(one, EPOCH)
        assert 0.03 <= fresh_s <= 0.37
        assert expected_timing_error_s(one, EPOCH + 6 * day, share=0.90) >= 0.37


def test_lower_orbits_are_worse():
    for age_days in AGES_DAYS[3:-2]:
        errors_s = [
            expected_timing_error_s(at_height(h * km), EPOCH + age_days * day)
            for h in (420, 500, 600, 700)
        ]
        assert all(a > b for a, b in pairwise(errors_s))


def test_never_more_than_half_a_period():
    one = at_height(400 * km)
    half_s = math.pi / one.mean_motion_rad_s
    assert expected_timing_error_s(one, EPOCH + 3000 * day) == half_s
    eccentric = replace(one, eccentricity=0.7)
    assert expected_timing_error_s(eccentric, EPOCH + 3000 * day) == half_s
