"""A name taken apart into words that can be compared: what counts, what counts little, what is dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from offnadir.tasking import _names_sound as sound
from offnadir.tasking._fuzz import to_ascii
from offnadir.tasking._names_scripts import clean, latin_variants
from offnadir.tasking._names_words import organisation_words, person_words

_GENERIC, _PLACE, _COMMON, _INITIAL, _FATHER, _PLAIN = 0.35, 0.5, 0.75, 0.3, 0.5, 1.0
_MOST_WORDS: Final = 12  # of one name; longer ones are cut, nobody's name is longer


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """One word of a name with its keys; equal words are one object (see _word), which hashes fast."""

    text: str
    mild: str
    strong: str
    weight: float
    is_core: bool
    is_number: bool
    family: str  # spellings of one name, such as mohammad
    nickname: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Form:
    """One reading of a name. `manner` says how its letters came about: see latin_variants."""

    words: tuple[Word, ...]
    legal: frozenset[str]
    numbers: frozenset[str]
    manner: str
    is_korean: bool
    has_sonship: bool
    joined: str
    joined_sorted: str
    weight: float
    source: str
    left_out: str  # what stood in brackets and is not in this reading


@lru_cache(maxsize=100_000)
def _word(text: str, weight: float, is_core: bool) -> Word:
    names = person_words()
    return Word(
        text=text,
        mild=sound.mild(text),
        strong=sound.strong(text),
        weight=weight,
        is_core=is_core,
        is_number=text[0].isdigit(),
        family=names.variants.get(text, ""),
        nickname=names.nicknames.get(text) or names.variants.get(text, ""),
    )


def forms(text: str, kind: str) -> tuple[Form, ...]:
    """Every reading of one written name; empty when no letter is left.

    `kind` as in Party; with "unknown" the rules for organisations hold, whose words are the superset,
    and those for titles.
    """
    return _forms(
        text, "person" if kind == "person" else "vessel" if kind == "vessel" else "organisation"
    )


@lru_cache(maxsize=50_000)
def _forms(text: str, kind: str) -> tuple[Form, ...]:
    found: dict[tuple[object, ...], Form] = {}
    for piece, left_out in alternatives(text):
        for latin, manner in latin_variants(piece, kind == "person"):
            form = _form(latin, manner, kind, piece, left_out)
            # "Islamic Army" beside a slash is no name, but where it is all that is written it is.
            if form is not None and not (found and all(w.weight < _COMMON for w in form.words)):
                found.setdefault((tuple(w.text for w in form.words), manner), form)
    return tuple(found.values())


_NOTE: Final = re.compile(
    r",?\s*\b(?:born (?:in|on|\d)|previously listed|formerly listed|son of|original script\s*:|"
    r"date of issue|passport|false identity|sub-unit).*",
    re.IGNORECASE | re.DOTALL,
)
_NO_NAME: Final = re.compile(
    r"original script|name\)?$|^[a-z]?\)|^third$|branch located|\bNGO\b", re.IGNORECASE
)
_BRACKETS: Final = re.compile(r"\(([^()]*)\)")


@lru_cache(maxsize=50_000)
def alternatives(text: str) -> tuple[tuple[str, str], ...]:
    """The names in a cell that may hold several: by semicolons, in brackets, on both sides of a slash.

    Each with what stood in brackets beside it and is not in it.
    """
    text = clean(text)
    script = re.search(r"original script:\s*([^()]+)", text)
    found = [(script[1].strip(), "")] if script else []
    for part in re.split(r";|\s[a-z]\)\s", text):
        inside = [b.strip() for b in _BRACKETS.findall(part)]
        outside = _NOTE.sub("", _BRACKETS.sub(" ", part)).strip(" ,()")
        if outside:
            left_out = " ".join(b for b in inside if not _abbreviates(b, outside)).lower()
            found.append((outside, left_out))
        whole = part.replace("(", " ").replace(")", " ").strip()
        if inside and _NOTE.sub("", whole) == whole and not _NO_NAME.search(part):
            found.append((whole, ""))
        # What stands in brackets is a name of its own if it has two words, or is an abbreviation of three
        # letters and more; "(Pakistan)", "(third)", "(original script)" are none.
        for name in inside:
            is_name = len(name.split()) > 1 or _abbreviates(name, outside)
            if (
                (is_name or not name.isascii())
                and not _NO_NAME.search(name)
                and not _NOTE.search(name)
            ):
                found.append((name, ""))
        if "/" in outside:
            found += [(side.strip(), "") for side in outside.split("/") if len(side.strip()) > 4]
    return tuple(dict.fromkeys(found))


def _abbreviates(short: str, full: str) -> bool:
    """Whether the letters of `short` stand in `full` in that order, the first at the start of a word."""
    if not (short.isalpha() and short.isascii() and short[1:].isupper() and 3 <= len(short) <= 9):
        return False
    start = re.search(rf"\b{short[0]}", full, re.IGNORECASE)
    letters = iter(full[start.start() :].lower()) if start else iter("")
    return all(letter in letters for letter in short.lower())


_APOSTROPHE: Final = re.compile("['’‘`´ʼʻʿʾ′]")
_ACRONYM: Final = re.compile(r"\b(?:[^\W\d_]\.\s?){2,}(?:[^\W\d_]\b)?|\b(?:[^\W\d_]\.)+[^\W\d_]\b")
_CAMEL: Final = re.compile(r"(?<=[a-z]{2})(?=[A-Z][A-Za-z])")
_SPLIT: Final = re.compile(r"[^a-z0-9]+")
_ROMAN: Final = {  # I to XX
    tens + units: str(10 * n + m)
    for n, tens in enumerate(("", "x"))
    for m, units in enumerate(("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"))
    if tens + units
}


def _ascii_words(latin: str, kind: str) -> list[str]:
    # L.X.C. is a name, but W. W. are two initials of a person.
    text = (
        latin
        if kind == "person"
        else _ACRONYM.sub(lambda m: re.sub(r"[.\s]", "", m[0]) + " ", latin)
    )
    text = _APOSTROPHE.sub("", to_ascii(_APOSTROPHE.sub("", text)))
    text = _CAMEL.sub(" ", text).replace("&", " and ").lower()
    return [w for w in _SPLIT.split(text) if w][: 2 * _MOST_WORDS]


def _form(latin: str, manner: str, kind: str, source: str, left_out: str) -> Form | None:
    raw = _ascii_words(latin, kind)
    legal: set[str] = set()
    sonship = False
    if kind == "person":
        words, sonship, is_korean = _person(raw, manner)
    elif kind == "vessel":
        words, is_korean = [_word(w, _PLAIN, True) for w in _digits(_untitled(raw))], False
    else:
        words, legal, is_korean = _organisation(raw, manner)
    if not words:
        return None
    words = words[:_MOST_WORDS]
    texts = [w.mild for w in words]
    return Form(
        words=tuple(words),
        legal=frozenset(legal),
        numbers=frozenset(w.text for w in words if w.is_number),
        manner=manner,
        is_korean=is_korean,
        has_sonship=sonship,
        joined="".join(texts),
        joined_sorted="".join(sorted(texts)),
        weight=sum(w.weight for w in words),
        source=source,
        left_out=left_out,
    )


_PERSON_LEGAL: Final = frozenset(
    {"llc", "ltd", "inc", "gmbh", "limited", "corp", "ooo", "plc", "sarl"}
)
_JUNIOR: Final = frozenset({"jr", "sr", "phd", "esq"})


def _untitled(raw: Sequence[str]) -> list[str]:
    """Without titles, unless nothing else is left; one at the end may be a name cut short."""
    titles = person_words().titles
    kept = [
        w
        for n, w in enumerate(raw)
        if w not in titles or (n == len(raw) - 1 and n > 0 and w not in _JUNIOR and len(raw) > 2)
    ]
    return kept or list(raw)


def _person(raw: list[str], manner: str) -> tuple[list[Word], bool, bool]:
    names = person_words()
    if len(raw) > 1 and raw[-1] in _PERSON_LEGAL:
        raw = raw[:-1]
    is_korean = manner == "korean" or _looks_korean(raw)
    if is_korean:
        words = _family_first(raw)
        return (
            [_word(w, _PLAIN, True) if len(w) == 1 else _person_word(w) for w in words],
            False,
            True,
        )
    raw = _compounds(_untitled(raw))
    sonship = any(w in names.sonship for w in raw[1:])
    kept = [
        w
        for n, w in enumerate(raw)
        if not (
            w in names.particles
            and (0 < n < len(raw) - 1 or (n == 0 and w in ("al", "el", "ul", "bin", "ibn", "the")))
        )
    ]
    return [_person_word(w) for w in kept or raw], sonship, False


_PATRONYMIC: Final = re.compile(
    "(?:[oe]v[iy]?ch|ovna|evna|[iy]chna|ovych|[iy]vna|o[gq]li|ogly|kyzy|qizi)$"
)


def _person_word(text: str) -> Word:
    names = person_words()
    if len(text) == 1:
        return _word(text, _INITIAL, False)
    common = names.variants.get(text, text) in names.common
    if _PATRONYMIC.search(text):
        return _word(text, _FATHER, True)
    return _word(text, _COMMON if common else _PLAIN, True)


def _looks_korean(raw: Sequence[str]) -> bool:
    family = person_words().korean_family
    if not 2 <= len(raw) <= 4 or not (raw[0] in family or raw[-1] in family):
        return False
    return all(len(w) <= 9 and sound.korean(w) for w in raw)


_LEADING: Final = frozenset({"kim", "ri", "pak", "choe"})


def _family_first(raw: list[str]) -> list[str]:
    """A Korean name as family and given name; the syllables of the latter are one word, however written."""
    family = person_words().korean_family
    first, last = family.get(raw[0], ""), family.get(raw[-1], "")
    if not first or (last in _LEADING and first not in _LEADING):
        raw = [raw[-1], *raw[:-1]]
    return [raw[0], "".join(raw[1:])] if len(raw) > 1 else raw


_ABD: Final = re.compile(
    r"abd(?:[aeiou](?:l(?=.{3})|(?P<d>[rsndztl])(?=(?P=d)))?)?$|abd[aeiou][lrsndzth]h?$"
)
_ABD_ONE: Final = re.compile(
    r"^[ac]?abd[aeiou]?(?:l(?=[^l])|l(?=l)|(?P<d>[rsndztj])(?=(?P=d))|(?:sh(?=sh)))?(?P<rest>[a-z]{3,})$"
)
_DIN: Final = re.compile(r"^(?P<first>[a-z]{2,}?)(?:[aeiou]d|[aeiou])?d[ie]{1,2}ne?$")


def _compounds(raw: list[str]) -> list[str]:
    """Arabic names of several parts in one word each: abd al-rahman, abu bakr, jalal ud-din, najib ullah."""
    names = person_words()
    found: list[str] = []
    at = 0
    while at < len(raw):
        word = raw[at]
        following = at + 1
        while following < len(raw) - 1 and raw[following] in names.articles:
            following += 1
        after = raw[following] if following < len(raw) else ""
        if (word == "abd" or _ABD.fullmatch(word)) and _is_served(after):
            found.append(_servant(after))
            at = following + 1
        elif word in ("abu", "abou", "abi", "abo") and len(after) > 2:
            found.append("abu" + names.variants.get(after, after))
            at = following + 1
        elif (
            found
            and len(found[-1]) > 2
            and word in ("ullah", "allah", "llah", "oullah", "ollah", "ulla")
        ):
            found[-1] += "ullah"
            at += 1
        elif (
            found
            and len(found[-1]) > 2
            and word in ("uddin", "eddin", "aldin", "eldin", "eddine", "din", "ddin", "addin")
        ):
            if found[-1] in names.articles and len(found) > 1:
                found.pop()
            found[-1] += "uddin"
            at += 1
        else:
            if (one := _ABD_ONE.match(word)) and _is_served(one["rest"]):
                word = _servant(one["rest"])
            elif word.startswith("binal") and len(word) > 7:
                word = word[5:]
            elif word.startswith("bin") and len(word) >= 8:
                word = word[3:]
            found.append(word)
            at += 1
    return [
        _DIN.sub(r"\g<first>uddin", w) if len(w) > 6 and w.endswith(("din", "dine", "deen")) else w
        for w in found
    ]


@lru_cache(maxsize=1)
def _served() -> frozenset[str]:
    return frozenset(map(sound.strong, person_words().servant_of))


def _is_served(name: str) -> bool:
    return sound.strong(name) in _served()


def _servant(name: str) -> str:
    name = person_words().variants.get(name, name)
    return (
        "abdallah" if sound.strong(name) in ("ula", "ala", "la", "lahi", "ulahi") else "abd" + name
    )


def _digits(raw: Sequence[str]) -> Iterator[str]:
    """Numbers in figures: forty four and 44, IV and 4; digits parted from letters (no39)."""
    words = organisation_words()
    at = 0
    while at < len(raw):
        word = raw[at]
        following = raw[at + 1] if at + 1 < len(raw) else ""
        if word in words.tens:
            unit = words.numbers.get(
                following, int(following) if following in "123456789" and following else 0
            )
            yield str(words.tens[word] + unit)
            at += 2 if unit else 1
            continue
        if word in words.numbers and word not in ("one",):
            yield str(words.numbers[word])
        elif at and word in _ROMAN:
            yield _ROMAN[word]
        elif word in ("no", "nr") and following.isdigit():
            pass
        else:
            yield word
        at += 1


def _organisation(raw: list[str], manner: str) -> tuple[list[Word], set[str], bool]:
    table = organisation_words()
    raw, legal = _without_legal(raw)
    found: list[Word] = []
    plain = list(_digits(raw))
    for text in plain:
        if text in table.stop and len(plain) > 1:
            continue
        key = table.generic.get(text, text)
        if key in table.places:
            found.append(_word(key, _PLACE, False))
        elif key in table.generic_keys:
            found.append(_word(key, _GENERIC, False))
        else:
            found.append(
                _word(text, _INITIAL if len(text) == 1 and text.isalpha() else _PLAIN, True)
            )
    if not any(w.is_core for w in found):  # "Foreign Trade Bank": then every word counts
        found = [_word(w.text, w.weight, True) for w in found]
    is_korean = manner == "korean" or any(w.text == "korea" for w in found)
    if not found and raw:
        found = [_word(w, _PLAIN, True) for w in raw]
    return found, legal, is_korean


_SHORT_LEGAL: Final = 2


def _without_legal(raw: list[str]) -> tuple[list[str], set[str]]:
    """The words left, and the classes of legal form that were taken out."""
    table = organisation_words()
    kept: list[str] = []
    legal: set[str] = set()
    at = 0
    while at < len(raw):
        for length in range(min(table.legal_longest, len(raw) - at), 0, -1):
            phrase = tuple(raw[at : at + length])
            kind = table.legal.get(phrase)
            if kind is None:
                continue
            at_edge = at == 0 or at + length >= len(raw) - 1
            # Two letters may be a name; at the end of one they are a form ("Siemens AG", not "AG Siemens").
            short = length == 1 and len(phrase[0]) <= _SHORT_LEGAL
            if (
                length > 1
                or (at_edge and not (short and at == 0 and phrase[0] not in ("ao", "pt", "ip")))
                or kind == "any"
            ):
                legal.add(kind)
                at += length
                break
        else:
            kept.append(raw[at])
            at += 1
    return (kept, legal) if kept else (raw, set())
