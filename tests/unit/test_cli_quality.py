"""`offnadir quality` and `offnadir sensors` as a user meets them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from offnadir.cli._main import app
from offnadir.quality import predict
from offnadir.sensors import load_sensor, sensor_names
from offnadir.units import deg, km
from support.command import offnadir

# WorldView-3 and an element set of another orbit; US Space Force, 2026-05-30, as in the demo's mission.
MINE = """\
title = "A camera of ours"
kind = "pushbroom"
reference_altitude_km = 520.0
aperture_m = 0.4
focal_length_m = 4.0
pitch_um = 5.5
columns = 12000
rate_deg_s = 2.0
acceleration_deg_s2 = 0.5
settling_s = 2.0
data_rate_mbps = 500.0
tdi_stages = [8, 16, 32]
[source]
aperture_m = "our drawing"
[[band]]
name = "red"
range_nm = [630, 690]
gsd_ratio = 4
source = "our drawing"
"""


def run(*args: object, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **({"XDG_DATA_HOME": str(home)} if home else {})}
    return offnadir(*args, env=env)


def refused(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert not result.stdout
    for word in words:
        assert word in result.stderr


def told(*args: object) -> dict:
    result = run("quality", *args, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_height_and_an_angle():
    """WorldView-2 at 20 deg: 0.52 m (DigitalGlobe); the numbers are those of `predict`."""
    seen = told("--sensor", "worldview-2", "--altitude", 770, "--off-nadir", 20, "--sun", 45)
    assert seen["gsd_m"] == pytest.approx(0.52, abs=0.005)
    look = seen["look"]
    assert look["incidence_deg"] == pytest.approx(22.5, abs=0.1)
    again = predict(
        load_sensor("worldview-2"),
        range_m=look["range_km"] * km,
        incidence_rad=look["incidence_deg"] * deg,
        sun_elevation_rad=45 * deg,
    )
    assert seen["niirs"] == pytest.approx(float(again.niirs), abs=1e-4)
    assert seen["hurts_most"] == seen["losses"][0]["cause"]
    assert {term["term"] for term in seen["mtf_terms"]} >= {"optics", "detector", "jitter", "smear"}
    assert len(seen["bands"]) == 9
    same = told(
        "--sensor",
        "worldview-2",
        "--altitude",
        770,
        "--incidence",
        look["incidence_deg"],
        "--sun",
        45,
    )
    assert same["niirs"] == pytest.approx(seen["niirs"], abs=1e-4)


def test_people_read_what_it_means_first():
    result = run("quality", "--sensor", "worldview-3", "--off-nadir", 20)
    text = result.stdout
    assert result.returncode == 0
    parts = ("A pixel covers", "NIIRS", "What costs most", "Sharpness", "Light", "On the ground")
    places = [text.index(words) for words in parts]
    assert places == sorted(places)
    assert "from 617 km" in text
    assert "the sensor's usual height" in text
    assert "estimates, among them snr_reference" in text.replace("\n    ", " ")
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", sensor_names())
def test_every_sensor_explains_itself(name):
    result = CliRunner().invoke(app, ["quality", "--sensor", name])
    assert result.exit_code == 0, result.output
    assert "nan" not in result.stdout.lower().split()
    assert "NIIRS" in result.stdout


def test_a_real_pass_is_that_of_look(elements_file):
    args = ("--elements", elements_file, "--site", "37.57,126.98")
    day = ("--start", "2026-05-31T00:00:00Z", "--stop", "2026-06-01T00:00:00Z")
    rows = json.loads(
        run("look", *args, *day, "--max-off-nadir", 45, "--min-sun", 5, "--json").stdout
    )
    row = next(row for row in rows if row["sensor"] and row["niirs"] is not None)
    seen = told(
        "--sensor", row["sensor"], *args, "--time", row["best"], "--satellite", row["norad_id"]
    )
    assert seen["look"]["off_nadir_deg"] == pytest.approx(row["min_off_nadir_deg"], abs=1e-3)
    assert seen["look"]["sun_elevation_deg"] == pytest.approx(row["sun_elevation_deg"], abs=1e-3)
    assert seen["gsd_m"] == pytest.approx(row["gsd_m"], rel=1e-4)
    assert seen["niirs"] == pytest.approx(row["niirs"], abs=1e-3)
    assert seen["snr"] == pytest.approx(row["snr"], rel=1e-3)
    assert 0 < seen["clear_chance"] < 1
    assert (
        abs(seen["gsd_along_track_m"] * seen["gsd_across_track_m"] / seen["gsd_m"] ** 2 - 1) < 0.1
    )


def test_an_angle_that_is_given_goes_before_that_of_the_pass(elements_file):
    """WorldView-3 flies some 617 km high: 0.34 m at 20 deg off-nadir, wherever it stands."""
    args = ("--elements", elements_file, "--site", "37.57,126.98", "--time", "2026-05-31T01:30:00Z")
    seen = told("--sensor", "worldview-3", *args, "--off-nadir", 20)
    assert seen["look"]["off_nadir_deg"] == 20
    assert 600 < seen["look"]["altitude_km"] < 640
    assert seen["gsd_m"] == pytest.approx(0.345, abs=0.01)
    assert "height" in " ".join(seen["look"]["assumed"])


def test_nothing_is_rated_on_the_horizon(elements_file):
    """Within a degree of it a pixel of a metre is kilometres long."""
    args = ("--elements", elements_file, "--site", "37.57,126.98", "--start", "2026-05-31T00:00:00Z",
            "--stop", "2026-06-01T00:00:00Z")  # fmt: skip
    rows = json.loads(run("look", *args, "--sensor", "worldview-3", "--json").stdout)
    assert len(rows) > 20
    assert all(row["gsd_m"] is None or row["gsd_m"] < 500 for row in rows)
    low = [row for row in rows if row["max_elevation_deg"] < 1]
    assert all(row["gsd_m"] is None and row["niirs"] is None and row["snr"] is None for row in low)


def test_windows_beyond_what_is_offered_are_told(elements_file):
    """WorldView-3 is offered to 45 deg (data sheet)."""
    args = ("--elements", elements_file, "--site", "37.57,126.98", "--satellite", "40115",
            "--start", "2026-05-31T00:00:00Z", "--stop", "2026-06-02T00:00:00Z")  # fmt: skip
    rows = json.loads(run("look", *args, "--json").stdout)
    beyond = sum(row["min_off_nadir_deg"] > 45.05 for row in rows)
    assert beyond > 0
    told = run("look", *args).stderr
    assert f"{beyond} window" in told
    assert "45 deg" in told
    assert "operators offer" not in run("look", *args, "--max-off-nadir", 45).stderr


def test_look_rates_all_satellites_for_one_sensor(elements_file):
    args = ("--elements", elements_file, "--site", "37.57,126.98", "--max-off-nadir", 30,
            "--start", "2026-05-31T00:00:00Z", "--stop", "2026-05-31T06:00:00Z")  # fmt: skip
    rows = json.loads(
        run("look", *args, "--sensor", "skysat-c", "--clouds", "climatology", "--json").stdout
    )
    assert {row["sensor"] for row in rows} == {"skysat-c"}
    assert all(row["gsd_m"] > 0.5 for row in rows)
    assert all(0 <= row["clear_chance"] <= 1 for row in rows)
    assert all((row["niirs"] is None) == (row["sun_elevation_deg"] <= 0) for row in rows)
    refused(run("look", *args, "--sensor", "skysat"), "sensor", "skysat-c")
    refused(run("look", *args, "--clouds", "nowhere.nc"), "nowhere.nc")


def test_more_haze_less_sun_more_smear_are_worse():
    base = ("--sensor", "worldview-3", "--off-nadir", 10)
    best = told(*base, "--sun", 60)["niirs"]
    for worse in (("--sun", 15), ("--sun", 60, "--visibility", 5), ("--sun", 60, "--smear", 2)):
        assert told(*base, *worse)["niirs"] < best - 0.02, worse


def test_at_night_there_is_no_niirs_and_radars_do_not_care():
    dark = told("--sensor", "worldview-3", "--sun", -10)
    assert dark["niirs"] is None
    assert dark["snr"] == 0
    assert "Sun" in " ".join(dark["cautions"])
    assert told("--sensor", "terrasar-x", "--incidence", 35, "--sun", -10)["resolution_m"] > 0


def test_a_radar_and_its_modes():
    """TerraSAR-X: 1.2 m slant of 150 MHz is 1.76 m on the ground at 43 deg: slant / sin(incidence)."""
    seen = told("--sensor", "terrasar-x", "--incidence", 35)
    assert seen["ground_range_resolution_m"] == pytest.approx(
        seen["slant_resolution_m"] / np.sin(35 * deg), rel=1e-3
    )
    name = seen["modes"][-1]["mode"]
    assert told("--sensor", "terrasar-x", "--incidence", 35, "--mode", name)["mode"] == name
    refused(run("quality", "--sensor", "terrasar-x", "--mode", "x"), "mode", "stripmap")
    refused(run("quality", "--sensor", "worldview-3", "--mode", "x"), "--mode", "camera")


def test_a_radar_that_cannot_look_so_says_that_first():
    """ICEYE: 15 to 40 deg of incidence over all modes (product specification)."""
    seen = told("--sensor", "iceye-gen3", "--incidence", 45)
    assert seen["mode"] is None
    assert seen["rniirs"] is None
    assert not any(mode["can_look_so"] for mode in seen["modes"])
    text = run("quality", "--sensor", "iceye-gen3", "--incidence", 45).stdout
    assert "No mode looks at 45.0 deg" in text
    assert "one can just" not in text


def test_cameras_side_by_side():
    both = told(
        "--sensor", "skysat-c", "--sensor", "pleiades-neo", "--altitude", 500, "--off-nadir", 30
    )
    assert [one["sensor"] for one in both] == ["skysat-c", "pleiades-neo"]
    assert both[0]["niirs"] < both[1]["niirs"]
    text = run(
        "quality", "--sensor", "skysat-c", "--sensor", "pleiades-neo", "--off-nadir", 30
    ).stdout
    assert [line.split()[0] for line in text.splitlines()[:3]] == [
        "camera",
        "skysat-c",
        "pleiades-neo",
    ]
    assert "450" in text
    assert "the sensor's usual height" in text
    assert "half a level of error" in text
    refused(
        run("quality", "--sensor", "skysat-c", "--sensor", "umbra"), "--sensor", "umbra", "radar"
    )
    refused(
        run("quality", "--sensor", "skysat-c", "--sensor", "ikonos", "--figure", "a.png"),
        "--figure",
    )


def test_what_is_too_coarse_has_no_tasks():
    text = run("quality", "--sensor", "landsat-8").stdout
    assert "too coarse" in text
    assert "one can just" not in text


def test_a_frame_smears_for_as_long_as_it_is_exposed(tmp_path):
    """520 km, 7.04 km/s over the ground, 0.715 m: 1 ms are 9.8 pixels, and no charge moves in steps."""
    file = tmp_path / "frame.toml"
    lines = MINE.replace('"pushbroom"', '"frame"').replace(
        "tdi_stages = [8, 16, 32]", "exposure_s = 0.001"
    )
    file.write_text(lines)
    seen = told("--sensor", file)
    terms = {term["term"]: term["nyquist_along"] for term in seen["mtf_terms"]}
    assert terms["clocking"] == 1
    assert terms["smear"] == pytest.approx(np.sinc(0.5 * 7040 * 1e-3 / 0.715), abs=2e-3)
    assert seen["bands"][0]["exposure_s"] == 0.001


def test_a_satellite_that_is_not_known_to_carry_a_sensor_must_be_named(elements_file):
    args = ("--elements", elements_file, "--site", "37.57,126.98", "--time", "2026-05-31T06:41:29Z")
    refused(run("quality", "--sensor", "iceye-gen3", *args), "--satellite", "iceye-gen3")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("sensor", ["worldview-3", "terrasar-x"])
def test_figures(tmp_path, suffix, sensor):
    path = tmp_path / f"a.{suffix}"
    assert run("quality", "--sensor", sensor, "--off-nadir", 30, "--figure", path).returncode == 0
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(starts)
    assert path.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--sensor", "worldview-33"], ["sensor", "worldview-33", "worldview-3"]),
        (["--sensor", "nowhere.toml"], ["nowhere.toml", "No such file"]),
        (["--sensor", "worldview-3", "--altitude", "10"], ["--altitude", "10", "100"]),
        (["--sensor", "worldview-3", "--off-nadir", "80"], ["--off-nadir", "80", "65.7"]),
        (["--sensor", "worldview-3", "--off-nadir", "nan"], ["--off-nadir", "nan"]),
        (["--sensor", "worldview-3", "--off-nadir", "3", "--incidence", "3"], ["--incidence"]),
        (["--sensor", "worldview-3", "--site", "37,127"], ["--time"]),
        (["--sensor", "worldview-3", "--reflectance", "0"], ["--reflectance", "0"]),
        (["--sensor", "worldview-3", "--visibility", "0"], ["--visibility", "0"]),
        (["--sensor", "worldview-3", "--aerosol", "smoke"], ["--aerosol", "smoke", "rural"]),
        (["--sensor", "worldview-3", "--figure", "a.gif"], ["--figure", "a.gif", ".png"]),
        (["--sensor", "worldview-3", "--elements", "x.tle"], ["--site"]),
        (["--sensor", "worldview-3", "--satellite", "WORLDVIEW-3"], ["--satellite", "--elements"]),
        (["--sensor", "worldview-3", "--clouds", "x.nc"], ["--clouds", "--site"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(args, words):
    refused(run("quality", *args), *words)


def test_a_pass_below_the_horizon_and_a_wrong_satellite(elements_file):
    args = ("--elements", elements_file, "--site", "37.57,126.98")
    result = run("quality", "--sensor", "worldview-3", *args, "--time", "2026-05-31T12:00:00Z")
    refused(result, "horizon", "offnadir look")
    result = run(
        "quality",
        "--sensor",
        "worldview-3",
        *args,
        "--time",
        "2026-05-31T12:00:00Z",
        "--satellite",
        "MIR",
    )
    refused(result, "--satellite", "MIR")


def test_a_file_of_ones_own(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(MINE)
    checked = run("sensors", "check", file)
    assert checked.returncode == 0, checked.stderr
    assert "0.715" in checked.stdout
    assert "no source" in checked.stderr
    assert "focal_length_m" in checked.stderr
    seen = told("--sensor", file, "--off-nadir", 10)
    assert seen["bands"][0]["tdi_stages"] in (8, 16, 32)
    assert seen["bands"][0]["exposure_from"] == "electronics"
    home = tmp_path / "home"
    (home / "offnadir/sensors").mkdir(parents=True)
    (home / "offnadir/sensors/mine.toml").write_text(MINE)
    (home / "offnadir/sensors/broken.toml").write_text("title = 3\n")
    listed = run("sensors", "list", "--json", home=home)
    assert "mine" in {row["name"] for row in json.loads(listed.stdout)}
    assert "broken.toml" in listed.stderr
    assert run("quality", "--sensor", "mine", home=home).returncode == 0
    shown = json.loads(run("sensors", "show", "mine", "--json", home=home).stdout)["facts"]
    assert {"red: range_nm", "tdi_stages"} <= {fact["figure"] for fact in shown}


def test_a_wrong_file_is_told_all_at_once(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        MINE.replace("aperture_m = 0.4", "aperture_cm = 40").replace("range_nm", "range_um")
        + '\n[[band]]\nname = "nir"\nrange_nm = [900, 770]\n'
    )
    refused(
        run("sensors", "check", file),
        "aperture_cm",
        "aperture_m",
        "range_um",
        "band[2]",
        "range_nm",
    )
    for text, word in (("= nonsense", "TOML"), ("\x00", "TOML")):
        file.write_text(text)
        refused(run("sensors", "check", file), "mine.toml", word)
    file.write_bytes(b"\xff\xfe")
    refused(run("sensors", "check", file), "mine.toml", "UTF-8")
    refused(run("sensors", "check", tmp_path), str(tmp_path))
    file.write_text("published_gsd_m = 3.0\n" + MINE)
    warned = run("sensors", "check", file)
    assert warned.returncode == 0
    assert "published_gsd_m = 3, but height * pitch / focal length give 0.715" in warned.stderr


def test_kinds_and_short_forms():
    optical = json.loads(run("sensors", "list", "--kind", "optical", "--json").stdout)
    radar = json.loads(run("sensors", "list", "--kind", "radar", "--json").stdout)
    assert len(optical) + len(radar) >= 30
    assert len(radar) >= 10
    assert {row["kind"] for row in radar} == {"sar"}
    assert run("sensors").stdout == run("sensors", "list").stdout
    assert run("sensors", "ikonos").stdout == run("sensors", "show", "ikonos").stdout
    refused(run("sensors", "list", "--kind", "sonar"), "--kind", "sonar")


def strictly(text: str) -> dict:
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (("worldview-4", "--sun", "-5"), ("no light for a picture",)),
        (("worldview-4", "--sun", "0.1"), ("NIIRS -2", "too coarse")),
        (("worldview-4", "--sun", "5"), ("two bars|no bars",)),
        (("worldview-3", "--incidence", "89.9"), ("reaches beyond the horizon",)),
        (("sentinel-2", "--altitude", "1500", "--sun", "90"), ("too coarse",)),
        (("capella-acadia", "--off-nadir", "0"), ("cannot look straight down",)),
        (("sentinel-1", "--off-nadir", "60"), ("No mode looks",)),
    ],
)
def test_at_the_edges_words_stand_for_what_is_not_known(look, words):
    """No light, hardly any, the horizon, straight down: neither nan, nor -0.0, nor a task of level 0."""
    args = ["quality", "--sensor", *look]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    assert not re.search(r"\bnan\b|\binf\b|-0\.0\b|Nothing can be told", result.stdout)
    for word in words:
        assert re.search(word, result.stdout), result.stdout
    strictly(CliRunner().invoke(app, [*args, "--json"]).stdout)


def test_a_level_is_not_rounded_up():
    from offnadir.cli._quality_text import _in_level

    shown = {n: _in_level(n) for n in (3.92, 3.97, 3.999, 4.0, -0.04, -0.97, -22.57)}
    assert list(shown.values()) == ["3.9", "3.97", "3.99", "4.0", "-0.04", "-1.0", "-22.6"]


def test_the_highest_place_is_rated():
    """Everest, 8848.86 m by the survey of 2020; the site may be higher still."""
    for site in ("27.988,86.925,8848.86", "27.988,86.925,20000"):
        seen = told("--sensor", "worldview-3", "--site", site, "--time", "2026-05-31T06:00:00Z")
        assert 3 < seen["niirs"] < 8


def test_among_hundreds_of_satellites_one_has_to_be_named(real_elements, tmp_path):
    """The only one in view of the first few hundred is not the only one in view."""
    _, first, second, _ = real_elements[0]
    path = tmp_path / "many.tle"
    lines = []
    for number in range(10_000, 10_201):
        for line in (first, second):
            body = f"{line[:2]}{number:05d}{line[7:68]}"
            total = sum(int(c) if c.isdigit() else c == "-" for c in body)
            lines.append(f"{body}{total % 10}")
    path.write_text("\n".join(lines))
    place = ("--site", "37.57,126.98", "--time", "2026-05-31T01:50:00Z")
    refused(
        run("quality", "--sensor", "ikonos", "--elements", path, *place),
        "--satellite", "201",
    )  # fmt: skip


def test_options_of_cameras_are_told_to_do_nothing_for_radars():
    plain = run("quality", "--sensor", "sentinel-1", "--json")
    given = run(
        "quality", "--sensor", "sentinel-1", "--json", "--smear", 1, "--clouds", "x.nc", "--sun", 9
    )
    assert given.returncode == 0
    assert given.stdout == plain.stdout
    for option in ("--smear", "--clouds", "--sun"):
        assert option in given.stderr


def test_where_no_sensor_is_known_there_is_null(elements_file, tmp_path):
    """Six real satellites, of which the library does not know all; the file's text column too."""
    args = ("look", "--elements", elements_file, "--site", "37.57,126.98", "--max-off-nadir", 60,
            "--start", "2026-05-31T00:00:00Z", "--stop", "2026-06-01T00:00:00Z",
            "--sort", "start")  # fmt: skip
    rows = strictly(run(*args, "--json").stdout)
    sensors = [row["sensor"] for row in rows]
    assert None in sensors
    assert "" not in sensors
    assert any(sensors)
    assert all(row["gsd_m"] is None for row in rows if row["sensor"] is None)
    path = tmp_path / "windows.parquet"
    assert run(*args, "--parquet", path).returncode == 0
    table = pq.read_table(path)
    assert table["sensor"].to_pylist() == sensors
    assert str(table.schema.field("sensor").type) == "string"
    assert table["niirs"].null_count == sum(row["niirs"] is None for row in rows)


