"""Radar quality: geometry, looks, and what lies outside."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.errors import InputError
from offnadir.quality import nesz_needed, predict_radar
from offnadir.quality._radar import _KNEE_BIT_M2, rniirs_of
from offnadir.units import deg

DESIGN = {"slant_resolution_m": 0.5, "azimuth_resolution_m": 0.25, "incidence_rad": 35 * deg}


def look(**change):
    return predict_radar(**{**DESIGN, "nesz": 10**-1.8, **change})


def test_resolutions_on_the_ground():
    seen = look(incidence_rad=30 * deg, looks=4)
    assert_allclose(seen.ground_range_resolution_m, 1.0)
    assert_allclose(seen.azimuth_resolution_m, 1.0)
    assert_allclose(seen.resolution_m, 1.0)
    assert_allclose(look(incidence_rad=90 * deg - 1e-6).ground_range_resolution_m, 0.5, rtol=1e-9)


def test_bandwidth_stands_for_the_slant_resolution():
    """300 MHz unweighted: 0.886 * c / 2 B = 0.443 m."""
    seen = look(slant_resolution_m=None, bandwidth_hz=300e6)
    assert_allclose(seen.slant_resolution_m, 0.4427, atol=1e-4)
    assert_allclose(seen.rniirs, look(slant_resolution_m=seen.slant_resolution_m).rniirs)


def test_a_weighted_spectrum_is_wider_than_its_resolution_says():
    """A bandwidth carries what it carries: weighting makes the range resolution coarser, not the data."""
    plain = look(slant_resolution_m=None, bandwidth_hz=300e6, azimuth_resolution_m=0.886)
    hamming = look(
        slant_resolution_m=None, bandwidth_hz=300e6, azimuth_resolution_m=1.303, broadening=1.303
    )
    assert hamming.resolution_m > plain.resolution_m
    assert_allclose(hamming.rniirs, plain.rniirs, atol=1e-9)


def test_two_looks_of_half_the_aperture_are_rated_as_one_of_them():
    assert_allclose(look(looks=2).rniirs, look(azimuth_resolution_m=0.5).rniirs)
    assert_allclose(look().rniirs - look(looks=2).rniirs, 0.4357)


def test_a_facet_towards_the_radar_is_met_more_steeply():
    leaning, level = look(slope_rad=10 * deg), look(incidence_rad=25 * deg)
    for name in ("ground_range_resolution_m", "clutter_to_noise", "rniirs"):
        assert_allclose(getattr(leaning, name), getattr(level, name))


def test_layover_shadow_and_nonsense_are_nan_and_the_others_do_not_suffer():
    seen = look(incidence_rad=np.array([35, 0, -5, 90, 120, np.nan]) * deg)
    for name in (
        "ground_range_resolution_m",
        "resolution_m",
        "information_density_bit_m2",
        "rniirs",
    ):
        assert list(np.isfinite(getattr(seen, name))) == [True] + 5 * [False], name
    assert np.isnan(look(slope_rad=35 * deg).rniirs)
    for field in ("slant_resolution_m", "azimuth_resolution_m", "nesz", "broadening"):
        assert list(np.isnan(look(**{field: [0.3, 0.0, -1.0, np.nan]}).rniirs)) == [
            False, True, True, True,
        ], field  # fmt: skip
    assert np.isnan(look(looks=0.5).rniirs)


def test_arguments_broadcast_to_one_shape():
    seen = look(incidence_rad=np.array([[20], [40]]) * deg, nesz=[0.01, 0.02, 0.03])
    for name in type(seen).__slots__:
        assert getattr(seen, name).shape == (2, 3), name
    assert_allclose(seen.rniirs[1, 2], look(incidence_rad=40 * deg, nesz=0.03).rniirs)


def test_the_scene_enters_clutter_over_noise_alone():
    bright = look(sigma_zero=1.0)
    assert_allclose(bright.clutter_to_noise, 10**1.8)
    assert bright.rniirs == look().rniirs
    assert look(reference_sigma_zero=0.25).rniirs < bright.rniirs


def test_rniirs_is_smooth_at_its_knee_and_never_below_zero():
    step = 1e-6
    low, high = rniirs_of(_KNEE_BIT_M2 * np.array([1 - step, 1 + step]))
    assert_allclose(high - low, 2 * step * 0.4357 / np.log(2), rtol=1e-4)
    assert rniirs_of(0.0) == 0.0
    assert np.isnan(rniirs_of(np.nan))


def test_noise_needed_is_the_inverse():
    noise = np.geomspace(1e-4, 1e3, 50)
    assert_allclose(nesz_needed(look(nesz=noise).rniirs, **DESIGN), noise, rtol=1e-9)
    for change in ({"looks": 3}, {"slope_rad": 5 * deg}, {"broadening": 1.2}):
        level = look(nesz=0.02, **change).rniirs
        assert_allclose(nesz_needed(level, **{**DESIGN, **change}), 0.02)


def test_noise_needed_at_the_ends():
    assert list(nesz_needed([-1.0, 0.0, 30.0], **DESIGN)) == [np.inf, np.inf, 0.0]
    assert np.isnan(nesz_needed(np.nan, **DESIGN))
    assert np.isnan(nesz_needed(5.0, **{**DESIGN, "incidence_rad": 0.0}))


def test_range_resolution_is_given_once():
    with pytest.raises(InputError, match="bandwidth_hz"):
        look(bandwidth_hz=300e6)
    with pytest.raises(InputError, match="slant_resolution_m"):
        look(slant_resolution_m=None)
