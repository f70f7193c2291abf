"""Places and areas on the command line, and the search over them as a stream of tables."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from offnadir.cli import _say
from offnadir.errors import MISSING, InputError

if TYPE_CHECKING:
    from offnadir._table import Table
    from offnadir.access import Constraint
    from offnadir.access.areas import Area
    from offnadir.cli._look_satellites import Flock
    from offnadir.earth import Site

Report = Callable[[str, int, int], None]

MODES = ("any", "all")
_AT_ONCE = 64  # satellites in a table of area windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Points on the ground."""

    sites: Sequence[Site]
    kind = "site"
    shares = False

    def notes(self) -> Sequence[str]:
        """Nothing more than the summary says."""
        return ()

    def names(self) -> list[str]:
        """Their names."""
        return [site.name for site in self.sites]

    def __str__(self) -> str:
        return _say.count(len(self.sites), "place")

    def search(
        self, flock: Flock, constraints: Sequence[Constraint], report: Report
    ) -> Generator[Table, None, None]:
        """Tables of windows, satellite by satellite; closing it stops the search."""
        from offnadir.access import stream_windows

        yield from stream_windows(
            flock.ephemerides(),
            self.sites,
            constraints,
            progress=lambda done, _: report("Searching", done, len(flock)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """Polygons on the ground, of which any or all must be in view; or which a swath is to cover."""

    areas: Sequence[Area]
    mode: str = "any"
    swath_m: float | None = None
    _notes: list[str] = field(default_factory=list)
    kind = "area"
    sites: Sequence[Site] = ()

    @property
    def shares(self) -> bool:
        """Whether rows tell how much of the area they cover."""
        return self.swath_m is not None

    def names(self) -> list[str]:
        """Their names."""
        return [area.name for area in self.areas]

    def notes(self) -> Sequence[str]:
        """What is to be said about the result as a whole, once the search has ended."""
        return self._notes

    def __str__(self) -> str:
        return _say.count(len(self.areas), "area")

    def search(
        self, flock: Flock, constraints: Sequence[Constraint], report: Report
    ) -> Generator[Table, None, None]:
        """Tables of windows, some satellites or one area at a time; closing it stops the search."""
        if self.swath_m is None:
            yield from self._windows(flock, constraints, report)
        else:
            yield from self._covers(self.swath_m, flock, constraints, report)

    def _windows(
        self, flock: Flock, constraints: Sequence[Constraint], report: Report
    ) -> Generator[Table, None, None]:
        from offnadir.access.areas import find_area_windows

        ephemerides = flock.ephemerides()
        for first in range(0, len(flock), _AT_ONCE):

            def progress(done: int, _: int, first: int = first) -> None:
                report("Searching", first + done, len(flock))

            some = list(itertools.islice(ephemerides, _AT_ONCE))
            yield find_area_windows(
                some, self.areas, constraints, mode=self.mode, progress=progress
            )

    def _covers(
        self, swath_m: float, flock: Flock, constraints: Sequence[Constraint], report: Report
    ) -> Generator[Table, None, None]:
        from offnadir.access.areas import cover_area

        whole = len(flock) * len(self.areas)
        for i, area in enumerate(self.areas):

            def progress(done: int, _: int, first: int = i * len(flock)) -> None:
                report("Searching", first + done, whole)

            table = cover_area(
                flock.ephemerides(), area, constraints, swath_m=swath_m, progress=progress
            )
            self._notes.append(_covered(area, table))
            yield table


def _covered(area: Area, table: Table) -> str:
    """When half of the area, most of it and all of it have been taken."""
    from offnadir.access.areas import covered_at

    share = float(table["total_share"][-1]) if len(table) else 0.0
    times = {part: covered_at(table, part / 100) for part in (50, 90, 100)}
    reached = [f"{part} % by {when.utc(0)}" for part, when in times.items() if when is not None]
    if times[100] is None:
        reached.append(f"{100 * share:.1f} % in all")
    return f"{area.name}: covered " + ", ".join(reached)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What was written on the command line about places and areas."""

    site: Sequence[str] = ()
    area: Sequence[Path] = ()
    mode: str | None = None
    swath: float | None = None

    def read(self) -> Places | Areas:
        """The places or the areas; InputError that names the option."""
        if self.site and self.area:
            raise InputError("--area", str(self.area[0]), "given without --site")
        if not self.site and not self.area:
            wish = "given: LAT,LON[,ALT_M] or a file of places, or --area with a file of polygons"
            raise InputError("--site", MISSING, wish)
        for option, value in (("--mode", self.mode), ("--swath", self.swath)):
            if value is not None and not self.area:
                raise InputError(option, value, "given with --area")
        if self.mode not in (None, *MODES):
            raise InputError("--mode", self.mode, "any or all")
        if self.swath is not None and not 0.1 <= self.swath <= 3000:
            raise InputError("--swath", self.swath, "from 0.1 to 3000 km")
        if self.swath is not None and self.mode == "all":
            raise InputError("--mode", self.mode, "any, or left out, with --swath")
        return self._areas() if self.area else self._places()

    def _places(self) -> Places:
        from offnadir.access import read_sites

        return Places(sites=[one for text in self.site for one in read_sites(text, field="--site")])

    def _areas(self) -> Areas:
        from offnadir.access.areas import read_areas
        from offnadir.units import km

        return Areas(
            areas=[one for path in self.area for one in read_areas(path)],
            mode=self.mode or "any",
            swath_m=None if self.swath is None else self.swath * km,
        )
