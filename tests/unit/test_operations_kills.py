"""Killed at random instants, the loop ends as if nobody had touched it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def test_a_loop_that_is_killed_ends_as_one_that_is_not(tmp_path):
    """Some kills of many: `benchmarks/kills.py` does a hundred, on both databases."""
    tests = Path(__file__).parents[1]
    path = os.pathsep.join(filter(None, [str(tests), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "support.kills", str(tmp_path), "8", "1"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["differences"] == []
    assert found["kills"] >= 8
    assert found["wanted"]["log"]
    assert found["wanted"]["work"] == found["wanted"]["parts"] == []
    assert {lines[-1][1] for lines in found["wanted"]["history"].values()} == {
        "delivered", "withdrawn", "deadline", "no_opportunity", "screening",
    }  # fmt: skip
