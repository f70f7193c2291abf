"""Rational polynomials of real products against GDAL, and against what their operators say."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.testing import assert_allclose
from rasterio.transform import RPCTransformer

from offnadir.errors import FileError, InputError
from offnadir.imagery._rpc import Rpc, read_rpc, rpc_of_tags, rpc_tags, write_rpc
from offnadir.units import deg
from real_rpc import IKONOS, IKONOS_SHAPE, PLANETSCOPE, PLANETSCOPE_SHAPE, SPOT6, SPOT6_SHAPE

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
REAL = {
    "IKONOS": (IKONOS, IKONOS_SHAPE, (-50.0, 110.0)),
    "PlanetScope": (PLANETSCOPE, PLANETSCOPE_SHAPE, (0.0, 300.0)),
    "SPOT 6": (SPOT6, SPOT6_SHAPE, (0.0, 1000.0)),
}
ROWS = ("LINE_NUM_COEFF", "LINE_DEN_COEFF", "SAMP_NUM_COEFF", "SAMP_DEN_COEFF")


def dimap(version: int, first: int) -> str:
    """SPOT 6's model as DIMAP writes it, in which the first pixel is called (first, first)."""
    model, domain = (
        ("Inverse_Model", "Direct_Model_Validity_Domain")
        if version == 2
        else ("GroundtoImage_Values", "ImagetoGround_Validity_Domain")
    )
    coefficients = "".join(
        f"<{row}_{k}>{value}</{row}_{k}>"
        for row in ROWS
        for k, value in enumerate(SPOT6[row].split(), 1)
    )
    offsets = "".join(
        f"<{tag}>{float(value) + (first if tag in ('LINE_OFF', 'SAMP_OFF') else 0)!r}</{tag}>"
        for tag, value in SPOT6.items()
        if tag.endswith(("_OFF", "_SCALE"))
    )
    last = (SPOT6_SHAPE[0] - 1 + first, SPOT6_SHAPE[1] - 1 + first)
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?><Dimap_Document><Metadata_Identification>'
        f'<METADATA_FORMAT version="{version}.0">DIMAP</METADATA_FORMAT><METADATA_PROFILE>'
        f"{'S6' if version == 2 else 'PNEO'}_SENSOR</METADATA_PROFILE></Metadata_Identification>"
        "<Rational_Function_Model><Global_RFM>"
        f"<{model}>{coefficients}<ERR_BIAS_ROW>-1.4E-5</ERR_BIAS_ROW></{model}><RFM_Validity><{domain}>"
        f"<FIRST_ROW>{first}</FIRST_ROW><FIRST_COL>{first}</FIRST_COL><LAST_ROW>{last[0]}</LAST_ROW>"
        f"<LAST_COL>{last[1]}</LAST_COL></{domain}>{offsets}</RFM_Validity>"
        "</Global_RFM></Rational_Function_Model></Dimap_Document>"
    )


def rpb() -> str:
    """IKONOS's model as Maxar's .RPB writes it."""
    names = {
        "LINE_OFF": "lineOffset", "SAMP_OFF": "sampOffset", "LAT_OFF": "latOffset", "LONG_OFF": "longOffset",
        "HEIGHT_OFF": "heightOffset", "LINE_SCALE": "lineScale", "SAMP_SCALE": "sampScale",
        "LAT_SCALE": "latScale", "LONG_SCALE": "longScale", "HEIGHT_SCALE": "heightScale",
        "ERR_BIAS": "errBias", "ERR_RAND": "errRand",
    }  # fmt: skip
    lines = [f"\t{name} = {IKONOS[tag]};" for tag, name in names.items()]
    for row, name in zip(
        ROWS, ("lineNumCoef", "lineDenCoef", "sampNumCoef", "sampDenCoef"), strict=True
    ):
        values = ",\n\t\t\t".join(IKONOS[row].split())
        lines.append(f"\t{name} = (\n\t\t\t{values});")
    head = 'satId = "QB02";\nbandId = "P";\nSpecId = "RPC00B";\nBEGIN_GROUP = IMAGE'
    return "\n".join([head, *lines, "END_GROUP = IMAGE", "END;", ""])


def text() -> str:
    """IKONOS's model as its `_rpc.txt` writes it."""
    lines = [
        f"{tag}: {value} pixels"
        for tag, value in IKONOS.items()
        if tag not in ROWS and not tag.startswith("ERR")
    ]
    for row in ROWS:
        lines += [f"{row}_{k}: {float(v):+.15E}" for k, v in enumerate(IKONOS[row].split(), 1)]
    return "\n".join([*lines, "ERR_BIAS: 0003.31 meters", "ERR_RAND: 0000.50 meters", ""])


