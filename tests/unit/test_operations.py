"""The mission loop on a clock of its own: orders in, pictures out, whatever goes wrong."""

from __future__ import annotations

import errno

import pytest

from offnadir.catalog import ArchiveQuery
from offnadir.operations import LeaseError, open_operation, run
from support.operation import UNTIL, Tape, drive, make_operation, place_orders, summary


@pytest.fixture
def start(tmp_path):
    def make(more="", **wishes):
        path = make_operation(tmp_path / "op", more)
        with open_operation(path) as here:
            names = place_orders(here, **wishes)
        return path, names

    return make


def codes(found, name):
    return [code for _, code, _ in found["history"][name]]


def test_orders_become_pictures(start, level1):
    path, _ = start()
    tape = Tape(level1)
    drive(path, spacecraft=tape)
    found = summary(path)
    for name in ("Seoul", "Busan", "Tokyo", "Sapporo"):
        assert codes(found, name) == [
            "placed", "passed", "planned", "uplinked", "downlinked", "delivered",
        ]  # fmt: skip
    assert len(found["deliveries"]) == 4
    assert len(tape.asked) == 4
    assert found["log"]
    with open_operation(
        path
    ) as here:  # what was delivered is the customer's to find, and nobody else's
        customer = here.desk.find_user("ann").customer_id
        assert here.archive.count(ArchiveQuery(readers=(customer,))) == 4
        assert here.archive.count(ArchiveQuery(readers=("*", "c-other"))) == 0
    # an uplink comes before the pictures that it brings up, and those before they come down
    times = [at for _, _, at in found["history"]["Seoul"]]
    assert times == sorted(times)
    # once more: nothing is left to do
    drive(path, spacecraft=tape)
    assert summary(path) == found
    assert len(tape.asked) == 4


def test_a_missed_uplink_costs_a_pass_and_no_order(start, level1):
    path, _ = start('[[fault]]\nkind = "missed_uplink"\nsatellite = "WORLDVIEW-3 (WV-3)"\n')
    tape = Tape(level1)
    drive(path, spacecraft=tape)
    found = summary(path)
    assert all(codes(found, name)[-1] == "delivered" for name in found["history"])
    assert any("unplanned" in codes(found, name) for name in found["history"])
    assert len(found["deliveries"]) == 4
    # what was not brought up was not taken: nobody asks for it
    assert len(tape.asked) == 4


def test_a_station_that_is_down_is_gone_around(start, level1):
    down = '[[fault]]\nkind = "station_down"\nstation = "Svalbard"\nuntil = 2026-05-31T06:00:00Z\n'
    path, _ = start(down)
    drive(path, spacecraft=Tape(level1))
    found = summary(path)
    assert all(codes(found, name)[-1] == "delivered" for name in found["history"])
    first = min(
        at for lines in found["history"].values() for _, code, at in lines if code == "uplinked"
    )
    assert first > "2026-05-31T00:16:21Z"  # when Svalbard would have been the first


def test_a_corrupt_downlink_is_sent_again_and_then_taken_again(start, level1):
    path, _ = start(
        '[[fault]]\nkind = "corrupt_downlink"\nsatellite = "PLEIADES NEO 4"\ntimes = 5\n'
    )
    tape = Tape(level1)
    drive(path, spacecraft=tape)
    found = summary(path)
    assert all(codes(found, name)[-1] == "delivered" for name in found["history"])
    assert any(
        "missed" in codes(found, name) for name in found["history"]
    )  # three times is too often for one of the two


def test_what_really_came_down_corrupt_is_noticed(start, level1):
    class Noisy(Tape):
        def receive(self, picture, plan, folder):
            super().receive(picture, plan, folder)
            if len(self.asked) == 1:
                victim = next(folder.glob("L1A_*.tif"))
                raw = bytearray(victim.read_bytes())
                raw[len(raw) // 2] ^= 1
                victim.write_bytes(raw)

    path, _ = start()
    tape = Noisy(level1)
    drive(path, spacecraft=tape)
    assert len(tape.asked) == 5
    assert len(summary(path)["deliveries"]) == 4


def test_a_full_disk_is_waited_for(start, level1):
    class Full(Tape):
        def receive(self, picture, plan, folder):
            if len(self.asked) < 3:
                self.asked.append(picture.id)
                raise OSError(errno.ENOSPC, "No space left on device")
            super().receive(picture, plan, folder)

    path, _ = start()
    tape = Full(level1)
    drive(path, spacecraft=tape)
    assert len(tape.asked) == 7
    assert len(summary(path)["deliveries"]) == 4


def test_a_cloudy_picture_is_taken_again(start, level1, monkeypatch):
    from offnadir.operations import _making

    made, cloudy = _making._made, []

    def under_clouds(here, picture, folder, level):
        item = made(here, picture, folder, level)
        if not cloudy or picture.id in cloudy:
            cloudy.append(picture.id)
            item["properties"]["eo:cloud_cover"] = 80.0
        return item

    monkeypatch.setattr(_making, "_made", under_clouds)
    path, _ = start(looks={"max_cloud": 0.3})
    drive(path, spacecraft=Tape(level1))
    found = summary(path)
    assert all(codes(found, name)[-1] == "delivered" for name in found["history"])
    assert sum("retake" in codes(found, name) for name in found["history"]) == 1
    assert len(found["deliveries"]) == 4


def test_the_archive_serves_who_comes_later(start, level1):
    path, _ = start()
    tape = Tape(level1)
    drive(path, spacecraft=tape)
    with open_operation(path, spacecraft=tape) as here:
        item = here.archive.search(ArchiveQuery()).items[0].item
        west, south, east, north = item["bbox"]
        late = place_late(here, (west + east) / 2, (south + north) / 2)
        here.lease.take()
        run(here, until=UNTIL + 86400.0)
        view = here.desk.show(late, by="ann")
    assert [line.code for line in view.history] == ["placed", "passed", "archived", "delivered"]
    assert len(tape.asked) == 4


def place_late(here, lon, lat):
    from offnadir.tasking import read_order

    document = {"title": "late", "place": {"type": "Point", "coordinates": [lon, lat]}}
    return here.desk.place(read_order(document, now=here.clock.now()), by="ann", key="late")[0].id


def test_one_loop_at_a_time(start, level1):
    path, _ = start()
    with open_operation(path) as first, open_operation(path) as second:
        first.lease.take()
        with pytest.raises(LeaseError, match="another loop runs this operation"):
            second.lease.take()
        first.lease.give_back()
        second.lease.take()
        with pytest.raises(LeaseError, match="another loop took over"), first.begin():
            pass


def test_an_order_whose_time_is_over_ends(start, level1):
    path, _ = start(deadline="2026-05-31T01:00:00Z")
    drive(path, spacecraft=Tape(level1))
    found = summary(path)
    assert {codes(found, name)[-1] for name in found["history"]} == {"deadline"}
    assert found["deliveries"] == {}


def test_a_withdrawn_order_is_not_taken(start, level1):
    path, names = start()
    tape = Tape(level1)
    with open_operation(path, spacecraft=tape) as here:
        here.lease.take()
        run(here, until=here.clock.now() + 600.0)
        here.desk.cancel(names["Seoul"], by="ann")
        run(here, until=UNTIL)
        here.lease.give_back()
    found = summary(path)
    assert codes(found, "Seoul") == ["placed", "passed", "planned", "withdrawn"]
    assert len(found["deliveries"]) == 3
    assert not any(one.startswith(names["Seoul"]) for one in tape.asked)
