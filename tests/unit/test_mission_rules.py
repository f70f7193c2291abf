"""The rules a mission may add: what they mean, each key wrong in every way, rules that contradict others."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.epoch import Epoch
from offnadir.errors import InputError, InputProblems, OffnadirError
from offnadir.planning import load_mission
from offnadir.planning.model import (
    LONGEST_PICTURE_S,
    Battery,
    Blocked,
    Choice,
    Cover,
    DutyCycle,
    Mission,
    Outage,
    Repeat,
    Slew,
    Stereo,
    Thermal,
    Weather,
)
from offnadir.quality import CloudCube
from offnadir.sensors import Duty
from offnadir.units import deg, hour
from sample_missions import MISSIONS, SETS, write_clouds, write_mission

SQUARE = "[[125.9, 36.9], [125.95, 36.9], [125.95, 36.94], [125.9, 36.94]]"
SPAN_TEXT = "2026-05-31T00:00:00Z to 2026-06-01T12:00:00Z"
FORMOSAT = """\
FORMOSAT-5
1 42920U 17049A   26150.50000000  .00000100  00000+0  30000-4 0  9994
2 42920  98.2800 225.0000 0010000  90.0000 270.0000 14.50900000400007
"""


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """A mission file of a satellite, a station and requests A (a point) and B (an area), with additions."""
    (tmp_path / "sats.3le").write_text(SETS)

    def write(
        satellite: str = "",
        station: str = "",
        a: str = "",
        b: str = "",
        more: str = "",
        defaults: str = "",
    ) -> Path:
        path = tmp_path / "mission.toml"
        path.write_text(f"""\
elements = "sats.3le"
[span]
start = 2026-05-31T00:00:00Z
duration = "36 h"
[[satellite]]
norad_id = 40115
name = "WV3"
sensor = "worldview-3"
{satellite}
[[station]]
name = "Daejeon"
lat_deg = 36.37
lon_deg = 127.36
{station}
[request_defaults]
{defaults}
[[request]]
name = "A"
lat_deg = 37.5
lon_deg = 127.0
{a}
[[request]]
name = "B"
polygon = {SQUARE}
max_gsd_m = 2
{b}
{more}
""")
        return path

    return write


@pytest.fixture
def good(file: Callable[..., Path]) -> Callable[..., Mission]:
    return lambda **parts: load_mission(file(**parts))


@pytest.fixture
def bad(file: Callable[..., Path]) -> Callable[..., list[InputError]]:
    def load(**parts: str) -> list[InputError]:
        path = file(**parts)
        with pytest.raises(OffnadirError) as caught:
            load_mission(path)
        assert caught.value.exit_code == 2
        if isinstance(caught.value, InputProblems):
            return list(caught.value.problems)
        assert isinstance(caught.value, InputError)
        assert caught.value.where.endswith("mission.toml")
        return [caught.value]

    return load


def only(problems: list[InputError]) -> InputError:
    assert len(problems) == 1, problems
    return problems[0]


def at(text: str) -> Epoch:
    return Epoch.from_utc(text)


# What a file means


def test_a_mission_that_says_nothing_of_it(good):
    mission = good()
    (satellite,) = mission.satellites
    assert satellite.slew is None
    assert satellite.slew_law == Slew.of(satellite.sensor.agility)
    assert (satellite.max_pictures_per_orbit, satellite.imaging_s_per_orbit) == (None, None)
    assert satellite.max_duration_s is None
    assert satellite.longest_picture_s == LONGEST_PICTURE_S
    assert (satellite.duty, satellite.battery, satellite.thermal) == (None, None, None)
    assert (satellite.compression, satellite.blocked, satellite.next_uplink) == (1.0, (), None)
    assert mission.stations[0].setup_s == 0.0
    assert (mission.outages, mission.choices, mission.weather) == ((), (), None)
    for request in mission.requests:
        assert (request.tier, request.cover, request.repeat) == (1, None, None)
        assert (request.after, request.after_within_s) == (None, None)


def test_limits_of_a_satellite(good):
    mission = good(
        satellite="""
