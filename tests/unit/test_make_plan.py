"""Whole missions through the planner: every rule by the independent checker, plans that are mended, tiers."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.planning import Mission, check_plan, load_mission, make_plan
from offnadir.planning.model import Choice, Outage, Repeat
from offnadir.planning.plan import ROUNDS_PER_S
from offnadir.planning.slew import Slew
from sample_missions import MISSIONS, write_mission

Document = dict[str, Any]
#: Rounds of search for these small missions; the clock is not to strike, however slow the machine.
ROUNDS = 4


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ROUNDS_PER_S > 1.0
    monkeypatch.setattr("offnadir.planning.plan.ROUNDS_PER_S", ROUNDS / 300.0)


def mission_of(folder: Path, name: str) -> Mission:
    mission = load_mission(write_mission(folder, name))
    return replace(mission, solver=replace(mission.solver, time_limit_s=300.0))


def planned(mission: Mission, **more: Any) -> Document:
    document = make_plan(mission, **more).document
    broken = [text for rule in document["check"]["rules"] for text in rule["violations"]]
    assert not broken, broken
    return document


def pictures(document: Document) -> list[tuple[str, str, str]]:
    return [(c["request"], c["satellite"], c["start"]) for c in document["collections"]]


def starts_ms(document: Document) -> list[int]:
    zero = Epoch.from_utc(document["span"]["start"]).tai_ns
    return [(Epoch.from_utc(c["start"]).tai_ns - zero) // 10**6 for c in document["collections"]]


@pytest.mark.parametrize("name", sorted(MISSIONS))
def test_every_rule_is_kept(tmp_path: Path, name: str) -> None:
    if "clouds.nc" in MISSIONS[name]:
        pytest.importorskip("netCDF4")
    document = planned(mission_of(tmp_path, name))
    assert len(document["collections"]) >= 2
    bound = document["result"]["bound"]
    assert bound is None or bound >= document["result"]["value"]


def test_limits_an_orbit_bind(tmp_path: Path) -> None:
    mission = mission_of(tmp_path, "orbit_limits")
    free = tuple(
        replace(one, max_pictures_per_orbit=None, imaging_s_per_orbit=1e5)
        for one in mission.satellites
    )
    document = planned(mission)
    period_s = {one["name"]: one["orbit_period_s"] for one in document["satellites"]}
    zero = Epoch.from_utc(document["span"]["start"])
    counts: dict[tuple[str, int], int] = {}
    for c in document["collections"]:
        name = c["satellite"]
        orbit = math.floor((Epoch.from_utc(c["start"]) - zero) / period_s[name])
        counts[name, orbit] = counts.get((name, orbit), 0) + 1
    assert max(n for (name, _), n in counts.items() if name == "WV3") == 3
    assert len(planned(replace(mission, satellites=free))["collections"]) > len(
        document["collections"]
    )


def test_slower_turns_never_give_a_better_plan(tmp_path: Path) -> None:
    """By the bound of the slow and the value of the fast one; and a user's own law is asked for each turn."""
    mission = mission_of(tmp_path, "slew_table")

    def with_law(law: Any) -> Mission:
        return replace(
            mission, satellites=tuple(replace(one, slew=law) for one in mission.satellites)
        )

    fast = planned(with_law(Slew(law="table", table=((0.0, 2.0), (1.0, 10.0)))))
    slow = planned(with_law(Slew(law="table", table=((0.0, 60.0), (1.0, 90.0)))))
    assert slow["result"]["value"] < fast["result"]["bound"]
    assert slow["result"]["value"] < fast["result"]["value"]

    def always_a_minute(end: np.ndarray, start: np.ndarray) -> np.ndarray:
        return np.full(len(end), 60.0)

    own = planned(with_law(always_a_minute))
    stops = [Epoch.from_utc(c["stop"]) for c in own["collections"]]
    begins = [Epoch.from_utc(c["start"]) for c in own["collections"]]
    assert len(begins) >= 3
    assert min(b - a for a, b in zip(stops, begins[1:], strict=False)) >= 60.0


def test_tiers_are_strict(tmp_path: Path) -> None:
    """Two pictures an orbit, one light request of the first tier, then weights of 10 and 100."""
    document = planned(mission_of(tmp_path, "tiers"))
    taken = {c["request"] for c in document["collections"]}
    assert "Mokpo" in taken
    assert {"Seoul", "Incheon", "Busan"} <= taken
    assert [one["tier"] for one in document["result"]["tiers"]] == [1, 2, 3]
    flat = mission_of(tmp_path, "tiers")
    flat = replace(flat, requests=tuple(replace(one, tier=1) for one in flat.requests))
    assert planned(flat)["result"]["value"] > 4 * document["result"]["value"]


