"""Annealing under rows, compiled: put a column in, push out what it breaks, accept a loss now and then.

All numbers are whole, so a seed gives the same choice on any machine. Rows by row and by column are as in
`_rows`; no coefficient may be negative.
"""

from __future__ import annotations

import numpy as np

from offnadir._jit import kernel, part

#: Rows up to this wide are searched for the cheapest to push out; in wider ones a few are drawn.
_NARROW, _DRAWS = 96, 12


@part
def _draw(state, below):
    """A number from 0 to below - 1 (xorshift64*, Vigna 2016, section 3)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return np.int64(((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % np.uint64(below))


@part
def _move(j, sign, col_start, col_row, col_coefficient, load):
    for k in range(col_start[j], col_start[j + 1]):
        load[col_row[k]] += sign * col_coefficient[k]


@part
def _cheapest(row, shift, values, row_start, row_column, row_coefficient, taken):
    """The taken column of least value in a row, looked for from somewhere in it; -1 if there is none."""
    first, size = row_start[row], row_start[row + 1] - row_start[row]
    best = np.int64(-1)
    for k in range(size):
        at = first + (k + shift) % size
        j = row_column[at]
        if taken[j] and row_coefficient[at] > 0 and (best < 0 or values[j] < values[best]):
            best = j
    return best


@part
def _drawn(row, state, values, col_start, col_row, col_coefficient, chosen, count):
    """Of a few taken columns of a row, drawn, the one of least value per load; -1 if none was met."""
    best, best_load = np.int64(-1), np.int64(1)
    for _ in range(_DRAWS):
        j = chosen[_draw(state, count)]
        for k in range(col_start[j], col_start[j + 1]):
            if col_row[k] == row and col_coefficient[k] > 0:
                if best < 0 or values[j] * best_load < values[best] * col_coefficient[k]:
                    best, best_load = j, col_coefficient[k]
                break
    return best


@kernel
def anneal(
    values,
    row_start,
    row_column,
    row_coefficient,
    limit,
    col_start,
    col_row,
    col_coefficient,
    taken,
    best,
    heats,
    steps,
    losses,
    state,
):
    """Improve `best` (bool, columns) from `taken` on, which changes too; the value of `best`.

    At each of `heats`, `steps` columns are tried. A loss is accepted up to heat * losses[k] / 1024 with k
    drawn; `losses` holds 1024 quantiles of an exponential law, times 1024. `state` is one uint64, not 0.
    """
    n = len(values)
    load = np.zeros(len(limit), dtype=np.int64)
    chosen = np.empty(n, dtype=np.int64)
    place = np.full(n, -1, dtype=np.int64)
    out = np.empty(n, dtype=np.int64)
    count = 0
    value = np.int64(0)
    best_value = np.int64(0)
    for j in range(n):
        if best[j]:
            best_value += values[j]
        if taken[j]:
            value += values[j]
            _move(j, 1, col_start, col_row, col_coefficient, load)
            chosen[count] = j
            place[j] = count
            count += 1
    for heat in heats:
        for _ in range(steps):
            j = _draw(state, n)
            accept = (heat * losses[_draw(state, 1024)]) >> 10
            if taken[j]:
                if values[j] > accept:
                    continue
                out[0] = j
                pushed = 1
                gain = -values[j]
                taken[j] = False
                _move(j, -1, col_start, col_row, col_coefficient, load)
            else:
                gain = values[j]
                pushed = 0
                good = True
                for k in range(col_start[j], col_start[j + 1]):
                    row = col_row[k]
                    while good and load[row] + col_coefficient[k] > limit[row]:
                        size = row_start[row + 1] - row_start[row]
                        other = np.int64(-1)
                        if size <= _NARROW:
                            shift = _draw(state, size)
                            other = _cheapest(
                                row, shift, values, row_start, row_column, row_coefficient, taken
                            )
                        elif count - pushed > 0:
                            other = _drawn(
                                row,
                                state,
                                values,
                                col_start,
                                col_row,
                                col_coefficient,
                                chosen,
                                count,
                            )
                            if other >= 0 and not taken[other]:
                                other = np.int64(-1)
                        if other < 0:
                            good = False
                            break
                        gain -= values[other]
                        taken[other] = False
                        _move(other, -1, col_start, col_row, col_coefficient, load)
                        out[pushed] = other
                        pushed += 1
                        good = gain >= -accept
                    if not good:
                        break
                if not good:
                    for k in range(pushed):
                        taken[out[k]] = True
                        _move(out[k], 1, col_start, col_row, col_coefficient, load)
                    continue
                taken[j] = True
                _move(j, 1, col_start, col_row, col_coefficient, load)
                chosen[count] = j
                place[j] = count
                count += 1
            for k in range(pushed):
                at = place[out[k]]
                count -= 1
                chosen[at] = chosen[count]
                place[chosen[at]] = at
                place[out[k]] = -1
            value += gain
            if value > best_value:
                best_value = value
                best[:] = taken
    return best_value
