"""Files of the archive over real HTTP: ranges, signed links, the audit log, tiles of known pixels."""

from __future__ import annotations

import hashlib
import io
import time
import urllib.parse
from pathlib import Path

import numpy as np
import pystac_client
import pytest
import rasterio
from numpy.testing import assert_allclose
from PIL import Image

from offnadir.imagery._raster import unwarned
from offnadir.service._files import disposition
from offnadir.service._signing import seal
from sample_items import stac
from support.service import SECRET
from support.serving import serving

CONTENT = bytes(range(256)) * 2500 + b"end"
#: Half of Web Mercator's width [m]: pi times 6378137 m.
HALF_M = 20037508.342789244
Z, X, Y = 12, 3492, 1586


def write_raster(path: Path, data: np.ndarray, **more: object) -> None:
    """A GeoTIFF that is exactly the tile Z, X, Y; overviews in it."""
    side_m = 2 * HALF_M / 2**Z
    pixel_m = side_m / data.shape[-1]
    at = rasterio.Affine(pixel_m, 0, -HALF_M + X * side_m, 0, -pixel_m, HALF_M - Y * side_m)
    profile = {"driver": "GTiff", "dtype": data.dtype, "count": data.shape[0], "height": data.shape[1],
               "width": data.shape[2], "crs": "EPSG:3857", "transform": at, **more}  # fmt: skip
    with rasterio.open(path, "w", **profile) as out:
        out.write(data)
        out.build_overviews([2, 4])


def add(
    service, folder: Path, name: str, files: dict[str, dict], reader: str | None = None
) -> None:
    item = stac(name)
    item["assets"] = files
    service.archive.add(item, folder=folder)
    if reader is not None:
        service.archive.let_read(name, reader)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    halves = np.full((1, 512, 512), 1000, np.uint16)
    halves[:, :, 256:] = 3000
    write_raster(folder / "pan.tif", halves)
    colours = np.zeros((3, 256, 256), np.uint8)
    colours[0], colours[2] = 200, 50
    write_raster(folder / "colour.tif", colours, photometric="RGB")
    with unwarned(
        folder / "raw.tif", "w", driver="GTiff", dtype="uint8", count=1, height=40, width=80
    ) as out:
        out.write(np.arange(3200, dtype=np.uint8).reshape(1, 40, 80))
    (folder / "data.bin").write_bytes(CONTENT)
    (folder / 'Söul "x".txt').write_text("hello")
    (folder / "gone.txt").write_text("gone")
    (folder / "picture.vrt").write_text(
        '<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f"<SourceFilename>{folder}/raw.tif</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with serving(tmp_path_factory.mktemp("files-service") / "operation") as made:
        customer = made.service.desk.find_user("kim").customer_id
        files = {
            "pan": {"href": "./pan.tif", "type": "image/tiff; application=geotiff; profile=cloud-optimized"},
            "colour": {"href": "./colour.tif"}, "raw": {"href": "./raw.tif"}, "data": {"href": "./data.bin"},
            "note": {"href": './Söul "x".txt', "type": "text/html\r\nX-Evil: 1"},
            "vrt": {"href": "./picture.vrt"},
            "gone": {"href": "./gone.txt"}, "far": {"href": "https://elsewhere.example/a.tif"},
        }  # fmt: skip
        add(made.service, folder, "A", files, customer)
        add(made.service, folder, "B/c d", {"data": {"href": "./data.bin"}}, customer)
        add(made.service, folder, "looked", {"pan": {"href": "./pan.tif"}}, customer)
        add(made.service, folder, "secret", {"data": {"href": "./data.bin"}})
        (folder / "gone.txt").write_text("other")
        yield made


@pytest.fixture(scope="module")
def kim(served):
    with served.client("kim") as client:
        yield client


def test_a_file_found_over_stac_arrives_whole(served, kim):
    catalog = pystac_client.Client.open(f"{served.url}/stac", headers=served.headers("kim"))
    for name in ("A", "B/c d"):
        (item,) = catalog.search(ids=[name]).items()
        asset = item.assets["data"]
        assert asset.href.startswith(f"{served.url}/assets/")
        answer = kim.get(asset.href)
        assert answer.status_code == 200
        assert (
            "1220" + hashlib.sha256(answer.content).hexdigest()
            == asset.extra_fields["file:checksum"]
        )
        own = item.get_self_href()
        assert kim.get(own).json()["id"] == name


def test_headers_of_a_file(kim):
    answer = kim.get("/assets/A/pan")
    assert (
        answer.headers["content-type"] == "image/tiff; application=geotiff; profile=cloud-optimized"
    )
    assert answer.headers["content-disposition"] == 'attachment; filename="pan.tif"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = kim.get("/assets/A/pan", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = kim.head("/assets/A/pan")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) == len(answer.content)
    note = kim.get("/assets/A/note")
    assert note.headers["content-type"] == "application/octet-stream"
    assert "x-evil" not in note.headers


def test_names_of_files_are_safe_in_a_header():
    """RFC 6266 with RFC 8187: a plain name, and the exact one in UTF-8."""
    told = disposition(Path('/data/Söul "x"\r\n.txt'))
    assert told.startswith(
        "attachment; filename=\"S_ul__x___.txt\"; filename*=UTF-8''S%C3%B6ul%20%22x%22%0D%0A"
    )
    assert disposition(Path("/data/a.tif")) == 'attachment; filename="a.tif"'


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0), ("bytes=10-19", 10, 19), ("bytes=639990-", 639_990, 640_002),
        ("bytes=-3", 640_000, 640_002), ("bytes=-9999999", 0, 640_002), ("bytes=5-99999999", 5, 640_002),
        ("bytes=200000-500000", 200_000, 500_000),
    ],
)  # fmt: skip
def test_one_range_is_served(kim, asked, first, last):
    """RFC 9110, 14.2."""
    answer = kim.get("/assets/A/data", headers={"range": asked})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/640003"
    assert answer.content == CONTENT[first : last + 1]


