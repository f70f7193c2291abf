"""What the service answers, as frozen data; `raw` has the whole document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: States that nothing leaves.
FINAL: Final = frozenset(
    {"completed", "rejected", "cancelled", "user_cancelled", "failed", "expired"}
)
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where an order stands, since when (RFC 3339, UTC), and why."""

    state: str
    code: str
    words: str
    at: str

    @classmethod
    def read(cls, document: Json) -> Status:
        """From a status of STAPI."""
        return cls(
            state=document["status_code"],
            code=document.get("reason_code") or "",
            words=document.get("reason_text") or "",
            at=document["timestamp"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as it stood when it was asked for."""

    id: str
    product: str
    status: Status
    products: tuple[str, ...]
    raw: Json = field(repr=False)

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status.state in FINAL

    @classmethod
    def read(cls, document: Json) -> Order:
        """From a feature of STAPI."""
        told = document["properties"]
        delivered = tuple(
            one["id"] for one in told.get("offnadir:products", ()) if one["status"] == "delivered"
        )
        return cls(
            id=document["id"],
            product=told["product_id"],
            status=Status.read(told["status"]),
            products=delivered,
            raw=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What can be ordered."""

    id: str
    title: str
    description: str
    raw: Json = field(repr=False)

    @classmethod
    def read(cls, document: Json) -> Product:
        """From a product of STAPI."""
        told = (document["id"], document.get("title", ""), document.get("description", ""))
        return cls(id=told[0], title=told[1], description=told[2], raw=document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """When a place can be imaged: from `start` to `stop` (RFC 3339, UTC), by which satellite, how sharply.

    Angles in degrees, sample distance in metres; None where the service does not tell it.
    """

    start: str
    stop: str
    platform: str
    off_nadir_deg: float | None
    gsd_m: float | None
    niirs: float | None
    raw: Json = field(repr=False)

    @classmethod
    def read(cls, document: Json) -> Opportunity:
        """From a feature of STAPI."""
        told = document["properties"]
        start, _, stop = told["datetime"].partition("/")
        return cls(
            start=start,
            stop=stop,
            platform=told.get("platform", ""),
            off_nadir_deg=told.get("view:off_nadir"),
            gsd_m=told.get("gsd"),
            niirs=told.get("offnadir:niirs"),
            raw=document,
        )


class Opportunities(list[Opportunity]):
    """The opportunities that were found; `reasons` say why there are none, `matched` how many there are.

    A reason has `constraint` and `words`, and where known `wanted`, `found`, `by`, `unit`, `would_pass`.
    """

    reasons: tuple[Json, ...] = ()
    matched: int | None = None

    @classmethod
    def read(cls, document: Json) -> Opportunities:
        """From an opportunity collection of STAPI."""
        found = cls(Opportunity.read(one) for one in document["features"])
        found.reasons = tuple(document.get("offnadir:reasons", ()))
        found.matched = document.get("numberMatched")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why an order has no picture.

    `plan` has `code`, `text` and, if trying found it, `would_need`, as the planner said them; None if it
    said nothing. `opportunities` are those within the order's limits; None if nothing was searched.
    """

    state: str
    plan: Json | None
    opportunities: int | None
    reasons: tuple[Json, ...]
    raw: Json = field(repr=False)

    @classmethod
    def read(cls, document: Json) -> Reasons:
        """From the answer of the service."""
        return cls(
            state=document["state"],
            plan=document["plan"],
            opportunities=document["opportunities"],
            reasons=tuple(document["reasons"]),
            raw=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What would become of an order if it were placed now; `reasons` are as those of opportunities.

    `opportunities` is how many there are; None if a search would have taken too long.
    """

    state: str
    code: str
    told: tuple[str, ...]
    price: Json | None
    opportunities: int | None = None
    reasons: tuple[Json, ...] = ()
    raw: Json = field(repr=False)

    @classmethod
    def read(cls, document: Json) -> Quote:
        """From the answer of the service."""
        would = document["would_be"]
        return cls(
            state=would["state"],
            code=would["code"],
            told=tuple(would["told"]),
            price=document.get("price"),
            opportunities=document.get("opportunities"),
            reasons=tuple(document.get("reasons", ())),
            raw=document,
        )
