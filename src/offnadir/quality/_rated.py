"""What looks are worth, of whatever sensor: sample distance, NIIRS and contrast over noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.quality._predict import predict
from offnadir.quality._radar_modes import predict_looks
from offnadir.sensors import Radar, Sensor
from offnadir.units import deg

Array = NDArray[np.float64]
_LOWEST_RAD: Final = 1.0 * deg  # elevation from which on looks are rated


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """Looks rated, arrays of shape (n,). Of radars `gsd_m` is the resolution on the ground, and `snr` NaN."""

    gsd_m: Array
    niirs: Array
    snr: Array


def rate_looks(
    sensor: Sensor | Radar,
    *,
    elevation_rad: Array,
    azimuth_rad: Array,
    range_m: Array,
    sun_elevation_rad: Array,
    sun_azimuth_rad: Array,
    ground_alt_m: float = 0.0,
) -> Rated:
    """Sample distance, NIIRS and contrast over noise of looks as windows tell them, arrays of shape (n,).

    Elevation and azimuth are those of the satellite seen from the place. Within a degree of the horizon
    nothing is rated: a pixel would be kilometres long. Raises what `predict` raises.
    """
    incidence = np.pi / 2 - np.where(elevation_rad >= _LOWEST_RAD, elevation_rad, np.nan)
    if isinstance(sensor, Radar):
        seen = predict_looks(sensor, incidence)
        return Rated(
            gsd_m=seen.resolution_m, niirs=seen.rniirs, snr=np.full(len(incidence), np.nan)
        )
    looked = predict(
        sensor,
        range_m=range_m,
        incidence_rad=incidence,
        sun_elevation_rad=sun_elevation_rad,
        relative_azimuth_rad=azimuth_rad - sun_azimuth_rad,
        ground_alt_m=ground_alt_m,
    )
    return Rated(gsd_m=looked.gsd_m, niirs=looked.niirs, snr=looked.snr)
