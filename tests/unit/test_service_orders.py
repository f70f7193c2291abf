"""Orders over STAPI: placed, listed, amended, withdrawn, and kept apart by customer."""

from __future__ import annotations

import json
import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest
from stapi_pydantic import Order, OrderCollection, OrderStatus, OrderStatuses, Product, RootResponse

from offnadir.operations import open_operation
from offnadir.operations._facts import tell
from offnadir.operations._reasons import keep_reasons
from offnadir.service import _order_routes
from offnadir.service._datetimes import read_instant
from offnadir.tasking import Product as Delivered
from offnadir.tasking import read_order
from support.service import SPAN, WISH, Hall, opened


def test_what_is_answered_is_what_stapi_writes(hall: Hall) -> None:
    """The reference models of the specification (stapi-pydantic 0.1.0) read our answers."""
    RootResponse.model_validate(hall.get(None, "/").json())
    products = hall.get(None, "/products").json()["products"]
    assert [one["id"] for one in products] == ["any", "pleiades-neo", "worldview-3"]
    for one in products:
        Product.model_validate(one)
    made = hall.post("kim", "/products/worldview-3/orders", WISH)
    assert made.status_code == 201
    order = Order[OrderStatus].model_validate(made.json())
    assert order.properties.product_id == "worldview-3"
    assert order.properties.status.status_code.value == "accepted"
    assert made.headers["location"] == f"http://localhost/orders/{order.id}"
    listed = OrderCollection[OrderStatus].model_validate(hall.get("kim", "/orders").json())
    assert [one.id for one in listed] == [order.id]
    statuses = hall.get("kim", f"/orders/{order.id}/statuses").json()
    told = OrderStatuses[OrderStatus].model_validate(statuses).statuses
    assert [one.status_code.value for one in told] == ["accepted", "received"]


def test_an_order_says_what_was_asked(hall: Hall) -> None:
    """Limits come back as the filter they came as; parameters under their own names."""
    asked = {
        **WISH,
        "filter": {
            "op": "and",
            "args": [
                {"op": "<=", "args": [{"property": "view:off_nadir"}, 25]},
                {"op": "<=", "args": [{"property": "eo:cloud_cover"}, 20]},
            ],
        },
        "order_parameters": {
            "offnadir:title": "Seoul", "offnadir:priority": 1,
            "offnadir:recurrence": "FREQ=WEEKLY;COUNT=3", "offnadir:release": "public",
        },
    }  # fmt: skip
    told = hall.post("kim", "/products/any/orders", asked).json()["properties"]
    assert told["search_parameters"]["filter"] == asked["filter"]
    assert told["search_parameters"]["datetime"].split("/")[1] == "2026-06-01T00:00:00.000Z"
    assert told["order_parameters"] == {
        **asked["order_parameters"], "offnadir:recurrence": "FREQ=DAILY;INTERVAL=7;COUNT=3"
    }  # fmt: skip


