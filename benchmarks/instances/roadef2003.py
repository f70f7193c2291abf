"""ROADEF 2003: strips of one pass of an agile satellite (challenge of ONERA and CNES, data set A).

Verfaillie, Lemaitre, Bataille, Lachiver, "Management of the mission of Earth observation satellites:
challenge description", 2002. A file `instance_SET_GRID_TRACK` is a stream of numbers: set, grid, track, two
to ignore; number of requests and of strips; three to ignore; per request its number, gain per km2, surface
[km2], type (0 target, 2 polygon), stereo flag; per strip its number, request, one to ignore, twin (0: none),
two to ignore, useful surface [km2], acquisition time [s], and for both ends x [m], y [m], earliest and latest
instant [s] at which the satellite can see it.

Rules: a strip is taken at most once, entered at end 0 or end 1 and left at the other, in `duration` seconds.
Entered at end e it may start in [max(earliest_e, earliest_other - duration), min(latest_e, latest_other -
duration)]. Between two strips pass at least 2.5 s + 2 atan(d / (2 * 633 km)) / 0.05 rad/s, d the distance in
the plane from the exit of the first to the entry of the second. Twins (stereo) are both taken, in the same
direction, or neither. A request is worth gain * surface * P(x), with its surface counted twice when it is
stereo and x the share of that surface taken; P is linear through (0, 0), (0.4, 0.1), (0.7, 0.4), (1, 1) and
goes on with the last slope where rounding lets x exceed 1. Value: sum over the requests, to be maximised.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from offnadir.errors import InputError

from ._common import Flags, Floats, Ints, Lines, Stream, Verdict, frozen

HEIGHT_M = 633_000.0
RATE_RAD_S = 0.05
STABILISATION_S = 2.5
SHARE = (0.0, 0.4, 0.7, 1.0)
WORTH = (0.0, 0.1, 0.4, 1.0)
_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A pass: r requests and s strips. Columns of strips name requests and twins by their rows."""

    name: str  # "SET_GRID_TRACK"
    request_id: Ints  # (r,) as in the file
    gain_per_km2: Floats  # (r,)
    surface_km2: Floats  # (r,) once, also when stereo
    polygon: Flags  # (r,)
    stereo: Flags  # (r,)
    strip_id: Ints  # (s,) as in the file
    strip_request: Ints  # (s,) row of the request
    strip_twin: Ints  # (s,) row of the twin, -1 where there is none
    strip_surface_km2: Floats  # (s,) useful surface
    duration_s: Floats  # (s,)
    end_x_m: Floats  # (s, 2)
    end_y_m: Floats  # (s, 2)
    end_earliest_s: Floats  # (s, 2)
    end_latest_s: Floats  # (s, 2)

    def start_limits_s(self) -> tuple[Floats, Floats]:
        """First and last start of a strip by its entry, each (s, 2); first > last where it cannot be."""
        other = self.duration_s[:, None]
        first = np.maximum(self.end_earliest_s, self.end_earliest_s[:, ::-1] - other)
        last = np.minimum(self.end_latest_s, self.end_latest_s[:, ::-1] - other)
        return first, last

    def full_surface_km2(self) -> Floats:
        """Surface of the requests, (r,), twice where stereo."""
        return np.where(self.stereo, 2.0, 1.0) * self.surface_km2


def read(path: str | Path) -> Instance:
    """Read an instance file; InputError names line and wish.

    The files come in lines, which makes for better errors; other ends of lines will do.
    """
    try:
        return _read(Lines(path))
    except InputError:
        try:
            return _read(Stream(path))
        except InputError:
            pass
        raise


def _read(lines: Lines) -> Instance:
    name = "_".join(lines.words("set, grid, track", 5, 5)[:3])
    counts = [
        lines.integer("number of requests, of strips", w, 0) for w in lines.words("numbers", 2, 2)
    ]
    lines.words("three to ignore", 3, 3)
    requests: list[list[float]] = []
    for _ in range(counts[0]):
        words = lines.words("request", 5, 5)
        requests.append([lines.number("request", word) for word in words])
        if requests[-1][3] not in (0, 1, 2):
            raise lines.wrong("type", words[3], "0 or 1 (target) or 2 (polygon)")
    request_row = {int(request[0]): row for row, request in enumerate(requests)}
    heads, ends, lines_of = [], [], []
    for _ in range(counts[1]):
        words = lines.words("strip", 4, 4)
        head: list[float] = [lines.integer("strip", word, 0) for word in words]
        if head[1] not in request_row:
            raise lines.wrong("request of a strip", words[1], "the number of a request above")
        lines_of.append(lines.where)
        lines.words("two to ignore", 2, 2)
        head += [
            lines.number("surface and seconds", w) for w in lines.words("surface and seconds", 2, 2)
        ]
        heads.append(head)
        ends.append([[lines.number("end", w) for w in lines.words("end", 4, 4)] for _ in range(2)])
    lines.end()
    strip_row = {int(head[0]): row for row, head in enumerate(heads)}
    strips = np.array(heads, np.float64).reshape(-1, 6)
    for head, where in zip(heads, lines_of, strict=True):
        if head[3] and head[3] not in strip_row:
            raise InputError("twin", int(head[3]), "the number of a strip, or 0", where=where)
    table = np.array(requests, np.float64).reshape(-1, 5)
    end = np.array(ends, np.float64).reshape(-1, 2, 4)
    return Instance(
        name=name,
        request_id=frozen(table[:, 0], np.int64),
        gain_per_km2=frozen(table[:, 1], np.float64),
        surface_km2=frozen(table[:, 2], np.float64),
        polygon=frozen(table[:, 3] == 2, np.bool_),
        stereo=frozen(table[:, 4] != 0, np.bool_),
        strip_id=frozen(strips[:, 0], np.int64),
        strip_request=frozen([request_row[int(head[1])] for head in heads], np.int64),
        strip_twin=frozen([strip_row[int(head[3])] if head[3] else -1 for head in heads], np.int64),
        strip_surface_km2=frozen(strips[:, 4], np.float64),
        duration_s=frozen(strips[:, 5], np.float64),
        end_x_m=frozen(end[:, :, 0], np.float64),
        end_y_m=frozen(end[:, :, 1], np.float64),
        end_earliest_s=frozen(end[:, :, 2], np.float64),
        end_latest_s=frozen(end[:, :, 3], np.float64),
    )


