"""Who may come in, how much, and what is told to whom: the service at its door."""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from offnadir.errors import InputError
from offnadir.service import Settings, _callers, create_app, read_settings
from offnadir.service._limits import Buckets
from offnadir.service._observing import JsonLines
from sample_items import stac
from support.service import SECRET, WISH, Hall

#: Routes that anybody may ask without a key.
OPEN = {
    "/", "/conformance", "/health", "/health/live", "/metrics", "/products", "/products/{product_id}",
    "/products/{product_id}/conformance", "/products/{product_id}/queryables",
    "/products/{product_id}/order-parameters",
}  # fmt: skip


def routes(hall: Hall) -> list[tuple[str, str]]:
    """Every route of the service with each of its methods."""
    paths = hall.client.app.openapi()["paths"]  # type: ignore[attr-defined]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def filled(path: str, **names: str) -> str:
    """A path with something for each of its names."""
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: names.get(found[1], "nothing"), path)


def test_nobody_gets_in_without_a_key(hall: Hall) -> None:
    """Each route but the open ones answers 401 with a challenge, whatever is shown instead of a key."""
    asked = [one for one in routes(hall) if one[1] not in OPEN]
    assert len(asked) > 15
    for method, path in asked:
        for shown in ({}, {"Authorization": "Bearer ofn_x"}, {"Authorization": "Basic eDp5"}):
            answer = hall.client.request(method, filled(path, product_id="any"), headers=shown)
            assert answer.status_code == 401, (method, path, answer.text)
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_key_opens_what_its_scopes_say(hall: Hall) -> None:
    """A key of everybody's roles but with one scope: the others' routes answer 403 with that scope's name."""
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    text = service.desk.add_key("boss", by="boss", scopes=["orders:read"])[1]
    headers = {"Authorization": f"Bearer {text}"}
    assert hall.client.get("/orders", headers=headers).status_code == 200
    for method, path in (
        ("POST", "/products/any/orders"), ("GET", "/users"), ("GET", "/audit"), ("GET", "/holds"),
    ):  # fmt: skip
        answer = hall.client.request(method, path, headers=headers, json=WISH)
        assert answer.status_code == 403, (method, path, answer.text)
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_another_customers_order_is_not_there(hall: Hall) -> None:
    """The same answer as for an order that never was, by every way that leads to one."""
    order = hall.place("kim")
    nothing = "o01ksxn9400p2a2gqy2jsvb"
    assert order != nothing
    for method, path in routes(hall):
        if "{order_id}" not in path:
            continue
        body = {"why": ""} if path.endswith("cancel") else {} if method == "PATCH" else None
        seen = hall.ask("lee", method, filled(path, order_id=order), json=body)
        never = hall.ask("lee", method, filled(path, order_id=nothing), json=body)
        assert (seen.status_code, never.status_code) == (404, 404), (method, path, seen.text)
        hide = lambda text, name: re.sub(r'"request_id":"\w+"', "", text).replace(name, "ID")  # noqa: E731
        assert hide(seen.text, order) == hide(never.text, nothing)
    assert hall.get("lee", "/orders").json()["features"] == []
    assert len(hall.get("kim", "/orders").json()["features"]) == 1


def test_a_revoked_key_opens_nothing(hall: Hall) -> None:
    """At once in the process that was told; one that is over neither."""
    made = hall.post("boss", "/keys", {"user": "kim", "label": "script"}).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    assert hall.client.get("/me", headers=headers).json()["name"] == "kim"
    assert hall.ask("boss", "DELETE", f"/keys/{made['id']}").json()["revoked"]
    assert hall.client.get("/me", headers=headers).status_code == 401
    listed = hall.get("boss", "/keys").text
    assert made["key"] not in listed
    ends = {"user": "kim", "ends": "2020-01-01T00:00:00Z"}
    assert hall.post("boss", "/keys", ends).status_code == 422


def test_a_key_is_kept_as_a_hash(hall: Hall) -> None:
    """Neither the text nor its secret stands anywhere in the database's files; what does is Argon2id."""
    secret = hall.keys["kim"].split("_", 2)[2]
    for path in hall.path.parent.glob("offnadir.sqlite*"):
        assert secret.encode() not in path.read_bytes()
    assert b"$argon2id$" in (hall.path.parent / "offnadir.sqlite").read_bytes()


