"""What looks at places are worth: sample distances, noise and NIIRS of a camera."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.geometry import gsd_across_m, gsd_along_m
from offnadir.quality._giqe import giqe5_niirs, weighted_rer
from offnadir.quality._mtf import sensor_rer
from offnadir.sensors import Sensor

Array = NDArray[np.float64]

REFERENCE_REFLECTANCE: Final = 0.30  # of the target that a sensor's snr_reference is stated for
GIQE_REFLECTANCES: Final = (0.15, 0.07)  # target and background; Leachtenauer et al. 1997

#: Contrast over noise for signal over noise of the reference target, where photons make all the noise.
_CONTRAST: Final = (GIQE_REFLECTANCES[0] - GIQE_REFLECTANCES[1]) / math.sqrt(
    REFERENCE_REFLECTANCE * GIQE_REFLECTANCES[0]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What looks are worth; arrays of one shape.

    `gsd_along_m` is where nothing is stretched, `gsd_across_m` along the ground projection of the line of
    sight, `gsd_m` their geometric mean, all on level ground. `rer` is one number, before enhancement.
    `snr` is GIQE's: the contrast of 15 against 7 % reflectance over the noise; 0 where the Sun is not up,
    and there `niirs` is NaN.
    """

    gsd_along_m: Array
    gsd_across_m: Array
    gsd_m: Array
    rer: float
    snr: Array
    niirs: Array


def predict(
    sensor: Sensor,
    *,
    range_m: ArrayLike,
    incidence_rad: ArrayLike,
    sun_elevation_rad: ArrayLike,
) -> Quality:
    """Sample distances and NIIRS (GIQE 5) of looks; arguments broadcast against each other.

    `incidence_rad` is at the place, from the vertical; it is not the off-nadir angle at the satellite,
    which is smaller by 2.5 deg at 20 deg from 770 km. Noise is taken as that of the photons, so SNR goes
    with the root of the sine of the Sun's elevation from the sensor's reference. Atmosphere, haze, the
    place's own brightness and enhancement on the ground are left out (docs/theory/image-quality.md). NaN
    gives NaN; so does an incidence of 90 deg and more.

    >>> from offnadir.sensors import load_sensor
    >>> from offnadir.units import deg, km
    >>> seen = predict(
    ...     load_sensor("worldview-2"),
    ...     range_m=825.6 * km, incidence_rad=22.5 * deg, sun_elevation_rad=45 * deg,
    ... )
    >>> f"{seen.gsd_m:.2f} m, NIIRS {seen.niirs:.1f}"
    '0.52 m, NIIRS 5.1'
    """
    distance, incidence, sun = np.broadcast_arrays(
        np.asarray(range_m, np.float64),
        np.asarray(incidence_rad, np.float64),
        np.asarray(sun_elevation_rad, np.float64),
    )
    pitch, focal = sensor.detector.pitch_m, sensor.optics.focal_length_m
    along = gsd_along_m(pitch, focal, distance)
    across = gsd_across_m(pitch, focal, distance, incidence)
    light = np.sin(sun) / math.sin(sensor.snr_reference_sun_elevation_rad)
    snr = _CONTRAST * (sensor.snr_reference or math.nan) * np.sqrt(np.maximum(light, 0.0))
    rer = float(weighted_rer(*sensor_rer(sensor)))
    niirs = giqe5_niirs(along, rer, np.where(snr > 0, snr, np.nan), math.pi / 2 - incidence)
    return Quality(
        gsd_along_m=along,
        gsd_across_m=across,
        gsd_m=np.sqrt(along * across),
        rer=rer,
        snr=snr,
        niirs=niirs,
    )
