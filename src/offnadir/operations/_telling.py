"""Messages to customers: posted at least once, with an id by which a second one is known."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import urllib.parse
from typing import Any, Final

from offnadir import __version__
from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations._context import Context
from offnadir.operations._tables import MESSAGES
from offnadir.units import day, minute

_TIMEOUT_S: Final = 10.0
_FIRST_S: Final = minute
_LONGEST_S: Final = day
_MOST_TRIES: Final = 12


def post_messages(here: Context, now: Epoch) -> bool:
    """Post one message that is due; whether there was one."""
    with here.database.read() as connection:
        row = connection.execute(
            sa.select(MESSAGES)
            .where(MESSAGES.c.state == "due", MESSAGES.c.due_tai_ns <= now.tai_ns)
            .order_by(MESSAGES.c.due_tai_ns, MESSAGES.c.id)
            .limit(1)
        ).one_or_none()
    if row is None:
        return False
    trouble = post(row.url, row.body, row.id)
    values: dict[str, Any] = {"state": "sent", "told": ""}
    if trouble:
        tries = row.tries + 1
        wait_s = min(_FIRST_S * 2**row.tries, _LONGEST_S)
        values = {"tries": tries, "told": trouble, "due_tai_ns": (now + wait_s).tai_ns}
        if tries >= _MOST_TRIES:
            values["state"] = "given_up"
    with here.begin() as connection:
        connection.execute(sa.update(MESSAGES).where(MESSAGES.c.id == row.id).values(**values))
    here.say(now, f"message {row.id}: {trouble or 'posted'}")
    return True


def post(url: str, body: str, name: str) -> str:
    """POST JSON once; what went wrong, empty if the other side said it has it. No redirect is followed."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"{url} is no address of a web server"
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    more: dict[str, Any] = (
        {"context": ssl.create_default_context()} if parts.scheme == "https" else {}
    )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"offnadir/{__version__}",
        "Idempotency-Key": name,
    }
    try:
        link = kind(parts.hostname, parts.port, timeout=_TIMEOUT_S, **more)
        # The time-out is for each word of the other side; one that dribbles is cut off after all of it.
        cut = threading.Timer(2 * _TIMEOUT_S, _hang_up, (link,))
        cut.daemon = True
        cut.start()
        try:
            link.request("POST", target, body.encode(), headers)
            status = link.getresponse().status
        finally:
            cut.cancel()
            link.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{parts.hostname} does not answer: {error}"
    return "" if 200 <= status < 300 else f"{parts.hostname} answered {status}"


def _hang_up(link: http.client.HTTPConnection) -> None:
    if link.sock is not None:
        with contextlib.suppress(OSError):
            link.sock.shutdown(socket.SHUT_RDWR)
