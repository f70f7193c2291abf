"""The door to cql2: filters as text, read into JSON."""

from __future__ import annotations

import re
from typing import Any, Final

import cql2

from offnadir.errors import MISSING, InputError

#: Its parser recurses over brackets and operators, and a stack that overflows ends the process: 5000 minus
#: signs do it (cql2 0.6.0).
_MOST_TEXT: Final = 200_000
_MOST_DEPTH: Final = 24
_MOST_WORDS: Final = 2_000
_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?"
_POSITION: Final = rf"{_NUMBER}(?:\s+{_NUMBER}){{1,2}}"
#: Positions of a geometry, which may be many and are not recursed over.
_RING: Final = re.compile(rf"\(\s*{_POSITION}(?:\s*,\s*{_POSITION})*\s*\)")
_WORD: Final = re.compile(r"\w+|[^\w\s]")


def filter_of_text(text: str) -> Any:
    """CQL2 JSON of CQL2 text; InputError for what is none."""
    if len(text) > _MOST_TEXT:
        raise InputError("filter", MISSING, f"at most {_MOST_TEXT} characters")
    words = _WORD.findall(_RING.sub("()", text))
    depth = deepest = 0
    for one in words:
        depth += (one in "([") - (one in ")]")
        deepest = max(deepest, depth)
    if deepest > _MOST_DEPTH or len(words) > _MOST_WORDS:
        wish = f"at most {_MOST_WORDS} words and signs, {_MOST_DEPTH} brackets deep"
        raise InputError("filter", MISSING, wish)
    try:
        return cql2.parse_text(text).to_json()
    except (cql2.ParseError, cql2.ValidationError, ValueError) as error:
        hint = " ".join(str(error).split())[:300]
        raise InputError("filter", text, "CQL2 text, such as gsd < 0.5", hint=hint) from None
