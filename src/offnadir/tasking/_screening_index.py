"""Which names of the lists are worth a closer look, for many questions at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from offnadir.tasking import _names_sound as sound
from offnadir.tasking._fuzz import likeness_table
from offnadir.tasking._names_form import Form, Word
from offnadir.tasking._names_words import person_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST_WORD: Final = 0.6
_LEAST_WHOLE: Final = 0.8
_LONG_WORD: Final = 8  # one word so long may be several run together
_AT_ONCE: Final = 512
# A rough score from the weights that answer each other, milder than the real one: what is lost here is
# never looked at. See docs/theory/screening.md for how much that is.
_BASE, _PER_LACK, _PER_ALONE, _IF_LONE, _SLACK = 4.4, 6.0, 3.5, 2.5, 0.7
_PER_ALONE_ORGANISATION = 6.0

_KEYS: Final[dict[str, Callable[[str], str]]] = {
    "s": sound.strong,
    "c": sound.consonants,
    "l": lambda text: sound.consonants(text.replace("r", "l")),
    "h": sound.chinese,
    "k": sound.korean,
    "t": lambda text: sound.korean(text).replace("N", "n"),
}
_MANNERS: Final = {
    "": "s",
    "korean": "sk",
    "kontsevich": "st",
    "chinese": "sh",
    "foreign": "sl",
    "vowelless": "sc",
}


class _Found(NamedTuple):
    """Forms (each once) that answer a word, and with how much of its weight."""

    where: NDArray[np.int32]
    worth: NDArray[np.float32]


class Index:
    """Forms of listed names, found by their words, and by the whole run together."""

    def __init__(self, forms: Sequence[Form], *, is_person: bool = True) -> None:
        import numpy as np

        self._np = np
        self.forms = forms
        self._per_alone = _PER_ALONE if is_person else _PER_ALONE_ORGANISATION
        self._weight = np.array([f.weight for f in forms], dtype=np.float32)
        self._cores = np.array([sum(w.is_core for w in f.words) for f in forms], dtype=np.int32)
        self._words: dict[str, list[tuple[int, float]]] = defaultdict(list)
        self._keys: dict[str, set[str]] = defaultdict(set)
        self._wholes: dict[str, list[int]] = defaultdict(list)
        self._run_keys: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for n, form in enumerate(forms):
            self._wholes[sound.strong(form.joined)].append(n)
            for word in form.words:
                self._words[word.mild].append((n, word.weight))
                for kind, key in _keys(word):
                    self._keys[kind + key].add(word.mild)
            for text, weight in _runs(form.words):
                self._run_keys[text].append((n, weight))
        self._vocabulary = sorted(self._words)
        self._skeletons = sorted(k[1:] for k in self._keys if k[0] == "c" and len(k) > 3)
        self._joined = sorted({form.joined for form in forms if len(form.joined) >= _LONG_WORD})
        self._near: dict[tuple[str, float, str], _Found] = {}
        self._long: dict[str, list[int]] = {}

    def learn(self, questions: Sequence[Form]) -> None:
        """Look up the words of many forms at once, which is much faster than one by one."""
        words = {(w.mild, w.weight, form.manner): w for form in questions for w in form.words}
        new = [key for key in words if key not in self._near]
        for at in range(0, len(new), _AT_ONCE):
            chunk = new[at : at + _AT_ONCE]
            table = likeness_table([key[0] for key in chunk], self._vocabulary, _LEAST_WORD)
            rows, columns = table.nonzero()
            ends = self._np.searchsorted(rows, range(len(chunk) + 1)).tolist()
            values, texts = table[rows, columns].tolist(), columns.tolist()
            for n, key in enumerate(chunk):
                part = slice(ends[n], ends[n + 1])
                alike = {
                    self._vocabulary[c]: v for c, v in zip(texts[part], values[part], strict=True)
                }
                self._near[key] = self._answers(words[key], key[2], alike)
        asked = {f.joined for f in questions if len(f.words) == 1 and len(f.joined) >= _LONG_WORD}
        asked -= self._long.keys()
        if asked and self._joined:
            order = sorted(asked)
            table = likeness_table(order, self._joined, _LEAST_WHOLE)
            for text, row in zip(order, table, strict=True):
                near = (sound.strong(self._joined[n]) for n in row.nonzero()[0].tolist())
                self._long[text] = [n for key in near for n in self._wholes[key]]

    def _answers(self, word: Word, manner: str, alike: dict[str, float]) -> _Found:
        np = self._np
        for kind, key in _keys(word):
            if kind in _MANNERS[manner] or kind in "fnkm":
                for text in self._keys.get(kind + key, ()):
                    alike[text] = max(alike.get(text, 0.0), 0.95)
        if manner == "vowelless" and len(skeleton := sound.consonants(word.text)) > 2:
            near = likeness_table([skeleton], self._skeletons, _LEAST_WORD)[0]
            for n in near.nonzero()[0].tolist():
                for text in self._keys["c" + self._skeletons[n]]:
                    alike[text] = max(alike.get(text, 0.0), 0.93 * float(near[n]))
        best: dict[int, float] = {}
        for text, value in alike.items():
            for n, weight in self._words[text]:
                worth = value * min(weight, word.weight)
                if worth > best.get(n, 0.0):
                    best[n] = worth
        for n, weight in self._run_keys.get(
            word.strong, ()
        ):  # "jandaniel" asked, "jan daniel" listed
            best[n] = max(best.get(n, 0.0), weight)
        return _Found(
            np.array(list(best), dtype=np.int32), np.array(list(best.values()), dtype=np.float32)
        )

    def candidates(self, form: Form, least: float, most: int) -> dict[int, float]:
        """Forms whose log-odds may reach `least`, at most `most`: number, and an upper guess of those."""
        np = self._np
        shared = np.zeros(len(self.forms), dtype=np.float32)
        found = [self._near[w.mild, w.weight, form.manner] for w in form.words]
        for where, worth in found:
            shared[where] += worth
        for text, weight in _runs(form.words):  # "jan daniel" asked, "jandaniel" listed
            for word in self._keys.get("s" + text, ()):
                shared[[n for n, _ in self._words[word]]] += weight
        touched = np.flatnonzero(shared)
        weights, shared = self._weight[touched], shared[touched]
        smaller = np.minimum(weights, form.weight)
        total = (weights + form.weight) / 2
        alone = np.abs(weights - form.weight)
        lack = np.maximum(smaller - shared, 0.0)
        cores = np.minimum(self._cores[touched], sum(w.is_core for w in form.words))
        rough = _BASE - _PER_LACK * lack - self._per_alone * alone / total
        rough -= _IF_LONE * ((cores <= 1) & (alone > 0.9))
        kept = np.flatnonzero(rough > least - _SLACK)
        kept = kept[np.argsort(-rough[kept], kind="stable")][:most]
        same = self._wholes.get(sound.strong(form.joined), ())
        exact = dict.fromkeys((*same, *self._long.get(form.joined, ())), _BASE)
        return (
            dict(zip(touched[kept].tolist(), (rough[kept] + _SLACK).tolist(), strict=True)) | exact
        )

    def same(self, form: Form) -> dict[int, float]:
        """Forms that are the same name by sound, spaces aside."""
        return dict.fromkeys(self._wholes.get(sound.strong(form.joined), []), _BASE)


def _keys(word: Word) -> list[tuple[str, str]]:
    """What a word may be found by, beside its letters."""
    keys = [(kind, key(word.text)) for kind, key in _KEYS.items()]
    family = person_words().korean_family.get(word.text, "")
    keys += [("f", word.family), ("n", word.nickname), ("m", family)]
    return [(kind, key) for kind, key in keys if key]


def _runs(words: Sequence[Word]) -> list[tuple[str, float]]:
    """Neighbours run together, by sound, as they may be written on the other side."""
    return [
        (sound.strong(a.text + b.text), a.weight + b.weight)
        for a, b in pairwise(words)
        if not (a.is_number or b.is_number) and (a.is_core or b.is_core)
    ]
