"""Files that appear whole under their name, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from offnadir.errors import FileError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when the block ends, and vanishes if that ends in trouble.

    FileError tells at once that nothing can be written there.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.is_dir():
            raise FileError(path, "is a folder; wanted is the name of a file")
        try:
            part.touch()
        except OSError as error:
            raise FileError(path, f"cannot be written: {error.strerror or error}") from error
        yield part
        try:
            part.replace(path)
        except OSError as error:
            raise FileError(path, f"cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
