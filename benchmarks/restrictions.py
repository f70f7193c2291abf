"""How long it takes to judge many pictures against many rules, in seconds of CPU; and whether it is right.

    python benchmarks/restrictions.py [--pictures 100000] [--rules 1000] [--check 300]

Rules: countries, boxes, circles and areas of many corners all over the Earth, with conditions of every sort.
Pictures: points, one in ten a footprint of some kilometres. Some are judged one by one too, and must agree.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import shapely

from offnadir.access.countries import country_names
from offnadir.epoch import Epoch
from offnadir.tasking import GroundSegment, Pack, Question, judge, public_pack, read_pack
from offnadir.tasking.policy import EFFECTS, judge_many

EFFECT_LINES = (
    'effect = "notify"',
    'effect = "degrade"\nto_m = {sharp}',
    'effect = "delay"\ndelay = "{hours} h"',
    'effect = "permit"',
    'effect = "deny"',
)


def make_pack(folder: Path, rules: int, rng: np.random.Generator) -> Pack:
    """A pack of rules made up from a seed."""
    codes = sorted(code for code in country_names() if code != "AQ")
    lines = ['[pack]\nformat = 1\nname = "made up"\nversion = "1"\n']
    for number in range(rules):
        lon, lat = rng.uniform(-180, 180), np.degrees(np.arcsin(rng.uniform(-0.98, 0.98)))
        sort = number % 4
        if sort == 0:
            some = rng.choice(codes, rng.integers(1, 6), replace=False)
            where = f"countries = {json.dumps([str(one) for one in some])}"
        elif sort == 1:
            west, east = sorted((lon, min(180.0, lon + rng.uniform(1, 20))))
            north = min(90.0, lat + rng.uniform(1, 10))
            where = f"boxes = [[{west:.3f}, {lat:.3f}, {east:.3f}, {north:.3f}]]"
        elif sort == 2:
            size = f"radius_km = {rng.uniform(10, 900):.1f}"
            where = f"circles = [{{lon_deg = {lon:.3f}, lat_deg = {lat:.3f}, {size}}}]"
        else:
            turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
            radius = rng.uniform(1, 6) * (1 + 0.3 * np.sin(7 * turn))
            ring = np.column_stack(
                [lon + radius * np.cos(turn), np.clip(lat + radius * np.sin(turn), -89, 89)]
            )
            ring[:, 0] = (ring[:, 0] + 180) % 360 - 180
            corners = [*ring.round(4).tolist(), ring[0].round(4).tolist()]
            (folder / f"{number}.geojson").write_text(
                json.dumps({"type": "Feature", "properties": {"name": str(number)},
                            "geometry": {"type": "Polygon", "coordinates": [corners]}})
            )  # fmt: skip
            where = f'geojson = "{number}.geojson"'
        effect = EFFECT_LINES[rng.integers(5)].format(
            sharp=round(rng.uniform(0.3, 2), 2), hours=rng.integers(1, 400)
        )
        extra = "" if "degrade" in effect else f"gsd_at_most_m = {rng.uniform(0.3, 3):.2f}\n"
        extra += [
            'operator_countries = ["US"]\n',
            'recipient_kinds = ["media", "company"]\n',
            "",
            'age_below = "9 d"\n',
        ][rng.integers(4)]
        lines.append(
            f'[[rule]]\nid = "r{number}"\ntitle = "t"\nauthority = "a"\nkind = "law"\nwords = "w"\n'
            f'source = "s"\nretrieved = 2026-11-29\nconfidence = "low"\n'
            f"{effect}\n{extra}where = {{ {where} }}\n"
        )
    path = folder / "made_up.toml"
    path.write_text("\n".join(lines))
    return read_pack(path)


def make_questions(pictures: int, rng: np.random.Generator) -> list[Question]:
    """Pictures made up from a seed."""
    now = Epoch.from_utc("2026-06-01")
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, pictures)))
    lon = rng.uniform(-180, 180, pictures)
    gsd = rng.uniform(0.25, 3.5, pictures)
    age_s = rng.uniform(0, 20 * 86400, pictures)
    questions = []
    for number in range(pictures):
        place: object = (float(lon[number]), float(lat[number]))
        if number % 10 == 0 and abs(lat[number]) < 85 and abs(lon[number]) < 179:
            place = shapely.box(lon[number], lat[number], lon[number] + 0.2, lat[number] + 0.1)
        questions.append(
            Question(
                at=now,
                place_deg=place,
                stage="delivery",
                operator=("Planet", "DLR", "MDA")[number % 3],
                kind=("optical", "sar", "tir")[number % 3],
                gsd_m=float(gsd[number]),
                imaged_at=now + -float(age_s[number]),
                recipient_country=("DE", "KP", "FR", "JP")[number % 4],
                recipient_kind=("media", "military")[number % 2],
                ground=(GroundSegment(country="NO"),),
            )
        )
    return questions


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--check", type=int, default=300)
    wanted = parser.parse_args()
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        packs = [public_pack(), make_pack(Path(folder), wanted.rules, rng)]
        print(
            f"packs of {sum(len(p.rules) for p in packs)} rules read: {time.process_time() - start:.2f} s"
        )
    start = time.process_time()
    questions = make_questions(wanted.pictures, rng)
    print(f"{len(questions)} questions made: {time.process_time() - start:.2f} s")
    start = time.process_time()
    verdicts = judge_many(packs, questions)
    print(f"judged at once: {time.process_time() - start:.2f} s")
    counts = np.bincount(verdicts.effect, minlength=len(EFFECTS))
    print(", ".join(f"{name} {count}" for name, count in zip(EFFECTS, counts, strict=True)))
    start = time.process_time()
    wrong = 0
    for number in rng.choice(len(questions), min(wanted.check, len(questions)), replace=False):
        one = judge(packs, questions[number])
        same = (one.effect, one.sure_effect, one.until) == (
            EFFECTS[verdicts.effect[number]], EFFECTS[verdicts.sure_effect[number]], verdicts.until(number),
        )  # fmt: skip
        limit = verdicts.gsd_m[number]
        wrong += not (same and (one.gsd_m == limit or (one.gsd_m is None and np.isnan(limit))))
    spent = time.process_time() - start
    print(f"one by one: {1e3 * spent / wanted.check:.1f} ms each; {wrong} of {wanted.check} differ")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
