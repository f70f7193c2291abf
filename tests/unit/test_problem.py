"""What the solver is told, checked once: every wrong column is named with its value and the wish."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from offnadir.errors import InputError
from offnadir.planning.problem import (
    NEVER,
    Contacts,
    Curve,
    Options,
    Problem,
    Rows,
    Schedule,
    Stop,
    Transitions,
    Windows,
)
from offnadir.planning.solver import SearchParameters


def windows(**change: Any) -> Windows:
    """A free window, two of chain 0 and one of chain 1, of three starts each."""
    columns: dict[str, Any] = {
        "chain": [-1, 0, 0, 1],
        "first_ms": [0, 0, 5_000, 0],
        "step_ms": [1_000] * 4,
        "count": [3] * 4,
        "duration_ms": [2_000] * 4,
    }
    return Windows(**(columns | change))


def options(**change: Any) -> Options:
    """Tasks 0 and 1 by one picture each, task 1 also by a pair."""
    columns: dict[str, Any] = {
        "task": [0, 1, 1],
        "value": [5, 4, 9],
        "share": [0, 0, 0],
        "deadline_ms": [-1, -1, -1],
        "fixed": [0, 0, 0],
        "member_block": [0, 1, 2, 4],
        "member_window": [0, 1, 1, 2],
        "member_low": [0, 0, 1, 0],
        "member_high": [2, 2, 2, 1],
        "member_volume_kbit": [0, 0, 0, 0],
        "profile_block": [-1, 0, -1],
        "profile": [4, 6, 5],
    }
    return Options(**(columns | change))


def rows(**change: Any) -> Rows:
    """At most one of options 0 and 1; option 2 only with option 0."""
    columns: dict[str, Any] = {
        "start": [0, 2, 4],
        "option": [0, 1, 0, 2],
        "coefficient": [1, 1, -1, 1],
        "limit": [1, 0],
    }
    return Rows(**(columns | change))


def contacts(**change: Any) -> Contacts:
    """One contact of each of two satellites."""
    columns: dict[str, Any] = {
        "satellite": [0, 1],
        "station": [0, 0],
        "start_ms": [10, 20],
        "stop_ms": [30, 40],
        "max_volume_kbit": [7, 7],
    }
    return Contacts(**(columns | change))


def problem(**change: Any) -> Problem:
    """All of these together."""
    parts: dict[str, Any] = {
        "windows": windows(),
        "transitions": Transitions(
            is_table=[False, False], block=[0, 0, 2, 4], delay_ms=[0, 4_000, 4_000, 0, 0]
        ),
        "options": options(),
        "chain_satellite": [0, 1],
        "request": [0, 0],
        "rows": rows(),
        "contacts": contacts(),
        "antennas": [1],
    }
    return Problem(**(parts | change))


def curve(**change: Any) -> Curve:
    """Half of it is worth 3, all of it 10."""
    columns: dict[str, Any] = {"share": [0, 50, 100], "value": [0, 3, 10]}
    return Curve(**(columns | change))


def transitions(**change: Any) -> Transitions:
    """Of one chain without a window."""
    columns: dict[str, Any] = {"is_table": [True], "block": []}
    return Transitions(**(columns | change))


@pytest.mark.parametrize(
    ("make", "change", "field", "value", "wish"),
    [
        (windows, {"count": [3, 3, 0, 3]}, "windows.count[2]", 0, "at least 1"),
        (windows, {"step_ms": [0, 1, 1, 1]}, "windows.step_ms[0]", 0, "at least 1"),
        (windows, {"duration_ms": [1, 1, 1, -1]}, "windows.duration_ms[3]", -1, "zero or more"),
        (windows, {"chain": [-2, 0, 0, 1]}, "windows.chain[0]", -2, "rising, from -1"),
        (windows, {"chain": [-1, 1, 0, 1]}, "windows.chain[2]", 0, "rising, from -1"),
        (
            windows,
            {"first_ms": [0, 1]},
            "windows",
            {"chain": 4, "first_ms": 2, "step_ms": 4, "count": 4, "duration_ms": 4},
            "columns of equal length",
        ),
        (windows, {"first_ms": [0, 1.5, 2, 3]}, "windows.first_ms", "float64", "integers"),
        (windows, {"first_ms": [[0, 1, 2, 3]]}, "windows.first_ms", (1, 4), "of one dimension"),
        (transitions, {"low": [0]}, "low", [0], "given together with high, or not at all"),
        (transitions, {"high": [0]}, "low", None, "given together with high, or not at all"),
        (options, {"value": [5, 4]}, "options.value", 2, "3 rows, as task"),
        (options, {"share": [5]}, "options.share", 1, "3 rows, as task"),
        (options, {"deadline_ms": []}, "options.deadline_ms", 0, "3 rows, as task"),
        (options, {"fixed": [0, 0, 0, 0]}, "options.fixed", 4, "3 rows, as task"),
        (options, {"profile_block": [-1]}, "options.profile_block", 1, "3 rows, as task"),
        (options, {"member_block": [0, 1, 4]}, "options.member_block", 3, "4 rows"),
        (options, {"task": [1, 0, 1]}, "options.task[1]", 0, "rising, from 0"),
        (options, {"task": [-1, 1, 1]}, "options.task[0]", -1, "rising, from 0"),
        (options, {"value": [5, -4, 9]}, "options.value[1]", -4, "zero or more"),
        (
            options,
            {"member_block": [0, 1, 1, 4]},
            "options.member_block[1]",
            1,
            "one to three members",
        ),
        (
            options,
            {"member_block": [0, 4, 5, 6]},
            "options.member_block[0]",
            4,
            "one to three members",
        ),
        (options, {"member_low": [0, -1, 1, 0]}, "options.member_low[1]", -1, "0 to member_high"),
        (options, {"member_low": [0, 0, 1, 2]}, "options.member_low[3]", 2, "0 to member_high"),
        (options, {"member_window": [0, 1, 1]}, "options.member_window", 3, "4 rows, the members"),
        (options, {"member_high": [2] * 5}, "options.member_high", 5, "4 rows, the members"),
        (options, {"member_low": [0]}, "options.member_low", 1, "4 rows, the members"),
        (options, {"member_volume_kbit": [0]}, "options.member_volume_kbit", 1, "4 rows"),
        (options, {"profile": [4, 6]}, "options.profile_block[1]", 0, "each of its starts"),
        (options, {"profile_block": [-2, 0, -1]}, "options.profile_block[0]", -2, "-1 or"),
        (options, {"profile": [4, 6, 5.5]}, "options.profile", "float64", "integers"),
        (rows, {"start": [0, 4]}, "rows.start", 2, "3 entries"),
        (rows, {"start": [0, 2, 3]}, "rows.option", 4, "ending at start[-1]"),
        (rows, {"coefficient": [1, 1, -1]}, "rows.option", 4, "as many as coefficients"),
        (rows, {"limit": [1, -1]}, "rows.limit[1]", -1, "zero or more"),
        (curve, {"share": [0], "value": [0]}, "curve.share", [0], "two points or more"),
        (curve, {"share": [1, 50, 100]}, "curve.share", [1, 50, 100], "the first at 0"),
        (curve, {"value": [1, 3, 10]}, "curve.share", [0, 50, 100], "worth 0"),
        (curve, {"share": [0, 50, 50]}, "curve.share[1]", 50, "rising"),
        (curve, {"value": [0, 3, 2]}, "curve.value[1]", 2, "rising"),
        (contacts, {"stop_ms": [30, 20]}, "contacts.stop_ms[1]", 20, "after start_ms"),
        (contacts, {"start_ms": [10, 9]}, "contacts.start_ms[0]", 9, "in rising order"),
        (problem, {"chain_satellite": [0]}, "windows.chain[3]", 1, "below 1"),
        (problem, {"request": [0]}, "options.task[1]", 1, "below 1, the tasks"),
        (
            problem,
            {"options": options(member_window=[0, 1, 1, 4])},
            "options.member_window[3]",
            4,
            "from 0 to 3",
        ),
        (
            problem,
            {"options": options(member_window=[-1, 1, 1, 2])},
            "options.member_window[0]",
            -1,
            "from 0 to 3",
        ),
        (
            problem,
            {"options": options(member_high=[3, 2, 2, 1])},
            "options.member_high[0]",
            3,
            "below the window's count",
        ),
        (problem, {"rows": rows(option=[0, 1, 0, 3])}, "rows.option[3]", 3, "from 0 to 2"),
        (
            problem,
            {"transitions": Transitions(is_table=[True], block=[0] * 4)},
            "transitions",
            4,
            "a flag a chain and a block a window",
        ),
        (
            problem,
            {"transitions": Transitions(is_table=[True] * 2, block=[0] * 3)},
            "transitions",
            3,
            "a flag a chain and a block a window",
        ),
        (problem, {"antennas": []}, "contacts.station[0]", 0, "below 0, the stations"),
        (
            problem,
            {"contacts": contacts(satellite=[0, -1])},
            "contacts.satellite[1]",
            -1,
            "zero or more",
        ),
        (Stop, {"time_s": 0.0}, "time_s", 0.0, "greater than 0"),
        (Stop, {"time_s": float("nan")}, "time_s", None, "greater than 0"),
        (Stop, {"rounds": -1}, "rounds", -1, "zero or more"),
        (Stop, {"gap": 1.0}, "gap", 1.0, "from 0 to below 1"),
        (Stop, {"gap": -0.1}, "gap", -0.1, "from 0 to below 1"),
        (SearchParameters, {"hot": 0.0}, "hot", 0.0, "greater than 0"),
        (SearchParameters, {"cold": -1.0}, "cold", -1.0, "greater than 0"),
        (SearchParameters, {"longest": 0}, "longest", 0, "1 or more"),
        (SearchParameters, {"threads": 0}, "threads", 0, "1 or more"),
    ],
)
def test_what_is_wrong_is_named(
    make: Callable[..., Any], change: dict[str, Any], field: str, value: Any, wish: str
) -> None:
    make()  # nothing is wrong with it before
    with pytest.raises(InputError, match=re.escape(wish)) as told:
        make(**change)
    assert told.value.field == field
    assert wish in told.value.wish
    if value is not None:
        assert told.value.value == value


def test_columns_are_copies_that_nobody_can_write_to() -> None:
    mine = np.array([0, 1, 2, 3])
    table = windows(first_ms=mine)
    mine[0] = 77
    assert table.first_ms.tolist() == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="read-only"):
        table.first_ms[0] = 1


def test_rows_from_triples() -> None:
    made = Rows.of([([2, 0], 1, 3), ([1], [-2], 0), ([], 1, 4)], name=["a", "b", "c"])
    assert made.start.tolist() == [0, 2, 3, 3]
    assert made.option.tolist() == [2, 0, 1]
    assert made.coefficient.tolist() == [1, 1, -2]
    assert made.limit.tolist() == [3, 0, 4]
    assert len(made) == 3
    assert len(Rows.of([])) == len(Rows()) == 0


def test_single_options_ask_for_nothing_else() -> None:
    made = Options.single(task=[0, 3], value=[1, 2], window=[5, 6], low=[0, 1], high=[2, 3])
    assert len(made) == 2
    assert made.member_block.tolist() == [0, 1, 2]
    assert made.member_window.tolist() == [5, 6]
    assert made.deadline_ms.tolist() == made.profile_block.tolist() == [-1, -1]
    assert Options.single(
        task=[0], value=[1], window=[0], low=[0], high=[0], fixed=[1]
    ).fixed.tolist() == [1]


def test_satellites_of_windows() -> None:
    """Chain 0 is the second satellite's; the window in no chain is nobody's."""
    made = problem(chain_satellite=[1, 0])
    assert made.satellite_of(np.array([0, 1, 2, 3])).tolist() == [-1, 1, 1, 0]
    assert made.n_tasks == 2
    free = problem(
        windows=windows(chain=[-1] * 4),
        chain_satellite=[],
        transitions=Transitions(is_table=[], block=[0] * 4),
    )
    assert free.satellite_of(np.array([0, 3])).tolist() == [-1, -1]


def test_gap_of_a_schedule() -> None:
    """(10 - 8) / 10; nothing to take leaves none."""
    nothing = np.empty(0, np.int64)
    rest: dict[str, Any] = {
        "option": nothing,
        "start": nothing,
        "contact": nothing,
        "repeatable": True,
    }
    assert Schedule(value=8, bound=10, **rest).gap == pytest.approx(0.2)
    assert Schedule(value=0, bound=0, **rest).gap == 0.0


def test_bands_and_whole_tables() -> None:
    """
    Chain 0: window 0 of two starts, windows 1 and 2 of one; chain 1 has delays.
    Window 0 meets window 1 alone: low 1, high 2; behind it all follow. Window 1 meets nobody: 2, 2.
    """
    banded = Transitions(
        is_table=[True, False],
        block=[0, 2, 2, 0],
        table=[0, 5],
        delay_ms=[9],
        low=[1, 2, 1, 0],
        high=[2, 2, 3, 1],
    )
    # the third meets 1 and 2, itself unread
    banded = Transitions(
        is_table=[True, False],
        block=[0, 2, 2, 0],
        table=[0, 5, 7, 8],
        delay_ms=[9],
        low=banded.low,
        high=banded.high,
    )
    view = Windows(
        chain=[0, 0, 0, 1],
        first_ms=[0] * 4,
        step_ms=[1] * 4,
        count=[2, 1, 1, 3],
        duration_ms=[0] * 4,
    )
    whole = banded.whole(view)
    never = int(NEVER)
    assert whole.table.tolist() == [
        *(never, never, 0, 5, 0, 0),  # of window 0: two starts a neighbour
        *(never, never, 0),
        *(never, 7, 8),
    ]
    assert whole.block.tolist() == [0, 6, 9, 0]
    assert whole.delay_ms.tolist() == [9]
    low, high = whole.band(view)
    assert low.tolist() == [0, 0, 0, 0]
    assert high.tolist() == [3, 3, 3, 1]
