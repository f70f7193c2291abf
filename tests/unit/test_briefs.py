"""plan.geojson, plan.czml and plan.ics, read back by libraries that know nothing of us."""

from __future__ import annotations

import copy
import datetime
import io
import json
from dataclasses import replace
from typing import Any

import geopandas
import icalendar
import numpy as np
import pytest
import shapely
from czml3.core import Document, Packet

from offnadir.briefs import plan_czml, plan_geojson, plan_ics
from offnadir.earth import interpolate, itrf_to_geodetic
from offnadir.epoch import Epoch
from offnadir.units import deg
from sample_plan import sample_plan

Sample = tuple[dict[str, Any], list[dict[str, Any]], list[Any]]
NASTY = (
    '</script><script>alert("1")</script>',
    "comma, semicolon; backslash\\ colon: \"quote\" 'tick'\nsecond line\r\nthird",
    "부산항 신항 제2부두 " * 12,
    "مرفأ \u202e right to left",
    "bell \x07, tab \t, é, 🛰" * 6,
)
SHAPES: list[dict[str, Any]] = [
    {"pictures": False, "stations": 0, "satellites": 1, "requests": 5, "days": 2 / 24},
    {"satellites": 1, "requests": 0, "stations": 0},
    {"region": (-60, -180, 70, 180), "requests": 40, "satellites": 4},
    {"region": (50, 150, 66, 210), "requests": 30, "satellites": 4},
    {"requests": 8, "satellites": 2, "names": NASTY},
]


@pytest.fixture(scope="module")
def sample() -> Sample:
    return sample_plan()


def features(text: str, kind: str) -> list[dict[str, Any]]:
    return [f for f in json.loads(text)["features"] if f["properties"]["kind"] == kind]


def parts(geometry: dict[str, Any]) -> list[Any]:
    """The lines or the polygons of a geometry."""
    many = geometry["type"].startswith("Multi")
    return geometry["coordinates"] if many else [geometry["coordinates"]]


def packets(text: str) -> dict[str, dict[str, Any]]:
    found = json.loads(text)
    assert len({packet["id"] for packet in found}) == len(found)
    return {packet["id"]: packet for packet in found}


def references(packet: dict[str, Any]) -> list[str]:
    """What the ends of a packet's line refer to."""
    found: list[str] = packet.get("polyline", {}).get("positions", {}).get("references", [])
    return found


def events(text: str) -> list[Any]:
    return list(icalendar.Calendar.from_ical(text).walk("VEVENT"))


def with_footprint(plan: dict[str, Any], ring: list[list[float]]) -> dict[str, Any]:
    changed = copy.deepcopy(plan)
    changed["collections"][0]["footprint"] = {"type": "Polygon", "coordinates": [ring]}
    return changed


@pytest.mark.parametrize("shape", [{}, *SHAPES])
def test_same_input_same_bytes(shape: dict[str, Any]) -> None:
    first, second = sample_plan(**shape), sample_plan(**shape)
    before = copy.deepcopy(first[0])
    assert plan_geojson(first[0], first[2]) == plan_geojson(second[0], second[2])
    assert plan_czml(first[0], first[2]) == plan_czml(second[0], second[2])
    assert plan_ics(first[0]) == plan_ics(second[0])
    assert first[0] == before  # nothing wrote into the plan


# GeoJSON


@pytest.mark.parametrize("shape", [{}, *SHAPES])
def test_geojson_opens_elsewhere(shape: dict[str, Any]) -> None:
    plan, _, tracks = sample_plan(**shape)
    text = plan_geojson(plan, tracks)
    assert "crs" not in json.loads(text)
    frame = geopandas.read_file(io.BytesIO(text.encode()))
    kinds = frame["kind"].value_counts()
    assert kinds.get("request", 0) == len(plan["requests"])
    assert kinds.get("footprint", 0) == len(plan["collections"])
    assert kinds.get("picture_track", 0) == len(plan["collections"])
    assert kinds.get("ground_track", 0) == len(tracks)
    assert kinds.get("station", 0) == len(plan["stations"])
    assert shapely.is_valid(frame.geometry.to_numpy()).all()
    assert not shapely.is_empty(frame.geometry.to_numpy()).any()
    west, south, east, north = frame.total_bounds if len(frame) else (0, 0, 0, 0)
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90


