"""A study file: what is right is read, and what is wrong is told with field, value and wish, all at once."""

from __future__ import annotations

import pytest

from offnadir.coverage.study_designs import Space
from offnadir.coverage.study_file import load_study
from offnadir.coverage.study_model import wish_rows
from offnadir.errors import FileError, InputError, InputProblems
from offnadir.units import deg
from support.study_jobs import STUDY, write_study


def load(folder, text=STUDY):
    return load_study(write_study(folder, text))


def test_what_is_right_is_read(tmp_path):
    study = load(tmp_path)
    assert study.name == "Made up"
    assert study.span.duration_s == 2 * 86400
    assert study.places.points == (("North Pole", 90 * deg, 0.0),)
    assert wish_rows(study.wishes) == [("revisit", "revisit_h", pytest.approx(2 / 3), True, "h")]
    assert [one.name for one in study.orbits[0].variables] == [
        "satellites", "planes", "height_km", "inclination_deg",
    ]  # fmt: skip
    assert Space(study).count == 4 * 2 * 2
    assert study.sensors_by_name["skysat-c"].name == "skysat-c"


def test_a_range_has_both_ends(tmp_path):
    text = STUDY.replace("[500, 600]", "{ from = 500, to = 600, step = 25 }")
    (orbit,) = load(tmp_path, text).orbits
    assert orbit.variables[2].values == (500, 525, 550, 575, 600)


def test_a_step_beyond_all_numbers_leaves_the_first_choice(tmp_path):
    text = STUDY.replace("[500, 600]", "{ from = 500, to = 600, step = 1%s }" % ("0" * 400))
    (orbit,) = load(tmp_path, text).orbits
    assert orbit.variables[2].values == (500,)


def test_an_objective_that_is_unknown_is_told_once(tmp_path):
    assert trouble(tmp_path, '["revisit", "cost"]', '["price"]').count("search.objectives") == 1
    assert "at least one, each once" in trouble(tmp_path, '["revisit", "cost"]', "[]")


