"""Planning: orders that wait, what is on board, and a new plan of both."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from offnadir._database import DatabaseGoneError, sa
from offnadir.epoch import Epoch
from offnadir.errors import InputError, InputProblems, OffnadirError
from offnadir.operations._context import Context
from offnadir.operations._coverage import coverage_of
from offnadir.operations._facts import fact, facts_of, instant, tell
from offnadir.operations._horizon import (
    Contact,
    Fleet,
    plan_start,
    read_fleet,
    read_mission,
    replan,
)
from offnadir.operations._lease import LeaseError
from offnadir.operations._orders import (
    PLANNED_STATES,
    advance,
    find_order,
    fits,
    open_orders,
    step_back,
    step_on,
    version_of,
)
from offnadir.operations._pictures import (
    TO_COME,
    WITHDRAWN,
    Picture,
    Stage,
    add_picture,
    keep_picture,
    move_picture,
    note,
    read_pictures,
)
from offnadir.operations._plans import add_plan, newest_plan, plan_document
from offnadir.operations._reasons import keep_reasons
from offnadir.operations._telling import to_tell
from offnadir.operations._uplinking import as_aboard, book_uplinks, booked, settled
from offnadir.operations._wishes import breach, request_of
from offnadir.tasking.states import PART
from offnadir.units import minute

if TYPE_CHECKING:
    from offnadir.tasking import Placed

#: Pictures that a plan may have to know of.
_IN_PLAN: Final = (*TO_COME, Stage.RECEIVED, Stage.MADE)
_AGAIN_S: Final = 10 * minute
_BAR: Final = "not_before "
_REST: Final = "rest "
_STEP: Final = "plan"
_NAME = re.compile(r'"(o[^"]+)"')


class PlanRefusedError(OffnadirError):
    """The independent checker refuses a plan of ours: a fault of ours, and the plan is not used."""


def plan(here: Context, now: Epoch) -> bool:
    """Make a new plan if one is due; whether it was.

    A plan that cannot be made, or that the checker refuses, changes nothing: what was planned before stays,
    and it is tried again, the later the more often it failed.
    """
    orders = open_orders(here, PLANNED_STATES)
    with here.database.read() as connection:
        why = _why(here, connection, orders, now)
    if why is None:
        return False
    here.book.look_again(_STEP)
    try:
        _plan(here, orders, now, why)
    except (DatabaseGoneError, LeaseError):
        raise
    except (OffnadirError, OSError) as error:
        with here.begin() as connection:
            failed = (instant(connection, "plan_failed") or 0) + 1
            wait_s = min(_AGAIN_S * 2.0 ** (failed - 1), here.operation.horizon.replan_every_s)
            tell(connection, "plan_failed", failed)
            tell(connection, "plan_again_at", (now + wait_s).tai_ns)
            tell(connection, "plan_wanted", why)
        here.say(now, f"no new plan: {error}; trying again in {wait_s / minute:.0f} min")
    return True


def _plan(here: Context, orders: Sequence[Placed], now: Epoch, why: str) -> None:
    with here.database.read() as connection:
        pictures = read_pictures(connection, _IN_PLAN)
        previous = plan_document(connection)
        number = newest_plan(connection) + 1
        told = facts_of(connection, [_BAR + one.id for one in orders])
        bars = {key.removeprefix(_BAR): int(value) for key, value in told.items()}
        told = facts_of(connection, [_REST + one.id for one in orders])
        rests = {key.removeprefix(_REST): value for key, value in told.items()}
        lead = now + here.operation.horizon.uplink_lead_s
        near = booked(connection, lead)
        fixed = settled(connection, near, pictures)
    ids = {one.id for one in orders}
    mine = _of_orders(pictures, ids)
    fixed -= _amended(here, mine, orders, now)
    seen = as_aboard(mine, fixed)
    start = plan_start(now, [one for one in seen if one.stage == Stage.ABOARD])
    fleet = read_fleet(here.operation, start, now + here.operation.horizon.length_s)
    contacts = fleet.next_contacts(lead, near)
    uplinks = {name: one.start for name, one in contacts.items()}
    requests = _requests(orders, fleet, bars, rests, seen)
    here.say(now, f"planning {len(requests)} orders: {why}")
    document: Mapping[str, Any] = {}
    trouble: dict[str, str] = {}
    standing: frozenset[str] = frozenset()
    while requests:
        try:
            made, standing = replan(
                fleet, here.operation, requests, seen, previous or None, uplinks
            )
        except (InputError, InputProblems) as error:
            found = _orders_named(error, requests)
            if not found:
                raise
            trouble |= found
            requests = [one for one in requests if one["name"] not in found]
            continue
        document = {} if made is None else made.document
        if document and not document["check"]["passed"]:
            broken = [v for rule in document["check"]["rules"] for v in rule["violations"]]
            raise PlanRefusedError(f"the checker refuses plan {number}: {'; '.join(broken[:3])}")
        break
    _keep(here, orders, document, number, now, why, contacts, fixed, seen, trouble, lead, standing)


def _why(
    here: Context, connection: sa.Connection, orders: Sequence[Placed], now: Epoch
) -> str | None:
    """Why a plan is due; None if it is not."""
    again = instant(connection, "plan_again_at")
    if again is not None and now.tai_ns < again:
        return None
    wanted = fact(connection, "plan_wanted")
    if wanted is not None:
        return wanted
    if not here.book.has_seen(_STEP):
        known = set((fact(connection, "planned_orders") or "").split())
        if new := {_as_planned(one) for one in orders} - known:
            before = {one.partition("~")[0] for one in known}
            amended = sum(one.partition("~")[0] in before for one in new)
            return f"{amended} amended" if amended == len(new) else f"{len(new)} new"
        live = {one.order_id for one in read_pictures(connection, (Stage.PLANNED,))}
        if gone := live - {one.id for one in orders}:
            return f"{len(gone)} withdrawn or held"
        here.book.note_seen(_STEP)
    last = instant(connection, "planned_at")
    if orders and last is not None and now.tai_ns < last:
        return "the clock went back"
    if (
        orders
        and last is not None
        and now.tai_ns >= last + _ns(here.operation.horizon.replan_every_s)
    ):
        return "the horizon moves on"
    return None


def _as_planned(placed: Placed) -> str:
    """What a plan has looked at: the order as it was then."""
    return f"{placed.id}~{version_of(placed)}"


def next_plan(here: Context, connection: sa.Connection) -> Epoch | None:
    """When the horizon moves on."""
    again = instant(connection, "plan_again_at")
    if again is not None:
        return Epoch(again)
    last = instant(connection, "planned_at")
    if last is None or not fact(connection, "planned_orders"):
        return None
    return Epoch(last + _ns(here.operation.horizon.replan_every_s))


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)


def _of_orders(pictures: Sequence[Picture], ids: set[str]) -> list[Picture]:
    """Pictures of open orders as the planner sees them: a strip that came down needs no other."""
    waiting = {one.order_id for one in pictures if one.stage in TO_COME}
    found = []
    for one in pictures:
        if one.order_id not in ids or one.plan == 0:
            continue
        if one.stage in TO_COME:
            found.append(one)
        elif one.collection.get("strip") is not None and one.order_id in waiting:
            found.append(replace(one, stage=Stage.ABOARD))
    return found


def _amended(
    here: Context, pictures: Sequence[Picture], orders: Sequence[Placed], now: Epoch
) -> set[str]:
    """Ids of pictures that do not serve their orders any more, as these are now."""
    known = {one.id: one for one in orders}
    doubtful = [one for one in pictures if not fits(known[one.order_id], one, now)]
    if not doubtful:
        return set()
    fleet = read_mission(here.operation, now, now + minute).satellites
    cameras = {one.name: one.sensor.name for one in fleet}
    return {
        one.id
        for one in doubtful
        if not fits(known[one.order_id], one, now, cameras.get(one.satellite))
    }


def _requests(
    orders: Sequence[Placed],
    fleet: Fleet,
    bars: Mapping[str, int],
    rests: Mapping[str, str],
    pictures: Sequence[Picture],
) -> list[dict[str, Any]]:
    """What is asked of the planner; an order whose picture is on board keeps its old window."""
    aboard = {one.order_id for one in pictures if one.stage == Stage.ABOARD}
    found = []
    for one in orders:
        bar = bars.get(one.id)
        before = None if bar is None or one.id in aboard else Epoch(bar)
        rest = rests.get(one.id)
        left = None if rest is None else json.loads(rest)
        entry = request_of(one.id, one.order, fleet.span, before, left, fleet.sensors)
        if entry is not None:
            found.append(entry)
    return found


def _orders_named(
    error: InputError | InputProblems, requests: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Orders of which the planner says that they cannot be planned, and why."""
    problems = error.problems if isinstance(error, InputProblems) else (error,)
    names = {str(one["name"]) for one in requests}
    return {
        name: f"must be {one.wish}"
        for one in problems
        for name in _NAME.findall(one.field)
        if name in names
    }


