"""The fleet's routes: elements as they were published, windows, and who sees what of the plan."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from offnadir._database import sa
from offnadir.operations._pictures import add_picture
from offnadir.operations._plans import add_plan
from support.service import Hall

COLLECTION = {
    "id": "C0001", "request": "x", "satellite": "WORLDVIEW-3 (WV-3)",
    "start": "2026-05-31T01:54:18.000Z", "stop": "2026-05-31T01:54:22.000Z", "off_nadir_deg": 12.0,
    "niirs": 5.5, "aim": {"lat_deg": 37.57, "lon_deg": 126.98, "alt_m": 0.0},
    "footprint": {"type": "Polygon", "coordinates": [[[126, 37], [127, 37], [127, 38], [126, 37]]]},
}  # fmt: skip


def test_satellites_and_their_elements_are_those_of_the_file(hall: Hall) -> None:
    """The OMM that comes out is what CelesTrak published, key by key."""
    document = hall.get("kim", "/satellites").json()
    assert [one["id"] for one in document["satellites"]] == ["40115", "49070"]
    one = document["satellites"][0]
    assert one["sensor"]["id"] == "worldview-3"
    assert 0 < one["elements"]["age_days"] < 1.5
    published = json.loads((files("offnadir.data") / "demo" / "elements.omm.json").read_text())
    (wanted,) = (entry for entry in published if entry["NORAD_CAT_ID"] == 40115)
    told = hall.get("kim", "/satellites/40115/elements").json()
    for key in (
        "MEAN_MOTION",
        "ECCENTRICITY",
        "INCLINATION",
        "RA_OF_ASC_NODE",
        "BSTAR",
        "OBJECT_ID",
    ):
        assert told[key] == wanted[key], key
    name = one["name"].lower()
    assert (
        hall.get("kim", f"/satellites/{name}").json() == hall.get("kim", "/satellites/40115").json()
    )
    tle = hall.get("kim", "/satellites/40115/elements", headers={"Accept": "text/plain"})
    assert tle.headers["content-type"].startswith("text/plain")
    lines = tle.text.splitlines()
    assert (lines[1][:7], lines[2][:7], len(lines[1]), len(lines[2])) == (
        "1 40115",
        "2 40115",
        69,
        69,
    )
    assert f"{wanted['INCLINATION']:8.4f}" == lines[2][8:16]
    assert hall.get("kim", "/satellites/99999").status_code == 404


def test_stations_are_told(hall: Hall) -> None:
    told = hall.get("kim", "/stations").json()["stations"]
    assert [one["name"] for one in told] == ["Svalbard", "Daejeon"]
    assert told[0]["lat_deg"] == 78.23


def test_windows_are_opportunities_without_a_product(hall: Hall) -> None:
    when = "2026-05-31T00:00:00Z/2026-06-03T00:00:00Z"
    query = {"lat": 37.57, "lon": 126.98, "datetime": when}
    whole = hall.get("kim", "/windows", params=query).json()
    search = {"datetime": when, "geometry": {"type": "Point", "coordinates": [126.98, 37.57]}}
    stapi = hall.post("kim", "/products/any/opportunities", {**search, "limit": 100}).json()
    assert [one["properties"] for one in whole["features"]] == [
        one["properties"] for one in stapi["features"]
    ]
    one = hall.get("kim", "/windows", params={**query, "satellite": "40115"}).json()
    assert {f["properties"]["offnadir:norad_id"] for f in one["features"]} == {40115}
    first = hall.get("kim", "/windows", params={**query, "limit": 1}).json()
    href = next(link["href"] for link in first["links"] if link["rel"] == "next")
    rest = hall.get("kim", href.replace("limit=1", "limit=100")).json()
    assert [*first["features"], *rest["features"]] == whole["features"]
    for wrong in ({"lat": 91}, {"lon": "nan"}, {"datetime": "today"}, {"satellite": "Sputnik"}):
        assert hall.get("kim", "/windows", params={**query, **wrong}).status_code in (400, 422), (
            wrong
        )


@pytest.fixture
def planned(hall: Hall) -> tuple[str, str]:
    """A picture of each customer's order in a plan: their ids."""
    orders = [hall.place("kim"), hall.place("lee")]
    service = hall.client.app.state.service  # type: ignore[attr-defined]
    name = service.fleet.satellites[0].name
    with service.database.begin() as connection:
        add_plan(
            connection, 1, {"mission": {"name": "x"}, "collections": orders}, service.now(), "test"
        )
        ids = [
            add_picture(connection, order, {**COLLECTION, "satellite": name}, 1, service.now())
            for order in orders
        ]
        connection.execute(
            sa.text(
                "INSERT INTO uplinks (satellite, at_tai_ns, station, state, plan) "
                f"VALUES ('{name}', {(service.now() + 3600.0).tai_ns}, 'Svalbard', 'open', 1)"
            )
        )
    return ids[0], ids[1]


def test_customers_see_their_own_pictures_only(hall: Hall, planned: tuple[str, str]) -> None:
    def pictures(user):
        told = hall.get(user, "/timeline").json()["satellites"]
        return {one["id"] for satellite in told for one in satellite["pictures"]}

    assert pictures("paula") == set(planned)
    assert pictures("kim") == {planned[0]}
    assert pictures("lee") == {planned[1]}
    for user, known in (("paula", True), ("kim", False), ("lee", False)):
        uplinks = [one["uplinks"] for one in hall.get(user, "/timeline").json()["satellites"]]
        assert any(uplinks) == known
        assert hall.get(user, "/plan").status_code == (200 if known else 403)
    for user, mine, other in (("kim", 0, 1), ("lee", 1, 0)):
        packets = hall.get(user, "/czml").json()
        shown = {packet["id"] for packet in packets}
        assert f"picture/{planned[mine]}" in shown
        assert planned[other] not in json.dumps(packets)


def test_the_timeline_has_the_contacts_of_the_day(hall: Hall) -> None:
    """A sun-synchronous satellite is heard at Svalbard on nearly all of its 15 orbits."""
    told = hall.get("kim", "/timeline").json()["satellites"][0]["contacts"]
    svalbard = [one for one in told if one["station"] == "Svalbard"]
    assert 12 <= len(svalbard) <= 15
    assert [one["start"] for one in told] == sorted(one["start"] for one in told)
    assert hall.get("kim", "/plan").status_code == 403
    assert hall.get("paula", "/plan").status_code == 404
    packets = hall.get("kim", "/czml").json()
    assert packets[0]["version"] == "1.0"
    assert sum(packet["id"].startswith("satellite/") for packet in packets) == 2
    long = {"datetime": "2026-05-31T00:00:00Z/2026-06-20T00:00:00Z"}
    assert hall.get("kim", "/timeline", params=long).status_code == 422
    assert hall.get("kim", "/czml", params=long).status_code == 422