max_pictures_per_orbit = 6
imaging_s_per_orbit = 90
max_duration_s = 12.5
compression = 4
duty = { imaging_s = 600, in_s = 5400 }
thermal = { heating_k_s = 0.5, time_constant_s = 600, max_rise_k = 20, initial_rise_k = 2 }
next_uplink = "2026-05-31T09:00+09:00"
blocked = [
  { start = 2026-06-01T00:00:00Z, stop = 2026-06-01T01:00:00Z },
  { start = 2026-05-30T23:00:00Z, stop = 2026-05-31T01:00:00Z, why = "calibration" },
]
[satellite.battery]
capacity_wh = 100
charge_w = 200
idle_w = 50
imaging_w = 80
slew_w = 30
"""
    )
    assert mission.warnings == ()
    (one,) = mission.satellites
    assert (one.max_pictures_per_orbit, one.imaging_s_per_orbit) == (6, 90.0)
    assert (one.max_duration_s, one.longest_picture_s, one.compression) == (12.5, 12.5, 4.0)
    assert one.duty == DutyCycle(imaging_s=600, in_s=5400)
    assert one.thermal is not None
    assert one.thermal.initial_rise_k == 2.0
    assert one.next_uplink == mission.span.start
    # In order of time, cut to the span.
    assert one.blocked == (
        Blocked(start=mission.span.start, stop=at("2026-05-31T01:00:00Z"), why="calibration"),
        Blocked(start=at("2026-06-01T00:00:00Z"), stop=at("2026-06-01T01:00:00Z")),
    )
    assert one.battery == Battery(
        capacity_wh=100, initial_wh=100, max_depth_of_discharge=0.3,
        charge_w=200, idle_w=50, imaging_w=80, slew_w=30, downlink_w=0,
    )  # fmt: skip
    assert_allclose(one.battery.floor_wh, 70.0)


def test_duty_is_that_of_the_sensor_unless_told(good, tmp_path):
    """FORMOSAT-5 may take pictures for 8 % of an orbit of 99 min, 475.2 s; NSPO."""
    satellite = '[[satellite]]\nnorad_id = 42920\nelements = "f5.3le"\n'
    (tmp_path / "f5.3le").write_text(FORMOSAT)
    f5 = good(satellite=satellite).satellites[1]
    assert f5.sensor.duty.imaging_s_per_orbit is not None
    assert f5.imaging_s_per_orbit == f5.sensor.duty.imaging_s_per_orbit
    assert_allclose(f5.imaging_s_per_orbit, 475.2, rtol=0.01)
    assert (
        good(satellite=satellite + "imaging_s_per_orbit = 60").satellites[1].imaging_s_per_orbit
        == 60.0
    )
    sensor = replace(f5.sensor, duty=Duty(max_duration_s=8.0))
    assert replace(f5, sensor=sensor, max_duration_s=None).longest_picture_s == 8.0


@pytest.mark.parametrize(
    ("text", "slew"),
    [
        ('{ law = "euler" }', None),
        (
            '{ law = "per_axis", rate_deg_s = [2, 1], acceleration_deg_s2 = [0.5, 0.25], settling_s = 3 }',
            Slew(
                law="per_axis",
                rate_rad_s=(2 * deg, 1 * deg),
                acceleration_rad_s2=(0.5 * deg, 0.25 * deg),
                settling_s=3,
            ),
        ),
        (
            '{ law = "table", table = [[0, 5], [10, 12], [60, 40]] }',
            Slew(law="table", table=((0, 5), (10 * deg, 12), (60 * deg, 40))),
        ),
    ],
)
def test_slew_laws(good, text, slew):
    assert good(satellite=f"slew = {text}").satellites[0].slew == slew


def test_settling_of_an_axis_law_is_the_sensors_unless_told(good):
    one = good(
        satellite='slew = { law = "per_axis", rate_deg_s = [2, 1], acceleration_deg_s2 = [1, 1] }'
    ).satellites[0]
    assert one.slew.settling_s == one.sensor.agility.settling_s > 0


def test_setup_and_outages(good):
    mission = good(
        station="setup_s = 45",
        more="""
