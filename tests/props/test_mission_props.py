"""Whatever people write, they get a mission or a complaint in words; places stay where they are."""

from __future__ import annotations

import copy
import datetime
import json
import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.access import read_sites
from offnadir.errors import InputError, InputProblems, OffnadirError
from offnadir.planning.mission import load_mission
from offnadir.planning.model import Mission
from offnadir.units import deg
from sample_missions import write_clouds

T = TypeVar("T")
SETS = """\
SENTINEL-2A
1 40697U 15028A   26150.59231876  .00000540  00000+0  22277-3 0  9998
2 40697  98.5691 225.6931 0001116  89.9845 270.1466 14.30819576571212
WORLDVIEW-3 (WV-3)
1 40115U 14048A   26150.58092465  .00001167  00000+0  14314-3 0  9991
2 40115  97.8569 225.6569 0002200  53.5175 306.6243 14.84989122639293
"""
PORTS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "Busan", "weight": 2},
            "geometry": {"type": "Point", "coordinates": [129.04, 35.1]},
        },
        {
            "type": "Feature",
            "properties": {"name": "Seoul", "stop": "2026-05-31T12:00"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[126.9, 37.5], [127, 37.5], [127, 37.6], [126.9, 37.5]]],
            },
        },
    ],
}
MISSION: dict[str, Any] = {
    "name": "M",
    "elements": ["sats.3le"],
    "span": {"start": datetime.date(2026, 5, 31), "duration": "24 h"},
    "satellite": [
        {
            "norad_id": 40115,
            "sensor": "worldview-3",
            "memory_gbit": 100,
            "compression": 2,
            "slew": {"law": "per_axis", "rate_deg_s": [2, 1], "acceleration_deg_s2": [1, 0.5]},
            "max_pictures_per_orbit": 5,
            "imaging_s_per_orbit": 60,
            "max_duration_s": 9.5,
            "duty": {"imaging_s": 60, "in_s": 600},
            "battery": {
                "capacity_wh": 100,
                "charge_w": 50,
                "idle_w": 20,
                "imaging_w": 9,
                "slew_w": 0,
            },
            "thermal": {"heating_k_s": 0.5, "time_constant_s": 600, "max_rise_k": 20},
            "blocked": [{"start": "2026-05-31T02:00", "stop": "2026-05-31T03:00", "why": "rest"}],
            "next_uplink": "2026-05-31T01:00",
        },
        {
            "name": "SENTINEL-2A",
            "sensor": "sentinel-2",
            "max_off_nadir_deg": 10.0,
            "slew": {"law": "table", "table": [[0, 5], [10, 12], [60, 40]]},
        },
    ],
    "station": [{"name": "S", "lat_deg": 36.4, "lon_deg": 127.4, "mask": [[0, 5], [90, 10]]}],
    "outage": [{"station": "S", "start": "2026-05-31T02:00", "stop": datetime.date(2026, 6, 1)}],
    "choice": [{"requests": ["A", "B", "Busan"], "at_most": 2}],
    "request_defaults": {"weight": 2, "stereo": True, "tier": 2},
    "request": [
        {"name": "A", "lat_deg": 1.5, "lon_deg": 2, "window": {"stop": "2026-05-31T20:00"}},
        {"name": "B", "polygon": [[1, 2], [1.1, 2], [1.1, 2.1]], "deadline": "2026-06-02"},
        {"geojson": "ports.geojson"},
        {
            "name": "C",
            "polygon": [[1, 2], [1.1, 2], [1.1, 2.1]],
            "stereo": False,
            "cover": {"curve": [[0, 0], [0.5, 0.2], [1, 1]], "overlap": 0.1},
        },
        {
            "name": "D",
            "lat_deg": 2,
            "lon_deg": 2,
            "stereo": False,
            "repeat": {"count": 3, "min_spacing": "2 h", "max_spacing": "8 h"},
        },
        {
            "name": "E",
            "lat_deg": 2,
            "lon_deg": 2,
            "after": "A",
            "after_within": "6 h",
            "stereo": {"views": 3, "max_convergence_deg": 20},
        },
    ],
    "solver": {"seed": 3, "time_limit_s": 2.5},
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name, "sats.3le").write_text(SETS)
        Path(name, "ports.geojson").write_text(json.dumps(PORTS))
        yield Path(name)


