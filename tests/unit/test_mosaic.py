"""Seams: where do they run, and what becomes of what they join?"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._mosaic import mosaic, union_grid
from offnadir.imagery._mosaic_kernels import share_out
from offnadir.imagery._raster import opened, writing


def grid(left=0, top=0, shape=(80, 100), step=2.0):
    transform = (step, 0.0, 3e5 + left * step, 0.0, -step, 4e6 - top * step)
    return Grid(crs="EPSG:32652", transform=transform, shape=shape)


def write(path, values, where, dtype="uint16"):
    with writing(path, where.shape, 1, dtype, grid=where, nodata=0.0) as out:
        out.write(np.asarray(values, dtype), 1)
    return path


def test_a_seam_runs_where_differences_are_least():
    """Two areas with five columns in common; only the third, and in row 2 the second, costs nothing."""
    label = np.zeros((5, 9), np.int64)
    label[:, :2], label[:, 7:] = 1, 2
    cost = np.full((5, 9), 5.0)
    cost[:, 4] = 0.0
    cost[2, 4], cost[2, 3] = 5.0, 0.0
    share_out(label, cost)
    assert (label[:, :3] == 1).all()
    assert (label[:, 5:] == 2).all()
    # where column 4 costs as much as all others, the border goes beside the free pixel of column 3
    assert label[2, 4] == 2
    assert set(np.unique(label)) == {1, 2}


def test_a_thing_that_moved_is_not_cut(tmp_path):
    """A car in the common part of the first image only: it is there whole, or not at all."""
    rng = np.random.default_rng(7)
    scene = rng.uniform(1000, 1100, (80, 160))
    first, second = scene[:, :100].copy(), scene[:, 60:].copy()
    first[30:50, 74:86] = 4000.0
    out = tmp_path / "out.tif"
    paths = [
        write(tmp_path / "a.tif", first, grid()),
        write(tmp_path / "b.tif", second, grid(left=60)),
    ]
    told = mosaic(paths, out, feather_px=1)
    with opened(out) as dataset:
        made = dataset.read(1).astype(float)
    assert made.shape == (80, 160)
    car = made[30:50, 74:86] > 2000
    assert car.all() or not car.any()
    assert_allclose(sum(told.shares), 1.0)
    elsewhere = np.ones((80, 160), bool)
    elsewhere[25:55, 70:90] = False
    assert_allclose(made[elsewhere], scene[elsewhere], atol=1.0)


def test_gains_make_strips_agree(tmp_path):
    rng = np.random.default_rng(8)
    scene = rng.uniform(1000, 3000, (80, 160))
    paths = [
        write(tmp_path / "a.tif", scene[:, :100], grid()),
        write(tmp_path / "b.tif", 1.21 * scene[:, 60:], grid(left=60)),
    ]
    out = tmp_path / "out.tif"
    told = mosaic(paths, out, balance=True)
    assert_allclose(told.gains, [1.1, 1 / 1.1], rtol=1e-3)
    with opened(out) as dataset:
        made = dataset.read(1)
    assert_allclose(made, 1.1 * scene, rtol=2e-3)


def test_nothing_is_made_up_beyond_the_images(tmp_path):
    values = np.full((80, 100), 500.0)
    holed = values.copy()
    holed[10:20, 5:15] = 0.0
    paths = [
        write(tmp_path / "a.tif", holed, grid()),
        write(tmp_path / "b.tif", values, grid(left=120, top=40)),
    ]
    out = tmp_path / "out.tif"
    mosaic(paths, out, feather_px=20)
    with opened(out) as dataset:
        made = dataset.read(1)
    expected = np.zeros((120, 220))
    expected[:80, :100] = holed
    expected[40:, 120:] = values
    assert (made == expected).all()


def test_an_image_within_another_is_used_in_its_middle(tmp_path):
    paths = [
        write(tmp_path / "a.tif", np.full((80, 100), 500.0), grid()),
        write(tmp_path / "b.tif", np.full((40, 40), 700.0), grid(left=30, top=20, shape=(40, 40))),
    ]
    out = tmp_path / "out.tif"
    mosaic(paths, out, feather_px=1)
    with opened(out) as dataset:
        made = dataset.read(1)
    assert made[40, 50] == 700
    assert made[5, 5] == 500


def test_other_pixels_are_refused(tmp_path):
    with pytest.raises(InputError, match="pixels of"):
        union_grid([grid(), grid(left=0.4)])
    with pytest.raises(InputError, match="pixels of"):
        union_grid([grid(), grid(step=2.5)])
    first = write(tmp_path / "a.tif", np.ones((80, 100)), grid())
    second = write(tmp_path / "b.tif", np.ones((80, 100)), grid(), "float32")
    with pytest.raises(FileError, match="another type"):
        mosaic([first, second], tmp_path / "out.tif")
