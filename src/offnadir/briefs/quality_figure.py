"""Image quality as a figure: the MTF and its parts, what costs most, and sharpness against the angle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from offnadir.briefs._figures import check_figure_path, new_figure, tidy
from offnadir.geometry import incidence_from_off_nadir_rad, slant_range_m
from offnadir.quality import (
    ALONG_ONLY,
    TERMS,
    Budget,
    mtf_term,
    predict,
    predict_mode,
    system_mtf,
)
from offnadir.units import deg, km

__all__ = ["check_figure_path", "write_camera_figure", "write_radar_figure"]

if TYPE_CHECKING:
    from offnadir.quality import Atmosphere
    from offnadir.sensors import Radar, Sensor

# Okabe and Ito's colours, told apart by every kind of sight; the lines differ too.
_COLOURS: Final = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#8A6D00",
    "#666666",
)
_STYLES: Final = (
    "-",
    "--",
    "-.",
    ":",
    (0, (5, 1)),
    (0, (3, 1, 1, 1)),
    (0, (1, 1)),
    (0, (8, 2, 2, 2)),
)
_INK: Final = "#222222"
_SUNS_DEG: Final = (10.0, 30.0, 60.0)


def write_camera_figure(
    sensor: Sensor,
    told: Budget,
    path: str | Path,
    *,
    altitude_m: float,
    off_nadir_rad: float,
    sun_elevation_rad: float,
    atmosphere: Atmosphere,
) -> None:
    """Draw the budget of a look to a PNG, SVG or PDF file, by the suffix of its name.

    Four parts: the MTF across the scan and its terms; the NIIRS that each cause costs; ground sample
    distance and NIIRS against the off-nadir angle from the same height, with the look marked. Equal looks
    give equal bytes with one version of Matplotlib. Raises InputError for another suffix, FileError if it
    cannot write.
    """
    with new_figure(Path(path), 10.0, 8.0) as figure:
        axes = figure.subplots(2, 2)
        figure.suptitle(
            f"{sensor.title}: {altitude_m / km:.0f} km, {off_nadir_rad / deg:.1f} deg off-nadir, "
            f"Sun {sun_elevation_rad / deg:.0f} deg",
            fontsize=12.0,
        )
        _mtf(axes[0, 0], sensor)
        _losses(axes[0, 1], told)
        off = np.linspace(0.0, max(sensor.max_off_nadir_rad, off_nadir_rad, 30 * deg), 121)
        looks = {
            "range_m": slant_range_m(off, altitude_m),
            "incidence_rad": incidence_from_off_nadir_rad(off, altitude_m),
            "atmosphere": atmosphere,
        }
        _distances(axes[1, 0], sensor, off, looks)
        _levels(axes[1, 1], sensor, off, looks, sun_elevation_rad)
        seen = told.quality
        axes[1, 0].plot([off_nadir_rad / deg], [seen.gsd_m], "o", color=_INK, markersize=6)
        axes[1, 1].plot([off_nadir_rad / deg], [seen.niirs], "o", color=_INK, markersize=6)
        for one in axes[1]:
            one.axvline(sensor.max_off_nadir_rad / deg, color="#999999", linewidth=0.8)
            one.set_xlabel("off-nadir at the satellite [deg]; grey: the greatest offered")
        for one in axes.flat:
            tidy(one)


def _mtf(axes: Any, sensor: Sensor) -> None:
    f = np.linspace(0.0, 1.0, 201)
    for term, colour, style in zip(TERMS, _COLOURS, _STYLES, strict=True):
        values = mtf_term(sensor, term, f)
        if np.min(values) < 0.999:
            only = " (along)" if term in ALONG_ONLY else ""
            axes.plot(f, values, color=colour, linestyle=style, linewidth=1.1, label=term + only)
    axes.plot(
        f, system_mtf(sensor, f, along=False), color=_INK, linewidth=2.2, label="system, across"
    )
    axes.plot(f, system_mtf(sensor, f, along=True), color=_INK, linewidth=1.2, linestyle="--",
              label="system, along")  # fmt: skip
    axes.axvline(0.5, color="#999999", linewidth=0.8)
    axes.text(0.505, 0.02, "Nyquist", color="#666666")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="frequency [cycles/pixel]", ylabel="MTF")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3, frameon=False, fontsize=8)


def _losses(axes: Any, told: Budget) -> None:
    shown = [(name, loss) for name, loss in told.losses if loss >= 0.005][::-1]
    if not shown:
        axes.text(0.5, 0.5, "no light, no picture", transform=axes.transAxes, ha="center")
        axes.set_xticks([])
        axes.set_yticks([])
        return
    names, losses = zip(*shown, strict=True)
    bars = axes.barh(names, losses, color=_COLOURS[0], height=0.65)
    axes.bar_label(bars, labels=[f"{loss:.2f}" for loss in losses], padding=3)
    axes.margins(x=0.15)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("NIIRS that would be won without it")


def _distances(axes: Any, sensor: Sensor, off: Any, looks: dict[str, Any]) -> None:
    seen = predict(sensor, sun_elevation_rad=45 * deg, **looks)
    for values, label, style in (
        (seen.gsd_across_m, "along the line of sight", "--"),
        (seen.gsd_m, "geometric mean", "-"),
        (seen.gsd_along_m, "across it", ":"),
    ):
        axes.plot(off / deg, values, color=_COLOURS[0], linestyle=style, label=label)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("ground sample distance [m]")
    axes.legend(loc="upper left", frameon=False)


def _levels(axes: Any, sensor: Sensor, off: Any, looks: dict[str, Any], sun_rad: float) -> None:
    own = round(sun_rad / deg, 1)
    suns = sorted({*(one for one in _SUNS_DEG if abs(one - own) > 5), own})
    lit = [one for one in suns if one > 0]
    for sun, colour, style in zip(lit, _COLOURS, _STYLES, strict=False):
        seen = predict(sensor, sun_elevation_rad=sun * deg, **looks)
        axes.plot(off / deg, seen.niirs, color=colour, linestyle=style, label=f"Sun {sun:g} deg")
    axes.set_ylabel("NIIRS (GIQE 5)")
    axes.legend(loc="lower left", frameon=False)


def write_radar_figure(radar: Radar, incidence_rad: float, path: str | Path) -> None:
    """Draw resolution and radar NIIRS of all modes of a radar against incidence, the look marked.

    Formats and errors as of `write_camera_figure`.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    with new_figure(Path(path), 10.0, 5.0) as figure:
        left, right = figure.subplots(1, 2)
        figure.suptitle(f"{radar.title}: incidence {incidence_rad / deg:.1f} deg", fontsize=12.0)
        for i, mode in enumerate(radar.modes):
            at = np.linspace(mode.min_incidence_rad, mode.max_incidence_rad, 61)
            seen = predict_mode(mode, at)
            look: Any = {
                "color": _COLOURS[i % 6],
                "linestyle": _STYLES[i % len(_STYLES)],
                "label": mode.name,
            }
            left.plot(at / deg, seen.resolution_m, **look)
            right.plot(at / deg, seen.rniirs, **look)
        for one in (left, right):
            one.axvline(incidence_rad / deg, color="#999999", linewidth=0.8)
            one.set_xlabel("incidence at the place [deg]; grey: this look")
            tidy(one)
        left.set_yscale("log")
        left.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        left.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        left.yaxis.set_minor_formatter(NullFormatter())
        left.set_ylabel("resolution on the ground,\ngeometric mean [m]")
        names, labels = left.get_legend_handles_labels()
        figure.legend(names, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
        right.set_ylabel("radar NIIRS (RGIQE)")
        if all(mode.nesz is None for mode in radar.modes):
            right.text(0.5, 0.5, "noise is not published", transform=right.transAxes, ha="center")
