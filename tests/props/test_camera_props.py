"""What sees a place is what the place is seen from: any camera, scan, distortion and shaking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.imagery import acquire, models
from offnadir.imagery._focal_plane import focal_plane
from offnadir.imagery._jitter import Jitter
from offnadir.sensors import load_camera
from offnadir.units import deg, km
from sample_orbits import EPOCH, circling, seen_at

ORBITS = [circling(7_071 * km, 98.2 * deg, u * deg) for u in (0.0, 80.0, 200.0)]
SENSORS = [load_camera(name) for name in ("pleiades-1", "landsat-8", "skysat-c", "kompsat-3a")]


def sensor_rate_hz(sensor):
    return 1.0 / sensor.line_time_s


@settings(max_examples=60, deadline=None)
@given(
    orbit=st.sampled_from(ORBITS),
    sensor=st.sampled_from(SENSORS),
    roll=st.floats(-30, 30),
    pitch=st.floats(-30, 30),
    azimuth=st.none() | st.floats(0, 360),
    turned=st.booleans(),
    tilt=st.floats(-1e-3, 1e-3),
    k1=st.floats(-2, 2),
    alt=st.floats(-400, 8800),
    seed=st.integers(0, 2**32 - 1),
)
def test_project_undoes_locate(orbit, sensor, roll, pitch, azimuth, turned, tilt, k1, alt, seed):
    """To 1e-4 pixels in the picture and half its size beyond, for each band and chip."""
    rng = np.random.default_rng(seed)
    plane = focal_plane(sensor, k1=k1)
    bands = tuple(
        replace(
            one,
            chips=tuple(replace(chip, tilt_rad=tilt, across_rad=3e-6) for chip in one.chips),
        )
        for one in plane.bands
    )
    shaking = Jitter(
        frequency_hz=np.array([0.001, 0.004, 0.02]) * sensor_rate_hz(sensor),
        amplitude_rad=rng.normal(size=(3, 3)) * 0.2 * bands[0].ifov_rad,
        phase_rad=rng.uniform(0, 6, (3, 3)),
    )
    quick = replace(sensor, agility=replace(sensor.agility, rate_rad_s=1.0))
    picture = acquire(
        orbit, quick, seen_at(orbit, roll * deg, pitch * deg), EPOCH, size=(3000, 100_000),
        scan_azimuth_rad=None if azimuth is None else azimuth * deg, turned=turned,
        plane=replace(plane, bands=bands), jitter=shaking,
    )  # fmt: skip
    for chips in models(picture).values():
        for model in chips:
            beyond = min(0.4 / model.line_time_s, 1500) if model.line_time_s else 1500
            lines = rng.uniform(-beyond, model.shape[0] + beyond, 40)
            columns = rng.uniform(-0.5, 1.5, 40) * model.shape[1]
            lat, lon = model.locate(lines, columns, alt)
            assert np.isfinite(lat).all()
            line, column = model.project(lat, lon, alt)
            assert_allclose(line, lines, atol=1e-4)
            assert_allclose(column, columns, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(alt=st.floats(-400, 8800), seed=st.integers(0, 2**32 - 1))
def test_arrays_are_their_numbers(alt, seed):
    """Broadcast arrays give what single calls give, in any order."""
    orbit, sensor = ORBITS[0], SENSORS[0]
    picture = acquire(orbit, sensor, seen_at(orbit, 0.3), EPOCH, size=(300, 300))
    model = models(picture)[sensor.band.name][0]
    rng = np.random.default_rng(seed)
    lines, columns = rng.uniform(0, 300, (5, 1)), rng.uniform(0, 50, 4)
    lat, lon = model.locate(lines, columns, alt)
    assert lat.shape == (5, 4)
    for i in range(5):
        for j in range(4):
            one = model.locate(lines[i, 0], columns[j], alt)
            assert (float(one[0]), float(one[1])) == (lat[i, j], lon[i, j])
