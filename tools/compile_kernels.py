"""Compile what the tests use most, into the cache: while the checks run, on the processor that they leave.

    python tools/compile_kernels.py

Plans a little problem, and takes a small picture of made-up ground through every step from capture to change.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from offnadir.access import read_sites
from offnadir.epoch import Epoch, Span
from offnadir.imagery import (
    Acquisition,
    CaptureOptions,
    ProcessOptions,
    RasterTerrain,
    acquire,
    capture,
    find_changes,
    process_level1,
)
from offnadir.imagery._aimed import aimed
from offnadir.orbits import make_ephemeris, read_elements, select_satellites
from offnadir.planning._warm import make_ready
from offnadir.sensors import load_camera

AT = Epoch.from_utc("2026-05-31T01:54:18Z")


def picture(folder: Path) -> None:
    """A capture of two bands, a product of it, and its changes against itself."""
    demo = Path(str(files("offnadir.data") / "demo" / "elements.omm.json"))
    (one,) = select_satellites(read_elements(demo).elements, "40115", near=AT, field="satellite")
    ephemeris = make_ephemeris(one, Span(AT + -120.0, AT + 120.0))
    (site,) = read_sites("37.57,126.98", field="site")

    def make(alt_m: float | None, more: Mapping[str, Any]) -> Acquisition:
        return acquire(ephemeris, load_camera("worldview-3"), site, AT, **more)

    scene, acquisition = aimed(make, {"size": (400, 400), "bands": ("sharpest", "red", "green")})
    capture(acquisition, scene, folder / "raw", CaptureOptions(seed=1, cloud_share=0.1, truth=True))
    terrain = RasterTerrain(folder / "raw" / "dem.tif", outside="edge")
    for model in ("rigorous", "rpc"):
        options = ProcessOptions(terrain=terrain, pansharpen="brovey", mtfc=0.5, model=model)
        product = process_level1(folder / "raw", folder / model, options)
    pan = product.rasters["pan"]
    find_changes(pan, pan)


if __name__ == "__main__":
    make_ready()
    with tempfile.TemporaryDirectory() as name:
        picture(Path(name))
