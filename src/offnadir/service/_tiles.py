"""The door to rio-tiler: tiles and previews of rasters, stretched to eight bits."""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from rio_tiler.errors import NoOverviewWarning, RioTilerError, TileOutsideBounds
from rio_tiler.io import Reader

from offnadir.errors import FileError
from offnadir.imagery._raster import rasterio

TILE_PX: Final = 256
LARGEST_PREVIEW_PX: Final = 2_048
HIGHEST_ZOOM: Final = 24
#: Pixels of the coarsest overview: a picture without overviews would be read whole for one tile.
_MOST_COARSEST_PX: Final = 64_000_000
_LOW_PERCENT, _HIGH_PERCENT = 2.0, 98.0
_STRETCH_PX: Final = 512
_MOST_STRETCHES: Final = 1_000
#: Only the file itself is opened, not what lies beside it, and GDAL keeps little of it: rasterio takes bytes.
_GDAL: Final = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO", "GDAL_CACHEMAX": 64 * 1024 * 1024,
    "GDAL_NUM_THREADS": 1,
}  # fmt: skip
#: Formats that are drawn, by how files begin: none of them names other files.
_BEGINNINGS: Final = (
    (b"II*\0", "GTiff"), (b"MM\0*", "GTiff"), (b"II+\0", "GTiff"), (b"MM\0+", "GTiff"),
    (b"\x89PNG\r\n\x1a\n", "PNG"), (b"\xff\xd8\xff", "JPEG"),
)  # fmt: skip
#: Filters of warnings are the process's, and one thread at a time changes them.
_QUIET: Final = threading.Lock()
Span = tuple[float, float]


class Tiler:
    """Draws rasters, and remembers how each is stretched."""

    def __init__(self) -> None:
        self._stretches: OrderedDict[tuple[Any, ...], tuple[Span, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def tile(
        self, path: Path, stamp: tuple[int, ...], z: int, x: int, y: int, kind: str
    ) -> bytes | None:
        """A tile of Web Mercator as "png" or "webp"; None where the picture has none."""
        if not (0 <= z <= HIGHEST_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
            return None
        with _open(path) as reader:
            if not _on_map(reader):
                return None
            bands = bands_of(reader.dataset)
            try:
                image = reader.tile(x, y, z, tilesize=TILE_PX, indexes=bands)
            except TileOutsideBounds:
                return None
            return self._drawn(reader, path, stamp, bands, image, kind)

    def preview(self, path: Path, stamp: tuple[int, ...], size_px: int) -> bytes:
        """The whole picture as PNG, its longer side at most `size_px`."""
        with _open(path) as reader:
            bands = bands_of(reader.dataset)
            image = reader.preview(max_size=min(size_px, LARGEST_PREVIEW_PX), indexes=bands)
            return self._drawn(reader, path, stamp, bands, image, "png")

    def _drawn(
        self, reader: Any, path: Path, stamp: tuple[int, ...], bands: Sequence[int], image: Any, kind: str
    ) -> bytes:  # fmt: skip
        if image.array.dtype != np.uint8:
            spans = self._stretch(reader, (str(path), stamp, tuple(bands)), bands)
            image.rescale(in_range=spans)
        made: bytes = image.render(img_format="PNG" if kind == "png" else "WEBP")
        return made

    def _stretch(
        self, reader: Any, mark: tuple[Any, ...], bands: Sequence[int]
    ) -> tuple[Span, ...]:
        """From black to white of each band: the same for all tiles of a file."""
        with self._lock:
            known = self._stretches.get(mark)
        if known is not None:
            return known
        image = reader.preview(max_size=_STRETCH_PX, indexes=bands)
        found = tuple(_span(band) for band in image.array)
        with self._lock:
            self._stretches[mark] = found
            while len(self._stretches) > _MOST_STRETCHES:
                self._stretches.popitem(last=False)
        return found


def tile_facts(path: Path) -> dict[str, Any] | None:
    """Bounds [deg] and zooms as TileJSON tells them; None for a picture that is not on a map."""
    with _open(path) as reader:
        if not _on_map(reader):
            return None
        bounds = [
            float(one) for one in reader.get_geographic_bounds(reader.tms.rasterio_geographic_crs)
        ]
        if not np.isfinite(bounds).all():
            return None
        low, high = (min(int(one), HIGHEST_ZOOM) for one in (reader.minzoom, reader.maxzoom))
        west, south, east, north = bounds
        middle = [(west + east) / 2.0, (south + north) / 2.0, low]
        return {"bounds": bounds, "center": middle, "minzoom": low, "maxzoom": high}


def bands_of(dataset: Any) -> tuple[int, ...]:
    """Red, green and blue by what the file says, else by the names of bands, else the first."""
    said = [one.name for one in dataset.colorinterp]
    names = [(one or "").lower() for one in dataset.descriptions]
    for told in (said, names):
        if all(colour in told for colour in ("red", "green", "blue")):
            return tuple(told.index(colour) + 1 for colour in ("red", "green", "blue"))
    return (1,)


@contextmanager
def _open(path: Path) -> Iterator[Any]:
    library, driver = rasterio(), _driver(path)
    try:
        with library.Env(**_GDAL), ExitStack() as stack:
            with _QUIET, warnings.catch_warnings():  # that it is on no map, or has no overviews
                warnings.simplefilter("ignore", library.errors.NotGeoreferencedWarning)
                warnings.simplefilter("ignore", NoOverviewWarning)
                dataset = stack.enter_context(library.open(path, driver=driver))
                reader = stack.enter_context(Reader(str(path), dataset=dataset))
            _check_size(path, dataset)
            yield reader
    except (library.errors.RasterioError, RioTilerError) as error:
        raise FileError(path, f"cannot be drawn: {error}") from error


def _driver(path: Path) -> str:
    with path.open("rb") as stream:
        beginning = stream.read(8)
    for one, driver in _BEGINNINGS:
        if beginning.startswith(one):
            return driver
    raise FileError(path, "cannot be drawn: it is neither TIFF nor PNG nor JPEG")


def _check_size(path: Path, dataset: Any) -> None:
    coarsest = max([1, *dataset.overviews(1)])
    if dataset.width * dataset.height / coarsest**2 > _MOST_COARSEST_PX:
        raise FileError(path, "cannot be drawn: it is large and has no overviews")


def _on_map(reader: Any) -> bool:
    dataset = reader.dataset
    return dataset.crs is not None and not dataset.transform.is_identity


def _span(band: Any) -> Span:
    values = np.asarray(band.compressed(), np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = np.percentile(values, (_LOW_PERCENT, _HIGH_PERCENT)).tolist()
    return (low, high) if high > low else (low, low + 1.0)
