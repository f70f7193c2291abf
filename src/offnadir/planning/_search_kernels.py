"""Ruin and recreate: a neighbourhood search over sequences that keeps every rule at every step.

A chain's plan is a sequence of members with, for each, the earliest start that its predecessors allow and the
latest that its successors do. Whether a picture fits between two neighbours is then one question to the
transition table on either side: constant time.

All whole numbers, of the problem and of the state, lie in one array `A`: `A[A[R.SEQ] + q]` is entry q of the
region SEQ (`_regions.py` lists them), `A[R.SEQ + 1]` its length. `X` is the transition table, `F` holds
what is not whole. A function of three arrays is called in a few nanoseconds; one of sixty takes a
microsecond, for each array that is handed on is counted.
"""

from __future__ import annotations

import math

import numpy as np

from offnadir._jit import kernel, part
from offnadir.planning import _regions as R  # noqa: N812
from offnadir.planning._resource_kernels import list_pictures, satellite_holds

_FAR = 2**60
#: Pictures at other times that are tried where a satellite's memory, energy or heat is short.
_ELSEWHERE = 16


@part
def draw(A):
    """The next of xorshift64*'s numbers, 62 bits."""
    x = np.uint64(A[R.SEED])
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    A[R.SEED] = np.int64(x)
    return np.int64((x * np.uint64(2685821657736338717)) >> np.uint64(2))


@part
def uniform(A):
    """A number from 0 to below 1."""
    return draw(A) / 4611686018427387904.0


