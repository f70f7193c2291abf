"""Whatever is done to orders in whatever order: none leaves the table, none is lost, the totals are right."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from fake_checks import FakeClock, FakeVerdict, copy_of, office_of, open_office, verdict, wish
from offnadir._database import open_database, sa
from offnadir.errors import InputError, OffnadirError
from offnadir.operations._book import Book
from offnadir.tasking import Product, RefusedError, State
from offnadir.tasking._audit_verify import verify
from offnadir.tasking._deciding import DecidedError
from offnadir.tasking._order_read import read_order
from offnadir.tasking.states import FINAL, KEEPS_QUOTA, PART, STEPS, StepError
from offnadir.units import day

PEOPLE = st.sampled_from(["kim", "lee", "rita", "rolf", "loop", "root", "anna", "nobody"])
EFFECTS = st.sampled_from(["allow", "notify", "degrade", "delay", "permit", "deny"])
QUOTA = 12
WAYS = {(step.before, step.after, step.code) for step in STEPS}
FOLDER = tempfile.TemporaryDirectory()
READY = Path(FOLDER.name) / "ready.sqlite"
NUMBERS = itertools.count()


def make_ready() -> None:
    if not READY.exists():
        database = open_database(READY)
        open_office(database, quota_pictures=QUOTA)
        database.close()


class Orders(RuleBasedStateMachine):
    """Users of every role do anything they like; what is refused must change nothing."""

    orders = Bundle("orders")

    def __init__(self) -> None:
        super().__init__()
        make_ready()
        self.copy = copy_of(READY, Path(FOLDER.name) / f"{next(NUMBERS)}.sqlite")
        self.office = office_of(self.copy.__enter__())
        self.placed: dict[str, Any] = {}
        self.keys: dict[tuple[str, str], tuple[str, str]] = {}
        self.book = Book()

    def teardown(self) -> None:
        assert verify(self.office.desk.audit).is_whole
        self.copy.__exit__(None, None, None)

    def attempt(self, do: Any) -> Any:
        """Do it; a refusal changes no order."""
        before = self.rows()
        try:
            return do()
        except (RefusedError, StepError, DecidedError, InputError):
            assert self.rows() == before
        except OffnadirError as error:
            assert "there is no" in str(error)  # noqa: PT017
            assert self.rows() == before
        return None

    def rows(self) -> list[Any]:
        with self.office.desk.database.read() as connection:
            query = sa.text("SELECT id, state, code, changes, quota_pictures FROM orders")
            return sorted(map(tuple, connection.execute(query)))

    @rule(
        target=orders,
        by=st.sampled_from(["kim", "lee", "loop", "root", "rita"]),
        count=st.integers(1, 5),
        bad=st.booleans(),
        key=st.sampled_from([None, "a", "b"]),
        days=st.lists(st.sampled_from([1.0, 3.0, 50.0]), max_size=3, unique=True),
    )
    def place(self, by: str, count: int, bad: bool, key: str | None, days: list[float]) -> Any:
        recurrence = {"every_days": 1, "count": count}
        more: dict[str, Any] = {"end_user": "Space Technology"} if bad else {}
        ends = [(self.office.clock.now + one * day).utc(9) for one in days]
        if ends:
            more["deadline"], *stops = ends
            more["windows"] = [{"stop": one} for one in stops]
        order = wish(recurrence=recurrence, **more)
        whose = {"kim": "Daily News", "lee": "Weekly"}.get(by, "Weekly")
        done = self.attempt(lambda: self.office.desk.place(order, by=by, key=key, customer=whose))
        if done is None:
            return multiple()
        placed, is_new = done
        assert is_new == (placed.id not in self.placed)
        if key is not None:
            known = self.keys.setdefault((whose, key), (placed.id, order.digest))
            assert known == (placed.id, order.digest)
        self.placed[placed.id] = placed.customer_id
        return placed.id

    @rule(order=orders, by=PEOPLE, step=st.sampled_from(STEPS))
    def advance(self, order: str, by: str, step: Any) -> None:
        self.attempt(lambda: self.office.desk.advance(order, step.after, step.code, by=by))

    @rule(order=orders, data=st.data())
    def advance_as_the_loop_would(self, order: str, data: st.DataObject) -> None:
        state = self.office.desk.show(order, by="loop").placed.state
        ways = [step for step in STEPS if step.before == state and "planner" in step.who]
        if ways:
            step = data.draw(st.sampled_from(ways))
            self.office.desk.advance(order, step.after, step.code, by="loop")

    @rule(order=orders, by=PEOPLE)
    def cancel(self, order: str, by: str) -> None:
        self.attempt(lambda: self.office.desk.cancel(order, by=by))

    @rule(order=orders, by=PEOPLE, decision=st.sampled_from(["allow", "refuse"]))
    def decide(self, order: str, by: str, decision: str) -> None:
        self.attempt(lambda: self.office.desk.decide(order, decision, "because", by=by))

    @rule(order=orders, product=st.sampled_from(["p", "q"]), by=PEOPLE)
    def release(self, order: str, product: str, by: str) -> None:
        wanted = Product(id=product, facts={})
        done = self.attempt(lambda: self.office.desk.release(order, wanted, by=by))
        if done is not None and done.may_go:
            assert self.office.desk.mark_delivered(order, product, by="loop")
            assert not self.office.desk.mark_delivered(order, product, by="loop")

    @rule(stage=st.sampled_from(["order", "delivery"]), effect=EFFECTS)
    def restrict(self, stage: str, effect: str) -> None:
        until = self.office.clock.now + day if effect == "delay" else None
        answer = FakeVerdict() if effect == "allow" else verdict(effect, until=until)
        self.office.judge.answers[stage] = answer

    @rule(listed=st.sampled_from(["Space Technology", "Daily", "nobody"]), date=st.integers(1, 3))
    def rescreen(self, listed: str, date: int) -> None:
        self.office = self.office.with_list({"X.1": listed}, date=f"2026-0{date}-01")
        self.office.desk.rescreen(by="rita")
        assert self.office.desk.rescreen(by="rita").orders == 0

    @rule(days=st.sampled_from([0.5, 2.0, 40.0]))
    def wait(self, days: float) -> None:
        clock: FakeClock = self.office.clock
        clock.now += days * day

    @invariant()
    def no_order_is_lost(self) -> None:
        assert {row[0] for row in self.rows()} == set(self.placed)

    @invariant()
    def who_follows_the_log_knows_what_is_open(self) -> None:
        """Every change of an order stands in the audit log, so that the loop need not read all orders."""
        self.book.follow(self.office.desk)
        with self.office.desk.database.read() as connection:
            query = sa.text("SELECT id, state, changes, document FROM orders ORDER BY id")
            rows = [row for row in connection.execute(query) if State(row.state) not in FINAL]
        now, states = self.office.clock.now, ("accepted", "scheduled", "held")
        open_ones = self.book.in_states(tuple(State))
        assert [(one.id, one.state, one.changes) for one in open_ones] == [row[:3] for row in rows]
        ends, over = [], []
        for row in rows:
            order = read_order(json.loads(row.document))
            stops = [one.stop for one in order.windows]
            mine = [one for one in (order.deadline, *stops) if one is not None]
            ends += [one for one in mine if one > now and row.state in states]
            is_late = order.deadline is not None and order.deadline <= now
            if is_late or (stops and all(one is not None and one <= now for one in stops)):
                over.append(row.id)
        assert self.book.next_end(now, states) == min(ends, default=None)
        assert [one.id for one in self.book.over(now)] == over

    @invariant()
    def every_step_is_one_of_the_table(self) -> None:
        with self.office.desk.database.read() as connection:
            query = sa.text(
                "SELECT order_id, state, code FROM order_history ORDER BY order_id, number"
            )
            lines = connection.execute(query).all()
        ends = {}
        for name, group in itertools.groupby(lines, key=lambda line: line.order_id):
            before = None
            for line in group:
                assert (before, State(line.state), line.code) in WAYS
                before = State(line.state)
            ends[name] = before
        assert ends == {row[0]: row[1] for row in self.rows()}

    @invariant()
    def totals_of_quotas_are_those_of_the_orders(self) -> None:
        with self.office.desk.database.read() as connection:
            orders = connection.execute(sa.text("SELECT * FROM orders")).all()
            use = connection.execute(sa.text("SELECT * FROM quota_use")).all()
            wants = connection.execute(sa.text("SELECT id, quota_pictures FROM customers")).all()
        counted: Counter[tuple[str, str]] = Counter()
        for row in orders:
            if State(row.state) not in FINAL or State(row.state) in KEEPS_QUOTA or row.code == PART:
                counted[row.customer_id, row.quota_month] += row.quota_pictures
        assert +counted == +Counter({(row.customer_id, row.month): row.pictures for row in use})
        most = {row.id: row.quota_pictures for row in wants if row.quota_pictures is not None}
        assert all(counted[key] <= most[key[0]] for key in counted if key[0] in most)

    @invariant()
    def what_is_held_has_a_reason_and_what_is_over_has_none(self) -> None:
        with self.office.desk.database.read() as connection:
            query = sa.text("SELECT DISTINCT order_id FROM holds WHERE status = 'open'")
            waiting = {row.order_id for row in connection.execute(query)}
        for name, state, *_ in self.rows():
            if state == "held":
                assert name in waiting
            if State(state) in FINAL:
                assert name not in waiting


Orders.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestOrders = Orders.TestCase
