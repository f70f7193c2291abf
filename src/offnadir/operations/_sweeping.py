"""Sweeping: what a loop that was killed left behind in the folders."""

from __future__ import annotations

import shutil
from pathlib import Path

from offnadir._database import sa
from offnadir.operations._context import Context
from offnadir.operations._pictures import Stage
from offnadir.operations._tables import PICTURES

_NEEDS_WORK = (Stage.ABOARD, Stage.RECEIVED, Stage.MADE)
_NEEDS_PRODUCT = (Stage.RECEIVED, Stage.MADE, Stage.DELIVERED)


def sweep(here: Context) -> None:
    """Remove raw data and half-made products and copies of pictures of ours that nobody needs any more.

    Files that have no picture's name are left alone.
    """
    columns = (PICTURES.c.id, PICTURES.c.order_id, PICTURES.c.state, PICTURES.c.item)
    with here.database.read() as connection:
        rows = connection.execution_options(yield_per=1000).execute(sa.select(*columns))
        for one in rows:  # of all that ever were: never all at once
            if one.state not in _NEEDS_WORK:
                _remove(here.work(one.id))
            if one.state not in _NEEDS_PRODUCT and one.item is None:
                _remove(here.product(one.order_id, one.id))
        for part in here.operation.deliveries.glob("*/.*.part"):
            name = part.name[1:].removesuffix(".part").rpartition(".")[0]
            if connection.execute(sa.select(PICTURES.c.id).where(PICTURES.c.id == name)).first():
                _remove(part)


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
