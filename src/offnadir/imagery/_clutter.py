"""How water scatters around its mean: thresholds that a stated share of its pixels exceeds.

Formulas and sources: docs/theory/change-and-detection.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError

Array = NDArray[np.float64]
#: normal: mean and variance. pearson, lognormal: also skewness. k: radar intensities.
Clutter = Literal["normal", "pearson", "lognormal", "k"]
CLUTTERS: tuple[Clutter, ...] = ("normal", "pearson", "lognormal", "k")

_LOW, _MIDDLE = 0.1, 0.5
_NU = (0.1, 1000.0)
_SKEWS = np.linspace(0.0, 4.0, 81)
_SHAPES = np.linspace(0.0, 2.0, 81)  # of log-normal water: skewness 0 to 414
_LEAST_BEYOND = 300  # pixels by which a tail is told
_TELLING = 0.1  # shares of two tails nearer than this tell nothing


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


def lognormal_quantile(shape: float, tail: float) -> float:
    """What a share `tail` exceeds of (exp(shape z) - 1) / shape, z standard normal; shape 0 is z itself."""
    z = normal_quantile(tail)
    return math.expm1(shape * z) / shape if shape > 1e-9 else z


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

    def excess(log_x: float) -> float:
        share = float(k_tail(np.array(math.exp(log_x)), nu, looks))
        return math.log(max(share, 1e-300) / tail)

    return math.exp(_root(excess, math.log(1e-6), math.log(2e3 * (1.0 + 1.0 / nu))))


def _k_order(ratio: float, high: float, looks: float) -> float:
    """The texture's order at which the quantiles of `high` and one half have a ratio; it falls as that
    grows.
    """

    def excess(log_nu: float) -> float:
        nu = math.exp(log_nu)
        return math.log(k_quantile(nu, looks, high) / k_quantile(nu, looks, _MIDDLE) / ratio)

    return math.exp(_root(excess, *(math.log(nu) for nu in _NU)))


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function is 0, by the Illinois rule; an end if it is not between."""
    f_low, f_high = falling(low), falling(high)
    if f_low <= 0.0 or f_high >= 0.0:
        return low if f_low <= 0.0 else high
    side = 0
    for step in range(80):
        # every fourth step halves: far tails are no straight lines
        x = (
            0.5 * (low + high)
            if step % 4 == 3
            else (low * f_high - high * f_low) / (f_high - f_low)
        )
        f = falling(x)
        if abs(f) < 1e-10 or high - low < 1e-10:
            return x
        if f > 0.0:
            low, f_low = x, f
            f_high = 0.5 * f_high if side == 1 else f_high
            side = 1
        else:
            high, f_high = x, f
            f_low = 0.5 * f_low if side == -1 else f_low
            side = -1
    return 0.5 * (low + high)


def fit_threshold(
    sample: Array, clutter: Clutter, rate: float, *, high: float = 0.01, looks: float = 1.0
) -> tuple[float, float]:
    """(Threshold that a share `rate` of the background exceeds, its shape: 0, skewness, s of log-normal, nu).

    `sample` is (value - mean) / deviation around it, but value / mean for "k".
    Location, scale and shape follow from the quantiles of which shares of 0.5, 0.1 and `high` lie above:
    what few pixels are ships moves them little.
    """
    if clutter not in CLUTTERS:
        raise InputError("clutter", clutter, " or ".join(CLUTTERS))
    middle, low, top = np.quantile(sample, [1 - _MIDDLE, 1 - _LOW, 1 - high])
    if clutter == "k":
        nu = _k_order(float(top / middle), high, looks)
        return float(middle) * k_quantile(nu, looks, rate) / k_quantile(nu, looks, _MIDDLE), nu
    quantile = lognormal_quantile if clutter == "lognormal" else pearson_quantile
    shape = 0.0
    if clutter != "normal":
        shapes = _SHAPES if clutter == "lognormal" else _SKEWS
        ratios = np.array([_ratio(quantile, one, high) for one in shapes])
        shape = float(np.interp((top - middle) / (low - middle), ratios, shapes))
    at = [quantile(shape, tail) for tail in (_MIDDLE, _LOW, rate)]
    return float(middle + (low - middle) * (at[2] - at[0]) / (at[1] - at[0])), shape


def _ratio(quantile: Callable[[float, float], float], shape: float, high: float) -> float:
    m, low, top = (quantile(shape, tail) for tail in (_MIDDLE, _LOW, high))
    return (top - m) / (low - m)


@dataclass(frozen=True, slots=True, kw_only=True)
class TailCheck:
    """How a fitted tail fares where the sample can tell: at the share `rate` of pixels, of which `ratio`
    times as many lie beyond.
    """

    rate: float
    ratio: float

    @property
    def holds(self) -> bool:
        """Whether it is right to a factor of two."""
        return 0.5 <= self.ratio <= 2.0


def check_tail(
    sample: Array, clutter: Clutter, rate: float, *, high: float = 0.01, looks: float = 1.0
) -> TailCheck:
    """The fit of `fit_threshold` against the sample's own share at `rate`, or at the least at which it has
    300 pixels.

    Neighbours vary together: 300 pixels are some dozens that vary by themselves.
    """
    at = max(rate, min(_LEAST_BEYOND / len(sample), 0.5 * high))
    threshold, _ = fit_threshold(sample, clutter, at, high=high, looks=looks)
    return TailCheck(rate=at, ratio=float((sample > threshold).mean()) / at)


def choose_clutter(sample: Array, rate: float, *, high: float = 0.01) -> Clutter:
    """Pearson III or log-normal: whose tail is nearer to the sample's at the rate that it can tell.

    In doubt log-normal, whose tail is the longer: water of a skewness of 1 that follows Pearson III gets a
    threshold too high by 6 % then at 1e-6, while the other mistake doubles the false alarms.
    """
    off = {
        one: math.log(max(check_tail(sample, one, rate, high=high).ratio, 1e-3))
        for one in ("pearson", "lognormal")
    }
    apart = off["pearson"] - off["lognormal"]
    nearer = abs(off["pearson"]) < abs(off["lognormal"]) and apart > _TELLING
    return "pearson" if nearer else "lognormal"
