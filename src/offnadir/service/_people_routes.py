"""Who may do what: customers, users, keys, decisions and the audit log, as the desk has them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from offnadir.epoch import Epoch
from offnadir.errors import InputError
from offnadir.service._callers import (
    AdministersPeople,
    AnyCaller,
    Callers,
    Decides,
    Here,
    ReadsAudit,
)
from offnadir.service._problems import ProblemError
from offnadir.service._schemas import whole
from offnadir.service._wire import Json, answer, link, page_path
from offnadir.tasking._keys import SCOPES
from offnadir.tasking._parties import SECTORS

router = APIRouter(default_response_class=Json)
Limit = Annotated[int, Query(ge=1, le=1000, description="How many on a page.")]


Whole = Annotated[int, Field(ge=0, le=10**9), BeforeValidator(whole)]
Scope = Annotated[str, Field(json_schema_extra={"enum": list(SCOPES)})]


class NewCustomer(BaseModel):
    """A customer; names and papers are what screening looks at."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=300)
    kind: Literal["person", "organisation", "vessel", "unknown"] = "unknown"
    country: str = Field(default="", pattern="^([A-Z]{2})?$")
    sector: str = Field(default="", json_schema_extra={"enum": ["", *SECTORS]})
    aliases: list[str] = Field(default=[], max_length=100)
    birth_dates: list[str] = Field(default=[], max_length=100)
    places: list[str] = Field(default=[], max_length=100)
    nationalities: list[str] = Field(default=[], max_length=100)
    ident: list[str] = Field(default=[], max_length=100)
    quota_pictures: Whole | None = None
    quota_km2: float | None = Field(default=None, ge=0, le=1e9)


class NewUser(BaseModel):
    """A user with roles; who has the role customer belongs to one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=100)
    roles: list[Literal["customer", "planner", "releaser", "auditor", "administrator"]] = Field(
        min_length=1, max_length=5
    )
    customer: str | None = Field(default=None, max_length=300)


class NewKey(BaseModel):
    """A key of a user: its text is told once."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user: str = Field(min_length=1, max_length=100)
    scopes: list[Scope] = Field(default=list(SCOPES), min_length=1, max_length=20)
    label: str = Field(default="", max_length=100)
    ends: str | None = Field(
        default=None,
        max_length=40,
        description="RFC 3339.",
        json_schema_extra={"format": "date-time"},
    )


class Decision(BaseModel):
    """Allow or refuse, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)

    decision: str = Field(pattern="^(allow|refuse)$")
    why: str = Field(min_length=1, max_length=10_000)


@router.get("/me", tags=["People"], summary="Who you are")
def me(request: Request, caller: AnyCaller) -> Response:
    """The caller's user, customer and scopes."""
    told = {**caller.user.document(), "scopes": sorted(caller.scopes)}
    return answer(request, told)


@router.get("/customers", tags=["People"], summary="Customers")
def customers(
    request: Request,
    here: Here,
    caller: AdministersPeople,
    limit: Limit = 100,
    next: Annotated[str | None, Query(max_length=100)] = None,  # noqa: A002
) -> Response:
    """In the order in which they came."""
    found = here.desk.customers(by=caller.name, limit=limit + 1, after=next)
    links = [link(request, "self", page_path(request))]
    if len(found) > limit:
        links.append(
            link(request, "next", page_path(request, next=found[limit - 1].id, limit=limit))
        )
    body = {"customers": [one.document() for one in found[:limit]], "links": links}
    return answer(request, body)


@router.post("/customers", tags=["People"], summary="Add a customer", status_code=201)
def add_customer(
    request: Request, here: Here, caller: AdministersPeople, body: NewCustomer
) -> Response:
    """It is screened; a possible match holds its orders."""
    told = body.model_dump(exclude_defaults=True)
    quota = {key: told.pop(key) for key in ("quota_pictures", "quota_km2") if key in told}
    added = here.desk.add_customer(told, by=caller.name, **quota)
    return answer(request, added.document(), status=201)


