"""The archive over STAC API: landing page, collections, items, search, what can be asked for."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.responses import Response
from pydantic import WithJsonSchema

from offnadir._database import DatabaseSlowError
from offnadir.catalog._archive import Collected
from offnadir.catalog._filter import PROPERTIES
from offnadir.catalog._query import MOST_SORTS
from offnadir.catalog._tables import EVERYBODY
from offnadir.errors import InputError
from offnadir.service._callers import Caller, Here, ReadsArchive
from offnadir.service._problems import ProblemError
from offnadir.service._schemas import GEOMETRY_OF_ANY_KIND, INTERVAL, TIME
from offnadir.service._service import Service
from offnadir.service._stac_read import (
    CRS84,
    MOST_ITEMS,
    SORTS,
    Asked,
    read_body,
    read_url,
    wrong_request,
)
from offnadir.service._stac_write import (
    QUERYABLES_REL,
    collection_document,
    item_document,
    quoted,
    unquoted,
)
from offnadir.service._wire import GEOJSON_TYPE, GeoJson, Json, SchemaJson, answer, link, page_path

router = APIRouter(tags=["Archive"], default_response_class=Json)
_OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.1"
_STAC: Final = "https://api.stacspec.org/v1.0.0"
_OGC: Final = "http://www.opengis.net/spec"
CONFORMANCE: Final = (
    f"{_STAC}/core", f"{_STAC}/collections", f"{_STAC}/ogcapi-features", f"{_STAC}/item-search",
    f"{_STAC}/item-search#filter", f"{_STAC}/item-search#sort", f"{_STAC}/item-search#fields",
    f"{_STAC}/ogcapi-features#sort", f"{_STAC}/ogcapi-features#fields",
    "https://api.stacspec.org/v1.0.0-rc.2/children",
    f"{_OGC}/ogcapi-features-1/1.0/conf/core", f"{_OGC}/ogcapi-features-1/1.0/conf/oas30",
    f"{_OGC}/ogcapi-features-1/1.0/conf/geojson",
    f"{_OGC}/ogcapi-features-3/1.0/conf/filter", f"{_OGC}/ogcapi-features-3/1.0/conf/features-filter",
    f"{_OGC}/cql2/1.0/conf/cql2-text", f"{_OGC}/cql2/1.0/conf/cql2-json", f"{_OGC}/cql2/1.0/conf/basic-cql2",
    f"{_OGC}/cql2/1.0/conf/advanced-comparison-operators",
    f"{_OGC}/cql2/1.0/conf/case-insensitive-comparison", f"{_OGC}/cql2/1.0/conf/basic-spatial-functions",
)  # fmt: skip

#: How long the list of collections stays as it is: it is made by looking at every item.
_COLLECTIONS_S: Final = 60.0
_MOST_LISTS: Final = 1_000
#: Items that are counted; where there are more nobody is told how many.
_MOST_COUNTED: Final = 10_000

#: What to do about a search that looks at half of the archive.
_NARROW: Final = (
    "the search took too long, and was broken off: narrow it by bbox or intersects, by datetime, or by ids; "
    "or sort by datetime"
)

Name = Annotated[str, Path(max_length=2048, description="Its id.")]
_N: Final = "-?[0-9]{1,5}([.][0-9]{1,12})?"
_MOMENT: Final = f"^{TIME}$|{INTERVAL['pattern']}"
_SORT: Final = f"(properties[.])?({'|'.join(SORTS)})"
_FIELD: Final = f"[+-]?{_SORT}"
Bbox = Annotated[
    str | None,
    Query(
        description="west,south,east,north in degrees, or six numbers with heights",
        json_schema_extra={"pattern": f"^{_N}(,{_N}){{3}}$|^{_N}(,{_N}){{5}}$"},
    ),
]
When = Annotated[
    str | None,
    Query(
        alias="datetime",
        description="An instant or interval of RFC 3339; .. is an open end",
        json_schema_extra={"pattern": _MOMENT},
    ),
]
Limit = Annotated[
    str | None,
    Query(
        description=f"1 to 10000; a page has {MOST_ITEMS} at most",
        json_schema_extra={"pattern": "^[1-9][0-9]{0,4}$"},
    ),
]
Token = Annotated[str | None, Query(description="Of a next link")]
Filter = Annotated[str | None, Query(alias="filter", description="CQL2 over the queryables")]
Language = Annotated[
    str | None,
    Query(
        alias="filter-lang",
        description="What the filter is written in",
        json_schema_extra={"enum": ["cql2-text", "cql2-json"]},
    ),
]
Crs = Annotated[str | None, Query(alias="filter-crs", json_schema_extra={"enum": [CRS84]})]
Sort = Annotated[
    str | None,
    Query(
        alias="sortby",
        description="Such as -properties.datetime; several between commas",
        json_schema_extra={"pattern": f"^{_FIELD}(,{_FIELD}){{0,{MOST_SORTS - 1}}}$"},
    ),
]
Shown = Annotated[str | None, Query(alias="fields", description="properties.gsd,-assets")]
Names = Annotated[str | None, Query(description="Ids between commas")]


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
#: What may be sent to a search.
_SEARCH: Final = {
    "title": "Search",
    "type": "object",
    "properties": {
        "bbox": _or_null({
            "description": "west, south, east, north in degrees, or six numbers with heights",
            "type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6,
        }),
        "intersects": _or_null(GEOMETRY_OF_ANY_KIND),
        "datetime": _or_null({"type": "string", "pattern": _MOMENT}),
        "ids": _or_null(_TEXTS),
        "collections": {"anyOf": [_TEXTS, {"type": "string"}, {"type": "null"}]},
        "limit": _or_null({"type": "integer", "minimum": 1, "maximum": 10_000}),
        "token": _or_null({"type": "string"}),
        "filter": {"description": "CQL2 over the queryables: JSON, or text as `filter-lang` says"},
        "filter-lang": _or_null({"enum": ["cql2-json", "cql2-text"]}),
        "filter-crs": _or_null({"enum": [CRS84]}),
        "sortby": _or_null({
            "type": "array", "maxItems": MOST_SORTS,
            "items": {
                "type": "object", "required": ["field"],
                "properties": {
                    "field": {"type": "string", "pattern": f"^{_SORT}$"},
                    "direction": {"enum": ["asc", "desc"], "default": "asc"},
                },
            },
        }),
        "fields": {
            "type": "object",
            "properties": {"include": _or_null(_TEXTS), "exclude": _or_null(_TEXTS)},
        },
    },
    "additionalProperties": False,
    "examples": [{"bbox": [126, 37, 127, 38], "sortby": [{"field": "gsd", "direction": "asc"}]}],
}  # fmt: skip


def readers_of(service: Service, caller: Caller) -> tuple[str, ...] | None:
    """With whose eyes a caller looks at the archive; None sees all."""
    if caller.reader is None and caller.user.sees_all:
        return None
    if service.settings.public_archive:
        return None
    return (EVERYBODY,) if caller.reader is None else (caller.reader, EVERYBODY)


@router.get("/stac", summary="The archive's landing page")
def landing(request: Request, here: Here, caller: ReadsArchive) -> Response:
    """A STAC catalog with the ways into it."""
    links = [
        link(request, "self", "/stac", title="The archive"),
        link(request, "root", "/stac", title="The archive"),
        link(request, "conformance", "/stac/conformance", title="Which standards it keeps"),
        link(request, "data", "/stac/collections", title="Collections"),
        link(request, "children", "/stac/children", title="Collections"),
        link(request, "search", "/stac/search", GEOJSON_TYPE, method="GET", title="Search items"),
        link(request, "search", "/stac/search", GEOJSON_TYPE, method="POST", title="Search items"),
        link(request, QUERYABLES_REL, "/stac/queryables", SchemaJson.media_type,
             title="What a filter may ask about"),
        link(request, "service-desc", "/stac/api", _OPENAPI, title="OpenAPI document"),
    ]  # fmt: skip
    if here.settings.docs:
        links.append(link(request, "service-doc", "/docs", "text/html", title="Documentation"))
    for one in _collections(request, here, readers_of(here, caller)):
        path = f"/stac/collections/{quoted(one.name)}"
        links.append(link(request, "child", path, title=one.name))
    body = {
        "type": "Catalog",
        "stac_version": "1.1.0",
        "id": "archive",
        "title": here.operation.name,
        "description": "Pictures that were taken, with their angles, sharpness and clouds.",
        "conformsTo": list(CONFORMANCE),
        "links": links,
    }
    return answer(request, body)


@router.get("/stac/api", include_in_schema=False)
def description(request: Request) -> Response:
    """The OpenAPI document under the type that its link promises."""
    return answer(request, request.app.openapi(), kind=_OPENAPI)


@router.get("/stac/conformance", summary="Which standards the archive keeps")
def conformance(request: Request, caller: ReadsArchive) -> Response:
    """Conformance classes."""
    return answer(request, {"conformsTo": list(CONFORMANCE)})


@router.get("/stac/collections", summary="Collections")
def collections(request: Request, here: Here, caller: ReadsArchive) -> Response:
    """All collections that the caller sees something of."""
    found = _collections(request, here, readers_of(here, caller))
    body = {
        "collections": [collection_document(request, one) for one in found],
        "links": [link(request, "self", "/stac/collections"), link(request, "root", "/stac")],
    }
    return answer(request, body)


@router.get("/stac/children", summary="Children of the landing page")
def children(request: Request, here: Here, caller: ReadsArchive) -> Response:
    """The same as one list of children."""
    found = _collections(request, here, readers_of(here, caller))
    body = {
        "children": [collection_document(request, one) for one in found],
        "links": [link(request, "self", "/stac/children"), link(request, "root", "/stac")],
    }
    return answer(request, body)


@router.get("/stac/queryables", summary="What a filter may ask about", response_class=SchemaJson)
def queryables(request: Request, caller: ReadsArchive) -> Response:
    """JSON schema of the properties that filters know."""
    return _queryables(request, "/stac/queryables")


@router.get("/stac/collections/{collection}", summary="A collection")
def collection(request: Request, here: Here, caller: ReadsArchive, collection: Name) -> Response:
    """One collection."""
    found = _collection(request, here, readers_of(here, caller), collection)
    return answer(request, collection_document(request, found))


@router.get(
    "/stac/collections/{collection}/queryables",
    summary="What a filter may ask about",
    response_class=SchemaJson,
)
def collection_queryables(
    request: Request, here: Here, caller: ReadsArchive, collection: Name
) -> Response:
    """The same for one collection."""
    found = _collection(request, here, readers_of(here, caller), collection)
    return _queryables(request, f"/stac/collections/{quoted(found.name)}/queryables")


@router.get(
    "/stac/collections/{collection}/items", summary="Items of a collection", response_class=GeoJson
)
def items(
    request: Request, here: Here, caller: ReadsArchive, collection: Name, bbox: Bbox = None,
    when: When = None, limit: Limit = None, token: Token = None, filter_: Filter = None,
    language: Language = None, crs: Crs = None, sort: Sort = None, shown: Shown = None,
) -> Response:  # fmt: skip
    """A page of a collection's items."""
    readers = readers_of(here, caller)
    found = _collection(request, here, readers, collection)
    told = _given(
        bbox=bbox, datetime=when, limit=limit, token=token, filter=filter_, filter_lang=language,
        filter_crs=crs, sortby=sort, fields=shown,
    )  # fmt: skip
    asked = read_url(told, readers)
    asked = replace(asked, query=replace(asked.query, collections=[found.name]))
    home = f"/stac/collections/{quoted(found.name)}"
    return _page(request, here, asked, [link(request, "collection", home)])


