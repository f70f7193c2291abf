"""Figures of designs: every family, given element sets, sized telescopes, stations, clouds, upkeep."""

from __future__ import annotations

import pytest

from offnadir.coverage.study import load_study, run_study
from offnadir.coverage.study_hardware import design_sensor
from offnadir.coverage.study_sharpness import sharpness
from offnadir.units import deg, km
from support.study_jobs import write_study

HEAD = """\
[span]
start = "2026-05-30T12:00:00Z"
duration = "1 d"
[[place]]
lat_deg = 60
lon_deg = 25
"""
CAMERA = '[[sensor]]\nlibrary = "skysat-c"\n'


def rows(folder, text):
    return run_study(load_study(write_study(folder, text)), folder / "out").document["designs"]


def test_every_family_of_orbits_is_evaluated(tmp_path):
    """Periods by hand: 94.6 min at 500 km; an ellipse of 500 x 2000 km has a semi-major axis of 7628 km."""
    text = (
        HEAD
        + CAMERA
        + """
[[orbit]]
family = "walker-star"
satellites = 4
planes = 2
height_km = 500
inclination_deg = 90
[[orbit]]
family = "string-of-pearls"
satellites = 3
height_km = 500
inclination_deg = 97.4
spacing_s = 60
[[orbit]]
family = "elliptical"
satellites = 2
perigee_km = 500
apogee_km = 2000
inclination_deg = 63.4
arg_perigee_deg = 270
"""
    )
    star, pearls, ellipse = (one["figures"] for one in rows(tmp_path, text))
    assert (star["satellites"], star["planes"]) == (4, 2)
    assert (pearls["satellites"], pearls["planes"]) == (3, 1)
    assert (ellipse["low_height_km"], ellipse["high_height_km"]) == (500, 2000)
    # the camera is as far as the apogee: sample distance grows with the height
    assert ellipse["gsd_nadir_m"] / star["gsd_nadir_m"] == pytest.approx(2007 / 507, rel=0.01)
    assert pearls["looks_per_day"] > 0


def test_given_element_sets_one_after_the_other(tmp_path, elements_file):
    text = (
        HEAD
        + '[[sensor]]\nlibrary = "sentinel-2"\n'
        + f"""
[[orbit]]
family = "given"
elements = "{elements_file}"
satellites = [1, 2, 9]
"""
    )
    one, two, nine = rows(tmp_path, text)
    assert one["figures"]["satellites"] == 1
    assert two["figures"]["looks_per_day"] >= one["figures"]["looks_per_day"]
    assert one["figures"]["high_height_km"] == pytest.approx(786, abs=5)
    assert "element sets, 9 are wanted" in nine["impossible"]


def test_stations_clouds_and_upkeep(tmp_path):
    """A second station makes pictures younger; clouds make looks fewer; 300 km lasts weeks, 600 km years."""
    pytest.importorskip("pymsis")
    text = (
        'station_sets = [["Svalbard"], ["Svalbard", "Troll"]]\n'
        + HEAD.replace("lat_deg = 60", "lat_deg = -30")
        + CAMERA
        + """
[[station]]
name = "Svalbard"
lat_deg = 78.23
lon_deg = 15.39
[[station]]
name = "Troll"
lat_deg = -72.01
lon_deg = 2.53
[wishes]
latency = "2 h"
lifetime_years = 1
[[orbit]]
family = "sun-synchronous"
satellites = 1
height_km = [300, 600]
descending_node = "10:30"
"""
    )
    made = {
        (one["choices"]["height_km"], len(one["choices"]["stations"])): one
        for one in rows(tmp_path, text)
    }
    figures = {key: one["figures"] for key, one in made.items()}
    assert figures[600, 2]["latency_h"] < figures[600, 1]["latency_h"] < 2
    assert figures[300, 1]["lifetime_years"] < 0.2
    assert 5 < figures[600, 1]["lifetime_years"] < 100
    assert figures[300, 1]["upkeep_m_s_year"] > 100 * figures[600, 1]["upkeep_m_s_year"]
    assert figures[600, 2]["cost"] - figures[600, 1]["cost"] == pytest.approx(20)
    assert not made[300, 1]["keeps_all_wishes"]
    assert made[600, 1]["keeps_all_wishes"]
    cloudy = rows(tmp_path, text.replace("[wishes]", "[wishes]\nclouds = true"))
    assert 0 < cloudy[1]["figures"]["looks_per_day"] < 0.8 * figures[300, 2]["looks_per_day"]


@pytest.mark.parametrize("kind", ["niirs = 5", "gsd_m = 0.5", "aperture_m = 0.5"])
def test_a_telescope_is_as_sharp_as_it_was_sized_for(tmp_path, kind):
    """At the farthest look and the rated Sun; by the aperture, as sharp as 625 nm x h / D at nadir."""
    from offnadir.coverage.study_designs import Space

    text = (
        HEAD
        + f"""
[wishes]
rated_sun_elevation_deg = 40
[[orbit]]
family = "walker-delta"
satellites = 1
height_km = 500
inclination_deg = 60
[[sensor]]
{kind}
max_off_nadir_deg = 35
"""
    )
    study = load_study(write_study(tmp_path, text))
    sensor = design_sensor(Space(study).design((0,) * len(Space(study).sizes)), study)
    seen = sharpness(sensor, 500 * km, 35 * deg, study.wishes)
    assert seen.off_nadir_rad == pytest.approx(35 * deg)
    if kind.startswith("niirs"):
        assert seen.niirs == pytest.approx(5, abs=0.01)
    elif kind.startswith("gsd"):
        assert seen.gsd_m == pytest.approx(0.5, abs=0.002)
    else:
        assert sensor.optics.aperture_m == pytest.approx(0.5, abs=1e-9)
        assert seen.gsd_nadir_m == pytest.approx(625e-9 * 507e3 / 0.5, rel=0.002)
