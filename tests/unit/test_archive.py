"""The archive, the same on SQLite and PostgreSQL: what goes in, what is found, and in which order."""

from __future__ import annotations

import hashlib
import math
import threading
from dataclasses import replace

import pytest
from sample_items import square, stac, with_file

from offnadir._database import open_database
from offnadir.catalog import Archive, ArchiveQuery
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError
from offnadir.units import deg


@pytest.fixture
def archive(database):
    return Archive(database)


def names(archive: Archive, **asked: object) -> list[str]:
    return [one.id for one in archive.search(ArchiveQuery(**asked)).items]


def all_pages(archive: Archive, query: ArchiveQuery) -> list[list[str]]:
    made = []
    while True:
        page = archive.search(query)
        made.append([one.id for one in page.items])
        if page.next is None:
            return made
        query = replace(query, token=page.next)


def test_what_goes_in_comes_out(archive):
    item = stac("A", gsd=0.31, platform="WV-3", offnadir__note="Söul 서울")
    assert archive.add(item) == "added"
    assert archive.get("A").item == item
    assert archive.count() == 1


def test_the_same_again_changes_nothing_and_another_is_refused(archive):
    archive.add(stac("A", gsd=1.0))
    added = archive.get("A").added
    assert archive.add(stac("A", gsd=1)) == "same"
    with pytest.raises(InputError, match="no other item"):
        archive.add(stac("A", gsd=2.0))
    assert archive.get("A").item["properties"]["gsd"] == 1.0
    assert archive.get("A").added == added
    assert archive.add(stac("A", square(0, 0), gsd=2.0), replace=True) == "replaced"
    assert names(archive, bbox=(126, 37, 128, 38)) == []
    assert names(archive, bbox=(-1, -1, 1, 1)) == ["A"]
    assert archive.count() == 1


def test_many_go_in_though_some_are_wrong(archive):
    wrong = stac("wrong")
    del wrong["properties"]["datetime"]
    nan = stac("nan", gsd=math.nan)
    each = [
        stac("A"),
        wrong,
        stac("B"),
        nan,
        stac("A", gsd=3.0),
        stac("B"),
        "no item",
        stac("C", at="2026-02-30T00:00:00Z"),
    ]
    tally = archive.add_many((one, None) for one in each)
    assert (tally.added, tally.same, tally.replaced, tally.moved) == (2, 1, 0, 0)
    assert [name for name, _ in tally.refused] == ["wrong", "nan", "A", "'no item'", "C"]
    assert all(isinstance(error, InputError) for _, error in tally.refused)
    assert archive.count() == 2


def test_removed_is_gone(archive):
    archive.add(stac("A"))
    assert archive.remove("A")
    assert not archive.remove("A")
    assert archive.count() == 0
    assert names(archive, bbox=(126, 37, 128, 38)) == []
    with pytest.raises(InputError):
        archive.get("A")
    archive.add(stac("A", square(0, 0)))
    assert names(archive, bbox=(126, 37, 128, 38)) == []


# The date line and the poles. Fiji's capital lies at 178.44 E, Taveuni at the date line (180), Apia at 171.75 W.
def test_a_footprint_over_the_date_line_is_found_from_both_sides(archive):
    cut = {"type": "MultiPolygon", "coordinates": [
        [[[179, -17], [180, -17], [180, -16], [179, -16], [179, -17]]],
        [[[-180, -17], [-179, -17], [-179, -16], [-180, -16], [-180, -17]]],
    ]}  # fmt: skip
    jumping = {
        "type": "Polygon",
        "coordinates": [[[179, -17], [-179, -17], [-179, -16], [179, -16], [179, -17]]],
    }
    beyond = {
        "type": "Polygon",
        "coordinates": [[[179, -17], [181, -17], [181, -16], [179, -16], [179, -17]]],
    }
    for name, shape in (("cut", cut), ("jumping", jumping), ("beyond", beyond)):
        archive.add(stac(name, shape))
    everything = ["cut", "jumping", "beyond"]
    for lon in (179.5, -179.5, 180.0, -180.0, 180.5):
        point = {"type": "Point", "coordinates": [lon, -16.5]}
        assert sorted(names(archive, geometry=point)) == sorted(everything), lon
    assert sorted(names(archive, bbox=(179.9, -16.6, -179.9, -16.5))) == sorted(everything)
    # not a belt around the Earth
    for lon in (178.44, -171.75, 0.0, 100.0):
        assert names(archive, geometry={"type": "Point", "coordinates": [lon, -16.5]}) == []
    assert names(archive, bbox=(-178, -90, 178, 90)) == []
    assert archive.count(ArchiveQuery(bbox=(170, -20, -170, -10))) == 3


