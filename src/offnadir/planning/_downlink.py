"""How pictures come down: first in, first out, through contacts that stations have time for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offnadir.planning._cp_problem import IntArray, Problem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Downlink:
    """The contacts that are used, by start, and what goes down in each.

    `delivered_by` says for each chosen picture in which contact its last bit goes down, -1 for never
    within the span. `fits` says whether memories and deadlines are kept.
    """

    contact: IntArray
    sent_kbit: IntArray
    delivered_by: IntArray
    fits: bool


class Recorder:
    """One satellite's memory and the contacts that empty it; they must not overlap."""

    __slots__ = ("_contact_start", "_contact_stop", "_max_volume", "_memory", "contact")

    def __init__(self, problem: Problem, satellite: int, contact: Iterable[int]) -> None:
        k = problem.contacts
        index = np.array(sorted(contact, key=lambda i: int(k.start_ms[i])), dtype=np.int64)
        self.contact = index
        self._memory = int(problem.memory_kbit[satellite])
        self._contact_start, self._contact_stop = k.start_ms[index], k.stop_ms[index]
        self._max_volume = k.max_volume_kbit[index].tolist()

    def sent(self, stop_ms: IntArray, volume_kbit: IntArray) -> IntArray:
        """All that went down up to and with each contact; pictures by stop, shape (n,)."""
        written = np.concatenate([[0], np.cumsum(volume_kbit)])
        ready = written[np.searchsorted(stop_ms, self._contact_start, side="right")].tolist()
        total, sums = 0, []
        for most, available in zip(self._max_volume, ready, strict=True):
            total = min(total + most, available)
            sums.append(total)
        return np.array(sums, dtype=np.int64)

    def keeps(self, stop_ms: IntArray, volume_kbit: IntArray, deadline_ms: IntArray) -> bool:
        """Whether the memory never overflows and every deadline is kept; pictures by stop."""
        written = np.cumsum(volume_kbit)
        sent = np.concatenate([[0], self.sent(stop_ms, volume_kbit)])
        freed = sent[np.searchsorted(self._contact_stop, stop_ms, side="right")]
        if np.any(written - freed > self._memory):
            return False
        due = deadline_ms >= 0
        down = sent[np.searchsorted(self._contact_stop, deadline_ms[due], side="right")]
        return bool(np.all(down >= written[due]))

    def delivered_by(self, stop_ms: IntArray, volume_kbit: IntArray) -> IntArray:
        """The contact in which each picture's last bit goes down, -1 for none; pictures by stop."""
        sent = self.sent(stop_ms, volume_kbit)
        at = np.searchsorted(sent, np.cumsum(volume_kbit), side="left")
        return np.concatenate([self.contact, [-1]])[at]


def simulate(problem: Problem, chosen: IntArray, used: Iterable[int]) -> Downlink:
    """What goes down when the used contacts send all they can; `chosen` in any order.

    Sending as much as possible as soon as possible is never worse, for the memory or for a deadline, so
    the used contacts determine the rest. Contacts that send nothing are left out of the answer.
    """
    c, k = problem.candidates, problem.contacts
    delivered = np.full(len(chosen), -1, dtype=np.int64)
    contact, volume, fits = [], [], True
    used = np.array(sorted(used), dtype=np.int64)
    for satellite in range(problem.n_satellites):
        rows = np.flatnonzero(c.satellite_index[chosen] == satellite)
        rows = rows[np.lexsort((c.start_ms[chosen[rows]], c.stop_ms[chosen[rows]]))]
        mine = chosen[rows]
        recorder = Recorder(problem, satellite, used[k.satellite_index[used] == satellite])
        sent = recorder.sent(c.stop_ms[mine], c.volume_kbit[mine])
        contact.append(recorder.contact)
        volume.append(np.diff(sent, prepend=0))
        delivered[rows] = recorder.delivered_by(c.stop_ms[mine], c.volume_kbit[mine])
        fits &= recorder.keeps(c.stop_ms[mine], c.volume_kbit[mine], c.deadline_ms[mine])
    all_contact, all_volume = np.concatenate(contact), np.concatenate(volume)
    some = np.flatnonzero(all_volume > 0)
    some = some[np.lexsort((all_contact[some], k.start_ms[all_contact[some]]))]
    return Downlink(
        contact=all_contact[some],
        sent_kbit=all_volume[some],
        delivered_by=delivered,
        fits=fits,
    )


