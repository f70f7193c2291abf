"""The operation's satellites, and the products that are sold of them: one for each camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.operations import Operation, read_mission
from offnadir.planning.model import Satellite
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
    """Satellites as the mission file has them, and products by id, in the order of their names."""

    satellites: tuple[Satellite, ...]
    products: Mapping[str, Product]

    def product(self, name: str) -> Product:
        """The product of that id; InputError names those there are."""
        if name not in self.products:
            raise InputError("product", name, " or ".join(self.products))
        return self.products[name]


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
    return Fleet(satellites=mission.satellites, products=products)
