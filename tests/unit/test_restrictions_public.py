"""The public pack's other rules, against the dates and figures of their sources."""

from pathlib import Path

import pytest

from offnadir.epoch import Epoch, Span
from offnadir.tasking import Question, judge, public_pack, timeline

HAIFA, HEBRON, GOLAN, AMMAN = (35.0, 32.79), (35.1, 31.53), (35.78, 33.0), (35.93, 31.95)
DAY_S = 86400.0


def ask(day, place, **facts):
    at = Epoch.from_utc(day)
    usual = {
        "at": at, "place_deg": place, "stage": "delivery", "operator": "Vantor", "kind": "optical",
        "gsd_m": 0.31, "imaged_at": at, "recipient_country": "DE", "recipient_kind": "media", "ground": (),
        "licences": frozenset(["us-tier-1"]),
    }  # fmt: skip
    return judge([public_pack()], Question(**(usual | facts)))


@pytest.mark.parametrize("place", [HAIFA, HEBRON, GOLAN])
@pytest.mark.parametrize(
    ("day", "limit_m"),
    [("1999-06-01", 2.0), ("2020-07-20", 2.0), ("2020-07-21", 0.4), ("2026-11-29", 0.4)],
)
def test_kyl_bingaman(place, day, limit_m):
    """2.0 m since 1998, 0.4 m since 2020-07-21 (SpaceNews, Ground Based Space Matters)."""
    verdict = ask(day, place)
    assert (verdict.effect, verdict.gsd_m) == ("degrade", limit_m)
    assert ask(day, place, gsd_m=limit_m).gsd_m is None  # no finer than: the limit itself may be
    assert ask(day, place, operator="Somebody", operator_country="FR").gsd_m is None
    assert ask(day, AMMAN).gsd_m is None


PLANET = {"operator": "planet labs", "gsd_m": 3.0}
KUWAIT, TEHRAN, GAZA, CAIRO = (47.97, 29.37), (51.4, 35.7), (34.4, 31.45), (31.2, 30.05)


@pytest.mark.parametrize(
    ("place", "imaged", "asked", "effect", "until"),
    [
        (KUWAIT, "2026-03-01", "2026-03-02", "allow", None),
        (
            KUWAIT,
            "2026-03-06",
            "2026-03-06",
            "delay",
            "2026-03-20",
        ),  # 96 h, but then the 14 d of 03-09
        (KUWAIT, "2026-03-03", "2026-03-08", "allow", None),  # older than 96 h
        (TEHRAN, "2026-03-06", "2026-03-07", "allow", None),  # the first hold left Iran out
        (TEHRAN, "2026-03-06", "2026-03-10", "delay", "2026-03-20"),
        (
            KUWAIT,
            "2026-03-10",
            "2026-04-03",
            "allow",
            None,
        ),  # older than 14 d, before the third hold
        (KUWAIT, "2026-03-10", "2026-04-04", "delay", None),  # withheld without end, from 03-09 on
        (KUWAIT, "2026-03-08", "2026-04-10", "allow", None),  # taken before 03-09
        (TEHRAN, "2026-11-01", "2026-11-29", "delay", None),
        (CAIRO, "2026-11-28", "2026-11-29", "allow", None),
        (GAZA, "2026-01-01", "2026-01-30", "delay", "2026-01-31"),  # 30 d
        (GAZA, "2026-01-01", "2026-01-31", "allow", None),
    ],
)
def test_holds_of_planet(place, imaged, asked, effect, until):
    """AFP 2026-03-06, Reuters 2026-03-11 and 2026-04-04: 96 h, 14 d, without end; Gaza 30 d."""
    verdict = ask(asked, place, **PLANET, imaged_at=Epoch.from_utc(imaged))
    assert verdict.effect == effect
    assert verdict.until == (None if until is None else Epoch.from_utc(until))
    assert ask(asked, place, **(PLANET | {"operator": "Umbra"})).effect == "allow"


