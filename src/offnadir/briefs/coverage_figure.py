"""A figure of merit as a map: equal-area, with the bundled coastlines, nothing from the network."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir.briefs._figures import check_figure_path, new_figure
from offnadir.briefs._projection import Projection, choose_projection
from offnadir.coverage import FIGURES
from offnadir.data import natural_earth_lines
from offnadir.errors import InputError
from offnadir.units import day, deg, hour, minute

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from offnadir.coverage import Coverage

__all__ = ["check_figure_path", "curves_png", "map_names", "map_png", "scale_of", "write_map"]

Array = NDArray[np.float64]

_BLUE, _ORANGE, _INK, _SOFT, _NONE = "#0072B2", "#D55E00", "#222222", "#666666", "#d9d9d9"
_HIGHEST: Final = 0.98  # share of the cells whose values the colours tell apart
_SEAM_DEG: Final = 179.999
_WIDTH_IN, _DPI = 9.0, 110


def map_names(coverage: Coverage) -> list[str]:
    """Figures that a map can show: those with one number a cell."""
    return [name for name in coverage.cells if not FIGURES[name].level]


def scale_of(name: str, values: Array) -> tuple[str, float]:
    """(unit to be told, what one of it is in the figure's own): times in min, h or d, others as they are."""
    unit = FIGURES[name].unit
    if unit != "s":
        return {"1": "", "day-1": "1/d"}.get(unit, unit), 1.0
    known = values[np.isfinite(values)]
    middle = float(np.median(known)) if len(known) else 0.0
    for text, size in (("d", day), ("h", hour), ("min", minute)):
        if middle >= 1.5 * size:
            return text, size
    return "min", minute


def write_map(coverage: Coverage, name: str, path: str | Path) -> None:
    """One figure as a map, to a PNG, SVG or PDF file; InputError for a figure that is not there."""
    if name not in map_names(coverage):
        raise InputError("map", name, "one of " + ", ".join(map_names(coverage)))
    with new_figure(Path(path), _WIDTH_IN, 5.6) as figure:
        axes = figure.add_subplot()
        _draw(axes, coverage, name)
        axes.set_title(
            f"{FIGURES[name].long_name}\n{coverage.grid.title}; {_told(coverage)}", fontsize=10.0
        )


def map_png(coverage: Coverage, name: str) -> bytes:
    """The same without words, as the bytes of a PNG, for a page that tells them in its own language."""
    return _png(lambda figure: _draw(figure.add_subplot(), coverage, name), 4.9)


def curves_png(coverage: Coverage) -> bytes:
    """Area seen against days, and share of the area against the mean revisit, without words."""

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        days = coverage.time_s / day
        left.plot(days, 100 * coverage.seen_share, color=_BLUE)
        if coverage.clear_share is not None:
            left.plot(days, 100 * coverage.clear_share, color=_ORANGE, linestyle="--")
        left.set(xlabel="d", ylabel="%", xlim=(0, days[-1]), ylim=(0, 102))
        values, area = coverage.cells["revisit_mean_s"], coverage.grid.area_m2
        unit, size = scale_of("revisit_mean_s", values)
        for name, style in (
            ("revisit_mean_s", (_BLUE, "-")),
            ("clear_revisit_mean_s", (_ORANGE, "--")),
        ):
            if name in coverage.cells:
                _rising(right, coverage.cells[name] / size, area, style)
        right.set(xlabel=unit, ylabel="%", ylim=(0, 102))
        right.set_xlim(left=0)
        for axes in (left, right):
            axes.grid(True, color="#dddddd", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)

    return _png(draw, 3.2)


def _rising(axes: Axes, values: Array, area: Array, style: tuple[str, str]) -> None:
    """Share of the area whose value is at most so much."""
    order = np.argsort(values, kind="stable")
    known = np.isfinite(values[order])
    share = 100 * np.cumsum(area[order]) / area.sum()
    axes.step(values[order][known], share[known], where="post", color=style[0], linestyle=style[1])


def _png(draw: Any, height_in: float) -> bytes:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.family": "DejaVu Sans", "font.size": 10.0}):
        figure = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
        draw(figure)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=_DPI, metadata={})
    return out.getvalue()


def _told(coverage: Coverage) -> str:
    count = f"{coverage.satellites} satellite" + ("s" if coverage.satellites != 1 else "")
    return f"{count}, {coverage.span.duration_s / day:g} days from {coverage.span.start.utc(0)}"


