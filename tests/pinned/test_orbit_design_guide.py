"""The Python of the page on designing orbits runs, in order, and prints what stands below it."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/guide/orbit-design.md").read_text("utf-8")


def test_the_page_prints_what_it_says() -> None:
    pytest.importorskip("pymsis", reason="drag needs the extra [coverage]")
    known: dict[str, object] = {}
    told = 0
    for code, output in re.findall(r"```python\n(.*?)```\n\n(?:```\n(.*?)```)?", PAGE, re.DOTALL):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "orbit-design.md", "exec"), known)
        assert printed.getvalue() == output, code
        told += bool(output)
    assert told == 5
