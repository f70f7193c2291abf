"""Areas from files and from rings, their windows, strips and shares, as a user meets them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir._table import Table
from offnadir.access import MaxOffNadir, MinElevation, find_windows
from offnadir.access.areas import (
    Area,
    cover_area,
    covered_at,
    cut_strips,
    find_area_windows,
    read_areas,
)
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.errors import FileError, InputError, InputProblems, UnitRangeError
from offnadir.orbits import make_ephemeris
from offnadir.units import deg, km

START = Epoch.from_utc("2026-05-31T00:00:00Z")
SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
HOLE = [[0.5, 0.5], [0.5, 1.5], [1.5, 1.5], [1.5, 0.5], [0.5, 0.5]]
CELL_M2 = 12_308.463 * km**2  # of one degree at the equator


def write(tmp_path, document) -> str:
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps(document))
    return str(path)


def polygon(*rings, name=None):
    properties = {} if name is None else {"name": name}
    geometry = {"type": "Polygon", "coordinates": list(rings)}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def read_one(tmp_path, *rings) -> Area:
    (area,) = read_areas(write(tmp_path, polygon(*rings)))
    return area


def area(*lon_lat_deg) -> Area:
    return Area(name="area", polygons_rad=((np.array(lon_lat_deg, float)[:, ::-1] * deg,),))


# -- reading ---------------------------------------------------------------------------------------


def test_features_and_their_names(tmp_path):
    multi = {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[5, 0], [6, 0], [6, 1]]]]}
    features = [
        polygon(SQUARE, HOLE, name="ring"),
        {"type": "Feature", "properties": {}, "geometry": multi},
    ]
    ring, two = read_areas(
        write(tmp_path, {"type": "FeatureCollection", "features": features}), alt_m=120.0
    )
    assert (ring.name, two.name) == ("ring", "area 2")
    assert ring.alt_m == two.alt_m == 120.0
    assert len(ring.polygons_rad[0]) == 2
    assert len(two.polygons_rad) == 2
    assert_allclose(ring.area_m2, 3 * CELL_M2, rtol=1e-3)
    assert_allclose(two.area_m2, 4.5 * CELL_M2, rtol=1e-3)
    assert ring.contains(0.2 * deg, 0.2 * deg)
    assert not ring.contains(1.0 * deg, 1.0 * deg)
    (bare,) = read_areas(write(tmp_path, multi))
    assert bare.name == "area"


@pytest.mark.parametrize(
    "ring",
    [
        [[179, 0], [-179, 0], [-179, 2], [179, 2], [179, 0]],
        [[179, 0], [181, 0], [181, 2], [179, 2], [179, 0]],
        [[179, 0], [180, 0], [-180, 0], [-179, 0], [-179, 2], [179, 2], [179, 0]],
        [[179, 2], [-179, 2], [-179, 0], [179, 0]],  # open, and wound the other way
    ],
)
def test_the_antimeridian_however_it_is_written(tmp_path, ring):
    found = read_one(tmp_path, ring)
    assert_allclose(found.area_m2, read_one(tmp_path, SQUARE).area_m2, rtol=1e-12)
    inside = found.contains(np.full(5, deg), np.array([179.5, 180, -180, -179.5, 178.9]) * deg)
    assert inside.tolist() == [True, True, True, True, False]
    lat, lon = found.centre_rad
    assert_allclose([lat / deg, abs(lon) / deg], [1.0, 180.0], atol=1e-3)


def test_an_area_cut_at_the_antimeridian_is_one(tmp_path):
    """RFC 7946, section 3.1.9."""
    halves = [
        [[[179, 0], [180, 0], [180, 2], [179, 2], [179, 0]]],
        [[[-180, 0], [-179, 0], [-179, 2], [-180, 2], [-180, 0]]],
    ]
    (found,) = read_areas(write(tmp_path, {"type": "MultiPolygon", "coordinates": halves}))
    assert_allclose(found.area_m2, read_one(tmp_path, SQUARE).area_m2, rtol=1e-12)


def test_rings_around_a_pole_hold_it_on_their_smaller_side(tmp_path):
    around = [[lon, -70 - 8 * (lon % 120 == 0)] for lon in range(-180, 180, 30)]
    for ring in (around, around[::-1], around[5:] + around[:5]):
        found = read_one(tmp_path, ring)
        places = found.contains(np.array([-90, -75, -60, 90]) * deg, np.array([0, 1, 2, 3.0]))
        assert places.tolist() == [True, True, False, False]
        assert_allclose(found.area_m2, read_one(tmp_path, around).area_m2, rtol=1e-12)
    rest = read_one(tmp_path, around, [[lon, -85] for lon in range(0, 360, 45)])
    assert not rest.contains(-88 * deg, 0.0)
    assert rest.contains(-84.5 * deg, 0.0)


@pytest.mark.parametrize(
    ("rings", "words"),
    [
        ([[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]], ["ring 1", "crosses itself", "[1.0, 1.0]"]),
        ([[[0, 0], [1, 1], [2, 2], [0, 0]]], ["ring 1", "not a line"]),
        ([[[0, 0], [1, 1], [0, 0]]], ["ring 1", "3 different corners"]),
        ([SQUARE, [[3, 3], [4, 3], [4, 4]]], ["ring 2", "inside", "ring 1"]),
        ([SQUARE, HOLE, [[1, 1], [1.9, 1], [1, 1.9]]], ["ring 3", "clear of the hole in ring 2"]),
        ([SQUARE, SQUARE], ["ring 2", "smaller than ring 1"]),
        ([[[37, 127], [38, 127], [38, 128]]], ["ring 1, corner 1", "latitude", "swapped"]),
        ([[[0, 0], ["2", 0], [2, 2]]], ["ring 1, corner 2", "numbers"]),
        (["oops"], ["ring 1", "a ring of corners"]),
        ([], ["coordinates", "list of rings"]),
        ([[[0, 0], [1e-6, 0], [1e-6, 1e-6]]], ["area_m2", "at least 1"]),
    ],
)
def test_bad_rings_are_told_with_feature_and_ring(tmp_path, rings, words):
    with pytest.raises(InputError) as caught:
        read_areas(write(tmp_path, polygon(*rings, name="Wonju")))
    for word in ('feature "Wonju"', "area.geojson", *words):
        assert word in str(caught.value)


def test_all_bad_features_are_told_at_once(tmp_path):
    point = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Point", "coordinates": [0, 0]},
    }
    features = [point, polygon(SQUARE), polygon(SQUARE[:2])]
    with pytest.raises(InputProblems) as caught:
        read_areas(write(tmp_path, {"type": "FeatureCollection", "features": features}))
    first, second = str(caught.value).splitlines()
    assert "features[1].geometry" in first
    assert "Polygon or MultiPolygon" in first
    assert "features[3].geometry, ring 1" in second
    with pytest.raises(FileError):
        read_areas(tmp_path / "none.geojson")


def test_areas_from_rings_are_checked():
    with pytest.raises(UnitRangeError, match="forget"):
        Area(name="degrees", polygons_rad=((np.array(SQUARE, float) * 10,),))
    with pytest.raises(InputError, match="alt_m"):
        Area(name="high", polygons_rad=((np.array(SQUARE) * deg,),), alt_m=1e6)
    with pytest.raises(InputError, match="at least one polygon"):
        Area(name="none", polygons_rad=())
    ring = area(*SQUARE).polygons_rad[0][0]
    with pytest.raises(ValueError, match="read-only"):
        ring[0, 0] = 1.0
    assert not area(*SQUARE).contains(np.nan, 0.0)


# -- windows ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sky(flock):
    return [make_ephemeris(one, Span(START, START + 86400.0)) for one in flock]


KOREA = area((124.5, 38.0), (128.5, 38.0), (130.5, 42.0), (125.0, 41.0))


def test_columns_are_those_of_places(sky):
    of_area = find_area_windows(sky[:2], KOREA, [MinElevation(10 * deg)])
    of_site = find_windows(sky[:2], Site(name="s", lat_rad=0.7, lon_rad=2.2), [])
    renamed = {"site": "area", "site_index": "area_index"}
    assert {renamed.get(name, name) for name in of_site.names} <= set(of_area.names)
    assert of_area.times == of_site.times
    none = find_area_windows(sky[:2], KOREA, [MaxOffNadir(1e-6)], mode="all")
    assert len(none) == 0
    assert none.names == of_area.names
    assert [none[n].dtype for n in none.names] == [of_area[n].dtype for n in none.names]
    assert next(of_area.rows())["area"] == "area"


def test_a_tiny_area_has_the_windows_of_its_place(sky):
    lat, lon = 37.57, 126.98
    yard = area(
        *((lon + x * 1e-5, lat + y * 1e-5) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)))
    )
    place = Site(name="Seoul", lat_rad=lat * deg, lon_rad=lon * deg)
    for limits in ([MinElevation(10 * deg)], [MaxOffNadir(35 * deg)]):
        expected = find_windows(sky, place, limits)
        for mode in ("any", "all"):
            found = find_area_windows(sky, yard, limits, mode=mode)
            assert found["norad_id"].tolist() == expected["norad_id"].tolist()
            for column in (
                "start",
                "stop",
            ):  # a metre is passed in 0.2 ms, more slowly when grazing
                assert np.abs(found[column] - expected[column]).max() < 5e6
            for column in ("off_nadir_rad", "max_elevation_rad", "sun_elevation_rad"):
                assert_allclose(found[column], expected[column], atol=1e-5)
            assert_allclose(found["range_m"], expected["range_m"], rtol=1e-5)
            assert_allclose(found["timing_90_s"], expected["timing_90_s"], rtol=1e-3)


@pytest.mark.parametrize("mode", ["any", "all"])
def test_no_corner_of_a_rugged_coast_is_passed_over(sky, mode):
    """A ring of 4000 corners, of which a search begins with half, against every corner."""
    rng = np.random.default_rng(7)
    angle = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    waves = sum(rng.normal() * np.sin(k * angle + rng.uniform(0, 6)) / k for k in range(1, 400))
    reach = 1.5 + 0.2 * waves
    ring = np.column_stack([40 + reach * np.cos(angle), 127 + 1.3 * reach * np.sin(angle)]) * deg
    coast = Area(name="coast", polygons_rad=((ring,),))
    sites = [Site(name="", lat_rad=lat, lon_rad=lon) for lat, lon in ring]
    limits = [MaxOffNadir(45 * deg)]
    compared = 0
    for one in sky[:5]:
        corners = find_windows(one, sites, limits)
        level = 1 if mode == "any" else len(sites)
        times = np.concatenate([corners["start"], corners["stop"]])
        step = np.repeat([1, -1], len(corners))
        order = np.lexsort((-step, times))
        seen = np.cumsum(step[order])
        expected = times[order][
            ((seen == level) & (step[order] > 0)) | ((seen == level - 1) & (step[order] < 0))
        ]
        found = find_area_windows(one, coast, limits, mode=mode)
        edges = np.column_stack([found["start"], found["stop"]]).ravel()
        assert len(edges) == len(expected)
        if len(edges):
            assert np.abs(edges - expected).max() < 10e6
        compared += len(edges)
    assert compared > 0


def test_best_is_below_the_satellite_when_it_passes_over(sky):
    table = find_area_windows(sky[:5], KOREA, [MaxOffNadir(20 * deg)])
    over = table["off_nadir_rad"] < 0.2 * deg
    assert over.any()
    assert KOREA.contains(table["best_lat_rad"], table["best_lon_rad"]).all()
    assert (table["off_nadir_rad"] <= 20 * deg + 1e-9).all()
    assert ((table["start"] <= table["best"]) & (table["best"] <= table["stop"])).all()


def test_windows_cut_by_the_span_are_marked(flock):
    whole = find_area_windows(
        make_ephemeris(flock[0], Span(START, START + 86400.0)), KOREA, [MinElevation(10 * deg)]
    )
    middle = Epoch(int(whole["start"][0] + whole["stop"][0]) // 2)
    part = find_area_windows(
        make_ephemeris(flock[0], Span(middle, middle + 3600.0)), KOREA, [MinElevation(10 * deg)]
    )
    assert part["cut_start"].tolist() == [True] + [False] * (len(part) - 1)
    assert part["start"][0] == middle.tai_ns
    assert abs(part["stop"][0] - whole["stop"][0]) < 1e6
    assert not whole["cut_start"].any()


def test_a_geostationary_satellite_sees_all_or_nothing_all_day(sky):
    below = area((-109, -3), (-100, -3), (-100, 3), (-109, 3))
    for mode in ("any", "all"):
        table = find_area_windows(sky[5], below, [MinElevation(50 * deg)], mode=mode)
        assert table["cut_start"].tolist() == table["cut_stop"].tolist() == [True]
    behind = area((70, -3), (80, -3), (80, 3), (70, 3))
    assert len(find_area_windows(sky[5], behind)) == 0


def test_several_areas_and_a_generator_of_ephemerides(sky):
    two = [KOREA, area((0, 50), (1, 50), (1, 51))]
    heard = []
    table = find_area_windows(
        (one for one in sky[:3]),
        two,
        [MinElevation(20 * deg)],
        progress=lambda done, total: heard.append((done, total)),
    )
    assert heard == [(1, 0), (2, 0), (3, 0)]
    for number, one in enumerate(two):
        alone = find_area_windows(sky[:3], one, [MinElevation(20 * deg)])
        mine = table.take(table["area_index"] == number)
        assert mine["start"].tolist() == alone["start"].tolist()
    pairs = list(zip(table["norad_id"], table["area_index"], strict=True))
    order = [e.norad_id for e in sky]
    assert pairs == sorted(pairs, key=lambda pair: (order.index(pair[0]), pair[1]))


def test_wrong_calls_name_the_field(sky):
    with pytest.raises(InputError, match="mode = 'some'"):
        find_area_windows(sky[0], KOREA, mode="some")
    with pytest.raises(InputError, match="tolerance_s"):
        find_area_windows(sky[0], KOREA, tolerance_s=0.0)
    with pytest.raises(InputError, match="swath_m"):
        cover_area(sky[0], KOREA, swath_m=-1.0)
    with pytest.raises(InputError, match="swath_m"):
        cover_area(sky[0], KOREA, swath_m=lambda angle: 0 * angle)
    with pytest.raises(InputError, match="swath_m"):
        cut_strips(KOREA, swath_m=0.0, heading_rad=0.0)
    with pytest.raises(UnitRangeError, match="heading_rad"):
        cut_strips(KOREA, swath_m=1e4, heading_rad=98.0)
    with pytest.raises(InputError, match="overlap"):
        cut_strips(KOREA, swath_m=1e4, heading_rad=0.0, overlap=1.0)
    wide = area((-100, -70), (0, -70), (100, -70), (100, 70), (0, 70), (-100, 70))
    with pytest.raises(InputError, match="60 degrees"):
        cut_strips(wide, swath_m=1e5, heading_rad=0.0)
    with pytest.raises(InputError, match="share"):
        covered_at(cover_area(sky[0], KOREA, swath_m=1e5), 0.0)


# -- strips and shares -----------------------------------------------------------------------------


def test_a_square_north_up_is_cut_as_one_would_by_hand():
    """111.3 km at the equator in swaths of 30 km with a tenth of overlap: ceil(81.3 / 27) + 1 = 5."""
    cut = cut_strips(
        area((0, -0.5), (1, -0.5), (1, 0.5), (0, 0.5)), swath_m=30e3, heading_rad=0, overlap=0.1
    )
    assert [one.number for one in cut] == [1, 2, 3, 4, 5]
    lon = np.array([one.start_lon_rad for one in cut]) / deg
    assert_allclose(lon, np.linspace(0, 1, 5) * (1 - 30 / 111.32) + 15 / 111.32, atol=1e-4)
    assert_allclose([one.length_m for one in cut], 110_574, rtol=1e-4)  # one degree of latitude
    assert_allclose([one.share for one in cut], 30 / 111.32, rtol=1e-4)
    assert_allclose([one.new_share for one in cut[1:]], (1 - 30 / 111.32) / 4, rtol=1e-3)
    assert all(one.start_lat_rad < one.stop_lat_rad for one in cut)
    assert_allclose(cut[0].outline_rad[0], cut[0].outline_rad[-1])
    (one,) = cut_strips(area((0, 0), (0.1, 0), (0, 0.1)), swath_m=30e3, heading_rad=1.0)
    assert_allclose([one.share, one.new_share], 1.0, rtol=1e-9)


def test_islands_far_apart_leave_no_empty_strips():
    islands = Area(
        name="two",
        polygons_rad=tuple(
            (np.array([[0, lon], [0, lon + 0.2], [0.2, lon + 0.2], [0.2, lon]]) * deg,)
            for lon in (0.0, 5.0)
        ),
    )
    cut = cut_strips(islands, swath_m=10e3, heading_rad=0.0)
    assert len(cut) in (6, 7, 8)
    assert_allclose(sum(one.new_share for one in cut), 1.0, rtol=1e-9)


def test_strips_over_the_pole_and_the_antimeridian():
    cap = area(*((lon, 85) for lon in range(0, 360, 5)))
    cut = cut_strips(cap, swath_m=100e3, heading_rad=0.5)
    assert_allclose(sum(one.new_share for one in cut), 1.0, rtol=1e-9)
    assert_allclose(max(one.length_m for one in cut), 1_117e3, rtol=2e-3)  # 10 degrees of latitude
    here, there = (
        cut_strips(area((lon, 10), (lon + 4, 10), (lon + 3, 13)), swath_m=2e4, heading_rad=0.3)
        for lon in (20, 178)
    )
    assert_allclose([one.share for one in here], [one.share for one in there], rtol=1e-5)


def test_shares_add_up_until_the_area_is_covered(sky):
    table = cover_area(sky[:5], KOREA, [MaxOffNadir(45 * deg)], swath_m=150 * km)
    shares = [table[f"{name}_share"] for name in ("new", "swath", "reachable")]
    assert (shares[0] <= shares[1]).all()
    assert (shares[1] <= shares[2]).all()
    assert_allclose(np.cumsum(shares[0]), table["total_share"], atol=1e-12)
    assert (np.diff(table["start"]) >= 0).all()
    assert (np.abs(table["strip_off_nadir_rad"]) <= 45 * deg + 1e-3).all()
    half = covered_at(table, 0.5)
    row = int(np.argmax(table["total_share"] >= 0.5))
    assert half is not None
    assert half.tai_ns == table["stop"][: row + 1].max()
    assert covered_at(table, 1.0) is None or table["total_share"][-1] == 1.0
    assert (table["strip_width_m"] == 150 * km).all()


def test_shares_are_reached_in_order_though_the_first_window_ends_last():
    stop_s = np.array([900, 100, 300])  # the first satellite hardly moves
    table = Table({"stop": stop_s * 10**9, "total_share": np.array([0.3, 0.7, 1.0])})
    assert {covered_at(table, share).tai_ns for share in (0.3, 0.5, 1.0)} == {900 * 10**9}


def test_a_swath_wider_than_the_area_takes_all_at_once(sky):
    town = area((126.8, 37.4), (127.2, 37.4), (127.2, 37.7), (126.8, 37.7))
    table = cover_area(sky[:5], town, [MaxOffNadir(30 * deg)], swath_m=200 * km)
    assert table["swath_share"].max() == 1.0
    assert covered_at(table, 1.0) is not None


def test_a_strip_across_a_square_holds_swath_over_side(sky):
    """From a polar orbit 40 of 198 km: a fifth, and less for the corners that a slanted strip cuts."""
    square = area((126, 36), (128.2, 36), (128.2, 37.8), (126, 37.8))
    table = cover_area(sky[:5], square, [MaxOffNadir(40 * deg)], swath_m=40 * km)
    whole = table.take(table["reachable_share"] == 1.0)
    assert len(whole) > 0
    inclined = whole["norad_id"] != 25544
    assert_allclose(whole["swath_share"][inclined], 40 / 198, rtol=0.08)


def test_swaths_that_widen_with_the_angle(sky):
    angles = []

    def swath_m(off_nadir_rad):
        angles.append(off_nadir_rad)
        return 20 * km / np.cos(off_nadir_rad) ** 2

    table = cover_area(sky[:5], KOREA, [MaxOffNadir(40 * deg)], swath_m=swath_m)
    assert all((one >= 0).all() for one in angles)
    assert_allclose(
        table["strip_width_m"], 20 * km / np.cos(table["strip_off_nadir_rad"]) ** 2, rtol=1e-9
    )


def test_nothing_seen_covers_nothing(sky):
    table = cover_area(sky[:2], KOREA, [MaxOffNadir(1e-7)], swath_m=10 * km)
    assert len(table) == 0
    assert "total_share" in table
    assert covered_at(table, 0.5) is None
