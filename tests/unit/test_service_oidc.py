"""Tokens of an OpenID Connect provider: a provider on loopback that publishes its keys."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from loopback import Handler, Loopback
from loopback import loopback as serving
from offnadir.service._oidc import Tokens
from offnadir.service._settings import Oidc
from support.service import Hall

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def published() -> bytes:
    """The provider's keys, as RFC 7517 writes them."""
    key = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
    return json.dumps({"keys": [{**key, "kid": "k1", "use": "sig", "alg": "RS256"}]}).encode()


def provider(loopback: Loopback) -> Callable[[Handler], None]:
    """Answers what a provider answers at its two addresses."""

    def reply(handler: Handler) -> None:
        if handler.path.endswith("openid-configuration"):
            body = json.dumps({"issuer": loopback.url, "jwks_uri": f"{loopback.url}/keys"}).encode()
        else:
            body = published()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


@pytest.fixture
def issuer() -> Any:
    with serving() as loopback:
        loopback.says(provider(loopback))
        yield loopback


def token(issuer: str, key: Any = KEY, algorithm: str = "RS256", **changed: Any) -> str:
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": issuer, "aud": "offnadir", "sub": "kim", "iat": now, "exp": now + 300,
        "scope": "openid orders:read orders:write", **changed,
    }  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "k1"})


def tokens(hall: Hall, issuer: str) -> Tokens:
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    return Tokens(Oidc(issuer=issuer, audience="offnadir"), service.desk)


def test_a_token_names_a_user_and_its_scopes(hall: Hall, issuer: Loopback) -> None:
    """Scopes of ours alone; the provider's keys are fetched once."""
    opener = tokens(hall, issuer.url)
    for _ in range(3):
        caller = opener.open(token(issuer.url))
        assert caller is not None
        assert (caller.name, caller.scopes) == ("kim", {"orders:read", "orders:write"})
    assert [one.path for one in issuer.seen] == ["/.well-known/openid-configuration", "/keys"]


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"nbf": int(time.time()) + 3600},
        {"sub": "nobody-here"},
        {"sub": None},
        {"sub": ["kim"]},
        {"key": OTHER},
    ],
)
def test_a_token_that_is_not_for_us_opens_nothing(
    hall: Hall, issuer: Loopback, changed: dict[str, Any]
) -> None:
    assert tokens(hall, issuer.url).open(token(issuer.url, **changed)) is None


def test_no_signature_and_no_shared_secret_is_believed(hall: Hall, issuer: Loopback) -> None:
    """`alg: none`, and HS256 with the public key as its secret (RFC 8725, 2.1)."""
    opener = tokens(hall, issuer.url)
    good = token(issuer.url)
    payload = good.split(".")[1]
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"k1"}').decode().rstrip("=")
    assert opener.open(f"{none}.{payload}.") is None
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1"}').decode().rstrip("=")
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    seal = hmac.digest(pem, f"{head}.{payload}".encode(), "sha256")
    signed = base64.urlsafe_b64encode(seal).decode().rstrip("=")
    assert opener.open(f"{head}.{payload}.{signed}") is None
    assert opener.open(good[:-4] + "AAAA") is None
    for text in ("", "a", "a.b.c", "\x00", "." * 100_000):
        assert opener.open(text) is None


def test_a_provider_that_does_not_answer_opens_nothing(hall: Hall) -> None:
    """And the next token asks again."""
    with serving() as loopback:
        url = loopback.url
    assert tokens(hall, url).open(token(url)) is None
