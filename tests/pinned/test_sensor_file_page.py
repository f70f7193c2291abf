"""The page on sensor files: its examples load, and its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from offnadir.sensors import (
    Radar,
    Sensor,
    _keys,
    _parse,
    file_warnings,
    load_sensor,
    read_sensor_file,
    sensor_of_satellite,
    user_sensor_folder,
)
from offnadir.units import deg, km

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/sensor-file.md").read_text("utf-8")
MISSION = (ROOT / "docs/reference/mission-file.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```toml title=\"([\w.-]+)\"\n(.*?)```", PAGE, re.DOTALL))
# Heading, limits of numbers, other keys.
TABLES = {
    "Keys of both": (_keys.COMMON, {"title", "norad_ids", "estimates", "source"}),
    "Keys of a camera": (
        {key: one for key, one in _keys.CAMERA.items() if key not in _keys.COMMON},
        set(_parse._CAMERA_ALSO) - {"title", "norad_ids", "estimates", "source"},
    ),
    "Bands of a camera": (_keys.BAND, set(_parse._BAND_ALSO)),
    "Keys of a radar": (
        {key: one for key, one in _keys.RADAR.items() if key not in _keys.COMMON},
        set(_parse._RADAR_ALSO) - {"title", "norad_ids", "estimates", "source"},
    ),
    "Modes of a radar": (_keys.MODE, set(_parse._MODE_ALSO)),
}


def number(value: float) -> str:
    """A number as the page writes it: 100,000 and 0.001."""
    whole = int(value) if float(value).is_integer() else value
    return f"{whole:,}".replace("e-0", "e-")


def rows_of(text: str, heading: str) -> dict[str, str]:
    """Last cells of the table under a heading, by key."""
    part = re.split(rf"\n#+ {re.escape(heading)}\n", text)[1].split("\n#")[0]
    return dict(re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", part, re.MULTILINE))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The examples, dropped where the page says."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    where = tmp_path / "offnadir" / "sensors"
    where.mkdir(parents=True)
    for name, text in EXAMPLES.items():
        (where / name).write_text(text, "utf-8")
    return where


def test_the_examples_load_by_name_and_give_no_warning(folder):
    assert user_sensor_folder() == folder
    assert set(EXAMPLES) == {"my-camera.toml", "my-radar.toml", "my-worldview.toml"}
    for name in EXAMPLES:
        assert load_sensor(name.removesuffix(".toml")) == read_sensor_file(folder / name)
    assert file_warnings(folder / "my-camera.toml") == []
    assert file_warnings(folder / "my-radar.toml") == []


def test_the_camera_of_the_page(folder):
    camera = load_sensor("my-camera")
    assert isinstance(camera, Sensor)
    assert camera.gsd_nadir_m == pytest.approx(0.5)
    assert camera.swath_nadir_m == pytest.approx(12 * km, rel=1e-3)
    assert camera.snr_reference is None  # stages tell how much light there is
    assert [band.name for band in camera.bands] == ["red"]
    assert sensor_of_satellite(99001) == camera


def test_the_radar_of_the_page(folder):
    radar = load_sensor("my-radar")
    assert isinstance(radar, Radar)
    assert radar.mode("spot").slant_at(35 * deg) == pytest.approx(0.5)
    assert radar.mode("strip").slant_at(30 * deg) == pytest.approx(1.5)


def test_the_changed_sensor_of_the_page(folder):
    changed, library = load_sensor("my-worldview"), load_sensor("worldview-3")
    assert isinstance(changed, Sensor)
    assert isinstance(library, Sensor)
    assert changed.max_off_nadir_rad == pytest.approx(20 * deg)
    assert changed.agility.rate_rad_s == pytest.approx(2 * deg)
    assert changed.title == library.title + ", changed"
    assert (changed.norad_ids, changed.bands) == ((99002,), library.bands)


@pytest.mark.parametrize("heading", TABLES)
def test_tables_have_every_key_with_its_limits(heading):
    limits, others = TABLES[heading]
    rows = rows_of(PAGE, heading)
    assert set(rows) == set(limits) | others
    for key, (low, high) in limits.items():
        assert rows[key].endswith(f"; {number(low)} to {number(high)}"), key


@pytest.mark.parametrize("heading", ["Keys of both", "Keys of a camera"])
def test_tables_have_the_defaults(heading):
    for key, text in rows_of(PAGE, heading).items():
        if key in TABLES[heading][0]:
            none = key in _parse._NONE or key.startswith("published")
            usual = "none" if none else "needed"
            default = number(_parse.DEFAULTS[key]) if key in _parse.DEFAULTS else usual
            if key != "snr_reference":
                assert text.startswith(f"{default}; "), key


def test_what_the_mission_page_repeats_agrees():
    page = rows_of(PAGE, "Keys of both") | rows_of(PAGE, "Keys of a camera")
    rows = rows_of(MISSION, "`[satellite.sensor]`")
    assert {"base", "name"} <= set(rows)
    for key in set(rows) - {"base", "name", "title"}:
        assert rows[key] == page[key], key
