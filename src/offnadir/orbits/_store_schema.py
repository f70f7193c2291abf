"""The file of the store: where it lies, its tables, and how it is opened without harm."""

from __future__ import annotations

import os
import sqlite3
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from offnadir._files import data_home
from offnadir.errors import FileError, InputError, OffnadirError

#: Stands in the header of the file, so that no other SQLite database is taken for a store ("ofnd").
APPLICATION_ID: Final = 0x6F666E64
VERSION: Final = 1
_MAGIC = b"SQLite format 3\0"
_ID_OFFSET = 68  # of the application id in the header: sqlite.org/fileformat2.html, section 1.3
_BUSY_S = 20.0
_RESTORE: Final = "restore a copy, or move it away and import again"
_ORPHANS: Final = "SELECT count(*) FROM sets WHERE record_id NOT IN (SELECT id FROM records)"

# What most records begin and continue with: zlib then needs a third of the room. Later keywords
# stand nearer to the end, which is cheaper to refer to. It is kept in the file itself (`meta`).
_DICTIONARY: Final = (
    b'"CCSDS_OMM_VERS":"3.0","COMMENT":"GENERATED VIA SPACE-TRACK.ORG API","CREATION_DATE":"2026-"'
    b'"ORIGINATOR":"18 SPCS","CENTER_NAME":"EARTH","REF_FRAME":"TEME","TIME_SYSTEM":"UTC",'
    b'"MEAN_ELEMENT_THEORY":"SGP4","SEMIMAJOR_AXIS":"","PERIOD":"","APOAPSIS":"","PERIAPSIS":"",'
    b'"OBJECT_TYPE":"PAYLOAD","RCS_SIZE":"LARGE","COUNTRY_CODE":"US","LAUNCH_DATE":"","SITE":"",'
    b'"DECAY_DATE":null,"FILE":"","GP_ID":"","TLE_LINE0":"0 ","TLE_LINE1":"1 ","TLE_LINE2":"2 "'
    b'"OBJECT_NAME":"STARLINK-","OBJECT_ID":"2026-","EPOCH":"2026-","MEAN_MOTION":15.,'
    b'"ECCENTRICITY":0.000,"INCLINATION":53.,"RA_OF_ASC_NODE":,"ARG_OF_PERICENTER":,'
    b'"MEAN_ANOMALY":,"EPHEMERIS_TYPE":0,"CLASSIFICATION_TYPE":"U","NORAD_CAT_ID":,'
    b'"ELEMENT_SET_NO":999,"REV_AT_EPOCH":,"BSTAR":0.000,"MEAN_MOTION_DOT":0.000,'
    b'"MEAN_MOTION_DDOT":0}'
)