def image(path: Path, shape: tuple[int, int]) -> Path:
    """A raster without any place, for GDAL to look for a model beside it."""
    with rasterio.open(
        path, "w", driver="GTiff", height=shape[0], width=shape[1], count=1, dtype="uint8",
        compress="deflate", sparse_ok=True,
    ):  # fmt: skip
        pass
    return path


@pytest.mark.parametrize("name", REAL)
def test_projection_equals_gdals(name: str) -> None:
    """GDAL counts pixels from the corner of the first; its iteration back stops at 0.1 px, ours does not."""
    tags, shape, heights = REAL[name]
    rpc = rpc_of_tags(tags, shape)
    random = np.random.Generator(np.random.Philox(6))
    line, column = (random.uniform(-0.5, n - 0.5, 500) for n in shape)
    alt = random.uniform(*heights, 500)
    lat, lon = rpc.locate(line, column, alt)
    with RPCTransformer(tags) as gdal:
        row, across = gdal.rowcol(lon / deg, lat / deg, zs=alt, op=lambda value: value)
    assert_allclose(np.array(row) - 0.5, line, rtol=0.0, atol=1e-6)
    assert_allclose(np.array(across) - 0.5, column, rtol=0.0, atol=1e-6)
    assert_allclose(rpc.project(lat, lon, alt), (line, column), rtol=0.0, atol=1e-7)


def test_first_pixel_of_spot_is_where_the_operators_other_model_has_it() -> None:
    """Places by the Direct_Model (image to ground) of the same file, evaluated apart: its pixels begin at 1.

    The two models of the operator agree to 0.022 px; a pixel's difference of convention would show as 1.
    """
    row, column, alt, lat_deg, lon_deg = np.array(
        [
            (1, 1, 0.0, 18.749936113598082, -72.44057508322877),
            (1, 21953, 0.0, 18.7566816326024, -72.09926083901317),
            (24777, 21953, 500.0, 18.39976572053335, -72.09950760771177),
            (12000, 8000, 1000.0, 18.5804457247222, -72.31281742086989),
        ]
    ).T
    rpc = rpc_of_tags(SPOT6, SPOT6_SHAPE)
    assert_allclose(
        rpc.project(lat_deg * deg, lon_deg * deg, alt), (row - 1, column - 1), rtol=0, atol=0.025
    )


@pytest.mark.parametrize(
    ("raster", "beside", "content", "tags", "shape"),
    [
        ("IMG_SPOT6_P_R1C1.TIF", "RPC_SPOT6_P_R1C1.XML", dimap(2, 1), SPOT6, SPOT6_SHAPE),
        ("IMG_PNEO3_P_R1C1.TIF", "RPC_PNEO3_P_R1C1.XML", dimap(3, 0), SPOT6, SPOT6_SHAPE),
        ("po_1_pan.tif", "po_1_pan_rpc.txt", text(), IKONOS, IKONOS_SHAPE),
        ("po_1_pan.tif", "po_1_pan_RPC.TXT", text(), IKONOS, IKONOS_SHAPE),
        ("scene.tif", "scene.RPB", rpb(), IKONOS, IKONOS_SHAPE),
    ],
)
def test_each_format_reads_as_gdal_reads_it(
    tmp_path: Path,
    raster: str,
    beside: str,
    content: str,
    tags: dict[str, str],
    shape: tuple[int, int],
) -> None:
    """GDAL finds the file beside the raster by its name; the tags that come out stand for the same model."""
    picture = image(tmp_path / raster, shape)
    (tmp_path / beside).write_text(content)
    if beside.endswith(".XML"):  # GDAL takes the pair for a product's
        (tmp_path / beside.replace("RPC_", "DIM_")).write_text("<Dimap_Document/>")
    with rasterio.open(picture) as dataset:
        read = dataset.tags(ns="RPC")
    ours, through_gdal, through_raster = (
        read_rpc(tmp_path / beside, shape),
        rpc_of_tags(read, shape),
        read_rpc(picture),
    )
    lat, lon = rpc_of_tags(tags, shape).locate(
        [0.0, shape[0] - 1.0], [0.0, shape[1] - 1.0], [20.0, 80.0]
    )
    wanted = [[0.0, shape[0] - 1.0], [0.0, shape[1] - 1.0]]
    for rpc in (ours, through_gdal, through_raster):
        assert rpc.shape == shape
        assert_allclose(rpc.project(lat, lon, [20.0, 80.0]), wanted, rtol=0.0, atol=1e-6)


def test_shape_comes_from_dimap_and_else_from_the_scales(tmp_path: Path) -> None:
    """SPOT 6 says LAST_ROW 24777 and LAST_COL 21953."""
    path = tmp_path / "RPC.XML"
    path.write_text(dimap(2, 1))
    assert read_rpc(path).shape == (24777, 21953)
    path.write_text(dimap(3, 0))
    assert read_rpc(path).shape == (24777, 21953)
    assert rpc_of_tags(IKONOS).shape == (10249, 12669)


