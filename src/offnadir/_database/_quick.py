"""Statements that only read, said to PostgreSQL's driver itself.

SQLAlchemy writes each once. Its layers around every execution and every row cost as much again as the driver
and the way to the server, which is most of what an order's status costs.
"""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

_MOST_KNOWN: Final = 500
#: What PostgreSQL calls a statement that it broke off (errcodes, class 57).
_CANCELED: Final = "57014"


class QuickSlowError(Exception):
    """The server broke the statement off, for it took too long; to say it again would take as long again."""


@dataclass(slots=True)
class _Written:
    """A statement's text, what is made of the values told to it, and the row of its columns.

    `is_seen` once the driver's rows were seen to be SQLAlchemy's.
    """

    text: str
    fixed: Mapping[str, Any]
    told_by: Mapping[str, Callable[[Any], Any] | None]
    row: Callable[[Sequence[Any]], Any]
    is_seen: bool = False

    def values(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """Values for the driver."""
        made = dict(self.fixed)
        for name, way in self.told_by.items():
            value = told[name]
            made[name] = value if way is None else way(value)
        return made


class Quick:
    """Asks through the connections of an engine on psycopg, each of which must commit by itself.

    Statements are known by what they are, not by what they say: they should be kept by who asks.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        driver: Any = engine.dialect.dbapi
        self._error: type[Any] = driver.Error
        self._known: OrderedDict[int, tuple[sa.Executable, _Written | None]] = OrderedDict()

    def ask(self, statement: sa.Executable, told: Mapping[str, Any] | None) -> Sequence[Any] | None:
        """All rows; None if it has to be asked the usual way, which tells what is wrong if anything is."""
        written = self._written(statement)
        if written is None:
            return None
        try:
            values = written.values(told or {})
        except KeyError:
            return None
        try:
            pooled = self._engine.raw_connection()
        except self._error:
            return None
        try:
            raw: Any = pooled.driver_connection
            try:
                cursor = raw.execute(written.text, values, prepare=True)
                if not written.is_seen and not self._is_plain(statement, cursor):
                    self._known[id(statement)] = (statement, None)
                    return None
                written.is_seen = True
                rows = cursor.fetchall()
            except self._error as error:
                if error.sqlstate == _CANCELED:
                    raise QuickSlowError(str(error).strip().splitlines()[0]) from error
                if raw.broken or raw.closed:
                    pooled.invalidate(error)
                return None
        finally:
            pooled.close()
        return [written.row(row) for row in rows]

    def _is_plain(self, statement: Any, cursor: Any) -> bool:
        """Whether the driver's rows are SQLAlchemy's, which its first rows tell."""
        dialect = self._engine.dialect
        return all(
            column.type.dialect_impl(dialect).result_processor(dialect, told.type_code) is None
            for column, told in zip(statement.selected_columns, cursor.description, strict=True)
        )

    def _written(self, statement: sa.Executable) -> _Written | None:
        key = id(statement)
        found = self._known.get(key)
        if found is not None and found[0] is statement:
            return found[1]
        written = _write(statement, self._engine.dialect)
        # It is kept alive: another one shall not have its identity.
        self._known[key] = (statement, written)
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        return written


def _write(statement: sa.Executable, dialect: sa.Dialect) -> _Written | None:
    """The statement as the driver takes it; None if it or its rows need more than that."""
    if not isinstance(statement, sa.Select):
        return None
    compiled = statement.compile(dialect=dialect)
    told_by: dict[str, Callable[[Any], Any] | None] = {}
    fixed: dict[str, Any] = {}
    for name, bound in compiled.binds.items():
        if bound.expanding or bound.literal_execute or bound.callable is not None:
            return None
        way = bound.type.dialect_impl(dialect).bind_processor(dialect)
        if bound.required:
            told_by[name] = way
        else:
            fixed[name] = bound.value if way is None else way(bound.value)
    names = [str(one.key) for one in statement.selected_columns]
    row = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    if list(row._fields) != names:  # two of one name, or one that is no name in Python
        return None
    return _Written(str(compiled), fixed, told_by, row._make)
