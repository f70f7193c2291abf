"""What goes wrong in an operation, one thing at a time, and what becomes of its orders."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from offnadir._database import sa
from offnadir.catalog import ArchiveQuery
from offnadir.operations import LeaseError, coverage_of, open_operation, run
from offnadir.operations import _planning as planning
from offnadir.operations import _telling as telling
from offnadir.operations._pictures import Stage, read_pictures
from offnadir.operations._tables import FACTS
from offnadir.tasking import read_order
from offnadir.tasking._tables import QUOTA_USE
from support.operation import (
    LIST,
    UNTIL,
    Tape,
    drive,
    make_operation,
    place_orders,
    summary,
)

ONE = {"Seoul": (126.98, 37.57)}
SELDOM = '[horizon]\nreplan_every = "12 h"\n'
AREA = {"type": "Polygon", "coordinates": [[
    [126.8, 37.3], [127.2, 37.3], [127.2, 37.7], [126.8, 37.7], [126.8, 37.3]]]}  # fmt: skip


@pytest.fixture
def start(tmp_path):
    def make(more="", places=ONE, **wishes):
        path = make_operation(tmp_path / "op", more)
        with open_operation(path) as here:
            names = place_orders(here, places, **wishes)
        return path, names

    return make


def codes(path, name="Seoul"):
    return [code for _, code, _ in summary(path)["history"][name]]


def test_opening_a_database_again_needs_no_alembic(start):
    """The head that `open_database` knows is the newest step, or every opening would run them all."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from offnadir._database import _open

    config = Config()
    folder = Path(_open.__file__).parent
    config.set_main_option("script_location", str(folder))
    config.set_main_option("version_locations", str(folder / "versions"))
    config.set_main_option("path_separator", "newline")
    assert ScriptDirectory.from_config(config).get_current_head() == _open.HEAD


def test_a_plan_that_the_checker_refuses_changes_nothing(start, level1, monkeypatch):
    path, _ = start()
    good, calls = planning.replan, []

    def refused(*arguments):
        made, standing = good(*arguments)
        calls.append(made)
        if len(calls) < 3:
            made.document["check"] = {
                "passed": False,
                "rules": [{"violations": ["it slews too fast"]}],
            }
        return made, standing

    monkeypatch.setattr(planning, "replan", refused)
    said = []
    drive(path, spacecraft=Tape(level1), say=lambda at, text: said.append((at.utc(0), text)))
    assert [one for one in said if "it slews too fast" in one[1]] == [
        ("2026-05-31T00:00:00Z",
         "no new plan: the checker refuses plan 1: it slews too fast; trying again in 10 min"),
        ("2026-05-31T00:10:00Z",
         "no new plan: the checker refuses plan 1: it slews too fast; trying again in 20 min"),
    ]  # fmt: skip
    assert codes(path)[-1] == "delivered"


def test_a_mission_file_that_is_gone_is_waited_for(start, level1):
    path, _ = start()
    elements = path.parent / "elements.omm.json"
    elements.rename(elements.with_suffix(".away"))
    with open_operation(path, spacecraft=Tape(level1)) as here:
        here.lease.take()
        run(here, until=here.clock.now() + 1500.0)
        elements.with_suffix(".away").rename(elements)
        run(here, until=UNTIL)
        here.lease.give_back()
    assert codes(path)[-1] == "delivered"


def test_an_order_that_is_held_before_its_uplink_is_not_taken(start, level1):
    """The hold comes between the plan and the uplink, and the clock is at the uplink at once."""
    path, names = start()
    tape = Tape(level1)
    with open_operation(path, spacecraft=tape) as here:
        here.lease.take()
        run(here, until=here.clock.now() + 600.0)
        here.desk.cancel(names["Seoul"], by="ann")
        with here.database.read() as connection:
            from offnadir._database import sa
            from offnadir.operations._tables import UPLINKS

            at = connection.execute(sa.select(sa.func.min(UPLINKS.c.at_tai_ns))).scalar()
        from offnadir.epoch import Epoch
        from offnadir.operations._uplinking import uplink

        uplink(here, Epoch(at))
        with here.database.read() as connection:
            (picture,) = read_pictures(connection)
        assert picture.stage == Stage.DROPPED
        assert all(pictures == () for _, _, pictures in tape.commands)
        here.lease.give_back()


