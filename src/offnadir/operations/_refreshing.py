"""Newer element sets, asked for now and then; plans follow them."""

from __future__ import annotations

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.errors import OffnadirError
from offnadir.operations._context import Context, want_plan
from offnadir.operations._facts import instant, tell
from offnadir.orbits.store import open_store
from offnadir.orbits.update import make_queries, update_store

_KEY = "refreshed_at"


def refresh(here: Context, now: Epoch) -> bool:
    """Ask for newer element sets if it is time; whether it was."""
    source = here.operation.refresh
    if source is None:
        return False
    with here.database.read() as connection:
        last = instant(connection, _KEY)
    if last is not None and now.tai_ns < last + round(source.every_s * 1e9):
        return False
    trouble = ""
    try:
        with open_store(source.store, write=True) as store:
            queries = make_queries(source.source, groups=(source.group,))
            outcomes = update_store(store, queries)
        news = sum(one.new for one in outcomes)
        trouble = "; ".join(str(one.error) for one in outcomes if one.error is not None)
    except OffnadirError as error:
        news, trouble = 0, str(error)
    with here.begin() as connection:
        tell(connection, _KEY, now.tai_ns)
        if news:
            want_plan(connection, f"{news} newer element sets")
    here.say(now, f"element sets: {trouble or f'{news} newer'}")
    return True


def next_refresh(here: Context, connection: sa.Connection) -> Epoch | None:
    """When it is asked next."""
    last = instant(connection, _KEY)
    if here.operation.refresh is None or last is None:
        return None
    return Epoch(last + round(here.operation.refresh.every_s * 1e9))