def trouble(folder, old, new):
    """What is said of the study with one text in place of another."""
    assert old in STUDY
    with pytest.raises((InputError, InputProblems)) as caught:
        load(folder, STUDY.replace(old, new, 1))
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[500, 600]", "-50", r'orbit[1].height_km = -50: must be a height from 160 to 90000 km'),
        ("[500, 600]", "-50", "this orbit runs below ground"),
        ("[500, 600]", "550000", "was it meant in metres?"),
        ("[500, 600]", "[500, 500]", "orbit[1].height_km[2] = 500: must be a choice of its own"),
        ("[500, 600]", "[]", "must be at least one value"),
        ("[500, 600]", "{ from = 600, to = 500, step = 10 }", "height_km.to = 500.0: must be at least from"),
        ("[500, 600]", "{ from = 500, to = 600, step = 0.001 }", "makes at most 1000 choices"),
        ("[500, 600]", "{ from = 500, to = 600, step = 1e-320 }", "makes at most 1000 choices"),
        ("[500, 600]", "{ from = 500, to = 600 }", "{ from = ..., to = ..., step = ... }"),
        ("satellites = [1, 2, 3, 4]", "satellites = 2.5", "must be a whole number from 1 to 10000"),
        ("inclination_deg = 90", "inclination_deg = 190", "must be a number from 0 to 180 degrees"),
        ("inclination_deg = 90", "", "orbit[1].inclination_deg = (missing)"),
        ("walker-delta", "walker", 'orbit[1].family = \'walker\': must be one of "walker-delta"'),
        ("skysat-c", "skysat", "did you mean skysat-c"),
        ("skysat-c", "capella-acadia", "a camera; this is a radar"),
        ('library = "skysat-c"', "", "sensor[1] = (missing): must be one of library, aperture_m"),
        ("max_off_nadir_deg", "max_off_nadir_rad", "did you mean max_off_nadir_deg, in degrees?"),
        ('"40 min"', "40", "a bare number could be hours or seconds"),
        ('revisit = "40 min"', 'latency = "40 min"', "left out where there is no [[station]]"),
        ('revisit = "40 min"', "niirs = 5\ngsd_m = 1", "wishes.gsd_m = 1.0: must be left out where niirs"),
        ("lat_deg = 90", "lat_deg = 91", "place[1].lat_deg = 91"),
        ("[search]", '[search]\nmethod = "nsga4"', "must be one of"),
        ("[search]", "[search]\nbudget = 5", "left out for method"),
        ('["revisit", "cost"]', '["price"]', "search.objectives[1] = 'price'"),
        ('["revisit", "cost"]', '["latency"]', "no [[station]]"),
        ("[wishes]", '[places]\nregion = "KR"\n[wishes]', "one of region, polygon and [[place]]"),
        ("[[place]]", "[places]\nregion = []\n[[place]]", "places.region = []: must be at least one country"),
        ("[[sensor]]", "[[sensors]]", "sensors = "),
        ("[wishes]", 'station_sets = [["Daejeon"]]\n[wishes]', "station_sets"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_before_anything_is_computed(tmp_path, old, new, said):
    assert said in trouble(tmp_path, old, new)


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    text = STUDY.replace("[500, 600]", "50").replace("skysat-c", "none").replace("2 d", "2")
    with pytest.raises(InputProblems) as caught:
        load(tmp_path, text)
    fields = [one.field for one in caught.value.problems]
    assert fields == ["span.duration", "orbit[1].height_km", "sensor[1].library[1]"]


@pytest.mark.parametrize(
    ("orbit", "said"),
    [
        (
            'family = "walker-delta"\nsatellites = [5, 7]\nplanes = 3\nheight_km = 500\ninclination_deg = 60',
            "planes = 3: must be a divisor of the 5 satellites",
        ),
        (
            'family = "elliptical"\nsatellites = 1\nperigee_km = 900\napogee_km = 500\ninclination_deg = 63',
            "apogee_altitude_m = 500000.0: must be at least that of the perigee",
        ),
        (
            'family = "repeat"\nsatellites = 1\nrepeat = "3/1"\ndescending_node = "10:30"',
            "an orbit so high follows no Sun",
        ),
        (
            'family = "repeat"\nsatellites = 1\nrepeat = "81/5"\ninclination_deg = 30',
            "km high: in air that thick no satellite goes round twice",
        ),
        (
            'family = "sun-synchronous"\nsatellites = 1\nheight_km = 7000\ndescending_node = "10:30"',
            "must be",
        ),
        (
            'family = "sun-synchronous"\nsatellites = 3\nheight_km = 500\ndescending_node = "10:30 13:30"',
            "satellites = 3: must be a multiple of the 2 planes",
        ),
    ],
)  # fmt: skip
def test_an_orbit_that_is_impossible_whatever_is_chosen_is_told(tmp_path, orbit, said):
    start, stop = STUDY.index('family = "walker'), STUDY.index("[[sensor]]")
    text = STUDY[:start] + orbit + "\n" + STUDY[stop:]
    with pytest.raises(InputError, match="possible with at least one of its choices") as caught:
        load(tmp_path, text)
    assert said in str(caught.value)


def test_satellites_of_a_repeating_track_over_a_longitude(tmp_path):
    """Two in one plane half a revolution apart, the first over the longitude at its node southbound."""
    from offnadir.coverage.study_orbits import element_sets

    start, stop = STUDY.index('family = "walker'), STUDY.index("[[sensor]]")
    orbit = 'family = "repeat"\nsatellites = 2\nrepeat = "15/1"\ndescending_node = "10:30"\n'
    made = {}
    for lon_deg in (100, 106, 124):
        text = STUDY[:start] + orbit + f"track_lon_deg = {lon_deg}\n" + STUDY[stop:]
        study = load(tmp_path, text)
        made[lon_deg] = element_sets(Space(study).design((0,) * len(Space(study).sizes)), study)
    for one, other in made.values():
        apart = (other.mean_anomaly_rad - one.mean_anomaly_rad) % (360 * deg)
        assert apart == pytest.approx(180 * deg, abs=1e-9)
    # 24 degrees further is the next track of 15 a day: the satellite is one revolution on or back
    anomalies = [made[lon_deg][0].mean_anomaly_rad / deg for lon_deg in (100, 106, 124)]
    assert (anomalies[2] - anomalies[0] + 180) % 360 - 180 == pytest.approx(0, abs=0.5)
    assert abs((anomalies[1] - anomalies[0] + 180) % 360 - 180) == pytest.approx(90, abs=0.5)


def test_a_launch_site_that_cannot_reach_an_inclination(tmp_path):
    """Sohae, 39.66 N (39.47 geocentric): nothing below that.

    For 90 deg against the ground that turns east with 465.1 m/s x cos 39.47 = 359 m/s: towards atan(359/7590)
    = 2.7 deg west of north or of south.
    """
    launch = '\n[launch]\nname = "Sohae"\nlat_deg = 39.66\n'
    text = STUDY.replace("inclination_deg = 90", "inclination_deg = [30, 90]") + launch
    study = load(tmp_path, text)  # one of the two is possible
    from offnadir.coverage.study_orbits import design_trouble

    reach = "Sohae reaches only those from 39.47 to 140.53 deg at this latitude"
    troubles = {design_trouble(Space(study).design(genes), study) for genes in Space(study).all()}
    assert any(reach in one for one in troubles)
    with pytest.raises(InputError, match=reach):
        load(tmp_path, STUDY.replace("inclination_deg = 90", "inclination_deg = 30") + launch)
    ways = r"towards 357\.3 or 182\.7 deg, its azimuths are 190 to 200 deg"
    with pytest.raises(InputError, match=ways):
        load(tmp_path, STUDY + launch + "min_azimuth_deg = 190\nmax_azimuth_deg = 200\n")
    load(tmp_path, STUDY + launch + "min_azimuth_deg = 180\nmax_azimuth_deg = 190\n")


def test_a_launch_site_by_its_name(tmp_path):
    """Cape Canaveral's range allows 35 to 120 deg (NASA): 28.5 to 57 deg of inclination, not 90."""
    named = (
        STUDY.replace("inclination_deg = 90", "inclination_deg = {}") + "\n[launch]\nsite = {}\n"
    )
    for inclination_deg in (30, 51.6, 56):
        study = load(tmp_path, named.format(inclination_deg, '"cape canaveral"'))
        assert study.launch is not None
        assert study.launch.key == "cape-canaveral"
    with pytest.raises(InputError, match="azimuths are 35 to 120 deg"):
        load(tmp_path, named.format(90, '"cape-canaveral"'))
    with pytest.raises(InputError, match=r"launch\.site = 'atlantis': must be a launch site"):
        load(tmp_path, named.format(90, '"atlantis"'))
    with pytest.raises(InputError, match=r"launch\.lat_deg.*left out where site names"):
        load(tmp_path, named.format(45, '"naro"\nlat_deg = 34'))
    with pytest.raises(InputError, match="site, a known launch site, or lat_deg"):
        load(tmp_path, STUDY + '\n[launch]\nname = "x"\n')


def test_a_file_that_is_not_there_and_one_that_is_no_toml(tmp_path):
    with pytest.raises(FileError):
        load_study(tmp_path / "none.toml")
    with pytest.raises(InputError, match=r"study\.toml:2"):
        load(tmp_path, 'name = "x"\nspan = [')


def test_too_many_designs_for_a_factorial(tmp_path):
    text = STUDY.replace("[500, 600]", "{ from = 300, to = 1200, step = 1 }")
    text = text.replace("inclination_deg = 90", "inclination_deg = { from = 0, to = 90, step = 1 }")
    with pytest.raises(InputError, match=r"655928 designs.*at most 200000 designs"):
        load(tmp_path, text)
    nsga = load(tmp_path, text.replace("[search]", '[search]\nmethod = "nsga2"'))
    assert nsga.search.method == "nsga2"


def test_a_span_too_short_for_the_light_is_warned_of(tmp_path):
    """Polar nodes stand still, so that the Sun takes a year; Sun-synchronous ones keep their hour."""
    text = STUDY.replace("[wishes]", "[wishes]\nmin_sun_elevation_deg = 10")
    (warning,) = load(tmp_path, text).warnings
    assert "take up to 365 days to go round, the span has 2" in warning
    start, stop = STUDY.index('family = "walker'), STUDY.index("[[sensor]]")
    kept = (
        'family = "sun-synchronous"\nsatellites = 1\nheight_km = 500\ndescending_node = "10:30"\n'
    )
    assert load(tmp_path, text.replace(STUDY[start:stop], kept)).warnings == ()