@router.get("/users", tags=["People"], summary="Users")
def users(request: Request, here: Here, caller: AdministersPeople) -> Response:
    """All, by name."""
    return answer(request, {"users": [one.document() for one in here.desk.users(by=caller.name)]})


@router.post(
    "/users", tags=["People"], summary="Add a user, or change one's roles", status_code=201
)
def add_user(request: Request, here: Here, caller: AdministersPeople, body: NewUser) -> Response:
    """The user as he is then."""
    added = here.desk.add_user(body.name, body.roles, by=caller.name, customer=body.customer)
    _forget(request)
    return answer(request, added.document(), status=201)


@router.get("/keys", tags=["People"], summary="API keys, without their texts")
def keys(request: Request, here: Here, caller: AdministersPeople) -> Response:
    """All, the oldest first."""
    return answer(request, {"keys": [one.document() for one in here.desk.keys(by=caller.name)]})


@router.post("/keys", tags=["People"], summary="Make an API key", status_code=201)
def add_key(request: Request, here: Here, caller: AdministersPeople, body: NewKey) -> Response:
    """The key with its text, which nobody can read again."""
    ends = None if body.ends is None else Epoch.from_utc(body.ends, field="ends")
    key, text = here.desk.add_key(
        body.user, by=caller.name, scopes=body.scopes, label=body.label, ends=ends
    )
    headers = {"Cache-Control": "no-store"}
    return answer(request, {**key.document(), "key": text}, status=201, headers=headers)


@router.delete("/keys/{key_id}", tags=["People"], summary="Revoke an API key")
def revoke_key(request: Request, here: Here, caller: AdministersPeople, key_id: str) -> Response:
    """It opens nothing from now on; in other processes within the time that keys are believed."""
    revoked = here.desk.revoke_key(key_id, by=caller.name)
    _forget(request)
    return answer(request, revoked.document())


@router.get("/holds", tags=["Decisions"], summary="What waits for a decision")
def holds(request: Request, here: Here, caller: Decides) -> Response:
    """Matches of screening, permits and delays, the oldest first."""
    return answer(request, {"holds": [one.to_dict() for one in here.desk.holds(by=caller.name)]})


@router.post("/holds/{name}/decision", tags=["Decisions"], summary="Decide a hold")
def decide(request: Request, here: Here, caller: Decides, name: str, body: Decision) -> Response:
    """Decide one hold, or all of an order or customer by its id, and say why."""
    try:
        decided = here.desk.decide(name, body.decision, body.why, by=caller.name)
    except InputError as error:
        if error.field == "what":
            raise ProblemError(404, "not-found", f"there is no hold {name[:100]}") from error
        raise
    return answer(request, {"holds": [one.to_dict() for one in decided]})


@router.get("/audit", tags=["Audit"], summary="Entries of the audit log")
def audit(
    request: Request,
    here: Here,
    caller: ReadsAudit,
    limit: Limit = 100,
    after: Annotated[int, Query(ge=0, le=2**62, description="Entries later than that number.")] = 0,
    subject: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The oldest first."""
    found = here.desk.read_log(by=caller.name, subject=subject, after=after, limit=limit)
    entries = [one.document() for one in found]
    links = [link(request, "self", page_path(request))]
    if len(entries) == limit:
        links.append(
            link(request, "next", page_path(request, after=entries[-1]["seq"], limit=limit))
        )
    return answer(request, {"entries": entries, "links": links})


@router.post("/audit/verification", tags=["Audit"], summary="Check the whole log")
def verify_audit(request: Request, here: Here, caller: ReadsAudit) -> Response:
    """Whether any entry is missing, altered or out of order; that somebody asked is noted too."""
    report = here.desk.verify_log(by=caller.name)
    told: dict[str, Any] = {"head": str(report.head), "entries": report.entries}
    return answer(request, {**told, "whole": report.is_whole, "trouble": report.trouble})


def _forget(request: Request) -> None:
    callers: Callers = request.app.state.callers
    callers.forget()
