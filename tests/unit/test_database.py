"""One database in a file: what is whole, who waits for whom, and what is told when it goes wrong."""

from __future__ import annotations

import threading

import pytest

from offnadir._database import Database, open_database, sa
from offnadir._database._open import DatabaseGoneError
from offnadir.errors import FileError, InputError


@pytest.fixture
def database(tmp_path):
    made = open_database(tmp_path / "a.sqlite")
    with made.begin() as connection:
        connection.execute(sa.text("CREATE TABLE counts (n INTEGER)"))
        connection.execute(sa.text("INSERT INTO counts VALUES (0)"))
    yield made
    made.close()


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(sa.text("SELECT n FROM counts")).scalar_one()


def test_what_ends_in_trouble_is_undone(database):
    def fail() -> None:
        with database.begin() as connection:
            connection.execute(sa.text("UPDATE counts SET n = 1"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert count(database) == 0


def test_writers_take_turns(database):
    def add() -> None:
        for _ in range(25):
            with database.begin() as connection:
                n = connection.execute(sa.text("SELECT n FROM counts")).scalar_one()
                connection.execute(sa.text("UPDATE counts SET n = :n"), {"n": n + 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 100


def test_a_reader_sees_one_state(database):
    with database.read() as reading:
        before = reading.execute(sa.text("SELECT n FROM counts")).scalar_one()
        with database.begin() as writing:
            writing.execute(sa.text("UPDATE counts SET n = 7"))
        assert reading.execute(sa.text("SELECT n FROM counts")).scalar_one() == before
    assert count(database) == 7


def test_opened_again_it_is_as_it_was(database, tmp_path):
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE counts SET n = 3"))
    again = open_database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    assert count(again) == 3
    again.close()


def test_tables_of_a_newer_offnadir_are_left_alone(database, tmp_path):
    with database.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(FileError, match="made by a newer offnadir"):
        open_database(tmp_path / "a.sqlite")


@pytest.mark.parametrize(
    ("where", "error", "words"),
    [
        ("mysql://me:secret@host/name", InputError, r"mysql://me:\*\*\*@host/name"),
        ("no-such-folder/a.sqlite", FileError, "there is no folder no-such-folder"),
        ("postgresql://me:secret@127.0.0.1:1/name", DatabaseGoneError, "refused"),
    ],
)
def test_what_cannot_be_opened_is_told_without_the_password(where, error, words):
    with pytest.raises(error, match=words) as told:
        open_database(where)
    assert "secret" not in str(told.value)


def test_a_file_of_another_kind_is_no_database(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear all, " * 200)
    with pytest.raises(FileError, match="is no SQLite database"):
        open_database(path)
    assert path.read_text().startswith("Dear all")


def test_who_gets_no_connection_is_told_that_the_database_is_away(tmp_path):
    """All connections are taken by others for longer than one waits: trouble of ours, and no crash."""
    made = open_database(tmp_path / "b.sqlite")
    engine = sa.create_engine(made.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    narrow = Database(made.where, "sqlite", engine)
    with narrow.read(), pytest.raises(DatabaseGoneError, match="taken"), narrow.read():
        pass
    narrow.close()
    made.close()
