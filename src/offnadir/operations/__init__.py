"""Operations: the mission loop, from orders to deliveries, on a clock."""

from offnadir.operations._config import Operation, read_operation
from offnadir.operations._context import Context
from offnadir.operations._coverage import Coverage, coverage_of
from offnadir.operations._horizon import read_mission
from offnadir.operations._lease import LeaseError
from offnadir.operations._open import admit_loop, open_desk_of, open_operation
from offnadir.operations._reasons import reason_in_words, reason_of, times_left
from offnadir.operations._status import Status, status_of
from offnadir.operations.loop import run

__all__ = [
    "Context",
    "Coverage",
    "LeaseError",
    "Operation",
    "Status",
    "admit_loop",
    "coverage_of",
    "open_desk_of",
    "open_operation",
    "read_mission",
    "read_operation",
    "reason_in_words",
    "reason_of",
    "run",
    "status_of",
    "times_left",
]