# A set is one orbit of one object at one epoch. What was published about it (name, spelling of the
# numbers, further keywords) are its records: the same set from two services is one set with two.
_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE sets (
    id INTEGER PRIMARY KEY,
    norad_id INTEGER NOT NULL CHECK (norad_id BETWEEN 0 AND 999999999),
    epoch_tai_ns INTEGER NOT NULL,
    orbit BLOB NOT NULL,         -- digest of the orbit, to the digits of a TLE
    record_id INTEGER NOT NULL   -- the record that speaks for the set
);
CREATE UNIQUE INDEX sets_once ON sets (norad_id, epoch_tai_ns, orbit);
CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    set_id INTEGER NOT NULL REFERENCES sets (id),
    digest BLOB NOT NULL,        -- of the fields, whatever their order
    name TEXT NOT NULL,
    object_id TEXT NOT NULL,
    classification TEXT NOT NULL,
    numbers BLOB NOT NULL,       -- the element set in SI, little endian: nine doubles, two integers
    fields BLOB NOT NULL,        -- JSON as published: raw deflate with meta.dictionary
    source_id INTEGER NOT NULL REFERENCES sources (id),
    seen_tai_ns INTEGER NOT NULL -- when it first came into this store
);
CREATE UNIQUE INDEX records_once ON records (set_id, digest);
CREATE TABLE fetches (
    id INTEGER PRIMARY KEY,
    tai_ns INTEGER NOT NULL,
    host TEXT NOT NULL,
    url TEXT NOT NULL,
    outcome TEXT NOT NULL,       -- new, same, refused, absent, failed, unusable, broken
    status INTEGER,              -- of HTTP; null if no answer came
    etag TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    bytes INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT NOT NULL DEFAULT '',
    sets INTEGER NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX fetches_by_url ON fetches (url, id);
CREATE INDEX fetches_by_host ON fetches (host, id);
"""


def default_store_path() -> Path:
    """XDG_DATA_HOME/offnadir/elements.sqlite, with ~/.local/share if that is unset."""
    return data_home() / "elements.sqlite"


def is_store(path: str | Path) -> bool:
    """Whether the file says of itself that it is a store of element sets."""
    try:
        if not Path(path).is_file():
            return False  # reading from a pipe would take from whoever it is meant for
        with Path(path).open("rb") as file:
            header = file.read(_ID_OFFSET + 4)
    except (OSError, ValueError):
        return False
    mark = APPLICATION_ID.to_bytes(4, "big")
    return header.startswith(_MAGIC) and header[_ID_OFFSET:] == mark


def connect(path: Path, *, write: bool) -> sqlite3.Connection:
    """An open store of the right version; made, with its folder, if `write` and not there yet."""
    with sqlite_trouble(path):
        if not path.exists():
            if not write:
                hint = "fill one with `offnadir elements update` or `offnadir elements import FILE`"
                raise InputError("store", str(path), "a store that exists", hint=hint)
            path.parent.mkdir(parents=True, exist_ok=True)
        connection = _opened(path, write=write)
        try:
            _check_version(connection, path, write=write)
        except BaseException:
            connection.close()
            raise
        return connection


def _opened(path: Path, *, write: bool) -> sqlite3.Connection:
    """A connection in autocommit mode: transactions are begun by hand."""
    uri = path.absolute().as_uri()
    mode = "rwc" if write else "ro"
    connection = sqlite3.connect(
        f"{uri}?mode={mode}", uri=True, timeout=_BUSY_S, isolation_level=None
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection
    except sqlite3.OperationalError:
        connection.close()
        if write or os.access(path.parent, os.W_OK):
            raise
        # Readers of a WAL database write to a file beside it; where they may not, nobody can be
        # writing either (or that is all there is to be had), and the file is read as it is.
        return sqlite3.connect(f"{uri}?immutable=1", uri=True, isolation_level=None)
    except sqlite3.DatabaseError:  # told in words by whoever asks next
        return connection


def _check_version(connection: sqlite3.Connection, path: Path, *, write: bool) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    version = _version(connection, path)
    if version == 0 and write:
        with transaction(connection):
            if _version(connection, path) == 0:  # another process may have made the tables since
                _make_tables(connection)
        version = VERSION
    if version > VERSION:
        trouble = f"written by a newer offnadir (layout {version}, this one knows {VERSION})"
        raise FileError(path, f"{trouble}; upgrade offnadir or name another file with --store")
    if version < VERSION:
        raise FileError(path, "not a store of element sets (it has no tables)")
    if write:
        # After the tables are made: so the header of the file tells from the start what it is.
        _log_ahead(connection)
        connection.execute("PRAGMA synchronous = FULL")


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Turn on write-ahead logging; SQLite itself does not wait for others here, as it does elsewhere."""
    give_up = time.monotonic() + _BUSY_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The layout of the tables; 0 for an empty file. Nothing is written to anybody else's database."""
    try:
        # Tables first: another process makes them and the mark at one stroke, perhaps in between.
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        mark = connection.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if "not a database" in str(error):
            raise FileError(path, "not a store of element sets (another kind of file)") from error
        raise
    if mark != APPLICATION_ID and (mark or tables):
        raise FileError(path, "not a store of element sets (a database of another program)")
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make_tables(connection: sqlite3.Connection) -> None:
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('dictionary', ?)", (_DICTIONARY,))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and nobody else writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def sqlite_trouble(path: Path) -> Iterator[None]:
    """What goes wrong with the file, in words for a user; the file is as it was before."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "locked" in text:
            text = "another offnadir is writing to it; try again when that is done"
        elif "readonly" in text or "unable to open" in text:
            text = f"cannot be opened for this ({text})"
        elif "malformed" in text or "not a database" in text:
            text = f"damaged ({text}); {_RESTORE}"
        elif "full" in text:
            text = "the disk is full; nothing was changed"
        raise FileError(path, text) from error
    except OSError as error:
        raise FileError(error.filename or path, error.strerror or str(error)) from error
    except (TypeError, LookupError, ValueError, struct.error, zlib.error) as error:
        # Values that cannot be what was written: the fault of the file, if its own check says so.
        if isinstance(error, OffnadirError) or not (trouble := _damage(path)):
            raise
        raise FileError(path, f"damaged ({trouble}); {_RESTORE}") from error


def _damage(path: Path) -> str:
    """What SQLite's check finds wrong with the file; empty if nothing, or if it holds no store."""
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            if found != "ok":
                return " ".join(found.split())
            keys = connection.execute("SELECT count(*) FROM meta WHERE key = 'dictionary'")
            orphans = connection.execute(_ORPHANS).fetchone()[0]
            return "" if keys.fetchone()[0] and not orphans else "some of its content is gone"
    except sqlite3.Error as error:
        return str(error)


class Packer:
    """Texts to small blobs and back, with the dictionary of one store."""

    def __init__(self, dictionary: bytes) -> None:
        self._dictionary = dictionary

    def pack(self, text: str) -> bytes:
        """Raw deflate of the text as UTF-8."""
        deflate = zlib.compressobj(
            9, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, self._dictionary
        )
        return deflate.compress(text.encode()) + deflate.flush()

    def unpack(self, blob: bytes) -> str:
        """The text again."""
        inflate = zlib.decompressobj(-15, zdict=self._dictionary)
        return (inflate.decompress(blob) + inflate.flush()).decode()
