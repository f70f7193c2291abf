"""Plans as the database keeps them."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations._pictures import LIVE
from offnadir.operations._tables import PICTURES, PLANS


def newest_plan(connection: sa.Connection) -> int:
    """The number of the plan in force; 0 if there is none."""
    found: int | None = connection.execute(sa.select(sa.func.max(PLANS.c.number))).scalar()
    return found or 0


def plan_document(connection: sa.Connection, number: int | None = None) -> dict[str, Any]:
    """The document of a plan, of the newest without a number; empty if it is not kept."""
    wanted = newest_plan(connection) if number is None else number
    packed = connection.execute(
        sa.select(PLANS.c.document).where(PLANS.c.number == wanted)
    ).scalar()
    document: dict[str, Any] = json.loads(zlib.decompress(packed)) if packed else {}
    return document


def add_plan(
    connection: sa.Connection, number: int, document: Mapping[str, Any], now: Epoch, why: str
) -> None:
    """Keep a new plan; of those before only the documents that live pictures were planned by."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    connection.execute(
        sa.insert(PLANS).values(
            number=number, made_tai_ns=now.tai_ns, why=why, sha256=hashlib.sha256(text).hexdigest(),
            document=zlib.compress(text, 6),
        )
    )  # fmt: skip
    needed = sa.select(PICTURES.c.plan).where(PICTURES.c.state.in_([str(one) for one in LIVE]))
    connection.execute(
        sa.update(PLANS)
        .where(PLANS.c.number < number, PLANS.c.document != b"", PLANS.c.number.not_in(needed))
        .values(document=b"")
    )
