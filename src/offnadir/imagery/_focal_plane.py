"""Where the detectors stand in the focal plane: bands one behind the other, chips side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass

from offnadir.errors import InputError
from offnadir.sensors import Band, Sensor

_BAND_PX, _BAND_RAD = 1024.0, 0.002
_STAGGER_PX, _STAGGER_RAD = 512.0, 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A line (or frame) of detectors; angles are lengths in the focal plane over the focal length [rad].

    It looks `along_rad` ahead of the boresight (below 0: behind), stands `across_rad` to the right of
    where its columns would have it, and is turned by `tilt_rad`, by which its right end lies ahead.
    `first_column` counts from the left end of the band's picture, which has its lines in the order of
    the scan: ahead is down, so left in the picture is right of flight, and nothing is mirrored.
    """

    first_column: int
    columns: int
    along_rad: float = 0.0
    across_rad: float = 0.0
    tilt_rad: float = 0.0

    def __post_init__(self) -> None:
        for name in ("along_rad", "across_rad", "tilt_rad"):
            if not abs(getattr(self, name)) < 0.5:
                raise InputError(name, getattr(self, name), "an angle within +-0.5 rad")
        if self.first_column < 0 or self.columns < 1:
            raise InputError("chip", (self.first_column, self.columns), "at least one column")


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPlane:
    """The chips of a band: `columns` of them in all, centred on the boresight, `ifov_rad` wide each."""

    band: str
    ifov_rad: float
    columns: int
    chips: tuple[Chip, ...]

    def __post_init__(self) -> None:
        if not 0.0 < self.ifov_rad < 0.1:
            raise InputError("ifov_rad", self.ifov_rad, "above 0, below 0.1 rad")
        if not self.chips or self.columns < 1:
            raise InputError("chips", self.chips, "one or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class FocalPlane:
    """All bands of a camera, the sharpest first, and the radial distortion of its optics.

    Light from the direction (a, b, 1) in camera axes falls on (a, b) (1 + k1 s + k2 s^2) focal lengths with
    s = a^2 + b^2. `rows` is 1 for a push-broom, more for a frame.
    """

    bands: tuple[BandPlane, ...]
    k1: float = 0.0
    k2: float = 0.0
    rows: int = 1

    def __post_init__(self) -> None:
        if not self.bands:
            raise InputError("bands", self.bands, "one or more")
        if self.rows < 1:
            raise InputError("rows", self.rows, "1 or more")

    def band(self, name: str) -> BandPlane:
        """A band by its name."""
        for one in self.bands:
            if one.band == name:
                return one
        raise InputError("band", name, "one of " + ", ".join(one.band for one in self.bands))


def focal_plane(sensor: Sensor, *, k1: float = 1.0, k2: float = 0.0) -> FocalPlane:
    """A likely focal plane of a sensor; makers publish few of theirs.

    Chips as the sensor has them, side by side with its overlap; every other one stands 512 pixels of the
    sharpest band further back, or 1 mrad if that is less, the others as much ahead of their middle.
    Bands follow each other by 1024 such pixels or 2 mrad, in the order of the sensor (Pleiades: 1.5 mrad from
    panchromatic to colour; Sentinel-2: 22 mrad over twelve bands). A frame has all of its bands on the
    boresight, and is square where the sensor does not tell its rows. `k1` of 1 moves the ends of Pleiades'
    line by 2.9 of its 28,700 pixels: what a calibration has to find.
    """
    ifov = sensor.detector.pitch_m / sensor.optics.focal_length_m
    is_frame = sensor.kind == "frame"
    step = 0.0 if is_frame else min(_BAND_PX * ifov, _BAND_RAD)
    stagger = 0.0 if is_frame else min(_STAGGER_PX * ifov, _STAGGER_RAD)
    planes = []
    for number, band in enumerate((sensor.band, *sensor.bands)):
        ratio = band.gsd_ratio
        columns = max(math.floor(sensor.detector.columns / ratio + 1e-9), 1)
        chips = tuple(
            Chip(
                first_column=min(math.ceil(left / ratio - 1e-9), columns - 1),
                columns=max(
                    min(math.floor(right / ratio + 1e-9), columns) - math.ceil(left / ratio - 1e-9),
                    1,
                ),
                along_rad=-number * step + _side(n, sensor.detector.chips) * stagger / 2,
            )
            for n, (left, right) in enumerate(sensor.detector.chip_columns)
        )
        planes.append(
            BandPlane(
                band=band.name,
                ifov_rad=ifov * ratio,
                columns=columns,
                chips=_joined(chips, columns),
            )
        )
    rows = 1
    if is_frame:
        rows = sensor.detector.rows if sensor.detector.rows > 1 else planes[0].chips[0].columns
    return FocalPlane(bands=tuple(planes), k1=k1, k2=k2, rows=rows)


def sensor_band(sensor: Sensor, name: str) -> Band:
    """A sensor's band by its name."""
    for band in (sensor.band, *sensor.bands):
        if band.name == name:
            return band
    names = ", ".join(band.name for band in (sensor.band, *sensor.bands))
    raise InputError("band", name, f"one of {names}")


def _side(number: int, chips: int) -> float:
    return 0.0 if chips == 1 else (1.0, -1.0)[number % 2]


def _joined(chips: tuple[Chip, ...], columns: int) -> tuple[Chip, ...]:
    """The chips without gaps that rounding to wider pixels left between them."""
    out = []
    for here, there in zip(chips, (*chips[1:], None), strict=True):
        end = columns if there is None else there.first_column
        wide = max(here.columns, end - here.first_column)
        out.append(Chip(first_column=here.first_column, columns=wide, along_rad=here.along_rad))
    return tuple(out)
