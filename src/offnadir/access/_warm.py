"""Compile a part of the search, for a process beside the one that compiles the rest: `python -m` this.

The first search after an installation spends its time in the compiler, which uses one processor.
"""

from __future__ import annotations

import numpy as np

from offnadir.access import _kernels, _search
from offnadir.access._constraints import MinElevation
from offnadir.access._tracks import sun_track
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, make_ephemeris


def main() -> None:
    """Compile what comes last: rows, and the Sun."""
    start = Epoch.from_utc("2026-01-01")
    orbit = ElementSet(
        norad_id=1,
        name="",
        epoch=start,
        mean_motion_rad_s=1.1e-3,
        eccentricity=0.001,
        inclination_rad=1.7,
        raan_rad=0.0,
        arg_perigee_rad=0.0,
        mean_anomaly_rad=0.0,
    )
    ephemeris = make_ephemeris(orbit, Span(start, start + 60.0))
    flock = _search._Flock.of([ephemeris])
    names = np.array([""], dtype=object)
    site = Site(name="", lat_rad=0.0, lon_rad=0.0, alt_m=0.0)
    places = _search.Places([site], [[MinElevation(0.1)]], names)
    sun = sun_track(ephemeris.span, ephemeris.orientation)
    none = _search._room(1)
    _search._rows(flock, np.empty((1, 1)), places, sun, none, 0)
    here = (places.r_m, places.enu, places.group)
    _kernels.lit(0, 0, none, *here, sun, places.sun, _search._room(1))


if __name__ == "__main__":
    main()
