"""Which strips the areas of a mission are cut into."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offnadir._table import Table
from offnadir.earth import east_north_up, itrf_to_geodetic
from offnadir.geometry import ground_speed_m_s
from offnadir.orbits import Ephemeris
from offnadir.planning._build_kept import old_strips
from offnadir.planning._strips import Strip, common_heading_rad, strips_of
from offnadir.planning.model import Mission


def make_strips(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    opportunities: Table,
    previous: Mapping[str, Any] | None,
) -> dict[int, tuple[Strip, ...]]:
    """Strips of the requests that want them, by request: along the tracks of its passes.

    As wide as the narrowest swath there is, straight down, of the satellites that pass; no longer than the
    shortest of their longest pictures. Without a pass there are none. Strips of the plan before stay.
    """
    strips: dict[int, tuple[Strip, ...]] = {}
    for r, request in enumerate(mission.requests):
        rows = np.flatnonzero(opportunities["request_index"] == r)
        if request.cover is None or not len(rows):
            continue
        headings, swath_m, length_m = list[float](), math.inf, math.inf
        for s in np.unique(opportunities["satellite_index"][rows]).tolist():
            satellite = mission.satellites[s]
            at = opportunities["best"][rows[opportunities["satellite_index"][rows] == s]]
            r_m, v_m_s = ephemerides[s].position_itrf_m(at), ephemerides[s].velocity_itrf_m_s(at)
            ahead = v_m_s @ east_north_up(request.aim.lat_rad, request.aim.lon_rad).T
            headings += np.arctan2(ahead[:, 0], ahead[:, 1]).tolist()
            height_m = float(np.min(itrf_to_geodetic(r_m)[2])) - request.aim.alt_m
            swath_m = min(swath_m, 2.0 * height_m * math.tan(satellite.sensor.fov_rad / 2.0))
            speed_m_s = float(np.min(ground_speed_m_s(r_m, v_m_s)))
            length_m = min(length_m, speed_m_s * satellite.longest_picture_s)
        cut = strips_of(
            request.rings_rad,
            request.aim,
            heading_rad=common_heading_rad(headings),
            swath_m=swath_m,
            overlap=request.cover.overlap,
            max_length_m=length_m,
        )
        strips[r] = cut if previous is None else old_strips(previous, request, cut)
    return strips
