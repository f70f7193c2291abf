"""How well are real pictures predicted? Off-nadir and azimuth of strips, the Sun of scenes.

    python benchmarks/real_pictures.py strips.jsonl scenes.jsonl [--within DAYS]

Each line is a JSON object with `tle_nearest` {age_days, line1, line2} and either `points` [{time_utc, lat,
lon, off_nadir, sat_azimuth}] (a strip; times are cut off to whole seconds) or `time_utc`, `centroid`,
`sun_elevation` (a scene). Records marked `known_bad` are left out and counted.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from offnadir.earth import EarthOrientation, Site, SunTable
from offnadir.epoch import Epoch, Span
from offnadir.geometry import look_angles
from offnadir.orbits import make_ephemeris, read_elements
from offnadir.units import deg

ORIENTATION = EarthOrientation.bundled()


def strip(record: dict[str, Any], scratch: Path) -> tuple[float, float]:
    """Differences of off-nadir and azimuth [deg] at the middle point of a strip."""
    point = record["points"][len(record["points"]) // 2]
    scratch.write_text(f"{record['tle_nearest']['line1']}\n{record['tle_nearest']['line2']}\n")
    (elements,) = read_elements(scratch).elements
    time = Epoch.from_utc(point["time_utc"]) + 0.5
    ephemeris = make_ephemeris(elements, Span(time + -60.0, time + 60.0), ORIENTATION)
    site = Site(name="tile", lat_rad=point["lat"] * deg, lon_rad=point["lon"] * deg)
    at = [time.tai_ns]
    look = look_angles(
        ephemeris.position_itrf_m(at),
        ephemeris.velocity_itrf_m_s(at),
        site.r_itrf_m,
        site.lat_rad,
        site.lon_rad,
    )
    turned = (look.azimuth_rad[0] / deg - point["sat_azimuth"] + 180) % 360 - 180
    return abs(look.off_nadir_rad[0] / deg - point["off_nadir"]), abs(turned)


def scene(record: dict[str, Any]) -> float:
    """Difference of the Sun's elevation [deg] at the centre of a scene."""
    time = Epoch.from_utc(record["time_utc"])
    lon, lat = record["centroid"]
    site = Site(name="centre", lat_rad=lat * deg, lon_rad=lon * deg)
    elevation, _ = SunTable.over(Span(time, time + 1.0), ORIENTATION).angles_rad(
        site, [time.tai_ns]
    )
    return abs(elevation[0] / deg - record["sun_elevation"])


def row(title: str, values: list[float]) -> str:
    v = np.array(values)
    return (
        f"| {title} | {len(v)} | {np.median(v):.4f} | {np.percentile(v, 90):.4f} | {v.max():.4f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--within", type=float, default=3.0, help="greatest age of the set [days]")
    options = parser.parse_args()
    off, azimuth, sun = [], [], []
    left_out = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in options.files:
            for line in path.read_text().splitlines():
                record = json.loads(line)
                nearest = record.get("tle_nearest")
                if (
                    record.get("known_bad")
                    or not nearest
                    or abs(nearest["age_days"]) > options.within
                ):
                    left_out += 1
                elif "points" in record:
                    differences = strip(record, Path(folder) / "set.tle")
                    off.append(differences[0])
                    azimuth.append(differences[1])
                elif record.get("sun_elevation") is not None:
                    sun.append(scene(record))
    print("| what, deg | n | median | ninth decile | greatest |\n| --- | --- | --- | --- | --- |")
    for title, values in (("off-nadir", off), ("azimuth", azimuth), ("Sun elevation", sun)):
        if values:
            print(row(title, values))
    print(f"\nleft out (no set within {options.within:g} days, or known to be wrong): {left_out}")


if __name__ == "__main__":
    main()