def test_a_footprint_around_a_pole_holds_it(archive):
    north = {"type": "Polygon", "coordinates": [[[0, 85], [90, 85], [180, 85], [-90, 85], [0, 85]]]}
    south = {
        "type": "Polygon",
        "coordinates": [[[0, -85], [-90, -85], [180, -85], [90, -85], [0, -85]]],
    }
    archive.add(stac("north", north))
    archive.add(stac("south", south))
    for lon in (-180.0, -135.0, 0.0, 12.0, 180.0):
        assert names(archive, geometry={"type": "Point", "coordinates": [lon, 90.0]}) == ["north"]
        assert names(archive, geometry={"type": "Point", "coordinates": [lon, -88.0]}) == ["south"]
        assert names(archive, geometry={"type": "Point", "coordinates": [lon, 80.0]}) == []
    assert names(archive, bbox=(10, 89.9, 20, 90)) == ["north"]


def test_the_answer_is_of_the_footprint_and_not_of_its_box(archive):
    triangle = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [0, 10], [0, 0]]]}
    archive.add(stac("A", triangle))
    assert names(archive, geometry={"type": "Point", "coordinates": [9, 9]}) == []
    assert names(archive, bbox=(8, 8, 9, 9)) == []
    assert names(archive, bbox=(4, 4, 9, 9)) == ["A"]
    assert names(archive, bbox=(5, 5, 9, 9)) == ["A"]  # it touches at a corner
    assert names(archive, bbox=(4, 4, 0, 9, 9, 100)) == ["A"]  # heights are passed over
    line = {"type": "LineString", "coordinates": [[9, 9], [6, 6], [9, 2]]}
    assert names(archive, geometry=line) == []
    feature = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": line}, {"type": "Feature", "geometry": square(1, 1)},
    ]}  # fmt: skip
    assert names(archive, geometry=feature) == ["A"]


def test_places_with_holes_and_footprints_with_holes(archive):
    hole = [[4, 4], [6, 4], [6, 6], [4, 6], [4, 4]]
    archive.add(
        stac("ring", {"type": "Polygon", "coordinates": [square(5, 5, 5)["coordinates"][0], hole]})
    )
    assert names(archive, geometry={"type": "Point", "coordinates": [5, 5]}) == []
    assert names(archive, geometry={"type": "Point", "coordinates": [3, 5]}) == ["ring"]


def test_times_with_open_ends(archive):
    for day in (1, 2, 3):
        archive.add(stac(f"d{day}", at=f"2026-05-0{day}T12:00:00Z"))
    long = stac(
        "long", at=None, start_datetime="2026-04-01T00:00:00Z", end_datetime="2026-05-02T00:00:00Z"
    )
    archive.add(long)
    t = {n: Epoch.from_utc(f"2026-05-0{n}T12:00:00Z") for n in (1, 2, 3)}
    assert names(archive, start=t[2], sort="time") == ["d2", "d3"]
    assert names(archive, stop=t[2], sort="time") == ["long", "d1", "d2"]
    assert names(archive, start=t[1], stop=t[1], sort="time") == ["long", "d1"]
    assert names(archive, start=t[1] + 0.001, stop=t[2] + -0.001) == ["long"]
    assert names(archive, start=t[3] + 1e-9) == []
    assert archive.count(ArchiveQuery(start=t[1], stop=t[2])) == 3


