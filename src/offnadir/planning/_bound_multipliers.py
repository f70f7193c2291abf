"""Prices of rules that link chains: what is left of each option's value, and how the prices should change.

Four kinds, in this order in one vector: a task is served once at most; rows; the members of an option are
taken together; a curve's slope. Theory: docs/theory/planning.md.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.planning._bound_network import Offers
from offnadir.planning.problem import Array, Curve, IntArray, Problem


def usable_options(problem: Problem) -> NDArray[np.bool_]:
    """Options that can be in a plan: those of a task with a fixed option are not, but for it."""
    o = problem.options
    is_set = np.zeros(problem.n_tasks, np.bool_)
    is_set[o.task[o.fixed > 0]] = True
    return np.asarray((o.fixed > 0) | ~is_set[o.task])


def top_values(problem: Problem) -> IntArray:
    """The most each option earns at any start, shape (o,)."""
    o = problem.options
    top = o.value.copy()
    for i in np.flatnonzero(o.profile_block >= 0).tolist():
        member = o.member_block[i]
        size = o.member_high[member] - o.member_low[member] + 1
        top[i] = max(top[i], int(o.profile[o.profile_block[i] :][:size].max()))
    return top


def concave_points(curve: Curve, most: int) -> Array:
    """Corners of the least concave curve nowhere below the given one from 0 to `most`, shape (n, 2)."""
    share, value = curve.share.astype(np.float64), curve.value.astype(np.float64)
    inside = share < most
    last = max(int(np.searchsorted(share, most)), 1)
    last = min(last, len(share) - 1)
    slope = (value[last] - value[last - 1]) / (share[last] - share[last - 1])
    end = value[last - 1] + slope * (most - share[last - 1])
    hull: list[tuple[float, float]] = []
    for x, y in [
        *zip(share[inside].tolist(), value[inside].tolist(), strict=True),
        (float(most), float(end)),
    ]:
        while len(hull) > 1 and (hull[-1][1] - hull[-2][1]) * (x - hull[-1][0]) <= (
            y - hull[-1][1]
        ) * (hull[-1][0] - hull[-2][0]):
            hull.pop()
        hull.append((x, y))
    return np.array(hull)


class Multipliers:
    """The vector's layout, limits and what follows from a vector; `low` and `high` bound each entry."""

    def __init__(self, problem: Problem, offers: Offers, usable: NDArray[np.bool_]) -> None:
        o, rows = problem.options, problem.rows
        self.task, self.value = o.task, o.value.astype(np.float64)
        self.n_options, self.n_tasks = len(o), problem.n_tasks
        fixed = np.flatnonzero(o.fixed > 0)
        self.row = np.concatenate(
            [
                np.repeat(np.arange(len(rows)), np.diff(rows.start)),
                len(rows) + np.arange(len(fixed)),
            ]
        )
        self.row_option = np.concatenate([rows.option, fixed])
        coefficient = np.concatenate([rows.coefficient, np.full(len(fixed), -1)]).astype(np.float64)
        limit = np.concatenate([rows.limit, np.full(len(fixed), -1)]).astype(np.float64)
        size = np.ones(len(limit))
        np.maximum.at(size, self.row, np.abs(coefficient))
        self.row_size = size
        self.coefficient, self.limit = coefficient / size[self.row], limit / size
        self.offer_option = offers.option
        members = np.diff(o.member_block)[offers.option]
        self.part = 1.0 / members
        number = offers.key % 3
        self.tied = np.flatnonzero(number > 0)
        first = np.full(len(o), -1)
        first[offers.option[number == 0]] = np.flatnonzero(number == 0)
        self.leader = first[offers.option[self.tied]]
        self._curves(problem, usable)
        n_lambda, n_mu, n_nu, n_slope = self.n_tasks, len(limit), len(self.tied), len(self.hull)
        self.edge = np.cumsum([0, n_lambda, n_mu, n_nu, n_slope])
        self.low = np.concatenate(
            [np.zeros(n_lambda + n_mu), np.full(n_nu, -np.inf), self.slope_low]
        )
        self.high = np.concatenate(
            [self.sizes_task(offers), np.full(n_mu + n_nu, np.inf), self.slope_high]
        )
        self.start = np.concatenate([np.zeros(n_lambda + n_mu + n_nu), self.slope_low])

    def sizes_task(self, offers: Offers) -> Array:
        """Highest price of each task: none where nothing can serve it twice."""
        need = np.zeros(self.n_tasks, np.bool_)
        need[self.task[offers.option[offers.node >= 0]]] = True
        return np.where(need, np.inf, 0.0)

    def _curves(self, problem: Problem, usable: NDArray[np.bool_]) -> None:
        o = problem.options
        most = np.zeros(self.n_tasks, np.int64)
        np.maximum.at(most, o.task[usable], o.share[usable])
        request = problem.request[o.task]
        self.hull: list[Array] = []
        self.most: list[float] = []
        low: list[float] = []
        high: list[float] = []
        self.slope_of = np.full(len(o), -1)
        for key in sorted(problem.curve):
            total = int(most[problem.request == key].sum())
            if total <= 0:
                continue
            hull = concave_points(problem.curve[key], total)
            slopes = np.diff(hull[:, 1]) / np.diff(hull[:, 0])
            self.slope_of[request == key] = len(self.hull)
            self.hull.append(hull)
            self.most.append(float(total))
            low.append(slopes[-1] * total)
            high.append(slopes[0] * total)
        self.slope_low, self.slope_high = np.array(low), np.array(high)
        self.per_share = np.where(
            self.slope_of >= 0, o.share / (np.array([*self.most, 1.0])[self.slope_of]), 0.0
        )

    def trivial(self, problem: Problem, usable: NDArray[np.bool_]) -> float:
        """Every task at its best."""
        top = np.zeros(self.n_tasks, np.int64)
        np.maximum.at(top, self.task[usable], top_values(problem)[usable])
        return math.fsum(top.tolist()) + math.fsum(float(hull[-1, 1]) for hull in self.hull)

    def worth(self, z: Array) -> Array:
        """What is left of each offer's value, a profile's extra not counted."""
        e = self.edge
        option = self.value - z[: e[1]][self.task]
        if len(self.row):
            weight = self.coefficient * z[e[1] : e[2]][self.row]
            option = option - np.bincount(self.row_option, weights=weight, minlength=self.n_options)
        if len(self.hull):
            option = option + self.per_share * np.append(z[e[3] :], 0.0)[self.slope_of]
        worth = option[self.offer_option] * self.part
        if len(self.tied):
            nu = z[e[2] : e[3]]
            worth[self.tied] += nu
            worth -= np.bincount(self.leader, weights=nu, minlength=len(worth))
        return np.asarray(worth)

    def price(self, z: Array) -> Array:
        """Price of one unit of each row."""
        return np.asarray(z[self.edge[1] : self.edge[2]] / self.row_size)

    def constant(self, z: Array) -> float:
        """What the rules' limits are worth at these prices."""
        e = self.edge
        parts: list[Any] = [*z[: e[1]].tolist(), *(z[e[1] : e[2]] * self.limit).tolist()]
        parts += [self._peak(i, z[e[3] + i])[1] for i in range(len(self.hull))]
        return math.fsum(parts)

    def _peak(self, i: int, slope: float) -> tuple[float, float]:
        """Part of its greatest share at which a curve is farthest above a line of this slope, and how far."""
        height = self.hull[i][:, 1] - slope * self.hull[i][:, 0] / self.most[i]
        at = int(np.argmax(height))
        return float(self.hull[i][at, 0] / self.most[i]), float(height[at])

    def gradient(self, z: Array, taken: IntArray) -> Array:
        """How the bound changes with each price, if each offer is taken so many times."""
        e = self.edge
        option = np.bincount(self.offer_option, weights=taken * self.part, minlength=self.n_options)
        once = 1.0 - np.bincount(self.task, weights=option, minlength=self.n_tasks)
        room = self.limit - np.bincount(
            self.row, weights=self.coefficient * option[self.row_option], minlength=len(self.limit)
        )
        tie = (taken[self.tied] - taken[self.leader]).astype(np.float64)
        share = np.bincount(
            self.slope_of + 1, weights=self.per_share * option, minlength=len(self.hull) + 1
        )[1:]
        peak = np.array([self._peak(i, z[e[3] + i])[0] for i in range(len(self.hull))])
        return np.concatenate([once, room, tie, share - peak])
