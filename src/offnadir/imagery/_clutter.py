"""How water scatters around its mean: thresholds that a stated share of its pixels exceeds.

Formulas and sources: docs/theory/change-and-detection.md.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError

Array = NDArray[np.float64]
#: normal: mean and variance. pearson: also skewness. k: radar intensities.
Clutter = Literal["normal", "pearson", "k"]
CLUTTERS: tuple[Clutter, ...] = ("normal", "pearson", "k")

_LOW, _MIDDLE = 0.1, 0.5
_NUS = np.geomspace(0.1, 300.0, 60)
_SKEWS = np.linspace(0.0, 4.0, 81)


def normal_quantile(tail: float) -> float:
    """What a share `tail` of a standard normal variable exceeds."""
    from scipy.special import ndtri

    return -float(ndtri(tail))


def pearson_quantile(skew: float, tail: float) -> float:
    """What a share `tail` exceeds of Pearson's type III with mean 0, variance 1 and a skewness of at least 0."""
    from scipy.special import gammainccinv

    if skew < 1e-3:
        return normal_quantile(tail)
    k = 4.0 / skew**2
    return float((gammainccinv(k, tail) - k) * skew / 2.0)


def k_tail(x: Array, nu: float, looks: float) -> Array:
    """Share of K-distributed intensities of mean 1 that exceed x: speckle of `looks` on gamma texture of order nu.

    The mixture is integrated over the texture's logarithm by the trapezium rule, which for it converges
    faster than any power of the step.
    """
    from scipy.special import gammaincc, gammaln

    spread = max(1.0, np.sqrt(1.0 / nu))
    log_t = np.linspace(-14.0 * spread - 2.0 / nu, np.log(80.0 * (1.0 + 1.0 / nu)), 1500)
    t = np.exp(log_t)
    density = np.exp(nu * np.log(nu) - gammaln(nu) + nu * log_t - nu * t)
    weight = density * (log_t[1] - log_t[0])
    values = np.atleast_1d(np.asarray(x, np.float64))
    tail: Array = gammaincc(looks, looks * values[:, None] / t[None]) @ (weight / weight.sum())
    return tail.reshape(np.shape(x))


def k_quantile(nu: float, looks: float, tail: float) -> float:
    """What a share `tail` of K-distributed intensities of mean 1 exceeds."""
    x = np.geomspace(1e-4, 2e3 * (1.0 + 1.0 / nu), 600)
    log_tail = np.log(np.maximum(k_tail(x, nu, looks), 1e-300))
    return float(np.exp(np.interp(-np.log(tail), -log_tail, np.log(x))))


@cache
def _k_ratios(looks: float, high: float) -> Array:
    return np.array(
        [k_quantile(nu, looks, high) / k_quantile(nu, looks, _MIDDLE) for nu in _NUS]
    )


def fit_threshold(
    sample: Array, clutter: Clutter, rate: float, *, high: float = 0.01, looks: float = 1.0
) -> tuple[float, float]:
    """(Threshold that a share `rate` of the background exceeds, its shape: skewness, or nu of K, or 0).

    `sample` is (value - mean) / deviation around it for "normal" and "pearson", value / mean for "k". Location, scale
    and shape follow from the quantiles of which shares of 0.5, 0.1 and `high` lie above: what few pixels are ships
    moves them little.
    """
    if clutter not in CLUTTERS:
        raise InputError("clutter", clutter, " or ".join(CLUTTERS))
    middle, low, top = np.quantile(sample, [1 - _MIDDLE, 1 - _LOW, 1 - high])
    if clutter == "k":
        ratios = _k_ratios(looks, high)
        nu = float(np.exp(np.interp(-top / middle, -ratios, np.log(_NUS))))
        return float(middle) * k_quantile(nu, looks, rate) / k_quantile(nu, looks, _MIDDLE), nu
    skew = 0.0
    if clutter == "pearson":
        ratios = np.array([_ratio(s, high) for s in _SKEWS])
        skew = float(np.interp((top - middle) / (low - middle), ratios, _SKEWS))
    at = [pearson_quantile(skew, tail) for tail in (_MIDDLE, _LOW, rate)]
    return float(middle + (low - middle) * (at[2] - at[0]) / (at[1] - at[0])), skew


def _ratio(skew: float, high: float) -> float:
    m, low, top = (pearson_quantile(skew, tail) for tail in (_MIDDLE, _LOW, high))
    return (top - m) / (low - m)
