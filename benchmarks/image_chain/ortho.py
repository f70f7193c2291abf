"""Orthorectification: ours and GDAL's of the same picture, model, ground and map."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.rpc import RPC
from rasterio.transform import Affine, RPCTransformer
from rasterio.warp import Resampling, reproject

from image_chain import HERE, Cost, Setting, cost
from offnadir.imagery._grid import Grid
from offnadir.imagery._ortho import ortho_grid, orthorectify
from offnadir.imagery._ortho_geometry import tile_positions
from offnadir.imagery._raster import boxes, raster_info, writing
from offnadir.imagery._rpc import Rpc, read_rpc, rpc_of_tags, rpc_tags
from offnadir.imagery._terrain import RasterTerrain
from offnadir.units import deg

sys.path.insert(0, str(HERE.parent / "tests"))
from real_rpc import IKONOS, IKONOS_SHAPE

Array = NDArray[np.float64]
MIB = 2**20


def mountains(shape: tuple[int, int], slope: float, seed: int) -> NDArray[np.float32]:
    """Heights [m] whose spectrum falls as the cube of the wave number, as that of mountains does."""
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=shape))
    wave = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :])
    wave[0, 0] = np.inf
    field = np.fft.irfft2(noise / np.maximum(wave, 2.0 / min(shape)) ** 1.9, shape)
    steepness = np.hypot(*np.gradient(field)) / 30.0
    return (field * slope / np.sqrt(np.mean(steepness**2))).astype(np.float32)


def ground(path: Path, rpc: Rpc) -> None:
    """Elevations every second of arc about a scene, slopes of 20 deg root mean square."""
    lat, lon = np.array([rpc.lat_off_rad, rpc.lon_off_rad]) / deg
    grid = Grid(
        crs="EPSG:4326",
        transform=(1 / 3600, 0, lon - 0.15, 0, -1 / 3600, lat + 0.15),
        shape=(1080, 1080),
    )
    heights = mountains(grid.shape, np.tan(20 * deg), 7)
    with writing(path, grid.shape, 1, "float32", grid=grid) as dataset:
        dataset.write(heights - heights.mean() + np.float32(rpc.height_off_m), 1)


def picture(path: Path, size: int) -> Rpc:
    """A picture of noise three pixels wide, 16 bits, with the model of a real IKONOS scene."""
    whole = rpc_of_tags(IKONOS, IKONOS_SHAPE)
    first = ((IKONOS_SHAPE[0] - size) // 2, (IKONOS_SHAPE[1] - size) // 2)
    rpc = replace(
        whole,
        line_off=whole.line_off - first[0],
        column_off=whole.column_off - first[1],
        shape=(size, size),
    )
    random = np.random.default_rng(3)
    with writing(path, rpc.shape, 1, "uint16", rpc=rpc_tags(rpc), compress="none") as dataset:
        for top, bottom, left, right in boxes(rpc.shape, 2048):
            shape = (bottom - top, right - left)
            noise = random.normal(size=shape).astype(np.float32)
            for _ in range(2):
                for axis in (0, 1):
                    noise = (np.roll(noise, 1, axis) + noise + np.roll(noise, -1, axis)) / 3
            values = (3000 + 1500 * noise).clip(1, 65535).astype(np.uint16)
            dataset.write(values, 1, window=((top, bottom), (left, right)))
    return rpc


def run_ours(source: str, dem: str, grid: str, out: str) -> None:
    """One run, in a process of its own."""
    wanted = json.loads(grid)
    model = read_rpc(Path(source))
    place = Grid(
        crs=wanted["crs"], transform=tuple(wanted["transform"]), shape=tuple(wanted["shape"])
    )
    orthorectify(Path(source), model, RasterTerrain(Path(dem)), place, Path(out), compress="none")


def ours(source: Path, dem: Path, grid: Grid, out: Path) -> Cost:
    wanted = json.dumps({"crs": grid.crs, "transform": grid.transform, "shape": grid.shape})
    code = "import sys; from image_chain import ortho; ortho.run_ours(*sys.argv[1:])"
    paths = f"{HERE}:{HERE.parent / 'src'}"
    return cost(
        [sys.executable, "-c", code, str(source), str(dem), wanted, str(out)], PYTHONPATH=paths
    )


def run_rasterio(source: str, dem: str, grid: str, out: str, scaled: str) -> None:
    """GDAL through rasterio where there is no gdalwarp, from file to file."""
    wanted = json.loads(grid)
    more = {} if scaled == "yes" else {"XSCALE": 1, "YSCALE": 1}
    with (
        rasterio.open(source) as raw,
        rasterio.open(
            out, "w", driver="GTiff", height=wanted["shape"][0], width=wanted["shape"][1], count=1,
            dtype="uint16", crs=wanted["crs"], transform=Affine(*wanted["transform"]), nodata=0, tiled=True,
        ) as target,
    ):  # fmt: skip
        reproject(
            rasterio.band(raw, 1), rasterio.band(target, 1), rpcs=raw.rpcs, src_crs="EPSG:4326",
            resampling=Resampling.cubic, RPC_DEM=dem, dst_nodata=0, init_dest_nodata=True, **more,
        )  # fmt: skip


def theirs(source: Path, dem: Path, grid: Grid, out: Path, *, scaled: bool) -> Cost:
    """GDAL's; its kernels widen with the shape of its chunks (`scaled`) unless XSCALE and YSCALE say no."""
    a, _, c, _, e, f = grid.transform
    rows, columns = grid.shape
    if shutil.which("gdalwarp"):
        more = [] if scaled else ["-wo", "XSCALE=1", "-wo", "YSCALE=1"]
        return cost(
            ["gdalwarp", "-q", "-overwrite", "-rpc", "-to", f"RPC_DEM={dem}", "-r", "cubic",
             "-t_srs", grid.crs, "-tr", repr(a), repr(-e),
             "-te", repr(c), repr(f + e * rows), repr(c + a * columns), repr(f),
             "-dstnodata", "0", "-co", "TILED=YES", "-wm", "500", *more, str(source), str(out)]
        )  # fmt: skip
    wanted = json.dumps({"crs": grid.crs, "transform": grid.transform, "shape": grid.shape})
    code = "import sys; from image_chain import ortho; ortho.run_rasterio(*sys.argv[1:])"
    paths = f"{HERE}:{HERE.parent / 'src'}"
    command = [
        sys.executable,
        "-c",
        code,
        str(source),
        str(dem),
        wanted,
        str(out),
        "yes" if scaled else "no",
    ]
    return cost(command, PYTHONPATH=paths)


