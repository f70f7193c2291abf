"""The store of element sets, by itself and through `offnadir elements`."""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from loopback import Loopback, loopback, omm, omm_json, reply
from offnadir.cli.elements import elements as app
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError, InputProblems, OffnadirError
from offnadir.orbits import ElementSet, element_set_to_omm, nearest_sets, read_elements
from offnadir.orbits._omm import omm_to_element_set
from offnadir.orbits._store_records import Published, PublishedFile
from offnadir.orbits._store_schema import VERSION, Packer
from offnadir.orbits._tle import read_tle
from offnadir.orbits._tle_write import element_set_to_tle
from offnadir.orbits.store import (
    Choice,
    Store,
    default_store_path,
    is_store,
    open_store,
    read_published,
    read_store,
)

DAY_NS = 86_400_000_000_000
# The same set of the space station, of 2026-05-30, in the two ways in which CelesTrak publishes it.
ISS_TLE = """\
ISS (ZARYA)
1 25544U 98067A   26150.51748228  .00011776  00000+0  21767-3 0  9998
2 25544  51.6337  27.5746 0007245 114.7080 245.4664 15.49496548569014
"""
ISS_OMM = omm(25544, "ISS (ZARYA)")
# A record of Space-Track with the TLE that it gives beside it. Eccentricity and drag have more digits
# than the TLE: the two are the same set all the same.
SPACE_TRACK = {
    "CCSDS_OMM_VERS": "3.0",
    "COMMENT": "GENERATED VIA SPACE-TRACK.ORG API",
    "CREATION_DATE": "2026-08-07T12:46:56",
    "ORIGINATOR": "18 SPCS",
    "OBJECT_NAME": "ISS (ZARYA)",
    "OBJECT_ID": "1998-067A",
    "CENTER_NAME": "EARTH",
    "REF_FRAME": "TEME",
    "TIME_SYSTEM": "UTC",
    "MEAN_ELEMENT_THEORY": "SGP4",
    "EPOCH": "2026-08-07T00:30:49.879296",
    "MEAN_MOTION": "15.49370096",
    "ECCENTRICITY": "0.00072933",
    "INCLINATION": "51.6324",
    "RA_OF_ASC_NODE": "48.5171",
    "ARG_OF_PERICENTER": "20.5996",
    "MEAN_ANOMALY": "339.5285",
    "EPHEMERIS_TYPE": "0",
    "CLASSIFICATION_TYPE": "U",
    "NORAD_CAT_ID": "25544",
    "ELEMENT_SET_NO": "999",
    "REV_AT_EPOCH": "57963",
    "BSTAR": "0.00008936277000",
    "MEAN_MOTION_DOT": "0.00004539",
    "MEAN_MOTION_DDOT": "0.0000000000000",
    "SEMIMAJOR_AXIS": "6796.705",
    "PERIOD": "92.941",
    "APOAPSIS": "423.527",
    "PERIAPSIS": "413.613",
    "OBJECT_TYPE": "PAYLOAD",
    "RCS_SIZE": "LARGE",
    "COUNTRY_CODE": "CIS",
    "LAUNCH_DATE": "1998-11-20",
    "SITE": "TTMTR",
    "DECAY_DATE": None,
    "GP_ID": "338621911",
    "TLE_LINE0": "0 ISS (ZARYA)",
    "TLE_LINE1": "1 25544U 98067A   26219.02141064  .00004539  00000-0  89363-4 0  9992",
    "TLE_LINE2": "2 25544  51.6324  48.5171 0007293  20.5996 339.5285 15.49370096579630",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterable[Store]:
    with open_store(tmp_path / "elements.sqlite", write=True) as one:
        yield one


def records(*fields: dict[str, object], label: str = "test") -> PublishedFile:
    """As if read from a file of these records."""
    made = [Published(elements=omm_to_element_set(one), fields=one) for one in fields]
    return PublishedFile(label=label, records=tuple(made), rejected=(), format="OMM JSON")


def at_epoch(number: int, day: int, name: str = "") -> dict[str, object]:
    return omm(number, name, EPOCH=f"2026-05-{day:02d}T00:00:00")


def epochs(sets: Iterable[ElementSet]) -> list[str]:
    return [one.epoch.utc(0)[:10] for one in sets]


# --- every set once, nothing lost ---------------------------------------------------------------


def test_one_set_in_two_formats_is_stored_once(store: Store, tmp_path: Path) -> None:
    tle, celestrak = tmp_path / "a.tle", tmp_path / "b.json"
    tle.write_text(ISS_TLE)
    celestrak.write_text(json.dumps([ISS_OMM]))
    news = [store.add([read_published(path)]).new for path in (tle, celestrak, tle)]
    assert news == [1, 0, 0]
    assert len(store) == 1
    (one,) = store.elements()
    assert one.epoch == Epoch.from_utc("2026-05-30T12:25:10.468992Z")
    assert (one.name, one.object_id, one.bstar) == ("ISS (ZARYA)", "1998-067A", 0.00021767)


@pytest.mark.parametrize("tle_first", [True, False])
def test_space_track_and_its_own_tle_are_one_set_of_the_better_digits(
    store: Store, tmp_path: Path, tle_first: bool
) -> None:
    tle, full = tmp_path / "a.tle", tmp_path / "b.json"
    tle.write_text("\n".join(str(SPACE_TRACK[f"TLE_LINE{n}"]) for n in (0, 1, 2)))
    full.write_text(json.dumps([SPACE_TRACK]))
    for path in (tle, full) if tle_first else (full, tle):
        store.add([read_published(path)])
    assert len(store) == 1
    (one,) = store.history()
    assert (one.elements.eccentricity, one.elements.bstar) == (0.00072933, 0.00008936277)
    assert one.source == "b.json"
    assert element_set_to_tle(one.elements)[2] == SPACE_TRACK["TLE_LINE2"]


def test_fields_come_back_as_they_were_published(store: Store) -> None:
    """Texts stay texts, with their zeros, in their order; null stays null."""
    store.add([records(SPACE_TRACK)])
    (one,) = store.history()
    assert json.dumps(one.fields) == json.dumps(SPACE_TRACK)


def test_records_of_one_set_are_all_kept(store: Store) -> None:
    for _ in range(2):
        store.add([records(ISS_OMM, label="first")])
        store.add([records({**ISS_OMM, "RCS_SIZE": "LARGE"}, label="second")])
    rows = store.connection.execute(
        "SELECT o.name FROM records r JOIN sources o ON o.id = r.source_id ORDER BY r.id"
    )
    assert rows.fetchall() == [("first",), ("second",)]
    (one,) = store.history()
    assert one.source == "second"


def test_name_is_not_lost_to_a_list_without_names(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "nameless.tle"
    path.write_text("".join(ISS_TLE.splitlines(keepends=True)[1:]))
    store.add([records(ISS_OMM)])
    store.add([read_published(path)])
    assert [one.name for one in store.elements()] == ["ISS (ZARYA)"]
    assert len(store) == 1


def test_a_corrected_set_of_the_same_epoch_is_another_set(store: Store) -> None:
    store.add([records(ISS_OMM), records(omm(25544, "ISS (ZARYA)", BSTAR=0.00021768))])
    assert len(store) == 2
    (one,) = store.elements()
    assert one.bstar == 0.00021768  # of two with one epoch the later, as `nearest_sets` has it


def test_zero_with_a_minus_is_zero(store: Store) -> None:
    """TLEs of Space-Track write " .00000000" and "-.00000000" for the same derivative."""
    store.add([records(*(omm(25544, MEAN_MOTION_DOT=zero) for zero in (0, 0.0, -0.0, "-.0")))])
    assert len(store) == 1


@pytest.mark.parametrize("number", [5, 99_999, 100_000, 339_999, 340_000, 799_999_999, 999_999_999])
def test_numbers_of_up_to_nine_digits(store: Store, number: int) -> None:
    store.add([records(omm(number))])
    assert [one.norad_id for one in store.elements(names=[str(number)])] == [number]
    assert store.objects()["norad_id"].tolist() == [number]


def test_first_seen_is_the_first_time(store: Store) -> None:
    first, second = Epoch.from_utc("2026-06-01"), Epoch.from_utc("2026-06-02")
    store.add([records(ISS_OMM)], now=first)
    store.add([records(ISS_OMM)], now=second)
    (one,) = store.history()
    assert one.first_seen == first


def test_leap_second_and_nanoseconds_survive(store: Store) -> None:
    for epoch in ("2016-12-31T23:59:60.5", "2026-05-30T12:25:10.123456789"):
        store.add([records(omm(25544, EPOCH=epoch))])
    assert [one.epoch.utc(9).rstrip("0Z") for one in (s.elements for s in store.history())] == [
        "2016-12-31T23:59:60.5",
        "2026-05-30T12:25:10.123456789",
    ]


def test_every_format_gives_the_same_set(store: Store, tmp_path: Path) -> None:
    lines = [f"{key} = {value}" for key, value in ISS_OMM.items()]
    kvn = "CCSDS_OMM_VERS = 3.0\n" + "\n".join(lines) + "\n"
    csv = ",".join(ISS_OMM) + "\n" + ",".join(map(str, ISS_OMM.values())) + "\n"
    tags = "".join(f"<{key}>{value}</{key}>" for key, value in ISS_OMM.items())
    for name, text in (("a.kvn", kvn), ("b.csv", csv), ("c.xml", f"<ndm><omm>{tags}</omm></ndm>")):
        (tmp_path / name).write_text(text)
        file = read_published(tmp_path / name)
        assert file.records[0].fields["MEAN_MOTION"] == "15.49496548"
        store.add([file])
    store.add([records(ISS_OMM)])
    assert len(store) == 1


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=8))
def test_any_further_fields_survive(extra: dict[str, object]) -> None:
    from offnadir.orbits._store_records import fields_text

    packer = Packer(b'"OBJECT_NAME":"STARLINK-"')
    text = fields_text(extra)
    assert packer.unpack(packer.pack(text)) == text
    assert list(json.loads(text).items()) == list(extra.items())


