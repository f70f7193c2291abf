"""From counts to light: dark level, uneven detectors and dead ones out, then radiance or reflectance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._level1 import Level1, Level1Image
from offnadir.imagery._raster import Box, opened, raster_info

Pixels = NDArray[np.float32]
Quantity = Literal["reflectance", "radiance"]
QUANTITIES: Final = ("reflectance", "radiance")
#: What one step of a product's whole numbers stands for; 0 stands for nothing.
SCALES: Final = {"reflectance": 1e-4, "radiance": 0.01}
UNITS: Final = {"reflectance": "1", "radiance": "W m-2 sr-1 um-1"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """What turns counts of one chip into light: `light = (count - dark) * slope`.

    `dark` and `slope` (1 row for a line of detectors, all rows for a frame, by columns); `bad` of the same
    shape marks detectors that tell nothing. `highest` is the count of a full one.
    """

    dark: Pixels
    slope: Pixels
    bad: NDArray[np.bool_]
    highest: int

    def __post_init__(self) -> None:
        if not self.dark.shape == self.slope.shape == self.bad.shape:
            raise InputError("calibration", self.slope.shape, "dark, slope and bad of one shape")
        if self.bad.all():
            raise InputError("calibration", "all detectors", "one at least that is not dead")


def read_calibration(level1: Level1, image: Level1Image, quantity: Quantity) -> Calibration:
    """The calibration of one image of a capture, to spectral radiance or reflectance above the air.

    Radiance [W/(m2 sr um)] is (count - dark) / gain * radiance_per_count; reflectance is pi times that over
    the Sun's irradiance on the ground's level, E (1 au / d)^2 sin(height of the Sun). FileError if the
    calibration does not fit the image.
    """
    path = level1.folder / image.calibration
    shape = raster_info(path).shape
    if shape[1] != image.shape[1] or shape[0] not in (1, image.shape[0]):
        raise FileError(path, f"is {shape[0]} x {shape[1]}, not for {image.shape} pixels")
    with opened(path) as dataset:
        dark, gain = dataset.read(1), dataset.read(2)
    scale = image.radiance_per_count
    if quantity == "reflectance":
        height = sun_elevation_rad(level1)
        if not height > 0:
            raise InputError(
                "sun_elevation_rad", height, "above 0 for reflectance", where=str(path)
            )
        scale *= math.pi / (image.sun_irradiance * image.sun_factor * math.sin(height))
    elif quantity != "radiance":
        raise InputError("quantity", quantity, "one of " + ", ".join(QUANTITIES))
    bad = ~(np.isfinite(dark) & np.isfinite(gain) & (gain > 0))
    slope = np.where(bad, 1.0, scale / np.where(bad, 1.0, gain)).astype(np.float32)
    dark = np.where(bad, 0.0, dark).astype(np.float32)
    return Calibration(dark=dark, slope=slope, bad=bad, highest=image.highest)


def sun_elevation_rad(level1: Level1) -> float:
    """Height of the Sun over a capture's aim [rad]."""
    try:
        return float(level1.notes["view"]["sun_elevation_rad"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            "view", str(error), "with sun_elevation_rad", where=str(level1.folder / "capture.json")
        ) from error


def to_light(counts: NDArray[np.uint16], calibration: Calibration, box: Box) -> Pixels:
    """Light of the counts of a box, bad detectors filled from their neighbours in it."""
    from offnadir.imagery._repair_kernels import repair

    top, bottom, left, right = box
    rows = slice(0, 1) if calibration.slope.shape[0] == 1 else slice(top, bottom)
    part = rows, slice(left, right)
    light = (counts.astype(np.float32) - calibration.dark[part]) * calibration.slope[part]
    bad = calibration.bad[part]
    if bad.any():
        repair(light, bad)
    return light


def whole_numbers(light: Pixels, quantity: Quantity) -> NDArray[np.uint16]:
    """Light in steps of SCALES, from 1 (0 stands for nothing) to 65535."""
    steps = np.rint(light / np.float32(SCALES[quantity]))
    return np.asarray(np.clip(steps, 1.0, 65535.0), np.uint16)