@part
def arrive(A, X, i, k, j):
    """Least start of window j after start k of window i; a number beyond its last if there is none."""
    if i == j:
        return _FAR  # one picture a window
    c = A[A[R.W_CHAIN] + i]
    if A[A[R.IS_TABLE] + c]:
        x = A[A[R.W_LOCAL] + j]
        if x < A[A[R.W_LOW] + i]:
            return _FAR
        if x >= A[A[R.W_HIGH] + i]:
            return 0
        return np.int64(X[A[A[R.BLOCK] + i] + x * A[A[R.W_COUNT] + i] + k])
    delay = A[A[R.DELAY_MS] + A[A[R.BLOCK] + i] + A[A[R.W_LOCAL] + j]]
    if delay < 0:
        return _FAR
    late = A[A[R.W_FIRST] + i] + k * A[A[R.W_STEP] + i] + delay - A[A[R.W_FIRST] + j]
    return max(0, -((-late) // A[A[R.W_STEP] + j]))


@part
def leave(A, X, i, low, high, j, k):
    """Latest start of window i, low to high, after which start k of window j can follow; low - 1 if none."""
    if i == j:
        return low - 1
    c = A[A[R.W_CHAIN] + i]
    if A[A[R.IS_TABLE] + c]:
        x = A[A[R.W_LOCAL] + j]
        if x < A[A[R.W_LOW] + i]:
            return low - 1
        if x >= A[A[R.W_HIGH] + i]:
            return high
        at = A[A[R.BLOCK] + i] + x * A[A[R.W_COUNT] + i]
        a, b = low - 1, high
        while a < b:
            mid = (a + b + 1) // 2
            if X[at + mid] <= k:
                a = mid
            else:
                b = mid - 1
        return a
    delay = A[A[R.DELAY_MS] + A[A[R.BLOCK] + i] + A[A[R.W_LOCAL] + j]]
    if delay < 0:
        return low - 1
    early = A[A[R.W_FIRST] + j] + k * A[A[R.W_STEP] + j] - delay - A[A[R.W_FIRST] + i]
    return min(high, early // A[A[R.W_STEP] + i]) if early >= low * A[A[R.W_STEP] + i] else low - 1


@part
def start_ms(A, X, m, k):
    """When the picture of member m begins that begins at start k of its window."""
    w = A[A[R.M_WINDOW] + m]
    return A[A[R.W_FIRST] + w] + k * A[A[R.W_STEP] + w]


@kernel
def go_forward(A, X, F, c, p):
    """Earliest starts of a chain's sequence from place p on, as far as they change."""
    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
    for q in range(p, n):
        m = A[A[R.SEQ] + base + q]
        k = A[A[R.M_LOW] + m]
        if q > 0:
            before = A[A[R.SEQ] + base + q - 1]
            k = max(
                k,
                arrive(
                    A,
                    X,
                    A[A[R.M_WINDOW] + before],
                    A[A[R.EARLY] + base + q - 1],
                    A[A[R.M_WINDOW] + m],
                ),
            )
        if k > A[A[R.M_HIGH] + m]:
            # who stood between made the way shorter, or possible at all: no plan, and the move is undone
            k = A[A[R.M_HIGH] + m]
            A[R.TORN] = 1
        if q > p and k == A[A[R.EARLY] + base + q]:
            return
        A[A[R.EARLY] + base + q] = k
        A[A[R.EARLY_MS] + base + q] = start_ms(A, X, m, k)


@kernel
def go_backward(A, X, F, c, p):
    """Latest starts of a chain's sequence from place p down, as far as they change."""
    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
    for q in range(p, -1, -1):
        m = A[A[R.SEQ] + base + q]
        k = A[A[R.M_HIGH] + m]
        if q < n - 1:
            behind = A[A[R.SEQ] + base + q + 1]
            k = leave(
                A,
                X,
                A[A[R.M_WINDOW] + m],
                A[A[R.M_LOW] + m],
                k,
                A[A[R.M_WINDOW] + behind],
                A[A[R.LATE] + base + q + 1],
            )
        if q < p and k == A[A[R.LATE] + base + q]:
            return
        A[A[R.LATE] + base + q] = k
        A[A[R.LATE_MS] + base + q] = start_ms(A, X, m, k)


@kernel
def put(A, X, F, m, p):
    """Insert member m at place p of its chain's sequence; the caller knows that it fits."""
    c = A[A[R.M_CHAIN] + m]
    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
    for q in range(base + n, base + p, -1):
        A[A[R.SEQ] + q], A[A[R.EARLY] + q], A[A[R.LATE] + q] = (
            A[A[R.SEQ] + q - 1],
            A[A[R.EARLY] + q - 1],
            A[A[R.LATE] + q - 1],
        )
        A[A[R.EARLY_MS] + q], A[A[R.LATE_MS] + q] = (
            A[A[R.EARLY_MS] + q - 1],
            A[A[R.LATE_MS] + q - 1],
        )
    A[A[R.SEQ] + base + p] = m
    A[A[R.C_SIZE] + c] = n + 1
    go_forward(A, X, F, c, p)
    go_backward(A, X, F, c, p)


@kernel
def cut(A, X, F, c, p):
    """Take the member at place p out of a chain's sequence."""
    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
    for q in range(base + p, base + n - 1):
        A[A[R.SEQ] + q], A[A[R.EARLY] + q], A[A[R.LATE] + q] = (
            A[A[R.SEQ] + q + 1],
            A[A[R.EARLY] + q + 1],
            A[A[R.LATE] + q + 1],
        )
        A[A[R.EARLY_MS] + q], A[A[R.LATE_MS] + q] = (
            A[A[R.EARLY_MS] + q + 1],
            A[A[R.LATE_MS] + q + 1],
        )
    A[A[R.C_SIZE] + c] = n - 1
    if p < n - 1:
        go_forward(A, X, F, c, p)
    if p > 0:
        go_backward(A, X, F, c, p - 1)


@part
def copy_region(A, to, of):
    """Copy one region over another of the same length."""
    a, b = A[to], A[of]
    for q in range(A[of + 1]):
        A[a + q] = A[b + q]


@part
def place_of(A, X, F, m):
    """Place of member m in its chain's sequence."""
    base = A[A[R.C_BASE] + A[A[R.M_CHAIN] + m]]
    p = 0
    while A[A[R.SEQ] + base + p] != m:
        p += 1
    return p


@kernel
def save_chain(A, X, F, c):
    """Remember a chain's sequence as it was when this move began, once."""
    if A[A[R.C_SAVED] + c] >= 0:
        return
    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
    A[A[R.C_SAVED] + c] = n
    A[A[R.SAVED] + A[R.N_SAVED]] = c
    A[R.N_SAVED] += 1
    for q in range(base, base + n):
        A[A[R.OLD_SEQ] + q], A[A[R.OLD_EARLY] + q], A[A[R.OLD_LATE] + q] = (
            A[A[R.SEQ] + q],
            A[A[R.EARLY] + q],
            A[A[R.LATE] + q],
        )


@part
def curve_value(A, X, F, r, share):
    """What a request with a curve earns for a share of it."""
    a, b = A[A[R.CURVE_BLOCK] + r], A[A[R.CURVE_BLOCK] + r + 1]
    q = a + 1
    while q < b - 1 and share > A[A[R.CURVE_SHARE] + q]:
        q += 1
    x0, y0 = A[A[R.CURVE_SHARE] + q - 1], A[A[R.CURVE_VALUE] + q - 1]
    return y0 + (share - x0) * (A[A[R.CURVE_VALUE] + q] - y0) // (A[A[R.CURVE_SHARE] + q] - x0)


@part
def gain(A, X, F, o):
    """What taking option o adds to the plan's value."""
    value = A[A[R.O_VALUE] + o]
    r = A[A[R.T_REQUEST] + A[A[R.O_TASK] + o]]
    if A[A[R.O_SHARE] + o] > 0 and A[A[R.CURVE_BLOCK] + r + 1] > A[A[R.CURVE_BLOCK] + r]:
        share = A[A[R.SHARE] + r]
        value += curve_value(A, X, F, r, share + A[A[R.O_SHARE] + o]) - curve_value(
            A, X, F, r, share
        )
    return value


@kernel
def count_in(A, X, F, o, sign):
    """Book an option in or out: flags, rows, shares, value; and write it into the log."""
    if sign > 0:
        A[R.VALUE] += gain(A, X, F, o)
    t = A[A[R.O_TASK] + o]
    r = A[A[R.T_REQUEST] + t]
    A[A[R.SHARE] + r] += sign * A[A[R.O_SHARE] + o]
    if sign < 0:
        A[R.VALUE] -= gain(A, X, F, o)
    A[A[R.TAKEN] + t] = o if sign > 0 else -1
    A[R.FIXED_IN] += sign * A[A[R.O_FIXED] + o]
    for q in range(A[A[R.OR_BLOCK] + o], A[A[R.OR_BLOCK] + o + 1]):
        A[A[R.LOAD] + A[A[R.OR_ROW] + q]] += sign * A[A[R.OR_FACTOR] + q]
    A[A[R.LOG] + A[R.LOGGED]] = (o + 1) * sign
    A[R.LOGGED] += 1


@part
def rows_allow(A, X, F, o):
    """Whether every row has room for option o."""
    for q in range(A[A[R.OR_BLOCK] + o], A[A[R.OR_BLOCK] + o + 1]):
        row, factor = A[A[R.OR_ROW] + q], A[A[R.OR_FACTOR] + q]
        if factor > 0 and A[A[R.LOAD] + row] + factor > A[A[R.R_LIMIT] + row]:
            return False
    return True


@kernel
def take_one(A, X, F, o):
    """Remove an option, whatever rows say."""
    for m in range(A[A[R.M_BLOCK] + o], A[A[R.M_BLOCK] + o + 1]):
        c = A[A[R.M_CHAIN] + m]
        if c >= 0:
            save_chain(A, X, F, c)
            cut(A, X, F, c, place_of(A, X, F, m))
    count_in(A, X, F, o, -1)


@kernel
def take_out(A, X, F, o):
    """Remove an option, and those that rows allow only together with it.

    Not by calling itself: numba cannot always read a function that does from its cache.
    """
    take_one(A, X, F, o)
    more = False
    for q in range(A[A[R.OR_BLOCK] + o], A[A[R.OR_BLOCK] + o + 1]):
        row = A[A[R.OR_ROW] + q]
        if A[A[R.OR_FACTOR] + q] < 0 and A[A[R.LOAD] + row] > A[A[R.R_LIMIT] + row]:
            more = True
    while more:
        more = False
        for row in range(A[R.R_LIMIT + 1]):
            if A[A[R.LOAD] + row] <= A[A[R.R_LIMIT] + row]:
                continue
            for e in range(A[A[R.ROW_BLOCK] + row], A[A[R.ROW_BLOCK] + row + 1]):
                other = A[A[R.ROW_OPTION] + e]
                if (
                    A[A[R.ROW_FACTOR] + e] > 0
                    and A[A[R.TAKEN] + A[A[R.O_TASK] + other]] == other
                    and A[A[R.LOAD] + row] > A[A[R.R_LIMIT] + row]
                ):
                    take_one(A, X, F, other)
                    more = True


@kernel
def best_place(A, X, F, m):
    """Where in its chain's sequence a member fits with the least delay of what follows; -1 if nowhere."""
    c = A[A[R.M_CHAIN] + m]
    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
    w, low, high = A[A[R.M_WINDOW] + m], A[A[R.M_LOW] + m], A[A[R.M_HIGH] + m]
    first, last = start_ms(A, X, m, low), start_ms(A, X, m, high)
    long_ms, least_ms = A[A[R.W_DURATION] + w], A[A[R.C_LEAST_MS] + c]
    best, best_shift = -1, _FAR
    # the first place behind which somebody may still begin after this one has
    a, b = 0, n
    while a < b:
        mid = (a + b) // 2
        if A[A[R.LATE_MS] + base + mid] < first + long_ms:
            a = mid + 1
        else:
            b = mid
    for p in range(a, n + 1):
        if p > 0 and A[A[R.EARLY_MS] + base + p - 1] > last:
            break
        if p > 0 and p < n:
            before = A[A[R.M_WINDOW] + A[A[R.SEQ] + base + p - 1]]
            room = (
                A[A[R.LATE_MS] + base + p]
                - A[A[R.EARLY_MS] + base + p - 1]
                - A[A[R.W_DURATION] + before]
            )
            if room < long_ms + 2 * least_ms:
                continue
        k = low
        if p > 0:
            k = max(
                k,
                arrive(
                    A,
                    X,
                    A[A[R.M_WINDOW] + A[A[R.SEQ] + base + p - 1]],
                    A[A[R.EARLY] + base + p - 1],
                    w,
                ),
            )
            A[R.WORK] += 1
            if k > high:
                continue
        shift = start_ms(A, X, m, k) - (A[A[R.EARLY_MS] + base + p - 1] if p > 0 else first)
        if p < n:
            behind = A[A[R.SEQ] + base + p]
            after = max(A[A[R.M_LOW] + behind], arrive(A, X, w, k, A[A[R.M_WINDOW] + behind]))
            A[R.WORK] += 1
            if after > A[A[R.LATE] + base + p]:
                continue
            shift = start_ms(A, X, behind, after) - A[A[R.EARLY_MS] + base + p]
        if shift < best_shift:
            best, best_shift = p, shift
    return best


@kernel
def try_option(A, X, F, o):
    """Take an option if every rule allows it; whether it was taken."""
    t = A[A[R.O_TASK] + o]
    if A[A[R.TAKEN] + t] >= 0 or not rows_allow(A, X, F, o):
        return False
    first, end = A[A[R.M_BLOCK] + o], A[A[R.M_BLOCK] + o + 1]
    done = first
    while done < end:
        c = A[A[R.M_CHAIN] + done]
        if c >= 0:
            p = best_place(A, X, F, done)
            if p < 0:
                break
            save_chain(A, X, F, c)
            put(A, X, F, done, p)
        done += 1
    good = done == end
    if good and A[R.ANY_PRESSED]:
        for m in range(first, end):
            c = A[A[R.M_CHAIN] + m]
            if (
                c >= 0
                and A[A[R.S_PRESSED] + A[A[R.C_SATELLITE] + c]]
                and not satellite_holds(A, X, F, A[A[R.C_SATELLITE] + c])
            ):
                good = False
                break
    if not good:
        for m in range(first, done):
            c = A[A[R.M_CHAIN] + m]
            if c >= 0:
                cut(A, X, F, c, place_of(A, X, F, m))
        return False
    count_in(A, X, F, o, 1)
    return True


@kernel
def restore(A, X, F):
    """Undo the move: sequences from their copies, all else from the log."""
    for q in range(A[R.N_SAVED]):
        c = A[A[R.SAVED] + q]
        base, n = A[A[R.C_BASE] + c], A[A[R.C_SAVED] + c]
        A[A[R.C_SIZE] + c] = n
        for e in range(base, base + n):
            m = A[A[R.OLD_SEQ] + e]
            A[A[R.SEQ] + e], A[A[R.EARLY] + e], A[A[R.LATE] + e] = (
                m,
                A[A[R.OLD_EARLY] + e],
                A[A[R.OLD_LATE] + e],
            )
            A[A[R.EARLY_MS] + e], A[A[R.LATE_MS] + e] = (
                start_ms(A, X, m, A[A[R.EARLY] + e]),
                start_ms(A, X, m, A[A[R.LATE] + e]),
            )
    size = A[R.LOGGED]
    for q in range(size - 1, -1, -1):
        entry = A[A[R.LOG] + q]
        o = abs(entry) - 1
        sign = -1 if entry > 0 else 1
        t = A[A[R.O_TASK] + o]
        A[A[R.SHARE] + A[A[R.T_REQUEST] + t]] += sign * A[A[R.O_SHARE] + o]
        A[A[R.TAKEN] + t] = o if sign > 0 else -1
        A[R.FIXED_IN] += sign * A[A[R.O_FIXED] + o]
        for e in range(A[A[R.OR_BLOCK] + o], A[A[R.OR_BLOCK] + o + 1]):
            A[A[R.LOAD] + A[A[R.OR_ROW] + e]] += sign * A[A[R.OR_FACTOR] + e]


@kernel
def forget(A, X, F):
    """Begin a new move: no saved chains, an empty log."""
    for q in range(A[R.N_SAVED]):
        A[A[R.C_SAVED] + A[A[R.SAVED] + q]] = -1
    A[R.N_SAVED] = 0
    A[R.LOGGED] = 0


@kernel
def keep_best(A, X, F):
    """Copy the plan as the best one so far."""
    A[R.BEST] = A[R.VALUE]
    copy_region(A, R.BEST_TAKEN, R.TAKEN)
    copy_region(A, R.BEST_USED, R.USED)
    for c in range(A[R.C_SATELLITE + 1]):
        base = A[A[R.C_BASE] + c]
        for q in range(base, base + A[A[R.C_SIZE] + c]):
            A[A[R.BEST_START] + A[A[R.SEQ] + q]] = A[A[R.EARLY] + q]


@kernel
def ruin_string(A, X, F, c, p, length):
    """Take out what stands at places p to p + length - 1 of a chain; options that are fixed stay."""
    base = A[A[R.C_BASE] + c]
    n = min(length, A[A[R.C_SIZE] + c] - p)
    count = 0
    for q in range(n):
        o = A[A[R.M_OPTION] + A[A[R.SEQ] + base + p + q]]
        if not A[A[R.O_FIXED] + o]:
            A[A[R.OUT] + count] = o
            count += 1
    for q in range(count):
        o = A[A[R.OUT] + q]
        if A[A[R.TAKEN] + A[A[R.O_TASK] + o]] == o:
            take_out(A, X, F, o)


@part
def add_candidate(A, X, F, o, mark, n):
    """Put an option on the list of candidates if it is not there yet and its task is free."""
    if (
        A[A[R.MARK] + o] != mark
        and A[A[R.TAKEN] + A[A[R.O_TASK] + o]] < 0
        and n < A[R.CANDIDATE + 1]
    ):
        A[A[R.MARK] + o] = mark
        A[A[R.CANDIDATE] + n] = o
        return n + 1
    return n


@kernel
def gather(A, X, F, mark, low_ms, high_ms):
    """Candidates: options of the changed chains that can begin in the changed time, and of removed tasks."""
    n = 0
    for q in range(A[R.N_SAVED]):
        c = A[A[R.SAVED] + q]
        a, end = A[A[R.CM_BLOCK] + c], A[A[R.CM_BLOCK] + c + 1]
        b, low = end, low_ms - A[A[R.C_WIDEST_MS] + c]
        while a < b:
            mid = (a + b) // 2
            if A[A[R.M_FIRST_MS] + A[A[R.CM_MEMBER] + mid]] < low:
                a = mid + 1
            else:
                b = mid
        while a < end:
            m = A[A[R.CM_MEMBER] + a]
            if A[A[R.M_FIRST_MS] + m] > high_ms:
                break
            if A[A[R.M_LAST_MS] + m] >= low_ms:
                n = add_candidate(A, X, F, A[A[R.M_OPTION] + m], mark, n)
            a += 1
    for q in range(A[R.N_SAVED] if A[R.ANY_PRESSED] else 0):
        # what a picture leaves of memory, energy or heat may serve its satellite at any other time
        s = A[A[R.C_SATELLITE] + A[A[R.SAVED] + q]]
        if not A[A[R.S_PRESSED] + s]:
            continue
        a, chains = A[A[R.SC_BLOCK] + s], A[A[R.SC_BLOCK] + s + 1] - A[A[R.SC_BLOCK] + s]
        for _ in range(_ELSEWHERE):
            c = A[A[R.SC_CHAIN] + a + draw(A) % chains]
            b, size = A[A[R.CM_BLOCK] + c], A[A[R.CM_BLOCK] + c + 1] - A[A[R.CM_BLOCK] + c]
            if size > 0:
                o = A[A[R.M_OPTION] + A[A[R.CM_MEMBER] + b + draw(A) % size]]
                n = add_candidate(A, X, F, o, mark, n)
    for q in range(A[R.LOGGED]):
        o = abs(A[A[R.LOG] + q]) - 1
        t = A[A[R.O_TASK] + o]
        a, b = A[A[R.T_BLOCK] + t], A[A[R.T_BLOCK] + t + 1]
        if b - a <= 8:
            for e in range(a, b):
                n = add_candidate(A, X, F, e, mark, n)
        else:
            for _ in range(8):
                n = add_candidate(A, X, F, a + draw(A) % (b - a), mark, n)
        # whoever competes with it in a row
        for e in range(A[A[R.OR_BLOCK] + o], A[A[R.OR_BLOCK] + o + 1]):
            row = A[A[R.OR_ROW] + e]
            a, b = A[A[R.ROW_BLOCK] + row], A[A[R.ROW_BLOCK] + row + 1]
            if b - a <= 12:
                for f in range(a, b):
                    n = add_candidate(A, X, F, A[A[R.ROW_OPTION] + f], mark, n)
            elif A[R.N_SAVED] == 0:
                for _ in range(12):
                    n = add_candidate(A, X, F, A[A[R.ROW_OPTION] + a + draw(A) % (b - a)], mark, n)
    return n


@kernel
def recreate(A, X, F, n, way):
    """Try candidates in an order that chance decides: what they earn, earn for their time, or nothing."""
    key = A[R.KEY]
    for q in range(n):
        o = A[A[R.CANDIDATE] + q]
        noise = uniform(A)
        if way == 0:
            F[key + q] = -gain(A, X, F, o) * (0.7 + 0.6 * noise)
        elif way == 1:
            F[key + q] = -gain(A, X, F, o) / (F[A[R.O_SECONDS] + o] + 1.0) * (0.7 + 0.6 * noise)
        elif way == 2:
            F[key + q] = noise
        else:
            F[key + q] = A[A[R.M_LAST_MS] + A[A[R.M_BLOCK] + o]] + 3e4 * noise
    order = np.argsort(F[key : key + n])
    for q in range(n):
        if draw(A) % 64 == 0:
            continue  # a blink now and then: what would fit is passed over
        try_option(A, X, F, A[A[R.CANDIDATE] + order[q]])


@part
def loss(A, X, F, o):
    """What the plan loses with option o."""
    value = A[A[R.O_VALUE] + o]
    r = A[A[R.T_REQUEST] + A[A[R.O_TASK] + o]]
    share = A[A[R.O_SHARE] + o]
    if share > 0 and A[A[R.CURVE_BLOCK] + r + 1] > A[A[R.CURVE_BLOCK] + r]:
        has = A[A[R.SHARE] + r]
        value += curve_value(A, X, F, r, has) - curve_value(A, X, F, r, has - share)
    return value


@kernel
def make_room(A, X, F, m):
    """Take out neighbours in a chain so that member m fits, as little worth as possible; whether it does."""
    c = A[A[R.M_CHAIN] + m]
    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
    w, low, high = A[A[R.M_WINDOW] + m], A[A[R.M_LOW] + m], A[A[R.M_HIGH] + m]
    first, last = A[A[R.M_FIRST_MS] + m], A[A[R.M_LAST_MS] + m]
    best, best_p, best_q = 1e300, -1, -1
    for p in range(n + 1):
        if p > 0 and A[A[R.EARLY_MS] + base + p - 1] > last:
            break
        if (
            p < n
            and A[A[R.LATE_MS] + base + p] < first
            and (p + 1 < n and A[A[R.LATE_MS] + base + p + 1] < first)
        ):
            continue
        k = low
        if p > 0:
            before = A[A[R.SEQ] + base + p - 1]
            k = max(k, arrive(A, X, A[A[R.M_WINDOW] + before], A[A[R.EARLY] + base + p - 1], w))
            A[R.WORK] += 1
        if k > high:
            continue
        cost = 0.0
        for q in range(p, min(n, p + 6) + 1):
            if q > p:
                o = A[A[R.M_OPTION] + A[A[R.SEQ] + base + q - 1]]
                if A[A[R.O_FIXED] + o]:
                    break
                cost += loss(A, X, F, o) * (0.75 + 0.5 * uniform(A))
                if cost >= best:
                    break
            fits = True
            if q < n:
                behind = A[A[R.SEQ] + base + q]
                A[R.WORK] += 1
                fits = arrive(A, X, w, k, A[A[R.M_WINDOW] + behind]) <= A[A[R.LATE] + base + q]
            if fits and q > p:
                best, best_p, best_q = cost, p, q
                break
    if best_p < 0:
        return False
    ruin_string(A, X, F, c, best_p, best_q - best_p)
    return True


@kernel
def push_in(A, X, F, o):
    """Take an option by force: what rows or neighbours in time have against it goes. Whether it was taken."""
    t = A[A[R.O_TASK] + o]
    if A[A[R.TAKEN] + t] >= 0:
        if A[A[R.O_FIXED] + A[A[R.TAKEN] + t]]:
            return False
        take_out(A, X, F, A[A[R.TAKEN] + t])
    for q in range(A[A[R.OR_BLOCK] + o], A[A[R.OR_BLOCK] + o + 1]):
        row, factor = A[A[R.OR_ROW] + q], A[A[R.OR_FACTOR] + q]
        a, size = A[A[R.ROW_BLOCK] + row], A[A[R.ROW_BLOCK] + row + 1] - A[A[R.ROW_BLOCK] + row]
        if factor <= 0 or size == 0:
            continue
        at = draw(A) % size
        for e in range(size):
            if A[A[R.LOAD] + row] + factor <= A[A[R.R_LIMIT] + row]:
                break
            x = a + (at + e) % size
            other = A[A[R.ROW_OPTION] + x]
            if (
                A[A[R.ROW_FACTOR] + x] > 0
                and A[A[R.TAKEN] + A[A[R.O_TASK] + other]] == other
                and not A[A[R.O_FIXED] + other]
            ):
                take_out(A, X, F, other)
        if A[A[R.LOAD] + row] + factor > A[A[R.R_LIMIT] + row]:
            return False
    for _ in range(4):
        if try_option(A, X, F, o):
            return True
        before = A[R.LOGGED]
        for m in range(A[A[R.M_BLOCK] + o], A[A[R.M_BLOCK] + o + 1]):
            c = A[A[R.M_CHAIN] + m]
            if c >= 0 and best_place(A, X, F, m) < 0 and not make_room(A, X, F, m):
                return False
        if A[R.LOGGED] == before:
            # it has a place, so a resource is short: the least of three pictures of the satellite goes
            m = A[A[R.M_BLOCK] + o] + draw(A) % (A[A[R.M_BLOCK] + o + 1] - A[A[R.M_BLOCK] + o])
            c = A[A[R.M_CHAIN] + m]
            if c < 0:
                return False
            n = list_pictures(A, X, F, A[A[R.C_SATELLITE] + c])
            victim, least = -1, 1e300
            for _ in range(3):
                if n > 0:
                    other = A[A[R.M_OPTION] + A[A[R.P_MEMBER] + draw(A) % n]]
                    cost = loss(A, X, F, other) * (0.5 + uniform(A))
                    if cost < least and not A[A[R.O_FIXED] + other]:
                        victim, least = other, cost
            if victim < 0:
                return False
            take_out(A, X, F, victim)
    return try_option(A, X, F, o)


@kernel
def push_request(A, X, F, r):
    """Push in every task of a request with a curve, in an order of chance; whether any was taken."""
    a, n = A[A[R.RT_BLOCK] + r], A[A[R.RT_BLOCK] + r + 1] - A[A[R.RT_BLOCK] + r]
    at, any_taken = draw(A) % n, False
    for q in range(n):
        t = A[A[R.RT_TASK] + a + (at + q) % n]
        if A[A[R.TAKEN] + t] >= 0:
            continue
        first, size = A[A[R.T_BLOCK] + t], A[A[R.T_BLOCK] + t + 1] - A[A[R.T_BLOCK] + t]
        if size > 0 and push_in(A, X, F, first + draw(A) % size):
            any_taken = True
    return any_taken


@kernel
def drop_request(A, X, F, r):
    """Take out every task of a request."""
    for q in range(A[A[R.RT_BLOCK] + r], A[A[R.RT_BLOCK] + r + 1]):
        o = A[A[R.TAKEN] + A[A[R.RT_TASK] + q]]
        if o >= 0 and not A[A[R.O_FIXED] + o]:
            take_out(A, X, F, o)


@kernel
def swap_contact(A, X, F):
    """Use a contact in place of those that stand against it; options go until every satellite holds again."""
    n = A[R.K_FREE + 1]
    new = A[A[R.K_FREE] + draw(A) % n]
    copy_region(A, R.OLD_USED, R.USED)
    if A[A[R.USED] + new]:
        return False
    A[A[R.USED] + new] = 1
    for k in range(A[R.K_START + 1]):
        if (
            k == new
            or not A[A[R.USED] + k]
            or A[A[R.K_STOP] + k] <= A[A[R.K_START] + new]
            or A[A[R.K_START] + k] >= A[A[R.K_STOP] + new]
        ):
            continue
        if A[A[R.K_SATELLITE] + k] == A[A[R.K_SATELLITE] + new]:
            A[A[R.USED] + k] = 0
        elif A[A[R.K_STATION] + k] == A[A[R.K_STATION] + new]:
            A[A[R.USED] + k] = (
                0 if A[A[R.ANTENNAS] + A[A[R.K_STATION] + k]] == 1 else A[A[R.USED] + k]
            )
    if A[A[R.ANTENNAS] + A[A[R.K_STATION] + new]] > 1:
        busy = 0
        for k in range(A[R.K_START + 1]):
            if (
                k != new
                and A[A[R.USED] + k]
                and A[A[R.K_STATION] + k] == A[A[R.K_STATION] + new]
                and A[A[R.K_STOP] + k] > A[A[R.K_START] + new]
                and A[A[R.K_START] + k] < A[A[R.K_STOP] + new]
            ):
                busy += 1
                if busy >= A[A[R.ANTENNAS] + A[A[R.K_STATION] + new]]:
                    A[A[R.USED] + k] = 0
    for s in range(A[R.S_PRESSED + 1]):
        if not A[A[R.S_PRESSED] + s]:
            continue
        changed = False
        for k in range(A[R.K_START + 1]):
            if A[A[R.K_SATELLITE] + k] == s and A[A[R.USED] + k] != A[A[R.OLD_USED] + k]:
                changed = True
        if not changed:
            continue
        chains = A[A[R.SC_BLOCK] + s + 1] - A[A[R.SC_BLOCK] + s]
        for _ in range(40 if chains > 0 else 0):
            if satellite_holds(A, X, F, s):
                break
            c = A[A[R.SC_CHAIN] + A[A[R.SC_BLOCK] + s] + draw(A) % chains]
            if A[A[R.C_SIZE] + c] > 0:
                o = A[
                    A[R.M_OPTION] + A[A[R.SEQ] + A[A[R.C_BASE] + c] + draw(A) % A[A[R.C_SIZE] + c]]
                ]
                if not A[A[R.O_FIXED] + o]:
                    take_out(A, X, F, o)
        if not satellite_holds(A, X, F, s):
            return False
    return True


@kernel
def fill_up(A, X, F):
    """A first plan: every option in turn, the most valuable for its time first."""
    n = A[R.O_TASK + 1]
    key = np.empty(n)
    for o in range(n):
        fixed = -1e30 if A[A[R.O_FIXED] + o] else 0.0
        key[o] = fixed - (A[A[R.O_VALUE] + o] + F[A[R.O_WORTH] + o]) / (F[A[R.O_SECONDS] + o] + 1.0)
    order = np.argsort(key)
    for q in range(n):
        try_option(A, X, F, order[q])
        if A[R.LOGGED] > A[R.LOG + 1] - 64:
            forget(A, X, F)
    forget(A, X, F)
    if A[R.VALUE] >= A[R.BEST] and A[R.FIXED_IN] == A[R.N_FIXED]:
        keep_best(A, X, F)


@kernel
def load(A, X, F, taken, start, used):
    """Make the plan anew from its options, the starts of their members and the used contacts."""
    for c in range(A[R.C_SATELLITE + 1]):
        A[A[R.C_SIZE] + c] = 0
    for q in range(A[R.LOAD + 1]):
        A[A[R.LOAD] + q] = 0
    for q in range(A[R.SHARE + 1]):
        A[A[R.SHARE] + q] = 0
    for q in range(A[R.TAKEN + 1]):
        A[A[R.TAKEN] + q] = -1
    for q in range(len(used)):
        A[A[R.USED] + q] = used[q]
    A[R.VALUE] = 0
    A[R.FIXED_IN] = 0
    forget(A, X, F)
    n = 0
    member = np.empty(A[R.M_OPTION + 1], np.int64)
    when = np.empty(A[R.M_OPTION + 1], np.int64)
    for q in range(len(taken)):
        o = taken[q]
        if o < 0:
            continue
        count_in(A, X, F, o, 1)
        A[R.LOGGED] = 0
        for m in range(A[A[R.M_BLOCK] + o], A[A[R.M_BLOCK] + o + 1]):
            if A[A[R.M_CHAIN] + m] >= 0:
                member[n], when[n] = m, start_ms(A, X, m, start[m])
                n += 1
    order = np.argsort(when[:n])
    for q in range(n):
        m = member[order[q]]
        put(A, X, F, m, A[A[R.C_SIZE] + A[A[R.M_CHAIN] + m]])
    forget(A, X, F)


@kernel
def adopt(A, X, F, options, used):
    """Make a plan of these options with these contacts, as far as they go together, and fill it up."""
    nothing = np.full(A[R.TAKEN + 1], -1, np.int64)
    load(A, X, F, nothing, nothing, used)
    n = len(A[A[R.O_TASK] : A[R.O_TASK] + A[R.O_TASK + 1]])
    for o in range(n):
        if A[A[R.O_FIXED] + o]:
            try_option(A, X, F, o)
    for q in range(len(options)):
        try_option(A, X, F, options[q])
    forget(A, X, F)
    fill_up(A, X, F)


@kernel
def changed_hold(A, X, F):
    """Whether the satellites whose chains a move changed hold.

    Who loses a picture may not hold any more, for those behind it begin earlier.
    """
    if A[R.ANY_PRESSED]:
        for q in range(A[R.N_SAVED]):
            s = A[A[R.C_SATELLITE] + A[A[R.SAVED] + q]]
            if A[A[R.S_PRESSED] + s] and not satellite_holds(A, X, F, s):
                return False
    return True


@kernel
def search(A, X, F, until, begin, end, hot, cold, longest):
    """Moves until so much work is done; the accepted loss falls from hot to cold with it.

    A plan that lacks fixed options (`fill_up` could not place them) accepts whatever takes in more of them.
    """
    n_options = A[R.O_TASK + 1]
    done = 0
    while A[R.WORK] < until:
        done += 1
        A[R.WORK] += 40
        before, fixed_before = A[R.VALUE], A[R.FIXED_IN]
        forget(A, X, F)
        A[R.MARK_NUMBER] += 1
        A[R.TORN] = 0
        good = True
        low_ms, high_ms = _FAR, -_FAR
        kind = draw(A) % 100
        if A[R.K_FREE + 1] > 0 and kind < 3:
            A[R.TOUCHED_CONTACTS] = 1
            good = swap_contact(A, X, F)
        else:
            A[R.TOUCHED_CONTACTS] = 0
            o = draw(A) % n_options
            r = A[A[R.T_REQUEST] + A[A[R.O_TASK] + o]]
            if kind < 30 and A[A[R.CURVE_BLOCK] + r + 1] > A[A[R.CURVE_BLOCK] + r]:
                if kind < 20:
                    good = push_request(A, X, F, r)
                else:
                    drop_request(A, X, F, r)
            elif kind < 45:
                # push in an option that is not taken
                for _ in range(6):
                    if A[A[R.TAKEN] + A[A[R.O_TASK] + o]] < 0:
                        break
                    o = draw(A) % n_options
                if A[A[R.O_HOPELESS] + o]:
                    continue
                if A[A[R.O_FIXED] + o] and A[A[R.TAKEN] + A[A[R.O_TASK] + o]] == o:
                    continue
                good = push_in(A, X, F, o)
            else:
                # strings around one instant, in the chains of a task
                t = A[A[R.O_TASK] + o]
                if A[A[R.TAKEN] + t] >= 0 and kind < 85:
                    o = A[A[R.TAKEN] + t]
                m = A[A[R.M_BLOCK] + o] + draw(A) % (A[A[R.M_BLOCK] + o + 1] - A[A[R.M_BLOCK] + o])
                c = A[A[R.M_CHAIN] + m]
                if c >= 0:
                    span = A[A[R.M_LAST_MS] + m] - A[A[R.M_FIRST_MS] + m]
                    at_ms = A[A[R.M_FIRST_MS] + m] + int(uniform(A) * span)
                    length = 1 + draw(A) % longest
                    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
                    a, b = 0, n
                    while a < b:
                        mid = (a + b) // 2
                        if A[A[R.EARLY_MS] + base + mid] < at_ms:
                            a = mid + 1
                        else:
                            b = mid
                    p = max(0, a - draw(A) % (length + 1))
                    save_chain(A, X, F, c)
                    ruin_string(A, X, F, c, p, length)
                elif A[A[R.TAKEN] + t] >= 0 and not A[A[R.O_FIXED] + A[A[R.TAKEN] + t]]:
                    take_out(A, X, F, A[A[R.TAKEN] + t])
                if kind >= 85:
                    # and a second task somewhere
                    other = A[A[R.O_TASK] + draw(A) % n_options]
                    if A[A[R.TAKEN] + other] >= 0 and not A[A[R.O_FIXED] + A[A[R.TAKEN] + other]]:
                        take_out(A, X, F, A[A[R.TAKEN] + other])
        if good:
            # the time that changed: from the last start before to the first behind the gaps
            for q in range(A[R.N_SAVED]):
                c = A[A[R.SAVED] + q]
                base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
                e = 0
                while (
                    e < n
                    and e < A[A[R.C_SAVED] + c]
                    and A[A[R.SEQ] + base + e] == A[A[R.OLD_SEQ] + base + e]
                ):
                    e += 1
                f = 0
                while (
                    f < n - e
                    and f < A[A[R.C_SAVED] + c] - e
                    and A[A[R.SEQ] + base + n - 1 - f]
                    == A[A[R.OLD_SEQ] + base + A[A[R.C_SAVED] + c] - 1 - f]
                ):
                    f += 1
                low_ms = min(low_ms, A[A[R.EARLY_MS] + base + e - 1] if e > 0 else -_FAR)
                high_ms = max(high_ms, A[A[R.LATE_MS] + base + n - f] if f > 0 else _FAR)
            count = gather(A, X, F, A[R.MARK_NUMBER], low_ms, high_ms)
            recreate(A, X, F, count, A[A[R.ORDER_WAYS] + draw(A) % A[R.ORDER_WAYS + 1]])
        heat = hot * (cold / hot) ** min(1.0, (A[R.WORK] - begin) / (end - begin))
        if (
            good
            and (
                A[R.VALUE] >= before + heat * math.log(uniform(A) + 1e-300)
                or A[R.FIXED_IN] > fixed_before
            )
            and A[R.FIXED_IN] >= fixed_before
            and A[R.TORN] == 0
            and changed_hold(A, X, F)
        ):
            if A[R.VALUE] > A[R.BEST] and A[R.FIXED_IN] == A[R.N_FIXED]:
                keep_best(A, X, F)
        else:
            restore(A, X, F)
            if A[R.TOUCHED_CONTACTS]:
                copy_region(A, R.USED, R.OLD_USED)
            A[R.VALUE] = before
    forget(A, X, F)
    A[R.MOVES] += done


@kernel
def least_gaps(
    chain, first, step, count, duration, edge, is_table, block, low, high, table, delay_ms, out
):
    """Shortest time from the end of a picture to the start of another, for each chain [ms]."""
    for c in range(len(out)):
        least = _FAR
        n = edge[c + 1] - edge[c]
        soonest = np.full(n + 1, _FAR)  # the first start of any window of the chain from j on
        for j in range(n - 1, -1, -1):
            soonest[j] = min(soonest[j + 1], first[edge[c] + j])
        for i in range(edge[c], edge[c + 1]):
            if is_table[c] and high[i] < n:
                # behind the band everybody may follow from the first start on
                end = first[i] + (count[i] - 1) * step[i] + duration[i]
                least = min(least, soonest[high[i]] - end)
            for j in range(low[i], high[i]):
                if edge[c] + j == i:
                    continue
                if not is_table[c]:
                    gap = delay_ms[block[i] + j]
                    if gap >= 0:
                        least = min(least, gap - duration[i])
                    continue
                other = edge[c] + j
                for k in range(count[i]):
                    k_next = table[block[i] + j * count[i] + k]
                    if k_next < count[other]:
                        end = first[i] + k * step[i] + duration[i]
                        least = min(least, first[other] + k_next * step[other] - end)
        out[c] = max(least, 0) if least < _FAR else 0


@kernel
def best_starts(A, X, F):
    """Move starts, the order of each chain kept, to where the pictures are worth most together.

    One dynamic programme a chain, over the starts of each picture's range; what earns the same begins as soon
    as it can. A chain whose satellite does not hold with the new starts keeps the old ones.
    """
    for c in range(A[R.C_SATELLITE + 1]):
        base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
        size, any_profile = 0, False
        for q in range(base, base + n):
            m = A[A[R.SEQ] + q]
            size += A[A[R.M_HIGH] + m] - A[A[R.M_LOW] + m] + 1
            any_profile |= A[A[R.O_PROFILE] + A[A[R.M_OPTION] + m]] >= 0
        if not any_profile:
            continue
        # best[at + k]: the most that the pictures up to this one earn if it begins at start low + k or sooner
        best, source = np.empty(size, np.int64), np.empty(size, np.int64)
        at, before = 0, 0
        for q in range(n):
            m = A[A[R.SEQ] + base + q]
            low, high = A[A[R.M_LOW] + m], A[A[R.M_HIGH] + m]
            profile = A[A[R.O_PROFILE] + A[A[R.M_OPTION] + m]]
            for k in range(low, high + 1):
                worth = A[A[R.PROFILE] + profile + k - low] if profile >= 0 else 0
                if q > 0:
                    last = A[A[R.SEQ] + base + q - 1]
                    first = A[A[R.M_LOW] + last]
                    x = leave(
                        A,
                        X,
                        A[A[R.M_WINDOW] + last],
                        first,
                        A[A[R.M_HIGH] + last],
                        A[A[R.M_WINDOW] + m],
                        k,
                    )
                    worth = worth + best[before + x - first] if x >= first else -_FAR
                    if x >= first and best[before + x - first] < -_FAR // 2:
                        worth = -_FAR
                place = at + k - low
                best[place], source[place] = worth, k
                if k > low and best[place - 1] >= worth:
                    best[place], source[place] = best[place - 1], source[place - 1]
            before, at = at, at + high - low + 1
        limit = A[A[R.M_HIGH] + A[A[R.SEQ] + base + n - 1]]
        for q in range(n - 1, -1, -1):
            m = A[A[R.SEQ] + base + q]
            low = A[A[R.M_LOW] + m]
            at -= A[A[R.M_HIGH] + m] - low + 1
            A[A[R.OLD_EARLY] + base + q] = A[A[R.EARLY] + base + q]
            k = source[at + limit - low]
            A[A[R.EARLY] + base + q], A[A[R.EARLY_MS] + base + q] = k, start_ms(A, X, m, k)
            if q > 0:
                last = A[A[R.SEQ] + base + q - 1]
                limit = leave(
                    A, X, A[A[R.M_WINDOW] + last], A[A[R.M_LOW] + last], A[A[R.M_HIGH] + last],
                    A[A[R.M_WINDOW] + m], k,
                )  # fmt: skip
        s = A[A[R.C_SATELLITE] + c]
        if A[A[R.S_PRESSED] + s] and not satellite_holds(A, X, F, s):
            for q in range(base, base + n):
                k = A[A[R.OLD_EARLY] + q]
                A[A[R.EARLY] + q], A[A[R.EARLY_MS] + q] = k, start_ms(A, X, A[A[R.SEQ] + q], k)
    keep_best(A, X, F)