# --- choosing ------------------------------------------------------------------------------------


def test_nearest_set_of_each_object(store: Store) -> None:
    store.add([records(*(at_epoch(n, d) for n in (1, 2) for d in (1, 5, 9)), at_epoch(3, 20))])
    near = [
        epochs(store.elements(at=Epoch.from_utc(f"2026-05-{day:02d}"))) for day in (1, 6, 7, 31)
    ]
    last = "2026-05-20"
    assert near == [
        ["2026-05-01", "2026-05-01", last],
        ["2026-05-05", "2026-05-05", last],
        ["2026-05-09", "2026-05-09", last],  # equally near: the younger
        ["2026-05-09", "2026-05-09", last],
    ]
    assert epochs(store.elements()) == ["2026-05-09", "2026-05-09", last]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(0, 2)), min_size=1),
    st.integers(0, 20),
)
def test_nearest_agrees_with_nearest_sets(sets: list[tuple[int, int, int]], half_day: int) -> None:
    """The index finds what a look at every set finds (`nearest_sets`, which has its own twin)."""
    made = [omm(n, EPOCH=f"2026-05-{d:02d}T00:00:00", BSTAR=b * 1e-5) for n, d, b in sets]
    near = Epoch(Epoch.from_utc("2026-05-01").tai_ns + half_day * DAY_NS // 2)
    with open_store_in_memory() as store:
        store.add([records(*made)])
        every = [one.elements for one in sorted(store.history(), key=order_of_arrival)]
        for at in (near, None):
            expected = sorted(nearest_sets(every, near=at), key=lambda one: one.norad_id)
            assert store.elements(at=at) == expected


def order_of_arrival(stored: object) -> int:
    return int(stored.elements.source.rpartition(" ")[2])  # type: ignore[attr-defined]


def open_store_in_memory() -> Store:
    from offnadir.orbits import _store_schema as schema

    connection = sqlite3.connect(":memory:", isolation_level=None)
    with schema.transaction(connection):
        schema._make_tables(connection)
    return Store(Path("memory"), connection)


def test_filters_hold_together(store: Store) -> None:
    store.add([records(at_epoch(1, 1, "KOMPSAT-3A"), at_epoch(1, 9, "KOMPSAT-3A"))])
    store.add([records(at_epoch(2, 5, "KOMPSAT-7"), at_epoch(3, 5, "WORLDVIEW-3"))])
    after, before = Epoch.from_utc("2026-05-02"), Epoch.from_utc("2026-05-08")

    def found(**wishes: object) -> list[int]:
        return [one.elements.norad_id for one in store.history(Choice(**wishes))]  # type: ignore[arg-type]

    assert found(name="kompsat*") == [1, 1, 2]
    assert found(name="*-3*") == [1, 1, 3]
    assert found(name="kompsat*", after=after) == [1, 2]
    assert found(name="kompsat*", after=after, before=before) == [2]
    assert found(name="kompsat*", norad_ids=(2, 3)) == [2]
    assert found(satellites=("WorldView 3",)) == [3]
    assert found(norad_ids=(77,)) == []
    assert store.objects(Choice(before=before))["norad_id"].tolist() == [2, 3]
    nearest = store.nearest(Choice(before=before), at=Epoch.from_utc("2026-05-31"))
    assert epochs(one.elements for one in nearest) == ["2026-05-01", "2026-05-05", "2026-05-05"]


def test_renamed_object_is_found_by_any_of_its_names(store: Store) -> None:
    store.add([records(at_epoch(7, 1, "OBJECT A"), at_epoch(7, 9, "KOMPSAT-7"))])
    for name in ("OBJECT A", "kompsat 7", "7"):
        assert epochs(store.elements(names=[name])) == ["2026-05-09"]
    assert store.objects()["satellite"].tolist() == ["KOMPSAT-7"]


def test_unknown_name_is_told_with_similar_ones(store: Store) -> None:
    store.add([records(omm(40536, "KOMPSAT-3A"))])
    with pytest.raises(InputError, match="KOMPSAT-3A"):
        store.elements(names=["KOMPSAT-3B"])


def test_objects_count_sets_and_span(store: Store) -> None:
    store.add([records(at_epoch(1, 1), at_epoch(1, 9), at_epoch(2, 5))])
    assert next(store.objects().rows()) == {
        "satellite": "THING 1",
        "norad_id": 1,
        "object_id": "1998-067A",
        "sets": 2,
        "first_epoch": "2026-05-01T00:00:00.000000Z",
        "newest_epoch": "2026-05-09T00:00:00.000000Z",
    }


# --- as a file of elements ------------------------------------------------------------------------


def test_store_reads_as_an_element_file(store: Store) -> None:
    store.add([records(at_epoch(1, 1), at_epoch(1, 9), at_epoch(2, 5))])
    whole = read_store(store.path)
    assert (whole.format, len(whole.elements), whole.rejected) == ("store", 3, ())
    near = read_store(store.path, near=Epoch.from_utc("2026-05-02"))
    assert epochs(near.elements) == ["2026-05-01", "2026-05-05"]


def test_elements_of_the_store_are_those_of_the_fields(
    store: Store, flock: tuple[ElementSet, ...], elements_file: Path
) -> None:
    """What was packed beside the fields is what they say, to the last bit."""
    store.add([read_published(elements_file), records(SPACE_TRACK)])
    for one in store.history():
        assert plain(one.elements) == plain(omm_to_element_set(one.fields))
    stored = {plain(one.elements) for one in store.history()}
    assert stored > {plain(one) for one in flock}


def plain(elements: ElementSet) -> ElementSet:
    return dataclasses.replace(elements, source="")


def test_is_store_tells_a_store_from_other_files(store: Store, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()
    text = tmp_path / "a.tle"
    text.write_text(ISS_TLE)
    assert is_store(store.path)  # while it is open and being written
    assert not any(map(is_store, (other, text, tmp_path, tmp_path / "none", "")))


# --- trouble with the file ------------------------------------------------------------------------


def test_empty_store_is_no_element_file(store: Store) -> None:
    with pytest.raises(InputError, match="elements update"):
        read_store(store.path)


def test_store_that_does_not_exist_is_not_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "none.sqlite"
    with pytest.raises(InputError, match="elements import"):
        open_store(path)
    assert not path.parent.exists()


@pytest.mark.parametrize(
    "content", [ISS_TLE.encode(), b"\0" * 5000, b"SQLite format 3\0" + b"x" * 99]
)
@pytest.mark.parametrize("write", [True, False])
def test_another_file_is_left_alone(tmp_path: Path, content: bytes, write: bool) -> None:
    path = tmp_path / "mine"
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"not a store|damaged"):
        open_store(path, write=write)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [True, False])
