"""The family aeossp_standard: numbers of brahe 1.8.0, on which its own verifier stands, and edges."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances import _space, _view, aeossp_standard
from offnadir.errors import InputError

# Sentinel-2A as in conftest: over Japan at 12:40, in the Earth's shadow from 12:07 to 12:43.
LINES = (
    "1 40697U 15028A   26150.59231876  .00000540  00000+0  22277-3 0  9998",
    "2 40697  98.5691 225.6931 0001116  89.9845 270.1466 14.30819576571212",
)
MISSION = """\
mission:
  case_id: small
  horizon_start: '2026-05-30T12:00:00Z'
  horizon_end: '2026-05-30T13:00:00Z'
  action_time_step_s: 5
  geometry_sample_step_s: 5
  resource_sample_step_s: 10
  propagation: {model: sgp4}
"""
SATELLITES = f"""\
satellites:
- satellite_id: sat_a
  norad_catalog_id: 40697
  tle_line1: {LINES[0]}
  tle_line2: {LINES[1]}
  sensor: {{sensor_type: visible}}
  attitude_model:
    max_slew_velocity_deg_per_s: 1.0
    max_slew_acceleration_deg_per_s2: 0.25
    settling_time_s: 3.0
    max_off_nadir_deg: 25.0
  resource_model:
    battery_capacity_wh: 80.0
    initial_battery_wh: 79.0
    idle_power_w: 25.0
    imaging_power_w: 480.0
    slew_power_w: 280.0
    sunlit_charge_power_w: 100.0
"""
TASK = """\
- task_id: {}
  name: place
  latitude_deg: {}
  longitude_deg: {}
  altitude_m: {}
  release_time: '2026-05-30T12:30:00Z'
  due_time: '2026-05-30T12:50:00Z'
  required_duration_s: {}
  required_sensor_type: {}
  weight: {}
