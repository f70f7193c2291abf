"""A satellite that looks: its orbit, what it carries, and under which limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from offnadir.access import Constraint, IncidenceWithin, LookSide, MaxOffNadir
from offnadir.errors import InputError
from offnadir.orbits import ElementSet
from offnadir.sensors import Radar, Sensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """One satellite. A sensor brings its own limits of angle, beside the constraints.

    Without a sensor nothing is known of sharpness, and the constraints are all that limits a look.
    """

    elements: ElementSet
    sensor: Sensor | Radar | None = None
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.elements, ElementSet):
            raise InputError("elements", self.elements, "an ElementSet")
        object.__setattr__(self, "constraints", tuple(self.constraints))

    def limits(self) -> tuple[Constraint, ...]:
        """The constraints and the sensor's own."""
        return (*self.constraints, *_own(self.sensor))


def _own(sensor: Sensor | Radar | None) -> Iterator[Constraint]:
    """A camera tilts so far at most; a radar looks at its modes' incidences, perhaps to one side only."""
    if isinstance(sensor, Sensor):
        yield MaxOffNadir(sensor.max_off_nadir_rad)
    elif sensor is not None:
        yield IncidenceWithin(
            min(mode.min_incidence_rad for mode in sensor.modes),
            max(mode.max_incidence_rad for mode in sensor.modes),
        )
        if len(sensor.look_sides) == 1:
            yield LookSide(sensor.look_sides[0])
