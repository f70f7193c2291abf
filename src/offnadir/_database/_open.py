"""Opening a database, its transactions and its troubles in words."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import sqlalchemy as sa

from offnadir._database._quick import Quick, QuickSlowError
from offnadir.errors import FileError, InputError, MissingExtraError, OffnadirError

#: The newest step in `versions`; a test sees that it is.
HEAD: Final = "0005"
_BUSY_MS: Final = 30_000  # how long one process waits for another to finish its transaction
#: A client that was stopped, or whose machine died, in a transaction: the server ends it and frees its locks.
_GONE: Final = (
    "-c idle_in_transaction_session_timeout=300000 -c jit=off"  # ms; compiling a query costs more than it
    " -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"  # s
)
#: A plan that fits any values fits few of ours: a day and five years are the same to it.
_PLANS: Final = "-c plan_cache_mode=force_custom_plan"
_URL = re.compile(r"[a-z][a-z0-9+]*://")
#: The mark of a connection that only reads, and of one that has no transaction beside its statement.
_READS: Final = "offnadir_reads"
_ALONE: Final = "offnadir_alone"
_STEPS: Final = (
    10_000  # of SQLite's machine between two looks at the time: some tenths of a millisecond
)


class DatabaseGoneError(OffnadirError):
    """The database does not answer, or broke off; what was under way was not done, and may be tried again."""


class DatabaseShutError(DatabaseGoneError, FileError):
    """The database's file cannot be opened or written: its disk is away, or its rights were changed."""

    exit_code = FileError.exit_code


class DatabaseSlowError(DatabaseGoneError):
    """A statement took longer than it may, and was broken off."""


@dataclass(frozen=True, slots=True)
class Database:
    """A database that is there and up to date.

    `where` is the file or the URL without its password; `dialect` is "sqlite" or "postgresql". Connections of
    `alone` begin no transactions, and keep the plans of statements: each finds few rows by a key. Where
    nobody watches statements, those of one trip go to PostgreSQL's driver itself.
    """

    where: str
    dialect: Literal["sqlite", "postgresql"]
    engine: sa.Engine

    alone: sa.Engine = field(default=None, repr=False)  # type: ignore[assignment]
    _anew: sa.Engine = field(init=False, repr=False)
    _quick: dict[int, Quick] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        alone = (self.engine if self.alone is None else self.alone).execution_options(
            **{_ALONE: True}
        )
        object.__setattr__(self, "alone", alone)
        object.__setattr__(self, "_anew", self.engine.execution_options(**{_ALONE: True}))
        if self.dialect == "postgresql":
            self._quick.update({id(one): Quick(one) for one in (self.alone, self._anew)})

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction that may write: whole when the block ends, undone if it ends in trouble.

        Writers of one SQLite file take turns. DatabaseGoneError tells that the database was not there.
        """
        with _told(self.where), _begun(self.engine, {}) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One transaction that only reads, and sees one state of everything."""
        with _told(self.where), _begun(self.engine, {_READS: True}) as connection:
            yield connection

    def ask(
        self, statement: sa.Executable, told: Mapping[str, Any] | None = None
    ) -> Sequence[sa.Row[Any]]:
        """All rows of one statement that only reads: one way to the server and back, and no transaction."""
        return self._asked(self.alone, statement, told)

    def ask_anew(
        self, statement: sa.Executable, told: Mapping[str, Any] | None = None
    ) -> Sequence[sa.Row[Any]]:
        """The same of a statement that is planned for what is told: it may fit few rows, or all."""
        return self._asked(self._anew, statement, told)

    def _asked(
        self, engine: sa.Engine, statement: sa.Executable, told: Mapping[str, Any] | None
    ) -> Sequence[sa.Row[Any]]:
        with _told(self.where):
            quick = self._quick.get(id(engine))
            rows = None if quick is None else quick.ask(statement, told)
            if rows is not None:
                return rows
            try:
                with engine.connect() as connection:
                    return connection.execute(statement, told).all()
            except sa.exc.DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            with engine.connect() as connection:  # the one before was kept from before a restart
                return connection.execute(statement, told).all()

    @property
    def is_watched(self) -> bool:
        """Whether somebody wants to be told of each statement: then none goes past SQLAlchemy."""
        return self.dialect == "postgresql" and not self._quick

    def watch(self, begins: Callable[..., None], ends: Callable[..., None]) -> None:
        """From now on SQLAlchemy's events before and after each statement are told, as it describes them.

        `ends` is told the connection alone, of a statement that failed, too.
        """
        self._quick.clear()
        apart = self.alone.pool is not self.engine.pool
        for engine in (self.engine, self.alone) if apart else (self.engine,):
            sa.event.listen(engine, "before_cursor_execute", begins)
            sa.event.listen(engine, "after_cursor_execute", lambda connection, *_: ends(connection))
            sa.event.listen(engine, "handle_error", lambda context: _failed(context, ends))

    def limit(self, statement_s: float) -> None:
        """From now on no statement lasts longer; DatabaseSlowError for one that would."""
        if self.dialect == "sqlite":
            _limit_sqlite(self.engine, statement_s)
        else:
            for engine in (self.engine, self.alone):
                _limit_postgresql(engine, statement_s)
        if self.where != ":memory:":
            self.close()  # those that are open know no limit

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
        self.alone.dispose()


