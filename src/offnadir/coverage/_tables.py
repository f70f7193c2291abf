"""A Coverage as a table, a row a cell: CSV, and GeoParquet (1.1: WKB, longitude and latitude, a box each)."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from offnadir._files import replacing
from offnadir.coverage._coverage import Coverage
from offnadir.coverage._figures import FIGURES
from offnadir.errors import FileError
from offnadir.units import deg

_LEVEL_NAMES = {
    "off_nadir_level": ("off_nadir_{:g}_deg", deg),
    "gsd_level": ("gsd_{:g}_m", 1.0),
    "niirs_level": ("niirs_{:g}", 1.0),
}


def columns(coverage: Coverage) -> dict[str, Any]:
    """Columns by name: cell, place, area, and every figure, those with classes as one column a class."""
    grid = coverage.grid
    found: dict[str, Any] = {}
    if grid.cell_ids is not None:
        found["cell_id"] = [f"{one:x}" for one in grid.cell_ids.tolist()]
    if grid.names is not None:
        found["name"] = list(grid.names)
    found["lat_deg"] = grid.lat_rad / deg
    found["lon_deg"] = (grid.lon_rad / deg + 180.0) % 360.0 - 180.0
    found["alt_m"] = grid.alt_m
    if grid.kind != "points":
        found["area_m2"] = grid.area_m2
    for name, values in coverage.cells.items():
        level = FIGURES[name].level
        if not level:
            found[name] = values
            continue
        text, size = _LEVEL_NAMES[level]
        stem = name[: name.index("_by_")]
        for row, at in zip(values, coverage.levels(name), strict=True):
            found[f"{stem}_{text.format(at / size)}"] = row
    return found


def write_csv(coverage: Coverage, path: Path) -> None:
    """A CSV file with a header; what a cell has not is left empty. FileError if it cannot be written."""
    found = columns(coverage)
    rows = [
        [_text(one) for one in (values.tolist() if isinstance(values, np.ndarray) else values)]
        for values in found.values()
    ]
    with replacing(path) as part:
        try:
            with part.open("w", encoding="utf-8", newline="") as out:
                writer = csv.writer(out)
                writer.writerow(found)
                writer.writerows(zip(*rows, strict=True))
        except OSError as error:
            raise FileError(path, f"cannot be written: {error.strerror or error}") from error


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value != value else f"{value:.10g}"


def write_geoparquet(coverage: Coverage, path: Path) -> None:
    """GeoParquet with the outlines of the cells, or points; what a cell has not is null."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    geometry = _geometry(coverage)
    bounds = shapely.bounds(geometry)
    boxes = pa.StructArray.from_arrays(
        [pa.array(bounds[:, k]) for k in range(4)], names=["xmin", "ymin", "xmax", "ymax"]
    )
    arrays = {
        name: pa.array(values, from_pandas=isinstance(values, np.ndarray))
        for name, values in columns(coverage).items()
    }
    told = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": sorted({one.geom_type for one in geometry}),
                "covering": {
                    "bbox": {name: ["bbox", name] for name in ("xmin", "ymin", "xmax", "ymax")}
                },
            }
        },
    }
    table = pa.table({**arrays, "bbox": boxes, "geometry": pa.array(shapely.to_wkb(geometry))})
    about = {
        "span": f"{coverage.span.start.utc()}/{coverage.span.stop.utc()}",
        "summary": json.dumps(coverage.summary()),
    }
    metadata = {"geo": json.dumps(told), **{f"offnadir:{key}": text for key, text in about.items()}}
    table = table.replace_schema_metadata(metadata)
    with replacing(path) as part:
        try:
            pq.write_table(table, part, compression="zstd")
        except OSError as error:
            raise FileError(path, f"cannot be written: {error}") from error


def _geometry(coverage: Coverage) -> Any:
    """Outlines within +-180 degrees: what crosses the antimeridian is cut there in two."""
    from offnadir.access._area_rings import figure

    grid = coverage.grid
    lon = (grid.lon_rad / deg + 180.0) % 360.0 - 180.0
    if grid.kind == "points":
        return shapely.points(lon, grid.lat_rad / deg)
    made = []
    for ring in grid.rings_deg():
        west, east = ring[:, 0].min(), ring[:, 0].max()
        if west >= -180.0 and east <= 180.0 and east - west < 180.0:
            made.append(shapely.Polygon(ring))
        else:
            made.append(figure([[ring]]))
    return np.array(made, dtype=object)
