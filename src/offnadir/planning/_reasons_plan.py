"""Requests that could be served but for the rest of the plan: who or what stands in the way, by trying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from offnadir._table import Table
from offnadir.planning._reasons_words import (
    NAMED,
    Displaced,
    Reason,
    above,
    clock,
    clock_after,
    counted,
    figure,
    named,
)
from offnadir.planning.build import Built
from offnadir.planning.explain import Explainer, Explanation, Obstacle
from offnadir.planning.model import Mission
from offnadir.planning.opportunities import Pictures
from offnadir.planning.problem import IntArray, Schedule

_MS = 1_000_000
_CODES = {
    "time": "outbid", "memory": "memory_full", "deadline": "late", "duty": "duty",
    "thermal": "thermal", "battery": "battery", "task": "outbid",
}  # fmt: skip
_ROWS = (
    ("pictures of ", "orbit_limit"), ("imaging of ", "orbit_limit"), ("spacing of ", "repeat"),
    ("turns of ", "repeat"), ("choice of ", "choice"),
)  # fmt: skip
_MOST_DISPLACED = 8
#: Those that removing pictures does not mend are named first.
_FIRST = ("order", "choice", "repeat", "orbit_limit", "outbid")


@dataclass(frozen=True, slots=True)
class _Try:
    """An option that was tried, and what that cost: `ratio` is loss by gain, below 1 if it would pay."""

    found: Explanation
    ratio: float


class Judge:
    """Answers why options are not in a plan, and keeps account of what its pictures displaced."""

    def __init__(
        self,
        mission: Mission,
        contacts: Table,
        built: Built,
        schedule: Schedule,
        pictures: Pictures,
    ) -> None:
        self.mission, self.built, self.pictures = mission, built, pictures
        self._contacts, self._schedule = contacts, schedule
        self._explainer = Explainer(built.problem, schedule, trusted=True)
        options = built.problem.options
        self._edge = np.searchsorted(options.task, np.arange(len(built.task_request) + 1))
        self._pictures_of: dict[int, list[int]] = {}
        for i, o in enumerate(pictures.option.tolist()):
            self._pictures_of.setdefault(o, []).append(i)
        self._displaced: dict[int, dict[int, tuple[float, int]]] = {}
        tiers = [one.tier for one in mission.requests]
        self._unit_of = dict(zip(tiers, built.tier_factor.tolist(), strict=True))
        self._unit_of.pop(max(tiers))  # of the lowest a unit is one, and costs are in it

    def has_ways(self, tasks: IntArray) -> bool:
        """Whether any of these tasks has an option."""
        return any(self._edge[t + 1] > self._edge[t] for t in tasks.tolist())

    def why_not(self, r: int, tasks: IntArray, most: int, *, part: bool = False) -> Reason:
        """Why none of the options of some tasks of a request is taken: the nearest of those tried."""
        tried = []
        for option in self._tellings(tasks, most):
            found = self._explainer.explain(option)
            tried.append(_Try(found, self._ratio(r, found)))
            if not part:
                self._note(r, found)
        best = min(tried, key=lambda one: (one.ratio, *self._miss(one.found)))
        code = self._code(best)
        text = self._text(r, code, best, tasks)
        return Reason(code, text, self._need(r, code, tried))

    def displaced(self) -> dict[int, list[Displaced]]:
        """For each picture the requests that are left out and would have been served in its place alone."""
        found: dict[int, list[Displaced]] = {}
        for option, by_request in self._displaced.items():
            rows = sorted(by_request.items(), key=lambda item: (-item[1][0], item[0]))
            told = [
                Displaced(
                    request=self.mission.requests[r].name,
                    value=round(value, 6),
                    text=f"{self._where(way)}, worth {figure(value)}",
                )
                for r, (value, way) in rows[:_MOST_DISPLACED]
            ]
            for i in self._pictures_of.get(option, ())[:1]:
                found[i] = told
        return found

    def _tellings(self, tasks: IntArray, most: int) -> list[int]:
        """Of each pass the option of most value and the one of most starts; the best passes first."""
        o = self.built.problem.options
        best: dict[int, int] = {}
        widest: dict[int, int] = {}
        worth = o.value + o.share
        for t in tasks.tolist():
            for option in range(int(self._edge[t]), int(self._edge[t + 1])):
                m = int(o.member_block[option])
                at = int(self.built.window_opportunity[o.member_window[m]])
                if at not in best or worth[option] > worth[best[at]]:
                    best[at] = option
                starts = o.member_high[m] - o.member_low[m]
                old = widest.get(at)
                if old is None or starts > self._starts(old):
                    widest[at] = option
        first = sorted(best.values(), key=lambda option: (-int(worth[option]), option))
        more = [widest[at] for at in best if widest[at] != best[at]]
        more.sort(key=lambda option: (-int(worth[option]), option))
        return [*first, *more][:most]

    def _starts(self, option: int) -> int:
        o = self.built.problem.options
        m = int(o.member_block[option])
        return int(o.member_high[m] - o.member_low[m])

    def _ratio(self, r: int, found: Explanation) -> float:
        """Loss by gain; infinite if nothing makes room, or only other pictures of the same request.

        What has to go counts as worth what it may be at the best of its starts.
        """
        if found.eject is None or found.gain <= 0:
            return float(np.inf)
        o = self.built.problem.options
        if np.any(self.built.task_request[o.task[list(found.eject)]] == r):
            return float(np.inf)
        spare = sum(self._most(option) - int(o.value[option]) for option in found.eject)
        return float((found.cost + spare) / found.gain)

    def _most(self, option: int) -> int:
        """What an option is worth at the best of its starts."""
        o = self.built.problem.options
        block = int(o.profile_block[option])
        if block < 0:
            return int(o.value[option])
        return int(o.profile[block : block + self._starts(option) + 1].max())

    def _miss(self, found: Explanation) -> tuple[int, bool, int]:
        """For ties: without a set to remove or with one; if without, by how little it would be late."""
        if found.eject is not None:
            return 0, False, 0
        late = [one.short for one in found.obstacles if one.kind == "deadline"]
        known = [short for short in late if short is not None]
        return 1, not late, min(known, default=2**62)

    def _code(self, best: _Try) -> str:
        found = best.found
        if not found.obstacles:
            return "below_value"
        codes = [self._code_of(one) for one in found.obstacles]
        if codes[0] == "late" or (found.eject is None and "late" in codes):
            return "outage" if self._is_out(found.option) else "late"
        for code in _FIRST:
            if code in codes:
                codes = [code]
                break
        if found.eject is not None and self._outranked(found):
            return "tier"
        return codes[0]

    def _code_of(self, obstacle: Obstacle) -> str:
        if obstacle.kind != "row":
            return _CODES[obstacle.kind]
        name = self._row_name(obstacle.row)
        return next((code for begin, code in _ROWS if name.startswith(begin)), "order")

    def _row_name(self, row: int) -> str:
        names = self.built.problem.rows.name
        return names[row] if row < len(names) else f"rule {row}"

    def _tier(self, option: int) -> int:
        task = int(self.built.problem.options.task[option])
        return self.mission.requests[int(self.built.task_request[task])].tier

    def _outranked(self, found: Explanation) -> bool:
        return found.cost > found.gain and self._top(found) < self._tier(found.option)

    def _top(self, found: Explanation) -> int:
        """The highest tier in which the plan would lose, be it that what has to go can only move."""
        tiers = [self._tier(o) for o in found.lost]
        # a unit of a tier is more than all below it can bring together
        tiers += [tier for tier, unit in self._unit_of.items() if found.cost >= unit]
        return min(tiers, default=self._tier(found.option))

    def _plain(self, option: int, value: float | None = None) -> float:
        """The value of an option, or what the solver counts for it, as a plain value."""
        r = int(self.built.task_request[int(self.built.problem.options.task[option])])
        counted = float(self.built.problem.options.value[option]) if value is None else value
        return counted / (self.built.scale * float(self.built.tier_factor[r]))

    def _note(self, r: int, found: Explanation) -> None:
        """Book a request with the picture that alone stands in its way."""
        if found.eject is None or len(found.eject) != 1 or found.gain <= 0:
            return
        (other,) = found.eject
        if int(self.built.task_request[self.built.problem.options.task[other]]) == r:
            return
        value = self._plain(found.option, found.gain)
        known = self._displaced.setdefault(other, {})
        if r not in known or value > known[r][0]:
            known[r] = (value, found.option)

    # what it is called

    def _first_ms(self, option: int) -> int:
        p = self.built.problem
        m = int(p.options.member_block[option])
        w = int(p.options.member_window[m])
        return int(p.windows.first_ms[w] + p.options.member_low[m] * p.windows.step_ms[w])

    def _satellite(self, option: int) -> int:
        o = self.built.problem.options
        return int(self.built.window_satellite[o.member_window[o.member_block[option]]])

    def _ns(self, ms: float) -> int:
        return int(self.mission.span.start.tai_ns + round(ms) * _MS)

    def _where(self, option: int) -> str:
        name = self.mission.satellites[self._satellite(option)].name
        return f"{name} at {clock(self._ns(self._first_ms(option)))}"

    def _named(self, options: Sequence[int]) -> str:
        """Pictures of the plan by request and id: the first few in the order of time, and how many more."""
        rows = sorted(i for o in options for i in self._pictures_of.get(o, ()))
        return named([self._name(i) if n < NAMED else "" for n, i in enumerate(rows)])

    def _name(self, i: int) -> str:
        request = self.mission.requests[int(self.pictures.request[i])].name
        at = clock(self._ns(float(self.pictures.start_ms[i])))[11:16]
        return f"{request} (C{i + 1:04d}, {at})"

    # what is said

    def _text(self, r: int, code: str, best: _Try, tasks: IntArray) -> str:
        found = best.found
        o = self.built.problem.options
        ways = [
            way for t in tasks.tolist() for way in range(int(self._edge[t]), int(self._edge[t + 1]))
        ]
        windows = o.member_window[o.member_block[ways]]
        passes = len(np.unique(self.built.window_opportunity[windows]))
        count = counted(passes, "pass", "passes")
        of_code = "late" if code == "outage" else code
        mine = [one for one in found.obstacles if self._code_of(one) == of_code]
        said = dict.fromkeys(self._said(one, found.option) for one in mine or found.obstacles)
        begin = f"Of its {count} the nearest to being taken is {self._where(found.option)}"
        if passes == 1:
            begin = f"Its only pass is {self._where(found.option)}"
        if not found.obstacles:
            return f"{begin}: it would fit beside the plan. " + (
                "It adds nothing to the value."
                if found.gain <= 0
                else "The search did not find that in its time."
            )
        return f"{begin}: {'; '.join(said)}. {self._price(found, best.ratio)}".rstrip()

    def _price(self, found: Explanation, ratio: float) -> str:
        """What would have to go, and what that is worth against this."""
        if found.eject is None:
            return "No set of pictures was found whose removal would make room."
        if not found.eject or not np.isfinite(ratio):
            return ""
        names = self._named(found.eject)
        verb = "" if len(found.eject) == 1 else " together"
        if ratio <= 1.0:
            return f"{names} could give way, and that would pay; the search did not find it in its time."
        if self._outranked(found):
            move = "" if set(found.lost) == set(found.eject) else " or move"
            return f"{names} would have to go{move}, of a higher tier."
        mine = self._plain(found.option, found.gain)
        lost = ratio * mine  # as in the weight that would have paid
        if set(found.lost) == set(found.eject):
            return (
                f"{names} would have to go, worth {figure(lost)}{verb}; this one is worth "
                f"{figure(mine)}."
            )
        return (
            f"{names} would have to go or move, which costs {figure(lost)}; this one is worth "
            f"{figure(mine)}."
        )

    def _said(self, obstacle: Obstacle, option: int) -> str:
        satellite = self.mission.satellites[
            obstacle.satellite if obstacle.satellite >= 0 else self._satellite(option)
        ]
        short = obstacle.short
        if obstacle.kind == "time":
            lack = f", by {above(short / 1e3, 2)} s" if short is not None else ""
            return f"there is no time to turn to it beside {self._named(obstacle.options)}{lack}"
        if obstacle.kind == "memory":
            at = self._fullest_ms(obstacle.satellite, option)
            lack = f", by {above((short or 0) / 1e6)} Gbit" if short is not None else ""
            return f"the memory of {satellite.name} would be full at {clock(self._ns(at))}{lack}"
        if obstacle.kind == "deadline":
            return self._late(option, short)
        if obstacle.kind == "duty" and satellite.duty is not None:
            lack = f", {above((short or 0) / 1e3)} s less than needed" if short is not None else ""
            return (
                f"{satellite.name} may image for {satellite.duty.imaging_s:g} s in any "
                f"{satellite.duty.in_s:g} s{lack}"
            )
        if obstacle.kind == "thermal":
            lack = f" {above((short or 0) / 1e3)} K" if short is not None else ""
            return f"the camera of {satellite.name} would be{lack} too warm"
        if obstacle.kind == "battery":
            lack = f" {above((short or 0) / 3.6e6)} Wh" if short is not None else ""
            return f"the battery of {satellite.name} would fall{lack} below its floor"
        if obstacle.kind == "task":
            return f"the request is served by {self._named(obstacle.options)}"
        return self._said_row(obstacle, self._named(obstacle.options))

    def _said_row(self, obstacle: Obstacle, names: str) -> str:
        name = self._row_name(obstacle.row)
        code = self._code_of(obstacle)
        limit = int(self.built.problem.rows.limit[obstacle.row])
        if code == "orbit_limit":
            what = counted(limit, "picture")
            if not name.startswith("pictures"):
                what = f"{limit / 1e3:g} s of pictures"
            rest = name.partition(" of ")[2]
            return f"the limit of {what} of {rest} is used up by {names}"
        if code == "choice":
            among = name.removeprefix("choice of ")
            return f"of {among} at most {limit} may be taken, and {names} is"
        if code == "repeat":
            beside = f" beside {names}" if names else ""
            return f"its spacing cannot be kept{beside}"
        first = name.partition(" after ")[2] or "the one before it"
        return f"{first} is not taken, or not in time for it"

    def _late(self, option: int, short: int | None) -> str:
        due = int(self.built.problem.options.deadline_ms[option])
        if due < 0:
            return "what is due before would arrive too late"
        if short is None:
            return (
                f"it would not be on the ground within the span; the deadline is "
                f"{clock(self._ns(due))}"
            )
        return (
            f"it could be on the ground at {clock(self._ns(due + short))}, "
            f"{above(short / 60e3)} min after its deadline, {clock(self._ns(due))}"
        )

    def _is_out(self, option: int) -> bool:
        """Whether a contact that an outage takes would have brought it down in time."""
        if not self.mission.outages:
            return False
        p = self.built.problem
        m = int(p.options.member_block[option + 1]) - 1
        w = int(p.options.member_window[m])
        start_ms = int(p.windows.first_ms[w] + p.options.member_low[m] * p.windows.step_ms[w])
        ready_ns = self._ns(start_ms + int(p.windows.duration_ms[w]))
        due_ns = self._ns(int(p.options.deadline_ms[option]))
        satellite = self.mission.satellites[self._satellite(option)]
        table = self._contacts
        gone = np.setdiff1d(np.arange(len(table)), self.built.contact_row)
        mine = gone[table["norad_id"][gone] == satellite.elements.norad_id]
        inside = (table["start"][mine] >= ready_ns) & (table["stop"][mine] <= due_ns)
        return bool(np.any(inside))

    def _fullest_ms(self, s: int, option: int) -> float:
        """When the memory would hold most with an option added at its earliest start."""
        p = self.built.problem
        o = p.options
        mine = np.flatnonzero(self.pictures.satellite == s)
        stops = self.pictures.stop_ms[mine].tolist()
        written = []
        for i in mine.tolist():
            block = slice(
                o.member_block[self.pictures.option[i]], o.member_block[self.pictures.option[i] + 1]
            )
            at = int(np.flatnonzero(o.member_window[block] == self.pictures.window[i])[0])
            written.append(int(o.member_volume_kbit[block][at]))
        for m in range(int(o.member_block[option]), int(o.member_block[option + 1])):
            w = int(o.member_window[m])
            start = int(p.windows.first_ms[w] + o.member_low[m] * p.windows.step_ms[w])
            stops.append(start + int(p.windows.duration_ms[w]))
            written.append(int(o.member_volume_kbit[m]))
        order = np.argsort(stops, kind="stable")
        stop = np.array(stops, np.int64)[order]
        total = np.cumsum(np.array(written, np.int64)[order])
        k = p.contacts
        used = self._schedule.contact[k.satellite[self._schedule.contact] == s]
        ready = np.concatenate([[0], total])[np.searchsorted(stop, k.start_ms[used], side="right")]
        sent, sums = 0, [0]
        for most, available in zip(k.max_volume_kbit[used].tolist(), ready.tolist(), strict=True):
            sent = min(sent + most, available)
            sums.append(sent)
        held = total - np.array(sums)[np.searchsorted(k.stop_ms[used], stop, side="right")]
        return float(stop[int(np.argmax(held))])

    # what would be needed

    def _need(self, r: int, code: str, tried: Sequence[_Try]) -> str | None:
        """The smallest changes with which an option that was tried would have been taken."""
        if code == "below_value":
            return "a longer search" if any(t.ratio < 1.0 for t in tried) else None
        needs = [*self._looser(tried), *self._weightier(r, tried)]
        if len(needs) > 1:
            return f"{', '.join(needs[:-1])} or {needs[-1]}"
        return "".join(needs) or None

    def _looser(self, tried: Sequence[_Try]) -> list[str]:
        """One limit of which a little more would do, of options that only one stands in the way of."""
        single = [
            (one.found.obstacles[0], one.found.option)
            for one in tried
            if len(one.found.obstacles) == 1 and one.found.obstacles[0].short is not None
        ]
        needs = []
        for kind in dict.fromkeys(self._sort_of(obstacle) for obstacle, _ in single):
            obstacle, option = min(
                (pair for pair in single if self._sort_of(pair[0]) == kind),
                key=lambda pair: pair[0].short or 0,
            )
            needs.append(self._need_of(obstacle, option))
        return [need for need in needs if need]

    def _sort_of(self, obstacle: Obstacle) -> str:
        """What is alike enough for the least to be named alone: the kind, or what a row is about."""
        if obstacle.kind != "row":
            return obstacle.kind
        return self._row_name(obstacle.row).partition(" of ")[0]

    def _need_of(self, obstacle: Obstacle, option: int) -> str | None:
        short = obstacle.short or 0
        satellite = self.mission.satellites[
            obstacle.satellite if obstacle.satellite >= 0 else self._satellite(option)
        ]
        if obstacle.kind == "time":
            return f"turns that are {above(short / 1e3, 2)} s quicker ({self._where(option)})"
        if obstacle.kind == "memory":
            return f"{above(short / 1e6)} Gbit more memory on {satellite.name}"
        if obstacle.kind == "deadline":
            due = int(self.built.problem.options.deadline_ms[option])
            return f"a deadline not before {clock_after(self._ns(due + short))}"
        if obstacle.kind == "duty" and satellite.duty is not None:
            more = satellite.duty.imaging_s + short / 1e3
            return f"a duty of {more:.10g} s in {satellite.duty.in_s:g} s on {satellite.name}"
        if obstacle.kind == "thermal" and satellite.thermal is not None:
            return f"{above(short / 1e3)} K more for the camera of {satellite.name}"
        if obstacle.kind == "battery":
            return f"{above(short / 3.6e6)} Wh more in the battery of {satellite.name}"
        if obstacle.kind == "row":
            return self._need_of_row(obstacle, satellite.name)
        return None

    def _need_of_row(self, obstacle: Obstacle, satellite: str) -> str | None:
        code, short = self._code_of(obstacle), obstacle.short or 0
        limit = int(self.built.problem.rows.limit[obstacle.row])
        if code == "orbit_limit":
            if self._row_name(obstacle.row).startswith("pictures"):
                return f"a max_pictures_per_orbit of {limit + short} on {satellite}"
            return f"an imaging_s_per_orbit of {(limit + short) / 1e3:.10g} on {satellite}"
        if code == "choice":
            return f"a choice of at most {limit + short}"
        if code == "order":
            first = self._row_name(obstacle.row).partition(" after ")[2]
            return f"{first} taken before it" if first else None
        return None

    def _weightier(self, r: int, tried: Sequence[_Try]) -> list[str]:
        """The weight from which on the request would have paid for what it pushes out."""
        weight = self.mission.requests[r].weight
        if self.mission.requests[r].cover is not None:
            return []
        found = [
            one
            for one in tried
            if one.found.eject and one.found.gain > 0 and 1.0 < one.ratio < np.inf
        ]
        same = [one for one in found if not self._outranked(one.found)]
        if same:
            ratio = min(one.ratio for one in same)
            return [f"a weight above {above(weight * ratio)}"]
        options, needs = self.built.problem.options, []
        for one in found:
            top = self._top(one.found)
            spare = sum(self._most(o) - int(options.value[o]) for o in one.found.eject or ())
            lost = (one.found.cost + spare) / (self.built.scale * self._unit_of[top])
            needs.append((top, lost / self._plain(one.found.option, one.found.gain)))
        if not needs:
            return []
        top, ratio = min(needs, key=lambda need: (-need[0], need[1]))
        return [f"tier {top} and a weight above {above(weight * ratio)}"]
