"""Packs: what is wrong in a file is told; private packs keep to themselves; rules add up to the strictest."""

import importlib.util
import json
import math
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from offnadir.data import bundled_bytes
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.tasking import GroundSegment, Question, judge, read_pack, timeline
from offnadir.tasking.policy import judge_many, strictness

ROOT = Path(__file__).parents[2]
HEAD = '[pack]\nformat = 1\nname = "{name}"\nversion = "1"\n{more}\n'
RULE = """
[[rule]]
id = "{rule_id}"
title = "{title}"
authority = "Somebody"
kind = "contract"
words = "it is so."
source = "a letter"
retrieved = 2026-11-29
confidence = "high"
{rest}
"""
NOW = Epoch.from_utc("2026-06-01T00:00:00Z")
DAY_S = 86400.0


def pack(folder, *rests, name="own", more="", title="a rule"):
    rules = [RULE.format(rule_id=f"r{k}", title=title, rest=rest) for k, rest in enumerate(rests)]
    path = folder / f"{name}.toml"
    path.write_text(HEAD.format(name=name, more=more) + "".join(rules))
    return read_pack(path)


def ask(**facts):
    usual = {
        "at": NOW,
        "place_deg": (10.0, 50.0),
        "stage": "delivery",
        "gsd_m": 0.5,
        "imaged_at": NOW + -DAY_S,
    }
    return Question(**(usual | facts))


EVERYWHERE = "where = { worldwide = true }\n"


