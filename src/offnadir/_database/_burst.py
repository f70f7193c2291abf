"""A transaction that is known beforehand, sent all at once: one way to the server and back, on PostgreSQL."""

from __future__ import annotations

import select
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from offnadir._database._open import Database, _told

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ"


def run_locked(
    database: Database, lock: str, statement: str, told: Mapping[str, Any]
) -> Sequence[Any] | None:
    """The first row of one statement in a transaction of its own, which first waits for a lock.

    `lock` is a statement; `statement` has places such as `%(name)s::text`, and is told texts, truths and None
    alone, so that it is planned once. Nothing of ours runs while the lock is held: whoever waits for it
    waits for the server alone. None where nothing was done: this is no PostgreSQL, the server would not take
    the statement, or the connection was kept from before the server's restart. DatabaseGoneError and
    DatabaseSlowError as in other transactions.
    """
    if database.dialect != "postgresql":
        return None
    with _told(database.where):
        kept = database.alone.raw_connection()
        try:
            raw: Any = kept.driver_connection
            if _is_dead(raw):
                kept.invalidate()
                return None
            return _sent(raw, lock, statement, told, database)
        finally:
            kept.close()


def _sent(
    raw: Any, lock: str, statement: str, told: Mapping[str, Any], database: Database
) -> Sequence[Any] | None:
    driver = database.engine.dialect.dbapi
    assert driver is not None
    try:
        with raw.pipeline():
            raw.execute(_BEGIN, prepare=True)
            raw.execute(lock, prepare=True)
            found = raw.execute(statement, told, prepare=True)
            raw.execute("COMMIT", prepare=True)
        row: Sequence[Any] | None = found.fetchone()
        return row
    except driver.OperationalError as error:  # gone or too slow: nobody knows whether it was done
        raise sa.exc.OperationalError(statement, None, error) from error
    except driver.Error:  # the server would not: a key that somebody else was quicker to use
        return None


def _is_dead(raw: Any) -> bool:
    """Whether the server closed a connection that nothing is asked on: then it has something to read."""
    if raw.closed:
        return True
    poll = select.poll()
    poll.register(raw.fileno(), select.POLLIN)
    return bool(poll.poll(0))
