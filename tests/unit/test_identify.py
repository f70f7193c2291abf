"""Which satellite took this picture? On a published WorldView-3 strip and made-up ones."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from offnadir.access import MinElevation, _near, find_windows
from offnadir.access._image_item import read_image_item
from offnadir.access.identify import Picture, identify, imaging_objects
from offnadir.cli._main import app
from offnadir.earth import EarthOrientation, Site
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError, UnitRangeError
from offnadir.orbits import make_ephemeris, propagate, read_elements
from offnadir.units import deg

# Maxar Open Data, strip of WorldView-3 over Cebu (104001...), 2025-03-04: time, tile centre and angles as
# published; `view:incidence_angle` 62.9 is the elevation. Element sets: US Space Force GP data.
TIME, LAT, LON = "2025-03-04T02:14:02Z", 10.32302, 123.89329
OFF_NADIR, AZIMUTH, INCIDENCE_AS_PUBLISHED = 24.5, 25.1, 62.9
SUN_AZIMUTH, SUN_ELEVATION = 122.1, 59.7
WORLDVIEW_3 = """\
WORLDVIEW-3 (WV-3)
1 40115U 14048A   25062.18576375  .00001771  00000-0  21485-3 0  9994
2 40115  97.8668 137.9556 0006574  78.9149 281.2804 14.84804856572033
"""


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """WorldView-3 and sixty others on orbits like it, spread evenly in plane and phase."""
    path = tmp_path_factory.mktemp("sets") / "wv3.3le"
    path.write_text(WORLDVIEW_3)
    (truth,) = read_elements(path).elements
    others = [
        replace(
            truth,
            norad_id=70000 + 10 * i + j,
            name=f"OTHER-{i}-{j}",
            raan_rad=(truth.raan_rad + i * 30 * deg) % (2 * np.pi),
            mean_anomaly_rad=(truth.mean_anomaly_rad + j * 6 * deg) % (2 * np.pi),
        )
        for i in range(12)
        for j in range(-2, 3)
        if (i, j) != (0, 0)
    ]
    return [*others, truth]


def picture(**known) -> Picture:
    site = Site(name="Cebu", lat_rad=LAT * deg, lon_rad=LON * deg)
    return Picture(site=site, time=Epoch.from_utc(TIME), **known)


def test_the_published_angles_name_the_satellite(crowd):
    ranked = identify(crowd, picture(off_nadir_rad=OFF_NADIR * deg, azimuth_rad=AZIMUTH * deg))
    best = ranked[0]
    assert best.elements.norad_id == 40115
    assert best.score > 0.95
    assert abs(best.time_offset_s) < 1.0
    assert best.off_nadir_rad / deg == pytest.approx(OFF_NADIR, abs=0.5)
    assert best.azimuth_rad / deg == pytest.approx(AZIMUTH, abs=2.0)
    assert best.sun_elevation_rad / deg == pytest.approx(SUN_ELEVATION, abs=0.3)


def test_a_picture_made_by_one_of_them_is_given_back_to_it(crowd):
    """Any window's best instant, told to 0.1 deg, names its own satellite."""
    span = Span(Epoch.from_utc(TIME) + -20000.0, Epoch.from_utc(TIME) + 20000.0)
    place = Site(name="Seoul", lat_rad=37.57 * deg, lon_rad=126.98 * deg)
    table = find_windows([make_ephemeris(e, span) for e in crowd], place, [MinElevation(35 * deg)])
    assert len(table) >= 10
    for row in range(0, len(table), max(len(table) // 10, 1)):
        told = Picture(
            site=place,
            time=Epoch(int(table["best"][row])) + 20.0,
            off_nadir_rad=round(float(table["off_nadir_rad"][row]) / deg, 1) * deg,
            azimuth_rad=round(float(table["azimuth_rad"][row]) / deg, 1) * deg,
            incidence_rad=round(90 - float(table["elevation_rad"][row]) / deg, 1) * deg,
        )
        best = identify(crowd, told)[0]
        assert best.elements.norad_id == table["norad_id"][row]
        assert best.time_offset_s == pytest.approx(-20.0, abs=1.5)


def test_who_is_out_of_sight_is_no_candidate(crowd):
    ranked = identify(crowd, picture())
    at = np.array([Epoch.from_utc(TIME).tai_ns])
    assert 0 < len(ranked) < len(crowd)
    for one in ranked:
        assert one.incidence_rad < 90 * deg
    assert sum(one.score for one in ranked) == pytest.approx(1.0)
    assert propagate(crowd[0], at)[2][0] == 0


def test_the_sun_picks_the_time_of_day(crowd):
    """Only the day is known, and the Sun's angles of the picture."""
    told = picture(
        within_s=40000.0, sun_elevation_rad=SUN_ELEVATION * deg, sun_azimuth_rad=SUN_AZIMUTH * deg,
        off_nadir_rad=OFF_NADIR * deg, azimuth_rad=AZIMUTH * deg,
    )  # fmt: skip
    told = replace(told, time=told.time + 15000.0)
    best = identify(crowd, told)[0]
    assert best.elements.norad_id == 40115
    assert abs(best.time - Epoch.from_utc(TIME)) < 120


def test_the_quick_look_misses_nobody_who_is_above_the_horizon(flock):
    orientation = EarthOrientation.bundled()
    site = Site(name="Quito", lat_rad=-0.18 * deg, lon_rad=-78.47 * deg)
    for hours in range(0, 72, 3):
        time = Epoch.from_utc("2026-05-31T00:00:00Z") + hours * 3600.0
        span = Span(time, time + 1.0)
        table = find_windows([make_ephemeris(e, span) for e in flock], site)
        near = _near.objects_in_sight(flock, site, time, np.zeros(len(flock)), orientation)
        assert set(table["norad_id"].tolist()) <= {flock[i].norad_id for i in near}


def test_names_of_imagers():
    def named(name):
        from types import SimpleNamespace

        return SimpleNamespace(norad_id=1, name=name)

    for name, expected in (
        ("WORLDVIEW-3 (WV-3)", True), ("SENTINEL-2A", True), ("GAOFEN 4", True), ("STARLINK-1007", False),
        ("RESURS O1 DEB", False), ("NEWSAT-1 (PALAPA B2R)", False), ("ISS (ZARYA)", False),
    ):  # fmt: skip
        assert (1 in imaging_objects([named(name)])) == expected, name


def test_angles_out_of_range_are_refused():
    with pytest.raises(UnitRangeError, match="off_nadir_rad"):
        picture(off_nadir_rad=24.5)
    with pytest.raises(InputError, match="within_s"):
        picture(within_s=-1.0)


def item(tmp_path, **changes):
    properties = {
        "datetime": TIME, "platform": "WV03", "view:off_nadir": OFF_NADIR, "view:azimuth": AZIMUTH,
        "view:incidence_angle": INCIDENCE_AS_PUBLISHED,
    }  # fmt: skip
    d = 0.02
    ring = [[LON - d, LAT - d], [LON + d, LAT - d], [LON + d, LAT + d], [LON - d, LAT + d]]
    whole = {
        "type": "Feature", "id": "strip",
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "properties": properties,
    }  # fmt: skip
    for key, value in changes.items():
        (properties if ":" in key or key in properties else whole)[key] = value
    path = tmp_path / "item.json"
    path.write_text(json.dumps(whole))
    return path


def test_an_item_whose_incidence_is_an_elevation_is_set_right(tmp_path):
    known = read_image_item(item(tmp_path))
    assert known.angles["incidence_rad"] / deg == pytest.approx(90 - INCIDENCE_AS_PUBLISHED)
    assert "elevation" in known.notes[0]
    right = read_image_item(item(tmp_path, **{"view:incidence_angle": 27.1}))
    assert right.angles["incidence_rad"] / deg == pytest.approx(27.1)
    assert right.notes == ()
    senseless = read_image_item(item(tmp_path, **{"view:incidence_angle": 5.0}))
    assert "incidence_rad" not in senseless.angles


def test_incidence_without_off_nadir_is_believed_of_radars_and_doubted_of_others(tmp_path, crowd):
    alone = {"view:off_nadir": None, "view:azimuth": None}
    radar = read_image_item(item(tmp_path, **alone, **{"sar:product_type": "GEC"}))
    assert radar.angles == {"incidence_rad": pytest.approx(INCIDENCE_AS_PUBLISHED * deg)}
    assert radar.notes == ()
    for published in (INCIDENCE_AS_PUBLISHED, 90 - INCIDENCE_AS_PUBLISHED):
        known = read_image_item(item(tmp_path, **alone, **{"view:incidence_angle": published}))
        assert "nobody can tell" in known.notes[0]
        found = identify(crowd, picture(within_s=5.0, **known.angles))
        (own,) = [one for one in found if one.elements.norad_id == 40115]
        assert abs(own.misfits["incidence"]) < 2
        assert own.incidence_rad / deg == pytest.approx(90 - INCIDENCE_AS_PUBLISHED, abs=1)


def test_an_item_of_many_days_is_no_picture(tmp_path):
    path = item(tmp_path)
    whole = json.loads(path.read_text())
    whole["properties"] |= {"start_datetime": "2025-01-01T00:00:00Z", "end_datetime": TIME}
    path.write_text(json.dumps(whole))
    with pytest.raises(InputError, match="end_datetime"):
        read_image_item(path)


def test_an_item_nested_without_end_is_refused(tmp_path):
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="STAC item as JSON"):
        read_image_item(tmp_path / "deep.json")


def test_a_first_that_does_not_fit_is_told(tmp_path):
    sets = tmp_path / "wv3.3le"
    sets.write_text(WORLDVIEW_3)
    arguments = ["identify", "--elements", str(sets), "--site", f"{LAT},{LON}", "--time", TIME]
    right = CliRunner().invoke(app, [*arguments, "--azimuth", str(AZIMUTH)])
    assert "none fits well" not in right.stderr
    wrong = CliRunner().invoke(app, [*arguments, "--azimuth", str(AZIMUTH + 180)])
    assert "none fits well: the azimuth of the first is off by" in wrong.stderr


def test_an_item_across_the_antimeridian_has_its_middle_there(tmp_path):
    ring = [[179.9, 0], [-179.9, 0], [-179.9, 0.2], [179.9, 0.2], [179.9, 0]]
    known = read_image_item(item(tmp_path, geometry={"type": "Polygon", "coordinates": [ring]}))
    assert abs(known.site.lon_rad) / deg == pytest.approx(180.0, abs=1e-6)
    assert known.site.lat_rad / deg == pytest.approx(0.1, abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"view:off_nadir": "steep"}, "view:off_nadir"), ({"view:azimuth": 777}, "view:azimuth"),
        ({"datetime": None}, "datetime"), ({"geometry": {"type": "Blob"}}, "geometry"),
        ({"geometry": None}, "geometry"), ({"properties": 3}, "image item"),
    ],
)  # fmt: skip
def test_an_item_that_makes_no_sense_says_where(tmp_path, changes, field):
    with pytest.raises(InputError, match=field):
        read_image_item(item(tmp_path, **changes))


