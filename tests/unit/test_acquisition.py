"""Acquisitions from plans, and as files."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.earth import EarthOrientation, Site, SunTable, geodetic_to_itrf_m, itrf_to_geodetic
from offnadir.epoch import Epoch, Span
from offnadir.errors import FileError, InputError
from offnadir.geometry import Attitude, look_angles, ray_to_ellipsoid_m
from offnadir.geometry._attitude import camera_axes, orbit_axes
from offnadir.geometry._look import orbit_frame
from offnadir.imagery import (
    acquire,
    acquisition_of_plan,
    band_model,
    models,
    read_acquisition,
    write_acquisition,
    write_tables,
)
from offnadir.imagery._acquisition_file import acquisition_from_json, acquisition_to_json
from offnadir.imagery._jitter import Jitter, draw_jitter
from offnadir.imagery._knowledge import as_measured, nudged
from offnadir.imagery._track import matrix_of
from offnadir.orbits import element_set_to_omm, make_ephemeris
from offnadir.sensors import load_camera
from offnadir.units import deg, km
from sample_orbits import EPOCH, circling, seen_at


@pytest.fixture(scope="module")
def plan(flock):
    """What plan.json says of a picture by WorldView-3, 15 deg to the right of its track."""
    elements = next(one for one in flock if one.norad_id == 40115)
    mid = Epoch.from_utc("2026-05-30T16:10:00Z")
    ephemeris = make_ephemeris(elements, Span(mid + -60.0, mid + 60.0))
    at = np.array([mid.tai_ns])
    r, v = ephemeris.position_itrf_m(at), ephemeris.velocity_itrf_m_s(at)
    sight = orbit_frame(r, v)[0].T @ [0.0, np.sin(15 * deg), np.cos(15 * deg)]
    lat, lon, _ = itrf_to_geodetic(ray_to_ellipsoid_m(r[0], sight))
    return {
        "satellites": [
            {
                "name": elements.name,
                "norad_id": elements.norad_id,
                "sensor": "worldview-3",
                "elements": dict(element_set_to_omm(elements)),
            }
        ],
        "collections": [
            {
                "id": "C0001",
                "request": "there",
                "satellite": elements.name,
                "norad_id": elements.norad_id,
                "start": (mid + -1.0).utc(),
                "stop": (mid + 1.0).utc(),
                "aim": {"lat_deg": float(lat / deg), "lon_deg": float(lon / deg), "alt_m": 0.0},
            }
        ],
    }


@pytest.fixture(scope="module")
def shaken():
    orbit = circling(7_071 * km, 98.2 * deg, 40 * deg)
    rng = np.random.default_rng(3)
    jitter = Jitter(
        frequency_hz=np.array([5.0, 80.0]),
        amplitude_rad=rng.normal(size=(2, 3)) * 1e-7,
        phase_rad=rng.uniform(0, 6, (2, 3)),
    )
    return acquire(
        orbit, load_camera("pleiades-1"), seen_at(orbit, 0.3, -0.2, 55.5), EPOCH,
        size=(3000, 9000), jitter=jitter, turned=True, name="C9", request="강릉",
    )  # fmt: skip


def test_a_plan_entry_becomes_a_picture(plan):
    picture = acquisition_of_plan(plan, "C0001")
    assert (picture.name, picture.request, picture.norad_id) == ("C0001", "there", 40115)
    assert_allclose(picture.view.off_nadir_rad, 15 * deg, atol=1e-6)
    assert_allclose(picture.duration_s, 2.0, atol=1e-4)
    assert picture.size[1] == picture.sensor.detector.columns
    model = band_model(picture, picture.bands[0])
    line, column = model.project(picture.aim.lat_rad, picture.aim.lon_rad, 0.0)
    assert_allclose([line, column], [(n - 1) / 2 for n in model.shape], atol=1e-5)
    assert_allclose(model.time_s(line), 0.0, atol=1e-9)
    assert picture.elements["NORAD_CAT_ID"] == 40115


def test_height_of_the_aim_and_crop(plan):
    high = acquisition_of_plan(plan, "C0001", alt_m=2000.0, size=(800, 600), bands=["sharpest"])
    (model,) = models(high)["sharpest"]
    assert model.shape == (800, 600)
    aim = high.aim
    seen = band_model(high, "sharpest").locate(399.5, 299.5, 2000.0)
    assert_allclose(seen, [aim.lat_rad, aim.lon_rad], atol=1e-12)


def test_view_is_that_of_other_rooms(plan, flock):
    picture = acquisition_of_plan(plan, "C0001")
    elements = next(one for one in flock if one.norad_id == 40115)
    ephemeris = make_ephemeris(elements, Span(picture.epoch + -60.0, picture.epoch + 60.0))
    at = np.array([picture.epoch.tai_ns])
    aim = picture.aim
    look = look_angles(
        ephemeris.position_itrf_m(at), ephemeris.velocity_itrf_m_s(at), aim.r_itrf_m, aim.lat_rad,
        aim.lon_rad,
    )  # fmt: skip
    assert_allclose(picture.view.azimuth_rad, look.azimuth_rad, atol=1e-9)
    assert_allclose(picture.view.range_m, look.range_m, atol=1e-3)
    table = SunTable.over(Span(picture.epoch, picture.epoch + 1.0), EarthOrientation.bundled())
    elevation, azimuth = table.angles_rad(
        Site(name="", lat_rad=aim.lat_rad, lon_rad=aim.lon_rad), at
    )
    assert_allclose(picture.view.sun_elevation_rad, elevation, atol=1e-8)
    assert_allclose(picture.view.sun_azimuth_rad, azimuth, atol=1e-8)


def test_what_a_plan_does_not_have(plan):
    with pytest.raises(InputError, match="C0001"):
        acquisition_of_plan(plan, "C0002")
    bare = {**plan, "satellites": [{**plan["satellites"][0], "elements": None}]}
    with pytest.raises(InputError, match="orbital elements"):
        acquisition_of_plan(bare, "C0001")
    radar = {**plan, "satellites": [{**plan["satellites"][0], "sensor": "sentinel-1"}]}
    with pytest.raises(InputError):
        acquisition_of_plan(radar, "C0001")


def test_a_file_read_again_is_the_same_to_the_last_bit(shaken, tmp_path):
    path = tmp_path / "acquisition.json"
    write_acquisition(shaken, path)
    again = read_acquisition(path)
    assert acquisition_to_json(again) == acquisition_to_json(shaken)
    assert (again.sensor, again.focal_plane, again.aim) == (
        shaken.sensor, shaken.focal_plane, shaken.aim,
    )  # fmt: skip
    lines, columns = np.linspace(0, 2999, 40)[:, None], np.linspace(0, 500, 30)
    for before, after in zip(models(shaken)["sharpest"], models(again)["sharpest"], strict=True):
        assert np.array_equal(before.locate(lines, columns, 9.0), after.locate(lines, columns, 9.0))


def test_files_that_are_wrong(shaken, tmp_path):
    path = tmp_path / "acquisition.json"
    with pytest.raises(FileError, match="acquisition"):
        read_acquisition(path)
    path.write_text("{")
    with pytest.raises(FileError, match="no JSON"):
        read_acquisition(path)
    document = acquisition_to_json(shaken)
    for match, change in (
        ("schema", {"schema": "offnadir.acquisition/9"}),
        ("acquisition", {"orbit": None}),
        ("size", {"size": [0, 4]}),
        ("lat_rad", {"aim": {"lat_rad": 5.0, "lon_rad": 0.0, "name": ""}}),
        ("quaternion", {"attitude": {**document["attitude"], "quaternion": [[1, 0, 0, 0]]}}),
        ("attitude", {"attitude": {**document["attitude"], "time_s": [1, 2]}}),
    ):
        path.write_text(json.dumps({**document, **change}))
        with pytest.raises(InputError, match=match) as caught:
            read_acquisition(path)
        assert "acquisition.json" in str(caught.value)
    for key in document:
        if key not in ("schema", "jitter"):
            with pytest.raises(InputError, match=key):
                acquisition_from_json({k: v for k, v in document.items() if k != key})
    with pytest.raises(InputError, match="schema"):
        acquisition_from_json([])


def test_tables_say_what_the_model_does(shaken, tmp_path):
    """Roll, pitch and yaw of the table turn the orbit frame of the table into its quaternions' axes."""
    orbit_path, attitude_path = write_tables(shaken, tmp_path)
    with orbit_path.open() as file:
        orbit = list(csv.DictReader(file))
    with attitude_path.open() as file:
        attitude = list(csv.DictReader(file))
    assert len(orbit) == len(attitude) == len(shaken.track.time_s)
    r = np.array([[float(row[k]) for k in ("x_m", "y_m", "z_m")] for row in orbit])
    v = np.array([[float(row[k]) for k in ("vx_m_s", "vy_m_s", "vz_m_s")] for row in orbit])
    assert_allclose(r, shaken.track.r_itrf_m, atol=1e-4)
    angles = np.array(
        [[float(row[k]) * deg for k in ("roll_deg", "pitch_deg", "yaw_deg")] for row in attitude]
    )
    q = np.array([[float(row[k]) for k in ("q_w", "q_x", "q_y", "q_z")] for row in attitude])
    turned = Attitude(roll_rad=angles[:, 0], pitch_rad=angles[:, 1], yaw_rad=angles[:, 2])
    axes = camera_axes(orbit_axes(r.T, v.T), turned.parts)
    expected = matrix_of(q)
    for n, axis in enumerate((axes.x, axes.y, axes.z)):
        assert_allclose(axis.T, expected[:, :, n], atol=1e-9)
    middle = orbit[int(np.argmin(np.abs(shaken.track.time_s)))]
    assert middle["utc"].startswith(EPOCH.utc(3)[:-1])


