"""Parts of `imagery.py`: each a module with functions that take the Setting and print a table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Setting:
    """Where data lie (or None), where to make files, and how many lines and columns a picture has."""

    data: Path | None
    work: Path
    size: int


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    wall_s: float
    cpu_s: float
    system_s: float
    peak_bytes: int
    output: str


def cost(command: list[str], **environment: str) -> Cost:
    """Run a command in a process of its own and say what it took, itself and all that it starts."""
    began = time.perf_counter()
    watched = [sys.executable, "-c", _WATCH, *command]
    done = subprocess.run(
        watched, check=True, capture_output=True, text=True, env=os.environ | environment
    )
    wall_s = time.perf_counter() - began
    output, _, last = done.stdout.rstrip("\n").rpartition("\n")
    used = json.loads(last)
    return Cost(wall_s, used["user"] + used["system"], used["system"], used["peak"] * 1024, output)


_WATCH = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
sys.stdout.write(done.stdout)
if done.returncode:
    sys.exit(done.stderr)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"user": used.ru_utime, "system": used.ru_stime, "peak": used.ru_maxrss}))
"""
