"""Chance of a clear view from a climatology of clouds: by place, time of year and hour of day."""

from __future__ import annotations

import functools
import io
import math
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.data import bundled_bytes
from offnadir.epoch import tai_to_utc_ns
from offnadir.errors import InputError, UnitRangeError

Array = NDArray[np.float64]

#: Share of a scene that may be cloud and still be called clear.
MAX_CLOUD: Final = 0.2
#: a + b of the Beta distribution of a scene's cover about its mean; docs/theory/clouds.md
SPREAD_LAND: Final = 1.0  # from published shares of clear Landsat scenes
SPREAD_SEA: Final = 1.5  # fitted to scenes, nearly all of the sea
SWING_LAND: Final = 0.03  # of the cover over a day, for a cover of a half; an estimate
SWING_SEA: Final = -0.015  # over the sea the nights are cloudier; an estimate
PEAK_HOUR: Final = 13.5  # local solar time of most cloud over land; an estimate

_DAY_NS = 86_400 * 10**9
_YEAR_DAYS = 365.2425
_STEP_DEG = 3.0
_DAYTIME = 0.6  # mean of the swing while the Sun is up: the map is of the daytime
_SWINGS = (SWING_LAND, SWING_SEA, PEAK_HOUR, _DAYTIME)


class CloudModel(Protocol):
    """What tells the chance of a clear view: the climatology, or a forecast that the user gives.

    Arguments broadcast against each other: geodetic latitude and longitude, and int64 TAI nanoseconds.
    NaN where the model has nothing to say; `why_missing` tells why, with an empty text elsewhere.
    """

    @property
    def title(self) -> str:
        """One line: what it is and what it covers."""

    def mean_cover(self, lat_rad: ArrayLike, lon_rad: ArrayLike, tai_ns: ArrayLike) -> Array:
        """Expected cloud cover, 0 to 1."""

    def clear_chance(
        self,
        lat_rad: ArrayLike,
        lon_rad: ArrayLike,
        tai_ns: ArrayLike,
        *,
        max_cloud: float = MAX_CLOUD,
    ) -> Array:
        """Chance, 0 to 1, that at most `max_cloud` of a scene is cloud."""

    def why_missing(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, tai_ns: ArrayLike
    ) -> NDArray[np.str_]:
        """Why there is NaN, for each element; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CloudClimatology:
    """Mean cloud cover on a grid of 3 deg for each month, and how scenes scatter about it.

    `cover` (month, latitude, longitude) from 90 S and 180 W, fractions; `land` and `support` (latitude,
    longitude): share of land; 1 sunshine and irradiance, 2 ships, 3 both, 0 filled in from around.
    `spread_land` and `spread_sea` are a + b of the Beta distribution: near 0 is all or nothing, many is
    always the mean.
    """

    cover: NDArray[np.float32]
    land: NDArray[np.float32]
    support: NDArray[np.uint8]
    spread_land: float = SPREAD_LAND
    spread_sea: float = SPREAD_SEA

    def __post_init__(self) -> None:
        rows, columns = round(180 / _STEP_DEG) + 1, round(360 / _STEP_DEG)
        if self.cover.shape != (12, rows, columns):
            raise InputError("cover.shape", self.cover.shape, f"(12, {rows}, {columns})")
        for field, shape in (("land", self.land.shape), ("support", self.support.shape)):
            if shape != (rows, columns):
                raise InputError(f"{field}.shape", shape, f"({rows}, {columns})")
        for field, spread in (("spread_land", self.spread_land), ("spread_sea", self.spread_sea)):
            if not 0.0 < spread < 1000.0:
                raise InputError(field, spread, "above 0 and below 1000")

    @classmethod
    @functools.cache
    def bundled(cls) -> CloudClimatology:
        """The climatology that comes with offnadir (docs/theory/clouds.md); made once, read-only."""
        with np.load(io.BytesIO(bundled_bytes("clouds.npz"))) as file:
            cover = np.moveaxis(file["cover"].astype(np.float32) / 200, -1, 0).copy()
            land, support = file["land"].astype(np.float32) / 200, file["support"]
        for array in (cover, land, support):
            array.setflags(write=False)
        return cls(cover=cover, land=land, support=support)

    @property
    def title(self) -> str:
        """One line: what it is and what it covers."""
        return "climatology of clouds: the whole Earth, 3 deg, by month and hour"

    def mean_cover(self, lat_rad: ArrayLike, lon_rad: ArrayLike, tai_ns: ArrayLike) -> Array:
        """Mean cloud cover, 0 to 1, linear in place and time of year; arguments broadcast.

        The hour is local mean solar time. NaN gives NaN. Raises UnitRangeError for a latitude beyond the
        poles. Source: docs/theory/clouds.md.
        """
        return self._at(lat_rad, lon_rad, tai_ns)[0]

    def clear_chance(
        self,
        lat_rad: ArrayLike,
        lon_rad: ArrayLike,
        tai_ns: ArrayLike,
        *,
        max_cloud: float = MAX_CLOUD,
    ) -> Array:
        """Chance that at most `max_cloud` of a scene some 30 to 200 km wide is cloud; arguments broadcast.

        The cover of a scene is taken as Beta distributed about `mean_cover`. NaN gives NaN. Raises
        InputError for a `max_cloud` outside 0 to 1.

        >>> import numpy as np
        >>> from offnadir.epoch import Epoch
        >>> from offnadir.units import deg
        >>> noon_ns = Epoch.from_utc("2026-07-15T10:00Z").tai_ns
        >>> clouds = CloudClimatology.bundled()
        >>> cairo, london = clouds.clear_chance(np.array([30.0, 51.5]) * deg, [0.545, 0.0], noon_ns)
        >>> f"Cairo {cairo:.0%}, London {london:.0%}"
        'Cairo 81%, London 21%'
        """
        return self.outlook(lat_rad, lon_rad, tai_ns, max_cloud=max_cloud)[0]

    def outlook(
        self,
        lat_rad: ArrayLike,
        lon_rad: ArrayLike,
        tai_ns: ArrayLike,
        *,
        max_cloud: float = MAX_CLOUD,
    ) -> tuple[Array, Array]:
        """`clear_chance` and `mean_cover` in one go."""
        check_max_cloud(max_cloud)
        mean, land = self._at(lat_rad, lon_rad, tai_ns)
        over_land = np.interp(mean, *chance_curve(float(max_cloud), self.spread_land))
        over_sea = np.interp(mean, *chance_curve(float(max_cloud), self.spread_sea))
        return np.asarray(land * over_land + (1 - land) * over_sea, np.float64), mean

    def why_missing(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, tai_ns: ArrayLike
    ) -> NDArray[np.str_]:
        """Empty texts, but where a place is NaN: the climatology covers everything."""
        lat, lon, _ = broadcast_places(lat_rad, lon_rad, tai_ns)
        return np.where(~np.isfinite(lat + lon), "the place is not a number", "")

    def month_cover(
        self,
        lat_rad: ArrayLike,
        lon_rad: ArrayLike,
        *,
        month: ArrayLike,
        hour_local: ArrayLike = 10.5,
    ) -> Array:
        """Mean cloud cover in the middle of a month (1 to 12) at an hour of local solar time."""
        lat, lon, _ = broadcast_places(lat_rad, lon_rad, 0)
        when, hour = np.asarray(month, np.float64), np.asarray(hour_local, np.float64)
        if not np.all((when >= 0.5) & (when <= 12.5)):
            raise InputError("month", month, "from 1 to 12")
        return self._cover(*np.broadcast_arrays(lat, lon, when - 1, hour))[0]

    def _at(self, lat_rad: ArrayLike, lon_rad: ArrayLike, tai_ns: ArrayLike) -> tuple[Array, Array]:
        lat, lon, time = broadcast_places(lat_rad, lon_rad, tai_ns)
        days = tai_to_utc_ns(time) / _DAY_NS
        hour = days % 1.0 * 24 + lon * (12 / np.pi)
        return self._cover(lat, lon, days % _YEAR_DAYS * (12 / _YEAR_DAYS) - 0.5, hour)

    def _cover(self, lat: Array, lon: Array, month: Array, hour: Array) -> tuple[Array, Array]:
        """Cover and share of land at latitude, longitude, month (0.0: the middle of January), hour."""
        from offnadir.quality import _table_kernels  # numba costs half a second: only when needed

        places = np.array([lat, lon, month, hour], np.float64)
        made = np.empty((2, lat.size))
        _table_kernels.covers(
            self.cover, self.land, _STEP_DEG, _SWINGS, places.reshape(4, -1), made
        )
        mean, land = made.reshape(places[:2].shape)
        return mean, land


def broadcast_places(
    lat_rad: ArrayLike, lon_rad: ArrayLike, tai_ns: ArrayLike
) -> tuple[Array, Array, NDArray[np.int64]]:
    """The three against each other; UnitRangeError for a latitude beyond the poles."""
    lat, lon = np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64)
    time = np.asarray(tai_ns, np.int64)
    if not lat.shape == lon.shape == time.shape:
        lat, lon, time = np.broadcast_arrays(lat, lon, time)
    beyond = np.abs(lat) > np.pi / 2 + 1e-9
    if beyond.any():
        worst = float(lat[beyond].flat[0])
        raise UnitRangeError("lat_rad", worst, "within +-pi/2", hint="did you forget `* deg`?")
    return lat, lon, time


def check_max_cloud(max_cloud: float) -> None:
    """InputError unless it is a fraction."""
    if not 0.0 <= max_cloud <= 1.0:
        raise InputError("max_cloud", max_cloud, "a fraction from 0 to 1", hint="0.2 is 20 %")


@functools.lru_cache(maxsize=64)
def chance_curve(max_cloud: float, spread: float) -> tuple[Array, Array]:
    """Chance of at most `max_cloud` for means from 0 to 1; the two arrays are read-only."""
    means = np.linspace(0.0, 1.0, 201)
    inner = [beta_chance(max_cloud, float(m) * spread, float(1 - m) * spread) for m in means[1:-1]]
    chances = np.array([1.0, *inner, 1.0 if max_cloud >= 1.0 else 0.0])
    means.setflags(write=False)
    chances.setflags(write=False)
    return means, chances


def beta_chance(x: float, a: float, b: float) -> float:
    """Chance that a Beta(a, b) variable is at most x: the regularised incomplete beta function.

    Continued fraction of DLMF 8.17.22, on the side of the mean where it converges fast.
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_chance(1.0 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(front + a * math.log(x) + b * math.log1p(-x)) / a
    value = 1.0  # from the far end inwards: the terms fall off geometrically
    for m in range(60, 0, -1):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        value = 1.0 + even / (1.0 + odd / value)
    return front / (1.0 - (a + b) * x / (a + 1) / value)