def test_places_with_one_name_are_not_mixed_up(elements_file, tmp_path):
    places = tmp_path / "places.csv"
    places.write_text("name,lat,lon,alt_m\na,10,20,0\na,37.57,126.98,5000\nb,37.57,126.98,5000\n")
    result = run("look", "--elements", elements_file, "--site", places, "--clouds", "climatology",
                 "--start", "2026-05-31T00:00:00Z", "--stop", "2026-05-31T12:00:00Z",
                 "--json")  # fmt: skip
    rows = strictly(result.stdout)
    assert "several places have one name (a)" in result.stderr
    assert {(row["site"], row["clear_chance"] is None) for row in rows} == {
        ("a", True),
        ("b", False),
    }


def test_look_goes_on_past_a_broken_sensor_file(elements_file, tmp_path):
    folder = tmp_path / "offnadir" / "sensors"
    folder.mkdir(parents=True)
    (folder / "broken.toml").write_text("this is no TOML")
    args = ("look", "--elements", elements_file, "--site", "37.57,126.98,8848.86", "--json",
            "--start", "2026-05-31T00:00:00Z", "--stop", "2026-05-31T12:00:00Z")  # fmt: skip
    result = run(*args, home=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "broken.toml" in result.stderr
    assert result.stdout == run(*args, home=tmp_path / "empty").stdout
    assert any(row["sensor"] for row in strictly(result.stdout))
    refused(run(*args, "--clouds", ","), "--clouds")
