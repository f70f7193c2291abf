"""Longest paths through a chain's starts that do not come straight back to where they were.

The network. A *node* is a window seen as one way to serve a task; its *states* are starts of it, in the
order of time. A label that arrives at a state may wait there for any later state of the node. Each state
holds its two best labels that come from different tasks, so that for every next task there is one that does
not come from it. All values are int32, rounded up by whoever fills them in.
"""

from __future__ import annotations

import numpy as np

from offnadir._jit import kernel, part

_NEVER = 0xFFFF
_CLOSED = np.int32(2**31 - 1)


@part
def insert(value, key, source, c, v1, k1, s1, v2, k2, s2):
    """Offer a label to cell c, which keeps the best and the best of another key; whether it was taken."""
    if value <= v2[c]:
        return False
    if value > v1[c]:
        if k1[c] != key:
            v2[c], k2[c], s2[c] = v1[c], k1[c], s1[c]
        v1[c], k1[c], s1[c] = value, key, source
        return True
    if k1[c] != key:
        v2[c], k2[c], s2[c] = value, key, source
        return True
    return False


@kernel
def fill_rows(
    window, low, size, node_step, first_ms, step_ms, count, block, first, end, table, at, out
):
    """Rows of a chain's dense network: for each state, the first state of every node that it can reach.

    `window`, `low`, `size`: of each node its window's number in the chain, its first start and how many
    states it has, `node_step` starts apart. Row k of node u begins at `out[at[u] + k * n]`. Returns whether
    every transition ends later than it begins.
    """
    n, is_forward = len(window), True
    for u in range(n):
        i = window[u]
        for k in range(size[u]):
            start = low[u] + k * node_step[u]
            t_ms = first_ms[i] + start * step_ms[i]
            row = at[u] + k * n
            for j in range(n):
                out[row + j] = _NEVER
                x = window[j]
                if x == i:
                    continue
                if x < first[i]:
                    continue
                least = np.int64(0)
                if x < end[i]:
                    least = np.int64(table[block[i] + (x - first[i]) * count[i] + start])
                if least == _NEVER:
                    continue
                state = max(least - low[j], 0) // node_step[j]
                if state < size[j]:
                    out[row + j] = state
                    if first_ms[x] + (low[j] + state * node_step[j]) * step_ms[x] <= t_ms:
                        is_forward = False
    return is_forward