def test_acquisitions_check_themselves(shaken):
    for match, change in (
        ("bands", {"bands": ("sharpest", "sharpest")}),
        ("band", {"bands": ("none",)}),
        ("size", {"size": (0, 1)}),
        ("line_rate_hz", {"line_rate_hz": 0.0}),
    ):
        with pytest.raises(InputError, match=match):
            replace(shaken, **change)


def test_measured_acquisitions_are_off_by_what_was_asked(shaken):
    """10 m of position and 5 urad of attitude from 750 km: some 11 m on the ground, the same times."""
    calm = replace(shaken, jitter=None)
    before = band_model(calm, "sharpest")
    misses = []
    for seed in range(60):
        off = as_measured(shaken, seed, position_m=10.0, attitude_rad=5e-6)
        after = band_model(off, "sharpest")
        assert off.jitter is None
        assert after.first_time_s == before.first_time_s
        places = [model.locate(1500.0, 4500.0, 0.0) for model in (before, after)]
        here, there = (geodetic_to_itrf_m(*place, 0.0) for place in places)
        misses.append(float(np.linalg.norm(there - here)))
    # two axes across the line of sight, each of sqrt(10^2 + (5e-6 s)^2), longer on the slanted ground
    expected = np.hypot(10.0, 5e-6 * shaken.view.range_m) * np.sqrt(2.0)
    assert 0.8 * expected < np.sqrt(np.mean(np.square(misses))) < 1.4 * expected
    same = as_measured(calm, 1)
    assert np.array_equal(same.track.pieces, calm.track.pieces)
    with pytest.raises(InputError, match="position_m"):
        as_measured(calm, 1, position_m=-1.0)


