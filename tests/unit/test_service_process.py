"""The service as it runs: real processes, real sockets, the client and the mission loop."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path

import httpx
import pytest

from offnadir.client import Client, ServiceError
from support.operation import Tape, drive, make_tape
from support.service import lay_out
from support.serving import serve_process

SEOUL = (37.57, 126.98)
DAYS = "2026-05-31T00:00:00Z/2026-06-02T00:00:00Z"


@pytest.fixture(scope="module")
def level1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tape(tmp_path_factory.mktemp("tape") / "level1")


def test_a_picture_is_ordered_and_fetched_over_http(
    hall_ready: tuple[Path, dict[str, str]], tmp_path: Path, level1: Path
) -> None:
    """From a quote to verified files, with the mission loop beside the service, on one SQLite file."""
    ready, keys = hall_ready
    shutil.copytree(ready.parent, tmp_path / "operation")
    path = tmp_path / "operation" / ready.name
    with serve_process(path) as (url, process), Client(url, keys["kim"]) as sky:
        assert "worldview-3" in [one.id for one in sky.products()]
        assert sky.quote(place=SEOUL, when=DAYS).state == "accepted"
        none = sky.opportunities(place=SEOUL, when=DAYS, max_off_nadir_deg=0.001)
        assert (list(none), none.matched) == ([], 0)
        assert "max_off_nadir" in [one["constraint"] for one in none.reasons]
        wish = {"place": SEOUL, "when": DAYS, "max_off_nadir_deg": 45, "key": "once"}
        order = sky.order(**wish, parameters={"title": "Seoul"})
        assert sky.order(**wish, parameters={"title": "Seoul"}).id == order.id
        assert order.status.state == "accepted"
        drive(path, spacecraft=Tape(level1), say=None)
        order = sky.wait(order.id, timeout_s=60, every_s=0.1)
        assert order.status.state == "completed", sky.history(order.id)
        why = sky.reasons(order.id)
        assert (why.state, why.plan, why.reasons) == ("completed", None, ())
        assert why.opportunities
        files = sky.fetch(order.id, tmp_path / "pictures")
        assert {one.suffix for one in files} >= {".tif"}
        assert all(one.stat().st_size > 0 for one in files)
        again = sky.fetch(order.id, tmp_path / "pictures")
        assert again == files
        with Client(url, keys["lee"]) as other, pytest.raises(ServiceError) as refused:
            other.get(order.id)
        assert (refused.value.status, refused.value.name) == (404, "not-found")
        item = httpx.get(
            f"{url}/orders/{order.id}/products", headers={"Authorization": f"Bearer {keys['kim']}"}
        ).json()["features"][0]
        href = next(one["href"] for one in item["assets"].values() if one["href"].endswith(".tif"))
        assert httpx.get(href).status_code == 401
        headers = {"Authorization": f"Bearer {keys['kim']}", "Range": "bytes=0-3"}
        part = httpx.get(href, headers=headers)
        assert (part.status_code, part.content[:2]) == (206, b"II")
        for trick in ("..%2f..%2foperation.toml", "%2fetc%2fpasswd", "..%5coperation.toml"):
            base = href.rpartition("/")[0]
            answer = httpx.get(
                f"{base}/{trick}", headers={"Authorization": headers["Authorization"]}
            )
            assert answer.status_code in (404, 401), trick
            assert b"mission" not in answer.content
        log = httpx.get(f"{url}/audit?subject={order.id}&limit=1000", headers={
            "Authorization": f"Bearer {keys['anna']}"}).json()["entries"]  # fmt: skip
        downloads = [one for one in log if one["action"] == "download"]
        assert len(downloads) == len(files)
        assert {one["by"] for one in downloads} == {"kim"}
    assert process.returncode == 0


def test_a_client_that_dawdles_or_hangs_up_stops_nobody(
    hall_ready: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """Bodies that never end are answered with 408 in due time; a caller who is gone is forgotten."""
    ready, keys = hall_ready
    shutil.copytree(ready.parent, tmp_path / "operation")
    path = tmp_path / "operation" / ready.name
    path.write_text(path.read_text() + "\n[service]\nbody_s = 1\nrequests_per_minute = 100000\n")
    head = (
        "POST /products/any/orders HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {keys['kim']}\r\nContent-Length: 1000\r\n\r\n{{"
    ).encode()
    with serve_process(path) as (url, _):
        port = int(url.rpartition(":")[2])
        slow = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(30)]
        for one in slow:
            one.sendall(head)
        gone = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(30)]
        for one in gone:
            one.sendall(head)
            one.close()
        with Client(url, keys["kim"]) as sky:
            assert sky.order(place=SEOUL, when=DAYS).status.state == "accepted"
        for one in slow:
            assert one.recv(65_536).startswith(b"HTTP/1.1 408 ")
            one.close()
        with Client(url, keys["kim"]) as sky:
            assert len(list(sky.orders())) == 1


def test_workers_share_postgresql_and_one_may_die(postgresql_url: str, tmp_path: Path) -> None:
    """Two processes: one is killed under load; each order that was promised is there once."""
    from offnadir._database import open_database, sa

    name = f"service_{os.getpid()}"
    server = open_database(postgresql_url)
    with server.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(
            sa.text(f"CREATE DATABASE {name}")
        )
    server.close()
    path, keys = lay_out(tmp_path / "operation", postgresql_url.rpartition("/")[0] + f"/{name}")
    path.write_text(path.read_text() + "\n[service]\nrequests_per_minute = 100000\n")
    with serve_process(path, "--workers", "2") as (url, process), Client(url, keys["kim"]) as sky:
        promised = []
        for number in range(30):
            if number == 10:
                children = (
                    Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                )
                workers = [
                    one
                    for one in children
                    if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()
                ]
                os.kill(int(workers[0]), signal.SIGKILL)
            promised.append(sky.order(place=SEOUL, when=DAYS, key=f"k{number}").id)
        assert len(set(promised)) == 30
        assert [one.id for one in sky.orders()] == promised[::-1]
