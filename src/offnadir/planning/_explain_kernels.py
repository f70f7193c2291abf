"""What would have to go from a plan for one more picture: questions to the search's arrays (`_search.py`)."""

from __future__ import annotations

import numpy as np

from offnadir._jit import kernel
from offnadir.planning import _regions as R  # noqa: N812
from offnadir.planning._resource_kernels import satellite_holds
from offnadir.planning._search_kernels import arrive, cut, place_of, put, start_ms

_FAR = 2**60


@kernel
def cheapest_gap(A, X, F, m, cost):
    """Places i and j of its chain's sequence between which member m fits once all in between is gone.

    i = -1 is before the first, j = n behind the last. Of all such pairs one with the least sum of `cost` in
    between, one number an option; -2, -2 if every one costs infinity.
    """
    c = A[A[R.M_CHAIN] + m]
    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
    w, low, high = A[A[R.M_WINDOW] + m], A[A[R.M_LOW] + m], A[A[R.M_HIGH] + m]
    first, last = start_ms(A, X, m, low), start_ms(A, X, m, high)
    # only from place a on may somebody begin after this one; only up to place b before it
    a = 0
    while a < n and A[A[R.LATE_MS] + base + a] < first + A[A[R.W_DURATION] + w]:
        a += 1
    b = n - 1
    while b >= 0 and A[A[R.EARLY_MS] + base + b] > last:
        b -= 1
    best, best_i, best_j = np.inf, -2, -2
    left = 0.0  # what goes at least, because it lies before place a
    for i in range(b, -2, -1):
        if i + 1 < a:
            left += cost[A[A[R.M_OPTION] + A[A[R.SEQ] + base + i + 1]]]
            if left >= best:
                break
        k = low
        if i >= 0:
            before = A[A[R.M_WINDOW] + A[A[R.SEQ] + base + i]]
            k = max(k, arrive(A, X, before, A[A[R.EARLY] + base + i], w))
            if k > high:
                continue
        total = 0.0
        for j in range(i + 1, n + 1):
            if j > i + 1:
                total += cost[A[A[R.M_OPTION] + A[A[R.SEQ] + base + j - 1]]]
            if total >= best:
                break
            if j < a:
                continue
            if j < n:
                behind = A[A[R.SEQ] + base + j]
                after = max(A[A[R.M_LOW] + behind], arrive(A, X, w, k, A[A[R.M_WINDOW] + behind]))
                if after > A[A[R.LATE] + base + j]:
                    continue
            best, best_i, best_j = total, i, j
            break
    return best_i, best_j


@kernel
def nearest_miss(A, X, F, m):
    """Place of its chain's sequence at which member m comes nearest to fitting, and by how much it does not.

    Milliseconds by which the next picture would come too late; -1, -1 if at no place it can be told.
    """
    c = A[A[R.M_CHAIN] + m]
    base, n = A[A[R.C_BASE] + c], A[A[R.C_SIZE] + c]
    w, low, high = A[A[R.M_WINDOW] + m], A[A[R.M_LOW] + m], A[A[R.M_HIGH] + m]
    best, least = -1, _FAR
    for p in range(n):
        k = low
        if p > 0:
            before = A[A[R.M_WINDOW] + A[A[R.SEQ] + base + p - 1]]
            k = max(k, arrive(A, X, before, A[A[R.EARLY] + base + p - 1], w))
            if k > high:
                break
        behind = A[A[R.SEQ] + base + p]
        after = max(A[A[R.M_LOW] + behind], arrive(A, X, w, k, A[A[R.M_WINDOW] + behind]))
        is_table = A[A[R.IS_TABLE] + c]  # which does not say by how much the last start is missed
        if after >= (A[A[R.W_COUNT] + A[A[R.M_WINDOW] + behind]] if is_table else _FAR):
            continue
        short = start_ms(A, X, behind, after) - A[A[R.LATE_MS] + base + p]
        if short < least:
            best, least = p, short
    if best < 0:
        return -1, -1
    return best, least


@kernel
def cheapest_single(A, X, F, s, cost):
    """Of the options with pictures of satellite s the cheapest without which it holds; -1 if there is none.

    Chains are left as they were; rows and other satellites are not asked.
    """
    best, least = -1, np.inf
    for q in range(A[A[R.SC_BLOCK] + s], A[A[R.SC_BLOCK] + s + 1]):
        c = A[A[R.SC_CHAIN] + q]
        base = A[A[R.C_BASE] + c]
        for p in range(A[A[R.C_SIZE] + c]):
            m = A[A[R.SEQ] + base + p]
            o = A[A[R.M_OPTION] + m]
            if cost[o] >= least:
                continue
            out = 0
            for e in range(A[A[R.M_BLOCK] + o], A[A[R.M_BLOCK] + o + 1]):
                if A[A[R.M_CHAIN] + e] >= 0:
                    A[A[R.OUT] + out] = place_of(A, X, F, e)
                    cut(A, X, F, A[A[R.M_CHAIN] + e], A[A[R.OUT] + out])
                out += 1
            if satellite_holds(A, X, F, s):
                best, least = o, cost[o]
            for e in range(A[A[R.M_BLOCK] + o + 1] - 1, A[A[R.M_BLOCK] + o] - 1, -1):
                out -= 1
                if A[A[R.M_CHAIN] + e] >= 0:
                    put(A, X, F, e, A[A[R.OUT] + out])
    return best
