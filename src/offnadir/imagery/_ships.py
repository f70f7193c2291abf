"""Ships on water, and other bright compact objects: a detector with a constant false-alarm rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError, OffnadirError
from offnadir.imagery._aligned import (
    Aligned, aligned, coarsened, colour_bands, map_info, metres_of, on_map, step_m, two_by_two,
)  # fmt: skip
from offnadir.imagery._clutter import CLUTTERS, Clutter, fit_threshold
from offnadir.imagery._grid import Grid
from offnadir.imagery._hull import Hull, measure_hull
from offnadir.imagery._objects import Collector, Components, collection, feature
from offnadir.imagery._raster import Box, boxes, opened, read_floats
from offnadir.imagery._water import Water, find_water

_PER_LENGTH = 6.0  # pixels of the search along the shortest object
_RING_M = 0.3  # width of the ring, in longest objects
_LEAST_RING_PX = 12
_LEAST_IN_RING = 100
_SAMPLE_BOXES = 32
_SAMPLES = 4_000_000
_FIRST_RATE, _FIRST_HIGH, _HIGH = 1e-3, 0.01, 0.003
_EDGE_RATE = 1e-3  # pixels beyond this belong to an object whose peak is beyond the threshold
_CHIP_PX = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ship:
    """One object: where, how large, which way.

    `strength` is how far its brightest pixel of the search stands out: in deviations of the water around it, or in
    means of it for K clutter. `axis_rad` is the azimuth of the long side (0 to pi); `heading_rad` is None
    unless a wake tells bow from stern. `corners` are (latitude, longitude) [rad] of the box.
    """

    rank: int
    lat_rad: float
    lon_rad: float
    length_m: float
    width_m: float
    axis_rad: float
    heading_rad: float | None
    strength: float
    contrast: float
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipReport:
    """What was found, strongest first, and by which numbers.

    Of `searched` pixels of `step_m` metres, `expected` are beyond the threshold by chance. `untested` pixels of water
    had too little water around them. `other` objects were too large, too small, or not compact.
    """

    ships: tuple[Ship, ...]
    false_alarm_rate: float
    clutter: Clutter
    threshold: float
    shape: float
    searched: int
    untested: int
    beyond: int
    other: int
    step_m: float
    water: str

    @property
    def expected(self) -> float:
        """Pixels beyond the threshold by chance."""
        return self.false_alarm_rate * self.searched

    def to_geojson(self) -> dict[str, Any]:
        """The boxes as a FeatureCollection (RFC 7946)."""
        features = []
        for one in self.ships:
            ring = [
                [round(math.degrees(lon), 8), round(math.degrees(lat), 8)] for lat, lon in one.corners
            ]
            heading = one.heading_rad
            properties = {
                "rank": one.rank,
                "latitude_deg": round(math.degrees(one.lat_rad), 7),
                "longitude_deg": round(math.degrees(one.lon_rad), 7),
                "length_m": round(one.length_m, 2),
                "width_m": round(one.width_m, 2),
                "axis_deg": round(math.degrees(one.axis_rad), 2),
                "heading_deg": None if heading is None else round(math.degrees(heading) % 360.0, 2),
                "strength": round(one.strength, 3),
                "contrast": float(f"{one.contrast:.6g}"),
            }
            features.append(feature({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, properties))
        return collection(
            features,
            false_alarm_rate=self.false_alarm_rate,
            searched_pixels=self.searched,
            expected_by_chance=round(self.expected, 6),
            clutter=self.clutter,
            water=self.water,
        )


def find_ships(
    path: Path,
    *,
    false_alarm_rate: float = 1e-6,
    clutter: Clutter = "pearson",
    looks: float = 1.0,
    length_m: tuple[float, float] = (12.0, 450.0),
    band: int | None = None,
    land: Path | None = None,
    anywhere: bool = False,
    ndwi: float = 0.0,
    shore_m: float = 30.0,
    progress: Callable[[str, int, int], None] | None = None,
) -> ShipReport:
    """Find bright objects of a length between the two of `length_m` on the water of a map product.

    Each pixel (of a sixth of the least length) is compared with the ring around it, from which other objects are left
    out; the threshold follows from how all of the water scatters (`clutter`; `looks` of a radar for "k"), so
    that a share `false_alarm_rate` of its pixels exceeds it. What is found is measured at full resolution.
    Water is where NDWI says, less the polygons of `land`; `anywhere` looks on land too. The band (from 1) is the
    mean of all unless said. Errors: InputError, FileError.
    """
    low, high = length_m
    if not 0.0 < low < high:
        raise InputError("length_m", length_m, "two lengths above 0, the shorter first")
    if not 0.0 < false_alarm_rate <= _EDGE_RATE:
        raise InputError("false_alarm_rate", false_alarm_rate, f"above 0 and at most {_EDGE_RATE:g}")
    if clutter not in CLUTTERS:
        raise InputError("clutter", clutter, " or ".join(CLUTTERS))
    if not looks > 0.0:
        raise InputError("looks", looks, "above 0")
    tell = progress or (lambda stage, done, total: None)
    info = map_info(path)
    native = on_map(info)
    bands = (band,) if band is not None else colour_bands(path)
    if band is not None and not 1 <= band <= info.bands:
        raise InputError("band", band, f"from 1 to {info.bands}")
    factor = max(1, int(low / _PER_LENGTH / step_m(native)))
    grid = coarsened(native, factor)
    if anywhere:
        water = Water(
            is_water=np.ones((1, 1), np.bool_), factor=max(native.shape), source="everywhere"
        )
    else:
        water = find_water(
            info, native, land=land, ndwi=ndwi, shore_m=shore_m, largest_ship_m2=high * high / 5.0
        )
    with aligned(path, grid, bands) as source:
        search = _Search(source, grid, water, factor, clutter, high)
        thresholds, shape = search.calibrate(false_alarm_rate, looks, tell)
        found, searched, untested, beyond = search.run(thresholds, tell)
    ships = _measured(path, bands, found, thresholds[2], native, factor, water, length_m, tell)
    strong = int((found.peaks > thresholds[2]).sum())
    return ShipReport(
        ships=tuple(ships), false_alarm_rate=false_alarm_rate, clutter=clutter, threshold=thresholds[2],
        shape=shape, searched=searched, untested=untested, beyond=beyond, other=strong - len(ships),
        step_m=step_m(grid), water=water.source,
    )  # fmt: skip


class _Search:
    """The detector on the search's grid."""

    def __init__(
        self, source: Aligned, grid: Grid, water: Water, factor: int, clutter: Clutter, longest_m: float
    ) -> None:
        self._source, self._grid, self._water, self._factor = source, grid, water, factor
        self._is_k = clutter == "k"
        self._clutter = clutter
        step = step_m(grid)
        self._guard = max(2, math.ceil(0.5 * longest_m / step))
        self._reach = self._guard + max(_LEAST_RING_PX, math.ceil(_RING_M * longest_m / step))

    def _values(self, box: Box, margin: int) -> NDArray[np.float32]:
        top, bottom, left, right = box
        wide = (top - margin, bottom + margin, left - margin, right + margin)
        values: NDArray[np.float32] = self._source.read(wide).mean(axis=0)
        values[~self._water.at(wide, self._factor)] = np.nan
        return values

    def _statistic(
        self, values: NDArray[np.float32], around: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        from offnadir.imagery._exploit_kernels import surroundings

        mean, spread, count = (np.empty(values.shape, np.float32) for _ in range(3))
        surroundings(around, self._reach, self._guard, mean, spread, count)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self._is_k:
                out = np.where(mean > 0.0, values / mean, np.nan)
            else:
                out = np.where(spread > 0.0, (values - mean) / spread, np.nan)
        out[count < _LEAST_IN_RING] = np.nan
        return out.astype(np.float32)

    def statistic(self, box: Box, first: float | None) -> tuple[NDArray[np.float32], int]:
        """How far pixels stand out of their rings, and how many could not be told; NaN off the water.

        With a first threshold, what lies beyond it is left out of the rings of others.
        """
        from scipy import ndimage

        margin = self._reach if first is None else 2 * self._reach
        values = self._values(box, margin)
        if not np.isfinite(values).any():
            return np.full((box[1] - box[0], box[3] - box[2]), np.nan, np.float32), 0
        around = values
        if first is not None:
            with np.errstate(invalid="ignore"):
                bright = self._statistic(values, values) > first
            around = values.copy()
            around[ndimage.binary_dilation(bright, iterations=2)] = np.nan
        inner = (slice(margin, -margin), slice(margin, -margin))
        out = self._statistic(values, around)[inner]
        untested = int((np.isnan(out) & np.isfinite(values[inner])).sum())
        return out, untested

    def calibrate(
        self, rate: float, looks: float, tell: Callable[[str, int, int], None]
    ) -> tuple[tuple[float, float, float], float]:
        """(first, edge and final threshold), shape."""
        every = list(boxes(self._grid.shape))
        picks = np.unique(np.linspace(0, len(every) - 1, _SAMPLE_BOXES).astype(int))
        chosen = [every[i] for i in picks]
        stride = max(1, len(chosen) * 1024 * 1024 // _SAMPLES)

        def sample(first: float | None, stage: int) -> NDArray[np.float64]:
            parts = []
            work = two_by_two(lambda box: self.statistic(box, first)[0], chosen)
            for done, part in enumerate(work, 1):
                parts.append(part[np.isfinite(part)][::stride])
                tell("Statistics", stage * len(chosen) + done, 2 * len(chosen))
            values = np.concatenate(parts).astype(np.float64)
            if len(values) < 1000:
                raise OffnadirError(
                    f"only {len(values)} pixels of water to tell ships from; 1000 are needed (is it all land, or "
                    "smaller than the longest ship?)"
                )
            return values

        first, _ = fit_threshold(
            sample(None, 0), self._clutter, _FIRST_RATE, high=_FIRST_HIGH, looks=looks
        )
        values = sample(first, 1)
        edge, _ = fit_threshold(values, self._clutter, _EDGE_RATE, high=_HIGH, looks=looks)
        final, shape = fit_threshold(values, self._clutter, rate, high=_HIGH, looks=looks)
        return (first, edge, final), shape

    def run(
        self, thresholds: tuple[float, float, float], tell: Callable[[str, int, int], None]
    ) -> tuple[Components, int, int, int]:
        """Bright places; pixels searched, not searched, beyond the threshold."""
        first, edge, final = thresholds
        every = list(boxes(self._grid.shape))
        found = Collector(self._grid.shape[1])
        searched = untested = beyond = 0
        work = two_by_two(lambda box: (box, *self.statistic(box, first)), every)
        for done, (box, statistic, unknown) in enumerate(work, 1):
            with np.errstate(invalid="ignore"):
                mask = statistic > edge
                beyond += int((statistic > final).sum())
            found.add(box, mask, statistic, np.empty((0, *mask.shape)))
            searched += int(np.isfinite(statistic).sum())
            untested += unknown
            tell("Searching", done, len(every))
        return found.finish(), searched, untested, beyond


def _measured(
    path: Path, bands: tuple[int, ...], found: Components, threshold: float, native: Grid, factor: int,
    water: Water, length_m: tuple[float, float], tell: Callable[[str, int, int], None],
) -> list[Ship]:  # fmt: skip
    strong = np.flatnonzero(found.peaks > threshold)
    order = strong[np.argsort(-found.peaks[strong], kind="stable")]
    ships: list[Ship] = []
    step = step_m(native)
    with opened(path) as dataset:
        for done, k in enumerate(order, 1):
            tell("Measuring", done, len(order))
            box = [int(x) * factor for x in found.boxes[k]]
            if max(box[1] - box[0], box[3] - box[2]) * step > 2.0 * length_m[1]:
                continue  # foam, cloud, a shore: no ship casts such a patch
            hull, chip = _hull(dataset, bands, box, native, factor, water)
            if hull is None or not length_m[0] <= hull.length_m <= length_m[1]:
                continue
            metres = metres_of(chip, 0, 0)
            back = np.linalg.inv(metres)

            def place(
                east_north: tuple[float, float], chip: Grid = chip, back: Any = back
            ) -> tuple[float, float]:
                row, column = back @ np.array(east_north)
                lat, lon = chip.lat_lon(row, column)
                return float(lat), float(lon)

            lat, lon = place((hull.east_m, hull.north_m))
            ships.append(
                Ship(
                    rank=len(ships) + 1,
                    lat_rad=lat,
                    lon_rad=lon,
                    length_m=hull.length_m,
                    width_m=hull.width_m,
                    axis_rad=hull.axis_rad,
                    heading_rad=hull.heading_rad,
                    strength=float(found.peaks[k]),
                    contrast=hull.contrast,
                    corners=tuple(place(corner) for corner in hull.corners_m()),
                )
            )
    return ships


def _hull(
    dataset: Any, bands: tuple[int, ...], box: list[int], native: Grid, factor: int, water: Water
) -> tuple[Hull | None, Grid]:
    """The object at the finest resolution at which it stands out of the water's noise."""
    side = max(box[1] - box[0], box[3] - box[2])
    margin = side + 4 * factor  # as much water beside it as it is long, for the wake
    wide = (box[0] - margin, box[1] + margin, box[2] - margin, box[3] + margin)
    coarse = max(1, -(-max(wide[1] - wide[0], wide[3] - wide[2]) // _CHIP_PX))
    while True:
        grid = coarsened(native, coarse) if coarse > 1 else native
        area = (wide[0] // coarse, -(-wide[1] // coarse), wide[2] // coarse, -(-wide[3] // coarse))
        picture: NDArray[np.float32] = read_floats(dataset, bands, area, coarse).mean(axis=0)
        picture[~water.at(area, coarse)] = np.nan
        rough = np.zeros(picture.shape, np.bool_)
        low = [box[0] // coarse - area[0], box[2] // coarse - area[2]]
        high = [-(-box[1] // coarse) - area[0], -(-box[3] // coarse) - area[2]]
        inner = picture[low[0] : high[0], low[1] : high[1]]
        outside = picture.copy()
        outside[low[0] : high[0], low[1] : high[1]] = np.nan
        if np.isfinite(inner).any() and np.isfinite(outside).any():
            level = np.nanmedian(outside)
            top = np.nanquantile(inner, 0.98)
            with np.errstate(invalid="ignore"):
                rough[low[0] : high[0], low[1] : high[1]] = inner > 0.5 * (level + top)
        a, b, c, d, e, f = grid.transform
        moved = (a, b, c + a * area[2] + b * area[0], d, e, f + d * area[2] + e * area[0])
        chip = Grid(crs=grid.crs, transform=moved, shape=picture.shape)
        hull = measure_hull(picture, rough, metres_of(chip, 0, 0)) if rough.any() else None
        if hull is not None or coarse >= factor:
            return hull, chip
        coarse = min(2 * coarse, factor)
