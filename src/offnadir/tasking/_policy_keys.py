"""Keys of a policy pack: what each may hold. The reader and the JSON Schema are made from these tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from offnadir.tasking._policy_model import (
    AUTHORITY_KINDS,
    CONFIDENCES,
    DISCLOSURES,
    EFFECTS,
    RECIPIENT_KINDS,
    SENSOR_KINDS,
    STAGES,
)


@dataclass(frozen=True, slots=True)
class Key:
    """What a key may hold: `sort` is its type, `about` what it means (for the schema and the wish)."""

    sort: str
    about: str
    words: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    needed: bool = False


def _text(about: str, *, needed: bool = False) -> Key:
    return Key("text", about, needed=needed)


def _word(about: str, words: tuple[str, ...], *, needed: bool = False) -> Key:
    return Key("word", about, words, needed=needed)


def _number(about: str, low: float, high: float) -> Key:
    return Key("number", about, low=low, high=high)


HEADER: Final = {
    "format": Key("number", "1, the form of this file", low=1, high=1, needed=True),
    "name": _text("name of the pack", needed=True),
    "version": _text("version of the pack, such as a date", needed=True),
    "disclose": _word(
        'what may be told to others: "everything", or only "a restriction"', DISCLOSURES
    ),
    "notice": _text("what is said beside every answer"),
}
OPERATOR: Final = {
    "name": _text("name of an operator", needed=True),
    "country": Key("code", "the state under whose law it runs its satellites"),
    "aliases": Key("texts", "other names by which it is asked for"),
}
LIST: Final = {
    "countries": Key("codes", "ISO 3166-1 codes of two letters", needed=True),
    "source": _text("where the list is from", needed=True),
    "retrieved": Key("date", "when it was read", needed=True),
    "confidence": _word("how far to trust it", CONFIDENCES, needed=True),
    "unverified": _text("what should be read again, and where"),
    "note": _text("a remark"),
}
CIRCLE: Final = {
    "lon_deg": Key("number", "longitude of the centre", low=-180, high=180, needed=True),
    "lat_deg": Key("number", "latitude of the centre", low=-90, high=90, needed=True),
    "radius_km": Key("number", "radius along the ellipsoid", low=0.001, high=5000, needed=True),
}
WHERE: Final = {
    "worldwide": Key("flag", "true: everywhere"),
    "countries": Key("codes", "countries by ISO 3166-1 code, or lists as @name"),
    "areas": Key("texts", "names of [areas.NAME]"),
    "boxes": Key(
        "boxes",
        "boxes [west, south, east, north] in degrees; west beyond east crosses the antimeridian",
    ),
    "circles": Key("circles", "circles with lon_deg, lat_deg, radius_km"),
    "clip_box": Key(
        "box", "only the part of all these that lies in this box [west, south, east, north]"
    ),
    "geojson": _text("GeoJSON file of polygons, beside the pack"),
    "reach_km": _number(
        "how far outside a country's coarse outline a place is still counted in; 5 if not told",
        0,
        500,
    ),
    "sea_km": _number(
        "how far into the sea the countries reach, such as 22.224 for the territorial sea", 0, 700
    ),
}
CONDITIONS: Final = {
    "operators": Key("texts", "names of operators"),
    "operator_countries": Key("codes", "states under whose law the operator is"),
    "sensors": Key("texts", "names of sensors"),
    "sensor_kinds": Key("words", "kinds of sensors", SENSOR_KINDS),
    "modes": Key("texts", "names of modes"),
    "gsd_at_most_m": _number(
        "ground sample distance at most this; the value itself binds", 1e-3, 1e5
    ),
    "gsd_below_m": _number(
        "ground sample distance below this; the value itself does not bind", 1e-3, 1e5
    ),
    "system_gsd_at_most_m": _number("the finest that the system can do is at most this", 1e-3, 1e5),
    "bands_above": Key("number", "more spectral bands than this", low=0, high=100_000),
    "phase": Key("flag", "radar phase can be had from the data"),
    "age_below": Key("duration", 'the picture is younger than this, such as "5 d"'),
    "imaged_from": Key("time", "the picture was taken then or later"),
    "imaged_until": Key("time", "the picture was taken before"),
    "recipient_countries": Key("parties", "where the recipient is: codes, @lists, NATO, EU, UN"),
    "recipient_kinds": Key("words", "what the recipient is", RECIPIENT_KINDS),
    "recipient_names": Key("texts", "names of recipients"),
    "ground_countries": Key("codes", "countries in which a ground segment stands"),
    "ground_operators_other_than": Key("parties", "the ground segment is run by none of these"),
    "purposes": Key("texts", "words for what the picture is for"),
    "licences": Key("texts", "words for the licence that the system has"),
}
RULE: Final = {
    "id": Key("slug", "name of the rule: small letters, digits and hyphens", needed=True),
    "title": _text("the rule in a few words", needed=True),
    "authority": _text("who made it", needed=True),
    "kind": _word("what binds", AUTHORITY_KINDS, needed=True),
    "effect": _word("what follows", EFFECTS[1:], needed=True),
    "words": _text("what is told to the person who asks, in a sentence", needed=True),
    "source": _text("where it is written, best a URL", needed=True),
    "retrieved": Key("date", "when that was read", needed=True),
    "confidence": _word("how far to trust it", CONFIDENCES, needed=True),
    "unverified": _text("what should be read again, and where"),
    "note": _text("a remark"),
    "template": Key("flag", "true: a pattern to copy, which never binds"),
    "from": Key("time", "in force from this instant (a day begins at 00:00 UTC)"),
    "until": Key("time", "in force before this instant"),
    "stages": Key("words", "the stages at which it is asked; all if not told", STAGES),
    "where": Key("where", "where it holds", needed=True),
    "outside": Key(
        "where", "areas that are free: a picture that lies in them altogether is not bound"
    ),
    "any": Key("texts", "names of [[conditions.NAME]]: of each, at least one set must be met"),
    "except": Key("texts", "names of [[conditions.NAME]]: none may be met"),
    "to_m": _number("for degrade: nothing finer than this", 1e-3, 1e5),
    "delay": Key("duration", 'for delay: so long after the picture was taken, or "indefinite"'),
    **CONDITIONS,
}
#: Not in [[conditions]]: a rule binds over one stretch of time, so times stand in the rule itself.
TIMELESS: Final = {
    key: value
    for key, value in CONDITIONS.items()
    if key not in ("age_below", "imaged_from", "imaged_until")
}
TOP: Final = ("pack", "operator", "lists", "areas", "conditions", "rule")
