"""Opportunities over STAPI: what is told, what is refused, searches that go on, and who sees them."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn
from stapi_pydantic import (
    Opportunity,
    OpportunityCollection,
    OpportunitySearchRecord,
    OpportunitySearchRecords,
    OpportunitySearchStatus,
)

from offnadir._database import Database, open_database, sa
from offnadir.epoch import Epoch
from offnadir.service import _opportunity_routes, create_app
from offnadir.service._pages import Pages
from offnadir.service._searches import Searches
from offnadir.tasking._people import User
from support.service import WISH, Hall, settings

SPAN = "2026-05-31T00:00:00Z/2026-06-03T00:00:00Z"
SEARCH = {"datetime": SPAN, "geometry": WISH["geometry"], "filter": WISH["filter"]}
PATH = "/products/any/opportunities"
KIM = User(name="kim", roles=("customer",), customer_id="c1")
LEE = User(name="lee", roles=("customer",), customer_id="c2")


def found(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def only(document, rel):
    return next(one for one in document["links"] if one["rel"] == rel)


def test_opportunities_are_stapi_and_can_be_ordered(hall: Hall) -> None:
    """The answer is read by stapi-pydantic; what each opportunity says it is ordered by places an order."""
    document = found(hall.post("kim", PATH, SEARCH))
    collection = OpportunityCollection.model_validate(document)
    assert len(collection.features) > 2
    starts = [one.properties.datetime[0] for one in collection.features]
    assert starts == sorted(starts)
    for feature in document["features"]:
        Opportunity.model_validate(feature)
        told = feature["properties"]
        assert 0 < told["view:off_nadir"] <= 40 < 90
        assert told["view:off_nadir"] < told["view:incidence_angle"]  # the Earth is round
        assert told["product_id"] in ("worldview-3", "pleiades-neo")
        assert 0.25 < told["gsd"] < 1 and 4 < told["offnadir:niirs"] < 7  # noqa: PT018
        order = only(feature, "create-order")
        placed = hall.ask("kim", order["method"], order["href"], json=order["body"])
        assert placed.status_code == 201, placed.text
    again = only(document, "create-order")
    assert hall.ask("kim", "POST", again["href"], json=again["body"]).status_code == 201


def test_the_fleet_follows_its_files(hall: Hall) -> None:
    """A newer element set in the file that the mission names: told without a restart, and searched with."""
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    before = hall.get("kim", "/satellites/40115").json()
    path = hall.path.parent / "elements.omm.json"
    sets = json.loads(path.read_text())
    mine = next(one for one in sets if str(one["NORAD_CAT_ID"]) == "40115")
    mine["EPOCH"] = "2026-05-30T20:00:00.000000"
    path.write_text(json.dumps(sets))
    assert hall.get("kim", "/satellites/40115").json() == before
    service.fleets._next = 0.0
    after = hall.get("kim", "/satellites/40115").json()
    assert after != before
    path.write_text("no element sets")
    service.fleets._next = 0.0
    assert hall.get("kim", "/satellites/40115").json() == after


def test_answers_with_pages_make_room_for_newer_ones() -> None:
    pages, fleet = Pages(most=2, most_features=5), object()
    for key, count in (("a", 2), ("b", 2), ("c", 2)):
        pages.put(key, fleet, {"features": [0] * count})
    assert [pages.get(key, fleet) is not None for key in "abc"] == [False, True, True]
    assert pages.get("c", object()) is None
    pages.put("d", fleet, {"features": [0] * 4})
    assert [pages.get(key, fleet) is not None for key in "bcd"] == [False, False, True]


def test_pages_are_bound_to_their_search(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = found(hall.post("kim", PATH, {**SEARCH, "limit": 100}))["features"]
    first = found(hall.post("kim", PATH, {**SEARCH, "limit": 1}))
    more = only(first, "next")
    assert more["method"] == "POST"
    rest = {**more["body"], "limit": 100}
    second = found(hall.ask("kim", "POST", more["href"], json=rest))
    assert [*first["features"], *second["features"]] == whole
    assert not any(one["rel"] == "next" for one in second["links"])
    monkeypatch.setattr(_opportunity_routes, "find", None)  # it is not searched again
    again = found(hall.ask("kim", "POST", more["href"], json=rest))
    assert again["features"] == second["features"]
    for changed in (
        {"next": more["body"]["next"] + "x"}, {"datetime": WISH["datetime"]},
    ):  # fmt: skip
        answer = hall.post("kim", PATH, {**more["body"], **changed})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "next"
    assert hall.post("kim", "/products/worldview-3/opportunities", more["body"]).status_code == 422


def test_a_question_is_searched_once_for_all_until_the_fleet_changes(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks; another question, and newer element sets, are searched for anew."""
    searched, find = [], _opportunity_routes.find

    def counted(ask, kept):
        searched.append(ask)
        return find(ask, kept)

    monkeypatch.setattr(_opportunity_routes, "find", counted)
    before = found(hall.post("kim", PATH, SEARCH))
    assert found(hall.post("lee", PATH, SEARCH)) == before
    short = found(hall.post("kim", PATH, {**SEARCH, "limit": 1}))
    assert short["features"] == before["features"][:1]
    assert len(searched) == 1
    narrow = {"op": "<=", "args": [{"property": "view:off_nadir"}, 20]}
    for changed in ({"datetime": WISH["datetime"]}, {"filter": narrow}):
        assert found(hall.post("kim", PATH, {**SEARCH, **changed})) != before
    found(hall.post("kim", "/products/worldview-3/opportunities", SEARCH))
    assert len(searched) == 4
    path = hall.path.parent / "elements.omm.json"
    sets = json.loads(path.read_text())
    for one in sets:
        one["MEAN_ANOMALY"] = (one["MEAN_ANOMALY"] + 20.0) % 360.0
    path.write_text(json.dumps(sets))
    hall.client.app.state.service.fleets._next = 0.0  # type: ignore[attr-defined]
    after = found(hall.post("kim", PATH, SEARCH))
    assert len(searched) == 5
    assert after["features"] != before["features"]


