"""EOSSP-MRT: tasks to be visited several times, each visit best at its own time; storage and downlinks.

From the public repository `Gavin-HFUT/EOSSP-MRT-Instances` (no licence stated), of the study "Earth
Observation Satellite Scheduling Problem for Multitemporal Revisit Tasks: A Variable Neighborhood Search
Algorithm" (under review, not to be had). A folder holds Satellites.txt (id, storage, transition time),
Tasks.txt (id, longitude, latitude, visits, and per visit ideal time % tolerance % fixed profit % variable
profit, visits parted by |), TaskTimeWins.txt (satellite, task, from, to) and DownloadTimeWins.txt
(satellite, station, its name, from, to), each after a line with its count. Times are ms, or UTC text of
whole seconds.

The repository says what the columns are and nothing of the rules. We assume, and say so beside any score:
- The horizon is the 48 h from 2023-01-01 00:00 UTC, from which ideal times count (all windows of tasks lie
  in it; ideal times of three visits are 8, 24 and 40 h, tolerances 8 h).
- An observation takes its whole access window (5 to 73 s; the satellites are not agile), a download its
  whole download window; a window is used once.
- A satellite does one thing at a time; between two observations pass at least transition_time ms.
- Storage is counted in ms of observing (626,113 is a dozen windows): an observation adds its length, a
  download takes away its own or what there is. It starts empty, may never pass max_storage, and what is
  left at the end costs nothing.
- A station serves one satellite at a time.
- A visit is made by at most one observation that starts at most `tolerance` from its ideal time; it is
  worth fixed + variable * (1 - |start - ideal| / tolerance). An observation makes one visit. Value: the
  sum.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from offnadir.errors import InputError
from offnadir.units import deg

from ._common import Floats, Ints, Lines, Verdict, frozen

HORIZON_MS = 48 * 3_600_000
_START = datetime.datetime(2023, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """s satellites, t tasks with v visits in all, w access windows and d download windows.

    Times are ms since 2023-01-01 00:00 UTC (a few download windows begin before). Columns of windows name
    satellites and tasks by row; visits of task i are rows visit_start[i] to visit_start[i + 1]. Windows
    that end before they begin or after the horizon (one row of S10 ends in 2070) are left out and counted.
    """

    name: str
    satellite_id: Ints  # (s,) as in the file
    storage_ms: Ints  # (s,)
    transition_ms: Ints  # (s,)
    task_id: Ints  # (t,)
    lat_rad: Floats  # (t,)
    lon_rad: Floats  # (t,)
    visit_start: Ints  # (t + 1,)
    visit_ideal_ms: Ints  # (v,)
    visit_tolerance_ms: Ints  # (v,)
    visit_fixed: Floats  # (v,)
    visit_variable: Floats  # (v,)
    window_satellite: Ints  # (w,) row
    window_task: Ints  # (w,) row
    window_start_ms: Ints  # (w,)
    window_stop_ms: Ints  # (w,)
    download_satellite: Ints  # (d,) row
    download_station: Ints  # (d,) as in the file
    download_start_ms: Ints  # (d,)
    download_stop_ms: Ints  # (d,)
    windows_left_out: int

    def worth(self, window: int, visit: int) -> float:
        """What a window is worth as a visit (row); NaN where it is none of its task or too far from it."""
        task = self.window_task[window]
        if not self.visit_start[task] <= visit < self.visit_start[task + 1]:
            return float("nan")
        off = abs(int(self.window_start_ms[window] - self.visit_ideal_ms[visit]))
        tolerance = int(self.visit_tolerance_ms[visit])
        if off > tolerance:
            return float("nan")
        near = 1.0 - off / tolerance if tolerance else 1.0
        return float(self.visit_fixed[visit] + self.visit_variable[visit] * near)


def read(path: str | Path) -> Instance:
    """Read an instance's folder; InputError names file, line and wish."""
    folder = Path(path)
    satellites = np.array(
        [
            [lines.integer("satellite, storage, transition", word, 0) for word in words]
            for lines, words in _rows(folder / "Satellites.txt", "satellite", 3)
        ],
        np.int64,
    ).reshape(-1, 3)
    satellite_row = {int(number): row for row, number in enumerate(satellites[:, 0])}
    tasks: list[tuple[int, float, float]] = []
    visits: list[list[float]] = []
    visit_start = [0]
    for lines, words in _rows(folder / "Tasks.txt", "task", 5):
        lon_deg, lat_deg = (lines.number("longitude, latitude", word) for word in words[1:3])
        tasks.append((lines.integer("task", words[0]), lat_deg, lon_deg))
        made = words[4].strip("|").split("|")
        if len(made) != lines.integer("visits", words[3], 1):
            raise lines.wrong("visits", len(made), f"{words[3]} of them")
        for visit in made:
            parts = visit.split("%")
            if len(parts) != 4:
                raise lines.wrong("visit", visit, "ideal%tolerance%fixed%variable")
            visits.append([lines.number("visit", part) for part in parts])
        visit_start.append(len(visits))
    task_row = {task[0]: row for row, task in enumerate(tasks)}
    windows = [
        (
            _known(lines, "satellite", words[0], satellite_row),
            _known(lines, "task", words[1], task_row),
            *_span_ms(lines, words[2:4]),
        )
        for lines, words in _rows(folder / "TaskTimeWins.txt", "window", 4)
    ]
    downloads = [
        (
            _known(lines, "satellite", words[0], satellite_row),
            lines.integer("station", words[1]),
            *_span_ms(lines, words[3:5]),
        )
        for lines, words in _rows(folder / "DownloadTimeWins.txt", "download window", 5)
    ]
    usable = [row for row in windows if 0 <= row[2] < row[3] <= HORIZON_MS]
    usable_downloads = [row for row in downloads if row[2] < row[3] <= HORIZON_MS]
    window = np.array(usable, np.int64).reshape(-1, 4)
    download = np.array(usable_downloads, np.int64).reshape(-1, 4)
    visit_table = np.array(visits, np.float64).reshape(-1, 4)
    return Instance(
        name=folder.name,
        satellite_id=frozen(satellites[:, 0], np.int64),
        storage_ms=frozen(satellites[:, 1], np.int64),
        transition_ms=frozen(satellites[:, 2], np.int64),
        task_id=frozen([task[0] for task in tasks], np.int64),
        lat_rad=frozen([task[1] * deg for task in tasks], np.float64),
        lon_rad=frozen([task[2] * deg for task in tasks], np.float64),
        visit_start=frozen(visit_start, np.int64),
        visit_ideal_ms=frozen(visit_table[:, 0], np.int64),
        visit_tolerance_ms=frozen(visit_table[:, 1], np.int64),
        visit_fixed=frozen(visit_table[:, 2], np.float64),
        visit_variable=frozen(visit_table[:, 3], np.float64),
        window_satellite=frozen(window[:, 0], np.int64),
        window_task=frozen(window[:, 1], np.int64),
        window_start_ms=frozen(window[:, 2], np.int64),
        window_stop_ms=frozen(window[:, 3], np.int64),
        download_satellite=frozen(download[:, 0], np.int64),
        download_station=frozen(download[:, 1], np.int64),
        download_start_ms=frozen(download[:, 2], np.int64),
        download_stop_ms=frozen(download[:, 3], np.int64),
        windows_left_out=len(windows) + len(downloads) - len(window) - len(download),
    )