[[outage]]
station = "Daejeon"
start = 2026-05-30T00:00:00Z
stop = 2026-05-31T06:00:00Z
[[outage]]
station = "Daejeon"
satellite = "WV3"
start = 2026-05-31T08:00:00Z
stop = "2026-05-31T18:00:00+09:00"
""",
    )
    assert mission.stations[0].setup_s == 45.0
    assert mission.outages == (
        Outage(station="Daejeon", start=mission.span.start, stop=at("2026-05-31T06:00:00Z")),
        Outage(
            station="Daejeon", satellite="WV3",
            start=at("2026-05-31T08:00:00Z"), stop=at("2026-05-31T09:00:00Z"),
        ),
    )  # fmt: skip


def test_kinds_of_requests(good):
    mission = good(
        defaults="tier = 2",
        a='repeat = { count = 4, min_spacing = "3 h", max_spacing = "9 h" }\ntier = 3',
        b="cover = { curve = [[0, 0], [0.4, 0.1], [0.7, 0.4], [1, 1]], overlap = 0.1 }",
        more='[[request]]\nname = "C"\nlat_deg = 36\nlon_deg = 127\nstereo = { views = 3 }\n'
        'after = "D"\nafter_within = "90 min"\n'
        '[[request]]\nname = "D"\nlat_deg = 36\nlon_deg = 128\n'
        '[[choice]]\nrequests = ["A", "B", "D"]\nat_most = 2\n'
        '[[choice]]\nrequests = ["A", "B"]\n',
    )
    a, b, c, d = mission.requests
    assert a.repeat == Repeat(count=4, min_spacing_s=3 * hour, max_spacing_s=9 * hour)
    assert (a.tier, b.tier) == (3, 2)
    assert b.cover == Cover(curve=((0, 0), (0.4, 0.1), (0.7, 0.4), (1, 1)), overlap=0.1)
    assert c.stereo == Stereo(views=3)
    assert (c.after, c.after_within_s) == ("D", 90 * 60.0)
    assert (d.after, d.after_within_s) == (None, None)
    assert mission.choices == (
        Choice(requests=("A", "B", "D"), at_most=2),
        Choice(requests=("A", "B"), at_most=1),
    )


def test_the_curve_is_straight_between_its_corners():
    """By hand: 0.2 of the way between (0.4, 0.1) and (0.7, 0.4) are 0.46 and 0.16."""
    cover = Cover(curve=((0, 0), (0.4, 0.1), (0.7, 0.4), (1, 1)))
    assert_allclose(
        cover.worth([0.0, 0.2, 0.46, 0.85, 1.0, 1.02]), [0, 0.05, 0.16, 0.7, 1, 1], atol=1e-12
    )
    assert_allclose(Cover().worth(0.37), 0.37)


def test_heat_by_hand():
    """1 K/s for a time constant of 100 s comes to 100 (1 - 1/e) = 63.21 K; from 50 K, 50/e more."""
    thermal = Thermal(heating_k_s=1.0, time_constant_s=100.0, max_rise_k=90.0)
    assert_allclose(thermal.rise_k(100.0), 63.2120559, rtol=1e-8)
    assert_allclose(thermal.rise_k(100.0, 50.0), 63.2120559 + 18.3939721, rtol=1e-8)


def test_defaults_that_do_not_fit_a_request(good):
    """Strips by default are for areas only, and every kind can be taken back."""
    a, b = good(defaults="cover = true").requests
    assert (a.cover, b.cover) == (None, Cover())
    a, b = good(defaults="cover = true", b="cover = false\nstereo = true").requests
    assert (b.cover, b.stereo) == (None, Stereo())
    a, b = good(defaults="repeat = { count = 2 }", b="repeat = false\ncover = true").requests
    assert (a.repeat, b.repeat, b.cover) == (Repeat(count=2), None, Cover())


def test_properties_of_features(good, tmp_path):
    feature = {
        "type": "Feature",
        "properties": {"name": "F", "tier": 2, "after": "A", "after_within": "2 h", "repeat": None},
        "geometry": {"type": "Point", "coordinates": [127, 36]},
    }
    (tmp_path / "f.geojson").write_text(json.dumps(feature))
    request = good(more='[[request]]\ngeojson = "f.geojson"').requests[2]
    assert (request.tier, request.after, request.after_within_s) == (2, "A", 2 * hour)


def test_weather(good, tmp_path):
    write_clouds(tmp_path / "clouds.nc", hours=(0.0, 48.0))
    mission = good(more='[weather]\ncloud_cube = "clouds.nc"\nmin_clear = 0.3')
    assert mission.weather is not None
    assert (mission.weather.min_clear, mission.weather.source) == (0.3, "clouds.nc")
    assert mission.sha256 == digest(tmp_path, "mission.toml", "sats.3le", "clouds.nc")


def digest(folder: Path, *names: str) -> str:
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in names)).hexdigest()


def cube(hours: tuple[float, ...] = (0.0, 48.0)) -> CloudCube:
    start = at("2026-05-31T00:00:00Z")
    cover = np.zeros((2, 3, 2, 2), np.float32)
    cover[:, 2] = 1.0  # one member of three says overcast
    return CloudCube(
        source="made up",
        tai_ns=np.array([(start + one * hour).tai_ns for one in hours]),
        lat_deg=np.array([30.0, 40.0]),
        lon_deg=np.array([120.0, 130.0]),
        cover=cover,
    )


def test_the_sky_is_clear_where_nothing_is_forecast(good):
    a, _ = good().requests
    sky = Weather(cube=cube())
    start = at("2026-05-31T00:00:00Z")
    times = [start.tai_ns, (start + 24 * hour).tai_ns, (start + 49 * hour).tai_ns]
    assert_allclose(sky.clear_sky(a.aim, times), [2 / 3, 2 / 3, 1.0], rtol=1e-6)
    assert_allclose(sky.clear_sky(replace(a.aim, lat_rad=10 * deg), times), 1.0)


def test_weather_that_tells_only_a_part_is_a_warning(good, tmp_path):
    write_clouds(tmp_path / "clouds.nc", hours=(0.0, 6.0))  # hours of 1 June
    (warning,) = good(more='[weather]\ncloud_cube = ["clouds.nc"]').warnings
    assert "weather: for 2 of 2 requests the forecast does not tell all of the window" in warning
    assert "A is before the forecast (2026-06-01T00:00:00Z to 2026-06-01T06:00:00Z)" in warning


@pytest.mark.parametrize("name", MISSIONS)
def test_the_sample_missions_are_right(tmp_path, name):
    mission = load_mission(write_mission(tmp_path, name))
    assert mission.name == name
    doubtful = [
        one for one in mission.warnings if "element set" not in one and "forecast" not in one
    ]
    assert doubtful == []


# Each key wrong in every way

SLEW = 'slew = {{ law = "per_axis", rate_deg_s = [2, 1], acceleration_deg_s2 = [1, 1], {} }}'
BATTERY = {"capacity_wh": 100, "charge_w": 200, "idle_w": 50, "imaging_w": 80, "slew_w": 30}
THERMAL = {"heating_k_s": 0.5, "time_constant_s": 600, "max_rise_k": 20}
DUTY = {"imaging_s": 600, "in_s": 5400}
WHOLE, NUMBER = "a whole number from", "a number"


def table(name: str, values: dict[str, object], **changes: object) -> str:
    inner = ", ".join(f"{key} = {json.dumps(value)}" for key, value in (values | changes).items())
    return f"{name} = {{ {inner} }}"


NUMBERS = [  # where, key, wish, values out of range
    ("satellite", "max_pictures_per_orbit", WHOLE, (0, 10_001, 1.5)),
    ("satellite", "imaging_s_per_orbit", NUMBER, (0, 1e6, -1)),
    ("satellite", "max_duration_s", NUMBER, (0, 1e6)),
    ("satellite", "compression", NUMBER, (0.99, 0, 1001)),
    ("station", "setup_s", NUMBER, (-1, 3601)),
    ("request", "tier", WHOLE, (0, 4, 1.0)),
    ("slew", "settling_s", NUMBER, (-1, 601)),
    ("duty", "imaging_s", NUMBER, (0, -5)),
    ("duty", "in_s", NUMBER, (0, 3e6)),
    ("battery", "capacity_wh", NUMBER, (0, 1e7)),
    ("battery", "initial_wh", NUMBER, (-1, 1e7)),
    ("battery", "max_depth_of_discharge", NUMBER, (0, 1.1)),
    ("battery", "charge_w", NUMBER, (-1, 1e7)),
    ("battery", "idle_w", NUMBER, (-1, 1e7)),
    ("battery", "imaging_w", NUMBER, (-1, 1e7)),
    ("battery", "slew_w", NUMBER, (-1, 1e7)),
    ("battery", "downlink_w", NUMBER, (-1, 1e7)),
    ("thermal", "heating_k_s", NUMBER, (0, 101)),
    ("thermal", "time_constant_s", NUMBER, (0, 1e7)),
    ("thermal", "max_rise_k", NUMBER, (0, 1001)),
    ("thermal", "initial_rise_k", NUMBER, (-1, 1001)),
    ("stereo", "views", WHOLE, (1, 4, 2.0)),
    ("repeat", "count", WHOLE, (1, 0, 1001, 2.0)),
    ("cover", "overlap", NUMBER, (-0.1, 0.95)),
    ("choice", "at_most", WHOLE, (0, -1, 1.0)),
    ("weather", "min_clear", NUMBER, (-0.1, 1.1)),
]
CASES = [
    (where, key, wish, value)
    for where, key, wish, values in NUMBERS
    for value in (*values, "1", True, [1], {}, math.nan, math.inf)
]


def put(where: str, key: str, value: object) -> tuple[dict[str, str], str]:
    """Parts of a file with this value of a key, and the field of the complaint."""
    written = {"Infinity": "inf", "NaN": "nan"}.get(json.dumps(value), json.dumps(value))
    line = f"{key} = {written}"
    satellite = 'satellite[1] "WV3".'
    if where == "satellite":
        return {"satellite": line}, satellite + key
    if where == "station":
        return {"station": line}, f'station[1] "Daejeon".{key}'
    if where == "request":
        return {"a": line}, f'request[1] "A".{key}'
    if where == "slew":
        return {"satellite": SLEW.format(line)}, f"{satellite}slew.{key}"
    if where in ("duty", "battery", "thermal"):
        keys = {"duty": DUTY, "battery": BATTERY, "thermal": THERMAL}[where]
        text = table(where, keys, **{key: "@"}).replace('"@"', written)
        return {"satellite": text}, f"{satellite}{where}.{key}"
    if where in ("stereo", "repeat"):
        return {"a": f"{where} = {{ {line} }}"}, f'request[1] "A".{where}.{key}'
    if where == "cover":
        return {"b": f"{where} = {{ {line} }}"}, f'request[2] "B".{where}.{key}'
    if where == "choice":
        return {"more": f'[[choice]]\nrequests = ["A", "B"]\n{line}'}, f"choice[1].{key}"
    return {"more": f'[weather]\ncloud_cube = "clouds.nc"\n{line}'}, f"weather.{key}"


@pytest.mark.parametrize(("where", "key", "wish", "value"), CASES)
def test_wrong_numbers(bad, tmp_path, where, key, wish, value):
    if where == "weather":
        write_clouds(tmp_path / "clouds.nc", hours=(-24.0, 24.0))
    parts, field = put(where, key, value)
    problem = only(bad(**parts))
    assert problem.field == field
    assert problem.wish.startswith(wish)
    if value == "1":
        assert problem.hint == "without quotes"


@pytest.mark.parametrize(
    ("where", "key"),
    [
        *(("duty", key) for key in DUTY),
        *(("battery", key) for key in BATTERY),
        *(("thermal", key) for key in THERMAL),
    ],
)
def test_missing_keys(bad, where, key):
    keys = {"duty": DUTY, "battery": BATTERY, "thermal": THERMAL}[where]
    text = table(where, {one: value for one, value in keys.items() if one != key})
    problem = only(bad(satellite=text))
    assert problem.field == f'satellite[1] "WV3".{where}.{key}'
    assert problem.wish.startswith("given: a number ")


@pytest.mark.parametrize(
    ("part", "line", "field", "hint"),
    [
        ("satellite", "max_images_per_orbit = 3", "max_images_per_orbit", "max_pictures_per_orbit?"),
        ("satellite", "imaging_min_per_orbit = 3", "imaging_min_per_orbit", "imaging_s_per_orbit?"),
        ("satellite", "max_duration_ms = 3", "max_duration_ms", "max_duration_s, in seconds?"),
        ("satellite", 'slew = { law = "euler", settling_ms = 3 }', "slew.settling_ms",
         "settling_s, in seconds?"),
        ("satellite", SLEW.format("settling_s = 3").replace("rate_deg_s", "rate_rad_s"), "slew.rate_rad_s",
         "rate_deg_s, in degrees a second?"),
        ("satellite", SLEW.format("settling_s = 3").replace("acceleration_deg_s2", "acceleration_rad_s2"),
         "slew.acceleration_rad_s2", "acceleration_deg_s2, in degrees a second squared?"),
        ("satellite", table("battery", BATTERY, capacity_kwh=1).replace("capacity_wh = 100, ", ""),
         "battery.capacity_kwh", "capacity_wh, in watt hours?"),
        ("satellite", table("battery", BATTERY, charge_kw=1).replace("charge_w = 200, ", ""),
         "battery.charge_kw", "charge_w, in watts?"),
        ("satellite", table("battery", BATTERY, dod=0.3), "battery.dod", "max_depth_of_discharge?"),
        ("satellite", table("thermal", THERMAL, heating_k_min=1).replace("heating_k_s = 0.5, ", ""),
         "thermal.heating_k_min", "heating_k_s, in kelvins a second?"),
        ("satellite", table("duty", DUTY, imaging_min=1).replace("imaging_s = 600, ", ""),
         "duty.imaging_min", "imaging_s, in seconds?"),
        ("satellite", "duty_cycle = 0.1", "duty_cycle", "duty?"),
        ("satellite", "uplink = 2026-05-31T03:00:00Z", "uplink", "next_uplink?"),
        ("station", "setup_min = 1", "setup_min", "setup_s, in seconds?"),
        ("a", "revisit = 3", "revisit", "repeat?"),
        ("a", "repeat = { count = 2, min_spacing_s = 3 }", "repeat.min_spacing_s", "min_spacing?"),
        ("a", "after_within_s = 3", "after_within_s", "after_within?"),
        ("a", "tiers = 3", "tiers", "tier?"),
        ("b", "cover = { overlap_percent = 5 }", "cover.overlap_percent", "overlap?"),
        ("a", "stereo = { pictures = 3 }", "stereo.pictures", "known here"),
    ],
)  # fmt: skip
def test_unknown_keys_have_a_hint(bad, part, line, field, hint):
    whose = {"satellite": 'satellite[1] "WV3".', "station": 'station[1] "Daejeon".',
             "a": 'request[1] "A".', "b": 'request[2] "B".'}[part]  # fmt: skip
    problem = only(bad(**{part: line}))
    assert problem.field == whose + field
    assert problem.wish == "a key that is known here"
    assert hint in problem.hint


@pytest.mark.parametrize("wrong", ["3", '"yes"', "true", "[1]"])
@pytest.mark.parametrize("key", ["slew", "duty", "battery", "thermal"])
def test_tables_that_are_none(bad, key, wrong):
    problem = only(bad(satellite=f"{key} = {wrong}"))
    assert problem.field == f'satellite[1] "WV3".{key}'
    assert problem.wish.startswith("a table with ")


@pytest.mark.parametrize(
    ("text", "key", "wish"),
    [
        ('law = "eigenaxis"', "law", 'one of "euler"'),
        ("law = 3", "law", 'one of "euler"'),
        ("settling_s = 3", "law", 'given: one of "euler", "per_axis", "table"'),
        ('law = "euler", rate_deg_s = [1, 1]', "rate_deg_s", "left out"),
        ('law = "euler", settling_s = 1', "settling_s", "left out"),
        ('law = "table", table = [[0, 1], [1, 2]], rate_deg_s = [1, 1]', "rate_deg_s", "left out"),
        ('law = "per_axis", rate_deg_s = [1, 1]', "acceleration_deg_s2", "given"),
        ('law = "per_axis", acceleration_deg_s2 = [1, 1]', "rate_deg_s", "given"),
        ('law = "per_axis", rate_deg_s = [1], acceleration_deg_s2 = [1, 1]', "rate_deg_s", "a list of two"),
        ('law = "per_axis", rate_deg_s = 1, acceleration_deg_s2 = [1, 1]', "rate_deg_s", "a list of two"),
        ('law = "per_axis", rate_deg_s = [0, 1], acceleration_deg_s2 = [1, 1]', "rate_deg_s[1]", NUMBER),
        ('law = "per_axis", rate_deg_s = [1, 31], acceleration_deg_s2 = [1, 1]', "rate_deg_s[2]", NUMBER),
        ('law = "per_axis", rate_deg_s = [1, 1], acceleration_deg_s2 = [1, "1"]',
         "acceleration_deg_s2[2]", NUMBER),
        ('law = "table"', "table", "given"),
        ('law = "table", table = 3', "table", "a list of [angle, time] pairs"),
        ('law = "table", table = [[0, 1]]', "table", "at least two pairs [angle deg, seconds]"),
        ('law = "table", table = [[0, 1], [5, 2], [5, 3]]', "table",
         "at an angle above the one before it, 5"),
        ('law = "table", table = [[0, 3], [5, 2]]', "table", "no less than the time before it, 3 s"),
        ('law = "table", table = [[0, 1], [181, 2]]', "table[2]", "[angle, time] pairs"),
        ('law = "table", table = [[0, 1], [5]]', "table[2]", "[angle, time] pairs"),
        ('law = "table", table = [[0, 1], [5, true]]', "table[2]", "[angle, time] pairs"),
        ('law = "table", table = [[0, 1], 5]', "table[2]", "[angle, time] pairs"),
        ('law = "table", table = [[0, 1], [5, 2]], rate_deg_s = [2]', "rate_deg_s", "left out"),
    ],
)  # fmt: skip
def test_wrong_slews(bad, text, key, wish):
    problem = only(bad(satellite=f"slew = {{ {text} }}"))
    assert problem.field == f'satellite[1] "WV3".slew.{key}'
    assert problem.wish.startswith(wish)


def test_a_law_misspelt_has_a_hint(bad):
    assert only(bad(satellite='slew = { law = "Per_Axis" }')).hint == 'did you mean "per_axis"?'


@pytest.mark.parametrize(
    ("text", "key", "wish"),
    [
        ("3", "", "a list of tables"),
        ("[3]", "[1]", "a table with start, stop, why"),
        ("[{ start = 2026-05-31T01:00:00Z }]", "[1].stop", "given: a UTC time"),
        ("[{ stop = 2026-05-31T01:00:00Z }]", "[1].start", "given: a UTC time"),
        ('[{ start = "noon", stop = 2026-05-31T01:00:00Z }]', "[1].start", "a UTC time"),
        ("[{ start = 2026-05-31T02:00:00Z, stop = 2026-05-31T01:00:00Z }]", "[1].stop", "later than start"),
        ("[{ start = 2026-05-31T02:00:00Z, stop = 2026-05-31T02:00:00Z }]", "[1].stop", "later than start"),
        ("[{ start = 2026-05-29T02:00:00Z, stop = 2026-05-31T00:00:00Z }]", "[1]",
         "within the mission's span"),
        ("[{ start = 2026-06-01T12:00:00Z, stop = 2026-06-02T00:00:00Z }]", "[1]",
         "within the mission's span"),
        ("[{ start = 2026-05-31T01:00:00Z, stop = 2026-05-31T02:00:00Z, why = 3 }]", "[1].why", "a text"),
    ],
)  # fmt: skip
def test_wrong_blocked_times(bad, text, key, wish):
    problem = only(bad(satellite=f"blocked = {text}"))
    assert problem.field == f'satellite[1] "WV3".blocked{key}'
    assert problem.wish.startswith(wish)


@pytest.mark.parametrize(
    "ends", [("00:00:00Z", "2026-06-01T12:00:00Z"), ("00:00:00Z", "2026-07-01T00:00:00Z")]
)
def test_a_satellite_blocked_throughout_is_a_warning(good, ends):
    blocked = f"[{{ start = 2026-05-31T{ends[0]}, stop = 2026-05-31T20:00:00Z }}, " \
              f"{{ start = 2026-05-31T19:00:00Z, stop = {ends[1]} }}]"  # fmt: skip
    (warning,) = good(satellite=f"blocked = {blocked}").warnings
    assert "the whole span is blocked" in warning


@pytest.mark.parametrize("when", ["2026-05-30T23:59:59Z", "2026-06-01T12:00:01Z"])
def test_uplink_outside_the_span(bad, when):
    problem = only(bad(satellite=f"next_uplink = {when}"))
    assert problem.field == 'satellite[1] "WV3".next_uplink'
    assert problem.wish == f"within the mission's span, {SPAN_TEXT}"


@pytest.mark.parametrize("when", ["3", '"tomorrow"', "true"])
def test_uplink_that_is_no_time(bad, when):
    problem = only(bad(satellite=f"next_uplink = {when}"))
    assert problem.field == 'satellite[1] "WV3".next_uplink'
    assert problem.wish.startswith("a UTC time") or when == '"tomorrow"'


C = '[[request]]\nname = "C"\nlat_deg = 36\nlon_deg = 127\n'
OUTAGE = {"station": '"Daejeon"', "start": "2026-05-31T02:00:00Z", "stop": "2026-05-31T03:00:00Z"}


@pytest.mark.parametrize(
    ("changes", "key", "wish"),
    [
        ({"station": None}, ".station", "given"),
        ({"start": None}, ".start", "given"),
        ({"stop": None}, ".stop", "given"),
        ({"station": '"Svalbard"'}, ".station", "the name of a station of this mission"),
        ({"satellite": '"GeoEye-1"'}, ".satellite", "the name of a satellite of this mission"),
        ({"station": "3"}, ".station", "a text"),
        ({"stop": "2026-05-31T01:00:00Z"}, ".stop", "later than start"),
        (
            {"start": "2026-07-31T01:00:00Z", "stop": "2026-08-01T00:00:00Z"},
            "",
            "within the mission's span",
        ),
        ({"why": '"storm"'}, ".why", "a key that is known here"),
    ],
)
def test_wrong_outages(bad, changes, key, wish):
    lines = [f"{name} = {value}" for name, value in (OUTAGE | changes).items() if value is not None]
    problem = only(bad(more="[[outage]]\n" + "\n".join(lines)))
    assert problem.field == f"outage[1]{key}"
    assert problem.wish.startswith(wish)


def test_names_close_by_are_told(bad):
    problems = bad(
        a='after = "b"',
        more='[[outage]]\nstation = "Deajeon"\nsatellite = "wv3"\n'
        "start = 2026-05-31T02:00:00Z\nstop = 2026-05-31T03:00:00Z\n"
        '[[choice]]\nrequests = ["A", "a"]\n',
    )
    assert [(one.field, one.hint) for one in problems] == [
        ('request[1] "A".after', "did you mean B?"),
        ("choice[1].requests", "did you mean A?"),
        ("outage[1].station", "did you mean Daejeon?"),
        ("outage[1].satellite", "did you mean WV3?"),
    ]


def test_a_name_that_is_wrong_elsewhere_is_no_second_mistake(bad):
    """B is refused for its weight: that it is not among the sound requests is nobody's business."""
    problem = only(
        bad(a='after = "B"', b="weight = -1", more='[[choice]]\nrequests = ["B", "C"]\n' + C)
    )
    assert problem.field == 'request[2] "B".weight'
    outage = '[[outage]]\nstation = "Daejeon"\nstart = 2026-05-31T02:00:00Z\nstop = 2026-05-31T03:00:00Z\n'
    problem = only(bad(station="setup_s = -1", more=outage))
    assert problem.field == 'station[1] "Daejeon".setup_s'
    problem = only(bad(satellite="compression = 0", more=outage + 'satellite = "WV3"'))
    assert problem.field == 'satellite[1] "WV3".compression'
    problem = only(bad(a='after = "Busan"', more='[[request]]\ngeojson = "none.geojson"'))
    assert problem.field == "request[3].geojson"


