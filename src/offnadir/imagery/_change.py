"""What changed between two map products: a map of how unlikely each difference is, and ranked polygons."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.errors import InputError, OffnadirError
from offnadir.imagery._aligned import (
    Aligned,
    aligned,
    coarsened,
    common_bands,
    map_info,
    metres_of,
    on_map,
    overlap,
    step_m,
)  # fmt: skip
from offnadir.imagery._grid import Array, Grid
from offnadir.imagery._mad import (
    Background,
    Variates,
    fit_background,
    mad_variates,
    noise_lines,
    rounding_floor,
)  # fmt: skip
from offnadir.imagery._objects import Collector, Components, collection, feature, outline
from offnadir.imagery._raster import Box, boxes, opened, read_floats, window_of, writing
from offnadir.imagery._register import Registration, register

_SAMPLE_BOXES = 64  # at most, of 1024 x 1024 pixels, from which statistics are taken
_SAMPLES = 300_000
_LEAST_SAMPLES = 1_000
_EDGE_PX = 4  # beside holes and edges, where resampling has too few pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One place that changed.

    `significance` ranks: the sum over its pixels of -log10 of the chance of so much without a change, divided
    by the number of pixels that the smoothing makes vary as one. `peak` is -log10 of the chance of its
    strongest pixel. `difference` (one per band) is after minus before in units of the first image, once the
    second is normalised to it: the mean over its pixels, weighted by that -log10.
    """

    rank: int
    significance: float
    peak: float
    pixels: int
    area_m2: float
    lat_rad: float
    lon_rad: float
    difference: tuple[float, ...]
    geometry: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReport:
    """What was found, and by which numbers; lists are ordered by significance.

    Of `compared` pixels `flagged` lie beyond the threshold, `expected` of them by chance if nothing changed:
    false_alarm_rate times compared. `dropped` objects were large enough, but beyond the most that were
    asked for.
    """

    changes: tuple[Change, ...]
    false_alarm_rate: float
    compared: int
    flagged: int
    dropped: int
    grid: Grid
    registration: Registration | None
    variates: Variates
    background: Background
    misregistration_px: float

    @property
    def expected(self) -> float:
        """Pixels that would be flagged by chance."""
        return self.false_alarm_rate * self.compared

    def to_geojson(self) -> dict[str, Any]:
        """The changes as a FeatureCollection (RFC 7946), most significant first."""
        features = [
            feature(
                one.geometry,
                {
                    "rank": one.rank,
                    "significance": round(one.significance, 2),
                    "peak": round(one.peak, 2),
                    "area_m2": round(one.area_m2, 2),
                    "latitude_deg": round(math.degrees(one.lat_rad), 7),
                    "longitude_deg": round(math.degrees(one.lon_rad), 7),
                    "difference": [float(f"{d:.6g}") for d in one.difference],
                    "direction": "brighter" if sum(one.difference) > 0 else "darker",
                },
            )
            for one in self.changes
        ]
        return collection(
            features,
            false_alarm_rate=self.false_alarm_rate,
            compared_pixels=self.compared,
            flagged_pixels=self.flagged,
            expected_by_chance=round(self.expected, 3),
            rate_is_doubtful=self.background.is_crowded,
        )


