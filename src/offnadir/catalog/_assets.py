"""Files of items: where they lie, and whether they are still what they were."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import unquote

from offnadir._files import replacing
from offnadir.errors import FileError, InputError

_HEX: Final = re.compile("(?:[0-9a-fA-F]{2})+")
#: Multihash codes (unsigned varint, hexadecimal) of the sums that hashlib knows, and their bytes.
_SUMS: Final = {
    f"{code}{size:02x}": (kind, size)
    for code, kind, size in (
        ("d501", "md5", 16), ("11", "sha1", 20), ("12", "sha256", 32), ("13", "sha512", 64),
        ("20", "sha384", 48), ("14", "sha3_512", 64), ("15", "sha3_384", 48),
        ("16", "sha3_256", 32), ("17", "sha3_224", 28),
    )
}  # fmt: skip
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_BLOCK: Final = 1 << 20


class DamagedError(FileError):
    """A file of an item is not what was archived, or cannot be read at all."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A checksum as the file extension of STAC writes it: a multihash in hexadecimal."""

    text: str
    kind: str
    hex: str

    @classmethod
    def read(cls, text: Any, *, field: str) -> Sum:
        """InputError for what is no multihash, or one of a kind that is not known here."""
        wish = "a multihash in hexadecimal, such as 1220 and the 64 digits of SHA-256"
        if not isinstance(text, str) or not _HEX.fullmatch(text):
            raise InputError(field, text, wish)
        low = text.lower()
        for head in (low[:4], low[:6]):
            kind, size = _SUMS.get(head, ("", 0))
            if kind and len(low) == len(head) + 2 * size:
                return cls(low, kind, low[len(head) :])
        raise InputError(field, text, wish, hint="or its kind is not known here")


def check_assets(item: Mapping[str, Any], folder: Path | None) -> Mapping[str, Any]:
    """The item with size and checksum of every asset in the folder, itself if it has them; they are verified.

    FileError, naming item and asset, for a file that is not there or not what its checksum says.
    """
    made: dict[str, Any] = {}
    changed = False
    for key, asset in item["assets"].items():
        field = f"assets.{key}"
        if not isinstance(asset, Mapping) or not isinstance(asset.get("href"), str):
            raise InputError(field, asset, "an object with an href", where=str(item.get("id")))
        wanted = asset.get("file:checksum")
        told = None if wanted is None else Sum.read(wanted, field=f"{field}.file:checksum")
        path = None if folder is None else local_path(asset["href"], folder, field=f"{field}.href")
        if path is None:
            made[key] = asset
            continue
        found, size = _summed(
            path, "sha256" if told is None else told.kind, str(item.get("id")), key
        )
        if told is not None and told.hex != found:
            raise FileError(path, _differs(str(item.get("id")), key, told.kind, told.hex, found))
        entry = dict(asset)
        if told is None:
            entry["file:checksum"] = "1220" + found
        if asset.get("file:size", size) != size:
            raise FileError(
                path,
                f"item {item.get('id')}, asset {key}: has {size} bytes, wanted {asset['file:size']}",
            )
        entry["file:size"] = size
        made[key] = entry
        changed = changed or entry != asset
    return {**item, "assets": made} if changed else item


def local_path(href: str, folder: Path, *, field: str = "href") -> Path | None:
    """Where an asset lies in the item's folder; None for one that is at a URL.

    InputError for a way out of the folder: an item from elsewhere must not reach other files.
    """
    text = href
    if text.startswith("file://"):
        text = unquote(text.removeprefix("file://").removeprefix("localhost"))
    elif _URL.match(text):
        return None
    wish = "in the item's folder"
    if "\0" in text or not text:
        raise InputError(field, href, wish)
    base = posixpath.normpath(folder.absolute().as_posix())
    whole = posixpath.normpath(posixpath.join(base, text))
    if posixpath.commonpath([base, whole]) != base or whole == base:
        raise InputError(field, href, wish, hint=f"which is {base}")
    return Path(whole)


@contextmanager
def opened(path: Path, item: str, key: str, checksum: Any) -> Iterator[IO[bytes]]:
    """An open file whose checksum was verified through the same handle, at its beginning."""
    wanted = Sum.read(checksum, field=f"assets.{key}.file:checksum")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise _unread(path, item, key, error) from error
    with stream:
        found = _digest(stream, wanted.kind, path, item, key)
        if found != wanted.hex:
            raise DamagedError(path, _differs(item, key, wanted.kind, wanted.hex, found))
        stream.seek(0)
        yield stream


def copied(path: Path, target: Path, item: str, key: str, checksum: Any) -> None:
    """Copy an asset; what arrives has the checksum, or nothing arrives."""
    wanted = Sum.read(checksum, field=f"assets.{key}.file:checksum")
    digest = hashlib.new(wanted.kind, usedforsecurity=False)
    with replacing(target) as part:
        try:
            source = path.open("rb")
        except OSError as error:
            raise _unread(path, item, key, error) from error
        with source, part.open("wb") as out:
            while block := _read(source, path, item, key):
                digest.update(block)
                out.write(block)
        if digest.hexdigest() != wanted.hex:
            raise DamagedError(
                path, _differs(item, key, wanted.kind, wanted.hex, digest.hexdigest())
            )


def _summed(path: Path, kind: str, item: str, key: str) -> tuple[str, int]:
    try:
        with path.open("rb") as stream:
            return _digest(stream, kind, path, item, key), stream.tell()
    except OSError as error:
        raise _unread(path, item, key, error) from error


def _digest(stream: IO[bytes], kind: str, path: Path, item: str, key: str) -> str:
    digest = hashlib.new(kind, usedforsecurity=False)
    try:
        while block := stream.read(_BLOCK):
            digest.update(block)
    except OSError as error:
        raise _unread(path, item, key, error) from error
    return digest.hexdigest()


def _read(source: IO[bytes], path: Path, item: str, key: str) -> bytes:
    """The next block; trouble in reading is told apart from trouble in writing it elsewhere."""
    try:
        return source.read(_BLOCK)
    except OSError as error:
        raise _unread(path, item, key, error) from error


def _unread(path: Path, item: str, key: str, error: OSError) -> DamagedError:
    return DamagedError(
        path, f"item {item}, asset {key}: cannot be read: {error.strerror or error}"
    )


def _differs(item: str, key: str, kind: str, wanted: str, found: str) -> str:
    return (
        f"item {item}, asset {key}: is not what was archived: {kind} wanted {wanted}, found {found}"
    )
