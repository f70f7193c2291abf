"""The engine of opportunities: against Skyfield, against the search of windows, and its reasons made true."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from skyfield.api import EarthSatellite, load, wgs84

from offnadir.access import MaxOffNadir, SunAbove, find_windows
from offnadir.epoch import Epoch, Span
from offnadir.operations import read_operation
from offnadir.orbits import make_ephemeris
from offnadir.orbits._tle_write import element_set_to_tle
from offnadir.quality import CloudClimatology
from offnadir.service._datetimes import read_interval
from offnadir.service._ephemerides import Ephemerides
from offnadir.service._fleet import fleet_of
from offnadir.service._opportunity_place import Strips, read_geometry
from offnadir.service._opportunity_reasons import LIMITS, why_not
from offnadir.service._opportunity_search import Flock, search
from offnadir.tasking._order import Looks
from offnadir.units import day, deg, hour
from support.operation import make_operation

START = Epoch.from_utc("2026-05-31T00:00:00Z")
SPAN = Span(START, START + 2 * day)
SEOUL = read_geometry({"type": "Point", "coordinates": [126.98, 37.57]})


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    path = make_operation(tmp_path_factory.mktemp("operation"))
    return fleet_of(read_operation(path), START)


@pytest.fixture(scope="module")
def kept():
    return Ephemerides()


@pytest.fixture(scope="module")
def ask(fleet, kept):
    def asked(looks=Looks(), place=SEOUL, span=SPAN, satellites=None):  # noqa: B008
        return search(satellites or fleet.satellites, place, span, looks, kept)

    return asked


def skyfield_angles(satellite, tai_ns):
    """Off-nadir from geodetic nadir, elevation, azimuth [deg] and range [m] of Seoul, by Skyfield alone."""
    ts = load.timescale(builtin=True)
    utc = [re.split(r"[-T:Z]", Epoch(int(one)).utc(9))[:6] for one in tai_ns]
    year, month, date, hours, minutes, seconds = np.array(utc, float).T
    t = ts.utc(year, month, date, hours, minutes, seconds)
    name, *lines = element_set_to_tle(satellite.elements)
    flying = EarthSatellite(*lines, name, ts)
    site = wgs84.latlon(37.57, 126.98)
    elevation, azimuth, distance = (flying - site).at(t).altaz()
    below = wgs84.geographic_position_of(flying.at(t))
    lat, lon = below.latitude.radians, below.longitude.radians
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    sight = (
        site.itrs_xyz.m[:, None]
        - wgs84.latlon(
            below.latitude.degrees, below.longitude.degrees, below.elevation.m
        ).itrs_xyz.m
    )
    sight = sight / np.linalg.norm(sight, axis=0)
    off_nadir = np.degrees(np.arccos(-(sight * up).sum(axis=0)))
    return off_nadir, elevation.degrees, azimuth.degrees, distance.m


@pytest.mark.parametrize("number", [0, 1])
def test_a_pass_is_that_of_skyfield(fleet, ask, number):
    """Skyfield propagates the same TLE in its own frames: angles to 0.003 deg, the limit met at both ends.

    It takes UT1 from its own table and leaves polar motion out: some metres on the ground.
    """
    satellite = fleet.satellites[number]
    one = ask(Looks(max_off_nadir_rad=40 * deg), satellites=[satellite])[0]
    shortest_ns = round(satellite.sensor.min_duration_s * 1e9)
    at = np.array([one.start_tai_ns, one.best_tai_ns, one.stop_tai_ns + shortest_ns])
    off_nadir, elevation, azimuth, range_m = skyfield_angles(satellite, at)
    assert_allclose(off_nadir[[0, 2]], 40.0, atol=0.003)
    assert_allclose(off_nadir[1], one.off_nadir_rad / deg, atol=0.003)
    assert_allclose(elevation[1], one.elevation_rad / deg, atol=0.003)
    assert_allclose(azimuth[1], one.azimuth_rad / deg, atol=0.01)
    assert_allclose(range_m[1], one.range_m, atol=50)
    around = one.best_tai_ns + np.arange(-20, 21) * 500_000_000
    assert abs(int(np.argmin(skyfield_angles(satellite, around)[0])) - 20) <= 1


def test_opportunities_are_the_windows_of_look_less_the_shortest_picture(fleet, ask):
    """The same as find_windows over a fresh ephemeris of just the span: no rounding, whatever is kept."""
    span = Span(START + 3.21 * hour, START + 39.87 * hour)
    for satellite in fleet.satellites:
        ephemeris = make_ephemeris(satellite.elements, span)
        limits = [MaxOffNadir(satellite.max_off_nadir_rad), SunAbove(0.0)]
        table = find_windows(ephemeris, SEOUL.aim, limits)
        found = ask(span=span, satellites=[satellite])
        shortest_ns = round(satellite.sensor.min_duration_s * 1e9)
        assert len(found) == len(table) > 0
        assert_allclose([one.start_tai_ns for one in found], table["start"], atol=2e6, rtol=0)
        stops = [one.stop_tai_ns + shortest_ns for one in found]
        assert_allclose(stops, table["stop"], atol=2e6, rtol=0)
        assert_allclose([one.off_nadir_rad for one in found], table["off_nadir_rad"], atol=1e-6)
        assert_allclose(
            [one.sun_elevation_rad for one in found], table["sun_elevation_rad"], atol=1e-6
        )


def test_sharpness_limits_cut_windows_where_look_would_rate_them_so(fleet, ask):
    """At the ends of a cut window the picture is just good enough; without the limit it goes on."""
    free, cut = ask(), ask(Looks(max_gsd_m=0.45))
    assert 0 < len(cut) <= len(free)
    assert all(one.gsd_m <= 0.45 for one in cut)
    shorter = 0
    for one in cut:
        satellite = next(s for s in fleet.satellites if s.name == one.satellite)
        before = Span(Epoch(one.start_tai_ns) + -0.05, Epoch(one.start_tai_ns) + 5.0)
        inside = ask(Looks(max_gsd_m=0.45), span=before, satellites=[satellite])
        assert inside[0].start_tai_ns == pytest.approx(one.start_tai_ns, abs=5e6)
        shorter += any(
            f.satellite == one.satellite and f.start_tai_ns < one.start_tai_ns < f.stop_tai_ns
            for f in free
        )  # fmt: skip
    assert shorter


def test_the_chance_of_a_clear_view_is_the_climatologys(ask):
    one = ask(Looks(max_cloud=0.5))[0]
    clouds = CloudClimatology.bundled()
    at = (SEOUL.aim.lat_rad, SEOUL.aim.lon_rad, one.best_tai_ns)
    assert one.clear_chance == float(clouds.clear_chance(*at, max_cloud=0.5))
    assert one.cloud_cover == float(clouds.mean_cover(*at))


#: Wishes that nothing meets within two days over Seoul, and the limit that stands in the way.
IMPOSSIBLE = {
    "max_off_nadir": Looks(max_off_nadir_rad=0.5 * deg),
    "max_incidence": Looks(max_incidence_rad=0.5 * deg),
    "min_incidence": Looks(min_incidence_rad=75 * deg),
    "azimuth": Looks(azimuth_from_rad=6 * deg, azimuth_to_rad=8 * deg),
    "min_sun_elevation": Looks(min_sun_elevation_rad=82 * deg),
    "max_sun_elevation": Looks(max_sun_elevation_rad=5 * deg),
    "max_gsd": Looks(max_gsd_m=0.2),
    "min_niirs": Looks(min_niirs=7.0),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_the_told_value_passes_and_slightly_less_does_not(fleet, kept, ask, name):
    looks, limit = IMPOSSIBLE[name], next(one for one in LIMITS if one.name == name)
    assert ask(looks) == []
    reason = next(
        one for one in why_not(fleet.satellites, SEOUL, SPAN, looks, kept) if one.constraint == name
    )
    told = reason.would_pass if isinstance(reason.would_pass, list) else [reason.would_pass]
    passing = dict(
        zip(limit.fields, (one * limit.scale * (1 + 1e-12) for one in told), strict=True)
    )
    assert ask(replace(looks, **passing))
    # Three units of the last digit that is told are what bisection and rounding may cost.
    step = 3 * 10.0**-limit.digits * limit.scale
    tighter = {}
    for field, value in passing.items():
        wanted = getattr(looks, field)
        moves = -1 if value > wanted + step else 1 if value < wanted - step else 0
        tighter[field] = value + moves * step
    assert tighter != passing
    assert ask(replace(looks, **tighter)) == []
    assert f"{reason.by:.1f}"[:3] in reason.words or reason.by < 1
    assert "would pass" in reason.words


def test_limits_that_only_together_give_way_are_told_together(fleet, kept, ask):
    looks = Looks(max_off_nadir_rad=0.5 * deg, min_sun_elevation_rad=82 * deg)
    reasons = why_not(fleet.satellites, SEOUL, SPAN, looks, kept)
    assert [one.constraint for one in reasons] == ["max_off_nadir", "min_sun_elevation"]
    loosened = looks
    for one in reasons:
        assert "together with" in one.words
        others = [other.constraint for other in reasons if other is not one]
        assert one.together_with == others
        assert ask(loosened) == []
        loosened = replace(loosened, **{f"{one.constraint}_rad": one.would_pass * deg})
    assert ask(loosened)


def test_the_next_opportunity_after_the_span_is_told(fleet, kept, ask):
    first = ask()[0]
    early = Span(START, Epoch(first.start_tai_ns) + -60.0)
    assert ask(span=early) == []
    (reason,) = why_not(fleet.satellites, SEOUL, early, Looks(), kept)
    assert reason.constraint == "datetime"
    assert first.satellite in reason.words
    passing = read_interval(reason.would_pass)
    again = ask(span=Span(passing.start, passing.stop + 5.0))
    assert [one.start_tai_ns // 10**7 for one in again] == [first.start_tai_ns // 10**7]


def test_what_no_wish_can_change_is_told(fleet, kept):
    """Inclined by 98 deg and at 620 km, they turn by 45 deg at most: they never reach the pole's night."""
    pole = read_geometry({"type": "Point", "coordinates": [0.0, -89.0]})
    (reason,) = why_not(fleet.satellites, pole, SPAN, Looks(), kept)
    assert (
        reason.constraint == "daylight"
    )  # it is June: the Sun is below the horizon of the south pole
    assert reason.found == pytest.approx(
        -20.9, abs=1.2
    )  # declination 21.9 deg on 31 May, a degree away
    assert reason.would_pass is None