def test_database_of_another_program_is_left_alone(tmp_path: Path, write: bool) -> None:
    path = tmp_path / "bookmarks.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE places (url)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(FileError, match="another program"):
        open_store(path, write=write)
    assert path.read_bytes() == before


def test_store_of_a_newer_offnadir_is_left_alone(store: Store) -> None:
    store.connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    for write in (True, False):
        with pytest.raises(FileError, match="newer offnadir"):
            open_store(store.path, write=write)


def test_damaged_store_says_so(tmp_path: Path) -> None:
    path = tmp_path / "elements.sqlite"
    with open_store(path, write=True) as store:
        store.add([records(*(omm(n) for n in range(1, 200)))])
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(FileError, match="damaged"):
        read_store(path)


@pytest.mark.parametrize("page", range(1, 20))
def test_store_with_an_empty_page_answers_or_says_that_it_is_damaged(
    tmp_path: Path, page: int
) -> None:
    path = tmp_path / "elements.sqlite"
    with open_store(path, write=True) as store:
        store.add([records(*(omm(n) for n in range(1, 200)))])
    data = bytearray(path.read_bytes())
    data[page * 4096 : (page + 1) * 4096] = bytes(4096)
    path.write_bytes(data)
    for ask in (Store.objects, Store.history, Store.nearest, Store.newest_epoch):
        told = ""
        try:
            with open_store(path) as store:
                ask(store)
        except FileError as error:
            told = str(error)
        assert not told or "damaged" in told


