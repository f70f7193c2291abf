"""Targets for measuring pictures, on a level, even apron in the middle of a made-up scene.

All sizes are in pixels of the sample distance that the targets are for. Across (u) is to the right of the
direction of the rows (v), from the middle of the scene:

    v = +120   edge-1 (5 deg off the rows)   edge-2 (5 deg off their normal)   edge-3 (45 deg)
    v =  +10   bars along the rows: bars-1-4.00 ... bars-1-1.50 pixels from bar to bar
    v =  -50   bars across the rows: bars-2-4.00 ...
    v = -130   grey-1 ... grey-8
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

#: Radius of the apron [px].
APRON_PX: Final = 300.0
APRON_REFLECTANCE: Final = 0.12
EDGE_TILT_RAD: Final = math.radians(5.0)
DARK: Final = 0.08
BRIGHT: Final = 0.40
GREYS: Final = (0.03, 0.06, 0.10, 0.15, 0.22, 0.32, 0.45, 0.60)
PERIODS_PX: Final = (4.0, 3.5, 3.0, 2.75, 2.5, 2.25, 2.0, 1.75, 1.5)
BARS: Final = 5
_KINDS: Final = {"grey": 0.0, "edge": 1.0, "bars": 2.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A rectangle of stated reflectance, the same at all wavelengths.

    `azimuth_rad` (clockwise from grid north of the scene's projection) is the way of `length_m`; `width_m`
    lies across it. A "grey" is even, `reflectance[0]`. An "edge" runs through the middle at
    `edge_azimuth_rad`: dark, `reflectance[0]`, to its left, bright, `reflectance[1]`, to its right. "bars"
    are five bright ones along the azimuth on dark ground, `period_m` from one to the next, half of it wide.
    """

    name: str
    kind: Literal["grey", "edge", "bars"]
    lat_rad: float
    lon_rad: float
    alt_m: float
    azimuth_rad: float
    length_m: float
    width_m: float
    reflectance: tuple[float, ...]
    edge_azimuth_rad: float | None = None
    period_m: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A target in the scene's metres, before it has a place on Earth."""

    name: str
    kind: Literal["grey", "edge", "bars"]
    x_m: float
    y_m: float
    azimuth_rad: float
    length_m: float
    width_m: float
    reflectance: tuple[float, ...]
    edge_azimuth_rad: float | None = None
    period_m: float | None = None


def placed_targets(gsd_m: float, azimuth_rad: float) -> tuple[Placed, ...]:
    """The targets for pictures of a sample distance; none where it is 0."""
    if gsd_m == 0.0:
        return ()
    sine, cosine = math.sin(azimuth_rad), math.cos(azimuth_rad)

    def at(u_px: float, v_px: float) -> tuple[float, float]:
        return (u_px * cosine + v_px * sine) * gsd_m, (v_px * cosine - u_px * sine) * gsd_m

    found = []
    turns = (EDGE_TILT_RAD, EDGE_TILT_RAD + math.pi / 2, math.pi / 4)
    for number, (u, turn) in enumerate(zip((-130.0, 0.0, 130.0), turns, strict=True), 1):
        x, y = at(u, 120.0)
        found.append(
            Placed(
                name=f"edge-{number}", kind="edge", x_m=x, y_m=y, azimuth_rad=azimuth_rad,
                length_m=100 * gsd_m, width_m=100 * gsd_m, reflectance=(DARK, BRIGHT),
                edge_azimuth_rad=azimuth_rad + turn,
            )
        )  # fmt: skip
    for group, v in ((1, 10.0), (2, -50.0)):
        for number, period in enumerate(PERIODS_PX):
            x, y = at(44.0 * (number - (len(PERIODS_PX) - 1) / 2), v)
            found.append(
                Placed(
                    name=f"bars-{group}-{period:.2f}", kind="bars", x_m=x, y_m=y,
                    azimuth_rad=azimuth_rad + (group - 1) * math.pi / 2,
                    length_m=32 * gsd_m, width_m=32 * gsd_m,
                    reflectance=(DARK, BRIGHT), period_m=period * gsd_m,
                )
            )  # fmt: skip
    for number, grey in enumerate(GREYS):
        x, y = at(50.0 * (number - (len(GREYS) - 1) / 2), -130.0)
        found.append(
            Placed(
                name=f"grey-{number + 1}", kind="grey", x_m=x, y_m=y, azimuth_rad=azimuth_rad,
                length_m=50 * gsd_m, width_m=50 * gsd_m, reflectance=(grey,),
            )
        )  # fmt: skip
    return tuple(found)


def target_table(placed: tuple[Placed, ...]) -> NDArray[np.float64]:
    """Rows: kind, x, y, azimuth, half length, half width, two reflectances, edge or period, bar's half."""
    rows = []
    for one in placed:
        more = one.edge_azimuth_rad if one.kind == "edge" else one.period_m
        rows.append(
            (
                _KINDS[one.kind], one.x_m, one.y_m, one.azimuth_rad, 0.5 * one.length_m, 0.5 * one.width_m,
                one.reflectance[0], one.reflectance[-1], more or 0.0, BARS * (one.period_m or 0.0) / 2,
            )
        )  # fmt: skip
    return np.array(rows, np.float64).reshape(-1, 10)
