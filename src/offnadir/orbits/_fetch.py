"""One file over HTTP, fetched so that a bad network or server costs time, never data.

The only file that imports `urllib3`: it needs nothing else, checks that a body is as long as was said,
and leaves redirects, retries and decompression to us, where politeness has its rules.
"""

from __future__ import annotations

import functools
import gzip
import io
import os
import random
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

from offnadir import __version__
from offnadir.errors import InputError
from offnadir.orbits._fetch_part import (
    Again,
    Answer,
    FetchError,
    begin,
    check_range,
    discard,
    resumable,
    too_much,
    unpack,
)

if TYPE_CHECKING:
    import urllib3

Progress = Callable[[int, int], None]

USER_AGENT = f"offnadir/{__version__}"
_CHUNK = 1 << 16
_TEXT_BYTES = 4096  # as much as is read of an answer that is not the file
_MOST_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to wait, how much to take, how often to try."""

    connect_s: float = 10.0
    silence_s: float = 30.0  # between two pieces of an answer
    total_s: float = 900.0
    most_bytes: int = 256 << 20  # the whole catalogue as JSON has 0.05 GB, unpacked
    tries: int = 4
    pause_s: float = 1.0  # before the second try; three times as long before each further one
    longest_pause_s: float = 60.0


class Client:
    """Requests to one service: its manners (`retry`, `redirects`) and, after a login, its cookie."""

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        retry: tuple[int, ...] = (500, 502, 503, 504),
        redirects: bool = True,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limits = limits or Limits()
        self.retry = retry
        self.redirects = redirects
        self.sleep = sleep
        self._cookies: dict[str, str] = {}  # by host: a cookie goes back where it came from
        self._pools: dict[str, urllib3.PoolManager] = {}

    def download(
        self,
        url: str,
        part: Path,
        *,
        etag: str = "",
        last_modified: str = "",
        progress: Progress | None = None,
    ) -> Answer:
        """Fetch `url` by way of the file `part`, which is continued if it is the beginning of it.

        With `etag` or `last_modified` of an earlier answer the server may say 304 instead. Raises
        FetchError if no usable answer came; `part` then stays only if it can be continued.
        """
        conditions = {"If-None-Match": etag} if etag else {}
        if last_modified:
            conditions["If-Modified-Since"] = last_modified
        stop = time.monotonic() + self.limits.total_s
        pause_s = self.limits.pause_s
        for attempt in range(1, self.limits.tries + 1):
            try:
                return self._once(url, part, conditions, stop, progress or (lambda *_: None))
            except Again as trouble:
                wait_s = max(trouble.wait_s, pause_s * random.uniform(0.7, 1.3))  # noqa: S311
                late = time.monotonic() + wait_s > stop or wait_s > self.limits.longest_pause_s
                if attempt == self.limits.tries or late:
                    text = f"{trouble} ({attempt} tries)" if attempt > 1 else str(trouble)
                    raise FetchError(text, answered=trouble.answered) from trouble
                self.sleep(wait_s)
                pause_s *= 3
        raise AssertionError("unreachable")

    def post_form(self, url: str, form: Mapping[str, str]) -> Answer:
        """Send a form and keep the cookie of the answer. The form appears in no message."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        with self._request("POST", url, headers, urlencode(form)) as response:
            text = _beginning(response, self.limits)
            given = [line.partition(";")[0] for line in response.headers.getlist("Set-Cookie")]
            if given:
                self._cookies[_origin(url)] = "; ".join(given)
            return Answer(status=response.status, text=text)

    def get_text(self, url: str) -> Answer:
        """The beginning of a short answer."""
        with self._request("GET", url, {}) as response:
            return Answer(status=response.status, text=_beginning(response, self.limits))

    def _once(
        self, url: str, part: Path, conditions: Mapping[str, str], stop: float, progress: Progress
    ) -> Answer:
        state = resumable(part, url)
        headers = {"Accept-Encoding": "gzip"}
        offset = 0
        if state:
            offset = part.stat().st_size
            headers |= {"Range": f"bytes={offset}-", "If-Range": state["validator"]}
        else:
            headers |= conditions
        with self._get(url, headers) as response:
            if response.status == 206 and state:
                check_range(response, offset, part)
            elif response.status == 416 and state:
                discard(part)
                raise Again("the server cannot continue the download")
            elif response.status != 200:
                return self._refusal(response)
            else:
                offset = 0
                state = begin(part, url, response)
            self._receive(response, part, offset, bool(state["validator"]), stop, progress)
            answer = Answer(
                status=200,
                etag=response.headers.get("ETag", ""),
                last_modified=response.headers.get("Last-Modified", ""),
                bytes=part.stat().st_size,
            )
        return unpack(part, state["encoding"], self.limits.most_bytes, answer)

    def _refusal(self, response: urllib3.BaseHTTPResponse) -> Answer:
        """An answer that is not the file."""
        text = _beginning(response, self.limits)
        status = response.status
        if target := response.get_redirect_location():
            text = f"moved to {target}"
        if status in self.retry:
            after = response.headers.get("Retry-After", "")
            wait_s = float(after) if after.isascii() and after.isdigit() else 0.0
            raise Again(_said(status, text), answered=True, wait_s=wait_s)
        return Answer(status=status, text=text)

    def _receive(
        self,
        response: urllib3.BaseHTTPResponse,
        part: Path,
        offset: int,
        keep: bool,
        stop: float,
        progress: Progress,
    ) -> None:
        """Append the body to `part`; leave it there only if it is whole or can be continued."""
        total = offset + (response.length_remaining or 0)
        done = offset
        if total > self.limits.most_bytes:
            discard(part)
            raise FetchError(too_much(self.limits.most_bytes), answered=True)
        try:
            with part.open("r+b") as file:
                file.seek(offset)
                file.truncate()
                while data := _piece(response, self.limits):
                    done += len(data)
                    if done > self.limits.most_bytes:
                        keep = False
                        raise FetchError(too_much(self.limits.most_bytes), answered=True)
                    file.write(data)
                    progress(done, total)
                    if time.monotonic() > stop:
                        raise FetchError(
                            f"the download took longer than {self.limits.total_s:.0f} s"
                            f" and stands at {done} bytes"
                        )
                file.flush()
                os.fsync(file.fileno())
                keep = True
        finally:
            if not keep:
                discard(part)

    @contextmanager
    def _get(self, url: str, headers: Mapping[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
        """A GET that follows redirects, if this service may redirect at all."""
        seen = {url}
        while True:
            with self._request("GET", url, headers) as response:
                target = response.get_redirect_location()
                if not target or not self.redirects:
                    yield response
                    return
            target = _redirected(url, target)
            if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
                raise FetchError(f"{_origin(url)} redirects to {target}, which is not https")
            if target in seen or len(seen) > _MOST_REDIRECTS:
                raise FetchError(f"{_origin(url)} redirects round in circles", answered=True)
            seen.add(target)
            url = target

    @contextmanager
    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None = None
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """One request and its answer, with all that may break told in words."""
        import urllib3

        host = _origin(url)
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": "application/json, */*;q=0.5",
            "Connection": "close",
            **headers,
        }
        if host in self._cookies:
            headers["Cookie"] = self._cookies[host]
        timeout = urllib3.Timeout(connect=self.limits.connect_s, read=self.limits.silence_s)
        pool = self._pool(url)
        with _network_trouble(host, self.limits):
            request = functools.partial(
                pool.request,
                method,
                url,
                headers=headers,
                body=body,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            response = _in_time(request, host, self.limits.total_s)
        try:
            with _network_trouble(host, self.limits):
                yield response
        finally:
            response.close()
            pool.clear()  # a connection that is used again may have been closed at the other end

    def _pool(self, url: str) -> urllib3.PoolManager:
        """Connections, by way of the proxy that the environment names for this host."""
        import urllib.request

        import urllib3

        parts = urlsplit(url)
        proxy = ""
        if not urllib.request.proxy_bypass(parts.hostname or ""):
            proxy = urllib.request.getproxies().get(parts.scheme, "")
        if proxy not in self._pools:
            self._pools[proxy] = urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
        return self._pools[proxy]


def check_url(url: str, field: str) -> str:
    """The URL, if it is one of http or https without a password in it."""
    try:
        parts = urlsplit(url)
    except ValueError as error:  # half an address of IPv6, say
        raise InputError(field, url, "a URL that begins with https:// or http://") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(field, url, "a URL that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        hidden = url.replace(parts.netloc.rpartition("@")[0], "***", 1)
        hint = "URLs are written to the store's log"
        raise InputError(field, hidden, "a URL without user and password", hint=hint)
    return url


def _redirected(url: str, target: str) -> str:
    """Where a redirect leads, if that is an address of the web at all."""
    try:
        joined = urljoin(url, target)
        parts = urlsplit(joined)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # half an address of IPv6, say
        good = False
    if not good:
        text = f"{_origin(url)} redirects to {one_line(target)!r}, which is no address of the web"
        raise FetchError(text, answered=True)
    return joined


def _in_time(call: Callable[[], urllib3.BaseHTTPResponse], host: str, limit_s: float) -> Any:
    """What the call gives; FetchError if it does not end: headers may drip in without end, too."""
    box: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            box.append((True, call()))
        except Exception as error:  # noqa: BLE001 - raised again below
            box.append((False, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit_s)
    if not box:
        raise FetchError(f"{host} did not begin its answer within {limit_s:.0f} s", answered=True)
    good, result = box[0]
    if not good:
        raise result
    return result


def _piece(response: urllib3.BaseHTTPResponse, limits: Limits) -> bytes:
    """The next bytes of the body, as soon as there are any; a drip cannot hold us up."""
    import urllib3

    try:
        return response.read1(_CHUNK, decode_content=False)
    except urllib3.exceptions.ReadTimeoutError as error:
        text = f"the server fell silent for {limits.silence_s:.0f} s in the middle of the answer"
        raise Again(text) from error
    except urllib3.exceptions.ProtocolError as error:
        raise Again("the connection broke in the middle of the answer") from error


def _beginning(response: urllib3.BaseHTTPResponse, limits: Limits) -> str:
    """The first lines of an answer as text, whatever it is, and however slowly it comes."""
    import urllib3

    data = b""
    stop = time.monotonic() + limits.silence_s
    with suppress(urllib3.exceptions.HTTPError, FetchError):
        while (
            len(data) < _TEXT_BYTES
            and time.monotonic() < stop
            and (piece := response.read1(_TEXT_BYTES, decode_content=False))
        ):
            data += piece
    if response.headers.get("Content-Encoding", "").lower() == "gzip":
        with suppress(OSError, EOFError, zlib.error):
            data = gzip.GzipFile(fileobj=io.BytesIO(data)).read(_TEXT_BYTES)
    return data[:_TEXT_BYTES].decode("utf-8", "replace").strip()


@contextmanager
def _network_trouble(host: str, limits: Limits) -> Iterator[None]:
    """What urllib3 raises, as FetchError in words for a user."""
    import urllib3

    errors = urllib3.exceptions
    try:
        yield
    except errors.NameResolutionError as error:
        raise FetchError(f"the name of {host} cannot be resolved; is there a network?") from error
    except errors.NewConnectionError as error:
        raise FetchError(f"no connection to {host} ({_cause(error)})") from error
    except errors.ConnectTimeoutError as error:
        text = f"{host} does not answer within {limits.connect_s:.0f} s"
        raise FetchError(text) from error
    except errors.ProxyError as error:
        raise FetchError(f"no connection to {host} through the proxy ({_cause(error)})") from error
    except errors.SSLError as error:
        raise FetchError(f"{host} cannot prove who it is ({_cause(error)})") from error
    except errors.ReadTimeoutError as error:
        raise Again(f"{host} sent nothing for {limits.silence_s:.0f} s") from error
    except errors.ProtocolError as error:
        raise Again(f"{host} broke the connection off") from error
    except (errors.HTTPError, ValueError) as error:
        raise FetchError(f"{host} gave an answer that is no HTTP ({error})") from error


def _cause(error: BaseException) -> str:
    """The innermost reason, without the names of objects in memory."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return (
        (error.strerror if isinstance(error, OSError) else "") or str(error) or type(error).__name__
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2].lower()


def _said(status: int, text: str) -> str:
    return f"the server answered {status}" + (f": {one_line(text)}" if text else "")


def one_line(text: str) -> str:
    """The beginning of an answer, without tags and line ends, fit for a message."""
    plain = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in plain)
    return plain if len(plain) <= 200 else plain[:197] + "..."
