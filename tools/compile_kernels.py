"""Compile what the tests use most, into the cache: while the checks run, on the processor that they leave.

    python tools/compile_kernels.py

Plans a little problem, and takes a small picture of made-up ground through every step from capture to change.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from offnadir.imagery import find_changes
from offnadir.imagery._warm import make_picture
from offnadir.planning._warm import make_ready

if __name__ == "__main__":
    make_ready()
    with tempfile.TemporaryDirectory() as name:
        pan = make_picture(Path(name)).rasters["pan"]
        find_changes(pan, pan)
