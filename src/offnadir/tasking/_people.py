"""Users with their roles, and customers: who acts, and may they?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import sa
from offnadir.errors import InputError, OffnadirError
from offnadir.tasking._audit import turn
from offnadir.tasking._fields import Reader
from offnadir.tasking._ids import is_id, new_id
from offnadir.tasking._parties import Named, read_named
from offnadir.tasking._roles import MAY, ROLES
from offnadir.tasking._tables import CUSTOMERS, USERS

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk

#: By whom the checks themselves act; no user has this name.
CHECKS_NAME: Final = "offnadir"
#: Statements that are asked all day are built once: to build one takes as long as to have it answered.
USER_OF_NAME: Final = sa.select(USERS).where(USERS.c.name == sa.bindparam("name"))
_CUSTOMER_OF_ID: Final = sa.select(CUSTOMERS).where(CUSTOMERS.c.id == sa.bindparam("name"))
_CUSTOMER_OF_NAME: Final = sa.select(CUSTOMERS).where(CUSTOMERS.c.name == sa.bindparam("name"))


class RefusedError(OffnadirError):
    """Somebody may not do what he asked for; the refusal stands in the audit log."""

    def __init__(self, by: str, action: str, subject: str, why: str, told: str = "") -> None:
        self.by, self.action, self.subject, self.why = by, action, subject, why
        super().__init__(told or f"{by} may not do {action}: {why}")


class UnknownNameError(OffnadirError):
    """No order, customer, hold or user of that name, or none that this user may know of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who acts. `customer_id` is the customer for whom he places orders, if any."""

    name: str
    roles: tuple[str, ...]
    customer_id: str | None = None

    @property
    def sees_all(self) -> bool:
        """Whether he sees the orders of every customer."""
        return any(role != "customer" for role in self.roles)

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {"name": self.name, "roles": list(self.roles), "customer": self.customer_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who orders and pays: `named` is what screening looks at. Quotas are for a calendar month in UTC."""

    id: str
    named: Named
    added_by: str
    quota_pictures: int | None = None
    quota_area_m2: int | None = None

    def document(self) -> dict[str, Any]:
        """For JSON."""
        quota_km2 = None if self.quota_area_m2 is None else self.quota_area_m2 / 1e6
        return {
            "id": self.id,
            **self.named.document(),
            "quota_pictures": self.quota_pictures,
            "quota_km2": quota_km2,
        }


@contextmanager
def acting(
    desk: Desk, by: str, action: str, subject: str = "", *, within: sa.Connection | None = None
) -> Iterator[tuple[sa.Connection, User]]:
    """One transaction in which a user does something that his roles allow; refusals are put on record.

    `within` is a transaction of `Desk.begin`, which then looks after that.
    """
    if within is not None:
        yield within, allowed(within, by, action, subject)
        return
    with recording_refusals(desk), turn(desk.database) as connection:
        yield connection, allowed(connection, by, action, subject)


@contextmanager
def seeing(
    desk: Desk, by: str, action: str, subject: str = ""
) -> Iterator[tuple[sa.Connection, User]]:
    """The same for what only reads."""
    with recording_refusals(desk), desk.database.read() as connection:
        yield connection, allowed(connection, by, action, subject)


@contextmanager
def recording_refusals(desk: Desk) -> Iterator[None]:
    """Write a refusal to the audit log, after the transaction that it ended."""
    try:
        yield
    except RefusedError as error:
        with turn(desk.database) as connection:
            desk.audit.append(
                connection,
                at=desk.clock(),
                by=error.by,
                action="refused",
                subject=error.subject,
                body={"action": error.action, "why": error.why},
            )
        raise


def allowed(connection: sa.Connection, by: str, action: str, subject: str = "") -> User:
    """The user, if one of his roles may do this."""
    return may(find_user(connection, by), by, action, subject)


