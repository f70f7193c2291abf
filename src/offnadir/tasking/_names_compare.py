"""How alike two names are: words laid side by side, then a few numbers that a person can follow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from offnadir.tasking import _names_sound as sound
from offnadir.tasking._fuzz import edits, likeness
from offnadir.tasking._names_form import Form, Word
from offnadir.tasking._names_words import person_words

_LEAST_LINK: Final = 0.5
FEATURES: Final = (
    "typo",  # share of the name's weight that is spelled otherwise
    "worst",  # 1 - likeness of the worst pair of words
    "conflict",  # share of weight that stands on both sides with no partner
    "replaced",  # the same as a number of words: one word of another name is another name, however long
    "extra",  # share of weight that stands on one side alone
    "extra_organisation",  # the same, for names of organisations
    "lone",  # one word that counts against several
    "unlike",  # 1 - likeness of the whole, words run together
    "edits",  # letters to change in words that are paired
    "short",  # how few letters are matched
    "number",  # a number differs, or stands on one side only
    "legal",  # legal forms differ
    "reversed",  # father and son changed places
    "initial",  # an initial stands for a word
    "order",  # words in another order, more than the family name's
)


class Link(NamedTuple):
    """Words i0:i1 of one name answer words j0:j1 of the other."""

    likeness: float
    i0: int
    i1: int
    j0: int
    j1: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two forms laid side by side; `values` in the order of FEATURES."""

    values: tuple[float, ...]
    links: tuple[Link, ...]
    a: Form
    b: Form
    number_differs: bool
    legal_differs: bool
    is_reversed: bool


@lru_cache(maxsize=400_000)
def word_likeness(a: Word, b: Word, manner: str) -> float:
    """0 to 1; `manner` is "", "korean", "chinese" or "vowelless": which sounds are the same."""
    if a is b or a.text == b.text:
        return 1.0
    if a.is_number or b.is_number:
        return 0.5 if a.is_number and b.is_number else 0.0
    if len(a.text) == 1 or len(b.text) == 1:
        if manner == "korean":  # the families O, I, U
            return _by_manner(a, b, manner)
        return 0.8 if a.text[0] == b.text[0] else 0.0
    if a.mild == b.mild:
        return 0.98
    if a.family and a.family == b.family:
        return 0.97
    best = max(likeness(a.mild, b.mild), 0.95 * likeness(a.strong, b.strong))
    if a.strong == b.strong:
        best = max(best, 0.95)
    if a.nickname and a.nickname == b.nickname:
        best = max(best, 0.85)
    if manner:
        best = max(best, _by_manner(a, b, manner))
    if best < 0.9:
        best = max(best, _article_apart(a, b))
    return best if best >= _LEAST_LINK else 0.0


def _by_manner(a: Word, b: Word, manner: str) -> float:
    if manner == "vowelless":
        one, two = sound.consonants(a.text), sound.consonants(b.text)
        if len(one) < 2 or len(two) < 2:
            return 0.8 if one == two else 0.0
        return 0.93 * likeness(one, two) if min(len(one), len(two)) > 2 or one == two else 0.4
    if manner == "foreign":
        one, two = _syllables(a.text), _syllables(b.text)
        return 0.92 * likeness(one, two) if min(len(one), len(two)) > 1 else 0.0
    if manner == "korean":
        family = person_words().korean_family
        if a.text in family and family[a.text] == family.get(b.text):
            return 0.97
    key = sound.korean if manner == "korean" else sound.chinese
    one, two = key(a.text), key(b.text)
    return 0.95 if one and one == two else 0.0


def _article_apart(a: Word, b: Word) -> float:
    """Alqaeda and qaeda; abd al-hanif and hanif."""
    long, short = (a, b) if len(a.text) > len(b.text) else (b, a)
    if len(short.text) > 3 and long.text.endswith(short.text):
        start = long.text[: -len(short.text)]
        return {"al": 0.92, "el": 0.92, "abd": 0.9}.get(start, 0.0)
    return 0.0


def _manner(a: Form, b: Form) -> str:
    if "vowelless" in (a.manner, b.manner):
        return "vowelless"
    for manner in ("foreign", "chinese"):
        if manner in (a.manner, b.manner):
            return manner
    # Two names that look Korean, or one known to be: the keys are too coarse for others.
    if a.is_korean and b.is_korean:
        return "korean"
    return ""


def compare(a: Form, b: Form, is_person: bool) -> Comparison:
    """The features of two forms."""
    manner = _manner(a, b)
    links = _links(a.words, b.words, manner)
    return _features(a, b, links, is_person, manner)


def _links(a: tuple[Word, ...], b: tuple[Word, ...], manner: str) -> list[Link]:
    """Greedy: the best pair first, then the next best of what is left; joined words where they fit."""
    options: list[tuple[float, float, Link]] = []
    exact = 0
    for i, one in enumerate(a):
        for j, two in enumerate(b):
            value = word_likeness(one, two, manner)
            if value:
                exact += value >= 0.97
                rank = value + 0.02 * min(one.weight, two.weight)
                options.append(
                    (rank, -abs(i / len(a) - j / len(b)), Link(value, i, i + 1, j, j + 1))
                )
    if exact < min(len(a), len(b)) or len(a) != len(b):
        options += _joined(a, b, False)
        options += _joined(b, a, True)
    options.sort(key=lambda o: (-o[0], -o[1]))
    used_a, used_b, links = 0, 0, []
    for _, _, link in options:
        bits_a = (1 << link.i1) - (1 << link.i0)
        bits_b = (1 << link.j1) - (1 << link.j0)
        if not (used_a & bits_a or used_b & bits_b):
            used_a |= bits_a
            used_b |= bits_b
            links.append(link)
    last_a, last_b = len(a) - 1, len(b) - 1
    if (
        len(links) >= 3
        and not (used_a >> last_a or used_b >> last_b)
        and _cut_short(a[-1].text, b[-1].text)
    ):
        links.append(Link(0.8, last_a, last_a + 1, last_b, last_b + 1))
    return links


