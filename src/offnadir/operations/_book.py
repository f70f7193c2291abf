"""The open orders as the loop knows them: only what changed is read again, however many are open or over."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from typing import TYPE_CHECKING

from offnadir.epoch import Epoch
from offnadir.operations._wishes import ends, over_at

if TYPE_CHECKING:
    from offnadir.tasking import Desk, Order, Placed


class Book:
    """Open orders, the instants at which their times end, and what steps of the loop have looked at.

    It follows the audit log, in which every change of an order stands: `follow` reads what was written since.
    An order that is over leaves it, so it holds no more than is open. `no_archive` are orders that a picture
    in the archive was looked for already, or need not be.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Know nothing: the next `follow` reads all open orders."""
        self._seq: int | None = None
        self._placed: dict[str, Placed] = {}
        self._times: dict[str, tuple[tuple[int, ...], int | None]] = {}
        self._ends: list[
            tuple[int, str]
        ] = []  # each instant at which something about an order's time ends
        self._overs: list[tuple[int, str]] = []  # from when no picture can serve it
        self._by_states: dict[tuple[str, ...], tuple[Placed, ...]] = {}
        self._idle: dict[str, int] = {}
        self.no_archive: set[str] = set()

    def follow(self, desk: Desk) -> None:
        """Read what changed."""
        found = desk.changes(self._seq)
        if found.is_all:
            self.forget()
        if found.orders or found.over or found.is_all:
            self._by_states = {}
        for name in found.over:
            self._remove(name)
        for placed in found.orders:
            known = self._placed.get(placed.id)
            if known is not None and known.document != placed.document:  # it was amended
                self._remove(placed.id)
                known = None
            if known is None:
                self._add_times(placed.id, placed.order)
            self._placed[placed.id] = placed
        self._seq = found.seq

    def in_states(self, states: Sequence[str]) -> tuple[Placed, ...]:
        """Orders in some states, in the order in which they were placed."""
        key = tuple(states)
        if key not in self._by_states:
            names = sorted(name for name, one in self._placed.items() if one.state in key)
            self._by_states[key] = tuple(self._placed[name] for name in names)
        return self._by_states[key]

    def over(self, now: Epoch) -> list[Placed]:
        """Orders that no picture taken from now on can serve, in the order in which they were placed."""
        names = (name for _, name in self._overs[: bisect_right(self._overs, (now.tai_ns, "~"))])
        return [self._placed[name] for name in sorted(names)]

    def next_end(self, now: Epoch, states: Sequence[str]) -> Epoch | None:
        """The first instant after now at which a time of an order in one of these states begins or ends."""
        for index in range(bisect_right(self._ends, (now.tai_ns, "~")), len(self._ends)):
            at, name = self._ends[index]
            if self._placed[name].state in states:
                return Epoch(at)
        return None

    def has_seen(self, step: str) -> bool:
        """Whether the log says nothing new since `step` had nothing to do."""
        return self._seq is not None and self._idle.get(step) == self._seq

    def note_seen(self, step: str) -> None:
        """`step` has looked at everything, and has nothing to do until the log says something new."""
        if self._seq is not None:
            self._idle[step] = self._seq

    def look_again(self, step: str) -> None:
        """`step` has something to look at that does not stand in the log."""
        self._idle.pop(step, None)

    def _add_times(self, name: str, order: Order) -> None:
        last = over_at(order)
        times = (tuple(one.tai_ns for one in ends(order)), None if last is None else last.tai_ns)
        self._times[name] = times
        for at in times[0]:
            insort(self._ends, (at, name))
        if times[1] is not None:
            insort(self._overs, (times[1], name))

    def _remove(self, name: str) -> None:
        if self._placed.pop(name, None) is None:
            return
        self.no_archive.discard(name)
        all_ends, last = self._times.pop(name)
        for at in all_ends:
            del self._ends[bisect_left(self._ends, (at, name))]
        if last is not None:
            del self._overs[bisect_left(self._overs, (last, name))]
