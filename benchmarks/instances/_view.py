"""When satellites see targets near enough to nadir, on an even grid of instants."""

from __future__ import annotations

import numpy as np

from ._common import Flags, Floats, Ints

_BLOCK = 12  # instants of the grid that a coarse look stands for


def runs_in_view(
    r_m: Floats, target_m: Floats, first: Ints, last: Ints, least: Ints, limit_deg: float
) -> Ints:
    """Longest runs of instants with a target in view, as rows (target, first instant, last instant).

    Positions r_m (n, 3) and targets (t, 3) stand in one Earth-fixed frame. In view means: the satellite is
    above the plane through the target square to its geocentric direction, and the angle at the satellite
    between target and Earth's centre is at most limit_deg. Only the instants first to last (t,) count, and
    runs of at least `least` (t,) instants. Rows come in order of target, then time.
    """
    if not len(target_m):
        return np.zeros((0, 3), np.int64)
    distance_m, radius_m = np.linalg.norm(r_m, axis=1), np.linalg.norm(target_m, axis=1)
    middle = np.minimum(np.arange(0, len(r_m) + _BLOCK // 2, _BLOCK), len(r_m) - 1)
    nearest = (r_m[middle] / distance_m[middle, None]) @ (target_m / radius_m[:, None]).T
    around = _widest_rad(distance_m, radius_m, limit_deg) + _block_rad(r_m / distance_m[:, None])
    block, target = np.nonzero(nearest >= np.cos(min(around, np.pi)))
    at = (block[:, None] * _BLOCK + np.arange(-(_BLOCK // 2), _BLOCK - _BLOCK // 2)).ravel()
    target = np.repeat(target, _BLOCK)
    asked = (at >= np.maximum(first[target], 0)) & (at <= np.minimum(last[target], len(r_m) - 1))
    at, target = at[asked], target[asked]
    seen = _seen(r_m[at], target_m[target], limit_deg)
    key = np.sort(target[seen] * (len(r_m) + 1) + at[seen])
    ends = np.flatnonzero(np.diff(key) != 1)
    begin = key[np.concatenate([[0], ends + 1])] if len(key) else key
    stop = key[np.concatenate([ends, [len(key) - 1]])] if len(key) else key
    of, begin = np.divmod(begin, len(r_m) + 1)
    runs = np.stack([of, begin, stop - of * (len(r_m) + 1)], axis=1)
    return runs[runs[:, 2] - runs[:, 1] + 1 >= least[of]]


def _seen(r_m: Floats, target_m: Floats, limit_deg: float) -> Flags:
    sight = target_m - r_m
    down = -np.einsum("ni,ni->n", sight, r_m)
    squares = np.einsum("ni,ni->n", sight, sight) * np.einsum("ni,ni->n", r_m, r_m)
    near = down >= np.cos(np.radians(limit_deg)) * np.sqrt(squares)
    return near & (np.einsum("ni,ni->n", sight, target_m) < 0.0)


def _widest_rad(distance_m: Floats, radius_m: Floats, limit_deg: float) -> float:
    """Largest angle at the Earth's centre between a satellite and a target that it can see."""
    limit = np.radians(limit_deg)
    sine = np.sin(limit) * distance_m.max() / radius_m.min()
    if sine >= 1.0 or limit_deg >= 90.0:
        return float(np.arccos(min(1.0, radius_m.min() / distance_m.max())))
    return float(np.arcsin(sine) - limit)


def _block_rad(unit: Floats) -> float:
    """Largest angle that a satellite moves between the middle of a block and its ends."""
    steps = np.linalg.norm(np.diff(unit, axis=0), axis=1)
    return float(steps.max(initial=0.0)) * _BLOCK / 2 * 1.01
