"""Iteratively reweighted multivariate alteration detection, and how its statistic scatters where nothing
changed.

Formulas and sources: docs/theory/change-and-detection.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_ROUNDS, _SETTLED = 50, 1e-4
_RIDGE = 1e-6  # of a variance
_COPIES = (
    1e-5  # a direction with so small a share of the bands' variance is rounding: bands are copies
)
_ROUNDING = 2.0**-22  # of a value: what float32 and resampling leave between equal pictures
_BINS = 16
_MIDDLE, _BODY, _HIGH = (
    0.5,
    0.8,
    0.95,
)  # shares of the background by which its distribution is fitted
_AT, _OUT_OF_REACH = 1e-4, 30.0
_HEAVIEST, _LIGHTEST = 1.0, 1e6  # degrees of freedom
# The statistic is in units of what scatters, so its scale is about 1; far less is a picture and itself.
_LEAST_SCALE = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Variates:
    """Linear combinations of bands, before and after, that have the most in common where nothing changed.

    u = to_u x - origin_u and v = to_v y - origin_v have mean 0 and variance 1 there; `correlations` tells
    how alike they are. `gains` and `offsets` take a band of y to the scale of x by an orthogonal line through
    what did not change.
    """

    to_u: Array
    to_v: Array
    origin_u: Array
    origin_v: Array
    correlations: Array
    gains: Array
    offsets: Array
    unchanged: Array
    rounds: int


def mad_variates(x: Array, y: Array, *, reweight: bool = True) -> Variates:
    """Variates of samples x, y of shape (pixels, bands), after Nielsen (2007).

    Each round is a canonical correlation analysis with weights, the chance that a pixel this unlike did not
    change: the survival function of chi squared with as many degrees of freedom as there are bands.
    `unchanged` are the weights of the last round. `reweight=False` stops after the first. Bands that are
    copies of others (grey stored as colour) give no variates of their own: there are then fewer than bands.
    """
    from scipy.special import gammaincc

    bands = x.shape[1]
    weight = np.ones(len(x))
    before = np.zeros(bands)
    done = 0
    while True:
        done += 1
        total = weight.sum()
        mx, my = weight @ x / total, weight @ y / total
        dx, dy = x - mx, y - my
        sxx, syy, sxy = ((weight * p.T) @ q / total for p, q in ((dx, dx), (dy, dy), (dx, dy)))
        wx, wy = _whitening(sxx), _whitening(syy)
        left, rho, right = np.linalg.svd(wx @ sxy @ wy.T, full_matrices=False)
        to_u, to_v = left.T @ wx, right @ wy
        # Variances of u - v; what correlates wholly (an image with itself) must not divide by zero.
        variance = np.maximum(2.0 * (1.0 - rho), 1e-12)
        distance = (((dx @ to_u.T - dy @ to_v.T) ** 2) / variance).sum(axis=1)
        weight = np.asarray(gammaincc(len(rho) / 2.0, distance / 2.0))
        weight_before = before if len(before) == len(rho) else np.zeros_like(rho)
        settled = float(np.abs(rho - weight_before).max()) < _SETTLED
        before = rho
        if settled or not reweight or done >= _ROUNDS or weight.sum() < 10 * bands:
            break
    gains = np.empty(bands)
    for k in range(bands):
        total = weight.sum()
        a, b = x[:, k] - weight @ x[:, k] / total, y[:, k] - weight @ y[:, k] / total
        aa, bb, ab = (float(weight @ (p * q)) for p, q in ((a, a), (b, b), (a, b)))
        ratio = aa / bb if bb > 0 else 1.0
        # orthogonal in units in which both scatter alike: the reduced major axis, signed
        gains[k] = np.copysign(np.sqrt(ratio), ab if ab else 1.0)
    offsets = (weight @ x - gains * (weight @ y)) / weight.sum()
    return Variates(
        to_u=to_u, to_v=to_v, origin_u=to_u @ mx, origin_v=to_v @ my, correlations=rho,
        gains=gains, offsets=offsets, unchanged=weight, rounds=done,
    )  # fmt: skip


def _whitening(covariance: Array) -> Array:
    """(variates, bands): what makes bands of a covariance independent and of variance 1, without what is
    only rounding.
    """
    size = np.sqrt(np.maximum(np.diagonal(covariance), 1e-30))
    values, vectors = np.linalg.eigh(covariance / np.outer(size, size))
    good = values > _COPIES * len(values)
    good[-1] = True
    values = values[good] + _RIDGE
    whitening: Array = (vectors[:, good] / np.sqrt(values)).T / size
    return whitening


def rounding_floor(variates: Variates, x: Array, y: Array) -> Array:
    """Variance that rounding leaves between u and v, of samples (pixels, bands)."""
    sides = (
        ((_ROUNDING * transform) ** 2) @ (picture**2).mean(axis=0)
        for transform, picture in ((variates.to_u, x), (variates.to_v, y))
    )
    total: Array = sum(sides)
    return total


def noise_lines(difference: Array, gradient: Array) -> tuple[Array, Array]:
    """(floor, slope): the variance of each variate's difference is floor + slope * squared gradient.

    difference, gradient: (pixels, bands). The slope is what is left of misregistration: its variance per
    axis in pixels, and what else grows with edges. From medians in classes of the gradient, which changes
    that cover less than half of a class do not move.
    """
    many, bands = difference.shape
    floor, slope = np.empty(bands), np.empty(bands)
    for k in range(bands):
        order = np.argsort(gradient[:, k])
        classes = np.array_split(order, min(_BINS, max(many // 50, 1)))
        g = np.array([gradient[c, k].mean() for c in classes])
        # the median of a normal variable's square is 0.4549 of its variance
        variance = np.array([np.median(difference[c, k] ** 2) for c in classes]) / 0.4549
        floor[k], slope[k] = _non_negative_line(g, variance)
    return floor, slope


def _non_negative_line(x: Array, y: Array) -> tuple[float, float]:
    """Least squares in relative errors of y = a + b x with a > 0, b >= 0."""
    scale = np.maximum(y, 1e-3 * max(float(y.max()), 1e-30))
    design = np.stack([1.0 / scale, x / scale], axis=1)
    a, b = np.linalg.lstsq(design, y / scale, rcond=None)[0] if len(x) > 1 else (y[0], 0.0)
    least = 0.05 * max(float(y.min()), 1e-12)
    if b < 0.0:
        a, b = float(np.median(y)), 0.0
    if a < least:
        a = least
        b = float(np.median((y - a) / np.maximum(x, 1e-30)))
    return max(float(a), least), max(float(b), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """How the statistic scatters where nothing changed: scale * bands * F(bands, freedom).

    That is the sum of squares of `bands` variables of Student's multivariate t: normal ones whose common
    variance differs from place to place. `freedom` beyond 1e3 is as good as chi squared. `is_crowded`: so
    much differs that it follows from the calmer part of the picture, and the rate is worth little.
    """

    bands: int
    scale: float
    freedom: float
    is_crowded: bool = False

    def log10_chance(self, statistic: Array) -> Array:
        """log10 of the chance of so much or more without a change; NaN stays NaN."""
        from scipy.special import fdtrc

        f = np.asarray(statistic, np.float64) / (self.scale * self.bands)
        chance = np.asarray(fdtrc(self.bands, self.freedom, f))
        # far out the tail is a power law
        log10: Array = np.log10(np.maximum(chance, 1e-300))
        return log10

    def threshold(self, rate: float) -> float:
        """The statistic that a share `rate` of unchanged pixels exceeds."""
        return self.scale * self.bands * _f_quantile(self.bands, self.freedom, rate)


def fit_background(statistic: Array, bands: int) -> Background:
    """The background of a sample in which at most some per cent of pixels changed.

    The median and the 95th percentile give scale and freedom. A share e of changed pixels makes
    the threshold higher, never lower: errs towards fewer alarms. If it gets out of all reach, 30 times as
    high as the 80th percentile puts it, then so much changed that it would hide all of it: that one is
    used, and the background `is_crowded`.
    """
    all_of_it, body = (_fitted(statistic, bands, high) for high in (_HIGH, _BODY))
    if all_of_it.threshold(_AT) > _OUT_OF_REACH * body.threshold(_AT):
        return replace(body, is_crowded=True)
    return all_of_it


def _fitted(statistic: Array, bands: int, high: float) -> Background:
    middle, top = np.quantile(statistic, [_MIDDLE, high])
    wanted = top / max(middle, 1e-300)
    lowest, highest = np.log(_HEAVIEST), np.log(_LIGHTEST)
    for _ in range(60):
        half = 0.5 * (lowest + highest)
        at = [_f_quantile(bands, np.exp(half), 1 - share) for share in (high, _MIDDLE)]
        lowest, highest = (half, highest) if at[0] / at[1] > wanted else (lowest, half)
    freedom = float(np.exp(0.5 * (lowest + highest)))
    scale = float(middle) / (bands * _f_quantile(bands, freedom, 1 - _MIDDLE))
    return Background(bands=bands, scale=max(scale, _LEAST_SCALE), freedom=freedom)


def _f_quantile(bands: int, freedom: float, tail: float) -> float:
    """What a share `tail` of an F(bands, freedom) variable exceeds, to small tails without loss."""
    from scipy.special import betaincinv

    w = float(betaincinv(freedom / 2.0, bands / 2.0, tail))  # w = freedom / (freedom + bands F)
    return freedom * (1.0 - w) / (bands * w)
