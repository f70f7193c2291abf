"""Bringing the tables of a database up to date, by the steps in `versions`."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from offnadir.errors import FileError

_TURN = (
    6_386_233  # the advisory lock in PostgreSQL under which one process at a time changes tables
)


def bring_up_to_date(connection: sa.Connection, where: str) -> None:
    """Take the steps that this database has not seen, all or none, within the transaction of `connection`.

    FileError for a database of a newer offnadir.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_TURN)))
    config = Config()
    here = Path(__file__).parent
    config.set_main_option("script_location", str(here).replace("%", "%%"))
    config.set_main_option("version_locations", str(here / "versions").replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    steps = ScriptDirectory.from_config(config)
    head = steps.get_current_head()
    present = MigrationContext.configure(connection).get_current_revision()
    if present == head or head is None:
        return
    if present is not None and present not in {step.revision for step in steps.walk_revisions()}:
        raise FileError(
            where, f"was made by a newer offnadir (tables {present}); this one knows {head}"
        )

    config.attributes["connection"] = connection
    command.upgrade(config, "head")
