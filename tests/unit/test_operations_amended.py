"""An order that was changed is planned as it is now; one for a camera waits for that camera."""

from __future__ import annotations

from dataclasses import replace

import pytest

from offnadir.epoch import Epoch
from offnadir.operations import _planning, open_operation, run
from offnadir.operations._open import admit_loop
from offnadir.operations._pictures import Stage, read_pictures
from offnadir.operations._uplinking import booked
from offnadir.tasking import read_order
from support.operation import (
    ELEMENTS,
    PLEIADES,
    SOLVER,
    SVALBARD,
    Tape,
    make_operation,
    make_tape,
    place_orders,
)


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


#: One satellite whose only uplink before the Seoul picture at 02:13 is at 00:16.
OUTAGE = """[[outage]]
station = "Svalbard"
start = 2026-05-31T01:50:00Z
stop = 2026-05-31T02:05:00Z
"""
ONE_UPLINK = ELEMENTS + PLEIADES + SVALBARD + OUTAGE + SOLVER
CHANGES = {
    "place": {"place": {"type": "Point", "coordinates": [139.7, 35.6]}},
    "looks": {"looks": {"max_off_nadir_deg": 5}},
    "window": {"windows": [{"start": "2026-06-03T00:00:00Z", "stop": "2026-06-04T00:00:00Z"}]},
    "title": {"title": "Another"},
}
MORNING = Epoch.from_utc("2026-05-31T06:00:00Z")


class Ahead(Tape):
    """One whose commands are handed over before the contact."""

    hands_ahead = True

    def command(self, satellite, at, station, pictures, number=1):
        super().command(satellite, at, station, pictures)


@pytest.fixture(scope="module")
def level1(tmp_path_factory):
    return make_tape(tmp_path_factory.mktemp("tape") / "level1")


def ready(here):
    """An order for Seoul, planned; and its uplink."""
    (order,) = place_orders(here, {"Seoul": (126.98, 37.57)}, source="new").values()
    here.lease.take()
    run(here, until=here.clock.now() + 1.0)
    return order, first_uplink(here)


def change(here, order, what):
    here.desk.amend(order, lambda was: read_order({**was.document(), **CHANGES[what]}), by="ann")


def outcome(here, order):
    """Its state, and the longitudes of what was delivered."""
    with here.database.read() as connection:
        found = read_pictures(connection, (Stage.DELIVERED,), order)
    longitudes = [round(one.collection["aim"]["lon_deg"], 2) for one in found]
    return here.desk.show(order, by="ann").placed.state, longitudes


def one_uplink(folder, tape):
    path = make_operation(folder / "op")
    (path.parent / "mission.toml").write_text(ONE_UPLINK)
    return open_operation(path, spacecraft=tape)


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("gap_s", [0.0, 1800.0])
def test_amended_after_the_last_step_before_a_contact_that_was_handed_over(
    tmp_path, level1, what, gap_s
):
    """The file is with the operator, and the loop busy: what went up is delivered only if it still fits."""
    with one_uplink(tmp_path, Ahead(level1)) as here:
        order, at = ready(here)
        run(here, until=at + -4.0)
        change(here, order, what)
        here.clock.wait(at + gap_s)
        run(here, until=MORNING)
        state, longitudes = outcome(here, order)
    if what == "title":
        assert (state, longitudes) == ("completed", [126.98])
    else:
        assert longitudes == []
        assert state in ("accepted", "scheduled")


@pytest.mark.parametrize("what", ["place", "looks", "title"])
def test_amended_while_another_order_is_planned(tmp_path, level1, monkeypatch, what):
    """A plan takes a minute: what it says of an order that was changed meanwhile is of the old one."""
    replan = _planning.replan
    with one_uplink(tmp_path, Tape(level1)) as here:
        order, at = ready(here)
        run(here, until=at + -300.0)
        busan = {"type": "Point", "coordinates": [129.04, 35.1]}
        other = read_order({"title": "x", "place": busan, "source": "new"}, now=here.clock.now())
        here.desk.place(other, by="ann", key="x")

        def amended(*told):
            monkeypatch.setattr(_planning, "replan", replan)
            made = replan(*told)
            change(here, order, what)
            return made

        monkeypatch.setattr(_planning, "replan", amended)
        run(here, until=MORNING)
        state, longitudes = outcome(here, order)
    assert longitudes == {"title": [126.98], "place": [139.7], "looks": []}[what]
    assert state == ("completed" if longitudes else "accepted")


@pytest.mark.parametrize("what", ["place", "window", "title"])
def test_amended_while_commands_are_handed_over(tmp_path, level1, what):
    """Between the commands and the note that they went up."""

    class Slow(Tape):
        here = order = None

        def command(self, *told):
            super().command(*told)
            if self.here is not None:
                change(self.here, self.order, what)
                self.here = None

    tape = Slow(level1)
    with one_uplink(tmp_path, tape) as here:
        order, _ = ready(here)
        tape.here, tape.order = here, order
        run(here, until=MORNING)
        state, longitudes = outcome(here, order)
    assert longitudes == ([126.98] if what == "title" else [])
    assert state == "completed" if what == "title" else state in ("accepted", "scheduled")


def test_amended_there_and_back_keeps_its_pass(tmp_path, level1):
    """Between two steps of the loop: nothing has changed."""
    with one_uplink(tmp_path, Tape(level1)) as here:
        order, _ = ready(here)
        was = here.desk.show(order, by="ann").placed.order
        change(here, order, "place")
        here.desk.amend(order, lambda _: was, by="ann")
        run(here, until=MORNING)
        assert outcome(here, order) == ("completed", [126.98])
