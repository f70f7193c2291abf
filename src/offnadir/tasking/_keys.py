"""API keys: what a program shows instead of a user's name; only a hash of each is kept."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.errors import InputError, MissingExtraError
from offnadir.tasking._people import (
    UnknownNameError,
    User,
    acting,
    find_user,
    read_user,
    seeing,
)
from offnadir.tasking._tables import API_KEYS, USERS

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk

#: What a key may be used for, whatever else the roles of its user allow.
SCOPES: Final = {
    "orders:read": "see orders, their states and what was delivered",
    "orders:write": "place, amend and cancel orders",
    "opportunities:read": "ask when a place can be imaged; see satellites, windows and plan",
    "archive:read": "search the archive and download pictures",
    "decisions:write": "decide what screening and restrictions hold",
    "people:admin": "customers, users and keys",
    "audit:read": "read the audit log",
}
_TEXT: Final = re.compile(r"ofn_([0-9a-z]{12})_([0-9A-Za-z_-]{43})")
_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_LONGEST_LABEL: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is listed: its text was told once, when it was made."""

    id: str
    user: str
    label: str
    scopes: tuple[str, ...]
    made: Epoch
    ends: Epoch | None = None
    revoked: Epoch | None = None

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "id": self.id,
            "user": self.user,
            "label": self.label,
            "scopes": list(self.scopes),
            "made": self.made.utc(3),
            "ends": None if self.ends is None else self.ends.utc(3),
            "revoked": None if self.revoked is None else self.revoked.utc(3),
        }


def add_key(
    desk: Desk, user: str, *, by: str, scopes: Iterable[str], label: str, ends: Epoch | None
) -> tuple[ApiKey, str]:
    """A new key of a user, and its text, which nobody can read again."""
    wanted = tuple(scopes)
    _check(wanted, label)
    name, secret = "".join(secrets.choice(_DIGITS) for _ in range(12)), secrets.token_urlsafe(32)
    hashed = _hasher().hash(secret)
    with acting(desk, by, "key.add", user) as (connection, _):
        if find_user(connection, user) is None:
            raise UnknownNameError(f"there is no user {user}")
        now = desk.clock()
        if ends is not None and ends <= now:
            raise InputError("ends", ends.utc(0), f"later than now, {now.utc(0)}")
        key = ApiKey(id=name, user=user, label=label, scopes=wanted, made=now, ends=ends)
        connection.execute(
            API_KEYS.insert(),
            {
                "id": name,
                "user": user,
                "label": label,
                "hash": hashed,
                "scopes": " ".join(wanted),
                "made_tai_ns": now.tai_ns,
                "ends_tai_ns": None if ends is None else ends.tai_ns,
                "revoked_tai_ns": None,
            },
        )
        body = {
            "user": user,
            "label": label,
            "scopes": list(wanted),
            "ends": None if ends is None else ends.utc(9),
        }
        desk.audit.append(connection, at=now, by=by, action="key.add", subject=name, body=body)
    return key, f"ofn_{name}_{secret}"


def _check(scopes: Sequence[str], label: str) -> None:
    for scope in scopes:
        if scope not in SCOPES:
            raise InputError("scope", scope, " or ".join(SCOPES))
    if not scopes:
        raise InputError("scopes", list(scopes), "one or several of " + ", ".join(SCOPES))
    if len(label) > _LONGEST_LABEL or not (label == "" or label.isprintable()):
        raise InputError("label", label, f"at most {_LONGEST_LABEL} printable characters")


def revoke_key(desk: Desk, key: str, *, by: str) -> ApiKey:
    """From now on the key opens nothing; a second time changes nothing."""
    with acting(desk, by, "key.revoke", key) as (connection, _):
        row = connection.execute(sa.select(API_KEYS).where(API_KEYS.c.id == key)).one_or_none()
        if row is None:
            raise UnknownNameError(f"there is no key {key}")
        if row.revoked_tai_ns is None:
            now = desk.clock()
            connection.execute(
                API_KEYS.update().where(API_KEYS.c.id == key).values(revoked_tai_ns=now.tai_ns)
            )
            desk.audit.append(
                connection, at=now, by=by, action="key.revoke", subject=key, body={"user": row.user}
            )
            row = connection.execute(sa.select(API_KEYS).where(API_KEYS.c.id == key)).one()
        return _read(row)


def list_keys(desk: Desk, *, by: str) -> list[ApiKey]:
    """All keys, the oldest first."""
    with seeing(desk, by, "key.list") as (connection, _):
        rows = connection.execute(sa.select(API_KEYS).order_by(API_KEYS.c.made_tai_ns))
        return [_read(row) for row in rows]


def open_key(desk: Desk, text: str) -> tuple[ApiKey, User] | None:
    """The key of a text and its user; None if it opens nothing. Takes some 30 ms, by design."""
    found = _TEXT.fullmatch(text)
    row = None if found is None else _row_of(desk, found[1])
    if found is None or row is None or not _matches(row.hash, found[2]):
        return None
    return _opened(desk, row)


def find_key(desk: Desk, key: str) -> tuple[ApiKey, User] | None:
    """The key of an id and its user, if it opens something now: for one who knows its text already."""
    row = _row_of(desk, key)
    return None if row is None else _opened(desk, row)


_WITH_USER: Final = (
    sa.select(*API_KEYS.c, USERS.c.name, USERS.c.roles, USERS.c.customer_id)
    .join(USERS, USERS.c.name == API_KEYS.c.user)
    .where(API_KEYS.c.id == sa.bindparam("key"))
)


def _row_of(desk: Desk, key: str) -> Any | None:
    rows = desk.database.ask(_WITH_USER, {"key": key})
    return rows[0] if rows else None


def _opened(desk: Desk, row: Any) -> tuple[ApiKey, User] | None:
    key = _read(row)
    is_over = key.ends is not None and key.ends <= desk.clock()
    return None if key.revoked is not None or is_over else (key, read_user(row))


@cache
def _hasher() -> Any:
    try:
        import argon2
    except ImportError as error:
        raise MissingExtraError("API keys", "service") from error
    # The least that OWASP's Password Storage Cheat Sheet asks of Argon2id: 19 MiB, two passes. A key has 256
    # bits of chance of its own.
    return argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def _matches(hashed: str, secret: str) -> bool:
    import argon2

    try:
        return bool(_hasher().verify(hashed, secret))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _read(row: Any) -> ApiKey:
    return ApiKey(
        id=row.id,
        user=row.user,
        label=row.label,
        scopes=tuple(row.scopes.split()),
        made=Epoch(row.made_tai_ns),
        ends=None if row.ends_tai_ns is None else Epoch(row.ends_tai_ns),
        revoked=None if row.revoked_tai_ns is None else Epoch(row.revoked_tai_ns),
    )
