"""From attitudes and a slew law to the solver's transition tables, and from windows to chains."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.planning import _transition_kernels as kernels
from offnadir.planning.problem import Array, IntArray, Transitions, Windows

_LOOK_MS = 2_000
_NO_TABLE = np.zeros((2, 2))

#: A user's own law: lines of sight at the end of one and at the start of the next picture, (n, 3) -> s, (n,).
SlewFunction = Callable[[Array, Array], Array]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlewLaw:
    """How long a satellite turns, settling included.

    `kind` is "euler" (rest to rest about one axis, with `rate` and `acceleration`), "euler_table" (`table`,
    angle [rad] -> s), "sum_table" (the same for |change of roll| + |change of pitch|), "per_axis" (the slower
    of roll and pitch, each with its rate and acceleration), or "function". The last four but "euler_table"
    and "function" take attitudes as columns (roll, pitch) [rad], the others unit vectors.
    `longest_s` is at least the time of the longest slew there can be.
    """

    kind: str
    longest_s: float
    rate_rad_s: tuple[float, float] = (1.0, 1.0)
    acceleration_rad_s2: tuple[float, float] = (1.0, 1.0)
    settling_s: float = 0.0
    table: Array = field(default_factory=lambda: _NO_TABLE)
    function: SlewFunction | None = None

    def __post_init__(self) -> None:
        kinds = ("euler", "euler_table", "sum_table", "per_axis", "function")
        if self.kind not in kinds:
            raise InputError("kind", self.kind, "one of " + ", ".join(kinds))
        if not self.longest_s >= 0.0:
            raise InputError("longest_s", self.longest_s, "zero or more")
        if (self.kind == "function") != (self.function is not None):
            raise InputError(
                "function", self.function, "given for the kind function, and for no other"
            )
        if self.kind.endswith("table") and (
            self.table.ndim != 2
            or self.table.shape[1:] != (2,)
            or len(self.table) < 2
            or np.any(np.diff(self.table[:, 0]) <= 0)
            or np.any(np.diff(self.table[:, 1]) < 0)
        ):
            raise InputError(
                "table", self.table.tolist(), "two or more rows (angle, seconds), rising"
            )


def cut_chains(
    satellite: IntArray,
    first_ms: IntArray,
    last_start_ms: IntArray,
    duration_ms: IntArray,
    longest_ms: IntArray,
) -> IntArray:
    """Chain of each window: windows of one satellite that slews can link share one, all others do not.

    Arrays of shape (w,); `longest_ms` is the longest slew of each satellite. Chains count by satellite and
    time.
    """
    chain = np.empty(len(satellite), np.int64)
    number, reach_ms, before = -1, 0, -1
    for i in np.lexsort((first_ms, satellite)).tolist():
        s = int(satellite[i])
        if s != before or int(first_ms[i]) >= reach_ms:
            number += 1
            reach_ms, before = -(2**62), s
        reach_ms = max(reach_ms, int(last_start_ms[i] + duration_ms[i] + longest_ms[s]))
        chain[i] = number
    return chain


def transition_tables(
    windows: Windows,
    chain_satellite: IntArray,
    laws: Sequence[SlewLaw],
    att_row: IntArray,
    att_start: Array,
    att_stop: Array,
    *,
    margin_ms: int = 0,
    threads: int = 2,
) -> Transitions:
    """Least starts for all pairs of each chain.

    A later start of the second picture is taken to do wherever an earlier one does; where attitudes run
    away faster than the satellite turns, entries lie behind the last start that does not, as far as the
    two seconds after the first that does show it.

    Parameters
    ----------
    laws : one a satellite
    att_row : int64 (w,)
        Where each window's attitudes begin, one row a start.
    att_start, att_stop : float64 (s, 3)
        Attitude at the start and at the end of the picture that begins at each start.
    margin_ms : int
        Added to every slew, for the rounding of whoever checks.
    """
    n = np.bincount(windows.chain[windows.chain >= 0], minlength=len(chain_satellite))
    low, high = _bands(windows, chain_satellite, laws, margin_ms)
    size = windows.count * (high - low)
    block = np.cumsum(size) - size
    table = np.empty(int(size.sum()), np.uint16)
    edge = np.searchsorted(windows.chain, np.arange(len(chain_satellite) + 1))

    def fill(c: int) -> None:
        rows = slice(edge[c], edge[c + 1])
        law = laws[int(chain_satellite[c])]
        columns = [
            getattr(windows, x)[rows] for x in ("first_ms", "step_ms", "count", "duration_ms")
        ]
        if law.kind == "function":
            _fill_by_function(
                law, columns, att_row[rows], att_stop, att_start, margin_ms, block[rows], low[rows],
                high[rows], table,
            )  # fmt: skip
            return
        number = np.array(
            [
                law.rate_rad_s[0],
                law.acceleration_rad_s2[0],
                law.settling_s,
                law.rate_rad_s[1],
                law.acceleration_rad_s2[1],
            ]
        )
        code = {
            "euler": kernels.EULER,
            "euler_table": kernels.EULER_TABLE,
            "sum_table": kernels.SUM_TABLE,
            "per_axis": kernels.PER_AXIS,
        }[law.kind]
        kernels.fill_table(
            code, number, law.table, *columns, att_row[rows], att_stop, att_start,
            math.ceil(1000.0 * law.longest_s) + margin_ms, margin_ms, _LOOK_MS, block[rows], low[rows],
            high[rows], table,
        )  # fmt: skip

    order = np.argsort(-(n**2), kind="stable").tolist()
    with ThreadPoolExecutor(max(threads, 1)) as pool:
        list(pool.map(fill, order))
    return Transitions(
        is_table=np.ones(len(chain_satellite), np.bool_),
        block=block,
        table=table,
        low=low,
        high=high,
    )


def _bands(
    windows: Windows, chain_satellite: IntArray, laws: Sequence[SlewLaw], margin_ms: int
) -> tuple[IntArray, IntArray]:
    """Which windows of its chain each can meet: behind them all others can follow, before them none can."""
    low, high = np.zeros((2, len(windows)), np.int64)
    edge = np.searchsorted(windows.chain, np.arange(len(chain_satellite) + 1))
    for c in range(len(chain_satellite)):
        rows = slice(edge[c], edge[c + 1])
        first = windows.first_ms[rows]
        last = first + (windows.count[rows] - 1) * windows.step_ms[rows]
        long = windows.duration_ms[rows]
        reach = (
            last + long + math.ceil(1000.0 * laws[int(chain_satellite[c])].longest_s) + margin_ms
        )
        # the last window that begins to be seen before the reach; the first that can still begin behind
        # the start
        late = np.minimum.accumulate(first[::-1])[::-1]
        high[rows] = np.searchsorted(late, reach, side="left")
        ends = np.maximum.accumulate(last)
        low[rows] = np.minimum(np.searchsorted(ends, first + long, side="left"), high[rows])
    return low, high


def _fill_by_function(
    law: SlewLaw,
    columns: list[IntArray],
    row: IntArray,
    ends: Array,
    starts: Array,
    margin_ms: int,
    block: IntArray,
    low: IntArray,
    high: IntArray,
    out: NDArray[np.uint16],
) -> None:
    """The same by a user's function, all starts against all starts."""
    first, step, count, duration = columns
    longest_ms = math.ceil(1000.0 * law.longest_s) + margin_ms
    if law.function is None:
        raise InputError("function", None, "given for the kind function")
    for i in range(len(first)):
        end_ms = first[i] + np.arange(count[i]) * step[i] + duration[i]
        for j in range(low[i], high[i]):
            entry = out[block[i] + (j - low[i]) * count[i] :][: count[i]]
            entry[:] = 0xFFFF
            if i == j:
                continue
            gap_ms = (first[j] + np.arange(count[j]) * step[j])[None, :] - end_ms[:, None]
            bad = gap_ms < 0
            a, b = np.nonzero(~bad & (gap_ms < longest_ms))
            if len(a):
                need_ms = 1000.0 * np.asarray(
                    law.function(ends[row[i] + a], starts[row[j] + b]), np.float64
                )
                if need_ms.shape != a.shape or not np.all(need_ms <= 1000.0 * law.longest_s):
                    raise InputError(
                        "function", need_ms.shape, f"seconds of shape {a.shape}, at most longest_s"
                    )
                bad[a, b] = gap_ms[a, b] < need_ms + margin_ms
            behind = count[j] - np.argmax(bad[:, ::-1], axis=1)
            least = np.maximum.accumulate(np.where(bad.any(axis=1), behind, 0))
            entry[:] = np.where(least < count[j], least, 0xFFFF)
