"""Kinds of orbit, and choosing among many objects."""

from __future__ import annotations

import dataclasses
import math

import pytest

from offnadir.constants import GM_EARTH_M3_S2, WGS84_A_M
from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.orbits import ElementSet
from offnadir.orbits._filter import (
    ElementFilter,
    filter_elements,
    heights_m,
    node_rate_rad_s,
    orbit_kinds,
)
from offnadir.units import day, deg, km

NEAR = Epoch.from_utc("2026-05-31T12:00:00Z")


def circular(
    rev_day: float, inclination_deg: float, eccentricity: float = 0.001, norad_id: int = 1
) -> ElementSet:
    return ElementSet(
        norad_id=norad_id,
        name=f"OBJECT {norad_id}",
        epoch=NEAR,
        mean_motion_rad_s=rev_day * 2 * math.pi / day,
        eccentricity=eccentricity,
        inclination_rad=inclination_deg * deg,
        raan_rad=0.0,
        arg_perigee_rad=0.0,
        mean_anomaly_rad=0.0,
    )


@pytest.mark.parametrize(
    ("rev_day", "height_km", "inclination_deg"),
    [(16, 274, 96.6), (15, 567, 97.7), (14, 894, 99.0), (13, 1262, 100.7), (12, 1681, 103.0)],
)
def test_sun_synchronous_orbits_are_where_the_textbook_has_them(
    rev_day, height_km, inclination_deg
):
    """Boain, A-B-Cs of Sun-Synchronous Orbit Mission Design, AAS 04-108: orbits that repeat daily."""
    axis_m = WGS84_A_M + height_km * km
    motion_rad_s = math.sqrt(GM_EARTH_M3_S2 / axis_m**3)
    one = circular(motion_rad_s * day / (2 * math.pi), inclination_deg, 0.0)
    # Inclinations are printed to 0.1 deg, which is 0.009 deg/day.
    assert node_rate_rad_s(one) / deg * day == pytest.approx(0.98565, abs=0.012)
    assert orbit_kinds(one) == {"leo", "sso"}
    tilted = dataclasses.replace(one, inclination_rad=(inclination_deg - 2.0) * deg)
    assert orbit_kinds(tilted) == {"leo"}


def test_kinds_of_known_satellites(flock):
    kinds = {one.norad_id: orbit_kinds(one) for one in flock}
    assert kinds[40697] == {"leo", "sso"}  # SENTINEL-2A
    assert kinds[40115] == {"leo", "sso"}  # WORLDVIEW-3
    assert kinds[25544] == {"leo"}  # ISS
    assert kinds[41866] == {"geo"}  # GOES 16


@pytest.mark.parametrize(
    ("rev_day", "eccentricity", "kind"),
    [
        (2.00562, 0.0048, {"meo"}),  # GPS: 11 h 58 min
        (2.00491, 0.6877, {"heo"}),  # MOLNIYA 2-14, SGP4 verification file (AIAA 2006-6753)
        (1.00270, 0.075, {"geo"}),  # QZS-1R: geosynchronous, tilted and oval
        (0.97, 0.001, set()),  # a graveyard orbit
        (11.35, 0.001, {"leo"}),  # 1983 km
        (11.25, 0.001, {"meo"}),  # 2032 km; Space-Track counts by the rate and ends low orbits here
    ],
)
def test_kinds_by_their_limits(rev_day, eccentricity, kind):
    assert orbit_kinds(circular(rev_day, 60.0, eccentricity)) == kind


def test_heights_are_the_published_ones(flock):
    """ESA: Sentinel-2 flies at 786 km, over the equator; NOAA: GOES-16 at 35,786 km."""
    heights = {one.norad_id: heights_m(one) for one in flock}
    for norad_id, height_km in ((40697, 786), (41866, 35_786)):
        assert heights[norad_id] == pytest.approx((height_km * km,) * 2, abs=10 * km)
    perigee_m, apogee_m = heights[40536]  # KOMPSAT-3A, e = 0.0055
    assert apogee_m - perigee_m == pytest.approx(2 * 0.0055091 * 6.79e6, rel=0.01)


def chosen(sets, **wanted) -> set[int]:
    return {
        one.norad_id for one in filter_elements(sets, ElementFilter(**wanted), near=NEAR).elements
    }


def test_each_criterion(flock):
    assert chosen(flock) == {one.norad_id for one in flock}
    assert chosen(flock, names=("sentinel*", "*3a")) == {40697, 40536}
    assert chosen(flock, names=("sentinel",)) == set()
    assert chosen(flock, norad_ranges=((25544, 25544), (41000, 41700))) == {25544, 41601}
    assert chosen(flock, norad_ids=frozenset({40115, 99})) == {40115}
    assert chosen(flock, orbits=("geo", "sso")) == {40697, 40115, 40536, 41601, 41866}
    assert chosen(flock, inclination_rad=(51 * deg, 52 * deg)) == {25544}
    assert chosen(flock, altitude_m=(600 * km, 1000 * km)) == {40697, 40115}
    assert chosen(flock, max_age_s=0.907 * day) == {40536}  # its epoch is day 150.59361
    assert chosen(flock, orbits=("sso",), names=("*a", "iss*")) == {40697, 40536}


def test_what_was_left_after_each_criterion_is_counted(flock):
    wanted = ElementFilter(names=("*A*",), orbits=("sso",), max_age_s=1.0)
    found = filter_elements(flock, wanted, near=NEAR)
    named = sum("A" in one.name for one in flock)
    assert found.left == (("", 6), ("names", named), ("orbits", named - 1), ("max_age_s", 0))
    assert found.elements == ()


def test_the_nearest_set_of_an_object_counts_and_any_of_its_names():
    """A set that is far away does not hide one near by; an object that was renamed keeps both names."""
    old = dataclasses.replace(circular(15, 98, norad_id=7), name="OBJECT A", epoch=NEAR + -10 * day)
    new = dataclasses.replace(old, name="EYE 1", epoch=NEAR + 0.4 * day)
    found = filter_elements([old, new], ElementFilter(names=("object*",), max_age_s=day), near=NEAR)
    assert found.elements == (new,)
    assert filter_elements([old], ElementFilter(max_age_s=day), near=NEAR).elements == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("orbits", ("low",)),
        ("inclination_rad", (1.0, 0.5)),
        ("altitude_m", (7e5, math.nan)),
        ("norad_ranges", ((5, 4),)),
        ("max_age_s", -1.0),
    ],
)
def test_a_wrong_filter_names_the_field(field, value):
    with pytest.raises(InputError) as trouble:
        ElementFilter(**{field: value})
    assert trouble.value.field == field