def open_database(where: str | Path) -> Database:
    """The database in a file (SQLite; made if it is not there) or at a URL, brought up to date.

    A URL is `postgresql://user:password@host/name` or `sqlite:///file`. Raises InputError for a URL of
    another kind, FileError for a file that is no database, DatabaseGoneError if nobody answers,
    MissingExtraError without the driver of PostgreSQL.
    """
    url = _url(where)
    shown = url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string()
    if url.get_backend_name() == "sqlite":
        database = Database(shown, "sqlite", _sqlite(url, shown))
    else:
        engine, alone = _postgresql(url, _PLANS), _postgresql(url, "")
        database = Database(shown, "postgresql", engine, alone)
    try:
        if not _is_up_to_date(database):
            from offnadir._database._migrate import bring_up_to_date

            with database.begin() as connection:
                bring_up_to_date(connection, shown)
    except BaseException:
        database.close()
        raise
    return database


def _is_up_to_date(database: Database) -> bool:
    """Whether all steps were taken: then Alembic, which takes half a second to import, stays out."""
    with database.read() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return False
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars()
        return list(found) == [HEAD]


def _url(where: str | Path) -> sa.URL:
    text = str(where)
    if not _URL.match(text):
        return sa.URL.create("sqlite", database=str(Path(text).expanduser()))
    try:
        url = sa.make_url(text)
        backend = url.get_backend_name()
    except (sa.exc.ArgumentError, ValueError) as error:
        raise InputError(
            "database", _veiled(text), "a file or a URL such as postgresql://user@host/name"
        ) from error
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and url.database:
        return url.set(drivername="sqlite")
    raise InputError(
        "database", _veiled(text), "a file, sqlite:///file or postgresql://user@host/name"
    )


def _veiled(text: str) -> str:
    return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", text)


def _sqlite(url: sa.URL, shown: str) -> sa.Engine:
    folder = Path(shown).parent
    if shown != ":memory:" and not folder.is_dir():
        raise FileError(shown, f"cannot be made: there is no folder {folder}")
    pooled: dict[str, Any] = {"poolclass": sa.pool.StaticPool} if shown == ":memory:" else {}
    engine = sa.create_engine(
        url, connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False}, **pooled
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # the driver begins no transaction by itself: `_begin` does
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")  # readers do not wait for a writer
        cursor.execute("PRAGMA synchronous = FULL")  # what was promised outlives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        told = connection.get_execution_options()
        if told.get(_ALONE, False):
            return
        reads = told.get(_READS, False)
        # A writer takes its turn before it reads: two that read first and write then would block each other.
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _postgresql(url: sa.URL, plans: str) -> sa.Engine:
    try:
        engine = sa.create_engine(
            url,
            connect_args={"connect_timeout": 10}
            | ({} if "options" in url.query else {"options": f"{_GONE} {plans}"}),
            pool_size=8,
            max_overflow=12,
            isolation_level="AUTOCOMMIT",  # `_begin` begins transactions, not the driver
        )
    except ImportError as error:
        raise MissingExtraError("a database on PostgreSQL", "postgres") from error

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        told = connection.get_execution_options()
        if not told.get(_ALONE, False) and told.get("isolation_level") != "AUTOCOMMIT":
            only = " READ ONLY" if told.get(_READS, False) else ""
            connection.exec_driver_sql(f"BEGIN ISOLATION LEVEL REPEATABLE READ{only}")

    return engine


@contextmanager
def _begun(engine: sa.Engine, marks: Mapping[str, Any]) -> Iterator[sa.Connection]:
    """A transaction. A connection that was kept from before the server's restart fails as it begins."""
    connection = engine.connect().execution_options(**marks)
    try:
        transaction = connection.begin()
    except sa.exc.DBAPIError as error:
        connection.close()
        if not error.connection_invalidated:
            raise
        connection = engine.connect().execution_options(**marks)
        transaction = connection.begin()
    with connection, transaction:
        yield connection


def _limit_postgresql(engine: sa.Engine, statement_s: float) -> None:
    @sa.event.listens_for(engine, "connect")
    def _limit(raw: Any, _record: Any) -> None:
        raw.execute(f"SET statement_timeout = {round(statement_s * 1000)}")
        raw.commit()


def _limit_sqlite(engine: sa.Engine, statement_s: float) -> None:
    """A look at the time, every so many steps of SQLite's machine."""

    @sa.event.listens_for(engine, "connect")
    def _limit(raw: Any, record: Any) -> None:
        ends = record.info["offnadir_ends"] = [float("inf")]
        raw.set_progress_handler(lambda: time.monotonic() > ends[0], _STEPS)

    @sa.event.listens_for(engine, "before_cursor_execute")
    def _start(
        connection: sa.Connection, _cursor: Any, _text: str, _told: Any, context: Any, _many: bool
    ) -> None:
        ends = connection.connection.info.get("offnadir_ends")
        if ends is not None:
            # Rows that are taken piece by piece wait for whoever takes them, too.
            in_pieces = context is not None and "yield_per" in context.execution_options
            ends[0] = float("inf") if in_pieces else time.monotonic() + statement_s


def _failed(context: sa.ExceptionContext, ends: Callable[..., None]) -> None:
    if context.connection is not None and context.statement is not None:
        ends(context.connection)


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except QuickSlowError as error:
        raise DatabaseSlowError(f"database {where}: {error}") from error
    except sa.exc.TimeoutError as error:
        raise DatabaseGoneError(f"database {where}: all connections are taken") from error
    except sa.exc.DBAPIError as error:
        trouble = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
        if "statement timeout" in trouble or trouble == "interrupted":
            raise DatabaseSlowError(f"database {where}: {trouble}") from error
        if "not a database" in trouble or "malformed" in trouble:
            raise FileError(where, f"is no SQLite database: {trouble}") from error
        if "readonly" in trouble or "unable to open" in trouble:
            raise DatabaseShutError(where, f"cannot be written: {trouble}") from error
        if isinstance(error, sa.exc.OperationalError) or error.connection_invalidated:
            raise DatabaseGoneError(f"database {where}: {trouble}") from error
        raise