def test_a_new_list_stops_an_order_and_a_clearance_lets_it_go_on(start, level1):
    """The end user is on no list at first; after the uplink a list comes that names him."""
    path, names = start(end_user={"name": "Gregor Vantablack", "kind": "person", "country": "KR"})
    newer = LIST.replace("NOBODY", "GREGOR").replace("INPARTICULAR", "VANTABLACK")
    with open_operation(path, spacecraft=Tape(level1)) as here:
        here.lease.take()
        start_at = here.clock.now()
        run(here, until=start_at + 3600.0 * 2.0)
        with here.database.read() as connection:
            assert here.desk.find(names["Seoul"], within=connection).state == "tasked"
        (path.parent / "list.xml").write_text(newer + "\n")
        run(here, until=start_at + 3600.0 * 6.0)
        with here.database.read() as connection:
            assert here.desk.find(names["Seoul"], within=connection).state == "held"
        assert not here.operation.deliveries.exists()
        here.desk.add_user("rita", ["releaser"], by="boss")
        here.desk.decide(names["Seoul"], "allow", "another person, born later", by="rita")
        run(here, until=start_at + 3600.0 * 8.0)
        here.lease.give_back()
    assert codes(path) == [
        "placed", "passed", "planned", "uplinked", "downlinked", "screening", "released", "delivered",
    ]  # fmt: skip


PACK = """
[pack]
format = 1
name = "test"
version = "1"
[[rule]]
id = "here"
title = "A rule"
authority = "nobody"
kind = "contract"
{rule}
stages = ["delivery"]
words = "pictures are held."
source = "this test"
retrieved = 2026-01-01
confidence = "high"
where = {{ countries = ["KR"] }}
"""


def with_pack(tmp_path, rule):
    folder = tmp_path / "op"
    folder.mkdir()
    (folder / "pack.toml").write_text(PACK.format(rule=rule))
    path = make_operation(folder)
    path.write_text('packs = ["pack.toml"]\n' + path.read_text())
    with open_operation(path) as here:
        place_orders(here, ONE)
    return path


def test_a_delay_is_kept_and_then_ends(tmp_path, level1):
    path = with_pack(tmp_path, 'effect = "delay"\ndelay = "20 h"')
    drive(path, spacecraft=Tape(level1))
    history = summary(path)["history"]["Seoul"]
    assert [code for _, code, _ in history][-3:] == ["delay", "cleared", "delivered"]
    # the tape's picture was taken at 01:54:18
    assert history[-1][2] == "2026-05-31T21:54:18Z"


def test_a_picture_that_is_too_fine_is_made_coarser(tmp_path, level1):
    import rasterio

    path = with_pack(tmp_path, 'effect = "degrade"\nto_m = 2.0')
    drive(path, spacecraft=Tape(level1))
    assert codes(path)[-1] == "delivered"
    (folder,) = (path.parent / "deliveries").glob("*/*")
    (whole,) = (path.parent / "products").glob("*/*/*_pan.tif")
    (made,) = folder.glob("*_pan.tif")
    with rasterio.open(whole) as before, rasterio.open(made) as after:
        assert before.transform.a < 2.0 <= after.transform.a
        k = round(after.transform.a / before.transform.a)
        fine, coarse = before.read(1, masked=True), after.read(1, masked=True)
        inside = 0
        for row in range(after.height):
            for column in range(after.width):
                block = fine[row * k : (row + 1) * k, column * k : (column + 1) * k]
                if not np.ma.getmaskarray(block).any():  # a whole block of ground
                    assert coarse[row, column] == pytest.approx(block.mean(), abs=1.0)
                    inside += 1
        assert inside > 20
    assert not list(folder.glob("*.png"))
    with open_operation(path) as here:  # the archive has it as sharp as it was taken
        customer = here.desk.find_user("ann").customer_id
        assert here.archive.count() == 1
        assert here.archive.count(ArchiveQuery(readers=(customer,))) == 0


def test_a_locked_database_is_waited_for(start, level1):
    path, _ = start()
    file = path.parent / "offnadir.sqlite"
    locked = threading.Event()

    def lock():
        link = sqlite3.connect(file, isolation_level=None)
        link.execute("BEGIN EXCLUSIVE")
        locked.set()
        time.sleep(1.0)
        link.execute("ROLLBACK")
        link.close()

    thread = threading.Thread(target=lock)
    thread.start()
    assert locked.wait(10.0)
    drive(path, spacecraft=Tape(level1))
    thread.join()
    assert codes(path)[-1] == "delivered"


