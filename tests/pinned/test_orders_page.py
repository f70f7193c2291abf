"""The page on orders: its figure and its steps are those of the table, its example is an order."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

from offnadir.tasking import read_order
from offnadir.tasking._order_read import LOOK_KEYS, ORDER_KEYS
from offnadir.tasking._roles import ROLES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/guide/orders.md").read_text("utf-8")
_SPEC = importlib.util.spec_from_file_location("draw_states", ROOT / "tools/draw_states.py")
assert _SPEC is not None
assert _SPEC.loader is not None
draw_states = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(draw_states)


def test_the_figure_is_that_of_the_table():
    """Else: python tools/draw_states.py."""
    assert draw_states.FIGURE.read_text("utf-8") == draw_states.figure()
    assert draw_states.guide() == PAGE


def test_the_figure_has_every_step():
    words = re.sub(r"<[^>]+>", " ", draw_states.figure())
    for step in draw_states.STEPS:
        assert re.search(rf"\b{step.code}\b", words), step
        assert re.search(rf"\b{step.after.value}\b", words), step


def test_the_example_is_an_order():
    example = re.search(r"```toml title=\"order.toml\"\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    document = tomllib.loads(example[1])
    order = read_order(document)
    assert order.looks.max_gsd_m == 0.7
    assert set(ORDER_KEYS) - set(document) == {"notes"}
    assert set(document["looks"]) <= {"kind", "sensors", "azimuth_deg", *LOOK_KEYS}


def test_every_role_is_explained():
    rows = re.findall(r"^\| (\w+) \| (?=place|see|add)", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted(ROLES)
