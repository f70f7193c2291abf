"""Ground from a picture: any raster that GDAL reads, as reflectance, with heights beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import FileError, InputError
from offnadir.imagery._grid import Grid, pixel_m
from offnadir.imagery._ground import Terrain
from offnadir.imagery._raster import RasterInfo, opened, raster_info, rasterio, read_floats
from offnadir.imagery._scene import GroundLight, Patch
from offnadir.imagery._sunlight import terrain_light
from offnadir.sensors import Band
from offnadir.units import um

_STRIDE: Final = 16
#: So many times finer than a picture, and so wide, a raster should have overviews.
_OVERVIEWS_FROM: Final = 4.0
_OVERVIEWS_SIDE: Final = 2048
#: Edges [m] of what bands of these names take in, where a raster says no more.
_COLOURS: Final[dict[str, tuple[float, float]]] = {
    "coastal": (0.43 * um, 0.45 * um), "blue": (0.45 * um, 0.52 * um), "green": (0.52 * um, 0.60 * um),
    "yellow": (0.585 * um, 0.625 * um), "red": (0.63 * um, 0.69 * um), "rededge": (0.70 * um, 0.75 * um),
    "nir": (0.76 * um, 0.90 * um), "pan": (0.45 * um, 0.80 * um), "swir1": (1.55 * um, 1.75 * um),
    "swir2": (2.08 * um, 2.35 * um),
}  # fmt: skip
_OTHER_NAMES: Final = {"gray": "pan", "grey": "pan", "panchromatic": "pan", "nearinfrared": "nir", "r": "red",
                       "g": "green", "b": "blue", "redge": "rededge"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """From numbers in a raster to reflectance: scale x number + offset.

    With `is_srgb` the number is first divided by its greatest (255, 65535) and freed of a display's
    contrast, as IEC 61966-2-1 says; `scale` is then the reflectance of white.
    """

    scale: float
    offset: float = 0.0
    is_srgb: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise InputError("scale", self.scale, "a number above 0")
        if not math.isfinite(self.offset):
            raise InputError("offset", self.offset, "a number")

    def reflectance(self, numbers: NDArray[Any]) -> NDArray[np.float32]:
        """Reflectance, not below 0."""
        values = numbers.astype(np.float32)
        if self.is_srgb:
            most = np.iinfo(numbers.dtype).max if numbers.dtype.kind in "iu" else 1.0
            values = values / np.float32(most)
            values = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
        result = values * np.float32(self.scale) + np.float32(self.offset)
        return np.asarray(np.maximum(result, 0), np.float32)


def usual_scaling(dtype: str) -> Scaling:
    """What is taken of a raster that states none: sRGB with white at 0.6, ten-thousandths, or reflectance."""
    if dtype == "uint8":
        return Scaling(scale=0.6, is_srgb=True)
    return Scaling(scale=1.0 if dtype.startswith("float") else 1e-4)


class RasterScene:
    """A raster on a map as the ground of a scene. It is read when asked for, by windows.

    Reflectance is `scaling` of the numbers, else the scale and offset that the raster's own metadata state,
    else `usual_scaling`. A sensor's band takes the mean of the raster's bands, weighted by how much of each
    it covers; where it covers none, the one nearest in wavelength. `bands_m` states the edges of the
    raster's bands; else their names do ("red", "nir", ...), else one band is grey and three or four are red,
    green, blue, near infrared. Averages over a pixel are taken from overviews where the raster has them.
    """

    def __init__(
        self,
        path: Path,
        terrain: Terrain,
        *,
        surface: Terrain | None = None,
        scaling: Scaling | None = None,
        bands_m: tuple[tuple[float, float], ...] | None = None,
        attribution: str = "",
    ) -> None:
        self.info: RasterInfo = raster_info(path)
        if self.info.grid is None:
            raise FileError(path, "is not on a map: it has no projection or no place in it")
        self._grid: Grid = self.info.grid
        self._terrain = terrain
        self._surface = surface if surface is not None else terrain
        self._attribution = attribution or f"{path.name}"
        with opened(path) as dataset:
            self._alpha = [
                n
                for n, c in enumerate(dataset.colorinterp, 1)
                if c == rasterio().enums.ColorInterp.alpha
            ]
            colours = [c.name for c in dataset.colorinterp]
            self._overviews: list[int] = dataset.overviews(1)
            own = [
                Scaling(scale=s, offset=o) if (s, o) != (1.0, 0.0) else None
                for s, o in zip(dataset.scales, dataset.offsets, strict=True)
            ]
        if "palette" in colours:
            wish = "numbers of a palette, not colours; expand it first: gdal_translate -expand rgb"
            raise FileError(path, f"holds {wish}")
        if self.info.dtype.startswith("complex"):
            raise FileError(path, "holds complex numbers, which are no reflectance")
        usual = usual_scaling(self.info.dtype)
        self._scalings = [scaling or one or usual for one in own]
        if bands_m is not None and len(bands_m) != self.info.bands - len(self._alpha):
            raise InputError(
                "bands_m", bands_m, f"{self.info.bands - len(self._alpha)} pairs of edges"
            )
        names = [name or colour for name, colour in zip(self.info.band_names, colours, strict=True)]
        self._edges = _edges(names, self._alpha, bands_m)

    @property
    def terrain(self) -> Terrain:
        """Heights of the bare ground."""
        return self._terrain

    @property
    def surface(self) -> Terrain:
        """Heights of what is seen from above."""
        return self._surface

    @property
    def is_synthetic(self) -> bool:
        """False: somebody took this picture."""
        return False

    @property
    def attribution(self) -> str:
        """The file's name, unless more was said."""
        return self._attribution

    @property
    def reading(self) -> str:
        """How its numbers are read: what tells it from another scene of the same file."""
        return repr((self._scalings, sorted(self._edges.items())))

    def covers(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> NDArray[np.bool_]:
        """Whether places lie within the raster, data or none."""
        row, column = self._grid.near_lat_lon(lat_rad, lon_rad)
        rows, columns = self._grid.shape
        return np.asarray(
            (row >= -0.5) & (row <= rows - 0.5) & (column >= -0.5) & (column <= columns - 0.5)
        )

    def brightest(self, lat_rad: float, lon_rad: float) -> float:
        """The greatest reflectance in some hundred pixels around a place, in any band; NaN for none."""
        row, column = self._grid.near_lat_lon(lat_rad, lon_rad)
        box = _box(np.atleast_1d(row), np.atleast_1d(column), self.info.shape, 128)
        if box is None:
            return math.nan
        with opened(self.info.path) as dataset:
            values = read_floats(dataset, tuple(self._edges), box)
        found = [
            float(np.nanmax(self._scalings[number - 1].reflectance(one)))
            for number, one in zip(self._edges, values, strict=True)
            if np.isfinite(one).any() and not self._scalings[number - 1].is_srgb
        ]
        return max(found, default=math.nan)

    def trouble(self, gsd_m: float) -> str:
        """What is slow about pictures with pixels of `gsd_m`: empty if nothing is.

        A raster that is much finer than the picture and has no overviews (or a format's own) is read whole
        and averaged: right, but as much slower as it has more pixels.
        """
        step_m = pixel_m(self._grid, self._grid.shape[0] / 2.0, self._grid.shape[1] / 2.0)
        finer = gsd_m / step_m
        if self._overviews or finer < _OVERVIEWS_FROM or min(self.info.shape) < _OVERVIEWS_SIDE:
            return ""
        return (
            f"{self.info.path.name} has no overviews, so {finer**2:.0f} of its pixels are read for each of "
            f"the picture's; `gdaladdo -r average {self.info.path.name}` makes them once"
        )

    def weights(self, band: Band) -> dict[int, float]:
        """Which of the raster's bands (from 1) stand for a band of a sensor, and how much of each."""
        covered = {
            number: min(high, band.high_m) - max(low, band.low_m)
            for number, (low, high) in self._edges.items()
        }
        found = {number: width for number, width in covered.items() if width > 0}
        if not found:
            middle = 0.5 * (band.low_m + band.high_m)
            best = min(self._edges, key=lambda number: abs(sum(self._edges[number]) / 2 - middle))
            return {best: 1.0}
        total = sum(found.values())
        return {number: width / total for number, width in found.items()}

    def patch(self, grid: Grid, band: Band) -> Patch:
        """Reflectance in a band; not valid beyond the raster and where it holds no data."""
        from offnadir.imagery._scene_kernels import sample_means

        rows, columns = grid.shape
        at = np.meshgrid(
            np.arange(-_STRIDE, rows + 2 * _STRIDE, _STRIDE, dtype=np.float64),
            np.arange(-_STRIDE, columns + 2 * _STRIDE, _STRIDE, dtype=np.float64),
            indexing="ij",
        )
        row, column = self._grid.near_lat_lon(*grid.lat_lon(*at))
        out, valid = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, bool)
        inside = np.isfinite(row) & np.isfinite(column)
        if not inside.any():
            return Patch(reflectance=out, valid=valid)
        row, column = np.where(inside, row, -1e9), np.where(inside, column, -1e9)
        wide = _source_step(row, column) / _STRIDE
        # the raster is read at about half a pixel of the grid, and averaged from there
        shrink = max(int(wide / 2 + 1e-3), 1)
        box = _box(row[inside], column[inside], self.info.shape, shrink)
        if box is None:
            return Patch(reflectance=out, valid=valid)
        pixels, known, step_r, step_c = self._read(band, box, shrink)
        per = max(math.ceil(wide / shrink - 1e-2), 1)
        sample_means(
            pixels, known, (row + 0.5 - box[0]) / step_r - 0.5, (column + 0.5 - box[2]) / step_c - 0.5,
            float(_STRIDE), per, out, valid,
        )  # fmt: skip
        return Patch(reflectance=out, valid=None if valid.all() else valid)

    def light(self, grid: Grid, sun_azimuth_rad: float, sun_elevation_rad: float) -> GroundLight:
        """Light on the surface's facets, with the shadows it casts on itself."""
        return terrain_light(grid, self._surface, sun_azimuth_rad, sun_elevation_rad)

    def _read(
        self, band: Band, box: tuple[int, int, int, int], shrink: int
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_], float, float]:
        """Reflectance in a box of the raster, smaller by about `shrink`; what is known; the exact ratios."""
        top, bottom, left, right = box
        shape = (-(-(bottom - top) // shrink), -(-(right - left) // shrink))
        library = rasterio()
        total, known = np.zeros(shape, np.float32), np.ones(shape, bool)
        with opened(self.info.path) as dataset:
            window = ((top, bottom), (left, right))
            how = {"window": window, "out_shape": shape}
            for number, weight in self.weights(band).items():
                try:
                    numbers = dataset.read(
                        number, resampling=library.enums.Resampling.average, **how
                    )
                    mask = dataset.read_masks(number, **how)
                except library.errors.RasterioError as error:
                    trouble = (
                        f"damaged at rows {top} to {bottom}, columns {left} to {right}: {error}"
                    )
                    raise FileError(self.info.path, trouble) from error
                known &= mask > 0
                if numbers.dtype.kind == "f":
                    known &= np.isfinite(numbers)
                    numbers = np.nan_to_num(numbers)
                total += np.float32(weight) * self._scalings[number - 1].reflectance(numbers)
        return total, known, (bottom - top) / shape[0], (right - left) / shape[1]


def _edges(
    names: list[str], alpha: list[int], bands_m: tuple[tuple[float, float], ...] | None
) -> dict[int, tuple[float, float]]:
    """Edges [m] of the raster's bands that hold colour, by number from 1."""
    numbers = [n for n in range(1, len(names) + 1) if n not in alpha]
    if bands_m is not None:
        return dict(zip(numbers, bands_m, strict=True))
    plain = {n: "".join(c for c in names[n - 1].lower() if c.isalnum()) for n in numbers}
    named = {n: _COLOURS.get(_OTHER_NAMES.get(name, name)) for n, name in plain.items()}
    known = {n: edges for n, edges in named.items() if edges is not None}
    if len(numbers) == 1:
        return {numbers[0]: known.get(numbers[0], _COLOURS["pan"])}
    if len(known) == len(numbers) and len(set(known.values())) == len(known):
        return known
    if len(numbers) in (3, 4):
        return dict(
            zip(numbers, [_COLOURS[c] for c in ("red", "green", "blue", "nir")], strict=False)
        )
    if len(known) > 1 and len(set(known.values())) == len(known):
        return known
    wish = "bands called red, green, nir, ..., or else stated by their edges: bands_m"
    raise InputError("bands", names, wish)


def _source_step(row: NDArray[np.float64], column: NDArray[np.float64]) -> float:
    """Pixels of the raster from node to node, at the middle."""
    i, j = (row.shape[0] - 1) // 2, (row.shape[1] - 1) // 2
    a = (row[i + 1, j] - row[i, j], column[i + 1, j] - column[i, j])
    b = (row[i, j + 1] - row[i, j], column[i, j + 1] - column[i, j])
    return math.sqrt(max(abs(a[0] * b[1] - a[1] * b[0]), 1e-12))


def _box(
    row: NDArray[np.float64], column: NDArray[np.float64], shape: tuple[int, int], shrink: int
) -> tuple[int, int, int, int] | None:
    """Rows and columns of the raster that positions need, in whole steps of `shrink` but at its end."""
    more = 2 * shrink
    top = max(math.floor(row.min() - more) // shrink * shrink, 0)
    left = max(math.floor(column.min() - more) // shrink * shrink, 0)
    bottom = min(-(-math.ceil(row.max() + more) // shrink) * shrink, shape[0])
    right = min(-(-math.ceil(column.max() + more) // shrink) * shrink, shape[1])
    return (top, bottom, left, right) if bottom > top and right > left else None
