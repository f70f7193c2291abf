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


# The same for eight powers, written out: the loop above costs three times as much.


@kernel
def fine_position(t_s, orbit, out):
    """`position` of an orbit of segments of degree 7."""
    c, first_s, step_s = orbit
    at = (t_s - first_s) / step_s
    k = min(max(int(at), 0), c.shape[0] - 1)
    x = 2.0 * (at - k) - 1.0
    px, py, pz = c[k, 7, 0], c[k, 7, 1], c[k, 7, 2]
    px, py, pz = px * x + c[k, 6, 0], py * x + c[k, 6, 1], pz * x + c[k, 6, 2]
    px, py, pz = px * x + c[k, 5, 0], py * x + c[k, 5, 1], pz * x + c[k, 5, 2]
    px, py, pz = px * x + c[k, 4, 0], py * x + c[k, 4, 1], pz * x + c[k, 4, 2]
    px, py, pz = px * x + c[k, 3, 0], py * x + c[k, 3, 1], pz * x + c[k, 3, 2]
    px, py, pz = px * x + c[k, 2, 0], py * x + c[k, 2, 1], pz * x + c[k, 2, 2]
    px, py, pz = px * x + c[k, 1, 0], py * x + c[k, 1, 1], pz * x + c[k, 1, 2]
    px, py, pz = px * x + c[k, 0, 0], py * x + c[k, 0, 1], pz * x + c[k, 0, 2]
    out[0], out[1], out[2] = px, py, pz


@kernel
def fine_motion(t_s, orbit):
    """`motion` of an orbit of segments of degree 7."""
    c, first_s, step_s = orbit
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
