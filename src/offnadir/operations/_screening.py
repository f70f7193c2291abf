"""Lists of sanctioned persons as the loop minds them: a newer one screens everybody anew."""

from __future__ import annotations

from dataclasses import replace

from offnadir.epoch import Epoch
from offnadir.errors import OffnadirError
from offnadir.operations._context import Context
from offnadir.operations._facts import fact, tell
from offnadir.tasking import Screener, read_list

_KEY = "screened_with"


def screen_again(here: Context, now: Epoch) -> bool:
    """Screen everybody with lists that are newer than the last, and let go on what was cleared since.

    A list that cannot be read is said once, and the one before stays in force. Broken off, it goes on where
    it was: whoever was screened is marked so.
    """
    _read_again(here, now)
    with here.database.read() as connection:
        done = fact(connection, _KEY)
    if done == here.desk.screened_with:
        here.book.follow(here.desk)
        if here.book.has_seen(_KEY):  # holds and what clears them stand in the log, too
            return False
        if here.desk.settle() > 0:
            return True
        here.book.note_seen(_KEY)
        return False
    found = here.desk.rescreen(by=here.operation.user)
    with here.begin() as connection:
        tell(connection, _KEY, here.desk.screened_with)
    if found.customers or found.orders:
        here.say(
            now,
            f"screened anew: {found.customers} customers, {found.orders} orders; {found.held} held, "
            f"{found.cleared} go on",
        )
    return True


def _read_again(here: Context, now: Epoch) -> None:
    """New contents of the files, if they have changed since they were read."""
    seen = stamps(here)
    if seen == here.list_stamps:
        return
    here.list_stamps = seen
    try:
        screener = Screener([read_list(one) for one in here.operation.lists])
    except OffnadirError as error:
        here.say(now, f"lists: {error}; those before stay in force")
        return
    here.desk = replace(here.desk, screener=screener)


def stamps(here: Context) -> tuple[tuple[int, int] | None, ...]:
    """By which a changed file is known: when it was written, and how long it is."""
    found: list[tuple[int, int] | None] = []
    for path in here.operation.lists:
        try:
            status = path.stat()
        except OSError:
            found.append(None)
        else:
            found.append((status.st_mtime_ns, status.st_size))
    return tuple(found)
