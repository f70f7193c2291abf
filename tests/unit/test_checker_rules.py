"""The checker's rules for missions with more to say: each is kept with no slack at all, and then broken.

What is expected is worked out here by hand, with the geometry of `offnadir.geometry` where angles are
needed: the checker may use none of it.
"""

from __future__ import annotations

import copy
import json
import math
from importlib.resources import files
from itertools import pairwise

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from hand_plan import (
    ELEMENTS,
    NIIRS,
    NS,
    OMM,
    ORIENTATION,
    PLACES,
    SPAN,
    Plan,
    add_up,
    assemble,
    closest_ns,
    damage,
    hand_parts,
    hand_plan,
    later,
    look,
    of,
    only,
    picture,
    position_m,
    rich_plan,
    rounded,
    tai,
    turn_s,
    violations,
)
from offnadir.access.illumination import find_eclipses
from offnadir.constants import WGS84_A_M
from offnadir.earth import geodetic_to_itrf_m, rot_itrf_teme, sun_itrf_m
from offnadir.epoch import Epoch, Span
from offnadir.orbits import make_ephemeris, propagate
from offnadir.planning import _checker_limits as limits
from offnadir.planning import _checker_power as power
from offnadir.planning import _checker_slew as slewing
from offnadir.planning._checker_model import Slew
from offnadir.planning.checker import check_plan
from offnadir.units import deg
from sample_plan import sample_plan

K3A = "KOMPSAT-3A"
NADIR = np.array([0.0, 0.0, 1.0])


@pytest.fixture
def plan() -> Plan:
    return hand_plan()


def los(plan: Plan, name: str, end: str) -> np.ndarray:
    """Line of sight of a picture at its "start" or "stop", by the package's geometry."""
    c = of(plan, name)
    return look(c["satellite"], PLACES[c["request"]], tai(c[end])).los_orbit


def seconds(earlier: str, afterwards: str) -> float:
    return (tai(afterwards) - tai(earlier)) / NS


def gap_s(plan: Plan, first: str, second: str) -> float:
    return seconds(of(plan, first)["stop"], of(plan, second)["start"])


# --- slews -----------------------------------------------------------------------------------------


def roll_pitch_deg(direction: np.ndarray) -> tuple[float, float]:
    x, y, z = direction
    return math.atan2(y, z) / deg, math.atan2(x, math.hypot(y, z)) / deg


def rest_to_rest_s(angle_deg: float, rate: float, acceleration: float) -> float:
    if angle_deg < rate**2 / acceleration:
        return 2 * math.sqrt(angle_deg / acceleration)
    return angle_deg / rate + rate / acceleration


def test_turning_per_axis_takes_as_long_as_the_slower_axis(plan: Plan) -> None:
    a, b = los(plan, "C0002", "stop"), los(plan, "C0003", "start")
    (roll_a, pitch_a), (roll_b, pitch_b) = roll_pitch_deg(a), roll_pitch_deg(b)
    need = max(
        rest_to_rest_s(abs(roll_b - roll_a), 2.0, 1.0),
        rest_to_rest_s(abs(pitch_b - pitch_a), 4.0, 2.0),
    )
    law = {"law": "per_axis", "rate_deg_s": [2.0, 4.0], "acceleration_deg_s2": [1.0, 2.0]}
    law["settling_s"] = gap_s(plan, "C0002", "C0003") - need
    of(plan, K3A)["slew"] = law
    assert violations(plan) == {}
    law["settling_s"] += 1.0
    only(plan, "slew", "C0002 and C0003 of KOMPSAT-3A:", "settling takes", "1.000 s more")


def test_turning_by_a_table_runs_straight_between_its_rows(plan: Plan) -> None:
    a, b = los(plan, "C0002", "stop"), los(plan, "C0003", "start")
    angle, have = math.acos(a @ b) / deg, gap_s(plan, "C0002", "C0003")
    # Half way between two rows, so that half of what a row changes is what the time does.
    table = [[0.0, 1.0], [angle - 2.0, have - 1.0], [angle + 2.0, have + 1.0]]
    of(plan, K3A)["slew"] = {"law": "table", "table": table}
    others = violations(plan).get("slew", ())
    assert not any("C0002 and C0003" in text for text in others)
    table[1][1] += 1.0
    table[2][1] += 1.0
    told = violations(plan)["slew"]
    assert any("C0002 and C0003" in text and "1.000 s more" in text for text in told)


def test_beyond_a_table_its_last_piece_runs_on_and_below_it_the_first_time_holds() -> None:
    law = Slew(law="table", table=np.array([[10 * deg, 5.0], [20 * deg, 7.0], [40 * deg, 17.0]]))
    found = []
    for angle in (0.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0):
        away = np.array([0.0, math.sin(angle * deg), math.cos(angle * deg)])
        found.append(slewing.turn_s(law, NADIR, away))
    assert_allclose(found, [5.0, 5.0, 6.0, 7.0, 12.0, 17.0, 22.0], atol=1e-9)


