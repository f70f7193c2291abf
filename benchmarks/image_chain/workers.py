"""The same map by threads and by a Dask cluster: bytes, and processor time of all processes."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import Executor
from pathlib import Path

from image_chain import Setting
from image_chain.ortho import ground, picture
from offnadir.imagery import Grid, RasterTerrain, Rpc, ortho_grid, orthorectify


def once(
    source: Path, dem: Path, rpc: Rpc, grid: Grid, out: Path, executor: Executor | None
) -> tuple[float, float, str]:
    """Wall and processor seconds here, and the file's digest."""
    wall, cpu = time.perf_counter(), time.process_time()
    orthorectify(
        source, rpc, RasterTerrain(dem), grid, out, compress="none", threads=4 if executor else 2,
        executor=executor,
    )  # fmt: skip
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with out.open("rb") as stream:
        return wall, cpu, hashlib.file_digest(stream, "sha256").hexdigest()


def table(setting: Setting) -> None:
    """Orthorectification of `size` x `size` pixels, twice each: the first time compiles and starts."""
    try:
        import distributed
    except ImportError:
        print("\nDask: distributed is not installed\n")
        return
    source, dem = setting.work / "picture.tif", setting.work / "dem.tif"
    rpc = picture(source, setting.size)
    ground(dem, rpc)
    grid = ortho_grid(rpc, RasterTerrain(dem))
    job = (source, dem, rpc, grid)
    print(f"\n### Tiles by threads and by Dask, {setting.size} x {setting.size} pixels\n")
    print("| who | wall s | CPU s here | CPU s of the workers | SHA-256 |\n|---|---|---|---|---|")
    for _ in range(2):
        by_threads = once(*job, setting.work / "threads.tif", None)
    print(f"| 2 threads | {by_threads[0]:.1f} | {by_threads[1]:.1f} | 0 | {by_threads[2][:16]} |")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        for _ in range(2):
            before = sum(client.run(time.process_time).values())
            by_dask = once(*job, setting.work / "dask.tif", client.get_executor())
            theirs = sum(client.run(time.process_time).values()) - before
    print(f"| 2 workers | {by_dask[0]:.1f} | {by_dask[1]:.1f} | {theirs:.1f} | {by_dask[2][:16]} |")
    print("\nThe same bytes." if by_dask[2] == by_threads[2] else "\n**Other bytes.**")
