"""Parts of the benchmark of image quality: what pyBSM answers, and tables in Markdown."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
PEER = "pybsm==0.16.1"
Answer = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One table with its title and what is to be said about it."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    text: str = ""

    def show(self) -> None:
        print(f"## {self.title}\n")
        print("| " + " | ".join(self.head) + " |")
        print("|" + "---|" * len(self.head))
        for row in self.rows:
            print("| " + " | ".join(map(str, row)) + " |")
        print(f"\n{textwrap.fill(self.text, 140)}\n" if self.text else "")


def environment() -> Path:
    """The Python of pyBSM's own environment, made at the first call."""
    folder = HERE / ".peers" / "pybsm"
    python, stamp = folder / "bin" / "python", folder / PEER.replace("=", "_")
    if not stamp.exists():
        print(f"installing {PEER} in its own environment", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*command, PEER], check=True, stdout=sys.stderr)
        stamp.touch()
    return python


def ask(tasks: Sequence[Answer]) -> list[Answer]:
    """What pyBSM answers to some tasks, in one process."""
    folder = HERE / ".peers" / "work"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pybsm.json"
    path.write_text(json.dumps(tasks))
    script = str(HERE / "peers" / "pybsm_peer.py")
    subprocess.run([str(environment()), script, str(path)], check=True, stdout=sys.stderr)
    answers: list[Answer] = json.loads(path.with_suffix(".answers.json").read_text())
    return answers
