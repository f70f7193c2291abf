"""Files of items: downloads by key or by a signed link, each noted in the audit log."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials

from offnadir.catalog import ArchivedItem
from offnadir.errors import InputError
from offnadir.service._callers import BEARER, LINK, Caller, Here, ReadsArchive, find_caller
from offnadir.service._files import FileAnswer, Verified, content_type, disposition
from offnadir.service._problems import ProblemError
from offnadir.service._service import Service
from offnadir.service._signing import bad_link, check_seal, signed_query
from offnadir.service._stac import readers_of
from offnadir.service._stac_write import quoted, unquoted
from offnadir.service._wire import Json, answer, base_url
from offnadir.tasking._audit import turn

router = APIRouter(tags=["Files"], default_response_class=Json)
_SCOPE: Final = "archive:read"
_HOUR_S: Final = 3600
_MOST_NOTED: Final = 50_000

Name = Annotated[str, Path(max_length=2048, description="The item's id.")]
Key = Annotated[str, Path(max_length=2048, description="The asset's key.")]


def _who(
    request: Request,
    item: Name,
    key: Key,
    shown: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    expires: Annotated[str | None, Query(description="Of a signed link: Unix time")] = None,
    by: Annotated[str | None, Query(description="Of a signed link: whose it is")] = None,
    signature: Annotated[str | None, Query(description="Of a signed link")] = None,
) -> Caller:
    """Who reads a file: the one whose key is shown, or whose link it is and who may still see it."""
    if signature is None:
        return find_caller(request, shown, _SCOPE)
    service: Service = request.app.state.service
    secret = service.settings.secret
    name = check_seal(secret, unquoted(item), unquoted(key), expires, by, signature)
    user = service.desk.find_user(name)
    if user is None:
        raise bad_link("whose link this was is no user any more")
    caller = Caller(user=user, scopes=frozenset((_SCOPE,)), shown=LINK)
    request.scope["offnadir.caller"] = caller
    return caller


ReadsFile = Annotated[Caller, Depends(_who)]


def visible(here: Service, caller: Caller, name: str) -> ArchivedItem:
    """The item, if the caller may see it; 404 for one that is not there as for one that is not his."""
    try:
        return here.archive.get(unquoted(name), readers=readers_of(here, caller))
    except InputError as error:
        words = f"there is no item {unquoted(name)[:200]}"
        raise ProblemError(404, "not-found", words) from error


class Files:
    """What one process knows of files: those that it verified, and the downloads that it noted."""

    def __init__(self) -> None:
        self.verified = Verified()
        self._noted: OrderedDict[tuple[str, str, str, str, int], None] = OrderedDict()
        self._lock = threading.Lock()

    def note(
        self, here: Service, caller: Caller, item: str, key: str, action: str = "download"
    ) -> None:
        """A download or view into the audit log, before its first byte goes; once an hour for each file."""
        mark = (caller.name, item, key, action, int(time.time() // _HOUR_S))
        with self._lock:
            if mark in self._noted:
                return
        desk = here.desk
        body = {"asset": key, "shown": caller.shown}
        with turn(here.database) as connection:
            desk.audit.append(
                connection, at=desk.clock(), by=caller.name, action=action, subject=item, body=body
            )  # fmt: skip
        with self._lock:
            self._noted[mark] = None
            while len(self._noted) > _MOST_NOTED:
                self._noted.popitem(last=False)


def files_of(request: Request) -> Files:
    """What this process knows of files."""
    state = request.app.state
    if not hasattr(state, "files"):
        state.files = Files()
    found: Files = state.files
    return found


@router.get(
    "/assets/{item}/{key}",
    summary="Download a file",
    response_class=Response,
    responses={
        200: {"description": "The file.", "content": {"*/*": {}}},
        206: {"description": "One range of it.", "content": {"*/*": {}}},
    },
)
def download(request: Request, here: Here, caller: ReadsFile, item: Name, key: Key) -> Response:
    """A file of an item, verified against its checksum; ranges are honoured."""
    found = visible(here, caller, item)
    stream, known = files_of(request).verified.open(found, unquoted(key))
    try:
        tag = f'"{known.checksum[:72]}"'
        headers = {
            "ETag": tag,
            "Cache-Control": "private, no-cache",
            "Content-Disposition": disposition(known.path),
        }
        if request.headers.get("if-none-match") == tag:
            stream.close()
            return Response(status_code=304, headers=headers)
        asked = request.headers.get("range")
        if request.headers.get("if-range", tag) != tag:
            asked = None
        kind = content_type(found.item["assets"][unquoted(key)])
        made = FileAnswer(stream, known.size, asked, headers, kind)
        if request.method == "GET":
            files_of(request).note(here, caller, found.id, unquoted(key))
    except BaseException:
        stream.close()
        raise
    return made


router.add_api_route(
    "/assets/{item}/{key}", download, methods=["HEAD"], include_in_schema=False, response_class=Response
)  # fmt: skip


@router.post("/assets/{item}/{key}/link", summary="A link that opens a file for a while")
def make_link(request: Request, here: Here, caller: ReadsArchive, item: Name, key: Key) -> Response:
    """A signed link for somebody without a key, such as a browser; it ends with what its maker may see."""
    found = visible(here, caller, item)
    asset = unquoted(key)
    if asset not in found.item["assets"]:
        raise ProblemError(404, "not-found", f"item {found.id} has no asset {asset}")
    settings = here.settings
    query, expires = signed_query(
        settings.secret, found.id, asset, caller.name, settings.links_last_s
    )
    href = f"{base_url(request)}/assets/{quoted(found.id)}/{quoted(asset)}?{query}"
    headers = {"Cache-Control": "no-store"}
    return answer(request, {"href": href, "expires": expires}, headers=headers)
