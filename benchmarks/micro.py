"""Access search against skyfield on the same element sets, places and span, in one run.

Prints a table in Markdown: time of each, the ratio, and the agreement beside it (windows that one has and
the other has not, difference of their edges). `./run bench micro` runs it.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.resources import as_file, files

import numpy as np
from skyfield.api import EarthSatellite, load, wgs84

from offnadir.access import MinElevation, find_windows
from offnadir.earth import EarthOrientation, Site
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, make_ephemeris, read_elements
from offnadir.units import arcsec, deg

START = Epoch.from_utc("2026-05-31T00:00:00Z")
LIMIT_DEG = 10.0
PLACES = [
    ("Seoul", 37.5665, 126.978), ("Vostochny", 51.884, 128.333), ("Tokyo", 35.68, 139.69),
    ("Svalbard", 78.23, 15.41), ("Quito", -0.18, -78.47), ("Suva", -18.14, 178.44),
    ("Nairobi", -1.29, 36.82), ("Hobart", -42.88, 147.33), ("Nome", 64.5, -165.4),
    ("Ushuaia", -54.8, -68.3),
]  # fmt: skip
Windows = dict[tuple[int, str], np.ndarray]


def seconds(job: Callable[[], Windows], runs: int) -> tuple[float, Windows]:
    """Median wall time of some runs, and the last result."""
    times = []
    for _ in range(runs):
        before = time.perf_counter()
        result = job()
        times.append(time.perf_counter() - before)
    return statistics.median(times), result


def ours(elements: list[ElementSet], places: list[Site], span: Span) -> Windows:
    flock = [make_ephemeris(one, span) for one in elements]
    table = find_windows(flock, places, [MinElevation(LIMIT_DEG * deg)])
    keys = list(zip(table["norad_id"].tolist(), table["site"].tolist(), strict=True))
    edges = np.column_stack([table["start"], table["stop"]])
    return {key: edges[[k == key for k in keys]] for key in dict.fromkeys(keys)}


def skyfield(elements: list[ElementSet], places: list[Site], span: Span) -> Windows:
    orientation = EarthOrientation.bundled()
    ut1_minus_tai, x, y = (
        float(v.mean()) for v in orientation.at(np.array([START.tai_ns, span.stop.tai_ns]))
    )
    timescale = load.timescale(delta_t=32.184 - ut1_minus_tai)
    timescale.polar_motion_table = ([0.0], [x / arcsec], [y / arcsec])
    days = span.duration_s / 86400
    t0, t1 = timescale.utc(2026, 5, 31), timescale.utc(2026, 5, 31 + days)
    found: Windows = {}
    for one in elements:
        satellite = EarthSatellite.from_satrec(satrec(one), timescale)
        for place in places:
            spot = wgs84.latlon(place.lat_rad / deg, place.lon_rad / deg, place.alt_m)
            times, events = satellite.find_events(spot, t0, t1, altitude_degrees=LIMIT_DEG)
            since_ns = np.rint((times.tai - t0.tai) * 86400e9).astype(np.int64) + START.tai_ns
            rises, sets = since_ns[events == 0].tolist(), since_ns[events == 2].tolist()
            if sets and (not rises or sets[0] < rises[0]):
                rises.insert(0, span.start.tai_ns)
            if len(rises) > len(sets):
                sets.append(span.stop.tai_ns)
            if rises:
                found[one.norad_id, place.name] = np.column_stack([rises, sets])
    return found


def satrec(one: ElementSet) -> object:
    from sgp4.api import WGS72, Satrec

    record = Satrec()
    record.sgp4init(
        WGS72, "i", one.norad_id, (one.epoch.utc_ns / 86400e9) + 7306.0, one.bstar, 0.0, 0.0,
        one.eccentricity, one.arg_perigee_rad, one.inclination_rad, one.mean_anomaly_rad,
        one.mean_motion_rad_s * 60, one.raan_rad,
    )  # fmt: skip
    return record


def agreement(a: Windows, b: Windows) -> tuple[int, int, np.ndarray]:
    """Windows only in a, only in b (no overlap with any of the other), and differences of edges [s]."""
    only_a = only_b = 0
    apart: list[float] = []
    for key in {**a, **b}:
        mine, theirs = a.get(key, np.empty((0, 2))), b.get(key, np.empty((0, 2)))
        meets = (mine[:, None, 0] < theirs[None, :, 1]) & (theirs[None, :, 0] < mine[:, None, 1])
        only_a += int(np.count_nonzero(~meets.any(axis=1)))
        only_b += int(np.count_nonzero(~meets.any(axis=0)))
        i, j = np.nonzero(meets)
        apart.extend((np.abs(mine[i] - theirs[j]) / 1e9).ravel().tolist())
    return only_a, only_b, np.array(apart or [0.0])


def main() -> None:
    with as_file(files("offnadir.data") / "demo" / "elements.omm.json") as path:
        elements = list(read_elements(path).elements)
    places = [Site(name=n, lat_rad=a * deg, lon_rad=o * deg) for n, a, o in PLACES]
    cases = [
        ("1 satellite x 1 place x 30 days", elements[:1], places[:1], 30.0, 3),
        ("8 satellites x 10 places x 2 days", elements[:8], places, 2.0, 3),
    ]
    ours(elements[:1], places[:1], Span(START, START + 3600.0))  # compile
    print(
        f"{platform.machine()}, Python {platform.python_version()}, elevation >= {LIMIT_DEG} deg\n"
    )
    print("| workload | windows | offnadir s | skyfield s | ratio | only ours | only theirs "
          "| edges apart, median / greatest ms |")  # fmt: skip
    print("| --- " * 8 + "|")
    for title, some, where, days, runs in cases:
        span = Span(START, START + days * 86400.0)
        mine_s, mine = seconds(lambda s=some, w=where, p=span: ours(s, w, p), runs)
        theirs_s, theirs = seconds(lambda s=some, w=where, p=span: skyfield(s, w, p), 1)
        only_a, only_b, apart = agreement(mine, theirs)
        count = sum(len(rows) for rows in mine.values())
        print(
            f"| {title} | {count} | {mine_s:.3f} | {theirs_s:.3f} | {theirs_s / mine_s:.0f} "
            f"| {only_a} | {only_b} | {np.median(apart) * 1e3:.1f} / {apart.max() * 1e3:.1f} |"
        )


if __name__ == "__main__":
    sys.exit(main())
