"""Rays that come down onto heights, in patches small enough to be solved by hand."""

import numpy as np
from numpy.testing import assert_allclose

WAY = (
    40.0  # columns from where a ray would meet the lowest ground to where it would meet the highest
)


def look(heights, lines=24, columns=192):
    """Light (the column where it was found) and heights met, of rays from the right: row = line + 4."""
    from offnadir.imagery._sampling_kernels import block_ranges, coarse_ranges, look_down

    heights = np.ascontiguousarray(heights, np.float32)
    patch = np.broadcast_to(np.arange(heights.shape[1], dtype=np.float32), heights.shape).copy()
    rows = 4.0 + 12.0 * np.arange(lines // 12 + 1)
    at = 8.0 + 96.0 * np.arange(columns // 96 + 1)
    row, column = np.meshgrid(rows, at, indexing="ij")
    blocks = block_ranges(heights, 8)
    out, met = (np.empty((lines, columns), np.float32) for _ in range(2))
    no_walls = (2.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    look_down(
        patch, heights, 1.0, blocks, 8.0, coarse_ranges(blocks, 8), 64.0, no_walls,
        row, column, row, column + WAY, 12, 96, out, met,
    )  # fmt: skip
    return out, met


def test_a_box_hides_the_ground_behind_it_and_shows_its_near_wall():
    """A box of height 1 on columns 100 to 140, rays that move 40 columns over its height, from the right.

    What would be seen at column c of level ground: the roof from 60 to 100, its wall at a height of
    (140 - c) / 40 from 100 to 140, else ground; ground from 60 to 100 is hidden.
    """
    heights = np.zeros((40, 260))
    heights[:, 100:141] = 1.0
    out, met = look(heights)
    c = 8.0 + np.arange(192)
    wall = (c > 100.5) & (c < 139.5)
    roof = (c > 61) & (c < 99.5)
    ground = (c < 59) | (c > 141)
    for line in (0, 11, 23):
        assert_allclose(met[line][roof], 1.0)
        assert_allclose(out[line][roof], c[roof] + WAY, atol=1e-3)
        # the wall stands between two nodes: half a column
        assert_allclose(met[line][wall], (140.5 - c[wall]) / WAY, atol=0.6 / WAY)
        assert_allclose(met[line][ground], 0.0)
        assert_allclose(out[line][ground], c[ground], atol=1e-3)


def test_gentle_and_steep_hills_are_met_where_lines_of_sight_cross_them():
    """Waves: the first crossing from above of t and h(c + 40 t), by a million steps down."""
    columns = np.arange(260)
    for wave, gentle in ((400.0, True), (90.0, False)):
        shape = 0.5 + 0.5 * np.sin(2 * np.pi * columns / wave)
        assert (np.abs(np.diff(shape)).max() * WAY < 0.5) == gentle
        out, met = look(np.broadcast_to(shape, (40, 260)))
        t = np.linspace(1.0, 0.0, 200_001)
        for k in range(3, 192, 17):
            under = np.interp(8.0 + k + WAY * t, columns, shape) >= t
            first = t[under.argmax()]
            assert_allclose(met[5, k] * WAY, first * WAY, atol=0.05)
            assert_allclose(out[5, k], 8.0 + k + WAY * first, atol=0.05)
