"""Compile the planner's kernels, into the cache: before the clock of a search starts, or in a process beside.

`python -m` this to do it while something else is still going on.
"""

from __future__ import annotations

import fcntl
import functools

import numpy as np

from offnadir._jit import cache_folder
from offnadir.planning._exact import prove
from offnadir.planning._implied import with_implied_rows
from offnadir.planning._search import Search
from offnadir.planning.bound import Bound
from offnadir.planning.explain import Explainer
from offnadir.planning.problem import (
    Contacts,
    Options,
    Problem,
    Rows,
    Schedule,
    Spacecraft,
    Windows,
)
from offnadir.planning.transitions import SlewLaw, transition_tables


def little_problem(n: int = 6, tasks: int | None = None) -> Problem:
    """Windows that get in each other's way, n / tasks for each task; one satellite, a little memory."""
    tasks = tasks or n
    windows = Windows(
        chain=np.zeros(n, np.int64),
        first_ms=np.arange(n) * 4_000,
        step_ms=np.full(n, 1_000),
        count=np.full(n, 12),
        duration_ms=np.full(n, 3_000),
    )
    row = np.arange(n) * 12
    turn = np.tile(np.linspace(-0.3, 0.3, 12), n)[:, None] * np.array([[0.0, 1.0, 0.0]])
    sights = (
        np.array([[0.0, 0.0, 1.0]]) + turn + np.repeat(np.arange(n) % 3 - 1.0, 12)[:, None] * 0.2
    )
    sights /= np.linalg.norm(sights, axis=1)[:, None]
    law = SlewLaw(
        kind="euler",
        longest_s=40.0,
        rate_rad_s=(0.05, 0.05),
        acceleration_rad_s2=(0.02, 0.02),
        settling_s=1.0,
    )
    profile = np.tile(1000 + np.arange(12), n) + np.repeat(np.arange(n), 12)
    return Problem(
        windows=windows,
        transitions=transition_tables(windows, np.zeros(1, np.int64), [law], row, sights, sights),
        options=Options.single(
            task=np.sort(np.arange(n) % tasks),
            value=1000 + np.arange(n),
            window=np.argsort(np.arange(n) % tasks, kind="stable"),
            low=np.zeros(n, np.int64),
            high=np.full(n, 11),
            member_volume_kbit=np.full(n, 10),
            profile_block=row,
            profile=profile,
        ),
        chain_satellite=np.zeros(1, np.int64),
        request=np.arange(tasks),
        rows=Rows.of([(np.arange(3), 1, 2)]),
        spacecraft=(Spacecraft(memory_kbit=30),),
        contacts=Contacts(
            satellite=np.zeros(1, np.int64),
            station=np.zeros(1, np.int64),
            start_ms=np.array([20_000]),
            stop_ms=np.array([30_000]),
            max_volume_kbit=np.array([40]),
        ),
        antennas=np.ones(1, np.int64),
    )


def compile_kernels() -> None:
    """Put little problems through everything; what is in the cache takes a fraction of a second."""
    problem = little_problem(24)
    search = Search(problem, 1)
    search.fill_up()
    search.run(search.work + 20_000, 0, 20_000, 100.0, 10.0, 3)
    search.adopt(np.arange(3))
    search.polish()
    for often in (problem, little_problem(48, 12)):
        bound = Bound(with_implied_rows(often), 0, threads=1)
        for _ in range(40):
            if not bound.step(1.0):
                break
    problem = little_problem(6)
    proof = prove(problem, -1, 1_000_000)
    if proof is not None:
        best = Schedule(
            option=proof.option,
            start=proof.start,
            contact=np.empty(0, np.int64),
            value=proof.value,
            bound=proof.bound,
            repeatable=True,
        )
        explainer = Explainer(problem, best, trusted=True)
        for option in range(len(problem.options)):
            explainer.explain(option)


@functools.cache
def make_ready() -> None:
    """Return once all is compiled: by a process beside that is at it, or here."""
    with (cache_folder() / "planner.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        compile_kernels()


if __name__ == "__main__":
    make_ready()