def test_other_ranges(kim):
    for asked in ("bytes=0-1,5-6", "lines=1-2", "bytes=9-3", "bytes=-"):
        answer = kim.get("/assets/A/data", headers={"range": asked})
        assert (answer.status_code, len(answer.content)) == (200, len(CONTENT)), asked
    for asked in ("bytes=640003-", "bytes=-0"):
        answer = kim.get("/assets/A/data", headers={"range": asked})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == "bytes */640003"
    stale = {"range": "bytes=0-1", "if-range": '"another"'}
    assert kim.get("/assets/A/data", headers=stale).status_code == 200


def test_files_that_are_not_there(served, kim):
    for path, status in (
        ("/assets/A/none", 404), ("/assets/none/data", 404), ("/assets/secret/data", 404),
        ("/assets/A/far", 404),
        ("/assets/A/gone", 410), ("/assets/A/..%2F..%2Fetc%2Fpasswd", 404), ("/assets/..%2f..%2fA/data", 404),
    ):  # fmt: skip
        answer = kim.get(path)
        assert answer.status_code == status, path
        assert "/tmp" not in answer.text
        assert "files0" not in answer.text
    with served.client("boss") as boss:
        assert boss.get("/assets/secret/data").status_code == 200


def test_a_file_that_changes_after_it_was_verified_is_not_sent(served, tmp_path):
    path = tmp_path / "late.txt"
    path.write_text("first")
    add(served.service, tmp_path, "late", {"note": {"href": "./late.txt"}})
    with served.client("boss") as boss:
        assert boss.get("/assets/late/note").text == "first"
        path.write_text("other")
        assert boss.get("/assets/late/note").status_code == 410