def test_a_leap_second_is_an_hour_apart_from_no_other(archive):
    archive.add(stac("leap", at="2016-12-31T23:59:60Z"))
    archive.add(stac("after", at="2017-01-01T00:00:00Z"))
    stop = Epoch.from_utc("2016-12-31T23:59:60.5Z")
    assert names(archive, stop=stop) == ["leap"]


def test_limits_leave_out_what_does_not_tell(archive):
    archive.add(stac("untold"))
    archive.add(
        stac(
            "at 30",
            view__off_nadir=30.0,
            view__incidence_angle=33.0,
            gsd=0.5,
            eo__cloud_cover=10,
            view__sun_elevation=20.0,
        )
    )
    archive.add(
        stac(
            "at 31",
            view__off_nadir=31.0,
            view__incidence_angle=35.0,
            gsd=0.6,
            eo__cloud_cover=11,
            view__sun_elevation=50.0,
        )
    )
    for asked in (
        {"max_off_nadir_rad": 30 * deg}, {"max_incidence_rad": 33 * deg}, {"max_gsd_m": 0.5}, {"max_cloud": 0.1},
        {"max_sun_elevation_rad": 20 * deg},
    ):  # fmt: skip
        assert names(archive, **asked) == ["at 30"], asked
    for asked in ({"min_incidence_rad": 35 * deg}, {"min_sun_elevation_rad": 50 * deg}):
        assert names(archive, **asked) == ["at 31"], asked
    assert len(names(archive)) == 3


def test_azimuths_go_clockwise_over_north(archive):
    for azimuth in (10, 170, 350):
        archive.add(stac(f"at {azimuth}", view__azimuth=azimuth))
    assert sorted(names(archive, azimuth_rad=(340 * deg, 20 * deg))) == ["at 10", "at 350"]
    assert names(archive, azimuth_rad=(20 * deg, 340 * deg)) == ["at 170"]
    assert names(archive, azimuth_rad=(-20 * deg, 0 * deg)) == ["at 350"]


def test_sharpness_by_niirs_as_a_capture_predicts_it(archive):
    archive.add(stac("own", offnadir__predicted={"a.tif": {"niirs": 4.9}, "b.tif": {"niirs": 5.6}}))
    archive.add(stac("told", offnadir__niirs=5.0))
    assert names(archive, min_niirs=5.5) == ["own"]
    assert names(archive, min_niirs=5.0, sort="-niirs") == ["own", "told"]


def test_by_platform_level_collection_and_names(archive):
    for n in range(6):
        item = stac(f"i{n}", platform=f"P{n % 2}", processing__level=f"L{n % 3}")
        item["collection"] = "even" if n % 2 == 0 else "odd"
        archive.add(item)
    assert names(archive, platforms=["P1"], sort="id") == ["i1", "i3", "i5"]
    assert names(archive, platforms=["P1"], levels=["L0", "L2"], sort="id") == ["i3", "i5"]
    assert names(archive, collections=["even"], sort="-id") == ["i4", "i2", "i0"]
    assert names(archive, ids=["i4", "i1", "i77"], sort="id") == ["i1", "i4"]
    assert names(archive, ids=[]) == []


@pytest.mark.parametrize("few", [5_000, 0], ids=["by an index", "along the sort"])
def test_pages_hold_everything_once_in_order(archive, monkeypatch, few):
    monkeypatch.setattr("offnadir.catalog._search._FEW", few)
    monkeypatch.setattr("offnadir.catalog._search._FIRST_CHUNK", 2)
    each = [
        stac(f"i{n:02d}", square(n % 5, 0), gsd=[1.0, 2.0, 2.0, None][n % 4]) for n in range(23)
    ]
    archive.add_many((one, None) for one in each)
    told = [f"i{n:02d}" for n in range(23) if n % 4 == 0] + [
        f"i{n:02d}" for n in range(23) if n % 4 in (1, 2)
    ]
    untold = [f"i{n:02d}" for n in range(23) if n % 4 == 3]
    for limit in (1, 3, 7, 30):
        pages = all_pages(archive, ArchiveQuery(sort="gsd", limit=limit, bbox=(-1, -1, 5, 1)))
        assert [name for page in pages for name in page] == told + untold
        assert all(len(page) == limit for page in pages[:-1])
        pages = all_pages(archive, ArchiveQuery(sort="-gsd", limit=limit))
        assert [name for page in pages for name in page] == told[::-1] + untold[::-1]


