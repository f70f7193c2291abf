"""The service of a small operation over real HTTP, in a thread of the tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from offnadir.operations._open import admit_loop
from offnadir.service import Settings, create_app
from offnadir.service._service import Service
from support.operation import make_operation

SECRET = b"a secret of the tests, long enough to be one"


@dataclass(frozen=True)
class Served:
    """Where it is, what stands behind it, and keys by their users' names."""

    url: str
    service: Service
    keys: dict[str, str]

    def client(self, user: str | None = None) -> httpx.Client:
        """A client that shows a user's key."""
        headers = {} if user is None else {"Authorization": f"Bearer {self.keys[user]}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30.0)


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Served]:
    """A service with an administrator "boss", and customers' users "ann" and "bob"."""
    told = {"secret": SECRET, "requests_per_minute": 1e6, **settings}
    app = create_app(make_operation(folder), Settings(**told))
    service: Service = app.state.service
    admit_loop(service.here, "boss")
    keys = {}
    for name, customer in (("boss", None), ("ann", "Evening Post"), ("bob", "Morning Star")):
        if customer is not None:
            party = {"name": customer, "kind": "organisation", "country": "KR"}
            made = service.desk.add_customer(party, by="boss")
            service.desk.add_user(name, ["customer"], by="boss", customer=made.id)
        keys[name] = service.desk.add_key(name, by="boss")[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        ends = time.monotonic() + 30.0
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            assert time.monotonic() < ends, "the service did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", service, keys)
    finally:
        server.should_exit = True
        thread.join(30.0)
