"""The archive: items and their files, put in, found, read and taken out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from dataclasses import replace as replace_fields
from functools import cache
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Literal

from offnadir._database import Database, sa
from offnadir._database._open import DatabaseGoneError
from offnadir.catalog._assets import check_assets, copied, local_path, opened
from offnadir.catalog._item import Row, check_id, rows_of
from offnadir.catalog._lineage import check_lineage
from offnadir.catalog._near import Near, near
from offnadir.catalog._query import ArchiveQuery, Token
from offnadir.catalog._search import Search
from offnadir.catalog._search_several import SearchBySeveral
from offnadir.catalog._tables import DOCUMENTS, ITEMS, PICTURES, READERS
from offnadir.catalog._where import among, readable
from offnadir.catalog._write import let_readers, new_keys, put, readers_of, take_out
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError, OffnadirError

Change = Literal["added", "same", "moved", "replaced"]
#: Items that are checked together, and (or that many bytes) that are written together: many, since each of a
#: dozen indexes has pages all over that are written again with each transaction.
_CHECKED: Final = 1_000
_WRITTEN: Final = 20_000
_BYTES: Final = 64 * 2**20
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class ArchivedItem:
    """An item, the folder that its files lie in (None if nobody said), and when it came in.

    `document` is the item as JSON, which is read when `item` is first looked at.
    """

    document: str
    folder: Path | None
    added: Epoch
    _read: list[Mapping[str, Any]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    @property
    def item(self) -> Mapping[str, Any]:
        """The STAC item."""
        if not self._read:
            self._read.append(json.loads(self.document))
        return self._read[0]

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


@dataclass(frozen=True, slots=True)
class Collected:
    """A collection: how many items, their bounds (west, south, east, north) if known, first and last time.

    `gsd_m` are the finest and the coarsest sample distance, if any is known.
    """

    name: str
    items: int
    bounds_deg: tuple[float, float, float, float] | None
    start: Epoch
    stop: Epoch
    gsd_m: tuple[float, float] | None


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
        asset, for a file that is missing or altered. `demand_lineage` refuses a product of offnadir that does
        not tell what it was made by (`check_lineage`).
        """
        tally, pending = Tally(), _Pending()
        pending.take([(item, folder)], tally, demand_lineage)
        self._write(pending, tally, replace)
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

        Some thousands make one transaction: what is broken off can be done again from the beginning.
        """
        tally, pending = Tally(), _Pending()
        each = iter(items)
        while batch := list(islice(each, _CHECKED)):
            pending.take(batch, tally, demand_lineage)
            if len(pending.rows) >= _WRITTEN or pending.size > _BYTES:
                self._write(pending, tally, replace)
                pending = _Pending()
        self._write(pending, tally, replace)
        return tally

    def get(self, name: str, *, readers: Sequence[str] | None = None) -> ArchivedItem:
        """The item of that name; InputError if there is none, or none that one of `readers` may see."""
        check_id(name)
        if readers is None:
            found = self.database.ask(_OF_NAME, {"name": name})
        else:
            told = {f"reader_{n}": reader for n, reader in enumerate(readers)}
            found = self.database.ask(_of_name_for(len(readers)), {"name": name, **told})
        if not found:
            raise InputError("id", name, "the name of an item in the archive")
        return _archived(found[0])

    def search(self, query: ArchiveQuery) -> Page:
        """A page of the items that fit; what is added meanwhile appears on no page after the first."""
        found = near(self.database, query)
        if found is not None:
            return _page_near(found, query)
        with self.database.read() as connection:
            return _page(connection, query)

    def items(self, query: ArchiveQuery | None = None) -> Iterator[ArchivedItem]:
        """All items that fit, as they were when the first was asked for; token and limit are passed over."""
        asked = replace_fields(query or ArchiveQuery(sort="time"), token=None, limit=_CHECKED)
        with self.database.read() as connection:
            token: str | None = ""
            while token is not None:
                page = _page(connection, replace_fields(asked, token=token or None))
                yield from page.items
                token = page.next

    def count(self, query: ArchiveQuery | None = None, *, most: int | None = None) -> int:
        """How many items fit, on all pages; without a query all. Counting ends beyond `most`."""
        with self.database.read() as connection:
            return Search(connection, query or ArchiveQuery()).count(most)

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

    def let_read(self, name: str, reader: str, *, within: sa.Connection | None = None) -> None:
        """From now on `reader`, a customer's id or "*" for everybody, finds this item; again changes nothing.

        `within` is a transaction that this belongs to. InputError if there is no such item.
        """
        check_id(name)
        check_id(reader, field="reader")
        if within is not None:
            key = within.execute(
                sa.select(ITEMS.c.key).where(ITEMS.c.id == name)
            ).scalar_one_or_none()
            if key is None:
                raise InputError("id", name, "the name of an item in the archive")
            let_readers(within, [(reader, key)])
            return
        for left in range(_TRIES, -1, -1):  # another may let somebody read the same item
            try:
                with self.database.begin() as connection:
                    self.let_read(name, reader, within=connection)
            except DatabaseGoneError:
                if not left:
                    raise
            else:
                return

    def collections(self, *, readers: Sequence[str] | None = None) -> list[Collected]:
        """The collections that items are in, with what they reach over; it looks at every item."""
        c = ITEMS.c
        name = sa.func.coalesce(c.collection, PICTURES).label("name")
        asked = sa.select(
            name, sa.func.count().label("items"), *(
                made.label(column.name)
                for made, column in (
                    (sa.func.min(c.west_deg), c.west_deg), (sa.func.min(c.south_deg), c.south_deg),
                    (sa.func.max(c.east_deg), c.east_deg), (sa.func.max(c.north_deg), c.north_deg),
                    (sa.func.min(c.start_tai_ns), c.start_tai_ns),
                    (sa.func.max(c.stop_tai_ns), c.stop_tai_ns),
                )
            ),
            sa.func.min(c.gsd_m).label("finest"), sa.func.max(c.gsd_m).label("coarsest"),
        ).group_by(name).order_by(name)  # fmt: skip
        if readers is not None:
            asked = asked.where(c.key.in_(readable(readers)))
        with self.database.read() as connection:
            return [_collected(row) for row in connection.execute(asked)]

    def asset_path(self, name: str, key: str) -> Path:
        """Where a file of an item should lie, unverified; FileError for one that lies in no folder."""
        return located(self.get(name), key)[0]

    @contextmanager
    def open_asset(self, name: str, key: str) -> Iterator[IO[bytes]]:
        """A file of an item, open for reading and verified.

        FileError, naming item, asset, and the checksum wanted and found, for one that is not what it was.
        """
        path, asset = located(self.get(name), key)
        with opened(path, name, key, asset["file:checksum"]) as stream:
            yield stream

    def copy_asset(self, name: str, key: str, target: Path) -> None:
        """Copy a file of an item, verified on the way; nothing arrives if it is not what it was."""
        path, asset = located(self.get(name), key)
        copied(path, target, name, key, asset["file:checksum"])

    def _write(self, pending: _Pending, tally: Tally, replace: bool) -> None:
        """In one transaction, which is tried again if another got in between."""
        for left in range(_TRIES, -1, -1):
            counted = replace_fields(tally, refused=list(tally.refused))
            try:
                with self.database.begin() as connection:
                    _write(connection, pending.rows, counted, replace)
            except (DatabaseGoneError, sa.exc.IntegrityError):
                if not left:
                    raise
                continue
            for one in fields(Tally):
                setattr(tally, one.name, getattr(counted, one.name))
            return


class _Pending:
    """Rows that were checked and wait to be written, by name, with their folders."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[Row, str | None]] = {}
        self.size = 0

    def take(
        self, batch: Sequence[tuple[Any, Path | str | None]], tally: Tally, demand_lineage: bool
    ) -> None:
        """Check items and keep those that are right; the others are told as refused."""
        folders = [None if folder is None else Path(folder).absolute() for _, folder in batch]
        for (item, _), row, folder in zip(
            batch, _checked(batch, folders, demand_lineage), folders, strict=True
        ):
            known = None if isinstance(row, OffnadirError) else self.rows.get(row.id)
            if isinstance(row, OffnadirError):
                name = str(item.get("id")) if isinstance(item, Mapping) else repr(item)
                tally.refused.append((name[:100], row))
            elif known is None:
                self.rows[row.id] = row, None if folder is None else str(folder)
                self.size += len(row.document)
            elif known[0].sha256 != row.sha256:
                tally.refused.append((row.id, _taken(row.id)))
            else:
                tally.same += 1


