"""Strict tiers: each is searched in its own turn, with what the tiers above it have taken held fast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from offnadir.planning._audit import faults, value_of
from offnadir.planning.problem import IntArray, Problem, Progress, Schedule, Stop
from offnadir.planning.solver import solve


def solve_by_tiers(
    problem: Problem,
    factor: IntArray,
    stop: Stop,
    seed: int,
    *,
    progress: Callable[[Progress], None] | None = None,
    interrupted: Callable[[], bool] | None = None,
    start: Schedule | None = None,
) -> Schedule:
    """A plan by `solve`; with several tiers (`factor` has one a request) in as many stages.

    The search weighs losses against the mean value of what is taken, so beside a tier whose unit outweighs
    all below it the others would be left to chance. Each later stage keeps the options of the tiers above,
    and counts nothing but the rest. The bound is that of the first stage, of the whole problem.
    """
    tiers = sorted(set(factor[np.unique(problem.request)].tolist()), reverse=True)
    share = len(tiers) + 1
    first = replace(stop, time_s=stop.time_s * (2 / share if len(tiers) > 1 else 1.0))
    if len(tiers) > 1 and stop.rounds is not None:
        first = replace(first, rounds=-(-2 * stop.rounds // share))
    best = solve(problem, first, seed, progress=progress, interrupted=interrupted, start=start)
    for tier in tiers[:-1]:
        later = replace(
            stop,
            time_s=stop.time_s / share,
            rounds=None if stop.rounds is None else -(-stop.rounds // share),
        )
        found = solve(
            _below(problem, factor, tier, best),
            later,
            seed,
            interrupted=interrupted,
            start=_as_start(problem, factor, tier, best),
        )
        repeatable = found.repeatable and best.repeatable
        whole = replace(found, bound=best.bound, trace=best.trace, repeatable=repeatable)
        value = value_of(problem, whole)
        whole = replace(whole, value=value, bound=max(best.bound, value))
        if value > best.value and not faults(problem, whole):
            best = whole
    return best


def _below(problem: Problem, factor: IntArray, tier: int, plan: Schedule) -> Problem:
    """The problem with what a plan takes of a tier, and those above it, fixed and worth nothing."""
    o = problem.options
    above = factor[problem.request[o.task]] >= tier
    fixed = o.fixed.copy()
    fixed[_with_needed(problem, plan, plan.option[above[plan.option]])] = 1
    options = replace(
        o,
        value=np.where(above, 0, o.value),
        share=np.where(above, 0, o.share),
        profile_block=np.where(above, -1, o.profile_block),
        fixed=fixed,
    )
    curve = {r: c for r, c in problem.curve.items() if factor[r] < tier}
    return replace(problem, options=options, curve=curve)


def _with_needed(problem: Problem, plan: Schedule, options: IntArray) -> IntArray:
    """Options of a plan, with those of it that rows let them stand by."""
    rows = problem.rows
    row = np.repeat(np.arange(len(rows)), np.diff(rows.start))
    held = np.zeros(len(problem.options), np.bool_)
    held[options] = True
    taken = np.zeros(len(problem.options), np.bool_)
    taken[plan.option] = True
    while True:
        needy = np.zeros(len(rows), np.bool_)
        needy[row[held[rows.option] & (rows.coefficient > 0)]] = True
        more = rows.option[needy[row] & (rows.coefficient < 0) & taken[rows.option]]
        if np.all(held[more]):
            return np.flatnonzero(held)
        held[more] = True


def _as_start(problem: Problem, factor: IntArray, tier: int, plan: Schedule) -> Schedule:
    below = _below(problem, factor, tier, plan)
    value = value_of(below, plan)
    return replace(plan, value=value, bound=value)