def test_geojson_says_why(sample: Sample) -> None:
    plan, _, tracks = sample
    said = [f["properties"] for f in features(plan_geojson(plan, tracks), "request")]
    for request, properties in zip(plan["requests"], said, strict=True):
        assert properties["name"] == request["name"]
        assert properties["status"] == request["status"]
        wanted = (request["reason"] or {}).get("text")
        assert properties["reason"] == wanted
        assert not [v for v in properties.values() if isinstance(v, dict | list)]  # flat


def test_rings_turn_as_rfc_7946_asks(sample: Sample) -> None:
    """Section 3.1.6: outer rings counter-clockwise, holes clockwise, whatever the plan holds."""
    plan = copy.deepcopy(sample[0])
    outer = [[126, 37], [126, 38], [127, 38], [127, 37], [126, 37]]  # clockwise
    hole = [[126.4, 37.4], [126.6, 37.4], [126.6, 37.6], [126.4, 37.6], [126.4, 37.4]]
    plan["requests"][0]["geometry"] = {"type": "Polygon", "coordinates": [outer, hole]}
    text = plan_geojson(plan, sample[2])
    rings = features(text, "request")[0]["geometry"]["coordinates"]
    assert [shapely.LinearRing(ring).is_ccw for ring in rings] == [True, False]
    assert shapely.Polygon(rings[0], rings[1:]).area == pytest.approx(1 - 0.04)
    for feature in features(text, "footprint"):
        assert all(shapely.LinearRing(p[0]).is_ccw for p in parts(feature["geometry"]))


@pytest.mark.parametrize("turns", [-360, 0, 360])
def test_footprint_over_the_date_line_is_cut(sample: Sample, turns: int) -> None:
    """Section 3.1.9: 0.3 deg to the west of it and 0.1 deg to the east, however longitude is counted."""
    ring = [[179.7, 60], [180.1, 60], [180.1, 60.1], [179.7, 60.1], [179.7, 60]]
    counted = [[lon + turns, lat] for lon, lat in ring]
    folded = [[(lon + 180) % 360 - 180, lat] for lon, lat in ring]
    for corners in (counted, folded):
        plan = with_footprint(sample[0], corners)
        shape = features(plan_geojson(plan, sample[2]), "footprint")[0]["geometry"]
        assert shape["type"] == "MultiPolygon"
        sides = sorted(shapely.Polygon(part[0]).bounds for part in shape["coordinates"])
        assert sides == [
            pytest.approx((-180, 60, -179.9, 60.1)),
            pytest.approx((179.7, 60, 180, 60.1)),
        ]


def test_footprint_that_crosses_itself_is_mended(sample: Sample) -> None:
    plan = with_footprint(sample[0], [[126, 37], [127, 38], [127, 37], [126, 38], [126, 37]])
    shape = features(plan_geojson(plan, sample[2]), "footprint")[0]["geometry"]
    area = sum(shapely.Polygon(part[0]).area for part in parts(shape))
    assert area == pytest.approx(0.5)  # two triangles 1 wide and 0.5 high


def test_footprint_without_area_stays_a_place(sample: Sample) -> None:
    plan = with_footprint(sample[0], [[126.0, 37.0]] * 5)
    shape = features(plan_geojson(plan, sample[2]), "footprint")[0]["geometry"]
    assert shapely.from_geojson(json.dumps(shape)).bounds == (126, 37, 126, 37)


def test_longitudes_are_folded(sample: Sample) -> None:
    """A mission may count longitude to 360 deg; GeoJSON may not."""
    plan = copy.deepcopy(sample[0])
    plan["requests"][0]["geometry"] = {"type": "Point", "coordinates": [237.5, 40.0]}
    plan["stations"][0]["lon_deg"] = -200.25
    text = plan_geojson(plan, sample[2])
    assert features(text, "request")[0]["geometry"]["coordinates"] == [-122.5, 40.0]
    station = features(text, "station")[0]["geometry"]["coordinates"]
    assert station == [159.75, plan["stations"][0]["lat_deg"], plan["stations"][0]["alt_m"]]


