"""Windows on their way out: order, limit, bounded memory, formats, and files that are whole or absent."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
import math
import os
import threading
import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from offnadir._table import Labels, Table
from offnadir.cli import _windows_fields, _windows_out, _windows_sort
from offnadir.cli._look_rows import ORDERS
from offnadir.cli._windows_fields import fields, plain
from offnadir.cli._windows_out import output
from offnadir.cli._windows_sort import Order, gathered, ordered
from offnadir.epoch import Epoch
from offnadir.errors import FileError
from offnadir.units import deg, km

SITES = np.array(["Seoul", "busan", "Incheon", "Ünye"], dtype=object)
START_NS = Epoch.from_utc("2026-05-31T00:00:00Z").tai_ns
ALL = fields(details=True)


def windows(satellite: int, rows: int, seed: int = 0) -> Table:
    """A table as the search gives it; few different values, so that there are ties."""
    random = np.random.default_rng((satellite, rows, seed))
    site = np.sort(random.integers(0, len(SITES), rows))
    start = START_NS + random.integers(0, 50, rows) * 10**9
    stop = start + random.integers(1, 5, rows) * 10**9
    angles = {
        name: random.integers(0, 6, rows) * 15 * deg
        for name in ("max_elevation_rad", "off_nadir_rad", "elevation_rad", "azimuth_rad",
                     "sun_elevation_rad", "sun_azimuth_rad")
    }  # fmt: skip
    sigma_s = np.full(rows, math.nan) if satellite % 2 else random.random(rows)
    columns = {
        "satellite": Labels(np.zeros(rows, np.int32), (f"SAT {satellite % 7}",)),
        "norad_id": np.full(rows, satellite),
        "site": Labels(site, SITES),
        "site_index": site,
        "start": start,
        "stop": stop,
        "best": start,
        **angles,
        "range_m": random.random(rows) * 1000 * km,
        "cut_start": random.random(rows) < 0.5,
        "cut_stop": random.random(rows) < 0.5,
        "timing_sigma_s": sigma_s,
        "timing_90_s": 2 * sigma_s,
    }
    return Table(columns, times=("start", "stop", "best"))


def naive_order(table: Table, by: str) -> list[int]:
    """Numbers of the rows, sorted by Python."""
    key = {
        "none": lambda i: (),
        "start": lambda i: (table["start"][i],),
        "satellite": lambda i: (table["satellite"][i], table["start"][i]),
        "site": lambda i: (table["site"][i].casefold(), table["start"][i]),
        "off-nadir": lambda i: (table["off_nadir_rad"][i], table["start"][i]),
        "elevation": lambda i: (-table["max_elevation_rad"][i], table["start"][i]),
        "duration": lambda i: (table["start"][i] - table["stop"][i], table["start"][i]),
    }[by]
    return sorted(range(len(table)), key=key)


def order(by: str) -> Order:
    names = SITES if by == "site" else [f"SAT {i}" for i in range(7)]
    return Order(by=by, names=list(names))


@pytest.mark.parametrize("held", [1, 40, 300, 10**6])  # from a run a table to none at all
@pytest.mark.parametrize("by", ORDERS)
def test_the_order_is_that_of_a_plain_sort_however_little_is_held(monkeypatch, by, held):
    monkeypatch.setattr(_windows_sort, "_HELD", held)
    monkeypatch.setattr(_windows_sort, "_GATHERED", 25)
    monkeypatch.setattr(_windows_sort, "_LEAST_BLOCK", 3)
    tables = [windows(i, rows) for i, rows in enumerate((0, 60, 1, 33, 120, 0, 7, 59, 80, 200))]
    whole = Table.concat(tables)
    expected = list(whole.take(np.array(naive_order(whole, by))).rows())
    for limit in (None, 1, 57, 560, 1000):
        found = list(ordered(iter(tables), order(by), limit=limit))
        rows = [row for table in found for row in table.rows()]
        assert rows_text(rows) == rows_text(expected[:limit]), limit


def rows_text(rows: list[dict]) -> list[str]:
    """As text, in which NaN is equal to itself."""
    return [str(row) for row in rows]


def test_no_order_and_a_limit_stop_the_search():
    asked = 0

    def search() -> Iterator[Table]:
        nonlocal asked
        for satellite in itertools.count():
            asked += 1
            yield windows(satellite, 10)

    found = list(ordered(search(), order("none"), limit=25))
    assert sum(map(len, found)) == 25
    assert asked == 3


def test_small_tables_are_gathered_and_no_row_is_lost():
    tables = [windows(i, 10) for i in range(25)]
    found = list(gathered(iter(tables), 100))
    assert [len(table) for table in found] == [100, 100, 50]
    assert rows_text(list(Table.concat(found).rows())) == rows_text(
        list(Table.concat(tables).rows())
    )


def peak(tmp_path: Path, kind: str, by: str, limit: int | None, number: int) -> tuple[int, int]:
    """Bytes held at most while so many tables of 1000 rows are written, and rows of theirs alive."""
    alive: dict[int, int] = {}
    rows = most = arrow = 0

    def search() -> Iterator[Table]:
        nonlocal most, arrow
        for satellite in range(number):
            table = windows(satellite, 1000)
            alive[satellite] = len(table)
            weakref.finalize(table, alive.pop, satellite)
            yield table
            del table
            most = max(most, sum(alive.values()))
            arrow = max(arrow, pa.total_allocated_bytes())

    before = pa.total_allocated_bytes()
    tracemalloc.start()
    try:
        with output(kind, tmp_path / f"{number}.{kind}", ALL, {}) as out:
            for table in ordered(search(), order(by), limit=limit):
                out.write(table)
                rows += len(table)
                del table
            out.finish()
        python = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == (limit or 1000 * number)
    return python + arrow - before, most


@pytest.mark.parametrize(
    ("kind", "by", "limit"),
    [
        ("csv", "none", None),
        ("csv", "start", None),
        ("json", "none", None),
        ("json", "elevation", None),
        ("parquet", "none", None),
        ("parquet", "satellite", None),
        ("parquet", "off-nadir", 500),
    ],
)
def test_memory_does_not_grow_with_the_number_of_windows(monkeypatch, tmp_path, kind, by, limit):
    """Four times the rows, and no more of them held: not as tables, not as arrays, not by Arrow."""
    hold_little(monkeypatch)
    peak(tmp_path, kind, by, limit, 2)  # what is loaded at first use does not count
    few, few_rows = peak(tmp_path, kind, by, limit, 8)
    many, many_rows = peak(tmp_path, kind, by, limit, 32)
    assert few_rows <= 6000
    assert many_rows <= 6000
    assert many < few + NOTICED


def test_a_table_that_holds_all_rows_would_be_noticed(monkeypatch, tmp_path):
    """The measure above can fail: sorting with all rows in memory takes what they take."""
    hold_little(monkeypatch)
    monkeypatch.setattr(_windows_sort, "_HELD", 10**6)
    few, _ = peak(tmp_path, "csv", "start", None, 8)
    many, _ = peak(tmp_path, "csv", "start", None, 32)
    assert many > few + 2 * NOTICED


NOTICED = 6000 * 19 * 8  # bytes of a quarter of the 24,000 rows more, as numbers alone


def hold_little(monkeypatch) -> None:
    monkeypatch.setattr(_windows_sort, "_HELD", 4000)
    monkeypatch.setattr(_windows_sort, "_GATHERED", 1000)
    monkeypatch.setattr(_windows_out, "_GROUP", 4000)
    monkeypatch.setattr(_windows_fields, "BATCH", 1000)


def written(path: Path | None, kind: str, tables: list[Table], capsys=None) -> str:
    with output(kind, path, ALL, {"span": "all of it"}) as out:
        for table in tables:
            out.write(table)
        out.finish()
    if path is None:
        return capsys.readouterr().out
    return path.read_text() if kind != "parquet" else ""


def test_json_in_pieces_is_json_at_once(tmp_path, capsys):
    tables = [windows(1, 5), windows(2, 0), windows(3, 12_000), windows(4, 1)]
    names = [field.name for field in ALL]
    lists = plain(Table.concat(tables), ALL)
    rows = [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
    expected = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    assert written(tmp_path / "a.json", "json", tables) == expected
    assert written(None, "json", tables, capsys) == expected
    assert rows[0]["timing_sigma_s"] is None
    assert isinstance(rows[5]["timing_sigma_s"], None.__class__)
    assert rows[-1]["timing_sigma_s"] == pytest.approx(tables[-1]["timing_sigma_s"][0], abs=1e-6)


def test_formats_tell_the_same(tmp_path):
    tables = [windows(1, 300), windows(2, 40)]
    rows = json.loads(written(tmp_path / "a.json", "json", tables))
    lines = list(csv.DictReader(io.StringIO(written(tmp_path / "a.csv", "csv", tables))))
    written(tmp_path / "a.parquet", "parquet", tables)
    arrow = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert len(rows) == len(lines) == len(arrow) == 340
    for row, line, record in zip(rows, lines, arrow, strict=True):
        for name, value in row.items():
            assert line[name] == ("" if value is None else str(value))
            if name in ("start", "stop", "best"):
                assert record[name].strftime("%Y-%m-%dT%H:%M:%S.%fZ") == value
            elif isinstance(value, float):
                assert record[name] == pytest.approx(value, abs=5.1e-7)
            else:
                assert record[name] == value


def test_parquet_tells_units_and_what_it_is_about(monkeypatch, tmp_path):
    monkeypatch.setattr(_windows_out, "_GROUP", 100)
    path = tmp_path / "a.parquet"
    written(path, "parquet", [windows(i, 30) for i in range(8)])
    file = pq.ParquetFile(path)
    groups = range(file.num_row_groups)
    assert [file.metadata.row_group(i).num_rows for i in groups] == [120, 120]
    schema = file.schema_arrow
    assert schema.metadata[b"offnadir:span"] == b"all of it"
    units = {field.name: field.metadata[b"unit"].decode() for field in schema}
    for name, unit in units.items():
        ending = {"deg": "_deg", "km": "_km", "s": "_s"}.get(unit)
        assert ending is None or name.endswith(ending)
        assert ending is not None or not name.endswith(("_deg", "_km", "_s"))
    assert units["start"] == "UTC"
    assert all(field.metadata[b"description"] for field in schema)


@pytest.mark.parametrize(("kind", "empty"), [("json", "[]\n"), ("csv", None), ("text", "")])
def test_no_window_is_a_result_too(tmp_path, kind, empty):
    header = ",".join(field.name for field in ALL) + "\n"
    assert written(tmp_path / "a", kind, []) == (header if empty is None else empty)


def test_no_window_in_parquet_has_all_columns(tmp_path):
    written(tmp_path / "a.parquet", "parquet", [])
    table = pq.read_table(tmp_path / "a.parquet")
    assert len(table) == 0
    assert table.column_names == [field.name for field in ALL]


@pytest.mark.parametrize("kind", ["json", "csv", "parquet", "text"])
@pytest.mark.parametrize("trouble", [RuntimeError, KeyboardInterrupt])
def test_trouble_leaves_the_old_file_and_no_other(tmp_path, kind, trouble):
    path = tmp_path / "windows"
    path.write_text("old")
    with contextlib.suppress(trouble), output(kind, path, ALL, {}) as out:
        out.write(windows(1, 9000))
        raise trouble
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["json", "parquet"])
def test_a_file_that_cannot_be_written_is_told_before_the_search(tmp_path, kind):
    for path in (tmp_path, tmp_path / "no" / "file"):
        with pytest.raises(FileError, match=path.name), output(kind, path, ALL, {}):
            raise AssertionError  # the search would begin here
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_printed_before_the_first_row(capsys):
    """So that an error in the search is not preceded by half an answer."""
    for kind in ("json", "csv", "text"):
        with pytest.raises(RuntimeError), output(kind, None, ALL, {}):
            raise RuntimeError
        assert capsys.readouterr().out == ""


def test_a_pipe_is_written_to_and_stays_one(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text("utf-8")))
    reader.start()
    with output("csv", pipe, ALL, {}) as out:
        out.write(windows(0, 3))
        out.finish()
    reader.join(timeout=30)
    assert len(got[0].splitlines()) == 4
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_nothing_takes_the_place_of_a_device():
    with output("csv", Path(os.devnull), ALL, {}) as out:
        out.write(windows(0, 3))
        out.finish()
    assert Path(os.devnull).is_char_device()


def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "windows.csv").write_text("old")
    link = tmp_path / "latest.csv"
    link.symlink_to("real/windows.csv")
    with output("csv", link, ALL, {}) as out:
        out.write(windows(0, 3))
        out.finish()
    assert link.is_symlink()
    assert len((tmp_path / "real" / "windows.csv").read_text("utf-8").splitlines()) == 4
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["windows.csv"]


def test_a_link_to_itself_gives_way_to_the_file(tmp_path):
    link = tmp_path / "windows.csv"
    link.symlink_to(link.name)
    with output("csv", link, ALL, {}) as out:
        out.write(windows(0, 3))
        out.finish()
    assert len(link.read_text("utf-8").splitlines()) == 4


@pytest.mark.parametrize("name", [".", "", "a" * 255, "a" * 300, "file/windows.csv"])
def test_a_name_that_no_file_can_have_is_told(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    with pytest.raises(FileError) as told, output("csv", Path(name), ALL, {}):
        pass
    assert told.value.path == str(Path(name))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
