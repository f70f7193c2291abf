"""Several map images as one: chips, strips, joined where they differ least."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.errors import FileError, InputError
from offnadir.imagery._correct import STEP_TAG
from offnadir.imagery._grid import Grid
from offnadir.imagery._pansharpen import as_kind
from offnadir.imagery._raster import (
    Box,
    RasterInfo,
    boxes,
    opened,
    raster_info,
    rasterio,
    read_box,
    window_of,
    writing,
)

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
#: Pixels along the longer side of the image in which seams are looked for.
_SEAM_SIDE: Final = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicReport:
    """What was joined: `shares` of the pixels that each image gave, `gains` that they were multiplied by.

    `difference` is the median difference where images overlap, as a share of their mean; else NaN.
    """

    shares: tuple[float, ...]
    gains: tuple[float, ...]
    difference: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """An image on the common grid: its first row and column there."""

    info: RasterInfo
    top: int
    left: int


def union_grid(grids: Sequence[Grid]) -> Grid:
    """The grid that holds all of several on the same pixels of one map; InputError if they are not."""
    first = grids[0]
    corners = []
    for grid in grids:
        same = grid.crs == first.crs and np.allclose(
            [grid.transform[k] for k in (0, 1, 3, 4)],
            [first.transform[k] for k in (0, 1, 3, 4)], rtol=1e-9, atol=0.0,
        )  # fmt: skip
        row, column = (float(x) for x in first.row_column(grid.transform[2], grid.transform[5]))
        row, column = row + 0.5, column + 0.5
        if not same or abs(row - round(row)) > 0.01 or abs(column - round(column)) > 0.01:
            raise InputError(
                "images",
                f"{grid.crs} {grid.transform}",
                f"on the pixels of {first.crs} {first.transform}",
            )
        corners.append((round(row), round(column), *grid.shape))
    top, left = min(c[0] for c in corners), min(c[1] for c in corners)
    bottom, right = max(c[0] + c[2] for c in corners), max(c[1] + c[3] for c in corners)
    return first.part((top, bottom, left, right))


def mosaic(
    sources: Sequence[Path],
    out: Path,
    *,
    grid: Grid | None = None,
    feather_px: int = 8,
    balance: bool = False,
    digest: str = "",
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> MosaicReport:
    """Join images that lie on the same map's pixels, on `grid` or what holds them all; nodata elsewhere.

    Seams run where two images differ least, found in an overview; across `feather_px` pixels one image
    goes over into the other. With `balance` each is multiplied by what makes their medians agree where they
    overlap. Of an image that others cover, its innermost part is used; of two of the same outline, the
    first. The result appears whole or not at all.
    """
    infos = [raster_info(path) for path in sources]
    if not infos:
        raise InputError("sources", 0, "one image at least")
    grids = []
    for info in infos:
        if info.grid is None:
            raise FileError(info.path, "lies on no map")
        if (info.bands, info.dtype) != (infos[0].bands, infos[0].dtype):
            raise FileError(info.path, f"has other bands or another type than {infos[0].path}")
        grids.append(info.grid)
    if grid is not None:
        union_grid([grid, *grids])  # on the same pixels
    whole = grid or union_grid(grids)
    places = []
    for info, grid in zip(infos, grids, strict=True):
        row, column = whole.row_column(grid.transform[2], grid.transform[5])
        places.append(
            _Place(info=info, top=round(float(row) + 0.5), left=round(float(column) + 0.5))
        )
    step = max(1, -(-max(whole.shape) // _SEAM_SIDE))
    views = [_overview(place, whole.shape, step) for place in places]
    gains = _gains(views) if balance else [1.0] * len(places)
    views = [view * np.float32(gain) for view, gain in zip(views, gains, strict=True)]
    label, difference = _labels(views)
    weights = _weights(label, len(places), max(1, round(feather_px / 2 / step)))
    count = [0] * len(places)
    nodata = infos[0].nodata
    if nodata is None:
        nodata = math.nan if infos[0].dtype.startswith("float") else 0.0
    joiner = _Joiner(places, weights, gains, step, nodata)
    tags = dict(infos[0].tags) | ({STEP_TAG: digest} if digest else {})
    names = tuple(name or "" for name in infos[0].band_names)
    total = sum(1 for _ in boxes(whole.shape))
    with writing(
        out,
        whole.shape,
        infos[0].bands,
        infos[0].dtype,
        grid=whole,
        nodata=nodata,
        tags=tags,
        names=names,
    ) as target:
        for done, (box, (block, given)) in enumerate(
            in_order(joiner.box, boxes(whole.shape), threads), 1
        ):
            target.write(block, window=window_of(box))
            count = [a + b for a, b in zip(count, given, strict=True)]
            if progress is not None:
                progress(done, total)
    every = max(sum(count), 1)
    return MosaicReport(
        shares=tuple(n / every for n in count), gains=tuple(gains), difference=difference
    )


class _Joiner:
    """Makes a box of the mosaic."""

    def __init__(
        self,
        places: Sequence[_Place],
        weights: list[Floats],
        gains: list[float],
        step: int,
        nodata: float,
    ) -> None:
        self.places, self.weights, self.gains = places, weights, gains
        self.step, self.nodata = step, nodata

    def box(self, box: Box) -> tuple[NDArray[Any], list[int]]:
        top, bottom, left, right = box
        bands = self.places[0].info.bands
        dtype = self.places[0].info.dtype
        total = np.zeros((bands, bottom - top, right - left), np.float32)
        weight = np.zeros(total.shape[1:], np.float32)
        spare = np.zeros_like(total)
        any_known = np.zeros(total.shape[1:], bool)
        given = [0] * len(self.places)
        for k, place in enumerate(self.places):
            own = (top - place.top, bottom - place.top, left - place.left, right - place.left)
            rows, columns = place.info.shape
            if own[1] <= 0 or own[3] <= 0 or own[0] >= rows or own[2] >= columns:
                continue
            # a dataset serves one thread at a time: each opens its own
            with opened(place.info.path) as dataset:
                values = np.stack(
                    [read_box(dataset, b, own, fill=self.nodata) for b in range(1, bands + 1)]
                )
            known = _known(values, place.info.nodata).all(axis=0)
            values = np.where(known, values.astype(np.float32), np.float32(0)) * np.float32(
                self.gains[k]
            )
            share = np.where(known, _fine(self.weights[k], box, self.step), np.float32(0))
            total += values * share
            weight += share
            given[k] = int(np.count_nonzero(share > 0.5))
            fresh = known & ~any_known
            spare[:, fresh] = values[:, fresh]
            any_known |= known
        some = weight > 1e-3
        out = np.where(some, total / np.where(some, weight, np.float32(1)), spare)
        return as_kind(out, any_known, dtype, self.nodata), given


def _known(values: NDArray[Any], nodata: float | None) -> Mask:
    known: Mask = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
    if nodata is not None and not math.isnan(nodata):
        known &= values != nodata
    return known


def _overview(place: _Place, shape: tuple[int, int], step: int) -> Floats:
    """An image's mean over its bands on the common grid in steps of pixels; NaN where it has nothing."""
    small = tuple(-(-n // step) for n in shape)
    out = np.full(small, np.nan, np.float32)
    with opened(place.info.path) as dataset:
        size = tuple(max(round(n / step), 1) for n in dataset.shape)
        average = rasterio().enums.Resampling.average
        try:
            stack = dataset.read(
                out_shape=(dataset.count, *size),
                resampling=average,
                masked=True,
                out_dtype="float32",
            )
        except rasterio().errors.RasterioError as error:
            raise FileError(place.info.path, f"damaged: {error}") from error
    mean = np.ma.filled(stack, np.nan).mean(axis=0)
    top, left = round(place.top / step), round(place.left / step)
    part = mean[max(-top, 0) : max(small[0] - top, 0), max(-left, 0) : max(small[1] - left, 0)]
    top, left = max(top, 0), max(left, 0)
    out[top : top + part.shape[0], left : left + part.shape[1]] = part
    return out


def _gains(views: list[Floats]) -> list[float]:
    """Factors with the mean of their logarithms 0 by which overlapping images agree, by least squares."""
    rows, right = [np.ones(len(views))], [0.0]
    for i, first in enumerate(views):
        for j in range(i):
            both = np.isfinite(first) & np.isfinite(views[j]) & (first > 0) & (views[j] > 0)
            if both.sum() < 25:
                continue
            row = np.zeros(len(views))
            row[i], row[j] = 1.0, -1.0
            weight = math.sqrt(both.sum())
            rows.append(row * weight)
            right.append(-weight * float(np.median(np.log(first[both] / views[j][both]))))
    found = np.linalg.lstsq(np.stack(rows), np.array(right), rcond=None)[0]
    return [float(math.exp(x)) for x in found]


def _labels(views: list[Floats]) -> tuple[NDArray[np.int64], float]:
    """Which image (from 1) a pixel is taken from, 0 for none; and how much overlapping ones differ."""
    from scipy.ndimage import uniform_filter

    from offnadir.imagery._mosaic_kernels import share_out

    below = np.full(views[0].shape, np.nan, np.float32)
    label = np.zeros(below.shape, np.int64)
    differences = []
    for k, view in enumerate(views, 1):
        old, new = np.isfinite(below), np.isfinite(view)
        both = old & new
        label[new & ~old] = k
        if both.any():
            apart = np.where(both, np.abs(view - below), 0.0)
            mean = float(np.mean(np.abs(view[both]))) or 1.0
            differences.append(float(np.median(apart[both])) / mean)
            # differences of the usual size do not matter: there the seam keeps to the middle
            usual = max(float(np.median(apart[both])), 1e-6 * mean)
            cost = np.floor(uniform_filter(apart, 3) / (2.0 * usual)).astype(np.float64)
            pair = np.where(both, 0, np.where(old, 1, np.where(new, 2, -1))).astype(np.int64)
            _mark(pair, old, new)
            share_out(pair, cost)
            label[both & (pair == 2)] = k
        below = np.where(label == k, view, below)
    return label, float(np.mean(differences)) if differences else math.nan


def _mark(pair: NDArray[np.int64], old: Mask, new: Mask) -> None:
    """See that both images have a place to grow from: one that lies within the other, its innermost part."""
    from scipy.ndimage import distance_transform_edt

    for number, mask in ((1, old), (2, new)):
        if not (pair == number).any():
            depth = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
            core = (depth > 0.5 * depth.max()) & (pair == 0)
            if number == 2 or not (core & (pair == 2)).any():
                pair[core] = number


def _weights(label: NDArray[np.int64], count: int, reach: int) -> list[Floats]:
    """How much of each image stands at each step: 1 within its part, falling across the seams."""
    from scipy.ndimage import uniform_filter

    return [
        np.asarray(
            uniform_filter((label == k).astype(np.float32), 2 * reach + 1, mode="nearest"),
            np.float32,
        )
        for k in range(1, count + 1)
    ]


def _fine(coarse: Floats, box: Box, step: int) -> Floats:
    """Weights of the pixels of a box, straight between those of the overview."""
    top, bottom, left, right = box
    if step == 1:
        return coarse[top:bottom, left:right]
    for axis, (first, last) in enumerate(((top, bottom), (left, right))):
        at = np.clip((np.arange(first, last) + 0.5) / step - 0.5, 0.0, coarse.shape[axis] - 1.0)
        low = at.astype(np.int64)
        high = np.minimum(low + 1, coarse.shape[axis] - 1)
        share = (at - low).astype(np.float32)
        share = share[:, None] if axis == 0 else share
        coarse = np.take(coarse, low, axis) * (1 - share) + np.take(coarse, high, axis) * share
    return coarse