@router.get(
    "/stac/collections/{collection}/items/{item}", summary="An item", response_class=GeoJson
)
def item(
    request: Request, here: Here, caller: ReadsArchive, collection: Name, item: Name
) -> Response:
    """One item of a collection."""
    name, home = unquoted(item), unquoted(collection)
    try:
        found = here.archive.get(name, readers=readers_of(here, caller))
    except InputError:
        found = None
    document = None if found is None else item_document(request, found)
    if document is None or document["collection"] != home:
        raise ProblemError(404, "not-found", f"there is no item {name} in collection {home}")
    return answer(request, document, kind=GEOJSON_TYPE)


@router.get("/stac/search", summary="Search items", response_class=GeoJson)
def search(
    request: Request, here: Here, caller: ReadsArchive, bbox: Bbox = None, when: When = None,
    intersects: Annotated[str | None, Query(description="A geometry of GeoJSON")] = None,
    ids: Names = None, collections: Names = None, limit: Limit = None, token: Token = None,
    filter_: Filter = None, language: Language = None, crs: Crs = None,
    sort: Sort = None, shown: Shown = None,
) -> Response:  # fmt: skip
    """A page of the items that fit."""
    told = _given(
        bbox=bbox, datetime=when, intersects=intersects, ids=ids, collections=collections, limit=limit,
        token=token, filter=filter_, filter_lang=language, filter_crs=crs, sortby=sort, fields=shown,
    )  # fmt: skip
    return _page(request, here, read_url(told, readers_of(here, caller)))


