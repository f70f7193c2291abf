"""Areas against published figures, Karney's geodesics, and the slow twin."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose
from pyproj import Geod

from naive.access import Wish, margins, positions_itrf_m
from naive.areas import area_windows, points
from offnadir.access import MaxOffNadir, MinElevation, SunAbove
from offnadir.access.areas import (
    Area,
    cover_area,
    cut_strips,
    find_area_windows,
    track_heading_rad,
)
from offnadir.earth import itrf_to_geodetic
from offnadir.epoch import Epoch, Span
from offnadir.orbits import make_ephemeris
from offnadir.units import deg, km

WGS84 = Geod(ellps="WGS84")
START = Epoch.from_utc("2026-05-31T00:00:00Z")

# Karney's example of a polygon around a pole (GeographicLib's documentation of PolygonArea), lat, lon.
ANTARCTICA = [
    (-63.1, -58), (-72.9, -74), (-71.9, -102), (-74.9, -102), (-74.3, -131), (-77.5, -163),
    (-77.4, 163), (-71.7, 172), (-65.9, 140), (-65.7, 113), (-66.6, 88), (-66.9, 59), (-69.8, 25),
    (-70.0, -4), (-71.0, -14), (-77.3, -33), (-77.9, -46), (-74.7, -61),
]  # fmt: skip
ANTARCTICA_M2 = 13_662_703_680_020.1


def area(*lon_lat_deg: tuple[float, float], name: str = "area") -> Area:
    ring = np.array(lon_lat_deg, float)[:, ::-1] * deg
    return Area(name=name, polygons_rad=((ring,),))


def box(west: float, south: float, east: float, north: float) -> Area:
    return area((west, south), (east, south), (east, north), (west, north))


def along_geodesics(lat_lon_deg, count: int) -> list[tuple[float, float]]:
    """Longitude, latitude of corners and of points on the shortest ways between them."""
    result = []
    for (lat0, lon0), (lat1, lon1) in zip(
        lat_lon_deg, [*lat_lon_deg[1:], lat_lon_deg[0]], strict=True
    ):
        result.extend([(lon0, lat0), *WGS84.npts(lon0, lat0, lon1, lat1, count)])
    return result


def test_the_whole_earth():
    """Surface of the ellipsoid, NIMA TR 8350.2, 3rd ed., table 3.3: 510 065 621.7 km2."""
    whole = area((-180, -90), (180, -90), (180, 90), (-180, 90))
    assert_allclose(whole.area_m2 / km**2, 510_065_621.7, atol=0.1)


def test_antarctica_around_the_pole_and_over_the_antimeridian():
    """GeographicLib's example; its edges are geodesics, so that each is given by 500 points."""
    found = area(*along_geodesics(ANTARCTICA, 500))
    assert_allclose(found.area_m2, ANTARCTICA_M2, rtol=1e-6)  # chords of 5 km
    assert found.contains(-90 * deg, 0.0)
    assert not found.contains(-63.2 * deg, -100 * deg)


@pytest.mark.parametrize(
    ("bounds", "published_km2"),
    [((-109.05, 37, -102.05, 41), 269_601), ((-111.05, 41, -104.05, 45), 253_335)],
)
def test_states_between_meridians_and_parallels(bounds, published_km2):
    """Colorado and Wyoming; US Census Bureau, State Area Measurements, 2010. Surveys missed by 0.15 %."""
    assert_allclose(box(*bounds).area_m2 / km**2, published_km2, rtol=0.002)


@pytest.mark.parametrize("lat", [-89.0, -60.0, 0.0, 35.0, 75.0, 88.0, 89.0])
@pytest.mark.parametrize("lon", [-180.5, 0.0, 179.5])
def test_cells_of_one_degree_against_geodesics(lat, lon):
    """Parallels cut into a thousand geodesics each: their bulge is below 1e-6 of the cell."""
    east = np.linspace(lon, lon + 1, 1001)
    ring_lon, ring_lat = np.concatenate([east, east[::-1]]), np.repeat([lat, lat + 1], 1001)
    expected_m2 = abs(WGS84.polygon_area_perimeter(ring_lon, ring_lat)[0])
    assert_allclose(box(lon, lat, lon + 1, lat + 1).area_m2, expected_m2, rtol=2e-6)


def test_a_cap_around_the_pole_against_geodesics():
    lon = np.arange(0, 360, 0.01)
    expected_m2 = abs(WGS84.polygon_area_perimeter(lon, np.full(len(lon), 80.0))[0])
    round_it = area(*((one, 80.0) for one in range(0, 360, 20)))
    assert_allclose(round_it.area_m2, expected_m2, rtol=1e-7)
    written_out = area((-180, 80), (180, 80), (180, 90), (-180, 90))
    assert_allclose(written_out.area_m2, expected_m2, rtol=1e-7)


