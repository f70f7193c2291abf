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
    Atmosphere,
    budget,
    edge_overshoot,
    giqe5_niirs,
    mtf_design,
    mtf_optics,
    mtf_tdi,
    nyquist_mtf,
    predict,
    predict_looks,
    predict_mode,
    radar_mode,
    rer_from_design,
    rer_from_mtf,
    sensor_rer,
    system_mtf,
)
from offnadir.quality._light import photons_at
from offnadir.quality._mtf import TERMS, mtf_term
from offnadir.quality._signal import electronics
from offnadir.sensors import Band, load_sensor
from offnadir.units import deg, km, nm, um

CAMERA = load_sensor("worldview-2")
BARE = replace(
    CAMERA,
    band=Band(name="narrow", low_m=649 * nm, high_m=651 * nm),
    bands=(),
    optics=replace(CAMERA.optics, wavelength_m=650 * nm),
)


def look(**change):
    wanted = {"range_m": 770 * km, "incidence_rad": 0.0, "sun_elevation_rad": 45 * deg}
    return predict(CAMERA, **{**wanted, **change})


def test_niirs_uses_the_normal_plane_and_one_stretch_only():
    """The equation itself divides by sin(elevation)^(1/4): half of the loss of the mean on the ground."""
    noiseless = replace(CAMERA, snr_reference=10_000.0)
    wanted = {"range_m": 770 * km, "sun_elevation_rad": 45 * deg}
    flat = predict(noiseless, incidence_rad=0.0, **wanted)
    steep = predict(noiseless, incidence_rad=60 * deg, **wanted)
    assert_allclose(steep.gsd_m / flat.gsd_m, np.sqrt(2))
    assert_allclose(flat.niirs - steep.niirs, 3.32 * np.log10(2) / 4, atol=5e-3)


def test_the_stated_ratio_is_met_where_it_is_stated_for():
    """A target of 30 % straight below, the Sun at 45 deg, standard air: signal over noise is the sensor's."""
    told = budget(CAMERA, range_m=770 * km, incidence_rad=0.0, sun_elevation_rad=45 * deg)
    assert_allclose([band.snr for band in told.bands], CAMERA.snr_reference, rtol=1e-9)
    dark = budget(
        CAMERA, range_m=770 * km, incidence_rad=0.0, sun_elevation_rad=45 * deg, reflectance=0.05
    )
    assert all(a.snr < b.snr for a, b in zip(dark.bands, told.bands, strict=True))


def test_contrast_is_what_two_targets_differ_by():
    """15 and 7 % one after the other, each with its haze; the noise is that of the brighter one."""
    sun, chain = np.array(45 * deg), electronics(CAMERA)
    bright, dim = (photons_at(CAMERA.band, Atmosphere(), rho, sun)[1] for rho in (0.15, 0.07))
    expected = (bright - dim) * chain.gain / np.sqrt(bright * chain.gain + chain.floor_e2)
    assert_allclose(look().snr, expected, rtol=1e-9)


def test_haze_costs_contrast():
    seen = [
        float(look(atmosphere=Atmosphere(visibility_m=one * km)).snr) for one in (100, 23, 8, 4)
    ]
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] < 0.6 * seen[0]


def test_electrons_by_hand():
    """1 W/(m2 sr um) over 10 nm at 600 nm, f/10, pixels of 10 um, 1 ms.

    0.01 W/(m2 sr) makes 0.01 * pi / 400 * 1e-10 * 1e-3 = 7.854e-18 J, or 23.72 photons of 3.3107e-19 J; half
    of them pass and half of these count.
    """
    camera = replace(
        BARE,
        snr_reference=None,
        optics=replace(
            BARE.optics, aperture_m=1.0, focal_length_m=10.0, obscuration=0.0, transmission=0.5
        ),
        detector=replace(
            BARE.detector, pitch_m=10 * um, quantum_efficiency=0.5, exposure_s=1e-3, full_well_e=1e9
        ),
    )
    energy_j = 6.62607015e-34 * 299792458.0 / 600e-9
    photon_radiance = 1.0e6 * 10e-9 / energy_j
    assert_allclose(electronics(camera).gain * photon_radiance, 23.72 / 4, rtol=1e-3)


def test_stages_are_as_many_as_a_bright_place_allows():
    tdi = replace(CAMERA.detector, tdi_stages=(8, 16, 32, 64, 128, 1000))
    camera = replace(CAMERA, snr_reference=None, detector=tdi)
    chain = electronics(camera)
    bright = photons_at(camera.band, Atmosphere(), 0.6, np.array(45 * deg))[1]
    assert chain.stages in (8, 16, 32, 64, 128)
    assert bright * chain.gain <= chain.full_well_e
    assert not chain.stated


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
        BARE,
        optics=replace(BARE.optics, wfe_rms_waves=0.0, obscuration=0.0),
        detector=replace(BARE.detector, jitter_px=0.1, diffusion_px=0.0),
    )
    nu = 0.5 * 650e-9 * 13.3 / 1.1 / 8e-6
    expected = mtf_optics(nu) * 2 / np.pi * np.exp(-(np.pi**2) / 200)
    expected *= mtf_term(bare, "turbulence", 0.5)
    assert_allclose(nyquist_mtf(bare), expected, rtol=1e-5)
    parts = np.prod([mtf_term(CAMERA, term, 0.5) for term in TERMS])
    assert_allclose(system_mtf(CAMERA, 0.5, along=True), parts, rtol=1e-12)


