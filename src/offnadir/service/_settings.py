"""What the service is told: by the operation file's [service] table, and secrets by the environment."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import urllib.parse
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from offnadir.errors import FileError, InputError

if TYPE_CHECKING:
    from offnadir.tasking import Order

_KEYS: Final = (
    "url", "hosts", "requests_per_minute", "body_kib", "body_s", "origins", "public_archive",
    "links_last_s", "key_cache_s", "statement_s", "most_waiting", "docs", "oidc", "price",
)  # fmt: skip
_OIDC_KEYS: Final = ("issuer", "audience", "user_claim", "jwks_url")
_LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
_LEAST_SECRET: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """Whose tokens are believed: a token of `issuer` for `audience` names a user by `user_claim`."""

    issuer: str
    audience: str
    user_claim: str = "sub"
    jwks_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a picture costs: so much for each, and for each km2 of an area; more if it is urgent."""

    currency: str
    per_picture: float = 0.0
    per_km2: float = 0.0
    first_priority_factor: float = 1.0

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise InputError("service.price.currency", self.currency, "ISO 4217, such as KRW")
        for name in ("per_picture", "per_km2", "first_priority_factor"):
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not 0 <= value <= 1e9:
                raise InputError(f"service.price.{name}", value, "a number from 0 to 1e9")

    def of(self, order: Order) -> dict[str, Any]:
        """The price of an order."""
        one = self.per_picture + self.per_km2 * order.area_m2 / 1e6
        factor = self.first_priority_factor if order.priority == 1 else 1.0
        return {"currency": self.currency, "amount": round(one * order.count * factor, 2)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The service as its operator wants it; `secret` signs links to files, and is never shown.

    `url` is where the public sees the service (behind a proxy), `hosts` are other names that it answers to,
    `origins` the web pages that may call it. With `public_archive` every item of the archive may be found
    by everybody with a key; otherwise customers find what was delivered to them. No statement of the database
    lasts longer than `statement_s`; where `most_waiting` requests wait for their turn, the next are refused.
    """

    secret: bytes = field(repr=False)
    url: str | None = None
    hosts: tuple[str, ...] = ()
    requests_per_minute: float = 600.0
    body_kib: int = 1024
    body_s: float = 20.0
    origins: tuple[str, ...] = ()
    public_archive: bool = False
    links_last_s: float = 900.0
    key_cache_s: float = 30.0
    statement_s: float = 20.0
    most_waiting: int = 100
    docs: bool = True
    oidc: Oidc | None = None
    price: Price | None = None

    def __post_init__(self) -> None:
        if len(self.secret) < _LEAST_SECRET:
            raise InputError("OFFNADIR_SECRET", "***", f"at least {_LEAST_SECRET} bytes of chance")
        for name, low, high in (
            ("requests_per_minute", 1, 1e6), ("body_kib", 16, 102_400), ("body_s", 1, 600),
            ("links_last_s", 10, 7 * 86_400), ("key_cache_s", 0, 600),
            ("statement_s", 0.1, 3600), ("most_waiting", 1, 100_000),
        ):  # fmt: skip
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not low <= value <= high:
                raise InputError(name, value, f"from {low:g} to {high:g}")
        if self.url is not None:
            _check_url("url", self.url)

    @property
    def answers_to(self) -> tuple[str, ...]:
        """Names in the Host header that are answered."""
        own = () if self.url is None else (urllib.parse.urlsplit(self.url).hostname or "",)
        return (*_LOCAL_HOSTS, *own, *self.hosts)


def read_settings(table: Mapping[str, Any], *, folder: Path) -> Settings:
    """Settings of an operation file's [service] table; `folder` keeps a secret if none is given.

    The environment gives OFFNADIR_SECRET. Raises InputError for a key or value that is wrong.
    """
    for key in table:
        if key not in _KEYS:
            raise InputError(f"service.{key}", table[key], "one of " + ", ".join(_KEYS))
    values = dict(table)
    for key in ("hosts", "origins"):
        if key in values:
            values[key] = _texts(f"service.{key}", values[key])
    for key in ("public_archive", "docs"):
        if not isinstance(values.get(key, False), bool):
            raise InputError(f"service.{key}", values[key], "true or false")
    if "oidc" in values:
        values["oidc"] = _oidc(values["oidc"])
    if "price" in values:
        values["price"] = _price(values["price"])
    given = os.environ.get("OFFNADIR_SECRET")
    secret = given.encode() if given else _kept_secret(folder / "offnadir.secret")
    return Settings(secret=secret, **values)


def _kept_secret(path: Path) -> bytes:
    """The secret of a file that only its owner can read; made if it is not there."""
    try:
        if not path.exists():
            # Written elsewhere first: another process must not read half of it, nor make a second one.
            made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
            handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(handle, "w", encoding="ascii") as stream:
                    stream.write(secrets.token_hex(32))
                with suppress(FileExistsError):
                    os.link(made, path)
            finally:
                made.unlink()
        return path.read_bytes().strip()
    except OSError as error:
        raise FileError(path, f"cannot keep the secret: {error.strerror or error}") from error


def _texts(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(one, str) and one for one in value):
        return tuple(value)
    raise InputError(name, value, "a list of texts")


def _oidc(value: object) -> Oidc:
    if not isinstance(value, Mapping):
        raise InputError("service.oidc", value, "a table")
    for key, one in value.items():
        if key not in _OIDC_KEYS or not isinstance(one, str):
            raise InputError(f"service.oidc.{key}", one, "a text under " + ", ".join(_OIDC_KEYS))
    for key in ("issuer", "audience"):
        if key not in value:
            raise InputError(f"service.oidc.{key}", None, "given")
    _check_url("service.oidc.issuer", value["issuer"])
    return Oidc(**value)


def _price(value: object) -> Price:
    known = ("currency", "per_picture", "per_km2", "first_priority_factor")
    if not isinstance(value, Mapping) or set(value) - set(known) or "currency" not in value:
        raise InputError("service.price", value, "a table of currency, " + ", ".join(known[1:]))
    return Price(**value)


def _check_url(name: str, value: str) -> None:
    parts = urllib.parse.urlsplit(value)
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))
    if not safe or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise InputError(name, value, "https://host[/path] (http only for this machine)")
    if re.search(r"\s", value):
        raise InputError(name, value, "a URL without blanks")


def _is_here(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
