"""The archive over STAC API, by pystac-client over real HTTP: search, filter, sort, pages, who sees what."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pystac
import pystac_client
import pytest
from pystac.validation import validate_dict

from offnadir.errors import InputError
from offnadir.service import _stac
from offnadir.service._cql2 import filter_of_text
from sample_items import square, stac
from support.serving import serving

HOURS = [f"2026-05-31T{n:02}:00:00Z" for n in range(24)]
#: Every third item is Blue Coast's, every fifth everybody's.
ITEMS = [
    stac(
        f"P{n:02}", square(100 + n, 10 + n), HOURS[n], gsd=0.3 + 0.05 * (n % 4), platform=f"SAT-{n % 2}",
        eo__cloud_cover=4.0 * n, view__off_nadir=float(n), processing__level="ortho",
    )
    for n in range(24)
]  # fmt: skip
KIM = [n for n in range(24) if n % 3 == 0 or n % 5 == 0]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("stac") / "operation") as made:
        archive = made.service.archive
        items = [dict(one) for one in ITEMS]
        items[1] = {
            **items[1],
            "assets": {
                "far": {"href": "https://elsewhere.example/a.tif"},
                "lost": {"href": "/data/secret/x.tif"},
            },
            "links": [
                {"rel": "derived_from", "href": "./raw.json"},
                {"rel": "about", "href": "https://e.example/"},
            ],
        }
        items[-1] = {**items[-1], "assets": {"far": {"href": "https://elsewhere.example/b.tif"}}}
        assert not archive.add_many((one, None) for one in items).refused
        customer = made.service.desk.find_user("kim").customer_id
        for n in range(24):
            if n % 3 == 0:
                archive.let_read(f"P{n:02}", customer)
            if n % 5 == 0:
                archive.let_read(f"P{n:02}", "*")
        yield made


@pytest.fixture(scope="module")
def boss(served):
    return pystac_client.Client.open(f"{served.url}/stac", headers=served.headers("boss"))


@pytest.fixture(scope="module")
def http(served):
    with served.client("boss") as client:
        yield client


def ids(search) -> list[str]:
    return [one.id for one in search.items()]


def told(numbers) -> list[str]:
    return [f"P{n:02}" for n in numbers]


def test_pystac_client_finds_all_on_pages_newest_first(boss):
    for method in ("GET", "POST"):
        assert ids(boss.search(method=method, limit=7)) == told(range(23, -1, -1))
    assert ids(boss.search(max_items=3, limit=2)) == ["P23", "P22", "P21"]


def test_pystac_client_is_told_how_many_there_are(boss, monkeypatch):
    """Its `matched()` asks for one item; beyond what is counted it is told nothing, and warns."""
    assert boss.search().matched() == 24
    assert boss.search(method="GET", bbox=[102, 12, 104, 14]).matched() == 3
    monkeypatch.setattr(_stac, "_MOST_COUNTED", 23)
    with pytest.warns(UserWarning, match="numberMatched"):
        assert boss.search().matched() is None


def test_pystac_client_asks_for_places_times_names(boss):
    assert ids(boss.search(bbox=[102, 12, 104, 14])) == told([4, 3, 2])
    assert ids(boss.search(bbox=[102, 12, -5, 104, 14, 9000])) == told([4, 3, 2])
    assert ids(boss.search(intersects=square(105, 15)["coordinates"] and square(105, 15))) == [
        "P05"
    ]
    assert ids(boss.search(datetime="2026-05-31T20:00:00Z/..")) == told([23, 22, 21, 20])
    assert ids(boss.search(datetime="../2026-05-31T01:00:00Z")) == ["P01", "P00"]
    assert ids(boss.search(ids=["P07", "P09", "none"])) == ["P09", "P07"]
    assert ids(boss.search(collections=["none"])) == []
    assert len(ids(boss.search(collections=["pictures"]))) == 24


def test_pystac_client_filters_and_sorts(boss):
    text = "eo:cloud_cover <= 20 AND platform = 'SAT-1' AND S_INTERSECTS(geometry, BBOX(100,10,104,14))"
    assert ids(boss.search(filter=text, filter_lang="cql2-text", method="GET")) == ["P03", "P01"]
    document = {"op": "or", "args": [
        {"op": "=", "args": [{"property": "id"}, "P20"]},
        {"op": "<", "args": [{"property": "view:off_nadir"}, 2]},
    ]}  # fmt: skip
    assert ids(boss.search(filter=document, sortby="+id")) == ["P00", "P01", "P20"]
    assert ids(boss.search(sortby="-eo:cloud_cover", limit=5, max_items=6)) == told(
        range(23, 17, -1)
    )
    by_body = boss.search(
        method="POST", sortby=[{"field": "properties.view:off_nadir", "direction": "asc"}]
    )
    assert ids(by_body) == told(range(24))


def test_the_catalog_is_browsed_by_its_links(boss, served):
    collection = boss.get_collection("pictures")
    assert [one.id for one in boss.get_collections()] == ["pictures"]
    assert [one.id for one in boss.get_children()] == ["pictures"]
    assert collection.extent.spatial.bboxes == [[99.9, 9.9, 123.1, 33.1]]
    assert sorted(one.id for one in collection.get_items()) == told(range(24))
    item = collection.get_item("P05")
    assert item.get_self_href() == f"{served.url}/stac/collections/pictures/items/P05"
    assert item.get_collection().id == "pictures"


def test_what_is_answered_is_stac(http):
    """By the JSON schemas of STAC that come with pystac."""
    landing, collection = http.get("/stac").json(), http.get("/stac/collections/pictures").json()
    item = http.get("/stac/collections/pictures/items/P05").json()
    for one in (landing, collection, item):
        validate_dict(one)
    page = http.get("/stac/search", params={"limit": 3}).json()
    assert page["type"] == "FeatureCollection"
    for one in page["features"]:
        validate_dict(one)
    assert pystac.ItemCollection.from_dict(page).items[0].id == "P23"
    assert set(http.get("/stac/conformance").json()["conformsTo"]) == set(landing["conformsTo"])
    rels = {one["rel"] for one in landing["links"]}
    assert {
        "self",
        "root",
        "conformance",
        "data",
        "search",
        "service-desc",
        "service-doc",
        "child",
    } <= rels
    for one in landing["links"]:
        if one.get("method") != "POST":
            answer = http.get(one["href"], headers={"accept": one["type"]})
            assert answer.status_code == 200, one
            assert (
                answer.headers["content-type"]
                .partition(" ")[0]
                .startswith(one["type"].partition(";")[0])
            ), one


def test_hrefs_are_of_this_service_or_of_the_world_never_of_a_disk(http, served):
    item = http.get("/stac/collections/pictures/items/P01").json()
    hrefs = {key: one["href"] for key, one in item["assets"].items()}
    assert hrefs == {
        "far": "https://elsewhere.example/a.tif", "lost": f"{served.url}/assets/P01/lost",
    }  # fmt: skip
    assert "/data/secret" not in json.dumps(item)
    assert [one["rel"] for one in item["links"]] == [
        "self",
        "root",
        "parent",
        "collection",
        "about",
    ]


def test_the_public_validator_finds_nothing(served):
    """stac-api-validator, all classes that the landing page claims and it knows, with pages to their end."""
    script = Path(__file__).parents[1] / "support" / "stac_validator_offline.py"
    classes = (
        "core", "item-search", "features", "collections", "children", "filter", "item-search#sort",
        "item-search#fields", "features#sort",
    )  # fmt: skip
    place = {"type": "Polygon", "coordinates": [[[90, 0], [140, 0], [140, 40], [90, 40], [90, 0]]]}
    shown = served.headers("boss")["Authorization"]
    told = {
        "root-url": f"{served.url}/stac", "collection": "pictures", "geometry": json.dumps(place),
        "auth-bearer-token": shown.removeprefix("Bearer "), "headers": f"Authorization: {shown}",
        "fields-nested-property": "properties.gsd",
    }  # fmt: skip
    command = [sys.executable, str(script), "--validate-pagination"]
    command += [word for name, value in told.items() for word in (f"--{name}", value)]
    command += [word for one in classes for word in ("--conformance", one)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Errors: none" in done.stdout, done.stdout + done.stderr


def test_members_of_items_are_chosen(http):
    chosen = http.get(
        "/stac/search", params={"ids": "P05", "fields": "properties.gsd,-bbox"}
    ).json()
    (one,) = chosen["features"]
    assert one["properties"] == {"gsd": ITEMS[5]["properties"]["gsd"]}
    assert set(one) == {"type", "stac_version", "id", "collection", "properties"}
    body = {"ids": ["P05"], "fields": {"exclude": ["properties.gsd", "assets", "id"]}}
    (one,) = http.post("/stac/search", json=body).json()["features"]
    assert one["id"] == "P05"
    assert "gsd" not in one["properties"]
    assert one["properties"]["platform"] == "SAT-1"
    assert "assets" not in one


@pytest.mark.parametrize(
    ("fields", "url", "there", "not_there"),
    [
        ({}, "", "geometry bbox links assets properties.datetime", "properties.gsd"),
        ({"include": None, "exclude": []}, "", "geometry links properties.datetime", "properties.gsd"),
        ({"include": ["geometry"]}, "+geometry", "geometry", "bbox links assets properties"),
        ({"exclude": ["geometry"]}, "-geometry", "assets properties.gsd", "geometry"),
        ({"exclude": ["geometry"], "include": []}, None, "assets bbox", "geometry properties.gsd"),
        ({"exclude": ["properties"], "include": ["properties.gsd"]}, "-properties,properties.gsd",
         "properties.gsd", "properties.platform geometry"),
        ({"exclude": ["properties.gsd"], "include": ["properties"]}, "properties,-properties.gsd",
         "properties.platform", "properties.gsd"),
        ({"exclude": ["geometry"], "include": ["geometry"]}, "-geometry,+geometry", "geometry", "bbox"),
        ({"include": ["properties.nothing", "none.of.that"]}, "properties.nothing,none.of.that",
         "id", "none properties.nothing"),
    ],
)  # fmt: skip
def test_the_fields_extension_by_its_semantics(http, fields, url, there, not_there):
    """Rules 1 to 6 of the extension's version 1.0, as the public stac-api-validator 0.6.8 tries them."""
    answers = [http.post("/stac/search", json={"ids": ["P05"], "fields": fields})]
    if url is not None:
        answers.append(http.get("/stac/search", params={"ids": "P05", "fields": url}))
    for answer in answers:
        (one,) = answer.json()["features"]
        for name in (*there.split(), *not_there.split()):
            outer, _, inner = name.partition(".")
            found = one.get(outer, {}) if inner else one
            assert ((inner or outer) in found) is (name in there.split()), (name, one)
    assert http.post("/stac/search", json={"fields": None}).status_code == 400


