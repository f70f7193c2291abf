"""Scenes: rasters as ground, and light on it."""

import math

import numpy as np
import pytest
import rasterio
from numpy.testing import assert_allclose

from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._raster import writing
from offnadir.imagery._raster_scene import RasterScene, Scaling
from offnadir.imagery._scene import ground_axes_m
from offnadir.imagery._sunlight import terrain_light
from offnadir.sensors import Band
from offnadir.units import deg, nm

UTM = "EPSG:32652"
RED = Band(name="red", low_m=630 * nm, high_m=690 * nm)
PAN = Band(name="pan", low_m=450 * nm, high_m=800 * nm)


class Level:
    """Ground at one height."""

    step_m = math.inf

    def height_m(self, lat_rad, lon_rad):
        return np.zeros(np.broadcast_shapes(np.shape(lat_rad), np.shape(lon_rad)))

    def range_m(self, bounds_rad):
        return 0.0, 0.0


class Shaped:
    """Heights as a function of metres in UTM."""

    def __init__(self, function, step_m=5.0):
        self.function, self.step_m = function, step_m
        self._grid = Grid(crs=UTM, transform=(1, 0, -0.5, 0, 1, -0.5), shape=(1, 1))

    def height_m(self, lat_rad, lon_rad):
        y, x = self._grid.of_lat_lon(lat_rad, lon_rad)
        return self.function(x - 500_000, y - 4_000_000)

    def range_m(self, bounds_rad):
        return 0.0, 400.0


def grid(step, size, x=500_000.0, y=4_000_000.0):
    """A grid about the middle of zone 52, where the map's north is true north."""
    half = step * size / 2
    return Grid(crs=UTM, transform=(step, 0, x - half, 0, -step, y + half), shape=(size, size))


def raster(path, array, step=1.0, names=(), **more):
    bands = array if array.ndim == 3 else array[None]
    size = bands.shape[1:]
    where = Grid(
        crs=UTM,
        transform=(step, 0, 500_000 - step * size[1] / 2, 0, -step, 4_000_000 + step * size[0] / 2),
        shape=size,
    )
    with writing(path, size, len(bands), str(bands.dtype), grid=where, names=names, **more) as out:
        out.write(bands)
    return path


def test_srgb_is_taken_off():
    """IEC 61966-2-1: code 188 of 255 is a linear 0.5029; code 10 is 10 / 255 / 12.92."""
    scaling = Scaling(scale=1.0, is_srgb=True)
    assert_allclose(
        scaling.reflectance(np.array([188, 10, 255], np.uint8)), [0.5029, 0.0030353, 1.0], rtol=1e-3
    )


def test_a_ramp_is_read_where_it_lies(tmp_path):
    """A raster that rises 10 counts a metre to the east, sampled half a metre beside its own pixels."""
    ramp = np.broadcast_to(10 * np.arange(200, dtype=np.uint16) + 100, (200, 200))
    scene = RasterScene(
        raster(tmp_path / "ramp.tif", ramp), Level(), scaling=Scaling(scale=1e-3, offset=-0.05)
    )
    found = scene.patch(grid(0.5, 40, x=500_000.25), PAN)
    x = 500_000.25 + (np.arange(40) - 19.5) * 0.5
    expected = (10 * (x - 499_900 - 0.5) + 100) * 1e-3 - 0.05
    assert found.valid is None
    assert_allclose(found.reflectance, np.broadcast_to(expected, (40, 40)), atol=2e-5)


@pytest.mark.parametrize("factor", [3, 8, 20])
def test_wide_pixels_are_means(tmp_path, factor):
    """Random ground, seen with pixels of 3 to 20 of its own: the mean of each square, a little blurred."""
    rng = np.random.default_rng(5)
    fine = rng.random((240, 240)).astype(np.float32)
    scene = RasterScene(raster(tmp_path / "noise.tif", fine), Level())
    size = 240 // factor
    inner = slice(1, size - 1)
    found = scene.patch(grid(float(factor), size), PAN).reflectance[inner, inner]
    exact = fine[: size * factor, : size * factor].reshape(size, factor, size, factor).mean((1, 3))
    assert np.corrcoef(found.ravel(), exact[inner, inner].ravel())[0, 1] > 0.9
    assert abs(found.std() / (fine.std() / factor) - 1) < 0.2


