"""Where clouds hide the ground: bright, white, without texture, and large."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._correct import STEP_TAG
from offnadir.imagery._grid import pixel_m
from offnadir.imagery._raster import boxes, opened, raster_info, rasterio, window_of, writing

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
NOTHING, CLEAR, CLOUD = 0, 1, 2
_SIDE: Final = 1500  # of the overview in which clouds are looked for
_STEP_M: Final = 8.0  # and its pixels, at least
_SMALLEST_M: Final = 120.0  # across: what is smaller is taken for roofs
_BUFFER_M: Final = 25.0  # thin edges
_HAZE: Final = 0.08  # Fmask's
_WHITENESS: Final = 0.7  # Fmask's
_BRIGHT: Final = 0.22  # mean reflectance above the air of the thinnest that counts
_PAN_BRIGHT: Final = 0.28
_PAN_ROUGH: Final = 0.12  # spread over mean within 5 x 5 pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudReport:
    """Share of the known pixels that is cloud, and by what rule it was told."""

    cover: float
    rule: str


def cloud_mask(
    source: Path,
    out: Path,
    *,
    bands: Mapping[str, int],
    scale: float,
    digest: str = "",
) -> CloudReport:
    """A mask on the map of `source`: 0 nothing, 1 clear, 2 cloud.

    `bands` tells which raster bands (from 1) are "blue", "green", "red", "nir", or "pan"; values times
    `scale` are reflectances above the air. With colours a pixel is cloud by the tests of Fmask's first pass
    that need no infrared beyond 1 um (Zhu and Woodcock, Remote Sensing of Environment 118 (2012) 83,
    equations 1 to 4): haze optimised transform blue - 0.5 red > 0.08, whiteness below 0.7, vegetation index
    below 0.8; and it is bright. Without, it is bright and has no texture. All of that in an overview with
    pixels of 8 m at least, where patches narrower than 120 m are dropped and the others grown by 25 m. Snow,
    sand and large white roofs
    can pass for clouds; haze and cirrus through which one sees the ground do not.
    """
    info = raster_info(source)
    if info.grid is None:
        raise FileError(source, "lies on no map")
    rows, columns = info.shape
    gsd = pixel_m(info.grid, rows / 2.0, columns / 2.0)
    step = max(1, math.ceil(_STEP_M / gsd), -(-max(rows, columns) // _SIDE))
    small = (-(-rows // step), -(-columns // step))
    light: dict[str, Floats] = {}
    known = np.ones(small, bool)
    average = rasterio().enums.Resampling.average
    with opened(source) as dataset:
        for name, band in bands.items():
            got = dataset.read(
                band, out_shape=small, resampling=average, masked=True, out_dtype="float32"
            )
            known &= ~np.ma.getmaskarray(got)
            light[name] = got.filled(0.0) * np.float32(scale)
    if {"blue", "green", "red"} <= set(light):
        cloud, rule = _by_colour(light), "blue, green, red" + (", nir" if "nir" in light else "")
    elif light:
        name = "pan" if "pan" in light else next(iter(light))
        cloud, rule = _by_texture(light[name], known), f"{name} alone"
    else:
        raise InputError("bands", dict(bands), "blue, green and red, or one at least")
    cloud = _large(cloud & known, gsd * step)
    cover = float(np.count_nonzero(cloud & known)) / max(int(np.count_nonzero(known)), 1)
    tags = {"CLOUD_COVER": repr(cover), "RULE": rule} | ({STEP_TAG: digest} if digest else {})
    with (
        opened(source) as dataset,
        writing(
            out, info.shape, 1, "uint8", grid=info.grid, nodata=float(NOTHING), tags=tags,
            names=("0 nothing, 1 clear, 2 cloud",),
        ) as target,
    ):  # fmt: skip
        for box in boxes(info.shape):
            there = dataset.read_masks(next(iter(bands.values())), window=window_of(box)) > 0
            r = np.minimum(np.arange(box[0], box[1]) // step, small[0] - 1)
            c = np.minimum(np.arange(box[2], box[3]) // step, small[1] - 1)
            block = np.where(cloud[np.ix_(r, c)], np.uint8(CLOUD), np.uint8(CLEAR))
            target.write(np.where(there, block, np.uint8(NOTHING)), 1, window=window_of(box))
    return CloudReport(cover=cover, rule=rule)


def _by_colour(light: Mapping[str, Floats]) -> Mask:
    blue, green, red = (light[name] for name in ("blue", "green", "red"))
    mean = (blue + green + red) / 3.0
    white = sum(np.abs(one - mean) for one in (blue, green, red)) / np.maximum(mean, 1e-6)
    found = (mean > _BRIGHT) & (blue - 0.5 * red > _HAZE) & (white < _WHITENESS)
    if "nir" in light:
        nir = light["nir"]
        found &= (nir - red) / np.maximum(nir + red, 1e-6) < 0.8
    return np.asarray(found)


def _by_texture(light: Floats, known: Mask) -> Mask:
    from scipy.ndimage import binary_propagation, uniform_filter

    filled = np.where(known, light, 0.0).astype(np.float64)
    mean = uniform_filter(filled, 5)
    spread = np.sqrt(np.maximum(uniform_filter(filled**2, 5) - mean**2, 0.0))
    bright = filled > _PAN_BRIGHT
    smooth = bright & (mean > _PAN_BRIGHT) & (spread < _PAN_ROUGH * np.maximum(mean, 1e-6))
    return np.asarray(binary_propagation(smooth, mask=bright))  # edges are rough, but bright


def _large(cloud: Mask, step_m: float) -> Mask:
    """Patches that a disc of the smallest cloud fits into, grown by the buffer.

    In a picture that is smaller than that, patches that fill it.
    """
    from scipy.ndimage import binary_dilation, binary_opening, binary_propagation

    radius = min(_SMALLEST_M / 2.0 / step_m, (min(cloud.shape) - 1) // 2)
    core = binary_opening(cloud, _disc(radius) if radius >= 1 else np.ones((1, 1), bool))
    patches = binary_propagation(core, mask=cloud)
    return np.asarray(binary_dilation(patches, _disc(_BUFFER_M / step_m)))


def _disc(radius: float) -> Mask:
    reach = max(round(radius), 1)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(y**2 + x**2 <= reach**2 + 0.5)
