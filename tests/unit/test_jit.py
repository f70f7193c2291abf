"""Compiling is told when it happens."""

from __future__ import annotations

import numba

from offnadir._jit import on_compiling


def test_compiling_is_told_once_and_only_when_it_happens():
    told = []
    twice = numba.njit(lambda x: 2 * x)
    twice(1)
    on_compiling(lambda: told.append("compiling"))
    twice(2)
    assert not told
    twice(2.5)
    assert told == ["compiling"]
    twice(1j)
    assert told == ["compiling"]
