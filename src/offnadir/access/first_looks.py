"""What comes first after a launch: the first pass over each place, the first contact with each station."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from offnadir._table import Table
from offnadir.access._constraints import Constraint
from offnadir.access._search import find_contacts, find_windows
from offnadir.access._station import Station
from offnadir.earth import Site
from offnadir.orbits import Ephemeris

__all__ = ["first_contacts", "first_looks"]


def first_looks(
    ephemeris: Ephemeris, sites: Sequence[Site], constraints: Sequence[Constraint] = ()
) -> Table:
    """The first window over each site in which all constraints hold, at most one row a site, in their order.

    Columns as in `find_windows`. A site without a window in the ephemeris' span has no row.
    """
    return _firsts(find_windows(ephemeris, list(sites), constraints))


def first_contacts(ephemeris: Ephemeris, stations: Sequence[Station]) -> Table:
    """The first contact with each station, at most one row a station; columns as in `find_windows`."""
    tables = [_firsts(find_contacts(ephemeris, station)) for station in stations]
    return Table.concat(tables) if tables else find_contacts(ephemeris, [])


def _firsts(windows: Table) -> Table:
    """The first row of each site: windows stand in order of time within a site."""
    _, rows = np.unique(windows["site_index"], return_index=True)
    return windows.take(rows)
