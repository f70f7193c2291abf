"""How sharp a design's looks are, and how far it may look aside before a wish for sharpness fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from offnadir.constants import EARTH_MEAN_RADIUS_M, WGS84_A_M
from offnadir.coverage.study_model import Wishes
from offnadir.quality import predict
from offnadir.sensors import Sensor
from offnadir.units import deg

_STEP_RAD: Final = 0.1 * deg


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharpness:
    """Of looks from nadir to `off_nadir_rad`, the farthest that keeps the wish; NaN if not even nadir does.

    `niirs` and `gsd_m` are those of the farthest look that counts, the others of one straight down.
    """

    off_nadir_rad: float
    niirs: float
    gsd_m: float
    niirs_nadir: float
    gsd_nadir_m: float


def sharpness(sensor: Sensor, height_m: float, limit_rad: float, wishes: Wishes) -> Sharpness:
    """Sharpness of a camera from a height [m], as above the equator, up to an off-nadir angle [rad].

    The ground is a sphere of 6371 km, so that its places are 7 km lower than the height says.

    The Sun stands at `wishes.rated_sun_rad`, at right angles to the line of sight; GIQE 5, a clear
    atmosphere. Angles are tried every 0.1 deg, up to a degree from the horizon.
    """
    radius_m = WGS84_A_M + height_m
    horizon_rad = float(np.arcsin(EARTH_MEAN_RADIUS_M / radius_m * np.cos(1.0 * deg)))
    most_rad = min(limit_rad, horizon_rad)
    count = int(np.ceil(most_rad / _STEP_RAD)) + 1
    off_rad = np.linspace(0.0, most_rad, count)
    incidence_rad = np.arcsin(np.sin(off_rad) * radius_m / EARTH_MEAN_RADIUS_M)
    range_m = radius_m * np.cos(off_rad) - EARTH_MEAN_RADIUS_M * np.cos(incidence_rad)
    seen = predict(
        sensor,
        range_m=range_m,
        incidence_rad=incidence_rad,
        sun_elevation_rad=wishes.rated_sun_rad,
    )
    kept = np.ones(count, bool)
    if wishes.niirs is not None:
        kept &= seen.niirs >= wishes.niirs - 1e-9
    if wishes.gsd_m is not None:
        kept &= seen.gsd_m <= wishes.gsd_m + 1e-9
    last = count - 1 if kept.all() else int(np.argmin(kept)) - 1
    at = max(last, 0)
    return Sharpness(
        off_nadir_rad=float(off_rad[last]) if last >= 0 else float("nan"),
        niirs=float(seen.niirs[at]),
        gsd_m=float(seen.gsd_m[at]),
        niirs_nadir=float(seen.niirs[0]),
        gsd_nadir_m=float(seen.gsd_m[0]),
    )
