"""Damaged in the archive or before: made again, sent down again, taken anew; a full disk is waited for."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess

import pytest

from offnadir.catalog import ArchiveQuery
from offnadir.operations import open_operation
from offnadir.operations._pictures import Stage
from offnadir.tasking import read_order
from support.faults import (
    CALM,
    NOON,
    Pause,
    codes_of,
    files_of,
    go,
    history_of,
    pictures_of,
    start,
)
from support.operation import UNTIL, Tape


def damage(folder, pattern):
    """Flip one bit in each file; an error if there is none."""
    files = list(folder.glob(pattern))
    assert files
    for file in files:
        raw = bytearray(file.read_bytes())
        raw[len(raw) // 2] ^= 1
        file.write_bytes(raw)


def striking(path, words, *strikes, most=1):
    """A `say` that does something the first times that certain words are said."""
    said = []

    def say(at, text):
        said.append(text)
        if words in text and sum(words in one for one in said) <= most:
            for strike in strikes:
                strike(path.parent)

    return said, say


def product(folder):
    damage(folder / "products", "*/*/*_pan.tif")


def level1_data(folder):
    damage(folder / "work", "*/L1A_*.tif")


def sound(path):
    """Whether what was delivered is what the archive says."""
    with open_operation(path) as here:
        for found in here.archive.search(ArchiveQuery()).items:
            (folder,) = here.operation.deliveries.glob(f"*/{found.id}")
            for asset in found.item["assets"].values():
                file = folder / asset["href"].removeprefix("./")
                if "1220" + hashlib.sha256(file.read_bytes()).hexdigest() != asset["file:checksum"]:
                    return False
        return True


def test_a_damaged_product_is_made_again(tmp_path, level1):
    path, _ = start(tmp_path)
    said, say = striking(path, "in the archive", product)
    tape = Tape(level1)
    go(path, tape, say=say)
    ends = [one.rpartition(": ")[2] for one in said if "is not what was archived" in one]
    assert ends == ["looked at again in 10 min"] * 2 + ["made again"]
    assert codes_of(path) == CALM
    assert len(tape.asked) == 1
    assert sound(path)
    assert files_of(path)["work"] == []


def test_a_product_that_is_gone_is_made_again(tmp_path, level1):
    path, _ = start(tmp_path)
    gone = lambda folder: shutil.rmtree(folder / "products")  # noqa: E731
    said, say = striking(path, "in the archive", gone)
    go(path, Tape(level1), say=say)
    assert sum("cannot be read: No such file" in one for one in said) == 3
    assert codes_of(path) == CALM
    assert sound(path)


def test_damaged_data_are_sent_down_again_and_the_customer_is_told(tmp_path, level1):
    """Product and data: nothing can be made of them, and the satellite sends them again."""
    path, _ = start(tmp_path)
    _, say = striking(path, "in the archive", product, level1_data)
    tape = Tape(level1)
    go(path, tape, say=say)
    assert codes_of(path) == [*CALM[:-1], "resent", "downlinked", "delivered"]
    (words,) = [words for code, words in history_of(path) if code == "resent"]
    assert "its data were damaged here; they are sent down again" in words
    (picture,) = pictures_of(path)
    assert tape.asked == [picture.id] * 2
    assert sound(path)


def test_what_is_damaged_again_and_again_is_taken_anew(tmp_path, level1):
    path, _ = start(tmp_path)
    _, say = striking(path, "came down at", level1_data, most=3)
    tape = Tape(level1)
    go(path, tape, UNTIL, say=say)
    found = codes_of(path)
    assert found.count("resent") == 2
    assert found.count("retake") == 1
    assert found[-1] == "delivered"
    first, second = pictures_of(path)
    assert (first.stage, second.stage) == (Stage.LOST, Stage.DELIVERED)
    assert tape.asked == [first.id] * 3 + [second.id]
    assert sound(path)
    with open_operation(path) as here, here.database.read() as connection:
        from offnadir.operations._facts import facts_under

        assert facts_under(connection, "damaged") == set()  # what was counted goes with the picture


@pytest.mark.parametrize(("source", "end"), [("archive", "no_product"), ("either", "retake")])
def test_a_picture_of_the_archive_that_is_damaged(tmp_path, level1, source, end):
    """Nothing here can make it again: whoever wanted just that gets none, others a new one."""
    path, _ = start(tmp_path)
    go(path, Tape(level1))
    product(path.parent)
    with open_operation(path) as here:
        west, south, east, north = here.archive.search(ArchiveQuery()).items[0].item["bbox"]
        spot = {"type": "Point", "coordinates": [(west + east) / 2, (south + north) / 2]}
        late = read_order({"title": "Late", "place": spot, "source": source}, now=here.clock.now())
        here.desk.place(late, by="ann", key="late")
    go(path, Tape(level1), NOON + 3600.0)
    found = codes_of(path, "Late")
    assert found[:4] == ["placed", "passed", "archived", end]
    if end == "no_product":
        assert len(found) == 4
        assert "the archive's is damaged" in history_of(path, "Late")[-1][1]
    else:
        assert found[4:] in ([], ["planned"], ["planned", "uplinked"])
        assert pictures_of(path, Stage.LOST)


@pytest.fixture
def small_disk(tmp_path):
    """A function that mounts a small disk and fills it up; calling what it gives makes room again."""
    mounted = []

    def full(folder, kilobytes=1024):
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0 or not shutil.which("mount"):
            pytest.skip("only root may make a small disk to fill up")
        words = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        if subprocess.run(words, capture_output=True, check=False).returncode:
            pytest.skip("a small disk cannot be made in this container")
        mounted.append(folder)
        return folder

    yield full
    for folder in reversed(mounted):
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Take all room that is left, to the last byte."""
    with (folder / "filler").open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            return


