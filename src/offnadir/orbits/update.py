"""Bringing a store up to date from a service, politely, and never to the store's harm.

The log of requests lies in the store itself, so the rules hold across runs and for everyone who uses
the store.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from offnadir.epoch import Epoch
from offnadir.errors import OffnadirError
from offnadir.orbits._element_file import Rejected
from offnadir.orbits._fetch import Client, Limits, one_line
from offnadir.orbits._fetch_part import Answer, FetchError, exclusive, sweep
from offnadir.orbits._sources import (
    SPACE_TRACK,
    Account,
    Query,
    make_queries,
    space_track_account,
)
from offnadir.orbits._store_log import Held, Logged, duration, held, last_accepted, write_log
from offnadir.orbits._store_records import PublishedFile, read_published
from offnadir.orbits.store import Store

__all__ = ["Outcome", "Query", "Wrong", "describe", "duration", "make_queries", "update_store"]

_LEAST_SHARE: Final = 0.5  # of the sets of last time: fewer means that something is missing
# CelesTrak says this with status 403, and at times with 200.
_NOT_UPDATED = re.compile(r"GP data has not updated since your last", re.IGNORECASE).search
_GIVEN_AT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC").search
_ABSENT = re.compile(
    r"\s*(?:No GP data found|NO RESULTS RETURNED|\[\s*\]\s*$)", re.IGNORECASE
).match
_LIMITED = re.compile(r"violated your query rate limit", re.IGNORECASE).search
_LOGIN_FAILED = re.compile(r'"Login"\s*:\s*"Failed"', re.IGNORECASE).search
_DO_NEXT: Final = {
    "refused": "Leave it alone for a while: whoever goes on asking is locked out",
    "given": "Wait for its next data, import the file that the other program got, or name a mirror",
    "absent": "Check the name of the group or the number",
    "denied": "Check user and password in a browser first: repeated failures lock an account",
    "failed": "Try again later",
    "unusable": "Try again later, or with --force if the answer is right after all",
    "broken": "Check the network and try again",
}

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one query.

    `kind` is "new" (fetched and stored), "same" (the server has nothing newer), "current" (fetched so
    recently that it was not asked), "due" (a dry run would ask) or "error"; then `error` is set.
    """

    query: Query
    kind: str
    note: str
    sets: int = 0
    new: int = 0
    rejected: tuple[Rejected, ...] = ()
    error: OffnadirError | None = None


class Wrong(OffnadirError):
    """The user asked a service for what it does not have, or with an account that it does not know."""

    exit_code = 2


def update_store(
    store: Store,
    queries: Sequence[Query],
    *,
    force: bool = False,
    dry_run: bool = False,
    account: Callable[[], Account] = space_track_account,
    client: Client | None = None,
    now: Callable[[], Epoch] = lambda: Epoch.from_utc_ns(time.time_ns()),
    report: Report = lambda stage, done, total: None,
) -> list[Outcome]:
    """Ask each query, if its time has come, and store what is new; one outcome a query that was tried.

    A query that fails changes nothing in the store but the log, and ends the run, unless the answer
    was that there is no such object or group. `force` asks in spite of the interval, of an earlier
    refusal, and takes an answer that looks too small. Raises only what keeps the store or the account
    from being used.
    """
    outcomes: list[Outcome] = []
    if client is None and queries:
        source = queries[0].source
        limits = Limits(tries=source.tries)
        client = Client(limits=limits, retry=source.retry, redirects=source.redirects)
    session = ""
    sweep(store.path.parent, f".{store.path.name}.")
    try:
        for query in queries:
            wait = None if force else held(store, query, now())
            if wait is not None:
                outcomes.append(_waiting(store, query, wait))
            elif dry_run:
                outcomes.append(Outcome(query=query, kind="due", note=f"would fetch {query.url}"))
            else:
                assert client is not None
                job = _Job(store, query, client, force, now, report)
                if any(one.kind in ("new", "same", "error") for one in outcomes):
                    client.sleep(query.source.pause_s)
                if query.source.name == SPACE_TRACK.name and not session:
                    session, trouble = job.log_in(account())
                    if trouble is not None:
                        return [*outcomes, trouble]
                outcomes.append(job.run())
            if outcomes[-1].error is not None and not isinstance(outcomes[-1].error, Wrong):
                break
    finally:
        if session and client is not None:
            with suppress(FetchError):
                client.get_text(f"{session}/ajaxauth/logout")
    return outcomes


def describe(store: Store) -> str:
    """The store in a few words: how much is in it, and how new."""
    newest = store.newest_epoch()
    if newest is None:
        return f"{store.path} (empty)"
    return f"{store.path} ({len(store)} element sets, the newest of {newest.utc(0)})"


