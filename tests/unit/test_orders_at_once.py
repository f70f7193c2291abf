"""Orders that pass every check are written by one statement on PostgreSQL, and told without asking again."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from fake_checks import START, FakeFinding, FakeVerdict, Office, open_office, running_clock, wish
from offnadir._database import open_database, sa
from offnadir._database._burst import Prepared, run_locked
from offnadir.epoch import Epoch
from offnadir.errors import InputError, InputProblems
from offnadir.tasking import RefusedError, State
from offnadir.tasking._audit import LOCK
from offnadir.tasking._audit_verify import verify
from offnadir.tasking._stand import own_stand


@pytest.fixture
def office(database) -> Office:
    """An office whose clock goes; kim's firm may have six pictures a month."""
    made = open_office(database, quota_pictures=6)
    return replace(made, desk=replace(made.desk, clock=running_clock))


@contextmanager
def statements(office: Office) -> Iterator[list[str]]:
    """The statements that go the ordinary way."""
    told: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        told.append(text)

    database = office.desk.database
    engines = {id(one.engine): one.engine for one in (database.engine, database.alone)}.values()
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    yield told
    for engine in engines:
        sa.event.remove(engine, "before_cursor_execute", note)


def is_at_once(office: Office, told: list[str]) -> bool:
    """Whether an order took no statement beside the one, as it must on PostgreSQL alone."""
    return not told if office.desk.database.dialect == "postgresql" else bool(told)


def test_the_second_order_is_written_at_once_and_told_as_show_tells_it(office):
    finding = FakeFinding(effect="degrade", words='Not finer than 0.5 m: "50 %", \\ and ü')
    office.judge.answers["order"] = FakeVerdict(
        effect="degrade", sure_effect="degrade", findings=(finding,)
    )
    desk = office.desk
    desk.place(wish(title="first"), by="kim")
    window = {"start": "2026-12-01T00:00:00Z", "stop": "2199-12-02T00:00:00Z"}
    order = wish(title='50 % of "Málaga" \\ 港', windows=[window], notes="two\nlines")
    with statements(office) as told:
        view, is_new = desk.place_and_show(order, by="kim", key='key "%s" \\ é')
    assert is_at_once(office, told)
    assert is_new
    assert view == desk.show(view.placed.id, by="kim")
    assert (view.placed.state, view.history[-1].code) == (State.ACCEPTED, "passed")
    assert "Not finer than 0.5 m" in view.history[-1].words
    assert view.placed.order == order
    assert verify(desk.audit).is_whole


def test_entries_are_canonical_and_chained(office):
    """Keys sorted, no blanks, ASCII; the hash is SHA-256 of that very text."""
    for n in range(3):
        office.desk.place(wish(title=f"{n}"), by="kim", key=f"é\\ {n}")
    with office.desk.database.read() as connection:
        rows = connection.execute(sa.text("SELECT * FROM audit_log ORDER BY seq")).all()
    for before, row in itertools.pairwise(rows):
        content = json.loads(row.entry)
        assert row.entry == json.dumps(content, sort_keys=True, separators=(",", ":"))
        assert row.hash == hashlib.sha256(row.entry.encode()).hexdigest()
        assert (content["previous"], content["seq"]) == (before.hash, before.seq + 1)
        assert row.at_tai_ns >= before.at_tai_ns
    placed = [json.loads(row.entry) for row in rows if row.action == "order.place"]
    assert [one["body"]["key"] for one in placed] == ["é\\ 0", "é\\ 1", "é\\ 2"]


def test_a_key_gives_its_order_again_also_when_its_time_is_over(office):
    desk = office.desk
    stop = (running_clock() + 60.0).utc()
    order = wish(windows=[{"stop": stop}])
    first, _ = desk.place(order, by="kim", key="a")
    desk.place(wish(title="another"), by="kim", key="b")
    later = replace(desk, clock=lambda: running_clock() + 3600.0)
    later.place(wish(title="a third"), by="kim")
    view, is_new = later.place_and_show(order, by="kim", key="a")
    assert (view.placed.id, is_new) == (first.id, False)
    with pytest.raises(InputError, match="is another order"):
        later.place(wish(title="x"), by="kim", key="a")
    with pytest.raises((InputError, InputProblems)):
        later.place(order, by="kim", key="c")
    assert len(desk.list(by="kim").rows) == 3


