"""The desk: where orders are placed, looked up, decided on and moved along."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from offnadir._database import Database, sa
from offnadir.epoch import Epoch
from offnadir.tasking import (
    _amending,
    _audit_read,
    _changes,
    _checks,
    _deciding,
    _keys,
    _moves,
    _people,
    _placing,
    _release,
    _rescreen,
    _views,
)
from offnadir.tasking._amending import Quote
from offnadir.tasking._audit import AuditLog, Entry, Head, turn
from offnadir.tasking._audit_verify import AuditReport
from offnadir.tasking._changes import Changes
from offnadir.tasking._checks import Roled, Ruling
from offnadir.tasking._contracts import ScreenerLike, VerdictLike
from offnadir.tasking._holds import Cause, Hold
from offnadir.tasking._keys import SCOPES, ApiKey
from offnadir.tasking._moves import Placed
from offnadir.tasking._order import Order
from offnadir.tasking._people import Customer, User
from offnadir.tasking._release import Product, Release
from offnadir.tasking._rescreen import Rescreened
from offnadir.tasking._stand import Seen
from offnadir.tasking._views import OrderView, Page


def system_clock() -> Epoch:
    """Now, by the clock of this machine."""
    return Epoch.from_utc_ns(time.time_ns())


def _judge(packs: Sequence[Any], question: Any) -> VerdictLike:
    from offnadir.tasking.policy import judge

    verdict: VerdictLike = judge(packs, question)
    return verdict


@dataclass(frozen=True, slots=True)
class Desk:
    """Orders of one database, with the lists and packs by which they are checked, and a clock.

    Every change is one transaction with its entry in the audit log: a crash at any instant leaves it whole
    or not there. Without a `screener` nobody can be screened, and every order is held. `operator` are facts
    about who takes the pictures, by names of `Question`: operator, operator_country, ground, licences.
    `refuses_url` says why nothing is posted to a webhook, "" if it may be.

    `by` is always the name of the user who acts. Raises RefusedError for what his roles do not allow (the
    refusal is in the audit log), UnknownNameError, StepError, InputError and InputProblems.
    """

    database: Database
    screener: ScreenerLike | None
    packs: Sequence[Any]
    clock: Callable[[], Epoch] = system_clock
    operator: Mapping[str, Any] = field(default_factory=dict)
    judge: Callable[[Sequence[Any], Any], VerdictLike] = field(default=_judge, repr=False)
    refuses_url: Callable[[str], str] = field(default=lambda url: "", repr=False)
    screened_with: str = field(init=False, repr=False)
    seen: Seen = field(init=False, repr=False, compare=False, default_factory=Seen)

    def __post_init__(self) -> None:
        object.__setattr__(self, "screened_with", _checks.screened_with(self.screener))

    @property
    def audit(self) -> AuditLog:
        """The audit log of the same database."""
        return AuditLog(self.database)

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction for several changes that take `within`; it writes refusals to the log at its end.

        Nothing else that writes may be called in it: it has the only turn.
        """
        with _people.recording_refusals(self), turn(self.database) as connection:
            yield connection

    # People

    def first_user(self, name: str) -> bool:
        """Make `name` the administrator of a database that has no users yet; whether that was so."""
        return _people.settle_first_user(self, name)

    def add_user(
        self, name: str, roles: Sequence[str], *, by: str, customer: str | None = None
    ) -> User:
        """Add a user or change one: roles of `ROLES`; who has the role customer needs a customer."""
        return _people.add_user(self, name, roles, customer=customer, by=by)

    def has_user(self, name: str, *, role: str) -> bool:
        """Whether there is a user of that name with that role."""
        with self.database.read() as connection:
            return _people.has_role(connection, name, role)

    def find_user(self, name: str) -> User | None:
        """The user of that name."""
        with self.database.read() as connection:
            return _people.find_user(connection, name)

    def users(self, *, by: str) -> list[User]:
        """All users."""
        return _people.list_users(self, by=by)

    def add_customer(
        self,
        document: object,
        *,
        by: str,
        quota_pictures: int | None = None,
        quota_km2: float | None = None,
    ) -> Customer:
        """Add a customer by a table with name, kind, country and so on, and screen it."""
        return _people.add_customer(
            self, document, quota_pictures=quota_pictures, quota_km2=quota_km2, by=by
        )

    def customers(self, *, by: str, limit: int = 1000, after: str | None = None) -> list[Customer]:
        """Customers in the order in which they came."""
        return _people.list_customers(self, by=by, limit=limit, after=after)

    # Keys for programs

    def add_key(
        self,
        user: str,
        *,
        by: str,
        scopes: Sequence[str] = tuple(SCOPES),
        label: str = "",
        ends: Epoch | None = None,
    ) -> tuple[ApiKey, str]:
        """A new API key of a user, and its text, which is told only now."""
        return _keys.add_key(self, user, by=by, scopes=scopes, label=label, ends=ends)

    def revoke_key(self, key: str, *, by: str) -> ApiKey:
        """End a key by its id."""
        return _keys.revoke_key(self, key, by=by)

    def keys(self, *, by: str) -> list[ApiKey]:
        """All keys, without their texts."""
        return _keys.list_keys(self, by=by)

    def open_key(self, text: str) -> tuple[ApiKey, User] | None:
        """The key of a text with its user, if it opens anything now."""
        return _keys.open_key(self, text)

    def find_key(self, key: str) -> tuple[ApiKey, User] | None:
        """The key of an id with its user, if it opens anything now; whose text it is was seen before."""
        return _keys.find_key(self, key)

    # The audit log

    def read_log(
        self,
        *,
        by: str,
        subject: str | None = None,
        after: int = 0,
        limit: int | None = None,
        last: int | None = None,
    ) -> Sequence[Entry]:
        """Entries, the oldest first: about one subject, after a number, at most so many, or the last few."""
        return _audit_read.read_log(
            self, by=by, subject=subject, after=after, limit=limit, last=last
        )

    def verify_log(self, *, by: str, kept: Sequence[Head] = ()) -> AuditReport:
        """Check the whole log, against heads that an auditor kept too."""
        return _audit_read.verify_log(self, by=by, kept=kept)

    def export_log(self, to: Path | TextIO, *, by: str) -> Head:
        """Write the log as JSON Lines; gives its head."""
        return _audit_read.export_log(self, to, by=by)

    # Orders

    def place(
        self, order: Order, *, by: str, key: str | None = None, customer: str | None = None
    ) -> tuple[Placed, bool]:
        """Place an order: it is then accepted, held or rejected. False: that key had placed it before."""
        done = _placing.place(self, order, by=by, key=key, customer=customer)
        return done.placed, done.is_new

    def place_and_show(
        self, order: Order, *, by: str, key: str | None = None, customer: str | None = None
    ) -> tuple[OrderView, bool]:
        """The same, and the order as `show` tells it."""
        done = _placing.place(self, order, by=by, key=key, customer=customer)
        view = self.show(done.placed.id, by=by) if done.view is None else done.view
        return view, done.is_new

    def show(self, order_id: str, *, by: str) -> OrderView:
        """One order with its history."""
        return _views.show(self, order_id, by=by)

    def show_many(
        self, *, by: str, limit: int = 100, before: str | None = None, state: str | None = None
    ) -> tuple[tuple[OrderView, ...], str | None]:
        """Orders as `show` tells them, the latest first, and what to give as `before` for the next."""
        return _views.show_many(self, by=by, limit=limit, before=before, state=state)

    def quote(self, order: Order, *, by: str, customer: str | None = None) -> Quote:
        """What would become of an order if it were placed now; nothing but the question is written down."""
        return _amending.quote(self, order, by=by, customer=customer)

    def amend(self, order_id: str, change: Callable[[Order], Order], *, by: str) -> Placed:
        """Change an order whose picture is not with a satellite yet; it is checked as a new one would be."""
        return _amending.amend(self, order_id, change, by=by)

    def cancel(self, order_id: str, *, by: str, why: str = "") -> Placed:
        """Withdraw an order: user_cancelled for its customer, cancelled for the house."""
        with _people.acting(self, by, "order.cancel", order_id) as (connection, user):
            placed = _moves.find_order(connection, order_id, user, "order.cancel")
            mine = "customer" in user.roles and user.customer_id == placed.customer_id
            after, code = ("user_cancelled", "withdrawn") if mine else ("cancelled", "operator")
            if placed.state.value == after:
                return placed
            at = self.clock()
            return _moves.move(
                self, connection, placed, after, code, by=by, who=user.roles, at=at, detail=why
            )

    def advance(
        self,
        order_id: str,
        to: str,
        code: str,
        *,
        by: str,
        detail: str = "",
        key: str | None = None,
        within: sa.Connection | None = None,
    ) -> Placed:
        """Take one step of the table of states; with a `key` a second call changes nothing.

        `detail` follows the words of the step, for the customer to read.
        """
        with _people.acting(self, by, "order.move", order_id, within=within) as (connection, user):
            placed = _moves.find_order(connection, order_id, user, "order.move")
            at = self.clock()
            return _moves.move(
                self, connection, placed, to, code,
                by=by, who=user.roles, at=at, detail=detail, key=key,
            )  # fmt: skip

    def find(self, order_id: str, *, within: sa.Connection) -> Placed:
        """One order as it stands, for whoever carries orders out."""
        return _moves.find_order(within, order_id, None, "order.see")

    def changes(self, since: int | None) -> Changes:
        """What became of orders after entry `since` of the audit log; None: all that are open."""
        return _changes.read_changes(self, since)

    # Screening, restrictions, release

    def screen(self, parties: Sequence[Roled]) -> list[Cause]:
        """The possible matches of parties, as causes to hold; nothing is written."""
        return _checks.screen(self.screener, parties)

    def rule(
        self,
        stage: str,
        order: Order,
        parties: Sequence[Roled],
        at: Epoch,
        product: Mapping[str, Any],
    ) -> Ruling:
        """What the restrictions say; nothing is written."""
        return _checks.rule_on(self, stage, order, parties, at, product)

    def holds(self, *, by: str) -> list[Hold]:
        """What waits for a decision."""
        return _views.open_holds(self, by=by)

    def decide(self, what: str, decision: str, why: str, *, by: str) -> list[Hold]:
        """Allow or refuse a hold, or all open holds of an order or customer, and say why."""
        return _deciding.decide(self, what, decision, why, by=by)

    def settle(self) -> int:
        """Let orders go on whose matches somebody cleared since; how many did."""
        return _rescreen.settle(self)

    def rescreen(self, *, by: str, report: Callable[[int], None] | None = None) -> Rescreened:
        """Screen whoever was not screened with these lists yet."""
        return _rescreen.rescreen(self, by=by, report=report)

    def release(self, order_id: str, product: Product, *, by: str) -> Release:
        """Ask whether a product may go to the customer now."""
        return _release.release(self, order_id, product, by=by)

    def mark_delivered(
        self, order_id: str, product_id: str, *, by: str, within: sa.Connection | None = None
    ) -> bool:
        """Note that a released product has gone: True the first time only."""
        return _release.mark_delivered(self, order_id, product_id, by=by, within=within)

    def note_download(self, order_id: str, product_id: str, file: str, *, by: str) -> None:
        """Note in the log that somebody fetched a delivered file; once an hour for each file and user."""
        _release.note_download(self, order_id, product_id, file, by=by)

    def list(
        self,
        *,
        by: str,
        state: str | None = None,
        customer: str | None = None,
        is_open: bool = False,
        limit: int = 100,
        before: str | None = None,
    ) -> Page:
        """Orders, the latest first."""
        return _views.list_orders(
            self, by=by, state=state, customer=customer, is_open=is_open, limit=limit, before=before
        )