def test_items_are_sorted_by_several(http):
    asked = {"sortby": "-properties.gsd,+platform,-id", "limit": 7}
    wanted = sorted(
        (one["properties"]["gsd"] * -1, one["properties"]["platform"], -int(one["id"][1:]))
        for one in ITEMS
    )
    found = []
    page = http.get("/stac/search", params=asked).json()
    while True:
        found += [f"{one['id']}" for one in page["features"]]
        (following,) = [one for one in page["links"] if one["rel"] == "next"] or [None]
        if following is None:
            break
        page = http.get(following["href"]).json()
    assert found == [f"P{-n:02}" for _, _, n in wanted]
    body = {"sortby": [{"field": "gsd", "direction": "desc"}, {"field": "platform", "direction": "asc"},
                       {"field": "id", "direction": "desc"}], "limit": 30}  # fmt: skip
    assert [one["id"] for one in http.post("/stac/search", json=body).json()["features"]] == found


def test_one_collection_may_be_asked_for_without_a_list(http):
    asked = {"collections": "pictures", "sortby": [{"field": "id", "direction": "asc"}], "limit": 1}
    assert len(http.post("/stac/search", json=asked).json()["features"]) == 1


def test_queryables_are_those_that_a_filter_knows(http):
    for path in ("/stac/queryables", "/stac/collections/pictures/queryables"):
        answer = http.get(path)
        assert answer.headers["content-type"] == "application/schema+json"
        names = answer.json()["properties"]
        assert {"id", "geometry", "datetime", "eo:cloud_cover", "offnadir:niirs"} <= set(names)
        for name in set(names) - {"geometry"}:
            asked = {"op": "isNull", "args": [{"property": name}]}
            assert http.post("/stac/search", json={"filter": asked}).status_code == 200


