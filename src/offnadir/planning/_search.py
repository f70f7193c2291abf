"""The search's arrays: a problem laid out for its kernels, and the state of one plan in the making."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from offnadir.planning import _regions as R  # noqa: N812
from offnadir.planning import _search_kernels as kernels
from offnadir.planning._resource_kernels import satellite_holds
from offnadir.planning.problem import Array, Battery, IntArray, Problem, Windows

Flags = NDArray[np.bool_]
_MOST_CANDIDATES = 4096
#: How often recreation tries candidates by value, by value for their time, by chance, and by their end.
_ORDER_WAYS = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 3], np.int64)


def blocks(index: IntArray, size: int) -> IntArray:
    """Where the entries of each of `size` owners begin among rows sorted by owner, and where the last end."""
    return np.searchsorted(index, np.arange(size + 1)).astype(np.int64)


def window_starts(windows: Windows) -> tuple[IntArray, IntArray]:
    """First window of each chain (one more at the end), and each window's number in its chain."""
    n_chains = int(windows.chain.max(initial=-1)) + 1
    edge = blocks(windows.chain, n_chains)
    local = (
        np.arange(len(windows)) - edge[np.maximum(windows.chain, 0)] if len(windows) else edge[:0]
    )
    return edge, local.astype(np.int64)


def _columns(problem: Problem) -> dict[str, Any]:
    """The problem's regions."""
    w, o, t = problem.windows, problem.options, problem.transitions
    n_chains = len(problem.chain_satellite)
    _, local = window_starts(w)
    low, high = t.band(w)
    option = np.repeat(np.arange(len(o)), np.diff(o.member_block))
    m_chain = w.chain[o.member_window]
    first_ms = w.first_ms[o.member_window] + o.member_low * w.step_ms[o.member_window]
    last_ms = w.first_ms[o.member_window] + o.member_high * w.step_ms[o.member_window]
    order = np.lexsort((first_ms, m_chain))
    cm_block = blocks(m_chain[order], n_chains)
    widest = np.zeros(n_chains, np.int64)
    inside = m_chain >= 0
    np.maximum.at(widest, m_chain[inside], (last_ms - first_ms)[inside])
    least = _least_gaps(problem, local)
    rows = problem.rows
    row = np.repeat(np.arange(len(rows)), np.diff(rows.start))
    by_option = np.argsort(rows.option, kind="stable")
    n_requests = int(problem.request.max(initial=-1)) + 1
    curves = [problem.curve.get(r) for r in range(n_requests)]
    seconds = np.bincount(option, w.duration_ms[o.member_window] / 1e3, len(o))
    if n_chains:
        seconds += np.bincount(
            option, np.where(inside, least[np.maximum(m_chain, 0)], 0) / 1e3, len(o)
        )
    craft = _spacecraft(problem)
    contacts = problem.contacts
    by_satellite = np.lexsort((contacts.start_ms, contacts.satellite))
    chain_order = np.lexsort((_chain_first(w, n_chains), problem.chain_satellite))
    attitudes = problem.attitudes
    nothing = np.zeros((1, 3))
    return {
        "w_chain": w.chain,
        "w_first": w.first_ms,
        "w_step": w.step_ms,
        "w_count": w.count,
        "w_duration": w.duration_ms,
        "w_local": local,
        "is_table": t.is_table,
        "block": t.block - _listed(problem) * low * w.count,
        "w_low": low,
        "w_high": high,
        "delay_ms": t.delay_ms,
        "c_satellite": problem.chain_satellite,
        "c_base": np.concatenate([[0], np.cumsum(np.diff(cm_block))]).astype(np.int64)[:-1]
        if n_chains
        else cm_block[:0],
        "c_least_ms": least,
        "c_widest_ms": widest,
        "cm_block": cm_block,
        "cm_member": order.astype(np.int64),
        "sc_block": blocks(problem.chain_satellite[chain_order], craft["n"]),
        "sc_chain": chain_order.astype(np.int64),
        "m_option": option.astype(np.int64),
        "m_window": o.member_window,
        "m_low": o.member_low,
        "m_high": o.member_high,
        "m_volume": o.member_volume_kbit,
        "m_chain": m_chain,
        "m_first_ms": first_ms,
        "m_last_ms": last_ms,
        "o_task": o.task,
        "o_value": o.value,
        "o_share": o.share,
        "o_deadline": o.deadline_ms,
        "o_fixed": o.fixed.astype(np.bool_),
        "o_hopeless": np.bincount(rows.option, rows.coefficient > rows.limit[row], len(o)) > 0,
        "o_worth": _worth(problem),
        "o_seconds": seconds,
        "m_block": o.member_block,
        "o_profile": o.profile_block,
        "profile": o.profile,
        "t_block": blocks(o.task, problem.n_tasks),
        "t_request": problem.request,
        "rt_block": blocks(np.sort(problem.request), n_requests),
        "rt_task": np.argsort(problem.request, kind="stable").astype(np.int64),
        "curve_block": np.cumsum([0, *(0 if c is None else len(c.share) for c in curves)]).astype(
            np.int64
        ),
        "curve_share": _joined([c.share for c in curves if c is not None]),
        "curve_value": _joined([c.value for c in curves if c is not None]),
        "or_block": blocks(rows.option[by_option], len(o)),
        "or_row": row[by_option].astype(np.int64),
        "or_factor": rows.coefficient[by_option],
        "row_block": rows.start,
        "row_option": rows.option,
        "row_factor": rows.coefficient,
        "r_limit": rows.limit,
        "s_pressed": craft["presses"].any(axis=1),
        "s_presses": craft["presses"],
        "s_memory": craft["memory"],
        "s_duty": craft["duty"],
        "s_thermal": craft["thermal"],
        "battery": craft["battery"],
        "b_rate": craft["rate"],
        "b_first": craft["first"],
        "sun_block": craft["sun_block"],
        "sun_ms": craft["sun"],
        "att_block": attitudes.block if attitudes else np.zeros(1, np.int64),
        "att_start": attitudes.start if attitudes else nothing,
        "att_stop": attitudes.stop if attitudes else nothing,
        "k_satellite": contacts.satellite,
        "k_station": contacts.station,
        "k_start": contacts.start_ms,
        "k_stop": contacts.stop_ms,
        "k_volume": contacts.max_volume_kbit,
        "k_free": _contested(problem, craft["presses"]),
        "sk_block": blocks(contacts.satellite[by_satellite], craft["n"]),
        "sk_contact": by_satellite.astype(np.int64),
        "antennas": problem.antennas,
        "order_ways": _ORDER_WAYS,
    }


