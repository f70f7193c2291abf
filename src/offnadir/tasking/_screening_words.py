"""Why two names are taken for one, in words."""

from __future__ import annotations

from collections.abc import Iterator

from offnadir.tasking import _names_sound as sound
from offnadir.tasking._fuzz import edits
from offnadir.tasking._names_compare import Comparison
from offnadir.tasking._names_form import Word
from offnadir.tasking.screening_list import ListedEntry, ListedName

_QUALITY = {
    "primary": "the listed name",
    "good": "an alias of the entry",
    "low": "an alias that the list itself trusts little",
    "former": "a former name of the entry",
    "original script": "the listed name in its own script",
}
_MANNER = {
    "vowelless": "compared by consonants, since the script leaves out vowels",
    "korean": "read as Korean",
    "chinese": "read as Chinese",
    "foreign": "read as a foreign name in Chinese syllables",
}


def name_reasons(c: Comparison, name: ListedName, entry: ListedEntry) -> Iterator[str]:
    """First which name, then each word that is not the same, then what stands on one side alone."""
    differing = [
        (c.a.words[k.i0 : k.i1], c.b.words[k.j0 : k.j1], k.likeness)
        for k in sorted(c.links, key=lambda k: k.i0)
        if k.likeness < 1.0
    ]
    alone_a = _alone(c.a.words, [(k.i0, k.i1) for k in c.links])
    alone_b = _alone(c.b.words, [(k.j0, k.j1) for k in c.links])
    same = not differing and not alone_a and not alone_b
    what = _QUALITY[name.quality]
    yield f"the same words as {what}" if same else f"like {what}"
    for one, two, likeness in differing:
        yield _difference(one, two, likeness, c)
    if alone_a:
        yield f"not in the listed name: {' '.join(alone_a)}"
    if alone_b:
        yield f"only in the listed name: {' '.join(alone_b)}"
    manner = c.a.manner or c.b.manner
    if manner:
        yield _MANNER[manner]
    if c.number_differs:
        yield "numbers differ"
    if c.legal_differs:
        yield "legal forms differ"
    if c.is_reversed:
        yield "father's and son's names have changed places"


def _alone(words: tuple[Word, ...], taken: list[tuple[int, int]]) -> list[str]:
    used = {n for first, last in taken for n in range(first, last)}
    return [word.text for n, word in enumerate(words) if n not in used]


def _difference(
    one: tuple[Word, ...], two: tuple[Word, ...], likeness: float, c: Comparison
) -> str:
    ours, theirs = " ".join(w.text for w in one), " ".join(w.text for w in two)
    pair = f"{ours} / {theirs}"
    if len(one) + len(two) > 2:
        return f"{pair}: written together and apart"
    a, b = one[0], two[0]
    if len(a.text) == 1 or len(b.text) == 1:
        return f"{pair}: an initial"
    if a.family and a.family == b.family:
        return f"{pair}: spellings of one name"
    if a.nickname and a.nickname == b.nickname:
        return f"{pair}: short for one another"
    if c.a.is_korean and c.b.is_korean and sound.korean(a.text) == sound.korean(b.text):
        return f"{pair}: romanisations of one Korean name"
    if likeness >= 0.92:
        return f"{pair}: sounds the same"
    letters = edits(a.mild, b.mild)
    return f"{pair}: {letters} letter{'s' * (letters != 1)} differ" + "s" * (letters == 1)
