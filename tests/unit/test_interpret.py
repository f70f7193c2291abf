"""What can be told: whole levels, ends of the scale, languages, and how the steps follow each other."""

from __future__ import annotations

import math
import re
import tomllib

import pytest

from offnadir.data import bundled_bytes
from offnadir.errors import InputError
from offnadir.quality import detect_recognise_identify, tasks_at

TABLE = tomllib.loads(bundled_bytes("niirs.toml").decode())
SCALES = ("visible", "civil", "radar")
STEPS = ["nothing", "detected", "recognised", "identified", "described", "analysed"]


@pytest.mark.parametrize("scale", SCALES)
def test_the_whole_level_counts(scale):
    assert tasks_at(5.99, scale) == tasks_at(5, scale)
    assert tasks_at(6.0, scale) != tasks_at(5.99, scale)
    assert tasks_at(0.9, scale) == tasks_at(0, scale)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_past_the_ends(scale, language):
    assert tasks_at(11.5, scale, language) == tasks_at(9, scale, language)
    assert tasks_at(math.inf, scale, language) == tasks_at(9, scale, language)
    (nothing,) = tasks_at(math.nan, scale, language)
    assert tasks_at(-0.1, scale, language) == (nothing,)
    assert nothing == TABLE["nothing"][language]
    assert nothing not in tasks_at(0, scale, language)


@pytest.mark.parametrize("scale", SCALES)
def test_every_level_has_one_to_four_tasks_in_both_languages(scale):
    seen = set()
    for level in range(10):
        english, korean = tasks_at(level, scale), tasks_at(level, scale, "ko")
        assert len(english) == len(korean)
        assert (1 if level == 0 else 2) <= len(english) <= 4
        assert not seen & set(english), level
        seen |= set(english)
        for text in korean:
            assert re.search(r"[가-힣]", text)
        for text in english:
            assert text.isascii()


def test_scales_say_where_they_come_from_and_which_is_an_estimate():
    assert {scale: TABLE[scale]["checked"] for scale in SCALES} == {
        "visible": False, "civil": True, "radar": False,
    }  # fmt: skip
    for row in TABLE["objects"]["row"]:
        assert row["checked"] == (row["source"] == "stanag")


def test_a_finer_picture_never_tells_less():
    before = [0] * len(TABLE["objects"]["row"])
    for gsd_m in (1000, 90, 30, 10, 6, 3, 1.5, 0.7, 0.3, 0.1, 0.03, 0.01):
        now = [STEPS.index(sight.step) for sight in detect_recognise_identify(gsd_m)]
        assert all(b <= n for b, n in zip(before, now, strict=True)), gsd_m
        before = now
    assert set(before) == {STEPS.index("analysed")}


def test_each_row_falls_from_step_to_step():
    for row in TABLE["objects"]["row"]:
        needed = [row[f"{step}_m"] for step in STEPS[1:] if f"{step}_m" in row]
        assert needed == sorted(needed, reverse=True), row["en"]


def test_nothing_is_told_without_a_distance():
    assert {sight.step for sight in detect_recognise_identify(math.nan)} == {"nothing"}
    assert {sight.step for sight in detect_recognise_identify(math.inf)} == {"nothing"}


def test_languages_tell_the_same():
    english, korean = detect_recognise_identify(1.0), detect_recognise_identify(1.0, "ko")
    assert [s.step for s in english] == [s.step for s in korean]
    assert "교량" in {s.name for s in korean}


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: tasks_at(5, "infrared"), "scale"),
        (lambda: tasks_at(5, "civil", "fr"), "language"),
        (lambda: tasks_at(math.nan, "nothing"), "scale"),
        (lambda: detect_recognise_identify(0.0), "gsd_m"),
        (lambda: detect_recognise_identify(-1.0), "gsd_m"),
        (lambda: detect_recognise_identify(1.0, "de"), "language"),
    ],
)
def test_wrong_calls_name_the_field(call, field):
    with pytest.raises(InputError, match=field):
        call()


def test_a_gap_in_the_source_says_at_least():
    """STANAG 3769: only the identification of bridges is illegible; 0.8 m lies between its neighbours."""
    rows = {sight.name: sight for sight in detect_recognise_identify(0.8) if sight.checked}
    assert [name for name, sight in rows.items() if sight.at_least] == ["bridges"]
    assert not any(sight.at_least for sight in detect_recognise_identify(1000.0))
