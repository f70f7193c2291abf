"""What each window of `offnadir look` is worth: sample distance, NIIRS, and the chance of a clear sky."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from offnadir.cli import _say
from offnadir.errors import InputError
from offnadir.units import deg

if TYPE_CHECKING:
    from offnadir._table import Table
    from offnadir.cli._look_satellites import Flock
    from offnadir.earth import Site
    from offnadir.quality import CloudModel
    from offnadir.sensors import Radar, Sensor

Array = NDArray[np.float64]
_SLACK_RAD = 0.05 * deg  # published limits are whole degrees
_COLUMNS = ("gsd_m", "niirs", "snr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Sensors by NORAD number, heights of places by name, and clouds: what rows are rated with."""

    sensors: Mapping[int, Sensor | Radar]
    every: Sensor | Radar | None = None
    heights_m: Mapping[str, float] = field(default_factory=dict)
    places_rad: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    clouds: CloudModel | None = None
    _beyond: dict[str, int] = field(default_factory=dict)
    _radars: set[str] = field(default_factory=set)

    @property
    def rates(self) -> bool:
        """Whether there is a sensor for any satellite."""
        return self.every is not None or bool(self.sensors)

    def add(self, table: Table) -> Table:
        """The table with columns `sensor`, `gsd_m`, `niirs`, `snr`, and `clear_chance`, where asked for."""
        from offnadir._table import Labels

        more: dict[str, Any] = {}
        if self.rates:
            names, codes, rated = self._rated(table)
            more["sensor"] = Labels(codes, names)
            more |= dict(zip(_COLUMNS, rated, strict=True))
        if self.clouds is not None:
            more["clear_chance"] = self._clear(table, self.clouds)
        return table.with_columns(more) if more else table

    def _rated(self, table: Table) -> tuple[list[str], NDArray[np.int32], list[Array]]:
        count = len(table)
        codes = np.zeros(count, np.int32)
        rated = [np.full(count, np.nan) for _ in _COLUMNS]
        names = [""]
        heights = self._heights(table)
        known = {self.every.name: self.every} if self.every else {
            one.name: one for one in self.sensors.values()
        }  # fmt: skip
        numbers = table["norad_id"]
        for name, sensor in known.items():
            own = [number for number, one in self.sensors.items() if one.name == name]
            rows = np.ones(count, bool) if self.every else np.isin(numbers, own)
            if not rows.any():
                continue
            codes[rows] = len(names)
            names.append(name)
            self._count(sensor, table, rows)
            for height in np.unique(heights[rows]):
                some = np.flatnonzero(rows & (heights == height))
                for column, values in zip(rated, _rate(sensor, table, some, height), strict=True):
                    column[some] = values
        return names, codes, rated

    def _count(self, sensor: Sensor | Radar, table: Table, rows: NDArray[np.bool_]) -> None:
        """How many rows look at more of a slant than the sensor is offered for."""
        from offnadir.sensors import Sensor

        if isinstance(sensor, Sensor):
            much = table["off_nadir_rad"][rows] > sensor.max_off_nadir_rad + _SLACK_RAD
            limit = f"{sensor.name}, {sensor.max_off_nadir_rad / deg:g} deg"
        else:
            incidence = np.pi / 2 - table["elevation_rad"][rows]
            self._radars.add(sensor.name)
            seen = [mode.looks_at(incidence) for mode in sensor.modes]
            much = ~np.any(seen, axis=0)
            limit = f"{sensor.name}, no mode looks so"
        if much.any():
            self._beyond[limit] = self._beyond.get(limit, 0) + int(much.sum())

    def notes(self) -> list[str]:
        """How to read the ratings, once all rows are told."""
        if not self._radars:
            return []
        names = ", ".join(sorted(self._radars))
        return [f"of radars ({names}) GSD is the resolution on the ground, NIIRS is radar NIIRS"]

    def warnings(self) -> list[str]:
        """What to mind of the ratings, once all rows are told."""
        if not self._beyond:
            return []
        total, whose = sum(self._beyond.values()), list(self._beyond)
        text = "; ".join(_say.some(whose))
        count = _say.count(total, "window")
        return [
            f"{count} beyond the off-nadir that operators offer ({text}); what they are rated is theory"
        ]

    def _heights(self, table: Table) -> Array:
        """Height of each row's place [m], to 500 m: the light does not ask for more."""
        if not self.heights_m or "site" not in table:
            return np.zeros(len(table))
        labels = table.labels("site")
        known = [self.heights_m.get(str(name), 0.0) for name in labels.values]
        rounded = np.round(np.array(known, np.float64) / 500.0) * 500.0
        return np.asarray(rounded[labels.codes], np.float64)

    def _clear(self, table: Table, clouds: CloudModel) -> Array:
        """Chance that at most a fifth of a scene is cloud at the best instant; NaN where nobody can say."""
        from offnadir.quality._clouds import MAX_CLOUD

        lat, lon = self._place(table)
        return clouds.clear_chance(lat, lon, table["best"], max_cloud=MAX_CLOUD)

    def _place(self, table: Table) -> tuple[Array, Array]:
        """Latitude and longitude [rad] of each row's place; of an area, of the point that is seen at best."""
        if "best_lat_rad" in table:
            return table["best_lat_rad"], table["best_lon_rad"]
        labels = table.labels("site")
        known = [self.places_rad.get(str(name), (np.nan, np.nan)) for name in labels.values]
        lat, lon = np.array(known).reshape(-1, 2)[labels.codes].T
        return lat, lon


