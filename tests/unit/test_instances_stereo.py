"""The family stereo_imaging: numbers of skyfield 1.55 and brahe 1.8.0, on which its verifier stands, and
edges.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from instances import _space, stereo_imaging
from instances import _stereo_geometry as geometry
from instances.stereo_imaging import Observation
from offnadir.errors import InputError

# Sentinel-2A as in conftest, descending over the Atlantic in the forenoon.
MISSION = """\
mission:
  horizon_start: '2026-05-30T12:00:00Z'
  horizon_end: '2026-05-30T14:00:00Z'
  allow_cross_satellite_stereo: true
  max_stereo_pair_separation_s: 3600.0
  validity_thresholds:
    min_overlap_fraction: 0.8
    min_convergence_deg: 5.0
    max_convergence_deg: 45.0
    max_pixel_scale_ratio: 1.5
    min_solar_elevation_deg: 10.0
    near_nadir_anchor_max_off_nadir_deg: 10.0
  quality_model:
    pair_weights: {geometry: 0.5, overlap: 0.35, resolution: 0.15}
    tri_stereo_bonus_by_scene: {urban_structured: 0.12, rugged: 0.1, vegetated: 0.08, open: 0.05}
"""
SATELLITE = """\
- id: sat_a
  norad_catalog_id: 40697
  tle_line1: 1 40697U 15028A   26150.59231876  .00000540  00000+0  22277-3 0  9998
  tle_line2: 2 40697  98.5691 225.6931 0001116  89.9845 270.1466 14.30819576571212
  pixel_ifov_deg: 6.5e-05
  cross_track_pixels: 12000
  max_off_nadir_deg: 30.0
  max_slew_velocity_deg_per_s: 1.4
  max_slew_acceleration_deg_per_s2: 0.65
  settling_time_s: 2.0
  min_obs_duration_s: 2.0
  max_obs_duration_s: 60.0
"""
TARGETS = """\
- id: hill
  latitude_deg: 38.5
  longitude_deg: -32.5
  aoi_radius_m: 4000.0
  elevation_ref_m: 500.0
  scene_type: rugged
- id: plain
  latitude_deg: 26.5
  longitude_deg: -36.0
  aoi_radius_m: 3000.0
  elevation_ref_m: 20.0
  scene_type: open
"""
HILL = [
    Observation(0, 0, 4268.0, 4270.0, 13.172, 5.962),
    Observation(0, 0, 4290.0, 4292.0, 2.787, 5.996),
    Observation(0, 0, 4312.0, 4314.0, -7.813, 5.984),
]
PLAIN = [
    Observation(0, 1, 4474.0, 4476.0, 12.248, 6.235),
    Observation(0, 1, 4510.0, 4512.0, -5.01, 6.256),
]


def case(tmp_path: Path, *changes: tuple[str, str]) -> stereo_imaging.Instance:
    folder = tmp_path / "small"  # the name goes into the seeds of the overlaps
    folder.mkdir(exist_ok=True)
    twin = SATELLITE.replace("sat_a", "sat_b")
    for name, text in (
        ("mission", MISSION),
        ("satellites", SATELLITE + twin),
        ("targets", TARGETS),
    ):
        for before, after in changes:
            text = text.replace(before, after)
        (folder / f"{name}.yaml").write_text(text)
    return stereo_imaging.read(folder)


def test_states_of_skyfield() -> None:
    """DubaiSat-1 by skyfield 1.55 in ITRF; its UT1 is a millisecond, half a metre, from the IERS's."""
    lines = (
        "1 35682U 09041B   26114.29652536  .00000873  00000+0  13727-3 0  9990",
        "2 35682  97.9966 248.1722 0009271 239.9616 120.0673 14.75020417897153",
    )
    at = np.array([1_776_823_200_000_000])  # 2026-04-22 02:00 UTC
    r, v = geometry.states(_space.satellite(*lines, _space.WGS72), at)
    np.testing.assert_allclose(r[0], [-4862233.854, -1192741.837, 4923761.373], atol=1.0)
    np.testing.assert_allclose(v[0], [-5470.5485, 547.4297, -5266.0920], atol=2e-3)


def test_sun_of_brahe(tmp_path: Path) -> None:
    """By brahe 1.8.0: sun_position turned by rotation_eci_to_ecef at 13:11, seen from the hill."""
    instance = case(tmp_path)
    np.testing.assert_allclose(
        instance.target_itrf_m[0], [4215658.94754, -2685670.94519, 3949340.65182], atol=1e-4
    )
    elevation = geometry.sun_elevation_deg(instance.target_itrf_m[:1], instance.utc_us([4260.0]))
    assert elevation[0] == pytest.approx(69.552848, abs=1e-4)


