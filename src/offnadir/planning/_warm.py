"""Compiles the kernels of the planner, into the cache: run as a module beside what comes before planning.

Two little problems go through all that plans of missions need.
"""

from __future__ import annotations

import numpy as np

from offnadir.planning.problem import (
    Contacts,
    Options,
    Problem,
    Rows,
    Spacecraft,
    Stop,
    Windows,
)
from offnadir.planning.solver import solve
from offnadir.planning.transitions import SlewLaw, transition_tables


def little_problem(n: int = 6) -> Problem:
    """Windows that get in each other's way, one satellite, a little memory."""
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
            task=np.arange(n),
            value=1000 + np.arange(n),
            window=np.arange(n),
            low=np.zeros(n, np.int64),
            high=np.full(n, 11),
            member_volume_kbit=np.full(n, 10),
            profile_block=row,
            profile=profile,
        ),
        chain_satellite=np.zeros(1, np.int64),
        request=np.arange(n),
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


if __name__ == "__main__":
    solve(little_problem(), Stop(time_s=1.0, rounds=1))
