"""Judging many pictures at once: the same answers as `judge`, in columns.

Conditions are asked once for each sort of question, places of all pictures at once from a tree of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from offnadir.access.countries import on_land
from offnadir.epoch import Epoch
from offnadir.tasking._policy_conditions import ASK, Facts, ask_ground
from offnadir.tasking._policy_ground import Region, away_m, band_of, gaps_m, margin_deg, near_part
from offnadir.tasking._policy_judge import facts_of, judge
from offnadir.tasking._policy_model import (
    EFFECTS,
    INDEFINITE_S,
    Conditions,
    Pack,
    Rule,
    strictness,
)
from offnadir.tasking._policy_question import Question
from offnadir.tasking._policy_verdict import Verdict

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CHUNK = 25_000
_EVER = 2**63 - 1
_BY_NUMBER = ("gsd_at_most_m", "gsd_below_m", "system_gsd_at_most_m")
_OF_TIME = ("age_below_s", "imaged_from_tai_ns", "imaged_until_tai_ns")
_OWN = (
    "at",
    "place_deg",
    "target",
    "gsd_m",
    "system_gsd_m",
    "imaged_at",
)  # differ from picture to picture
_DELAY = strictness("delay")
_POLAR_DEG = 84.0  # beyond, degrees of longitude are too short to look around by


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdicts:
    """Answers to many questions, in their order.

    `effect` and `sure_effect` are places in EFFECTS, shape (n,); `gsd_m` is NaN where there is no limit;
    `until_tai_ns` is 0 where nothing holds a picture back, or no time is known.
    """

    packs: tuple[Pack, ...]
    questions: tuple[Question, ...]
    effect: NDArray[np.int8]
    sure_effect: NDArray[np.int8]
    gsd_m: Floats
    until_tai_ns: Ints

    def __len__(self) -> int:
        return len(self.questions)

    @property
    def effect_names(self) -> list[str]:
        """The effects in words."""
        return [EFFECTS[code] for code in self.effect]

    def until(self, number: int) -> Epoch | None:
        """When a picture may be released, as far as is known."""
        value = int(self.until_tai_ns[number])
        return Epoch(value) if value else None

    def verdict(self, number: int) -> Verdict:
        """The whole answer to one of the questions, with findings and trace."""
        return judge(self.packs, self.questions[number])


def judge_many(packs: Sequence[Pack], questions: Sequence[Question]) -> Verdicts:
    """Answers to many questions: what `judge` says to each, without findings and trace.

    Everything counts that the packs say, the private ones too: `Verdicts.verdict(i).public()` is for others.
    """
    parts = [
        _Chunk(packs, questions[first : first + _CHUNK]).answers()
        for first in range(0, len(questions), _CHUNK)
    ]
    empty = (np.zeros(0, np.int8), np.zeros(0, np.int8), np.zeros(0), np.zeros(0, np.int64))
    effect, sure, gsd, until = (
        np.concatenate([part[k] for part in parts] or [empty[k]]) for k in range(4)
    )
    return Verdicts(
        packs=tuple(packs),
        questions=tuple(questions),
        effect=effect.astype(np.int8),
        sure_effect=sure.astype(np.int8),
        gsd_m=gsd,
        until_tai_ns=until.astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class State:
    """Of each picture: something surely holds (`yes`), or it may, for all that is known."""

    yes: Bools
    may: Bools

    def __and__(self, other: State) -> State:
        return State(self.yes & other.yes, self.may & other.may)

    def __or__(self, other: State) -> State:
        return State(self.yes | other.yes, self.may | other.may)

    def __invert__(self) -> State:
        return State(~self.may, ~self.yes)


class _Chunk:
    """Some questions as columns, with a tree of their places."""

    def __init__(self, packs: Sequence[Pack], questions: Sequence[Question]) -> None:
        self.packs = packs
        self.size = len(questions)
        self.now = np.array([one.at.tai_ns for one in questions], np.int64)
        imaged = [one.at if one.imaged_at is None else one.imaged_at for one in questions]
        self.imaged = np.array([one.tai_ns for one in imaged], np.int64)
        undated = np.array([one.imaged_at is None for one in questions], np.bool_)
        self.undated = undated & np.array([one.stage == "delivery" for one in questions], np.bool_)
        self.gsd = _numbers([one.gsd_m for one in questions])
        system = _numbers([one.system_gsd_m for one in questions])
        self.system_gsd = np.where(np.isnan(system), self.gsd, system)
        self.targets = np.array([one.target for one in questions], object)
        self.tree = shapely.STRtree(self.targets)
        self.band = np.array([band_of(one) for one in self.targets], np.int64)
        _, south, _, north = shapely.bounds(self.targets).T
        self.polar = np.flatnonzero((south < -_POLAR_DEG) | (north > _POLAR_DEG))
        names = [one.name for one in fields(Question) if one.name not in _OWN]
        sorts: dict[tuple[Any, ...], int] = {}
        self.facts: list[Facts] = []
        sort_of = np.empty(self.size, np.int64)
        for number, one in enumerate(questions):
            key = tuple(getattr(one, name) for name in names)
            if key not in sorts:
                sorts[key] = len(sorts)
                self.facts.append(facts_of(packs, one))
            sort_of[number] = sorts[key]
        self.sort_of = sort_of
        self.asked: dict[Any, State] = {}
        self.regions: dict[tuple[int, str], Bools] = {}

    def answers(self) -> tuple[Any, Any, Floats, Ints]:
        """Effects, sure effects, limits of sharpness and times of release."""
        effect = np.zeros(self.size, np.int8)
        sure = np.zeros(self.size, np.int8)
        gsd = np.full(self.size, np.nan)
        held: list[tuple[Ints, Ints, Ints]] = []
        for pack in self.packs:
            for rule in pack.rules:
                state = self._rule(rule)
                if state is None:
                    continue
                level = strictness(rule.effect)
                start, stop = self._in_force(rule)
                binds = (start <= self.now) & (self.now < stop)
                effect[state.may & binds] = np.maximum(effect[state.may & binds], level)
                sure[state.yes & binds] = np.maximum(sure[state.yes & binds], level)
                if rule.to_m is not None:
                    gsd[state.may & binds] = np.fmax(gsd[state.may & binds], rule.to_m)
                if level >= _DELAY:
                    which = np.flatnonzero(state.may)
                    held.append((which, start[which], stop[which]))
        return effect, sure, gsd, self._released(held)

    def _released(self, held: list[tuple[Ints, Ints, Ints]]) -> Ints:
        if not held:
            return np.zeros(self.size, np.int64)
        which, start, stop = (np.concatenate([one[k] for one in held]) for k in range(3))
        instant = self.now.copy()
        while True:
            active = (start <= instant[which]) & (instant[which] < stop)
            later = instant.copy()
            np.maximum.at(later, which[active], stop[active])
            if np.array_equal(later, instant):
                break
            instant = later
        return np.where((instant == self.now) | (instant == _EVER), 0, instant)

    def _in_force(self, rule: Rule) -> tuple[Ints, Ints]:
        start = np.full(
            self.size, -_EVER if rule.valid_from_tai_ns is None else rule.valid_from_tai_ns
        )
        stop = np.full(
            self.size, _EVER if rule.valid_until_tai_ns is None else rule.valid_until_tai_ns
        )
        for length in (rule.conditions.age_below_s, rule.delay_s):
            if length is not None and length != INDEFINITE_S:
                stop = np.minimum(stop, self.imaged + round(length * 1e9))
        return start, stop

    def _rule(self, rule: Rule) -> State | None:
        """Whether a rule binds each picture, whatever the instant; None if it binds none."""
        if rule.template:
            return None
        stage = np.array([one.question.stage in rule.stages for one in self.facts], np.bool_)[
            self.sort_of
        ]
        state = State(stage, stage) & self._all(rule.conditions)
        for _, sets in rule.any_of:
            state &= self._any(sets)
        for _, sets in rule.exceptions:
            state &= ~self._any(sets)
        if rule.to_m is not None:
            state &= self._limit(self.gsd, rule.to_m, below=True)
        if rule.conditions.age_below_s is not None or rule.delay_s is not None:
            state &= State(~self.undated, np.ones(self.size, np.bool_))
        if not state.may.any():
            return None
        inside = self._inside(rule.where)
        if rule.outside is not None:
            inside = inside & ~self._within(rule.outside)
        state &= State(inside, inside)
        return state if state.may.any() else None

    def _any(self, sets: tuple[Conditions, ...]) -> State:
        key = ("any", sets)
        if key not in self.asked:
            state = self._all(sets[0])
            for one in sets[1:]:
                state |= self._all(one)
            self.asked[key] = state
        return self.asked[key]

    def _all(self, conditions: Conditions) -> State:
        every = np.ones(self.size, np.bool_)
        state = State(every, every)
        asked = conditions.asked
        both = "ground_countries" in asked and "ground_operators_other_than" in asked
        if both:
            pair = (conditions.ground_countries, conditions.ground_operators_other_than)
            state &= self._by_sort(("ground", *pair), lambda facts: ask_ground(*pair, facts).holds)
        for name in asked:
            value = getattr(conditions, name)
            if name in _BY_NUMBER:
                column = self.system_gsd if name.startswith("system") else self.gsd
                state &= self._limit(column, value, below="below" in name)
            elif name in _OF_TIME:
                state &= self._dated(name, value)
            elif not (both and name.startswith("ground_")):
                state &= self._by_sort((name, value), _asker(name, value))
        return state

    def _by_sort(self, key: Any, ask: Callable[[Facts], bool | None]) -> State:
        """A condition asked once for each sort of question."""
        if key not in self.asked:
            holds = [ask(facts) for facts in self.facts]
            yes = np.array([one is True for one in holds], np.bool_)
            may = np.array([one is not False for one in holds], np.bool_)
            self.asked[key] = State(yes[self.sort_of], may[self.sort_of])
        return self.asked[key]

    def _limit(self, column: Floats, limit_m: float, *, below: bool) -> State:
        unknown = np.isnan(column)
        yes = column < limit_m if below else column <= limit_m
        return State(yes, yes | unknown)

    def _dated(self, name: str, value: int) -> State:
        if name == "age_below_s":  # ends a rule at an instant: see _in_force
            return State(np.ones(self.size, np.bool_), np.ones(self.size, np.bool_))
        holds = self.imaged >= value if name == "imaged_from_tai_ns" else self.imaged < value
        return State(holds & ~self.undated, holds | self.undated)

    def _within(self, where: Region) -> Bools:
        key = (id(where), "within")
        if key not in self.regions:
            found = np.zeros(self.size, np.bool_)
            found[self.tree.query(where.outline, predicate="contains_properly")] = True
            self.regions[key] = found
        return self.regions[key]

    def _inside(self, where: Region) -> Bools:
        key = (id(where), "inside")
        if key not in self.regions:
            self.regions[key] = self._new_inside(where)
        return self.regions[key]

    def _new_inside(self, where: Region) -> Bools:
        if where.is_everywhere:
            return np.ones(self.size, np.bool_)
        found = np.zeros(self.size, np.bool_)
        found[self.tree.query(where.polygons, predicate="intersects")] = True
        for number in range(
            len(where.circles)
        ):  # as `touches`: points exactly, others by the polygon
            near = np.unique(self.tree.query(where.circles[number].box()))
            near = near[~found[near]]
            points = shapely.get_type_id(self.targets[near]) == 0
            xy = shapely.get_coordinates(self.targets[near[points]])
            found[near[points]] = where.circles[number].holds(xy[:, 0], xy[:, 1])
            others = near[~points]
            found[others] = shapely.intersects(where.outline, self.targets[others])
        if where.margin_m > 0.0:
            self._add_margin(where, found)
        return found

    def _add_margin(self, where: Region, found: Bools) -> None:
        """Count in what lies a little outside, or in the sea before it: as `away_m` has it."""
        side, _ = margin_deg(where, _POLAR_DEG)
        near = np.union1d(
            self.tree.query(where.outline, predicate="dwithin", distance=side), self.polar
        )
        near = near[~found[near]]
        west, _, east, _ = shapely.bounds(self.targets[near]).T
        seam = (west - side < -180.0) | (east + side > 180.0)
        away = np.full(self.size, np.inf)
        for number in near[seam]:
            away[number] = away_m(where, self.targets[number])
        near = near[~seam]
        for band in np.unique(self.band[near]):
            some = near[self.band[near] == band]
            bounds = shapely.bounds(self.targets[some])
            box = (bounds[:, 0].min(), bounds[:, 1].min(), bounds[:, 2].max(), bounds[:, 3].max())
            outline = near_part(where, box)
            if not outline.is_empty:
                away[some] = gaps_m(outline, self.targets[some], int(band))
        found |= away <= where.reach_m
        for number in np.flatnonzero(~found & (away <= where.sea_m)):
            found[number] = not on_land(self.targets[number])


def _asker(name: str, value: Any) -> Callable[[Facts], bool | None]:
    return lambda facts: ASK[name](value, facts).holds


def _numbers(values: list[float | None]) -> Floats:
    return np.array([np.nan if one is None else one for one in values], np.float64)
