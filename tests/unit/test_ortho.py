"""Orthorectification: hand-solved ground, and everything that goes wrong."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.testing import assert_allclose
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid, map_gsd_m, unit_m
from offnadir.imagery._ortho import OrthoReport, ortho_box, ortho_grid, orthorectify
from offnadir.imagery._ortho_geometry import tile_positions
from offnadir.imagery._product import ProcessOptions
from offnadir.imagery._raster import writing
from offnadir.imagery._terrain import LevelTerrain, RasterTerrain
from offnadir.units import deg
from pinhole import Frame

Array = NDArray[np.float64]


def raw(path: Path, values: NDArray[Any], **more: Any) -> Path:
    values = values if values.ndim == 3 else values[None]
    with writing(path, values.shape[1:], len(values), values.dtype.name, **more) as dataset:
        dataset.write(values)
    return path


def read(path: Path) -> NDArray[Any]:
    with rasterio.open(path) as dataset:
        return np.asarray(dataset.read())


def around(model: Frame, alt_m: float, step_m: float, cells: int) -> Grid:
    """A square grid about where the middle of a model's image looks."""
    lat, lon = model.locate(*model.middle, alt_m)
    crs = f"+proj=laea +lat_0={lat / deg} +lon_0={lon / deg} +datum=WGS84"
    half = cells * step_m / 2
    return Grid(crs=crs, transform=(step_m, 0, -half, 0, -step_m, half), shape=(cells, cells))


def test_values_that_tell_their_line_come_out_at_that_line(tmp_path: Path) -> None:
    """An image whose value is its line, or its column: on the map it is what `project` says, to 0.01 px."""
    frame = Frame(shape=(300, 260))
    line, column = np.indices(frame.shape)
    source = raw(tmp_path / "raw.tif", np.stack([line, column]).astype(np.float32) + 1.0)
    level = LevelTerrain(alt_m=850.0)
    grid = ortho_grid(frame, level)
    report = orthorectify(source, frame, level, grid, tmp_path / "map.tif")
    found = read(tmp_path / "map.tif")
    row, across = np.indices(grid.shape)
    wanted = np.array(frame.project(*grid.lat_lon(row, across), 850.0))
    inner = (wanted > 1.0).all(axis=0) & (wanted[0] < 298.0) & (wanted[1] < 258.0)
    assert_allclose(found[:, inner], wanted[:, inner] + 1.0, rtol=0.0, atol=0.01)
    inside = (wanted > -0.5).all(axis=0) & (wanted[0] < 299.5) & (wanted[1] < 259.5)
    assert (np.isfinite(found[0]) != inside).sum() <= 2
    assert report == OrthoReport(
        within=report.within, hidden=0, lattice_error_px=report.lattice_error_px
    )
    assert report.within == pytest.approx(inside.sum(), abs=2)
    assert report.lattice_error_px < 1e-3
    # the map holds all of the image: as much ground as its pixels show, and a rim that shows none
    assert not inside[[0, -1]].any()
    assert not inside[:, [0, -1]].any()


def test_grid_has_the_image_s_pixels_and_whole_multiples(tmp_path: Path) -> None:
    """600 km up and 30 deg off nadir a pixel of 1 urad is 0.70 m by 0.84 m, 370 km to the east of 8 deg E.

    1 urad of the slant range of 704 km, and that over cos 33.2 deg; sin i = (6371 + 600) / 6371 sin 30 deg.
    """
    grid = ortho_grid(Frame(shape=(500, 400)), LevelTerrain(alt_m=0.0))
    assert grid.crs == "EPSG:32633"
    a, _, c, _, e, f = grid.transform
    assert a == -e == pytest.approx(math.sqrt(0.7042 * 0.7042 / math.cos(33.17 * deg)), rel=0.01)
    assert c / a == pytest.approx(round(c / a), abs=1e-6)
    assert f / e == pytest.approx(round(f / e), abs=1e-6)
    chosen = ortho_grid(
        Frame(shape=(500, 400)), LevelTerrain(alt_m=0.0), step=2e-5, crs="EPSG:4326"
    )
    assert chosen.transform[0] == 2e-5
    with pytest.raises(InputError, match="step"):
        ortho_grid(Frame(), LevelTerrain(alt_m=0.0), step=0.0)


