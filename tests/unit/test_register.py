"""Registration: shifts known by construction, and what must not be laid upon each other."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from made_pictures import CORNER, land, product, seen
from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._register import RegistrationError, _robust_affine, phase_shift, register


def texture(side: int, seed: int, shift: tuple[float, float]) -> NDArray[np.float32]:
    """A periodic picture below half of Nyquist, moved exactly: by turning its phases."""
    rng = np.random.default_rng(seed)
    fr, fc = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    radius = np.hypot(fr, fc)
    spectrum = rng.standard_normal(radius.shape) + 1j * rng.standard_normal(radius.shape)
    spectrum *= np.maximum(radius, 1.0 / side) ** -1.0 * np.exp(-((radius / 0.3) ** 4))
    turned = spectrum * np.exp(-2j * np.pi * (fr * shift[0] + fc * shift[1]))
    return np.fft.irfft2(turned, s=(side, side)).astype(np.float32)


@settings(max_examples=20)
@given(
    shift=st.tuples(st.floats(-6.0, 6.0), st.floats(-6.0, 6.0)),
    gain=st.floats(0.2, 5.0),
    seed=st.integers(0, 1000),
)
def test_a_shift_to_a_hundredth_of_a_pixel(
    shift: tuple[float, float], gain: float, seed: int
) -> None:
    """Whatever brightness and contrast: only phases count."""
    a, b = texture(256, seed, (0.0, 0.0)), texture(256, seed, shift)
    found = phase_shift(a[64:192, 64:192], gain * b[64:192, 64:192] + 7.0)
    assert found.is_sure
    assert_allclose([found.row_px, found.column_px], shift, atol=0.03)


def test_shifting_the_other_way_is_the_opposite() -> None:
    a, b = texture(256, 1, (0.0, 0.0)), texture(256, 1, (1.3, -0.4))
    there, back = phase_shift(a, b), phase_shift(b, a)
    assert_allclose([there.row_px, there.column_px], [-back.row_px, -back.column_px], atol=1e-3)


@pytest.mark.parametrize("seed", range(10))
def test_pictures_that_have_nothing_in_common_are_not_sure(seed: int) -> None:
    a, b = texture(128, seed, (0.0, 0.0)), texture(128, seed + 100, (0.0, 0.0))
    assert not phase_shift(a, b).is_sure


def test_a_flat_picture_has_no_shift() -> None:
    flat = np.full((64, 64), 7.0, np.float32)
    found = phase_shift(flat, texture(64, 1, (0.0, 0.0)))
    assert not found.is_sure
    assert (found.row_px, found.column_px) == (0.0, 0.0)


def test_an_affine_survives_a_third_of_wrong_ties() -> None:
    """Solved by hand: d_row = 1 + 0.001 row, d_column = -2 + 0.002 column; a third moved by 5 px."""
    rng = np.random.default_rng(2)
    row, column = rng.uniform(-500.0, 500.0, (2, 60))
    offsets = np.stack([1.0 + 0.001 * row, -2.0 + 0.002 * column], axis=1)
    offsets[:20] += 5.0
    to_row, to_column, kept, rms = _robust_affine(row, column, offsets)
    assert_allclose(to_row, [1.0, 0.001, 0.0], atol=1e-6)
    assert_allclose(to_column, [-2.0, 0.0, 0.002], atol=1e-6)
    assert not kept[:20].any()
    assert kept[20:].all()
    assert rms < 1e-6


def test_two_products_of_one_place(tmp_path: Path) -> None:
    """Shifted, noisy, of other brightness; the second lies 30 m farther on the map's grid."""
    scene = land(420, 3)
    before = product(tmp_path / "a.tif", seen(scene, seed=1)[:, :400, :400])
    moved = seen(scene, (0.7, -1.3), gain=1.3, offset=-20.0, seed=2)[:, 20:420, 20:420]
    after = product(tmp_path / "b.tif", moved, corner=(CORNER[0] + 20.0, CORNER[1] - 20.0))
    found = register(before, after)
    assert_allclose(found.shift_px, (0.7, -1.3), atol=0.02)
    assert found.rms_px < 0.05
    assert_allclose(
        found.offset_px(np.array([10.0]), np.array([390.0])), [[0.7], [-1.3]], atol=0.05
    )
    # on a grid of half the step all offsets are twice as many pixels
    grid = found.grid
    a, b, c, d, e, f = grid.transform
    half = Grid(crs=grid.crs, transform=(a / 2, b, c, d, e / 2, f), shape=(800, 800))
    dr, dc = found.on(half)(np.array([400.0]), np.array([400.0]))
    assert_allclose([dr[0], dc[0]], [1.4, -2.6], atol=0.04)


