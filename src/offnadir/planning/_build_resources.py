"""What satellites have to go round with, and contacts, in the solver's whole numbers, to the safe side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.planning._build_windows import MARGIN_MS, MS
from offnadir.planning.model import Mission, Satellite, Slew
from offnadir.planning.problem import Battery, Contacts, Spacecraft, Thermal
from offnadir.planning.slew import NADIR, SlewFunction, slew_time_s
from offnadir.planning.transitions import SlewLaw

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

_KBIT: Final = 1e3
_MJ_PER_WH: Final = 3.6e6
#: Lines of sight at which a law is tried to find its longest slew: rings of so many, and around them.
_RINGS, _AROUND = 7, 16
_FAST: Final = 1e3


def solver_law(satellite: Satellite) -> SlewLaw:
    """A satellite's slew law as the transition tables want it."""
    law = satellite.slew_law
    longest_s = _longest_s(satellite, law)
    if not isinstance(law, Slew):
        return SlewLaw(
            kind="function",
            longest_s=longest_s,
            function=lambda end, start: slew_time_s(law, end, start),
        )
    if law.law == "table":
        return SlewLaw(
            kind="euler_table",
            longest_s=longest_s,
            settling_s=law.settling_s,
            table=_from_zero(np.array(law.table)),
        )
    rate, acceleration = law.rate_rad_s, law.acceleration_rad_s2
    return SlewLaw(
        kind=law.law,
        longest_s=longest_s,
        settling_s=law.settling_s,
        rate_rad_s=(rate[0], rate[-1]),
        acceleration_rad_s2=(acceleration[0], acceleration[-1]),
    )


def _from_zero(table: Array) -> Array:
    """The first time holds below the first angle."""
    return table if table[0, 0] == 0.0 else np.vstack([[0.0, table[0, 1]], table])


def _longest_s(satellite: Satellite, law: Slew | SlewFunction) -> float:
    """At least the longest slew between any two lines of sight the satellite may have."""
    widest = satellite.max_off_nadir_rad + 1e-3
    if not isinstance(law, Slew):
        ends, starts = _pairs(widest)
        return 1.5 * float(np.max(slew_time_s(law, ends, starts))) + 1.0
    side = np.array([[0.0, math.sin(widest), math.cos(widest)]])
    other = np.array([[0.0, -math.sin(widest), math.cos(widest)]])
    if law.law == "per_axis":
        # Roll and pitch may each turn as far as from edge to edge.
        ahead, behind = side[:, [1, 0, 2]], other[:, [1, 0, 2]]
        return (
            float(max(slew_time_s(law, side, other)[0], slew_time_s(law, ahead, behind)[0])) + 1e-3
        )
    return float(slew_time_s(law, side, other)[0]) + 1e-3


def _pairs(widest_rad: float) -> tuple[Array, Array]:
    """Pairs of lines of sight all over what a satellite may look at, shape (n, 3) each."""
    off, around = np.meshgrid(
        np.linspace(0.0, widest_rad, _RINGS), np.arange(_AROUND) * (2 * math.pi / _AROUND)
    )
    los = np.stack(
        [np.sin(off) * np.cos(around), np.sin(off) * np.sin(around), np.cos(off)], axis=-1
    ).reshape(-1, 3)
    n = len(los)
    return np.repeat(los, n, axis=0), np.tile(los, (n, 1))


def attitudes(law: SlewLaw, los: Array) -> Array:
    """Attitudes as a law wants them: lines of sight, or roll and pitch."""
    if law.kind != "per_axis":
        return los
    x, y, z = los[:, 0], los[:, 1], los[:, 2]
    out = np.zeros((len(los), 3))
    out[:, 0], out[:, 1] = np.arctan2(y, z), np.arctan2(x, np.hypot(y, z))
    return out


def make_contacts(mission: Mission, contacts: Table) -> tuple[Contacts, IntArray]:
    """Contacts that can be used, and their rows in the table.

    They start early and stop late by the rounding, for they may take up more time than they do; what they
    send is rounded down. Those that an outage touches, and those over before they are set up, are left out.
    """
    zero = mission.span.start.tai_ns
    satellites = {one.elements.norad_id: i for i, one in enumerate(mission.satellites)}
    stations = {one.station.site.name: i for i, one in enumerate(mission.stations)}
    s = np.array([satellites[n] for n in contacts["norad_id"].tolist()], np.int64)
    g = np.array([stations[n] for n in contacts["site"].tolist()], np.int64)
    start, stop = contacts["start"], contacts["stop"]
    out = np.zeros(len(s), np.bool_)
    for one in mission.outages:
        hit = (g == stations[one.station]) & (start < one.stop.tai_ns) & (stop > one.start.tai_ns)
        if one.satellite is not None:
            hit &= s == [other.name for other in mission.satellites].index(one.satellite)
        out |= hit
    rate = np.array([one.downlink_bit_s for one in mission.satellites])
    setup_s = np.array([one.setup_s for one in mission.stations])
    seconds = (stop - start) / 1e9 - (setup_s[g] if len(g) else 0.0)
    volume = np.floor((rate[s] if len(s) else 0.0) * seconds / _KBIT)
    rows = np.flatnonzero(~out & (volume >= 1.0)).astype(np.int64)
    start_ms, stop_ms = (start - zero) // MS, -((zero - stop) // MS)
    rows = rows[np.argsort(start_ms[rows], kind="stable")]
    return (
        Contacts(
            satellite=s[rows],
            station=g[rows],
            start_ms=start_ms[rows],
            stop_ms=stop_ms[rows],
            max_volume_kbit=volume[rows].astype(np.int64),
        ),
        rows,
    )


