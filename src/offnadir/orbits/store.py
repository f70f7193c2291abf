"""A local store of element sets with their history: one SQLite file, every set once, nothing lost.

The numbers of a set are those that were published: `fields` of a stored set is the record as it came,
and `elements` is made of it, as `read_elements` would.
"""

from __future__ import annotations

import fnmatch
import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import cast

import numpy as np

from offnadir._table import Table
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError
from offnadir.orbits._element_file import ElementFile, Rejected
from offnadir.orbits._elements import ElementSet
from offnadir.orbits._select import select_satellites
from offnadir.orbits._store_records import (
    Published,
    PublishedFile,
    StoredSet,
    digest,
    fields_text,
    orbit_digest,
    pack_numbers,
    rank,
    read_published,
    unpack_set,
)
from offnadir.orbits._store_schema import (
    Packer,
    connect,
    default_store_path,
    is_store,
    sqlite_trouble,
    transaction,
)

__all__ = [
    "Added",
    "Choice",
    "PublishedFile",
    "Store",
    "StoredSet",
    "default_store_path",
    "is_store",
    "open_store",
    "read_published",
    "read_store",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What an import did: sets that are new, sets that were known, and records refused."""

    new: int
    known: int
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which sets are meant; everything that is given must hold.

    `name` is a pattern with * ? [], matched to every name that the object was ever published under,
    case aside. `satellites` are names or numbers as `select_satellites` takes them. `after` and
    `before` bound the epochs of sets, both ends included.
    """

    name: str = ""
    norad_ids: tuple[int, ...] = ()
    satellites: tuple[str | int, ...] = ()
    after: Epoch | None = None
    before: Epoch | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    """As much of an element set as `select_satellites` looks at."""

    norad_id: int
    name: str
    epoch: Epoch


_ALL = Choice()
_READ = """
SELECT s.id, s.norad_id, s.epoch_tai_ns, r.name, r.object_id, r.classification, r.numbers,
    r.fields, o.name, r.seen_tai_ns
FROM sets s JOIN records r ON r.id = s.record_id JOIN sources o ON o.id = r.source_id
"""
# The last set up to :at and the first after it are found by the index, however long the history is.
_NEAREST = """
WHERE s.id = (
    SELECT id FROM (
        SELECT * FROM (
            SELECT id, epoch_tai_ns AS e FROM sets
            WHERE norad_id = :norad_id AND epoch_tai_ns <= :at AND epoch_tai_ns >= :after
            ORDER BY epoch_tai_ns DESC, id DESC LIMIT 1
        )
        UNION ALL
        SELECT * FROM (
            SELECT id, epoch_tai_ns AS e FROM sets
            WHERE norad_id = :norad_id AND epoch_tai_ns > :at AND epoch_tai_ns <= :before
            ORDER BY epoch_tai_ns, id DESC LIMIT 1
        )
    ) ORDER BY abs(e - :at), e DESC LIMIT 1
)
"""
_IDS = "SELECT DISTINCT norad_id FROM sets ORDER BY norad_id"
_Row = tuple[ElementSet, bytes, str, int]  # and the packed fields, the source, when first seen
_FIRST_NS, _LAST_NS = -(1 << 62), (1 << 62) - 1


class Store:
    """An open store; close it, or use it in a `with` statement.

    Readers see a settled state while another process writes. Every change is one transaction.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection
        row = connection.execute("SELECT value FROM meta WHERE key = 'dictionary'").fetchone()
        self._packer = Packer(row[0])

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def __len__(self) -> int:
        with sqlite_trouble(self.path):
            return int(self.connection.execute("SELECT count(*) FROM sets").fetchone()[0])

    def add(self, files: Iterable[PublishedFile], *, now: Epoch | None = None) -> Added:
        """Store the sets of all files in one transaction: all of them, or none if anything fails.

        A set that is known already is left alone. If it comes with other fields (from another
        service, to more digits) both records are kept, and the one that says more speaks for the set.
        """
        with self.changing():
            return self.put(files, now=now)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """A transaction: what is done inside is done as a whole, or not at all."""
        with sqlite_trouble(self.path), transaction(self.connection):
            yield

    def put(self, files: Iterable[PublishedFile], *, now: Epoch | None = None) -> Added:
        """As `add`, within a transaction of the caller's."""
        seen = now or Epoch.from_utc_ns(time.time_ns())
        new = known = 0
        rejected: list[Rejected] = []
        for file in files:
            source_id = self._source_id(file.label)
            rejected.extend(file.rejected)
            for record in file.records:
                if self._add(record, source_id, seen):
                    new += 1
                else:
                    known += 1
        return Added(new=new, known=known, rejected=tuple(rejected))

    def elements(
        self, *, at: Epoch | None = None, names: Sequence[str | int] = ()
    ) -> list[ElementSet]:
        """One set an object: the nearest to `at` in time, or the youngest; all objects or `names`.

        Ordered by NORAD number. Raises InputError for a name that matches nothing.
        """
        chosen = self._nearest(Choice(satellites=tuple(names)), at)
        return [elements for elements, *_ in chosen]

    def nearest(self, choice: Choice = _ALL, *, at: Epoch | None = None) -> list[StoredSet]:
        """One set an object, as `elements`, of those that are chosen."""
        return [self._stored(row) for row in self._nearest(choice, at)]

    def _nearest(self, choice: Choice, at: Epoch | None) -> list[_Row]:
        after, before = _bounds(choice)
        middle = before if at is None else min(max(at.tai_ns, after), before)
        with sqlite_trouble(self.path):
            wanted = self._wanted(choice)
            if wanted is None:
                wanted = {row[0] for row in self.connection.execute(_IDS)}
            bounds = {"at": middle, "after": after, "before": before}
            return [
                row
                for norad_id in sorted(wanted)
                for row in self._read(_NEAREST, {**bounds, "norad_id": norad_id})
            ]

    def history(self, choice: Choice = _ALL) -> list[StoredSet]:
        """Every set that is chosen, by NORAD number and epoch."""
        return [self._stored(row) for row in self._history(choice)]

    def _history(self, choice: Choice) -> list[_Row]:
        after, before = _bounds(choice)
        bounds = {"after": after, "before": before}
        where = "WHERE s.epoch_tai_ns BETWEEN :after AND :before"
        order = "ORDER BY s.norad_id, s.epoch_tai_ns, s.id"
        with sqlite_trouble(self.path):
            wanted = self._wanted(choice)
            if wanted is None:
                return list(self._read(f"{where} {order}", bounds))
            return [
                row
                for norad_id in sorted(wanted)
                for row in self._read(
                    f"{where} AND s.norad_id = :norad_id {order}", {**bounds, "norad_id": norad_id}
                )
            ]

    def objects(self, choice: Choice = _ALL) -> Table:
        """One row an object, by NORAD number: name, sets and the epochs of the first and the newest.

        `after` and `before` of the choice hold for the newest epoch.
        """
        after, before = _bounds(choice)
        with sqlite_trouble(self.path):
            wanted = self._wanted(choice)
            rows = self.connection.execute(
                "SELECT norad_id, count(*), min(epoch_tai_ns), max(epoch_tai_ns) "
                "FROM sets GROUP BY norad_id ORDER BY norad_id"
            ).fetchall()
            rows = [
                row
                for row in rows
                if after <= row[3] <= before and (wanted is None or row[0] in wanted)
            ]
            labels = self._labels()
            named = [labels[row[0]] for row in rows]
        numbers = np.array([row[:4] for row in rows], np.int64).reshape(-1, 4)
        columns = {
            "satellite": np.array([name for name, _ in named], object),
            "norad_id": numbers[:, 0].copy(),
            "object_id": np.array([object_id for _, object_id in named], object),
            "sets": numbers[:, 1].copy(),
            "first_epoch": numbers[:, 2].copy(),
            "newest_epoch": numbers[:, 3].copy(),
        }
        return Table(columns, times=("first_epoch", "newest_epoch"))

    def newest_epoch(self) -> Epoch | None:
        """The latest epoch of any set; None if the store is empty."""
        with sqlite_trouble(self.path):
            row = self.connection.execute("SELECT max(epoch_tai_ns) FROM sets").fetchone()
        return None if row[0] is None else Epoch(row[0])

    def _source_id(self, name: str) -> int:
        self.connection.execute("INSERT OR IGNORE INTO sources (name) VALUES (?)", (name,))
        row = self.connection.execute("SELECT id FROM sources WHERE name = ?", (name,)).fetchone()
        return int(row[0])

    def _add(self, record: Published, source_id: int, seen: Epoch) -> bool:
        """Store one record; whether its set is new."""
        one, run = record.elements, self.connection.execute
        key = (one.norad_id, one.epoch.tai_ns, orbit_digest(one))
        found = run(
            "SELECT id FROM sets WHERE norad_id = ? AND epoch_tai_ns = ? AND orbit = ?", key
        ).fetchone()
        if not found:
            run(
                "INSERT INTO sets (norad_id, epoch_tai_ns, orbit, record_id) VALUES (?, ?, ?, 0)",
                key,
            )
        set_id = found[0] if found else run("SELECT last_insert_rowid()").fetchone()[0]
        mark = digest(record.fields)
        if (
            found
            and run(
                "SELECT 1 FROM records WHERE set_id = ? AND digest = ?", (set_id, mark)
            ).fetchone()
        ):
            return False
        text = fields_text(record.fields)
        record_id = run(
            "INSERT INTO records (set_id, digest, name, object_id, classification, numbers, "
            "fields, source_id, seen_tai_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (set_id, mark, one.name, one.object_id, one.classification, pack_numbers(one),
             self._packer.pack(text), source_id, seen.tai_ns),
        ).lastrowid  # fmt: skip
        if not found or rank(one.name, one.norad_id, text) >= self._rank(set_id):
            run("UPDATE sets SET record_id = ? WHERE id = ?", (record_id, set_id))
        return not found

    def _rank(self, set_id: int) -> tuple[bool, int]:
        """Of the record that speaks for the set so far."""
        norad_id, name, blob = self.connection.execute(
            "SELECT s.norad_id, r.name, r.fields FROM sets s JOIN records r ON r.id = s.record_id "
            "WHERE s.id = ?",
            (set_id,),
        ).fetchone()
        return rank(name, norad_id, self._packer.unpack(blob))

    def _wanted(self, choice: Choice) -> set[int] | None:
        """NORAD numbers that the choice allows; None is all."""
        wanted: set[int] | None = None
        if choice.norad_ids:
            wanted = set(choice.norad_ids)
        if not (choice.name or choice.satellites):
            return wanted
        names = self.connection.execute(
            "SELECT DISTINCT s.norad_id, r.name FROM sets s JOIN records r ON r.set_id = s.id"
        ).fetchall()
        if choice.name:
            pattern = choice.name.casefold()
            matched = {i for i, name in names if fnmatch.fnmatchcase(name.casefold(), pattern)}
            wanted = matched if wanted is None else wanted & matched
        if choice.satellites:
            known = cast("list[ElementSet]", [_Name(i, name, Epoch(0)) for i, name in names])
            matched = {
                one.norad_id
                for satellite in choice.satellites
                for one in select_satellites(known, satellite)
            }
            wanted = matched if wanted is None else wanted & matched
        return wanted

    def _labels(self) -> dict[int, tuple[str, str]]:
        """Name and international designator of each object, from its newest set."""
        rows = self.connection.execute(
            "SELECT s.norad_id, r.name, r.object_id "
            "FROM (SELECT norad_id, max(epoch_tai_ns) AS e FROM sets GROUP BY norad_id) n "
            "JOIN sets s ON s.norad_id = n.norad_id AND s.epoch_tai_ns = n.e "
            "JOIN records r ON r.id = s.record_id ORDER BY s.id"
        )
        return {norad_id: (name, object_id) for norad_id, name, object_id in rows}

    def _read(self, where: str, values: Mapping[str, int]) -> Iterator[_Row]:
        rows = self.connection.execute(_READ + where, values)
        for set_id, norad_id, epoch_tai_ns, *texts, numbers, blob, source, seen in rows:
            name, object_id, classification = texts
            elements = unpack_set(
                norad_id,
                epoch_tai_ns,
                (name, object_id, classification),
                numbers,
                f"{self.path}: set {set_id}",
            )
            yield elements, blob, source, seen

    def _stored(self, row: _Row) -> StoredSet:
        elements, blob, source, seen = row
        try:
            fields = json.loads(self._packer.unpack(blob))
        except (ValueError, zlib.error) as error:
            raise FileError(elements.source, f"damaged: {error}") from error
        return StoredSet(elements=elements, fields=fields, source=source, first_seen=Epoch(seen))


def _bounds(choice: Choice) -> tuple[int, int]:
    after = _FIRST_NS if choice.after is None else choice.after.tai_ns
    before = _LAST_NS if choice.before is None else choice.before.tai_ns
    return after, before


def open_store(path: str | Path | None = None, *, write: bool = False) -> Store:
    """The store at `path`, or the user's own; made if it does not exist and `write` is set.

    Raises InputError if there is none to read, FileError if the file is something else, damaged, or
    of a newer layout.
    """
    place = Path(path) if path is not None else default_store_path()
    connection = connect(place, write=write)
    with sqlite_trouble(place):
        return Store(place, connection)


def read_store(path: str | Path, *, near: Epoch | None = None) -> ElementFile:
    """A store as `read_elements` gives a file: one set an object nearest to `near`, or all of them.

    `format` is "store". Raises InputError for an empty store.
    """
    with open_store(path) as store:
        rows = store._history(_ALL) if near is None else store._nearest(_ALL, near)
    if not rows:
        hint = "fill it with `offnadir elements update` or `offnadir elements import FILE`"
        raise InputError("element file", str(path), "a store with element sets", hint=hint)
    elements = tuple(elements for elements, *_ in rows)
    return ElementFile(path=str(path), elements=elements, rejected=(), format="store")
