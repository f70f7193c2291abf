"""Do the stated timing errors hold? The share of real cases within the 68 % and the 90 % figure.

    ./run bench timing_doubt HISTORY_FILE [HISTORY_FILE ...]

Each file holds many element sets of each satellite. Every set is propagated to the epochs of the same
satellite's other sets; the difference along the track, as a time, is held against what
`offnadir.orbits.timing_error_s` states for that age and height. To be fair to the table's makers, the first
file is also judged in two halves: a table measured on the satellites with even numbers, held against
those with odd numbers.
"""

from __future__ import annotations

import itertools
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from measure_element_doubt import AGE_DAYS, HEIGHT_KM, timing_errors_s
from offnadir.orbits import _doubt as doubt
from offnadir.orbits import read_elements


def pairs(path: str) -> np.ndarray:
    """Rows (satellite, height [km], age [days], error [s])."""
    history = defaultdict(list)
    for one in read_elements(path).elements:
        history[one.norad_id].append(one)
    return np.array([(n, *row) for n, sets in history.items() for row in timing_errors_s(sets)])


def stated(
    height_km: np.ndarray, age_days: np.ndarray, table: np.ndarray, floor: float
) -> np.ndarray:
    """What the table says, by the same lines in the logarithms as the library's."""
    ages, heights = np.log(doubt._AGE_DAYS), doubt._HEIGHT_KM
    rows = np.log(table)
    x = np.log(np.clip(age_days, doubt._AGE_DAYS[0], doubt._AGE_DAYS[-1]))
    by_height = np.array([np.interp(x, ages, row) for row in rows])
    h = np.interp(height_km, heights, np.arange(len(heights)))
    k = np.minimum(h.astype(int), len(heights) - 2)
    i = np.arange(len(h))
    value = np.exp(by_height[k, i] * (1 - (h - k)) + by_height[k + 1, i] * (h - k))
    value *= np.minimum(age_days / doubt._AGE_DAYS[0], 1.0)
    value *= np.maximum(age_days / doubt._AGE_DAYS[-1], 1.0) ** 2
    return np.maximum(value, floor)


def judge(name: str, rows: np.ndarray, tables: dict[float, np.ndarray]) -> None:
    """Shares within the figure; of all pairs, and as a mean over satellites, which each count once."""
    _, height, age, error = rows.T
    for low, high in [(0, 2), (2, 4), (4, 7), (7, 14), (14, 30)]:
        here = (age >= low) & (age < high)
        if not here.any():
            continue
        cells = []
        for share, table in tables.items():
            limit = stated(height[here], age[here], table, doubt._FLOOR_S[share])
            inside = error[here] <= limit
            each = [inside[rows[here, 0] == n].mean() for n in np.unique(rows[here, 0])]
            cells += [f"{100 * inside.mean():.1f} %", f"{100 * np.mean(each):.1f} %"]
        print(f"| {name} | {low}-{high} | {here.sum():,} | {' | '.join(cells)} |")


def measured(rows: np.ndarray, share: float) -> np.ndarray:
    """A table as the library's, from these rows; NaN-free by taking the next younger age."""
    table = []
    for low, high in itertools.pairwise(HEIGHT_KM):
        line = []
        for young, old in itertools.pairwise(AGE_DAYS[2:]):
            _, height, age, error = rows.T
            here = (height >= low) & (height < high) & (age >= young) & (age < old)
            line.append(np.quantile(error[here], share) if here.sum() > 5 else line[-1])
        table.append(line)
    return np.array(table)


def main(paths: list[str]) -> None:
    print(
        "| cases | age [days] | pairs | within 68 % | mean of satellites | within 90 % | mean of satellites |"
    )
    print("|---|---|---|---|---|---|---|")
    library = {share: np.array(table) for share, table in doubt._ERROR_S.items()}
    for path in paths:
        rows = pairs(path)
        judge(Path(path).name, rows, library)
    rows = pairs(paths[0])
    even = rows[:, 0] % 2 == 0
    other = {share: measured(rows[even], share) for share in (0.68, 0.9)}
    judge("odd satellites, table of the even ones", rows[~even], other)
    other = {share: measured(rows[~even], share) for share in (0.68, 0.9)}
    judge("even satellites, table of the odd ones", rows[even], other)


if __name__ == "__main__":
    main(sys.argv[1:])