def test_an_euler_law_may_state_its_own_figures_or_leave_them_to_the_sensor(plan: Plan) -> None:
    satellite = of(plan, K3A)
    satellite["slew"] = {"law": "euler"}
    assert violations(plan) == {}
    satellite["slew"] = {"law": "euler", "rate_deg_s": [0.5], "acceleration_deg_s2": [1.0]}
    only(plan, "slew", "C0002 and C0003")
    del satellite["slew"]["acceleration_deg_s2"]
    assert "slew.acceleration_deg_s2" in violations(plan)["schema"][0]


def test_a_function_of_the_planner_is_not_checked_and_that_is_told(plan: Plan) -> None:
    of(plan, K3A)["slew"] = {"law": "function"}
    of(plan, K3A)["agility"]["rate_deg_s"] = 0.01
    result = check_plan(plan)
    assert result.passed
    told = "slew: KOMPSAT-3A turns by a function of the planner's own, which is not in the plan"
    assert result.unchecked == (f"{told} (3 times)",)


def test_even_with_a_function_there_is_one_picture_at_a_time() -> None:
    pictures, contacts = copy.deepcopy(hand_parts())
    pictures[1] = picture("C0002", "Osaka", K3A, tai(pictures[2]["start"]) - NS)
    plan = assemble(pictures, contacts)
    of(plan, K3A)["slew"] = {"law": "function"}
    told = violations(plan)["slew"]
    assert told == ("C0002 and C0003 of KOMPSAT-3A: -1.000 s apart, which is both at once",)


@pytest.mark.parametrize(
    ("law", "where"),
    [
        ({"law": "magic"}, "slew.law"),
        ({"law": "per_axis", "rate_deg_s": 1.0, "acceleration_deg_s2": [1, 1]}, "slew.rate_deg_s"),
        ({"law": "per_axis", "rate_deg_s": [1, 0], "acceleration_deg_s2": [1, 1]}, "slew.rate_deg_s[1]"),
        ({"law": "table", "table": [[0, 5]]}, "slew.table"),
        ({"law": "table", "table": [[10, 5], [5, 6]]}, "slew.table[1]"),
        ({"law": "table", "table": [[0, 5], [5, 4]]}, "slew.table[1]"),
        ({"law": "euler", "settling_s": -1}, "slew.settling_s"),
    ],
)  # fmt: skip
def test_a_law_that_makes_no_sense_is_no_plan(plan: Plan, law: Plan, where: str) -> None:
    plan["satellites"][0]["slew"] = law
    told = violations(plan)["schema"]
    assert told[0].startswith(f"satellites[0].{where} = ")


# --- blocked times and uplinks ---------------------------------------------------------------------


def test_a_blocked_time_leaves_time_to_turn_from_nadir(plan: Plan) -> None:
    start = of(plan, "C0002")["start"]
    need = turn_s(NADIR, los(plan, "C0002", "start"))  # 3 deg/s, 1 deg/s2 and 2 s to settle
    block = {
        "start": later(start, -need - 100.0),
        "stop": later(start, -need),
        "why": "calibration",
    }
    of(plan, K3A)["blocked"] = [block]
    assert violations(plan) == {}
    block["stop"] = later(block["stop"], 1.0)
    only(plan, "slew", f"blocked {block['start']} to {block['stop']} (calibration) and C0002 of",
         "1.000 s more")  # fmt: skip


def test_a_blocked_time_leaves_time_to_turn_to_nadir(plan: Plan) -> None:
    stop = of(plan, "C0005")["stop"]
    need = turn_s(los(plan, "C0005", "stop"), NADIR)
    block = {"start": later(stop, need), "stop": later(stop, need + 60.0), "why": ""}
    of(plan, K3A)["blocked"] = [block]
    assert violations(plan) == {}
    block["start"] = later(block["start"], -1.0)
    only(plan, "slew", "C0005 and blocked", "1.000 s more")


def test_no_picture_lies_in_a_blocked_time_even_behind_another(plan: Plan) -> None:
    c = of(plan, "C0005")
    of(plan, K3A)["blocked"] = [
        {
            "start": later(c["start"], -500.0),
            "stop": later(c["start"], 1.5),
            "why": "downlink test",
        },
        {"start": later(c["start"], -400.0), "stop": later(c["start"], -300.0)},
    ]
    told = violations(plan)["slew"]
    assert any(
        text.startswith("C0005: for 1.500 s in a time in which KOMPSAT-3A is blocked")
        for text in told
    )


def test_no_picture_before_the_next_uplink_unless_it_is_frozen(plan: Plan) -> None:
    c = of(plan, "C0002")
    of(plan, K3A)["next_uplink"] = c["start"]
    assert violations(plan) == {}
    of(plan, K3A)["next_uplink"] = later(c["start"], 1.0)
    only(
        plan, "uplink", f"C0002: starts {c['start']}, 1.000 s before the next uplink", "not frozen"
    )
    c["frozen"] = True
    result = check_plan(plan)
    assert result.passed
    assert result.unchecked == (
        "uplink: whether frozen pictures stand in the plan before, which was not given",
    )


