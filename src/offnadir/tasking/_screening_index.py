"""Which names of the lists are worth a closer look, for many questions at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from offnadir.tasking import _names_sound as sound
from offnadir.tasking._fuzz import likeness_table
from offnadir.tasking._names_form import Form, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LEAST_WORD = 0.6
_LEAST_WHOLE = 0.78
_AT_ONCE = 512


class Index:
    """Forms of listed names, found by their words or by the whole run together.

    A form is a candidate where its words could be those of the question: `best` weighs what is shared
    against what either side has alone, with less severity than the score itself, so that nothing is lost
    here that would have been a hit (the test compares with no index at all).
    """

    def __init__(self, forms: Sequence[Form]) -> None:
        import numpy as np

        self.forms = forms
        self._np = np
        self._weight = np.array([f.weight for f in forms], dtype=np.float32)
        words: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for n, form in enumerate(forms):
            for word in form.words:
                words[word.mild].append((n, word.weight))
            for text, weight in _runs(form.words):
                words[text].append((n, weight))
        self._vocabulary = sorted(words)
        self._row = {text: n for n, text in enumerate(self._vocabulary)}
        self._where = [np.array([n for n, _ in words[t]], dtype=np.int32) for t in self._vocabulary]
        self._worth = [
            np.array([w for _, w in words[t]], dtype=np.float32) for t in self._vocabulary
        ]
        self._keys: dict[str, list[int]] = defaultdict(list)
        for n, text in enumerate(self._vocabulary):
            for key in (
                "s" + sound.strong(text),
                "c" + sound.consonants(text),
                "l" + sound.consonants(text.replace("r", "l")),
                "h" + sound.chinese(text),
            ):
                self._keys[key].append(n)
        for form in forms:
            for word in form.words:
                row = self._row[word.mild]
                self._keys["f" + word.family].append(row)
                self._keys["n" + word.nickname].append(row)
                self._keys["k" + sound.korean(word.text)].append(row)
        for empty in "fnkcl":
            self._keys.pop(empty, None)
        self._skeletons = sorted({k[1:] for k in self._keys if k[0] == "c"})
        self._whole: dict[str, list[int]] = defaultdict(list)
        for n, form in enumerate(forms):
            self._whole[form.joined].append(n)
            self._whole[form.joined_sorted].append(n)
        self._wholes = sorted(self._whole)
        self._near: dict[
            tuple[str, str], tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]
        ] = {}
        self._alike: dict[str, list[int]] = {}

    def learn(self, questions: Sequence[Form]) -> None:
        """Look up the words of many forms at once, which is much faster than one by one."""
        words: dict[tuple[str, str], Word | None] = {}
        wholes = set()
        for form in questions:
            manner = form.manner
            for word in form.words:
                words.setdefault((word.mild, manner), word)
            for text, _ in _runs(form.words):
                words.setdefault((text, manner), None)
            wholes |= {form.joined, form.joined_sorted}
        new = [key for key in words if key not in self._near]
        for at in range(0, len(new), _AT_ONCE):
            chunk = new[at : at + _AT_ONCE]
            table = likeness_table([text for text, _ in chunk], self._vocabulary, _LEAST_WORD)
            for key, row in zip(chunk, table, strict=True):
                self._near[key] = self._found(key, words[key], row)
        asked = [text for text in wholes if text not in self._alike]
        for at in range(0, len(asked), _AT_ONCE):
            part = asked[at : at + _AT_ONCE]
            table = likeness_table(part, self._wholes, _LEAST_WHOLE)
            rows, columns = table.nonzero()
            for text in part:
                self._alike[text] = []
            for r, c in zip(rows.tolist(), columns.tolist(), strict=True):
                self._alike[part[r]] += self._whole[self._wholes[c]]

    def _found(
        self, key: tuple[str, str], word: Word | None, row: NDArray[np.float32]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
        """Forms that have such a word, how alike it is, and its weight there; the most alike last."""
        np = self._np
        text, manner = key
        keys = ["s" + sound.strong(text)]
        if word is not None:
            keys += [
                kind + name for kind, name in (("f", word.family), ("n", word.nickname)) if name
            ]
            if korean := sound.korean(word.text):
                keys.append("k" + korean)
        if manner == "vowelless":
            row = row.copy()
            skeleton = sound.consonants(text)
            keys.append("c" + skeleton)
            near = likeness_table([skeleton], self._skeletons, _LEAST_WORD)[0]
            for n in near.nonzero()[0].tolist() if len(skeleton) > 2 else ():
                for at in self._keys.get("c" + self._skeletons[n], ()):
                    row[at] = max(row[at], 0.93 * near[n])
        elif manner == "foreign":
            keys.append("l" + sound.consonants(text.replace("r", "l")))
        elif manner == "chinese":
            keys.append("h" + sound.chinese(text))
        row = row.copy()
        for name in keys:
            for at in self._keys.get(name, ()):
                row[at] = max(row[at], 0.95)
        found = row.nonzero()[0]
        found = found[np.argsort(row[found], kind="stable")]
        if not found.size:
            return np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32)
        where = np.concatenate([self._where[n] for n in found.tolist()])
        worth = np.concatenate([self._worth[n] for n in found.tolist()])
        return where, np.repeat(row[found], [self._where[n].size for n in found.tolist()]), worth

    def candidates(self, form: Form, most: int) -> list[int]:
        """Numbers of the forms that may be the same name, the most likely first, at most `most`."""
        np = self._np
        shared = np.zeros(len(self.forms), dtype=np.float32)
        runs = _runs(form.words)
        for text, weight in [
            *((w.mild, w.weight) for w in form.words),
            *((t, 0.0) for t, _ in runs),
        ]:
            where, alike, worth = self._near[text, form.manner]
            if where.size:
                one = np.zeros(len(self.forms), dtype=np.float32)
                # A run stands for the words that it is made of, which seldom find anything by themselves.
                one[where] = alike * (np.minimum(worth, weight) if weight else worth)
                shared += one
        least = np.minimum(self._weight, form.weight)
        alone = np.maximum(self._weight, form.weight) - least
        lack = np.maximum(least - shared, 0.0)
        best = lack * 2.0 + 0.35 * alone
        found = np.flatnonzero(
            (lack < 0.62 + 0.08 * least) & (shared > 0.3) & (best < 1.6 + 0.15 * least)
        )
        ranked = found[np.argsort(best[found], kind="stable")][:most].tolist()
        extra = dict.fromkeys((*self._alike[form.joined], *self._alike[form.joined_sorted]))
        return list(dict.fromkeys((*ranked, *extra)))


def _runs(words: Sequence[Word]) -> list[tuple[str, float]]:
    """Neighbours run together, as they may be written on the other side."""
    return [
        (sound.mild(a.text + b.text), a.weight + b.weight)
        for a, b in pairwise(words)
        if not (a.is_number or b.is_number) and (a.is_core or b.is_core)
    ]
