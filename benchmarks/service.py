"""The service under load: a steady stream of mixed requests from many customers, on real processes.

    python benchmarks/service.py FOLDER DATABASE [--rate 200] [--seconds 60] [--workers 2] [--customers 10000]

DATABASE is a PostgreSQL URL (or an SQLite file) that may hold the archive of `benchmarks/archive.py` already.
Requests leave at their times whether the ones before were answered or not, so that a service that falls
behind is seen to. Prints a table in Markdown: answers, and milliseconds from the time at which each request
should have left; then the CPU that each part took, in milliseconds a request.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from _http import BrokenError, Client, plain
from offnadir._database import Database, sa
from offnadir.operations import open_operation
from offnadir.operations._open import admit_loop
from offnadir.tasking._ids import new_id
from offnadir.tasking._tables import CUSTOMERS
from support.operation import make_operation

KEYS = 200
WARM_ANSWERS = 20
#: Of a hundred requests, so many of each kind.
MIX = {
    "search": 30, "item": 10, "order status": 25, "orders": 10, "place order": 15, "opportunities": 10,
}  # fmt: skip
_TOMORROW = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
DAY = f"{_TOMORROW}T00:00:00Z/{_TOMORROW + datetime.timedelta(days=1)}T00:00:00Z"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("database")
    options.add_argument("--rate", type=float, default=200.0)
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--customers", type=int, default=10_000)
    asked = options.parse_args()
    path = make_operation(asked.folder / "operation", database=asked.database)
    # The clock is the real one, as where customers order.
    told = path.read_text().replace("[clock]\nstart = 2026-05-31T00:00:00Z\n", "")
    path.write_text(told + "\n[service]\nrequests_per_minute = 1000000\n")
    keys = people(path, asked.customers)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "offnadir", "serve", str(path), "--port", str(port),
        "--workers", str(asked.workers),
    ]  # fmt: skip
    with (asked.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process)
        load = Load(port, keys, asked.rate, process.pid)
        asyncio.run(load.run(asked.seconds))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def people(path: Path, count: int) -> list[str]:
    """Customers, in bulk, and a user with a key for some of them; what is there already counts."""
    with open_operation(path) as here:
        admit_loop(here, "boss")
        if not here.desk.customers(by="boss", limit=1):
            here.desk.add_customer({"name": "Customer 0", "country": "NZ"}, by="boss")
        fill(here.database, count)
        keys = []
        for number, one in enumerate(here.desk.customers(by="boss", limit=KEYS)):
            here.desk.add_user(f"user {number}", ["customer"], customer=one.id, by="boss")
            keys.append(here.desk.add_key(f"user {number}", by="boss")[1])
        return keys


def fill(database: Database, count: int) -> None:
    """Customers like the first one, and an owner for each item of the archive; a third is everybody's."""
    with database.begin() as connection:
        first = connection.execute(sa.select(CUSTOMERS).limit(1)).one()._mapping
        there = connection.execute(sa.select(sa.func.count()).select_from(CUSTOMERS)).scalar_one()
        rows = []
        for number in range(there, count):
            name = f"Customer {number}"
            document = json.dumps({**json.loads(first["document"]), "name": name})
            key = new_id("c", 1_700_000_000_000 + number, None)
            rows.append({**first, "id": key, "name": name, "document": document})
        if rows:
            connection.execute(CUSTOMERS.insert(), rows)
        new = not connection.execute(sa.text("SELECT 1 FROM archive_readers LIMIT 1")).first()
        if new:
            connection.execute(
                sa.text(
                    "INSERT INTO archive_readers (reader, key) SELECT CASE WHEN i.key % 3 = 0 THEN '*' "
                    "ELSE c.id END, i.key FROM archive_items i JOIN (SELECT id, "
                    "row_number() OVER (ORDER BY id) - 1 AS n FROM customers) c ON c.n = i.key % :count"
                ),
                {"count": count},
            )
    if new:  # each reader made a new row of its item, and left the old one
        with database.alone.connect() as connection:
            connection.execute(sa.text("VACUUM FULL archive_items"))
    with database.begin() as connection:
        connection.execute(sa.text("ANALYZE"))


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until a row of connections, each a new one that any worker may take, finds nobody warming up."""
    warm = 0
    for _ in range(3000):
        try:
            told = httpx.get(f"{url}/health", timeout=5).json().get("status")
            warm = warm + 1 if told == "ok" else 0
        except (httpx.TransportError, ValueError):
            warm = 0
        if warm >= WARM_ANSWERS:
            return
        if process.poll() is not None:
            raise SystemExit("the service ended: see serve.log")
        time.sleep(0.1)
    raise SystemExit("the service does not come up")


class Load:
    """Requests of a mix at a rate, and what came of each."""

    def __init__(self, port: int, keys: list[str], rate: float, served_by: int) -> None:
        self.http = Client("127.0.0.1", port)
        self.keys, self.rate, self.served_by = keys, rate, served_by
        self.chance = random.Random(1)
        self.took_ms: dict[str, list[float]] = {kind: [] for kind in MIX}
        self.answers: Counter[tuple[str, int]] = Counter()
        self.orders: list[tuple[str, str]] = []
        self.placed: list[str] = []
        self.items: list[tuple[str, str]] = []

    async def run(self, seconds: float) -> None:
        await self.warm()
        used = cpu_s(self.served_by)
        kinds = random.Random(2).choices(list(MIX), list(MIX.values()), k=int(self.rate * seconds))
        began = time.perf_counter()
        tasks = []
        for number, kind in enumerate(kinds):
            due = began + number / self.rate
            if (wait_s := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait_s)
            tasks.append(asyncio.create_task(self.one(kind, due, number)))
        await asyncio.gather(*tasks)
        took_s = time.perf_counter() - began
        used = {name: now - used[name] for name, now in cpu_s(self.served_by).items()}
        await self.tell(took_s, used)

    async def warm(self) -> None:
        """Every key opens in every process, an order and an item are known, kernels are compiled.

        Connections are begun anew between the rounds, for other workers to take.
        """
        for _ in range(6):
            self.http.close()
            for some in range(0, len(self.keys), 20):
                chosen = self.keys[some : some + 20]
                await asyncio.gather(
                    *(self.one("orders", time.perf_counter(), 0, key) for key in chosen)
                )
        for number in range(60):
            if number % 3 == 0:
                self.http.close()
            for kind in MIX:
                await self.one(kind, time.perf_counter(), -1 - number)
        self.took_ms = {kind: [] for kind in MIX}
        self.answers.clear()

    async def one(self, kind: str, due: float, number: int, key: str | None = None) -> None:
        key = key or self.chance.choice(self.keys)
        method, path, body = self.request(kind)
        if kind == "order status" and self.orders:
            key, order = self.chance.choice(self.orders)
            path = f"/orders/{order}"
        if kind == "item" and self.items:
            key, path = self.chance.choice(self.items)
        headers = {"Authorization": f"Bearer {key}", "Prefer": "wait"}
        if kind == "place order":
            headers["Idempotency-Key"] = f"load {time.time_ns()} {number}"
        content = b"" if body is None else json.dumps(body).encode()
        try:
            status, told, came = await self.http.ask(method, path, headers, content)
        except (BrokenError, TimeoutError, OSError):
            self.answers[kind, 0] += 1
            return
        self.took_ms[kind].append((time.perf_counter() - due) * 1e3)
        self.answers[kind, status] += 1
        if status == 201:
            name = json.loads(plain(told, came))["id"]
            self.orders.append((key, name))
            self.placed.append(name)
        elif kind == "search" and status == 200 and number % 10 == 0:
            for one in json.loads(plain(told, came))["features"][:1]:
                self.items.append((key, f"/stac/collections/{one['collection']}/items/{one['id']}"))

    def request(self, kind: str) -> tuple[str, str, Any]:
        lon, lat = self.chance.uniform(-170, 165), self.chance.uniform(-55, 55)
        point = {"type": "Point", "coordinates": [round(lon, 4), round(lat, 4)]}
        match kind:
            case "search":
                box = [lon, lat, lon + 3, lat + 3]
                body: dict[str, Any] = {"bbox": [round(x, 4) for x in box], "limit": 10}
                if self.chance.random() < 0.5:
                    body["datetime"] = "2023-01-01T00:00:00Z/2023-06-30T00:00:00Z"
                return "POST", "/stac/search", body
            case "item":
                return "GET", "/stac/collections", None
            case "order status" | "orders":
                return "GET", "/orders?limit=10", None
            case "opportunities":
                return "POST", "/products/any/opportunities", {"datetime": DAY, "geometry": point}
        parameters = {"offnadir:title": "load"}
        wish = {"datetime": DAY, "geometry": point, "order_parameters": parameters}
        return "POST", "/products/any/orders", wish

    async def tell(self, took_s: float, used: dict[str, float]) -> None:
        total = sum(self.answers.values())
        print(f"{total} requests in {took_s:.1f} s, {total / took_s:.0f} a second\n")
        print(
            "| what | number | p50 ms | p95 | p99 | worst | answers |\n|---|---|---|---|---|---|---|"
        )
        for kind, times in self.took_ms.items():
            if len(times) < 2:
                continue
            cut = statistics.quantiles(times, n=100)
            told = [statistics.median(times), cut[94], cut[98], max(times)]
            states = {code: n for (one, code), n in sorted(self.answers.items()) if one == kind}
            print(
                f"| {kind} | {len(times)} | "
                + " | ".join(f"{one:.1f}" for one in told)
                + f" | {states} |"
            )
        lost = 0
        for key, order in random.Random(3).sample(self.orders, min(300, len(self.orders))):
            headers = {"Authorization": f"Bearer {key}"}
            status, _, _ = await self.http.ask("GET", f"/orders/{order}", headers)
            lost += status != 200
        twice = len(self.placed) - len(set(self.placed))
        print(f"\norders promised {len(self.placed)}, given twice {twice}, lost of a sample {lost}")
        print("\n| CPU of | ms a request | cores |\n|---|---|---|")
        for name, seconds in used.items():
            print(f"| {name} | {1e3 * seconds / max(total, 1):.2f} | {seconds / took_s:.2f} |")


def cpu_s(served_by: int) -> dict[str, float]:
    """Seconds of CPU that the workers, PostgreSQL's processes and this client have taken (Linux)."""
    tick, workers, server = os.sysconf("SC_CLK_TCK"), 0.0, 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
        except OSError:  # it has ended
            continue
        parts = rest.split()
        seconds = sum(map(int, parts[11:15])) / tick
        if served_by in (int(stat.parent.name), int(parts[1])):
            workers += seconds
        elif name == "postgres":
            server += seconds
    return {"workers": workers, "PostgreSQL": server, "client": time.process_time()}


if __name__ == "__main__":
    main()
