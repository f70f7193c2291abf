"""Trouble as RFC 9457 tells it: application/problem+json, with what was wrong, field by field."""

from __future__ import annotations

import http
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from offnadir._database import DatabaseGoneError, DatabaseSlowError
from offnadir.errors import MISSING, InputError, InputProblems, MissingExtraError, OffnadirError
from offnadir.tasking import RefusedError, StepError
from offnadir.tasking._audit import veiled
from offnadir.tasking._people import UnknownNameError

_LOG: Final = logging.getLogger("offnadir.service")
#: What a 401 has to say: how one shows who he is.
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="offnadir"'}
PROBLEM_TYPE: Final = "application/problem+json"
_LONGEST_VALUE: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why not: which constraint failed, by how much, and what would pass. Numbers in `unit`.

    `together_with` are other constraints that must give way too, as their own reasons say.
    """

    constraint: str
    words: str
    wanted: Any = None
    found: Any = None
    by: float | None = None
    unit: str | None = None
    would_pass: Any = None
    together_with: list[str] | None = None

    def document(self) -> dict[str, Any]:
        """For JSON, without what is not known."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in told.items() if value is not None}


class ProblemError(Exception):
    """An answer that is a problem; `name` tells its kind to programs."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        reasons: Sequence[Reason] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.name, self.detail = status, name, detail
        self.errors, self.reasons = tuple(errors), tuple(reasons)
        self.headers = dict(headers or {})


def problem_response(request: Request, error: ProblemError) -> Response:
    """The answer of a problem."""
    status = http.HTTPStatus(error.status)
    body: dict[str, Any] = {
        "type": f"urn:offnadir:problem:{error.name}",
        "title": status.phrase,
        "status": error.status,
        "detail": error.detail,
        "instance": request.url.path,
        "request_id": request.scope.get("offnadir.request_id", ""),
    }
    if error.errors:
        body["errors"] = list(error.errors)
    if error.reasons:
        body["reasons"] = [one.document() for one in error.reasons]
    try:
        content = orjson.dumps(body)
    except (
        TypeError
    ):  # what was wrong may be a number or half a character that orjson does not write
        content = json.dumps(body, default=str).encode("ascii")
    return Response(content, error.status, headers=error.headers, media_type=PROBLEM_TYPE)


def as_problem(error: Exception) -> ProblemError:
    """Trouble of the rooms below as an answer; what only the operator may know is not told."""
    match error:
        case ProblemError():
            return error
        case InputProblems():
            told = [_field(one) for one in error.problems]
            return ProblemError(422, "wrong-input", str(error), errors=told)
        case InputError():
            return ProblemError(422, "wrong-input", str(error), errors=[_field(error)])
        case UnknownNameError():
            return ProblemError(404, "not-found", str(error))
        case RefusedError():
            hidden = str(error).startswith("there is no ")
            name, status = ("not-found", 404) if hidden else ("forbidden", 403)
            return ProblemError(status, name, str(error))
        case StepError():
            return ProblemError(409, "wrong-state", str(error))
        case DatabaseSlowError():
            words = "the database took too long over it; nothing was changed, try again, or ask for less"
            return ProblemError(503, "database-slow", words, headers={"Retry-After": "5"})
        case DatabaseGoneError():
            # Whether a commit went through before the connection broke, nobody here can tell.
            words = (
                "the database does not answer: what was asked is done as a whole or not at all; try again, "
                "an order with the same Idempotency-Key"
            )
            return ProblemError(503, "database-gone", words, headers={"Retry-After": "5"})
        case MissingExtraError():
            return ProblemError(501, "not-installed", str(error))
    return ProblemError(500, "internal", "something went wrong on our side; it has been noted")


def _field(error: InputError) -> dict[str, Any]:
    told: dict[str, Any] = {"field": error.field, "wish": error.wish}
    if error.value is not MISSING:
        told |= _shown(error.value)
    if error.hint:
        told["hint"] = error.hint
    return told


def _form(error: Mapping[str, Any]) -> dict[str, Any]:
    """What is wrong in form: of an object or list only that it is one, of a secret nothing."""
    name = ".".join(str(part) for part in error["loc"])
    told: dict[str, Any] = {"field": name, "wish": error["msg"]}
    value = error.get("input")
    if error["type"] in ("missing", "json_invalid"):
        return told
    if isinstance(value, dict | list | tuple):
        kind = "an object" if isinstance(value, dict) else "a list"
        return {**told, "value": f"{kind} of {len(value)}"}
    return {**told, **_shown(veiled(value, name))}


def _shown(value: object) -> dict[str, Any]:
    """A value as a problem shows it: short, and what JSON can say."""
    plain = value is None or isinstance(value, str | int | float | bool)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        plain = False
    text = value if plain else repr(value)
    return {"value": text[:_LONGEST_VALUE] if isinstance(text, str) else text}


def _methods(request: Request) -> list[str]:
    """All methods of the path that was asked for; a router tells only those of its first route there."""
    path = getattr(request.scope.get("route"), "path", "")
    known = request.app.openapi()["paths"].get(path, {})
    return sorted(method.upper() for method in known)


def response_to(request: Request, error: Exception) -> Response:
    """The answer to trouble that a route met."""
    problem = as_problem(error)
    if problem.status == 422 and request.url.path.startswith("/stac"):
        problem.status = 400  # as the STAC API has it
    if problem.status >= 500:
        _LOG.error("%s", problem.name, exc_info=error)
    return problem_response(request, problem)


def add_problems(app: FastAPI) -> None:
    """Every trouble leaves as a problem."""

    def wrong_form(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        told = [_form(one) for one in error.errors()]
        detail = "; ".join(f"{one['field']}: {one['wish']}" for one in told[:5])
        return problem_response(request, ProblemError(400, "wrong-input", detail, errors=told))

    def plain(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        name = {404: "not-found", 405: "wrong-method"}.get(error.status_code, "refused")
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(request)) or headers.get("Allow", "")
        problem = ProblemError(error.status_code, name, str(error.detail), headers=headers)
        return problem_response(request, problem)

    for kind in (ProblemError, OffnadirError, Exception):
        app.add_exception_handler(kind, response_to)
    app.add_exception_handler(RequestValidationError, wrong_form)
    app.add_exception_handler(HTTPException, plain)
