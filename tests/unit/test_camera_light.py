"""Optics in the focal plane, light, detectors and clouds, each alone."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from offnadir.errors import InputError
from offnadir.imagery._cloud_layer import CloudLayer, opacity
from offnadir.imagery._noise import (
    DEAD,
    GOOD,
    HOT,
    Detectors,
    Digitiser,
    Flaws,
    counts,
    detectors,
    digitiser,
    generator,
    known,
)
from offnadir.imagery._optics import Exposure, band_sensor, otf, oversampling
from offnadir.imagery._radiance import band_light, direct_share, watts
from offnadir.quality import Atmosphere, budget, mtf_smear, system_mtf
from offnadir.quality._signal import electronics
from offnadir.sensors import load_camera
from offnadir.units import deg, km


@pytest.mark.parametrize("name", ["worldview-3", "pleiades-1", "sentinel-2"])
def test_transfer_function_is_that_of_quality_along_and_across(name):
    sensor, f = load_camera(name), np.linspace(-1.5, 1.5, 61)
    assert_allclose(otf(sensor, f, 0.0), system_mtf(sensor, f, along=True), atol=3e-6)
    assert_allclose(otf(sensor, 0.0, f), system_mtf(sensor, f, along=False), atol=3e-6)
    moved = otf(sensor, f, 0.0, smear_px=(0.7, 0.0))
    assert_allclose(moved, system_mtf(sensor, f, along=True) * mtf_smear(f, 0.7), atol=3e-6)


@pytest.mark.parametrize("samples", [2, 3, 4])
def test_a_wave_comes_through_as_its_transfer_function_says(samples):
    """0.20 cycles a line down, 0.10 a column across; no phase is lost, whatever the samples a pixel."""
    sensor, (lines, columns), (down, across) = load_camera("worldview-3"), (100, 90), (0.2, 0.1)
    y, x = ((np.arange(side * samples) + 0.5) / samples - 0.5 for side in (lines, columns))
    squares = np.sinc(down / samples) * np.sinc(across / samples)
    wave = 1 + 0.5 * squares * np.cos(2 * np.pi * (down * y[:, None] + across * x) + 0.3)
    found = Exposure(sensor=sensor, samples=samples).expose(wave.astype(np.float32))
    phase = 2 * np.pi * (down * np.arange(lines)[:, None] + across * np.arange(columns)) + 0.3
    wanted = 1 + 0.5 * float(otf(sensor, down, across)) * np.cos(phase)
    assert_allclose(found, wanted, atol=2e-6)


def test_a_wave_too_fine_for_the_pixels_folds_as_in_the_real_camera():
    """0.7 cycles a column look like 0.3, with the contrast that the camera has at 0.7."""
    sensor, columns = load_camera("worldview-3"), 100
    x = (np.arange(columns * 3) + 0.5) / 3 - 0.5
    wave = 1 + 0.5 * np.sinc(0.7 / 3) * np.cos(2 * np.pi * 0.7 * x)
    found = Exposure(sensor=sensor, samples=3).expose(np.tile(wave, (60, 1)).astype(np.float32))
    amplitude = np.abs(np.fft.rfft(found[10]))[30] / columns * 2
    assert amplitude == pytest.approx(0.5 * float(otf(sensor, 0.0, 0.7)), abs=1e-5)


def test_a_band_of_wide_pixels_and_longer_light():
    """WorldView-3, near infrared 1 (770-895 nm), pixels four times as wide: Q = 1.13 * 832 / 625 / 4."""
    sensor = load_camera("worldview-3")
    band = next(one for one in sensor.bands if one.name == "nir1")
    one = band_sensor(sensor, band)
    middle = (band.low_m + band.high_m) / 2
    assert one.q == pytest.approx(sensor.q * middle / sensor.optics.wavelength_m / 4, rel=1e-12)
    assert one.detector.jitter_px == pytest.approx(sensor.detector.jitter_px / 4)
    assert one.detector.smear_px == sensor.detector.smear_px
    path = one.optics.wfe_rms_waves * one.optics.wavelength_m
    assert path == pytest.approx(sensor.optics.wfe_rms_waves * sensor.optics.wavelength_m)
    assert band_sensor(sensor, sensor.band) is sensor
    assert (oversampling(sensor), oversampling(one)) == (2, 3)


def test_light_is_that_of_the_budget():
    """The budget's electrons, haze and radiance of 30 % reflectance, which `quality` worked out."""
    sensor, air = load_camera("worldview-3"), Atmosphere(visibility_m=15 * km)
    sun, incidence, azimuth = 40 * deg, 25 * deg, 60 * deg
    told = budget(
        sensor, range_m=700 * km, incidence_rad=incidence, sun_elevation_rad=sun,
        relative_azimuth_rad=azimuth, reflectance=0.3, atmosphere=air,
    ).bands[0]  # fmt: skip
    light = band_light(
        sensor, sensor.band, air, sun_elevation_rad=sun, incidence_rad=incidence,
        relative_azimuth_rad=azimuth, ground_alt_m=0.0, sun_factor=1.0,
    )  # fmt: skip
    assert float(light.own) * 0.3 == pytest.approx(told.signal_e, rel=1e-9)
    assert float(light.haze) == pytest.approx(told.haze_e, rel=1e-9)
    meant = watts(sensor, sensor.band).radiance_per_electron * (told.signal_e + told.haze_e)
    assert meant == pytest.approx(told.radiance_w_m2_sr_m * 1e-6, rel=1e-9)
    with pytest.raises(InputError, match="sun_elevation_rad"):
        band_light(
            sensor, sensor.band, air, sun_elevation_rad=-0.1, incidence_rad=0.0,
            relative_azimuth_rad=0.0, ground_alt_m=0.0, sun_factor=1.0,
        )  # fmt: skip


