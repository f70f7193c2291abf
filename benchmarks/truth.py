"""A dense truth for windows: SGP4 at every instant, nothing interpolated, edges bisected to a microsecond.

Written apart from `offnadir.access`: the official SGP4, ERFA's sidereal time, plain trigonometry. Looks every
5 s; between two looks it finds what stays shorter by going to the top of every near miss.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import erfa
import numpy as np
from sgp4.api import WGS72, Satrec

from offnadir.earth import EarthOrientation
from offnadir.epoch import Epoch, tai_to_utc_ns

STEP_S = 5.0
NEAR_RAD = 0.03  # a local maximum that stays this far below cannot reach zero between looks
_A, _E2 = 6_378_137.0, 0.00669437999014
_DAY_NS = 86_400 * 10**9
_JD_1970 = 2_440_587.5


@dataclass(frozen=True)
class Limits:
    """Limits in degrees; None asks for nothing. The horizon is always one."""

    min_elevation_deg: float | None = None
    max_off_nadir_deg: float | None = None
    min_sun_deg: float | None = None


class Truth:
    """One satellite over a span that begins at `start` (UTC text)."""

    def __init__(self, line1: str, line2: str, start: str, orientation: EarthOrientation) -> None:
        self.record = Satrec.twoline2rv(line1, line2, WGS72)
        self.start = Epoch.from_utc(start)
        self.orientation = orientation

    def _jd(self, ns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        days, rest = np.divmod(ns, _DAY_NS)
        return _JD_1970 + days, rest / _DAY_NS

    def satellite_m(self, t_s: np.ndarray) -> np.ndarray:
        tai = self.start.tai_ns + np.rint(t_s * 1e9).astype(np.int64)
        _, r_km, _ = self.record.sgp4_array(*self._jd(tai_to_utc_ns(tai)))
        ut1, x, y = self.orientation.at(tai)
        ut1_ns = tai + np.rint(ut1 * 1e9).astype(np.int64)
        angle = erfa.gmst82(*self._jd(ut1_ns))
        c, s = np.cos(angle), np.sin(angle)
        pef = np.stack(
            [c * r_km[:, 0] + s * r_km[:, 1], c * r_km[:, 1] - s * r_km[:, 0], r_km[:, 2]], axis=1
        )
        return np.einsum("nij,nj->ni", erfa.pom00(x, y, 0.0), pef) * 1e3

    def sun_m(self, t_s: np.ndarray) -> np.ndarray:
        """The Sun [m] every 20 s from ERFA, straight in between (good to 0.02 arcsec)."""
        knots = np.arange(math.floor(t_s.min() / 20), math.ceil(t_s.max() / 20) + 2) * 20.0
        if len(knots) > 3 * len(t_s):
            return self._sun(t_s)
        table = self._sun(knots)
        return np.stack([np.interp(t_s, knots, table[:, i]) for i in range(3)], axis=1)

    def _sun(self, t_s: np.ndarray) -> np.ndarray:
        tai = self.start.tai_ns + np.rint(t_s * 1e9).astype(np.int64)
        tt = self._jd(tai + 32_184_000_000)
        helio, _ = erfa.epv00(*tt)
        ray = -helio["p"]
        far_m = np.linalg.norm(ray, axis=1, keepdims=True) * 1.495978707e11
        ray = ray / np.linalg.norm(ray, axis=1, keepdims=True) + helio["v"] / 173.1446
        ut1, x, y = self.orientation.at(tai)
        ut1_ns = tai + np.rint(ut1 * 1e9).astype(np.int64)
        turn = erfa.c2t06a(*tt, *self._jd(ut1_ns), x, y)
        ray = np.einsum("nij,nj->ni", turn, ray)
        return ray / np.linalg.norm(ray, axis=1, keepdims=True) * far_m

    def windows(
        self, site: tuple[float, float, float], seconds: float, limits: Limits
    ) -> np.ndarray:
        """Shape (n, 3): start, stop [s], greatest margin seen [rad]; of a place (lat, lon [deg], m)."""
        if not hasattr(self, "grid"):
            self.grid = np.append(np.arange(0.0, seconds, STEP_S), seconds)
            self.grid_m = self.satellite_m(self.grid)
            self.grid_up = _vertical(self.grid_m)
            self.grid_sun = None
        if limits.min_sun_deg is not None and self.grid_sun is None:
            self.grid_sun = self.sun_m(self.grid)
        t = self.grid
        m = margin(self.grid_m, self.grid_up, self.grid_sun, site, limits)

        def at(times: np.ndarray) -> np.ndarray:
            r = self.satellite_m(times)
            sun = self._sun(times) if limits.min_sun_deg is not None else None
            return margin(r, _vertical(r), sun, site, limits)

        times, values = [t], [m]
        for sign in (1.0, -1.0):  # tops below zero, and dips above it
            v = sign * m
            top = np.flatnonzero((v[1:-1] > v[:-2]) & (v[1:-1] >= v[2:]) & (v[1:-1] < 0)) + 1
            top = top[v[top] > -NEAR_RAD]
            if len(top):
                where, what = _top(lambda x, s=sign: s * at(x), t[top - 1], t[top + 1])
                keep = what > 0
                times.append(where[keep])
                values.append(sign * what[keep])
        order = np.argsort(np.concatenate(times), kind="stable")
        t, m = np.concatenate(times)[order], np.concatenate(values)[order]
        good = m >= 0
        change = np.flatnonzero(good[1:] != good[:-1])
        edges = _edges(at, t[change], t[change + 1], good[change + 1])
        starts, stops = edges[good[change + 1]], edges[~good[change + 1]]
        if good[0]:
            starts = np.insert(starts, 0, 0.0)
        if good[-1]:
            stops = np.append(stops, seconds)
        most = [m[(t >= a) & (t <= b)].max(initial=0.0) for a, b in zip(starts, stops, strict=True)]
        return np.column_stack([starts, stops, most])


def margin(r, up, sun, site, limits: Limits) -> np.ndarray:
    """Least of all margins [rad]."""
    lat, lon, alt = np.radians(site[0]), np.radians(site[1]), site[2]
    zenith = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    n = _A / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
    place = zenith * (n + alt) - np.array([0, 0, _E2 * n * np.sin(lat)])
    ray = r - place
    length = np.linalg.norm(ray, axis=1)
    elevation = np.arcsin(np.clip(ray @ zenith / length, -1, 1))
    parts = [elevation - np.radians(limits.min_elevation_deg or 0.0)]
    if limits.max_off_nadir_deg is not None:
        cross = np.linalg.norm(np.cross(up, ray), axis=1)
        tilt = np.arctan2(cross, np.einsum("ij,ij->i", up, ray))
        parts.append(np.radians(limits.max_off_nadir_deg) - tilt)
    if limits.min_sun_deg is not None:
        far = sun - place
        sine = far @ zenith / np.linalg.norm(far, axis=1)
        parts.append(np.arcsin(sine) - np.radians(limits.min_sun_deg))
    return np.min(parts, axis=0)


def _vertical(r: np.ndarray) -> np.ndarray:
    """Geodetic up, by iterating the latitude until it stands still."""
    p = np.hypot(r[:, 0], r[:, 1])
    lat = np.arctan2(r[:, 2], p * (1 - _E2))
    for _ in range(8):
        n = _A / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
        lat = np.arctan2(r[:, 2] + _E2 * n * np.sin(lat), p)
    lon = np.arctan2(r[:, 1], r[:, 0])
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def _top(f, a, b):
    """Golden section for many maxima at once."""
    g = (math.sqrt(5) - 1) / 2
    for _ in range(36):
        c, d = b - g * (b - a), a + g * (b - a)
        left = f(c) > f(d)
        a, b = np.where(left, a, c), np.where(left, d, b)
    middle = 0.5 * (a + b)
    return middle, f(middle)


def _edges(f, a, b, rising):
    """Bisection of many sign changes at once, to under a microsecond."""
    if not len(a):
        return a
    for _ in range(24):
        middle = 0.5 * (a + b)
        inside = (f(middle) >= 0) == rising
        a, b = np.where(inside, a, middle), np.where(inside, middle, b)
    return 0.5 * (a + b)
