"""What must hold for rational polynomials whatever their numbers, and for heights whatever the holes."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from offnadir.imagery._rpc import rpc_of_tags, rpc_tags
from offnadir.imagery._rpc_fit import _terms
from offnadir.imagery._terrain import fill_holes
from real_rpc import IKONOS, IKONOS_SHAPE, PLANETSCOPE, PLANETSCOPE_SHAPE, SPOT6, SPOT6_SHAPE

MODELS = [
    rpc_of_tags(*model)
    for model in ((IKONOS, IKONOS_SHAPE), (SPOT6, SPOT6_SHAPE), (PLANETSCOPE, PLANETSCOPE_SHAPE))
]
shares = st.floats(0.0, 1.0)


@given(model=st.sampled_from(MODELS), down=shares, right=shares, height_m=st.floats(0.0, 300.0))
def test_there_and_back(model, down, right, height_m):  # type: ignore[no-untyped-def]
    line, column = down * (model.shape[0] - 1), right * (model.shape[1] - 1)
    lat, lon = model.locate(line, column, height_m)
    assert_allclose(model.project(lat, lon, height_m), (line, column), rtol=0.0, atol=1e-7)


@given(
    model=st.sampled_from(MODELS),
    at=arrays(np.float64, (3, 5), elements=st.floats(-1.2, 1.2)),
    turns=st.integers(-2, 2),
)
def test_equals_the_sum_of_twenty_terms(model, at, turns):  # type: ignore[no-untyped-def]
    """The kernel's nested products against terms times coefficients, in places up to 1.2 scales off."""
    lat = model.lat_off_rad + at[0] * model.lat_scale_rad
    lon = model.lon_off_rad + at[1] * model.lon_scale_rad
    height = model.height_off_m + at[2] * 0.1 * model.height_scale_m
    terms = _terms(at[1], at[0], 0.1 * at[2])
    below = terms @ model.line_den, terms @ model.column_den
    wanted = (
        terms @ model.line_num / below[0] * model.line_scale + model.line_off,
        terms @ model.column_num / below[1] * model.column_scale + model.column_off,
    )
    seen = (below[0] > 0.0) & (below[1] > 0.0)
    found = np.array(model.project(lat, lon + turns * 2 * np.pi, height))
    limit = 1e-5 * (1.0 + np.abs(wanted).max())
    assert_allclose(found[:, seen], np.array(wanted)[:, seen], rtol=1e-9, atol=limit)
    one = [model.project(*place) for place in zip(lat, lon, height, strict=True)]
    assert_array_equal(np.array(one).T, model.project(lat, lon, height))


@given(
    model=st.sampled_from(MODELS),
    line=st.floats(-1e4, 1e4),
    column=st.floats(-1e4, 1e4),
    lon_rad=st.floats(-3.1, 3.1),
)
def test_written_tags_and_pickles_are_the_model(model, line, column, lon_rad):  # type: ignore[no-untyped-def]
    moved = replace(
        model,
        line_off=model.line_off + line,
        column_off=model.column_off + column,
        lon_off_rad=lon_rad,
    )
    assert pickle.loads(pickle.dumps(moved)) == moved
    again = rpc_of_tags(rpc_tags(moved), moved.shape)
    lat, lon = moved.locate(moved.line_off, moved.column_off, moved.height_off_m + 1.0)
    # fifteen digits of degrees: micrometres on the ground
    assert_allclose(
        again.project(lat, lon, moved.height_off_m + 1.0),
        (moved.line_off, moved.column_off),
        atol=1e-5,
    )


@given(
    heights=arrays(np.float32, (11, 14), elements=st.floats(-400, 8800, width=32)),
    hole=arrays(np.bool_, (11, 14)),
)
def test_filled_heights_lie_between_the_others(heights, hole):  # type: ignore[no-untyped-def]
    filled = fill_holes(heights, hole)
    assert_array_equal(filled[~hole], heights[~hole])
    if not hole.all():
        assert filled.min() >= heights[~hole].min() - 0.01
        assert filled.max() <= heights[~hole].max() + 0.01