@kernel
def fill_rows_by_delay(window, low, size, node_step, first_ms, step_ms, block, delay_ms, at, out):
    """The same where the time between is the same for all starts."""
    n, is_forward = len(window), True
    for u in range(n):
        i = window[u]
        for j in range(n):
            x = window[j]
            delay = delay_ms[block[i] + x]
            for k in range(size[u]):
                cell = at[u] + k * n + j
                out[cell] = _NEVER
                if x == i or delay < 0:
                    continue
                t_ms = first_ms[i] + (low[u] + k * node_step[u]) * step_ms[i]
                least = max(-((first_ms[x] - t_ms - delay) // step_ms[x]), 0)
                state = max(least - low[j], 0) // node_step[j]
                if state < size[j]:
                    out[cell] = state
                    if first_ms[x] + (low[j] + state * node_step[j]) * step_ms[x] <= t_ms:
                        is_forward = False
    return is_forward


@part
def enter(s, first, v1, k1, s1, v2, k2, s2):
    """Take over what waited at the node's state before."""
    if s > first:
        insert(v1[s - 1], k1[s - 1], s1[s - 1], s, v1, k1, s1, v2, k2, s2)
        insert(v2[s - 1], k2[s - 1], s2[s - 1], s, v1, k1, s1, v2, k2, s2)


@part
def news(s, u, gain, v1, k1, v2, k2, e1, ek1, e2, ek2):
    """What state s adds to what left its node before: 0 nothing, 1 only its second label, 2 both."""
    f1, f2 = v1[s] + gain, v2[s] + gain
    if f1 <= 0:
        return 0
    if f1 <= e1[u] and (f1 <= e2[u] or k1[s] == ek1[u]) and f2 <= e2[u]:
        return 0
    only_second = f1 <= e1[u] and k1[s] == ek1[u]
    for turn in range(2):
        value, key = (f1, k1[s]) if turn == 0 else (f2, k2[s])
        if value > e2[u]:
            if value > e1[u]:
                if ek1[u] != key:
                    e2[u], ek2[u] = e1[u], ek1[u]
                e1[u], ek1[u] = value, key
            elif ek1[u] != key:
                e2[u], ek2[u] = value, key
    return 1 if only_second else 2


@kernel
def forward(
    chains, chain_node, chain_order, order, node_first, node_row, node_key, key_node_at, key_node, state_node,
    rows, gain, v1, k1, s1, v2, k2, s2, front, e1, ek1, e2, ek2, best, best_state,
):  # fmt: skip
    """Best labels of all states of some chains, by dense rows; `best` is the value of each's best path.

    A label's source is twice the state it comes from, plus 1 for that state's second label; -1 at the start.
    """
    for c in chains:
        a, b = chain_node[c], chain_node[c + 1]
        n = b - a
        for u in range(a, b):
            front[u] = 0
            e1[u], ek1[u], e2[u], ek2[u] = 0, -1, 0, -2
            for s in range(node_first[u], node_first[u + 1]):
                v1[s], k1[s], s1[s], v2[s], k2[s], s2[s] = 0, -1, -1, 0, -2, -1
        top, top_state = np.int32(0), -1
        for position in range(chain_order[c], chain_order[c + 1]):
            s = order[position]
            u = state_node[s]
            enter(s, node_first[u], v1, k1, s1, v2, k2, s2)
            front[u] = v2[s] if s + 1 < node_first[u + 1] else _CLOSED
            what = news(s, u, gain[s], v1, k1, v2, k2, e1, ek1, e2, ek2)
            if what == 0:
                continue
            f1, f2, own, barred = v1[s] + gain[s], v2[s] + gain[s], node_key[u], k1[s]
            if f1 > top:
                top, top_state = f1, s
            row = node_row[u] + (s - node_first[u]) * n - a
            if what == 2:
                for j in range(a, b):
                    if f1 > front[j]:
                        e = rows[row + j]
                        if e != _NEVER:
                            cell = node_first[j] + e
                            if f1 > v2[cell] and node_key[j] != barred and node_key[j] != own:
                                insert(f1, own, 2 * s, cell, v1, k1, s1, v2, k2, s2)
                                if e == 0 and front[j] != _CLOSED:
                                    front[j] = max(front[j], v2[cell])
            if barred >= 0 and f2 > 0 and barred != own:
                for x in range(key_node_at[barred], key_node_at[barred + 1]):
                    j = key_node[x]
                    e = rows[row + j]
                    if e != _NEVER:
                        insert(f2, own, 2 * s + 1, node_first[j] + e, v1, k1, s1, v2, k2, s2)
        best[c], best_state[c] = top, top_state


@kernel
def backward(
    chains, chain_node, chain_order, order, node_first, node_row, node_key, state_node, rows, gain,
    v1, k1, v2, k2, w1, q1, w2, q2,
):  # fmt: skip
    """What can follow each state: v, k without it, by the key that follows.

    w, q: the best of it and all later states of its node, itself included.
    """
    for c in chains:
        a, b = chain_node[c], chain_node[c + 1]
        n = b - a
        for position in range(chain_order[c + 1] - 1, chain_order[c] - 1, -1):
            s = order[position]
            u = state_node[s]
            own = node_key[u]
            row = node_row[u] + (s - node_first[u]) * n - a
            b1, f1, b2, f2 = np.int32(0), np.int32(-1), np.int32(0), np.int32(-2)
            for j in range(a, b):
                e = rows[row + j]
                if e == _NEVER:
                    continue
                cell = node_first[j] + e
                if w1[cell] <= b2:
                    continue
                key = node_key[j]
                if key == own:
                    continue
                value = w2[cell] if q1[cell] == own else w1[cell]
                if value <= b2:
                    continue
                if value > b1:
                    if f1 != key:
                        b2, f2 = b1, f1
                    b1, f1 = value, key
                elif f1 != key:
                    b2, f2 = value, key
            finish_backward(
                s,
                s + 1 < node_first[u + 1],
                gain[s],
                b1,
                f1,
                b2,
                f2,
                v1,
                k1,
                v2,
                k2,
                w1,
                q1,
                w2,
                q2,
            )


@part
def finish_backward(s, has_later, gain, b1, f1, b2, f2, v1, k1, v2, k2, w1, q1, w2, q2):
    """Note what follows state s, and the best of it and the later states of its node."""
    v1[s], k1[s], v2[s], k2[s] = b1, f1, b2, f2
    w1[s], q1[s], w2[s], q2[s] = b1 + gain, f1, b2 + gain, f2
    if has_later:
        for turn in range(2):
            value, key = (w1[s + 1], q1[s + 1]) if turn == 0 else (w2[s + 1], q2[s + 1])
            if value > w2[s]:
                if value > w1[s]:
                    if q1[s] != key:
                        w2[s], q2[s] = w1[s], q1[s]
                    w1[s], q1[s] = value, key
                elif q1[s] != key:
                    w2[s], q2[s] = value, key


@kernel
def trace(chains, best_state, s1, s2, at, out, state_node, node_key, seen):
    """States of the best path of each chain, the last first, from `out[at[c]]` on.

    Returns how many, per chain, and whether a key occurs twice; `seen` has a -1 for each key.
    """
    size, again = np.zeros(len(best_state), np.int64), np.zeros(len(best_state), np.bool_)
    for c in chains:
        s, second, n = best_state[c], 0, 0
        while s >= 0:
            out[at[c] + n] = s
            n += 1
            key = node_key[state_node[s]]
            if seen[key] >= 0:
                again[c] = True
            seen[key] = s
            source = s2[s] if second else s1[s]
            s, second = (source >> 1, source & 1) if source >= 0 else (-1, 0)
        size[c] = n
    return size, again


@part
def earns(x, start, step, low, high, profile_at, worth, value, profile):
    """What offer x earns at its best of `step` starts from `start` on; -1e301 if it means none of them."""
    a, b = max(start, low[x]), min(start + step - 1, high[x])
    if a > b:
        return -1.0e301
    if profile_at[x] < 0:
        return worth[x]
    top = profile[profile_at[x] + a - low[x]]
    for y in range(a + 1, b + 1):
        top = max(top, profile[profile_at[x] + y - low[x]])
    return worth[x] + float(top - value[x])


@kernel
def fill_gain(
    node_offer_at, node_first, node_step, state_start, low, high, profile_at, worth, value, profile, scale,
    gain
):  # fmt: skip
    """What each state earns: the best offer of its node that means it, times `scale`, rounded up.

    Offers are sorted by node; `worth` is what one earns less its multipliers, `profile` what a start earns in
    place of `value`. States that no offer means get the least number there is. Returns the sum over nodes
    of the best, for it must not overflow.
    """
    total = 0.0
    for u in range(len(node_first) - 1):
        top = 0.0
        for s in range(node_first[u], node_first[u + 1]):
            best = -1.0e301
            for x in range(node_offer_at[u], node_offer_at[u + 1]):
                best = max(
                    best,
                    earns(
                        x,
                        state_start[s],
                        node_step[u],
                        low,
                        high,
                        profile_at,
                        worth,
                        value,
                        profile,
                    ),
                )
            best = np.ceil(min(max(best * scale, -(2.0**30)), 2.0**30))
            top = max(top, best)
            gain[s] = np.int32(best)
        total += top
    return total


@kernel
def pick_offers(
    states, state_node, node_offer_at, node_step, state_start, low, high, profile_at, worth, value, profile
):  # fmt: skip
    """The offer that a path takes at each of some states."""
    out = np.empty(len(states), np.int64)
    for i in range(len(states)):
        s = states[i]
        u = state_node[s]
        best, out[i] = -1.0e301, -1
        for x in range(node_offer_at[u], node_offer_at[u + 1]):
            here = earns(
                x, state_start[s], node_step[u], low, high, profile_at, worth, value, profile
            )
            if here > best:
                best, out[i] = here, x
    return out


@part
def through_arc(own, key, v1, k1, v2, w1, q1, w2, gain, s, cell):
    """The most that a path by this arc is worth."""
    return (
        (v2[s] if k1[s] == key else v1[s]) + gain[s] + (w2[cell] if q1[cell] == own else w1[cell])
    )


@part
def through_state(s, gain, v1, k1, v2, b1, f1, b2):
    """The most that a path by state s is worth."""
    if k1[s] != f1[s]:
        return v1[s] + gain[s] + b1[s]
    return gain[s] + max(v1[s] + b2[s], v2[s] + b1[s])


@kernel
def count_arcs(
    is_dense, chains, chain_node, chain_order, order, node_first, node_row, node_key, state_node, rows,
    arc_at, arc, gain, v1, k1, v2, b1, f1, b2, w1, q1, w2, least, alive, kept,
):  # fmt: skip
    """Which states, and how many of their arcs, lie on a path worth `least` or more in their chain."""
    for c in chains:
        a, b = chain_node[c], chain_node[c + 1]
        n = b - a
        for position in range(chain_order[c], chain_order[c + 1]):
            s = order[position]
            kept[s] = 0
            alive[s] = through_state(s, gain, v1, k1, v2, b1, f1, b2) >= least[c]
            if not alive[s]:
                continue
            u = state_node[s]
            own, total = node_key[u], 0
            if is_dense:
                row = node_row[u] + (s - node_first[u]) * n - a
                for j in range(a, b):
                    e = rows[row + j]
                    if e != _NEVER and node_key[j] != own:
                        cell = node_first[j] + e
                        total += (
                            through_arc(own, node_key[j], v1, k1, v2, w1, q1, w2, gain, s, cell)
                            >= least[c]
                        )
            else:
                for x in range(arc_at[s], arc_at[s + 1]):
                    cell = arc[x]
                    key = node_key[state_node[cell]]
                    total += (
                        through_arc(own, key, v1, k1, v2, w1, q1, w2, gain, s, cell) >= least[c]
                    )
            kept[s] = total


@kernel
def copy_arcs(
    is_dense, chains, chain_node, chain_order, order, node_first, node_row, node_key, state_node, rows,
    arc_at, arc, gain, v1, k1, v2, w1, q1, w2, least, alive, heir, new_at, out,
):  # fmt: skip
    """Write the arcs that `count_arcs` counted; `heir`: new number of the first living state from each on."""
    for c in chains:
        a, b = chain_node[c], chain_node[c + 1]
        n = b - a
        for position in range(chain_order[c], chain_order[c + 1]):
            s = order[position]
            if not alive[s]:
                continue
            u = state_node[s]
            own, at = node_key[u], new_at[heir[s]]
            if is_dense:
                row = node_row[u] + (s - node_first[u]) * n - a
                for j in range(a, b):
                    e = rows[row + j]
                    if e != _NEVER and node_key[j] != own:
                        cell = node_first[j] + e
                        if (
                            through_arc(own, node_key[j], v1, k1, v2, w1, q1, w2, gain, s, cell)
                            >= least[c]
                        ):
                            out[at] = heir[cell]
                            at += 1
            else:
                for x in range(arc_at[s], arc_at[s + 1]):
                    cell = arc[x]
                    key = node_key[state_node[cell]]
                    if through_arc(own, key, v1, k1, v2, w1, q1, w2, gain, s, cell) >= least[c]:
                        out[at] = heir[cell]
                        at += 1


@kernel
def forward_sparse(
    chains, chain_node, chain_order, order, node_first, node_key, state_node, arc_at, arc, gain,
    v1, k1, s1, v2, k2, s2, e1, ek1, e2, ek2, best, best_state,
):  # fmt: skip
    """`forward` over listed arcs."""
    for c in chains:
        for u in range(chain_node[c], chain_node[c + 1]):
            e1[u], ek1[u], e2[u], ek2[u] = 0, -1, 0, -2
            for s in range(node_first[u], node_first[u + 1]):
                v1[s], k1[s], s1[s], v2[s], k2[s], s2[s] = 0, -1, -1, 0, -2, -1
        top, top_state = np.int32(0), -1
        for position in range(chain_order[c], chain_order[c + 1]):
            s = order[position]
            u = state_node[s]
            enter(s, node_first[u], v1, k1, s1, v2, k2, s2)
            f1, f2, own, barred = v1[s] + gain[s], v2[s] + gain[s], node_key[u], k1[s]
            if f1 <= 0:
                continue
            if f1 > top:
                top, top_state = f1, s
            for x in range(arc_at[s], arc_at[s + 1]):
                cell = arc[x]
                if f1 > v2[cell]:
                    second = node_key[state_node[cell]] == barred
                    value = f2 if second else f1
                    insert(value, own, 2 * s + second, cell, v1, k1, s1, v2, k2, s2)
        best[c], best_state[c] = top, top_state


@kernel
def backward_sparse(
    chains, chain_order, order, node_first, node_key, state_node, arc_at, arc, gain, v1, k1, v2, k2, w1, q1,
    w2, q2
):  # fmt: skip
    """`backward` over listed arcs."""
    for c in chains:
        for position in range(chain_order[c + 1] - 1, chain_order[c] - 1, -1):
            s = order[position]
            u = state_node[s]
            own = node_key[u]
            b1, f1, b2, f2 = np.int32(0), np.int32(-1), np.int32(0), np.int32(-2)
            for x in range(arc_at[s], arc_at[s + 1]):
                cell = arc[x]
                if w1[cell] <= b2:
                    continue
                key = node_key[state_node[cell]]
                value = w2[cell] if q1[cell] == own else w1[cell]
                if value <= b2:
                    continue
                if value > b1:
                    if f1 != key:
                        b2, f2 = b1, f1
                    b1, f1 = value, key
                elif f1 != key:
                    b2, f2 = value, key
            finish_backward(
                s,
                s + 1 < node_first[u + 1],
                gain[s],
                b1,
                f1,
                b2,
                f2,
                v1,
                k1,
                v2,
                k2,
                w1,
                q1,
                w2,
                q2,
            )
