"""Shaking of a camera: what its lines do against each other, and the ground station does not know."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.imagery._track import Track, turned

Array = NDArray[np.float64]
_POINTS = 16  # nodes in a period: cubics between them are good to 1e-4 of the amplitude
_MOST_NODES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jitter:
    """Shaking as a sum of sines about the camera's axes.

    `frequency_hz` (n,), `amplitude_rad` and `phase_rad` (n, 3) about x, y, z, right-handed:
    amplitude * sin(2 pi f t + phase) with the time from the acquisition's epoch.
    """

    frequency_hz: Array
    amplitude_rad: Array
    phase_rad: Array

    def __post_init__(self) -> None:
        for name in ("frequency_hz", "amplitude_rad", "phase_rad"):
            value = np.array(getattr(self, name), np.float64)
            wanted = (np.size(self.frequency_hz),) + (() if name == "frequency_hz" else (3,))
            if value.shape != wanted or not np.isfinite(value).all():
                raise InputError(name, value.shape, f"finite numbers of shape {wanted}")
            value.flags.writeable = False
            object.__setattr__(self, name, value)

    @property
    def rms_rad(self) -> Array:
        """Root mean square about x, y, z, shape (3,)."""
        return np.asarray(np.sqrt(np.sum(self.amplitude_rad**2, axis=0) / 2), np.float64)


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


def shaken(track: Track, jitter: Jitter) -> Track:
    """The track with its shaking, at nodes close enough for it: 16 in the period of its quickest sine.

    InputError if that makes more than a million of them.
    """
    quickest_hz = float(np.max(np.abs(jitter.frequency_hz), initial=0.0))
    parts = max(math.ceil(track.step_s * quickest_hz * _POINTS), 1)
    count = parts * (len(track.time_s) - 1)
    if count > _MOST_NODES:
        most_hz = _MOST_NODES / (_POINTS * (track.time_s[-1] - track.time_s[0]))
        raise InputError(
            "frequency_hz", quickest_hz, f"{most_hz:.0f} Hz at most for so long a picture"
        )
    piece, within = np.divmod(np.arange(count + 1), parts)
    piece, within = np.minimum(piece, len(track.pieces) - 1), within / parts
    within[-1] = 1.0
    c, u = np.moveaxis(track.pieces[piece], 1, 0), within[:, None]
    state = c[0] + u * (c[1] + u * (c[2] + u * c[3]))
    slope = (c[1] + u * (2 * c[2] + u * 3 * c[3])) / track.step_s
    time_s = track.time_s[0] + np.arange(count + 1) * (track.step_s / parts)
    way = 2 * np.pi * jitter.frequency_hz[:, None] * time_s
    turn = np.zeros((3, count + 1))
    for sine, amplitude, phase in zip(way, jitter.amplitude_rad, jitter.phase_rad, strict=True):
        turn += amplitude[:, None] * np.sin(sine + phase[:, None])
    return Track(
        time_s=time_s,
        r_itrf_m=state[:, :3],
        v_itrf_m_s=slope[:, :3],
        quaternion=turned(state[:, 3:], turn.T),
    )
