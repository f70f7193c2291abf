"""The tables of words in names, read once from `words/*.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationWords:
    """What stands for what in names of organisations."""

    legal: dict[tuple[str, ...], str]  # words of a legal form -> its class
    legal_longest: int
    stop: frozenset[str]
    generic: dict[str, str]  # word -> what it is reduced to
    generic_keys: frozenset[str]
    places: frozenset[str]
    script: dict[str, str]
    script_longest: int
    numbers: dict[str, int]
    tens: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonWords:
    """What stands for what in names of persons."""

    titles: frozenset[str]
    particles: frozenset[str]
    articles: frozenset[str]
    sonship: frozenset[str]
    common: frozenset[str]
    variants: dict[str, str]
    nicknames: dict[str, str]
    servant_of: frozenset[str]
    korean_family: dict[str, str]
    hanja: dict[str, str]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(
        files("offnadir.tasking").joinpath("words", name).read_text(encoding="utf-8")
    )


@cache
def organisation_words() -> OrganisationWords:
    """The table for organisations."""
    raw = _read("organisations.toml")
    legal = {
        tuple(spelling.split()): kind
        for kind, spellings in raw["legal"].items()
        for spelling in spellings
    }
    generic = {word: key for key, words in raw["generic"].items() for word in (key, *words)}
    place = dict(raw["place"])
    places = frozenset(place.pop("places"))
    generic |= {word: key for key, words in place.items() for word in (key, *words)}
    numbers = {word: n for n, word in enumerate(raw["number"]["words"])}
    numbers |= {word: n for n, word in enumerate(raw["number"]["ordinals"], 1)}
    return OrganisationWords(
        legal=legal,
        legal_longest=max(map(len, legal)),
        stop=frozenset(raw["drop"]["stop"]),
        generic=generic,
        generic_keys=frozenset(raw["generic"]),
        places=places | frozenset(place),
        script=raw["script"],
        script_longest=max(map(len, raw["script"])),
        numbers=numbers,
        tens={word: 10 * n for n, word in enumerate(raw["number"]["tens"], 2)},
    )


@cache
def person_words() -> PersonWords:
    """The table for persons."""
    raw = _read("persons.toml")
    drop = raw["drop"]
    return PersonWords(
        titles=frozenset(drop["titles"]),
        particles=frozenset(drop["particles"]),
        articles=frozenset(drop["articles"]),
        sonship=frozenset(drop["sonship"]),
        common=frozenset(raw["common"]["names"]),
        variants={w: key for key, words in raw["variants"].items() for w in (key, *words)},
        nicknames={w: key for key, words in raw["nicknames"].items() for w in (key, *words)},
        servant_of=frozenset(drop["servant_of"]),
        korean_family={w: key for key, words in raw["korean"].items() for w in words},
        hanja={sign: reading for reading, signs in raw["hanja"].items() for sign in signs.split()},
    )
