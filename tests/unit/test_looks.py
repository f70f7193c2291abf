"""Incidence, azimuth and the Sun's greatest height as limits: offered, taken, explained, checked."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from hand_plan import Plan, hand_plan, of, only
from offnadir.earth import EarthOrientation, SunTable
from offnadir.errors import InputError
from offnadir.orbits import make_ephemeris
from offnadir.planning import check_plan, load_mission, make_plan
from offnadir.planning.opportunities import find_opportunities
from sample_missions import KOMPSAT, SETS, WORLDVIEW

HEAD = """\
elements = ["sats.3le"]
[span]
start = 2026-06-01T00:00:00Z
duration = "{hours} h"
[solver]
time_limit_s = 1
"""


def spot(name: str, *lines: str) -> str:
    keys = (f'name = "{name}"', "lat_deg = 35.98", "lon_deg = 126.71", *lines)
    return "\n[[request]]\n" + "\n".join(keys) + "\n"


def load(folder: Path, *requests: str, hours: int = 12, fleet: str = WORLDVIEW) -> Any:
    (folder / "sats.3le").write_text(SETS)
    text = HEAD.format(hours=hours) + fleet + "".join(requests)
    (folder / "mission.toml").write_text(text)
    return load_mission(folder / "mission.toml")


def planned(folder: Path, *requests: str, **more: Any) -> dict[str, Any]:
    plan = make_plan(load(folder, *requests, **more)).document
    assert plan["check"]["passed"], plan["check"]
    return plan


def test_both_sides_of_a_limit_are_all_there_is(tmp_path):
    """What is offered on both sides of a limit lasts, added up, as long as what is offered without it."""
    sides = {
        "azimuth": ("azimuth_deg = [80, 200]", "azimuth_deg = [200, 80]"),
        "incidence": ("max_incidence_deg = 22", "min_incidence_deg = 22"),
        "sun": ("max_sun_elevation_deg = 70", "min_sun_elevation_deg = 70"),
    }
    requests = [spot("all")]
    for name, pair in sides.items():
        requests += [spot(f"{name} {i}", one) for i, one in enumerate(pair)]
    mission = load(tmp_path, *requests, hours=240)
    orientation = EarthOrientation.bundled()
    ephemeris = make_ephemeris(mission.satellites[0].elements, mission.span, orientation)
    found = find_opportunities(mission, [ephemeris], SunTable.over(mission.span, orientation))
    lasts_s = {}
    for r, one in enumerate(mission.requests):
        rows = found["request_index"] == r
        lasts_s[one.name] = float((found["stop"] - found["start"])[rows].sum()) / 1e9
    for name in sides:
        both = lasts_s[f"{name} 0"], lasts_s[f"{name} 1"]
        assert min(both) > 10.0, name
        assert sum(both) == pytest.approx(lasts_s["all"], abs=0.1), name


def test_a_plan_keeps_to_its_limits_and_states_them(tmp_path):
    """The nearest pass stands in the south-east of the place; whoever wants another side gets a later one."""
    plan = planned(
        tmp_path,
        spot("free"),
        spot("west", "azimuth_deg = [180, 360]", "min_incidence_deg = 5", "max_incidence_deg = 40"),
        spot("east", "azimuth_deg = [0, 180]", "max_sun_elevation_deg = 74"),
        hours=96,
    )
    by_name = {one["request"]: one for one in plan["collections"]}
    assert 180.0 <= by_name["west"]["azimuth_deg"] <= 360.0
    assert 5.0 <= 90.0 - by_name["west"]["elevation_deg"] <= 40.0
    assert by_name["east"]["azimuth_deg"] <= 180.0
    assert by_name["east"]["sun_elevation_deg"] <= 74.0
    stated = {one["name"]: one for one in plan["requests"]}
    assert stated["west"]["azimuth_deg"] == [180, 360]
    assert (stated["west"]["min_incidence_deg"], stated["west"]["max_incidence_deg"]) == (5, 40)
    assert stated["east"]["max_sun_elevation_deg"] == 74
    assert "azimuth_deg" not in stated["free"]
    (rule,) = (one for one in plan["check"]["rules"] if one["id"] == "sight")
    assert (
        rule["checked"] == 3 + 3 + 3
    )  # two limits of the west and one of the east, at three instants


def test_why_nothing_is_taken(tmp_path):
    plan = planned(
        tmp_path,
        spot("north", "azimuth_deg = [350, 10]", "min_incidence_deg = 60"),
        spot("dusk", "max_sun_elevation_deg = 20"),
    )
    north, dusk = (one["reason"] for one in plan["requests"])
    assert north["code"] == "no_pass"
    assert (
        "at azimuth 350 to 10 deg and incidence 60 to 90 deg: the nearest is WV3" in north["text"]
    )
    assert dusk["code"] == "too_bright"
    # what it would need does it
    need = float(dusk["would_need"].rpartition(" ")[2])
    better = planned(tmp_path, spot("dusk", f"max_sun_elevation_deg = {need}"))
    assert better["requests"][0]["status"] == "taken"
    worse = planned(tmp_path, spot("dusk", f"max_sun_elevation_deg = {need - 2.0}"))
    assert worse["requests"][0]["status"] == "not_taken"


def test_only_the_satellites_that_are_named_take_it(tmp_path):
    """One request for each of two satellites, and one for either; a name that there is not is told."""
    both = WORLDVIEW + KOMPSAT
    requests = (
        spot("wv", 'satellites = ["WV3"]'),
        spot("arirang", 'satellites = "Arirang"'),
        spot("either"),
        spot("never", 'satellites = ["Arirang"]', "max_off_nadir_deg = 0.1"),
    )
    plan = planned(tmp_path, *requests, hours=36, fleet=both)
    by_name = {one["request"]: one["satellite"] for one in plan["collections"]}
    assert by_name["wv"] == "WV3"
    assert by_name["arirang"] == "Arirang"
    stated = {one["name"]: one for one in plan["requests"]}
    assert stated["wv"]["satellites"] == ["WV3"]
    assert "satellites" not in stated["either"]
    reason = stated["never"]["reason"]
    assert reason["code"] == "no_pass"
    assert "Arirang" in reason["text"]
    assert "WV3" not in reason["text"]
    of(plan, "wv")["satellites"] = ["Arirang"]
    only(plan, "sight", "by WV3, 'wv' wants Arirang")
    with pytest.raises(InputError) as told:
        load(tmp_path, spot("it", 'satellites = ["WV4"]'), fleet=both)
    assert told.value.field.rpartition(".")[2] == "satellites"


@pytest.fixture(scope="module")
def good() -> Plan:
    return hand_plan()


def test_the_checker_looks_at_incidence(good):
    plan = copy.deepcopy(good)
    incidence_deg = 90.0 - of(plan, "C0002")["elevation_deg"]
    of(plan, "Osaka")["max_incidence_deg"] = incidence_deg + 1.0
    of(plan, "Osaka")["min_incidence_deg"] = incidence_deg - 1.0
    assert check_plan(plan).passed
    of(plan, "Osaka")["max_incidence_deg"] = incidence_deg - 0.5
    only(plan, "sight", "C0002: incidence", "'Osaka' wants")


def test_the_checker_looks_at_azimuth(good):
    """By hand: a sector that ends just before the satellite's azimuth, and the same over north."""
    plan = copy.deepcopy(good)
    azimuth_deg = of(plan, "C0002")["azimuth_deg"]
    around = [(azimuth_deg - 20.0) % 360.0, (azimuth_deg + 20.0) % 360.0]
    of(plan, "Osaka")["azimuth_deg"] = around
    assert check_plan(plan).passed
    of(plan, "Osaka")["azimuth_deg"] = around[::-1]
    only(plan, "sight", "C0002: seen from azimuth", "'Osaka' wants")


