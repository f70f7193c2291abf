"""What the search's kernels know, the slow way: turns one by one, resources tick by tick, all plans.

Nothing here knows of sequences, bands or sweeps. Times of resources are walked through in milliseconds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import Any

NEVER = 0xFFFF


def rest_to_rest_s(angle_rad: float, rate_rad_s: float, acceleration_rad_s2: float) -> float:
    """Up to the rate and down again, or up to the middle and down again."""
    up_s = rate_rad_s / acceleration_rad_s2
    up_rad = acceleration_rad_s2 * up_s**2 / 2
    if angle_rad <= 2 * up_rad:
        return 2 * math.sqrt(angle_rad / acceleration_rad_s2)
    return 2 * up_s + (angle_rad - 2 * up_rad) / rate_rad_s


def angle_rad(a: Any, b: Any) -> float:
    """Between two unit vectors."""
    x, y, z = a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    return math.atan2(math.sqrt(x * x + y * y + z * z), a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


def least_starts(
    windows: Any, i: int, j: int, need_s: Callable[[int, int], float], margin_ms: int = 0
) -> list[int]:
    """For each start of window i: from which start on window j can always follow; never before an earlier one's."""
    out: list[int] = []
    for k in range(int(windows.count[i])):
        end = int(windows.first_ms[i] + k * windows.step_ms[i] + windows.duration_ms[i])
        least = 0
        for x in range(int(windows.count[j])):
            gap = int(windows.first_ms[j] + x * windows.step_ms[j]) - end
            if gap < 0 or gap < 1000 * need_s(k, x) + margin_ms:
                least = x + 1
        least = max([least, *out])
        out.append(least if least < windows.count[j] else NEVER)
    return out
