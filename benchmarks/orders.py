"""A million orders: placing, showing, listing and checking the log, on SQLite and on PostgreSQL.

    python benchmarks/orders.py [--orders 1000000] [--database FILE_OR_URL] [--times 200]

Fills a database with orders, their history and a log that is sealed as it should be (in bulk, not by
placing), then measures single calls on the full database: wall and CPU milliseconds at the 50th and 95th
centile. By default in a temporary SQLite file; PostgreSQL by its URL. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from offnadir._database import Database, open_database, sa
from offnadir.epoch import Epoch, utc_text
from offnadir.tasking import Desk, read_order
from offnadir.tasking._audit_verify import verify
from offnadir.tasking._ids import new_id
from offnadir.tasking._tables import AUDIT_HEAD, AUDIT_LOG, CUSTOMERS, HISTORY, ORDERS

FIRMS = 1000
AT_ONCE = 10_000
START = Epoch.from_utc("2026-01-01T00:00:00Z")
#: Final state, and the codes that lead there; most orders of a database that is old are over.
FATES = [
    (70, ("received placed", "accepted passed", "completed delivered")),
    (12, ("received placed", "rejected restriction")),
    (8, ("received placed", "user_cancelled withdrawn")),
    (6, ("received placed", "accepted passed")),
    (3, ("received placed", "accepted passed", "scheduled planned")),
    (1, ("received placed", "held screening")),
]


class NobodyListed:
    """A screener for whom nobody is on a list: what is measured here is the desk."""

    lists = (("an empty list", "2026-01-01", "0" * 64),)
    threshold = 0.5

    def screen_many(self, parties: Any) -> Iterator[Any]:
        return (self for _ in parties)

    hits = ()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, default=1_000_000)
    options.add_argument("--database", default="")
    options.add_argument("--times", type=int, default=200)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(asked.database or Path(folder) / "orders.sqlite")
        desk = Desk(database, NobodyListed(), ())
        begin = time.process_time()
        ids, firms = fill(desk, asked.orders)
        size = ""
        if database.dialect == "sqlite":
            size = f", {Path(database.where).stat().st_size / 1e6:,.0f} MB"
        print(f"{len(ids):,} orders on {database.dialect}{size}; ", end="")
        print(f"filled in {time.process_time() - begin:.0f} s of CPU\n")
        print(
            "| what | p50 wall ms | p95 wall ms | p50 CPU ms | p95 CPU ms |\n|---|---|---|---|---|"
        )
        measure(desk, ids, firms, asked.times)
        begin, wall = time.process_time(), time.perf_counter()
        report = verify(desk.audit)
        cpu, wall = time.process_time() - begin, time.perf_counter() - wall
        print(f"\naudit verify: {report.entries:,} entries, whole: {report.is_whole}, ", end="")
        print(f"{report.entries / cpu:,.0f} entries/s of CPU, {wall:.1f} s wall")
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
        database.close()


def measure(desk: Desk, ids: list[str], firms: list[str], times: int) -> None:
    chance = random.Random(2)
    order = read_order({"place": {"type": "Point", "coordinates": [126.98, 37.57]}})
    box = {"type": "Polygon", "coordinates": [[[0, 0], [0.1, 0], [0.1, 0.1], [0, 0.1], [0, 0]]]}
    area = read_order({"place": box, "title": "an area"})
    placed: list[str] = []

    def place() -> None:
        wanted = chance.choice((order, area))
        placed.append(desk.place(wanted, by="loop", customer=chance.choice(firms))[0].id)

    def move() -> None:
        desk.advance(placed.pop(), "scheduled", "planned", by="loop")

    def page() -> None:
        desk.list(by="loop", before=chance.choice(ids))

    work: list[tuple[str, Callable[[], object]]] = [
        ("place", place),
        ("advance", move),
        ("show (status)", lambda: desk.show(chance.choice(ids), by="loop")),
        ("show to its customer", lambda: desk.show(chance.choice(ids[::FIRMS]), by="kim")),
        ("list, latest 100", lambda: desk.list(by="loop")),
        ("list, 100 from anywhere", page),
        ("list held", lambda: desk.list(by="loop", state="held")),
        ("list open", lambda: desk.list(by="loop", is_open=True)),
        ("list of a customer", lambda: desk.list(by="loop", customer=chance.choice(firms))),
        (
            "list completed of a customer",
            lambda: desk.list(by="loop", customer=chance.choice(firms), state="completed"),
        ),
        ("list own", lambda: desk.list(by="kim")),
        ("audit of an order", lambda: desk.read_log(by="anna", subject=chance.choice(ids))),
        ("place with a key used before", lambda: None),
    ]
    again, _ = desk.place(order, by="loop", customer=firms[0], key="again")
    work[-1] = (
        work[-1][0],
        lambda: desk.place(order, by="loop", customer=firms[0], key="again"),
    )
    assert again.id
    for name, do in work:
        walls, cpus = [], []
        for _ in range(times):
            wall, cpu = time.perf_counter(), time.process_time()
            do()
            walls.append((time.perf_counter() - wall) * 1e3)
            cpus.append((time.process_time() - cpu) * 1e3)
        numbers = [f"{value:.1f}" for some in (walls, cpus) for value in (middle(some), high(some))]
        print(f"| {name} | " + " | ".join(numbers) + " |", flush=True)


def middle(values: list[float]) -> float:
    return statistics.median(values)


def high(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def fill(desk: Desk, count: int) -> tuple[list[str], list[str]]:
    """People and orders, as placing would have left them; what is there already is counted."""
    if not desk.first_user("root"):
        with desk.database.read() as connection:
            ids = list(connection.execute(sa.select(ORDERS.c.id).order_by(ORDERS.c.id)).scalars())
            firms = list(connection.execute(sa.select(CUSTOMERS.c.id)).scalars())
        return fill_up(desk, count, ids, firms), firms
    firms = [desk.add_customer({"name": f"Firm {n}"}, by="root").id for n in range(3)]
    desk.add_user("kim", ["customer"], customer="Firm 0", by="root")
    desk.add_user("loop", ["planner"], by="root")
    desk.add_user("anna", ["auditor"], by="root")
    with desk.database.begin() as connection:
        row = connection.execute(sa.select(CUSTOMERS).limit(1)).one()._mapping
        rest = []
        for n in range(3, FIRMS):
            firms.append(new_id("c", 1_700_000_000_000 + n, None))
            document = json.dumps({"name": f"Firm {n}"})
            rest.append({**row, "id": firms[-1], "name": f"Firm {n}", "document": document})
        connection.execute(CUSTOMERS.insert(), rest)
    return fill_up(desk, count, [], firms), firms


def fill_up(desk: Desk, count: int, ids: list[str], firms: list[str]) -> list[str]:
    for first in range(len(ids), count, AT_ONCE):
        ids += fill_some(
            desk.database, first, min(AT_ONCE, count - first), firms, desk.screened_with
        )
    with desk.database.begin() as connection:
        connection.execute(sa.text("ANALYZE"))
    return ids


def fill_some(
    database: Database, first: int, count: int, firms: list[str], digest: str
) -> list[str]:
    chance = random.Random(first)
    fates = chance.choices([fate for _, fate in FATES], [share for share, _ in FATES], k=count)
    document = json.dumps({"place": {"type": "Point", "coordinates": [126.98, 37.57]}})
    times = [START + 25.0 * (first + n) for n in range(count)]
    texts = utc_text([at.tai_ns for at in times], 9)
    ids, orders, lines, entries = [], [], [], []
    with database.begin() as connection:
        seq, previous = connection.execute(sa.select(AUDIT_HEAD.c.seq, AUDIT_HEAD.c.hash)).one()
        for n, (at, fate, text) in enumerate(zip(times, fates, texts, strict=True)):
            name = new_id("o", at.utc_ns // 1_000_000, None)
            ids.append(name)
            state, code = fate[-1].split()
            is_open = state in ("accepted", "scheduled", "held")
            firm = firms[(first + n) % FIRMS]
            orders.append(
                {
                    "id": name, "customer_id": firm, "placed_by": "loop", "placed_tai_ns": at.tai_ns,
                    "idempotency_key": f"key {first + n}", "digest": "0" * 64, "document": document,
                    "title": f"order {first + n}", "priority": 2, "deadline_tai_ns": None, "state": state,
                    "code": code, "changed_tai_ns": at.tai_ns, "changes": len(fate),
                    "held_from": "received" if state == "held" else None, "is_open": is_open,
                    "screened_with": digest, "quota_month": "2026-01", "quota_pictures": 0,
                    "quota_area_m2": 0,
                }
            )  # fmt: skip
            before = ""
            for number, step in enumerate(fate, 1):
                state, code = step.split()
                lines.append(
                    {
                        "order_id": name, "number": number, "at_tai_ns": at.tai_ns, "state": state,
                        "code": code, "words": "words", "by": "loop", "step_key": None,
                    }
                )  # fmt: skip
                seq += 1
                action = "order.move" if before else "order.place"
                body = {"from": before, "to": state, "code": code, "order_sha256": "0" * 64}
                content = {
                    "seq": seq, "at": text, "by": "loop", "action": action, "subject": name,
                    "body": body, "previous": previous,
                }  # fmt: skip
                entry = json.dumps(content, sort_keys=True, separators=(",", ":"))
                previous, before = hashlib.sha256(entry.encode()).hexdigest(), state
                entries.append(
                    {
                        "seq": seq, "at_tai_ns": at.tai_ns, "by": "loop", "action": action,
                        "subject": name, "entry": entry, "hash": previous,
                    }
                )  # fmt: skip
        for table, rows in ((ORDERS, orders), (HISTORY, lines), (AUDIT_LOG, entries)):
            insert(connection, table, rows)
        connection.execute(AUDIT_HEAD.update().values(seq=seq, hash=previous))
    return ids


def insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Many rows by the driver's own means, which is several times faster."""
    marks = "?" if connection.dialect.name == "sqlite" else "%s"
    names = list(rows[0])
    quoted = ", ".join(f'"{name}"' for name in names)
    statement = f"INSERT INTO {table.name} ({quoted}) VALUES ({', '.join([marks] * len(names))})"
    cursor = connection.connection.cursor()
    cursor.executemany(statement, [tuple(row.values()) for row in rows])
    cursor.close()


if __name__ == "__main__":
    main()
