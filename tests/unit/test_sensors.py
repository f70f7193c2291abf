"""Sensors that users write, and the dataclasses."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import numpy as np
import pytest

from offnadir.errors import InputError, InputProblems
from offnadir.sensors import (
    Agility,
    Optics,
    Radar,
    load_camera,
    load_sensor,
    sensor_from_table,
    sensors_of_satellites,
    slew_time_s,
)
from offnadir.units import deg

INLINE = {
    "aperture_m": 0.4, "focal_length_m": 4.0, "pitch_um": 5.5, "columns": 12000,
    "reference_altitude_km": 520.0, "rate_deg_s": 2.0, "acceleration_deg_s2": 0.5,
    "settling_s": 2.0, "data_rate_mbps": 500.0,
}  # fmt: skip
RADAR = {
    "kind": "sar", "frequency_ghz": 9.65, "look_sides": ["right"], "reference_altitude_km": 520.0,
    "rate_deg_s": 2.0, "acceleration_deg_s2": 0.5, "settling_s": 2.0, "data_rate_mbps": 500.0,
}  # fmt: skip
MODE = {
    "name": "Spot", "kind": "spotlight", "azimuth_resolution_m": 0.5, "swath_km": 5.0,
    "min_incidence_deg": 20.0, "max_incidence_deg": 40.0,
}  # fmt: skip


def radar_of(*modes: dict[str, object], **keys: object) -> Radar:
    """A radar from the table above, changed by `keys`, with these modes laid over MODE."""
    table = {**RADAR, **keys, "mode": [{**MODE, **mode} for mode in modes]}
    radar = sensor_from_table(table, "mission.toml", name="mine")
    assert isinstance(radar, Radar)
    return radar


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


def test_a_mode_with_bandwidth_alone_has_an_unweighted_pulse():
    """Spot of ICEYE: 300 MHz, 0.5 m as c/2B (Data Product Specification, 2.2); 0.886 of it unweighted."""
    mode = radar_of({"bandwidth_mhz": 300}).mode("spot")
    assert mode.slant_resolution_m == pytest.approx(0.886 * 299_792_458 / (2 * 300e6))
    assert mode.slant_resolution_m == pytest.approx(0.886 * 0.5, rel=1e-3)
    angles = np.array([20.0, 40.0]) * deg
    assert np.array_equal(mode.slant_at(angles), [mode.slant_resolution_m] * 2)


def test_a_mode_may_hold_its_resolution_on_the_ground():
    mode = radar_of({"ground_range_resolution_m": 3}).mode("spot")
    assert mode.slant_resolution_m == pytest.approx(1.5)  # in the middle: 3 m * sin(30 deg)
    assert mode.slant_at(np.array([20.0, 30.0, 40.0]) * deg) == pytest.approx(
        [1.0260604, 1.5, 1.9283628]
    )
    assert np.isnan(mode.slant_at(np.nan))


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (
            {"slant_resolution_m": 0.5, "ground_range_resolution_m": 1.0},
            ("slant_resolution_m", "0.5", "left out with ground_range_resolution_m"),
        ),
        ({}, ("slant_resolution_m", "ground_range_resolution_m", "bandwidth_mhz")),
        (
            {"bandwidth_mhz": 300, "min_incidence_deg": 45.0},
            ("min_incidence_deg", "45", "below max_incidence_deg = 40"),
        ),
        (
            {"bandwidth_mhz": 300, "min_incidence_deg": 40.0},
            ("min_incidence_deg", "below max_incidence_deg = 40"),
        ),
        ({"bandwidth_mhz": 300, "max_incidence_deg": 90.0}, ("max_incidence_deg", "1 to 85")),
        ({"bandwidth_mhz": 300, "kind": "strip"}, ("kind", "spotlight or stripmap or scansar")),
        ({"bandwidth_hz": 3e8}, ("bandwidth_hz", "did you mean bandwidth_mhz?")),
    ],
)
def test_wrong_modes_are_refused_and_the_mode_is_named(mode, words):
    with pytest.raises((InputError, InputProblems)) as caught:
        radar_of({"bandwidth_mhz": 100, "name": "strip"}, mode)
    for word in ("mission.toml: mode[2]", *words):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"look_sides": ["up"]}, ("look_sides", '"left", "right" or both')),
        ({"look_sides": []}, ("look_sides", '"left", "right" or both')),
        ({"look_sides": "right"}, ("look_sides", '"left", "right" or both')),
        ({"max_squint_deg": 61}, ("max_squint_deg", "from 0 to 60")),
        ({"max_squint_rad": 0.5}, ("max_squint_rad", "max_squint_deg")),
        ({"aperture_m": 0.5}, ("aperture_m", "a key that is known here")),
    ],
)
def test_wrong_radars_are_refused(keys, words):
    with pytest.raises((InputError, InputProblems)) as caught:
        radar_of({"bandwidth_mhz": 300}, **keys)
    for word in ("mission.toml", *words):
        assert word in str(caught.value)


def test_a_radar_needs_a_mode_with_a_name_of_its_own():
    with pytest.raises(InputError, match="one mode at least"):
        radar_of()
    with pytest.raises(InputError, match="names of their own"):
        radar_of({"bandwidth_mhz": 300}, {"bandwidth_mhz": 300, "name": "SPOT"})


def test_squint_and_sides_of_a_radar():
    radar = radar_of(
        {"bandwidth_mhz": 300}, max_squint_deg=45, look_sides=["left", "right", "left"]
    )
    assert radar.max_squint_rad == pytest.approx(45 * deg)
    assert radar.look_sides == ("left", "right")
    assert radar_of({"bandwidth_mhz": 300}).max_squint_rad == 0.0


def test_an_unknown_mode_lists_those_that_there_are():
    radar = radar_of({"bandwidth_mhz": 300}, {"bandwidth_mhz": 50, "name": "strip"})
    assert radar.mode("SPOT") is radar.modes[0]
    with pytest.raises(InputError, match="one of spot, strip"):
        radar.mode("scan")


def test_a_radar_is_no_camera():
    with pytest.raises(InputError, match="a camera; this is a radar"):
        load_camera("sentinel-1")
    with pytest.raises((InputError, InputProblems)) as caught:
        sensor_from_table({**INLINE, "kind": "sar"}, "mission.toml")
    assert "focal_length_m" in str(caught.value)  # keys of cameras are not known in radars
    with pytest.raises((InputError, InputProblems)) as caught:
        sensor_from_table({"base": "worldview-3", "kind": "sar"}, "mission.toml")
    assert "mode" in str(caught.value)
    with pytest.raises((InputError, InputProblems)) as caught:
        sensor_from_table({"base": "sentinel-1", "kind": "pushbroom"}, "mission.toml")
    assert "frequency_ghz" in str(caught.value)


def test_a_radar_may_start_from_the_library():
    radar = sensor_from_table({"base": "sentinel-1", "look_sides": ["left"]}, "mission.toml")
    assert isinstance(radar, Radar)
    assert radar.look_sides == ("left",)
    assert radar.modes == load_sensor("sentinel-1").modes
    assert radar.norad_ids == ()


def test_numbers_are_found_without_reading_all_files_as_a_whole():
    for path in (files("offnadir.data") / "sensors").iterdir():
        ids = tomllib.loads(path.read_text("utf-8")).get("norad_ids", [])
        for number, sensor in sensors_of_satellites(ids).items():
            assert f"{sensor.name}.toml" == path.name, number
        assert set(sensors_of_satellites(ids)) == set(ids)
