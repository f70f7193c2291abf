"""An operation brought to life from its file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from offnadir._database import Database, open_database
from offnadir.catalog import Archive
from offnadir.errors import InputError
from offnadir.operations._addresses import literal_refusal
from offnadir.operations._clock import Clock, RealClock, SetClock
from offnadir.operations._config import Operation, read_operation
from offnadir.operations._context import Brief, Context, Say
from offnadir.operations._faults import Faults
from offnadir.operations._lease import Lease
from offnadir.operations._screening import stamps
from offnadir.operations._spacecraft import Spacecraft, make_spacecraft
from offnadir.tasking import Desk, Screener, public_pack, read_list, read_pack


@contextmanager
def open_desk_of(path: str | Path, *, checks: bool = True) -> Iterator[Desk]:
    """The desk of an operation's file: database, clock, operator, and with `checks` lists and packs.

    For whoever places orders or looks at them beside the loop; without `checks` none may be placed.
    """
    operation = read_operation(path)
    database = open_database(operation.database)
    try:
        yield _desk(operation, database, _clock(operation, database, None), checks=checks)
    finally:
        database.close()


@contextmanager
def open_operation(
    path: str | Path,
    *,
    say: Say | None = None,
    brief: Brief | None = None,
    spacecraft: Spacecraft | None = None,
) -> Iterator[Context]:
    """The operation of a file, with its database, lists and packs read; the lease is not taken yet.

    Raises what reading those raises. Nobody can be screened without a list, and every order is then held.
    """
    operation = read_operation(path)
    database = open_database(operation.database)
    try:
        yield _context(operation, database, say, brief, spacecraft)
    finally:
        database.close()


def _context(
    operation: Operation, database: Database, say: Say | None, brief: Brief | None,
    spacecraft: Spacecraft | None,
) -> Context:  # fmt: skip
    lease = Lease(database)
    clock = _clock(operation, database, lease)
    desk = _desk(operation, database, clock, checks=True)
    context = Context(
        operation=operation,
        database=database,
        desk=desk,
        archive=Archive(database),
        clock=clock,
        spacecraft=spacecraft or make_spacecraft(operation.camera),
        lease=lease,
        faults=Faults(operation.faults),
        brief=brief,
    )
    context.list_stamps = stamps(context)
    if say is not None:
        context.say = say
    return context


def _desk(operation: Operation, database: Database, clock: Clock, *, checks: bool) -> Desk:
    lists = [read_list(one) for one in operation.lists] if checks else []
    packs = [public_pack(), *(read_pack(one) for one in operation.packs)] if checks else []
    screener = Screener(lists) if lists else None
    return Desk(
        database,
        screener,
        packs,
        clock=clock.now,
        operator=operation.operator,
        refuses_url=lambda url: literal_refusal(url, operation.webhooks.allow),
    )


def _clock(operation: Operation, database: Database, lease: Lease | None) -> Clock:
    if operation.clock_start is None:
        return RealClock()
    hold = None if lease is None else lease.hold
    return SetClock(database, operation.clock_start, operation.clock_speed, hold=hold)


def admit_loop(here: Context, by: str) -> None:
    """The loop's own user, a planner, added by an administrator if it is not there."""
    name = here.operation.user
    if here.desk.first_user(by):
        here.warn(f"{by} is the first user of this database, and so its administrator")
    if not here.desk.has_user(name, role="planner"):
        if name == by:
            raise InputError("user", name, "another name than that of the administrator")
        here.desk.add_user(name, ["planner"], by=by)
