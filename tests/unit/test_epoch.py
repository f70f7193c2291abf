"""Time: text in and out, leap seconds, arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offnadir.epoch import Epoch, Span, utc_text
from offnadir.errors import InputError


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2026-05-31T04:05:06.789Z", "2026-05-31T04:05:06.789000Z"),
        ("2026-05-31 04:05:06", "2026-05-31T04:05:06.000000Z"),
        ("2026-05-31T04:05Z", "2026-05-31T04:05:00.000000Z"),
        ("2026-05-31", "2026-05-31T00:00:00.000000Z"),
        ("2026-05-31T09:00:00+09:00", "2026-05-31T00:00:00.000000Z"),
        ("2026-05-30T19:30:00-0430", "2026-05-31T00:00:00.000000Z"),
        ("2016-12-31T23:59:60.25Z", "2016-12-31T23:59:60.250000Z"),
        ("2026-05-31T00:00:00.9999999Z", "2026-05-31T00:00:01.000000Z"),
        ("1957-10-04T19:28:34Z", "1957-10-04T19:28:34.000000Z"),
    ],
)
def test_utc_text_in_and_out(text, printed):
    assert Epoch.from_utc(text).utc() == printed


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-02-30", "2026-13-01", "2026-05-31T24:00:00Z", "2026-05-31T10:61:00Z",
     "2025-12-31T23:59:60Z", "26-05-31", "1492-10-12", "2026-05-31T00:00:00+25:00", "9999-01-01"],
)  # fmt: skip
def test_a_time_that_is_none_names_field_value_and_wish(text):
    with pytest.raises(InputError, match=r"^--start = .*: must be ") as caught:
        Epoch.from_utc(text, field="--start")
    assert caught.value.exit_code == 2


def test_tai_is_37_s_ahead_of_utc_since_2017():
    """IERS Bulletin C 52: TAI - UTC = 36 s until, 37 s from 2017-01-01."""
    midnight = Epoch.from_utc("2017-01-01T00:00:00Z")
    assert midnight.tai_ns - midnight.utc_ns == 37_000_000_000
    assert midnight - Epoch.from_utc("2016-12-31T23:59:59Z") == 2.0
    assert midnight - Epoch.from_utc("2016-12-31T23:59:60Z") == 1.0


def test_a_span_that_runs_backwards_is_refused():
    start = Epoch.from_utc("2026-05-31")
    with pytest.raises(InputError, match="later than start"):
        Span(start, start)


@given(st.integers(-(2**60), 6 * 10**18))
def test_text_with_nine_digits_is_exact(tai_ns):
    epoch = Epoch(tai_ns)
    assert Epoch.from_utc(epoch.utc(9)) == epoch


@given(st.lists(st.integers(0, 4 * 10**18), max_size=20))
def test_many_texts_equal_one_by_one(values):
    assert utc_text(values) == [Epoch(value).utc() for value in values]