def test_pages_stand_while_items_come_and_go(archive):
    archive.add_many((stac(f"i{n}", at=f"2026-05-{n + 10}T00:00:00Z"), None) for n in range(10))
    first = archive.search(ArchiveQuery(sort="time", limit=4))
    archive.add(stac("early", at="2026-05-01T00:00:00Z"))
    archive.add(stac("between", at="2026-05-15T12:00:00Z"))
    archive.remove("i5")
    rest = all_pages(archive, ArchiveQuery(sort="time", limit=4, token=first.next))
    assert [one.id for one in first.items] == ["i0", "i1", "i2", "i3"]
    assert rest == [["i4", "i6", "i7", "i8"], ["i9"]]


def test_a_token_belongs_to_its_query(archive):
    archive.add_many((stac(f"i{n}"), None) for n in range(3))
    token = archive.search(ArchiveQuery(limit=1)).next
    assert len(names(archive, limit=2, token=token)) == 2  # another size of page is no other query
    for asked in (
        {"token": token, "sort": "time"},
        {"token": token, "max_gsd_m": 1.0},
        {"token": "AAAA"},
        {"token": "'; DROP"},
    ):
        with pytest.raises(InputError, match="token"):
            archive.search(ArchiveQuery(**asked))


def test_all_items_one_after_the_other(archive, monkeypatch):
    monkeypatch.setattr("offnadir.catalog._archive._CHECKED", 2)
    archive.add_many((stac(f"i{n}", at=f"2026-05-0{n + 1}T00:00:00Z"), None) for n in range(5))
    assert [one.id for one in archive.items()] == [f"i{n}" for n in range(5)]


# Files.
def test_checksums_are_verified_at_the_door_and_at_every_reading(archive, tmp_path):
    item = with_file(tmp_path, "A", b"abc")
    # FIPS 180-2, example B.1
    assert item["assets"]["image"]["file:checksum"].endswith(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert archive.add(item, folder=tmp_path) == "added"
    with archive.open_asset("A", "image") as stream:
        assert stream.read() == b"abc"
    (tmp_path / "A.tif").write_bytes(b"abd")
    with pytest.raises(FileError, match=r"item A, asset image.*wanted ba7816bf.*found a52d159f"):
        archive.open_asset("A", "image").__enter__()
    with pytest.raises(FileError, match="item A, asset image"):
        archive.copy_asset("A", "image", tmp_path / "copy.tif")
    assert not (tmp_path / "copy.tif").exists()
    (tmp_path / "A.tif").unlink()
    with pytest.raises(FileError, match=r"item A, asset image.*No such file"):
        archive.open_asset("A", "image").__enter__()


def test_a_wrong_or_missing_file_keeps_an_item_out(archive, tmp_path):
    item = with_file(tmp_path, "A")
    (tmp_path / "A.tif").write_bytes(b"other")
    with pytest.raises(FileError, match="wanted"):
        archive.add(item, folder=tmp_path)
    (tmp_path / "A.tif").unlink()
    with pytest.raises(FileError):
        archive.add(item, folder=tmp_path)
    assert archive.count() == 0


def test_a_file_without_a_checksum_gets_one(archive, tmp_path):
    archive.add(with_file(tmp_path, "A", b"abc", summed=False), folder=tmp_path)
    asset = archive.get("A").item["assets"]["image"]
    assert asset["file:checksum"] == "1220" + hashlib.sha256(b"abc").hexdigest()
    assert asset["file:size"] == 3
    assert archive.add(with_file(tmp_path, "A", b"abc", summed=False), folder=tmp_path) == "same"
    with pytest.raises(InputError):
        archive.add(with_file(tmp_path, "A", b"abd", summed=False), folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        # RFC 1321, FIPS 180-2 and 202: sums of "abc" and of nothing
        ("d50110900150983cd24fb0d6963f7d28e17f72", b"abc"),
        ("1114a9993e364706816aba3e25717850c26c9cd0d89d", b"abc"),
        ("1620a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a", b""),
    ],
)
def test_multihashes_of_other_kinds(archive, tmp_path, text, content):
    item = with_file(tmp_path, "A", content, summed=False)
    item["assets"]["image"]["file:checksum"] = text
    archive.add(item, folder=tmp_path)
    (tmp_path / "A.tif").write_bytes(b"x")
    with pytest.raises(FileError):
        archive.open_asset("A", "image").__enter__()


