"""Chance of a clear view from a forecast that the user gives: a cube of time, latitude and longitude."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.epoch import utc_text, utc_to_tai_ns
from offnadir.errors import InputError
from offnadir.quality._cloud_file import CloudFile, read_cloud_file
from offnadir.quality._clouds import Array, broadcast_places, chance_curve, check_max_cloud

#: How far to trust a single forecast: the truth is Beta distributed about 0.05 + 0.9 x forecast with this
#: a + b. An estimate; members of an ensemble speak for themselves.
SINGLE_SPREAD: Final = 2.0
_SINGLE_FLOOR, _SINGLE_SLOPE = 0.05, 0.9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CloudCube:
    """Forecast cloud cover: (time, member, latitude, longitude), all axes ascending; NaN where unknown.

    Linear in time and place. A place or time outside gives NaN, and `why_missing` tells the range. With
    several members the chance is their share; with one it is a guess about it (SINGLE_SPREAD).
    """

    source: str
    tai_ns: NDArray[np.int64]
    lat_deg: Array
    lon_deg: Array
    cover: NDArray[np.float32]
    _kept: dict[float, NDArray[np.float32]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = (self.tai_ns.size, self.lat_deg.size, self.lon_deg.size)
        if self.cover.ndim != 4 or (self.cover.shape[0], *self.cover.shape[2:]) != sizes:
            raise InputError(
                "cover.shape", self.cover.shape, f"(time, member, latitude, longitude) of {sizes}"
            )
        for name in ("tai_ns", "lat_deg", "lon_deg"):
            if np.any(np.diff(getattr(self, name)) <= 0):
                raise InputError(name, getattr(self, name), "ascending")

    @property
    def title(self) -> str:
        """One line: which files, how many members, from when to when and where."""
        members = self.cover.shape[1]
        crowd = f", {members} members" if members > 1 else ""
        return f"forecast {self.source}{crowd}: {self._time_range()}, {self._place_range()}"

    def mean_cover(self, lat_rad: ArrayLike, lon_rad: ArrayLike, tai_ns: ArrayLike) -> Array:
        """Cloud cover, 0 to 1, of the mean of the members; NaN outside the cube; arguments broadcast."""
        return self._between(self._mean(), *broadcast_places(lat_rad, lon_rad, tai_ns))

    def clear_chance(
        self,
        lat_rad: ArrayLike,
        lon_rad: ArrayLike,
        tai_ns: ArrayLike,
        *,
        max_cloud: float = 0.2,
    ) -> Array:
        """Chance that at most `max_cloud` is cloud; NaN outside the cube; arguments broadcast.

        With several members: the share of them that say so at the points of the grid, linear between.
        """
        check_max_cloud(max_cloud)
        where = broadcast_places(lat_rad, lon_rad, tai_ns)
        if self.cover.shape[1] > 1:
            return self._between(self._share(float(max_cloud)), *where)
        mean = _SINGLE_FLOOR + _SINGLE_SLOPE * self._between(self._mean(), *where)
        means, chances = chance_curve(float(max_cloud), SINGLE_SPREAD)
        return np.asarray(np.interp(mean, means, chances), np.float64)

    def why_missing(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, tai_ns: ArrayLike
    ) -> NDArray[np.str_]:
        """Why `mean_cover` is NaN, with the cube's range; empty where it is not."""
        lat, lon, time = broadcast_places(lat_rad, lon_rad, tai_ns)
        inside = self._place(lat, lon)[2]
        early, late = time < self.tai_ns[0], time > self.tai_ns[-1]
        unknown = np.isnan(self.mean_cover(lat, lon, time))
        return np.select(
            [np.isnan(lat + lon), early, late, ~inside, unknown],
            [
                "the place is not a number",
                f"before the forecast ({self._time_range()})",
                f"after the forecast ({self._time_range()})",
                f"outside the forecast's area ({self._place_range()})",
                "the forecast has no value there",
            ],
            "",
        )

    def _mean(self) -> NDArray[np.float32]:
        """Mean of the members (time, latitude, longitude); made once."""
        if -1.0 not in self._kept:
            self._kept[-1.0] = self.cover.mean(axis=1, dtype=np.float32)
        return self._kept[-1.0]

    def _share(self, max_cloud: float) -> NDArray[np.float32]:
        """Share of the members with at most that much cloud; NaN where any is missing; made once."""
        if max_cloud not in self._kept:
            known = ~np.isnan(self._mean())
            share = (self.cover <= np.float32(max_cloud + 1e-6)).mean(axis=1, dtype=np.float32)
            self._kept[max_cloud] = np.where(known, share, np.float32(np.nan))
        return self._kept[max_cloud]

    def _time_range(self) -> str:
        first, last = utc_text(self.tai_ns[[0, -1]], 0)
        return first if self.tai_ns.size == 1 else f"{first} to {last}"

    def _place_range(self) -> str:
        lon = (self.lon_deg[[0, -1]] + 180) % 360 - 180
        around = "all longitudes" if self._closes() else f"longitude {lon[0]:g} to {lon[1]:g} deg"
        return f"latitude {self.lat_deg[0]:g} to {self.lat_deg[-1]:g} deg, {around}"

    def _closes(self) -> bool:
        """Whether the longitudes go all the way round."""
        gap = self.lon_deg[0] + 360 - self.lon_deg[-1]
        return bool(gap <= 1.01 * np.diff(self.lon_deg).max())

    def _place(self, lat: Array, lon: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Fractions of rows and columns, and whether the place is inside."""
        degrees = np.nan_to_num(lat * (180 / np.pi))
        # rows in the middle of their cells end short of the poles: the last one holds up to there
        south, north = self.lat_deg[0], self.lat_deg[-1]
        low = -90.0 if south - (self.lat_deg[1] - south) < -90.0 else south
        high = 90.0 if north + (north - self.lat_deg[-2]) > 90.0 else north
        y = np.interp(degrees, self.lat_deg, np.arange(self.lat_deg.size, dtype=np.float64))
        along = (np.nan_to_num(lon * (180 / np.pi)) - self.lon_deg[0]) % 360.0
        axis, number = self.lon_deg - self.lon_deg[0], np.arange(self.lon_deg.size + 1.0)
        if self._closes():
            x = np.interp(along, np.append(axis, 360.0), number)
            beside = np.ones(lon.shape, np.bool_)
        else:
            along = np.where(along > 360.0 - 1e-9, 0.0, along)  # the west edge itself, rounded
            beside = along <= axis[-1] + 1e-9
            x = np.interp(along, axis, number[:-1])
        above = (degrees >= low - 1e-9) & (degrees <= high + 1e-9)
        return y, x, above & beside & ~np.isnan(lat + lon)

    def _between(
        self, values: NDArray[np.float32], lat: Array, lon: Array, time: NDArray[np.int64]
    ) -> Array:
        """Values (time, latitude, longitude) at places and times, linear; NaN outside."""
        y, x, inside = self._place(lat, lon)
        steps, rows, columns = values.shape
        inside &= (time >= self.tai_ns[0]) & (time <= self.tai_ns[-1])
        k = np.clip(np.searchsorted(self.tai_ns, time, side="right") - 1, 0, max(steps - 2, 0))
        after = np.minimum(k + 1, steps - 1)
        length = np.maximum(self.tai_ns[after] - self.tai_ns[k], 1)
        later = np.where(inside, (time - self.tai_ns[k]) / length, 0.0)
        i, j = np.minimum(y.astype(np.intp), rows - 2), x.astype(np.intp)
        up, right = y - i, x - j
        j, beyond = j % columns, (j + 1) % columns
        flat, result = values.ravel(), np.zeros(lat.shape)
        for di, row_weight in ((0, 1 - up), (1, up)):
            for column, column_weight in ((j, 1 - right), (beyond, right)):
                for at, time_weight in ((k, 1 - later), (after, later)):
                    weight = row_weight * column_weight * time_weight
                    value = flat[(at * rows + i + di) * columns + column]
                    # a neighbour of no weight may well be missing
                    result += np.where(weight > 0, weight * value, 0.0)
        return np.where(inside, result, np.nan)


def read_cloud_cube(*paths: str | PathLike[str], variable: str | None = None) -> CloudCube:
    """A forecast of clouds from NetCDF or GRIB files (needs `pip install 'offnadir[weather]'`).

    Total cloud cover in % or 0 to 1, or low, middle and high; longitudes of either kind; runs with time and
    step; ensembles. Several files are put together along time: same grid, same number of members; where two
    hold for the same time the later run counts. `variable` names the variable where it is not known by its
    name. Raises FileError, InputError (file, variable, value, wish) and OffnadirError without the libraries.
    """
    if not paths:
        raise InputError("paths", (), "at least one file")
    files = [read_cloud_file(Path(path), variable) for path in paths]
    first = files[0]
    for file in files[1:]:
        _same_grid(first, file)
    utc_ns = np.concatenate([file.utc_ns for file in files])
    run = np.concatenate([file.run_utc_ns for file in files])
    order = np.lexsort((run, utc_ns))  # by time, then by run; of one time the last counts
    last = np.append(np.diff(utc_ns[order]) != 0, True)
    chosen = order[last]
    cover = np.concatenate([file.cover for file in files])[chosen]
    cover.setflags(write=False)
    return CloudCube(
        source=", ".join(Path(file.path).name for file in files),
        tai_ns=utc_to_tai_ns(utc_ns[chosen]),
        lat_deg=first.lat_deg,
        lon_deg=first.lon_deg,
        cover=cover,
    )


def _same_grid(first: CloudFile, file: CloudFile) -> None:
    for name, ours, theirs in (
        ("latitudes", first.lat_deg, file.lat_deg),
        ("longitudes", first.lon_deg, file.lon_deg),
    ):
        if ours.shape != theirs.shape or not np.allclose(ours, theirs, atol=1e-6):
            shown = f"{theirs.size} from {theirs[0]:g} to {theirs[-1]:g}"
            wish = f"those of {first.path}: {ours.size} from {ours[0]:g} to {ours[-1]:g}"
            raise InputError(name, shown, wish, where=file.path)
    if file.cover.shape[1] != first.cover.shape[1]:
        raise InputError(
            "members",
            file.cover.shape[1],
            f"{first.cover.shape[1]} as in {first.path}",
            where=file.path,
        )