def test_preferences_are_followed_as_rfc_7240_says(hall: Hall) -> None:
    def ask(prefer):
        headers = {} if prefer is None else {"Prefer": prefer}
        return hall.post("kim", PATH, SEARCH, headers=headers)

    for prefer, status, applied in (
        (None, 200, None),
        ("wait", 200, "wait"),
        ("Wait=10", 200, "wait"),
        ("return=minimal", 200, None),
        ("respond-async", 201, "respond-async"),
        ('return=minimal; foo="x", RESPOND-ASYNC, wait=10', 201, "respond-async"),
    ):
        answer = ask(prefer)
        assert answer.status_code == status, (prefer, answer.text)
        assert answer.headers.get("preference-applied") == applied, prefer
        assert ("location" in answer.headers) == (status == 201)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"datetime": "2026-06-01"}, "datetime"),
        ({"datetime": "2026-06-02T00:00:00Z/2026-06-01T00:00:00Z"}, "datetime"),
        ({"datetime": "../2026-05-30T00:00:00Z"}, "datetime"),
        ({"geometry": {"type": "MultiPoint", "coordinates": [[0, 0]]}}, "geometry.type"),
        ({"geometry": {"type": "Point", "coordinates": [0, 95]}}, "geometry.coordinates"),
        ({"geometry": {"type": "Point", "coordinates": ["a", 5]}}, "geometry.coordinates"),
        ({"filter": {"op": "nope", "args": [{"property": "gsd"}, 1]}}, "filter.op"),
        ({"filter": {"op": "<=", "args": [{"property": "height"}, 1]}}, "filter.args.property"),
        ({"filter": {"op": "<=", "args": [{"property": "view:off_nadir"}, 95]}}, "filter.view:off_nadir"),
    ],
)  # fmt: skip
def test_what_the_reference_takes_and_we_refuse(hall: Hall, changed, field) -> None:
    answer = hall.post("kim", PATH, {**SEARCH, **changed})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


