"""Keys by which two spellings of one sound are alike: general, consonants only, Korean, Chinese."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_MILD: Final = (
    (re.compile("tsch|tch"), "ch"),
    (re.compile("shch|sch"), "sh"),
    (re.compile("dzh|dj"), "j"),
    (re.compile("ph"), "f"),
    (re.compile("ck|q"), "k"),
    (re.compile("w"), "v"),
    (re.compile("ou|oo"), "u"),
    (re.compile("ee|iy|yi|ij|ii|yy"), "i"),
    (re.compile("y|j(?![aeiou])"), "i"),
    (re.compile("(?<=[^aeiou])j(?=[aeiou])|(?<=[aeiou])j(?=[aeiou])"), "j"),
    (re.compile(r"(.)\1+"), r"\1"),
    (re.compile("(?<=[ao])h$"), ""),
    (re.compile("(?<=.)[ou]l+a$"), "ula"),
)
_STRONG: Final = (
    (re.compile("kh|gh"), lambda m: "h" if m[0] == "kh" else "g"),
    (re.compile("th|dh"), lambda m: m[0][0]),
    (re.compile("zh"), "j"),
    (re.compile("ts|tz|cz"), "s"),
    (re.compile("^x"), "sh"),
    (re.compile("x"), "ks"),
    (re.compile("c(?=[ei])"), "s"),
    (re.compile("c(?!h)"), "k"),
    (re.compile("g"), "k"),
    (re.compile("z"), "s"),
    (re.compile("v"), "f"),
    (re.compile("e"), "i"),
    (re.compile("o"), "u"),
    (re.compile("[ai]i"), "i"),
    (re.compile(r"(.)\1+"), r"\1"),
)
_VOWELS: Final = re.compile("[aeiouv]")


@lru_cache(maxsize=200_000)
def mild(word: str) -> str:
    """The word without the differences that transliterations make: q and k, w and v, ou and u, y and i."""
    for pattern, by in _MILD:
        word = pattern.sub(by, word)
    return word


@lru_cache(maxsize=200_000)
def strong(word: str) -> str:
    """A coarser key: also e and i, o and u, g and k, z and s, kh and h."""
    word = mild(word)
    for pattern, by in _STRONG:
        word = pattern.sub(by, word)
    return word


@lru_cache(maxsize=200_000)
def consonants(word: str) -> str:
    """The consonants of the strong key, as scripts without vowels write a name."""
    found = _VOWELS.sub("", strong(word.replace("w", "").replace("y", "")))
    found = re.sub(
        r"(.)\1+", r"\1", found.replace("b", "p")
    )  # Arabic writes p as b, Khmer likewise
    return found[:-1] if found.endswith("h") and len(found) > 2 else found


_SYLLABLE: Final = (
    "(?:kk|tt|pp|ss|jj|tch|ch|kh|th|ph|sh|hw|[gkdtbpjsnmrlh])?"
    "[yw]?(?:eui|eo|eu|ae|oe|oi|ui|oo|ee|ou|uh|ai|[aeiou])(?:ng(?![aeiouyw])|ng|ck|[kglnmptbr](?![aeiouyw]))?"
)
_KOREAN: Final = re.compile(f"(?:{_SYLLABLE}){{1,3}}")
_KOREAN_KEY: Final = (
    (re.compile("ng(?![aeiouyw])"), "N"),
    (re.compile("ng"), "N"),
    (re.compile("tch|ch|jj|j"), "C"),
    (re.compile("kk|kh|ck|k|g"), "K"),
    (re.compile("tt|th|t|d"), "T"),
    (re.compile("pp|ph|p|b"), "P"),
    (re.compile("ss|sh|s"), "S"),
    (re.compile("^[rl](?=[iy])"), ""),
    (re.compile("r|l"), "L"),
    (re.compile("ae|ai|oe|oi|e(?![ou])"), "E"),
    (re.compile("eui|ui|ee|i"), "I"),
    (re.compile("w(?=o)|eo|eu|oo|ou|o|u"), "O"),
    (re.compile("OO+"), "O"),
    (re.compile("^[yY](?=I)"), ""),
)


@lru_cache(maxsize=100_000)
def korean(word: str) -> str:
    """One key for the romanisations of a Korean name; "" for what cannot be one.

    Revised (jeong), McCune-Reischauer (cho'ng), the north's (jong) and usual spellings (jung, chung).
    """
    if len(word) > 10 or not _KOREAN.fullmatch(word):
        return ""
    for pattern, by in _KOREAN_KEY:
        word = pattern.sub(by, word)
    return word


_CHINESE_KEY: Final = (
    (re.compile("zh|ch|j|q"), "C"),
    (re.compile("hs|sh|x"), "S"),
    (re.compile("tz|ts|z|c(?!h)"), "Z"),
    (re.compile("b|p"), "P"),
    (re.compile("d|t"), "T"),
    (re.compile("g(?!$)|k"), "K"),
    (re.compile("ueh|yue|ue"), "UE"),
    (re.compile("ien|ian|yan|yen"), "IAN"),
    (re.compile("ung|ong"), "UNG"),
    (re.compile("ih|i"), "I"),
    (re.compile("ou|uo|o|eh|e"), "E"),
)


@lru_cache(maxsize=100_000)
def chinese(word: str) -> str:
    """One key for pinyin and Wade-Giles, without tones and breaths."""
    for pattern, by in _CHINESE_KEY:
        word = pattern.sub(by, word)
    return word