def test_the_command_ranks_and_names_its_columns(tmp_path, crowd):
    sets = tmp_path / "wv3.3le"
    sets.write_text(WORLDVIEW_3)
    arguments = ["identify", "--elements", str(sets), "--image-item", str(item(tmp_path)), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert row["norad_id"] == 40115
    assert row["satellite"].startswith("WORLDVIEW-3")
    assert row["time"].startswith("2025-03-04T02:14:0")
    for key, value in (("off_nadir_deg", 24.5), ("azimuth_deg", AZIMUTH), ("incidence_deg", 27.1)):
        assert row[key] == pytest.approx(value, abs=1.0)
    assert abs(row["time_offset_s"]) < 1
    assert row["score"] == 1
    assert "the item says WV03" in result.stderr
    (alone,) = json.loads(CliRunner().invoke(app, [*arguments, "--prior", "none"]).stdout)
    assert row["imaging"] is alone["imaging"] is True  # what it carries, whether or not it counts


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (["--time", TIME], "--site"), (["--site", "10,123"], "--time"),
        (["--site", "10,123", "--time", TIME, "--off-nadir", "99"], "--off-nadir"),
        (["--site", "10,123", "--time", TIME, "--top", "0"], "--top"),
        (["--site", "10,123", "--time", TIME, "--prior", "x"], "--prior"),
    ],
)  # fmt: skip
def test_wrong_options_are_named(tmp_path, extra, told):
    sets = tmp_path / "wv3.3le"
    sets.write_text(WORLDVIEW_3)
    result = CliRunner().invoke(app, ["identify", "--elements", str(sets), *extra])
    assert isinstance(result.exception, InputError)
    assert told in str(result.exception)