"""
TASKS = "tasks:\n" + "".join(
    TASK.format(*row)
    for row in (
        ("t0", 30.0, 142.0, 0.0, 20, "visible", 3.0),
        ("t1", 33.0, 143.5, 100.0, 15, "visible", 2.0),
        ("t2", 45.2, 137.0, 0.0, 20, "visible", 1.0),
        ("t3", 45.2, 137.0, 0.0, 20, "infrared", 2.0),
    )
)
PLAN = [(0, 0, 488), (0, 1, 499), (0, 2, 540)]


def case(folder: Path, *changes: tuple[str, str]) -> aeossp_standard.Instance:
    for name, text in (("mission", MISSION), ("satellites", SATELLITES), ("tasks", TASKS)):
        for before, after in changes:
            text = text.replace(before, after)
        (folder / f"{name}.yaml").write_text(text)
    return aeossp_standard.read(folder)


AT_US = np.array([1_780_144_800_000_000])  # 2026-05-30 12:40 UTC


def test_positions_and_sun_of_brahe() -> None:
    """By brahe 1.8.0: SGPPropagator.state_ecef, state_eci and sun_position, Earth orientation all zero."""
    r_teme, _ = _space.teme_m(_space.satellite(*LINES, _space.WGS84), AT_US)
    r = _space.itrf_by_utc(r_teme, AT_US)
    np.testing.assert_allclose(r[0], [-5086113.6219, 3818868.3111, 3300538.5181], atol=1e-3)
    inertial = _space.gcrf_by_utc(r, AT_US)
    np.testing.assert_allclose(inertial[0], [-4805879.5854, -4156077.9015, 3313064.9479], atol=1e-3)
    # brahe's obliquity is another by 0.05 arcsec
    np.testing.assert_allclose(
        _space.sun_gcrf_m(AT_US)[0] / 1e3, [55130608, 129616754, 56195752], atol=50
    )


def test_a_plan_is_worth_what_brahe_says(tmp_path: Path) -> None:
    verdict = aeossp_standard.verify(case(tmp_path), PLAN)
    assert verdict.problems == ()
    assert verdict.value == 6 / 8
    assert verdict.figures["CR"] == 0.75
    assert verdict.figures["TAT_s"] == pytest.approx((660 + 710 + 920) / 3)
    assert verdict.figures["PC_Wh"] == pytest.approx(36.657143577777, abs=1e-6)


def test_slews_are_brahes_to_a_tenth_of_a_millisecond(tmp_path: Path) -> None:
    """By brahe the second picture needs 19.14902534 s and the settling time; it has 35 s."""
    instance = case(tmp_path, ("settling_time_s: 3.0", "settling_time_s: 15.8509"))
    assert aeossp_standard.verify(instance, PLAN).valid
    instance = case(tmp_path, ("settling_time_s: 3.0", "settling_time_s: 15.8510"))
    assert aeossp_standard.verify(instance, PLAN).problems == (
        "sat_a, t1 at 2026-05-30T12:41:35Z: 35 s to turn, must be 35.000 s",
    )


def test_the_battery_falls_as_far_as_brahe_says(tmp_path: Path) -> None:
    """From full (80 Wh) it falls to 57.99563420 Wh in the shadow: 22.00436580 Wh."""
    for capacity, valid in ((22.0044, True), (22.0043, False)):
        instance = case(
            tmp_path, ("capacity_wh: 80.0", f"capacity_wh: {capacity}"), ("wh: 79.0", "wh: 21.0")
        )
        problems = aeossp_standard.verify(instance, PLAN).problems
        assert (problems == ()) == valid
    assert problems[0].startswith("sat_a: the battery is empty at 2026-05-30T12:4")


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ([(0, 0, 359)], "sat_a, t0 at 2026-05-30T12:29:55Z: it is not inside the task's window"),
        (
            [(0, 3, 540)],
            "sat_a, t3 at 2026-05-30T12:45:00Z: the sensor is not of the type asked for",
        ),
        ([(0, 0, 360)], "sat_a, t0 at 2026-05-30T12:30:00Z: the target is not in view throughout"),
        ([(0, 0, 477)], "sat_a, t0 at 2026-05-30T12:39:45Z: off nadir 25"),
        (
            [(0, 0, 488), (0, 1, 491)],
            "sat_a, t1 at 2026-05-30T12:40:55Z: the picture before is not over",
        ),
        ([(1, 0, 488)], "satellite 1, task 0: there is no such thing"),
    ],
)
def test_problems_are_named(tmp_path: Path, plan: list[tuple[int, int, int]], says: str) -> None:
    problems = aeossp_standard.verify(case(tmp_path), plan).problems
    assert len(problems) == 1
    assert problems[0].startswith(says)


def test_a_task_counts_once(tmp_path: Path) -> None:
    verdict = aeossp_standard.verify(case(tmp_path), [*PLAN, (0, 2, 547)])
    assert verdict.valid
    assert verdict.value == 6 / 8


def test_the_first_slew_has_the_time_since_the_horizon_began(tmp_path: Path) -> None:
    instance = case(tmp_path, ("settling_time_s: 3.0", "settling_time_s: 2500.0"))
    assert "2440 s to turn" in aeossp_standard.verify(instance, PLAN[:1]).problems[0]


def test_slew_is_triangle_then_trapezium() -> None:
    assert aeossp_standard.slew_s(4.0, 2.0, 1.0) == 4.0  # just reaches 2 deg/s
    assert aeossp_standard.slew_s(1.0, 2.0, 1.0) == 2.0
    assert aeossp_standard.slew_s(10.0, 2.0, 1.0) == 7.0  # 2 s up, 3 s at 2 deg/s, 2 s down


def test_windows_are_what_the_verifier_allows(tmp_path: Path) -> None:
    """Every start inside a run passes, the ones beside it do not; sights and nadir angles are its own."""
    instance = case(tmp_path)
    windows = aeossp_standard.windows(instance)
    assert windows.task.tolist() == [0, 1, 2]  # t3 wants a sensor that there is not
    for run, task in enumerate(windows.task):
        first = windows.first_start[run]
        starts = first + np.arange(-1, windows.start_count[run] + 1)
        valid = [aeossp_standard.verify(instance, [(0, int(task), int(k))]).valid for k in starts]
        assert valid == [False] + [True] * windows.start_count[run] + [False]
        rows = windows.instant_start[run : run + 2]
        assert rows[1] - rows[0] == windows.start_count[run] + instance.task_steps[task]
        assert windows.off_nadir_deg[rows[0] : rows[1]].max() <= 25.0
    # The slew of the second picture by these sights: brahe's 22.14902534 s with settling.
    end = windows.instant_start[0] + 488 + 4 - windows.first_start[0]
    start = windows.instant_start[1] + 499 - windows.first_start[1]
    angle = float(aeossp_standard.angle_deg(windows.sight[end], windows.sight[start]))
    assert aeossp_standard.slew_s(angle, 1.0, 0.25) == pytest.approx(19.14902534, abs=1e-6)
    # brahe's shadow at 12:00, 12:05, ... 12:55; and it is one stretch
    assert windows.sunlit[0, :-1:60].tolist() == [True] * 2 + [False] * 7 + [True] * 3
    assert np.count_nonzero(np.diff(windows.sunlit[0])) == 2


def test_a_submission_comes_back(tmp_path: Path) -> None:
    instance = case(tmp_path)
    path = tmp_path / "submission.json"
    aeossp_standard.write(instance, PLAN, path)
    assert aeossp_standard.read_solution(instance, path) == PLAN
    actions = json.loads(path.read_text())["actions"]
    assert actions[1] == {
        "type": "observation",
        "satellite_id": "sat_a",
        "task_id": "t1",
        "start_time": "2026-05-30T12:41:35Z",
        "end_time": "2026-05-30T12:41:50Z",
    }
    actions[1]["end_time"] = "2026-05-30T12:41:51Z"
    path.write_text(json.dumps({"actions": actions}))
    with pytest.raises(InputError, match=r"actions\[1\].*on the grid of 5 s, 15 s apart"):
        aeossp_standard.read_solution(instance, path)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            "weight: 2.0",
            "weight: heavy",
            r"tasks.yaml, line 12, row 2: weight = 'heavy': must be a number",
        ),
        (
            "task_id: t2",
            "task_id: t0",
            r"tasks.yaml, line 22, row 3: task_id = 't0': must be a name of its own",
        ),
        ("12:50:00Z", "12:50:02Z", r"tasks.yaml, line 2, row 1: .*on the grid of 5 s"),
        ("12:50:00Z", "12:50", r"tasks.yaml, line 2, row 1: due_time = .*an instant in UTC"),
        ("_type: infrared", "_type: radar", r"line 32, row 4: .*one of visible, infrared"),
        (
            "    idle_power_w: 25.0\n",
            "",
            r"satellites.yaml, line 2, row 1: resource_model.idle_power_w",
        ),
        (
            "horizon_end: '2026-05-30T13",
            "horizon_end: '2026-05-30T12",
            r"mission.yaml: horizon_end",
        ),
        (
            "model: sgp4",
            "model: kepler",
            r"mission.yaml: propagation.model = 'kepler': must be sgp4",
        ),
        ("tasks:", "tasks: [", r"tasks.yaml, line \d+: file = .*: must be YAML"),
        ("  name: place", "  name: *place", r"tasks.yaml, line 3: file"),
    ],
)
def test_malformed(tmp_path: Path, before: str, after: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        case(tmp_path, (before, after))


@given(seed=st.integers(0, 2**32 - 1), limit_deg=st.floats(5.0, 120.0), step_s=st.floats(1.0, 30.0))
def test_runs_in_view_are_those_of_looking_at_every_instant(
    seed: int, limit_deg: float, step_s: float
) -> None:
    draw = np.random.default_rng(seed)
    at = np.arange(draw.integers(1, 400)) * step_s
    height, tilt = draw.uniform(6.7e6, 8e6), draw.uniform(0.0, np.pi)
    phase = at * np.sqrt(3.986e14 / height**3)
    circle = np.stack([np.cos(phase), np.sin(phase), np.zeros_like(phase)], axis=1)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    r_m = height * circle @ turn.T
    target_m = r_m[draw.integers(0, len(at), 8)] + draw.normal(0.0, 1e6, (8, 3))
    target_m *= 6.37e6 / np.linalg.norm(target_m, axis=1, keepdims=True)
    first, last = (
        draw.integers(-5, len(at) // 2 + 1, 8),
        draw.integers(len(at) // 2, len(at) + 5, 8),
    )
    least = draw.integers(1, 5, 8)
    found = _view.runs_in_view(r_m, target_m, first, last, least, limit_deg)
    wished = []
    for target in range(8):
        run: list[int] = []
        for k in range(len(at) + 1):
            inside = k < len(at) and first[target] <= k <= last[target]
            sight = target_m[target] - r_m[min(k, len(at) - 1)]
            off_deg = aeossp_standard.angle_deg(-r_m[min(k, len(at) - 1)], sight)
            if inside and off_deg <= limit_deg and sight @ target_m[target] < 0.0:
                run.append(k)
                continue
            if len(run) >= least[target]:
                wished.append([target, run[0], run[-1]])
            run = []
    assert found.tolist() == wished
