"""SGP4 by the official code; the only file that imports `sgp4`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sgp4.api import WGS72, Satrec

from offnadir.orbits._elements import ElementSet

Array = NDArray[np.float64]

_DAY_NS = 86_400_000_000_000
_JD_1949_DEC_31 = 2_433_281.5
_1949_DEC_31_UTC_NS = -7306 * _DAY_NS  # SGP4 counts days from 1949-12-31 00:00 UTC

#: What the error codes of SGP4 mean, in words for a user.
SGP4_ERRORS = {
    1: "the mean eccentricity leaves the range of SGP4",
    2: "the mean motion falls below zero",
    3: "the perturbed eccentricity leaves the range of SGP4",
    4: "the semi-latus rectum falls below zero",
    6: "the satellite has decayed",
}


def propagate(elements: ElementSet, tai_ns: ArrayLike) -> tuple[Array, Array, NDArray[np.uint8]]:
    """TEME position [m] and velocity [m/s], shape (n, 3), and SGP4's status, shape (n,).

    Status 0 is fine; otherwise it is SGP4's error code (see SGP4_ERRORS) and the row is NaN. Times are
    TAI ns since 1970; seconds of TAI are counted from the epoch, to the nanosecond. SGP4's velocity is
    not the derivative of its position (they differ by up to some cm/s). Source: Vallado et al.,
    AIAA 2006-6753, through the package `sgp4`, with WGS-72 constants as element sets demand.
    """
    tai = np.atleast_1d(np.asarray(tai_ns, np.int64))
    record = Satrec()
    # The official code holds the epoch in one Julian date (to 40 us) where it asks for the sidereal time;
    # its verification file can only be met to the last digit by rounding alike.
    since_1949 = (elements.epoch.utc_ns - _1949_DEC_31_UTC_NS) / _DAY_NS
    epoch_days = (_JD_1949_DEC_31 + since_1949) - _JD_1949_DEC_31
    record.sgp4init(
        WGS72,
        "i",
        0,  # our own number never goes in: it may have nine digits
        epoch_days,
        elements.bstar,
        0.0,
        0.0,
        elements.eccentricity,
        elements.arg_perigee_rad,
        elements.inclination_rad,
        elements.mean_anomaly_rad,
        elements.mean_motion_rad_s * 60.0,
        elements.raan_rad,
    )
    # The record's own epoch cancels out: the time since the epoch is ours, to the nanosecond.
    days = (tai - elements.epoch.tai_ns) / _DAY_NS
    jd = np.full(len(tai), record.jdsatepoch)
    status, r_km, v_km_s = record.sgp4_array(jd, record.jdsatepochF + days)
    status = status.astype(np.uint8)
    bad = status != 0
    r_m, v_m_s = r_km * 1e3, v_km_s * 1e3
    r_m[bad] = v_m_s[bad] = np.nan
    return r_m, v_m_s, status
