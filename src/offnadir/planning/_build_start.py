"""The plan before as the problem sees it: what of it can be had again, and whether what must stay stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir._table import Table
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.planning import _search_kernels as kernels
from offnadir.planning._audit import faults, value_of
from offnadir.planning._build_kept import OldPicture, cannot_stand
from offnadir.planning._build_options import Draft
from offnadir.planning._build_windows import Stretches
from offnadir.planning._search import Search, first_contacts
from offnadir.planning.model import Mission
from offnadir.planning.problem import Problem, Schedule

IntArray = NDArray[np.int64]
#: Faults as the audit words them, in milliseconds and joules.
_LATE = re.compile(r"satellite \d+: member (\d+) is down at (\d+|inf) ms, due at (\d+)")
_HELD = re.compile(r"the battery holds (\S+) J at (\d+) ms, at least (\S+) are kept")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """Pictures of a plan before that can be taken again exactly, one a row.

    `name` is their id in the old document; `option` is the option that has all of a request's old pictures
    at their old starts, `start_ms` the start of this one. `frozen` ones cannot be called back any more.
    """

    name: tuple[str, ...]
    request: IntArray
    satellite: IntArray
    start_ms: IntArray
    option: IntArray
    frozen: NDArray[np.bool_]


def make_kept(draft: Draft, stretches: Stretches, old: Sequence[OldPicture]) -> Kept:
    """Which option, the first in order, has which old picture."""
    at: dict[int, int] = {}
    for o, members in enumerate(draft.members):
        for window, *_ in members:
            number = int(stretches.old[window])
            if number >= 0 and (number not in at or draft.fixed[o]):
                at[number] = o
    numbers = sorted(at)
    return Kept(
        name=tuple(old[i].name for i in numbers),
        request=np.array([old[i].request for i in numbers], np.int64),
        satellite=np.array([old[i].satellite for i in numbers], np.int64),
        start_ms=np.array([old[i].start_ms for i in numbers], np.int64),
        option=np.array([at[i] for i in numbers], np.int64),
        frozen=np.array([old[i].frozen for i in numbers], np.bool_),
    )


def check_fixed(
    mission: Mission, problem: Problem, stretches: Stretches, old: Sequence[OldPicture]
) -> None:
    """InputError, with the picture and the rule, unless the pictures that every plan has go together."""
    fixed = np.flatnonzero(problem.options.fixed).tolist()
    if not fixed or not _troubles(problem, fixed):
        return
    needs_all = [text for text in _troubles(problem, fixed) if "of at most 0" not in text]
    for n in range(1, len(fixed) + 1):
        wrong = [t for t in _troubles(problem, fixed[:n]) if "is fixed and not taken" not in t]
        wrong = [t for t in wrong if n == len(fixed) or "of at most 0" not in t]
        if wrong:
            late = _LATE.fullmatch(wrong[0])
            member = int(late[1]) if late else problem.options.member_block[fixed[n - 1]]
            picture = old[int(stretches.old[problem.options.member_window[member]])]
            raise cannot_stand(mission, picture, _words(mission, wrong[0]))
    raise InputError("previous", len(fixed), "; ".join(needs_all))


def check_idle(mission: Mission, problem: Problem) -> None:
    """InputError, with the satellite, unless each battery keeps its level without any picture or contact."""
    for text in _idle_faults(problem):
        found = re.match(r"satellite (\d+): ", text)
        one = mission.satellites[int(found[1])] if found else None
        if one is not None and one.battery is not None:
            said = f"charge_w {one.battery.charge_w:g}, idle_w {one.battery.idle_w:g}"
            wish = f"such that it lasts without any picture: {_words(mission, text)}"
            raise InputError(f'satellite "{one.name}".battery', said, wish)


def _idle_faults(problem: Problem) -> list[str]:
    """What is wrong with the battery of a satellite that does nothing."""
    if not any(one.battery is not None for one in problem.spacecraft):
        return []
    schedule = _schedule(problem, [], np.zeros(len(problem.contacts), np.int64))
    return [text for text in faults(problem, schedule) if ": the battery holds" in text]


def _words(mission: Mission, text: str) -> str:
    """A fault in the words of a mission: instants in UTC, energy in Wh, nothing by its number."""

    def utc(ms: str) -> str:
        return str((mission.span.start + int(ms) / 1e3).utc(0))

    late = _LATE.fullmatch(text)
    if late is not None:
        down = "not be on the ground in the span"
        if late[2] != "inf":
            down = f"be on the ground at {utc(late[2])}"
        return f"it would {down}, its deadline is {utc(late[3])}; move the deadline of its request"
    text = re.sub(r"^satellite \d+: ", "", text)
    held = _HELD.fullmatch(text)
    if held is not None:
        level_wh, least_wh = (float(joules) / 3600 for joules in held.group(1, 3))
        return f"it would hold {level_wh:.1f} Wh at {utc(held[2])}, not {least_wh:.1f}"
    return re.sub(r"\b(at|from) (\d+) ms", lambda m: f"{m[1]} {utc(m[2])}", text)


def _troubles(problem: Problem, options: Sequence[int]) -> list[str]:
    """What is wrong with a plan of only these options, each at its first start, all contacts used in turn."""
    schedule = _schedule(problem, options, first_contacts(problem))
    return [_named(problem, text) for text in faults(problem, schedule)]


def _named(problem: Problem, text: str) -> str:
    """A fault with the name of its row."""
    found = re.match(r"row (\d+) ", text)
    return text if found is None else f"{problem.rows.name[int(found[1])]}: {text[found.end() :]}"


def _schedule(problem: Problem, options: Sequence[int], used: IntArray) -> Schedule:
    """A schedule of options at their first starts; `used` has one flag a contact."""
    o = problem.options
    option = np.array(sorted(options), np.int64)
    members = o.members_of(option)
    bare = Schedule(
        option=option, start=o.member_low[members], contact=np.flatnonzero(used).astype(np.int64),
        value=0, bound=0, repeatable=True,
    )  # fmt: skip
    value = value_of(problem, bare)
    return replace(bare, value=value, bound=value)


def old_schedule(
    mission: Mission,
    problem: Problem,
    picked: Kept,
    contacts: Table,
    contact_row: IntArray,
    previous: Mapping[str, Any],
) -> Schedule | None:
    """The plan before as a schedule of this problem, or as much of it as goes together."""
    options = _one_a_turn(problem, picked)
    used = _old_contacts(mission, problem, contacts, contact_row, previous)
    schedule = _schedule(problem, options, used)
    if not faults(problem, schedule):
        return schedule
    fixed = [i for i in options if problem.options.fixed[i]]
    alone = _schedule(problem, fixed, first_contacts(problem)) if fixed else None
    return insert_all(problem, options) or alone


def _one_a_turn(problem: Problem, picked: Kept) -> list[int]:
    """The kept options, those of repeats each in a turn of its own, in the order of time."""
    o = problem.options
    window = o.member_window[o.member_block[:-1]]
    single = np.diff(o.member_block) == 1
    taken, tasks = list[int](), set[int]()
    for option in dict.fromkeys(picked.option[np.argsort(picked.start_ms, kind="stable")].tolist()):
        same = [option]
        if single[option]:
            copies = np.flatnonzero((window == window[option]) & single)
            same = copies.tolist()
        for one in same:
            task = int(o.task[one])
            if task not in tasks and (not o.fixed[option] or one == option):
                tasks.add(task)
                taken.append(one)
                break
    return taken


def _old_contacts(
    mission: Mission,
    problem: Problem,
    contacts: Table,
    contact_row: IntArray,
    previous: Mapping[str, Any],
) -> IntArray:
    """Flags of contacts that the plan before used."""
    used = np.zeros(len(contact_row), np.int64)
    starts: dict[tuple[str, str], list[int]] = {}
    for one in previous.get("contacts") or []:
        if one.get("used"):
            at = Epoch.from_utc(one["start"]).tai_ns
            starts.setdefault((one["satellite"], one["station"]), []).append(at)
    for k, row in enumerate(contact_row.tolist()):
        name = mission.satellites[int(problem.contacts.satellite[k])].name
        station = mission.stations[int(problem.contacts.station[k])].station.site.name
        near = starts.get((name, station), [])
        used[k] = any(abs(at - int(contacts["start"][row])) < 1_000_000_000 for at in near)
    return used


def insert_all(problem: Problem, options: Sequence[int]) -> Schedule | None:
    """A schedule of as many of some options as go together, first ones first; None if it breaks a rule."""
    search = Search(problem, 0)
    for option in sorted(options, key=lambda i: not problem.options.fixed[i]):
        kernels.try_option(search.a, search.x, search.f, option)
        kernels.forget(search.a, search.x, search.f)
    kernels.keep_best(search.a, search.x, search.f)
    taken, _, used = search.best()
    schedule = _schedule(problem, taken[taken >= 0].tolist(), used)
    return None if faults(problem, schedule) else schedule
