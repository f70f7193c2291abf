"""The network of a problem's longest paths: nodes, states and rows of what each state can reach.

See `_bound_kernels` for the words. An *offer* is a member of an option as its node sees it. Members whose
windows no transition concerns are *free*: each is taken or not for itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.planning import _bound_kernels as kernels
from offnadir.planning.problem import MOST_STARTS, IntArray, Problem

#: Above this many entries, windows with a delay for all starts count their starts in groups.
_MOST_ENTRIES = 6_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offers:
    """Members of options, int64 columns; `node` is -1 for free ones, `key` is 3 * task + member."""

    option: IntArray
    key: IntArray
    window: IntArray
    low: IntArray
    high: IntArray
    node: IntArray
    profile_at: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """Nodes sorted by chain; the states of node u are `node_first[u]` to `node_first[u + 1] - 1`.

    `state_start[s]` is the (first) start that state s means, in its window. Rows are as in `fill_rows`.
    `node_key` numbers the pairs of chain and key; the nodes of each are
    `key_node[key_node_at[i]:key_node_at[i + 1]]`.
    """

    chain_node: IntArray
    chain_order: IntArray
    order: NDArray[np.int32]
    node_window: IntArray
    node_first: IntArray
    node_row: IntArray
    node_step: IntArray
    node_key: NDArray[np.int32]
    key_node_at: IntArray
    key_node: IntArray
    state_node: NDArray[np.int32]
    state_start: NDArray[np.int32]
    rows: NDArray[np.uint16]
    is_dense: bool = True
    arc_at: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))
    arc: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    @property
    def n_chains(self) -> int:
        """How many chains there are, those without nodes included."""
        return len(self.chain_node) - 1

    def looks(self) -> IntArray:
        """How many transitions each chain has."""
        chain = np.repeat(np.arange(self.n_chains), np.diff(self.chain_node))[self.state_node]
        n = np.diff(self.chain_node)[chain] if self.is_dense else np.diff(self.arc_at)
        return np.bincount(chain, weights=n, minlength=self.n_chains).astype(np.int64)


def network(
    problem: Problem, usable: NDArray[np.bool_], *, group: int = 1
) -> tuple[Network, Offers]:
    """Network and offers of a problem's usable options.

    With a `group` up to so many starts make one state, which stands for the first of them where it is left
    and for the last where it is reached: more paths, but quicker. No group is longer than a picture.
    """
    w, o = problem.windows, problem.options
    option = np.repeat(np.arange(len(o)), np.diff(o.member_block))
    number = np.arange(len(option)) - o.member_block[option]
    kept = np.flatnonzero(usable[option])
    option, number = option[kept], number[kept]
    window, low, high = o.member_window[kept], o.member_low[kept], o.member_high[kept]
    key = 3 * o.task[option] + number
    profile_at = np.where(o.profile_block[option] >= 0, o.profile_block[option], -1)
    chain = w.chain.copy()
    local = _numbers_in_chains(chain, len(problem.chain_satellite))
    while True:
        node, nodes = _nodes(problem, chain, window, key, low, high, group)
        rows, at, bad = _rows(problem, chain, local, nodes)
        if not len(bad):
            break
        chain[
            np.isin(chain, bad)
        ] = -1  # turns that take no time: pictures of such a chain are free
    offers = Offers(
        option=option, key=key, window=window, low=low, high=high, node=node, profile_at=profile_at
    )
    return _assemble(problem, nodes, rows, at), offers


def _numbers_in_chains(chain: IntArray, n_chains: int) -> IntArray:
    """Of each window its number in its chain."""
    edge = np.searchsorted(chain, np.arange(n_chains))
    return np.arange(len(chain)) - np.where(
        chain >= 0, edge[np.maximum(chain, 0)] if n_chains else 0, 0
    )


def _nodes(
    problem: Problem,
    chain: IntArray,
    window: IntArray,
    key: IntArray,
    low: IntArray,
    high: IntArray,
    group: int,
) -> tuple[IntArray, dict[str, Any]]:
    """Node of each offer, and the nodes' columns, by chain and last start."""
    w = problem.windows
    node = np.full(len(window), -1, np.int64)
    inside = np.flatnonzero(chain[window] >= 0)
    pair = np.stack([window[inside], key[inside]], axis=1)
    unique, back = np.unique(pair, axis=0, return_inverse=True)
    back = back.reshape(-1)
    first, last = np.full(len(unique), 2**40), np.full(len(unique), -1)
    np.minimum.at(first, back, low[inside])
    np.maximum.at(last, back, high[inside])
    x = unique[:, 0]
    stop_ms = w.first_ms[x] + last * w.step_ms[x]
    by = np.lexsort((unique[:, 1], stop_ms, chain[x]))
    place = np.empty(len(by), np.int64)
    place[by] = np.arange(len(by))
    node[inside] = place[back]
    x, low, size = x[by], first[by], (last - first + 1)[by]
    c = chain[x]
    n = np.bincount(c, minlength=len(problem.chain_satellite))
    same = ~problem.transitions.is_table[c]
    entries = int(np.sum((size * n[c])[same]))
    # a row says in 16 bits which state of a node is the first within reach; there may not be too many rows
    need = np.maximum(np.where(same, -(-entries // _MOST_ENTRIES), 1), -(-size // MOST_STARTS))
    # no group is longer than a picture, else paths go back in time: then its chain counts for nothing
    step = np.maximum(np.minimum(np.maximum(need, group), _longest_groups(problem)[c]), need)
    size = -(-size // step)
    columns = {
        "window": x,
        "key": unique[by, 1],
        "low": low,
        "size": size,
        "step": step,
        "chain": c,
        "n": n,
    }
    return node, columns


def _longest_groups(problem: Problem) -> IntArray:
    """How many starts fit into the shortest picture of each chain."""
    w = problem.windows
    inside = np.flatnonzero(w.chain >= 0)
    shortest = np.full(len(problem.chain_satellite), 2**40)
    longest = np.ones(len(shortest), np.int64)
    np.minimum.at(shortest, w.chain[inside], w.duration_ms[inside])
    np.maximum.at(longest, w.chain[inside], w.step_ms[inside])
    return np.maximum(shortest // longest, 1)


def _rows(
    problem: Problem, chain: IntArray, local: IntArray, nodes: dict[str, Any]
) -> tuple[NDArray[np.uint16], IntArray, IntArray]:
    """Dense rows, where each node's begin, and the chains that do not go forward in time."""
    w, t = problem.windows, problem.transitions
    first, end = t.band(w)
    entries = nodes["size"] * nodes["n"][nodes["chain"]]
    at = np.cumsum(entries) - entries
    out = np.empty(int(entries.sum()), np.uint16)
    bad = []
    edge = np.searchsorted(nodes["chain"], np.arange(len(problem.chain_satellite) + 1))
    for c in range(len(edge) - 1):
        u = slice(edge[c], edge[c + 1])
        if edge[c] == edge[c + 1]:
            continue
        windows = np.flatnonzero(chain == c)
        columns = w.first_ms[windows], w.step_ms[windows]
        mine = local[nodes["window"][u]], nodes["low"][u], nodes["size"][u], nodes["step"][u]
        if t.is_table[c]:
            good = kernels.fill_rows(
                *mine,
                *columns,
                w.count[windows],
                t.block[windows],
                first[windows],
                end[windows],
                t.table,
                at[u],
                out,
            )
        else:
            good = kernels.fill_rows_by_delay(
                *mine, *columns, t.block[windows], t.delay_ms, at[u], out
            )
        if not good:
            bad.append(c)
    return out, at, np.array(bad, np.int64)


def _assemble(
    problem: Problem, nodes: dict[str, Any], rows: NDArray[np.uint16], at: IntArray
) -> Network:
    """States in their order of time, and the keys of each chain."""
    w = problem.windows
    n = len(nodes["window"])
    node_first = np.concatenate([[0], np.cumsum(nodes["size"])])
    state_node = np.repeat(np.arange(n), nodes["size"])
    k = np.arange(node_first[-1]) - node_first[state_node]
    start = nodes["low"][state_node] + k * nodes["step"][state_node]
    x = nodes["window"][state_node]
    order = np.lexsort(
        (state_node, w.first_ms[x] + start * w.step_ms[x], nodes["chain"][state_node])
    )
    edges = np.arange(len(problem.chain_satellite) + 1)
    pair = np.stack([nodes["chain"], nodes["key"]], axis=1)
    unique, number = np.unique(pair, axis=0, return_inverse=True)
    number = number.reshape(-1)
    return Network(
        chain_node=np.searchsorted(nodes["chain"], edges),
        chain_order=np.searchsorted(nodes["chain"][state_node[order]], edges),
        order=order.astype(np.int32),
        node_window=nodes["window"],
        node_first=node_first,
        node_row=at,
        node_step=nodes["step"],
        node_key=number.astype(np.int32),
        key_node_at=np.searchsorted(np.sort(number), np.arange(len(unique) + 1)),
        key_node=np.argsort(number, kind="stable"),
        state_node=state_node.astype(np.int32),
        state_start=start.astype(np.int32),
        rows=rows,
    )


def living(net: Network, alive: NDArray[np.bool_], kept: IntArray) -> tuple[IntArray, IntArray]:
    """New numbers of states (for the others, of the next living one), and where their arcs begin."""
    number = np.cumsum(alive) - 1
    heir = np.where(alive, number, number + 1)
    last = np.concatenate([number, [len(number)]])[net.node_first[1:][net.state_node] - 1]
    return np.where(heir <= last, heir, -1), np.concatenate([[0], np.cumsum(kept[alive])])


def pruned(
    net: Network, alive: NDArray[np.bool_], heir: IntArray, arc_at: IntArray, arc: NDArray[np.int32]
) -> Network:
    """The network of the living states and listed arcs."""
    order = net.order[alive[net.order]]
    counted = np.concatenate([[0], np.cumsum(alive[net.order])])
    total = np.concatenate([[0], np.cumsum(alive)])
    return replace(
        net,
        chain_order=counted[net.chain_order],
        order=heir[order].astype(np.int32),
        node_first=total[net.node_first],
        state_node=net.state_node[alive],
        state_start=net.state_start[alive],
        rows=np.empty(0, np.uint16),
        is_dense=False,
        arc_at=arc_at,
        arc=arc,
    )
