"""How far two map products of one place lie apart: phase correlation by tiles, and an affine through it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.errors import InputError, OffnadirError
from offnadir.imagery._aligned import (
    Aligned,
    Offset,
    aligned,
    coarsened,
    common_bands,
    map_info,
    on_map,
    overlap,
    step_m,
)  # fmt: skip
from offnadir.imagery._grid import Array, Grid
from offnadir.imagery._raster import Box

_PASS_CYCLES_PX = (
    0.30  # where the weight of frequencies has fallen to 1/e: beyond, noise and folding rule
)
_SIGMAS = 6.0  # how far a peak must stand out of what tiles without anything in common give
_OVERVIEW_PX = 1024
_LEAST_KNOWN = 0.8  # share of a tile that must show something
_ENOUGH = 9  # ties for an affine; with fewer, smaller tiles are tried
_SMALLEST_PX = 64


class RegistrationError(OffnadirError):
    """Two images have nothing in common by which they could be laid upon each other."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Where a tile's picture lies in another tile [px], and how sure that is.

    `strength` is the share (0 to 1) of the spectrum's phases that agree, `noise` the rms of it for pictures
    that have nothing in common.
    """

    row_px: float
    column_px: float
    strength: float
    noise: float

    @property
    def is_sure(self) -> bool:
        """Whether the peak stands out of chance."""
        return self.strength > _SIGMAS * self.noise


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What to add to a pixel of the reference to find the same ground in the other image, on the
    reference's grid.

    `to_row` and `to_column` are (constant, per row, per column) about `centre` (row, column). `ties` are
    rows of (row, column, row offset, column offset, strength) [px], `kept` those that the affine rests on;
    `rms_px` is how far these lie from it, per axis. `grid` is the reference's grid.
    """

    grid: Grid
    centre: tuple[float, float]
    to_row: tuple[float, float, float]
    to_column: tuple[float, float, float]
    ties: NDArray[np.float64]
    kept: NDArray[np.bool_]
    rms_px: float
    tried: int

    @property
    def shift_px(self) -> tuple[float, float]:
        """Offset in the middle: rows down, columns right."""
        return self.to_row[0], self.to_column[0]

    def offset_px(self, row: Array, column: Array) -> tuple[Array, Array]:
        """Offsets of pixels of the reference's grid; arrays broadcast."""
        r, c = np.asarray(row) - self.centre[0], np.asarray(column) - self.centre[1]
        return tuple(k + a * r + b * c for k, a, b in (self.to_row, self.to_column))  # type: ignore[return-value]

    def on(self, grid: Grid) -> Offset:
        """The same for the pixels of another grid of the same projection, which it may be a part of."""
        step = np.sqrt(abs(_det(self.grid) / _det(grid)))

        def offset(row: Array, column: Array) -> tuple[Array, Array]:
            dr, dc = self.offset_px(*self.grid.row_column(*grid.xy(row, column)))
            return dr * step, dc * step

        return offset


def _det(grid: Grid) -> float:
    a, b, _, d, e, _ = grid.transform
    return a * e - b * d