def test_import_is_all_or_nothing(store: Store) -> None:
    bad = Published(
        elements=dataclasses.replace(omm_to_element_set(ISS_OMM), norad_id=-1), fields={}
    )
    file = records(*(omm(n) for n in range(1, 50)))
    with pytest.raises(FileError):
        store.add([file, dataclasses.replace(file, records=(bad,))])
    assert len(store) == 0
    assert store.add([file]).new == 49


def test_reader_sees_a_settled_state_while_another_writes(store: Store) -> None:
    store.add([records(omm(1))])
    with open_store(store.path) as reader:
        with store.changing():
            store.put([records(omm(2), omm(3))])
            assert len(reader) == 1
        assert len(reader) == 3


def test_reader_cannot_write(store: Store) -> None:
    store.add([records(omm(1))])
    with open_store(store.path) as reader, pytest.raises(FileError, match="readonly"):
        reader.add([records(omm(2))])


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "elements.sqlite"
    troubles: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for start in range(first, first + 60, 20):
                with open_store(path, write=True) as one:
                    one.add([records(*(omm(n) for n in range(start, start + 40)))])
        except BaseException as error:  # noqa: BLE001 - told by the assertion
            troubles.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in (1, 21, 41, 61)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    with open_store(path) as one:
        assert [each.norad_id for each in one.elements()] == list(range(1, 141))
        assert len(one) == 140