def test_numbers_that_are_none_and_huge_polygons_are_refused(hall: Hall) -> None:
    text = json.dumps(SEARCH).replace("37.57", "NaN")
    headers = {**hall.as_("kim"), "content-type": "application/json"}
    assert hall.client.post(PATH, content=text, headers=headers).status_code in (400, 422)
    ring = [[i / 6000, 0.0] for i in range(6000)] + [[1 - i / 6000, 1.0] for i in range(6000)]
    polygon = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    answer = hall.post("kim", PATH, {**SEARCH, "geometry": polygon})
    assert answer.status_code == 422
    assert "10000" in answer.text
    half = [[*ring[:1500], *ring[6000:7500], ring[0]]]
    answer = hall.post(
        "kim", PATH, {**SEARCH, "geometry": {"type": "Polygon", "coordinates": half}}
    )
    assert answer.status_code == 422
    assert "respond-async" in answer.text


def test_heights_are_left_out_and_areas_tell_what_a_pass_takes(hall: Hall) -> None:
    flat = found(hall.post("kim", PATH, SEARCH))["features"]
    place = {"type": "Point", "coordinates": [126.98, 37.57, 800.0]}
    high = found(hall.post("kim", PATH, {**SEARCH, "geometry": place}))["features"]
    assert [one["properties"] for one in high] == [one["properties"] for one in flat]
    ring = [[126.0, 37.4], [128.0, 37.4], [128.0, 37.7], [126.0, 37.7], [126.0, 37.4]]
    area = {"type": "Polygon", "coordinates": [ring]}
    for one in found(hall.post("kim", PATH, {**SEARCH, "geometry": area}))["features"]:
        told = one["properties"]
        # 177 km from west to east; swaths of 13 and 14 km at nadir, wider aslant, along passes to the south.
        assert 6 <= told["offnadir:strips"] <= 15
        assert 1 / 15 < told["offnadir:coverage"] < 1 / 6


def test_an_empty_answer_says_why(hall: Hall) -> None:
    wish = {"op": "<=", "args": [{"property": "view:off_nadir"}, 0.5]}
    document = found(hall.post("kim", PATH, {**SEARCH, "filter": wish}))
    assert document["features"] == []
    reason = document["offnadir:reasons"][0]
    assert reason["constraint"] == "max_off_nadir"
    assert reason["found"] > 0.5
    wish["args"][1] = reason["would_pass"]
    assert len(found(hall.post("kim", PATH, {**SEARCH, "filter": wish}))["features"]) == 1
    wish["args"][1] = reason["would_pass"] - 0.02
    assert found(hall.post("kim", PATH, {**SEARCH, "filter": wish}))["features"] == []
    other = {"op": "=", "args": [{"property": "platform"}, "Sputnik"]}
    document = found(hall.post("kim", PATH, {**SEARCH, "filter": other}))
    assert document["offnadir:reasons"][0]["constraint"] == "filter"
    assert not any(one["rel"] == "create-order" for one in document["links"])


def wait_for(hall: Hall, user: str, href: str) -> dict:
    for _ in range(600):
        record = found(hall.get(user, href))
        if record["status"]["status_code"] not in ("received", "in_progress"):
            return record
        time.sleep(0.05)
    raise AssertionError(record)