def transition_s(distance_m: Floats | float) -> Floats | float:
    """Least time between two strips, by the distance from exit to entry."""
    return STABILISATION_S + 2.0 * np.arctan(np.asarray(distance_m) / (2.0 * HEIGHT_M)) / RATE_RAD_S


def worth(share: float) -> float:
    """P(x): what a share of a request is worth; above 1 the last slope goes on."""
    if share > 1.0:
        return 1.0 + (share - 1.0) * (WORTH[3] - WORTH[2]) / (SHARE[3] - SHARE[2])
    return float(np.interp(share, SHARE, WORTH))


Solution = Sequence[tuple[int, int]]


def verify(instance: Instance, solution: Solution) -> Verdict:
    """Check (strip's number, end at which it is entered) in order of time.

    Starts are not part of a solution: every strip starts as early as the one before it allows.
    """
    rows = {int(number): row for row, number in enumerate(instance.strip_id)}
    first, last = instance.start_limits_s()
    problems: list[str] = []
    taken: dict[int, int] = {}
    before = None
    free_s = -math.inf
    for number, entry in solution:
        row = rows.get(int(number))
        if row is None or entry not in (0, 1):
            problems.append(f"strip {number}, end {entry}: there is no such thing")
            continue
        if row in taken:
            problems.append(f"strip {number}: taken twice")
            continue
        taken[row] = entry
        start_s = float(first[row, entry])
        if before is not None:
            out, way_out = before
            dx = instance.end_x_m[row, entry] - instance.end_x_m[out, 1 - way_out]
            dy = instance.end_y_m[row, entry] - instance.end_y_m[out, 1 - way_out]
            start_s = max(start_s, free_s + float(transition_s(math.hypot(dx, dy))))
        if start_s > last[row, entry] + _SLACK_S:
            late = f"it starts at {start_s:.3f} s, {start_s - last[row, entry]:.3f} s too late"
            problems.append(f"strip {number}: {late}")
        before, free_s = (row, entry), start_s + float(instance.duration_s[row])
    for row, entry in taken.items():
        twin = int(instance.strip_twin[row])
        if twin >= 0 and taken.get(twin) != entry:
            wish = f"its twin {instance.strip_id[twin]} taken in the same direction"
            problems.append(f"strip {instance.strip_id[row]}: must have {wish}")
    return Verdict(value=_value(instance, list(taken)), problems=tuple(problems))


def _value(instance: Instance, rows: Sequence[int]) -> float:
    picked = np.array(rows, np.int64)
    surface = np.bincount(
        instance.strip_request[picked],
        weights=instance.strip_surface_km2[picked],
        minlength=len(instance.request_id),
    )
    full = instance.full_surface_km2()
    return math.fsum(
        float(gain * km2 * worth(got / km2))
        for gain, km2, got in zip(instance.gain_per_km2, full, surface, strict=True)
        if got > 0 and km2 > 0
    )


def write(instance: Instance, solution: Solution, path: str | Path) -> None:
    """Write the organisers' solution file: set, grid, track; number of strips; strip and direction."""
    rows = [" ".join(instance.name.split("_")), str(len(solution))]
    rows += [f"{number} {entry}" for number, entry in solution]
    Path(path).write_text("\n".join(rows) + "\n", "ascii")


def read_solution(path: str | Path) -> tuple[str, list[tuple[int, int]]]:
    """The instance's name and (strip, entry) of a solution file."""
    lines = Lines(path)
    name = "_".join(lines.words("set, grid, track", 3, 3))
    count = lines.integer("number of strips", lines.words("number of strips", 1, 1)[0], 0)
    solution = []
    for _ in range(count):
        words = lines.words("strip and direction", 2, 2)
        solution.append((lines.integer("strip", words[0]), lines.integer("direction", words[1])))
    lines.end()
    return name, solution
