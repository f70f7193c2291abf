"""Our own captures to maps: ground that is known everywhere, two chips, four bands, in a closed loop."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from rio_cogeo.cogeo import cog_validate

from made_products import Waves
from offnadir.errors import FileError, InputError
from offnadir.imagery import CaptureOptions, acquire, capture
from offnadir.imagery._align import band_offset
from offnadir.imagery._level1_maker import Maker
from offnadir.imagery._product import ProcessOptions
from offnadir.imagery._product_level1 import process_level1
from offnadir.imagery._raster import opened, raster_info
from offnadir.imagery._refine import CorrectedModel
from offnadir.imagery._terrain import LevelTerrain
from offnadir.sensors import load_camera
from sample_orbits import EPOCH, circling, seen_at

ALT_M = 100.0
TERRAIN = LevelTerrain(alt_m=ALT_M)
BANDS = ("sharpest", "blue", "green", "red")


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """KOMPSAT-3A, whose two chips meet in the middle; 15 deg off nadir."""
    orbit = circling(6_378_137.0 + 528e3, 1.7, np.pi - 0.5)
    sensor = load_camera("kompsat-3a")
    aim = replace(seen_at(orbit, 0.26, 0.05, ALT_M), alt_m=ALT_M)
    bands = (sensor.band, *sensor.bands)
    picture = acquire(
        orbit,
        sensor,
        aim,
        EPOCH,
        size=(960, 1200),
        bands=[band.name for band in bands[:4]],
        name="W1",
    )
    folder = tmp_path_factory.mktemp("capture")
    return capture(picture, Waves(alt_m=ALT_M), folder, CaptureOptions(seed=3)), picture


@pytest.fixture(scope="module")
def product(taken, tmp_path_factory):
    level1, _ = taken
    options = ProcessOptions(terrain=TERRAIN, pansharpen="gram-schmidt", keep_work=True)
    return process_level1(level1.folder, tmp_path_factory.mktemp("product"), options)


def on_map(path, band=1):
    """Reflectance above the air, and the ground's, where both are known."""
    with opened(path) as dataset:
        values = dataset.read(band).astype(float)
        t = dataset.transform
    rows, columns = np.meshgrid(*(np.arange(n) + 0.5 for n in values.shape), indexing="ij")
    truth = Waves(alt_m=ALT_M).reflectance(t.c + columns * t.a, t.f + rows * t.e)
    return values[values > 0] * 1e-4, truth[values > 0]


def fitted(path, band=1):
    """Slope and level of reflectance above the air against the ground's, and what is left over."""
    values, truth = on_map(path, band)
    slope, level = np.polyfit(truth, values, 1)
    return slope, level, float(np.std(values - slope * truth - level)) / slope


def test_light_above_the_air_is_what_the_air_makes_of_the_ground(product, taken):
    """Reflectance times the share of light that comes through, and haze: within 0.3 % of the prediction.

    The prediction is in electrons; pi L / (E sin h) of them is reflectance above the air.
    """
    level1, picture = taken
    for key, name in (("pan", level1.bands[0]), ("ms", level1.bands[1])):
        image = level1.of_band(name)[0]
        told = level1.notes["predicted"][image.file]
        to_light = image.radiance_per_count / image.electrons_per_count * math.pi
        to_light /= (
            image.sun_irradiance * image.sun_factor * math.sin(picture.view.sun_elevation_rad)
        )
        values, truth = on_map(product.rasters[key])
        own, haze = told["electrons_of_reflectance_1"], told["haze_electrons"]
        assert_allclose(values.mean(), (own * truth.mean() + haze) * to_light, rtol=0.003)
        # waves of 15 m lose something to the camera's MTF, at most what is left of it at 0.15 cycles
        slope, _, _ = fitted(product.rasters[key])
        assert (0.95 if key == "pan" else 0.85) < slope / (own * to_light) < 1.005


def test_both_chips_lie_where_the_ground_is(product, taken):
    """The ground changes by 0.006 of reflectance a pixel of 0.6 m: what is left is noise and blur."""
    level1, _ = taken
    assert len(level1.of_band(level1.bands[0])) == 2
    values, _ = on_map(product.rasters["pan"])
    assert len(values) > 0.7 * 960 * 1200
    assert fitted(product.rasters["pan"])[2] < 0.006
    shares = product.report["chips"][level1.bands[0]]["shares"]
    assert_allclose(shares, [0.5, 0.5], atol=0.1)


def test_all_bands_show_the_same_ground(product, taken):
    with opened(product.rasters["ms"]) as dataset:
        bands = dataset.read().astype(float)
    known = (bands > 0).all(axis=0)
    assert len(bands) == 3
    for other in bands[1:]:
        assert np.corrcoef(bands[0][known], other[known])[0, 1] > 0.99


