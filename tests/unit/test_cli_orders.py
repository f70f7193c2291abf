"""The command line about orders: what a person or a script sees."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from offnadir.cli._main import app
from offnadir.errors import InputError, InputProblems
from offnadir.tasking import RefusedError

#: Two entries in the form of the UN's Consolidated List, made up.
LIST = """<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-02-27T00:00:00.000Z">
<INDIVIDUALS></INDIVIDUALS>
<ENTITIES><ENTITY><DATAID>1</DATAID><VERSIONNUM>1</VERSIONNUM>
<FIRST_NAME>BUREAU OF ROCKETS AND MOONS</FIRST_NAME><UN_LIST_TYPE>Test</UN_LIST_TYPE>
<REFERENCE_NUMBER>TEe.001</REFERENCE_NUMBER><LISTED_ON>2020-01-01</LISTED_ON>
</ENTITY></ENTITIES></CONSOLIDATED_LIST>
"""


def call(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    """A folder with a database that has people."""
    folder = tmp_path_factory.mktemp("orders")
    (folder / "list.xml").write_text(LIST, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        set_up(patch, folder)
        people()
    return folder


@pytest.fixture
def run(ready, tmp_path, monkeypatch):
    shutil.copytree(ready, tmp_path, dirs_exist_ok=True)
    set_up(monkeypatch, tmp_path)
    return call


def set_up(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.chdir(folder)
    patch.setenv("OFFNADIR_SANCTIONS", "list.xml")
    patch.setenv("OFFNADIR_USER", "root")
    patch.delenv("OFFNADIR_DB", raising=False)


def people() -> None:
    assert "root is the first user" in CliRunner().invoke(app, ["user", "list"]).stderr
    call("customer", "add", "Daily News", "--country", "KR", "--sector", "media")
    call("user", "add", "kim", "--role", "customer", "--customer", "Daily News")
    call("user", "add", "rita", "--role", "releaser", "--role", "auditor")


def test_an_order_from_its_placing_to_the_audit(run, tmp_path):
    order_id = run(
        "order", "place", "--as", "kim", "--place", "37.57,126.98", "--max-off-nadir", "25",
        "--end-user", "Bureau of Rockets and Moons", "--end-user-country", "FR", "--key", "k",
    ).strip()  # fmt: skip
    shown = run("order", "show", order_id, "--as", "kim")
    assert "held: screening found 1 possible match; a releaser decides" in shown
    assert "TEe.001" not in shown
    assert "TEe.001" in run("order", "show", order_id, "--as", "rita")
    assert order_id in run("order", "holds", "--as", "rita")
    with pytest.raises(RefusedError):
        run("order", "decide", order_id, "allow", "--why", "mine", "--as", "kim")
    decided = json.loads(
        run("order", "decide", order_id, "refuse", "--why", "it is them", "--as", "rita", "--json")
    )
    assert decided["orders"][0]["state"] == "rejected"
    assert (
        json.loads(run("order", "list", "--as", "kim", "--json"))["orders"][0]["code"] == "refused"
    )
    run("order", "list", "--open", code=1)
    head = run("audit", "verify", "--as", "rita").split("head ")[1].strip()
    assert "whole" in run("audit", "verify", "--as", "rita", "--head", head)
    assert "hold.refuse" in run("audit", "list", order_id, "--as", "rita")
    run("audit", "export", "log.jsonl", "--as", "rita")
    first = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[0])
    assert (first["seq"], first["action"], first["subject"]) == (1, "user.add", "root")
    forged = f"{head.split(':')[0]}:{'a' * 64}"
    assert "NOT WHOLE" in run("audit", "verify", "--as", "rita", "--head", forged, code=1)


def test_options_come_on_top_of_a_file(run, tmp_path):
    (tmp_path / "order.toml").write_text(
        'title = "a"\nplace = {type = "Point", coordinates = [1, 2]}\n[looks]\nmax_cloud = 0.1\n'
    )
    text = run(
        "order",
        "place",
        "order.toml",
        "--as",
        "kim",
        "--title",
        "b",
        "--max-gsd",
        "0.5",
        "--max-cloud",
        "20",
        "--json",
    )
    order = json.loads(text)["order"]
    assert (order["title"], order["looks"]["max_cloud"], order["looks"]["max_gsd_m"]) == (
        "b",
        0.2,
        0.5,
    )
    assert json.loads(run("order", "cancel", json.loads(text)["id"], "--as", "kim", "--json"))[
        "state"
    ] == ("user_cancelled")


def test_wrong_options_are_told_at_once(run):
    with pytest.raises(InputProblems) as told:
        run("order", "place", "--as", "kim", "--priority", "9", "--webhook", "ftp://x")
    assert {one.field for one in told.value.problems} == {"place", "priority", "delivery.webhook"}
    with pytest.raises(InputError, match="LAT,LON"):
        run("order", "place", "--as", "kim", "--place", "Seoul")
    with pytest.raises(InputError, match="customer"):
        run("order", "place", "--place", "1,2")
    for cloud in ("0.2", "1", "101", "-1"):
        with pytest.raises(InputError, match="--max-cloud"):
            run("order", "place", "--as", "kim", "--place", "1,2", "--max-cloud", cloud)


def test_what_an_operator_tells_of_itself_is_checked(run, tmp_path):
    (tmp_path / "us.toml").write_text(
        'operator = "Us"\nground = ["KR", "DE:NATO"]\nlicences = []\n'
    )
    placed = run(
        "order", "place", "--as", "kim", "--place", "1,2", "--operator", "us.toml", "--json"
    )
    assert json.loads(placed)["state"] == "accepted"
    (tmp_path / "us.toml").write_text('oprator = "Us"\n')
    with pytest.raises(InputError, match="oprator"):
        run("order", "place", "--as", "kim", "--place", "1,2", "--operator", "us.toml")


def test_rescreening(run):
    assert run("order", "rescreen").startswith("0 customers and 0 orders screened")


def test_orders_by_the_clock_and_database_of_an_operation(tmp_path, monkeypatch):
    """The operation's clock stands in 2001: by the clock of this machine the deadline is long over."""
    from support.operation import make_operation

    monkeypatch.chdir(tmp_path)
    for name in ("OFFNADIR_DB", "OFFNADIR_SANCTIONS", "OFFNADIR_OPERATION"):
        monkeypatch.delenv(name, raising=False)
    path = make_operation(tmp_path / "op")
    path.write_text(path.read_text().replace("2026-05-31T00:00:00Z", "2001-01-01T00:00:00Z"))
    file = str(path)
    call("user", "add", "pat", "--role", "planner", "--db", "op/offnadir.sqlite", "--as", "root")
    call(
        "customer", "add", "Daily News", "--country", "KR", "--db", "op/offnadir.sqlite",
        "--as", "root", "--list", "op/list.xml",
    )  # fmt: skip
    words = ("order", "place", "--place", "1,2", "--deadline", "2001-02-01", "--as", "pat")
    who = ("--customer", "Daily News")
    with pytest.raises(InputError) as told:
        call(*words, *who, "--db", "op/offnadir.sqlite", "--list", "op/list.xml")
    assert told.value.field == "deadline"
    name = call(*words, *who, "--operation", file).strip()
    shown = json.loads(call("order", "show", name, "--json", "--as", "pat", "--operation", file))
    assert (shown["state"], shown["placed"]) == ("accepted", "2001-01-01T00:00:00.000Z")
    assert name in call("order", "list", "--as", "pat", "--operation", file)
    with monkeypatch.context() as told_by:
        told_by.setenv("OFFNADIR_OPERATION", file)
        assert json.loads(call("operate", "--status", "--json"))["now"].startswith("2001-01-01")
    call("order", "cancel", name, "--as", "pat", "--operation", file)
    shown = json.loads(call("order", "show", name, "--json", "--as", "pat", "--operation", file))
    assert shown["history"][-1]["at"] == "2001-01-01T00:00:00.000Z"
    assert not (tmp_path / "offnadir.sqlite").exists()
