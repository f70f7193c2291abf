"""Answers that may be asked for again, whole or for a further page, so that nothing is searched for anew."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

_MOST: Final = 256
_MOST_FEATURES: Final = 20_000


class Pages:
    """The last answers, by what was searched for; at most so many, and so many features.

    What belongs to another fleet, as its element sets were, is not found.
    """

    def __init__(self, most: int = _MOST, most_features: int = _MOST_FEATURES) -> None:
        self._most, self._most_features = most, most_features
        self._kept: OrderedDict[bytes, tuple[object, Mapping[str, Any]]] = OrderedDict()
        self._features = 0
        self._lock = threading.Lock()

    def get(self, key: bytes, fleet: object) -> Mapping[str, Any] | None:
        """The answer of a question, if it is still there."""
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[0] is not fleet:
                return None
            self._kept.move_to_end(key)
            return found[1]

    def put(self, key: bytes, fleet: object, answer: Mapping[str, Any]) -> None:
        """Keep an answer; older ones make room."""
        with self._lock:
            self._drop(self._kept.pop(key, None))
            self._kept[key] = (fleet, answer)
            self._features += len(answer["features"])
            while self._kept and (
                len(self._kept) > self._most or self._features > self._most_features
            ):
                self._drop(self._kept.popitem(last=False)[1])

    def _drop(self, entry: tuple[object, Mapping[str, Any]] | None) -> None:
        if entry is not None:
            self._features -= len(entry[1]["features"])