def test_a_large_raster_without_overviews_is_right_and_told_to_be_slow(tmp_path):
    """Pixels of 8 m of ground in 1 m: the same means with overviews and without, and a word about those."""
    rng = np.random.default_rng(6)
    path = raster(tmp_path / "large.tif", rng.random((2100, 2100)).astype(np.float32))
    bare = RasterScene(path, Level())
    found = bare.patch(grid(8.0, 100), PAN).reflectance
    assert "no overviews, so 64 of its pixels" in bare.trouble(8.0)
    assert bare.trouble(3.0) == ""
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([2, 4, 8], rasterio.enums.Resampling.average)
    with_them = RasterScene(path, Level())
    assert with_them.trouble(8.0) == ""
    assert_allclose(with_them.patch(grid(8.0, 100), PAN).reflectance, found, atol=2e-3)


def test_a_corrupt_raster_is_told_with_the_place(tmp_path):
    """Cut off in the middle: nothing is made up for what cannot be read."""
    rng = np.random.default_rng(7)
    path = raster(tmp_path / "short.tif", rng.random((1100, 1100)).astype(np.float32))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FileError, match=r"short\.tif: (damaged at rows|cannot be read)"):
        RasterScene(path, Level()).patch(grid(1.0, 800), PAN)


def test_beyond_the_raster_nothing_is_known(tmp_path):
    array = np.full((100, 100), 5000, np.uint16)
    array[:50, :50] = 0
    scene = RasterScene(raster(tmp_path / "small.tif", array, nodata=0), Level())
    found = scene.patch(grid(1.0, 200), PAN)
    assert found.valid is not None
    assert not found.valid[:50].any()
    assert not found.valid[55:95, 55:95].any()  # the quarter without data
    assert found.valid[105:145, 105:145].all()
    assert_allclose(found.reflectance[105:145, 105:145], 0.5)
    assert (found.reflectance[~found.valid] == 0).all()
    assert not scene.patch(grid(1.0, 50, x=600_000), PAN).valid.any()


def test_bands_by_name_and_by_overlap(tmp_path):
    array = np.zeros((4, 20, 20), np.float32)
    array[:] = np.array([0.1, 0.2, 0.3, 0.4])[:, None, None]
    names = ("blue", "green", "red", "nir")
    scene = RasterScene(raster(tmp_path / "four.tif", array, names=names), Level())
    assert scene.weights(RED) == {3: 1.0}
    # 450 to 800 nm covers 70 nm of blue, 80 of green, 60 of red and 40 of near infrared
    assert_allclose([scene.weights(PAN)[n] for n in (1, 2, 3, 4)], np.array([70, 80, 60, 40]) / 250)
    expected = (0.1 * 70 + 0.2 * 80 + 0.3 * 60 + 0.4 * 40) / 250
    assert_allclose(scene.patch(grid(1.0, 10), PAN).reflectance, expected, rtol=1e-5)
    swir = Band(name="swir", low_m=1550 * nm, high_m=1750 * nm)
    assert scene.weights(swir) == {4: 1.0}
    five = raster(tmp_path / "five.tif", np.zeros((5, 9, 9), np.float32))
    with pytest.raises(InputError, match="bands_m"):
        RasterScene(five, Level())
    assert RasterScene(five, Level(), bands_m=((0.5e-6, 0.6e-6),) * 5).weights(RED)


@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_a_raster_without_a_place_is_refused(tmp_path):
    path = tmp_path / "nowhere.tif"
    with writing(path, (9, 9), 1, "uint8") as out:
        out.write(np.zeros((1, 9, 9), np.uint8))
    with pytest.raises(FileError, match="not on a map"):
        RasterScene(path, Level())


def test_axes_of_a_turned_grid():
    """Turned by 30 deg: a column step of 2 m leads 30 deg north of east."""
    c, s = 2 * math.cos(30 * deg), 2 * math.sin(30 * deg)
    turned = Grid(crs=UTM, transform=(c, s, 500_000, s, -c, 4_000_000), shape=(11, 11))
    (e_r, n_r), (e_c, n_c) = ground_axes_m(turned)
    # the scale of UTM is 0.9996 on its middle meridian
    assert_allclose([e_c, n_c, e_r, n_r], np.array([c, s, s, -c]) / 0.9996, atol=1e-4)


