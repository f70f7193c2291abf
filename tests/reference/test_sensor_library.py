"""The sensor library against what operators publish."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest
from numpy.testing import assert_allclose

from offnadir.sensors import load_sensor, sensor_facts, sensor_names, sensor_of_satellite

# Ground sample distance [m] and swath [km] at nadir, as the source in each library file has them.
PUBLISHED = {
    "worldview-1": (0.50, 17.6),
    "worldview-2": (0.46, 16.4),
    "worldview-3": (0.31, 13.1),
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
}
# NIIRS by GIQE of well-lit nadir pictures, as published or as the definition of the level implies.
NIIRS = {"worldview-3": (5.7, 6.1), "geoeye-1": (5.2, 5.7), "kompsat-3": (4.4, 5.0)}


def test_every_sensor_is_compared_with_what_is_published():
    assert set(PUBLISHED) == set(sensor_names())
    assert len(PUBLISHED) >= 12


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_nadir_sample_distance_and_swath_within_3_percent(name):
    sensor = load_sensor(name)
    gsd_m, swath_km = PUBLISHED[name]
    assert_allclose(sensor.gsd_nadir_m, gsd_m, rtol=0.03)
    assert_allclose(sensor.swath_nadir_m / 1e3, swath_km, rtol=0.03)


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
    assert set(table["source"]) == {fact["figure"] for fact in facts}


def test_satellites_are_found_by_number():
    """NORAD numbers of the US catalogue."""
    assert sensor_of_satellite(40115).name == "worldview-3"
    assert sensor_of_satellite(39019).name == "pleiades-1"
    assert sensor_of_satellite(25544) is None


@pytest.mark.parametrize("name", NIIRS)
def test_predicted_niirs_is_plausible(name):
    import numpy as np

    from offnadir.quality import predict

    sensor = load_sensor(name)
    quality = predict(
        sensor,
        range_m=sensor.reference_altitude_m,
        incidence_rad=0.0,
        sun_elevation_rad=np.radians(50),
    )
    low, high = NIIRS[name]
    assert low <= quality.niirs <= high
