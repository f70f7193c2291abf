"""What stands between an option and a plan, and what would have to go for it: found by trying.

The plan is laid out as the search has it, the option is put in by force, and what had to go is put elsewhere
if possible. A set of options to remove that is named does make room; that there is no cheaper one is not
proven.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np

from offnadir.errors import InputError
from offnadir.planning import _explain_kernels as kernels
from offnadir.planning import _regions as R  # noqa: N812
from offnadir.planning import _resource_kernels as resources
from offnadir.planning import _search_kernels as search
from offnadir.planning._audit import faults
from offnadir.planning._search import Search, plan_arrays
from offnadir.planning.problem import Array, Problem, Schedule

Kind = Literal["task", "row", "time", "memory", "deadline", "duty", "thermal", "battery"]
#: What the numbers of an obstacle count.
UNITS: dict[Kind, str] = {
    "task": "", "row": "", "time": "ms", "memory": "kbit", "deadline": "ms", "duty": "ms", "thermal": "mK",
    "battery": "mJ",
}  # fmt: skip
_RESOURCES: tuple[Kind, ...] = ("memory", "deadline", "duty", "thermal", "battery")
_MOST_WAYS = 48
_EXACT_TO = 1_000_000
_MOST_OUT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One rule that a plan leaves no room in for an option.

    `kind` "task": another option of its task is taken. "row": row number `row` of the problem is full.
    "time": a picture fits nowhere in its chain. The others: what satellite `satellite` has to go round with
    does not suffice.
    `options` are those of the plan that share the rule: for "time" those in the cheapest gap, for what a
    satellite has all of its own. `short` is by how much the rule would have to be looser, in the unit that
    UNITS names, if it were for that rule alone: exact for rows, the least that does for the satellite's
    limits (to 0.05 %), enough for "time" (so much less between the pictures), None where no number
    helps. For "deadline" it is by how much later than its deadline it could be all on the ground.
    """

    kind: Kind
    options: tuple[int, ...]
    short: int | None = None
    row: int = -1
    satellite: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What stands between an option and a plan.

    `obstacles` are the rules without room for it, none if it fits (or is taken). `eject` are options of
    the plan without which it fits, the cheapest set that was found; None if none was found. Of these
    `lost` find no other place in the plan. `gain` is what the option adds, `cost` what the plan loses
    otherwise; the plan is worth `gain - cost` more with it.
    """

    option: int
    obstacles: tuple[Obstacle, ...]
    eject: tuple[int, ...] | None
    lost: tuple[int, ...]
    gain: int
    cost: int

    @property
    def fits(self) -> bool:
        """Whether nothing has to go."""
        return not self.obstacles


def explain(problem: Problem, schedule: Schedule, option: int) -> Explanation:
    """What stands between one option and a schedule; for several use an `Explainer`."""
    return Explainer(problem, schedule).explain(option)


class Explainer:
    """A schedule laid out so that questions about options are answered quickly, by trying.

    Raises InputError for a schedule that breaks a rule of the problem; `trusted` skips that.
    """

    def __init__(self, problem: Problem, schedule: Schedule, *, trusted: bool = False) -> None:
        if not trusted and (wrong := faults(problem, schedule)):
            raise InputError("schedule", wrong[0], "a plan that keeps every rule of the problem")
        self.problem = problem
        self._search = state = Search(problem, 0)
        state.load(plan_arrays(problem, schedule.option, schedule.start, schedule.contact))
        self._a, self._x, self._f = state.a, state.x, state.f
        self._region = state.region
        self._taken = np.zeros(len(problem.options), np.bool_)
        self._taken[schedule.option] = True
        self._dated = np.flatnonzero(problem.options.deadline_ms >= 0)
        fixed = problem.options.fixed.astype(np.bool_)
        self._cost: Array = np.where(fixed, np.inf, 0.0)
        self._fixed = fixed
        search.forget(self._a, self._x, self._f)
        for o in np.flatnonzero(self._taken & ~fixed).tolist():
            self._cost[o] = max(self._worth(o), 1)

    def explain(self, option: int) -> Explanation:
        """What stands between an option and the plan, and what would have to go for it."""
        if not 0 <= option < len(self.problem.options):
            raise InputError("option", option, f"from 0 to {len(self.problem.options) - 1}")
        if self._taken[option]:
            return Explanation(option=option, obstacles=(), eject=(), lost=(), gain=0, cost=0)
        obstacles = self.obstacles(option)
        with self._attempt() as before:
            made = self._force(option)
            if not made:
                return Explanation(
                    option=option, obstacles=obstacles, eject=None, lost=(), gain=0, cost=0
                )
            eject = self._out()
            without = int(self._a[R.VALUE])
            gain = without - self._without(option)
            lost = self._put_elsewhere(eject)
            value = int(self._a[R.VALUE])
        return Explanation(
            option=option,
            obstacles=obstacles,
            eject=eject,
            lost=lost,
            gain=gain,
            cost=before + gain - value,
        )

    def obstacles(self, option: int) -> tuple[Obstacle, ...]:
        """The rules that leave no room for an option, with the plan as it is."""
        o = self.problem.options
        task = int(o.task[option])
        other = int(self._region(R.TAKEN)[task])
        if other == option:
            return ()
        found: list[Obstacle] = []
        with self._attempt():
            if other >= 0:
                found.append(Obstacle(kind="task", options=(other,)))
                search.take_out(self._a, self._x, self._f, other)
            found += self._rows(option)
            timed = list(self._times(option))
            found += timed
            if not timed and self._a[R.ANY_PRESSED]:
                found += self._resources(option)
        return tuple(found)

    def fits(self, option: int) -> bool:
        """Whether an option that is not taken can be added to the plan as it is."""
        with self._attempt():
            return bool(search.try_option(self._a, self._x, self._f, option))

    @contextmanager
    def _attempt(self) -> Iterator[int]:
        """Whatever is done to the plan inside is undone; gives its value before."""
        before = int(self._a[R.VALUE])
        search.forget(self._a, self._x, self._f)
        try:
            yield before
        finally:
            search.restore(self._a, self._x, self._f)
            search.forget(self._a, self._x, self._f)
            self._a[R.VALUE] = before

    def _out(self) -> tuple[int, ...]:
        """Options that were taken out in this attempt and are not in again."""
        log: list[int] = self._region(R.LOG)[: self._a[R.LOGGED]].tolist()
        return tuple(o for o in sorted({-e - 1 for e in log if e < 0}) if not self._is_in(o))

    def _worth(self, option: int) -> int:
        """What the plan loses with a taken option, and with those that rows allow only together with it."""
        with self._attempt() as before:
            search.take_out(self._a, self._x, self._f, option)
            return before - int(self._a[R.VALUE])

    def _without(self, option: int) -> int:
        """The value of the plan at hand without an option just taken; what has it as condition stays."""
        search.count_in(self._a, self._x, self._f, option, -1)
        value = int(self._a[R.VALUE])
        search.count_in(self._a, self._x, self._f, option, 1)
        self._a[R.LOGGED] -= 2
        return value

    def _members(self, option: int) -> list[int]:
        """Members of an option that stand in a chain."""
        o = self.problem.options
        members = range(int(o.member_block[option]), int(o.member_block[option + 1]))
        chain = self._region(R.M_CHAIN)
        return [m for m in members if chain[m] >= 0]

    def _satellites(self, option: int) -> list[int]:
        """Satellites of an option that have something to go round with."""
        satellite, chain = self._region(R.C_SATELLITE), self._region(R.M_CHAIN)
        found = {int(satellite[chain[m]]) for m in self._members(option)}
        return [s for s in sorted(found) if self._region(R.S_PRESSED)[s]]

    def _lacking(self, option: int) -> Iterator[tuple[int, int]]:
        """Rows without room for an option, and by how much."""
        load, limit = self._region(R.LOAD), self._region(R.R_LIMIT)
        block = self._region(R.OR_BLOCK)
        for q in range(block[option], block[option + 1]):
            row, factor = int(self._region(R.OR_ROW)[q]), int(self._region(R.OR_FACTOR)[q])
            if factor > 0 and load[row] + factor > limit[row]:
                yield row, int(load[row] + factor - limit[row])

    def _in_row(self, row: int) -> list[int]:
        """Options of the plan at hand that use up a row."""
        rows, task = self.problem.rows, self.problem.options.task
        entry = slice(rows.start[row], rows.start[row + 1])
        option = rows.option[entry][rows.coefficient[entry] > 0]
        found: list[int] = option[self._region(R.TAKEN)[task[option]] == option].tolist()
        return found

    def _rows(self, option: int) -> Iterator[Obstacle]:
        for row, short in self._lacking(option):
            yield Obstacle(kind="row", options=tuple(self._in_row(row)), short=short, row=row)

    def _place(self, members: list[int]) -> int | None:
        """Put members into their chains; the first that does not fit, None if all do."""
        a, x, f = self._a, self._x, self._f
        for m in members:
            p = int(search.best_place(a, x, f, m))
            if p < 0:
                return m
            search.save_chain(a, x, f, self._region(R.M_CHAIN)[m])
            search.put(a, x, f, m, p)
        return None

    def _take_back(self, members: list[int]) -> None:
        a, x, f = self._a, self._x, self._f
        for m in members:
            search.cut(a, x, f, self._region(R.M_CHAIN)[m], search.place_of(a, x, f, m))

    def _times(self, option: int) -> Iterator[Obstacle]:
        placed: list[int] = []
        for m in self._members(option):
            if self._place([m]) is None:
                placed.append(m)
                continue
            i, j = kernels.cheapest_gap(self._a, self._x, self._f, m, self._cost)
            _, short = kernels.nearest_miss(self._a, self._x, self._f, m)
            base = self._region(R.C_BASE)[self._region(R.M_CHAIN)[m]]
            between: list[int] = []
            if i > -2:
                between = self._region(R.SEQ)[base + i + 1 : base + j].tolist()
            owners = dict.fromkeys(int(self._region(R.M_OPTION)[e]) for e in between)
            owners.pop(option, None)
            yield Obstacle(
                kind="time", options=tuple(owners), short=int(short) if short > 0 else None
            )
        self._take_back(placed[::-1])

    def _resources(self, option: int) -> Iterator[Obstacle]:
        members = self._members(option)
        self._place(members)
        for s in self._satellites(option):
            for kind in _RESOURCES:
                if not self._holds(s, kind):
                    short = self._short(option, s, kind)
                    mine = self._options_of(s, option)
                    yield Obstacle(kind=kind, options=mine, short=short, satellite=s)
        self._take_back(members[::-1])

    def _options_of(self, s: int, option: int) -> tuple[int, ...]:
        a, x, f = self._a, self._x, self._f
        n = int(resources.list_pictures(a, x, f, s))
        owners = self._region(R.M_OPTION)[self._region(R.P_MEMBER)[:n]].tolist()
        return tuple(o for o in dict.fromkeys(owners) if o != option)

    def _holds(self, s: int, kind: Kind) -> bool:
        """Whether one thing is enough for a satellite's pictures at hand."""
        a, x, f = self._a, self._x, self._f
        column = {"memory": 0, "deadline": 0, "duty": 1, "thermal": 2, "battery": 3}[kind]
        if not self._region(R.S_PRESSES)[4 * s + column]:
            return True
        n = resources.list_pictures(a, x, f, s)
        if kind == "memory":
            due = self._region(R.O_DEADLINE)
            before = due[self._dated]
            due[self._dated] = -1
            good = bool(resources.memory_holds(a, x, f, s, n))
            due[self._dated] = before
            return good
        if kind == "deadline":
            size = self._region(R.S_MEMORY)
            before_kbit, size[s] = int(size[s]), -1
            good = bool(resources.memory_holds(a, x, f, s, n))
            size[s] = before_kbit
            return good
        test = {
            "duty": resources.duty_holds,
            "thermal": resources.thermal_holds,
            "battery": resources.battery_holds,
        }[kind]
        return bool(test(a, x, f, s, n))

    def _short(self, option: int, s: int, kind: Kind) -> int | None:
        """The least change of one number with which one thing is enough."""
        where, entry, sign = {
            "memory": (R.S_MEMORY, s, 1),
            "deadline": (R.O_DEADLINE, option, 1),
            "duty": (R.S_DUTY, 2 * s, 1),
            "thermal": (R.S_THERMAL, 5 * s + 2, 1),
            "battery": (R.BATTERY, 11 * s + resources.FLOOR, -1),
        }[kind]
        number = self._region(where)
        was = int(number[entry])
        if kind == "deadline":
            if was < 0:
                return None
            k = self.problem.contacts
            stops = k.stop_ms[(k.satellite == s) & (self._region(R.USED) == 1)]
            most = int(stops.max(initial=was)) - was
        elif kind == "battery":
            most = was
        else:
            most = max(4 * was, 2**40)

        def good(more: int) -> bool:
            number[entry] = was + sign * more
            try:
                return self._holds(s, kind)
            finally:
                number[entry] = was

        return _least(good, most)

    def _force(self, option: int) -> bool:
        """Take an option, and out whatever has to go; whether that was possible."""
        a, x, f = self._a, self._x, self._f
        other = int(self._region(R.TAKEN)[self.problem.options.task[option]])
        if other >= 0:
            if self._fixed[other]:
                return False
            search.take_out(a, x, f, other)
        if not self._make_rows(option):
            return False
        for m in self._members(option):
            if not self._make_time(m, option):
                return False
        if any(self._lacking(option)):
            return False
        search.count_in(a, x, f, option, 1)
        return all(self._make_hold(s, option) for s in self._satellites(option))

    def _make_rows(self, option: int) -> bool:
        for row, _ in list(self._lacking(option)):
            while any(row == lacking for lacking, _ in self._lacking(option)):
                users = [o for o in self._in_row(row) if not self._fixed[o]]
                if not users:
                    return False
                cheapest = min(users, key=lambda o: (self._cost[o], o))
                search.take_out(self._a, self._x, self._f, cheapest)
        return not any(self._lacking(option))

    def _make_time(self, m: int, option: int) -> bool:
        """Put a member into its chain, and out of it what stands in the way."""
        a, x, f = self._a, self._x, self._f
        if self._place([m]) is None:
            return True
        i, j = kernels.cheapest_gap(a, x, f, m, self._cost_beside(option))
        if i < -1:
            return False
        base = self._region(R.C_BASE)[self._region(R.M_CHAIN)[m]]
        between = self._region(R.SEQ)[base + i + 1 : base + j].tolist()
        for o in dict.fromkeys(int(self._region(R.M_OPTION)[e]) for e in between):
            if self._is_in(o):
                search.take_out(a, x, f, o)
        return self._place([m]) is None

    def _make_hold(self, s: int, option: int) -> bool:
        """Take out what a satellite cannot carry beside an option: one picture if one will do, or several."""
        a, x, f = self._a, self._x, self._f
        if resources.satellite_holds(a, x, f, s):
            return True
        cost = self._cost_beside(option)
        one = int(kernels.cheapest_single(a, x, f, s, cost))
        if one >= 0:
            search.take_out(a, x, f, one)
            return bool(resources.satellite_holds(a, x, f, s))
        seconds = self._f[a[R.O_SECONDS] :][: len(cost)]
        mine = [o for o in self._options_of(s, option) if np.isfinite(cost[o])]
        for o in sorted(mine, key=lambda o: (cost[o] / (seconds[o] + 1.0), o))[:_MOST_OUT]:
            if self._is_in(o):
                search.take_out(a, x, f, o)
                if resources.satellite_holds(a, x, f, s):
                    return self._put_back(s, option)
        return False

    def _put_back(self, s: int, option: int) -> bool:
        """Of what was taken out put back, the best first, what was not in the way after all."""
        a, x, f = self._a, self._x, self._f
        for o in sorted(self._out(), key=lambda o: (-self._cost[o], o)):
            search.try_option(a, x, f, o)
        return bool(resources.satellite_holds(a, x, f, s))

    def _is_in(self, option: int) -> bool:
        return bool(self._region(R.TAKEN)[self.problem.options.task[option]] == option)

    def _cost_beside(self, option: int) -> Array:
        """What options cost; those that an option may not do without cost infinity, and so does itself."""
        cost = self._cost.copy()
        cost[option] = np.inf
        block, rows = self._region(R.OR_BLOCK), self.problem.rows
        for row in self._region(R.OR_ROW)[block[option] : block[option + 1]].tolist():
            entry = slice(rows.start[row], rows.start[row + 1])
            cost[rows.option[entry][rows.coefficient[entry] < 0]] = np.inf
        return cost

    def _put_elsewhere(self, eject: tuple[int, ...]) -> tuple[int, ...]:
        """Put options that had to go elsewhere in the plan, the best first; those that find no place."""
        a, x, f = self._a, self._x, self._f
        block, value = self._region(R.T_BLOCK), self.problem.options.value
        lost = []
        for o in sorted(eject, key=lambda o: (-self._cost[o], o)):
            task = int(self.problem.options.task[o])
            if self._region(R.TAKEN)[task] >= 0:
                continue
            ways = range(int(block[task]), int(block[task + 1]))
            best = sorted(ways, key=lambda way: (-value[way], way))[:_MOST_WAYS]
            if not any(search.try_option(a, x, f, way) for way in best):
                lost.append(o)
        return tuple(lost)


def _least(good: Callable[[int], bool], most: int) -> int | None:
    """The least whole number from 1 to `most` that is good, above a million to 0.05 %; None if `most` is not.

    What is good stays so for larger numbers.
    """
    if most < 1 or not good(most):
        return None
    low, high = 0, most
    step = 1
    while step < most and not good(step):
        low, step = step, 16 * step
    high = min(step, most)
    while high - low > 1 + (low // 2000 if low > _EXACT_TO else 0):
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle, high)
    return high