def spacecraft(
    mission: Mission, satellite: Satellite, shortest_ms: int, sunlit_ms: IntArray
) -> Spacecraft:
    """The limits of one satellite. `shortest_ms` is its shortest picture."""
    span_ms = math.ceil(mission.span.duration_s * 1e3)
    duty, heat = satellite.duty, satellite.thermal
    memory = satellite.memory_bit
    return Spacecraft(
        memory_kbit=int(memory // _KBIT) if math.isfinite(memory) else None,
        duty_imaging_ms=None if duty is None else math.floor(duty.imaging_s * 1e3),
        duty_in_ms=None if duty is None else math.ceil(duty.in_s * 1e3),
        battery=_battery(satellite, span_ms, shortest_ms, sunlit_ms),
        thermal=None
        if heat is None
        else Thermal(
            heating_mk_s=math.ceil(heat.heating_k_s * 1e3),
            time_constant_ms=math.ceil(heat.time_constant_s * 1e3),
            max_rise_mk=math.floor(heat.max_rise_k * 1e3),
            initial_rise_mk=math.ceil(heat.initial_rise_k * 1e3),
        ),
    )


def _battery(
    satellite: Satellite, span_ms: int, shortest_ms: int, sunlit_ms: IntArray
) -> Battery | None:
    """The battery; laws that are not Euler's by one that is slower everywhere.

    What a law takes for no angle at all is drawn while imaging, and kept aside once; so is a slew from nadir
    for each blocked time, as the solver counts the slew behind it from the picture before.
    """
    b = satellite.battery
    if b is None:
        return None
    rate, acceleration, still_s = slower_law(satellite)
    settling_s = getattr(satellite.slew_law, "settling_s", 0.0)
    slew_mw = math.ceil(b.slew_w * 1e3)
    aside = slew_mw * still_s
    if satellite.blocked:
        law = satellite.slew_law
        edge = satellite.max_off_nadir_rad
        side = np.array(
            [[0.0, math.sin(edge), math.cos(edge)], [math.sin(edge), 0.0, math.cos(edge)]]
        )
        from_nadir_s = float(np.max(slew_time_s(law, np.array([NADIR]), side)))
        aside += slew_mw * from_nadir_s * len(satellite.blocked)
    return Battery(
        capacity_mj=math.floor(b.capacity_wh * _MJ_PER_WH),
        initial_mj=math.floor(b.start_wh * _MJ_PER_WH),
        floor_mj=min(
            math.ceil(b.floor_wh * _MJ_PER_WH + aside), math.floor(b.start_wh * _MJ_PER_WH)
        ),
        charge_mw=math.floor(b.charge_w * 1e3),
        idle_mw=math.ceil(b.idle_w * 1e3),
        imaging_mw=math.ceil(b.imaging_w * 1e3 + slew_mw * still_s * 1e3 / max(shortest_ms, 1)),
        slew_mw=slew_mw,
        downlink_mw=math.ceil(b.downlink_w * 1e3),
        settling_mw=0,
        settling_ms=math.floor(settling_s * 1e3),
        start_ms=0,
        stop_ms=span_ms,
        sunlit_ms=sunlit_ms,
        rate_rad_s=rate,
        acceleration_rad_s2=acceleration,
        first_los=NADIR,
    )


def slower_law(satellite: Satellite) -> tuple[float, float, float]:
    """Rate, acceleration and a constant [s] of an Euler law that is nowhere faster than a satellite's own.

    Without settling. For an Euler law it is that itself.
    """
    law, widest = satellite.slew_law, satellite.max_off_nadir_rad
    if not isinstance(law, Slew):
        ends, starts = _pairs(widest)
        return _FAST, _FAST, float(np.max(slew_time_s(law, ends, starts)))
    if law.law == "euler":
        return law.rate_rad_s[0], law.acceleration_rad_s2[0], 0.0
    if law.law == "per_axis":
        # Roll turns by more than the angle between the lines of sight, the more the farther pitched.
        angle = np.linspace(1e-3, 2.0 * widest, 400)
        half = np.minimum(np.sin(angle / 2.0) / math.cos(widest), 1.0)
        roll = np.minimum(2.0 * np.arcsin(half), 2.0 * widest)
        more = 1.001 * float(np.max(roll / angle))
        return min(law.rate_rad_s) / more, min(law.acceleration_rad_s2) / more, 0.0
    table = _from_zero(np.array(law.table))
    still_s = float(table[0, 1])
    beyond = (table[-1, 1] - table[-2, 1]) / (table[-1, 0] - table[-2, 0])
    slope = max(float(np.max((table[1:, 1] - still_s) / table[1:, 0])), float(beyond))
    rate = min(1.0 / slope, _FAST) if slope > 0.0 else _FAST
    return rate, rate * _FAST, still_s


def longest_ms(laws: Sequence[SlewLaw]) -> IntArray:
    """Longest slew of each satellite with its margin, for cutting chains."""
    return np.array([math.ceil(1e3 * law.longest_s) + MARGIN_MS + 1 for law in laws], np.int64)