def test_default_place_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_store_path() == tmp_path / "offnadir" / "elements.sqlite"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_store_path() == Path.home() / ".local/share/offnadir/elements.sqlite"


# --- TLE ------------------------------------------------------------------------------------------


def test_tle_is_written_as_it_was_published(
    real_elements: list[tuple[str, str, str, ElementSet]],
) -> None:
    """CelesTrak's own lines of 2026-05-30, character by character."""
    for name, line1, line2, one in real_elements:
        assert element_set_to_tle(one) == (name, line1, line2)


@pytest.mark.parametrize(
    ("number", "columns"),
    [(5, "00005"), (99_999, "99999"), (100_000, "A0000"), (148_493, "E8493"), (182_931, "J2931"),
     (234_018, "P4018"), (301_928, "W1928"), (339_999, "Z9999")],
)  # fmt: skip
def test_alpha5_as_space_track_explains_it(number: int, columns: str) -> None:
    """space-track.org/documentation#tle-alpha5: E8493 = 148493, J2931, P4018, W1928, Z9999."""
    _, line1, line2 = element_set_to_tle(omm_to_element_set(omm(number)))
    assert (line1[2:7], line2[2:7]) == (columns, columns)


def test_number_without_room_in_a_tle_is_told() -> None:
    with pytest.raises(InputError, match="take OMM") as caught:
        element_set_to_tle(omm_to_element_set(omm(340_000)))
    assert caught.value.field == "NORAD_CAT_ID"


