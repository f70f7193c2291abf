"""STAC items for tests of the archive, small and whole."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any


def square(lon: float, lat: float, half: float = 0.1) -> dict[str, Any]:
    """A footprint around a place [deg]."""
    west, south, east, north = lon - half, lat - half, lon + half, lat + half
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def stac(
    name: str, geometry: Any = None, at: str | None = "2026-05-31T01:54:18Z", **told: Any
) -> dict[str, Any]:
    """An item without files; `told` are properties, "__" in their names for ":"."""
    properties = {"datetime": at, **{key.replace("__", ":"): value for key, value in told.items()}}
    return {
        "type": "Feature", "stac_version": "1.1.0", "stac_extensions": [], "id": name,
        "geometry": square(126.98, 37.57) if geometry is None else geometry,
        "bbox": [126.88, 37.47, 127.08, 37.67], "properties": properties, "links": [], "assets": {},
    }  # fmt: skip


def with_file(
    folder: Path, name: str, content: bytes = b"pixels", *, summed: bool = True
) -> dict[str, Any]:
    """An item with one file, which is written."""
    (folder / f"{name}.tif").write_bytes(content)
    item = stac(name)
    item["assets"]["image"] = {"href": f"./{name}.tif", "roles": ["data"]}
    if summed:
        item["assets"]["image"]["file:checksum"] = "1220" + hashlib.sha256(content).hexdigest()
    return item
