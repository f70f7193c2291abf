"""An order that was changed is planned as it is now; one for a camera waits for that camera."""

from __future__ import annotations

from dataclasses import replace

from offnadir.operations import open_operation, run
from offnadir.operations._pictures import Stage, read_pictures
from offnadir.tasking import read_order
from support.operation import Tape, make_operation, place_orders


def planned(here) -> list[tuple[str, str, float]]:
    """Order, satellite and longitude of each picture that stands in the plan."""
    with here.database.read() as connection:
        pictures = read_pictures(connection, (Stage.PLANNED,))
    return [
        (one.order_id, one.satellite, round(one.collection["aim"]["lon_deg"], 2))
        for one in pictures
    ]


def test_an_amended_order_is_planned_anew(tmp_path):
    """Seoul becomes Tokyo while Seoul's picture stands in the plan."""
    path = make_operation(tmp_path / "op")
    with open_operation(path, spacecraft=Tape(tmp_path)) as here:
        (order,) = place_orders(here, {"Seoul": (126.98, 37.57)}, source="new").values()
        here.lease.take()
        run(here, until=here.clock.now() + 1.0)
        assert [one[2] for one in planned(here)] == [126.98]
        tokyo = {"type": "Point", "coordinates": [139.7, 35.6]}
        here.desk.amend(
            order,
            lambda before: read_order({**before.document(), "place": tokyo}),
            by="ann",
        )
        assert here.desk.show(order, by="ann").placed.state == "accepted"
        run(here, until=here.clock.now() + 1.0)
        assert [one[::2] for one in planned(here)] == [(order, 139.7)]
        assert here.desk.show(order, by="ann").placed.state == "scheduled"
        run(here, until=here.clock.now() + 1.0)
        assert len(planned(here)) == 1


def test_an_earlier_end_counts_at_once(tmp_path):
    """The deadline that an order is given later ends it."""
    path = make_operation(tmp_path / "op")
    with open_operation(path, spacecraft=Tape(tmp_path)) as here:
        far = [{"start": "2036-01-01T00:00:00Z", "stop": "2036-02-01T00:00:00Z"}]
        places = {"Seoul": (126.98, 37.57)}
        (order,) = place_orders(here, places, source="new", windows=far).values()
        here.lease.take()
        run(here, until=here.clock.now() + 60.0)
        ends = here.clock.now() + 3600.0
        here.desk.amend(order, lambda before: replace(before, deadline=ends, windows=()), by="ann")
        run(here, until=ends + 7200.0)
        assert here.desk.show(order, by="ann").placed.state in ("expired", "tasked", "completed")


def test_only_the_camera_that_was_ordered_takes_it(tmp_path):
    """One order for each camera of the fleet, and one for a camera that the fleet has not."""
    path = make_operation(tmp_path / "op")
    with open_operation(path, spacecraft=Tape(tmp_path)) as here:
        place_orders(
            here, {"a": (126.98, 37.57)}, looks={"sensors": ["pleiades-neo"]}, source="new"
        )
        for number, name in enumerate(("worldview-3", "ikonos")):
            document = {
                "title": name, "source": "new", "looks": {"sensors": [name]},
                "place": {"type": "Point", "coordinates": [136.0 + number, 37.5]},
            }  # fmt: skip
            here.desk.place(read_order(document), by="ann")
        here.lease.take()
        run(here, until=here.clock.now() + 1.0)
        taken = sorted((satellite, lon) for _, satellite, lon in planned(here))
        assert [name for name, _ in taken] == ["PLEIADES NEO 4", "WORLDVIEW-3 (WV-3)"]
        assert [lon for _, lon in taken] == [126.98, 136.0]
        states = [row.state for row in here.desk.list(by="ann").rows]
        assert states == ["accepted", "scheduled", "scheduled"]