def test_a_coarser_product_and_a_far_shift(tmp_path: Path) -> None:
    """The second has pixels of 2 m and lies 37 and 22 m off: found from overviews, then to 0.05 px."""
    scene = land(640, 4, 1)
    pixels = seen(scene, (37.0, -22.0), seed=2)
    coarse = pixels.reshape(1, 320, 2, 320, 2).mean(axis=(2, 4))
    before = product(tmp_path / "a.tif", seen(scene, seed=1))
    after = product(tmp_path / "b.tif", coarse.astype(np.float32), step_m=2.0)
    assert_allclose(register(before, after).shift_px, (37.0, -22.0), atol=0.1)


def test_a_small_picture_that_stands_askew(tmp_path: Path) -> None:
    """400 pixels a side: four tiles of 256 tell no affine, smaller ones do. Turned by a degree about its
    first corner, the map's far corner lies 400 sin(1 deg) = 7.0 px off each way.

    And with its corners cut off, as those of a strip in a map are, there are no large tiles without holes.
    """
    import rasterio

    pixels = seen(land(400, 3, 1), seed=1)
    before = product(tmp_path / "a.tif", pixels)
    after = product(tmp_path / "b.tif", seen(land(400, 3, 1), seed=2))
    s, c = np.sin(np.radians(1.0)), np.cos(np.radians(1.0))
    with rasterio.open(after, "r+") as dataset:
        dataset.transform = rasterio.Affine(c, -s, CORNER[0], -s, -c, CORNER[1])
    found = register(before, after)
    at = np.array([399.5])
    expected = (s * 400 + c * 400 - 400, c * 400 - s * 400 - 400)
    assert_allclose(np.ravel(found.offset_px(at, at)), expected, atol=0.1)
    assert found.rms_px < 0.05
    row, column = np.indices((400, 400))
    diamond = np.abs(row - 199.5) + np.abs(column - 199.5) < 240
    cut = np.where(diamond, pixels, np.nan).astype(np.float32)
    found = register(product(tmp_path / "c.tif", cut), before)
    assert_allclose(found.shift_px, 0.0, atol=0.02)
    assert found.kept.sum() >= 6


def test_what_cannot_be_laid_upon_each_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    a = product(tmp_path / "a.tif", rng.normal(size=(1, 300, 300)).astype(np.float32))
    b = product(tmp_path / "b.tif", rng.normal(size=(1, 300, 300)).astype(np.float32))
    with pytest.raises(RegistrationError, match="nothing in common"):
        register(a, b)
    pixels = np.ones((1, 64, 64), np.float32)
    far = product(tmp_path / "far.tif", pixels, corner=(CORNER[0] + 5000.0, CORNER[1]))
    # 36.6 degrees north, 64 m and 5 km from the corner: the message tells both places
    with pytest.raises(InputError, match=r"37\.5.*,126\.96.* and 37\.5.*,127\.01.*overlap"):
        register(a, far)
    with pytest.raises(InputError, match="side_px"):
        register(a, b, side_px=8)
    three = product(tmp_path / "three.tif", np.ones((3, 64, 64), np.float32))
    with pytest.raises(InputError, match="bands"):
        register(a, three)
    import rasterio

    raw = tmp_path / "raw.tif"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(raw, "w", driver="GTiff", height=9, width=9, count=1, dtype="uint8"):
            pass
        with pytest.raises(FileError, match="no map"):
            register(raw, a)
