"""Labels of a forward search for the best plan: what is taken, the last window, its start; compiled.

A label's mask has a bit for each class of options (those of one task with equal share and equal entries in
the rows) and one for each member of an option whose other members are still owed. Bits 0 to 62 are in the
first word, 63 to 125 in the second. The bits of tasks that can no longer be reached are cleared, so that
labels that differ in nothing that matters any more are compared.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from offnadir._jit import kernel, part
from offnadir.planning.problem import IntArray

EVER = 2**60
#: Why `explore` came back: nothing is left, the work is done, or a table or the labels are full.
DONE, WORKED, FULL = 0, 1, 2


class Net(NamedTuple):
    """A problem as the kernels read it. Nodes are members; the last row of `until` is for "nothing yet"."""

    until: (
        IntArray  # (w + 1, n) [ms] latest start of a window from which a node can still be reached
    )
    window_chain: IntArray
    window_first: IntArray
    window_step: IntArray
    window_at: IntArray  # where its block begins in table or delays
    window_local: IntArray
    window_count: IntArray
    table: NDArray[np.uint16]
    delay: IntArray
    is_table: IntArray  # (c,)
    node_window: IntArray
    node_low: IntArray
    node_high: IntArray
    node_option: IntArray
    node_bit: IntArray  # (n, 2)
    option_node: IntArray  # (o + 1,)
    option_task: IntArray
    option_value: IntArray
    option_share: IntArray
    option_class: IntArray  # (o, 2)
    option_owed: IntArray  # (o, 2)
    option_profile: IntArray
    profile: IntArray
    profile_rest: IntArray  # the largest value from a start on
    task_bits: IntArray  # (q, 2)
    task_group: IntArray
    task_curve: IntArray
    group_bits: IntArray  # (g, 2)
    bit_share: IntArray
    bit_curve: IntArray
    curve_at: IntArray
    curve_share: IntArray
    curve_value: IntArray
    row_at: IntArray
    row_bit: IntArray
    row_load: IntArray
    row_group: IntArray
    row_limit: IntArray
    relief_at: IntArray
    relief_option: IntArray
    relief: IntArray
    fixed: IntArray


class Store(NamedTuple):
    """Labels, the table that finds those of equal mask and window, and the heap of those to be continued."""

    mask: IntArray  # (m, 2)
    value: IntArray
    start: IntArray
    top: IntArray
    node: IntArray
    window: IntArray
    parent: IntArray
    after: IntArray  # next of equal mask and window
    is_alive: IntArray
    slot: IntArray  # first label, or -1
    heap: IntArray
    tally: IntArray  # labels, slots in use, in the heap, best value, its label, work done


class Scratch(NamedTuple):
    """What a kernel notes about one label at a time."""

    reach: IntArray  # (o,) what the option may still be worth, -1: out of reach
    alive: IntArray  # (g,) whether anything of the group is within reach
    before: IntArray  # the same for the label before
    best: IntArray  # (q,)
    best_share: IntArray
    share: IntArray  # (curves,) what is taken
    more: IntArray
    out: IntArray  # (4,) mask, whether the label is a plan


@part
def curve_value(net, c, share):
    """What a request earns for a share of it, rounded down."""
    first, last = net.curve_at[c], net.curve_at[c + 1] - 1
    q = first + 1
    while q < last and net.curve_share[q] < share:
        q += 1
    x0, y0 = net.curve_share[q - 1], net.curve_value[q - 1]
    return y0 + (share - x0) * (net.curve_value[q] - y0) // (net.curve_share[q] - x0)


@part
def has_bit(lo, hi, b):
    """Whether a mask has bit b."""
    if b < 63:
        return (lo >> b) & 1
    return (hi >> (b - 63)) & 1


@kernel
def assess(net, s, w, t, lo, hi, value):
    """A bound on the value of every plan that goes on from a label; -1 if none does.

    `s.before` says which groups were within reach before; `s.out` is the label's mask without what is
    out of reach now, and whether the label is a plan as it stands.
    """
    s.alive[:] = 0
    s.best[:] = 0
    s.best_share[:] = 0
    n_options = len(net.option_task)
    s.out[2] = 1
    for i in range(n_options):
        q = net.option_task[i]
        g = net.task_group[q]
        s.reach[i] = -1
        if not s.before[g]:
            continue
        owed_lo, owed_hi = net.option_owed[i, 0], net.option_owed[i, 1]
        held_lo, held_hi = lo & net.task_bits[q, 0], hi & net.task_bits[q, 1]
        is_open = (held_lo & ~owed_lo) == 0 and (held_hi & ~owed_hi) == 0
        is_begun = (held_lo & owed_lo) != 0 or (held_hi & owed_hi) != 0
        if is_begun:
            s.out[2] = 0
        for m in range(net.option_node[i], net.option_node[i + 1]):
            within = t <= net.until[w, m]
            if within:
                s.alive[g] = 1
            elif (lo & net.node_bit[m, 0]) == 0 and (hi & net.node_bit[m, 1]) == 0:
                is_open = False
                if is_begun:
                    return -1
        if not is_open:
            continue
        worth = net.option_value[i]
        p = net.option_profile[i]
        if p >= 0:
            m = net.option_node[i]
            j = net.node_window[m]
            k = net.node_low[m]
            late = net.until[w, m]
            if late < EVER:
                slack = late - t
                k = max(k, net.node_high[m] - slack // net.window_step[j])
            worth = net.profile_rest[p + k - net.node_low[m]]
        s.reach[i] = worth
        s.best[q] = max(s.best[q], worth)
        s.best_share[q] = max(s.best_share[q], net.option_share[i])
    for f in net.fixed:
        g = net.task_group[net.option_task[f]]
        taken = (lo & net.option_class[f, 0]) != 0 or (hi & net.option_class[f, 1]) != 0
        if s.before[g] and not taken:
            if s.reach[f] < 0:
                return -1
            s.out[2] = 0
    for r in range(len(net.row_limit)):
        if not s.before[net.row_group[r]]:
            continue
        load = 0
        for e in range(net.row_at[r], net.row_at[r + 1]):
            if has_bit(lo, hi, net.row_bit[e]):
                load += net.row_load[e]
        if load > net.row_limit[r]:
            s.out[2] = 0
            for e in range(net.relief_at[r], net.relief_at[r + 1]):
                if s.reach[net.relief_option[e]] >= 0:
                    load += net.relief[e]
            if load > net.row_limit[r]:
                return -1
    top = value
    n_curves = len(net.curve_at) - 1
    if n_curves:
        s.share[:] = 0
        s.more[:] = 0
        for b in range(len(net.bit_curve)):
            if net.bit_curve[b] >= 0 and has_bit(lo, hi, b):
                s.share[net.bit_curve[b]] += net.bit_share[b]
    for q in range(len(s.best)):
        top += s.best[q]
        if s.best_share[q] > 0:
            s.more[net.task_curve[q]] += s.best_share[q]
    for c in range(n_curves):
        if s.more[c] > 0:
            top += curve_value(net, c, s.share[c] + s.more[c]) - curve_value(net, c, s.share[c])
    for g in range(len(s.alive)):
        if not s.alive[g]:
            lo &= ~net.group_bits[g, 0]
            hi &= ~net.group_bits[g, 1]
    s.out[0], s.out[1] = lo, hi
    return top


@part
def least_start(net, w, t, m):
    """The first start of node m after window w at t [ms]; above `node_high` if there is none."""
    j = net.node_window[m]
    first, step = net.window_first[j], net.window_step[j]
    c = net.window_chain[j]
    if w < 0 or net.window_chain[w] != c:
        return net.node_low[m]
    ready = t + (1 if j < w else 0)
    least = net.node_low[m]
    if net.is_table[c]:
        k = (t - net.window_first[w]) // net.window_step[w]
        entry = net.table[net.window_at[w] + net.window_local[j] * net.window_count[w] + k]
        least = max(least, entry)
    else:
        delay = net.delay[net.window_at[w] + net.window_local[j]]
        if delay < 0:
            return net.node_high[m] + 1
        ready = max(ready, t + delay)
    return max(least, -((first - ready) // step))


@part
def comes_before(store, a, b):
    """Whether label a is to be continued before label b."""
    if store.top[a] != store.top[b]:
        return store.top[a] > store.top[b]
    return a > b


@part
def push(store, label):
    """Put a label on the heap."""
    at = store.tally[2]
    store.tally[2] += 1
    while at > 0:
        up = (at - 1) // 2
        if not comes_before(store, label, store.heap[up]):
            break
        store.heap[at] = store.heap[up]
        at = up
    store.heap[at] = label


@part
def pop(store):
    """Take the label with the highest bound off the heap."""
    first = store.heap[0]
    store.tally[2] -= 1
    size = store.tally[2]
    label = store.heap[size]
    at = 0
    while True:
        down = 2 * at + 1
        if down >= size:
            break
        if down + 1 < size and comes_before(store, store.heap[down + 1], store.heap[down]):
            down += 1
        if not comes_before(store, store.heap[down], label):
            break
        store.heap[at] = store.heap[down]
        at = down
    store.heap[at] = label
    return first


@part
def slot_of(store, lo, hi, w):
    """Where the labels of a mask and window are found, or would be."""
    size = len(store.slot) - 1
    x = (lo * 0x1E3779B97F4A7C15) ^ (hi * 0x42B2AE3D27D4EB4F) ^ ((w + 1) * 0x165667B19E3779F9)
    x ^= x >> 29
    at = (x * 0x3F58476D1CE4E5B9 ^ (x >> 32)) & size
    while store.slot[at] >= 0:
        k = store.slot[at]
        if store.mask[k, 0] == lo and store.mask[k, 1] == hi and store.window[k] == w:
            break
        at = (at + 1) & size
    return at


@kernel
def rehash(store):
    """Find all labels again in a new table, by the first label of each mask and window."""
    store.slot[:] = -1
    used = 0
    for k in range(store.tally[0]):
        at = slot_of(store, store.mask[k, 0], store.mask[k, 1], store.window[k])
        store.after[k] = -1
        if store.slot[at] < 0:
            used += 1
        elif store.is_alive[k]:
            store.after[k] = store.slot[at]
        else:
            continue
        store.slot[at] = k
    store.tally[1] = used


@part
def note(store, lo, hi, w, t, value, top, node, parent):
    """Keep a label unless another is as good; those that it beats are not continued. Its number, or -1."""
    at = slot_of(store, lo, hi, w)
    k = store.slot[at]
    store.tally[5] += 1
    before = -1
    while k >= 0:
        store.tally[5] += 1
        if store.is_alive[k]:
            if store.start[k] <= t and store.value[k] >= value:
                return -1
            if store.start[k] >= t and store.value[k] <= value:
                store.is_alive[k] = 0
        if not store.is_alive[k] and before >= 0:
            store.after[before] = store.after[k]
        else:
            before = k
        k = store.after[k]
    label = store.tally[0]
    store.tally[0] += 1
    if store.slot[at] < 0:
        store.tally[1] += 1
    store.after[label] = store.slot[at]
    store.slot[at] = label
    store.mask[label, 0], store.mask[label, 1] = lo, hi
    store.window[label], store.start[label], store.value[label] = w, t, value
    store.top[label], store.node[label], store.parent[label] = top, node, parent
    store.is_alive[label] = 1
    return label


@kernel
def begin(net, s, store):
    """The empty plan, if anything can come of it."""
    s.before[:] = 1
    top = assess(net, s, len(net.until) - 1, 0, 0, 0, 0)
    if top < 0:
        return
    label = note(store, s.out[0], s.out[1], -1, 0, 0, top, -1, -1)
    if s.out[2] and store.tally[3] < 0:
        store.tally[3], store.tally[4] = 0, label
    push(store, label)


@kernel
def explore(net, s, store, work):
    """Continue the labels with the highest bounds until none can beat the best plan, or `work` is done.

    A unit of work is a look at an option or at a label.
    """
    n_nodes, root = len(net.node_window), len(net.until) - 1
    cost = len(net.option_task) + len(net.bit_curve) + len(net.row_bit) + len(s.best)
    goal = store.tally[5] + work
    while store.tally[2] > 0:
        label = store.heap[0]
        if store.top[label] <= store.tally[3]:
            store.tally[2] = 0
            break
        if store.tally[5] >= goal:
            return WORKED
        room = n_nodes + len(net.profile) + 1
        if store.tally[0] + room >= len(store.value) or 2 * (store.tally[1] + room) >= len(
            store.slot
        ):
            return FULL
        pop(store)
        if not store.is_alive[label]:
            continue
        w, t, value = store.window[label], store.start[label], store.value[label]
        lo, hi = store.mask[label, 0], store.mask[label, 1]
        row = w if w >= 0 else root
        # groups within reach from here; nothing else is looked at for the labels after it
        s.before[:] = 0
        for m in range(n_nodes):
            if t <= net.until[row, m]:
                s.before[net.task_group[net.option_task[net.node_option[m]]]] = 1
        store.tally[5] += n_nodes
        for m in range(n_nodes):
            if t > net.until[row, m]:
                continue
            i, j = net.node_option[m], net.node_window[m]
            if j == w:
                continue
            q = net.option_task[i]
            held_lo, held_hi = lo & net.task_bits[q, 0], hi & net.task_bits[q, 1]
            if (held_lo & ~net.option_owed[i, 0]) != 0 or (held_hi & ~net.option_owed[i, 1]) != 0:
                continue
            if (lo & net.node_bit[m, 0]) != 0 or (hi & net.node_bit[m, 1]) != 0:
                continue
            least = least_start(net, w, t, m)
            if least > net.node_high[m]:
                continue
            lo_next, hi_next = lo | net.node_bit[m, 0], hi | net.node_bit[m, 1]
            owed_lo, owed_hi = net.option_owed[i, 0], net.option_owed[i, 1]
            value_next = value
            whole = (lo_next & owed_lo) == owed_lo and (hi_next & owed_hi) == owed_hi
            p = -1
            if whole:
                lo_next = (lo_next & ~owed_lo) | net.option_class[i, 0]
                hi_next = (hi_next & ~owed_hi) | net.option_class[i, 1]
                c = net.task_curve[q]
                if c >= 0 and net.option_share[i] > 0:
                    share = 0
                    for b in range(len(net.bit_curve)):
                        if net.bit_curve[b] == c and has_bit(lo, hi, b):
                            share += net.bit_share[b]
                    value_next += curve_value(net, c, share + net.option_share[i]) - curve_value(
                        net, c, share
                    )
                p = net.option_profile[i]
            highest = -1
            for k in range(least, net.node_high[m] + 1):
                earns = net.option_value[i] if whole else 0
                if p >= 0:
                    earns = net.profile[p + k - net.node_low[m]]
                if earns > highest:
                    highest = earns
                    t_next = net.window_first[j] + k * net.window_step[j]
                    got = value_next + earns
                    store.tally[5] += cost
                    top = assess(net, s, j, t_next, lo_next, hi_next, got)
                    if top > store.tally[3] or (s.out[2] and got > store.tally[3] and top >= 0):
                        made = note(store, s.out[0], s.out[1], j, t_next, got, top, m, label)
                        if made >= 0:
                            if s.out[2] and got > store.tally[3]:
                                store.tally[3], store.tally[4] = got, made
                            push(store, made)
                if p < 0:
                    break
    return DONE