def test_timeline_of_a_picture_of_kuwait():
    """Taken on 2026-03-06: held for 96 h, from 03-09 for 14 d, then free; fresh ones never are."""
    facts = {"place_deg": KUWAIT, "stage": "delivery", **PLANET, "kind": "optical", "recipient_country": "DE",
             "recipient_kind": "media", "ground": (), "licences": frozenset(["us-tier-1"])}  # fmt: skip
    start = Epoch.from_utc("2026-03-06")
    span = Span(start, Epoch.from_utc("2026-05-01"))
    pieces = timeline([public_pack()], Question(at=start, imaged_at=start, **facts), span)
    told = [(one.start.utc(0)[:10], one.effect, one.rules) for one in pieces]
    assert told == [
        ("2026-03-06", "delay", ("public: planet-gulf-96h",)),
        ("2026-03-09", "delay", ("public: planet-middle-east-14d",)),
        ("2026-03-20", "allow", ()),
    ]
    fresh = timeline([public_pack()], Question(at=start, **facts), span)
    assert [(one.start.utc(0)[:10], one.effect) for one in fresh] == [
        ("2026-03-06", "delay"), ("2026-03-09", "delay"), ("2026-04-04", "delay"),
    ]  # fmt: skip
    assert fresh[0].start == span.start
    assert fresh[-1].stop == span.stop


@pytest.mark.parametrize("stage", ["feasibility", "order", "delivery"])
def test_nothing_for_the_dprk(stage):
    """Security Council resolutions 1718 (2006-10-14) and after."""
    assert ask("2026-11-29", AMMAN, recipient_country="KP", stage=stage).effect == "deny"
    assert ask("2006-10-13", AMMAN, recipient_country="KP", stage=stage).effect != "deny"
    purposes = frozenset(["dprk-launch"])
    assert ask("2026-11-29", AMMAN, purposes=purposes, stage=stage).effect == "deny"


def test_what_may_be_interrupted_is_told():
    assert ask("2026-11-29", AMMAN, operator="MDA", licences=frozenset()).effect == "notify"
    rules = {
        one.rule_id for one in ask("2026-11-29", AMMAN, licences=frozenset(["us-tier-2"])).findings
    }
    assert "us-15cfr960-9-limited-operations" in rules
    assert "us-15cfr960-10-tier-3" not in rules


def test_every_rule_is_dated_and_sourced_and_templates_never_bind():
    pack = public_pack()
    assert len({one.rule_id for one in pack.rules}) == len(pack.rules) > 20
    assert {one.kind for one in pack.rules} == {"law", "licence", "contract", "voluntary"}
    capella = ask("2026-11-29", AMMAN, operator="Capella")
    line = next(one for one in capella.trace if one.rule_id == "contract-archive-holdback")
    assert line.state == "does not bind"


def test_sentences_name_authority_source_date_and_confidence():
    text = " ".join(ask("2026-11-29", HAIFA).sentences())
    for word in (
        "0.4 m",
        "NOAA",
        "PL 104-201",
        "2026-11-29",
        "confidence high",
        "Not legal advice",
    ):
        assert word in text


def test_what_is_not_known_is_told_and_never_laxer():
    verdict = ask(
        "2026-11-29",
        KUWAIT,
        **(PLANET | {"operator": None, "gsd_m": 1.0}),
        imaged_at=Epoch.from_utc("2026-11-28"),
    )
    assert verdict.effect == "permit"  # could be anybody's: the strictest is SatDSiV section 2
    assert verdict.sure_effect == "allow"
    assert "the operator" in " ".join(verdict.sentences())


def test_the_guide_lists_every_rule():
    text = (Path(__file__).parents[2] / "docs/guide/restrictions.md").read_text("utf-8")
    for rule in public_pack().rules:
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{rule.rule_id}` |")]
        assert f"| {rule.confidence} |" in line
        assert rule.unverified in line
