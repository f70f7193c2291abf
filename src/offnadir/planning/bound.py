"""A number that no plan's value can exceed: longest paths in each chain, with prices on what links the chains.

Every rule that concerns more than one picture at a time is either kept inside a chain's longest path (turns, starts,
not going straight back to the task before) or priced by a multiplier; any prices give a valid bound, and
they are moved so that it falls. What cannot be in a plan better than the best known one is then left
out of the network, which makes the rest quicker. Resources other than rows are not looked at. Theory:
docs/theory/planning.md.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from offnadir.planning import _bound_kernels as kernels
from offnadir.planning._bound_multipliers import Multipliers, top_values, usable_options
from offnadir.planning._bound_network import Network, network
from offnadir.planning.problem import Array, IntArray, Problem

_SMALLEST_MOVE = 0.01
_PATIENCE = 8


class Bound:
    """An upper bound on a problem's best value, better the longer it is worked at.

    `bound` is valid at any time, provided that `incumbent` is the value of a plan that exists (or 0).
    Equal inputs and equal calls give equal bounds.
    """

    def __init__(self, problem: Problem, incumbent: int = 0, *, threads: int = 2) -> None:
        self._problem, self._incumbent, self._threads = problem, incumbent, max(threads, 1)
        usable = usable_options(problem)
        self._net, offers = network(problem, usable)
        by = np.argsort(offers.node, kind="stable")
        self._offers = offers = replace(
            offers, **{name: getattr(offers, name)[by] for name in offers.__dataclass_fields__}
        )
        self._mult = Multipliers(problem, offers, usable)
        self._node_offer_at = np.searchsorted(offers.node, np.arange(len(self._net.node_window) + 1))
        self._offer_value = problem.options.value[offers.option]
        values = [problem.options.value, problem.options.profile]
        self._unit = 1 if problem.curve else max(math.gcd(*np.concatenate(values).tolist()), 1)
        trivial = self._mult.trivial(problem, usable)
        self.bound = self._floor(trivial)
        self._scale = 2.0**29 / max(trivial, 1.0)
        self._free = np.flatnonzero(offers.node < 0)
        self._free_extra = (top_values(problem)[offers.option] - self._offer_value)[self._free]
        self._room()
        self._z = self._best_z = self._mult.start.copy()
        self._best = math.inf
        self._move, self._bad, self._direction = 1.0, 0, None
        self._pruned_at = math.inf

    # -- what is asked ------------------------------------------------------------------------------

    def improve_incumbent(self, value: int) -> None:
        """There is a plan of this value."""
        self._incumbent = max(self._incumbent, value)

    def step(self, work: float = 100.0) -> bool:
        """Improve the bound for a while; whether more may help. `work` counts millions of looks at transitions."""
        with ThreadPoolExecutor(self._threads) as pool:
            while work > 0.0 and not self._is_done():
                work -= self._iterate(pool)
        return not self._is_done()

    def plans(self) -> list[list[tuple[int, int]]]:
        """Pictures of the last longest paths, (option, start), one list a chain; tasks may occur twice."""
        out = []
        for states in self._paths:
            chosen = self._pick(states, self._worth)
            out.append(
                list(
                    zip(
                        self._offers.option[chosen].tolist(), self._net.state_start[states].tolist(), strict=True
                    )
                )
            )
        return out

    # -- the machine --------------------------------------------------------------------------------

    def _is_done(self) -> bool:
        return self.bound <= self._incumbent or self._move < _SMALLEST_MOVE

    def _floor(self, value: float) -> int:
        return math.floor((value + 1e-6 + 1e-11 * abs(value)) / self._unit) * self._unit

    def _room(self) -> None:
        """Memory for labels, and who computes which chain."""
        net = self._net
        n_states, n_nodes = len(net.state_node), len(net.node_window)
        self._f = [np.zeros(n_states, np.int32) for _ in range(6)]
        self._front = np.zeros(n_nodes, np.int32)
        self._left = [np.zeros(n_nodes, np.int32) for _ in range(4)]
        self._gain = np.zeros(n_states, np.int32)
        self._top = np.zeros(net.n_chains, np.int32)
        self._top_state = np.full(net.n_chains, -1, np.int64)
        # a path may come back to a node, but never to a state
        self._trail_at = net.chain_order[:-1]
        self._trail = np.zeros(n_states + 1, np.int64)
        looks = net.looks()
        self._work = (float(looks.sum()) + 20.0 * n_states) / 1e6 + 0.05
        load = [0.0] * self._threads
        groups: list[list[int]] = [[] for _ in load]
        for c in np.argsort(-looks, kind="stable").tolist():
            least = load.index(min(load))
            groups[least].append(c)
            load[least] += float(looks[c]) + 1.0
        self._groups = [np.array(sorted(group), np.int64) for group in groups if group]

    def _set_gain(self, worth: Array) -> None:
        """What each state earns now, in whole numbers that no path can overflow."""
        net, o = self._net, self._offers
        for _ in range(20):
            total = kernels.fill_gain(
                self._node_offer_at, net.node_first, net.node_step, net.state_start, o.low, o.high, o.profile_at,
                worth, self._offer_value, self._problem.options.profile, self._scale, self._gain,
            )  # fmt: skip
            if total < 2.0**30:
                return
            self._scale *= 2.0**29 / total

    def _pick(self, states: IntArray, worth: Array) -> IntArray:
        net, o = self._net, self._offers
        return kernels.pick_offers(
            states, net.state_node, self._node_offer_at, net.node_step, net.state_start, o.low, o.high, o.profile_at,
            worth, self._offer_value, self._problem.options.profile,
        )  # fmt: skip

    def _free_part(self, worth: Array, taken: IntArray) -> float:
        """Free offers: the best of each key, if it earns anything."""
        if not len(self._free):
            return 0.0
        earns = worth[self._free] + self._free_extra
        key = self._offers.key[self._free]
        by = np.lexsort((-earns, key))
        first = by[np.diff(key[by], prepend=-1) > 0]
        good = first[earns[first] > 0.0]
        taken[self._free[good]] = 1
        return math.fsum(earns[good].tolist())

    def _forward(self, pool: ThreadPoolExecutor) -> None:
        net = self._net

        def run(chains: IntArray) -> None:
            if net.is_dense:
                kernels.forward(
                    chains, net.chain_node, net.chain_order, net.order, net.node_first, net.node_row, net.node_key,
                    net.key_node_at, net.key_node, net.state_node, net.rows, self._gain, *self._f, self._front,
                    *self._left, self._top, self._top_state,
                )  # fmt: skip
            else:
                kernels.forward_sparse(
                    chains, net.chain_node, net.chain_order, net.order, net.node_first, net.node_key, net.state_node,
                    net.arc_at, net.arc, self._gain, *self._f, *self._left, self._top, self._top_state,
                )  # fmt: skip

        list(pool.map(run, self._groups))

    def _iterate(self, pool: ThreadPoolExecutor) -> float:
        """One set of prices: its bound, and a step to the next."""
        net, mult = self._net, self._mult
        self._worth = worth = mult.worth(self._z)
        self._set_gain(worth)
        taken = np.zeros(len(worth), np.int64)
        value = mult.constant(self._z) + self._free_part(worth, taken)
        self._forward(pool)
        value += float(self._top.sum(dtype=np.int64)) / self._scale
        chains = np.arange(net.n_chains)
        size = kernels.trace(chains, self._top_state, self._f[2], self._f[5], self._trail_at, self._trail)
        self._paths = [
            self._trail[at : at + n][::-1].copy() for at, n in zip(self._trail_at.tolist(), size.tolist(), strict=True)
        ]
        states = np.concatenate([*self._paths, np.empty(0, np.int64)])
        np.add.at(taken, self._pick(states, worth), 1)
        self._note(value)
        self._change_prices(value, mult.gradient(self._z, taken))
        return self._work

    def _note(self, value: float) -> None:
        """Keep the best bound, and count what does not improve it."""
        reach = max(self._best - max(self._incumbent, 0.95 * self._best), 0.5) if self._best < math.inf else 0.0
        if value < self._best - 5e-4 * reach:
            self._bad = 0
        else:
            self._bad += 1
        if value < self._best:
            self._best, self._best_z = value, self._z
            self.bound = max(min(self.bound, self._floor(value)), self._incumbent)

    def _change_prices(self, value: float, gradient: Array) -> None:
        """Polyak's step along the gradient and what is left of those before."""
        z, mult = self._z, self._mult
        if self._bad >= _PATIENCE:
            self._move *= 0.7
            self._bad, self._direction, self._z = 0, None, self._best_z
            return
        d = gradient if self._direction is None else gradient + 0.6 * self._direction
        self._direction = d
        d = np.where(((z <= mult.low) & (d > 0.0)) | ((z >= mult.high) & (d < 0.0)), 0.0, d)
        norm = math.fsum((d * d).tolist())
        if norm <= 1e-12:
            self._move = 0.0
            return
        target = max(float(self._incumbent), 0.95 * self._best)
        step = self._move * max(value - target, 1e-4 * abs(value)) / norm
        self._z = np.clip(z - step * d, mult.low, mult.high)
