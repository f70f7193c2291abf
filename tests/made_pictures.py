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
    nearest = ndimage.distance_transform_edt(
        seeds == 0, return_distances=False, return_indices=True
    )
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
            moved.shape[0] // oversampling,
            oversampling,
            moved.shape[1] // oversampling,
            oversampling,
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


def sea(side: int, seed: int, state: str, *, bands: int = 1) -> NDArray[np.float32]:
    """Water of a mean of 40: "calm" (noise), "waves" (correlated, skew: glint), "k" (radar intensity)."""
    rng = np.random.default_rng(seed)
    shape = (side, side)
    white = rng.standard_normal(shape)
    if state == "calm":
        picture = 40.0 + 2.0 * white
    elif state == "waves":
        wave = ndimage.gaussian_filter(rng.standard_normal(shape), (1.5, 4.0))
        wave *= 0.25 / wave.std()
        picture = 40.0 * np.exp(wave - 0.5 * 0.25**2) + 1.0 * white
    elif state == "k":
        nu, looks = 4.0, 4.0
        picture = 40.0 * rng.gamma(nu, 1.0 / nu, shape) * rng.gamma(looks, 1.0 / looks, shape)
    else:
        raise ValueError(state)
    return np.repeat(picture[None], bands, axis=0).astype(np.float32)


def with_ship(
    picture: NDArray[np.float32],
    at: tuple[float, float],
    length_px: float,
    width_px: float,
    heading_deg: float,
    contrast: float,
    *,
    wake: float = 0.0,
    oversampling: int = 5,
) -> None:
    """Add a hull with a pointed bow to a picture (rows, columns) in place, and foam behind it."""
    reach = int(length_px * (2.5 if wake else 0.75)) + 4
    r0, c0 = int(at[0]) - reach, int(at[1]) - reach
    n = 2 * reach
    fine = (np.arange(n * oversampling) + 0.5) / oversampling - 0.5
    row, column = np.meshgrid(fine + r0 - at[0], fine + c0 - at[1], indexing="ij")
    s, c = np.sin(np.radians(heading_deg)), np.cos(np.radians(heading_deg))
    ahead, aside = column * s - row * c, column * c + row * s  # rows run south
    taper = np.clip((length_px / 2 - ahead) / (0.2 * length_px), 0.0, 1.0)
    hull = (np.abs(ahead) <= length_px / 2) & (np.abs(aside) <= width_px / 2 * taper)
    light = contrast * hull
    if wake:
        behind = -ahead - length_px / 2
        trail = (behind > 0) & (behind < 1.5 * length_px)
        light = light + wake * contrast * trail * (np.abs(aside) < 0.4 * width_px)
    blurred = ndimage.gaussian_filter(light.astype(float), 0.6 * oversampling)
    pixels = blurred.reshape(n, oversampling, n, oversampling).mean(axis=(1, 3))
    rows = slice(max(r0, 0), min(r0 + n, picture.shape[0]))
    columns = slice(max(c0, 0), min(c0 + n, picture.shape[1]))
    picture[rows, columns] += pixels[
        rows.start - r0 : rows.stop - r0, columns.start - c0 : columns.stop - c0
    ].astype(np.float32)
