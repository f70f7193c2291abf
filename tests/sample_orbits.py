"""Circular orbits over the turning Earth, and what their cameras see."""

from __future__ import annotations

import numpy as np

from offnadir.constants import EARTH_RATE_RAD_S, GM_EARTH_M3_S2
from offnadir.earth import Site, itrf_to_geodetic
from offnadir.epoch import Epoch, Span
from offnadir.geometry import ray_to_ellipsoid_m
from offnadir.geometry._look import orbit_frame
from offnadir.orbits import Ephemeris, fit_ephemeris
from offnadir.units import deg

EPOCH = Epoch.from_utc("2026-05-31T03:00:00Z")


def circling(
    radius_m: float, incl_rad: float, from_node_rad: float = 0.0, *, gm: float = GM_EARTH_M3_S2
) -> Ephemeris:
    """A circular orbit whose satellite is so far from its ascending node, at 0 deg east, at EPOCH."""
    rate = np.sqrt(gm / radius_m**3)
    up = np.array([0.0, np.cos(incl_rad), np.sin(incl_rad)])

    def sample(tai_ns):
        t = (np.asarray(tai_ns) - EPOCH.tai_ns) / 1e9
        u = (from_node_rad + rate * t)[:, None]
        r = radius_m * (np.cos(u) * [1.0, 0.0, 0.0] + np.sin(u) * up)
        turn = EARTH_RATE_RAD_S * t
        sin, cos = np.sin(turn), np.cos(turn)
        x, y, z = r.T
        return np.stack([cos * x + sin * y, cos * y - sin * x, z], axis=1)

    return fit_ephemeris(
        sample, Span(EPOCH + -60.0, EPOCH + 60.0), satellite="ROUND", norad_id=1, step_s=30.0
    )


def seen_at(
    ephemeris: Ephemeris, roll_rad: float, pitch_rad: float = 0.0, alt_m: float = 0.0
) -> Site:
    """The place that is seen at EPOCH with a roll and pitch."""
    at = np.array([EPOCH.tai_ns])
    r, v = ephemeris.position_itrf_m(at)[0], ephemeris.velocity_itrf_m_s(at)[0]
    sight = np.array(
        [
            np.sin(pitch_rad),
            np.cos(pitch_rad) * np.sin(roll_rad),
            np.cos(pitch_rad) * np.cos(roll_rad),
        ]
    )
    place = ray_to_ellipsoid_m(r, orbit_frame(r, v).T @ sight, alt_m)
    lat, lon, alt = (float(x) for x in itrf_to_geodetic(place))
    assert abs(lat) <= 90 * deg
    return Site(name="there", lat_rad=lat, lon_rad=lon, alt_m=round(alt, 1))