def _joined(parts: list[IntArray]) -> IntArray:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _listed(problem: Problem) -> IntArray:
    """1 for windows whose chain has a table, 0 for others."""
    chain = problem.windows.chain
    listed = np.zeros(len(chain), np.int64)
    listed[chain >= 0] = problem.transitions.is_table[chain[chain >= 0]]
    return listed


def _chain_first(windows: Windows, n_chains: int) -> IntArray:
    first = np.full(n_chains, 2**62, np.int64)
    inside = windows.chain >= 0
    np.minimum.at(first, windows.chain[inside], windows.first_ms[inside])
    return first


def _least_gaps(problem: Problem, local: IntArray) -> IntArray:
    """Shortest time [ms] from the end of a picture to the start of the next, for each chain."""
    w, t = problem.windows, problem.transitions
    least = np.zeros(len(problem.chain_satellite), np.int64)
    low, high = t.band(w)
    if len(least):
        kernels.least_gaps(
            w.chain, w.first_ms, w.step_ms, w.count, w.duration_ms,
            blocks(w.chain, len(least)), t.is_table, t.block - _listed(problem) * low * w.count, low, high,
            t.table, t.delay_ms, least,
        )  # fmt: skip
    return least


def _worth(problem: Problem) -> Array:
    """What an option's share is worth if its request is served whole."""
    o = problem.options
    worth = np.zeros(len(o))
    for request, curve in problem.curve.items():
        mine = problem.request[o.task] == request
        worth[mine] = o.share[mine] * (curve.value[-1] / curve.share[-1])
    return worth


