"""An archive of a million items: how long it takes to load, to search and to get, and how large it is.

    ./run bench archive --folder FOLDER [--items N] [--queries N] [--postgresql URL]

Items are made from a seed: footprints of 5 to 40 km over the whole world, a third of them at 300 places
that are looked at often, over five years and twelve satellites. Queries are made from another seed, of nine
kinds in equal number; each is timed from asking to having all items of the page as dictionaries. Prints
tables in Markdown.
"""

from __future__ import annotations

import argparse
import math
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from offnadir._database import Database, open_database, sa
from offnadir.catalog import Archive, ArchiveQuery
from offnadir.epoch import Epoch, utc_text
from offnadir.units import deg

START = Epoch.from_utc("2021-06-01T00:00:00Z")
DAYS = 5 * 365
SATELLITES = [
    (f"SAT-{n + 1}", gsd)
    for n, gsd in enumerate((0.3, 0.3, 0.5, 0.5, 0.7, 0.7, 1.0, 1.5, 2.5, 3.0, 5.0, 10.0))
]
KINDS = (
    "a place", "a place, a month, limits", "a box of 50 km", "a box of 1000 km, a month",
    "a box over the date line",
    "a country's outline, limits, sharpest first", "a day, the whole world", "a satellite's newest",
    "limits only, clearest first",
)  # fmt: skip


