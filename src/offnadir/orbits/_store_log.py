"""The log of requests in a store, and the patience that follows from it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from offnadir.epoch import Epoch
from offnadir.orbits._fetch_part import Answer
from offnadir.orbits._sources import Query
from offnadir.orbits._store_schema import sqlite_trouble
from offnadir.orbits.store import Store

_LONGEST_HOLD_S: Final = 86400.0
_AGAINST_CLOCK_S: Final = 60.0
_ROWS = "SELECT tai_ns, outcome, etag, last_modified, sha256, sets, note FROM fetches "
_OF_HOST: Final = _ROWS + "WHERE host = ? ORDER BY id DESC"
_OF_URL: Final = _ROWS + "WHERE url = ? ORDER BY id DESC"


@dataclass(frozen=True, slots=True)
class Logged:
    """A request of the past.

    `outcome` is "new" or "same" if the store holds what was asked for; "refused" (too many requests),
    "given" (to this address, but not to this store), "absent" (no such data), "failed" (another
    status), "unusable" (a file that cannot be right), "denied" (the account) or "broken" (the network).
    """

    tai_ns: int
    outcome: str
    etag: str
    last_modified: str
    sha256: str
    sets: int
    note: str

    def age_s(self, now: Epoch) -> float:
        """Seconds since then; a row from the future was written by a clock that was wrong."""
        age_s = now - Epoch(self.tai_ns)
        return age_s if age_s > -_AGAINST_CLOCK_S else float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Why a query has to wait: `outcome` of the request that it waits for, and a note for the user."""

    outcome: str
    note: str
    sets: int = 0


def held(store: Store, query: Query, now: Epoch) -> Held | None:
    """Why this query has to wait; None if it may be asked now."""
    return _held_by_success(store, query, now) or _held_by_trouble(store, query, now)


def last_accepted(store: Store, query: Query, *, by_host: bool = False) -> Logged | None:
    """The last time that the query (or any of its host) was answered with what is in the store."""
    rows = _rows(store, query, by_host=by_host)
    return next((row for row in rows if row.outcome in ("new", "same")), None)


def write_log(
    store: Store,
    query: Query,
    outcome: str,
    answer: Answer | None,
    *,
    now: Epoch,
    sets: int = 0,
    note: str = "",
    last: Logged | None = None,
) -> None:
    """Add a row; what an answer of 304 leaves out is taken from the `last` that had it."""
    got = answer or Answer(status=0)
    if last is not None:
        got = replace(
            got,
            etag=got.etag or last.etag,
            last_modified=got.last_modified or last.last_modified,
            sha256=last.sha256,
        )
    store.connection.execute(
        "INSERT INTO fetches (tai_ns, host, url, outcome, status, etag, last_modified, bytes, "
        "sha256, sets, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (now.tai_ns, query.host, query.url, outcome, got.status or None, got.etag,
         got.last_modified, got.bytes, got.sha256, sets, note[:500]),
    )  # fmt: skip


def duration(seconds: float) -> str:
    """A length of time in the words of people: "35 minutes", "2 hours"."""
    unit_s, name = 60.0, "minute"
    if seconds >= 90 * 60.0:
        unit_s, name = (3600.0, "hour") if seconds < 48 * 3600.0 else (86400.0, "day")
    number = max(1, round(seconds / unit_s))
    return f"1 {name}" if number == 1 else f"{number} {name}s"


def _held_by_success(store: Store, query: Query, now: Epoch) -> Held | None:
    source = query.source
    last = last_accepted(store, query, by_host=source.by_host)
    if last is None or last.age_s(now) >= source.interval_s:
        return None
    note = (
        f"fetched {duration(last.age_s(now))} ago; {source.title} asks for "
        f"{duration(source.interval_s)} between two requests, so the next is due in "
        f"{duration(source.interval_s - last.age_s(now))} (--force asks now, if you must)"
    )
    return Held(outcome=last.outcome, note=note, sets=last.sets)


def _held_by_trouble(store: Store, query: Query, now: Epoch) -> Held | None:
    source = query.source
    rules: tuple[tuple[bool, tuple[str, ...], float, Callable[[int], float]], ...] = (
        (False, ("absent", "given"), source.interval_s, lambda count: 1.0),
        (True, ("refused",), source.refused_s, lambda count: 2.0 ** min(count - 1, 10)),
        (True, ("failed", "unusable"), source.failed_s, lambda count: 2.0 ** min(count - 1, 10)),
    )
    for by_host, outcomes, first_s, growth in rules:
        rows = list(
            itertools.takewhile(
                lambda row: row.outcome in outcomes,  # noqa: B023 - used up within the turn
                _rows(store, query, by_host=by_host),
            )
        )
        if not rows:
            continue
        hold_s = min(first_s * growth(len(rows)), _LONGEST_HOLD_S)
        age_s = rows[0].age_s(now)
        if age_s < hold_s:
            note = (
                f"{rows[0].note} ({duration(age_s)} ago); it is not asked again for another "
                f"{duration(hold_s - age_s)} (--force asks now, if you must)"
            )
            return Held(outcome=rows[0].outcome, note=note)
    return None


def _rows(store: Store, query: Query, *, by_host: bool) -> Iterator[Logged]:
    """Answers of the past, newest first; a broken network or a wrong password is none."""
    where = _OF_HOST if by_host else _OF_URL
    with sqlite_trouble(store.path):
        for row in store.connection.execute(where, (query.host if by_host else query.url,)):
            logged = Logged(*row)
            if logged.outcome not in ("broken", "denied"):
                yield logged