def test_no_key_and_no_query_comes_into_a_log(hall: Hall, caplog: pytest.LogCaptureFixture) -> None:
    """Access lines are JSON with who and what; the audit log has the key's id alone."""
    with caplog.at_level(logging.INFO, "offnadir.service.access"):
        hall.get("kim", "/orders?next=whatever-secret")
        hall.post("boss", "/keys", {"user": "kim"})
    lines = [JsonLines().format(one) for one in caplog.records if one.name.endswith("access")]
    assert [json.loads(one)["user"] for one in lines] == ["kim", "boss"]
    whole = "\n".join(lines) + hall.get("anna", "/audit?limit=1000").text
    assert "ofn_" not in whole
    assert "whatever-secret" not in whole


def test_a_large_or_slow_body_is_refused(hall: Hall) -> None:
    """413 told by its length or found on the way; a body that never ends is given up."""
    headers = {**hall.as_("kim"), "Content-Type": "application/json"}
    large = hall.client.post("/products/any/orders", headers=headers, content=b"x" * 2_000_000)
    assert large.status_code == 413

    def pieces() -> object:
        for _ in range(40):
            yield b" " * 65_536

    grown = hall.client.post("/products/any/orders", headers=headers, content=pieces())  # type: ignore[arg-type]
    assert grown.status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"null", b'{"datetime": NaN}', b"[" * 100_000, b'{"a":' * 20_000, b"\xff\xfe",
        b'{"datetime":"2026-05-31T00:00:00Z/..","geometry":{"type":"Point","coordinates":[1e999,0]},'
        b'"order_parameters":{}}',
    ],
)  # fmt: skip
def test_what_is_no_order_is_a_problem_and_no_crash(hall: Hall, body: bytes) -> None:
    headers = {**hall.as_("kim"), "Content-Type": "application/json"}
    answer = hall.client.post("/products/any/orders", headers=headers, content=body)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["type"].startswith("urn:offnadir:problem:")


def test_a_huge_polygon_is_refused(hall: Hall) -> None:
    """10,001 corners: told, not computed."""
    ring = [[i * 1e-4, 0.0] for i in range(10_000)]
    wish = {**WISH, "geometry": {"type": "Polygon", "coordinates": [[*ring, [0.5, 1.0], ring[0]]]}}
    answer = hall.post("kim", "/products/any/orders", wish)
    assert answer.status_code in (400, 422), answer.text
    assert "10000" in answer.text.replace(",", "")
    holes = [
        [[x + 1e-3 * i, y] for x, y in [*ring[:120], [0.001, 1.0], ring[0]]] for i in range(90)
    ]
    wish = {**WISH, "geometry": {"type": "Polygon", "coordinates": holes}}
    told = hall.post("kim", "/products/any/orders", wish).json()["errors"]
    assert told[0]["value"] == "10980 positions"


def test_only_its_own_name_is_answered(hall: Hall) -> None:
    """A page elsewhere that points its own name at this machine gets nothing (DNS rebinding)."""
    for host, status in (
        ("localhost", 200),
        ("127.0.0.1:8000", 200),
        ("evil.example", 421),
        ("", 421),
    ):
        assert hall.client.get("/health", headers={"Host": host}).status_code == status, host


def test_who_asks_too_often_waits() -> None:
    """429 with Retry-After; wrong keys cost twenty times as much."""
    buckets = Buckets(60.0)
    assert [buckets.take("a") for _ in range(60)] == [0.0] * 60
    assert 0.5 < buckets.take("a") <= 1.0
    assert buckets.take("b") == 0.0
    buckets.punish("b", 65.0)
    assert buckets.take("b") > 5.0


def test_a_slow_door_is_told_by_a_problem(
    hall_ready: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """The service over a real bucket of one request a minute."""
    path, keys = hall_ready
    shutil.copytree(path.parent, tmp_path / "operation")
    settings = Settings(secret=SECRET, requests_per_minute=1)
    app = create_app(tmp_path / "operation" / path.name, settings)
    with TestClient(app, base_url="http://localhost") as client:
        headers = {"Authorization": f"Bearer {keys['kim']}"}
        assert client.get("/me", headers=headers).status_code == 200
        refused = client.get("/me", headers=headers)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) <= 60
        assert refused.json()["type"] == "urn:offnadir:problem:too-many-requests"
        assert client.get("/health").status_code == 200