def test_an_item_that_moved_is_found_where_it_is_now(archive, tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        item = with_file(tmp_path / name, "A")
    assert archive.add(item, folder=tmp_path / "old") == "added"
    assert archive.add(item, folder=tmp_path / "new") == "moved"
    assert archive.asset_path("A", "image") == tmp_path / "new/A.tif"


@pytest.mark.parametrize(
    "href", ["../secret", "/etc/passwd", "file:///etc/passwd", "a/../../secret", "", "a\0b", "."]
)
def test_no_way_leads_out_of_the_folder(archive, tmp_path, href):
    item = with_file(tmp_path, "A")
    item["assets"]["image"] = {"href": href}
    with pytest.raises(InputError, match="folder"):
        archive.add(item, folder=tmp_path)


def test_a_file_elsewhere_is_known_but_not_opened(archive, tmp_path):
    item = stac("A")
    item["assets"]["image"] = {
        "href": "https://example.com/a.tif",
        "file:checksum": "1220" + "00" * 32,
    }
    archive.add(item, folder=tmp_path)
    with pytest.raises(FileError, match="lies in no folder"):
        archive.open_asset("A", "image").__enter__()
    with pytest.raises(InputError, match="image"):
        archive.open_asset("A", "nothing").__enter__()


# What should not be.
def test_sql_in_names_is_a_name(archive):
    evil = "'; DROP TABLE archive_items; --"
    archive.add(stac(evil, platform=evil))
    archive.add(stac("A"))
    assert names(archive, ids=[evil]) == [evil]
    assert names(archive, platforms=[evil]) == [evil]
    assert archive.get(evil).item["properties"]["platform"] == evil
    assert archive.count() == 2


def test_ten_thousand_names(archive):
    archive.add_many((stac(f"i{n}"), None) for n in range(10))
    assert len(names(archive, ids=[f"i{n}" for n in range(10_000)])) == 10
    assert archive.count(ArchiveQuery(ids=[f"x{n}" for n in range(10_000)])) == 0


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": "0 0"},
        {"type": "Polygon", "coordinates": [[[math.nan, 0], [1, 0], [1, 1], [math.nan, 0]]]},
        {"type": "Polygon", "coordinates": [[["0", 0], [1, 0], [1, 1], ["0", 0]]]},
        {"type": "Polygon", "coordinates": [[[True, 0], [1, 0], [1, 1], [True, 0]]]},
        {
            "type": "Polygon",
            "coordinates": [
                [[331395, 4159512], [331396, 4159512], [331396, 4159513], [331395, 4159512]]
            ],
        },
        {
            "type": "Polygon",
            "crs": {"properties": {"name": "EPSG:32652"}},
            "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]],
        },
        {"type": "Point", "coordinates": [37.57, 126.98]},
        {"type": "Point", "coordinates": [math.inf, 0]},
        {"type": "Point"},
        {"type": "Circle", "coordinates": [0, 0]},
        {"type": "GeometryCollection", "geometries": []},
        "POINT (0 0)",
        [],
    ],
)
def test_broken_geometries_are_refused(archive, geometry):
    with pytest.raises(InputError):
        archive.add(stac("A", geometry))
    with pytest.raises(InputError):
        archive.search(ArchiveQuery(geometry=geometry))
    assert archive.count() == 0


