"""The telescope that a wished NIIRS asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from offnadir.errors import InputError
from offnadir.geometry import incidence_from_off_nadir_rad, slant_range_m
from offnadir.quality._atmosphere import Atmosphere
from offnadir.quality._mtf import nyquist_mtf
from offnadir.quality._predict import predict
from offnadir.sensors.sizing import Design, SensorSizing, size_for_gsd
from offnadir.units import deg, km

__all__ = ["SizedQuality", "quality_of_sizing", "size_for_niirs"]

_FINEST_M, _COARSEST_M = 0.02, 100.0
_CLOSE_NIIRS = 1e-4
_CLOSE_GSD = 1e-4  # a share: where a TDI stage more or less makes a step, it ends here


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedQuality:
    """A sized camera and what it sees at the look it was sized for: NIIRS (GIQE 5), RER, SNR, MTF."""

    sizing: SensorSizing
    niirs: float
    rer: float
    snr: float
    nyquist_mtf: float


def quality_of_sizing(
    sizing: SensorSizing,
    *,
    sun_elevation_rad: float = 45.0 * deg,
    atmosphere: Atmosphere | None = None,
) -> SizedQuality:
    """What a sized camera is worth at the height and off-nadir angle it was sized for; NaN: Sun not up."""
    sensor = sizing.to_sensor()
    seen = predict(
        sensor,
        range_m=slant_range_m(sizing.off_nadir_rad, sizing.altitude_m),
        incidence_rad=incidence_from_off_nadir_rad(sizing.off_nadir_rad, sizing.altitude_m),
        sun_elevation_rad=sun_elevation_rad,
        atmosphere=atmosphere,
    )
    return SizedQuality(
        sizing=sizing,
        niirs=float(seen.niirs),
        rer=float(seen.rer),
        snr=float(seen.snr),
        nyquist_mtf=nyquist_mtf(sensor),
    )


def size_for_niirs(
    niirs: float,
    *,
    altitude_m: float,
    off_nadir_rad: float = 0.0,
    sun_elevation_rad: float = 45.0 * deg,
    swath_m: float = 12.0 * km,
    design: Design | None = None,
    atmosphere: Atmosphere | None = None,
) -> SizedQuality:
    """The camera whose picture has a NIIRS (GIQE 5) at a height, an off-nadir angle and a Sun.

    The sample distance is looked for, everything of the `design` held; a finer pixel gathers less light, so
    a design without stages enough has a limit. InputError where no sample distance from 2 cm to 100 m
    reaches the wish, or where the Sun is not up.
    """
    if not 0.0 <= niirs <= 9.0:
        raise InputError("niirs", niirs, "from 0 to 9")

    def at(log_gsd: float) -> SizedQuality:
        made = size_for_gsd(
            math.exp(log_gsd),
            altitude_m=altitude_m,
            off_nadir_rad=off_nadir_rad,
            swath_m=swath_m,
            design=design,
        )
        return quality_of_sizing(made, sun_elevation_rad=sun_elevation_rad, atmosphere=atmosphere)

    # From coarse to fine, so that where light runs out the largest camera is not taken for the answer.
    high, low = math.log(_COARSEST_M), math.log(_FINEST_M)
    coarse = at(high)
    if math.isnan(coarse.niirs):
        raise InputError("sun_elevation_rad", sun_elevation_rad, "above 0: the Sun must be up")
    if coarse.niirs >= niirs:
        raise InputError("niirs", niirs, f"above {coarse.niirs:.1f}, which pixels of 100 m have")
    # One NIIRS is a factor of two: the first guess is within a step or two of the answer.
    fine = high
    best = coarse
    while best.niirs < niirs:
        high, coarse = fine, best
        fine = max(fine + max((best.niirs - niirs) * math.log(2.0), -1.0) - 0.05, low)
        if fine >= high:
            wish = f"at most {best.niirs:.1f}: this design sees no better at this height and Sun"
            raise InputError("niirs", niirs, wish)
        best = at(fine)
    # Straight lines through the last two, in the logarithm, with halving as the net.
    while abs(best.niirs - niirs) > _CLOSE_NIIRS and high - fine > _CLOSE_GSD:
        share = (niirs - best.niirs) / (coarse.niirs - best.niirs)
        middle = fine + min(max(share, 0.1), 0.9) * (high - fine)
        tried = at(middle)
        if tried.niirs >= niirs:
            fine, best = middle, tried
        else:
            high, coarse = middle, tried
    return best
