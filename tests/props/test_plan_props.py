"""Random missions: whatever rules they have, the plan passes the independent checker."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import offnadir.planning.plan as plan_room
from offnadir.planning import load_mission, make_plan
from sample_missions import (
    BAY,
    HEAD,
    KOMPSAT,
    PLACES,
    SETS,
    SKYSAT,
    STATIONS,
    WORLDVIEW,
    point,
)

RULES_OF_A_SATELLITE = [
    "",
    'slew = { law = "per_axis", rate_deg_s = [1.2, 0.8], acceleration_deg_s2 = [0.2, 0.2] }\n',
    'slew = { law = "table", table = [[0, 11.66], [10, 11.66], [30, 25], [60, 40]] }\n',
    "max_pictures_per_orbit = 2\n",
    "imaging_s_per_orbit = 20\n",
    "duty = { imaging_s = 25, in_s = 900 }\n",
    "thermal = { heating_k_s = 2, time_constant_s = 900, max_rise_k = 40 }\n",
    "memory_gbit = 30\ndownlink_mbps = 60\ncompression = 2\n",
    "blocked = [{ start = 2026-06-01T02:08:00Z, stop = 2026-06-01T02:10:30Z }]\n",
    "next_uplink = 2026-06-01T04:00:00Z\n",
    "battery = { capacity_wh = 300, charge_w = 300, idle_w = 150, imaging_w = 2500, slew_w = 900 }\n",
]
RULES_OF_A_REQUEST = [
    "",
    "tier = 2",
    "stereo = true",
    "stereo = { min_convergence_deg = 8, max_convergence_deg = 25, views = 3 }",
    'repeat = { count = 3, min_spacing = "2 h" }',
    'repeat = { count = 3, min_spacing = "2 h", max_spacing = "30 h" }',
    "deadline = 2026-06-01T18:00:00Z",
    "max_gsd_m = 0.8",
    "min_sun_elevation_deg = 30",
]


@st.composite
def missions(draw: Any) -> str:
    """One to three satellites, two to seven places, perhaps an area, an order, a choice, an outage."""
    text = HEAD
    for satellite in draw(
        st.lists(st.sampled_from([WORLDVIEW, SKYSAT, KOMPSAT]), min_size=1, unique=True)
    ):
        text += satellite + draw(st.sampled_from(RULES_OF_A_SATELLITE))
    text += STATIONS + draw(st.sampled_from(["", "setup_s = 90\n"]))
    if draw(st.booleans()):
        text += '\n[[outage]]\nstation = "Svalbard"\n'
        text += "start = 2026-06-01T02:00:00Z\nstop = 2026-06-01T09:00:00Z\n"
    names = draw(st.lists(st.sampled_from(sorted(PLACES)), min_size=2, max_size=7, unique=True))
    kinds = [draw(st.sampled_from(RULES_OF_A_REQUEST)) for _ in names]
    plain = [name for name, kind in zip(names, kinds, strict=True) if "repeat" not in kind]
    ordered = len(plain) >= 2 and draw(st.booleans())
    for name, kind in zip(names, kinds, strict=True):
        lines = [kind] if kind else []
        if ordered and name == plain[1]:
            lines += [f'after = "{plain[0]}"', 'after_within = "30 h"']
        text += point(name, *lines, weight=draw(st.integers(1, 9)))
    if draw(st.booleans()):
        text += f'\n[[request]]\nname = "Bay"\npolygon = {BAY}\nweight = 9\ncover = true\n'
        names = [*names, "Bay"]
    if not ordered and draw(st.booleans()):
        text += f'\n[[choice]]\nrequests = ["{names[0]}", "{names[-1]}"]\n'
    return text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(missions(), st.booleans())
def test_every_plan_passes_the_checker(text: str, again: bool) -> None:
    old_rate = plan_room.ROUNDS_PER_S
    plan_room.ROUNDS_PER_S = 1.0 / 300.0  # one round, whatever the clock says
    try:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "sats.3le").write_text(SETS)
            path = Path(folder) / "mission.toml"
            path.write_text(text)
            mission = load_mission(path)
        mission = replace(mission, solver=replace(mission.solver, time_limit_s=300.0))
        plan = make_plan(mission).document
        verdicts = [plan["check"]]
        if again:
            news = replace(mission, requests=mission.requests, sha256="")
            verdicts.append(make_plan(news, previous=plan).document["check"])
    finally:
        plan_room.ROUNDS_PER_S = old_rate
    broken = [text for one in verdicts for rule in one["rules"] for text in rule["violations"]]
    assert not broken, broken
