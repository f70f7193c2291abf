"""Real products to maps: a SPOT 6 scene's polynomials, ground that is known everywhere, and every fault."""

import hashlib
import json
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pystac
import pytest
from numpy.testing import assert_allclose
from pystac.extensions.file import FileExtension
from pystac.extensions.projection import ProjectionExtension
from pystac.validation import validate_dict
from rio_cogeo.cogeo import cog_validate

from made_products import WAVES_M, counts, cropped_rpc, rough, write_dem, write_image
from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid
from offnadir.imagery._product import ProcessOptions
from offnadir.imagery._product_raster import process_raster
from offnadir.imagery._raster import opened, raster_info, writing
from offnadir.imagery._restore import nyquist_otf, restoration
from offnadir.imagery._rpc import rpc_of_tags, rpc_tags, write_rpc
from offnadir.imagery._terrain import LevelTerrain, RasterTerrain

SHAPE = (620, 700)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An image, its elevation model and its polynomials."""
    folder = tmp_path_factory.mktemp("real")
    rpc = cropped_rpc(shape=SHAPE)
    dem = write_dem(folder / "dem.tif", rpc)
    tags = {"TIFFTAG_DATETIME": "2013:02:17 15:20:31"}
    return write_image(folder / "scene.tif", rpc, dem, bands=3, tags=tags), dem, rpc


@pytest.fixture(scope="module")
def product(made, tmp_path_factory):
    image, dem, _ = made
    options = ProcessOptions(terrain=RasterTerrain(dem), platform="SPOT 6")
    return process_raster([image], tmp_path_factory.mktemp("product"), options)


def on_map(path, band=1, picture=counts):
    """Values of a band, where it has any, and the ground's at the centres of its pixels."""
    with opened(path) as dataset:
        values = dataset.read(band).astype(float)
        t = dataset.transform
        nodata = dataset.nodata
    rows, columns = np.meshgrid(*(np.arange(n) + 0.5 for n in values.shape), indexing="ij")
    return values, picture(t.c + columns * t.a, t.f + rows * t.e), values != nodata


def test_every_pixel_shows_the_ground_below_it(product):
    """The ground changes by some 90 counts a pixel: 5 counts are 0.06 pixels."""
    values, truth, known = on_map(product.rasters["image"])
    assert known.mean() > 0.85
    assert np.sqrt(np.mean((values - truth)[known] ** 2)) < 5.0
    assert abs(np.mean((values - truth)[known])) < 0.5


def test_it_is_a_valid_cog_with_overviews(product):
    valid, errors, warnings = cog_validate(product.rasters["image"])
    assert (valid, errors, warnings) == (True, [], [])
    with opened(product.rasters["image"]) as dataset:
        assert dataset.overviews(1) == [2]
        assert dataset.crs.to_string() == "EPSG:32618"
        assert dataset.block_shapes[0] == (512, 512)


def test_the_picture_is_a_png(product):
    with opened(product.preview) as dataset:
        assert dataset.driver == "PNG"
        assert dataset.count == 4
        alpha, red = dataset.read(4), dataset.read(1)
    assert 0.85 < (alpha == 255).mean() < 0.99
    assert red[alpha == 255].std() > 40


