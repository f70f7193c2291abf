"""What `offnadir look` tells of a window: names, units, and columns of a table turned into them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from offnadir.epoch import utc_text
from offnadir.units import deg, km

if TYPE_CHECKING:
    from offnadir._table import Table

BATCH = 8192  # rows that become Python objects at a time


def _number(digits: int, factor: float = 1.0) -> Callable[[Any], str]:
    return lambda value: "-" if value is None else f"{factor * value:.{digits}f}"


def _level(value: Any) -> str:
    """A NIIRS; the scale begins at 0."""
    return "-" if value is None else "<0" if value < 0 else f"{value:.1f}"


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the output: the column of the table that it comes from, its unit, and how it is shown.

    `in_si` is what one unit is in SI, 0 for what is no measure. `head` stands above it in the table for
    people, where `text` writes a plain value.
    """

    name: str
    column: str
    about: str
    unit: str = ""
    in_si: float = 0.0
    head: str = ""
    text: Callable[[Any], str] = str


_WHO = (
    Field("satellite", "satellite", "name of the satellite", head="satellite"),
    Field(
        "norad_id",
        "norad_id",
        "catalogue number of the satellite",
        head="norad",
        text=lambda number: "-" if number is None else str(number),
    ),
)
_WHERE = {
    "site": Field("site", "site", "name of the place", head="site"),
    "area": Field("area", "area", "name of the area", head="area"),
}
_LOOK = (
    Field("start", "start", "start of the window", "UTC", 0.0, "start (UTC)",
          lambda text: text[:19].replace("T", " ")),
    Field("stop", "stop", "end of the window", "UTC", 0.0, "stop", lambda text: text[11:19]),
    Field("best", "best", "instant of least off-nadir", "UTC", 0.0, "best",
          lambda text: text[11:23]),
    Field("max_elevation_deg", "max_elevation_rad", "greatest elevation", "deg", deg,
          "elev", _number(1)),
    Field("min_off_nadir_deg", "off_nadir_rad", "off-nadir at best", "deg", deg,
          "off-nadir", _number(1)),
    Field("azimuth_deg", "azimuth_rad", "azimuth of the satellite at best", "deg", deg,
          "azimuth", _number(1)),
    Field("range_km", "range_m", "distance at best", "km", km, "range km", _number(0)),
    Field("sun_elevation_deg", "sun_elevation_rad", "elevation of the Sun at best", "deg", deg,
          "Sun", _number(1)),
)  # fmt: skip
_SHARES = (
    Field("reachable_share", "reachable_share", "share of the area that can be reached", "1", 1.0,
          "reach %", _number(1, 100.0)),
    Field("swath_share", "swath_share", "share of the area that one swath takes", "1", 1.0,
          "swath %", _number(1, 100.0)),
    Field("new_share", "new_share", "share of the area taken for the first time", "1", 1.0,
          "new %", _number(1, 100.0)),
    Field("total_share", "total_share", "share of the area taken so far", "1", 1.0,
          "total %", _number(1, 100.0)),
)  # fmt: skip
_POINT = (
    Field("best_lat_deg", "best_lat_rad", "latitude of the point seen at best", "deg", deg,
          "lat", _number(3)),
    Field("best_lon_deg", "best_lon_rad", "longitude of the point seen at best", "deg", deg,
          "lon", _number(3)),
)  # fmt: skip
_STRIP = (
    Field("strip_right_km", "strip_right_m", "middle of the strip, right of the ground track", "km",
          km, "right km", _number(1)),
    Field("strip_off_nadir_deg", "strip_off_nadir_rad", "off-nadir of the strip's middle", "deg",
          deg, "strip", _number(1)),
)  # fmt: skip
_DETAILS = (
    Field("duration_s", "duration_s", "length of the window", "s", 1.0, "length s", _number(1)),
    Field("elevation_deg", "elevation_rad", "elevation of the satellite at best", "deg", deg,
          "at best", _number(1)),
    Field("sun_azimuth_deg", "sun_azimuth_rad", "azimuth of the Sun at best", "deg", deg,
          "Sun azimuth", _number(1)),
    Field("timing_sigma_s", "timing_sigma_s", "error of the times that 68 % of cases keep to", "s",
          1.0, "68 % s", _number(1)),
    Field("timing_90_s", "timing_90_s", "error of the times that 90 % of cases keep to", "s", 1.0,
          "90 % s", _number(1)),
    Field("cut_start", "cut_start", "whether the window began before the span", head="cut",
          text=lambda cut: "<" if cut else ""),
    Field("cut_stop", "cut_stop", "whether the window goes on after the span", head="",
          text=lambda cut: ">" if cut else ""),
)  # fmt: skip
_WORTH = (
    Field("gsd_m", "gsd_m", "ground sample distance at best; of a radar its resolution", "m", 1.0,
          "GSD m", _number(2)),
    Field("niirs", "niirs", "NIIRS at best by GIQE 5, below 0 no more than that; of a radar Radar NIIRS",
          "1", 1.0, "NIIRS", _level),
)  # fmt: skip
_SENSOR = (
    Field("sensor", "sensor", "camera or radar that is rated", head="sensor",
          text=lambda name: name or "-"),
    Field("snr", "snr", "contrast of 15 against 7 % reflectance over the noise", "1", 1.0, "SNR",
          _number(0)),
)  # fmt: skip
_CLEAR = Field(
    "clear_chance", "clear_chance", "chance that at most a fifth of a scene is cloud", "1", 1.0,
    "clear %", _number(0, 100.0),
)  # fmt: skip


