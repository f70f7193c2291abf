"""Length, width and heading of one bright object in a small picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEAST_CONTRAST = 3.0  # deviations of the water from the level half way to the hull
_CLOSED_M = 2.0  # gaps on deck that do not split a hull
_WAKE_SIGMAS = 4.0
_WAKE_SHARE = 0.02  # of the hull's contrast


@dataclass(frozen=True, slots=True, kw_only=True)
class Hull:
    """A rectangle around an object, in metres east and north of the picture's first pixel.

    `axis_rad` is the azimuth of its long side, 0 to pi; `heading_rad` the way it goes, if a wake tells.
    `contrast` is hull less water in the picture's units, `inside` the object's pixels.
    """

    east_m: float
    north_m: float
    length_m: float
    width_m: float
    axis_rad: float
    heading_rad: float | None
    contrast: float
    inside: NDArray[np.bool_]

    def corners_m(self) -> list[tuple[float, float]]:
        """(East, north) of the four corners, around."""
        s, c = math.sin(self.axis_rad), math.cos(self.axis_rad)
        corners = []
        for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
            along, across = a * self.length_m / 2, b * self.width_m / 2
            corners.append(
                (self.east_m + along * s + across * c, self.north_m + along * c - across * s)
            )
        return corners


def measure_hull(
    picture: NDArray[np.float32], rough: NDArray[np.bool_], metres: Array
) -> Hull | None:
    """The object of which `rough` pixels are a part; None if it does not stand out of this picture's noise.

    `metres` are east and north of a step down and one to the right ([[e_row, e_col], [n_row, n_col]]).
    The edge is where brightness is half way between water and hull (the edge of a blurred hull, wherever
    it is wider than the blur); the length is that of all pixels along the axis of their second moments,
    the width that which four fifths of the cross-sections keep to. Light water beyond one end is a wake,
    and that end the stern.
    """
    from scipy import ndimage

    known = np.isfinite(picture)
    filled = np.where(known, picture, 0.0)
    pixel_m = math.sqrt(abs(float(np.linalg.det(metres))))
    grown = ndimage.binary_dilation(rough, iterations=2)
    water = picture[known & ~grown]
    if water.size < 20 or not (rough & known).any():
        return None
    level = float(np.median(water))
    noise = 1.4826 * float(np.median(np.abs(water - level)))
    bright = float(np.quantile(filled[rough & known], 0.75))
    half = 0.5 * (level + bright)
    if not half - level > _LEAST_CONTRAST * noise:
        return None
    mask = known & (filled > half)
    reach = round(_CLOSED_M / pixel_m / 2)
    if reach:
        mask = ndimage.binary_closing(mask, np.ones((2 * reach + 1,) * 2))
    labels, many = ndimage.label(ndimage.binary_fill_holes(mask), np.ones((3, 3)))
    touched = np.bincount(labels[rough], minlength=many + 1)
    touched[0] = 0
    if not touched.any():
        return None
    inside = labels == int(np.argmax(touched))
    row, column = np.nonzero(inside)
    east = metres[0, 0] * row + metres[0, 1] * column
    north = metres[1, 0] * row + metres[1, 1] * column
    middle = np.array([east.mean(), north.mean()])
    if len(row) > 1:
        values, vectors = np.linalg.eigh(np.cov(np.stack([east, north]), bias=True))
        axis = vectors[:, int(np.argmax(values))]
    else:
        axis = np.array([0.0, 1.0])
    along = (east - middle[0]) * axis[0] + (north - middle[1]) * axis[1]
    across = (east - middle[0]) * axis[1] - (north - middle[1]) * axis[0]
    low, high = float(along.min()), float(along.max())
    length = high - low + pixel_m
    width = min(_width(along, pixel_m), length)
    shift = 0.5 * (low + high)
    offset = 0.5 * float(across.min() + across.max())
    e0 = float(middle[0] + shift * axis[0] + offset * axis[1])
    n0 = float(middle[1] + shift * axis[1] - offset * axis[0])
    azimuth = math.atan2(axis[0], axis[1]) % math.pi
    contrast = float(np.median(filled[inside])) - level
    hull = Hull(
        east_m=e0, north_m=n0, length_m=length, width_m=width, axis_rad=azimuth, heading_rad=None,
        contrast=contrast, inside=inside,
    )  # fmt: skip
    return _headed(hull, picture, metres, noise)


def _width(along: Array, pixel_m: float) -> float:
    """The width that four fifths of the cross-sections do not exceed: pixels in bins along the axis."""
    bins = np.floor((along - along.min()) / (2.0 * pixel_m)).astype(np.int64)
    counts = np.bincount(bins)
    counts = counts[:-1] if len(counts) > 2 else counts  # the last may be a broken one
    return max(float(np.quantile(counts, 0.8)) / 2.0, 1.0) * pixel_m


def _headed(hull: Hull, picture: NDArray[np.float32], metres: Array, noise: float) -> Hull:
    """The same with a heading, if the water beyond one end is lighter than beyond the other."""
    row, column = np.indices(picture.shape)
    e = metres[0, 0] * row + metres[0, 1] * column - hull.east_m
    n = metres[1, 0] * row + metres[1, 1] * column - hull.north_m
    s, c = math.sin(hull.axis_rad), math.cos(hull.axis_rad)
    along, across = e * s + n * c, e * c - n * s
    gap = 0.5 * hull.length_m + max(0.1 * hull.length_m, 2.0 * np.sqrt(abs(np.linalg.det(metres))))
    beside = (np.abs(across) <= 0.6 * hull.width_m) & np.isfinite(picture) & ~hull.inside
    ends = [
        beside & (sign * along > gap) & (sign * along < gap + hull.length_m) for sign in (1, -1)
    ]
    if min(end.sum() for end in ends) < 4:
        return hull
    ahead, astern = (float(picture[end].mean()) for end in ends)
    # neighbours vary together: a quarter of the pixels are taken as independent
    doubt = noise * math.sqrt(sum(4.0 / end.sum() for end in ends))
    difference = astern - ahead
    if abs(difference) < max(_WAKE_SIGMAS * doubt, _WAKE_SHARE * hull.contrast):
        return hull
    heading = hull.axis_rad if difference > 0 else hull.axis_rad + math.pi
    return Hull(
        east_m=hull.east_m, north_m=hull.north_m, length_m=hull.length_m, width_m=hull.width_m,
        axis_rad=hull.axis_rad, heading_rad=heading, contrast=hull.contrast, inside=hull.inside,
    )  # fmt: skip
