"""Whether a satellite can carry what a plan gives it: memory and delivery, duty, warmth, battery.

Each is one sweep over the satellite's pictures in the order of time, with the earliest starts of the plan.
The equations are in docs/theory/planning.md.
"""

from __future__ import annotations

import math

from offnadir._jit import kernel, part
from offnadir.planning import _regions as R  # noqa: N812
from offnadir.planning._transition_kernels import rest_to_rest_s

#: Columns of the region BATTERY: the fields of `Battery` in their order, as far as they are whole numbers.
(
    CAPACITY, INITIAL, FLOOR, CHARGE, IDLE, IMAGING, SLEW, DOWNLINK, SETTLING, SETTLING_POWER, BEGIN, END,
) = range(12)  # fmt: skip


@kernel
def list_pictures(A, X, F, s):
    """Write a satellite's pictures into scratch columns, in the order of time; how many there are."""
    n = 0
    for q in range(A[A[R.SC_BLOCK] + s], A[A[R.SC_BLOCK] + s + 1]):
        c = A[A[R.SC_CHAIN] + q]
        base = A[A[R.C_BASE] + c]
        for e in range(base, base + A[A[R.C_SIZE] + c]):
            m = A[A[R.SEQ] + e]
            A[A[R.P_MEMBER] + n], A[A[R.P_START] + n] = m, A[A[R.EARLY_MS] + e]
            A[A[R.P_STOP] + n] = A[A[R.EARLY_MS] + e] + A[A[R.W_DURATION] + A[A[R.M_WINDOW] + m]]
            A[A[R.P_AT] + n] = A[A[R.EARLY] + e]
            n += 1
    return n


@kernel
def memory_holds(A, X, F, s, n):
    """Memory never above its size, and what has a deadline down by then; first in, first out."""
    size = A[A[R.S_MEMORY] + s]
    written, sent, freed = 0, 0, 0
    a, end = A[A[R.SK_BLOCK] + s], A[A[R.SK_BLOCK] + s + 1]
    b = a  # the next contact to be over
    waiting = 0  # the first picture that is not down
    for p in range(n + 1):
        stop = A[A[R.P_STOP] + p] if p < n else 2**62
        # contacts that begin before this picture is complete cannot send it
        while a < end:
            k = A[A[R.SK_CONTACT] + a]
            if not A[A[R.USED] + k]:
                a += 1
                continue
            if A[A[R.K_START] + k] >= stop:
                break
            out = min(A[A[R.K_VOLUME] + k], written - sent)
            sent += out
            A[A[R.K_SENT] + k] = out
            while waiting < p and A[A[R.P_WRITTEN] + waiting] <= sent:
                if 0 <= A[A[R.P_DEADLINE] + waiting] < A[A[R.K_STOP] + k]:
                    return False
                waiting += 1
            a += 1
        if p == n:
            break
        while b < a:
            k = A[A[R.SK_CONTACT] + b]
            if A[A[R.USED] + k]:
                if A[A[R.K_STOP] + k] > stop:
                    break
                freed += A[A[R.K_SENT] + k]
            b += 1
        m = A[A[R.P_MEMBER] + p]
        written += A[A[R.M_VOLUME] + m]
        A[A[R.P_WRITTEN] + p] = written
        A[A[R.P_DEADLINE] + p] = A[A[R.O_DEADLINE] + A[A[R.M_OPTION] + m]]
        if size >= 0 and written - freed > size:
            return False
    while waiting < n and A[A[R.P_DEADLINE] + waiting] < 0:
        waiting += 1
    return waiting == n


@kernel
def duty_holds(A, X, F, s, n):
    """Imaging time in each stretch of the duty's length, ending with or beginning at a picture."""
    most, length = A[A[R.S_DUTY] + 2 * s + 0], A[A[R.S_DUTY] + 2 * s + 1]
    a, total = 0, 0
    for p in range(n):
        total += A[A[R.P_STOP] + p] - A[A[R.P_START] + p]
        while A[A[R.P_STOP] + a] <= A[A[R.P_STOP] + p] - length:
            total -= A[A[R.P_STOP] + a] - A[A[R.P_START] + a]
            a += 1
        outside = max(0, A[A[R.P_STOP] + p] - length - A[A[R.P_START] + a])
        if total - outside > most:
            return False
    b, total = 0, 0
    for p in range(n):
        while b < n and A[A[R.P_START] + b] < A[A[R.P_START] + p] + length:
            total += A[A[R.P_STOP] + b] - A[A[R.P_START] + b]
            b += 1
        outside = max(0, A[A[R.P_STOP] + b - 1] - A[A[R.P_START] + p] - length)
        if total - outside > most:
            return False
        total -= A[A[R.P_STOP] + p] - A[A[R.P_START] + p]
    return True


