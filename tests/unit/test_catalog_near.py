"""What is near a place: by a plan that is kept for any box, by one made for this box, along the sort."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from offnadir._database import open_database, sa
from offnadir.catalog import Archive, ArchiveQuery
from offnadir.catalog import _near as module
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from sample_items import square, stac

DAY = "2026-05-{:02d}T00:00:00Z"
#: By hand: what lies in the box of 0 to 4 degrees, is seen by c1, and was taken from May 4 to May 15; by its
#: cloud, and at the end those that tell none.
CLOUDS = {"i04": 1.0, "i06": 3.0, "i10": 2.0, "i12": None, "i14": 1.0}
RISING = ["i04", "i14", "i10", "i06", "i12"]
FALLING = ["i06", "i10", "i14", "i04", "i12"]


@pytest.fixture
def archive(database):
    """Items of May 1 to 24, each second one in the box or on its edge, two of them nobody's."""
    made = Archive(database)
    for n in range(24):
        place = square(n % 5, n % 5) if n % 2 == 0 else square(n, -20)
        cloud = CLOUDS.get(f"i{n:02d}", 9.0)
        told = {} if cloud is None else {"eo__cloud_cover": cloud}
        made.add(stac(f"i{n:02d}", place, DAY.format(n + 1), **told))
        if n not in (8, 2):
            made.let_read(f"i{n:02d}", "*" if n % 4 else "c1")
            made.let_read(f"i{n:02d}", "c2")
    return made


def pages(archive: Archive, query: ArchiveQuery) -> list[str]:
    found = []
    while True:
        page = archive.search(query)
        found += [one.id for one in page.items]
        if page.next is None:
            return found
        query = replace(query, token=page.next)


@pytest.mark.parametrize(
    ("small", "most"), [(100.0, 5_000), (0.0, 5_000), (100.0, 11), (100.0, 2)], ids=str
)
def test_the_same_is_found_by_any_plan(archive, monkeypatch, small, most):
    monkeypatch.setattr(module, "_SMALL_DEG2", small)
    monkeypatch.setattr(module, "MOST_NEAR", most)
    module._statement.cache_clear()
    try:
        asked = ArchiveQuery(
            bbox=(0, 0, 4, 4), start=Epoch.from_utc(DAY.format(4)), stop=Epoch.from_utc(DAY.format(15)),
            readers=("c1", "*"),
        )  # fmt: skip
        shape = {
            "type": "Polygon", "coordinates": [[[0, -1], [5, 4], [4, 5], [-1, 0], [0, -1]]],
        }  # fmt: skip
        for place in ({}, {"bbox": None, "geometry": shape}):
            for limit in (1, 2, 10):
                query = replace(asked, limit=limit, **place)
                assert pages(archive, replace(query, sort="cloud")) == RISING
                assert pages(archive, replace(query, sort="-cloud")) == FALLING
                assert pages(archive, replace(query, sort="-id")) == sorted(CLOUDS, reverse=True)
                assert pages(archive, replace(query, collections=("no",))) == []
                assert pages(archive, replace(query, readers=("c9",))) == []
                everybodys = ["i06", "i10", "i14"]
                assert pages(archive, replace(query, sort="id", readers=("*",))) == everybodys
    finally:
        module._statement.cache_clear()


READERS = sa.text(
    "SELECT i.id, i.readers, coalesce((SELECT array_agg(r.reader ORDER BY r.reader) FROM archive_readers r "
    "WHERE r.key = i.key), '{}') AS wanted FROM archive_items i ORDER BY i.id"
)


def readers(archive: Archive) -> dict[str, list[str]]:
    """Of each item, after it was seen that they are those of their own table."""
    rows = archive.database.ask(READERS)
    assert [sorted(row.readers) for row in rows] == [row.wanted for row in rows]
    return {row.id: row.wanted for row in rows}


def test_a_number_beyond_all_floats_is_no_place(archive):
    """JSON's whole numbers know no largest one (RFC 8259, 6)."""
    with pytest.raises(InputError, match="bbox"):
        archive.search(ArchiveQuery(bbox=(0, 0, 10**400, 4)))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_readers_stand_beside_the_item(archive):
    assert readers(archive)["i01"] == ["*", "c2"]
    assert readers(archive)["i08"] == []
    archive.let_read("i08", "c1")
    archive.let_read("i08", "c1")
    archive.add(stac("i01", square(0, 0)), replace=True)
    archive.remove("i04")
    with archive.database.begin() as connection:
        connection.execute(sa.text("DELETE FROM archive_readers WHERE reader = 'c2'"))
    found = readers(archive)
    assert (found["i01"], found["i08"], found.get("i04")) == (["*"], ["c1"], None)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_may_let_read_the_same_item_at_once(archive):
    waits = sa.text("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with ThreadPoolExecutor(1) as hands:
        with archive.database.begin() as connection:
            archive.let_read("i08", "c1", within=connection)
            other = hands.submit(archive.let_read, "i08", "c2")
            while not archive.database.ask(waits):
                assert not other.done()
        other.result()
    assert readers(archive)["i08"] == ["c1", "c2"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_an_archive_of_before_is_brought_up_to_date(archive, postgresql_url):
    before = readers(archive)
    with archive.database.begin() as connection:
        connection.execute(sa.text("ALTER TABLE archive_items DROP COLUMN readers"))
        for name in ("archive_readers_came", "archive_readers_went"):
            connection.execute(sa.text(f"DROP FUNCTION {name} CASCADE"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0004'"))
    open_database(postgresql_url).close()
    assert readers(archive) == before
    archive.let_read("i02", "c1")
    assert readers(archive)["i02"] == ["c1"]