def test_a_bow_tie_is_mended(archive):
    archive.add(
        stac("A", {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]})
    )
    assert names(archive, geometry={"type": "Point", "coordinates": [0.5, 1]}) == ["A"]
    assert names(archive, geometry={"type": "Point", "coordinates": [1, 1.5]}) == []


def test_heights_of_footprints_are_kept_and_passed_over(archive):
    ring = [[0, 0, 5], [1, 0, 5], [1, 1, 9], [0, 1, 5], [0, 0, 5]]
    item = stac("A", {"type": "Polygon", "coordinates": [ring]})
    item["bbox"] = [0, 0, 5, 1, 1, 9]
    archive.add(item)
    assert archive.get("A").item == item
    assert names(archive, bbox=(0.4, 0.4, 0.6, 0.6)) == ["A"]


def test_an_item_without_a_place_is_found_without_one(archive):
    item = {**stac("A"), "geometry": None}
    archive.add(item)
    assert names(archive) == ["A"]
    assert names(archive, bbox=(-180, -90, 180, 90)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""), ("id", 7), ("id", "a\nb"), ("id", "a\0b"), ("id", "x" * 2000), ("id", "\ud800"), ("type", "Item"),
        ("stac_version", "0.9.0"), ("properties", None), ("assets", []), ("collection", 3),
    ],
)  # fmt: skip
def test_items_that_are_none(archive, field, value):
    with pytest.raises(InputError):
        archive.add({**stac("A"), field: value})
    assert archive.count() == 0


@pytest.mark.parametrize(
    "told",
    [
        {"gsd": math.nan}, {"gsd": -1}, {"gsd": "0.5"}, {"gsd": True}, {"gsd": 10**400}, {"eo__cloud_cover": 101},
        {"view__off_nadir": 91}, {"view__azimuth": math.inf}, {"view__sun_elevation": -91}, {"offnadir__niirs": "9"},
        {"datetime": 5}, {"datetime": "yesterday"}, {"start_datetime": "2026-05-01T00:00:00Z"},
        {"start_datetime": "2026-05-02T00:00:00Z", "end_datetime": "2026-05-01T00:00:00Z"}, {"any": math.nan},
        {"any": "\ud800"}, {"any": {1, 2}},
    ],
)  # fmt: skip
def test_properties_that_are_none(archive, told):
    with pytest.raises(InputError):
        archive.add(stac("A", **told))
    assert archive.count() == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"bbox": (0, 0, 1)}, {"bbox": (0, 0, 1, math.nan)}, {"bbox": (0, 2, 1, 1)}, {"bbox": (0, 0, 1, 91)},
        {"bbox": "0,0,1,1"}, {"bbox": (0, 0, 1, 1), "geometry": square(0, 0)}, {"limit": 0}, {"limit": 10**6},
        {"sort": "key"}, {"sort": "--time"}, {"sort": "gsd; DROP TABLE archive_items"}, {"ids": "A"}, {"ids": [1]},
        {"max_cloud": math.nan}, {"max_cloud": 20}, {"max_off_nadir_rad": 30}, {"azimuth_rad": (math.nan, 0)},
        {"platforms": ["a\0b"]},
        {"start": Epoch.from_utc("2026-05-02"), "stop": Epoch.from_utc("2026-05-01")},
    ],
)  # fmt: skip
def test_queries_that_are_none(archive, asked):
    with pytest.raises(InputError):
        archive.search(ArchiveQuery(**asked))


def test_two_add_the_same_at_once(archive):
    each = [stac(f"i{n}") for n in range(30)]
    made: list[object] = []

    def add() -> None:
        own = (
            Archive(open_database(archive.database.where))
            if archive.database.dialect == "sqlite"
            else archive
        )
        made.append(own.add_many((one, None) for one in each))

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((one.added, one.same) for one in made) == [(0, 30), (0, 30), (30, 0)]
    assert archive.count() == 30
