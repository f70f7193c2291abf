"""Why a problem has no plan, as far as one can tell: which limit or which fixed option stands against it."""

from __future__ import annotations

import math
from itertools import islice, product

import numpy as np

from offnadir.errors import InputError
from offnadir.planning._audit import faults, value_of
from offnadir.planning._search import first_contacts
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
    if not missing:
        return InputError("problem", f"{len(fixed)} fixed options", "such that a plan can be found")
    number = missing[0]
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
    """A rule that options break together at every start that was tried; nothing if they do not.

    Contacts are tried as the search has them at first, and each satellite's as if it were alone.
    """
    o = problem.options
    skies = _skies(problem)
    members = o.members_of(np.asarray(option, np.int64)).tolist()
    ranges = (range(int(o.member_low[m]), int(o.member_high[m]) + 1) for m in members)
    text = ""
    for starts in islice(product(*ranges), _MOST_TRIES):
        for contact in skies:
            wrong = _faults(problem, option, list(starts), contact)
            if not wrong:
                return ""
            text = text or wrong[0]
    return text


def _skies(problem: Problem) -> list[IntArray]:
    """Sets of contacts that may go together: as many as can be, each satellite's first, and none."""
    k = problem.contacts
    found = [np.flatnonzero(first_contacts(problem))]
    for satellite in np.unique(k.satellite).tolist():
        mine = np.flatnonzero((k.satellite == satellite) & (problem.antennas[k.station] > 0))
        free, alone = -math.inf, []
        for i in mine[np.argsort(k.stop_ms[mine], kind="stable")].tolist():
            if k.start_ms[i] >= free:
                alone.append(i)
                free = int(k.stop_ms[i])
        found.append(np.array(sorted(alone), np.int64))
    return [*found, _NONE]


def _faults(
    problem: Problem, option: list[int], start: list[int], contact: IntArray = _NONE
) -> list[str]:
    """What is wrong with a plan, but for the fixed options that it lacks."""
    plan = Schedule(
        option=np.array(option, np.int64),
        start=np.array(start, np.int64),
        contact=contact,
        value=0,
        bound=0,
        repeatable=True,
    )
    value = value_of(problem, plan)
    plan = Schedule(
        option=plan.option,
        start=plan.start,
        contact=contact,
        value=value,
        bound=value,
        repeatable=True,
    )
    return [text for text in faults(problem, plan) if "is fixed and not taken" not in text]