def test_charge_in_steps_is_a_picture_added_up_in_places():
    """The definition: a gliding point seen by each of stages * phases exposures, their mean's spectrum."""
    stages, phases, ratio = 8, 4, 1.03
    step = np.arange(stages * phases)
    inside = (np.arange(2000) + 0.5) / 2000  # within one step
    # Picture moves by 1/phases/ratio pixel a step, charge by 1/phases; where the point lies on the charge:
    at = (step[:, None] + inside) / (phases * ratio) - step[:, None] / phases
    for f in (0.1, 0.25, 0.5, 0.9):
        expected = abs(np.mean(np.exp(-2j * np.pi * f * at)))
        assert_allclose(mtf_tdi(f, stages, phases, ratio), expected, atol=1e-6)
    assert_allclose(mtf_tdi(0.5, 64, 4), np.sinc(0.125))


def test_height_of_an_edge():
    """A Gaussian blur of s pixels never overshoots: its edge at 1.25 pixels is Phi(1.25 / s)."""
    from statistics import NormalDist

    f = np.linspace(0, 5, 20_001)
    for sigma in (0.5, 0.9):
        blur = np.exp(-2 * (np.pi * sigma * f) ** 2)
        assert_allclose(edge_overshoot(f, blur), NormalDist().cdf(1.25 / sigma), atol=1e-6)
    sharpened = np.exp(-2 * (np.pi * 0.5 * f) ** 2) * (1 + 2 * np.minimum(f, 1) ** 2)
    assert edge_overshoot(f, sharpened) > 1.0


def test_more_smear_in_a_look_than_the_sensor_has():
    own = look()
    assert_allclose(look(smear_px=CAMERA.detector.smear_px).niirs, own.niirs, atol=2e-3)
    worse = look(smear_px=np.array([1.0, 3.0, -1.0, np.nan]))
    assert worse.niirs[1] < worse.niirs[0] < own.niirs
    assert np.all(np.isnan(worse.niirs[2:]))


def test_the_budget_is_of_the_same_numbers():
    told = budget(
        CAMERA,
        range_m=826 * km,
        incidence_rad=22.5 * deg,
        sun_elevation_rad=30 * deg,
        altitude_m=770 * km,
    )
    seen = predict(CAMERA, range_m=826 * km, incidence_rad=22.5 * deg, sun_elevation_rad=30 * deg)
    assert told.quality.niirs == seen.niirs
    losses = dict(told.losses)
    assert set(losses) == {*TERMS, "noise", "haze", "slant"}
    assert list(losses.values()) == sorted(losses.values(), reverse=True)
    assert all(loss >= -1e-9 for loss in losses.values())
    assert losses["slant"] == pytest.approx(
        3.32 * np.log10(826 / 770) + 3.32 / 4 * np.log10(1 / np.cos(22.5 * deg)), abs=0.05
    )


def test_at_night_the_budget_says_so():
    told = budget(CAMERA, range_m=770 * km, incidence_rad=0.0, sun_elevation_rad=-5 * deg)
    assert np.isnan(told.quality.niirs)
    assert "Sun" in told.cautions[0]
    assert told.bands[0].signal_e == 0


def test_a_radar_looks_in_the_finest_mode_that_can():
    radar = load_sensor("terrasar-x")
    for incidence in np.array([22, 30, 44, 52]) * deg:
        mode = radar_mode(radar, incidence)
        assert mode.min_incidence_rad <= incidence <= mode.max_incidence_rad
        assert_allclose(
            predict_looks(radar, incidence).resolution_m, predict_mode(mode, incidence).resolution_m
        )
    assert np.isnan(predict_looks(radar, np.array([2 * deg, np.nan])).resolution_m).all()


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


def test_light_on_the_highest_ground_lies_between_tables():
    """8848 m and below the sea: as at 8 and 9 km and at 0, and no jump where heights are cut."""
    heights = (-500.0, -430.0, 0.0, 7900.0, 8000.0, 8100.0, 8848.0, 9000.0, 50_000.0)
    seen = {h: float(look(ground_alt_m=h).snr) for h in heights}
    assert seen[8000.0] < seen[8848.0] < seen[9000.0] == seen[50_000.0]
    assert seen[-500.0] < seen[-430.0] < seen[0.0]
    assert seen[8100.0] - seen[8000.0] == pytest.approx(seen[8000.0] - seen[7900.0], rel=0.3)
