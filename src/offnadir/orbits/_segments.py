"""How kernels ask an ephemeris for a position.

In kernels an orbit is the tuple (coefficients (n, powers, 3) [m], time of the first segment's start [s],
length of a segment [s]); `_polynomials.py` says what they are.
"""

from __future__ import annotations

from offnadir._jit import kernel


@kernel
def position(t_s, orbit, out):
    """Position [m] at a time; NaN where the ephemeris has none. Beyond its ends it extrapolates."""
    coefficients, first_s, step_s = orbit
    at = (t_s - first_s) / step_s
    k = min(max(int(at), 0), coefficients.shape[0] - 1)
    x = 2.0 * (at - k) - 1.0
    j = coefficients.shape[1] - 1
    px, py, pz = coefficients[k, j, 0], coefficients[k, j, 1], coefficients[k, j, 2]
    while j > 0:
        j -= 1
        px = px * x + coefficients[k, j, 0]
        py = py * x + coefficients[k, j, 1]
        pz = pz * x + coefficients[k, j, 2]
    out[0], out[1], out[2] = px, py, pz


@kernel
def motion(t_s, orbit):
    """Position [m] and velocity [m/s] at a time, as six numbers."""
    coefficients, first_s, step_s = orbit
    at = (t_s - first_s) / step_s
    k = min(max(int(at), 0), coefficients.shape[0] - 1)
    x = 2.0 * (at - k) - 1.0
    j = coefficients.shape[1] - 1
    px, py, pz = coefficients[k, j, 0], coefficients[k, j, 1], coefficients[k, j, 2]
    vx, vy, vz = 0.0, 0.0, 0.0
    while j > 0:
        j -= 1
        vx = vx * x + px
        vy = vy * x + py
        vz = vz * x + pz
        px = px * x + coefficients[k, j, 0]
        py = py * x + coefficients[k, j, 1]
        pz = pz * x + coefficients[k, j, 2]
    rate = 2.0 / step_s
    return px, py, pz, vx * rate, vy * rate, vz * rate
