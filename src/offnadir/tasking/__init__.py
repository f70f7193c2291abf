"""Tasking: customers, orders and their states, screening, restrictions, and the audit log.

Its names are loaded when they are first asked for: whoever asks for a restriction needs no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from offnadir.tasking._audit import AuditLog
    from offnadir.tasking._audit_verify import verify
    from offnadir.tasking._desk import Desk
    from offnadir.tasking._moves import Placed
    from offnadir.tasking._order import Order
    from offnadir.tasking._order_read import read_order, read_order_file
    from offnadir.tasking._people import RefusedError
    from offnadir.tasking._release import Product
    from offnadir.tasking.policy import (
        GroundSegment,
        Pack,
        Question,
        Verdict,
        judge,
        public_pack,
        read_pack,
        timeline,
    )
    from offnadir.tasking.screening import Hit, Party, Screener, Screening, name_score
    from offnadir.tasking.screening_list import SanctionsList, read_list
    from offnadir.tasking.states import State, StepError

__all__ = [
    "AuditLog",
    "Desk",
    "GroundSegment",
    "Hit",
    "Order",
    "Pack",
    "Party",
    "Placed",
    "Product",
    "Question",
    "RefusedError",
    "SanctionsList",
    "Screener",
    "Screening",
    "State",
    "StepError",
    "Verdict",
    "judge",
    "name_score",
    "public_pack",
    "read_list",
    "read_order",
    "read_order_file",
    "read_pack",
    "timeline",
    "verify",
]

_HOMES: Final = {
    "_audit": ("AuditLog",),
    "_audit_verify": ("verify",),
    "_desk": ("Desk",),
    "_moves": ("Placed",),
    "_order": ("Order",),
    "_order_read": ("read_order", "read_order_file"),
    "_people": ("RefusedError",),
    "_release": ("Product",),
    "policy": (
        "GroundSegment", "Pack", "Question", "Verdict", "judge", "public_pack", "read_pack", "timeline",
    ),
    "screening": ("Hit", "Party", "Screener", "Screening", "name_score"),
    "screening_list": ("SanctionsList", "read_list"),
    "states": ("State", "StepError"),
}  # fmt: skip
_HOME: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
