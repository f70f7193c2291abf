"""Longest paths through a chain that remember some of the tasks they served, pruned by what can follow.

A label stands for paths to a state. It has a value and a memory: of the keys that it served, those that
every node since then was told to remember. Among the labels that wait at a node, one that is worth no less
and remembers nothing that the other does not, dominates. Words as in `_bound_kernels`.
"""

from __future__ import annotations

import numpy as np

from offnadir._jit import kernel, part

_NOTHING = -(2**31)


@part
def remembers(memory, x, bit):
    """Whether the memory in row x holds a key."""
    return (memory[x, bit >> 6] >> np.uint64(bit & 63)) & np.uint64(1)


@part
def is_within(memory, a, b, words):
    """Whether memory a holds nothing that b does not."""
    for word in range(words):  # noqa: SIM110 - the compiler knows no all()
        if memory[a, word] & ~memory[b, word]:
            return False
    return True


@kernel
def search(
    c, chain_node, chain_order, order, node_first, node_key, key_from, state_node, arc_at, arc, gain,
    w1, q1, w2, near, words, is_flat, threshold, head, active,
    value, memory, parent, at_state, following, waiting, spent, path,
):  # fmt: skip
    """The best path of chain c worth more than `threshold`: its value, how many states, how many labels.

    `w`, `q` are as `backward` leaves them; `near` holds, for each node, the keys it remembers. The states
    are written to `path`, the last first. If there is none, the value is the threshold and there are no
    states; if labels run out, the number of labels is -1.
    """
    most, n_labels = len(value), 0
    best, best_label, best_state = threshold, -1, -1
    for u in range(chain_node[c], chain_node[c + 1]):
        active[u] = -1
        first = node_first[u]
        for s in range(first, node_first[u + 1]):
            head[s] = -1
        if first < node_first[u + 1] and w1[first] > best:
            if n_labels == most:
                return best, 0, -1
            x = n_labels
            n_labels += 1
            value[x], parent[x], at_state[x] = 0, -1, -1
            for word in range(words):
                memory[x, word] = 0
            following[x] = -1
            head[first] = x
    for position in range(chain_order[c], chain_order[c + 1]):
        s = order[position]
        u = state_node[s]
        bit = node_key[u] - key_from
        x = head[s]
        while x >= 0:
            after = following[x]
            is_needed, before, y = True, -1, active[u]
            while y >= 0:
                if value[y] >= value[x] and is_within(memory, y, x, words):
                    is_needed = False
                    break
                if value[x] >= value[y] and is_within(memory, x, y, words):
                    if before < 0:
                        active[u] = waiting[y]
                    else:
                        waiting[before] = waiting[y]
                else:
                    before = y
                y = waiting[y]
            if is_needed:
                waiting[x] = active[u]
                spent[x] = _NOTHING
                active[u] = x
            x = after
        x = active[u]
        while x >= 0:
            if is_flat[u] and spent[x] > _NOTHING:
                break  # labels that came before stand behind the new ones, and have left already
            if gain[s] > spent[x]:
                spent[x] = gain[s]
                here = value[x] + gain[s]
                if here > best:
                    best, best_label, best_state = here, x, s
                for z in range(arc_at[s], arc_at[s + 1]):
                    cell = arc[z]
                    j = state_node[cell]
                    follow = w2[cell] if q1[cell] == node_key[u] else w1[cell]
                    if here + follow <= best or remembers(memory, x, node_key[j] - key_from):
                        continue
                    if n_labels == most:
                        return best, 0, -1
                    y = n_labels
                    n_labels += 1
                    value[y], parent[y], at_state[y] = here, x, s
                    for word in range(words):
                        memory[y, word] = memory[x, word] & near[j, word]
                    if remembers(near, j, bit):
                        memory[y, bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
                    following[y] = head[cell]
                    head[cell] = y
            x = waiting[x]
    size = 0
    x, s = best_label, best_state
    while s >= 0:
        path[size] = s
        size += 1
        s, x = at_state[x], parent[x]
    return best, size, n_labels


@kernel
def worth_of_path(states, state_node, node_key, key_from, near, words, gain):
    """What a path (its first state first) earns now; -1 if it serves a key that it remembers."""
    memory = np.zeros((1, words), np.uint64)
    total = 0
    for i in range(len(states)):
        s = states[i]
        u = state_node[s]
        bit = node_key[u] - key_from
        if i:
            before = node_key[state_node[states[i - 1]]] - key_from
            for word in range(words):
                memory[0, word] &= near[u, word]
            if remembers(near, u, before):
                memory[0, before >> 6] |= np.uint64(1) << np.uint64(before & 63)
            if remembers(memory, 0, bit) or bit == before:
                return -1
        total += gain[s]
    return total


@kernel
def remember_cycles(states, state_node, node_key, key_from, near, size, most):
    """Tell the nodes between two visits of one key to remember it; how many were told."""
    told = 0
    for i in range(len(states)):
        key = node_key[state_node[states[i]]]
        for j in range(i + 1, len(states)):
            if node_key[state_node[states[j]]] == key:
                bit = key - key_from
                for x in range(i + 1, j):
                    u = state_node[states[x]]
                    if not remembers(near, u, bit) and size[u] < most:
                        near[u, bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
                        size[u] += 1
                        told += 1
                break
    return told
