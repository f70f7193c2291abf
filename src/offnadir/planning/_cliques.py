"""Conflicts between pictures as a graph: who excludes whom, and groups that exclude each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


class Graph:
    """Undirected graph of `size` nodes; the neighbours of a node in one lookup.

    `pairs` has shape (q, 2). A pair may occur twice; its ends are then listed and weighed twice.
    """

    __slots__ = ("_first", "_other", "size")

    def __init__(self, size: int, pairs: IntArray) -> None:
        self.size = size
        n = np.int64(max(size, 1))
        a, b = pairs[:, 0], pairs[:, 1]
        key = np.sort(np.concatenate([a * n + b, b * n + a]))
        self._other = key % n
        self._first = np.searchsorted(key, np.arange(size + 1, dtype=np.int64) * n)

    def neighbours(self, node: int) -> IntArray:
        """Nodes joined to this one, rising."""
        return self._other[self._first[node] : self._first[node + 1]]

    def weight_around(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of a weight over each node's neighbours."""
        total = np.concatenate([[0.0], np.cumsum(weight[self._other])])
        around: NDArray[np.float64] = total[self._first[1:]] - total[self._first[:-1]]
        return around


def clique_cover(graph: Graph, order: IntArray) -> list[list[int]]:
    """Groups of nodes, all joined to each other, such that every edge lies within a group.

    "At most one of a group" says the same as "not both" for each edge, but bounds the value far better
    when fractions are allowed. Greedy: from each node in `order` (by time, so that a group gathers the
    pictures around one instant) grow groups along edges that no group has yet, then fill them up.
    """
    rank = np.empty(graph.size, dtype=np.int64)
    rank[order] = np.arange(graph.size)
    groups = []
    for nodes in _components(graph, order):
        groups += [[int(nodes[i]) for i in group] for group in _cover(graph, nodes, rank)]
    return groups


def _components(graph: Graph, order: IntArray) -> Iterator[IntArray]:
    """Connected parts with more than one node, nodes within a part by order."""
    rank = np.empty(graph.size, dtype=np.int64)
    rank[order] = np.arange(graph.size)
    seen = np.zeros(graph.size, dtype=np.bool_)
    for start in order:
        if seen[start] or not len(graph.neighbours(start)):
            continue
        seen[start] = True
        part, todo = [int(start)], [int(start)]
        while todo:
            near = graph.neighbours(todo.pop())
            new = near[~seen[near]]
            seen[new] = True
            part += new.tolist()
            todo += new.tolist()
        nodes = np.array(part, dtype=np.int64)
        yield nodes[np.argsort(rank[nodes])]


def _cover(graph: Graph, nodes: IntArray, rank: IntArray) -> Iterator[list[int]]:
    """Groups of one connected part, as positions in `nodes`; sets of positions are bits of an int."""
    place = {int(node): i for i, node in enumerate(nodes)}
    joined = []
    for node in nodes:
        row = np.zeros(len(nodes), dtype=np.uint8)
        row[[place[other] for other in graph.neighbours(node).tolist()]] = 1
        joined.append(int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little"))
    open_edges = list(joined)
    for i in range(len(nodes)):
        while open_edges[i]:
            group, common = [i], joined[i]
            bits = 1 << i
            for wanted in (open_edges[i], -1):  # uncovered edges first, then whatever still fits
                while choice := common & wanted:
                    low = choice & -choice
                    group.append(low.bit_length() - 1)
                    bits |= low
                    common &= joined[group[-1]]
            for j in group:
                open_edges[j] &= ~bits
            yield group
