"""The search: by the index that leaves fewest items, or along the one that is sorted by."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from offnadir._database import sa
from offnadir.catalog._filter_sql import apply_filter, touches_postgis
from offnadir.catalog._query import ArchiveQuery, Token, columns_of
from offnadir.catalog._tables import ITEMS, LONG_NS, MOST_PARTS, PLACES
from offnadir.catalog._where import IS_LONG, C, Clause, Conditions, Place, conditions_of, readable
from offnadir.epoch import Epoch

#: Candidates of an index that are looked at one by one; beyond that the search goes along the sort.
_FEW: Final = 5_000
#: The same for what one reader may see: with as many of a million, going along the sort is as slow.
_FEW_OF_READER: Final = 20_000
_FIRST_CHUNK: Final = 256
_MOST_CHUNK: Final = 8_192
_DAY_NS: Final = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Found:
    """A page by its keys in order, and where the next one begins, if there is one."""

    keys: list[int]
    next: Token | None


class Search:
    """One query on one connection."""

    def __init__(self, connection: sa.Connection, query: ArchiveQuery) -> None:
        self.token = Token.read(query)
        filtered = apply_filter(query, connection)
        query = filtered.query
        self.connection, self.query = connection, query
        self.dialect = connection.dialect.name
        self.column, self.descending = columns_of(query.sort)[0]
        geometry = query.place()
        self.place = None if geometry is None else Place(geometry)
        self.conditions: Conditions = conditions_of(query, self.dialect)
        self.clauses: list[Clause] = [*self.conditions.all, *filtered.clauses]
        self.indexed = (*self.conditions.indexed, *filtered.indexed)
        if self.place is not None:
            self.clauses.append(C.west_deg.is_not(None))
            if self.place.is_world:
                self.place = None
        self._touch: Clause | None = None
        self._near: list[Clause] = []
        if self.place is not None and self.dialect == "postgresql":
            self._touch = touches_postgis(self.place)
            self.clauses.append(self._touch)
        if query.start is not None and self.dialect == "postgresql":
            self.clauses += self._not_long_before(query.start)

    def page(self) -> Found:
        """One page of the answer."""
        newest = self.token.newest if self.token else self._newest()
        self.clauses.append(C.key <= newest)
        few = self._few()
        rows = self._walked() if few is None else iter(self._sorted(few))
        page: list[tuple[Any, int]] = []
        for row in rows:
            if len(page) == self.query.limit:
                return Found([key for _, key in page], Token(newest, *page[-1]))
            page.append(row)
        return Found([key for _, key in page], None)

    def count(self, most: int | None = None) -> int:
        """How many items there are on all pages together; beyond `most` the counting ends."""
        if self.place is None or self.dialect == "postgresql":
            each = sa.select(sa.literal(1)).select_from(ITEMS).where(*self.clauses)
            return self._counted(each, None if most is None else most + 1)
        total = 0
        keys = self.connection.execute(self._in_tree()).scalars()
        while chunk := keys.fetchmany(_MOST_CHUNK * 4):
            total += len(self._rows([self._among_keys(chunk)], None))
            if most is not None and total > most:
                break
        return total

    def _newest(self) -> int:
        return int(
            self.connection.execute(sa.select(sa.func.coalesce(sa.func.max(C.key), 0))).scalar_one()
        )

    def _few(self) -> list[Clause] | None:
        """A clause that an index answers with few items, if there is one."""
        best: list[Clause] | None = None
        least = _FEW + 1
        if self.query.ids is not None and len(self.query.ids) < least:
            least, best = len(self.query.ids), []
        if self.place is not None or (self.query.start is not None and self.query.stop is not None):
            found = self._place_candidates(least)
            if found is not None:
                least, best = found
        if self.query.readers is not None:
            few_of = C.key.in_(readable(self.query.readers))
            most = least if best is not None else _FEW_OF_READER
            count = self._counted(readable(self.query.readers), most)
            if count < most:
                least, best = count, [few_of]
        for column, clause in self.indexed:
            if column == "id" or least <= _FEW // 10:
                continue
            count = self._counted(sa.select(sa.literal(1)).select_from(ITEMS).where(clause), least)
            if count < least:
                least, best = count, [clause]
        return best

    def _counted(self, select: Any, most: int | None) -> int:
        """How many rows there are, at most `most`."""
        number = sa.select(sa.func.count()).select_from(select.limit(most).subquery())
        return int(self.connection.execute(number).scalar_one())

    def _place_candidates(self, most: int) -> tuple[int, list[Clause]] | None:
        if self.dialect == "postgresql":
            clause = [*([] if self._touch is None else [self._touch]), *self._between()]
            found = sa.select(C.key).where(*clause).limit(most)
            keys = self.connection.execute(found).scalars().all()
            if len(keys) >= most:
                return None
            # None of these needs to be held against the place again.
            self._near = [C.key == sa.func.any(sa.cast(keys, sa.ARRAY(sa.BigInteger)))]
            return len(keys), self._near
        keys = self.connection.execute(self._in_tree().limit(most)).scalars().all()
        if len(keys) >= most:
            return None
        return len(keys), [self._among_keys(keys)]

    def _between(self) -> list[Clause]:
        start, stop = self.query.start, self.query.stop
        made: list[Clause] = []
        if start is not None:
            made += [C.stop_tai_ns >= start.tai_ns, *self._not_long_before(start)]
        if stop is not None:
            made += [C.start_tai_ns <= stop.tai_ns]
        return made

    def _in_tree(self) -> Any:
        """Keys of what the R*Tree has near the place and time."""
        t = PLACES.c
        clauses: list[Clause] = []
        if self.query.start is not None:
            clauses.append(t.last >= self.query.start.tai_ns / _DAY_NS)
        if self.query.stop is not None:
            clauses.append(t.first <= self.query.stop.tai_ns / _DAY_NS)
        key: sa.ColumnElement[int] = sa.literal_column(f"part / {MOST_PARTS}").label("key")
        if self.place is None:
            return sa.select(key).select_from(PLACES).where(*clauses)
        each = [
            sa.select(key).where(
                t.west <= east, t.east >= west, t.south <= north, t.north >= south, *clauses
            )
            for west, south, east, north in self.place.few_boxes()
        ]
        return each[0].distinct() if len(each) == 1 else sa.union(*each)

    def _among_keys(self, keys: Sequence[int]) -> Clause:
        each = sa.func.json_each("[" + ",".join(map(str, keys)) + "]").table_valued("value")
        return sa.type_coerce(C.key.in_(sa.select(each.c.value)), sa.Boolean)

    def _sorted(self, few: list[Clause]) -> list[tuple[Any, int]]:
        """All candidates in order, from the token on."""
        rows = self._rows(few, None)
        known = sorted((row for row in rows if row[0] is not None), reverse=self.descending)
        unknown = sorted(
            ((None, key) for value, key in rows if value is None), key=lambda row: row[1]
        )
        if self.descending:
            unknown.reverse()
        if self.token is None:
            return known + unknown
        sign = -1 if self.descending else 1
        if self.token.value is None:
            return [row for row in unknown if sign * row[1] > sign * self.token.key]
        after = (self.token.value, self.token.key)
        return [row for row in known if (row < after if self.descending else row > after)] + unknown

    def _walked(self) -> Iterator[tuple[Any, int]]:
        """Items along the index that is sorted by, from the token on: first those that tell it."""
        token = self.token
        column = C[self.column]
        if token is None or token.value is not None:
            after = None if token is None else (token.value, token.key)
            streams = [self._stream([*arm, column.is_not(None)], after) for arm in self._arms()]
            yield from heapq.merge(*streams, reverse=self.descending)
        if self.column not in ("id", "start_tai_ns"):
            key = None if token is None or token.value is not None else token.key
            yield from self._stream([column.is_(None)], key)

    def _arms(self) -> list[list[Clause]]:
        """Along time: what began long before the interval may last into it, if it is a long one."""
        if self.column != "start_tai_ns" or self.query.start is None:
            return [[]]
        first = [C.start_tai_ns >= self.query.start.tai_ns - LONG_NS]
        if not self._has_long():
            return [first]
        return [[*first, sa.not_(IS_LONG)], [IS_LONG]]

    def _not_long_before(self, start: Epoch) -> list[Clause]:
        """What lasts into the time from `start` on has begun a day before, if nothing lasts longer.

        With it the index along the beginnings knows both ends; without, half of the archive may fit.
        """
        early = C.start_tai_ns >= start.tai_ns - LONG_NS
        if self.query.stop is not None:
            early = sa.and_(early, C.start_tai_ns <= self.query.stop.tai_ns)
        return [sa.or_(early, IS_LONG)] if self._has_long() else [early]

    def _has_long(self) -> bool:
        """Whether there is any item that lasts longer than a day."""
        return bool(self._counted(sa.select(C.key).where(IS_LONG), 1))

    def _stream(self, clauses: list[Clause], after: Any) -> Iterator[tuple[Any, int]]:
        """Rows in order, fetched in pieces that grow."""
        chunk = max(_FIRST_CHUNK, self.query.limit + 1)
        while True:
            fetched = self._fetch([*clauses, *self._more(after)], self._order(), chunk)
            yield from self._touching(fetched)
            if len(fetched) < chunk:
                return
            after = self._after(self._row(fetched[-1]))
            chunk = min(2 * chunk, _MOST_CHUNK)

    def _more(self, after: Any) -> list[Clause]:
        """What stands after a row: its value and key, its key alone where there is no value, or all."""
        if isinstance(after, tuple):
            here, there = sa.tuple_(C[self.column], C.key), sa.tuple_(*map(sa.literal, after))
            return [here < there if self.descending else here > there]
        if after is not None:
            return [C.key < after if self.descending else C.key > after]
        return []

    def _order(self) -> tuple[Any, ...]:
        value = C[self.column]
        return (value.desc(), C.key.desc()) if self.descending else (value, C.key)

    def _after(self, last: tuple[Any, int]) -> Any:
        return last if last[0] is not None else last[1]

    def _told(self) -> list[Any]:
        """What else is asked of a row, at its end."""
        return []

    def _row(self, fetched: Any) -> tuple[Any, int]:
        return fetched[0], fetched[1]

    def _rows(self, clauses: list[Clause], limit: int | None) -> list[tuple[Any, int]]:
        return self._touching(self._fetch(clauses, (), limit))

    def _fetch(
        self, clauses: list[Clause], order: Sequence[Any], limit: int | None
    ) -> Sequence[Any]:
        place = self.place if self.dialect == "sqlite" else None
        columns = [C[self.column], C.key]
        where = [*clauses, *self._others(clauses)]
        if place is not None:
            columns += [C.west_deg, C.south_deg, C.east_deg, C.north_deg, C.geometry]
            where.append(
                sa.or_(
                    *(
                        sa.and_(
                            C.west_deg <= east,
                            C.east_deg >= west,
                            C.south_deg <= north,
                            C.north_deg >= south,
                        )
                        for west, south, east, north in place.few_boxes()
                    )
                )
            )
        select = sa.select(*columns, *self._told()).where(*where).order_by(*order).limit(limit)
        return self.connection.execute(select).all()

    def _others(self, clauses: list[Clause]) -> list[Clause]:
        """What else binds, beside the clause of an index."""
        if clauses and clauses is self._near:
            return [one for one in self.clauses if one is not self._touch]
        return self.clauses

    def _touching(self, rows: Sequence[Any]) -> list[tuple[Any, int]]:
        """Those that the place really touches."""
        if self.place is None or self.dialect == "postgresql" or not rows:
            return [self._row(row) for row in rows]
        bounds = np.array([row[2:6] for row in rows])
        kept = self.place.touched(bounds, [row[6] for row in rows])
        return [self._row(row) for row, keep in zip(rows, kept.tolist(), strict=True) if keep]
