"""Filters in CQL2, the same on SQLite and PostgreSQL, and the same as the reference implementation says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import cql2
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offnadir.catalog import Archive, ArchiveQuery
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from sample_items import square, stac

LEVELS, PLATFORMS = ("L1", "ortho", "l1"), ("WV-3", "wv-3", "PNEO_3", "a*b[c]?", "100%")
T0 = datetime(2026, 5, 1, tzinfo=UTC)


def at(hours: int) -> str:
    return (T0 + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


ITEMS = [
    stac(
        f"I{n:02}", square(-60 + 4 * n, -40 + 3 * n, 1.5), at(n // 2), gsd=(n % 7) * 0.25,
        platform=PLATFORMS[n % 5], eo__cloud_cover=5.0 * (n % 20), view__off_nadir=float(n % 30),
        view__incidence_angle=float(n % 30) + 1.5, view__azimuth=9.0 * n, view__sun_elevation=3.0 * n - 20,
        processing__level=LEVELS[n % 3], offnadir__niirs=3 + 0.1 * n,
    )
    for n in range(30)
]  # fmt: skip


def found(archive: Archive, told: object, **asked: object) -> list[str]:
    page = archive.search(ArchiveQuery(filter=told, sort="id", limit=100, **asked))
    assert archive.count(ArchiveQuery(filter=told, **asked)) == len(page.items)
    return [one.id for one in page.items]


def of(name: str) -> dict[str, str]:
    return {"property": name}


@pytest.fixture
def archive(database):
    made = Archive(database)
    assert not made.add_many((item, None) for item in ITEMS).refused
    return made


NUMBERS = (
    "gsd",
    "eo:cloud_cover",
    "view:off_nadir",
    "view:azimuth",
    "view:sun_elevation",
    "offnadir:niirs",
)
COMPARED = st.sampled_from(("=", "<>", "<", "<=", ">", ">="))
#: Limits that items have too, so that equality is met.
LIMITS = st.sampled_from((0.0, 0.25, 0.5, 3.0, 5.0, 9.0, 10.0, 10.5, 45.0, 90.0, -20.0))
NUMERIC = st.builds(
    lambda op, name, value: {"op": op, "args": [of(name), value]}, COMPARED, st.sampled_from(NUMBERS), LIMITS
)  # fmt: skip
BETWEEN = st.builds(
    lambda name, low, more: {"op": "between", "args": [of(name), low, low + more]},
    st.sampled_from(NUMBERS), LIMITS, st.sampled_from((0.0, 2.0, 30.0)),
)  # fmt: skip
TEXT = st.one_of(
    st.builds(
        lambda op, value: {"op": op, "args": [of("platform"), value]},
        st.sampled_from(("=", "<>")), st.sampled_from(PLATFORMS),
    ),
    st.builds(
        lambda values: {"op": "in", "args": [of("id"), values]},
        st.lists(st.sampled_from([one["id"] for one in ITEMS]), min_size=1, max_size=5),
    ),
    st.builds(
        lambda value: {"op": "like", "args": [of("platform"), value]},
        st.sampled_from(("WV%", "wv-_", "%-3", "%*%", "%[c]%", "a_b%", "WV-3", "%", "P%3", "100%")),
    ),
)  # fmt: skip
TIMES = st.builds(
    lambda op, hours: {"op": op, "args": [of("datetime"), {"timestamp": at(hours)}]},
    st.sampled_from(("=", "<", "<=", ">", ">=", "t_before", "t_after")), st.integers(-1, 16),
)  # fmt: skip
SPANS = st.builds(
    lambda first, more: {
        "op": "t_intersects", "args": [of("datetime"), {"interval": [at(first), at(first + more)]}],
    },
    st.integers(-1, 16), st.integers(1, 5),
)  # fmt: skip
PLACES = st.builds(
    lambda lon, lat, half: {"op": "s_intersects", "args": [of("geometry"), square(lon, lat, half)]},
    st.sampled_from((-60.0, -20.3, 10.7)), st.sampled_from((-40.0, -10.2, 5.6)), st.sampled_from((1.0, 15.1)),
)  # fmt: skip
SIMPLE = st.one_of(NUMERIC, BETWEEN, TEXT, TIMES, SPANS, PLACES)
FILTERS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(
            lambda op, parts: {"op": op, "args": parts},
            st.sampled_from(("and", "or")), st.lists(inner, min_size=2, max_size=3),
        ),
        st.builds(lambda part: {"op": "not", "args": [part]}, inner),
    ),
    max_leaves=6,
)  # fmt: skip


def flat(item: dict) -> dict:
    """An item as the reference wants it: properties and geometry side by side, times as timestamps."""
    return {"id": item["id"], "geometry": item["geometry"], **item["properties"]}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=FILTERS)
def test_a_filter_finds_what_the_reference_matches(archive, told):
    """The reference: `cql2`, the implementation of the pgstac people, item by item."""
    expected = [one["id"] for one in ITEMS if cql2.parse_json(json.dumps(told)).matches(flat(one))]
    assert found(archive, told) == expected


def test_what_is_not_told_is_unknown_and_so_is_its_opposite(archive):
    """CQL2, 7.6: a comparison with NULL is NULL, and NOT NULL is NULL."""
    archive.add(stac("bare"))
    cloudy = {"op": ">", "args": [of("eo:cloud_cover"), 40]}
    assert "bare" not in found(archive, cloudy)
    assert "bare" not in found(archive, {"op": "not", "args": [cloudy]})
    unknown = {"op": "isNull", "args": [of("eo:cloud_cover")]}
    assert found(archive, unknown) == ["bare"]
    assert found(archive, {"op": "or", "args": [cloudy, unknown]})[-1] == "bare"
    assert len(found(archive, {"op": "not", "args": [unknown]})) == len(ITEMS)


def test_capital_letters_count_unless_told_otherwise(archive):
    def casei(told):
        return {"op": "casei", "args": [told]}

    plain = {"op": "=", "args": [of("platform"), "WV-3"]}
    folded = {"op": "=", "args": [casei(of("platform")), casei("wV-3")]}
    like = {"op": "like", "args": [casei(of("platform")), casei("W%")]}
    among = {"op": "in", "args": [casei(of("platform")), [casei("WV-3"), "nothing"]]}
    assert found(archive, plain) == [one["id"] for one in ITEMS[::5]]
    both = sorted(one["id"] for one in (*ITEMS[::5], *ITEMS[1::5]))
    assert found(archive, folded) == found(archive, like) == found(archive, among) == both


def test_a_backslash_makes_a_wildcard_a_letter(archive):
    pneo = {"op": "like", "args": [of("platform"), "PNEO\\_3"]}
    assert found(archive, pneo) == ["I02", "I07", "I12", "I17",
                                                                                  "I22", "I27"]  # fmt: skip
    assert found(archive, {"op": "like", "args": [of("platform"), "WV\\_3"]}) == []
    assert found(archive, {"op": "like", "args": [of("platform"), "%\\%"]}) != []
    assert found(archive, {"op": "like", "args": [of("platform"), "WV-3\\"]}) == []


def test_a_value_may_stand_first(archive):
    first = {"op": "<", "args": [0.5, of("gsd")]}
    assert found(archive, first) == found(archive, {"op": ">", "args": [of("properties.gsd"), 0.5]})
    before = {"op": "t_after", "args": [{"timestamp": at(5)}, of("datetime")]}
    assert found(archive, before) == [one["id"] for one in ITEMS[:10]]


def test_between_in_the_form_of_the_drafts(archive):
    """The public stac-api-validator 0.6.8 asks in this form."""
    drafts = {"op": "between", "args": [of("eo:cloud_cover"), [0, 50]]}
    assert found(archive, drafts) == found(
        archive, {"op": "between", "args": [of("eo:cloud_cover"), 0, 50]}
    )


def test_what_has_no_column_is_looked_for_in_the_item(archive):
    """Common metadata that the public stac-api-validator 0.6.8 asks about; what is no text is not told."""
    for name, value in (
        ("m1", "sentinel-2"), ("m2", "Sentinel"), ("m3", 5), ("m4", ["sentinel"]), ("m5", None),
        ("m6", "sentinel\x00"), ("m7", "위성"), ("m8", "Ünï"), ("m9", "_\\u0000"), ("n1", "A"),
    ):  # fmt: skip
        archive.add(stac(name, square(0, 0), at(1), mission=value))
    like = {"op": "like", "args": [of("mission"), "sentinel%"]}
    assert found(archive, like) == ["m1", "m6"]  # a NUL is read as U+FFFD
    assert found(archive, {"op": "not", "args": [like]}) == ["m2", "m7", "m8", "m9", "n1"]
    # by code points, whatever the database's language, and letters of ASCII folded alone
    assert found(archive, {"op": "<", "args": [of("mission"), "a"]}) == ["m2", "m9", "n1"]
    assert found(archive, {"op": "=", "args": [{"op": "casei", "args": [of("mission")]},
                                               {"op": "casei", "args": ["Ünï"]}]}) == ["m8"]  # fmt: skip
    assert found(archive, {"op": "in", "args": [of("mission"), ["위성", "5"]]}) == ["m7"]
    assert (
        found(archive, {"op": "=", "args": [{"op": "casei", "args": [of("mission")]}, "SENTINEL"]})
        == []
    )
    told = {"op": "not", "args": [{"op": "isNull", "args": [of("mission")]}]}
    assert found(archive, told) == ["m1", "m2", "m6", "m7", "m8", "m9", "n1"]
    both = {"op": "and", "args": [told, {"op": "=", "args": [of("id"), "m2"]}]}
    assert found(archive, both) == ["m2"]
    assert found(archive, {"op": "=", "args": [of("constellation"), "x"]}) == []


def test_days_and_open_intervals(archive):
    """30 items were taken on the first of May, two an hour."""
    during = {"op": "t_intersects", "args": [of("datetime"), {"date": "2026-05-01"}]}
    assert len(found(archive, during)) == 30
    for ends, number in (([at(10), ".."], 10), (["..", at(1)], 4), (["..", ".."], 30)):
        span = {"op": "anyinteracts", "args": [of("datetime"), {"interval": ends}]}
        assert len(found(archive, span)) == number
    never = {"op": "t_before", "args": [of("datetime"), {"interval": ["..", at(1)]}]}
    assert found(archive, never) == []


def test_a_long_item_is_before_after_or_neither(archive):
    long = stac("long", square(170, 0), None)
    long["properties"] |= {"start_datetime": at(100), "end_datetime": at(200)}
    archive.add(long)
    for told, fits in (
        (["t_before", at(201)], True), (["t_before", at(150)], False), (["t_after", at(99)], True),
        (["t_after", at(150)], False), (["<", at(150)], False), ([">", at(150)], False),
        (["<", at(201)], True),
    ):  # fmt: skip
        one = {"op": told[0], "args": [of("datetime"), {"timestamp": told[1]}]}
        assert ("long" in found(archive, one)) is fits, told


def test_places_across_the_date_line_beside_others(archive):
    """A box from 170 E to 170 W touches what lies on either side; the reference cannot say so."""
    archive.add(stac("east", square(175, 0)))
    archive.add(stac("west", square(-175, 0)))
    box = {"op": "s_intersects", "args": [of("geometry"), {"bbox": [170, -10, -170, 10]}]}
    assert found(archive, box) == ["east", "west"]
    other = {"op": "or", "args": [box, {"op": "=", "args": [of("id"), "I00"]}]}
    assert found(archive, other) == ["I00", "east", "west"]
    assert len(found(archive, {"op": "not", "args": [box]})) == len(ITEMS)
    assert found(archive, box, bbox=(-180, -10, 0, 10)) == ["west"]


def test_an_item_that_names_no_collection_is_among_the_pictures(archive):
    named = stac("named")
    named["collection"] = "others"
    archive.add(named)
    assert found(archive, {"op": "=", "args": [of("collection"), "others"]}) == ["named"]
    assert len(found(archive, {"op": "=", "args": [of("collection"), "pictures"]})) == len(ITEMS)
    assert len(found(archive, None, collections=["pictures"])) == len(ITEMS)
    first, second = archive.collections()
    assert (first.name, first.items, second.name, second.items) == ("others", 1, "pictures", 30)
    west, _, east, north = second.bounds_deg
    assert (west, east, north) == (-61.5, 57.5, 48.5)
    assert second.start == Epoch.from_utc(at(0))


NOWHERE = {"type": "Point", "coordinates": [0, 91]}
NESTED = {"op": "not", "args": [True]}
for _ in range(40):
    NESTED = {"op": "not", "args": [NESTED]}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"op": "nope", "args": []}, "one of and, or, not"),
        ({"op": "=", "args": [of("colour"), "red"]}, "one of id, collection"),
        ({"op": "=", "args": [of("gsd"), "fine"]}, "finite number"),
        ({"op": "<", "args": [of("gsd"), float("nan")]}, "finite number"),
        ({"op": "<", "args": [of("gsd"), 10**400]}, "finite number"),
        ({"op": "<", "args": [of("gsd"), True]}, "finite number"),
        ({"op": "<", "args": [of("gsd"), of("eo:cloud_cover")]}, "finite number"),
        ({"op": "=", "args": [1, 1]}, "a property"),
        ({"op": "like", "args": [of("gsd"), "1%"]}, "of id, collection, platform"),
        ({"op": "like", "args": [of("id"), "%a" * 200]}, "at most 256"),
        ({"op": "in", "args": [of("id"), []]}, "a list of 1 to"),
        ({"op": "in", "args": [of("id"), ["\ud800"]]}, "Unicode"),
        ({"op": "=", "args": [of("geometry"), "here"]}, "s_intersects"),
        ({"op": "s_intersects", "args": [of("gsd"), square(0, 0)]}, "of geometry"),
        ({"op": "s_intersects", "args": [of("geometry"), NOWHERE]}, "WGS 84"),
        ({"op": "s_intersects", "args": [of("geometry"), {"bbox": "all"}]}, "four numbers"),
        ({"op": "t_before", "args": [of("datetime"), 5]}, "a time"),
        ({"op": "t_intersects", "args": [of("datetime"), {"interval": [at(2), at(1)]}]}, "ends after"),
        ({"op": "not", "args": [True, True]}, "must be 1"),
        ({"op": "or", "args": [True]}, "two or more"),
        ({"op": "and", "args": "ab"}, "a list"),
        ("gsd < 1", "CQL2 JSON"),
        (NESTED, "32 deep"),
        ({"op": "and", "args": [True] * 500}, "at most 400"),
    ],
)  # fmt: skip
def test_what_a_filter_cannot_say(told, words):
    with pytest.raises(InputError, match=words):
        ArchiveQuery(filter=told)


def test_a_place_of_too_many_corners_is_refused():
    ring = shapely.Point(0, 0).buffer(5, quad_segs=3000).exterior.coords
    many = {"type": "Polygon", "coordinates": [list(map(list, ring))]}
    with pytest.raises(InputError, match="10000 vertices"):
        ArchiveQuery(filter={"op": "s_intersects", "args": [of("geometry"), many]})


def test_as_many_conditions_as_may_be_are_answered(archive):
    """SQLite's parser goes no deeper than 1000."""
    each = [{"op": "=", "args": [of("id"), f"I{n % 30:02}"]} for n in range(398)]
    assert len(found(archive, {"op": "or", "args": each})) == 30
    deep = {"op": "=", "args": [of("id"), "I03"]}
    for n in range(15):
        deep = {
            "op": "or",
            "args": [{"op": "and", "args": [deep, True]}, {"op": "=", "args": [of("gsd"), 99 + n]}],
        }
    assert found(archive, deep) == ["I03"]


