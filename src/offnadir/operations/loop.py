"""The mission loop: step by step from orders to deliveries, and on to whatever is due next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from offnadir._database import DatabaseGoneError, sa
from offnadir.epoch import Epoch
from offnadir.errors import OffnadirError
from offnadir.operations._context import Context
from offnadir.operations._delivering import deliver
from offnadir.operations._downlinking import downlink
from offnadir.operations._expiring import expire
from offnadir.operations._from_archive import from_archive
from offnadir.operations._handing import next_handing
from offnadir.operations._making import make
from offnadir.operations._orders import PLANNED_STATES, open_orders
from offnadir.operations._pictures import LIVE, Stage, is_any, waiting_until
from offnadir.operations._planning import next_plan, plan
from offnadir.operations._refreshing import next_refresh, refresh
from offnadir.operations._screening import screen_again
from offnadir.operations._sweeping import sweep
from offnadir.operations._tables import MESSAGES
from offnadir.operations._telling import post_messages, write_messages
from offnadir.operations._uplinking import uplink
from offnadir.tasking._audit import turn

#: What is done, in this order; after each that found something to do it begins again from the top, so that
#: an uplink never waits for more than one picture that is made.
_STEPS: Final[tuple[Callable[[Context, Epoch], bool], ...]] = (
    screen_again, uplink, expire, refresh, from_archive, plan, downlink, make, deliver, write_messages,
    post_messages,
)  # fmt: skip
_WAITS_S: Final = (1.0, 2.0, 5.0, 10.0)
_DUE_STAGES: Final = (Stage.ABOARD, Stage.RECEIVED, Stage.MADE)


def run(
    here: Context,
    *,
    until: Epoch | None = None,
    stops: Callable[[], bool] | None = None,
    patience_s: float = 3600.0,
) -> None:
    """Run the loop until an instant of its clock, or for ever, or until `stops` says so.

    On a set clock it ends, too, when nothing is left to happen. Everything that is done stands in the
    database before the next thing begins: a loop that is killed goes on where it was. A database that is gone
    is waited for, `patience_s` of the real clock; LeaseError if another loop has taken over.
    """
    with _heartbeat(here):
        patience, swept = _Patience(patience_s), False
        while stops is None or not stops():
            try:
                if not swept:
                    here.clock.look()  # another may have run since this operation was opened
                    here.book.forget()
                    sweep(here)
                    swept = True
                if not _once(here, until):
                    return
                patience = _Patience(patience_s)
            except DatabaseGoneError as error:
                patience.wait(here, error)


class _Patience:
    """Waits for a database that is gone, a little longer each time, for `lasts_s` in all."""

    def __init__(self, lasts_s: float) -> None:
        self.lasts_s, self.tries, self.paused_s, self.begun_s = lasts_s, 0, 0.0, time.monotonic()

    def wait(self, here: Context, error: DatabaseGoneError) -> None:
        """Wait once more, or raise the error."""
        if self.tries == 0:
            self.begun_s = time.monotonic()
        if max(time.monotonic() - self.begun_s, self.paused_s) > self.lasts_s:
            raise error
        wait_s = _WAITS_S[min(self.tries, len(_WAITS_S) - 1)]
        try:
            at = here.clock.now()
        except DatabaseGoneError:  # it keeps a set clock, too
            at = here.operation.clock_start or Epoch.from_utc_ns(time.time_ns())
        here.say(at, f"{error}; trying again in {wait_s:.0f} s")
        here.pause(wait_s)
        self.tries, self.paused_s = self.tries + 1, self.paused_s + wait_s


def _once(here: Context, until: Epoch | None) -> bool:
    """Do one thing that is due, or wait for the next; False when nothing is left to do."""
    now = here.clock.now()
    if until is not None and now >= until:
        return False
    for step in _STEPS:
        if step(here, now):
            return True
    due = next_due(here, now)
    if here.clock.is_real:
        here.clock.wait(min(one for one in (due, until, now + 3600.0) if one is not None))
        return True
    if due is None or (until is not None and due > until):
        if until is None:
            return False
        here.clock.wait(until)
        return here.clock.now() < until
    here.clock.wait(max(due, now))
    return True


def next_due(here: Context, now: Epoch) -> Epoch | None:
    """The next instant after now at which there may be something to do; None if nothing is left."""
    found: list[Epoch] = []
    with here.database.read() as connection:
        found += waiting_until(connection, _DUE_STAGES)
        found += next_handing(here, connection)
        first = connection.execute(
            sa.select(sa.func.min(MESSAGES.c.due_tai_ns)).where(MESSAGES.c.state == "due")
        ).scalar()
        found += [] if first is None else [Epoch(first)]
        planned, newer = next_plan(here, connection), next_refresh(here, connection)
        busy = is_any(connection, LIVE)
    orders = open_orders(here, PLANNED_STATES)
    end = here.book.next_end(now, PLANNED_STATES)
    found += [one for one in (end, planned) if one is not None]
    if newer is not None and (busy or orders):
        found.append(newer)
    return min((one for one in found if one > now), default=None)


@contextmanager
def _heartbeat(here: Context) -> Iterator[None]:
    """The lease is renewed while long work goes on."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(here.lease.lasts_s / 4):
            try:
                with turn(here.database) as connection:
                    here.lease.hold(connection)
            except OffnadirError:
                continue  # the loop itself finds out, at its next transaction

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
