"""Sweeping: what a loop that was killed left behind in the folders."""

from __future__ import annotations

import shutil
from pathlib import Path

from offnadir.operations._context import Context
from offnadir.operations._pictures import Stage, read_pictures

_NEEDS_WORK = (Stage.ABOARD, Stage.RECEIVED, Stage.MADE)
_NEEDS_PRODUCT = (Stage.RECEIVED, Stage.MADE, Stage.DELIVERED)


def sweep(here: Context) -> None:
    """Remove raw data and half-made products and copies of pictures of ours that nobody needs any more.

    Files that have no picture's name are left alone.
    """
    with here.database.read() as connection:
        pictures = read_pictures(connection)
    operation = here.operation
    for one in pictures:
        if one.stage not in _NEEDS_WORK:
            _remove(here.work(one.id))
        if one.stage not in _NEEDS_PRODUCT and one.item is None:
            _remove(here.product(one.order_id, one.id))
    ours = {one.id for one in pictures}
    for part in operation.deliveries.glob("*/.*.part"):
        if part.name[1:].removesuffix(".part").rpartition(".")[0] in ours:
            _remove(part)


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
