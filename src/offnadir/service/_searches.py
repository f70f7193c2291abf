"""Searches that go on after the answer: kept in the database, done by whichever process is free."""

from __future__ import annotations

import json
import logging
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from offnadir._database import Database, DatabaseGoneError, sa
from offnadir.epoch import Epoch
from offnadir.errors import OffnadirError
from offnadir.service._problems import ProblemError
from offnadir.tasking._ids import is_id, new_id
from offnadir.tasking._people import User
from offnadir.units import day

_LOG: Final = logging.getLogger("offnadir.service")
_S: Final = 1_000_000_000
#: After how long without a word a search under way is taken from its worker, and how often a worker speaks.
STALE_S: Final = 60.0
_SPEAKS_S: Final = 15.0
#: How long searches are kept, and how many of one customer may wait at a time.
KEPT_S: Final = 7 * day
MOST_OPEN: Final = 20
_LOOKS_EVERY_S: Final = 3.0
_SWEEPS_EVERY_S: Final = 3600.0
_TABLE: Final = sa.Table(
    "searches", sa.MetaData(),
    sa.Column("id", sa.Text, primary_key=True), sa.Column("product", sa.Text),
    sa.Column("asked_by", sa.Text), sa.Column("customer_id", sa.Text), sa.Column("request", sa.Text),
    sa.Column("state", sa.Text), sa.Column("words", sa.Text), sa.Column("made_tai_ns", sa.BigInteger),
    sa.Column("changed_tai_ns", sa.BigInteger), sa.Column("answer", sa.LargeBinary),
)  # fmt: skip
_C: Final = _TABLE.c
_TOLD: Final = (
    _C.id, _C.product, _C.request, _C.state, _C.words, _C.made_tai_ns, _C.changed_tai_ns
)  # fmt: skip
#: Does a search: its product and request in, its answer out.
Does = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A search as it stands. Times are those of this machine, not of the operation's clock."""

    id: str
    product: str
    request: Mapping[str, Any]
    state: str
    words: str
    made: Epoch
    changed: Epoch


def _now() -> Epoch:
    return Epoch.from_utc_ns(time.time_ns())