def test_a_search_that_goes_on_is_found_by_its_customer_only(hall: Hall) -> None:
    asked = hall.post("kim", PATH, {**SEARCH, "limit": 1}, headers={"Prefer": "respond-async"})
    record = wait_for(hall, "kim", asked.headers["location"])
    OpportunitySearchRecord.model_validate(record)
    assert record["status"]["status_code"] == "completed"
    at_once = found(hall.post("kim", PATH, SEARCH))["features"]
    href = only(record, "opportunities")["href"]
    document = found(hall.get("kim", href))
    OpportunityCollection.model_validate(document)
    assert document["features"] == at_once
    assert document["id"] == record["id"]
    page = found(hall.get("kim", f"{href}?limit=1"))
    rest = found(hall.get("kim", only(page, "next")["href"].replace("limit=1", "limit=100")))
    assert [*page["features"], *rest["features"]] == at_once
    statuses = found(hall.get("kim", only(record, "monitor")["href"]))["statuses"]
    assert [OpportunitySearchStatus.model_validate(one).status_code for one in statuses] == [
        "completed", "received",
    ]  # fmt: skip
    listed = OpportunitySearchRecords.model_validate(
        found(hall.get("kim", "/searches/opportunities"))
    )
    assert [one.id for one in listed.search_records] == [record["id"]]
    staff = found(hall.get("paula", "/searches/opportunities"))["search_records"]
    assert [one["id"] for one in staff] == [record["id"]]
    assert found(hall.get("lee", "/searches/opportunities"))["search_records"] == []
    own = f"/searches/opportunities/{record['id']}"
    for path in (own, f"{own}/statuses", f"{PATH}/{record['id']}"):
        assert hall.get("lee", path).status_code == 404, path
        assert hall.get("kim", path).status_code == 200, path
    assert hall.get("kim", f"/products/worldview-3/opportunities/{record['id']}").status_code == 404


def test_long_spans_are_not_waited_for(hall: Hall) -> None:
    long = {**SEARCH, "datetime": "2026-05-31T00:00:00Z/2026-07-05T00:00:00Z"}
    answer = hall.post("kim", PATH, long)
    assert answer.status_code == 422
    assert "Prefer: respond-async" in answer.json()["detail"]
    assert hall.post("kim", PATH, long, headers={"Prefer": "wait"}).status_code == 422
    asked = hall.post("kim", PATH, long, headers={"Prefer": "respond-async"})
    record = wait_for(hall, "kim", asked.headers["location"])
    assert (
        len(
            found(hall.get("kim", only(record, "opportunities")["href"] + "?limit=1000"))[
                "features"
            ]
        )
        > 30
    )


