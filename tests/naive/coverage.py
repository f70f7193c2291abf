"""Figures of coverage the slow way: every request asked, every look thrown, every instant stepped through."""

from __future__ import annotations

import numpy as np


def next_look_s(t_s, looks, whole_s):
    """Wait of a request at t for the next of (start, stop) looks, on the ring."""
    turned = [(a + turn, b + turn) for a, b in looks for turn in (0.0, whole_s)]
    return min(max(start - t_s, 0.0) for start, stop in turned if stop >= t_s)


def clear_wait_s(t_s, looks, chances, whole_s, turns):
    """Expected wait of a request at t, each look clear with its chance, over so many turns of the ring."""
    ahead = []
    for turn in range(turns):
        for (start, stop), p in zip(looks, chances, strict=True):
            if stop + turn * whole_s >= t_s:
                ahead.append((max(start + turn * whole_s - t_s, 0.0), p))
    ahead.sort()
    total, fog = 0.0, 1.0
    for wait, p in ahead:
        total += fog * p * wait
        fog *= 1.0 - p
    return total


def still_waiting(t_s, w_s, looks, chances, whole_s):
    """Chance that a request at t has seen nothing clear after w."""
    fog = 1.0
    for turn in range(int((t_s + w_s) // whole_s) + 1):
        for (start, stop), p in zip(looks, chances, strict=True):
            if stop + turn * whole_s >= t_s and start + turn * whole_s <= t_s + w_s:
                fog *= 1.0 - p
    return fog


def age_s(t_s, pictures, whole_s):
    """Age at t of the newest of (taken, delivered) pictures that is on the ground, on the ring."""
    turned = [(a + turn * whole_s, b + turn * whole_s) for a, b in pictures for turn in (-2, -1, 0)]
    return min(t_s - taken for taken, delivered in turned if delivered <= t_s)


def in_sight(ephemeris, sites_m, up, off_nadir_rad, step_s):
    """(sites, steps) whether a satellite sees sites within an off-nadir angle, at even instants."""
    span = ephemeris.span
    t_s = np.arange(0.0, span.duration_s, step_s)
    r = ephemeris.position_itrf_m(span.start.tai_ns + np.round(t_s * 1e9).astype(np.int64))
    # geodetic nadir: the vertical of the point below, by Bowring's closed form
    a, e2 = 6378137.0, 0.0066943799901413165
    b = a * np.sqrt(1 - e2)
    p = np.hypot(r[:, 0], r[:, 1])
    beta = np.arctan2(a * r[:, 2], b * p)
    for _ in range(3):
        lat = np.arctan2(
            r[:, 2] + e2 / (1 - e2) * b * np.sin(beta) ** 3, p - e2 * a * np.cos(beta) ** 3
        )
        beta = np.arctan2((b / a) * np.sin(lat), np.cos(lat))
    lon = np.arctan2(r[:, 1], r[:, 0])
    down = -np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    seen = []
    for site, vertical in zip(sites_m, up, strict=True):
        d = site - r
        off = np.arccos(np.clip((d * down).sum(1) / np.linalg.norm(d, axis=1), -1, 1))
        seen.append((off <= off_nadir_rad) & (-(d @ vertical) >= 0))
    return t_s, np.array(seen)