def _draw(axes: Axes, coverage: Coverage, name: str) -> None:
    from matplotlib.collections import LineCollection, PolyCollection

    grid, values = coverage.grid, np.asarray(coverage.cells[name])
    unit, size = scale_of(name, values)
    lon, lat = (grid.lon_rad / deg + 180.0) % 360.0 - 180.0, grid.lat_rad / deg
    projection, frame = choose_projection(list(zip(lon, lat, strict=True)))
    shown = values / size
    known = np.isfinite(shown)
    low, high = _ends(shown[known])
    better = FIGURES[name].more_is_better
    looks: dict[str, Any] = {"cmap": "viridis" if better else "viridis_r", "clim": (low, high)}
    if grid.kind == "points":
        xy = projection(lon, lat) * (1, -1)
        axes.scatter(
            xy[~known, 0],
            xy[~known, 1],
            s=40,
            color=_NONE,
            edgecolors=_INK,
            linewidths=0.6,
            zorder=4,
        )
        drawn: Any = axes.scatter(
            xy[known, 0], xy[known, 1], c=shown[known], s=40, edgecolors=_INK, linewidths=0.6, zorder=4,
            cmap=looks["cmap"], vmin=low, vmax=high,
        )  # fmt: skip
    else:
        polygons, whose = _polygons(grid.rings_deg(), projection)
        colours = shown[whose]
        some = np.isfinite(colours)
        blank = [polygon for polygon, yes in zip(polygons, some, strict=True) if not yes]
        full = [polygon for polygon, yes in zip(polygons, some, strict=True) if yes]
        axes.add_collection(PolyCollection(blank, facecolors=_NONE, edgecolors="none"))
        drawn = PolyCollection(
            full, array=colours[some], edgecolors="face", linewidths=0.25, **looks
        )
        axes.add_collection(drawn)
    for kind, width in (("coastline", 0.5), ("border", 0.3)):
        lines = _lines(kind, projection, tuple(frame.tolist()))
        axes.add_collection(LineCollection(lines, colors=_INK, linewidths=width, zorder=3))
    axes.add_collection(
        LineCollection(_graticule(projection), colors="#bbbbbb", linewidths=0.3, zorder=0)
    )
    axes.set_xlim(frame[0], frame[2])
    axes.set_ylim(-frame[3], -frame[1])
    axes.set_aspect("equal")
    axes.set_axis_off()
    more = known.any() and float(shown[known].max()) > high
    bar = axes.figure.colorbar(
        drawn, ax=axes, orientation="horizontal", shrink=0.6, aspect=40, pad=0.02,
        extend="max" if more else "neither",
    )  # fmt: skip
    bar.set_label(unit)
    bar.outline.set_visible(False)


def _ends(known: Array) -> tuple[float, float]:
    """From the least value to what nearly all keep to."""
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(np.quantile(known, _HIGHEST))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _polygons(rings: list[Array], projection: Projection) -> tuple[list[Array], NDArray[np.int64]]:
    """Outlines on the plane, and whose they are: those across the map's seam are there twice."""
    polygons, whose = [], []
    middle = projection.lon_rad / deg
    for number, ring in enumerate(rings):
        for lon, lat in _pieces(ring, middle, projection.world):
            xy = projection(lon + middle, lat) * (1, -1)
            if np.isfinite(xy).all():
                polygons.append(xy)
                whose.append(number)
    return polygons, np.array(whose, np.int64)


def _pieces(ring: Array, middle_deg: float, world: bool) -> list[tuple[Array, Array]]:
    """A ring's corners from the middle meridian on; on a map of the world cut at the seam."""
    lon, lat = ring[:, 0] - middle_deg, ring[:, 1]
    if not world:
        return [(lon, lat)]
    if lon.max() - lon.min() > 180.0:  # it holds a pole: along it, and over to the pole
        order = np.argsort((lon + 180.0) % 360.0)
        lon, lat = (lon[order] + 180.0) % 360.0 - 180.0, lat[order]
        pole = np.sign(lat[0]) * 90.0
        ends = np.array([-_SEAM_DEG, _SEAM_DEG])
        return [(np.concatenate([ends[:1], lon, ends[1:], ends[::-1]]),
                 np.concatenate([lat[:1], lat, lat[-1:], [pole, pole]]))]  # fmt: skip
    lon = lon - 360.0 * np.round(lon.mean() / 360.0)
    pieces = []
    for turn in (-360.0, 0.0, 360.0):
        cut = np.clip(lon + turn, -_SEAM_DEG, _SEAM_DEG)
        if np.ptp(cut) > 1e-9:
            pieces.append((cut, lat))
    return pieces


@functools.lru_cache(maxsize=4)  # the maps of one report share them
def _lines(kind: Any, projection: Projection, frame: tuple[float, ...]) -> list[Array]:
    """Coastlines or borders on the plane, broken where they leave it or leap over its seam."""
    found = []
    wide = frame[2] - frame[0]
    for line in natural_earth_lines(kind):
        points = np.array(line)
        found += _unbroken(projection(points[:, 0], points[:, 1]) * (1, -1), wide / 3)
    box = (frame[0], -frame[3], frame[2], -frame[1])
    return [
        part
        for part in found
        if part[:, 0].max() > box[0]
        and part[:, 0].min() < box[2]
        and part[:, 1].max() > box[1]
        and part[:, 1].min() < box[3]
    ]


def _graticule(projection: Projection) -> list[Array]:
    step = np.linspace(-90, 90, 91)
    around = np.linspace(-180, 180, 181) + projection.lon_rad / deg
    found = []
    for lon in range(-180, 180, 30):
        found += _unbroken(projection(np.full(91, float(lon)), step) * (1, -1), 0.5)
    for lat in range(-60, 90, 30):
        found += _unbroken(projection(around, np.full(181, float(lat))) * (1, -1), 0.5)
    return found


def _unbroken(xy: Array, longest: float) -> list[Array]:
    good: NDArray[np.bool_] = np.asarray(np.isfinite(xy).all(axis=1))
    leap = np.flatnonzero(
        ~(good[1:] & good[:-1]) | (np.abs(np.diff(xy, axis=0)).max(axis=1) > longest)
    )
    return [part for part in np.split(xy, leap + 1) if len(part) > 1 and np.isfinite(part).all()]
