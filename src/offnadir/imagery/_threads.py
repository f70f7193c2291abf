"""Work on many pieces by some threads, whose results come in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


def in_order(
    work: Callable[[_In], _Out], items: Iterable[_In], threads: int
) -> Iterator[tuple[_In, _Out]]:
    """Items and what work makes of them, a few in work at a time; the rest is called off if one fails."""
    with ThreadPoolExecutor(max(1, threads)) as pool:
        waiting: deque[tuple[_In, Future[_Out]]] = deque()
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) > threads:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            for _, future in waiting:
                future.cancel()
