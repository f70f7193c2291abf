"""Edges whose picture can be written down, measured by ISO 12233's method."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.errors import InputError
from offnadir.imagery import measure_edge
from offnadir.units import deg

AT = np.array([0.125, 0.25, 0.5])
_erf = np.vectorize(math.erf)


def gaussian_edge(
    sigma_px: float, lean_rad: float, shape: tuple[int, int] = (140, 110), at: float = 54.3
) -> np.ndarray:
    """Samples of an edge from 200 to 1000 that is blurred by a Gaussian; right is bright."""
    row, column = np.mgrid[: shape[0], : shape[1]]
    middle = at + (row - (shape[0] - 1) / 2) * math.tan(lean_rad)
    distance = (column - middle) * math.cos(lean_rad)
    return 200.0 + 400.0 * (1.0 + _erf(distance / (sigma_px * math.sqrt(2))))


@pytest.mark.parametrize("sigma_px", [0.5, 0.8])
@pytest.mark.parametrize("lean_deg", [3.0, 5.0, -8.0])
def test_a_gaussian_edge_has_a_gaussian_mtf(sigma_px, lean_deg):
    """exp(-2 pi^2 sigma^2 f^2); the edge rises by erf(1 / (2 sqrt 2 sigma)) within a pixel."""
    found = measure_edge(gaussian_edge(sigma_px, lean_deg * deg))
    assert_allclose(found.mtf_at(AT), np.exp(-2 * (np.pi * sigma_px * AT) ** 2), atol=0.003)
    assert found.rer == pytest.approx(math.erf(0.5 / (sigma_px * math.sqrt(2))), abs=0.002)
    assert found.angle_rad / deg == pytest.approx(lean_deg, abs=0.02)
    assert found.position_px == pytest.approx(54.3, abs=0.01)
    assert (found.low, found.high) == (pytest.approx(200, abs=0.5), pytest.approx(1000, abs=0.5))


def test_square_pixels_alone_have_the_mtf_of_a_square():
    """A sharp edge, each pixel the mean over its square (64 x 64 points): sinc(f), 0.637 at half a cycle."""
    fine = (np.arange(64) + 0.5) / 64 - 0.5
    row, column = np.arange(120)[:, None], np.arange(100)[None, :]
    share = np.zeros((120, 100))
    for v in fine:
        middle = 50.2 + (row + v - 60) * math.tan(5 * deg)
        share += np.clip(column + 0.5 - middle, 0.0, 1.0) / 64
    found = measure_edge(share)
    assert_allclose(found.mtf_at(AT), np.sinc(AT), atol=0.006)


def test_noise_is_that_of_the_even_sides():
    rng = np.random.default_rng(4)
    picture = gaussian_edge(0.6, 5 * deg, (200, 160), 80.0)
    noise = np.where(picture > 600, 9.0, 4.0)
    found = measure_edge(picture + noise * rng.standard_normal(picture.shape))
    assert found.noise_low == pytest.approx(4.0, rel=0.03)
    assert found.noise_high == pytest.approx(9.0, rel=0.03)


@given(
    gain=st.floats(0.01, 50.0),
    offset=st.floats(-1e3, 1e3),
    turns=st.integers(0, 3),
    mirror=st.booleans(),
)
def test_sharpness_does_not_care_about_contrast_or_how_the_picture_lies(
    gain, offset, turns, mirror
):
    picture = gaussian_edge(0.7, 6 * deg, (80, 90), 44.0)
    plain = measure_edge(picture)
    moved = np.rot90(picture[:, ::-1] if mirror else picture, turns) * gain + offset
    found = measure_edge(moved)
    assert found.across_columns == (turns % 2 == 0)
    assert_allclose(found.mtf_at(AT), plain.mtf_at(AT), atol=0.004)
    assert found.rer == pytest.approx(plain.rer, abs=0.004)
    assert (found.high - found.low) / gain == pytest.approx(plain.high - plain.low, rel=2e-3)


@pytest.mark.parametrize(
    "picture",
    [
        np.ones((50, 50)),
        np.ones((10, 50)),
        np.full((50, 50), np.nan),
        gaussian_edge(0.6, 0.0),
        gaussian_edge(0.6, 5 * deg, at=4.0),
    ],
    ids=["even", "small", "nan", "upright", "at the border"],
)
def test_what_is_no_slanted_edge_is_refused(picture):
    with pytest.raises(InputError, match="image"):
        measure_edge(picture)
