"""What looks at places are worth: sample distances, noise and NIIRS of a camera."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import UnitRangeError
from offnadir.geometry import gsd_along_m
from offnadir.quality._atmosphere import Atmosphere
from offnadir.quality._giqe import weighted_rer
from offnadir.quality._light import light_of
from offnadir.quality._mtf import sensor_rer, with_smear
from offnadir.quality._signal import GIQE_REFLECTANCES, electronics
from offnadir.sensors import Sensor

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What looks are worth; arrays of one shape.

    `gsd_along_m` is where nothing is stretched, `gsd_across_m` along the ground projection of the line of
    sight, `gsd_m` their geometric mean, all on level ground. `rer` is before enhancement, one number of
    both directions. `snr` is GIQE's: the contrast of 15 against 7 % reflectance over the noise; 0 where the
    Sun is not up, and there `niirs` is NaN.
    """

    gsd_along_m: Array
    gsd_across_m: Array
    gsd_m: Array
    rer: Array
    snr: Array
    niirs: Array


def predict(
    sensor: Sensor,
    *,
    range_m: ArrayLike,
    incidence_rad: ArrayLike,
    sun_elevation_rad: ArrayLike,
    relative_azimuth_rad: ArrayLike = np.pi / 2,
    smear_px: ArrayLike | None = None,
    atmosphere: Atmosphere | None = None,
    ground_alt_m: float = 0.0,
) -> Quality:
    """Sample distances and NIIRS (GIQE 5) of looks; arguments broadcast against each other.

    `incidence_rad` is at the place, from the vertical; it is not the off-nadir angle at the satellite,
    which is smaller by 2.5 deg at 20 deg from 770 km. Its sign, as of a side, does not count.
    `relative_azimuth_rad` is between the directions from the place to the Sun and to the satellite.
    `smear_px` along the scan is the sensor's own if None. The `atmosphere` is clear with a visibility of
    23 km if None. Exposure is held as the Sun sinks. Left out are clouds, terrain and enhancement on the
    ground (docs/theory/image-quality.md).

    NaN gives NaN; so does an incidence of 90 deg and more, a range that is not above 0, and a smear beyond
    0 to 100 pixels. UnitRangeError for an incidence beyond +-pi or a Sun beyond +-pi/2: those are degrees.

    >>> from offnadir.sensors import load_camera
    >>> from offnadir.units import deg, km
    >>> seen = predict(
    ...     load_camera("worldview-2"),
    ...     range_m=825.6 * km, incidence_rad=22.5 * deg, sun_elevation_rad=45 * deg,
    ... )
    >>> f"{seen.gsd_m:.2f} m, NIIRS {seen.niirs:.1f}"
    '0.52 m, NIIRS 5.0'
    """
    from offnadir.quality import _table_kernels  # numba costs half a second: only when needed

    given = [range_m, incidence_rad, sun_elevation_rad, relative_azimuth_rad]
    if smear_px is not None:
        given.append(smear_px)
    looks = [np.asarray(one, np.float64) for one in given]
    if any(one.shape != looks[0].shape for one in looks):
        looks = list(np.broadcast_arrays(*looks))
    _check_angles(looks[1], looks[2])
    shape = looks[0].shape
    flat = [one.reshape(-1) for one in looks]
    made = np.empty((6, flat[0].size))
    tables, chain, made[3] = _camera(sensor, atmosphere or Atmosphere(), ground_alt_m)
    if len(flat) > 4:
        made[3] = _rer(sensor, flat[4])
    _table_kernels.worth(tables, chain, np.array(flat[:4]), made)
    return Quality(
        **{
            name: np.asarray(row.reshape(shape))
            for name, row in zip(Quality.__dataclass_fields__, made, strict=True)
        }
    )


def _check_angles(incidence_rad: Array, sun_rad: Array) -> None:
    """UnitRangeError for what cannot be an angle in radians; rounding is let pass."""
    for field, angle, most in (
        ("incidence_rad", incidence_rad, np.pi),
        ("sun_elevation_rad", sun_rad, np.pi / 2),
    ):
        beyond = np.abs(angle) > most + 1e-6
        if beyond.any():
            wish = "within +-pi" if most == np.pi else "within +-pi/2"
            raise UnitRangeError(
                field, float(angle[beyond].flat[0]), wish, hint="did you forget `* deg`?"
            )


@functools.lru_cache(maxsize=256)
def _camera(
    sensor: Sensor, atmosphere: Atmosphere, ground_alt_m: float
) -> tuple[Any, tuple[float, ...], float]:
    """For `worth`: its light and its electronics; and its edge response with its own smear.

    GIQE's signal over noise is 15 against 7 % reflectance over the noise of the brighter one.
    """
    light, electrons = light_of(sensor.band, atmosphere, ground_alt_m), electronics(sensor)
    pixel_rad = float(gsd_along_m(sensor.detector.pitch_m, sensor.optics.focal_length_m, 1.0))
    chain = (pixel_rad, electrons.gain, electrons.floor_e2, *GIQE_REFLECTANCES)
    return light.tables, chain, float(weighted_rer(*sensor_rer(sensor)))


def _rer(sensor: Sensor, smear_px: Array) -> Array:
    """Edge response with other smears than the sensor's own, from a table; NaN beyond 0 to 100 px."""
    at, along, across = _smear_table(sensor)
    rise = np.interp(smear_px, at, along)
    return np.where((smear_px >= 0) & (smear_px <= at[-1]), weighted_rer(rise, across), np.nan)


@functools.lru_cache(maxsize=64)
def _smear_table(sensor: Sensor) -> tuple[Array, Array, float]:
    at = np.concatenate([np.arange(0.0, 16.0, 0.25), np.geomspace(16.0, 100.0, 33)])
    rises = [sensor_rer(with_smear(sensor, float(one))) for one in at]
    return at, np.array([along for along, _ in rises]), rises[0][1]
