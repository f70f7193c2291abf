"""Steps and wrong readings by generalised least squares with the whole covariance matrix at once."""

from __future__ import annotations

import numpy as np


def covariance(dt, r, q, s2, tau, step):
    """Covariance of readings, shape (n, n), less the levels that are free: written out, nothing recursive."""
    n = len(dt) + 1
    slope = [np.zeros(n + 2 * (n - 1) + n) for _ in range(n)]  # weights of independent unit noises
    level = [np.zeros_like(slope[0]) for _ in range(n)]
    slope[0][0] = np.sqrt(s2[0])
    for k in range(n - 1):
        # An Ornstein-Uhlenbeck slope and its integral, by many small steps.
        f = np.exp(-dt[k] / tau)
        g = tau * (1.0 - f)
        fine = 20000
        t = (np.arange(fine) + 0.5) / fine * dt[k]
        late = dt[k] - t
        kick = 2.0 * s2[k] / tau * dt[k] / fine
        to_slope, to_level = np.exp(-late / tau), tau * (1.0 - np.exp(-late / tau))
        noise = kick * np.array(
            [
                [np.sum(to_level**2), np.sum(to_level * to_slope)],
                [np.sum(to_level * to_slope), np.sum(to_slope**2)],
            ]
        )
        noise[0, 0] += q * dt[k]
        root = np.linalg.cholesky(noise + 1e-300 * np.eye(2))
        level[k + 1] = level[k] + g * slope[k]
        slope[k + 1] = f * slope[k]
        level[k + 1][n + 2 * k : n + 2 * k + 2] += root[0]
        slope[k + 1][n + 2 * k : n + 2 * k + 2] += root[1]
        if step[k]:
            slope[k + 1][n + 2 * (n - 1) + k] += np.sqrt(s2[k])
    weights = np.array(level)
    return weights @ weights.T + r * np.eye(n)


def fit(y, dt, r, q, s2, tau, step, left_out, column):
    """Size and variance of a regressor, with every free level as a regressor of its own."""
    n = len(y)
    columns = [np.ones(n)] + [(np.arange(n) > k).astype(float) for k in np.flatnonzero(step)]
    design = np.array([*columns, column]).T[~left_out]
    weight = np.linalg.inv(covariance(dt, r, q, s2, tau, step)[np.ix_(~left_out, ~left_out)])
    spread = np.linalg.inv(design.T @ weight @ design)
    found = spread @ design.T @ weight @ y[~left_out]
    return found[-1], spread[-1, -1]


def step_in_gap(y, dt, r, q, s2, tau, step, left_out, gap):
    """What a step of the level in a gap would be, and its variance."""
    column = (np.arange(len(y)) > gap).astype(float)
    return fit(y, dt, r, q, s2, tau, step, left_out, column)


def wrong_reading(y, dt, r, q, s2, tau, step, left_out, k):
    """Student's t of one reading being off."""
    size, variance = fit(
        y, dt, r, q, s2, tau, step, left_out, (np.arange(len(y)) == k).astype(float)
    )
    return size / np.sqrt(variance)
