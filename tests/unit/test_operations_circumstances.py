"""Clocks, clouds, satellites and orders that are not as one would wish, and what becomes of the orders."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from offnadir.catalog import ArchiveQuery
from offnadir.epoch import Epoch
from offnadir.operations import _planning, open_operation, reason_in_words, reason_of, run
from offnadir.operations._pictures import Stage
from offnadir.operations._reasons import keep_reasons
from offnadir.operations._spacecraft import Simulated
from offnadir.tasking import verify
from support.faults import CALM, NOON, SEOUL, codes_of, go, history_of, pictures_of, start
from support.operation import MISSION, UNTIL, Tape

MIDNIGHT = Epoch.from_utc("2026-05-31T00:00:00Z")


class Jumpy:
    """A clock of a machine that is set wrong at some instants: (true time, how far off from then on) [s]."""

    is_real = True

    def __init__(self, *jumps):
        self.jumps, self.true_s = jumps, 0.0

    def now(self):
        off_s = [off_s for at_s, off_s in self.jumps if at_s <= self.true_s]
        return MIDNIGHT + self.true_s + (off_s[-1] if off_s else 0.0)

    def wait(self, until):
        next_s = min((at_s for at_s, _ in self.jumps if at_s > self.true_s), default=1e9)
        self.true_s = min(self.true_s + max(until - self.now(), 1.0), next_s)

    def look(self):
        pass


@pytest.mark.parametrize(
    ("jumps", "missed"),
    [
        ([(3000.0, 3600.0)], 0),  # after the uplink an hour ahead, for good
        ([(3000.0, -3600.0)], 0),
        (
            [(600.0, 3600.0), (1800.0, 0.0)],
            1,
        ),  # the uplink at 00:16 is jumped over, and comes again
        ([(1500.0, -3600.0), (5000.0, 0.0)], 0),  # the uplink was there, and would be once more
    ],
    ids=["ahead", "back", "over an uplink", "back over an uplink"],
)
def test_a_clock_that_jumps_an_hour_loses_nothing(tmp_path, level1, jumps, missed):
    path, _ = start(tmp_path)
    tape, clock = Tape(level1), Jumpy(*jumps)

    def set_clock(here):
        here.clock = clock
        here.desk = replace(here.desk, clock=clock.now)

    said = go(path, tape, NOON, change=set_clock)
    found = codes_of(path)
    assert sum("MISSED" in one for one in said) == missed == found.count("unplanned")
    assert found[-1] == "delivered"
    assert found.count("delivered") == len(tape.asked) == 1
    with open_operation(path) as here:
        assert verify(here.desk.audit).is_whole


def test_clouds_of_the_simulated_camera_are_seen_and_the_picture_is_taken_again(tmp_path):
    """A sky that is all cloud twice, then clear: seen by the product's own mask."""
    path, _ = start(tmp_path, looks={"max_cloud": 0.2})
    said = []
    with open_operation(path, say=lambda at, text: said.append(text)) as here:
        overcast = replace(here.operation.camera, cloud_share=1.0, bands=("sharpest",))

        class Sky:
            hands_ahead = False

            command = Simulated.command

            def receive(self, picture, plan, folder):
                again = sum("it is taken again" in one for one in said)
                clear = replace(overcast, cloud_share=0.0)
                Simulated(overcast if again < 2 else clear).receive(picture, plan, folder)

        here.spacecraft = Sky()
        Sky.camera = overcast
        here.lease.take()
        run(here, until=UNTIL + 3 * 86400.0)
        here.lease.give_back()
        (item,) = here.archive.search(ArchiveQuery()).items
    assert [one.partition(": ")[2] for one in said if "it is taken again" in one] == [
        "100 % cloud, at most 20 % wanted: it is taken again"
    ] * 2
    found = codes_of(path)
    assert found.count("retake") == 2
    assert found[-1] == "delivered"
    assert item.item["properties"]["eo:cloud_cover"] <= 20.0


