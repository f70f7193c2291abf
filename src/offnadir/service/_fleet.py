"""The operation's satellites, and the products that are sold of them: one for each camera."""

from __future__ import annotations

import logging
import threading
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from offnadir.epoch import Epoch
from offnadir.errors import InputError, OffnadirError
from offnadir.operations import Operation, read_mission
from offnadir.planning.model import GroundStation, Satellite
from offnadir.sensors import Sensor
from offnadir.units import day

_LOG: Final = logging.getLogger("offnadir.service")


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


class Fleets:
    """The fleet as its files have it: read again when the mission file or an element set's file has changed.

    Files are looked at once in `every_s`, by the request that comes then; others use what was read.
    What cannot be read is noted, and the fleet stays what it was.
    """

    def __init__(
        self, operation: Operation, clock: Callable[[], Epoch], *, every_s: float = 10.0
    ) -> None:
        self._operation, self._clock, self._every_s = operation, clock, every_s
        self._lock = threading.Lock()
        self._stamps = self._look()
        self._fleet = fleet_of(operation, clock())
        self._next = time.monotonic() + every_s

    @property
    def now(self) -> Fleet:
        """The newest that was read."""
        if time.monotonic() >= self._next and self._lock.acquire(blocking=False):
            try:
                self._next = time.monotonic() + self._every_s
                self._read_again()
            finally:
                self._lock.release()
        return self._fleet

    def _read_again(self) -> None:
        stamps = self._look()
        if stamps == self._stamps:
            return
        self._stamps = stamps
        try:
            self._fleet = fleet_of(self._operation, self._clock())
        except (OffnadirError, OSError) as error:
            _LOG.warning("the fleet stays what it was: %s", error)

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        """When the mission file and the files that it names were written, and their sizes."""
        mission = self._operation.mission
        found = [mission]
        # Of a file that somebody is writing just now half is there, and what it says may be anything.
        with suppress(OSError, ValueError, TypeError, AttributeError):
            table = tomllib.loads(mission.read_text("utf-8"))
            for one in (table, *table.get("satellite", ())):
                names = one.get("elements", ())
                for name in [names] if isinstance(names, str) else names:
                    path = mission.parent / str(name)
                    # A store on SQLite writes into the file beside it first.
                    found += [path, path.with_name(path.name + "-wal")]
        stamps = []
        for path in dict.fromkeys(found):
            with suppress(OSError):
                told = path.stat()
                stamps.append((str(path), told.st_mtime_ns, told.st_size))
        return tuple(stamps)


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
