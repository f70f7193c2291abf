"""What the verbs about orders share: which database, who acts, which lists and packs."""

from __future__ import annotations

import getpass
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from offnadir.cli import _say
from offnadir.errors import FileError, InputError

if TYPE_CHECKING:
    from offnadir.tasking import Desk

Db = Annotated[
    str,
    typer.Option(
        "--db",
        metavar="FILE_OR_URL",
        envvar="OFFNADIR_DB",
        help="The database: a file, or postgresql://user@host/name.",
    ),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        envvar="OFFNADIR_USER",
        help="Who does this. [default: your name on this machine]",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Lists = Annotated[
    list[Path] | None,
    typer.Option(
        "--list",
        metavar="FILE",
        envvar="OFFNADIR_SANCTIONS",
        help="List of sanctioned persons in the UN's form, against which everybody is screened. Repeatable.",
    ),
]
Packs = Annotated[
    list[Path] | None,
    typer.Option(
        "--pack",
        metavar="FILE",
        envvar="OFFNADIR_PACKS",
        help="Pack of restrictions beside the public one. Repeatable.",
    ),
]
Operator = Annotated[
    Path | None,
    typer.Option(
        "--operator",
        metavar="FILE",
        envvar="OFFNADIR_OPERATOR",
        help="TOML with what restrictions ask of who takes the pictures: operator, operator_country, "
        "ground, licences, sensor, kind.",
    ),
]
OperationFile = Annotated[
    Path | None,
    typer.Option(
        "--operation",
        metavar="FILE",
        envvar="OFFNADIR_OPERATION",
        help="An operation file, whose database, clock, lists, packs and operator are used instead.",
    ),
]
DEFAULT_DB: Final = "offnadir.sqlite"


@contextmanager
def open_desk(
    db: str,
    user: str | None,
    *,
    lists: list[Path] | None = None,
    packs: list[Path] | None = None,
    operator: Path | None = None,
    operation: Path | None = None,
    checks: bool = False,
    is_there: bool = False,
) -> Iterator[tuple[Desk, str]]:
    """The desk and the name of who acts; `checks` says whether lists and packs are needed.

    Whoever comes first to a new database becomes its administrator, and is told. With `is_there` a file that
    is not there is trouble: who looks into a record shall not find a new one.
    """
    name = acting_name(user)
    if is_there and operation is None and "://" not in db and not Path(db).expanduser().exists():
        wish = "name a database with --db or OFFNADIR_DB, or its operation with --operation"
        raise FileError(db, f"there is no database here: {wish}")
    with _desk(db, lists, packs, operator, operation, checks=checks) as desk:
        if desk.first_user(name):
            _say.note(f"{name} is the first user of this database, and so its administrator.")
        yield desk, name


@contextmanager
def _desk(
    db: str, lists: list[Path] | None, packs: list[Path] | None, operator: Path | None,
    operation: Path | None, *, checks: bool,
) -> Iterator[Desk]:  # fmt: skip
    from offnadir._database import open_database
    from offnadir.tasking import Desk

    if operation is not None:
        from offnadir.operations import open_desk_of

        with open_desk_of(operation, checks=checks) as desk:
            yield desk
        return
    screener, rules, facts = _checks(lists, packs, operator) if checks else (None, (), {})
    database = open_database(db)
    try:
        yield Desk(database, screener, rules, operator=facts)
    finally:
        database.close()


def acting_name(user: str | None) -> str:
    if user is not None:
        return user
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:  # a container whose user has no name
        raise InputError("--as", None, "given: this machine does not know your name") from error


def _checks(
    lists: list[Path] | None, packs: list[Path] | None, operator: Path | None
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    from offnadir.tasking.policy import public_pack, read_pack
    from offnadir.tasking.screening import Screener
    from offnadir.tasking.screening_list import read_list

    facts = {} if operator is None else read_operator(operator)
    rules = (public_pack(), *(read_pack(one) for one in packs or ()))
    screener = Screener([read_list(one) for one in lists]) if lists else None
    return screener, rules, facts


def read_operator(path: Path) -> dict[str, Any]:
    """What restrictions ask of who takes the pictures; each value is checked when the question is put."""
    from offnadir.tasking._operator_facts import operator_facts

    try:
        facts = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError("--operator", path.name, "a TOML file", hint=str(error)) from error
    return operator_facts(facts, where=str(path))
