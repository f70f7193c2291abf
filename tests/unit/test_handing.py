"""A real operator gets commands `uplink_lead` before the contact; what goes wrong in between, and kills."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from offnadir._database import sa
from offnadir.epoch import Epoch
from offnadir.operations import _spacecraft as spacecraft
from offnadir.operations import open_operation, run, status_of
from offnadir.operations._context import Context
from offnadir.operations._pictures import Stage, read_pictures
from offnadir.operations._spacecraft import Folders
from offnadir.operations._tables import FACTS, UPLINKS
from offnadir.operations._uplinking import uplink
from support.operation import make_operation, place_orders

REAL = 'kind = "folder"\n'
LEAD_S = 600.0


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """An operation of a real operator with a plan, some minutes before anything is handed over."""
    path = make_operation(tmp_path_factory.mktemp("real") / "op")
    path.write_text(path.read_text().replace("size = [48, 48]", REAL))
    with open_operation(path) as here:
        names = place_orders(here)
        here.lease.take()
        run(here, until=here.clock.now() + 60.0)
        here.lease.give_back()
    return path, names


@pytest.fixture
def op(planned, tmp_path):
    shutil.copytree(planned[0].parent, tmp_path / "op")
    return tmp_path / "op" / "operation.toml", planned[1]


def first_uplink(here) -> tuple[str, Epoch]:
    with here.database.read() as connection:
        row = connection.execute(
            sa.select(UPLINKS).order_by(UPLINKS.c.at_tai_ns, UPLINKS.c.satellite).limit(1)
        ).one()
    return row.satellite, Epoch(row.at_tai_ns)


def uplink_state(here, at: Epoch) -> str:
    with here.database.read() as connection:
        query = sa.select(UPLINKS.c.state).where(UPLINKS.c.at_tai_ns == at.tai_ns)
        return str(connection.execute(query).scalar_one())


def files(path: Path) -> dict[str, list[str]]:
    """Ids of the pictures in each command file, by its name."""
    found = {}
    for file in sorted((path.parent / "spacecraft" / "uplink").glob("*/*")):
        document = json.loads(file.read_text())
        found[file.name] = [one["picture"] for one in document["pictures"]]
    return found


def stages(here, names: list[str]) -> dict[str, Stage]:
    with here.database.read() as connection:
        return {one.id: one.stage for one in read_pictures(connection) if one.id in names}


def test_commands_come_before_the_contact(op):
    path, _ = op
    with open_operation(path) as here:
        here.lease.take()
        satellite, at = first_uplink(here)
        run(here, until=at + (-LEAD_S - 1.0))
        assert files(path) == {}
        run(here, until=at + (-LEAD_S + 1.0))
        name = at.utc(0).replace(":", "") + ".json"
        load = files(path)[name]
        assert load
        assert uplink_state(here, at) == "handed"
        assert set(stages(here, load).values()) == {Stage.PLANNED}
        assert (satellite, at, "handed") in [(s, t, w) for s, _, t, w in status_of(here).uplinks]
        (file,) = (path.parent / "spacecraft" / "uplink").glob(f"*/{name}")
        document = json.loads(file.read_text())
        assert (document["number"], document["replaces"]) == (1, None)
        assert Epoch.from_utc(document["uplink"]) - at == pytest.approx(0.0, abs=1e-3)
        written = file.stat().st_mtime_ns
        run(here, until=at + 1.0)
        assert uplink_state(here, at) == "done"
        assert set(stages(here, load).values()) == {Stage.ABOARD}
        assert file.stat().st_mtime_ns == written
        with here.database.read() as connection:
            kept = connection.execute(sa.select(FACTS.c.key)).scalars().all()
        assert f"handed {at.tai_ns} {satellite}" not in kept


def test_a_new_order_does_not_change_what_was_handed_over(op):
    """What comes between the file and the contact goes up with the contact after that."""
    from offnadir.tasking import read_order

    path, _ = op
    with open_operation(path) as here:
        here.lease.take()
        _, at = first_uplink(here)
        run(here, until=at + -LEAD_S + 1.0)
        before = files(path)
        place = {"type": "Point", "coordinates": [135.5, 34.7]}
        order = read_order({"title": "Osaka", "place": place, "priority": 1}, now=here.clock.now())
        new = here.desk.place(order, by="ann", key="Osaka")[0].id
        run(here, until=at + -1.0)
        assert {name: files(path)[name] for name in before} == before
        assert all(".2" not in name for name in files(path))
        with here.database.read() as connection:
            (picture,) = read_pictures(connection, (), new)
        assert picture.stage == Stage.PLANNED
        run(here, until=at + 1.0)
        with here.database.read() as connection:
            (picture,) = read_pictures(connection, (), new)
        assert picture.stage == Stage.PLANNED  # not brought up by a file that does not hold it


def test_what_must_go_is_taken_back_by_a_second_file(op):
    path, _ = op
    with open_operation(path) as here:
        here.lease.take()
        _, at = first_uplink(here)
        run(here, until=at + -LEAD_S + 1.0)
        name = at.utc(0).replace(":", "")
        first = files(path)[f"{name}.json"]
        here.desk.cancel(first[0].rpartition("-")[0], by="ann")
        run(here, until=at + -300.0)
        found = files(path)
        assert found[f"{name}.json"] == first
        assert found[f"{name}.2.json"] == first[1:]
        (file,) = (path.parent / "spacecraft" / "uplink").glob(f"*/{name}.2.json")
        document = json.loads(file.read_text())
        assert (document["number"], document["replaces"]) == (2, f"{name}.json")
        run(here, until=at + 1.0)
        assert uplink_state(here, at) == "done"
        assert stages(here, first)[first[0]] == Stage.DROPPED
        assert all(stages(here, first)[one] == Stage.ABOARD for one in first[1:])


def test_a_contact_that_nothing_was_handed_over_for_is_missed(op):
    """The loop slept until a minute into the contact: the operator has had nothing to send."""
    path, _ = op
    with open_operation(path) as here:
        here.lease.take()
        _, at = first_uplink(here)
        assert uplink(here, at + 60.0)
        assert uplink_state(here, at) == "missed"
    assert files(path) == {}


def test_a_loop_that_slept_after_handing_over_trusts_the_operator(op):
    path, _ = op
    with open_operation(path) as here:
        here.lease.take()
        _, at = first_uplink(here)
        run(here, until=at + -LEAD_S + 1.0)
        load = files(path)[at.utc(0).replace(":", "") + ".json"]
        uplink(here, at + 3600.0)
        assert set(stages(here, load).values()) == {Stage.ABOARD}


def test_a_disk_that_is_full_is_tried_again(op, monkeypatch):
    path, _ = op
    good, calls = Folders.command, []

    def full(self, satellite, at, *more, **named):
        calls.append(at)
        if len(calls) < 3:
            raise OSError(28, "No space left on device")
        good(self, satellite, at, *more, **named)

    monkeypatch.setattr(Folders, "command", full)
    said = []
    with open_operation(path, say=lambda at, text: said.append((at, text))) as here:
        here.lease.take()
        _, at = first_uplink(here)
        run(here, until=at + -LEAD_S + 150.0)
        times = [when - at for when, text in said if "commands for" in text]
    assert times == pytest.approx([-600.0, -540.0, -480.0], abs=0.01)
    assert len(files(path)) == 1


class Killed(BaseException):
    """The end of a process."""


class Killer:
    """Counts the writes of a loop, and kills before and after the one of a number."""

    def __init__(self, at: int | None) -> None:
        self.at, self.count = at, 0

    def pass_by(self) -> None:
        self.count += 1
        if self.count - 1 == self.at:
            raise Killed

    def take_over(self, patch: pytest.MonkeyPatch) -> None:
        begin, command, ours = Context.begin, Folders.command, self

        @contextmanager
        def counted(here):
            ours.pass_by()
            with begin(here) as connection:
                yield connection
                ours.pass_by()  # the work is done, and never stands
            ours.pass_by()

        def written(folders, *more, **named):
            ours.pass_by()
            command(folders, *more, **named)
            ours.pass_by()

        patch.setattr(Context, "begin", counted)
        patch.setattr(Folders, "command", written)


def live_through(path: Path, kill_at: int | None) -> tuple[int, dict, dict, list, Counter]:
    """Hand over, lose an order, take it back, and have the contact; killed at one write, and started again.

    The number of writes, the files, the stages of the pictures, what is still to be done, and how often each
    file was written.
    """
    killer, times = Killer(kill_at), Counter[str]()
    good = spacecraft.replacing

    def counting(target):
        times[target.name] += 1
        return good(target)

    instants = [-LEAD_S, -300.0, 0.0]
    with pytest.MonkeyPatch.context() as patch:
        killer.take_over(patch)
        patch.setattr(spacecraft, "replacing", counting)
        while instants:
            with suppress(Killed), open_operation(path) as here:
                here.lease.holder = "killed:again:and again"
                here.lease.take()
                _, at = first_uplink(here)
                while instants:
                    name = at.utc(0).replace(":", "")
                    if instants[0] == -300.0 and f"{name}.2.json" not in files(path):
                        lost = files(path)[f"{name}.json"][0].rpartition("-")[0]
                        if here.desk.show(lost, by="boss").placed.is_open:
                            here.desk.cancel(lost, by="ann")
                    while uplink(here, at + instants[0]):
                        pass
                    instants.pop(0)
    with here.database.read() as connection:
        pictures = {one.id: str(one.stage) for one in read_pictures(connection)}
        facts = (
            connection.execute(sa.select(FACTS.c.key).where(FACTS.c.key.startswith("handed")))
            .scalars()
            .all()
        )
    here.database.close()
    return killer.count, files(path), pictures, list(facts), times


def test_killed_between_any_two_writes_nothing_is_done_twice(planned, tmp_path):
    def fresh(number: int) -> Path:
        shutil.copytree(planned[0].parent, tmp_path / f"op{number}")
        return tmp_path / f"op{number}" / "operation.toml"

    count, *calm = live_through(fresh(0), None)
    (first, second) = calm[0].values()
    assert sorted([*calm[0]], key=len)[1].endswith(".2.json")
    assert abs(len(first) - len(second)) == 1
    assert (calm[2], set(calm[3].values())) == ([], {1})
    assert count == 3 * 5 + 2 * 2  # five transactions and two files
    for at in range(count):
        _, *found = live_through(fresh(1 + at), at)
        assert found == calm, at
