"""`offnadir check` as a user meets it: verdict, messages, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hand_plan import Plan, hand_plan, later, of, rich_plan
from offnadir.cli._main import app
from offnadir.errors import OffnadirError


class Checked:
    """What the command printed, its exit code, and the trouble that it named."""

    def __init__(self, *args: str) -> None:
        result = CliRunner().invoke(app, ["check", *args])
        self.out, self.trouble, self.code = result.stdout, "", result.exit_code
        if isinstance(result.exception, OffnadirError):
            self.trouble, self.code = str(result.exception), result.exception.exit_code
        elif result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception

    def line(self, rule: str) -> str:
        """The line of the table of a rule."""
        return next(line for line in self.out.splitlines() if line[3:].startswith(f"{rule} "))


def written(folder: Path, plan: Plan) -> str:
    path = folder / "plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return str(path)


def test_a_plan_that_stands(tmp_path: Path) -> None:
    path = written(tmp_path, hand_plan())
    found = Checked(path)
    assert found.code == 0
    assert found.line("slew") == (
        "✓  slew                3  One picture at a time, time to turn in between, none while blocked"
    )
    assert found.line("battery").startswith("-  battery     ")
    assert "✗" not in found.out
    assert (
        "not applicable, since nothing asks for them: sight, uplink, orbit_limits, duty, "
        in found.out
    )
    assert found.out.splitlines()[-1].startswith(f"{path} stands: 29 rules, ")


def test_a_plan_that_does_not_stand(tmp_path: Path) -> None:
    plan = hand_plan()
    of(plan, "C0002")["range_km"] += 1.0
    of(plan, "KOMPSAT-3A")["next_uplink"] = later(of(plan, "C0005")["start"], 1.0)
    found = Checked(written(tmp_path, plan))
    assert found.code == 1
    assert found.trouble == ""
    assert found.line("geometry").startswith("✗  geometry ")
    assert "geometry: 1 violation\n  C0002: range_km " in found.out
    assert "\nuplink: 4 violations\n  C0002: starts " in found.out
    assert found.out.rstrip().endswith("plan.json does not stand: 5 violations of 2 rules")


def test_only_the_first_few_of_many_violations_are_shown_unless_all_are_wanted(
    tmp_path: Path,
) -> None:
    plan = hand_plan()
    for c in plan["collections"]:
        c["range_km"] += 1.0
        c["roll_deg"] += 1.0
    path = written(tmp_path, plan)
    few, every = Checked(path), Checked(path, "--all")
    assert (few.code, every.code) == (1, 1)
    assert "  ... and 5 more" in few.out
    assert few.out.count("recomputed") == 5
    assert every.out.count("recomputed") == 10


def test_what_could_not_be_checked_is_said(tmp_path: Path) -> None:
    plan = hand_plan()
    of(plan, "KOMPSAT-3A")["slew"] = {"law": "function"}
    found = Checked(written(tmp_path, plan))
    assert found.code == 0
    assert found.line("slew").startswith("?  slew ")
    assert (
        "could not be checked:\n  slew: KOMPSAT-3A turns by a function of the planner's"
        in found.out
    )
    assert "stands: 29 rules" in found.out
    assert found.out.rstrip().endswith("but not all could be checked: 1 note above")


def test_json_says_what_became_of_each_rule(tmp_path: Path) -> None:
    plan = rich_plan()
    path = written(tmp_path, plan)
    told = json.loads(Checked(path, "--json").out)
    assert (told["plan"], told["passed"]) == (path, True)
    verdicts = {rule["id"]: rule["verdict"] for rule in told["rules"]}
    assert verdicts["battery"] == "kept"
    assert verdicts["tiers"] == "not_checked"
    assert verdicts["tri_stereo"] == "not_applicable"
    of(plan, "C0001")["range_km"] += 1.0
    found = Checked(written(tmp_path, plan), "--json")
    rule = next(r for r in json.loads(found.out)["rules"] if r["id"] == "geometry")
    assert (found.code, rule["verdict"], len(rule["violations"])) == (1, "broken", 1)


def test_a_file_that_is_no_plan(tmp_path: Path) -> None:
    plan = hand_plan()
    plan["collections"][1]["start"] = "noon"
    del plan["span"]
    path = written(tmp_path, plan)
    found = Checked(path)
    assert (found.code, found.out) == (2, "")
    assert found.trouble.splitlines()[0] == f"{path}: span: must be present (the key is missing)"
    assert f"{path}: collections[1].start = 'noon': must be " in found.trouble
    told = Checked(path, "--json")
    assert told.code == 2
    assert json.loads(told.out)["rules"][0]["violations"][0].startswith("span: ")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff\xfe", "no UTF-8 text"),
        (b"[" * 100_000, "no JSON"),
        (b'{"schema": ' + b"1" * 5000 + b"}", "no JSON"),
        (b"[1, 2]", "plan = [1, 2]: must be an object"),
        (b'{"schema": "offnadir.plan/9"}', "schema = 'offnadir.plan/9': must be one of offnadir.plan/1"),
    ],
)  # fmt: skip
def test_a_file_that_holds_something_else(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    found = Checked(str(path))
    assert found.code == 2
    assert f"{path}: " in found.trouble
    assert words in found.trouble


def test_a_file_that_is_not_there_and_one_that_is_a_folder(tmp_path: Path) -> None:
    assert "No such file" in Checked(str(tmp_path / "none.json")).trouble
    assert Checked(str(tmp_path)).code == 2


def test_frozen_pictures_are_looked_up_in_the_plan_before(tmp_path: Path) -> None:
    before, plan = hand_plan(), hand_plan()
    of(plan, "KOMPSAT-3A")["next_uplink"] = later(of(plan, "C0002")["start"], 1.0)
    of(plan, "C0002")["frozen"] = True
    path, old = written(tmp_path, plan), tmp_path / "old.json"
    old.write_text(json.dumps(before))
    assert "uplink: whether frozen pictures stand in the plan before" in Checked(path).out
    found = Checked(path, "--previous", str(old))
    assert found.code == 0
    assert found.line("uplink").startswith("✓")
    of(before, "C0002")["start"] = later(of(before, "C0002")["start"], -1.0)
    old.write_text(json.dumps(before))
    assert Checked(path, "--previous", str(old)).code == 1


def test_from_outside_with_a_terminal_that_knows_ascii_only(tmp_path: Path) -> None:
    """The whole way through the shell: exit code, streams, and marks that can be printed."""
    plan = hand_plan()
    path = written(tmp_path, plan)
    run = [sys.executable, "-m", "offnadir", "check", path]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "ascii"}
    good = subprocess.run(run, capture_output=True, text=True, check=False, env=env)
    assert (good.returncode, good.stderr) == (0, "")
    assert "\nok  slew " in good.stdout
    of(plan, "C0002")["range_km"] += 1.0
    written(tmp_path, plan)
    bad = subprocess.run(run, capture_output=True, text=True, check=False, env=env)
    assert bad.returncode == 1
    assert "\nNO  geometry " in bad.stdout
    assert bad.stderr == ""
    (tmp_path / "plan.json").write_text("{}")
    none = subprocess.run(run, capture_output=True, text=True, check=False, env=env)
    assert (none.returncode, none.stdout) == (2, "")
    assert none.stderr.startswith(f"offnadir: {path}: schema: must be present")


def test_help_needs_no_numpy() -> None:
    """What the help says is known before anything heavy is loaded."""
    script = (
        "import sys\n"
        "sys.argv = ['offnadir', 'check', '--help']\n"
        "from offnadir.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "assert 'numpy' not in sys.modules\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "Check a plan against every rule" in result.stdout
