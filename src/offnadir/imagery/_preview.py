"""Small pictures of large ones, stretched for the eye, with a mark where what they show is made up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir._files import replacing
from offnadir.imagery._raster import opened, rasterio, unwarned

Bytes = NDArray[np.uint8]
SIDE: Final = 1200
#: Letters of 5 x 7 dots, rows as bits.
_LETTERS: Final = {
    "S": (15, 16, 16, 14, 1, 1, 30), "Y": (17, 17, 10, 4, 4, 4, 4), "N": (17, 25, 21, 19, 17, 17, 17),
    "T": (31, 4, 4, 4, 4, 4, 4), "H": (17, 17, 17, 31, 17, 17, 17), "E": (31, 16, 16, 30, 16, 16, 31),
    "I": (14, 4, 4, 4, 4, 4, 14), "C": (14, 17, 16, 16, 16, 17, 14),
}  # fmt: skip


def write_preview(
    sources: Sequence[Sequence[Path]], path: Path, *, synthetic: bool, side: int = SIDE
) -> None:
    """A PNG of one plane in grey, or of three as red, green and blue; at most `side` pixels long.

    A plane is one raster, or those of several chips from left to right.
    """
    planes = [_plane(one, side) for one in sources]
    shape = min(one.shape[0] for one in planes), min(one.shape[1] for one in planes)
    picture = np.stack([stretched(one[: shape[0], : shape[1]]) for one in planes])
    if synthetic:
        stamp(picture)
    with replacing(path) as part:
        options: dict[str, Any] = {
            "driver": "PNG", "height": shape[0], "width": shape[1], "count": len(planes), "dtype": "uint8",
        }  # fmt: skip
        with unwarned(part, "w", **options) as out:
            out.write(picture)


def stretched(
    values: NDArray[Any], *, low: float = 0.5, high: float = 99.5, gamma: float = 1.6
) -> Bytes:
    """Bytes of values between two percentiles, brightened in the middle."""
    finite = values[np.isfinite(values)]
    first, last = np.percentile(finite, [low, high]) if finite.size else (0.0, 1.0)
    share = np.clip((values.astype(np.float64) - first) / max(last - first, 1e-9), 0.0, 1.0)
    return np.asarray(np.rint(255.0 * np.nan_to_num(share) ** (1.0 / gamma)), np.uint8)


def stamp(picture: Bytes, text: str = "SYNTHETIC") -> None:
    """Write a word into the lower left corner of (bands, rows, columns), light on dark."""
    rows, columns = picture.shape[1:]
    size = max(min(rows // 120, columns // 160, 4), 1)
    tall, wide = 9 * size, (6 * len(text) + 1) * size
    if rows < tall or columns < wide:
        size, tall, wide = 1, 9, 6 * len(text) + 1
    mark = np.zeros((9, 6 * len(text) + 1), bool)
    for k, letter in enumerate(text):
        for row, bits in enumerate(_LETTERS[letter]):
            mark[row + 1, 6 * k + 1 : 6 * k + 6] = [bits >> (4 - bit) & 1 for bit in range(5)]
    large = np.kron(mark, np.ones((size, size), bool))[: min(tall, rows), : min(wide, columns)]
    corner = picture[:, rows - large.shape[0] :, : large.shape[1]]
    corner[:] = np.where(large, np.uint8(255), corner // 3)


def _plane(sources: Sequence[Path], side: int) -> NDArray[Any]:
    """Rasters side by side in as many pixels as a preview has, by means."""
    sizes = []
    for source in sources:
        with opened(source) as dataset:
            sizes.append(dataset.shape)
    step = max(-(-max(max(one[0] for one in sizes), sum(one[1] for one in sizes)) // side), 1)
    small = []
    for source in sources:
        with opened(source) as dataset:
            shape = -(-dataset.height // step), -(-dataset.width // step)
            average = rasterio().enums.Resampling.average
            small.append(dataset.read(1, out_shape=shape, resampling=average))
    rows = min(len(one) for one in small)
    return np.hstack([one[:rows] for one in small])
