"""The sensor library against what operators publish."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from numpy.testing import assert_allclose

from offnadir.geometry import incidence_from_off_nadir_rad
from offnadir.geometry._gsd import slant_range_m
from offnadir.quality import nyquist_mtf, predict
from offnadir.sensors import (
    Sensor,
    agility_profile,
    load_sensor,
    sensor_facts,
    sensor_names,
    sensor_of_satellite,
    slew_time_s,
)
from offnadir.units import deg, km

# Ground sample distance [m] and swath [km] at nadir, as the source in each library file has them.
PUBLISHED = {
    "worldview-1": (0.50, 17.6),
    "worldview-2": (0.46, 16.4),
    "worldview-3": (0.31, 13.1),
    "worldview-4": (0.31, 13.1),
    "quickbird-2": (0.61, 16.5),
    "ikonos": (0.82, 11.3),
    "geoeye-1": (0.41, 15.2),
    "pleiades-1": (0.70, 20.0),
    "pleiades-neo": (0.30, 14.0),
    "kompsat-3": (0.70, 15.0),
    "kompsat-3a": (0.55, 12.0),
    "cas500-1": (0.50, 12.0),
    "skysat-c": (0.81, 5.9),
    "superview-1": (0.50, 12.0),
    "sentinel-2": (10.0, 290.0),
    "landsat-8": (30.0, 185.0),
    "spot-6": (2.0, 60.0),
    "kompsat-2": (1.0, 15.0),
    "worldview-legion": (0.34, 10.0),
    "superdove": (3.7, 32.5),
    "newsat-mark-iv": (0.99, 5.0),
    "gaofen-1": (2.0, 69.0),
    "gaofen-2": (0.80, 45.3),
    "triplesat": (1.0, 23.0),
    "vision-1": (0.87, 20.8),
    "cartosat-2": (0.80, 9.6),
    "cartosat-2s": (0.65, 9.6),
    "cartosat-3": (0.28, 17.0),
    "rapideye": (6.5, 77.0),
    "asnaro-1": (0.50, 10.0),
    "dubaisat-2": (1.0, 12.0),
    "geosat-2": (1.0, 12.0),
    "khalifasat": (0.75, 12.0),
    "formosat-5": (2.0, 24.0),
    "eros-b": (0.70, 7.0),
    "resurs-p": (0.70, 38.0),
    "gokturk-1": (0.70, 20.0),
    "theos-2": (0.50, 10.3),
    "theos": (2.0, 22.0),
    "vnredsat-1": (2.5, 17.5),
    "kazeosat-1": (1.0, 20.0),
    "venus": (5.3, 27.0),
    "pelican": (0.65, 8.0),
    "jilin-1-gf03d": (0.75, 17.0),
}
# NIIRS of well-lit nadir pictures: IKONOS 4.5 as Space Imaging stated it; QuickBird 4.3 to 4.5 in the
# metadata of pictures up to 30 deg off-nadir (Kim et al. 2008), so straight down it may be better;
# WorldView-3 5.7 to 6.0 as its operator's class has it. GIQE's own standard error is 0.3.
NIIRS = {"worldview-3": (5.7, 6.0), "ikonos": (4.2, 4.8), "quickbird-2": (4.3, 5.0)}


def test_every_camera_is_compared_with_what_is_published():
    cameras = {name for name in sensor_names() if isinstance(load_sensor(name), Sensor)}
    assert set(PUBLISHED) == cameras
    assert len(PUBLISHED) >= 12


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_nadir_sample_distance_and_swath_within_3_percent(name):
    sensor = load_sensor(name)
    gsd_m, swath_km = PUBLISHED[name]
    assert_allclose(sensor.gsd_nadir_m, gsd_m, rtol=0.03)
    assert_allclose(sensor.swath_nadir_m / 1e3, swath_km, rtol=0.03)


# Sample distance [m] as quoted at an off-nadir angle [deg]. WorldView-1: GCMD, WV60 (0.55 m out to 20 deg),
# and Gao, Digital Analysis of Remotely Sensed Imagery (2009), 2.4.5 (0.59 m at 25 deg). WorldView-2:
# eoPortal (0.52 m at 20 deg). IKONOS: Gao 2009, table 2.19 (1 m at 27.1 deg).
QUOTED_AT_ANGLE = [
    ("worldview-1", 20.0, 0.55),
    ("worldview-1", 25.0, 0.59),
    ("worldview-2", 20.0, 0.52),
    ("ikonos", 27.1, 1.00),
]


@pytest.mark.parametrize(("name", "off_nadir_deg", "gsd_m"), QUOTED_AT_ANGLE)
def test_quoted_sample_distance_at_an_angle_within_3_percent(name, off_nadir_deg, gsd_m):
    sensor = load_sensor(name)
    off_nadir, height_m = off_nadir_deg * deg, sensor.reference_altitude_m
    seen = predict(
        sensor,
        range_m=slant_range_m(off_nadir, height_m),
        incidence_rad=incidence_from_off_nadir_rad(off_nadir, height_m),
        sun_elevation_rad=45 * deg,
    )
    assert_allclose(seen.gsd_m, gsd_m, rtol=0.03)


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_figure_has_a_source_and_estimates_are_marked(name):
    facts = sensor_facts(name)
    assert len(facts) >= 20
    for fact in facts:
        assert len(fact["source"]) > 5, fact["figure"]
        guessed = fact["source"].startswith(("estimate", "assumed", "implied", "effective"))
        assert fact["estimate"] or not guessed, fact["figure"]
    text = (files("offnadir.data") / "sensors" / f"{name}.toml").read_text()
    table = tomllib.loads(text)
    assert set(table["estimates"]) <= set(table)
    known = {fact["figure"] for fact in facts if not fact["source"].startswith("assumed: nothing")}
    assert set(table["source"]) >= {figure for figure in known if ":" not in figure}


def test_satellites_are_found_by_number():
    """NORAD numbers of the US catalogue."""
    assert sensor_of_satellite(40115).name == "worldview-3"
    assert sensor_of_satellite(39019).name == "pleiades-1"
    assert sensor_of_satellite(25544) is None


@pytest.mark.parametrize("name", NIIRS)
def test_predicted_niirs_against_what_operators_state(name):
    sensor = load_sensor(name)
    seen = predict(
        sensor,
        range_m=sensor.reference_altitude_m,
        incidence_rad=0.0,
        sun_elevation_rad=50 * deg,
    )
    low, high = NIIRS[name]
    assert low <= seen.niirs <= high


# Strips of Maxar's Open Data programme: catalogue id, sensor, published off-nadir [deg] and GSD [m], and
# the height [km] above the place by SGP4 from an element set within three days.
STRIPS = [
    ("10200100C8D7A600", "worldview-1", 17.3, 0.54, 500.5),
    ("10200100B0214600", "worldview-1", 44.6, 0.92, 495.5),
    ("10300100CFC9A500", "worldview-2", 8.5, 0.47, 768.6),
    ("10300100E6747500", "worldview-2", 27.0, 0.57, 769.3),
    ("10300100DE5CCF00", "worldview-2", 40.7, 0.80, 770.6),
    ("1040010082B2FB00", "worldview-3", 2.7, 0.31, 616.6),
    ("10400100A4699C00", "worldview-3", 25.2, 0.37, 619.8),
    ("104001009697E900", "worldview-3", 39.9, 0.51, 621.7),
    ("1050010038C4D100", "geoeye-1", 3.3, 0.41, 680.5),
    ("1050010033C95B00", "geoeye-1", 33.7, 0.58, 689.4),
    ("10500100295B2900", "geoeye-1", 44.6, 0.81, 693.4),
]


@pytest.mark.parametrize(("strip", "name", "off_nadir_deg", "gsd_m", "height_km"), STRIPS)
def test_sample_distance_of_real_pictures(strip, name, off_nadir_deg, gsd_m, height_km):
    """Of 719 such points 90 % lie within 1.7 % and all within 5 %; two digits are published."""
    off_nadir, height_m = off_nadir_deg * deg, height_km * km
    seen = predict(
        load_sensor(name),
        range_m=slant_range_m(off_nadir, height_m),
        incidence_rad=incidence_from_off_nadir_rad(off_nadir, height_m),
        sun_elevation_rad=45 * deg,
    )
    assert_allclose(seen.gsd_m, gsd_m, rtol=0.05, err_msg=strip)


def test_pleiades_turns_by_60_degrees_in_25_seconds():
    """eoPortal, Pleiades: roll or pitch of 60 deg within 25 s."""
    assert_allclose(slew_time_s(60 * deg, agility_profile("pleiades")), 25.0, atol=0.5)


def test_geoeye_turns_200_km_in_about_20_seconds():
    """GeoEye, fact sheet of GeoEye-1 (2008): 2.4 deg/s, 0.16 deg/s2; 16.7 deg from 681 km."""
    agility = load_sensor("geoeye-1").agility
    assert_allclose(slew_time_s(16.7 * deg, agility) - agility.settling_s, 20.4, atol=0.1)


@pytest.mark.parametrize(
    ("name", "published"), [("pleiades-1", 0.09), ("kompsat-2", 0.07), ("kompsat-3", 0.16)]
)
def test_published_mtf_at_nyquist_of_raw_pictures(name, published):
    """CNES, ISPRS XXXV-B1, Istanbul 2004 (Pleiades); KARI: KOMPSAT-2 in orbit, KOMPSAT-3 on stars.

    The blur that no figure explains was fitted to these, so this says that the fit is kept.
    """
    assert_allclose(nyquist_mtf(load_sensor(name)), published, atol=0.005)
