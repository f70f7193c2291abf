"""HiGHS on one problem of zeros and ones. This is the only file that knows HiGHS."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from highspy import _core, cb

from offnadir.planning._rows import BoolArray, IntArray, Rows

#: Goals are scaled by a power of two to stay below this.
_LARGEST_GOAL = float(1 << 20)
#: What a bound may be off by, of one unit of the goal and of itself: HiGHS works to some 1e-9.
_DUST, _RELATIVE_DUST = 1e-5, 1e-10
_HEARD = ("MipImprovingSolution", "MipInterrupt", "SimplexInterrupt")


@dataclass(frozen=True, slots=True)
class Cap:
    """A proven row: so many steps at most, and at least so many in any choice better than the known one.

    `steps` has shape (columns,), not negative.
    """

    steps: IntArray
    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What to maximise, what is known already, and where findings go: each is called in HiGHS's thread.

    `goal` and `known` have shape (columns,). `offer` gets choices, `tell_bound` whole bounds on the goal.
    """

    goal: IntArray
    rows: Rows
    known: BoolArray
    offer: Callable[[BoolArray], None]
    tell_bound: Callable[[int], None]
    caps: Sequence[Cap] = ()


def maximise(
    problem: Problem, *, seed: int, work: int | None, halt: Callable[[], bool], eager: bool
) -> tuple[int | None, int]:
    """Solve; (the bound reached, None if none; the simplex iterations spent).

    `work` is the most simplex iterations, looked at now and then. `eager` looks more for choices, else
    for the proof. A run that is not halted is the same each time, on one version of HiGHS.
    """
    unit = 1.0
    while float(np.abs(problem.goal).max(initial=0)) * unit > _LARGEST_GOAL:
        unit /= 2.0
    highs = _loaded(problem, seed, unit, eager)
    spent = 0

    def whole(bound: float) -> int | None:
        if not math.isfinite(bound) or abs(bound) > 1e18:
            return None
        return math.floor(bound / unit * (1 + math.copysign(_RELATIVE_DUST, bound)) + _DUST)

    def callback(kind: Any, _message: str, out: Any, answer: Any, _user: Any) -> None:
        nonlocal spent
        if kind == cb.HighsCallbackType.kCallbackMipImprovingSolution:
            problem.offer(np.asarray(out.mip_solution) > 0.5)
            return
        if kind == cb.HighsCallbackType.kCallbackMipInterrupt:
            spent = max(spent, int(out.simplex_iteration_count))
            bound = whole(out.mip_dual_bound)
            if bound is not None:
                problem.tell_bound(bound)
            if work is not None and spent > work:
                answer.user_interrupt = True
        if halt():
            answer.user_interrupt = True

    highs.setCallback(callback, None)
    for kind in _HEARD:
        highs.startCallback(getattr(cb.HighsCallbackType, f"kCallback{kind}"))
    if problem.known.any():
        solution = highspy.HighsSolution()
        solution.col_value = problem.known.astype(np.float64).tolist()
        highs.setSolution(solution)
    highs.run()
    info = highs.getInfo()
    found = np.asarray(highs.getSolution().col_value)
    if len(found) == len(problem.goal):
        problem.offer(found > 0.5)
    bound = whole(info.mip_dual_bound)
    if bound is not None:
        problem.tell_bound(bound)
    return bound, max(spent, int(info.simplex_iteration_count))


def _loaded(problem: Problem, seed: int, unit: float, eager: bool) -> Any:
    """HiGHS with a problem in it, told to go on until the bound is less than one away."""
    highs: Any = _core._Highs()  # its Python child prints a banner
    options: dict[str, Any] = {
        "output_flag": False,
        "threads": 1,
        "random_seed": seed % (1 << 31),
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.999 * unit,
    }
    if not eager:  # restarts did all cuts anew, and cost more than they brought
        options |= {"mip_allow_restart": False, "mip_heuristic_run_rens": False}
    for name, value in options.items():
        highs.setOptionValue(name, value)
    rows, n = problem.rows, len(problem.goal)
    columns, coefficients, lengths = [rows.column], [rows.coefficient], [np.diff(rows.start)]
    lower, upper = [np.full(len(rows), -highspy.kHighsInf)], [rows.limit]
    for cap in problem.caps:
        some = np.flatnonzero(cap.steps)
        columns.append(some)
        coefficients.append(cap.steps[some])
        lengths.append(np.array([len(some)]))
        lower.append(np.array([cap.least], dtype=np.float64))
        upper.append(np.array([cap.most]))
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = n, sum(map(len, upper))
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = problem.goal * unit, np.zeros(n), np.ones(n)
    lp.row_lower_ = np.concatenate(lower)
    lp.row_upper_ = np.concatenate(upper).astype(np.float64)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int32)
    lp.a_matrix_.index_ = np.concatenate(columns).astype(np.int32)
    lp.a_matrix_.value_ = np.concatenate(coefficients).astype(np.float64)
    highs.passModel(lp)
    return highs