def test_frozen_pictures_stand_in_the_plan_before(plan: Plan) -> None:
    before = hand_plan()
    of(plan, K3A)["next_uplink"] = later(of(plan, "C0002")["start"], 1.0)
    of(plan, "C0002")["frozen"] = True
    result = check_plan(plan, previous=before)
    assert result.passed
    assert result.unchecked == ()
    before["collections"][1]["start"] = later(before["collections"][1]["start"], -1.0)
    told = next(r.violations for r in check_plan(plan, previous=before).rules if r.id == "uplink")
    assert [text.split(",")[0] for text in told] == [
        "C0002: frozen", f"KOMPSAT-3A was to take 'Osaka' at {before['collections'][1]['start']} by "
        "the plan before; no uplink could change that before "
        f"{of(plan, K3A)['next_uplink']}",
    ]  # fmt: skip
    assert "the plan before: span" in check_plan(plan, previous={}).rules[0].violations[1]


# --- orbits, duty, longest picture -----------------------------------------------------------------


@pytest.mark.parametrize("name", list(OMM))
def test_the_nodal_period_is_that_of_sgp4(name: str) -> None:
    """Ten turns from ascending node to ascending node, found in SGP4's own positions."""
    t = ELEMENTS[name].epoch.tai_ns + np.arange(0, 70_000 * NS, 10 * NS, dtype=np.int64)
    r, _, _ = propagate(ELEMENTS[name], t)
    up = np.flatnonzero((r[:-1, 2] < 0) & (r[1:, 2] >= 0))
    part = r[up, 2] / (r[up, 2] - r[up + 1, 2])
    nodes_s = (t[up] - t[0]) / NS + 10.0 * part
    assert_allclose(
        limits.nodal_period_s(ELEMENTS[name]), (nodes_s[10] - nodes_s[0]) / 10, atol=0.2
    )


def test_pictures_in_an_orbit(plan: Plan) -> None:
    """Orbits are counted from the span's start: it is set so that C0004 is the first of orbit 5."""
    period = round(limits.nodal_period_s(ELEMENTS[K3A]), 3)
    satellite = of(plan, K3A)
    satellite |= {"orbit_period_s": period, "max_pictures_per_orbit": 2}
    first = of(plan, "C0004")["start"]
    plan["span"]["start"] = later(first, -5 * period - 1e-6)
    assert violations(plan) == {}
    plan["span"]["start"] = later(first, -5 * period + 1.0)
    only(plan, "orbit_limits", "KOMPSAT-3A: orbit 4", "3 pictures (C0002, C0003, C0004), at most 2")


def test_an_orbit_that_is_not_that_of_the_elements(plan: Plan) -> None:
    of(plan, K3A)["orbit_period_s"] = limits.nodal_period_s(ELEMENTS[K3A]) * 1.002
    only(plan, "orbit_limits", "KOMPSAT-3A: orbit_period_s", "recomputed")


def test_imaging_in_an_orbit(plan: Plan) -> None:
    of(plan, K3A)["imaging_s_per_orbit"] = 8.0  # four pictures of 2 s in orbit 4
    assert violations(plan) == {}
    of(plan, K3A)["imaging_s_per_orbit"] = 7.0
    only(plan, "orbit_limits", "orbit 4", "8.000 s of pictures, at most 7.000 s")


def test_a_picture_longer_than_the_satellite_may_take(plan: Plan) -> None:
    of(plan, K3A)["max_duration_s"] = 2.0
    assert violations(plan) == {}
    of(plan, K3A)["max_duration_s"] = 1.0
    only(plan, "orbit_limits", "C0002: lasts 2.000 s, KOMPSAT-3A may take pictures of 1.000 s")


def test_duty_in_any_stretch_of_time(plan: Plan) -> None:
    whole = seconds(of(plan, "C0002")["start"], of(plan, "C0005")["stop"])
    duty = {"imaging_s": 8.0, "in_s": whole}
    of(plan, K3A)["duty"] = duty
    assert violations(plan) == {}
    duty |= {"imaging_s": 7.0, "in_s": whole - 1.0}  # a second of one picture is left out
    assert violations(plan) == {}
    duty["in_s"] = whole
    only(plan, "duty", "C0002 of KOMPSAT-3A: 8.000 s of pictures in", "from its start on, at most 7.000 s",
         "C0005 of KOMPSAT-3A: 8.000 s of pictures in", "to its stop")  # fmt: skip


# --- battery and heat ------------------------------------------------------------------------------

BATTERY: Plan = {"capacity_wh": 1000.0, "charge_w": 0.0, "idle_w": 0.0, "imaging_w": 0.0}


def drained_by(plan: Plan, **loads: float) -> Plan:
    cell = {**BATTERY, **loads}
    of(plan, K3A)["battery"] = cell
    return cell


def keeps_exactly(plan: Plan, cell: Plan, drained_wh: float) -> None:
    """The battery lasts if it may lose that much, and not if it may lose a watt hour less."""
    cell["max_depth_of_discharge"] = drained_wh / 1000.0
    assert violations(plan) == {}
    cell["max_depth_of_discharge"] = (drained_wh - 1.0) / 1000.0
    least = 1001.0 - drained_wh
    only(plan, "battery", "KOMPSAT-3A:", "1.000 Wh below the least", f"{least:.3f} Wh")


def test_what_is_drawn_at_all_times(plan: Plan) -> None:
    keeps_exactly(plan, drained_by(plan, idle_w=10.0), 120.0)  # twelve hours


def test_what_pictures_draw(plan: Plan) -> None:
    keeps_exactly(plan, drained_by(plan, imaging_w=9000.0), 20.0)  # four of 2 s


