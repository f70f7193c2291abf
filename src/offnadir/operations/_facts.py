"""Small facts that the loop keeps between its steps: the clock, when it last planned, who runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from offnadir._database import Database, sa
from offnadir.operations._tables import FACTS

_AT_ONCE: Final = 500  # keys in one query: databases set a limit
_FACT: Final = sa.select(FACTS.c.value).where(FACTS.c.key == sa.bindparam("key"))


def fact(connection: sa.Connection, key: str) -> str | None:
    """A fact; None if it was never told."""
    found: str | None = connection.execute(_FACT, {"key": key}).scalar()
    return found


def facts_of(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    """Those of some facts that were told."""
    found: dict[str, str] = {}
    for first in range(0, len(keys), _AT_ONCE):
        some = FACTS.c.key.in_(keys[first : first + _AT_ONCE])
        query = sa.select(FACTS.c.key, FACTS.c.value).where(some)
        found |= {row.key: row.value for row in connection.execute(query)}
    return found


def facts_under(connection: sa.Connection, prefix: str) -> set[str]:
    """The keys of all facts that begin so."""
    query = sa.select(FACTS.c.key).where(FACTS.c.key.startswith(prefix, autoescape=True))
    return set(connection.execute(query).scalars())


def tell(connection: sa.Connection, key: str, value: str | int | None) -> None:
    """Keep a fact; None forgets it."""
    mine = FACTS.c.key == key
    if value is None:
        connection.execute(sa.delete(FACTS).where(mine))
    elif connection.execute(sa.update(FACTS).where(mine).values(value=str(value))).rowcount == 0:
        connection.execute(sa.insert(FACTS).values(key=key, value=str(value)))


def count_up(connection: sa.Connection, key: str) -> int:
    """A fact that counts, one higher than before."""
    count = int(fact(connection, key) or 0) + 1
    tell(connection, key, count)
    return count


def instant_of(database: Database, key: str) -> int | None:
    """The same, asked by itself."""
    rows = database.ask(_FACT, {"key": key})
    return int(rows[0].value) if rows else None


def instant(connection: sa.Connection, key: str) -> int | None:
    """A fact that is an instant [ns of TAI]."""
    text = fact(connection, key)
    return None if text is None else int(text)
