"""Cloud masks: what is bright, white and large, and what is not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.errors import InputError
from offnadir.imagery._cloud_mask import CLEAR, CLOUD, NOTHING, cloud_mask
from offnadir.imagery._grid import Grid
from offnadir.imagery._raster import opened, writing

GRID = Grid(crs="EPSG:32652", transform=(4.0, 0.0, 3e5, 0.0, -4.0, 4e6), shape=(500, 600))
BANDS = {"blue": 1, "green": 2, "red": 3, "nir": 4}


@pytest.fixture
def sky(tmp_path):
    """Fields, a red roof, a small white roof, a lake, a cloud of 600 m; a margin without anything."""
    rng = np.random.default_rng(9)
    rows, columns = np.mgrid[:500, :600]
    bands = np.empty((4, 500, 600))
    bands[:] = np.array([0.08, 0.09, 0.07, 0.30])[:, None, None]
    bands[:, 50:70, 50:80] = np.array([0.10, 0.12, 0.35, 0.38])[:, None, None]
    bands[:, 400:412, 60:72] = 0.6
    bands[:, 300:400, 400:550] = np.array([0.06, 0.04, 0.02, 0.01])[:, None, None]
    cloud = np.hypot(rows - 200, columns - 300) < 75
    bands[:, cloud] = np.array([0.52, 0.50, 0.49, 0.50])[:, None]
    bands *= 1 + 0.02 * rng.standard_normal(bands.shape)
    values = np.rint(bands * 1e4).astype(np.uint16)
    values[:, :, :20] = 0
    path = tmp_path / "ms.tif"
    with writing(path, GRID.shape, 4, "uint16", grid=GRID, nodata=0.0, names=tuple(BANDS)) as out:
        out.write(values)
    return path, cloud


@pytest.mark.parametrize("bands", [BANDS, {"pan": 2}])
def test_a_cloud_is_found_and_roofs_are_not(sky, tmp_path, bands):
    path, cloud = sky
    told = cloud_mask(path, tmp_path / "mask.tif", bands=bands, scale=1e-4)
    with opened(tmp_path / "mask.tif") as dataset:
        mask = dataset.read(1)
    assert (mask[cloud] == CLOUD).mean() > 0.98
    assert (mask[:, :20] == NOTHING).all()
    assert (mask[40:80, 40:90] == CLEAR).all()
    assert (mask[390:420, 50:80] == CLEAR).all()
    assert (mask[300:400, 400:550] == CLEAR).all()
    # grown by 25 m, and a pixel of the overview
    far = np.hypot(*(np.mgrid[:500, :600] - np.array([200, 300])[:, None, None])) > 75 + 10
    assert (mask[far] != CLOUD).all()
    assert_allclose(told.cover, (mask == CLOUD).sum() / (mask != NOTHING).sum(), atol=0.002)


def test_without_bands_there_is_no_mask(sky, tmp_path):
    with pytest.raises(InputError, match="bands"):
        cloud_mask(sky[0], tmp_path / "mask.tif", bands={}, scale=1e-4)