def _spacecraft(problem: Problem) -> dict[str, Any]:
    """The satellites' limits as columns, and which of them can be reached at all."""
    n = max(int(problem.chain_satellite.max(initial=-1)) + 1, len(problem.spacecraft))
    n = max(n, int(problem.contacts.satellite.max(initial=-1)) + 1)
    out: dict[str, Any] = {
        "n": n,
        "presses": np.zeros((n, 4), np.bool_),
        "memory": np.full(n, -1, np.int64),
        "duty": np.zeros((n, 2), np.int64),
        "thermal": np.zeros((n, 5), np.int64),
        "battery": np.zeros((n, 12), np.int64),
        "rate": np.ones((n, 2)),
        "first": np.tile([0.0, 0.0, 1.0], (n, 1)),
    }
    o = problem.options
    satellite = problem.satellite_of(o.member_window)
    task = np.repeat(o.task, np.diff(o.member_block))
    dated = np.repeat(o.deadline_ms >= 0, np.diff(o.member_block))
    sun: list[IntArray] = [np.empty((0, 2), np.int64)] * n
    for s, craft in enumerate(problem.spacecraft):
        mine = satellite == s
        if craft.memory_kbit is not None:
            out["memory"][s] = craft.memory_kbit
            most = _most_volume(task[mine], o.member_volume_kbit[mine])
            out["presses"][s, 0] = most > craft.memory_kbit
        if craft.duty_imaging_ms is not None and craft.duty_in_ms is not None:
            out["duty"][s] = craft.duty_imaging_ms, craft.duty_in_ms
            out["presses"][s, 1] = True
        if craft.thermal is not None:
            h = craft.thermal
            out["thermal"][s] = (
                h.heating_mk_s,
                h.time_constant_ms,
                h.max_rise_mk,
                h.initial_rise_mk,
                h.start_ms,
            )
            out["presses"][s, 2] = True
        if craft.battery is not None:
            out["battery"][s] = [getattr(craft.battery, name) for name in _BATTERY_COLUMNS]
            out["rate"][s] = craft.battery.rate_rad_s, craft.battery.acceleration_rad_s2
            out["first"][s] = craft.battery.first_los
            sun[s] = craft.battery.sunlit_ms.reshape(-1, 2)
            out["presses"][s, 3] = problem.attitudes is not None
    for s in range(n):
        out["presses"][s, 0] |= bool(np.any(dated & (satellite == s)))
    out["sun"] = np.concatenate(sun) if n else np.empty((0, 2), np.int64)
    out["sun_block"] = np.cumsum([0, *(len(part) for part in sun)]).astype(np.int64)
    return out


_BATTERY_COLUMNS = tuple(Battery.__dataclass_fields__)[:12]


def _most_volume(task: IntArray, volume: IntArray) -> int:
    """The most that tasks can write: each by its largest member, thrice, for options of several."""
    most = np.zeros(int(task.max(initial=-1)) + 1, np.int64)
    np.maximum.at(most, task, volume)
    return 3 * int(most.sum())


def _contested(problem: Problem, presses: Flags) -> IntArray:
    """Contacts of satellites whose memory presses that another contact can stand against."""
    k = problem.contacts
    found = []
    for i in range(len(k)):
        if not presses[k.satellite[i], 0] or problem.antennas[k.station[i]] < 1:
            continue
        clash = (k.start_ms < k.stop_ms[i]) & (k.stop_ms > k.start_ms[i])
        clash &= (k.satellite == k.satellite[i]) | (k.station == k.station[i])
        if np.count_nonzero(clash) > 1:
            found.append(i)
    return np.array(found, np.int64)


def first_contacts(problem: Problem) -> IntArray:
    """Which contacts are used at first: in the order of their stop, whatever is still free."""
    k = problem.contacts
    used = np.zeros(len(k), np.int64)
    for i in np.lexsort((k.start_ms, k.stop_ms)).tolist():
        clash = (used == 1) & (k.start_ms < k.stop_ms[i]) & (k.stop_ms > k.start_ms[i])
        if np.any(clash & (k.satellite == k.satellite[i])):
            continue
        if np.count_nonzero(clash & (k.station == k.station[i])) >= problem.antennas[k.station[i]]:
            continue
        used[i] = 1
    return used


