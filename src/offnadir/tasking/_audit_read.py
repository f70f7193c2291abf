"""The audit log for those who may read it: listing, checking, and an export that needs nobody's trust."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from offnadir._files import replacing
from offnadir.tasking._audit import Entry, Head
from offnadir.tasking._audit_verify import AuditReport, verify
from offnadir.tasking._people import acting, seeing

if TYPE_CHECKING:
    from offnadir.tasking._desk import Desk


def read_log(
    desk: Desk,
    *,
    by: str,
    subject: str | None = None,
    after: int = 0,
    limit: int | None = None,
    last: int | None = None,
) -> list[Entry]:
    """Entries of the log, for an auditor or administrator."""
    with seeing(desk, by, "audit.see"):
        pass
    return list(desk.audit.entries(subject=subject, after=after, limit=limit, last=last))


def verify_log(desk: Desk, *, by: str, kept: Sequence[Head] = ()) -> AuditReport:
    """Check the whole log, and put on record that somebody did and what came of it."""
    with seeing(desk, by, "audit.see"):
        pass
    report = verify(desk.audit, kept=kept)
    with acting(desk, by, "audit.see") as (connection, _):
        body = {"head": str(report.head), "whole": report.is_whole, "trouble": report.trouble}
        desk.audit.append(
            connection, at=desk.clock(), by=by, action="audit.verify", subject="", body=body
        )
    return report


def export_log(desk: Desk, to: Path | TextIO, *, by: str) -> Head:
    """Write the log as JSON Lines, one entry a line; gives its head, which is worth keeping elsewhere."""
    with seeing(desk, by, "audit.see"):
        pass
    if isinstance(to, Path):
        with replacing(to) as part, part.open("w", encoding="ascii", newline="\n") as file:
            head = _write(desk, file)
    else:
        head = _write(desk, to)
    with acting(desk, by, "audit.see") as (connection, _):
        desk.audit.append(
            connection,
            at=desk.clock(),
            by=by,
            action="audit.export",
            subject="",
            body={"head": str(head)},
        )
    return head


def _write(desk: Desk, file: TextIO) -> Head:
    head = Head(0, "0" * 64)
    for entry in desk.audit.entries():
        line = json.dumps(entry.document(), sort_keys=True, separators=(",", ":"))
        file.write(line + "\n")
        head = Head(entry.seq, entry.hash)
    return head
