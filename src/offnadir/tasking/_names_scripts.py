"""Names in other scripts, made Latin: hangul, Han, Arabic, Cyrillic; and letters that only look Latin."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from offnadir.tasking._fuzz import to_ascii
from offnadir.tasking._names_words import organisation_words, person_words

# Revised Romanisation of Korean (2000), letter by letter: initials, vowels, finals in the order of Unicode.
_INITIAL: Final = tuple("g kk n d tt r m b pp s ss - j jj ch k t p h".split())  # noqa: SIM905
_VOWEL: Final = tuple("a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split())  # noqa: SIM905
# None first; clusters by the letter that is heard.
_FINAL: Final = tuple("- k k k n n n t l k m l l l p l m p p t t ng t t k t p t".split())  # noqa: SIM905

# Cyrillic and Greek letters that look like Latin ones (Unicode TR39 confusables, the plain ones).
_LOOKALIKE: Final = str.maketrans(
    "аеорсухіѕјԁԛԝһАВЕКМНОРСТУХІЅЈΑΒΕΖΗΙΚΜΝΟΡΤΥΧονικρυα",
    "aeopcyxisjdqwhABEKMHOPCTYXISJABEZHIKMNOPTYXovikpya",
)
_ARABIC: Final = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        "ى": "ي",
        "ی": "ي",
        "ې": "ي",
        "ک": "ك",
        "ہ": "ه",
        "ھ": "ه",
        "ۀ": "ه",
        "ؤ": "و",
        "ئ": "ي",
        "ـ": "",
        "ء": "",
        **{chr(c): "" for c in range(0x064B, 0x0656)},
    }
)
_HIDDEN: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_LOOKS: Final = re.compile("[\u0370-\u03ff\u0400-\u04ff]")
_LEET: Final = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s", "!": "i"}
_LEET_INSIDE: Final = re.compile(r"(?<=[A-Za-z])[01345@$!](?=[A-Za-z])")
HANGUL: Final = re.compile("[\uac00-\ud7a3]+")
HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
ARABIC: Final = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
# Hebrew; and the scripts of India and of South-East Asia, whose vowels ASCII tells badly.
_VOWELLESS: Final = re.compile("[\u0590-\u05ff\u0900-\u109f\u1780-\u17ff\u1950-\u1aff]")


def clean(text: str) -> str:
    """One spelling of each letter, no hidden signs, and no letter that only looks Latin."""
    text = (
        _HIDDEN.sub("", text)
        if text.isascii()
        else _HIDDEN.sub("", unicodedata.normalize("NFKC", text))
    )
    if _LOOKS.search(text) and _LATIN.search(text):
        text = " ".join(
            w.translate(_LOOKALIKE) if _LATIN.search(w) and _LOOKS.search(w) else w
            for w in text.split()
        )
    return _LEET_INSIDE.sub(lambda m: _LEET[m[0]], text)


def is_vowelless(text: str) -> bool:
    """Whether only the consonants of the script can be trusted: Arabic, Hebrew, Thai, Khmer ..."""
    return bool(ARABIC.search(text) or _VOWELLESS.search(text))


def romanise_hangul(text: str) -> list[str]:
    """Each syllable by the Revised Romanisation, without the changes of sound between syllables."""
    found = []
    for sign in text:
        n = ord(sign) - 0xAC00
        first, vowel, last = n // 588, n % 588 // 28, n % 28
        found.append((_INITIAL[first] + _VOWEL[vowel] + _FINAL[last]).replace("-", ""))
    return found


def arabic_word(word: str) -> str:
    """A word of Arabic script in one spelling, without article."""
    word = word.translate(_ARABIC)
    return re.sub(r"^(?:و|ب|ل)?ال(?=...)", "", word)


def segments(run: str) -> list[tuple[str, bool]]:
    """A run of Han or hangul cut at the words of the dictionary: (text, whether it is a translation)."""
    words = organisation_words()
    found: list[tuple[str, bool]] = []
    at, rest = 0, ""
    while at < len(run):
        for length in range(min(words.script_longest, len(run) - at), 0, -1):
            piece = run[at : at + length]
            # A single sign is a word only at the end of the run: a bureau, a ministry.
            if piece in words.script and (length > 1 or at + 1 == len(run)):
                if rest:
                    found.append((rest, False))
                    rest = ""
                found.append((words.script[piece], True))
                at += length
                break
        else:
            rest += run[at]
            at += 1
    if rest:
        found.append((rest, False))
    return found


_DOUBLE_FAMILY: Final = (
    "欧阳",
    "司马",
    "诸葛",
    "上官",
    "夏侯",
    "皇甫",
    "东方",
    "남궁",
    "선우",
    "황보",
    "독고",
    "제갈",
)
# Readings that a table of single signs gets wrong in names.
_PINYIN: Final = {
    "朝": "chao",
    "单": "shan",
    "曾": "zeng",
    "解": "xie",
    "仇": "qiu",
    "乐": "le",
    "大": "da",
}


def _pinyin(run: str) -> str:
    return "".join(_PINYIN.get(s) or to_ascii(s).lower().strip() for s in run)


def latin_variants(text: str, is_person: bool) -> list[tuple[str, str]]:
    """The readings of a cleaned name in Latin letters, with their manner.

    Manner is "" for letters, "korean" and "chinese" for syllables, "foreign" for a foreign
    name in Chinese syllables, "vowelless" for consonants.
    """
    if HANGUL.search(text):
        return [(_hangul(text, is_person), "korean")]
    if HAN.search(text):
        return _han(text, is_person)
    if is_vowelless(text):
        return [(_consonants(text, is_person), "vowelless")]
    if not text.isascii():
        words = organisation_words().script
        known = (words.get(w.strip("\"'«»“”.,").lower()) or to_ascii(w) for w in text.split())
        return [(" ".join(known), "")]
    return [(text, "")]


def _hangul(text: str, is_person: bool) -> str:
    def replace(match: re.Match[str]) -> str:
        run = match[0]
        if is_person:
            family = 2 if run[:2] in _DOUBLE_FAMILY else 1
            return (
                " "
                + " ".join(("".join(romanise_hangul(run[:family])), *romanise_hangul(run[family:])))
                + " "
            )
        return _translated(run, lambda piece: "".join(romanise_hangul(piece)))

    return to_ascii(HANGUL.sub(replace, text))


def _han(text: str, is_person: bool) -> list[tuple[str, str]]:
    hanja = person_words().hanja
    # A point parts the words of a foreign name, which is written by its sound.
    is_foreign = is_person and ("·" in text or "・" in text or max(map(len, HAN.findall(text))) > 4)

    def chinese(match: re.Match[str]) -> str:
        run = match[0]
        if not is_person:
            return _translated(run, _pinyin)
        if is_foreign:
            return f" {_pinyin(run)} "
        family = 2 if run[:2] in _DOUBLE_FAMILY and len(run) > 2 else 1
        return f" {_pinyin(run[:family])} {_pinyin(run[family:])} "

    def korean(match: re.Match[str]) -> str:
        if is_person:
            return " " + " ".join(hanja.get(sign, _pinyin(sign)) for sign in match[0]) + " "
        return _translated(match[0], lambda piece: "".join(hanja.get(s, _pinyin(s)) for s in piece))

    found = [(to_ascii(HAN.sub(chinese, text)), "foreign" if is_foreign else "chinese")]
    signs = "".join(HAN.findall(text))
    if all(sign in hanja for sign in signs) or (not is_person and "朝" in signs):
        found.append((to_ascii(HAN.sub(korean, text)), "korean"))
    return found


def _translated(run: str, read: object) -> str:
    assert callable(read)
    return " " + " ".join(t if known else read(t) for t, known in segments(run)) + " "


def _consonants(text: str, is_person: bool) -> str:
    words = {} if is_person else organisation_words().script
    found = []
    for word in re.split(r"[\s\-–—/،,()\"'«»“”]+", text):
        if not word:
            continue
        plain = arabic_word(word)
        known = words.get(plain) or words.get(word) or _feminine(plain, words)
        if known:
            found.append(known)
        elif ARABIC.search(plain):
            # The letter ain begins many names and has no sign in ASCII.
            found.append(to_ascii(plain).lower().replace("'", "") or "a")
        else:
            found.append(to_ascii(word).lower())
    return " ".join(found)


def _feminine(word: str, words: dict[str, str]) -> str | None:
    return words.get(word[:-1] + "ة") if word.endswith("ه") else None
