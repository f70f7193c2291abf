"""Orthorectification against GDAL's, pixel by pixel, over a rough ground."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from rasterio.rpc import RPC
from rasterio.transform import Affine, RPCTransformer
from rasterio.warp import Resampling, reproject

from offnadir.imagery._grid import Grid
from offnadir.imagery._ortho import ortho_grid, orthorectify
from offnadir.imagery._ortho_geometry import tile_positions
from offnadir.imagery._raster import writing
from offnadir.imagery._rpc import Rpc, rpc_of_tags, rpc_tags
from offnadir.imagery._terrain import RasterTerrain
from offnadir.units import deg
from real_rpc import IKONOS, IKONOS_SHAPE

# Both about Montevideo, where IKONOS looked; GDAL reads either.
DEMS = {
    "UTM": Grid(crs="EPSG:32721", transform=(30, 0, 570000, 0, -30, 6142000), shape=(300, 300)),
    "degrees": Grid(
        crs="EPSG:4326", transform=(1 / 3600, 0, -56.24, 0, -1 / 3600, -34.86), shape=(300, 360)
    ),
}
SIDE = 500


def smooth(shape: tuple[int, int], passes: int, seed: int) -> NDArray[np.float64]:
    """Noise of spread 1, blurred by means of three so often."""
    field = np.random.Generator(np.random.Philox(seed)).normal(size=shape)
    for _ in range(passes):
        for axis in (0, 1):
            field = (np.roll(field, 1, axis) + field + np.roll(field, -1, axis)) / 3.0
    return np.asarray(field / field.std())


def mountains(path: Path, grid: Grid) -> Path:
    """Heights about 28 m with slopes of 25 deg and more, in steps of 30 m."""
    heights = 28.0 + 60.0 * smooth(grid.shape, 60, 1) + 6.0 * smooth(grid.shape, 2, 2)
    with writing(path, grid.shape, 1, "float32", grid=grid) as dataset:
        dataset.write(heights.astype(np.float32), 1)
    return path


def picture(path: Path, dtype: str) -> tuple[NDArray[np.float64], Rpc]:
    """A crop of the IKONOS scene, made up: its model is that of the scene from line 4000, column 5000 on."""
    whole = rpc_of_tags(IKONOS, IKONOS_SHAPE)
    rpc = replace(
        whole,
        line_off=whole.line_off - 4000,
        column_off=whole.column_off - 5000,
        shape=(SIDE, SIDE),
    )
    level, spread = {"uint8": (128, 30), "uint16": (3000, 400), "float32": (0.2, 0.05)}[dtype]
    values = level + spread * smooth((SIDE, SIDE), 2, 3)
    with writing(path, (SIDE, SIDE), 1, dtype, rpc=rpc_tags(rpc)) as dataset:
        dataset.write(values.astype(dtype), 1)
    return values.astype(dtype), rpc


def gdal(
    image: NDArray[np.float64], rpc: Rpc, dem: Path, grid: Grid, kernel: str, nodata: float
) -> NDArray:
    """What GDAL makes of it; its kernels widen with the shape of its chunks unless XSCALE, YSCALE say no."""
    out = np.full(grid.shape, nodata, image.dtype)
    reproject(
        image, out, rpcs=RPC.from_gdal(rpc_tags(rpc)), src_crs="EPSG:4326", dst_crs=grid.crs,
        dst_transform=Affine(*grid.transform), resampling=Resampling[kernel], dst_nodata=nodata,
        init_dest_nodata=True, RPC_DEM=str(dem), XSCALE=1, YSCALE=1,
    )  # fmt: skip
    return out


@pytest.mark.parametrize("name", DEMS)
def test_positions_are_gdals(tmp_path: Path, name: str) -> None:
    dem = mountains(tmp_path / "dem.tif", DEMS[name])
    _, rpc = picture(tmp_path / "raw.tif", "uint16")
    terrain = RasterTerrain(dem)
    grid = ortho_grid(rpc, terrain)
    box = (20, grid.shape[0] - 13, 31, grid.shape[1] - 3)
    found = tile_positions(rpc, terrain, grid, box, tolerance_px=0.02, hide=False)
    assert found is not None
    row, column = np.meshgrid(np.arange(20, box[1], 7), np.arange(31, box[3], 7), indexing="ij")
    lat, lon = grid.lat_lon(row, column)
    with RPCTransformer(rpc_tags(rpc), RPC_DEM=str(dem)) as transformer:
        down, right = transformer.rowcol(
            lon.ravel() / deg, lat.ravel() / deg, op=lambda value: value
        )
    off = (
        found.line[::7, ::7] + found.base[0] - (np.reshape(down, row.shape) - 0.5),
        found.column[::7, ::7] + found.base[1] - (np.reshape(right, row.shape) - 0.5),
    )
    # 1e-3 px is a millimetre; GDAL takes heights from a DEM in another projection to about as much
    assert np.abs(off).max() < 2e-3
    assert found.error_px < 2e-3
    assert np.ptp(found.line) > 400  # it is about all of the image


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("kernel", ["bilinear", "cubic", "nearest"])
def test_pixels_are_gdals(tmp_path: Path, kernel: str, dtype: str) -> None:
    """Equal to one count in all pixels (to 1 % of the spread for floats), with the same pixels empty."""
    dem = mountains(tmp_path / "dem.tif", DEMS["UTM"])
    image, rpc = picture(tmp_path / "raw.tif", dtype)
    terrain = RasterTerrain(dem)
    grid = ortho_grid(rpc, terrain)
    report = orthorectify(
        tmp_path / "raw.tif",
        rpc,
        terrain,
        grid,
        tmp_path / "map.tif",
        kernel=kernel,
        nodata=0.0,  # type: ignore[arg-type]
    )
    with rasterio.open(tmp_path / "map.tif") as dataset:
        ours = dataset.read(1)
        assert (dataset.crs.to_string(), dataset.nodata, dataset.dtypes[0]) == (
            grid.crs,
            0.0,
            dtype,
        )
        assert dataset.transform == Affine(*grid.transform)
    theirs = gdal(image, rpc, dem, grid, kernel, 0.0)
    seen = ours != 0
    differ = (theirs != 0) != seen
    assert differ.sum() <= 4  # on the border of the image, by float32
    assert report.within == pytest.approx(seen.sum(), abs=4)
    assert report.within > 0.7 * SIDE**2
    off = np.abs(ours.astype(float) - theirs)[seen & ~differ]
    if kernel == "nearest":
        assert (off > 0).mean() < 2e-3  # half-way between two pixels
    else:
        assert off.max() <= (1.0 if dtype != "float32" else 5e-4)


def test_geoid_moves_pixels_as_gdals_height_offset_does(tmp_path: Path) -> None:
    """GDAL's RPC_HEIGHT adds to the heights of RPC_DEM."""
    dem = mountains(tmp_path / "dem.tif", DEMS["UTM"])
    _, rpc = picture(tmp_path / "raw.tif", "uint8")
    terrain = RasterTerrain(dem, geoid_m=15.0)
    grid = ortho_grid(rpc, terrain)
    found = tile_positions(rpc, terrain, grid, (100, 200, 100, 200), tolerance_px=0.02, hide=False)
    assert found is not None
    lat, lon = grid.lat_lon(150.0, 160.0)
    with RPCTransformer(rpc_tags(rpc), RPC_DEM=str(dem), RPC_HEIGHT=15.0) as transformer:
        down, right = transformer.rowcol(lon / deg, lat / deg, op=lambda value: value)
    position = (found.line[50, 60] + found.base[0], found.column[50, 60] + found.base[1])
    assert_allclose(position, (np.ravel(down)[0] - 0.5, np.ravel(right)[0] - 0.5), atol=2e-3)
