"""Draw the figures of docs/guide/orbit-design.md: lifetimes, repeating heights, apertures."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "orbit-design"  # the same file every time

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from offnadir.epoch import Epoch  # noqa: E402
from offnadir.orbits.design import drag_lifetime, repeat_cycles, sun_synchronous  # noqa: E402
from offnadir.quality.sizing import size_for_niirs  # noqa: E402
from offnadir.units import deg, km  # noqa: E402

FOLDER = Path(__file__).parents[1] / "docs/guide/img"
EPOCH = Epoch.from_utc("2028-01-01")
BLUE, BROWN, GREY = "#2a6f97", "#b5651d", "#666666"


def save(figure: plt.Figure, name: str) -> None:
    figure.tight_layout()
    figure.savefig(FOLDER / name, metadata={"Date": None})
    plt.close(figure)


def lifetimes() -> None:
    figure, axes = plt.subplots(figsize=(7.2, 4.4))
    heights_km = np.arange(300, 801, 20)
    for ballistic, colour in ((30.0, BROWN), (100.0, BLUE)):
        told = [
            drag_lifetime(
                sun_synchronous(altitude_m=h * km, local_time_of_node_h=10.5, epoch=EPOCH),
                ballistic_coefficient_kg_m2=ballistic,
            )
            for h in heights_km
        ]
        low, high = (
            np.array([getattr(one, f) for one in told]) for f in ("least_days", "most_days")
        )
        years = 365.25
        axes.fill_between(heights_km, low / years, high / years, color=colour, alpha=0.25, lw=0)
        axes.plot(
            heights_km, [one.days / years for one in told], color=colour,
            label=f"m / (Cd A) = {ballistic:g} kg/m2",
        )  # fmt: skip
    for years, text in ((5, "5 years"), (25, "25 years")):
        axes.axhline(years, color=GREY, lw=0.8, ls="--")
        axes.text(302, years * 1.12, text, color=GREY, fontsize=9)
    axes.set(
        yscale="log", xlim=(300, 800), ylim=(0.02, 200), xlabel="height of the mean orbit (km)",
        ylabel="years until it has decayed", title="Sun-synchronous, 10:30, from 2028 on",
    )  # fmt: skip
    axes.legend(frameon=False, loc="lower right")
    axes.grid(alpha=0.25)
    save(figure, "orbit-lifetime.svg")


def cycles() -> None:
    figure, axes = plt.subplots(figsize=(7.2, 4.4))
    table = repeat_cycles(low_altitude_m=450 * km, high_altitude_m=850 * km, max_days=16)
    axes.plot(table["altitude_m"] / km, table["days"], "o", ms=4, color=BLUE)
    for days, revolutions, text in (
        (10, 143, "Sentinel-2"),
        (16, 233, "Landsat"),
        (1, 15, "15 a day"),
        (1, 14, ""),
    ):
        row = np.flatnonzero((table["days"] == days) & (table["revolutions"] == revolutions))
        if len(row) and text:
            x = float(table["altitude_m"][row[0]]) / km
            axes.annotate(text, (x, days), (x + 5, days - 0.7), fontsize=9, color=BROWN)
            axes.plot([x], [days], "o", ms=7, mfc="none", color=BROWN)
    axes.set(
        xlim=(450, 850), ylim=(0, 17), xlabel="height of the mean orbit (km)",
        ylabel="days until the track repeats", title="Sun-synchronous circular orbits",
    )  # fmt: skip
    axes.grid(alpha=0.25)
    save(figure, "orbit-repeat.svg")


def apertures() -> None:
    figure, axes = plt.subplots(figsize=(7.2, 4.4))
    wished = np.arange(3.0, 6.51, 0.25)
    for height_km, colour in ((400, BROWN), (500, BLUE), (700, GREY)):
        for off_deg, style in ((0, "-"), (30, "--")):
            made = [
                size_for_niirs(n, altitude_m=height_km * km, off_nadir_rad=off_deg * deg).sizing
                for n in wished
            ]
            axes.plot(
                wished, [one.aperture_m for one in made], style, color=colour,
                label=f"{height_km} km, {off_deg} deg off nadir",
            )  # fmt: skip
    axes.set(
        yscale="log", xlabel="NIIRS (GIQE 5), Sun at 45 deg", ylabel="aperture (m)",
        title="Telescope for a wished NIIRS, Q = 1",
    )  # fmt: skip
    axes.set_yticks([0.1, 0.2, 0.5, 1.0, 2.0], ["0.1", "0.2", "0.5", "1", "2"])
    axes.legend(frameon=False, fontsize=9)
    axes.grid(alpha=0.25)
    save(figure, "telescope-niirs.svg")


if __name__ == "__main__":
    lifetimes()
    cycles()
    apertures()
