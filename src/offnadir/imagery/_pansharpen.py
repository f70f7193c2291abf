"""Colour at the sharpness of the panchromatic band: Brovey's ratio and Gram-Schmidt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.errors import FileError, InputError
from offnadir.imagery._correct import STEP_TAG
from offnadir.imagery._raster import (
    Box,
    SharedRaster,
    boxes,
    opened,
    raster_info,
    rasterio,
    window_of,
    writing,
)
from offnadir.sensors import Band

Array = NDArray[np.float64]
Method = Literal["brovey", "gram-schmidt"]
METHODS: Final = ("brovey", "gram-schmidt")
#: Pixels each way that statistics rest on, at most.
_SAMPLE: Final = 1024
#: Pixels that are averaged for them, each way, at least: what only the sharper image shows must not count.
_COARSE: Final = 8


def overlap_weights(pan: Band, bands: Sequence[Band]) -> Array:
    """Shares of the panchromatic band's light that each band stands for; sum 1, shape (bands,).

    Each wavelength of the panchromatic band, by its response, counts for the bands that have it, else for
    that whose edge is nearest. InputError if no band lies within it.
    """
    wave = np.linspace(pan.low_m, pan.high_m, 2001)
    response = np.ones_like(wave)
    if pan.response:
        at, share = (np.array(one) for one in zip(*pan.response, strict=True))
        response = np.interp(wave, at, share)
    away = np.stack([np.maximum(np.maximum(b.low_m - wave, wave - b.high_m), 0.0) for b in bands])
    inside = np.array([b.high_m > pan.low_m and b.low_m < pan.high_m for b in bands])
    if not inside.any():
        names = ", ".join(band.name for band in bands)
        raise InputError("bands", names, f"one within the panchromatic {pan.low_m}-{pan.high_m} m")
    away[~inside] = np.inf
    nearest = away == away.min(axis=0)
    weights = np.sum(nearest / nearest.sum(axis=0) * response, axis=1)
    return np.asarray(weights / weights.sum(), np.float64)


def fitted_weights(pan: Array, bands: Array) -> Array:
    """Weights of bands (bands, n) that make up the panchromatic values (n,) best, none below 0.

    For images of which nobody tells the bands. A constant is fitted beside them and dropped; what would be
    below 0 is left out, the worst first, until none is.
    """
    use = np.ones(len(bands), bool)
    weights = np.zeros(len(bands))
    while use.any():
        design = np.column_stack([bands[use].T, np.ones(pan.size)])
        found = np.linalg.lstsq(design, pan, rcond=None)[0][:-1]
        if (found >= 0.0).all():
            weights[use] = found
            break
        use[np.flatnonzero(use)[int(np.argmin(found))]] = False
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(bands), 1.0 / len(bands))


def pansharpen(
    pan: Path,
    colour: Path,
    out: Path,
    *,
    method: Method = "gram-schmidt",
    weights: Sequence[float] | None = None,
    digest: str = "",
    threads: int = 2,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[float, ...]:
    """Sharpen `colour` (bands, resampled smoothly onto the panchromatic image's grid) by `pan`.

    With I = sum of weights times bands: Brovey's band is band * pan / I (Gillespie et al., Remote Sensing of
    Environment 22 (1987) 343); Gram-Schmidt's is band + g (pan' - I), where g = cov(band, I) / var(I) and
    pan' is the panchromatic image brought to I's mean and spread (Laben and Brower, US patent 6,011,875,
    2000, in the form of Aiazzi et al., IEEE TGRS 45 (2007) 3230). Weights are normalised to 1; without
    any they are fitted to the image. Returns those that were used. Pixels missing in either are missing in
    the result.
    """
    if method not in METHODS:
        raise InputError("method", method, "one of " + ", ".join(METHODS))
    first, second = raster_info(pan), raster_info(colour)
    if first.shape != second.shape or first.grid != second.grid:
        raise FileError(colour, f"does not lie on the pixels of {pan}")
    values, sharp = _sample(pan, colour)
    if values.shape[1] < 16:
        raise FileError(colour, f"has too little in common with {pan}")
    if weights is None:
        w = fitted_weights(sharp, values)
    else:
        w = np.asarray(weights, np.float64)
        if w.shape != (second.bands,) or not (w >= 0).all() or not w.sum() > 0:
            raise InputError(
                "weights", list(weights), f"{second.bands} numbers from 0, one above 0"
            )
        w = w / w.sum()
    rule = _Rule(method, w, values, sharp)
    nodata = second.nodata if second.nodata is not None else 0.0
    tags = dict(second.tags) | ({STEP_TAG: digest} if digest else {})
    names = tuple(name or "" for name in second.band_names)
    work = _Work(
        pan=SharedRaster(pan), colour=SharedRaster(colour), rule=rule, bands=second.bands,
        absent=first.nodata, dtype=second.dtype, nodata=nodata,
    )  # fmt: skip
    with (
        work.pan,
        work.colour,
        writing(
            out, first.shape, second.bands, second.dtype, grid=first.grid, nodata=nodata, tags=tags,
            names=names,
        ) as target,
    ):  # fmt: skip
        total = sum(1 for _ in boxes(first.shape))
        for done, (box, block) in enumerate(
            in_order(work, boxes(first.shape), threads, executor), 1
        ):
            target.write(block, window=window_of(box))
            if progress is not None:
                progress(done, total)
    return tuple(float(x) for x in w)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """Fuses a tile, in any process."""

    pan: SharedRaster
    colour: SharedRaster
    rule: _Rule
    bands: int
    absent: float | None
    dtype: str
    nodata: float

    def __call__(self, box: Box) -> NDArray[Any]:
        (p,) = self.pan.read((1,), box)
        c = np.stack(self.colour.read(range(1, self.bands + 1), box))
        known = (p != self.absent) & (c != self.nodata).all(axis=0)
        made = self.rule(p.astype(np.float32), c.astype(np.float32))
        return as_kind(made, known, self.dtype, self.nodata)


class _Rule:
    """The fusion of a tile, with the statistics of the whole image."""

    def __init__(self, method: Method, weights: Array, bands: Array, pan: Array) -> None:
        intensity = weights @ bands
        self.method, self.weights = method, weights.astype(np.float32)
        #: What brings the panchromatic band to the bands' level.
        self.level = np.float32(intensity.mean() / max(float(pan.mean()), 1e-12))
        spread = float(intensity.std()) / max(float(pan.std()), 1e-12)
        self.spread = np.float32(spread)
        self.shift = np.float32(float(intensity.mean()) - spread * float(pan.mean()))
        centred = intensity - intensity.mean()
        above = (bands - bands.mean(axis=1, keepdims=True)) @ centred / centred.size
        gains = above / max(float(intensity.var()), 1e-12)
        self.gains = gains.astype(np.float32)[:, None, None]

    def __call__(self, pan: NDArray[np.float32], bands: NDArray[np.float32]) -> NDArray[np.float32]:
        intensity = np.tensordot(self.weights, bands, axes=1)
        if self.method == "brovey":
            ratio = pan * self.level / np.maximum(intensity, np.float32(1e-6))
            return np.asarray(bands * ratio, np.float32)
        detail = self.spread * pan + self.shift - intensity
        return np.asarray(bands + self.gains * detail, np.float32)


def _sample(pan: Path, colour: Path) -> tuple[Array, Array]:
    """Bands (bands, n) and panchromatic values (n,) of both images at the sharpness of the coarser one."""
    with opened(pan) as first, opened(colour) as second:
        step = max(-(-max(first.shape) // _SAMPLE), _COARSE)
        shape = tuple(max(n // step, 1) for n in first.shape)
        average = rasterio().enums.Resampling.average
        stack = [
            dataset.read(
                band, out_shape=shape, resampling=average, masked=True, out_dtype="float32"
            )
            for dataset in (first, second)
            for band in range(1, dataset.count + 1)
        ]
    known = np.logical_and.reduce(
        [~np.ma.getmaskarray(one) & np.isfinite(one.data) for one in stack]
    )
    values = np.stack([one.data[known] for one in stack]).astype(np.float64)
    return values[1:], values[0]


def as_kind(
    made: NDArray[np.float32], known: NDArray[np.bool_], dtype: str, nodata: float
) -> NDArray[Any]:
    """Values as the type of the image holds them; those that would be nodata become their neighbour."""
    kind = np.dtype(dtype)
    if kind.kind != "f":
        ends = np.iinfo(kind)
        made = np.clip(np.rint(made), ends.min, ends.max)
        if ends.min <= nodata <= ends.max:
            made[made == nodata] += 1.0 if nodata < ends.max else -1.0
    made = np.where(known, made, np.float32(nodata))
    return made.astype(kind)
