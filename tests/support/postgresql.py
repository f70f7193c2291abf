"""A PostgreSQL of the tests' own: a cluster in a temporary folder, on a free port, gone when they end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from offnadir._database import Database, open_database, sa

_QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB"


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """URL of an empty database with PostGIS at hand."""
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
    folder = Path(tempfile.mkdtemp(prefix="offnadir-postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        _run(
            programs / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "offnadir",
            "--no-sync",
            "-E",
            "UTF8",
        )
        port = _start(programs, data, folder)
        try:
            yield f"postgresql://offnadir@127.0.0.1:{port}/postgres"
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


def _start(programs: Path, data: Path, folder: Path) -> int:
    """Start the server; another process may take the free port first, so that is tried some times."""
    for left in (2, 1, 0):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' {_QUICK}"
        try:
            _run(
                programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"
            )
        except subprocess.CalledProcessError:
            if not left:
                raise
        else:
            return port
    raise AssertionError


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