def test_drawn_jitter_has_its_size():
    jitter = draw_jitter(5, rms_rad=1e-7, low_hz=1.0, high_hz=200.0)
    assert_allclose(jitter.rms_rad, 1e-7)
    assert jitter.frequency_hz.min() >= 1.0
    assert jitter.frequency_hz.max() <= 200.0
    again, other = (draw_jitter(seed, rms_rad=1e-7, low_hz=1.0, high_hz=200.0) for seed in (5, 6))
    assert np.array_equal(again.phase_rad, jitter.phase_rad)
    assert not np.array_equal(other.phase_rad, jitter.phase_rad)
    with pytest.raises(InputError, match="low_hz"):
        draw_jitter(5, rms_rad=1e-7, low_hz=5.0, high_hz=2.0)


def test_nudged_pictures_move_where_they_should(shaken):
    """A pixel's angle about y is a line ahead, about x a column to the left of the scan, undone by itself."""
    calm = replace(shaken, jitter=None)
    before = band_model(calm, "sharpest")
    pixel = before.ifov_rad
    place = before.locate(1000.0, 4500.0, 0.0)
    for turn, expected in (((0, pixel, 0), (-1.0, 0.0)), ((pixel, 0, 0), (0.0, -1.0))):
        after = band_model(nudged(calm, turn_rad=turn), "sharpest")
        moved = np.array(after.project(*place, 0.0)) - [1000.0, 4500.0]
        assert_allclose(moved, expected, atol=2e-3)
    drifting = band_model(nudged(calm, drift_rad_s=(0, pixel, 0)), "sharpest")
    late = float(before.time_s(1000.0))
    assert_allclose(drifting.project(*place, 0.0)[0] - 1000.0, -late, atol=2e-3)
    there = nudged(calm, position_m=(3.0, -4.0, 5.0), turn_rad=(1e-6, 2e-6, 3e-6))
    back = nudged(there, position_m=(-3.0, 4.0, -5.0), turn_rad=(-1e-6, -2e-6, -3e-6))
    assert_allclose(back.track.pieces, calm.track.pieces, atol=2e-9)
    with pytest.raises(InputError, match="turn_rad"):
        nudged(calm, turn_rad=(1.0, 2.0))