def earliest_downlink(problem: Problem, chosen: IntArray, fallback: Iterable[int]) -> Downlink:
    """Bring the chosen pictures down as early as a simple rule can, keeping memories and deadlines.

    The rule: go through the contacts by their stop and use each that would send something and that the
    station and the satellite have time for. Where two satellites want one antenna that may break a
    deadline that another division keeps; `fallback`, contacts that are known to do, is then kept and
    only added to, which never delays anything.
    """
    plain = simulate(problem, chosen, assign_contacts(problem, chosen=chosen))
    if plain.fits:
        return plain
    return simulate(problem, chosen, assign_contacts(problem, chosen=chosen, keep=fallback))


def assign_contacts(
    problem: Problem,
    *,
    chosen: IntArray | None = None,
    keep: Iterable[int] = (),
    satellites: NDArray[np.bool_] | None = None,
) -> list[int]:
    """Contacts by their stop, each used if antenna and satellite are free; those of `keep` for sure.

    With `chosen` given, a contact that would send nothing is passed over; with `satellites`, a mask,
    those of the others are.
    """
    k = problem.contacts
    used = list(keep)
    taken = set(used)
    order = np.lexsort((k.satellite_index, k.station_index, k.start_ms, k.stop_ms))
    for contact in order.tolist():
        if contact in taken or not _has_time(problem, used, contact):
            continue
        if satellites is not None and not satellites[k.satellite_index[contact]]:
            continue
        if chosen is None or _sends(problem, chosen, used, contact):
            used.append(contact)
    return used


def _sends(problem: Problem, chosen: IntArray, used: list[int], contact: int) -> bool:
    """Whether a further contact would find something to send."""
    c, k = problem.candidates, problem.contacts
    satellite = int(k.satellite_index[contact])
    mine = chosen[c.satellite_index[chosen] == satellite]
    mine = mine[np.lexsort((c.start_ms[mine], c.stop_ms[mine]))]
    others = [i for i in used if k.satellite_index[i] == satellite]
    recorder = Recorder(problem, satellite, [*others, contact])
    sent = np.diff(recorder.sent(c.stop_ms[mine], c.volume_kbit[mine]), prepend=0)
    return bool(sent[recorder.contact == contact][0] > 0)


def _has_time(problem: Problem, used: list[int], contact: int) -> bool:
    """Whether satellite and station are free for one more contact beside those used."""
    k = problem.contacts
    start, stop = int(k.start_ms[contact]), int(k.stop_ms[contact])
    beside = [i for i in used if k.start_ms[i] < stop and start < k.stop_ms[i]]
    if any(k.satellite_index[i] == k.satellite_index[contact] for i in beside):
        return False
    here = [i for i in beside if k.station_index[i] == k.station_index[contact]]
    busiest = 0
    for instant in [start, *(int(k.start_ms[i]) for i in here if k.start_ms[i] > start)]:
        at_once = sum(1 for i in here if k.start_ms[i] <= instant < k.stop_ms[i])
        busiest = max(busiest, at_once)
    return busiest < int(problem.antennas[k.station_index[contact]])


def contests(problem: Problem, rows: IntArray) -> list[tuple[list[int], int]]:
    """Groups of contacts at one instant of which only so many can be used; `rows` are all there are.

    A contact in no group can be used whatever else is, and doing so never does harm.
    """
    k = problem.contacts
    groups = []
    for contact in rows.tolist():
        instant = k.start_ms[contact]
        now = rows[(k.start_ms[rows] <= instant) & (instant < k.stop_ms[rows])]
        station = k.station_index[contact]
        mine = now[k.satellite_index[now] == k.satellite_index[contact]]
        here = now[k.station_index[now] == station]
        for rivals, places in ((mine, 1), (here, int(problem.antennas[station]))):
            if len(rivals) > places:
                groups.append((rivals.tolist(), places))
    return groups
