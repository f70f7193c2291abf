"""The service over real HTTP, in a thread of the tests or a process of its own, on a free port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from offnadir.service import create_app
from offnadir.service._service import Service
from support.service import lay_out, settings


@dataclass(frozen=True)
class Served:
    """Where it is, what stands behind it, and each user's key (see `support.service.PEOPLE`)."""

    url: str
    app: FastAPI
    keys: dict[str, str]

    @property
    def service(self) -> Service:
        """What its answers are made from."""
        found: Service = self.app.state.service
        return found

    def headers(self, user: str | None) -> dict[str, str]:
        """What a user's requests show."""
        return {} if user is None else {"Authorization": f"Bearer {self.keys[user]}"}

    @contextmanager
    def told(self, **more: Any) -> Iterator[None]:
        """Other settings for a while."""
        before = self.service
        self.app.state.service = replace(before, settings=replace(before.settings, **more))
        yield
        self.app.state.service = before

    def client(self, user: str | None = None) -> httpx.Client:
        """A client with a user's key."""
        return httpx.Client(base_url=self.url, headers=self.headers(user), timeout=30.0)


@contextmanager
def serving(folder: Path, **more: Any) -> Iterator[Served]:
    """A service with people of every role; `more` are settings."""
    path, keys = lay_out(folder)
    app = create_app(path, settings(**more))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        ends = time.monotonic() + 60.0
        while not server.started:
            assert thread.is_alive(), "the service did not start"
            assert time.monotonic() < ends, "the service did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", app, keys)
    finally:
        server.should_exit = True
        thread.join(30.0)


@contextmanager
def serve_process(path: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`offnadir serve` on a free port, a process of its own, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "offnadir", "serve", str(path), "--port", str(port), *options]
    log = path.parent / "serve.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            try:
                if httpx.get(f"{url}/health/live", timeout=5).is_success:
                    break
            except httpx.TransportError:
                pass
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            pytest.fail(f"the service did not come up:\n{log.read_text()}")
        yield url, process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
