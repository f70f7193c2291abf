"""The verifier of stereo_imaging; its rules stand in that module."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from . import _space
from . import _stereo_geometry as geometry
from ._aeossp_verify import slew_s
from ._common import Flags, Floats, Verdict, utc_text
from ._stereo_model import SCENES, Instance, Observation

_SLACK = 1e-6
_STRIP_STEP_S = 8.0
_LOOK_STEPS = 64  # how far to look at once for the end of an access interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What follows from one observation; `access` is empty where it is in no access interval."""

    observation: Observation
    access: str
    r_m: Floats  # (3,) ITRF at the midpoint
    tilt_deg: float  # of the sight at the midpoint
    pixel_m: float
    half_width_m: float
    line_m: Floats  # (q, 2) east and north of the target

    @property
    def middle_s(self) -> float:
        """Midpoint, since the horizon's start."""
        return (self.observation.start_s + self.observation.end_s) / 2.0


class Pair(NamedTuple):
    """Two observations of one target as the rules see them; quality 0 where not valid."""

    valid: bool
    quality: float
    convergence_deg: float
    overlap: float
    pixel_ratio: float


def verify(instance: Instance, solution: Sequence[Observation]) -> Verdict:
    """Check observations and score the pairs and triples that they make."""
    observations = [Observation(*row) for row in solution]
    problems: list[str] = []
    known = []
    for at, one in enumerate(observations):
        exists = 0 <= one.satellite < len(instance.satellite_id) and 0 <= one.target < len(
            instance.target_id
        )
        if not exists:
            problems.append(
                f"observation {at}: no satellite {one.satellite} or no target {one.target}"
            )
            continue
        problems += [
            f"{_name(instance, one)}: {trouble}" for trouble in _own_troubles(instance, one)
        ]
        if one.end_s > one.start_s:
            known.append(one)
    records = {
        row: _space.satellite(*instance.tle[row], _space.WGS72)
        for row in sorted({one.satellite for one in known})
    }
    for satellite, record in records.items():
        mine = [one for one in known if one.satellite == satellite]
        problems += _slew_troubles(instance, record, sorted(mine, key=lambda one: one.start_s))
    intervals: dict[tuple[int, int], list[tuple[float, float, str]]] = {}
    seen = []
    for one in known:
        spans = intervals.setdefault((one.satellite, one.target), [])
        made, trouble = _look(instance, records[one.satellite], one, spans)
        problems += [f"{_name(instance, one)}: {trouble}"] if trouble else []
        seen.append(made)
    qualities = [
        best(instance, [one for one in seen if one.observation.target == target and one.access])
        for target in range(len(instance.target_id))
    ]
    count = max(1, len(qualities))
    covered = sum(quality is not None for quality in qualities) / count
    quality = sum(quality or 0.0 for quality in qualities) / count
    figures = {"coverage_ratio": covered, "normalized_quality": quality}
    return Verdict(value=covered, problems=tuple(problems), figures=figures)


def _name(instance: Instance, one: Observation) -> str:
    at = utc_text(instance.horizon_start_utc_ms + round(one.start_s * 1e3))
    return f"{instance.satellite_id[one.satellite]}, {instance.target_id[one.target]} at {at}"


def _own_troubles(instance: Instance, one: Observation) -> list[str]:
    """What is wrong with an observation whatever else is done."""
    troubles = []
    length_s = one.end_s - one.start_s
    if one.start_s < 0.0 or one.end_s > instance.horizon_s:
        troubles.append("it is not inside the horizon")
    limits = instance.min_duration_s[one.satellite], instance.max_duration_s[one.satellite]
    if not limits[0] - 1e-9 <= length_s <= limits[1] + 1e-9:
        troubles.append(f"{length_s:g} s long, must be {limits[0]:g} to {limits[1]:g} s")
    tilt_deg = float(geometry.tilt_deg(np.float64(one.along_deg), np.float64(one.across_deg)))
    limit_deg = instance.max_off_nadir_deg[one.satellite]
    if tilt_deg - _SLACK > limit_deg:
        troubles.append(f"tilted by {tilt_deg:.4f} deg, must be at most {limit_deg:g}")
    return troubles


def _slew_troubles(instance: Instance, record: Any, mine: Sequence[Observation]) -> list[str]:
    troubles = []
    for one, following in itertools.pairwise(mine):
        gap_s = following.start_s - one.end_s
        if gap_s < 0.0:
            troubles.append(f"{_name(instance, following)}: the observation before is not over")
        r, v = geometry.states(record, instance.utc_us([one.end_s, following.start_s]))
        steering = np.array(
            [[one.along_deg, one.across_deg], [following.along_deg, following.across_deg]]
        )
        sights = geometry.boresight(r, v, steering[:, 0], steering[:, 1])
        turn_s = slew_s(
            float(geometry.angle_deg(sights[0], sights[1])),
            float(instance.max_rate_deg_s[one.satellite]),
            float(instance.max_acceleration_deg_s2[one.satellite]),
        )
        need_s = turn_s + float(instance.settling_s[one.satellite])
        if gap_s + _SLACK < need_s:
            troubles.append(
                f"{_name(instance, following)}: {gap_s:g} s to turn, must be {need_s:.3f} s"
            )
    return troubles


