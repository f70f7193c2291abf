"""The choice of pictures as a problem of integers: all that the solver knows of the world.

Times are milliseconds after the start of the span, values millionths, volumes kilobits. Who builds a
problem rounds to the safe side: pictures lie on whole milliseconds, contacts start early and stop late
(they may take up more time than they do), volumes of pictures are rounded up, those of contacts and
memories down, deadlines down. A plan of the integers is then a plan of the real numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

_A = TypeVar("_A", IntArray, NDArray[np.bool_])

NO_DEADLINE_MS = -1
_PAIRS_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateColumns:
    """Pictures that could be taken, one a row: int64 arrays of shape (m,), read-only.

    `opportunity_index` names the pass in which the place is seen: rows with the same request,
    satellite and opportunity differ only in their start. `deadline_ms` is -1 if there is none.
    """

    request_index: IntArray
    satellite_index: IntArray
    opportunity_index: IntArray
    start_ms: IntArray
    stop_ms: IntArray
    value_micro: IntArray
    volume_kbit: IntArray
    deadline_ms: IntArray

    def __post_init__(self) -> None:
        _freeze_columns(self, "candidates")
        _need("candidates.stop_ms", self.stop_ms, self.stop_ms > self.start_ms, "after start_ms")
        _need("candidates.value_micro", self.value_micro, self.value_micro >= 1, "at least 1")
        _need("candidates.volume_kbit", self.volume_kbit, self.volume_kbit >= 1, "at least 1")
        good = self.deadline_ms >= NO_DEADLINE_MS
        _need("candidates.deadline_ms", self.deadline_ms, good, "-1 (none) or a time in the span")

    def __len__(self) -> int:
        return len(self.start_ms)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContactColumns:
    """Times at which a station hears a satellite, one a row: int64 arrays of shape (k,), read-only.

    `max_volume_kbit` is what the transmitter sends in the whole contact.
    """

    satellite_index: IntArray
    station_index: IntArray
    start_ms: IntArray
    stop_ms: IntArray
    max_volume_kbit: IntArray

    def __post_init__(self) -> None:
        _freeze_columns(self, "contacts")
        _need("contacts.stop_ms", self.stop_ms, self.stop_ms > self.start_ms, "after start_ms")
        good = self.max_volume_kbit >= 0
        _need("contacts.max_volume_kbit", self.max_volume_kbit, good, "zero or more")

    def __len__(self) -> int:
        return len(self.start_ms)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """Which pictures to take: candidates, what forbids them to go together, and the way to the ground.

    A request is served at most once. One with `stereo` set is served by exactly one row of
    `stereo_pairs`, shape (p, 2), candidates (first, second) whose angles and slew are right, or not
    at all. `conflicts`, shape (q, 2), holds the pairs of one satellite's candidates that cannot both
    be taken; each pair once, in rising order (the constructor sorts them). Contacts that touch at one
    instant do not overlap. `antennas` has one number a station, `memory_kbit` one a satellite.
    """

    candidates: CandidateColumns
    contacts: ContactColumns
    stereo: NDArray[np.bool_]
    stereo_pairs: IntArray
    conflicts: IntArray
    antennas: IntArray
    memory_kbit: IntArray

    def __post_init__(self) -> None:
        c, k = self.candidates, self.contacts
        _set(self, "stereo", _frozen(np.array(self.stereo, dtype=np.bool_).reshape(-1)))
        for name in ("antennas", "memory_kbit"):
            _set(self, name, _column(f"problem.{name}", getattr(self, name)))
        _need("problem.antennas", self.antennas, self.antennas >= 1, "at least 1")
        _need("problem.memory_kbit", self.memory_kbit, self.memory_kbit >= 0, "zero or more")
        for title, index, size in (
            ("candidates.request_index", c.request_index, self.n_requests),
            ("candidates.satellite_index", c.satellite_index, len(self.memory_kbit)),
            ("contacts.satellite_index", k.satellite_index, len(self.memory_kbit)),
            ("contacts.station_index", k.station_index, len(self.antennas)),
        ):
            _need(title, index, (index >= 0) & (index < size), f"from 0 to {size - 1}")
        _set(self, "stereo_pairs", _pairs("problem.stereo_pairs", self.stereo_pairs, len(c)))
        _set(self, "conflicts", _sorted_pairs(_pairs("problem.conflicts", self.conflicts, len(c))))
        self._check_pairs()

    def _check_pairs(self) -> None:
        """Conflicts stay within a satellite, stereo pairs within a stereo request's one pass."""
        c = self.candidates
        a, b = self.conflicts.T
        same = (c.satellite_index[a] == c.satellite_index[b]) & (a != b)
        _need("problem.conflicts", self.conflicts, same, "two candidates of one satellite")
        a, b = self.stereo_pairs.T
        good = (
            self.stereo[c.request_index[a]]
            & (c.request_index[a] == c.request_index[b])
            & (c.satellite_index[a] == c.satellite_index[b])
            & (c.stop_ms[a] <= c.start_ms[b])
        )
        wish = "two candidates of one stereo request and satellite, the earlier first"
        _need("problem.stereo_pairs", self.stereo_pairs, good, wish)

    @property
    def n_requests(self) -> int:
        """How many requests there are, with or without candidates."""
        return len(self.stereo)

    @property
    def n_satellites(self) -> int:
        """How many satellites there are, with or without candidates."""
        return len(self.memory_kbit)


