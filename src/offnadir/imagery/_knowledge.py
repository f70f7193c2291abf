"""What the ground station does not know: jitter, and errors of orbit and attitude."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from offnadir.errors import InputError
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._camera import Jitter
from offnadir.imagery._track import Track


def draw_jitter(
    seed: int,
    *,
    rms_rad: float,
    low_hz: float,
    high_hz: float,
    sines: int = 12,
) -> Jitter:
    """Shaking of `rms_rad` about each of camera x and y, and as much about z, as sines.

    Frequencies lie evenly in their logarithm from `low_hz` to `high_hz`, all of the same amplitude; phases
    are drawn. What is quicker than the time for which a pixel gathers light is blur, not geometry: keep
    `high_hz` below the line rate over twice the stages.
    """
    if not rms_rad >= 0:
        raise InputError("rms_rad", rms_rad, "0 or more")
    if not 0 < low_hz < high_hz:
        raise InputError("low_hz", (low_hz, high_hz), "above 0 and below high_hz")
    if not 1 <= sines <= 1000:
        raise InputError("sines", sines, "from 1 to 1000")
    random = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, 0x6A17))))
    edges = np.geomspace(low_hz, high_hz, sines + 1)
    frequency = edges[:-1] * (edges[1:] / edges[:-1]) ** random.uniform(size=sines)
    return Jitter(
        frequency_hz=frequency,
        amplitude_rad=np.full((sines, 3), rms_rad * np.sqrt(2.0 / sines)),
        phase_rad=random.uniform(0.0, 2.0 * np.pi, (sines, 3)),
    )


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
    offset = random.normal(size=3) * position_m
    turn, drift = random.normal(size=3) * attitude_rad, random.normal(size=3) * drift_rad_s
    track = acquisition.track
    small = 0.5 * (turn + drift * track.time_s[:, None])
    w, x, y, z = track.quaternion.T
    a, b, c = small.T
    turned = [
        w - x * a - y * b - z * c,
        x + w * a + y * c - z * b,
        y + w * b + z * a - x * c,
        z + w * c + x * b - y * a,
    ]
    measured = Track(
        time_s=track.time_s,
        r_itrf_m=track.r_itrf_m + offset,
        v_itrf_m_s=track.v_itrf_m_s,
        quaternion=np.stack(turned, axis=1),
    )
    return replace(acquisition, track=measured, jitter=None)
