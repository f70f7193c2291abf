"""Haze: how much of it a visibility means, and how it scatters and absorbs along the spectrum.

Source: Shettle & Fenn, AFGL-TR-79-0214 (1979), and Longtin et al. (1988) for desert, as tabulated in
LOWTRAN 7 (Kneizys et al., AFGL-TR-88-0177): block data EXTDTA and DSTDTA (optics), PRFDTA (heights).
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offnadir.units import km, um

Array = NDArray[np.float64]
AerosolType = Literal["rural", "maritime", "urban", "desert"]
AEROSOL_TYPES: Final = ("rural", "maritime", "urban", "desert")


class _Optics(NamedTuple):
    """Extinction over that at 550 nm, share of it that is scattered, mean cosine of scattering."""

    extinction: tuple[float, ...]
    albedo: tuple[float, ...]
    asymmetry: tuple[float, ...]


_WAVELENGTH_UM: Final = (0.3, 0.3371, 0.55, 0.6943, 1.06, 1.536, 2.0, 2.25, 2.5)
_OPTICS: Final = {
    "rural": _Optics(  # relative humidity 70 %
        (1.7416, 1.5998, 1.0000, 0.7532, 0.4217, 0.2432, 0.1511, 0.1361, 0.1243),
        (0.9379, 0.9521, 0.9462, 0.9378, 0.8735, 0.8103, 0.8789, 0.8604, 0.8422),
        (0.6928, 0.6865, 0.6638, 0.6498, 0.6314, 0.6440, 0.7098, 0.7303, 0.7522),
    ),
    "maritime": _Optics(  # relative humidity 80 %
        (1.1463, 1.1184, 1.0000, 0.9477, 0.8754, 0.8042, 0.7293, 0.6858, 0.6217),
        (0.9864, 0.9909, 0.9935, 0.9944, 0.9924, 0.9910, 0.9817, 0.9894, 0.9709),
        (0.7782, 0.7752, 0.7717, 0.7721, 0.7777, 0.7872, 0.8013, 0.8089, 0.8301),
    ),
    "urban": _Optics(  # relative humidity 70 %
        (1.6499, 1.5307, 1.0000, 0.7761, 0.4664, 0.2949, 0.2105, 0.1894, 0.1729),
        (0.7008, 0.7049, 0.7026, 0.6899, 0.6269, 0.5542, 0.5081, 0.4938, 0.4779),
        (0.7476, 0.7385, 0.6998, 0.6803, 0.6536, 0.6590, 0.7066, 0.7258, 0.7484),
    ),
    "desert": _Optics(  # wind of 10 m/s
        (1.5445, 1.4472, 1.0000, 0.8063, 0.5570, 0.4312, 0.3842, 0.3719, 0.3630),
        (0.9508, 0.9477, 0.9289, 0.9915, 0.9973, 0.9976, 0.9962, 0.9964, 0.9977),
        (0.6879, 0.6877, 0.6919, 0.6901, 0.7045, 0.7279, 0.7466, 0.7522, 0.7568),
    ),
    "tropospheric": _Optics(  # relative humidity 70 %; above 2 km over any ground
        (1.8227, 1.6656, 1.0000, 0.7252, 0.3548, 0.1545, 0.0548, 0.0404, 0.0308),
        (0.9518, 0.9651, 0.9635, 0.9587, 0.9076, 0.8345, 0.8521, 0.7918, 0.7187),
        (0.6858, 0.6790, 0.6510, 0.6315, 0.5887, 0.5418, 0.5075, 0.4829, 0.4598),
    ),
}
#: Visibility [km] and optical depth at 550 nm below and above 2 km: PRFDTA for spring and summer,
#: integrated log-linear in height. The first is where Koschmieder's law leaves clean air alone:
#: 3.912 / visibility = 0.01159 per km (Rayleigh, subroutine DESATT).
_VISIBILITY_KM: Final = (3.912 / 0.01159, 50.0, 23.0, 10.0, 5.0, 2.0)
_LOWER: Final = (0.0, 0.0860, 0.2054, 0.5542, 1.0512, 2.4856)
_UPPER: Final = (0.0, 0.0737, 0.1181, 0.1181, 0.1181, 0.1181)


def aod_from_visibility(visibility_m: float) -> float:
    """Optical depth of aerosol at 550 nm, ground to space, for a meteorological range at the ground.

    Straight lines in 1/visibility between the profiles for 50, 23, 10, 5 and 2 km of LOWTRAN 7 (spring and
    summer): 0.16, 0.32, 0.67, 1.17, 2.60. Farther than 338 km is clean air, 0; nearer than 2 km the
    last line goes on. In autumn and winter the same visibility has 0.02 to 0.03 less.
    """
    x = 1.0 / (visibility_m / km)
    nodes = 1.0 / np.array(_VISIBILITY_KM)
    total = np.array(_LOWER) + np.array(_UPPER)
    if x > nodes[-1]:
        return float(
            total[-1] + (x - nodes[-1]) * (total[-1] - total[-2]) / (nodes[-1] - nodes[-2])
        )
    return float(np.interp(x, nodes, total))


def split_height(aod_550: float) -> tuple[float, float]:
    """What of an optical depth lies below and above 2 km, as in the profile that has the same sum."""
    total = np.array(_LOWER) + np.array(_UPPER)
    upper = float(np.interp(aod_550, total, _UPPER))
    return aod_550 - upper, upper


def haze_optics(
    wavelength_m: Array, aod_550: float, kind: AerosolType | Literal["tropospheric"]
) -> tuple[Array, Array, Array]:
    """Optical depth, single-scattering albedo and asymmetry of one kind of haze at each wavelength.

    Extinction is interpolated in the logarithms of both, the others in the logarithm of the wavelength.
    """
    optics = _OPTICS[kind]
    x, nodes = np.log(wavelength_m / um), np.log(_WAVELENGTH_UM)
    depth = aod_550 * np.exp(np.interp(x, nodes, np.log(optics.extinction)))
    return depth, np.interp(x, nodes, optics.albedo), np.interp(x, nodes, optics.asymmetry)