def test_a_triple_and_a_pair_are_worth_what_the_rules_say(tmp_path: Path) -> None:
    """The rules, written down a second time over skyfield and brahe, say 0.99682614 and these angles."""
    instance = case(tmp_path)
    verdict = stereo_imaging.verify(instance, HILL + PLAIN)
    assert verdict.problems == ()
    assert verdict.value == verdict.figures["coverage_ratio"] == 1.0
    assert verdict.figures["normalized_quality"] == pytest.approx(0.9968261439936, abs=1e-7)
    hill, plain = (stereo_imaging.pair(instance, *pair) for pair in (HILL[:2], PLAIN))
    assert hill is not None
    assert plain is not None
    assert hill.convergence_deg == pytest.approx(11.64685318, abs=1e-4)
    assert plain.convergence_deg == pytest.approx(19.30536098, abs=1e-4)
    assert hill.pixel_ratio == pytest.approx(0.9331846743 / 0.9072693180, abs=1e-6)
    assert plain.quality == pytest.approx(0.9936522878722, abs=1e-7)


def test_overlap_draws_the_verifiers_points(tmp_path: Path) -> None:
    """Half the field of view covers 81 and 99 of the hundred points that the seeds give."""
    instance = case(tmp_path, ("pixels: 12000", "pixels: 6000"))
    hill, plain = (stereo_imaging.pair(instance, *pair) for pair in (HILL[:2], PLAIN))
    assert hill is not None
    assert plain is not None
    assert (hill.overlap, plain.overlap) == (0.81, 0.99)
    assert hill.quality == pytest.approx(0.9398518144596, abs=1e-7)
    # The planner's own points need no names: the same share but for sampling.
    rows = stereo_imaging.candidates(instance, 1)
    mine = [
        np.flatnonzero((rows.target == 0) & (rows.start_s == one.start_s))[:1] for one in HILL[:2]
    ]
    assert rows.overlap(*mine)[0] == pytest.approx(0.82, abs=0.03)


def test_a_pair_of_two_satellites_may_be_of_two_passes(tmp_path: Path) -> None:
    other = HILL[1]._replace(satellite=1)
    assert stereo_imaging.verify(case(tmp_path), [HILL[0], other]).value == 0.5
    alone = case(tmp_path, ("cross_satellite_stereo: true", "cross_satellite_stereo: false"))
    assert stereo_imaging.verify(alone, [HILL[0], other]).value == 0.0
    near = case(tmp_path, ("separation_s: 3600.0", "separation_s: 21.9"))
    assert stereo_imaging.verify(near, [HILL[0], other]).value == 0.0


@pytest.mark.parametrize(
    ("solution", "says"),
    [
        (
            [HILL[0]._replace(end_s=4269.5)],
            "sat_a, hill at 2026-05-30T13:11:08Z: 1.5 s long, must be 2 to 60 s",
        ),
        ([HILL[0]._replace(along_deg=29.9)], "sat_a, hill at 2026-05-30T13:11:08Z: tilted by 30"),
        (
            [Observation(0, 0, -1.0, 2.0, 0.0, 0.0)],
            "sat_a, hill at 2026-05-30T11:59:59Z: it is not inside",
        ),
        (
            [HILL[0], HILL[1]._replace(start_s=4269.0, end_s=4271.0)],
            "sat_a, hill at 2026-05-30T13:11:09Z: the obs",
        ),
        (
            [Observation(0, 1, 4268.0, 4270.0, 1.0, 1.0)],
            "sat_a, plain at 2026-05-30T13:11:08Z: the target is not",
        ),
        (
            [Observation(2, 0, 4268.0, 4270.0, 1.0, 1.0)],
            "observation 0: no satellite 2 or no target 0",
        ),
    ],
)
def test_problems_are_named(tmp_path: Path, solution: list[Observation], says: str) -> None:
    problems = stereo_imaging.verify(case(tmp_path), solution).problems
    assert any(problem.startswith(says) for problem in problems)


def test_slews_are_skyfields_to_a_tenth_of_a_millisecond(tmp_path: Path) -> None:
    """By skyfield the sights are 11.52141767 deg apart: 10.383430 s of 20 at 1.4 deg/s and 0.65 deg/s2."""
    instance = case(tmp_path, ("settling_time_s: 2.0", "settling_time_s: 9.6165"))
    assert stereo_imaging.verify(instance, HILL[:2]).valid
    instance = case(tmp_path, ("settling_time_s: 2.0", "settling_time_s: 9.6166"))
    assert stereo_imaging.verify(instance, HILL[:2]).problems == (
        "sat_a, hill at 2026-05-30T13:11:30Z: 20 s to turn, must be 20.000 s",
    )


