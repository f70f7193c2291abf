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
_NO_BOUND = 1e18
#: For the proof: restarts do all cuts anew and sub-problems look for choices; neither brought as much as
#: it cost. Cuts that sleep for a while are kept.
_LEAN = {
    "mip_allow_restart": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_lp_age_limit": 20,
}
_HEARD = ("MipImprovingSolution", "MipInterrupt")


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
) -> Outcome:
    """Solve; what was reached and spent.

    `work` is the most looks (see Outcome). `eager` looks more for choices, else for the proof. A run that
    is not halted is the same each time, on one version of HiGHS. `halt` is heard at the next look, which
    may be some seconds away while a large first relaxation is solved.
    """
    unit = 1.0
    while float(np.abs(problem.goal).max(initial=0)) * unit > _LARGEST_GOAL:
        unit /= 2.0
    highs = _loaded(problem, seed, unit, eager)
    ear = _Ear(problem, unit, work, halt)
    highs.setCallback(ear.hear, None)
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
    return Outcome(
        bound=ear.bound(info.mip_dual_bound),
        looks=ear.looks,
        iterations=max(int(info.simplex_iteration_count), 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The bound (None if there is none), the looks that HiGHS took at its limits, its simplex iterations.

    HiGHS looks at its limits after each round of cuts and each step in its tree: the same in every run.
    Its iterations are told only at the end.
    """

    bound: int | None
    looks: int
    iterations: int


class _Ear:
    """What HiGHS tells while it works, and whether it is to go on."""

    def __init__(
        self, problem: Problem, unit: float, work: int | None, halt: Callable[[], bool]
    ) -> None:
        self.problem, self.unit, self.work, self.halt = problem, unit, work, halt
        self.looks = 0

    def bound(self, bound: float) -> int | None:
        """The whole bound that a number stands for, told on; None if it is none yet."""
        if not math.isfinite(bound) or abs(bound) > _NO_BOUND:
            return None
        safe = bound / self.unit * (1 + math.copysign(_RELATIVE_DUST, bound)) + _DUST
        whole = math.floor(safe)
        self.problem.tell_bound(whole)
        return whole

    def hear(self, kind: Any, _message: str, out: Any, answer: Any, _user: Any) -> None:
        if kind == cb.HighsCallbackType.kCallbackMipImprovingSolution:
            self.problem.offer(np.asarray(out.mip_solution) > 0.5)
            return
        if kind == cb.HighsCallbackType.kCallbackMipInterrupt:
            self.looks += 1
            self.bound(out.mip_dual_bound)
            if self.work is not None and self.looks >= self.work:
                answer.user_interrupt = True
        if self.halt():
            answer.user_interrupt = True


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
    if not eager:
        options |= _LEAN
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
    lp.col_cost_ = (problem.goal * unit).astype(np.float64)
    lp.col_lower_, lp.col_upper_ = np.zeros(n), np.ones(n)
    lp.row_lower_ = np.concatenate(lower).astype(np.float64)
    lp.row_upper_ = np.concatenate(upper).astype(np.float64)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int32)
    lp.a_matrix_.index_ = np.concatenate(columns).astype(np.int32)
    lp.a_matrix_.value_ = np.concatenate(coefficients).astype(np.float64)
    highs.passModel(lp)
    return highs
