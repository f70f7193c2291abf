"""A PostgreSQL of the tests' own: a cluster in a temporary folder, on a free port, gone when they end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from offnadir._database import Database, open_database, sa

_QUICK = "-c fsync=off -c full_page_writes=off -c shared_buffers=32MB"


class Cluster:
    """A PostgreSQL server of its own: made in a folder, started and stopped as a test likes.

    What was committed outlives `stop("immediate")`, save with `forgets`, which is quicker.
    """

    def __init__(self, folder: Path, *, forgets: bool = False) -> None:
        programs = _programs()
        assert programs is not None, "see `skip_without_postgresql`"
        self.programs, self.folder, self.data, self.port = programs, folder, folder / "data", 0
        self.options = _QUICK + (" -c synchronous_commit=off" if forgets else "")
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        words = ("-D", self.data, "-A", "trust", "-U", "offnadir", "--no-sync", "-E", "UTF8")
        _run(programs / "initdb", *words)

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"postgresql://offnadir@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, at the port it had; at first another process may take the free one, so that is tried."""
        for left in (2, 1, 0):
            port = self.port or _free_port()
            where = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
            words = (
                "-D",
                self.data,
                "-w",
                "-l",
                self.folder / "log",
                "-o",
                f"{where} {self.options}",
            )
            try:
                _run(self.programs / "pg_ctl", *words, "start")
            except subprocess.CalledProcessError:
                if not left:
                    raise
            else:
                self.port = port
                return

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: immediate breaks everything off."""
        _run(self.programs / "pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")


@contextmanager
def cluster(*, forgets: bool = False) -> Iterator[Cluster]:
    """A server that runs, in a temporary folder, and is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="offnadir-postgresql-"))
    try:
        made = Cluster(folder, forgets=forgets)
        made.start()
        try:
            yield made
        finally:
            if (made.data / "postmaster.pid").exists():
                made.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def skip_without_postgresql() -> None:
    """Skip a test where PostgreSQL with PostGIS is not installed."""
    programs = _programs()
    if programs is None:
        pytest.skip(
            "PostgreSQL is not installed (./run test does it, or apt-get install postgresql)"
        )
    if not list(
        Path("/usr/share/postgresql").glob(f"{programs.parent.name}/extension/postgis.control")
    ):
        pytest.skip(
            "PostGIS is not installed (./run test does it, or apt-get install postgresql-postgis)"
        )


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """URL of an empty database with PostGIS at hand."""
    skip_without_postgresql()
    with cluster(forgets=True) as made:
        yield made.url


@pytest.fixture(scope="session")
def postgresql(postgresql_url: str) -> Iterator[Database]:
    """The database, with all tables of the project, for tests that leave it as empty as it was."""
    made = open_database(postgresql_url)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of either kind: a test that takes it is run on both."""
    if request.param == "sqlite":
        made = open_database(tmp_path / "test.sqlite")
        yield made
        made.close()
        return
    made = request.getfixturevalue("postgresql")
    yield made
    with made.begin() as connection:
        names = connection.execute(
            sa.text(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                "AND tablename NOT IN ('spatial_ref_sys', 'alembic_version', 'audit_head')"
            )
        ).scalars()
        # The audit log refuses to be emptied, save by who may switch its guards off.
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text("TRUNCATE " + ", ".join(names) + " CASCADE"))
        connection.execute(sa.text("UPDATE audit_head SET seq = 0, hash = repeat('0', 64)"))


def _programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    return found[-1].parent if found else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(*words: object) -> None:
    """Run a program as somebody who is not root, whom PostgreSQL refuses."""
    as_other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run(
        [*as_other, *map(str, words)],
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
