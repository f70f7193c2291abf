"""What the restrictions say: the strictest effect, until when, why; and what of it may be told to others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from offnadir.epoch import Epoch
from offnadir.tasking._policy_model import A_RESTRICTION, strictness

NOT_LEGAL_ADVICE: Final = (
    "Not legal advice: dated public facts, each with its source; ask the authority named."
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Finding:
    """A rule that binds, or would bind if what is not known were so (`unknown` names these facts).

    `until` is when this rule alone ends for this picture (None: not known); `gsd_m` what a "degrade" lets
    through; `share` the part of the picture's surface that lies in the rule's area, None for a point.
    """

    pack: str
    rule_id: str
    title: str
    authority: str
    kind: str
    effect: str
    words: str
    source: str
    retrieved: str
    confidence: str
    unverified: str = ""
    until: Epoch | None = None
    gsd_m: float | None = None
    share: float | None = None
    why: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    is_private: bool = False

    @property
    def is_sure(self) -> bool:
        """Whether the rule binds whatever the facts that are not known may be."""
        return not self.unknown

    def __repr__(self) -> str:
        return f"Finding({A_RESTRICTION if self.is_private else self.rule_id})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TraceLine:
    """One rule: "binds", "may bind" or "does not bind", and why, by how much."""

    pack: str
    rule_id: str
    state: str
    why: tuple[str, ...]
    is_private: bool = False

    def __repr__(self) -> str:
        return (
            f"TraceLine({A_RESTRICTION if self.is_private else self.rule_id + ': ' + self.state})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackUsed:
    """Which pack was asked, exactly."""

    name: str
    version: str
    sha256: str
    notice: str = ""
    is_private: bool = field(default=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verdict:
    """The answer to a question.

    `effect` is the strictest of all findings, `sure_effect` of those that do not hang on unknown facts.
    `until` is the first instant at which the picture may be released as far as is known now (None: not
    known, or nothing holds it back). `gsd_m` is the finest that may be delivered (None: no limit).
    """

    effect: str
    sure_effect: str
    until: Epoch | None
    gsd_m: float | None
    findings: tuple[Finding, ...]
    trace: tuple[TraceLine, ...]
    packs: tuple[PackUsed, ...]
    stage: str
    at: Epoch
    told_to_all: Verdict | None = None

    @property
    def is_released(self) -> bool:
        """Whether the picture may be planned, ordered or delivered now, perhaps in a coarser form."""
        return strictness(self.effect) < strictness("delay")

    def public(self) -> Verdict:
        """The same without what a private pack keeps to itself: at most "a restriction" is told.

        Where private rules change the outcome, one finding says "a restriction" and no time and no
        resolution is told: it is "degrade" if a coarser picture may be had now, else "deny". Where they
        change nothing they leave no mark. Packs, trace and findings of private packs are gone.
        """
        return self if self.told_to_all is None else self.told_to_all

    def __repr__(self) -> str:
        told = self.public()
        return f"Verdict({told.effect}, stage={told.stage}, at={told.at.utc(0)})"

    def as_dict(self) -> dict[str, Any]:
        """Everything in a form for JSON."""
        return {
            "stage": self.stage,
            "at": self.at.utc(),
            "effect": self.effect,
            "sure_effect": self.sure_effect,
            "released": self.is_released,
            "until": None if self.until is None else self.until.utc(),
            "gsd_m": self.gsd_m,
            "sentences": list(self.sentences()),
            "findings": [_finding_dict(one) for one in self.findings],
            "trace": [
                {"pack": one.pack, "rule": one.rule_id, "state": one.state, "why": list(one.why)}
                for one in self.trace
            ],
            "packs": [
                {"name": one.name, "version": one.version, "sha256": one.sha256}
                for one in self.packs
            ],
            "notice": NOT_LEGAL_ADVICE,
        }

    def sentences(self) -> Iterator[str]:
        """The answer in plain sentences, the most important first."""
        from offnadir.tasking._policy_words import sentences

        return sentences(self)


def _finding_dict(one: Finding) -> dict[str, Any]:
    if one.rule_id == A_RESTRICTION:
        return {"rule": A_RESTRICTION, "effect": one.effect, "words": one.words}
    return {
        "rule": one.rule_id,
        "pack": one.pack,
        "title": one.title,
        "authority": one.authority,
        "kind": one.kind,
        "effect": one.effect,
        "words": one.words,
        "source": one.source,
        "retrieved": one.retrieved,
        "confidence": one.confidence,
        "unverified": one.unverified or None,
        "until": None if one.until is None else one.until.utc(),
        "gsd_m": one.gsd_m,
        "share": one.share,
        "sure": one.is_sure,
        "unknown": list(one.unknown),
        "why": list(one.why),
    }