def test_full_disks_are_waited_for(tmp_path, level1, small_disk):
    """Work, products and deliveries are full, each until it was tried twice."""
    path, _ = start(tmp_path)
    folders = [path.parent / name for name in ("work", "products", "deliveries")]
    for folder in folders:
        fill(small_disk(folder))
    said, left = [], list(folders)

    def say(at, text):
        said.append(text)
        if "trying again" in text and sum("trying again" in one for one in said) % 2 == 0:
            (left.pop(0) / "filler").unlink()

    tape = Tape(level1)
    go(path, tape, say=say)
    troubles = [one for one in said if "trying again" in one]
    assert len(troubles) == 6
    assert sum("No space left on device" in one or "disk" in one for one in troubles) == 6
    assert codes_of(path) == CALM
    assert len(tape.asked) == 3
    assert sound(path)


def test_an_uplink_that_cannot_be_written_waits_and_then_is_missed(tmp_path, level1):
    """The disk for commands is full: tried again for some seconds, then its pictures are planned again."""
    tape = Tape(level1)
    good, calls = tape.command, []

    def command(*words):
        calls.append(words)
        if len(calls) <= 6:
            raise OSError(28, "No space left on device")
        good(*words)

    tape.command = command
    path, _ = start(tmp_path)
    pauses = []
    said = go(path, tape, change=lambda here: setattr(here, "pause", pauses.append))
    assert pauses == [1.0, 2.0, 5.0, 1.0, 2.0]
    assert sum("MISSED" in one for one in said) == 1
    assert codes_of(path) == [*CALM[:3], "unplanned", *CALM[2:]]


def test_a_database_on_a_full_disk_is_waited_for(tmp_path, level1, small_disk):
    folder = small_disk(tmp_path / "db", 4096)
    path, _ = start(tmp_path, database=str(folder / "offnadir.sqlite"))
    pause = Pause(60.0, (folder / "filler").unlink)
    said, strikes = [], ["delivered to", "came down at", "planning"]

    def say(at, text):
        said.append(text)
        if strikes and strikes[-1] in text:
            strikes.pop()
            fill(folder)
            pause.arm()

    go(path, Tape(level1), say=say, change=lambda here: setattr(here, "pause", pause))
    assert strikes == []
    assert any("full" in one for one in said)
    assert pause.asked_s >= 180.0
    assert codes_of(path) == CALM
    assert sound(path)


def test_what_a_killed_loop_left_beside_a_finished_product_goes(tmp_path, level1, monkeypatch):
    """Killed while the steps in between were taken away, when the product was there already."""
    from offnadir.operations import _making

    path, _ = start(tmp_path)
    real, left = _making._made, []

    def killed(here, picture, folder, level):
        item = real(here, picture, folder, level)
        if not left:
            left.append(folder / ".work")
            left[0].mkdir()
            (left[0] / "L1B.tif").write_bytes(b"half")
            raise KeyboardInterrupt
        return item

    monkeypatch.setattr(_making, "_made", killed)
    with pytest.raises(KeyboardInterrupt):
        go(path, Tape(level1))
    assert left[0].exists()
    go(path, Tape(level1), change=lambda here: setattr(here.lease, "lasts_s", 0.2))
    assert codes_of(path) == CALM
    assert not left[0].exists()
