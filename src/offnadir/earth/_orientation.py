"""How the Earth is turned: UT1 and polar motion from the IERS, TEME to ITRF, the Sun in ITRF."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from pathlib import Path

import erfa
import numpy as np
from astropy_iers_data import IERS_A_FILE
from numpy.typing import ArrayLike, NDArray

from offnadir.constants import AU_M, SPEED_OF_LIGHT_M_S
from offnadir.epoch import tai_to_utc_ns, utc_to_tai_ns
from offnadir.errors import FileError, InputError
from offnadir.units import arcsec, day

Array = NDArray[np.float64]
Times = NDArray[np.int64]

_DAY_NS = 86_400_000_000_000
_MJD_1970 = 40587
_TT_MINUS_TAI_NS = 32_184_000_000


@dataclass(frozen=True, slots=True, eq=False)
class EarthOrientation:
    """Daily UT1 - TAI [s] and polar motion [rad] at 0 h UTC of consecutive days.

    Between days it interpolates by straight line; before the first and after the last day it holds the
    nearest value (one year beyond the table UT1 is wrong by about 0.1 s, 50 m at the equator).
    The IERS gives measured values and a year of predictions; `last_measured_mjd` parts them.
    """

    first_mjd: int
    ut1_minus_tai_s: Array
    pole_x_rad: Array
    pole_y_rad: Array
    last_measured_mjd: int

    @classmethod
    def bundled(cls) -> EarthOrientation:
        """The IERS table that the package astropy-iers-data carries (read once)."""
        return _bundled()

    @classmethod
    def from_file(cls, path: str | Path) -> EarthOrientation:
        """A file in the IERS format finals2000A (fixed columns of 187 characters)."""
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            raise FileError(path, error.strerror or str(error)) from error
        rows = [line for line in raw.decode("ascii", "replace").splitlines() if line[58:68].strip()]
        if not rows:
            raise InputError("Earth orientation", str(path), "a file in the format finals2000A")
        try:
            mjd = np.array([int(float(line[7:15])) for line in rows])
            # Polar motion is predicted for fewer days than UT1 in some files: hold the last value.
            pole = np.array(
                [
                    [float(line[a:b] or "nan") for a, b in ((18, 27), (37, 46))]
                    for line in rows
                    if line[18:27].strip()
                ]
            )
            dut1_s = np.array([float(line[58:68]) for line in rows])
        except ValueError as error:
            raise InputError(
                "Earth orientation", str(path), "a file in the format finals2000A"
            ) from error
        if np.any(np.diff(mjd) != 1):
            raise InputError("Earth orientation", str(path), "a table of consecutive days")
        pole = np.vstack([pole, np.repeat(pole[-1:], len(mjd) - len(pole), axis=0)]) * arcsec
        measured = [int(m) for m, line in zip(mjd, rows, strict=True) if line[57:58] == "I"]
        utc_ns = (mjd.astype(np.int64) - _MJD_1970) * _DAY_NS
        tai_minus_utc_s = (utc_to_tai_ns(utc_ns) - utc_ns) / 1e9
        table = (dut1_s - tai_minus_utc_s, pole[:, 0].copy(), pole[:, 1].copy())
        for column in table:
            column.flags.writeable = False
        return cls(int(mjd[0]), *table, max(measured, default=int(mjd[0])))

    @classmethod
    def fixed(
        cls, *, ut1_minus_utc_s: float, tai_minus_utc_s: float, pole_x_rad: float, pole_y_rad: float
    ) -> EarthOrientation:
        """The same orientation parameters at all times, for published examples and experiments."""

        def one(value: float) -> Array:
            return np.array([value])

        return cls(0, one(ut1_minus_utc_s - tai_minus_utc_s), one(pole_x_rad), one(pole_y_rad), 0)

    def at(self, tai_ns: Times) -> tuple[Array, Array, Array]:
        """UT1 - TAI [s] and polar motion x, y [rad] at TAI ns since 1970."""
        mjd = _MJD_1970 + tai_to_utc_ns(np.asarray(tai_ns, np.int64)) / _DAY_NS
        days = self.first_mjd + np.arange(len(self.ut1_minus_tai_s))
        columns = (self.ut1_minus_tai_s, self.pole_x_rad, self.pole_y_rad)
        ut1, x, y = (np.interp(mjd, days, column) for column in columns)
        return ut1, x, y


@functools.cache
def _bundled() -> EarthOrientation:
    return EarthOrientation.from_file(IERS_A_FILE)


def _jd(ns: Times) -> tuple[Array, Array]:
    """Two-part Julian date of ns since 1970: the days exactly, the fraction to 0.02 ns."""
    days, rest = np.divmod(ns, _DAY_NS)
    return 2_440_587.5 + days.astype(np.float64), rest / _DAY_NS


def _ut1_ns(tai_ns: Times, ut1_minus_tai_s: Array) -> Times:
    return np.asarray(tai_ns + np.rint(ut1_minus_tai_s * 1e9).astype(np.int64), np.int64)


def rot_itrf_teme(tai_ns: ArrayLike, orientation: EarthOrientation) -> Array:
    """Rotation from TEME to ITRF at TAI ns since 1970; shape (n, 3, 3).

    TEME is turned by the Greenwich mean sidereal time of 1982 of UT1 and then by polar motion, without
    the equation of the equinoxes. Source: Vallado, Crawford, Hujsak, Kelso, "Revisiting Spacetrack
    Report #3", AIAA 2006-6753, appendix C. NaN does not occur.
    """
    tai = np.atleast_1d(np.asarray(tai_ns, np.int64))
    ut1, x, y = orientation.at(tai)
    gmst = erfa.gmst82(*_jd(_ut1_ns(tai, ut1)))
    sin_g, cos_g = np.sin(gmst), np.cos(gmst)
    rot_pef_teme = np.zeros((len(tai), 3, 3))
    rot_pef_teme[:, 0, 0] = rot_pef_teme[:, 1, 1] = cos_g
    rot_pef_teme[:, 0, 1], rot_pef_teme[:, 1, 0], rot_pef_teme[:, 2, 2] = sin_g, -sin_g, 1.0
    rot_itrf_pef = erfa.pom00(x, y, 0.0)
    return np.asarray(rot_itrf_pef @ rot_pef_teme, np.float64)


def sun_itrf_m(tai_ns: ArrayLike, orientation: EarthOrientation) -> Array:
    """Apparent place of the Sun's centre in ITRF [m], shape (n, 3), at TAI ns since 1970.

    Light time and aberration are in it, refraction is not. ERFA's Earth ephemeris (epv00, 2000B
    precession and nutation, 1 mas) holds the Sun to under 0.1 arcsec from 1900 to 2100.
    """
    tai = np.atleast_1d(np.asarray(tai_ns, np.int64))
    return rotate(rot_itrf_gcrs(tai, orientation), sun_gcrs_m(tai))


def sun_gcrs_m(tai_ns: Times) -> Array:
    """Apparent place of the Sun's centre in GCRS [m], shape (n, 3), at TAI ns since 1970."""
    with warnings.catch_warnings():
        # Beyond 1900 to 2100 it is still good to some arcsec, and nobody has better element sets there.
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        heliocentric, _ = erfa.epv00(*_jd(tai_ns + _TT_MINUS_TAI_NS))
    sun_au = -heliocentric["p"]
    distance_au = np.linalg.norm(sun_au, axis=-1, keepdims=True)
    velocity_c = heliocentric["v"] * (AU_M / day / SPEED_OF_LIGHT_M_S)
    apparent = sun_au / distance_au + velocity_c  # to first order in v/c
    apparent /= np.linalg.norm(apparent, axis=-1, keepdims=True)
    return np.asarray(apparent * distance_au * AU_M, np.float64)


