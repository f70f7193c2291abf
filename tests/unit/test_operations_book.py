"""The loop reads the orders that changed, and keeps nothing of those that are over."""

from __future__ import annotations

import pytest

from offnadir.operations import open_operation, run
from offnadir.tasking import _changes
from support.operation import Tape, make_operation, place_orders

FAR = [{"start": "2036-01-01T00:00:00Z", "stop": "2036-02-01T00:00:00Z"}]
PLACES = {f"p{i}": (100.0 + i, 30.0) for i in range(12)}


@pytest.fixture
def reads(monkeypatch):
    """Ids of orders that are read from the database, one after another."""
    found, read = [], _changes.read_placed

    def counted(row):
        found.append(row.id)
        return read(row)

    monkeypatch.setattr(_changes, "read_placed", counted)
    return found


def test_only_orders_that_changed_are_read_again(tmp_path, reads):
    path = make_operation(tmp_path / "op")
    with open_operation(path, spacecraft=Tape(tmp_path)) as here:
        names = place_orders(here, PLACES, windows=FAR, source="new")
        here.lease.take()
        run(
            here, until=here.clock.now() + 60.0
        )  # it takes them in, and plans: none can be taken yet
        assert sorted(set(reads)) == sorted(names.values())
        reads.clear()
        here.book.follow(here.desk)
        assert reads == []
        here.desk.cancel(names["p3"], by="ann")
        here.book.follow(here.desk)
        assert reads == [names["p3"]]
        left = [one.id for one in here.book.in_states(("accepted", "scheduled"))]
        assert left == [name for title, name in names.items() if title != "p3"]


def test_nothing_is_kept_of_orders_that_are_over(tmp_path):
    path = make_operation(tmp_path / "op")
    with open_operation(path, spacecraft=Tape(tmp_path)) as here:
        names = place_orders(here, PLACES, windows=FAR, source="archive")
        here.lease.take()
        run(here, until=here.clock.now() + 60.0)  # the archive is empty: all fail
        assert here.desk.show(names["p0"], by="boss").placed.code == "no_opportunity"
        here.book.follow(here.desk)
        book = here.book
        assert not any((book._placed, book._times, book._ends, book._overs, book.no_archive))


def test_times_of_plans_that_are_over_are_not_kept():
    """Each plan of a year brings new ones; all of them would be 10 MiB and more."""
    from offnadir.planning._checker_facts import utc

    for second in range(10_000):
        utc(2_000_000_000_000_000_000 + second * 1_000_000_000)
    assert utc.cache_info().currsize <= 5000
