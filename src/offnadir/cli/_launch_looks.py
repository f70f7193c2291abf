"""Places and stations of `offnadir launch`: which first pass and first contact comes after a launch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from offnadir.cli import _say
from offnadir.errors import InputError

if TYPE_CHECKING:
    from offnadir._table import Table
    from offnadir.access import Station
    from offnadir.earth import Site
    from offnadir.orbits.launch import Launch


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Places and stations whose first pass is asked for, and within which limits."""

    sites: tuple[Site, ...]
    stations: tuple[Station, ...]
    max_off_nadir_deg: float
    min_sun_deg: float | None
    hours: float

    @classmethod
    def of(
        cls,
        sites: Sequence[str],
        stations: Sequence[str],
        max_off_nadir: float,
        min_sun: float | None,
        min_elevation: float,
        hours: float,
    ) -> Looks:
        """What the command line says; InputError that names the option."""
        from offnadir.access import Station, read_sites
        from offnadir.units import deg

        if not 0.0 < hours <= 24.0 * 30.0:
            raise InputError("--hours", hours, "above 0, up to 720 hours")
        if not 0.0 < max_off_nadir <= 90.0:
            raise InputError("--max-off-nadir", max_off_nadir, "above 0, up to 90 degrees")
        if min_sun is not None and not -90.0 <= min_sun <= 90.0:
            raise InputError("--min-sun", min_sun, "from -90 to 90 degrees")
        if not -5.0 <= min_elevation < 90.0:
            raise InputError("--min-elevation", min_elevation, "from -5 to below 90 degrees")
        where = [one for text in sites for one in read_sites(text, field="--site")]
        ground = [one for text in stations for one in read_sites(text, field="--station")]
        return cls(
            sites=tuple(where),
            stations=tuple(Station(site=g, min_elevation_rad=min_elevation * deg) for g in ground),
            max_off_nadir_deg=max_off_nadir,
            min_sun_deg=min_sun,
            hours=hours,
        )

    def rows(self, launch: Launch) -> list[dict[str, Any]]:
        """First pass over each place, then first contact with each station, as plain values."""
        if not self.sites and not self.stations:
            return []
        from offnadir.access import MaxOffNadir, SunAbove
        from offnadir.access.first_looks import first_contacts, first_looks
        from offnadir.epoch import Span
        from offnadir.orbits import make_ephemeris
        from offnadir.orbits.launch import elements_after
        from offnadir.units import deg

        span = Span(launch.insertion, launch.time + self.hours * 3600.0)
        ephemeris = make_ephemeris(elements_after(launch), span)
        limits: list[Any] = [MaxOffNadir(self.max_off_nadir_deg * deg)]
        if self.min_sun_deg is not None:
            limits.append(SunAbove(self.min_sun_deg * deg))
        _say.first_search()
        passes = first_looks(ephemeris, self.sites, limits)
        contacts = first_contacts(ephemeris, self.stations)
        names = [one.site.name for one in self.stations]
        return [
            *_firsts("pass", [one.name for one in self.sites], passes, launch),
            *_firsts("contact", names, contacts, launch),
        ]


def _firsts(kind: str, names: Sequence[str], found: Table, launch: Launch) -> list[dict[str, Any]]:
    """A row a place, also where there is no window."""
    from offnadir.epoch import Epoch
    from offnadir.units import deg

    rows = {row["site"]: row for row in found.rows()}
    starts = dict(zip(found["site"].tolist(), found["start"].tolist(), strict=True))
    told: list[dict[str, Any]] = []
    for name in names:
        row = rows.get(name)
        if row is None:
            told.append({"what": kind, "place": name, "start": None})
            continue
        after_s = Epoch(starts[name]) - launch.time
        told.append(
            {
                "what": kind,
                "place": name,
                "start": row["start"],
                "stop": row["stop"],
                "after_lift_off_s": round(after_s, 1),
                "off_nadir_deg": round(row["off_nadir_rad"] / deg, 2),
                "max_elevation_deg": round(row["max_elevation_rad"] / deg, 2),
                "sun_elevation_deg": round(row["sun_elevation_rad"] / deg, 2),
            }
        )
    return told
