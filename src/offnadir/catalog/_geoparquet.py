"""stac-geoparquet: items as the rows of a GeoParquet file, out and in (specification 1.1, GeoParquet 1.1).

Properties are columns of their own, geometry is WKB, bbox a struct that covers it, times are timestamps,
assets a struct. What no column can hold (a value of several kinds, keys that differ from item to item) is JSON text in
its place, and the file tells where, so that an item comes back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import shapely

from offnadir._files import replacing
from offnadir.catalog._columns import (
    Shape,
    arrow_type,
    decoded,
    encoded,
    json_paths,
    merged,
    shape_of,
)
from offnadir.errors import FileError, InputError

_TOP: Final = ("type", "stac_version", "stac_extensions", "id", "links", "assets", "collection")
_CORNERS: Final = ("xmin", "ymin", "zmin", "xmax", "ymax", "zmax")
_ROWS: Final = 10_000
_CRS84: Final = ("OGC:CRS84", "EPSG:4326")
_JSON_KEY: Final = b"offnadir:json"
Items = Callable[[], Iterable[Mapping[str, Any]]]


def write_geoparquet(items: Items, path: Path) -> int:
    """Write items to a file and tell how many; `items()` gives them twice, for the columns come first.

    FileError if nothing can be written there.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    total: Shape = {}
    kinds: set[str] = set()
    number = 0
    for item in items():
        number += 1
        total = merged(total, shape_of(_flat(item)))
        if item.get("geometry") is not None:
            kinds.add(_kind(item["geometry"]))
    types = {name: arrow_type(shape) for name, shape in sorted(total.items(), key=_order)}
    corners = [name for name in _CORNERS if "bbox" in types and name in total["bbox"]["fields"]]
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": sorted(kinds),
                **(
                    {
                        "covering": {
                            "bbox": {name: ["bbox", name] for name in corners if name[0] != "z"}
                        }
                    }
                    if corners
                    else {}
                ),
            }
        },
    }
    schema = pa.schema(
        [pa.field(name, kind) for name, kind in types.items()]
        + [pa.field("geometry", pa.binary())],
        metadata={
            b"geo": json.dumps(geo).encode(),
            b"stac-geoparquet": json.dumps({"version": "1.1.0"}).encode(),
            b"stac:geoparquet_version": b"1.0.0",
            _JSON_KEY: json.dumps(json_paths(total)).encode(),
        },
    )
    with replacing(path) as part:
        try:
            with pq.ParquetWriter(part, schema, compression="zstd") as out:
                each = iter(items())
                while batch := list(islice(each, _ROWS)):
                    out.write_table(_table(batch, total, schema))
        except OSError as error:
            raise FileError(path, f"cannot be written: {error}") from error
    return number


def read_geoparquet(path: Path) -> Iterator[dict[str, Any]]:
    """The items of a file, one after the other.

    FileError for what is no Parquet or has no items, InputError for geometries that are not in longitude and
    latitude.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise FileError(path, f"cannot be read as Parquet: {error}") from error
    with file:
        names = set(file.schema_arrow.names)
        missing = [name for name in ("id", "geometry", "stac_version") if name not in names]
        if missing:
            raise FileError(path, f"holds no STAC items: there is no column {', '.join(missing)}")
        told = file.schema_arrow.metadata or {}
        _check_crs(told.get(b"geo"), path)
        texts = _json_columns(told.get(_JSON_KEY), path)
        try:
            for batch in file.iter_batches(batch_size=1_000):
                for row in batch.to_pylist():
                    yield _item(row, texts)
        except pa.ArrowException as error:
            raise FileError(path, f"cannot be read as Parquet: {error}") from error


def _check_crs(geo: bytes | None, path: Path) -> None:
    if geo is None:
        raise FileError(path, "is no GeoParquet: its metadata tell no geometry")
    try:
        crs = json.loads(geo)["columns"]["geometry"].get("crs")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(path, f"is no GeoParquet of a column geometry: {error}") from error
    if crs is None:
        return
    ident = crs.get("id", {}) if isinstance(crs, Mapping) else {}
    name = f"{ident.get('authority')}:{ident.get('code')}"
    if name not in _CRS84:
        raise InputError(
            "crs", name, "OGC:CRS84: longitude and latitude in degrees", where=str(path)
        )


def _json_columns(text: bytes | None, path: Path) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        made = json.loads(text)
    except ValueError as error:
        raise FileError(path, f"has metadata that are no JSON: {error}") from error
    return made if isinstance(made, dict) else {}


def _order(entry: tuple[str, Shape]) -> tuple[int, str]:
    """The columns of every item first, then properties by name."""
    name = entry[0]
    return (_TOP.index(name) if name in _TOP else len(_TOP), name)


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as one row: properties beside what is not one; bbox as a struct; without geometry."""
    made = {key: item[key] for key in _TOP if item.get(key) is not None}
    clash = [key for key in item["properties"] if key in (*_TOP, "geometry", "bbox")]
    if clash:
        raise InputError(
            "properties", clash, "names that no column of an item has", where=item["id"]
        )
    bbox = item.get("bbox")
    if bbox is not None:
        names = _CORNERS if len(bbox) == 6 else ("xmin", "ymin", "xmax", "ymax")
        made["bbox"] = dict(zip(names, map(float, bbox), strict=True))
    made |= {key: value for key, value in item["properties"].items() if value is not None}
    return made


def _table(batch: list[Mapping[str, Any]], total: Shape, schema: Any) -> Any:
    import pyarrow as pa

    rows = [_flat(item) for item in batch]
    arrays = []
    for one in schema:
        if one.name == "geometry":
            shapes = [
                None if item.get("geometry") is None else shapely.geometry.shape(item["geometry"])
                for item in batch
            ]
            arrays.append(pa.array(shapely.to_wkb(shapes).tolist(), pa.binary()))
            continue
        values = [encoded(row.get(one.name), total[one.name]) for row in rows]
        arrays.append(pa.array(values, one.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _kind(geometry: Mapping[str, Any]) -> str:
    made = shapely.geometry.shape(geometry)
    return f"{made.geom_type} Z" if made.has_z else str(made.geom_type)


def _item(row: dict[str, Any], texts: Mapping[str, Any]) -> dict[str, Any]:
    """An item of a row."""
    geometry = row.pop("geometry")
    bbox = row.pop("bbox", None)
    item: dict[str, Any] = {"type": "Feature", "stac_version": "1.0.0", "stac_extensions": []}
    properties: dict[str, Any] = {}
    for name, value in row.items():
        if value is None:
            continue
        told = _plain(decoded(value, texts.get(name)))
        (item if name in _TOP else properties)[name] = told
    if "datetime" not in properties:
        properties["datetime"] = None
    shape = None if geometry is None else shapely.geometry.mapping(shapely.from_wkb(geometry))
    item["geometry"] = _lists(shape)
    if bbox is not None:
        item["bbox"] = [bbox[name] for name in _CORNERS if bbox.get(name) is not None]
    return {
        **item,
        "properties": properties,
        "links": item.get("links", []),
        "assets": item.get("assets", {}),
    }


def _plain(value: Any) -> Any:
    """Timestamps as text, and no members that are null: Arrow has all members of a struct in each row."""
    if isinstance(value, datetime):
        text = value.strftime("%Y-%m-%dT%H:%M:%S")
        fraction = f".{value.microsecond:06d}".rstrip("0").rstrip(".")
        return f"{text}{fraction}Z"
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if one is not None}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, list | tuple) else value
