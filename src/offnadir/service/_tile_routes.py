"""Tiles and previews of pictures over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Final, Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from offnadir.errors import FileError
from offnadir.service._assets import Key, Name, ReadsFile, files_of, visible
from offnadir.service._callers import Caller, Here
from offnadir.service._files import Known
from offnadir.service._problems import ProblemError
from offnadir.service._service import Service
from offnadir.service._stac_write import quoted, unquoted
from offnadir.service._wire import Json, answer, base_url

router = APIRouter(tags=["Files"], default_response_class=Json)
#: Pictures that one process draws at once: each takes some tens of megabytes.
_AT_ONCE: Final = 4
_KEPT: Final = {"Cache-Control": "private, max-age=3600"}

Zoom = Annotated[int, Path(ge=0, le=24)]
Step = Annotated[int, Path(ge=0, lt=2**24)]
Kind = Literal["png", "webp"]


@router.get("/tiles/{item}/{key}/tilejson.json", summary="Where a picture has tiles")
async def tilejson(
    request: Request, here: Here, caller: ReadsFile, item: Name, key: Key
) -> Response:
    """TileJSON 3.0.0; a signed link's tiles are signed too."""
    facts = await _drawn(request, partial(_facts, request, here, caller, item, key))
    if facts is None:
        raise _not_on_map(item, key)
    name, asset = unquoted(item), unquoted(key)
    query = f"?{request.url.query}" if "signature" in request.query_params else ""
    tiles = f"{base_url(request)}/tiles/{quoted(name)}/{quoted(asset)}/{{z}}/{{x}}/{{y}}.png{query}"
    told = {
        "tilejson": "3.0.0",
        "name": f"{name} {asset}",
        "scheme": "xyz",
        "tiles": [tiles],
        **facts,
    }
    return answer(request, told)


@router.get(
    "/tiles/{item}/{key}/{z}/{x}/{y}.{kind}",
    summary="A tile of Web Mercator",
    response_class=Response,
    responses={200: {"description": "It.", "content": {"image/png": {}, "image/webp": {}}}},
)
async def tile(
    request: Request, here: Here, caller: ReadsFile, item: Name, key: Key, z: Zoom, x: Step, y: Step,
    kind: Kind,
) -> Response:  # fmt: skip
    """256 pixels square, as PNG or WebP; 404 where the picture has none."""

    def draw() -> bytes | None:
        known = _known(request, here, caller, item, key)
        drawn: bytes | None = _tiler(request).tile(known.path, known.stamp, z, x, y, kind)
        if drawn is not None:
            _note(request, here, caller, item, key)
        return drawn

    made = await _drawn(request, draw)
    if made is None:
        raise ProblemError(404, "not-found", f"there is no tile {z}/{x}/{y} of this picture")
    return _image(made, f"image/{kind}")


@router.get(
    "/previews/{item}/{key}.png",
    summary="A small copy of a picture",
    response_class=Response,
    responses={200: {"description": "It.", "content": {"image/png": {}}}},
)
async def preview(
    request: Request, here: Here, caller: ReadsFile, item: Name, key: Key,
    size: Annotated[int, Query(ge=16, le=2048, description="Of the longer side, in pixels")] = 512,
) -> Response:  # fmt: skip
    """The whole picture as PNG."""

    def draw() -> bytes:
        known = _known(request, here, caller, item, key)
        made: bytes = _tiler(request).preview(known.path, known.stamp, size)
        _note(request, here, caller, item, key)
        return made

    return _image(await _drawn(request, draw), "image/png")


def _known(request: Request, here: Service, caller: Caller, item: str, key: str) -> Known:
    found = visible(here, caller, item)
    stream, known = files_of(request).verified.open(found, unquoted(key))
    stream.close()
    return known


def _note(request: Request, here: Service, caller: Caller, item: str, key: str) -> None:
    """Tiles show a picture as sharp as its file: who looked stands in the audit log, too."""
    files_of(request).note(here, caller, unquoted(item), unquoted(key), "view")


def _facts(request: Request, here: Service, caller: Caller, item: str, key: str) -> Any:
    from offnadir.service._tiles import tile_facts

    return tile_facts(_known(request, here, caller, item, key).path)


def _tiler(request: Request) -> Any:
    """Made at the first picture: rio-tiler takes a second to import."""
    from offnadir.service._tiles import Tiler

    state = request.app.state
    if not hasattr(state, "tiler"):
        state.tiler = Tiler()
    return state.tiler


async def _drawn(request: Request, draw: Callable[[], Any]) -> Any:
    """What comes of drawing in a thread, when it is this one's turn."""
    state = request.app.state
    if not hasattr(state, "drawing"):
        state.drawing = anyio.CapacityLimiter(_AT_ONCE)
    try:
        return await anyio.to_thread.run_sync(draw, limiter=state.drawing)
    except FileError as error:
        raise ProblemError(415, "no-picture", "this file cannot be drawn as a picture") from error


def _not_on_map(item: str, key: str) -> ProblemError:
    words = f"asset {unquoted(key)} of item {unquoted(item)} is not on a map: it has a preview only"
    return ProblemError(404, "not-found", words[:400])


def _image(content: bytes, kind: str) -> Response:
    return Response(content, headers=_KEPT, media_type=kind)
