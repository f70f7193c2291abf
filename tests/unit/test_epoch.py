"""Time: text in and out, leap seconds, arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offnadir.epoch import Epoch, Span, tai_to_utc_ns, utc_text, utc_to_tai_ns
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


#: 2016-12-31T23:59:60Z and 1972-06-30T23:59:60Z in TAI, after the IERS's list of leap seconds.
_LEAPS = (1_483_228_836 * 10**9, 78_796_810 * 10**9)


@given(
    st.lists(st.integers(-(2**62), 6 * 10**18), max_size=20),
    st.lists(st.integers(-2 * 10**9, 2 * 10**9), max_size=20),
    st.integers(0, 9),
)
def test_many_texts_equal_one_by_one(values, near, digits):
    values += [leap + one for leap in _LEAPS for one in near]
    assert utc_text(values, digits) == [Epoch(value).utc(digits) for value in values]
    several = np.array(values, np.int64)
    assert tai_to_utc_ns(several).tolist() == [Epoch(value).utc_ns for value in values]
    back = [Epoch.from_utc_ns(value).tai_ns for value in values]
    assert utc_to_tai_ns(several).tolist() == back
