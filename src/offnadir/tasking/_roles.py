"""Who may do what: one table."""

from __future__ import annotations

from typing import Final

ROLES: Final = ("customer", "planner", "releaser", "auditor", "administrator")

#: Action: the roles that may do it. A customer sees and changes only what belongs to his own firm.
MAY: Final[dict[str, tuple[str, ...]]] = {
    "user.add": ("administrator",),
    "user.list": ("administrator", "auditor"),
    "customer.add": ("administrator",),
    "customer.list": ("planner", "releaser", "auditor", "administrator"),
    "key.add": ("administrator",),
    "key.revoke": ("administrator",),
    "key.list": ("administrator", "auditor"),
    "order.place": ("customer", "planner", "administrator"),
    "order.see": ("customer", "planner", "releaser", "auditor", "administrator"),
    "order.amend": ("customer", "planner", "administrator"),
    "order.cancel": ("customer", "planner", "administrator"),
    "order.move": ("planner",),
    "order.release": ("planner",),
    "hold.see": ("releaser", "auditor"),
    "hold.decide": ("releaser",),
    "rescreen": ("releaser", "planner", "administrator"),
    "audit.see": ("auditor", "administrator"),
}
