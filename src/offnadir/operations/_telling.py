"""Messages to customers: posted at least once, with an id by which a second one is known."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from offnadir import __version__
from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations._addresses import Network, Resolve, refusal, resolve_host
from offnadir.operations._context import Context
from offnadir.operations._coverage import coverage_of
from offnadir.operations._facts import fact, facts_under, tell
from offnadir.operations._tables import MESSAGES
from offnadir.units import day, minute

if TYPE_CHECKING:
    from offnadir.tasking import Placed

#: Key of the fact that there is something to tell of an order, with the pictures that were delivered.
_TO_TELL: Final = "to tell "
_TIMEOUT_S: Final = 10.0
_FIRST_S: Final = minute
_LONGEST_S: Final = day
_MOST_TRIES: Final = 12
_MOST_ADDRESSES: Final = 4
_ANSWERED: Final = " answered "
#: Hosts that are called at the same time, how long the loop waits for them, and messages that are looked at.
_MOST_HOSTS: Final = 16
_STEP_S: Final = 15.0
_MOST_DUE: Final = 500


def to_tell(connection: sa.Connection, placed: Placed, picture: str | None = None) -> None:
    """Something happened that the customer is told, if he gave a webhook: a delivery, or the order's end."""
    if not placed.order.delivery.get("webhook"):
        return
    key = _TO_TELL + placed.id
    pictures = json.loads(fact(connection, key) or "[]")
    tell(connection, key, json.dumps(pictures if picture is None else [*pictures, picture]))


def write_messages(here: Context, now: Epoch) -> bool:
    """One message for each order of which there is something to tell; whether there were any."""
    with here.database.read() as connection:
        names = sorted(one.removeprefix(_TO_TELL) for one in facts_under(connection, _TO_TELL))
    for name in names:
        view = here.desk.show(name, by=here.operation.user)
        coverage = coverage_of(here.database, name)
        with here.begin() as connection:
            pictures = json.loads(fact(connection, _TO_TELL + name) or "[]")
            tell(connection, _TO_TELL + name, None)
            body: dict[str, Any] = {
                "schema": "offnadir.delivery/2",
                "order": name,
                "state": str(view.placed.state),
                "code": view.placed.code,
                "words": view.history[-1].words,
                "at": now.utc(3),
                "pictures": [_told_picture(here, name, one) for one in pictures],
            }
            if coverage is not None:
                body["coverage"] = coverage.document()
            subject = f"{pictures[-1]} delivered" if pictures else f"{name} {view.placed.state}"
            connection.execute(
                sa.insert(MESSAGES).values(
                    id=subject, order_id=name, url=view.placed.order.delivery["webhook"],
                    body=json.dumps(body), state="due", tries=0, due_tai_ns=now.tai_ns, told="",
                )
            )  # fmt: skip
    return bool(names)


def _told_picture(here: Context, order: str, picture: str) -> dict[str, str]:
    """A delivered picture: its folder among the deliveries, and its address if a service is told of."""
    told = {"picture": picture, "folder": f"{here.operation.deliveries.name}/{order}/{picture}"}
    url = here.operation.service.get("url")
    if isinstance(url, str):
        told["href"] = f"{url.rstrip('/')}/orders/{order}/products/{picture}"
    return told


def post_messages(here: Context, now: Epoch) -> bool:
    """Post what is due, one message to each of a few hosts at the same time; whether there was any.

    It takes `_STEP_S` at most, however many hosts do not answer. What else is due for a host that did not
    answer waits a minute, and no longer: one customer's trouble is not another's at the same host.
    """
    with here.database.read() as connection:
        due = connection.execute(
            sa.select(MESSAGES)
            .where(MESSAGES.c.state == "due", MESSAGES.c.due_tai_ns <= now.tai_ns)
            .order_by(MESSAGES.c.due_tai_ns, MESSAGES.c.id)
            .limit(_MOST_DUE)
        ).all()
    if not due:
        return False
    first: dict[str, Any] = {}
    for row in due:
        first.setdefault(_host(row.url), row)
    chosen = dict(list(first.items())[:_MOST_HOSTS])
    troubles = _post_all(here, list(chosen.values()))
    with here.begin() as connection:
        for host, row in chosen.items():
            trouble = troubles[row.id]
            values: dict[str, Any] = {"state": "sent", "told": ""}
            if trouble:
                tries, later = row.tries + 1, now + min(_FIRST_S * 2**row.tries, _LONGEST_S)
                values = {"tries": tries, "told": trouble, "due_tai_ns": later.tai_ns}
                if tries >= _MOST_TRIES:
                    values["state"] = "given_up"
                if _ANSWERED not in trouble:
                    others = [one.id for one in due if _host(one.url) == host and one.id != row.id]
                    wait = sa.update(MESSAGES).where(MESSAGES.c.id.in_(others))
                    connection.execute(wait.values(due_tai_ns=(now + _FIRST_S).tai_ns))
            connection.execute(sa.update(MESSAGES).where(MESSAGES.c.id == row.id).values(**values))
    for row in chosen.values():
        here.say(now, f"message {row.id}: {troubles[row.id] or 'posted'}")
    return True


