"""Several processes at once on one database, of both kinds; and processes that are killed."""

from __future__ import annotations

import multiprocessing
import random
import time
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from fake_checks import open_office, place_orders, wish
from offnadir._database import Database, sa
from offnadir.errors import InputError
from offnadir.tasking import State
from offnadir.tasking._audit_verify import verify

#: Real processes, begun from one that has imported everything already.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["fake_checks"])


def url_of(database: Database) -> str:
    """How another process reaches the same database."""
    if database.dialect == "sqlite":
        return database.where
    return database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def begin(database: Database, first: int, count: int, together: Any = None) -> BaseProcess:
    """A process that places orders as kim."""
    process = PROCESSES.Process(
        target=place_orders, args=(url_of(database), "kim", first, count, together)
    )
    process.start()
    return process


def both(database: Database, *parts: tuple[int, int]) -> None:
    """Two processes that begin at the same moment, to their end."""
    together = PROCESSES.Barrier(len(parts))
    processes = [begin(database, first, count, together) for first, count in parts]
    for process in processes:
        process.join(120)
        assert process.exitcode == 0


def check(database: Database, titles: set[str]) -> None:
    """Every order once, its entries in the log, the quota right, the chain whole."""
    with database.read() as connection:
        rows = connection.execute(sa.text("SELECT id, title, state FROM orders ORDER BY id")).all()
        query = sa.text("SELECT subject FROM audit_log WHERE action = 'order.place' ORDER BY seq")
        logged = connection.execute(query).scalars().all()
        used = connection.execute(sa.text("SELECT sum(pictures) FROM quota_use")).scalar_one()
    accepted = [row for row in rows if row.state == State.ACCEPTED]
    assert len(rows) == len({row.title for row in rows})
    assert {row.title for row in rows} == titles
    assert logged == [row.id for row in rows]  # ids sort in the order in which they were written
    assert (used or 0) == len(accepted)


def test_two_processes_place_at_once(database):
    office = open_office(database, quota_pictures=14)
    both(database, (0, 12), (6, 12))  # six keys are the same
    check(database, {f"order {n}" for n in range(18)})
    with database.read() as connection:
        query = sa.text("SELECT state, count(*) FROM orders GROUP BY state ORDER BY state")
        assert [tuple(row) for row in connection.execute(query)] == [
            ("accepted", 14),
            ("rejected", 4),
        ]
    assert verify(office.desk.audit).is_whole


def test_a_process_that_is_killed_leaves_whole_orders(database):
    office = open_office(database)
    chance, placed = random.Random(7), 0
    for _ in range(3):
        process, before = begin(database, 0, 10_000), placed
        while placed < before + 3:
            placed = count(database)
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
        process.join()
        placed = count(database)
        check(database, {f"order {n}" for n in range(placed)})
        assert verify(office.desk.audit).is_whole


def count(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(sa.text("SELECT count(*) FROM orders")).scalar_one())


def test_the_log_cannot_be_changed_by_ordinary_means(database):
    office = open_office(database)
    before = office.desk.audit.head()
    statements = ["UPDATE audit_log SET hash = 'x'", "DELETE FROM audit_log"]
    if database.dialect == "postgresql":
        statements.append("TRUNCATE audit_log")
    for statement in statements:
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.begin() as connection:
            connection.execute(sa.text(statement))
    assert office.desk.audit.head() == before
    assert verify(office.desk.audit, kept=[before]).is_whole


def test_pages_and_ids_are_the_same_on_both(database):
    """Also where the database's own language would sort letters by other rules."""
    desk = open_office(database).desk
    ids = [desk.place(wish(title=f"{n}"), by="kim")[0].id for n in range(12)]
    assert [row.id for row in desk.list(by="kim", limit=12).rows] == ids[::-1]
    page = desk.list(by="kim", limit=3, before=ids[8])
    assert [row.id for row in page.rows] == ids[5:8][::-1]
    with pytest.raises(InputError):
        desk.list(by="kim", limit=0)
