"""Which tasks each node remembers, the paths known so far, and the room for labels.

See `_bound_label_kernels`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.planning import _bound_label_kernels as kernels
from offnadir.planning._bound_network import Network
from offnadir.planning.problem import IntArray

_MOST_LABELS = 400_000
_NEAREST = 8
_MOST_REMEMBERED = 60
_MOST_PATHS = 40


class Labels:
    """Label search over a network of listed arcs."""

    def __init__(self, net: Network, threads: int) -> None:
        self.net = net
        self.key_from = np.zeros(net.n_chains, np.int64)
        n_keys = np.zeros(net.n_chains, np.int64)
        for c in range(net.n_chains):
            keys = net.node_key[net.chain_node[c] : net.chain_node[c + 1]]
            if len(keys):
                self.key_from[c], n_keys[c] = keys.min(), keys.max() - keys.min() + 1
        self.words = np.maximum(-(-n_keys // 64), 1)
        most = int(self.words.max(initial=1))
        self.near = np.zeros((len(net.node_window), most), np.uint64)
        self.size = np.zeros(len(net.node_window), np.int64)
        for c in range(net.n_chains):
            self._remember_nearest(c)
        self.paths: list[list[IntArray]] = [[] for _ in range(net.n_chains)]
        self.reach = np.zeros(net.n_chains, np.int64)
        self._wait, self._pause = np.zeros((2, net.n_chains), np.int64)
        self._bins = [self._bin(most) for _ in range(threads)]
        self._head = np.zeros(len(net.state_node), np.int32)
        self._active = np.zeros(len(net.node_window), np.int32)

    def _remember_nearest(self, c: int) -> None:
        """Let each node of a chain remember the keys to which there are most ways to and fro."""
        net = self.net
        a, b = int(net.chain_node[c]), int(net.chain_node[c + 1])
        arcs = slice(net.arc_at[net.node_first[a]], net.arc_at[net.node_first[b]])
        states = np.arange(net.node_first[a], net.node_first[b])
        n = b - a
        source = np.repeat(net.state_node[states] - a, np.diff(net.arc_at)[states])
        pair = source.astype(np.int64) * n + (net.state_node[net.arc[arcs]] - a)
        ways = np.bincount(pair, minlength=n * n).reshape(n, n)
        both = np.minimum(ways, ways.T)
        best = np.argsort(-both, axis=1, kind="stable")[:, :_NEAREST]
        for u in range(n):
            near = best[u][both[u, best[u]] > 0]
            for bit in set((net.node_key[a + near] - self.key_from[c]).tolist()):
                self.near[a + u, bit >> 6] |= np.uint64(1 << (bit & 63))
                self.size[a + u] += 1

    def _bin(self, words: int) -> list[Any]:
        n = _MOST_LABELS
        return [
            np.zeros(n, np.int32), np.zeros((n, words), np.uint64), np.zeros(n, np.int32), np.zeros(n,
            np.int32), np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n, np.int32),
            np.zeros(len(self.net.state_node) + 1, np.int64),
        ]  # fmt: skip

    def best(
        self, c: int, thread: int, gain: NDArray[np.int32], top: int, follow: Sequence[NDArray[np.int32]],
        is_flat: NDArray[np.bool_],
    ) -> tuple[int, IntArray, int]:  # fmt: skip
        """Value that no path of chain c exceeds, the best path (or none), and how many labels were made.

        `top` is a value that it does not exceed for certain, `follow` the arrays w1, q1, w2 of `backward`.
        """
        net, words = self.net, int(self.words[c])
        if self._wait[c] > 0 or net.chain_order[c] == net.chain_order[c + 1]:
            self._wait[c] -= 1
            return top, np.empty(0, np.int64), 0
        known, path = 0, np.empty(0, np.int64)
        for states in self.paths[c]:
            here = kernels.worth_of_path(
                states, net.state_node, net.node_key, self.key_from[c], self.near, words, gain
            )
            if here > known:
                known, path = here, states
        upper, made = top, 0
        reach = max(self.reach[c], top // 1000, 1)
        while True:
            threshold = max(known, top - reach)
            found, size, n = kernels.search(
                c, net.chain_node, net.chain_order, net.order, net.node_first, net.node_key, self.key_from[c],
                net.state_node, net.arc_at, net.arc, gain, *follow, self.near, words, is_flat, threshold,
                self._head, self._active, *self._bins[thread],
            )  # fmt: skip
            made += n if n >= 0 else _MOST_LABELS
            if n < 0:
                self._pause[c] = 2 * self._pause[c] + 1
                self._wait[c] = self._pause[c]
                break  # too many: the last bound will have to do, and some rounds without
            upper = min(upper, found)
            if size:
                path = self._bins[thread][-1][:size][::-1].copy()
                self._keep(c, path)
                break
            if threshold <= known:
                break
            reach *= 2
        self.reach[c] = (top - upper) * 4 // 3
        return upper, path, made

    def _keep(self, c: int, path: IntArray) -> None:
        self.paths[c].append(path)
        if len(self.paths[c]) > _MOST_PATHS:
            del self.paths[c][0]

    def learn(self, c: int, path: IntArray) -> int:
        """Remember what the path came back to; how many nodes were told something new."""
        net = self.net
        return int(
            kernels.remember_cycles(
                path,
                net.state_node,
                net.node_key,
                self.key_from[c],
                self.near,
                self.size,
                _MOST_REMEMBERED,
            )
        )

    def moved(self, net: Network, heir: IntArray, alive: NDArray[np.bool_]) -> None:
        """Go on with a smaller network; paths that it lacks are forgotten."""
        self.net = net
        self.paths = [[heir[path] for path in paths if alive[path].all()] for paths in self.paths]