class Wall:
    """A flat place at 100 m with a block 60 m high from 0 to 40 m east of a meridian."""

    step_m = 1.0

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def height_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
        row, column = self.grid.of_lat_lon(lat_rad, lon_rad)
        x, y = self.grid.xy(row, column)
        return np.where((x >= 0.0) & (x < 40.0) & (np.abs(y) < 100.0), 160.0, 100.0)

    def range_m(self, bounds_rad: tuple[float, float, float, float]) -> tuple[float, float]:
        return 100.0, 160.0


@pytest.mark.parametrize("as_raster", [False, True])
def test_a_block_hides_the_ground_behind_it(tmp_path: Path, as_raster: bool) -> None:
    """The camera stands west and sees the ground 33.2 deg off the vertical: 60 m hide 39.2 m to the east."""
    frame = Frame(shape=(600, 600))
    grid = around(frame, 100.0, 0.5, 600)
    terrain: Any = Wall(grid)
    if as_raster:
        cells = Grid(crs=grid.crs, transform=(1.0, 0, -250, 0, -1.0, 250), shape=(500, 500))
        heights = terrain.height_m(*cells.lat_lon(*np.indices(cells.shape)))
        terrain = RasterTerrain(
            raw(tmp_path / "dsm.tif", heights.astype(np.float32), grid=cells, nodata=-1.0)
        )
    source = raw(tmp_path / "raw.tif", np.full(frame.shape, 9, np.uint8))
    report = orthorectify(source, frame, terrain, grid, tmp_path / "map.tif", hide=True)
    shown = read(tmp_path / "map.tif")[0]
    x, _ = grid.xy(300, np.arange(600))
    behind = x[shown[300] == 0]
    wanted = 60.0 * math.tan(33.17 * deg)
    assert behind.min() == pytest.approx(40.0, abs=2.0)
    assert behind.max() == pytest.approx(40.0 + wanted, abs=2.0)
    assert len(behind) == pytest.approx(wanted / 0.5, abs=5)
    assert (shown[20] == 9).all()  # north of the block nothing is hidden
    assert report.hidden == (shown == 0).sum() == pytest.approx(200 * 2 * wanted / 0.5, rel=0.06)
    shows_all = orthorectify(source, frame, terrain, grid, tmp_path / "map.tif")
    assert shows_all.hidden == 0
    assert (read(tmp_path / "map.tif") == 9).all()


def test_gentle_ground_hides_nothing(tmp_path: Path) -> None:
    """Slopes of 50 deg that face away are seen from 33 deg off the vertical."""
    frame = Frame(shape=(300, 300))
    grid = around(frame, 0.0, 0.8, 256)
    cells = Grid(crs=grid.crs, transform=(5.0, 0, -200, 0, -5.0, 200), shape=(80, 80))
    x, _ = cells.xy(*np.indices(cells.shape))
    ridge = 60.0 - np.abs(x) * math.tan(50 * deg)
    terrain = RasterTerrain(raw(tmp_path / "d.tif", ridge.astype(np.float32), grid=cells))
    source = raw(tmp_path / "raw.tif", np.full(frame.shape, 9, np.uint8))
    assert orthorectify(source, frame, terrain, grid, tmp_path / "m.tif", hide=True).hidden == 0
    steep = 60.0 - np.abs(x) * math.tan(65 * deg)  # these are not
    terrain = RasterTerrain(raw(tmp_path / "s.tif", steep.astype(np.float32), grid=cells))
    assert orthorectify(source, frame, terrain, grid, tmp_path / "m.tif", hide=True).hidden > 1000