def test_next_links_lead_on_with_all_that_was_asked(http):
    params = {
        "limit": 5,
        "filter": "eo:cloud_cover > 40",
        "sortby": "eo:cloud_cover",
        "collections": "pictures",
    }
    seen, url, asked = [], "/stac/search", params
    while url:
        page = http.get(url, params=asked).json()
        seen += [one["id"] for one in page["features"]]
        url, asked = (
            next((one["href"] for one in page["links"] if one["rel"] == "next"), None),
            None,
        )
    assert seen == told(range(11, 24))
    page = http.get("/stac/collections/pictures/items", params={"limit": 20}).json()
    (more,) = [one["href"] for one in page["links"] if one["rel"] == "next"]
    assert len(http.get(more).json()["features"]) == 4
    assert "numberMatched" not in page
    assert http.get("/stac/search", params={"limit": 50}).json()["numberMatched"] == 24


@pytest.mark.parametrize(
    "wrong",
    [
        {"bbox": "1,2,3"}, {"bbox": "1,2,3,x"}, {"bbox": "nan,1,2,3"}, {"bbox": "1,2,3,4,5"},
        {"bbox": "0,10,1,5"}, {"bbox": "0,0,9,1,1,5"}, {"bbox": "0,0,1,91"}, {"bbox": ""},
        {"bbox": "0,0,1,1", "intersects": '{"type":"Point","coordinates":[0,0]}'},
        {"intersects": "{}"}, {"intersects": "["}, {"intersects": '{"type":"Point","coordinates":[0,NaN]}'},
        {"intersects": '{"type":"Feature","geometry":null}'},
        {"intersects": '{"type":"Point","coordinates":[]}'},
        {"datetime": "2026-05-31"}, {"datetime": "2026-05-31T00:00:00"}, {"datetime": "/"},
        {"datetime": "../.."}, {"datetime": "2026-05-31T02:00:00Z/2026-05-31T01:00:00Z"},
        {"datetime": "2026-13-01T00:00:00Z"}, {"datetime": "2026-05-31T25:00:00Z"},
        {"datetime": "2026-05-31T00:00:00Z/2026-06-01T00:00:00Z/.."}, {"datetime": "2026-05-31T00:00:00.Z"},
        {"limit": "0"}, {"limit": "-1"}, {"limit": "many"}, {"limit": "1.5"},
        {"token": "made-up"}, {"token": "x" * 9000},
        {"filter": "gsd <"}, {"filter": "colour = 1"}, {"filter": "gsd < 1", "filter-lang": "sql"},
        {"filter": "gsd < 1", "filter-crs": "EPSG:3857"}, {"filter": "{", "filter-lang": "cql2-json"},
        {"sortby": "colour"}, {"sortby": "id,colour"}, {"sortby": ""},
    ],
)  # fmt: skip
def test_what_is_wrong_is_a_400_that_says_so(http, wrong):
    answer = http.get("/stac/search", params=wrong)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["wish"]