def test_what_contacts_draw(plan: Plan) -> None:
    used = sum(seconds(of(plan, k)["start"], of(plan, k)["stop"]) for k in ("K002", "K003"))
    keeps_exactly(plan, drained_by(plan, downlink_w=100.0), used / 36.0)


def test_what_slews_draw(plan: Plan) -> None:
    """From nadir to the first, and then from each to the next; settling draws nothing."""
    way = [NADIR]
    for name in ("C0002", "C0003", "C0004", "C0005"):
        way += [los(plan, name, "start"), los(plan, name, "stop")]
    turning = sum(turn_s(a, b) - 2.0 for a, b in zip(way[::2], way[1::2], strict=False))
    keeps_exactly(plan, drained_by(plan, slew_w=1000.0), turning / 3.6)


def test_after_a_blocked_time_it_turns_from_nadir(plan: Plan) -> None:
    middle = later(of(plan, "C0004")["stop"], gap_s(plan, "C0004", "C0005") / 2)
    of(plan, K3A)["blocked"] = [{"start": middle, "stop": later(middle, 1.0), "why": "test"}]
    way = [(NADIR, "C0002"), ("C0002", "C0003"), ("C0003", "C0004"), (NADIR, "C0005")]
    turning = 0.0
    for one, to in way:
        start = los(plan, one, "stop") if isinstance(one, str) else one
        turning += turn_s(start, los(plan, to, "start")) - 2.0
    keeps_exactly(plan, drained_by(plan, slew_w=1000.0), turning / 3.6)


def test_it_starts_with_what_it_has(plan: Plan) -> None:
    cell = drained_by(plan, idle_w=10.0, initial_wh=820.0)
    cell["max_depth_of_discharge"] = 0.3
    assert violations(plan) == {}
    cell["initial_wh"] = 819.0
    only(
        plan, "battery", "1.000 Wh below the least, 700.000 Wh (depth of discharge 0.3 of 1000 Wh)"
    )


def naive_levels(cell: Plan, plan: Plan) -> np.ndarray:
    """The level of each whole second, sunlight by the half-space behind the Earth and a cylinder in it."""
    t = tai(SPAN[0]) + np.arange(0, 12 * 3600 + 1, dtype=np.int64) * NS
    r = position_m(K3A, t)
    sun = sun_itrf_m(t, ORIENTATION)
    sun = sun / np.linalg.norm(sun, axis=1)[:, None]
    along = np.sum(r * sun, axis=1)
    dark = (along < 0) & (np.linalg.norm(r - along[:, None] * sun, axis=1) < WGS84_A_M)
    level, levels = cell["capacity_wh"], []
    for is_dark in dark:
        levels.append(level)
        watt = (0.0 if is_dark else cell["charge_w"]) - cell["idle_w"]
        level = min(level + watt / 3600.0, cell["capacity_wh"])
    return np.array(levels)


def test_sunlight_fills_it_and_it_is_never_more_than_full(plan: Plan) -> None:
    """Against a simulation second by second: four seconds of each eclipse at 300 W are 0.3 Wh."""
    cell = drained_by(plan, charge_w=600.0, idle_w=300.0)
    lowest = float(np.min(naive_levels(cell, plan)))
    assert 700.0 < lowest < 900.0
    cell["max_depth_of_discharge"] = (1000.0 - lowest + 0.4) / 1000.0
    assert violations(plan) == {}
    cell["max_depth_of_discharge"] = (1000.0 - lowest - 0.9) / 1000.0
    only(plan, "battery", "Wh below the least")


def test_the_stated_curve_of_a_battery_is_that_of_the_simulation(plan: Plan) -> None:
    drained_by(plan, idle_w=10.0)
    points = [[SPAN[0], 1000.0], [SPAN[1], 880.0]]
    plan["battery"] = [{"satellite": K3A, "capacity_wh": 1000.0, "points": points}]
    assert violations(plan) == {}
    points[1][1] = 881.0
    only(
        plan, "battery", f"KOMPSAT-3A: battery curve at {SPAN[1]} is 881.0000, recomputed 880.0000"
    )
    plan["battery"] = []
    only(plan, "battery", "KOMPSAT-3A: 0 battery curves, must be one")


def test_sunlight_is_that_of_the_shadow_formula() -> None:
    """Eclipse of a circular orbit: acos(sqrt(h2 + 2Rh) / ((R + h) cos beta)) / pi of a turn.

    Wertz, Space Mission Engineering (2011), section 9.4, for the orbit of Pleiades, which is round to 1 km.
    """
    one, start = ELEMENTS["PLEIADES 1A"], tai(SPAN[0])
    lit = power.sunlit(one, start, start + 12 * 3600 * NS, ORIENTATION)
    assert lit is not None
    dark_s = [(b[0] - a[1]) / NS for a, b in pairwise(lit)]
    t_ns = start + np.arange(0, 12 * 3600 * NS, 60 * NS)
    r, v, _ = propagate(one, t_ns)
    normal = np.cross(r, v)
    sun = np.einsum("nij,ni->nj", rot_itrf_teme(t_ns, ORIENTATION), sun_itrf_m(t_ns, ORIENTATION))
    size = np.linalg.norm(normal, axis=1) * np.linalg.norm(sun, axis=1)
    beta = np.mean(np.arcsin(np.sum(normal * sun, axis=1) / size))
    radius = float(np.mean(np.linalg.norm(r, axis=1)))
    cosine = math.sqrt(radius**2 - WGS84_A_M**2) / radius / math.cos(beta)
    expected = math.acos(cosine) / math.pi * limits.nodal_period_s(one)
    assert len(dark_s) >= 6
    assert_allclose(np.mean(dark_s), expected, atol=4.0)


