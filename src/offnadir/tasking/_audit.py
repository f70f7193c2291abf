"""The audit log: append-only, each entry sealed by the hash of itself and the entry before it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from offnadir._database import Database, sa
from offnadir.epoch import Epoch
from offnadir.tasking._tables import AUDIT_HEAD, AUDIT_LOG, insert_rows

#: What stands for the hash before the first entry.
NOTHING_BEFORE: Final = "0" * 64
#: How a writer of the log on PostgreSQL takes its turn.
LOCK: Final = "LOCK TABLE audit_head IN EXCLUSIVE MODE"
_SECRET_KEY = re.compile(r"secret|passw|token|authori[sz]ation|api_?key|credential", re.IGNORECASE)
_USER_IN_URL = re.compile(r"([a-z][a-z0-9+.-]*://)[^/@\s]*@", re.IGNORECASE)
_QUERY_IN_URL = re.compile(r"([a-z][a-z0-9+.-]*://[^?#\s]*)[?#]\S*", re.IGNORECASE)


@contextmanager
def turn(database: Database) -> Iterator[sa.Connection]:
    """One transaction that may append to the audit log: writers of the log take turns, in both databases.

    What is read in it is what the writer before left. SQLite's writers take turns anyway. PostgreSQL takes
    its picture of the tables at the first query, so the lock comes before any: a lock by a query would wait
    with a picture that is old when its turn comes.
    """
    with database.begin() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql(LOCK)
        yield connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the log, as it was sealed.

    `content` has seq, at (UTC text, nine digits), by, action, subject, body and previous; `hash` is the
    SHA-256 of its canonical JSON.
    """

    content: Mapping[str, Any]
    hash: str

    @property
    def seq(self) -> int:
        return int(self.content["seq"])

    def document(self) -> dict[str, Any]:
        """The entry as one line of an export."""
        return {**self.content, "hash": self.hash}


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends: an auditor who keeps it finds whatever is cut off or rewritten later."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an entry is to say, before it is sealed."""

    at: Epoch
    by: str
    action: str
    subject: str
    body: Mapping[str, Any]


_HEAD: Final = sa.select(AUDIT_HEAD.c.seq, AUDIT_HEAD.c.hash)
_NEW_HEAD: Final = AUDIT_HEAD.update().values(
    seq=sa.bindparam("to_seq"), hash=sa.bindparam("to_hash")
)


class AuditLog:
    """The log of one database: who did what to what, when and why.

    Nothing is ever changed in it: the database's own triggers refuse, and `verify` of
    `offnadir.tasking` finds what got around them. Secrets do not enter: values under keys such as
    `token`, and users, passwords and queries in URLs, are written as `***`.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def append(
        self,
        connection: sa.Connection,
        *,
        at: Epoch,
        by: str,
        action: str,
        subject: str,
        body: Mapping[str, Any],
    ) -> int:
        """Add an entry within the transaction of `connection`, which `turn` began; returns its number.

        `body` holds texts, whole numbers, truths, lists and tables; TypeError for a float, which no two
        languages write alike.
        """
        entry = Said(at=at, by=by, action=action, subject=subject, body=body)
        return self.append_all(connection, (entry,))

    def append_all(
        self, connection: sa.Connection, said: Sequence[Said], head: Head | None = None
    ) -> int:
        """The same for several entries; `head` is where the log ends, if it was read in this transaction."""
        if head is None:
            row = connection.execute(_HEAD).one()
            head = Head(row.seq, row.hash)
        rows = []
        for one in said:
            before, after = open_entry(one)
            text = f'{before}{head.hash}","seq":{head.seq + 1}{after}'
            head = Head(head.seq + 1, hashlib.sha256(text.encode("ascii")).hexdigest())
            rows.append(
                {
                    "seq": head.seq,
                    "at_tai_ns": one.at.tai_ns,
                    "by": one.by,
                    "action": one.action,
                    "subject": one.subject,
                    "entry": text,
                    "hash": head.hash,
                }
            )
        insert_rows(connection, AUDIT_LOG, rows)
        connection.execute(_NEW_HEAD, {"to_seq": head.seq, "to_hash": head.hash})
        return head.seq

    def head(self) -> Head:
        """Where the log ends now."""
        (row,) = self.database.ask(_HEAD)
        return Head(row.seq, row.hash)

    def entries(
        self,
        *,
        subject: str | None = None,
        after: int = 0,
        limit: int | None = None,
        last: int | None = None,
    ) -> Iterator[Entry]:
        """Entries in order, of one subject, later than number `after`; or only the `last` few."""
        query = sa.select(AUDIT_LOG.c.entry, AUDIT_LOG.c.hash).where(AUDIT_LOG.c.seq > after)
        if subject is not None:
            query = query.where(AUDIT_LOG.c.subject == subject)
        backwards = last is not None
        seq = AUDIT_LOG.c.seq
        query = query.order_by(seq.desc() if backwards else seq).limit(last if backwards else limit)
        with self.database.read() as connection:
            rows = connection.execution_options(yield_per=2000).execute(query)
            found: Any = reversed(rows.all()) if backwards else rows
            for row in found:
                yield Entry(content=json.loads(row.entry), hash=row.hash)


def canonical(content: Mapping[str, Any]) -> str:
    """JSON that is always the same for the same content: keys sorted, no blanks, ASCII; no floats."""
    _refuse_floats(content)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def open_entry(said: Said) -> tuple[str, str]:
    """An entry's canonical JSON up to the hash of the entry before it, and what follows its number.

    Between them stand that hash, `","seq":` and the number, in the order of the alphabet.
    """
    first = {"action": said.action, "at": said.at.utc(9), "body": veiled(said.body), "by": said.by}
    return canonical(first)[:-1] + ',"previous":"', "," + canonical({"subject": said.subject})[1:]


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError(f"{value!r}: the audit log holds whole numbers and texts, no floats")
    if isinstance(value, Mapping):
        for one in value.values():
            _refuse_floats(one)
    elif isinstance(value, list | tuple):
        for one in value:
            _refuse_floats(one)


@lru_cache(1024)
def _is_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def veiled(value: Any, key: str = "") -> Any:
    """The value with its secrets written as `***`."""
    if _is_secret(key):
        return "***"
    if isinstance(value, Mapping):
        return {name: veiled(one, str(name)) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [veiled(one) for one in value]
    if isinstance(value, str) and "://" in value:
        return _QUERY_IN_URL.sub(r"\1?***", _USER_IN_URL.sub(r"\1***@", value))
    return value
