"""An area in strips: rectangles cut by hand, and that strips part any area."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.earth import Site
from offnadir.errors import InputError
from offnadir.geometry import covered_share
from offnadir.planning._strips import common_heading_rad, strips_of
from offnadir.units import deg, km

KM_LAT = 110.574 * km  # a degree of the meridian at the equator, WGS-84
KM_LON = 111.320 * km  # and of the equator


def ring(*corners_deg: tuple[float, float]) -> np.ndarray:
    """A closed ring of (lon, lat) corners, counter-clockwise."""
    closed = np.array([*corners_deg, corners_deg[0]], np.float64)
    return closed[:, ::-1] * deg


def box(west: float, south: float, east: float, north: float) -> np.ndarray:
    return ring((west, south), (east, south), (east, north), (west, north))


def middle(*rings: np.ndarray) -> Site:
    outline = shapely.Polygon(rings[0][:, ::-1] / deg, [one[:, ::-1] / deg for one in rings[1:]])
    centre = outline.centroid
    return Site(name="A", lat_rad=centre.y * deg, lon_rad=centre.x * deg, alt_m=120.0)


def cut(*rings: np.ndarray, **options):
    return strips_of(rings, middle(*rings), **options)


def turns(ring_rad: np.ndarray) -> np.ndarray:
    """Whether a closed ring turns by more than 45 deg at each of its points, but for the first."""
    steps = np.diff(ring_rad[:, ::-1] * [np.cos(ring_rad[0, 0]), 1.0], axis=0)
    course = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    return np.r_[False, np.diff(course) > 45 * deg]


def test_a_square_in_four_rows():
    """1 deg of longitude by 1 deg of latitude at the equator, flown north: 111.3 km in rows of 30 km."""
    strips = cut(box(10, -0.5, 11, 0.5), heading_rad=0.0, swath_m=30 * km, overlap=0.0)
    assert len(strips) == 4
    assert_allclose([one.share for one in strips], 0.25, atol=2e-5)
    assert_allclose([one.width_m for one in strips], KM_LON / 4, rtol=1e-3)
    assert_allclose([one.length_m for one in strips], KM_LAT, rtol=1e-3)
    # Left to right: westernmost first.
    assert_allclose(
        [one.aim.lon_rad / deg for one in strips], [10.125, 10.375, 10.625, 10.875], atol=1e-4
    )
    assert_allclose([one.aim.lat_rad for one in strips], 0.0, atol=1e-6)
    assert {one.aim.alt_m for one in strips} == {120.0}
    assert [one.aim.name for one in strips] == ["A 1", "A 2", "A 3", "A 4"]


def test_flown_south_left_is_east():
    strips = cut(box(10, -0.5, 11, 0.5), heading_rad=math.pi, swath_m=60 * km, overlap=0.0)
    assert_allclose([one.aim.lon_rad / deg for one in strips], [10.75, 10.25], atol=1e-4)


def test_flown_east_rows_are_latitudes():
    strips = cut(box(10, -0.5, 11, 0.5), heading_rad=math.pi / 2, swath_m=60 * km, overlap=0.0)
    assert_allclose([one.aim.lat_rad / deg for one in strips], [0.25, -0.25], atol=1e-4)
    assert_allclose([one.length_m for one in strips], KM_LON, rtol=1e-3)


def test_the_overlap_makes_rows_narrower():
    """111.3 km: 4 rows of 28 km need 27.8 km each; with an overlap of a twentieth, 26.6 km, 5."""
    square = box(10, -0.5, 11, 0.5)
    assert len(cut(square, heading_rad=0.0, swath_m=28 * km, overlap=0.0)) == 4
    five = cut(square, heading_rad=0.0, swath_m=28 * km, overlap=0.05)
    assert len(five) == 5
    assert_allclose([one.width_m for one in five], KM_LON / 5, rtol=1e-3)


def test_one_row_where_the_swath_holds_all():
    (one,) = cut(box(10, -0.5, 11, 0.5), heading_rad=0.0, swath_m=112 * km)
    assert one.share == 1.0
    assert_allclose(one.width_m, KM_LON, rtol=1e-3)  # what there is to take, not the swath


def test_long_rows_are_cut_across():
    """110.6 km in pieces of at most 40 km: three, equally long, from back to front."""
    strips = cut(box(10, -0.5, 11, 0.5), heading_rad=0.0, swath_m=112 * km, max_length_m=40 * km)
    assert len(strips) == 3
    assert_allclose([one.length_m for one in strips], KM_LAT / 3, rtol=1e-3)
    assert_allclose([one.aim.lat_rad / deg for one in strips], [-1 / 3, 0, 1 / 3], atol=1e-4)


def test_an_area_with_a_hole():
    """A square of 3 x 3 cells without the middle one, in three rows: 3, 2 and 3 of 8 cells.

    The row in the middle holds nothing for a third of its length, which is no longer than it is wide.
    """
    square, hole = box(10, -0.6, 11.2, 0.6), box(10.4, -0.2, 10.8, 0.2)[::-1]
    strips = cut(square, hole, heading_rad=0.0, swath_m=45 * km, overlap=0.0)
    assert_allclose([one.share for one in strips], [3 / 8, 2 / 8, 3 / 8], atol=1e-4)


def test_a_wide_gap_parts_a_row():
    """A U, flown along its open side: its legs are two strips, the bottom one is one."""
    u = ring(
        (10, 0), (11, 0), (11, 0.6), (10.8, 0.6), (10.8, 0.19), (10.2, 0.19), (10.2, 0.6), (10, 0.6)
    )
    strips = cut(u, heading_rad=math.pi / 2, swath_m=23 * km, overlap=0.0)
    # Two rows of two legs, and the bottom.
    lengths = [0.2 * KM_LON] * 4 + [KM_LON]
    assert_allclose([one.length_m for one in strips], lengths, rtol=0.02)
    assert_allclose(sum(one.share for one in strips), 1.0, atol=1e-12)


def test_shares_are_those_of_geometry():
    """The other measure of covered areas in the house, which draws edges straight on another map."""
    square = box(126, 36.75, 126.75, 37.5)
    strips = cut(square, heading_rad=12 * deg, swath_m=13 * km)
    # Its corners: those of the box in which the ring is drawn.
    at = [np.r_[0, np.flatnonzero(turns(one.ring_rad))] for one in strips]
    corners = np.stack([one.ring_rad[rows] for one, rows in zip(strips, at, strict=True)])
    shares = covered_share(corners, (square,), middle(square))
    assert_allclose([one.share for one in strips], shares, atol=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    lat=st.floats(-75, 75),
    size=st.floats(0.05, 3.0),
    gaps=st.lists(st.floats(0.3, 1.0), min_size=3, max_size=9),
    radii=st.lists(st.floats(0.3, 1.0), min_size=9, max_size=9),
    heading=st.floats(0, 360),
    swath=st.floats(0.05, 1.0),
    overlap=st.floats(0, 0.5),
    length=st.floats(0.1, 5.0),
)
def test_strips_part_an_area(lat, size, gaps, radii, heading, swath, overlap, length):
    """Shares add up, rings lie side by side, cover the area, and are no larger than allowed."""
    around = 2 * math.pi * np.cumsum(gaps) / sum(gaps)
    reach = size * np.array(radii[: len(gaps)])
    star = ring(
        *zip(
            100 + reach * np.cos(around) / math.cos(lat * deg),
            lat + reach * np.sin(around),
            strict=True,
        )
    )
    options = {"swath_m": swath * size * 111 * km, "max_length_m": length * size * 111 * km}
    strips = cut(star, heading_rad=heading * deg, overlap=overlap, **options)
    assert_allclose(sum(one.share for one in strips), 1.0, atol=1e-9)
    outlines = [shapely.Polygon(one.ring_rad[:, ::-1] / deg) for one in strips]
    assert all(one.exterior.is_ccw and one.is_valid for one in outlines)
    area = shapely.segmentize(shapely.Polygon(star[:, ::-1] / deg), 0.1)
    together = shapely.union_all(outlines)
    assert area.difference(together).area < 1e-4 * area.area
    overlapping = sum(one.area for one in outlines) - together.area
    assert overlapping < 1e-4 * together.area
    assert max(one.width_m for one in strips) <= options["swath_m"] * 1.0001
    assert max(one.length_m for one in strips) <= options["max_length_m"] * 1.0001


def test_a_turned_heading_gives_the_same_strips_backwards():
    square = box(126, 36.75, 126.75, 37.5)
    there = cut(square, heading_rad=12 * deg, swath_m=13 * km)
    back = cut(square, heading_rad=192 * deg, swath_m=13 * km)
    assert_allclose([one.share for one in there], [one.share for one in back][::-1], atol=1e-9)


def test_the_common_heading():
    """Most passes go down at 190 deg; one goes up at 350, which as a line is 20 deg away."""
    assert common_heading_rad(np.array([190, 191, 350, 189.5]) * deg) == 190 * deg
    # There and back is the same line.
    assert common_heading_rad(np.array([10, 190.5, 9.5]) * deg) == 10 * deg


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"swath_m": 0.0}, "swath_m"),
        ({"swath_m": math.inf}, "swath_m"),
        ({"swath_m": 10.0}, "swath_m"),  # 11,000 rows
        ({"overlap": 1.0}, "overlap"),
        ({"overlap": -0.1}, "overlap"),
        ({"max_length_m": 0.0}, "max_length_m"),
        ({"max_length_m": 10.0}, "max_length_m"),
        ({"heading_rad": 190.0}, "heading_rad"),
    ],
)
def test_wrong_arguments(options, field):
    with pytest.raises(InputError) as caught:
        cut(box(10, -0.5, 11, 0.5), **({"heading_rad": 0.0, "swath_m": 30 * km} | options))
    assert caught.value.field == field


def test_no_heading_at_all():
    with pytest.raises(InputError):
        common_heading_rad([])


@pytest.mark.parametrize("side_m", [1.0, 10.0, 100.0, 1000.0])
def test_a_small_area_is_one_strip(side_m):
    """A square of a metre is an area too: one strip, as long as the square."""
    lat, lon = 36.9 * deg, 126.9 * deg
    side = side_m / 6_371_000.0
    ring = np.array([[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]) * [side, side / math.cos(lat)]
    ring += [lat, lon]
    aim = Site(name="A", lat_rad=lat + side / 2, lon_rad=lon + side / 2, alt_m=0.0)
    (strip,) = strips_of([ring], aim, heading_rad=0.0, swath_m=10 * km)
    assert strip.share == 1.0
    assert_allclose(strip.length_m, side_m, rtol=0.01)