@dataclass(frozen=True, slots=True)
class _Job:
    """One query on its way."""

    store: Store
    query: Query
    client: Client
    force: bool
    now: Callable[[], Epoch]
    report: Report

    def log_in(self, account: Account) -> tuple[str, Outcome | None]:
        """Where the session is, or why there is none."""
        parts = urlsplit(self.query.url)
        base = f"{parts.scheme}://{parts.netloc}"
        form = {"identity": account.user, "password": account.password}
        try:
            answer = self.client.post_form(f"{base}/ajaxauth/login", form)
        except FetchError as error:
            return "", self._failed("broken", None, str(error))
        if answer.status in (401, 403) or _LOGIN_FAILED(answer.text):
            return "", self._failed("denied", answer, f"it refuses the account {account.user!r}")
        if answer.status != 200:
            return "", self._failed("failed", answer, f"the login failed: {one_line(answer.text)}")
        return base, None

    def run(self) -> Outcome:
        """Ask, and store the answer."""
        part = _part(self.store.path, self.query)
        last = last_accepted(self.store, self.query)
        known = last if not self.force else None
        try:
            with exclusive(part):
                # Another process may have fetched it since this one looked.
                if not self.force and (wait := held(self.store, self.query, self.now())):
                    return _waiting(self.store, self.query, wait)
                answer = self.client.download(
                    self.query.url,
                    part,
                    etag=known.etag if known else "",
                    last_modified=known.last_modified if known else "",
                    progress=lambda done, total: self.report("Downloading", done, total),
                )
                try:
                    return self._judge(answer, last)
                finally:
                    if answer.path is not None:
                        answer.path.unlink(missing_ok=True)
        except FetchError as error:
            return self._failed("failed" if error.answered else "broken", None, str(error))
        except OSError as error:
            text = f"{error.filename or part}: {error.strerror or error}"
            return self._failed("broken", None, text)

    def _judge(self, answer: Answer, last: Logged | None) -> Outcome:
        """What an answer means."""
        text = answer.text
        if answer.path is not None:
            with answer.path.open("rb") as file:
                text = file.read(4096).decode("utf-8", "replace")
        if _NOT_UPDATED(text) and last is None:
            given = _GIVEN_AT(text)
            when = f" (at {given[0]})" if given else ""
            note = (
                f"it gave this data to this network address already{when}, though not to this store"
            )
            return self._failed("given", answer, note)
        asked = not self.force and last is not None and bool(last.etag or last.last_modified)
        if last is not None and (_NOT_UPDATED(text) or (asked and answer.status == 304)):
            return self._same(answer, last)
        if _LIMITED(text) or answer.status in (403, 429):
            return self._failed("refused", answer, one_line(text) or "too many requests")
        if _ABSENT(text) or (answer.status == 404 and not text.startswith("<")):
            return self._failed("absent", answer, one_line(text).strip("[] ") or "nothing matches")
        if answer.path is None:
            silent = "nothing changed, it says, but was not asked" if answer.status == 304 else ""
            return self._failed("failed", answer, one_line(text) or silent or "no explanation")
        if last is not None and answer.sha256 == last.sha256 and not self.force:
            return self._same(answer, last)
        return self._take(answer, answer.path, last)

    def _same(self, answer: Answer, last: Logged) -> Outcome:
        with self.store.changing():
            write_log(
                self.store, self.query, "same", answer, now=self.now(), sets=last.sets, last=last
            )
        return Outcome(query=self.query, kind="same", note="nothing newer there", sets=last.sets)

    def _take(self, answer: Answer, path: Path, last: Logged | None) -> Outcome:
        """Store a file, once it is whole and plausible."""
        try:
            file = read_published(path, self.query.label)
        except OffnadirError as error:
            text = getattr(error, "hint", "") or str(error)
            return self._failed("unusable", answer, text.replace(str(path), "the answer"))
        if not self.force and (trouble := _implausible(file, last)):
            return self._failed("unusable", answer, trouble)
        self.report("Storing", 0, 0)
        count = _sets(file)
        with self.store.changing():
            added = self.store.put([file], now=self.now())
            write_log(self.store, self.query, "new", answer, now=self.now(), sets=count)
        return Outcome(
            query=self.query,
            kind="new",
            note=f"{added.new} new of {count}",
            sets=count,
            new=added.new,
            rejected=file.rejected,
        )

    def _failed(self, outcome: str, answer: Answer | None, text: str) -> Outcome:
        """Log it; the rest of the store is as it was."""
        if answer is not None and answer.status != 200:
            text = f"{text} (status {answer.status})"
        with self.store.changing():
            write_log(self.store, self.query, outcome, answer, now=self.now(), note=text)
        return _error(self.store, self.query, outcome, text)


def _sets(file: PublishedFile) -> int:
    """How many sets there are: what stands there twice counts once, else it would be missed next time."""
    return len({(one.elements.norad_id, one.elements.epoch) for one in file.records})


def _implausible(file: PublishedFile, last: Logged | None) -> str:
    """Why the file cannot be the whole answer; nothing if it can."""
    count, refused = _sets(file), len(file.rejected)
    if refused >= len(file.records):
        first = file.rejected[0].reason
        return f"{refused} of its {refused + len(file.records)} records cannot be used; the first: {first}"
    if last is not None and count < _LEAST_SHARE * last.sets:
        return f"it has {count} element sets where it had {last.sets} last time"
    return ""


def _waiting(store: Store, query: Query, wait: Held) -> Outcome:
    if wait.outcome in ("new", "same"):
        return Outcome(query=query, kind="current", note=wait.note, sets=wait.sets)
    return _error(store, query, wait.outcome, wait.note)


def _error(store: Store, query: Query, outcome: str, text: str) -> Outcome:
    """What happened, what the store still holds, and what to do next."""
    message = (
        f"{query.label} was not updated: {text}\n"
        f"The store is as it was: {describe(store)}\n{_DO_NEXT[outcome]}."
    )
    kind = Wrong if outcome in ("absent", "denied") else FetchError
    return Outcome(query=query, kind="error", note=text, error=kind(message))


def _part(store: Path, query: Query) -> Path:
    """The file beside the store by way of which a query is fetched."""
    mark = hashlib.sha256(query.url.encode()).hexdigest()[:12]
    return store.with_name(f".{store.name}.{mark}.part")