def _keep(
    here: Context, orders: Sequence[Placed], document: Mapping[str, Any], number: int, now: Epoch,
    why: str, contacts: Mapping[str, Contact], fixed: frozenset[str], seen: Sequence[Picture],
    trouble: Mapping[str, str], lead: Epoch, standing: frozenset[str],
) -> None:  # fmt: skip
    """The new plan, its pictures, their orders and the uplinks that bring it up: all in one transaction."""
    by_id = {one.id: one for one in orders}
    coverages = {name: coverage_of(here.database, name) for name in trouble}
    with here.begin() as connection:
        present = {
            (one.order_id, one.satellite, one.collection["start"]): one
            for one in read_pictures(connection, _IN_PLAN)
        }
        amended = {
            name
            for name in {one["request"] for one in document.get("collections", ())} | set(trouble)
            if version_of(find_order(here, connection, name)) != version_of(by_id[name])
        }
        kept, fresh, barred = _taken(connection, by_id, amended, document, number, now, present)
        near = {
            one.id for one in seen if one.stage == Stage.ABOARD
        }  # of those that are still planned
        gone = [
            one
            for one in present.values()
            if one.id not in kept
            and one.id not in (near if one.stage == Stage.PLANNED else standing)
        ]
        _part_with(here, connection, gone, now)
        for one in present.values():  # settled, and gone by what the contact after that may change
            later = one.satellite in contacts and one.start >= contacts[one.satellite].start
            if one.id in near & fixed and one.id not in kept | standing and later:
                note(connection, one.id, WITHDRAWN)
        pictures = read_pictures(connection, (Stage.PLANNED, Stage.ABOARD))
        for one in pictures:
            if one.id not in kept or one.stage != Stage.PLANNED:
                continue
            # what was amended meanwhile may be served by it all the same
            is_same = one.order_id not in amended
            if is_same or fits(find_order(here, connection, one.order_id), one, now):
                step_on(here, connection, one, "scheduled", now,
                        f"{one.satellite}, {one.start.utc(0)}")  # fmt: skip
        for name, words in trouble.items():
            if name not in amended and by_id[name].state in ("accepted", "scheduled"):
                coverage = coverages.get(name)
                part = coverage is not None and bool(coverage.pictures)
                told = f"{words}; {coverage.words}" if coverage is not None and part else words
                advance(
                    here, connection, name, "failed", PART if part else "no_opportunity", detail=told,
                    key=f"plan {number}",
                )  # fmt: skip
                to_tell(connection, by_id[name])
        if document:
            add_plan(connection, number, document, now, why)
            keep_reasons(connection, document["requests"], by_id)
        changed = {
            one.satellite
            for one in pictures
            if one.satellite in contacts
            and one.start >= contacts[one.satellite].start
            and ((one.stage == Stage.PLANNED and one.id not in fixed) or one.told == WITHDRAWN)
        }
        book_uplinks(connection, [contacts[s] for s in sorted(changed)], number, lead)
        tell(connection, "plan_wanted", "another pass is looked for" if barred else None)
        tell(connection, "planned_at", now.tai_ns)
        tell(connection, "plan_again_at", None)
        tell(connection, "plan_failed", None)
        left = [_as_planned(one) for one in orders if one.id not in trouble]
        tell(connection, "planned_orders", " ".join(left) or None)
    here.say(now, f"plan {number}: {len(kept)} pictures, {fresh} of them new")


