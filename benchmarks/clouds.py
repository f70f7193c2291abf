"""How good is the climatology of clouds? Against the cloud cover of real scenes.

    python benchmarks/clouds.py scene_cloud_cover.csv maxar_strip_cloud.csv

Scenes (platform, id, datetime, lon, lat, site, cloud_percent): the same scene processed again counts once.
The map has seen none of them. The spread of the Beta distribution at sea is fitted with each site left out in
turn; that over land is from published figures.
Strips (event, datetime, lon, lat, mean_cloud_percent) are chosen pictures, clearer than the sky, and are
reported on their own. Before both come the cities that tools/build_clouds.py kept back from the map.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offnadir.epoch import Epoch
from offnadir.quality import CloudClimatology
from offnadir.units import deg

Array = NDArray[np.float64]
MAX_CLOUD = 0.2
SPREADS = np.round(np.exp(np.linspace(np.log(0.3), np.log(4.0), 53)), 3)
EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 1.01)


@dataclass(frozen=True)
class Pictures:
    """Real pictures: where, when, how cloudy (0 to 1), and which belong together."""

    lat_rad: Array
    lon_rad: Array
    tai_ns: NDArray[np.int64]
    cover: Array
    group: NDArray[np.str_]


def cities(clouds: CloudClimatology) -> None:
    """Cover from sunshine at the cities that the map has not seen."""
    with (Path(__file__).parents[1] / "tools/sunshine.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[9::10]
    days = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    sun = np.radians(23.45) * np.sin(2 * np.pi * (284 + np.cumsum(days) - days / 2) / 365)
    lat = np.array([[float(row["lat"])] for row in rows]) * deg
    lon = np.array([[float(row["lon"])] for row in rows]) * deg
    cosine = (np.sin(-50 / 60 * deg) - np.sin(lat) * np.sin(sun)) / (np.cos(lat) * np.cos(sun))
    possible_h = 24 / np.pi * np.arccos(np.clip(cosine, -1, 1)) * days
    hours = np.array([[float(value) for value in list(row.values())[4:]] for row in rows])
    sunny = possible_h > 60
    seen = (1 - np.minimum(hours / np.maximum(possible_h, 1), 1))[sunny]
    print(
        f"{len(rows)} cities kept back, {sunny.sum()} months: cover from sunshine {seen.mean():.3f}"
    )
    for title, model in (("map", clouds), ("zonal mean of the map", zonal(clouds))):
        said = model.month_cover(lat, lon, month=np.arange(1, 13), hour_local=10.0)[sunny]
        rms = np.sqrt(((said - seen) ** 2).mean())
        print(
            f"  {title}: bias {(said - seen).mean():+.3f}, rms {rms:.3f},"
            f" correlation {np.corrcoef(said, seen)[0, 1]:.2f}"
        )
    print(f"  one constant: rms {seen.std():.3f}\n")


def read(path: Path, group: str, cover: str) -> Pictures:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    once = {
        (row["platform"], row["datetime"][:16], row[group], row["lat"][:5]): row
        for row in reversed(rows)
    }
    kept = list(reversed(once.values()))
    print(
        f"{path.name}: {len(rows)} rows, {len(kept)} different, {len({r[group] for r in kept})} of {group}"
    )
    return Pictures(
        np.array([float(row["lat"]) for row in kept]) * deg,
        np.array([float(row["lon"]) for row in kept]) * deg,
        np.array([Epoch.from_utc(row["datetime"]).tai_ns for row in kept], np.int64),
        np.array([float(row[cover]) for row in kept]) / 100,
        np.array([row[group] for row in kept]),
    )


def zonal(clouds: CloudClimatology) -> CloudClimatology:
    """The same map without its longitudes."""
    same = np.broadcast_to(clouds.cover.mean(axis=2, keepdims=True), clouds.cover.shape)
    return replace(clouds, cover=np.ascontiguousarray(same))


def chances(clouds: CloudClimatology, pictures: Pictures) -> Array:
    """Chances with each spread: (spread, picture)."""
    at = pictures.lat_rad, pictures.lon_rad, pictures.tai_ns
    return np.stack(
        [
            replace(clouds, spread_sea=float(s)).clear_chance(*at, max_cloud=MAX_CLOUD)
            for s in SPREADS
        ]
    )


def site_left_out(table: Array, pictures: Pictures, hit: Array) -> tuple[Array, Array]:
    """Chances and spreads, the spread of each site being the best for all the others."""
    chance, spread = np.zeros_like(hit), np.zeros_like(hit)
    for name in np.unique(pictures.group):
        here = pictures.group == name
        best = np.argmin(((table[:, ~here] - hit[~here]) ** 2).mean(axis=1))
        chance[here], spread[here] = table[best, here], SPREADS[best]
    return chance, spread


def base_left_out(pictures: Pictures, hit: Array) -> Array:
    """The share of clear pictures at all the other sites."""
    result = np.zeros_like(hit)
    for name in np.unique(pictures.group):
        here = pictures.group == name
        result[here] = hit[~here].mean()
    return result


def brier(chance: Array, hit: Array) -> float:
    return float(((chance - hit) ** 2).mean())


def interval(model: Array, other: Array, pictures: Pictures, hit: Array) -> tuple[float, float]:
    """90 % interval of the skill score, sites drawn anew 2000 times."""
    draw = np.random.default_rng(1)
    names = np.unique(pictures.group)
    sums = np.array(
        [[((c - hit) ** 2)[pictures.group == name].sum() for c in (model, other)] for name in names]
    )
    taken = sums[draw.integers(0, len(names), (2000, len(names)))].sum(axis=1)
    low, high = np.quantile(1 - taken[:, 0] / taken[:, 1], (0.05, 0.95))
    return float(low), float(high)


def reliability(chance: Array, hit: Array) -> None:
    print("  said         pictures  said (mean)  happened")
    for low, high in itertools.pairwise(EDGES):
        inside = (chance >= low) & (chance < high)
        if inside.any():
            print(
                f"  {low:4.0%} to {min(high, 1):4.0%} {inside.sum():9d} {chance[inside].mean():12.2f}"
                f" {hit[inside].mean():9.2f}"
            )


def report(pictures: Pictures, clouds: CloudClimatology) -> None:
    hit = (pictures.cover <= MAX_CLOUD).astype(float)
    at = pictures.lat_rad, pictures.lon_rad, pictures.tai_ns
    for title, model in (("map", clouds), ("zonal mean of the map", zonal(clouds))):
        error = model.mean_cover(*at) - pictures.cover
        print(
            f"mean cover, {title}: bias {error.mean():+.3f}, rms {np.sqrt((error**2).mean()):.3f}"
        )
    print("site            pictures  cover: seen  map   | at most 20 %: seen  map")
    as_shipped = clouds.clear_chance(*at, max_cloud=MAX_CLOUD)
    names, counts = np.unique(pictures.group, return_counts=True)
    large = [(str(name), pictures.group == name) for name in names[counts >= 10]]
    rest = np.isin(pictures.group, names[counts < 10])
    for name, here in [*large, ("the others", rest), ("all", np.ones_like(rest))]:
        mean = clouds.mean_cover(*at)[here].mean()
        print(
            f"{name[:28]:28s} {here.sum():4d} {pictures.cover[here].mean():6.2f} {mean:6.2f}"
            f" {hit[here].mean():12.2f} {as_shipped[here].mean():6.2f}"
        )
    left_out, spread = site_left_out(chances(clouds, pictures), pictures, hit)
    flat, _ = site_left_out(chances(zonal(clouds), pictures), pictures, hit)
    base = base_left_out(pictures, hit)
    everything = chances(clouds, pictures)
    best = SPREADS[np.argmin(((everything - hit) ** 2).mean(axis=1))]
    print(
        f"spread at sea: best {best:.2f}, with one left out {spread.min():.2f} to {spread.max():.2f};"
        f" shipped {clouds.spread_sea:.2f}"
    )
    print(f"Brier score of the chance of at most {MAX_CLOUD:.0%} cloud:")
    rivals = {
        "one constant, from the other sites": base,
        "one constant, from these very pictures": np.full_like(hit, hit.mean()),
        "zonal mean of the map": flat,
    }
    print(
        f"  map, one site left out: {brier(left_out, hit):.4f}; as shipped: {brier(as_shipped, hit):.4f}"
    )
    for name, rival in rivals.items():
        low, high = interval(left_out, rival, pictures, hit)
        skill = 1 - brier(left_out, hit) / brier(rival, hit)
        print(
            f"  {name}: {brier(rival, hit):.4f}; skill of the map {skill:+.3f} ({low:+.2f} to {high:+.2f})"
        )
    reliability(left_out, hit)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("scenes", type=Path)
    parser.add_argument("strips", type=Path)
    options = parser.parse_args()
    clouds = CloudClimatology.bundled()
    cities(clouds)
    report(read(options.scenes, "site", "cloud_percent"), clouds)
    print()
    report(read(options.strips, "event", "mean_cloud_percent"), clouds)


if __name__ == "__main__":
    main()