class Search:
    """A plan in the making: the problem and the state in one array, ready for the kernels."""

    def __init__(self, problem: Problem, seed: int) -> None:
        self.problem = problem
        columns = _columns(problem) | _state(problem)
        size, parts = R.HEADER, []
        small: list[Array] = []
        header = np.zeros(R.HEADER, np.int64)
        floats = 0
        for name, column in columns.items():
            flat = np.ascontiguousarray(column).reshape(-1)
            at = getattr(R, name.upper())
            header[at + 1] = len(flat)
            if flat.dtype == np.float64:
                header[at], floats = floats, floats + len(flat)
                small.append(flat)
            else:
                header[at], size = size, size + len(flat)
                parts.append(flat.astype(np.int64))
        header[R.SEED] = ((seed + 1) * 0x5DEECE66D + 11) % (1 << 63)  # any whole number will do
        header[R.ANY_PRESSED] = int(columns["s_pressed"].any())
        header[R.N_FIXED] = int(columns["o_fixed"].sum())
        header[R.BEST] = -1
        self.a = np.concatenate([header, *parts])
        self.f = np.concatenate(small)
        self.x = (
            problem.transitions.table if len(problem.transitions.table) else np.zeros(1, np.uint16)
        )

    def taken(self) -> IntArray:
        """Option of each task in the plan in the making, -1 for none."""
        return self.region(R.TAKEN).copy()

    def region(self, at: int) -> IntArray:
        """A view of a region."""
        return self.a[self.a[at] : self.a[at] + self.a[at + 1]]

    @property
    def value(self) -> int:
        """What the best plan so far is worth."""
        return int(self.a[R.BEST])

    @property
    def work(self) -> int:
        """How much has been done: questions to transition tables, and forty a move."""
        return int(self.a[R.WORK])

    @property
    def has_plan(self) -> bool:
        """Whether a plan with all that is fixed is known."""
        return self.value >= 0

    def fill_up(self) -> None:
        """Make a first plan. Contacts that a battery cannot bear are left out."""
        used = self.region(R.USED)
        for s in self.broken():
            mine = np.flatnonzero((self.problem.contacts.satellite == s) & (used == 1))
            for k in mine[::-1].tolist():
                used[k] = 0
                if satellite_holds(self.a, self.x, self.f, s):
                    break
        kernels.fill_up(self.a, self.x, self.f)

    def broken(self) -> list[int]:
        """Satellites that the plan in the making asks too much of."""
        pressed = np.flatnonzero(self.region(R.S_PRESSED)).tolist()
        return [s for s in pressed if not satellite_holds(self.a, self.x, self.f, s)]

    def run(self, until: int, begin: int, end: int, hot: float, cold: float, longest: int) -> None:
        """Search until so much work is done; the accepted loss cools from `begin` to `end` of work."""
        kernels.search(self.a, self.x, self.f, until, begin, end, hot, cold, longest)

    def adopt(self, options: IntArray) -> None:
        """Make a plan of these options, the first ones first, as far as they go together."""
        used = self.region(R.BEST_USED).copy()
        kernels.adopt(self.a, self.x, self.f, np.ascontiguousarray(options, np.int64), used)

    def polish(self) -> None:
        """Move the starts of the best plan to where its pictures are worth most. The search ends with it."""
        self.load(self.best())
        kernels.best_starts(self.a, self.x, self.f)

    def best(self) -> tuple[IntArray, IntArray, IntArray]:
        """Copies of the best plan: option of each task or -1, start of each member, contacts used."""
        return tuple(self.region(at).copy() for at in (R.BEST_TAKEN, R.BEST_START, R.BEST_USED))  # type: ignore[return-value]

    def keep(self) -> None:
        """Take the present plan for the best one, whatever that was."""
        kernels.keep_best(self.a, self.x, self.f)

    def load(self, plan: tuple[IntArray, IntArray, IntArray]) -> None:
        """Go on from a plan that keeps every rule, each picture as early as it can be.

        Where that asks too much of a satellite, from what goes together of it.
        """
        kernels.load(self.a, self.x, self.f, *plan)
        if self.broken():
            taken, _, used = plan
            kernels.adopt(self.a, self.x, self.f, taken[taken >= 0], used)
        elif self.a[R.VALUE] > self.a[R.BEST]:
            kernels.keep_best(self.a, self.x, self.f)


def plan_arrays(
    problem: Problem, option: IntArray, starts: IntArray, contact: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """A plan as a search keeps it: option of each task, start of each member, and which contacts are used."""
    o = problem.options
    taken = np.full(problem.n_tasks, -1, np.int64)
    taken[o.task[option]] = option
    start = np.zeros(len(o.member_window), np.int64)
    start[o.members_of(option)] = starts
    used = np.zeros(len(problem.contacts), np.int64)
    used[contact] = 1
    return taken, start, used


def _state(problem: Problem) -> dict[str, Any]:
    """The regions of an empty plan."""
    o = problem.options
    n_members, n_chains = len(o.member_window), len(problem.chain_satellite)
    n_contacts, size = len(problem.contacts), n_members + 1

    def zeros(n: int, value: int = 0) -> IntArray:
        return np.full(n, value, np.int64)

    places = "seq early late early_ms late_ms old_seq old_early old_late "
    places += "p_member p_at p_start p_stop p_written p_deadline"
    return {name: zeros(size) for name in places.split()} | {
        "taken": zeros(problem.n_tasks, -1),
        "load": zeros(len(problem.rows)),
        "share": zeros(int(problem.request.max(initial=-1)) + 1),
        "used": first_contacts(problem),
        "c_size": zeros(n_chains),
        "c_saved": zeros(n_chains, -1),
        "saved": zeros(n_chains + 1),
        "old_used": zeros(n_contacts),
        "log": zeros(8 * len(o) + 4096),
        "out": zeros(64),
        "mark": zeros(len(o)),
        "candidate": zeros(min(_MOST_CANDIDATES, len(o) + 1)),
        "key": np.zeros(min(_MOST_CANDIDATES, len(o) + 1)),
        "best_taken": zeros(problem.n_tasks, -1),
        "best_start": zeros(n_members),
        "best_used": zeros(n_contacts),
        "k_sent": zeros(n_contacts),
    }
