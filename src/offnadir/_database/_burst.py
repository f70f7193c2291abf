"""A transaction that is known beforehand, sent all at once: one way to the server and back, on PostgreSQL."""

from __future__ import annotations

import re
import select
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from offnadir._database._open import Database, _told

_BEGIN: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ"
_PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that each connection has planned once, under a name.

    `text` has places such as `%(name)s::bigint`, each of one kind wherever it stands.
    """

    name: str
    text: str
    places: tuple[str, ...] = field(init=False)
    begins: str = field(init=False)

    def __post_init__(self) -> None:
        places = tuple(dict.fromkeys(_PLACE.findall(self.text)))
        number = {place: f"${n}" for n, place in enumerate(places, 1)}
        planned = _PLACE.sub(lambda match: number[match[1]], self.text)
        object.__setattr__(self, "places", places)
        object.__setattr__(self, "begins", f"PREPARE {self.name} AS {planned}")


def run_locked(
    database: Database, lock: str, statement: Prepared, told: Mapping[str, Any]
) -> Sequence[Any] | None:
    """The first row of one statement in a transaction of its own, which first waits for a lock.

    `lock` is a statement too. Nothing of ours runs while the lock is held: whoever waits for it waits for
    the server alone. None where nothing was done: this is no PostgreSQL, somebody watches statements, the
    server would not take this one, or the connection was kept from before the server's restart.
    DatabaseGoneError and DatabaseSlowError as in other transactions.
    """
    if database.dialect != "postgresql" or database.is_watched:
        return None
    driver: Any = database.engine.dialect.dbapi
    with _told(database.where):
        kept = database.alone.raw_connection()
        try:
            raw: Any = kept.driver_connection
            if _is_dead(raw):
                kept.invalidate()
                return None
            if statement.name not in kept.info:
                raw.execute(statement.begins)
                kept.info[statement.name] = True
            values = ", ".join(["%s"] * len(statement.places))
            cursor = driver.ClientCursor(raw)  # puts the values in, so that all is one text
            cursor.execute(
                f"{_BEGIN}; {lock}; EXECUTE {statement.name} ({values}); COMMIT",
                [told[place] for place in statement.places],
            )
            cursor.nextset(), cursor.nextset()  # begun, locked
            row: Sequence[Any] | None = cursor.fetchone()
            return row
        except driver.Error as error:
            kept.invalidate(error)  # after a transaction undone the driver forgets what was planned
            if isinstance(
                error, driver.OperationalError
            ):  # gone or too slow: it may have been done
                raise sa.exc.OperationalError(statement.text, None, error) from error
            return None  # the server would not: a key that somebody else was quicker to use
        finally:
            kept.close()


def _is_dead(raw: Any) -> bool:
    """Whether the server closed a connection that nothing is asked on: then it has something to read."""
    if raw.closed:
        return True
    poll = select.poll()
    poll.register(raw.fileno(), select.POLLIN)
    return bool(poll.poll(0))
