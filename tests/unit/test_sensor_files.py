"""Files of users as they come: broken, endless, in circles, hundreds of them."""

from __future__ import annotations

import json
import math
import os

import pytest
from typer.testing import CliRunner

from offnadir.cli._main import app
from offnadir.errors import FileError, InputError, InputProblems
from offnadir.sensors import (
    file_warnings,
    load_sensor,
    read_sensor_file,
    satellites_with_sensors,
    sensor_facts,
    sensor_of_satellite,
    sensor_problems,
    sensors_of_satellites,
)

CAMERA = """\
reference_altitude_km = 520
aperture_m = 0.4
focal_length_m = 4
pitch_um = 5.5
columns = 12000
rate_deg_s = 2
acceleration_deg_s2 = 0.5
settling_s = 2
data_rate_mbps = 500
"""
WORLDVIEW_3 = 40115  # its NORAD number


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Write a file to the user's folder, which is empty at first."""
    folder = tmp_path / "offnadir" / "sensors"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    def write(name, text):
        path = folder / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = " + "[" * 20_000, "nested too deeply"),
        ("columns = " + "9" * 5_000, "not TOML"),
        ("# " + "x" * 1_000_000, "more than 1000000 bytes"),
    ],
)
def test_what_no_reader_can_take_is_the_files_fault(mine, text, words):
    with pytest.raises(FileError, match=words):
        read_sensor_file(mine("odd", text))


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no endless file here")  # noqa: PTH110
def test_a_file_without_an_end_is_refused(tmp_path):
    path = tmp_path / "zero.toml"
    path.symlink_to("/dev/zero")
    with pytest.raises(FileError, match="more than"):
        read_sensor_file(path)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("source = 5", "source"),
        ("source = { aperture_m = 1 }", "source"),
        ('title = "two\\nlines"', "title"),
        ('title = "\\u001b[31mred"', "title"),
        ("published_gsd_at_deg = [[0, nan]]", "published_gsd_at_deg"),
        ("published_gsd_at_deg = [[inf, 1]]", "published_gsd_at_deg"),
    ],
)
def test_wrong_values_name_their_key(mine, line, field):
    with pytest.raises(InputError) as caught:
        read_sensor_file(mine("odd", CAMERA + line))
    assert caught.value.field == field


def test_bands_have_names_of_their_own_and_are_not_thousands(mine):
    band = '[[band]]\nname = "{}"\nrange_nm = [500, 600]\n'
    with pytest.raises(InputError, match="names of their own"):
        read_sensor_file(mine("twice", CAMERA + 2 * band.format("red")))
    assert (
        len(read_sensor_file(mine("two", CAMERA + band.format("a") + band.format("b"))).bands) == 2
    )
    many = "".join(band.format(i) for i in range(1001))
    with pytest.raises(InputError, match="at most 1000 tables"):
        read_sensor_file(mine("many", CAMERA + many))


def test_bases_in_a_circle_are_told(mine):
    mine("a", 'base = "b"')
    mine("b", 'base = "a"')
    mine("self", 'base = "self"')
    assert set(sensor_problems()) == {"a", "b", "self"}
    for name in ("a", "self"):
        with pytest.raises(InputError, match="does not start from this one") as caught:
            load_sensor(name)
        assert caught.value.field == "base"


def test_a_base_may_lack_a_title_and_have_a_base(mine):
    mine("first", CAMERA)
    mine("second", 'base = "first"\naperture_m = 0.5')
    mine("third", 'base = "second"\nsettling_s = 1')
    third = load_sensor("third")
    assert third.title == "first, changed, changed"
    assert (third.optics.aperture_m, third.agility.settling_s) == (0.5, 1.0)


def test_sources_and_estimates_stay_with_their_figures(mine):
    """Of what is changed those of the file, of the rest those of the library."""
    library = {fact["figure"]: fact for fact in sensor_facts("worldview-3")}
    mine("wv", 'base = "worldview-3"\naperture_m = 1.0\n[source]\naperture_m = "a drawing"')
    own = {fact["figure"]: fact for fact in sensor_facts("wv")}
    assert library["aperture_m"]["estimate"]
    assert not own["aperture_m"]["estimate"]
    assert own["aperture_m"]["source"] == "a drawing"
    same = [key for key in library if key != "aperture_m"]
    assert [own[key] for key in same] == [library[key] for key in same]
    mine("text", 'base = "worldview-3"\naperture_m = 1.0\nsource = "a drawing"')
    assert sensor_facts("text") == sensor_facts("wv")


def test_a_file_named_as_its_base_stands_for_the_same_satellites(mine):
    mine("changed", 'base = "worldview-3"\naperture_m = 1.0')
    assert sensor_of_satellite(WORLDVIEW_3).name == "worldview-3"
    assert sensor_of_satellite(WORLDVIEW_3).optics.aperture_m == 1.1
    mine("worldview-3", 'base = "worldview-3"\naperture_m = 1.0')
    assert sensor_of_satellite(WORLDVIEW_3).optics.aperture_m == 1.0
    assert load_sensor("changed").norad_ids == ()


def test_a_broken_file_leaves_satellites_to_the_library(mine):
    """A table of many goes on and tells; one satellite alone raises."""
    path = mine("worldview-3", 'base = "worldview-3"\naperture_m = -1')
    mine("numbers", CAMERA + "norad_ids = 5")
    other = mine("other", "this is no TOML")
    problems: list[str] = []
    found = sensors_of_satellites([WORLDVIEW_3, 5], problems=problems)
    assert {number: one.optics.aperture_m for number, one in found.items()} == {WORLDVIEW_3: 1.1}
    assert [str(path) in text or str(other) in text for text in problems] == [True, True]
    assert WORLDVIEW_3 in satellites_with_sensors()
    with pytest.raises((InputError, InputProblems), match="aperture_m"):
        sensor_of_satellite(WORLDVIEW_3)


def test_names_that_begin_with_a_dot_are_no_sensors(mine):
    mine(".#locked", "an editor's")
    assert sensor_problems() == {}


def test_check_tells_of_sources_of_nothing(mine):
    path = mine("odd", CAMERA + 'estimates = ["apperture_m"]\nsource = { jitter = "x" }')
    text = " ".join(file_warnings(path))
    assert "estimates of apperture_m" in text
    assert "source of jitter" in text


def test_show_takes_a_file(mine):
    path = mine("My-Camera", CAMERA + "published_gsd_at_deg = [[0, 0.7]]")
    result = CliRunner().invoke(app, ["sensors", "show", str(path), "--json"])
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout, parse_constant=lambda text: pytest.fail(text))
    assert shown["name"] == "my-camera"
    values = {fact["figure"]: fact["value"] for fact in shown["facts"]}
    assert values["published_gsd_at_deg"] == [[0, 0.7]]
    assert math.isclose(values["pitch_um"], 5.5)
