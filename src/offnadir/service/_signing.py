"""Links that open one file for a while: an expiry, whose link it is, and a seal over both."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
import urllib.parse
from typing import Final

from offnadir.service._problems import CHALLENGE, ProblemError

_KIND: Final = "offnadir asset 1"
_LATEST: Final = 2**40


def seal(secret: bytes, item: str, key: str, expires: int, by: str) -> str:
    """The seal of a link. Names have no control characters, so that what lies between them is sure."""
    told = "\0".join((_KIND, item, key, str(expires), by)).encode("utf-8", "surrogatepass")
    return hmac.digest(secret, told, hashlib.sha256).hex()


def signed_query(secret: bytes, item: str, key: str, by: str, last_s: float) -> tuple[str, int]:
    """The query of a link that opens from now on for `last_s`, and when it ends (Unix time)."""
    expires = math.floor(time.time() + last_s)
    told = {"expires": expires, "by": by, "signature": seal(secret, item, key, expires, by)}
    return urllib.parse.urlencode(told), expires


def bad_link(words: str) -> ProblemError:
    """The answer to a link that opens nothing; a key would."""
    return ProblemError(401, "bad-link", words, headers=CHALLENGE)


def check_seal(
    secret: bytes, item: str, key: str, expires: str | None, by: str | None, signature: str
) -> str:
    """Whose link it is; ProblemError for one that is over or was altered."""
    at = (
        int(expires)
        if expires and expires.isascii() and expires.isdigit() and len(expires) < 13
        else 0
    )
    wanted = seal(secret, item, key, at, by or "")
    if not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")) or not by:
        raise bad_link("this link was altered, or belongs to another file")
    if time.time() >= min(at, _LATEST):
        raise ProblemError(403, "link-over", "this link is over: ask for a new one")
    return by
