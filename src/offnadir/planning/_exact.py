"""Small problems to the end: every plan that could still be better, by labels, until none is left.

A label is a set of taken tasks, the last picture and its start. Of labels that allow the same from here on
only those stay that no other beats in both start and value. A label's bound is what it has plus all that it
can still reach in time, with each request's curve at what is taken and what is in reach together: a
curve that rises ever faster is as tight as any other. Labels with the highest bound go first, so that the
bound falls all the time. Theory: docs/theory/planning.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from offnadir.planning import _exact_kernels as kernels
from offnadir.planning._audit import faults
from offnadir.planning._exact_kernels import EVER, Net, Store, Table
from offnadir.planning.problem import NEVER, IntArray, Problem, Schedule

_WORD = 63
_MOST_BITS = 2 * _WORD
_MOST_MEMBERS = 1024
_SLICE = 20_000_000
_FIRST_LABELS, _MOST_LABELS = 1 << 14, 1 << 22


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """What no plan can exceed, and a plan that is better than the one known before, if one was found.

    `option` and `start` are as in `Schedule` if the plan `is_better`; otherwise they are empty and `value`
    is the value known before. `work` is what was spent.
    """

    bound: int
    value: int
    is_better: bool
    option: IntArray
    start: IntArray
    work: int

    @property
    def is_proven(self) -> bool:
        """Whether no plan is better than `value`."""
        return self.bound <= self.value


def prove(
    problem: Problem,
    incumbent: int,
    work: int = 2_000_000_000,
    *,
    interrupted: Callable[[], bool] | None = None,
) -> Proof | None:
    """Look at every plan that could be worth more than `incumbent`; None if the problem is too large for it.

    `incumbent` is the value of a plan that exists, or -1. `work` counts looks at options and the like,
    some hundred millions a second. Resources other than rows are not looked at: the bound holds
    nevertheless, but a better plan that breaks one of them is not handed out. Equal inputs: equal results.
    """
    net = _net(problem)
    if net is None:
        return None
    store = _store(_FIRST_LABELS)
    _begin(store, incumbent, is_plan=len(net.fixed) == 0)
    while True:
        left = max(work, 1) - int(store.tally[kernels.WORK])
        why = kernels.explore(net, store, min(left, _SLICE))
        if why == kernels.FULL and len(store.label) < _MOST_LABELS:
            store = _larger(store, len(net.node) + len(net.profile))
            continue
        stopped = interrupted is not None and interrupted()
        if why != kernels.WORKED or stopped or int(store.tally[kernels.WORK]) >= work:
            break
    found = int(store.tally[kernels.BEST])
    bound = found
    if store.tally[kernels.OPEN] > 0:
        bound = max(found, int(store.label["top"][store.heap[0]]))
    option = start = np.empty(0, np.int64)
    is_better = found > incumbent
    if is_better:
        option, start = _path(problem, net, store, int(store.tally[kernels.BEST_LABEL]))
        is_better = not _breaks(problem, option, start, found)
    return Proof(
        bound=bound,
        value=found if is_better else incumbent,
        is_better=is_better,
        option=option if is_better else option[:0],
        start=start if is_better else start[:0],
        work=int(store.tally[kernels.WORK]),
    )


def _breaks(problem: Problem, option: IntArray, start: IntArray, value: int) -> bool:
    """Whether a plan breaks a rule, for one of those that no label looks at."""
    schedule = Schedule(
        option=option,
        start=start,
        contact=np.empty(0, np.int64),
        value=value,
        bound=value,
        repeatable=True,
    )
    return bool(faults(problem, schedule))


def _path(problem: Problem, net: Net, store: Store, label: int) -> tuple[IntArray, IntArray]:
    """Options and starts of the plan that ends with a label."""
    o, start = problem.options, dict[int, int]()
    while label >= 0 and store.label["node"][label] >= 0:
        m = int(store.label["node"][label])
        window = net.window[net.node["window"][m]]
        start[m] = int((store.label["start"][label] - window["first"]) // window["step"])
        label = int(store.label["parent"][label])
    option = np.unique(net.node["option"][sorted(start)])
    members = o.members_of(option)
    return option, np.array([start[m] for m in members], np.int64)


# -- labels -----------------------------------------------------------------------------------------


def _store(size: int) -> Store:
    return Store(
        label=np.zeros(size, kernels.LABEL),
        slot=np.full(4 * size, -1, np.int32),
        heap=np.zeros(size, np.int32),
        tally=np.zeros(6, np.int64),
    )


def _begin(store: Store, incumbent: int, *, is_plan: bool) -> None:
    """The empty set as the first label; it is the best plan if there is no other."""
    label = store.label
    label["top"][0], label["is_alive"][0] = EVER, 1
    for link in ("node", "window", "parent", "after"):
        label[link][0] = -1
    store.tally[[kernels.MADE, kernels.OPEN]] = 1
    store.tally[[kernels.BEST, kernels.BEST_LABEL]] = (
        (0, 0) if is_plan and incumbent < 0 else (incumbent, -1)
    )


def _larger(store: Store, room: int) -> Store:
    """The same labels with twice the room, or enough for `room` more."""
    size = 2 * len(store.label)
    while size < len(store.label) + room:
        size *= 2
    new = _store(size)
    n, n_open = store.tally[[kernels.MADE, kernels.OPEN]].tolist()
    new.label[:n], new.heap[:n_open], new.tally[:] = (
        store.label[:n],
        store.heap[:n_open],
        store.tally,
    )
    new.tally[kernels.USED] = kernels.rehash(new.slot, new.label, n)
    return new


# -- the problem as the kernels read it -------------------------------------------------------------


def _net(problem: Problem) -> Net | None:
    """None where there are too many bits or members."""
    o, w, t = problem.options, problem.windows, problem.transitions
    n = len(o.member_window)
    if n > _MOST_MEMBERS:
        return None
    classes = _classes(problem)
    if classes is None:
        return None
    option_class, option_owed, node_bit, bit_option, n_bits = classes
    option = np.repeat(np.arange(len(o)), np.diff(o.member_block))
    # every window that is used, and one of its own for each member that no transition concerns
    is_free = w.chain[o.member_window] < 0
    used = np.unique(o.member_window[~is_free])
    window = np.concatenate([used, o.member_window[is_free]])
    number = np.full(len(w), -1, np.int64)
    number[used] = np.arange(len(used))
    node_window = number[o.member_window]
    node_window[is_free] = len(used) + np.arange(int(is_free.sum()))
    n_chains = len(problem.chain_satellite)
    chain = w.chain[window].copy()
    chain[len(used) :] = n_chains + np.arange(int(is_free.sum()))
    until, apart = _until(problem, window, chain, node_window)
    last_ms = w.first_ms[o.member_window] + o.member_high * w.step_ms[o.member_window]
    latest_ms = np.full(int(chain.max(initial=-1)) + 1, -EVER, np.int64)
    np.maximum.at(latest_ms, chain[node_window], last_ms)
    value = o.value.copy()
    rest = o.profile.copy()
    for i in np.flatnonzero(o.profile_block >= 0).tolist():
        m, p = o.member_block[i], o.profile_block[i]
        part = slice(p, p + int(o.member_high[m] - o.member_low[m]) + 1)
        rest[part] = np.maximum(rest[part], np.maximum.accumulate(o.profile[part][::-1])[::-1])
        value[i] = rest[p]
    curves = sorted(problem.curve)
    task_curve = np.array(
        [curves.index(r) if r in problem.curve else -1 for r in problem.request.tolist()], np.int64
    )
    group = _groups(problem)
    task_bits = np.zeros((problem.n_tasks, 2), np.int64)
    np.bitwise_or.at(task_bits, o.task, option_class | option_owed)
    group_bits = np.zeros((int(group.max(initial=-1)) + 1, 2), np.int64)
    np.bitwise_or.at(group_bits, group, task_bits)
    bit_curve = np.full(n_bits, -1, np.int64)
    bit_share = np.zeros(n_bits, np.int64)
    for b, i in enumerate(bit_option):
        if i >= 0 and o.share[i] > 0 and task_curve[o.task[i]] >= 0:
            bit_curve[b], bit_share[b] = task_curve[o.task[i]], o.share[i]
    is_table = np.concatenate([t.is_table, np.zeros(int(is_free.sum()), np.bool_)])
    curve = [problem.curve[r] for r in curves]
    point = _edges(len(c.share) for c in curve)
    return Net(
        until=until,
        window=_table(
            kernels.WINDOW,
            chain=chain,
            first=w.first_ms[window],
            step=w.step_ms[window],
            at=t.block[window],
            local=window - np.searchsorted(w.chain, w.chain[window]),
            count=w.count[window],
            is_table=is_table[chain],
            near=t.band(w)[0][window],
            far=t.band(w)[1][window],
            latest=latest_ms[chain],
        ),
        table=np.require(t.table, requirements=["C", "W"]),
        delay=np.array(t.delay_ms),
        node=_table(
            kernels.NODE,
            window=node_window,
            low=o.member_low,
            high=o.member_high,
            option=option,
            bit_lo=node_bit[:, 0],
            bit_hi=node_bit[:, 1],
            apart=apart[node_window],
        ),
        option=_table(
            kernels.OPTION,
            node=o.member_block[:-1],
            end=o.member_block[1:],
            task=o.task,
            value=value,
            share=np.where(task_curve[o.task] >= 0, o.share, 0),
            class_lo=option_class[:, 0],
            class_hi=option_class[:, 1],
            owed_lo=option_owed[:, 0],
            owed_hi=option_owed[:, 1],
            profile=o.profile_block,
        ),
        profile=_table(kernels.PROFILE, value=o.profile, rest=rest),
        task=_table(
            kernels.TASK, lo=task_bits[:, 0], hi=task_bits[:, 1], group=group, curve=task_curve
        ),
        group=_table(kernels.GROUP, lo=group_bits[:, 0], hi=group_bits[:, 1]),
        bit=_table(kernels.BIT, share=bit_share, curve=bit_curve),
        curve=_table(kernels.CURVE, first=point[:-1], end=point[1:]),
        point=_table(
            kernels.POINT,
            share=_joined([c.share for c in curve]),
            value=_joined([c.value for c in curve]),
        ),
        **_row_tables(problem, group, bit_option),
        fixed=np.flatnonzero(o.fixed),
        out=np.zeros(3, np.int64),
    )


def _table(kind: np.dtype[Any], **columns: IntArray) -> Table:
    """A table for the kernels; columns that are not given are zero."""
    table = np.zeros(len(next(iter(columns.values()))), kind)
    for name, values in columns.items():
        table[name] = values
    return table


def _edges(sizes: Iterable[int]) -> IntArray:
    return np.cumsum([0, *sizes]).astype(np.int64)


def _joined(parts: list[IntArray]) -> IntArray:
    return np.concatenate([*parts, np.empty(0, np.int64)])


def _entries(problem: Problem) -> list[dict[int, int]]:
    """What each option takes from the rows."""
    rows = problem.rows
    entries: list[dict[int, int]] = [{} for _ in range(len(problem.options))]
    for r in range(len(rows)):
        for e in range(rows.start[r], rows.start[r + 1]):
            held = entries[int(rows.option[e])]
            held[r] = held.get(r, 0) + int(rows.coefficient[e])
    return entries


def _classes(problem: Problem) -> tuple[IntArray, IntArray, IntArray, list[int], int] | None:
    """Masks of options' classes, of their members, of each member; each bit's option, or -1."""
    o = problem.options
    entries = _entries(problem)
    bit_option: list[int] = []
    number: dict[object, int] = {}
    option_class, option_owed = np.zeros((len(o), 2), np.int64), np.zeros((len(o), 2), np.int64)
    node_bit = np.zeros((len(o.member_window), 2), np.int64)
    for i in range(len(o)):
        key = (
            int(o.task[i]),
            int(o.share[i]),
            tuple(sorted(entries[i].items())),
            i if o.fixed[i] else -1,
        )
        if key not in number:
            number[key] = len(bit_option)
            bit_option.append(i)
        _set(option_class[i], number[key])
        members = range(o.member_block[i], o.member_block[i + 1])
        for m in members:
            if len(members) == 1:
                node_bit[m] = option_class[i]
            else:
                if not _set(node_bit[m], len(bit_option)):
                    return None
                bit_option.append(-1)
                option_owed[i] |= node_bit[m]
        if len(bit_option) > _MOST_BITS:
            return None
    return option_class, option_owed, node_bit, bit_option, len(bit_option)


def _set(mask: IntArray, bit: int) -> bool:
    if bit >= _MOST_BITS:
        return False
    mask[bit // _WORD] |= 1 << (bit % _WORD)
    return True


def _groups(problem: Problem) -> IntArray:
    """Tasks that rows or a curve link have one number."""
    o, up = problem.options, list(range(problem.n_tasks))

    def top(q: int) -> int:
        while up[q] != q:
            up[q] = up[up[q]]
            q = up[q]
        return q

    links = [np.flatnonzero(problem.request == r) for r in problem.curve]
    rows = problem.rows
    links += [
        o.task[rows.option[a:b]] for a, b in zip(rows.start[:-1], rows.start[1:], strict=True)
    ]
    for tasks in links:
        for q in tasks[1:].tolist():
            up[top(q)] = top(int(tasks[0]))
    return np.unique([top(q) for q in range(problem.n_tasks)], return_inverse=True)[1].astype(
        np.int64
    )


def _row_tables(problem: Problem, group: IntArray, bit_option: list[int]) -> dict[str, Table]:
    """Rows by the bits of classes, and what options may take off their loads; none without entries."""
    rows, o = problem.rows, problem.options
    entries = _entries(problem)
    kept = [r for r in range(len(rows)) if rows.start[r] < rows.start[r + 1]]
    bits = [
        [(b, entries[i][r]) for b, i in enumerate(bit_option) if i >= 0 and r in entries[i]]
        for r in kept
    ]
    relief = [[(i, entries[i][r]) for i in range(len(o)) if entries[i].get(r, 0) < 0] for r in kept]
    at, relief_at = _edges(map(len, bits)), _edges(map(len, relief))
    return {
        "row": _table(
            kernels.ROW,
            first=at[:-1],
            end=at[1:],
            relief=relief_at[:-1],
            relief_end=relief_at[1:],
            group=np.array([group[o.task[rows.option[rows.start[r]]]] for r in kept], np.int64),
            limit=rows.limit[kept],
        ),
        "entry": np.array([pair for row in bits for pair in row], kernels.ENTRY),
        "relief": np.array([pair for row in relief for pair in row], kernels.ENTRY),
    }


def _until(
    problem: Problem, window: IntArray, chain: IntArray, node_window: IntArray
) -> tuple[IntArray, IntArray]:
    """Latest start [ms] of each window from which each member can still be reached, by way of others or not.

    The last row stands for a plan with nothing in it yet. Chains follow one another. Also, for each window,
    the least time [ms] from any other of its chain, start to start.
    """
    o, w, t = problem.options, problem.windows, problem.transitions
    n = len(window)
    near, far = t.band(w)
    last = w.first_ms[o.member_window] + o.member_high * w.step_ms[o.member_window]
    until = np.full((n + 1, len(node_window)), EVER, np.int64)
    nearest = np.zeros(n, np.int64)
    for c in np.unique(chain).tolist():
        mine = np.flatnonzero(chain == c)
        real = window[mine]
        local = real - int(np.searchsorted(w.chain, w.chain[real[0]]))
        size = int(np.count_nonzero(w.chain == c))
        apart = np.full((len(mine), len(mine)), EVER, np.int64)
        for a, i in enumerate(real.tolist() if c < len(problem.chain_satellite) else []):
            if t.is_table[c]:
                k = w.count[i]
                least = np.full((size, k), int(NEVER))
                least[near[i] : far[i]] = t.table[t.block[i] :][: (far[i] - near[i]) * k].reshape(
                    -1, k
                )
                least[far[i] :] = 0
                least = least[local]
                begins = w.first_ms[real][:, None] + least * w.step_ms[real][:, None]
                gap = begins - (w.first_ms[i] + np.arange(k) * w.step_ms[i])
                apart[a] = np.where(least == NEVER, EVER, gap).min(axis=1)
            else:
                delay = t.delay_ms[t.block[i] + local]
                apart[a] = np.where(delay < 0, EVER, delay)
            apart[a, a] = EVER
        apart = np.maximum(apart, 0)
        least = apart.min(axis=0)
        nearest[mine] = np.where(least < EVER, least, 0)
        for k in range(len(mine)):
            apart = np.minimum(apart, apart[:, k][:, None] + apart[k][None, :])
        place = np.full(n, -1, np.int64)
        place[mine] = np.arange(len(mine))
        of = place[node_window]
        way = apart[:, of]
        same = np.where(way >= EVER, -EVER, last - way)
        until[mine] = np.where(of >= 0, same, np.where(chain[node_window] > c, EVER, -EVER))
    return until, nearest
