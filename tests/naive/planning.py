"""The planning problem solved by trying everything: slow, obvious, and sharing nothing with the solver.

Knows only the columns of the problem. Every subset of candidates meets every subset of contacts; the
recorder is a queue of pictures that contacts empty from the front.
"""

from __future__ import annotations

from collections import deque
from itertools import combinations
from typing import Any


def best_value(problem: Any) -> int:
    """The greatest value of any plan that keeps every rule."""
    candidates = range(len(problem.candidates.start_ms))
    contact_sets = [
        used
        for used in subsets(range(len(problem.contacts.start_ms)))
        if contacts_are_possible(problem, used)
    ]
    best = 0
    for chosen in subsets(candidates):
        value = sum(int(problem.candidates.value_micro[i]) for i in chosen)
        if (
            value > best
            and pictures_go_together(problem, chosen)
            and any(recorder_is_content(problem, chosen, used) for used in contact_sets)
        ):
            best = value
    return best


def subsets(items: Any) -> list[tuple[int, ...]]:
    """All subsets."""
    items = list(items)
    return [s for n in range(len(items) + 1) for s in combinations(items, n)]


def plan_is_valid(problem: Any, chosen: Any, used: Any) -> bool:
    """Whether a plan keeps every rule."""
    return (
        pictures_go_together(problem, chosen)
        and contacts_are_possible(problem, used)
        and recorder_is_content(problem, chosen, used)
    )


def pictures_go_together(problem: Any, chosen: Any) -> bool:
    """No conflict; each request at most one picture, or one of its stereo pairs."""
    together = {tuple(sorted((int(a), int(b)))) for a, b in problem.conflicts}
    pairs = {(int(a), int(b)) for a, b in problem.stereo_pairs}
    if any(tuple(sorted(two)) in together for two in combinations(map(int, chosen), 2)):
        return False
    pictures: dict[int, list[int]] = {}
    for i in chosen:
        pictures.setdefault(int(problem.candidates.request_index[i]), []).append(int(i))
    for request, taken in pictures.items():
        if problem.stereo[request]:
            if len(taken) != 2 or not ({tuple(taken), tuple(taken[::-1])} & pairs):
                return False
        elif len(taken) != 1:
            return False
    return True


def contacts_are_possible(problem: Any, used: Any) -> bool:
    """A satellite talks to one station at a time; no station has more contacts than antennas."""
    k = problem.contacts
    for i, j in combinations(used, 2):
        overlap = k.start_ms[i] < k.stop_ms[j] and k.start_ms[j] < k.stop_ms[i]
        if overlap and k.satellite_index[i] == k.satellite_index[j]:
            return False
    for instant in {int(k.start_ms[i]) for i in used}:
        for station, antennas in enumerate(problem.antennas):
            at_once = [
                i
                for i in used
                if k.station_index[i] == station and k.start_ms[i] <= instant < k.stop_ms[i]
            ]
            if len(at_once) > antennas:
                return False
    return True


def recorder_is_content(problem: Any, chosen: Any, used: Any) -> bool:
    """Whether no memory overflows and every deadline is kept."""
    finished, fits = deliveries(problem, chosen, used)
    if not fits:
        return False
    for i in chosen:
        deadline = int(problem.candidates.deadline_ms[i])
        if deadline >= 0:
            contact = finished.get(i)
            if contact is None or problem.contacts.stop_ms[contact] > deadline:
                return False
    return True


def deliveries(problem: Any, chosen: Any, used: Any) -> tuple[dict[int, int], bool]:
    """The contact that carries each picture's last bit, and whether no memory ever overflows."""
    finished: dict[int, int] = {}
    fits = True
    for satellite, memory in enumerate(problem.memory_kbit):
        mine = [i for i in chosen if problem.candidates.satellite_index[i] == satellite]
        contacts = [i for i in used if problem.contacts.satellite_index[i] == satellite]
        fits &= _live_through(problem, mine, contacts, int(memory), finished)
    return finished, fits


def _live_through(
    problem: Any, chosen: list[int], used: list[int], memory: int, finished: dict[int, int]
) -> bool:
    """One satellite's day: write, send the oldest first, free the space when a contact stops."""
    c, k = problem.candidates, problem.contacts
    # at one instant: first contacts stop and free space, then pictures stop, then contacts start
    events = [(int(k.stop_ms[i]), 0, i) for i in used]
    events += [(int(c.stop_ms[i]), 1, i) for i in chosen]
    events += [(int(k.start_ms[i]), 2, i) for i in used]
    queue: deque[list[int]] = deque()  # [picture, volume left]
    in_flight: dict[int, int] = {}  # contact -> volume
    level, fits = 0, True
    for _, kind, i in sorted(events):
        if kind == 0:
            level -= in_flight.pop(i)
        elif kind == 1:
            level += int(c.volume_kbit[i])
            queue.append([i, int(c.volume_kbit[i])])
            fits &= level <= memory
        else:
            room = int(k.max_volume_kbit[i])
            in_flight[i] = 0
            while queue and room > 0:
                part = min(room, queue[0][1])
                queue[0][1] -= part
                room -= part
                in_flight[i] += part
                if queue[0][1] == 0:
                    finished[queue.popleft()[0]] = i
    return fits