def test_sunlight_ends_within_the_penumbra_of_the_search_for_eclipses() -> None:
    """The centre of the Sun goes between the first and the last of its disc, but for the flattening."""
    span = Span(Epoch.from_utc(SPAN[0]), Epoch.from_utc(SPAN[1]))
    rows = list(find_eclipses([make_ephemeris(ELEMENTS[K3A], span)]).rows())
    whole: dict[int, list[str]] = {}
    for row in rows:
        whole.setdefault(row["eclipse"], []).extend((row["start"], row["stop"]))
    lit = power.sunlit(ELEMENTS[K3A], span.start.tai_ns, span.stop.tai_ns, ORIENTATION)
    assert lit is not None
    inner = [(a[1], b[0]) for a, b in pairwise(lit)]
    for (ours_start, ours_stop), texts in zip(inner, list(whole.values()), strict=False):
        assert abs(ours_start - tai(texts[0])) / NS < 15.0
        assert abs(ours_stop - tai(texts[-1])) / NS < 15.0


def test_a_camera_warms_while_it_takes_pictures(plan: Plan) -> None:
    """T = heating tau (1 - exp(-t / tau)) after one picture; it cools by exp(-t / tau) until the next."""
    tau, heating = 60.0, 0.5
    rise, top, before = 1.0, 0.0, SPAN[0]
    for name in ("C0002", "C0003", "C0004", "C0005"):
        c = of(plan, name)
        rise *= math.exp(-seconds(before, c["start"]) / tau)
        rise = heating * tau + (rise - heating * tau) * math.exp(-2.0 / tau)
        top, before = max(top, rise), c["stop"]
    heat = {"heating_k_s": heating, "time_constant_s": tau, "initial_rise_k": 1.0}
    of(plan, K3A)["thermal"] = heat
    heat["max_rise_k"] = top
    assert violations(plan) == {}
    heat["max_rise_k"] = top - 0.01
    only(
        plan,
        "thermal",
        f"KOMPSAT-3A: {top:.4f} K warmer than at rest at",
        "0.0100 K above the most",
    )


def test_the_stated_rise_is_that_of_the_simulation(plan: Plan) -> None:
    c = of(plan, "C0001")
    heat = {"heating_k_s": 1.0, "time_constant_s": 10.0, "max_rise_k": 5.0}
    of(plan, "PLEIADES 1A")["thermal"] = heat
    top = 10.0 * (1.0 - math.exp(-0.2))
    points = [[SPAN[0], 0.0], [c["start"], 0.0], [c["stop"], rounded(top)],
              [later(c["stop"], 10.0), rounded(top / math.e)]]  # fmt: skip
    plan["thermal"] = [{"satellite": "PLEIADES 1A", "max_rise_k": 5.0, "points": points}]
    assert violations(plan) == {}
    points[3][0] = later(c["stop"], 11.0)
    only(plan, "thermal", f"PLEIADES 1A: thermal curve at {points[3][0]} is")


# --- memory and stations ---------------------------------------------------------------------------


def test_compressed_pictures_take_less_memory(plan: Plan) -> None:
    satellite = of(plan, K3A)
    satellite |= {"data_rate_mbps": 2000.0, "compression": 2.0}
    assert violations(plan) == {}
    for c in plan["collections"]:
        c["volume_gbit"] = rounded(c["volume_gbit"] + (1e-6 if c["id"] == "C0005" else 0.0))
    assert violations(plan) == {}  # a volume is rounded up to the kilobit
    satellite["compression"] = 2.00001
    only(plan, "volume", "C0002: volume_gbit 2.000000, but KOMPSAT-3A makes 1.999990 in that time")


def test_a_memory_that_is_full_to_the_last_kilobit(plan: Plan) -> None:
    of(plan, K3A)["memory_gbit"] = plan["memory"][0]["capacity_gbit"] = 8.0
    assert violations(plan) == {}
    of(plan, K3A)["memory_gbit"] = 7.999999
    only(plan, "memory", "C0005: 8.000000 Gbit in the memory of KOMPSAT-3A", "which holds 7.999999")


def test_nothing_goes_down_before_a_contact_is_set_up(plan: Plan) -> None:
    k = of(plan, "K003")
    spare = seconds(k["start"], k["stop"]) - k["downlinked_gbit"] / 0.0145
    begin = next(point for point in plan["memory"][0]["points"] if point[0] == k["start"])

    def set_up_in(setup_s: float) -> None:
        of(plan, "Tromso")["setup_s"] = setup_s
        begin[0] = later(k["start"], setup_s)

    set_up_in(spare)
    assert violations(plan) == {}
    set_up_in(spare + 1.0)
    only(plan, "setup", "K003:", "Tromso needs", "s to set up, which leaves")
    begin[0] = k["start"]
    assert "memory_curve" in violations(plan)


