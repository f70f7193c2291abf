"""Compile the kernels of images, into the cache, in a process beside: a small picture, capture to product.

`python -m` this to do it while something else is still going on.
"""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offnadir._jit import cache_folder

if TYPE_CHECKING:
    from offnadir.imagery._acquisition import Acquisition
    from offnadir.imagery._product import Product

_SIZE = (400, 400)


def make_picture(folder: Path) -> Product:
    """A picture of three bands of a made-up place, and a product of it by both models of the camera."""
    from offnadir.earth import Site
    from offnadir.epoch import Epoch, Span
    from offnadir.imagery import CaptureOptions, ProcessOptions, RasterTerrain, acquire, capture
    from offnadir.imagery._aimed import aimed
    from offnadir.imagery._own_dem import OWN_DEM
    from offnadir.imagery._product_level1 import process_level1
    from offnadir.orbits import make_ephemeris, read_elements, select_satellites
    from offnadir.sensors import load_camera
    from offnadir.units import deg

    at = Epoch.from_utc("2026-05-31T01:54:18Z")
    with as_file(files("offnadir.data") / "demo" / "elements.omm.json") as path:
        sets = read_elements(path).elements
    (one,) = select_satellites(sets, "40115", near=at, field="satellite")
    ephemeris = make_ephemeris(one, Span(at + -120.0, at + 120.0))
    site = Site(name="Seoul", lat_rad=37.57 * deg, lon_rad=126.98 * deg, alt_m=0.0)

    def make(alt_m: float | None, more: Mapping[str, Any]) -> Acquisition:
        return acquire(ephemeris, load_camera("worldview-3"), site, at, **more)

    scene, acquisition = aimed(make, {"size": _SIZE, "bands": ("sharpest", "red", "green")})
    raw = folder / "raw"
    capture(acquisition, scene, raw, CaptureOptions(seed=1, cloud_share=0.1, truth=True))
    terrain = RasterTerrain(raw / OWN_DEM, outside="edge")
    for model in ("rpc", "rigorous"):
        options = ProcessOptions(terrain=terrain, pansharpen="brovey", mtfc=0.5, model=model)
        product = process_level1(raw, folder / model, options)
    return product


@contextmanager
def _turn() -> Iterator[None]:
    with (cache_folder() / "images.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def wait_for_it() -> None:
    """Return once no process beside is at it any more: to compile the same again would take as long."""
    with _turn():
        pass


if __name__ == "__main__":
    with _turn(), tempfile.TemporaryDirectory() as name:
        make_picture(Path(name))
