"""Counts to light: hand-solved."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.errors import InputError
from offnadir.imagery._calibrate import Calibration, to_light, whole_numbers
from offnadir.imagery._repair_kernels import repair


def calibration(bad=(), columns=8):
    dead = np.zeros((1, columns), bool)
    dead[0, list(bad)] = True
    return Calibration(
        dark=np.full((1, columns), 10.0, np.float32), slope=np.full((1, columns), 0.5, np.float32),
        bad=dead, highest=4095,
    )  # fmt: skip


def test_counts_less_dark_times_slope():
    counts = np.array([[110, 210, 10, 4095, 12, 30, 50, 70]], np.uint16)
    light = to_light(counts, calibration(), (0, 1, 0, 8))
    assert_allclose(light[0], [50, 100, 0, 2042.5, 1, 10, 20, 30])


def test_a_dead_column_takes_the_cubic_through_its_neighbours():
    """x^3 is what (-1, 4, 4, -1) / 6 gives back exactly."""
    x = np.arange(8.0)
    values = np.tile(x**3 - 4 * x, (3, 1)).astype(np.float32)
    known = values.copy()
    values[:, 4] = 999.0
    repair(values, np.arange(8)[None] == 4)
    assert_allclose(values, known, atol=1e-4)


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ((3, 4), [0, 1, 2, 3, 4, 5, 6, 7]),
        ((0,), [1, 1, 2, 3, 4, 5, 6, 7]),
        ((6, 7), [0, 1, 2, 3, 4, 5, 5, 5]),
    ],
)
def test_wider_gaps_are_straight_and_edges_level(bad, expected):
    values = np.arange(8.0, dtype=np.float32)[None].copy()
    mask = np.zeros((1, 8), bool)
    mask[0, list(bad)] = True
    values[mask] = -50.0
    repair(values, mask)
    assert_allclose(values[0], expected)


def test_a_tile_is_repaired_like_the_whole():
    rng = np.random.default_rng(1)
    counts = rng.integers(20, 4000, (5, 60)).astype(np.uint16)
    how = calibration(bad=(20, 33, 34), columns=60)
    whole = to_light(counts, how, (0, 5, 0, 60))
    part = to_light(counts[2:, 15:45], how, (2, 5, 15, 45))
    assert_allclose(part[:, 4:-4], whole[2:, 19:41])


def test_whole_numbers_keep_zero_for_nothing():
    light = np.array([[-0.1, 0.0, 0.12344, 9.0]], np.float32)
    assert whole_numbers(light, "reflectance").tolist() == [[1, 1, 1234, 65535]]


def test_all_dead_is_refused():
    with pytest.raises(InputError, match="not dead"):
        calibration(bad=range(8))