class Searches:
    """What is asked for, who may see it, and the threads that do it.

    A customer's searches are seen by its own users and by staff. Any process takes up what waits, and what
    another one began but has not spoken of for `stale_s`.
    """

    def __init__(
        self, database: Database, does: Does, *, workers: int = 1, stale_s: float = STALE_S
    ) -> None:
        self._database, self._does, self._stale_s = database, does, stale_s
        self._count, self._threads = workers, list[threading.Thread]()
        self._wake, self._ends = threading.Condition(), threading.Event()
        self._swept = -_SWEEPS_EVERY_S

    def start(self) -> None:
        """Begin to work."""
        for number in range(self._count):
            thread = threading.Thread(target=self._work, name=f"search-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, patience_s: float = 10.0) -> None:
        """Stop after the search in hand; what is not done is left to others."""
        self._ends.set()
        with self._wake:
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(patience_s)

    def add(self, product: str, request: Mapping[str, Any], user: User) -> Record:
        """Keep a search, to be done soon. ProblemError if too many of this customer wait already."""
        now = _now()
        values: dict[str, Any] = {
            "product": product, "asked_by": user.name,
            "customer_id": None if user.sees_all else user.customer_id or "",
            "request": json.dumps(request), "state": "received", "words": "",
            "made_tai_ns": now.tai_ns, "changed_tai_ns": now.tai_ns,
        }  # fmt: skip
        waiting = (_C.state.in_(("received", "in_progress")),)
        with self._database.begin() as connection:
            count = sa.select(sa.func.count()).select_from(_TABLE)
            count = count.where(*waiting, *_visible(user, own=True))
            if connection.execute(count).scalar_one() >= MOST_OPEN:
                words = f"{MOST_OPEN} searches wait already; try again when one is done"
                raise ProblemError(429, "too-many-searches", words, headers={"Retry-After": "5"})
            last = connection.execute(sa.select(sa.func.max(_C.id))).scalar()
            values["id"] = new_id("q", now.utc_ns // 1_000_000, last)
            connection.execute(sa.insert(_TABLE).values(**values))
        with self._wake:
            self._wake.notify()
        return Record(
            id=values["id"], product=product, request=request, state="received", words="",
            made=now, changed=now,
        )  # fmt: skip

    def get(self, name: str, user: User) -> Record:
        """One search; ProblemError if there is none that this user may know of."""
        with self._database.read() as connection:
            query = sa.select(*_TOLD).where(_C.id == name, *_visible(user))
            row = connection.execute(query).first() if is_id("q", name) else None
        if row is None:
            raise ProblemError(404, "not-found", f"there is no search {name[:100]}")
        return _record(row)

    def list(
        self, user: User, *, limit: int, before: str | None
    ) -> tuple[list[Record], str | None]:
        """A page of searches, the latest first, and where the next one begins."""
        query = sa.select(*_TOLD).where(*_visible(user)).order_by(_C.id.desc()).limit(limit + 1)
        if before is not None:
            query = query.where(_C.id < before)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        following = rows[limit - 1].id if len(rows) > limit else None
        return [_record(row) for row in rows[:limit]], following

    def answer(self, name: str) -> Mapping[str, Any] | None:
        """What was found; None while it is not done."""
        with self._database.read() as connection:
            packed = connection.execute(sa.select(_C.answer).where(_C.id == name)).scalar()
        found: Mapping[str, Any] | None = json.loads(zlib.decompress(packed)) if packed else None
        return found

    def work_off(self) -> int:
        """Do what waits, one after the other; how many were done."""
        done = 0
        while not self._ends.is_set() and (claimed := self._claim()) is not None:
            self._do(*claimed)
            done += 1
        return done

    def sweep(self, now: Epoch | None = None) -> int:
        """Delete what is older than a week; how many went."""
        oldest = (now or _now()) + -KEPT_S
        with self._database.begin() as connection:
            gone = connection.execute(sa.delete(_TABLE).where(_C.made_tai_ns < oldest.tai_ns))
        return int(gone.rowcount)

    def _work(self) -> None:
        while not self._ends.is_set():
            try:
                if time.monotonic() - self._swept >= _SWEEPS_EVERY_S:
                    self._swept = time.monotonic()
                    self.sweep()
                self.work_off()
            except DatabaseGoneError as error:
                _LOG.warning("searches wait for the database: %s", error)
            except Exception:  # noqa: BLE001 - one bad search must not end the thread
                _LOG.exception("searches")
            with self._wake:
                if not self._ends.is_set():
                    self._wake.wait(_LOOKS_EVERY_S)

    def _claim(self) -> tuple[Record, int] | None:
        """Take the oldest search that waits, or whose worker is gone; with the time as its mark."""
        now = _now()
        stale = now.tai_ns - round(self._stale_s * _S)
        free = sa.or_(
            _C.state == "received", sa.and_(_C.state == "in_progress", _C.changed_tai_ns < stale)
        )
        query = sa.select(*_TOLD).where(free).order_by(_C.made_tai_ns).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        with self._database.begin() as connection:
            taken = connection.execute(
                sa.update(_TABLE)
                .where(_C.id == row.id, free)
                .values(state="in_progress", changed_tai_ns=now.tai_ns)
            )
        return (_record(row), now.tai_ns) if taken.rowcount == 1 else None

    def _do(self, record: Record, mark: int) -> None:
        """Do one search, and keep its answer unless somebody else has taken it meanwhile."""
        voice = _Voice(self._database, record.id, mark)
        voice.start()
        values: dict[str, Any]
        try:
            found = self._does(record.product, record.request)
            packed = zlib.compress(json.dumps(found, separators=(",", ":")).encode(), 6)
            values = {"state": "completed", "words": "", "answer": packed}
        except DatabaseGoneError:
            raise
        except OffnadirError as error:
            values = {"state": "failed", "words": str(error)[:1000]}
        except Exception:  # noqa: BLE001 - whatever it was, the search has failed
            _LOG.exception("search %s", record.id)
            values = {"state": "failed", "words": "something went wrong on our side"}
        finally:
            mark = voice.stop()
        with self._database.begin() as connection:
            connection.execute(
                sa.update(_TABLE)
                .where(_C.id == record.id, _C.state == "in_progress", _C.changed_tai_ns == mark)
                .values(changed_tai_ns=_now().tai_ns, **values)
            )


class _Voice(threading.Thread):
    """Says that a search is still in hand."""

    def __init__(self, database: Database, name: str, mark: int) -> None:
        super().__init__(name=f"voice-{name}", daemon=True)
        self._database, self._name_, self._mark = database, name, mark
        self._ends = threading.Event()

    def run(self) -> None:
        """Every quarter of a minute."""
        while not self._ends.wait(_SPEAKS_S):
            now = _now().tai_ns
            try:
                with self._database.begin() as connection:
                    spoken = connection.execute(
                        sa.update(_TABLE)
                        .where(_C.id == self._name_, _C.changed_tai_ns == self._mark)
                        .values(changed_tai_ns=now)
                    )
            except DatabaseGoneError:
                continue
            if spoken.rowcount != 1:
                return
            self._mark = now

    def stop(self) -> int:
        """Fall silent; the mark of the last word."""
        self._ends.set()
        self.join()
        return self._mark


def _visible(user: User, *, own: bool = False) -> tuple[sa.ColumnElement[bool], ...]:
    """What a user may see; `own` is what counts as his share, which for staff is what staff asked."""
    if not user.sees_all:
        return (_C.customer_id == (user.customer_id or ""),)
    return (_C.customer_id.is_(None),) if own else ()


def _record(row: Any) -> Record:
    return Record(
        id=row.id, product=row.product, request=json.loads(row.request), state=row.state,
        words=row.words, made=Epoch(row.made_tai_ns), changed=Epoch(row.changed_tai_ns),
    )  # fmt: skip
