"""Time: instants as TAI nanoseconds, spans, leap seconds, UTC text."""

from offnadir.epoch._epoch import Epoch, Span, utc_text
from offnadir.epoch._leap import tai_to_utc_ns, utc_to_tai_ns

__all__ = ["Epoch", "Span", "tai_to_utc_ns", "utc_text", "utc_to_tai_ns"]