ANGLES = st.integers(0, 3_599_999).map(lambda n: n / 1e4)
POWERS = st.one_of(
    st.just(0.0),
    st.builds(
        lambda sign, digits, power: float(f"{sign}0.{digits}e{power}"),
        st.sampled_from(["", "-"]), st.integers(10_000, 99_999), st.integers(-9, 1),
    ),
)  # fmt: skip


@given(
    number=st.integers(1, 339_999),
    day=st.integers(0, 36_000),
    tick=st.integers(0, 99_999_999),
    motion=st.integers(1, 1_699_999_999).map(lambda n: n / 1e8),
    eccentricity=st.integers(0, 9_999_999).map(lambda n: n / 1e7),
    angles=st.tuples(ANGLES, ANGLES, ANGLES, st.integers(0, 1_800_000).map(lambda n: n / 1e4)),
    bstar=POWERS,
    half_ndot=st.integers(-99_999_999, 99_999_999).map(lambda n: n / 1e8),
    counts=st.tuples(st.integers(0, 9999), st.integers(0, 99_999)),
)
def test_tle_round_trip(
    number: int, day: int, tick: int, motion: float, eccentricity: float,
    angles: tuple[float, float, float, float], bstar: float, half_ndot: float,
    counts: tuple[int, int],
) -> None:  # fmt: skip
    """Whatever fits into the columns comes back, to the last bit."""
    start = Epoch.from_utc("1958-01-01").utc_ns
    fields = omm(
        number, MEAN_MOTION=motion, ECCENTRICITY=eccentricity, RA_OF_ASC_NODE=angles[0],
        ARG_OF_PERICENTER=angles[1], MEAN_ANOMALY=angles[2], INCLINATION=angles[3], BSTAR=bstar,
        MEAN_MOTION_DOT=half_ndot, ELEMENT_SET_NO=counts[0], REV_AT_EPOCH=counts[1],
    )  # fmt: skip
    epoch = Epoch.from_utc_ns(start + day * DAY_NS + tick * 864_000)
    one = dataclasses.replace(omm_to_element_set(fields), epoch=epoch)
    ((back,), rejected, _) = read_tle("\n".join(element_set_to_tle(one)), "test")
    assert rejected == []
    assert plain(back) == one


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"RA_OF_ASC_NODE": 359.99999}, {"raan_rad": 0.0}),
        ({"RA_OF_ASC_NODE": -90.0}, {"raan_rad": 4.71238898038469}),
        ({"ECCENTRICITY": 0.99999999}, {"eccentricity": 0.9999999}),
        ({"BSTAR": 0.999999}, {"bstar": 1.0}),
        ({"BSTAR": 1e-12}, {"bstar": 0.0}),
        ({"REV_AT_EPOCH": 123_456}, {"rev_at_epoch": 23_456}),
        ({"OBJECT_ID": "UNKNOWN-42"}, {"object_id": ""}),
        ({"EPOCH": "2026-12-31T23:59:59.9999"}, {"epoch": Epoch.from_utc("2027-01-01")}),
    ],
)
def test_tle_rounds_what_has_no_room(
    changes: dict[str, object], expected: dict[str, object]
) -> None:
    text = "\n".join(element_set_to_tle(omm_to_element_set(omm(25544, **changes))))
    ((back,), _, _) = read_tle(text, "test")
    for name, value in expected.items():
        assert getattr(back, name) == value


# --- command line ---------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def good(*args: object) -> Result:
    result = run(*args)
    assert result.exception is None, result.exception
    return result