def test_a_band_that_lies_off_is_found_and_moved(product, taken, tmp_path):
    """The geometry of one band is made wrong by 0.7 lines and -0.4 columns: the pictures tell."""
    from offnadir.imagery import _level1_maker as module

    level1, _ = taken
    real = module.image_models

    def wrong(level1, acquisition, kind):
        made = real(level1, acquisition, kind)
        for image in level1.of_band(level1.bands[2]):
            made[image.file] = CorrectedModel(
                model=made[image.file],
                centre=(0.0, 0.0),
                line=(0.7, 0.0, 0.0),
                column=(-0.4, 0.0, 0.0),
            )
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "image_models", wrong)
        options = ProcessOptions(terrain=TERRAIN, clouds=False)
        done = process_level1(level1.folder, tmp_path / "out", options)
    told = done.report["band offsets px"][f"{level1.bands[2]} to {level1.bands[1]}"]
    assert math.hypot(told["rows"], told["columns"]) > 0.6
    assert math.hypot(told["rows after"], told["columns after"]) < 0.08


def test_ground_control_moves_all_bands(taken, tmp_path):
    """What the ground knows of the attitude is wrong by 5 lines and -3 columns of the sharpest band."""
    from offnadir.imagery import _level1_maker as module

    level1, _ = taken
    real = module.image_models
    true = {}

    def wrong(level1, acquisition, kind):
        true.update(real(level1, acquisition, kind))
        made = {}
        for image in level1.images:
            ratio = level1.of_band(level1.bands[0])[0].shape[0] / image.shape[0]
            made[image.file] = CorrectedModel(
                model=true[image.file], centre=(0.0, 0.0),
                line=(5.0 / ratio, 0.0, 0.0), column=(-3.0 / ratio, 0.0, 0.0),
            )  # fmt: skip
        return made

    from offnadir.imagery import read_acquisition

    true.update(real(level1, read_acquisition(level1.folder / "acquisition.json"), "rigorous"))
    rows = ["image,line,column,lat_deg,lon_deg"]
    for image in level1.of_band(level1.bands[0]):
        for line, column in ((100, 100), (800, 150), (450, 500)):
            lat, lon = true[image.file].locate(line, column, ALT_M)
            rows.append(
                f"{image.file},{line},{column},{np.degrees(lat):.10f},{np.degrees(lon):.10f}"
            )
    (tmp_path / "gcp.csv").write_text("\n".join(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "image_models", wrong)
        options = ProcessOptions(terrain=TERRAIN, control=tmp_path / "gcp.csv", clouds=False)
        done = process_level1(level1.folder, tmp_path / "out", options)
    assert done.report["refined"]["used"] == 6
    assert_allclose(done.report["refined"]["shift_px"], [-5.0, 3.0], atol=0.05)
    assert fitted(done.rasters["pan"])[2] < 0.006
    assert fitted(done.rasters["ms"])[2] < 0.02


def test_sharpened_colour_shows_the_sharp_detail(product):
    """The same ground at the panchromatic pixel: less is left over than in the colour bands alone."""
    with opened(product.rasters["pansharpened"]) as dataset:
        assert dataset.shape == raster_info(product.rasters["pan"]).shape
    assert fitted(product.rasters["pansharpened"])[2] < 0.01
    weights = product.report["pan-sharpening weights"]
    assert_allclose(sum(weights.values()), 1.0, atol=1e-3)


def test_files_and_item(product, taken):
    _, picture = taken
    for path in product.rasters.values():
        assert cog_validate(path)[0]
    item = json.loads(product.item.read_text())
    properties = item["properties"]
    view = picture.view
    assert_allclose(properties["view:off_nadir"], np.degrees(view.off_nadir_rad), atol=1e-5)
    assert_allclose(properties["view:incidence_angle"], np.degrees(view.incidence_rad), atol=1e-5)
    assert properties["view:incidence_angle"] > properties["view:off_nadir"] + 1.0
    assert properties["offnadir:synthetic"] is True
    assert properties["eo:cloud_cover"] == 0.0
    assert properties["instruments"] == ["kompsat-3a"]
    assert properties["sat:orbit_state"] in ("ascending", "descending")
    assert set(item["assets"]) == {"pan", "ms", "pansharpened", "mask", "thumbnail"}
    bands = item["assets"]["ms"]["eo:bands"]
    assert [band["common_name"] for band in bands] == ["blue", "green", "red"]
    assert item["assets"]["pan"]["raster:bands"][0]["scale"] == 1e-4
    with opened(product.preview) as dataset:
        corner = dataset.read()[:, -9:, :50]
    assert (corner[3] == 255).mean() > 0.9  # the mark is seen, whatever lies below it


def test_rational_polynomials_do_as_well(taken, tmp_path):
    level1, _ = taken
    done = process_level1(
        level1.folder, tmp_path / "out", ProcessOptions(terrain=TERRAIN, model="rpc", clouds=False)
    )
    assert fitted(done.rasters["pan"])[2] < 0.006


def test_the_cameras_own_geometry(taken, tmp_path):
    """Chips and bands on the pixels of one line of detectors, with polynomials that say where they lie."""
    from made_products import map_xy
    from offnadir.imagery._rpc import rpc_of_tags

    level1, picture = taken
    done = process_level1(
        level1.folder, tmp_path / "out", ProcessOptions(terrain=TERRAIN, level="basic")
    )
    info = raster_info(done.rasters["pan"])
    assert info.grid is None
    assert info.shape == picture.size
    model = rpc_of_tags(info.rpc, info.shape)
    with opened(done.rasters["pan"]) as dataset:
        values = dataset.read(1) * 1e-4
    line, column = np.meshgrid(*(np.arange(n) for n in info.shape), indexing="ij")
    truth = Waves(alt_m=ALT_M).reflectance(*map_xy(*model.locate(line, column, ALT_M)))
    known = values > 0
    assert known.mean() > 0.95
    slope, level = np.polyfit(truth[known], values[known], 1)
    assert np.std(values[known] - slope * truth[known] - level) / slope < 0.006


def test_radiance_instead(taken, tmp_path):
    level1, picture = taken
    options = ProcessOptions(terrain=TERRAIN, quantity="radiance")
    done = process_level1(level1.folder, tmp_path / "out", options)
    with opened(done.rasters["pan"]) as dataset:
        values = dataset.read(1)
    image = level1.of_band(level1.bands[0])[0]
    light = float(np.median(values[values > 0])) * 0.01
    share = math.pi * light
    share /= image.sun_irradiance * image.sun_factor * math.sin(picture.view.sun_elevation_rad)
    assert 0.2 < share < 0.35
    assert "mask" not in done.rasters


def test_mtf_compensation_reports_its_price(taken, tmp_path):
    level1, _ = taken
    done = process_level1(
        level1.folder, tmp_path / "out", ProcessOptions(terrain=TERRAIN, mtfc=0.5, clouds=False)
    )
    told = done.report["images"][level1.images[0].file]
    assert told["noise gain"] > 1.0
    assert told["RER"][2] > told["RER"][0]
    assert len(told["GIQE 4 NIIRS"]) == 2


def test_a_damaged_image_leaves_nothing(taken, tmp_path):
    import shutil

    level1, _ = taken
    broken = tmp_path / "broken"
    shutil.copytree(level1.folder, broken)
    path = broken / level1.images[0].file
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    options = ProcessOptions(terrain=TERRAIN)
    with pytest.raises(FileError, match=path.name):
        process_level1(broken, tmp_path / "out", options)
    assert [one.name for one in (tmp_path / "out").iterdir()] == [".work"]
    # some bytes amid a tile, which the format does not notice: the manifest tells
    middle = len(content) // 3
    path.write_bytes(content[:middle] + bytes(range(20)) + content[middle + 20 :])
    with pytest.raises(FileError, match=f"{path.name}: is damaged or was changed"):
        process_level1(broken, tmp_path / "out", options)
    path.write_bytes(content)
    assert process_level1(broken, tmp_path / "out", options).item.exists()
    (broken / level1.images[0].calibration).unlink()
    with pytest.raises(FileError, match="calibration"):
        process_level1(broken, tmp_path / "again", options)


def test_offsets_of_a_band_by_itself_are_none(product):
    none = band_offset(product.rasters["pan"], product.rasters["pan"])
    assert none.tiles > 3
    assert not none.is_sure
    assert_allclose([none.row_px, none.column_px], 0.0, atol=1e-3)


def test_wishes_that_cannot_be_had_are_told_before_any_work(taken, tmp_path):
    level1, _ = taken
    options = ProcessOptions(terrain=TERRAIN, level="basic", pansharpen="brovey")
    with pytest.raises(InputError, match="level basic"):
        process_level1(level1.folder, tmp_path / "basic", options)
    assert not list((tmp_path / "basic" / ".work").iterdir())


def test_one_colour_alone_is_not_panchromatic(taken, tmp_path):
    """KOMPSAT-3A's pan takes in 450 to 900 nm, its blue 70 nm."""
    level1, picture = taken
    for name, key in (("blue", "ms"), ("sharpest", "pan")):
        images = level1.of_band(name)
        part = replace(level1, images=images)
        maker = Maker(part, picture, tmp_path, ProcessOptions(terrain=TERRAIN), None)
        assert maker.groups() == [(key, [name])]