def test_the_sky_gives_more_of_the_light_in_haze_in_blue_and_under_a_low_sun():
    sensor = load_camera("worldview-3")
    bands = {one.name: one for one in sensor.bands}
    clear, hazy = Atmosphere(aod_550=0.0), Atmosphere(visibility_m=5 * km)
    share = {
        key: direct_share(bands[key[0]], key[1], key[2] * deg)
        for key in (("blue", clear, 60), ("red", clear, 60), ("red", hazy, 60), ("red", hazy, 15))
    }
    in_order = list(share.values())
    # clean air over red light: Rayleigh's depth of 0.044 at 660 nm, half of which comes down all the same
    assert 0.95 < share["red", clear, 60] < 0.985
    assert in_order[0] < in_order[1] > in_order[2] > in_order[3] > 0.0


def plain(columns: int) -> Detectors:
    one = np.ones((1, columns), np.float32)
    return Detectors(
        gain=one, dark_e=0 * one, zero_e=0 * one, state=np.zeros((1, columns), np.uint8)
    )


def test_counts_without_any_luck():
    """4882 electrons at 48.828125 a count are 99.98 counts, on a zero level of 7."""
    how = Digitiser(
        step_e=48.828125,
        bias_counts=7.0,
        bits=11,
        full_well_e=100_000.0,
        read_noise_e=0.0,
        dark_e=0.0,
    )

    class Even:
        def standard_normal(self, shape, dtype=None):
            return np.zeros(shape, np.float32)

    values = np.array([[0.0, 24.0, 25.0, 4882.0, 99_000.0, 2e6]], np.float32)
    found = counts(values, (0, 0), plain(6), how, Even())
    assert_array_equal(found, [[7, 7, 8, 107, 2035, 2047]])


