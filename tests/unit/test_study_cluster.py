"""A trade study on a Dask cluster: the same bytes as here; a worker is killed; the scheduler is gone."""

from __future__ import annotations

import os
import signal

import pytest
from typer.testing import CliRunner

from offnadir.cli import _cluster
from offnadir.cli._main import app
from offnadir.coverage.study import Crew, load_study, run_study
from offnadir.coverage.study_store import Store
from offnadir.coverage.study_team import Cluster
from offnadir.errors import InputError, OffnadirError
from support.study_jobs import STUDY, dies_once, write_study

distributed = pytest.importorskip("distributed")
SMALL = STUDY.replace("[1, 2, 3, 4]", "[1, 2]").replace("planes = [1, 2]\n", "")


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes on the loopback interface."""
    import dask

    quiet = {
        "distributed.worker.daemon": True,
        "distributed.nanny.pre-spawn-environ": {},
    }
    with (
        dask.config.set(quiet),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
    ):  # fmt: skip
        yield cluster


def test_the_command_line_gives_the_same_bytes(cluster, tmp_path):
    path = write_study(tmp_path, SMALL)
    for folder, words in (
        ("here", ["--workers", "1"]),
        ("there", ["--scheduler", cluster.scheduler_address]),
    ):
        result = CliRunner().invoke(
            app, ["design", str(path), "-o", str(tmp_path / folder), "-q", *words]
        )
        assert result.exit_code == 0, result.output
    for name in ("study.json", "designs.csv", "designs.parquet", "report.html"):
        assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_a_killed_worker_loses_nothing(cluster, tmp_path):
    marker = tmp_path / "marker"
    marker.touch()  # the job itself kills nobody
    with distributed.Client(cluster) as client:
        common = client.scatter(str(marker), broadcast=True)
        results = []
        for result in Cluster(dies_once, common, client.get_executor(), 2).do(list(range(20))):
            if not results:
                os.kill(next(iter(cluster.workers.values())).process.pid, signal.SIGKILL)
            results.append(result)
    assert sorted(results) == [(n, 10 * n) for n in range(20)]


def test_nobody_at_the_address(tmp_path, monkeypatch):
    monkeypatch.setattr(_cluster, "_WAIT_S", 0.2)
    words = ["design", str(write_study(tmp_path, SMALL)), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*words, "--scheduler", "tcp://127.0.0.1:1"])
    assert isinstance(result.exception, InputError)
    assert "--scheduler" in str(result.exception)


def test_a_scheduler_that_is_gone_is_told_and_what_is_finished_is_kept(
    cluster, tmp_path, monkeypatch
):
    """The last test: after it there is no cluster. The study goes on without one."""
    monkeypatch.setattr(_cluster, "_WAIT_S", 3)  # so long it is waited for
    study = load_study(write_study(tmp_path, SMALL))

    def close(done, total, found):
        if done == 1:
            cluster.close()

    with (
        pytest.raises(OffnadirError, match=r"broke off.*run it again: what is finished is kept"),
        _cluster.cluster(cluster.scheduler_address, field="--scheduler") as (executor, _, share),
    ):
        run_study(
            study,
            tmp_path / "out",
            crew=Crew(workers=1, executor=executor, share=share),
            report=close,
        )
    with Store(tmp_path / "out") as store:
        kept = len(store)
    assert 1 <= kept < 4
    result = run_study(study, tmp_path / "out")
    assert (result.found, result.computed) == (kept, 4 - kept)
