"""Why a design wins, what the runner-up lacks, and, where none is good enough, what would help."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from offnadir.coverage.study_model import GOALS, Study, wish_rows
from offnadir.coverage.study_rows import Row, Verdict, keeps_all, verdicts
from offnadir.coverage.study_search import rank

WISH_WORDS: Final = {
    "niirs": "NIIRS straight down",
    "gsd": "sample distance straight down",
    "revisit": "revisit",
    "mean_revisit": "mean revisit",
    "longest_gap": "longest gap",
    "response": "mean response",
    "response_95": "response of 95 %",
    "latency": "latency",
    "cost": "cost",
    "satellites": "satellites",
    "lifetime": "lifetime in orbit",
}
_TOLD: Final = 5
_LONG_GAPS: Final = 3.0  # of the wished revisit, from which on a longest gap is warned of


def why(rows: Sequence[Row], study: Study) -> dict[str, Any]:
    """The explanation as plain values: each sentence stands with the numbers that it is made of."""
    possible = [row for row in rows if row.possible]
    fit = sorted((row for row in possible if keeps_all(row, study.wishes)), key=rank)
    told: dict[str, Any] = {"impossible": _impossible(rows)}
    if not possible:
        told["sentences"] = ["Every design is impossible; the reasons are counted above."]
        return told
    if fit:
        return told | _winner(fit, possible, study)
    return told | _nobody(possible, study)


def _impossible(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Reasons, the most common first, with how many designs each stops."""
    reasons = Counter(row.trouble for row in rows if row.trouble)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return [{"reason": reason, "designs": count} for reason, count in ordered]


def told_verdict(one: Verdict) -> dict[str, Any]:
    """A wish against a design as plain values."""
    return {
        "wish": one.wish,
        "figure": one.figure,
        "limit": one.limit,
        "at_most": one.at_most,
        "unit": one.unit,
        "kept": one.kept,
        "room": None if math.isinf(one.room) else round(one.room, 6),
    }


def in_words(one: Verdict) -> str:
    """A wish and its figure: "revisit 26.1 h, at most 24 h wished, 2.1 h (9 %) too long"."""
    limit = f"at {'most' if one.at_most else 'least'} {number(one.limit, one.unit)} wished"
    name = WISH_WORDS[one.wish]
    if one.figure is None:
        return f"{name}: never, {limit}"
    apart = abs(one.figure - one.limit)
    side = "to spare" if one.kept else "too much" if one.at_most else "too little"
    share = f"{abs(one.room) * 100:.0f} %"
    return f"{name} {number(one.figure, one.unit)}, {limit}: {number(apart, one.unit)} ({share}) {side}"


def number(value: float, unit: str = "") -> str:
    """A number with three digits that count, and its unit."""
    if value != 0 and abs(value) < 1000:
        digits = max(0, 2 - math.floor(math.log10(abs(value))))
        text = f"{value:.{min(digits, 4)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value:.0f}"
    return f"{text} {unit}".rstrip()


def _winner(fit: list[Row], possible: list[Row], study: Study) -> dict[str, Any]:
    best = fit[0]
    all_of = verdicts(best, study.wishes)
    binding = min(all_of, key=lambda one: one.room, default=None)
    sentences = [
        f"{len(fit)} of {len(possible)} evaluated designs keep every wish; the cheapest costs "
        f"{number(best.figures['cost'])} kg, with {best.figures['satellites']} "
        f"satellite{'' if best.figures['satellites'] == 1 else 's'}."
    ]
    fewest = min(fit, key=lambda row: (row.figures["satellites"], rank(row)))
    if fewest.figures["satellites"] < best.figures["satellites"]:
        count = fewest.figures["satellites"]
        sentences.append(
            f"The fewest satellites that keep every wish are {count}: design {fewest.number}, "
            f"{number(fewest.figures['cost'])} kg ({_changed(best, fewest)})."
        )
    gap, wished = best.figures.get("longest_gap_h"), study.wishes.revisit_s
    if wished is not None and (gap is None or gap > _LONG_GAPS * wished / 3600.0):
        sentences.append(
            "Beware: 95 % of its gaps are short, but its longest takes "
            f"{'more than the span' if gap is None else number(gap, 'h')}; response_95 counts time, not gaps."
        )
    told: dict[str, Any] = {"binding": None, "runner_up": None, "cheaper": None}
    if binding is not None:
        told["binding"] = told_verdict(binding)
        sentences.append(f"What binds it is the wish with least room: {in_words(binding)}.")
    limit = study.wishes.niirs is not None or study.wishes.gsd_m is not None
    if limit and best.figures["off_nadir_deg"] < best.figures["max_off_nadir_deg"] - 0.05:
        sentences.append(
            f"It may turn to {number(best.figures['max_off_nadir_deg'])} deg; beyond "
            f"{number(best.figures['off_nadir_deg'])} deg its looks are less sharp than wished, "
            "and do not count."
        )
    if len(fit) > 1:
        told["runner_up"], sentence = _runner_up(best, fit[1], study)
        sentences.append(sentence)
    cheaper = _nearest(
        [row for row in possible if row.figures["cost"] < best.figures["cost"]], study
    )
    if cheaper is not None:
        failed = [one for one in verdicts(cheaper, study.wishes) if not one.kept]
        told["cheaper"] = {
            "design": cheaper.number,
            "cost": cheaper.figures["cost"],
            "fails": [told_verdict(one) for one in failed],
            "differs": _differences(best, cheaper),
        }
        sentences.append(
            f"Of all that is cheaper, design {cheaper.number} comes nearest "
            f"({number(cheaper.figures['cost'])} kg; {_changed(best, cheaper)}) and fails: "
            f"{'; '.join(in_words(one) for one in failed)}."
        )
    elif len(possible) > len(fit):
        sentences.append("Nothing that was evaluated is cheaper.")
    return told | {"sentences": sentences}


