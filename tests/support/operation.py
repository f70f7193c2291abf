"""A small operation in a folder: two real satellites, two stations, four orders over East Asia."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from offnadir._database import sa
from offnadir.catalog import ArchiveQuery
from offnadir.epoch import Epoch
from offnadir.operations import Context, open_operation, run
from offnadir.operations._open import admit_loop
from offnadir.operations._tables import MESSAGES
from offnadir.tasking import read_order, verify

PLACES = {
    "Seoul": (126.98, 37.57), "Busan": (129.04, 35.1), "Tokyo": (139.7, 35.6), "Sapporo": (141.35, 43.06),
}  # fmt: skip
UNTIL = Epoch.from_utc("2026-06-02T12:00:00Z")
ELEMENTS = """
elements = ["elements.omm.json"]
"""
WORLDVIEW = """[[satellite]]
norad_id = 40115
sensor = "worldview-3"
memory_gbit = 40
"""
PLEIADES = """[[satellite]]
norad_id = 49070
sensor = "pleiades-neo"
memory_gbit = 12
"""
SVALBARD = """[[station]]
name = "Svalbard"
lat_deg = 78.23
lon_deg = 15.39
"""
DAEJEON = """[[station]]
name = "Daejeon"
lat_deg = 36.4
lon_deg = 127.4
"""
SOLVER = """[solver]
time_limit_s = 60
"""
MISSION = ELEMENTS + WORLDVIEW + PLEIADES + SVALBARD + DAEJEON + SOLVER
OPERATION = """
name = "small"
mission = "mission.toml"
lists = ["list.xml"]
operator = { operator = "Kestrel", operator_country = "NZ", ground = [], licences = [] }
[clock]
start = 2026-05-31T00:00:00Z
[camera]
size = [48, 48]
"""
LIST = """<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-02-27T00:00:00.000Z"><INDIVIDUALS><INDIVIDUAL>
<DATAID>1</DATAID><FIRST_NAME>NOBODY</FIRST_NAME><SECOND_NAME>INPARTICULAR</SECOND_NAME>
<UN_LIST_TYPE>Test</UN_LIST_TYPE><REFERENCE_NUMBER>TEi.001</REFERENCE_NUMBER>
</INDIVIDUAL></INDIVIDUALS><ENTITIES></ENTITIES></CONSOLIDATED_LIST>
"""


def make_operation(folder: Path, more: str = "", database: str | None = None) -> Path:
    """Write the files; returns the operation file. `more` is put at its end."""
    folder.mkdir(parents=True, exist_ok=True)
    demo = Path(str(files("offnadir.data") / "demo"))
    shutil.copy(demo / "elements.omm.json", folder / "elements.omm.json")
    (folder / "mission.toml").write_text(MISSION)
    (folder / "list.xml").write_text(LIST)
    path = folder / "operation.toml"
    head = "" if database is None else f'database = "{database}"\n'
    path.write_text(head + OPERATION + more)
    return path


def place_orders(
    here: Context, places: dict[str, Any] | None = None, **wishes: Any
) -> dict[str, str]:
    """One customer with an order for each place; ids by name."""
    admit_loop(here, "boss")
    customer = here.desk.add_customer(
        {"name": "Evening Post", "kind": "organisation", "country": "KR"}, by="boss"
    )
    here.desk.add_user("ann", ["customer"], by="boss", customer=customer.id)
    found = {}
    for name, (lon, lat) in (places or PLACES).items():
        document = {"title": name, "place": {"type": "Point", "coordinates": [lon, lat]}, **wishes}
        order = read_order(document, now=here.clock.now())
        found[name] = here.desk.place(order, by="ann", key=name)[0].id
    return found


class Tape:
    """A spacecraft that always sends the same small picture, and notes what it is asked."""

    hands_ahead = False

    def __init__(self, level1: Path) -> None:
        self.level1 = level1
        self.commands: list[tuple[str, str, tuple[str, ...]]] = []
        self.asked: list[str] = []

    def command(self, satellite, at, station, pictures):
        self.commands.append((satellite, at.utc(0), tuple(one.id for one in pictures)))

    def receive(self, picture, plan, folder):
        self.asked.append(picture.id)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.level1, folder)


def make_tape(folder: Path) -> Path:
    """One small capture, as a satellite would send it."""
    from offnadir.access import read_sites
    from offnadir.epoch import Span
    from offnadir.imagery import CaptureOptions, acquire, capture
    from offnadir.imagery._aimed import aimed
    from offnadir.orbits import make_ephemeris, read_elements, select_satellites
    from offnadir.sensors import load_camera

    demo = Path(str(files("offnadir.data") / "demo" / "elements.omm.json"))
    at = Epoch.from_utc("2026-05-31T01:54:18Z")
    (one,) = select_satellites(read_elements(demo).elements, "40115", near=at, field="satellite")
    ephemeris = make_ephemeris(one, Span(at + -120.0, at + 120.0))
    (site,) = read_sites("37.57,126.98", field="site")

    def make(alt_m, more):
        return acquire(ephemeris, load_camera("worldview-3"), site, at, **more)

    scene, acquisition = aimed(make, {"size": (48, 48), "bands": ("sharpest",)})
    capture(acquisition, scene, folder, CaptureOptions(seed=1))
    return folder


def drive(path: Path, until: Epoch = UNTIL, **more: Any) -> None:
    """Run the loop of an operation to an instant."""
    more.setdefault("say", lambda at, text: print(at.utc(0), text))
    with open_operation(path, **more) as here:
        here.lease.take(patience_s=5.0)
        run(here, until=until)
        here.lease.give_back()


def summary(path: Path) -> dict[str, Any]:
    """What has become of everything, without what differs from run to run."""
    with open_operation(path) as here:
        page = here.desk.list(by="boss")
        names = {row.id: row.title for row in page.rows}
        history = {
            names[row.id]: [
                (line.state, line.code, line.at.utc(0))
                for line in here.desk.show(row.id, by="boss").history
            ]
            for row in page.rows
        }
        with here.database.read() as connection:
            rows = connection.execute(sa.select(MESSAGES.c.state)).all()
        items = [
            one.item["properties"]["datetime"] for one in here.archive.search(ArchiveQuery()).items
        ]
        deliveries = {}
        for folder in sorted(here.operation.deliveries.glob("*/*")):
            for file in sorted(folder.glob("*_pan.tif")):
                order, _, number = folder.name.rpartition("-")
                key = f"{names[order]}-{number}{file.name.removeprefix(folder.name)}"
                deliveries[key] = hashlib.sha256(file.read_bytes()).hexdigest()
        log = verify(here.desk.audit)
    return json.loads(
        json.dumps(
            {
                "history": history, "items": sorted(items), "deliveries": deliveries,
                "messages": sorted(row.state for row in rows), "log": bool(log.is_whole),
            },
            sort_keys=True,
        )
    )  # fmt: skip