def test_clouds_until_the_deadline_end_the_order_and_it_is_told_why(tmp_path, level1, monkeypatch):
    """As often as there is a pass: while its time lasts, an order is worth another picture."""
    from offnadir.operations import _making

    made = _making._made

    def under_clouds(*words):
        item = made(*words)
        item["properties"]["eo:cloud_cover"] = 80.0
        return item

    monkeypatch.setattr(_making, "_made", under_clouds)
    path, _ = start(tmp_path, looks={"max_cloud": 0.2}, deadline="2026-06-02T00:00:00Z")
    go(path, Tape(level1), UNTIL)
    found = history_of(path)
    assert [code for code, _ in found].count("retake") >= 2
    assert found[-1][0] == "deadline"
    assert all(
        "80 % cloud, at most 20 % wanted" in words for code, words in found if code == "retake"
    )
    assert {one.stage for one in pictures_of(path)} == {Stage.LOST}


def polygon(west, south, east, north):
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [corners]}


def place(path, title, where, **wishes):
    from offnadir.tasking import read_order

    with open_operation(path) as here:
        order = read_order({"title": title, "place": where, **wishes}, now=here.clock.now())
        return here.desk.place(order, by="ann", key=title)[0].id


def test_an_order_that_the_planner_refuses_fails_alone(tmp_path, level1):
    path, _ = start(tmp_path)
    place(path, "Everything", polygon(120.0, 30.0, 140.0, 45.0))
    go(path, Tape(level1))
    (*_, last) = history_of(path, "Everything")
    assert last[0] == "no_opportunity"
    assert (
        last[1]
        == "no satellite can take it: must be a polygon that reaches at most 1000 km from its centre"
    )
    assert codes_of(path) == CALM


def test_a_memory_that_holds_one_picture_gives_one_after_the_other(tmp_path, level1):
    """Two places of one pass; whoever can't be taken then is taken after the memory was emptied."""
    places = {**SEOUL, "Incheon": (126.6, 37.45)}
    loose, _ = start(tmp_path / "loose", places=places, mission=one_satellite(40.0))
    go(loose, Tape(level1), MIDNIGHT + 600.0)
    a, b = pictures_of(loose)
    assert b.start - a.start < 600.0
    bits = max(one.collection["volume_gbit"] for one in (a, b))
    path, _ = start(tmp_path / "tight", places=places, mission=one_satellite(1.5 * bits))
    go(path, Tape(level1), UNTIL)
    assert codes_of(path)[-1] == codes_of(path, "Incheon")[-1] == "delivered"
    first, second = sorted(pictures_of(path, Stage.DELIVERED), key=lambda one: one.start)
    assert second.start > first.down
    never, _ = start(
        tmp_path / "never", mission=one_satellite(0.5 * bits), deadline="2026-05-31T10:00:00Z"
    )
    go(never, Tape(level1))
    assert codes_of(never) == ["placed", "passed", "deadline"]


def one_satellite(memory_gbit):
    """The mission with the second satellite only."""
    head, _, rest = MISSION.partition("[[satellite]]")
    second = rest.partition("[[satellite]]")[2].replace(
        "memory_gbit = 12", f"memory_gbit = {memory_gbit:.4f}"
    )
    return f"{head}[[satellite]]{second}"


def test_a_satellite_without_any_contact_is_told_nothing_and_orders_wait(tmp_path, level1):
    high = one_satellite(12.0).replace("lon_deg", "min_elevation_deg = 89\nlon_deg")
    path, _ = start(tmp_path, mission=high, deadline="2026-05-31T10:00:00Z")
    tape = Tape(level1)
    go(path, tape)
    assert codes_of(path) == ["placed", "passed", "deadline"]
    assert tape.commands == tape.asked == []


