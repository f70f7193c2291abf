"""Is a condition of a rule met? Yes, no, or not known; each with the words why and by how much."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from offnadir.epoch import Epoch
from offnadir.tasking._policy_model import Conditions, Rule, plain
from offnadir.tasking._policy_question import Question

_AGE = ("age_below_s",)
_DATED = ("imaged_from_tai_ns", "imaged_until_tai_ns")


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether something holds (None: not known), why, and which facts are not known."""

    holds: bool | None
    words: str
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A question as conditions see it: names made plain, the operator looked up, the age reckoned."""

    question: Question
    operator_names: frozenset[str] | None
    operator_countries: frozenset[str] | None
    imaged_tai_ns: int
    imaged_known: bool


def all_of(conditions: Conditions, facts: Facts, *, always_fresh: bool = False) -> list[Answer]:
    """The answers to all that the conditions ask but the age, which ends a rule at an instant.

    Of pictures that are always fresh the dates of taking are not asked either: they are instants of `at`.
    """
    skipped = _AGE + _DATED if always_fresh else _AGE
    both = (
        conditions.ground_countries is not None
        and conditions.ground_operators_other_than is not None
    )
    answers = [
        ASK[name](getattr(conditions, name), facts)
        for name in conditions.asked
        if name not in skipped and not (both and name.startswith("ground_"))
    ]
    if both:  # of one and the same station
        answers.append(
            ask_ground(conditions.ground_countries, conditions.ground_operators_other_than, facts)
        )
    return answers


def together(answers: Iterable[Answer]) -> bool | None:
    """All hold: True; one does not: False; else not known."""
    state: bool | None = True
    for one in answers:
        if one.holds is False:
            return False
        if one.holds is None:
            state = None
    return state


def any_answer(name: str, sets: tuple[Conditions, ...], facts: Facts) -> Answer:
    """Whether at least one of several sets of conditions is met."""
    unknown: tuple[str, ...] = ()
    for one in sets:
        answers = all_of(one, facts)
        state = together(answers)
        if state:
            return Answer(True, f"{name}: {', '.join(a.words for a in answers)}")
        if state is None:
            unknown += tuple(u for a in answers for u in a.unknown)
    if unknown:
        return Answer(None, f"{name}: not known", tuple(dict.fromkeys(unknown)))
    return Answer(False, f"not {name}")


def exception_answer(name: str, sets: tuple[Conditions, ...], facts: Facts) -> Answer:
    """Whether an exception does not hold: the rule stands."""
    one = any_answer(name, sets, facts)
    if one.holds is None:
        return Answer(None, f"whether {name} is not known", one.unknown)
    return Answer(
        not one.holds, f"exception: {one.words}" if one.holds else f"no exception: not {name}"
    )


def _unknown(what: str, wish: str) -> Answer:
    return Answer(None, f"{what} is not known ({wish})", (what,))


def _listed(words: Iterable[str]) -> str:
    some = sorted(words)
    return ", ".join(some[:6]) + (f" and {len(some) - 6} more" if len(some) > 6 else "")


def _one_of(
    what: str, value: str | None, wanted: frozenset[str], *, by_name: bool = False
) -> Answer:
    if value is None:
        return _unknown(what, f"asked for: {_listed(wanted)}")
    key = plain(value) if by_name else value
    known = {plain(one) for one in wanted} if by_name else wanted
    if key in known:
        return Answer(True, f"{what} {value}")
    return Answer(False, f"{what} {value} is not among {_listed(wanted)}")


def _operators(wanted: frozenset[str], facts: Facts) -> Answer:
    if facts.operator_names is None:
        return _unknown("operator", f"asked for: {_listed(wanted)}")
    name = facts.question.operator
    if facts.operator_names & {plain(one) for one in wanted}:
        return Answer(True, f"operator {name}")
    return Answer(False, f"operator {name} is not {_listed(wanted)}")


def _operator_country(wanted: frozenset[str], facts: Facts) -> Answer:
    if facts.operator_countries is None:
        return _unknown("operator_country", f"asked for: {_listed(wanted)}")
    told = f"operator under the law of {_listed(facts.operator_countries)}"
    if facts.operator_countries & wanted:
        return Answer(True, told)
    return Answer(False, f"{told}, not of {_listed(wanted)}")


def _sensor_kinds(wanted: frozenset[str], facts: Facts) -> Answer:
    question = facts.question
    if "hyperspectral" in wanted and question.is_hyperspectral:
        return Answer(True, "sensor with more than 49 bands")
    if question.kind == "hyperspectral" and question.bands is not None and question.bands <= 49:
        return _one_of("sensor kind", "optical", wanted)
    return _one_of("sensor kind", question.kind, wanted)


def _at_most(what: str, value: float | None, limit_m: float, *, below: bool = False) -> Answer:
    wish = f"{'finer than' if below else 'at most'} {limit_m:g} m"
    if value is None:
        return _unknown(what, wish)
    label = what.replace("_m", "").replace("_", " ").replace("gsd", "GSD")
    holds = value < limit_m if below else value <= limit_m
    gap = abs(limit_m - value)
    size = "at the limit" if gap == 0 else f"by {gap:.3g} m"
    return Answer(holds, f"{label} {value:g} m is {'' if holds else 'not '}{wish} ({size})")


def _system_gsd(limit_m: float, facts: Facts) -> Answer:
    question = facts.question
    value = question.system_gsd_m if question.system_gsd_m is not None else question.gsd_m
    return _at_most("system_gsd_m", value, limit_m)


def _bands(above: int, facts: Facts) -> Answer:
    bands = facts.question.bands
    if bands is None and facts.question.kind is not None and above == 49:
        return Answer(facts.question.kind == "hyperspectral", f"sensor kind {facts.question.kind}")
    if bands is None:
        return _unknown("bands", f"more than {above}")
    return Answer(bands > above, f"{bands} bands, limit {above}")


def _phase(wanted: bool, facts: Facts) -> Answer:
    question = facts.question
    phase = question.phase
    if phase is None and question.kind is not None and question.kind != "sar":
        phase = False
    if phase is None:
        return _unknown("phase", "radar phase can be had from the data")
    return Answer(phase == wanted, f"radar phase can {'' if phase else 'not '}be had")


def _imaged_from(limit: int, facts: Facts) -> Answer:
    return _imaged(facts, facts.imaged_tai_ns >= limit, f"from {day(limit)} on")


def _imaged_until(limit: int, facts: Facts) -> Answer:
    return _imaged(facts, facts.imaged_tai_ns < limit, f"before {day(limit)}")


def _imaged(facts: Facts, holds: bool, wish: str) -> Answer:
    if not facts.imaged_known and facts.question.stage == "delivery":
        return _unknown("imaged_at", wish)
    return Answer(
        holds, f"picture of {day(facts.imaged_tai_ns)} is {'' if holds else 'not '}{wish}"
    )


def _ground(wanted: frozenset[str], facts: Facts) -> Answer:
    return ask_ground(wanted, None, facts)


def ask_ground(
    countries: frozenset[str] | None, other_than: frozenset[str] | None, facts: Facts
) -> Answer:
    """Whether one station stands in such a country and is run by none of those."""
    stations = facts.question.ground
    if stations is None:
        return _unknown("ground", "stations that the data come down to")
    unknown = False
    for station in stations:
        if countries is not None and station.country not in countries:
            continue
        if other_than is None:
            return Answer(True, f"ground segment in {station.country}")
        if station.operator is None:
            unknown = True
        elif station.operator not in other_than:
            return Answer(True, f"ground segment in {station.country} run by {station.operator}")
    if unknown:
        return _unknown("ground operator", f"other than {_listed(other_than or ())}")
    return Answer(False, "no ground segment of that sort")


def _words(what: str, value: frozenset[str], wanted: frozenset[str]) -> Answer:
    common = value & wanted
    if common:
        return Answer(True, f"{what} {_listed(common)}")
    return Answer(False, f"{what} without {_listed(wanted)}")


ASK: Final[dict[str, Callable[[Any, Facts], Answer]]] = {
    "operators": _operators,
    "operator_countries": _operator_country,
    "sensors": lambda w, f: _one_of("sensor", f.question.sensor, w, by_name=True),
    "sensor_kinds": _sensor_kinds,
    "modes": lambda w, f: _one_of("mode", f.question.mode, w, by_name=True),
    "gsd_at_most_m": lambda w, f: _at_most("gsd_m", f.question.gsd_m, w),
    "gsd_below_m": lambda w, f: _at_most("gsd_m", f.question.gsd_m, w, below=True),
    "system_gsd_at_most_m": _system_gsd,
    "bands_above": _bands,
    "phase": _phase,
    "imaged_from_tai_ns": _imaged_from,
    "imaged_until_tai_ns": _imaged_until,
    "recipient_countries": lambda w, f: _one_of(
        "recipient_country", f.question.recipient_country, w
    ),
    "recipient_kinds": lambda w, f: _one_of("recipient_kind", f.question.recipient_kind, w),
    "recipient_names": lambda w, f: _one_of(
        "recipient_name", f.question.recipient_name, w, by_name=True
    ),
    "ground_countries": _ground,
    "ground_operators_other_than": lambda w, f: ask_ground(None, w, f),
    "purposes": lambda w, f: _words("purposes", f.question.purposes, w),
    "licences": lambda w, f: _words("licences", f.question.licences, w),
}


def duration(seconds: float) -> str:
    """A length of time in words: "96 h", "14 d", "30 min"."""
    if seconds == float("inf"):
        return "an indefinite time"
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size or (seconds >= size and seconds % size == 0):
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


@lru_cache(4096)
def day(tai_ns: int) -> str:
    """An instant to the second, or only its day where it falls on midnight UTC."""
    text = Epoch(tai_ns).utc(0)
    return text[:10] if text.endswith("T00:00:00Z") else text


def degrade_answer(rule: Rule, facts: Facts) -> Answer:
    """Whether the picture is finer than what a "degrade" lets through."""
    return _at_most("gsd_m", facts.question.gsd_m, float(rule.to_m or 0.0), below=True)
