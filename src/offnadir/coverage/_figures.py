"""What figures there are: name, unit, what it is, and which end of it is the bad one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of each cell; `long_name` as in CF, `more_is_better` tells which end is the worst."""

    name: str
    unit: str
    long_name: str
    more_is_better: bool
    level: str = ""


def _f(name: str, unit: str, long_name: str, better: str, level: str = "") -> Figure:
    return Figure(
        name=name, unit=unit, long_name=long_name, more_is_better=better == "more", level=level
    )


_PLAIN: Final = (
    _f("looks_per_day", "day-1", "looks a day", "more"),
    _f("daylight_looks_per_day", "day-1", "looks a day in daylight", "more"),
    _f("looks_per_day_by_off_nadir", "day-1", "looks a day up to an off-nadir angle", "more",
       "off_nadir_level"),
    _f("looks_per_day_by_gsd", "day-1", "looks a day up to a sample distance", "more", "gsd_level"),
    _f("looks_per_day_by_niirs", "day-1", "looks a day from a NIIRS on", "more", "niirs_level"),
)  # fmt: skip
_TIMES: Final = (
    _f("revisit_mean_s", "s", "mean time from the end of a look to the start of the next", "less"),
    _f("revisit_median_s", "s", "median of these times", "less"),
    _f("revisit_p95_s", "s", "95th centile of these times", "less"),
    _f("longest_gap_s", "s", "longest time without a look, ends of the span included", "less"),
    _f("response_mean_s", "s", "mean wait of a random request for the next look", "less"),
    _f("response_median_s", "s", "median wait of a random request", "less"),
    _f("response_p95_s", "s", "95th centile of the wait of a random request", "less"),
    _f("in_view_share", "1", "share of the time in view", "more"),
    _f("first_look_s", "s", "time from the start of the span to the first look", "less"),
    _f("stereo_one_pass_per_day", "day-1", "looks a day that allow stereo in one pass", "more"),
    _f("stereo_two_pass_per_day", "day-1", "looks a day that make a stereo pair with an earlier one",
       "more"),
    _f("best_gsd_m", "m", "finest sample distance", "less"),
    _f("best_niirs", "1", "greatest NIIRS", "more"),
)  # fmt: skip
_DELIVERY: Final = (
    _f("latency_mean_s", "s", "mean time from a picture to its satellite's next contact", "less"),
    _f("latency_p95_s", "s", "95th centile of that time", "less"),
    _f("age_mean_s", "s", "mean age of the newest picture on the ground", "less"),
    _f("age_peak_s", "s", "greatest age of the newest picture on the ground", "less"),
)
_CLEAR_TIMES: Final = (
    _f("clear_revisit_mean_s", "s", "expected time between clear looks", "less"),
    _f("clear_response_mean_s", "s", "expected wait of a random request for a clear look", "less"),
    _f("clear_response_p95_s", "s", "95th centile of the wait for a clear look", "less"),
    _f("clear_stereo_one_pass_per_day", "day-1", "clear looks a day that allow stereo in one pass",
       "more"),
    _f("clear_stereo_two_pass_per_day", "day-1", "clear looks a day with a clear earlier partner",
       "more"),
    _f("clear_age_mean_s", "s", "expected age of the newest clear picture on the ground", "less"),
)  # fmt: skip
_CLEAR: Final = tuple(
    Figure(
        name="clear_" + one.name,
        unit=one.unit,
        long_name="expected clear " + one.long_name,
        more_is_better=True,
        level=one.level,
    )
    for one in _PLAIN
)
#: All figures by name, in the order in which they are told.
FIGURES: Final[dict[str, Figure]] = {
    one.name: one for one in (*_PLAIN, *_TIMES, *_DELIVERY, *_CLEAR, *_CLEAR_TIMES)
}
