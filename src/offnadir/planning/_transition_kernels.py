"""How soon one picture can follow another: tables of least starts, for every start of the earlier one."""

from __future__ import annotations

import math

from offnadir._jit import kernel, part

#: What a slew's time is counted from: the angle between the lines of sight, with a rate and an acceleration;
#: the same angle or the sum of the changes of roll and pitch, with a table; the slower of roll and pitch.
EULER, EULER_TABLE, SUM_TABLE, PER_AXIS = 0, 1, 2, 3


@part
def rest_to_rest_s(angle_rad, rate_rad_s, acceleration_rad_s2):
    """Time [s] of a turn from rest to rest."""
    if angle_rad * acceleration_rad_s2 < rate_rad_s * rate_rad_s:
        return 2.0 * math.sqrt(angle_rad / acceleration_rad_s2)
    return angle_rad / rate_rad_s + rate_rad_s / acceleration_rad_s2


@part
def angle_between_rad(a, i, b, j):
    """Angle [rad] between rows of unit vectors, exact also where it is tiny."""
    x, y, z = a[i, 0] - b[j, 0], a[i, 1] - b[j, 1], a[i, 2] - b[j, 2]
    return 2.0 * math.asin(min(1.0, 0.5 * math.sqrt(x * x + y * y + z * z)))


@part
def from_table_s(x, table):
    """Straight line between the points of a table of shape (n, 2); beyond the last with its slope."""
    n = len(table)
    row = 1
    while row < n - 1 and x > table[row, 0]:
        row += 1
    x0, y0 = table[row - 1, 0], table[row - 1, 1]
    return y0 + max(x - x0, 0.0) * (table[row, 1] - y0) / (table[row, 0] - x0)


@part
def slew_s(law, number, table, a, i, b, j):
    """Time [s] of a slew from row i of `a` to row j of `b`, settling included. `number` holds rates."""
    if law == EULER:
        return rest_to_rest_s(angle_between_rad(a, i, b, j), number[0], number[1]) + number[2]
    if law == EULER_TABLE:
        return from_table_s(angle_between_rad(a, i, b, j), table) + number[2]
    if law == SUM_TABLE:
        return from_table_s(abs(a[i, 0] - b[j, 0]) + abs(a[i, 1] - b[j, 1]), table) + number[2]
    roll_s = rest_to_rest_s(abs(a[i, 0] - b[j, 0]), number[0], number[1])
    pitch_s = rest_to_rest_s(abs(a[i, 1] - b[j, 1]), number[3], number[4])
    return max(roll_s, pitch_s) + number[2]


@kernel
def fill_table(
    law, number, table, first_ms, step_ms, count, duration_ms, row, ends, starts, longest_ms, margin_ms,
    look_ms, block, low, high, out,
):  # fmt: skip
    """Fill a chain's entries: windows as in `Windows`, attitudes in rows `row[i] + k` of ends and starts.

    After the first start that is late enough those of the next `look_ms` are tried too: the entry lies
    behind the last that is not.
    """
    n = len(first_ms)
    for i in range(n):
        for j in range(low[i], high[i]):
            at = block[i] + (j - low[i]) * count[i]
            if i == j:
                for k in range(count[i]):
                    out[at + k] = 0xFFFF
                continue
            least, size = 0, count[j]
            for k in range(count[i]):
                end_ms = first_ms[i] + k * step_ms[i] + duration_ms[i]
                behind_ms = first_ms[j] + (size - 1) * step_ms[j] - end_ms
                if behind_ms < 0:
                    least = size
                soonest = -(
                    (first_ms[j] - end_ms) // step_ms[j]
                )  # the first start at the end or later
                least = max(least, min(soonest, size))
                found, looked = least, least
                while looked < size:
                    gap_ms = first_ms[j] + looked * step_ms[j] - end_ms
                    if gap_ms >= longest_ms:
                        break
                    need_ms = 1000.0 * slew_s(
                        law, number, table, ends, row[i] + k, starts, row[j] + looked
                    )
                    if gap_ms < need_ms + margin_ms:
                        found = looked + 1
                    elif (looked - found) * step_ms[j] >= look_ms:
                        break
                    looked += 1
                least = found
                out[at + k] = least if least < size else 0xFFFF
