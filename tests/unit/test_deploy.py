"""What is handed out to run the service: units that systemd takes, options that the command knows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from offnadir.cli._main import app

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.mark.parametrize("name", ["offnadir.service", "offnadir-loop.service"])
def test_systemd_takes_the_unit(name: str, tmp_path: Path) -> None:
    """`systemd-analyze verify`, with a program that is there in the place of the installed one."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed here")
    text = (
        (DEPLOY / name)
        .read_text()
        .replace("/opt/offnadir/bin/offnadir", shutil.which("true") or "")
    )
    unit = tmp_path / name
    unit.write_text(
        text.replace("User=offnadir", "User=daemon").replace("Group=offnadir", "Group=daemon")
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if name in line]
    assert not ours, done.stderr
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["offnadir.service", "offnadir-loop.service", "Containerfile"])
def test_the_command_knows_its_options(name: str) -> None:
    """Each option of the command lines stands in the verb's help."""
    text = (DEPLOY / name).read_text()
    (line,) = re.findall(r"^(?:ExecStart=|CMD \[).*", text, re.MULTILINE)
    words = re.findall(r"[\w./-]+", line.replace("CMD [", ""))
    verb = next(word for word in words if word in ("serve", "operate"))
    told = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "200"}).output
    options = [word for word in words if word.startswith("--")]
    assert options
    assert [option for option in options if option not in told] == []


def test_the_container_copies_what_there_is() -> None:
    """Every path that is copied lies in the project, and nothing runs as root."""
    text = (DEPLOY / "Containerfile").read_text()
    for line in re.findall(r"^COPY (.*)", text, re.MULTILINE):
        for path in line.split()[:-1]:
            assert (DEPLOY.parent / path).exists(), path
    assert re.search(r"^USER offnadir$", text, re.MULTILINE)
    assert "SECRET=" not in re.sub(r"^#.*", "", text, flags=re.MULTILINE)
