"""Files of the archive on their way out: verified once for each version of a file, and sent in pieces."""

from __future__ import annotations

import os
import re
import threading
import urllib.parse
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from offnadir.catalog import ArchivedItem
from offnadir.catalog._archive import located
from offnadir.catalog._assets import opened
from offnadir.errors import FileError, InputError
from offnadir.service._problems import ProblemError
from offnadir.service._stac_write import is_url

_PIECE: Final = 256 * 1024
_MOST_KNOWN: Final = 10_000
_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_TYPE: Final = re.compile(r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(?:; *[A-Za-z0-9-]+=[A-Za-z0-9./+-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A file that was verified, as it was then: `stamp` tells a changed one."""

    path: Path
    checksum: str
    size: int
    stamp: tuple[int, ...]


class Verified:
    """Which files were verified already; one that has changed since is verified again."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, tuple[int, ...]], None] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, found: ArchivedItem, key: str) -> tuple[IO[bytes], Known]:
        """A file of an item, open at its beginning; ProblemError, without a word of paths, for none."""
        assets = found.item["assets"]
        if key not in assets:
            raise ProblemError(404, "not-found", f"item {found.id} has no asset {key}")
        href = assets[key].get("href")
        if is_url(href):
            words = f"asset {key} of item {found.id} lies elsewhere: its href leads there"
            raise ProblemError(404, "not-found", words)
        try:
            path, asset = located(found, key)
            stream = self._opened(path, found.id, key, str(asset.get("file:checksum")))
        except (FileError, InputError, OSError) as error:
            words = f"asset {key} of item {found.id} is not there as it was archived"
            raise ProblemError(410, "file-gone", words) from error
        return stream

    def _opened(self, path: Path, item: str, key: str, checksum: str) -> tuple[IO[bytes], Known]:
        stream = path.open("rb")
        try:
            stamp = _stamp(stream)
            mark = (str(path), checksum, stamp)
            with self._lock:
                is_known = mark in self._known
            if not is_known:
                with opened(path, item, key, checksum) as verified:
                    if _stamp(verified) != stamp:
                        raise FileError(path, f"item {item}, asset {key}: changes while it is read")
                with self._lock:
                    self._known[mark] = None
            with self._lock:
                self._known.move_to_end(mark)
                while len(self._known) > _MOST_KNOWN:
                    self._known.popitem(last=False)
        except BaseException:
            stream.close()
            raise
        return stream, Known(path=path, checksum=checksum, size=stamp[2], stamp=stamp)


def _stamp(stream: IO[bytes]) -> tuple[int, ...]:
    told = os.fstat(stream.fileno())
    return told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


class FileAnswer(Response):
    """An open file, all of it or one range, read in pieces while the caller takes them; then closed."""

    def __init__(
        self, stream: IO[bytes], size: int, asked: str | None, headers: Mapping[str, str], kind: str
    ) -> None:
        self._stream = stream
        part = _range(asked, size)
        first, last = (0, size - 1) if part is None else part
        told = {
            **headers,
            "Accept-Ranges": "bytes",
            "Content-Length": str(last - first + 1),
            # compressed on the way, neither length nor range would be right
            "Content-Encoding": "identity",
        }
        if part is not None:
            told["Content-Range"] = f"bytes {first}-{last}/{size}"
        self._first, self._left = first, last - first + 1
        super().__init__(None, 200 if part is None else 206, media_type=kind)
        self.raw_headers = [
            (key.lower().encode("latin-1"), value.encode("latin-1"))
            for key, value in {**told, "Content-Type": kind}.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        start = {
            "type": "http.response.start", "status": self.status_code, "headers": self.raw_headers,
        }  # fmt: skip
        try:
            await send(start)
            if scope["method"] != "HEAD":
                await run_in_threadpool(self._stream.seek, self._first)
                while self._left:
                    piece = await run_in_threadpool(self._stream.read, min(_PIECE, self._left))
                    if not piece:
                        break  # cut short meanwhile: the length shows it
                    self._left -= len(piece)
                    more = {"type": "http.response.body", "body": piece, "more_body": True}
                    await send(more)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._stream.close()


def _range(asked: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte of the one range that is asked for; None is all, 416 one that is not there."""
    match = None if asked is None else _RANGE.fullmatch(asked.replace(" ", ""))
    if match is None or match[1] == match[2] == "":
        return None  # of several, or of what is no range, all is sent
    if match[1] == "":
        first, last = max(size - int(match[2]), 0), size - 1
        fits = int(match[2]) > 0 and size > 0
    else:
        first = int(match[1])
        last = min(int(match[2]), size - 1) if match[2] else size - 1
        if match[2] and int(match[2]) < first:
            return None
        fits = first < size
    if not fits:
        words = f"the file has {size} bytes"
        raise ProblemError(
            416, "no-such-range", words, headers={"Content-Range": f"bytes */{size}"}
        )
    return first, last


def content_type(asset: Mapping[str, Any]) -> str:
    """What an asset says it is, if that can be said in a header."""
    told = asset.get("type")
    fits = isinstance(told, str) and len(told) <= 200 and _TYPE.fullmatch(told)
    return str(told) if fits else "application/octet-stream"


def disposition(path: Path) -> str:
    """Content-Disposition: a file to be kept, never a page to be shown."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", path.name)[:150] or "file"
    name = path.name.encode("utf-8", "replace").decode()
    exact = urllib.parse.quote(name[:200], safe="")
    more = "" if plain == path.name else f"; filename*=UTF-8''{exact}"
    return f'attachment; filename="{plain}"{more}'
