"""`offnadir launch` as a user meets it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import typer

from offnadir.access import MaxOffNadir, Station, find_contacts, find_windows
from offnadir.access.first_looks import first_contacts, first_looks
from offnadir.briefs.launch_figure import write_launch_figure
from offnadir.cli._main import app
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.orbits import make_ephemeris
from offnadir.orbits.launch import (
    elements_after,
    find_spaceport,
    launches,
    sun_synchronous_target,
)
from offnadir.units import deg, km
from real_launches import LAUNCHES

COMMAND = typer.main.get_command(app)  # made once: it has all verbs
NIGHT = ["--from", "sohae", "--sso", "22:00", "--on", "2023-11-21"]


def run(*args: str) -> None:
    COMMAND.main(["launch", *args], prog_name="offnadir", standalone_mode=False)


def told(capsys, *args: str):
    run(*args, "--json")
    return json.loads(capsys.readouterr().out)


def test_help_needs_no_numpy():
    code = (
        "import sys\n"
        "from offnadir.cli import main\n"
        "sys.argv = ['offnadir', 'launch', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert 'numpy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--first-azimuth" in done.stdout
    assert "reconstruct" in done.stdout


def test_windows_of_a_day(capsys):
    """KCNA gave 13:42:28 UTC for Malligyong-1, whose flight turned: up to 25 minutes before a direct one."""
    got = told(capsys, *NIGHT)
    north, south = got["launches"]
    assert (north["direction"], south["direction"]) == ("ascending", "descending")
    assert got["target"]["inclination_deg"] == pytest.approx(97.43, abs=0.02)
    late_s = Epoch.from_utc(south["lift_off"]) - Epoch.from_utc("2023-11-21T13:42:28Z")
    assert 0.0 < late_s < south["dogleg_earlier_s"] == 1500
    assert south["local_time_ascending"] == "10:00"
    assert south["light"] == "night"
    assert north["light"] == "day"
    assert Epoch.from_utc(south["closes"]) - Epoch.from_utc(south["opens"]) == pytest.approx(
        600, abs=2
    )


def test_one_direction_and_the_table(capsys):
    run(*NIGHT, "--direction", "descending")
    out, err = capsys.readouterr()
    assert out.count("2023-11-21") == 1
    assert "descending" in out
    assert "limits not published" in err
    assert "1 launch from Sohae" in err


def test_local_time_from_launch_time(capsys):
    """Landsat 9's real lift-off, flown directly; by hand.

    10:09.6 mean time at the site, 4.2 minutes until the plane would pass, and 22.7 minutes (5.67 deg) from
    the site's place in the plane west to the node: 09:51.1. (Its true node is 20 minutes later.)
    """
    got = told(
        capsys, "--from", "vandenberg", "--inclination", "98.2", "--altitude", "690",
        "--at", "2021-09-27T18:12:00Z", "--direction", "descending",
    )  # fmt: skip
    (one,) = got["launches"]
    assert one["local_time_ascending"] == "21:51"
    assert one["local_time_descending"] == "09:51"


def test_reach_and_sites(capsys):
    got = told(capsys, "--from", "kodiak", "--reach")
    assert [one["direction"] for one in got["reach"]] == ["descending"]
    assert got["reach"][0]["azimuth_from_deg"] == 110
    assert "Spaceflight Now" in got["azimuth_source"]
    rows = told(capsys, "--sites")
    assert {"vostochny", "sohae", "naro", "plesetsk", "vandenberg"} <= {row["site"] for row in rows}
    run("--from", "10,20")
    out, err = capsys.readouterr()
    assert "170.07" in out  # 180 less the geocentric latitude
    assert "not published" in err


def test_what_cannot_be_is_told_with_what_would_pass():
    with pytest.raises(InputError, match=r"from 62\.7\d to 117"):
        run("--from", "plesetsk", "--inclination", "51.6", "--raan", "0")
    with pytest.raises(InputError, match=r"132 to 140 deg.*--first-azimuth 140"):
        run("--from", "sriharikota", "--sso", "9:30")
    with pytest.raises(InputError, match="within the limits of sriharikota"):
        run("--from", "sriharikota", "--sso", "9:30", "--first-azimuth", "200")
    with pytest.raises(InputError, match="--from"):
        run("--sso", "9:30")
    with pytest.raises(InputError, match="--raan: must be given"):
        run("--from", "naro", "--inclination", "98")
    with pytest.raises(InputError, match="one of --sso, --inclination, --to"):
        run("--from", "naro", "--inclination", "98", "--sso", "10:30")
    with pytest.raises(InputError, match=r"--altitude = 500\.0: must be left out with --to"):
        run("--from", "naro", "--to", "any.tle", "--altitude", "500")
    for option, value in {
        "--raan": "0",
        "--map": "a.png",
        "--site": "1,2",
        "--at": "2026-06-01",
    }.items():
        with pytest.raises(InputError, match=f"{option} = .*must be given with an orbit"):
            run("--from", "naro", option, value)
    for option, value in {
        "--sso": "25:00", "--altitude": "60", "--on": "today", "--node": "north", "--tolerance": "-1",
        "--ascent": "500", "--downrange": "200", "--hours": "0", "--direction": "south", "--map": "a.html",
        "--max-off-nadir": "95", "--min-sun": "100", "--days": "1000", "--first-leg": "1e5",
    }.items():  # fmt: skip
        with pytest.raises(InputError, match=option):
            run(*NIGHT, "--first-azimuth", "180", option, value)


def test_a_dog_leg(capsys):
    got = told(
        capsys, "--from", "sriharikota", "--sso", "9:30", "--on", "2016-06-22", "--first-azimuth", "140"
    )  # fmt: skip
    (one,) = got["launches"]
    assert one["first_azimuth_deg"] == 140
    assert one["azimuth_deg"] == pytest.approx(191, abs=1)
    assert one["turn_deg"] == pytest.approx(51, abs=1)
    # PSLV-C34 left at 03:56 UTC: 13.5 minutes later than a turn after 1000 km would have it
    assert one["lift_off"].startswith("2016-06-22T03:42")


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    path = tmp_path_factory.mktemp("sets") / "first.tle"
    text = [line for one in LAUNCHES if one.tle for line in (one.name, *one.tle)]
    path.write_text("\n".join(text) + "\n")
    return path


def test_to_the_plane_of_a_satellite(capsys, sets):
    got = told(capsys, "--from", "baikonur", "--to", f"{sets}:53370", "--on", "2022-08-09")
    assert got["target"]["name"] == "Khayyam"
    north = got["launches"][0]
    assert north["lift_off"].startswith(
        "2022-08-09T06:10"
    )  # 18 minutes after the real one, which turned
    with pytest.raises(InputError, match="one object of the file"):
        run("--from", "baikonur", "--to", str(sets))


def test_reconstruct(capsys, sets):
    run("reconstruct", f"{sets}:58400", "--from", "sohae", "--json",
        "--since", "2023-11-21", "--until", "2023-11-22")  # fmt: skip
    rows = json.loads(capsys.readouterr().out)
    (one,) = (row for row in rows if row["direction"] == "descending")
    assert one["kind"] == "dog-leg"
    off_s = Epoch.from_utc(one["lift_off"]) - Epoch.from_utc("2023-11-21T13:42:28Z")
    assert abs(off_s) < 60.0 * one["sigma_min"]
    with pytest.raises(InputError, match=r"--since = '1950.*at most 400 days before 2023"):
        run("reconstruct", f"{sets}:58400", "--from", "sohae", "--since", "1950-01-01")
    run("reconstruct", f"{sets}:42063", "--from", "kourou", "--top", "3")
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 4
    assert "2017-03-07" in out.splitlines()[1]
    assert "3 of 20" in err
    with pytest.raises(InputError, match="--until"):
        run("reconstruct", f"{sets}:58400", "--from", "sohae", "--until", "2020-01-01")


def first_orbit(hours: float = 30.0):
    target = sun_synchronous_target(500 * km, 22.0, Epoch.from_utc("2023-11-21"))
    day = Span(Epoch.from_utc("2023-11-21"), Epoch.from_utc("2023-11-22"))
    one = launches(find_spaceport("sohae"), target, day)[1]
    return one, make_ephemeris(elements_after(one), Span(one.insertion, one.time + hours * 3600.0))


def test_first_looks_are_the_first_windows():
    _, ephemeris = first_orbit()
    sites = [
        Site(name="Seoul", lat_rad=37.57 * deg, lon_rad=126.98 * deg),
        Site(name="Guam", lat_rad=13.4 * deg, lon_rad=144.8 * deg),
        Site(name="Pole", lat_rad=89.9 * deg, lon_rad=0.0),  # 7 degrees beyond the track
    ]
    near = [MaxOffNadir(30 * deg)]
    found = first_looks(ephemeris, sites, near)
    windows = find_windows(ephemeris, sites, near)
    assert "Pole" not in found["site"]
    assert set(found["site"]) == set(windows["site"])
    for name, start in zip(found["site"], found["start"], strict=True):
        assert start == windows["start"][windows["site"] == name].min()
    stations = [Station(site=one) for one in sites]
    contacts = first_contacts(ephemeris, stations)
    assert contacts["site"].tolist() == ["Seoul", "Guam", "Pole"]
    assert contacts["start"][2] == find_contacts(ephemeris, stations[2])["start"].min()
    assert len(first_contacts(ephemeris, [])) == 0


def test_first_passes_are_told(capsys):
    got = told(
        capsys, *NIGHT, "--direction", "descending", "--site", "37.57,126.98", "--site", "89.9,0",
        "--station", "78.23,15.4", "--min-sun", "10", "--hours", "120",
    )  # fmt: skip
    seoul, pole, svalbard = got["launches"][0]["first"]
    assert seoul["sun_elevation_deg"] > 10
    assert 0 < seoul["after_lift_off_s"] < 120 * 3600
    assert pole["start"] is None
    # Svalbard misses two or three revolutions of fifteen in a row at most
    assert svalbard["after_lift_off_s"] < 4 * 5700
    assert svalbard["max_elevation_deg"] > 5


def test_the_map_is_a_picture(tmp_path):
    one, _ = first_orbit(1.0)
    path = tmp_path / "map.png"
    write_launch_figure(one, path)
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
