"""The slow, obvious twins of the searches for eclipses and crosslinks: rays against the ellipsoid.

Nothing is shared with the code under test but SGP4, the Earth's rotation, the Sun's place and
`ray_to_ellipsoid_m`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from offnadir.earth import EarthOrientation, rot_itrf_teme, sun_itrf_m
from offnadir.epoch import Span
from offnadir.geometry import ray_to_ellipsoid_m
from offnadir.orbits import ElementSet, propagate

SUN_M = 6.957e8
NS = 1_000_000_000


def positions_itrf_m(elements: ElementSet, tai_ns: np.ndarray) -> np.ndarray:
    r_teme_m, _, _ = propagate(elements, tai_ns)
    return np.einsum("nij,nj->ni", rot_itrf_teme(tai_ns, EarthOrientation.bundled()), r_teme_m)


def covered(r_sat_m: np.ndarray, r_sun_m: np.ndarray, points: int = 72) -> np.ndarray:
    """Share of the Sun's rim that is behind the Earth, shape (n,): rays to so many points of it."""
    sight = r_sun_m - r_sat_m
    distance = np.linalg.norm(sight, axis=1, keepdims=True)
    axis = sight / distance
    across = np.cross(axis, [0.3, -0.5, 0.8])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(axis, across)
    radius = np.arcsin(SUN_M / distance)[:, :, None]
    turn = np.linspace(0.0, 2 * np.pi, points, endpoint=False)[None, :, None]
    rim = np.cos(turn) * across[:, None] + np.sin(turn) * other[:, None]
    rays = np.cos(radius) * axis[:, None] + np.sin(radius) * rim
    hits = ray_to_ellipsoid_m(np.broadcast_to(r_sat_m[:, None], rays.shape), rays)
    return np.isfinite(hits[..., 0]).mean(axis=1)


def stretches(good: Callable[[np.ndarray], np.ndarray], span: Span, step_s: int) -> list:
    """(start, stop [TAI ns]) where `good(tai_ns)` holds: looks every `step_s`, bisects to 0.1 ms."""
    tai_ns = span.start.tai_ns + np.arange(0, int(span.duration_s) + 1, step_s) * NS

    def edge(a: int, b: int, *, rising: bool) -> int:
        while b - a > 100_000:
            middle = (a + b) // 2
            if bool(good(np.array([middle]))[0]) == rising:
                b = middle
            else:
                a = middle
        return (a + b) // 2

    seen = np.concatenate([[False], good(tai_ns), [False]])
    found = []
    for first, after in zip(
        np.flatnonzero(seen[1:] & ~seen[:-1]), np.flatnonzero(seen[:-1] & ~seen[1:]), strict=True
    ):
        start, stop = int(tai_ns[first]), int(tai_ns[after - 1])
        if first > 0:
            start = edge(int(tai_ns[first - 1]), start, rising=True)
        if after < len(tai_ns):
            stop = edge(stop, int(tai_ns[after]), rising=False)
        found.append((start, stop))
    return found


def eclipses(elements: ElementSet, span: Span, step_s: int = 20) -> tuple[list, list]:
    """Stretches with any of the Sun covered, and with all of it covered."""

    def share(tai_ns: np.ndarray) -> np.ndarray:
        sun = sun_itrf_m(tai_ns, EarthOrientation.bundled())
        # A single instant is one of the bisection's: there the rim is looked at more closely.
        points = 2000 if len(tai_ns) == 1 else 24
        return covered(positions_itrf_m(elements, tai_ns), sun, points)

    return (
        stretches(lambda tai_ns: share(tai_ns) > 0.0, span, step_s),
        stretches(lambda tai_ns: share(tai_ns) == 1.0, span, step_s),
    )


def crosslinks(
    one: ElementSet,
    two: ElementSet,
    span: Span,
    clearance_m: float,
    max_range_m: float | None = None,
    step_s: int = 10,
) -> list:
    """Stretches in which the ray from one satellite reaches the other before the Earth."""

    def far(origin: np.ndarray, ray: np.ndarray) -> np.ndarray:
        """Distance at which the ray meets the Earth; NaN if never."""
        return np.linalg.norm(ray_to_ellipsoid_m(origin, ray, clearance_m) - origin, axis=1)

    def clear(tai_ns: np.ndarray) -> np.ndarray:
        a, b = positions_itrf_m(one, tai_ns), positions_itrf_m(two, tai_ns)
        distance = np.linalg.norm(b - a, axis=1)
        los = (b - a) / distance[:, None]
        free = ~(far(a, los) < distance)
        # Both ends must be outside too: seen from far above, the ground lies beyond them.
        for end in (a, b):
            high = end * 10.0
            down = -end / np.linalg.norm(end, axis=1, keepdims=True)
            free &= far(high, down) >= 0.9 * np.linalg.norm(high, axis=1)
        if max_range_m is not None:
            free &= distance <= max_range_m
        return free

    return stretches(clear, span, step_s)