def test_a_signed_link_opens_one_file_for_a_while(served, kim):
    made = kim.post("/assets/A/data/link").json()
    assert 0 < made["expires"] - time.time() <= 900
    with served.client() as nobody, served.client("boss") as boss:
        assert nobody.get(made["href"]).content == CONTENT
        assert nobody.get(made["href"], headers={"range": "bytes=0-3"}).content == CONTENT[:4]
        link = urllib.parse.urlsplit(made["href"])
        told = dict(urllib.parse.parse_qsl(link.query))
        assert nobody.get("/assets/A/pan", params=told).status_code == 401
        assert nobody.get("/assets/secret/data", params=told).status_code == 401
        for key, value in (
            ("expires", str(made["expires"] + 9999)), ("by", "boss"), ("by", "lee"), ("signature", "0" * 64),
            ("signature", ""), ("expires", "x"), ("by", ""), ("signature", "é"),
        ):  # fmt: skip
            altered = nobody.get(link.path, params={**told, key: value})
            assert altered.status_code == 401, (key, value)
            assert altered.headers["www-authenticate"].startswith("Bearer")
            assert altered.json()["type"] == "urn:offnadir:problem:bad-link"
        ended = int(time.time()) - 1
        over = {"expires": ended, "by": "kim", "signature": seal(SECRET, "A", "data", ended, "kim")}
        assert nobody.get(link.path, params=over).json()["type"] == "urn:offnadir:problem:link-over"
        assert kim.post("/assets/secret/data/link").status_code == 404
        # whose link it is must still see the item
        soon = int(time.time()) + 100
        lees = {"expires": soon, "by": "lee", "signature": seal(SECRET, "A", "data", soon, "lee")}
        assert nobody.get(link.path, params=lees).status_code == 404
        nobodys = {
            "expires": soon,
            "by": "zoe",
            "signature": seal(SECRET, "A", "data", soon, "zoe"),
        }
        assert nobody.get(link.path, params=nobodys).status_code == 401
        assert boss.get(link.path, params=over).status_code == 403


