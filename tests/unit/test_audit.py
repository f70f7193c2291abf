"""The audit log: whatever is done to it is found, and the first entry that is wrong is named."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fake_checks import START, copy_of
from offnadir._database import open_database, sa
from offnadir.errors import InputError
from offnadir.tasking import AuditLog
from offnadir.tasking._audit import Head, canonical, turn, veiled
from offnadir.tasking._audit_verify import read_head, verify

GUIDE = Path(__file__).parents[2] / "docs/guide/orders.md"
ENTRIES = 12


def write(log: AuditLog, count: int, **body: object) -> None:
    with turn(log.database) as connection:
        for n in range(count):
            log.append(
                connection,
                at=START + float(n),
                by="kim",
                action="test",
                subject=f"o{n}",
                body={"n": n, **body},
            )


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "a.sqlite"
    database = open_database(path)
    write(AuditLog(database), ENTRIES)
    database.close()
    return path


@pytest.fixture
def log(ready, tmp_path):
    with copy_of(ready, tmp_path / "a.sqlite") as database:
        yield AuditLog(database)


def tamper(log: AuditLog, *statements: str) -> None:
    """Change the table as somebody with the file in his hands could: the guards taken away first."""
    with log.database.begin() as connection:
        for guard in ("audit_log_no_update", "audit_log_no_delete"):
            connection.execute(sa.text(f"DROP TRIGGER IF EXISTS {guard}"))
        for statement in statements:
            connection.execute(sa.text(statement))


def test_the_first_seal_by_hand(log):
    """SHA-256 over the entry written out here, not by the code: keys sorted, no blanks."""
    text = (
        '{"action":"test","at":"2026-11-29T00:00:00.000000000Z","body":{"n":0},"by":"kim",'
        '"previous":"' + "0" * 64 + '","seq":1,"subject":"o0"}'
    )
    first = next(iter(log.entries()))
    assert first.hash == hashlib.sha256(text.encode()).hexdigest()
    assert next(iter(log.entries(after=1))).content["previous"] == first.hash


def test_an_untouched_log_is_whole(log):
    report = verify(log)
    assert (report.is_whole, report.entries, report.head) == (True, ENTRIES, log.head())
    assert verify(log, kept=[log.head(), Head(0, "0" * 64)]).is_whole


@pytest.mark.parametrize("how", ["UPDATE audit_log SET by = 'eve'", "DELETE FROM audit_log"])
def test_the_database_itself_refuses(log, how):
    with (
        pytest.raises(sa.exc.IntegrityError, match="append-only"),
        log.database.begin() as connection,
    ):
        connection.execute(sa.text(how + " WHERE seq = 5"))
    assert verify(log).is_whole


@pytest.mark.parametrize(
    ("statement", "bad", "words"),
    [
        ("UPDATE audit_log SET entry = replace(entry, 'kim', 'eve') WHERE seq = 5", 5, "altered"),
        ("UPDATE audit_log SET by = 'eve' WHERE seq = 5", 5, "altered: its columns"),
        ("UPDATE audit_log SET at_tai_ns = at_tai_ns + 1 WHERE seq = 5", 5, "altered: its columns"),
        ("UPDATE audit_log SET subject = 'o9' WHERE seq = 5", 5, "altered: its columns"),
        (f"UPDATE audit_log SET hash = '{'a' * 64}' WHERE seq = 5", 5, "altered"),
        ("DELETE FROM audit_log WHERE seq = 5", 5, "entry 5 is missing"),
        ("DELETE FROM audit_log WHERE seq IN (5, 6)", 5, "entries 5 to 6 are missing"),
        ("DELETE FROM audit_log WHERE seq = 1", 1, "entry 1 is missing"),
        (f"DELETE FROM audit_log WHERE seq = {ENTRIES}", ENTRIES, "cut off after entry 11"),
        ("DELETE FROM audit_log", 1, "cut off after entry 0"),
        ("DELETE FROM audit_head", ENTRIES, "own head is None"),
        ("INSERT INTO audit_log SELECT 13, at_tai_ns, by, action, subject, entry, hash "
         "FROM audit_log WHERE seq = 12", 13, "moved or inserted"),
    ],
)  # fmt: skip
def test_what_was_done_to_it_is_found(log, statement, bad, words):
    tamper(log, statement)
    report = verify(log)
    assert (report.is_whole, report.bad_seq) == (False, bad)
    assert words in report.trouble


def test_two_entries_exchanged_are_found(log):
    tamper(
        log,
        "UPDATE audit_log SET seq = 99 WHERE seq = 5",
        "UPDATE audit_log SET seq = 5 WHERE seq = 6",
        "UPDATE audit_log SET seq = 6 WHERE seq = 99",
    )
    report = verify(log)
    assert (report.bad_seq, "moved or inserted" in report.trouble) == (5, True)


def reseal(log: AuditLog, first: int, change: bool = True) -> None:
    """Forge the log from an entry on, as somebody would who knows how it is made."""
    entries = [entry.content for entry in log.entries()]
    seals = [entry.hash for entry in log.entries()]
    statements = []
    for n in range(first - 1, len(entries)):
        content = dict(entries[n])
        content["body"] = {"n": 1000 + n} if change else content["body"]
        content["previous"] = seals[n - 1]
        text = canonical(content)
        seals[n] = hashlib.sha256(text.encode()).hexdigest()
        statements.append(
            f"UPDATE audit_log SET entry = '{text}', hash = '{seals[n]}' WHERE seq = {n + 1}"
        )
    statements.append(f"UPDATE audit_head SET hash = '{seals[-1]}'")
    tamper(log, *(one.replace(":", "\\:") for one in statements))


def test_a_log_sealed_anew_is_whole_but_for_the_head_that_was_kept(log):
    kept = log.head()
    reseal(log, 5)
    assert verify(log).is_whole  # nothing inside the database can tell
    report = verify(log, kept=[kept])
    assert (report.bad_seq, "whose hash was kept" in report.trouble) == (ENTRIES, True)


def test_a_tail_cut_off_with_the_head_set_back_is_found_by_the_kept_head(log):
    kept = log.head()
    tamper(
        log,
        "DELETE FROM audit_log WHERE seq > 9",
        "UPDATE audit_head SET seq = 9, hash = (SELECT hash FROM audit_log WHERE seq = 9)",
    )
    assert verify(log).is_whole
    report = verify(log, kept=[kept])
    assert (report.bad_seq, "cut off after entry 9" in report.trouble) == (10, True)


def test_one_entry_sealed_anew_alone_is_found_at_the_next(log):
    content = dict(list(log.entries())[4].content)
    content["by"] = "eve"
    text = canonical(content)
    seal = hashlib.sha256(text.encode()).hexdigest()
    text = text.replace(":", "\\:")
    tamper(log, f"UPDATE audit_log SET by='eve', entry='{text}', hash='{seal}' WHERE seq = 5")
    report = verify(log)
    assert (report.bad_seq, "does not follow entry 5" in report.trouble) == (6, True)


def test_a_head_reads_back(log):
    assert read_head(str(log.head())) == log.head()
    for text in ("", "12", "x:" + "a" * 64, "12:" + "A" * 64, "-1:" + "a" * 64, "12:" + "a" * 63):
        with pytest.raises(InputError, match="SEQ:HASH"):
            read_head(text)


def test_secrets_stay_outside(log):
    write(
        log,
        1,
        webhook="https://me:pa55@host/hook?token=t0ken#x",
        api_key="k3y",
        nested={"password": ["pa55"]},
    )
    text = json.dumps(next(iter(log.entries(last=1))).document())
    assert not re.search("pa55|t0ken|k3y", text)
    assert "https://***@host/hook?***" in text
    assert veiled({"why": "see http://intra/case?id=7 for more"}) == {
        "why": "see http://intra/case?*** for more"
    }


def test_floats_are_refused_and_leave_nothing(log):
    with pytest.raises(TypeError, match="no floats"):
        write(log, 1, score=0.5)
    assert verify(log).entries == ENTRIES


def test_any_text_is_kept_as_it_is(log):
    odd = "\x00 \ud800 '\"\\ \u2028 조선 🛰 {:} %s :name"
    write(log, 1, odd=odd)
    assert next(iter(log.entries(last=1))).content["body"]["odd"] == odd
    assert verify(log).is_whole


# The export, and the script of the guide


@pytest.fixture
def script(tmp_path) -> Path:
    code = re.search(
        r"```python title=\"check_audit.py\"\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL
    )
    assert code is not None
    assert code[1].count("\n") <= 30
    path = tmp_path / "check_audit.py"
    path.write_text(code[1], "utf-8")
    return path


def lines_of(log: AuditLog) -> list[str]:
    return [json.dumps(entry.document(), sort_keys=True) for entry in log.entries()]


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        (lambda lines: lines, "whole"),
        (lambda lines: [*lines[:4], lines[4].replace("kim", "eve"), *lines[5:]], "entry 5"),
        (lambda lines: lines[:4] + lines[5:], "entry 5"),
        (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], "entry 5"),
        (lambda lines: lines[:-1], "cut off"),
    ],
)  # fmt: skip
def test_the_script_of_the_guide_agrees(log, script, tmp_path, change, answer):
    path = tmp_path / "log.jsonl"
    path.write_text("".join(line + "\n" for line in change(lines_of(log))))
    done = subprocess.run(
        [sys.executable, "-I", script, path, str(log.head())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer in done.stdout
    assert done.returncode == (0 if answer == "whole" else 1), done.stderr
