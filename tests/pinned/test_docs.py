"""The commands of the tutorial and the Python of README and guide run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs/guide/tutorial.md").read_text()


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tutorial")


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PATH": path}, check=False,
    )  # fmt: skip


def test_the_tutorial_from_top_to_bottom(workshop):
    blocks = re.findall(r"```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)```", TUTORIAL, re.DOTALL)
    commands = 0
    for language, title, text in blocks:
        if language == "toml" and title:
            (workshop / title).write_text(text)
        if language == "console":
            for line in text.splitlines():
                if line.startswith("$ "):
                    # the demo's operation is run once, by its own test
                    command = re.sub(r"^offnadir demo$", r"\g<0> --no-operation", line[2:])
                    result = run(command, workshop)
                    assert result.returncode == 0, f"{line}\n{result.stderr}"
                    assert "Traceback" not in result.stderr
                    if "offnadir " in line and "||" not in line:
                        assert result.stdout.strip(), line
                    commands += 1
    assert commands >= 9
    assert (workshop / "offnadir-demo" / "report.html").exists()
    assert (workshop / "small" / "plan.json").exists()
    assert not (workshop / "nothing").exists()


@pytest.mark.parametrize("page", ["README.md", "docs/guide/python.md"])
def test_the_python_on_the_page_runs(page, workshop, tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    # What talks to a service is tried against one in test_service_process.py.
    code = "\n".join(block for block in blocks if "offnadir.client" not in block)
    assert "find_windows" in code
    assert "make_plan" in code
    folder = tmp_path / "offnadir-demo" / "mission"
    folder.mkdir(parents=True)
    elements = files("offnadir.data") / "demo" / "elements.omm.json"
    (folder / "elements.omm.json").write_bytes(elements.read_bytes())
    mission = re.search(r"```toml title=\"mine/small.toml\"\n(.*?)```", TUTORIAL, re.DOTALL)
    (folder / "mission.toml").write_text(mission[1] + "\n[solver]\ntime_limit_s = 5\n")
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
