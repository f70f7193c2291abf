"""How kernels ask an ephemeris for a position.

In kernels a track is the tuple (coefficients (n, 8, 3) [m], time of the first start [s], length of
a piece [s]): pieces of degree 7, as an ephemeris has them.
"""

from __future__ import annotations

from offnadir._jit import kernel, part


@part
def motion(t_s, track):
    """Position [m] and velocity [m/s] at a time, as six numbers; NaN where the ephemeris has none.

    Beyond its ends it extrapolates. Written out: a loop over the powers costs three times as much.
    """
    c, first_s, step_s = track
    at = (t_s - first_s) / step_s
    k = min(max(int(at), 0), c.shape[0] - 1)
    x = 2.0 * (at - k) - 1.0
    px, py, pz = c[k, 7, 0], c[k, 7, 1], c[k, 7, 2]
    vx, vy, vz = px, py, pz
    px, py, pz = px * x + c[k, 6, 0], py * x + c[k, 6, 1], pz * x + c[k, 6, 2]
    vx, vy, vz = vx * x + px, vy * x + py, vz * x + pz
    px, py, pz = px * x + c[k, 5, 0], py * x + c[k, 5, 1], pz * x + c[k, 5, 2]
    vx, vy, vz = vx * x + px, vy * x + py, vz * x + pz
    px, py, pz = px * x + c[k, 4, 0], py * x + c[k, 4, 1], pz * x + c[k, 4, 2]
    vx, vy, vz = vx * x + px, vy * x + py, vz * x + pz
    px, py, pz = px * x + c[k, 3, 0], py * x + c[k, 3, 1], pz * x + c[k, 3, 2]
    vx, vy, vz = vx * x + px, vy * x + py, vz * x + pz
    px, py, pz = px * x + c[k, 2, 0], py * x + c[k, 2, 1], pz * x + c[k, 2, 2]
    vx, vy, vz = vx * x + px, vy * x + py, vz * x + pz
    px, py, pz = px * x + c[k, 1, 0], py * x + c[k, 1, 1], pz * x + c[k, 1, 2]
    vx, vy, vz = vx * x + px, vy * x + py, vz * x + pz
    px, py, pz = px * x + c[k, 0, 0], py * x + c[k, 0, 1], pz * x + c[k, 0, 2]
    rate = 2.0 / step_s
    return px, py, pz, vx * rate, vy * rate, vz * rate


@kernel
def position(t_s, track, out):
    """The position [m] of `motion` alone: what is not asked for is not computed."""
    out[0], out[1], out[2], _, _, _ = motion(t_s, track)
