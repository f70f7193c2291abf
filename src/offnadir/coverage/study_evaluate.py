"""What a design is worth: a pure function of the study and the design, fit for any process."""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

import offnadir
from offnadir import __version__
from offnadir.access import Constraint, MaxOffNadir, SunAbove
from offnadir.coverage._cover import cover
from offnadir.coverage._coverage import Coverage
from offnadir.coverage._grid import Grid, equal_area_grid, points_grid
from offnadir.coverage._observer import Observer
from offnadir.coverage.study_hardware import design_sensor, off_nadir_rad, rounded, upkeep_figures
from offnadir.coverage.study_model import Design, Study
from offnadir.coverage.study_orbits import element_sets, orbit_facts
from offnadir.coverage.study_sharpness import sharpness
from offnadir.coverage.study_store import Figures, key_of
from offnadir.earth import Site
from offnadir.errors import OffnadirError
from offnadir.quality import CloudClimatology
from offnadir.units import deg, hour, km

Array = NDArray[np.float64]

#: Rooms whose source decides figures.
_ROOMS: Final = (
    "access",
    "coverage",
    "data",
    "earth",
    "epoch",
    "geometry",
    "orbits",
    "quality",
    "sensors",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What all designs of a study have in common: sent to each worker once."""

    study: Study
    grid: Grid


def make_world(study: Study) -> World:
    """The grid of a study; InputError for a region without cells."""
    return World(study=study, grid=study_grid(study))


def study_grid(study: Study) -> Grid:
    """The places of a study."""
    places = study.places
    if places.points:
        return points_grid(
            [
                Site(name=name, lat_rad=lat, lon_rad=lon, alt_m=0.0)
                for name, lat, lon in places.points
            ]
        )
    if places.ring:
        return equal_area_grid(
            cell_area_m2=places.cell_area_m2, region=shapely.Polygon(places.ring)
        )
    region = places.region[0] if len(places.region) == 1 else places.region
    return equal_area_grid(cell_area_m2=places.cell_area_m2, region=region)


@functools.cache
def program_key() -> str:
    """Version and a hash of the source that computes figures: another program computes them anew."""
    digest = hashlib.sha256(__version__.encode())
    package = Path(offnadir.__file__).parent
    for room in _ROOMS:
        for path in sorted((package / room).rglob("*")):
            if path.suffix in (".py", ".toml", ".npz", ".gz", ".csv"):
                digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def world_key(world: World) -> str:
    """A name for all that decides figures beside the design: program, span, places, what looks count."""
    study, wishes = world.study, world.study.wishes
    return key_of(
        program_key(), study.span.start.tai_ns, study.span.stop.tai_ns,
        [list(map(float, column)) for column in (world.grid.lat_rad, world.grid.lon_rad, world.grid.area_m2)],
        [wishes.niirs, wishes.gsd_m, wishes.sun_elevation_rad, wishes.rated_sun_rad, wishes.clouds],
        wishes.area_share,
        None if study.upkeep is None else repr(study.upkeep),
    )  # fmt: skip


def design_key(world_name: str, design: Design, study: Study) -> str:
    """A name for everything that decides a design's figures, whatever its file calls it."""
    orbit, sensor = study.orbits[design.orbit], study.sensors[design.sensor]
    parts: list[Any] = [world_name, orbit.kind, sensor.kind]
    parts += [[name, design[name]] for name in sorted(_own(design))]
    if orbit.kind == "given":
        parts.append([repr(one) for one in element_sets(design, study)])
    if sensor.kind == "library":
        parts.append(repr(study.sensors_by_name[str(design["library"])]))
    parts.append([repr(one) for one in stations_of(design, study)])
    return key_of(parts)


def _own(design: Design) -> list[str]:
    """Variables that decide figures: no names of orbit, sensor and stations, and nothing of cost alone."""
    return [
        n
        for n, _ in design.values
        if n not in ("orbit", "sensor", "stations", "library", "mass_kg")
    ]


def stations_of(design: Design, study: Study) -> list[Any]:
    """The stations that a design has."""
    names = design["stations"]
    assert isinstance(names, tuple)
    return [one for one in study.stations if one.site.name in names]


def evaluate(world: World, design: Design) -> Figures:
    """The figures of a possible design, None for never; or `trouble`, why it has none.

    Heights, sharpness and aperture are those of the design; times in hours, those that `area_share` of the
    area keeps. Nothing here depends on other designs, clocks or random numbers.
    """
    try:
        return _evaluate(world, design)
    except OffnadirError as error:  # an orbit that decays within the span, for one
        return {"trouble": str(error)}


def _evaluate(world: World, design: Design) -> Figures:
    study = world.study
    facts = orbit_facts(design, study)
    sensor = design_sensor(design, study)
    limit_rad = off_nadir_rad(design, sensor)
    sharp = sharpness(sensor, facts.high_height_m, limit_rad, study.wishes)
    figures: dict[str, Any] = {
        "satellites": facts.satellites,
        "planes": facts.planes,
        "low_height_km": facts.low_height_m / km,
        "high_height_km": facts.high_height_m / km,
        "inclination_deg": facts.inclination_rad / deg,
        "aperture_m": sensor.optics.aperture_m,
        "max_off_nadir_deg": limit_rad / deg,
        "off_nadir_deg": None if math.isnan(sharp.off_nadir_rad) else sharp.off_nadir_rad / deg,
        "niirs": sharp.niirs,
        "niirs_nadir": sharp.niirs_nadir,
        "gsd_m": sharp.gsd_m,
        "gsd_nadir_m": sharp.gsd_nadir_m,
        **upkeep_figures(facts, study),
    }
    if figures["off_nadir_deg"] is None:  # no look would count, so none has to be looked for
        figures["off_nadir_deg"] = 0.0
        figures |= dict.fromkeys((*_TIMES, "latency_h"))
        figures |= {"looks_per_day": 0.0, "seen_share": 0.0}
    else:
        figures |= times(cover_design(world, design), study.wishes.area_share)
    return {name: rounded(value) for name, value in figures.items()}


def cover_design(world: World, design: Design) -> Coverage:
    """The coverage of a design, every figure of every cell; one thread."""
    study, wishes = world.study, world.study.wishes
    sensor = design_sensor(design, study)
    limits: tuple[Constraint, ...] = (MaxOffNadir(off_nadir_rad(design, sensor)),)
    if wishes.sun_elevation_rad is not None:
        limits += (SunAbove(wishes.sun_elevation_rad),)
    return cover(
        [
            Observer(elements=one, sensor=sensor, constraints=limits)
            for one in element_sets(design, study)
        ],
        world.grid,
        study.span,
        stations=stations_of(design, study),
        clouds=CloudClimatology.bundled() if wishes.clouds else None,
        max_gsd_m=wishes.gsd_m,
        min_niirs=wishes.niirs,
        threads=1,
    )


#: Figures of times, and of which of a cell's they are; with clouds, of clear pictures, where there is such.
_TIMES: Final = {
    "revisit_h": "revisit_p95_s",
    "mean_revisit_h": "revisit_mean_s",
    "longest_gap_h": "longest_gap_s",
    "response_h": "response_mean_s",
    "response_95_h": "response_p95_s",
}


def times(covered: Coverage, area_share: float) -> dict[str, Any]:
    """The times [h] that a share of the area keeps, None if less than it ever has one; and looks a day."""
    cells, area = covered.cells, covered.grid.area_m2
    found: dict[str, Any] = {}
    for name, source in (*_TIMES.items(), ("latency_h", "latency_p95_s")):
        values = cells.get("clear_" + source, cells.get(source))
        found[name] = None if values is None else kept_by(values / hour, area, area_share)
    looks = cells.get("clear_looks_per_day", cells["looks_per_day"])
    found["looks_per_day"] = float(looks @ area / area.sum())
    found["seen_share"] = float(area[np.isfinite(cells["first_look_s"])].sum() / area.sum())
    if (
        found["seen_share"] < area_share - 1e-12
    ):  # a cell without looks has the whole span as its gap
        found["longest_gap_h"] = None
    return found


def kept_by(values: Array, area: Array, share: float) -> float | None:
    """The least value that cells of a share of the area do not exceed; None where too many have none.

    >>> kept_by(np.array([1.0, 5.0, np.nan]), np.array([1.0, 1.0, 2.0]), 0.5), kept_by(
    ...     np.array([1.0, np.nan]), np.array([1.0, 1.0]), 1.0)
    (5.0, None)
    """
    order = np.argsort(values, kind="stable")  # NaN last
    reached = np.flatnonzero(np.cumsum(area[order]) >= (share - 1e-12) * area.sum())
    value = float(values[order[reached[0]]])
    return value if math.isfinite(value) else None
