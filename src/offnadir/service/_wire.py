"""What many answers share: JSON that is written fast, links, tags of versions, pages."""

from __future__ import annotations

import hashlib
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from fastapi import Request
from fastapi.responses import JSONResponse, Response

from offnadir.errors import MISSING, InputError
from offnadir.service._service import Service

JSON_TYPE: Final = "application/json"
GEOJSON_TYPE: Final = "application/geo+json"
SCHEMA_TYPE: Final = "application/schema+json"
#: Under this the base of links stands in the scope of a request, once it was asked for.
_BASE: Final = "offnadir.base_url"


class GeoJson(JSONResponse):
    """GeoJSON, for documents of routes that answer it."""

    media_type = GEOJSON_TYPE


class Json(JSONResponse):
    """JSON, for documents of routes that answer it."""

    media_type = JSON_TYPE


class SchemaJson(JSONResponse):
    """A JSON Schema, for documents of routes that answer it."""

    media_type = SCHEMA_TYPE


def base_url(request: Request) -> str:
    """Where the public sees the service, without a slash at its end."""
    found: str | None = request.scope.get(_BASE)
    if found is None:
        service: Service = request.app.state.service
        found = (service.settings.url or str(request.base_url)).rstrip("/")
        request.scope[_BASE] = found
    return found


def link(
    request: Request, rel: str, path: str, kind: str = JSON_TYPE, **more: Any
) -> dict[str, Any]:
    """A link to a path of this service, with `more` such as method and body."""
    return {"rel": rel, "href": base_url(request) + path, "type": kind, **more}


def page_path(request: Request, **changed: str | int | None) -> str:
    """The path of this request with parameters of its query changed; None leaves one out."""
    query = dict(request.query_params)
    for key, value in changed.items():
        query.pop(key, None)
        if value is not None:
            query[key] = str(value)
    text = urllib.parse.urlencode(query)
    return request.url.path + (f"?{text}" if text else "")


def check_echo(body: Mapping[str, Any]) -> None:
    """InputError for a body that cannot be written again, as links to next pages do."""
    try:
        orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        wish = "JSON of Unicode text, whole numbers of 64 bits, and at most 250 levels"
        raise InputError("body", MISSING, wish, hint=str(error)) from error


def answer(
    request: Request,
    body: Any,
    *,
    status: int = 200,
    kind: str = JSON_TYPE,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """JSON with an ETag; 304 without a body for who has this version already."""
    content = orjson.dumps(body)
    told = dict(headers or {})
    if request.method in ("GET", "HEAD") and status == 200:
        # weak: packed and not, it says the same by other bytes
        tag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
        told = {"ETag": tag, "Cache-Control": "private, no-cache", **told}
        if _has(request.headers.getlist("if-none-match"), tag):
            return Response(status_code=304, headers={"Vary": "Accept-Encoding", **told})
    return Response(content, status, headers=told, media_type=kind)


def _has(shown: Sequence[str], tag: str) -> bool:
    """Whether one of these headers has the tag, as weak ones are compared (RFC 9110, 8.8.3.2)."""
    tags = [one.strip().removeprefix("W/") for line in shown for one in line.split(",")]
    return tag.removeprefix("W/") in tags or "*" in tags