def rot_itrf_gcrs(tai_ns: Times, orientation: EarthOrientation) -> Array:
    """Rotation from GCRS to ITRF, shape (n, 3, 3): IAU 2000B, good to 1 mas."""
    return np.asarray(rot_itrf_cirs(tai_ns, orientation) @ _rot_cirs_gcrs(tai_ns), np.float64)


def sun_cirs_m(tai_ns: Times) -> Array:
    """Apparent place of the Sun [m] against the turning axis: slow, unlike the one in ITRF."""
    return rotate(_rot_cirs_gcrs(tai_ns), sun_gcrs_m(tai_ns))


def _rot_cirs_gcrs(tai_ns: Times) -> Array:
    return np.asarray(erfa.c2i00b(*_jd(tai_ns + _TT_MINUS_TAI_NS)), np.float64)


def rot_itrf_cirs(tai_ns: Times, orientation: EarthOrientation) -> Array:
    """Rotation from CIRS to ITRF, shape (n, 3, 3): Earth rotation angle and polar motion."""
    ut1, x, y = orientation.at(tai_ns)
    era = erfa.era00(*_jd(_ut1_ns(tai_ns, ut1)))
    turn = np.zeros((len(tai_ns), 3, 3))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(era)
    turn[:, 0, 1], turn[:, 1, 0], turn[:, 2, 2] = np.sin(era), -np.sin(era), 1.0
    return np.asarray(erfa.pom00(x, y, 0.0) @ turn, np.float64)


def rotate(rotation: Array, vectors: Array) -> Array:
    """Row by row, rotations (n, 3, 3) applied to vectors (n, 3)."""
    return np.asarray(np.einsum("nij,nj->ni", rotation, vectors), np.float64)
