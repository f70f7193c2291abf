"""Opportunities as STAPI 0.1 asks for and tells them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import Request

from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.planning.model import Satellite
from offnadir.service._cql2_looks import Wishes, read_filter
from offnadir.service._datetimes import LONGEST_S, interval_text, read_interval, span_to_search
from offnadir.service._ephemerides import Ephemerides
from offnadir.service._fleet import Fleet
from offnadir.service._opportunity_place import Place, read_geometry
from offnadir.service._opportunity_reasons import why_not
from offnadir.service._opportunity_search import Opportunity, degrees, search
from offnadir.service._problems import ProblemError, Reason
from offnadir.service._stapi import ANY, filter_of
from offnadir.service._wire import link
from offnadir.units import day, km

#: The longest span of a search that goes on after the answer.
LONGEST_LATER_S: Final = 93 * day
_MOST_POSITIONS_NOW: Final = 2000
_MOST_AREA_NOW_M2: Final = 1e6 * km**2
_MOST_DAYS_NOW: Final = 1500.0  # satellites times days
_MOST_TOLD: Final = 20_000
_TOKEN = re.compile(r"([0-9a-f]{1,16})-([0-9]{1,6})-([0-9A-Za-z_-]{22})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A search for opportunities, read and checked.

    `request` is what STAPI shows of it, with the interval that is searched, closed at both ends.
    """

    product: str
    satellites: tuple[Satellite, ...]
    place: Place
    span: Span
    wishes: Wishes
    request: Mapping[str, Any]

    @property
    def question(self) -> bytes:
        """What is the same for all who ask this, and for all pages of the answer."""
        ends = (self.span.start.tai_ns, self.span.stop.tai_ns)
        asked = (self.request["geometry"], self.request.get("filter"))
        text = json.dumps((self.product, ends, asked), sort_keys=True)
        return hashlib.sha256(text.encode()).digest()

    @property
    def too_large(self) -> str:
        """Why no answer can be waited for; empty if it can."""
        if self.span.duration_s > LONGEST_S:
            return f"a span of more than {LONGEST_S / day:g} days"
        if self.place.positions > _MOST_POSITIONS_NOW:
            return f"a geometry of more than {_MOST_POSITIONS_NOW} positions"
        if self.place.area_m2 > _MOST_AREA_NOW_M2:
            return f"an area of more than {_MOST_AREA_NOW_M2 / km**2:,.0f} km2"
        if len(self.satellites) * self.span.duration_s > _MOST_DAYS_NOW * day:
            return f"more than {_MOST_DAYS_NOW:g} days of satellites"
        return ""


def satellites_of(fleet: Fleet, product: str) -> tuple[Satellite, ...]:
    """Those of a product; all for `any`."""
    return fleet.satellites if product == ANY else fleet.product(product).satellites


def read_ask(fleet: Fleet, product: str, body: Mapping[str, Any], now: Epoch) -> Ask:
    """A search of STAPI; InputError or InputProblems tell what is wrong with it.

    What lies before `now` is not searched.
    """
    window = read_interval(body.get("datetime"))
    span = span_to_search(window, now, longest_s=LONGEST_LATER_S)
    place = read_geometry(body.get("geometry"))
    wishes = read_filter(body.get("filter"))
    request: dict[str, Any] = {
        "datetime": f"{span.start.utc(3)}/{span.stop.utc(3)}",
        "geometry": dict(place.geometry),
    }
    if body.get("filter"):
        request["filter"] = body["filter"]
    return Ask(
        product=product,
        satellites=satellites_of(fleet, product),
        place=place,
        span=span,
        wishes=wishes,
        request=request,
    )


def find(ask: Ask, kept: Ephemerides) -> tuple[list[Opportunity], list[Reason]]:
    """The opportunities by start; if there are none, the reasons."""
    looks = ask.wishes.looks
    found = search(ask.satellites, ask.place, ask.span, looks, kept)
    fits = found
    if ask.wishes.rest:
        fits = [one for one in found if ask.wishes.holds(properties_of(one, ask.product))]
    if fits:
        return fits, []
    if found:
        words = f"of {len(found)} opportunities within the limits none meets the rest of the filter"
        parts = list(ask.wishes.rest)
        return [], [Reason(constraint="filter", words=words, wanted=parts, found=len(found))]
    return [], why_not(ask.satellites, ask.place, ask.span, looks, kept)


def properties_of(one: Opportunity, product: str) -> dict[str, Any]:
    """The properties of an opportunity: those of STAPI, of STAC's extensions, and ours.

    `datetime` is the interval in which the exposure may start. Angles and what follows from them are those
    of `offnadir:best`, the instant of least off-nadir.
    """
    told: dict[str, Any] = {
        "datetime": interval_text(one.start_tai_ns, one.stop_tai_ns),
        "product_id": one.sensor if product == ANY else product,
        "platform": one.satellite,
        "view:off_nadir": degrees(one.off_nadir_rad),
        "view:incidence_angle": degrees(one.incidence_rad),
        "view:azimuth": degrees(one.azimuth_rad),
        "view:sun_elevation": degrees(one.sun_elevation_rad),
        "view:sun_azimuth": degrees(one.sun_azimuth_rad),
        "gsd": round(one.gsd_m, 4),
        "offnadir:niirs": _rounded(one.niirs, 3),
        "offnadir:probability": _rounded(one.clear_chance, 4),
        "eo:cloud_cover": None if one.cloud_cover is None else round(100 * one.cloud_cover, 1),
        "offnadir:norad_id": one.norad_id,
        "offnadir:best": Epoch(one.best_tai_ns).utc(3),
        "offnadir:elevation_deg": degrees(one.elevation_rad),
        "offnadir:range_m": round(one.range_m, 1),
        "offnadir:element_age_days": round(one.element_age_s / day, 4),
        "offnadir:timing_error_s": _rounded(one.timing_90_s, 2),
    }
    if one.coverage is not None:
        told["offnadir:coverage"] = round(one.coverage, 4)
        told["offnadir:strips"] = one.strips
    return told


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or value != value else round(value, digits)


