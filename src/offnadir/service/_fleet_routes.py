"""The fleet: satellites, their elements, stations, and when a place could be imaged."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse, Response

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits import element_set_to_omm, expected_timing_error_s
from offnadir.orbits._tle_write import element_set_to_tle
from offnadir.planning._document_fleet import station_entry
from offnadir.planning.model import Satellite
from offnadir.service._callers import Here, ReadsOpportunities
from offnadir.service._datetimes import read_interval, span_to_search
from offnadir.service._opportunities import properties_of
from offnadir.service._opportunity_place import place_of
from offnadir.service._opportunity_reasons import why_not
from offnadir.service._opportunity_routes import finder_of
from offnadir.service._opportunity_search import search
from offnadir.service._problems import ProblemError
from offnadir.service._schemas import INTERVAL
from offnadir.service._service import Service
from offnadir.service._stapi import ANY
from offnadir.service._wire import GEOJSON_TYPE, GeoJson, Json, answer, link, page_path
from offnadir.tasking._order import Looks
from offnadir.units import day, deg, hour

router = APIRouter(default_response_class=Json)
_WEEK_S = 7 * day


@router.get("/satellites", tags=["Fleet"], summary="The satellites")
def satellites(request: Request, here: Here, caller: ReadsOpportunities) -> Response:
    """Each with its sensor, its limits, and how old its element set is."""
    told = [_satellite_document(request, one, here.now()) for one in here.fleet.satellites]
    links = [link(request, "self", "/satellites")]
    return answer(request, {"satellites": told, "links": links})


@router.get("/satellites/{satellite_id}", tags=["Fleet"], summary="One satellite")
def satellite(
    request: Request, here: Here, caller: ReadsOpportunities, satellite_id: str
) -> Response:
    """By its NORAD number or name."""
    one = known_satellite(here, satellite_id)
    return answer(request, _satellite_document(request, one, here.now()))


@router.get(
    "/satellites/{satellite_id}/elements",
    tags=["Fleet"],
    summary="Its element set",
    responses={200: {"content": {"text/plain": {}}}},
)
def elements(
    request: Request, here: Here, caller: ReadsOpportunities, satellite_id: str
) -> Response:
    """The keywords of an OMM as JSON; with `Accept: text/plain` a name and the two lines of a TLE."""
    one = known_satellite(here, satellite_id)
    accepts = request.headers.get("accept", "")
    if "text/plain" in accepts and "json" not in accepts:
        try:
            text = "\n".join(element_set_to_tle(one.elements)) + "\n"
        except InputError as error:
            raise ProblemError(406, "no-tle", str(error)) from error
        return PlainTextResponse(text, headers={"Vary": "Accept"})
    return answer(request, element_set_to_omm(one.elements), headers={"Vary": "Accept"})


@router.get("/stations", tags=["Fleet"], summary="The ground stations")
def stations(request: Request, here: Here, caller: ReadsOpportunities) -> Response:
    """Where satellites are heard."""
    told = [station_entry(one) for one in here.fleet.stations]
    return answer(request, {"stations": told, "links": [link(request, "self", "/stations")]})


@router.get(
    "/windows", response_class=GeoJson, tags=["Fleet"], summary="When could you image a place?"
)
def windows(
    request: Request,
    here: Here,
    caller: ReadsOpportunities,
    lat: Annotated[float, Query(ge=-90, le=90, description="Latitude in degrees.")],
    lon: Annotated[float, Query(ge=-180, le=360, description="Longitude in degrees.")],
    datetime: Annotated[
        str | None,
        Query(
            max_length=100,
            description="`start/end` in RFC 3339; by default the next 7 days.",
            json_schema_extra={"pattern": INTERVAL["pattern"]},
        ),
    ] = None,
    satellite: Annotated[
        str | None, Query(max_length=100, description="Only this one: NORAD number or name.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many on a page.")] = 100,
    next: Annotated[int, Query(ge=0, le=10**6, description="From the link `next`.")] = 0,  # noqa: A002
) -> Response:
    """Opportunities of a place without a product, an order or a wish: what the satellites allow."""
    now = here.now()
    span = span_to_search(
        read_interval(f"{now.utc(3)}/{(now + _WEEK_S).utc(3)}" if datetime is None else datetime),
        now,
    )
    several = here.fleet.satellites if satellite is None else (here.fleet.satellite(satellite),)
    place = place_of({"type": "Point", "coordinates": [lon, lat]})
    kept = finder_of(request).kept
    found = search(several, place, span, Looks(), kept)
    links = [link(request, "self", page_path(request), GEOJSON_TYPE)]
    interval = f"{span.start.utc(9)}/{span.stop.utc(9)}"
    if next + limit < len(found):
        path = page_path(request, datetime=interval, next=next + limit, limit=limit)
        links.append(link(request, "next", path, GEOJSON_TYPE))
    features = [
        {
            "type": "Feature",
            "id": f"{one.norad_id}-{one.best_tai_ns // 1_000_000:x}",
            "geometry": dict(place.geometry),
            "properties": properties_of(one, ANY),
        }
        for one in found[next : next + limit]
    ]
    body: dict[str, Any] = {
        "type": "FeatureCollection", "features": features, "links": links,
        "numberMatched": len(found), "offnadir:searched": interval,
    }  # fmt: skip
    if not found:
        reasons = why_not(several, place, span, Looks(), kept)
        body["offnadir:reasons"] = [one.document() for one in reasons]
    return answer(request, body, kind=GEOJSON_TYPE)


def known_satellite(here: Service, name: str) -> Satellite:
    """ProblemError for a satellite that there is not."""
    try:
        return here.fleet.satellite(name)
    except InputError as error:
        raise ProblemError(404, "not-found", f"there is no satellite {name[:100]}") from error


def _satellite_document(request: Request, one: Satellite, now: Epoch) -> dict[str, Any]:
    path = f"/satellites/{one.elements.norad_id}"
    # To the hour, so that an answer stays the same for a while.
    at = Epoch(round(now.tai_ns / (hour * 1e9)) * round(hour * 1e9))
    return {
        "id": str(one.elements.norad_id),
        "name": one.name,
        "norad_id": one.elements.norad_id,
        "object_id": one.elements.object_id,
        "sensor": {
            "id": one.sensor.name, "title": one.sensor.title, "kind": one.sensor.kind,
        },
        "max_off_nadir_deg": round(one.max_off_nadir_rad / deg, 6),
        "longest_picture_s": one.longest_picture_s,
        "memory_gbit": one.memory_bit / 1e9,
        "downlink_mbps": one.downlink_bit_s / 1e6,
        "elements": {
            "epoch": one.elements.epoch.utc(6),
            "age_days": round((at - one.elements.epoch) / day, 2),
            "timing_error_s": round(expected_timing_error_s(one.elements, at, share=0.9), 2),
            "source": one.elements.source.rpartition("/")[2],
        },
        "links": [
            link(request, "self", path),
            link(request, "elements", f"{path}/elements"),
            link(request, "product", f"/products/{one.sensor.name}"),
        ],
    }  # fmt: skip