def test_the_quota_is_kept_to_the_last_picture(office):
    desk = office.desk
    for _ in range(2):
        desk.place(wish(), by="kim")
    two = {"recurrence": {"every_days": 1, "count": 3}}
    assert desk.place(wish(**two), by="kim")[0].state is State.ACCEPTED  # five of six
    view, _ = desk.place_and_show(wish(**two), by="kim")
    assert (view.placed.state, view.placed.code) == (State.REJECTED, "quota")
    assert desk.place(wish(), by="kim")[0].state is State.ACCEPTED  # six of six
    assert desk.place(wish(), by="kim")[0].code == "quota"
    with desk.database.read() as connection:
        used = connection.execute(sa.text("SELECT pictures FROM quota_use")).scalars().all()
    assert used == [6]


def test_what_is_remembered_of_a_user_is_not_trusted(office):
    desk = office.desk
    weekly = next(one for one in desk.customers(by="root") if one.named.name == "Weekly")
    for _ in range(2):
        desk.place(wish(), by="kim")
    desk.add_user("kim", ["customer"], by="root", customer="Weekly")
    for _ in range(2):
        view, _ = desk.place_and_show(wish(), by="kim")
        assert (view.placed.customer_id, view.customer) == (weekly.id, "Weekly")
    desk.add_user("kim", ["auditor"], by="root", customer="Weekly")
    with pytest.raises(RefusedError):
        desk.place(wish(), by="kim")
    assert desk.read_log(by="root", last=1)[0].content["action"] == "refused"


def test_a_clock_that_was_set_back_changes_no_order_of_ids(office):
    desk = office.desk
    ids = [desk.place(wish(), by="kim")[0].id for _ in range(2)]
    back = replace(desk, clock=lambda: START)
    ids += [back.place(wish(), by="lee")[0].id for _ in range(2)]
    ids += [desk.place(wish(), by="kim")[0].id for _ in range(2)]
    assert ids == sorted(ids)
    assert verify(desk.audit).is_whole


def test_an_order_that_another_process_overtook_is_written_anew_at_once(office):
    """Its time was taken before that of an order which is there when it comes to the database."""
    desk = office.desk
    ids = [desk.place(wish(), by="kim")[0].id for _ in range(2)]
    asked = itertools.count()

    def lagging() -> Epoch:
        return running_clock() + (-60.0 if next(asked) < 4 else 0.0)

    late = replace(desk, clock=lagging)
    late.seen.keep(own_stand(desk.database.ask, "kim", None, running_clock()))
    with statements(office) as told:
        view, is_new = late.place_and_show(wish(), by="kim")
    assert is_at_once(office, told)
    assert is_new
    assert view.placed.id > ids[-1]
    assert verify(desk.audit).is_whole


def test_an_order_with_a_match_is_held_by_whoever_ordered_before(office):
    desk = office.desk
    for _ in range(2):
        desk.place(wish(), by="lee")
    view, _ = desk.place_and_show(wish(end_user={"name": "Space Technology"}), by="lee")
    assert (view.placed.state, view.placed.code) == (State.HELD, "screening")
    later = office.with_list({"X.1": "Weekly"})
    assert later.desk.place(wish(), by="lee")[0].state is State.HELD


def test_connections_that_the_server_closed_are_no_trouble(office):
    """As after its restart: an order is placed all the same, once."""
    desk = office.desk
    for _ in range(2):
        desk.place(wish(), by="lee")
    if desk.database.dialect == "postgresql":
        end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        with desk.database.read() as connection:
            connection.execute(sa.text(f"{end} AND backend_type = 'client backend'"))
    assert desk.place(wish(title="after"), by="lee")[1]
    desk.place(wish(), by="lee")
    with statements(office) as told:
        desk.place(wish(), by="lee")
    assert is_at_once(office, told)
    assert len(desk.list(by="lee").rows) == 5
    assert verify(desk.audit).is_whole


def test_a_statement_that_the_server_refuses_leaves_nothing_behind(office):
    """The transaction is undone, its lock free, and the connection good for more."""
    desk = office.desk
    for _ in range(2):
        desk.place(wish(), by="kim", key="a")
    if desk.database.dialect != "postgresql":
        return
    before = desk.audit.head()
    broken = Prepared("broken", "SELECT 1 / (%(zero)s::bigint)")
    assert run_locked(desk.database, LOCK, broken, {"zero": "0"}) is None
    assert desk.audit.head() == before
    assert desk.place(wish(title="after"), by="kim", key="b")[1]
    assert run_locked(desk.database, LOCK, broken, {"zero": "1"}) == (1,)


def test_who_watches_statements_sees_those_of_orders(database):
    """Traces would not be whole without them."""
    own = open_database(database.engine.url.render_as_string(hide_password=False))
    told: list[str] = []
    own.watch(lambda _connection, _cursor, text, *_: told.append(text), lambda _connection: None)
    desk = replace(open_office(own).desk, clock=running_clock)
    for _ in range(2):
        told.clear()
        desk.place(wish(), by="kim")
        assert any(text.startswith("INSERT INTO orders") for text in told)
    own.close()
