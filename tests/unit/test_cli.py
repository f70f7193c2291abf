"""The command line as a user meets it: output, messages, exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from offnadir.epoch import Epoch
from support.command import offnadir

DAY = ["--start", "2026-05-31T00:00:00Z", "--stop", "2026-06-01T00:00:00Z"]
FIELDS = [
    "satellite", "norad_id", "site", "start", "stop", "best", "max_elevation_deg",
    "min_off_nadir_deg", "azimuth_deg", "range_km", "sun_elevation_deg", "gsd_m", "niirs", "sensor",
    "snr",
]  # fmt: skip
# 28872 of the SGP4 verification file (AIAA 2006-6753): it decays within an hour of its epoch.
DECAYING = """\
MINOTAUR R/B
1 28872U 05037B   05333.02012661  .25992681  00000-0  24476-3 0  1534
2 28872  96.4736 157.9986 0303955 244.0492 110.6523 16.46015938 10708
"""
MISSION = """\
name = "small"
elements = ["sats.3le"]
[span]
start = "2026-05-31T00:00:00Z"
duration = "36 h"
[[satellite]]
norad_id = 40115
sensor = "worldview-3"
[[station]]
name = "Svalbard"
lat_deg = 78.23
lon_deg = 15.41
[[request]]
name = "Seoul"
lat_deg = 37.57
lon_deg = 126.98
max_off_nadir_deg = 45
min_sun_elevation_deg = -90
[solver]
time_limit_s = 5
"""


def run(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return offnadir(*args, cwd=cwd)


def look(elements_file: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return run("look", "--elements", str(elements_file), *args)


@pytest.fixture
def folder(tmp_path: Path, elements_file: Path) -> Path:
    (tmp_path / "sats.3le").write_text(elements_file.read_text())
    (tmp_path / "mission.toml").write_text(MISSION)
    return tmp_path


def refused(result: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr
    assert result.stdout == ""


def test_look_json_has_the_promised_keys_and_times(elements_file):
    result = look(
        elements_file, "--site", "37.5665,126.978,38", *DAY, "--min-elevation", "10", "--json"
    )
    assert result.returncode == 0, result.stderr
    rows = json.loads(result.stdout)
    assert len(rows) > 10
    for row in rows:
        assert list(row) == FIELDS
        start, best, stop = (Epoch.from_utc(row[key]) for key in ("start", "best", "stop"))
        assert start <= best <= stop
        assert row["start"].endswith("Z")
        assert len(row["start"]) == 27
    assert [row["start"] for row in rows] == sorted(row["start"] for row in rows)


def test_look_json_csv_and_text_tell_the_same(elements_file):
    args = ("--site", "-33.87,151.21", *DAY, "--max-off-nadir", "45")
    rows = json.loads(look(elements_file, *args, "--json").stdout)
    table = list(csv.DictReader(io.StringIO(look(elements_file, *args, "--csv").stdout)))
    text = look(elements_file, *args).stdout.splitlines()
    assert len(rows) == len(table) == len(text) - 1 > 0
    words = {*FIELDS[:6], "sensor"}
    assert [{**row, "norad_id": str(row["norad_id"])} for row in rows] == [
        {
            key: (value if key in words else float(value)) if value else None
            for key, value in line.items()
        }
        for line in table
    ]


def test_look_chooses_satellites_by_number_and_name_and_sites_many_times(elements_file):
    result = look(
        elements_file, "--satellite", "40115", "KOMPSAT-3A", "--site", "37.57,126.98",
        "--site", "-33.87,151.21", *DAY, "--json",
    )  # fmt: skip
    rows = json.loads(result.stdout)
    assert {row["norad_id"] for row in rows} == {40115, 40536}
    assert len({row["site"] for row in rows}) == 2


def test_look_finds_real_maxar_pictures(tmp_path):
    """WorldView-3, 2022-01-18 21:43:50 UTC: published off-nadir 33.3 deg (Maxar Open Data)."""
    from_test = Path(__file__).parents[1] / "reference" / "test_real_pictures.py"
    space: dict = {"__name__": "pictures"}
    exec(compile(from_test.read_text(), str(from_test), "exec"), space)  # the figures stand there
    apart = []
    for strip in space["MAXAR"][::4]:
        path = tmp_path / "set.tle"
        path.write_text(f"{strip.line1}\n{strip.line2}\n")
        taken = Epoch.from_utc(strip.time_utc) + 0.5
        result = run(
            "look", "--elements", str(path), "--site", f"{strip.lat_deg},{strip.lon_deg}",
            "--start", (taken + -600.0).utc(), "--stop", (taken + 600.0).utc(), "--json",
        )  # fmt: skip
        rows = json.loads(result.stdout)
        assert any(
            Epoch.from_utc(row["start"]) <= taken <= Epoch.from_utc(row["stop"]) for row in rows
        )
        apart.append(min(row["min_off_nadir_deg"] for row in rows) - strip.off_nadir_deg)
    assert np.max(apart) < 0.6  # a picture is never steeper than its pass allows


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--site", "91,0", *DAY), ("91", "latitude")),
        (("--site", "nowhere", *DAY), ("nowhere",)),
        (("--site", "0,0", "--start", "2026-06-02", "--stop", "2026-06-01"), ("--stop", "later")),
        (("--site", "0,0", "--start", "noon", "--stop", "2026-06-01"), ("--start", "noon", "UTC")),
        (("--site", "0,0", *DAY, "--max-off-nadir", "120"), ("--max-off-nadir", "120", "90")),
        (("--site", "0,0", *DAY, "--min-elevation", "95"), ("--min-elevation",)),
        (("--site", "0,0", *DAY, "--json", "--csv"), ("--json", "--csv")),
        (("--site", "0,0", *DAY, "--satellite", "HUBBLE"), ("HUBBLE",)),
        (("--site", "0,0", *DAY, "--frobnicate"), ("--frobnicate",)),
    ],
)
def test_look_refuses_with_field_value_and_wish(elements_file, args, words):
    refused(look(elements_file, *args), *words)


def test_look_tells_of_files_that_are_missing_empty_or_no_elements(tmp_path):
    refused(look(tmp_path / "none.tle", "--site", "0,0", *DAY), "none.tle")
    (tmp_path / "empty.tle").write_text("")
    refused(look(tmp_path / "empty.tle", "--site", "0,0", *DAY), "empty.tle", "empty")
    (tmp_path / "page.tle").write_text("<!DOCTYPE html><html><body>403</body></html>")
    refused(look(tmp_path / "page.tle", "--site", "0,0", *DAY), "page.tle")


def test_look_counts_what_it_skips(tmp_path, elements_file):
    lines = elements_file.read_text().splitlines()
    lines[1] = lines[1][:20] + "9" + lines[1][21:]  # breaks the checksum of the first
    path = tmp_path / "bad.3le"
    path.write_text("\n".join(lines))
    result = look(path, "--site", "37.57,126.98", *DAY, "--json")
    assert result.returncode == 0
    assert "1 element set skipped, 5 read" in result.stderr
    assert "checksum" in result.stderr
    assert "bad.3le:2" in result.stderr


def test_look_names_a_decayed_satellite(tmp_path):
    path = tmp_path / "decayed.tle"
    path.write_text(DECAYING)
    result = look(path, "--site", "0,0", "--start", "2005-11-30", "--stop", "2005-12-01")
    refused(result, "28872", "SGP4 error", "decayed")


def test_help_names_every_verb():
    result = run("--help")
    assert result.returncode == 0
    for verb in ("look", "plan", "sensors", "demo"):
        assert verb in result.stdout


def test_plan_writes_every_file(folder):
    result = run("plan", "mission.toml", "-o", "out", "--json", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "opportunities.csv", "opportunities.parquet", "plan.czml", "plan.geojson", "plan.ics",
        "plan.json", "report.html",
    ]  # fmt: skip
    brief = json.loads(result.stdout)
    assert brief["check_passed"]
    assert brief["taken"] == 1


def test_equal_missions_give_equal_bytes(folder):
    for name in ("a", "b"):
        assert run("plan", "mission.toml", "-o", name, "-q", cwd=folder).returncode == 0
    for path in (folder / "a").iterdir():
        assert path.read_bytes() == (folder / "b" / path.name).read_bytes(), path.name


def test_plan_refuses_a_mission_and_leaves_no_folder(folder):
    mission = folder / "mission.toml"
    mission.write_text(MISSION.replace("lat_deg = 37.57", "lat_deg = 91"))
    result = run("plan", "mission.toml", "-o", "out", cwd=folder)
    refused(result, "mission.toml", "request", "Seoul", "lat_deg", "91")
    assert not (folder / "out").exists()


def test_plan_refuses_a_folder_that_cannot_be_written(folder):
    (folder / "out").write_text("a file")
    refused(run("plan", "mission.toml", "-o", "out", cwd=folder), "out", "folder")
    refused(run("plan", "mission.toml", "-o", "/proc/offnadir", cwd=folder), "/proc/offnadir")


def test_plan_without_any_opportunity_says_why_and_fails(folder):
    mission = folder / "mission.toml"
    mission.write_text(MISSION.replace("max_off_nadir_deg = 45", "max_off_nadir_deg = 0.01"))
    result = run("plan", "mission.toml", "-o", "out", cwd=folder)
    assert result.returncode == 2
    assert "no opportunity" in result.stderr
    assert "off-nadir" in result.stderr
    assert "Traceback" not in result.stderr
    assert (folder / "out" / "report.html").exists()


def test_interrupting_a_plan_leaves_nothing_behind(folder):
    # Eighty places over a week keep the solver busy for as long as it may be.
    place = MISSION[MISSION.index("[[request]]") : MISSION.index("[solver]")]
    more = "".join(
        place.replace('"Seoul"', f'"P{i}"').replace("37.57", f"{30 + i * 0.2:.2f}")
        for i in range(80)
    )
    mission = MISSION.replace(place, more).replace("36 h", "168 h").replace("_s = 5", "_s = 60")
    (folder / "mission.toml").write_text(mission)
    process = subprocess.Popen(
        [sys.executable, "-m", "offnadir", "plan", "mission.toml", "-o", "out"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # Whoever started the tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    out = folder / "out"
    limit = time.monotonic() + 60
    while not out.exists() and time.monotonic() < limit:
        time.sleep(0.01)
    assert out.exists()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert not out.exists()


def test_the_code_of_an_interrupt_is_130_wherever_it_came(folder):
    """Ctrl-C within a text that is executed, as when dataclasses are made: CPython ends by the signal."""
    (folder / "late.py").write_text(
        "from offnadir.cli._main import _fail\n"
        "try:\n    exec('raise KeyboardInterrupt')\n"
        "except KeyboardInterrupt:\n    _fail(130, 'interrupted')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "late"], cwd=folder, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (130, "offnadir: interrupted\n")


def test_our_own_faults_exit_with_1_and_no_traceback(folder):
    """A fault planted where nothing guards against it: the last line of defence answers."""
    script = (
        "import sys, offnadir.planning as p\n"
        "def broken(*a, **k): raise ZeroDivisionError('planted')\n"
        "p.make_plan = broken\n"
        "sys.argv = ['offnadir', 'plan', 'mission.toml', '-o', 'out']\n"
        "from offnadir.cli import main\n"
        "main()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    refused(result, "internal error", "planted", "OFFNADIR_DEBUG", code=1)
    assert not (folder / "out").exists()


def test_sensors_lists_and_shows_with_sources():
    rows = json.loads(run("sensors", "--json").stdout)
    assert len(rows) >= 12
    assert {"worldview-3", "pleiades-1", "kompsat-3a", "skysat-c", "sentinel-2", "landsat-8"} <= {
        row["name"] for row in rows
    }
    facts = json.loads(run("sensors", "worldview-3", "--json").stdout)["facts"]
    assert all(fact["source"] for fact in facts)
    refused(run("sensors", "worldview-33"), "worldview-33", "worldview-3")
