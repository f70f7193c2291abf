"""Readers and verifiers of published instances: small ones of our own, solved by hand."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances import agile, eossp_mrt, roadef2003, spot5
from offnadir.errors import FileError, InputError

# Four photographs: 0 and 1 may not both be taken by the middle camera, 0, 1 and 2 not all three by the front
# one, and 3 is stereo and excludes photograph 2 by the front camera. The recorder holds two mono photographs
# and a bit.
SPOT5 = """\
4
0 10 2 1 451.15 2 451.15 7 7
1 7 2 1 451.15 2 451.15
2 5 1 1 451
3 20 1 13 902
5
2 0 1 2 2
3 0 1 2 1 1 1
2 3 2 13 1
2 0 3 1 13 2 13
{capacity}
"""


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    return tmp_path / "1003.spot"


def read_spot5(path: Path, capacity: float) -> spot5.Instance:
    path.write_text(SPOT5.format(capacity=capacity))
    return spot5.read(path)


def best(instance: spot5.Instance, reading: spot5.Reading) -> int:
    """The optimum, by trying everything."""
    choices = [[0, *instance.ways_of(row)] for row in range(len(instance.weight))]
    verdicts = (spot5.verify(instance, ways, reading) for ways in itertools.product(*choices))
    return int(max(verdict.value for verdict in verdicts if verdict.valid))


def test_spot5_columns(plan_file: Path) -> None:
    instance = read_spot5(plan_file, 1000)
    assert instance.name == "1003"
    assert instance.way.tolist() == [1, 2, 1, 2, 1, 13]
    assert instance.load.tolist() == [451.15, 451.15, 451.15, 451.15, 451.0, 902.0]
    assert instance.pair_photograph.tolist() == [[0, 1], [3, 2], [0, 3], [0, 3]]
    assert instance.pair_way.tolist() == [[2, 2], [13, 1], [1, 13], [2, 13]]
    assert instance.triple_photograph.tolist() == [[0, 1, 2]]
    assert instance.capacity == 1000.0


@pytest.mark.parametrize(
    ("capacity", "by_file", "by_units"),
    [
        (
            902.0,
            20,
            20,
        ),  # 0 and 1 need 902.3: over by the file, two units by the other reading: 17 < 20
        (1353.0, 20, 27),  # photographs 1 and 3 need 1353.15: three units
        (1353.2, 27, 27),
        (9999.0, 27, 27),  # nothing beats it: 3 excludes 0 and, with it, 2
    ],
)
def test_spot5_optimum_by_both_readings(
    plan_file: Path, capacity: float, by_file: int, by_units: int
) -> None:
    instance = read_spot5(plan_file, capacity)
    assert (best(instance, "file"), best(instance, "units")) == (by_file, by_units)


@given(data=st.data())
def test_spot5_leaving_one_out_never_makes_a_plan_worse_than_its_weight(
    data: st.DataObject,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        instance = read_spot5(Path(folder) / "1003.spot", data.draw(st.floats(0.0, 2000.0)))
    ways = [data.draw(st.sampled_from([0, *instance.ways_of(row).tolist()])) for row in range(4)]
    row = data.draw(st.integers(0, 3))
    fewer = [0 if at == row else way for at, way in enumerate(ways)]
    reading: spot5.Reading = data.draw(st.sampled_from(["file", "units"]))
    all_of_it, less = (spot5.verify(instance, plan, reading) for plan in (ways, fewer))
    assert all_of_it.value - less.value == (instance.weight[row] if ways[row] else 0)
    assert less.valid or not all_of_it.valid


def test_spot5_problems_are_named(plan_file: Path) -> None:
    instance = read_spot5(plan_file, 902)
    told = [
        spot5.verify(instance, ways).problems
        for ways in ([2, 2, 0, 0], [1, 1, 1, 0], [3, 0, 0, 13])
    ]
    assert told[0] == (
        "photographs 0, 1: ways 2, 2 are forbidden together",
        "recorder: 902.30 is over its capacity of 902 (file)",
    )
    assert told[1][0] == "photographs 0, 1, 2: ways 1, 1, 1 are forbidden together"
    assert told[2] == ("photograph 0: it has no way 3",)
    with pytest.raises(InputError, match="4 numbers"):
        spot5.verify(instance, [0, 0])


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("2 5 1 1 451", "2 5 1 4 451", "line 4: way = 4: must be one of 1, 2, 3, 13"),
        ("3 20 1 13 902", "3 20 2 13 902", "line 5: ways = '13 902': must be 2 pairs"),
        ("2 0 1 2 2", "2 0 9 2 2", r"line 7: photographs = \[0, 9\]"),
        ("2 3 2 13 1", "4 3 2 13 1", "line 9: arity = 4: must be 2 or 3"),
        ("2 3 2 13 1", "2 3 2 13", "line 9: forbidden ways"),
        ("\n5\n", "\n6\n", "line 12: constraint: must be there: the file ends early"),
        ("\n5\n", "\n4\n", "line 11: end of file"),
        ("0 10 2", "0 ten 2", "line 2: weight = 'ten': must be a whole number"),
    ],
)
def test_spot5_malformed(plan_file: Path, before: str, after: str, says: str) -> None:
    plan_file.write_text(SPOT5.format(capacity=902).replace(before, after, 1))
    with pytest.raises(InputError, match=says):
        spot5.read(plan_file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nothing\.spot"):
        spot5.read(tmp_path / "nothing.spot")


# One polygon of two strips (10 km2, of which they cover 5 and 4) and a stereo target of two twins. All ends
# lie on a line, so that strip 2 begins where strip 1 ends; strip 3 and its twin are seen later.
ROADEF = """\
2 9 1 180 23510
2 4
0 0 0
7 1000 10 2 0
8 500 4 0 1
1 7 0 0
0 0
5 10
0 0 0 100
20000 0 5 110
2 7 1 0
0 0
4 10
40000 0 0 200
20000 0 0 200
3 8 0 4
0 0
4 10
0 0 300 400
0 20000 300 400
4 8 1 3
0 0
4 10
0 20000 300 500
0 40000 300 500
"""


@pytest.fixture
def strips(tmp_path: Path) -> roadef2003.Instance:
    path = tmp_path / "instance_2_9_1"
    path.write_text(ROADEF)
    return roadef2003.read(path)


def test_roadef_starts_fit_both_ends(strips: roadef2003.Instance) -> None:
    first, last = strips.start_limits_s()
    assert first[0].tolist() == [
        0.0,
        5.0,
    ]  # entered at end 0, end 1 may be reached from 5 s on: 10 s later
    assert last[0].tolist() == [100.0, 90.0]


def test_roadef_turns_at_three_degrees_a_second() -> None:
    # The challenge's 633 km and 0.05 rad/s: 2 atan(d / 1266 km) = 0.2 rad takes 4 s, and 2.5 s to settle.
    assert roadef2003.transition_s(1_266_000.0 * math.tan(0.1)) == pytest.approx(6.5, abs=1e-12)


@pytest.mark.parametrize(
    ("solution", "value"),
    [
        ([(1, 0)], 1000 * 10 * 0.2),  # half of the polygon: P(0.5) = 0.1 + 0.1 / 0.3 * 0.3
        ([(1, 0), (2, 1)], 1000 * 10 * 0.8),  # nine tenths: P(0.9) = 0.4 + 0.2 * 2
        ([(3, 1), (4, 1)], 500 * 8),  # 4 km2, twice
        ([(1, 0), (2, 1), (3, 0), (4, 0)], 8000 + 4000),
        ([], 0),
    ],
)
def test_roadef_values(
    strips: roadef2003.Instance, solution: list[tuple[int, int]], value: float
) -> None:
    verdict = roadef2003.verify(strips, solution)
    assert verdict.problems == ()
    assert verdict.value == pytest.approx(value)


def test_roadef_problems_are_named(strips: roadef2003.Instance) -> None:
    assert roadef2003.verify(strips, [(3, 0)]).problems == (
        "strip 3: must have its twin 4 taken in the same direction",
    )
    assert len(roadef2003.verify(strips, [(3, 0), (4, 1)]).problems) == 2
    assert roadef2003.verify(strips, [(1, 0), (1, 1)]).problems == ("strip 1: taken twice",)
    assert roadef2003.verify(strips, [(9, 0)]).problems == (
        "strip 9, end 0: there is no such thing",
    )
    late = roadef2003.verify(strips, [(3, 0), (4, 0), (1, 0)]).problems
    # 300 s, 10 s of strip 3, 2.5 s and nothing to turn, 10 s of strip 4; then 40 km back.
    back_s = 300 + 10 + 2.5 + 10 + 2.5 + 2 * math.atan(40_000 / 1_266_000) / 0.05
    assert late == (f"strip 1: it starts at {back_s:.3f} s, {back_s - 100:.3f} s too late",)


def test_roadef_solution_file_comes_back(strips: roadef2003.Instance, tmp_path: Path) -> None:
    roadef2003.write(strips, [(1, 0), (2, 1)], tmp_path / "solution")
    assert (tmp_path / "solution").read_text() == "2 9 1\n2\n1 0\n2 1\n"
    assert roadef2003.read_solution(tmp_path / "solution") == ("2_9_1", [(1, 0), (2, 1)])


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("8 500 4 0 1", "8 500 4 3 1", "line 5: type = '3': must be 0"),
        ("2 7 1 0", "2 6 1 0", "line 11: request of a strip = '6'"),
        ("4 8 1 3", "4 8 1 5", "line 21: twin = 5"),
        ("20000 0 5 110", "20000 0 5", "line 10: end = '20000 0 5': must be a line of 4"),
        ("0 40000 300 500\n", "", "line 25: end: must be there"),
    ],
)
def test_roadef_malformed(tmp_path: Path, before: str, after: str, says: str) -> None:
    path = tmp_path / "instance"
    path.write_text(ROADEF.replace(before, after, 1))
    with pytest.raises(InputError, match=says):
        roadef2003.read(path)


@pytest.mark.parametrize("separator", [" ", "\n"])
def test_roadef_is_a_stream_of_numbers(
    strips: roadef2003.Instance, tmp_path: Path, separator: str
) -> None:
    path = tmp_path / "other"
    path.write_text(separator.join(ROADEF.split()))
    other = roadef2003.read(path)
    for column in dataclasses.fields(strips):
        np.testing.assert_array_equal(getattr(other, column.name), getattr(strips, column.name))


def test_roadef_request_without_surface_is_worth_nothing(tmp_path: Path) -> None:
    path = tmp_path / "instance"
    path.write_text(ROADEF.replace("8 500 4 0 1", "8 500 0 0 1", 1))
    instance = roadef2003.read(path)
    assert instance.surface_km2[1] == 0.0
    assert roadef2003.verify(instance, [(3, 0), (4, 0)]).value == 0.0


# Two tasks of one satellite, each in one window: roll runs from 0 to 20 deg in 20 s, and stands at -10 deg.
AGILE: dict[str, Any] = {
    "horizon": 1000,
    "satellites": 1,
    "max_imaging_s_per_orbit": None,
    "tasks": [
        {"id": 5, "lat": 10.0, "lon": 20.0, "duration": 10, "profit": 3},
        {"id": 6, "lat": 10.0, "lon": 21.0, "duration": 5, "profit": 4},
    ],
    "windows": [
        {
            "task": 5,
            "sat": 0,
            "orbit": 1,
            "t0": 100,
            "step": 10,
            "roll": [0, 10, 20],
            "pitch": [0, 0, 0],
        },
        {
            "task": 6,
            "sat": 0,
            "orbit": 1,
            "t0": 100,
            "step": 50,
            "roll": [-10, -10],
            "pitch": [0, 0],
        },
    ],
}


def read_agile(tmp_path: Path, **changes: Any) -> agile.Instance:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(AGILE | changes))
    return agile.read(path)


@pytest.mark.parametrize(
    ("angle_deg", "seconds"),
    [
        (0, 11.66),
        (10, 11.66),
        (15, 15.0),
        (30, 25.0),
        (45, 32.5),
        (60, 40.0),
        (75, 46.0),
        (90, 52.0),
        (120, 62.0),
    ],
)
def test_agile_transitions_of_liu_et_al(angle_deg: float, seconds: float) -> None:
    assert agile.transition_s(angle_deg) == pytest.approx(seconds)


def test_agile_gap_depends_on_when(tmp_path: Path) -> None:
    instance = read_agile(tmp_path)
    # Task 5 from 100 to 110 s ends at a roll of 10 deg, 20 deg from task 6: 5 + 20 / 1.5 = 18.33 s.
    assert agile.verify(instance, [(0, 100), (1, 129)]).valid
    assert agile.verify(instance, [(0, 100), (1, 129)]).value == 7
    assert agile.verify(instance, [(0, 100), (1, 128)]).problems == (
        "satellite 0, windows 0 and 1: 18 s, must be 18.333 s",
    )
    # A second later it ends at 11 deg: 21 deg are 19 s exactly.
    assert agile.verify(instance, [(0, 101), (1, 130)]).valid
    assert not agile.verify(instance, [(0, 101), (1, 129)]).valid


def test_agile_problems_are_named(tmp_path: Path) -> None:
    instance = read_agile(tmp_path, max_imaging_s_per_orbit=14)
    assert agile.verify(instance, [(0, 100), (1, 140)]).problems == (
        "satellite 0, orbit 1: 15 s, must be at most 14 s",
    )
    assert agile.verify(instance, [(0, 111)]).problems == (
        "window 0: 111 to 121 s is not inside [100, 120] s",
    )
    assert agile.verify(instance, [(1, 100), (1, 140)]).problems == ("task 6: taken 2 times",)
    assert (
        agile.verify(instance, [(2, 100)])
        .problems[0]
        .startswith("window 2 at 100 s: no such window")
    )


def test_agile_malformed(tmp_path: Path) -> None:
    window = AGILE["windows"][0]
    with pytest.raises(InputError, match=r"windows\[0\]: task = 7: must be the id of a task"):
        read_agile(tmp_path, windows=[window | {"task": 7}])
    with pytest.raises(InputError, match=r"windows\[0\]: pitch = 2: must be as many samples"):
        read_agile(tmp_path, windows=[window | {"pitch": [0, 0]}])
    with pytest.raises(InputError, match=r"tasks\[0\]: profit: must be a whole number"):
        read_agile(tmp_path, tasks=[{"id": 5, "lat": 0, "lon": 0, "duration": 1}])
    with pytest.raises(InputError, match=r"windows\[0\]: t0 = 100.5: must be a whole number"):
        read_agile(tmp_path, windows=[window | {"t0": 100.5}])
    with pytest.raises(InputError, match=r"windows\[0\]: roll = .*: must be a list of numbers"):
        read_agile(tmp_path, windows=[window | {"roll": [0, "x", 0]}])
    (tmp_path / "broken.json").write_text("{\n 1")
    with pytest.raises(InputError, match=r"line 2.*must be JSON"):
        agile.read(tmp_path / "broken.json")


# Satellite 3 sees task 8 at 10 h (50 s) and 24 h (40 s), task 9 half a minute after the first, a station at
# 11 h.
MRT = {
    "Satellites.txt": "the number of satellites:1\n3,60000,60000\n",
    "Tasks.txt": "the number of tasks:2\n"
    "8,10.5,20.25,2,28800000%28800000%0.4%0.2|86400000%28800000%0.4%0.2\n"
    "9,10.5,21.25,1,86400000%86400000%0.1%0.3\n",
    "TaskTimeWins.txt": "the number of TaskTimeWins:4\n"
    "3,8,2023/01/01 10:00:00,2023/01/01 10:00:50\n"
    "3,8,2023/01/02 00:00:00,2023/01/02 00:00:40\n"
    "3,9,2023/01/01 10:01:20,2023/01/01 10:01:30\n"
    "3,9,2023/01/02 01:00:00,2070/01/01 10:01:30\n",
    "DownloadTimeWins.txt": "the number of Download Time Windows:1\n"
    "3,0,here,2023/01/01 11:00:00,2023/01/01 11:00:40\n",
}


def read_mrt(folder: Path, name: str = "", before: str = "", after: str = "") -> eossp_mrt.Instance:
    for file, text in MRT.items():
        (folder / file).write_text(text.replace(before, after, 1) if file == name else text)
    return eossp_mrt.read(folder)


def test_mrt_visits_are_worth_more_near_their_time(tmp_path: Path) -> None:
    instance = read_mrt(tmp_path)
    assert instance.windows_left_out == 1  # the one that ends in 2070
    # Two hours of eight from the ideal: 0.4 + 0.2 * 0.75; on the dot: 0.6.
    assert eossp_mrt.verify(instance, [(0, 0), (1, 1)], [0]).value == pytest.approx(0.55 + 0.6)
    assert eossp_mrt.verify(instance, [(0, 0), (1, 1)], [0]).problems == ()


@pytest.mark.parametrize(
    ("observations", "downloads", "says"),
    [
        ([(0, 0), (1, 1)], [], "satellite 3, window 1: 90000 ms stored, must be at most 60000"),
        ([(0, 0), (2, 2)], [], "satellite 3, window 2: 30000 ms to turn, must be 60000"),
        ([(1, 0)], [], "window 1: it is no visit 0 of its task, or too far from it in time"),
        ([(0, 2)], [], "window 0: it is no visit 2 of its task, or too far from it in time"),
        ([], [0, 0], "download window 0: used twice"),
    ],
)
def test_mrt_problems_are_named(
    tmp_path: Path, observations: list[tuple[int, int]], downloads: list[int], says: str
) -> None:
    assert says in eossp_mrt.verify(read_mrt(tmp_path), observations, downloads).problems


@pytest.mark.parametrize(
    ("name", "before", "after", "says"),
    [
        ("Tasks.txt", ",2,28", ",3,28", r"Tasks.txt, line 2: visits = 2: must be 3 of them"),
        (
            "Tasks.txt",
            "%0.4%",
            "%0.4",
            r"Tasks.txt, line 2: visit = .*ideal%tolerance%fixed%variable",
        ),
        (
            "TaskTimeWins.txt",
            "3,9",
            "4,9",
            r"line 4: satellite = 4: must be the number of a satellite",
        ),
        ("TaskTimeWins.txt", "2023/01/01", "1.1.23", r"line 2: instant = '1.1.23 10:00:00'"),
        ("DownloadTimeWins.txt", ":1", ":2", r"line 3: download window: must be there"),
    ],
)
def test_mrt_malformed(tmp_path: Path, name: str, before: str, after: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_mrt(tmp_path, name, before, after)