def test_a_loop_that_stood_still_writes_nothing_more(start, level1):
    path, _ = start()
    with open_operation(path, spacecraft=Tape(level1)) as old:
        old.lease.lasts_s = 0.0  # as if it had stood still for a minute
        old.lease.take()
        with open_operation(path, spacecraft=Tape(level1)) as new:
            new.lease.take()
            before = new.clock.now()
            with pytest.raises(LeaseError, match="another loop took over"):
                run(old, until=UNTIL)
            new.clock.look()
            assert new.clock.now() == before
            run(new, until=UNTIL)
    assert codes(path)[-1] == "delivered"


def test_a_message_is_posted_again_until_it_is_taken(start, level1, monkeypatch):
    answers, keys = ["it answered 500", "it does not answer", ""], []

    def post(url, body, name, **more):
        keys.append(name)
        return answers[len(keys) - 1]

    monkeypatch.setattr(telling, "post", post)
    path, names = start(delivery={"webhook": "https://news.example/hook"})
    drive(path, spacecraft=Tape(level1))
    assert keys == [f"{names['Seoul']}-1 delivered"] * 3
    assert summary(path)["messages"] == ["sent"]


def test_a_recurring_order_is_taken_as_often_as_asked(start, level1):
    path, _ = start(recurrence={"every_days": 1, "count": 3})
    drive(path, UNTIL + 3 * 86400.0, spacecraft=Tape(level1))
    found = codes(path)
    assert found.count("next") == 2
    assert found[-1] == "delivered"
    with open_operation(path) as here, here.database.read() as connection:
        taken = [one.start for one in read_pictures(connection, (Stage.DELIVERED,))]
    assert len(taken) == 3
    assert all(b - a >= 86400.0 for a, b in pairwise(taken))


def test_a_large_area_gets_all_its_strips(start, level1):
    path, _ = start(SELDOM)
    with open_operation(path) as here:
        order = read_order({"title": "Area", "place": AREA}, now=here.clock.now())
        name = here.desk.place(order, by="ann", key="area")[0].id
    drive(path, UNTIL + 86400.0, spacecraft=Tape(level1))
    with open_operation(path) as here:
        view = here.desk.show(name, by="ann")
        coverage = coverage_of(here.database, name)
        with here.database.read() as connection:
            rests = connection.execute(sa.select(FACTS).where(FACTS.c.key.startswith("rest"))).all()
    # Two of four strips on one day; the rest, of which each day's pass reaches a part, on the next two.
    assert [line.code for line in view.history].count("rest") == 2
    assert view.history[-1].code == "delivered"
    assert len(coverage.pictures) == 4
    assert 0.98 <= coverage.share < 1.0
    assert rests == []


def test_an_area_of_which_a_part_cannot_be_had_says_so(tmp_path, level1, monkeypatch):
    """Two strips come on the first day, the others could on the second: after the deadline."""
    posted = []
    monkeypatch.setattr(
        telling,
        "post",
        lambda url, body, name, **more: posted.append((name, json.loads(body))) or "",
    )
    path = make_operation(tmp_path / "op", SELDOM)
    with open_operation(path) as here:
        here.desk.first_user("boss")
        place_orders(here, ONE, deadline="2026-05-31T00:10:00Z")
        order = read_order(
            {
                "title": "Area", "place": AREA, "deadline": "2026-06-02T00:00:00Z",
                "delivery": {"webhook": "https://news.example/hook"},
            },
            now=here.clock.now(),
        )  # fmt: skip
        name = here.desk.place(order, by="ann", key="area")[0].id
        used = quota(here)
    drive(path, UNTIL, spacecraft=Tape(level1))
    with open_operation(path) as here:
        view = here.desk.show(name, by="ann")
        coverage = coverage_of(here.database, name)
        assert quota(here) == used - 1  # the point gave its picture back, the area kept its
    assert (view.placed.state, view.placed.code) == ("expired", "part")
    assert 0.5 < coverage.share < 0.98
    percent = coverage.document()["covered_percent"]
    assert view.history[-1].words == (
        f"a part was delivered; the time for the rest is over: {percent:g} % of the area, "
        f"{coverage.covered_m2 / 1e6:,.0f} of {coverage.area_m2 / 1e6:,.0f} km2, is delivered"
    )
    # one message for both pictures, one for the end
    assert [key for key, _ in posted] == [f"{name}-2 delivered", f"{name} expired"]
    first, last = (body for _, body in posted)
    assert [one["picture"] for one in first["pictures"]] == [f"{name}-1", f"{name}-2"]
    assert (first["state"], first["code"]) == ("accepted", "rest")
    assert (last["state"], last["code"], last["pictures"]) == ("expired", "part", [])
    assert last["words"] == view.history[-1].words
    assert last["coverage"] == json.loads(json.dumps(coverage.document()))
    assert last["coverage"]["left_km2"] == pytest.approx(coverage.left_m2 / 1e6, abs=1e-3)
    from typer.testing import CliRunner

    from offnadir.cli._main import app

    words = ["order", "show", name, "--as", "ann", "--operation", str(path)]
    shown = CliRunner().invoke(app, words)
    assert f"{coverage.words}; {coverage.left_m2 / 1e6:,.1f} km2 is left" in shown.stdout
    document = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert document["coverage"]["left"] == coverage.left


