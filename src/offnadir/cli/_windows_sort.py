"""Windows in another order than that of the search, in memory that does not grow with their number.

Rows beyond `_HELD` go to an unnamed temporary file in sorted runs, which are merged at the end; it
vanishes with the process, whatever happens to that.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Labels, Table

Array = NDArray[Any]

_HELD = 1 << 18  # rows in memory while sorting
_GATHERED = 4096
_LEAST_BLOCK = 256  # rows of a run that are read at a time
_KEY, _SEQUENCE = "sort key", "sort sequence"  # no column of a table has a blank in its name


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of rows: by one of `_look_rows.ORDERS`, then by start, then as they came.

    `names` are those that the satellite or site column can have, of which the order is by letter,
    case aside. Least off-nadir, greatest elevation and longest duration come first.
    """

    by: str
    names: Sequence[str] = ()

    def key(self) -> Callable[[Table], Array]:
        """What makes a number of each row, shape (n,), by which they are sorted before start."""
        if self.by in ("satellite", "site"):
            return _Ranks(self.by, self.names)
        return {
            "start": lambda table: np.zeros(len(table)),
            "off-nadir": lambda table: table["off_nadir_rad"],
            "elevation": lambda table: -table["max_elevation_rad"],
            "duration": lambda table: (table["start"] - table["stop"]).astype(np.float64),
        }[self.by]


class _Ranks:
    """The place of each row's name among all names."""

    def __init__(self, column: str, names: Sequence[str]) -> None:
        self._column = column
        distinct = sorted(set(names), key=lambda name: (name.casefold(), name))
        self._rank = {name: i for i, name in enumerate(distinct)}

    def __call__(self, table: Table) -> Array:
        column = self._column if self._column in table else "area"
        labels = table.labels(column)
        used, codes = np.unique(labels.codes, return_inverse=True)
        ranks = np.array([self._rank[labels.values[code]] for code in used], np.float64)
        return ranks[codes.reshape(-1)]


def gathered(tables: Iterable[Table], rows: int) -> Iterator[Table]:
    """The same rows in tables of at least so many, the last one aside: each table has its price."""
    held: list[Table] = []
    count = 0
    for table in tables:
        if len(table):
            held.append(table)
        count += len(table)
        if count >= rows:
            yield Table.concat(held)
            held, count = [], 0
    if count:
        yield Table.concat(held)


