"""The same product whoever makes its tiles: threads, processes, a Dask cluster; and workers that die."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
import signal
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from made_products import cropped_rpc, write_dem, write_image
from offnadir._threads import in_order
from offnadir.cli._main import app
from offnadir.errors import FileError, InputError, OffnadirError
from offnadir.imagery import ProcessOptions, RasterTerrain, process_raster
from offnadir.imagery._raster import opened

SHAPE = (620, 700)


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    rpc = cropped_rpc(shape=SHAPE)
    dem = write_dem(folder / "dem.tif", rpc)
    image = write_image(folder / "scene.tif", rpc, dem)
    # sharpened, so that two steps with tiles are made; pixels of 0.8 m, so that there are four tiles
    options = ProcessOptions(
        terrain=RasterTerrain(dem), mtfc=0.5, mtf_nyquist=0.15, gsd_m=0.8, keep_work=True
    )
    process_raster([image], folder / "threads", options)
    return image, options, folder / "threads"


def same(ours: Path, theirs: Path) -> bool:
    """All bytes of what was made of one file; of the others all pixels: their tags tell the folder."""
    whole = (".work/scene_restored.tif", "scene_preview.png")
    assert [sha(ours / name) for name in whole] == [sha(theirs / name) for name in whole]
    for name in ("scene_image.tif", ".work/image.tif"):
        with opened(ours / name) as our, opened(theirs / name) as their:
            assert our.profile == their.profile
            assert our.read().tobytes() == their.read().tobytes()
    return True


def test_errors_arrive_from_other_processes():
    """What a worker raises is pickled: text, fields and all."""
    for error in (
        FileError("a.tif", "is damaged"),
        InputError("gsd", 3, "above 4", hint="or less", where="file"),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_processes_make_the_same_product(made, tmp_path):
    """To the last byte. A process that dies is told, leaves nothing, and a second run goes on."""
    image, options, threads = made
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        process_raster([image], tmp_path, replace(options, executor=pool))
        assert same(tmp_path, threads)
        before = (tmp_path / ".work/scene_restored.tif").stat().st_mtime_ns
        for name in ("scene_image.tif", ".work/image.tif", "scene.json"):
            (tmp_path / name).unlink()
        pool.submit(os.kill, pool.submit(os.getpid).result(), signal.SIGKILL)
        with pytest.raises(OffnadirError, match=r"workers broke off.*run it again"):
            process_raster([image], tmp_path, replace(options, executor=pool))
    assert not (tmp_path / ".work/image.tif").exists()
    assert not list(tmp_path.rglob("*.part*"))
    with ThreadPoolExecutor(2) as pool:  # pickled all the same
        process_raster([image], tmp_path, replace(options, executor=pool))
    assert same(tmp_path, threads)
    assert (tmp_path / ".work/scene_restored.tif").stat().st_mtime_ns == before


def tens(item: int) -> int:
    return 10 * item


def test_no_more_pieces_are_in_work_than_were_asked_for():
    """Results come in order, and at most 3 + 1 pieces have been handed out beyond those that were taken."""
    taken = handed = 0

    def items():
        nonlocal handed
        for item in range(20):
            handed += 1
            yield item

    with ThreadPoolExecutor(8) as pool:
        for item, ten in in_order(tens, items(), 3, pool):
            taken += 1
            assert ten == 10 * item == 10 * (taken - 1)
            assert handed <= taken + 3


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes of Dask on the loopback interface."""
    distributed = pytest.importorskip("distributed")
    import dask

    quiet = {"distributed.worker.daemon": True, "distributed.nanny.pre-spawn-environ": {}}
    with (
        dask.config.set(quiet),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0",
            silence_logs=50,
        ) as cluster,
    ):  # fmt: skip
        yield cluster


def test_a_cluster_makes_the_same_product_though_a_worker_dies(made, cluster, tmp_path):
    """It is killed when the first tile has come; its pieces go to the other."""
    distributed = pytest.importorskip("distributed")
    image, options, threads = made
    victim = next(iter(cluster.workers.values())).process.pid
    told: list[tuple[str, int]] = []

    def report(stage: str, done: int, total: int) -> None:
        if stage == "orthorectification" and not told:
            os.kill(victim, signal.SIGKILL)
        told.append((stage, total))

    with distributed.Client(cluster) as client:
        remote = replace(options, executor=client.get_executor(), threads=4)
        process_raster([image], tmp_path, remote, report=report)
    assert told[0] == ("orthorectification", 4)
    assert same(tmp_path, threads)


def test_a_cluster_by_the_command_line(made, cluster, tmp_path):
    image, options, threads = made
    words = [
        "process",
        str(image),
        "-o",
        str(tmp_path),
        "--dem",
        str(options.terrain.path),
        "--mtfc",
        "0.5",
    ]
    words += ["--mtf-nyquist", "0.15", "--gsd", "0.8", "--keep", "--quiet"]
    result = CliRunner().invoke(app, [*words, "--dask", cluster.scheduler_address])
    assert result.exit_code == 0, result.output
    assert same(tmp_path, threads)


def test_what_goes_wrong_at_a_worker_is_told_as_here(made, cluster, tmp_path):
    image, options, _ = made
    distributed = pytest.importorskip("distributed")
    broken = tmp_path / "scene.tif"
    content = image.read_bytes()
    broken.write_bytes(content[: len(content) // 2])
    with distributed.Client(cluster) as client:
        remote = replace(options, executor=client.get_executor(), mtfc=0.0)
        with pytest.raises(FileError, match=r"scene\.tif: damaged"):
            process_raster([broken], tmp_path / "out", remote)
    assert [one.name for one in (tmp_path / "out").iterdir()] == [".work"]


def test_nobody_at_the_address(monkeypatch):
    pytest.importorskip("distributed")
    from offnadir.cli import _cluster

    monkeypatch.setattr(_cluster, "_WAIT_S", 0.2)
    with (
        pytest.raises(InputError, match=r"--dask.*where a Dask scheduler answers"),
        _cluster.workers("tcp://127.0.0.1:1"),
    ):
        pass


@pytest.mark.parametrize("address", ["nonsense", "carrier://pigeon:1"])
def test_what_is_no_address_is_refused_before_a_client_is_made(monkeypatch, address):
    """A client that fails on its address prints a traceback and holds the program for a minute."""
    distributed = pytest.importorskip("distributed")
    from offnadir.cli import _cluster

    monkeypatch.setattr(distributed, "Client", None)
    with pytest.raises(InputError, match=r"--dask.*where a Dask scheduler answers.*address"):
        _cluster.workers(address).__enter__()
