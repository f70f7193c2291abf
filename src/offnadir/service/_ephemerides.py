"""Ephemerides of satellites and tables of the Sun, kept for the searches of this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol, TypeVar

from offnadir.earth import EarthOrientation, SunTable
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, Ephemeris, make_ephemeris
from offnadir.planning.model import Satellite

_DAY_NS: Final = 86_400 * 10**9
_DAYS: Final = (1, 2, 4, 8, 16, 32, 64, 128)
_Key = tuple[ElementSet, int, int]
_MOST_READY: Final = 32


class _Sized(Protocol):
    @property
    def nbytes(self) -> int:
        """Of memory, about."""


_Ready = TypeVar("_Ready", bound=_Sized)


class Ephemerides:
    """Made once for each element set over whole days, and cut to what is asked for: the same numbers.

    At most `most_bytes` of them are kept, the last used ones, and half as much of what searches make of
    them. Threads may ask at once.
    """

    def __init__(self, most_bytes: int = 128 * 2**20) -> None:
        self._most_bytes, self._bytes = most_bytes, 0
        self._kept: OrderedDict[_Key, Ephemeris] = OrderedDict()
        self._suns: OrderedDict[tuple[int, int], SunTable] = OrderedDict()
        self._ready: OrderedDict[tuple[Any, ...], tuple[tuple[Satellite, ...], Any]] = OrderedDict()
        self._lock = threading.Lock()

    def ready(
        self, satellites: Sequence[Satellite], span: Span, make: Callable[[], _Ready]
    ) -> _Ready:
        """What `make` made of the very same satellites over the span, if that is kept yet; else made now."""
        key = (
            span,
            *map(id, satellites),
        )  # what is kept keeps its satellites, and so their numbers
        with self._lock:
            if key in self._ready:
                self._ready.move_to_end(key)
                found: _Ready = self._ready[key][1]
                return found
        made = make()
        with self._lock:
            self._ready[key] = (tuple(satellites), made)
            spare = self._most_bytes // 2 - sum(one.nbytes for _, one in self._ready.values())
            while (spare < 0 and len(self._ready) > 1) or len(self._ready) > _MOST_READY:
                spare += self._ready.popitem(last=False)[1][1].nbytes
        return made

    def of(self, satellites: Sequence[Satellite], span: Span) -> list[Ephemeris]:
        """Those of the satellites over the span, by their names in the fleet."""
        first, days = _days(span)
        return [
            replace(self._one(replace(one.elements, name=one.name), first, days), span=span)
            for one in satellites
        ]

    def sun(self, span: Span) -> SunTable:
        """Where the Sun stands."""
        key = _days(span)
        with self._lock:
            found = self._suns.get(key)
        if found is None:
            found = SunTable.over(_whole(*key), EarthOrientation.bundled())
            with self._lock:
                self._suns[key] = found
                while len(self._suns) > 16:
                    self._suns.popitem(last=False)
        return found

    def _one(self, elements: ElementSet, first: int, days: int) -> Ephemeris:
        with self._lock:
            for size in _DAYS:
                key = (elements, _aligned(first, size), size)
                if size >= days and key in self._kept and key[1] + size >= first + days:
                    self._kept.move_to_end(key)
                    return self._kept[key]
        size = next(n for n in _DAYS if n >= days)
        begin = _aligned(first, size)
        if begin + size < first + days:
            size *= 2
            begin = _aligned(first, size)
        made = make_ephemeris(elements, _whole(begin, size), EarthOrientation.bundled())
        with self._lock:
            key = (elements, begin, size)
            if key not in self._kept:
                self._kept[key] = made
                self._bytes += made.coefficients.nbytes
            while self._bytes > self._most_bytes and len(self._kept) > 1:
                self._bytes -= self._kept.popitem(last=False)[1].coefficients.nbytes
        return made


def _days(span: Span) -> tuple[int, int]:
    """The first day of TAI that a span touches, and how many it does."""
    first = span.start.tai_ns // _DAY_NS
    return first, max(-(-span.stop.tai_ns // _DAY_NS) - first, 1)


def _aligned(first: int, size: int) -> int:
    """Where a piece of so many days begins that holds the day: pieces begin every quarter of their length."""
    step = max(size // 4, 1)
    return first // step * step


def _whole(first: int, days: int) -> Span:
    return Span(Epoch(first * _DAY_NS), Epoch((first + days) * _DAY_NS))
