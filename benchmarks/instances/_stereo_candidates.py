"""What a planner of stereo_imaging asks for: observations that could be made, pass by pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import _space
from . import _stereo_geometry as geometry
from ._common import Flags, Floats, Ints, frozen
from ._stereo_model import Instance, Observation
from ._stereo_verify import Seen, best
from ._view import runs_in_view

_COARSE_S = 10
_POINTS = 128  # of the disc that `covered` tells of, in two words of 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """c observations that keep every rule but those between observations, in p passes.

    Each starts at a whole second, lasts the satellite's shortest observation rounded up to whole seconds,
    and is steered so that at its midpoint the sight meets the ellipsoid on the target's line to the Earth's
    centre (there the strip is measured; aiming at a target 4 km high would miss that by 2 km at 30 deg).
    Passes are access intervals to the second; rows come in order of satellite, target, time.
    """

    satellite: Ints  # (c,) row
    target: Ints  # (c,) row
    access: Ints  # (c,) pass, 0 to p - 1: two observations of one satellite pair only inside one
    start_s: Floats  # (c,) since the horizon's start
    end_s: Floats  # (c,)
    along_deg: Floats  # (c,)
    across_deg: Floats  # (c,)
    tilt_deg: Floats  # (c,) angle of the sight from nadir at the midpoint
    pixel_m: Floats  # (c,) ground sample
    view: Floats  # (c, 3) unit vectors from target to satellite at the midpoint, ITRF: their angle converges
    sight_start: Floats  # (c, 3) unit vectors of sight, ITRF: slews go from one's end
    sight_end: Floats  # (c, 3) to the next one's start
    half_width_m: Floats  # (c,) of the strip
    line_m: Floats  # (c, 2, 2) start and end of its middle line, east and north of the target
    covered: Ints  # (c, 2) bits of 128 points of the disc that the strip covers: see `overlap`

    def observation(self, row: int) -> Observation:
        """A row as a submission has it."""
        times = float(self.start_s[row]), float(self.end_s[row])
        steering = float(self.along_deg[row]), float(self.across_deg[row])
        return Observation(int(self.satellite[row]), int(self.target[row]), *times, *steering)

    def overlap(self, a: Ints, b: Ints) -> Floats:
        """Share of the disc that the strips of rows a and b both cover, to about 1 / 128."""
        return np.bitwise_count(self.covered[a] & self.covered[b]).sum(axis=-1) / _POINTS


def target_quality(instance: Instance, rows: Candidates, chosen: Sequence[int]) -> float | None:
    """Quality of one target's best pair or triple among chosen rows, as the verifier will have it.

    None where no pair and no triple is valid. `chosen` is in the order of the submission: it numbers a
    satellite's passes over the target, and the numbers go into the seeds of the overlaps. Half a
    millisecond a pair.
    """
    target_m = instance.target_itrf_m[rows.target[chosen[0]]] if len(chosen) else np.zeros(3)
    passes: dict[int, list[int]] = {}
    seen = []
    for row in chosen:
        one = rows.observation(row)
        mine = passes.setdefault(one.satellite, [])
        if rows.access[row] not in mine:
            mine.append(int(rows.access[row]))
        ids = instance.satellite_id[one.satellite], instance.target_id[one.target]
        seen.append(
            Seen(
                observation=one,
                access=f"{ids[0]}::{ids[1]}::{mine.index(int(rows.access[row]))}",
                r_m=target_m + 1e6 * rows.view[row],  # only the direction counts
                tilt_deg=float(rows.tilt_deg[row]),
                pixel_m=float(rows.pixel_m[row]),
                half_width_m=float(rows.half_width_m[row]),
                line_m=rows.line_m[row],
            )
        )
    return best(instance, seen)


def candidates(instance: Instance, spacing_s: int = 5) -> Candidates:
    """All of them with starts `spacing_s` apart within a pass, counted from its middle."""
    parts = [
        _of_satellite(instance, satellite, spacing_s)
        for satellite in range(len(instance.satellite_id))
    ]
    joined = (
        {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        if parts
        else _none()
    )
    passes = np.stack([joined["satellite"], joined.pop("pass_key")], axis=1)
    joined["access"] = np.unique(passes, axis=0, return_inverse=True)[1].ravel()
    return Candidates(**{key: frozen(column, column.dtype) for key, column in joined.items()})


def _none() -> dict[str, Any]:
    whole = ("satellite", "target", "pass_key")
    real = ("start_s", "end_s", "along_deg", "across_deg", "tilt_deg", "pixel_m", "half_width_m")
    return {
        **{key: np.zeros(0, np.int64) for key in whole},
        **{key: np.zeros(0) for key in real},
        **{key: np.zeros((0, 3)) for key in ("view", "sight_start", "sight_end")},
        "line_m": np.zeros((0, 2, 2)),
        "covered": np.zeros((0, 2), np.uint64),
    }


def _of_satellite(instance: Instance, satellite: int, spacing_s: int) -> dict[str, Any]:
    record = _space.satellite(*instance.tle[satellite], _space.WGS72)
    length_s = int(np.ceil(instance.min_duration_s[satellite]))
    if length_s > instance.max_duration_s[satellite]:
        return _none()
    of, times_s, run = _accessible_seconds(instance, satellite, record)
    # A start fits where the run goes on for its whole length; from the middle of the run outwards.
    sizes = np.bincount(run) if len(run) else np.zeros(0, np.int64)
    place = np.arange(len(run)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    room = np.repeat(sizes, sizes) - length_s
    fits = (place < room) & ((place - (room - 1) // 2) % spacing_s == 0)
    target, start_s, run = of[fits], times_s[fits].astype(np.float64), run[fits]
    if not len(target):
        return _none()
    columns = _described(instance, satellite, record, target, start_s, start_s + length_s)
    columns["pass_key"] = run
    # The foot of a target, at which the sight aims, may lie a little farther from nadir than the target.
    keep = (columns["tilt_deg"] <= instance.max_off_nadir_deg[satellite]) & columns.pop("hits")
    return {key: column[keep] for key, column in columns.items()}


def _accessible_seconds(instance: Instance, satellite: int, record: Any) -> tuple[Ints, Ints, Ints]:
    """Target, second and run of every whole second at which a target is accessible, in that order."""
    limit_deg = float(instance.max_off_nadir_deg[satellite])
    coarse_s = np.arange(0, int(instance.horizon_s) + _COARSE_S, _COARSE_S)
    r, _ = geometry.states(record, instance.utc_us(coarse_s))
    # In half a coarse step no sight turns by more than the way flown over the least height.
    least_m = np.linalg.norm(r, axis=1).min() - geometry.A_M
    spare_deg = float(np.degrees(8_000.0 * _COARSE_S / least_m))
    count = len(instance.target_id)
    ends = np.zeros(count, np.int64), np.full(count, len(coarse_s) - 1)
    rough = runs_in_view(
        r, instance.target_itrf_m, *ends, np.ones(count, np.int64), min(89.0, limit_deg + spare_deg)
    )
    begin = np.maximum(coarse_s[rough[:, 1]] - _COARSE_S, 0)
    stop = np.minimum(coarse_s[rough[:, 2]] + _COARSE_S, int(instance.horizon_s))
    length = stop - begin + 1
    of = np.repeat(rough[:, 0], length)
    at_s = (
        np.arange(length.sum())
        - np.repeat(np.cumsum(length) - length, length)
        + np.repeat(begin, length)
    )
    if not len(of):
        return of, at_s, of
    at = instance.utc_us(at_s)
    r, _ = geometry.states(record, at)
    target_m = instance.target_itrf_m[of]
    open_ = geometry.accessible(r, target_m, at, limit_deg, instance.min_sun_elevation_deg)
    of, at_s = of[open_], at_s[open_]
    new = (np.diff(of, prepend=-1) != 0) | (np.diff(at_s, prepend=-9) != 1)
    return of, at_s, np.cumsum(new) - 1


def _described(
    instance: Instance, satellite: int, record: Any, target: Ints, start_s: Floats, end_s: Floats
) -> dict[str, Any]:
    """The columns of candidates of one satellite, and whether their sights hit the Earth throughout."""
    target_m = instance.target_itrf_m[target]
    r, v = geometry.states(record, instance.utc_us((start_s + end_s) / 2.0))
    along_deg, across_deg = geometry.steering_deg(r, v, geometry.foot_m(target_m))
    sight = geometry.boresight(r, v, along_deg, across_deg)
    slant_m = geometry.reach_m(r, sight)
    ends, lines = [], []
    for times in (start_s, end_s):
        place, speed = geometry.states(record, instance.utc_us(times))
        ends.append(geometry.boresight(place, speed, along_deg, across_deg))
        hit = place + geometry.reach_m(place, ends[-1])[:, None] * ends[-1]
        lines.append(geometry.east_north_m(target_m, hit))
    half_m = slant_m * np.tan(np.radians(instance.half_field_deg[satellite]))
    return {
        "satellite": np.full(len(target), satellite),
        "target": target,
        "start_s": start_s,
        "end_s": end_s,
        "along_deg": along_deg,
        "across_deg": across_deg,
        "tilt_deg": geometry.angle_deg(-r, sight),
        "pixel_m": slant_m * np.radians(instance.pixel_deg[satellite]),
        "view": geometry.unit(r - target_m),
        "sight_start": ends[0],
        "sight_end": ends[1],
        "half_width_m": half_m,
        "line_m": np.stack(lines, axis=1),
        "covered": _covered(lines, half_m, instance.target_radius_m[target]),
        "hits": ~np.isnan(lines[0][:, 0]) & ~np.isnan(lines[1][:, 0]),
    }


def _covered(lines: list[Floats], half_m: Floats, radius_m: Floats) -> Ints:
    """Bits of the points of a sunflower in the disc within half a width of the strips' middle lines."""
    rank = np.arange(_POINTS) + 0.5
    turn = rank * np.pi * (3.0 - np.sqrt(5.0))
    disc = np.sqrt(rank / _POINTS)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    step = lines[1] - lines[0]
    square = np.maximum(geometry.dot(step, step), 1e-9)
    bits: list[Flags] = []
    for point in disc:
        off = radius_m[:, None] * point - lines[0]
        part = np.clip(geometry.dot(off, step) / square, 0.0, 1.0)
        bits.append(np.linalg.norm(off - part[:, None] * step, axis=1) <= half_m)
    packed = np.packbits(np.array(bits).T, axis=1)
    return np.ascontiguousarray(packed).view(np.uint64)