def test_doubled_weights_double_the_proven_value(tmp_path: Path) -> None:
    mission = mission_of(tmp_path, "blocked")
    twice = replace(
        mission, requests=tuple(replace(one, weight=2.0 * one.weight) for one in mission.requests)
    )
    one, two = planned(mission), planned(twice)
    assert one["result"]["status"] == two["result"]["status"] == "optimal"
    assert two["result"]["value"] == pytest.approx(2.0 * one["result"]["value"], abs=5e-5)


def test_a_request_less_never_raises_the_proven_value(tmp_path: Path) -> None:
    mission = mission_of(tmp_path, "blocked")
    whole = planned(mission)
    assert whole["result"]["status"] == "optimal"
    for gone in (0, 7, 13):
        requests = tuple(one for i, one in enumerate(mission.requests) if i != gone)
        less = planned(replace(mission, requests=requests))
        assert less["result"]["value"] <= whole["result"]["value"] + 1e-6


def test_a_choice_between_an_area_and_turns(tmp_path: Path) -> None:
    """An area in strips or a request that repeats: all of the one or all of the other."""
    mission = mission_of(tmp_path, "cover")
    requests = tuple(
        replace(one, repeat=Repeat(count=3, min_spacing_s=3600.0)) if one.name == "Busan" else one
        for one in mission.requests
    )
    both = planned(replace(mission, requests=requests))
    assert {"Bay", "Busan"} <= {c["request"] for c in both["collections"]}
    chosen = replace(mission, requests=requests, choices=(Choice(requests=("Bay", "Busan")),))
    taken = {c["request"] for c in planned(chosen)["collections"]}
    assert len(taken & {"Bay", "Busan"}) == 1


@pytest.mark.parametrize(
    "name", ["plain", "cover", "tri_stereo", "repeat", "relations", "downlink"]
)
def test_no_news_changes_nothing(tmp_path: Path, name: str) -> None:
    mission = mission_of(tmp_path, name)
    old = planned(mission)
    again = planned(mission, previous=old)
    assert pictures(again) == pictures(old)
    assert again["result"]["value"] == old["result"]["value"]
    changes = again["result"]["changes"]
    assert changes["kept"] == len(old["collections"])
    assert changes["moved"] == changes["dropped"] == changes["added"] == 0


def test_what_is_on_board_stays(tmp_path: Path) -> None:
    """The next uplink is at noon of the first day: pictures before it stay, and no new one is put there."""
    mission = mission_of(tmp_path, "plain")
    old = planned(mission)
    noon = Epoch.from_utc("2026-06-01T12:00:00Z")
    satellites = tuple(replace(one, next_uplink=noon) for one in mission.satellites)
    requests = tuple(one for one in mission.requests if one.name != "Seoul")
    new = planned(
        replace(mission, satellites=satellites, requests=requests, sha256=""), previous=old
    )
    early = {one for one in pictures(old) if Epoch.from_utc(one[2]) < noon and one[0] != "Seoul"}
    assert len(early) >= 2
    frozen = {
        (c["request"], c["satellite"], c["start"]) for c in new["collections"] if c.get("frozen")
    }
    assert frozen == early
    assert {one for one in pictures(new) if Epoch.from_utc(one[2]) < noon} == early
    assert check_plan(new, previous=old).passed


def test_a_dear_change_is_not_made(tmp_path: Path) -> None:
    """A request of twice the weight of any: it takes the place of others, but not where change costs more."""
    mission = mission_of(tmp_path, "orbit_limits")
    rich = tuple(
        replace(one, weight=10.0) if one.name in ("Jeju", "Mokpo") else one
        for one in mission.requests
    )
    old = planned(mission)
    cheap = planned(replace(mission, requests=rich, sha256=""), previous=old, change_price=0.0)
    dear = planned(replace(mission, requests=rich, sha256=""), previous=old, change_price=100.0)
    assert set(pictures(old)) <= set(pictures(dear))
    assert cheap["result"]["value"] > dear["result"]["value"]
    assert cheap["result"]["changes"]["kept"] < dear["result"]["changes"]["kept"]