def test_a_wrong_span_is_no_mistake_of_a_choice(file):
    """Without a span no request is read: that a choice names them is right all the same."""
    path = file(more='[[choice]]\nrequests = ["A", "B"]\n')
    path.write_text(path.read_text().replace('duration = "36 h"', "duration = 36"))
    with pytest.raises(InputError) as caught:
        load_mission(path)
    assert caught.value.field == "span.duration"


@pytest.mark.parametrize(
    ("text", "key", "wish"),
    [
        ("repeat = true", "repeat", "a table with count"),
        ("repeat = 3", "repeat", "a table with count"),
        ('repeat = { min_spacing = "3 h" }', "repeat.count", "given: a whole number from 2"),
        ("repeat = { count = 2, min_spacing = 3 }", "repeat.min_spacing", "a text with a unit"),
        ('repeat = { count = 2, min_spacing = "3" }', "repeat.min_spacing", "a text with a unit"),
        ('repeat = { count = 2, max_spacing = "40 d" }', "repeat.max_spacing", "above 0 and up to 31 days"),
        ('repeat = { count = 2, min_spacing = "3 h", max_spacing = "2 h" }', "repeat.max_spacing",
         "no less than the least spacing, 3 h"),
        ("repeat = { count = 2 }\nstereo = true", "repeat", "given without stereo"),
        ("cover = true", "cover", "left out: a point is one picture"),
        ("cover = {}", "cover", "left out: a point is one picture"),
        ("cover = 0.5", "cover", "true, false, or a table"),
        ('after = "A"', "after", "the name of another request"),
        ("after = 3", "after", "a text"),
        ('after = "C"', "after", "the name of another request of this mission"),
        ('after_within = "3 h"', "after_within", "given together with after"),
        ('after = "B"\nafter_within = 3', "after_within", "a text with a unit"),
        ('after = "B"\nrepeat = { count = 2 }', "after", "given without repeat"),
        ("stereo = { views = 3, min_convergence_deg = 50 }", "stereo.max_convergence_deg", "above min"),
    ],
)  # fmt: skip
def test_wrong_kinds_of_a_point(bad, text, key, wish):
    problem = only(bad(a=text))
    assert problem.field == f'request[1] "A".{key}'
    assert problem.wish.startswith(wish)