def trouble(*args: object) -> OffnadirError:
    error = run(*args).exception
    assert isinstance(error, OffnadirError)
    return error


def test_import_list_show_export(home: Path, elements_file: Path) -> None:
    assert "6 new sets, 0 known, 0 rejected" in good("import", elements_file).stderr
    assert "0 new sets, 6 known" in good("import", elements_file).stderr
    listed = json.loads(good("list", "--json", "--name", "*-3*").stdout)
    assert [(row["satellite"], row["norad_id"], row["sets"]) for row in listed] == [
        ("WORLDVIEW-3 (WV-3)", 40115, 1),
        ("KOMPSAT-3A", 40536, 1),
    ]
    # 26150.58092465: 0.58092465 of a day is 13 h 56 min 31.88976 s.
    assert listed[0]["newest_epoch"] == "2026-05-30T13:56:31.889760Z"
    out = home / "out.json"
    good("export", out, "--norad", 25544, "--norad", 41866)
    back = {plain(one).norad_id: plain(one) for one in read_elements(out).elements}
    assert back == {
        one.norad_id: plain(one)
        for one in read_elements(elements_file).elements
        if one.norad_id in (25544, 41866)
    }


def test_show_prints_tle_omm_and_figures(home: Path, elements_file: Path) -> None:
    good("import", elements_file)
    assert good("show", 25544, "--tle").stdout == ISS_TLE
    (omm_,) = json.loads(good("show", "iss", "--omm").stdout)
    assert omm_ == element_set_to_omm(read_elements(elements_file).elements[4])
    assert "ISS (ZARYA)" in good("show", "iss").stdout


def test_show_agrees_with_the_figures_of_space_track(home: Path) -> None:
    """It derives PERIOD, APOAPSIS and PERIAPSIS from the same numbers, over 6378.135 km."""
    path = home / "iss.json"
    path.write_text(json.dumps([SPACE_TRACK]))
    good("import", path)
    (row,) = json.loads(good("show", 25544, "--json").stdout)
    assert row["period_min"] == pytest.approx(92.941, abs=0.0006)
    assert row["apogee_km"] == pytest.approx(423.527, abs=0.06)
    assert row["perigee_km"] == pytest.approx(413.613, abs=0.06)
    assert row["first_seen"] > "2026-08"


def test_show_at_takes_the_nearest(home: Path) -> None:
    path = home / "sets.json"
    path.write_text(json.dumps([at_epoch(7, 1), at_epoch(7, 9)]))
    good("import", path)
    assert len(json.loads(good("show", 7, "--json").stdout)) == 2
    (row,) = json.loads(good("show", 7, "--json", "--at", "2026-05-03").stdout)
    assert row["epoch"] == "2026-05-01T00:00:00.000000Z"
    (row,) = json.loads(good("show", 7, "--json", "--newer-than", "2026-05-03").stdout)
    assert row["epoch"] == "2026-05-09T00:00:00.000000Z"


def test_tle_of_a_large_number_is_an_error_alone_and_a_warning_among_others(home: Path) -> None:
    path = home / "sets.json"
    path.write_bytes(omm_json(25544, 340_000))
    good("import", path)
    assert isinstance(trouble("show", 340_000, "--tle"), InputProblems)
    both = good("show", 340_000, 25544, "--tle")
    assert both.stdout.count("\n") == 3
    assert "NORAD_CAT_ID = 340000" in both.stderr


def test_import_of_a_bad_file_imports_nothing(home: Path, elements_file: Path) -> None:
    bad = home / "bad.json"
    bad.write_text("[{]")
    assert "bad.json" in str(trouble("import", elements_file, bad))
    assert "a store that exists" in str(trouble("list"))


def test_import_counts_and_tells_what_it_refuses(home: Path) -> None:
    path = home / "sets.json"
    path.write_text(json.dumps([omm(1), omm(2, ECCENTRICITY=1.5), omm(3)]))
    result = good("import", path, "--json")
    told = json.loads(result.stdout)
    assert (told["new"], told["known"], told["rejected"], told["sets"]) == (2, 0, 1, 2)
    assert "sets.json: record 2: ECCENTRICITY = 1.5" in result.stderr