@pytest.mark.parametrize("heading_deg", [0.0, 13.0, 98.5, 190.0, 270.0])
@pytest.mark.parametrize("place", [(127.0, 40.0), (179.0, -17.0), (20.0, 88.0)])
def test_strips_against_geodesics(place, heading_deg):
    lon, lat = place
    wide = 2.5 / max(np.cos(lat * deg), 0.2)
    cut = cut_strips(
        box(lon - wide, lat - 1.7, lon + wide, lat + 1.7),
        swath_m=40 * km,
        heading_rad=heading_deg * deg,
    )
    for one in cut:
        ends = (one.start_lon_rad, one.start_lat_rad, one.stop_lon_rad, one.stop_lat_rad)
        length_m = WGS84.inv(*(end / deg for end in ends))[2]
        # A line beside the great circle is longer than the shortest way: by 2e-4 at 250 km.
        assert_allclose(one.length_m, length_m, rtol=2e-3)
        ring = one.outline_rad / deg
        surface_m2 = abs(WGS84.polygon_area_perimeter(ring[:, 1], ring[:, 0])[0])
        assert_allclose(surface_m2, one.length_m * one.width_m, rtol=1e-4)
    middle = cut[len(cut) // 2]
    azimuth = WGS84.inv(*(end / deg for end in (
        middle.start_lon_rad, middle.start_lat_rad, middle.stop_lon_rad, middle.stop_lat_rad
    )))  # fmt: skip
    if lat < 60:  # the heading holds at the centre; the ends of the line see it turned a little
        mean = (azimuth[0] + azimuth[1] + 180.0) / 2 - heading_deg
        assert abs((mean + 90) % 180 - 90) < 1.0


def test_headings_against_geodesics(flock):
    """The ground track's azimuth is that from one point below the satellite to the next."""
    for elements in flock[:5]:
        ephemeris = make_ephemeris(elements, Span(START, START + 6000.0))
        tai_ns = START.tai_ns + np.arange(0, 6000, 600) * 10**9
        before, after = (
            itrf_to_geodetic(ephemeris.position_itrf_m(tai_ns + step * 10**8)) for step in (-1, 1)
        )
        azimuth, back, _ = WGS84.inv(
            before[1] / deg, before[0] / deg, after[1] / deg, after[0] / deg
        )
        # The azimuth turns on the way: the middle's is between those of the ends.
        turned = (back + 180.0 - azimuth + 180.0) % 360.0 - 180.0
        apart = track_heading_rad(ephemeris, tai_ns) / deg - (azimuth + turned / 2)
        assert np.abs((apart + 180) % 360 - 180).max() < 1e-4


ELEVATION = ([MinElevation(10 * deg)], Wish(min_elevation_rad=10 * deg))
OFF_NADIR = ([MaxOffNadir(30 * deg)], Wish(max_off_nadir_rad=30 * deg))
DAYLIGHT = (
    [MaxOffNadir(40 * deg), SunAbove(20 * deg)],
    Wish(max_off_nadir_rad=40 * deg, min_sun_rad=20 * deg),
)
# Jeju and the sea around it: a hole, a notch, and edges at all angles.
JEJU = shapely.Polygon(
    [(126.1, 33.2), (126.9, 33.1), (127.2, 33.5), (126.6, 33.45), (126.5, 33.8), (126.0, 33.6)],
    [[(126.3, 33.3), (126.45, 33.3), (126.4, 33.4)]],
)
GREENLAND = shapely.Polygon([(-75.0, 78.0), (-68.0, 77.5), (-66.0, 78.6), (-72.0, 78.9)])
KOREA = shapely.Polygon([(124.5, 38.0), (128.5, 38.0), (130.5, 42.0), (125.0, 41.0)])


def area_of(shape: shapely.Polygon) -> Area:
    rings = tuple(
        np.array(ring.coords)[:, ::-1] * deg for ring in (shape.exterior, *shape.interiors)
    )
    return Area(name="place", polygons_rad=(rings,))


@pytest.mark.parametrize("mode", ["any", "all"])
@pytest.mark.parametrize(
    ("shape", "limits", "satellite", "minute"),
    [
        (JEJU, ELEVATION, 0, 58),
        (JEJU, ELEVATION, 4, 149),
        (JEJU, OFF_NADIR, 0, 157),
        (JEJU, OFF_NADIR, 4, 2032),
        (JEJU, DAYLIGHT, 2, 1927),
        (GREENLAND, ELEVATION, 1, 190),
        (GREENLAND, OFF_NADIR, 3, 897),
        (GREENLAND, OFF_NADIR, 2, 1105),
        (GREENLAND, DAYLIGHT, 3, 2305),
        (GREENLAND, DAYLIGHT, 0, 1150),
    ],
)
def test_windows_match_the_slow_twin(flock, shape, limits, satellite, minute, mode):
    """Points every 4 km on the outline see an edge 2 ms late at most; the twin bisects SGP4 itself."""
    constraints, wish = limits
    begin = START + (minute - 3) * 60.0
    span = Span(begin, begin + (1000.0 if limits is ELEVATION else 460.0))
    elements = flock[satellite]
    expected = area_windows(elements, points(shape, 4.0, 30.0), span, wish, mode)
    found = find_area_windows(
        make_ephemeris(elements, span), area_of(shape), constraints, mode=mode
    )
    assert len(found) == len(expected) == 1
    late_ms = (np.array([found["start"][0], found["stop"][0]]) - expected[0]) / 1e6
    assert np.abs(late_ms).max() < 10.0


@pytest.mark.parametrize(("satellite", "minute"), [(0, 832), (1, 1568), (3, 2101)])
def test_reachable_share_matches_many_points(flock, satellite, minute):
    """Share of a grid of places 12 km apart that meet the limit at some second of the window."""
    begin = START + (minute - 3) * 60.0
    span = Span(begin, begin + 600.0)
    constraints, wish = OFF_NADIR
    table = cover_area(
        make_ephemeris(flock[satellite], span), area_of(KOREA), constraints, swath_m=20 * km
    )
    assert len(table) == 1
    seconds = np.arange(int(table["start"][0]), int(table["stop"][0]), 10**9)
    r_sat = positions_itrf_m(flock[satellite], seconds)
    grid = points(KOREA, 1e6, 12.0)[5:]
    seen = [bool((margins(r_sat, None, site, wish) >= 0).any()) for site in grid]
    assert 0.05 < np.mean(seen) < 0.95  # the pass must divide the area
    assert_allclose(table["reachable_share"][0], np.mean(seen), atol=0.012)
