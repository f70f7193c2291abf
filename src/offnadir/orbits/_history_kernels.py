"""A local trend followed by a Kalman filter, and the shocks that its smoother sees: compiled.

The state is a level and a slope. The slope forgets (Ornstein-Uhlenbeck, `tau` days, variance `s2`), the
level may wander (`q` per day), a reading has variance `r`. Time steps `dt` [days] may differ.
Sources: Durbin and Koopman, Time Series Analysis by State Space Methods, 2nd ed., chapter 4 (recursions);
de Jong and Penzer, Diagnosing Shocks in Time Series, JASA 93 (1998), equations 9 to 14 (shocks).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from offnadir._jit import kernel

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

_VAGUE = 1e10  # times the variance of a reading: as good as knowing nothing
_GATE = 25.0


@kernel
def trend_step(
    dt: float, q: float, s2: float, tau: float
) -> tuple[float, float, float, float, float]:
    """Weights g, f of the slope after dt, and the noise gathered: level, level with slope, slope."""
    x = dt / tau
    f = np.exp(-x)
    g = tau * (1.0 - f)
    v22 = s2 * (1.0 - f * f)
    v12 = s2 * tau * (1.0 - f) ** 2
    grown = 2.0 / 3.0 * x**3 - 0.5 * x**4 if x < 1e-2 else 2.0 * x - 3.0 + 4.0 * f - f * f
    return g, f, s2 * tau * tau * grown + q * dt, v12, v22


@kernel
def followed(
    y: Array, dt: Array, r: float, q: float, s2: Array, tau: float, step: Flags, left_out: Flags
) -> tuple[float, Array]:
    """How badly noise of this size explains the readings, and each reading's surprise in sigmas, shape (n,).

    The first is minus the log likelihood under Student's t with 3 dof. A reading beyond five sigmas restarts
    the level, be it wrong or the first after a step. `step` (n-1,) marks gaps with known steps, `left_out`
    (n,) readings that do not count; the surprise is NaN where nothing was expected.
    """
    level, slope, cost = y[0], 0.0, 0.0
    surprise = np.full(len(y), np.nan)
    p11, p12, p22 = _VAGUE * r if left_out[0] else r, 0.0, s2[0]
    for k in range(1, len(y)):
        g, f, v11, v12, v22 = trend_step(dt[k - 1], q, s2[k - 1], tau)
        level, slope = level + g * slope, f * slope
        p11, p12 = p11 + 2.0 * g * p12 + g * g * p22 + v11, f * (p12 + g * p22) + v12
        p22 = f * f * p22 + v22
        if step[k - 1]:
            p11 += _VAGUE * r
        if left_out[k]:
            continue
        spread = p11 + r
        miss = y[k] - level
        if p11 > 1e-3 * _VAGUE * r:  # nothing was expected here
            level, p11, p12 = y[k], r, 0.0
            continue
        z2 = miss * miss / spread
        surprise[k] = miss / np.sqrt(spread)
        cost += 0.5 * np.log(spread) + 2.0 * np.log(1.0 + z2 / 3.0)
        if z2 > _GATE:
            level, p11, p12 = y[k], r, 0.0
        else:
            level += p11 / spread * miss
            slope += p12 / spread * miss
            p22 -= p12 * p12 / spread
            p11, p12 = p11 * r / spread, p12 * r / spread
    return cost, surprise


@kernel
def _filtered(
    y: Array, dt: Array, r: float, q: float, s2: Array, tau: float, step: Flags, left_out: Flags
) -> tuple[Array, Array, Array]:
    """Innovations and their variances, shape (n,), and gains of the prediction, shape (n, 2)."""
    n = len(y)
    miss, spread, gain = np.empty(n), np.empty(n), np.zeros((n, 2))
    level, slope = y[0], 0.0
    p11, p12, p22 = _VAGUE * r, 0.0, s2[0]
    for k in range(n):
        miss[k] = y[k] - level
        spread[k] = p11 + r
        k1 = k2 = 0.0
        if not left_out[k]:
            k1, k2 = p11 / spread[k], p12 / spread[k]
            level += k1 * miss[k]
            slope += k2 * miss[k]
            p22 -= k2 * p12
            p11, p12 = p11 * r / spread[k], p12 * r / spread[k]
        if k == n - 1:
            gain[k] = k1, k2
            break
        g, f, v11, v12, v22 = trend_step(dt[k], q, s2[k], tau)
        gain[k] = k1 + g * k2, f * k2
        level, slope = level + g * slope, f * slope
        p11, p12 = p11 + 2.0 * g * p12 + g * g * p22 + v11, f * (p12 + g * p22) + v12
        p22 = f * f * p22 + v22
        if step[k]:  # after a manoeuvre the level is unknown and the slope less known
            p11 += _VAGUE * r
            p22 += s2[k]
    return miss, spread, gain


@kernel
def shocks(
    y: Array, dt: Array, r: float, q: float, s2: Array, tau: float, step: Flags, left_out: Flags
) -> tuple[Array, Array, Array]:
    """What a step in each gap, or a wrong reading, would explain: the smoother's auxiliary residuals.

    `step` (n-1,) marks gaps in which the level is already free, `left_out` (n,) readings that do not count.
    Returns the size of a step in each gap and its variance, shape (n-1,) (infinite where nothing is
    known), and Student's t of each reading being wrong, shape (n,) (0 if left out).
    """
    miss, spread, gain = _filtered(y, dt, r, q, s2, tau, step, left_out)
    n = len(y)
    size, variance = np.zeros(n - 1), np.full(n - 1, np.inf)
    wrong = np.zeros(n)
    r1 = r2 = n11 = n12 = n22 = 0.0
    for k in range(n - 1, -1, -1):
        g, f = 0.0, 1.0
        if k < n - 1:
            g, f, _, _, _ = trend_step(dt[k], q, s2[k], tau)
            if n11 * r > 1e-6:
                size[k], variance[k] = r1 / n11, 1.0 / n11
        weight, u = 0.0, 0.0
        k1, k2 = gain[k]
        if not left_out[k]:
            weight, u = 1.0 / spread[k], miss[k] / spread[k]
            known = weight + k1 * k1 * n11 + 2.0 * k1 * k2 * n12 + k2 * k2 * n22
            if known * r > 1e-6:
                wrong[k] = (u - k1 * r1 - k2 * r2) / np.sqrt(known)
        a, b, c, d = 1.0 - k1, g, -k2, f
        r1, r2 = u + a * r1 + c * r2, b * r1 + d * r2
        n11, n12, n22 = (
            weight + a * (a * n11 + c * n12) + c * (a * n12 + c * n22),
            a * (b * n11 + d * n12) + c * (b * n12 + d * n22),
            b * (b * n11 + d * n12) + d * (b * n12 + d * n22),
        )
    return size, variance, wrong