@pytest.mark.parametrize(
    ("text", "key", "wish"),
    [
        ("cover = true\nstereo = true", "cover", "given without stereo"),
        ("cover = true\nrepeat = { count = 2 }", "cover", "given without repeat"),
        ("cover = { curve = 3 }", "cover.curve", "a list of [share, worth] pairs"),
        ("cover = { curve = [] }", "cover.curve", "corners [share, worth] from [0, 0] to [1, 1]"),
        ("cover = { curve = [[0, 0], [1, 0.9]] }", "cover.curve", "corners [share, worth]"),
        ("cover = { curve = [[0.1, 0], [1, 1]] }", "cover.curve", "corners [share, worth]"),
        (
            "cover = { curve = [[0, 0], [0.5, 2], [1, 1]] }",
            "cover.curve[2]",
            "[share, worth] pairs",
        ),
        (
            "cover = { curve = [[0, 0], [50, 0.5], [1, 1]] }",
            "cover.curve[2]",
            "[share, worth] pairs",
        ),
        (
            "cover = { curve = [[0, 0], [0.5, 0.5, 0], [1, 1]] }",
            "cover.curve[2]",
            "[share, worth] pairs",
        ),
        (
            "cover = { curve = [[0, 0], [0.5, 0.5], [0.5, 0.6], [1, 1]] }",
            "cover.curve",
            "at a share above",
        ),
        (
            "cover = { curve = [[0, 0], [0.5, 0.5], [0.6, 0.4], [1, 1]] }",
            "cover.curve",
            "worth no less",
        ),
        ('after = "A"\ncover = true', "after", "given without cover"),
    ],
)
def test_wrong_kinds_of_an_area(bad, text, key, wish):
    problem = only(bad(b=text))
    assert problem.field == f'request[2] "B".{key}'
    assert problem.wish.startswith(wish)