def phase_shift(a: NDArray[np.float32], b: NDArray[np.float32]) -> Shift:
    """Where the picture of tile `a` lies in tile `b`, to a fraction of a pixel; both (rows, columns).

    What `a` shows at (r, c), `b` shows at (r + row_px, c + column_px). The peak of the phase correlation
    (Kuglin and Hines 1975) is found on the pixels and then climbed to by Newton's steps on the weighted
    sum of cosines itself, so that nothing is interpolated. NaN is taken as the mean. Tiles without
    texture give strength 0.
    """
    rows, columns = a.shape
    window = np.outer(np.hanning(rows), np.hanning(columns))
    spectra = []
    for tile in (a, b):
        known = np.isfinite(tile)
        mean = tile[known].mean(dtype=np.float64) if known.any() else 0.0
        spectra.append(np.fft.rfft2(np.where(known, tile - mean, 0.0) * window))
    cross = np.conj(spectra[0]) * spectra[1]
    size = np.abs(cross)
    fr, fc = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None, :]
    radius = np.hypot(fr, fc)
    # Frequencies that carry less than the noise do in both pictures say nothing of the shift.
    floor = np.median(size[radius > 0.4]) if (radius > 0.4).any() else 0.0
    weight = np.exp(-((radius / _PASS_CYCLES_PX) ** 2)) * (radius > 0)
    twice = np.where((fc > 0) & (fc < 0.5), 2.0, 1.0)  # what the half spectrum leaves out
    total = float((weight * twice).sum())
    if not size.max() > 0.0:
        return Shift(row_px=0.0, column_px=0.0, strength=0.0, noise=1.0)
    phases = weight * cross / (size + floor)
    surface = np.fft.irfft2(phases, s=(rows, columns))
    peak = np.unravel_index(int(np.argmax(surface)), surface.shape)
    d = np.array(
        [(p + n // 2) % n - n // 2 for p, n in zip(peak, (rows, columns), strict=True)], np.float64
    )
    two_pi = 2.0 * math.pi
    pull = twice * phases
    start = d.copy()
    for _ in range(6):
        turned = pull * np.exp(1j * two_pi * (fr * d[0] + fc * d[1]))
        real, imag = turned.real, turned.imag
        slope = -two_pi * np.array([(fr * imag).sum(), (fc * imag).sum()])
        rc = (fr * fc * real).sum()
        bend = -(two_pi**2) * np.array([[(fr * fr * real).sum(), rc], [rc, (fc * fc * real).sum()]])
        if not (bend[0, 0] < 0.0 and np.linalg.det(bend) > 0.0):
            break
        step = -np.linalg.solve(bend, slope)
        d = np.clip(d + np.clip(step, -0.5, 0.5), start - 1.0, start + 1.0)
        if np.abs(step).max() < 1e-4:
            break
    reached = float((pull * np.exp(1j * two_pi * (fr * d[0] + fc * d[1]))).real.sum())
    # phases at random: each adds a cosine of variance 1/2, and the window joins about 2.25 neighbours
    noise = math.sqrt(2.25 * 0.5 * float((weight**2 * twice**2).sum())) / total
    return Shift(row_px=d[0], column_px=d[1], strength=reached / total, noise=noise)


def register(
    reference: Path,
    moving: Path,
    *,
    bands: tuple[Sequence[int], Sequence[int]] | None = None,
    side_px: int = 256,
    most_ties: int = 300,
    progress: Callable[[int, int], None] | None = None,
) -> Registration:
    """Lay one map product upon another by what both show.

    Overviews tell a shift of up to a quarter of the image; then up to `most_ties` tiles of `side_px`
    pixels, spread evenly, tell it to some hundredths of a pixel, twice: the second time with the first
    affine applied, which takes away what tile edges do to a shift. Where fewer than nine tiles agree, as
    in small images and in those that stand askew on the map, tiles of half the side are taken, down to 64
    pixels. The affine is fitted with Tukey's biweight, so that tiles on which something moved, or that
    relief displaces, do not bend it. The bands (from 1) are averaged.

    RegistrationError if too few tiles (of 3) have anything in common; InputError if the places do not
    overlap.
    """
    if side_px < 32:
        raise InputError("side_px", side_px, "at least 32")
    if most_ties < 3:
        raise InputError("most_ties", most_ties, "at least 3")
    first, second = map_info(reference), map_info(moving)
    grid = on_map(first)
    chosen = bands or common_bands(first, second)
    area = overlap(grid, on_map(second))
    whole = max(area[1] - area[0], area[3] - area[2])
    # The finer image is read at the coarser one's step: what only one shows tells no shift.
    factor = max(1, round(step_m(on_map(second)) / step_m(grid)))
    start = _from_overviews(reference, moving, chosen, grid.part(area), whole)
    base = coarsened(grid.part(area), factor) if factor > 1 else grid.part(area)
    centre = ((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2)
    begun = Registration(
        grid=grid, centre=centre, to_row=(start[0], 0.0, 0.0), to_column=(start[1], 0.0, 0.0),
        ties=np.empty((0, 5)), kept=np.empty(0, np.bool_), rms_px=math.nan, tried=0,
    )  # fmt: skip
    best: Registration | None = None
    side = min(side_px, *base.shape)
    while True:
        tiles = _tiles(base.shape, side, most_ties)
        found: Registration | None = begun
        with aligned(reference, base, chosen[0]) as still:
            for turn in range(2):
                if found is None:
                    break
                with aligned(moving, base, chosen[1], found.on(base)) as other:
                    told = None if progress is None else partial(_told, progress, turn)
                    shifts = _shifts(still, other, tiles, told)
                found = _fitted(found, base, tiles, shifts, factor)
        if found is not None and (best is None or found.kept.sum() > best.kept.sum()):
            best = found
        if (best is not None and best.kept.sum() >= _ENOUGH) or side < 2 * _SMALLEST_PX:
            break
        side //= 2
    if best is None:
        raise RegistrationError(
            f"the images have nothing in common to lay them upon each other by: of {len(tiles)} tiles too "
            "few agree; a wrong place, or no texture (water, cloud)"
        )
    return best


def _told(
    progress: Callable[[int, int], None], turn: int, done: int, total: int
) -> None:  # both turns
    progress(turn * total + done, 2 * total)


def _shifts(
    still: Aligned, other: Aligned, tiles: list[Box], told: Callable[[int, int], None] | None
) -> list[Shift | None]:
    """What each tile tells, None where it is not known."""

    def measure(box: Box) -> Shift | None:
        a, b = (_mean(source, box) for source in (still, other))
        if min(np.isfinite(a).mean(), np.isfinite(b).mean()) < _LEAST_KNOWN:
            return None
        return phase_shift(a, b)

    shifts = []
    for done, (_, shift) in enumerate(in_order(measure, tiles, 2), 1):
        shifts.append(shift)
        if told is not None:
            told(done, len(tiles))
    return shifts


def _mean(source: Aligned, box: Box) -> NDArray[np.float32]:
    mean: NDArray[np.float32] = source.read(box).mean(axis=0)
    return mean


def _from_overviews(
    reference: Path,
    moving: Path,
    bands: tuple[Sequence[int], Sequence[int]],
    area: Grid,
    whole: int,
) -> tuple[float, float]:
    factor = -(-whole // _OVERVIEW_PX)
    small = coarsened(area, factor)
    if min(small.shape) < 32:
        return 0.0, 0.0
    with aligned(reference, small, bands[0]) as still, aligned(moving, small, bands[1]) as other:
        box = (0, small.shape[0], 0, small.shape[1])
        a, b = _mean(still, box), _mean(other, box)
    known = np.isfinite(a) & np.isfinite(b)  # the edges of what is known are no texture
    shift = phase_shift(np.where(known, a, np.nan), np.where(known, b, np.nan))
    far = max(abs(shift.row_px) / small.shape[0], abs(shift.column_px) / small.shape[1])
    if not shift.is_sure or far > 0.25:
        return 0.0, 0.0
    return shift.row_px * factor, shift.column_px * factor


def _tiles(shape: tuple[int, int], side: int, most: int) -> list[Box]:
    """At most so many square boxes, evenly spread, that overlap only where the area is too small for more."""
    spacing = max(side, math.sqrt(shape[0] * shape[1] / most))
    numbers = [max(1, int((n - side) // spacing) + 1) for n in shape]
    if numbers[0] * numbers[1] < 9:  # too few for an affine: let them overlap by half
        numbers = [max(1, 2 * (n - side) // side + 1) for n in shape]
    tops, lefts = (
        np.linspace(0, n - side, k).astype(int).tolist()
        for n, k in zip(shape, numbers, strict=True)
    )
    return [(top, top + side, left, left + side) for top in tops for left in lefts]


def _fitted(
    before: Registration, base: Grid, tiles: list[Box], shifts: list[Shift | None], factor: int
) -> Registration | None:
    """The affine through what the tiles tell; None if too few do."""
    sure = [(box, s) for box, s in zip(tiles, shifts, strict=True) if s is not None and s.is_sure]
    if len(sure) < min(3, len(tiles)):
        return None
    rows = np.array([(b[0] + b[1] - 1) / 2 for b, _ in sure])
    columns = np.array([(b[2] + b[3] - 1) / 2 for b, _ in sure])
    row, column = before.grid.row_column(*base.xy(rows, columns))
    dr, dc = before.offset_px(row, column)
    dr = dr + factor * np.array([s.row_px for _, s in sure])
    dc = dc + factor * np.array([s.column_px for _, s in sure])
    strength = np.array([s.strength for _, s in sure])
    to_row, to_column, kept, rms = _robust_affine(
        row - before.centre[0], column - before.centre[1], np.stack([dr, dc], axis=1)
    )
    return Registration(
        grid=before.grid, centre=before.centre, to_row=to_row, to_column=to_column,
        ties=np.stack([row, column, dr, dc, strength], axis=1), kept=kept, rms_px=rms,
        tried=len(tiles),
    )  # fmt: skip


def _robust_affine(
    row: Array, column: Array, offsets: Array
) -> tuple[tuple[float, float, float], tuple[float, float, float], NDArray[np.bool_], float]:
    """Affine of offsets (n, 2) by reweighting with Tukey's biweight from the median on; fewer ties, a
    shift.
    """
    many = len(row)
    design = np.stack([np.ones(many), row, column], axis=1)
    scale = np.array([1.0, np.abs(row).max(initial=1.0), np.abs(column).max(initial=1.0)])
    design = design / scale
    if many < 6 or np.linalg.matrix_rank(design, tol=1e-3) < 3:
        design[:, 1:] = 0.0
    parts = np.zeros((3, 2))
    parts[0] = np.median(offsets, axis=0)
    weight = np.ones(many)
    for _ in range(30):
        residual = np.hypot(*(offsets - design @ parts).T)
        # the median of a Rayleigh distribution is 1.1774 sigma
        sigma = max(float(np.median(residual)) / 1.1774, 0.005)
        u = residual / (4.685 * sigma)
        weight = np.where(u < 1.0, (1.0 - u**2) ** 2, 0.0)
        root = np.sqrt(weight)[:, None]
        new = np.linalg.lstsq(root * design, root * offsets, rcond=1e-9)[0]
        moved, parts = float(np.abs(new - parts).max()), new
        if moved < 1e-7:
            break
    kept = weight > 0.0
    residuals = (offsets - design @ parts)[kept]
    rms = float(np.sqrt((residuals**2).mean()))
    to_row, to_column = (tuple(float(x) for x in column) for column in (parts / scale[:, None]).T)
    return to_row, to_column, kept, rms  # type: ignore[return-value]
