"""How water scatters around its mean: thresholds that a stated share of its pixels exceeds.

Formulas and sources: docs/theory/change-and-detection.md.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError

Array = NDArray[np.float64]
#: normal: mean and variance. pearson: also skewness. k: radar intensities.
Clutter = Literal["normal", "pearson", "k"]
CLUTTERS: tuple[Clutter, ...] = ("normal", "pearson", "k")

_LOW, _MIDDLE = 0.1, 0.5
_NU = (0.1, 1000.0)
_SKEWS = np.linspace(0.0, 4.0, 81)


def normal_quantile(tail: float) -> float:
    """What a share `tail` of a standard normal variable exceeds."""
    from scipy.special import ndtri

    return -float(ndtri(tail))


def pearson_quantile(skew: float, tail: float) -> float:
    """What a share `tail` exceeds of Pearson's type III with mean 0, variance 1 and a skewness of at
    least 0.
    """
    from scipy.special import gammainccinv

    if skew < 1e-3:
        return normal_quantile(tail)
    k = 4.0 / skew**2
    return float((gammainccinv(k, tail) - k) * skew / 2.0)


def k_tail(x: Array, nu: float, looks: float) -> Array:
    """Share of K-distributed intensities of mean 1 that exceed x: speckle of `looks` on gamma texture of
    order nu.

    The mixture is integrated over the texture's logarithm by the trapezium rule, which for it converges
    faster than any power of the step.
    """
    from scipy.special import gammaincc, gammaln

    log_t = np.linspace(-2.0 - 36.0 / nu, np.log(80.0 * (1.0 + 1.0 / nu)), 600)
    t = np.exp(log_t)
    density = np.exp(nu * np.log(nu) - gammaln(nu) + nu * log_t - nu * t)
    weight = density * (log_t[1] - log_t[0])
    values = np.asarray(x, np.float64)
    tail: Array = gammaincc(looks, looks * values[..., None] / t) @ (weight / weight.sum())
    return tail


def k_quantile(nu: float, looks: float, tail: float) -> float:
    """What a share `tail` of K-distributed intensities of mean 1 exceeds, to 1e-9 of it."""
    low, high = math.log(1e-6), math.log(2e3 * (1.0 + 1.0 / nu))
    for _ in range(45):
        half = 0.5 * (low + high)
        if k_tail(np.array(math.exp(half)), nu, looks) > tail:
            low = half
        else:
            high = half
    return math.exp(0.5 * (low + high))


def _k_order(ratio: float, high: float, looks: float) -> float:
    """The texture's order at which the quantiles of `high` and one half have a ratio, which falls as it
    grows.
    """
    low, top = (math.log(nu) for nu in _NU)
    for _ in range(30):
        half = 0.5 * (low + top)
        nu = math.exp(half)
        if k_quantile(nu, looks, high) / k_quantile(nu, looks, _MIDDLE) > ratio:
            low = half
        else:
            top = half
    return math.exp(0.5 * (low + top))


def fit_threshold(
    sample: Array, clutter: Clutter, rate: float, *, high: float = 0.01, looks: float = 1.0
) -> tuple[float, float]:
    """(Threshold that a share `rate` of the background exceeds, its shape: skewness, or nu of K, or 0).

    `sample` is (value - mean) / deviation around it for "normal" and "pearson", value / mean for "k".
    Location, scale and shape follow from the quantiles of which shares of 0.5, 0.1 and `high` lie above:
    what few pixels are ships moves them little.
    """
    if clutter not in CLUTTERS:
        raise InputError("clutter", clutter, " or ".join(CLUTTERS))
    middle, low, top = np.quantile(sample, [1 - _MIDDLE, 1 - _LOW, 1 - high])
    if clutter == "k":
        nu = _k_order(float(top / middle), high, looks)
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
