"""How many true manoeuvres does `object_history` find, how many false ones, and how well?

    python benchmarks/manoeuvres.py --elements sets.tle --truth manoeuvres.yaml [--late-days 1]
    python benchmarks/manoeuvres.py --elements sets.tle --truth s3bman.txt
    python benchmarks/manoeuvres.py --quiet many_objects.tle [--quiet-name DEB] [--quiet-id 25394 ...]

`--truth` is a manoeuvre file of the International DORIS Service (TAI; delta-v in it too; format:
ids-doris.org, man.readme), or a YAML file of UTC times. The YAML files of the "TLE observation benchmark
dataset" are a day late, since day 1 of the year was taken for January 2: give `--late-days 1` for them.

A true manoeuvre is found if it lies between 1.5 days before the set that ends the old orbit and half a day
after the first set of the new one; a detection is right if a true manoeuvre lies there. Burns less than
six hours apart are one manoeuvre. Manoeuvres outside the time of the element sets do not count.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from offnadir.epoch import Epoch
from offnadir.orbits import read_elements
from offnadir.orbits._history_series import clean, make_series
from offnadir.orbits._secular import mean_orbit
from offnadir.orbits._steps import _evidence
from offnadir.orbits.history import Manoeuvre, ObjectHistory, object_history
from offnadir.units import day, hour

BEFORE_S, AFTER_S = 1.5 * day, 0.5 * day
ONE_S = 6 * hour
OUT_OF_PLANE_M_S = 0.1


@dataclass(frozen=True)
class Truth:
    """A true manoeuvre; delta-v is NaN where the file does not tell."""

    time: Epoch
    along_m_s: float = float("nan")
    cross_m_s: float = float("nan")


def read_truth(path: Path, late_days: float) -> list[Truth]:
    """Manoeuvres of a YAML file or of one in the format of the International DORIS Service."""
    text = path.read_text()
    if "manoeuvre_timestamps" in text:
        times = re.findall(r"^- (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", text, re.MULTILINE)
        return [Truth(Epoch.from_utc(time) + -late_days * day) for time in times]
    truth = []
    for line in text.splitlines():
        for k in range(int(line[44])):
            burn = line[46 + 232 * k :].split()[:9]
            start_ns = int(np.datetime64(f"{burn[0]}-01-01", "ns").astype(np.int64))
            seconds = (int(burn[1]) - 1) * day + int(burn[2]) * hour + int(burn[3]) * 60
            time = Epoch(start_ns) + (seconds + float(burn[4]))
            truth.append(Truth(time, float(burn[7]), float(burn[8])))
    return truth


def together(truth: list[Truth]) -> list[Truth]:
    """Burns close together as one, at the time of their middle by size."""
    groups: list[list[Truth]] = []
    for one in sorted(truth, key=lambda each: each.time):
        if groups and one.time - groups[-1][-1].time < ONE_S:
            groups[-1].append(one)
        else:
            groups.append([one])
    joined = []
    for group in groups:
        first = group[0].time
        weights = [abs(one.along_m_s) + abs(one.cross_m_s) for one in group]
        weights = weights if np.isfinite(weights).all() else [1.0] * len(group)
        shift = float(np.average([one.time - first for one in group], weights=weights))
        along = sum(one.along_m_s for one in group)
        joined.append(Truth(first + shift, along, sum(one.cross_m_s for one in group)))
    return joined


def covers(found: Manoeuvre, true: Truth) -> bool:
    return true.time - found.start >= -BEFORE_S and true.time - found.stop <= AFTER_S


def judge(history: ObjectHistory, truth: list[Truth], verbose: bool) -> None:
    """Print recall, precision, and the errors of what was found."""
    assert history.span is not None
    known = [one for one in truth if history.span.contains(one.time)]
    found = history.manoeuvres
    hits = [[one for one in known if covers(each, one)] for each in found]
    seen = [one for one in known if any(one in group for group in hits)]
    right = sum(bool(group) for group in hits)
    print(
        f"{history.satellite}: {len(history.table)} sets, {len(known)} true manoeuvres, {len(found)} found"
    )
    print(f"recall {len(seen)}/{len(known)} = {len(seen) / len(known):.3f}")
    print(f"precision {right}/{len(found)} = {right / len(found):.3f}")
    if np.isfinite([one.along_m_s for one in known]).all():
        for name, chosen in (
            ("in plane", [one for one in known if abs(one.cross_m_s) < OUT_OF_PLANE_M_S]),
            ("out of plane", [one for one in known if abs(one.cross_m_s) >= OUT_OF_PLANE_M_S]),
        ):
            print(f"  {name}: recall {sum(one in seen for one in chosen)}/{len(chosen)}")
    for one in known:
        if one not in seen:
            print(
                f"  missed {one.time.utc(0)}  along {one.along_m_s:+.4f} cross {one.cross_m_s:+.4f} m/s"
            )
    for each, group in zip(found, hits, strict=True):
        if not group:
            print(
                f"  false  {each.start.utc(0)} to {each.stop.utc(0)}  {each.delta_v_m_s:.4f} m/s, "
                f"confidence {each.confidence:.3f}"
            )
        elif verbose:
            print(f"  right  {each.time.utc(0)} {each.direction:12} {each.delta_v_m_s:.4f} m/s")
    _errors([(each, group[0]) for each, group in zip(found, hits, strict=True) if len(group) == 1])
    _misses(history, known)


def _errors(pairs: list[tuple[Manoeuvre, Truth]]) -> None:
    """Errors of time and size where a detection stands for one true manoeuvre."""
    timed = [(each, one) for each, one in pairs if each.timed]
    late_h = np.array([each.time - one.time for each, one in timed]) / hour
    sigma_h = np.array([each.time_sigma_s for each, _ in timed]) / hour
    inside = np.mean(np.abs(late_h) < 2 * sigma_h)
    print(f"time told for {len(timed)} of {len(pairs)}: error median {np.median(np.abs(late_h)):.2f} h, "
          f"90 % below {np.quantile(np.abs(late_h), 0.9):.2f} h, mean {late_h.mean():+.2f} h; "
          f"{inside:.0%} within two sigma")  # fmt: skip
    for name, part, sigma, true in (
        ("along", "along_m_s", "along_sigma_m_s", "along_m_s"),
        ("cross", "cross_m_s", "cross_sigma_m_s", "cross_m_s"),
    ):
        value = np.array([abs(getattr(each, part)) for each, _ in pairs])
        wish = np.array([abs(getattr(one, true)) for _, one in pairs])
        if not np.isfinite(wish).all():
            continue
        off = np.abs(value - wish)
        spread = np.array([getattr(each, sigma) for each, _ in pairs])
        big = wish > 5 * spread
        print(f"{name}: error median {np.median(off) * 1e3:.2f} mm/s, {np.median(off[big] / wish[big]):.1%} "
              f"of those that stand out; {np.mean(off < 2 * spread):.0%} within two sigma")  # fmt: skip


def _misses(history: ObjectHistory, known: list[Truth]) -> None:
    """The simple way for comparison: gaps in which the along-track miss per day is largest."""
    table = history.table
    days = np.diff(table["time"]) / (day * 1e9)
    rate = np.abs(table["miss_along_m"][1:]) / days
    starts = [Epoch(int(t)) for t in table["time"]]
    for count in (len(history.manoeuvres), 2 * len(history.manoeuvres)):
        gaps = np.argsort(-rate)[:count]
        hits = [
            [one for one in known
             if one.time - starts[k] >= -BEFORE_S and one.time - starts[k + 1] <= AFTER_S]
            for k in gaps
        ]  # fmt: skip
        seen = [one for one in known if any(one in group for group in hits)]
        right = sum(bool(group) for group in hits)
        print(f"for comparison, the {count} largest along-track misses a day: recall "
              f"{len(seen)}/{len(known)}, precision {right}/{count}")  # fmt: skip


def quiet(path: Path, name: str, ids: list[int], skip: list[int]) -> None:
    """Strengths in gaps of objects without engines, and how often a manoeuvre is claimed."""
    sets = defaultdict(list)
    for one in read_elements(path).elements:
        if (name in one.name or one.norad_id in ids) and one.norad_id not in skip:
            sets[one.norad_id].append(one)
    strengths, claims, objects = [], [], 0
    for each in sets.values():
        kept, _ = clean(each)
        if len(kept) < 20:
            continue
        objects += 1
        series = make_series(mean_orbit(kept))
        none = np.zeros(len(kept), bool)
        strengths.extend(_evidence(series, none[1:], none).thrust)
        history = object_history(kept)
        claims += [(history.satellite, history.norad_id, found) for found in history.manoeuvres]
    gaps = np.array([one for one in strengths if one > 0.0])
    shares = (0.5, 0.9, 0.95, 0.99, 0.995, 0.999)
    print(f"{objects} objects, {len(gaps)} gaps; strength not exceeded by a share of gaps:",
          ", ".join(f"{share}: {np.quantile(gaps, share):.1f}" for share in shares))  # fmt: skip
    print(f"{len(claims)} manoeuvres claimed")
    for satellite, number, found in claims:
        print(f"  {satellite} {number} {found.start.utc(0)} to {found.stop.utc(0)} "
              f"strength {found.strength:.0f} confidence {found.confidence:.3f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--elements", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--late-days", type=float, default=0.0)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--quiet", type=Path)
    parser.add_argument("--quiet-name", default="DEB")
    parser.add_argument("--quiet-id", type=int, nargs="*", default=[])
    parser.add_argument("--quiet-skip", type=int, nargs="*", default=[])
    options = parser.parse_args()
    if options.elements and options.truth:
        history = object_history(read_elements(options.elements).elements)
        judge(history, together(read_truth(options.truth, options.late_days)), options.verbose)
    if options.quiet:
        quiet(options.quiet, options.quiet_name, options.quiet_id, options.quiet_skip)


if __name__ == "__main__":
    main()