@pytest.mark.parametrize("electrons", [0.0, 5.0, 60.0, 400.0, 20_000.0])
def test_noise_is_that_of_quality(electrons):
    """Mean and spread of 400,000 pixels, few photons and many; the mean is known to 1/600 of the spread."""
    sensor = load_camera("worldview-3")
    chain, how = electronics(sensor), digitiser(sensor, sensor.band)
    made = detectors(sensor, sensor.band, 0, (1, 400), Flaws.none())
    light = np.full((1000, 400), electrons, np.float32)
    found = counts(light, (0, 0), made, how, generator(1, electrons)).astype(float)
    spread = float(chain.noise_e(np.array(electrons)))
    assert found.std() * how.step_e == pytest.approx(spread, rel=0.006)
    mean = (found.mean() - how.bias_counts) * how.step_e
    assert mean == pytest.approx(electrons + chain.dark_e2, abs=5 * spread / 600)


def test_detectors_are_the_camera_s_own_and_known_nearly():
    sensor = load_camera("worldview-3")
    flaws = Flaws(bad_share=0.01)
    one, again = (detectors(sensor, sensor.band, 0, (1, 20_000), flaws) for _ in range(2))
    assert_array_equal(one.gain, again.gain)
    assert not np.array_equal(detectors(sensor, sensor.band, 1, (1, 20_000), flaws).gain, one.gain)
    assert {int(s) for s in np.unique(one.state)} == {GOOD, DEAD, HOT}
    assert (one.state != GOOD).mean() == pytest.approx(0.01, rel=0.3)
    assert np.all(one.gain[one.state == DEAD] == 0)
    how = digitiser(sensor, sensor.band)
    dark, gain = known(one, how, flaws, generator(3))
    good = one.state == GOOD
    assert_array_equal(np.isnan(gain), ~good)
    assert np.std(gain[good] / one.gain[good] - 1) == pytest.approx(flaws.gain_error_rms, rel=0.05)
    off = dark - how.bias_counts - (one.dark_e + one.zero_e) / how.step_e
    noise = math.sqrt(how.read_noise_e**2 + how.dark_e + how.step_e**2 / 12) / how.step_e
    assert np.std(off[good]) == pytest.approx(noise / math.sqrt(flaws.dark_lines), rel=0.05)


def test_a_frame_has_detectors_of_its_own_everywhere():
    sensor = load_camera("skysat-c")
    made = detectors(sensor, sensor.band, 0, (300, 400), Flaws())
    assert made.gain.shape == (300, 400)
    assert made.dark_e.shape == (1, 400)
    light = np.full((8, 400), 5000.0, np.float32)
    found = counts(light, (290, 0), made, digitiser(sensor, sensor.band), generator(1))
    expected = made.gain[[290, 298, 299, 297]]
    assert found.shape == (8, 400)
    assert np.corrcoef(found[0] - found[7].astype(float), expected[0] - expected[3])[0, 1] > 0.2


def test_clouds_cover_their_share_and_are_the_same_for_all():
    layer = CloudLayer(share=0.3, seed=5, lat_rad=0.6, lon_rad=2.0)
    at = np.linspace(-15 * km, 15 * km, 300) / 6.37e6
    lat, lon = 0.6 + at[:, None], 2.0 + at[None, :] / math.cos(0.6)
    depth = layer.depth(lat, lon)
    covered = opacity(depth)
    assert (depth > 0).mean() == pytest.approx(0.3, abs=0.06)
    assert (covered.min(), covered.max()) == (0.0, 1.0)
    assert_allclose(layer.depth(lat[10:20], lon[:, 5:9]), depth[10:20, 5:9], atol=1e-9)
    assert np.all(opacity(replace(layer, share=0.0).depth(lat, lon)) == 0)
    assert np.all(opacity(replace(layer, share=1.0).depth(lat, lon)) == 1)
    assert not np.allclose(replace(layer, seed=6).depth(lat, lon), depth)
    # without its two finest octaves a cloud is the same cloud
    assert np.abs(layer.depth(lat, lon, 30.0) - depth).max() < 0.6**7 + 0.6**8
