"""Answers of which further pages may be asked for, so that no page is searched for anew."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

_MOST: Final = 32
_MOST_FEATURES: Final = 20_000


class Pages:
    """The last answers with several pages, by question and instant; at most so many, and so many features.

    What belongs to another fleet, as its element sets were, is not found.
    """

    def __init__(self, most: int = _MOST, most_features: int = _MOST_FEATURES) -> None:
        self._most, self._most_features = most, most_features
        self._kept: OrderedDict[str, tuple[object, Mapping[str, Any]]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, fleet: object) -> Mapping[str, Any] | None:
        """The answer of a question, if it is still there."""
        with self._lock:
            found = self._kept.get(key)
            if found is None or found[0] is not fleet:
                return None
            self._kept.move_to_end(key)
            return found[1]

    def put(self, key: str, fleet: object, answer: Mapping[str, Any]) -> None:
        """Keep an answer; older ones make room."""
        with self._lock:
            self._kept[key] = (fleet, answer)
            self._kept.move_to_end(key)
            while self._kept and (
                len(self._kept) > self._most or self._features() > self._most_features
            ):
                self._kept.popitem(last=False)

    def _features(self) -> int:
        return sum(len(answer["features"]) for _, answer in self._kept.values())