def may(user: User | None, by: str, action: str, subject: str = "") -> User:
    """The user, if he is one and one of his roles may do this."""
    if user is None:
        raise RefusedError(by, action, subject, "no user of this database has that name")
    if not set(user.roles) & set(MAY[action]):
        why = f"that takes the role {' or '.join(MAY[action])}, and {by} is {', '.join(user.roles)}"
        raise RefusedError(by, action, subject, why)
    return user


def find_user(connection: sa.Connection, name: str) -> User | None:
    """The user of that name."""
    row = connection.execute(USER_OF_NAME, {"name": name}).one_or_none()
    return None if row is None else read_user(row)


def read_user(row: Any) -> User:
    """A user of a row of its table."""
    return User(name=row.name, roles=tuple(row.roles.split(",")), customer_id=row.customer_id)


def settle_first_user(desk: Desk, name: str) -> bool:
    """Make `name` the administrator of a database that has no users yet; whether that was so."""
    with desk.database.read() as connection:
        if connection.execute(sa.select(USERS.c.name).limit(1)).first() is not None:
            return False
    checked_user_name(name)
    with turn(desk.database) as connection:
        if connection.execute(sa.select(USERS.c.name).limit(1)).first() is not None:
            return False  # somebody else was first meanwhile
        _insert_user(desk, connection, User(name=name, roles=("administrator",)), by=name)
    return True


def add_user(desk: Desk, name: str, roles: Sequence[str], *, customer: str | None, by: str) -> User:
    """Add a user, or give one other roles."""
    with acting(desk, by, "user.add", name) as (connection, _):
        reader = Reader()
        if name != by or find_user(connection, name) is None:
            try:
                checked_user_name(name)
            except InputError as error:
                reader.note(error)
        known = [role for role in ROLES if role in roles]
        for role in set(roles) - set(ROLES):
            reader.wrong("role", role, " or ".join(ROLES))
        if not roles:
            reader.wrong("role", list(roles), "one or several of " + ", ".join(ROLES))
        customer_id = None
        if customer is not None:
            customer_id = find_customer(connection, customer).id
        elif "customer" in roles:
            reader.wrong("customer", customer, "given for a user with the role customer")
        before = find_user(connection, name)
        lost = (
            before is not None and "administrator" in before.roles and "administrator" not in roles
        )
        if lost and not _others_administer(connection, name):
            reader.wrong("role", list(roles), "administrator too: nobody else is")
        reader.finish()
        user = User(name=name, roles=tuple(known), customer_id=customer_id)
        if before == user:
            return user
        _insert_user(desk, connection, user, by=by, again=before is not None)
        return user


def list_users(desk: Desk, *, by: str) -> list[User]:
    """All users by name."""
    with seeing(desk, by, "user.list") as (connection, _):
        return [
            read_user(row) for row in connection.execute(sa.select(USERS).order_by(USERS.c.name))
        ]


def has_role(connection: sa.Connection, name: str, role: str) -> bool:
    """Whether there is a user of that name with that role."""
    roles = connection.execute(sa.select(USERS.c.roles).where(USERS.c.name == name)).scalar()
    return roles is not None and role in roles.split(",")


def _others_administer(connection: sa.Connection, name: str) -> bool:
    rows = connection.execute(sa.select(USERS.c.name, USERS.c.roles))
    return any(row.name != name and "administrator" in row.roles.split(",") for row in rows)


def _insert_user(
    desk: Desk, connection: sa.Connection, user: User, *, by: str, again: bool = False
) -> None:
    at = desk.clock()
    values = {"roles": ",".join(user.roles), "customer_id": user.customer_id}
    if again:
        connection.execute(USERS.update().where(USERS.c.name == user.name).values(**values))
    else:
        connection.execute(
            USERS.insert(), {"name": user.name, "created_tai_ns": at.tai_ns, **values}
        )
    body = {"roles": list(user.roles), "customer": user.customer_id}
    action = "user.change" if again else "user.add"
    desk.audit.append(connection, at=at, by=by, action=action, subject=user.name, body=body)


