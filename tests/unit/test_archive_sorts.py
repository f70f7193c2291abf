"""Pages that are sorted by several: as Python sorts, on either database, along any index."""

from __future__ import annotations

import random

import pytest

from offnadir.catalog import Archive, ArchiveQuery
from offnadir.errors import InputError
from sample_items import square, stac

_RANDOM = random.Random(8)
#: STAC property of each name that is sorted by here, and values with many equal ones among them.
_NAMES = {
    "gsd": ("gsd", [0.3, 0.5, 0.1 + 0.2, None]),
    "cloud": ("eo:cloud_cover", [0, 10, 20.5, None]),
    "platform": ("platform", ["A", "a", "é", "한", None]),
    "level": ("processing:level", ["L1", "ortho"]),
}
_ITEMS = [
    {
        "id": f"i{n:02}",
        "hour": _RANDOM.randrange(6),
        "told": {name: _RANDOM.choice(values) for name, (_, values) in _NAMES.items()},
    }
    for n in range(90)
]
_LONG = "i07"


@pytest.fixture
def archive(database):
    made = Archive(database)
    for one in _ITEMS:
        item = stac(one["id"], square(one["hour"], 0), f"2026-05-01T{one['hour']:02}:00:00Z")
        for name, (property_, _) in _NAMES.items():
            if one["told"][name] is not None:
                item["properties"][property_] = one["told"][name]
        if one["id"] == _LONG:  # one that lasts into every interval is looked for apart
            start = f"2026-05-01T{one['hour']:02}:00:00Z"
            item["properties"] |= {"datetime": None, "start_datetime": start,
                                   "end_datetime": "2026-05-09T00:00:00Z"}  # fmt: skip
        assert made.add(item) == "added"
    return made


def sorted_by_python(sort):
    """Ids; what an item does not tell stands last, equal ones as they were added, turned with the first."""
    rows = list(_ITEMS)
    fields = [(one.removeprefix("-"), one.startswith("-")) for one in sort.split(",")]
    if fields[0][1]:
        rows.reverse()
    for name, descending in reversed(fields):
        value = {
            one["id"]: {"time": one["hour"], "id": one["id"], **one["told"]}[name] for one in rows
        }
        known = [one for one in rows if value[one["id"]] is not None]
        unknown = [one for one in rows if value[one["id"]] is None]
        if descending:  # stable, also from high to low
            known = sorted(known, key=lambda one: value[one["id"]], reverse=True)
        else:
            known = sorted(known, key=lambda one: value[one["id"]])
        rows = known + unknown
    return [one["id"] for one in rows]


def pages(archive, **asked):
    found, token = [], None
    while True:
        page = archive.search(ArchiveQuery(token=token, **asked))
        found.append([one.id for one in page.items])
        token = page.next
        if token is None:
            return found


@pytest.mark.parametrize("few", [5_000, 0], ids=["by an index", "along the sort"])
def test_pages_by_several_are_as_python_sorts(archive, monkeypatch, few):
    monkeypatch.setattr("offnadir.catalog._search._FEW", few)
    monkeypatch.setattr("offnadir.catalog._search._FIRST_CHUNK", 3)
    names = ["time", *_NAMES]
    for _ in range(12):
        chosen = _RANDOM.sample(names, _RANDOM.randrange(2, 5))
        sort = ",".join(_RANDOM.choice(("", "-")) + name for name in chosen)
        wanted = sorted_by_python(sort)
        for asked in ({}, {"bbox": (-9, -9, 9, 9)}):
            for limit in (7, 100):
                found = pages(archive, sort=sort, limit=limit, **asked)
                assert [name for page in found for name in page] == wanted, (sort, asked, limit)
                assert all(len(page) == limit for page in found[:-1])


def test_an_interval_of_time_and_several(archive, monkeypatch):
    monkeypatch.setattr("offnadir.catalog._search._FEW", 0)
    from offnadir.epoch import Epoch

    start, stop = (Epoch.from_utc(f"2026-05-01T{hour}:30:00Z") for hour in ("02", "04"))
    hours = {one["id"]: one["hour"] for one in _ITEMS}
    wanted = [
        name for name in sorted_by_python("-time,gsd")
        if hours[name] in (3, 4) or (name == _LONG and hours[name] < 3)
    ]  # fmt: skip
    found = pages(archive, sort="-time,gsd", limit=4, start=start, stop=stop)
    assert [name for page in found for name in page] == wanted


@pytest.mark.parametrize(
    "sort", ["gsd,gsd", "gsd,-gsd", "gsd,", "gsd,none", "gsd,cloud,sun,level,id,time"]
)
def test_sorts_that_are_none(sort):
    with pytest.raises(InputError, match="sort"):
        ArchiveQuery(sort=sort)


def test_tokens_of_several_are_looked_at(archive):
    token = archive.search(ArchiveQuery(sort="gsd,cloud", limit=5)).next
    assert len(archive.search(ArchiveQuery(sort="gsd,cloud", limit=100, token=token)).items) == 85
    for sort in ("gsd", "cloud,gsd", "gsd,cloud,id"):
        with pytest.raises(InputError, match="token"):
            archive.search(ArchiveQuery(sort=sort, token=token))
