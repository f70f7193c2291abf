"""Map products made up for the tests of what looks at products: fields and noise, sea, ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]

#: A metre a pixel in UTM zone 52 north.
UTM = "EPSG:32652"
CORNER = (320_000.0, 4_160_000.0)


def land(side: int, seed: int, bands: int = 3, oversampling: int = 4) -> Array:
    """Fields with sharp edges and texture, (bands, side * oversampling, same)."""
    rng = np.random.default_rng(seed)
    n = side * oversampling
    many = max(8, (side // 24) ** 2)
    seeds = np.zeros((n, n), np.int32)
    rows, columns = rng.integers(0, n, (2, many))
    seeds[rows, columns] = np.arange(1, many + 1)
    nearest = ndimage.distance_transform_edt(seeds == 0, return_distances=False, return_indices=True)
    fields = seeds[tuple(nearest)]
    levels = rng.uniform(60.0, 200.0, (bands, many + 1))
    common = rng.uniform(60.0, 200.0, many + 1)
    levels = 0.7 * common + 0.3 * levels  # bands that resemble each other, as real ones do
    texture = ndimage.gaussian_filter(rng.standard_normal((n, n)), oversampling)
    texture *= 6.0 / texture.std()
    return levels[:, fields] + texture


def seen(
    scene: Array,
    shift_px: tuple[float, float] = (0.0, 0.0),
    *,
    oversampling: int = 4,
    noise: float = 1.0,
    gain: float = 1.0,
    offset: float = 0.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """A camera's picture: content lies shift_px (rows, columns) farther on; blurred, sampled, noisy."""
    rng = np.random.default_rng(seed)
    fine = [s * oversampling for s in shift_px]
    pictures = []
    for band in scene:
        blurred = ndimage.gaussian_filter(band, 0.6 * oversampling)
        moved = ndimage.shift(blurred, fine, order=3, mode="nearest")
        picture = moved.reshape(
            moved.shape[0] // oversampling, oversampling, moved.shape[1] // oversampling, oversampling
        ).mean(axis=(1, 3))
        pictures.append(gain * picture + offset + noise * gain * rng.standard_normal(picture.shape))
    return np.array(pictures, np.float32)


def product(
    path: Path,
    pixels: NDArray[np.float32],
    *,
    step_m: float = 1.0,
    corner: tuple[float, float] = CORNER,
    names: tuple[str, ...] = (),
    nodata: float | None = None,
    crs: str = UTM,
) -> Path:
    """A map product of pixels (bands, rows, columns), north up."""
    transform = rasterio.Affine(step_m, 0.0, corner[0], 0.0, -step_m, corner[1])
    with rasterio.open(
        path, "w", driver="GTiff", height=pixels.shape[1], width=pixels.shape[2], count=len(pixels),
        dtype=str(pixels.dtype), crs=crs, transform=transform, nodata=nodata, tiled=True,
    ) as dataset:  # fmt: skip
        dataset.write(pixels)
        for band, name in enumerate(names, 1):
            dataset.set_band_description(band, name)
    return path