def quota(here):
    with here.database.read() as connection:
        return connection.execute(sa.select(QUOTA_USE.c.pictures)).scalar_one()


def test_limits_of_azimuth_and_incidence_are_kept(start, level1):
    path, _ = start(looks={"azimuth_deg": [180, 360], "max_incidence_deg": 30})
    said = []
    drive(
        path, UNTIL + 3 * 86400.0, spacecraft=Tape(level1), say=lambda at, text: said.append(text)
    )
    assert not [one for one in said if "another pass" in one]  # the planner itself knows the limits
    with open_operation(path) as here, here.database.read() as connection:
        mine = [one.collection for one in read_pictures(connection, (Stage.DELIVERED,))]
    assert mine
    for one in mine:
        assert 180.0 <= one["azimuth_deg"] <= 360.0
        assert 90.0 - one["elevation_deg"] <= 30.0


def test_what_the_operator_withdraws_late_is_not_delivered(start, level1):
    path, names = start()
    tape = Tape(level1)
    with open_operation(path, spacecraft=tape) as here:
        here.lease.take()
        run(here, until=here.clock.now() + 7200.0)
        here.desk.add_user("pat", ["planner"], by="boss")
        here.desk.cancel(names["Seoul"], by="pat")
        run(here, until=UNTIL)
        assert here.archive.search(ArchiveQuery()).items == ()
        here.lease.give_back()
    assert codes(path)[-1] == "operator"
    assert tape.asked == []


def test_what_is_on_board_stays_when_the_orbit_is_known_better(start, level1):
    """After the uplink the satellite is 5 deg (80 s) further on: no plan can keep the picture."""
    path, names = start()
    file = path.parent / "elements.omm.json"
    with open_operation(path, spacecraft=Tape(level1)) as here:
        here.lease.take()
        run(here, until=UNTIL + -58.2 * 3600.0)  # 01:48: told, and not taken yet
        with here.database.read() as connection:
            (aboard,) = read_pictures(connection, (Stage.ABOARD,))
        document = json.loads(file.read_text())
        for one in document:
            if one["NORAD_CAT_ID"] in (40115, 49070):
                one["MEAN_ANOMALY"] = (float(one["MEAN_ANOMALY"]) + 5.0) % 360.0
        file.write_text(json.dumps(document))
        place = {"type": "Point", "coordinates": [139.7, 35.6]}
        order = read_order({"title": "Tokyo", "place": place}, now=here.clock.now())
        here.desk.place(order, by="ann", key="Tokyo")
        run(here, until=UNTIL + 86400.0)
        with here.database.read() as connection:
            mine = read_pictures(connection, (Stage.DELIVERED,), names["Seoul"])
        here.lease.give_back()
    assert [one.id for one in mine] == [aboard.id]
    assert codes(path, "Tokyo")[-1] == "delivered"


def test_what_a_killed_run_left_beside_a_finished_product_goes(tmp_path):
    """The item is written last but for the removal of what the product was made of."""
    from offnadir.operations import _making

    (tmp_path / ".work").mkdir()
    (tmp_path / ".work" / "mask.tif").write_bytes(b"half")
    (tmp_path / "a.json").write_text('{"type": "Feature"}')
    assert _making._made(None, None, tmp_path, "ortho") == {"type": "Feature"}
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]