def test_no_contact_is_used_while_its_station_is_out(plan: Plan) -> None:
    stop = of(plan, "K002")["stop"]
    out = {"station": "Yakutsk", "start": stop, "stop": later(stop, 3600.0)}
    plan["outages"] = [out]
    assert violations(plan) == {}
    out["start"] = later(stop, -1.0)
    only(plan, "outage", f"K002: used for 1.000 s while Yakutsk is out, {out['start']} to")
    out["satellite"] = "PLEIADES 1A"
    assert violations(plan) == {}
    out["station"] = "Atlantis"
    only(plan, "names", "no station 'Atlantis' in the plan")


# --- what requests have to do with one another -----------------------------------------------------


def test_of_a_choice_no_more_are_taken_than_allowed(plan: Plan) -> None:
    one = {"requests": ["Osaka", "Lima", "Sendai"], "at_most": 2}
    plan["choices"] = [one]
    assert violations(plan) == {}
    one["at_most"] = 1
    only(plan, "choice", "2 of 'Osaka', 'Lima', 'Sendai' are taken ('Osaka', 'Sendai'), at most 1")
    one["requests"] = ["Osaka", "Mu"]
    only(plan, "names", "a choice: no request 'Mu' in the plan")


def test_one_request_comes_after_another_and_within_its_time(plan: Plan) -> None:
    wait = gap_s(plan, "C0002", "C0005")
    of(plan, "Vladivostok").update(after="Osaka", after_within_s=wait)
    assert violations(plan) == {}
    of(plan, "Vladivostok")["after_within_s"] = wait - 1.0
    only(
        plan,
        "order",
        f"C0005 of 'Vladivostok': starts {wait:.3f} s after C0002 of 'Osaka'",
        "at most",
    )
    of(plan, "Vladivostok").update(after=None, after_within_s=None)
    of(plan, "Osaka")["after"] = "Vladivostok"
    only(plan, "order", "C0002 of 'Osaka': starts", "before C0005 of 'Vladivostok' stops")
    of(plan, "Osaka")["after"] = "Lima"
    only(plan, "order", "'Osaka': taken (C0002), but 'Lima', which must come first, is not")
    of(plan, "Osaka")["after"] = "Mu"
    only_names = violations(plan)
    assert set(only_names) == {"names", "order"}


def test_after_a_picture_means_after_its_stop(plan: Plan) -> None:
    of(plan, "Kanazawa")["after"] = "Osaka"
    assert violations(plan) == {}
    c = of(plan, "C0002")
    moved = seconds(c["stop"], of(plan, "C0003")["start"])
    c["stop"], c["duration_s"] = later(c["stop"], moved), 2.0 + moved
    assert "order" not in violations(plan)
    c["stop"], c["duration_s"] = later(c["stop"], 1.0), 3.0 + moved
    told = violations(plan)["order"]
    assert told == (
        "C0003 of 'Kanazawa': starts 1.000 s before C0002 of 'Osaka' stops, must come after it",
    )


def repeated(plan: Plan, **wish: float) -> Plan:
    """Kanazawa, taken twice 40 s apart, as a request that is to be repeated."""
    of(plan, "Kanazawa").update(stereo=None, repeat=wish)
    of(plan, "C0003")["stereo"] = of(plan, "C0004")["stereo"] = None
    return wish


def test_repeated_pictures_keep_their_spacing(plan: Plan) -> None:
    wish = repeated(plan, count=2, min_spacing_s=40.0, max_spacing_s=40.0)
    assert violations(plan) == {}
    wish |= {"min_spacing_s": 41.0, "max_spacing_s": 60.0}
    only(plan, "repeat", "C0003 and C0004 of 'Kanazawa': 40.000 s apart, at least 41.000 s wanted")
    wish |= {"min_spacing_s": 10.0, "max_spacing_s": 39.0}
    only(plan, "repeat", "40.000 s apart, at most 39.000 s wanted")
    wish |= {"count": 1, "max_spacing_s": None}
    only(plan, "repeat", "'Kanazawa': 2 pictures, at most 1 wanted")


WEST, EAST = ([(a, 43.07), (b, 43.07), (b, 43.13), (a, 43.13), (a, 43.07)]
              for a, b in ((131.85, 131.90), (131.90, 131.95)))  # fmt: skip


def covered(plan: Plan) -> tuple[Plan, Plan]:
    """The harbour in two strips, of which the western one is taken: half of it is worth 0.7 of all."""
    r, c = of(plan, "Vladivostok"), of(plan, "C0005")
    r["cover"] = {"curve": [[0.0, 0.0], [0.5, 0.7], [1.0, 1.0]], "overlap": 0.05}
    r["strips"] = [
        {"id": "S1", "ring": WEST, "share": 0.5},
        {"id": "S2", "ring": EAST, "share": 0.5},
    ]
    c.update(strip="S1", coverage=1.0, quality=0.6, value=rounded(4.0 * 0.7 * 0.6))
    add_up(plan)
    return r, c


def test_an_area_in_strips_is_worth_what_its_curve_says(plan: Plan) -> None:
    _, c = covered(plan)
    assert violations(plan) == {}
    c["value"] = rounded(4.0 * 0.5 * 0.6)
    only(
        add_up(plan),
        "value",
        "'Vladivostok': its 1 strips are worth 1.200000, but weight 4",
        "is 1.680000",
    )


