"""Coarser copies of products, where a restriction lets nothing finer go out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from offnadir._files import replacing
from offnadir.errors import InputError
from offnadir.imagery._raster import rasterio
from offnadir.imagery._stac import multihash


def coarsen(item: Mapping[str, Any], folder: Path, gsd_m: float) -> dict[str, Any]:
    """Average the map images in a folder to pixels of `gsd_m` or more; gives the item of what is left.

    Everything that is no map image goes: a preview shows as much as the picture of which it was made.
    InputError for a product that is no map, whose pixels have no one size.
    """
    told = dict(item["properties"])
    assets: dict[str, Any] = {}
    for key, asset in item["assets"].items():
        path = folder / Path(str(asset["href"])).name
        if path.suffix != ".tif":
            path.unlink(missing_ok=True)
            continue
        is_mask = "data" not in (asset.get("roles") or ())
        pixel_m = _coarsen_file(path, gsd_m, is_mask=is_mask)
        kept = {
            name: asset[name] for name in ("title", "type", "roles", "proj:code") if name in asset
        }
        assets[key] = kept | {
            "href": f"./{path.name}", "gsd": pixel_m, "file:size": path.stat().st_size,
            "file:checksum": multihash(path),
        }  # fmt: skip
    told["gsd"] = max(gsd_m, float(told.get("gsd") or 0.0))
    told["offnadir:coarsened_to_m"] = gsd_m
    for name in ("offnadir:predicted", "offnadir:report"):
        told.pop(name, None)
    coarse = {**item, "properties": told, "assets": assets}
    with replacing(folder / f"{item['id']}.json") as part:
        part.write_text(json.dumps(coarse, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return coarse


def _coarsen_file(path: Path, gsd_m: float, *, is_mask: bool) -> float:
    """Write a file's pixels as means of k by k (its middles, for a mask); the pixel's size [m] now."""
    library = rasterio()
    with library.open(path) as source:
        if source.crs is None or not source.crs.is_projected:
            wish = "a map (level ortho): only that can be made coarser"
            raise InputError("product", path.name, wish)
        pixel_m = min(abs(source.transform.a), abs(source.transform.e))
        k = max(1, math.ceil(gsd_m / pixel_m - 1e-9))
        rows, columns = max(1, source.height // k), max(1, source.width // k)
        window = library.windows.Window(
            0, 0, min(columns * k, source.width), min(rows * k, source.height)
        )
        data = source.read(
            window=window,
            out_shape=(source.count, rows, columns),
            resampling=library.enums.Resampling.mode
            if is_mask
            else library.enums.Resampling.average,
        )
        profile = {
            "driver": "GTiff", "count": source.count, "dtype": data.dtype, "crs": source.crs,
            "height": rows, "width": columns, "nodata": source.nodata, "compress": "deflate",
            "transform": source.transform @ library.Affine.scale(k),
        }  # fmt: skip
        names, scales, offsets = source.descriptions, source.scales, source.offsets
    with replacing(path) as part, library.open(part, "w", **profile) as target:
        target.write(data)
        target.descriptions, target.scales, target.offsets = names, scales, offsets
    return float(pixel_m * k)
