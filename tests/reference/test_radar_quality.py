"""Radar quality against worked values that others published, and against NGA's own code."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.constants import SINC_WIDTH
from offnadir.quality import nesz_needed, predict_radar
from offnadir.quality._radar import rniirs_of
from offnadir.units import deg


@pytest.mark.parametrize(
    ("azimuth_m", "slant_m", "grazing_deg", "nesz_db", "bit_m2"),
    [(0.5, 3.0, 60, -20, 2.22), (0.5, 0.25, 55, -15, 23.07), (5.0, 5.0, 70, -22, 0.10)],
    ids=["stripmap", "spotlight", "scan"],
)
def test_information_of_three_modes(azimuth_m, slant_m, grazing_deg, nesz_db, bit_m2):
    """Harrison, Introduction to SAR Using Python and MATLAB (Artech 2022), example 7.6.6.

    The book takes one over the resolution as the bandwidth, and prints two digits after the point.
    """
    seen = predict_radar(
        azimuth_resolution_m=azimuth_m,
        slant_resolution_m=slant_m,
        incidence_rad=(90 - grazing_deg) * deg,
        nesz=10 ** (nesz_db / 10),
        broadening=1.0,
    )
    assert_allclose(seen.information_density_bit_m2, bit_m2, atol=0.005)


def test_rniirs_of_a_metadata_record():
    """SarPy 2.1.1 run on a record with 600 MHz, 0.25 m in azimuth, 50 deg of slope, -18 dB.

    sarpy.processing.sicd.rgiqe: get_bandwidth_area 9.118465370049151, snr_to_rniirs
    (54.73045568024941, 5.9919502943732335), with ImpRespBW = 2 B / c and 0.886 / 0.25.
    """
    seen = predict_radar(
        bandwidth_hz=600e6,
        azimuth_resolution_m=0.25,
        incidence_rad=40 * deg,  # a broadside slant plane slopes by the grazing angle
        nesz=10**-1.8,
    )
    area = SINC_WIDTH**2 / (seen.ground_range_resolution_m * seen.azimuth_resolution_m)
    assert_allclose(area, 9.118465370049151, rtol=1e-12)
    assert_allclose(seen.information_density_bit_m2, 54.73045568024941, rtol=1e-12)
    assert_allclose(seen.rniirs, 5.9919502943732335, rtol=1e-12)


def test_rniirs_from_information():
    """SarPy 2.1.1, get_rniirs: three above its knee, two below; and snr_to_rniirs of the book's modes."""
    bit_m2 = [1.0, 100.0, 71.24566229516198, 0.001, 0.00015849625007211563]
    wanted = [3.4761, 6.37082814, 6.157715980820269, 0.05831012, 0.009241935170261568]
    assert_allclose(rniirs_of(bit_m2), wanted, atol=5e-9)
    assert_allclose(
        rniirs_of([2.2194038275839314, 23.070656063510686, 0.1001067787096619]),
        [3.977230025086911, 5.448943990630283, 2.029406762961015],
        rtol=1e-12,
    )


def test_a_cross_polarised_picture_is_rated_with_a_weaker_scene():
    """SarPy 2.1.1, snr_to_rniirs(4, 0.25, 0.01): 18.801758872564367 bit/m2, 5.320329097282601."""
    seen = predict_radar(
        slant_resolution_m=0.25,
        azimuth_resolution_m=0.5,
        incidence_rad=30 * deg,
        nesz=0.01,
        broadening=1.0,
        reference_sigma_zero=0.25,
    )
    assert_allclose(seen.information_density_bit_m2, 18.801758872564367, rtol=1e-12)
    assert_allclose(seen.rniirs, 5.320329097282601, rtol=1e-12)


def test_noise_needed_inverts_the_information():
    """SarPy 2.1.1, get_information_density_for_rniirs: 11.2948256, 2.30127416, 0.00514490463 bit/m2."""
    noise = nesz_needed(
        [5.0, 4.0, 0.3],
        slant_resolution_m=0.5,
        azimuth_resolution_m=1.0,
        incidence_rad=30 * deg,
        broadening=1.0,
    )  # one bit/m2 for each doubling
    assert_allclose(np.log2(1 + 1 / noise), [11.2948256, 2.30127416, 0.00514490463], rtol=1e-7)


def test_clutter_of_farmland():
    """Constant gamma at 10 GHz, woods and farmland: -15 dB (Long 2001; Nathanson 1999; MathWorks)."""
    seen = predict_radar(
        slant_resolution_m=1, azimuth_resolution_m=1, incidence_rad=60 * deg, nesz=10**-2.2
    )
    assert_allclose(10 * np.log10(seen.clutter_to_noise), -15 - 3.01 + 22, atol=0.01)
