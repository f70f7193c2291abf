"""A picture as it is taken: who, when, from where, turned how, with which detectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from offnadir.earth import Site
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.imagery._focal_plane import FocalPlane, sensor_band
from offnadir.imagery._jitter import Jitter
from offnadir.imagery._track import Track
from offnadir.sensors import Sensor

MOST_HZ: Final = 1e7  # lines a second


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How the middle of a picture is seen and lit; angles [rad], azimuths clockwise from north.

    `azimuth_rad` is from the aim to the satellite; `incidence_rad` at the aim and `off_nadir_rad` at the
    satellite are from the vertical there. Sample distances [m] are those of the sharpest band on level
    ground: `gsd_along_m` from line to line, `gsd_across_m` from column to column.
    """

    off_nadir_rad: float
    incidence_rad: float
    azimuth_rad: float
    range_m: float
    sun_azimuth_rad: float
    sun_elevation_rad: float
    gsd_along_m: float
    gsd_across_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Acquisition:
    """All that the geometry of a picture follows from; `models` makes it.

    The boresight meets `aim` at `epoch`, from which the times of the `track` count. `size` is lines and
    columns of the sharpest band, `line_rate_hz` its lines a second (of a frame: the rows by which the
    image of the ground moves in a second). `bands` are those that are taken, by name. `turned` tells
    that the detectors are read the other way: the focal plane is turned by half a turn against the
    scan. `scan_azimuth_rad` is the strip's direction on the ground. `line_shifts` tells by how many of
    its own lines each chip of a band begins later than the boresight would, from the picture's left to
    its right. `elements` is the mean-elements message that the orbit was made from, `request` and
    `name` those of the plan.
    """

    name: str
    satellite: str
    norad_id: int
    sensor: Sensor
    epoch: Epoch
    aim: Site
    size: tuple[int, int]
    line_rate_hz: float
    scan_azimuth_rad: float
    bands: tuple[str, ...]
    focal_plane: FocalPlane
    track: Track
    view: View
    jitter: Jitter | None = None
    turned: bool = False
    line_shifts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    request: str = ""
    elements: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if min(self.size) < 1:
            raise InputError("size", self.size, "lines and columns above 0")
        if not self.bands or len(set(self.bands)) < len(self.bands):
            raise InputError("bands", self.bands, "one or more, each once")
        for name in self.bands:
            self.focal_plane.band(name)
            sensor_band(self.sensor, name)
        if not 0 < self.line_rate_hz <= MOST_HZ:
            raise InputError("line_rate_hz", self.line_rate_hz, f"above 0, up to {MOST_HZ:g}")
        for name, shifts in self.line_shifts.items():
            if len(shifts) != len(self.focal_plane.band(name).chips):
                raise InputError("line_shifts", list(shifts), "one for each chip of a band")

    @property
    def is_frame(self) -> bool:
        """Whether all lines are taken at once."""
        return self.focal_plane.rows > 1

    @property
    def duration_s(self) -> float:
        """Time [s] in which the lines of the sharpest band are taken."""
        return 0.0 if self.is_frame else self.size[0] / self.line_rate_hz
