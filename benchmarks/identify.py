"""Does `identify` name the satellite that took a published picture?

    ./run bench identify FOLDER [--strips N]

FOLDER holds acquisitions/maxar.jsonl and elements/. For each strip: the middle one of its points
(place, second, angles), the element set that was nearest in time, and as competitors the sets of that time of
all other imaging satellites in the history, and every other object of a whole catalogue of 28,000 with its
epoch moved to the day before the picture (the same orbits, other places in them: as dense a crowd).
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from offnadir.access import _near
from offnadir.access.identify import Picture, identify
from offnadir.earth import EarthOrientation, Site
from offnadir.epoch import Epoch
from offnadir.orbits import nearest_sets, read_elements
from offnadir.orbits._tle import read_tle
from offnadir.units import deg

KNOWN = {
    "+ off-nadir": ("off_nadir_rad",),
    "+ off-nadir, azimuth": ("off_nadir_rad", "azimuth_rad"),
    "+ off-nadir, azimuth, incidence": ("off_nadir_rad", "azimuth_rad", "incidence_rad"),
}


def picture_of(strip: dict, names: tuple[str, ...], within_s: float) -> Picture:
    point = strip["points"][len(strip["points"]) // 2]
    angles = {
        "off_nadir_rad": point["off_nadir"] * deg,
        "azimuth_rad": point["sat_azimuth"] * deg,
        "incidence_rad": point["incidence"] * deg,
    }
    return Picture(
        site=Site(name="picture", lat_rad=point["lat"] * deg, lon_rad=point["lon"] * deg),
        time=Epoch.from_utc(point["time_utc"]),
        within_s=within_s,
        **{name: angles[name] for name in names},
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--strips", type=int, default=10**6)
    parser.add_argument("--within", type=float, default=60.0)
    args = parser.parse_args()
    lines = (args.folder / "acquisitions" / "maxar.jsonl").read_text().splitlines()
    strips = [json.loads(line) for line in lines]
    strips = [s for s in strips if s["tle_nearest"]][: args.strips]
    elements = args.folder / "elements"
    history = read_elements(elements / "eo_history_2012_2025-09.3le.gz").elements
    imagers = {one.norad_id for one in history}
    crowd = [
        one
        for one in nearest_sets(read_elements(elements / "catalog_20250901.tle.gz").elements)
        if one.norad_id not in imagers
    ]
    rows = _near.columns(crowd)
    orientation = EarthOrientation.bundled()
    first: Counter[str] = Counter()
    wrong: list[str] = []
    spent, sizes = 0.0, []
    for strip in strips:
        truth = read_set(strip)
        base = picture_of(strip, (), args.within)
        others = [
            one
            for one in nearest_sets(history, near=base.time)
            if one.norad_id != strip["norad"] and abs(base.time - one.epoch) < 60 * 86400
        ]
        # The crowd's epochs are moved to a day before; only those in sight are made anew.
        moved = rows.copy()
        shift_s = base.time.tai_ns * 1e-9 - 86400.0 - rows[0]
        moved[0] += shift_s
        reach = np.full(len(crowd), args.within + 15.0)
        near = _near.objects_in_sight(crowd, base.site, base.time, reach, orientation, moved)
        decoys = [replace(crowd[i], epoch=crowd[i].epoch + float(shift_s[i])) for i in near]
        sets = [truth, *others, *decoys]
        sizes.append(len(sets))
        for name, known in KNOWN.items():
            picture = picture_of(strip, known, args.within)
            ranked = ()
            for prior in (True, False):
                before = time.perf_counter()
                if not prior:
                    # The prior only multiplies: the same answer with it taken out again.
                    ranked = sorted(ranked, key=lambda c: -c.score / (30.0 if c.imaging else 1.0))
                else:
                    ranked = identify(sets, picture, imaging=imagers, orientation=orientation)
                    spent += time.perf_counter() - before
                key = f"{name}{'' if prior else ', without the prior'}"
                best = ranked[0].elements.norad_id if ranked else None
                first[key] += best == strip["norad"]
                if best != strip["norad"] and prior and len(known) == 3:
                    wrong.append(explain(strip, ranked, picture))
    total = len(strips)
    print(
        f"{total} strips, each against {len(crowd) + len(imagers):,} objects "
        f"(some {np.median(sizes):.0f} looked at), within {args.within:.0f} s\n"
    )
    print("| known | ranked first |\n|---|---|")
    for key, count in first.items():
        print(f"| {key} | {count} of {total}, {100 * count / total:.1f} % |")
    print(
        f"\n{spent / (total * len(KNOWN)):.2f} s a question\n\nNot first with all angles known:\n"
    )
    print("\n".join(wrong))


def read_set(strip: dict):
    near = strip["tle_nearest"]
    (one,), _, _ = read_tle(f"{near['line1']}\n{near['line2']}\n", "")
    return replace(one, name=strip["platform"], norad_id=strip["norad"])


def explain(strip: dict, ranked, picture) -> str:
    place = next((k for k, c in enumerate(ranked) if c.elements.norad_id == strip["norad"]), None)
    point = strip["points"][len(strip["points"]) // 2]
    told = (
        f"- {strip['platform']} {point['time_utc']} (set {strip['tle_nearest']['age_days']:.1f} d)"
    )
    if place is None:
        return f"{told}: not among the candidates"
    own, best = ranked[place], ranked[0]
    return (
        f"{told}: place {place + 1}, {own.time_offset_s:+.1f} s, misfits "
        f"{ {k: round(v, 1) for k, v in own.misfits.items()} }; first {best.elements.name} "
        f"({best.elements.norad_id}) {best.time_offset_s:+.1f} s "
        f"{ {k: round(v, 1) for k, v in best.misfits.items()} }"
    )


if __name__ == "__main__":
    main()