def test_pictures_on_board_that_break_a_rule_are_named(tmp_path: Path) -> None:
    mission = mission_of(tmp_path, "plain")
    old = planned(mission)
    late = mission.span.stop + -1.0
    first = old["collections"][0]
    strict = tuple(
        replace(one, next_uplink=late, max_pictures_per_orbit=1) for one in mission.satellites
    )
    with pytest.raises(InputError, match=r"previous.*C0.* by .*pictures of .* in orbit"):
        make_plan(replace(mission, satellites=strict, sha256=""), previous=old)
    sharp = tuple(
        replace(one, max_gsd_m=0.01) if one.name == first["request"] else one
        for one in mission.requests
    )
    uplink = tuple(replace(one, next_uplink=late) for one in mission.satellites)
    news = replace(mission, satellites=uplink, requests=sharp, sha256="")
    with pytest.raises(InputError, match=f"{first['id']} of '{first['request']}'"):
        make_plan(news, previous=old)


def test_a_picture_on_board_that_comes_down_too_late_is_told_with_its_times(tmp_path: Path) -> None:
    """Its contact is lost, and its request has a deadline: the message says when it would come down."""
    mission = mission_of(tmp_path, "plain")
    old = planned(mission)
    first = next(c for c in old["collections"] if c["delivered"])
    taken, down = (Epoch.from_utc(first[key]) for key in ("stop", "delivered"))
    requests = tuple(
        replace(one, deadline=down + 60.0) if one.name == first["request"] else one
        for one in mission.requests
    )
    late = tuple(replace(one, next_uplink=mission.span.stop + -1.0) for one in mission.satellites)
    lost = tuple(
        Outage(station=one.station.site.name, start=taken, stop=down + 60.0)
        for one in mission.stations
    )
    news = replace(mission, satellites=late, requests=requests, outages=lost, sha256="")
    due = (down + 60.0).utc(0)
    with pytest.raises(InputError, match=f"its deadline is {due}") as caught:
        make_plan(news, previous=old)
    assert f"{first['id']} of '{first['request']}'" in str(caught.value)
    assert " ms" not in str(caught.value)
    assert "member" not in str(caught.value)


def test_a_battery_that_runs_empty_by_itself_is_told_with_its_satellite(tmp_path: Path) -> None:
    """300 W drawn and 200 W given, in sunlight too: 210 Wh are gone within 2.1 h, pictures or not."""
    path = write_mission(tmp_path, "battery")
    path.write_text(path.read_text().replace("charge_w = 500", "charge_w = 200"))
    with pytest.raises(
        InputError, match=r'satellite "WV3"\.battery = .*charge_w 200, idle_w 300'
    ) as caught:
        make_plan(load_mission(path))
    found = re.search(r"hold (\S+) Wh at (\S+), not (\S+)$", str(caught.value))
    assert found is not None
    assert float(found[1]) < float(found[3]) == 490.0
    assert 0.7 * 3600 <= Epoch.from_utc(found[2]) - load_mission(path).span.start <= 3.0 * 3600


def test_a_price_on_change_below_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="change_price"):
        make_plan(mission_of(tmp_path, "blocked"), change_price=-0.1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"collections": [{}]}, "collections"),
        ({"satellites": None}, "satellites"),
        ({"schema": "offnadir.plan/2"}, "schema"),
    ],
)
def test_what_is_no_plan_cannot_be_mended(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    mission = mission_of(tmp_path, "repeat")
    with pytest.raises(InputError, match=rf"^previous: must be a plan: {said}"):
        make_plan(mission, previous=planned(mission) | change)


def test_what_a_plan_of_others_may_leave_out_may_also_be_null(tmp_path: Path) -> None:
    mission = mission_of(tmp_path, "repeat")
    first = planned(mission)
    bare = first | {"mission": None, "contacts": None, "memory": None, "result": None}
    bare["requests"] = [r | {"status": None, "reason": None} for r in first["requests"]]
    bare["collections"] = [c | {"contact": None, "delivered": None} for c in first["collections"]]
    assert pictures(planned(mission, previous=bare, change_price=1.0)) == pictures(first)


def test_equal_missions_give_equal_plans(tmp_path: Path) -> None:
    mission = mission_of(tmp_path, "everything")
    pytest.importorskip("netCDF4")
    one, two = planned(mission), planned(mission)
    assert pictures(one) == pictures(two)
    assert starts_ms(one) == starts_ms(two)
    assert one["result"] == two["result"]
