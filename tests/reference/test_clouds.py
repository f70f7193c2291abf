"""Clouds: the climatology against figures that it was not made from."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.epoch import Epoch, utc_to_tai_ns
from offnadir.errors import InputError, UnitRangeError
from offnadir.quality import CloudClimatology
from offnadir.quality._clouds import beta_chance
from offnadir.units import deg

CLOUDS = CloudClimatology.bundled()
DAYS = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
LAT, LON = np.meshgrid(np.arange(-90.0, 91, 3), np.arange(-180.0, 180, 3), indexing="ij")


def daylight_h(lat_deg: float) -> np.ndarray:
    """Hours from sunrise to sunset in each month (Cooper's declination, refraction of 50')."""
    day = np.cumsum(DAYS) - DAYS / 2
    sun = np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365)
    lat = math.radians(lat_deg)
    cosine = (math.sin(math.radians(-5 / 6)) - math.sin(lat) * np.sin(sun)) / (
        math.cos(lat) * np.cos(sun)
    )
    return 24 / np.pi * np.arccos(np.clip(cosine, -1, 1)) * DAYS


def by_month(lat_rad, lon_rad, *, hour: float, most: float) -> np.ndarray:
    """Chances in the middle of each month of 2025 at an hour of local solar time: (month, place)."""
    result = []
    for month in range(1, 13):
        noon = Epoch.from_utc(f"2025-{month:02d}-15T00:00Z").tai_ns
        time = noon + ((hour - np.degrees(lon_rad) / 15) * 3600e9).astype(np.int64)
        result.append(CLOUDS.clear_chance(lat_rad, lon_rad, time, max_cloud=most))
    return np.array(result)


# Cities that tools/build_clouds.py keeps back: latitude, longitude, hours of sunshine in the year, in January
# and in July. WMO and national normals as in Wikipedia, "List of cities by sunshine duration".
SUNSHINE = {
    "Ouagadougou": (12.37, -1.53, 3136, 287.0, 240.0),
    "Tamanrasset": (22.79, 5.52, 3701, 297.6, 356.5),
    "Upington": (-28.45, 21.26, 3732, 352.9, 289.8),
    "Guangzhou": (23.12, 113.25, 1628, 118.5, 202.0),
    "Chennai": (13.09, 80.28, 2848, 232.5, 142.6),
    "Tel Aviv": (32.08, 34.78, 3311, 192.2, 368.9),
    "Ankara": (39.92, 32.85, 2450, 77.5, 350.3),
    "Minsk": (53.9, 27.57, 1807, 34.0, 271.0),
    "Helsinki": (60.17, 24.94, 1858, 38.0, 291.0),
    "Edinburgh": (55.95, -3.2, 1428, 54.0, 172.0),
    "Denver": (39.74, -104.98, 3107, 215.3, 325.0),
    "Minneapolis": (44.98, -93.26, 2711, 156.7, 350.5),
    "Sacramento": (38.58, -121.49, 3608, 145.5, 440.2),
    "Buenos Aires": (-34.61, -58.38, 2525, 279.0, 142.6),
    "Fortaleza": (-3.72, -38.54, 2804, 222.0, 259.4),
    "Brisbane": (-27.47, 153.03, 2973, 263.5, 238.7),
    "Auckland": (-36.85, 174.76, 2003, 228.8, 128.1),
}


@pytest.mark.parametrize("place", SUNSHINE)
def test_sunshine_of_cities_that_the_map_has_not_seen(place):
    """Cover is the share of possible sunshine that is missing: within 0.14 in the year, 0.22 in a month."""
    lat, lon, year_h, january_h, july_h = SUNSHINE[place]
    cover = CLOUDS.month_cover(lat * deg, lon * deg, month=np.arange(1, 13), hour_local=10.0)
    possible_h = daylight_h(lat)
    assert_allclose(np.average(cover, weights=possible_h), 1 - year_h / possible_h.sum(), atol=0.14)
    for month, hours in ((0, january_h), (6, july_h)):
        assert_allclose(cover[month], 1 - hours / possible_h[month], atol=0.22)


def test_cities_are_told_apart_better_than_by_their_latitude():
    cover, wanted, zonal = [], [], []
    for lat, lon, year_h, _, _ in SUNSHINE.values():
        possible_h = daylight_h(lat)
        months = np.arange(1, 13)
        cover.append(
            np.average(CLOUDS.month_cover(lat * deg, lon * deg, month=months), weights=possible_h)
        )
        round_the_world = CLOUDS.month_cover(lat * deg, LON[0][:, None] * deg, month=months)
        zonal.append(np.average(round_the_world.mean(axis=0), weights=possible_h))
        wanted.append(1 - year_h / possible_h.sum())
    error = np.mean(np.square(np.subtract(cover, wanted)))
    assert error < 0.35 * np.mean(np.square(np.subtract(zonal, wanted)))
    assert np.corrcoef(cover, wanted)[0, 1] > 0.9


# Landsat 8, cloud cover of whole scenes [%] 2016 to 2022 as in the metadata of USGS (STAC, CLOUD_COVER):
# {month: (scenes, mean)}, and how many of all have at most 20 %. All three are mostly sea.
SCENES = {
    "045/034 off San Francisco": (
        (37.46, -123.66, 10.6, 45),
        {
            1: (11, 37.6), 2: (9, 43.8), 3: (11, 48.0), 4: (10, 39.3), 5: (10, 70.2), 6: (9, 34.3),
            7: (10, 63.0), 8: (10, 66.1), 9: (11, 44.2), 10: (12, 43.1), 11: (10, 28.5), 12: (11, 37.4),
        },
    ),
    "066/091 Chatham Islands": (
        (-44.6, -176.21, 9.7, 13),
        {
            1: (12, 58.5), 2: (10, 59.6), 3: (11, 46.8), 4: (9, 61.7), 5: (10, 35.4), 6: (9, 49.8),
            7: (9, 46.1), 8: (11, 55.5), 9: (10, 72.0), 10: (11, 74.0), 11: (10, 67.1), 12: (12, 73.2),
        },
    ),
    "198/022 German Bight": (
        (54.49, 6.39, 11.0, 6),
        {
            1: (2, 85.0), 2: (5, 76.3), 3: (7, 56.1), 4: (6, 47.6), 5: (6, 56.2), 6: (5, 78.6),
            7: (6, 71.2), 8: (5, 43.3), 9: (5, 56.8), 10: (6, 59.1), 11: (5, 47.6),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENES)
def test_landsat_series_over_years(name):
    """Mean within 0.08 (its own standard error is 0.03 to 0.05), share of clear scenes within 0.13."""
    (lat, lon, hour, clear), months = SCENES[name]
    count = np.array([scenes for scenes, _ in months.values()])
    seen = np.average([mean / 100 for _, mean in months.values()], weights=count)
    at = lat * deg, lon * deg
    cover = CLOUDS.month_cover(*at, month=list(months), hour_local=hour)
    assert_allclose(np.average(cover, weights=count), seen, atol=0.08)
    chance = by_month(*(np.array([x]) for x in at), hour=hour, most=0.2)[:, 0]
    share = np.average(chance[np.array(list(months)) - 1], weights=count)
    assert_allclose(share, clear / count.sum(), atol=0.13)


def test_landsat_over_mainland_southeast_asia():
    """41 % of 30 years of scenes have at most 30 % cloud (Int. J. Digital Earth 11, 2018, 437, abstract).

    The width of the distribution over land was chosen by this figure and the next; the mean was not.
    """
    land = CLOUDS.land > 0.5
    here = land & (LAT >= 6) & (LAT <= 28) & (LON >= 93) & (LON <= 108)
    chance = by_month(LAT[here] * deg, LON[here] * deg, hour=10.2, most=0.3)
    assert_allclose(
        np.average(chance.mean(axis=0), weights=np.cos(LAT[here] * deg)), 0.41, atol=0.06
    )


def test_landsat_8_of_the_world():
    """Just under a third of a million scenes have at most 10 % cloud (acgeospatial, The cloudiest place)."""
    here = (CLOUDS.land > 0.5) & (LAT > -60)
    chance = by_month(LAT[here] * deg, LON[here] * deg, hour=10.2, most=0.1)
    assert_allclose(
        np.average(chance.mean(axis=0), weights=np.cos(LAT[here] * deg)), 0.32, atol=0.05
    )


def test_land_is_clearer_than_sea():
    """MODIS: 55 % over land, 72 % over the sea (King et al. 2013); it counts thin cloud that we do not."""
    area = np.cos(LAT * deg)
    cover = CLOUDS.cover.mean(axis=0)
    land = np.average(cover, weights=area * CLOUDS.land)
    sea = np.average(cover, weights=area * (1 - CLOUDS.land))
    assert 0.05 < sea - land < 0.2
    assert 0.35 < land < 0.55


@pytest.mark.parametrize(
    ("a", "b", "exact"),
    [
        (0.5, 0.5, lambda x: 2 / math.pi * math.asin(math.sqrt(x))),  # the arcsine distribution
        (1.0, 1.0, lambda x: x),
        (0.3, 1.0, lambda x: x**0.3),
        (1.0, 0.7, lambda x: 1 - (1 - x) ** 0.7),
        (2.0, 3.0, lambda x: 6 * x**2 - 8 * x**3 + 3 * x**4),
    ],
)
def test_beta_chance_in_closed_form(a, b, exact):
    for x in (0.0, 1e-6, 0.05, 0.2, 0.5, 0.9, 0.999, 1.0):
        assert_allclose(beta_chance(x, a, b), exact(x), rtol=1e-10, atol=1e-14)


places = st.tuples(
    st.floats(-np.pi / 2, np.pi / 2), st.floats(-7.0, 7.0), st.integers(-(10**18), 3 * 10**18)
)


@settings(deadline=None)
@given(place=places, most=st.floats(0.0, 1.0), more=st.floats(0.0, 1.0))
def test_chances_are_chances_and_grow_with_what_is_allowed(place, most, more):
    low, high = sorted((most, more))
    chances = [float(CLOUDS.clear_chance(*place, max_cloud=m)) for m in (low, high)]
    assert 0.0 <= chances[0] <= chances[1] + 1e-12 <= 1.0 + 1e-12
    assert float(CLOUDS.clear_chance(*place, max_cloud=1.0)) == pytest.approx(1.0, abs=1e-12)


@settings(deadline=None)
@given(place=places, turns=st.integers(-2, 2))
def test_a_turn_of_longitude_changes_nothing(place, turns):
    lat, lon, time = place
    around = CLOUDS.mean_cover(lat, lon + 2 * np.pi * turns, time)
    assert_allclose(around, CLOUDS.mean_cover(lat, lon, time), atol=1e-6)


def test_many_are_as_one():
    draw = np.random.default_rng(3)
    lat, lon = np.arcsin(draw.uniform(-1, 1, 50)), draw.uniform(-np.pi, np.pi, 50)
    time = draw.integers(0, 2 * 10**18, 50)
    many = CLOUDS.clear_chance(lat, lon, time)
    one = [float(CLOUDS.clear_chance(*place)) for place in zip(lat, lon, time, strict=True)]
    assert_allclose(many, one, rtol=1e-12)
    assert CLOUDS.mean_cover(lat[:, None], lon[:, None], time).shape == (50, 50)


def test_the_year_and_the_day_have_no_seams():
    """From one minute to the next the cover changes by less than 0.0005, also at new year and midnight."""
    times = (
        np.datetime64("2025-12-25T00:00", "ns").astype(np.int64) + np.arange(14 * 1440) * 60 * 10**9
    )
    for lat, lon in ((51.5, 0.0), (-33.9, 151.2), (35.0, 179.99)):
        cover = CLOUDS.mean_cover(lat * deg, lon * deg, utc_to_tai_ns(times))
        assert np.abs(np.diff(cover)).max() < 5e-4


def test_cloud_over_land_is_most_after_noon_and_little_changed():
    """Day and night differ little (MODIS, King et al. 2013), with more over land after noon."""
    hours = np.arange(24.0)
    cover = CLOUDS.month_cover(48 * deg, 12 * deg, month=7, hour_local=hours)
    assert 12 <= hours[np.argmax(cover)] <= 15
    assert 0.02 < np.ptp(cover) < 0.08


def test_nan_in_nan_out_and_wrong_calls():
    cover = CLOUDS.mean_cover([np.nan, 0.5], [0.3, 0.3], 0)
    assert np.isnan(cover[0])
    assert np.isfinite(cover[1])
    assert list(CLOUDS.why_missing([np.nan, 0.5], 0.3, 0)) == ["the place is not a number", ""]
    assert np.isnan(CLOUDS.clear_chance(0.5, np.nan, 0))
    with pytest.raises(UnitRangeError, match=r"lat_rad = 48\.85: .*forget"):
        CLOUDS.mean_cover(48.85, 0.0, 0)
    with pytest.raises(InputError, match=r"max_cloud = 20: must be a fraction"):
        CLOUDS.clear_chance(0.5, 0.5, 0, max_cloud=20)
    with pytest.raises(InputError, match="month = 0"):
        CLOUDS.month_cover(0.5, 0.5, month=0)
    with pytest.raises(InputError, match=r"cover\.shape"):
        CloudClimatology(
            cover=np.zeros((12, 3, 3), np.float32), land=CLOUDS.land, support=CLOUDS.support
        )