def _cut_short(a: str, b: str) -> bool:
    """Whether a field that was too narrow may have cut the last word."""
    short, long = sorted((a, b), key=len)
    return len(short) > 1 and long.startswith(short)


def _joined(
    a: tuple[Word, ...], b: tuple[Word, ...], swap: bool
) -> list[tuple[float, float, Link]]:
    """Two or three words of `a` run together that answer one word of `b`."""
    found = []
    for size in (2, 3):
        for i in range(len(a) - size + 1):
            if any(w.is_number for w in a[i : i + size]):
                continue
            text = sound.mild("".join(w.text for w in a[i : i + size]))
            for j, two in enumerate(b):
                if abs(len(text) - len(two.mild)) > 2 or len(two.mild) < 5:
                    continue
                value = likeness(text, two.mild)
                if value >= 0.8:
                    link = (
                        Link(value, j, j + 1, i, i + size)
                        if swap
                        else Link(value, i, i + size, j, j + 1)
                    )
                    found.append((value + 0.03 * size, 0.0, link))
    return found


def _features(a: Form, b: Form, links: list[Link], is_person: bool, manner: str) -> Comparison:
    total = (a.weight + b.weight) / 2
    left_a, left_b = a.weight, b.weight
    typo = letters = edited = initials = 0.0
    worst = 1.0
    alike = 0.0  # letters of both names that are answered
    for link in links:
        one, two = a.words[link.i0 : link.i1], b.words[link.j0 : link.j1]
        weight_a, weight_b = sum(w.weight for w in one), sum(w.weight for w in two)
        left_a -= weight_a
        left_b -= weight_b
        if (
            manner != "korean"
            and len(one) == len(two) == 1
            and (len(one[0].text) == 1) != (len(two[0].text) == 1)
        ):
            initials += 1
            # What an initial does not say is neither a match nor an extra.
            continue
        weight = (weight_a + weight_b) / 2
        alike += link.likeness * sum(len(w.text) for w in (*one, *two))
        typo += weight * (1 - link.likeness)
        letters += (
            link.likeness
            * min(sum(len(w.text) for w in one), sum(len(w.text) for w in two))
            * min(1.0, weight)
        )
        if any(w.is_core for w in (*one, *two)):
            worst = min(worst, link.likeness)
        if link.likeness < 0.9 and not (one[0].nickname and one[0].nickname == two[0].nickname):
            edited += edits("".join(w.mild for w in one), "".join(w.mild for w in two))
    left_a, left_b = max(left_a, 0.0), max(left_b, 0.0)
    conflict, extra = min(left_a, left_b), abs(left_a - left_b)
    core_a, core_b = sum(w.is_core for w in a.words), sum(w.is_core for w in b.words)
    lone = min(core_a, core_b) <= 1 < max(core_a, core_b) and extra > 0.4
    number = _number_differs(a, b)
    legal = bool(a.legal and b.legal) and not (a.legal & b.legal or "any" in a.legal | b.legal)
    order, is_reversed = _order(a, b, links)
    written = sum(len(w.text) for w in (*a.words, *b.words))
    whole = max(
        likeness(a.joined, b.joined), likeness(a.joined_sorted, b.joined_sorted), alike / written
    )
    if manner == "vowelless":
        whole = max(whole, 0.95 * likeness(sound.consonants(a.joined), sound.consonants(b.joined)))
    elif manner == "foreign":
        whole = max(whole, 0.9 * likeness(_syllables(a.joined), _syllables(b.joined)))
    if manner in ("chinese", "korean") and not (a.source.isascii() or b.source.isascii()):
        # The signs themselves say more than their sounds, which many signs share.
        signs = likeness(a.source, b.source)
        worst, conflict, whole = (
            min(worst, signs),
            max(conflict, total * (1 - signs)),
            min(whole, signs),
        )
    values = (
        typo / total,
        1 - worst,
        min(conflict / total, 1.0),
        min(conflict, 1.0),
        min(extra / total, 1.0),
        0.0 if is_person else min(extra / total, 1.0),
        float(lone),
        1 - whole,
        min(edited, 5.0) / 5,
        1 / (1 + math.exp((letters - 7) / 1.5)),
        number,
        float(legal),
        float(is_reversed),
        min(initials, 2.0),
        float(order and not is_reversed),
    )
    return Comparison(
        values=values,
        links=tuple(links),
        a=a,
        b=b,
        number_differs=number > 0,
        legal_differs=legal,
        is_reversed=is_reversed,
    )


def _syllables(joined: str) -> str:
    """The consonants of a foreign name as Chinese writes it: r as l, no consonant doubled."""
    return sound.consonants(joined.replace("r", "l"))


def _number_differs(a: Form, b: Form) -> float:
    if a.numbers == b.numbers:
        return 0.0
    return 1.0 if a.numbers and b.numbers else 0.5


def _order(a: Form, b: Form, links: list[Link]) -> tuple[bool, bool]:
    """Whether the words stand in another order than by a family name moved to the other end."""
    places = [link.j0 for link in sorted(links, key=lambda link: link.i0)]
    if places == sorted(places):
        return False, False
    turned = any(places[k:] + places[:k] == sorted(places) for k in range(1, len(places)))
    is_reversed = a.has_sonship and b.has_sonship and not (turned and len(places) < 3)
    return not turned, is_reversed and not turned
