"""Sensors that users write, and the dataclasses."""

from __future__ import annotations

import numpy as np
import pytest

from offnadir.errors import InputError, InputProblems
from offnadir.sensors import Agility, Optics, load_sensor, sensor_from_table, slew_time_s
from offnadir.units import deg

INLINE = {
    "aperture_m": 0.4, "focal_length_m": 4.0, "pitch_um": 5.5, "columns": 12000,
    "reference_altitude_km": 520.0, "rate_deg_s": 2.0, "acceleration_deg_s2": 0.5,
    "settling_s": 2.0, "data_rate_mbps": 500.0,
}  # fmt: skip


def test_an_inline_sensor_needs_only_what_cannot_be_assumed():
    sensor = sensor_from_table(INLINE, "mission.toml: satellite[1].sensor")
    assert sensor.gsd_nadir_m == pytest.approx(0.715)
    assert sensor.max_off_nadir_rad == pytest.approx(30 * deg)


def test_a_sensor_may_start_from_the_library():
    sensor = sensor_from_table({"base": "worldview-3", "max_off_nadir_deg": 20}, "x")
    assert sensor.max_off_nadir_rad == pytest.approx(20 * deg)
    assert sensor.optics == load_sensor("worldview-3").optics


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"aperture_cm": 40}, ("aperture_cm", "aperture_m")),
        ({"pitch_m": 5e-6}, ("pitch_m", "pitch_um")),
        ({"columns": 12000.5}, ("columns", "whole number")),
        ({"obscuration": 1.2}, ("obscuration", "1.2")),
        ({"rate_deg_s": "fast"}, ("rate_deg_s", "fast")),
        ({"kind": "radar"}, ("kind", "pushbroom")),
        ({"base": "worldview-9"}, ("base", "worldview-9", "worldview-")),
    ],
)
def test_wrong_keys_and_values_are_named_with_a_hint(change, words):
    with pytest.raises((InputError, InputProblems)) as caught:
        sensor_from_table({**INLINE, **change}, "mission.toml")
    for word in ("mission.toml", *words):
        assert word in str(caught.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(InputProblems) as caught:
        sensor_from_table({"aperture_m": -1, "colums": 3}, "mission.toml")
    fields = {problem.field for problem in caught.value.problems}
    assert {"aperture_m", "colums", "focal_length_m", "pitch_um", "settling_s"} <= fields


def test_slews_are_triangles_then_trapezoids():
    agility = Agility(rate_rad_s=2 * deg, acceleration_rad_s2=0.5 * deg, settling_s=3.0)
    assert slew_time_s(0.0, agility) == 3.0
    assert slew_time_s(2 * deg, agility) == pytest.approx(2 * 2 + 3)  # 2 sqrt(2 / 0.5)
    assert slew_time_s(20 * deg, agility) == pytest.approx(10 + 4 + 3)
    angles = np.linspace(0, np.pi, 500)
    assert np.all(np.diff(slew_time_s(angles, agility)) > 0)
    assert np.array_equal(slew_time_s(-angles, agility), slew_time_s(angles, agility))


def test_impossible_optics_are_refused():
    with pytest.raises(InputError, match="obscuration"):
        Optics(aperture_m=1.0, focal_length_m=10.0, wavelength_m=6e-7, obscuration=1.0)
