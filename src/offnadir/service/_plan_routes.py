"""What the fleet does: the plan, the timeline, and both in motion for globes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from offnadir._database import sa
from offnadir._table import Table
from offnadir.access import find_contacts
from offnadir.briefs import plan_czml
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.operations._pictures import Picture, Stage, _picture
from offnadir.operations._plans import newest_plan, plan_document
from offnadir.operations._tables import PICTURES, UPLINKS
from offnadir.planning._document_fleet import station_entry
from offnadir.planning.plan import ground_track
from offnadir.service._callers import Caller, Here, ReadsOpportunities
from offnadir.service._datetimes import read_interval
from offnadir.service._opportunity_routes import finder_of
from offnadir.service._problems import ProblemError
from offnadir.service._schemas import INTERVAL
from offnadir.service._service import Service
from offnadir.service._wire import JSON_TYPE, Json, answer, link, page_path
from offnadir.tasking._tables import ORDERS
from offnadir.units import day

router = APIRouter(default_response_class=Json)
_LONGEST_S: Final = 7 * day
_LONGEST_CZML_S: Final = 2 * day
_MOST_PICTURES: Final = 10_000
When = Annotated[
    str | None,
    Query(
        max_length=100,
        description="`start/end` in RFC 3339; by default a day from now on.",
        json_schema_extra={"pattern": INTERVAL["pattern"]},
    ),
]


@router.get("/plan", tags=["Plan"], summary="The plan in force")
def plan(request: Request, here: Here, caller: ReadsOpportunities) -> Response:
    """The newest plan's document as `offnadir plan` writes it; for staff, as it names everybody's orders."""
    if not caller.user.sees_all:
        words = (
            "the plan names everybody's orders: it is for staff; your pictures stand in /timeline"
        )
        raise ProblemError(403, "forbidden", words)
    with here.database.read() as connection:
        number, document = newest_plan(connection), plan_document(connection)
    if not document:
        raise ProblemError(404, "not-found", "there is no plan yet")
    return answer(request, document, headers={"Offnadir-Plan": str(number)})


@router.get("/timeline", tags=["Plan"], summary="Pictures, contacts and uplinks")
def timeline(
    request: Request,
    here: Here,
    caller: ReadsOpportunities,
    datetime: When = None,
    satellite: Annotated[
        str | None, Query(max_length=100, description="Only this one: NORAD number or name.")
    ] = None,
) -> Response:
    """By satellite, in the order of time. Customers see their own pictures, and no uplinks."""
    span = _span(here, datetime, _LONGEST_S)
    several = here.fleet.satellites if satellite is None else (here.fleet.satellite(satellite),)
    pictures = _pictures(here, caller, span)
    uplinks = _uplinks(here, caller, span)
    flock = finder_of(request).kept.of(several, span)
    contacts = find_contacts(flock, [one.station for one in here.fleet.stations])
    told = [
        {
            "name": one.name,
            "norad_id": one.elements.norad_id,
            "pictures": [_told(p) for p in pictures if p.satellite == one.name],
            "contacts": _contacts(contacts, one.name),
            "uplinks": [entry for name, entry in uplinks if name == one.name],
        }
        for one in several
    ]
    body = {
        "datetime": f"{span.start.utc(3)}/{span.stop.utc(3)}",
        "satellites": told,
        "links": [link(request, "self", page_path(request))],
    }
    return answer(request, body)


@router.get("/czml", tags=["Plan"], summary="The same in motion, for globes")
def czml(
    request: Request, here: Here, caller: ReadsOpportunities, datetime: When = None
) -> Response:
    """Satellites, stations, contacts and pictures as CZML for Cesium; of at most two days."""
    span = _span(here, datetime, _LONGEST_CZML_S)
    several = here.fleet.satellites
    flock = finder_of(request).kept.of(several, span)
    contacts = find_contacts(flock, [one.station for one in here.fleet.stations])
    names = {one.name for one in several}
    entries = [
        {**entry, "id": f"K{i + 1:04d}", "satellite": one.name, "used": True}
        for one in several
        for i, entry in enumerate(_contacts(contacts, one.name))
    ]
    document = {
        "mission": {"name": here.operation.name},
        "span": {"start": span.start.utc(3), "stop": span.stop.utc(3)},
        "stations": [station_entry(one) for one in here.fleet.stations],
        "requests": [],
        "collections": [
            {**one.collection, "id": one.id}
            for one in _pictures(here, caller, span)
            if one.satellite in names
        ],
        "contacts": [{**entry, "id": f"{entry['satellite']}-{entry['id']}"} for entry in entries],
    }
    tracks = [ground_track(one) for one in flock]
    return Response(plan_czml(document, tracks), media_type=JSON_TYPE)


def _span(here: Service, text: str | None, longest_s: float) -> Span:
    """What is asked for, past or to come; an open end is a day from the other."""
    if text is None:
        now = here.now()
        return Span(now, now + day)
    window = read_interval(text)
    if window.start is None:
        assert window.stop is not None
        return Span(window.stop + -day, window.stop)
    span = Span(window.start, window.stop or window.start + day)
    if span.duration_s > longest_s:
        wish = f"at most {longest_s / day:g} days"
        raise InputError("datetime", f"{span.duration_s / day:.1f} days", wish)
    return span


def _pictures(here: Service, caller: Caller, span: Span) -> list[Picture]:
    """Pictures of the span that the caller may see: of everybody for staff, else of his customer's orders."""
    query = (
        sa.select(PICTURES)
        .where(PICTURES.c.start_tai_ns <= span.stop.tai_ns)
        .where(PICTURES.c.stop_tai_ns >= span.start.tai_ns)
        .where(PICTURES.c.state != str(Stage.DROPPED))
        .order_by(PICTURES.c.start_tai_ns, PICTURES.c.id)
        .limit(_MOST_PICTURES)
    )
    if not caller.user.sees_all:
        mine = sa.select(ORDERS.c.id).where(ORDERS.c.customer_id == (caller.user.customer_id or ""))
        query = query.where(PICTURES.c.order_id.in_(mine))
    with here.database.read() as connection:
        return [_picture(row) for row in connection.execute(query)]


def _uplinks(here: Service, caller: Caller, span: Span) -> Sequence[tuple[str, dict[str, Any]]]:
    if not caller.user.sees_all:
        return []
    query = (
        sa.select(UPLINKS)
        .where(UPLINKS.c.at_tai_ns.between(span.start.tai_ns, span.stop.tai_ns))
        .order_by(UPLINKS.c.at_tai_ns)
    )
    with here.database.read() as connection:
        rows = connection.execute(query).all()
    return [
        (
            row.satellite,
            {
                "at": Epoch(row.at_tai_ns).utc(3), "station": row.station, "state": row.state,
                "plan": row.plan,
            },
        )
        for row in rows
    ]  # fmt: skip


def _told(one: Picture) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "id": one.id,
        "order": one.order_id,
        "start": one.start.utc(3),
        "stop": one.stop.utc(3),
        "state": str(one.stage),
        "plan": one.plan,
        "geometry": one.collection.get("footprint"),
    }
    for name in ("off_nadir_deg", "gsd_m", "niirs"):
        entry[name] = one.collection.get(name)
    if one.down is not None:
        entry |= {"down": one.down.utc(3), "station": one.station}
    return entry


def _contacts(contacts: Table, satellite: str) -> list[dict[str, Any]]:
    found = [
        {
            "station": row["site"],
            "start": row["start"],
            "stop": row["stop"],
        }
        for row in contacts.rows()
        if row["satellite"] == satellite
    ]
    return sorted(found, key=lambda one: one["start"])
