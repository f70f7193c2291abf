"""A loop that is stopped, taken for dead, replaced, and then woken up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from offnadir._database import sa
from offnadir.operations import open_operation
from offnadir.operations._tables import FACTS, MESSAGES, PICTURES, PLANS, UPLINKS
from offnadir.tasking import verify
from support.faults import CALM, codes_of, go, start
from support.operation import Tape


def state(path):
    """All that the loop keeps: rows, the head of the audit log, and files of products and deliveries."""
    with open_operation(path) as here:
        with here.database.read() as connection:
            rows = {
                table.name: [tuple(row) for row in connection.execute(sa.select(table))]
                for table in (FACTS, PLANS, UPLINKS, PICTURES, MESSAGES)
            }
        head = verify(here.desk.audit)
        folders = (here.operation.products, here.operation.deliveries)
        files = {
            str(file): file.read_bytes()
            for folder in folders
            for file in folder.rglob("*")
            if file.is_file()
        }
    return rows, head, files


@pytest.mark.parametrize("point", ["making", "delivering"])
def test_a_loop_that_was_stopped_writes_nothing_once_another_has_taken_over(
    tmp_path, level1, point
):
    path, _ = start(tmp_path)
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    old = subprocess.Popen(
        [sys.executable, "-m", "support.stopped", str(path), str(level1), point],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _, status = os.waitpid(old.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), old.communicate()[1]
        tape = Tape(level1)
        go(path, tape)  # waits for the other's right to end
        assert codes_of(path) == CALM
        before = state(path)
        old.send_signal(signal.SIGCONT)
        _, told = old.communicate(timeout=120)
    finally:
        old.kill()
        old.wait()
    assert old.returncode == 1
    assert (
        told.strip()
        .splitlines()[-1]
        .startswith("offnadir.operations._lease.LeaseError: another loop took over: ")
    )
    assert state(path) == before
    # what it left in folders of its own goes when a loop begins next
    go(path, tape)
    assert not [one for one in path.parent.rglob("*") if ".part" in one.name]
    assert not list((path.parent / "work").glob("*"))
