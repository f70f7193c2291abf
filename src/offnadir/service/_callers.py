"""Who calls: an API key or a token of the organisation, shown as `Authorization: Bearer ...`."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Protocol

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes

from offnadir.service._problems import CHALLENGE, ProblemError
from offnadir.service._service import Service
from offnadir.tasking._people import User

_MOST_KNOWN: Final = 20_000
#: What was shown by whom a signed link lets in.
LINK: Final = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user, and what the key or token that he showed may be used for."""

    user: User
    scopes: frozenset[str]
    shown: str

    @property
    def name(self) -> str:
        """The user's name, as the desk knows him."""
        return self.user.name

    @property
    def reader(self) -> str | None:
        """The customer whose eyes he has; None if he sees everything, "" if nothing."""
        return None if self.user.sees_all else self.user.customer_id or ""


class Opens(Protocol):
    """Opens tokens of somebody else's."""

    def open(self, shown: str) -> Caller | None:
        """The caller, if it opens anything."""
        ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was shown by whom, believed until `ends`, of a monotonic clock; `key` is an API key's id."""

    ends: float
    caller: Caller
    key: str | None


class Callers:
    """Finds out who calls.

    What opened once is believed for a while. Then a key is looked up anew, but not hashed again, which is
    dear by design: a process remembers of each that it hashed a keyed digest, whose key ends with it.
    """

    def __init__(self, service: Service, tokens: Opens | None = None) -> None:
        self._service = service
        self._tokens = tokens
        self._salt = secrets.token_bytes(32)
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()
        self._lock = threading.Lock()
        self._forgot = 0

    def find(self, shown: str) -> Caller | None:
        """The caller who shows this; None if it opens nothing."""
        mark = self._mark(shown)
        with self._lock:
            seen, forgot = self._seen.get(mark), self._forgot
        if seen is not None and time.monotonic() < seen.ends:
            return seen.caller
        found = self._open(shown, None if seen is None else seen.key)
        with self._lock:
            if found is None:
                self._seen.pop(mark, None)
                return None
            caller, key = found
            ends = time.monotonic() + self._service.settings.key_cache_s
            # What was opened before a key was revoked, maybe this one, is not believed a second time.
            self._seen[mark] = _Seen(ends if forgot == self._forgot else 0.0, caller, key)
            self._seen.move_to_end(mark)
            while len(self._seen) > _MOST_KNOWN:
                self._seen.popitem(last=False)
        return caller

    def has_seen(self, shown: str) -> bool:
        """Whether this opened something before, be it long ago."""
        with self._lock:
            return self._mark(shown) in self._seen

    def known(self, shown: str) -> Caller | None:
        """The caller who showed this a moment ago, if he did: found at once, without the database."""
        with self._lock:
            seen = self._seen.get(self._mark(shown))
        return seen.caller if seen is not None and time.monotonic() < seen.ends else None

    def _mark(self, shown: str) -> bytes:
        return hmac.digest(self._salt, shown.encode(), hashlib.sha256)

    def forget(self) -> None:
        """Look at every key and token anew: a key was revoked, or a user's roles changed."""
        with self._lock:
            self._forgot += 1
            for mark, seen in self._seen.items():
                self._seen[mark] = replace(seen, ends=0.0)

    def _open(self, shown: str, key: str | None) -> tuple[Caller, str | None] | None:
        if not shown.startswith("ofn_") and self._tokens is not None:
            caller = self._tokens.open(shown)
            return None if caller is None else (caller, None)
        desk = self._service.desk
        found = desk.open_key(shown) if key is None else desk.find_key(key)
        if found is None:
            return None
        opened, user = found
        scopes = frozenset(opened.scopes)
        return Caller(user=user, scopes=scopes, shown=f"key {opened.id}"), opened.id


async def service_of(request: Request) -> Service:  # async: else it would be called in a thread
    """The service of this process."""
    found: Service = request.app.state.service
    return found


BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An API key (`offnadir key add`), or a token of the organisation's OpenID Connect provider.",
)


def find_caller(
    request: Request, shown: HTTPAuthorizationCredentials | None, *scopes: str
) -> Caller:
    """Who calls, if what he shows has these scopes; ProblemError if not."""
    caller = None
    if shown is not None:
        service: Service = request.app.state.service
        service.here.clock.look()  # a set clock is the loop's, which sets it in another process
        callers: Callers = request.app.state.callers
        caller = callers.find(shown.credentials)
    return admitted(request, caller, None if shown is None else shown.credentials, scopes)


def admitted(
    request: Request, caller: Caller | None, shown: str | None, scopes: Sequence[str]
) -> Caller:
    """The caller who was found by what is shown, if it has these scopes; ProblemError if not."""
    if caller is None:
        words = "show a valid key: Authorization: Bearer ofn_..."
        if shown is not None:
            words = "the key or token that was shown opens nothing: unknown, over or revoked"
        raise ProblemError(401, "who-are-you", words, headers=CHALLENGE)
    request.scope["offnadir.caller"] = caller
    missing = [scope for scope in scopes if scope not in caller.scopes]
    if missing:
        scope = " ".join(missing)
        challenge = f'Bearer realm="offnadir", error="insufficient_scope", scope="{scope}"'
        raise ProblemError(
            403,
            "scope",
            f"this key lacks the scope {scope}",
            headers={"WWW-Authenticate": challenge},
        )
    return caller


async def _caller(
    request: Request,
    wanted: SecurityScopes,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
) -> Caller:
    """Most are known, and found without a thread: to hand work over costs as much as half of it."""
    if shown is not None and request.app.state.service.here.clock.is_real:
        callers: Callers = request.app.state.callers
        known = callers.known(shown.credentials)
        if known is not None:
            return admitted(request, known, shown.credentials, wanted.scopes)
    return await run_in_threadpool(find_caller, request, shown, *wanted.scopes)


def caller_with(*scopes: str) -> Any:
    """What a route's parameter is annotated with: a caller whose key has these scopes."""
    return Security(_caller, scopes=list(scopes))


Here = Annotated[Service, Depends(service_of)]
ReadsOrders = Annotated[Caller, caller_with("orders:read")]
WritesOrders = Annotated[Caller, caller_with("orders:write")]
ReadsArchive = Annotated[Caller, caller_with("archive:read")]
ReadsOpportunities = Annotated[Caller, caller_with("opportunities:read")]
Decides = Annotated[Caller, caller_with("decisions:write")]
AdministersPeople = Annotated[Caller, caller_with("people:admin")]
ReadsAudit = Annotated[Caller, caller_with("audit:read")]
AnyCaller = Annotated[Caller, caller_with()]
