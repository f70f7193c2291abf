"""Fit the curve from features of two names to a score: src/offnadir/tasking/screening_model.toml.

    python tools/fit_screening.py FOLDER [--write]

FOLDER holds name_pairs.csv (labelled pairs), negatives_us_1000.csv (invented persons) and a UN list,
un_consolidated_*.xml.gz. Beside the labelled pairs, which are few, it learns from
- spellings of one listed name: aliases of one entry that answer each other word by word,
- pairs that are not one: each listed person and the most similar name of another entry,
- each invented person and the most similar name of the list,
which together weigh half as much as the labelled pairs. No feature may speak for a match (weights are
not negative), and each is drawn towards a prior set by judgement, which decides where the pairs say
nothing. Prints the cross-validated figures: every tenth of the labelled pairs is predicted from all
else, five times over.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.stats import rankdata

from offnadir.tasking import read_list
from offnadir.tasking._names_compare import FEATURES, compare
from offnadir.tasking._names_form import forms
from offnadir.tasking._screening_index import Index
from offnadir.tasking.screening import comparisons

PRIOR = {
    "typo": 2.0, "worst": 2.0, "conflict": 4.0, "replaced": 4.0, "extra": 3.0, "extra_organisation": 2.0,
    "lone": 2.0, "unlike": 3.0, "edits": 3.0, "short": 0.5, "number": 0.5, "legal": 2.0, "reversed": 3.0,
    "initial": 0.2, "order": 0.5,
}  # fmt: skip
PULL = (
    0.06  # half the square of a weight's distance from its prior, times this, is added to the loss
)
KINDS = {"Person": "person", "Vessel": "vessel"}
TARGET = Path(__file__).parents[1] / "src" / "offnadir" / "tasking" / "screening_model.toml"


def best(compared: list, weights: np.ndarray) -> np.ndarray | None:
    values = [np.array(c.values) for c in compared]
    return min(values, key=lambda v: float(v @ weights)) if values else None


def labelled(folder: Path) -> tuple[list[list], np.ndarray]:
    rows = list(csv.DictReader((folder / "name_pairs.csv").open(encoding="utf-8")))
    truth = np.array([row["is_match"] == "true" for row in rows], dtype=float)
    return [
        comparisons(r["name1"], r["name2"], KINDS.get(r["schema"], "organisation")) for r in rows
    ], truth


def from_list(
    folder: Path, weights: np.ndarray, *, quiet: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, truth and sample weights of pairs that the list itself and the invented persons give."""
    (path,) = folder.glob("un_consolidated_*.xml*")
    entries = read_list(path).entries
    same, other, invented = [], [], []
    listed, owner = [], []
    for n, entry in enumerate(entries):
        if entry.kind == "person":
            for name in entry.names:
                for form in forms(name.text, "person"):
                    listed.append(form)
                    owner.append(n)
        for alias in entry.names[1:]:
            found = best(comparisons(entry.name, alias.text, entry.kind), weights)
            alike = dict(zip(FEATURES, found, strict=True)) if found is not None else {}
            # Most aliases are other names altogether; those that answer word by word are spellings.
            if alike and alike["replaced"] < 0.3 and alike["extra"] < 0.4 and any(found):
                same.append(found)
    index = Index(listed)
    people = list(csv.DictReader((folder / "negatives_us_1000.csv").open(encoding="utf-8")))
    asked = [(None, row["full_name"]) for row in people]
    asked += [(n, entry.name) for n, entry in enumerate(entries) if entry.kind == "person"]
    for n, name in asked:
        mine = forms(name, "person")
        index.learn(mine)
        near = [
            np.array(compare(form, listed[c], True).values)
            for form in mine
            for c in index.candidates(form, -6.0, 25)
            if owner[c] != n
        ]
        if near:
            nearest = min(near, key=lambda v: float(v @ weights))
            if n is None:
                invented.append(nearest)
            elif nearest @ weights > 0.3:  # two listed persons of one name are no lesson
                other.append(nearest)
    groups = [(same, 1.0), (other, 0.0), (invented, 0.0)]
    if not quiet:
        print("beside the labelled pairs:", [len(group) for group, _ in groups])
    features = np.array([v for group, _ in groups for v in group])
    truth = np.array([y for group, y in groups for _ in group])
    share = np.array([48.0 / len(group) for group, _ in groups for _ in group])
    return features, truth, share


def fit(features: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Constant and weights of the curve, by penalised likelihood."""
    prior = np.array([PRIOR[name] for name in FEATURES])

    def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
        odds = p[0] - features @ p[1:]
        miss = weight * (1 / (1 + np.exp(-odds)) - truth)
        value = float(weight @ (np.logaddexp(0, odds) - truth * odds))
        value += PULL / 2 * float(((p[1:] - prior) ** 2).sum())
        return value, np.concatenate([[miss.sum()], -(features.T @ miss) + PULL * (p[1:] - prior)])

    bounds = [(None, None)] + [(0.0, None)] * len(FEATURES)
    return minimize(loss, np.array([4.0, *prior]), jac=True, method="L-BFGS-B", bounds=bounds).x


def roc_auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Chance that a match scores above a pair that is none."""
    ranks, ones = rankdata(score), truth.sum()
    return float((ranks[truth == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(truth) - ones)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    compared, truth = labelled(args.folder)
    weights = np.array([PRIOR[name] for name in FEATURES])
    more, more_truth, share = from_list(args.folder, weights)
    for _ in range(3):  # which reading is best depends on the weights
        features = np.array([best(c, weights) for c in compared])
        everything = np.vstack([features, more]), np.concatenate([truth, more_truth])
        found = fit(*everything, np.concatenate([np.ones(len(truth)), share]))
        weights = found[1:]
    print(
        f"constant {found[0]:.2f}",
        {n: round(float(w), 2) for n, w in zip(FEATURES, weights, strict=True)},
    )
    score = np.zeros((5, len(truth)))
    for turn in range(5):
        order = np.random.default_rng(turn).permutation(len(truth))
        for part in range(10):
            test = order[part::10]
            train = np.setdiff1d(order, test)
            p = fit(
                np.vstack([features[train], more]),
                np.concatenate([truth[train], more_truth]),
                np.concatenate([np.ones(len(train)), share]),
            )
            score[turn, test] = p[0] - features[test] @ p[1:]
    for name, s in (("fitted", (found[0] - features @ weights)[None]), ("cross-validated", score)):
        hit, real = s > 0, truth == 1
        print(
            f"{name:16} precision {np.mean([real[h].mean() for h in hit]):.3f} "
            f"recall {hit[:, real].mean():.3f} "
            f"ROC AUC {np.mean([roc_auc(truth, one) for one in s]):.3f} "
            f"Brier {np.mean((1 / (1 + np.exp(-s)) - truth) ** 2):.3f}"
        )
    if args.write:
        lines = [
            "# Written by tools/fit_screening.py: the curve from features of two names to the log-odds",
            "# that they are of one party: constant less the sum of weight times feature; the features",
            "# are told in tasking/_names_compare.py. Fitted on 284 labelled pairs (contrib/name_bench of",
            "# opensanctions/nomenklatura, MIT), on aliases of the UN list of 2026-02-27, and on 1000",
            "# invented persons (contrib of opensanctions/yente, MIT).",
            f"constant = {found[0]:.3f}",
            "",
            "[features]",
            *(f"{name} = {w:.3f}" for name, w in zip(FEATURES, weights, strict=True)),
        ]
        TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
