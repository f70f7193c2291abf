"""`cover`: from observers, a grid and a span to a Coverage."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir._threads import in_order
from offnadir.access import Station
from offnadir.coverage._block import Block, Work
from offnadir.coverage._coverage import Coverage
from offnadir.coverage._figures import FIGURES
from offnadir.coverage._grid import Grid
from offnadir.coverage._observer import Observer
from offnadir.coverage._wishes import Stereo, Wishes
from offnadir.earth import EarthOrientation
from offnadir.epoch import Span
from offnadir.errors import InputError
from offnadir.quality import CloudModel
from offnadir.units import deg

Progress = Callable[[int, int], None]

_LEAST_S: Final = 3600.0
_MOST_S: Final = 400 * 86_400.0
_STEPS: Final = 241  # of the curves against time
_BLOCK_LOOKS: Final = 200_000  # that a block of cells is to have, about
_LOOKS_PER_DAY: Final = 1.5  # of a satellite at a cell, for the size of blocks
_LEAST_BLOCK, _MOST_BLOCK, _BLOCKS = 64, 4096, 8
# Memory [bytes]: of a satellite a day (orbit, cells of its search), a cell's figures, a look at work.
_PER_SATELLITE_DAY, _PER_CELL, _PER_LOOK = 90e3, 1e3, 400.0
_SHARE_OF_MEMORY: Final = 0.8


def cover(
    observers: Observer | Iterable[Observer],
    grid: Grid,
    span: Span,
    *,
    stations: Station | Sequence[Station] = (),
    clouds: CloudModel | None = None,
    max_cloud: float = 0.2,
    max_gsd_m: float | None = None,
    min_niirs: float | None = None,
    off_nadir_levels_rad: Sequence[float] = (10 * deg, 20 * deg, 30 * deg, 45 * deg),
    gsd_levels_m: Sequence[float] = (0.3, 0.5, 1.0, 2.0, 5.0, 10.0),
    niirs_levels: Sequence[float] = (3.0, 4.0, 5.0, 6.0, 7.0),
    daylight_rad: float = 10 * deg,
    stereo: Stereo | None = None,
    orientation: EarthOrientation | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Coverage:
    """Every figure of merit of satellites over a grid; windows are exact, no step is counted.

    A look is a window in which a satellite sees a cell's middle within all limits. `max_gsd_m` and
    `min_niirs` leave out looks that are blunter at their best instant; looks of a satellite without a
    sensor are then left out too. `stations` add how old pictures are on the ground, `clouds` all that
    starts with `clear`: each look is clear by itself with the model's chance that at most `max_cloud` of
    a scene is cloud; radars see through. Daylight is a Sun at `daylight_rad` or higher at the best instant.

    Blocks of cells are worked on by threads, or by an `executor`; the result is the same to the bit.
    `progress(done, total)` counts cells. Raises InputError for no satellite, a span under an hour or
    over 400 days, a satellite-span that does not fit into this machine's memory, or if no satellite can be
    followed.
    """
    flock = (observers,) if isinstance(observers, Observer) else tuple(observers)
    if not flock:
        raise InputError("observers", 0, "one satellite or more")
    posts = (stations,) if isinstance(stations, Station) else tuple(stations)
    wishes = Wishes(
        off_nadir_levels_rad=tuple(off_nadir_levels_rad),
        gsd_levels_m=tuple(gsd_levels_m),
        niirs_levels=tuple(niirs_levels),
        max_gsd_m=max_gsd_m,
        min_niirs=min_niirs,
        daylight_rad=daylight_rad,
        max_cloud=max_cloud,
        stereo=stereo or Stereo(),
    )
    _check_rated(flock, wishes)
    _check_span(span)
    workers = threads or os.cpu_count() or 1
    size = _block_size(len(flock), len(grid), span)
    _check_memory(len(flock), len(grid), span, workers, size)
    work = Work(
        observers=flock,
        span=span,
        lat_rad=grid.lat_rad,
        lon_rad=grid.lon_rad,
        alt_m=grid.alt_m,
        area_m2=grid.area_m2,
        stations=posts,
        clouds=clouds,
        wishes=wishes,
        orientation=orientation or EarthOrientation.bundled(),
        steps=_STEPS,
    )
    lost = work.ready().lost
    if not work.ready().searches:
        raise InputError("observers", len(flock), "satellites that SGP4 can follow", hint=lost[0])
    blocks = [(at, min(at + size, len(grid))) for at in range(0, len(grid), size)]
    done = _done(work, blocks, workers, executor, progress, len(grid))
    return _gathered(work, grid, done, clouds, tuple(lost))


def _done(
    work: Work,
    blocks: Sequence[tuple[int, int]],
    workers: int,
    executor: Executor | None,
    progress: Progress | None,
    total: int,
) -> Iterator[Block]:
    """The blocks' results in order, telling how far it is."""
    if executor is None and (workers == 1 or len(blocks) == 1):
        results: Iterator[tuple[tuple[int, int], Block]] = ((one, work(one)) for one in blocks)
    else:
        results = in_order(work, blocks, workers, executor)
    for (_, last), block in results:
        yield block
        if progress is not None:
            progress(last, total)


