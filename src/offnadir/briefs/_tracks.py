"""What the results need to know of a satellite's path."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Track(Protocol):
    """Where a satellite is over the span: arrays of n instants at even steps.

    `r_itrf_m` has shape (n, 3); latitude and longitude [rad] and height [m] are those of the point
    below it. Rows may be NaN where the position is unknown. `planning.Plan.tracks` holds such tracks.
    """

    @property
    def name(self) -> str:
        """Name of the satellite, as in the plan."""

    @property
    def norad_id(self) -> int:
        """Its catalogue number."""

    @property
    def epochs_tai_ns(self) -> NDArray[np.int64]:
        """Instants, TAI ns since 1970, shape (n,)."""

    @property
    def r_itrf_m(self) -> NDArray[np.float64]:
        """Positions in ITRF [m], shape (n, 3)."""

    @property
    def lat_rad(self) -> NDArray[np.float64]:
        """Geodetic latitude [rad], shape (n,)."""

    @property
    def lon_rad(self) -> NDArray[np.float64]:
        """Longitude [rad], shape (n,)."""

    @property
    def alt_m(self) -> NDArray[np.float64]:
        """Height [m], shape (n,)."""
