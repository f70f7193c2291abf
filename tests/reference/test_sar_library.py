"""The radars of the sensor library against what operators publish."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.geometry import incidence_from_off_nadir_rad
from offnadir.quality import predict_mode
from offnadir.sensors import Radar, RadarMode, load_sensor
from offnadir.units import deg, km

LIGHT_M_S = 299_792_458.0
GUESSED = ("estimate", "assumed", "implied", "converted")
HELD_WORDS = "taken as held"
REQUIRED = {
    "reference_altitude_km",
    "frequency_ghz",
    "rate_deg_s",
    "acceleration_deg_s2",
    "settling_s",
    "data_rate_mbps",
    "min_duration_s",
}


def _all_tables() -> dict[str, dict[str, Any]]:
    folder = files("offnadir.data") / "sensors"
    return {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }


TABLES = _all_tables()  # as written, for sources and estimates; figures come from the loader
NAMES = sorted(name for name, table in TABLES.items() if table["kind"] == "sar")
RADARS = {name: sensor for name in NAMES if isinstance(sensor := load_sensor(name), Radar)}


def _mode(name: str, mode: str) -> RadarMode:
    return RADARS[name].mode(mode)


def _written(name: str, mode: str) -> dict[str, Any]:
    return next(m for m in TABLES[name]["mode"] if m["name"] == mode)


def _ground_m(mode: RadarMode, incidence_rad: float) -> float:
    return float(predict_mode(mode, incidence_rad).ground_range_resolution_m)


def _incidence_deg(mode: RadarMode) -> tuple[float, float]:
    return mode.min_incidence_rad / deg, mode.max_incidence_rad / deg


# Ground range resolution [m] at an incidence [deg].
GROUND = [
    # ICEYE Data Product Specification, tables 2-4, 2-8 and 2-12: 1.46 to 0.78 m and 0.73 to 0.39 m for 20
    # to 40 deg; "nominal" is that at 30 deg.
    ("iceye-gen2", "spot", 20.0, 1.46),
    ("iceye-gen2", "spot", 30.0, 1.0),
    ("iceye-gen2", "spot", 40.0, 0.78),
    ("iceye-gen3", "spot fine", 20.0, 0.73),
    ("iceye-gen3", "spot fine", 30.0, 0.5),
    ("iceye-gen3", "spot fine", 40.0, 0.39),
    ("iceye-gen3", "dwell fine", 20.0, 0.73),
    ("iceye-gen3", "spot extended area", 30.0, 1.0),
    # RADARSAT-2, RN-SP-52-1238, issue 1/13, table 1-3: resolution and incidence of the SGX products.
    ("radarsat-2", "spotlight", 20.0, 4.6),
    ("radarsat-2", "spotlight", 54.0, 2.0),
    ("radarsat-2", "ultra-fine", 20.0, 4.6),
    ("radarsat-2", "ultra-fine", 54.0, 2.0),
    ("radarsat-2", "wide ultra-fine", 29.0, 3.3),
    ("radarsat-2", "wide ultra-fine", 50.0, 2.1),
    ("radarsat-2", "multi-look fine", 30.0, 10.4),
    ("radarsat-2", "multi-look fine", 50.0, 6.8),
    ("radarsat-2", "extra-fine", 22.0, 8.4),
    ("radarsat-2", "extra-fine", 49.0, 4.1),
    # ESA, RADARSAT-2 ESA archive: 26.8 m at the inner edge of S1, 20 deg.
    ("radarsat-2", "standard", 20.0, 26.8),
    # EARSC, TerraSAR-X: spotlight to 3.5 m, high resolution spotlight from 1.4 m; the edges are 19.7 and
    # 55.2 deg (TX-GS-DD-3302, table 2-6).
    ("terrasar-x", "spotlight", 19.7, 3.5),
    ("terrasar-x", "high resolution spotlight", 55.2, 1.4),
    # SI Imaging Services, KOMPSAT-5 imaging modes, table 1; 20 to 45 deg (Image Data Manual).
    ("kompsat-5", "high resolution", 20.0, 2.7),
    ("kompsat-5", "enhanced high resolution", 20.0, 2.0),
    ("kompsat-5", "enhanced high resolution", 45.0, 1.0),
    ("kompsat-5", "standard", 20.0, 7.9),
    # MDA, RADARSAT-2 imaging modes: nominal, here in the middle; the wide beams have one bandwidth.
    ("radarsat-2", "scansar narrow", 33.0, 50.0),
    ("radarsat-2", "scansar wide", 34.5, 100.0),
    # NRSC, RISAT: 1 to 2 m and 3 to 6 m, where the most can only be the near edge.
    ("risat-1", "hrs", 19.7, 2.0),
    ("risat-1", "frs-1", 19.7, 6.0),
    # One figure for all angles, here where the file puts it: PASCO, PALSAR-2; Wikipedia, SAR-Lupe;
    # e-GEOS price list by eoreader; J. Remote Sensing 2022, 9769536, table 4; Asahi Interactive, 2024.
    ("alos-2", "ultra-fine", 37.0, 3.0),
    ("alos-2", "fine", 37.0, 9.1),
    ("sar-lupe", "spotlight", 40.0, 0.5),
    ("sar-lupe", "stripmap", 40.0, 1.0),
    ("csg", "spotlight-2b", 36.0, 0.63),
    ("csg", "spotlight-2c", 36.0, 0.8),
    ("gaofen-3", "spotlight", 35.0, 1.0),
    ("gaofen-3", "hyperfine stripmap", 35.0, 3.0),
    ("qps-sar", "spotlight", 40.0, 0.46),
    # Charter documentation, SAOCOM-1: at the near edge.
    ("saocom-1", "stripmap", 20.0, 10.0),
    # The same on RCM.
    ("rcm", "high resolution 5 m", 35.0, 5.0),
    ("rcm", "low resolution 100 m", 35.0, 100.0),
    # Charter documentation of RCM after CSA: 3 x 3 m at 35 deg.
    ("rcm", "very high resolution 3 m", 35.0, 3.0),
    # PASCO, PALSAR-3: ground range on the equator at 37 deg of incidence.
    ("alos-4", "spotlight", 37.0, 3.0),
    ("alos-4", "stripmap 3 m", 37.0, 3.0),
    ("alos-4", "stripmap 6 m polarimetry", 37.0, 6.0),
    ("alos-4", "stripmap 10 m", 37.0, 10.0),
    ("alos-4", "scansar 700 km", 37.0, 25.0),
    # Synspective: ground 0.46 to 3.6 m is twice slant 0.23 to 1.8 m, so 30 deg.
    ("strix", "staring spotlight 2", 30.0, 0.46),
    ("strix", "stripmap", 30.0, 3.6),
]
# Modes that hold one ground resolution [m] at every angle by changing the bandwidth.
HELD = {
    ("iceye-gen2", "strip"): 3.0,  # ICEYE Data Product Specification, table 2-16
    ("iceye-gen2", "scan"): 15.0,  # table 2-20
    ("iceye-gen3", "strip"): 3.0,
    ("iceye-gen3", "scan"): 15.0,
    ("umbra", "spotlight"): 0.25,  # CATALYST, Umbra; Vantor, Umbra parameters
    ("cosmo-skymed", "spotlight-2"): 1.0,  # CATALYST, COSMO-SkyMed
    ("cosmo-skymed", "stripmap himage"): 3.0,
    ("cosmo-skymed", "stripmap pingpong"): 15.0,
    ("cosmo-skymed", "scansar wide region"): 30.0,  # IGiK, COSMO-SkyMed
    ("cosmo-skymed", "scansar huge region"): 100.0,
    ("csg", "stripmap"): 3.0,  # EO Atlas, CSG-SAR
    ("csg", "pingpong"): 12.0,  # e-GEOS price list by eoreader
    ("csg", "scansar-1"): 20.0,
    ("csg", "scansar-2"): 40.0,
    ("sentinel-1", "stripmap"): 5.0,  # ESA, Sentinel-1 user guide
    ("sentinel-1", "interferometric wide swath"): 5.0,
    ("sentinel-1", "extra-wide swath"): 20.0,  # ACube, acquisition modes
    ("kompsat-5", "enhanced standard"): 2.9,  # SI Imaging Services, table 1: 2.5 to 3.3 m
    ("kompsat-5", "wide swath"): 20.0,
    ("novasar-1", "stripmap 6 m near"): 6.0,  # SSTL, NovaSAR baseline modes, 2018
    ("novasar-1", "stripmap 6 m mid"): 6.0,
    ("novasar-1", "scansar 20 m near"): 20.0,
    ("novasar-1", "scansar 20 m mid"): 20.0,
    ("novasar-1", "scansar 30 m near"): 30.0,  # Airbus, NovaSAR reader for SNAP
    ("saocom-1", "topsar narrow"): 30.0,  # eoreader, docs/sar.md
    ("saocom-1", "topsar wide"): 50.0,  # CONAE, level 1 products format
    ("gaofen-3", "fine stripmap 1"): 5.0,  # J. Remote Sensing 2022, 9769536, table 4
    ("gaofen-3", "fine stripmap 2"): 10.0,
    ("gaofen-3", "standard stripmap"): 25.0,
    ("gaofen-3", "quad-polarisation stripmap 1"): 8.0,
    ("gaofen-3", "narrow scansar"): 50.0,
    ("gaofen-3", "wide scansar"): 100.0,
    ("gaofen-3", "global"): 500.0,
    ("risat-1", "frs-2"): 9.0,  # VSSC, RISAT-1
    ("risat-1", "mrs"): 25.0,
    ("risat-1", "crs"): 50.0,
}
# Of these, the ones whose operators say so: by bandwidths, or a ground resolution for all angles.
STATED = {
    ("sentinel-1", "stripmap"),
    ("sentinel-1", "interferometric wide swath"),
    ("sentinel-1", "extra-wide swath"),
    ("iceye-gen2", "strip"),
    ("iceye-gen3", "strip"),
    ("umbra", "spotlight"),
    ("novasar-1", "stripmap 6 m near"),
    ("novasar-1", "stripmap 6 m mid"),
}
# Bandwidth [MHz] at an incidence [deg]: Scientific Reports 2025, s41598-025-16618-w, table 2, Sentinel-1B;
# "wave" after ESA's technical guide, level-1 wave SLC, whose pulses are those of stripmap.
BANDWIDTHS = [
    ("sentinel-1", "stripmap", 20.0, 87.6),
    ("sentinel-1", "stripmap", 43.0, 42.2),
    ("sentinel-1", "stripmap", 23.4, 74.5),  # wave 1
    ("sentinel-1", "stripmap", 36.4, 48.2),  # wave 2
    ("sentinel-1", "interferometric wide swath", 30.0, 56.5),
    ("sentinel-1", "interferometric wide swath", 42.0, 42.8),
    ("sentinel-1", "extra-wide swath", 20.0, 22.2),
    ("sentinel-1", "extra-wide swath", 44.0, 10.4),
    # CATALYST, Umbra: up to 1200 MHz, which give 0.25 m from 30 deg on.
    ("umbra", "spotlight", 30.0, 1200.0),
]
# Swath and, where the scene is limited, length [km]; None: not compared.
SCENES = {
    ("iceye-gen2", "spot"): (5.0, 5.0),
    ("iceye-gen3", "spot extended area"): (15.0, 15.0),
    ("iceye-gen3", "strip"): (30.0, 840.0),
    ("iceye-gen3", "scan"): (100.0, 840.0),
    ("capella-whitney", "spotlight"): (5.0, 5.0),
    ("capella-whitney", "sliding spotlight"): (5.0, 10.0),
    ("umbra", "spotlight"): (5.0, 5.0),
    ("terrasar-x", "spotlight"): (10.0, 10.0),
    ("terrasar-x", "high resolution spotlight"): (10.0, 5.0),
    ("terrasar-x", "stripmap"): (30.0, None),
    ("terrasar-x", "wide scansar"): (270.0, None),
    ("paz", "scansar"): (100.0, None),
    ("cosmo-skymed", "spotlight-2"): (10.0, 10.0),
    ("cosmo-skymed", "stripmap himage"): (40.0, None),
    ("cosmo-skymed", "stripmap pingpong"): (30.0, None),
    ("csg", "spotlight-2a"): (7.3, None),
    ("csg", "stripmap"): (40.0, None),
    ("radarsat-2", "spotlight"): (18.0, 8.0),
    ("radarsat-2", "extra-fine"): (125.0, None),
    ("radarsat-2", "scansar wide"): (500.0, None),
    ("rcm", "spotlight"): (20.0, 5.0),
    ("rcm", "low resolution 100 m"): (500.0, None),
    ("sentinel-1", "stripmap"): (80.0, None),
    ("sentinel-1", "interferometric wide swath"): (250.0, None),
    ("sentinel-1", "extra-wide swath"): (400.0, None),
    ("alos-2", "spotlight"): (25.0, 25.0),
    ("alos-2", "scansar 350 km"): (350.5, None),
    ("alos-4", "stripmap 3 m"): (200.0, None),
    ("alos-4", "scansar 700 km"): (700.0, None),
    ("kompsat-5", "standard"): (30.0, None),
    ("sar-lupe", "spotlight"): (5.5, 5.5),
    ("sar-lupe", "stripmap"): (8.0, 60.0),
    ("novasar-1", "scansar 30 m near"): (150.0, None),
    ("saocom-1", "topsar wide"): (350.0, None),
    ("gaofen-3", "hyperfine stripmap"): (30.0, None),
    ("gaofen-3", "global"): (650.0, None),
    ("risat-1", "crs"): (223.0, None),
    ("strix", "stripmap"): (20.0, None),
}
# Incidence [deg] at the target, as published.
INCIDENCE = {
    ("iceye-gen2", "spot"): (20.0, 40.0),
    ("iceye-gen2", "strip"): (15.0, 35.0),
    ("iceye-gen2", "scan"): (21.0, 29.0),
    ("terrasar-x", "spotlight"): (19.7, 55.2),
    ("terrasar-x", "stripmap"): (19.7, 45.5),
    ("csg", "stripmap"): (20.0, 50.0),
    ("radarsat-2", "spotlight"): (20.0, 54.0),
    ("radarsat-2", "wide ultra-fine"): (29.0, 50.0),
    ("radarsat-2", "standard"): (20.0, 52.0),
    ("sentinel-1", "stripmap"): (18.3, 46.8),
    ("kompsat-5", "standard"): (20.0, 45.0),
    ("novasar-1", "stripmap 6 m near"): (16.0, 25.38),
    ("saocom-1", "stripmap"): (20.0, 50.0),
    ("saocom-1", "topsar wide"): (24.9, 48.7),
}
# Noise-equivalent sigma zero [dB], worst of what is published; sources as in the files.
NESZ = {
    ("iceye-gen2", "spot"): -15.0,
    ("iceye-gen2", "strip"): -20.0,
    ("iceye-gen2", "scan"): -21.5,
    ("iceye-gen3", "spot fine"): -11.0,
    ("capella-whitney", "spotlight"): -17.0,
    ("sentinel-1", "stripmap"): -22.0,
    ("rcm", "spotlight"): -17.0,
    ("rcm", "low resolution 100 m"): -22.0,
    ("rcm", "quad-polarisation"): -24.0,
    ("saocom-1", "stripmap"): -28.0,
    ("strix", "sliding spotlight"): -23.5,
}
# Slant range x azimuth resolution [m] of single-look complex pictures.
SLANT = {
    ("iceye-gen2", "spot"): (0.5, 0.25),  # ICEYE Data Product Specification, table 2-5
    ("iceye-gen3", "spot fine"): (0.25, 0.1),
    ("iceye-gen3", "dwell"): (0.5, 0.05),  # table 2-13
    ("paz", "high resolution spotlight"): (0.6, 1.05),  # CATALYST, PAZ
    ("paz", "spotlight"): (1.18, 1.46),
    ("paz", "stripmap"): (1.1, 3.01),
    ("radarsat-2", "ultra-fine"): (1.6, 2.8),  # RN-SP-52-1238, table 1-3
    ("radarsat-2", "extra-fine"): (3.1, 4.6),
    ("radarsat-2", "fine"): (5.2, 7.7),
    ("capella-acadia", "spotlight ultra"): (0.27, 0.05),  # an open picture, 23 November 2024
    ("capella-whitney", "spotlight"): (0.3, 0.5),  # CATALYST, Capella; ProGea 4D
}
# Angles at the satellite [deg] that operators quote, and the height [km] for which the files turn them.
LOOK = [
    ("capella-whitney", "spotlight", 500.0, 5.0, 40.0),  # Capella, custom parameters
    ("capella-whitney", "stripmap", 500.0, 5.0, 45.0),
    ("capella-acadia", "spotlight", 600.0, 5.0, 50.0),
    ("alos-4", "stripmap 3 m", 628.0, 29.1, 48.0),  # JAXA EORC, PALSAR-3 observation plan
    ("alos-4", "stripmap 10 m", 628.0, 28.2, 48.2),
    ("strix", "stripmap", 561.0, 15.0, 45.0),  # Synspective, StriX
]


def _rows(table: Any, name: str) -> list[Any]:
    """Rows of a list or items of a dict that are about one radar, without its name."""
    if isinstance(table, dict):
        return [(key[1], value) for key, value in table.items() if key[0] == name]
    return [row[1:] for row in table if row[0] == name]


def test_all_22_radars_load_and_have_a_published_resolution_here():
    assert len(NAMES) == len(RADARS) == 22
    assert sum(len(radar.modes) for radar in RADARS.values()) >= 90
    about = {row[0] for row in GROUND} | {name for name, _ in (*HELD, *SLANT)}
    assert about == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_published_resolution_within_3_percent(name):
    for mode, incidence_deg, ground_m in _rows(GROUND, name):
        found_m = _ground_m(_mode(name, mode), incidence_deg * deg)
        assert_allclose(found_m, ground_m, rtol=0.03, err_msg=mode)
    for mode, wanted in _rows(SLANT, name):
        one = _mode(name, mode)
        middle_rad = (one.min_incidence_rad + one.max_incidence_rad) / 2
        found = (float(one.slant_at(middle_rad)), one.azimuth_resolution_m)
        assert_allclose(found, wanted, rtol=0.03, err_msg=mode)
    for mode, ground_m in _rows(HELD, name):
        one = _mode(name, mode)
        angles = np.linspace(one.min_incidence_rad, one.max_incidence_rad, 5)
        found_m = predict_mode(one, angles).ground_range_resolution_m
        assert_allclose(found_m, ground_m, rtol=0.03, err_msg=mode)
    for one in TABLES[name]["mode"]:
        for incidence_deg, ground_m in one.get("published_ground_range_resolution_m", ()):
            assert one["min_incidence_deg"] <= incidence_deg <= one["max_incidence_deg"]
            found_m = _ground_m(_mode(name, one["name"]), incidence_deg * deg)
            assert_allclose(found_m, ground_m, rtol=0.03, err_msg=one["name"])


@pytest.mark.parametrize(("name", "mode", "incidence_deg", "bandwidth_mhz"), BANDWIDTHS)
def test_held_modes_change_their_bandwidth_as_published(name, mode, incidence_deg, bandwidth_mhz):
    """6 %: one bandwidth serves a beam of some 5 deg, over which sin(incidence) changes by 10 to 20 %."""
    unit_m = LIGHT_M_S / (2.0 * bandwidth_mhz * 1e6)
    assert_allclose(_mode(name, mode).slant_at(incidence_deg * deg), unit_m, rtol=0.06)


@pytest.mark.parametrize("name", ["iceye-gen2", "iceye-gen3"])
def test_strip_of_iceye_stays_within_its_slant_resolutions(name):
    """ICEYE Data Product Specification, table 2-17: 0.5 to 2.5 m."""
    one = _mode(name, "strip")
    near_m, far_m = one.slant_at([one.min_incidence_rad, one.max_incidence_rad])
    assert 0.5 <= near_m < far_m <= 2.5


def test_modes_that_hold_their_resolution_are_those_of_the_list():
    found = {
        (name, mode.name)
        for name, radar in RADARS.items()
        for mode in radar.modes
        if mode.ground_range_resolution_m is not None
    }
    assert found == set(HELD)


@pytest.mark.parametrize(("name", "mode"), HELD)
def test_a_held_resolution_is_an_estimate_unless_the_operator_states_it(name, mode):
    entry = _written(name, mode)
    stated = (name, mode) in STATED
    assert ("ground_range_resolution_m" in entry.get("estimates", ())) != stated
    assert (HELD_WORDS in entry["source"]) != stated


@pytest.mark.parametrize("name", NAMES)
def test_published_scenes_angles_and_noise(name):
    for mode, (swath_km, length_km) in _rows(SCENES, name):
        one = _mode(name, mode)
        assert_allclose(one.swath_m / km, swath_km, rtol=0.03, err_msg=mode)
        if length_km is not None:
            assert one.length_m is not None
            assert_allclose(one.length_m / km, length_km, rtol=0.03, err_msg=mode)
    for mode, wanted in _rows(INCIDENCE, name):
        assert_allclose(_incidence_deg(_mode(name, mode)), wanted, rtol=1e-12, err_msg=mode)
    for mode, wanted in _rows(NESZ, name):
        assert_allclose(10.0 * np.log10(_mode(name, mode).nesz), wanted, rtol=1e-9, err_msg=mode)


@pytest.mark.parametrize(("name", "mode", "height_km", "low_deg", "high_deg"), LOOK)
def test_look_angles_are_turned_into_incidence(name, mode, height_km, low_deg, high_deg):
    assert_allclose(RADARS[name].reference_altitude_m, height_km * km, rtol=1e-12)
    look = np.array([low_deg, high_deg]) * deg
    want = incidence_from_off_nadir_rad(look, height_km * km) / deg
    assert_allclose(_incidence_deg(_mode(name, mode)), want, atol=0.06)


@pytest.mark.parametrize(
    ("height_km", "look_deg", "incidence_deg"),
    [
        # TX-GS-DD-3302, table 2-6 gives both angles.
        (514.0, 18.2, 19.7),
        (514.0, 41.3, 45.5),
        (514.0, 49.5, 55.2),
        # KOMPSAT-5 Image Data Manual V1.0, section 1: both, at 550 km.
        (550.0, 18.3, 20.0),
        (550.0, 40.6, 45.0),
        (550.0, 49.0, 55.0),
    ],
)
def test_operators_pairs_of_look_and_incidence(height_km, look_deg, incidence_deg):
    found = incidence_from_off_nadir_rad(look_deg * deg, height_km * km) / deg
    assert_allclose(found, incidence_deg, atol=0.1)


def test_grazing_angles_of_umbra():
    """CATALYST, Umbra: grazing 20 to 70 deg; incidence is the rest to 90 deg."""
    found = _incidence_deg(_mode("umbra", "spotlight 16 cm"))
    assert_allclose(found, (90.0 - 70.0, 90.0 - 20.0), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_bandwidth_agrees_with_slant_resolution(name):
    """c/2B times 0.886 without a window to some 1.3 with a strong one (Hamming)."""
    for mode in RADARS[name].modes:
        if mode.bandwidth_hz is not None:
            ratio = mode.slant_resolution_m * 2.0 * mode.bandwidth_hz / LIGHT_M_S
            assert 0.86 <= ratio <= 1.30, mode.name


@pytest.mark.parametrize("name", NAMES)
def test_modes_are_whole_and_tell_what_is_guessed(name):
    for entry in TABLES[name]["mode"]:
        mode = _mode(name, entry["name"])
        assert mode.name == entry["name"]
        assert mode.max_incidence_rad < 80.0 * deg, mode.name
        assert mode.nesz is None or mode.nesz < 1.0, mode.name
        assert set(mode.polarisations) <= {"HH", "VV", "HV", "VH"}, mode.name
        assert mode.kind != "spotlight" or mode.length_m is not None, mode.name
        assert len(entry["source"]) > 20, mode.name
        guessed = entry.get("estimates", [])
        assert set(guessed) <= set(entry) - {"name", "kind", "source", "estimates"}, mode.name
        told = any(word in entry["source"].lower() for word in (*GUESSED, HELD_WORDS))
        assert told or not guessed, mode.name


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_a_source_and_estimates_are_marked(name):
    table = TABLES[name]
    figures = {key for key, value in table.items() if isinstance(value, (int, float))}
    assert figures >= REQUIRED
    assert set(table["source"]) == figures
    for key, text in table["source"].items():
        assert len(text) > 5, key
        assert (key in table["estimates"]) == text.startswith(GUESSED), key


def test_no_number_of_the_us_catalogue_stands_twice():
    numbers = [n for table in TABLES.values() for n in table.get("norad_ids", [])]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize(
    ("norad_id", "name"),
    [
        # Names of the US catalogue, May 2026.
        (31698, "terrasar-x"),  # TERRASAR-X
        (36605, "terrasar-x"),  # TANDEM-X
        (43215, "paz"),  # PAZ
        (33412, "cosmo-skymed"),  # COSMO-SKYMED 3
        (67304, "csg"),  # CSG-3
        (32382, "radarsat-2"),  # RADARSAT-2
        (44323, "rcm"),  # RCM-3
        (66315, "sentinel-1"),  # SENTINEL-1D
        (39766, "alos-2"),  # ALOS-2
        (60182, "alos-4"),  # ALOS-4 (DAICHI-4)
        (39227, "kompsat-5"),  # ARIRANG-5 (KOMPSAT-5)
        (31797, "sar-lupe"),  # SAR-LUPE 2
        (43619, "novasar-1"),  # NOVASAR 1
        (46265, "saocom-1"),  # SAOCOM 1B
        (52200, "gaofen-3"),  # GAOFEN-3 03
        (43800, "iceye-gen2"),  # ICEYE-X2
        (57693, "capella-acadia"),  # CAPELLA-11 (ACADIA-1)
        (67371, "umbra"),  # UMBRA-12
        (59224, "strix"),  # STRIX-3
        (58578, "qps-sar"),  # QPS-SAR-5 (TSUKUYOMI-I)
    ],
)
def test_numbers_of_the_us_catalogue(norad_id, name):
    assert norad_id in RADARS[name].norad_ids