def test_every_candidate_keeps_the_rules(tmp_path: Path) -> None:
    instance = case(tmp_path)
    rows = stereo_imaging.candidates(instance, 4)
    assert set(zip(rows.satellite.tolist(), rows.target.tolist(), strict=True)) == {
        (0, 0), (0, 1), (1, 0), (1, 1),
    }  # fmt: skip
    assert rows.access.max() == 3
    for row in range(len(rows.target)):
        verdict = stereo_imaging.verify(instance, [rows.observation(row)])
        assert verdict.problems == ()
    # One step beyond a pass's ends there is none: candidates a second apart go to its edges.
    dense = stereo_imaging.candidates(instance, 1)
    first = np.flatnonzero((dense.satellite == 0) & (dense.target == 0))
    early = dense.observation(first[0])
    moved = early._replace(start_s=early.start_s - 1.0, end_s=early.end_s - 1.0, along_deg=0.0)
    assert "not accessible" in stereo_imaging.verify(instance, [moved]).problems[0]


@pytest.mark.parametrize("starts", [[0, 6], [7, 12, 18], [3, 25, 7, 14], [5]])
def test_a_planner_is_told_the_verifiers_quality(tmp_path: Path, starts: list[int]) -> None:
    instance = case(tmp_path, ("pixels: 12000", "pixels: 6500"))
    rows = stereo_imaging.candidates(instance, 4)
    hill = np.flatnonzero((rows.target == 0) & (rows.satellite == 0))
    twin = np.flatnonzero((rows.target == 0) & (rows.satellite == 1))
    chosen = [int((twin if at % 2 else hill)[at]) for at in starts]
    verdict = stereo_imaging.verify(instance, [rows.observation(row) for row in chosen])
    told = stereo_imaging.target_quality(instance, rows, chosen)
    assert (told is None) == (verdict.value == 0.0)
    assert (told is None) == (len(starts) == 1)
    assert verdict.figures["normalized_quality"] == pytest.approx((told or 0.0) / 2.0, abs=1e-12)


def test_candidates_look_at_the_foot_of_the_target(tmp_path: Path) -> None:
    """At its midpoint the strip crosses the disc's middle, and sights are those of the slews."""
    instance = case(tmp_path)
    rows = stereo_imaging.candidates(instance, 10)
    record = _space.satellite(*instance.tle[0], _space.WGS72)
    mine = np.flatnonzero(rows.satellite == 0)
    middle = (rows.start_s[mine] + rows.end_s[mine]) / 2.0
    r, v = geometry.states(record, instance.utc_us(middle))
    sight = geometry.boresight(r, v, rows.along_deg[mine], rows.across_deg[mine])
    hit = r + geometry.reach_m(r, sight)[:, None] * sight
    off_m = geometry.east_north_m(instance.target_itrf_m[rows.target[mine]], hit)
    np.testing.assert_allclose(off_m, 0.0, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(rows.sight_start, axis=1), 1.0, atol=1e-12)


def test_a_submission_comes_back(tmp_path: Path) -> None:
    instance = case(tmp_path)
    path = tmp_path / "submission.json"
    stereo_imaging.write(instance, [HILL[0]._replace(start_s=4267.5)], path)
    assert stereo_imaging.read_solution(instance, path) == [HILL[0]._replace(start_s=4267.5)]
    assert json.loads(path.read_text())["actions"][0] == {
        "type": "observation",
        "satellite_id": "sat_a",
        "target_id": "hill",
        "start_time": "2026-05-30T13:11:07.500Z",
        "end_time": "2026-05-30T13:11:10Z",
        "off_nadir_along_deg": 13.172,
        "off_nadir_across_deg": 5.962,
    }


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("scene_type: open", "scene_type: sea", r"targets.yaml, line 7, row 2: scene_type = 'sea'"),
        (
            "id: plain",
            "id: hill",
            r"targets.yaml, line 7, row 2: id = 'hill': must be a name of its own",
        ),
        (
            "min_overlap_fraction: 0.8",
            "min_overlap_fraction: 80",
            r"mission.yaml: validity_thresholds.min_overlap",
        ),
        (
            "max_off_nadir_deg: 30.0",
            "max_off_nadir_deg: wide",
            r"satellites.yaml, line 1, row 1: max_off_nadir_deg",
        ),
        (
            "  quality_model",
            "  quality",
            r"mission.yaml: quality_model.pair_weights.geometry: must be there",
        ),
        (
            "stereo: true",
            "stereo: maybe",
            r"allow_cross_satellite_stereo = 'maybe': must be true or false",
        ),
    ],
)
def test_malformed(tmp_path: Path, before: str, after: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        case(tmp_path, (before, after))