@pytest.mark.parametrize("name", REAL)
def test_what_is_written_reads_back_the_same(tmp_path: Path, name: str) -> None:
    tags, shape, _ = REAL[name]
    rpc = rpc_of_tags(tags, shape)
    write_rpc(rpc, tmp_path / "a_RPC.TXT")
    again = read_rpc(tmp_path / "a_RPC.TXT", shape)
    assert again.line_num == rpc.line_num
    assert again.column_den == rpc.column_den
    line, column = [0.0, shape[0] - 1.0], [shape[1] - 1.0, 0.0]
    assert_allclose(again.locate(line, column, 50.0), rpc.locate(line, column, 50.0), rtol=1e-14)
    with rasterio.open(image(tmp_path / "a.tif", shape)) as dataset:
        assert (
            rpc_of_tags(dataset.tags(ns="RPC"), shape) == again
        )  # GDAL finds it beside the raster
    assert rpc_of_tags(rpc_tags(rpc), shape) == rpc


def test_errors_of_the_operator_are_kept_where_told() -> None:
    rpc = rpc_of_tags(IKONOS, IKONOS_SHAPE)
    assert (rpc.err_bias_m, rpc.err_rand_m) == (3.31, 0.5)
    unknown = rpc_of_tags(IKONOS | {"ERR_BIAS": "-1.0", "ERR_RAND": "unknown"}, IKONOS_SHAPE)
    assert (unknown.err_bias_m, unknown.err_rand_m) == (None, None)
    assert "ERR_BIAS" not in rpc_tags(unknown)


def test_longitudes_may_run_on_across_the_date_line() -> None:
    rpc = replace(rpc_of_tags(IKONOS, IKONOS_SHAPE), lon_off_rad=179.99 * deg)
    lat, lon = rpc.locate(5000.0, [0.0, 12000.0], 30.0)
    assert lon.min() < -179 * deg < 179 * deg < lon.max()
    for turn in (-2 * math.pi, 0.0, 2 * math.pi):
        assert_allclose(rpc.project(lat, lon + turn, 30.0)[1], [0.0, 12000.0], atol=1e-6)


def test_what_cannot_be_seen_is_nan() -> None:
    rpc = rpc_of_tags(IKONOS, IKONOS_SHAPE)
    lat, _ = rpc.locate([0.0, np.nan, 0.0], 0.0, [0.0, 0.0, np.nan])
    assert np.isfinite(lat).tolist() == [True, False, False]
    far = rpc.lat_off_rad + 4.1 * rpc.lat_scale_rad
    assert np.isnan(rpc.project([far, np.nan], rpc.lon_off_rad, 0.0)).all()
    assert rpc.project(np.empty((0, 3)), np.empty((0, 3)), 0.0)[0].shape == (0, 3)
    assert np.isnan(rpc.locate(1e7, 0.0, 0.0)[0])


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("LINE_OFF: 5\n", "SAMP_OFF"),
        (text().replace("LAT_OFF: -34.903", "LAT_OFF: south"), "LAT_OFF"),
        (text().replace("LAT_SCALE: 0.0661", "LAT_SCALE: 0"), "lat_scale_rad"),
        (text().replace("LINE_DEN_COEFF_20", "LINE_DEN_COEFF_21"), "LINE_DEN_COEFF_20"),
        (dimap(2, 1)[:-30], "XML"),
        (dimap(2, 1).replace("Inverse_Model", "Other_Model"), "LINE_NUM_COEFF_1"),
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>', "document type"),
        (rpb().replace("sampDenCoef", "sampDenCoefs"), "SAMP_DEN_COEFF"),
        ("", "LINE_OFF"),
    ],
)
def test_a_broken_file_says_what_it_lacks(tmp_path: Path, content: str, word: str) -> None:
    path = tmp_path / "broken.txt"
    path.write_text(content)
    with pytest.raises(FileError, match=word):
        read_rpc(path)


def test_a_raster_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no rational polynomials"):
        read_rpc(image(tmp_path / "a.tif", (10, 10)))
    with pytest.raises(FileError, match="cannot be read"):
        read_rpc(tmp_path / "nothing")


def test_wrong_numbers_are_refused() -> None:
    rpc = rpc_of_tags(IKONOS, IKONOS_SHAPE)
    for change in ({"line_num": (1.0,) * 19}, {"shape": (0, 5)}, {"lat_off_rad": math.nan}):
        with pytest.raises(InputError, match=next(iter(change))):
            replace(rpc, **change)
    assert isinstance(replace(rpc, err_bias_m=None), Rpc)