def _taken(
    connection: sa.Connection, orders: Mapping[str, Placed], amended: Collection[str],
    document: Mapping[str, Any], number: int, now: Epoch, present: Mapping[tuple[str, str, str], Picture],
) -> tuple[set[str], int, bool]:  # fmt: skip
    """The ids of a plan's pictures, how many are new, and whether one broke what its order asks for.

    The next plan sees to orders that were `amended` while this one was made.
    """
    stations = {one["id"]: one["station"] for one in document.get("contacts", ())}
    kept, fresh, barred = set[str](), 0, False
    for entry in document.get("collections", ()):
        collection = {**entry, "station": stations.get(entry.get("contact"))}
        placed = orders[entry["request"]]
        is_same, version = placed.id not in amended, version_of(placed)
        known = present.get((entry["request"], entry["satellite"], entry["start"]))
        # at the same instant, but of another place, it is another picture: the old one may be handed over
        if known is not None and known.collection.get("aim") == entry["aim"]:
            kept.add(known.id)
            if known.stage in TO_COME and is_same:
                keep_picture(connection, known, collection, number, version)
            continue
        if not is_same:
            continue
        if breach(placed.order, entry) is not None:  # looked for after this pass
            stop = Epoch.from_utc(entry["stop"]) + 60.0
            tell(connection, f"{_BAR}{placed.id}", stop.tai_ns)
            barred = True
            continue
        fresh += 1
        kept.add(add_picture(connection, placed.id, collection, number, now, version))
    return kept, fresh, barred


def _part_with(
    here: Context, connection: sa.Connection, pictures: Sequence[Picture], now: Epoch
) -> None:
    """Pictures that the new plan does not have: the satellite must be told of those it knows already."""
    for one in pictures:
        if one.stage == Stage.PLANNED:
            move_picture(connection, one, Stage.DROPPED, now, "fell out of the plan")
            step_back(here, connection, one, now, "there is a new plan")
        elif one.stage == Stage.ABOARD and one.start > now and one.told != WITHDRAWN:
            note(connection, one.id, WITHDRAWN)
