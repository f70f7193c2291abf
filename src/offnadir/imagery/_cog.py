"""Cloud-Optimized GeoTIFFs and pictures for the eye: what a product is handed over as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from offnadir._files import replacing
from offnadir.imagery._preview import SIDE, stamp, stretched
from offnadir.imagery._raster import copy_raster, opened, rasterio, read_box, unwarned

Resampling = Literal["average", "nearest", "mode"]
#: What stands for nothing in a picture for the eye.
_EMPTY: Final = 0


def write_cog(source: Path, path: Path, *, resampling: Resampling = "average") -> None:
    """A raster as a Cloud-Optimized GeoTIFF with overviews, by GDAL's own driver.

    Tiles of 512 pixels, deflate with a predictor, overviews down to a tile by `resampling`. It is there
    whole or not at all; FileError if the source is damaged or the disk is full.
    """
    copy_raster(
        source, path, "COG",
        COMPRESS="DEFLATE", LEVEL="6", PREDICTOR="YES", BLOCKSIZE="512", OVERVIEWS="IGNORE_EXISTING",
        RESAMPLING=resampling.upper(), OVERVIEW_RESAMPLING=resampling.upper(), NUM_THREADS="2",
        BIGTIFF="IF_SAFER",
    )  # fmt: skip


def write_picture(
    source: Path, path: Path, *, bands: Sequence[int], synthetic: bool, side: int = SIDE
) -> None:
    """A PNG of one band in grey or three in colour; transparent where there is nothing."""
    with opened(source) as dataset:
        step = max(-(-max(dataset.shape) // side), 1)
        shape = -(-dataset.height // step), -(-dataset.width // step)
        planes, masks = [], []
        for band in bands:
            if step == 1:
                values = read_box(dataset, band, (0, dataset.height, 0, dataset.width))
                known = dataset.read_masks(band) > 0
            else:
                average = rasterio().enums.Resampling.average
                values = dataset.read(band, out_shape=shape, resampling=average)
                known = dataset.read_masks(band, out_shape=shape) > 0
            planes.append(values)
            masks.append(known & np.isfinite(values))
    known = np.logical_and.reduce(masks)
    picture = np.stack([_plane(values, known) for values in planes])
    if synthetic:
        stamp(picture)
        known = known | _marked(picture)
    alpha = np.where(known, np.uint8(255), np.uint8(0))[None]
    out = np.concatenate([picture, alpha])
    options: dict[str, Any] = {
        "driver": "PNG", "height": shape[0], "width": shape[1], "count": len(out), "dtype": "uint8",
    }  # fmt: skip
    with replacing(path) as part:
        with unwarned(part, "w", **options) as target:
            target.write(out)
        part.with_name(part.name + ".aux.xml").unlink(missing_ok=True)


def _plane(values: NDArray[Any], known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.where(
        known, stretched(np.where(known, values, np.nan).astype(np.float32)), np.uint8(_EMPTY)
    )


def _marked(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The corner in which the mark stands: seen even where the picture has nothing."""
    light, dark = np.full_like(picture, 255), np.zeros_like(picture)
    stamp(light)
    stamp(dark)
    return np.asarray(((light < 255) | (dark > 0)).any(axis=0))
