"""Who evaluates designs: the same results from one process, several, or a cluster, and whoever dies."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

from offnadir.coverage.study_team import Alone, Processes
from offnadir.errors import OffnadirError
from support.study_jobs import dies, dies_once


def test_alone_in_order(tmp_path):
    assert list(Alone(lambda common, one: common + one, 100).do([1, 2, 3])) == [
        (0, 101),
        (1, 102),
        (2, 103),
    ]


def test_a_process_that_dies_is_replaced_and_loses_nothing(tmp_path):
    team = Processes(dies_once, str(tmp_path / "marker"), 2)
    try:
        assert sorted(team.do(list(range(8)))) == [(n, 10 * n) for n in range(8)]
        assert team.deaths == 1
    finally:
        team.close()


def test_processes_that_always_die_are_given_up():
    team = Processes(dies, None, 1)
    try:
        with pytest.raises(OffnadirError, match=r"died 3 times in a row.*what is finished is kept"):
            list(team.do([1, 2]))
    finally:
        team.close()


@pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="how a stranger's end is waited for is Linux's"
)
def test_processes_end_when_the_one_who_began_them_is_killed():
    """Killed outright it tells them nothing; they would keep their memory for ever."""
    code = (
        "import time\nfrom offnadir.coverage.study_team import Processes\n"
        "from support.study_jobs import tells_who\n"
        "if __name__ == '__main__':\n"
        "    print(*{who for _, who in Processes(tells_who, None, 1).do([1])}, flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        watched = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
        ended, _, _ = select.select([watched], [], [], 60)
        os.close(watched)
    assert ended
