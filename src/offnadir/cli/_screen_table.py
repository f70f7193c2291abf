"""The table of many parties that `offnadir screen --file` reads."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Final

from offnadir.errors import FileError, InputError, InputProblems

if TYPE_CHECKING:
    from offnadir.tasking import Party

_COLUMNS: Final = ("name", "kind", "alias", "born", "nationality", "place", "document")


def read_parties(path: Path) -> list[Party]:
    """Each row of a CSV file as a Party; all bad rows are told at once, with their lines."""
    from offnadir.tasking import Party

    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(path, f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise FileError(path, f"is not UTF-8 text: {error}") from error
    reader = csv.DictReader(text.splitlines())
    columns = [c.strip().lower() for c in reader.fieldnames or ()]
    if "name" not in columns:
        raise FileError(
            path, f"has no column `name`; its columns are: {', '.join(columns) or 'none'}"
        )
    reader.fieldnames = columns
    parties: list[Party] = []
    problems: list[InputError] = []
    for row in reader:
        cells = {c: (row.get(c) or "").strip() for c in _COLUMNS}
        if not any(cells.values()):
            continue
        try:
            parties.append(
                Party(
                    name=cells["name"],
                    kind=cells["kind"].lower() or "unknown",  # type: ignore[arg-type]
                    aliases=_several(cells["alias"]),
                    birth_dates=_several(cells["born"]),
                    nationalities=_several(cells["nationality"]),
                    places=_several(cells["place"]),
                    ident=_several(cells["document"]),
                )
            )
        except InputError as error:
            where = f"{path}:{reader.line_num}"
            problems.append(InputError(error.field, error.value, error.wish, where=where))
    if problems:
        raise InputProblems(problems)
    if not parties:
        raise FileError(path, "holds no row below its header")
    return parties


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())