def checked_user_name(name: str) -> str:
    """The name if a user may have it."""
    if not name or len(name) > 100 or not name.isprintable() or name != name.strip():
        raise InputError("user", name, "a name of 1 to 100 characters without blanks around it")
    if name.casefold() == CHECKS_NAME:
        raise InputError("user", name, f"another name: {CHECKS_NAME} is what the checks act as")
    return name


def add_customer(
    desk: Desk,
    document: object,
    *,
    quota_pictures: int | None,
    quota_km2: float | None,
    by: str,
) -> Customer:
    """Add a customer and screen it; a hit is held until a releaser decides."""
    from offnadir.tasking._holds import sync_customer_holds

    reader = Reader()
    named = read_named(document, "", reader)
    reader.whole({"quota_pictures": quota_pictures}, "quota_pictures", "", 0, 10**9)
    reader.number({"quota_km2": quota_km2}, "quota_km2", "", 0, 1e12, "km2")
    reader.finish()
    assert named is not None
    screening = desk.screen([("customer", named)])
    with acting(desk, by, "customer.add", named.name) as (connection, _):
        taken = sa.select(CUSTOMERS.c.id).where(CUSTOMERS.c.name == named.name)
        if connection.execute(taken).first() is not None:
            raise InputError("name", named.name, "a name that no customer has yet")
        at = desk.clock()
        last = connection.execute(sa.select(sa.func.max(CUSTOMERS.c.id))).scalar()
        customer = Customer(
            id=new_id("c", at.utc_ns // 1_000_000, last),
            named=named,
            added_by=by,
            quota_pictures=quota_pictures,
            quota_area_m2=None if quota_km2 is None else round(quota_km2 * 1e6),
        )
        connection.execute(
            CUSTOMERS.insert(),
            {
                "id": customer.id,
                "name": named.name,
                "added_by": by,
                "created_tai_ns": at.tai_ns,
                "document": json.dumps(named.document(), ensure_ascii=True),
                "quota_pictures": quota_pictures,
                "quota_area_m2": customer.quota_area_m2,
                "screened_with": desk.screened_with,
            },
        )
        hits = sync_customer_holds(desk, connection, customer, screening, at)
        body = {
            "quota_pictures": quota_pictures,
            "quota_area_m2": customer.quota_area_m2,
            "possible_matches": hits,
        }
        desk.audit.append(
            connection, at=at, by=by, action="customer.add", subject=customer.id, body=body
        )
    return customer


def find_customer(connection: sa.Connection, name: str) -> Customer:
    """The customer of that id or name."""
    asked = _CUSTOMER_OF_ID if is_id("c", name) else _CUSTOMER_OF_NAME
    row = connection.execute(asked, {"name": name}).one_or_none()
    if row is None:
        raise UnknownNameError(f"there is no customer {name}")
    return read_customer(row)


def read_customer(row: Any) -> Customer:
    """A customer of a row of its table."""
    return made_customer(row.id, row.document, row.added_by, row.quota_pictures, row.quota_area_m2)


def made_customer(
    name: str, document: str, added_by: str, quota_pictures: int | None, quota_area_m2: int | None
) -> Customer:
    """A customer of what stands in its row."""
    return Customer(
        id=name,
        named=_named(document),
        added_by=added_by,
        quota_pictures=quota_pictures,
        quota_area_m2=quota_area_m2,
    )


@lru_cache(4096)
def _named(document: str) -> Named:
    named = read_named(json.loads(document), "customer", Reader())
    assert named is not None
    return named


def list_customers(
    desk: Desk, *, by: str, limit: int = 1000, after: str | None = None
) -> list[Customer]:
    """Customers in the order in which they came, after an id."""
    with seeing(desk, by, "customer.list") as (connection, _):
        query = sa.select(CUSTOMERS).order_by(CUSTOMERS.c.id).limit(limit)
        if after is not None:
            query = query.where(CUSTOMERS.c.id > after)
        return [read_customer(row) for row in connection.execute(query)]