def toml(value: object) -> str:
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else str(value)
    return json.dumps(value, ensure_ascii=False)


def attempt(read: Callable[[Any], T], given: object) -> tuple[T | None, OffnadirError | None]:
    """What comes of it, or the refusal, which must be the user's fault."""
    try:
        return read(given), None
    except OffnadirError as error:
        refusal = error
    assert refusal.exit_code == 2
    assert str(refusal)
    return None, refusal


def load(folder: Path, table: dict[str, Any]) -> Mission | None:
    """The mission, or None if it is refused as promised."""
    path = folder / "mission.toml"
    text = "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in table.items())
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    mission, error = attempt(load_mission, path)
    problems = error.problems if isinstance(error, InputProblems) else [error] if error else []
    for problem in problems:
        assert isinstance(problem, InputError)
        assert problem.field
        assert problem.wish
        assert Path(problem.where.partition(":")[0]).parent == folder
        assert "\n" not in str(problem)
    return mission


@pytest.fixture(scope="module")
def clouds(folder: Path) -> Path:
    """The folder, with a forecast for the mission in it."""
    pytest.importorskip("netCDF4", reason="needs offnadir[weather]")
    write_clouds(folder / "clouds.nc", hours=(-24.0, 0.0))
    return folder


def test_the_unspoilt_mission_is_fine(folder):
    mission = load(folder, MISSION)
    assert mission is not None
    assert [one.name for one in mission.requests] == ["A", "B", "Busan", "Seoul", "C", "D", "E"]


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(datetime.UTC))
    | st.sampled_from(
        [
            "2026-05-31",
            "1 h",
            "A",
            "B",
            "S",
            "table",
            "worldview-3",
            "sats.3le",
            "ports.geojson",
            "mission.toml",
            "",
            ".",
        ]
    )
)
known_keys = {
    key
    for part in ("satellite", "station", "request", "outage", "choice")
    for table in MISSION[part]
    for key in table
} | {
    "start",
    "stop",
    "duration",
    "feature",
    "alt_m",
    "max_gsd_m",
    "min_niirs",
    "elements",
    "setup_s",
}
known_keys |= {
    key
    for part in ("satellite", "request")
    for table in MISSION[part]
    for inner in table.values()
    if isinstance(inner, dict)
    for key in inner
} | {"weather", "cloud_cube", "min_clear"}
keys = st.text(max_size=6) | st.sampled_from(sorted(known_keys))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=10,
)


def without_none(value: Any) -> Any:
    """TOML has no null."""
    if isinstance(value, dict):
        return {k: without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [without_none(v) for v in value if v is not None]
    return value


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to everything in a table."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found += spots(inner, (*path, key))
    return found


@settings(max_examples=150, deadline=None)
@given(table=st.dictionaries(keys | st.sampled_from(sorted(MISSION)), values, max_size=6))
def test_random_tables_are_refused_in_words(folder, table):
    load(folder, without_none(table))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_spoilt_missions_are_read_or_refused_in_words(folder, data):
    table = copy.deepcopy(MISSION)
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from(spots(table)))
        inner: Any = table
        for key in path:
            inner = inner[key]
        new = without_none(data.draw(values))
        if new is None:
            del inner[last]
        elif isinstance(inner, dict) and data.draw(st.booleans()):
            inner[data.draw(keys)] = inner.pop(last)
        else:
            inner[last] = new
        if not spots(table):
            break
    load(folder, table)


