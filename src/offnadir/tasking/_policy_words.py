"""Verdicts in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from offnadir.tasking._policy_model import A_RESTRICTION
from offnadir.tasking._policy_verdict import NOT_LEGAL_ADVICE, Finding, Verdict

_DEED = {
    "feasibility": "planned",
    "order": "ordered",
    "delivery": "released",
}
_KIND = {
    "law": "a law",
    "licence": "a condition of a licence",
    "contract": "a contract",
    "voluntary": "a voluntary measure",
}
_FACT = {
    "operator": "the operator",
    "operator_country": "the state whose law the operator is under",
    "sensor": "the sensor",
    "sensor kind": "the kind of sensor",
    "mode": "the imaging mode",
    "gsd_m": "the ground sample distance",
    "system_gsd_m": "the finest that the sensor can do",
    "bands": "the number of bands",
    "phase": "whether radar phase can be had",
    "imaged_at": "when the picture was taken",
    "recipient_country": "the country of the recipient",
    "recipient_kind": "what the recipient is",
    "recipient_name": "the name of the recipient",
    "ground": "where the data come down",
    "ground operator": "who runs the ground segment",
    "purposes": "the purpose",
    "licences": "the licence of the system",
}


def sentences(verdict: Verdict) -> Iterator[str]:
    """The answer, each rule that binds, what would have to be known; last that it is no legal advice."""
    sure = [one for one in verdict.findings if one.is_sure]
    unsure = [one for one in verdict.findings if not one.is_sure]
    yield headline(verdict)
    for one in sure:
        yield finding_sentence(one)
    if unsure:
        facts = dict.fromkeys(fact for one in unsure for fact in one.unknown)
        told = ", ".join(_FACT.get(fact, fact) for fact in facts)
        yield f"Not settled, for it is not known: {told}."
    for one in unsure:
        yield "May bind: " + finding_sentence(one)
    yield NOT_LEGAL_ADVICE


def headline(verdict: Verdict) -> str:
    """The answer in one sentence, for the rules that surely bind; whether more may is said after it."""
    deed = _DEED[verdict.stage]
    effect = verdict.sure_effect
    text = {
        "allow": f"It may be {deed}: no restriction that is known here binds.",
        "notify": f"It may be {deed}; there is something to know or to tell.",
        "degrade": f"It may be {deed} only in a coarser form{_limit(verdict)}.",
        "delay": f"It may not be {deed} yet{_when(verdict)}.",
        "permit": f"It may be {deed} only with a permit{_or_wait(verdict)}.",
        "deny": f"It may not be {deed}{_when(verdict)}.",
    }[effect]
    if verdict.effect != effect:
        text += " What is not known may make it stricter."
    return text


def _limit(verdict: Verdict) -> str:
    return "" if verdict.gsd_m is None else f", no finer than {verdict.gsd_m:g} m"


def _when(verdict: Verdict) -> str:
    if verdict.until is not None:
        return f"; as far as is known, from {verdict.until.utc(0)} on it may"
    private = any(one.rule_id == A_RESTRICTION for one in verdict.findings)
    return "" if private else "; no time is known from which it may"


def _or_wait(verdict: Verdict) -> str:
    if verdict.until is None:
        return ""
    return f", or without one from {verdict.until.utc(0)} on"


def finding_sentence(one: Finding) -> str:
    """One rule with its authority, source, date and confidence."""
    if one.rule_id == A_RESTRICTION:
        return one.words
    until = f" It ends for this picture at {one.until.utc(0)}." if one.until is not None else ""
    share = (
        f" It concerns {100 * one.share:.3g} % of the picture."
        if one.share and one.share < 0.9995
        else ""
    )
    doubt = f" To be read again: {one.unverified}" if one.unverified else ""
    return (
        f"{one.title} ({one.authority}; {_KIND[one.kind]}): {one.words}{until}{share}"
        f" Source: {one.source}, read {one.retrieved}; confidence {one.confidence}.{doubt}"
    )