def test_what_the_operator_wrote_wrongly_is_named(tmp_path: Path) -> None:
    for table, field in (
        ({"nope": 1}, "service.nope"),
        ({"requests_per_minute": 0}, "requests_per_minute"),
        ({"url": "http://pictures.example.com"}, "url"),
        ({"oidc": {"issuer": "https://a.example"}}, "service.oidc.audience"),
        ({"price": {"per_km2": 1}}, "service.price"),
        ({"hosts": "a"}, "service.hosts"),
    ):
        with pytest.raises(InputError) as caught:
            read_settings(table, folder=tmp_path)
        assert caught.value.field == field


def test_a_secret_is_kept_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made once, read again; the environment goes before it; a short one is refused, and never shown."""
    monkeypatch.delenv("OFFNADIR_SECRET", raising=False)
    first = read_settings({}, folder=tmp_path)
    assert (tmp_path / "offnadir.secret").stat().st_mode & 0o077 == 0
    assert read_settings({}, folder=tmp_path).secret == first.secret
    assert first.secret.decode() not in repr(first)
    (tmp_path / "many").mkdir()
    with ThreadPoolExecutor(8) as pool:
        several = pool.map(lambda _: read_settings({}, folder=tmp_path / "many").secret, range(32))
        assert len(set(several)) == 1
    assert [one.name for one in (tmp_path / "many").iterdir()] == ["offnadir.secret"]
    monkeypatch.setenv("OFFNADIR_SECRET", "short")
    with pytest.raises(InputError) as caught:
        read_settings({}, folder=tmp_path)
    assert "short" not in str(caught.value)


def test_pages_load_nothing_from_elsewhere(hall: Hall) -> None:
    """The page of the document names no other host, its files are ours, and other answers run nothing."""
    page = hall.client.get("/docs")
    assert page.status_code == 200
    assert re.findall(r"(?:https?:)?//[\w.]+", page.text) == []
    for name in re.findall(r"/docs/[\w.-]+", page.text):
        found = hall.client.get(name)
        assert found.status_code == 200, name
        assert len(found.content) > 1000
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert hall.client.get("/docs/..%2fpy.typed").status_code == 404
    for path in ("/", "/nope"):
        policy = hall.client.get(path).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")


def test_another_header_buys_no_more_requests(
    hall_ready: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    """What is made up counts for the address; a key written otherwise is the same key; two are refused."""
    path, keys = hall_ready
    shutil.copytree(path.parent, tmp_path / "operation")
    app = create_app(
        tmp_path / "operation" / path.name, Settings(secret=SECRET, requests_per_minute=4)
    )
    with TestClient(app, base_url="http://localhost") as client:
        key = keys["kim"]
        shown = [
            f"Bearer {key}",
            f"bearer {key}",
            f"BEARER {key}",
            f"bEARER  {key}",
            f"beaRer {key}",
        ]
        found = [client.get("/me", headers={"Authorization": one}).status_code for one in shown]
        assert found == [200] * 4 + [429]
        made_up = [f"Bearer made-up-{i}" for i in range(4)]
        found = [
            client.get("/products", headers={"Authorization": one}).status_code for one in made_up
        ]
        assert found == [200] * 3 + [429]  # a fourth of the address was the key's first
        for name, first in (("Authorization", "Bearer x"), ("Host", "evil.example")):
            second = {"Authorization": f"Bearer {key}", "Host": "localhost"}[name]
            twice = client.get("/products", headers=[(name, first), (name, second)])
            assert twice.status_code == 400, (name, twice.text)


HALF = '"\\ud800"'


def _asks(name: str, value: str) -> str:
    return f'{{"op":"=","args":[{{"property":"{name}"}},{value}]}}'


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/stac/search", '{"ids":["\\ud800"]}'),  # half a character (RFC 8259, 8.2)
        ("/stac/search", '{"\\ud800":1}'),
        ("/stac/search", '{"limit":-1' + "0" * 30 + "}"),  # more than 64 bits
        ("/stac/search", '{"bbox":[0,0,1' + "0" * 400 + ",1]}"),  # more than a float
        ("/products/any/orders", '{"datetime":"\\ud800/..","geometry":{},"order_parameters":{}}'),
        ("/products/any/quotes", "[1,1,1" + "0" * 400 + "]"),
        ("/products/any/opportunities", "[1,1" + "0" * 400 + "]"),
        ("/products/any/opportunities", f"={_asks('platform', HALF)}"),
        ("/products/any/opportunities", f"={_asks('gsd', '1' + '0' * 30)}"),
        ("/products/any/opportunities", f"={_asks('gsd', '-9223372036854775809')}"),
    ],
)
def test_what_json_writes_badly_is_told_and_no_crash(hall: Hall, path: str, body: str) -> None:
    if body.startswith("["):
        wish = {**WISH, "geometry": {"type": "Point", "coordinates": "here"}}
        body = json.dumps(wish).replace('"here"', body)
    elif body.startswith("="):
        body = json.dumps({**WISH, "filter": "here"}).replace('"here"', body[1:])
    headers = {**hall.as_("kim"), "Content-Type": "application/json"}
    answer = hall.client.post(path, headers=headers, content=body.encode())
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["errors"]


def test_a_nul_in_a_url_is_refused(hall: Hall) -> None:
    """PostgreSQL takes none in a text, and its complaint would be a 500."""
    for path in ("/orders/a%00", "/audit?subject=%00", "/stac/search?token=a%00"):
        assert hall.get("boss", path).status_code == 422, path


def test_methods_that_are_made_up_are_counted_together(hall: Hall) -> None:
    """Else each would stay in the memory of the process for good."""
    for i in range(3):
        assert hall.client.request(f"MADEUP{i}", "/orders").status_code == 405
    told = hall.client.get("/metrics").text
    assert "MADEUP" not in told
    assert 'offnadir_http_requests_total{method="other",route="/orders",status="405"} 3.0' in told


def test_a_key_that_is_revoked_while_it_is_opened_is_not_believed_after(
    hall: Hall, monkeypatch
) -> None:
    """To hash a key takes long enough for another request to revoke it in between."""
    app = hall.client.app
    desk, callers = app.state.service.desk, app.state.callers  # type: ignore[attr-defined]
    key, text = desk.add_key("kim", by="boss", label="lost")
    opens = desk.open_key

    def opened_too_early(shown: str) -> object:
        found = opens(shown)
        desk.revoke_key(key.id, by="boss")
        callers.forget()
        return found

    with monkeypatch.context() as patched:
        patched.setattr(type(desk), "open_key", lambda _desk, shown: opened_too_early(shown))
        hall.client.get("/orders", headers={"Authorization": f"Bearer {text}"})
    assert (
        hall.client.get("/orders", headers={"Authorization": f"Bearer {text}"}).status_code == 401
    )


def test_a_key_is_hashed_once_and_looked_up_again_when_it_was_believed_long_enough(
    hall: Hall, monkeypatch
) -> None:
    """To hash it is dear by design; what another process revoked must come to light all the same."""
    app = hall.client.app
    desk = app.state.service.desk  # type: ignore[attr-defined]
    key, text = desk.add_key("kim", by="boss", label="long")
    hashed: list[str] = []
    opens, clock = desk.open_key, time.monotonic

    def status(later_s: float) -> int:
        with monkeypatch.context() as patched:
            patched.setattr(type(desk), "open_key", lambda _, one: hashed.append(one) or opens(one))
            patched.setattr(_callers, "time", SimpleNamespace(monotonic=lambda: clock() + later_s))
            told = hall.client.get("/orders", headers={"Authorization": f"Bearer {text}"})
        return told.status_code

    assert [status(0.0), status(0.0), status(31.0)] == [200, 200, 200]
    assert hashed == [text]
    desk.revoke_key(key.id, by="boss")  # as another process would: this one is not told
    assert status(40.0) == 200  # until key_cache_s is over
    assert status(62.0) == 401
    assert status(62.0) == 401
    assert hashed == [text, text]  # what opened nothing is known no more


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"), ("br, GZip;q=0.1", "gzip"), ("gzip;q=0", None), ("gzip; q=0.000, br", None),
        ("identity", None), ("nogzip", None), ("", None),
    ],
)  # fmt: skip
def test_answers_are_packed_for_those_who_take_it(
    hall: Hall, accepted: str, encoding: str | None
) -> None:
    """RFC 9110, 12.5.3: a weight of 0 refuses; the long way and the short one do the same."""
    for _ in range(3):
        hall.place()
    for path in ("/orders", "/products/any/queryables"):
        answer = hall.get("kim", path, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("content-encoding") == encoding, path
        assert "Accept-Encoding" in answer.headers["vary"]
        assert answer.json()


DEEP: dict[str, object] = {}
for _ in range(300):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/stac/search", {"fields": {"include": ["\ud800"]}}), ("/stac/search", {"conf": {"x": 10**30}}),
        ("/stac/search", {"conf": DEEP}), ("/stac/search", {"bbox": [90, 0, -(10**30), 170, 20, 10**30]}),
        ("/products/any/opportunities", {"geometry": {**WISH["geometry"], "bbox": 10**30}}),
        ("/products/any/opportunities", {"geometry": {**WISH["geometry"], "name": "\ud800"}}),
        ("/products/any/opportunities", {"geometry": {"type": "Point", "coordinates": [127, 37, 10**100]}}),
    ],
)  # fmt: skip
def test_what_cannot_be_written_again_is_refused(hall: Hall, path: str, more: object) -> None:
    """The link to the next page says what was asked: it was answered by 500 where there is one."""
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    service.archive.add_many((stac(f"i{n}"), None) for n in range(3))
    body = {"limit": 1, **(WISH if "products" in path else {}), **more}  # type: ignore[dict-item]
    text = json.dumps(body)
    headers = {"Content-Type": "application/json"}
    for user in ("boss", "boss"):  # the long way, then the short one
        answer = hall.ask(user, "POST", path, content=text, headers=headers)
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["errors"][0]["field"]


def test_head_is_get_without_its_body(hall: Hall) -> None:
    """RFC 9110, 9.1 and 9.3.2: on every route, with the headers of GET; counted and logged as HEAD."""
    order = hall.place()
    for path in (
        "/",
        "/health",
        "/products",
        "/stac",
        "/orders",
        f"/orders/{order}",
        "/docs",
        "/nothing",
    ):
        head, get = (hall.ask("kim", one, path) for one in ("HEAD", "GET"))
        assert (head.status_code, head.content) == (get.status_code, b""), path
        for name in ("content-type", "etag", "content-length"):
            assert head.headers.get(name) == get.headers.get(name), (path, name)
    assert hall.ask("kim", "HEAD", f"/orders/{order}/events").status_code == 405
    told = hall.client.get("/metrics").text
    assert 'method="HEAD",route="/orders/{order_id}",status="200"} 1.0' in told


def test_a_slash_at_the_end_changes_nothing(hall: Hall) -> None:
    """A redirect would lead to the address that the proxy uses."""
    for path in ("/orders", "/stac", "/stac/collections", "/products/any/queryables"):
        with_slash = hall.get("kim", f"{path}/", follow_redirects=False)
        assert with_slash.status_code == 200
        assert with_slash.json() == hall.get("kim", path).json()


def test_versions_are_compared_whatever_the_packing(hall: Hall) -> None:
    """Weak tags (RFC 9110, 8.8.3); of several lines each counts, and 304 says what the answer depends on."""
    for _ in range(3):
        hall.place()
    packed = hall.get("kim", "/orders", headers={"Accept-Encoding": "gzip"})
    plain = hall.get("kim", "/orders", headers={"Accept-Encoding": "identity"})
    assert packed.headers["etag"] == plain.headers["etag"]
    assert plain.headers["etag"].startswith('W/"')
    for tag in (plain.headers["etag"], plain.headers["etag"].removeprefix("W/"), "*"):
        lines = [*hall.as_("kim").items(), ("If-None-Match", '"x"'), ("If-None-Match", tag)]
        same = hall.client.get("/orders", headers=lines)
        assert same.status_code == 304
        assert "Accept-Encoding" in same.headers["vary"]
    lines = [*hall.as_("kim").items(), ("Accept-Encoding", "gzip"), ("Accept-Encoding", "br")]
    assert hall.client.get("/orders", headers=lines).headers["content-encoding"] == "gzip"


def test_a_page_of_another_origin_reads_why_it_is_refused(
    hall_ready: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    path, keys = hall_ready
    shutil.copytree(path.parent, tmp_path / "operation")
    origin = "https://maps.example.com"
    told = Settings(secret=SECRET, requests_per_minute=2, origins=(origin,))
    with TestClient(
        create_app(tmp_path / "operation" / path.name, told), base_url="http://localhost"
    ) as client:
        asks = {"Origin": origin, "Authorization": f"Bearer {keys['kim']}"}
        answers = [client.get("/me", headers=asks) for _ in range(4)]
        assert [one.status_code for one in answers][-1] == 429
        for one in answers:
            assert one.headers["access-control-allow-origin"] == origin
        assert "retry-after" in answers[-1].headers["access-control-expose-headers"].lower()
        preflight = {
            "Origin": origin, "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization,last-event-id,traceparent",
        }  # fmt: skip
        assert client.options("/orders", headers=preflight).status_code == 200
