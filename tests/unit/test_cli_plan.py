"""`offnadir plan`: what it says of what was left out, old plans that it mends, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from offnadir.cli._documents import read_plan
from offnadir.cli.plan import _ended_by_hand, _left_out, _summary, plan
from offnadir.errors import FileError, InputError
from offnadir.planning import Plan
from sample_plan import sample_plan


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def interruptible() -> Any:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_ctrl_c_while_it_chooses_ends_the_search(
    interruptible: None, capsys: pytest.CaptureFixture[str]
) -> None:
    heard: list[str] = []
    with _ended_by_hand(lambda stage, done, total: heard.append(stage), quiet=False) as both:
        tell, interrupted = both
        tell("Choosing: 1.000 of at most 2.000", 0, 10)
        assert not interrupted()
        press_ctrl_c()
        assert interrupted()
        assert "plan so far" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c()
    assert heard == ["Choosing: 1.000 of at most 2.000"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_at_another_time_ends_the_program(interruptible: None) -> None:
    with _ended_by_hand(lambda stage, done, total: None, quiet=True) as (tell, interrupted):
        tell("Searching", 0, 10)
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c()
        assert not interrupted()


def test_the_heaviest_that_are_left_out_come_first() -> None:
    document, _, _ = sample_plan()
    out = [r for r in document["requests"] if r["reason"]]
    out[-1]["weight"] = 99.0
    out[-1]["reason"]["would_need"] = "a deadline not before 14:20"
    lines = _left_out(document).strip().splitlines()
    assert lines[0].split() == ["left", "out", "weight", "why", "would", "have", "needed"]
    assert lines[1].startswith(out[-1]["name"])
    assert lines[1].endswith("a deadline not before 14:20")
    assert lines[-1] == f"... and {len(out) - 8} more, in the report"
    for request in document["requests"]:
        request["reason"] = None
    assert _left_out(document) == ""


def test_the_summary_of_tiers_and_changes() -> None:
    document, chances, _ = sample_plan()
    result = document["result"]
    result |= {"bound": None, "gap": None, "objective": {"value": 1, "bound": 2, "gap": 0.0123}}
    result["changes"] = {"kept": 5, "moved": 1, "dropped": 2, "added": 3}
    told = _summary(Plan(document=document, opportunities=chances, tracks=()))  # type: ignore[arg-type]
    assert "at most 1.23 % below" in told
    assert "bound" not in told
    assert "against the plan before: 5 kept, 1 moved, 2 dropped, 3 added" in told
    assert told.endswith("checks, all passed")
    document["check"]["rules"][-1]["unchecked"] = ["no proof of it is in the document"]
    told = _summary(Plan(document=document, opportunities=chances, tracks=()))  # type: ignore[arg-type]
    last = document["check"]["rules"][-1]["id"]
    assert told.endswith(f"checks, all passed, not to be looked at in full: {last}")


def test_what_is_no_plan_is_not_mended(tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    for text in ("[]", "{}", '{"schema": "offnadir.plan/1"}', "no JSON"):
        file.write_text(text)
        with pytest.raises(FileError, match=r"old\.json"):
            read_plan(file)
    document, _, _ = sample_plan()
    file.write_text(json.dumps(document))
    assert read_plan(file)["schema"] == "offnadir.plan/1"


def test_a_price_without_a_plan_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--replan"):
        plan(tmp_path / "m.toml", tmp_path / "out", change_price=0.1)
