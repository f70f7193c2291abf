"""Distances between strings and letters of other scripts: the only file that knows rapidfuzz and anyascii."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from offnadir.errors import MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _missing(error: ImportError) -> MissingExtraError:
    return MissingExtraError(f"screening needs {error.name}", "operations")


@cache
def _rapidfuzz() -> tuple[Any, Any]:
    try:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA
    except ImportError as error:
        raise _missing(error) from error
    return process, OSA


@cache
def _anyascii() -> Any:
    try:
        from anyascii import anyascii
    except ImportError as error:
        raise _missing(error) from error
    return anyascii


def to_ascii(text: str) -> str:
    """`text` in ASCII letters, every script by its own rules of transliteration."""
    return text if text.isascii() else str(_anyascii()(text))


def edits(a: str, b: str) -> int:
    """Letters to insert, delete, replace or swap with their neighbour to make `b` of `a`."""
    return int(_rapidfuzz()[1].distance(a, b))


def likeness(a: str, b: str) -> float:
    """1 for equal, less by the edits as a share of the longer string, 0 for nothing in common."""
    return float(_rapidfuzz()[1].normalized_similarity(a, b))


def likeness_table(
    queries: Sequence[str], choices: Sequence[str], least: float
) -> NDArray[np.float32]:
    """`likeness` of every query (rows) with every choice (columns); 0 where it is below `least`."""
    import numpy as np

    process, osa = _rapidfuzz()
    table = process.cdist(
        queries,
        choices,
        scorer=osa.normalized_similarity,
        score_cutoff=least,
        dtype=np.float32,
        workers=1,
    )
    return np.asarray(table, dtype=np.float32)
