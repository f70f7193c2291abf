"""Judging: which rules bind a question, what follows from all of them together, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from offnadir.access.countries import on_land
from offnadir.epoch import Epoch
from offnadir.tasking._policy_conditions import (
    Answer,
    Facts,
    all_of,
    any_answer,
    day,
    degrade_answer,
    duration,
    exception_answer,
    together,
)
from offnadir.tasking._policy_ground import Region, away_m, lies_within, share_within, touches
from offnadir.tasking._policy_model import (
    A_RESTRICTION,
    EFFECTS,
    INDEFINITE_S,
    Pack,
    Rule,
    plain,
    strictness,
)
from offnadir.tasking._policy_question import Question
from offnadir.tasking._policy_standing import is_dated, standing
from offnadir.tasking._policy_verdict import Finding, PackUsed, TraceLine, Verdict
from offnadir.units import km

_EVER = 2**63 - 1  # an instant later than all others


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A rule over a question, for every instant: it binds from `start` up to `stop` [TAI ns], if at all.

    `line` is what the trace says of it, where that is known already.
    """

    pack: Pack
    rule: Rule
    state: bool | None
    answers: tuple[Answer, ...]
    start: int
    stop: int
    line: TraceLine | None = None

    @property
    def unknown(self) -> tuple[str, ...]:
        """Facts that are not known and decide whether it binds."""
        return tuple(
            dict.fromkeys(u for one in self.answers if one.holds is None for u in one.unknown)
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The effect of rules together: the strictest, that of the sure ones, the limit of sharpness."""

    effect: str
    sure_effect: str
    gsd_m: float | None


def judge(packs: Sequence[Pack], question: Question) -> Verdict:
    """Whether a picture may be planned, ordered or delivered, and when; by every rule of all packs.

    The effect is the strictest of the rules that bind; a limit of sharpness is the coarsest of them, a
    time of release the first at which none holds the picture back. The order of packs and rules
    changes nothing. What is not known never makes the answer laxer. Not legal advice.
    """
    facts = facts_of(packs, question)
    holds = [
        one if isinstance(one, Hold) else _placed(one[0], one[1], one[2], facts)
        for one in standing(packs, facts, _standing)
    ]
    full = _verdict(packs, holds, question)
    if not any(pack.is_private for pack in packs):
        return full
    shown = [one for one in holds if not one.pack.is_private]
    plain_one = _verdict([pack for pack in packs if not pack.is_private], shown, question)
    return replace(full, told_to_all=told(plain_one, full))


def told(shown: Verdict, full: Verdict) -> Verdict:
    """What may be told where private rules stand beside those shown."""
    if _felt(shown) == _felt(full):
        return shown
    effect = "degrade" if full.is_released else "deny"
    finding = Finding(
        pack="", rule_id=A_RESTRICTION, title=A_RESTRICTION, authority="", kind="", effect=effect,
        words="A restriction applies; nothing more can be said.", source="", retrieved="", confidence="",
    )  # fmt: skip
    return replace(
        shown,
        effect=effect,
        sure_effect=effect,
        until=None,
        gsd_m=None,
        findings=(*shown.findings, finding),
    )


def _felt(one: Verdict) -> tuple[object, ...]:
    """What of a verdict a recipient would feel: a mere notice is none of it."""
    notice = strictness("notify")
    levels = (max(notice, strictness(one.effect)), max(notice, strictness(one.sure_effect)))
    return (*levels, one.until, one.gsd_m)


def facts_of(packs: Sequence[Pack], question: Question) -> Facts:
    """The question with the operator looked up in the packs."""
    names: frozenset[str] | None = None
    told = question.operator_country
    countries = set() if told is None else {told}
    if question.operator is not None:
        asked = plain(question.operator)
        found = {asked}
        for pack in packs:
            for one in pack.operators:
                called = {plain(name) for name in (one.name, *one.aliases)}
                if asked in called:
                    found |= called
                    if told is None and one.country is not None:  # packs may differ: each counts
                        countries.add(one.country)
        names = frozenset(found)
    imaged = question.imaged_at
    return Facts(
        question=question,
        operator_names=names,
        operator_countries=frozenset(countries) or None,
        imaged_tai_ns=(question.at if imaged is None else imaged).tai_ns,
        imaged_known=imaged is not None,
    )


def hold_of(pack: Pack, rule: Rule, facts: Facts, *, always_fresh: bool = False) -> Hold:
    """A rule's answer to a question: whether it binds at all, and from when until when.

    `always_fresh`: not of one picture that grows older, but of one that is taken at the very instant.
    """
    return _placed(
        pack, rule, _elsewhere(rule, facts, always_fresh), facts, always_fresh=always_fresh
    )


def _standing(
    pack: Pack, rule: Rule, facts: Facts
) -> Hold | tuple[Pack, Rule, tuple[Answer, ...] | None]:
    """A rule that does not bind wherever and whenever, or what it answers before it is asked of the place."""
    if is_dated(rule):
        return pack, rule, None
    answers = _elsewhere(rule, facts)
    if together(answers) is not False:
        return pack, rule, answers
    hold = Hold(pack=pack, rule=rule, state=False, answers=answers, start=0, stop=0)
    return replace(hold, line=_trace_line(hold, facts.question))


def _elsewhere(rule: Rule, facts: Facts, always_fresh: bool = False) -> tuple[Answer, ...]:
    """The answers to all that a rule asks, but of the place: places cost most, and are asked last."""
    answers = [_stage(rule, facts.question)]
    if rule.template:
        answers.insert(0, Answer(False, "a template, to be copied into a pack of one's own"))
    answers += all_of(rule.conditions, facts, always_fresh=always_fresh)
    answers += [any_answer(name, sets, facts) for name, sets in rule.any_of]
    answers += [exception_answer(name, sets, facts) for name, sets in rule.exceptions]
    if rule.effect == "degrade":
        answers.append(degrade_answer(rule, facts))
    aged = rule.conditions.age_below_s is not None or rule.delay_s is not None
    if aged and not always_fresh:
        answers += _age_known(facts)
    return tuple(answers)


def _placed(
    pack: Pack,
    rule: Rule,
    elsewhere: tuple[Answer, ...] | None,
    facts: Facts,
    *,
    always_fresh: bool = False,
) -> Hold:
    """A rule's answer, where it depends on the place."""
    answers = _elsewhere(rule, facts) if elsewhere is None else elsewhere
    if together(answers) is not False:
        answers += tuple(_place(rule, facts.question.target))
    start, stop = _in_force(rule, facts, always_fresh=always_fresh)
    return Hold(
        pack=pack,
        rule=rule,
        state=together(answers),
        answers=answers,
        start=start,
        stop=stop,
    )


def _stage(rule: Rule, question: Question) -> Answer:
    if question.stage in rule.stages:
        return Answer(True, f"asked at {question.stage}")
    return Answer(False, f"not asked at {question.stage}, only at {', '.join(sorted(rule.stages))}")


def _age_known(facts: Facts) -> list[Answer]:
    if facts.imaged_known or facts.question.stage != "delivery":
        return []
    return [Answer(None, "when the picture was taken is not known", ("imaged_at",))]


def _in_force(rule: Rule, facts: Facts, *, always_fresh: bool) -> tuple[int, int]:
    """From when until when a rule binds a picture that was taken at a known instant, or is always fresh."""
    start = rule.valid_from_tai_ns if rule.valid_from_tai_ns is not None else -_EVER
    stop = rule.valid_until_tai_ns if rule.valid_until_tai_ns is not None else _EVER
    if always_fresh:
        taken = rule.conditions
        start = max(start, -_EVER if taken.imaged_from_tai_ns is None else taken.imaged_from_tai_ns)
        stop = min(stop, _EVER if taken.imaged_until_tai_ns is None else taken.imaged_until_tai_ns)
        return start, stop
    for length in (rule.conditions.age_below_s, rule.delay_s):
        if length is not None and length != INDEFINITE_S:
            stop = min(stop, facts.imaged_tai_ns + round(length * 1e9))
    return start, stop


def _place(rule: Rule, target: Any) -> list[Answer]:
    answers = [_inside(rule.where, rule.where_words, target)]
    if rule.outside is not None:
        free = lies_within(rule.outside, target)
        state = "lies altogether in" if free else "does not lie altogether in"
        answers.append(Answer(not free, f"{state} {rule.outside_words}"))
    return answers


def _inside(where: Region, words: str, target: Any) -> Answer:
    if touches(where, target):
        share = share_within(where, target)
        told_share = "" if share is None else f", {100 * share:.3g} % of the picture"
        return Answer(True, f"touches {words}{told_share}")
    if where.margin_m > 0:
        away = away_m(where, target)
        if away <= where.reach_m:
            return Answer(
                True,
                f"{away / km:.1f} km outside the outline of {words}, which is coarse: counted in",
            )
        if away <= where.sea_m and not on_land(target):
            return Answer(True, f"in the sea, {away / km:.1f} km from {words}")
    return Answer(False, f"outside {words}")


def _verdict(packs: Sequence[Pack], holds: Sequence[Hold], question: Question) -> Verdict:
    now = question.at.tai_ns
    possible = [one for one in holds if one.state is not False]
    binding = [one for one in possible if one.start <= now < one.stop]
    outcome = outcome_of(binding)
    findings = sorted(
        (_finding(one, question) for one in binding),
        key=lambda one: (-strictness(one.effect), not one.is_sure, one.pack, one.rule_id),
    )
    return Verdict(
        effect=outcome.effect,
        sure_effect=outcome.sure_effect,
        until=released_at(possible, now),
        gsd_m=outcome.gsd_m,
        findings=tuple(findings),
        trace=tuple(one.line or _trace_line(one, question) for one in holds),
        packs=tuple(
            PackUsed(
                name=one.name,
                version=one.version,
                sha256=one.sha256,
                notice=one.notice,
                is_private=one.is_private,
            )
            for one in packs
        ),
        stage=question.stage,
        at=question.at,
    )


def outcome_of(binding: Sequence[Hold]) -> Outcome:
    """The strictest of several rules that bind."""
    levels = [strictness(one.rule.effect) for one in binding]
    sure = [strictness(one.rule.effect) for one in binding if one.state]
    limits = [one.rule.to_m for one in binding if one.rule.to_m is not None]
    return Outcome(
        EFFECTS[max(levels, default=0)], EFFECTS[max(sure, default=0)], max(limits, default=None)
    )


def released_at(possible: Sequence[Hold], now: int) -> Epoch | None:
    """The first instant at which no rule holds a picture back; None if none does now, or for ever."""
    stops = [one for one in possible if strictness(one.rule.effect) >= strictness("delay")]
    if not any(one.start <= now < one.stop for one in stops):
        return None
    instant = now
    while True:
        later = max((one.stop for one in stops if one.start <= instant < one.stop), default=instant)
        if later == instant:
            return Epoch(instant)
        if later == _EVER:
            return None
        instant = later


def _finding(one: Hold, question: Question) -> Finding:
    rule = one.rule
    return Finding(
        pack=one.pack.name,
        rule_id=rule.rule_id,
        title=rule.title,
        authority=rule.authority,
        kind=rule.kind,
        effect=rule.effect,
        words=rule.words,
        source=rule.source,
        retrieved=rule.retrieved,
        confidence=rule.confidence,
        unverified=rule.unverified,
        until=None if one.stop == _EVER else Epoch(one.stop),
        gsd_m=rule.to_m,
        share=share_within(rule.where, question.target),
        why=tuple(answer.words for answer in one.answers) + tuple(_time_words(one, question)),
        unknown=one.unknown,
        is_private=one.pack.is_private,
    )


def _trace_line(one: Hold, question: Question) -> TraceLine:
    now = question.at.tai_ns
    if one.state is False:
        state, why = "does not bind", [a.words for a in one.answers if a.holds is False]
    elif not one.start <= now < one.stop:
        state, why = "does not bind", _time_words(one, question)
    else:
        state = "binds" if one.state else "may bind"
        why = [a.words for a in one.answers] + _time_words(one, question)
    return TraceLine(
        pack=one.pack.name,
        rule_id=one.rule.rule_id,
        state=state,
        why=tuple(why),
        is_private=one.pack.is_private,
    )


def _time_words(one: Hold, question: Question) -> list[str]:
    """When a rule is in force, and for how long it still binds or since when no more."""
    now, rule = question.at.tai_ns, one.rule
    words = []
    start, stop = rule.valid_from_tai_ns, rule.valid_until_tai_ns
    if start is not None and now < start:
        words.append(f"in force only from {day(start)}, in {duration((start - now) / 1e9)}")
    elif stop is not None and now >= stop:
        words.append(f"no longer in force since {day(stop)}, {duration((now - stop) / 1e9)} ago")
    elif start is not None:
        words.append(
            f"in force since {day(start)}" + (f", until {day(stop)}" if stop is not None else "")
        )
    limit = rule.conditions.age_below_s if rule.conditions.age_below_s is not None else rule.delay_s
    if limit is not None and limit != INDEFINITE_S:
        imaged = (question.at if question.imaged_at is None else question.imaged_at).tai_ns
        end = imaged + round(limit * 1e9)
        left = (end - now) / 1e9
        told_limit = f"{duration(limit)} after it was taken"
        words.append(
            f"{told_limit}: {duration(left)} more"
            if left > 0
            else f"{told_limit}: over since {duration(-left)}"
        )
    return words