def test_two_strips_are_worth_their_share_weighted_quality() -> None:
    """The footprint ends at 131.94: of the eastern strip, 131.90 to 131.95, it has four fifths."""
    pictures, contacts = copy.deepcopy(hand_parts())
    start_ns = tai(pictures[4]["start"]) + 20 * NS
    pictures.append(picture("C0006", "Vladivostok", K3A, start_ns))
    plan = assemble(pictures, contacts)
    covered(plan)
    c = of(plan, "C0006")
    total = 4.0 * 1.0 * (0.5 * 0.6 + 0.5 * 0.48)
    c.update(strip="S2", coverage=0.8, quality=0.48, value=rounded(total - 1.68))
    assert set(violations(add_up(plan))) <= {"deadline"}
    c["strip"] = "S1"
    told = violations(plan)
    assert told["cover"] == ("request 'Vladivostok': 2 pictures of strip 'S1', at most 1",)
    c["strip"] = "S3"
    assert "C0006: takes strip 'S3', which 'Vladivostok' does not have" in violations(plan)["cover"]


def test_strips_lie_in_the_area_and_share_none_of_it(plan: Plan) -> None:
    r, _ = covered(plan)
    strips = r["strips"]
    strips[1]["ring"] = [(x + 0.01 * (x > 131.92), y) for x, y in EAST]
    assert violations(plan) == {}  # what lies beyond the ends of an area counts for nothing
    strips[1]["ring"] = [(x - 0.01 * (x < 131.92), y) for x, y in EAST]
    told = violations(plan)["cover"]
    assert any("share 0.500000, recomputed" in text for text in told)
    common = next(text for text in told if "strips 'S1' and 'S2' have" in text)
    assert float(common.split("have ")[1].split(" %")[0]) == pytest.approx(10.0, abs=0.05)
    strips[1]["ring"] = [(x + 0.2, y) for x, y in EAST]
    assert "strip 'S2' of 'Vladivostok': lies outside of the area" in violations(plan)["cover"]
    strips[1]["ring"] = EAST[:-1]  # a ring may be open
    assert violations(plan) == {}


def test_shares_are_those_of_the_area_and_add_up(plan: Plan) -> None:
    r, c = covered(plan)
    r["strips"][1]["share"] = 0.55
    told = violations(plan)["cover"]
    assert "strip 'S2' of 'Vladivostok': share 0.550000, recomputed 0.49" in told[0]
    assert "the shares of its strips add up to 1.050000, must be 1" in told[1]
    r["strips"].pop()
    only(plan, "cover", "the shares of its strips add up to 0.500000, must be 1")
    r.update(cover=None, strips=None)
    c.update(coverage=0.9, quality=0.54, value=2.16)
    assert "cover" in violations(add_up(plan))


def three_views(offsets_s: tuple[int, int, int], rate: float = 3.0) -> tuple[Plan, list[float]]:
    """Kanazawa in three views; convergence [deg] of first and middle, middle and last, the outer two."""
    pictures, contacts = copy.deepcopy(hand_parts())
    middle = closest_ns(K3A, "Kanazawa", "2026-05-31T07:24:52Z")
    views = [
        picture(f"C000{3 + i}", "Kanazawa", K3A, middle + s * NS) for i, s in enumerate(offsets_s)
    ]
    last = {**pictures[4], "id": "C0006"}
    plan = assemble([*pictures[:2], *views, last], contacts)
    of(plan, K3A)["agility"]["rate_deg_s"] = rate
    ways = []
    for c in views:
        r = position_m(K3A, np.array([tai(c["start"]) + NS]))[0]
        place = PLACES["Kanazawa"]
        way = r - geodetic_to_itrf_m(place[0] * deg, place[1] * deg, place[2])
        ways.append(way / np.linalg.norm(way))
    angles = [math.acos(ways[i] @ ways[j]) / deg for i, j in ((0, 1), (1, 2), (0, 2))]
    for c, partner, angle in zip(
        views, ("C0004", "C0003", "C0004"), (angles[0], *angles[:2]), strict=True
    ):
        c["stereo"] = {"partner": partner, "convergence_deg": rounded(angle)}
    of(plan, "Kanazawa")["stereo"] = {
        "views": 3, "min_convergence_deg": min(angles[:2]), "max_convergence_deg": max(angles[:2]),
    }  # fmt: skip
    return plan, angles


def test_three_views_converge_as_wanted() -> None:
    plan, angles = three_views((-21, 0, 19))
    assert not {"stereo", "tri_stereo", "once"} & set(violations(plan))
    wish = of(plan, "Kanazawa")["stereo"]
    wish["max_convergence_deg"] = max(angles[:2]) - 1.0
    assert "convergence" in violations(plan)["tri_stereo"][0]
    wish |= {"min_convergence_deg": min(angles[:2]) + 1.0, "max_convergence_deg": 60.0}
    assert any("wanted" in text for text in violations(plan)["tri_stereo"])
    of(plan, "C0005")["stereo"]["partner"] = "C0003"
    assert "C0005: stereo partner 'C0003', must be 'C0004'" in violations(plan)["tri_stereo"]
    del plan["collections"][3]
    told = violations(plan)["tri_stereo"]
    assert told == ("request 'Kanazawa': 2 of three views (C0003, C0005)",)