@kernel
def thermal_holds(A, X, F, s, n):
    """Warmth after each picture: it rises towards heating times time constant, and falls without."""
    heating, constant = A[A[R.S_THERMAL] + 5 * s + 0] / 1000.0, A[A[R.S_THERMAL] + 5 * s + 1] * 1.0
    most, warmth = A[A[R.S_THERMAL] + 5 * s + 2] * 1.0, A[A[R.S_THERMAL] + 5 * s + 3] * 1.0
    at = A[A[R.S_THERMAL] + 5 * s + 4]
    limit = heating * constant
    for p in range(n):
        warmth *= math.exp((at - A[A[R.P_START] + p]) / constant)
        warmth = limit + (warmth - limit) * math.exp(
            (A[A[R.P_START] + p] - A[A[R.P_STOP] + p]) / constant
        )
        at = A[A[R.P_STOP] + p]
        if warmth > most:
            return False
    return True


@part
def drain(A, X, F, s, level, at, to, power, sun, contact):
    """Level [uJ] after `at` to `to` ms with so much power [mW] drawn on top, and the least on the way.

    `sun` and `contact` are places in the lists, which are given back.
    """
    row = A[A[R.BATTERY] + 12 * s : A[R.BATTERY] + 12 * s + 12]
    least = level
    while at < to:
        while sun < A[A[R.SUN_BLOCK] + s + 1] and A[A[R.SUN_MS] + 2 * sun + 1] <= at:
            sun += 1
        while contact < A[A[R.SK_BLOCK] + s + 1] and (
            not A[A[R.USED] + A[A[R.SK_CONTACT] + contact]]
            or A[A[R.K_STOP] + A[A[R.SK_CONTACT] + contact]] <= at
        ):
            contact += 1
        until, net = to, -row[IDLE] - power
        if sun < A[A[R.SUN_BLOCK] + s + 1]:
            if A[A[R.SUN_MS] + 2 * sun + 0] <= at:
                net += row[CHARGE]
                until = min(until, A[A[R.SUN_MS] + 2 * sun + 1])
            else:
                until = min(until, A[A[R.SUN_MS] + 2 * sun + 0])
        if row[DOWNLINK] > 0 and contact < A[A[R.SK_BLOCK] + s + 1]:
            k = A[A[R.SK_CONTACT] + contact]
            if A[A[R.K_START] + k] <= at:
                net -= row[DOWNLINK]
                until = min(until, A[A[R.K_STOP] + k])
            else:
                until = min(until, A[A[R.K_START] + k])
        level = min(level + net * (until - at), row[CAPACITY] * 1000)
        least = min(least, level)
        at = until
    return level, least, sun, contact


@kernel
def battery_holds(A, X, F, s, n):
    """Energy on board never below the floor, through pictures, slews, contacts, night and day."""
    row = A[A[R.BATTERY] + 12 * s : A[R.BATTERY] + 12 * s + 12]
    floor, level = row[FLOOR] * 1000, row[INITIAL] * 1000
    at, sun, contact = row[BEGIN], A[A[R.SUN_BLOCK] + s], A[A[R.SK_BLOCK] + s]
    x, y, z = F[A[R.B_FIRST] + 3 * s + 0], F[A[R.B_FIRST] + 3 * s + 1], F[A[R.B_FIRST] + 3 * s + 2]
    for p in range(n + 1):
        begin = ready = start = stop = row[END]
        line = 0
        if p < n:
            start, stop = A[A[R.P_START] + p], A[A[R.P_STOP] + p]
            line = A[A[R.ATT_BLOCK] + A[A[R.M_WINDOW] + A[A[R.P_MEMBER] + p]]] + A[A[R.P_AT] + p]
            dx = x - F[A[R.ATT_START] + 3 * line]
            dy = y - F[A[R.ATT_START] + 3 * line + 1]
            dz = z - F[A[R.ATT_START] + 3 * line + 2]
            angle = 2.0 * math.asin(min(1.0, 0.5 * math.sqrt(dx * dx + dy * dy + dz * dz)))
            if x == 0.0 and y == 0.0 and z == 0.0:
                angle = 0.0
            turn = rest_to_rest_s(angle, F[A[R.B_RATE] + 2 * s], F[A[R.B_RATE] + 2 * s + 1])
            ready = max(at, start - row[SETTLING])
            begin = max(at, ready - math.ceil(1000.0 * turn))
        for phase in range(4):
            if phase == 0:
                to, power = begin, 0
            elif phase == 1:
                to, power = ready, row[SLEW]
            elif phase == 2:
                to, power = start, row[SETTLING_POWER]
            else:
                to, power = stop, row[IMAGING]
            level, least, sun, contact = drain(A, X, F, s, level, at, to, power, sun, contact)
            if least < floor:
                return False
            at = max(at, to)
        if p < n:
            x = F[A[R.ATT_STOP] + 3 * line]
            y = F[A[R.ATT_STOP] + 3 * line + 1]
            z = F[A[R.ATT_STOP] + 3 * line + 2]
    return True


@kernel
def satellite_holds(A, X, F, s):
    """Whether all that a satellite has to go round with is enough for the plan."""
    n = list_pictures(A, X, F, s)
    if A[A[R.S_PRESSES] + 4 * s + 0] and not memory_holds(A, X, F, s, n):
        return False
    if A[A[R.S_PRESSES] + 4 * s + 1] and not duty_holds(A, X, F, s, n):
        return False
    if A[A[R.S_PRESSES] + 4 * s + 2] and not thermal_holds(A, X, F, s, n):
        return False
    return not (A[A[R.S_PRESSES] + 4 * s + 3] and not battery_holds(A, X, F, s, n))
