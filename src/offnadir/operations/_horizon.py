"""The rolling horizon: a mission of what is asked for now, planned on top of what is on board already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from offnadir.access import find_contacts
from offnadir.access.geojson import read_bytes, utf8_text
from offnadir.earth import EarthOrientation
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.operations._config import Operation, check_known
from offnadir.operations._pictures import Picture, Stage
from offnadir.orbits import make_ephemeris
from offnadir.planning import Mission, Plan, make_plan, mission_from_table
from offnadir.planning.mission import parse_toml

_S: Final = 1_000_000_000
_NEAR_S: Final = 120.0  # blocked times that lie closer together are one


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A satellite over a station."""

    satellite: str
    station: str
    start: Epoch
    stop: Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The operation's satellites and stations over a span, and when they meet."""

    table: Mapping[str, Any]
    span: Span
    satellites: tuple[str, ...]
    sensors: Mapping[str, str]
    contacts: tuple[Contact, ...]

    def next_contacts(self, after: Epoch, but: Sequence[Contact] = ()) -> dict[str, Contact]:
        """The first contact of each satellite that begins at `after` or later, and is none of `but`.

        An orbit that is known better moves a contact by some seconds: one that begins within such a contact
        at the same station is the same.
        """
        found: dict[str, Contact] = {}
        for one in self.contacts:
            same = any(
                (one.satellite, one.station) == (other.satellite, other.station)
                and other.start <= one.start < other.stop
                for other in but
            )
            if one.start >= after and not same:
                found.setdefault(one.satellite, one)
        return found


def read_mission(operation: Operation, start: Epoch, stop: Epoch) -> Mission:
    """The mission file over a span, with one request that means nothing."""
    return _read(operation, Span(start, stop))[1]


def _read(operation: Operation, span: Span) -> tuple[dict[str, Any], Mission]:
    path = operation.mission
    table = parse_toml(utf8_text(read_bytes(path), path), path)
    base = _in_span({key: value for key, value in table.items() if key not in _NOT_OURS}, span)
    return base, mission_from_table(_mission_table(base, span, [_ANYWHERE]), path)


def read_fleet(operation: Operation, start: Epoch, stop: Epoch) -> Fleet:
    """The mission file's satellites and stations over a span, and their contacts, outages left out.

    Raises what reading a mission file raises.
    """
    span = Span(start, stop)
    base, mission = _read(operation, span)
    orientation = EarthOrientation.bundled()
    ephemerides = [
        make_ephemeris(replace(one.elements, name=one.name), span, orientation)
        for one in mission.satellites
    ]
    rows = find_contacts(ephemerides, [ground.station for ground in mission.stations])
    names = tuple(one.name for one in mission.satellites)
    stations = {one.station.site.name for one in mission.stations}
    check_known(operation, set(names), stations)
    contacts = [
        Contact(satellite=str(s), station=str(g), start=Epoch(int(a)), stop=Epoch(int(b)))
        for s, g, a, b in zip(
            rows["satellite"], rows["site"], rows["start"], rows["stop"], strict=True
        )
    ]
    usable = [one for one in contacts if not _is_out(mission, one)]
    usable.sort(key=lambda one: (one.start, one.satellite, one.station))
    sensors = {one.name: one.sensor.name for one in mission.satellites}
    return Fleet(table=base, span=span, satellites=names, sensors=sensors, contacts=tuple(usable))


#: What an operation says itself.
_NOT_OURS: Final = ("request", "choice", "span")
#: A request that lets a mission without any be read.
_ANYWHERE: Final = {"name": "anywhere", "lat_deg": 0.0, "lon_deg": 0.0}


def _in_span(table: dict[str, Any], span: Span) -> dict[str, Any]:
    """The tables without outages and blocked times that are over, or not yet near."""

    def inside(entry: Any) -> bool:
        try:
            start, stop = (Epoch.from_utc(str(entry[key])) for key in ("start", "stop"))
        except (InputError, KeyError, TypeError):
            return True  # whoever reads the mission complains of it
        return start < span.stop and span.start < stop

    if isinstance(table.get("outage"), list):
        table["outage"] = [one for one in table["outage"] if inside(one)]
    if isinstance(table.get("satellite"), list):
        table["satellite"] = [
            {**one, "blocked": [b for b in one["blocked"] if inside(b)]}
            if isinstance(one, dict) and isinstance(one.get("blocked"), list)
            else one
            for one in table["satellite"]
        ]
    return table


