"""The checker accepts one plan made by hand, and rejects each way of breaking it for the right reason."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from hand_plan import (
    HARBOUR,
    MEMORY_GBIT,
    NIIRS,
    NS,
    OMM,
    PLACES,
    SPAN,
    STATIONS,
    Plan,
    add_up,
    assemble,
    closest_ns,
    damage,
    direction,
    every_key,
    hand_parts,
    hand_plan,
    later,
    of,
    only,
    picture,
    put,
    rounded,
    tai,
    violations,
)
from offnadir.planning import _checker_geometry as geometry
from offnadir.planning.checker import RULES, check_plan
from offnadir.units import deg

#: Rules that only missions with more to say need; test_checker_rules.py and test_looks.py have them.
NEW = {
    "uplink", "orbit_limits", "duty", "battery", "thermal", "tri_stereo", "repeat", "choice", "order",
    "cover", "setup", "outage", "tiers", "sight",
}  # fmt: skip


@pytest.fixture(scope="module")
def parts() -> tuple[list[Plan], list[Plan]]:
    return hand_parts()


@pytest.fixture(scope="module")
def good() -> Plan:
    return hand_plan()


@pytest.fixture
def plan(good: Plan) -> Plan:
    return copy.deepcopy(good)


def test_the_plan_made_by_hand_is_what_the_tests_need(good: Plan) -> None:
    third = of(good, "C0004")
    assert (third["contact"], of(good, "C0005")["contact"]) == ("K002", "K003")
    assert of(good, "C0001")["delivered"] is None
    assert 15 < third["stereo"]["convergence_deg"] < 45
    assert of(good, "C0003")["pitch_deg"] > 10 > -10 > third["pitch_deg"]


def test_a_plan_that_keeps_every_rule_passes(good: Plan) -> None:
    before = json.dumps(good)
    result = check_plan(good)
    assert {rule.id: rule.violations for rule in result.rules if rule.violations} == {}
    assert result.passed
    assert {rule.id for rule in result.rules if rule.verdict == "not_applicable"} == NEW
    assert result.unchecked == ()
    assert json.dumps(good) == before


def test_the_result_as_json(plan: Plan) -> None:
    of(plan, "C0002")["range_km"] += 1.0
    check = json.loads(json.dumps(check_plan(plan).to_json()))
    assert check["passed"] is False
    assert [rule["id"] for rule in check["rules"]] == ["schema", *(rule for rule, _, _ in RULES)]
    assert {tuple(rule) for rule in check["rules"]} == {("id", "title", "checked", "violations")}
    assert [r["id"] for r in check["rules"] if r["violations"]] == ["geometry"]


def test_after_json_the_plan_still_passes_and_an_empty_one_too(good: Plan) -> None:
    assert check_plan(json.loads(json.dumps(good))).passed
    empty = json.loads(json.dumps(good))
    for key in ("satellites", "stations", "requests", "collections", "contacts", "memory"):
        empty[key] = []
    empty["result"] |= {"value": 0.0, "bound": 0.0, "gap": 0.0, "status": "nothing_to_take"}
    assert violations(empty) == {}


# --- names and times -------------------------------------------------------------------------------


def test_a_name_used_twice(plan: Plan) -> None:
    of(plan, "K001")["id"] = "K002"
    only(plan, "names", "2 things are called contact 'K002'")


def test_a_contact_with_a_station_that_is_not_there(plan: Plan) -> None:
    of(plan, "K001")["station"] = "Atlantis"
    only(plan, "names", "K001: no station 'Atlantis'")
    of(plan, "K001").update(station="Yakutsk", satellite="Nobody")
    only(plan, "names", "K001: no satellite 'Nobody'")


def test_a_picture_by_an_unknown_satellite_or_for_an_unknown_request(plan: Plan) -> None:
    of(plan, "C0001")["satellite"] = "Nobody"
    of(plan, "C0002")["request"] = "Nowhere"
    found = violations(plan)["names"]
    assert found == (
        "C0001: no satellite 'Nobody' in the plan",
        "C0002: no request 'Nowhere' in the plan",
    )


def test_numbers_that_do_not_belong_to_the_satellite(plan: Plan) -> None:
    of(plan, "C0001")["norad_id"] = 40536
    only(plan, "names", "C0001: norad_id 40536, but PLEIADES 1A is 38012")


def test_elements_of_another_object(plan: Plan) -> None:
    of(plan, "PLEIADES 1A")["elements"]["NORAD_CAT_ID"] = 38013
    only(plan, "names", "norad_id 38012, but its elements are of 38013")


def test_a_duration_that_is_not_stop_minus_start(plan: Plan) -> None:
    of(plan, "C0001")["duration_s"] = 2.01
    only(plan, "times", "C0001: duration_s 2.010000, but it lasts 2.000000 s")


def test_a_picture_that_stops_before_it_starts(plan: Plan) -> None:
    c = of(plan, "C0001")
    c["start"], c["stop"], c["duration_s"] = c["stop"], c["start"], -2.0
    assert "C0001: stop" in violations(plan)["times"][0]


def test_a_picture_one_second_outside_its_window(plan: Plan) -> None:
    of(plan, "Osaka")["window"]["stop"] = later(of(plan, "C0002")["stop"], -1.0)
    only(plan, "window", "C0002", "the window of 'Osaka'")


def test_the_ends_of_a_window_belong_to_it(plan: Plan) -> None:
    c = of(plan, "C0002")
    of(plan, "Osaka")["window"] = {"start": c["start"], "stop": c["stop"]}
    assert violations(plan) == {}


def test_a_picture_before_the_span(plan: Plan) -> None:
    start = later(of(plan, "C0001")["start"], 1.0)
    plan["span"]["start"] = start
    found = violations(plan)["window"]
    assert [text[:5] for text in found] == ["C0001", "K001:"]


def test_elements_that_give_no_orbit(plan: Plan) -> None:
    of(plan, "PLEIADES 1A")["elements"]["BSTAR"] = -100.0  # drag that lifts
    only(plan, "orbit", "C0001: the elements of PLEIADES 1A give no position", "K001")


# --- geometry --------------------------------------------------------------------------------------


def test_a_picture_of_a_place_that_nobody_asked_for(plan: Plan) -> None:
    of(plan, "Sendai")["geometry"]["coordinates"][1] += 0.001  # 111 m
    only(plan, "aim", "C0001: aims 111.2 m away from 'Sendai'")


def test_a_look_beyond_the_request_s_limit(plan: Plan) -> None:
    of(plan, "Osaka")["max_off_nadir_deg"] = of(plan, "C0002")["off_nadir_deg"] - 0.5
    only(plan, "off_nadir", "C0002", "deg off nadir at mid", "KOMPSAT-3A, 'Osaka'")


def test_a_look_beyond_the_satellite_s_limit_only_at_the_start(plan: Plan) -> None:
    c = of(plan, "C0003")  # looks ahead, so the angle falls by about 0.9 deg/s
    limit = c["off_nadir_deg"] + 0.1
    of(plan, "KOMPSAT-3A")["max_off_nadir_deg"] = limit
    found = violations(plan)
    assert set(found) == {"off_nadir"}
    assert [text for text in found["off_nadir"] if text.startswith("C0003")] == [
        text for text in found["off_nadir"] if "at start" in text
    ]


def test_a_picture_through_the_earth(parts: tuple[list[Plan], list[Plan]]) -> None:
    pictures, contacts = copy.deepcopy(parts)
    start_ns = tai(pictures[0]["start"]) + 30 * 60 * NS
    pictures[0] = picture("C0001", "Sendai", "PLEIADES 1A", start_ns)
    plan = assemble(pictures, contacts)
    of(plan, "PLEIADES 1A").pop("optics")  # the ground sample of such a picture has no meaning
    of(plan, "PLEIADES 1A")["max_off_nadir_deg"] = of(plan, "Sendai")["max_off_nadir_deg"] = 90.0
    of(plan, "Sendai")["max_gsd_m"] = None
    only(plan, "horizon", "C0001: PLEIADES 1A stands at -", "'Sendai'")


def test_too_dark(plan: Plan) -> None:
    of(plan, "Osaka")["min_sun_elevation_deg"] = of(plan, "C0002")["sun_elevation_deg"] + 0.02
    only(plan, "sun", "C0002: Sun at", "'Osaka' wants")


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("off_nadir_deg", 0.02), ("roll_deg", -0.02), ("pitch_deg", 0.02), ("azimuth_deg", 0.05),
        ("range_km", 0.02), ("elevation_deg", 0.02), ("sun_elevation_deg", 0.02),
        ("sun_azimuth_deg", -0.05),
    ],
)  # fmt: skip
def test_an_angle_or_range_that_is_not_that_of_the_orbit(
    plan: Plan, key: str, error: float
) -> None:
    of(plan, "C0002")[key] += error
    only(plan, "geometry", f"C0002: {key}")


def test_an_azimuth_just_west_of_north_may_be_written_either_way(plan: Plan) -> None:
    of(plan, "C0002")["azimuth_deg"] -= 360.0
    assert violations(plan) == {}


@pytest.mark.parametrize("element", ["MEAN_ANOMALY", "RA_OF_ASC_NODE"])
def test_a_satellite_one_kilometre_aside_is_seen(plan: Plan, element: str) -> None:
    moved_deg = 1.0 / 6820.0 / deg  # a kilometre along the orbit, or along the equator
    for name in OMM:
        of(plan, name)["elements"][element] += moved_deg
    found = violations(plan)["geometry"]
    assert {text[:5] for text in found} == {c["id"] for c in plan["collections"]}


def test_a_picture_ascribed_to_the_other_satellite(plan: Plan) -> None:
    of(plan, "C0002").update(satellite="PLEIADES 1A", norad_id=38012)
    assert any(text.startswith("C0002: range_km") for text in violations(plan)["geometry"])


def test_a_ground_sample_that_the_optics_do_not_give(plan: Plan) -> None:
    of(plan, "C0001")["gsd_across_m"] *= 1.005
    only(plan, "gsd", "C0001: gsd_across_m")
    of(plan, "PLEIADES 1A")["optics"] = None
    assert violations(plan) == {}


def test_not_sharp_enough(plan: Plan) -> None:
    of(plan, "Sendai")["max_gsd_m"] = 0.5
    only(plan, "sharpness", "C0001: ground sample distance", "'Sendai' allows 0.5000 m")
    of(plan, "Sendai").update(max_gsd_m=None, min_niirs=5.5)
    only(plan, "sharpness", "C0001: NIIRS 5.4000, 'Sendai' wants 5.5000")


def test_too_little_time_to_turn(plan: Plan) -> None:
    of(plan, "KOMPSAT-3A")["agility"]["settling_s"] += 0.299  # the plan leaves 0.3 s
    assert violations(plan) == {}
    of(plan, "KOMPSAT-3A")["agility"]["settling_s"] += 0.003
    only(plan, "slew", "C0002 and C0003 of KOMPSAT-3A", "s apart, but turning")


def test_a_picture_moved_by_a_second_has_too_little_time(
    parts: tuple[list[Plan], list[Plan]],
) -> None:
    pictures, contacts = copy.deepcopy(parts)
    pictures[1] = picture("C0002", "Osaka", "KOMPSAT-3A", tai(pictures[1]["start"]) + NS)
    only(assemble(pictures, contacts), "slew", "C0002 and C0003")


def test_two_pictures_at_once(parts: tuple[list[Plan], list[Plan]]) -> None:
    pictures, contacts = copy.deepcopy(parts)
    pictures[1] = picture("C0002", "Osaka", "KOMPSAT-3A", tai(pictures[2]["start"]) - NS)
    plan = assemble(pictures, contacts)
    plan["memory"][0]["points"] = [
        [SPAN[0], 0], [pictures[1]["start"], 0], [pictures[2]["start"], 1],
        [pictures[1]["stop"], 3], [pictures[2]["stop"], 4], *plan["memory"][0]["points"][5:],
    ]  # fmt: skip
    only(plan, "slew", "C0002 and C0003 of KOMPSAT-3A: -1.000 s apart")


# --- requests, stereo, footprints ------------------------------------------------------------------


def test_a_request_taken_twice(plan: Plan) -> None:
    of(plan, "Kanazawa")["stereo"] = None
    of(plan, "C0003")["stereo"] = of(plan, "C0004")["stereo"] = None
    only(plan, "once", "'Kanazawa': 2 pictures (C0003, C0004), at most 1")


def test_half_a_stereo_pair(parts: tuple[list[Plan], list[Plan]]) -> None:
    pictures, contacts = copy.deepcopy(parts)
    plan = assemble([p for p in pictures if p["id"] != "C0004"], contacts)
    only(plan, "stereo", "'Kanazawa': C0003 is half a stereo pair")


def test_a_stereo_partner_of_a_request_that_wants_none(plan: Plan) -> None:
    of(plan, "C0001")["stereo"] = {"partner": "C0002", "convergence_deg": 20.0}
    only(plan, "stereo", "C0001: has a stereo partner 'C0002'")


def test_stereo_partners_that_do_not_know_each_other(plan: Plan) -> None:
    of(plan, "C0004")["stereo"]["partner"] = "C0002"
    only(plan, "stereo", "C0004: stereo partner 'C0002', must be 'C0003'")


@pytest.mark.parametrize("limits", [(40.0, 60.0), (5.0, 20.0)])
def test_lines_of_sight_that_converge_too_little_or_too_much(
    plan: Plan, limits: tuple[float, float]
) -> None:
    least, greatest = limits
    of(plan, "Kanazawa")["stereo"] = {"min_convergence_deg": least, "max_convergence_deg": greatest}
    only(plan, "stereo", "C0003 and C0004 of 'Kanazawa': convergence", f"wanted {least:.3f} to")


def test_a_convergence_that_is_not_that_of_the_orbit(plan: Plan) -> None:
    of(plan, "C0003")["stereo"]["convergence_deg"] += 0.02
    only(plan, "stereo", "C0003: convergence_deg")


def test_a_stereo_pair_by_two_satellites_of_two_passes(
    parts: tuple[list[Plan], list[Plan]],
) -> None:
    pictures, contacts = copy.deepcopy(parts)
    start_ns = closest_ns("PLEIADES 1A", "Kanazawa", "2026-05-31T01:25:30Z") + 60 * NS
    pictures[2] = picture("C0003", "Kanazawa", "PLEIADES 1A", start_ns)
    plan = assemble([pictures[0], pictures[2], pictures[1], *pictures[3:]], contacts)
    of(plan, "Kanazawa").update(
        max_off_nadir_deg=60.0, stereo={"min_convergence_deg": 0, "max_convergence_deg": 180}
    )
    of(plan, "PLEIADES 1A")["max_off_nadir_deg"] = 60.0
    only(plan, "stereo", "by two satellites, PLEIADES 1A and KOMPSAT-3A", "not one pass")


def test_a_footprint_elsewhere(plan: Plan) -> None:
    ring = of(plan, "C0001")["footprint"]["coordinates"][0]
    of(plan, "C0001")["footprint"]["coordinates"][0] = [(lon, lat + 0.1) for lon, lat in ring]
    only(plan, "footprint", "C0001: the aim lies 6672.1 m outside")


def test_a_footprint_larger_than_the_camera_sweeps(plan: Plan) -> None:
    lat, lon, _ = PLACES["Sendai"]
    ring = of(plan, "C0001")["footprint"]["coordinates"][0]
    wide = [(lon + 3 * (x - lon), lat + 3 * (y - lat)) for x, y in ring]
    of(plan, "C0001")["footprint"]["coordinates"][0] = wide
    only(plan, "footprint", "C0001: footprint of", "PLEIADES 1A sweeps no more than")


def test_a_footprint_that_crosses_itself(plan: Plan) -> None:
    ring = of(plan, "C0001")["footprint"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]
    only(plan, "footprint", "C0001: the footprint crosses itself")


def test_a_point_that_is_covered_in_part(plan: Plan) -> None:
    of(plan, "C0001").update(coverage=0.9, quality=rounded(NIIRS / 9 * 0.9), value=1.08)
    only(add_up(plan), "coverage", "C0001: coverage 0.900000 of a point")


def test_a_share_that_the_footprint_does_not_cover(plan: Plan) -> None:
    c = of(plan, "C0005")
    c.update(coverage=0.92, quality=rounded(NIIRS / 9 * 0.92), value=rounded(4 * NIIRS / 9 * 0.92))
    only(add_up(plan), "coverage", "C0005: coverage 0.9200 of 'Vladivostok', recomputed 0.9000")


# --- memory, contacts, delivery --------------------------------------------------------------------


def test_a_volume_that_the_camera_does_not_write(plan: Plan) -> None:
    of(plan, "PLEIADES 1A")["data_rate_mbps"] = 990.0
    only(plan, "volume", "C0001: volume_gbit 2.000000, but PLEIADES 1A makes 1.980000")


def test_a_memory_that_overflows(plan: Plan) -> None:
    of(plan, "KOMPSAT-3A")["memory_gbit"] = plan["memory"][0]["capacity_gbit"] = 7.9
    only(plan, "memory", "C0005: 8.000000 Gbit in the memory of KOMPSAT-3A at", "holds 7.900000")


def test_space_that_a_contact_has_freed_may_be_filled_again(
    parts: tuple[list[Plan], list[Plan]],
) -> None:
    pictures, contacts = copy.deepcopy(parts)
    # A later picture, of nothing one could see, only for the memory: 8 Gbit less some 7 plus 2.
    late_ns = tai(contacts[1]["stop"]) + 5 * NS
    pictures.append(picture("C0006", "Lima", "KOMPSAT-3A", late_ns))
    plan = assemble(pictures, contacts)
    for holder in (of(plan, "KOMPSAT-3A"), plan["memory"][0]):
        holder["capacity_gbit" if "points" in holder else "memory_gbit"] = 8.0
    assert not {"memory", "memory_curve", "delivery"} & set(violations(plan))
    of(plan, "K002").update(used=False)
    assert "C0006: 10.000000 Gbit" in violations(plan)["memory"][0]


@pytest.mark.parametrize("point", [1, 2, -1])
def test_a_memory_curve_that_is_not_that_of_a_simulation(plan: Plan, point: int) -> None:
    plan["memory"][0]["points"][point][1] += 0.002
    only(plan, "memory_curve", "KOMPSAT-3A: memory curve at")


def test_a_memory_curve_with_a_corner_cut(plan: Plan) -> None:
    del plan["memory"][0]["points"][2]
    only(plan, "memory_curve", "KOMPSAT-3A: memory curve at")


def test_a_memory_curve_that_goes_back_in_time_is_missing_or_too_many(plan: Plan) -> None:
    points = plan["memory"][0]["points"]
    points[1], points[2] = points[2], points[1]
    only(plan, "memory_curve", "KOMPSAT-3A: the times of the memory curve do not rise")
    lost = plan["memory"].pop(0)
    only(plan, "memory_curve", "KOMPSAT-3A: 0 memory curves")
    plan["memory"].append({**lost, "satellite": "Nobody"})
    only(plan, "memory_curve", "a memory curve of 'Nobody'")


def test_a_memory_that_holds_something_else(plan: Plan) -> None:
    plan["memory"][1]["capacity_gbit"] = 11.0
    only(plan, "memory_curve", "PLEIADES 1A: memory curve says it holds 11.0000 Gbit")


def start_contact_earlier(plan: Plan, name: str, seconds: float) -> None:
    k = of(plan, name)
    start = later(k["start"], -seconds)
    for point in plan["memory"][0]["points"]:
        point[0] = start if point[0] == k["start"] else point[0]
    k["start"] = start


def test_a_contact_that_begins_a_second_too_early(plan: Plan) -> None:
    start_contact_earlier(plan, "K002", 1.0)
    only(plan, "contacts", "K002: KOMPSAT-3A stands at 4.9", "over Yakutsk at", "needs 5.000 deg")


def test_a_contact_behind_the_skyline(plan: Plan) -> None:
    k, place = of(plan, "K003"), STATIONS["Tromso"]
    low_ns = tai(k["start"]) + 40 * NS
    azimuth, elevation = direction("KOMPSAT-3A", place, np.array([low_ns]))[0]
    ridge = [azimuth, elevation - 0.1]
    of(plan, "Tromso")["mask"] = sorted([[azimuth - 3.0, 0.0], ridge, [azimuth + 3.0, 0.0]])
    assert violations(plan) == {}
    ridge[1] = elevation + 0.1
    only(plan, "contacts", "K003: KOMPSAT-3A stands at", "over Tromso")


def test_a_culmination_that_is_not_that_of_the_orbit(plan: Plan) -> None:
    of(plan, "K001")["max_elevation_deg"] += 0.02
    only(plan, "contacts", "K001: max_elevation_deg")


def test_more_than_the_link_carries(plan: Plan) -> None:
    of(plan, "KOMPSAT-3A")["downlink_mbps"] *= 0.99
    only(plan, "downlink", "K002:", "Gbit go down, but")


def test_an_unused_contact_that_carries_something(plan: Plan) -> None:
    of(plan, "K001")["downlinked_gbit"] = 0.5
    only(plan, "downlink", "K001: 0.5000 Gbit go down, but it is not used")


def test_sending_what_has_not_been_taken(plan: Plan) -> None:
    of(plan, "K001").update(used=True, downlinked_gbit=0.5)
    found = violations(plan)
    assert set(found) == {"downlink", "memory_curve"}
    assert found["downlink"] == (
        f"K001: PLEIADES 1A has sent 0.500000 Gbit, but taken only 0.000000 before "
        f"{of(plan, 'K001')['start']}",
    )


def add_twin(plan: Plan) -> None:
    """A second satellite on the same orbit, with a contact at the same time that carries nothing."""
    plan["satellites"].append({**of(plan, "KOMPSAT-3A"), "name": "Twin"})
    plan["contacts"].append(
        {**of(plan, "K002"), "id": "K009", "satellite": "Twin", "downlinked_gbit": 0.0}
    )
    plan["memory"].append({"satellite": "Twin", "capacity_gbit": MEMORY_GBIT, "points": []})


def test_more_contacts_than_antennas(plan: Plan) -> None:
    add_twin(plan)
    only(plan, "antennas", "Yakutsk: 2 contacts at", "(K002, K009) with 1 antennas")
    of(plan, "Yakutsk")["antennas"] = 2
    assert violations(plan) == {}


def test_contacts_that_touch_share_an_antenna(plan: Plan) -> None:
    add_twin(plan)
    first, second = of(plan, "K002"), of(plan, "K009")
    plan["memory"][0]["points"] = [
        [later(first["stop"], -1) if t == first["stop"] else t, level]
        for t, level in plan["memory"][0]["points"]
    ]
    first["stop"] = second["start"] = later(first["stop"], -1)
    for c in plan["collections"]:
        c["delivered"] = first["stop"] if c["contact"] == "K002" else c["delivered"]
    assert not {"antennas", "one_contact", "delivery", "memory_curve"} & set(violations(plan))


def test_two_contacts_of_one_satellite_at_once(plan: Plan) -> None:
    plan["stations"].append({**of(plan, "Yakutsk"), "name": "Next door"})
    k = {**of(plan, "K002"), "id": "K009", "station": "Next door", "downlinked_gbit": 0.0}
    plan["contacts"].append(k)
    only(plan, "one_contact", "KOMPSAT-3A: K009 begins", "before K002 ends")


def test_delivered_when_it_was_not(plan: Plan) -> None:
    c = of(plan, "C0002")
    good = dict(c)
    c["delivered"] = later(c["delivered"], 1.0)
    only(plan, "delivery", "C0002: delivered 2026-05-31T07", "in K002")
    c.update(good, contact="K003")
    only(plan, "delivery", "C0002", "recomputed")
    c.update(good, delivered=None, contact=None)
    only(plan, "delivery", "C0002: delivered never, recomputed")


def test_a_picture_that_jumps_the_queue(plan: Plan) -> None:
    early, late = of(plan, "C0002"), of(plan, "C0005")
    for key in ("delivered", "contact"):
        early[key], late[key] = late[key], early[key]
    only(plan, "delivery", "C0002", "C0005")


def test_delivery_claimed_for_a_picture_that_stays_on_board(plan: Plan) -> None:
    of(plan, "C0001").update(delivered=of(plan, "K003")["stop"], contact="K003")
    only(plan, "delivery", "C0001", "recomputed never")


def test_delivered_too_late(plan: Plan) -> None:
    due = of(plan, "C0005")["delivered"]
    of(plan, "Vladivostok")["deadline"] = due
    assert violations(plan) == {}
    of(plan, "Vladivostok")["deadline"] = later(due, -1.0)
    only(plan, "deadline", f"C0005: delivered {due}, 'Vladivostok' is due {later(due, -1.0)}")


def test_a_deadline_and_no_delivery(plan: Plan) -> None:
    of(plan, "Sendai")["deadline"] = SPAN[1]
    only(plan, "deadline", "C0001: delivered never, 'Sendai' is due")


# --- what the plan says of itself ------------------------------------------------------------------


def test_a_request_whose_status_and_pictures_disagree(plan: Plan) -> None:
    of(plan, "Osaka")["collections"] = ["C0002", "C0001"]
    only(plan, "requests", "'Osaka': lists ['C0002', 'C0001'], but its pictures are ['C0002']")
    of(plan, "Osaka").update(collections=["C0002"], status="not_taken")
    only(plan, "requests", "'Osaka': not_taken, but has 1 pictures")
    of(plan, "Osaka").update(status="taken", reason={"code": "outbid", "text": "No room."})
    only(plan, "requests", "'Osaka': 1 pictures and reason 'outbid'")
    of(plan, "Osaka")["reason"] = of(plan, "Lima")["reason"] = None
    only(plan, "requests", "'Lima': 0 pictures and reason None")


def test_a_value_that_is_not_weight_times_quality(plan: Plan) -> None:
    of(plan, "C0002")["value"] = rounded(of(plan, "C0002")["value"] + 0.001)
    only(add_up(plan), "value", "C0002: value 1.801000, but weight 3 times quality is 1.800000")


def test_a_quality_that_is_not_that_of_niirs_and_coverage(plan: Plan) -> None:
    of(plan, "C0002")["quality"] += 0.001
    only(plan, "value", "C0002: quality 0.601000, but NIIRS 5.4000 and coverage 1.0000")


def test_quality_has_a_floor_and_a_ceiling(plan: Plan) -> None:
    of(plan, "C0002").update(niirs=-3.0, quality=0.01, value=0.03)
    of(plan, "C0001").update(niirs=9.5, quality=1.0, value=2.0)
    assert violations(add_up(plan)) == {}


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"value": 8.0, "bound": 8.0}, "result.value 8.000000, but the pictures add up to"),
        ({"bound": 8.0, "status": "feasible"}, "is above result.bound 8.000000"),
        ({"bound": 20.0, "gap": 0.5, "status": "feasible"}, "(bound - value) / bound is 0.442"),
        ({"bound": 11.40001, "status": "optimal"}, "result.status is optimal, but"),
        ({"status": "nothing_to_take"}, "nothing_to_take, but there are 5 pictures"),
    ],
)
def test_a_result_that_does_not_add_up(plan: Plan, result: Plan, text: str) -> None:
    plan["result"] |= result
    only(plan, "total", text)


def test_a_bound_above_the_value_with_its_gap(plan: Plan) -> None:
    value = plan["result"]["value"]
    plan["result"] |= {"bound": 2 * value, "gap": 0.5, "status": "feasible"}
    assert violations(plan) == {}


# --- the checker's own geometry --------------------------------------------------------------------


def test_turning_from_rest_to_rest_by_hand() -> None:
    """At 1 rad/s2: 1/4 rad in 1 s without reaching 1 rad/s; 1 rad in 2 s; then 1 s per rad."""
    found = [geometry.turn_time_s(angle, 1.0, 1.0) for angle in (0.0, 0.25, 1.0, 3.0)]
    assert_allclose(found, [0.0, 1.0, 2.0, 4.0], atol=1e-12)


def test_a_ground_sample_by_hand() -> None:
    """10 um at 10 m from 600 km are 0.6 m, and twice that where the ground is seen at 30 deg."""
    along, across = geometry.ground_sample_m(1e-6, np.array([600e3]), np.array([30 * deg]))
    assert_allclose([along[0], across[0]], [0.6, 1.2], rtol=1e-12)


def test_a_skyline_runs_straight_also_over_north() -> None:
    mask = np.array([[10.0, 2.0], [350.0, 6.0]]) * deg
    found = geometry.skyline_rad(mask, np.array([350.0, 355.0, 0.0, 5.0, 10.0, 180.0]) * deg) / deg
    assert_allclose(found, [6.0, 5.0, 4.0, 3.0, 2.0, 4.0], atol=1e-9)


@pytest.mark.parametrize(("lat", "lon"), [(0.5, 10.5), (60.5, 180.0), (-89.5, 0.5)])
def test_the_plane_keeps_areas(lat: float, lon: float) -> None:
    """A cell of 1 by 1 deg has the area R2 dlon (sin north - sin south), here across 180 deg too."""
    west, east = lon - 0.5, (lon + 0.5 + 180) % 360 - 180
    corners = [(west, lat - 0.5), (east, lat - 0.5), (east, lat + 0.5), (west, lat + 0.5)]
    plane = geometry.to_plane_m(shapely.Polygon(corners), lat * deg, lon * deg)
    exact = 6_371_008.8**2 * deg * (math.sin((lat + 0.5) * deg) - math.sin((lat - 0.5) * deg))
    assert_allclose(plane.area, exact, rtol=1e-5)


def test_a_shape_on_the_other_side_of_the_earth_has_no_place_in_the_plane() -> None:
    assert geometry.to_plane_m(shapely.Point(-43.0, -37.0), 37.0 * deg, 137.0 * deg) is None


# --- documents that are no plan --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (put("schema", "offnadir.plan/2"), "schema"),
        (put("span", "stop", "2026-05-30T00:00:00Z"), "span.stop"),
        (put("collections", 3, "start", "yesterday"), "collections[3].start"),
        (put("collections", 0, "start", 5), "collections[0].start"),
        (put("collections", 0, "niirs", math.nan), "collections[0].niirs"),
        (put("collections", 0, "niirs", True), "collections[0].niirs"),
        (put("collections", 0, "value", 10**400), "collections[0].value"),
        (put("collections", 0, "volume_gbit", 1e300), "collections[0].volume_gbit"),
        (put("contacts", 0, "start", "1901-01-01T00:00:00Z"), "contacts[0].start"),
        (put("collections", 0, "aim", "lat_deg", 91.0), "collections[0].aim.lat_deg"),
        (put("collections", 0, "norad_id", 40536.0), "collections[0].norad_id"),
        (put("collections", 2, "stereo", {}), "collections[2].stereo.partner"),
        (put("collections", {}), "collections"),
        (put("collections", 1, None), "collections[1]"),
        (put("satellites", 0, "agility", "rate_deg_s", 0), "satellites[0].agility.rate_deg_s"),
        (put("satellites", 0, "elements", {}), "satellites[0].elements.NORAD_CAT_ID"),
        (put("satellites", 0, "optics", {"pitch_um": 8.0}), "satellites[0].optics.focal_length_m"),
        (put("stations", 0, "mask", [[1.0]]), "stations[0].mask[0]"),
        (put("stations", 0, "antennas", 0), "stations[0].antennas"),
        (put("requests", 0, "geometry", "type", "Line"), "requests[0].geometry.type"),
        (
            put("requests", 2, "geometry", "coordinates", [HARBOUR[:-1]]),
            "requests[2].geometry.coordinates[0]",
        ),
        (
            put("requests", 2, "geometry", "coordinates", [[HARBOUR[i] for i in (0, 2, 1, 3, 0)]]),
            "requests[2].geometry.coordinates",
        ),
        (put("requests", 4, "reason", {"code": "lazy", "text": "x"}), "requests[4].reason.code"),
        (put("contacts", 0, "used", 1), "contacts[0].used"),
        (put("memory", 0, "points", 1, 0, None), "memory[0].points[1][0]"),
        (put("result", "status", "perfect"), "result.status"),
    ],
)
def test_trouble_is_named_by_its_path(
    plan: Plan, change: Callable[[Plan], None], field: str
) -> None:
    change(plan)
    result = check_plan(plan)
    assert not result.passed
    first, *others = result.rules
    assert first.id == "schema"
    assert any(text.startswith((f"{field} = ", f"{field}: ")) for text in first.violations)
    assert all(rule.verdict == "not_checked" and not rule.checked for rule in others)


@pytest.mark.parametrize("document", [None, [], "plan", 7, {}, {"schema": "offnadir.plan/1"}])
def test_what_is_no_document_at_all(document: Any) -> None:
    assert [rule.id for rule in check_plan(document).rules if rule.verdict == "broken"] == [
        "schema"
    ]


def test_all_that_is_wrong_with_a_document_is_told_at_once(plan: Plan) -> None:
    plan["span"] = 5
    plan["collections"][1]["start"] = "noon"
    del plan["collections"][3]["id"]
    plan["satellites"] = {}
    told = check_plan(plan).rules[0].violations
    assert [text.split(" = ")[0].split(": ")[0] for text in told] == [
        "span", "satellites", "collections[1].start", "collections[3].id",
    ]  # fmt: skip


#: What the checker cannot do without: all else may be missing.
NEEDED = {
    ("schema",), ("span",), ("satellites",), ("requests",), ("collections",),
    ("span", "start"), ("span", "stop"),
    ("satellites", "name"), ("satellites", "elements"),
    ("satellites", "agility", "rate_deg_s"), ("satellites", "agility", "acceleration_deg_s2"),
    ("satellites", "optics", "pitch_um"), ("satellites", "optics", "focal_length_m"),
    ("stations", "name"), ("stations", "lat_deg"), ("stations", "lon_deg"),
    ("requests", "name"), ("requests", "geometry"),
    ("requests", "geometry", "type"), ("requests", "geometry", "coordinates"),
    ("requests", "reason", "code"), ("requests", "reason", "text"),
    ("requests", "stereo", "min_convergence_deg"), ("requests", "stereo", "max_convergence_deg"),
    ("collections", "id"), ("collections", "request"), ("collections", "satellite"),
    ("collections", "start"), ("collections", "stop"),
    ("collections", "aim", "lat_deg"), ("collections", "aim", "lon_deg"),
    ("collections", "footprint", "type"), ("collections", "footprint", "coordinates"),
    ("collections", "stereo", "partner"), ("collections", "stereo", "convergence_deg"),
    ("contacts", "id"), ("contacts", "satellite"), ("contacts", "station"), ("contacts", "start"),
    ("contacts", "stop"), ("contacts", "downlinked_gbit"),
    ("memory", "satellite"), ("memory", "points"),
}  # fmt: skip


def test_every_key_that_is_needed_is_missed_and_no_other(good: Plan) -> None:
    missed = set()
    for path in every_key(good):
        if isinstance(path[-1], int) or path[-2:-1] == ("elements",):
            continue
        plan = copy.deepcopy(good)
        inner: Any = plan
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]
        told = check_plan(plan).rules[0].violations
        if told:
            assert told[0].endswith("(the key is missing)")
            assert f"{path[-1]}: must be present" in told[0]
            missed.add(tuple(step for step in path if isinstance(step, str)))
    assert missed == NEEDED


LEAST = {
    "": {"schema", "span", "satellites", "requests", "collections"},
    "satellites": {"name", "elements", "agility"},
    "requests": {"name", "geometry"},
    "collections": {"id", "request", "satellite", "start", "stop"},
}


def least(plan: Plan) -> Plan:
    """What is needed, and how the satellites turn."""
    short = {key: value for key, value in plan.items() if key in LEAST[""]}
    for kind in ("satellites", "requests", "collections"):
        short[kind] = [{k: v for k, v in item.items() if k in LEAST[kind]} for item in plan[kind]]
    return short


def test_the_plan_of_somebody_else_may_hold_only_the_least(plan: Plan) -> None:
    short = least(plan)
    short["collections"].pop(3)  # half of a pair, which is nothing that this document asks for
    short["of_their_own"] = {"anything": [math.nan]}
    result = check_plan(short)
    assert result.passed
    assert result.unchecked == ()
    kept = {rule.id for rule in result.rules if rule.verdict == "kept"}
    assert {"schema", "names", "window", "aim", "off_nadir", "horizon", "slew", "once"} <= kept
    idle = {rule.id for rule in result.rules if rule.verdict == "not_applicable"}
    assert {"memory", "delivery", "value", "total", "geometry", "gsd", "contacts"} <= idle
    short["collections"][0]["start"] = later(short["collections"][0]["start"], 3600.0)
    short["collections"][0]["stop"] = later(short["collections"][0]["stop"], 3600.0)
    assert not check_plan(short).passed


def test_what_could_not_be_checked_is_told(plan: Plan) -> None:
    for satellite in plan["satellites"]:
        del satellite["agility"], satellite["optics"], satellite["data_rate_mbps"]
        del satellite["downlink_mbps"]
    for c in plan["collections"]:
        del c["niirs"], c["gsd_along_m"], c["volume_gbit"], c["footprint"]
    result = check_plan(plan)
    assert result.passed
    assert {rule.id for rule in result.rules if rule.verdict == "not_checked"} == {
        "gsd", "sharpness", "slew", "coverage", "memory", "memory_curve", "downlink", "delivery",
        "deadline", "value",
    }  # fmt: skip
    assert "slew: KOMPSAT-3A states neither slew nor agility (3 times)" in result.unchecked
    told = next(r for r in result.to_json()["rules"] if r["id"] == "slew")
    assert told["unchecked"] == ["KOMPSAT-3A states neither slew nor agility (3 times)"]


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_damaged_document_is_judged_and_raises_nothing(good: Plan, data: st.DataObject) -> None:
    plan = copy.deepcopy(good)
    damage(plan, data)
    result = check_plan(plan)
    if result.rules[0].violations:
        assert not result.passed
        assert all(rule.violations == () for rule in result.rules[1:])


def test_the_least_document_of_the_reference_is_a_plan_that_stands() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/checker.md").read_text("utf-8")
    document = json.loads(page.split("```json\n")[1].split("```")[0])
    result = check_plan(document)
    assert result.passed
    assert result.unchecked == ()
    assert {rule.id for rule in result.rules if rule.verdict == "kept"} == {
        "schema", "names", "times", "window", "orbit", "aim", "off_nadir", "horizon", "sun", "once",
    }  # fmt: skip
