"""SatDSiV section 2, every combination: the decision table by hand from the text of the ordinance.

Text: BGBl. I 2008, 508, as changed by BGBl. 2023 I Nr. 278 (https://gesetze.legal/bund/satdsiv/2,
https://www.buzer.de/gesetz/8157/index.htm). The table below is written from the text alone.
"""

import itertools

import pytest

from offnadir.epoch import Epoch
from offnadir.tasking import GroundSegment, Question, judge, public_pack
from offnadir.tasking.policy import judge_many

NOW = Epoch.from_utc("2026-11-29T12:00:00Z")
KABUL, PARIS, SOUTH = (69.17, 34.53), (2.35, 48.85), (100.0, -75.0)  # Annex 3; no annex; Annex 2
DAY_S = 86400.0
# recipient: country, kind, purposes; whether section 2(1) takes it out; whether it stands in Annex 4
RECIPIENTS = {
    "Bundeswehr": ("DE", "military", (), True, True),
    "BND": ("DE", "intelligence", (), True, True),
    "Federal Republic under section 21": ("DE", "government", ("satdsig-21",), True, False),
    "German police": ("DE", "police", (), False, True),
    "Federal ministry": ("DE", "government", (), False, False),
    "French forces": ("FR", "military", (), False, True),
    "Japanese police": ("JP", "police", (), False, True),
    "NATO": ("NATO", "military", (), False, True),
    "authorised person": ("BR", "authorised", (), False, True),
    "Brazilian forces": ("BR", "military", (), False, False),
    "newsroom": ("US", "media", (), False, False),
}
GROUNDS = {
    "none": ((), False),
    "Norway": ((GroundSegment(country="NO", operator="NO"),), False),
    "China by China": ((GroundSegment(country="CN", operator="CN"),), True),
    "China by Sweden": ((GroundSegment(country="CN", operator="SE"),), False),
    "China by the EU": ((GroundSegment(country="CN", operator="EU"),), False),
    "Brazil by China": ((GroundSegment(country="BR", operator="CN"),), False),
    "Norway, and Cuba by Brazil": (
        (GroundSegment(country="NO", operator="NO"), GroundSegment(country="CU", operator="BR")),
        True,
    ),
}
SENSORS = {  # kind, finest of the system, its bands; whether section 1 takes it in
    "optical 0.5": ("optical", 0.5, 4, True),
    "optical 2.5": ("optical", 2.5, 4, True),
    "optical 2.6": ("optical", 2.6, 4, False),
    "thermal 5": ("tir", 5.0, 2, True),
    "thermal 5.1": ("tir", 5.1, 2, False),
    "radar 0.5": ("sar", 0.5, 1, True),
    "radar 3": ("sar", 3.0, 1, True),
    "radar 3.1": ("sar", 3.1, 1, False),
    "50 bands, 10": ("hyperspectral", 10.0, 50, True),
    "50 bands, 10.1": ("hyperspectral", 10.1, 50, False),
    "49 bands, 10": ("optical", 10.0, 49, False),
}


def is_sensitive(*, in_scope, sensor, gsd_m, phase, place, age_s, recipient, ground):
    """Section 2 as it is written, with the annexes of 2023."""
    exempt, in_annex_4 = RECIPIENTS[recipient][3:]
    if not in_scope or exempt:  # section 1; section 2(1)
        return False
    number_1 = GROUNDS[ground][1]
    letter_a = place == KABUL
    letter_b = not in_annex_4 and age_s < 5 * DAY_S and (gsd_m <= 1.2 or phase)
    number_2 = place != SOUTH and gsd_m <= 2.5 and (letter_a or letter_b)
    number_3 = SENSORS[sensor][0] in ("tir", "hyperspectral")
    return number_1 or number_2 or number_3


@pytest.mark.parametrize("sensor", SENSORS)
def test_every_combination(sensor):
    kind, finest, bands, in_scope = SENSORS[sensor]
    sharpness = sorted({finest, *(gsd_m for gsd_m in (1.2, 1.21, 2.5, 2.51) if gsd_m >= finest)})
    phases = (False, True) if kind == "sar" else (False,)
    ages = (0.0, 5 * DAY_S - 1, 5 * DAY_S)
    names = ("gsd_m", "phase", "place", "age_s", "recipient", "ground")
    places = (KABUL, PARIS, SOUTH)
    cases = [
        dict(zip(names, case, strict=True))
        for case in itertools.product(sharpness, phases, places, ages, RECIPIENTS, GROUNDS)
    ]
    questions = [
        Question(
            at=NOW, place_deg=one["place"], stage="delivery", operator="DLR", kind=kind, bands=bands,
            gsd_m=one["gsd_m"], system_gsd_m=finest, phase=one["phase"], imaged_at=NOW + -one["age_s"],
            recipient_country=RECIPIENTS[one["recipient"]][0], recipient_kind=RECIPIENTS[one["recipient"]][1],
            purposes=frozenset(RECIPIENTS[one["recipient"]][2]), ground=GROUNDS[one["ground"]][0],
        )
        for one in cases
    ]  # fmt: skip
    verdicts = judge_many([public_pack()], questions)
    told = [name == "permit" for name in verdicts.effect_names]
    expected = [is_sensitive(in_scope=in_scope, sensor=sensor, **one) for one in cases]
    assert told == expected
    assert (verdicts.effect == verdicts.sure_effect).all()
    some = slice(None, None, 97)  # the same, one by one
    assert [judge([public_pack()], one).effect == "permit" for one in questions[some]] == expected[
        some
    ]


