"""The history of an object as a figure: height, manoeuvres, surprises, local time of the node.

Matplotlib without pyplot: nothing opens a window, and its own DejaVu Sans is the only font.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir.briefs._figures import check_figure_path, new_figure, tidy
from offnadir.epoch import tai_to_utc_ns
from offnadir.units import day, hour, km

__all__ = ["check_figure_path", "write_history_figure"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from offnadir.orbits.history import Manoeuvre, ObjectHistory

# Okabe and Ito's colours, told apart by every kind of sight; the marks differ too.
_LOOKS: Final = {
    "along-track": ("#D55E00", "^"),
    "cross-track": ("#0072B2", "s"),
    "radial": ("#009E73", "o"),
}
_INK, _PALE = "#222222", "#999999"
_SURE = 0.99
_BREAK_DAYS, _BREAK_TIMES = 10.0, 5.0


def write_history_figure(history: ObjectHistory, path: str | Path) -> None:
    """Draw a history to a PNG, SVG or PDF file, by the suffix of its name.

    From above: mean height with a line at every manoeuvre (a band where its time is unknown); the size of
    the manoeuvres by direction, in metres a second on a logarithmic axis (hollow: confidence below 0.99);
    how far along the track each set was from where the set before it had expected it, per day between them;
    mean local time of the ascending node. Equal histories give equal bytes with one version of Matplotlib.
    Raises InputError for another suffix, FileError if it cannot write.
    """
    path = Path(path)
    with new_figure(path, 10.0, 9.0) as figure:
        axes = figure.subplots(4, 1, sharex=True, height_ratios=(3, 2, 2, 1.5))
        named = str(history.norad_id) in history.satellite
        title = history.satellite if named else f"{history.satellite} ({history.norad_id})"
        figure.suptitle(title, fontsize=12.0)
        _height(axes[0], history)
        _sizes(axes[1], history)
        _misses(axes[2], history)
        _local_time(axes[3], history)
        axes[3].set_xlabel("UTC")
        for one in axes:
            tidy(one)


def _times(tai_ns: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return tai_to_utc_ns(tai_ns).astype("datetime64[ns]")


def _curve(axes: Axes, history: ObjectHistory, values: NDArray[np.float64]) -> None:
    """Dots, and a line that does not bridge what nobody saw."""
    tai_ns = history.table["time"]
    days = np.diff(tai_ns) / (day * 1e9)
    usual = float(np.median(days)) if len(days) else 0.0
    broken = np.flatnonzero(days > max(_BREAK_DAYS, _BREAK_TIMES * usual)) + 1
    times = np.insert(_times(tai_ns), broken, np.datetime64("NaT"))
    line = np.insert(values.astype(np.float64), broken, np.nan)
    axes.plot(times, line, color=_INK, linewidth=0.9, marker=".", markersize=2.5)


def _height(axes: Axes, history: ObjectHistory) -> None:
    table = history.table
    used = table["used"]
    height_km = table["mean_height_m"] / km
    for one in history.manoeuvres:
        colour, _ = _LOOKS[one.direction]
        if one.timed:
            (at,) = _times(np.array([one.time.tai_ns]))
            axes.axvline(at, color=colour, linewidth=0.8, alpha=0.55, zorder=1)
        else:
            ends = _times(np.array([one.start.tai_ns, one.stop.tai_ns]))
            axes.axvspan(*ends, color=colour, alpha=0.12, linewidth=0.8, zorder=1)
    _curve(axes, history, np.where(used, height_km, np.nan))
    if not used.all():
        axes.plot(
            _times(table["time"][~used]), height_km[~used], "x", color=_PALE, label="left out as wrong"
        )  # fmt: skip
        axes.legend(loc="best", frameon=False)
    known = height_km[used]
    if len(known) and np.ptp(known) > 0.0:  # a wrong set must not flatten the rest
        room = 0.06 * float(np.ptp(known))
        axes.set_ylim(known.min() - room, known.max() + room)
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.set_ylabel("mean height\nover 6378.135 km [km]")


def _sizes(axes: Axes, history: ObjectHistory) -> None:
    for direction, (colour, mark) in _LOOKS.items():
        some = [one for one in history.manoeuvres if one.direction == direction]
        if not some:
            continue
        sizes = [one.delta_v_m_s for one in some]
        at = _times(np.array([one.time.tai_ns for one in some]))
        axes.vlines(at, 1e-9, sizes, color=colour, linewidth=0.8)
        label = f"{direction} ({len(some)})"
        sure = np.array([one.confidence >= _SURE for one in some])
        look: Any = {"color": colour, "markersize": 5.0, "linestyle": "none", "marker": mark}
        axes.plot(at[sure], np.array(sizes)[sure], label=label, **look)
        axes.plot(at[~sure], np.array(sizes)[~sure], markerfacecolor="white", **look)
    axes.set_ylabel("manoeuvres,\ndelta-v [m/s]")
    if not history.manoeuvres:
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "no manoeuvre stands out of the noise", transform=axes.transAxes, ha="center"
        )
        return
    largest = [one.delta_v_m_s for one in history.manoeuvres]
    axes.set_yscale("log")
    axes.set_ylim(min(largest) / 3.0, max(largest) * 3.0)
    for one in history.manoeuvres:
        _interval(axes, one)
    axes.legend(loc="upper center", ncols=3, frameon=False, bbox_to_anchor=(0.5, 1.16))


def _interval(axes: Axes, one: Manoeuvre) -> None:
    """A bar from set to set where the time is not known better than within two days."""
    if one.timed and one.time_sigma_s < 48.0 * hour:
        return
    ends = _times(np.array([one.start.tai_ns, one.stop.tai_ns]))
    colour, _ = _LOOKS[one.direction]
    axes.hlines(one.delta_v_m_s, *ends, color=colour, linewidth=1.6, alpha=0.6)


def _misses(axes: Axes, history: ObjectHistory) -> None:
    table = history.table
    days = np.diff(table["time"], prepend=table["time"][0]) / (day * 1e9)
    miss_km = np.abs(table["miss_along_m"]) / km
    rate = np.divide(miss_km, days, out=np.full(len(days), np.nan), where=days > 0.0)
    axes.plot(_times(table["time"]), rate, ".", color=_INK, markersize=2.5)
    if np.isfinite(rate).any():
        axes.set_yscale("log")
    axes.set_ylabel("along-track miss of\nthe set before [km/day]")


def _local_time(axes: Axes, history: ObjectHistory) -> None:
    hours = np.unwrap(history.table["local_time_of_node_h"], period=24.0)
    _curve(axes, history, np.where(history.table["used"], hours, np.nan))
    span_h = float(np.ptp(hours)) if len(hours) else 0.0
    if span_h > 12.0:
        axes.set_ylabel("local time of\nnode [h, unwrapped]")
        return
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    steps = MaxNLocator(nbins=4, steps=[1, 1.5, 2, 3, 5, 6, 10])
    axes.yaxis.set_major_locator(steps)
    digits = span_h < 0.2

    def clock(value: float, _: object = None) -> str:
        seconds = round(value % 24.0 * 3600.0)
        text = f"{seconds // 3600 % 24:02d}:{seconds % 3600 // 60:02d}"
        return f"{text}:{seconds % 60:02d}" if digits else text

    axes.yaxis.set_major_formatter(FuncFormatter(clock))
    axes.set_ylabel("mean local time of\nascending node")
