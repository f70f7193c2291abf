"""What restrictions are made of: packs of rules, the conditions under which each binds, and its effect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, Final

from offnadir.tasking._policy_ground import Region

#: From the laxest to the strictest.
EFFECTS: Final = ("allow", "notify", "degrade", "delay", "permit", "deny")
STAGES: Final = ("feasibility", "order", "delivery")
AUTHORITY_KINDS: Final = ("law", "licence", "contract", "voluntary")
SENSOR_KINDS: Final = ("optical", "tir", "hyperspectral", "sar")
RECIPIENT_KINDS: Final = (
    "media", "company", "ngo", "research", "person", "international",
    "government", "military", "intelligence", "police", "authorised",
)  # fmt: skip
CONFIDENCES: Final = ("high", "medium", "low")
#: What a pack that does not disclose itself lets be told.
A_RESTRICTION: Final = "a restriction"
DISCLOSURES: Final = ("everything", A_RESTRICTION)
INDEFINITE_S: Final = math.inf


def strictness(effect: str) -> int:
    """The place of an effect from the laxest (0) to the strictest."""
    return EFFECTS.index(effect)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What must all be so for a rule to bind (or for an exception to hold); what is None is not asked.

    Names are compared without case, spaces and punctuation. `gsd_at_most_m` binds at the very value,
    `gsd_below_m` does not. Ages are of the picture at the instant that is judged.
    """

    operators: frozenset[str] | None = None
    operator_countries: frozenset[str] | None = None
    sensors: frozenset[str] | None = None
    sensor_kinds: frozenset[str] | None = None
    modes: frozenset[str] | None = None
    gsd_at_most_m: float | None = None
    gsd_below_m: float | None = None
    system_gsd_at_most_m: float | None = None
    bands_above: int | None = None
    phase: bool | None = None
    age_below_s: float | None = None
    imaged_from_tai_ns: int | None = None
    imaged_until_tai_ns: int | None = None
    recipient_countries: frozenset[str] | None = None
    recipient_kinds: frozenset[str] | None = None
    recipient_names: frozenset[str] | None = None
    ground_countries: frozenset[str] | None = None
    ground_operators_other_than: frozenset[str] | None = None
    purposes: frozenset[str] | None = None
    licences: frozenset[str] | None = None
    asked: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = (one.name for one in fields(self) if one.init)
        asked = tuple(name for name in names if getattr(self, name) is not None)
        object.__setattr__(self, "asked", asked)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Rule:
    """One restriction. It binds where `where` touches, `outside` does not hold all, and conditions are met.

    `conditions` must all be met, of `any_of` at least one set (if there are any), of `exceptions` none.
    `valid_from_tai_ns` belongs to the time it is in force, `valid_until_tai_ns` no longer. A "degrade" binds
    what is finer than `to_m`; a "delay" binds for `delay_s` after the picture was taken.
    """

    rule_id: str
    title: str
    authority: str
    kind: str
    effect: str
    words: str
    source: str
    retrieved: str
    confidence: str
    where: Region
    conditions: Conditions = field(default_factory=Conditions)
    any_of: tuple[tuple[str, tuple[Conditions, ...]], ...] = ()
    exceptions: tuple[tuple[str, tuple[Conditions, ...]], ...] = ()
    outside: Region | None = None
    where_words: str = ""
    outside_words: str = ""
    stages: frozenset[str] = frozenset(STAGES)
    valid_from_tai_ns: int | None = None
    valid_until_tai_ns: int | None = None
    to_m: float | None = None
    delay_s: float | None = None
    unverified: str = ""
    note: str = ""
    template: bool = False

    def __repr__(self) -> str:
        return "Rule(...)"  # it may stand in a log, and belong to a pack that is not disclosed


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Who runs satellites: names by which a question may call it, and the state whose law it is under."""

    name: str
    country: str | None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Pack:
    """A file of rules. `disclose` is "everything", or "a restriction" where no more may be told."""

    name: str
    version: str
    sha256: str
    rules: tuple[Rule, ...]
    disclose: str = "everything"
    notice: str = ""
    operators: tuple[Operator, ...] = ()
    lists: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_private(self) -> bool:
        """Whether only "a restriction" may be told of what it holds."""
        return self.disclose == A_RESTRICTION

    def __repr__(self) -> str:
        if self.is_private:
            return f"Pack({A_RESTRICTION})"
        return f"Pack({self.name!r}, version={self.version!r}, {len(self.rules)} rules)"


@lru_cache(4096)
def plain(name: str) -> str:
    """A name without case, spaces and punctuation, as names are compared."""
    return "".join(character for character in name.casefold() if character.isalnum())