def _rows(path: Path, field: str, fields: int) -> Iterator[tuple[Lines, list[str]]]:
    """The lines after the first, which says how many there are."""
    lines = Lines(path, ",")
    head = ",".join(lines.words("count", 1)).rpartition(":")
    for _ in range(lines.integer("count", head[2].strip(), 0)):
        words = lines.words(field, fields, fields)
        yield lines, words
    lines.end()


def _known(lines: Lines, field: str, word: str, rows: dict[int, int]) -> int:
    number = lines.integer(field, word)
    if number not in rows:
        raise lines.wrong(field, number, f"the number of a {field}")
    return rows[number]


def _span_ms(lines: Lines, words: Sequence[str]) -> tuple[int, int]:
    ends = []
    for word in words:
        try:
            instant = datetime.datetime.strptime(word, "%Y/%m/%d %H:%M:%S")
        except ValueError:
            raise lines.wrong("instant", word, "UTC as 2023/01/01 18:16:25") from None
        ends.append((instant - _START) // datetime.timedelta(milliseconds=1))
    return ends[0], ends[1]


def verify(
    instance: Instance, observations: Sequence[tuple[int, int]], downloads: Sequence[int] = ()
) -> Verdict:
    """Check observations (row of the access window, row of the visit) and downloads (rows of their windows).

    All by the rules that we assume: see above.
    """
    problems: list[str] = []
    value = 0.0
    for window, visit in observations:
        if not 0 <= window < len(instance.window_task):
            raise InputError("observations", window, "rows of access windows")
        worth = instance.worth(window, visit)
        if np.isnan(worth):
            problems.append(
                f"window {window}: it is no visit {visit} of its task, or too far from it in time"
            )
        else:
            value += worth
    for row in downloads:
        if not 0 <= row < len(instance.download_station):
            raise InputError("downloads", row, "rows of download windows")
    for what, rows in (
        ("access window", [window for window, _ in observations]),
        ("visit", [visit for _, visit in observations]),
        ("download window", list(downloads)),
    ):
        problems += [
            f"{what} {row}: used twice" for row in sorted({r for r in rows if rows.count(r) > 1})
        ]
    for satellite in range(len(instance.satellite_id)):
        problems += _satellite_problems(instance, satellite, observations, downloads)
    for station in np.unique(instance.download_station):
        mine = [row for row in downloads if instance.download_station[row] == station]
        mine.sort(key=lambda row: int(instance.download_start_ms[row]))
        problems += [
            f"station {station}: download windows {one} and {other} overlap"
            for one, other in pairwise(mine)
            if instance.download_start_ms[other] < instance.download_stop_ms[one]
        ]
    return Verdict(value=value, problems=tuple(problems))


def _satellite_problems(
    instance: Instance,
    satellite: int,
    observations: Sequence[tuple[int, int]],
    downloads: Sequence[int],
) -> Iterator[str]:
    """One thing at a time, turning between observations, and the storage."""
    doings = [
        (int(instance.window_start_ms[row]), int(instance.window_stop_ms[row]), "window", row)
        for row, _ in observations
        if instance.window_satellite[row] == satellite
    ]
    doings += [
        (
            int(instance.download_start_ms[row]),
            int(instance.download_stop_ms[row]),
            "download window",
            row,
        )
        for row in downloads
        if instance.download_satellite[row] == satellite
    ]
    name = f"satellite {instance.satellite_id[satellite]}"
    transition_ms = int(instance.transition_ms[satellite])
    stored_ms = 0
    free_ms = turned_ms = -(10**18)
    for start_ms, stop_ms, what, row in sorted(doings):
        if start_ms < free_ms:
            yield f"{name}, {what} {row}: it overlaps what comes before"
        elif what == "window" and start_ms < turned_ms:
            gap_ms = transition_ms - (turned_ms - start_ms)
            yield f"{name}, window {row}: {gap_ms} ms to turn, must be {transition_ms}"
        free_ms = max(free_ms, stop_ms)
        if what == "window":
            turned_ms = max(turned_ms, stop_ms + transition_ms)
            stored_ms += stop_ms - start_ms
            if stored_ms > instance.storage_ms[satellite]:
                most = f"must be at most {instance.storage_ms[satellite]}"
                yield f"{name}, window {row}: {stored_ms} ms stored, {most}"
        else:
            stored_ms = max(0, stored_ms - (stop_ms - start_ms))
