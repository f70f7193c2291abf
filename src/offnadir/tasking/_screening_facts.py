"""What dates, places, nationalities and papers say for or against a hit, in words and in log-odds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from offnadir.tasking._names_compare import compare
from offnadir.tasking._names_form import forms
from offnadir.tasking.screening_list import BirthDate, ListedEntry

# Set by judgement, not fitted: the lists give too few cases with dates of both sides. One unit of log-odds
# is a factor of e. What speaks for weighs more than what speaks against, since lists err and people lie.
_PAPER, _DAY, _TURNED, _YEAR, _NEAR = 6.0, 2.5, 1.2, 1.0, 0.4
_NATION, _PLACE = 0.7, 0.7
_NOT_DAY, _NOT_YEAR, _NOT_DECADE, _NOT_AGE, _NOT_NATION = 0.0, -0.7, -1.5, -2.5, -0.3


class Fact(NamedTuple):
    """One thing that speaks for (above 0) or against a hit."""

    log_odds: float
    words: str


def facts(
    births: Sequence[BirthDate],
    places: Sequence[str],
    nationalities: Sequence[str],
    ident: Sequence[str],
    entry: ListedEntry,
) -> Iterator[Fact]:
    """Each thing that both the party and the entry tell of."""
    yield from _papers(ident, entry)
    if births and entry.births:
        yield max(
            (_birth(a, b) for a in births for b in entry.births), key=lambda fact: fact.log_odds
        )
    if nationalities and entry.nationalities:
        ours = {country(n) for n in nationalities}
        shared = [n for n in entry.nationalities if country(n) in ours]
        if shared:
            yield Fact(_NATION, f"nationality {shared[0]} as listed")
        else:
            yield Fact(
                _NOT_NATION,
                f"nationality {', '.join(nationalities)}; listed is {', '.join(entry.nationalities)}",
            )
    if places:
        yield from _places(places, entry)


def _papers(ident: Sequence[str], entry: ListedEntry) -> Iterator[Fact]:
    ours = {_number(number) for number in ident} - {""}
    for document in entry.documents:
        if _number(document.number) in ours:
            kind = document.kind.lower() or "document"
            yield Fact(_PAPER, f"{kind} number {document.number} as listed")


def _number(text: str) -> str:
    plain = re.sub(r"[^A-Z0-9]", "", text.upper())
    return plain if len(plain) >= 5 else ""


def _birth(ours: BirthDate, listed: BirthDate) -> Fact:
    about = "about " if listed.approximate else ""
    if ours.first == ours.last and listed.first == listed.last:
        if ours.first == listed.first:
            return Fact(_DAY, f"born {ours.first} as listed")
        year, month, day = ours.first.split("-")
        if listed.first == f"{year}-{day}-{month}":
            return Fact(
                _TURNED,
                f"born {ours.first}; listed is {listed.first}: day and month changed places",
            )
    if ours.first <= listed.last and listed.first <= ours.last:
        return Fact(_YEAR, f"born {_said(ours)}; listed is {about}{_said(listed)}")
    years = max(
        int(listed.first[:4]) - int(ours.last[:4]), int(ours.first[:4]) - int(listed.last[:4]), 0
    )
    said = f"born {_said(ours)}; listed is {about}{_said(listed)}"
    if years == 0:
        return Fact(
            _NEAR if listed.approximate else _NOT_DAY, f"{said}: the same year, another day"
        )
    slack = 3 if listed.approximate or ours.approximate else 0
    if years <= max(1, slack):
        return Fact(_NEAR if slack else 0.0, f"{said}: {years} year{'s' * (years > 1)} apart")
    against = _NOT_YEAR if years - slack <= 5 else _NOT_DECADE if years - slack < 15 else _NOT_AGE
    return Fact(against, f"{said}: {years} years apart")


def _said(birth: BirthDate) -> str:
    if birth.first == birth.last:
        return birth.first
    first, last = birth.first[:4], birth.last[:4]
    return first if first == last else f"{first} to {last}"


def _places(places: Sequence[str], entry: ListedEntry) -> Iterator[Fact]:
    for ours in places:
        for said, listed in (("place of birth", entry.birth_places), ("address", entry.addresses)):
            for place in listed:
                if _same_place(ours, place):
                    yield Fact(_PLACE, f"{ours}: {said} listed is {place}")
                    return
        if country(ours) in {country(c) for c in (*entry.countries, *entry.nationalities)}:
            yield Fact(_PLACE / 2, f"{ours} as listed")
            return


def _same_place(ours: str, listed: str) -> bool:
    """Whether the town (what stands before the first comma) is one of the listed parts."""
    town = ours.split(",")[0].strip()
    if country(town) != town.lower():
        return False
    for a in forms(town, "vessel"):
        for part in listed.split(","):
            for b in forms(part.strip(), "vessel"):
                if (
                    len(a.words) == len(b.words)
                    and compare(a, b, False).values[0] < 0.05
                    and a.joined[:1] == b.joined[:1]
                ):
                    return True
    return False


@cache
def _countries() -> dict[str, str]:
    text = files("offnadir.tasking").joinpath("words", "countries.toml").read_text(encoding="utf-8")
    return {
        word: name for name, words in tomllib.loads(text)["same"].items() for word in (name, *words)
    }


def country(name: str) -> str:
    """A country's name as the UN writes it, in lower case; one that is not known, as it is."""
    plain = name.strip().lower().replace("’", "'")
    return _countries().get(plain, plain)
