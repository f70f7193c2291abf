"""Small images like those of real satellites, with rational polynomials and an elevation model, to process.

The ground has a picture that is a function of map coordinates (`ground`), so that a product can be held
against it; the geometry is that of a real SPOT 6 scene (`real_rpc`), cut to a few hundred pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import real_rpc
from offnadir.imagery._grid import Grid, utm_crs
from offnadir.imagery._meet import meet_terrain
from offnadir.imagery._raster import writing
from offnadir.imagery._rpc import Rpc, rpc_of_tags, rpc_tags
from offnadir.imagery._scene import GroundLight, Patch
from offnadir.imagery._terrain import LevelTerrain, RasterTerrain

#: Wavelengths [m] and directions of the waves that the picture of the ground is made of.
TEXTURE = np.random.default_rng(11).uniform(0, 1, (256, 256))
WAVES_M = tuple((15.0 * 8.0 ** (k / 29.0), 2.399963 * k) for k in range(30))


def cropped_rpc(line: int = 9000, column: int = 9000, shape: tuple[int, int] = (300, 400)) -> Rpc:
    """A part of the SPOT 6 scene."""
    whole = rpc_of_tags(real_rpc.SPOT6, real_rpc.SPOT6_SHAPE)
    return replace(
        whole, line_off=whole.line_off - line, column_off=whole.column_off - column, shape=shape
    )


def ground(x, y):
    """Brightness at map coordinates [m]: 0.5 in the mean, with a spread of 0.2."""
    total = np.zeros(np.broadcast(x, y).shape)
    for length, turn in WAVES_M:
        total += np.sin(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn)) / length)
    return 0.5 + 0.28 * total / len(WAVES_M) ** 0.5


def counts(x, y):
    """What a camera counts there: 1200 to 4800."""
    return 2000.0 + 2000.0 * ground(x, y)


def rough(x, y):
    """Counts of ground with texture of all sizes from 8 m on, as real ground has: for matching."""
    total = np.zeros(np.broadcast(x, y).shape)
    for size, weight in ((8.0, 400.0), (20.0, 400.0), (64.0, 500.0)):
        u, v = np.asarray(x) / size, np.asarray(y) / size
        i, j = np.floor(u).astype(int), np.floor(v).astype(int)
        s, t = (f * f * (3 - 2 * f) for f in (u - i, v - j))
        a, b, c, d = (
            TEXTURE[(i + m) % 256, (j + n) % 256] for m, n in ((0, 0), (1, 0), (0, 1), (1, 1))
        )
        total += weight * ((a * (1 - s) + b * s) * (1 - t) + (c * (1 - s) + d * s) * t)
    return 1500.0 + total


def map_xy(lat_rad, lon_rad):
    """UTM coordinates [m]."""
    crs = utm_crs(float(np.ravel(lat_rad)[0]), float(np.ravel(lon_rad)[0]))
    unit = Grid(crs=crs, transform=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), shape=(1, 1))
    row, column = unit.of_lat_lon(lat_rad, lon_rad)
    return column + 0.5, row + 0.5


def write_dem(path: Path, rpc: Rpc, *, holes: bool = False, reach: float = 0.004) -> Path:
    """Hills of 120 m around the image, in steps of an arc second."""
    lat, lon = (float(x) for x in rpc.locate(rpc.shape[0] / 2, rpc.shape[1] / 2, 500.0))
    lat, lon = np.degrees(lat), np.degrees(lon)
    step = 1 / 3600
    n = int(2 * reach / step) * 4
    grid = Grid(
        crs="EPSG:4326", shape=(n, n),
        transform=(step, 0.0, lon - n * step / 2, 0.0, -step, lat + n * step / 2),
    )  # fmt: skip
    r, c = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    heights = (500.0 + 60 * np.sin(r / 9.0) + 60 * np.cos(c / 7.0)).astype(np.float32)
    if holes:
        heights[n // 2 - 3 : n // 2 + 3, n // 2 - 3 : n // 2 + 3] = -9999.0
    with writing(path, grid.shape, 1, "float32", grid=grid, nodata=-9999.0) as out:
        out.write(heights, 1)
    return path


def write_image(
    path: Path,
    rpc: Rpc,
    dem: Path,
    *,
    bands: int = 1,
    tags: dict[str, str] | None = None,
    moved=(0.0, 0.0),
    picture=counts,
) -> Path:
    """What the camera saw: uint16, 0 is nodata; `moved` lines and columns off its own polynomials."""
    line, column = np.meshgrid(*(np.arange(n) for n in rpc.shape), indexing="ij")
    lat, lon, _ = meet_terrain(rpc, RasterTerrain(dem), line + moved[0], column + moved[1])
    values = picture(*map_xy(lat, lon))
    with writing(
        path, rpc.shape, bands, "uint16", nodata=0.0, rpc=rpc_tags(rpc), tags=tags or {}
    ) as out:
        for k in range(bands):
            out.write(np.rint(values * (1 + 0.2 * k)).astype(np.uint16), k + 1)
    return path


@dataclass(frozen=True, kw_only=True)
class Waves:
    """Level ground with the picture of `ground`, as a scene to capture."""

    alt_m: float = 100.0
    is_synthetic: bool = True
    attribution: str = "waves"

    @property
    def terrain(self) -> LevelTerrain:
        return LevelTerrain(alt_m=self.alt_m)

    surface = terrain

    def reflectance(self, x, y):
        """What the ground reflects at UTM coordinates [m]."""
        return 0.1 + 0.3 * ground(x, y)

    def patch(self, grid: Grid, band: object) -> Patch:
        rows, columns = np.arange(grid.shape[0])[:, None], np.arange(grid.shape[1])[None, :]
        lat, lon = grid.lat_lon(*np.broadcast_arrays(rows, columns))
        return Patch(reflectance=self.reflectance(*map_xy(lat, lon)).astype(np.float32))

    def light(self, grid: Grid, sun_azimuth_rad: float, sun_elevation_rad: float) -> GroundLight:
        one = np.ones(grid.shape, np.float32)
        return GroundLight(direct=one, sky=one)