@settings(max_examples=60, deadline=None)
@given(
    table=st.dictionaries(
        st.sampled_from(["cloud_cube", "min_clear"]) | keys,
        st.sampled_from(["clouds.nc", ["clouds.nc"], ["clouds.nc", "clouds.nc"], 0.2]) | values,
        max_size=3,
    )
)
def test_random_weather_is_read_or_refused_in_words(clouds, table):
    load(clouds, MISSION | {"weather": without_none(table)})


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_spoilt_geojson_is_read_or_refused_in_words(folder, data):
    document = copy.deepcopy(PORTS)
    *path, last = data.draw(st.sampled_from(spots(document)))
    inner: Any = document
    for key in path:
        inner = inner[key]
    inner[last] = data.draw(values)
    path = folder / "spoilt.geojson"
    path.write_text(json.dumps(document, default=str))
    load(folder, MISSION | {"request": [{"geojson": "spoilt.geojson"}], "choice": []})
    attempt(read_sites, str(path))


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=30) | st.from_regex(r"[-+0-9.,eE ]{0,20}", fullmatch=True))
def test_random_sites_are_read_or_refused_in_words(text):
    sites, _ = attempt(read_sites, text)
    for site in sites or ():
        assert abs(site.lat_rad) <= 90 * deg
        assert abs(site.lon_rad) <= 180 * deg


@settings(max_examples=150, deadline=None)
@given(content=st.text(max_size=80) | st.text('0123456789.,;-\n\t"latonm ', max_size=80))
def test_random_files_of_sites_are_read_or_refused_in_words(folder, content):
    path = folder / "sites.csv"
    path.write_text(content, encoding="utf-8", errors="replace")
    sites, _ = attempt(read_sites, str(path))
    assert all(abs(site.lat_rad) <= 90 * deg for site in sites or ())


@settings(max_examples=60, deadline=None)
@given(
    lat=st.floats(-85, 85),
    lon=st.floats(-179, 179),
    # Corners at rising angles around a centre: a star-shaped ring never crosses itself.
    gaps=st.lists(st.floats(0.3, 1.0), min_size=4, max_size=12),
    radii=st.lists(st.floats(0.05, 0.2), min_size=12, max_size=12),
    turn=st.integers(0, 20),
    backwards=st.booleans(),
    closed=st.booleans(),
)
def test_rings_are_put_in_order(folder, lat, lon, gaps, radii, turn, backwards, closed):
    angles = 2 * math.pi * np.cumsum(gaps) / sum(gaps)
    size = np.array(radii[: len(gaps)])
    corners = np.column_stack([lon + size * np.cos(angles), lat + size * np.sin(angles)]).round(9)
    given_order = np.roll(corners[::-1] if backwards else corners, turn % len(corners), axis=0)
    ring = given_order.tolist() + ([given_order[0].tolist()] if closed else [])
    mission = load(folder, MISSION | {"request": [{"name": "A", "polygon": ring}], "choice": []})
    assert mission is not None
    (request,) = mission.requests
    (read,) = request.rings_rad
    assert {tuple(corner) for corner in np.round(read / deg, 9)[:, ::-1].tolist()} == {
        tuple(corner) for corner in corners.tolist()
    }
    assert_allclose(read[0], read[-1], rtol=0, atol=0)
    x, y = read[:, 1], read[:, 0]
    assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0
    # The centre lies among the corners, latitude as latitude.
    assert abs(request.aim.lat_rad / deg - lat) < 0.2
    assert abs(request.aim.lon_rad / deg - lon) < 0.2


@settings(max_examples=60, deadline=None)
@given(lat=st.floats(-90, 90), lon=st.floats(-180, 360))
def test_points_keep_their_place(folder, lat, lon):
    table = MISSION | {"request": [{"name": "A", "lat_deg": lat, "lon_deg": lon}], "choice": []}
    mission = load(folder, table)
    assert mission is not None
    aim = mission.requests[0].aim
    assert_allclose(aim.lat_rad, lat * deg, atol=1e-15)
    assert_allclose([np.cos(aim.lon_rad), np.sin(aim.lon_rad)],
                    [math.cos(lon * deg), math.sin(lon * deg)], atol=1e-12)  # fmt: skip
    assert abs(aim.lon_rad) <= math.pi
