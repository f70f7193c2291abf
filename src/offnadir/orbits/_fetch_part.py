"""Half a file on its way from a server: kept only as long as it can be continued, then unpacked."""

from __future__ import annotations

import fcntl
import glob
import gzip
import hashlib
import json
import os
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offnadir.errors import OffnadirError

if TYPE_CHECKING:
    import urllib3

_CHUNK = 1 << 16
_OLD_S = 86400.0  # half a file from before yesterday is no use
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)").fullmatch


class FetchError(OffnadirError):
    """Another computer did not give what it was asked for; nothing here has changed.

    `answered` tells an answer that is of no use from a network that broke.
    """

    exit_code = 3

    def __init__(self, text: str, *, answered: bool = False) -> None:
        self.answered = answered
        super().__init__(text)


class Again(FetchError):
    """The same request may succeed a little later; `wait_s` is what the server asked for."""

    def __init__(self, text: str, *, answered: bool = False, wait_s: float = 0.0) -> None:
        self.wait_s = wait_s
        super().__init__(text, answered=answered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came: `path` holds the file, unpacked, if `status` is 200; else `text` is its beginning."""

    status: int
    text: str = ""
    path: Path | None = None
    etag: str = ""
    last_modified: str = ""
    bytes: int = 0  # that went over the network for this file
    sha256: str = ""  # of the file, unpacked


@contextmanager
def exclusive(part: Path) -> Iterator[None]:
    """Nobody else fetches by way of this file; the lock ends with the process, whatever happens."""
    while True:
        file = part.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise FetchError("another offnadir is fetching the same right now") from error
        # Whoever held the lock before may have removed the file since it was opened here.
        with suppress(FileNotFoundError):
            if os.fstat(file.fileno()).st_ino == part.stat().st_ino:
                break
        file.close()
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            if not _side(part).exists():
                part.unlink()
        file.close()


def sweep(folder: Path, beginning: str) -> None:
    """Remove partial files of long ago, which a killed process or a dropped query left behind."""
    for path in folder.glob(f"{glob.escape(beginning)}*.part*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > 2 * _OLD_S:
                path.unlink()


def discard(part: Path) -> None:
    """Empty the file and forget what it was the beginning of."""
    _side(part).unlink(missing_ok=True)
    with part.open("wb"):
        pass


def _side(part: Path) -> Path:
    """The note beside a partial file that says what it is part of."""
    return part.with_name(part.name + ".json")


def begin(part: Path, url: str, response: urllib3.BaseHTTPResponse) -> dict[str, str]:
    """An empty partial file, with a note if the server gives what it takes to continue it."""
    discard(part)
    headers = response.headers
    etag = headers.get("ETag", "")
    # Only a strong validator stands for the same bytes: RFC 9110, sections 8.8.1 and 13.1.5.
    validator = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
    if headers.get("Accept-Ranges", "").strip().lower() != "bytes":
        validator = ""
    encoding = headers.get("Content-Encoding", "").strip().lower()
    state = {"url": url, "validator": validator, "encoding": encoding}
    if validator:
        _side(part).write_text(json.dumps(state))
    return state


def resumable(part: Path, url: str) -> dict[str, str]:
    """The note of a partial file that is worth continuing; empty if there is none."""
    try:
        state = dict(json.loads(_side(part).read_text()))
        size, age_s = part.stat().st_size, time.time() - part.stat().st_mtime
    except (OSError, ValueError, TypeError):
        return {}
    if size and age_s < _OLD_S and state.get("url") == url and state.get("validator"):
        return state
    discard(part)
    return {}


def check_range(response: urllib3.BaseHTTPResponse, offset: int, part: Path) -> None:
    """The server must continue where we stopped."""
    match = _RANGE(response.headers.get("Content-Range", "").strip())
    if match is None or int(match[1]) != offset:
        discard(part)
        raise Again("the server continued the download in the wrong place", answered=True)


def unpack(part: Path, encoding: str, most_bytes: int, answer: Answer) -> Answer:
    """The whole file, unpacked, in place of what was received."""
    body = part.with_name(part.name + ".body")
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        discard(part)
        raise FetchError(
            f"the answer is packed in a way nobody asked for, {encoding!r}", answered=True
        )
    digest = hashlib.sha256()
    size = 0
    try:
        with part.open("rb") as raw, body.open("wb") as file:
            source: Any = raw if "gzip" not in encoding else gzip.GzipFile(fileobj=raw)
            while data := source.read(_CHUNK):
                size += len(data)
                if size > most_bytes:
                    raise FetchError(too_much(most_bytes), answered=True)
                digest.update(data)
                file.write(data)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        body.unlink(missing_ok=True)
        raise FetchError(f"the answer is damaged gzip ({error})", answered=True) from error
    except BaseException:
        body.unlink(missing_ok=True)
        raise
    finally:
        discard(part)
    return replace(answer, path=body, sha256=digest.hexdigest())


def too_much(most_bytes: int) -> str:
    """What is said of a body without end."""
    return f"the answer is larger than {most_bytes >> 20} MiB, more than any catalogue"
