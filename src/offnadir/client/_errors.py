"""What the service refused, as RFC 9457 tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from offnadir.errors import OffnadirError


class ServiceError(OffnadirError):
    """The service said no. `name` tells programs what kind of no, `reasons` which constraint failed.

    `status` is the status of HTTP, 0 if the service could not be reached at all.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.name = str(problem.get("type", "")).rpartition(":")[2]
        self.detail = str(problem.get("detail", "")) or str(problem.get("title", ""))
        self.errors: tuple[Mapping[str, Any], ...] = tuple(problem.get("errors", ()))
        self.reasons: tuple[Mapping[str, Any], ...] = tuple(problem.get("reasons", ()))
        self.request_id = str(problem.get("request_id", ""))
        super().__init__(f"{status} {self.name or 'answer'}: {self.detail}")
