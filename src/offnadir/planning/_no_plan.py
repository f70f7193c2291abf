"""Why a problem has no plan, as far as one can tell: which limit or which fixed option stands against it."""

from __future__ import annotations

from itertools import islice, product

import numpy as np

from offnadir.errors import InputError
from offnadir.planning._audit import faults, value_of
from offnadir.planning.problem import IntArray, Problem, Schedule

#: Combinations of starts that are tried before the first fault is told.
_MOST_TRIES = 64
_NONE = np.empty(0, np.int64)


def no_plan(problem: Problem, taken: IntArray) -> InputError:
    """The error for a problem without a plan; `taken`: the option of each task that was come to, or -1.

    Names the first fixed option that is not among them and a rule that it breaks together with fixed
    options before it, or else the limit that even the empty plan breaks.
    """
    fixed = np.flatnonzero(problem.options.fixed).tolist()
    wrong = _faults(problem, [], [])
    if wrong:
        return InputError(
            "problem.spacecraft", wrong[0], "such that a plan without any picture keeps the limits"
        )
    missing = [i for i in fixed if taken[problem.options.task[i]] != i]
    number = missing[0] if missing else -1
    others = [i for i in fixed if i not in missing]
    for together in ([], others):
        text = _least_fault(problem, sorted({*together, number}))
        if text:
            alone = "" if together else " by itself"
            return InputError(
                f"options.fixed[{number}]",
                1,
                f"possible{alone}, with all others that are fixed: {text}",
            )
    return InputError(
        f"options.fixed[{number}]",
        1,
        "possible with all others that are fixed; no such plan was found",
    )


def _least_fault(problem: Problem, option: list[int]) -> str:
    """A rule that options break together at every start that was tried; nothing if they do not."""
    o = problem.options
    members = o.members_of(np.asarray(option, np.int64)).tolist()
    ranges = (range(int(o.member_low[m]), int(o.member_high[m]) + 1) for m in members)
    text = ""
    for starts in islice(product(*ranges), _MOST_TRIES):
        wrong = _faults(problem, option, list(starts))
        if not wrong:
            return ""
        text = text or wrong[0]
    return text


def _faults(problem: Problem, option: list[int], start: list[int]) -> list[str]:
    """What is wrong with a plan, but for the fixed options that it lacks."""
    plan = Schedule(
        option=np.array(option, np.int64),
        start=np.array(start, np.int64),
        contact=_NONE,
        value=0,
        bound=0,
        repeatable=True,
    )
    value = value_of(problem, plan)
    plan = Schedule(
        option=plan.option,
        start=plan.start,
        contact=_NONE,
        value=value,
        bound=value,
        repeatable=True,
    )
    return [text for text in faults(problem, plan) if "is fixed and not taken" not in text]