_Spans = list[tuple[float, float, str]]


def _look(instance: Instance, record: Any, one: Observation, spans: _Spans) -> tuple[Seen, str]:
    """What an observation sees, and what is wrong with that."""
    target_m = instance.target_itrf_m[one.target]
    (r,), (v,) = geometry.states(record, instance.utc_us([(one.start_s + one.end_s) / 2.0]))
    sight = geometry.boresight(r, v, np.float64(one.along_deg), np.float64(one.across_deg))
    slant_m = float(geometry.reach_m(r, sight))
    trouble = ""
    if np.isnan(slant_m):
        trouble = "the sight misses the Earth"
        slant_m = float(np.linalg.norm(target_m - r))
        sight = (target_m - r) / slant_m
    access = _access(instance, record, one, spans)
    if not access and not trouble:
        trouble = "the target is not accessible throughout"
    seen = Seen(
        observation=one,
        access=access,
        r_m=r,
        tilt_deg=float(geometry.angle_deg(-r, sight)),
        pixel_m=slant_m * float(np.radians(instance.pixel_deg[one.satellite])),
        half_width_m=slant_m * float(np.tan(np.radians(instance.half_field_deg[one.satellite]))),
        line_m=_line_m(instance, record, one),
    )
    return seen, trouble


def _line_m(instance: Instance, record: Any, one: Observation) -> Floats:
    """Where the sight meets the ellipsoid, every 8 s and at the end."""
    times = np.append(np.arange(one.start_s, one.end_s, _STRIP_STEP_S), one.end_s)
    r, v = geometry.states(record, instance.utc_us(times))
    sights = geometry.boresight(r, v, np.float64(one.along_deg), np.float64(one.across_deg))
    places = r + geometry.reach_m(r, sights)[:, None] * sights
    line = geometry.east_north_m(instance.target_itrf_m[one.target], places)
    return line[~np.isnan(line[:, 0])]


def _access(instance: Instance, record: Any, one: Observation, spans: _Spans) -> str:
    """Name of the access interval that holds an observation, "" if none does; notes new ones in spans."""
    for begin, stop, name in spans:
        if begin <= one.start_s and one.end_s <= stop:
            return name
    step_s = instance.access_step_s(one.satellite)
    inside = np.append(np.arange(one.start_s, one.end_s - 1e-7, step_s), one.end_s)
    if not _accessible(instance, record, one, inside).all():
        return ""
    begin = _edge(instance, record, one, one.start_s, -step_s)
    stop = _edge(instance, record, one, one.end_s, step_s)
    for at, (other_begin, other_stop, name) in enumerate(spans):
        if begin <= other_stop and other_begin <= stop:
            spans[at] = (min(begin, other_begin), max(stop, other_stop), name)
            return name
    ids = instance.satellite_id[one.satellite], instance.target_id[one.target]
    name = f"{ids[0]}::{ids[1]}::{len(spans)}"
    spans.append((begin, stop, name))
    spans.sort(key=lambda span: span[0])
    return name


def _accessible(instance: Instance, record: Any, one: Observation, times: Floats) -> Flags:
    at = instance.utc_us(times)
    r, _ = geometry.states(record, at)
    target_m = np.broadcast_to(instance.target_itrf_m[one.target], r.shape)
    limit_deg = float(instance.max_off_nadir_deg[one.satellite])
    return geometry.accessible(r, target_m, at, limit_deg, instance.min_sun_elevation_deg)


def _edge(
    instance: Instance, record: Any, one: Observation, start_s: float, step_s: float
) -> float:
    """How far access goes on from an instant, by steps; the horizon ends it."""
    edge = start_s
    while 0.0 < edge < instance.horizon_s or edge == start_s:
        times = np.clip(edge + step_s * np.arange(1, _LOOK_STEPS + 1), 0.0, instance.horizon_s)
        lost = np.flatnonzero(~_accessible(instance, record, one, times))
        if len(lost):
            return float(times[lost[0] - 1]) if lost[0] else edge
        if times[-1] == edge:
            return edge
        edge = float(times[-1])
    return edge


def _may_pair(instance: Instance, a: Seen, b: Seen) -> bool:
    """Whether two observations of one target may make a pair, by satellites, passes and times."""
    if abs(a.middle_s - b.middle_s) - _SLACK > instance.max_separation_s:
        return False
    if a.observation.satellite == b.observation.satellite:
        return a.access == b.access
    return instance.cross_satellite


