"""Imported by the process that commands are forked from: it looks once, so that kernels are there already.

Each process would read them from their cache, which costs it most of a second.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from pathlib import Path

from offnadir.cli import main

# US Space Force GP data as published by CelesTrak on 2026-05-30.
_SET = """\
1 40115U 14048A   26150.58092465  .00001167  00000+0  14314-3 0  9991
2 40115  97.8569 225.6569 0002200  53.5175 306.6243 14.84989122639293
"""


def _ready() -> None:
    with tempfile.TemporaryDirectory() as name:
        elements = Path(name) / "set.tle"
        elements.write_text(_SET)
        day = ("--start", "2026-05-31", "--stop", "2026-06-01")
        look = ("look", "--elements", str(elements), "--site", "37.57,126.98", *day)
        before = sys.argv
        for words in (look, (*look, "--sensor", "worldview-3", "--json")):
            sys.argv = ["offnadir", *words]
            with (
                contextlib.suppress(SystemExit),
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                main()
        sys.argv = before


_ready()
