"""Draw docs/theory/img/pixel.svg: what a square pixel covers, all over the field of regard."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from offnadir.earth import geodetic_to_itrf_m
from offnadir.geometry import Attitude, ground_pixel
from offnadir.units import deg, km

OUT = Path(__file__).parents[1] / "docs/theory/img/pixel.svg"
ALT_M, ENLARGED = 600 * km, 120_000.0  # a pixel of 0.5 m is drawn as 60 km
SCALE, WIDTH, HEIGHT = 0.34e-3, 760, 690  # drawing units per metre


def main() -> None:
    r, v = geodetic_to_itrf_m(0.0, 0.0, ALT_M), np.array([0.0, -507.0, 7560.0])
    ifov = 0.5 / ALT_M
    roll, pitch = np.meshgrid(np.arange(-45, 46, 15) * deg, np.arange(-45, 46, 15) * deg)
    roll, pitch = roll.ravel(), pitch.ravel()
    pixel = ground_pixel(r, v, Attitude(roll_rad=roll, pitch_rad=pitch), ifov, ifov)
    place = geodetic_to_itrf_m(pixel.lat_rad, pixel.lon_rad, 0.0)
    half = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) / 2
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="14">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<line x1="{WIDTH / 2}" y1="{HEIGHT - 30}" x2="{WIDTH / 2}" y2="24" stroke="#b5651d"/>',
        f'<path d="M{WIDTH / 2 - 5},34 L{WIDTH / 2},22 L{WIDTH / 2 + 5},34" fill="#b5651d"/>',
    ]
    for i in np.flatnonzero(pixel.incidence_rad < 65 * deg):
        centre = np.array([WIDTH, HEIGHT - 30]) / 2 + place[i, 1:] * [SCALE, -SCALE]
        corners = half @ pixel.jacobian_m[i].T * ENLARGED * [SCALE, -SCALE] + centre
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        lines.append(
            f'<polygon points="{points}" fill="#2a6f97" fill-opacity=".18" stroke="#2a6f97"/>'
        )
        lines.append(
            f'<text x="{centre[0]:.1f}" y="{centre[1] + 4:.1f}" font-size="10" text-anchor="middle">'
            f"{pixel.gsd_mean_m[i]:.2f}</text>"
        )
    lines += [
        f'<text x="16" y="{HEIGHT - 10}">Pixels of 0.5 m at nadir from 600 km, roll and pitch in steps of 15'
        " deg, 120,000 times too large; root of the area in m.</text>",
        "</svg>",
    ]
    OUT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
