"""Whether a schedule keeps every rule of its problem: plain Python, none of the search's code.

It works on the integers of the problem. Whether those are right about the world is the plan checker's
business.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from offnadir.planning.problem import Battery, Curve, IntArray, Problem, Schedule, Spacecraft


def curve_value(curve: Curve, share: int) -> int:
    """What a request earns for a share of it, rounded down."""
    q = int(np.clip(np.searchsorted(curve.share, share), 1, len(curve.share) - 1))
    x0, x1, y0, y1 = (int(v) for v in (*curve.share[q - 1 : q + 1], *curve.value[q - 1 : q + 1]))
    return y0 + (share - x0) * (y1 - y0) // (x1 - x0)


def value_of(problem: Problem, schedule: Schedule) -> int:
    """What a schedule is worth: options, by their start where they have a profile, and curves."""
    o = problem.options
    total, at = 0, 0
    share: dict[int, int] = {}
    for i in schedule.option.tolist():
        if o.profile_block[i] >= 0:
            k = int(schedule.start[at]) - int(o.member_low[o.member_block[i]])
            total += int(o.profile[o.profile_block[i] + k])
        else:
            total += int(o.value[i])
        request = int(problem.request[o.task[i]])
        share[request] = share.get(request, 0) + int(o.share[i])
        at += int(o.member_block[i + 1] - o.member_block[i])
    return total + sum(curve_value(curve, share.get(r, 0)) for r, curve in problem.curve.items())


def faults(problem: Problem, schedule: Schedule) -> list[str]:
    """Every rule that a schedule breaks, in words; none if it stands."""
    o, wrong = problem.options, list[str]()
    option = schedule.option
    if len(np.unique(o.task[option])) < len(option):
        wrong.append("a task is served twice")
    missing = np.setdiff1d(np.flatnonzero(o.fixed), option)
    if len(missing):
        wrong.append(f"option {missing[0]} is fixed and not taken")
    taken = np.zeros(len(o), np.int64)
    taken[option] = 1
    rows = problem.rows
    for r in range(len(rows)):
        entry = slice(rows.start[r], rows.start[r + 1])
        load = int(np.sum(rows.coefficient[entry] * taken[rows.option[entry]]))
        if load > rows.limit[r]:
            wrong.append(f"row {r} holds {load} of at most {rows.limit[r]}")
    members = o.members_of(option).tolist()
    if len(members) != len(schedule.start):
        return [*wrong, f"there are {len(members)} members and {len(schedule.start)} starts"]
    wrong += _sequences(problem, members, schedule.start)
    wrong += _contacts(problem, schedule.contact)
    value = value_of(problem, schedule)
    if value != schedule.value:
        wrong.append(f"the value is {value}, not {schedule.value}")
    if schedule.bound < schedule.value:
        wrong.append(f"the bound {schedule.bound} is below the value {schedule.value}")
    satellite = problem.satellite_of(o.member_window[members])
    for s in range(max(len(problem.spacecraft), int(satellite.max(initial=-1)) + 1)):
        craft = problem.spacecraft[s] if s < len(problem.spacecraft) else Spacecraft()
        mine = [
            (m, int(k))
            for m, k, x in zip(members, schedule.start, satellite, strict=True)
            if x == s
        ]
        wrong += [
            f"satellite {s}: {text}"
            for text in _resources(problem, s, craft, mine, schedule.contact)
        ]
    return wrong


def _begin(problem: Problem, m: int, k: int) -> int:
    w = problem.options.member_window[m]
    return int(problem.windows.first_ms[w] + k * problem.windows.step_ms[w])


def _sequences(problem: Problem, members: list[int], start: IntArray) -> list[str]:
    """Starts in their ranges, and neighbours in a chain far enough apart."""
    o, w, t = problem.options, problem.windows, problem.transitions
    wrong, chains = list[str](), dict[int, list[tuple[int, int, int]]]()
    low, high = t.band(w)
    for m, k in zip(members, start.tolist(), strict=True):
        if not o.member_low[m] <= k <= o.member_high[m]:
            wrong.append(f"member {m} begins at start {k}, outside of its range")
        chain = int(w.chain[o.member_window[m]])
        if chain >= 0:
            chains.setdefault(chain, []).append((_begin(problem, m, k), int(o.member_window[m]), k))
    for chain, rows in chains.items():
        rows.sort()
        first = int(np.searchsorted(w.chain, chain))
        for (a_ms, a, k), (b_ms, b, k_next) in pairwise(rows):
            if a == b:
                wrong.append(f"window {a} is used twice")
            elif t.is_table[chain]:
                x = b - first
                least = 0 if x >= high[a] else 0xFFFF
                if low[a] <= x < high[a]:
                    least = int(t.table[t.block[a] + (x - low[a]) * w.count[a] + k])
                if k_next < least:
                    wrong.append(
                        f"window {b} begins at start {k_next} after window {a} at {k}, not before {least}"
                    )
            else:
                delay = int(t.delay_ms[t.block[a] + b - first])
                if delay < 0 or b_ms < a_ms + delay:
                    wrong.append(
                        f"window {b} begins {b_ms - a_ms} ms after window {a}, not {delay}"
                    )
    return wrong


def _contacts(problem: Problem, used: IntArray) -> list[str]:
    """One contact at a time for a satellite, and as many as it has antennas for a station."""
    k, wrong = problem.contacts, list[str]()
    for i in used.tolist():
        at = [j for j in used.tolist() if k.start_ms[j] <= k.start_ms[i] < k.stop_ms[j]]
        if sum(k.satellite[j] == k.satellite[i] for j in at) > 1:
            wrong.append(f"contact {i} begins during another of its satellite")
        if sum(k.station[j] == k.station[i] for j in at) > problem.antennas[k.station[i]]:
            wrong.append(f"contact {i} begins while every antenna of its station is busy")
    return wrong


def _resources(
    problem: Problem, s: int, craft: Spacecraft, members: list[tuple[int, int]], contact: IntArray
) -> list[str]:
    o, w, k = problem.options, problem.windows, problem.contacts
    option = np.repeat(np.arange(len(o)), np.diff(o.member_block))
    pictures = sorted(
        (_begin(problem, m, at), int(w.duration_ms[o.member_window[m]]), m, at) for m, at in members
    )
    mine = sorted(
        (int(k.start_ms[i]), int(k.stop_ms[i]), int(k.max_volume_kbit[i]))
        for i in contact
        if k.satellite[i] == s
    )
    wrong = list[str]()
    volume = [
        (start + long, int(o.member_volume_kbit[m]), int(o.deadline_ms[option[m]]))
        for start, long, m, _ in pictures
    ]
    sent = _send(volume, mine)
    for number, (stop, _, deadline) in enumerate(volume):
        upto = sum(v for _, v, _ in volume[: number + 1])
        held = upto - sum(out for end, out in sent if end <= stop)
        if craft.memory_kbit is not None and held > craft.memory_kbit:
            wrong.append(f"memory holds {held} of {craft.memory_kbit} kbit at {stop} ms")
        down, total = math.inf, 0
        for (begin, _, _), (end, out) in zip(mine, sent, strict=True):
            total += out
            if total >= upto and begin >= stop:  # nothing is down before it is taken, were it empty
                down = end
                break
        if deadline >= 0 and down > deadline:
            wrong.append(f"member {pictures[number][2]} is down at {down} ms, due at {deadline}")
    wrong += _pauses(craft, [(start, long) for start, long, _, _ in pictures])
    if craft.battery is not None and problem.attitudes is not None:
        wrong += _energy(problem, craft.battery, pictures, mine)
    return wrong


def _pauses(craft: Spacecraft, pictures: list[tuple[int, int]]) -> list[str]:
    """Duty and warmth, by (start, length) of pictures."""
    wrong = list[str]()
    if craft.duty_imaging_ms is not None and craft.duty_in_ms is not None:
        for edge in [p[0] for p in pictures] + [p[0] + p[1] - craft.duty_in_ms for p in pictures]:
            imaging = sum(
                max(0, min(a + long, edge + craft.duty_in_ms) - max(a, edge))
                for a, long in pictures
            )
            if imaging > craft.duty_imaging_ms:
                wrong.append(
                    f"{imaging} ms of imaging in the stretch from {edge} ms, not {craft.duty_imaging_ms}"
                )
    if craft.thermal is not None:
        h = craft.thermal
        rise, at_ms = float(h.initial_rise_mk), h.start_ms
        for start, long in pictures:
            rise *= math.exp(-(start - at_ms) / h.time_constant_ms)
            decay = math.exp(-long / h.time_constant_ms)
            rise = rise * decay + h.heating_mk_s * h.time_constant_ms / 1e3 * (1.0 - decay)
            at_ms = start + long
            if rise > h.max_rise_mk * (1 + 1e-9):
                wrong.append(f"the rise is {rise:.0f} of {h.max_rise_mk} mK at {at_ms} ms")
    return wrong


def _send(
    volume: list[tuple[int, int, int]], contacts: list[tuple[int, int, int]]
) -> list[tuple[int, int]]:
    """(stop, volume) of what goes down in each contact, first in, first out."""
    out, gone = list[tuple[int, int]](), 0
    for start, stop, most in contacts:
        ready = sum(v for end, v, _ in volume if end <= start)
        out.append((stop, min(most, ready - gone)))
        gone += out[-1][1]
    return out


def _energy(
    problem: Problem,
    b: Battery,
    pictures: list[tuple[int, int, int, int]],
    contacts: list[tuple[int, int, int]],
) -> list[str]:
    """The battery's level from one change of power to the next."""
    at = problem.attitudes
    if at is None:
        return []
    draws = [(int(x), int(y), -b.charge_mw) for x, y in b.sunlit_ms]
    draws += [(x, y, b.downlink_mw) for x, y, _ in contacts]
    los, end = np.array(b.first_los), b.start_ms
    for start, long, m, k in pictures:
        row = int(at.block[problem.options.member_window[m]]) + k
        angle = 2.0 * math.asin(min(1.0, float(np.linalg.norm(los - at.start[row])) / 2.0))
        angle = angle if np.any(los) else 0.0
        a, r = b.acceleration_rad_s2, b.rate_rad_s
        turn = 2.0 * math.sqrt(angle / a) if angle * a < r * r else angle / r + r / a
        ready = max(end, start - b.settling_ms)
        draws.append((max(end, ready - math.ceil(1000.0 * turn)), ready, b.slew_mw))
        draws += [(ready, start, b.settling_mw), (start, start + long, b.imaging_mw)]
        los, end = at.stop[row], start + long
    edges = sorted(
        {
            b.start_ms,
            b.stop_ms,
            *(t for x, y, _ in draws for t in (x, y) if b.start_ms < t < b.stop_ms),
        }
    )
    level = b.initial_mj * 1000
    # the level that it begins with counts too, hence a first stretch of no length
    for x, y in [(b.start_ms, b.start_ms), *pairwise(edges)]:
        power = b.idle_mw + sum(p for start, stop, p in draws if start <= x and stop >= y)
        level = min(level - power * (y - x), b.capacity_mj * 1000)
        if level < b.floor_mj * 1000:
            return [
                f"the battery holds {level / 1e6:.3f} J at {y} ms, at least {b.floor_mj / 1e3:.3f} are kept"
            ]
    return []
