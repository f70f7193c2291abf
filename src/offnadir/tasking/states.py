"""The one table of what may happen to an order: from which state to which, why, and by whom.

State names are those of STAPI. The figure in the guide is drawn from this table (`tools/draw_states.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from offnadir.errors import OffnadirError


class State(StrEnum):
    """Where an order stands."""

    RECEIVED = "received"
    HELD = "held"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    TASKED = "tasked"
    PROCESSING = "processing"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    USER_CANCELLED = "user_cancelled"
    FAILED = "failed"
    EXPIRED = "expired"


#: What each state means to the customer.
MEANING: Final = {
    State.RECEIVED: "the order arrived and is being checked",
    State.HELD: "a person has to decide, or a time has to pass",
    State.ACCEPTED: "the order waits for its picture",
    State.SCHEDULED: "a picture stands in the plan",
    State.TASKED: "the plan is with the satellite",
    State.PROCESSING: "the picture is being made, checked and delivered",
    State.COMPLETED: "everything that was ordered was delivered",
    State.REJECTED: "the order may not be carried out",
    State.CANCELLED: "the operator withdrew the order",
    State.USER_CANCELLED: "the customer withdrew the order",
    State.FAILED: "the picture could not be made",
    State.EXPIRED: "the time for the order is over",
}

#: States that nothing leaves.
FINAL: Final = frozenset(
    {
        State.COMPLETED,
        State.REJECTED,
        State.CANCELLED,
        State.USER_CANCELLED,
        State.FAILED,
        State.EXPIRED,
    }
)
#: Final states in which the customer got what was ordered: all others give the quota back.
KEEPS_QUOTA: Final = frozenset({State.COMPLETED})
#: Of an order of which some pictures were delivered and the rest cannot be had: it keeps the quota, too.
PART: Final = "part"
#: States that a new hit of screening stops at once. An order that is with the satellite, or received and not
#: checked yet, is stopped by the checks that it has still to pass.
STOPPABLE: Final = frozenset({State.ACCEPTED, State.SCHEDULED, State.PROCESSING})

#: Those who move orders: the checks themselves, and the roles of users.
CHECKS, CUSTOMER, PLANNER, RELEASER = "checks", "customer", "planner", "releaser"
ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Step:
    """One step that an order may take; `words` say to the customer what happened."""

    before: State | None
    after: State
    code: str
    who: tuple[str, ...]
    words: str


def _steps(before: str, after: str, code: str, who: str, words: str) -> list[Step]:
    """One row of the table for each state before."""
    whose = tuple(who.split())
    return [
        Step(State(one) if one != "-" else None, State(after), code, whose, words)
        for one in before.split()
    ]


#: Every step: states before, state after, reason code, who, words.
STEPS: Final[tuple[Step, ...]] = tuple(
    step
    for row in (
        ("-", "received", "placed", "customer planner administrator", "the order arrived"),
        ("received", "rejected", "quota", "checks", "it goes beyond the quota of the month"),
        ("received held", "rejected", "restriction", "checks", "a restriction forbids it"),
        ("received", "held", "not_screened", "checks", "screening has no list yet"),
        ("received", "held", "screening", "checks", "screening found a possible match"),
        ("received held", "held", "permit", "checks", "it needs a permit"),
        ("received", "accepted", "passed", "checks", "it passed all checks"),
        ("held", "accepted", "released", "releaser", "it was looked at and released"),
        ("held", "rejected", "refused", "releaser", "it was looked at and refused"),
        ("held", "accepted", "cleared", "checks", "what held it is no longer there"),
        ("held accepted scheduled", "held", "screening", "checks", "screening found a possible match"),
        ("held accepted scheduled", "received", "amended", "customer planner administrator",
         "the order was changed, and is checked anew"),
        ("accepted", "scheduled", "planned", "planner", "a picture of it was planned"),
        ("accepted", "processing", "archived", "planner", "the archive has a fitting picture"),
        ("accepted scheduled", "failed", "no_opportunity", "planner", "no satellite can take it"),
        ("scheduled", "accepted", "unplanned", "planner", "its picture fell out of the plan"),
        ("scheduled", "tasked", "uplinked", "planner", "the satellite has its plan"),
        ("tasked", "accepted", "missed", "planner", "the picture was not taken"),
        ("tasked", "processing", "downlinked", "planner", "the picture came down"),
        ("processing", "accepted", "retake", "planner", "the picture does not fit; it is taken again"),
        ("processing", "tasked", "resent", "planner", "its data were damaged here; they are sent down again"),
        ("processing", "accepted", "next", "planner", "delivered; the next picture is due later"),
        ("processing", "accepted", "rest", "planner", "a part was delivered; the rest is looked for"),
        ("processing", "failed", "no_product", "planner", "no product could be made"),
        ("processing", "held", "screening", "checks", "screening found a possible match"),
        ("processing", "held", "permit", "checks", "its release needs a permit"),
        ("processing", "held", "delay", "checks", "it may be released only later"),
        ("held", "processing", "released", "releaser", "it was looked at and released"),
        ("held", "processing", "cleared", "checks", "what held it is no longer there"),
        ("held processing", "cancelled", "restriction", "checks", "a restriction forbids its release"),
        ("held", "cancelled", "refused", "releaser", "it was looked at, and its release refused"),
        ("processing", "completed", "delivered", "planner", "it was delivered"),
        ("received held accepted scheduled", "user_cancelled", "withdrawn", "customer",
         "the customer withdrew it"),
        ("received held accepted scheduled tasked processing", "cancelled", "operator",
         "planner administrator", "the operator withdrew it"),
        ("held accepted scheduled processing", "expired", PART, "planner",
         "a part was delivered; the time for the rest is over"),
        ("accepted scheduled", "failed", PART, "planner",
         "a part was delivered; no satellite can take the rest"),
        ("received held accepted scheduled tasked processing", "expired", "deadline", "planner",
         "its time is over"),
    )
    for step in _steps(*row)
)  # fmt: skip
_BY_NAME: Final = {(step.before, step.after, step.code): step for step in STEPS}


class StepError(OffnadirError):
    """An order cannot take this step from where it stands."""

    def __init__(self, order: str, before: State | None, after: str, code: str) -> None:
        self.before, self.after, self.code = before, after, code
        here = sorted({step.after for step in STEPS if step.before == before})
        ways = f"from there it may become {', '.join(here)}" if here else "nothing follows that"
        super().__init__(
            f"order {order} is {before or 'not there'} and cannot become {after} ({code}): {ways}"
        )


def find_step(order: str, before: State | None, after: str, code: str) -> Step:
    """The step in the table; StepError if it has none."""
    known = after in {state.value for state in State}
    step = _BY_NAME.get((before, State(after), code)) if known else None
    if step is None:
        raise StepError(order, before, after, code)
    return step
