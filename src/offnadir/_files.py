"""Files that appear whole under their name, or not at all, and where users keep theirs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from offnadir.errors import FileError

#: What a file that is being written is called: its name, and the number of the process.
_PART: Final = re.compile(r"\..+\.([1-9][0-9]*)\.part.*")


def data_home() -> Path:
    """Folder of what the user keeps: XDG_DATA_HOME/offnadir, with ~/.local/share if that is unset."""
    base = os.environ.get("XDG_DATA_HOME") or ""
    # The XDG specification tells programs to ignore a relative path.
    home = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share"
    return home / "offnadir"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when the block ends, and vanishes if that ends in trouble.

    A link stays one: it is the file it points to that changes. What is no file but a device or a
    pipe (/dev/null, /dev/stdout) is never replaced: it is yielded itself. FileError tells at once that
    nothing can be written there.
    """
    try:
        if path.is_dir():
            raise FileError(path, "is a folder; wanted is the name of a file")
        special = path.exists() and not path.is_file()
        target = Path(os.path.realpath(path)) if path.is_symlink() else path
    except OSError as error:
        raise FileError(path, f"cannot be written: {error.strerror or error}") from error
    if special:
        yield path
        return
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        try:
            part.touch()
        except OSError as error:
            raise FileError(path, f"cannot be written: {error.strerror or error}") from error
        yield part
        try:
            part.replace(target)
        except OSError as error:
            raise FileError(path, f"cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # a name too long or below a file was never there
            part.unlink()


def sweep(folder: Path) -> None:
    """Take away what `replacing` left half-written in a folder when its process was killed.

    Only of processes of this machine that run no more; a folder that is not there has none.
    """
    for part in folder.glob(".*.part*"):
        match = _PART.fullmatch(part.name)
        if match is not None and not _runs(int(match[1])):
            with suppress(OSError):
                part.unlink()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True
