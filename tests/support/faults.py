"""What tests of troubles share: an operation of one order, and a loop that is disturbed at chosen points."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from offnadir.epoch import Epoch
from offnadir.operations import open_operation, run
from offnadir.operations._pictures import Picture, Stage, read_pictures
from support.operation import Tape, make_operation, place_orders

#: One place and half a day: its picture is planned at 00:00, told at 00:16, taken at 01:54, down at 03:38.
SEOUL = {"Seoul": (126.98, 37.57)}
NOON = Epoch.from_utc("2026-05-31T12:00:00Z")
#: What becomes of it if nothing goes wrong.
CALM = ["placed", "passed", "planned", "uplinked", "downlinked", "delivered"]


#: Messages of the tests go to this machine.
_LOCAL = '[webhooks]\nallow = ["127.0.0.0/8"]\n'


def start(
    folder: Path,
    more: str = "",
    *,
    places: Any = SEOUL,
    database: str | None = None,
    head: str = "",
    mission: str | None = None,
    **wishes: Any,
) -> tuple[Path, dict[str, str]]:
    """An operation with an order for each place; `head` goes before the tables of its file, `more` behind."""
    path = make_operation(folder / "op", _LOCAL + more, database)
    path.write_text(head + path.read_text())
    if mission is not None:
        (path.parent / "mission.toml").write_text(mission)
    with open_operation(path) as here:
        names = place_orders(here, places, **wishes)
    return path, names


class Pause:
    """Takes the place of sleeping: adds up what was asked, and does `then` once `after_s` were."""

    def __init__(self, after_s: float, then: Callable[[], object]) -> None:
        self.after_s, self.then, self.asked_s, self.left_s = after_s, then, 0.0, None

    def arm(self) -> None:
        """From now on it counts."""
        self.left_s = self.after_s

    def __call__(self, seconds: float) -> None:
        self.asked_s += seconds
        if self.left_s is not None:
            self.left_s -= seconds
            if self.left_s <= 0:
                self.left_s = None
                self.then()


def go(path: Path, tape: Tape, until: Epoch = NOON, change: Any = None, **more: Any) -> list[str]:
    """Run the loop, after `change(here)`; what it said."""
    said: list[str] = []
    more.setdefault("say", lambda at, text: said.append(text))
    with open_operation(path, spacecraft=tape, **more) as here:
        if change is not None:
            change(here)
        here.lease.take(patience_s=5.0)
        run(here, until=until)
        here.lease.give_back()
    return said


def pictures_of(path: Path, *stages: Stage) -> list[Picture]:
    """Pictures of an operation."""
    with open_operation(path) as here, here.database.read() as connection:
        return read_pictures(connection, stages)


def history_of(path: Path, title: str = "Seoul") -> list[tuple[str, str]]:
    """Codes and words of an order's history."""
    with open_operation(path) as here:
        (row,) = (one for one in here.desk.list(by="boss").rows if one.title == title)
        return [(one.code, one.words) for one in here.desk.show(row.id, by="boss").history]


def codes_of(path: Path, title: str = "Seoul") -> list[str]:
    """Codes of an order's history."""
    return [code for code, _ in history_of(path, title)]


def files_of(path: Path) -> dict[str, list[str]]:
    """Files that an operation has left, by folder."""
    return {
        name: sorted(
            str(one.relative_to(path.parent / name))
            for one in (path.parent / name).rglob("*")
            if one.is_file()
        )
        for name in ("work", "products", "deliveries")
    }
