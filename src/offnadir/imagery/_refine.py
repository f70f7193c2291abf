"""Models of an image corrected by ground control."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError
from offnadir.imagery._ground import GroundModel
from offnadir.imagery._rpc import Rpc

Array = NDArray[np.float64]
#: Pixels that an outlier is never nearer than.
_CLOSE_PX = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedModel:
    """A GroundModel whose line and column are moved by a straight-line rule in the image.

    With (l, c) what `model` says, counted from `centre`, the line is l + a + b l + d c; `line` is (a, b, d),
    and `column` likewise.
    """

    model: GroundModel
    centre: tuple[float, float]
    line: tuple[float, float, float]
    column: tuple[float, float, float]

    @property
    def shape(self) -> tuple[int, int]:
        """Lines and columns."""
        return self.model.shape

    def locate(self, line: ArrayLike, column: ArrayLike, alt_m: ArrayLike) -> tuple[Array, Array]:
        """Latitude and longitude [rad] of what a pixel sees at a height."""
        (a, b, d), (e, f, g) = self.line, self.column
        down = np.asarray(line, np.float64) - self.centre[0] - a
        across = np.asarray(column, np.float64) - self.centre[1] - e
        det = (1.0 + b) * (1.0 + g) - d * f
        return self.model.locate(
            ((1.0 + g) * down - d * across) / det + self.centre[0],
            ((1.0 + b) * across - f * down) / det + self.centre[1],
            alt_m,
        )

    def project(
        self, lat_rad: ArrayLike, lon_rad: ArrayLike, alt_m: ArrayLike
    ) -> tuple[Array, Array]:
        """Line and column that see a place."""
        line, column = self.model.project(lat_rad, lon_rad, alt_m)
        down, across = line - self.centre[0], column - self.centre[1]
        (a, b, d), (e, f, g) = self.line, self.column
        return line + a + b * down + d * across, column + e + f * down + g * across


@dataclass(frozen=True, slots=True, kw_only=True)
class Refinement:
    """A model that fits ground control, and what is left: (points, 2) pixels in line and column.

    `used` tells the points that it rests on; the others lie too far off to be believed.
    """

    model: GroundModel
    residual_px: Array
    used: NDArray[np.bool_]
    rms_px: float


def refine(
    model: GroundModel,
    line: ArrayLike,
    column: ArrayLike,
    lat_rad: ArrayLike,
    lon_rad: ArrayLike,
    alt_m: ArrayLike,
    *,
    kind: Literal["shift", "affine"] = "shift",
) -> Refinement:
    """Correct a model by points that are known in the image and on the ground (arrays of one length).

    A shift (one point or more) takes away what attitude and orbit are off; the affine rule (four points or
    more, well spread) takes drift and scale as well (Fraser and Hanley, Bias compensation in rational
    functions for Ikonos satellite imagery, PE&RS 69(1), 2003). Points farther off than 3.5 times the robust
    spread of all (1.4826 times the median), and than half a pixel, are left out, in rounds until none goes or
    comes; that begins with the least median of squares, so that blunders may be nearly half of all.
    An Rpc that is shifted stays an Rpc; else make one of the result with `fit_rpc`.
    """
    seen = np.stack([np.ravel(np.asarray(v, np.float64)) for v in (line, column)], axis=1)
    where = [np.ravel(np.asarray(value, np.float64)) for value in (lat_rad, lon_rad, alt_m)]
    wanted = {"shift": 1, "affine": 4}
    if kind not in wanted:
        raise InputError("kind", kind, "shift or affine")
    said = np.stack(model.project(*where), axis=1)
    usable: NDArray[np.bool_] = np.all(np.isfinite(np.hstack([seen, said])), axis=1)
    centre = ((model.shape[0] - 1) / 2.0, (model.shape[1] - 1) / 2.0)
    offs = said - centre
    design = (
        np.column_stack([np.ones(len(seen)), offs]) if kind == "affine" else np.ones((len(seen), 1))
    )
    miss = seen - said
    used = _start(design, miss, usable)
    for _ in range(20):
        if used.sum() < wanted[kind] or np.linalg.matrix_rank(design[used]) < design.shape[1]:
            raise InputError(
                "control points", int(used.sum()), f"{wanted[kind]} or more, spread, for {kind}"
            )
        rule, *_ = np.linalg.lstsq(design[used], miss[used], rcond=None)
        residual = miss - design @ rule
        before, used = used, _near(residual, usable)
        if (before == used).all():
            break
    used = before
    full = np.zeros((3, 2))
    full[: len(rule)] = rule
    moved: GroundModel
    if kind == "shift" and isinstance(model, Rpc):
        moved = replace(
            model,
            line_off=model.line_off + float(full[0, 0]),
            column_off=model.column_off + float(full[0, 1]),
        )
    else:
        a, b = ((float(x), float(y), float(z)) for x, y, z in full.T)
        moved = CorrectedModel(model=model, centre=centre, line=a, column=b)
    rms = float(np.sqrt(np.mean(np.sum(residual[used] ** 2, axis=1))))
    return Refinement(model=moved, residual_px=residual, used=used, rms_px=rms)


def _start(design: Array, miss: Array, usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Points near the rule, of some through as few points as fix it, that half of all points are nearest to.

    Least median of squares: up to half of the points may be blunders. Which are tried is the same each time.
    """
    at, few = np.flatnonzero(usable), design.shape[1]
    if len(at) <= few:
        return usable
    random = np.random.Generator(np.random.Philox(len(at)))
    best, near = np.inf, usable
    for _ in range(300):
        some = random.choice(at, few, replace=False)
        if abs(np.linalg.det(design[some])) < 1e-9:
            continue
        residual = miss - design @ np.linalg.solve(design[some], miss[some])
        median = float(np.median(np.hypot(*residual[at].T)))
        if median < best:
            best, near = median, _near(residual, usable)
    return near


def _near(residual: Array, usable: NDArray[np.bool_]) -> NDArray[np.bool_]:
    size = np.hypot(residual[:, 0], residual[:, 1])
    limit = max(3.5 * 1.4826 * float(np.median(size[usable])), _CLOSE_PX)
    near: NDArray[np.bool_] = usable & (np.where(usable, size, np.inf) <= limit)
    return near
