"""`serve`, `key` and `audit` before anything is served: what is told, and that nothing is made by mistake."""

from __future__ import annotations

import socket

import pytest

from support.command import offnadir
from support.service import lay_out


@pytest.mark.parametrize(
    "words", [("audit", "verify"), ("audit", "list"), ("key", "list"), ("key", "add", "kim")]
)
def test_who_looks_into_a_database_that_is_not_there_makes_none(tmp_path, words):
    """A log of one entry, made a moment ago, is whole, and says nothing about the one that was meant."""
    done = offnadir(*words, cwd=tmp_path)
    assert done.returncode not in (0, 1)
    assert "offnadir.sqlite" in done.stderr
    assert "there is no database here" in done.stderr
    assert "--operation" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_keys_and_log_of_an_operation(tmp_path):
    path, _ = lay_out(tmp_path)
    at = ("--operation", path, "--as", "boss")
    made = offnadir("key", "add", "kim", "--label", "mine", *at)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("ofn_")
    assert "mine" in offnadir("key", "list", *at).stdout
    assert offnadir("audit", "verify", *at).stdout.startswith("whole")


def test_a_port_that_is_taken_is_told_before_anything_is_made(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = offnadir("serve", "--port", port, cwd=tmp_path)
    assert done.returncode == 2
    assert f"--port = {port}: must be a port that is free on 127.0.0.1" in done.stderr
    assert list(tmp_path.iterdir()) == []
