"""The door to GDAL: rasters read by windows, written whole or not at all."""

from __future__ import annotations

import shutil
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from offnadir._files import replacing
from offnadir.errors import FileError, MissingExtraError
from offnadir.imagery._grid import Grid

#: Side of the tiles of what is written.
TILE = 512
#: rows, columns: first and one past the last of each.
Box = tuple[int, int, int, int]


def rasterio() -> Any:
    """The library, or an error that says how to get it."""
    try:
        import rasterio as library
    except ImportError as error:
        raise MissingExtraError("rasters need a library", "imagery") from error
    return library


@dataclass(frozen=True, slots=True, kw_only=True)
class RasterInfo:
    """What a raster says of itself; `grid` is None where it is not on a map."""

    path: Path
    shape: tuple[int, int]
    bands: int
    dtype: str
    grid: Grid | None
    nodata: float | None
    rpc: Mapping[str, Any] | None
    tags: Mapping[str, str]
    band_names: tuple[str | None, ...]


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An open rasterio dataset; what GDAL says of trouble becomes a FileError."""
    library = rasterio()
    try:
        with unwarned(path) as dataset:
            yield dataset
    except library.errors.RasterioError as error:
        raise FileError(path, f"cannot be read as a raster: {_first_line(error)}") from error


def raster_info(path: Path) -> RasterInfo:
    """A raster's size, place and tags."""
    with opened(path) as dataset:
        on_map = dataset.crs is not None and not dataset.transform.is_identity
        grid = (
            Grid(
                crs=dataset.crs.to_string(),
                transform=tuple(dataset.transform)[:6],
                shape=dataset.shape,
            )
            if on_map
            else None
        )
        return RasterInfo(
            path=path,
            shape=dataset.shape,
            bands=dataset.count,
            dtype=dataset.dtypes[0],
            grid=grid,
            nodata=dataset.nodata,
            rpc=dataset.tags(ns="RPC") or None,
            tags=dataset.tags(),
            band_names=tuple(dataset.descriptions),
        )


def read_box(dataset: Any, band: int, box: Box, *, fill: float = 0.0) -> NDArray[Any]:
    """Pixels of one band (from 1) in a box that may reach beyond the raster, where `fill` stands."""
    top, bottom, left, right = box
    window = ((max(top, 0), min(bottom, dataset.height)), (max(left, 0), min(right, dataset.width)))
    out = np.full((bottom - top, right - left), fill, dataset.dtypes[band - 1])
    (r0, r1), (c0, c1) = window
    if r1 > r0 and c1 > c0:
        try:
            out[r0 - top : r1 - top, c0 - left : c1 - left] = dataset.read(band, window=window)
        except rasterio().errors.RasterioError as error:
            trouble = f"damaged at rows {r0} to {r1}, columns {c0} to {c1}: {_first_line(error)}"
            raise FileError(dataset.name, trouble) from error
    return out


class SharedRaster:
    """A raster that threads read in turn, opened when it is first read; other processes get its path.

    Used as a context it is closed at the end; else when nobody has it any more.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._dataset: Any = None

    def __reduce__(self) -> tuple[Any, ...]:
        return SharedRaster, (self.path.absolute(),)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        if self._dataset is not None:
            self._dataset.close()

    def read(self, bands: Sequence[int], box: Box) -> list[NDArray[Any]]:
        """Pixels of bands (from 1) in a box, which may reach beyond the raster."""
        with self._lock:  # a dataset serves one thread at a time
            if self._dataset is None:
                library = rasterio()
                try:
                    self._dataset = unwarned(self.path)
                except library.errors.RasterioError as error:
                    trouble = f"cannot be read as a raster: {_first_line(error)}"
                    raise FileError(self.path, trouble) from error
            return [read_box(self._dataset, band, box) for band in bands]


def read_floats(
    dataset: Any, bands: tuple[int, ...], box: Box, factor: int = 1
) -> NDArray[np.float32]:
    """Pixels of bands (from 1) in a box as float32 of shape (bands, rows, columns), NaN where there are none.

    With a factor the box is in blocks of factor x factor pixels, and each is the mean of its block:
    overviews are used. No pixel is what is nodata, masked, transparent, not finite, or beyond the raster.
    """
    library = rasterio()
    top, bottom, left, right = box
    out = np.full((len(bands), bottom - top, right - left), np.nan, np.float32)
    rows, columns = (
        dataset.height // factor,
        dataset.width // factor,
    )  # a broken last block is left out
    r0, r1, c0, c1 = max(top, 0), min(bottom, rows), max(left, 0), min(right, columns)
    if r1 <= r0 or c1 <= c0:
        return out
    options: dict[str, Any] = {"window": ((r0 * factor, r1 * factor), (c0 * factor, c1 * factor))}
    if factor > 1:
        options |= {
            "out_shape": (len(bands), r1 - r0, c1 - c0),
            "resampling": library.enums.Resampling.average,
        }
    try:
        # GDAL's own conversion: means of whole numbers are not rounded
        values = dataset.read(list(bands), masked=True, out_dtype="float32", **options)
    except library.errors.RasterioError as error:
        where = f"rows {r0 * factor} to {r1 * factor}, columns {c0 * factor} to {c1 * factor}"
        raise FileError(dataset.name, f"damaged at {where}: {_first_line(error)}") from error
    part = values.filled(np.nan)
    part[~np.isfinite(part)] = np.nan
    out[:, r0 - top : r1 - top, c0 - left : c1 - left] = part
    return out


@contextmanager
def writing(
    path: Path,
    shape: tuple[int, int],
    bands: int,
    dtype: str,
    *,
    grid: Grid | None = None,
    nodata: float | None = None,
    rpc: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    names: tuple[str, ...] = (),
    compress: str = "deflate",
) -> Iterator[Any]:
    """A tiled GeoTIFF that has its name once it is whole; yields the open dataset."""
    library = rasterio()
    options: dict[str, Any] = {
        "driver": "GTiff", "height": shape[0], "width": shape[1], "count": bands, "dtype": dtype,
        "tiled": True, "blockxsize": TILE, "blockysize": TILE, "compress": compress, "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    if compress != "none":
        options |= {
            "predictor": 3 if dtype.startswith("float") else 2,
            "num_threads": 2,
            "zlevel": 1,
        }
    if grid is not None:
        options |= {"crs": grid.crs, "transform": library.Affine(*grid.transform)}
    if nodata is not None:
        options["nodata"] = nodata
    with replacing(path) as part:
        try:
            with unwarned(part, "w", **options) as dataset:
                if tags:
                    dataset.update_tags(**tags)
                if rpc:
                    dataset.update_tags(ns="RPC", **rpc)
                for band, name in enumerate(names, 1):
                    dataset.set_band_description(band, name)
                yield dataset
        except library.errors.RasterioError as error:
            raise FileError(path, f"cannot be written: {_first_line(error)}") from error
        check_whole(part, path)


def polygons(mask: NDArray[np.bool_]) -> list[dict[str, Any]]:
    """Outlines of pixels that touch by their sides, as GeoJSON shapes of (column, row) of pixel corners."""
    rasterio()
    from rasterio.features import shapes

    found = shapes(mask.astype(np.uint8), mask=mask, connectivity=4)
    return [shape for shape, _ in found]


def burnt(shapes: list[dict[str, Any]], grid: Grid) -> NDArray[np.bool_]:
    """Pixels of a grid whose centre lies in one of the GeoJSON shapes, which are in the grid's projection."""
    library = rasterio()
    from rasterio.features import rasterize

    if not shapes:
        return np.zeros(grid.shape, np.bool_)
    inside = rasterize(
        shapes, out_shape=grid.shape, transform=library.Affine(*grid.transform), dtype="uint8"
    )
    return np.asarray(inside, np.bool_)


