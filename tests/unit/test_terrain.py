"""Heights from elevation models of every awkward kind."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.testing import assert_allclose
from rasterio.transform import Affine

from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._raster import writing
from offnadir.imagery._terrain import PAGE, LevelTerrain, RasterTerrain, fill_holes
from offnadir.units import deg

UTM = Grid(
    crs="EPSG:32632", transform=(30.0, 0.0, 500000.0, 0.0, -30.0, 5200000.0), shape=(600, 1100)
)


def dem(path: Path, grid: Grid, heights: Any, **more: Any) -> Path:
    heights = np.asarray(heights, more.pop("dtype", "float32"))
    with rasterio.open(
        path, "w", driver="GTiff", height=grid.shape[0], width=grid.shape[1], count=1, dtype=heights.dtype,
        crs=grid.crs, transform=Affine(*grid.transform), **more,
    ) as dataset:  # fmt: skip
        dataset.write(heights, 1)
    return path


def plane(grid: Grid) -> np.ndarray:
    row, column = np.indices(grid.shape)
    return 100.0 + 0.25 * row + 0.5 * column


def test_a_plane_is_a_plane_on_every_page(tmp_path: Path) -> None:
    """Heights written as 100 m + 0.25 row + 0.5 column must come back so between the centres of cells."""
    terrain = RasterTerrain(dem(tmp_path / "dem.tif", UTM, plane(UTM)))
    random = np.random.Generator(np.random.Philox(2))
    row, column = (random.uniform(0.0, n - 1.0, (40, 50)) for n in UTM.shape)
    lat, lon = UTM.lat_lon(row, column)
    assert_allclose(
        terrain.height_m(lat, lon), 100.0 + 0.25 * row + 0.5 * column, rtol=0.0, atol=1e-3
    )
    assert terrain.holes_filled == 0
    assert terrain.step_m == pytest.approx(30.0, rel=2e-3)
    edge = UTM.lat_lon([PAGE - 1.0, PAGE - 0.5, PAGE], [PAGE - 0.5, PAGE, PAGE - 1.0])
    assert_allclose(terrain.height_m(*edge), [483.5, 483.875, 483.5], atol=1e-3)
    assert np.isnan(terrain.height_m(math.nan, 0.1))
    assert terrain.height_m(np.empty((0, 2)), np.empty((0, 2))).shape == (0, 2)


def test_cells_equal_heights_at_their_centres(tmp_path: Path) -> None:
    random = np.random.Generator(np.random.Philox(3))
    heights = random.uniform(0.0, 500.0, UTM.shape).astype(np.float32)
    terrain = RasterTerrain(dem(tmp_path / "dem.tif", UTM, heights))
    assert_allclose(terrain.cells((500, 600, 400, 1100)), heights[500:, 400:])
    box = terrain.window(np.array([505.5, 520.0]), np.array([-4.0, 3.0]))
    assert box == (503, 523, 0, 6)
    row, column = np.indices(UTM.shape)[:, ::37, ::41]
    assert_allclose(terrain.height_m(*UTM.lat_lon(row, column)), heights[::37, ::41], atol=0.02)


def test_holes_are_filled_and_counted(tmp_path: Path) -> None:
    heights = plane(UTM)
    heights[100:140, 200:260] = -9999.0
    heights[500:520, 505:520] = np.nan  # across the edge of a page
    heights[300, 300] = -32768.0  # a hole that is not declared
    lat, lon = UTM.lat_lon([120.0, 510.0, 300.0], [230.0, 511.5, 300.0])
    smooth = RasterTerrain(dem(tmp_path / "dem.tif", UTM, heights, nodata=-9999.0))
    wanted = [100 + 30 + 115, 100 + 127.5 + 255.75, 325.0]
    assert_allclose(smooth.height_m(lat, lon), wanted, rtol=0.0, atol=3.0)
    assert smooth.range_m(bounds(UTM))[0] == pytest.approx(102.0, abs=2.0)
    assert smooth.holes_filled == 40 * 60 + 20 * 15 + 1
    flat = RasterTerrain(tmp_path / "dem.tif", holes=7.0)
    assert_allclose(flat.height_m(lat, lon), 7.0)


def bounds(grid: Grid) -> tuple[float, float, float, float]:
    lat, lon = grid.lat_lon([5.0, 5.0, grid.shape[0] - 6.0], [5.0, grid.shape[1] - 6.0, 5.0])
    return float(lat.min()), float(lon.min()), float(lat.max()), float(lon.max())


def test_nothing_but_holes_is_the_geoid(tmp_path: Path) -> None:
    heights = np.full(UTM.shape, -9999.0)
    sea = RasterTerrain(dem(tmp_path / "dem.tif", UTM, heights, nodata=-9999.0), geoid_m=47.5)
    assert_allclose(sea.height_m(*UTM.lat_lon(50.0, 60.0)), 47.5)
    assert sea.range_m(bounds(UTM)) == (47.5, 47.5)


def test_the_geoid_may_slope(tmp_path: Path) -> None:
    class Slope:
        def height_m(self, lat_rad: Any, lon_rad: Any) -> Any:
            return 40.0 + 1000.0 * (np.asarray(lat_rad) - 46.8 * deg) + 500.0 * np.asarray(lon_rad)

    terrain = RasterTerrain(dem(tmp_path / "dem.tif", UTM, plane(UTM)), geoid_m=Slope())  # type: ignore[arg-type]
    row, column = np.array([10.0, 333.3, 590.0]), np.array([1000.0, 70.7, 511.5])
    lat, lon = UTM.lat_lon(row, column)
    wanted = 100.0 + 0.25 * row + 0.5 * column + Slope().height_m(lat, lon)
    assert_allclose(terrain.height_m(lat, lon), wanted, atol=0.01)


def test_beyond_the_edge_is_an_error_or_the_edge(tmp_path: Path) -> None:
    path = dem(tmp_path / "dem.tif", UTM, plane(UTM))
    near, far = UTM.lat_lon(-0.5, -0.5), UTM.lat_lon([-2.0, 5.0], [0.0, 1200.0])
    assert_allclose(
        RasterTerrain(path).height_m(*near), 100.0, atol=1e-3
    )  # half a cell is still the raster
    with pytest.raises(FileError, match=r"ends before 46\.9.* \(2 places"):
        RasterTerrain(path).height_m(*far)
    assert_allclose(RasterTerrain(path, outside="edge").height_m(*far), [100.0, 650.75], atol=1e-3)


def test_longitudes_turn_onto_a_raster_across_the_date_line(tmp_path: Path) -> None:
    grid = Grid(crs="EPSG:4326", transform=(0.01, 0.0, 179.5, 0.0, -0.01, 10.0), shape=(50, 100))
    terrain = RasterTerrain(dem(tmp_path / "dem.tif", grid, plane(grid)))
    lat = 9.755 * deg  # row 24
    lon = np.array([179.755, -179.755, 180.245 - 720.0]) * deg  # columns 25, 74, 74
    assert_allclose(terrain.height_m(lat, lon), [118.5, 143.0, 143.0], atol=1e-3)
    west, east = 179.7 * deg, -179.7 * deg
    low, high = terrain.range_m((9.7 * deg, west, 9.8 * deg, east))
    assert low == pytest.approx(100 + 0.25 * 19.5 + 0.5 * 19.5, abs=3.0)
    assert high == pytest.approx(100 + 0.25 * 29.5 + 0.5 * 79.5, abs=3.0)


def test_large_areas_take_extremes_of_pages(tmp_path: Path) -> None:
    grid = Grid(
        crs="EPSG:32632", transform=(5.0, 0, 5e5, 0, -5.0, 5.2e6), shape=(PAGE * 5, PAGE * 5)
    )
    heights = np.zeros(grid.shape, np.int16)
    heights[1500, 1700], heights[10, 20] = 900, -50
    terrain = RasterTerrain(
        dem(tmp_path / "dem.tif", grid, heights, dtype="int16", compress="deflate")
    )
    assert terrain.range_m(bounds(grid)) == (-50.0, 900.0)


def test_scale_offset_and_one_column(tmp_path: Path) -> None:
    grid = Grid(crs="EPSG:4326", transform=(1.0, 0.0, 8.0, 0.0, -1.0, 47.0), shape=(3, 1))
    path = dem(tmp_path / "dem.tif", grid, [[1], [2], [3]], dtype="int16")
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (10.0,), (5.0,)
    assert_allclose(RasterTerrain(path).height_m(45.5 * deg, 8.5 * deg), 25.0)


def test_pickled_and_shared_by_threads(tmp_path: Path) -> None:
    terrain = pickle.loads(
        pickle.dumps(RasterTerrain(dem(tmp_path / "d.tif", UTM, plane(UTM)), geoid_m=3.0))
    )
    places = [
        UTM.lat_lon(float(r), float(c)) for r in range(0, 600, 60) for c in range(0, 1100, 100)
    ]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda place: float(terrain.height_m(*place)), places))
    wanted = [103.0 + 0.25 * r + 0.5 * c for r in range(0, 600, 60) for c in range(0, 1100, 100)]
    assert_allclose(found, wanted, atol=1e-3)


def test_level_ground() -> None:
    level = LevelTerrain(alt_m=120.0)
    assert_allclose(level.height_m(np.zeros((2, 1)), np.zeros(3)), np.full((2, 3), 120.0))
    assert level.range_m((0.0, 0.0, 1.0, 1.0)) == (120.0, 120.0)
    assert level.step_m == math.inf
    assert np.isnan(level.height_m(math.nan, 0.0))


def test_what_is_no_elevation_model_is_refused(tmp_path: Path) -> None:
    with rasterio.open(
        tmp_path / "raw.tif", "w", driver="GTiff", height=4, width=4, count=1, dtype="uint8", crs="EPSG:4326",
        transform=Affine(1, 0, 0, 0, -1, 1),
    ):  # fmt: skip
        pass
    (tmp_path / "text.tif").write_text("heights")
    with pytest.raises(FileError, match="cannot be read as a raster"):
        RasterTerrain(tmp_path / "text.tif")
    with pytest.raises(InputError, match="outside"):
        RasterTerrain(tmp_path / "raw.tif", outside="zero")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="geoid_m"):
        RasterTerrain(tmp_path / "raw.tif", geoid_m=math.nan)
    with pytest.raises(InputError, match="alt_m"):
        LevelTerrain(alt_m=math.inf)


def test_filling_leaves_the_rest_alone_and_makes_no_new_extremes() -> None:
    random = np.random.Generator(np.random.Philox(5))
    heights = random.uniform(10.0, 20.0, (37, 53)).astype(np.float32)
    hole = random.uniform(size=heights.shape) < 0.7
    filled = fill_holes(heights, hole)
    assert_allclose(filled[~hole], heights[~hole])
    assert filled.min() >= 10.0
    assert filled.max() <= 20.0
    assert_allclose(fill_holes(heights, np.ones_like(hole)), 0.0)
    assert_allclose(fill_holes(np.full((9, 9), 5.0, np.float32), np.eye(9, dtype=bool)), 5.0)


@pytest.mark.parametrize(
    ("crs", "unit", "metres"),
    [
        ("EPSG:32652", "ft", 30.48),
        ("EPSG:32652", "US survey foot", 100 * 1200 / 3937),
        ("EPSG:32652", "m", 100.0),
        ("EPSG:32652", "", 100.0),
        ("EPSG:32652+6360", "", 100 * 1200 / 3937),  # NAVD 88 in US survey feet
    ],
)
def test_heights_in_feet_become_metres(tmp_path: Path, crs: str, unit: str, metres: float) -> None:
    """A foot is 0.3048 m, that of the US survey 1200/3937 m."""
    path = tmp_path / "dem.tif"
    grid = Grid(crs=crs, transform=(30, 0, 500_000, 0, -30, 4_000_000), shape=(4, 4))
    with writing(path, grid.shape, 1, "float32", grid=grid) as out:
        out.write(np.full(grid.shape, 100.0, np.float32), 1)
        out.units = (unit,)
    terrain = RasterTerrain(path)
    lat, lon = Grid(crs="EPSG:32652", transform=grid.transform, shape=grid.shape).lat_lon(1.0, 1.0)
    assert_allclose(terrain.height_m(lat, lon), metres, rtol=1e-6)


def test_an_unknown_unit_of_height_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    grid = Grid(crs="EPSG:32652", transform=(30, 0, 500_000, 0, -30, 4_000_000), shape=(4, 4))
    with writing(path, grid.shape, 1, "float32", grid=grid) as out:
        out.write(np.zeros(grid.shape, np.float32), 1)
        out.units = ("fathom",)
    with pytest.raises(FileError, match="fathom"):
        RasterTerrain(path)