@pytest.mark.parametrize(
    "right",
    [
        "2026-05-31T05:00:00Z", "2026-05-31T05:00:00.000Z", "2026-05-31t05:00:00z",
        "2026-05-31T14:00:00+09:00",
        "2026-05-31T05:00:00-00:00", "2026-05-31T04:59:59.9999999999Z/2026-05-31T05:00:00Z",
    ],
)  # fmt: skip
def test_times_of_rfc_3339(http, right):
    page = http.get("/stac/search", params={"datetime": right}).json()
    assert [one["id"] for one in page["features"]] == ["P05"]


def test_bodies_that_mean_harm(http):
    deep = {"op": "not", "args": [True]}
    for _ in range(200):
        deep = {"op": "not", "args": [deep]}
    ring = [[0.001 * math.cos(n), 0.001 * math.sin(n)] for n in range(10_001)]
    many = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    nested = json.dumps({"intersects": {"type": "Polygon", "coordinates": 0}}).replace(
        "0", "[" * 900 + "]" * 900
    )
    for body in (
        json.dumps({"filter": deep}), json.dumps({"intersects": many}), nested, "[" * 100_000,
        '{"limit": NaN}',
        '{"limit": true}', '{"ids": "P05"}', '{"ids": [1]}', '{"colour": 1}', '{"query": {"gsd": {"lt": 1}}}',
        '{"bbox": [0, 0, 1, Infinity]}', '{"bbox": [0, 0, 1, true]}', '{"bbox": {}}', '{"sortby": [{}]}',
        '{"sortby": "id"}', '{"fields": []}', '{"filter": "gsd < 1"}', '{"token": 5}', '{"datetime": 5}',
        "[]",
        '{"filter": {"op": "=", "args": [{"property": "id"}, "\\ud800"]}}', '{"ids": ["\\u0000"]}',
        json.dumps({"filter": {"op": "=", "args": [{"property": "gsd"}, json.loads("[" * 500 + "]" * 500)]}}),
    ):  # fmt: skip
        answer = http.post(
            "/stac/search", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 400, (body[:80], answer.text[:300])
    huge = {
        "filter": f"S_INTERSECTS(geometry, POLYGON(({','.join(['0 0'] * 10_002)})))",
        "filter-lang": "cql2-text",
    }
    assert http.post("/stac/search", json=huge).status_code == 400


def test_texts_that_would_overflow_the_parsers_stack_are_refused():
    """5000 minus signs end a process with cql2 0.6.0; so do 3000 brackets."""
    for text in (
        "gsd < " + "-" * 5000 + "1",
        "(" * 3000 + "gsd<1" + ")" * 3000,
        "not " * 5000 + "gsd<1",
    ):
        with pytest.raises(InputError, match="at most"):
            filter_of_text(text)
    ring = ", ".join(f"{-n / 100} {n / 200}" for n in range(5000))
    assert filter_of_text(f"S_INTERSECTS(geometry, POLYGON(({ring})))")["op"] == "s_intersects"


# Who sees what


def test_customers_see_what_is_theirs_or_everybodys(served):
    with served.client("kim") as kim, served.client("lee") as lee, served.client("anna") as anna:
        for client, numbers in ((kim, KIM), (lee, range(0, 24, 5)), (anna, range(24))):
            expected = set(told(numbers))
            by_url = client.get("/stac/search", params={"limit": 100}).json()
            by_body = client.post(
                "/stac/search",
                json={
                    "limit": 100,
                    "filter": {
                        "op": "or",
                        "args": [True, {"op": "=", "args": [{"property": "id"}, "P01"]}],
                    },
                },
            ).json()
            listed = client.get("/stac/collections/pictures/items", params={"limit": 100}).json()
            for page in (by_url, by_body, listed):
                assert {one["id"] for one in page["features"]} == expected
            for n in range(24):
                status = client.get(f"/stac/collections/pictures/items/P{n:02}").status_code
                assert status == (200 if f"P{n:02}" in expected else 404)
        hidden = lee.get("/stac/collections/pictures/items/P03").json()["detail"]
        absent = lee.get("/stac/collections/pictures/items/P99").json()["detail"]
        assert hidden == absent.replace("P99", "P03")
        bounds = lee.get("/stac/collections/pictures").json()["extent"]["spatial"]["bbox"]
        assert bounds == [[99.9, 9.9, 120.1, 30.1]]


def test_nothing_is_seen_without_a_key_or_without_the_scope(served):
    desk = served.service.desk
    weak = desk.add_key("kim", by="boss", scopes=["orders:read"])[1]
    paths = ["/stac", "/stac/conformance", "/stac/collections", "/stac/collections/pictures",
             "/stac/children",
             "/stac/queryables", "/stac/collections/pictures/queryables", "/stac/collections/pictures/items",
             "/stac/collections/pictures/items/P00", "/stac/search", "/assets/P00/a",
             "/tiles/P00/a/0/0/0.png",
             "/tiles/P00/a/tilejson.json", "/previews/P00/a.png"]  # fmt: skip
    with served.client() as nobody:
        for path in paths:
            assert nobody.get(path).status_code == 401, path
            headers = {"Authorization": f"Bearer {weak}"}
            assert nobody.get(path, headers=headers).status_code == 403, path
        for path in ("/stac/search", "/assets/P00/a/link"):
            assert nobody.post(path, json={}).status_code == 401, path


def test_a_public_archive_is_everybodys_who_has_a_key(served):
    with served.told(public_archive=True), served.client("lee") as lee, served.client() as nobody:
        assert len(lee.get("/stac/search", params={"limit": 100}).json()["features"]) == 24
        assert nobody.get("/stac/search").status_code == 401
