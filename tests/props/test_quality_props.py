"""What must hold for image quality whatever the look."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from offnadir.quality import giqe5_niirs, predict
from offnadir.sensors import Sensor, load_sensor, sensor_names
from offnadir.units import deg, km

cameras = st.sampled_from([s for s in map(load_sensor, sensor_names()) if isinstance(s, Sensor)])
ranges = st.floats(300 * km, 2000 * km)
incidences = st.floats(0, 75 * deg)
suns = st.floats(1 * deg, 90 * deg)


@given(cameras, ranges, incidences, suns, st.floats(1.001, 2.0))
def test_further_away_is_never_sharper(camera, range_m, incidence, sun, factor):
    near = predict(camera, range_m=range_m, incidence_rad=incidence, sun_elevation_rad=sun)
    far = predict(camera, range_m=range_m * factor, incidence_rad=incidence, sun_elevation_rad=sun)
    assert far.gsd_m > near.gsd_m
    assert far.niirs < near.niirs


@given(cameras, ranges, st.floats(0, 70 * deg), suns, st.floats(0.1 * deg, 10 * deg))
def test_a_lower_look_is_never_sharper(camera, range_m, incidence, sun, more):
    steep = predict(camera, range_m=range_m, incidence_rad=incidence, sun_elevation_rad=sun)
    low = predict(camera, range_m=range_m, incidence_rad=incidence + more, sun_elevation_rad=sun)
    assert low.gsd_across_m > steep.gsd_across_m
    assert low.niirs < steep.niirs


@given(cameras, st.lists(st.tuples(ranges, incidences, suns), min_size=1, max_size=9))
def test_many_looks_equal_one_by_one_in_any_order(camera, looks):
    range_m, incidence, sun = np.array(looks).T
    together = predict(camera, range_m=range_m, incidence_rad=incidence, sun_elevation_rad=sun)
    for i, (r, a, s) in enumerate(looks):
        alone = predict(camera, range_m=r, incidence_rad=a, sun_elevation_rad=s)
        assert np.isclose(alone.niirs, together.niirs[i], rtol=1e-12)
        assert np.isclose(alone.gsd_m, together.gsd_m[i], rtol=1e-12)


@given(cameras, ranges, incidences, st.floats(-90 * deg, 0))
def test_no_picture_at_night(camera, range_m, incidence, sun):
    dark = predict(camera, range_m=range_m, incidence_rad=incidence, sun_elevation_rad=sun)
    assert np.isnan(dark.niirs)
    assert dark.snr == 0


@given(st.floats(0.05, 30), st.floats(0.1, 0.9), st.floats(2, 500))
def test_halving_the_sample_distance_is_worth_a_level(gsd_m, rer, snr):
    """The scale's own rule: 3.32 log10(2) = 1."""
    gain = giqe5_niirs(gsd_m / 2, rer, snr) - giqe5_niirs(gsd_m, rer, snr)
    assert abs(gain - 1) < 1e-3