def test_ground_tracks_break_at_the_date_line_and_where_unknown(sample: Sample) -> None:
    plan, _, tracks = sample
    track = tracks[0]
    gap = slice(100, 200)
    known = np.ones(len(track.lat_rad), bool)
    known[gap] = False
    broken = replace(
        track,
        r_itrf_m=np.where(known[:, None], track.r_itrf_m, np.nan),
        lat_rad=np.where(known, track.lat_rad, np.nan),
        lon_rad=np.where(known, track.lon_rad, np.nan),
    )
    shape = features(plan_geojson(plan, [broken]), "ground_track")[0]["geometry"]
    lines = [np.array(line) for line in parts(shape)]
    for line in lines:  # a minute of a low orbit is under 4 deg of latitude
        assert np.abs(np.diff(line[:, 1])).max() < 4.0
    whole = [tuple(p) for line in lines for p in line.tolist()]
    inside = np.column_stack([track.lon_rad, track.lat_rad])[gap] / deg
    assert not {tuple(p) for p in np.round(inside, 3).tolist()} & set(whole)
    crossings = sum(abs(line[-1, 0]) == 180 for line in lines)
    assert crossings > 20  # fifteen orbits a day cross it once each


def test_picture_track_lies_below_the_satellite(sample: Sample) -> None:
    """Within 0.0001 deg (11 m) of the positions, between their minutes too."""
    plan, _, tracks = sample
    by_name = {track.name: track for track in tracks}
    pictures = {picture["id"]: picture for picture in plan["collections"]}
    found = features(plan_geojson(plan, tracks), "picture_track")
    for feature in found:
        picture = pictures[feature["properties"]["id"]]
        track = by_name[picture["satellite"]]
        at = [Epoch.from_utc(picture[key]).tai_ns for key in ("start", "stop")]
        steps = (np.array(at) - track.epochs_tai_ns[0]) / 60e9
        lat_rad, lon_rad, _ = itrf_to_geodetic(interpolate(track.r_itrf_m, steps))
        line = np.array(feature["geometry"]["coordinates"])
        np.testing.assert_allclose(line[[0, -1], 1], lat_rad / deg, atol=1e-4)
        np.testing.assert_allclose(line[[0, -1], 0], lon_rad / deg, atol=1e-4)


# CZML


def czml3_reads(packet: dict[str, Any]) -> Packet:
    """The packet through czml3, which takes a distance condition only by the name of its list."""
    packet = copy.deepcopy(packet)
    for thing in packet.values():
        if isinstance(thing, dict) and "distanceDisplayCondition" in thing:
            shown = thing["distanceDisplayCondition"]
            shown["distanceDisplayCondition"] = {"values": shown["distanceDisplayCondition"]}
    return Packet.model_validate(packet)


@pytest.mark.parametrize("shape", [{}, *SHAPES])
def test_czml_is_czml(shape: dict[str, Any]) -> None:
    plan, _, tracks = sample_plan(**shape)
    found = packets(plan_czml(plan, tracks))
    document = next(iter(found.values()))
    assert document["id"] == "document"
    span = plan["span"]
    assert document["clock"]["interval"] == f"{span['start']}/{span['stop']}"
    assert len(Document(packets=[czml3_reads(p) for p in found.values()]).packets) == len(found)
    for packet in found.values():
        if "availability" in packet:
            start, stop = packet["availability"].split("/")
            assert span["start"] <= start <= stop <= span["stop"]
        for reference in references(packet):
            target, member = reference.split("#")
            assert member == "position"
            assert "position" in found[target]


