"""Is somebody on a list of sanctioned persons? Names, dates, places and papers; always with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

from offnadir.errors import InputError
from offnadir.tasking._names_compare import Comparison, compare
from offnadir.tasking._names_form import Form, forms
from offnadir.tasking._screening_facts import facts
from offnadir.tasking._screening_index import Index
from offnadir.tasking._screening_model import log_odds_of, model, probability
from offnadir.tasking._screening_words import name_reasons
from offnadir.tasking.screening_list import (
    BirthDate,
    Kind,
    ListedEntry,
    ListedName,
    SanctionsList,
    birth_date,
)

THRESHOLD: Final = 0.5
_CLOSER_LOOK: Final = 25  # listed names compared word by word for each name that is asked for
_LOW, _OTHER_KIND = (
    0.7,
    2.0,
)  # log-odds that a low-quality alias, and one of another kind, take away
_SURE: Final = 0.95  # a name so alike is never cleared by facts alone
_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Somebody to be screened: customer, end user, beneficiary.

    `birth_dates` as in `birth_date`; `places` of birth or residence, town first; `nationalities` by name
    or ISO code; `ident` numbers of passports and the like.
    """

    name: str
    kind: Kind = "unknown"
    aliases: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    nationalities: tuple[str, ...] = ()
    ident: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError("kind", self.kind, "one of " + ", ".join(get_args(Kind)))
        for said, name in (("name", self.name), *(("aliases", a) for a in self.aliases)):
            if not forms(name, self.kind):
                raise InputError(said, name, "a name with at least one letter")
        for date in self.birth_dates:
            if birth_date(date) is None:
                raise InputError(
                    "birth_dates", date, "a date such as 1984-01-08, a year, or 1955-1958"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry of a list that somebody must look at: it may be the party.

    `score` is the chance that it is, in [0, 1], if half of all such pairs were (docs/theory/screening.md);
    `name_score` the same by the name alone. A hit decides nothing.
    """

    list_name: str
    list_date: str
    list_sha256: str
    reference: str
    entry_name: str
    entry_kind: str
    listed_on: str
    asked_name: str
    matched_name: str
    matched_quality: str
    score: float
    name_score: float
    reasons: tuple[str, ...]

    verdict = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """What came of screening one party: hits with the highest score first, and what was asked."""

    party: Party
    hits: tuple[Hit, ...]
    lists: tuple[tuple[str, str, str], ...]  # name, date, sha256
    threshold: float

    @property
    def is_hit(self) -> bool:
        """Whether a person must look before anything is done for the party."""
        return bool(self.hits)


@dataclass(slots=True)
class _Listed:
    """The names of one kind, as an index, with where each came from."""

    forms: list[Form] = field(default_factory=list)
    origin: list[tuple[SanctionsList, ListedEntry, ListedName]] = field(default_factory=list)
    index: Index | None = None


class Screener:
    """Lists made ready for screening; building one of the UN's list takes about a second.

    A party's name, and each of its aliases, is compared with every name of every entry. Persons are
    compared with organisations only where the names are nearly the same.
    """

    def __init__(self, lists: Sequence[SanctionsList], *, threshold: float = THRESHOLD) -> None:
        if not lists:
            raise InputError("lists", [], "at least one list; see read_list")
        if not 0.0 < threshold < 1.0:
            raise InputError("threshold", threshold, "between 0 and 1")
        self.threshold = threshold
        self.lists = tuple((one.name, one.date, one.sha256) for one in lists)
        self._listed = {"person": _Listed(), "organisation": _Listed()}
        for one in lists:
            for entry in one.entries:
                kind = "person" if entry.kind == "person" else "organisation"
                listed = self._listed[kind]
                for name in entry.names:
                    for form in forms(name.text, kind):
                        listed.forms.append(form)
                        listed.origin.append((one, entry, name))
        for listed in self._listed.values():
            listed.index = Index(listed.forms) if listed.forms else None

    def screen(self, party: Party) -> Screening:
        """All entries that `party` may be."""
        return next(self.screen_many([party]))

    def screen_many(
        self, parties: Sequence[Party], *, report: Callable[[int, int], None] | None = None
    ) -> Iterator[Screening]:
        """The same for many, in their order; several times faster than one by one."""
        for start in range(0, len(parties), _AT_ONCE):
            part = parties[start : start + _AT_ONCE]
            for kind, listed in self._listed.items():
                if listed.index is not None:
                    asked = (
                        f
                        for p in part
                        for n in (p.name, *p.aliases)
                        for f in _asked(n, p.kind, kind)
                    )
                    listed.index.learn(list(asked))
            for n, party in enumerate(part, start + 1):
                yield self._screen(party)
                if report is not None and (n % 100 == 0 or n == len(parties)):
                    report(n, len(parties))

    def _screen(self, party: Party) -> Screening:
        best: dict[tuple[str, str], tuple[float, Comparison, ListedName, str]] = {}
        entries: dict[tuple[str, str], tuple[SanctionsList, ListedEntry]] = {}
        least = log_odds_of(self.threshold) - 3.0  # facts can raise what the name leaves below
        for kind, listed in self._listed.items():
            if listed.index is None:
                continue
            for asked in (party.name, *party.aliases):
                for form in _asked(asked, party.kind, kind):
                    for n in listed.index.candidates(form, _CLOSER_LOOK):
                        other = listed.forms[n]
                        if form.left_out and other.left_out and form.left_out != other.left_out:
                            continue  # "(Pakistan)" and "(Kenya)" tell two branches apart
                        comparison = compare(form, other, kind == "person")
                        one, entry, name = listed.origin[n]
                        odds = model().log_odds(comparison)
                        odds -= _LOW * (name.quality == "low") + _OTHER_KIND * _is_other(
                            party.kind, kind
                        )
                        key = (one.sha256, entry.reference)
                        if odds > least and (key not in best or odds > best[key][0]):
                            best[key] = (odds, comparison, name, asked)
                            entries[key] = (one, entry)
        hits = [self._hit(party, entries[key], found) for key, found in best.items()]
        kept = [hit for hit in hits if hit.score >= self.threshold]
        kept.sort(key=lambda hit: (-hit.score, -hit.name_score, hit.reference))
        return Screening(party=party, hits=tuple(kept), lists=self.lists, threshold=self.threshold)

    def _hit(
        self,
        party: Party,
        where: tuple[SanctionsList, ListedEntry],
        found: tuple[float, Comparison, ListedName, str],
    ) -> Hit:
        one, entry = where
        odds, comparison, name, asked = found
        births: list[BirthDate] = [b for b in map(birth_date, party.birth_dates) if b is not None]
        told = list(facts(births, party.places, party.nationalities, party.ident, entry))
        name_score = probability(odds)
        score = probability(odds + sum(fact.log_odds for fact in told))
        reasons = [*name_reasons(comparison, name, entry), *(fact.words for fact in told)]
        if score < self.threshold <= name_score and name_score >= _SURE:
            score = self.threshold
            reasons.append("the name is so alike that other facts alone do not clear it")
        if _is_other(party.kind, entry.kind):
            reasons.append(f"asked for is a {party.kind}, listed is a {entry.kind}")
        return Hit(
            list_name=one.name,
            list_date=one.date,
            list_sha256=one.sha256,
            reference=entry.reference,
            entry_name=entry.name,
            entry_kind=entry.kind,
            listed_on=entry.listed_on,
            asked_name=asked,
            matched_name=name.text,
            matched_quality=name.quality,
            score=round(score, 4),
            name_score=round(name_score, 4),
            reasons=tuple(reasons),
        )


def _asked(name: str, kind: str, listed_kind: str) -> tuple[Form, ...]:
    """The forms of an asked name as they are compared with listed names of a kind."""
    if kind == "vessel" and listed_kind == "organisation":
        return forms(name, "vessel")
    return forms(name, listed_kind)


def _is_other(asked: str, listed: str) -> bool:
    return asked != "unknown" and (asked == "person") != (listed == "person")
