"""Statements of one trip: on PostgreSQL they go past SQLAlchemy to the driver, and nobody is to notice."""

from __future__ import annotations

import pytest

from offnadir._database import DatabaseGoneError, DatabaseSlowError, open_database, sa


@pytest.fixture
def own(postgresql_url):
    """A database of PostgreSQL whose settings are this test's alone."""
    made = open_database(postgresql_url)
    yield made
    made.close()


_T = sa.table(
    "kinds", sa.column("n", sa.BigInteger), sa.column("x", sa.Double), sa.column("word", sa.Text),
    sa.column("is_so", sa.Boolean), sa.column("raw", sa.LargeBinary),
)  # fmt: skip
_OF = sa.select(_T, _T.c.n.label("again")).where(_T.c.n >= sa.bindparam("least")).order_by(_T.c.n)


def _filled(database):
    with database.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS kinds"))
        text = "CREATE TABLE kinds (n BIGINT, x DOUBLE PRECISION, word TEXT, is_so BOOLEAN, raw {})"
        kind = "BYTEA" if database.dialect == "postgresql" else "BLOB"
        connection.execute(sa.text(text.format(kind)))
        rows = [
            {"n": -(2**63), "x": -0.0, "word": "", "is_so": True, "raw": b""},
            {"n": 0, "x": 1 / 3, "word": "다누리 100%", "is_so": False, "raw": bytes(range(256))},
            {"n": 2**63 - 1, "x": None, "word": None, "is_so": None, "raw": None},
        ]
        connection.execute(_T.insert(), rows)
    return rows


def test_statements_of_one_trip_find_what_those_in_transactions_find(database):
    """Values of every kind of ours come back as they were told, with their types."""
    rows = _filled(database)
    for least, count in ((-(2**63), 3), (0, 2), (1, 1)):
        with database.read() as connection:
            wanted = [tuple(row) for row in connection.execute(_OF, {"least": least})]
        for ask in (database.ask, database.ask_anew):
            found = ask(_OF, {"least": least})
            assert [tuple(row) for row in found] == wanted
            assert [list(map(type, row)) for row in found] == [
                list(map(type, row)) for row in wanted
            ]
            assert len(found) == count
    told = [(row.n, row.x, row.word, row.is_so, row.raw, row.again) for row in found]
    assert told == [(*rows[2].values(), 2**63 - 1)]


def test_what_one_trip_cannot_do_goes_the_usual_way(database):
    """Lists of values, a value that is left out, statements that are text, and those that fail."""
    _filled(database)
    some = sa.select(_T.c.n).where(_T.c.n.in_(sa.bindparam("some", expanding=True)))
    assert [row.n for row in database.ask(some, {"some": [0, 5]})] == [0]
    assert database.ask(sa.text("SELECT 2 AS two"))[0].two == 2
    with pytest.raises(sa.exc.StatementError, match="least"):
        database.ask(_OF)
    with pytest.raises((sa.exc.DBAPIError, DatabaseGoneError)):
        database.ask(sa.select(sa.column("no_such_column")).select_from(_T))
    assert len(database.ask(_OF, {"least": 0})) == 2  # and the connection is as good as before


def test_a_statement_of_one_trip_that_takes_too_long_is_broken_off(own):
    """Once: to say it again the usual way would take as long again."""
    own.limit(0.2)
    slow = sa.select(
        sa.func.pg_sleep(sa.bindparam("s", type_=sa.Double())).cast(sa.Text).label("a")
    )
    with pytest.raises(DatabaseSlowError, match="statement timeout"):
        own.ask(slow, {"s": 20.0})


def test_who_watches_statements_sees_those_of_one_trip_too(own):
    began, ended = [], []
    own.watch(lambda _connection, _cursor, text, *_: began.append(text), ended.append)
    one = sa.select(sa.literal(1).label("one"))
    assert [own.ask(one)[0].one, own.ask_anew(one)[0].one] == [1, 1]
    with own.read() as connection:
        connection.execute(one)
    assert sum("one" in text for text in began) == 3
    assert len(began) == len(ended)
