"""Where satellites, targets and the Sun stand by the rules of the two families with real element sets.

Both take their answers from public libraries, and those have habits that a plan at the edge of a limit feels:
- brahe 1.x (aeossp_standard): SGP4 with the constants of WGS-84 (26 m from WGS-72's), TEME to ITRF by GMST
  1982 with UT1 = UTC and no polar motion, ITRF to GCRF by IAU 2006/2000A with the same; the Sun by
  Montenbruck and Gill's low-precision series;
- skyfield (positions of stereo_imaging): SGP4 with WGS-72, UT1 from the IERS, no polar motion. Its Sun is
  brahe's, turned to ITRF as above.

Instants are UTC microseconds since 1970, shape (n,); vectors are (n, 3) in m.
"""

from __future__ import annotations

import erfa
import numpy as np
from sgp4.api import WGS72, WGS84, Satrec

from offnadir.earth import EarthOrientation
from offnadir.epoch import utc_to_tai_ns
from offnadir.errors import InputError

from ._common import Flags, Floats, Ints

__all__ = [
    "SHADOW_RADIUS_M",
    "WGS72",
    "WGS84",
    "gcrf_by_utc",
    "itrf_by_ut1",
    "itrf_by_utc",
    "itrf_of_gcrf_by_utc",
    "julian",
    "satellite",
    "sun_gcrf_m",
    "sunlit",
    "teme_m",
    "turned",
]

_DAY_US = 86_400_000_000
_TT_MINUS_TAI_NS = 32_184_000_000
_KNOT_US = 1_800_000_000  # precession and nutation move so slowly that straight lines do in between
_TURN_RATE_RAD_S = 7.2921150e-5
#: Earth's radius in brahe [m], that of the cylindrical shadow
SHADOW_RADIUS_M = 6_378_136.3


def satellite(line1: str, line2: str, constants: int) -> Satrec:
    """SGP4's record of a two-line set, with the constants WGS72 or WGS84."""
    if len(line1) < 69 or len(line2) < 69:
        raise InputError("element set", (line1, line2), "two lines of 69 characters")
    return Satrec.twoline2rv(line1, line2, constants)


def julian(utc_us: Ints) -> tuple[Floats, Floats]:
    """Two-part Julian date: whole days and the rest."""
    days, rest = np.divmod(np.asarray(utc_us, np.int64), _DAY_US)
    return 2_440_587.5 + days, rest / _DAY_US


def teme_m(record: Satrec, utc_us: Ints) -> tuple[Floats, Floats]:
    """TEME position [m] and velocity [m/s]; InputError where SGP4 gives none."""
    status, r_km, v_km_s = record.sgp4_array(*julian(utc_us))
    if status.any():
        raise InputError(
            "element set", int(record.satnum), "one that SGP4 can follow", hint=f"{status.max()}"
        )
    return r_km * 1e3, v_km_s * 1e3


def turned(vectors: Floats, angle_rad: Floats) -> Floats:
    """Coordinates of vectors after the axes turned about z by an angle."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.stack(np.broadcast_arrays(c * x + s * y, c * y - s * x, z), axis=-1)


def _tt(utc_us: Ints) -> tuple[Floats, Floats]:
    tt_us = (utc_to_tai_ns(np.asarray(utc_us, np.int64) * 1000) + _TT_MINUS_TAI_NS) // 1000
    return julian(tt_us)


def itrf_by_utc(r_teme_m: Floats, utc_us: Ints) -> Floats:
    """TEME to ITRF with UT1 = UTC and no polar motion."""
    return turned(r_teme_m, erfa.gmst82(*julian(utc_us)) + erfa.sp00(*_tt(utc_us)))


def gcrf_by_utc(r_itrf_m: Floats, utc_us: Ints) -> Floats:
    """ITRF to GCRF with UT1 = UTC and no polar motion; also turns directions."""
    at = np.asarray(utc_us, np.int64)
    cirs = turned(r_itrf_m, -(erfa.era00(*julian(at)) + erfa.sp00(*_tt(at))))
    return np.einsum("nji,nj->ni", _rot_cirs_gcrf(at), cirs)


def itrf_of_gcrf_by_utc(r_gcrf_m: Floats, utc_us: Ints) -> Floats:
    """GCRF to ITRF, the other way round."""
    at = np.asarray(utc_us, np.int64)
    cirs = np.einsum("nij,nj->ni", _rot_cirs_gcrf(at), r_gcrf_m)
    return turned(cirs, erfa.era00(*julian(at)) + erfa.sp00(*_tt(at)))


def _rot_cirs_gcrf(utc_us: Ints) -> Floats:
    first = utc_us.min() // _KNOT_US
    knots = np.arange(first, utc_us.max() // _KNOT_US + 2) * _KNOT_US
    table = erfa.c2i06a(*_tt(knots))
    at = utc_us / _KNOT_US - first
    row = np.floor(at).astype(np.int64)
    part = (at - row)[:, None, None]
    return (1.0 - part) * table[row] + part * table[row + 1]


def sun_gcrf_m(utc_us: Ints) -> Floats:
    """The Sun by Montenbruck and Gill, "Satellite Orbits", section 3.3.2, against the axes of 2000."""
    day, rest = _tt(utc_us)
    century = ((day - 2_451_545.0) + rest) / 36_525.0
    anomaly = 2.0 * np.pi * (0.9931267 + 99.9973583 * century)
    bulge = (6892.0 * np.sin(anomaly) + 72.0 * np.sin(2.0 * anomaly)) / 1_296_000.0
    longitude = 2.0 * np.pi * (0.7859444 + bulge) + anomaly
    distance_m = 149.619e9 - 2.499e9 * np.cos(anomaly) - 0.021e9 * np.cos(2.0 * anomaly)
    tilt = np.radians(23.43929111)
    along = np.sin(longitude)
    unit = np.stack([np.cos(longitude), along * np.cos(tilt), along * np.sin(tilt)], axis=-1)
    return distance_m[:, None] * unit


def sunlit(r_gcrf_m: Floats, utc_us: Ints) -> Flags:
    """Whether a satellite is outside the cylinder of the Earth's shadow, (n,)."""
    sun = sun_gcrf_m(utc_us)
    sun /= np.linalg.norm(sun, axis=-1, keepdims=True)
    ahead = np.einsum("ni,ni->n", r_gcrf_m, sun)
    aside = np.linalg.norm(r_gcrf_m - ahead[:, None] * sun, axis=-1)
    return ~((ahead < 0.0) & (aside < SHADOW_RADIUS_M))


def itrf_by_ut1(r_teme_m: Floats, v_teme_m_s: Floats, utc_us: Ints) -> tuple[Floats, Floats]:
    """TEME to ITRF position [m] and velocity [m/s] against the turning axes; IERS UT1, no polar motion."""
    at = np.asarray(utc_us, np.int64)
    tai_ns = utc_to_tai_ns(at * 1000)
    ut1_minus_tai_s, _, _ = EarthOrientation.bundled().at(tai_ns)
    ut1_us = tai_ns // 1000 + np.rint(ut1_minus_tai_s * 1e6).astype(np.int64)
    angle = erfa.gmst82(*julian(ut1_us))
    r, v = turned(r_teme_m, angle), turned(v_teme_m_s, angle)
    turn = np.array([0.0, 0.0, _TURN_RATE_RAD_S])
    return r, v - np.cross(turn, r)
