"""What must hold for areas whatever their shape, the satellite and the limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.access import MaxOffNadir, MinElevation, SunAbove, find_windows
from offnadir.access.areas import Area, cover_area, cut_strips, find_area_windows
from offnadir.earth import Site
from offnadir.epoch import Epoch, Span
from offnadir.orbits import ElementSet, make_ephemeris
from offnadir.units import deg, km

START = Epoch.from_utc("2026-05-31T00:00:00Z")
SPAN = Span(START, START + 43200.0)
TOLERANCE_NS = 10_000_000
SUN_TOLERANCE_NS = 1_500_000_000  # where it meets another limit inside: see docs/theory/areas.md
BRIEF_NS = 1_000_000_000

orbits = st.builds(
    lambda height_km, ecc, incl, raan, anomaly: ElementSet(
        norad_id=999_999_999,
        name="random",
        epoch=START,
        mean_motion_rad_s=(3.986004418e14 / ((6378.0 + height_km) * 1e3 / (1 - ecc)) ** 3) ** 0.5,
        eccentricity=ecc,
        inclination_rad=incl * deg,
        raan_rad=raan * deg,
        arg_perigee_rad=1.0,
        mean_anomaly_rad=anomaly * deg,
    ),
    st.floats(400, 1200),
    st.sampled_from([0.0, 0.001, 0.02]),
    st.floats(20, 140),
    st.floats(0, 360),
    st.floats(0, 360),
)


def star(lat_deg: float, lon_deg: float, radii_km: list[float]) -> Area:
    """A ring at these distances around a place, equal angles apart, over pole and antimeridian alike."""
    azimuth = np.arange(len(radii_km)) / len(radii_km) * 2 * np.pi
    turn = np.array(radii_km) / 6371.0
    lat0 = lat_deg * deg
    sine = np.sin(lat0) * np.cos(turn) + np.cos(lat0) * np.sin(turn) * np.cos(azimuth)
    lat = np.arcsin(np.clip(sine, -1, 1))
    east = np.sin(azimuth) * np.sin(turn) * np.cos(lat0)
    lon = lon_deg * deg + np.arctan2(east, np.cos(turn) - np.sin(lat0) * sine)
    ring = np.column_stack([lat, (lon + np.pi) % (2 * np.pi) - np.pi])
    return Area(name="star", polygons_rad=((ring,),))


@st.composite
def areas(draw, largest_km: float = 700.0, highest_deg: float = 89.0) -> Area:
    size = draw(st.floats(20, largest_km))
    lat = draw(st.floats(-highest_deg, highest_deg))
    # Straight in latitude and longitude, edges wide of a pole may cross each other; 30 degrees is safe.
    assume(abs(abs(lat) * 111 - 9990) > 2.5 * size or size < 100)
    radii = draw(st.lists(st.floats(0.4 * size, size), min_size=8, max_size=14))
    try:
        return star(lat, draw(st.floats(-180, 180)), radii)
    except ValueError:
        assume(False)
        raise


def inside(area: Area, seed: int, count: int = 6) -> list[Site]:
    """Random places of an area."""
    rng = np.random.default_rng(seed)
    west, south, east, north = area.outline_deg.bounds
    lon, lat = rng.uniform(west, east, 4000), rng.uniform(south, north, 4000)
    held = np.flatnonzero(area.contains(lat * deg, lon * deg))[:count]
    assume(len(held) == count)
    return [Site(name=str(i), lat_rad=lat[i] * deg, lon_rad=lon[i] * deg) for i in held]


def edges(table) -> list[tuple[int, int]]:
    return list(zip(table["start"].tolist(), table["stop"].tolist(), strict=True))


def within(part, whole, slack_ns: int) -> bool:
    return any(a - slack_ns <= part[0] and part[1] <= b + slack_ns for a, b in whole)


limits = st.sampled_from(
    [
        ([MinElevation(10 * deg)], TOLERANCE_NS),
        ([MaxOffNadir(30 * deg)], TOLERANCE_NS),
        ([MaxOffNadir(8 * deg)], TOLERANCE_NS),
        ([MaxOffNadir(35 * deg), SunAbove(15 * deg)], SUN_TOLERANCE_NS),
    ]
)


@settings(max_examples=40, deadline=None)
@given(orbits, areas(), limits, st.integers(0, 10**6))
def test_places_are_seen_within_any_and_throughout_all(orbit, area, limit, seed):
    constraints, slack_ns = limit
    ephemeris = make_ephemeris(orbit, SPAN)
    some = edges(find_area_windows(ephemeris, area, constraints, mode="any"))
    every = edges(find_area_windows(ephemeris, area, constraints, mode="all"))
    assert all(within(window, some, slack_ns) for window in every)
    for place in inside(area, seed):
        seen = edges(find_windows(ephemeris, place, constraints))
        for window in seen:
            if window[1] - window[0] > BRIEF_NS:
                assert within(window, some, slack_ns)
        for window in every:
            if window[1] - window[0] > BRIEF_NS:
                assert within(window, seen, slack_ns)


@settings(max_examples=20, deadline=None)
@given(orbits, areas(), st.integers(0, 13), st.booleans())
def test_how_a_ring_is_written_does_not_matter(orbit, area, first, turned):
    ring = np.roll(area.polygons_rad[0][0], first, axis=0)
    other = Area(name="same", polygons_rad=((ring[::-1] if turned else ring,),))
    assert_allclose(other.area_m2, area.area_m2, rtol=1e-9)
    ephemeris = make_ephemeris(orbit, SPAN)
    for mode in ("any", "all"):
        here, there = (
            find_area_windows(ephemeris, one, [MaxOffNadir(40 * deg)], mode=mode)
            for one in (area, other)
        )
        here, there = ([w for w in edges(t) if w[1] - w[0] > BRIEF_NS] for t in (here, there))
        assert len(here) == len(there)
        if here:
            assert np.abs(np.array(here) - np.array(there)).max() <= TOLERANCE_NS


@settings(max_examples=60, deadline=None)
@given(areas(highest_deg=70.0), st.floats(-180, 180), st.integers(0, 10**6))
def test_turning_an_area_around_the_axis_changes_nothing_else(area, shift_deg, seed):
    ring = area.polygons_rad[0][0]
    lon = ring[:, 1] + shift_deg * deg
    moved = Area(
        name="moved",
        polygons_rad=((np.column_stack([ring[:, 0], (lon + np.pi) % (2 * np.pi) - np.pi]),),),
    )
    assert_allclose(moved.area_m2, area.area_m2, rtol=1e-9)
    lat0, lon0 = area.centre_rad
    lat1, lon1 = moved.centre_rad
    assert abs(lat0 - lat1) < 1e-6
    assert abs((lon1 - lon0 - shift_deg * deg + np.pi) % (2 * np.pi) - np.pi) < 1e-6
    for place in inside(area, seed):
        assert moved.contains(place.lat_rad, place.lon_rad + shift_deg * deg)


@settings(max_examples=60, deadline=None)
@given(areas(), st.floats(0.1, 0.9))
def test_the_parts_of_an_area_add_up(area, part):
    west, _, east, _ = area.outline_deg.bounds
    cut = west + part * (east - west)
    total = 0.0
    for side in (shapely.box(-180, -90, cut, 90), shapely.box(cut, -90, 180, 90)):
        piece = shapely.intersection(area.outline_deg, side)
        rings = tuple(
            (np.array(one.exterior.coords)[:, ::-1] * deg,)
            for one in shapely.get_parts(piece)
            if one.geom_type == "Polygon" and one.area > 1e-9
        )
        if rings:
            total += Area(name="piece", polygons_rad=rings).area_m2
    assert_allclose(total, area.area_m2, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    areas(largest_km=300.0),
    st.floats(5, 80),
    st.floats(0, 360),
    st.floats(0, 0.5),
    st.integers(0, 10**6),
)
def test_strips_hold_every_place_and_add_up(area, swath_km, heading_deg, overlap, seed):
    cut = cut_strips(area, swath_m=swath_km * km, heading_rad=heading_deg * deg, overlap=overlap)
    assert_allclose(sum(one.new_share for one in cut), 1.0, rtol=1e-6)
    assert all(0 < one.new_share <= one.share + 1e-12 for one in cut)
    lat0, lon0 = area.centre_rad
    for place in inside(area, seed):
        held = 0
        for one in cut:
            outline = one.outline_rad - [0.0, lon0]
            outline[:, 1] = (outline[:, 1] + np.pi) % (2 * np.pi) - np.pi
            lon = (place.lon_rad - lon0 + np.pi) % (2 * np.pi) - np.pi
            ring = shapely.Polygon(outline).buffer(1e-6)
            held += ring.contains(shapely.Point(place.lat_rad, lon))
        assert held >= 1 or abs(lat0) > 80 * deg


@settings(max_examples=15, deadline=None)
@given(st.lists(orbits, min_size=2, max_size=3), areas(), st.floats(10, 200))
def test_shares_are_in_order_and_so_are_satellites(several, area, swath_km):
    flock = [make_ephemeris(replace(one, norad_id=i + 1), SPAN) for i, one in enumerate(several)]
    table, other = (
        cover_area(some, area, [MaxOffNadir(35 * deg)], swath_m=swath_km * km)
        for some in (flock, flock[::-1])
    )
    for name in ("norad_id", "start", "stop", "total_share", "strip_right_m"):
        assert np.array_equal(table[name], other[name], equal_nan=name == "strip_right_m")
    assert (table["new_share"] <= table["swath_share"] + 1e-12).all()
    assert (table["swath_share"] <= table["reachable_share"]).all()
    assert (table["reachable_share"] <= 1.0).all()
    assert_allclose(np.cumsum(table["new_share"]), table["total_share"], atol=1e-9)
    wider = cover_area(flock, area, [MaxOffNadir(45 * deg)], swath_m=swath_km * km)
    for row in range(len(table)):
        same = (wider["norad_id"] == table["norad_id"][row]) & (
            np.abs(wider["best"] - table["best"][row]) < 600e9
        )
        assert wider["reachable_share"][same].max() >= table["reachable_share"][row]
