"""Products in the camera's own geometry, as if one straight line of detectors had taken all of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.imagery._correct import STEP_TAG, step_digest, step_tags
from offnadir.imagery._ground import GroundModel, Terrain
from offnadir.imagery._meet import meet_terrain
from offnadir.imagery._models import band_model
from offnadir.imagery._product import terrain_key
from offnadir.imagery._raster import Box, SharedRaster, boxes, raster_info, window_of, writing
from offnadir.imagery._rpc import rpc_tags
from offnadir.imagery._rpc_fit import fit_rpc

if TYPE_CHECKING:
    from offnadir.imagery._level1_maker import Maker
    from offnadir.imagery._product import Sheet

Array = NDArray[np.float64]
#: Pixels between places that are followed to the ground. Chips and bands look at it from angles that differ
#: by a few milliradians, so a metre of height between them is some millimetres on the ground.
_STEP: Final = 32
_MARGIN: Final = 4


def basic_sheets(maker: Maker) -> tuple[list[Sheet], dict[str, Any]]:
    """All rasters of a product that lies on no map: each with RPCs of the straight line of detectors."""
    from offnadir.imagery._product_level1 import sheet_of

    sheets = []
    for key, names in maker.groups():
        target = band_model(maker.acquisition, names[0])
        path = maker.work / f"basic_{key}.tif"
        parts = [
            [
                (maker.files[image.file], maker.models[image.file])
                for image in maker.level1.of_band(name)
            ]
            for name in names
        ]
        fit = fit_rpc(target, _heights(target, maker.options.terrain))
        digest = step_digest(
            "basic", [[raster_info(file).tags.get(STEP_TAG, "") for file, _ in band] for band in parts],
            maker.options.model, terrain_key(maker.options.terrain),
        )  # fmt: skip
        if step_tags(path, digest) is None:
            resample_to(
                parts, target, maker.options.terrain, path, names=names, rpc=rpc_tags(fit.rpc), digest=digest,
                threads=maker.options.threads, executor=maker.options.executor,
            )  # fmt: skip
        maker.found.setdefault("RPC fit px", {})[key] = [fit.rms_px, fit.max_px]
        sheets.append(sheet_of(maker, key, path, names))
    return sheets, maker.found


def resample_to(
    bands: Sequence[Sequence[tuple[Path, GroundModel]]],
    target: GroundModel,
    terrain: Terrain,
    out: Path,
    *,
    names: Sequence[str] = (),
    rpc: dict[str, str] | None = None,
    digest: str = "",
    threads: int = 2,
    executor: Executor | None = None,
) -> None:
    """Put images (for each band: those of its chips, with their models) onto the pixels of one model.

    uint16 with 0 for nothing. Where chips overlap one goes over into the other straight across. Each pixel is
    resampled once, by cubic convolution.
    """
    tags = {STEP_TAG: digest} if digest else {}
    shared = [[(SharedRaster(path), model) for path, model in band] for band in bands]
    work = _Work(bands=shared, target=target, terrain=terrain)
    with (
        ExitStack() as sources,
        writing(
            out,
            target.shape,
            len(bands),
            "uint16",
            nodata=0.0,
            rpc=rpc,
            tags=tags,
            names=tuple(names),
        ) as to,
    ):
        for band in shared:
            for source, _ in band:
                sources.enter_context(source)
        for box, block in in_order(work, boxes(target.shape), threads, executor):
            to.write(block, window=window_of(box))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """Makes a box of all bands, in any process."""

    bands: list[list[tuple[SharedRaster, GroundModel]]]
    target: GroundModel
    terrain: Terrain

    def __call__(self, box: Box) -> NDArray[np.uint16]:
        ground = _ground(self.target, self.terrain, box)
        return np.stack([_joined(band, ground, box) for band in self.bands])


def _ground(target: GroundModel, terrain: Terrain, box: Box) -> tuple[Array, Array, Array]:
    """Where every `_STEP`-th pixel of a box and one more each way sees the ground."""
    rows, columns = (
        first + _STEP * np.arange(-(-(last - first) // _STEP) + 1.0)
        for first, last in ((box[0], box[1]), (box[2], box[3]))
    )
    return meet_terrain(target, terrain, rows[:, None], columns[None, :])


def _joined(
    parts: Sequence[tuple[SharedRaster, GroundModel]],
    ground: tuple[Array, Array, Array],
    box: Box,
) -> NDArray[np.uint16]:
    """A box of one band from its chips."""
    shape = (box[1] - box[0], box[3] - box[2])
    total, weight = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for source, model in parts:
        lattice = model.project(*ground)
        got = _sampled(source, model, lattice, shape)
        if got is None:
            continue
        values, column = got
        known = values > 0
        # how far within the chip: what is near its ends counts less, so that overlaps fade across
        inside = np.minimum(column + 1.0, model.shape[1] - column)
        share = np.where(known, np.clip(inside, 1e-3, None), 0.0).astype(np.float32)
        if len(parts) > 1:
            share = np.minimum(share, np.float32(64.0))
        total += share * values
        weight += share
    made = np.where(weight > 0, total / np.where(weight > 0, weight, 1), 0.0)
    return np.clip(np.rint(made), 0, 65535).astype(np.uint16)


def _sampled(
    source: SharedRaster,
    model: GroundModel,
    lattice: tuple[Array, Array],
    shape: tuple[int, int],
) -> tuple[NDArray[np.uint16], Array] | None:
    """Values of one chip at the pixels of a box, 0 beyond it, and the columns that they come from."""
    from offnadir.imagery._ortho_kernels import resample

    line, column = (_spread(field, shape) for field in lattice)
    near = (line > -1.0) & (line < model.shape[0]) & (column > -1.0) & (column < model.shape[1])
    if not near.any():
        return None
    top = max(math.floor(float(line[near].min())) - _MARGIN, 0)
    left = max(math.floor(float(column[near].min())) - _MARGIN, 0)
    bottom = min(math.ceil(float(line[near].max())) + _MARGIN + 1, model.shape[0])
    right = min(math.ceil(float(column[near].max())) + _MARGIN + 1, model.shape[1])
    (pixels,) = source.read((1,), (top, bottom, left, right))
    out = np.empty(shape, np.uint16)
    rows, columns = model.shape
    limits = (-0.5 - top, rows - 0.5 - top, -0.5 - left, columns - 0.5 - left)
    where = (line - top).astype(np.float32), (column - left).astype(np.float32)
    kind = (True, 0.0, 65535.0, 0.0)
    resample(pixels, (0.0, 0.0), (True, 0.0), True, *where, limits, kind, out)
    return out, column


def _spread(lattice: Array, shape: tuple[int, int]) -> Array:
    """A lattice on all pixels, straight between its points."""
    for axis, size in enumerate(shape):
        at = np.arange(size) / _STEP
        low = np.minimum(at.astype(np.int64), lattice.shape[axis] - 2)
        share = at - low
        share = share[:, None] if axis == 0 else share
        lattice = (
            np.take(lattice, low, axis) * (1 - share) + np.take(lattice, low + 1, axis) * share
        )
    return lattice


def _heights(model: GroundModel, terrain: Terrain) -> tuple[float, float]:
    """Lowest and highest ground of a picture, for its RPCs."""
    line, column = (np.linspace(0.0, n - 1.0, 5) for n in model.shape)
    lat, lon, alt = meet_terrain(model, terrain, line[:, None], column[None, :])
    known = np.isfinite(alt)
    low, high = terrain.range_m(
        (
            float(lat[known].min()),
            float(lon[known].min()),
            float(lat[known].max()),
            float(lon[known].max()),
        )
    )
    return float(low), float(high)