def test_a_token_belongs_to_its_filter(archive):
    query = ArchiveQuery(filter={"op": ">", "args": [of("gsd"), 0.3]}, limit=3)
    token = archive.search(query).next
    with pytest.raises(InputError, match="token"):
        archive.search(
            ArchiveQuery(filter={"op": ">", "args": [of("gsd"), 0.4]}, limit=3, token=token)
        )


# Who may see what


def seen(archive: Archive, *readers: str, **asked: object) -> list[str]:
    query = ArchiveQuery(readers=readers, sort="id", **asked)
    names = [one.id for one in archive.search(query).items]
    assert archive.count(query) == len(names)
    return names


def test_readers_find_what_they_may_see(archive):
    archive.let_read("I00", "c1")
    archive.let_read("I00", "c1")
    archive.let_read("I01", "c2")
    archive.let_read("I02", "*")
    assert seen(archive, "c1", "*") == ["I00", "I02"]
    assert seen(archive, "c1") == ["I00"]
    assert seen(archive, "c3", "*") == ["I02"]
    assert seen(archive) == []
    assert len(archive.search(ArchiveQuery()).items) == len(ITEMS)
    assert seen(archive, "c1", "*", bbox=(-180, -90, 180, 90)) == ["I00", "I02"]
    assert seen(archive, "c1", "*", ids=["I00", "I01"]) == ["I00"]
    either = {"op": "or", "args": [{"op": "=", "args": [of("id"), "I01"]}, True]}
    assert seen(archive, "c1", filter=either) == ["I00"]
    assert archive.get("I00", readers=("c1",)).id == "I00"
    with pytest.raises(InputError) as hidden:
        archive.get("I01", readers=("c1", "*"))
    with pytest.raises(InputError) as absent:
        archive.get("none", readers=("c1", "*"))
    assert str(hidden.value) == str(absent.value).replace("none", "I01")
    assert [one.items for one in archive.collections(readers=("c1", "*"))] == [2]
    with pytest.raises(InputError, match="in the archive"):
        archive.let_read("none", "c1")


def test_readers_stay_with_an_item_that_is_replaced_and_go_with_one_that_is_removed(archive):
    archive.let_read("I00", "c1")
    archive.let_read("I00", "c2")
    archive.let_read("I01", "c1")
    archive.add(stac("I00", gsd=9.0), replace=True)
    assert seen(archive, "c1") == ["I00", "I01"]
    assert seen(archive, "c2") == ["I00"]
    archive.remove("I00")
    archive.add(stac("I00"))
    assert seen(archive, "c1") == ["I01"]
    assert seen(archive, "c2") == []


def test_one_who_sees_many_items_finds_them_by_the_same_pages(archive, monkeypatch):
    """Beyond some number the search goes along the sort and asks of each; the answer is the same."""
    for n in range(0, 30, 3):
        archive.let_read(f"I{n:02}", "c1")
    query = ArchiveQuery(readers=("c1",), sort="id", limit=4)
    few = [one.id for one in archive.search(query).items]
    monkeypatch.setattr("offnadir.catalog._search._FEW_OF_READER", 3)
    assert seen(archive, "c1", limit=30) == [f"I{n:02}" for n in range(0, 30, 3)]
    assert [one.id for one in archive.search(query).items] == few
