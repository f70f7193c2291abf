"""What a trade study is: places, wishes, what may be chosen, and how to search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from offnadir.access import Station
from offnadir.epoch import Span
from offnadir.orbits import ElementSet
from offnadir.orbits._launch_sites import Spaceport
from offnadir.sensors import Sensor
from offnadir.units import day, deg, hour

#: A value that a design has for a variable, in the units of the study file, which its name tells.
Value = int | float | str | tuple[str, ...]

Method = Literal["factorial", "nsga2", "nsga3"]
METHODS: Final = ("factorial", "nsga2", "nsga3")


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that may be an objective: its unit for people, and whether less or more is better."""

    figure: str
    words: str
    unit: str
    least: bool = True
    digits: int = 1


#: What may be an objective, by the name that a study file uses.
GOALS: Final[Mapping[str, Goal]] = {
    "revisit": Goal("revisit_h", "revisit", "h"),
    "mean_revisit": Goal("mean_revisit_h", "mean revisit", "h"),
    "longest_gap": Goal("longest_gap_h", "longest gap", "h"),
    "response": Goal("response_h", "mean response", "h"),
    "response_95": Goal("response_95_h", "response of 95 %", "h"),
    "latency": Goal("latency_h", "latency", "h", digits=2),
    "niirs": Goal("niirs", "NIIRS", "", least=False, digits=2),
    "gsd": Goal("gsd_m", "sample distance", "m", digits=2),
    "looks": Goal("looks_per_day", "looks a day", "", least=False, digits=2),
    "cost": Goal("cost", "cost", "kg", digits=0),
    "satellites": Goal("satellites", "satellites", "", digits=0),
}


@dataclass(frozen=True, slots=True)
class Variable:
    """Something to choose, and its choices in their order."""

    name: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """An orbit family, or a kind of sensor, with the variables that it alone has."""

    name: str
    kind: str
    variables: tuple[Variable, ...]

    @property
    def count(self) -> int:
        """How many there are of it."""
        total = 1
        for one in self.variables:
            total *= len(one.values)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What is to be seen: points, or a region cut into equal cells of about `cell_area_m2`.

    A region is "land", "world" or codes of countries, or the inside of `ring`.
    """

    points: tuple[tuple[str, float, float], ...] = ()  # name, latitude and longitude [rad]
    region: tuple[str, ...] = ()
    ring: tuple[tuple[float, float], ...] = ()  # longitude and latitude [deg]
    cell_area_m2: float = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a design has to keep; None is no wish.

    Only looks at least as sharp as `niirs` or `gsd_m`, with the Sun at least `sun_elevation_rad` high, count.
    Times must be kept by `area_share` of the area, 1 for every cell: `revisit_s` is the gap that
    95 % of a cell's gaps do not exceed. With `clouds` mean revisit and responses are those of clear
    pictures. Telescopes are sized, and sharpness is told, for a Sun at `rated_sun_rad`.
    """

    niirs: float | None = None
    gsd_m: float | None = None
    revisit_s: float | None = None
    mean_revisit_s: float | None = None
    longest_gap_s: float | None = None
    response_s: float | None = None
    response_95_s: float | None = None
    latency_s: float | None = None
    area_share: float = 1.0
    sun_elevation_rad: float | None = None
    rated_sun_rad: float = 30 * deg
    clouds: bool = False
    cost: float | None = None
    satellites: int | None = None
    lifetime_years: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModel:
    """A proxy of cost, in kilograms of a first satellite: no money, only for comparing designs of one study.

    Dry mass times the number of satellites, with a `learning` factor per doubling, plus `plane_kg` for each
    plane (a launch) and `station_kg` for each station (docs/guide/design.md).
    """

    learning: float = 0.95
    plane_kg: float = 50.0
    station_kg: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What the estimate of drag needs: mass over drag area, thruster, and for how long height is kept."""

    ballistic_kg_m2: float = 60.0
    isp_s: float = 220.0
    years: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How designs are tried: all of them, or by a genetic algorithm up to `budget` evaluations."""

    method: Method = "factorial"
    objectives: tuple[str, ...] = ("response_95", "cost")
    seed: int = 1
    budget: int = 200
    population: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """A study file, read and checked. `sensors_by_name` and `element_sets` are what its names stand for."""

    name: str
    span: Span
    places: Places
    wishes: Wishes
    orbits: tuple[Alternative, ...]
    sensors: tuple[Alternative, ...]
    stations: tuple[Station, ...] = ()
    station_sets: tuple[tuple[str, ...], ...] = ((),)
    search: Search = field(default_factory=Search)
    cost: CostModel = field(default_factory=CostModel)
    upkeep: Upkeep | None = None
    launch: Spaceport | None = None
    sensors_by_name: Mapping[str, Sensor] = field(default_factory=dict)
    element_sets: Mapping[str, tuple[ElementSet, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Design:
    """One choice of everything: which orbit and sensor of the study, and the value of each variable."""

    orbit: int
    sensor: int
    values: tuple[tuple[str, Value], ...]

    def __getitem__(self, name: str) -> Value:
        for key, value in self.values:
            if key == name:
                return value
        raise KeyError(name)

    def get(self, name: str, otherwise: Any = None) -> Any:
        """The value of a variable, or `otherwise` where the design has no such variable."""
        return next((value for key, value in self.values if key == name), otherwise)


def wish_rows(wishes: Wishes) -> list[tuple[str, str, float, bool, str]]:
    """The wishes that were made: name, figure, limit in the figure's unit, whether at most, and unit."""
    rows: list[tuple[str, str, float | None, bool, str]] = [
        ("niirs", "niirs", wishes.niirs, False, ""),
        ("gsd", "gsd_m", wishes.gsd_m, True, "m"),
        ("revisit", "revisit_h", _per(wishes.revisit_s, hour), True, "h"),
        ("mean_revisit", "mean_revisit_h", _per(wishes.mean_revisit_s, hour), True, "h"),
        ("longest_gap", "longest_gap_h", _per(wishes.longest_gap_s, hour), True, "h"),
        ("response", "response_h", _per(wishes.response_s, hour), True, "h"),
        ("response_95", "response_95_h", _per(wishes.response_95_s, hour), True, "h"),
        ("latency", "latency_h", _per(wishes.latency_s, hour), True, "h"),
        ("cost", "cost", wishes.cost, True, "kg"),
        ("satellites", "satellites", wishes.satellites, True, ""),
        ("lifetime", "lifetime_years", wishes.lifetime_years, False, "years"),
    ]
    return [
        (n, f, float(limit), most, unit) for n, f, limit, most, unit in rows if limit is not None
    ]


def _per(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit


#: The longest span of a study [s], and the lowest height [m] at which an orbit lasts for a day or so.
LONGEST_SPAN_S: Final = 366 * day
LOWEST_HEIGHT_KM: Final = 160.0
DEFAULT_OFF_NADIR_RAD: Final = 30 * deg