def _rate(
    sensor: Sensor | Radar, table: Table, rows: NDArray[np.intp], height_m: float
) -> tuple[Array, Array, Array]:
    """Sample distance, NIIRS and contrast over noise of some rows."""
    from offnadir.quality import rate_looks

    angles = ("elevation_rad", "azimuth_rad", "range_m", "sun_elevation_rad", "sun_azimuth_rad")
    columns = {name: table[name][rows] for name in angles}
    rated = rate_looks(sensor, ground_alt_m=height_m, **columns)
    return rated.gsd_m, rated.niirs, rated.snr


def read_worth(
    flock: Flock, sensor: str | None, clouds: str | None, sites: Sequence[Site]
) -> Worth:
    """What was written on the command line about sensors and clouds, and what is known of the satellites."""
    from offnadir.sensors import load_sensor, sensors_of_satellites

    every = None if sensor is None else load_sensor(sensor)
    problems: list[str] = []
    numbers = [*(one.norad_id for one in flock.sets), *(one.norad_id for one in flock.tracks)]
    sensors = sensors_of_satellites(
        set() if every else {n for n in numbers if n}, problems=problems
    )
    if every is None:
        _say.warn(f"{text}; the file is not used" for text in problems)
    named = _by_name(sites)
    return Worth(
        sensors=sensors,
        every=every,
        heights_m={name: site.alt_m for name, site in named.items()},
        places_rad={name: (site.lat_rad, site.lon_rad) for name, site in named.items()},
        clouds=None if clouds is None else read_clouds(clouds),
    )


def _by_name(sites: Sequence[Site]) -> dict[str, Site]:
    """Places by their names; a name that several places have stands for none, which is told."""
    named: dict[str, Site] = {}
    shared = set()
    for site in sites:
        if named.setdefault(site.name, site) != site:
            shared.add(site.name)
    if shared:
        names = ", ".join(_say.some(sorted(shared)))
        _say.warn(
            [f"several places have one name ({names}): rated as at sea level, clouds not known"]
        )
    return {name: site for name, site in named.items() if name not in shared}


def read_clouds(text: str) -> CloudModel:
    """The climatology, or a forecast from files separated by commas; InputError that names the option."""
    from offnadir.quality import CloudClimatology, read_cloud_cube

    if text == "climatology":
        return CloudClimatology.bundled()
    paths = [Path(one) for one in text.split(",") if one]
    if not paths:
        raise InputError("--clouds", text, "climatology, or a file in NetCDF or GRIB")
    return read_cloud_cube(*paths)
