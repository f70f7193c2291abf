"""What is bundled is listed, whole, and what it says it is."""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from importlib.resources import as_file, files

import numpy as np
import pytest

from offnadir.data import bundled_bytes, natural_earth_lines
from offnadir.errors import OffnadirError
from offnadir.orbits import read_elements
from offnadir.planning import load_mission

FOLDER = files("offnadir.data")
LISTED = tomllib.loads((FOLDER / "SOURCES.toml").read_text("utf-8"))["file"]


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["name"])
def test_every_listed_file_has_its_checksum(entry):
    data = (FOLDER / entry["name"]).read_bytes()
    assert len(data) == entry["bytes"]
    assert hashlib.sha256(data).hexdigest() == entry["sha256"]
    assert entry["source"]
    assert entry["licence"]


def test_every_bundled_file_is_listed():
    with as_file(FOLDER) as folder:
        found = {
            str(path.relative_to(folder))
            for path in folder.rglob("*")
            if path.is_file() and path.suffix not in (".py", ".pyc")
        }
    assert found - {"SOURCES.toml"} == {entry["name"] for entry in LISTED}


def test_a_damaged_file_is_refused(monkeypatch):
    monkeypatch.setattr(tomllib, "loads", lambda _: {"file": [{**LISTED[0], "sha256": "0"}]})
    with pytest.raises(OffnadirError, match="damaged"):
        bundled_bytes(LISTED[0]["name"])


@pytest.mark.parametrize(("kind", "least"), [("coastline", 1000), ("border", 300)])
def test_natural_earth_lines_are_sane(kind, least):
    lines = natural_earth_lines(kind)
    assert len(lines) >= least
    for line in lines:
        points = np.array(line)
        assert len(points) >= 2
        assert np.abs(points[:, 0]).max() <= 180
        assert points[:, 1].min() > -86  # the ice shelves end there, the pole's edge is left out
        assert points[:, 1].max() < 84
        assert np.hypot(*np.diff(points, axis=0).T).max() < 10
        seam = np.abs(points[:, 0]) > 179.985  # the edge where countries are cut in two
        assert not np.any(seam[1:] & seam[:-1])


@pytest.mark.parametrize(
    ("place", "lon_deg", "lat_deg"),
    [("Busan", 129.04, 35.10), ("Vladivostok", 131.88, 43.11), ("Lands End", -5.71, 50.07)],
)
def test_a_coast_runs_by_places_on_the_coast(place, lon_deg, lat_deg):
    points = np.concatenate([np.array(line) for line in natural_earth_lines("coastline")])
    scale = math.cos(math.radians(lat_deg))
    apart = np.hypot((points[:, 0] - lon_deg) * scale, points[:, 1] - lat_deg)
    assert apart.min() < 0.15, place


def test_the_border_on_the_yalu_is_a_border_and_not_a_coast():
    """Dandong, 40.13 N 124.39 E, lies on the border of China and North Korea."""
    points = np.concatenate([np.array(line) for line in natural_earth_lines("border")])
    assert np.hypot(points[:, 0] - 124.39, points[:, 1] - 40.13).min() < 0.2


def test_demo_elements_are_all_read():
    with as_file(FOLDER / "demo" / "elements.omm.json") as path:
        file = read_elements(path)
        count = len(json.loads(path.read_text()))
    assert not file.rejected
    assert len(file.elements) == count >= 25
    assert {e.epoch.utc(0)[:10] for e in file.elements} == {"2026-05-30"}


def test_the_demo_mission_is_what_the_readme_says():
    with as_file(FOLDER / "demo") as folder:
        mission = load_mission(folder / "mission.toml")
    assert len(mission.requests) >= 60
    assert len(mission.stations) == 3
    assert len(mission.satellites) >= 12
    assert sum(bool(request.rings_rad) for request in mission.requests) >= 5
    assert sum(request.stereo is not None for request in mission.requests) >= 4
    assert not mission.warnings
    names = {request.name for request in mission.requests}
    assert {"Seoul", "Vostochny launch site", "Sohae launch site", "Naro space centre"} <= names


# To 0.01 deg. Launch sites: International Launch Sites, "exitstrate-gy/geo" (CC BY 3.0), but Baikonur's
# Site 1, which is Wikipedia's. Cities: GeoNames, or Wikipedia where the two are over 1 km apart.
PUBLISHED = {
    "Seoul": (37.57, 126.98),
    "Sohae launch site": (39.66, 124.71),
    "Vostochny launch site": (51.88, 128.33),
    "Naro space centre": (34.43, 127.54),
    "Baikonur launch site": (45.92, 63.34),
    "Tanegashima space centre": (30.40, 130.97),
    "Vladivostok": (43.12, 131.89),
    "Petropavlovsk-Kamchatsky": (53.02, 158.65),
    "Tokyo": (35.69, 139.69),
    "Beijing": (39.91, 116.40),
    "Ulaanbaatar": (47.92, 106.92),
    "Hai Phong": (20.86, 106.68),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_places_of_the_demo_are_where_gazetteers_have_them(name):
    """Within 1.5 km: 1 km for the middle of a city, and 0.01 deg to which the figures are given."""
    with as_file(FOLDER / "demo") as folder:
        mission = load_mission(folder / "mission.toml")
    aim = next(request.aim for request in mission.requests if request.name == name)
    lat_deg, lon_deg = PUBLISHED[name]
    north_deg = math.degrees(aim.lat_rad) - lat_deg
    east_deg = (math.degrees(aim.lon_rad) - lon_deg) * math.cos(aim.lat_rad)
    assert math.hypot(north_deg, east_deg) * 111.2 < 1.5