def ordered(
    tables: Iterable[Table],
    order: Order,
    *,
    limit: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Iterator[Table]:
    """The rows in order, the first `limit` of them; `tables` is not read on once that many are known."""
    if order.by == "none":
        return _first(gathered(tables, min(limit or _GATHERED, _GATHERED)), limit)
    tables = gathered(tables, _GATHERED)
    if limit is not None:
        return _best(tables, order.key(), limit)
    return _sorted(tables, order.key(), progress)


def _first(tables: Iterable[Table], limit: int | None) -> Iterator[Table]:
    left = limit
    for table in tables:
        if left is None or len(table) < left:
            yield table
            left = None if left is None else left - len(table)
        else:
            yield table.take(np.arange(left))
            return


def _best(tables: Iterable[Table], key: Callable[[Table], Array], limit: int) -> Iterator[Table]:
    """The first rows of all by key: what cannot be among them is dropped again and again."""
    held: list[Table] = []
    rows = 0

    def cut() -> list[Table]:
        # Rows held from before come first, so that a stable sort keeps the order in which they came.
        together = Table.concat(held)
        return [together.take(np.lexsort((together["start"], key(together)))[:limit])]

    for table in tables:
        held.append(table)
        rows += len(table)
        if rows > 2 * limit + _HELD // 8:
            held = cut()
            rows = len(held[0])
    if held:
        yield from cut()


def _sorted(
    tables: Iterable[Table],
    key: Callable[[Table], Array],
    progress: Callable[[int, int], None],
) -> Iterator[Table]:
    codec = _Codec()
    held: list[Array] = []
    rows = total = 0
    with tempfile.TemporaryFile(prefix="offnadir-", buffering=0) as file:
        runs: list[_Run] = []

        def settle() -> Array:
            together = np.concatenate(held)
            return together[_argsort(together)]

        for table in tables:
            held.append(codec.records(table, key(table), total))
            rows, total = rows + len(table), total + len(table)
            if rows >= _HELD:
                runs.append(_Run.write(file.fileno(), settle()))
                held, rows = [], 0
        if not runs:
            if held:
                yield codec.table(settle())
            return
        if held:
            runs.append(_Run.write(file.fileno(), settle()))
            held = []
        done = 0
        for block in _merge(runs):
            yield codec.table(block)
            done += len(block)
            progress(done, total)


def _argsort(records: Array) -> Array:
    return np.lexsort((records[_SEQUENCE], records["start"], records[_KEY]))


class _Run:
    """A sorted stretch of records in a file, read from its front."""

    def __init__(self, descriptor: int, offset: int, count: int, dtype: np.dtype[Any]) -> None:
        self._descriptor, self._offset, self._dtype = descriptor, offset, dtype
        self.left = count  # in the file
        self.block = np.empty(0, dtype)

    @classmethod
    def write(cls, descriptor: int, records: Array) -> _Run:
        offset = os.lseek(descriptor, 0, os.SEEK_END)
        rest = memoryview(records.tobytes())
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        return cls(descriptor, offset, len(records), records.dtype)

    def fill(self, rows: int) -> None:
        """Have a block in hand, if there is anything left."""
        if len(self.block) or not self.left:
            return
        count = min(rows, self.left)
        size = count * self._dtype.itemsize
        self.block = np.frombuffer(os.pread(self._descriptor, size, self._offset), self._dtype)
        self.left -= count
        self._offset += size

    def take(self, bound: Any) -> Array:
        """The rows of the block up to and with the bound."""
        key, start, sequence = self.block[_KEY], self.block["start"], self.block[_SEQUENCE]
        same_key, same_start = key == bound[_KEY], start == bound["start"]
        within = sequence <= bound[_SEQUENCE]
        within = (start < bound["start"]) | (same_start & within)
        count = int(np.count_nonzero((key < bound[_KEY]) | (same_key & within)))
        taken, self.block = self.block[:count], self.block[count:]
        return taken


def _merge(runs: list[_Run]) -> Iterator[Array]:
    """The records of all runs in order, in blocks that have room in memory together."""
    rows = max(_HELD // len(runs), _LEAST_BLOCK)
    while runs:
        for run in runs:
            run.fill(rows)
        # What is still in the file comes after the last row in hand: nothing later may go out yet.
        ends = [run.block[-1:] for run in runs if run.left]
        if ends:
            last = np.concatenate(ends)
            bound = last[_argsort(last)[0]]
            together = np.concatenate([run.take(bound) for run in runs])
        else:
            together = np.concatenate([run.block for run in runs])
            runs = []
        yield together[_argsort(together)]
        runs = [run for run in runs if run.left or len(run.block)]


class _Codec:
    """Tables as records of fixed size and back; names become numbers that hold for all tables."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, int]] = {}
        self._known: dict[str, tuple[Array, Array]] = {}  # values last seen, and their numbers
        self._columns: tuple[str, ...] = ()
        self._times: tuple[str, ...] = ()
        self._dtype: np.dtype[Any] = np.dtype([])

    def records(self, table: Table, key: Array, first: int) -> Array:
        if not self._columns:
            self._start(table)
        records = np.empty(len(table), self._dtype)
        for name in self._columns:
            records[name] = self._codes(name, table) if name in self._names else table[name]
        records[_KEY] = key
        records[_SEQUENCE] = np.arange(first, first + len(table))
        return records

    def table(self, records: Array) -> Table:
        columns: dict[str, Array | Labels] = {}
        for name in self._columns:
            column = np.ascontiguousarray(records[name])
            known = self._names.get(name)
            columns[name] = column if known is None else Labels(column, list(known))
        return Table(columns, times=self._times)

    def _start(self, table: Table) -> None:
        self._columns, self._times = table.names, table.times
        self._names = {name: {} for name in table.names if table[name].dtype == object}
        kinds = [
            (name, np.dtype(np.int32) if name in self._names else table[name].dtype)
            for name in table.names
        ]
        more = [(_KEY, np.dtype(np.float64)), (_SEQUENCE, np.dtype(np.int64))]
        self._dtype = np.dtype([*kinds, *more])

    def _codes(self, column: str, table: Table) -> Array:
        labels, known = table.labels(column), self._names[column]
        values, numbers = self._known.get(column, (None, None))
        if numbers is None or values is not labels.values:
            numbers = np.array([known.setdefault(v, len(known)) for v in labels.values], np.int32)
            self._known[column] = (labels.values, numbers)
        return np.asarray(numbers[labels.codes])
