"""`offnadir look` with filters, limits, orders, areas and files; its older promises stand in test_cli.py."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from offnadir.access import find_windows
from offnadir.access.geojson import read_features
from offnadir.cli._main import app
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.errors import OffnadirError
from offnadir.orbits import make_ephemeris, timing_error_s
from offnadir.orbits.store import open_store, read_published
from offnadir.units import deg

DAY = ["--start", "2026-05-31T00:00:00Z", "--stop", "2026-06-01T00:00:00Z"]
SPAN = Span(Epoch.from_utc("2026-05-31"), Epoch.from_utc("2026-06-01"))
SEOUL = ["--site", "37.5665,126.978"]
AREA = {
    "type": "Feature",
    "properties": {"name": "Jeju"},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[126.1, 33.2], [126.95, 33.2], [126.95, 33.6], [126.1, 33.6], [126.1, 33.2]]],
    },
}  # fmt: skip


class Looked:
    """What the command printed, or the trouble that it named."""

    def __init__(self, *args: str) -> None:
        result = CliRunner().invoke(app, ["look", *args])
        self.out, self.err = result.stdout, result.stderr
        self.trouble = (
            "" if isinstance(result.exception, SystemExit) else str(result.exception or "")
        )
        if result.exception and not isinstance(result.exception, OffnadirError | SystemExit):
            raise result.exception

    @property
    def rows(self) -> list[dict]:
        assert not self.trouble, self.trouble
        return json.loads(self.out)


@pytest.fixture
def look(elements_file):
    """Ask about the shared satellites over a day."""

    def call(*args: str) -> Looked:
        return Looked("--elements", str(elements_file), *DAY, *args)

    return call


@pytest.fixture
def area_file(tmp_path):
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps(AREA))
    assert read_features(path)
    return path


# Which satellites


@pytest.mark.parametrize(
    ("args", "seen"),
    [
        (["--name", "sentinel*"], {40697}),
        (["--name", "*-3a", "--name", "world*"], {40536, 40115}),
        (["--norad", "40000-40600"], {40115, 40536}),
        (["--norad", "41601", "--norad", "-25544"], {41601, 25544}),
        (["--orbit", "GEO"], {41866}),
        (["--orbit", "leo", "--orbit", "geo", "--inclination", "-60"], {25544, 41866}),
        (["--altitude", "600-"], {40697, 40115, 41866}),
        (["--group", "imaging"], {40697, 40115, 40536, 41601}),
        (["--group", "worldview-3", "--group", "Sentinel-2"], {40697, 40115}),
        (["--orbit", "sso", "--satellite", "WORLDVIEW-3", "--satellite", "25544"], {40115}),
    ],
)
def test_filters_choose_satellites(look, args, seen):
    """GOES 16 stands over Seoul's horizon only as seen from 75 W: Quito sees all that is low and it."""
    found = look("--site", "-0.22,-78.51", *args, "--json")
    assert {row["norad_id"] for row in found.rows} == seen
    assert f"{len(seen)} after {args[-2] if args[-2] != '--satellite' else '--orbit'}" in found.err


def test_age_is_counted_from_the_middle_of_the_span(look):
    """Epochs are days 150.04 to 150.594 of the year, the middle is day 151.5."""
    assert {row["norad_id"] for row in look(*SEOUL, "--max-age", "1", "--json").rows} == {
        40697, 40115, 40536, 25544,
    }  # fmt: skip
    assert "--max-age = 0.5" in look(*SEOUL, "--max-age", "0.5").trouble


def test_a_group_may_be_a_file_of_numbers_or_of_element_sets(look, tmp_path, real_elements):
    numbers = tmp_path / "group.txt"
    numbers.write_text("# ours\n40115, WORLDVIEW-3\n\n25544 # the station\n99999\n")
    sets = tmp_path / "group.3le"
    sets.write_text("\n".join(f"{a}\n{b}\n{c}" for a, b, c, _ in real_elements[2:4]) + "\n")
    for path, seen in ((numbers, {40115, 25544}), (sets, {40536, 41601})):
        rows = look(*SEOUL, "--group", str(path), "--json").rows
        assert {row["norad_id"] for row in rows} == seen


def test_what_each_filter_left_is_told(look):
    found = look(*SEOUL, "--orbit", "sso", "--name", "*A", "--json")
    assert "6 objects, 2 after --name, 2 after --orbit" in found.err