@pytest.mark.parametrize(
    ("rest", "field", "told"),
    [
        ('effect = "deni"\n' + EVERYWHERE, "effect", "did you mean deny?"),
        ('effect = "deny"\noperater = ["X"]\n' + EVERYWHERE, "operater", "did you mean operators?"),
        ('effect = "deny"\n', "where", "given"),
        ('effect = "deny"\nwhere = { countries = ["de"] }', "countries", "did you mean DE?"),
        ('effect = "deny"\nwhere = { countries = ["@mine"] }', "countries", "a list of this file"),
        ('effect = "deny"\nwhere = { areas = ["gulf"] }', "areas", "[areas.NAME]"),
        ('effect = "deny"\nwhere = { boxes = [[0, 10, 5, 10]] }', "boxes", "south below north"),
        ('effect = "deny"\nwhere = { circles = [{ lat_deg = 91 }] }', "lon_deg", "given"),
        ('effect = "degrade"\n' + EVERYWHERE, "to_m", 'effect = "degrade"'),
        ('effect = "deny"\ndelay = "3 d"\n' + EVERYWHERE, "delay", 'only for effect = "delay"'),
        ('effect = "delay"\ndelay = "3 weeks"\n' + EVERYWHERE, "delay", '"96 h"'),
        ('effect = "deny"\nfrom = 2026-02-02\nuntil = 2026-02-02\n' + EVERYWHERE, "until", "later than from"),
        ('effect = "deny"\nfrom = "2026-02-02"\n' + EVERYWHERE, "from", "TOML date"),
        ('effect = "deny"\ngsd_at_most_m = "1"\n' + EVERYWHERE, "gsd_at_most_m", "a number from"),
        ('effect = "deny"\nstages = []\n' + EVERYWHERE, "stages", "at least one"),
        ('effect = "deny"\nexcept = ["friends"]\n' + EVERYWHERE, "except", "[[conditions.NAME]]"),
        ('effect = "deny"\nwhere = { sea_km = 20 }', "where", "worldwide, countries"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(tmp_path, rest, field, told):
    with pytest.raises(InputError) as caught:
        pack(tmp_path, rest)
    text = str(caught.value)
    assert caught.value.field == field
    assert told in text
    assert "own.toml: rule 1 (r0)" in text


def test_a_pack_that_is_not_disclosed_keeps_its_words_even_in_errors(tmp_path):
    more = 'disclose = "a restriction"'
    for rest in (
        'effect = "secretword"\n' + EVERYWHERE,
        'effect = "deny"\nsecretword = 1\n' + EVERYWHERE,
        'effect = "deny"\nwhere = { countries = ["secretword"] }',
        'effect = "deny"\nwhere = { geojson = "secretword.geojson" }',
        'effect = "deny"\nexcept = ["secretword"]\n' + EVERYWHERE,
        'effect = "deny"\nid = "secretword"',
        'effect = "deny"\nsecretword = 1\n[rule.secretword.secretword]',
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011  # TOML's own error for a key given twice
            pack(tmp_path, rest, more=more)
        assert "secretword" not in str(caught.value)
        assert "r0" not in str(caught.value)


SECRET = 'disclose = "a restriction"'
PLACE = "where = { boxes = [[9, 49, 11, 51]] }\n"


@pytest.mark.parametrize(
    "rest", ['effect = "deny"', 'effect = "permit"', 'effect = "delay"\ndelay = "777 h"']
)
def test_all_private_rules_look_alike(tmp_path, rest):
    """Whatever a private rule that holds a picture back is, and however many there are: the same is told."""
    public = pack(tmp_path, 'effect = "notify"\n' + EVERYWHERE, name="open")
    private = pack(
        tmp_path,
        f"{rest}\n{PLACE}",
        f"{rest}\n{EVERYWHERE}",
        name="zebra",
        more=SECRET,
        title="quagga",
    )
    full = judge([public, private], ask())
    assert full.effect == rest.split('"')[1]
    told = full.public()
    other = judge(
        [public, pack(tmp_path, 'effect = "deny"\n' + EVERYWHERE, name="other", more=SECRET)], ask()
    )
    assert told.as_dict() == other.public().as_dict()
    text = (
        json.dumps(told.as_dict())
        + repr(full)
        + repr(full.findings)
        + repr(full.trace)
        + repr(private)
    )
    text += repr(private.rules) + "".join(told.sentences())
    for word in ("zebra", "quagga", "Somebody", "777", "it is so", '"r1"', "box", private.sha256):
        assert (word in text) == (word in json.dumps(judge([public], ask()).as_dict())), word
    assert told.until is None
    assert "a restriction" in text.lower()


def test_a_private_rule_that_changes_nothing_leaves_no_mark(tmp_path):
    public = pack(tmp_path, 'effect = "deny"\n' + EVERYWHERE, name="open")
    private = pack(
        tmp_path,
        'effect = "permit"\n' + EVERYWHERE,
        'effect = "notify"\n' + EVERYWHERE,
        name="b",
        more=SECRET,
    )
    assert judge([private, public], ask()).public().as_dict() == judge([public], ask()).as_dict()
    elsewhere = pack(
        tmp_path, 'effect = "deny"\nwhere = { countries = ["NZ"] }', name="c", more=SECRET
    )
    assert judge([elsewhere], ask()).public().as_dict() == judge([], ask()).as_dict()


def test_no_false_hope_where_a_private_rule_ends_later(tmp_path):
    public = pack(tmp_path, 'effect = "delay"\ndelay = "2 d"\n' + EVERYWHERE, name="open")
    private = pack(
        tmp_path, 'effect = "delay"\ndelay = "9 d"\n' + EVERYWHERE, name="b", more=SECRET
    )
    assert judge([public], ask()).until == NOW + DAY_S
    assert judge([public, private], ask()).until == NOW + 8 * DAY_S
    assert judge([public, private], ask()).public().until is None


def test_a_private_timeline_tells_no_instants(tmp_path):
    private = pack(
        tmp_path,
        'effect = "deny"\nfrom = 2026-06-03\nuntil = 2026-06-05\n' + EVERYWHERE,
        name="b",
        more=SECRET,
    )
    span = Span(NOW, NOW + 10 * DAY_S)
    inside = timeline([private], ask(), span, public=False)
    assert [one.effect for one in inside] == ["allow", "deny", "allow"]
    (piece,) = timeline([private], ask(), span)
    assert (piece.start, piece.stop, piece.effect, piece.rules) == (
        span.start,
        span.stop,
        "deny",
        ("a restriction",),
    )
    (free,) = timeline([private], ask(), Span(NOW, NOW + DAY_S))
    assert free.effect == "allow"


def test_rules_add_up_to_the_strictest_of_each(tmp_path):
    """Two limits: the coarser. Two holds, one after the other: free when the last ends."""
    both = pack(
        tmp_path,
        'effect = "degrade"\nto_m = 1.0\n' + EVERYWHERE,
        'effect = "degrade"\nto_m = 2.0\n' + EVERYWHERE,
        'effect = "delay"\ndelay = "3 d"\n' + EVERYWHERE,
        'effect = "deny"\nfrom = 2026-06-02\nuntil = 2026-06-09\n' + EVERYWHERE,
        'effect = "deny"\nfrom = 2026-06-20\n' + EVERYWHERE,
    )
    verdict = judge([both], ask())
    assert (verdict.effect, verdict.gsd_m, verdict.until) == (
        "delay",
        2.0,
        Epoch.from_utc("2026-06-09"),
    )
    assert judge([both], ask(gsd_m=1.5)).gsd_m == 2.0
    assert judge([both], ask(gsd_m=2.0)).gsd_m is None


def test_the_trace_says_by_how_much(tmp_path):
    own = pack(
        tmp_path,
        'effect = "deny"\ngsd_at_most_m = 0.4\n' + EVERYWHERE,
        'effect = "deny"\nage_below = "12 h"\n' + EVERYWHERE,
        'effect = "deny"\nwhere = { countries = ["CH"] }',
        'effect = "deny"\nuntil = 2026-05-30\n' + EVERYWHERE,
    )
    told = [" ".join(one.why) for one in judge([own], ask()).trace]
    assert "by 0.1 m" in told[0]
    assert "over since 12 h" in told[1]
    assert "outside Switzerland" in told[2]
    assert "2 d ago" in told[3]


def test_one_station_must_meet_both_conditions(tmp_path):
    own = pack(
        tmp_path,
        'effect = "deny"\nground_countries = ["CN"]\nground_operators_other_than = ["SE"]\n'
        + EVERYWHERE,
    )
    swedish, brazilian = (
        GroundSegment(country="CN", operator="SE"),
        GroundSegment(country="NO", operator="BR"),
    )
    assert judge([own], ask(ground=(swedish, brazilian))).effect == "allow"
    assert judge([own], ask(ground=None)).effect == "deny"
    assert judge([own], ask(ground=(GroundSegment(country="CN"),))).sure_effect == "allow"


# Geometry -------------------------------------------------------------------------------------------------


def binds(folder, where, place):
    return (
        judge(
            [pack(folder, f'effect = "deny"\nwhere = {{ {where} }}')], ask(place_deg=place)
        ).effect
        == "deny"
    )


@pytest.mark.parametrize(
    ("where", "place", "expected"),
    [
        ("boxes = [[10, 40, 20, 50]]", (10.0, 50.0), True),  # a corner touches
        ("boxes = [[10, 40, 20, 50]]", (math.nextafter(10, 0), 45.0), False),
        ("boxes = [[170, -10, -170, 10]]", (180.0, 0.0), True),
        ("boxes = [[170, -10, -170, 10]]", (-175.0, 0.0), True),
        ("boxes = [[170, -10, -170, 10]]", (165.0, 0.0), False),
        ("boxes = [[170, -10, 180, 10]]", (-180.0, 0.0), True),  # the same meridian
        ("boxes = [[170, -10, 180, 10]]", shapely.box(-180, 0, -179, 1), True),
        ("boxes = [[170, -10, 180, 10]]", shapely.box(-179.9, 0, -179, 1), False),
        ("boxes = [[170, -10, 180, 10]]", shapely.box(175, 9, 185, 12), True),
        ("boxes = [[0, 80, 10, 90]]", (120.0, 90.0), True),  # the pole has every longitude
        ("boxes = [[0, 80, 10, 90]]", (120.0, 89.9), False),
        (
            "circles = [{ lon_deg = 0, lat_deg = 89, radius_km = 120 }]",
            (180.0, 89.95),
            True,
        ),  # 117.3 km away
        (
            "circles = [{ lon_deg = 0, lat_deg = 89, radius_km = 120 }]",
            (180.0, 89.9),
            False,
        ),  # 122.9 km
        ('countries = ["FJ"]', (179.99, -16.53), True),
        ('countries = ["FJ"]', (0.0, -40.0), False),
        ('countries = ["AQ"]', (45.0, -90.0), True),
        ('countries = ["RU"]', (-175.0, 66.5), True),
        ('countries = ["UA"]', (34.1, 44.95), True),  # Crimea is counted to both
        ('countries = ["RU"]', (34.1, 44.95), True),
        ('countries = ["SY"]', (35.78, 33.0), True),  # the Golan too
        ('countries = ["RS"]', (21.0, 42.6), True),  # Kosovo
    ],
)
def test_places(tmp_path, where, place, expected):
    assert binds(tmp_path, where, place) == expected


def test_a_circle_ends_at_its_radius(tmp_path):
    """Flinders Peak to Buninyong is 54972.271 m (Geoscience Australia, Vincenty's formulae)."""
    centre = "lon_deg = 144.4248678889, lat_deg = -37.9510334167"
    place = (143.9264955278, -37.6528211389)
    assert binds(tmp_path, f"circles = [{{ {centre}, radius_km = 54.972273 }}]", place)
    assert not binds(tmp_path, f"circles = [{{ {centre}, radius_km = 54.972269 }}]", place)


def test_the_share_of_a_picture(tmp_path):
    own = pack(tmp_path, 'effect = "deny"\nwhere = { boxes = [[0, 0, 10, 10]] }')
    finding = judge([own], ask(place_deg=shapely.box(9, 1, 13, 2))).findings[0]
    assert finding.share == pytest.approx(0.25, abs=1e-9)


# Properties -----------------------------------------------------------------------------------------------

EFFECT = st.sampled_from(
    ['effect = "notify"', 'effect = "degrade"\nto_m = 1.0', 'effect = "degrade"\nto_m = 2.5',
     'effect = "delay"\ndelay = "50 h"', 'effect = "permit"', 'effect = "deny"']
)  # fmt: skip
WHERE = st.sampled_from(
    ["worldwide = true", 'countries = ["DE", "NZ"], sea_km = 22', "boxes = [[170, -50, -150, 60]]",
     "circles = [{ lon_deg = 10, lat_deg = 50, radius_km = 300 }]"]
)  # fmt: skip
LIMIT = st.sampled_from(
    ["", "gsd_at_most_m = 0.5", 'age_below = "30 h"', "from = 2026-06-01", "until = 2026-06-01",
     'recipient_countries = ["DE"]', 'operator_countries = ["US"]', 'sensor_kinds = ["sar"]', "phase = true",
     "imaged_from = 2026-05-31", 'ground_countries = ["CN"]', 'recipient_kinds = ["media"]',
     'stages = ["order"]', 'purposes = ["war"]']
)  # fmt: skip
RESTS = st.lists(
    st.builds("{}\n{}\nwhere = {{ {} }}".format, EFFECT, LIMIT, WHERE), min_size=1, max_size=5
)
QUESTIONS = st.builds(
    ask,
    place_deg=st.sampled_from(
        [(10.0, 50.0), (172.0, -42.0), (-175.0, 10.0), (7.9, 54.2), shapely.box(13, 49, 15, 52)]
    ),
    stage=st.sampled_from(["order", "delivery"]),
    gsd_m=st.sampled_from([None, 0.5, 0.6, 1.0, 2.5, 9.0]),
    imaged_at=st.sampled_from([NOW, NOW + -DAY_S, NOW + -40 * 3600.0, NOW + -9 * DAY_S]),
    recipient_country=st.sampled_from([None, "DE", "FR"]),
    recipient_kind=st.sampled_from([None, "media", "military"]),
    operator_country=st.sampled_from([None, "US", "FR"]),
    kind=st.sampled_from([None, "sar", "optical"]),
    ground=st.sampled_from([None, (), (GroundSegment(country="CN"),)]),
    purposes=st.sampled_from([frozenset(), frozenset(["war"])]),
)
FEW = settings(max_examples=25, deadline=None)


def stricter_or_same(after, before):
    coarser = (after.gsd_m or 0.0) >= (before.gsd_m or 0.0)
    return strictness(after.effect) >= strictness(before.effect) and coarser


@FEW
@given(rests=RESTS, more=EFFECT, question=QUESTIONS)
def test_a_rule_more_never_makes_it_laxer(tmp_path_factory, rests, more, question):
    folder = tmp_path_factory.mktemp("packs")
    before = judge([pack(folder, *rests)], question)
    after = judge(
        [pack(folder, *rests), pack(folder, f"{more}\n{EVERYWHERE}", name="more")], question
    )
    assert stricter_or_same(after, before)
    if before.until is None and strictness(before.effect) >= strictness("delay"):
        assert after.until is None  # held for ever before, and so after


@FEW
@given(rests=RESTS, question=QUESTIONS)
def test_the_order_of_packs_and_rules_does_not_matter(tmp_path_factory, rests, question):
    folder = tmp_path_factory.mktemp("packs")
    packs = [pack(folder, rest, name=f"p{k}") for k, rest in enumerate(rests)]
    one, other = judge(packs, question), judge(packs[::-1], question)
    for name in ("effect", "sure_effect", "gsd_m", "until", "findings"):
        assert getattr(one, name) == getattr(other, name)


@FEW
@given(rests=RESTS, question=QUESTIONS)
def test_knowing_more_never_makes_it_stricter(tmp_path_factory, rests, question):
    own = [pack(tmp_path_factory.mktemp("packs"), *rests)]
    fewer = ask(
        place_deg=question.place_deg, stage=question.stage, imaged_at=question.imaged_at, gsd_m=None,
        purposes=question.purposes,
    )  # fmt: skip
    assert stricter_or_same(judge(own, fewer), judge(own, question))
    verdict = judge(own, question)
    assert strictness(verdict.sure_effect) <= strictness(verdict.effect)


@FEW
@given(rests=RESTS, questions=st.lists(QUESTIONS, min_size=1, max_size=12))
def test_many_at_once_are_as_one_by_one(tmp_path_factory, rests, questions):
    own = [pack(tmp_path_factory.mktemp("packs"), *rests)]
    many = judge_many(own, questions)
    for number, question in enumerate(questions):
        one = judge(own, question)
        assert many.effect_names[number] == one.effect
        assert strictness(one.sure_effect) == many.sure_effect[number]
        assert many.until(number) == one.until
        assert (None if math.isnan(many.gsd_m[number]) else many.gsd_m[number]) == one.gsd_m


@FEW
@given(rests=RESTS, question=QUESTIONS, later_s=st.integers(0, 20 * 86400 - 1))
def test_a_timeline_says_at_every_instant_what_is_judged_then(
    tmp_path_factory, rests, question, later_s
):
    own = [pack(tmp_path_factory.mktemp("packs"), *rests)]
    span = Span(NOW, NOW + 20 * DAY_S)
    pieces = timeline(own, question, span)
    assert [a.stop for a in pieces[:-1]] == [b.start for b in pieces[1:]]
    at = NOW + float(later_s)
    (piece,) = [one for one in pieces if one.start.tai_ns <= at.tai_ns < one.stop.tai_ns]
    facts = {
        name: getattr(question, name)
        for name in Question.__dataclass_fields__
        if name not in ("at", "target")
    }
    verdict = judge(own, Question(at=at, **facts))
    assert (piece.effect, piece.sure_effect, piece.gsd_m) == (
        verdict.effect,
        verdict.sure_effect,
        verdict.gsd_m,
    )
    if verdict.until is not None and verdict.until.tai_ns < span.stop.tai_ns:
        (then,) = [
            one for one in pieces if one.start.tai_ns <= verdict.until.tai_ns < one.stop.tai_ns
        ]
        assert then.is_released


# Schema ---------------------------------------------------------------------------------------------------


def schema_says(path_or_text):
    def as_texts(value):
        if isinstance(value, dict):
            return {key: as_texts(one) for key, one in value.items()}
        if isinstance(value, list):
            return [as_texts(one) for one in value]
        return value.isoformat() if hasattr(value, "isoformat") else value

    document = as_texts(tomllib.loads(path_or_text))
    jsonschema.Draft202012Validator(json.loads(bundled_bytes("policy-1.schema.json"))).validate(
        document
    )


def test_the_schema_is_that_of_the_reader():
    """The bundled file is what the tool makes of the reader's own tables; the public pack keeps it."""
    spec = importlib.util.spec_from_file_location("tool", ROOT / "tools/build_policy_schema.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert json.loads(bundled_bytes("policy-1.schema.json")) == tool.schema()
    schema_says((files("offnadir.tasking") / "packs/public.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    "rest",
    [
        'effect = "degrade"\n' + EVERYWHERE,
        'effect = "deny"\nto_m = 1\n' + EVERYWHERE,
        'effect = "deny"\nwhere = { place = 1 }',
        'effect = "deny"',
        'effect = "delay"\ndelay = "3 weeks"\n' + EVERYWHERE,
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(tmp_path, rest):
    text = HEAD.format(name="own", more="") + RULE.format(rule_id="r0", title="t", rest=rest)
    with pytest.raises(jsonschema.ValidationError):
        schema_says(text)
    with pytest.raises(InputError):
        pack(tmp_path, rest)


@FEW
@given(rests=RESTS, questions=st.lists(QUESTIONS, min_size=2, max_size=5))
def test_what_was_asked_before_changes_no_answer(tmp_path_factory, rests, questions):
    """Answers are remembered for each sort of question: a copy of the pack remembers nothing."""
    own = pack(tmp_path_factory.mktemp("packs"), *rests)
    for question in questions:
        fresh = judge([replace(own)], question)
        assert judge([own], question).as_dict() == fresh.as_dict()