def test_export_of_all_and_of_nothing(home: Path) -> None:
    path = home / "sets.json"
    path.write_text(json.dumps([at_epoch(7, 1), at_epoch(7, 9), at_epoch(8, 5)]))
    good("import", path)
    assert [r["EPOCH"][8:10] for r in json.loads(good("export", "-").stdout)] == ["09", "05"]
    every = json.loads(good("export", "-", "--all").stdout)
    assert [r["EPOCH"][8:10] for r in every] == ["01", "09", "05"]
    old = json.loads(good("export", "-", "--older-than", "2026-05-02").stdout)
    assert [r["EPOCH"][8:10] for r in old] == ["01"]
    out = home / "none.json"
    assert isinstance(trouble("export", out, "--name", "nothing"), InputError)
    assert not out.exists()
    assert [p.name for p in home.iterdir() if p.name.startswith(".")] == []


def test_export_does_not_overwrite_a_store(home: Path) -> None:
    path, target = home / "sets.json", home / "mine.sqlite"
    path.write_bytes(omm_json(1))
    good("import", path, "--store", target)
    before = target.read_bytes()
    error = trouble("export", target, "--store", target)
    assert "another file than a store" in str(error)
    assert target.read_bytes() == before


@pytest.mark.parametrize(
    ("args", "field"),
    [
        (("list", "--newer-than", "soon"), "--newer-than"),
        (("list", "--older-than", "999999d"), "--older-than"),
        (("list", "--newer-than", "1d", "--older-than", "2d"), "--newer-than"),
        (("show", "1", "--at", "noon"), "--at"),
        (("show", "1", "--json", "--tle"), "--json"),
        (("export", "x.json", "--all", "--at", "2026-05-01"), "--at"),
        (("show", "nobody"), "satellite"),
        (("update", "--group", "a b"), "--group"),
        (("update", "--source", "nowhere"), "--source"),
    ],
)
def test_wrong_options_are_told_by_name(home: Path, args: tuple[str, ...], field: str) -> None:
    path = home / "sets.json"
    path.write_bytes(omm_json(1))
    good("import", path)
    error = trouble(*args)
    assert isinstance(error, InputError)
    assert error.field == field


def test_update_by_command(home: Path) -> None:
    with loopback() as server:
        server.says(reply(omm_json(25544, 100_001)))
        url = f"{server.url}/gp.php"
        first = good("update", "--source", url, "--group", "resource")
        assert "2 new of 2" in first.stderr
        assert server.seen[0].path == "/gp.php?GROUP=resource&FORMAT=json"
        second = good("update", "--source", url, "--group", "resource")
        assert "the mirror asks for 2 hours" in second.stderr
        assert (second.exit_code, len(server.seen)) == (0, 1)
        (row,) = json.loads(
            good("update", "--source", url, "--group", "x", "--dry-run", "--json").stdout
        )
        assert (row["outcome"], len(server.seen)) == ("due", 1)
        failing(server, url)
    assert [row["norad_id"] for row in json.loads(good("list", "--json").stdout)] == [
        25544,
        100_001,
    ]


def test_dry_run_makes_no_store(home: Path) -> None:
    result = good("update", "--dry-run", "--norad", 25544)
    url = "https://celestrak.org/NORAD/elements/gp.php?CATNR=25544&FORMAT=json"
    assert f"would fetch {url}" in result.stderr
    assert not default_store_path().exists()


def failing(server: Loopback, url: str) -> None:
    server.says(reply("Forbidden", 403))
    error = trouble("update", "--source", url, "--group", "x")
    assert error.exit_code == 3
    assert "2 element sets" in str(error)


def test_export_leaves_links_and_pipes_what_they_are(home: Path, elements_file: Path) -> None:
    """What takes the place of /dev/stdout or of a link would be the end of it."""
    good("import", elements_file)
    target, link, pipe = home / "target.json", home / "link.json", home / "pipe"
    link.symlink_to(target)
    good("export", link)
    assert link.is_symlink()
    assert json.loads(target.read_text())
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    good("export", pipe)
    assert reader.communicate(timeout=20)[0] == target.read_bytes()
    assert pipe.is_fifo()