def check_whole(part: Path, path: Path) -> None:
    """FileError about `path` if tiles are missing in a GeoTIFF: of a full disk GDAL says nothing."""
    size = part.stat().st_size if part.is_file() else 0
    library = rasterio()
    try:
        with unwarned(part) as dataset:
            if dataset.driver != "GTiff":
                return
            rows, columns = dataset.block_shapes[0]
            spots = [
                (f"{j}_{i}", band)
                for band in (1, dataset.count)
                for i in range(-(-dataset.height // rows))
                for j in range(-(-dataset.width // columns))
            ]
            for spot, band in spots:
                first, length = (
                    int(dataset.get_tag_item(f"BLOCK_{what}_{spot}", "TIFF", bidx=band) or 0)
                    for what in ("OFFSET", "SIZE")
                )
                if first + length > size:
                    raise FileError(path, f"cannot be written: {_room(part)}")
    except library.errors.RasterioError as error:
        raise FileError(path, f"cannot be written: {_room(part)}") from error


def copy_raster(source: Path, path: Path, driver: str, **options: str) -> None:
    """A raster in another format by GDAL's driver, tags and all, which is there whole or not at all."""
    library = rasterio()
    from rasterio.shutil import copy

    with opened(source), replacing(path) as part:
        # by another ending than its own GDAL would write a bare JPEG 2000 stream, without room for tags
        whole = part.with_name(part.name + path.suffix)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", library.errors.NotGeoreferencedWarning)
                copy(source, whole, driver=driver, **options)
            whole.replace(part)
        except (library.errors.RasterioError, library._err.CPLE_BaseError) as error:
            raise FileError(
                path, f"cannot be written: {_first_line(error)}; {_room(part)}"
            ) from error
        finally:
            for beside in part.parent.glob(
                f"{part.name}.*"
            ):  # GDAL's notes and unfinished overviews
                beside.unlink(missing_ok=True)
        check_whole(part, path)


def boxes(shape: tuple[int, int], side: int = 2 * TILE) -> Iterator[Box]:
    """Boxes that cover a raster, in rows of boxes; `side` a multiple of TILE keeps to its tiles."""
    for top in range(0, shape[0], side):
        for left in range(0, shape[1], side):
            yield top, min(top + side, shape[0]), left, min(left + side, shape[1])


def window_of(box: Box) -> tuple[tuple[int, int], tuple[int, int]]:
    """A box as rasterio wants it."""
    top, bottom, left, right = box
    return (top, bottom), (left, right)


def unwarned(path: Path, mode: str = "r", **options: Any) -> Any:
    """What rasterio opens, without its warning that a raw image is on no map."""
    library = rasterio()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", library.errors.NotGeoreferencedWarning)
        return library.open(path, mode, **options)


def _room(path: Path) -> str:
    free = shutil.disk_usage(path.parent).free
    return f"the disk took only a part of it ({free / 1e6:.0f} MB are free)"


def _first_line(error: BaseException) -> str:
    cause = error.__cause__ or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
