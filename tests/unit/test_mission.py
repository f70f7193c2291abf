"""A mission file: what it means, and what is said of each kind of mistake in it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError, InputProblems, OffnadirError
from offnadir.planning.mission import MISSION_KEYS, SOLVER_KEYS, SPAN_KEYS, load_mission
from offnadir.planning.model import Mission
from offnadir.units import Gbit, Mbit, deg

# US Space Force GP data as published by CelesTrak on 2026-05-30.
SETS = """\
SENTINEL-2A
1 40697U 15028A   26150.59231876  .00000540  00000+0  22277-3 0  9998
2 40697  98.5691 225.6931 0001116  89.9845 270.1466 14.30819576571212
WORLDVIEW-3 (WV-3)
1 40115U 14048A   26150.58092465  .00001167  00000+0  14314-3 0  9991
2 40115  97.8569 225.6569 0002200  53.5175 306.6243 14.84989122639293
SKYSAT-C1
1 41601U 16040C   26150.04206291  .00013059  00000+0  37486-3 0  9999
2 41601  96.9573 182.7483 0004465  93.9307 266.2449 15.35959295555085
"""
# SL-14 DEB, of the official verification file of SGP4: "last stage of decay - lost in under 420 min".
DECAYING = """\
1 29141U 85108AA  06170.26783845  .99999999  00000-0  13519-0 0   718
2 29141  82.4288 273.4882 0015848 277.2124  83.9133 15.93343074  6828
"""

SPAN = '[span]\nstart = 2026-05-31T00:00:00Z\nduration = "24 h"\n'
SATELLITE = '[[satellite]]\nnorad_id = 40115\nsensor = "worldview-3"\n'
STATION = '[[station]]\nname = "Daejeon"\nlat_deg = 36.37\nlon_deg = 127.36\n'
REQUEST = '[[request]]\nname = "Seoul"\nlat_deg = 37.57\nlon_deg = 126.98\n'
SQUARE = [[126.9, 37.5], [127.0, 37.5], [127.0, 37.6], [126.9, 37.6]]

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a mission file of sound parts, any of which a test replaces."""
    (tmp_path / "sats.3le").write_text(SETS)

    def make(
        *more: str,
        top: str = 'elements = ["sats.3le"]\n',
        span: str = SPAN,
        satellite: str = SATELLITE,
        station: str = STATION,
        request: str = REQUEST,
    ) -> Path:
        path = tmp_path / "mission.toml"
        path.write_text("\n".join([top, span, satellite, station, request, *more]))
        return path

    return make


@pytest.fixture
def good(write: Write) -> Callable[..., Mission]:
    def load(*more: str, **parts: str) -> Mission:
        return load_mission(write(*more, **parts))

    return load


@pytest.fixture
def bad(write: Write) -> Callable[..., list[InputError]]:
    def load(*more: str, **parts: str) -> list[InputError]:
        path = write(*more, **parts)
        with pytest.raises(OffnadirError) as caught:
            load_mission(path)
        assert caught.value.exit_code == 2
        if isinstance(caught.value, InputProblems):
            return list(caught.value.problems)
        assert isinstance(caught.value, InputError)
        return [caught.value]

    return load


def only(problems: list[InputError]) -> InputError:
    assert len(problems) == 1, problems
    return problems[0]