def test_a_clash_with_a_default_says_how_to_take_it_back(bad):
    problem = only(bad(defaults="stereo = true", b="cover = true"))
    assert problem.field == 'request[2] "B".cover'
    assert problem.hint == "stereo = false takes that of [request_defaults] back"


@pytest.mark.parametrize(
    ("text", "key", "wish"),
    [
        ("", "requests", "given"),
        ('requests = "A"', "requests", "a list of names of requests"),
        ("requests = [3]", "requests[1]", "a text"),
        ('requests = ["A"]', "requests", "two requests or more"),
        ("requests = []", "requests", "two requests or more"),
        ('requests = ["A", "A"]', "requests", "names that differ"),
        ('requests = ["A", "X"]', "requests", "names of requests of this mission"),
        ('requests = ["A", "B"]\nat_most = 2', "at_most", "from 1 to 1"),
    ],
)
def test_wrong_choices(bad, text, key, wish):
    problem = only(bad(more=f"[[choice]]\n{text}"))
    assert problem.field == f"choice[1].{key}"
    assert problem.wish.startswith(wish)


@pytest.mark.parametrize("key", ["outage", "choice", "weather"])
def test_tables_of_the_wrong_kind(bad, key):
    other = f"[{key}]\n" if key != "weather" else "[[weather]]\n"
    assert only(bad(more=other)).field == key


