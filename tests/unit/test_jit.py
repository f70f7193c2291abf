"""Compiling is told when it happens, and goes on in a process beside."""

from __future__ import annotations

import gc
import os
import warnings

import numba

from offnadir._jit import compile_beside, on_compiling


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


def test_a_process_that_compiles_beside_is_not_warned_of_while_it_runs(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(2):
            compile_beside("this")
            gc.collect()
    assert not told
