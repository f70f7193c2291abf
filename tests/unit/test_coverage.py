"""How much of an area pictures cover: cases that can be worked out by hand."""

from __future__ import annotations

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from offnadir.operations._coverage import cover, largest_left


def box(west, south, east, north):
    return {"type": "Polygon", "coordinates": [[
        [west, south], [east, south], [east, north], [west, north], [west, south]]]}  # fmt: skip


def test_half_of_a_square_is_half():
    found = cover(box(10, 0, 11, 1), 2e6, [box(9, -1, 10.5, 2)], ["a"])
    assert found.share == pytest.approx(0.5, abs=1e-6)
    assert found.left_m2 == pytest.approx(1e6, abs=2.0)
    assert shapely.geometry.shape(found.left).equals(shapely.box(10.5, 0, 11, 1))
    assert found.words == "50 % of the area, 1.00 of 2.00 km2, is delivered"
    assert not found.is_enough


def test_surface_shrinks_towards_the_pole():
    """Archimedes: from the equator to latitude x a band's surface goes with the sine of x."""
    found = cover(box(0, 0, 1, 60), 1.0, [box(0, 0, 1, 30)], ["a"])
    assert found.share == pytest.approx(0.5 / math.sin(math.radians(60)), abs=1e-6)


def test_over_the_180th_meridian():
    found = cover(box(179, 0, 181, 1), 1.0, [box(-180, 0, -178, 1)], ["a"])
    assert found.share == pytest.approx(0.5, abs=1e-6)


def test_nothing_and_everything():
    nothing = cover(box(0, 0, 1, 1), 5e6, [], [])
    assert (nothing.share, nothing.covered) == (0.0, None)
    assert shapely.geometry.shape(largest_left(nothing)).equals(shapely.box(0, 0, 1, 1))
    whole = cover(box(0, 0, 1, 1), 5e6, [box(-1, -1, 2, 2)], ["a"])
    assert (whole.share, whole.left, largest_left(whole)) == (1.0, None, None)
    assert whole.document()["covered_percent"] == 100.0
    almost = cover(box(0, 0, 1, 1), 5e6, [box(-1, -1, 0.9999, 2)], ["a"])
    assert almost.document()["covered_percent"] == 99.9
    assert almost.document()["left_percent"] == pytest.approx(0.1)


def test_the_largest_piece_is_what_is_asked_for_next():
    found = cover(box(0, 0, 10, 1), 1.0, [box(2, -1, 4, 2)], ["a"])
    assert shapely.geometry.shape(largest_left(found)).equals(shapely.box(4, 0, 10, 1))


corner = st.tuples(*[st.floats(-1.5, 1.5).map(lambda x: round(x, 3))] * 4)


@settings(deadline=None, max_examples=50)
@given(st.lists(corner, max_size=5))
def test_covered_and_left_are_the_whole(corners):
    shown = [
        box(min(a, c), min(b, d), max(a, c), max(b, d))
        for a, b, c, d in corners
        if a != c and b != d
    ]
    found = cover(box(-1, -1, 1, 1), 7e6, shown, [])
    assert 0.0 <= found.share <= 1.0
    parts = [shapely.geometry.shape(one) for one in (found.covered, found.left) if one is not None]
    assert sum(one.area for one in parts) == pytest.approx(4.0, abs=1e-5)
    assert shapely.union_all(parts).area == pytest.approx(4.0, abs=1e-5)