def items(number: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Items of the benchmark, the same for the same seed."""
    rng = np.random.default_rng(seed)
    hot = np.stack(
        [rng.uniform(-180, 180, 300), np.degrees(np.arcsin(rng.uniform(-0.85, 0.85, 300)))], 1
    )
    done = 0
    while done < number:
        n = min(10_000, number - done)
        lon = rng.uniform(-180, 180, n)
        lat = np.degrees(np.arcsin(rng.uniform(-0.985, 0.985, n)))
        at_hot = rng.random(n) < 0.35
        which = rng.integers(0, 300, n)
        lon = np.where(at_hot, hot[which, 0] + rng.normal(0, 0.1, n), lon)
        lat = np.where(at_hot, hot[which, 1] + rng.normal(0, 0.1, n), lat)
        half = rng.uniform(2.5, 20.0, (n, 2)) / 111.0
        turn = rng.uniform(0, 2 * math.pi, n)
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)])
        along, across = corners[:, 0] * half[:, :1], corners[:, 1] * half[:, 1:]
        x = (np.cos(turn)[:, None] * along - np.sin(turn)[:, None] * across) / np.cos(
            np.radians(lat)
        )[:, None]
        y = np.sin(turn)[:, None] * along + np.cos(turn)[:, None] * across
        rings = np.round(np.stack([lon[:, None] + x, np.clip(lat[:, None] + y, -90, 90)], 2), 6)
        at = START.tai_ns + (rng.uniform(0, DAYS * 86400, n) * 1e6).astype(np.int64) * 1000
        times = utc_text(at, 3)
        satellite = rng.integers(0, len(SATELLITES), n)
        off_nadir = np.abs(rng.normal(0, 15, n)).clip(0, 45).round(3)
        cloud = (rng.beta(0.4, 0.6, n) * 100).round(2)
        sun = rng.uniform(10, 75, n).round(3)
        azimuth = rng.uniform(0, 360, n).round(3)
        tokens = rng.integers(0, 2**63, (n, 8), dtype=np.int64)
        for k in range(n):
            name, gsd = SATELLITES[satellite[k]]
            ring = rings[k].tolist()
            west, south = rings[k].min(axis=0).tolist()
            east, north = rings[k].max(axis=0).tolist()
            if west < -180 or east > 180:
                west, east = (west + 180) % 360 - 180, (east + 180) % 360 - 180
            item = f"{name}-{done + k:07d}"
            sharp = gsd * (1 + (off_nadir[k] / 45) ** 2)
            sums = ["".join(f"{v:016x}" for v in tokens[k, m : m + 4].tolist()) for m in (0, 4)]
            yield {
                "type": "Feature", "stac_version": "1.1.0", "id": item,
                "stac_extensions": [
                    "https://stac-extensions.github.io/view/v1.0.0/schema.json",
                    "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
                    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
                ],
                "collection": "bench", "bbox": [west, south, east, north],
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "properties": {
                    "title": item, "datetime": times[k], "created": times[k], "platform": name,
                    "instruments": ["camera"], "gsd": round(float(sharp), 3),
                    "view:off_nadir": float(off_nadir[k]),
                    "view:incidence_angle": round(float(off_nadir[k]) * 1.1, 3),
                    "view:azimuth": float(azimuth[k]),
                    "view:sun_elevation": float(sun[k]), "eo:cloud_cover": float(cloud[k]),
                    "processing:level": "L1C" if k % 3 else "L1B",
                    "offnadir:niirs": round(6.0 - math.log2(float(sharp) / 0.5), 2),
                },
                "links": [],
                "assets": {
                    key: {
                        "href": f"https://example.com/{item}/{key}.tif", "roles": ["data"], "title": key,
                        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                        "file:checksum": "1220" + sums[m], "file:size": 1_000_000 + k,
                    }
                    for m, key in enumerate(("pan", "ms"))
                },
            }  # fmt: skip
        done += n


def queries(number: int, seed: int = 2) -> list[tuple[str, ArchiveQuery]]:
    """Queries of each kind."""
    rng = np.random.default_rng(seed)
    made = []
    for n in range(number):
        kind = KINDS[n % len(KINDS)]
        lon, lat = (
            float(rng.uniform(-170, 170)),
            float(np.degrees(np.arcsin(rng.uniform(-0.85, 0.85)))),
        )
        day = float(rng.uniform(0, DAYS - 31))
        month = {"start": START + day * 86400, "stop": START + (day + 30) * 86400}
        limits = {
            "max_cloud": 0.2,
            "max_off_nadir_rad": 20 * deg,
            "max_gsd_m": float(rng.choice([0.6, 1.0, 3.0])),
        }
        point = {"type": "Point", "coordinates": [lon, lat]}
        query: dict[str, Any]
        if kind == KINDS[0]:
            query = {"geometry": point}
        elif kind == KINDS[1]:
            query = {"geometry": point, **month, **limits}
        elif kind == KINDS[2]:
            query = {"bbox": square(lon, lat, 50)}
        elif kind == KINDS[3]:
            query = {"bbox": square(lon, lat, 1000), **month}
        elif kind == KINDS[4]:
            query = {"bbox": [178.5, lat - 1, -178.5, lat + 1]}
        elif kind == KINDS[5]:
            query = {"geometry": outline(lon, lat, rng), "sort": "gsd", **limits}
        elif kind == KINDS[6]:
            query = {
                "start": START + day * 86400,
                "stop": START + (day + 1) * 86400,
                "sort": "time",
            }
        elif kind == KINDS[7]:
            query = {"platforms": [SATELLITES[int(rng.integers(12))][0]]}
        else:
            query = {**limits, "min_sun_elevation_rad": 40 * deg, "sort": "cloud"}
        made.append((kind, ArchiveQuery(**query, limit=100)))
    return made


def square(lon: float, lat: float, side_km: float) -> list[float]:
    high = side_km / 222.0
    wide = high / math.cos(math.radians(lat))
    return [max(lon - wide, -180), max(lat - high, -90), min(lon + wide, 180), min(lat + high, 90)]


def outline(lon: float, lat: float, rng: np.random.Generator) -> dict[str, Any]:
    """A star-shaped outline of some 500 km with 60 corners."""
    turn = np.linspace(0, 2 * math.pi, 61)[:-1]
    radius = 2.5 * rng.uniform(0.6, 1.0, 60)
    ring = np.stack(
        [lon + radius * np.cos(turn) / math.cos(math.radians(lat)), lat + radius * np.sin(turn)], 1
    )
    ring = np.vstack([ring, ring[:1]]).clip([-180, -90], [180, 90]).round(5)
    return {"type": "Polygon", "coordinates": [ring.tolist()]}


def centiles(times_s: list[float]) -> str:
    """Median, 95th and 99th centile and the worst, in ms."""
    p = np.percentile(np.array(times_s) * 1e3, [50, 95, 99, 100])
    return " | ".join(f"{one:.1f}" for one in p)


def timed(job: Callable[[], Any]) -> tuple[float, Any]:
    before = time.perf_counter()
    made = job()
    return time.perf_counter() - before, made


def load(archive: Archive, number: int) -> None:
    present = archive.count()
    if present:
        print(f"{archive.database.dialect}: {present} items are there already", file=sys.stderr)
        return
    wall, cpu = time.perf_counter(), time.process_time()
    tally = archive.add_many((item, None) for item in items(number))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert tally.added == number, tally
    print(
        f"| {archive.database.dialect} | loading | {wall:.0f} s on the wall, {cpu:.0f} s of this process |"
    )


def size_mb(database: Database) -> float:
    if database.dialect == "sqlite":
        return (
            sum(
                path.stat().st_size
                for path in Path(database.where).parent.glob(Path(database.where).name + "*")
            )
            / 1e6
        )
    with database.read() as connection:
        return (
            int(
                connection.execute(
                    sa.text("SELECT pg_database_size(current_database())")
                ).scalar_one()
            )
            / 1e6
        )


def measure(
    archive: Archive, asked: list[tuple[str, ArchiveQuery]], number: int
) -> dict[int, list[str]]:
    """Times of searches by kind and of getting by name; what each search found."""
    times: dict[str, list[float]] = {}
    answers = {}
    for n, (kind, query) in enumerate(asked):
        took, page = timed(lambda query=query: archive.search(query))  # type: ignore[misc]
        times.setdefault(kind, []).append(took)
        answers[n] = [one.id for one in page.items]
    seconds = []
    for _, query in asked:
        page = archive.search(query)
        if page.next:
            seconds.append(
                timed(
                    lambda query=query, page=page: archive.search(replace(query, token=page.next))
                )[0]
            )  # type: ignore[misc]
    rng = np.random.default_rng(3)
    names = [
        f"{SATELLITES[int(s)][0]}-{int(k):07d}"
        for s, k in rng.integers((0, 0), (12, number), (12_000, 2))
    ]
    got = []
    for name in names:
        try:
            got.append(timed(lambda name=name: archive.get(name))[0])  # type: ignore[misc]
        except ValueError:
            continue
        if len(got) >= 500:
            break
    print(
        f"\n{archive.database.dialect}, {archive.count()} items, {size_mb(archive.database):.0f} MB\n"
    )
    print("| what | p50 ms | p95 | p99 | worst | number |\n|---|---|---|---|---|---|")
    for kind, each in times.items():
        print(f"| {kind} | {centiles(each)} | {len(each)} |")
    together = [one for each in times.values() for one in each]
    print(f"| **all searches** | {centiles(together)} | {len(together)} |")
    print(f"| second pages | {centiles(seconds)} | {len(seconds)} |")
    print(f"| get | {centiles(got)} | {len(got)} |")
    return answers


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=900)
    parser.add_argument("--postgresql")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.processor() or platform.machine()}\n")
    asked = queries(options.queries)
    answers = []
    for where in filter(None, (str(options.folder / "archive.sqlite"), options.postgresql)):
        archive = Archive(open_database(where))
        load(archive, options.items)
        answers.append(measure(archive, asked, options.items))
        sys.stdout.flush()
    if len(answers) == 2:
        differ = sum(answers[0][n] != answers[1][n] for n in answers[0])
        print(f"\nPages that differ between the databases: {differ} of {len(asked)}")
    print(f"\nMost memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
