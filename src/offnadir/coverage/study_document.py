"""A finished study as one document of plain values, and as a table of its designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from offnadir import __version__
from offnadir._table import Labels, Table
from offnadir.coverage.study_designs import Space
from offnadir.coverage.study_effects import effects
from offnadir.coverage.study_model import GOALS, Study, wish_rows
from offnadir.coverage.study_rows import Row, front, keeps_all, objective_values, verdicts
from offnadir.coverage.study_search import best_row
from offnadir.coverage.study_why import plain, shown, told_verdict, why


def study_document(
    study: Study, rows: Sequence[Row], *, searched: Mapping[str, Any], cells: int, places: str
) -> dict[str, Any]:
    """The whole of a study, in order of its designs; no clock, no folder: equal studies, equal bytes."""
    ordered = sorted(rows, key=lambda row: row.number)
    possible = [row for row in ordered if row.possible]
    fit = [row for row in possible if keeps_all(row, study.wishes)]
    best = best_row(possible, study)
    smallest = min(
        fit, key=lambda r: (r.figures["satellites"], r.figures["cost"], r.number), default=None
    )
    return {
        "kind": "offnadir study",
        "version": __version__,
        "name": study.name,
        "study_sha256": study.sha256,
        "span": {"start": study.span.start.utc(0), "stop": study.span.stop.utc(0)},
        "places": {"title": places, "cells": cells},
        "wishes": [
            {"wish": name, "figure": figure, "limit": limit, "at_most": most, "unit": unit}
            for name, figure, limit, most, unit in wish_rows(study.wishes)
        ],
        "search": {
            "objectives": list(study.search.objectives),
            "seed": study.search.seed,
            **searched,
        },
        "counts": {
            "designs": Space(study).count,
            "tried": len(rows),
            "impossible": len(rows) - len(possible),
            "evaluated": len(possible),
            "keep_all_wishes": len(fit),
        },
        "cheapest": None if best is None else best.number,
        "smallest": None if smallest is None else smallest.number,
        "front": _front(possible, study),
        "front_keeping_all_wishes": _front(fit, study),
        "why": why(ordered, study),
        "effects": effects(possible, study),
        "designs": [_design(row, study) for row in ordered],
        "warnings": list(study.warnings),
    }


def _front(rows: Sequence[Row], study: Study) -> list[int]:
    """Numbers of the designs that no other beats in every objective, ordered by the first objective."""
    if not rows:
        return []
    values = np.array([objective_values(row, study) for row in rows])
    chosen = [(tuple(values[at]), rows[at].number) for at in np.flatnonzero(front(values)).tolist()]
    return [number for _, number in sorted(chosen)]


def _design(row: Row, study: Study) -> dict[str, Any]:
    told: dict[str, Any] = {
        "design": row.number,
        "choices": {name: plain(value) for name, value in row.design.values},
    }
    if row.trouble:
        return told | {"impossible": row.trouble}
    all_of = verdicts(row, study.wishes)
    return told | {
        "figures": dict(row.figures),
        "keeps_all_wishes": all(one.kept for one in all_of),
        "wishes": [told_verdict(one) for one in all_of],
    }


def study_table(document: Mapping[str, Any]) -> Table:
    """A row for each design: number, choices, figures, which wishes it keeps, why it is impossible.

    NaN is a figure that a design does not have.
    """
    designs = document["designs"]
    names = dict.fromkeys(name for one in designs for name in one["choices"])
    figures = dict.fromkeys(name for one in designs for name in one.get("figures", ()))
    columns: dict[str, Any] = {"design": np.array([one["design"] for one in designs], np.int64)}
    for name in names:
        columns[name] = _column([one["choices"].get(name) for one in designs])
    for name in figures:
        column = name if name not in columns else f"{name}_made"
        columns[column] = _column([one.get("figures", {}).get(name) for one in designs])
    fronts = set(document["front_keeping_all_wishes"] or document["front"])
    columns["keeps_all_wishes"] = np.array([bool(one.get("keeps_all_wishes")) for one in designs])
    columns["on_front"] = np.array([one["design"] in fronts for one in designs])
    columns["impossible"] = _labels([one.get("impossible", "") for one in designs])
    return Table(columns)


def _column(values: Sequence[Any]) -> Any:
    if all(value is None or isinstance(value, int | float) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values])
    return _labels(["" if value is None else shown(value) for value in values])


def _labels(texts: Sequence[str]) -> Labels:
    values, codes = np.unique(np.array(texts, dtype=str), return_inverse=True)
    return Labels(codes.reshape(-1), values)


def objective_words(name: str) -> str:
    """An objective with its unit."""
    goal = GOALS[name]
    return f"{goal.words}, {goal.unit}" if goal.unit else goal.words
