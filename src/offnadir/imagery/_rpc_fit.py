"""Rational polynomials fitted to any model of an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.imagery._ground import GroundModel
from offnadir.imagery._rpc import Rpc

Array = NDArray[np.float64]
#: Least span of heights [m] that a fit covers, so that its slopes along the height are of the camera.
MIN_SPAN_M = 200.0
_RIDGES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
#: An error [px] that no better ridge is looked for.
_GOOD_PX = 1e-3
#: Points to each unknown that a fit takes at least.
_SPARE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcFit:
    """A fitted model, and how far off it is where it was fitted and half-way between [px]."""

    rpc: Rpc
    rms_px: float
    max_px: float


def fit_rpc(
    model: GroundModel, height_m: tuple[float, float], *, points: tuple[int, int, int] = (17, 17, 5)
) -> RpcFit:
    """Rational polynomials that stand for `model` between two heights above the ellipsoid.

    Least squares on a lattice of `points` (lines, columns, heights) that the model locates, each equation
    over the denominator of the round before, so that it is pixels that count (Tao and Hu, A comprehensive
    study of the rational function model, PE&RS 67(12), 2001, section "direct least squares"). A ridge keeps
    the 39 unknowns of each from making up for each other; its size is what serves best between the points.
    What varies faster than a cubic, as jitter does, stays in the residual. InputError where the model sees
    too little of the ground.
    """
    low, high = height_m
    if not low <= high:
        raise InputError("height_m", height_m, "lowest and highest, in that order")
    if high - low < MIN_SPAN_M:
        low, high = (low + high - MIN_SPAN_M) / 2.0, (low + high + MIN_SPAN_M) / 2.0
    lattice = _located(model, (low, high), points, 0.0)
    between = _located(model, (low, high), points, 0.5)
    if lattice.shape[1] < 39 * _SPARE:
        raise InputError(
            "model", model.shape, f"one that sees the ground between {low:g} and {high:g} m"
        )
    east = lattice[3, 0]  # longitudes run on across 180 degrees
    for part in (lattice, between):
        part[3] = east + np.remainder(part[3] - east + np.pi, 2.0 * np.pi) - np.pi
    least, most = lattice.min(axis=1), lattice.max(axis=1)
    offs, scales = (
        (least + most) / 2.0,
        np.maximum((most - least) / 2.0, [0.5, 0.5, 1e-9, 1e-9, 1.0]),
    )
    normal = (lattice - offs[:, None]) / scales[:, None]
    terms = _terms(normal[3], normal[2], normal[4])
    check = np.hstack([lattice, between])
    best: RpcFit | None = None
    for ridge in _RIDGES:
        rows = [row for y in normal[:2] for row in _ratio(terms, y, ridge)]
        rpc = _rpc(model.shape, offs, scales, rows)
        line, column = rpc.project(check[2], check[3], check[4])
        miss = np.hypot(line - check[0], column - check[1])
        if np.isnan(miss).any():
            continue
        fit = RpcFit(rpc=rpc, rms_px=float(np.sqrt(np.mean(miss**2))), max_px=float(miss.max()))
        if best is None or fit.max_px < 0.9 * best.max_px:
            best = fit
            if best.max_px < _GOOD_PX:
                break
    if best is None:
        raise InputError("model", model.shape, "one that rational polynomials can stand for")
    return best


def _located(
    model: GroundModel, height_m: tuple[float, float], points: tuple[int, int, int], shift: float
) -> Array:
    """(5, n): line, column, latitude, longitude, height of a lattice over the image, or of its middles."""
    spans = ((0.0, model.shape[0] - 1.0), (0.0, model.shape[1] - 1.0), height_m)
    axes = []
    for (first, last), n in zip(spans, points, strict=True):
        n = max(n, 4)
        at = (np.arange(n - 1) + shift) / (n - 1) if shift else np.linspace(0.0, 1.0, n)
        axes.append(first + at * (last - first))
    line, column, alt = (axis.ravel() for axis in np.meshgrid(*axes, indexing="ij"))
    lat, lon = model.locate(line, column, alt)
    seen = np.isfinite(lat) & np.isfinite(lon)
    return np.stack([line, column, lat, lon, alt])[:, seen]


def _terms(lon: Array, lat: Array, h: Array) -> Array:
    """(n, 20) terms in the order of RPC00B."""
    return np.stack(
        [
            np.ones_like(h), lon, lat, h, lon * lat, lon * h, lat * h, lon**2, lat**2, h**2,
            lon * lat * h, lon**3, lon * lat**2, lon * h**2, lon**2 * lat, lat**3, lat * h**2,
            lon**2 * h, lat**2 * h, h**3,
        ],
        axis=1,
    )  # fmt: skip


def _ratio(terms: Array, y: Array, ridge: float) -> tuple[Array, Array]:
    """Numerator and denominator, the latter beginning with 1, whose ratio is nearest to y."""
    equations = np.hstack([terms, -y[:, None] * terms[:, 1:]])
    unknowns = equations.shape[1]
    hold = ridge * np.sqrt(len(y)) * np.eye(unknowns)
    hold[range(4), range(4)] = 0.0  # what is linear needs no holding
    weight = np.ones(len(y))
    for _ in range(3):
        left = np.vstack([equations * weight[:, None], hold])
        right = np.concatenate([y * weight, np.zeros(unknowns)])
        found, *_ = np.linalg.lstsq(left, right, rcond=None)
        numerator, denominator = found[:20], np.concatenate([[1.0], found[20:]])
        below = terms @ denominator
        if below.min() <= 0.1:
            break
        weight = 1.0 / below
    return numerator, denominator


def _rpc(shape: tuple[int, int], offs: Array, scales: Array, rows: list[Array]) -> Rpc:
    o, s = [float(x) for x in offs], [float(x) for x in scales]
    polynomials = [tuple(float(x) for x in row) for row in rows]
    return Rpc(
        shape=shape,
        line_off=o[0], column_off=o[1], lat_off_rad=o[2], lon_off_rad=o[3], height_off_m=o[4],
        line_scale=s[0], column_scale=s[1], lat_scale_rad=s[2], lon_scale_rad=s[3], height_scale_m=s[4],
        line_num=polynomials[0], line_den=polynomials[1],
        column_num=polynomials[2], column_den=polynomials[3],
    )  # fmt: skip
