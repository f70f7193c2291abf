"""What the ground station does not know: errors of orbit and attitude."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from offnadir.errors import InputError
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._track import Track, turned


def nudged(
    acquisition: Acquisition,
    *,
    position_m: ArrayLike = (0.0, 0.0, 0.0),
    turn_rad: ArrayLike = (0.0, 0.0, 0.0),
    drift_rad_s: ArrayLike = (0.0, 0.0, 0.0),
) -> Acquisition:
    """The acquisition from elsewhere [m, ITRF] and turned by small angles about camera x, y, z.

    The turn grows by `drift_rad_s` from that at the epoch. What ground control finds is undone with it:
    1 urad about y moves the picture by 1 m ahead from 1000 km, about x by 1 m to the left of the scan.
    """
    offset, turn, drift = (
        np.asarray(one, np.float64) for one in (position_m, turn_rad, drift_rad_s)
    )
    for name, value in (("position_m", offset), ("turn_rad", turn), ("drift_rad_s", drift)):
        if value.shape != (3,) or not np.isfinite(value).all():
            raise InputError(name, value.tolist(), "three finite numbers")
    track = acquisition.track
    moved = Track(
        time_s=track.time_s,
        r_itrf_m=track.r_itrf_m + offset,
        v_itrf_m_s=track.v_itrf_m_s,
        quaternion=turned(track.quaternion, turn + drift * track.time_s[:, None]),
    )
    return replace(acquisition, track=moved)


def as_measured(
    acquisition: Acquisition,
    seed: int,
    *,
    position_m: float = 0.0,
    attitude_rad: float = 0.0,
    drift_rad_s: float = 0.0,
) -> Acquisition:
    """The acquisition as the ground station has it: without jitter, with errors of what is measured.

    A constant error of position, normal with `position_m` along each axis of ITRF; one of attitude about
    each axis of the camera, `attitude_rad`, which drifts with `drift_rad_s`. What is measured well is
    the same: times of lines, focal plane. Ground control has to find the rest.
    """
    for name, value in (
        ("position_m", position_m),
        ("attitude_rad", attitude_rad),
        ("drift_rad_s", drift_rad_s),
    ):
        if not value >= 0:
            raise InputError(name, value, "0 or more")
    random = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, 0x3EA5))))
    offset, turn, drift = random.normal(size=(3, 3))
    moved = nudged(
        acquisition,
        position_m=offset * position_m,
        turn_rad=turn * attitude_rad,
        drift_rad_s=drift * drift_rad_s,
    )
    return replace(moved, jitter=None)
