"""A number that no plan's value can exceed: longest paths in chains, with prices on what links them.

Every rule that concerns more than one picture at a time is either kept inside a chain's longest path
(turns, starts, not going straight back to the task before) or priced by a multiplier; any prices give a
valid bound, and they are moved so that it falls. What cannot be in a plan better than the best known one is
then left out of the network, which makes the rest quicker. Resources other than rows are not looked at.
Theory: docs/theory/planning.md.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from offnadir.planning import _bound_kernels as kernels
from offnadir.planning._bound_labels import Labels
from offnadir.planning._bound_multipliers import Multipliers, top_values, usable_options
from offnadir.planning._bound_network import Network, living, network, pruned
from offnadir.planning.problem import Array, IntArray, Problem

_SMALLEST_MOVE = 0.01
_PATIENCE = 5
_MOVE_AGAIN = 0.5
_MEMORY = 0.6
_SHRINK = 0.7
_FIRST_PRUNING = 20
_LABELS_BELOW = 0.05
#: Problems of more transitions begin with starts in groups, until moves have become this small.
_LARGE, _GROUP, _FINE_BELOW = 2_000_000, 4, 0.3


class Bound:
    """An upper bound on a problem's best value, better the longer it is worked at.

    `bound` is valid at any time, provided that `incumbent` is the value of a plan that exists (or 0).
    Equal inputs and equal calls give equal bounds.
    """

    def __init__(self, problem: Problem, incumbent: int = 0, *, threads: int = 2) -> None:
        self._problem, self._incumbent, self._threads = problem, incumbent, max(threads, 1)
        usable = usable_options(problem)
        self._net, offers = network(problem, usable)
        self._fine: Network | None = None
        if int(self._net.looks().sum()) > _LARGE:
            coarse = network(problem, usable, group=_GROUP)[0]
            if len(coarse.node_window) == len(self._net.node_window):
                self._net, self._fine = coarse, self._net
        by = np.argsort(offers.node, kind="stable")
        self._offers = offers = replace(
            offers, **{name: getattr(offers, name)[by] for name in offers.__dataclass_fields__}
        )
        self._mult = Multipliers(problem, offers, usable)
        self._node_offer_at = np.searchsorted(
            offers.node, np.arange(len(self._net.node_window) + 1)
        )
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
        self._move, self._bad = 1.0, 0
        self._direction: Array | None = None
        nothing = np.empty(0, np.int64)
        self._plan: tuple[IntArray, IntArray, list[int]] = (
            nothing,
            nothing,
            [0] * self._net.n_chains,
        )
        self._labels: Labels | None = None
        self._dense_share = 0.3
        self._pruned_at, self._rounds = math.inf, 0

    # -- what is asked ------------------------------------------------------------------------------

    def improve_incumbent(self, value: int) -> None:
        """There is a plan of this value."""
        self._incumbent = max(self._incumbent, value)

    def step(self, work: float = 100.0) -> bool:
        """Improve the bound for a while; whether more may help. `work`: millions of looks at transitions."""
        with ThreadPoolExecutor(self._threads) as pool:
            while work > 0.0 and not self._is_done():
                if self._should_prune():
                    work -= self._prune(pool)
                elif self._fine is not None and self._move < _FINE_BELOW:
                    self._net, self._fine = self._fine, None
                    self._room()
                    self._go_on(_MOVE_AGAIN)
                elif self._labels is None and self._move < (
                    _SMALLEST_MOVE if self._net.is_dense else _LABELS_BELOW
                ):
                    work -= self._begin_labels(pool)
                else:
                    work -= self._iterate(pool)
                    self._rounds += 1
        return not self._is_done()

    def plans(self) -> list[list[tuple[int, int]]]:
        """Pictures of the last longest paths, (option, start), one list a chain; tasks may occur twice."""
        option, start, size = self._plan
        pictures = list(zip(option.tolist(), start.tolist(), strict=True))
        return [pictures[i:j] for i, j in pairwise(np.cumsum([0, *size]).tolist())]

    # -- the machine --------------------------------------------------------------------------------

    def _is_done(self) -> bool:
        if self.bound <= self._incumbent:
            self.bound = self._incumbent
            return True
        is_last = self._labels is not None and self._fine is None
        return is_last and self._move < _SMALLEST_MOVE and not self._should_prune()

    def _should_prune(self) -> bool:
        """Whether the network can be expected to shrink; pruning costs as much as a few rounds."""
        is_ready = self._rounds >= _FIRST_PRUNING and self._fine is None
        return is_ready and self._slack() < 0.7 * self._pruned_at

    def _slack(self) -> float:
        """How far the bound is above the value that a better plan has at least; no less than 0."""
        return max(self._best - (self._incumbent + self._unit), 0.0)

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
                self._node_offer_at, net.node_first, net.node_step, net.state_start, o.low, o.high,
                o.profile_at, worth, self._offer_value, self._problem.options.profile, self._scale,
                self._gain,
            )  # fmt: skip
            if total < 2.0**30:
                return
            self._scale *= 2.0**29 / total

    def _pick(self, states: IntArray, worth: Array) -> IntArray:
        net, o = self._net, self._offers
        chosen: IntArray = kernels.pick_offers(
            states, net.state_node, self._node_offer_at, net.node_step, net.state_start, o.low, o.high,
            o.profile_at, worth, self._offer_value, self._problem.options.profile,
        )  # fmt: skip
        return chosen

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
                    chains, net.chain_node, net.chain_order, net.order, net.node_first, net.node_row,
                    net.node_key, net.key_node_at, net.key_node, net.state_node, net.rows, self._gain,
                    *self._f, self._front, *self._left, self._top, self._top_state,
                )  # fmt: skip
            else:
                kernels.forward_sparse(
                    chains, net.chain_node, net.chain_order, net.order, net.node_first, net.node_key,
                    net.state_node, net.arc_at, net.arc, self._gain, *self._f, *self._left, self._top,
                    self._top_state,
                )  # fmt: skip

        list(pool.map(run, self._groups))

    def _backward(self, pool: ThreadPoolExecutor, groups: list[IntArray]) -> list[Any]:
        """What can follow each state, by the prices of the last `_set_gain`."""
        net = self._net
        out = [np.zeros(len(net.state_node), np.int32) for _ in range(8)]

        def run(chains: IntArray) -> None:
            if net.is_dense:
                kernels.backward(
                    chains, net.chain_node, net.chain_order, net.order, net.node_first, net.node_row,
                    net.node_key, net.state_node, net.rows, self._gain, *out,
                )  # fmt: skip
            else:
                kernels.backward_sparse(
                    chains, net.chain_order, net.order, net.node_first, net.node_key, net.state_node,
                    net.arc_at, net.arc, self._gain, *out,
                )  # fmt: skip

        list(pool.map(run, groups))
        return out

    def _evaluate(self, z: Array, pool: ThreadPoolExecutor) -> float:
        """The bound at some prices; `_z_top` is what each chain adds, `_paths` its best path."""
        net = self._net
        self._worth = worth = self._mult.worth(z)
        self._set_gain(worth)
        self._taken = np.zeros(len(worth), np.int64)
        value = self._mult.constant(z) + self._free_part(worth, self._taken)
        self._forward(pool)
        self._z_top, self._made = self._top.astype(np.int64), 0
        chains = np.arange(net.n_chains)
        size, again = kernels.trace(
            chains, self._top_state, self._f[2], self._f[5], self._trail_at, self._trail, net.state_node,
            net.node_key, np.full(len(net.key_node_at), -1),
        )  # fmt: skip
        self._paths = [
            self._trail[at : at + n][::-1].copy()
            for at, n in zip(self._trail_at.tolist(), size.tolist(), strict=True)
        ]
        if self._labels is not None and np.any(again):
            self._search(np.flatnonzero(again), self._labels, pool)
        return value + float(self._z_top.sum()) / self._scale

    def _search(self, chains: IntArray, labels: Labels, pool: ThreadPoolExecutor) -> None:
        """Some chains' best paths by labels that remember more."""
        net = self._net
        is_mine = np.zeros(net.n_chains, np.bool_)
        is_mine[chains] = True
        groups = [group[is_mine[group]] for group in self._groups]
        follow = self._backward(pool, groups)[4:7]
        some = np.flatnonzero(np.diff(net.node_first))
        first = net.node_first[some]
        is_flat = np.ones(len(net.node_window), np.bool_)
        is_flat[some] = np.minimum.reduceat(self._gain, first) == np.maximum.reduceat(
            self._gain, first
        )

        def run(job: tuple[int, IntArray]) -> list[Any]:
            thread, mine = job
            return [
                (c, labels.best(c, thread, self._gain, int(self._top[c]), follow, is_flat))
                for c in mine.tolist()
            ]

        for results in pool.map(run, list(enumerate(groups))):
            for c, (value, path, made) in results:
                self._made += made
                if len(path):
                    self._z_top[c], self._paths[c] = value, path
                    labels.learn(c, path)

    def _prune(self, pool: ThreadPoolExecutor) -> float:
        """Leave out what is on no path of a plan that is better than the incumbent."""
        self._pruned_at = self._slack()
        value = self._evaluate(self._best_z, pool)
        net = self._net
        slack = max(value - (self._incumbent + self._unit), 0.0) * (1.0 + 1e-9) + 1e-6
        least = self._z_top - math.ceil(slack * self._scale) - 1
        v1, k1, _, v2, _, _ = self._f
        b1, f1, b2, _, w1, q1, w2, _ = self._backward(pool, self._groups)
        alive, kept = (
            np.zeros(len(net.state_node), np.bool_),
            np.zeros(len(net.state_node), np.int64),
        )
        ends = (
            net.is_dense, net.chain_node, net.chain_order, net.order, net.node_first, net.node_row,
            net.node_key, net.state_node, net.rows, net.arc_at, net.arc, self._gain, v1, k1, v2,
        )  # fmt: skip

        def count(chains: IntArray) -> None:
            kernels.count_arcs(
                ends[0], chains, *ends[1:], b1, f1, b2, w1, q1, w2, least, alive, kept
            )

        list(pool.map(count, self._groups))
        looks = int(net.looks().sum())
        if int(kept.sum()) <= (self._dense_share if net.is_dense else 0.8) * looks:
            heir, arc_at = living(net, alive, kept)
            arc = np.empty(int(arc_at[-1]), np.int32)

            def copy(chains: IntArray) -> None:
                kernels.copy_arcs(
                    ends[0], chains, *ends[1:], w1, q1, w2, least, alive, heir, arc_at, arc
                )

            list(pool.map(copy, self._groups))
            self._net = pruned(net, alive, heir, arc_at, arc)
            if self._labels is not None:
                self._labels.moved(self._net, heir, alive)
            self._room()
            self._move = max(self._move, _MOVE_AGAIN)
        return 3.0 * looks / 1e6

    def _begin_labels(self, pool: ThreadPoolExecutor) -> float:
        """From here on paths remember more than the last task."""
        self._dense_share, again = 1.0, 0.1 if self._net.is_dense else _MOVE_AGAIN
        work = self._prune(pool)
        self._labels = Labels(self._net, self._threads)
        self._go_on(again)
        return work

    def _go_on(self, move: float) -> None:
        """Take up the best prices again."""
        self._move, self._bad, self._direction, self._z = move, 0, None, self._best_z

    def _iterate(self, pool: ThreadPoolExecutor) -> float:
        """One set of prices: its bound, and a step to the next."""
        value = self._evaluate(self._z, pool)
        states = np.concatenate([*self._paths, np.empty(0, np.int64)])
        chosen = self._pick(states, self._worth)
        np.add.at(self._taken, chosen, 1)
        sizes = [len(path) for path in self._paths]
        self._plan = self._offers.option[chosen], self._net.state_start[states], sizes
        self._note(value)
        gradient = self._mult.gradient(self._z, self._taken)
        self._change_prices(value, gradient)
        return self._work + 1e-4 * self._made

    def _note(self, value: float) -> None:
        """Keep the best bound, and count what does not improve it."""
        reach = (
            max(self._best - max(self._incumbent, 0.95 * self._best), 0.5)
            if self._best < math.inf
            else 0.0
        )
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
        if self._bad >= (_PATIENCE if self._move > 0.1 else 2 * _PATIENCE):
            self._move *= _SHRINK
            self._bad, self._direction, self._z = 0, None, self._best_z
            return
        d = gradient if self._direction is None else gradient + _MEMORY * self._direction
        self._direction = d
        d = np.where(((z <= mult.low) & (d > 0.0)) | ((z >= mult.high) & (d < 0.0)), 0.0, d)
        norm = math.fsum((d * d).tolist())
        if norm <= 1e-12:
            self._move = 0.0
            return
        target = max(float(self._incumbent), 0.95 * self._best)
        step = self._move * max(value - target, 1e-4 * abs(value)) / norm
        self._z = np.clip(z - step * d, mult.low, mult.high)