def test_a_store_is_an_element_file(look, tmp_path, elements_file):
    with open_store(tmp_path / "sets.sqlite", write=True) as store:
        store.add([read_published(elements_file)])
    direct = look(*SEOUL, "--sort", "site", "--json").rows
    stored = Looked(
        "--elements", str(tmp_path / "sets.sqlite"), *DAY, *SEOUL, "--sort", "site", "--json"
    )
    assert stored.rows == direct


# Limits


def test_incidence_is_elevation_from_the_other_end(look):
    steep = look(*SEOUL, "--max-incidence", "40", "--json").rows
    assert steep == look(*SEOUL, "--min-elevation", "50", "--json").rows
    assert all(row["max_elevation_deg"] >= 50 for row in steep)
    assert len(steep) > 1


def test_range_is_limited(look):
    near = look(*SEOUL, "--max-range", "1000", "--json").rows
    best = {
        (r["norad_id"], r["best"][:16]) for r in look(*SEOUL, "--json").rows if r["range_km"] < 1000
    }
    assert {(r["norad_id"], r["best"][:16]) for r in near} == best
    assert len(near) > 1


# Columns and orders


def test_details_add_columns_and_change_none(look):
    plain, full = look(*SEOUL, "--json").rows, look(*SEOUL, "--json", "--details").rows
    more = ["duration_s", "elevation_deg", "sun_azimuth_deg", "timing_sigma_s", "timing_90_s",
            "cut_start", "cut_stop"]  # fmt: skip
    assert [[*row, *more] for row in plain] == [list(row) for row in full]
    assert plain == [{key: row[key] for key in plain[0]} for row in full]


def test_rows_are_those_of_the_search(look, flock):
    rows = look(*SEOUL, "--satellite", "40115", "--json", "--details").rows
    place = Site(name="x", lat_rad=37.5665 * deg, lon_rad=126.978 * deg)
    table = find_windows(make_ephemeris(flock[1], SPAN), [place])
    assert len(rows) == len(table) > 2
    sigma_s = timing_error_s(flock[1], table["best"], share=0.68)
    for i, row in enumerate(rows):
        assert Epoch.from_utc(row["best"]).tai_ns == pytest.approx(int(table["best"][i]), abs=500)
        assert row["elevation_deg"] == pytest.approx(table["elevation_rad"][i] / deg, abs=1e-6)
        assert row["range_km"] == pytest.approx(table["range_m"][i] / 1e3, abs=1e-6)
        assert row["timing_sigma_s"] == pytest.approx(sigma_s[i], rel=0.05)
        length_s = Epoch.from_utc(row["stop"]) - Epoch.from_utc(row["start"])
        assert row["duration_s"] == pytest.approx(length_s, abs=2e-6)


@pytest.mark.parametrize(
    ("by", "key"),
    [
        ("start", lambda row: row["start"]),
        ("satellite", lambda row: (row["satellite"], row["start"])),
        ("site", lambda row: (row["site"], row["start"])),
        ("off-nadir", lambda row: row["min_off_nadir_deg"]),
        ("elevation", lambda row: -row["max_elevation_deg"]),
        ("duration", lambda row: -row["duration_s"]),
    ],
)
def test_every_order_holds_the_same_rows(look, by, key):
    args = (
        *SEOUL,
        "--site",
        "-33.87,151.21",
        "--satellite",
        "40115",
        "--satellite",
        "25544",
        "--details",
    )
    rows = look(*args, "--json", "--sort", by).rows
    assert rows == sorted(rows, key=key)
    assert sorted(rows, key=str) == sorted(look(*args, "--json", "--sort", "none").rows, key=str)
    assert look(*args, "--json", "--sort", by, "--limit", "4").rows == rows[:4]


def test_a_limit_is_told(look):
    found = look(*SEOUL, "--sort", "elevation", "--limit", "2", "--json")
    assert "first 2 windows by elevation of 6 satellites" in found.err
    assert len(found.rows) == 2


def test_parquet_streams_in_the_order_of_the_search_and_tells_the_same(look, tmp_path):
    path = tmp_path / "windows.parquet"
    args = (*SEOUL, "--site", "-33.87,151.21")
    found = look(*args, "--parquet", str(path))
    assert found.out == ""
    table = pq.read_table(path)
    rows = look(*args, "--json", "--details", "--sort", "none").rows
    assert table.column_names == list(rows[0])
    assert table["norad_id"].to_pylist() == [row["norad_id"] for row in rows]
    assert table["range_km"].to_pylist() == pytest.approx(
        [row["range_km"] for row in rows], abs=1e-6
    )
    where = [(row["satellite"], row["site"]) for row in rows]
    assert where == sorted(
        where, key=lambda pair: (first(rows, pair[0]), pair[1] != "37.5665,126.978")
    )