def test_a_search_of_a_killed_worker_is_taken_over(tmp_path: Path) -> None:
    """A process takes a search and is killed in the middle; another finishes it, once its word is old."""
    where = tmp_path / "searches.sqlite"
    database = open_database(where)
    searches = Searches(database, lambda product, request: {"by": "us"}, stale_s=1.0)
    record = searches.add("any", {"n": 1}, KIM)
    code = f"""
        import time
        from offnadir._database import open_database
        from offnadir.service._searches import Searches

        def does(product, request):
            print("begun", flush=True)
            time.sleep(600)

        Searches(open_database({str(where)!r}), does).work_off()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert searches.get(record.id, KIM).state == "in_progress"
        assert searches.work_off() == 0  # it may still be at work
        process.kill()
    time.sleep(1.1)
    assert searches.work_off() == 1
    assert searches.get(record.id, KIM).state == "completed"
    assert searches.answer(record.id) == {"by": "us"}
    database.close()


def test_who_lost_a_search_does_not_answer_it(database: Database) -> None:
    """A worker that was thought dead and comes back late changes nothing."""
    quick = Searches(database, lambda product, request: {"by": "quick"}, stale_s=-1.0)

    def slow(product, request):
        assert quick.work_off() == 1
        return {"by": "slow"}

    late = Searches(database, slow)
    record = late.add("any", {}, KIM)
    assert late.work_off() == 1
    assert late.answer(record.id) == {"by": "quick"}


def test_searches_are_bounded_and_forgotten(database: Database) -> None:
    from offnadir.service._problems import ProblemError

    searches = Searches(database, lambda product, request: {})
    for _ in range(20):
        record = searches.add("any", {}, KIM)
    with pytest.raises(ProblemError, match="20 searches wait already"):
        searches.add("any", {}, KIM)
    searches.add("any", {}, LEE)
    assert searches.work_off() == 21
    searches.add("any", {}, KIM)
    assert searches.sweep() == 0
    assert searches.sweep(record.made + 8 * 86400.0) == 22
    with database.read() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM searches")).scalar() == 0
    with pytest.raises(ProblemError):
        searches.get(record.id, KIM)


def test_a_search_that_fails_says_so(tmp_path: Path) -> None:
    database = open_database(tmp_path / "searches.sqlite")
    searches = Searches(database, lambda product, request: 1 / 0)  # type: ignore[arg-type,return-value]
    record = searches.add("any", {}, KIM)
    assert searches.work_off() == 1
    failed = searches.get(record.id, KIM)
    assert (failed.state, failed.words) == ("failed", "something went wrong on our side")
    assert Epoch.from_utc("2026-01-01") < failed.made <= failed.changed
    database.close()


def test_a_search_that_goes_on_over_real_http(hall_ready, tmp_path: Path) -> None:
    """A server on loopback: 201 with Location, then the record, then the opportunities that it links to."""
    path, keys = hall_ready
    shutil.copytree(path.parent, tmp_path / "operation")
    app = create_app(tmp_path / "operation" / path.name, settings())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {keys['kim']}"}
        ) as client:
            asked = client.post(PATH, json=SEARCH, headers={"Prefer": "respond-async"}, timeout=60)
            assert asked.status_code == 201
            for _ in range(600):
                record = client.get(asked.headers["location"], timeout=60).json()
                if record["status"]["status_code"] == "completed":
                    break
                time.sleep(0.05)
            told = client.get(only(record, "opportunities")["href"], timeout=60)
            at_once = client.post(PATH, json=SEARCH, timeout=60)
            assert told.json()["features"] == at_once.json()["features"] != []
    finally:
        server.should_exit = True
        thread.join()


def test_the_interval_that_would_pass_passes(hall: Hall) -> None:
    """Asked again with it, the same search finds something: the last exposure ends within it, too."""
    draw, tried = random.Random(3), 0
    while tried < 15:
        lat, lon, most = draw.uniform(-60, 66), draw.uniform(-180, 180), draw.choice([1, 2, 3, 5])
        wish = {
            "datetime": "2026-05-31T00:00:00Z/2026-06-01T00:00:00Z",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "filter": {"op": "<=", "args": [{"property": "view:off_nadir"}, most]},
        }
        told = hall.post("kim", "/products/any/opportunities", wish).json()
        for one in told.get("offnadir:reasons", ()):
            if one["constraint"] == "datetime":
                again = {**wish, "datetime": one["would_pass"]}
                assert hall.post("kim", "/products/any/opportunities", again).json()["features"], (
                    one
                )
                tried += 1


def test_what_is_offered_in_low_light_is_planned(hall: Hall) -> None:
    """The planner asks for no higher Sun than the search: the one that is asked for, or that it is up."""
    from offnadir.epoch import Span
    from offnadir.operations._wishes import request_of

    service = hall.client.app.state.service  # type: ignore[attr-defined]
    now = service.now()
    for part, least, most in (
        (None, 0.0, None),
        ({"op": "<=", "args": [{"property": "view:sun_elevation"}, 9]}, 0.0, 9.0),
        ({"op": ">=", "args": [{"property": "view:sun_elevation"}, 20]}, 20.0, None),
    ):
        order = hall.place(filter=part) if part else hall.place(filter=None)
        asked = request_of(
            order, service.desk.show(order, by="kim").placed.order, Span(now, now + 86_400.0)
        )
        assert asked is not None
        assert (asked["min_sun_elevation_deg"], asked.get("max_sun_elevation_deg")) == (least, most)
