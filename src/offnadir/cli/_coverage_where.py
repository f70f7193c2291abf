"""The region and the grid of `offnadir coverage`, as written on the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from offnadir.errors import MISSING, InputError

if TYPE_CHECKING:
    from offnadir.coverage import Grid, Region

_CELLS: Final = 4000  # about, if nobody says how many
_SIZES: Final = ("resolution", "cell_area_m2", "step_rad")
_OPTIONS: Final = ("--world", "--land", "--country", "--area", "--at")


@contextmanager
def _named(option: str, value: object) -> Iterator[None]:
    """An error about the size of cells names the option that set it, in the unit of the option."""
    try:
        yield
    except InputError as error:
        if value is None or error.field not in _SIZES:
            raise
        raise InputError(option, value, error.wish, hint=error.hint) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class GridWanted:
    """What was written; exactly one of the regions."""

    world: bool = False
    land: bool = False
    countries: Sequence[str] = ()
    area: Path | None = None
    places: Sequence[str] = ()
    cell_km2: float | None = None
    resolution: int | None = None
    step_deg: float | None = None

    def check(self) -> None:
        """InputError that names the option, before anything is read."""
        given = (self.world, self.land, self.countries, self.area, self.places)
        chosen = [option for option, value in zip(_OPTIONS, given, strict=True) if value]
        if not chosen:
            raise InputError("--land", MISSING, f"given, or one of {', '.join(_OPTIONS)}")
        if len(chosen) > 1:
            raise InputError(chosen[1], "given", f"left out with {chosen[0]}")
        sizes = {"--cell": self.cell_km2, "--resolution": self.resolution, "--step": self.step_deg}
        named = [option for option, value in sizes.items() if value is not None]
        if named and self.places:
            raise InputError(named[0], sizes[named[0]], "left out with --at")
        if len(named) > 1:
            raise InputError(named[1], sizes[named[1]], f"left out with {named[0]}")
        if self.cell_km2 is not None and not 1e-6 <= self.cell_km2 <= 5e6:
            raise InputError("--cell", self.cell_km2, "from 0.000001 to 5000000 km2")
        if self.resolution is not None and not 0 <= self.resolution <= 15:
            raise InputError("--resolution", self.resolution, "from 0 to 15")
        if self.step_deg is not None and not 0.001 <= self.step_deg <= 45:
            raise InputError("--step", self.step_deg, "from 0.001 to 45 degrees")

    def grid(self) -> Grid:
        """The grid; raises what the room of coverage raises."""
        from offnadir.access import read_sites
        from offnadir.coverage import equal_area_grid, points_grid, regular_grid
        from offnadir.units import deg

        if self.places:
            return points_grid(
                [one for text in self.places for one in read_sites(text, field="--at")]
            )
        region = self._region()
        if self.step_deg is not None:
            with _named("--step", self.step_deg):
                return regular_grid(step_rad=self.step_deg * deg, region=region)
        if self.resolution is not None:
            with _named("--resolution", self.resolution):
                return equal_area_grid(resolution=self.resolution, region=region)
        cell_m2 = region.area_m2() / _CELLS if self.cell_km2 is None else self.cell_km2 * 1e6
        with _named("--cell", self.cell_km2):
            return equal_area_grid(cell_area_m2=max(cell_m2, 1.0), region=region)

    def _region(self) -> Region:
        from offnadir.coverage import region_of, region_of_file

        if self.area is not None:
            return region_of_file(self.area)
        if self.countries:
            return region_of(
                [one for text in self.countries for one in text.split(",")], field="--country"
            )
        return region_of("world" if self.world else "land")