def _is_out(mission: Mission, contact: Contact) -> bool:
    return any(
        out.station == contact.station
        and out.satellite in (None, contact.satellite)
        and out.start < contact.stop
        and contact.start < out.stop
        for out in mission.outages
    )


def _mission_table(
    base: Mapping[str, Any], span: Span, requests: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    return {
        **base,
        "span": {"start": span.start.utc(6), "stop": span.stop.utc(6)},
        "request": list(requests),
    }


def plan_start(now: Epoch, aboard: Sequence[Picture]) -> Epoch:
    """Where a plan begins: early enough that all that is on board and not yet down lies in it."""
    first = min([now, *(one.start for one in aboard)])
    return Epoch((first.tai_ns // _S - 60) * _S)


def replan(
    fleet: Fleet,
    operation: Operation,
    requests: Sequence[Mapping[str, Any]],
    pictures: Sequence[Picture],
    previous: Mapping[str, Any] | None,
    uplinks: Mapping[str, Epoch],
) -> tuple[Plan | None, frozenset[str]]:
    """A plan of the fleet's span for these requests, which keeps what is on board.

    `pictures` are those planned and on board; `uplinks` is each satellite's next uplink, and a satellite
    without one can be told nothing new. What is on board and cannot stand in a plan any more, say because
    its orbit is known better now, blocks its satellite instead, and its request is left out: the ids of those
    pictures come second, and there is no plan if nothing else is asked for.
    """
    aboard = [one for one in pictures if one.stage == Stage.ABOARD]
    before = None if previous is None else _before(previous, pictures)
    try:
        return _plan(fleet, operation, requests, before, uplinks, []), frozenset()
    except InputError as error:
        if error.field != "previous" or not aboard:
            raise
    names = {one.order_id for one in aboard}
    rest = [one for one in requests if one["name"] not in names]
    standing = frozenset(one.id for one in aboard)
    if not rest:
        return None, standing
    planned = [one for one in pictures if one.stage != Stage.ABOARD and one.order_id not in names]
    before = None if previous is None else _before(previous, planned)
    return _plan(fleet, operation, rest, before, uplinks, aboard), standing


def _plan(
    fleet: Fleet, operation: Operation, requests: Sequence[Mapping[str, Any]],
    previous: Mapping[str, Any] | None, uplinks: Mapping[str, Epoch], blocked: Sequence[Picture],
) -> Plan:  # fmt: skip
    table = _mission_table(fleet.table, fleet.span, requests)
    satellites = []
    for entry, name in zip(table["satellite"], fleet.satellites, strict=True):
        uplink = min(uplinks.get(name, fleet.span.stop), fleet.span.stop)
        one = {**entry, "next_uplink": max(uplink, fleet.span.start).utc(6)}
        mine = [picture for picture in blocked if picture.satellite == name]
        if mine:
            one["blocked"] = [*one.get("blocked", ()), *_blocked(mine)]
        satellites.append(one)
    table["satellite"] = satellites
    mission = mission_from_table(table, operation.mission)
    return make_plan(mission, previous=previous, change_price=operation.horizon.change_price)


def _blocked(pictures: Sequence[Picture]) -> list[dict[str, str]]:
    """Times in which pictures that are on board are taken."""
    spans: list[list[Epoch]] = []
    for one in sorted(pictures, key=lambda one: one.start):
        if spans and one.start - spans[-1][1] < _NEAR_S:
            spans[-1][1] = max(spans[-1][1], one.stop)
        else:
            spans.append([one.start, one.stop])
    return [{"start": a.utc(6), "stop": b.utc(6), "why": "pictures on board"} for a, b in spans]


def _before(previous: Mapping[str, Any], pictures: Sequence[Picture]) -> dict[str, Any]:
    """The plan before, with those of its pictures that are still planned or on board, and no others."""
    names = {(one.order_id, one.satellite, one.collection["start"]) for one in pictures}
    kept = [
        one
        for one in previous.get("collections", ())
        if (one["request"], one["satellite"], one["start"]) in names
    ]
    ids = {one["id"] for one in kept}
    extra = [
        one.collection
        for one in pictures
        if one.collection["id"] not in ids and one.stage == Stage.ABOARD
    ]
    return {**previous, "collections": [*kept, *extra]}