def astray_px(
    rpc: Rpc, terrain: RasterTerrain, grid: Grid, places: int = 100_000
) -> tuple[float, float]:
    """Root mean square and largest difference of positions in the image from GDAL's, in random pixels."""
    random = np.random.default_rng(11)
    off = []
    tiles = list(boxes(grid.shape))
    for box in tiles:
        found = tile_positions(rpc, terrain, grid, box, tolerance_px=0.02, hide=False)
        if found is None:
            continue
        count = max(10, places // len(tiles))
        row, column = (random.integers(0, n, count) for n in found.line.shape)
        lat, lon = grid.lat_lon(row + box[0], column + box[2])
        with RPCTransformer(rpc_tags(rpc), RPC_DEM=str(terrain.path)) as gdal:
            line, across = gdal.rowcol(lon / deg, lat / deg, op=lambda value: value)
        at = np.array(line) - 0.5, np.array(across) - 0.5
        inside = (
            (at[0] >= 0) & (at[0] < rpc.shape[0] - 1) & (at[1] >= 0) & (at[1] < rpc.shape[1] - 1)
        )
        miss = np.hypot(
            found.line[row, column] + found.base[0] - at[0],
            found.column[row, column] + found.base[1] - at[1],
        )
        off.append(miss[inside])
    every = np.concatenate(off)
    return float(np.sqrt(np.mean(every**2))), float(every.max())


def shift_px(first: Array, second: Array) -> tuple[float, float]:
    """How far one picture lies from another: phase of the cross spectrum, where it is strong and low."""
    window = np.outer(np.hanning(first.shape[0]), np.hanning(first.shape[1]))
    spectra = [np.fft.fft2((image - image.mean()) * window) for image in (first, second)]
    cross = spectra[0] * np.conj(spectra[1])
    wave = np.meshgrid(*(np.fft.fftfreq(n) for n in first.shape), indexing="ij")
    low = (np.hypot(*wave) < 0.2) & (np.hypot(*wave) > 0.01)
    design = (
        np.stack([2 * np.pi * axis[low] for axis in wave], axis=1) * np.abs(cross[low])[:, None]
    )
    found, *_ = np.linalg.lstsq(design, np.angle(cross[low]) * np.abs(cross[low]), rcond=None)
    return float(found[0]), float(found[1])


def agreement(first: Path, second: Path) -> str:
    """Pixels that only one has, differences in counts, largest shift of a window of 512 pixels."""
    only = both = 0
    squares, largest, shift = 0.0, 0, 0.0
    with rasterio.open(first) as a, rasterio.open(second) as b:
        for box in boxes(a.shape, 512):
            window = ((box[0], box[1]), (box[2], box[3]))
            x, y = a.read(1, window=window).astype(float), b.read(1, window=window).astype(float)
            seen = (x > 0) & (y > 0)
            only += int(((x > 0) != (y > 0)).sum())
            both += int(seen.sum())
            if seen.any():
                difference = np.abs(x - y)[seen]
                squares += float((difference**2).sum())
                largest = max(largest, int(difference.max()))
            if seen.all():
                shift = max(shift, float(np.hypot(*shift_px(x, y))))
    return f"{only} | {largest} | {np.sqrt(squares / max(both, 1)):.3f} | {shift:.5f}"


def row(name: str, used: Cost, base: Cost) -> str:
    return (
        f"| {name} | {used.wall_s:.1f} | {used.cpu_s:.1f} | {used.system_s:.1f} |"
        f" {used.peak_bytes / MIB:.0f} | {base.cpu_s / used.cpu_s:.1f} | {base.wall_s / used.wall_s:.1f} |"
    )


def speed(setting: Setting) -> None:
    """CPU and wall seconds, memory and agreement, for a picture of 16 bits; and how both grow with it."""
    dem, out = setting.work / "dem.tif", setting.work / "ours.tif"
    sizes = sorted({max(1000, setting.size // 4), max(1000, setting.size // 2), setting.size})
    lines = []
    for size in sizes:
        source = setting.work / f"raw_{size}.tif"
        rpc = picture(source, size)
        if not dem.exists():
            ground(dem, rpc)
        terrain = RasterTerrain(dem)
        grid = ortho_grid(rpc, terrain)
        if size == sizes[0]:
            ours(source, dem, grid, out)  # compiles
        used = ours(source, dem, grid, out)
        lines.append(f"| {size} | {grid.shape[0]} x {grid.shape[1]} | {used.wall_s:.1f} | {used.cpu_s:.1f} |"
                     f" {used.peak_bytes / MIB:.0f} |")  # fmt: skip
    low, high = terrain.range_m(
        (
            rpc.lat_off_rad - 1e-3,
            rpc.lon_off_rad - 1e-3,
            rpc.lat_off_rad + 1e-3,
            rpc.lon_off_rad + 1e-3,
        )
    )
    print("\n## Orthorectification\n")
    print(
        f"{setting.size} x {setting.size} pixels of 16 bits, an IKONOS scene's model, ground of 1 second"
    )
    print(
        f"of arc with slopes of 20 deg (rms; {high - low:.0f} m within 13 km), to {grid.shape[0]} x"
    )
    print(f"{grid.shape[1]} pixels of UTM, cubic, no compression.\n")
    fixed, plain = setting.work / "fixed.tif", setting.work / "plain.tif"
    name = "gdalwarp" if shutil.which("gdalwarp") else "rasterio.warp"
    base = theirs(source, dem, grid, plain, scaled=True)
    same = theirs(source, dem, grid, fixed, scaled=False)
    again = ours(source, dem, grid, out)
    print("| | wall s | CPU s | of it system | peak MiB | CPU, times less | wall, times less |")
    print("|---|---|---|---|---|---|---|")
    print(row(name, base, base))
    print(row(f"{name}, kernel not widened", same, base))
    print(row("ours", again, base))
    print("\n| ours, lines and columns | map | wall s | CPU s | peak MiB |\n|---|---|---|---|---|")
    print("\n".join(lines))
    print(
        "\n| against | pixels only one has | most counts off | rms | most shift of a window, px |"
    )
    print("|---|---|---|---|---|")
    print(f"| {name}, kernel not widened | {agreement(out, fixed)} |")
    print(f"| {name} | {agreement(out, plain)} |")
    rms, most = astray_px(rpc, terrain, grid)
    print(
        f"\nPositions in the image against GDAL's transformer: {rms:.5f} px rms, {most:.5f} px at most."
    )


def crop(setting: Setting) -> None:
    """Real pixels, a real model (moved there) and real mountains: pixel by pixel against GDAL."""
    if setting.data is None or not (setting.data / "scenes" / "spacenet_sample.tif").exists():
        print("\n(no scenes: no real crop)")
        return
    dem = setting.data / "scenes" / "aster_exploradores_dem.tif"
    info = raster_info(setting.data / "scenes" / "spacenet_sample.tif")
    with rasterio.open(info.path) as dataset:
        image = dataset.read(1)
    terrain = RasterTerrain(dem)
    lat, lon = terrain.grid.lat_lon(300.0, 270.0)
    rpc = replace(
        rpc_of_tags(IKONOS, IKONOS_SHAPE), lat_off_rad=float(lat), lon_off_rad=float(lon), line_off=450.0,
        column_off=450.0, height_off_m=float(terrain.height_m(lat, lon)), shape=info.shape,
    )  # fmt: skip
    source, out = setting.work / "crop.tif", setting.work / "crop_ours.tif"
    with writing(source, info.shape, 1, "uint16", rpc=rpc_tags(rpc)) as dataset:
        dataset.write(image, 1)
    grid = ortho_grid(rpc, terrain)
    orthorectify(source, rpc, terrain, grid, out, nodata=0.0, compress="none")
    gdal = np.zeros(grid.shape, np.uint16)
    reproject(
        image, gdal, rpcs=RPC.from_gdal(rpc_tags(rpc)), src_crs="EPSG:4326", dst_crs=grid.crs,
        dst_transform=Affine(*grid.transform), resampling=Resampling.cubic, dst_nodata=0,
        init_dest_nodata=True, RPC_DEM=str(dem), XSCALE=1, YSCALE=1,
    )  # fmt: skip
    with rasterio.open(out) as dataset:
        mine = dataset.read(1)
    both = (mine > 0) & (gdal > 0)
    off = np.abs(mine[both].astype(float) - gdal[both])
    rms, most = astray_px(rpc, terrain, grid, 20_000)
    cells = terrain.cells((0, terrain.grid.shape[0], 0, terrain.grid.shape[1]))
    low, high = float(cells.min()), float(cells.max())
    print("\n## A real crop\n")
    alone = int(((mine > 0) != (gdal > 0)).sum())
    print(
        f"{info.shape[0]} x {info.shape[1]} pixels of SpaceNet, IKONOS's model, ASTER's Patagonia"
    )
    print(
        f"({low:.0f} to {high:.0f} m): {int(both.sum())} pixels, {alone} that only one has, at most"
    )
    spread, error = mine[both].std(), np.sqrt(np.mean(off**2))
    print(f"{off.max():.0f} counts off ({error:.3f} rms of a spread of {spread:.0f});")
    print(f"positions {rms:.5f} px rms, {most:.5f} px at most.")