def _runner_up(best: Row, second: Row, study: Study) -> tuple[dict[str, Any], str]:
    extra = second.figures["cost"] - best.figures["cost"]
    better = []
    for name in study.search.objectives:
        goal = GOALS[name]
        ours, theirs = best.figures.get(goal.figure), second.figures.get(goal.figure)
        if ours is None or theirs is None or name == "cost":
            continue
        change = theirs - ours
        if abs(change) > 1e-9:
            good = (change < 0) == goal.least
            word = "better" if good else "worse"
            better.append(f"{goal.words} {number(abs(change), goal.unit)} {word}")
    told = {
        "design": second.number,
        "cost": second.figures["cost"],
        "extra_cost": round(extra, 6),
        "differs": _differences(best, second),
        "objectives": better,
    }
    cost = f"costs {number(extra)} kg more" if extra > 1e-9 else "costs the same"
    what = f": {', '.join(better)}" if better else ""
    return told, f"The runner-up, design {second.number} ({_changed(best, second)}), {cost}{what}."


def _nobody(possible: list[Row], study: Study) -> dict[str, Any]:
    near = _nearest(possible, study)
    assert near is not None
    all_of = verdicts(near, study.wishes)
    failed = [one for one in all_of if not one.kept]
    sentences = [
        f"None of {len(possible)} evaluated designs keeps every wish.",
        f"Design {near.number} comes nearest and fails: {'; '.join(in_words(one) for one in failed)}.",
    ]
    relaxed = _relaxed(possible, study)
    for one in relaxed:
        if one["needed"] is not None:
            sentences.append(
                f"With {WISH_WORDS[one['wish']]} of {number(one['needed'], one['unit'])} in place of "
                f"{number(one['limit'], one['unit'])} design {one['design']} would do, every other wish kept."
            )
        else:
            sentences.append(
                f"No design would do with another {WISH_WORDS[one['wish']]} alone: "
                f"{one['others_kept']} keep all the other wishes."
            )
    edges = _edges(near, study)
    if edges:
        sentences.append(
            "That design stands at an end of its choices: " + ", ".join(edges[:_TOLD]) + "; "
            "choices beyond may do."
        )
    counts = {
        name: sum(
            next(one.kept for one in verdicts(row, study.wishes) if one.wish == name)
            for row in possible
        )
        for name, *_ in wish_rows(study.wishes)
    }
    return {
        "nearest": {"design": near.number, "fails": [told_verdict(one) for one in failed]},
        "kept_by": counts,
        "relaxed": relaxed,
        "at_edge": edges,
        "sentences": sentences,
    }


def _nearest(rows: Sequence[Row], study: Study) -> Row | None:
    """The design whose failed wishes are least far from kept, by the sum of shares of the limits."""

    def missing(row: Row) -> tuple[float, Any]:
        total = sum(max(0.0, min(-one.room, 1e6)) for one in verdicts(row, study.wishes))
        return total, rank(row)

    return min(rows, key=missing, default=None)


def _relaxed(possible: Sequence[Row], study: Study) -> list[dict[str, Any]]:
    """For each wish that somebody fails: the least that it would have to give way, all others kept."""
    found = []
    for name, _, limit, at_most, unit in wish_rows(study.wishes):
        others, figures = 0, []
        for row in possible:
            all_of = verdicts(row, study.wishes)
            if all(one.kept for one in all_of if one.wish != name):
                others += 1
                (own,) = (one for one in all_of if one.wish == name)
                if own.figure is not None:
                    figures.append((own.figure if at_most else -own.figure, rank(row), row))
        best = min(figures, key=lambda one: one[:2], default=None)
        found.append(
            {
                "wish": name,
                "limit": limit,
                "unit": unit,
                "others_kept": others,
                "needed": None if best is None else abs(best[0]),
                "design": None if best is None else best[2].number,
            }
        )
    return sorted(found, key=lambda one: one["needed"] is None)


def _edges(row: Row, study: Study) -> list[str]:
    """Variables of a design that stand at the first or last of several numbers."""
    found = []
    for variable in (*study.orbits[row.genes[0]].variables, *study.sensors[row.genes[1]].variables):
        value = row.design[variable.name]
        if len(variable.values) > 1 and isinstance(value, int | float):
            numbers = [one for one in variable.values if isinstance(one, int | float)]
            if value in (min(numbers), max(numbers)):
                end = "most" if value == max(numbers) else "least"
                found.append(f"{variable.name} = {value:g}, the {end} offered")
    return found


def _differences(one: Row, other: Row) -> dict[str, Any]:
    """What the other design has otherwise, of the variables that both have."""
    pairs = ((name, value, other.design.get(name)) for name, value in one.design.values)
    return {
        name: [plain(ours), plain(theirs)]
        for name, ours, theirs in pairs
        if theirs is not None and ours != theirs
    }


def _changed(one: Row, other: Row) -> str:
    changes = _differences(one, other)
    if not changes:
        return "the same choices"
    parts = [
        f"{name} {shown(values[1])} for {shown(values[0])}" for name, values in changes.items()
    ]
    return ", ".join(parts[:_TOLD]) + (" and more" if len(parts) > _TOLD else "")


def shown(value: Any) -> str:
    """A choice as text."""
    if value is None:
        return "none"
    if isinstance(value, list | tuple):
        return " + ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def plain(value: Any) -> Any:
    """Tuples as lists, for JSON."""
    return list(value) if isinstance(value, tuple) else value
