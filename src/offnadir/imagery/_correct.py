"""Images of detectors set right, tile by tile: light instead of counts, sharpened if asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir import __version__
from offnadir._threads import in_order
from offnadir.errors import FileError
from offnadir.imagery._calibrate import (
    SCALES,
    UNITS,
    Calibration,
    Quantity,
    read_calibration,
    to_light,
    whole_numbers,
)
from offnadir.imagery._level1 import Level1, Level1Image, check_manifest
from offnadir.imagery._raster import Box, SharedRaster, boxes, raster_info, window_of, writing
from offnadir.imagery._restore import REACH, Restoration, restore

#: Tag of an intermediate raster that tells what it was made from.
STEP_TAG: Final = "OFFNADIR_STEP"
_MARGIN: Final = REACH + 4
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """An image set right: its file, the detectors that were filled in, the share of full pixels."""

    path: Path
    repaired: int
    saturated: float


def correct(
    level1: Level1,
    image: Level1Image,
    path: Path,
    *,
    quantity: Quantity = "reflectance",
    restoration: Restoration | None = None,
    threads: int = 2,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Corrected:
    """One image of a capture as light: a GeoTIFF of whole numbers in steps of SCALES, with its RPCs.

    It appears whole or not at all, and one that an earlier run made of the same is kept. FileError if the
    counts are damaged, also where only the capture's manifest tells.
    """
    source = level1.folder / image.file
    info = raster_info(source)
    if info.shape != image.shape:
        raise FileError(source, f"has {info.shape} lines and columns, its account {image.shape}")
    work = _Work(level1, image, quantity, restoration)
    digest = step_digest(
        "correct", stamp_of(source), stamp_of(level1.folder / image.calibration), quantity,
        None if restoration is None else restoration.kernel.tobytes().hex(),
    )  # fmt: skip
    repaired = int(work.calibration.bad.sum())
    known = step_tags(path, digest)
    if known is not None:
        return Corrected(path=path, repaired=repaired, saturated=float(known.get("SATURATED", 0.0)))
    check_manifest(level1.folder, (image.file, image.calibration))
    full = 0
    tags = {"SCALE": repr(SCALES[quantity]), "UNIT": UNITS[quantity], STEP_TAG: digest}
    with (
        work.source,
        writing(
            path, image.shape, 1, "uint16", nodata=0.0, rpc=info.rpc, tags=tags, names=(image.band,)
        ) as out,
    ):
        total = sum(1 for _ in boxes(image.shape))
        for done, (box, (block, count)) in enumerate(
            in_order(work, boxes(image.shape), threads, executor), 1
        ):
            out.write(block, 1, window=window_of(box))
            full += count
            if progress is not None:
                progress(done, total)
        share = full / (image.shape[0] * image.shape[1])
        out.update_tags(SATURATED=repr(share))
    return Corrected(path=path, repaired=repaired, saturated=share)


class _Work:
    """Sets a tile right, in any process: each reads the calibration for itself, a frame's is large."""

    def __init__(
        self,
        level1: Level1,
        image: Level1Image,
        quantity: Quantity,
        restoration: Restoration | None,
    ) -> None:
        self.arguments = (level1, image, quantity, restoration)
        self.source = SharedRaster(level1.folder / image.file)
        self.calibration = read_calibration(level1, image, quantity)

    def __reduce__(self) -> tuple[Any, ...]:
        level1, *more = self.arguments
        return _Work, (replace(level1, folder=level1.folder.absolute()), *more)

    def __call__(self, box: Box) -> tuple[NDArray[np.uint16], int]:
        _, image, quantity, restoration = self.arguments
        wide = _widened(box, image.shape, 0 if restoration is None else _MARGIN)
        (counts,) = self.source.read((1,), wide)
        return _tile(counts, self.calibration, box, wide, quantity, restoration)


def step_digest(*parts: Any) -> str:
    """A digest of what an intermediate raster is made from, this version included."""
    text = json.dumps([__version__, *parts], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def stamp_of(path: Path) -> list[Any]:
    """What tells a file from another of its name without reading it: size and time of its last change."""
    try:
        state = path.stat()
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]


def tag_of(path: Path) -> str:
    """The digest in an intermediate raster; empty if there is none."""
    return str(raster_info(path).tags.get(STEP_TAG, ""))


def step_tags(path: Path, digest: str) -> dict[str, str] | None:
    """Tags of an intermediate raster if an earlier run made it of the same, else None."""
    if not path.is_file():
        return None
    try:
        tags = dict(raster_info(path).tags)
    except FileError:
        return None
    return tags if tags.get(STEP_TAG) == digest else None


def _tile(
    counts: NDArray[np.uint16],
    calibration: Calibration,
    box: Box,
    wide: Box,
    quantity: Quantity,
    restoration: Restoration | None,
) -> tuple[NDArray[np.uint16], int]:
    light = to_light(counts, calibration, wide)
    if restoration is not None:
        light = restore(light, restoration.kernel)
    inner = (
        slice(box[0] - wide[0], box[1] - wide[0]),
        slice(box[2] - wide[2], box[3] - wide[2]),
    )
    full = int(np.count_nonzero(counts[inner] >= calibration.highest))
    return whole_numbers(light[inner], quantity), full


def _widened(box: Box, shape: tuple[int, int], margin: int) -> Box:
    # bad detectors are filled from beside the tile in any case
    across = max(margin, 4)
    return (
        max(box[0] - margin, 0), min(box[1] + margin, shape[0]),
        max(box[2] - across, 0), min(box[3] + across, shape[1]),
    )  # fmt: skip
