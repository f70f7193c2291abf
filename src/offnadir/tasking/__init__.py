"""Tasking: customers, orders and their states, what they must pass, and the audit log."""

from offnadir.tasking._audit import AuditLog
from offnadir.tasking._audit_verify import verify
from offnadir.tasking._desk import Desk
from offnadir.tasking._order import Order
from offnadir.tasking._order_read import read_order, read_order_file
from offnadir.tasking._people import RefusedError
from offnadir.tasking._release import Product
from offnadir.tasking.states import State, StepError

__all__ = [
    "AuditLog",
    "Desk",
    "Order",
    "Product",
    "RefusedError",
    "State",
    "StepError",
    "read_order",
    "read_order_file",
    "verify",
]
