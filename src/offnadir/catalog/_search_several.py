"""The search that is sorted by several: along the index of the first, the others where that is equal."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from offnadir._database import sa
from offnadir.catalog._query import ArchiveQuery, columns_of
from offnadir.catalog._search import Search
from offnadir.catalog._where import C, Clause

Row = tuple[tuple[Any, ...], int]


@dataclass(frozen=True, slots=True)
class _Turned:
    """A value that stands before smaller ones."""

    value: Any

    def __lt__(self, other: _Turned) -> bool:
        return bool(other.value < self.value)


class SearchBySeveral(Search):
    """A row's value is one for each column that is sorted by."""

    def __init__(self, connection: sa.Connection, query: ArchiveQuery) -> None:
        super().__init__(connection, query)
        self.columns = [(C[name], descending) for name, descending in columns_of(query.sort)]

    def _place_in_order(self, row: Row) -> tuple[Any, ...]:
        """What rows are sorted by: what a row does not tell stands last, whichever way."""
        values, key = row
        made: list[Any] = []
        for value, (_, descending) in zip(values, self.columns, strict=True):
            made += [value is None]
            made += [] if value is None else [_Turned(value) if descending else value]
        return (*made, -key if self.descending else key)

    def _sorted(self, few: list[Clause]) -> list[Any]:
        rows: list[Any] = sorted(self._rows(few, None), key=self._place_in_order)
        if self.token is None:
            return rows
        last = self._place_in_order((self.token.value, self.token.key))  # type: ignore[arg-type]
        return [row for row in rows if last < self._place_in_order(row)]

    def _walked(self) -> Iterator[Any]:
        after: Any = None if self.token is None else (self.token.value, self.token.key)
        first = C[self.column]
        if after is None or after[0][0] is not None:
            streams = [self._stream([*arm, first.is_not(None)], after) for arm in self._arms()]
            yield from heapq.merge(*streams, key=self._place_in_order)
            after = None
        if self.column not in ("id", "start_tai_ns"):
            yield from self._stream([first.is_(None)], after)

    def _more(self, after: Any) -> list[Clause]:
        return [] if after is None else self._beyond(*after)

    def _beyond(self, values: Sequence[Any], key: int) -> list[Clause]:
        """What stands after a row: the first column in which it differs says so."""
        ways: list[Clause] = []
        same: list[Clause] = []
        for value, (column, descending) in zip(values, self.columns, strict=True):
            if value is None:
                same.append(column.is_(None))
                continue
            later = column < value if descending else column > value
            ways.append(sa.and_(*same, sa.or_(later, column.is_(None))))
            same.append(column == value)
        ways.append(sa.and_(*same, C.key < key if self.descending else C.key > key))
        made: list[Clause] = [sa.or_(*ways)]
        if values[0] is not None:
            # For the index; what does not tell the first comes in a stream of its own.
            first = C[self.column]
            made.append(first <= values[0] if self.descending else first >= values[0])
        return made

    def _order(self) -> tuple[Any, ...]:
        made: list[Any] = []
        for n, (column, descending) in enumerate(self.columns):
            made += [column.is_(None)] if n else []
            made += [column.desc() if descending else column]
        return (*made, C.key.desc() if self.descending else C.key)

    def _after(self, last: Row) -> Row:
        return last

    def _told(self) -> list[Any]:
        return [column for column, _ in self.columns[1:]]

    def _row(self, fetched: Any) -> Any:
        return (fetched[0], *fetched[1 - len(self.columns) :]), fetched[1]
