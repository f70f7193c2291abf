"""A database that is really gone for a minute while a picture is made, and what becomes of the order.

    python benchmarks/outage.py WORK

Needs PostgreSQL. The server is stopped as by a power cut (`pg_ctl -m immediate stop`), and started again
60 s later by the real clock.
"""

import json
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from offnadir.operations import open_operation, run
from offnadir.tasking import verify
from support.faults import NOON, codes_of, start
from support.operation import Tape, make_tape
from support.postgresql import cluster

GONE_S = 60.0

if __name__ == "__main__":
    work = Path(sys.argv[1])
    work.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    with cluster() as server:
        path, _ = start(work, database=server.url)
        tape = Tape(make_tape(work / "level1"))
        stopped: list[float] = []

        def strike(*words: object) -> None:
            if not stopped:
                server.stop("immediate")
                stopped.append(time.monotonic())
                threading.Timer(GONE_S, server.start).start()

        with open_operation(path, spacecraft=tape, say=lambda at, text: said.append(text)) as here:
            here.report = strike
            here.lease.take()
            run(here, until=NOON)
            here.lease.give_back()
            whole = verify(here.desk.audit).is_whole
        waited = [one for one in said if "trying again in" in one]
        print(
            json.dumps(
                {
                    "history": codes_of(path),
                    "asked_down": len(tape.asked),
                    "log_is_whole": whole,
                    "waits": len(waited),
                    "seconds_from_stop_to_end": round(time.monotonic() - stopped[0], 1),
                    "first": waited[0] if waited else None,
                },
                indent=1,
            )
        )