def _overlap(instance: Instance, seen: Sequence[Seen], points: int, role: str) -> float:
    """Share of random points of the target's disc that all strips cover."""
    target = seen[0].observation.target
    start_ms = instance.horizon_start_utc_ms
    windows = sorted(
        tuple(
            utc_text((start_ms + round(seconds * 1e3)) // 1000 * 1000)
            for seconds in (one.observation.start_s, one.observation.end_s)
        )
        for one in seen
    )
    names = [instance.satellite_id[one.observation.satellite] for one in seen]
    parts = (
        instance.name,
        "+".join(sorted(names)),
        instance.target_id[target],
        "+".join(sorted(f"{name}:{one.access}" for name, one in zip(names, seen, strict=True))),
        role,
        str(points),
        "\x1f".join(text for window in windows for text in window),
    )
    digest = hashlib.sha256("\x1e".join(parts).encode()).digest()
    draw = random.Random(int.from_bytes(digest[:8], "big"))
    drawn = np.array([(draw.random(), draw.random()) for _ in range(points)])
    radius_m = float(instance.target_radius_m[target])
    away, turn = radius_m * np.sqrt(drawn[:, 0]), 2.0 * np.pi * drawn[:, 1]
    places = np.stack([away * np.cos(turn), away * np.sin(turn)], axis=1)
    covered = np.full(points, radius_m > 1e-9)
    for one in seen:
        covered &= geometry.distance_to_line_m(places, one.line_m) <= one.half_width_m + 1e-9
    return float(np.count_nonzero(covered)) / points


def _pair(instance: Instance, a: Seen, b: Seen, points: int, role: str) -> Pair:
    target = a.observation.target
    target_m = instance.target_itrf_m[target]
    convergence_deg = float(geometry.angle_deg(a.r_m - target_m, b.r_m - target_m))
    overlap = _overlap(instance, (a, b), points, role)
    ratio = max(a.pixel_m, b.pixel_m) / min(a.pixel_m, b.pixel_m)
    low, high = instance.min_convergence_deg - _SLACK, instance.max_convergence_deg + _SLACK
    valid = (
        overlap + _SLACK >= instance.min_overlap
        and low <= convergence_deg <= high
        and ratio <= instance.max_pixel_ratio + _SLACK
    )
    least, most = SCENES[instance.target_scene[target]]
    off_deg = max(0.0, least - convergence_deg, convergence_deg - most)
    quality = (
        instance.weight_geometry * max(0.0, 1.0 - off_deg / 10.0)
        + instance.weight_overlap * min(1.0, overlap / 0.95)
        + instance.weight_resolution * max(0.0, 1.0 - (ratio - 1.0) / 0.5)
    )
    return Pair(valid, quality if valid else 0.0, convergence_deg, overlap, ratio)


def best(instance: Instance, seen: Sequence[Seen]) -> float | None:
    """Quality of the best pair or triple of one target; None where there is none that is valid."""
    found = []
    allowed = {
        (a, b)
        for a, b in itertools.combinations(range(len(seen)), 2)
        if _may_pair(instance, seen[a], seen[b])
    }
    for a, b in sorted(allowed):
        made = _pair(instance, seen[a], seen[b], 100, "pair_overlap")
        found += [made.quality] if made.valid else []
    for triple in itertools.combinations(range(len(seen)), 3):
        edges = list(itertools.combinations(triple, 2))
        if not allowed.issuperset(edges):
            continue
        pairs = [_pair(instance, seen[a], seen[b], 80, "tri_pair_edge") for a, b in edges]
        valid = [made.quality for made in pairs if made.valid]
        three = [seen[at] for at in triple]
        anchored = any(one.tilt_deg <= instance.anchor_deg + _SLACK for one in three)
        overlap = _overlap(instance, three, 100, "tri_overlap")
        if len(valid) >= 2 and anchored and overlap + _SLACK >= instance.min_overlap:
            scene = instance.target_scene[three[0].observation.target]
            found.append(min(1.0, max(valid) + instance.triple_bonus[scene]))
    return max(found, default=None)


def pair(instance: Instance, a: Observation, b: Observation) -> Pair | None:
    """How the rules see two observations of one target; None where they may not make a pair.

    The overlap is the verifier's own: for a submission in which these are the first of their passes.
    """
    spans: dict[tuple[int, int], _Spans] = {}
    seen = []
    for one in (a, b):
        record = _space.satellite(*instance.tle[one.satellite], _space.WGS72)
        seen.append(
            _look(instance, record, one, spans.setdefault((one.satellite, one.target), []))[0]
        )
    possible = a.target == b.target and all(one.access for one in seen)
    if not possible or not _may_pair(instance, *seen):
        return None
    return _pair(instance, seen[0], seen[1], 100, "pair_overlap")
