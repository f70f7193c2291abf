"""From a schedule back to the world: its pictures, evaluated at their starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from offnadir.earth import SunTable
from offnadir.orbits import Ephemeris
from offnadir.planning._build_windows import Stretches, corners_rad, look
from offnadir.planning.model import Mission
from offnadir.planning.opportunities import Pictures
from offnadir.planning.problem import Schedule

if TYPE_CHECKING:
    from offnadir.planning.build import Built


def chosen_pictures(
    mission: Mission,
    ephemerides: Sequence[Ephemeris],
    sun: SunTable,
    built: Built,
    schedule: Schedule,
) -> Pictures:
    """The pictures of a schedule, by start and satellite, evaluated exactly at their starts."""
    problem = built.problem
    o = problem.options
    option = np.repeat(schedule.option, np.diff(o.member_block)[schedule.option])
    members = o.members_of(schedule.option)
    window = o.member_window[members]
    start_ms = problem.windows.first_ms[window] + schedule.start * problem.windows.step_ms[window]
    satellite = built.window_satellite[window]
    order = np.lexsort((satellite, start_ms))
    option, window, start_ms, satellite = (
        column[order] for column in (option, window, start_ms, satellite)
    )
    nothing = np.zeros(len(order), np.int64)
    request, strip = built.window_request[window], built.window_strip[window]
    stretches = Stretches(
        satellite=satellite, request=request, opportunity=built.window_opportunity[window], strip=strip,
        view=nothing, old=nothing - 1, first_ms=start_ms, step_ms=nothing + 1, count=nothing + 1,
        duration_ms=problem.windows.duration_ms[window],
    )  # fmt: skip
    looks = look(mission, ephemerides, sun, built.strips, stretches)
    turn = np.zeros(len(order), np.int64)
    for r in np.unique(request).tolist():
        if mission.requests[r].repeat is not None:
            turn[request == r] = np.arange(np.count_nonzero(request == r))
    frozen = np.zeros(len(order), np.bool_)
    if built.kept is not None:
        k = built.kept
        old = set(
            zip(k.request[k.frozen].tolist(), k.satellite[k.frozen].tolist(), k.start_ms[k.frozen].tolist(),
                strict=True)
        )  # fmt: skip
        rows = zip(request.tolist(), satellite.tolist(), start_ms.tolist(), strict=True)
        frozen[:] = [row in old for row in rows]
    return Pictures(
        satellite=satellite, request=request, opportunity=stretches.opportunity, strip=strip, turn=turn,
        start_ms=start_ms, stop_ms=start_ms + stretches.duration_ms, coverage=looks.coverage,
        quality=looks.quality, clear_sky=looks.clear_sky, frozen=frozen, los_start=looks.los_start,
        los_stop=looks.los_stop, corners_rad=corners_rad(mission, ephemerides, built.strips, stretches),
        option=option, window=window,
    )  # fmt: skip