# Rules that contradict another


def test_a_circle_of_requests(bad):
    chain = '[[request]]\nname = "C"\nlat_deg = 36\nlon_deg = 127\nafter = "A"\n'
    problem = only(bad(a='after = "B"', b='after = "C"', more=chain))
    assert problem.field == 'request[1] "A".after'
    assert problem.wish == "free of a circle: 'A' after 'B' after 'C' after 'A'"
    # One that only leads into a circle is not on it.
    lead = '[[request]]\nname = "C"\nlat_deg = 36\nlon_deg = 127\nafter = "A"\n'
    problem = only(bad(a='after = "B"', b='after = "A"', more=lead))
    assert problem.wish == "free of a circle: 'A' after 'B' after 'A'"


def test_a_long_chain_is_no_circle(good):
    names = [f"R{i}" for i in range(300)]
    chain = "".join(
        f'[[request]]\nname = "{name}"\nlat_deg = 36\nlon_deg = 127\nafter = "{before}"\n'
        for before, name in zip(["A", *names], names, strict=False)
    )
    assert good(more=chain).requests[-1].after == "R298"


def test_windows_that_leave_no_room_for_the_order(bad):
    early, late = (
        'window = { stop = "2026-05-31T06:00Z" }',
        'window = { start = "2026-05-31T10:00Z" }',
    )
    problem = only(bad(a=f'{early}\nafter = "B"', b=late))
    assert problem.field == 'request[1] "A".after'
    assert "begins before this one's ends" in problem.wish
    problem = only(bad(a=f'{late}\nafter = "B"\nafter_within = "3 h"', b=early))
    assert problem.field == 'request[1] "A".after_within'
    assert problem.wish == "at least the 14400 s between the two windows"


def test_after_a_request_of_many_pictures(bad):
    problem = only(bad(a='after = "B"', b="cover = true"))
    assert problem.field == 'request[1] "A".after'
    assert problem.wish.startswith("a request without cover")


def test_a_choice_that_leaves_out_what_must_come_before(bad):
    problem = only(bad(a='after = "B"', more='[[choice]]\nrequests = ["A", "B"]'))
    assert problem.field == "choice[1].at_most"
    assert problem.wish == "more than 1: 'A' can only come after 'B'"


def test_a_repeat_that_does_not_fit_its_window_is_a_warning(good):
    (warning,) = good(a='repeat = { count = 4, min_spacing = "15 h" }').warnings
    assert "repeat: with the least spacing only 3 pictures of 4 fit the window" in warning


@pytest.mark.parametrize(
    ("text", "key", "wish"),
    [
        (table("duty", {"imaging_s": 600, "in_s": 600}), "duty.imaging_s", "below in_s, 600"),
        (table("duty", {"imaging_s": 1, "in_s": 600}), "duty.imaging_s", "at least the 2.2 s"),
        (table("battery", BATTERY, initial_wh=69), "battery.initial_wh", "from 70, where"),
        (table("battery", BATTERY, initial_wh=101), "battery.initial_wh", "from 70, where"),
        (
            table("battery", BATTERY, initial_wh=49, max_depth_of_discharge=0.5),
            "battery.initial_wh",
            "from 50,",
        ),
        (
            table("thermal", THERMAL, initial_rise_k=21),
            "thermal.initial_rise_k",
            "from 0 to max_rise_k, 20",
        ),
        (table("thermal", THERMAL, heating_k_s=50), "thermal.max_rise_k", "at least the 109.8 K"),
        (
            "max_duration_s = 2",
            "max_duration_s",
            "at least the 2.2 s of the sensor's shortest picture",
        ),
        ("imaging_s_per_orbit = 2", "imaging_s_per_orbit", "at least the 2.2 s"),
    ],
)
def test_limits_in_which_nothing_fits(bad, text, key, wish):
    problem = only(bad(satellite=text))
    assert problem.field == f'satellite[1] "WV3".{key}'
    assert problem.wish.startswith(wish)


