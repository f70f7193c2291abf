"""Draw docs/theory/img/detection-*.svg: of planted ships and changes, what share is found at which rate.

    python benchmarks/draw_detection.py [--seas 4] [--pairs 2]

Takes some minutes. The numbers are printed as well.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.extend(str(Path(__file__).resolve().parent.parent / part) for part in ("tools", "tests"))

from draw_planning import BLUE, BROWN, GREY, OUT, RED, Drawing
from made_pictures import CORNER, UTM, land, product, sea, seen, with_ship
from offnadir.imagery._change import find_changes
from offnadir.imagery._grid import Grid
from offnadir.imagery._ships import find_ships

RATES = (1e-6, 1e-5, 1e-4, 1e-3)
SIDE = 500
GRID = Grid(crs=UTM, transform=(1.0, 0.0, CORNER[0], 0.0, -1.0, CORNER[1]), shape=(SIDE, SIDE))
#: state, clutter, contrasts [levels; the water's mean is 40]
SEAS = (
    ("calm", "auto", (2.0, 4.0, 8.0)),
    ("waves", "auto", (40.0, 60.0, 90.0)),
    ("k", "k", (40.0, 60.0, 90.0)),
)
RISES = (1.0, 2.0, 4.0)  # of squares of 4 px, in deviations of the noise


def ships(seas: int, folder: Path) -> dict[str, np.ndarray]:
    """Per sea, (contrasts, rates): share found of ships of 25 m by 6 m."""
    found = {state: np.zeros((len(contrasts), len(RATES))) for state, _, contrasts in SEAS}
    for state, clutter, contrasts in SEAS:
        for k in range(seas):
            for i, contrast in enumerate(contrasts):
                rng = np.random.default_rng(k)
                pixels = sea(SIDE, 900 + k, state)
                fleet = [
                    (80.0 + 110.0 * r + rng.uniform(0, 9), 80.0 + 110.0 * c + rng.uniform(0, 9))
                    for r in range(4) for c in range(4)
                ]  # fmt: skip
                for at in fleet:
                    with_ship(pixels[0], at, 25.0, 6.0, rng.uniform(0.0, 360.0), contrast)
                path = product(folder / "sea.tif", pixels)
                for j, rate in enumerate(RATES):
                    report = find_ships(
                        path,
                        false_alarm_rate=rate,
                        clutter=clutter,
                        looks=4.0,
                        length_m=(12.0, 60.0),
                    )
                    places = [GRID.of_lat_lon(one.lat_rad, one.lon_rad) for one in report.ships]
                    for at in fleet:
                        near = [math.hypot(r - at[0], c - at[1]) for r, c in places]
                        found[state][i, j] += min(near, default=99.0) < 12.5
        found[state] /= 16 * seas
        print(state, [f"{c:g}" for c in contrasts], np.round(found[state], 2).tolist(), flush=True)
    return found


def changes(pairs: int, folder: Path) -> np.ndarray:
    """(rises, rates): share found of squares of 4 px in fields with texture."""
    side, found = 400, np.zeros((len(RISES), len(RATES)))
    for k in range(pairs):
        rng = np.random.default_rng(k)
        scene = land(side, 700 + k)
        changed = scene.copy()
        squares = []
        for n in range(36):
            row, column = (
                40 + 60 * (n // 6) + rng.uniform(0, 9),
                40 + 60 * (n % 6) + rng.uniform(0, 9),
            )
            r, c = int(4 * row), int(4 * column)
            changed[:, r - 8 : r + 8, c - 8 : c + 8] += RISES[n % 3]
            squares.append((row, column, n % 3))
        before = product(folder / "a.tif", seen(scene, seed=k))
        after = product(
            folder / "b.tif", seen(changed, (0.4, -0.3), seed=k + 50, gain=1.2, offset=9.0)
        )
        for j, rate in enumerate(RATES):
            report = find_changes(before, after, false_alarm_rate=rate, least_area_m2=3.0)
            at = [report.grid.of_lat_lon(one.lat_rad, one.lon_rad) for one in report.changes]
            for row, column, i in squares:
                near = [max(abs(r - row + 0.5), abs(c - column + 0.5)) for r, c in at]
                found[i, j] += min(near, default=99.0) < 4.0
    found /= 12 * pairs
    print("change", RISES, np.round(found, 2).tolist(), flush=True)
    return found


def panel(drawing: Drawing, top: float, title: str, labels: list[str], shares: np.ndarray) -> None:
    """Share found over the rate, one line each."""
    left, right, high = 52.0, 380.0, 120.0
    drawing.head(top, title)
    base = top + 14.0 + high
    for share in (0.0, 0.5, 1.0):
        y = base - high * share
        drawing.line([(left, y), (right, y)], "#ddd")
        drawing.text(8, y + 5, f"{share:.1f}", of=GREY, more='font-size="12"')
    xs = np.linspace(left + 24.0, right - 24.0, len(RATES))
    for x, rate in zip(xs, RATES, strict=True):
        drawing.text(x - 14, base + 17, f"{rate:.0e}", of=GREY, more='font-size="12"')
    for colour, row in zip((BLUE, BROWN, RED), shares, strict=True):
        points = [(float(x), base - high * float(s)) for x, s in zip(xs, row, strict=True)]
        drawing.line(points, colour, 'stroke-width="2"')
        for x, y in points:
            drawing.lines.append(f'<circle cx="{x:g}" cy="{y:g}" r="3" fill="{colour}"/>')
    x = left
    for colour, label in zip((BLUE, BROWN, RED), labels, strict=True):
        drawing.line([(x, base + 31), (x + 16, base + 31)], colour, 'stroke-width="3"')
        drawing.text(x + 20, base + 36, label, of=colour, more='font-size="12"')
        x += 108.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seas", type=int, default=4)
    parser.add_argument("--pairs", type=int, default=2)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        by_sea = ships(asked.seas, Path(folder))
        by_rise = changes(asked.pairs, Path(folder))
    drawing = Drawing(
        800, "Share of planted ships and changes that is found, over the false-alarm rate"
    )
    titles = {
        "calm": "Ships of 25 m, calm water (noise of 2)",
        "waves": "The same, waves (log-normal, 25 %)",
        "k": "The same, radar (K, 4 looks, order 4)",
    }
    top = 24.0
    for state, _, contrasts in SEAS:
        panel(drawing, top, titles[state], [f"{c:g} brighter" for c in contrasts], by_sea[state])
        top += 195.0
    panel(
        drawing, top, "Changes of 4 x 4 pixels, noise of 1", [f"by {r:g}" for r in RISES], by_rise
    )
    drawing.save("detection-found.svg")
    print(f"wrote {OUT / 'detection-found.svg'}")


if __name__ == "__main__":
    main()