def kept_answer(
    ask: Ask, found: Sequence[Opportunity], reasons: Sequence[Reason]
) -> dict[str, Any]:
    """What is kept of an answer: all but the links."""
    if len(found) > _MOST_TOLD:
        raise InputError("datetime", f"{len(found)} opportunities", f"at most {_MOST_TOLD}")
    last = {one.name: one.sensor.min_duration_s for one in ask.satellites}
    looks = ask.wishes.looks
    return {
        "filter": filter_of(looks),
        "plain": not ask.wishes.rest,
        "features": [
            {
                "id": f"{one.norad_id}-{one.best_tai_ns // 1_000_000:x}",
                "properties": properties_of(one, ask.product),
                "order": interval_text(
                    one.start_tai_ns, one.stop_tai_ns + round(last[one.satellite] * 1e9)
                ),
            }
            for one in found
        ],
        "reasons": [one.document() for one in reasons],
    }


def collection_document(
    request: Request,
    product: str,
    asked: Mapping[str, Any],
    kept: Mapping[str, Any],
    page: slice,
    links: list[dict[str, Any]],
) -> dict[str, Any]:
    """A page of an answer as STAPI's OpportunityCollection; each opportunity says how to order it.

    `asked` is the request of its Ask, `kept` what `kept_answer` made.
    """
    if kept["plain"]:  # an order keeps limits, and no other filter
        order = {**asked, "order_parameters": {}}
        path = f"/products/{product}/orders"
        links = [*links, link(request, "create-order", path, method="POST", body=order)]
    body: dict[str, Any] = {
        "type": "FeatureCollection",
        "features": [_feature(request, asked, kept, one) for one in kept["features"][page]],
        "links": links,
        "numberMatched": len(kept["features"]),
        "offnadir:searched": asked["datetime"],
    }
    if not kept["features"]:
        body["offnadir:reasons"] = kept["reasons"]
    return body


def _feature(
    request: Request, asked: Mapping[str, Any], kept: Mapping[str, Any], one: Mapping[str, Any]
) -> dict[str, Any]:
    order: dict[str, Any] = {"datetime": one["order"], "geometry": asked["geometry"]}
    if kept["filter"] is not None:
        order["filter"] = kept["filter"]
    order["order_parameters"] = {}
    path = f"/products/{one['properties']['product_id']}/orders"
    return {
        "type": "Feature",
        "id": one["id"],
        "geometry": asked["geometry"],
        "properties": one["properties"],
        "links": [link(request, "create-order", path, method="POST", body=order)],
    }


class Tokens:
    """Where the next page begins: bound to the search, and to the instant from which it was searched."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"opportunities", hashlib.sha256)

    def make(self, product: str, body: Mapping[str, Any], now: Epoch, first: int) -> str:
        """A token for the page that begins with that number."""
        return f"{now.tai_ns:x}-{first}-{self._mark(product, body, now.tai_ns, first)}"

    def read(self, product: str, body: Mapping[str, Any], text: str) -> tuple[Epoch, int]:
        """What a token says; InputError if it belongs to another search."""
        match = _TOKEN.fullmatch(text)
        if match is not None:
            now_ns, first = int(match[1], 16), int(match[2])
            if hmac.compare_digest(self._mark(product, body, now_ns, first), match[3]):
                return Epoch(now_ns), first
        raise InputError("next", text[:100], "that of the link `next`, with the same search")

    def _mark(self, product: str, body: Mapping[str, Any], now_ns: int, first: int) -> str:
        asked = {key: body.get(key) for key in ("datetime", "geometry", "filter")}
        text = json.dumps([product, asked, now_ns, first], sort_keys=True)
        mark = hmac.digest(self._key, text.encode(), hashlib.sha256)[:16]
        return base64.urlsafe_b64encode(mark).rstrip(b"=").decode()


def read_prefer(headers: Sequence[str]) -> str | None:
    """What is preferred after RFC 7240: "respond-async", "wait", or nothing that is known here."""
    names = [
        part.partition(";")[0].partition("=")[0].strip().lower()
        for line in headers
        for part in line.split(",")
    ]
    return next((name for name in ("respond-async", "wait") if name in names), None)


def too_large(why: str) -> ProblemError:
    """The answer to a search that nobody should wait for."""
    words = f"{why} cannot be answered at once: ask again with the header Prefer: respond-async"
    return ProblemError(422, "too-large-to-wait", words)


def do_search(
    fleet: Fleet, product: str, request: Mapping[str, Any], kept: Ephemerides
) -> dict[str, Any]:
    """A kept search, done; `request` is that of its Ask."""
    window = read_interval(request["datetime"])
    assert window.start is not None
    ask = read_ask(fleet, product, request, window.start)
    found, reasons = find(ask, kept)
    return kept_answer(ask, found, reasons)
