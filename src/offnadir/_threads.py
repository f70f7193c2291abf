"""Work on many pieces at once, whose results come in order: by threads, or by whoever takes pieces.

Anything with the `submit` of concurrent.futures does: pools of threads or processes, Dask's
`Client.get_executor()`. What works there must be pickled. It is pickled once, and a process that has
unpacked it keeps it for the next pieces: files that it opened stay open, elevation models stay read.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

from offnadir.errors import OffnadirError

_In = TypeVar("_In")
_Out = TypeVar("_Out")
#: Works that a process keeps unpacked. One job after another is done; two may meet at the seam.
_KEPT: Final = 2
_unpacked: OrderedDict[bytes, Callable[[Any], Any]] = OrderedDict()
_unpacking = threading.Lock()


def in_order(
    work: Callable[[_In], _Out],
    items: Iterable[_In],
    threads: int,
    executor: Executor | None = None,
) -> Iterator[tuple[_In, _Out]]:
    """Items and what work makes of them; the rest is called off if one fails.

    `threads` and one more are in work or wait to be taken at a time, which bounds the memory. With an
    executor it does the work. OffnadirError if its workers die.
    """
    if executor is None:
        with ThreadPoolExecutor(max(1, threads)) as pool:
            yield from _taken(lambda item: pool.submit(work, item), items, threads)
        return
    # a token of its own: files may have changed since a work that looks the same was unpacked
    token, packed = os.urandom(16), pickle.dumps(work)
    try:
        yield from _taken(
            lambda item: executor.submit(_at_work, token, packed, item), items, threads
        )
    except BrokenExecutor as error:
        raise OffnadirError(
            f"the workers broke off ({error}); run it again: what is finished is kept"
        ) from error


def _taken(
    submit: Callable[[_In], Future[_Out]], items: Iterable[_In], ahead: int
) -> Iterator[tuple[_In, _Out]]:
    waiting: deque[tuple[_In, Future[_Out]]] = deque()
    try:
        for item in items:
            waiting.append((item, submit(item)))
            if len(waiting) > ahead:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


def _at_work(token: bytes, packed: bytes, item: Any) -> Any:
    """Do a piece in another process."""
    with _unpacking:
        work = _unpacked.get(token)
        if work is None:
            work = _unpacked[token] = pickle.loads(packed)  # noqa: S301 - our own, of this job
            while len(_unpacked) > _KEPT:
                _unpacked.popitem(last=False)
    try:
        return work(item)
    except OffnadirError as error:
        # what a library raised before may not be fit for pickling, and then nothing of it arrives
        error.__cause__ = error.__context__ = None
        raise
