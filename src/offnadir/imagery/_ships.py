"""Ships on water, and other bright compact objects: a detector with a constant false-alarm rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.constants import WGS84_A_M
from offnadir.errors import InputError, OffnadirError
from offnadir.imagery._aligned import (
    Aligned,
    aligned,
    coarsened,
    colour_bands,
    map_info,
    metres_of,
    on_map,
    step_m,
)  # fmt: skip
from offnadir.imagery._clutter import (
    CLUTTERS,
    Clutter,
    TailCheck,
    check_tail,
    choose_clutter,
    fit_threshold,
)  # fmt: skip
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
_FIRST_RATE, _BODY, _HIGH, _SURE_RATE = 1e-3, 0.03, 0.003, 1e-7
#: A tail that puts the threshold so many times higher than the body of the distribution is taken for ships.
_MOST_TAIL = 1.4
_LEAST_WATER_PX = 1000
_EDGE_RATE = 1e-3  # pixels beyond this belong to an object whose peak is beyond the threshold
_CHIP_PX = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ship:
    """One object: where, how large, which way.

    `strength` is how far its brightest pixel of the search stands out: in deviations of the water around
    it, or in means of it for K clutter. `axis_rad` is the azimuth of the long side (0 to pi);
    `heading_rad` is None unless a wake tells bow from stern. `corners` are (latitude, longitude) [rad] of
    the box.
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
class Scale:
    """The search with pixels of one size.

    Of `searched` pixels `beyond` exceed the threshold; `untested` pixels of water had too little water around
    them. `shape` is the skewness of the water, the deviation of its logarithm ("lognormal"), or the order of
    its texture ("k"). `clutter` is the distribution that was taken, `tail` what its tail is worth.
    """

    step_m: float
    threshold: float
    shape: float
    searched: int
    untested: int
    beyond: int
    clutter: Clutter
    tail: TailCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipReport:
    """What was found, strongest first, and by which numbers; `scales` from the finest to the coarsest.

    `other` bright places were of no ship's size, or not to be told from the water at full resolution.
    """

    ships: tuple[Ship, ...]
    false_alarm_rate: float
    clutter: Clutter | Literal["auto"]
    scales: tuple[Scale, ...]
    other: int
    water: str

    @property
    def unkept(self) -> tuple[Scale, ...]:
        """Scales on whose water the false-alarm rate may be missed by more than a factor of two."""
        return tuple(scale for scale in self.scales if not scale.tail.holds)

    @property
    def searched(self) -> int:
        """Pixels searched, of all scales."""
        return sum(scale.searched for scale in self.scales)

    @property
    def beyond(self) -> int:
        """Pixels beyond the thresholds, of all scales."""
        return sum(scale.beyond for scale in self.scales)

    @property
    def expected(self) -> float:
        """Pixels beyond the thresholds by chance."""
        return self.false_alarm_rate * self.searched

    def to_geojson(self) -> dict[str, Any]:
        """The boxes as a FeatureCollection (RFC 7946)."""
        features = []
        for one in self.ships:
            ring = [
                [round(math.degrees(lon), 8), round(math.degrees(lat), 8)]
                for lat, lon in one.corners
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
            features.append(
                feature({"type": "Polygon", "coordinates": [[*ring, ring[0]]]}, properties)
            )
        return collection(
            features,
            false_alarm_rate=self.false_alarm_rate,
            searched_pixels=self.searched,
            expected_by_chance=round(self.expected, 6),
            clutter=self.clutter,
            scales=[
                {
                    "step_m": float(f"{scale.step_m:.4g}"),
                    "clutter": scale.clutter,
                    "tail_checked_at": float(f"{scale.tail.rate:.3g}"),
                    "tail_ratio": float(f"{scale.tail.ratio:.3g}"),
                }
                for scale in self.scales
            ],
            water=self.water,
        )


def find_ships(
    path: Path,
    *,
    false_alarm_rate: float = 1e-6,
    clutter: Clutter | Literal["auto"] = "auto",
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

    Each pixel (of a sixth of the least length, then of twice that, and so on: averages of rough water
    vary less) is compared with the ring around it, from which other objects are left out; the threshold
    follows from how all of the water scatters (`clutter`: "auto" is Pearson III or log-normal, as the water
    says; `looks` of a radar for "k"), so that a share `false_alarm_rate` of its pixels exceeds it.
    What is found is measured at full resolution.
    Water is where NDWI says, less the polygons of `land`; `anywhere` looks on land too. The band (from 1)
    is the mean of all unless said. Errors: InputError, FileError.
    """
    low, high = length_m
    if not 0.0 < low < high:
        raise InputError("length_m", length_m, "two lengths above 0, the shorter first")
    if not 0.0 < false_alarm_rate <= _EDGE_RATE:
        raise InputError(
            "false_alarm_rate", false_alarm_rate, f"above 0 and at most {_EDGE_RATE:g}"
        )
    if clutter not in ("auto", *CLUTTERS):
        raise InputError("clutter", clutter, " or ".join(("auto", *CLUTTERS)))
    if not looks > 0.0:
        raise InputError("looks", looks, "above 0")
    tell = progress or (lambda stage, done, total: None)
    info = map_info(path)
    native = on_map(info)
    bands = (band,) if band is not None else colour_bands(path)
    if band is not None and not 1 <= band <= info.bands:
        raise InputError("band", band, f"from 1 to {info.bands}")
    if anywhere:
        water = Water(
            is_water=np.ones((1, 1), np.bool_), factor=max(native.shape), source="everywhere"
        )
    else:
        water = find_water(
            info, native, land=land, ndwi=ndwi, shore_m=shore_m, largest_ship_m2=high * high / 5.0
        )
    step = step_m(native)
    factor = max(1, int(low / _PER_LENGTH / step))
    scales: list[Scale] = []
    known = (
        clutter  # once the finest scale, which has the most pixels, has told it, the others take it
    )
    found: list[tuple[int, Components]] = []
    while not scales or (
        _PER_LENGTH * step * factor <= 0.5 * high and min(native.shape) >= 64 * factor
    ):
        grid = coarsened(native, factor)
        said = partial(_say_of, tell, f"{step * factor:.3g} m")
        with aligned(path, grid, bands) as source:
            search = _Search(source, grid, water, factor, known, high)
            try:
                many = looks * factor**2
                thresholds, shape, tail = search.calibrate(
                    false_alarm_rate, many, partial(said, "Statistics")
                )
            except _TooLittleWaterError:
                if not scales:
                    raise
                break
            known = search.clutter
            objects, counts = search.run(thresholds, partial(said, "Searching"))
        scales.append(
            Scale(
                step_m=step_m(grid), threshold=thresholds[2], shape=shape, searched=counts[0],
                untested=counts[1], beyond=counts[2], clutter=known, tail=tail,
            )
        )  # fmt: skip
        found.append((factor, objects))
        factor *= 2
    ships, other = _measured(path, bands, found, native, water, length_m, tell)
    return ShipReport(
        ships=tuple(ships), false_alarm_rate=false_alarm_rate, clutter=clutter, scales=tuple(scales),
        other=other, water=water.source,
    )  # fmt: skip


def _say_of(
    tell: Callable[[str, int, int], None], what: str, stage: str, done: int, total: int
) -> None:
    tell(f"{stage} at {what}", done, total)


class _TooLittleWaterError(OffnadirError):
    """There are too few pixels of water for statistics."""

    exit_code = 2


class _Search:
    """The detector on the search's grid."""

    def __init__(
        self,
        source: Aligned,
        grid: Grid,
        water: Water,
        factor: int,
        clutter: Clutter | Literal["auto"],
        longest_m: float,
    ) -> None:
        self._source, self._grid, self._water, self._factor = source, grid, water, factor
        self._is_k = clutter == "k"
        self._is_open = clutter == "auto"
        self.clutter: Clutter = "lognormal" if clutter == "auto" else clutter
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
        self, rate: float, looks: float, tell: Callable[[int, int], None]
    ) -> tuple[tuple[float, float, float], float, TailCheck]:
        """(First, edge and final threshold), shape, and what the tail is worth; chooses the clutter if
        open.
        """
        every = list(boxes(self._grid.shape))
        picks = np.unique(np.linspace(0, len(every) - 1, _SAMPLE_BOXES).astype(int))
        chosen = [every[i] for i in picks]
        stride = max(1, len(chosen) * 1024 * 1024 // _SAMPLES)

        def sample(first: float | None, sure: float, stage: int) -> NDArray[np.float64]:
            parts = []
            work = in_order(lambda box: self.statistic(box, first)[0], chosen, 2)
            for done, (_, part) in enumerate(work, 1):
                if first is not None:
                    part[_certain(part, first, sure)] = np.nan
                parts.append(part[np.isfinite(part)][::stride])
                tell(stage * len(chosen) + done, 2 * len(chosen))
            values = np.concatenate(parts).astype(np.float64)
            if len(values) < _LEAST_WATER_PX:
                raise _TooLittleWaterError(
                    f"only {len(values)} pixels of water to tell ships from; {_LEAST_WATER_PX} are "
                    "needed (is it all land, or smaller than the longest ship?)"
                )
            return values

        def fit(values: NDArray[np.float64], rate: float, high: float) -> tuple[float, float]:
            return fit_threshold(values, self.clutter, rate, high=high, looks=looks)

        rough = sample(None, math.inf, 0)
        first, _ = fit(rough, _FIRST_RATE, _BODY)
        sure, _ = fit(rough, _SURE_RATE, _BODY)
        values = sample(first, sure, 1)
        high = _HIGH
        if self._is_open:
            self.clutter = choose_clutter(values, rate, high=high)
        final, shape = fit(values, rate, high)
        body, body_shape = fit(values, rate, _BODY)
        if final > _MOST_TAIL * body:
            final, shape, high = body, body_shape, _BODY
        edge, _ = fit(values, _EDGE_RATE, high)
        tail = check_tail(values, self.clutter, rate, high=high, looks=looks)
        return (first, edge, final), shape, tail

    def run(
        self, thresholds: tuple[float, float, float], tell: Callable[[int, int], None]
    ) -> tuple[Components, tuple[int, int, int]]:
        """Bright places; pixels searched, not searched, beyond the threshold."""
        first, edge, final = thresholds
        every = list(boxes(self._grid.shape))
        found = Collector(self._grid.shape[1])
        searched = untested = beyond = 0

        def look(box: Box) -> tuple[NDArray[np.float32], int]:
            return self.statistic(box, first)

        for done, (box, (statistic, unknown)) in enumerate(in_order(look, every, 2), 1):
            with np.errstate(invalid="ignore"):
                mask = statistic > edge
                beyond += int((statistic > final).sum())
            found.add(box, mask, statistic, np.empty((0, *mask.shape)))
            searched += int(np.isfinite(statistic).sum())
            untested += unknown
            tell(done, len(every))
        return found.finish().stronger(final), (searched, untested, beyond)


def _certain(statistic: NDArray[np.float32], edge: float, sure: float) -> NDArray[np.bool_]:
    """What is connected beyond `edge` and somewhere beyond `sure`: objects, which say nothing of the
    water.
    """
    from scipy import ndimage

    with np.errstate(invalid="ignore"):
        labels, many = ndimage.label(statistic > edge, np.ones((3, 3)))
        strong = np.zeros(many + 1, np.bool_)
        strong[labels[statistic > sure]] = True
    strong[0] = False
    found: NDArray[np.bool_] = strong[labels]
    return found


def _measured(
    path: Path, bands: tuple[int, ...], found: list[tuple[int, Components]], native: Grid, water: Water,
    length_m: tuple[float, float], tell: Callable[[str, int, int], None],
) -> tuple[list[Ship], int]:  # fmt: skip
    """The ships among what was found, strongest first, and how many places are none."""
    ships: list[Ship] = []
    step = step_m(native)
    other = done = 0
    total = sum(len(objects) for _, objects in found)
    with opened(path) as dataset:
        for factor, objects in found:
            for k in np.argsort(-objects.peaks, kind="stable"):
                done += 1
                tell("Measuring", done, total)
                seed = (objects.seeds[k] + 0.5) * factor - 0.5
                at = native.lat_lon(*seed)
                if any(_covers(ship, at, 2.0 * factor * step) for ship in ships):
                    continue
                box = [int(x) * factor for x in objects.boxes[k]]
                ship = None
                if max(box[1] - box[0], box[3] - box[2]) * step < 2.0 * length_m[1]:
                    ship = _ship(
                        dataset, bands, box, native, factor, water, float(objects.peaks[k])
                    )
                if ship is None or not length_m[0] <= ship.length_m <= length_m[1]:
                    other += 1
                elif not any(_covers(one, (ship.lat_rad, ship.lon_rad), 0.0) for one in ships):
                    ships.append(ship)
    ships.sort(key=lambda one: -one.strength)
    return [replace(ship, rank=k) for k, ship in enumerate(ships, 1)], other


def _covers(ship: Ship, at: tuple[Any, Any], beside_m: float) -> bool:
    """Whether a place (latitude, longitude) lies in a ship's box, or so near to it."""
    north = (float(at[0]) - ship.lat_rad) * WGS84_A_M
    east = (float(at[1]) - ship.lon_rad) * WGS84_A_M * math.cos(ship.lat_rad)
    s, c = math.sin(ship.axis_rad), math.cos(ship.axis_rad)
    along, across = east * s + north * c, east * c - north * s
    return abs(along) <= ship.length_m / 2 + beside_m and abs(across) <= ship.width_m / 2 + beside_m


def _ship(
    dataset: Any, bands: tuple[int, ...], box: list[int], native: Grid, factor: int, water: Water,
    strength: float,
) -> Ship | None:  # fmt: skip
    hull, chip = _hull(dataset, bands, box, native, factor, water)
    if hull is None:
        return None
    back = np.linalg.inv(metres_of(chip, 0, 0))

    def place(east_m: float, north_m: float) -> tuple[float, float]:
        lat, lon = chip.lat_lon(*(back @ np.array([east_m, north_m])))
        return float(lat), float(lon)

    lat, lon = place(hull.east_m, hull.north_m)
    return Ship(
        rank=0, lat_rad=lat, lon_rad=lon, length_m=hull.length_m, width_m=hull.width_m,
        axis_rad=hull.axis_rad, heading_rad=hull.heading_rad, strength=strength, contrast=hull.contrast,
        corners=tuple(place(*corner) for corner in hull.corners_m()),
    )  # fmt: skip


def _hull(
    dataset: Any, bands: tuple[int, ...], box: list[int], native: Grid, factor: int, water: Water
) -> tuple[Hull | None, Grid]:
    """The object at the finest resolution at which it stands out of the water's noise."""
    side = max(box[1] - box[0], box[3] - box[2])
    margin = side + 4 * factor  # as much water beside it as it is long, for the wake
    coarse = 1
    for _ in range(12):
        coarse = max(coarse, -(-(side + 2 * margin) // _CHIP_PX))
        grid = coarsened(native, coarse) if coarse > 1 else native
        area = (
            (box[0] - margin) // coarse, -(-(box[1] + margin) // coarse),
            (box[2] - margin) // coarse, -(-(box[3] + margin) // coarse),
        )  # fmt: skip
        picture: NDArray[np.float32] = read_floats(dataset, bands, area, coarse).mean(axis=0)
        picture[~water.at(area, coarse)] = np.nan
        chip = grid.part(area)
        rough = _rough(picture, [x // coarse - area[k // 2 * 2] for k, x in enumerate(box)])
        hull = measure_hull(picture, rough, metres_of(chip, 0, 0)) if rough.any() else None
        if hull is None:
            if coarse >= factor:
                return None, chip
            coarse = min(2 * coarse, factor)
            continue
        edge = np.concatenate(
            [hull.inside[k] for k in (0, -1)] + [hull.inside[:, k] for k in (0, -1)]
        )
        if not edge.any():
            return hull, chip
        margin *= 2  # it is longer than what was found of it
        if side + 2 * margin > _CHIP_PX * factor:
            return None, chip
    return None, chip


def _rough(picture: NDArray[np.float32], box: list[int]) -> NDArray[np.bool_]:
    """Pixels of a box that are nearer to its brightest than to the water around the box."""
    rough = np.zeros(picture.shape, np.bool_)
    part = (slice(box[0], box[1] + 1), slice(box[2], box[3] + 1))
    outside = picture.copy()
    outside[part] = np.nan
    inner = picture[part]
    if np.isfinite(inner).any() and np.isfinite(outside).any():
        level, top = np.nanmedian(outside), np.nanquantile(inner, 0.98)
        with np.errstate(invalid="ignore"):
            rough[part] = inner > 0.5 * (level + top)
    return rough