def test_light_on_a_slope():
    """A slope of 20 deg to the south, the Sun in the south at 40 deg: cos 30 / sin 40 of the light."""
    slope = Shaped(lambda x, y: 200 + y * math.tan(20 * deg))
    light = terrain_light(grid(5.0, 40), slope, 180 * deg, 40 * deg)
    assert_allclose(light.direct[5:-5, 5:-5], math.cos(30 * deg) / math.sin(40 * deg), rtol=1e-3)
    assert_allclose(light.sky, (1 + math.cos(20 * deg)) / 2, rtol=1e-3)
    away = terrain_light(grid(5.0, 40), slope, 0.0, 15 * deg)
    assert (away.direct == 0).all()  # it faces away from the Sun


def test_a_wall_casts_its_shadow():
    """A ridge 100 m high along x = 0, Sun in the east at 45 deg: dark for 100 m to its west, lit beyond."""
    wall = Shaped(lambda x, y: np.where(np.abs(x) < 10, 100.0, 0.0), step_m=2.0)
    light = terrain_light(grid(2.0, 200), wall, 90 * deg, 45 * deg)
    x = (np.arange(200) - 99.5) * 2
    row = light.direct[100]
    assert (row[(x > -105) & (x < -15)] < 0.01).all()
    assert (row[(x < -117)] > 0.99).all()
    assert (row[(x > 15)] > 0.99).all()


def test_no_light_without_sun():
    light = terrain_light(grid(2.0, 20), Shaped(lambda x, y: 0.01 * x), 90 * deg, -1 * deg)
    assert (light.direct == 0).all()
    assert (light.sky > 0.9).all()
    assert (terrain_light(grid(2.0, 20), Level(), 0.0, 30 * deg).direct == 1).all()


def test_longitudes_a_circle_apart_are_the_same_ground(tmp_path):
    """A raster that lies at 231 deg west shows what is at 129 deg east."""
    path, step = tmp_path / "west.tif", 1e-5
    where = Grid(
        crs="EPSG:4326", transform=(step, 0, -231.0005, 0, -step, 36.1455), shape=(100, 100)
    )
    with writing(path, (100, 100), 1, "float32", grid=where) as out:
        out.write(np.full((100, 100), 0.25, np.float32), 1)
    scene = RasterScene(path, Level())
    # 36.145 N on the middle line of zone 52
    patch = scene.patch(grid(1.0, 20, y=4_000_000.0 + 66.0), PAN)
    lat, lon = grid(1.0, 20, y=4_000_066.0).lat_lon(10.0, 10.0)
    assert scene.covers(lat, lon)
    assert not scene.covers(lat, lon - 1.0 * deg)
    assert_allclose(patch.reflectance, 0.25, rtol=1e-6)


def test_numbers_that_are_no_light_are_refused(tmp_path):
    path = raster(tmp_path / "palette.tif", np.ones((8, 8), np.uint8))
    with rasterio.open(path, "r+") as dataset:
        dataset.write_colormap(1, {1: (200, 10, 10, 255)})
    with pytest.raises(FileError, match="palette"):
        RasterScene(path, Level())
    with pytest.raises(FileError, match="complex"):
        RasterScene(raster(tmp_path / "complex.tif", np.ones((8, 8), np.complex64)), Level())


def test_how_bright_a_scene_is_said_to_be(tmp_path):
    """Per cent taken for shares of one: 30 where 0.3 was meant."""
    array = np.full((40, 40), 30.0, np.float32)
    scene = RasterScene(raster(tmp_path / "percent.tif", array), Level())
    place = [float(one) for one in grid(1.0, 2).lat_lon(0.5, 0.5)]
    assert scene.brightest(*place) == pytest.approx(30.0)
    again = RasterScene(tmp_path / "percent.tif", Level(), scaling=Scaling(scale=0.01))
    assert again.brightest(*place) == pytest.approx(0.30)
    assert again.reading != scene.reading
