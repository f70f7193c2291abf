"""Which names fit onto a map at which magnification."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# Screen pixels for one unit of the drawing from which on the names of a level are shown: the last level
# is for those that nothing but selecting brings out. report.css and report.js hold the same numbers.
LEVELS = (0.35, 0.65, 1.1, 2.2, 4.4, 9.0, 18.0, 36.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A name beside a place on the drawing: to its right, or to its `left`."""

    x: float
    y: float
    text: str
    left: bool = False

    @property
    def width_px(self) -> float:
        """About how wide it is at 11 px; full-width letters count twice."""
        return sum(11.5 if unicodedata.east_asian_width(c) in "WF" else 6.2 for c in self.text)


def reveal_levels(labels: Sequence[Label]) -> list[int]:
    """For each label, in order of importance, the first level at which it is clear of those shown.

    Names are of one size on the screen, so names that are clear of each other stay so when magnified.
    """
    count = len(labels)
    at = np.array([(label.x, label.y) for label in labels], np.float64).reshape(count, 2)
    width = np.array([label.width_px + 4 for label in labels])
    offset = np.array(
        [-9.0 - w if label.left else 9.0 for label, w in zip(labels, width, strict=True)]
    )
    found = np.full(count, len(LEVELS))
    for level, px_per_unit in enumerate(LEVELS):
        spot = at[:, 0] * px_per_unit
        left = spot + offset
        y = at[:, 1] * px_per_unit
        for i in range(count):
            if found[i] < level:
                continue
            shown = found <= level
            low, high = left[i], left[i] + width[i]
            over = (left < high) & (low < left + width) & (np.abs(y - y[i]) < 14)
            marks = (spot - 6 < high) & (low < spot + 6) & (np.abs(y - y[i]) < 12)
            marks[i] = False
            if not np.any(shown & over) and not np.any(marks):
                found[i] = level
    return [int(level) for level in found]