def slew_conflicts(
    *,
    start_ms: IntArray,
    stop_ms: IntArray,
    los_start: Array,
    los_stop: Array,
    slew_time_s: Callable[[Array], Array],
    max_slew_time_s: float,
    margin_ms: int = 1,
) -> IntArray:
    """Pairs of one satellite's pictures that overlap in time or leave too little time to turn.

    Two pictures go together if the later starts at least the slew time, rounded up to the
    millisecond, after the earlier stops. `margin_ms` is added to the slew time before rounding: whoever
    computes the geometry another way arrives at a slew some microseconds longer, and the plan must
    still stand.

    Parameters
    ----------
    start_ms, stop_ms : int64 array (m,)
    los_start, los_stop : float array (m, 3), unit vectors
        Lines of sight in the orbit frame at start and at stop.
    slew_time_s : callable
        From an array of angles [rad] to an array of times [s]; must not fall as the angle grows.
    max_slew_time_s : float
        Its value at the greatest angle that can occur; pictures further apart are not compared.

    Returns
    -------
    int64 array (q, 2): rows of the input, the smaller first, sorted. Raises InputError if
    `slew_time_s` exceeds `max_slew_time_s`, which would lose conflicts.

    Examples
    --------
    >>> import numpy as np
    >>> nadir, aside = [0.0, 0.0, 1.0], [0.0, 0.6, 0.8]
    >>> slew_conflicts(                      # 0.64 rad at 0.1 rad/s take 6.4 s; there are 5 s
    ...     start_ms=np.array([0, 15_000]), stop_ms=np.array([10_000, 20_000]),
    ...     los_start=np.array([nadir, aside]), los_stop=np.array([nadir, aside]),
    ...     slew_time_s=lambda angle_rad: angle_rad / 0.1, max_slew_time_s=32.0)
    array([[0, 1]])
    """
    order = np.argsort(start_ms, kind="stable").astype(np.int64)
    start, stop = np.asarray(start_ms)[order], np.asarray(stop_ms)[order]
    reach_ms = int(np.ceil(max_slew_time_s * 1000.0)) + margin_ms
    first = np.arange(len(order), dtype=np.int64)
    # no start before `last` is so late that every slew fits in
    last = np.searchsorted(start, stop + reach_ms, side="left").astype(np.int64)
    count = np.maximum(last - first - 1, 0)
    ends, starts = los_stop[order].T.copy(), los_start[order].T.copy()
    found = [np.empty((0, 2), dtype=np.int64)]
    for rows in _chunks(count):
        a = np.repeat(first[rows], count[rows])
        within = np.arange(len(a)) - np.repeat(np.cumsum(count[rows]) - count[rows], count[rows])
        b = a + 1 + within
        gap_ms = start[b] - stop[a]
        bad = gap_ms < 0
        free = np.flatnonzero(~bad)
        angle_rad = _angle_rad(ends[:, a[free]], starts[:, b[free]])
        slew_s = np.asarray(slew_time_s(angle_rad), dtype=np.float64)
        if np.any(slew_s > max_slew_time_s * (1.0 + 1e-9)):
            raise InputError("max_slew_time_s", max_slew_time_s, f"at least {slew_s.max():.6f}")
        bad[free] = gap_ms[free] < np.ceil(slew_s * 1000.0 + margin_ms)
        found.append(np.column_stack([order[a[bad]], order[b[bad]]]))
    return _sorted_pairs(np.concatenate(found))


def _chunks(count: IntArray) -> list[slice]:
    """Runs of rows with about `_PAIRS_AT_ONCE` pairs each, so that little memory is enough."""
    part = np.cumsum(count) // _PAIRS_AT_ONCE
    edges = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(count)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _angle_rad(a: Array, b: Array) -> Array:
    """Angle between unit vectors of shape (3, n), exact also where it is tiny."""
    chord = np.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2)
    angle: Array = 2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0))
    return angle


def _sorted_pairs(pairs: IntArray) -> IntArray:
    """Each unordered pair once, smaller index first, rows in rising order."""
    if not len(pairs):
        return _frozen(np.empty((0, 2), dtype=np.int64))
    size = np.int64(pairs.max()) + 1
    key = np.unique(pairs.min(axis=1) * size + pairs.max(axis=1))
    return _frozen(np.column_stack([key // size, key % size]))


def _pairs(title: str, pairs: ArrayLike, size: int) -> IntArray:
    """A checked copy of shape (n, 2) with indices below size."""
    array = np.array(pairs, dtype=np.int64)
    array = _frozen(array.reshape(-1, 2) if array.size else np.empty((0, 2), dtype=np.int64))
    _need(title, array, ((array >= 0) & (array < size)).all(axis=1), f"from 0 to {size - 1}")
    return array


def _freeze_columns(table: CandidateColumns | ContactColumns, title: str) -> None:
    """Replace every column by a read-only int64 copy; all must be equally long."""
    for column in fields(table):
        name = column.name
        _set(table, name, _column(f"{title}.{name}", getattr(table, name)))
    lengths = {column.name: len(getattr(table, column.name)) for column in fields(table)}
    if len(set(lengths.values())) > 1:
        raise InputError(title, lengths, "columns of equal length")


def _column(title: str, values: ArrayLike) -> IntArray:
    """A read-only int64 copy; floats are refused, for they would be cut without a word."""
    array = np.array(values)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise InputError(title, str(array.dtype), "integers")
    if array.ndim != 1:
        raise InputError(title, array.shape, "of one dimension")
    return _frozen(array.astype(np.int64))


def _need(title: str, values: IntArray, good: ArrayLike, wish: str) -> None:
    """Raise for the first row that is not good."""
    if not np.all(good):
        row = int(np.argmin(good))
        raise InputError(f"{title}[{row}]", values[row].tolist(), wish)


def _frozen(array: _A) -> _A:
    array.setflags(write=False)
    return array


def _set(owner: object, name: str, value: object) -> None:
    object.__setattr__(owner, name, value)
