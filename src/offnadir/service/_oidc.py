"""Tokens of an organisation's OpenID Connect provider: checked against its published keys."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import jwt

from offnadir.service._callers import Caller
from offnadir.service._settings import Oidc
from offnadir.tasking._keys import SCOPES

if TYPE_CHECKING:
    from offnadir.tasking import Desk

_LOG: Final = logging.getLogger("offnadir.service")
#: Public keys only: a shared secret would let whoever can check a token make one too.
_ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "EdDSA",
)
_TIMEOUT_S: Final = 5.0
_KEYS_LAST_S: Final = 3600
_LEEWAY_S: Final = 30


class Tokens:
    """Opens tokens of one provider; its keys are fetched when the first token comes, and kept an hour."""

    def __init__(self, oidc: Oidc, desk: Desk) -> None:
        self._oidc, self._desk = oidc, desk
        self._keys: jwt.PyJWKClient | None = None

    def open(self, shown: str) -> Caller | None:
        """The user whom a token names, if it is whole, of that issuer, for us, not over, and he is known."""
        try:
            key = self._jwks().get_signing_key_from_jwt(shown)
            claims = jwt.decode(
                shown,
                key.key,
                algorithms=list(_ALGORITHMS),
                issuer=self._oidc.issuer,
                audience=self._oidc.audience,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.PyJWTError, httpx.HTTPError, ValueError) as error:
            _LOG.warning("token refused: %s", type(error).__name__)
            return None
        name = claims.get(self._oidc.user_claim)
        user = self._desk.find_user(name) if isinstance(name, str) else None
        if user is None:
            return None
        return Caller(user=user, scopes=_scopes(claims), shown="token")

    def _jwks(self) -> jwt.PyJWKClient:
        if self._keys is None:
            where = self._oidc.jwks_url or self._discover()
            self._keys = jwt.PyJWKClient(
                where, cache_keys=True, lifespan=_KEYS_LAST_S, timeout=_TIMEOUT_S
            )
        return self._keys

    def _discover(self) -> str:
        """Where the provider says that its keys are; with the same host, or on https."""
        issuer = self._oidc.issuer.rstrip("/")
        response = httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=_TIMEOUT_S)
        response.raise_for_status()
        found = json.loads(response.content)
        where = found.get("jwks_uri") if isinstance(found, dict) else None
        same = isinstance(where, str) and urlsplit(where).netloc == urlsplit(issuer).netloc
        if not isinstance(where, str) or not (same or where.startswith("https://")):
            raise ValueError("jwks_uri is no https URL")
        if found.get("issuer", "").rstrip("/") != issuer:
            raise ValueError("the provider calls itself otherwise")
        return where


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    """Scopes of ours in the token; none, if it names none."""
    told = claims.get("scope", claims.get("scp", ""))
    names = told.split() if isinstance(told, str) else told if isinstance(told, list) else []
    return frozenset(name for name in names if name in SCOPES)