@router.post("/stac/search", summary="Search items by a body", response_class=GeoJson)
def search_by_body(
    request: Request, here: Here, caller: ReadsArchive,
    body: Annotated[dict[str, Any], Body(), WithJsonSchema(_SEARCH)],
) -> Response:  # fmt: skip
    """The same for what is too long for a URL."""
    return _page(request, here, read_body(body, readers_of(here, caller)), body=body)


def _given(**told: str | None) -> dict[str, str]:
    """Parameters that were given, by the names they have in URLs."""
    return {
        key.replace("filter_", "filter-"): value for key, value in told.items() if value is not None
    }


def _page(
    request: Request,
    here: Service,
    asked: Asked,
    more: Sequence[Mapping[str, Any]] = (),
    body: Mapping[str, Any] | None = None,
) -> Response:
    try:
        with request.app.state.traces.span("search the archive"):
            page = here.archive.search(asked.query)
    except InputError as error:  # of the place or the token, which are looked at here
        raise wrong_request(error) from error
    except DatabaseSlowError as error:
        raise ProblemError(503, "search-too-slow", _NARROW, headers={"Retry-After": "5"}) from error
    path = request.url.path
    links = [link(request, "root", "/stac"), *more]
    if body is None:
        links.append(link(request, "self", page_path(request), GEOJSON_TYPE))
        if page.next is not None:
            next_path = page_path(request, token=page.next)
            links.append(link(request, "next", next_path, GEOJSON_TYPE, method="GET"))
    elif page.next is not None:
        told = {**body, "token": page.next}
        links.append(link(request, "next", path, GEOJSON_TYPE, method="POST", body=told))
    features = [item_document(request, one, asked.fields) for one in page.items]
    document = {
        "type": "FeatureCollection",
        "stac_version": "1.1.0",
        "numberReturned": len(features),
        "features": features,
        "links": links,
    }
    if page.next is None and asked.query.token is None:
        document["numberMatched"] = len(features)
    elif asked.query.limit == 1 and asked.query.token is None:
        # Who asks for one item wants to know how many there are (pystac-client's `matched()`).
        count = here.archive.count(asked.query, most=_MOST_COUNTED)
        if count <= _MOST_COUNTED:
            document["numberMatched"] = count
    return answer(request, document, kind=GEOJSON_TYPE)


