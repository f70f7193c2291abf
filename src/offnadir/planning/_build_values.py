"""What pictures are worth to the solver: whole numbers, with strict tiers as factors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from offnadir.errors import InputError
from offnadir.planning.model import Cover, Request
from offnadir.planning.problem import Curve

Array = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Parts of an area in the solver: this is the whole of it.
WHOLE: Final = 100_000
#: No plan may be worth more than this, so that sums and products in the solver keep to 63 bits.
_MOST: Final = 2**60
_FINEST: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Worth:
    """How values become whole numbers: `scale` times the value, rounded, times the `factor` of the request.

    One unit of a tier is worth more than all that the tiers below it can bring together.
    """

    scale: float
    factor: IntArray

    def of(self, request: int, value: float | Array) -> IntArray:
        """Values of pictures of a request; at least one unit."""
        units = np.maximum(np.rint(np.asarray(value, np.float64) * self.scale), 1.0)
        return np.asarray(units.astype(np.int64) * self.factor[request], np.int64)


def worth_of(requests: Sequence[Request], change_price: float) -> Worth:
    """The finest scale, a power of ten, at which the whole mission keeps to 60 bits.

    With one tier values count in millionths. With several they count in coarser units, for each tier's unit
    has to outweigh the tiers below: with three tiers of a hundred requests of weight 1 in thousandths.
    """
    most = _MOST // (WHOLE if any(one.cover for one in requests) else 1)
    scale = _FINEST
    while scale >= 1e-3:
        factor, total = _factors(requests, change_price, scale)
        if total < most:
            return Worth(scale=scale, factor=np.array(factor, np.int64))
        scale /= 10.0
    heaviest = max(requests, key=lambda one: one.weight)
    raise InputError("weight", heaviest.weight, "so small that all tiers together can be counted")


def _factors(
    requests: Sequence[Request], change_price: float, scale: float
) -> tuple[list[int], int]:
    """Factor of each request, and what all together are worth at most."""
    by_tier, total = dict[int, int](), 0
    for tier in sorted({one.tier for one in requests}, reverse=True):
        by_tier[tier] = total + 1
        units = sum(
            math.ceil(one.weight * _pictures(one) * (1.0 + change_price) * scale) + _pictures(one)
            for one in requests
            if one.tier == tier
        )
        total += units * by_tier[tier]
    return [by_tier[one.tier] for one in requests], total


def _pictures(request: Request) -> int:
    if request.repeat is not None:
        return request.repeat.count
    return 1 if request.stereo is None else request.stereo.views


def cover_curve(cover: Cover, most: int, best_quality: float) -> Curve:
    """The value of a request in strips by what the solver adds up: share times quality, in parts of WHOLE.

    The area's value is curve(S) times mean quality, S the covered share. With every strip of the best
    quality q that is q * curve(X / q), X the sum of shares times quality; so it is taken here. Where they
    differ, X / q is less than S, and hollow curves are counted a little low, bulging ones a little high.
    """
    share = [round(x * best_quality * WHOLE) for x, _ in cover.curve]
    value = [math.floor(y * best_quality * most) for _, y in cover.curve]
    kept = [i for i in range(len(share)) if i == 0 or share[i] > share[i - 1]]
    if len(kept) < 2:
        return Curve(share=np.array([0, 1]), value=np.array([0, max(value)]))
    return Curve(share=np.array(share)[kept], value=np.array(value)[kept])
