"""Measure how far satellites stray from their element sets, along track, as the sets age.

    python tools/measure_element_doubt.py HISTORY_FILE

Takes a file with many element sets of each satellite, propagates every set to the epochs of the same
satellite's other sets up to 30 days before and after, and compares it there with the set of that epoch.
The difference along the track, divided by the speed, is the timing error. Prints the number of pairs and
of satellites and the 68 % and 90 % figures by height and age: the table in offnadir/orbits/_doubt.py.
Manoeuvres are in it, and so is what is wrong with the younger set at its own epoch.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from offnadir.constants import GM_EARTH_M3_S2, WGS84_A_M
from offnadir.orbits import ElementSet, propagate, read_elements

AGE_DAYS = (0.0, 1.0, 2.0, 4.0, 7.0, 14.0, 30.0)
HEIGHT_KM = (200.0, 450.0, 550.0, 650.0, 850.0)
LEAST_DAYS = 0.1  # nearer sets are made from the same tracking, and say nothing about each other
DAY_NS = 86_400_000_000_000

Array = NDArray[np.float64]


def mean_height_km(one: ElementSet) -> float:
    """Semi-major axis less the equatorial radius."""
    return (math.cbrt(GM_EARTH_M3_S2 / one.mean_motion_rad_s**2) - WGS84_A_M) / 1e3


def timing_errors_s(history: list[ElementSet]) -> list[tuple[float, float, float]]:
    """(height [km], age [days], error [s]) of each pair of sets of one satellite."""
    unique = {one.epoch.tai_ns: one for one in history}
    epochs = np.array(sorted(unique), np.int64)
    sets = [unique[int(t)] for t in epochs]
    truth = [propagate(one, [one.epoch.tai_ns]) for one in sets]
    r_true = np.vstack([r for r, _, _ in truth])
    v_true = np.vstack([v for _, v, _ in truth])
    rows = []
    for one in sets:
        age_days = (epochs - one.epoch.tai_ns) / DAY_NS
        near = (np.abs(age_days) >= LEAST_DAYS) & (np.abs(age_days) < AGE_DAYS[-1])
        if not near.any():
            continue
        r, _, status = propagate(one, epochs[near])
        error_s = along_track_s(r, r_true[near], v_true[near])
        height_km = mean_height_km(one)
        for age, error, bad in zip(age_days[near], error_s, status, strict=True):
            if not bad and math.isfinite(error):
                rows.append((height_km, abs(float(age)), abs(float(error))))
    return rows


def along_track_s(r: Array, r_true: Array, v_true: Array) -> Array:
    """Angle in the orbit plane between two positions, divided by the angular rate."""
    size = np.linalg.norm(r_true, axis=1)
    radial = r_true / size[:, None]
    along = v_true - np.sum(v_true * radial, axis=1)[:, None] * radial
    speed = np.linalg.norm(along, axis=1)
    along /= speed[:, None]
    angle = np.arctan2(np.sum(r * along, axis=1), np.sum(r * radial, axis=1))
    return np.asarray(angle * size / speed)


def main(path: str) -> None:
    by_satellite: dict[int, list[ElementSet]] = defaultdict(list)
    file = read_elements(path)
    for one in file.elements:
        by_satellite[one.norad_id].append(one)
    print(
        f"{len(file.elements)} sets of {len(by_satellite)} satellites, {len(file.rejected)} refused"
    )
    found = [
        (norad_id, *row) for norad_id, one in by_satellite.items() for row in timing_errors_s(one)
    ]
    satellite, height, age, error = (np.array(column) for column in zip(*found, strict=True))
    print("height km  age days    pairs  sats   medians: km     days     68 % s     90 % s")
    for low, high in itertools.pairwise(HEIGHT_KM):
        for young, old in itertools.pairwise(AGE_DAYS):
            here = (height >= low) & (height < high) & (age >= young) & (age < old)
            count, sats = int(here.sum()), len(set(satellite[here].tolist()))
            if not count:
                continue
            middle_km, middle_days = np.median(height[here]), np.median(age[here])
            s68, s90 = np.quantile(error[here], [0.68, 0.90])
            print(
                f"{low:3.0f}-{high:3.0f}    {young:4.0f}-{old:<4.0f} {count:8d} {sats:5d}"
                f" {middle_km:13.0f} {middle_days:8.2f} {s68:10.2f} {s90:10.2f}"
            )


if __name__ == "__main__":
    main(sys.argv[1])
