"""Items and collections of the archive as STAC over HTTP shows them: with links of this service, no paths."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import Request

from offnadir.catalog import ArchivedItem
from offnadir.catalog._archive import Collected
from offnadir.catalog._tables import PICTURES
from offnadir.service._stac_read import Fields
from offnadir.service._wire import GEOJSON_TYPE, JSON_TYPE, base_url, link

_PLAIN: Final = re.compile("[A-Za-z0-9_.~-]*")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_STRUCTURE: Final = ("self", "root", "parent", "collection", "items", "item", "child", "data")
#: What is told whatever is wanted, and what is told where nothing is named: without it an item is none.
_ALWAYS: Final = ("type", "stac_version", "id", "collection")
_LEAST: Final = (
    "links", "assets", "geometry", "bbox", "properties.datetime", "properties.start_datetime",
    "properties.end_datetime",
)  # fmt: skip


def quoted(name: str) -> str:
    """A name as a part of a path; a slash in it stays one (see `unquoted`)."""
    if _PLAIN.fullmatch(name):
        return name
    return urllib.parse.quote(name.replace("/", "%2F"), safe="")


def unquoted(name: str) -> str:
    """A name of a part of a path, as the framework gives it."""
    return name.replace("%2F", "/")


def is_url(href: object) -> bool:
    """Whether an href leads elsewhere, not to a file of the archive."""
    told = isinstance(href, str) and _URL.match(href) is not None
    return told and not str(href).lower().startswith("file:")


def item_document(
    request: Request, found: ArchivedItem, fields: Fields | None = None
) -> dict[str, Any]:
    """An item with links to this service in the place of files."""
    told, base = orjson.loads(found.document), base_url(request)
    collection = str(told.get("collection") or PICTURES)
    home, name = f"{base}/stac/collections/{quoted(collection)}", quoted(told["id"])
    kept = [
        one for one in told.get("links") or ()
        if isinstance(one, Mapping) and one.get("rel") not in _STRUCTURE and is_url(one.get("href"))
    ]  # fmt: skip
    told["collection"] = collection
    told["links"] = [
        {"rel": "self", "href": f"{home}/items/{name}", "type": GEOJSON_TYPE},
        {"rel": "root", "href": f"{base}/stac", "type": JSON_TYPE},
        {"rel": "parent", "href": home, "type": JSON_TYPE},
        {"rel": "collection", "href": home, "type": JSON_TYPE},
        *kept,
    ]
    told["assets"] = {
        key: _asset(asset, f"{base}/assets/{name}/{quoted(key)}")
        for key, asset in told["assets"].items()
    }
    return told if fields is None else _chosen(told, fields)


def _asset(asset: Any, href: str) -> Any:
    if not isinstance(asset, Mapping) or is_url(asset.get("href")):
        return asset
    return {**asset, "href": href}


def _chosen(told: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """Members that are wanted, those of objects one by one.

    As the Fields extension 1.0 has it: what is named more closely counts, and of a name in both the wish.
    """
    made: dict[str, Any] = {}
    named = fields.include or ()
    for name in (*_ALWAYS, *(told if fields.include is None else named or _LEAST)):
        _copy(told, made, name.split("."))
    for name in sorted(fields.exclude, key=lambda one: one.count(".")):
        if name in _ALWAYS or name in named:
            continue
        _drop(made, name.split("."))
        for closer in named:
            if closer.startswith(f"{name}."):
                _copy(told, made, closer.split("."))
    return made


def _copy(source: Mapping[str, Any], target: dict[str, Any], path: list[str]) -> None:
    name, *rest = path
    if name not in source:
        return
    if not rest or not isinstance(source[name], Mapping):
        target[name] = dict(source[name]) if isinstance(source[name], Mapping) else source[name]
        return
    inner = target.setdefault(name, {})
    if isinstance(inner, dict):
        _copy(source[name], inner, rest)


def _drop(target: dict[str, Any], path: list[str]) -> None:
    name, *rest = path
    if not rest:
        target.pop(name, None)
    elif isinstance(target.get(name), Mapping):
        target[name] = dict(target[name])
        _drop(target[name], rest)


def collection_document(request: Request, one: Collected) -> dict[str, Any]:
    """A collection with what it reaches over and the ways into it."""
    home = f"/stac/collections/{quoted(one.name)}"
    bounds = (-180.0, -90.0, 180.0, 90.0) if one.bounds_deg is None else one.bounds_deg
    own = one.name == PICTURES
    title = "Pictures" if own else one.name
    told: dict[str, Any] = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": one.name,
        "title": title,
        "description": "Pictures that name no other collection." if own else f"Items of {one.name}.",
        "license": "other",
        "extent": {
            "spatial": {"bbox": [list(bounds)]},
            "temporal": {"interval": [[one.start.utc(3), one.stop.utc(3)]]},
        },
        "links": [
            link(request, "self", home, title=title),
            link(request, "root", "/stac", title="The archive"),
            link(request, "parent", "/stac", title="The archive"),
            link(request, "items", f"{home}/items", GEOJSON_TYPE, title="Its items"),
            link(request, QUERYABLES_REL, f"{home}/queryables", "application/schema+json",
                 title="What a filter may ask about"),
        ],
    }  # fmt: skip
    if one.gsd_m is not None:
        finest, coarsest = one.gsd_m
        told["summaries"] = {"gsd": {"minimum": finest, "maximum": coarsest}}
    return told


QUERYABLES_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
