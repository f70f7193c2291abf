"""What the solver knows of the world: windows, transitions, options, rows and resources, all integers.

The vocabulary. A *window* is a stretch of time in which one satellite can begin one picture: `count` starts,
`step_ms` apart. Windows of one satellite that may get in each other's way form a *chain*; between two
neighbours of a chain's sequence the satellite needs a transition. An *option* is one way to serve a *task*:
one to three pictures (*members*: a window and the range of its starts that is meant), a value, and what it
takes from the *rows*. A task is served by one option at most. Tasks of one *request* may share a value curve.

Who builds a problem rounds to the safe side, so that a plan of the integers is a plan of the real numbers.
The equations are in docs/theory/planning.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from offnadir.errors import InputError

IntArray = NDArray[np.int64]
Array = NDArray[np.float64]

#: In a transition table: no start of the later window is late enough.
NEVER = np.uint16(0xFFFF)
MOST_STARTS = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Windows:
    """Stretches in which a picture may begin, int64 columns of shape (w,), sorted by chain.

    Start k of window i is `first_ms[i] + k * step_ms[i]`, k from 0 to `count[i] - 1`; the picture lasts
    `duration_ms`. `chain` is -1 for a window that no transition concerns.
    """

    chain: IntArray
    first_ms: IntArray
    step_ms: IntArray
    count: IntArray
    duration_ms: IntArray

    def __post_init__(self) -> None:
        _freeze(self, "windows")
        _need("windows.count", self.count, self.count >= 1, "at least 1")
        _need("windows.step_ms", self.step_ms, self.step_ms >= 1, "at least 1")
        _need("windows.duration_ms", self.duration_ms, self.duration_ms >= 0, "zero or more")
        rises = np.concatenate([[True], np.diff(self.chain) >= 0])[: len(self.chain)]
        _need("windows.chain", self.chain, (self.chain >= -1) & rises, "rising, from -1")

    def __len__(self) -> int:
        return len(self.chain)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transitions:
    """How soon one picture can follow another in a chain.

    Windows of a chain have local numbers 0 to n-1, in their order. The picture that begins at start k of
    window i can be followed by the chain's window j from one of its starts on (by number): from the first,
    0, if j is `high[i]` or more; from none if j is below `low[i]`; between these from
    `table[block[i] + (j - low[i]) * count[i] + k]` on, NEVER if there is none. With windows in the order
    of their first starts the table holds no more than those that meet.
    From that start on every later one must do too, and the entries must not fall as k grows: who begins
    later is never sooner done. The entries j = i are not read.

    Where the time between does not depend on the starts, `delay_ms` says as much in fewer words: start to
    start, `delay_ms[block[i] + j]`, -1 for never. `is_table` tells which of both a chain has.
    """

    is_table: NDArray[np.bool_]
    block: IntArray
    table: NDArray[np.uint16] = field(default_factory=lambda: np.empty(0, np.uint16))
    delay_ms: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    low: IntArray | None = None
    high: IntArray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_table", np.asarray(self.is_table, np.bool_))
        object.__setattr__(self, "table", np.asarray(self.table, np.uint16))
        for name in ("block", "delay_ms"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.int64))
        if (self.low is None) != (self.high is None):
            raise InputError("low", self.low, "given together with high, or not at all")

    def whole(self, windows: Windows) -> Transitions:
        """The same with all windows of each chain in its table; large where chains are long."""
        if not len(self.is_table):
            return self
        low, high = self.band(windows)
        size = np.bincount(windows.chain[windows.chain >= 0], minlength=len(self.is_table))
        listed = (windows.chain >= 0) & self.is_table[np.maximum(windows.chain, 0)]
        n = np.where(listed, size[np.maximum(windows.chain, 0)], 0)
        end = np.cumsum(n * windows.count)
        table = np.zeros(int(end[-1]) if len(end) else 0, np.uint16)
        block = np.where(listed, end - n * windows.count, self.block)
        for i in np.flatnonzero(listed).tolist():
            k = int(windows.count[i])
            rows = table[block[i] : block[i] + n[i] * k].reshape(-1, k)
            rows[: low[i]] = NEVER
            stored = self.table[self.block[i] :][: (high[i] - low[i]) * k]
            rows[low[i] : high[i]] = stored.reshape(-1, k)
        return Transitions(is_table=self.is_table, block=block, table=table, delay_ms=self.delay_ms)

    def band(self, windows: Windows) -> tuple[IntArray, IntArray]:
        """`low` and `high` of each window; the whole chain where they are not given."""
        if self.low is not None and self.high is not None:
            return np.asarray(self.low, np.int64), np.asarray(self.high, np.int64)
        size = np.bincount(windows.chain[windows.chain >= 0], minlength=len(self.is_table))
        whole = (
            size[np.maximum(windows.chain, 0)] if len(size) else np.zeros(len(windows), np.int64)
        )
        return np.zeros(len(windows), np.int64), whole.astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Options:
    """Ways to serve tasks, sorted by task: int64 columns of shape (o,), and their members.

    `value` is what the option earns at least; 0 is allowed where a request's curve counts `share`. Members of
    option i are rows `member_block[i]` to `member_block[i + 1] - 1` of the member columns, shape (m,), in the
    order of time: starts `member_low` to `member_high` (both included) of `member_window`.
    An option of one member may be worth more at some starts: then `profile_block[i]` is where its values
    begin in `profile`, one for each of its starts, none below `value`; -1 where all are worth `value`.
    `deadline_ms` is by when all of its volume must be on the ground, -1 for no limit.
    `fixed` options are part of every plan.
    """

    task: IntArray
    value: IntArray
    share: IntArray
    deadline_ms: IntArray
    fixed: IntArray
    member_block: IntArray
    member_window: IntArray
    member_low: IntArray
    member_high: IntArray
    member_volume_kbit: IntArray
    profile_block: IntArray
    profile: IntArray

    def __post_init__(self) -> None:
        for name in (column.name for column in fields(self)):
            object.__setattr__(self, name, _column(f"options.{name}", getattr(self, name)))
        n = len(self.task)
        for name in ("value", "share", "deadline_ms", "fixed", "profile_block"):
            if len(getattr(self, name)) != n:
                raise InputError(f"options.{name}", len(getattr(self, name)), f"{n} rows, as task")
        if len(self.member_block) != n + 1:
            raise InputError("options.member_block", len(self.member_block), f"{n + 1} rows")
        _need("options.task", self.task, np.diff(self.task, prepend=0) >= 0, "rising, from 0")
        _need("options.value", self.value, self.value >= 0, "zero or more")
        size = np.diff(self.member_block)
        _need(
            "options.member_block",
            self.member_block[1:],
            (size >= 1) & (size <= 3),
            "one to three members",
        )
        m = int(self.member_block[-1])
        for name in ("member_window", "member_low", "member_high", "member_volume_kbit"):
            if len(getattr(self, name)) != m:
                raise InputError(
                    f"options.{name}", len(getattr(self, name)), f"{m} rows, the members"
                )
        good = (self.member_low >= 0) & (self.member_low <= self.member_high)
        _need("options.member_low", self.member_low, good, "from 0 to member_high")
        first = self.member_block[:-1]
        end = self.profile_block + self.member_high[first] - self.member_low[first] + 1
        good = (self.profile_block == -1) | ((self.profile_block >= 0) & (end <= len(self.profile)))
        _need(
            "options.profile_block",
            self.profile_block,
            good,
            "-1 or where profile has a value for each of its starts",
        )

    def __len__(self) -> int:
        return len(self.task)

    def members_of(self, option: IntArray) -> IntArray:
        """Members of options, in the order of the options and their members."""
        size = self.member_block[option + 1] - self.member_block[option]
        within = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size)
        members: IntArray = np.repeat(self.member_block[option], size) + within
        return members

    @staticmethod
    def single(
        *,
        task: ArrayLike,
        value: ArrayLike,
        window: ArrayLike,
        low: ArrayLike,
        high: ArrayLike,
        **more: Any,
    ) -> Options:
        """Options of one member each, with nothing else asked of them unless `more` says so."""
        n = len(np.asarray(task))
        columns: dict[str, Any] = {
            "task": task,
            "value": value,
            "member_window": window,
            "member_low": low,
            "member_high": high,
            "share": np.zeros(n, np.int64),
            "deadline_ms": np.full(n, -1, np.int64),
            "fixed": np.zeros(n, np.int64),
            "member_block": np.arange(n + 1),
            "member_volume_kbit": np.zeros(n, np.int64),
            "profile_block": np.full(n, -1, np.int64),
            "profile": np.empty(0, np.int64),
        }
        return Options(**(columns | more))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Linear rules over options: for each row sum(coefficient * taken[option]) <= limit.

    Row r is entries `start[r]` to `start[r + 1] - 1` of `option` and `coefficient`. A limit may not be
    negative, so that the empty plan keeps every rule; a coefficient may ("only if another is taken").
    `name[r]` says in a report what a row is for.
    """

    start: IntArray = field(default_factory=lambda: np.zeros(1, np.int64))
    option: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    coefficient: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    limit: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    name: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("start", "option", "coefficient", "limit"):
            object.__setattr__(self, name, _column(f"rows.{name}", getattr(self, name)))
        if len(self.start) != len(self.limit) + 1:
            raise InputError("rows.start", len(self.start), f"{len(self.limit) + 1} entries")
        if len(self.option) != len(self.coefficient) or self.start[-1] != len(self.option):
            raise InputError(
                "rows.option", len(self.option), "as many as coefficients, ending at start[-1]"
            )
        _need("rows.limit", self.limit, self.limit >= 0, "zero or more")

    def __len__(self) -> int:
        return len(self.limit)

    @staticmethod
    def of(rows: Sequence[tuple[ArrayLike, ArrayLike, int]], name: Sequence[str] = ()) -> Rows:
        """Rows from (options, coefficients, limit) triples; a single number stands for equal coefficients."""
        options = [np.asarray(option, np.int64) for option, _, _ in rows]
        factors = [
            np.broadcast_to(np.asarray(c, np.int64), o.shape)
            for o, (_, c, _) in zip(options, rows, strict=True)
        ]
        return Rows(
            start=np.cumsum([0, *(len(option) for option in options)]),
            option=np.concatenate(options) if options else np.empty(0, np.int64),
            coefficient=np.concatenate(factors) if factors else np.empty(0, np.int64),
            limit=np.array([limit for _, _, limit in rows], np.int64),
            name=name,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """What a request earns for the share of it that is served: straight lines through (share, value) points.

    Both rise from (0, 0); beyond the last point the value goes on with the last slope.
    """

    share: IntArray
    value: IntArray

    def __post_init__(self) -> None:
        _freeze(self, "curve")
        if len(self.share) < 2 or self.share[0] != 0 or self.value[0] != 0:
            raise InputError(
                "curve.share", self.share.tolist(), "two points or more, the first at 0 and worth 0"
            )
        _need("curve.share", self.share[1:], np.diff(self.share) > 0, "rising")
        _need("curve.value", self.value[1:], np.diff(self.value) >= 0, "rising")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contacts:
    """Times at which a station can take what a satellite holds: int64 columns of shape (k,), by start.

    What is complete at `start_ms` may be sent, at most `max_volume_kbit`, and its room is free at `stop_ms`.
    """

    satellite: IntArray
    station: IntArray
    start_ms: IntArray
    stop_ms: IntArray
    max_volume_kbit: IntArray

    def __post_init__(self) -> None:
        _freeze(self, "contacts")
        _need("contacts.stop_ms", self.stop_ms, self.stop_ms > self.start_ms, "after start_ms")
        _need(
            "contacts.start_ms", self.start_ms[1:], np.diff(self.start_ms) >= 0, "in rising order"
        )

    def __len__(self) -> int:
        return len(self.start_ms)

    @staticmethod
    def none() -> Contacts:
        """No contact at all."""
        nothing = np.empty(0, np.int64)
        return Contacts(**dict.fromkeys((column.name for column in fields(Contacts)), nothing))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Battery:
    """Energy on board [mJ] and power [mW]; `sunlit_ms`, shape (n, 2): when the Sun charges, in order.

    The level is never above `capacity_mj`, nor may it fall below `floor_mj`. Slews draw `slew_mw` while they
    last: rest to rest about one axis from the line of sight at the end of a picture to that at the start of
    the next, as the windows' lines of sight and the two rates say; they end `settling_ms` before the picture,
    in which time `settling_mw` is drawn. At the beginning the line of sight is `first_los`, a unit vector;
    with zeros nobody slews to the first picture.
    """

    capacity_mj: int
    initial_mj: int
    floor_mj: int
    charge_mw: int
    idle_mw: int
    imaging_mw: int
    slew_mw: int
    downlink_mw: int
    settling_ms: int
    settling_mw: int
    start_ms: int
    stop_ms: int
    sunlit_ms: IntArray
    rate_rad_s: float
    acceleration_rad_s2: float
    first_los: tuple[float, float, float] = (0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thermal:
    """A camera that warms: [mK/s] while imaging, falls by 1/time_constant, may rise to `max_rise_mk`."""

    heating_mk_s: int
    time_constant_ms: int
    max_rise_mk: int
    initial_rise_mk: int = 0
    start_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spacecraft:
    """What one satellite has to go round with; None: no such limit.

    `duty_imaging_ms` of imaging at most in any stretch of `duty_in_ms`.
    """

    memory_kbit: int | None = None
    duty_imaging_ms: int | None = None
    duty_in_ms: int | None = None
    battery: Battery | None = None
    thermal: Thermal | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Attitudes:
    """Lines of sight of windows, for the energy of slews: unit vectors, float64 of shape (s, 3).

    Those of window i are rows `block[i]` to `block[i] + count[i] - 1`, at the start and at the end of the
    picture that begins at each start, in one frame per satellite.
    """

    block: IntArray
    start: Array
    stop: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Problem:
    """Which pictures to take. `chain_satellite` has one entry a chain, `request` one a task.

    `curve` maps a request to its value curve. `antennas` has one number a station.
    """

    windows: Windows
    transitions: Transitions
    options: Options
    chain_satellite: IntArray
    request: IntArray
    rows: Rows = field(default_factory=Rows)
    curve: dict[int, Curve] = field(default_factory=dict)
    spacecraft: tuple[Spacecraft, ...] = ()
    contacts: Contacts = field(default_factory=Contacts.none)
    antennas: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    attitudes: Attitudes | None = None

    def __post_init__(self) -> None:
        for name in ("chain_satellite", "request", "antennas"):
            object.__setattr__(self, name, _column(f"problem.{name}", getattr(self, name)))
        w, o = self.windows, self.options
        n_chains = len(self.chain_satellite)
        _need(
            "windows.chain", w.chain, w.chain < n_chains, f"below {n_chains}, the number of chains"
        )
        _need(
            "options.task",
            o.task,
            o.task < len(self.request),
            f"below {len(self.request)}, the tasks",
        )
        good = (o.member_window >= 0) & (o.member_window < len(w))
        _need("options.member_window", o.member_window, good, f"from 0 to {len(w) - 1}")
        _need(
            "options.member_high",
            o.member_high,
            o.member_high < w.count[o.member_window],
            "below the window's count",
        )
        good = (self.rows.option >= 0) & (self.rows.option < len(o))
        _need("rows.option", self.rows.option, good, f"from 0 to {len(o) - 1}")
        if len(self.transitions.is_table) != n_chains or len(self.transitions.block) != len(w):
            raise InputError(
                "transitions", len(self.transitions.block), "a flag a chain and a block a window"
            )
        k, n_stations = self.contacts, len(self.antennas)
        _need("contacts.satellite", k.satellite, k.satellite >= 0, "zero or more")
        good = (k.station >= 0) & (k.station < n_stations)
        _need("contacts.station", k.station, good, f"from 0 to below {n_stations}, the stations")

    @property
    def n_tasks(self) -> int:
        """How many tasks there are, with or without options."""
        return len(self.request)

    def satellite_of(self, window: IntArray) -> IntArray:
        """The satellites of windows; -1 where the window is in no chain."""
        chain = self.windows.chain[window]
        if not len(self.chain_satellite):
            return np.full(len(chain), -1, np.int64)
        return np.where(chain >= 0, self.chain_satellite[np.maximum(chain, 0)], -1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """A plan that keeps every rule of its problem, and a proven bound on the value of any.

    `option` holds the taken options, rising; `start`, shape (m,), the number of the start of each of their
    members, in the order of the options and their members. `contact` holds the used contacts, rising.
    `bound` is never below `value`; they are equal if the plan is proven best. `trace` rows are
    (seconds, value, bound) at which one of them became better.
    """

    option: IntArray
    start: IntArray
    contact: IntArray
    value: int
    bound: int
    repeatable: bool
    trace: tuple[tuple[float, int, int], ...] = ()

    @property
    def gap(self) -> float:
        """(bound - value) / bound; 0 if nothing can be taken."""
        return (self.bound - self.value) / self.bound if self.bound else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """When to end: after `time_s` by the clock, after `rounds` of work, or once the gap is as small as asked.

    Equal problems, seeds and `rounds` give equal plans wherever they run, if the clock does not strike first.
    """

    time_s: float = 60.0
    rounds: int | None = None
    gap: float = 0.0

    def __post_init__(self) -> None:
        if not self.time_s > 0.0:
            raise InputError("time_s", self.time_s, "greater than 0")
        if self.rounds is not None and self.rounds < 0:
            raise InputError("rounds", self.rounds, "zero or more")
        if not 0.0 <= self.gap < 1.0:
            raise InputError("gap", self.gap, "from 0 to below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the search is: the best plan so far and what no plan can exceed."""

    elapsed_s: float
    value: int
    bound: int


def _freeze(table: Any, title: str) -> None:
    """Replace every column by a read-only int64 copy; all must be equally long."""
    names = [column.name for column in fields(table)]
    for name in names:
        object.__setattr__(table, name, _column(f"{title}.{name}", getattr(table, name)))
    lengths = {name: len(getattr(table, name)) for name in names}
    if len(set(lengths.values())) > 1:
        raise InputError(title, lengths, "columns of equal length")


def _column(title: str, values: ArrayLike) -> IntArray:
    """A read-only int64 copy; floats are refused, for they would be cut without a word."""
    array = np.array(values)
    if array.size and not (np.issubdtype(array.dtype, np.integer) or array.dtype == np.bool_):
        raise InputError(title, str(array.dtype), "integers")
    if array.ndim != 1:
        raise InputError(title, array.shape, "of one dimension")
    array = array.astype(np.int64)
    array.setflags(write=False)
    return array


def _need(title: str, values: IntArray, good: ArrayLike, wish: str) -> None:
    """Raise for the first row that is not good."""
    if not np.all(good):
        row = int(np.argmin(good))
        raise InputError(f"{title}[{row}]", values[row].tolist(), wish)
