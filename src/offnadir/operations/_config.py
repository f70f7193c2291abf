"""What an operation is made of: the fleet, the clock, the camera, who is screened against what; one file."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from offnadir.access.geojson import read_bytes, utf8_text
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.operations._addresses import Network
from offnadir.planning._fields import (
    Duration,
    Inline,
    Kind,
    ListOf,
    Number,
    Raw,
    Text,
    Time,
    Word,
    WrongValueError,
    read_table,
)
from offnadir.planning._problems import Place, Problems
from offnadir.planning.mission import parse_toml
from offnadir.tasking._operator_facts import operator_facts
from offnadir.units import day, hour, minute


@dataclass(frozen=True, slots=True)
class Table:
    """A table that somebody else looks at."""

    def read(self, value: object, place: Place) -> Mapping[str, Any]:
        """The table as it is."""
        if not isinstance(value, Mapping):
            raise WrongValueError("a table")
        return value


@dataclass(frozen=True, slots=True)
class _Net:
    """A network, such as "10.1.0.0/16"."""

    def read(self, value: object, place: Place) -> Network:
        """The network."""
        try:
            return ipaddress.ip_network(value if isinstance(value, str) else "")
        except ValueError as error:
            raise WrongValueError('a network such as "10.1.0.0/16" or "fd12::/32"') from error


FAULTS: Final = ("missed_uplink", "station_down", "cloudy", "corrupt_downlink")
PANSHARPEN: Final = ("none", "brovey", "gram_schmidt")
_SIZE_PX: Final = Number(16, 100_000, "pixels", whole=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """How far ahead is planned, how often at least, and how long before an uplink commands must be ready.

    `change_price` is what keeping a planned picture is worth, as a share of its order's weight.
    """

    length_s: float = day
    replan_every_s: float = 6 * hour
    uplink_lead_s: float = 10 * minute
    change_price: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Who takes the pictures: "simulated" takes them here, over `scene`; "folder" is a real operator.

    A real operator finds commands in `folder`/uplink and puts level 1 data into `folder`/downlink. `size` is
    lines and columns around the aim that are simulated, None for the whole picture.
    """

    kind: str = "simulated"
    folder: Path = Path("spacecraft")
    scene: str = "synthetic"
    dem: Path | None = None
    size: tuple[int, int] | None = None
    bands: tuple[str, ...] | None = None
    cloud_share: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How products are made: strength of MTF compensation, method of pan sharpening, projection."""

    mtfc: float = 0.5
    pansharpen: str | None = "brovey"
    crs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """The store of element sets, named in the mission file too, and what it is brought up to date from."""

    store: Path
    group: str
    source: str = "celestrak"
    every_s: float = 8 * hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhooks:
    """Networks to which messages to customers may go, beside all public addresses."""

    allow: tuple[Network, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A trouble that is made on purpose, to see that the loop lives with it.

    `after` is the first instant at which it may strike, `times` how often it does. What it strikes: the
    uplinks or downlinks of `satellite`, the contacts of `station`, the pictures of `order`.
    """

    kind: str
    satellite: str | None = None
    station: str | None = None
    order: str | None = None
    after: Epoch | None = None
    until: Epoch | None = None
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation as its file says; all file names are absolute."""

    name: str
    path: Path
    mission: Path
    database: str
    work: Path
    products: Path
    deliveries: Path
    horizon: Horizon = field(default_factory=Horizon)
    camera: Camera = field(default_factory=Camera)
    making: Making = field(default_factory=Making)
    refresh: Refresh | None = None
    webhooks: Webhooks = field(default_factory=Webhooks)
    lists: tuple[Path, ...] = ()
    packs: tuple[Path, ...] = ()
    operator: Mapping[str, Any] = field(default_factory=dict)
    user: str = "loop"
    clock_start: Epoch | None = None
    clock_speed: float | None = None
    most_tries: int = 3
    faults: tuple[Fault, ...] = ()
    service: Mapping[str, Any] = field(default_factory=dict)


_KEYS: Final[Mapping[str, Kind]] = {
    "name": Text(),
    "mission": Text(),
    "database": Text(),
    "work": Text(),
    "products": Text(),
    "deliveries": Text(),
    "operator": Table(),
    "user": Text(),
    "lists": ListOf(Text(), "files", or_one=True),
    "packs": ListOf(Text(), "files", or_one=True),
    "most_tries": Number(1, 100, whole=True),
    "horizon": Inline(
        {
            "length": Duration(longest_s=31 * day),
            "replan_every": Duration(longest_s=31 * day),
            "uplink_lead": Duration(longest_s=day),
            "change_price": Number(0, 1000),
        }
    ),
    "clock": Inline({"start": Time(), "speed": Number(0, 1e9, open_low=True)}, required=("start",)),
    "camera": Inline(
        {
            "kind": Word(("simulated", "folder")),
            "folder": Text(),
            "scene": Text(),
            "dem": Text(),
            "size": ListOf(_SIZE_PX, "lines and columns"),
            "bands": ListOf(Text(), "names of bands"),
            "cloud_share": Number(0, 1),
            "seed": Number(0, 2**31 - 1, whole=True),
        }
    ),
    "making": Inline({"mtfc": Number(0, 10), "pansharpen": Word(PANSHARPEN), "crs": Text()}),
    "elements": Inline(
        {
            "store": Text(),
            "group": Text(),
            "source": Text(),
            "every": Duration(longest_s=31 * day),
        },
        required=("store", "group"),
    ),
    "webhooks": Inline({"allow": ListOf(_Net(), "networks", or_one=True)}),
    "fault": Raw(),
    "service": Table(),
}
_FAULT_KEYS: Final[Mapping[str, Kind]] = {
    "kind": Word(FAULTS),
    "satellite": Text(),
    "station": Text(),
    "order": Text(),
    "after": Time(),
    "until": Time(),
    "times": Number(1, 1_000_000, whole=True),
}


def read_operation(path: str | Path) -> Operation:
    """An operation file, read and checked; names of files in it are relative to its folder.

    Raises FileError, InputError, or InputProblems with all that is wrong; each names file, key, value, wish.
    """
    path = Path(path).absolute()
    problems = Problems()
    place = Place(problems, str(path))
    table = parse_toml(utf8_text(read_bytes(path), path), path)
    values = read_table(table, _KEYS, place, required=("mission",))
    faults = _faults(values.pop("fault", []), place)
    camera = dict(values.get("camera", {}))
    size = camera.get("size")
    if size is not None and len(size) != 2:
        place.key("camera").key("size").complain(size, "two numbers: lines and columns")
    problems.raise_if_any()
    here = path.parent

    def file(key: str, default: str) -> Path:
        return here / str(values.get(key, default))

    database = str(values.get("database", "offnadir.sqlite"))
    horizon = {
        ("change_price" if key == "change_price" else f"{key}_s"): value
        for key, value in values.get("horizon", {}).items()
    }
    making = dict(values.get("making", {}))
    if making.get("pansharpen") == "none":
        making["pansharpen"] = None
    clock = values.get("clock", {})
    refresh = values.get("elements")
    return Operation(
        name=values.get("name", path.stem),
        path=path,
        mission=file("mission", ""),
        database=database if "://" in database else str(here / database),
        work=file("work", "work"),
        products=file("products", "products"),
        deliveries=file("deliveries", "deliveries"),
        horizon=Horizon(**horizon),
        camera=_camera(camera, here),
        making=Making(**making),
        refresh=None
        if refresh is None
        else Refresh(
            store=here / refresh["store"],
            group=refresh["group"],
            source=refresh.get("source", "celestrak"),
            every_s=refresh.get("every", 8 * hour),
        ),
        webhooks=Webhooks(allow=tuple(values.get("webhooks", {}).get("allow", ()))),
        lists=tuple(here / one for one in values.get("lists", ())),
        packs=tuple(here / one for one in values.get("packs", ())),
        operator=operator_facts(values.get("operator", {}), where=str(path)),
        user=values.get("user", "loop"),
        clock_start=clock.get("start"),
        clock_speed=clock.get("speed"),
        most_tries=values.get("most_tries", 3),
        faults=faults,
        service=values.get("service", {}),
    )


def _camera(values: dict[str, Any], here: Path) -> Camera:
    for key in ("folder", "dem"):
        if key in values:
            values[key] = here / values[key]
    values.setdefault("folder", here / "spacecraft")
    if values.get("scene", "synthetic") != "synthetic":
        values["scene"] = str(here / values["scene"])
    for key in ("size", "bands"):
        if key in values:
            values[key] = tuple(values[key])
    return Camera(**values)


def _faults(entries: object, place: Place) -> tuple[Fault, ...]:
    if not isinstance(entries, list):
        place.key("fault").complain(entries, "tables begun with [[fault]]")
        return ()
    found = []
    for number, entry in enumerate(entries, 1):
        here = place.key("fault").item(number)
        if not isinstance(entry, dict):
            here.complain(entry, "a table, begun with [[fault]]")
            continue
        before = len(place.problems.errors)
        values = read_table(entry, _FAULT_KEYS, here, required=("kind",))
        if len(place.problems.errors) == before:
            found.append(Fault(**values))
    return tuple(found)


def check_known(operation: Operation, satellites: set[str], stations: set[str]) -> None:
    """InputError for a fault of a satellite or station that the mission does not have."""
    for number, one in enumerate(operation.faults, 1):
        for key, value, known in (
            ("satellite", one.satellite, satellites), ("station", one.station, stations),
        ):  # fmt: skip
            if value is not None and value not in known:
                wish = f"one of the mission's: {', '.join(sorted(known))}"
                raise InputError(f"fault[{number}].{key}", value, wish, where=str(operation.path))