def test_downloads_stand_in_the_audit_log_once_an_hour(served, tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    add(served.service, tmp_path, "noted", {"note": {"href": "./a.txt"}})
    with served.client("boss") as boss, served.client("anna") as anna:
        for client in (boss, boss, anna):
            assert client.get("/assets/noted/note").text == "hello"
        boss.head("/assets/noted/note")
    log = served.service.desk.read_log(by="anna", subject="noted")
    told = [(one.content["by"], one.content["action"], one.content["body"]["asset"]) for one in log]
    assert told == [("boss", "download", "note"), ("anna", "download", "note")]


def test_who_looks_at_tiles_stands_in_the_audit_log_once_an_hour(served, kim):
    """Tiles of the highest zoom are the picture: without a note nobody would know that it was taken."""
    for path in (f"/tiles/looked/pan/{Z}/{X}/{Y}.png", "/previews/looked/pan.png") * 2:
        assert kim.get(path).status_code == 200
    assert kim.get(f"/tiles/looked/pan/{Z}/{X + 5}/{Y}.png").status_code == 404
    log = served.service.desk.read_log(by="anna", subject="looked")
    told = [(one.content["by"], one.content["action"], one.content["body"]) for one in log]
    key = served.service.desk.keys(by="anna")
    shown = next(f"key {one.id}" for one in key if one.user == "kim")
    assert told == [("kim", "view", {"asset": "pan", "shown": shown})]


# Tiles and previews


def picture(answer) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_a_tile_has_the_files_pixels_stretched_to_eight_bits(kim):
    """The file is this tile: its west half, the low 2 percent, is black, and its east half white."""
    for kind in ("png", "webp"):
        answer = kim.get(f"/tiles/A/pan/{Z}/{X}/{Y}.{kind}")
        assert answer.headers["content-type"] == f"image/{kind}"
        drawn = picture(answer)
        assert drawn.shape[:2] == (256, 256)
        grey = drawn[..., 0].astype(int)
        assert_allclose(grey[:, :120], 0, atol=2)
        assert_allclose(grey[:, 136:], 255, atol=2)
    inner = picture(kim.get(f"/tiles/A/pan/{Z + 1}/{2 * X}/{2 * Y}.png"))
    assert (inner[:, :240, 0] == 0).all()
    outer = picture(kim.get(f"/tiles/A/pan/{Z - 1}/{X // 2}/{Y // 2}.png"))
    assert (outer[..., -1] > 0).sum() == pytest.approx(128 * 128, rel=0.03)


def test_colours_are_as_they_are(kim):
    drawn = picture(kim.get(f"/tiles/A/colour/{Z}/{X}/{Y}.png"))
    assert drawn[128, 128].tolist()[:3] == [200, 0, 50]


def test_tiles_that_there_are_not(kim):
    for path, status in (
        (f"/tiles/A/pan/{Z}/{X + 2}/{Y}.png", 404), ("/tiles/A/pan/1/5/0.png", 404),
        ("/tiles/A/raw/0/0/0.png", 404),
        ("/tiles/A/data/0/0/0.png", 415), ("/tiles/A/vrt/0/0/0.png", 415), ("/tiles/A/gone/0/0/0.png", 410),
        ("/tiles/secret/data/0/0/0.png", 404), ("/tiles/A/raw/tilejson.json", 404),
        ("/tiles/A/pan/0/0/0.gif", 400),
        ("/tiles/A/pan/99/0/0.png", 400), ("/previews/A/pan.png?size=9999", 400),
        ("/previews/A/vrt.png", 415),
    ):  # fmt: skip
        answer = kim.get(path)
        assert answer.status_code == status, (path, answer.text)
        assert "/tmp" not in answer.text


def test_blocks_of_a_file_are_kept_while_it_is_drawn(kim, monkeypatch):
    """With room for no block each row unpacks its block anew: a preview took a minute instead of some ms."""
    from rasterio.env import get_gdal_config

    from offnadir.service import _tiles

    seen = []
    bands_of = _tiles.bands_of

    def noting(dataset):
        blocks = dataset.block_shapes[0]
        seen.append((get_gdal_config("GDAL_CACHEMAX"), blocks[0] * blocks[1] * 8 * dataset.count))
        return bands_of(dataset)

    monkeypatch.setattr(_tiles, "bands_of", noting)
    assert kim.get("/previews/A/pan.png?size=100").status_code == 200
    ((room, block),) = seen
    assert room > 4 * block


def test_tilejson_leads_to_the_tiles(served, kim):
    told = kim.get("/tiles/A/pan/tilejson.json").json()
    west, south, east, north = told["bounds"]
    assert_allclose([west, east], [X / 2**Z * 360 - 180, (X + 1) / 2**Z * 360 - 180], atol=1e-9)
    assert south < north
    (url,) = told["tiles"]
    assert kim.get(url.format(z=Z, x=X, y=Y)).status_code == 200
    link = urllib.parse.urlsplit(kim.post("/assets/A/pan/link").json()["href"]).query
    with served.client() as nobody:
        (signed,) = nobody.get(f"/tiles/A/pan/tilejson.json?{link}").json()["tiles"]
        assert nobody.get(signed.format(z=Z, x=X, y=Y)).status_code == 200
        assert (
            nobody.get(signed.format(z=Z, x=X, y=Y).replace("/pan/", "/colour/")).status_code == 401
        )


def test_previews_are_as_large_as_asked_for_and_no_larger_than_the_picture(kim):
    assert picture(kim.get("/previews/A/pan.png?size=100")).shape[:2] == (100, 100)
    raw = picture(kim.get("/previews/A/raw.png"))
    assert raw.shape[:2] == (40, 80)
    assert (raw[..., 0] == np.arange(3200, dtype=np.uint8).reshape(40, 80)).all()
