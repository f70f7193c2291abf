"""The table of states: those of STAPI, each reachable, each with a way out but the final ones."""

from __future__ import annotations

from offnadir.tasking._roles import MAY, ROLES
from offnadir.tasking.states import CHECKS, FINAL, MEANING, STEPS, State

#: STAPI 0.1, order statuses: must, may, and the extensions that the reference backends use.
STAPI = {
    "received", "accepted", "rejected", "completed", "cancelled", "failed", "expired",
    "scheduled", "held", "processing", "reserved", "tasked", "user_cancelled",
}  # fmt: skip


def test_the_states_are_those_of_stapi_without_reservations():
    assert {state.value for state in State} == STAPI - {"reserved"}
    assert set(MEANING) == set(State)


def test_every_step_is_named_once():
    names = [(step.before, step.after, step.code) for step in STEPS]
    assert len(names) == len(set(names))


def test_nothing_leaves_a_final_state_and_every_other_can_end():
    assert not [step for step in STEPS if step.before in FINAL]
    ends = set(FINAL)
    for _ in State:
        ends |= {step.before for step in STEPS if step.before and step.after in ends}
    assert ends == set(State)


def test_every_state_can_be_reached_from_nothing():
    reached: set[State | None] = {None}
    for _ in State:
        reached |= {step.after for step in STEPS if step.before in reached}
    assert reached == {None, *State}


def test_whoever_moves_an_order_has_a_role_that_is_known():
    assert {who for step in STEPS for who in step.who} <= {CHECKS, *ROLES}
    assert {role for roles in MAY.values() for role in roles} <= set(ROLES)


def test_no_customer_moves_an_order_but_to_place_amend_and_withdraw_it():
    own = {(step.after, step.code) for step in STEPS if "customer" in step.who}
    assert own == {
        (State.RECEIVED, "placed"),
        (State.RECEIVED, "amended"),
        (State.USER_CANCELLED, "withdrawn"),
    }


def test_only_releasers_and_checks_free_what_is_held():
    """Save that what is held may be withdrawn, expire, or be changed, and then all checks begin anew."""
    for step in STEPS:
        if step.after is State.RECEIVED:
            continue
        if step.before is State.HELD and step.after not in FINAL:
            assert set(step.who) <= {CHECKS, "releaser"}