def _host(url: str) -> str:
    try:
        return (urllib.parse.urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _post_all(here: Context, rows: Sequence[Any]) -> dict[str, str]:
    """What went wrong with each message by its id; whoever has not answered in time is left alone.

    The one that is left may arrive all the same: it is then posted twice, under one Idempotency-Key.
    """
    told: dict[str, str] = {}

    def one(row: Any) -> None:
        told[row.id] = post(row.url, row.body, row.id, allow=here.operation.webhooks.allow)

    threads = [threading.Thread(target=one, args=(row,), daemon=True) for row in rows]
    ends = time.monotonic() + _STEP_S
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(ends - time.monotonic(), 0.0))
    late = f"no answer within {_STEP_S:g} s"
    return {row.id: told.get(row.id, f"{_host(row.url)}: {late}") for row in rows}


def post(
    url: str,
    body: str,
    name: str,
    *,
    allow: Sequence[Network] = (),
    resolve: Resolve = resolve_host,
) -> str:
    """POST JSON once; what went wrong, empty if the other side said it has it. No redirect is followed.

    The host is looked up once, every address of it has to be public or in a network of `allow`, and the
    connection goes to one of these: a name that is looked up again cannot lead elsewhere.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:
        return f"{url} is no address of a web server"
    if parts.scheme not in ("http", "https") or not host:
        return f"{url} is no address of a web server"
    secure = parts.scheme == "https"
    port = port if port is not None else (443 if secure else 80)
    try:
        found = list(resolve(host, port))
    except (OSError, ValueError) as error:
        return f"{host} is not known: {error}"
    refused = [why for why in (refusal(one, allow) for one in found) if why]
    if refused or not found:
        why = refused[0] if refused else "it has no address"
        return f"{host} is not called: {why}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"offnadir/{__version__}",
        "Idempotency-Key": name,
    }
    try:
        status = _posted(host, port, found[:_MOST_ADDRESSES], secure, target, body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{host} does not answer: {error}"
    return "" if 200 <= status < 300 else f"{host}{_ANSWERED}{status}"


def _posted(
    host: str, port: int, addresses: Sequence[str], secure: bool, target: str, body: str,
    headers: Mapping[str, str],
) -> int:  # fmt: skip
    """The status of the answer of the first of these addresses that takes a connection."""
    context = ssl.create_default_context() if secure else None
    link = (
        http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        if context is None
        else http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_S, context=context)
    )
    link.auto_open = 0  # it would look the name up again
    link.sock = _connected(addresses, port)
    # The time-out is for each word of the other side; one that dribbles is cut off after all of it.
    cut = threading.Timer(2 * _TIMEOUT_S, _hang_up, (link,))
    cut.daemon = True
    cut.start()
    try:
        if context is not None:
            link.sock = context.wrap_socket(
                link.sock, server_hostname=host, do_handshake_on_connect=False
            )
            link.sock.do_handshake()
        link.request("POST", target, body.encode(), headers)
        return link.getresponse().status
    finally:
        cut.cancel()
        link.close()


def _connected(addresses: Sequence[str], port: int) -> socket.socket:
    trouble: OSError = OSError("it has no address")
    for one in addresses:
        try:
            return socket.create_connection((one, port), timeout=_TIMEOUT_S)
        except OSError as error:
            trouble = error
    raise trouble


def _hang_up(link: http.client.HTTPConnection) -> None:
    if link.sock is not None:
        with contextlib.suppress(OSError):
            link.sock.shutdown(socket.SHUT_RDWR)
