"""The command line in a process of its own, forked from one that has imported it already.

A fresh interpreter spends one to two seconds of CPU on imports before it does anything; hundreds of tests ask
it for something small. What a user's first start costs is tested elsewhere, by real fresh interpreters.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import NoReturn

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        "numba", "pyarrow.parquet", "offnadir.cli._main", "offnadir.cli.look", "offnadir.cli.quality",
        "offnadir.cli.sensors", "offnadir.access", "offnadir.access._kernels", "offnadir.access._rows",
        "offnadir.quality", "offnadir.planning.plan", "offnadir.briefs", "pandas", "support.command_ready",
    ]
)  # fmt: skip
_PATIENCE_S = 300


def offnadir(
    *args: object, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """What `python -m offnadir ARGS` does and says."""
    words = [str(arg) for arg in args]
    _start()
    with tempfile.TemporaryDirectory() as name:
        out, err = Path(name) / "out", Path(name) / "err"
        process = _SERVER.Process(
            target=_run, args=(words, {**(env or os.environ)}, str(cwd or Path.cwd()), out, err)
        )
        process.start()
        process.join(_PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, _PATIENCE_S)
        code, told = process.exitcode, (out.read_text(), err.read_text())
        process.close()
    return subprocess.CompletedProcess(words, code, *told)


@cache
def _start() -> None:
    """The process that the others are forked from; it finds modules of the tests where this one does."""
    tests, before = str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (tests, before)))
    forkserver.ensure_running()
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before


def _run(words: list[str], env: dict[str, str], cwd: str, out: Path, err: Path) -> NoReturn:
    for number, path, name in ((1, out, "stdout"), (2, err, "stderr")):
        with path.open("wb") as file:
            os.dup2(file.fileno(), number)
        stream = os.fdopen(number, "w", encoding="utf-8", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["offnadir", *words]
    from offnadir.cli import main

    main()
    sys.exit(0)