def find_changes(
    before: Path,
    after: Path,
    *,
    false_alarm_rate: float = 1e-5,
    smoothing_px: float = 1.0,
    least_area_m2: float | None = None,
    most: int = 1000,
    bands: tuple[Sequence[int], Sequence[int]] | None = None,
    registration: Registration | None = None,
    registered: bool = False,
    out_map: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> ChangeReport:
    """Compare two map products of one place, pixel by pixel, and tell what changed.

    The second is laid upon the first (`register`, unless a registration is given or `registered` says
    that they fit), both at the coarser one's step, and smoothed by a Gaussian of `smoothing_px` pixels.
    IR-MAD (Nielsen 2007) normalises them; the variance of what is left is a floor and a part that grows
    with the squared gradient, which is misregistration; the background's tail is fitted, and with it the
    threshold that a share `false_alarm_rate` of unchanged pixels exceeds. `out_map` takes -log10 of each
    pixel's chance (float32 GeoTIFF, NaN where not known). Objects below `least_area_m2` (nine pixels
    unless said) are left out.

    Statistics rest on at most 64 boxes of 1024 x 1024 pixels; the images are read by boxes, memory is flat.
    Errors: InputError, FileError, RegistrationError.
    """
    if not 0.0 < false_alarm_rate < 0.05:
        raise InputError("false_alarm_rate", false_alarm_rate, "above 0 and below 0.05")
    if not 0.0 <= smoothing_px <= 20.0:
        raise InputError("smoothing_px", smoothing_px, "from 0 to 20")
    if most < 1:
        raise InputError("most", most, "1 or more")
    tell = progress or (lambda stage, done, total: None)
    first, second = map_info(before), map_info(after)
    chosen = bands or common_bands(first, second)
    if registration is None and not registered:
        registration = register(
            before,
            after,
            bands=chosen,
            progress=lambda done, total: tell("Laying upon", done, total),
        )
    area = on_map(first).part(overlap(on_map(first), on_map(second)))
    factor = max(1, round(step_m(on_map(second)) / step_m(area)))
    grid = coarsened(area, factor) if factor > 1 else area
    pixel_m2 = step_m(grid) ** 2
    least = 9 if least_area_m2 is None else max(1, math.ceil(least_area_m2 / pixel_m2))
    offset = None if registration is None else registration.on(grid)
    with (
        aligned(before, grid, chosen[0]) as x_source,
        aligned(after, grid, chosen[1], offset) as y_source,
    ):
        pair = _Pair(x_source, y_source, smoothing_px)
        sample = _sampled(pair, grid, tell)
        variates = mad_variates(sample.x, sample.y)
        u = sample.x @ variates.to_u.T - variates.origin_u
        v = sample.y @ variates.to_v.T - variates.origin_v
        gradient = sample.gradient(variates)
        floor, slope = noise_lines(u - v, gradient)
        floor = np.maximum(floor, rounding_floor(variates, sample.x, sample.y))
        statistic = ((u - v) ** 2 / (floor + slope * gradient)).sum(axis=1)
        background = fit_background(statistic, len(variates.correlations))
        model = _Model(variates, floor, slope, background)
        with nullcontext(out_map) if out_map else _temporary() as path:
            assert path is not None
            found, compared, flagged = _mapped(
                pair, grid, model, false_alarm_rate, least, path, tell
            )
            dropped, changes = _ranked(
                found, grid, path, false_alarm_rate, smoothing_px, most, tell
            )
    return ChangeReport(
        changes=tuple(changes), false_alarm_rate=false_alarm_rate, compared=compared, flagged=flagged,
        dropped=dropped, grid=grid, registration=registration, variates=variates, background=background,
        misregistration_px=float(np.sqrt(np.median(slope))),
    )  # fmt: skip


class _Pair:
    """Both images on one grid, smoothed alike."""

    def __init__(self, x: Aligned, y: Aligned, smoothing_px: float) -> None:
        self.x, self.y = x, y
        reach = math.ceil(3.0 * smoothing_px)
        k = np.arange(-reach, reach + 1)
        self._weights = np.exp(-0.5 * (k / max(smoothing_px, 1e-9)) ** 2)
        self._reach = reach

    def read(self, box: Box, margin: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Both of shape (bands, rows + 2 margin, columns + 2 margin), NaN where either is not known."""
        from scipy import ndimage

        from offnadir.imagery._exploit_kernels import smooth

        wide = margin + self._reach + _EDGE_PX
        top, bottom, left, right = box
        reached = (top - wide, bottom + wide, left - wide, right + wide)
        pair = [source.read(reached) for source in (self.x, self.y)]
        hole = np.isnan(pair[0]).any(axis=0) | np.isnan(pair[1]).any(axis=0)
        hole = ndimage.maximum_filter(hole, 2 * _EDGE_PX + 1)
        for picture in pair:
            picture[:, hole] = np.nan
            if self._reach:
                for band in picture:
                    smooth(band.copy(), self._weights, band)
        reach = self._reach + _EDGE_PX
        inner = slice(reach, -reach)
        x, y = (picture[:, inner, inner] for picture in pair)
        return np.ascontiguousarray(x), np.ascontiguousarray(y)


@dataclass(frozen=True, slots=True)
class _Sample:
    """Pixels, each with both images' bands and the slopes of these down and to the right."""

    x: Array
    y: Array
    slopes: Array  # (pixels, 4, bands): x down, x right, y down, y right

    def gradient(self, variates: Variates) -> Array:
        """Squared gradient per variate, the mean of both images'."""
        u = self.slopes[:, :2] @ variates.to_u.T
        v = self.slopes[:, 2:] @ variates.to_v.T
        mean: Array = 0.5 * ((u**2).sum(axis=1) + (v**2).sum(axis=1))
        return mean


@dataclass(frozen=True, slots=True)
class _Model:
    variates: Variates
    floor: Array
    slope: Array
    background: Background

    def statistic(self, x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
        from offnadir.imagery._exploit_kernels import change_statistic

        out = np.empty(x.shape[1:], np.float32)
        v = self.variates
        arrays = (v.to_u, v.to_v, v.origin_u, v.origin_v, self.floor, self.slope)
        change_statistic(x, y, *(np.ascontiguousarray(a) for a in arrays), out)
        return out


def _sampled(pair: _Pair, grid: Grid, tell: Callable[[str, int, int], None]) -> _Sample:
    every = list(boxes(grid.shape))
    chosen = [
        every[i] for i in np.unique(np.linspace(0, len(every) - 1, _SAMPLE_BOXES).astype(int))
    ]
    pixels = sum((b - t) * (r - lf) for t, b, lf, r in chosen)
    stride = max(1, math.isqrt(max(pixels // _SAMPLES, 1)))

    def take(box: Box) -> NDArray[np.float32]:
        x, y = pair.read(box, 1)
        middle = (slice(None), slice(1, -1, stride), slice(1, -1, stride))
        parts = [x[middle], y[middle]]
        for p in (x, y):
            parts.append(0.5 * (p[:, 2::stride, 1:-1:stride] - p[:, :-2:stride, 1:-1:stride]))
            parts.append(0.5 * (p[:, 1:-1:stride, 2::stride] - p[:, 1:-1:stride, :-2:stride]))
        flat = np.stack([part.reshape(len(part), -1).T for part in parts], axis=1)
        return flat[np.isfinite(flat).all(axis=(1, 2))]

    taken = []
    for done, (_, part) in enumerate(in_order(take, chosen, 2), 1):
        taken.append(part)
        tell("Statistics", done, len(chosen))
    table = np.concatenate(taken).astype(np.float64)
    if len(table) < _LEAST_SAMPLES:
        raise OffnadirError(
            f"only {len(table)} pixels are known in both images; {_LEAST_SAMPLES} are needed to tell change "
            "from noise"
        )
    return _Sample(table[:, 0], table[:, 1], table[:, 2:])


def _mapped(
    pair: _Pair, grid: Grid, model: _Model, rate: float, least: int, path: Path,
    tell: Callable[[str, int, int], None],
) -> tuple[Components, int, int]:  # fmt: skip
    threshold = model.background.threshold(rate)
    table_t = np.concatenate([[0.0], np.geomspace(threshold * 1e-4, threshold * 1e4, 4000)])
    table_p = -model.background.log10_chance(table_t)
    gains, offsets = model.variates.gains[:, None, None], model.variates.offsets[:, None, None]
    every = list(boxes(grid.shape))
    limit = np.float32(-math.log10(rate))

    def work(box: Box) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float32]]:
        x, y = pair.read(box, 1)
        t = model.statistic(x, y)[1:-1, 1:-1]
        chance = np.interp(t, table_t, table_p).astype(np.float32)
        chance[np.isnan(t)] = np.nan
        difference = (gains * y[:, 1:-1, 1:-1] + offsets - x[:, 1:-1, 1:-1]).astype(np.float32)
        return chance, chance > limit, difference

    found = Collector(grid.shape[1], least, values=1 + len(gains))
    compared = flagged = 0
    tags = {"OFFNADIR": "change", "FALSE_ALARM_RATE": f"{rate:g}", "UNIT": "-log10 of the chance"}
    with writing(path, grid.shape, 1, "float32", grid=grid, nodata=math.nan, tags=tags) as dataset:
        for done, (box, (chance, mask, difference)) in enumerate(in_order(work, every, 2), 1):
            dataset.write(chance, 1, window=window_of(box))
            found.add(box, mask, chance, np.concatenate([chance[None], chance * difference]))
            compared += int(np.isfinite(chance).sum())
            flagged += int(mask.sum())
            tell("Comparing", done, len(every))
    return found.finish(), compared, flagged


def _ranked(
    found: Components, grid: Grid, path: Path, rate: float, smoothing_px: float, most: int,
    tell: Callable[[str, int, int], None],
) -> tuple[int, list[Change]]:  # fmt: skip
    # pixels that vary as one: the noise of a Gaussian filter is correlated over 4 pi sigma^2 pixels
    together = max(1.0, 4.0 * math.pi * smoothing_px**2)
    significance = found.sums[:, 0] / together
    order = np.argsort(-significance, kind="stable")[:most]
    changes = []
    lock = threading.Lock()
    with opened(path) as dataset:
        limit = np.float32(-math.log10(rate))

        def mask(box: Box) -> NDArray[np.bool_]:
            with lock:
                flagged: NDArray[np.bool_] = read_floats(dataset, (1,), box)[0] > limit
            return flagged

        for done, k in enumerate(order, 1):
            row, column = found.seeds[k]
            lat, lon = grid.lat_lon(float(row), float(column))
            area = abs(float(np.linalg.det(metres_of(grid, float(row), float(column)))))
            changes.append(
                Change(
                    rank=done,
                    significance=float(significance[k]),
                    peak=float(found.peaks[k]),
                    pixels=int(found.counts[k]),
                    area_m2=area * int(found.counts[k]),
                    lat_rad=float(lat),
                    lon_rad=float(lon),
                    difference=tuple(float(d) for d in found.sums[k, 1:] / found.sums[k, 0]),
                    geometry=outline(mask, found.boxes[k], found.seeds[k], grid),
                )
            )
            tell("Outlining", done, len(order))
    return len(found) - len(order), changes


class _temporary:  # noqa: N801 - a context manager, used like a function
    """A file that is gone afterwards."""

    def __enter__(self) -> Path:
        self._folder = tempfile.TemporaryDirectory(prefix="offnadir-change-")
        return Path(self._folder.name) / "change.tif"

    def __exit__(self, *trouble: object) -> None:
        self._folder.cleanup()
