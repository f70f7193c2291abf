"""Pan sharpening: weights by hand, and colours that must come out."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._pansharpen import fitted_weights, overlap_weights, pansharpen
from offnadir.imagery._raster import opened, writing
from offnadir.sensors import Band

GRID = Grid(crs="EPSG:32652", transform=(1.0, 0.0, 3e5, 0.0, -1.0, 4e6), shape=(256, 320))
WEIGHTS = np.array([0.2, 0.3, 0.4, 0.1])


def band(name, low_nm, high_nm, **more):
    return Band(name=name, low_m=low_nm * 1e-9, high_m=high_nm * 1e-9, **more)


def test_weights_by_hand():
    """450 to 800 nm: gaps 580 to 630 and 690 to 770 are halved between their neighbours."""
    bands = [band("b", 450, 510), band("g", 510, 580), band("r", 630, 690), band("n", 770, 895)]
    expected = np.array([60, 95, 125, 70]) / 350
    assert_allclose(overlap_weights(band("pan", 450, 800), bands), expected, atol=1e-3)
    swir = band("s", 1500, 1700)
    assert overlap_weights(band("pan", 450, 800), [*bands, swir])[-1] == 0.0
    with pytest.raises(InputError, match="within the panchromatic"):
        overlap_weights(band("pan", 450, 800), [swir])


def test_fitted_weights_find_what_made_the_image():
    bands = np.random.default_rng(5).uniform(0, 1, (3, 500))
    assert_allclose(fitted_weights(bands.T @ [0.5, 0.2, 0.3] + 7.0, bands), [0.5, 0.2, 0.3])
    assert_allclose(fitted_weights(bands.T @ [0.5, -0.4, 0.5], bands)[1], 0.0)


def write(path, values, nodata=0.0, grid=GRID):
    stack = np.atleast_3d(values.T).T
    with writing(path, grid.shape, len(stack), "uint16", grid=grid, nodata=nodata) as out:
        out.write(np.rint(stack).astype(np.uint16))
    return path


@pytest.fixture
def pictures(tmp_path):
    """Sharp bands, the panchromatic one that they make up, and what a camera of four times the pixel saw."""
    rng = np.random.default_rng(6)
    rows, columns = GRID.shape
    blocks = np.kron(rng.uniform(500, 4000, (4, rows // 8, columns // 8)), np.ones((8, 8)))
    detail = 0.6 + 0.4 * np.kron(rng.uniform(0, 1, (rows // 2, columns // 2)), np.ones((2, 2)))
    sharp = blocks * detail
    pan = np.tensordot(WEIGHTS, sharp, axes=1)
    small = sharp.reshape(4, rows // 4, 4, columns // 4, 4).mean(axis=(2, 4))
    coarse = np.kron(small, np.ones((4, 4)))
    return sharp, coarse, write(tmp_path / "pan.tif", pan), write(tmp_path / "ms.tif", coarse)


@pytest.mark.parametrize("method", ["brovey", "gram-schmidt"])
def test_detail_comes_back_and_colours_stay(pictures, tmp_path, method):
    sharp, coarse, pan, colour = pictures
    out = tmp_path / "out.tif"
    used = pansharpen(pan, colour, out, method=method, weights=WEIGHTS.tolist())
    assert_allclose(used, WEIGHTS)
    with opened(out) as dataset:
        made = dataset.read().astype(float)
    before, after = (np.sqrt(np.mean((x - sharp) ** 2)) for x in (coarse, made))
    assert after < 0.6 * before
    assert_allclose(made.mean(axis=(1, 2)), sharp.mean(axis=(1, 2)), rtol=0.01)


def test_brovey_by_hand(tmp_path):
    """Twice the panchromatic light on the left half: bands times 4/3 there and 2/3 on the right."""
    rows, columns = GRID.shape
    colour = np.stack([np.full(GRID.shape, v) for v in (1000.0, 2000.0)])
    pan = np.where(np.arange(columns) < columns // 2, 3000.0, 1500.0) * np.ones((rows, 1))
    out = tmp_path / "out.tif"
    pansharpen(
        write(tmp_path / "p.tif", pan),
        write(tmp_path / "c.tif", colour),
        out,
        method="brovey",
        weights=[1, 1],
    )
    with opened(out) as dataset:
        made = dataset.read()
    assert_allclose(made[:, 0, 0], [1333, 2667])
    assert_allclose(made[:, 0, -1], [667, 1333])


def test_missing_pixels_stay_missing(pictures, tmp_path):
    sharp, _, pan, _ = pictures
    holed = sharp.copy()
    holed[:, 50:60, 50:60] = 0.0
    out = tmp_path / "out.tif"
    pansharpen(pan, write(tmp_path / "holed.tif", holed), out)
    with opened(out) as dataset:
        made = dataset.read()
    missing = np.zeros(GRID.shape, bool)
    missing[50:60, 50:60] = True
    assert ((made == 0) == missing).all()


def test_other_pixels_and_weights_are_refused(pictures, tmp_path):
    _, coarse, pan, colour = pictures
    moved = Grid(crs=GRID.crs, transform=(1.0, 0.0, 3e5 + 0.5, 0.0, -1.0, 4e6), shape=GRID.shape)
    other = write(tmp_path / "moved.tif", coarse, grid=moved)
    with pytest.raises(FileError, match="pixels of"):
        pansharpen(pan, other, tmp_path / "out.tif")
    with pytest.raises(InputError, match="4 numbers"):
        pansharpen(pan, colour, tmp_path / "out.tif", weights=[1.0])
    assert not (tmp_path / "out.tif").exists()
