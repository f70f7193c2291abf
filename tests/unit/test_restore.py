"""MTF compensation: does the filter do what it says?"""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.errors import InputError
from offnadir.imagery._restore import REACH, nyquist_otf, restoration, restore


def test_no_blur_and_no_noise_need_no_filter():
    how = restoration(lambda a, b: np.ones(np.broadcast(a, b).shape), 1e6)
    assert_allclose(how.noise_gain, 1.0, atol=1e-3)
    assert_allclose(how.kernel[REACH, REACH], 1.0, atol=1e-3)


def test_otf_of_a_known_nyquist_value():
    otf = nyquist_otf(0.15)
    assert_allclose([otf(0.5, 0.0), otf(0.0, 0.5), otf(0.0, 0.0)], [0.15, 0.15, 1.0])
    with pytest.raises(InputError, match=r"0\.637"):
        nyquist_otf(0.7)


def test_noise_grows_by_the_gain_and_waves_by_the_response():
    how = restoration(nyquist_otf(0.2), 30.0)
    noise = np.random.default_rng(2).standard_normal((600, 600)).astype(np.float32)
    made = restore(noise, how.kernel)
    assert_allclose(made.std() / noise.std(), how.noise_gain, rtol=0.01)
    wave = np.tile(np.where(np.arange(300) % 2, -1.0, 1.0).astype(np.float32), (300, 1)) + 5.0
    out = restore(wave, how.kernel)[100:200, 100:200] - 5.0
    gain = how.mtf_nyquist[1] / how.mtf_nyquist_before[1]
    assert gain > 1.5
    assert_allclose(np.abs(out), gain, rtol=1e-3)


def test_tiles_with_margins_equal_the_whole():
    rng = np.random.default_rng(3)
    light = rng.uniform(0.05, 0.5, (200, 150)).astype(np.float32)
    how = restoration(nyquist_otf(0.15), 50.0)
    whole = restore(light, how.kernel)
    part = restore(light[50:150, 20:120], how.kernel)
    assert_allclose(part[REACH:-REACH, REACH:-REACH], whole[62:138, 32:108], atol=2e-6)


def test_strength_one_is_the_best_for_the_scene_that_it_assumes():
    """Wiener's filter is the one of least mean square error; others must do worse on such a scene."""
    rng = np.random.default_rng(4)
    n, snr, otf = 512, 20.0, nyquist_otf(0.2)
    f = np.fft.fftfreq(n)
    power = 1.0 / (1.0 / 64.0**2 + f[:, None] ** 2 + f[None, :] ** 2)
    field = np.fft.fft2(rng.standard_normal((n, n))) * np.sqrt(power)
    field[0, 0] = 0.0
    scene = np.fft.ifft2(field).real
    blurred = np.fft.ifft2(field * otf(np.abs(f)[:, None], np.abs(f)[None, :])).real
    taken = blurred + rng.standard_normal((n, n)) * scene.std() / snr

    def error(image):
        return float(np.sqrt(np.mean((image - scene)[40:-40, 40:-40] ** 2)))

    errors = {
        strength: error(
            restore(taken.astype(np.float32), restoration(otf, snr, strength=strength).kernel)
        )
        for strength in (0.1, 0.4, 1.0, 2.5, 10.0)
    }
    assert min(errors, key=errors.get) == 1.0
    assert errors[1.0] < 0.85 * error(taken)


def test_what_is_missing_stays_missing_and_spoils_nothing():
    light = np.full((80, 80), 0.3, np.float32)
    light[30:40, 30:40] = np.nan
    made = restore(light, restoration(nyquist_otf(0.2), 50.0).kernel)
    assert np.isnan(made[30:40, 30:40]).all()
    assert_allclose(made[~np.isnan(light)], 0.3, atol=1e-6)


def test_sharper_edges_cost_noise():
    mild, strong = (restoration(nyquist_otf(0.2), 50.0, strength=s) for s in (0.2, 2.0))
    assert mild.rer_before == strong.rer_before
    assert mild.rer_before[0] < mild.rer[0] < strong.rer[0]
    assert 1.0 < mild.noise_gain < strong.noise_gain
    assert all(
        math.isclose(a, b, rel_tol=1e-6) for a, b in zip(mild.rer, mild.rer[::-1], strict=True)
    )


@pytest.mark.parametrize("snr", [0.0, -1.0, math.nan])
def test_an_snr_must_be_above_zero(snr):
    with pytest.raises(InputError, match="snr"):
        restoration(nyquist_otf(0.2), snr)