@pytest.mark.parametrize("interval", ["2026-05-31T00:00:00Z/..", "../2026-06-02T00:00:00Z"])
def test_open_intervals_are_taken(hall: Hall, interval: str) -> None:
    """STAPI 0.1 allows `..`; its reference implementation refuses it (stapi-fastapi issue 97)."""
    made = hall.post("kim", "/products/any/orders", {**WISH, "datetime": interval})
    assert made.status_code == 201
    found = made.json()["properties"]["search_parameters"]["datetime"]
    assert [end == ".." for end in found.split("/")] == [end == ".." for end in interval.split("/")]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"datetime": "2026-11-24"}, "datetime"),
        ({"datetime": "2026-06-01T00:00:00Z/2026-05-01T00:00:00Z"}, "datetime"),
        ({"filter": {"op": "nope", "args": []}}, "filter"),
        ({"filter": {"op": "<=", "args": [{"property": "nope"}, 1]}}, "filter"),
        ({"filter": {"op": "not", "args": [WISH["filter"]]}}, "filter"),
        ({"geometry": {"type": "MultiPoint", "coordinates": [[1, 2]]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [1, 95]}}, "geometry"),
        ({"datetime": "2026-05-01T00:00:00Z/2026-05-02T00:00:00Z"}, "datetime"),
        (
            {"order_parameters": {"offnadir:webhook": "http://10.0.0.1/"}},
            "order_parameters.offnadir:webhook",
        ),
        (
            {"order_parameters": {"offnadir:end_user": {}}},
            "order_parameters.offnadir:end_user.name",
        ),
        ({"order_parameters": {"priority": 1}}, "order_parameters"),
        ({"order_parameters": {"offnadir:priority": 9}}, "order_parameters.offnadir:priority"),
        ({"order_parameters": {"offnadir:recurrence": "FREQ=YEARLY;COUNT=2"}}, "order_parameters"),
        (
            {"order_parameters": {"offnadir:webhook": "ftp://example.com"}},
            "order_parameters.offnadir:webhook",
        ),
    ],
)
def test_what_is_wrong_is_named(hall: Hall, changed: dict[str, object], field: str) -> None:
    """A problem+json, that names the field and what was wished for; nothing is placed."""
    answer = hall.post("kim", "/products/any/orders", {**WISH, **changed})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["errors"][0]["field"].startswith(field), problem
    assert problem["errors"][0]["wish"]
    assert hall.get("kim", "/orders").json()["features"] == []


def test_the_past_is_the_archives(hall: Hall) -> None:
    """A window that is over: refused with what to say instead, and taken when it says so."""
    past = {**WISH, "datetime": "2026-05-01T00:00:00Z/2026-05-02T00:00:00Z"}
    told = hall.post("kim", "/products/any/orders", past).json()["errors"][0]
    assert (told["value"], told["hint"][-16:]) == ("2026-05-02T00:00:00Z", "source = archive")
    parameters = {"offnadir:source": "archive"}
    made = hall.post("kim", "/products/any/orders", {**past, "order_parameters": parameters})
    assert made.status_code == 201, made.text


