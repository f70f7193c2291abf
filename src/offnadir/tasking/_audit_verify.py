"""Is the audit log whole? Finds the first entry that was altered, is missing, was moved or cut off."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from offnadir._database import sa
from offnadir.epoch import utc_text
from offnadir.errors import InputError
from offnadir.tasking._audit import NOTHING_BEFORE, AuditLog, Head
from offnadir.tasking._tables import AUDIT_HEAD, AUDIT_LOG

_AT_ONCE: Final = 5000
_KEYS: Final = {"seq", "at", "by", "action", "subject", "body", "previous"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What checking the log gave: `bad_seq` is the first entry that is not as it was sealed, else None."""

    entries: int
    head: Head
    bad_seq: int | None = None
    trouble: str = ""

    @property
    def is_whole(self) -> bool:
        return self.bad_seq is None

    def document(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "whole": self.is_whole,
            "entries": self.entries,
            "head": str(self.head),
            "bad_seq": self.bad_seq,
            "trouble": self.trouble,
        }


def read_head(text: str, field: str = "head") -> Head:
    """A head as an auditor kept it: number and hash, `SEQ:HASH`."""
    seq, _, seal = text.strip().partition(":")
    is_hash = len(seal) == 64 and all(one in "0123456789abcdef" for one in seal)
    if not (seq.isascii() and seq.isdecimal() and is_hash):
        raise InputError(field, text, "SEQ:HASH as `offnadir audit verify` printed it")
    return Head(int(seq), seal)


def verify(log: AuditLog, *, kept: Sequence[Head] = ()) -> AuditReport:
    """Check every entry against its seal, its predecessor and its place; and against heads that were kept.

    Without a kept head a log that was cut off, or rewritten from some entry on with all its seals and the
    database's own note of the head, looks whole: nothing inside a database can tell.
    """
    wanted = {head.seq: head.hash for head in kept}
    before, count = Head(0, NOTHING_BEFORE), 0
    trouble: tuple[int, str] | None = _against(wanted, before)
    with log.database.read() as connection:
        end = connection.execute(sa.select(AUDIT_HEAD.c.seq, AUDIT_HEAD.c.hash)).one_or_none()
        rows = connection.execution_options(yield_per=_AT_ONCE).execute(
            sa.select(AUDIT_LOG).order_by(AUDIT_LOG.c.seq)
        )
        while trouble is None and (batch := list(itertools.islice(rows, _AT_ONCE))):
            times = utc_text([row.at_tai_ns for row in batch], 9)
            for row, at in zip(batch, times, strict=True):
                trouble = _trouble(row, at, before)
                if trouble is not None:
                    break
                before, count = Head(row.seq, row.hash), count + 1
                trouble = _against(wanted, before)
                if trouble is not None:
                    break
    if trouble is None:
        trouble = _at_end(before, None if end is None else Head(end.seq, end.hash), kept)
    if trouble is None:
        return AuditReport(entries=count, head=before)
    return AuditReport(entries=count, head=before, bad_seq=trouble[0], trouble=trouble[1])


def _trouble(row: Any, at: str, before: Head) -> tuple[int, str] | None:
    """What is wrong with an entry that follows `before`: the number of the entry, and words."""
    due = before.seq + 1
    if row.seq > due:
        missing = f"entry {due} is" if row.seq == due + 1 else f"entries {due} to {row.seq - 1} are"
        return due, f"{missing} missing: entry {row.seq} follows entry {before.seq}"
    seal = hashlib.sha256(row.entry.encode("utf-8", "surrogatepass")).hexdigest()
    if seal != row.hash:
        return row.seq, f"entry {row.seq} was altered: its content does not have its hash"
    try:
        content = json.loads(row.entry)
        is_ours = content.keys() == _KEYS
    except (ValueError, AttributeError):
        is_ours = False
    if not is_ours:
        return row.seq, f"entry {row.seq} is no entry as this program writes them"
    if content["seq"] != row.seq:
        return row.seq, (
            f"entry {row.seq} was moved or inserted: it was sealed as entry {content['seq']}"
        )
    if content["previous"] != before.hash:
        return row.seq, (
            f"entry {row.seq} does not follow entry {before.seq}: one of them was exchanged, or "
            "the entries before it were sealed anew"
        )
    shown = (row.by, row.action, row.subject, at)
    sealed = tuple(content[key] for key in ("by", "action", "subject", "at"))
    if shown != sealed:
        return row.seq, f"entry {row.seq} was altered: its columns are not those that were sealed"
    return None


def _against(kept: dict[int, str], head: Head) -> tuple[int, str] | None:
    if kept.get(head.seq, head.hash) == head.hash:
        return None
    return head.seq, (
        f"entry {head.seq} is not the one whose hash was kept: the log was sealed anew "
        "before the head was reached"
    )


def _at_end(last: Head, noted: Head | None, kept: Sequence[Head]) -> tuple[int, str] | None:
    furthest = max((head.seq for head in kept), default=0)
    if noted is not None:
        furthest = max(furthest, noted.seq)
    if furthest > last.seq:
        return last.seq + 1, f"the log was cut off after entry {last.seq}: it once had {furthest}"
    if noted != last:
        return (
            last.seq,
            f"entry {last.seq} was added by someone else: the log's own head is {noted}",
        )
    return None
