"""A delivered file: fetched in pieces, verified, and there whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from offnadir.client._errors import ServiceError
from offnadir.errors import FileError

if TYPE_CHECKING:
    import httpx

#: SHA-256 in the multihash of STAC's `file:checksum`.
_SHA256: Final = "1220"


def save(http: httpx.Client, asset: Mapping[str, Any], folder: Path) -> Path:
    """Fetch an asset into a folder; FileError if what arrives is not what was promised."""
    name = PurePosixPath(unquote(urlsplit(str(asset["href"])).path)).name
    if name in ("", ".", ".."):
        raise FileError(folder, f"the asset {asset['href']} has no name for a file")
    target = folder / name
    wanted = str(asset.get("file:checksum", "")).removeprefix(_SHA256)
    if target.exists() and wanted and _digest(target) == wanted:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{name}.part")
    digest = hashlib.sha256()
    try:
        with _opened(http, str(asset["href"])) as answer:
            if not answer.is_success:
                answer.read()
                problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
                raise ServiceError(answer.status_code, problem)
            with part.open("wb") as stream:
                for piece in answer.iter_bytes():
                    digest.update(piece)
                    stream.write(piece)
        if wanted and digest.hexdigest() != wanted:
            raise FileError(target, f"SHA-256 is {digest.hexdigest()}, {wanted} was promised")
        part.replace(target)
    except OSError as error:
        raise FileError(target, f"cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _opened(http: httpx.Client, href: str) -> AbstractContextManager[httpx.Response]:
    """The file's answer; a key goes to our own service only."""
    asked, ours = urlsplit(href), urlsplit(str(http.base_url))
    if asked.netloc == "" or (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc):
        return http.stream("GET", href)
    from httpx import stream

    return stream("GET", href, timeout=http.timeout)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
