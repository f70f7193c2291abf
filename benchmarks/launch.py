"""Real launches against the geometry: predicted less real lift-off, as a table in Markdown.

python benchmarks/launch.py [--out FILE]. One ascent for all: 10 minutes, 20 degrees, direct.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, read_elements
from offnadir.orbits.launch import (
    Candidate,
    Spaceport,
    find_spaceport,
    launches,
    reconstruct,
    sun_synchronous_target,
    target_of_elements,
)
from real_launches import LAUNCHES, RealLaunch

HALF_DAY_S = 43200.0
MINUTE_S = 60.0


@dataclass(frozen=True)
class Outcome:
    """Minutes from the real lift-off; None where there is nothing to predict from."""

    by_local_time_min: float | None
    by_plane_min: float | None
    by_place_min: float | None
    kind: str
    sigma_min: float
    set_age_days: float
    direction: str
    azimuth_deg: float


def first_set(one: RealLaunch, folder: Path) -> ElementSet:
    """The element set, read as a user's file would be."""
    path = folder / "first.tle"
    path.write_text("\n".join([one.name, *one.tle]) + "\n")
    (elements,) = read_elements(path).elements
    return elements


def launch_site(one: RealLaunch) -> Spaceport:
    """The site of a launch, with the pad that was used."""
    site = find_spaceport(one.site)
    if one.pad is None:
        return site
    lat_rad, lon_rad = np.radians(one.pad).tolist()
    return replace(site, site=Site(name=site.name, lat_rad=lat_rad, lon_rad=lon_rad))


def measure(one: RealLaunch, folder: Path) -> Outcome:
    """What the geometry says of one launch, with the passage nearest to the real time."""
    real, site = Epoch.from_utc(one.time), launch_site(one)
    around = Span(real + -HALF_DAY_S, real + HALF_DAY_S)
    planned = by_plane = by_place = None
    found: Candidate | None = None
    if one.local_time:
        hours, minutes = one.local_time.split(":")
        target = sun_synchronous_target(
            one.height_km * 1e3, int(hours) + int(minutes) / 60, real, node=one.node
        )
        best = min(launches(site, target, around), key=lambda x: abs(x.time - real))
        planned = (best.time - real) / MINUTE_S
    if one.tle:
        elements = first_set(one, folder)
        best = min(
            launches(site, target_of_elements(elements), around), key=lambda x: abs(x.time - real)
        )
        by_plane = (best.time - real) / MINUTE_S
        candidates = reconstruct([elements], site, span=around)
        found = min(candidates, key=lambda x: abs(x.launch.time - real))
        if found.kind in ("direct", "dog-leg"):
            by_place = (found.time - real) / MINUTE_S
    return Outcome(
        by_local_time_min=planned,
        by_plane_min=by_plane,
        by_place_min=by_place,
        kind=found.kind if found else "",
        sigma_min=found.sigma_s / MINUTE_S if found else float("nan"),
        set_age_days=found.set_age_s / 86400 if found else float("nan"),
        direction=best.azimuth.direction,
        azimuth_deg=best.azimuth.ground_rad * 57.29578,
    )


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}"


def _remarks(one: RealLaunch) -> str:
    turned = f"not direct: {one.turned}" if one.turned else ""
    moved = f"place: {one.moved}" if one.moved else ""
    return "; ".join(text for text in (turned, moved) if text)


def table(folder: Path) -> str:
    """The Markdown table."""
    lines = [
        "| satellite | site | lift-off (UTC) | direction, azimuth | planned local time | by it, min | "
        "set age, days | plane alone, min | plane and place, min | told as | remarks |",
        "| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for one in sorted(LAUNCHES, key=lambda x: x.time):
        got = measure(one, folder)
        local = f"{one.local_time} {one.node}" if one.local_time else ""
        age = "" if got.set_age_days != got.set_age_days else f"{got.set_age_days:.1f}"
        lines.append(
            f"| {one.name} | {one.site} | {one.time[:16].replace('T', ' ')} | {got.direction}, "
            f"{got.azimuth_deg:.1f} | {local} | {_cell(got.by_local_time_min)} | {age} | "
            f"{_cell(got.by_plane_min)} | {_cell(got.by_place_min)} | {got.kind} | {_remarks(one)} |"
        )
    return "\n".join(lines)


def main() -> None:
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = table(Path(folder))
    if arguments.out:
        arguments.out.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
