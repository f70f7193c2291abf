"""Is somebody on a list of sanctioned persons? Names, dates, places and papers; always with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, get_args

from offnadir.errors import InputError
from offnadir.tasking._names_compare import Comparison, compare
from offnadir.tasking._names_form import Form, forms
from offnadir.tasking._screening_facts import Fact, facts
from offnadir.tasking._screening_index import Index
from offnadir.tasking._screening_model import log_odds_of, model, probability
from offnadir.tasking._screening_words import name_reasons
from offnadir.tasking.screening_list import (
    Kind,
    ListedEntry,
    ListedName,
    SanctionsList,
    birth_date,
)

THRESHOLD: Final = 0.5
_CLOSER_LOOK: Final = 16  # listed names compared word by word for each name that is asked for
_LOW, _OTHER_KIND = (
    0.7,
    2.0,
)  # log-odds that a low-quality alias, and one of another kind, take away
_SURE: Final = 0.95  # a name so alike is never cleared by facts alone
_AT_ONCE: Final = 1000
_MOST_KNOWN: Final = 4096


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
        self._known: dict[Party, Screening] = {}
        self._listed = {"person": _Listed(), "organisation": _Listed()}
        for one in lists:
            for entry in one.entries:
                kind = "person" if entry.kind == "person" else "organisation"
                listed = self._listed[kind]
                for name in entry.names:
                    for form in forms(name.text, kind):
                        listed.forms.append(form)
                        listed.origin.append((one, entry, name))
        for kind, listed in self._listed.items():
            if listed.forms:
                listed.index = Index(listed.forms, is_person=kind == "person")

    def screen(self, party: Party) -> Screening:
        """All entries that `party` may be."""
        return next(self.screen_many([party]))

    def screen_many(
        self, parties: Sequence[Party], *, report: Callable[[int, int], None] | None = None
    ) -> Iterator[Screening]:
        """The same for many, in their order; several times faster than one by one."""
        for start in range(0, len(parties), _AT_ONCE):
            part = parties[start : start + _AT_ONCE]
            # Another thread may empty what is remembered between a look whether it is there and the next.
            found = {party: self._known.get(party) for party in part}
            known = {party: one for party, one in found.items() if one is not None}
            for kind, listed in self._listed.items():
                if listed.index is not None:
                    asked = (
                        form
                        for party in part
                        if party not in known and not _is_other(party.kind, kind)
                        for name in (party.name, *party.aliases)
                        for form in _asked(name, party.kind, kind)
                    )
                    listed.index.learn(list(asked))
            for n, party in enumerate(part, start + 1):
                yield known.get(party) or self._remembered(party)
                if report is not None and (n % 100 == 0 or n == len(parties)):
                    report(n, len(parties))

    def _remembered(self, party: Party) -> Screening:
        """The lists stay as they are, and the same few order again and again."""
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        found = self._known[party] = self._screen(party)
        return found

    def _screen(self, party: Party) -> Screening:
        best: dict[tuple[str, str], tuple[float, Comparison, ListedName, str]] = {}
        entries: dict[tuple[str, str], tuple[SanctionsList, ListedEntry]] = {}
        # Facts can raise what the name alone leaves below the threshold.
        told = party.birth_dates or party.places or party.nationalities or party.ident
        enough = log_odds_of(self.threshold)
        least = enough - (3.0 if told else 0.0)
        raised: dict[str, float] = {}
        for kind, listed in self._listed.items():
            if listed.index is None:
                continue
            for asked in (party.name, *party.aliases):
                for form in _asked(asked, party.kind, kind):
                    if _is_other(party.kind, kind):
                        found = listed.index.same(form)
                    else:
                        found = listed.index.candidates(form, least, _CLOSER_LOOK)
                    for n, guess in found.items():
                        other = listed.forms[n]
                        if guess < enough:  # facts are cheaper than a closer look
                            entry = listed.origin[n][1]
                            if entry.reference not in raised:
                                raised[entry.reference] = _raised(party, entry)
                            if guess + raised[entry.reference] < enough:
                                continue
                        if _are_branches(form, other):
                            continue
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
        hits = [self._hit(party, entries[key], how) for key, how in best.items()]
        kept = [hit for hit in hits if hit.score >= self.threshold]
        kept.sort(key=lambda hit: (-hit.score, -hit.name_score, hit.reference))
        return Screening(party=party, hits=tuple(kept), lists=self.lists, threshold=self.threshold)

    def _hit(
        self,
        party: Party,
        where: tuple[SanctionsList, ListedEntry],
        how: tuple[float, Comparison, ListedName, str],
    ) -> Hit:
        one, entry = where
        odds, comparison, name, asked = how
        told = _told(party, entry)
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


def name_score(a: str, b: str, *, kind: Kind = "unknown") -> float:
    """The chance that two names of a `kind` are of one party, by the names alone: what a hit's is made of.

    In [0, 1], if half of all such pairs were of one party; 0 where one has no letters.
    """
    compared = comparisons(a, b, kind)
    return probability(max(map(model().log_odds, compared))) if compared else 0.0


def comparisons(a: str, b: str, kind: Kind) -> list[Comparison]:
    """Every reading of one name beside every reading of the other."""
    return [
        compare(one, two, kind == "person")
        for one in forms(a, kind)
        for two in forms(b, kind)
        if not _are_branches(one, two)
    ]


def _told(party: Party, entry: ListedEntry) -> list[Fact]:
    births = [b for b in map(birth_date, party.birth_dates) if b is not None]
    return list(facts(births, party.places, party.nationalities, party.ident, entry))


def _raised(party: Party, entry: ListedEntry) -> float:
    return sum(fact.log_odds for fact in _told(party, entry))


def _are_branches(a: Form, b: Form) -> bool:
    """Whether brackets tell the two apart, "(Pakistan)" and "(Kenya)", and this reading leaves one out."""
    return bool(
        a.brackets and b.brackets and a.brackets != b.brackets and not (a.is_whole and b.is_whole)
    )


def _asked(name: str, kind: str, listed_kind: str) -> tuple[Form, ...]:
    """The forms of an asked name as they are compared with listed names of a kind."""
    if kind == "vessel" and listed_kind == "organisation":
        return forms(name, "vessel")
    return forms(name, listed_kind)


def _is_other(asked: str, listed: str) -> bool:
    return asked != "unknown" and (asked == "person") != (listed == "person")
