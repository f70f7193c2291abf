"""The archive: items and their files, put in, found, read and taken out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Literal

from offnadir._database import Database, sa
from offnadir.catalog._assets import check_assets, copied, local_path, opened
from offnadir.catalog._item import Row, check_id, row_of
from offnadir.catalog._query import ArchiveQuery
from offnadir.catalog._search import Search
from offnadir.catalog._tables import DOCUMENTS, ITEMS
from offnadir.catalog._where import among
from offnadir.catalog._write import new_keys, put, take_out
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError, OffnadirError

Change = Literal["added", "same", "moved", "replaced"]
_BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class ArchivedItem:
    """An item, the folder that its files lie in (None if nobody said), and when it came in."""

    item: Mapping[str, Any]
    folder: Path | None
    added: Epoch

    @property
    def id(self) -> str:
        """Its name."""
        return str(self.item["id"])


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found, in order, and the token of what comes next; None on the last page."""

    items: tuple[ArchivedItem, ...]
    next: str | None


@dataclass(slots=True)
class Tally:
    """What came of many items: numbers, and the name of each refused one with the reason."""

    added: int = 0
    same: int = 0
    moved: int = 0
    replaced: int = 0
    refused: list[tuple[str, OffnadirError]] = field(default_factory=list)


class Archive:
    """STAC items in a database, with their files in folders."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(
        self,
        item: Mapping[str, Any],
        *,
        folder: Path | str | None = None,
        replace: bool = False,
        demand_lineage: bool = False,
    ) -> Change:
        """Put an item in; its files lie in `folder`, and their checksums are verified, or taken now.

        The same item again changes nothing, from another folder moves it. InputError for an item that is
        wrong, or has the name of another in the archive and `replace` is not set; FileError, naming item and
        asset, for a file that is missing or altered.
        """
        tally = Tally()
        self._put([(item, folder)], tally, replace, demand_lineage)
        if tally.refused:
            raise tally.refused[0][1]
        for change in ("added", "same", "moved", "replaced"):
            if getattr(tally, change):
                return change
        raise AssertionError

    def add_many(
        self,
        items: Iterable[tuple[Mapping[str, Any], Path | str | None]],
        *,
        replace: bool = False,
        demand_lineage: bool = False,
    ) -> Tally:
        """Put many items in, each with its folder or None; one that is refused does not stop the others.

        Every 2000 are one transaction: what is broken off can be done again from the beginning.
        """
        tally = Tally()
        each = iter(items)
        while batch := list(islice(each, _BATCH)):
            self._put(batch, tally, replace, demand_lineage)
        return tally

    def get(self, name: str) -> ArchivedItem:
        """The item of that name; InputError if there is none."""
        check_id(name)
        with self.database.read() as connection:
            found = connection.execute(_WHOLE.where(ITEMS.c.id == name)).one_or_none()
        if found is None:
            raise InputError("id", name, "the name of an item in the archive")
        return _archived(found)

    def search(self, query: ArchiveQuery) -> Page:
        """A page of the items that fit; what is added meanwhile appears on no page after the first."""
        with self.database.read() as connection:
            found = Search(connection, query).page()
            if not found.keys:
                return Page((), None)
            keys: sa.BindParameter[Any] = sa.bindparam("keys", found.keys, expanding=True)
            rows = connection.execute(_WHOLE.where(ITEMS.c.key.in_(keys))).all()
        at = {row.key: row for row in rows}
        token = None if found.next is None else found.next.text(query)
        return Page(tuple(_archived(at[key]) for key in found.keys), token)

    def count(self, query: ArchiveQuery | None = None) -> int:
        """How many items fit, on all pages; without a query all there are."""
        with self.database.read() as connection:
            return Search(connection, query or ArchiveQuery()).count()

    def remove(self, name: str) -> bool:
        """Take an item out, and leave its files alone; False if there was none."""
        check_id(name)
        with self.database.begin() as connection:
            key = connection.execute(
                sa.select(ITEMS.c.key).where(ITEMS.c.id == name)
            ).scalar_one_or_none()
            if key is None:
                return False
            take_out(connection, [key])
        return True

    def asset_path(self, name: str, key: str) -> Path:
        """Where a file of an item should lie, unverified; FileError for one that lies in no folder."""
        return _located(self.get(name), key)[0]

    @contextmanager
    def open_asset(self, name: str, key: str) -> Iterator[IO[bytes]]:
        """A file of an item, open for reading and verified.

        FileError, naming item, asset, and the checksum wanted and found, for one that is not what it was.
        """
        path, asset = _located(self.get(name), key)
        with opened(path, name, key, asset["file:checksum"]) as stream:
            yield stream

    def copy_asset(self, name: str, key: str, target: Path) -> None:
        """Copy a file of an item, verified on the way; nothing arrives if it is not what it was."""
        path, asset = _located(self.get(name), key)
        copied(path, target, name, key, asset["file:checksum"])

    def _put(
        self,
        batch: Sequence[tuple[Mapping[str, Any], Path | str | None]],
        tally: Tally,
        replace: bool,
        demand_lineage: bool,
    ) -> None:
        rows: dict[str, tuple[Row, str | None]] = {}
        for item, folder in batch:
            try:
                row, where = _checked(item, folder, demand_lineage)
                known = rows.get(row.id)
                if known is not None and known[0].sha256 != row.sha256:
                    raise _taken(row.id)
                if known is not None:
                    tally.same += 1
                    continue
                rows[row.id] = row, where
            except OffnadirError as error:
                name = str(item.get("id")) if isinstance(item, Mapping) else repr(item)[:60]
                tally.refused.append((name, error))
        with self.database.begin() as connection:
            self._write(connection, rows, tally, replace)

    def _write(
        self,
        connection: sa.Connection,
        rows: Mapping[str, tuple[Row, str | None]],
        tally: Tally,
        replace: bool,
    ) -> None:
        c = ITEMS.c
        present = connection.execute(
            sa.select(c.id, c.key, c.sha256, c.folder).where(
                among(c.id, list(rows), connection.dialect.name)
            )
        ).all()
        known = {row.id: row for row in present}
        new: list[tuple[Row, str | None]] = []
        again: list[tuple[int, Row, str | None]] = []
        for name, (row, folder) in rows.items():
            old = known.get(name)
            if old is None:
                new.append((row, folder))
                tally.added += 1
            elif old.sha256 != row.sha256 and not replace:
                tally.refused.append((name, _taken(name)))
            elif old.sha256 != row.sha256:
                again.append((old.key, row, folder))
                tally.replaced += 1
            elif folder is not None and old.folder != folder:
                again.append((old.key, row, folder))
                tally.moved += 1
            else:
                tally.same += 1
        take_out(connection, [key for key, _, _ in again])
        keys = new_keys(connection, len(new))
        now = Epoch.from_utc_ns(time.time_ns()).tai_ns
        numbered = [(key, row, folder) for key, (row, folder) in zip(keys, new, strict=True)]
        put(connection, [*again, *numbered], now)


_WHOLE: Final = sa.select(
    ITEMS.c.key, ITEMS.c.folder, ITEMS.c.added_tai_ns, DOCUMENTS.c.document
).join(DOCUMENTS, DOCUMENTS.c.key == ITEMS.c.key)


def _archived(row: Any) -> ArchivedItem:
    folder = None if row.folder is None else Path(row.folder)
    return ArchivedItem(json.loads(row.document), folder, Epoch(row.added_tai_ns))


def _checked(item: Any, folder: Path | str | None, demand_lineage: bool) -> tuple[Row, str | None]:
    row_of(item)
    where = None if folder is None else Path(folder).absolute()
    whole = check_assets(item, where)
    return row_of(whole), None if where is None else str(where)


def _taken(name: str) -> InputError:
    return InputError(
        "id",
        name,
        "a name that no other item in the archive has",
        hint="replace=True puts this one in its place",
    )


def _located(found: ArchivedItem, key: str) -> tuple[Path, Mapping[str, Any]]:
    """Where an asset lies, and the asset."""
    assets = found.item["assets"]
    if key not in assets:
        raise InputError("asset", key, "one of " + ", ".join(sorted(assets)), where=found.id)
    href = assets[key]["href"]
    path = None if found.folder is None else local_path(href, found.folder)
    if path is None:
        raise FileError(
            href, f"item {found.id}, asset {key}: lies in no folder that the archive knows"
        )
    return path, assets[key]