def test_the_checker_looks_at_a_sun_that_is_too_high(good):
    plan = copy.deepcopy(good)
    of(plan, "Osaka")["max_sun_elevation_deg"] = of(plan, "C0002")["sun_elevation_deg"] - 0.02
    only(plan, "sun", "C0002: Sun at", "at most")


@pytest.mark.parametrize(
    ("lines", "key", "wish"),
    [
        (("max_sun_elevation_deg = 5",), "max_sun_elevation_deg", "at least min_sun_elevation_deg, 10"),
        (("min_incidence_deg = 30", "max_incidence_deg = 30"), "max_incidence_deg",
         "above min_incidence_deg, 30"),
        (("azimuth_deg = [90]",), "azimuth_deg",
         "two azimuths in degrees, from and to, such as [90, 270]"),
        (("azimuth_deg = [0, 360]",), "azimuth_deg",
         "two azimuths that differ; left out for the whole circle"),
        (("azimuth_deg = [10, 361]",), "azimuth_deg", "a number from 0 to 360 degrees"),
    ],
)  # fmt: skip
def test_limits_that_leave_nothing(tmp_path, lines, key, wish):
    with pytest.raises(InputError) as told:
        load(tmp_path, spot("it", *lines))
    assert told.value.field.rpartition(".")[2] == key
    assert told.value.wish == wish
