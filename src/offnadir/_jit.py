"""`@kernel`: numba's compiler with the options of this house and a cache that cannot go stale.

Numba's own cache looks at the one file in which a function stands and misses edits in the files that
it calls, so the cache folder here carries a hash of all kernel sources. Fast-math is a set that leaves
NaN and infinity alone (`nnan` and `ninf` are not in it).
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import config, event

_FASTMATH = {"nsz", "arcp", "contract", "afn", "reassoc"}

#: Processes that compile beside this one; dropped while they run, they would be warned of.
_beside: list[subprocess.Popen[bytes]] = []


@functools.cache
def cache_folder() -> Path:
    """Folder of compiled kernels for exactly these sources, here; a temporary one if home is read-only."""
    package = Path(__file__).resolve().parent
    # numba files what it compiles under where the source stands: another copy's kernels are of no use here
    digest = hashlib.sha256(f"{numba.__version__} {package}".encode())
    digest.update((package / "constants.py").read_bytes())  # kernels take its numbers in
    for path in sorted(package.rglob("*.py")):
        source = path.read_bytes()
        if b"@kernel" in source or b"@part" in source:
            digest.update(source)
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for root in (base / "offnadir", Path(tempfile.gettempdir()) / f"offnadir-{os.getuid()}"):
        folder = root / "kernels" / digest.hexdigest()[:16]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".probe{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError:
            continue
        return folder
    return Path(tempfile.mkdtemp(prefix="offnadir-kernels-"))


def kernel(function: Callable[..., Any], *, forceinline: bool = False) -> Callable[..., Any]:
    """Compile at the first call, release the GIL, keep the machine code on disk."""
    compiled = numba.njit(
        nogil=True, error_model="numpy", fastmath=_FASTMATH, forceinline=forceinline
    )(function)
    options: Any = config
    before = options.CACHE_DIR
    options.CACHE_DIR = str(cache_folder())
    try:
        compiled.enable_caching()
    finally:
        options.CACHE_DIR = before
    return compiled


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a function that only kernels call, millions of times: it is copied into each of them.

    A call that is not copied counts the references to each array that it is handed, which costs as much
    as a small function.
    """
    return kernel(function, forceinline=True)


def is_compiled(kernel_name: str) -> bool:
    """Whether an earlier run left a kernel of these sources behind, by module and name: "_rows.rows"."""
    return any(cache_folder().rglob(f"{kernel_name}-*.nbi"))


def compile_beside(module: str) -> None:
    """Let another process run a module that compiles kernels into the cache, if there is a processor for it.

    Whatever becomes of it: kernels that it leaves out are compiled where they are called.
    """
    if (os.cpu_count() or 1) < 2:
        return
    _beside[:] = [process for process in _beside if process.poll() is None]
    with contextlib.suppress(OSError):
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        _beside.append(process)


class _Teller(event.Listener):
    """Calls once, when the compiler first has to work: no kernel of that kind was on disk."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def on_start(self, event: Any) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()

    def on_end(self, event: Any) -> None:
        pass


def on_compiling(tell: Callable[[], None]) -> None:
    """Call `tell` before the first kernel is compiled in this process; never if all are on disk."""
    register: Any = event.register
    register("numba:compile", _Teller(tell))