def test_czml_shows_each_thing_in_its_time(sample: Sample) -> None:
    plan, _, tracks = sample
    found = packets(plan_czml(plan, tracks))
    satellites = {p["name"]: key for key, p in found.items() if key.startswith("satellite/")}
    assert list(satellites) == [satellite["name"] for satellite in plan["satellites"]]
    for picture in plan["collections"]:
        footprint = found[f"picture/{picture['id']}"]
        assert footprint["availability"] == f"{picture['start']}/{plan['span']['stop']}"
        sight = found[f"sight/{picture['id']}"]
        assert sight["availability"] == f"{picture['start']}/{picture['stop']}"
        assert references(sight)[0] == f"{satellites[picture['satellite']]}#position"
        lat_rad, lon_rad, alt_m = itrf_to_geodetic(sight["position"]["cartesian"])
        assert lat_rad / deg == pytest.approx(picture["aim"]["lat_deg"], abs=1e-5)
        assert lon_rad / deg == pytest.approx(picture["aim"]["lon_deg"], abs=1e-5)
        assert alt_m == pytest.approx(picture["aim"]["alt_m"], abs=0.2)
    shown = {key.removeprefix("contact/") for key in found if key.startswith("contact/")}
    assert shown == {contact["id"] for contact in plan["contacts"] if contact["used"]}
    colours = {"taken": [0, 114, 178, 255], "not_taken": [213, 94, 0, 255]}
    for i, request in enumerate(plan["requests"]):
        packet = found[f"request/{i}"]
        assert packet["point"]["color"]["rgba"] == colours[request["status"]]


def test_czml_positions_are_the_track(sample: Sample) -> None:
    plan, _, tracks = sample
    found = packets(plan_czml(plan, tracks))
    for i, track in enumerate(tracks):
        position = found[f"satellite/{i}"]["position"]
        assert position["referenceFrame"] == "FIXED"
        assert position["interpolationAlgorithm"] == "LAGRANGE"
        rows = np.array(position["cartesian"]).reshape(-1, 4)
        assert Epoch.from_utc(position["epoch"]).tai_ns == track.epochs_tai_ns[0]
        np.testing.assert_allclose(rows[:, 0], 60.0 * np.arange(len(rows)), atol=1e-3)
        np.testing.assert_allclose(rows[:, 1:], track.r_itrf_m, atol=0.51)  # to the metre


def test_czml_leaves_out_a_satellite_that_is_nowhere(sample: Sample) -> None:
    """Nothing refers to a satellite without positions (SGP4 may say that it has decayed)."""
    plan, _, tracks = sample
    gone = plan["collections"][0]["satellite"]
    nowhere = [
        replace(t, r_itrf_m=np.full_like(t.r_itrf_m, np.nan)) if t.name == gone else t
        for t in tracks
    ]
    found = packets(plan_czml(plan, nowhere))
    assert gone not in [p.get("name") for p in found.values()]
    assert f"picture/{plan['collections'][0]['id']}" in found
    assert f"sight/{plan['collections'][0]['id']}" not in found
    for packet in found.values():
        for reference in references(packet):
            assert reference.split("#")[0] in found


def test_czml_names_of_satellites_are_no_part_of_references() -> None:
    """`#`, `.` and a backslash mean something in a reference."""
    plan, _, tracks = sample_plan(satellites=2, requests=12)
    old, new = tracks[0].name, "A#1.b\\c"
    text = json.dumps(plan, ensure_ascii=False).replace(json.dumps(old), json.dumps(new))
    found = packets(plan_czml(json.loads(text), [replace(tracks[0], name=new), tracks[1]]))
    assert found["satellite/0"]["name"] == new
    sights = [p for key, p in found.items() if key.startswith("sight/")]
    assert "satellite/0#position" in {references(p)[0] for p in sights}


def test_czml_descriptions_are_html() -> None:
    """Cesium shows a description as HTML, so what a user wrote is escaped there."""
    plan, _, tracks = sample_plan(satellites=2, requests=8, names=NASTY)
    for request in plan["requests"]:
        request["status"], request["collections"] = "not_taken", []
        request["reason"] = {"code": "outbid", "text": f"{NASTY[0]} & more"}
    plan["collections"], plan["contacts"] = [], []
    told = [p.get("description", "") for p in json.loads(plan_czml(plan, tracks))]
    assert any("&lt;script&gt;" in text for text in told)
    assert not any("<script" in text for text in told)


def test_size_of_two_days_of_fifteen_satellites() -> None:
    plan, _, tracks = sample_plan(satellites=15)
    assert len(plan_czml(plan, tracks).encode()) < 3_000_000
    assert len(plan_geojson(plan, tracks).encode()) < 3_000_000


# iCalendar


