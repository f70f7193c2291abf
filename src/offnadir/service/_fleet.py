"""The operation's satellites, and the products that are sold of them: one for each camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.operations import Operation, read_mission
from offnadir.planning.model import GroundStation, Satellite
from offnadir.sensors import Sensor
from offnadir.units import day


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Pictures of one camera, whichever of its satellites takes them."""

    id: str
    sensor: Sensor
    satellites: tuple[Satellite, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Satellites and stations as the mission file has them; products by id, in the order of names."""

    satellites: tuple[Satellite, ...]
    stations: tuple[GroundStation, ...]
    products: Mapping[str, Product]

    def product(self, name: str) -> Product:
        """The product of that id; InputError names those there are."""
        if name not in self.products:
            raise InputError("product", name, " or ".join(self.products))
        return self.products[name]

    def satellite(self, name: str) -> Satellite:
        """The satellite of that name or NORAD number, whatever the case; InputError names those there are."""
        for one in self.satellites:
            if name.casefold() == one.name.casefold() or name == str(one.elements.norad_id):
                return one
        raise InputError("satellite", name[:100], " or ".join(one.name for one in self.satellites))


def fleet_of(operation: Operation, now: Epoch) -> Fleet:
    """The fleet of an operation's mission file."""
    mission = read_mission(operation, now, now + day)
    by_sensor: dict[str, list[Satellite]] = {}
    sensors: dict[str, Sensor] = {}
    for one in mission.satellites:
        by_sensor.setdefault(one.sensor.name, []).append(one)
        sensors[one.sensor.name] = one.sensor
    products = {
        name: Product(id=name, sensor=sensors[name], satellites=tuple(by_sensor[name]))
        for name in sorted(by_sensor)
    }
    return Fleet(satellites=mission.satellites, stations=mission.stations, products=products)
