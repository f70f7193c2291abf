"""What the search's kernels know, the slow way: turns one by one, resources tick by tick, all plans.

Nothing here knows of sequences, bands or sweeps. Times of resources are walked through in milliseconds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from itertools import combinations, pairwise, product
from typing import Any

NEVER = 0xFFFF


def rest_to_rest_s(angle_rad: float, rate_rad_s: float, acceleration_rad_s2: float) -> float:
    """Up to the rate and down again, or up to the middle and down again."""
    up_s = rate_rad_s / acceleration_rad_s2
    up_rad = acceleration_rad_s2 * up_s**2 / 2
    if angle_rad <= 2 * up_rad:
        return 2 * math.sqrt(angle_rad / acceleration_rad_s2)
    return 2 * up_s + (angle_rad - 2 * up_rad) / rate_rad_s


def angle_rad(a: Any, b: Any) -> float:
    """Between two unit vectors."""
    x, y, z = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    return math.atan2(math.sqrt(x * x + y * y + z * z), a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


def least_starts(
    windows: Any, i: int, j: int, need_s: Callable[[int, int], float], margin_ms: int = 0
) -> list[int]:
    """For each start of window i: from which one on window j can always follow, in rising order."""
    out: list[int] = []
    for k in range(int(windows.count[i])):
        end = int(windows.first_ms[i] + k * windows.step_ms[i] + windows.duration_ms[i])
        least = 0
        for x in range(int(windows.count[j])):
            gap = int(windows.first_ms[j] + x * windows.step_ms[j]) - end
            if gap < 0 or gap < 1000 * need_s(k, x) + margin_ms:
                least = x + 1
        least = max([least, *out])
        out.append(least if least < windows.count[j] else NEVER)
    return out


# -- turns ------------------------------------------------------------------------------------------


def follows(problem: Any, i: int, k: int, j: int, x: int) -> bool:
    """Whether start x of window j can follow start k of window i, of the same chain."""
    w, t = problem.windows, problem.transitions
    c = int(w.chain[i])
    if i == j:
        return False
    local = j - [int(n) for n in w.chain].index(c)
    if not t.is_table[c]:
        delay = int(t.delay_ms[t.block[i] + local])
        return delay >= 0 and begin_ms(w, j, x) >= begin_ms(w, i, k) + delay
    if t.low is not None and local >= t.high[i]:
        return True
    low = 0 if t.low is None else int(t.low[i])
    if local < low:
        return False
    return x >= int(t.table[t.block[i] + (local - low) * w.count[i] + k])


def begin_ms(windows: Any, i: int, k: int) -> int:
    """When start k of window i is."""
    return int(windows.first_ms[i]) + k * int(windows.step_ms[i])


def earliest(problem: Any, i: int, k: int, j: int) -> int | None:
    """The first start of window j that can follow."""
    return next((x for x in range(problem.windows.count[j]) if follows(problem, i, k, j, x)), None)


def latest(problem: Any, i: int, low: int, high: int, j: int, x: int) -> int | None:
    """The last start of window i, low to high, that start x of window j can follow."""
    return next((k for k in range(high, low - 1, -1) if follows(problem, i, k, j, x)), None)


# -- resources --------------------------------------------------------------------------------------


def satellite_holds(problem: Any, s: int, pictures: list[tuple[int, int]], used: Any) -> bool:
    """Whether satellite s can carry pictures, (member, start) each, with the contacts `used`."""
    w, o, k = problem.windows, problem.options, problem.contacts
    craft = problem.spacecraft[s] if s < len(problem.spacecraft) else None
    owner = [i for i in range(len(o.task)) for _ in range(o.member_block[i], o.member_block[i + 1])]
    shots = []
    for m, at in pictures:
        i = int(o.member_window[m])
        start = begin_ms(w, i, at)
        shots.append((start, start + int(w.duration_ms[i]), m, at))
    shots.sort()
    talks = sorted(
        (int(k.start_ms[c]), int(k.stop_ms[c]), int(k.max_volume_kbit[c]))
        for c in used
        if k.satellite[c] == s
    )
    files = [
        (stop, int(o.member_volume_kbit[m]), int(o.deadline_ms[owner[m]]))
        for _, stop, m, _ in shots
    ]
    if not recorder_holds(files, talks, None if craft is None else craft.memory_kbit):
        return False
    if craft is None:
        return True
    busy = [(start, stop) for start, stop, _, _ in shots]
    if craft.duty_imaging_ms is not None and not duty_holds(
        busy, craft.duty_imaging_ms, craft.duty_in_ms
    ):
        return False
    if craft.thermal is not None and not thermal_holds(busy, craft.thermal):
        return False
    return craft.battery is None or battery_holds(problem, craft.battery, shots, talks)


def recorder_holds(
    files: list[tuple[int, int, int]], talks: list[tuple[int, int, int]], size: int | None
) -> bool:
    """A queue of files, (complete at, volume, due or -1), that contacts empty from its front."""
    events = [(start, 1, n) for n, (start, _, _) in enumerate(talks)]
    events += [(stop, 0, n) for n, (_, stop, _) in enumerate(talks)]
    # at one instant: room becomes free, pictures become complete, contacts begin
    todo = sorted(
        [(t, 2 if kind else 0, n) for t, kind, n in events]
        + [(stop, 1, n) for n, (stop, _, _) in enumerate(files)]
    )
    queue: deque[list[int]] = deque()
    carried: dict[int, int] = {}
    held = 0
    late = {n for n, (_, _, due) in enumerate(files) if due >= 0}
    for _, kind, n in todo:
        if kind == 0:
            held -= carried.get(n, 0)
        elif kind == 1:
            queue.append([n, files[n][1]])
            held += files[n][1]
            if size is not None and held > size:
                return False
        else:
            room = talks[n][2]
            while queue and queue[0][1] <= room:
                number, volume = queue.popleft()
                room -= volume
                carried[n] = carried.get(n, 0) + volume
                if talks[n][1] <= files[number][2]:
                    late.discard(number)
            if queue and room > 0:
                queue[0][1] -= room
                carried[n] = carried.get(n, 0) + room
    return not late


def duty_holds(busy: list[tuple[int, int]], most_ms: int, in_ms: int) -> bool:
    """Every stretch of `in_ms`, millisecond by millisecond."""
    if not busy:
        return True
    on = {t for start, stop in busy for t in range(start, stop)}
    return all(
        sum(t in on for t in range(edge, edge + in_ms)) <= most_ms
        for edge in range(min(on, default=0) - in_ms, max(on, default=0) + 1)
    )


def thermal_holds(busy: list[tuple[int, int]], h: Any) -> bool:
    """A thousandth of a second at a time: what heats, and what is lost of the warmth there is."""
    rise, at = float(h.initial_rise_mk), int(h.start_ms)
    keep = math.exp(-1.0 / h.time_constant_ms)
    heat = h.heating_mk_s * h.time_constant_ms / 1000.0 * (1.0 - keep)
    for start, stop in busy:
        while at < start:
            rise, at = rise * keep, at + 1
        while at < stop:
            rise, at = rise * keep + heat, at + 1
        if rise > h.max_rise_mk * (1 + 1e-9):
            return False
    return True


def battery_holds(
    problem: Any, b: Any, shots: list[tuple[int, int, int, int]], talks: list[tuple[int, int, int]]
) -> bool:
    """The level at each millisecond, in uJ."""
    draw = dict.fromkeys(range(b.start_ms, b.stop_ms), b.idle_mw)

    def add(start: int, stop: int, power: int) -> None:
        for t in range(start, stop):
            if t in draw:
                draw[t] += power

    for start, stop in b.sunlit_ms:
        add(int(start), int(stop), -b.charge_mw)
    for start, stop, _ in talks:
        add(start, stop, b.downlink_mw)
    line, free = b.first_los, b.start_ms
    for start, stop, m, k in shots:
        row = int(problem.attitudes.block[problem.options.member_window[m]]) + k
        turn_ms = 0
        if any(line):
            angle = angle_rad(line, problem.attitudes.start[row])
            turn_ms = math.ceil(1000 * rest_to_rest_s(angle, b.rate_rad_s, b.acceleration_rad_s2))
        ready = max(free, start - b.settling_ms)
        add(max(free, ready - turn_ms), ready, b.slew_mw)
        add(ready, start, b.settling_mw)
        add(start, stop, b.imaging_mw)
        line, free = problem.attitudes.stop[row], stop
    level = 1000 * b.initial_mj
    for t in range(b.start_ms, b.stop_ms):
        level = min(level - draw[t], 1000 * b.capacity_mj)
        if level < 1000 * b.floor_mj:
            return False
    return True


# -- plans ------------------------------------------------------------------------------------------


def best_value(problem: Any) -> int:
    """The greatest value of any plan, -1 if there is none: tries all options, starts and contacts."""
    w, o = problem.windows, problem.options
    n = len(o.task)
    contacts = [c for c in every(len(problem.contacts.start_ms)) if contacts_hold(problem, c)]
    satellites = range(
        max([len(problem.spacecraft), *(int(s) + 1 for s in problem.chain_satellite)])
    )
    best = -1
    for taken in sorted(every(n), key=len, reverse=True):
        if len({int(o.task[i]) for i in taken}) < len(taken) or not rows_hold(problem, taken):
            continue
        members = [m for i in taken for m in range(o.member_block[i], o.member_block[i + 1])]
        for starts in product(*(range(o.member_low[m], o.member_high[m] + 1) for m in members)):
            at = dict(zip(members, starts, strict=True))
            value = value_of(problem, taken, at)
            if value <= best or not chains_hold(problem, at):
                continue
            mine = [
                [
                    (m, k)
                    for m, k in at.items()
                    if satellite_of(problem, int(o.member_window[m])) == s
                ]
                for s in satellites
            ]
            if any(
                all(satellite_holds(problem, s, mine[s], used) for s in satellites)
                for used in contacts
            ):
                best = value
    assert len(w.chain) < 9, "this takes for ever"
    return best


def every(n: int) -> list[tuple[int, ...]]:
    """All subsets of so many."""
    return [s for size in range(n + 1) for s in combinations(range(n), size)]


def satellite_of(problem: Any, window: int) -> int:
    """Whose window it is; -1 if it stands in no chain."""
    c = int(problem.windows.chain[window])
    return int(problem.chain_satellite[c]) if c >= 0 else -1


def rows_hold(problem: Any, taken: tuple[int, ...]) -> bool:
    """Rows, and options that are fixed."""
    if any(f and i not in taken for i, f in enumerate(problem.options.fixed)):
        return False
    r = problem.rows
    return all(
        sum(
            int(r.coefficient[e]) for e in range(r.start[n], r.start[n + 1]) if r.option[e] in taken
        )
        <= r.limit[n]
        for n in range(len(r.limit))
    )


def value_of(problem: Any, taken: tuple[int, ...], at: dict[int, int]) -> int:
    """Options by their starts, and requests by their curves."""
    o = problem.options
    total = 0
    for i in taken:
        m, block = int(o.member_block[i]), int(o.profile_block[i])
        total += int(o.value[i] if block < 0 else o.profile[block + at[m] - o.member_low[m]])
    for r, curve in problem.curve.items():
        share = sum(int(o.share[i]) for i in taken if problem.request[o.task[i]] == r)
        points = list(zip(curve.share.tolist(), curve.value.tolist(), strict=True))
        below = max(n for n in range(len(points) - 1) if n == 0 or points[n][0] < share)
        (x0, y0), (x1, y1) = points[below], points[below + 1]
        total += math.floor(y0 + (share - x0) * (y1 - y0) / (x1 - x0) + 1e-9)
    return total


def chains_hold(problem: Any, at: dict[int, int]) -> bool:
    """Every picture can follow the one before it in its chain."""
    w, o = problem.windows, problem.options
    rows: dict[int, list[tuple[int, int, int]]] = {}
    for m, k in at.items():
        i = int(o.member_window[m])
        if w.chain[i] >= 0:
            rows.setdefault(int(w.chain[i]), []).append((begin_ms(w, i, k), i, k))
    return all(in_order(problem, sorted(shots)) for shots in rows.values())


def in_order(problem: Any, shots: list[tuple[int, int, int]]) -> bool:
    """Each after the one before."""
    return all(
        a[1] != b[1] and follows(problem, a[1], a[2], b[1], b[2]) for a, b in pairwise(shots)
    )


def contacts_hold(problem: Any, used: tuple[int, ...]) -> bool:
    """A satellite has one antenna, a station as many as it has; millisecond by millisecond."""
    k = problem.contacts
    for t in {int(k.start_ms[c]) for c in used}:
        now = [c for c in used if k.start_ms[c] <= t < k.stop_ms[c]]
        if len({int(k.satellite[c]) for c in now}) < len(now):
            return False
        if any(
            sum(k.station[c] == s for c in now) > most for s, most in enumerate(problem.antennas)
        ):
            return False
    return True
