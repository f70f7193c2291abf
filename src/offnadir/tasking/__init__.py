"""Tasking: customers, orders and their states; screening; restrictions; the audit log."""

from offnadir.tasking._audit import AuditLog
from offnadir.tasking._desk import Desk
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
from offnadir.tasking.screening import Hit, Party, Screener, Screening
from offnadir.tasking.screening_list import SanctionsList, read_list
from offnadir.tasking.states import State

__all__ = [
    "AuditLog",
    "Desk",
    "GroundSegment",
    "Hit",
    "Order",
    "Pack",
    "Party",
    "Product",
    "Question",
    "RefusedError",
    "SanctionsList",
    "Screener",
    "Screening",
    "State",
    "Verdict",
    "judge",
    "public_pack",
    "read_list",
    "read_order",
    "read_order_file",
    "read_pack",
    "timeline",
]
