"""A database that is gone for a minute, locked or away: waited for, and nothing lost or done twice."""

from __future__ import annotations

import sqlite3

import pytest

from offnadir._database import DatabaseGoneError, open_database, sa
from offnadir.operations import LeaseError, open_operation, run
from support.faults import NOON, Pause, go, start
from support.kills import Posts, outcome
from support.operation import Tape
from support.postgresql import cluster, skip_without_postgresql

#: Where the loop is when the database goes: the last four between two transactions that belong together.
POINTS = {"planning", "telling", "receiving", "making", "delivering"}


@pytest.fixture(scope="module")
def calm(tmp_path_factory, level1):
    """What becomes of the operation if nobody disturbs it."""
    return drive_at(tmp_path_factory.mktemp("calm"), level1, lambda here, point: None)[0]


def drive_at(folder, level1, strike, database=None, pause=None):
    """Run it, and `strike` at each point; its outcome, and how often a picture was asked down."""
    posts, contexts = Posts(), []

    def at(point):
        strike(contexts[0], point)

    class Struck(Tape):
        def command(self, *words):
            super().command(*words)
            at("telling")

        def receive(self, *words):
            super().receive(*words)
            at("receiving")

    def say(when, text):
        if text.startswith("planning"):
            at("planning")

    def prepare(here):
        contexts.append(here)
        here.report = lambda *words: at("making")
        if pause is not None:
            here.pause = pause

    path, _ = start(folder, database=database, delivery={"webhook": posts.url})
    tape = Struck(level1)
    with posts.serving():
        go(path, tape, change=prepare, say=say, brief=lambda *words: at("delivering"))
    assert sum(posts.keys.values()) == 1
    return outcome(path, posts), tape


def once_each(do):
    """Do something the first time that the loop comes to each point."""
    left = set(POINTS)

    def strike(here, point):
        if point in left:
            left.remove(point)
            do(here)

    return strike, left


def test_postgresql_that_is_gone_for_a_minute_is_waited_for(tmp_path, level1, calm):
    skip_without_postgresql()
    with cluster() as server:
        pause = Pause(60.0, server.start)

        def stop(here):
            server.stop("immediate")
            pause.arm()

        strike, left = once_each(stop)
        found, tape = drive_at(tmp_path, level1, strike, server.url, pause)
        assert not left
        assert pause.asked_s >= 60.0 * len(POINTS)
        assert found == calm
        assert len(tape.asked) == 2  # once more, as nobody could write down that it had come


def test_an_sqlite_that_another_locks_for_a_minute_is_waited_for(tmp_path, level1, calm):
    locks = []

    def unlock():
        locks.pop().close()

    pause = Pause(60.0, unlock)

    def lock(here):
        quick(here.database.engine)
        link = sqlite3.connect(here.database.where, isolation_level=None)
        link.execute("BEGIN EXCLUSIVE")
        locks.append(link)
        pause.arm()

    strike, left = once_each(lock)
    found, _ = drive_at(tmp_path, level1, strike, None, pause)
    assert not left
    assert pause.asked_s >= 60.0 * len(POINTS)
    assert found == calm


def quick(engine):
    """From now on it does not wait 30 s itself for a lock, so that the loop's own waiting is what is seen."""
    if not hasattr(engine, "is_quick"):
        sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout = 10"))
        engine.is_quick = True
        engine.dispose()


def test_an_sqlite_whose_disk_is_away_is_waited_for(tmp_path, level1, calm):
    folder, away = tmp_path / "db", tmp_path / "away"
    folder.mkdir()
    pause = Pause(60.0, lambda: away.rename(folder))

    def take_away(here):
        folder.rename(away)
        here.database.engine.dispose()  # connections that are open would go on with the file where it is now
        pause.arm()

    strike, left = once_each(take_away)
    found, _ = drive_at(tmp_path, level1, strike, str(folder / "offnadir.sqlite"), pause)
    assert not left
    assert pause.asked_s >= 60.0 * len(POINTS)
    assert found == calm


def test_a_database_that_never_comes_back_ends_the_loop(tmp_path, level1):
    path, _ = start(tmp_path)
    pauses = []
    with open_operation(path, spacecraft=Tape(level1)) as here:
        here.pause = pauses.append
        here.lease.take()
        quick(here.database.engine)
        link = sqlite3.connect(here.database.where, isolation_level=None)
        link.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseGoneError, match="locked"):
            run(here, until=NOON, patience_s=600.0)
        link.close()
    assert pauses[:5] == [1.0, 2.0, 5.0, 10.0, 10.0]
    assert 600.0 < sum(pauses) <= 610.0


def test_a_right_of_a_clock_that_was_set_back_ends_nevertheless(tmp_path, monkeypatch):
    """The loop that held it is dead, and the clock was set back by an hour since."""
    from offnadir.operations import _lease as lease

    path, _ = start(tmp_path)
    with open_operation(path) as dead, open_operation(path) as new:
        dead.lease.take()
        real = lease.time

        class SetBack:
            monotonic, sleep = (
                staticmethod(real.monotonic),
                staticmethod(lambda s: real.sleep(0.01)),
            )
            time = staticmethod(lambda: real.time() - 3600.0)

        monkeypatch.setattr(lease, "time", SetBack)
        new.lease.lasts_s = 0.2
        with pytest.raises(LeaseError, match="its right ends in 0 s"):
            new.lease.take(patience_s=0.1)
        new.lease.take(patience_s=5.0)
        with pytest.raises(LeaseError, match="another loop took over"), dead.begin():
            pass


def test_a_server_frees_what_a_stopped_client_locks(postgresql_url):
    made = open_database(postgresql_url)
    with made.read() as connection:
        told = [
            connection.execute(sa.text(f"SHOW {name}")).scalar()
            for name in ("idle_in_transaction_session_timeout", "tcp_keepalives_idle")
        ]
    made.close()
    assert told == ["5min", "30"]