def test_a_permit_holds_a_picture_until_somebody_has_it(tmp_path, level1):
    (tmp_path / "op").mkdir()
    (tmp_path / "op" / "pack.toml").write_text(PERMIT)
    path, names = start(tmp_path, head='packs = ["pack.toml"]\n')
    tape = Tape(level1)
    with open_operation(path, spacecraft=tape) as here:
        here.lease.take()
        run(here, until=NOON)
        assert codes_of(path)[-1] == "permit"
        assert not here.operation.deliveries.exists()
        here.desk.add_user("rita", ["releaser"], by="boss")
        here.desk.decide(names["Seoul"], "allow", "permit 4711 is here", by="rita")
        run(here, until=NOON + 7200.0)
        here.lease.give_back()
    assert codes_of(path) == [*CALM[:-1], "permit", "released", "delivered"]
    assert len(tape.asked) == 1


PERMIT = """
[pack]
format = 1
name = "test"
version = "1"
[[rule]]
id = "here"
title = "A rule"
authority = "nobody"
kind = "law"
effect = "permit"
stages = ["delivery"]
words = "a permit is needed."
source = "this test"
retrieved = 2026-01-01
confidence = "high"
where = { countries = ["KR"] }
"""


def test_windows_without_an_end_and_lines_are_planned(tmp_path, level1):
    path, _ = start(tmp_path, places={})
    seoul = {"type": "Point", "coordinates": [126.98, 37.57]}
    line = {"type": "LineString", "coordinates": [[126.9, 37.5], [126.95, 37.52], [127.0, 37.55]]}
    place(path, "From", seoul, windows=[{"start": "2026-05-31T12:00:00Z"}])
    place(path, "Till", seoul, windows=[{"stop": "2026-05-31T12:00:00Z"}])
    place(path, "Line", line)
    go(path, Tape(level1), UNTIL)
    for name in ("From", "Till", "Line"):
        assert codes_of(path, name)[-1] == "delivered", name
    taken = {one.order_id: one.start for one in pictures_of(path)}
    with open_operation(path) as here:
        titles = {row.id: row.title for row in here.desk.list(by="boss").rows}
    at = {titles[order]: start for order, start in taken.items()}
    assert at["From"] >= NOON > at["Till"]


def test_a_deadline_before_the_downlink_is_known_when_it_is_planned(tmp_path, level1):
    """Taken at 01:54, down at 03:38: by 02:30 no customer can have it, and no picture is wasted."""
    path, _ = start(tmp_path, deadline="2026-05-31T02:30:00Z")
    tape = Tape(level1)
    go(path, tape)
    assert codes_of(path) == ["placed", "passed", "deadline"]
    assert tape.asked == []


def test_a_deadline_that_passes_while_a_station_is_down_is_missed_by_a_pass_only(tmp_path, level1):
    """Planned to be down at 03:38, due at 04:00; the station is down, and the next contact is late."""
    down = '[[fault]]\nkind = "station_down"\nafter = 2026-05-31T03:00:00Z\nuntil = 2026-05-31T04:30:00Z\n'
    path, _ = start(tmp_path, down, deadline="2026-05-31T04:00:00Z")
    tape = Tape(level1)
    go(path, tape)
    assert codes_of(path) == CALM
    assert len(tape.asked) == 1


def test_an_order_that_ends_without_a_picture_says_what_would_have_passed(tmp_path, level1):
    """The reason of a plan that knew its passes outlives the plans of what is left of its time."""
    path, _ = start(tmp_path, looks={"max_off_nadir_deg": 1.0}, deadline="2026-05-31T10:00:00Z")
    go(path, Tape(level1))
    code, words = history_of(path)[-1]
    assert code == "deadline"
    least = re.search(r"Would have needed: an off-nadir limit of ([0-9.]+) deg\.$", words)
    assert least is not None, words
    wider, _ = start(
        tmp_path / "wider", looks={"max_off_nadir_deg": float(least[1])}, deadline="2026-05-31T10:00:00Z"
    )  # fmt: skip
    go(wider, Tape(level1))
    assert codes_of(wider)[-1] == "delivered"


def a_request(order, reason, until, opportunities=0):
    return {
        "name": order, "reason": reason, "opportunities": opportunities,
        "window": {"stop": f"2026-05-31T{until}:00:00Z"},
    }  # fmt: skip


