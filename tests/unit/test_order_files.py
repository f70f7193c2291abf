"""Orders as people write them: what is right is read, what is wrong is told, all at once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offnadir.epoch import Epoch
from offnadir.errors import InputError, InputProblems
from offnadir.tasking import Order, read_order, read_order_file
from offnadir.tasking._order_read import check_now
from offnadir.units import deg, km

POINT = {"type": "Point", "coordinates": [126.98, 37.57]}
FULL = """
title = "부산항 / Busan"
priority = 1
deadline = 2026-12-31T00:00:00Z
source = "new"
level = "basic"
end_user = "Harbour Office"
purpose = "traffic"
notes = "first line\\nsecond line"
place = { type = "Point", coordinates = [129.04, 35.10] }

[[windows]]
start = "2026-12-01T00:00:00+09:00"
[[windows]]
stop = 2026-12-20T00:00:00Z

[looks]
max_off_nadir_deg = 25
azimuth_deg = [350, 20]
min_niirs = 5
max_gsd_m = 0.7
max_cloud = 0.2
min_sun_elevation_deg = 10

[delivery]
folder = "out"
webhook = "https://news.example/hook?id=7"

[recurrence]
every_days = 7
count = 4

[[beneficiaries]]
name = "Coast Guard"
country = "KR"
sector = "government"
"""


def told(document: object) -> dict[str, str]:
    """What is complained of, by field."""
    with pytest.raises((InputError, InputProblems)) as caught:
        read_order(document)
    error = caught.value
    problems = error.problems if isinstance(error, InputProblems) else [error]
    return {problem.field: str(problem) for problem in problems}


def test_a_full_order_is_read(tmp_path):
    path = tmp_path / "order.toml"
    path.write_text(FULL, "utf-8")
    order = read_order(read_order_file(path))
    assert order.windows[0].start == Epoch.from_utc("2026-11-30T15:00:00Z")
    assert order.windows[0].stop is None
    assert order.looks.max_off_nadir_rad == pytest.approx(25 * deg)
    assert order.looks.azimuth_from_rad == pytest.approx(350 * deg)
    assert (order.every_days, order.count, order.priority) == (7.0, 4, 1)
    assert order.end_user is not None
    assert order.end_user.name == "Harbour Office"
    assert order.beneficiaries[0].sector == "government"
    assert read_order(order.document()) == order


def test_json_and_toml_are_the_same_order(tmp_path):
    toml, json_file = tmp_path / "a.toml", tmp_path / "a.json"
    toml.write_text(FULL, "utf-8")
    document = json.loads(json.dumps(read_order_file(toml), default=lambda t: t.isoformat()))
    json_file.write_text(json.dumps(document), "utf-8")
    one, other = (read_order(read_order_file(path)) for path in (toml, json_file))
    assert one.digest == other.digest


def test_the_least_order_is_a_place():
    order = read_order({"place": POINT})
    assert (order.windows, order.count, order.source, order.area_m2) == ((), 1, "either", 0.0)


def test_all_that_is_wrong_is_told_at_once():
    found = told(
        {
            "place": {"type": "Point", "coordinates": [37.57, 126.98]},
            "titel": "a port",
            "priority": 4,
            "deadline": "tomorrow",
            "looks": {"max_off_nadir_deg": "25", "max_cloud": 20, "kind": "radar"},
            "delivery": {"webhook": "https://me:secret@host/hook"},
            "recurrence": {"every_days": 0},
            "end_user": {"nmae": "x"},
            "windows": [{"start": "2026-12-02", "stop": "2026-12-01"}],
        }
    )
    assert set(found) == {
        "place.coordinates", "titel", "priority", "deadline", "looks.max_off_nadir_deg",
        "looks.max_cloud", "looks.kind", "delivery.webhook", "recurrence.every_days",
        "recurrence.count", "end_user.nmae", "end_user.name", "windows[1].stop",
    }  # fmt: skip
    assert "longitude comes first" in found["place.coordinates"]
    assert "did you mean title?" in found["titel"]
    assert "without quotes" in found["looks.max_off_nadir_deg"]
    assert "secret" not in found["delivery.webhook"]


def ring(*positions: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[list(one) for one in positions]]}


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (None, "GeoJSON"),
        ({"type": "MultiPoint", "coordinates": []}, "GeoJSON"),
        ({"type": "Point", "coordinates": [True, 0]}, "longitude and latitude"),
        ({"type": "Point", "coordinates": [float("nan"), 0]}, "longitude and latitude"),
        ({"type": "Point", "coordinates": [1]}, "longitude and latitude"),
        ({"type": "Point", "coordinates": [-181, 0]}, "a longitude"),
        ({"type": "LineString", "coordinates": [[0, 0], [0, 0]]}, "differ"),
        (ring((0, 0), (1, 0), (0, 1), (0, 2)), "the last position repeats the first"),
        (ring((0, 0), (1, 1), (1, 0), (0, 1), (0, 0)), "cross itself"),
        (ring((0, 0), (1, 0), (2, 0), (0, 0)), "must be"),
        (ring((-80, -80), (80, -80), (80, 80), (-80, 80), (-80, -80)), "at most 10,000,000 km2"),
        ({"type": "Point", "coordinates": [0, 0], "crs": "EPSG:3857"}, "known here"),
    ],
)
def test_a_place_that_is_none_is_told(place, words):
    assert words in " ".join(told({"place": place}).values())


def test_a_place_may_lie_across_the_180th_meridian():
    """Two degrees of longitude by one of latitude at the equator: twice 12,308.5 km2 (WGS 84)."""
    across = ring((179, 0), (181, 0), (181, 1), (179, 1), (179, 0))
    assert read_order({"place": across}).area_m2 / km**2 == pytest.approx(2 * 12308.5, rel=1e-5)


def test_heights_are_left_out_and_features_unpacked():
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Point", "coordinates": [1, 2, 30]},
    }
    order = read_order({"place": {"type": "FeatureCollection", "features": [feature]}})
    assert order.place == {"type": "Point", "coordinates": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"windows": [{"stop": "2026-01-01"}], "source": "new"}, "windows[1].stop"),
        ({"deadline": "2026-01-01"}, "deadline"),
    ],
)
def test_what_is_over_already_is_told_when_it_is_placed(document, field):
    order = read_order({"place": POINT, **document})
    with pytest.raises(InputError, match="later than now") as error:
        check_now(order, Epoch.from_utc("2026-11-29"))
    assert error.value.field == field


def test_pictures_of_the_past_come_from_the_archive():
    """Of "either", one window that is not over will do: the archive is asked for the others."""
    past, now = {"stop": "2026-01-01"}, Epoch.from_utc("2026-11-29")
    for source, windows in (("archive", [past]), ("either", [past, {"start": "2026-12-01"}])):
        check_now(read_order({"place": POINT, "windows": windows, "source": source}), now)
    with pytest.raises(InputError, match="source = archive"):
        check_now(read_order({"place": POINT, "windows": [past]}), now)


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"deadline": "2026-12-01", "windows": [{"start": "2026-12-02"}]}, "deadline"),
        ({"source": "archive", "recurrence": {"every_days": 1, "count": 2}}, "recurrence"),
        ({"looks": {"kind": "sar", "max_cloud": 0.1}}, "looks.max_cloud"),
        (
            {"looks": {"min_incidence_deg": 40, "max_incidence_deg": 30}},
            "looks.min_incidence_deg",
        ),
        ({"looks": {"azimuth_deg": 90}}, "looks.azimuth_deg"),
        ({"title": "a\u202eb"}, "title"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"end_user": "---"}, "end_user.name"),
        ({"beneficiaries": "Aid"}, "beneficiaries"),
        ({"delivery": {"webhook": "http://"}}, "delivery.webhook"),
        ({"priority": True}, "priority"),
    ],
)
def test_what_does_not_go_together_is_told(document, field):
    assert set(told({"place": POINT, **document})) == {field}


@pytest.mark.parametrize(
    "text", ["{", '{"place": NaN}', '{"title": "a", "title": "b"}', "title = ", "[1, 2]", "\x00"]
)
def test_a_file_of_another_kind_is_told(tmp_path, text):
    path = tmp_path / "order.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError):
        read_order(read_order_file(path))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
KEYS = st.sampled_from(
    ["place", "windows", "looks", "priority", "deadline", "delivery", "recurrence", "end_user",
     "beneficiaries", "title", "notes", "source", "x"]
)  # fmt: skip


@given(st.dictionaries(KEYS, VALUES | st.just(POINT), max_size=5))
def test_any_document_is_an_order_or_is_told_what_is_wrong(document):
    try:
        order = read_order(document)
    except (InputError, InputProblems):
        return
    assert isinstance(order, Order)
    assert read_order(json.loads(json.dumps(order.document()))).digest == order.digest


def test_an_order_names_no_more_than_can_be_screened_at_once():
    """A body of 700 kB of names kept a service busy for minutes."""
    crowd = [{"name": f"Person {i} " + "x" * 100, "aliases": ["y" * 150] * 2} for i in range(25)]
    with pytest.raises(InputError) as told:
        read_order({"place": {"type": "Point", "coordinates": [1, 2]}, "beneficiaries": crowd})
    assert told.value.field == "beneficiaries"
    assert "10,000 characters" in told.value.wish
    few = [{"name": f"Person {i}"} for i in range(100)]
    read_order({"place": {"type": "Point", "coordinates": [1, 2]}, "beneficiaries": few})
