"""Who evaluates designs: this process, processes of this machine, or the workers of a cluster."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from typing import Any, Final, Protocol

from offnadir.errors import OffnadirError

#: One job: what is common to all, and what is its own.
Job = Callable[[Any, Any], Any]
_AHEAD: Final = 2  # jobs in work for each hand, so that none waits for the next
_MOST_BREAKS: Final = 3  # of processes one after the other, without a result in between


class Team(Protocol):
    """Does jobs and gives results as they are finished, with the place of each in the list."""

    def do(self, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Results in any order; every job gives one, or an error ends it all."""


class Alone:
    """Everything is done here, one after the other."""

    def __init__(self, job: Job, common: Any) -> None:
        self._job, self._common = job, common

    def do(self, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Results in order."""
        for place, one in enumerate(jobs):
            yield place, self._job(self._common, one)


class Processes:
    """Processes of this machine. What is common goes to each once, when it starts.

    Where a process dies, new ones begin and do what is not done; after three deaths in a row without a
    result it is given up.
    """

    def __init__(self, job: Job, common: Any, count: int) -> None:
        self._job, self._common, self._count = job, common, count
        self._pool: ProcessPoolExecutor | None = None
        self.deaths = 0

    def do(self, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Results as they come."""
        left = dict(enumerate(jobs))
        breaks = 0
        while left:
            pool = self._started()
            try:
                for place, result in _spread(pool, _job_of_process, left, self._count):
                    breaks = 0
                    del left[place]
                    yield place, result
            except BrokenExecutor as error:
                self.close()
                self.deaths += 1
                breaks += 1
                if breaks >= _MOST_BREAKS:
                    raise OffnadirError(
                        f"worker processes died {breaks} times in a row, perhaps for want of memory; "
                        "run it again with fewer --workers: what is finished is kept"
                    ) from error

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # not fork: threads of numba and of this process would not come along, their locks would
            self._pool = ProcessPoolExecutor(
                self._count,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._job, self._common),
            )
        return self._pool

    def close(self) -> None:
        """Let the processes go; jobs that have not begun are dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


class Cluster:
    """Workers behind any executor. `common` may be what Dask's `scatter` gave: then it goes there once."""

    def __init__(self, job: Job, common: Any, executor: Executor, count: int) -> None:
        self._job, self._common, self._executor, self._count = job, common, executor, count

    def do(self, jobs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Results as they come."""
        left = dict(enumerate(jobs))
        yield from _spread(self._executor, self._job, left, self._count, first=(self._common,))


def _spread(
    pool: Executor,
    job: Callable[..., Any],
    jobs: dict[int, Any],
    hands: int,
    first: Sequence[Any] = (),
) -> Iterator[tuple[int, Any]]:
    """Hand out jobs, a few ahead, and give results as they come; drops the rest if it is left early."""
    waiting = iter(list(jobs.items()))
    running: dict[Future[Any], int] = {}
    try:
        while True:
            while len(running) < _AHEAD * hands and (one := next(waiting, None)) is not None:
                running[pool.submit(job, *first, one[1])] = one[0]
            if not running:
                return
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=running.__getitem__):
                place = running.pop(future)
                yield place, future.result()
    finally:
        for future in running:
            future.cancel()


_here: list[Any] = []


def _begin(job: Job, common: Any) -> None:
    """In a new process: keep what is common; one thread each, as there are as many processes as cores."""
    import signal
    import threading

    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's Ctrl-C ends the pool in order
    _here[:] = [job, common]


def _end_with(parent: Any) -> None:
    """Whoever is killed tells nobody: without this his processes would wait for jobs for ever."""
    parent.join()
    os._exit(1)


def _job_of_process(one: Any) -> Any:
    job, common = _here
    return job(common, one)


def cores() -> int:
    """How many cores this process may use."""
    try:
        return max(len(os.sched_getaffinity(0)), 1)
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
