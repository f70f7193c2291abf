"""What the gases of the air absorb between 0.30 and 2.60 um, as seen with 20 nm of resolution."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from offnadir.data import bundled_bytes
from offnadir.units import nm

Array = NDArray[np.float64]


@functools.cache
def _table() -> Array:
    """Columns of gases.csv: wavelength [nm], water k and a, mixed gases k and a, ozone per m."""
    lines = bundled_bytes("gases.csv").decode("utf-8").splitlines()[1:]
    return np.array([[float(cell) for cell in line.split(",")] for line in lines]).T


def gas_depth(wavelength_m: Array, water_kg_m2: Array, mixed: Array, ozone_m: Array) -> Array:
    """Optical depth of water vapour, evenly mixed gases and ozone along a path; arrays broadcast.

    Amounts are those along the path: water [kg/m2], mixed gases in vertical columns from sea level, ozone
    [m of gas at standard conditions]. Bands of lines saturate: the depth is (k u)^a with a of 0.3 to 1.
    Below 0.30 and past 2.60 um the last values hold. Source: data/SOURCES.toml, gases.csv.
    """
    nodes, water_k, water_a, mixed_k, mixed_a, ozone_k = _table()
    at = [np.interp(wavelength_m / nm, nodes, c) for c in (water_a, mixed_a, ozone_k)]
    logs = [_log_interp(wavelength_m / nm, nodes, c) for c in (water_k, mixed_k)]
    depth = (logs[0] * water_kg_m2) ** at[0] + (logs[1] * mixed) ** at[1] + at[2] * ozone_m
    return np.asarray(depth, np.float64)


def _log_interp(x: Array, nodes: Array, values: Array) -> Array:
    """Interpolation of strengths in their logarithm; from and to nothing it is linear."""
    tiny = 1e-12
    return np.asarray(np.exp(np.interp(x, nodes, np.log(values + tiny))) - tiny, np.float64).clip(0)
