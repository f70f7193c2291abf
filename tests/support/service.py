"""A service with people of every role and two customers, each with a key; nothing listens on a port."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from offnadir.operations import open_operation
from offnadir.operations._open import admit_loop
from offnadir.service import Settings, create_app
from support.operation import make_operation

SECRET = b"0123456789abcdef0123456789abcdef"
#: User: roles, and the customer whose user he is.
PEOPLE = {
    "boss": (["administrator"], None),
    "kim": (["customer"], "Blue Coast"),
    "lee": (["customer"], "Red Hill"),
    "paula": (["planner"], None),
    "rita": (["releaser"], None),
    "anna": (["auditor"], None),
}
SPAN = "2026-05-31T00:00:00Z/2026-06-01T00:00:00Z"
WISH: dict[str, Any] = {
    "datetime": SPAN,
    "geometry": {"type": "Point", "coordinates": [126.98, 37.57]},
    "filter": {"op": "<=", "args": [{"property": "view:off_nadir"}, 40]},
    "order_parameters": {"offnadir:title": "Seoul"},
}


@dataclass
class Hall:
    """The service, and whose key is whose."""

    client: TestClient
    path: Path
    keys: dict[str, str] = field(default_factory=dict)

    def as_(self, user: str | None) -> dict[str, str]:
        """Headers of a user; of nobody for None."""
        return {} if user is None else {"Authorization": f"Bearer {self.keys[user]}"}

    def ask(self, user: str | None, method: str, url: str, **more: Any) -> Any:
        """A request of a user."""
        headers = {**self.as_(user), **more.pop("headers", {})}
        return self.client.request(method, url, headers=headers, **more)

    def get(self, user: str | None, url: str, **more: Any) -> Any:
        return self.ask(user, "GET", url, **more)

    def post(self, user: str | None, url: str, body: Any = None, **more: Any) -> Any:
        return self.ask(user, "POST", url, json=body, **more)

    def place(self, user: str = "kim", **changed: Any) -> str:
        """The id of an order."""
        answer = self.post(user, "/products/any/orders", {**WISH, **changed})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def lay_out(folder: Path, database: str | None = None) -> tuple[Path, dict[str, str]]:
    """The operation with its people and customers; the file, and each one's key."""
    path = make_operation(folder, database=database)
    keys: dict[str, str] = {}
    with open_operation(path) as here:
        admit_loop(here, "boss")
        for name in ("Blue Coast", "Red Hill"):
            here.desk.add_customer(
                {"name": name, "kind": "organisation", "country": "NZ"}, by="boss"
            )
        for name, (roles, customer) in PEOPLE.items():
            if name != "boss":
                here.desk.add_user(name, roles, customer=customer, by="boss")
            keys[name] = here.desk.add_key(name, by="boss", label="test")[1]
    return path, keys


def settings(**more: Any) -> Settings:
    """Settings for tests: nobody is asked to wait."""
    return Settings(secret=SECRET, requests_per_minute=1e6, **more)


@contextmanager
def opened(path: Path, keys: dict[str, str], **more: Any) -> Iterator[Hall]:
    """The service of an operation file."""
    app = create_app(path, settings(**more))
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield Hall(client=client, path=path, keys=keys)


@pytest.fixture(scope="session")
def hall_ready() -> Iterator[tuple[Path, dict[str, str]]]:
    """An operation that is set up once; tests take copies."""
    folder = Path(tempfile.mkdtemp(prefix="offnadir-hall-"))
    yield lay_out(folder / "operation")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def hall(hall_ready: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Hall]:
    """A service of its own for a test."""
    path, keys = hall_ready
    shutil.copytree(path.parent, tmp_path / "operation")
    with opened(tmp_path / "operation" / path.name, keys) as made:
        yield made
