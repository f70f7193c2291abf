"""Prediction of image quality: conventions, light, and what lies outside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.geometry._gsd import (
    gsd_geometric_mean_m,
    incidence_from_off_nadir_rad,
    off_nadir_from_incidence_rad,
    slant_range_m,
)
from offnadir.quality import (
    giqe5_niirs,
    mtf_design,
    mtf_optics,
    nyquist_mtf,
    predict,
    rer_from_design,
    rer_from_mtf,
    sensor_rer,
)
from offnadir.sensors import load_sensor
from offnadir.units import deg, km, um

CAMERA = load_sensor("worldview-2")


def look(**change):
    wanted = {"range_m": 770 * km, "incidence_rad": 0.0, "sun_elevation_rad": 45 * deg}
    return predict(CAMERA, **{**wanted, **change})


def test_niirs_uses_the_normal_plane_and_one_stretch_only():
    """The equation itself divides by sin(elevation)^(1/4): half of the loss of the mean on the ground."""
    flat, steep = look(), look(incidence_rad=60 * deg)
    assert_allclose(steep.gsd_m / flat.gsd_m, np.sqrt(2))
    assert_allclose(flat.niirs - steep.niirs, 3.32 * np.log10(2) / 4, atol=1e-9)


def test_snr_is_contrast_over_photon_noise():
    """N photons from 30 % make an SNR of sqrt(N); 15 % and 7 % differ by 0.08/0.30 N over sqrt(N/2)."""
    assert_allclose(look().snr, 100 * (0.08 / 0.30) / np.sqrt(0.5))
    assert_allclose(
        look(sun_elevation_rad=20 * deg).snr / look().snr, np.sqrt(np.sin(20 * deg) * 2**0.5)
    )
    photons, reflectance = 1e4, np.array([0.30, 0.15, 0.07])
    signal = photons * reflectance / 0.30
    assert_allclose(look().snr, (signal[1] - signal[2]) / np.sqrt(signal[1]))


def test_no_light_no_picture_and_the_others_do_not_suffer():
    seen = look(sun_elevation_rad=np.array([30, 0, -5, np.nan]) * deg)
    assert list(np.isfinite(seen.niirs)) == [True, False, False, False]
    assert list(seen.snr[1:3]) == [0, 0]
    assert np.all(np.isfinite(seen.gsd_m))


def test_a_look_along_the_horizon_or_from_below_is_nan():
    seen = look(incidence_rad=np.array([89.0, 90.1, 120.0, np.nan]) * deg)
    assert list(np.isfinite(seen.niirs)) == [True, False, False, False]
    assert list(np.isfinite(seen.gsd_across_m)) == [True, False, False, False]
    assert np.isnan(giqe5_niirs(1.0, 0.4, 40, -1 * deg))


def test_shapes_broadcast():
    seen = look(range_m=np.full((2, 3), 800 * km), incidence_rad=np.array([0.1, 0.2, 0.3]))
    assert seen.niirs.shape == seen.snr.shape == seen.gsd_m.shape == (2, 3)


def test_a_finer_pitch_is_never_worse_up_to_q_of_2():
    """Beyond, GIQE 5 leaves what it was tried on, and its term in RER^4 would turn the order round."""
    level = []
    for pitch_um in np.linspace(16, 4, 25):
        camera = replace(CAMERA, detector=replace(CAMERA.detector, pitch_m=pitch_um * um))
        seen = predict(camera, range_m=770 * km, incidence_rad=0.3, sun_elevation_rad=45 * deg)
        level.append(float(seen.niirs))
    assert np.all(np.diff(level) > 0)


def test_a_perfect_camera_rises_as_its_pixel():
    """A pixel alone makes a ramp of its own width, two in a row a blur that rises by 3/4 in that."""
    assert_allclose(rer_from_design(q=0.002), 1.0, atol=5e-3)
    f = np.linspace(0, 400, 400_001)
    assert_allclose(rer_from_mtf(f, np.sinc(f) ** 2), 0.75, atol=1e-3)


def test_edge_response_of_a_gaussian_is_the_error_function():
    """MTF exp(-2 (pi s f)^2) is a blur of s pixels; its edge rises by erf(1 / (2 sqrt(2) s))."""
    from math import erf, sqrt

    f = np.linspace(0, 5, 20_001)
    for sigma in (0.4, 0.7, 1.5):
        blur = np.exp(-2 * (np.pi * sigma * f) ** 2)
        assert_allclose(rer_from_mtf(f, blur), erf(1 / (2 * sqrt(2) * sigma)), atol=1e-6)


@pytest.mark.parametrize("obscuration", [0.0, 0.1, 0.35, 0.8])
def test_the_mtf_of_optics_starts_at_1_and_ends_at_the_cut_off(obscuration):
    nu = np.linspace(0, 1.2, 241)
    mtf = mtf_optics(nu, obscuration)
    assert_allclose(mtf[0], 1.0, atol=1e-12)
    assert_allclose(mtf[nu >= 1], 0.0, atol=1e-12)
    assert np.all(mtf > -1e-12)
    assert_allclose(mtf_optics(0.3, obscuration), mtf_optics(np.array([0.3]), obscuration)[0])


def test_an_obscuration_of_nothing_is_none():
    nu = np.linspace(0, 1, 101)
    assert_allclose(mtf_optics(nu, 1e-6), mtf_optics(nu), atol=1e-5)


def test_smear_and_clocking_blur_along_the_scan_only():
    detector = replace(CAMERA.detector, smear_px=2.0)
    along, across = sensor_rer(replace(CAMERA, detector=detector))
    assert across == sensor_rer(CAMERA)[1]
    assert along < 0.8 * across


def test_nyquist_is_the_product_of_its_terms():
    """Half a cycle per pixel: pixel 2/pi, jitter of 0.1 pixel exp(-pi^2 / 200)."""
    bare = replace(
        CAMERA,
        optics=replace(CAMERA.optics, wfe_rms_waves=0.0, obscuration=0.0),
        detector=replace(CAMERA.detector, jitter_px=0.1),
    )
    nu = 0.5 * 650e-9 * 13.3 / 1.1 / 8e-6
    expected = mtf_optics(nu) * 2 / np.pi * np.exp(-(np.pi**2) / 200)
    assert_allclose(nyquist_mtf(bare), expected, rtol=1e-12)


def test_every_blur_lowers_the_edge():
    f = np.linspace(0, 1, 501)
    clean = rer_from_mtf(f, mtf_design(f, q=1.0))
    for blur in ("obscuration", "wfe_rms_waves", "jitter_px", "smear_px", "tdi_clocking_px"):
        assert rer_from_mtf(f, mtf_design(f, q=1.0, **{blur: 0.3})) < clean, blur


@pytest.mark.parametrize("alt_km", [300, 770, 1500])
def test_angles_on_the_sphere_go_there_and_back(alt_km):
    off = np.linspace(0, 50, 26) * deg
    incidence = incidence_from_off_nadir_rad(off, alt_km * km)
    assert_allclose(off_nadir_from_incidence_rad(incidence, alt_km * km), off, atol=1e-12)
    assert np.all(np.diff(incidence - off) > 0)
    # Law of sines in the triangle of Earth's centre, satellite and place.
    assert_allclose(
        slant_range_m(off[1:], alt_km * km),
        6_371_008.8 * np.sin(incidence - off)[1:] / np.sin(off[1:]),
        rtol=1e-9,
    )
    assert_allclose(slant_range_m(0.0, alt_km * km), alt_km * km)


def test_past_the_limb_there_is_nothing():
    """From 550 km the Earth's rim is 67.0 deg from nadir."""
    for off_deg in (68.0, -68.0, 120.0, 180.0):
        assert np.isnan(incidence_from_off_nadir_rad(off_deg * deg, 550 * km))
        assert np.isnan(slant_range_m(off_deg * deg, 550 * km))
    assert np.isfinite(slant_range_m(66.9 * deg, 550 * km))


def test_the_quoted_sample_distance_is_the_geometric_mean():
    """WorldView-2 at 20 deg: 0.52 m (DigitalGlobe)."""
    off, alt_m = 20 * deg, 770 * km
    incidence = incidence_from_off_nadir_rad(off, alt_m)
    assert_allclose(
        gsd_geometric_mean_m(8 * um, 13.3, slant_range_m(off, alt_m), incidence), 0.52, atol=0.005
    )
