"""Constellations: Walker patterns, Sun-synchronous planes, satellites one after another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from offnadir.epoch import Epoch
from offnadir.errors import MISSING, InputError
from offnadir.orbits._design_orbit import (
    Orbit,
    altitude_to_semi_major_m,
    check_angle,
    secular_rates,
)
from offnadir.orbits._design_sun import sun_synchronous
from offnadir.orbits._secular import EARTH_TURN_RAD_S

_TURN: Final = 2.0 * math.pi
_MOST: Final = 100_000


def walker_delta(
    *,
    inclination_rad: float,
    total: int,
    planes: int,
    phasing: int,
    altitude_m: float,
    epoch: Epoch,
    raan_rad: float = 0.0,
    mean_anomaly_rad: float = 0.0,
    name: str = "walker",
) -> tuple[Orbit, ...]:
    """A Walker delta pattern i: T/P/F, planes spread evenly over 360 deg; plane by plane.

    A satellite in the next plane to the east is ahead by phasing * 360 deg / total. Satellites are called
    name-plane-slot, from 1. Walker, J. Brit. Interplanet. Soc. 37 (1984) 559. InputError where planes
    do not divide the total, or phasing is not from 0 to planes - 1.
    """
    return _walker(
        _TURN, inclination_rad, total, planes, phasing, altitude_m, epoch, raan_rad,
        mean_anomaly_rad, name,
    )  # fmt: skip


def walker_star(
    *,
    inclination_rad: float,
    total: int,
    planes: int,
    phasing: int,
    altitude_m: float,
    epoch: Epoch,
    spread_rad: float = math.pi,
    raan_rad: float = 0.0,
    mean_anomaly_rad: float = 0.0,
    name: str = "star",
) -> tuple[Orbit, ...]:
    """A Walker star pattern i: T/P/F: as the delta, but ascending nodes spread over 180 deg.

    `spread_rad` is planes times the distance between neighbours: at 180 deg that between the first and
    the last plane, which fly against each other, is the same; Iridium's planes are 31.6 deg apart, a
    spread of 189.6 deg, and 22 deg where they fly against each other.
    """
    if not 0.0 < spread_rad <= _TURN:
        wish = "above 0, up to 2 pi"
        raise InputError("spread_rad", spread_rad, wish, hint="did you forget `* deg`?")
    return _walker(
        spread_rad, inclination_rad, total, planes, phasing, altitude_m, epoch, raan_rad,
        mean_anomaly_rad, name,
    )  # fmt: skip


def _walker(
    spread_rad: float,
    inclination_rad: float,
    total: int,
    planes: int,
    phasing: int,
    altitude_m: float,
    epoch: Epoch,
    raan_rad: float,
    mean_anomaly_rad: float,
    name: str,
) -> tuple[Orbit, ...]:
    _whole("total", total, 1, _MOST)
    _whole("planes", planes, 1, total)
    if total % planes:
        wish = f"a divisor of the {total} satellites"
        raise InputError("planes", planes, wish)
    _whole("phasing", phasing, 0, planes - 1)
    semi_major_m = altitude_to_semi_major_m(altitude_m)
    check_angle("raan_rad", raan_rad)
    check_angle("mean_anomaly_rad", mean_anomaly_rad)
    per_plane = total // planes
    return tuple(
        Orbit(
            name=f"{name}-{plane + 1}-{slot + 1}",
            epoch=epoch,
            semi_major_m=semi_major_m,
            inclination_rad=inclination_rad,
            raan_rad=(raan_rad + spread_rad * plane / planes) % _TURN,
            mean_anomaly_rad=_slot_rad(mean_anomaly_rad, slot, per_plane, plane * phasing, total),
        )
        for plane in range(planes)
        for slot in range(per_plane)
    )


def _slot_rad(first_rad: float, slot: int, per_plane: int, ahead: int, total: int) -> float:
    return (first_rad + _TURN * (slot / per_plane + ahead / total)) % _TURN


def sso_planes(
    *,
    altitude_m: float,
    local_times_of_node_h: Sequence[float],
    per_plane: int,
    epoch: Epoch,
    descending: bool = False,
    phasing: int = 0,
    mean_anomaly_rad: float = 0.0,
    name: str = "SSO",
) -> tuple[Orbit, ...]:
    """Sun-synchronous planes by the MEAN local time [h] of their node, `per_plane` satellites in each.

    Satellites of one plane are spread evenly; the next plane of the list is ahead by phasing * 360 deg
    over the number of all.
    """
    planes = len(local_times_of_node_h)
    if planes == 0:
        raise InputError("local_times_of_node_h", MISSING, "at least one time, in hours")
    _whole("per_plane", per_plane, 1, _MOST // planes)
    total = planes * per_plane
    _whole("phasing", phasing, 0, total - 1)
    return tuple(
        sun_synchronous(
            altitude_m=altitude_m,
            local_time_of_node_h=hours,
            descending=descending,
            epoch=epoch,
            mean_anomaly_rad=_slot_rad(mean_anomaly_rad, slot, per_plane, plane * phasing, total),
            name=f"{name}-{plane + 1}-{slot + 1}",
        )
        for plane, hours in enumerate(local_times_of_node_h)
        for slot in range(per_plane)
    )


def string_of_pearls(
    orbit: Orbit,
    *,
    count: int,
    spacing_s: float | None = None,
    spacing_rad: float | None = None,
    same_ground_track: bool = False,
) -> tuple[Orbit, ...]:
    """Satellites one behind another: `orbit` leads, the others follow by a time or an anomaly.

    Followers are in the leader's plane; with `same_ground_track` each is in a plane of its own, as much
    further east as the Earth turns meanwhile, so that it flies over the same places. `spacing_rad` is of the
    mean argument of latitude. InputError unless just one spacing is given.
    """
    _whole("count", count, 1, _MOST)
    rates = secular_rates(orbit)
    if (spacing_s is None) == (spacing_rad is None):
        raise InputError("spacing_s", spacing_s, "given, or spacing_rad, but not both")
    if spacing_s is None:
        assert spacing_rad is not None
        check_angle("spacing_rad", spacing_rad)
        spacing_s = spacing_rad / rates.latitude_rad_s
    if not math.isfinite(spacing_s):
        raise InputError("spacing_s", spacing_s, "a number of seconds")
    turn_rad_s = EARTH_TURN_RAD_S if same_ground_track else 0.0
    return tuple(
        replace(
            orbit,
            name=f"{orbit.name}-{k + 1}",
            raan_rad=(orbit.raan_rad + k * spacing_s * (turn_rad_s - rates.raan_rad_s)) % _TURN,
            arg_perigee_rad=(orbit.arg_perigee_rad - k * spacing_s * rates.arg_perigee_rad_s)
            % _TURN,
            mean_anomaly_rad=(orbit.mean_anomaly_rad - k * spacing_s * rates.mean_anomaly_rad_s)
            % _TURN,
        )
        for k in range(count)
    )


def _whole(field: str, value: int, low: int, high: int) -> None:
    """Refuse what is no whole number within its limits."""
    if isinstance(value, bool) or value != int(value) or not low <= value <= high:
        raise InputError(field, value, f"a whole number from {low} to {high}")