def _gathered(
    work: Work,
    grid: Grid,
    done: Iterator[Block],
    clouds: CloudModel | None,
    lost: tuple[str, ...],
) -> Coverage:
    parts: dict[str, list[NDArray[np.float64]]] = {}
    seen, clear, looks = np.zeros(work.steps), np.zeros(work.steps), 0
    for block in done:
        for name, values in block.cells.items():
            parts.setdefault(name, []).append(values)
        seen += block.seen_m2
        clear += block.clear_m2
        looks += block.looks
    cells = {}
    for name in FIGURES:
        if name in parts:
            cells[name] = np.concatenate(parts[name], axis=-1)
            cells[name].flags.writeable = False
    area = float(grid.area_m2.sum())
    return Coverage(
        grid=grid,
        span=work.span,
        satellites=len(work.observers),
        stations=len(work.stations),
        looks=looks,
        wishes=work.wishes,
        cells=cells,
        time_s=np.linspace(0.0, work.span.duration_s, work.steps),
        seen_share=np.minimum(np.cumsum(seen) / area, 1.0),
        clear_share=None if clouds is None else np.minimum(np.cumsum(clear) / area, 1.0),
        clouds="" if clouds is None else clouds.title,
        lost=lost,
    )


def _check_rated(flock: Sequence[Observer], wishes: Wishes) -> None:
    """A limit of sharpness needs a sensor whose sharpness is known."""
    for name in ("max_gsd_m", "min_niirs"):
        if getattr(wishes, name) is not None and not any(one.sensor for one in flock):
            raise InputError(name, getattr(wishes, name), "given with observers that have a sensor")


def _check_span(span: Span) -> None:
    if not _LEAST_S <= span.duration_s <= _MOST_S:
        told = f"{span.duration_s / 86_400:g} days"
        raise InputError("span", told, "from an hour to 400 days")


def _block_size(satellites: int, cells: int, span: Span) -> int:
    """Cells of a block; whoever does the work, so that sums come out the same to the bit."""
    looks = satellites * span.duration_s / 86_400 * _LOOKS_PER_DAY
    size = min(_BLOCK_LOOKS / looks, math.ceil(cells / _BLOCKS))
    return int(min(max(size, _LEAST_BLOCK), _MOST_BLOCK))


def _check_memory(satellites: int, cells: int, span: Span, workers: int, size: int) -> None:
    """InputError before any computing, if it cannot end well."""
    days = span.duration_s / 86_400
    looks = satellites * days * _LOOKS_PER_DAY * size * (workers + 1)
    need = satellites * days * _PER_SATELLITE_DAY + cells * _PER_CELL + looks * _PER_LOOK
    try:
        have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):  # a system that does not tell
        return
    if need > _SHARE_OF_MEMORY * have:
        told = f"{satellites} satellites x {days:g} days x {cells} cells"
        wish = (
            f"less: it takes about {need / 2**30:.0f} GiB and this machine has {have / 2**30:.0f}"
        )
        raise InputError("span", told, wish)
