"""The demo's operation: orders go in, one is refused, one rejected, the rest are taken and delivered."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from offnadir.cli import _say

if TYPE_CHECKING:
    from offnadir.epoch import Epoch
    from offnadir.operations import Context
    from offnadir.operations._pictures import Picture
    from offnadir.tasking import SanctionsList

#: People of the demo: the administrator, who decides, who reads the log, and the customer's own.
_DIRECTOR, _RELEASER, _AUDITOR, _CUSTOMER = "director", "releaser", "auditor", "blue-coast"
#: When the releaser looks at what is held, and when all is delivered, on the operation's clock.
_DECIDES: Final = "2026-05-31T00:10:00Z"
_STOP: Final = "2026-06-01T12:00:00Z"
_DECISIONS: Final = {
    "KPe.012": ("refuse", "the listed body, misspelt"),
    "KPe.020": (
        "allow",
        "a ship's chandler in Auckland, known to us; not the company of Pyongyang",
    ),
}
#: What a run leaves behind, and the next one begins without.
_MADE: Final = ("work", "products", "deliveries")


def is_possible() -> bool:
    """Whether what an operation needs is installed."""
    from importlib.util import find_spec

    needed = ("alembic", "anyascii", "defusedxml", "rapidfuzz", "sqlalchemy")
    return all(find_spec(name) is not None for name in needed)


def lay_out(folder: Path) -> Path:
    """Put the operation's files into a folder, without what a run before has made; its operation file."""
    (folder / "orders").mkdir(parents=True, exist_ok=True)
    for name in _MADE:
        shutil.rmtree(folder / name, ignore_errors=True)
    for path in folder.glob("offnadir.sqlite*"):
        path.unlink()
    with as_file(files("offnadir.data") / "demo") as shelf:
        bundle = shelf / "operation"
        for source in sorted(bundle.rglob("*.*ml")):
            shutil.copyfile(source, folder / source.relative_to(bundle))
        shutil.copyfile(shelf / "elements.omm.json", folder / "elements.omm.json")
    return folder / "operation.toml"


def run_operation(folder: Path, *, quiet: bool) -> Path:
    """Run the demo's operation in a folder from its first order to its last delivery; its report."""
    from offnadir.briefs import operation_html
    from offnadir.cli.operate import write_brief
    from offnadir.epoch import Epoch
    from offnadir.operations import admit_loop, open_operation, run
    from offnadir.tasking import read_list, read_order, read_order_file

    path = lay_out(folder)
    events: list[dict[str, str]] = []

    def say(at: Epoch, text: str) -> None:
        events.append({"at": at.utc(0), "text": text.replace(f"{folder.absolute()}/", "")})
        if not quiet:
            _say.note(f"{events[-1]['at']}  {events[-1]['text']}")

    with open_operation(path, say=say, brief=write_brief) as here:
        start, desk = here.clock.now(), here.desk
        admit_loop(here, _DIRECTOR)
        desk.add_user(_RELEASER, ["releaser"], by=_DIRECTOR)
        desk.add_user(_AUDITOR, ["auditor"], by=_DIRECTOR)
        who = {"name": "Blue Coast Survey", "kind": "organisation", "country": "NZ"}
        customer = desk.add_customer(who, by=_DIRECTOR)
        desk.add_user(_CUSTOMER, ["customer"], by=_DIRECTOR, customer=customer.id)
        for file in sorted((folder / "orders").glob("*.toml")):
            wanted = read_order(read_order_file(file), where=str(file), now=here.clock.now())
            placed, _ = desk.place(wanted, by=_CUSTOMER, key=file.stem)
            say(here.clock.now(), f'"{wanted.title}" is placed: {placed.state}')
        here.lease.take(patience_s=here.lease.lasts_s + 5.0)
        try:
            run(here, until=Epoch.from_utc(_DECIDES))
            for hold in desk.holds(by=_RELEASER):
                decision, why = _DECISIONS[hold.document["reference"]]
                desk.decide(hold.id, decision, why, by=_RELEASER)
                say(here.clock.now(), f"{hold.order_id}: {_RELEASER} says {decision}: {why}")
            run(here, until=Epoch.from_utc(_STOP))
        finally:
            here.lease.give_back()
        lists = [read_list(one) for one in here.operation.lists]
        document = told(here, start, lists, events)
        desk.export_log(folder / "audit.jsonl", by=_AUDITOR)
    previews = {
        one["id"]: (folder / one["preview"]).read_bytes()
        for one in document["pictures"]
        if one["preview"]
    }
    report = folder / "report.html"
    report.write_text(operation_html(document, previews), "utf-8")
    return report


def told(
    here: Context, start: Epoch, lists: list[SanctionsList], events: list[dict[str, str]]
) -> dict[str, Any]:
    """The operation as the plain data that its report is made of."""
    from offnadir.operations import status_of

    desk = here.desk
    rows = reversed(desk.list(by=_DIRECTOR).rows)
    orders = [desk.show(row.id, by=_RELEASER).document() for row in rows]
    titles = {one["id"]: one["order"].get("title") or one["id"] for one in orders}
    log = [entry.document() for entry in desk.read_log(by=_AUDITOR)]
    note = "An excerpt for the demo: never screen anybody with it."
    return {
        "name": here.operation.name,
        "start": start.utc(0),
        "stop": here.clock.now().utc(0),
        "orders": orders,
        "pictures": [_picture(here, one, titles) for one in status_of(here).pictures],
        "events": [{**one, "text": _by_title(one["text"], titles)} for one in events],
        "audit": {**desk.verify_log(by=_AUDITOR).document(), "log": log},
        "lists": [
            {"name": one.name, "date": one.date, "entries": len(one.entries), "note": note}
            for one in lists
        ],
        "packs": [f"pack {one.name}, version {one.version}" for one in desk.packs],
    }


def _by_title(text: str, titles: Mapping[str, str]) -> str:
    """What happened, with the titles of orders in place of their ids, but not in names of files."""
    for name, title in titles.items():
        text = re.sub(rf"(?<!/)\b{re.escape(name)}(-\d+)?(?![\w/-])", title, text)
    return text


def _picture(here: Context, picture: Picture, titles: Mapping[str, str]) -> dict[str, Any]:
    """One picture: as planned, and for one that is delivered as it came out; names are beside the report."""
    planned = picture.collection
    shown: dict[str, Any] = {
        "id": picture.id,
        "order": picture.order_id,
        "title": titles[picture.order_id],
        "satellite": picture.satellite,
        "start": picture.start.utc(0),
        "down": None if picture.down is None else picture.down.utc(0),
        "station": picture.station,
        "stage": str(picture.stage),
        "off_nadir_deg": planned["off_nadir_deg"],
        "sun_elevation_deg": planned["sun_elevation_deg"],
        "niirs": planned["niirs"],
        "gsd_m": math.sqrt(planned["gsd_along_m"] * planned["gsd_across_m"]),
        "briefs": {},
        "preview": None,
    }
    if picture.item is None:
        return shown
    item = here.archive.get(picture.item).item
    shown["synthetic"] = bool(item["properties"].get("offnadir:synthetic"))
    delivery = here.operation.deliveries / picture.order_id / picture.id
    if not delivery.is_dir():
        return shown
    base = here.operation.path.parent
    for file in sorted(delivery.glob("brief.*.html")):
        shown["briefs"][file.name.split(".")[1]] = file.relative_to(base).as_posix()
    previews = sorted(delivery.glob("*_preview.png"))
    shown["preview"] = previews[0].relative_to(base).as_posix() if previews else None
    return shown
