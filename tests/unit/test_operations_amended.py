"""An order that was changed is planned as it is now; one for a camera waits for that camera."""

from __future__ import annotations

from dataclasses import replace

import pytest

from offnadir.epoch import Epoch
from offnadir.operations import open_operation, run
from offnadir.operations._open import admit_loop
from offnadir.operations._pictures import Stage, read_pictures
from offnadir.operations._uplinking import booked
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


def first_uplink(here) -> Epoch:
    with here.database.read() as connection:
        return min(one.start for one in booked(connection, here.clock.now() + 86_400.0))


def test_what_was_amended_is_not_told_to_the_satellite_as_it_was(tmp_path):
    """A loop that slept up to the contact: the old picture does not go up, the order is planned as it is."""
    path = make_operation(tmp_path / "op")
    tape = Tape(tmp_path)
    with open_operation(path, spacecraft=tape) as here:
        places = {"Seoul": (126.98, 37.57), "Busan": (129.04, 35.1)}
        order, other = place_orders(here, places, source="new").values()
        here.lease.take()
        run(here, until=here.clock.now() + 1.0)
        tokyo = {"type": "Point", "coordinates": [139.7, 35.6]}
        here.desk.amend(
            order, lambda before: read_order({**before.document(), "place": tokyo}), by="ann"
        )
        at = first_uplink(here)
        here.clock.wait(at)
        run(here, until=at + 1.0)
        told = {name for _, _, names in tape.commands for name in names}
        assert told <= {f"{other}-1"}
        with here.database.read() as connection:
            mine = [one for one in read_pictures(connection) if one.order_id == order]
        assert {one.stage for one in mine if one.collection["aim"]["lon_deg"] < 127.0} == {
            Stage.DROPPED
        }
        assert {one.stage for one in mine if one.collection["aim"]["lon_deg"] > 139.0} <= {
            Stage.PLANNED, Stage.ABOARD,
        }  # fmt: skip
        assert here.desk.show(order, by="ann").placed.state == "scheduled"


@pytest.mark.parametrize("what", ["title", "place", "looks", "window", "camera"])
def test_an_amendment_just_before_the_uplink_is_planned_once(tmp_path, what):
    """Too late for a new load: what does not fit any more is left out of it, and what does goes up.

    The loop plans once, not without end.
    """
    path = make_operation(tmp_path / "op")
    said = []
    tape = Tape(tmp_path)
    with open_operation(path, spacecraft=tape, say=lambda at, text: said.append(text)) as here:
        (order,) = place_orders(here, {"Seoul": (126.98, 37.57)}, source="new").values()
        here.lease.take()
        run(here, until=here.clock.now() + 1.0)
        at = first_uplink(here)
        here.clock.wait(at + -300.0)  # within uplink_lead
        with here.database.read() as connection:
            (before,) = read_pictures(connection, (Stage.PLANNED,))
        (other,) = {"worldview-3", "pleiades-neo"} - {
            {"WORLDVIEW-3 (WV-3)": "worldview-3"}.get(before.satellite, "pleiades-neo")
        }
        changed = {
            "title": {"title": "Another"},
            "place": {"place": {"type": "Point", "coordinates": [139.7, 35.6]}},
            "looks": {"looks": {"max_off_nadir_deg": before.collection["off_nadir_deg"] - 1.0}},
            "window": {
                "windows": [
                    {"start": (before.start + 3600.0).utc(0), "stop": "2026-06-02T00:00:00Z"}
                ]
            },
            "camera": {"looks": {"sensors": [other]}},
        }[what]
        here.desk.amend(order, lambda was: read_order({**was.document(), **changed}), by="ann")
        run(here, until=at + -200.0)
        assert sum("amended" in text for text in said) == 1
        run(here, until=at + 60.0)
        assert sum(text.startswith("planning") for text in said) <= 4
        told = [name for _, when, names in tape.commands for name in names if when == at.utc(0)]
        assert (before.id in told) is (what == "title")


def test_a_clock_with_a_speed_sees_what_comes_while_it_waits(tmp_path):
    """Orders and amendments are not slept through: it stops on its way every `step_s` of the real clock."""
    from offnadir.operations._clock import SetClock

    path = make_operation(tmp_path / "op", "\n")
    with open_operation(path) as here:
        admit_loop(here, "boss")
        clock = SetClock(here.database, here.clock.now(), speed=1000.0, step_s=0.01)
        begin = clock.now()
        clock.wait(begin + 25.0)
        assert clock.now() - begin == 10.0
        clock.wait(begin + 14.0)
        assert clock.now() - begin == 14.0
        steps = []
        here.clock = clock
        here.pause = steps.append
        here.lease.take()
        run(here, until=begin + 100.0)
        assert clock.now() - begin == 100.0
