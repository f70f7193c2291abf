"""Who evaluates designs: the same results from one process, several, or a cluster, and whoever dies."""

from __future__ import annotations

import os
import signal

import pytest

from offnadir.coverage.study_team import Alone, Cluster, Processes
from offnadir.errors import OffnadirError
from support.study_jobs import dies, dies_once


def test_alone_in_order(tmp_path):
    assert list(Alone(lambda common, one: common + one, 100).do([1, 2, 3])) == [(0, 101), (1, 102), (2, 103)]


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


def test_a_cluster_whose_worker_is_killed_loses_nothing(tmp_path):
    distributed = pytest.importorskip("distributed")
    import dask

    quiet = {"distributed.worker.daemon": True, "distributed.nanny.pre-spawn-environ": {}}
    marker = tmp_path / "marker"
    with (
        dask.config.set(quiet),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        marker.touch()  # here nobody kills itself
        common = client.scatter(str(marker), broadcast=True)
        team = Cluster(dies_once, common, client.get_executor(), 2)
        results = []
        for result in team.do(list(range(20))):
            if not results:
                victim = next(iter(cluster.workers.values())).process.pid
                os.kill(victim, signal.SIGKILL)
            results.append(result)
    assert sorted(results) == [(n, 10 * n) for n in range(20)]