def test_reasons_of_plans_are_kept_until_a_picture_is_planned(tmp_path):
    """And no longer than the order is what it was."""
    steep, over = (
        {"code": "no_pass", "text": "Too steep."},
        {"code": "no_pass", "text": "No satellite."},
    )
    full = {"code": "late", "text": "No contact."}
    path, names = start(tmp_path)
    (order,) = names.values()
    with open_operation(path) as here:

        def placed():
            return here.desk.show(order, by="ann").placed

        def told():
            found = reason_of(here.database, placed())
            return found and found["text"]

        for asked, known in (
            (a_request(order, steep, 10), "Too steep."),
            (a_request(order, over, 10), "Too steep."),  # nothing is left of the same time
            (a_request(order, over, 12), "No satellite."),  # looked further
            (a_request(order, full, 12, 1), "No contact."),
            (a_request(order, None, 12, 1), None),
            (a_request(order, steep, 12), "Too steep."),
        ):
            with here.database.begin() as connection:
                keep_reasons(connection, [asked], {order: placed()})
            assert told() == known
        here.desk.amend(order, lambda before: replace(before, title="Another"), by="ann")
        assert told() is None
        with here.database.begin() as connection:
            keep_reasons(connection, [a_request(order, over, 10)], {order: placed()})
        assert told() == "No satellite."


def test_reasons_tell_customers_nothing_of_others(tmp_path):
    """Neither another order's name nor what it is worth; who sees all orders reads all of it."""
    path, names = start(tmp_path, places={**SEOUL, "Incheon": (126.6, 37.45)})
    order, other = names.values()
    full = {
        "code": "memory_full", "would_need": "a weight above 16.1",
        "text": f"the memory would be full. {other} (C0009, 02:13) would have to go, worth 9.93",
    }  # fmt: skip
    with open_operation(path) as here:
        placed = here.desk.show(order, by="ann").placed
        for reason in (full, {**full, "code": "late"}):
            with here.database.begin() as connection:
                keep_reasons(connection, [a_request(order, reason, 12, 1)], {order: placed})
            whole = reason_of(here.database, placed, whole=True)
            assert whole == {**reason, "until": "2026-05-31T12:00:00Z"}
            told = reason_of(here.database, placed)
            assert told == {
                "code": reason["code"], "until": "2026-05-31T12:00:00Z",
                "text": "Other pictures, or what the satellites can do, leave no room for it.",
            }  # fmt: skip
            assert other not in reason_in_words(told)


def test_a_picture_that_falls_out_of_the_plan_names_no_other_order(tmp_path):
    """Why there was a new plan is the operator's: a picture of somebody else was lost, say."""
    path, names = start(tmp_path, places={**SEOUL, "Incheon": (126.6, 37.45)})
    order, other = names.values()
    with open_operation(path, spacecraft=Tape(tmp_path)) as here:
        here.lease.take()
        run(here, until=here.clock.now() + 1.0)
        (picture,) = [one for one in pictures_of(path) if one.order_id == order]
        with here.begin() as connection:
            _planning._part_with(here, connection, [picture], here.clock.now())
        line = here.desk.show(order, by="ann").history[-1]
    assert line.code == "unplanned"
    assert line.words == "its picture fell out of the plan: there is a new plan"
    assert other not in line.words


def test_an_order_that_is_amended_to_the_archive_is_not_taken_anew(tmp_path):
    """Nor is what was noted of it as it was before believed: it is looked for in the archive again."""
    path, names = start(tmp_path)
    (order,) = names.values()
    tape = Tape(tmp_path)
    with open_operation(path, spacecraft=tape) as here:
        here.lease.take()
        run(here, until=here.clock.now() + 1.0)
        assert here.desk.show(order, by="ann").placed.state == "scheduled"
        here.desk.amend(order, lambda before: replace(before, source="archive"), by="ann")
        run(here, until=here.clock.now() + 10.0)
        found = here.desk.show(order, by="ann")
    assert (found.placed.state, found.placed.code) == ("failed", "no_opportunity")
    assert {one.stage for one in pictures_of(path)} == {Stage.DROPPED}