def fields(
    where: str = "site",
    *,
    shares: bool = False,
    worth: bool = False,
    by_whom: bool = False,
    clear: bool = False,
    details: bool = False,
) -> tuple[Field, ...]:
    """The fields of a window over a "site" or an "area"; the latter may have shares that are covered.

    `worth` adds what it is worth for the satellite's sensor, `by_whom` which one that is, `clear` the
    chance of a clear sky.
    """
    chosen = [*_WHO, _WHERE[where], *_LOOK]
    chosen += _WORTH if worth else ()
    chosen += _SENSOR if worth and by_whom else ()
    chosen += [_CLEAR] if clear else []
    chosen += _SHARES if shares else ()
    if details:
        chosen += _DETAILS
        chosen += _POINT if where == "area" else ()
        chosen += _STRIP if shares else ()
    return tuple(chosen)


def values(table: Table, field: Field) -> NDArray[Any]:
    """One field of all rows, shape (n,), in the field's unit; times stay TAI ns."""
    if field.column == "duration_s":
        return np.asarray((table["stop"] - table["start"]) / 1e9)
    column = table[field.column]
    return np.asarray(column / field.in_si) if field.in_si else column


def plain(table: Table, wanted: Sequence[Field]) -> list[list[Any]]:
    """The fields as lists of plain Python values, numbers to six digits; None is not known."""
    lists: list[list[Any]] = []
    for field in wanted:
        column = values(table, field)
        if field.unit == "UTC":
            lists.append(utc_text(column))
            continue
        # 0.0 is added so that nothing prints as -0.0.
        numbers = np.round(column, 6) + 0.0 if field.in_si else column
        cells = numbers.tolist()
        if field.name == "norad_id" and not column.all():  # a file of positions may give none
            cells = [number or None for number in cells]
        elif field.name == "sensor":  # none is known of most satellites
            cells = [name or None for name in cells]
        if field.in_si and np.isnan(numbers).any():
            cells = [None if math.isnan(cell) else cell for cell in cells]
        lists.append(cells)
    return lists


def batches(table: Table) -> Iterator[Table]:
    """The table in pieces of a size that is fit for Python objects."""
    if len(table) <= BATCH:
        yield table
        return
    for first in range(0, len(table), BATCH):
        yield table.take(np.arange(first, min(first + BATCH, len(table))))
