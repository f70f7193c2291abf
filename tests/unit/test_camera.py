"""The rigorous model against the geometry room, which knows nothing of it, and its faults."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.earth import geodetic_to_itrf_m
from offnadir.errors import InputError
from offnadir.geometry import Attitude, ground_pixel, image_motion
from offnadir.imagery import acquire, band_model, models
from offnadir.imagery._focal_plane import BandPlane, Chip, FocalPlane, focal_plane
from offnadir.imagery._guidance import roll_pitch_yaw_rad
from offnadir.imagery._jitter import Jitter, draw_jitter
from offnadir.imagery._models import picture_box
from offnadir.imagery._track import Track
from offnadir.sensors import load_camera
from offnadir.units import deg, km
from sample_orbits import EPOCH, circling, seen_at

RADIUS_M = 7_071 * km
SENSOR = load_camera("pleiades-1")
IFOV = SENSOR.detector.pitch_m / SENSOR.optics.focal_length_m
PLAIN = FocalPlane(
    bands=(
        BandPlane(
            band="sharpest",
            ifov_rad=IFOV,
            columns=28_700,
            chips=(Chip(first_column=0, columns=28_700),),
        ),
    )
)


@pytest.fixture(scope="module")
def orbit():
    return circling(RADIUS_M, 98.2 * deg, 40 * deg)


def strip(orbit, roll_deg=20.0, pitch_deg=10.0, alt_m=0.0, **more):
    aim = seen_at(orbit, roll_deg * deg, pitch_deg * deg, alt_m)
    return acquire(orbit, SENSOR, aim, EPOCH, **more)


def rates(track, at):
    """Roll, pitch, yaw and their rates at a node, by differences."""
    angles = roll_pitch_yaw_rad(track)
    slope = (8 * (angles[at + 1] - angles[at - 1]) - (angles[at + 2] - angles[at - 2])) / (
        12 * track.step_s
    )
    return Attitude(
        **dict(zip(("roll_rad", "pitch_rad", "yaw_rad"), angles[at], strict=True)),
        **dict(zip(("roll_rate_rad_s", "pitch_rate_rad_s", "yaw_rate_rad_s"), slope, strict=True)),
    )


@pytest.mark.parametrize(("roll", "pitch", "alt"), [(0, 0, 0), (25, -20, 300), (-30, 30, 500)])
def test_agrees_with_ground_pixel(orbit, roll, pitch, alt):
    """Place and sample distances of pixels at a node, to 1e-3 of a pixel and 1e-6."""
    picture = strip(orbit, roll, pitch, alt, duration_s=2.0, plane=PLAIN)
    model = band_model(picture, picture.bands[0])
    track = picture.track
    at = int(np.argmin(np.abs(track.time_s - 0.5)))
    line = float((track.time_s[at] - model.first_time_s) / model.line_time_s)
    columns = np.array([0.0, 9_000.0, 14_349.5, 28_699.0])
    right = (
        model.shape[1] - 1
    ) / 2 - columns  # ahead is down: left in the picture is right of flight
    attitude = rates(track, at)
    r, v = track.r_itrf_m[at], track.v_itrf_m_s[at]
    pixel = ground_pixel(r, v, attitude, IFOV, IFOV, column_px=right, alt_m=float(alt))
    lat, lon = model.locate(line, columns, float(alt))
    miss = geodetic_to_itrf_m(lat, lon, alt) - geodetic_to_itrf_m(pixel.lat_rad, pixel.lon_rad, alt)
    assert np.linalg.norm(miss, axis=-1).max() < 1e-3 * pixel.gsd_mean_m.min()
    sides = geodetic_to_itrf_m(
        *model.locate(line, columns + np.array([[0.5], [-0.5]]), float(alt)), alt
    )
    assert_allclose(
        np.linalg.norm(sides[0] - sides[1], axis=-1), pixel.gsd_across_track_m, rtol=1e-6
    )


@pytest.mark.parametrize(("roll", "pitch"), [(0, 0), (25, -20), (-30, 30)])
@pytest.mark.parametrize("azimuth_deg", [None, 90.0, 300.0])
def test_the_picture_keeps_step_with_the_lines(orbit, roll, pitch, azimuth_deg):
    """`image_motion` of attitude and rates: one row a line on the boresight, and no drift, all along."""
    azimuth = None if azimuth_deg is None else azimuth_deg * deg
    picture = strip(orbit, roll, pitch, duration_s=4.0, scan_azimuth_rad=azimuth)
    track = picture.track
    for at in np.flatnonzero(np.abs(track.time_s) <= 2.0)[::8]:
        motion = image_motion(
            track.r_itrf_m[at], track.v_itrf_m_s[at], rates(track, at), IFOV, IFOV
        )
        # the geometry room's frame leaves out 1.8e-6 rad/s, some pixels in 10,000
        assert_allclose(motion.line_rate_hz, picture.line_rate_hz, rtol=3e-4)
        assert abs(motion.drift_px_s) < 3e-4 * picture.line_rate_hz


@pytest.mark.parametrize(("roll", "pitch"), [(0, 0), (25, -20)])
def test_smear_is_that_of_image_motion(orbit, roll, pitch):
    """Over 20 stages, at the ends of the line of detectors and in its middle, to 0.003 pixels."""
    picture = strip(orbit, roll, pitch, duration_s=2.0, plane=PLAIN)
    (model,) = models(picture)["sharpest"]
    track = picture.track
    at = int(np.argmin(np.abs(track.time_s - 0.5)))
    line = float((track.time_s[at] - model.first_time_s) / model.line_time_s)
    columns = np.array([0.0, 14_349.5, 28_699.0])
    right = (model.shape[1] - 1) / 2 - columns
    motion = image_motion(
        track.r_itrf_m[at], track.v_itrf_m_s[at], rates(track, at), IFOV, IFOV, column_px=right
    )
    along, across = motion.smear_px(picture.line_rate_hz, 20 / picture.line_rate_hz)
    ours = model.tdi_smear_px(line, columns, 0.0, 20)
    assert_allclose(ours[0], along, atol=0.003)
    assert_allclose(ours[1], -across, atol=0.006)
    assert_allclose([ours[0][1], ours[1][1]], 0.0, atol=1e-4)
    assert np.hypot(*ours).max() > (0.01 if roll else 1e-4)


def test_lines_lie_one_sample_distance_apart(orbit):
    picture = strip(orbit, 30, 25, duration_s=8.0, plane=PLAIN)
    model = band_model(picture, picture.bands[0])
    middle = (model.shape[1] - 1) / 2
    lines = np.linspace(0, model.shape[0] - 2, 9)
    here, there = (
        geodetic_to_itrf_m(*model.locate(lines + n, middle, 0.0), 0.0) for n in (0.0, 1.0)
    )
    r, sight = model.rays(lines, middle)
    step = there - here
    across = np.linalg.norm(np.cross(step, sight), axis=1)
    assert_allclose(across / np.linalg.norm(here - r, axis=1), IFOV, rtol=1e-5)


def test_the_aim_is_in_the_middle_and_the_strip_runs_where_it_should(orbit):
    aim = seen_at(orbit, 15 * deg, 5 * deg, 800.0)
    for azimuth in (0.3, 2.0, 5.5):
        picture = acquire(orbit, SENSOR, aim, EPOCH, size=(4000, 3000), scan_azimuth_rad=azimuth)
        model = band_model(picture, picture.bands[0])
        lat, lon = model.locate([0.0, 1999.5, 3999.0], 1499.5, aim.alt_m)
        assert_allclose([lat[1], lon[1]], [aim.lat_rad, aim.lon_rad], atol=1e-12)
        east, north = (lon[2] - lon[0]) * math.cos(aim.lat_rad), lat[2] - lat[0]
        assert_allclose(math.atan2(east, north) % (2 * np.pi), azimuth, atol=0.005)


def test_nothing_is_mirrored(orbit):
    """Down and right in the picture turn clockwise on the map, whatever the scan."""
    for more in ({}, {"scan_azimuth_rad": 1.0}, {"turned": True}):
        picture = strip(orbit, size=(500, 500), **more)
        lat, lon = band_model(picture, picture.bands[0]).locate([0, 400, 0], [0, 0, 400], 0.0)
        down = np.array([(lon[1] - lon[0]) * math.cos(lat[0]), lat[1] - lat[0]])
        right = np.array([(lon[2] - lon[0]) * math.cos(lat[0]), lat[2] - lat[0]])
        assert down[0] * right[1] - down[1] * right[0] > 0


@pytest.mark.parametrize("turned", [False, True])
def test_bands_and_chips_see_the_same_ground(orbit, turned):
    """The same line and column of chips and bands lie within some pixels, however they stand."""
    picture = strip(orbit, size=(4000, 28_000), turned=turned)
    made = models(picture)
    assert [len(chips) for chips in made.values()] == [5] * 5
    whole = band_model(picture, picture.bands[0])
    for name, chips in made.items():
        ratio = picture.focal_plane.band(name).ifov_rad / IFOV
        for chip in chips:
            assert chip.shape[0] == round(4000 / ratio)
            column = chip.first_column + np.array([1.0, chip.shape[1] - 2.0])
            place = chip.locate(chip.shape[0] / 2, column - chip.first_column, 0.0)
            line, at = whole.project(*place, 0.0)
            assert_allclose((line + 0.5) / ratio - 0.5, chip.shape[0] / 2, atol=8 / ratio)
            assert_allclose((at + 0.5) / ratio - 0.5, column, atol=16 / ratio)


def test_chips_look_at_different_times(orbit):
    picture = strip(orbit, size=(1000, 28_700))
    first = [chip.first_time_s * picture.line_rate_hz for chip in models(picture)[picture.bands[0]]]
    assert_allclose(np.diff(first), [512, -512, 512, -512], atol=4.5)


def test_jitter_moves_the_picture_by_as_much(orbit):
    """10 urad about y turn the boresight ahead by 10 urad / ifov lines; about x to the left, so that
    what was there is now further right of it: at a lower column.
    """
    calm = strip(orbit, size=(2000, 2000), plane=PLAIN)
    angle = 10e-6
    for axis, expected in ((0, (0.0, -angle / IFOV)), (1, (-angle / IFOV, 0.0))):
        amplitude = np.zeros((1, 3))
        amplitude[0, axis] = angle
        shaking = Jitter(
            frequency_hz=np.zeros(1), amplitude_rad=amplitude, phase_rad=np.full((1, 3), np.pi / 2)
        )
        shaken = replace(calm, jitter=shaking)
        place = band_model(calm, calm.bands[0]).locate(1000.0, 1000.0, 0.0)
        (whole,) = models(shaken)["sharpest"]
        (still,) = models(shaken, jitter=False)["sharpest"]
        moved = np.array(whole.project(*place, 0.0)) - still.project(*place, 0.0)
        assert_allclose(moved, expected, atol=2e-3)
        assert_allclose(shaking.rms_rad, amplitude[0] / np.sqrt(2))


def test_shaking_is_the_sum_of_its_sines(orbit):
    """Lines of sight between nodes turn as the sines say, to 2e-4 of their size, and positions stay."""
    calm = strip(orbit, size=(4000, 2000), plane=PLAIN)
    shaking = draw_jitter(2, rms_rad=1e-6, low_hz=2.0, high_hz=300.0)
    (still,) = models(calm)["sharpest"]
    (moved,) = models(replace(calm, jitter=shaking))["sharpest"]
    lines = np.linspace(0.0, 3999.0, 997)
    (r, before), (r_moved, after) = (m.rays(lines, 999.5) for m in (still, moved))
    assert_allclose(r_moved, r, atol=2e-8)
    way = 2 * np.pi * np.outer(still.time_s(lines), shaking.frequency_hz)
    turn = np.sum(shaking.amplitude_rad * np.sin(way[..., None] + shaking.phase_rad), axis=1)
    at = np.argmin(np.abs(calm.track.time_s))
    axes = calm.track.rot_itrf_camera[at]
    in_camera = (after - before) @ axes
    assert_allclose(in_camera[:, 0], turn[:, 1], atol=5e-9)  # the boresight z turns to x about y
    assert_allclose(in_camera[:, 1], -turn[:, 0], atol=5e-9)
    assert np.abs(turn).max() > 1.5e-6
    quick = Jitter(
        frequency_hz=np.array([1e6]), amplitude_rad=np.zeros((1, 3)), phase_rad=np.zeros((1, 3))
    )
    with pytest.raises(InputError, match="frequency_hz"):
        models(replace(calm, jitter=quick))


def test_a_frame_is_taken_at_once(orbit):
    sensor = load_camera("skysat-c")
    aim = seen_at(orbit, 10 * deg)
    picture = acquire(orbit, sensor, aim, EPOCH, size=(2000, 3000))
    assert picture.is_frame
    assert picture.duration_s == 0.0
    (model,) = models(picture)[sensor.band.name]
    assert model.shape == (2000, 3000)
    assert_allclose(model.time_s([0, 1999]), 0.0)
    assert np.isnan(model.tdi_smear_px(5.0, 5.0, 0.0, 8)).all()
    assert_allclose(model.locate(999.5, 1499.5, aim.alt_m), [aim.lat_rad, aim.lon_rad], atol=1e-12)
    lines, columns = np.meshgrid([-5.0, 999.5, 2005.0], [-5.0, 1499.5, 3005.0])
    back = model.project(*model.locate(lines, columns, 300.0), 300.0)
    assert_allclose(back, [lines, columns], atol=1e-6)


def test_what_cannot_be_seen_is_nan(orbit):
    picture = strip(orbit, size=(1000, 1000))
    model = band_model(picture, picture.bands[0])
    lat, lon = picture.aim.lat_rad, picture.aim.lon_rad
    assert np.isnan(model.project(-lat, lon + np.pi - 0.01, 0.0)).all()  # the far side
    assert np.isnan(model.project(lat + 20 * deg, lon, 0.0)).all()  # long after the track
    assert np.isnan(model.project(math.nan, lon, 0.0)).all()
    assert np.isnan(model.locate(math.nan, 0.0, 0.0)).all()
    assert np.isnan(model.locate(0.0, -4e7, 0.0)).all()  # past the Earth
    assert model.locate(np.zeros((0, 3)), 1.0, 0.0)[0].shape == (0, 3)


def test_picture_box_of_coarser_bands(orbit):
    picture = strip(orbit, size=(1000, 2000))
    sharp, *coarse = picture.focal_plane.bands
    assert picture_box(picture, sharp) == (1000, 2000, 13_350)
    assert {picture_box(picture, one)[:2] for one in coarse} == {(250, 500)}


def test_focal_plane_has_no_gaps():
    for name in ("pleiades-1", "kompsat-3a", "sentinel-2", "worldview-3"):
        for one in focal_plane(load_camera(name)).bands:
            reached = 0
            for chip in one.chips:
                assert chip.first_column <= reached
                reached = chip.first_column + chip.columns
            assert reached == one.columns


def test_wrong_calls_name_the_field(orbit):
    aim = seen_at(orbit, 0.0)
    for match, more in (
        ("size", {"size": (0, 5)}),
        ("duration_s", {"duration_s": 0.0}),
        ("line_rate_hz", {"line_rate_hz": -1.0}),
        ("band", {"bands": ["ultraviolet"]}),
        ("bands", {"bands": []}),
        ("deg/s", {"scan_azimuth_rad": 0.3, "line_rate_hz": 200_000.0}),
    ):
        with pytest.raises(InputError, match=match):
            acquire(orbit, SENSOR, aim, EPOCH, **more)
    with pytest.raises(InputError, match="sees at"):
        acquire(orbit, SENSOR, replace(aim, lat_rad=-aim.lat_rad), EPOCH)
    with pytest.raises(InputError, match="along_rad"):
        Chip(first_column=0, columns=5, along_rad=3.0)
    with pytest.raises(InputError, match="rows"):
        FocalPlane(bands=PLAIN.bands, rows=0)
    with pytest.raises(InputError, match="chips"):
        BandPlane(band="b", ifov_rad=1e-6, columns=5, chips=())


def test_a_track_has_even_steps(orbit):
    track = strip(orbit).track
    about = {n: getattr(track, n) for n in ("time_s", "r_itrf_m", "v_itrf_m_s", "quaternion")}
    with pytest.raises(InputError, match="even steps"):
        Track(**{**about, "time_s": track.time_s**2})
    with pytest.raises(InputError, match="even steps"):
        Track(**{name: value[:4] for name, value in about.items()})
    with pytest.raises(InputError, match="quaternion"):
        Track(**{**about, "quaternion": track.quaternion[:, :3]})
    flipped = track.quaternion * np.where(np.arange(len(track.time_s)) % 2, -1.0, 1.0)[:, None]
    assert_allclose(Track(**{**about, "quaternion": flipped}).pieces, track.pieces, atol=1e-15)
