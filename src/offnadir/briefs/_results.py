"""All results of a plan in a folder: either every file under its final name, or none."""

from __future__ import annotations

import csv
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet

from offnadir._table import Table
from offnadir.briefs._czml import plan_czml
from offnadir.briefs._geojson import plan_geojson
from offnadir.briefs._ics import plan_ics
from offnadir.briefs._images import Image
from offnadir.briefs._report import report_html
from offnadir.briefs._tracks import Track
from offnadir.errors import FileError

_INNER = ("request_index", "satellite_index")  # columns for programs that hold the mission


class Results:
    """A folder that is being filled; its files stand beside their final place until all are written."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._folder = folder
        self._scratch = scratch

    def write(
        self,
        plan: Mapping[str, Any],
        opportunities: Table,
        tracks: Sequence[Track],
        images: Sequence[Image] = (),
    ) -> tuple[Path, ...]:
        """Write plan.json, opportunities, GeoJSON, CZML, calendar and report; returns their paths."""
        shown = Table(
            {name: opportunities[name] for name in opportunities.names if name not in _INNER},
            times=opportunities.times,
        )
        rows = list(shown.rows())
        texts = {
            "plan.json": json.dumps(plan, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
            "plan.geojson": plan_geojson(plan, tracks),
            "plan.czml": plan_czml(plan, tracks),
            "plan.ics": plan_ics(plan),
            "report.html": report_html(plan, rows, tracks, images),
        }
        arrow = shown.to_arrow()
        try:
            for name, text in texts.items():
                (self._scratch / name).write_bytes(text.encode())
            pyarrow.parquet.write_table(arrow, self._scratch / "opportunities.parquet")
            with (self._scratch / "opportunities.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, shown.names, lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
            names = sorted(path.name for path in self._scratch.iterdir())
            for name in names:
                (self._scratch / name).replace(self._folder / name)
        except OSError as error:
            trouble = f"cannot be written: {error.strerror or error}"
            raise FileError(self._folder, trouble) from error
        return tuple(self._folder / name for name in names)


@contextmanager
def write_results(folder: str | Path) -> Iterator[Results]:
    """Open a folder for results, or raise FileError at once if it cannot be written.

    Whatever happens inside, no unfinished file is left behind; a folder made here and left empty goes.
    """
    folder = Path(folder)
    made = not folder.exists()
    scratch = folder / f".offnadir-{os.getpid()}-{secrets.token_hex(4)}"
    try:  # from here on, so that no interrupt falls between making and tidying up
        try:
            folder.mkdir(parents=True, exist_ok=True)
            scratch.mkdir(mode=0o700)
        except FileExistsError as error:
            raise FileError(folder, "is a file; the results need a folder") from error
        except OSError as error:
            raise FileError(folder, f"cannot be written: {error.strerror or error}") from error
        yield Results(folder, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if made and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
