"""Places in products against the places of the scene that was captured: root mean squares in pixels.

The ground is a raster with texture of all sizes, flat or draped over mountains of an elevation model. It is
captured by WorldView-3 and processed to a map, by the rigorous model and by the rational polynomials. The
truth is the scene itself, rendered on the product's grid: no camera has part in it. Tiles of both are laid
upon each other by phase correlation, which tells a shift to a hundredth of a pixel. Beside it, without any
picture: where the model that the product was made by puts the places that the capture's truth rasters tell.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from image_chain import Setting
from image_chain.capture import EPOCH, WORLDVIEW_3, beside, ephemeris
from offnadir.earth import Site
from offnadir.epoch import Epoch
from offnadir.imagery import (
    CaptureOptions,
    Grid,
    Level1,
    LevelTerrain,
    ProcessOptions,
    RasterTerrain,
    Terrain,
    acquire,
    capture,
    process_level1,
    read_acquisition,
)
from offnadir.imagery._grid import utm_crs
from offnadir.imagery._level1_maker import image_models
from offnadir.imagery._raster import opened, writing
from offnadir.imagery._raster_scene import RasterScene
from offnadir.imagery._register import phase_shift
from offnadir.sensors import load_camera
from offnadir.units import deg, km

SIZE = 1600
SIDE, STEP = 128, 96
BARS = {"rigorous": 0.3, "rpc": 0.5}
LOOKS = {"nadir": 0.0, "30 deg": 355 * km}
_PIXEL_M, _CELL_M = 0.3, 10.0
_SKY = 0.2  # share of the light that comes from the sky, near enough to tell slopes apart


def fractal(side: int, power: float, seed: int) -> np.ndarray:
    """Periodic noise of mean 0 and deviation 1 whose amplitudes fall as frequency to a power."""
    rng = np.random.default_rng(seed)
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :])
    f[0, 0] = np.inf
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((side, side))) / f**power)
    return (noise / noise.std()).astype(np.float32)


def square(aim: Site, step_m: float, half_m: float) -> Grid:
    """A map around a place, in its UTM zone."""
    crs = utm_crs(aim.lat_rad, aim.lon_rad)
    unit = Grid(crs=crs, transform=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), shape=(1, 1))
    y, x = (float(value) for value in unit.of_lat_lon(aim.lat_rad, aim.lon_rad))
    n = round(2 * half_m / step_m)
    return Grid(
        crs=crs, transform=(step_m, 0.0, x - half_m, 0.0, -step_m, y + half_m), shape=(n, n)
    )


def mountains(aim: Site, path: Path) -> RasterTerrain:
    """Ground from 300 to 1300 m or so, with slopes of 25 deg in the mean."""
    grid = square(aim, _CELL_M, 2.4 * km)
    heights = 800.0 + 180.0 * fractal(grid.shape[0], 2.1, 3)
    with writing(path, grid.shape, 1, "float32", grid=grid) as out:
        out.write(heights.astype(np.float32), 1)
    return RasterTerrain(path)


def slopes_deg(terrain: RasterTerrain) -> np.ndarray:
    with opened(terrain.path) as dataset:
        down, across = np.gradient(dataset.read(1), _CELL_M)
    return np.degrees(np.arctan(np.hypot(down, across)))


def texture(aim: Site, path: Path, half_m: float) -> None:
    """Reflectance of 0.05 to 0.6 in ten-thousandths, a pattern that comes again every 400 m."""
    grid = square(aim, _PIXEL_M, half_m)
    tile = np.clip(0.3 + 0.08 * fractal(1350, 0.9, 5), 0.05, 0.6)
    many = -(-grid.shape[0] // 1350)
    values = np.tile(np.rint(tile * 1e4).astype(np.uint16), (many, many))
    with writing(path, grid.shape, 1, "uint16", grid=grid) as out:
        out.write(values[: grid.shape[0], : grid.shape[1]], 1)


def taken(terrain: Terrain, aside_m: float, folder: Path) -> tuple[Level1, RasterScene]:
    """A picture of the textured ground, straight below or aside."""
    epoch = Epoch.from_utc(EPOCH)
    orbit = ephemeris(WORLDVIEW_3, epoch)
    aim = beside(orbit, epoch, aside_m)
    aim = replace(aim, alt_m=float(terrain.height_m(aim.lat_rad, aim.lon_rad)))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    texture(aim, folder / "scene.tif", 700.0)
    scene = RasterScene(folder / "scene.tif", terrain)
    taken = acquire(
        orbit, load_camera("worldview-3"), aim, epoch, size=(SIZE, SIZE), bands=["sharpest"]
    )
    options = CaptureOptions(seed=1, truth=True)
    return capture(taken, scene, folder / "raw", options), scene


def off_product(path: Path, scene: RasterScene, level1: Level1) -> np.ndarray:
    """(row, column) [px] by which each tile of a product lies off the scene, (n, 2)."""
    acquisition = read_acquisition(level1.folder / "acquisition.json")
    view, band = acquisition.view, acquisition.sensor.band
    with opened(path) as dataset:
        shown = dataset.read(1)
        grid = Grid(crs=dataset.crs.to_string(), transform=tuple(dataset.transform)[:6],
                    shape=dataset.shape)  # fmt: skip
    found = []
    for top in range(0, grid.shape[0] - SIDE, STEP):
        for left in range(0, grid.shape[1] - SIDE, STEP):
            box = (top, top + SIDE, left, left + SIDE)
            mine = shown[top : top + SIDE, left : left + SIDE]
            if not mine.all():
                continue
            part = grid.part(box)
            light = scene.light(part, view.sun_azimuth_rad, view.sun_elevation_rad)
            truth = scene.patch(part, band).reflectance
            truth = truth * ((1 - _SKY) * light.direct + _SKY * light.sky)
            shift = phase_shift(truth.astype(np.float32), mine.astype(np.float32))
            if shift.is_sure:
                found.append((shift.row_px, shift.column_px))
    return np.array(found)


def off_truth(level1: Level1, terrain: Terrain, kind: str) -> np.ndarray:
    """(line, column) [px] by which a model misses the pixels that saw the places of the truth rasters.

    The heights are those of the elevation model there, as in processing.
    """
    acquisition = read_acquisition(level1.folder / "acquisition.json")
    (image,) = level1.images
    model = image_models(level1, acquisition, kind)[image.file]
    with opened(level1.folder / str(image.truth)) as dataset:
        lat, lon, _ = dataset.read()[:, ::7, ::7]
    line, column = np.meshgrid(*(np.arange(0, n, 7.0) for n in image.shape), indexing="ij")
    lat, lon = lat * deg, lon * deg
    found = np.array(model.project(lat, lon, terrain.height_m(lat, lon)))
    off = (found - [line, column]).reshape(2, -1).T
    return off[np.isfinite(off).all(axis=1)]


def rms(off: np.ndarray) -> float:
    """Root mean square of the distances."""
    return float(np.sqrt(np.mean(np.sum(off**2, axis=1))))


def cells(work: Path) -> list[dict[str, Any]]:
    """All eight: ground, look and model, with what was found."""
    rows = []
    for ground in ("flat", "mountains"):
        for look, aside_m in LOOKS.items():
            folder = work / "geolocation"
            folder.mkdir(parents=True, exist_ok=True)
            terrain: Terrain = LevelTerrain(alt_m=200.0)
            if ground == "mountains":
                epoch = Epoch.from_utc(EPOCH)
                aim = beside(ephemeris(WORLDVIEW_3, epoch), epoch, aside_m)
                terrain = mountains(aim, folder / "dem.tif")
            level1, scene = taken(terrain, aside_m, folder / "capture")
            view = read_acquisition(level1.folder / "acquisition.json").view
            for kind in ("rigorous", "rpc"):
                options = ProcessOptions(terrain=terrain, model=kind, clouds=False)  # type: ignore[arg-type]
                made = process_level1(level1.folder, folder / kind, options)
                rows.append({
                    "ground": ground, "look": look, "model": kind, "incidence": view.incidence_rad / deg,
                    "off": off_product(made.rasters["pan"], scene, level1),
                    "truth": off_truth(level1, terrain, kind),
                    "slopes": slopes_deg(terrain) if isinstance(terrain, RasterTerrain) else np.zeros(1),
                })  # fmt: skip
                shutil.rmtree(folder / kind)
            shutil.rmtree(folder)
    return rows


def table(setting: Setting) -> None:
    """The table of the eight cells."""
    print("\n### Geolocation: the product against the scene, pixels\n")
    print(f"WorldView-3, {SIZE} x {SIZE} pixels; by phase correlation of tiles of {SIDE} pixels.")
    print("Last column: the model against the truth rasters, in pixels of the image, rms.\n")
    print(
        "| ground | look, incidence | model | tiles | mean row, column | rms | 95 % | wanted | truth |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    missed = 0
    for row in cells(setting.work):
        off, bar = row["off"], BARS[row["model"]]
        far = np.hypot(*off.T)
        mean = off.mean(axis=0)
        is_missed = not rms(off) <= bar
        missed += is_missed
        print(
            f"| {row['ground']} | {row['look']}, {row['incidence']:.1f} deg | {row['model']} | {len(off)} | "
            f"{mean[0]:+.3f}, {mean[1]:+.3f} | {'**' * is_missed}{rms(off):.3f}{'**' * is_missed} | "
            f"{np.quantile(far, 0.95):.3f} | {bar} | {rms(row['truth']):.3f} |",
            flush=True,
        )
        slopes = row["slopes"]
    print(
        f"\nSlopes of the mountains: {math.sqrt(float(np.mean(slopes**2))):.0f} deg rms, "
        f"{float(np.quantile(slopes, 0.99)):.0f} deg in 99 %. Cells that miss: {missed}."
    )
