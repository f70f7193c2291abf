"""How a plan's pictures come down: first in, first out, through contacts that stations have time for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from offnadir.planning.problem import IntArray, Problem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Written:
    """Pictures as the recorders see them, int64 columns of shape (n,); `deadline_ms` is -1 for none."""

    satellite: IntArray
    start_ms: IntArray
    stop_ms: IntArray
    volume_kbit: IntArray
    deadline_ms: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delivery:
    """The contacts that send, by start, and how much; rows of the problem's contacts.

    `delivered_by`, shape (n,), is the contact in which each picture's last bit goes down, -1 for never.
    `fits` says whether memories and deadlines are kept.
    """

    contact: IntArray
    sent_kbit: IntArray
    delivered_by: IntArray
    fits: bool


def deliver(problem: Problem, pictures: Written, used: IntArray, *, free: bool = True) -> Delivery:
    """Bring pictures down as early as a simple rule can, keeping memories and deadlines.

    The rule: go through the contacts by their stop and use each that would send something and that the
    station and the satellite have time for. Where that breaks a memory or a deadline the contacts that the
    search `used` are kept and only added to, which never delays anything. If not `free`, no contact is added.
    """
    if not free:
        return _simulated(problem, pictures, used.tolist())
    plain = _simulated(problem, pictures, _assigned(problem, pictures, ()))
    if plain.fits:
        return plain
    return _simulated(problem, pictures, _assigned(problem, pictures, used.tolist()))


class _Recorder:
    """One satellite's pictures by their stop, and its memory."""

    __slots__ = ("_memory", "deadline_ms", "rows", "stop_ms", "written")

    def __init__(self, problem: Problem, pictures: Written, satellite: int) -> None:
        rows = np.flatnonzero(pictures.satellite == satellite)
        self.rows = rows[np.lexsort((pictures.start_ms[rows], pictures.stop_ms[rows]))]
        self.stop_ms = pictures.stop_ms[self.rows]
        self.written = np.cumsum(pictures.volume_kbit[self.rows])
        self.deadline_ms = pictures.deadline_ms[self.rows]
        craft = problem.spacecraft[satellite] if satellite < len(problem.spacecraft) else None
        self._memory = None if craft is None else craft.memory_kbit

    def sums(self, problem: Problem, contact: IntArray) -> IntArray:
        """All that went down up to and with each of its contacts, by start."""
        k = problem.contacts
        before = np.searchsorted(self.stop_ms, k.start_ms[contact], side="right")
        ready = np.concatenate([[0], self.written])[before].tolist()
        total, sums = 0, []
        for most, available in zip(k.max_volume_kbit[contact].tolist(), ready, strict=True):
            total = min(total + most, available)
            sums.append(total)
        return np.array(sums, np.int64)

    def keeps(self, problem: Problem, contact: IntArray, sums: IntArray) -> bool:
        """Whether the memory never overflows and every deadline is kept."""
        stop_ms = problem.contacts.stop_ms[contact]
        sent = np.concatenate([[0], sums])
        freed = sent[np.searchsorted(stop_ms, self.stop_ms, side="right")]
        if self._memory is not None and np.any(self.written - freed > self._memory):
            return False
        due = self.deadline_ms >= 0
        down = sent[np.searchsorted(stop_ms, self.deadline_ms[due], side="right")]
        return bool(np.all(down >= self.written[due]))


def _satellites(problem: Problem, pictures: Written) -> list[int]:
    found: list[int] = np.union1d(pictures.satellite, problem.contacts.satellite).tolist()
    return found


def _simulated(problem: Problem, pictures: Written, used: Iterable[int]) -> Delivery:
    """What goes down when the used contacts send all they can; those that send nothing are left out."""
    k = problem.contacts
    delivered = np.full(len(pictures.satellite), -1, np.int64)
    contacts = np.array(sorted(used, key=lambda i: (int(k.start_ms[i]), i)), np.int64)
    sent, fits = np.zeros(len(contacts), np.int64), True
    for satellite in _satellites(problem, pictures):
        recorder = _Recorder(problem, pictures, satellite)
        here = np.flatnonzero(k.satellite[contacts] == satellite)
        sums = recorder.sums(problem, contacts[here])
        sent[here] = np.diff(sums, prepend=0)
        at = np.searchsorted(sums, recorder.written, side="left")
        delivered[recorder.rows] = np.concatenate([contacts[here], [-1]])[at]
        fits &= recorder.keeps(problem, contacts[here], sums)
    some = sent > 0
    return Delivery(contact=contacts[some], sent_kbit=sent[some], delivered_by=delivered, fits=fits)


def _assigned(problem: Problem, pictures: Written, keep: Iterable[int]) -> list[int]:
    """Contacts by their stop, each used if it would send something and antenna and satellite are free."""
    k = problem.contacts
    recorders = {s: _Recorder(problem, pictures, s) for s in _satellites(problem, pictures)}
    used = list(keep)
    taken = set(used)
    for contact in np.lexsort((k.satellite, k.station, k.start_ms, k.stop_ms)).tolist():
        if contact in taken or not _has_time(problem, used, contact):
            continue
        satellite = int(k.satellite[contact])
        mine = [i for i in used if k.satellite[i] == satellite]
        mine = sorted([*mine, contact], key=lambda i: (int(k.start_ms[i]), i))
        sums = recorders[satellite].sums(problem, np.array(mine, np.int64))
        if np.diff(sums, prepend=0)[mine.index(contact)] > 0:
            used.append(contact)
    return used


def _has_time(problem: Problem, used: list[int], contact: int) -> bool:
    """Whether satellite and station are free for one more contact beside those used."""
    k = problem.contacts
    others = np.array(used, np.int64)
    start, stop = int(k.start_ms[contact]), int(k.stop_ms[contact])
    beside = others[(k.start_ms[others] < stop) & (start < k.stop_ms[others])]
    if np.any(k.satellite[beside] == k.satellite[contact]):
        return False
    here = beside[k.station[beside] == k.station[contact]]
    busiest = 0
    for instant in [start, *k.start_ms[here][k.start_ms[here] > start].tolist()]:
        at_once = np.count_nonzero((k.start_ms[here] <= instant) & (instant < k.stop_ms[here]))
        busiest = max(busiest, int(at_once))
    return busiest < int(problem.antennas[k.station[contact]])