def test_the_item_is_valid_and_says_what_there_is(product):
    content = json.loads(product.item.read_text())
    item = pystac.Item.from_dict(content)
    # the core's schemas come with pystac; those of extensions would be fetched
    validate_dict(content | {"stac_extensions": []})
    assert item.datetime.isoformat() == "2013-02-17T15:20:31+00:00"
    asset = item.assets["image"]
    path = product.rasters["image"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = FileExtension.ext(asset)
    assert (file.checksum, file.size) == ("1220" + digest, path.stat().st_size)
    projection = ProjectionExtension.ext(asset)
    assert projection.code == "EPSG:32618"
    assert "proj:epsg" not in content["properties"] | content["assets"]["image"]
    info = raster_info(path)
    assert projection.shape == list(info.shape)
    assert_allclose(projection.transform, info.grid.transform)
    properties = content["properties"]
    # ray of the polynomials between two heights, in ENU: independent of the code only in its angles' names
    assert_allclose(properties["view:incidence_angle"], 14.3, atol=0.1)
    assert properties["platform"] == "SPOT 6"
    assert properties["processing:software"]["offnadir"]
    assert "dem.tif" in properties["processing:lineage"]
    west, south, east, north = content["bbox"]
    assert west < -72.29 < east
    assert south < 18.62 < north


def test_the_whole_scene_tells_its_angles(tmp_path):
    """SPOT 6 flies at 694 km: both angles are there, and sin(incidence) = (R + h) / R sin(off-nadir)."""
    from offnadir.imagery._sight_lines import sight_angles

    rpc = cropped_rpc(0, 0, (24777, 21953))
    told = sight_angles(rpc, 500.0)
    assert_allclose(told.altitude_m, 694e3, rtol=0.02)
    ratio = np.sin(told.incidence_rad) / np.sin(told.off_nadir_rad)
    assert_allclose(ratio, (6371 + 694) / 6371, rtol=0.003)


def test_polynomials_from_a_file_and_level_ground(made, tmp_path):
    """Without tags, with --rpc; on level ground the pixels are those of the model at that height."""
    image, _, rpc = made
    bare = tmp_path / "bare.tif"
    with opened(image) as dataset, writing(bare, SHAPE, 1, "uint16", nodata=0.0) as out:
        out.write(dataset.read(1), 1)
    options = ProcessOptions(
        terrain=LevelTerrain(alt_m=500.0), gsd_m=2.0, kernel="nearest", crs="EPSG:4326"
    )
    with pytest.raises(FileError, match="--rpc"):
        process_raster([bare], tmp_path / "none", options)
    write_rpc(rpc, tmp_path / "model.txt")
    made_product = process_raster([bare], tmp_path / "out", options, rpc=tmp_path / "model.txt")
    info = raster_info(made_product.rasters["image"])
    assert info.grid.crs == "EPSG:4326"
    with opened(bare) as dataset:
        source = dataset.read(1)
    with opened(made_product.rasters["image"]) as dataset:
        row, column = info.shape[0] // 2, info.shape[1] // 3
        value = dataset.read(1)[row, column]
    line, sample = rpc.project(*info.grid.lat_lon(row, column), 500.0)
    assert value == source[round(float(line)), round(float(sample))]


def test_ground_control_takes_a_shift_away(made, tmp_path):
    """The image lies (3.2, -2.1) pixels off its polynomials; four points with one blunder put it right."""
    _, dem, rpc = made
    image = write_image(tmp_path / "off.tif", rpc, dem, moved=(3.2, -2.1))
    terrain = RasterTerrain(dem)
    rows = ["line,column,lat_deg,lon_deg,alt_m"]
    for k, (line, column) in enumerate([(60, 80), (90, 600), (500, 120), (530, 610), (300, 330)]):
        from offnadir.imagery._meet import meet_terrain

        lat, lon, alt = meet_terrain(rpc, terrain, line + 3.2, column - 2.1)
        blunder = 40 if k == 4 else 0
        height = "" if k == 0 else f"{float(alt):.3f}"
        rows.append(
            f"{line + blunder},{column},{np.degrees(lat):.9f},{np.degrees(lon):.9f},{height}"
        )
    (tmp_path / "gcp.csv").write_text("\n".join(rows))
    options = ProcessOptions(terrain=terrain, control=tmp_path / "gcp.csv")
    done = process_raster([image], tmp_path / "out", options)
    told = done.report["refined off.tif"]
    assert (told["points"], told["used"]) == (5, 4)
    assert told["rms_px"] < 0.01
    values, truth, known = on_map(done.rasters["image"])
    assert np.sqrt(np.mean((values - truth)[known] ** 2)) < 5.0


def test_a_reference_image_takes_a_shift_away(made, tmp_path):
    """Matching is good to 0.1 pixels, so that what was (2.6, 1.7) off fits nearly as well as the true one."""
    _, dem, rpc = made
    plain = ProcessOptions(terrain=RasterTerrain(dem))
    still = write_image(tmp_path / "still.tif", rpc, dem, picture=rough, bands=3)
    reference = process_raster([still], tmp_path / "reference", plain).rasters["image"]
    image = write_image(tmp_path / "off.tif", rpc, dem, moved=(2.6, 1.7), picture=rough)
    options = replace(plain, reference=reference)
    done = process_raster([image], tmp_path / "out", options)
    assert done.report["refined off.tif"]["rms_px"] < 0.15

    def miss(path):
        values, truth, known = on_map(path, picture=rough)
        return float(np.sqrt(np.mean((values - truth)[known] ** 2)))

    before = process_raster([image], tmp_path / "before", plain).rasters["image"]
    assert miss(before) > 60.0
    assert miss(done.rasters["image"]) < miss(reference) + 0.05 * miss(before)


def test_strips_are_joined_and_fused(made, tmp_path):
    _, dem, rpc = made
    halves = []
    for k, column in enumerate((0, 350)):
        part = replace(rpc, column_off=rpc.column_off - column, shape=(620, 350 if k else 400))
        halves.append(write_image(tmp_path / f"part{k}.tif", part, dem))
    done = process_raster(halves, tmp_path / "out", ProcessOptions(terrain=RasterTerrain(dem)))
    values, truth, known = on_map(done.rasters["image"])
    assert known.mean() > 0.85
    assert np.sqrt(np.mean((values - truth)[known] ** 2)) < 5.0
    assert_allclose(done.report["mosaic"]["gains"], [1.0, 1.0], atol=2e-3)

    colour = write_image(tmp_path / "ms.tif", rpc, dem, bands=3)
    pan = write_image(tmp_path / "pan.tif", rpc, dem)
    options = ProcessOptions(terrain=RasterTerrain(dem), pansharpen="brovey")
    fused = process_raster([colour, pan], tmp_path / "fused", options, name="both")
    assert sorted(fused.rasters) == ["pan", "pansharpened"]
    with opened(fused.rasters["pansharpened"]) as dataset:
        bands = dataset.read().astype(float)
    inside = bands[:, 200:400, 200:400]
    assert_allclose(inside[1] / inside[0], 1.2, rtol=0.01)


def test_mtf_compensation_sharpens_by_what_it_says(made, tmp_path):
    image, dem, _ = made
    options = ProcessOptions(terrain=RasterTerrain(dem), mtfc=1.0, mtf_nyquist=0.15)
    done = process_raster([image], tmp_path / "out", options)
    values, truth, known = on_map(done.rasters["image"])
    gain = np.polyfit(truth[known], values[known], 1)[0]
    line = restoration(nyquist_otf(0.15), options.snr).kernel.sum(axis=0)
    at = np.arange(len(line)) - len(line) // 2
    waves = [line @ np.cos(2 * np.pi * 1.56 / length * at) for length, _ in WAVES_M]
    assert np.mean(waves) > 1.01
    assert_allclose(gain, np.mean(waves), atol=0.002)
    with pytest.raises(InputError, match="mtf_nyquist"):
        process_raster(
            [image], tmp_path / "not", ProcessOptions(terrain=RasterTerrain(dem), mtfc=1.0)
        )


# --- what goes wrong -------------------------------------------------------------------------------------


def final(folder):
    """Files under their final names."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_truncated_image_leaves_nothing_and_can_be_gone_on_with(made, tmp_path):
    image, dem, _ = made
    broken = tmp_path / "scene.tif"
    whole = image.read_bytes()
    broken.write_bytes(whole[: len(whole) * 6 // 10])
    options = ProcessOptions(terrain=RasterTerrain(dem))
    with pytest.raises(FileError, match=r"scene\.tif.*(damaged|cannot be read)"):
        process_raster([broken], tmp_path / "out", options)
    assert final(tmp_path / "out") == []
    broken.write_bytes(whole)
    done = process_raster([broken], tmp_path / "out", options)
    assert final(tmp_path / "out") == ["scene.json", "scene_image.tif", "scene_preview.png"]
    assert cog_validate(done.rasters["image"])[0]


def test_a_corrupt_image_is_told_with_the_place(made, tmp_path):
    """Half of the second tile is other bytes: the file is as long as it was, and opens."""
    image, dem, _ = made
    with opened(image) as dataset:
        first, size = (
            int(dataset.get_tag_item(f"BLOCK_{what}_1_0", "TIFF", bidx=1))
            for what in ("OFFSET", "SIZE")
        )
    content = bytearray(image.read_bytes())
    half = size // 2
    content[first + half : first + 2 * half] = bytes((5 + 37 * k) % 256 for k in range(half))
    broken = tmp_path / "scene.tif"
    broken.write_bytes(content)
    with pytest.raises(FileError, match=r"scene\.tif: damaged at rows \d+ to \d+"):
        process_raster([broken], tmp_path / "out", ProcessOptions(terrain=RasterTerrain(dem)))
    assert final(tmp_path / "out") == []


def test_no_raster_at_all(tmp_path):
    (tmp_path / "x.tif").write_text("hello")
    with pytest.raises(FileError, match="cannot be read as a raster"):
        process_raster([tmp_path / "x.tif"], tmp_path / "out", ProcessOptions())


def test_an_image_on_a_map_needs_no_orthorectification(product, tmp_path):
    with pytest.raises(FileError, match="lies on a map already"):
        process_raster([product.rasters["image"]], tmp_path / "out", ProcessOptions())


def test_nodata_stays_nodata_and_mixes_into_nothing(made, tmp_path):
    image, dem, rpc = made
    holed = tmp_path / "holed.tif"
    with opened(image) as dataset:
        values = dataset.read(1)
    values[200:260, 300:380] = 0
    with writing(holed, SHAPE, 1, "uint16", nodata=0.0, rpc=rpc_tags(rpc)) as out:
        out.write(values, 1)
    done = process_raster([holed], tmp_path / "out", ProcessOptions(terrain=RasterTerrain(dem)))
    made_values, truth, known = on_map(done.rasters["image"])
    assert np.abs((made_values - truth)[known]).max() < 150.0
    assert made_values[known].min() > 1000.0
    info = raster_info(done.rasters["image"])
    rows, columns = np.nonzero(~known)
    line, column = rpc.project(
        *info.grid.lat_lon(rows, columns),
        RasterTerrain(dem).height_m(*info.grid.lat_lon(rows, columns)),
    )
    inside = (line > 205) & (line < 255) & (column > 305) & (column < 375)
    assert inside.sum() > 1500


def test_a_wrong_projection_is_told_at_once(made):
    with pytest.raises(InputError, match="EPSG:999999"):
        ProcessOptions(crs="EPSG:999999")


def test_holes_in_the_elevation_model_are_filled(made, tmp_path):
    image, _, rpc = made
    holed = write_dem(tmp_path / "holed.tif", rpc, holes=True)
    terrain = RasterTerrain(holed)
    done = process_raster([image], tmp_path / "out", ProcessOptions(terrain=terrain))
    assert terrain.holes_filled > 0
    _, _, known = on_map(done.rasters["image"])
    assert known.mean() > 0.85


def test_too_small_an_elevation_model_is_told(made, tmp_path):
    image, _, rpc = made
    small = write_dem(tmp_path / "small.tif", rpc, reach=0.0008)
    with pytest.raises(FileError, match=r"small\.tif: ends before"):
        process_raster([image], tmp_path / "out", ProcessOptions(terrain=RasterTerrain(small)))
    assert final(tmp_path / "out") == []
    edge = ProcessOptions(terrain=RasterTerrain(small, outside="edge"))
    assert process_raster([image], tmp_path / "out", edge).item.exists()


def test_an_elevation_model_without_projection_is_told(tmp_path):
    with writing(tmp_path / "bare.tif", (20, 20), 1, "float32") as out:
        out.write(np.zeros((20, 20), np.float32), 1)
    with pytest.raises(FileError, match="no elevation model"):
        RasterTerrain(tmp_path / "bare.tif")


def test_an_elevation_model_in_the_wrong_projection_lies_elsewhere(made, tmp_path):
    """Its degrees are called metres of a UTM zone: it lies on another place, which is told."""
    image, dem, _ = made
    with opened(dem) as dataset:
        heights, transform = dataset.read(1), tuple(dataset.transform)[:6]
    wrong = Grid(crs="EPSG:32618", transform=transform, shape=heights.shape)
    with writing(tmp_path / "wrong.tif", heights.shape, 1, "float32", grid=wrong) as out:
        out.write(heights, 1)
    terrain = RasterTerrain(tmp_path / "wrong.tif")
    with pytest.raises(FileError, match=r"wrong\.tif: ends before 18\.\d+ deg"):
        process_raster([image], tmp_path / "out", ProcessOptions(terrain=terrain))
    assert final(tmp_path / "out") == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MB: a disk that is really full at the end."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        subprocess.run(words, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only an administrator may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_leaves_nothing_under_a_final_name(
    made, small_disk, tmp_path, capfd, monkeypatch
):
    """Of the room it is wrongly told that there is plenty; then it is full in the middle of a file."""
    image, dem, _ = made
    out = small_disk / "out"
    options = ProcessOptions(terrain=RasterTerrain(dem))
    with pytest.raises(FileError, match="has room for"):
        process_raster([image], out, options)
    plenty = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: plenty)
    with pytest.raises(FileError, match="cannot be written"):
        process_raster([image], out, options)
    assert final(out) == []
    assert not list(out.rglob("*.part*"))
    capfd.readouterr()


_KILLED = """
import os, signal, sys
from pathlib import Path
from offnadir.imagery import ProcessOptions, RasterTerrain, process_raster

def report(stage, done, total):
    if stage == "orthorectification":
        os.kill(os.getpid(), signal.SIGKILL)

image, dem, out = map(Path, sys.argv[1:])
options = ProcessOptions(terrain=RasterTerrain(dem), mtfc=0.5, mtf_nyquist=0.15)
process_raster([image], out, options, report=report)
"""


def test_after_a_kill_a_second_run_goes_on(made, tmp_path):
    """SIGKILL when the first tile of the map is there: nothing under a final name; what was whole is kept."""
    image, dem, _ = made
    out = tmp_path / "out"
    words = [sys.executable, "-c", _KILLED, str(image), str(dem), str(out)]
    assert subprocess.run(words, capture_output=True).returncode == -signal.SIGKILL
    assert final(out) == []
    restored = out / ".work" / "scene_restored.tif"
    half = [path.name for path in (out / ".work").iterdir() if path != restored]
    assert len(half) == 1
    assert half[0].startswith(".image.tif.")
    before = restored.stat().st_mtime_ns
    options = ProcessOptions(terrain=RasterTerrain(dem), mtfc=0.5, mtf_nyquist=0.15, keep_work=True)
    done = process_raster([image], out, options)
    assert restored.stat().st_mtime_ns == before
    assert cog_validate(done.rasters["image"])[0]
    assert not list(out.rglob("*.part*"))


def test_a_full_disk_leaves_nothing_under_a_final_name(made, tmp_path, capfd):
    """A limit on the size of files is to GDAL like a full disk: its GeoTIFF writer says nothing."""
    image, dem, _ = made
    out = tmp_path / "out"
    options = ProcessOptions(terrain=RasterTerrain(dem))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (100_000, 600_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            with pytest.raises(FileError, match="cannot be written"):
                process_raster([image], out, options)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert final(out) == []
        assert not list(out.rglob("*.part*"))
    capfd.readouterr()
    done = process_raster([image], out, options)
    assert cog_validate(done.rasters["image"])[0]


def test_too_little_room_is_told_before_anything_is_done(made, tmp_path, monkeypatch):
    image, dem, _ = made
    full = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full._replace(free=1000))
    with pytest.raises(FileError, match="has room for 0 MB"):
        process_raster([image], tmp_path / "out", ProcessOptions(terrain=RasterTerrain(dem)))


def test_a_second_run_goes_on_where_the_first_stopped(made, tmp_path, monkeypatch):
    from offnadir.imagery import _product

    image, dem, _ = made
    options = ProcessOptions(terrain=RasterTerrain(dem))

    def stop(*arguments, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_product, "write_picture", stop)
        with pytest.raises(KeyboardInterrupt):
            process_raster([image], tmp_path / "out", options)
    cog = tmp_path / "out" / "scene_image.tif"
    ortho = tmp_path / "out" / ".work" / "image.tif"
    before = [path.stat().st_mtime_ns for path in (cog, ortho)]
    process_raster([image], tmp_path / "out", replace(options, keep_work=True))
    assert [path.stat().st_mtime_ns for path in (cog, ortho)] == before
    assert (tmp_path / "out" / "scene.json").exists()
    other = replace(options, kernel="bilinear")
    with monkeypatch.context() as patch:
        patch.setattr(_product, "write_picture", stop)
        with pytest.raises(KeyboardInterrupt):
            process_raster([image], tmp_path / "out", other)
    assert not (tmp_path / "out" / "scene.json").exists()  # the old one told of other files
    process_raster([image], tmp_path / "out", other)
    assert cog.stat().st_mtime_ns != before[0]
    assert not ortho.exists()


def test_polynomials_that_make_no_sense_are_told(made, tmp_path):
    image, _, rpc = made
    tags = rpc_tags(rpc) | {"LINE_SCALE": "0"}
    with pytest.raises(InputError, match="line_scale"):
        rpc_of_tags(tags, SHAPE)
    (tmp_path / "bad.txt").write_text("LINE_OFF: 5\n")
    with pytest.raises(FileError, match=r"bad\.txt"):
        process_raster([image], tmp_path / "out", ProcessOptions(), rpc=tmp_path / "bad.txt")


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "a\\b"])
def test_a_product_s_name_is_no_path(made, tmp_path, name):
    with pytest.raises(InputError, match="without folders"):
        process_raster([made[0]], tmp_path / "out", ProcessOptions(), name=name)
    assert not (tmp_path / "out").exists()
