"""Stronger rows that say the same about whole numbers: exclusions gathered around instants.

"Not both" (x_a + x_b <= 1) and "not all three" (x_a + x_b + x_c <= 2) bound the value poorly when
fractions are allowed: a half, or two thirds, of everything passes. Two kinds of set say all of it at once:

- a *clique*, columns that exclude each other in pairs: sum <= 1;
- a *two-set*, columns of which no three go together, be it for a triple or for a pair among them: sum <= 2.
  A member that excludes all others of its set counts double.

Both are grown greedily until nothing fits in. Sets of columns are the bits of Python integers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from offnadir.planning._rows import Rows, make_rows

#: Work after which sets are no longer grown, in operations on a set: some 5 s at most.
_MOST_WORK = 5_000_000
#: Up to so many candidates the one that leaves most others is looked for; among more, the first is taken.
_LOOK_AT = 400
#: Rows "at most two of many" beyond this size are passed on as they are: their triples grow as the cube.
_WIDEST_TWO_SET = 150

Row = tuple[list[int], list[int], int]


def lift(rows: Rows, columns: int, halt: Callable[[], bool] = lambda: False) -> Rows:
    """Rows with the same solutions in zeros and ones as `rows`, and fewer in fractions.

    `columns` is how many columns there are. When `halt` says so, sets are grown no further. Rows that
    nothing can break are left out, rows with negative coefficients and resources pass through (divided by
    their common factor). The order of the result follows from the input alone.
    """
    growth = _Growth(columns, halt)
    kept: list[Row] = []
    cliques: list[list[int]] = []
    twos: list[list[int]] = []
    for row in _tidy(rows):
        group, coefficient, limit = row
        size = sorted(coefficient)
        if size[0] <= 0:
            kept.append(row)
        elif size[-1] > limit:
            shut = [c for c, a in zip(group, coefficient, strict=True) if a > limit]
            kept += [([c], [1], 0) for c in shut]
            growth.shut(shut)
            kept.append(row)
        elif size[0] + size[1] > limit:
            cliques.append(group)
        elif (
            len(size) > 2
            and sum(size[:3]) > limit >= size[-1] + size[-2]
            and len(size) <= _WIDEST_TWO_SET
        ):
            twos.append(group)
        else:
            kept.append(row)
            head = _excluding_head(group, coefficient, limit)
            if len(head) > 1:
                cliques.append(head)
    growth.learn_pairs(cliques)
    growth.learn_triples(twos)
    cliques.sort(key=lambda group: (-len(group), group))
    twos.sort(key=lambda group: (-len(group), group))
    kept += growth.grow_cliques(cliques)
    kept += growth.grow_twos(twos)
    return make_rows(kept)


def _tidy(rows: Rows) -> Iterator[Row]:
    """Rows that can be broken, without zeros, divided by the common factor of their coefficients."""
    start, column, coefficient = (
        rows.start.tolist(),
        rows.column.tolist(),
        rows.coefficient.tolist(),
    )
    for i, limit in enumerate(rows.limit.tolist()):
        numbers = coefficient[start[i] : start[i + 1]]
        if sum(a for a in numbers if a > 0) <= limit:
            continue
        group = column[start[i] : start[i + 1]]
        if 0 in numbers:
            group = [c for c, a in zip(group, numbers, strict=True) if a]
            numbers = [a for a in numbers if a]
        factor = math.gcd(*numbers)
        yield group, [a // factor for a in numbers], limit // factor


def _excluding_head(group: list[int], coefficient: list[int], limit: int) -> list[int]:
    """The largest columns of a resource, as many as exclude each other in pairs."""
    order = sorted(range(len(group)), key=lambda k: -coefficient[k])
    head = 1
    while head < len(order) and coefficient[order[head - 1]] + coefficient[order[head]] > limit:
        head += 1
    return sorted(group[k] for k in order[:head])


def _members(bits: int) -> Iterator[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


def _bits(group: list[int]) -> int:
    bits = 0
    for member in group:
        bits |= 1 << member
    return bits


class _Growth:
    """Who excludes whom, and sets grown from it."""

    def __init__(self, columns: int, halt: Callable[[], bool]) -> None:
        self.halt = halt
        self.all = (1 << columns) - 1
        self.apart = [0] * columns  # columns that may not be taken with this one
        self.third: dict[tuple[int, int], int] = {}  # columns that may not join these two, rising
        self.price = 1 + columns // 2_000
        self.work = 0

    def _is_tired(self) -> bool:
        return self.work >= _MOST_WORK or self.halt()

    def shut(self, group: list[int]) -> None:
        """Leave columns out that cannot be taken at all."""
        self.all &= ~_bits(group)

    def learn_pairs(self, cliques: list[list[int]]) -> None:
        for group in cliques:
            bits = _bits(group)
            for member in group:
                self.apart[member] |= bits
        for member in range(len(self.apart)):
            self.apart[member] &= ~(1 << member)

    def learn_triples(self, twos: list[list[int]]) -> None:
        for group in twos:
            bits = _bits(group)
            for k, a in enumerate(group):
                for b in group[k + 1 :]:
                    if not self.apart[a] >> b & 1:
                        rest = bits & ~(1 << a | 1 << b)
                        self.third[a, b] = self.third.get((a, b), 0) | rest

    def _not_with(self, a: int, b: int) -> int:
        """Columns that cannot be the third beside a and b, which do not exclude each other."""
        pair = (a, b) if a < b else (b, a)
        return self.apart[a] | self.apart[b] | self.third.get(pair, 0)

    def grow_cliques(self, seeds: list[list[int]]) -> list[Row]:
        holders = [0] * len(self.apart)  # the sets made so far that hold a column, as bits
        made: list[Row] = []
        for seed in seeds:
            common = -1
            for member in seed:
                common &= holders[member]
            if common:
                continue
            group, near = list(seed), self.all
            for member in seed:
                near &= self.apart[member]
            self.work += len(seed) * self.price
            while near and not self._is_tired():
                best = self._next_in_clique(near)
                group.append(best)
                near &= self.apart[best]
            for member in group:
                holders[member] |= 1 << len(made)
            made.append((group, [1] * len(group), 1))
        return made

    def _next_in_clique(self, near: int) -> int:
        if near.bit_count() > _LOOK_AT:
            return (near & -near).bit_length() - 1
        best, most = -1, -1
        for member in _members(near):
            left = (near & self.apart[member]).bit_count()
            if left > most:
                best, most = member, left
        self.work += near.bit_count() * self.price
        return best

    def grow_twos(self, seeds: list[list[int]]) -> list[Row]:
        holders = [0] * len(self.apart)
        made: list[Row] = []
        for seed in seeds:
            common = -1
            for member in seed:
                common &= holders[member]
            if common or self._is_implied(seed):
                continue
            group = self._grown_two(seed)
            bits = _bits(group)
            for member in group:
                holders[member] |= 1 << len(made)
            double = [2 if bits & ~self.apart[member] == 1 << member else 1 for member in group]
            made.append((group, double, 2))
        return made

    def _is_implied(self, seed: list[int]) -> bool:
        """Whether pairs alone forbid every three of these columns (three of them: any pair does)."""
        if len(seed) > 3:
            return False
        a, b, c = seed
        return bool(self.apart[a] >> b & 1 or self.apart[a] >> c & 1 or self.apart[b] >> c & 1)

    def _grown_two(self, seed: list[int]) -> list[int]:
        group, bits = list(seed), _bits(seed)
        near = self.all & ~bits
        for k, a in enumerate(group):
            for b in group[k + 1 :]:
                if not self.apart[a] >> b & 1:
                    near &= self._not_with(a, b)
        while near and not self._is_tired():
            best, most, best_near = -1, -1, 0
            for member in _members(near):
                left = near & ~(1 << member)
                for other in _members(bits & ~self.apart[member]):
                    left &= self._not_with(member, other)
                    self.work += self.price
                if left.bit_count() > most:
                    best, most, best_near = member, left.bit_count(), left
                if self._is_tired():
                    break
            group.append(best)
            bits |= 1 << best
            near = best_near
        return group