def test_a_webhook_of_the_operators_own_network_is_taken_where_he_allows_it(
    hall_ready: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    path, keys = hall_ready
    shutil.copytree(path.parent, tmp_path / "operation")
    mine = tmp_path / "operation" / path.name
    mine.write_text(mine.read_text() + '\n[webhooks]\nallow = ["10.0.0.0/8"]\n')
    with opened(mine, keys) as hall:
        order = hall.place(order_parameters={"offnadir:webhook": "http://10.0.0.1/"})
        change = {"order_parameters": {"offnadir:webhook": "http://192.168.0.1/"}}
        refused = hall.ask("kim", "PATCH", f"/orders/{order}", json=change)
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["field"] == "order_parameters.offnadir:webhook"


def test_what_is_wrong_in_form_is_shown(hall: Hall) -> None:
    """The value that was sent: short, of an object or a list only its size, of a secret nothing."""
    asked = {**WISH, "datetime": 7, "geometry": [1, 2], "filter": "x" * 1000}
    told = hall.post("kim", "/products/any/orders", asked).json()["errors"]
    found = {one["field"]: one.get("value") for one in told}
    assert found == {"body.datetime": 7, "body.geometry": "a list of 2", "body.filter": "x" * 200}
    told = hall.get("kim", "/orders?limit=0&next=nothing").json()["errors"]
    assert [one["value"] for one in told] == ["0", "nothing"]
    secret = {
        "user": "kim",
        "label": ["https://me:pass@example.com/"],
        "scopes": "https://me:pass@e.com/?k=1",
    }
    answer = hall.post("boss", "/keys", secret)
    assert answer.status_code == 400
    assert "pass" not in answer.text


def test_a_key_places_an_order_once(hall: Hall) -> None:
    """The same key and order again: the same order, 200, in parallel too; another order is refused."""
    headers = {"Idempotency-Key": "k-1"}
    answers = []

    def place() -> None:
        answers.append(hall.post("kim", "/products/any/orders", WISH, headers=headers))

    threads = [threading.Thread(target=place) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.status_code for one in answers) == [200] * 5 + [201]
    assert len({one.json()["id"] for one in answers}) == 1
    other = {**WISH, "order_parameters": {}}
    assert hall.post("kim", "/products/any/orders", other, headers=headers).status_code == 422


def test_pages_lead_through_all_orders_once(hall: Hall) -> None:
    """Three on a page by the links, the latest first."""
    made = [hall.place() for _ in range(7)]
    url, found = "/orders?limit=3", []
    while url:
        page = hall.get("kim", url).json()
        found += [one["id"] for one in page["features"]]
        url = next((one["href"] for one in page["links"] if one["rel"] == "next"), "")
    assert found == made[::-1]


def test_an_order_is_withdrawn_once(hall: Hall) -> None:
    """Cancelling twice is cancelling; another customer's order is not there."""
    order = hall.place()
    assert hall.post("lee", f"/orders/{order}/cancel").status_code == 404
    for _ in range(2):
        told = hall.post("kim", f"/orders/{order}/cancel", {"why": "too late"}).json()
        assert told["properties"]["status"]["status_code"] == "user_cancelled"
    assert hall.ask("kim", "PATCH", f"/orders/{order}", json={}).status_code == 409


def test_an_order_is_amended_and_checked_anew(hall: Hall) -> None:
    """What is left out stays; the change stands in the history; a wrong change leaves the order alone."""
    order = hall.place()
    change = {"order_parameters": {"offnadir:priority": 1}, "datetime": "2026-05-31T06:00:00Z/.."}
    told = hall.ask("kim", "PATCH", f"/orders/{order}", json=change).json()["properties"]
    assert told["order_parameters"] == {"offnadir:title": "Seoul", "offnadir:priority": 1}
    assert told["search_parameters"]["filter"] == WISH["filter"]
    assert told["search_parameters"]["datetime"] == "2026-05-31T06:00:00.000Z/.."
    history = hall.get("kim", f"/orders/{order}/statuses").json()["statuses"]
    codes = [one["reason_code"] for one in history]
    assert codes == ["passed", "amended", "passed", "placed"]
    wrong = {"order_parameters": {"offnadir:priority": 7}}
    assert hall.ask("kim", "PATCH", f"/orders/{order}", json=wrong).status_code == 422
    assert hall.ask("lee", "PATCH", f"/orders/{order}", json=change).status_code == 404


def test_a_forbidden_amendment_leaves_the_order_as_it_was(hall: Hall) -> None:
    """Pyongyang for a customer of the DPRK: resolutions 1718 (2006) and 2397 (2017) forbid it."""
    order = hall.place()
    change = {
        "order_parameters": {
            "offnadir:end_user": {"name": "A ministry", "country": "KP", "sector": "government"}
        }
    }
    answer = hall.ask("kim", "PATCH", f"/orders/{order}", json=change)
    assert answer.status_code == 409, answer.text
    assert answer.json()["type"] == "urn:offnadir:problem:not-amended"
    told = hall.get("kim", f"/orders/{order}").json()["properties"]
    assert told["order_parameters"] == {"offnadir:title": "Seoul"}
    assert told["status"]["status_code"] == "accepted"


def test_a_quote_places_nothing(hall: Hall) -> None:
    """What would become of it, with the reason if that is a no."""
    told = hall.post("kim", "/products/any/quotes", WISH).json()
    assert told["would_be"] == {"state": "accepted", "code": "passed", "told": []}
    parameters = {
        "offnadir:end_user": {"name": "A ministry", "country": "KP", "sector": "government"}
    }
    told = hall.post("kim", "/products/any/quotes", {**WISH, "order_parameters": parameters}).json()
    assert told["would_be"]["state"] == "rejected"
    assert told["reasons"][0]["constraint"] == "restriction"
    assert hall.get("kim", "/orders").json()["features"] == []
    log = hall.get("anna", "/audit?limit=1000").json()["entries"]
    asked = [(one["by"], one["body"]["would_be"]) for one in log if one["action"] == "order.quote"]
    assert asked == [("kim", "accepted"), ("kim", "rejected")]


def test_a_quote_says_what_stands_in_the_way(hall: Hall) -> None:
    """No satellite passes within a degree of the zenith that day: told, and what would do."""
    told = hall.post("kim", "/products/any/quotes", WISH).json()
    assert told["opportunities"] >= 1
    assert "reasons" not in told
    steep = {"op": "<=", "args": [{"property": "view:off_nadir"}, 1]}
    told = hall.post("kim", "/products/any/quotes", {**WISH, "filter": steep}).json()
    assert told["opportunities"] == 0
    (reason,) = [one for one in told["reasons"] if one["constraint"] == "max_off_nadir"]
    better = {"op": "<=", "args": [{"property": "view:off_nadir"}, reason["would_pass"]]}
    told = hall.post("kim", "/products/any/quotes", {**WISH, "filter": better}).json()
    assert told["opportunities"] >= 1


def test_events_tell_each_state_once_and_end(hall: Hall) -> None:
    """Server-sent events, those before `Last-Event-ID` left out; a final state ends the stream."""
    order = hall.place()
    hall.post("kim", f"/orders/{order}/cancel")
    with hall.client.stream("GET", f"/orders/{order}/events", headers=hall.as_("kim")) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        text = "".join(stream.iter_text())
    states = [
        json.loads(line[6:])["status_code"]
        for line in text.splitlines()
        if line.startswith("data: ")
    ]
    assert states == ["received", "accepted", "user_cancelled"]
    headers = {**hall.as_("kim"), "Last-Event-ID": "2"}
    with hall.client.stream("GET", f"/orders/{order}/events", headers=headers) as stream:
        assert "".join(stream.iter_text()).count("event: status") == 1


def test_an_answer_that_is_known_is_not_sent_again(hall: Hall) -> None:
    """An ETag, and 304 for who has it."""
    order = hall.place()
    first = hall.get("kim", f"/orders/{order}")
    again = hall.get("kim", f"/orders/{order}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    hall.post("kim", f"/orders/{order}/cancel")
    now = hall.get("kim", f"/orders/{order}", headers={"If-None-Match": first.headers["etag"]})
    assert now.status_code == 200


def test_products_and_their_schemas(hall: Hall) -> None:
    """Each product's parameters are a JSON Schema that takes what an order may say, and nothing else."""
    import jsonschema

    schema = hall.get(None, "/products/any/order-parameters").json()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"offnadir:priority": 1}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"priority": 1}, schema)
    queryables = hall.get(None, "/products/any/queryables").json()
    jsonschema.Draft202012Validator.check_schema(queryables)
    assert "view:off_nadir" in queryables["properties"]
    assert hall.get(None, "/products/nope").status_code == 404
    assert hall.post("kim", "/products/nope/orders", WISH).status_code == 404


