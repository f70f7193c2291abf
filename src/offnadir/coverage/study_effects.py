"""Sensitivities: how each variable moves each objective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from offnadir.coverage.study_model import GOALS, Study, Value
from offnadir.coverage.study_rows import Row


def effects(rows: Sequence[Row], study: Study) -> list[dict[str, Any]]:
    """Main effects: for each objective and variable the mean of each choice, over all other choices.

    `range` is between the highest and lowest of these means; `share` is the sum of squares between the
    choices over the whole sum of squares (eta squared, which in a full factorial is the first-order index of
    Sobol), over designs that have the variable and a figure. Variables that do not vary are left out.
    """
    possible = [row for row in rows if row.possible]
    found: list[dict[str, Any]] = []
    for name in study.search.objectives:
        goal = GOALS[name]
        group = [_effect(possible, goal.figure, variable) for variable in _varied(possible)]
        ranked = sorted((one for one in group if one), key=lambda one: -one["share"])
        found.append({"objective": name, "unit": goal.unit, "variables": ranked})
    return found


def _varied(rows: Sequence[Row]) -> list[str]:
    """Variables with at least two choices among designs, in the order of their first appearance."""
    seen: dict[str, set[Value]] = {}
    for row in rows:
        for name, value in row.design.values:
            seen.setdefault(name, set()).add(value)
    return [name for name, values in seen.items() if len(values) > 1]


def _effect(rows: Sequence[Row], figure: str, variable: str) -> dict[str, Any]:
    """Of one variable on one figure; empty where no two choices have a figure."""
    groups: dict[Value, list[float]] = {}
    never: dict[Value, int] = {}
    for row in rows:
        choice = row.design.get(variable)
        if choice is None:
            continue
        value = row.figures.get(figure)
        groups.setdefault(choice, [])
        never.setdefault(choice, 0)
        if value is None:
            never[choice] += 1
        else:
            groups[choice].append(float(value))
    filled = {choice: np.array(values) for choice, values in groups.items() if values}
    if len(filled) < 2:
        return {}
    everything = np.concatenate(list(filled.values()))
    whole = float(np.sum((everything - everything.mean()) ** 2))
    means = {choice: float(values.mean()) for choice, values in filled.items()}
    between = sum(
        len(values) * (means[choice] - float(everything.mean())) ** 2
        for choice, values in filled.items()
    )
    return {
        "variable": variable,
        "share": round(between / whole, 6) if whole > 0 else 0.0,
        "range": round(max(means.values()) - min(means.values()), 6),
        "choices": [
            {
                "value": list(choice) if isinstance(choice, tuple) else choice,
                "mean": round(means[choice], 6) if choice in means else None,
                "designs": len(groups[choice]) + never[choice],
                "never": never[choice],
            }
            for choice in sorted(groups, key=_order)
        ],
    }


def _order(value: Value) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return (0, float(value), "")
    return (1, 0.0, str(value))