def _write(
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
    readers = readers_of(connection, [key for key, _, _ in again])
    take_out(connection, [key for key, _, _ in again])
    keys = new_keys(connection, len(new))
    now = Epoch.from_utc_ns(time.time_ns()).tai_ns
    numbered = [(key, row, folder) for key, (row, folder) in zip(keys, new, strict=True)]
    put(connection, [*again, *numbered], now)
    let_readers(connection, readers)


_WHOLE: Final = sa.select(
    ITEMS.c.key, ITEMS.c.folder, ITEMS.c.added_tai_ns, DOCUMENTS.c.document
).join(DOCUMENTS, DOCUMENTS.c.key == ITEMS.c.key)

_OF_NAME: Final = _WHOLE.where(ITEMS.c.id == sa.bindparam("name"))


@cache
def _of_name_for(count: int) -> sa.Select[Any]:
    """The same if one of so many readers may see it: one or two, mostly."""
    each = [READERS.c.reader == sa.bindparam(f"reader_{n}") for n in range(count)]
    mine = sa.or_(sa.false(), *each)
    return _OF_NAME.where(sa.exists().where(READERS.c.key == ITEMS.c.key, mine))


def _page(connection: sa.Connection, query: ArchiveQuery) -> Page:
    found = (SearchBySeveral if "," in query.sort else Search)(connection, query).page()
    if not found.keys:
        return Page((), None)
    keys: sa.BindParameter[Any] = sa.bindparam("keys", found.keys, expanding=True)
    rows = connection.execute(_WHOLE.where(ITEMS.c.key.in_(keys))).all()
    at = {row.key: row for row in rows}
    token = None if found.next is None else found.next.text(query)
    return Page(tuple(_archived(at[key]) for key in found.keys), token)


def _page_near(found: Near, query: ArchiveQuery) -> Page:
    rows, token = found.rows[: query.limit], None
    if len(found.rows) > query.limit:
        token = Token(found.newest, rows[-1].value, rows[-1].key).text(query)
    return Page(tuple(map(_archived, rows)), token)


def _collected(row: Any) -> Collected:
    bounds = (row.west_deg, row.south_deg, row.east_deg, row.north_deg)
    known = None if row.west_deg is None else bounds
    gsd = None if row.finest is None else (row.finest, row.coarsest)
    return Collected(
        row.name, row.items, known, Epoch(row.start_tai_ns), Epoch(row.stop_tai_ns), gsd
    )


def _archived(row: Any) -> ArchivedItem:
    folder = None if row.folder is None else Path(row.folder)
    return ArchivedItem(row.document, folder, Epoch(row.added_tai_ns))


def _checked(
    batch: Sequence[tuple[Any, Any]], folders: Sequence[Path | None], demand_lineage: bool
) -> list[Row | OffnadirError]:
    """Rows of items whose files were verified; in the place of one that is wrong, what is wrong."""
    made: list[Row | OffnadirError] = rows_of([item for item, _ in batch])
    again: list[tuple[int, Any]] = []
    for n, ((item, _), folder) in enumerate(zip(batch, folders, strict=True)):
        if isinstance(made[n], OffnadirError):
            continue
        try:
            if demand_lineage:
                check_lineage(item)
            whole = check_assets(item, folder)
        except OffnadirError as error:
            made[n] = error
            continue
        if whole is not item:
            again.append((n, whole))
    for (n, _), row in zip(again, rows_of([whole for _, whole in again]), strict=True):
        made[n] = row
    return made


def _taken(name: str) -> InputError:
    return InputError(
        "id",
        name,
        "a name that no other item in the archive has",
        hint="replace=True puts this one in its place",
    )


def located(found: ArchivedItem, key: str) -> tuple[Path, Mapping[str, Any]]:
    """Where an asset lies, and the asset; FileError for one that lies in no folder."""
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