def test_the_span_of_the_tests_is_that_of_the_operation(hall: Hall) -> None:
    assert SPAN.startswith(hall.client.app.state.service.now().utc(0)[:19])  # type: ignore[attr-defined]


def test_an_area_tells_what_of_it_there_is(hall: Hall) -> None:
    """Nothing yet of a cell of one degree; others learn nothing of it."""
    ring = [[127.0, 36.0], [128.0, 36.0], [128.0, 37.0], [127.0, 37.0], [127.0, 36.0]]
    order = hall.place(geometry={"type": "Polygon", "coordinates": [ring]})
    told = hall.get("kim", f"/orders/{order}/coverage").json()["coverage"]
    # The zone of WGS 84 between 36 and 37 N by Snyder (1987), equation 3-12, one degree of it: 9,941.6 km2.
    assert told["area_km2"] == pytest.approx(9941.6, rel=0.001)
    assert told["covered_percent"] == 0
    point = hall.place()
    assert hall.get("kim", f"/orders/{point}/coverage").json() == {"coverage": None}
    assert hall.get("lee", f"/orders/{order}/coverage").status_code == 404


def test_one_customer_does_not_take_all_streams(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, other = hall.place("kim"), hall.place("lee")
    for user, name in (("kim", order), ("lee", other)):
        assert hall.post(user, f"/orders/{name}/cancel").status_code == 200
    customer = hall.get("kim", "/me").json()["customer"]
    monkeypatch.setattr(_order_routes, "_streams", Counter({customer: 20}))
    assert hall.get("kim", f"/orders/{order}/events").status_code == 503
    assert hall.get("lee", f"/orders/{other}/events").status_code == 200


def test_an_event_id_that_is_no_number_is_none() -> None:
    """A header of one byte, 0xb2, is a digit to Python but no number."""
    found = [_order_routes._number_of(one) for one in ("12", b"\xb2".decode("latin-1"), "", "-1")]
    assert found == [12, 0, 0, 0]


def test_a_delivered_file_is_not_compressed_on_the_way(hall: Hall) -> None:
    """It is compressed already, and a large one would keep the whole process busy."""
    order, desk = hall.place("kim"), hall.client.app.state.service.desk  # type: ignore[attr-defined]
    for after, code in (
        ("scheduled", "planned"),
        ("tasked", "uplinked"),
        ("processing", "downlinked"),
    ):
        desk.advance(order, after, code, by="loop")
    desk.release(order, Delivered(id="p", facts={"gsd_m": 0.5}), by="loop")
    desk.mark_delivered(order, "p", by="loop")
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    folder = service.operation.deliveries / order / "p"
    folder.mkdir(parents=True)
    (folder / "a.tif").write_bytes(b"abcdefghij" * 1000)
    answer = hall.get("kim", f"/orders/{order}/products/p/a.tif")
    assert answer.headers["content-encoding"] == "identity"
    assert answer.headers["content-length"] == "10000" == str(len(answer.content))


def test_an_order_is_placed_at_the_time_that_the_loop_has_set(hall: Hall) -> None:
    """The loop sets the clock in another process; what the service stamps later is never earlier."""
    hall.get("kim", "/orders")  # the service has seen the clock at its start
    with open_operation(hall.path) as loop:
        at = loop.clock.now() + 60.0
        loop.lease.take()
        loop.clock.wait(at)
        loop.lease.give_back()
    made = hall.post("kim", "/products/any/orders", WISH).json()
    assert made["properties"]["created"] == at.utc(3)


def test_a_key_finds_its_order_when_its_window_is_over(hall: Hall) -> None:
    """Who was never answered asks again days later: the order that there is, and no 422."""
    url, key = "/products/any/orders", {"Idempotency-Key": "late"}
    made = hall.post("kim", url, WISH, headers=key).json()
    with open_operation(hall.path) as loop:
        loop.lease.take()
        loop.clock.wait(loop.clock.now() + 3 * 86400.0)
        loop.lease.give_back()
    again = hall.post("kim", url, WISH, headers=key)
    assert (again.status_code, again.json()["id"]) == (200, made["id"])
    late = hall.post("kim", url, WISH, headers={"Idempotency-Key": "new"})
    assert late.status_code == 422
    assert late.json()["errors"][0]["field"] == "datetime"


def test_an_order_that_nothing_can_see_says_which_limit_and_what_would_do(hall: Hall) -> None:
    """As a quote does, also when its time is over; the value that would pass passes."""
    order = hall.place(filter={"op": "<=", "args": [{"property": "view:off_nadir"}, 1]})
    told = hall.get("kim", f"/orders/{order}/reasons").json()
    assert (told["state"], told["plan"], told["opportunities"]) == ("accepted", None, 0)
    assert told["searched"] == [SPAN.replace("Z", ".000Z")]
    (reason,) = [one for one in told["reasons"] if one["constraint"] == "max_off_nadir"]
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    why = {"code": "no_pass", "text": "Too steep.", "would_need": "more"}
    request = {"name": order, "reason": why, "opportunities": 0, "window": {"stop": "2026"}}
    with service.database.begin() as connection:
        keep_reasons(connection, [request], {order: service.desk.show(order, by="kim").placed})
    service.desk.advance(order, "expired", "deadline", by=service.operation.user)
    over = hall.get("kim", f"/orders/{order}/reasons").json()
    assert over["plan"] == {**why, "until": "2026"}
    assert over["reasons"] == told["reasons"]
    better = {"op": "<=", "args": [{"property": "view:off_nadir"}, reason["would_pass"]]}
    told = hall.get("kim", f"/orders/{hall.place(filter=better)}/reasons").json()
    assert told["opportunities"] >= 1
    assert told["reasons"] == []


def test_reasons_of_orders_that_no_search_can_answer(hall: Hall) -> None:
    """A camera that no satellite has; and one that waits for a person."""
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    lost = read_order(
        {"title": "Lost", "place": WISH["geometry"], "looks": {"sensors": ["skysat"]}},
        now=service.now(),
    )
    order = service.desk.place(lost, by="kim")[0].id
    told = hall.get("kim", f"/orders/{order}/reasons").json()
    assert (told["opportunities"], told["searched"]) == (None, [])
    assert told["reasons"] == [
        {
            "constraint": "sensors", "words": "no satellite of the fleet has this camera",
            "wanted": ["skysat"],
        }
    ]  # fmt: skip
    held = hall.place(order_parameters={"offnadir:end_user": {"name": "Nobody Inparticular"}})
    told = hall.get("kim", f"/orders/{held}/reasons").json()
    assert told["reasons"][0]["constraint"] == "screening"


def test_reasons_of_each_time_that_is_left(hall: Hall) -> None:
    """Of several windows up to the first that has a pass; a deadline that cuts one off is named; none for an
    archive's, and none of a recurrence before the next is due.
    """
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    place = WISH["geometry"]

    def placed(**more: object) -> str:
        document = {"title": "x", "place": place, **more}
        return str(service.desk.place(read_order(document, now=service.now()), by="kim")[0].id)

    def told(order: str) -> dict[str, object]:
        answer = hall.get("kim", f"/orders/{order}/reasons")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    night = {"start": "2026-05-31T12:00:00Z", "stop": "2026-05-31T18:00:00Z"}
    day = {"start": "2026-05-31T00:00:00Z", "stop": "2026-05-31T06:00:00Z"}
    both = told(
        placed(
            windows=[
                night,
                {**day, "start": "2026-06-01T00:00:00Z", "stop": "2026-06-01T06:00:00Z"},
            ]
        )
    )
    assert len(both["searched"]) == 2  # type: ignore[arg-type]
    assert both["opportunities"]
    assert both["reasons"] == []
    early = told(placed(windows=[day], deadline="2026-05-31T00:30:00Z"))
    assert early["opportunities"] == 0
    assert "deadline" in [one["constraint"] for one in early["reasons"]]  # type: ignore[attr-defined]
    assert "datetime" not in [one["constraint"] for one in early["reasons"]]  # type: ignore[attr-defined]
    far = told(placed(windows=[{"start": "2026-09-01T00:00:00Z", "stop": "2026-09-02T00:00:00Z"}]))
    assert far["searched"] == ["2026-09-01T00:00:00.000Z/2026-09-02T00:00:00.000Z"]
    archive = told(placed(source="archive"))
    assert [one["constraint"] for one in archive["reasons"]] == ["source"]  # type: ignore[attr-defined]
    again = placed(recurrence={"every_days": 7, "count": 2}, windows=[day])
    with service.database.begin() as connection:
        tell(connection, f"not_before {again}", read_instant("2026-05-31T05:59:00Z").tai_ns)
    assert told(again)["searched"] == ["2026-05-31T05:59:00.000Z/2026-05-31T06:00:00.000Z"]
    reads = service.desk.add_key("kim", by="boss", scopes=["orders:read"])[1]
    less = hall.client.get(
        f"/orders/{again}/reasons", headers={"Authorization": f"Bearer {reads}"}
    ).json()
    assert (less["opportunities"], less["searched"]) == (None, [])


def test_an_order_is_the_same_though_it_was_amended(hall: Hall) -> None:
    """Its key finds it as it was placed, and as it is; another with the key is refused, and an empty key."""
    key = {"Idempotency-Key": "once"}
    order = hall.post("kim", "/products/any/orders", WISH, headers=key).json()["id"]
    title = {"order_parameters": {"offnadir:title": "Port"}}
    assert hall.ask("kim", "PATCH", f"/orders/{order}", json=title).status_code == 200
    for same in (WISH, {**WISH, **title}):
        again = hall.post("kim", "/products/any/orders", same, headers=key)
        assert (again.status_code, again.json()["id"]) == (200, order)
    other = {**WISH, "order_parameters": {"offnadir:title": "Another"}}
    refused = hall.post("kim", "/products/any/orders", other, headers=key)
    assert refused.json()["type"] == "urn:offnadir:problem:key-was-used"
    empty = hall.post("kim", "/products/any/orders", WISH, headers={"Idempotency-Key": ""})
    assert (empty.status_code, empty.json()["type"]) == (422, "urn:offnadir:problem:wrong-input")


def test_a_parameter_that_is_null_is_taken_away(hall: Hall) -> None:
    """As a merge patch has it (RFC 7396); a whole number may be written as 1.0 (JSON Schema)."""
    parameters = {
        "offnadir:title": "Seoul", "offnadir:priority": 1.0, "offnadir:deadline": "2026-06-01T00:00:00Z",
        "offnadir:recurrence": "FREQ=DAILY;COUNT=2", "offnadir:webhook": "https://hooks.example.com/x",
    }  # fmt: skip
    order = hall.place(order_parameters=parameters)
    told = hall.get("kim", f"/orders/{order}").json()["properties"]["order_parameters"]
    assert set(told) == set(parameters)
    nothing = {"order_parameters": dict.fromkeys(parameters)}
    answer = hall.ask("kim", "PATCH", f"/orders/{order}", json=nothing)
    assert answer.json()["properties"]["order_parameters"] == {}


@pytest.mark.parametrize(
    "line", [[[179, 10], [181, 11]], [[181, 2], [182, 3]], [[179, 0], [359, 3]]]
)
def test_a_line_beyond_the_date_line_is_ordered_as_it_was_found(hall: Hall, line: object) -> None:
    days = "2026-05-31T00:00:00Z/2026-06-05T00:00:00Z"
    wish = {"datetime": days, "geometry": {"type": "LineString", "coordinates": line}}
    found = hall.post("kim", "/products/any/opportunities", wish).json()
    assert found["features"]
    (link,) = [one for one in found["features"][0]["links"] if one["rel"] == "create-order"]
    made = hall.ask("kim", "POST", link["href"].removeprefix("http://localhost"), json=link["body"])
    assert made.status_code == 201, made.text
    assert made.json()["properties"]["status"]["status_code"] == "accepted"


def test_a_sector_of_no_width_is_refused(hall: Hall) -> None:
    """It was passed over, and the answers looked from everywhere."""
    sector = {"op": "between", "args": [{"property": "view:azimuth"}, 10, 10]}
    for path in ("opportunities", "orders"):
        answer = hall.post("kim", f"/products/any/{path}", {**WISH, "filter": sector})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == "filter.view:azimuth"


def test_all_that_is_wrong_with_an_order_is_told_at_once(hall: Hall) -> None:
    body = {
        "datetime": "2026-05-31", "geometry": {"type": "Circle"},
        "filter": {"op": "nope", "args": []},
        "order_parameters": {
            "offnadir:priority": 9, "offnadir:recurrence": "FREQ=HOURLY", "nothing": 1,
            "offnadir:level": "mosaic",
        },
    }  # fmt: skip
    answer = hall.post("kim", "/products/any/orders", body)
    assert answer.status_code == 422
    fields = [one["field"].partition("[")[0] for one in answer.json()["errors"]]
    assert fields[:2] == ["datetime", "geometry"]
    assert fields[2].startswith("filter")
    assert sorted(fields[3:]) == [
        "order_parameters.nothing", "order_parameters.offnadir:level",
        "order_parameters.offnadir:priority", "order_parameters.offnadir:recurrence",
    ]  # fmt: skip
