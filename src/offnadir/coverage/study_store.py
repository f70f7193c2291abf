"""Evaluated designs in one file that survives a kill and a full disk, each line whole or not counted."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from offnadir.errors import FileError, InputError

FILE_NAME: Final = "evaluated.jsonl"
_CHECK_DIGITS: Final = 16
_SYNC_S: Final = 1.0  # between waits for the disk, which may take longer than a design

#: Figures of a design by name; None is what it does not have.
Figures = Mapping[str, Any]


class Store:
    """Figures by key, kept in FOLDER/evaluated.jsonl: one line each, its checksum first.

    Whatever is killed, a line is kept once `put` returns; a power cut may cost the last second. On opening,
    what a killed process left of a line at the end is cut off; `damaged` counts lines elsewhere that are not
    what was written, which are not used. Raises InputError if another process has the file, FileError if
    it cannot be read or written: a full disk leaves all lines before it whole.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.damaged = 0
        self._synced = time.monotonic()
        self._known: dict[str, Figures] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise FileError(
                error.filename or folder, f"cannot be written: {error.strerror}"
            ) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._end = self._load()
        except BlockingIOError as error:
            os.close(self._fd)
            raise InputError(
                "output", str(folder), "a folder that no other study is writing into"
            ) from error
        except OSError as error:
            os.close(self._fd)
            raise FileError(self.path, f"cannot be read: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            os.fsync(self._fd)
        finally:
            os.close(self._fd)

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> Figures | None:
        """The figures of a key, None if it has none."""
        return self._known.get(key)

    def put(self, key: str, figures: Figures) -> Figures:
        """Keep the figures of a key; gives them as they will be read again, in order of their names."""
        body = json.dumps([key, figures], separators=(",", ":"), sort_keys=True, allow_nan=False)
        line = f"{_check(body)} {body}\n".encode()
        try:
            written = 0
            while written < len(line):
                written += os.pwrite(self._fd, line[written:], self._end + written)
            if time.monotonic() - self._synced > _SYNC_S:
                os.fsync(self._fd)
                self._synced = time.monotonic()
        except OSError as error:
            self._cut()
            raise FileError(
                self.path,
                f"cannot be written: {error.strerror}; {len(self._known)} evaluated designs are kept, "
                "run it again to go on",
            ) from error
        self._end += len(line)
        self._known[key] = json.loads(body)[1]
        return self._known[key]

    def _cut(self) -> None:
        """Leave whole lines only; what cannot be cut now is cut when it is opened again."""
        try:
            os.ftruncate(self._fd, self._end)
        except OSError:
            return

    def _load(self) -> int:
        """Read all lines; the length of the file up to its last whole line."""
        with os.fdopen(os.dup(self._fd), "rb") as stream:
            raw = stream.read()
        end = raw.rfind(b"\n") + 1
        for line in raw[:end].splitlines():
            check, _, body = line.decode("utf-8", "replace").partition(" ")
            if check != _check(body):
                self.damaged += 1
                continue
            key, figures = json.loads(body)
            self._known[key] = figures
        if end < len(raw):
            os.ftruncate(self._fd, end)
        return end


def _check(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:_CHECK_DIGITS]


def key_of(*parts: object) -> str:
    """One name for everything that decides a result: plain values, in their order."""
    text = json.dumps(parts, separators=(",", ":"), sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