_LISTS: Final = threading.Lock()


def _collections(
    request: Request, here: Service, readers: tuple[str, ...] | None
) -> list[Collected]:
    """Collections that readers see, as they were a minute ago at most."""
    state = request.app.state
    with _LISTS:
        if not hasattr(state, "stac_collections"):
            state.stac_collections = OrderedDict()
        known: OrderedDict[Any, tuple[float, list[Collected]]] = state.stac_collections
        made = known.get(readers)
    now = time.monotonic()
    if made is not None and now < made[0]:
        return made[1]
    found = here.archive.collections(readers=readers)
    with _LISTS:
        known[readers] = (now + (_COLLECTIONS_S if found else 0.0), found)
        known.move_to_end(readers)
        while len(known) > _MOST_LISTS:
            known.popitem(last=False)
    return found


def _collection(
    request: Request, here: Service, readers: tuple[str, ...] | None, name: str
) -> Collected:
    wanted = unquoted(name)
    for one in _collections(request, here, readers):
        if one.name == wanted:
            return one
    raise ProblemError(404, "not-found", f"there is no collection {wanted}")


_KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "time": {"type": "string", "format": "date-time"},
    "place": {"$ref": "https://geojson.org/schema/Geometry.json"},
}


def _queryables(request: Request, path: str) -> Response:
    body = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": link(request, "self", path)["href"],
        "type": "object",
        "title": "What a filter may ask about",
        "description": "Sort by " + ", ".join(SORTS) + ".",
        "properties": {
            name: {"title": name, **_KINDS[kind]} for name, (_, kind) in PROPERTIES.items()
        },
        "additionalProperties": False,
    }
    return answer(request, body, kind=SchemaJson.media_type)