def first(rows: list[dict], satellite: str) -> int:
    return next(i for i, row in enumerate(rows) if row["satellite"] == satellite)


def test_out_holds_what_would_be_printed(look, tmp_path):
    for form in (["--json"], ["--csv", "--details"], []):
        path = tmp_path / f"out{len(form)}"
        assert look(*SEOUL, *form, "--out", str(path)).out == ""
        assert path.read_text() == look(*SEOUL, *form).out


def test_csv_of_nothing_is_a_header(look):
    found = look(*SEOUL, "--max-off-nadir", "0.01", "--csv")
    assert next(csv.reader(io.StringIO(found.out)))[:3] == ["satellite", "norad_id", "site"]
    assert found.out.count("\n") == 1


# Areas


def test_an_area_is_in_view_longer_than_a_place_in_it_and_all_of_it_shorter(look, area_file):
    limits = ("--max-off-nadir", "45", "--json")
    some = look("--area", str(area_file), *limits).rows
    every = look("--area", str(area_file), "--mode", "all", *limits).rows
    place = look("--site", "33.4,126.5", *limits).rows
    assert {row["area"] for row in some} == {"Jeju"}
    assert len(some) >= len(place) >= len(every) > 1
    for wide, narrow in ((some, place), (place, every)):
        for inner in narrow:
            assert any(
                outer["norad_id"] == inner["norad_id"]
                and outer["start"] <= inner["start"] < inner["stop"] <= outer["stop"]
                for outer in wide
            )


def test_areas_are_sorted_by_name(look, area_file, tmp_path):
    other = json.loads(json.dumps(AREA))
    other["properties"]["name"] = "a box"
    (tmp_path / "b.geojson").write_text(json.dumps(other))
    files = ("--area", str(area_file), "--area", str(tmp_path / "b.geojson"))
    rows = look(*files, "--max-off-nadir", "30", "--sort", "site", "--json").rows
    names = [row["area"] for row in rows]
    assert set(names) == {"a box", "Jeju"}
    assert names == sorted(names, key=str.casefold)


def test_a_swath_adds_shares_to_the_windows_and_says_when_the_area_is_covered(look, area_file):
    limits = ("--area", str(area_file), "--max-off-nadir", "30", "--json")
    found = look(*limits, "--swath", "30")
    rows, windows = found.rows, look(*limits).rows
    assert [row["best"][:22] for row in rows] == [row["best"][:22] for row in windows]
    assert list(rows[0]) == [
        *windows[0],
        "reachable_share",
        "swath_share",
        "new_share",
        "total_share",
    ]
    total = 0.0
    for row in rows:
        total += row["new_share"]
        assert row["total_share"] == pytest.approx(total, abs=1e-5)
        assert 0 <= row["new_share"] <= row["swath_share"] <= row["reachable_share"] <= 1
    # 30 km of an island that is 79 km wide, taken across or along.
    assert 0.3 < rows[0]["new_share"] == rows[0]["swath_share"] < 0.8
    half = next(row["stop"] for row in rows if row["total_share"] >= 0.5)
    assert f"Jeju: covered 50 % by {half[:17]}" in found.err
    wide = look(*limits, "--swath", "500", "--details").rows
    assert wide[0]["total_share"] == pytest.approx(wide[0]["reachable_share"])
    assert 126.1 <= wide[0]["best_lon_deg"] <= 126.95
    assert 33.2 <= wide[0]["best_lat_deg"] <= 33.6


