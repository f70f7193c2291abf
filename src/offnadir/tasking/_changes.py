"""Orders that changed, for whoever carries them out and does not want to read all of them at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from offnadir._database import sa
from offnadir.tasking._ids import is_id
from offnadir.tasking._moves import Placed, read_placed
from offnadir.tasking._tables import AUDIT_HEAD, AUDIT_LOG, ORDERS
from offnadir.tasking.states import FINAL, State

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk

_OPEN: Final = tuple(one.value for one in State if one not in FINAL)
#: After more entries than these of the log all open orders are read: that is quicker.
_MOST_ENTRIES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What became of orders until entry `seq` of the audit log, in which every change of them stands.

    `orders` are the open ones of those that changed, as they stand, and `over` the ids of the rest; if
    `is_all`, `orders` are all that are open.
    """

    seq: int
    orders: tuple[Placed, ...]
    over: frozenset[str]
    is_all: bool


def read_changes(desk: Desk, since: int | None) -> Changes:
    """What changed after entry `since` of the audit log; all, for None or a number that the log has not."""
    with desk.database.read() as connection:
        seq = int(connection.execute(sa.select(AUDIT_HEAD.c.seq)).scalar_one())
        query = sa.select(ORDERS).where(ORDERS.c.state.in_(_OPEN)).order_by(ORDERS.c.id)
        if since is None or not 0 <= seq - since <= _MOST_ENTRIES:
            found = tuple(read_placed(row) for row in connection.execute(query))
            return Changes(seq=seq, orders=found, over=frozenset(), is_all=True)
        if since == seq:
            return Changes(seq=seq, orders=(), over=frozenset(), is_all=False)
        subjects = connection.execute(
            sa.select(AUDIT_LOG.c.subject).where(AUDIT_LOG.c.seq > since).distinct()
        ).scalars()
        names = sorted(one for one in subjects if is_id("o", one))
        # A few ids by the primary key, and their states here: by the index of states it would be a search.
        some = sa.select(ORDERS).where(ORDERS.c.id.in_(names)).order_by(ORDERS.c.id)
        placed = tuple(read_placed(row) for row in connection.execute(some)) if names else ()
    orders = tuple(one for one in placed if one.is_open)
    over = frozenset(names) - {one.id for one in orders}
    return Changes(seq=seq, orders=orders, over=over, is_all=False)