def test_an_area_of_too_many_strips(bad, good):
    """1500 by 1400 km, flown either way, are 107 rows of 14 strips or more."""
    large = "[[100, 30], [115, 30], [115, 42.6], [100, 42.6]]"
    assert good(more=f'[[request]]\nname = "C"\npolygon = {large}\ncover = true').requests[2].cover
    problem = only(
        bad(more=f'[[request]]\nname = "C"\npolygon = {large}\ncover = {{ overlap = 0.6 }}')
    )
    assert problem.field == 'request[3] "C".cover'
    assert problem.wish == "an area of at most 2000 strips"


def test_everything_wrong_is_told_at_once(bad):
    problems = bad(
        satellite='slew = { law = "table" }\ncompression = 0\nnext_uplink = 2026-07-01T00:00:00Z\n'
        + table("duty", {"imaging_s": 1, "in_s": 600}),
        station="setup_s = -1",
        a='after = "A"\nrepeat = { count = 1 }',
        b="cover = { overlap = 2 }",
        more='[[choice]]\nrequests = ["A"]\n[[outage]]\nstation = "Daejeon"\n[weather]\nmin_clear = 3',
    )
    assert [one.field for one in problems] == [
        'satellite[1] "WV3".slew.table',
        'satellite[1] "WV3".compression',
        'satellite[1] "WV3".duty.imaging_s',
        'satellite[1] "WV3".next_uplink',
        'station[1] "Daejeon".setup_s',
        'request[1] "A".repeat.count',
        'request[1] "A".after',
        'request[2] "B".cover.overlap',
        "outage[1].start",
        "outage[1].stop",
        "choice[1].requests",
        "weather.min_clear",
        "weather.cloud_cube",
    ]


# Weather


@pytest.mark.parametrize(
    ("text", "wish", "hint"),
    [
        ('"none.nc"', "a forecast of clouds that can be read", "No such file"),
        ('"sats.3le"', "a forecast of clouds that can be read", ""),
        ("[]", "at least one file", ""),
        ("3", "a list of names", ""),
    ],
)
def test_wrong_forecasts(bad, text, wish, hint):
    problem = only(bad(more=f"[weather]\ncloud_cube = {text}"))
    assert problem.field == "weather.cloud_cube"
    assert problem.wish.startswith(wish)
    assert hint in problem.hint


def test_a_forecast_of_another_time(bad, tmp_path):
    write_clouds(tmp_path / "clouds.nc", hours=(48.0, 60.0))
    problem = only(bad(more='[weather]\ncloud_cube = "clouds.nc"'))
    assert problem.wish == f"a forecast for the mission's span, {SPAN_TEXT}"
    assert "2026-06-03T00:00:00Z to 2026-06-03T12:00:00Z" in problem.hint


# The model by itself

FREE = {"capacity_wh": 10, "charge_w": 1, "idle_w": 1, "imaging_w": 1, "slew_w": 1}


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Stereo(views=4), "views"),
        (lambda: Stereo(min_convergence_rad=0.5, max_convergence_rad=0.5), "max_convergence_rad"),
        (lambda: Cover(overlap=-0.1), "overlap"),
        (lambda: Cover(curve=((0, 0), (1, 0.5))), "curve"),
        (lambda: Repeat(count=1), "count"),
        (lambda: Repeat(count=2, min_spacing_s=-1), "min_spacing_s"),
        (lambda: Repeat(count=2, min_spacing_s=9, max_spacing_s=8), "max_spacing_s"),
        (lambda: Choice(requests=("A",)), "requests"),
        (lambda: Choice(requests=("A", "B"), at_most=0), "at_most"),
        (lambda: Blocked(start=at("2026-05-31"), stop=at("2026-05-31")), "stop"),
        (lambda: Outage(station="S", start=at("2026-05-31"), stop=at("2026-05-30")), "stop"),
        (lambda: DutyCycle(imaging_s=math.nan, in_s=10), "imaging_s"),
        (lambda: Battery(**FREE | {"slew_w": -1}), "slew_w"),
        (lambda: Battery(**FREE, max_depth_of_discharge=0), "max_depth_of_discharge"),
        (lambda: Thermal(heating_k_s=1, time_constant_s=math.inf, max_rise_k=1), "time_constant_s"),
        (lambda: Weather(cube=cube(), min_clear=2), "min_clear"),
    ],
)
def test_the_model_is_checked(make, field):
    with pytest.raises(InputError) as caught:
        make()
    assert caught.value.field == field


def test_missions_made_in_python_are_checked(good):
    mission = good()
    a, b = mission.requests
    (satellite,) = mission.satellites
    for changes, field in (
        ({"requests": (replace(a, after="X"), b)}, "after"),
        ({"requests": (replace(a, after="B"), replace(b, after="A"))}, "after"),
        ({"choices": (Choice(requests=("A", "X")),)}, "requests"),
        (
            {"outages": (Outage(station="X", start=mission.span.start, stop=mission.span.stop),)},
            "station",
        ),
    ):
        with pytest.raises(InputError) as caught:
            replace(mission, **changes)
        assert caught.value.field == field
    for owner, changes, field in (
        (a, {"after": "A"}, "after"),
        (a, {"after_within_s": 3.0}, "after_within_s"),
        (a, {"cover": Cover()}, "cover"),
        (a, {"tier": 4}, "tier"),
        (a, {"repeat": Repeat(count=2), "stereo": Stereo()}, "repeat"),
        (satellite, {"compression": 0.5}, "compression"),
        (satellite, {"max_pictures_per_orbit": 0}, "max_pictures_per_orbit"),
        (satellite, {"duty": DutyCycle(imaging_s=1, in_s=9)}, "duty.imaging_s"),
        (mission.stations[0], {"setup_s": -1.0}, "setup_s"),
    ):
        with pytest.raises(InputError) as caught:
            replace(owner, **changes)
        assert caught.value.field == field


def test_a_function_is_a_law_too(good):
    (satellite,) = good().satellites
    assert replace(satellite, slew=lambda end, start: end[:, 0]).slew_law is not None
