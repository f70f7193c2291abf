"""How good is name screening, and how fast?

    ./run bench screening FOLDER [--customers N]

FOLDER holds name_pairs.csv (labelled pairs of names), negatives_us_1000.csv (invented persons, none of
whom is listed) and the UN's list, un_consolidated_*.xml.gz. Prints, as a page for the record:

- precision, recall and ROC area on the labelled pairs at the default threshold, as fitted and
  cross-validated, with every miss and every false alarm; beside plain token-sort similarity (rapidfuzz) at
  the threshold that is best for it on these very pairs;
- the list screened by its own aliases, each spelled otherwise by rule: how many are found;
- hits among the invented persons;
- 10,000 customers, made of the invented persons' given and family names and of words of trade, against the
  whole list: wall and CPU seconds on one core.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import fit_screening as fitting
from offnadir.tasking import Party, Screener, name_score, read_list
from offnadir.tasking._names_compare import FEATURES
from offnadir.tasking.screening import THRESHOLD


def pairs_of(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "name_pairs.csv").open(encoding="utf-8")))


def kind_of(row: dict[str, str]) -> str:
    return fitting.KINDS.get(row["schema"], "organisation")


def quality(folder: Path) -> None:
    rows = pairs_of(folder)
    truth = np.array([row["is_match"] == "true" for row in rows], dtype=float)
    ours = np.array([name_score(r["name1"], r["name2"], kind=kind_of(r)) for r in rows])
    peer = np.array([token_sort(r["name1"], r["name2"]) for r in rows])
    plain = np.array([token_sort_ascii(r["name1"], r["name2"]) for r in rows])
    held = held_out(folder, truth)
    print("## Labelled pairs\n")
    print(f"{len(rows)} pairs, {int(truth.sum())} of them matches.\n")
    print(
        "| | threshold | precision | recall | F1 | accuracy | ROC area |\n|---|---|---|---|---|---|---|"
    )
    said = "this, at its default"
    print(line(said, THRESHOLD, ours, truth))
    print(line("this, each pair held out of the fit", THRESHOLD, held, truth))
    for name, score in (("token_sort_ratio, its best", peer), ("the same after anyascii", plain)):
        best = max(sorted(set(score)), key=lambda t: f1(score >= t, truth))
        print(line(name, float(best), score, truth))
    print("\nBy group (as fitted):\n\n| group | pairs | misses | false alarms |\n|---|---|---|---|")
    for group in sorted({r["case_group"] for r in rows}):
        mine = np.array([r["case_group"] == group for r in rows])
        hit = ours >= THRESHOLD
        misses, alarms = (
            int((mine & ~hit & (truth == 1)).sum()),
            int((mine & hit & (truth == 0)).sum()),
        )
        print(f"| {group} | {mine.sum()} | {misses} | {alarms} |")
    for title, wrong in (
        ("Misses", (ours < THRESHOLD) & (truth == 1)),
        ("False alarms", (ours >= THRESHOLD) & (truth == 0)),
    ):
        print(f"\n{title} ({int(wrong.sum())}), with the score as fitted and held out:\n")
        for n in np.flatnonzero(wrong):
            print(f"- {ours[n]:.2f} ({held[n]:.2f}) {rows[n]['name1']} | {rows[n]['name2']}")


def held_out(folder: Path, truth: np.ndarray) -> np.ndarray:
    """Score of each pair by a curve fitted without the tenth of the pairs that it is in."""
    compared, _ = fitting.labelled(folder)
    weights = np.array([fitting.PRIOR[name] for name in FEATURES])
    more, more_truth, share = fitting.from_list(folder, weights, quiet=True)
    order = np.random.default_rng(7).permutation(len(truth))
    odds = np.zeros(len(truth))
    for part in range(10):
        test = order[part::10]
        train = np.setdiff1d(order, test)
        p = np.concatenate([[4.0], weights])
        for _ in range(2):
            features = np.array([fitting.best(c, p[1:]) for c in compared])
            p = fitting.fit(
                np.vstack([features[train], more]),
                np.concatenate([truth[train], more_truth]),
                np.concatenate([np.ones(len(train)), share]),
            )
        odds[test] = p[0] - features[test] @ p[1:]
    return 1 / (1 + np.exp(-odds))


def token_sort(a: str, b: str) -> float:
    from rapidfuzz import fuzz, utils

    return float(fuzz.token_sort_ratio(a, b, processor=utils.default_process)) / 100


def token_sort_ascii(a: str, b: str) -> float:
    from anyascii import anyascii

    return token_sort(anyascii(a), anyascii(b))


def f1(hit: np.ndarray, truth: np.ndarray) -> float:
    both = (hit & (truth == 1)).sum()
    return float(2 * both / (hit.sum() + truth.sum())) if both else 0.0


def line(name: str, threshold: float, score: np.ndarray, truth: np.ndarray) -> str:
    hit = score >= threshold
    both = (hit & (truth == 1)).sum()
    return (
        f"| {name} | {threshold:.2f} | {both / max(1, hit.sum()):.3f} | {both / truth.sum():.3f} | "
        f"{f1(hit, truth):.3f} | {(hit == (truth == 1)).mean():.3f} | {fitting.roc_auc(truth, score):.3f} |"
    )


SPELLINGS = {
    "a letter lost": lambda w, r: " ".join(
        drop(t, r) if n == len(w) - 1 else t for n, t in enumerate(w)
    ),
    "two letters swapped": lambda w, r: " ".join(
        swap(t, r) if n == 0 else t for n, t in enumerate(w)
    ),
    "last word first": lambda w, r: " ".join([w[-1], *w[:-1]]),
    "family name, comma": lambda w, r: f"{w[-1]}, {' '.join(w[:-1])}",
    "first two words joined": lambda w, r: " ".join([w[0] + w[1], *w[2:]]),
    "a middle word lost": lambda w, r: " ".join([w[0], *w[2:]]) if len(w) > 2 else " ".join(w),
    "Cyrillic look-alikes": lambda w, r: " ".join(w).translate(
        str.maketrans("AEOPCXaeopcx", "АЕОРСХаеорсх")
    ),
    "diacritics": lambda w, r: " ".join(w).translate(str.maketrans("AEIOUaeiou", "ÁÈÎÖÚáèîöú")),
}


def drop(word: str, r: random.Random) -> str:
    at = r.randrange(1, len(word)) if len(word) > 4 else len(word)
    return word[:at] + word[at + 1 :]


def swap(word: str, r: random.Random) -> str:
    at = r.randrange(1, len(word) - 1) if len(word) > 4 else 0
    return word if not at else word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def listed(screener: Screener, entries: tuple) -> None:
    print("\n## The list's own names, spelled otherwise\n")
    print(
        "The name of every entry that has two words and more; found where the entry is among the hits.\n"
    )
    print(
        "| spelling | asked | found | share | hits on other entries, a question |\n|---|---|---|---|---|"
    )
    chosen = [e for e in entries if len(e.name.split()) > 1]
    spellings = {"as listed": lambda w, r: " ".join(w), **SPELLINGS}
    for said, spell in spellings.items():
        r = random.Random(7)
        asked = [Party(name=spell(e.name.split(), r), kind=e.kind) for e in chosen]
        found = others = 0
        for entry, result in zip(chosen, screener.screen_many(asked), strict=True):
            references = [hit.reference for hit in result.hits]
            found += entry.reference in references
            others += sum(one != entry.reference for one in references)
        print(
            f"| {said} | {len(asked)} | {found} | {found / len(asked):.3f} | {others / len(asked):.2f} |"
        )
    scripted = [
        (e, n.text)
        for e in entries
        for n in e.names
        if n.quality == "original script" and not n.text.isascii()
    ]
    latin = Screener([without_scripts(entries)])
    found = sum(
        e.reference in [h.reference for h in result.hits]
        for (e, _), result in zip(
            scripted,
            latin.screen_many([Party(name=t, kind=e.kind) for e, t in scripted]),
            strict=True,
        )
    )
    print(
        f"\nAsked in the entry's own script of a list from which every name in a script is taken out: "
        f"{found} of {len(scripted)} found ({found / len(scripted):.3f})."
    )


def without_scripts(entries: tuple):
    from dataclasses import replace

    from offnadir.tasking import SanctionsList

    plain = tuple(
        replace(
            e,
            names=tuple(n for n in e.names if all(ord(c) < 0x370 or c in "’‘“”–" for c in n.text)),
        )
        for e in entries
    )
    return SanctionsList(name="Latin only", date="", generated="", sha256="0" * 64, entries=plain)


def invented(folder: Path, screener: Screener) -> list[dict[str, str]]:
    rows = list(csv.DictReader((folder / "negatives_us_1000.csv").open(encoding="utf-8")))
    print("\n## Invented persons against the whole list\n")
    for said, parties in (
        ("name alone", [Party(name=r["full_name"], kind="person") for r in rows]),
        ("with date and place of birth and nationality", [
            Party(
                name=r["full_name"], kind="person", birth_dates=tuple(filter(None, [r["date_of_birth"]])),
                nationalities=tuple(filter(None, [r["nationality"]])),
                places=tuple(filter(None, [r["place_of_birth"]])),
            )
            for r in rows
        ]),
    ):  # fmt: skip
        results = list(screener.screen_many(parties))
        wrong = [(r.party.name, h) for r in results for h in r.hits]
        print(f"{said}: {sum(r.is_hit for r in results)} of {len(rows)} have a hit.")
        for name, hit in wrong:
            print(
                f"- {hit.score:.2f} {name} | {hit.reference} {hit.matched_name}: {'; '.join(hit.reasons)}"
            )
    return rows


TRADE = [
    "Trading",
    "Shipping",
    "Technology",
    "Bank",
    "Energy",
    "Engineering",
    "Export",
    "Space",
    "Imaging",
]
PLACES = [
    "Seoul",
    "Baltic",
    "Andes",
    "Nordic",
    "Danube",
    "Pacific",
    "Alpine",
    "Korea",
    "Persia",
    "Volga",
]
FORMS = ["Ltd", "LLC", "GmbH", "S.A.", "Corporation", "Co., Ltd.", "Inc.", "Group"]


def customers(rows: list[dict[str, str]], number: int) -> list[Party]:
    r = random.Random(7)
    made: dict[str, Party] = {}
    while len(made) < number:
        if r.random() < 0.3:
            name = f"{r.choice(rows)['last_name']} {r.choice(PLACES)} {r.choice(TRADE)} {r.choice(FORMS)}"
            made[name] = Party(name=name, kind="organisation")
        else:
            one = r.choice(rows)
            name = " ".join(
                filter(None, (one["first_name"], one["middle_name"], r.choice(rows)["last_name"]))
            )
            made[name] = Party(name=name, kind="person", birth_dates=(one["date_of_birth"],))
    return list(made.values())


def load(rows: list[dict[str, str]], path: Path, number: int) -> None:
    print(f"\n## {number:,} customers against the whole list\n")
    start, cpu = time.perf_counter(), time.process_time()
    one = read_list(path)
    screener = Screener([one])
    ready, ready_cpu = time.perf_counter() - start, time.process_time() - cpu
    parties = customers(rows, number)
    start, cpu = time.perf_counter(), time.process_time()
    results = list(screener.screen_many(parties))
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    print("| | wall [s] | CPU [s] |\n|---|---|---|")
    print(f"| list read and made ready | {ready:.2f} | {ready_cpu:.2f} |")
    print(f"| {number:,} customers, no two of one name | {wall:.2f} | {spent:.2f} |")
    hits = sum(r.is_hit for r in results)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{hits} of them to review; memory {memory:.0f} MB. One core; the target is 10 s of wall on two."
    )
    start = time.perf_counter()
    for party in parties[:200]:
        Screener.screen(screener, Party(name=party.name + " Zq", kind=party.kind))
    print(f"One at a time: {(time.perf_counter() - start) / 200 * 1e3:.1f} ms each.")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--customers", type=int, default=10_000)
    args = parser.parse_args()
    (path,) = args.folder.glob("un_consolidated_*.xml*")
    one = read_list(path)
    screener = Screener([one])
    print(f"# Screening\n\n{one.name} of {one.date}, {len(one.entries)} entries.\n")
    quality(args.folder)
    listed(screener, one.entries)
    rows = invented(args.folder, screener)
    load(rows, path, args.customers)


if __name__ == "__main__":
    main()