def test_the_middle_one_of_three_views_is_nearest_to_nadir() -> None:
    plan, _ = three_views((2, 14, 26), rate=100.0)
    told = violations(plan)["tri_stereo"]
    assert len(told) == 1
    assert "C0004 looks" in told[0]
    assert "the middle one must be nearest" in told[0]


def test_clear_sky_is_a_factor_of_quality(plan: Plan) -> None:
    of(plan, "C0002").update(
        clear_sky=0.5, quality=rounded(NIIRS / 18), value=rounded(3 * NIIRS / 18)
    )
    assert violations(add_up(plan)) == {}
    of(plan, "C0002")["clear_sky"] = 0.51
    only(plan, "value", "C0002: quality 0.300000", "clear sky 0.5100 make 0.306000")


def test_the_value_of_a_tier_is_the_sum_of_its_pictures(plan: Plan) -> None:
    of(plan, "Osaka")["tier"] = 2
    value = of(plan, "C0002")["value"]
    plan["result"]["tiers"] = [{"tier": 2, "value": value}]
    result = check_plan(plan)
    assert result.passed
    assert [text.split(":")[0] for text in result.unchecked] == ["tiers"]
    plan["result"]["tiers"][0]["value"] = value + 0.001
    only(
        plan,
        "tiers",
        f"result.tiers: tier 2 is worth {value + 0.001:.6f}, but its pictures add up to",
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"bound": 1.0},
            "result.objective.value 2.000000 is above result.objective.bound 1.000000",
        ),
        ({"gap": 0.5}, "result.objective.gap 0.500000, but (bound - value) / bound is 0.200000"),
        ({"bound": None}, "result.objective.gap 0.200000, but there is no result.objective.bound"),
    ],
)
def test_what_the_search_counted_keeps_to_its_bound(
    plan: Plan, change: dict[str, float | None], said: str
) -> None:
    """With tiers or strips the plain sum has no bound: the one of the objective must not be made up."""
    add_up(plan)
    objective = {"value": 2.0, "bound": 2.5, "gap": 0.2}
    plan["result"] |= {"bound": None, "gap": None, "status": "feasible", "objective": objective}
    assert violations(plan) == {}
    plan["result"]["objective"] = objective | change
    only(plan, "total", said)


def test_optimal_means_that_the_objective_meets_its_bound(plan: Plan) -> None:
    add_up(plan)
    objective = {"value": 2.5, "bound": 2.5, "gap": 0.0}
    plan["result"] |= {"bound": None, "gap": None, "status": "optimal", "objective": objective}
    assert violations(plan) == {}
    plan["result"]["objective"] = {"value": 2.0, "bound": 2.5, "gap": 0.2}
    only(
        plan,
        "total",
        "result.status is optimal, but result.objective.value 2.000000 is not its bound",
    )


def test_a_gap_needs_a_bound(plan: Plan) -> None:
    add_up(plan)
    plan["result"] |= {"bound": None, "gap": 0.1, "status": "feasible"}
    only(plan, "total", "result.gap 0.100000, but there is no result.bound")


# --- all at once -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rich() -> Plan:
    return rich_plan()


def test_a_plan_with_everything_passes_and_every_rule_looks_at_something(rich: Plan) -> None:
    result = check_plan(json.loads(json.dumps(rich)))
    assert {rule.id: rule.violations for rule in result.rules if rule.violations} == {}
    assert {rule.id for rule in result.rules if rule.verdict == "not_applicable"} <= {"tri_stereo"}
    assert {text.split(":")[0] for text in result.unchecked} == {"tiers"}


@pytest.mark.parametrize("name", ["C0001", "C0002", "C0003", "C0004", "C0005"])
def test_any_picture_moved_by_a_second_is_not_where_the_plan_says(rich: Plan, name: str) -> None:
    plan = copy.deepcopy(rich)
    c = of(plan, name)
    c["start"], c["stop"] = later(c["start"], 1.0), later(c["stop"], 1.0)
    told = violations(plan)["geometry"]
    assert {text.split(":")[0] for text in told} == {name}


def test_the_schema_knows_all_of_it(rich: Plan) -> None:
    schema = json.loads((files("offnadir.data") / "plan-1.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    full = sample_plan(extras=True)[0]
    jsonschema.validate(full, schema)
    for kind in ("satellites", "stations", "requests", "collections"):
        said = {key for item in full[kind] for key in item}
        known = set(schema["properties"][kind]["items"]["properties"]) - {"left_out"}
        assert said - {"left_out"} == known, kind
    assert set(full) == set(schema["properties"])
    ours = {key for item in rich["satellites"] for key in item}
    assert ours == set(schema["properties"]["satellites"]["items"]["properties"])


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_damaged_plan_with_everything_is_judged_and_raises_nothing(
    rich: Plan, data: st.DataObject
) -> None:
    plan = copy.deepcopy(rich)
    damage(plan, data)
    result = check_plan(plan)
    json.dumps(result.to_json())
    if result.rules[0].violations:
        assert not result.passed
        assert all(rule.violations == () for rule in result.rules[1:])
