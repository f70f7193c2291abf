"""Screening and restrictions that do as they are told, for tests of what is done with their answers."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from offnadir._database import Database, _open, open_database, sa
from offnadir.epoch import Epoch
from offnadir.tasking import Desk, Order, read_order

START = Epoch.from_utc("2026-11-29T00:00:00Z")
POINT = {"type": "Point", "coordinates": [126.98, 37.57]}


@dataclass(frozen=True, kw_only=True)
class FakeHit:
    list_name: str
    list_date: str
    list_sha256: str
    reference: str
    entry_name: str
    matched_name: str
    score: float = 0.93
    reasons: tuple[str, ...] = ("the same words",)


@dataclass(frozen=True, kw_only=True)
class FakeScreening:
    hits: tuple[FakeHit, ...]


@dataclass(frozen=True)
class FakeScreener:
    """A list of names by reference: a party whose name contains one of them is a hit."""

    listed: dict[str, str]
    date: str = "2026-02-27"
    threshold: float = 0.5

    @property
    def lists(self) -> tuple[tuple[str, str, str], ...]:
        return (("the list", self.date, self._digest),)

    @property
    def _digest(self) -> str:
        text = repr((self.date, *sorted(self.listed.items())))
        return hashlib.sha256(text.encode()).hexdigest()

    def screen_many(self, parties: Sequence[Any]) -> Iterator[FakeScreening]:
        for party in parties:
            yield FakeScreening(
                hits=tuple(
                    FakeHit(
                        list_name="the list",
                        list_date=self.date,
                        list_sha256=self._digest,
                        reference=reference,
                        entry_name=f"LISTED {name}",
                        matched_name=name,
                    )
                    for reference, name in self.listed.items()
                    if name in party.name
                )
            )


@dataclass(frozen=True, kw_only=True)
class FakeFinding:
    effect: str
    title: str = "Rule of the test"
    authority: str = "the authority"
    words: str = "words that all may read"
    pack: str = "test"
    rule_id: str = "rule"
    is_sure: bool = True


@dataclass(frozen=True, kw_only=True)
class FakePack:
    name: str = "test"
    version: str = "1"
    sha256: str = "c" * 64


@dataclass(frozen=True, kw_only=True)
class FakeVerdict:
    effect: str = "allow"
    sure_effect: str = "allow"
    until: Epoch | None = None
    gsd_m: float | None = None
    findings: tuple[FakeFinding, ...] = ()
    packs: tuple[FakePack, ...] = (FakePack(),)
    told: FakeVerdict | None = None

    def public(self) -> FakeVerdict:
        return self.told or self

    def sentences(self) -> Iterator[str]:
        return (one.words for one in self.findings)


def verdict(effect: str, **more: Any) -> FakeVerdict:
    """A verdict that is sure, with a finding of that effect."""
    return FakeVerdict(
        effect=effect, sure_effect=effect, findings=(FakeFinding(effect=effect),), **more
    )


@dataclass
class FakeJudge:
    """Gives the verdict for a stage, and keeps what it was asked."""

    answers: dict[str, FakeVerdict] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)

    def __call__(self, packs: Sequence[Any], question: Any) -> FakeVerdict:
        self.asked.append(question)
        return self.answers.get(question.stage, FakeVerdict())


@dataclass
class FakeClock:
    now: Epoch = START

    def __call__(self) -> Epoch:
        return self.now


def running_clock() -> Epoch:
    """The same time in all processes of this machine, some time after START."""
    return Epoch(START.tai_ns + time.monotonic_ns())


@dataclass
class Office:
    """A desk; root administers, kim and lee order, rita and rolf release, loop plans, anna audits."""

    desk: Desk
    clock: FakeClock
    judge: FakeJudge

    def with_list(self, listed: dict[str, str], date: str = "2026-03-31") -> Office:
        """The same office after a new list came."""
        return replace(self, desk=replace_screener(self.desk, FakeScreener(listed, date)))


def replace_screener(desk: Desk, screener: FakeScreener | None) -> Desk:
    return Desk(desk.database, screener, desk.packs, desk.clock, desk.operator, desk.judge)


@contextmanager
def copy_of(ready: Path, path: Path) -> Iterator[Database]:
    """A copy of a database that is up to date: looking whether it is takes longer than most tests."""
    shutil.copy(ready, path)
    url = sa.URL.create("sqlite", database=str(path))
    database = Database(str(path), "sqlite", _open._sqlite(url, str(path)))
    yield database
    database.close()


def open_office(database: Database, **quota: Any) -> Office:
    """The office with its people, in a database that is new."""
    office = office_of(database)
    desk = office.desk
    assert desk.first_user("root")
    desk.add_customer({"name": "Daily News", "country": "KR"}, by="root", **quota)
    desk.add_customer({"name": "Weekly"}, by="root")
    for name, role, whose in (
        ("kim", "customer", "Daily News"),
        ("lee", "customer", "Weekly"),
        ("rita", "releaser", None),
        ("rolf", "releaser", None),
        ("loop", "planner", None),
        ("anna", "auditor", None),
    ):
        desk.add_user(name, [role], by="root", customer=whose)
    return office


def office_of(database: Database) -> Office:
    """The same office, opened again."""
    clock, judge = FakeClock(), FakeJudge()
    screener = FakeScreener({"KPe.012": "Space Technology"})
    return Office(Desk(database, screener, (), clock, {}, judge), clock, judge)


def wish(**more: Any) -> Order:
    """A small order, with whatever is given on top."""
    return read_order({"title": "port", "place": POINT, **more})


def place_orders(where: str, by: str, first: int, count: int, together: Any) -> None:
    """Place orders with keys from a number on, each one twice: what a process of its own does in tests."""
    database = open_database(where)
    desk = replace(office_of(database).desk, clock=running_clock)
    if together is not None:
        together.wait(60)
    for n in range(first, first + count):
        for _ in range(2):
            desk.place(wish(title=f"order {n}"), by=by, key=f"key {n}")
    database.close()
