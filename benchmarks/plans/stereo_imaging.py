"""stereo_imaging: an option is a pair of observations of a target; covering a target outweighs all quality.

Triples are left to their pairs: a pair's quality reaches 1 by itself, and a third picture costs others a
place.
"""

from __future__ import annotations

import numpy as np

from instances import stereo_imaging as reader
from instances.stereo_imaging import SCENES, Candidates, Instance, Observation
from offnadir.planning.problem import Options, Problem, Schedule, Windows
from offnadir.planning.transitions import SlewLaw, cut_chains, transition_tables
from offnadir.units import deg

_QUALITY_SCALE = 10_000
_MOST_PAIRS, _PAIRS_PER_PASS = 60, 6
#: The verifier draws 100 points at random: pairs that overlap no more than this above its limit may fail.
_OVERLAP_MARGIN = 0.06
_found: dict[int, tuple[Instance, Candidates, np.ndarray]] = {}


def _pairs(instance: Instance, c: Candidates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(target, quality, rows of both) of the best pairs of each target."""
    targets, qualities, rows = [], [], []
    by_target = np.argsort(c.target, kind="stable")
    edge = np.searchsorted(c.target[by_target], np.arange(len(instance.target_id) + 1))
    for t in range(len(instance.target_id)):
        mine = by_target[edge[t] : edge[t + 1]]
        i, j = np.triu_indices(len(mine), 1)
        a, b = mine[i], mine[j]
        same = c.satellite[a] == c.satellite[b]
        good = np.where(same, c.access[a] == c.access[b], instance.cross_satellite)
        apart = np.abs(c.start_s[a] + c.end_s[a] - c.start_s[b] - c.end_s[b]) / 2.0
        good &= apart <= instance.max_separation_s
        cosine = np.einsum("pi,pi->p", c.view[a], c.view[b])
        angle = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
        good &= (angle >= instance.min_convergence_deg + 0.01) & (
            angle <= instance.max_convergence_deg - 0.01
        )
        ratio = np.maximum(c.pixel_m[a], c.pixel_m[b]) / np.minimum(c.pixel_m[a], c.pixel_m[b])
        good &= ratio <= instance.max_pixel_ratio - 1e-3
        a, b, angle, ratio = a[good], b[good], angle[good], ratio[good]
        overlap = c.overlap(a, b)
        low, high = SCENES[instance.target_scene[t]]
        geometry = np.clip(
            1.0 - 0.1 * (np.maximum(low - angle, 0) + np.maximum(angle - high, 0)), 0.0, 1.0
        )
        quality = (
            instance.weight_geometry * geometry
            + instance.weight_overlap * np.minimum(1.0, overlap / 0.95)
            + instance.weight_resolution * np.maximum(0.0, 1.0 - (ratio - 1.0) / 0.5)
        )
        # near the limit of overlap a pair is a matter of luck: such pairs come last, and count for less
        sure = np.clip((overlap - instance.min_overlap) / _OVERLAP_MARGIN, 0.0, 1.0)
        keep = np.flatnonzero(overlap >= instance.min_overlap)
        keep = keep[np.argsort(-(quality + sure)[keep], kind="stable")]
        passes = c.access[a[keep]] * np.int64(2**31) + c.access[b[keep]]
        seen: dict[int, int] = {}
        chosen = []
        for row, key in zip(keep.tolist(), passes.tolist(), strict=True):
            seen[key] = seen.get(key, 0) + 1
            if seen[key] <= _PAIRS_PER_PASS:
                chosen.append(row)
            if len(chosen) == _MOST_PAIRS:
                break
        targets += [t] * len(chosen)
        qualities.append(np.where(sure[chosen] < 1.0, sure[chosen] - 1.0, quality[chosen]))
        rows.append(np.column_stack([a[chosen], b[chosen]]))
    return (
        np.array(targets, np.int64),
        np.concatenate(qualities),
        np.concatenate(rows).reshape(-1, 2),
    )


def problem(instance: Instance) -> Problem:
    """Observations with one start each; chains by satellite."""
    c = reader.candidates(instance)
    target, quality, pairs = _pairs(instance, c)
    used = np.unique(pairs)
    start = np.rint(c.start_s[used] * 1000).astype(np.int64)
    duration = np.rint((c.end_s - c.start_s)[used] * 1000).astype(np.int64)
    laws = [
        SlewLaw(
            kind="euler",
            longest_s=float(np.ceil(180.0 / rate + rate / acceleration + settling)),
            rate_rad_s=(rate * deg, rate * deg),
            acceleration_rad_s2=(acceleration * deg, acceleration * deg),
            settling_s=float(settling),
        )
        for rate, acceleration, settling in zip(
            instance.max_rate_deg_s,
            instance.max_acceleration_deg_s2,
            instance.settling_s,
            strict=True,
        )
    ]
    longest = np.array([int(law.longest_s * 1000) for law in laws], np.int64)
    chain = cut_chains(c.satellite[used], start, start, duration, longest)
    by = np.argsort(chain, kind="stable")
    used, chain, start, duration = used[by], chain[by], start[by], duration[by]
    chain_satellite = np.zeros(int(chain.max(initial=-1)) + 1, np.int64)
    chain_satellite[chain] = c.satellite[used]
    n = len(used)
    windows = Windows(
        chain=chain,
        first_ms=start,
        step_ms=np.ones(n, np.int64),
        count=np.ones(n, np.int64),
        duration_ms=duration,
    )
    place = np.full(len(c.target), -1, np.int64)
    place[used] = np.arange(n)
    member = place[pairs]
    order = np.argsort(start[member], axis=1, kind="stable")
    member = np.take_along_axis(member, order, axis=1)
    size = len(pairs)
    covered = (len(instance.target_id) + 1) * _QUALITY_SCALE
    # what may fail by bad luck is worth half a target
    value = np.where(quality < 0, covered // 2, covered + np.rint(quality * _QUALITY_SCALE))
    _found.clear()
    _found[id(instance)] = instance, c, used
    nothing = np.zeros(size, np.int64)
    return Problem(
        windows=windows,
        transitions=transition_tables(
            windows,
            chain_satellite,
            laws,
            np.arange(n),
            c.sight_start[used],
            c.sight_end[used],
            margin_ms=1,
        ),
        options=Options(
            task=target,
            value=value.astype(np.int64),
            share=nothing,
            deadline_ms=nothing - 1,
            fixed=nothing,
            member_block=np.arange(size + 1) * 2,
            member_window=member.ravel(),
            member_low=np.zeros(2 * size, np.int64),
            member_high=np.zeros(2 * size, np.int64),
            member_volume_kbit=np.zeros(2 * size, np.int64),
            profile_block=nothing - 1,
            profile=np.empty(0, np.int64),
        ),
        chain_satellite=chain_satellite,
        request=np.arange(len(instance.target_id)),
    )


def solution(instance: Instance, of: Problem, schedule: Schedule) -> list[Observation]:
    """The observations of all pairs taken."""
    _, c, used = _found[id(instance)]
    o = of.options
    members = o.members_of(schedule.option)
    return [c.observation(int(row)) for row in used[o.member_window[members]]]
