"""Labels of a forward search for the best plan: what is taken, the last window, its start; compiled.

A label's mask has a bit for each class of options (those of one task with equal share and equal entries in
the rows) and one for each member of an option whose other members are still owed. Bits 0 to 62 are in the
first word, 63 to 125 in the second. The bits of tasks that can no longer be reached are cleared, so that
labels that differ in nothing that matters any more are compared.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from offnadir._jit import kernel, part
from offnadir.planning.problem import IntArray

Table = NDArray[Any]

EVER = 2**60
#: Why `explore` came back: nothing is left, the work is done, or a table or the labels are full.
DONE, WORKED, FULL = 0, 1, 2
#: What `Store.tally` counts: labels made, slots in use, labels on the heap; the best value, its label; work.
MADE, USED, OPEN, BEST, BEST_LABEL, WORK = 0, 1, 2, 3, 4, 5


def _columns(whole: str, half: str = "") -> np.dtype[Any]:
    """The columns of a table: whole numbers of 64 bits, and of 32."""
    names = [(name, np.int64) for name in whole.split()] + [
        (name, np.int32) for name in half.split()
    ]
    return np.dtype(names)


WINDOW = _columns("chain first step at local count is_table near far latest")
NODE = _columns("window low high option bit_lo bit_hi apart")
OPTION = _columns("node end task value share class_lo class_hi owed_lo owed_hi profile reach")
PROFILE = _columns("value rest")
TASK = _columns("lo hi group curve best share need")
GROUP = _columns("lo hi alive before")
BIT = _columns("share curve")
CURVE = _columns("first end share more")
POINT = _columns("share value")
ROW = _columns("first end relief relief_end group limit")
ENTRY = _columns("of load")
LABEL = _columns("lo hi value start top", "node window parent after is_alive")


class Net(NamedTuple):
    """A problem as the kernels read it, a table for each kind of thing; nodes are members.

    `until` [ms], shape (windows + 1, nodes), is the latest start of a window from which a node can still be
    reached; its last row stands for "nothing yet". A window's block begins at `at` in `table` or `delay`;
    `latest` [ms] is its chain's last start, a node's `apart` [ms] the least time since any picture before it.
    An option's nodes are `node` to `end - 1`; a row's entries `first` to `end - 1`, what options may take off
    its load `relief` to `relief_end - 1`.

    Some columns are notes on the label that is looked at: what an option may still earn (`reach`, -1 for
    nothing), the `best` of a task, its `share` and its `need` of time, whether a group is `alive` now
    and was `before`, a curve's `share` so far and what may be `more`.
    """

    until: IntArray
    window: Table
    table: NDArray[np.uint16]
    delay: IntArray
    node: Table
    option: Table
    profile: Table
    task: Table
    group: Table
    bit: Table
    curve: Table
    point: Table
    row: Table
    entry: Table
    relief: Table
    fixed: IntArray
    out: IntArray  # the assessed label's mask, and whether it is a plan


class Store(NamedTuple):
    """Labels, the first of each mask and window (or -1) by their hash, and the heap of those to be continued.

    `after` leads from a label to the next of equal mask and window.
    """

    label: Table
    slot: IntArray
    heap: IntArray
    tally: IntArray


@part
def height(point, first, end, share):
    """What a request earns for a share of it, rounded down; its curve is rows `first` to `end` of `point`."""
    q = first + 1
    while q < end - 1 and point[q].share < share:
        q += 1
    x0, y0 = point[q - 1].share, point[q - 1].value
    return y0 + (share - x0) * (point[q].value - y0) // (point[q].share - x0)


@part
def has_bit(lo, hi, b):
    """Whether a mask has bit b."""
    if b < 63:
        return (lo >> b) & 1
    return (hi >> (b - 63)) & 1


@part
def steepest(point, first, end, share, more):
    """The greatest mean slope of a curve from `share` to any place up to `more` further on."""
    x0 = float(share)
    y0 = float(height(point, first, end, share))
    slope = (height(point, first, end, share + more) + 1 - y0) / more
    for q in range(first, end):
        if share < point[q].share < share + more:
            slope = max(slope, (point[q].value + 1 - y0) / (point[q].share - x0))
    return slope


@part
def top_in_time(net, value, left_ms):
    """A bound by the time that is left: each picture takes at least that from the nearest before it.

    Tasks' `best` [value] and `need` [ms]; a knapsack of `left_ms` by its dual, any price of time being valid.
    """
    high, need = 0.0, 0
    for q in range(len(net.task)):
        if net.task[q].best > 0:
            need += net.task[q].need
            if net.task[q].need > 0:
                high = max(high, net.task[q].best / net.task[q].need)
    top = np.inf
    if need <= left_ms:
        return top
    low = 0.0
    for _ in range(12):
        price = 0.5 * (low + high)
        bound, used = value + price * left_ms, 0
        for q in range(len(net.task)):
            over = net.task[q].best - price * net.task[q].need
            if over > 0.0:
                bound += over
                used += net.task[q].need
        top = min(top, bound)
        if used > left_ms:
            low = price
        else:
            high = price
    return top


@part
def assess(net, w, t, lo, hi, value, known):
    """A bound on the value of every plan that goes on from a label; -1 if none does.

    Groups that were out of reach before are not looked at. `net.out` becomes the label's mask without
    what is out of reach now, and whether the label is a plan as it stands.
    """
    net.out[2] = 1
    for g in range(len(net.group)):
        net.group[g].alive = 0
    for q in range(len(net.task)):
        net.task[q].best = net.task[q].share = 0
        net.task[q].need = EVER
    for i in range(len(net.option)):
        q = net.option[i].task
        g = net.task[q].group
        net.option[i].reach = -1
        if not net.group[g].before:
            continue
        owed_lo, owed_hi = net.option[i].owed_lo, net.option[i].owed_hi
        held_lo, held_hi = lo & net.task[q].lo, hi & net.task[q].hi
        is_open = (held_lo & ~owed_lo) == 0 and (held_hi & ~owed_hi) == 0
        is_begun = (held_lo & owed_lo) != 0 or (held_hi & owed_hi) != 0
        if is_begun:
            net.out[2] = 0
        need = 0
        for m in range(net.option[i].node, net.option[i].end):
            is_owed = (lo & net.node[m].bit_lo) == 0 and (hi & net.node[m].bit_hi) == 0
            if t <= net.until[w, m]:
                net.group[g].alive = 1
                if is_owed and net.window[net.node[m].window].chain == net.window[w].chain:
                    need += net.node[m].apart
            elif is_owed:
                is_open = False
                if is_begun:
                    return -1
        if not is_open:
            continue
        worth = net.option[i].value
        p = net.option[i].profile
        if p >= 0:
            m = net.option[i].node
            k, late = net.node[m].low, net.until[w, m]
            if late < EVER:
                k = max(k, net.node[m].high - (late - t) // net.window[net.node[m].window].step)
            worth = net.profile[p + k - net.node[m].low].rest
        net.option[i].reach = worth
        net.task[q].best = max(net.task[q].best, worth)
        net.task[q].share = max(net.task[q].share, net.option[i].share)
        net.task[q].need = min(net.task[q].need, need)
    for f in net.fixed:
        taken = (lo & net.option[f].class_lo) != 0 or (hi & net.option[f].class_hi) != 0
        if net.group[net.task[net.option[f].task].group].before and not taken:
            if net.option[f].reach < 0:
                return -1
            net.out[2] = 0
    for r in range(len(net.row)):
        if not net.group[net.row[r].group].before:
            continue
        load, limit = 0, net.row[r].limit
        for e in range(net.row[r].first, net.row[r].end):
            if has_bit(lo, hi, net.entry[e].of):
                load += net.entry[e].load
        if load > limit:
            net.out[2] = 0
            for e in range(net.row[r].relief, net.row[r].relief_end):
                if net.option[net.relief[e].of].reach >= 0:
                    load += net.relief[e].load
            if load > limit:
                return -1
    for c in range(len(net.curve)):
        net.curve[c].share = net.curve[c].more = 0
    if len(net.curve):
        for b in range(len(net.bit)):
            if net.bit[b].share > 0 and has_bit(lo, hi, b):
                net.curve[net.bit[b].curve].share += net.bit[b].share
    top = value
    for q in range(len(net.task)):
        top += net.task[q].best
        if net.task[q].share > 0:
            net.curve[net.task[q].curve].more += net.task[q].share
    for c in range(len(net.curve)):
        if net.curve[c].more > 0:
            first, end, share = net.curve[c].first, net.curve[c].end, net.curve[c].share
            top += height(net.point, first, end, share + net.curve[c].more)
            top -= height(net.point, first, end, share)
    if top > known:
        rounding = 1e-3
        for c in range(len(net.curve)):
            # rounded down here and not there: up to 1 more than by the slope
            rounding += 1.0 if net.curve[c].more > 0 else 0.0
        for q in range(len(net.task)):
            if net.task[q].share > 0:
                c = net.task[q].curve
                slope = steepest(
                    net.point,
                    net.curve[c].first,
                    net.curve[c].end,
                    net.curve[c].share,
                    net.curve[c].more,
                )
                net.task[q].best += np.int64(np.ceil(slope * net.task[q].share))
        in_time = top_in_time(net, value, net.window[w].latest - t)
        if in_time < 1e18:
            top = min(top, np.int64(in_time * (1.0 + 1e-12) + rounding))
    for g in range(len(net.group)):
        if not net.group[g].alive:
            lo &= ~net.group[g].lo
            hi &= ~net.group[g].hi
    net.out[0], net.out[1] = lo, hi
    return top


@part
def least_start(net, w, t, m):
    """The first start of node m after window w at t [ms]; above its highest if there is none."""
    j = net.node[m].window
    low = net.node[m].low
    if w < 0 or net.window[w].chain != net.window[j].chain:
        return low
    # pictures at the same time are in the order of their windows
    ready = t + (1 if j < w else 0)
    at, local = net.window[w].at, net.window[j].local
    if net.window[w].is_table:
        k = (t - net.window[w].first) // net.window[w].step
        if local < net.window[w].near:
            return net.node[m].high + 1
        if local < net.window[w].far:
            entry = at + (local - net.window[w].near) * net.window[w].count + k
            low = max(low, np.int64(net.table[entry]))
    elif net.delay[at + local] < 0:
        return net.node[m].high + 1
    else:
        ready = max(ready, t + net.delay[at + local])
    return max(low, -((net.window[j].first - ready) // net.window[j].step))


@part
def comes_before(label, a, b):
    """Whether label a is to be continued before label b."""
    return label[a].top > label[b].top or (label[a].top == label[b].top and a > b)


@part
def push(label, heap, size, new):
    """Put a label on a heap of `size`."""
    at = size
    while at > 0:
        up = (at - 1) // 2
        if not comes_before(label, new, heap[up]):
            break
        heap[at] = heap[up]
        at = up
    heap[at] = new


@part
def pop(label, heap, size):
    """Take the label with the highest bound off a heap of `size`."""
    last = heap[size - 1]
    at = 0
    while True:
        down = 2 * at + 1
        if down >= size - 1:
            break
        if down + 1 < size - 1 and comes_before(label, heap[down + 1], heap[down]):
            down += 1
        if not comes_before(label, heap[down], last):
            break
        heap[at] = heap[down]
        at = down
    heap[at] = last


@part
def slot_of(slot, label, lo, hi, w):
    """Where the labels of a mask and window are found, or would be."""
    size = len(slot) - 1
    x = (lo * 0x1E3779B97F4A7C15) ^ (hi * 0x42B2AE3D27D4EB4F) ^ ((w + 1) * 0x165667B19E3779F9)
    x ^= x >> 29
    at = (x * 0x3F58476D1CE4E5B9 ^ (x >> 32)) & size
    while slot[at] >= 0:
        k = slot[at]
        if label[k].lo == lo and label[k].hi == hi and label[k].window == w:
            break
        at = (at + 1) & size
    return at


@kernel
def rehash(slot, label, n):
    """Find n labels again in a new table; those that were beaten are left out. The slots in use."""
    slot[:] = -1
    used = 0
    for k in range(n):
        if not label[k].is_alive:
            continue
        at = slot_of(slot, label, label[k].lo, label[k].hi, label[k].window)
        label[k].after = slot[at]
        used += slot[at] < 0
        slot[at] = k
    return used


@part
def is_beaten(label, first, t, value):
    """Whether one of the labels of equal mask and window is as good; those that are worse are marked."""
    k = first
    while k >= 0:
        if label[k].is_alive:
            if label[k].start <= t and label[k].value >= value:
                return True
            if label[k].start >= t and label[k].value <= value:
                label[k].is_alive = 0
        k = label[k].after
    return False


@kernel
def explore(net, store, work):
    """Continue the labels with the highest bounds until none can beat the best plan, or `work` is done.

    A unit of work is a look at an option, at a node or at an entry of a row or a mask.
    """
    label, slot, heap, tally = store
    n_nodes, root = len(net.node), len(net.until) - 1
    cost = len(net.option) + len(net.task) + len(net.group) + len(net.entry) + len(net.bit) + 10
    goal, room = tally[WORK] + work, n_nodes + len(net.profile)
    while tally[OPEN] > 0:
        here = heap[0]
        if label[here].top <= tally[BEST]:
            tally[OPEN] = 0
            break
        if tally[WORK] >= goal:
            return WORKED
        if tally[MADE] + room > len(label) or 2 * (tally[USED] + room) > len(slot):
            return FULL
        pop(label, heap, tally[OPEN])
        tally[OPEN] -= 1
        tally[WORK] += 1
        if not label[here].is_alive:
            continue
        w, t, value = label[here].window, label[here].start, label[here].value
        lo, hi = label[here].lo, label[here].hi
        row = w if w >= 0 else root
        for g in range(len(net.group)):
            net.group[g].before = 0
        for m in range(n_nodes):
            if t <= net.until[row, m]:
                net.group[net.task[net.option[net.node[m].option].task].group].before = 1
        tally[WORK] += n_nodes
        for m in range(n_nodes):
            i, j = net.node[m].option, net.node[m].window
            if t > net.until[row, m] or j == w:
                continue
            q = net.option[i].task
            owed_lo, owed_hi = net.option[i].owed_lo, net.option[i].owed_hi
            if (lo & net.task[q].lo & ~owed_lo) != 0 or (hi & net.task[q].hi & ~owed_hi) != 0:
                continue
            lo_next, hi_next = lo | net.node[m].bit_lo, hi | net.node[m].bit_hi
            if lo_next == lo and hi_next == hi:
                continue
            least = least_start(net, w, t, m)
            earns, p = 0, np.int64(-1)
            if (lo_next & owed_lo) == owed_lo and (hi_next & owed_hi) == owed_hi:
                lo_next = (lo_next & ~owed_lo) | net.option[i].class_lo
                hi_next = (hi_next & ~owed_hi) | net.option[i].class_hi
                earns, p = net.option[i].value, net.option[i].profile
                if net.option[i].share > 0:
                    c, share = net.task[q].curve, 0
                    for b in range(len(net.bit)):
                        if net.bit[b].curve == c and has_bit(lo, hi, b):
                            share += net.bit[b].share
                    first, end = net.curve[c].first, net.curve[c].end
                    earns += height(net.point, first, end, share + net.option[i].share)
                    earns -= height(net.point, first, end, share)
            highest = -1
            for k in range(least, net.node[m].high + 1):
                extra = 0
                if p >= 0:
                    extra = net.profile[p + k - net.node[m].low].value - net.option[i].value
                got = value + earns + extra
                if got <= highest:
                    continue
                highest = got
                t_next = net.window[j].first + k * net.window[j].step
                tally[WORK] += cost
                top = assess(net, j, t_next, lo_next, hi_next, got, tally[BEST])
                top = min(top, label[here].top)
                is_best = net.out[2] == 1 and top >= 0 and got > tally[BEST]
                if top > tally[BEST] or is_best:
                    at = slot_of(slot, label, net.out[0], net.out[1], j)
                    first_label = slot[at]
                    if not is_beaten(label, first_label, t_next, got):
                        new = tally[MADE]
                        tally[MADE] += 1
                        tally[USED] += first_label < 0
                        slot[at] = new
                        label[new].lo, label[new].hi = net.out[0], net.out[1]
                        label[new].value, label[new].start, label[new].top = got, t_next, top
                        label[new].window, label[new].node, label[new].parent = j, m, here
                        label[new].after, label[new].is_alive = first_label, 1
                        if is_best:
                            tally[BEST], tally[BEST_LABEL] = got, new
                        push(label, heap, tally[OPEN], new)
                        tally[OPEN] += 1
                if p < 0:
                    break
    return DONE
