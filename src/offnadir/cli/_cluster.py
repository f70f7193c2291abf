"""Workers of a Dask cluster, for verbs whose work is cut into pieces."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from typing import Any, Final

from offnadir import __version__
from offnadir.errors import InputError, MissingExtraError, OffnadirError

_WAIT_S: Final = 30


@contextmanager
def workers(address: str | None, *, field: str = "--dask") -> Iterator[tuple[Executor | None, int]]:
    """Who does the pieces, and how many at a time: nobody and 2 without an address.

    InputError if nothing answers there, or no worker has this version of offnadir; OffnadirError if
    workers die again and again over a piece, or the scheduler does. What one dead worker had goes to others,
    and where none is left, Dask waits for new ones.
    """
    if address is None:
        yield None, 2
        return
    with cluster(address, field=field) as (executor, hands, _):
        yield executor, hands


@contextmanager
def cluster(address: str, *, field: str) -> Iterator[tuple[Executor, int, Callable[[Any], Any]]]:
    """The same of an address, and a function that takes a thing to every worker, once.

    What it gives stands for the thing among the arguments of a piece.
    """
    try:
        import distributed
        from distributed.comm.addressing import resolve_address
        from distributed.comm.core import CommClosedError
    except ImportError as error:
        raise MissingExtraError(f"{field} needs a library", "dask") from error
    try:
        resolve_address(address)  # a Client that stumbles over it takes a minute to give up
        client = distributed.Client(address, timeout=_WAIT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(field, address, "where a Dask scheduler answers, e.g. tcp://host:8786",
                         hint=_first_line(error)) from error  # fmt: skip
    # its log would show tracebacks of what is told below
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    with client:
        count = _threads_of(client, field, address)
        try:
            # twice as many pieces as hands, so that none waits for the next
            executor: Executor = client.get_executor()
            yield executor, 2 * count, lambda thing: client.scatter(thing, broadcast=True)
        except (
            distributed.KilledWorker,
            CancelledError,
            CommClosedError,
        ) as error:
            raise OffnadirError(
                f"the workers at {address} broke off ({_first_line(error)}); "
                "run it again: what is finished is kept"
            ) from error


def _threads_of(client: Any, field: str, address: str) -> int:
    """Threads of all workers, once each of them has told that its offnadir is ours."""
    try:
        client.wait_for_workers(1, timeout=_WAIT_S)
        told = client.run(_version)
    except Exception as error:  # whatever a worker without offnadir raises
        raise InputError(field, address, "a cluster whose workers can import offnadir",
                         hint=_first_line(error)) from error  # fmt: skip
    other = {name: version for name, version in told.items() if version != __version__}
    if other:
        name, version = next(iter(other.items()))
        wish = f"a cluster whose workers have offnadir {__version__}"
        raise InputError(field, address, wish, hint=f"{name} has {version}")
    return max(sum(int(n) for n in client.nthreads().values()), 1)


def _version() -> str:
    return __version__


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
