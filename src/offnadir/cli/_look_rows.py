"""Which rows `offnadir look` tells, in which order, in which form, and where they go."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from offnadir.cli import _say
from offnadir.errors import InputError

ORDERS: Final = ("start", "satellite", "site", "off-nadir", "elevation", "duration", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """In which form the windows go where."""

    kind: str
    path: Path | None
    details: bool

    @classmethod
    def of(
        cls, *, json: bool, as_csv: bool, parquet: Path | None, out: Path | None, details: bool
    ) -> Target:
        """The one form that was chosen; InputError if there are two."""
        given = {"--json": json, "--csv": as_csv, "--parquet": parquet is not None}
        chosen = [option for option, is_given in given.items() if is_given]
        if len(chosen) > 1:
            first, second = chosen[:2]
            raise InputError(first, second, f"given alone: choose one of {first} and {second}")
        if parquet is not None and out is not None:
            raise InputError("--out", str(out), "left out with --parquet, which names its own file")
        kind = chosen[0].removeprefix("--") if chosen else "text"
        return cls(kind=kind, path=parquet or out, details=details or kind == "parquet")

    @property
    def on_screen(self) -> bool:
        """Whether rows run over a terminal while they are found, which a progress bar would spoil."""
        return self.kind != "text" and self.path is None and sys.stdout.isatty()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which rows in which order."""

    sort: str
    limit: int | None

    def __post_init__(self) -> None:
        if self.sort not in ORDERS:
            raise InputError("--sort", self.sort, "one of " + ", ".join(ORDERS))
        if self.limit is not None and self.limit < 1:
            raise InputError("--limit", self.limit, "1 or above")

    def told(self, count: int) -> str:
        """How many windows there are, or that there may be more."""
        if count != self.limit:
            return _say.count(count, "window")
        by = "" if self.sort == "none" else f" by {self.sort}"
        return f"first {_say.count(count, 'window')}{by}"