class Hills:
    """Ground of waves 40 m long and 8 m high, told by a formula."""

    step_m = 4.0

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def height_m(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> Array:
        x, y = self.grid.xy(*self.grid.of_lat_lon(lat_rad, lon_rad))
        return np.asarray(300.0 + 4.0 * np.sin(x / 6.366) * np.cos(y / 9.0))

    def range_m(self, bounds_rad: tuple[float, float, float, float]) -> tuple[float, float]:
        return 296.0, 304.0


def test_ground_told_by_a_formula_is_followed_to_the_tolerance() -> None:
    frame = Frame(shape=(500, 500))
    grid = around(frame, 300.0, 0.8, 400)
    terrain = Hills(grid)
    row, column = np.meshgrid(np.arange(400), np.arange(400), indexing="ij")
    lat, lon = grid.lat_lon(row, column)
    wanted = frame.project(lat, lon, terrain.height_m(lat, lon))
    for tolerance_px in (0.1, 0.005):
        found = tile_positions(
            frame, terrain, grid, (0, 400, 0, 400), tolerance_px=tolerance_px, hide=False
        )
        assert found is not None
        off = np.hypot(
            found.line + found.base[0] - wanted[0], found.column + found.base[1] - wanted[1]
        )
        assert off.max() < 1.5 * tolerance_px


class Shaking(Frame):
    """A frame whose columns swing by half a pixel every 90 lines, as jitter does."""

    def project(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, alt_m: ArrayLike
    ) -> tuple[Array, Array]:
        line, column = super().project(lat_rad, lon_rad, alt_m)
        return line, column + 0.5 * np.sin(line * 2 * np.pi / 90.0)


def test_lattice_becomes_finer_where_the_camera_shakes() -> None:
    frame, calm = Shaking(shape=(700, 700)), Frame(shape=(700, 700))
    grid = around(frame, 0.0, 0.8, 640)
    box = (64, 640, 0, 512)
    row, column = np.meshgrid(np.arange(64, 640), np.arange(512), indexing="ij")
    wanted = frame.project(*grid.lat_lon(row, column), 0.0)
    found = tile_positions(frame, LevelTerrain(alt_m=0.0), grid, box, tolerance_px=0.02, hide=False)
    assert found is not None
    assert 0.001 < found.error_px <= 0.02
    off = np.hypot(found.line + found.base[0] - wanted[0], found.column + found.base[1] - wanted[1])
    assert off.max() < 0.03
    still = tile_positions(calm, LevelTerrain(alt_m=0.0), grid, box, tolerance_px=0.02, hide=False)
    assert still is not None
    assert still.error_px < 1e-3


class Narrow(Frame):
    """A frame that knows nothing beyond its own pixels."""

    def project(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, alt_m: ArrayLike
    ) -> tuple[Array, Array]:
        line, column = super().project(lat_rad, lon_rad, alt_m)
        out = (np.abs(line - self.middle[0]) > self.shape[0] / 2) | (
            np.abs(column - self.middle[1]) > self.shape[1] / 2
        )
        return np.where(out, np.nan, line), np.where(out, np.nan, column)


def test_a_model_that_is_blind_beyond_its_image_loses_no_pixel(tmp_path: Path) -> None:
    level = LevelTerrain(alt_m=0.0)
    grid = ortho_grid(Frame(shape=(400, 300)), level)
    source = raw(tmp_path / "raw.tif", np.full((400, 300), 7, np.uint16))
    reports = [
        orthorectify(source, frame, level, grid, tmp_path / "map.tif").within
        for frame in (Frame(shape=(400, 300)), Narrow(shape=(400, 300)))
    ]
    assert reports[1] == pytest.approx(reports[0], abs=2)


@pytest.mark.parametrize("threads", [1, 3])
def test_neither_threads_nor_tiles_nor_processes_change_a_pixel(
    tmp_path: Path, threads: int
) -> None:
    frame = Frame(shape=(1500, 700))
    random = np.random.Generator(np.random.Philox(4))
    source = raw(tmp_path / "raw.tif", random.integers(1, 4000, frame.shape, dtype=np.uint16))
    level = LevelTerrain(alt_m=0.0)
    grid = ortho_grid(frame, level)
    steps: list[tuple[int, int]] = []
    orthorectify(
        source, frame, level, grid, tmp_path / "map.tif", threads=threads,
        progress=lambda done, total: steps.append((done, total)),
    )  # fmt: skip
    whole = read(tmp_path / "map.tif")
    assert grid.shape[0] > 1024
    assert steps == [(k + 1, len(steps)) for k in range(len(steps))]
    arguments = pickle.loads(pickle.dumps((source, frame, level, grid)))
    for box in ((0, 1024, 0, min(1024, grid.shape[1])), (300, 811, 57, 300)):
        part = ortho_box(*arguments, box)
        wanted = whole[:, box[0] : box[1], box[2] : box[3]]
        # noise from pixel to pixel: 4 counts are 1e-3 px; the same tile is the same to the last bit
        assert np.abs(part.astype(int) - wanted).max() <= (0 if box[0] == 0 else 4)


def test_coarse_maps_average_and_do_not_fold(tmp_path: Path) -> None:
    """A grating of 2.5 pixels a period is grey at four pixels to one; its nearest pixels are not.

    A triangle 3.8 pixels wide lets 0.044 of it through: sinc squared of 3.8 / 2.5.
    """
    frame = Frame(shape=(800, 800))
    column = np.indices(frame.shape)[1]
    source = raw(
        tmp_path / "raw.tif", (1000 + 800 * np.sin(2 * np.pi * column / 2.5)).astype(np.uint16)
    )
    level = LevelTerrain(alt_m=0.0)
    grid = around(frame, 0.0, 3.2, 120)
    inner = np.s_[0, 20:100, 20:100]
    spread = {
        kernel: float(
            ortho_box(source, frame, level, grid, (0, 120, 0, 120), kernel=kernel)[inner].std()
        )  # type: ignore[arg-type]
        for kernel in ("nearest", "bilinear", "cubic")
    }
    assert spread["nearest"] > 400.0
    assert spread["bilinear"] == pytest.approx(800 * 0.044 / math.sqrt(2), abs=4)
    assert spread["cubic"] < 15.0
    assert ortho_box(source, frame, level, grid, (0, 120, 0, 120))[inner].mean() == pytest.approx(
        999.5, abs=2
    )


@pytest.mark.parametrize("kernel", ["nearest", "bilinear", "cubic"])
@pytest.mark.parametrize("step_m", [0.75, 2.4])
def test_what_is_absent_in_the_image_is_absent_on_the_map(
    tmp_path: Path, kernel: Any, step_m: float
) -> None:
    """Neither the nodata nor anything mixed with it shows: all that is left has one value."""
    frame = Frame(shape=(400, 400))
    values = np.full(frame.shape, 500, np.uint16)
    values[100:200, 150:250] = 65535
    source = raw(tmp_path / "raw.tif", values, nodata=65535)
    level = LevelTerrain(alt_m=0.0)
    grid = around(frame, 0.0, step_m, int(360 / step_m))
    orthorectify(source, frame, level, grid, tmp_path / "map.tif", kernel=kernel)
    found = read(tmp_path / "map.tif")
    assert set(np.unique(found)) == {500, 65535}
    line, column = frame.project(*grid.lat_lon(*np.indices(grid.shape)), 0.0)
    gone = (np.abs(line - 149.5) <= 50) & (np.abs(column - 199.5) <= 50)
    outside = ~((np.abs(line - 199.5) <= 200) & (np.abs(column - 199.5) <= 200))
    assert ((found[0] == 65535) != (gone | outside)).sum() <= 3


def test_values_stay_within_their_type_and_off_nodata(tmp_path: Path) -> None:
    """Cubic overshoots beside an edge of 1 and 255: it stops at 255, and what would be 0 is 1."""
    frame = Frame(shape=(200, 200))
    values = np.where(np.indices(frame.shape)[1] % 20 < 10, 1, 255).astype(np.uint8)
    source = raw(tmp_path / "raw.tif", values)
    level = LevelTerrain(alt_m=0.0)
    grid = around(frame, 0.0, 0.3, 300)
    found = ortho_box(source, frame, level, grid, (0, 300, 0, 300))
    assert found.min() == 1
    assert found.max() == 255
    floats = ortho_box(
        raw(tmp_path / "f.tif", values.astype(np.float32)), frame, level, grid, (0, 300, 0, 300)
    )
    assert floats.min() < 0.0  # it does overshoot
    assert floats.max() > 256.0


def test_nan_in_floats_stays_where_it_is(tmp_path: Path) -> None:
    frame = Frame(shape=(200, 200))
    values = np.full(frame.shape, 0.25, np.float32)
    values[80:90, 80:90] = np.nan
    source = raw(tmp_path / "raw.tif", values)
    level = LevelTerrain(alt_m=0.0)
    grid = around(frame, 0.0, 0.75, 160)
    found = ortho_box(source, frame, level, grid, (0, 160, 0, 160))[0]
    assert_allclose(found[np.isfinite(found)], 0.25, rtol=1e-6)
    line, column = frame.project(*grid.lat_lon(*np.indices(grid.shape)), 0.0)
    gone = (np.abs(line - 84.5) <= 5) & (np.abs(column - 84.5) <= 5)
    outside = ~((np.abs(line - 99.5) <= 100) & (np.abs(column - 99.5) <= 100))
    assert (np.isnan(found) != (gone | outside)).sum() <= 2


def test_bands_keep_their_order_and_names(tmp_path: Path) -> None:
    frame = Frame(shape=(60, 60))
    values = np.stack([np.full(frame.shape, k, np.uint8) for k in (10, 20, 30)])
    source = raw(tmp_path / "raw.tif", values, names=("blue", "green", "red"))
    level = LevelTerrain(alt_m=0.0)
    grid = around(frame, 0.0, 0.8, 40)
    orthorectify(source, frame, level, grid, tmp_path / "m.tif", bands=(3, 1), tags={"A": "b"})
    with rasterio.open(tmp_path / "m.tif") as dataset:
        assert dataset.descriptions == ("red", "blue")
        assert dataset.read()[:, 20, 20].tolist() == [30, 10]
        assert dataset.tags()["A"] == "b"
    with pytest.raises(InputError, match="bands"):
        orthorectify(source, frame, level, grid, tmp_path / "m.tif", bands=(4,))


def test_elsewhere_is_empty(tmp_path: Path) -> None:
    frame = Frame(shape=(50, 50))
    source = raw(tmp_path / "raw.tif", np.ones(frame.shape, np.uint8))
    grid = Grid(crs="EPSG:32632", transform=(1.0, 0, 9e5, 0, -1.0, 5.5e6), shape=(1500, 10))
    report = orthorectify(source, frame, LevelTerrain(alt_m=0.0), grid, tmp_path / "m.tif")
    assert report.within == 0
    assert not read(tmp_path / "m.tif").any()


def test_an_elevation_model_that_ends_too_soon(tmp_path: Path) -> None:
    frame = Frame(shape=(400, 400))
    grid = around(frame, 0.0, 0.8, 400)
    cells = Grid(crs=grid.crs, transform=(10.0, 0, -200, 0, -10.0, 200), shape=(40, 31))
    path = raw(tmp_path / "dem.tif", np.zeros(cells.shape, np.float32), grid=cells)
    source = raw(tmp_path / "raw.tif", np.ones(frame.shape, np.uint8))
    with pytest.raises(FileError, match=r"dem\.tif: ends before"):
        orthorectify(source, frame, RasterTerrain(path), grid, tmp_path / "map.tif")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dem.tif", "raw.tif"]
    edge = RasterTerrain(path, outside="edge")
    orthorectify(source, frame, edge, grid, tmp_path / "map.tif")
    # it does not matter what lies beyond the image
    large = Grid(crs=cells.crs, transform=cells.transform, shape=(40, 40))
    enough = raw(tmp_path / "large.tif", np.zeros(large.shape, np.float32), grid=large)
    wide = around(frame, 0.0, 2.0, 400)
    orthorectify(source, frame, RasterTerrain(enough), wide, tmp_path / "map.tif")


def test_damaged_images_leave_nothing_behind(tmp_path: Path) -> None:
    frame = Frame(shape=(900, 900))
    random = np.random.Generator(np.random.Philox(4))
    source = raw(tmp_path / "raw.tif", random.integers(1, 4000, frame.shape, dtype=np.uint16))
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 2 // 3])
    grid = ortho_grid(frame, LevelTerrain(alt_m=0.0))
    with pytest.raises(FileError, match=r"raw\.tif"):
        orthorectify(source, frame, LevelTerrain(alt_m=0.0), grid, tmp_path / "map.tif")
    assert [p.name for p in tmp_path.iterdir()] == ["raw.tif"]


def test_wrong_wishes_are_refused(tmp_path: Path) -> None:
    frame = Frame(shape=(50, 50))
    source = raw(tmp_path / "raw.tif", np.ones(frame.shape, np.uint8))
    level, grid = LevelTerrain(alt_m=0.0), around(frame, 0.0, 0.8, 40)
    for more, word in (
        ({"kernel": "lanczos"}, "kernel"),
        ({"nodata": 300.0}, "nodata"),
        ({"nodata": math.nan}, "nodata"),
        ({"tolerance_px": 0.0}, "tolerance_px"),
    ):
        with pytest.raises(InputError, match=word):
            orthorectify(source, frame, level, grid, tmp_path / "m.tif", **more)  # type: ignore[arg-type]
    with pytest.raises(FileError, match="its model"):
        orthorectify(source, Frame(shape=(51, 50)), level, grid, tmp_path / "m.tif")
    complex_ = raw(tmp_path / "c.tif", np.ones(frame.shape, np.complex64))
    with pytest.raises(FileError, match="complex64"):
        orthorectify(complex_, frame, level, grid, tmp_path / "m.tif")


def test_a_plateau_s_elevation_model_need_not_hold_the_sea_below(tmp_path: Path) -> None:
    """From 4000 m up the line of sight reaches the ellipsoid 2.6 km farther on, where no height is wanted."""
    frame = Frame(shape=(300, 300))
    cells = around(frame, 4000.0, 10.0, 60)
    terrain = RasterTerrain(
        raw(tmp_path / "dem.tif", np.full(cells.shape, 4000.0, np.float32), grid=cells)
    )
    grid = ortho_grid(frame, terrain)
    source = raw(tmp_path / "raw.tif", np.ones(frame.shape, np.uint8))
    report = orthorectify(source, frame, terrain, grid, tmp_path / "map.tif")
    assert report.within == pytest.approx(300 * 300, rel=0.02)


@pytest.mark.parametrize("shape", [(1, 1), (3, 70), (1, 17), (12, 12)])
def test_the_smallest_images_have_pixels_of_the_same_size(shape: tuple[int, int]) -> None:
    """As above: 0.70 m by 0.84 m, however few of them there are."""
    grid = ortho_grid(Frame(shape=shape), LevelTerrain(alt_m=0.0))
    assert grid.transform[0] == pytest.approx(
        math.sqrt(0.7042 * 0.7042 / math.cos(33.17 * deg)), rel=0.01
    )


def test_maps_count_in_their_own_units() -> None:
    """EPSG:2263 counts in US survey feet of 1200/3937 m; at 60 deg Mercator's metre is half of one."""
    assert unit_m("EPSG:2263") == pytest.approx(1200 / 3937, rel=1e-12)
    assert ProcessOptions(gsd_m=3.0).step("EPSG:2263") == pytest.approx(3.0 * 3.280833333, rel=1e-9)
    assert ProcessOptions(gsd_m=3.0).step("EPSG:32652") == 3.0
    feet = Grid(crs="EPSG:2263", transform=(2.0, 0, 9.8e5, 0, -2.0, 2e5), shape=(10, 10))
    assert map_gsd_m(feet) == pytest.approx(0.6096012, rel=1e-6)
    mercator = Grid(crs="EPSG:3857", transform=(1.0, 0, 0.0, 0, -1.0, 8399737.89), shape=(10, 10))
    assert map_gsd_m(mercator) == pytest.approx(0.5, rel=0.005)
    degrees = Grid(crs="EPSG:4326", transform=(1e-5, 0, 10.0, 0, -1e-5, 0.0), shape=(10, 10))
    assert map_gsd_m(degrees) == pytest.approx(1.11, rel=0.01)