def _ask(**facts):
    usual = {
        "at": NOW, "place_deg": PARIS, "stage": "delivery", "operator": "DLR", "kind": "sar", "gsd_m": 1.0,
        "phase": False, "imaged_at": NOW, "recipient_country": "US", "recipient_kind": "media", "ground": (),
    }  # fmt: skip
    return judge([public_pack()], Question(**(usual | facts)))


def test_it_binds_whom_it_names():
    assert _ask().effect == "permit"
    assert _ask(operator="MDA").effect == "notify"  # Canadian
    assert _ask(operator="Somebody", operator_country="FR").effect == "allow"
    foreign = {
        "operator": "Somebody",
        "operator_country": "FR",
        "licences": frozenset(["de-satdsig"]),
    }
    assert _ask(**foreign).effect == "permit"  # commanded from Germany


def test_a_fresh_picture_is_free_after_five_days():
    verdict = _ask(imaged_at=NOW + -2 * DAY_S)
    assert verdict.until == NOW + 3 * DAY_S
    assert [one.rule_id for one in verdict.findings] == ["de-satdsiv-2-2-2b-aa"]


def test_annex_2_ends_where_it_says():
    """South of -60 and north of 84 degrees: the parallel itself, and a picture across it, are not free."""
    assert _ask(place_deg=(0.0, -60.0)).effect == "permit"
    assert _ask(place_deg=(0.0, -60.0001)).effect == "allow"
    assert _ask(place_deg=(180.0, 84.0001)).effect == "allow"
    assert _ask(place_deg=(-180.0, 90.0)).effect == "allow"
    assert _ask(place_deg=(0.0, 84.0)).effect == "permit"


@pytest.mark.parametrize(
    ("place", "before_2014", "before_2023", "since"),
    [
        ((50.55, 26.05), True, False, False),  # Bahrain: out in 2014
        ((18.0, 15.0), True, True, False),  # Chad: out in 2023
        ((-14.5, 14.5), False, True, False),  # Senegal: in 2014, out in 2023
        ((-2.0, 17.0), False, True, True),  # Mali: in 2014
        ((44.2, 15.35), False, False, True),  # Yemen: in 2023
        ((34.1, 44.95), False, True, True),  # Simferopol: territory of Ukraine
        ((69.2, 34.5), True, True, True),  # Afghanistan: always
        ((2.3, 48.8), False, False, False),  # France: never
    ],
)
def test_annex_3_through_the_years(place, before_2014, before_2023, since):
    """BGBl. I 2008, 509; I 2014, 1314 (in force 2014-08-05); 2023 I Nr. 278 (in force 2023-10-19)."""
    told = {
        "2014-08-04": before_2014,
        "2014-08-05": before_2023,
        "2023-10-18": before_2023,
        "2023-10-19": since,
    }
    for day, expected in told.items():
        at = Epoch.from_utc(day)
        verdict = _ask(place_deg=place, at=at, imaged_at=at + -30 * DAY_S)
        assert (verdict.effect == "permit") == expected, day


@pytest.mark.parametrize(
    ("country", "before", "since"),
    [
        ("CN", False, True),
        ("RU", False, True),
        ("UZ", True, False),
        ("LR", True, False),
        ("CU", True, True),
    ],
)
def test_annex_1_through_the_years(country, before, since):
    for day, expected in (("2023-10-18", before), ("2023-10-19", since)):
        at = Epoch.from_utc(day)
        station = (GroundSegment(country=country, operator="BR"),)
        verdict = _ask(at=at, imaged_at=at + -30 * DAY_S, ground=station)
        assert (verdict.effect == "permit") == expected


def test_annexes_have_as_many_entries_as_the_gazette():
    """22 states in Annex 1; 26 territories in Annex 3, of which one is Israel and the Palestinian ones."""
    lists = public_pack().lists
    assert len(lists["satdsiv-annex-1"]["countries"]) == 22
    assert len(lists["satdsiv-annex-3"]["countries"]) == 27


def test_the_territorial_sea_is_territory():
    """Off Odesa, 15 km out: within 12 nautical miles; 60 km out it is not."""
    old = {"imaged_at": NOW + -30 * DAY_S}
    assert _ask(place_deg=(30.95, 46.45), **old).effect == "permit"
    assert _ask(place_deg=(31.3, 45.9), **old).effect == "allow"