# Troubles


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], ["--site", "--area"]),
        ([*SEOUL, "--mode", "all"], ["--mode", "all", "--area"]),
        ([*SEOUL, "--swath", "12"], ["--swath", "12", "--area"]),
        (["--area", "x", "--swath", "0"], ["--swath", "0", "km"]),
        (["--area", "x", "--swath", "9", "--mode", "all"], ["--mode", "all", "--swath"]),
        (["--area", "x", "--mode", "most"], ["--mode", "most", "any or all"]),
        (["--area", "no.geojson"], ["no.geojson"]),
        ([*SEOUL, "--name", "HUBBLE*"], ["--name", "HUBBLE*", "6 objects"]),
        ([*SEOUL, "--name", "*A", "--orbit", "geo"], ["--orbit", "geo", "2 objects"]),
        ([*SEOUL, "--orbit", "low"], ["--orbit", "low", "leo, meo, geo, heo, sso"]),
        ([*SEOUL, "--norad", "5-4"], ["--norad", "5-4", "40000-41000"]),
        ([*SEOUL, "--norad", "1.5-4"], ["--norad", "1.5-4", "whole"]),
        ([*SEOUL, "--norad", "ISS"], ["--norad", "ISS"]),
        ([*SEOUL, "--altitude", "low"], ["--altitude", "low", "400-700", "km"]),
        ([*SEOUL, "--inclination", "97-190"], ["--inclination", "97-190", "degrees"]),
        ([*SEOUL, "--group", "radar"], ["--group", "radar", "imaging", "skysat-c", "file"]),
        ([*SEOUL, "--max-age", "-1"], ["--max-age", "-1", "days"]),
        ([*SEOUL, "--max-incidence", "91"], ["--max-incidence", "91", "degrees"]),
        ([*SEOUL, "--max-range", "0"], ["--max-range", "0", "km"]),
        ([*SEOUL, "--sort", "up"], ["--sort", "up", "start, satellite"]),
        ([*SEOUL, "--limit", "0"], ["--limit", "0", "1 or above"]),
        ([*SEOUL, "--csv", "--parquet", "x"], ["--csv", "--parquet"]),
        ([*SEOUL, "--out", "x", "--parquet", "x"], ["--out", "--parquet"]),
        ([*SEOUL, "--parquet", "/proc/offnadir/x"], ["/proc/offnadir/x", "written"]),
    ],
)
def test_troubles_name_option_value_and_wish(look, args, words):
    found = look(*args)
    assert all(word in found.trouble for word in words), found.trouble
    assert found.out == ""


def test_area_and_site_exclude_each_other(look, area_file):
    assert "--area" in look(*SEOUL, "--area", str(area_file)).trouble


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_search_leaves_the_old_file_and_no_other(tmp_path, elements_file, how):
    out = tmp_path / "out"
    out.mkdir()
    (out / "windows.parquet").write_text("old")
    places = tmp_path / "places.csv"
    places.write_text("lat,lon\n" + "".join(f"{i / 10},{i / 10}\n" for i in range(-600, 600)))
    process = subprocess.Popen(
        [sys.executable, "-m", "offnadir", "look", "--elements", str(elements_file), "--site",
         str(places), "--start", "2026-01-01", "--stop", "2028-01-01", "--parquet",
         str(out / "windows.parquet")],
        stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # Whoever started the tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    limit = time.monotonic() + 60
    while len(list(out.iterdir())) < 2 and time.monotonic() < limit:
        time.sleep(0.01)
    assert len(list(out.iterdir())) == 2
    process.send_signal(how)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert [path.name for path in out.iterdir()] == ["windows.parquet"]
    assert (out / "windows.parquet").read_text() == "old"


def test_an_interrupt_while_loading_shows_no_traceback():
    script = (
        "import sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Slow())\n"
        "from offnadir.cli import main\n"
        "main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (130, "offnadir: interrupted\n")


@pytest.mark.parametrize("form", [[], ["--csv"], ["--json"], ["--sort", "none", "--json"]])
def test_a_reader_that_goes_away_is_no_failure(elements_file, form):
    """`offnadir look ... | head -1` ends without a word and with exit code 0."""
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, "-m", "offnadir", "look", "--elements", str(elements_file), *DAY, *SEOUL,
         *form],
        stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert result.returncode == 0, result.stderr
    assert "rror" not in result.stderr


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_stream_is_no_fault_of_ours(elements_file, tmp_path, closed):
    """`>&-` and `2>&-`, as some services start what they start; no message gets among the data."""
    out = tmp_path / "rows.json"
    words = [sys.executable, "-m", "offnadir", "look", "--elements", str(elements_file), *DAY]
    command = f"{shlex.join([*words, *SEOUL, '--json'])} {closed}>&-"
    with out.open("w") as file:
        result = subprocess.run(
            ["sh", "-c", command], stdout=file, stderr=subprocess.PIPE, text=True, check=False
        )
    assert result.returncode == 0, result.stderr
    assert "internal error" not in result.stderr
    assert closed == "1" or json.loads(out.read_text())


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (["--min-sun", "20", "--max-sun", "10"], ["--max-sun", "10", "--min-sun 20"]),
        (["--min-elevation", "60", "--min-incidence", "40"], ["--min-incidence", "30"]),
    ],
)
def test_limits_that_exclude_each_other_are_refused(look, limits, words):
    trouble = look(*SEOUL, *limits).trouble
    assert all(word in trouble for word in words), trouble


