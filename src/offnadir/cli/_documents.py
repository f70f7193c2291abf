"""JSON documents that a user names: read, or refused with the file's name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from offnadir.errors import FileError


def read_document(path: Path) -> Any:
    """The JSON value in a file; FileError for one that cannot be read or holds none."""
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise FileError(path, f"no UTF-8 text: byte {error.start} is wrong") from error
    except (ValueError, RecursionError) as error:
        raise FileError(path, f"no JSON: {error}") from error


def read_plan(path: Path) -> dict[str, Any]:
    """A plan document that another plan begins from; FileError for a file that holds none."""
    document: dict[str, Any] = read_document(path)
    is_plan = isinstance(document, dict) and document.get("schema") == "offnadir.plan/1"
    if not is_plan or not isinstance(document.get("collections"), list):
        raise FileError(
            path, "no plan: its schema is not offnadir.plan/1, or it has no collections"
        )
    found: dict[str, Any] = document
    return found


def write_geojson(path: Path, document: dict[str, Any]) -> None:
    """Write a GeoJSON document, whole or not at all."""
    from offnadir._files import replacing

    with replacing(path) as part:
        part.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
