"""stac-geoparquet: what others read, and what comes back."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from offnadir._database import open_database
from offnadir.catalog import Archive, read_geoparquet, write_geoparquet
from offnadir.errors import FileError, InputError
from sample_items import square, stac


def mixed() -> list[dict]:
    """Items that differ in all that can differ."""
    a = stac(
        "A", gsd=1, created="2026-05-31T02:00:00Z", offnadir__report={"a b": [1, "x"]}, note=None
    )
    a["assets"] = {"pan": {"href": "./a.tif", "roles": ["data"], "raster:bands": [{"nodata": 0}]}}
    b = stac(
        "B",
        {
            "type": "MultiPolygon",
            "coordinates": [square(179.9, 0)["coordinates"], square(-179.9, 0)["coordinates"]],
        },
        at="2026-05-31T01:54:18.123456Z",
        gsd=0.5,
        offnadir__report={},
    )
    b["collection"] = "sharp"
    b["bbox"] = [179.8, -0.1, -179.8, 0.1]
    b["assets"] = {
        "ms": {"href": "https://example.com/b.tif", "raster:bands": [{"nodata": "nan"}, {}]}
    }
    c = stac(
        "C",
        at=None,
        start_datetime="2026-05-01T00:00:00Z",
        end_datetime="2026-05-31T00:00:00.1234567Z",
        big=2**70,
    )
    c["geometry"] = {"type": "Point", "coordinates": [1.5, 2.5, 30.0]}
    c["bbox"] = [1.5, 2.5, 30.0, 1.5, 2.5, 30.0]
    d = {**stac("D", instruments=[], texts=["a", None]), "geometry": None}
    del d["bbox"]
    return [a, b, c, d]


def test_items_come_back_as_they_were(tmp_path):
    path = tmp_path / "items.parquet"
    archive = Archive(open_database(tmp_path / "a.sqlite"))
    archive.add_many((one, None) for one in mixed())
    assert write_geoparquet(lambda: (one.item for one in archive.items()), path) == 4
    back = list(read_geoparquet(path))
    wanted = {one["id"]: one for one in mixed()}
    del wanted["A"]["properties"]["note"]  # nulls are no more than nothing
    assert {one["id"]: one for one in back} == wanted
    # and the archive knows them for the same
    tally = archive.add_many((one, None) for one in back)
    assert (tally.same, tally.added, tally.refused) == (4, 0, [])


def test_the_file_is_what_the_specifications_say(tmp_path):
    """stac-geoparquet 1.1 and GeoParquet 1.1, read without our own code."""
    path = tmp_path / "items.parquet"
    write_geoparquet(mixed, path)
    table = pq.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    column = geo["columns"]["geometry"]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["MultiPolygon", "Point Z", "Polygon"]
    assert column["covering"]["bbox"] == {k: ["bbox", k] for k in ("xmin", "ymin", "xmax", "ymax")}
    assert json.loads(table.schema.metadata[b"stac-geoparquet"])["version"] == "1.1.0"
    assert table.schema.field("datetime").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("geometry").type == pa.binary()
    assert table["id"].to_pylist() == ["A", "B", "C", "D"]
    assert table["assets"].combine_chunks().field("pan").field("href").type == pa.string()
    # well-known binary of ISO 13249-3: little-endian, kind 1001 for a point with height
    assert table["geometry"][2].as_py()[:5] == b"\x01\xe9\x03\x00\x00"
    assert table["bbox"][0].as_py()["xmin"] == 126.88


def test_geopandas_reads_it(tmp_path):
    geopandas = pytest.importorskip("geopandas")
    path = tmp_path / "items.parquet"
    write_geoparquet(mixed, path)
    frame = geopandas.read_parquet(path)
    assert frame.crs.to_epsg() == 4326 or frame.crs.to_authority() == ("OGC", "CRS84")
    assert frame.set_index("id").geometry["A"].bounds == pytest.approx(
        (126.88, 37.47, 127.08, 37.67)
    )
    found = geopandas.read_parquet(path, bbox=(126, 37, 128, 38))
    assert found["id"].tolist() == ["A"]


def test_an_empty_archive_is_a_file_too(tmp_path):
    path = tmp_path / "items.parquet"
    assert write_geoparquet(list, path) == 0
    assert list(read_geoparquet(path)) == []


def test_what_is_no_such_file_is_told(tmp_path):
    path = tmp_path / "x.parquet"
    with pytest.raises(FileError):
        list(read_geoparquet(path))
    path.write_bytes(b"PAR1 is not enough PAR1")
    with pytest.raises(FileError, match="Parquet"):
        list(read_geoparquet(path))
    pq.write_table(pa.table({"id": ["A"]}), path)
    with pytest.raises(FileError, match="holds no STAC items"):
        list(read_geoparquet(path))
    geo = {
        "columns": {
            "geometry": {"encoding": "WKB", "crs": {"id": {"authority": "EPSG", "code": 32652}}}
        }
    }
    table = pa.table({"id": ["A"], "stac_version": ["1.0.0"], "geometry": [b""]})
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    with pytest.raises(InputError, match="CRS84"):
        list(read_geoparquet(path))
