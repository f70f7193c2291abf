"""Draw docs/theory/img/launch.svg: the velocities of an azimuth, and real launches against geometry."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
OUT = ROOT / "docs/theory/img/launch.svg"
PLANE, PLACE, GREY = "#D55E00", "#0072B2", "#888888"


def velocities(axes) -> None:
    """Velocity against the ground = velocity against the stars less the ground's own, here for Sohae."""
    ground, east, north = 1.6, -1.27, -7.5  # km/s; the ground's own is drawn four times too large
    style = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.012}
    axes.quiver(0, 0, east, north, color=PLACE, **style)
    axes.quiver(0, 0, east - ground, north, color=PLANE, **style)
    axes.quiver(east - ground, north, ground, 0, color=GREY, **style)
    axes.annotate("against the stars", (0.1, -4.2), color=PLACE)
    axes.annotate("against the\nground", (-5.0, -3.2), color=PLANE)
    axes.annotate("the ground's own\n(4 times too large)", (-3.6, -8.8), color=GREY)
    axes.annotate("", (0, 1.6), (0, 0), arrowprops={"arrowstyle": "->", "color": "#222222"})
    axes.annotate("north", (0.15, 1.0))
    axes.set_xlim(-5.2, 3.2)
    axes.set_ylim(-9.4, 2)
    axes.set_aspect("equal")
    axes.axis("off")


def launches(axes) -> None:
    """Predicted less real lift-off of every real launch."""
    from launch import measure
    from real_launches import LAUNCHES

    order = sorted(LAUNCHES, key=lambda one: (bool(one.turned), one.time), reverse=True)
    axes.axvspan(-4, 4, color="#eeeeee", zorder=0)
    axes.axvline(0.0, color="#222222", linewidth=0.8)
    with tempfile.TemporaryDirectory() as folder:
        for k, one in enumerate(order):
            got = measure(one, Path(folder))
            plane = got.by_plane_min if got.by_plane_min is not None else got.by_local_time_min
            axes.plot([plane], [k], "s", color=PLANE, markersize=5)
            if got.by_place_min is not None:
                axes.errorbar(
                    [got.by_place_min], [k], xerr=got.sigma_min, fmt="o", color=PLACE, markersize=5,
                    linewidth=0.8,
                )  # fmt: skip
    names = [f"{one.name}, {one.site}" + (" (not direct)" if one.turned else "") for one in order]
    axes.set_yticks(range(len(order)), names)
    axes.plot([], [], "s", color=PLANE, label="by the plane alone, flown directly")
    axes.plot([], [], "o", color=PLACE, label="with the place along the orbit")
    axes.legend(loc="upper right", frameon=False)
    axes.set_xlabel("predicted less real lift-off [min]")
    axes.grid(True, axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def main() -> None:
    style = {"svg.hashsalt": "offnadir", "font.family": "DejaVu Sans", "font.size": 9.0}
    with rc_context(style):
        figure = Figure(figsize=(10.0, 6.6), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.0, 2.6))
        velocities(left)
        launches(right)
        figure.savefig(OUT, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