def request(**keys: object) -> str:
    """A [[request]] named A with these keys, as TOML."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in ({"name": "A"} | keys).items()]
    return "\n".join(["[[request]]", *lines])


def point(**keys: object) -> str:
    return request(**({"lat_deg": 37.5, "lon_deg": 127.0} | keys))


# What a file means


def test_defaults(good):
    mission = good()
    assert mission.name == "mission"
    assert mission.span.start == Epoch.from_utc("2026-05-31T00:00:00Z")
    assert mission.span.duration_s == 86400.0
    (satellite,) = mission.satellites
    assert (satellite.name, satellite.elements.norad_id) == ("WORLDVIEW-3 (WV-3)", 40115)
    assert satellite.sensor.name == "worldview-3"
    assert satellite.max_off_nadir_rad == satellite.sensor.max_off_nadir_rad
    assert satellite.memory_bit == 1000 * Gbit
    assert satellite.downlink_bit_s == 400 * Mbit
    (ground,) = mission.stations
    assert ground.antennas == 1
    assert_allclose(ground.station.min_elevation_rad, 5 * deg, rtol=1e-15)
    (one,) = mission.requests
    assert one.weight == 1.0
    assert one.window == mission.span
    assert one.rings_rad == ()
    assert_allclose(one.max_off_nadir_rad, 90 * deg, rtol=1e-15)
    assert_allclose(one.min_sun_elevation_rad, 10 * deg, rtol=1e-15)
    assert (one.max_gsd_m, one.min_niirs, one.deadline, one.stereo) == (None, None, None, None)
    assert (mission.solver.seed, mission.solver.time_limit_s) == (1, 20.0)
    assert mission.warnings == ()


def test_every_key_is_understood(good):
    mission = good(
        "[solver]\nseed = 7\ntime_limit_s = 5\nstart_step_s = 2.5\n",
        top='name = "All keys"\nelements = "sats.3le"\n',
        satellite='[[satellite]]\nnorad_id = 40697\nname = "S2A"\nelements = ["sats.3le"]\n'
        'sensor = "sentinel-2"\nmax_off_nadir_deg = 10\nmemory_gbit = 2400\ndownlink_mbps = 520\n',
        station=STATION + "alt_m = 80\nmin_elevation_deg = 7.5\nantennas = 2\n"
        "mask = [[0, 5], [90, 12.5], [360, 5]]\n",
        request="[request_defaults]\nweight = 3\nmin_sun_elevation_deg = 20\n"
        + point(
            alt_m=38,
            window={},
            max_off_nadir_deg=30,
            max_gsd_m=0.5,
            min_niirs=5,
            deadline="2026-06-01T12:00:00+09:00",
        ).replace("{}", "{start = 2026-05-31T01:00:00Z, stop = 2026-05-31T20:00:00+09:00}"),
    )
    assert mission.name == "All keys"
    (satellite,) = mission.satellites
    assert (satellite.name, satellite.elements.norad_id) == ("S2A", 40697)
    assert_allclose(satellite.max_off_nadir_rad, 10 * deg, rtol=1e-15)
    assert (satellite.memory_bit, satellite.downlink_bit_s) == (2400e9, 520e6)
    (ground,) = mission.stations
    assert (ground.antennas, ground.station.site.alt_m) == (2, 80.0)
    # 360 is north again, already there as 0.
    assert_allclose(ground.station.mask_azimuth_rad, [0, math.pi / 2], rtol=1e-15)
    assert_allclose(ground.station.mask_elevation_rad, [5 * deg, 12.5 * deg], rtol=1e-15)
    (one,) = mission.requests
    assert (one.weight, one.max_gsd_m, one.min_niirs, one.aim.alt_m) == (3.0, 0.5, 5.0, 38.0)
    assert_allclose(one.min_sun_elevation_rad, 20 * deg, rtol=1e-15)
    assert one.window.start == Epoch.from_utc("2026-05-31T01:00:00Z")
    assert one.window.stop == Epoch.from_utc("2026-05-31T11:00:00Z")
    assert one.deadline == Epoch.from_utc("2026-06-01T03:00:00Z")
    assert mission.solver.seed == 7
    assert mission.solver.start_step_s == 2.5


@pytest.mark.parametrize(
    ("text", "hours"),
    [('"36 h"', 36), ('"2 d"', 48), ('"90 min"', 1.5), ('"1 d 12 h"', 36), ('"0.5 days"', 12)],
)
def test_durations(good, text, hours):
    mission = good(span=f"[span]\nstart = 2026-05-31\nduration = {text}\n")
    assert mission.span.duration_s == hours * 3600


@pytest.mark.parametrize(
    "text",
    ["2026-05-31", "2026-05-31T00:00:00", "2026-05-31T09:00:00+09:00", '"2026-05-31T00:00Z"'],
)
def test_times_without_a_zone_are_utc(good, text):
    mission = good(span=f'[span]\nstart = {text}\nstop = "2026-06-01"\n')
    assert mission.span.start == Epoch.from_utc("2026-05-31T00:00:00Z")


def test_polygons_are_longitude_first(good):
    (one,) = good(request=request(polygon=SQUARE)).requests
    assert_allclose(one.aim.lat_rad, 37.55 * deg, atol=1e-12)
    assert_allclose(one.aim.lon_rad, 126.95 * deg, atol=1e-12)
    (ring,) = one.rings_rad
    assert ring.shape == (5, 2)
    assert_allclose(ring[0], [37.5 * deg, 126.9 * deg], atol=1e-12)
    assert_allclose(ring[0], ring[-1], rtol=0)


def test_clockwise_rings_are_turned_and_open_ones_closed(good):
    hole = [[126.94, 37.54], [126.96, 37.54], [126.96, 37.56], [126.94, 37.56]]
    for outer in (SQUARE, SQUARE[::-1], [*SQUARE, SQUARE[0]]):
        (one,) = good(request=request(polygon=[outer, hole])).requests
        assert [signed_area(ring) > 0 for ring in one.rings_rad] == [True, False]


def signed_area(ring: np.ndarray) -> float:
    """Shoelace formula with longitude as x: positive for a counter-clockwise ring."""
    lat, lon = ring[:, 0], ring[:, 1]
    return 0.5 * float(np.sum(lon[:-1] * lat[1:] - lon[1:] * lat[:-1]))


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("true", 15, 40),
        ("{min_convergence_deg = 20}", 20, 40),
        ("{max_convergence_deg = 30}", 15, 30),
    ],
)
def test_stereo(good, value, low, high):
    (one,) = good(request=REQUEST + f"stereo = {value}\n").requests
    assert_allclose(one.stereo.min_convergence_rad, low * deg, rtol=1e-15)
    assert_allclose(one.stereo.max_convergence_rad, high * deg, rtol=1e-15)


def test_stereo_of_the_defaults_can_be_taken_back(good):
    text = "[request_defaults]\nstereo = true\n" + REQUEST + "stereo = false\n"
    assert good(request=text).requests[0].stereo is None


def test_satellite_by_part_of_its_name(good):
    mission = good(satellite='[[satellite]]\nname = "skysat"\nsensor = "worldview-3"\n')
    assert mission.satellites[0].name == "SKYSAT-C1"


def test_hash_is_over_the_mission_and_the_files_it_names(good, tmp_path):
    (tmp_path / "p.geojson").write_text(features(("Busan", BUSAN, {})))
    mission = good(request='[[request]]\ngeojson = "p.geojson"\n')
    parts = [tmp_path / name for name in ("mission.toml", "sats.3le", "p.geojson")]
    whole = b"".join(part.read_bytes() for part in parts)
    assert mission.sha256 == hashlib.sha256(whole).hexdigest()


# The file as such


def test_missing_file(tmp_path):
    with pytest.raises(FileError, match=r"none\.toml: No such file") as caught:
        load_mission(tmp_path / "none.toml")
    assert caught.value.exit_code == 2


def test_folder_instead_of_a_file(tmp_path):
    with pytest.raises(FileError, match="directory"):
        load_mission(tmp_path)


def test_toml_syntax_error_names_the_line(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text('name = "A"\n[span]\nstart = 2026-05-31T00:00:00Z\nstop 2026-06-01\n')
    with pytest.raises(InputError, match=r"m\.toml:4: TOML = 'stop 2026-06-01': must be valid"):
        load_mission(path)


def test_not_utf8(tmp_path):
    path = tmp_path / "m.toml"
    path.write_bytes('name = "A"\n# Besan\xe7on\n'.encode("latin-1"))
    with pytest.raises(InputError, match=r"m\.toml:2: text = .*must be UTF-8"):
        load_mission(path)


def test_utf16_is_recognised(tmp_path):
    path = tmp_path / "m.toml"
    path.write_bytes('name = "A"\n'.encode("utf-16"))
    with pytest.raises(InputError, match="looks like UTF-16"):
        load_mission(path)


def test_a_byte_order_mark_does_no_harm(write):
    path = write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_mission(path).requests[0].name == "Seoul"


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "a = " + "9" * 5000, "a." * 3000 + "a = 1"])
def test_monsters_are_refused_in_words(tmp_path, text):
    path = tmp_path / "m.toml"
    path.write_text(text)
    with pytest.raises(OffnadirError) as caught:
        load_mission(path)
    assert len(str(caught.value)) < 100_000


def test_all_problems_are_told_at_once(bad):
    problems = bad(
        span="[span]\nstart = 2026-05-31T00:00:00Z\nduration = 24\n",
        station=STATION.replace("36.37", "96.37"),
        request=point(name="A", weight=0) + "\n" + point(name="B", lat_deg="north"),
    )
    assert [problem.field for problem in problems] == [
        "span.duration",
        'station[1] "Daejeon".lat_deg',
        'request[1] "A".weight',
        'request[2] "B".lat_deg',
    ]
    assert all(problem.where.endswith("mission.toml") for problem in problems)


# Keys


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("max_off_nadir_rad", "did you mean max_off_nadir_deg, in degrees?"),
        ("max_offnadir_deg", "did you mean max_off_nadir_deg?"),
        ("alt_km", "did you mean alt_m, in metres?"),
        ("start_time", "did you mean start?"),
        ("priority", "did you mean weight?"),
        ("min_sun_elevation", "did you mean min_sun_elevation_deg, in degrees?"),
        ("zzz", "known here: name, lat_deg"),
    ],
)
def test_unknown_key(bad, key, hint):
    problem = only(bad(request=REQUEST + f"{key} = 0.5\n"))
    assert problem.field == f'request[1] "Seoul".{key}'
    assert (problem.value, problem.wish) == (0.5, "a key that is known here")
    assert hint in problem.hint


def test_unknown_table(bad):
    problem = only(bad("[solvr]\nseed = 1\n"))
    assert (problem.field, problem.hint) == ("solvr", "did you mean solver?")


def test_single_brackets(bad):
    problem = only(bad(request=REQUEST.replace("[[request]]", "[request]")))
    assert problem.field == "request"
    assert "[[request]]" in problem.wish


@pytest.mark.parametrize(
    ("key", "value", "wish"),
    [
        ("weight", "0", "a number from 0.001 to 1000000"),
        ("weight", "-1", "a number from 0.001 to 1000000"),
        ("weight", "1e7", "a number from 0.001 to 1000000"),
        ("weight", "nan", "a number from 0.001 to 1000000"),
        ("weight", "true", "a number from 0.001 to 1000000"),
        ("max_off_nadir_deg", "91", "a number above 0 and up to 90 degrees"),
        ("max_off_nadir_deg", "0", "a number above 0 and up to 90 degrees"),
        ("min_sun_elevation_deg", "-91", "a number from -90 to 90 degrees"),
        ("max_gsd_m", "0", "a number above 0 and up to 1000 metres"),
        ("min_niirs", "9.5", "a number from 0 to 9"),
        ("alt_m", "1e6", "a height from -12000 to 100000 m"),
        ("stereo", "1", "true, false, or a table with min_convergence_deg"),
        ("deadline", "12:00:00", "a UTC time"),
        ("deadline", '"tomorrow"', "a UTC time"),
        ("window", '"always"', "a table with start, stop"),
    ],
)
def test_wrong_values(bad, key, value, wish):
    problem = only(bad(request=REQUEST + f"{key} = {value}\n"))
    assert problem.field == f'request[1] "Seoul".{key}'
    assert problem.wish.startswith(wish)


def test_number_in_quotes(bad):
    problem = only(bad(request=REQUEST + 'weight = "3"\n'))
    assert (problem.value, problem.hint) == ("3", "without quotes")


def test_latitude_91(bad):
    problem = only(bad(request=point(lat_deg=91, lon_deg=127)))
    assert problem.field == 'request[1] "A".lat_deg'
    assert (problem.value, problem.wish) == (91.0, "a latitude from -90 to 90 degrees")
    assert 'request[1] "A".lat_deg = 91.0: must be a latitude from -90 to 90' in str(problem)


def test_swapped_latitude_and_longitude(bad):
    problem = only(bad(request=point(lat_deg=126.98, lon_deg=37.57)))
    assert problem.hint == "are latitude and longitude swapped?"


def test_longitude_400(bad):
    assert only(bad(request=point(lon_deg=400))).field == 'request[1] "A".lon_deg'


def test_a_request_without_a_place(bad):
    problem = only(bad(request=request(weight=2)))
    assert problem.field == 'request[1] "A".lat_deg'
    assert "lat_deg and lon_deg, or polygon, or geojson" in problem.wish
    assert "(missing)" in str(problem)


def test_a_request_with_two_places(bad):
    problem = only(bad(request=point(polygon=SQUARE)))
    assert problem.field == 'request[1] "A".polygon'


def test_duplicate_names(bad):
    problem = only(bad(request=point(name="A") + "\n" + point(name="A", lat_deg=10)))
    assert (problem.field, problem.value) == ('request[2] "A".name', "A")
    assert 'request[1] "A".name has it already' in problem.wish
    problem = only(bad(station=STATION + STATION))
    assert problem.field == 'station[2] "Daejeon".name'


def test_a_name_of_control_characters(bad):
    problem = only(bad(request=point(name="A\u001b[31m")))
    assert problem.field == "request[1].name"
    assert "\x1b" not in str(problem)


@pytest.mark.parametrize("part", ["satellite", "request"])
def test_nothing_to_plan(bad, part):
    problem = only(bad(**{part: ""}))
    assert problem.field == part
    assert f"at least one [[{part}]]" in problem.wish


def test_no_station_is_a_warning(good):
    assert "no [[station]]" in good(station="").warnings[0]


# Times


def test_stop_before_start(bad):
    problem = only(bad(span='[span]\nstart = 2026-05-31\nstop = "2026-05-30T12:00"\n'))
    assert (problem.field, problem.value) == ("span.stop", "2026-05-30T12:00:00Z")
    assert problem.wish == "later than start 2026-05-31T00:00:00Z"


@pytest.mark.parametrize(
    ("span", "key", "wish"),
    [
        ("", "span", "given: [span] with start, and stop or duration"),
        ("[span]\nstart = 2026-05-31\n", "span.stop", "given, or duration"),
        ('[span]\nduration = "1 d"\n', "span.start", "given: a UTC time"),
        ("[span]\nstart = 2026-05-31\nduration = 36\n", "span.duration", "a text with a unit"),
        ('[span]\nstart = 2026-05-31\nduration = "36"\n', "span.duration", "a text with a unit"),
        ('[span]\nstart = 2026-05-31\nduration = "5 m"\n', "span.duration", "a text with a unit"),
        ('[span]\nstart = 2026-05-31\nduration = "0 h"\n', "span.duration", "above 0 and up to 31"),
        (
            '[span]\nstart = 2026-05-31\nduration = "400 d"\n',
            "span.duration",
            "above 0 and up to 31",
        ),
        ("[span]\nstart = 2026-05-31\nstop = 2027-05-31\n", "span.stop", "at most 31 days after"),
        (
            '[span]\nstart = 2026-05-31\nstop = 2026-06-01\nduration = "1 d"\n',
            "span.duration",
            "left",
        ),
        ('[span]\nstart = "31 May 2026"\nduration = "1 d"\n', "span.start", "a UTC time"),
        ('[span]\nstart = "2026-02-30"\nduration = "1 d"\n', "span.start", "a UTC time"),
        ("span = 5\n", "span", "a table with start, stop, duration"),
    ],
)
def test_wrong_spans(bad, span, key, wish):
    top = 'elements = ["sats.3le"]\n' + (span if span.startswith("span =") else "")
    problem = only(bad(top=top, span="" if span.startswith("span =") else span))
    assert problem.field == key
    assert problem.wish.startswith(wish)


def test_bare_duration_has_a_hint(bad):
    problem = only(bad(span="[span]\nstart = 2026-05-31\nduration = 36\n"))
    assert problem.value == 36
    assert '"36 h"' in problem.wish
    assert problem.hint == "a bare number could be hours or seconds"


def test_window_outside_the_span(bad):
    problem = only(bad(request=point(start="2026-06-03", stop="2026-06-04")))
    assert problem.field == 'request[1] "A".window'
    assert problem.value == "2026-06-03T00:00:00Z to 2026-06-04T00:00:00Z"
    assert "within the mission's span, 2026-05-31T00:00:00Z to 2026-06-01T00:00:00Z" in problem.wish


def test_window_that_reaches_beyond_the_span_is_cut(good):
    mission = good(request=point(start="2026-05-31T12:00", stop="2026-06-04"))
    assert mission.requests[0].window.stop == mission.span.stop
    assert mission.requests[0].window.start == Epoch.from_utc("2026-05-31T12:00:00Z")
    assert len(mission.warnings) == 1
    assert 'request[1] "A".window' in mission.warnings[0]


def test_default_window_is_cut_and_told_once(good):
    defaults = "[request_defaults]\nstart = 2026-05-30\n"
    mission = good(request=defaults + point(name="A") + "\n" + point(name="B"))
    assert len(mission.warnings) == 1
    assert "request_defaults.window" in mission.warnings[0]


def test_window_stop_before_start(bad):
    problem = only(bad(request=point(start="2026-05-31T12:00", stop="2026-05-31T11:00")))
    assert (problem.field, problem.value) == ('request[1] "A".stop', "2026-05-31T11:00:00Z")


def test_deadline_before_the_window(bad):
    problem = only(bad(request=point(start="2026-05-31T12:00", deadline="2026-05-31T11:00")))
    assert (problem.field, problem.value) == ('request[1] "A".deadline', "2026-05-31T11:00:00Z")
    assert "later than the start of the request's window, 2026-05-31T12:00:00Z" in problem.wish


def test_stereo_angles_the_wrong_way_round(bad):
    stereo = "stereo = {min_convergence_deg = 30, max_convergence_deg = 20}\n"
    problem = only(bad(request=REQUEST + stereo))
    assert problem.field == 'request[1] "Seoul".stereo.max_convergence_deg'
    assert (problem.value, problem.wish) == (20.0, "above min_convergence_deg, 30")


# Polygons


@pytest.mark.parametrize(
    ("corners", "wish"),
    [
        ([[0, 0], [1, 1], [1, 0], [0, 1]], "a simple polygon: its boundary crosses itself there"),
        ([[0, 0], [2, 1], [1, 1], [2, 2], [0, 2.5]], "fine"),
        ([[179, 10], [-179, 10], [-179, 11], [179, 11]], "clear of the antimeridian"),
        ([[179, 10], [181, 10], [181, 11], [179, 11]], "a longitude from -180 to 180 degrees"),
        ([[0, 80], [90, 80], [180, 80], [-90, 80]], "a polygon that holds no pole"),
        ([[0, 80], [120, 80], [-120, 80]], "a polygon that holds no pole"),
        ([[0, 88], [10, 88], [5, 90]], "away from the poles"),
        ([[0, 0], [1, 0]], "a ring of at least 3 different corners"),
        ([[0, 0], [1, 0], [0, 0], [1, 0]], "a ring of at least 3 different corners"),
        ([[0, 0], [1, 1], [2, 2]], "a polygon of at least 1 m2, not a line"),
        ([[0, 0], [40, 0], [40, 40], [0, 40]], "a polygon that reaches at most 1000 km"),
        ([[37.5, 126.9], [37.6, 126.9], [37.6, 127]], "a latitude from -90 to 90 degrees"),
        ([[0, 0], [1, 0], ["1", 1]], "[longitude, latitude] in degrees"),
        ([[0, 0], [1, 0], 5], "[longitude, latitude] in degrees"),
        ([], "a ring of corners"),
        ("POLYGON((0 0, 1 0, 1 1))", "a ring of corners"),
    ],
)
def test_polygons(good, bad, corners, wish):
    text = request(polygon=corners)
    if wish == "fine":
        assert good(request=text).requests[0].rings_rad[0].shape == (6, 2)
        return
    problem = bad(request=text)[0]
    assert problem.field.startswith('request[1] "A".polygon')
    assert problem.wish.startswith(wish)


def test_crossing_is_located(bad):
    problem = only(bad(request=request(polygon=[[0, 0], [1, 1], [1, 0], [0, 1]])))
    assert problem.value == "[0.5, 0.5]"


def test_hole_outside(bad):
    hole = [[0, 0], [0.1, 0], [0.1, 0.1]]
    problem = only(bad(request=request(polygon=[SQUARE, hole])))
    assert "a hole lies outside its outer ring" in problem.wish


def test_corner_is_numbered(bad):
    problem = only(bad(request=request(polygon=[[0, 0], [1, 0], [1, 95]])))
    assert problem.field == 'request[1] "A".polygon[3]'
    assert problem.value == [1, 95]


def test_too_many_corners(bad):
    angles = np.linspace(0, 2 * math.pi, 10_001, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)]).round(6).tolist()
    problem = only(bad(request=request(polygon=ring)))
    assert (problem.value, problem.wish) == ("10001 corners", "a polygon of at most 10000 corners")


def test_large_polygon_is_a_warning(good):
    wide = [[126, 37], [127, 37], [127, 38], [126, 38]]
    mission = good(request=request(polygon=wide))
    # At 37.5 degrees a degree of longitude has 88 km, one of latitude 111 km.
    assert re.search(r"A, 111 by 8[89] km, is too large for one picture", mission.warnings[0])
    assert good(request=request(polygon=SQUARE)).warnings == ()


# GeoJSON


def features(*items: tuple[str | None, dict, dict]) -> str:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": ({"name": name} if name else {}) | properties,
                    "geometry": geometry,
                }
                for name, geometry, properties in items
            ],
        }
    )


BUSAN = {"type": "Point", "coordinates": [129.04, 35.1, 12]}
AREA = {"type": "Polygon", "coordinates": [SQUARE]}


def test_each_feature_is_a_request(good, tmp_path):
    (tmp_path / "p.geojson").write_text(
        features(
            ("Busan", BUSAN, {"weight": 5, "population": 3_400_000}),
            (None, AREA, {"max_off_nadir_deg": 20, "weight": None}),
            ("Part", {"type": "MultiPolygon", "coordinates": [[SQUARE]]}, {}),
        )
    )
    text = "[request_defaults]\nweight = 2\n[[request]]\ngeojson = 'p.geojson'\nmin_niirs = 4\n"
    busan, area, part = good(request=text).requests
    assert [one.name for one in (busan, area, part)] == ["Busan", "p 2", "Part"]
    assert [one.weight for one in (busan, area, part)] == [5.0, 2.0, 2.0]
    assert [one.min_niirs for one in (busan, area, part)] == [4.0, 4.0, 4.0]
    assert busan.aim.alt_m == 12.0
    assert_allclose([busan.aim.lat_rad, busan.aim.lon_rad], [35.1 * deg, 129.04 * deg], rtol=1e-15)
    assert_allclose(area.max_off_nadir_rad, 20 * deg, rtol=1e-15)
    assert [len(one.rings_rad) for one in (busan, area, part)] == [0, 1, 1]


def test_one_feature_by_name(good, tmp_path):
    (tmp_path / "p.geojson").write_text(features(("Busan", BUSAN, {}), ("Port", AREA, {})))
    text = '[[request]]\nname = "Mine"\ngeojson = "p.geojson"\nfeature = "port"\n'
    (one,) = good(request=text).requests
    assert (one.name, one.aim.name) == ("Mine", "Mine")
    assert len(one.rings_rad) == 1


def test_feature_not_found(bad, tmp_path):
    (tmp_path / "p.geojson").write_text(features(("Busan", BUSAN, {})))
    problem = only(bad(request='[[request]]\ngeojson = "p.geojson"\nfeature = "Bussan"\n'))
    assert (problem.field, problem.hint) == ("request[1].feature", "did you mean Busan?")


def test_property_in_the_wrong_unit_is_told(good, tmp_path):
    (tmp_path / "p.geojson").write_text(features(("Busan", BUSAN, {"max_off_nadir_rad": 0.5})))
    mission = good(request='[[request]]\ngeojson = "p.geojson"\n')
    assert "did you mean max_off_nadir_deg, in degrees?" in mission.warnings[0]


@pytest.mark.parametrize(
    ("content", "key", "wish"),
    [
        ("{", "GeoJSON", "valid JSON"),
        ("[" * 100_000, "GeoJSON", "valid JSON"),
        ("[1, 2]", "GeoJSON", "an object with a type"),
        ('{"type": "Topology"}', "type", "FeatureCollection, Feature, or a geometry"),
        ('{"type": "FeatureCollection", "features": []}', "features", "a list of at least one"),
        (features((None, None, {})), "features[1].geometry", "a geometry such as"),
        (
            features(("L", {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, {})),
            'features[1] "L".geometry',
            "a Point or a Polygon",
        ),
        (
            features(("P", {"type": "Point", "coordinates": [37.5, 127.0]}, {})),
            'features[1] "P".geometry.coordinates',
            "a latitude from -90 to 90 degrees",
        ),
        (
            features(
                ("P", {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1]]]}, {})
            ),
            'features[1] "P".geometry.coordinates',
            "a simple polygon",
        ),
        (
            features(("P", BUSAN, {"weight": -2})),
            'features[1] "P".properties.weight',
            "a number from",
        ),
        (
            '{"type": "Point", "coordinates": [1, 2], "crs": {"properties": {"name": "EPSG:5179"}}}',
            "crs",
            "longitude and latitude on WGS-84",
        ),
        ('{"type": "Point", "coordinates": [NaN, 2]}', "geometry.coordinates", "[longitude, lat"),
    ],
)
def test_wrong_geojson(bad, tmp_path, content, key, wish):
    (tmp_path / "p.geojson").write_text(content)
    problem = only(bad(request='[[request]]\ngeojson = "p.geojson"\n'))
    assert problem.field == key
    assert problem.wish.startswith(wish)
    assert "p.geojson" in problem.where


def test_geojson_file_is_missing(bad):
    problem = only(bad(request='[[request]]\ngeojson = "none.geojson"\n'))
    assert (problem.field, problem.value) == ("request[1].geojson", "none.geojson")
    assert "No such file" in problem.hint


# Satellites and their element sets


def test_satellite_without_sensor(bad):
    text = '[[satellite]]\nname = "SENTINEL-2A"\n\n[[satellite]]\nnorad_id = 25544\n'
    iss = (
        "ISS (ZARYA)\n"
        "1 25544U 98067A   26150.51748228  .00011776  00000+0  21767-3 0  9998\n"
        "2 25544  51.6337  27.5746 0007245 114.7080 245.4664 15.49496548569014\n"
    )
    top = 'elements = ["sats.3le", "iss.3le"]\n'
    folder = only_folder(bad)
    (folder / "iss.3le").write_text(iss)
    problem = bad(top=top, satellite=text)[-1]
    assert problem.field == "satellite[2].sensor"
    assert "given" in problem.wish
    assert "offnadir sensors" in problem.hint


def only_folder(bad: Callable[..., list[InputError]]) -> Path:
    """The folder that the fixture writes to, out of a complaint."""
    return Path(bad(satellite="")[0].where).parent


def test_unknown_sensor(bad):
    problem = only(bad(satellite=SATELLITE.replace("worldview-3", "worldview3")))
    assert (problem.field, problem.value) == ("satellite[1].sensor", "worldview3")
    assert "worldview-3" in problem.hint


def test_inline_sensor(good):
    inline = '[satellite.sensor]\nbase = "worldview-3"\nmax_off_nadir_deg = 20\n'
    (satellite,) = good(satellite="[[satellite]]\nnorad_id = 40115\n" + inline).satellites
    assert_allclose(satellite.max_off_nadir_rad, 20 * deg, rtol=1e-15)


def test_inline_sensor_is_checked(bad):
    inline = '[satellite.sensor]\nbase = "worldview-3"\naperture_m = 0\npitch_mm = 0.1\n'
    problems = bad(satellite="[[satellite]]\nnorad_id = 40115\n" + inline)
    assert [(p.field, p.value) for p in problems] == [
        ("satellite[1].sensor.aperture_m", 0),
        ("satellite[1].sensor.pitch_mm", 0.1),
    ]
    assert all(problem.where.endswith("mission.toml") for problem in problems)


def test_incomplete_inline_sensor(bad):
    problems = bad(satellite='[[satellite]]\nnorad_id = 40115\nsensor = {kind = "frame"}\n')
    assert "satellite[1].sensor.focal_length_m" in {problem.field for problem in problems}
    assert all("(missing)" in str(problem) for problem in problems)


def test_satellite_not_found(bad):
    problem = only(bad(satellite=SATELLITE.replace("norad_id = 40115", 'name = "WORLDWIEW-3"')))
    assert (problem.field, problem.value) == ('satellite[1] "WORLDWIEW-3".name', "WORLDWIEW-3")
    assert "WORLDVIEW-3 (WV-3)" in problem.hint
    problem = only(bad(satellite=SATELLITE.replace("40115", "40116")))
    assert (problem.field, problem.value) == ("satellite[1].norad_id", 40116)


def test_name_fits_several(bad):
    problem = only(bad(satellite='[[satellite]]\nname = "S"\nsensor = "worldview-3"\n'))
    assert problem.wish == "the name of one satellite"
    assert "SENTINEL-2A (40697)" in problem.hint


def test_satellite_without_number_and_name(bad):
    problem = only(bad(satellite='[[satellite]]\nsensor = "worldview-3"\n'))
    assert problem.field == "satellite[1].norad_id"


def test_slip_in_the_number_of_a_satellite(bad):
    problem = only(bad(satellite=SATELLITE.replace("norad_id", "norad")))
    assert (problem.field, problem.hint) == ("satellite[1].norad", "did you mean norad_id?")


def test_same_satellite_twice(bad):
    again = SATELLITE.replace("norad_id = 40115", 'name = "WORLDVIEW-3 (WV-3)"')
    problem = only(bad(satellite=SATELLITE + again))
    assert problem.wish == "a satellite of its own: satellite[1] is the same"


def test_two_satellites_of_one_name(bad):
    first = 'name = "Eye"\nnorad_id = 40115'
    both = SATELLITE.replace("norad_id = 40115", first)
    both += both.replace("40115", "40697")
    problem = only(bad(satellite=both))
    assert (problem.field, problem.value) == ('satellite[2] "Eye".name', "Eye")


def test_no_element_file(bad):
    problem = only(bad(top=""))
    assert problem.field == "elements"
    assert "files of element sets" in problem.wish


def test_element_file_is_missing(bad):
    problem = only(bad(top='elements = ["sats.3le", "none.3le"]\n'))
    assert (problem.field, problem.value) == ("elements[2]", "none.3le")
    assert "No such file" in problem.hint


def test_empty_element_file(bad, tmp_path):
    (tmp_path / "empty.3le").write_text("\n")
    problem = only(bad(top='elements = ["empty.3le"]\n'))
    assert (problem.field, problem.value) == ("elements[1]", "empty.3le")
    assert problem.hint == "the file is empty"


def test_refused_element_sets_are_counted(good, tmp_path):
    broken = SETS.replace("9998", "9990").replace("639293", "639290").replace("5555085", "5555080")
    (tmp_path / "more.3le").write_text(SETS + broken + broken)
    mission = good(top='elements = ["more.3le"]\n')
    told = [text for text in mission.warnings if "left out" in text]
    assert told[0].startswith("more.3le:")
    assert "checksum" in told[0]
    assert told[-1] == "more.3le: 6 element sets left out, 3 read"
    assert len(told) == 4  # three with their line, and the count


def test_decayed_satellite(bad, tmp_path):
    (tmp_path / "decay.tle").write_text(DECAYING)
    problem = only(
        bad(
            top='elements = ["decay.tle"]\n',
            span="[span]\nstart = 2006-06-19T08:00:00Z\nduration = '2 d'\n",
            satellite=SATELLITE.replace("40115", "29141"),
        )
    )
    assert problem.field == "satellite[1]"
    assert "29141" in str(problem.value)
    assert problem.wish == "a satellite that SGP4 can follow throughout the span"
    assert problem.hint.startswith("SGP4 error 6, the satellite has decayed, at 2006-06-19T13:")


def test_satellite_that_decays_before_the_span(bad):
    """In 2056 SGP4 has no complaint any more about this set, for which it decays in 2031."""
    span = "[span]\nstart = 2056-01-01\nduration = '1 d'\n"
    problem = only(bad(span=span, satellite=SATELLITE.replace("40115", "41601")))
    assert problem.hint.startswith("SGP4 error 6, the satellite has decayed, at 2031-")


def test_old_element_set_is_a_warning(good):
    mission = good(span="[span]\nstart = 2026-06-09\nduration = '1 d'\n")
    (warning,) = mission.warnings
    # From 2026-05-30 13:56 to 2026-06-10 00:00.
    assert "is 10.4 days from the far end of the span" in warning
    assert re.search(r"wrong by up to [\d.]+ s in two cases of three, [\d.]+ s in nine", warning)


# Stations


@pytest.mark.parametrize(
    ("mask", "key", "wish"),
    [
        ("[[0, 5], [90]]", "mask[2]", "[azimuth, elevation] in degrees"),
        ("[[0, 5], [400, 5]]", "mask[2]", "[azimuth, elevation] in degrees"),
        ("[[0, 5], [90, 95]]", "mask[2]", "[azimuth, elevation] in degrees"),
        ("[[90, 5], [0, 5]]", "mask[2]", "at an azimuth above the one before it, 90"),
        ("[[0, 5], [360, 7]]", "mask[2]", "as high at azimuth 360 as at 0"),
        ("5", "mask", "a list of [azimuth, elevation]"),
    ],
)
def test_wrong_masks(bad, mask, key, wish):
    problem = only(bad(station=STATION + f"mask = {mask}\n"))
    assert problem.field == f'station[1] "Daejeon".{key}'
    assert problem.wish.startswith(wish)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("antennas = 0", "antennas"),
        ("antennas = 1.5", "antennas"),
        ("min_elevation_deg = 90", "min_elevation_deg"),
        ("min_elevation_rad = 0.1", "min_elevation_rad"),
    ],
)
def test_wrong_stations(bad, line, key):
    assert only(bad(station=STATION + line + "\n")).field == f'station[1] "Daejeon".{key}'


@pytest.mark.parametrize(
    "line", ["seed = -1", "seed = 1.5", "time_limit_s = 0", "start_step_s = 0"]
)
def test_wrong_solver_options(bad, line):
    assert only(bad(f"[solver]\n{line}\n")).field == f"solver.{line.split()[0]}"


PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "mission-file.md").read_text("utf-8")


def test_every_key_is_documented():
    """The page names every key that the reader knows, and the reader knows every key there."""
    from offnadir.planning import _fleet_rules as fleet
    from offnadir.planning import _rules as rules
    from offnadir.planning import _wish_kinds as kinds
    from offnadir.planning._fleet import SATELLITE_KEYS
    from offnadir.planning._ground import STATION_KEYS
    from offnadir.planning._requests import REQUEST_KEYS

    sections = re.split(r"^### `\[satellite.sensor\]`$|^## ", PAGE, flags=re.MULTILINE)
    of_sensors = [part for part in sections if "| `base` |" in part]
    rest = "".join(part for part in sections if "| `base` |" not in part)
    names = {"span", "satellite", "station", "outage", "request_defaults", "request", "choice"}
    tables = (SPAN_KEYS, SATELLITE_KEYS, STATION_KEYS, REQUEST_KEYS, SOLVER_KEYS)
    tables += (fleet.SLEW_KEYS, fleet.BATTERY_KEYS, fleet.THERMAL_KEYS)
    tables += (kinds.STEREO_KEYS, kinds.COVER_KEYS, kinds.REPEAT_KEYS)
    tables += (rules.OUTAGE_KEYS, rules.CHOICE_KEYS, rules.WEATHER_KEYS)
    known = MISSION_KEYS.keys() - names - {"weather", "solver"}
    known |= {key for table in tables for key in table}
    assert set(re.findall(r"^\| `(\w+)`", rest, re.MULTILINE)) == known
    assert len(of_sensors) == 1


def test_every_key_of_a_sensor_is_documented(bad):
    (section,) = (
        part for part in re.split(r"^##+ ", PAGE, flags=re.MULTILINE) if "| `base`" in part
    )
    keys = re.findall(r"^\| `(\w+)`", section, re.MULTILINE)
    # A wrong value of each key on the page is complained of as a value, not as an unknown key.
    lines = [f"{key} = [[1]]" for key in keys if key not in ("base", "name")]
    problems = bad(
        satellite="[[satellite]]\nnorad_id = 40115\n[satellite.sensor]\n" + "\n".join(lines)
    )
    assert {problem.field for problem in problems} == {
        f"satellite[1].sensor.{key}" for key in keys if key not in ("base", "name")
    }
    assert all("known here" not in problem.wish for problem in problems)


def test_the_example_of_the_page_works(tmp_path):
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    (tmp_path / "mission.toml").write_text(example[1])
    kompsat = (
        "KOMPSAT-3A\n"
        "1 40536U 15014A   26150.59361315  .00026749  00000+0  40066-3 0  9992\n"
        "2 40536  97.6881 140.6812 0055091 239.4643 120.1165 15.53142044619081\n"
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "elements.omm.json").write_text(SETS)  # what is in a file counts, not its name
    (tmp_path / "more" / "late.3le").write_text(kompsat)
    (tmp_path / "ports.geojson").write_text(features(("Busan", BUSAN, {})))
    mission = load_mission(tmp_path / "mission.toml")
    assert [one.name for one in mission.satellites] == ["WORLDVIEW-3 (WV-3)", "Arirang 3A"]
    assert [one.name for one in mission.requests] == [
        "Sohae", "Vostochny", "Incheon harbour", "Gyeonggi bay", "Busan, morning and evening", "Busan",
    ]  # fmt: skip
    assert [one.station for one in mission.outages] == ["Svalbard"]
    assert [one.requests for one in mission.choices] == [("Sohae", "Vostochny")]
    assert mission.warnings == ()
