"""`offnadir may` as a user meets it: sentences, JSON, timelines, plans, exit codes."""

import json

import pytest
from typer.testing import CliRunner

from hand_plan import hand_plan
from offnadir.cli._main import app
from offnadir.errors import InputError, OffnadirError

GAZA = [
    "--place", "31.5,34.4", "--operator", "Planet", "--sensor", "skysat-c", "--gsd", "0.5",
    "--recipient-country", "DE", "--recipient-kind", "media", "--ground", "none",
    "--at", "2026-02-10T00:00:00Z",
]  # fmt: skip


def may(*args):
    result = CliRunner().invoke(app, ["may", *args])
    if isinstance(result.exception, OffnadirError):
        raise result.exception
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout, result.exit_code


def test_the_question_of_a_newsroom():
    """Taken two days before, held for 30 days: free 28 days later; then it may be released."""
    out, code = may(*GAZA, "--age", "2d")
    assert code == 1
    first = out.split("\n\n")[0]
    assert (
        first
        == "It may not be released yet; as far as is known, from 2026-03-10T00:00:00Z on it may."
    )
    assert "Planet's hold on Gaza" in out
    assert out.rstrip().endswith("ask the authority named.")
    out, code = may(*GAZA, "--age", "30d", "--json")
    assert code == 0
    assert json.loads(out)["released"] is True


def test_a_timeline():
    out, code = may(
        *GAZA,
        "--imaged-at",
        "2026-02-08",
        "--from",
        "2026-02-08",
        "--until",
        "2026-03-20",
        "--json",
    )
    assert code == 0
    pieces = json.loads(out)["pieces"]
    assert [(one["start"][:10], one["effect"]) for one in pieces if one["effect"] != "notify"] == [
        ("2026-02-08", "delay")
    ]
    # the hold on the Middle East of 2026-03-09 does not reach pictures of February, more than 14 days old
    assert [one["start"][:10] for one in pieces if one["released"]] == ["2026-03-10"]


def test_the_trace_tells_every_rule():
    out, _ = may(*GAZA, "--trace")
    assert "us-kyl-bingaman: does not bind: GSD 0.5 m is not finer than 0.4 m (by 0.1 m)" in out


def test_a_private_pack_tells_nothing_unless_inside(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[pack]\nformat = 1\nname = "zebra"\nversion = "1"\ndisclose = "a restriction"\n'
        '[[rule]]\nid = "quagga"\ntitle = "okapi"\nauthority = "gnu"\nkind = "law"\neffect = "deny"\n'
        'words = "so."\nsource = "s"\nretrieved = 2026-11-29\nconfidence = "high"\n'
        "where = { worldwide = true }\n"
    )
    for extra in ([], ["--json"], ["--trace"], ["--from", "2026-02-01", "--until", "2026-03-01"]):
        out, code = may(*GAZA, "--age", "40d", "--pack", str(path), *extra)
        assert code == 1
        assert "a restriction" in out.lower()
        assert not [word for word in ("zebra", "quagga", "okapi", "gnu") if word in out]
    assert "okapi" in may(*GAZA, "--pack", str(path), "--inside")[0]


def test_every_picture_of_a_plan(tmp_path):
    plan = hand_plan()
    plan["schema"] = "offnadir.plan/1"
    plan["collections"][0]["delivered"] = "2026-05-31T06:00:00.000000Z"
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    facts = ["--operator", "KARI", "--recipient-country", "KP", "--ground", "none"]
    out, code = may(str(path), *facts, "--json")
    assert code == 1
    pictures = json.loads(out)["pictures"]
    assert [one["id"] for one in pictures] == [one["id"] for one in plan["collections"]]
    assert {one["effect"] for one in pictures} == {"deny"}
    assert pictures[0]["at"] == "2026-05-31T06:00:00.000000Z"


@pytest.mark.parametrize(
    ("args", "field"),
    [
        ([], "--place"),
        (["--place", "95,0"], "--place"),
        (["--place", "1,2", "--recipient-country", "Germany"], "--recipient-country"),
        (["--place", "1,2", "--stage", "release"], "--stage"),
        (["--place", "1,2", "--gsd", "-1"], "--gsd"),
        (["--place", "1,2", "--from", "2026-01-01"], "--until"),
        (["--place", "1,2", "--no-public"], "--pack"),
    ],
)
def test_what_is_wrong_is_named(args, field):
    with pytest.raises(InputError) as caught:
        may(*args)
    assert caught.value.field == field