def test_kept_ephemerides_are_bounded_and_shared(fleet):
    kept = Ephemerides(most_bytes=200_000)
    for start in range(0, 40, 4):
        span = Span(START + start * day, START + (start + 1.5) * day)
        kept.of(fleet.satellites, span)
        assert kept._bytes <= 200_000
    kept = Ephemerides()
    whole = kept.of(fleet.satellites, Span(START, START + 4 * day))[0]
    inside = kept.of(fleet.satellites, Span(START + 1.0, START + 300.0))[0]
    assert inside.coefficients is whole.coefficients


def test_strips_of_a_square_by_hand():
    """A square of 60 km at the equator, strips to the north of 20 km that overlap by 5 %: four, not three."""
    side = 60e3 / 111_319.5 / 2
    ring = [[-side, -side], [side, -side], [side, side], [-side, side], [-side, -side]]
    place = read_geometry({"type": "Polygon", "coordinates": [ring]})
    share, strips = Strips(place.area).of(0.0, 20.5e3, 140e3)
    assert strips == 4
    assert share == pytest.approx(1 / 3, abs=0.03)
    share, strips = Strips(place.area).of(0.0, 20.5e3, 30e3)  # pictures half as long as the square
    assert strips == 8
    assert share == pytest.approx(1 / 6, abs=0.02)


def test_what_is_kept_of_satellites_is_theirs_and_bounded(fleet):
    """The same objects are found again; others that are equal are not, and old ones make room."""
    kept = Ephemerides(most_bytes=4 * 2**20)
    several = fleet.satellites
    first = Flock.over(several, SPAN, kept)
    assert Flock.over(list(several), SPAN, kept) is first
    moved = replace(several[0], elements=replace(several[0].elements, raan_rad=1.0))
    other = Flock.over((moved, *several[1:]), SPAN, kept)
    assert other is not first
    assert other.satellites[0].elements.raan_rad == 1.0
    for i in range(1, 40):
        Flock.over(several, Span(START + i * hour, START + 2 * day), kept)
    assert Flock.over(several, SPAN, kept) is not first
