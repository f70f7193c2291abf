"""Density of the upper atmosphere by NRLMSIS 2.1; the only file that imports `pymsis`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import MissingExtraError

Array = NDArray[np.float64]
MODEL = "NRLMSIS 2.1"


def densities_kg_m3(
    utc_ns: NDArray[np.int64],
    *,
    lat_rad: Array,
    lon_rad: Array,
    alt_m: Array,
    f107: float,
    f107_average: float,
    ap: float,
) -> Array:
    """Total mass density [kg/m3], shape (n,), at places and times of shape (n,).

    Solar flux and ap are arguments, so that nothing is fetched. Source: Emmert et al., NRLMSIS 2.1,
    J. Geophys. Res. Space Physics 127 (2022), through the package `pymsis`. MissingExtraError without it.
    """
    try:
        import pymsis
    except ImportError as error:
        raise MissingExtraError("drag needs an atmosphere, pymsis", "coverage") from error
    count = len(utc_ns)
    made = pymsis.calculate(
        utc_ns.astype("datetime64[ns]"),
        np.degrees(lon_rad),
        np.degrees(lat_rad),
        alt_m / 1e3,
        np.full(count, f107),
        np.full(count, f107_average),
        np.full((count, 7), ap),
        version=2.1,
    )
    return np.asarray(made[..., 0], np.float64).reshape(count)
