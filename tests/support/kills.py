"""Kill the mission loop at random instants, again and again, and compare with a run that nobody disturbed.

`python -m support.kills WORK [KILLS] [SEED] [DATABASE_URL]` prints what it found as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import rasterio

from offnadir._database import sa
from offnadir.catalog import ArchiveQuery
from offnadir.epoch import Epoch
from offnadir.operations import open_operation
from offnadir.operations._tables import MESSAGES, PICTURES
from offnadir.tasking import read_order, verify
from support.operation import Tape, drive, make_operation, make_tape, place_orders

UNTIL = Epoch.from_utc("2026-06-03T00:00:00Z")
_FAULTS = """
[webhooks]
allow = ["127.0.0.0/8"]
[[fault]]
kind = "missed_uplink"
satellite = "PLEIADES NEO 4"
[[fault]]
kind = "corrupt_downlink"
times = 2
"""
_NEVER_KEPT = {"created", "updated"}


class Posts:
    """A web server that counts the messages it gets, by their key."""

    def __init__(self) -> None:
        self.keys: Counter[str] = Counter()
        self.bodies: dict[str, set[str]] = {}
        ours = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                key = str(self.headers["Idempotency-Key"])
                ours.keys[key] += 1
                ours.bodies.setdefault(key, set()).add(body)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *words: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @contextmanager
    def serving(self) -> Iterator[Posts]:
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            thread.join()
            self.server.server_close()


def set_out(folder: Path, url: str, database: str | None = None) -> Path:
    """An operation with orders of all sorts: plain, recurring, withdrawn, of the archive, expiring, held."""
    path = make_operation(folder, _FAULTS, database)
    with open_operation(path) as here:
        hook = {"delivery": {"webhook": url}}
        names = place_orders(here, **hook)
        here.desk.cancel(names["Busan"], by="ann")

        def place(title: str, lon: float, lat: float, **wishes: Any) -> None:
            spot = {"type": "Point", "coordinates": [lon, lat]}
            order = read_order({"title": title, "place": spot, **wishes}, now=here.clock.now())
            here.desk.place(order, by="ann", key=title)

        place("Daily", 135.5, 34.7, recurrence={"every_days": 1, "count": 2}, **hook)
        place("Short", 130.4, 33.6, deadline="2026-05-31T00:30:00Z")
        place("Old", 126.98, 37.57, source="archive")
        place("Listed", 128.6, 35.9, end_user={"name": "Nobody Inparticular", "kind": "person"})
    return path


def outcome(path: Path, posts: Posts) -> dict[str, Any]:
    """What has become of an operation, without what may differ from run to run, and what was left behind."""
    with open_operation(path) as here:
        operation = here.operation
        rows = here.desk.list(by="boss").rows
        names = {row.id: row.title for row in rows}
        history = {
            names[row.id]: [
                (line.state, line.code, line.at.utc(0))
                for line in here.desk.show(row.id, by="boss").history
            ]
            for row in rows
        }

        def named(text: str) -> str:
            for order, title in names.items():
                text = text.replace(order, title)
            return text

        with here.database.read() as connection:
            pictures = [
                (
                    named(row.id),
                    row.satellite,
                    row.start_tai_ns,
                    row.down_tai_ns,
                    row.state,
                    row.tries,
                )
                for row in connection.execute(sa.select(PICTURES))
            ]
            messages = [
                (named(row.id), row.state) for row in connection.execute(sa.select(MESSAGES))
            ]
        items = [one.item for one in here.archive.search(ArchiveQuery()).items]
        log = verify(here.desk.audit)
    found = {
        "history": history,
        "pictures": sorted(pictures),
        "messages": sorted(messages),
        "items": sorted((named(one["id"]), one["properties"]["datetime"]) for one in items),
        "products": _files(operation.products, named),
        "deliveries": _files(operation.deliveries, named),
        "posted": sorted(named(key) for key in posts.keys),
        "bodies": max((len(one) for one in posts.bodies.values()), default=0),
        "log": bool(log.is_whole),
        "work": sorted(one.name for one in operation.work.glob("*")),
        "parts": sorted(
            named(str(one.relative_to(path.parent)))
            for one in path.parent.rglob("*")
            if ".part" in one.name or one.name.endswith(".tmp")
        ),
    }
    return dict(json.loads(json.dumps(found)))


def _files(folder: Path, named: Callable[[str], str]) -> dict[str, str]:
    """Every file's digest; orders' ids, which differ from run to run, are put by their names.

    Of a picture that is of its pixels, place and tags: its bytes hold the id, too.
    """
    found = {}
    for file in sorted(one for one in folder.rglob("*") if one.is_file()):
        raw = file.read_bytes()
        if file.suffix == ".json":
            raw = named(json.dumps(_plain(json.loads(raw)), sort_keys=True)).encode()
        elif file.suffix == ".tif":
            with rasterio.open(file) as picture:
                told = {
                    k: v for k, v in picture.tags().items() if k != "OFFNADIR_STEP"
                }  # of the id
                tags = named(json.dumps([told, str(picture.profile)], sort_keys=True))
                raw = tags.encode() + picture.read().tobytes()
        found[named(str(file.relative_to(folder)))] = (
            hashlib.sha256(raw).hexdigest() if file.suffix in (".json", ".tif") else "a file"
        )
    return found


def _plain(value: Any) -> Any:
    """JSON without times of making, and without digests and sizes, which follow them."""
    if isinstance(value, dict):
        return {
            key: _plain(one)
            for key, one in value.items()
            if key not in _NEVER_KEPT and key not in ("file:checksum", "file:size")
        }
    return [_plain(one) for one in value] if isinstance(value, list) else value


def child(path: Path, level1: Path, log: Path) -> int:
    """Fork a process that runs the loop to its end; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    code, begun_s = 1, time.monotonic()
    try:
        with log.open("a", buffering=1) as stream:
            os.dup2(stream.fileno(), 2)

            def say(at: Epoch, text: str) -> None:
                print(f"{os.getpid()} {at.utc(0)} {text}", file=stream)

            with open_operation(path, spacecraft=Tape(level1), say=say) as here:
                here.lease.holder = (
                    "killed:again:and again"  # the one before is dead: no need to wait
                )
                here.lease.take()
                from offnadir.operations import run

                run(here, until=UNTIL)
                here.lease.give_back()
        (path.parent / "seconds").write_text(f"{time.monotonic() - begun_s:.3f}")
        code = 0
    except BaseException:  # noqa: BLE001 - the child must never return into its parent's work
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _in_child(work: Callable[[], object]) -> None:
    """Do it in a process of its own: GDAL's threads do not live on in the children of who used them."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise RuntimeError("the child failed")


def warm_up(folder: Path) -> None:
    """Import and compile what planning needs, once for all children."""
    import offnadir.imagery  # noqa: F401 - a child that is killed early should not spend its life importing

    path = make_operation(folder)
    with open_operation(path) as here:
        place_orders(here)
        start = here.clock.now()
    drive(path, start + 60.0)


def _seconds(path: Path) -> float:
    """How long the loop of this folder ran."""
    return float((path.parent / "seconds").read_text())


def kill_until_done(
    path: Path, level1: Path, luck: random.Random, mean_s: float, most: int
) -> tuple[int, Counter[str]]:
    """Kill the loop after random times, at most so often, until it is done; how often, and what it was at."""
    log, kills, at = path.parent / "loop.log", 0, Counter[str]()
    while True:
        pid = child(path, level1, log)
        end_s = time.monotonic() + luck.expovariate(1.0 / mean_s)
        while kills < most and time.monotonic() < end_s:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                break
            time.sleep(0.002)
        else:
            done = 0
            if kills < most:
                os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            kills += 1
            lines = log.read_text().splitlines() if log.exists() else []
            last = lines[-1].split(" ", 2) if lines else []
            at[last[2].split(" ")[0] if len(last) == 3 and last[0] == str(pid) else "start"] += 1
            continue
        if os.waitstatus_to_exitcode(status) != 0:
            raise RuntimeError(f"the loop failed: {log.read_text()[-3000:]}")
        return kills, at


def compare(
    work: Path, kills: int, seed: int, where: Callable[[int], str | None] = lambda number: None
) -> dict[str, Any]:
    """At least so many kills, over as many operations as that takes; every difference that was found."""
    luck = random.Random(seed)
    level1 = work / "level1"
    if not (level1 / "manifest.json").exists():
        _in_child(lambda: make_tape(level1))
    warm_up(work / "warm")
    calm = Posts()
    path = set_out(work / "calm", calm.url, where(0))
    with calm.serving():
        kill_until_done(path, level1, luck, 1.0, 0)
    calm_s = _seconds(path)
    wanted = outcome(path, calm)
    done, number, repeated, differences = 0, 0, 0, []
    while done < kills:
        number += 1
        posts = Posts()
        path = set_out(work / f"killed-{number}", posts.url, where(number))
        with posts.serving():
            count, _ = kill_until_done(path, level1, luck, max(calm_s / 6.0, 0.05), 60)
        done += count
        repeated += sum(posts.keys.values()) - len(posts.keys)
        found = outcome(path, posts)
        if found != wanted:
            differences.append(
                {
                    "operation": number,
                    **{
                        key: {"wanted": wanted[key], "found": found[key]}
                        for key in wanted
                        if wanted[key] != found[key]
                    },
                }
            )
    return {
        "kills": done,
        "operations": number,
        "posted_again": repeated,
        "calm_s": round(calm_s, 2),
        "wanted": wanted,
        "differences": differences,
    }


if __name__ == "__main__":
    arguments = sys.argv[1:]
    base = arguments[3] if len(arguments) > 3 else None
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)

    def database(number: int) -> str | None:
        """A database of its own for each operation."""
        if base is None:
            return None
        from offnadir._database import open_database

        name = f"kills_{number}"
        made = open_database(base)
        with made.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
            link.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
            link.execute(sa.text(f"CREATE DATABASE {name}"))
        made.close()
        return base.rpartition("/")[0] + "/" + name

    sys.stdout, keep = sys.stderr, sys.stdout
    result = compare(
        folder,
        int(arguments[1]) if len(arguments) > 1 else 100,
        int(arguments[2]) if len(arguments) > 2 else 1,
        database,
    )
    print(json.dumps(result, indent=1), file=keep)
