"""How sharp a picture is, measured on a slanted edge in it: ISO 12233's method."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.units import deg

Array = NDArray[np.float64]
_BINS: Final = 4  # a pixel, as the standard has it
_LEAST_PX: Final = 20
_WIDEST_PX: Final = 40.0  # of the profile to each side: farther out there is more noise than edge
_ENDS: Final = 0.2  # of the profile, on each side: where an edge has reached its levels


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeResponse:
    """The profile of an edge, and the transfer function that follows from it.

    `across_columns` tells that the edge runs down the picture, so that this is sharpness from column to
    column (across the scan); else from line to line. `angle_rad` is how far the edge leans from that.
    Positions are pixels from the edge along its normal. `esf` goes from 0 to 1, `lsf` is its slope per
    pixel; `mtf` at `frequency_px` in cycles/pixel is 1 at 0. `rer` is how far the edge rises between -0.5
    and +0.5 pixel. `low` and `high` are the levels, `noise_low` and `noise_high` the standard deviations of
    pixels there, `position_px` the column (else line) where the edge crosses the picture's middle.
    """

    across_columns: bool
    angle_rad: float
    position_px: float
    low: float
    high: float
    noise_low: float
    noise_high: float
    esf_position_px: Array
    esf: Array
    lsf: Array
    frequency_px: Array
    mtf: Array
    rer: float

    def mtf_at(self, frequency_px: ArrayLike) -> Array:
        """MTF at frequencies in cycles/pixel, up to 2; by straight lines."""
        return np.interp(
            np.asarray(frequency_px, np.float64), self.frequency_px, self.mtf, right=np.nan
        )


def measure_edge(image: ArrayLike) -> EdgeResponse:
    """Measure a picture (rows, columns) of one straight edge, which leans by 2 to 20 deg from an axis.

    Best are 40 pixels and more on both sides: light that strays farther is not counted. The profile is
    gathered in quarters of a pixel along the normal; what their width and the differences between them
    take from the MTF is given back. Source: ISO 12233:2017, annex D, with a straight line for the edge and
    a window that is flat over its middle half. InputError if there is no such edge.
    """
    picture = np.asarray(image, np.float64)
    if picture.ndim != 2 or min(picture.shape) < _LEAST_PX or not np.all(np.isfinite(picture)):
        raise InputError(
            "image", picture.shape, f"{_LEAST_PX} by {_LEAST_PX} finite pixels at least"
        )
    rows, columns = (float(np.abs(np.diff(_smooth(picture, 1 - axis), axis=axis)).sum())
                     for axis in (0, 1))  # fmt: skip
    across_columns = columns >= rows
    if not across_columns:
        picture = picture.T
    slope, start = _edge_line(picture)
    angle = math.atan(slope)
    if not 1.0 * deg <= abs(angle) <= 30 * deg:
        raise InputError(
            "image", f"an edge at {angle / deg:.1f} deg", "one that leans by 2 to 20 deg"
        )
    middle = start + slope * (len(picture) - 1) / 2
    picture = _whole_phases(picture, slope)
    lines = np.arange(len(picture))
    distance = (np.arange(picture.shape[1]) - (start + slope * lines)[:, None]) * math.cos(angle)
    # Where all rows reach: the ends of the profile must not be made of a few rows alone.
    half = min(-float(distance[:, 0].max()), float(distance[:, -1].min()))
    if half < _LEAST_PX / 2.5:
        raise InputError(
            "image", f"an edge {half:.1f} pixels from its border", "an edge amid the picture"
        )
    return _response(picture, distance, half, across_columns, angle, middle)


def _response(
    picture: Array, distance: Array, half: float, across: bool, angle: float, position: float
) -> EdgeResponse:
    """The profile of pixels at signed distances from an edge, and its transform."""
    x, value = distance.ravel(), picture.ravel()
    reach, half = half, min(half, _WIDEST_PX)
    far = half * (1 - _ENDS)
    left, right = value[(x < -far) & (x > -reach)], value[(x > far) & (x < reach)]
    first, last = float(left.mean()), float(right.mean())
    if not abs(last - first) > 0:
        raise InputError("image", first, "an edge: both sides are alike")
    esf = (value - first) / (last - first)
    count = int(half * _BINS)
    at = (np.arange(-count, count) + 0.5) / _BINS
    place = np.floor(x * _BINS).astype(np.int64) + count
    inside = (place >= 0) & (place < 2 * count)
    number = np.bincount(place[inside], minlength=2 * count)
    total = np.bincount(place[inside], esf[inside], minlength=2 * count)
    known = number > 0
    profile = np.interp(at, at[known], total[known] / number[known])
    lsf = np.diff(profile) * _BINS
    where = (at[1:] + at[:-1]) / 2
    frequency = np.linspace(0.0, _BINS / 2, 8 * count + 1)
    frequency, mtf = _transform(where, lsf * _flat_window(where, half), frequency)
    levels = (first, left, last, right) if first < last else (last, right, first, left)
    return EdgeResponse(
        across_columns=across,
        angle_rad=angle,
        position_px=position,
        low=levels[0],
        high=levels[2],
        noise_low=float(levels[1].std()),
        noise_high=float(levels[3].std()),
        esf_position_px=at,
        esf=profile,
        lsf=lsf,
        frequency_px=frequency,
        mtf=mtf,
        rer=_height(x, esf, 0.5) - _height(x, esf, -0.5),
    )


def _edge_line(picture: Array) -> tuple[float, float]:
    """Columns by which the edge moves a row, and its column in the first row: centroids of slopes."""
    slopes = np.diff(picture, axis=1)
    if slopes.sum() < 0:
        slopes = -slopes
    column = np.arange(slopes.shape[1]) + 0.5
    row = np.arange(len(slopes), dtype=np.float64)
    middle = np.full(len(slopes), column[np.argmax(_smooth(slopes, 1).sum(axis=0))])
    line = np.zeros(2)
    for width in (slopes.shape[1] / 2.0, 16.0, 8.0, 8.0, 6.0, 6.0):
        apart = (column - middle[:, None]) / width
        weight = slopes * np.where(np.abs(apart) < 1, 0.54 + 0.46 * np.cos(np.pi * apart), 0.0)
        mass = weight.sum(axis=1)
        good = mass > 0.3 * np.median(mass)
        if good.sum() < 0.5 * len(row):
            raise InputError("image", int(good.sum()), "an edge that crosses every row")
        centre = (weight @ column)[good] / mass[good]
        line = np.polyfit(row[good], centre, 1)
        middle = np.polyval(line, row)
    return float(line[0]), float(line[1])


def _whole_phases(picture: Array, slope: float) -> Array:
    """As many rows as move the edge by whole pixels, so that each phase counts alike."""
    period = 1.0 / abs(slope)
    whole = int(len(picture) / period)
    return picture[: round(whole * period)] if whole >= 1 else picture


def _flat_window(x: Array, half: float) -> Array:
    """1 over the middle half, then half a cosine down to 0 at the ends."""
    share = np.clip((np.abs(x) / half - 0.5) / 0.5, 0.0, 1.0)
    return 0.5 + 0.5 * np.cos(np.pi * share)


def _transform(x: Array, lsf: Array, frequency: Array) -> tuple[Array, Array]:
    """Size of the Fourier transform, 1 at 0, without what quarters and differences of them took."""
    turn = np.exp(-2j * np.pi * frequency[:, None] * x)
    mtf = np.abs(turn @ lsf)
    return frequency, mtf / mtf[0] / np.sinc(frequency / _BINS) ** 2


def _height(x: Array, esf: Array, at: float) -> float:
    """The edge's height at a place: a parabola through the pixels near it."""
    near = np.abs(x - at) < 0.25
    if near.sum() < 8:
        return math.nan
    return float(np.polyfit(x[near] - at, esf[near], 2)[-1])


def _smooth(picture: Array, axis: int) -> Array:
    """Means of five neighbours along an axis, so that noise does not pass for an edge."""
    total = np.cumsum(np.insert(picture, 0, 0.0, axis=axis), axis=axis)
    return np.asarray((np.take(total, range(5, total.shape[axis]), axis)
                       - np.take(total, range(total.shape[axis] - 5), axis)) / 5.0)  # fmt: skip
