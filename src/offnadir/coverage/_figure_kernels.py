"""From the looks at each cell to its figures, compiled. docs/theory/coverage.md derives each of them.

Looks of cell c are rows begin[c] to begin[c + 1], in order of their start; times [s] from 0 to `whole_s`.
Where a figure is of a request at any time, the span is a ring: after its end it begins again.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel

# Rows of what `waits` fills.
REVISIT_MEAN, REVISIT_MEDIAN, REVISIT_P95, LONGEST, RESPONSE_MEAN, RESPONSE_MEDIAN, RESPONSE_P95 = (
    range(7)
)
IN_VIEW, WAITS = 7, 8
# Of `cloudy`, of `ages`, of `stereo`.
CLEAR_REVISIT, CLEAR_RESPONSE, CLEAR_RESPONSE_P95, CLOUDY = 0, 1, 2, 3
LATENCY_MEAN, LATENCY_P95, AGE_MEAN, AGE_PEAK, CLEAR_AGE, AGES = 0, 1, 2, 3, 4, 5
ONE_PASS, TWO_PASSES, CLEAR_ONE_PASS, CLEAR_TWO_PASSES, STEREOS = 0, 1, 2, 3, 4

_SURE = 1.0 - 1e-12  # a chance above this counts as certain, so that logarithms stay finite
_NEAR = 1e-3  # of a centile of the response under clouds


@kernel
def merge(begin, start_s, stop_s, chance, out_begin, out_start_s, out_stop_s, out_chance):
    """Looks that overlap made one, with the best chance of a clear view among them."""
    filled = 0
    for c in range(begin.shape[0] - 1):
        out_begin[c] = filled
        for i in range(begin[c], begin[c + 1]):
            if filled > out_begin[c] and start_s[i] <= out_stop_s[filled - 1]:
                out_stop_s[filled - 1] = max(out_stop_s[filled - 1], stop_s[i])
                out_chance[filled - 1] = max(out_chance[filled - 1], chance[i])
            else:
                out_start_s[filled], out_stop_s[filled] = start_s[i], stop_s[i]
                out_chance[filled] = chance[i]
                filled += 1
    out_begin[begin.shape[0] - 1] = filled


@kernel
def centile(ordered, share):
    """Value of ordered numbers at a share of the way, straight between them; NaN of none."""
    n = ordered.shape[0]
    if n == 0:
        return math.nan
    at = share * (n - 1)
    k = min(int(at), n - 1)
    then = ordered[min(k + 1, n - 1)]
    return ordered[k] + (at - k) * (then - ordered[k])


@kernel
def wait_at(ordered, whole_s, share):
    """The wait [s] that a share of all requests does not exceed, of gaps of a ring in rising order.

    P(wait > w) is the sum of max(gap - w, 0) over the ring's length: straight between gaps.
    """
    over_s = (1.0 - share) * whole_s
    total = 0.0
    for k in range(1, ordered.shape[0] + 1):
        # The k longest gaps are longer than the wait.
        total += ordered[ordered.shape[0] - k]
        wait = (total - over_s) / k
        less = ordered[ordered.shape[0] - k - 1] if k < ordered.shape[0] else 0.0
        if wait >= less:
            return wait
    return 0.0


@kernel
def waits(begin, start_s, stop_s, whole_s, out):
    """Fill `out` (WAITS, cells) from merged looks."""
    for c in range(begin.shape[0] - 1):
        first, last = begin[c], begin[c + 1]
        n = last - first
        for row in range(WAITS):
            out[row, c] = math.nan
        out[IN_VIEW, c] = 0.0
        if n == 0:
            out[LONGEST, c] = whole_s
            continue
        gaps = np.empty(n)
        seen = 0.0
        for k in range(n):
            seen += stop_s[first + k] - start_s[first + k]
            if k + 1 < n:
                gaps[k] = start_s[first + k + 1] - stop_s[first + k]
        head, tail = start_s[first], whole_s - stop_s[last - 1]
        gaps[n - 1] = head + tail  # the ring's own
        inner = np.sort(gaps[: n - 1])
        if n > 1:
            out[REVISIT_MEAN, c] = inner.sum() / (n - 1)
            out[REVISIT_MEDIAN, c] = centile(inner, 0.5)
            out[REVISIT_P95, c] = centile(inner, 0.95)
        out[LONGEST, c] = max(head, tail, inner[n - 2] if n > 1 else 0.0)
        squares = 0.0
        for k in range(n):
            squares += gaps[k] * gaps[k]
        out[RESPONSE_MEAN, c] = squares / (2.0 * whole_s)
        ring = np.sort(gaps)
        out[RESPONSE_MEDIAN, c] = wait_at(ring, whole_s, 0.5)
        out[RESPONSE_P95, c] = wait_at(ring, whole_s, 0.95)
        out[IN_VIEW, c] = seen / whole_s


@kernel
def unserved(w, start_s, stop_s, fogs, whole_s):
    """Share of requests that wait longer than w [s]: the mean over the ring of the product of 1 - chance.

    `fogs` (n + 1,) are running sums of the logarithms of 1 - chance.
    """
    n = start_s.shape[0]
    total = fogs[n]
    # Looks under way at t or begun by t + w, numbered on through turns of the ring.
    turns = math.floor(w / whole_s)
    low, high, left = 0, 0, w - turns * whole_s
    while high < n and start_s[high] <= left:
        high += 1
    at, mean = 0.0, 0.0
    while at < whole_s:
        enter = math.inf
        if high < 2 * n:
            enter = start_s[high] - left if high < n else start_s[high - n] + whole_s - left
        leave = stop_s[low] if low < n else whole_s
        then = min(enter, leave, whole_s)
        if then > at:
            fog = (fogs[high] if high < n else total + fogs[high - n]) - fogs[low]
            mean += (then - at) * math.exp(fog + turns * total)
            at = then
        if at >= whole_s:
            break
        if enter <= leave:
            high += 1
        else:
            low += 1
    return mean / whole_s


@kernel
def cloudy(begin, start_s, stop_s, chance, whole_s, out):
    """Fill `out` (CLOUDY, cells) from merged looks, each clear by itself with its chance."""
    for c in range(begin.shape[0] - 1):
        first, last = begin[c], begin[c + 1]
        n = last - first
        out[CLEAR_REVISIT, c] = out[CLEAR_RESPONSE, c] = out[CLEAR_RESPONSE_P95, c] = math.nan
        hopes, clear_s = 0.0, 0.0
        fogs = np.zeros(n + 1)
        for k in range(n):
            p = min(chance[first + k], _SURE)
            hopes += p
            clear_s += p * (stop_s[first + k] - start_s[first + k])
            fogs[k + 1] = fogs[k] + math.log(1.0 - p)
        if not hopes > 1e-9:
            continue
        out[CLEAR_REVISIT, c] = (whole_s - clear_s) / hopes
        # After look k, unserved: v = a + b * (the same after the last look, a turn later), backwards.
        round_gap = start_s[first] + whole_s - stop_s[last - 1]
        after, factor = np.empty(n), np.empty(n)
        a, b = 0.0, 1.0
        for k in range(n - 1, -1, -1):
            after[k], factor[k] = a, b
            gap = start_s[first + k] - stop_s[first + k - 1] if k > 0 else round_gap
            fog = 1.0 - min(chance[first + k], _SURE)
            a = gap + fog * (stop_s[first + k] - start_s[first + k] + a)
            b = fog * b
        turn = a / (1.0 - b)
        mean = 0.0
        for k in range(n):
            gap = start_s[first + k] - stop_s[first + k - 1] if k > 0 else round_gap
            long, fog = stop_s[first + k] - start_s[first + k], 1.0 - min(chance[first + k], _SURE)
            then = after[k] + factor[k] * turn
            mean += gap * (0.5 * gap + fog * (long + then)) + long * fog * (0.5 * long + then)
        mean /= whole_s
        out[CLEAR_RESPONSE, c] = mean
        starts, stops = start_s[first:last], stop_s[first:last]
        if unserved(0.0, starts, stops, fogs, whole_s) <= 0.05:
            out[CLEAR_RESPONSE_P95, c] = 0.0
            continue
        low, high = 0.0, 3.0 * mean  # of an exponential distribution it would be just that
        while unserved(high, starts, stops, fogs, whole_s) > 0.05:
            low, high = high, 1.5 * high
        for _ in range(40):
            middle = 0.5 * (low + high)
            if high - low < _NEAR * high:
                break
            if unserved(middle, starts, stops, fogs, whole_s) > 0.05:
                low = middle
            else:
                high = middle
        out[CLEAR_RESPONSE_P95, c] = 0.5 * (low + high)


@kernel
def ages(begin, took_s, came_s, late_s, chance, whole_s, out):
    """Fill `out` (AGES, cells) from pictures in order of arrival on the ring.

    A picture was taken at `took_s`, before 0 if it arrived a turn later, and came down at `came_s`, `late_s`
    after it was taken.
    """
    for c in range(begin.shape[0] - 1):
        first, last = begin[c], begin[c + 1]
        for row in range(AGES):
            out[row, c] = math.nan
        n = last - first
        if n == 0:
            continue
        late = np.sort(late_s[first:last])
        out[LATENCY_MEAN, c], out[LATENCY_P95, c] = late.sum() / n, centile(late, 0.95)
        newest = took_s[first:last].max() - whole_s  # of the turn before
        at, total, peak = 0.0, 0.0, 0.0
        # The mean instant of the newest clear picture: m = a + b * m at the beginning.
        a, b, at_clear, sum_a, sum_b = 0.0, 1.0, 0.0, 0.0, 0.0
        for i in range(first, last):
            if took_s[i] <= newest:
                continue
            then, p = came_s[i], min(chance[i], _SURE)
            total += 0.5 * (then * then - at * at) - newest * (then - at)
            peak = max(peak, then - newest)
            newest, at = took_s[i], then
            sum_a += a * (then - at_clear)
            sum_b += b * (then - at_clear)
            a, b, at_clear = p * took_s[i] + (1.0 - p) * a, (1.0 - p) * b, then
        total += 0.5 * (whole_s * whole_s - at * at) - newest * (whole_s - at)
        out[AGE_MEAN, c], out[AGE_PEAK, c] = total / whole_s, max(peak, whole_s - newest)
        sum_a += a * (whole_s - at_clear)
        sum_b += b * (whole_s - at_clear)
        if b < 1.0 - 1e-9:
            m = (a - whole_s) / (1.0 - b)
            out[CLEAR_AGE, c] = 0.5 * whole_s - (sum_a + sum_b * m) / whole_s


@kernel
def stereo(begin, rows, best_s, apart_rad, sight, chance, least_rad, most_rad, within_s, out):
    """Fill `out` (STEREOS, cells) with numbers of looks that give a stereo pair.

    `rows` number the looks in order of cell and best instant; `sight` (3, n) are unit vectors from the place
    to the satellite at the best instant. One pass: its first and last line of sight stand `least_rad` apart
    at least. Two passes: an earlier look, at most `within_s` before, stands between `least_rad` and
    `most_rad` apart.
    """
    least, most = math.cos(least_rad), math.cos(most_rad)
    for c in range(begin.shape[0] - 1):
        first, last = begin[c], begin[c + 1]
        one, two, clear_one, clear_two = 0.0, 0.0, 0.0, 0.0
        for k in range(first, last):
            i = rows[k]
            if apart_rad[i] >= least_rad:
                one += 1.0
                clear_one += chance[i]
            none, fog = True, 1.0
            for before in range(k - 1, first - 1, -1):
                j = rows[before]
                if best_s[i] - best_s[j] > within_s or fog < 1e-6:
                    break
                cosine = sight[0, i] * sight[0, j] + sight[1, i] * sight[1, j]
                cosine += sight[2, i] * sight[2, j]
                if most <= cosine <= least:
                    none = False
                    fog *= 1.0 - chance[j]
            if not none:
                two += 1.0
                clear_two += chance[i] * (1.0 - fog)
        out[ONE_PASS, c], out[TWO_PASSES, c] = one, two
        out[CLEAR_ONE_PASS, c], out[CLEAR_TWO_PASSES, c] = clear_one, clear_two


@kernel
def growth(begin, start_s, chance, area, step_s, seen, clear):
    """Add to `seen` and `clear` (steps,) the area seen, or expected to be seen clear, from each step on."""
    steps = seen.shape[0]
    for c in range(begin.shape[0] - 1):
        fog = 1.0
        for i in range(begin[c], begin[c + 1]):
            k = min(math.ceil(start_s[i] / step_s), steps - 1)
            if i == begin[c]:
                seen[k] += area[c]
            clear[k] += area[c] * fog * chance[i]
            fog *= 1.0 - chance[i]
