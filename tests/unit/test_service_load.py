"""The service under load: short ways answer as long ones, what is too much is refused, what is slow ends."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import contextmanager

import anyio
import anyio.to_thread
import pytest

from offnadir._database import Database, DatabaseSlowError, open_database, sa
from offnadir.catalog import Archive
from offnadir.service import _short_way
from offnadir.service._guarding import Guarding
from offnadir.service._settings import Settings
from support.service import SECRET, WISH, Hall

#: Counts for about a minute on any machine of today.
ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) "
    "SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


def _is_broken_off(database: Database) -> None:
    database.limit(0.2)
    began = time.monotonic()
    with pytest.raises(DatabaseSlowError):
        database.ask(sa.text(ENDLESS[database.dialect]))
    with pytest.raises(DatabaseSlowError), database.read() as connection:
        connection.execute(sa.text(ENDLESS[database.dialect])).all()
    assert time.monotonic() - began < 30
    assert database.ask(sa.text("SELECT 1"))[0][0] == 1
    with database.begin() as connection:
        assert connection.execute(sa.text("SELECT 2")).scalar_one() == 2


def test_a_statement_without_end_is_broken_off(tmp_path):
    database = open_database(tmp_path / "a.sqlite")
    _is_broken_off(database)
    database.close()


def test_a_statement_without_end_is_broken_off_in_postgresql(postgresql_url):
    database = open_database(postgresql_url)
    _is_broken_off(database)
    database.close()


def test_connections_from_before_a_restart_are_replaced(postgresql_url):
    """What a restart of the server does to each connection that was kept."""
    database, other = open_database(postgresql_url), open_database(postgresql_url)

    def end_all() -> None:
        database.ask(sa.text("SELECT 1"))
        with database.read() as connection:
            connection.execute(sa.text("SELECT 1"))
        mine = other.ask(sa.text("SELECT pg_backend_pid()"))[0][0]
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> :mine"
        other.ask(sa.text(kill + " AND datname = current_database()"), {"mine": mine})

    end_all()
    assert database.ask(sa.text("SELECT 3"))[0][0] == 3
    end_all()
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT 4")).scalar_one() == 4
    end_all()
    with database.begin() as connection:
        assert connection.execute(sa.text("SELECT 5")).scalar_one() == 5
    database.close()
    other.close()


def test_a_search_that_takes_too_long_says_what_to_narrow(hall: Hall, monkeypatch) -> None:
    def endless(archive: Archive, _query: object) -> None:
        archive.database.ask(sa.text(ENDLESS["sqlite"]))

    monkeypatch.setattr(Archive, "search", endless)
    hall.client.app.state.service.database.limit(0.1)  # type: ignore[attr-defined]
    for _ in range(2):  # the long way, and the short one
        answer = hall.post("kim", "/stac/search", {})
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:offnadir:problem:search-too-slow"
        assert "bbox" in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) > 0


def test_who_comes_while_too_many_wait_is_told_at_once() -> None:
    """One works, two wait as they may, the fourth is refused, and whoever asks for health is not."""
    goes_on = threading.Event()

    async def app(scope, receive, send):
        if scope["path"] != "/health/live":
            await anyio.to_thread.run_sync(goes_on.wait)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guarded = Guarding(app, Settings(secret=SECRET, most_waiting=2))

    async def ask(path: str) -> tuple[int, dict[bytes, bytes]]:
        sent = []

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": path, "query_string": b"", "scheme": "http",
            "headers": [(b"host", b"localhost")], "client": ("192.0.2.1", 1), "server": ("localhost", 80),
        }  # fmt: skip
        await guarded(scope, None, send)
        return sent[0]["status"], dict(sent[0]["headers"])

    async def main() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        first = [asyncio.create_task(ask("/orders")) for _ in range(3)]
        while anyio.to_thread.current_default_thread_limiter().statistics().tasks_waiting < 2:
            await asyncio.sleep(0.001)
        status, headers = await ask("/orders")
        assert (status, headers[b"retry-after"]) == (503, b"2")
        assert (await ask("/health/live"))[0] == 200
        goes_on.set()
        assert [status for status, _ in await asyncio.gather(*first)] == [200, 200, 200]
        assert (await ask("/orders"))[0] == 200

    asyncio.run(main())


@contextmanager
def long_ways(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(_short_way, "_WAYS", {})
        yield


def test_short_ways_answer_as_long_ones(hall: Hall, monkeypatch) -> None:
    """Letter by letter, for plain requests and for those that have something wrong."""
    taken = []
    for way, one in list(_short_way._WAYS.items()):
        noted = _short_way._Way(
            one.path, one.scope, lambda one=one, **given: taken.append(one.path) or one.answer(**given),
            one.reads,
        )  # fmt: skip
        monkeypatch.setitem(_short_way._WAYS, way, noted)
    order, _, _ = hall.place("kim"), hall.place("kim"), hall.place("kim")
    look = {"datetime": WISH["datetime"], "geometry": WISH["geometry"]}
    asked = [
        ("GET", f"/orders/{order}", None), ("GET", "/orders/nothing", None), ("GET", "/orders/", None),
        ("GET", "/orders", None), ("GET", "/orders?limit=1", None), ("GET", "/orders?limit=0", None),
        ("GET", "/orders?limit=x", None), ("GET", "/orders?limit=1&limit=2", None),
        ("GET", "/orders?state=accepted", None), ("POST", "/orders", None), ("DELETE", "/orders", None),
        ("GET", "/stac/collections/pictures/items/none", None),
        ("GET", "/stac/collections/pictures/none/none", None),
        ("GET", "/stac/collections/pictures/items/" + "x" * 3000, None),
        ("POST", "/stac/search", {}), ("POST", "/stac/search", []), ("POST", "/stac/search", {"limit": 0}),
        ("POST", "/stac/search", {"bbox": [1, 2, 3, 4]}), ("POST", "/stac/search", {"bbox": "x"}),
        ("POST", "/products/any/opportunities", {}), ("POST", "/products/none/opportunities", look),
        ("POST", "/products/any/opportunities", {**look, "limit": 0}),
        ("POST", "/products/any/opportunities", {**look, "geometry": 1}),
        ("POST", "/products/any/orders", {}), ("POST", "/products/none/orders", WISH),
        ("POST", "/products/any/orders", {**WISH, "datetime": 1}),
        ("POST", "/products/any/orders", {**WISH, "geometry": {"type": "Point"}}),
        ("POST", "/products/any/orders?customer=nobody", WISH),
    ]  # fmt: skip
    packed = set()
    for method, path, body in asked:
        headers = {"X-Request-Id": "one"}
        short = hall.ask("kim", method, path, json=body, headers=headers)
        with long_ways(monkeypatch):
            long = hall.ask("kim", method, path, json=body, headers=headers)
        assert (short.status_code, short.text) == (long.status_code, long.text), (method, path)
        assert dict(short.headers) == dict(long.headers), (method, path)
        packed |= {path} if short.headers.get("content-encoding") == "gzip" else set()
    assert "/orders" in packed
    ends = {"Idempotency-Key": "k"}
    first = hall.ask("kim", "POST", "/products/any/orders", json=WISH, headers=ends)
    with long_ways(monkeypatch):
        again = hall.ask("kim", "POST", "/products/any/orders", json=WISH, headers=ends)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert set(taken) == {one.path for one in _short_way._WAYS.values()}
    told = hall.client.get("/metrics").text
    assert 'route="/orders/{order_id}",status="200"' in told


def test_a_key_without_the_scope_takes_no_short_way(hall: Hall) -> None:
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    text = service.desk.add_key("kim", by="boss", scopes=["orders:read"])[1]
    headers = {"Authorization": f"Bearer {text}"}
    for _ in range(2):
        assert hall.client.get("/orders", headers=headers).status_code == 200
        refused = hall.client.post("/stac/search", json={}, headers=headers)
        assert refused.status_code == 403
        assert "archive:read" in refused.json()["detail"]


@contextmanager
def quick_server():
    """A server with the quick parser, which by itself takes heads of any length: its address, what it saw."""
    pytest.importorskip("httptools")
    import uvicorn

    from offnadir.service._protocol import BoundedProtocol

    seen: list[list[bytes]] = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            while (await receive()).get("more_body"):
                pass
            seen.append([name for name, _ in scope["headers"]])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})

    server = uvicorn.Server(
        uvicorn.Config(app, http=BoundedProtocol, log_config=None, lifespan="off", loop="asyncio")
    )
    with socket.socket() as listens:
        listens.bind(("127.0.0.1", 0))
        listens.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listens]})
        thread.start()
        try:
            yield listens.getsockname(), seen
        finally:
            server.should_exit = True
            thread.join(20)


def test_a_head_without_end_is_cut_off() -> None:
    from offnadir.service._protocol import MOST_HEAD_BYTES

    with quick_server() as (address, _):
        for piece, whole, wanted in (
            (b"a" * 1000, False, b"400"), (b"x: y\r\n" * 100, False, b"400"),
            (b"b" * 200_000, True, b"200"),
        ):  # fmt: skip
            with socket.create_connection(address, 20) as link:
                length = len(piece) if whole else 0
                link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % length)
                link.sendall(b"\r\n" if whole else b"x: ")
                sent = 0
                while sent <= (0 if whole else 4 * MOST_HEAD_BYTES):
                    try:
                        link.sendall(piece)
                    except OSError:
                        break
                    sent += len(piece)
                assert link.recv(100).split()[1] == wanted


def test_what_comes_after_a_body_is_no_header_and_has_an_end() -> None:
    """RFC 9110, section 6.5.1: no trailer field may be merged that is not known to be safe."""
    with quick_server() as (address, seen):
        begins = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
        with socket.create_connection(address, 20) as link:
            link.sendall(begins + b"Authorization: Bearer late\r\n\r\n")
            assert link.recv(100).split()[1] == b"200"
        assert seen == [[b"host", b"transfer-encoding"]]
        for piece in (b"x: y\r\n" * 100, b"a" * 1000):
            with socket.create_connection(address, 20) as link, pytest.raises(ConnectionError):
                _send_without_end(link, begins + b"z: ", piece)


def _send_without_end(link: socket.socket, first: bytes, piece: bytes) -> None:
    link.sendall(first)
    for _ in range(20_000):
        link.sendall(piece)