def test_a_date_beyond_all_tables_shows_no_line_of_code(elements_file):
    result = subprocess.run(
        [sys.executable, "-m", "offnadir", "look", "--elements", str(elements_file), *SEOUL,
         "--satellite", "40697", "--start", "1900-01-01", "--stop", "1900-01-02"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "Warning" not in result.stderr


def test_what_cannot_be_followed_does_not_count_as_old(tmp_path, elements_file):
    lines = elements_file.read_text().splitlines()
    alone = Looked("--elements", str(elements_file), *DAY, *SEOUL, "--satellite", "40697").err
    # The same set of eight years before, under another number, with the drag of a falling one.
    one, two = lines[lines.index(next(x for x in lines if x.startswith("1 40697"))) :][:2]
    falling = "1 90001" + one[7:18] + "18" + one[20:53] + " 99999-1" + one[61:68]
    both = [one, two, with_checksum(falling), with_checksum("2 90001" + two[7:68])]
    path = tmp_path / "both.tle"
    path.write_text("\n".join(both) + "\n")
    told = Looked("--elements", str(path), *DAY, *SEOUL)
    assert not told.trouble
    assert "90001" in told.err
    assert "the satellite has decayed" in told.err
    assert alone in told.err
    assert "warning: an element set is" not in told.err


def with_checksum(line: str) -> str:
    return line + str(sum(int(c) if c.isdigit() else c == "-" for c in line) % 10)


def test_files_of_positions_may_lack_a_number_and_are_not_filtered(tmp_path):
    path = tmp_path / "craft.csv"
    rows = (f"2026-05-31T00:{i:02}:00Z,{2 * i - 60},10,600000,CRAFT\n" for i in range(60))
    path.write_text("time_utc,lat_deg,lon_deg,alt_m,satellite\n" + "".join(rows))
    asked = ("--elements", str(path), "--site", "0,10", *DAY)
    (row,) = Looked(*asked, "--json").rows
    assert row["norad_id"] is None
    assert row["satellite"] == "CRAFT"
    assert row["min_off_nadir_deg"] < 0.01
    assert re.search(r"^CRAFT +- +0,10 ", Looked(*asked).out, re.MULTILINE)
    Looked(*asked, "--parquet", str(tmp_path / "w.parquet"))
    assert pq.read_table(tmp_path / "w.parquet")["norad_id"].to_pylist() == [None]
    assert "are not filtered" in Looked(*asked, "--group", "imaging").err


def test_what_was_not_given_has_no_value():
    assert Looked("--elements", "x.tle", *DAY).trouble.startswith("--site: must be given")


def test_help_loads_nothing_heavy():
    """What makes --help start in a tenth of a second."""
    script = (
        "import sys, offnadir.cli._main\n"
        "heavy = {'numpy', 'numba', 'pyarrow', 'rich', 'sqlite3', 'shapely'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_commands_of_the_guide_run(monkeypatch, tmp_path, elements_file, area_file):
    guide = Path(__file__).parents[2] / "docs" / "guide" / "look.md"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sats.3le").write_text(elements_file.read_text())
    (tmp_path / "places.csv").write_text(
        "name,lat_deg,lon_deg\nBusan,35.1,129.04\nNaro,34.43,127.54\n"
    )
    commands = re.findall(r"^\$ offnadir look (.*)$", guide.read_text("utf-8"), re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        found = Looked(*shlex.split(command))
        assert not found.trouble, command
        assert re.search("windows?( by [a-z]+)? of [1-6] satellites?", found.err), command
        assert found.out.count("\n") >= 2 or (tmp_path / "windows.parquet").exists(), command


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_element_sets_come_through_a_pipe(look, elements_file, name):
    """A pipe can be read only once: nobody may look into it before."""
    command = [sys.executable, "-m", "offnadir", "look", "--elements", name, *SEOUL, *DAY, "--json"]
    told = subprocess.run(
        command, input=elements_file.read_bytes(), capture_output=True, timeout=120, check=True
    )
    assert json.loads(told.stdout) == look(*SEOUL, "--json").rows
