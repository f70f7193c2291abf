"""Why requests are left out: a small mission for each code, and what it would have needed, tried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from offnadir.planning import load_mission, make_plan
from sample_missions import SETS, WORLDVIEW, point, write_clouds

HEAD = """\
elements = ["sats.3le"]
[span]
start = 2026-06-01T00:00:00Z
duration = "12 h"
[solver]
time_limit_s = 1
"""
SVALBARD = """
[[station]]
name = "Svalbard"
lat_deg = 78.23
lon_deg = 15.41
"""
#: WorldView-3 passes both once, at 02:09.
BUSAN, GUNSAN = point("Busan", weight=3), point("Gunsan", weight=2)
SLOW = 'slew = { law = "table", table = [[0, 400], [90, 600]] }\n'


def planned(folder: Path, text: str) -> dict[str, Any]:
    (folder / "sats.3le").write_text(SETS)
    if "clouds.nc" in text:
        pytest.importorskip("netCDF4", reason="the extra `weather` is not installed")
        write_clouds(folder / "clouds.nc")
    (folder / "mission.toml").write_text(text)
    plan = make_plan(load_mission(folder / "mission.toml")).document
    assert plan["check"]["passed"], plan["check"]
    return plan


def request(plan: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(r for r in plan["requests"] if r["name"] == name)
    return found


@dataclass(frozen=True)
class Case:
    """A mission that leaves Gunsan out: why, what is said, what it would need, and that as a change."""

    code: str
    mission: str
    said: str
    need: str
    change: tuple[str, str]


TWO = HEAD + WORLDVIEW + BUSAN + GUNSAN
CASES = [
    Case(
        "no_pass",
        HEAD + WORLDVIEW + point("Gunsan", "max_off_nadir_deg = 5"),
        r"nearest is WV3 at 2026-06-01 02:\d\d UTC with [\d.]+ deg",
        r"an off-nadir limit of ([\d.]+) deg",
        ("max_off_nadir_deg = 5", r"max_off_nadir_deg = {}"),
    ),
    Case(
        "too_dark",
        HEAD + WORLDVIEW + point("Gunsan", "min_sun_elevation_deg = 85"),
        r"the highest Sun is [\d.]+ deg",
        r"a Sun limit of ([\d.]+) deg",
        ("elevation_deg = 85", "elevation_deg = {}"),
    ),
    Case(
        "too_blurred",
        HEAD + WORLDVIEW + point("Gunsan", "max_gsd_m = 0.25"),
        r"sharpest is WV3 at .* with 0\.\d\d m",
        r"a max_gsd_m of ([\d.]+)",
        ("max_gsd_m = 0.25", "max_gsd_m = {}"),
    ),
    Case(
        "too_cloudy",
        HEAD + WORLDVIEW + point("Gunsan")
        + '[weather]\ncloud_cube = "clouds.nc"\nmin_clear = 0.99\n',
        r"best chance of a clear sky is \d+ %",
        r"a min_clear of ([\d.]+)",
        ("min_clear = 0.99", "min_clear = {}"),
    ),
    Case(
        "outbid",
        TWO.replace('"worldview-3"\n', f'"worldview-3"\n{SLOW}'),
        r"no time to turn to it beside Busan \(C0001, 02:\d\d\).* would have to go, worth 1\.\d",
        r"a weight above ([\d.]+)",
        ("weight = 2", "weight = {}"),
    ),
    Case(
        "orbit_limit",
        TWO.replace('"worldview-3"\n', '"worldview-3"\nmax_pictures_per_orbit = 1\n'),
        r"the limit of 1 picture of WV3 in orbit 1 is used up by Busan",
        r"a max_pictures_per_orbit of (\d+) on WV3",
        ("per_orbit = 1", "per_orbit = {}"),
    ),
    Case(
        "memory_full",
        TWO.replace('"worldview-3"\n', '"worldview-3"\nmemory_gbit = 6\n'),
        r"the memory of WV3 would be full at 2026-06-01 02:\d\d UTC, by [\d.]+ Gbit",
        r"([\d.]+) Gbit more memory on WV3",
        ("memory_gbit = 6", "memory_gbit = {}"),
    ),
    Case(
        "late",
        HEAD + WORLDVIEW + SVALBARD + point("Gunsan", "deadline = 2026-06-01T02:20:00Z"),
        r"could be on the ground at 2026-06-01 \d\d:\d\d UTC, [\d.]+ min after its deadline",
        r"a deadline not before 2026-06-01 (\d\d:\d\d) UTC",
        ("T02:20:00Z", "T{}:00Z"),
    ),
    Case(
        "duty",
        TWO.replace('"worldview-3"\n', '"worldview-3"\nduty = { imaging_s = 3, in_s = 600 }\n'),
        r"WV3 may image for 3 s in any 600 s, [\d.]+ s less than needed",
        r"a duty of ([\d.]+) s in 600 s",
        ("imaging_s = 3", "imaging_s = {}"),
    ),
    Case(
        "tier",
        TWO.replace("weight = 2\n", "weight = 200\ntier = 2\n").replace(
            '"worldview-3"\n', '"worldview-3"\nmax_pictures_per_orbit = 1\n'
        ),
        r"Busan \(C0001, 02:\d\d\) would have to go, of a higher tier",
        r"tier (1) and a weight above",
        ("tier = 2", "tier = {}"),
    ),
    Case(
        "choice",
        TWO + '[[choice]]\nrequests = ["Busan", "Gunsan"]\n',
        r"of 'Busan', 'Gunsan' at most 1 may be taken, and Busan \(C0001, 02:\d\d\) is",
        r"a weight above ([\d.]+)",
        ("weight = 2", "weight = {}"),
    ),
    Case(
        "uplink",
        TWO.replace('"worldview-3"\n', '"worldview-3"\nnext_uplink = 2026-06-01T04:00:00Z\n'),
        r"WV3 hears at 2026-06-01 04:00 UTC again, its last pass ends at",
        r"an uplink to WV3 before 2026-06-01 (\d\d:\d\d) UTC",
        ("T04:00:00Z", "T{}:00Z"),
    ),
    Case(
        "no_pass",
        TWO.replace("weight = 2\n", "weight = 2\nstart = 2026-06-01T05:00:00Z\n"),
        "",
        r"a time window with 2026-06-01 (\d\d:\d\d) UTC \(WV3\)",
        ("T05:00:00Z", "T02:00:00Z"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_what_it_would_have_needed_is_enough(case: Case, tmp_path: Path) -> None:
    reason = request(planned(tmp_path, case.mission), "Gunsan")["reason"]
    assert reason["code"] == case.code, reason
    assert re.search(case.said, reason["text"]), reason
    found = re.search(case.need, reason["would_need"])
    assert found, reason
    number = found[1]
    if case.code == "memory_full":
        number = f"{6.0 + float(number):.3f}"
    old, new = case.change
    text = case.mission.replace(old, new.format(number))
    assert text != case.mission
    assert request(planned(tmp_path, text), "Gunsan")["status"] == "taken", reason


@pytest.mark.parametrize(
    ("east_deg", "limit_deg"), [(0.0, 0.1), (0.02, 0.1), (0.02, 0.3), (0.3, 1.0)]
)
def test_below_the_track_the_ends_of_a_picture_count(
    east_deg: float, limit_deg: float, tmp_path: Path
) -> None:
    """WorldView-3 flies 15 km in the 2.2 s of its shortest exposure: 0.7 deg to either side of a place."""
    text = HEAD + WORLDVIEW + point("Gunsan", f"max_off_nadir_deg = {limit_deg}")
    for name, below in (("lat", 39.174367), ("lon", 131.733388 + east_deg)):  # where it is at 02:09
        text = re.sub(rf"{name}_deg = .*", f"{name}_deg = {below}", text)
    reason = request(planned(tmp_path, text), "Gunsan")["reason"]
    assert reason["code"] == "no_pass", reason
    found = re.search(r"an off-nadir limit of ([\d.]+) deg$", reason["would_need"])
    assert found, reason
    least = float(found[1])
    for limit, status in ((least, "taken"), (least - 0.1001, "not_taken")):
        wider = text.replace(f"max_off_nadir_deg = {limit_deg}", f"max_off_nadir_deg = {limit}")
        assert request(planned(tmp_path, wider), "Gunsan")["status"] == status, (limit, reason)


def test_what_has_to_go_is_worth_what_the_weight_says(tmp_path: Path) -> None:
    """Worth, for each of its 2 of weight, as much as the picture in its way: all three with three figures."""
    text = TWO.replace('"worldview-3"\n', '"worldview-3"\nmax_pictures_per_orbit = 1\n')
    reason = request(planned(tmp_path, text), "Gunsan")["reason"]
    told = re.search(
        r"would have to go, worth ([\d.]+); this one is worth ([\d.]+)\.$", reason["text"]
    )
    need = re.search(r"a weight above ([\d.]+)", reason["would_need"])
    assert told is not None
    assert need is not None
    assert float(need[1]) == pytest.approx(2.0 * float(told[1]) / float(told[2]), rel=0.01)


def test_a_higher_tier_that_would_have_to_move(tmp_path: Path) -> None:
    """Moving Busan to a worse look would lose in its tier: no price, however high, is the answer."""
    slew = 'slew = { law = "table", table = [[0, 100], [90, 100]] }\n'
    text = TWO.replace('"worldview-3"\n', f'"worldview-3"\n{slew}')
    tier = text.replace("weight = 2\n", "weight = 200\ntier = 2\n")
    reason = request(planned(tmp_path, tier), "Gunsan")["reason"]
    assert reason["code"] == "tier"
    assert "Busan" in reason["text"]
    assert "would have to go or move, of a higher tier." in reason["text"]
    found = re.search(r"tier 1 and a weight above ([\d.]+)", reason["would_need"])
    assert found, reason
    granted = text.replace("weight = 2\n", f"weight = {1.02 * float(found[1])}\n")
    assert request(planned(tmp_path, granted), "Gunsan")["status"] == "taken", reason
    assert float(found[1]) < 3.0  # and not in units of the solver


def test_no_pair_of_pictures(tmp_path: Path) -> None:
    text = (
        HEAD
        + WORLDVIEW
        + point("Gunsan", "stereo = { min_convergence_deg = 85, max_convergence_deg = 90 }")
    )
    assert request(planned(tmp_path, text), "Gunsan")["reason"]["code"] == "no_stereo_pair"


def test_blocked(tmp_path: Path) -> None:
    block = 'blocked = [{ start = 2026-06-01T02:00:00Z, stop = 2026-06-01T02:20:00Z, why = "calibration" }]\n'
    text = HEAD + WORLDVIEW + block + GUNSAN
    reason = request(planned(tmp_path, text), "Gunsan")["reason"]
    assert reason["code"] == "blocked"
    assert "(calibration)" in reason["text"]


def test_out_of_order(tmp_path: Path) -> None:
    """Nothing shows Busan, so nothing comes after it."""
    busan = point("Busan", "min_sun_elevation_deg = 85")
    text = HEAD + WORLDVIEW + busan + point("Gunsan", 'after = "Busan"')
    reason = request(planned(tmp_path, text), "Gunsan")["reason"]
    assert reason["code"] == "order"
    assert reason["would_need"] == "'Busan' taken before it"


def test_a_station_that_is_out(tmp_path: Path) -> None:
    """Svalbard hears WV3 within the hour, but not on this day."""
    text = HEAD + WORLDVIEW + SVALBARD + point("Gunsan", "deadline = 2026-06-01T06:00:00Z")
    assert request(planned(tmp_path, text), "Gunsan")["status"] == "taken"
    out = '[[outage]]\nstation = "Svalbard"\nstart = 2026-06-01T00:00:00Z\nstop = 2026-06-01T07:00:00Z\n'
    reason = request(planned(tmp_path, text + out), "Gunsan")["reason"]
    assert reason["code"] == "outage", reason


def test_a_camera_that_would_be_too_warm(tmp_path: Path) -> None:
    thermal = "thermal = { heating_k_s = 2, time_constant_s = 900, max_rise_k = 6 }\n"
    text = HEAD + WORLDVIEW + thermal + BUSAN + GUNSAN
    reason = request(planned(tmp_path, text), "Gunsan")["reason"]
    assert reason["code"] == "thermal"
    more = float(re.search(r"([\d.]+) K more", reason["would_need"])[1])  # type: ignore[index]
    text = text.replace("max_rise_k = 6", f"max_rise_k = {6 + more:.4f}")
    assert request(planned(tmp_path, text), "Gunsan")["status"] == "taken"


def test_further_pictures_of_a_repeat(tmp_path: Path) -> None:
    text = HEAD + WORLDVIEW + point("Gunsan", 'repeat = { count = 3, min_spacing = "20 h" }')
    found = request(planned(tmp_path, text), "Gunsan")
    assert (found["status"], found["reason"]) == ("taken", None)
    assert [one["pictures"] for one in found["left_out"]] == [2]


def test_pictures_name_what_they_displaced(tmp_path: Path) -> None:
    text = TWO.replace('"worldview-3"\n', '"worldview-3"\nmax_pictures_per_orbit = 1\n')
    (picture,) = planned(tmp_path, text)["collections"]
    assert [one["request"] for one in picture["displaced"]] == ["Gunsan"]
    assert 1.0 < picture["displaced"][0]["value"] < picture["value"]
