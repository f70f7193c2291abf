"""Intervals as RFC 3339 and STAPI 0.1 have them: examples of the RFC and of OGC, and abuses."""

from __future__ import annotations

import pytest

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.service._datetimes import interval_text, read_interval, span_to_search
from offnadir.units import day

A, B = "2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        (f"{A}/{B}", A, B),
        (f"{A}/..", A, None),
        (f"../{B}", None, B),
        (f"{A}/", A, None),
        (f"/{B}", None, B),
        ("2026-06-01t00:00:00z/2026-06-08T00:00:00z", A, B),
        ("2026-06-01T09:00:00+09:00/2026-06-08T00:00:00Z", A, B),
        ("2026-05-31T19:00:00-05:00/2026-06-07T20:00:00-04:00", A, B),
        ("2026-06-01T00:00:00.25Z/..", "2026-06-01T00:00:00.250Z", None),
        ("2026-06-01T00:00:00.123456789999Z/..", "2026-06-01T00:00:00.123456789Z", None),
        ("2026-06-01T00:00:00-00:00/..", A, None),
        # RFC 3339 section 5.8: the leap second at the end of 1990, and the same one in another zone.
        ("1990-12-31T23:59:60Z/..", "1990-12-31T23:59:60Z", None),
        ("1990-12-31T15:59:60-08:00/..", "1990-12-31T23:59:60Z", None),
        (
            "1985-04-12T23:20:50.52Z/1996-12-19T16:39:57-08:00",
            "1985-04-12T23:20:50.52Z",
            "1996-12-20T00:39:57Z",
        ),
        ([A, B], A, B),
        ([A, ".."], A, None),
    ],
)
def test_intervals_that_are_read(text, start, stop):
    found = read_interval(text)
    assert found.start == (None if start is None else Epoch.from_utc(start))
    assert found.stop == (None if stop is None else Epoch.from_utc(stop))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (A, "single instant"),
        ("2026-06-01", "single instant"),
        ("2026-06-01/2026-06-08", "a date alone"),
        ("2026-06-01T00:00:00/2026-06-08T00:00:00", "with its zone"),
        (f"{A}/2026-06-08T00:00:00", "with its zone"),
        (f"{B}/{A}", "later than its start"),
        (f"{A}/{A}", "later than its start"),
        ("2026-06-01T09:00:00+09:00/2026-06-01T00:00:00Z", "later than its start"),
        ("../..", "at least one end"),
        ("/", "at least one end"),
        ("", "start/end"),
        (f"{A}/{B}/{B}", "start/end"),
        (f"{A}--{B}", "start/end"),
        ("2026-06-01 00:00:00Z/..", "a time such as"),
        ("2026-06-01T00:00Z/..", "a time such as"),
        ("2026-6-1T00:00:00Z/..", "a time such as"),
        ("20260601T000000Z/..", "a time such as"),
        ("2026-06-01T00:00:00.Z/..", "a time such as"),
        ("2026-06-01T00:00:00,5Z/..", "a time such as"),
        ("2026-02-30T00:00:00Z/..", "no such day"),
        ("2026-06-01T24:00:00Z/..", "no such time of day"),
        ("2026-06-01T00:00:60Z/..", "no leap second"),
        ("2026-06-01T00:00:00+25:00/..", "no such zone"),
        ("0000-01-01T00:00:00Z/..", "in the years"),
        ("9999-12-31T23:59:59Z/..", "in the years"),
        (" 2026-06-01T00:00:00Z/..", "a time such as"),
        ("٢٠٢٦-06-01T00:00:00Z/..", "a time such as"),
        ("now/..", "a time such as"),
        ("P7D/" + B, "a time such as"),
        (None, "start/end"),
        (1780272000, "start/end"),
        ({"start": A}, "start/end"),
        ([A], "start/end"),
        ([A, B, B], "start/end"),
        ([A, None], "start/end"),
    ],
)  # fmt: skip
def test_intervals_that_are_refused(value, says):
    with pytest.raises(InputError) as caught:
        read_interval(value)
    assert caught.value.field == "datetime"
    assert says in str(caught.value)


def test_the_span_to_search():
    now = Epoch.from_utc("2026-06-02T00:00:00Z")
    closed = span_to_search(read_interval(f"{A}/{B}"), now)
    assert (closed.start, closed.stop) == (now, Epoch.from_utc(B))
    assert span_to_search(read_interval(f"{B}/.."), now).duration_s == 14 * day
    assert span_to_search(read_interval(f"../{B}"), now).start == now
    for late, says in (
        (f"../{A}", "later than now"),
        (f"{A}/2026-07-04T00:00:00Z", "at most 31 days"),
    ):
        with pytest.raises(InputError, match=says):
            span_to_search(read_interval(late), now)


def test_a_told_interval_lies_within_the_window():
    start = Epoch.from_utc("2026-06-01T00:00:00.000000001Z").tai_ns
    stop = Epoch.from_utc("2026-06-01T00:00:09.999999999Z").tai_ns
    assert interval_text(start, stop) == "2026-06-01T00:00:00.001Z/2026-06-01T00:00:09.999Z"
    found = read_interval(interval_text(start, stop))
    assert start <= found.start.tai_ns < found.stop.tai_ns <= stop
