"""The service while its database restarts and its callers hang up: what was promised is there, once."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from offnadir._database import open_database, sa
from offnadir.tasking import AuditLog, verify
from support.postgresql import Cluster, cluster, skip_without_postgresql
from support.service import WISH, lay_out
from support.serving import serve_process

_CLIENTS, _ORDERS = 4, 8
_PATIENCE_S = 120.0


@dataclass
class Place:
    """A service on a cluster of its own, and the keys of its users."""

    url: str
    pid: int
    cluster: Cluster
    keys: dict[str, str]

    def headers(self, user: str, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[user]}", **more}

    def rows(self, text: str) -> list[Any]:
        """What the database says when it is asked itself."""
        found = open_database(self.cluster.url)
        try:
            with found.read() as connection:
                return [tuple(row) for row in connection.execute(sa.text(text))]
        finally:
            found.close()

    def under_way(self) -> float:
        """How many requests the service is at, this one too."""
        for line in httpx.get(f"{self.url}/metrics").text.splitlines():
            if line.startswith("offnadir_http_requests_under_way "):
                return float(line.split()[1])
        raise AssertionError("the metric is gone")

    def sockets(self) -> int:
        """How many sockets the process has open."""
        folder = Path(f"/proc/{self.pid}/fd")
        return sum(_target(one).startswith("socket:") for one in folder.iterdir())


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:  # it was closed meanwhile
        return ""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    skip_without_postgresql()
    folder = tmp_path_factory.mktemp("faults")
    with cluster() as made:
        path, keys = lay_out(folder / "operation", made.url)
        path.write_text(path.read_text() + "\n[service]\nrequests_per_minute = 1000000\n")
        with serve_process(path) as (url, process):
            yield Place(url=url, pid=process.pid, cluster=made, keys=keys)


@dataclass
class Told:
    """What the clients of a test were told."""

    statuses: Counter[int] = field(default_factory=Counter)
    promised: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: httpx.Response) -> None:
        """An answer, which has to be whole: an order, its statuses, or a problem of the database."""
        told = answer.json()  # half an answer is no JSON, and httpx compares its length
        with self.lock:
            self.statuses[answer.status_code] += 1
            if answer.status_code == 503:
                kind, wait = told["type"], answer.headers.get("retry-after", "")
                if kind != "urn:offnadir:problem:database-gone" or not wait.isdigit():
                    self.wrong.append(answer.text)
            elif answer.status_code not in (200, 201):
                self.wrong.append(f"{answer.status_code} {answer.text}")

    def promise(self, key: str, name: str) -> None:
        with self.lock:
            if self.promised.setdefault(key, name) != name:
                self.wrong.append(f"{key} is {self.promised[key]} and {name}")


def _orders(place: Place, told: Told, client: int) -> None:
    """One client: each order is sent until it is answered, then once more, and its statuses are read."""
    ends = time.monotonic() + _PATIENCE_S
    with httpx.Client(base_url=place.url, timeout=60) as http:
        for number in range(_ORDERS):
            key = f"c{client}-{number}"
            headers = place.headers("kim", **{"Idempotency-Key": key})
            twice = 0
            while twice < 2:
                assert time.monotonic() < ends
                answer = http.post("/products/any/orders", json=WISH, headers=headers)
                told.note(answer)
                if answer.is_success:
                    twice += 1
                    name = answer.json()["id"]
                    told.promise(key, name)
                    told.note(http.get(f"/orders/{name}/statuses", headers=headers))
                else:
                    time.sleep(0.1)


def test_the_database_is_restarted_under_load(place: Place) -> None:
    """Four clients place and read while PostgreSQL shuts down, is away, and comes back.

    Each order that was answered is there once, whole; whoever asks meanwhile is told 503 and when to try
    again; the log of all of it verifies.
    """
    told = Told()
    threads = [
        threading.Thread(target=_orders, args=(place, told, number)) for number in range(_CLIENTS)
    ]
    for one in threads:
        one.start()
    _wait(lambda: len(told.promised) >= 2 * _CLIENTS)
    place.cluster.stop("fast")
    _wait(lambda: told.statuses[503] >= _CLIENTS)
    assert httpx.get(f"{place.url}/health").status_code == 503
    assert httpx.get(f"{place.url}/health/live").status_code == 200
    place.cluster.start()
    for one in threads:
        one.join(_PATIENCE_S)
    assert told.wrong == []
    assert len(told.promised) == _CLIENTS * _ORDERS
    assert told.statuses[201] <= _CLIENTS * _ORDERS
    kept = place.rows("SELECT idempotency_key, id FROM orders WHERE idempotency_key LIKE 'c%'")
    assert sorted(kept) == sorted(told.promised.items())
    _whole(place)


def _cut(place: Place, number: int) -> str:
    """A request that is left half-way, by its number in one of six ways; its key if it was sent whole."""
    key = f"d-{number}"
    body = json.dumps(WISH).encode()
    head = (
        "POST /products/any/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {place.keys['kim']}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    if number % 6 == 5:
        head = (
            f"GET /orders?limit=1000 HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {place.keys['kim']}\r\n\r\n"
        ).encode()
        body, key = b"", ""
    sent = {0: head[:60], 1: head + body[: len(body) // 2]}.get(number % 6, head + body)
    made = socket.create_connection(("127.0.0.1", int(place.url.rpartition(":")[2])), 30)
    if number % 2:  # no farewell: the other side is told that the connection was broken off
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    made.sendall(sent)
    if number % 6 in (4, 5):
        made.recv(10)  # a part of the answer
    made.close()
    return key if number % 6 in (2, 3, 4) else ""


def test_callers_hang_up_under_load(place: Place) -> None:
    """Requests and answers broken off half-way, with others between: no half order, nothing stays open."""
    before = place.sockets()
    with httpx.Client(base_url=place.url, timeout=60) as http:
        name = http.post("/products/any/orders", json=WISH, headers=place.headers("kim")).json()[
            "id"
        ]
        whole: list[str] = []
        for number in range(36):
            whole.append(_cut(place, number))
            if number % 6 == 0:
                with http.stream(
                    "GET", f"/orders/{name}/events", headers=place.headers("kim")
                ) as events:
                    assert events.status_code == 200
                    next(events.iter_bytes())  # and it hangs up
            if number % 9 == 0:
                seen = http.get(f"/orders/{name}", headers=place.headers("kim"))
                assert seen.status_code == 200
        _wait(lambda: place.under_way() == 1.0)
        keys = [key for key in whole if key]
        assert len(keys) == 18
        for key in keys:  # whether it came through or not: now it is there, once
            headers = place.headers("kim", **{"Idempotency-Key": key})
            again = http.post("/products/any/orders", json=WISH, headers=headers)
            assert again.status_code in (200, 201), again.text
    kept = place.rows("SELECT idempotency_key FROM orders WHERE idempotency_key LIKE 'd-%'")
    assert sorted(kept) == sorted((key,) for key in keys)
    _whole(place)
    _wait(lambda: place.sockets() <= before + 15)  # at most the pool's connections to the database
    stuck = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
    _wait(lambda: place.rows(stuck) == [(0,)])


def _whole(place: Place) -> None:
    """Every order has its history from the start to its state, and the log verifies."""
    halves = place.rows(
        "SELECT o.id FROM orders o LEFT JOIN order_history h ON h.order_id = o.id "
        "GROUP BY o.id, o.changes HAVING count(h.order_id) <> o.changes"
    )
    assert halves == []
    found = open_database(place.cluster.url)
    try:
        assert verify(AuditLog(found)).is_whole
    finally:
        found.close()


def _wait(done: Any) -> None:
    ends = time.monotonic() + _PATIENCE_S
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_connections_that_the_database_ended_while_idle_cost_no_answer(place: Place) -> None:
    """By `idle_session_timeout`, say; whatever is asked, and by however many at once."""
    headers = place.headers("kim")
    near = {"bbox": [126, 37, 127, 38], "limit": 5}

    def ask(client: int) -> list[str]:
        with httpx.Client(base_url=place.url, timeout=60, headers=headers) as http:
            order = {"Idempotency-Key": f"idle-{time.monotonic()}-{client}"}
            answers = (
                http.post("/products/any/orders", json=WISH, headers=order),
                http.get("/orders?limit=5"),
                http.post("/stac/search", json=near),
                http.get("/stac/search?limit=5&filter-lang=cql2-text"),
                http.get("/me"),
                http.get("/stac/collections"),
                http.post("/products/any/quotes", json=WISH),
            )
        return [one.text for one in answers if one.status_code >= 500]

    with ThreadPoolExecutor(12) as clients:
        for _ in range(4):
            assert list(clients.map(ask, range(12))) == [[]] * 12
            place.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