@pytest.mark.parametrize("shape", [{}, *SHAPES])
def test_calendar_lines(shape: dict[str, Any]) -> None:
    """RFC 5545, 3.1: CRLF, at most 75 octets a line, cut between characters; 3.6: never empty."""
    plan, _, _ = sample_plan(**shape)
    text = plan_ics(plan)
    assert text.endswith("END:VCALENDAR\r\n")
    lines = text.encode().split(b"\r\n")
    for line in lines:
        assert b"\n" not in line
        assert b"\r" not in line
        assert len(line) <= 75
        line.decode()
    found = events(text)
    used = [contact for contact in plan["contacts"] if contact["used"]]
    assert len(found) == max(len(plan["collections"]) + len(used), 1)
    assert len({str(event["UID"]) for event in found}) == len(found)
    assert not [event for event in found if event.errors]
    starts = [event["DTSTART"].dt for event in found]
    assert starts == sorted(starts)


def test_calendar_holds_pictures_and_used_contacts(sample: Sample) -> None:
    plan = sample[0]
    found = events(plan_ics(plan))
    pictures = [e for e in found if e["CATEGORIES"].cats == ["picture"]]
    contacts = [e for e in found if e["CATEGORIES"].cats == ["contact"]]
    used = [contact for contact in plan["contacts"] if contact["used"]]
    assert len(pictures) == len(plan["collections"]) > 30
    assert len(contacts) == len(used) > 5
    for event, thing in [
        *zip(pictures, plan["collections"], strict=True),
        *zip(contacts, used, strict=True),
    ]:
        start, stop = (datetime.datetime.fromisoformat(thing[key]) for key in ("start", "stop"))
        assert datetime.timedelta(0) <= start - event["DTSTART"].dt < datetime.timedelta(seconds=1)
        assert datetime.timedelta(0) <= event["DTEND"].dt - stop < datetime.timedelta(seconds=1)
        assert thing["satellite"] in event["SUMMARY"]
        assert thing["start"] in event["DESCRIPTION"]
        zero = datetime.datetime.fromisoformat(plan["span"]["start"])
        assert event["DTSTAMP"].dt == zero
    for event, picture in zip(pictures, plan["collections"], strict=True):
        assert picture["request"] in event["SUMMARY"]
        assert event["GEO"].latitude == pytest.approx(picture["aim"]["lat_deg"], abs=1e-6)
        assert event["GEO"].longitude == pytest.approx(picture["aim"]["lon_deg"], abs=1e-6)
    for event, contact in zip(contacts, used, strict=True):
        assert event["LOCATION"] == contact["station"]


def test_calendar_names_come_back(sample: Sample) -> None:
    """What was escaped and folded reads as it was written, control characters aside."""
    plan, _, _ = sample_plan(requests=8, names=NASTY)
    plan["mission"]["name"] = NASTY[1]
    text = plan_ics(plan)
    said = "\n".join(str(event["SUMMARY"]) for event in events(text))
    taken = {picture["request"] for picture in plan["collections"]}
    assert len(taken & set(NASTY)) >= 3
    for name in taken:
        kept = name.replace("\r\n", "\n").replace("\x07", "")
        assert f"picture of {kept}" in said
    written = str(icalendar.Calendar.from_ical(text)["X-WR-CALNAME"])  # unfolded, still escaped
    assert written == (
        "comma\\, semicolon\\; backslash\\\\ colon: \"quote\" 'tick'\\nsecond line\\nthird"
    )


def test_uid_follows_content(sample: Sample) -> None:
    """A picture that changes is another event; those that do not keep their UIDs."""
    plan = copy.deepcopy(sample[0])
    before = {str(e["SUMMARY"]): str(e["UID"]) for e in events(plan_ics(plan))}
    picture = plan["collections"][0]
    picture["stop"] = (Epoch.from_utc(picture["stop"]) + 3.0).utc()
    after = {str(e["SUMMARY"]): str(e["UID"]) for e in events(plan_ics(plan))}
    changed = [summary for summary in before if before[summary] != after[summary]]
    assert changed == [f"{picture['satellite']}: picture of {picture['request']}"]


def test_calendar_without_events_says_so() -> None:
    plan, _, _ = sample_plan(pictures=False, stations=0, requests=2, satellites=1)
    (event,) = events(plan_ics(plan))
    assert "nothing to take" in event["SUMMARY"]
    assert event["DTSTART"].dt == datetime.datetime.fromisoformat(plan["span"]["start"])
