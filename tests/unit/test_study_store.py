"""Evaluated designs survive a kill, a full disk and damage; nothing that was kept is lost."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import time

import pytest

from offnadir.coverage.study_store import FILE_NAME, Store, key_of
from offnadir.errors import FileError, InputError


def test_what_was_put_is_there_again(tmp_path):
    with Store(tmp_path) as store:
        store.put("a", {"revisit_h": 1.25, "latency_h": None})
        store.put("b", {"trouble": "decays"})
        assert store.get("a") == {"revisit_h": 1.25, "latency_h": None}
        assert store.get("c") is None
    with Store(tmp_path) as store:
        assert (len(store), store.damaged) == (2, 0)
        assert store.get("b") == {"trouble": "decays"}


@pytest.mark.parametrize("kept", [0, 1, 7, 25, 30])
def test_a_line_cut_short_by_a_kill_is_dropped_and_written_anew(tmp_path, kept):
    with Store(tmp_path) as store:
        store.put("a", {"x": 1})
        whole = store.path.read_bytes()
        store.put("b", {"x": 2})
        both = store.path.read_bytes()
    store.path.write_bytes(whole + both[len(whole) :][:kept])
    with Store(tmp_path) as store:
        assert (store.get("a"), store.get("b")) == ({"x": 1}, None)
        assert store.damaged == 0
        store.put("b", {"x": 2})
    assert store.path.read_bytes() == both


def test_a_damaged_line_is_not_used_and_told(tmp_path):
    with Store(tmp_path) as store:
        for name in "abc":
            store.put(name, {"x": 1.5})
    raw = bytearray(store.path.read_bytes())
    raw[len(raw) // 2] ^= 0x01
    store.path.write_bytes(raw)
    with Store(tmp_path) as store:
        assert store.damaged == 1
        assert [store.get(name) is None for name in "abc"] == [False, True, False]


def test_a_full_disk_keeps_every_line_before_it(tmp_path):
    """RLIMIT_FSIZE stands for the disk: a write is cut short, then refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    put, told = [], ""
    with Store(tmp_path) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            for number in range(100):
                store.put(str(number), {"x": number})
                put.append(number)
        except FileError as error:
            told = str(error)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert store.path.read_bytes().endswith(b"\n")
    assert re.search(r"cannot be written: .*are kept, run it again", told)
    assert 5 < len(put) < 40
    with Store(tmp_path) as store:
        assert [store.get(str(number)) for number in put] == [{"x": number} for number in put]
        assert store.get(str(len(put))) is None
        store.put(str(len(put)), {"x": -1})  # there is room again


def test_a_disk_that_is_really_full(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    if (
        os.geteuid()
        or not shutil.which("mount")
        or subprocess.run(mount, capture_output=True).returncode
    ):
        pytest.skip("a small disk cannot be made here")
    try:
        told = ""
        with Store(folder) as store:
            try:
                for number in range(1000):
                    store.put(str(number), {"x": "y" * 100})
            except FileError as error:
                told = str(error)
        assert "No space left" in told
        with Store(folder) as store:
            assert (len(store), store.damaged) == (number, 0)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_two_studies_may_not_write_into_one_folder(tmp_path):
    with Store(tmp_path), pytest.raises(InputError, match="no other study is writing into"):
        Store(tmp_path)
    with Store(tmp_path):  # it is let go
        pass


def test_a_folder_that_cannot_be_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match="cannot be written"):
        Store(tmp_path / "file" / "below")
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(FileError, match="cannot be written"):
        Store(tmp_path)


_WRITER = """
import sys
from pathlib import Path
from offnadir.coverage.study_store import Store
with Store(Path(sys.argv[1])) as store:
    for number in range(10**6):
        store.put(str(number), {"x": number, "pad": "p" * (number % 97)})
        print(number, flush=True)
"""


def test_a_killed_writer_leaves_all_that_it_said_it_had(tmp_path):
    """SIGKILL at no moment of its choosing: what `put` returned from is there."""
    words = [sys.executable, "-c", _WRITER, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.05)
        writer.kill()
        told = [0, *map(int, writer.stdout.read().split())]
    with Store(tmp_path) as store:
        assert store.damaged == 0
        assert len(store) in (len(told), len(told) + 1)
        assert all(store.get(str(number))["x"] == number for number in told)


def test_a_key_tells_values_apart_that_look_alike():
    keys = {
        key_of(1),
        key_of("1"),
        key_of([1]),
        key_of(1.5),
        key_of(None),
        key_of({"a": 1}),
        key_of(1, 1),
    }
    assert len(keys) == 7
    assert key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
